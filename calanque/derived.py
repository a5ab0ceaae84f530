"""The race as it follows from its journal: times, classes and rankings, kept up to date by the part that changed.

Owns which runners must be matched again. There is one way from reads to times, `timing.matching.match`; whether it is
given the reads of thirty runners or of all makes no difference to anybody's time. What would follow from further
rulings (`preview`) goes the same way and changes nothing here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from calanque.wearers import tags_by_entrant, together
from config.plan import RacePlan
from results.eligibility import Eligibility
from results.hand_times import HandTimes
from results.list_states import ListStates, list_states
from results.rankings import Rankings, rank
from results.standing import Standing
from timing.clock_faults import ClockFinding
from timing.clock_findings import ledger_now
from timing.clock_ledger import AS_STAMPED, ClockLedger
from timing.decision_fold import decisions_of
from timing.decisions import Decisions
from timing.field import Field
from timing.guns import guns_in_force
from timing.instants import Duration, Instant
from timing.journal import Entry, EntryKind
from timing.matching import Matched, adopt, match
from timing.passings import arrange
from timing.reads import Int64, ReadClass, Reads, UInt8
from timing.roster import Bib, Roster
from timing.ruled_field import ruled_field
from timing.rulings import (
    Act,
    AssignTag,
    CorrectClock,
    FinishOrder,
    OutOfUse,
    RecallStart,
    SetAside,
    SetGun,
    SwapTags,
    UseAgain,
    Withdraw,
    bibs_of,
)
from timing.state import RaceState
from timing.times import Closings, Guns, Times

_FOR_EVERYBODY: Final = frozenset(
    {
        EntryKind.ROSTER,
        EntryKind.GUN,
        EntryKind.CLOSING,
        EntryKind.RULING,
        EntryKind.POSTING,
        EntryKind.CLOCK,
        EntryKind.HOST_STEP,
    }
)
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
    decisions: Decisions
    states: ListStates
    clocks: tuple[ClockFinding, ...]

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
            decisions=self.decisions,
            states=self.states,
        )


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What reads are matched on: the roster in columns under the decisions in force, guns, closings, clocks.

    `findings`: what evidence says of clocks; `states`: which lists are posted or official.
    """

    decisions: Decisions
    roster: Roster
    base: Field
    field: Field
    eligibility: Eligibility
    guns: Guns
    closings: Closings
    states: ListStates
    ledger: ClockLedger
    findings: tuple[ClockFinding, ...]
    tags_of: Sequence[Int64]


class Derived:
    """Keeps the picture of a `RaceState`. Not for several threads."""

    def __init__(self, plan: RacePlan, state: RaceState) -> None:
        self._plan = plan
        self._state = state
        self._tick = 0
        self._parked: set[int] = set()
        self._classes: UInt8 = np.empty(0, np.uint8)
        self._class_counts: Int64 = np.zeros(len(ReadClass), np.int64)
        self._ground: Ground | None = None
        self._armed_us: Instant | None = None
        self._hand = HandTimes()
        self._match_everybody()

    def note(self, entry: Entry) -> None:
        """An entry was applied to the state."""
        if entry.kind in _FOR_EVERYBODY or self._state.armed_us != self._armed_us:
            self._everybody = True

    def refresh(self, *, settle: bool = False) -> bool:
        """Brings times and rankings up to date; whether anything may have changed.

        With `settle` parked tags too, whose reads otherwise wait for their turn: before anything is published.
        """
        self._tick += 1
        touched = self._state.take_touched()
        if self._everybody or (len(touched) and self._clocks_differ()):
            self._match_everybody()
            return True
        touched = self._now_due(touched, settle)
        if not len(touched):
            return False
        self._match(touched)
        self._rankings = self._ranked(self.ground, self._times)
        return True

    @property
    def ground(self) -> Ground:
        assert self._ground is not None, "everybody is matched when this is made"
        return self._ground

    @property
    def hand(self) -> HandTimes:
        """What people stamped by hand, up to the last entry of the state."""
        self._hand.catch_up(self._state.desk)
        return self._hand

    def picture(self) -> Picture:
        counts = self._class_counts.tolist()
        counts[ReadClass.MALFORMED] += self._state.malformed
        return self._pictured(self.ground, self._times, self._rankings, {kind: counts[kind] for kind in ReadClass})

    def classes_of(self, rows: Int64) -> UInt8:
        """The class of these rows of the state's reads, as of the last refresh."""
        return self._classes[rows]

    @property
    def classes(self) -> UInt8:
        """The class of each row of the state's reads as of the last refresh; the newest rows may have none yet.

        A window on a growing column: good until the next refresh.
        """
        return self._classes[: len(self._state.reads())]

    def tags_of(self, bib: Bib) -> Int64:
        """The codes of all tags an entrant wore, by the roster or by a ruling; empty for nobody's bib."""
        index = self.ground.roster.by_bib.get(bib)
        return np.empty(0, np.int64) if index is None else self.ground.tags_of[index]

    def preview(self, acts: Sequence[Act]) -> Picture:
        """The race as it would be if these acts followed now. Nothing is changed; counts of reads stay those of now."""
        state = self._state
        gone = state.withdrawn_with(acts)
        decisions = decisions_of([*state.acts(gone), *(act for act in acts if not isinstance(act, Withdraw))])
        ground = self._ground_under(decisions, gone)
        concerned = self._concerned(acts, ground)
        reads = state.reads() if ground.ledger == state.ledger else state.reads_under(ground.ledger)
        if concerned is None:
            times = self._matched(arrange(reads).reads, ground).times
        else:
            entrants, tags = together(concerned, np.empty(0, np.int64), ground, self.ground)
            rows = state.rows_of_tags(tags)
            matched = self._matched(arrange(reads.take(rows)).reads, ground)
            times = adopt(self._times, matched.times, entrants)
        return self._pictured(ground, times, self._ranked(ground, times), self.picture().read_counts)

    def preview_roster(self, roster: Roster) -> Picture:
        """The race as it would be with another roster. Nothing is changed."""
        ground = self._ground_under(self._state.decisions, self._state.withdrawn, roster)
        reads = self._state.reads() if ground.ledger == self._state.ledger else self._state.reads_under(ground.ledger)
        times = self._matched(arrange(reads).reads, ground).times
        return self._pictured(ground, times, self._ranked(ground, times), self.picture().read_counts)

    def _pictured(
        self, ground: Ground, times: Times, rankings: Rankings, read_counts: Mapping[ReadClass, int]
    ) -> Picture:
        late = [
            counted.last_received_us - counted.newest_us
            for counted in self._state.counts.values()
            if counted.last_received_us is not None and counted.newest_us is not None
        ]
        return Picture(
            through=self._state.applied,
            roster=ground.roster,
            times=times,
            rankings=rankings,
            read_counts=read_counts,
            lag_us=max([0, *late]),
            decisions=ground.decisions,
            states=ground.states,
            clocks=ground.findings,
        )

    def _ranked(self, ground: Ground, times: Times) -> Rankings:
        return rank(self._plan, ground.roster, times, ground.eligibility, ground.decisions)

    def _matched(self, reads: Reads, ground: Ground) -> Matched:
        return match(reads, ground.field, self._plan.race, ground.guns, ground.closings)

    def _ground_under(self, decisions: Decisions, gone: frozenset[int], roster: Roster | None = None) -> Ground:
        """The ground under decisions, with everything withdrawn that is in `gone`; takes over what stays the same.

        roster: another than that of the state.
        """
        state, plan, before = self._state, self._plan, self._ground
        roster = roster or state.roster_without(gone) or Roster(entrants=())
        same_roster = before is not None and before.roster == roster
        base = before.base if before is not None and same_roster else Field.of(roster, plan.race, state.tags)
        if before is not None and same_roster and before.decisions.categories == decisions.categories:
            eligibility = before.eligibility
        else:
            eligibility = Eligibility.of(plan, roster, decisions.categories)
        field = ruled_field(base, decisions, roster, plan.race, state.tags)
        ledger, findings = self._clocks(decisions, gone)
        same_tags = before is not None and same_roster and before.decisions.tags == decisions.tags
        return Ground(
            decisions=decisions,
            roster=roster,
            base=base,
            field=field,
            eligibility=eligibility,
            guns=guns_in_force(plan.race, state.gun_signals(ledger, gone), decisions),
            ledger=ledger,
            findings=findings,
            closings=state.closed(gone),
            states=list_states(posting.body for posting in state.postings if posting.number not in gone),
            tags_of=before.tags_of if before is not None and same_tags else tags_by_entrant(field),
        )

    def _clocks(self, decisions: Decisions, gone: frozenset[int]) -> tuple[ClockLedger, tuple[ClockFinding, ...]]:
        """The clock ledger in force, and what evidence says of clocks."""
        race, state = self._plan.race, self._state
        as_stamped = guns_in_force(race, state.gun_signals(AS_STAMPED, gone), decisions)
        return ledger_now(race, as_stamped, decisions, state.clock_evidence)

    def _clocks_differ(self) -> bool:
        """Whether the reads that came speak for other clocks than those in force."""
        ledger, findings = self._clocks(self._state.decisions, self._state.withdrawn)
        self._ground = replace(self.ground, findings=findings)
        return ledger != self._state.ledger

    def _match_everybody(self) -> None:
        self._everybody = False
        self._armed_us = self._state.armed_us
        self._parked.clear()
        state = self._state
        ground = self._ground = self._ground_under(state.decisions, state.withdrawn)
        if ground.ledger != state.ledger:
            state.set_ledger(ground.ledger)
            state.take_touched()
        arranged = arrange(state.reads())
        matched = self._matched(arranged.reads, ground)
        self._times = matched.times
        assert arranged.rows is not None, "rows were asked for"
        self._classes = np.full(len(state.reads()), ReadClass.SAME_PASSING, np.uint8)
        self._classes[arranged.rows] = matched.classes
        self._class_counts = np.bincount(self._classes, minlength=len(ReadClass)).astype(np.int64)
        self._rankings = self._ranked(ground, self._times)

    def _concerned(self, acts: Sequence[Act], after: Ground) -> Int64 | None:
        """The entrants whose times further acts can change; None: everybody's."""
        found: set[int] = set()
        for act in acts:
            if isinstance(act, Withdraw):
                ruling = next((r.body.act for r in self._state.rulings if r.number == act.number), None)
                if ruling is None or isinstance(ruling, Withdraw):
                    return None
                act = ruling
            entrants = self._entrants_of(act, after)
            if entrants is None:
                return None
            found |= entrants
        return np.array(sorted(found), np.int64)

    def _entrants_of(self, act: Act, after: Ground) -> set[int] | None:
        roster = after.roster
        named = {roster.by_bib[bib] for bib in bibs_of(act) if bib in roster.by_bib}
        match act:
            case SetGun() | RecallStart() | CorrectClock() | OutOfUse():
                return None
            case SetAside(reads=reads) | UseAgain(reads=reads):
                if not reads.bibs and not reads.tags:
                    return None
                return named | self._wearers(reads.tags, after)
            case AssignTag(tag=tag):
                return named | self._wearers((tag,), after)
            case SwapTags():
                return named
            case FinishOrder():
                return set()
            case _:
                return named

    def _wearers(self, tags: Sequence[str], after: Ground) -> set[int]:
        """Whoever has one of these tags now, or would have it."""
        codes = [self._state.tags.find(tag) for tag in tags]
        wearers: set[int] = set()
        for field in (self.ground.field, after.field):
            owners = field.owners(np.array(codes, np.int32))
            wearers |= {int(owner) for owner in owners if owner >= 0}
            wearers |= {loan.entrant for loan in field.loans if loan.tag in codes and loan.entrant >= 0}
        return wearers

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
        """Matches again whoever wore these tags, with all reads of all their tags."""
        ground = self.ground
        owners = ground.field.owners(touched.astype(np.int32))
        entrants, tags = together(np.unique(owners[owners >= 0]).astype(np.int64), touched, ground)
        rows = self._state.rows_of_tags(tags)
        arranged = arrange(self._state.reads().take(rows))
        matched = self._matched(arranged.reads, ground)
        assert arranged.rows is not None, "rows were asked for"
        self._times = adopt(self._times, matched.times, entrants)
        classes = np.full(len(rows), ReadClass.SAME_PASSING, np.uint8)  # what equals another in all is seen again
        classes[arranged.rows] = matched.classes
        self._reclassify(rows, classes)

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


_UNCLASSED: Final = len(ReadClass)
"""In the column of classes: a read that has not been matched yet."""
