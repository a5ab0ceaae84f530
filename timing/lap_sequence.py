"""Crossings of one line in the sequence of its points, and which of the points were missed.

Knows neither mats nor guns: moments, minimum times and distances of the points of one line. See docs/rules.md
section 10.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from timing.instants import Duration, Instant
from timing.reads import Int32, Int64

REJECTED: Final = -1
"""In place of a point: sooner than the minimum times allow."""

UNEVEN_TENTHS: Final = 16
"""A leg this many tenths of the median pace of the others, or longer, is more than one leg."""

_KM: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCrossings:
    """Crossings of a line by R runners, flat: those of one runner stand together, in order of their moments.

    `who`, `begin`, `count`: one item for each runner: the entrant (ascending), where the crossings begin, how many.
    `first_us`: the first read of each crossing. `of_passing`: the crossing of each passing, in the order given.
    """

    who: Int32
    begin: Int64
    count: Int64
    first_us: Int64
    of_passing: Int64

    def of_row(self, column: Int64, row: int) -> list[int]:
        """One runner's part of a column of crossings."""
        items: list[int] = column[self.begin[row] : self.begin[row] + self.count[row]].tolist()
        return items


def crossings_of(who: Int32, first_us: Int64, last_us: Int64, pair_us: Duration) -> LineCrossings:
    """Groups passings into crossings: another begins where more than `pair_us` pass without a read.

    Args: columns of the same length, not empty, in any order: entrant, first and last read of each passing.
    """
    order = np.lexsort((last_us, first_us, who))
    w, first, last = who[order], first_us[order], last_us[order]
    new_runner = np.concatenate(([True], w[1:] != w[:-1]))
    row = np.cumsum(new_runner) - 1
    # The latest read so far of the same runner: runners are moved apart, so that one running maximum serves all.
    apart = int(last.max() - first.min()) + 1
    seen_until = np.maximum.accumulate(last + row * apart) - row * apart
    opens = new_runner.copy()
    opens[1:] |= first[1:] - seen_until[:-1] > pair_us
    crossing = np.cumsum(opens) - 1
    of_passing = np.empty(len(who), np.int64)
    of_passing[order] = crossing
    count = np.bincount(row[opens], minlength=int(row[-1]) + 1)
    return LineCrossings(
        who=w[new_runner],
        begin=np.cumsum(count) - count,
        count=count,
        first_us=first[opens],
        of_passing=of_passing,
    )


def sequence(
    found: LineCrossings,
    reference_us: Int64,
    min_us: Int64,
    speed_pct: Int64,
    *,
    left_out: Int64 | None = None,
    known: Int64 | None = None,
) -> Int64:
    """The place of each crossing among the points of the line: REJECTED, 0 to K - 1, or K after the last point.

    In order, a crossing is the next point when it comes at least the point's minimum time after the reference, and at
    least the difference of the two minimum times after the crossing before that counts. `left_out`: how many points
    are passed over before each crossing. `known`: the place of crossings that a person has told, else -1.

    Args: `reference_us` and `speed_pct` for each runner; `min_us` of the points, by which the wave's speed divides.
    """
    n_points = len(min_us)
    places = np.full(len(found.first_us), REJECTED, np.int64)
    next_place = np.zeros(len(found.who), np.int64)
    before_us = reference_us.copy()
    before_min = np.zeros(len(found.who), np.int64)
    for nth in range(int(found.count.max(initial=0))):
        rows = np.flatnonzero(found.count > nth)
        crossing = found.begin[rows] + nth
        place = next_place[rows] if left_out is None else next_place[rows] + left_out[crossing]
        after = place >= n_points
        place = np.minimum(place, n_points - 1)
        when, needed, speed = found.first_us[crossing], min_us[place], speed_pct[rows]
        counts = when >= reference_us[rows] + needed * 100 // speed
        counts &= when >= before_us[rows] + (needed - before_min[rows]) * 100 // speed
        counts &= ~after
        if known is not None:
            told = known[crossing]
            place, counts, after = (
                np.where(told >= 0, told, place),
                counts | (told >= 0),
                after & (told < 0),
            )
        places[crossing[after]] = n_points
        places[crossing[counts]] = place[counts]
        rows, place = rows[counts], place[counts]
        next_place[rows] = place + 1
        before_us[rows], before_min[rows] = when[counts], min_us[place]
    return places


def missing_laps(
    found: LineCrossings,
    places: Int64,
    origin_us: Int64,
    min_us: Int64,
    distance_m: Int64,
    speed_pct: Int64,
    reference_us: Int64,
) -> Int64:
    """How many points were missed before each crossing, given their places when none was.

    Only runners not seen at the last point can have missed one, and only those with an uneven leg are looked at.
    """
    left_out = np.zeros(len(places), np.int64)
    n_points = len(min_us)
    row = np.repeat(np.arange(len(found.who)), found.count)
    placed = np.flatnonzero((places >= 0) & (places < n_points))
    if not len(placed):
        return left_out
    new_runner = np.concatenate(([True], row[placed][1:] != row[placed][:-1]))
    before = np.roll(placed, 1)
    when, place = found.first_us[placed], places[placed]
    leg_us = when - np.where(new_runner, origin_us[row[placed]], found.first_us[before])
    leg_m = distance_m[place] - np.where(new_runner, 0, distance_m[places[before]])
    pace = leg_us * _KM // np.maximum(leg_m, 1)
    runs = np.flatnonzero(new_runner)
    slowest, fastest = np.maximum.reduceat(pace, runs), np.minimum.reduceat(pace, runs)
    reached = np.maximum.reduceat(place, runs)
    uneven = (reached < n_points - 1) & (slowest * 10 > fastest * UNEVEN_TENTHS)
    ends = np.append(runs[1:], len(placed))
    for index in np.flatnonzero(uneven).tolist():
        part = slice(int(runs[index]), int(ends[index]))
        runner = int(row[placed[part.start]])
        speed = int(speed_pct[runner])
        left_out[placed[part]] = _left_out(
            when[part].tolist(),
            pace[part].tolist(),
            origin_us=int(origin_us[runner]),
            reference_us=int(reference_us[runner]),
            needed=(min_us * 100 // speed).tolist(),
            distance_m=distance_m.tolist(),
        )
    return left_out


def _left_out(
    when: list[Instant],
    pace: list[int],
    *,
    origin_us: Instant,
    reference_us: Instant,
    needed: list[Duration],
    distance_m: list[int],
) -> list[int]:
    """How many points one runner missed before each crossing: as few as make a leg even that otherwise is not.

    A leg is uneven when its pace is more than 1.6 times the median of the other legs; a point is passed over while
    that is so, if the pace with it is even and the minimum times allow it, and as long as there are points left.
    """
    spare = len(needed) - len(when)
    before_us, before_place = origin_us, -1
    left_out = []
    for number, moment in enumerate(when):
        median = median_of_others(pace, number)
        missed = 0
        for more in range(spare + 1):
            place = before_place + 1 + more
            metres = distance_m[place] - (distance_m[before_place] if before_place >= 0 else 0)
            leg = (moment - before_us) * _KM // metres
            if median is None or leg * 10 <= median * UNEVEN_TENTHS:
                soonest = reference_us + needed[place]
                if before_place >= 0:
                    soonest = max(soonest, before_us + needed[place] - needed[before_place])
                missed = more if median is not None and leg * UNEVEN_TENTHS >= median * 10 and moment >= soonest else 0
                break
        spare -= missed
        left_out.append(missed)
        before_us, before_place = moment, before_place + 1 + missed
    return left_out


def median_of_others(pace: list[int], number: int) -> int | None:
    """The median pace of the legs but one, of two middle ones the faster; None where there are no others."""
    others = sorted(pace[:number] + pace[number + 1 :])
    return others[(len(others) - 1) // 2] if others else None


def paces(first_us: list[Instant], places: list[int], origin_us: Instant, distance_m: Int64) -> list[int]:
    """The pace of each leg of one runner, microseconds a kilometre rounded down; of crossings that have a place."""
    before_us, before_m = origin_us, 0
    found = []
    for moment, place in zip(first_us, places, strict=True):
        if 0 <= place < len(distance_m):
            found.append((moment - before_us) * _KM // (int(distance_m[place]) - before_m))
            before_us, before_m = moment, int(distance_m[place])
    return found


def is_even(pace: list[int]) -> bool:
    """Whether the first leg is neither much slower nor much faster than the median of the others."""
    median = median_of_others(pace, 0) if pace else None
    return median is not None and pace[0] * 10 <= median * UNEVEN_TENTHS and pace[0] * UNEVEN_TENTHS >= median * 10
