"""From passings to crossings: which passing of a runner counts at a point.

See docs/rules.md sections 4 and 5.
"""

from dataclasses import dataclass

import numpy as np

from timing.instants import Duration
from timing.reads import Bool, Int32, Int64


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which passing counts for whom at one point.

    `who` and `passing`: one item for each runner who crossed (ascending), the passing as an index into the columns
    given. `in_crossing`, `earlier`, `later`: of every passing given, whether it belongs to the crossing that counts,
    to one before it, or to one after it.
    """

    who: Int32
    passing: Int64
    in_crossing: Bool
    earlier: Bool
    later: Bool


def choose(who: Int32, line_us: Int64, is_main: Bool, pair_us: Duration, *, last: bool) -> Chosen:
    """Groups each runner's passings at a point into crossings and picks the first crossing, or the last.

    In the crossing a passing of a main mat comes before one of a backup mat; of several, the first (the last).
    Args: columns of the same length, in any order; `line_us`: moments at the line.
    """
    n = len(who)
    if not n:
        no = np.empty(0, np.bool_)
        return Chosen(who=who, passing=np.empty(0, np.int64), in_crossing=no, earlier=no, later=no)
    order = _by_runner_and_moment(who, line_us, is_main)
    w, t = who[order], line_us[order]
    new_runner = np.concatenate(([True], w[1:] != w[:-1]))
    opens = new_runner.copy()
    opens[1:] |= t[1:] - t[:-1] > pair_us
    crossing = np.cumsum(opens)
    first_row = np.flatnonzero(new_runner)
    last_row = np.append(first_row[1:], n) - 1
    wanted = crossing[last_row if last else first_row]
    runner = np.cumsum(new_runner) - 1
    gap = crossing - wanted[runner]
    inside = gap == 0
    rows = np.flatnonzero(inside)
    # The wanted crossing is one run of rows: reduce it to the row with the best score.
    runs = np.flatnonzero(np.concatenate(([True], runner[rows][1:] != runner[rows][:-1])))
    main = is_main[order][rows]
    if last:
        best = np.maximum.reduceat(rows + np.where(main, n, 0), runs)
    else:
        best = np.minimum.reduceat(rows + np.where(main, 0, n), runs)
    in_crossing, earlier, later = (np.zeros(n, np.bool_) for _ in range(3))
    in_crossing[order] = inside
    earlier[order] = gap < 0
    later[order] = gap > 0
    return Chosen(who=w[first_row], passing=order[best % n], in_crossing=in_crossing, earlier=earlier, later=later)


def _by_runner_and_moment(who: Int32, line_us: Int64, is_main: Bool) -> Int64:
    """The order of (runner, moment, main before backup), by one sort of an integer where all three fit in one."""
    first_us = int(line_us.min())
    bits = (int(line_us.max()) - first_us).bit_length() + 1
    if int(who.max()).bit_length() + bits > 63:
        return np.lexsort((~is_main, line_us, who))
    key = who.astype(np.int64) << bits
    key |= (line_us - first_us) << 1
    key |= ~is_main
    return np.argsort(key, kind="stable")
