"""What speaks for and against the clocks of a race: arrivals, comparisons, and when reads were made.

Everything is gathered from what stamps say by themselves, never from what a ledger makes of them, and nothing depends
on the order in which reads come. What follows from it is for `clock_findings`.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from timing.clock_ledger import Stamps
from timing.clocks import FIRST_DOUBT, StampCode, based
from timing.instants import DAY, MINUTE, MISSING, Duration, Instant
from timing.race import MatRole, PointKind, Race
from timing.reads import Bool, ClockKind, Int16, Int32, Int64, Names, Reads, SourceId

if TYPE_CHECKING:  # entries bring every format of the journal along
    from timing.entries import ClockBody, HostStepBody

HALF_HOUR: Final = 30 * MINUTE
_COARSE_US: Final = 2 * DAY
"""Lags beyond it are told apart by the day only."""

_COARSE_FIRST: Final = 1_000
_CLASS_MAX: Final = 2**17
_MINUTE_MAX: Final = 2**19
_EPOCHS_MAX: Final = 255
_EXTREME: Final = 2**61
_ROWS_FIRST: Final = 64
NEVER: Final = 2**62
"""In columns of first moments: not seen; in those of last moments with a minus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LagCells:
    """How late reads came, as columns: a row for each minute of arrival and half hour of lag in which there were any.

    A lag is arrival minus base instant: what a clock is behind ours, and the way of the read. `epoch`: how many steps
    of our own clock were known when they came; -1: the arrival is by a collector's clock. `reads` is how many.
    """

    epoch: Int64
    reads: Int64
    lag_min_us: Int64
    lag_max_us: Int64
    base_min_us: Int64
    base_max_us: Int64
    received_min_us: Int64
    received_max_us: Int64

    def __len__(self) -> int:
        return len(self.reads)

    def take(self, rows: Int64 | Bool) -> "LagCells":
        return LagCells(**{name: getattr(self, name)[rows] for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A reader's clock beside ours: `offset_us` is to be added to it, give or take `uncertainty_us`."""

    at_us: Instant
    base_us: Instant
    offset_us: Duration
    uncertainty_us: Duration
    epoch: int


class _Cells:
    """Cells by their key, in one growing table."""

    _SLOTS: Final = 8

    def __init__(self) -> None:
        self._row_of: dict[int, int] = {}
        self._table = np.empty((_ROWS_FIRST, self._SLOTS), np.int64)

    def __len__(self) -> int:
        return len(self._row_of)

    def add(self, key: int, epoch: int, reads: int, lows: list[int], highs: list[int]) -> None:
        """Lows and highs: of lag, base instant and arrival."""
        row = self._row_of.get(key)
        if row is None:
            row = self._row_of[key] = len(self._row_of)
            if row == len(self._table):
                self._table = np.concatenate([self._table, np.empty_like(self._table)])
            self._table[row] = (epoch, reads, lows[0], highs[0], lows[1], highs[1], lows[2], highs[2])
            return
        kept = self._table[row]
        kept[1] += reads
        kept[2::2] = np.minimum(kept[2::2], lows)
        kept[3::2] = np.maximum(kept[3::2], highs)

    def view(self) -> LagCells:
        """The cells, ascending by arrival, then by lag."""
        table = self._table[: len(self)]
        table = table[np.lexsort((table[:, 0], table[:, 2], table[:, 6]))]
        return LagCells(**dict(zip(LagCells.__slots__, table.T, strict=True)))


class ClockEvidence:
    """Evidence about all clocks of one race, gathered entry by entry.

    `minutes`: reads of each mat by minute of their base instant, from `first_minute` on. `edge_us`: the base instant of
    each tag's first read at each mat, at the start of its last (plus or minus NEVER: none); a row for each mat.
    """

    def __init__(self, race: Race) -> None:
        self._race = race
        self._lags: defaultdict[SourceId, _Cells] = defaultdict(_Cells)
        self._twice: defaultdict[SourceId, _Cells] = defaultdict(_Cells)
        self._comparisons: defaultdict[SourceId, list[Comparison]] = defaultdict(list)
        self.steps: list[HostStepBody] = []
        self.first_minute = race.first_instant_us // MINUTE - DAY // MINUTE
        width = race.last_instant_us // MINUTE + DAY // MINUTE - self.first_minute + 1
        self.minutes: Int64 = np.zeros((len(race.course.mats), width), np.int64)
        kind_of = {point.id: point.kind for point in race.course.points}
        self._is_start = np.array([kind_of[mat.point] is PointKind.START for mat in race.course.mats], np.bool_)
        self.edge_us: Int64 = np.empty((len(race.course.mats), 0), np.int64)
        self._clock_of = {source.id: source.clock for source in race.sources}

    def lags(self, source: SourceId) -> LagCells:
        return (self._lags[source] if source in self._lags else _Cells()).view()

    def twice(self, source: SourceId) -> LagCells:
        """Lags of the stamps in the hour that exists twice, as if the earlier were meant."""
        return (self._twice[source] if source in self._twice else _Cells()).view()

    def comparisons(self, source: SourceId) -> tuple[Comparison, ...]:
        """Ascending by instant."""
        return tuple(sorted(self._comparisons.get(source, ()), key=lambda c: (c.at_us, c.base_us, c.uncertainty_us)))

    def sources(self) -> tuple[SourceId, ...]:
        """The sources there is anything to say about, in order of their names."""
        seen = set(self._lags) | set(self._twice) | set(self._comparisons)
        seen |= {mat.source for mat, row in zip(self._race.course.mats, self.minutes, strict=True) if row.any()}
        return tuple(sorted(seen))

    def clock_of(self, source: SourceId) -> ClockKind | None:
        return self._clock_of.get(source)

    def shift_us(self, epoch: Int64) -> Int64:
        """What brings arrivals of these epochs onto the time that our clock keeps now."""
        later = np.cumsum([0, *(step.step_us for step in reversed(self.steps))])[::-1]
        by_us = later[np.clip(epoch, 0, len(self.steps))]
        return np.where(epoch < 0, 0, by_us).astype(np.int64)

    @staticmethod
    def epochs(cells: LagCells, comparisons: tuple[Comparison, ...]) -> Int64:
        """The epoch of each cell, then of each comparison."""
        return np.concatenate([cells.epoch, np.array([c.epoch for c in comparisons], np.int64)])

    def note_step(self, step: "HostStepBody") -> None:
        """Our own clock was moved: what comes from now on arrives on the new time."""
        self.steps.append(step)

    def note_comparison(self, body: "ClockBody") -> None:
        """A reader's clock was asked. An answer that cannot be placed (the hour that exists twice) says nothing."""
        kind = self._clock_of.get(body.source)
        if kind is None:
            return
        middle_us = body.asked_us + body.round_trip_us // 2
        found = based(np.array([body.clock_us], np.int64), kind, self._race, np.array([middle_us], np.int64))
        if found.code[0] > StampCode.ELAPSED:
            return
        base_us = int(found.base_us[0])
        self._comparisons[body.source].append(
            Comparison(
                at_us=middle_us,
                base_us=base_us,
                offset_us=middle_us - base_us,
                uncertainty_us=(body.round_trip_us + 1) // 2,
                epoch=len(self.steps),
            )
        )

    def add(self, stamps: Stamps, tag: Int32, mat: Int16, sources: Names, *, by_collector: Bool) -> None:
        """Reads came in, as delivered; `by_collector`: whose arrival is by a collector's clock."""
        self._count_minutes(stamps.base_us, mat)
        self._add_edges(stamps.base_us, tag, mat)
        rows = np.flatnonzero(stamps.received_us != MISSING)
        if not len(rows):
            return
        if len(rows) < len(stamps):
            stamps, by_collector = stamps.take(rows), by_collector[rows]
        twice = stamps.code > FIRST_DOUBT
        if twice.any():
            self._add_lags(self._twice, stamps.take(twice), by_collector[twice], sources)
            stamps, by_collector = stamps.take(~twice), by_collector[~twice]
        if len(stamps):
            self._add_lags(self._lags, stamps, by_collector, sources)

    def note_reads(self, reads: Reads, *, arranged: bool = False) -> None:
        """Reads of files, which do not say when they arrived: what is known is when each mat saw whom.

        Args: arranged: they are in the order of (tag, mat, moment), which makes it quick: all reads of one tag at one
            mat are counted in one minute.
        """
        moment_us, tag, mat = reads.moment_us, reads.tag, reads.mat
        count = None
        if arranged and len(reads):
            changes = tag[1:] != tag[:-1]
            changes |= mat[1:] != mat[:-1]
            first = np.concatenate([[0], np.flatnonzero(changes) + 1])
            count = np.diff(first, append=len(reads))
            rows = np.where(self._is_start[mat[first]], first + count - 1, first)
            moment_us, tag, mat = moment_us[rows], tag[rows], mat[rows]
        self._count_minutes(moment_us, mat, count)
        self._add_edges(moment_us, tag, mat)

    def _add_lags(
        self, cells: "defaultdict[SourceId, _Cells]", stamps: Stamps, by_collector: Bool, sources: Names
    ) -> None:
        base_us = np.clip(stamps.base_us, -_EXTREME, _EXTREME)
        received_us = np.clip(stamps.received_us, -_EXTREME, _EXTREME)
        lag_us = received_us - base_us
        epoch = np.where(by_collector, -1, min(len(self.steps), _EPOCHS_MAX - 1))
        minute = np.clip(received_us // MINUTE - self.first_minute, -_MINUTE_MAX, _MINUTE_MAX) + _MINUTE_MAX
        key = (epoch + 1) << 42 | minute << 20 | (_lag_class(lag_us) + _CLASS_MAX)
        packed = stamps.source.astype(np.int64) << 50 | key
        # Reads come nearly in order: neighbours mostly fall into one cell, and sorting them would be in vain.
        starts = _starts(packed)
        if len(starts) * 4 > len(packed) and len(packed) > 256:
            order = np.argsort(packed, kind="stable")
            packed, lag_us, base_us, received_us = packed[order], lag_us[order], base_us[order], received_us[order]
            key, epoch = key[order], epoch[order]
            starts = _starts(packed)
        columns = (lag_us, base_us, received_us)
        lows = np.stack([np.minimum.reduceat(column, starts) for column in columns], axis=1).tolist()
        highs = np.stack([np.maximum.reduceat(column, starts) for column in columns], axis=1).tolist()
        counts = np.diff(starts, append=len(packed)).tolist()
        names = [SourceId(sources.names[code]) for code in (packed[starts] >> 50).tolist()]
        for name, cell, at, count, low, high in zip(
            names, key[starts].tolist(), epoch[starts].tolist(), counts, lows, highs, strict=True
        ):
            cells[name].add(cell, at, count, low, high)

    def _count_minutes(self, base_us: Int64, mat: Int16, count: Int64 | None = None) -> None:
        """`count`: how many reads each of these stands for; one unless told."""
        width = self.minutes.shape[1]
        minute = base_us // MINUTE - self.first_minute
        fits = (minute >= 0) & (minute < width) & (mat >= 0)
        if not fits.all():
            minute, mat = minute[fits], mat[fits]
            count = None if count is None else count[fits]
        flat = self.minutes.reshape(-1)
        place = mat * np.int64(width) + minute
        if len(place) < len(flat) or count is not None:
            np.add.at(flat, place, 1 if count is None else count)
        else:
            flat += np.bincount(place, minlength=len(flat))

    def _add_edges(self, base_us: Int64, tag: Int32, mat: Int16) -> None:
        near = (mat >= 0) & (tag >= 0)
        near &= (base_us >= self._race.first_instant_us - DAY) & (base_us <= self._race.last_instant_us + DAY)
        if not near.all():
            base_us, tag, mat = base_us[near], tag[near], mat[near]
        if not len(tag):
            return
        self._widen(int(tag.max()) + 1)
        flat = self.edge_us.reshape(-1)
        place = mat * np.int64(self.edge_us.shape[1]) + tag
        at_start = self._is_start[mat]
        for rows, best in ((~at_start, np.minimum), (at_start, np.maximum)):
            if rows.any():
                best.at(flat, place[rows], base_us[rows])

    def _widen(self, tags: int) -> None:
        """Makes room for so many tags."""
        missing = tags - self.edge_us.shape[1]
        if missing > 0:
            grown = np.full((len(self.edge_us), max(missing, self.edge_us.shape[1] // 2)), NEVER, np.int64)
            grown[self._is_start] = -NEVER
            self.edge_us = np.concatenate([self.edge_us, grown], axis=1)


def mat_pairs(race: Race) -> tuple[tuple[int, int], ...]:
    """(main, backup) for each point that has one of each, as numbers of mats."""
    numbers = {mat.id: number for number, mat in enumerate(race.course.mats)}
    pairs = []
    for point in race.course.points:
        mains = [mat for mat in point.mats if mat.role is MatRole.MAIN]
        backups = [mat for mat in point.mats if mat.role is MatRole.BACKUP]
        if len(mains) == 1 and len(backups) == 1 and not mains[0].also and not backups[0].also:
            pairs.append((numbers[mains[0].id], numbers[backups[0].id]))
    return tuple(pairs)


def _lag_class(lag_us: Int64) -> Int64:
    """Which half hour a lag is nearest to; beyond two days which day."""
    near = (lag_us + HALF_HOUR // 2) // HALF_HOUR
    far = np.sign(lag_us) * (_COARSE_FIRST + np.abs(lag_us) // DAY)
    return np.clip(np.where(np.abs(lag_us) < _COARSE_US, near, far), -_CLASS_MAX, _CLASS_MAX - 1)


def _starts(packed: Int64) -> Int64:
    return np.flatnonzero(np.diff(packed, prepend=packed[0] - 1))
