"""How many a mat has missed, by what its neighbours have seen: capture and recapture, with honest intervals.

Owns the formulas (docs/crew_facts.md states and cites them). Every interval is of 95 %. Estimates are of numbers of
runners; nobody's time ever follows from one.
"""

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Z: Final = 1.959964
"""Of a normal distribution 95 % lie within so many standard deviations."""

BOTH_GIVEN_ONE: Final = 0.10
"""Who is missed by one mat of a point is missed by the other so often, by published figures; up to BOTH_GIVEN_ONE_MOST:
chips that are worn badly are worn badly for both."""

BOTH_GIVEN_ONE_MOST: Final = 0.40

ENOUGH_LATER: Final = 200
"""From so many runners at later mats on they say how many both mats of a point missed."""


class Basis(enum.StrEnum):
    """What an estimate of those missed by both rests on."""

    LATER = "later"
    """Runners seen at later mats, who must have passed."""
    TIED = "tied"
    """Both mats, tied as much as those of other points are seen to be."""
    ASSUMED = "assumed"
    """Both mats, tied as mats are known to be elsewhere; the interval reaches from independence to strong ties."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Runners by which of two mats saw them."""

    both: int
    main_only: int
    backup_only: int
    neither: int = 0
    """Only among those who are known to have passed."""

    @property
    def main(self) -> int:
        return self.both + self.main_only

    @property
    def backup(self) -> int:
        return self.both + self.backup_only

    @property
    def seen(self) -> int:
        return self.both + self.main_only + self.backup_only


def share_of(part: int, whole: int) -> Estimate | None:
    """A share with Wilson's interval; None of nothing."""
    if not whole:
        return None
    p, z2 = part / whole, Z * Z
    middle = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z * math.sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole)) / (1 + z2 / whole)
    return Estimate(value=p, low=max(middle - half, 0.0), high=min(middle + half, 1.0))


def missed_independent(cells: Cells) -> Estimate:
    """Those missed by both under independence: main_only * backup_only / (both + 1).

    It is Chapman's estimate of all who passed, (main + 1)(backup + 1) / (both + 1) - 1, less those seen, with Chao's
    log-normal interval.
    """
    value = cells.main_only * cells.backup_only / (cells.both + 1)
    m, b, both = cells.main_only, cells.backup_only, cells.both
    if not m or not b:  # no variance can be told from none: half a runner is added to each cell for the upper bound
        top = (m + 0.5) * (b + 0.5) / (both + 1.5)
        return Estimate(value=value, low=0.0, high=top * math.exp(Z * _log_sd(m + 0.5, b + 0.5, both + 0.5)))
    variance = (cells.main + 1) * (cells.backup + 1) * m * b / ((both + 1) ** 2 * (both + 2))
    spread = math.exp(Z * math.sqrt(math.log1p(variance / value**2)))
    return Estimate(value=value, low=value / spread, high=value * spread)


def missed_assumed(cells: Cells) -> Estimate:
    """Those missed by both where nothing of this race tells how its mats are tied.

    (main_only + backup_only) / 2 * c / (1 - c) with c = BOTH_GIVEN_ONE; from what independence gives at least to c =
    BOTH_GIVEN_ONE_MOST with chance.
    """
    free, one = missed_independent(cells), (cells.main_only + cells.backup_only) / 2
    value, most = (one * c / (1 - c) for c in (BOTH_GIVEN_ONE, BOTH_GIVEN_ONE_MOST))
    value = max(value, free.value)
    return Estimate(value=value, low=free.low, high=max(most + Z * math.sqrt(most), free.high))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """How much more often two mats of a point miss the same runner than by chance: an odds ratio and its log's sd."""

    odds: float
    log_sd: float


def tie_of(points: Sequence[Cells]) -> Tie | None:
    """The common odds ratio of points where `neither` is known (Mantel and Haenszel), None where nothing tells it."""
    known = [cells for cells in points if cells.seen + cells.neither]
    together = [
        sum(values) for values in zip(*((c.both, c.main_only, c.backup_only, c.neither) for c in known), strict=True)
    ]
    if not known or min(together) == 0:
        return None
    above = below = 0.0
    for cells in known:
        total = cells.seen + cells.neither
        above += cells.both * cells.neither / total
        below += cells.main_only * cells.backup_only / total
    if not above or not below:
        return None
    return Tie(odds=above / below, log_sd=_log_sd(*together))


def missed_tied(cells: Cells, tie: Tie) -> Estimate:
    """Those missed by both where the mats are tied as elsewhere: odds * main_only * backup_only / both.

    The interval is of the number itself and not of its mean: chance is in it.
    """
    m, b, both = cells.main_only + 0.5, cells.backup_only + 0.5, cells.both + 0.5
    value = tie.odds * cells.main_only * cells.backup_only / both
    top = tie.odds * m * b / both
    spread = math.exp(Z * math.hypot(tie.log_sd, _log_sd(m, b, both), 1 / math.sqrt(max(top, 1.0))))
    return Estimate(value=value, low=value / spread, high=max(value, top) * spread)


def missed_by_later(later_seen: int, later_unseen: int, not_later: int) -> Estimate:
    """Those missed here, by runners of later mats, who must have passed.

    `later_unseen` of them were not seen here, `later_seen` were: q = unseen / both. Of those who were seen here and
    not yet later on, `not_later`, others like them were missed: not_later * q / (1 - q), with Wilson's interval of q
    and chance. Those who are known to have been missed are in it.
    """
    q = share_of(later_unseen, later_seen + later_unseen)
    assert q is not None
    assert later_seen, "a mat that nobody of the later ones was seen at tells nothing"
    value, low, high = (not_later * share / (1 - share) for share in (q.value, q.low, q.high))
    return Estimate(
        value=later_unseen + value,
        low=later_unseen + max(low - Z * math.sqrt(low), 0.0),
        high=later_unseen + high + Z * math.sqrt(high),
    )


def _log_sd(*cells: float) -> float:
    """The standard deviation of the logarithm of a product of independent counts."""
    return math.sqrt(sum(1 / cell for cell in cells))
