"""The race as it follows from its journal: times, classes and rankings, kept up to date by the part that changed.

Owns which runners must be matched again. There is one way from reads to times, `timing.matching.match`; whether it is
given the reads of thirty runners or of all makes no difference to anybody's time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from config.plan import RacePlan
from results.eligibility import Eligibility
from results.rankings import Rankings, rank
from results.standing import Standing
from timing.field import Field
from timing.guns import GunSignal, guns_in_force
from timing.instants import Duration, Instant
from timing.journal import Entry, EntryKind
from timing.matching import adopt, match
from timing.passings import arrange
from timing.reads import Int64, ReadClass, UInt8
from timing.roster import Roster
from timing.state import RaceState
from timing.times import Closings, Guns, Times

_FOR_EVERYBODY: Final = frozenset({EntryKind.ROSTER, EntryKind.GUN, EntryKind.CLOSING})
"""Entries after which everybody is matched again."""

PARKED_READS: Final = 3_000
"""A tag with more reads than this lies at a mat: matching it again at each of its reads would delay the others."""

PARKED_PAUSE_TICKS: Final = 40
"""How many ticks such a tag waits for its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The race after one journal entry: everything in it is immutable."""

    through: int
    roster: Roster
    times: Times
    rankings: Rankings
    read_counts: Mapping[ReadClass, int]
    lag_us: Duration
    """How late the newest read of the slowest source came, by the race clock."""

    def standing(self, plan: RacePlan, *, number: int, at_us: Instant) -> Standing:
        """What publication `number` is made from."""
        return Standing(
            plan=plan,
            roster=self.roster,
            times=self.times,
            rankings=self.rankings,
            number=number,
            at_us=at_us,
            through=self.through,
        )


class Derived:
    """Keeps the picture of a `RaceState`. Not for several threads."""

    def __init__(self, plan: RacePlan, state: RaceState) -> None:
        self._plan = plan
        self._state = state
        self._tick = 0
        self._parked: set[int] = set()
        self._classes: UInt8 = np.empty(0, np.uint8)
        self._class_counts: Int64 = np.zeros(len(ReadClass), np.int64)
        self._match_everybody()

    def note(self, entry: Entry) -> None:
        """An entry was applied to the state."""
        if entry.kind in _FOR_EVERYBODY:
            self._everybody = True

    def refresh(self, *, settle: bool = False) -> bool:
        """Brings times and rankings up to date; whether anything may have changed.

        With `settle` parked tags too, whose reads otherwise wait for their turn: before anything is published.
        """
        self._tick += 1
        touched = self._state.take_touched()
        if self._everybody:
            self._match_everybody()
            return True
        touched = self._now_due(touched, settle)
        if not len(touched):
            return False
        self._match(touched)
        self._rankings = rank(self._plan, self._roster, self._times, self._eligibility)
        return True

    def picture(self) -> Picture:
        counts = self._class_counts.tolist()
        counts[ReadClass.MALFORMED] += self._state.malformed
        late = [
            counted.last_received_us - counted.newest_us
            for counted in self._state.counts.values()
            if counted.last_received_us is not None and counted.newest_us is not None
        ]
        return Picture(
            through=self._state.applied,
            roster=self._roster,
            times=self._times,
            rankings=self._rankings,
            read_counts={kind: counts[kind] for kind in ReadClass},
            lag_us=max([0, *late]),
        )

    def _match_everybody(self) -> None:
        self._everybody = False
        self._parked.clear()
        state, race = self._state, self._plan.race
        self._roster = state.roster or Roster(entrants=())
        self._field = Field.of(self._roster, race, state.tags)
        self._eligibility = Eligibility.of(self._plan, self._roster)
        self._guns = self._guns_now()
        self._closings = self._closings_now()
        arranged = arrange(state.reads())
        matched = match(arranged.reads, self._field, race, self._guns, self._closings)
        self._times = matched.times
        assert arranged.rows is not None, "rows were asked for"
        self._classes = np.full(len(state.reads()), ReadClass.SAME_PASSING, np.uint8)
        self._classes[arranged.rows] = matched.classes
        self._class_counts = np.bincount(self._classes, minlength=len(ReadClass)).astype(np.int64)
        self._tags_of = _tags_by_entrant(self._field)
        self._rankings = rank(self._plan, self._roster, self._times, self._eligibility)

    def _now_due(self, touched: Int64, settle: bool) -> Int64:
        """The touched tags without the parked ones whose turn has not come, and the parked ones whose turn it is."""
        due = settle or self._tick % PARKED_PAUSE_TICKS == 0
        if due and self._parked:
            touched = np.union1d(touched, np.fromiter(self._parked, np.int64))
            self._parked.clear()
        if due:
            return touched
        many = [tag for tag in touched.tolist() if len(self._state.rows_of_tags([tag])) > PARKED_READS]
        if many:
            self._parked.update(many)
            touched = np.setdiff1d(touched, np.array(many, np.int64))
        return touched

    def _match(self, touched: Int64) -> None:
        """Matches again whoever owns these tags, with all reads of all their tags."""
        owners = self._field.owners(touched.astype(np.int32))
        entrants = np.unique(owners[owners >= 0])
        nobodys = touched[owners < 0]
        tags = np.concatenate([nobodys, *(self._tags_of[entrant] for entrant in entrants.tolist())])
        rows = self._state.rows_of_tags(tags)
        arranged = arrange(self._state.reads().take(rows))
        matched = match(arranged.reads, self._field, self._plan.race, self._guns, self._closings)
        assert arranged.rows is not None, "rows were asked for"
        self._times = adopt(self._times, matched.times, entrants.astype(np.int64))
        self._reclassify(rows[arranged.rows], matched.classes)

    def _reclassify(self, rows: Int64, classes: UInt8) -> None:
        n = len(self._state.reads())
        if n > len(self._classes):
            grown = np.full(max(n, 2 * len(self._classes)), _UNCLASSED, np.uint8)
            grown[: len(self._classes)] = self._classes
            self._classes = grown
        before = self._classes[rows]
        self._class_counts -= np.bincount(before, minlength=_UNCLASSED + 1)[: len(ReadClass)]
        self._class_counts += np.bincount(classes, minlength=len(ReadClass))
        self._classes[rows] = classes

    def _guns_now(self) -> Guns:
        signals = [
            GunSignal(instant_us=gun.body.instant_us, wave=gun.body.wave, number=gun.number)
            for gun in self._state.guns
            if gun.body.instant_us is not None
        ]
        return guns_in_force(self._plan.race, signals)

    def _closings_now(self) -> Closings:
        """Of several closings of one point the last holds."""
        at = {closing.body.point: closing.body.at_us for closing in self._state.closings}
        return Closings(start_us=at.get("start"), finish_us=at.get("finish"))


_UNCLASSED: Final = len(ReadClass)
"""In the column of classes: a read that has not been matched yet."""


def _tags_by_entrant(field: Field) -> list[Int64]:
    """The tag codes of each entrant."""
    owned = np.flatnonzero(field.owner >= 0)
    order = np.argsort(field.owner[owned], kind="stable")
    bounds = np.searchsorted(field.owner[owned][order], np.arange(len(field) + 1))
    codes = owned[order]
    return [codes[bounds[i] : bounds[i + 1]] for i in range(len(field))]
