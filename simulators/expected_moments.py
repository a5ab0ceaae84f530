"""The moment of one passing by the rule of its point, in plain Python and exact fractions.

Section 3 of docs/rules.md once more; nothing shared with `timing.passings` or `timing.signals`.
"""

from fractions import Fraction
from typing import NamedTuple

from timing.instants import Instant
from timing.race import MomentRule


class Seen(NamedTuple):
    """One read as the rules need it. `antenna` -1 and `signal` None: the reader gives none."""

    moment: Instant
    antenna: int
    signal: float | None


def moment_of(usable: list[Seen], rule: MomentRule) -> Instant:
    """The moment of a passing by the rule of its point."""
    if rule is MomentRule.LAST:
        return usable[-1].moment
    heard = [(r.moment, r.signal) for r in usable if r.signal is not None]
    if rule is MomentRule.FIRST or not heard:
        return usable[0].moment
    loudest = max(signal for _, signal in heard)
    strongest = next(moment for moment, signal in heard if signal == loudest)
    top = _top(usable[0].moment, heard) if rule is MomentRule.FITTED else None
    return top if top is not None and usable[0].moment <= top <= usable[-1].moment else strongest


def _top(base: Instant, heard: list[tuple[Instant, float]]) -> Instant | None:
    """The top of the least-squares parabola in exact fractions, or None where there is none."""
    if len(heard) < 3:
        return None
    points = [((moment - base) // 1000, round(signal * 10)) for moment, signal in heard]
    rows = [
        [Fraction(sum(t ** (i + j) for t, _ in points)) for j in range(3)]
        + [Fraction(sum(t**i * y for t, y in points))]
        for i in range(3)
    ]
    for i in range(3):  # Gauss: the normal equations of y = c + b t + a t^2
        pivot = next((r for r in range(i, 3) if rows[r][i]), None)
        if pivot is None:
            return None
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(3):
            if r != i:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i], strict=True)]
    _, b, a = (row[3] for row in rows)
    return base + (-b * 1000 / (2 * a)).__floor__() if a < 0 else None
