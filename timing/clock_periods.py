"""From how late reads came to the periods of a reader's clock: what each is off by, and whether that is proven.

A clock that is behind and a read that comes late look alike. What tells them apart: a clock is behind by the same
amount while arrivals go on, and no read comes before it was made.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from timing.clock_corrections import DRIFT_PPM_MAX, Span
from timing.clock_evidence import Comparison, LagCells
from timing.instants import DAY, MILLISECOND, MINUTE, SECOND, Duration, Instant
from timing.reads import Bool, Int64

GAP_US: Final = 10 * MINUTE
"""Lags further apart than this are not of one state of a clock."""

FAR_APART_US: Final = 2 * DAY
"""Stamps this far apart are of two settings of a clock, whatever comes late."""

TIGHT_US: Final = 5 * SECOND
"""Reads of one minute whose lags differ by less came live; more is a memory that is unloaded."""

PROOF_SPAN_US: Final = 10 * SECOND
PROOF_READS: Final = 5
"""A lag that stays the same for this long is the clock's and not that of one late delivery."""

STEP_US: Final = 2 * SECOND
_STEP_SIDE: Final = 3
_STEPS_DEEP: Final = 3
_NOISES: Final = 6
"""A change must be this many times as large as lags usually vary."""

DRIFT_US: Final = SECOND
_DRIFT_CELLS: Final = 20
_DRIFT_SPAN_US: Final = 30 * MINUTE
_COMPARED_DRIFT_US: Final = 100 * MILLISECOND
_COMPARED_DRIFT_SPAN_US: Final = 20 * MINUTE

LATENCY_US: Final = 500 * MILLISECOND
"""What a read may take to us by any way: no offset is known better from arrivals alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A while in which a clock was off by one amount (or drifted steadily).

    `offset_us` is to be added to base instants, give or take `uncertainty_us`. `proven`: it is the clock's, and not
    that of reads that came late. `live`: minutes in which reads came one by one. `anchors`: (base instant, offset) at
    both ends where it drifts, else empty. `stepped`: it begins or ends with a step of the same clock.
    """

    offset_us: Duration
    uncertainty_us: Duration
    reads: int
    base_min_us: Instant
    base_max_us: Instant
    received_min_us: Instant
    received_max_us: Instant
    proven: bool
    compared: bool
    live: int
    anchors: tuple[tuple[Instant, Duration], ...] = ()
    stepped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signs:
    """Cells and comparisons of one source together, ascending by arrival on the time our clock keeps now."""

    cells: LagCells
    at_us: Int64
    compared: Bool

    def __len__(self) -> int:
        return len(self.at_us)

    def take(self, rows: Int64 | Bool) -> "_Signs":
        return _Signs(cells=self.cells.take(rows), at_us=self.at_us[rows], compared=self.compared[rows])

    @property
    def live(self) -> Bool:
        return self.compared | (self.cells.lag_max_us - self.cells.lag_min_us <= TIGHT_US)


def periods_of(cells: LagCells, comparisons: tuple[Comparison, ...], shift_of_epoch_us: Int64) -> tuple[Period, ...]:
    """The periods of one clock, in order of their first arrival.

    Args: shift_of_epoch_us: what brings the arrivals of each cell, then of each comparison, onto our present time.
    """
    signs = _signs(cells, comparisons, shift_of_epoch_us)
    periods: list[Period] = []
    for cluster in _clusters(signs):
        parts = _split_at_steps(cluster, _STEPS_DEEP)
        periods += [_period(part, comparisons, stepped=len(parts) > 1) for part in parts]
    return tuple(sorted(periods, key=lambda p: (p.received_min_us, p.base_min_us, p.offset_us)))


def spans_of(periods: tuple[Period, ...], all_periods: tuple[Period, ...]) -> tuple[tuple[Span, Span], ...]:
    """For each period the stamps and the arrivals that are its own: (stamps, received).

    Each neighbour bounds it, by stamps where those do not overlap, and by arrivals where those do not; one whose
    stamps are days away by stamps alone, since its reads may come again at any time. A period that lies within a
    larger one, by stamps and by arrivals, has no more than what was seen of it: a few damaged stamps must not hold the
    rest. No neighbours are reads that may be the clock's own and came late.

    Args: periods: those to be bounded. all_periods: of the same clock, these among them.
    """
    return tuple(_own_spans(period, periods, all_periods) for period in periods)


def _own_spans(period: Period, periods: tuple[Period, ...], all_periods: tuple[Period, ...]) -> tuple[Span, Span]:
    others = [
        other
        for other in all_periods
        if other is not period
        and (other in periods or _is_far(period, other) or other.offset_us < period.offset_us - GAP_US)
    ]
    if any(_is_inside(period, other) for other in others):
        return (
            Span(begin_us=period.base_min_us, end_us=period.base_max_us + 1),
            Span(begin_us=period.received_min_us, end_us=period.received_max_us + 1),
        )
    near = [other for other in others if not _is_far(period, other)]
    by_base = _bounds(
        (period.base_min_us, period.base_max_us), [(other.base_min_us, other.base_max_us) for other in others]
    )
    by_arrival = _bounds(
        (period.received_min_us, period.received_max_us),
        [(other.received_min_us, other.received_max_us) for other in near],
    )
    return by_base, by_arrival


def _is_far(period: Period, other: Period) -> bool:
    """Whether stamps of the two are days apart, so that no read can be of either."""
    return max(period.base_min_us, other.base_min_us) - min(period.base_max_us, other.base_max_us) > FAR_APART_US


def _is_inside(period: Period, other: Period) -> bool:
    return (
        (period.reads, period.base_min_us) < (other.reads, other.base_min_us)
        and period.base_min_us <= other.base_max_us
        and other.base_min_us <= period.base_max_us
        and period.received_min_us <= other.received_max_us
        and other.received_min_us <= period.received_max_us
    )


def _bounds(own: tuple[int, int], others: list[tuple[int, int]]) -> Span:
    """Where neighbours part. Always just before the later one begins, which stays where it is while reads come in."""
    before = [own[0] - _margin(own[0] - high) for _, high in others if high < own[0]]
    after = [low - _margin(low - own[1]) for low, _ in others if low > own[1]]
    return Span(begin_us=max(before, default=None), end_us=min(after, default=None))


def _margin(gap_us: Duration) -> Duration:
    return DAY if gap_us > FAR_APART_US else min(gap_us // 2, MINUTE)


def _signs(cells: LagCells, comparisons: tuple[Comparison, ...], shift_us: Int64) -> _Signs:
    columns = {
        "epoch": [c.epoch for c in comparisons],
        "reads": [0] * len(comparisons),
        "lag_min_us": [c.offset_us for c in comparisons],
        "lag_max_us": [c.offset_us for c in comparisons],
        "base_min_us": [c.base_us for c in comparisons],
        "base_max_us": [c.base_us for c in comparisons],
        "received_min_us": [c.at_us for c in comparisons],
        "received_max_us": [c.at_us for c in comparisons],
    }
    both = LagCells(
        **{name: np.concatenate([getattr(cells, name), np.array(columns[name], np.int64)]) for name in columns}
    )
    both = replace(both, lag_min_us=both.lag_min_us + shift_us, lag_max_us=both.lag_max_us + shift_us)
    at_us = both.received_min_us + shift_us
    compared = np.arange(len(both)) >= len(cells)
    order = np.lexsort((both.lag_min_us, at_us))
    return _Signs(cells=both, at_us=at_us, compared=compared).take(order)


def _clusters(signs: _Signs) -> list[_Signs]:
    """Parted where lags leave a gap."""
    if not len(signs):
        return []
    order = np.argsort(signs.cells.lag_min_us, kind="stable")
    low, high = signs.cells.lag_min_us[order], np.maximum.accumulate(signs.cells.lag_max_us[order])
    cuts = np.flatnonzero(low[1:] - high[:-1] > GAP_US) + 1
    bounds = [0, *cuts.tolist(), len(signs)]
    return [signs.take(np.sort(order[begin:end])) for begin, end in pairwise(bounds)]


def _split_at_steps(signs: _Signs, deep: int) -> list[_Signs]:
    """Parted in time where the lag changed and stayed changed."""
    rows = np.flatnonzero(signs.live)
    values = signs.cells.lag_min_us[rows]
    if not deep or len(rows) < 2 * _STEP_SIDE or int(values.max() - values.min()) <= STEP_US:
        return [signs]
    cut = _step_in(values)
    if cut is None:
        return [signs]
    place = int(rows[cut])
    # What is not live at the boundary, a minute with reads from both sides, goes with the earlier side.
    before, after = signs.take(np.arange(place)), signs.take(np.arange(place, len(signs)))
    return [*_split_at_steps(before, deep - 1), *_split_at_steps(after, deep - 1)]


def _step_in(values: Int64) -> int | None:
    """Where the values change their level, by their ranks (Pettitt): late reads now and then do not matter."""
    n = len(values)
    order = np.argsort(values, kind="stable")
    _, which, counts = np.unique(values[order], return_inverse=True, return_counts=True)
    doubled = (2 * np.cumsum(counts) - counts + 1)[which]  # Twice the mean rank of equals: whole.
    ranks = np.empty(n, np.int64)
    ranks[order] = doubled
    score = np.abs(np.cumsum(ranks) - np.arange(1, n + 1) * (n + 1))
    inner = score[_STEP_SIDE - 1 : n - _STEP_SIDE]
    cut = int(inner.argmax()) + _STEP_SIDE
    left, right = values[:cut], values[cut:]
    noise = max(_spread(left), _spread(right))
    change = abs(_median(right) - _median(left))
    return cut if change > max(STEP_US, _NOISES * noise) else None


def _period(signs: _Signs, comparisons: tuple[Comparison, ...], *, stepped: bool) -> Period:
    cells = signs.cells
    live = signs.live
    own = np.flatnonzero(signs.compared)
    arrived = ~signs.compared
    floor_us = _floor(cells.lag_min_us[arrived & live] if (arrived & live).any() else cells.lag_min_us)
    uncertainty_us = LATENCY_US
    if (arrived & live).any():
        uncertainty_us = max(LATENCY_US, _median(cells.lag_min_us[arrived & live]) - floor_us)
    offset_us = floor_us
    if len(own):
        offset_us = int(cells.lag_min_us[own[-1]])
        at_us = int(cells.received_min_us[own[-1]])
        uncertainty_us = _uncertainty(comparisons, at_us)
    return Period(
        offset_us=offset_us,
        uncertainty_us=uncertainty_us,
        reads=int(cells.reads.sum()),
        base_min_us=int(cells.base_min_us.min()),
        base_max_us=int(cells.base_max_us.max()),
        received_min_us=int(cells.received_min_us.min()),
        received_max_us=int(cells.received_max_us.max()),
        # Lags of live minutes that vary by more are the way's: a clock is behind by the same amount all along.
        proven=bool(len(own)) or (uncertainty_us <= GAP_US and _is_proven(cells, floor_us)),
        compared=bool(len(own)),
        live=int((live & arrived).sum()),
        anchors=_anchors(signs, own, comparisons),
        stepped=stepped,
    )


def _is_proven(cells: LagCells, floor_us: Duration) -> bool:
    """Whether the least lag stayed the same while arrivals went on."""
    support = cells.take(np.abs(cells.lag_min_us - floor_us) <= TIGHT_US)
    span_us = int(support.received_max_us.max() - support.received_min_us.min()) if len(support) else 0
    if span_us < PROOF_SPAN_US or int(support.reads.sum()) < PROOF_READS:
        return False
    tight = support.lag_max_us - support.lag_min_us <= TIGHT_US
    # Two minutes with the same floor; or one in which nothing came late.
    return len(support) >= 2 or bool(tight.all())


def _uncertainty(comparisons: tuple[Comparison, ...], at_us: Instant) -> Duration:
    return min(c.uncertainty_us for c in comparisons if c.at_us == at_us)


def _anchors(signs: _Signs, own: Int64, comparisons: tuple[Comparison, ...]) -> tuple[tuple[Instant, Duration], ...]:
    """(base instant, offset) at two ends of a steady drift such as clocks have, or nothing."""
    found = _compared_drift(signs, own, comparisons) if len(own) >= 2 else _arrived_drift(signs)
    if not found:
        return ()
    (s0, o0), (s1, o1) = found
    # What no clock has is the way's doing: answers and reads that waited.
    return found if abs(o1 - o0) * 1_000_000 < DRIFT_PPM_MAX * (s1 - s0) else ()


def _compared_drift(
    signs: _Signs, own: Int64, comparisons: tuple[Comparison, ...]
) -> tuple[tuple[Instant, Duration], ...]:
    cells, first, last = signs.cells, int(own[0]), int(own[-1])
    change = int(cells.lag_min_us[last] - cells.lag_min_us[first])
    unsure = sum(_uncertainty(comparisons, int(cells.received_min_us[row])) for row in (first, last))
    if int(signs.at_us[last] - signs.at_us[first]) < _COMPARED_DRIFT_SPAN_US or abs(change) <= max(
        _COMPARED_DRIFT_US, unsure
    ):
        return ()
    return tuple((int(cells.base_min_us[row]), int(cells.lag_min_us[row])) for row in (first, last))


def _arrived_drift(signs: _Signs) -> tuple[tuple[Instant, Duration], ...]:
    cells = signs.cells
    rows = np.flatnonzero(signs.live)
    if len(rows) < _DRIFT_CELLS or int(signs.at_us[rows[-1]] - signs.at_us[rows[0]]) < _DRIFT_SPAN_US:
        return ()
    third = len(rows) // 3
    ends = (rows[:third], rows[-third:])
    lags = [_median(cells.lag_min_us[end]) for end in ends]
    # Along a drift the lags of a third vary by a third of it; beyond that it is noise.
    noise = max(_spread(np.diff(cells.lag_min_us[end])) for end in ends)
    if abs(lags[1] - lags[0]) <= max(DRIFT_US, _NOISES * noise):
        return ()
    return tuple((_median(cells.base_min_us[end]), lag) for end, lag in zip(ends, lags, strict=True))


def _floor(values: Int64) -> int:
    """The least, leaving out one or two that are below all others by accident once there are several."""
    return int(np.sort(values)[min(2, (len(values) - 1) // 4)])


def _median(values: Int64) -> int:
    return int(np.sort(values)[len(values) // 2])


def _spread(values: Int64) -> int:
    """Median distance from the median."""
    return _median(np.abs(values - _median(values))) if len(values) else 0
