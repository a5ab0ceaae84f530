"""Late data: which points deliver reads long after they were made, told while that lasts.

Owns what counts as late. Whether a read is late follows from the journal alone: the instant of the read, as clocks are
corrected, and the instant at which its entry was taken. Reads of files were never on their way and are never late.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from timing.clock_faults import ClockFault, ClockFinding
from timing.clock_ledger import ClockLedger
from timing.growing import Growing
from timing.instants import MINUTE, MISSING, SECOND, Duration, Instant
from timing.race import Race
from timing.reads import Int64, Reads, SourceId

LATE_US: Final = 2 * MINUTE
"""A read taken so long after it was made is late. A slow link, a reader that is polled and a collector after one lost
connection stay below; beyond it runners were announced meanwhile whose places the late reads may change."""

TOLD_US: Final = 5 * MINUTE
"""So long after its last read a late delivery is still told, and a further one belongs to it."""

HURRIED_US: Final = 10 * SECOND
"""On a race clock faster than life a read is on its way for seconds of life at most, which must not look like lateness:
neither limit is shorter than this much real time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateData:
    """What one point delivered late. Reads of `first_us` to `last_us` were taken from `begun_us` to `arrived_us`."""

    point: str
    reads: int
    first_us: Instant
    last_us: Instant
    begun_us: Instant
    arrived_us: Instant

    @classmethod
    def of(cls, point: str, moment_us: Int64, at_us: Int64) -> Self:
        """Late reads in the order they were taken; one at least."""
        return cls(
            point=point,
            reads=len(at_us),
            first_us=int(moment_us.min()),
            last_us=int(moment_us.max()),
            begun_us=int(at_us[0]),
            arrived_us=int(at_us[-1]),
        )

    def __add__(self, other: "LateData") -> "LateData":
        """Both together; of the same point."""
        return LateData(
            point=self.point,
            reads=self.reads + other.reads,
            first_us=min(self.first_us, other.first_us),
            last_us=max(self.last_us, other.last_us),
            begun_us=min(self.begun_us, other.begun_us),
            arrived_us=max(self.arrived_us, other.arrived_us),
        )


class TakenAt:
    """When each row of `RaceState.reads()` was taken, kept by entry: MISSING for reads that came from a file."""

    def __init__(self) -> None:
        self._ends = Growing(np.int64)
        self._at_us = Growing(np.int64)

    def note(self, ends: Int64, at_us: Int64) -> None:
        """After entries taken at `at_us` there were `ends` rows; ascending."""
        before = int(self._ends.view()[-1]) if len(self._ends) else 0
        brought = np.diff(ends, prepend=before) > 0
        self._ends.extend(ends[brought])
        self._at_us.extend(at_us[brought])

    def of(self, first: int, end: int) -> Int64:
        """For the rows from `first` up to `end`, which must have been noted."""
        rows = np.arange(first, end, dtype=np.int64)
        return self._at_us.view()[np.searchsorted(self._ends.view(), rows, "right")]


class LateWatch:
    """The last late delivery of each mat, kept up to date by the rows that were added."""

    def __init__(self, race: Race, *, rate: float = 1.0) -> None:
        """rate: seconds of the race clock in a real one; 0: all comes at once at the end, and nothing is late."""
        self._race = race
        self._on = rate > 0
        self.late_us: Duration = max(LATE_US, round(HURRIED_US * rate))
        self.told_us: Duration = max(TOLD_US, round(HURRIED_US * rate))
        self._ledger: ClockLedger | None = None
        self._seen = 0
        self._newest: dict[int, LateData] = {}

    def take(self, reads: Reads, taken_at: TakenAt, ledger: ClockLedger) -> None:
        """Takes in the rows added since; all of them again when the ledger that placed them is another."""
        if ledger is not self._ledger and ledger != self._ledger:
            self._seen = 0
            self._newest = {}
        self._ledger = ledger
        first, self._seen = self._seen, len(reads)
        if not self._on or first == self._seen:
            return
        at_us = taken_at.of(first, self._seen)
        moment_us, mat = reads.moment_us[first:], reads.mat[first:]
        late = (at_us != MISSING) & ~reads.held[first:] & (mat >= 0)
        late &= at_us - np.where(late, moment_us, at_us) >= self.late_us
        if not late.any():
            return
        moment_us, mat, at_us = moment_us[late], mat[late], at_us[late]
        for number in np.unique(mat).tolist():
            mine = mat == number
            self._add(number, moment_us[mine], at_us[mine])

    def told(self, now_us: Instant, *, since_us: Instant, clocks: Iterable[ClockFinding] = ()) -> tuple[LateData, ...]:
        """What is to be told at an instant of the race, in the order of points.

        since_us: the first gun; a delivery that lies wholly before it is of tests, and is not told. clocks: what is
        wrong with clocks; one that is minutes behind makes every read look late, and is told as what it is.
        """
        doubted = self._doubted(clocks)
        course = self._race.course
        by_point: dict[str, LateData] = {}
        for number, late in self._newest.items():
            source = course.mats[number].source
            if now_us - late.arrived_us <= self.told_us and not doubted & {source, None}:
                by_point[late.point] = by_point[late.point] + late if late.point in by_point else late
        found = (by_point.get(point.id) for point in course.points)
        return tuple(late for late in found if late is not None and late.last_us >= since_us)

    def _add(self, mat: int, moment_us: Int64, at_us: Int64) -> None:
        before = self._newest.get(mat)
        latest_us = int(at_us[0]) if before is None else before.arrived_us
        pauses = np.flatnonzero(np.diff(at_us, prepend=latest_us) > self.told_us)
        if len(pauses):
            before, begin = None, int(pauses[-1])
            moment_us, at_us = moment_us[begin:], at_us[begin:]
        late = LateData.of(self._race.course.mats[mat].point, moment_us, at_us)
        self._newest[mat] = late if before is None else before + late

    def _doubted(self, clocks: Iterable[ClockFinding]) -> set[SourceId | None]:
        """Sources whose clock may be what looks like lateness; None among them: our own."""
        return {
            finding.source
            for finding in clocks
            if finding.fault is not ClockFault.PAIR
            and (finding.offset_us is None or 2 * abs(finding.offset_us) >= self.late_us)
        }
