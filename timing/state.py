"""The race as its journal tells it: the fold of all entries, ready for matching.

Owns what follows directly from entries: reads as growing columns (`read_rows`), guns, closings, roster versions,
publications, delivery cursors, counts by source. Applies no rule of the race (`matching` does) and does not know how
entries are stored. The order in which batches of reads come changes nothing but the order of rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

import numpy as np

from timing.clock_evidence import ClockEvidence
from timing.clock_ledger import ClockLedger, Stamps, trusted_instant
from timing.clocks import moments
from timing.decision_fold import decisions_of, withdrawn
from timing.decisions import NO_DECISIONS
from timing.delivery import Cursor
from timing.desk_entries import ArmedBody, DeskBody
from timing.entries import (
    Body,
    ClockBody,
    ClosingBody,
    DecodedReads,
    GunBody,
    HostStepBody,
    LossBody,
    NoteBody,
    PostingBody,
    PublicationBody,
    RosterBody,
    RulesBody,
    RulingBody,
    SightingBody,
    decode,
)
from timing.guns import GunSignal
from timing.identity import IdentityIndex
from timing.instants import MISSING, Instant
from timing.journal_chain import Entry, EntryKind
from timing.late_data import TakenAt
from timing.race import Race
from timing.read_columns import KINDS
from timing.read_rows import ReadRows
from timing.reads import Int64, Names, ReadKind, Reads, SourceId
from timing.roster import Roster
from timing.rulings import Act
from timing.source_counts import Arrivals, SourceCounts, note_last
from timing.times import Closings

_READS_AT_ONCE: Final = 65_536
"""While loading, batches are gathered to about this many reads: few vector operations, little memory."""

_GUN_CODE: Final = KINDS.index(ReadKind.GUN)

B = TypeVar("B", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Generic[B]):
    """A body with the number of its entry and the instant the engine took it."""

    number: int
    at_us: Instant
    body: B


class RaceState:
    """The fold of a journal: apply its entries in order, then ask.

    `tags` and `sources` name the numbers in `reads()`; the race's own sources come first. `guns` are all guns, those
    of the wire with no wave among them. `closings`, `rules`, `publications`, `losses`, `notes`, `rulings`, `sightings`
    and `postings` are in the order of the journal, withdrawn ones among them, and so is `desk`; `clocks` has the last
    comparison of each. `cursors` say what came of each collector's store, `taken_at` when each row of `reads()` was
    taken.
    """

    def __init__(self, race: Race) -> None:
        self.race = race
        self.applied = 0
        self.tags = Names()
        self.sources = Names(source.id for source in race.sources)
        self.counts: dict[SourceId, SourceCounts] = {source.id: SourceCounts() for source in race.sources}
        self.cursors: dict[tuple[SourceId, str], Cursor] = {}
        self.guns: list[Recorded[GunBody]] = []
        self.closings: list[Recorded[ClosingBody]] = []
        self.rules: list[Recorded[RulesBody]] = []
        self.publications: list[Recorded[PublicationBody]] = []
        self.losses: list[Recorded[LossBody]] = []
        self.clocks: dict[SourceId, Recorded[ClockBody]] = {}
        self.notes: list[Recorded[NoteBody]] = []
        self.rulings: list[Recorded[RulingBody]] = []
        self.sightings: list[Recorded[SightingBody]] = []
        self.postings: list[Recorded[PostingBody]] = []
        self.host_steps: list[Recorded[HostStepBody]] = []
        self.desk: list[Recorded[DeskBody]] = []
        self.armed_us: Instant | None = None
        """Since when the race is armed; None: it never was, or is no more, and every signal of a gun counts."""
        self.clock_evidence = ClockEvidence(race)
        self.withdrawn: frozenset[int] = frozenset()
        self.decisions = NO_DECISIONS
        self._roster_entries: list[Entry] = []
        self._roster: RosterBody | None = None
        self.taken_at = TakenAt()
        self._rows = ReadRows(race, self.tags, self.sources)
        self._gun_reads: list[DecodedReads] = []
        self._gun_keys: set[tuple[object, ...]] = set()

    def apply(self, entry: Entry) -> None:
        """Take in the next entry. Raises: JournalRefused when it cannot be understood."""
        self.apply_all((entry,))

    def apply_all(self, entries: Iterable[Entry]) -> None:
        """Take in the entries that follow, ascending; many at once are far quicker than one by one.

        Raises: JournalRefused at one that cannot be understood; what was before it is taken in.
        """
        batches: list[tuple[int, Instant, DecodedReads]] = []
        waiting = 0
        try:
            for entry in entries:
                assert entry.number > self.applied, "entries are applied in order, each once"
                if entry.kind is EntryKind.ROSTER:
                    self._roster_entries.append(entry)
                    self._roster = None
                else:
                    body = decode(entry)
                    if isinstance(body, DecodedReads):
                        batches.append((entry.number, entry.at_us, body))
                        waiting += len(body)
                    else:
                        if isinstance(body, HostStepBody):  # What came before it arrived on the time before it.
                            full, batches, waiting = batches, [], 0
                            self._take_in(full)
                        self._keep(entry.number, entry.at_us, body)
                self.applied = entry.number
                if waiting >= _READS_AT_ONCE:
                    full, batches, waiting = batches, [], 0
                    self._take_in(full)
        finally:
            self._take_in(batches)

    def reads(self) -> Reads:
        """All reads: windows on growing columns, nothing is copied. Good until the next entry is applied."""
        return self._rows.reads()

    def rows_of_tags(self, tags: Sequence[int] | Int64) -> Int64:
        """The rows in `reads()` of these tags (numbers in `tags`; NO_NAME: reads without one)."""
        return self._rows.rows_of_tags(tags)

    def stamps_of(self, rows: Int64) -> Stamps:
        """What the stamps of these rows of `reads()` say, before any correction, and when they came."""
        return self._rows.stamps_of(rows)

    @property
    def ledger(self) -> ClockLedger:
        """How stamps become instants now."""
        return self._rows.ledger

    def set_ledger(self, ledger: ClockLedger) -> bool:
        """Places all reads as this ledger says; whether any moved or changed its held mark. Their tags are touched."""
        changed = self._rows.remap(ledger)
        if changed:
            for source, counts in self.counts.items():
                counts.newest_us = self._rows.newest_us(self.sources.find(source))
        return changed

    def reads_under(self, ledger: ClockLedger) -> Reads:
        """All reads as another ledger would place them; the state does not change."""
        return self._rows.reads_under(ledger)

    def take_touched(self) -> Int64:
        """The tags that got a new or better read since last asked, ascending; NO_NAME for reads without one."""
        return self._rows.take_touched()

    @property
    def nbytes(self) -> int:
        """Bytes held for reads and their identities."""
        return self._rows.nbytes

    @property
    def malformed(self) -> int:
        """How many malformed records are kept raw in the journal."""
        return sum(counts.malformed for counts in self.counts.values())

    def gun_signals(self, ledger: ClockLedger, withdrawn: frozenset[int] | None = None) -> list[GunSignal]:
        """The guns that were heard or entered and not taken back, where a ledger gives their instant."""
        gone = self.withdrawn if withdrawn is None else withdrawn
        signals = []
        for gun in self.guns:
            instant_us = gun.body.instant_us
            if gun.body.origin == "wire":
                instant_us = self._instant_on_wire(gun, ledger)
            elif gun.number in gone:
                continue
            if instant_us is not None:
                pressed = gun.body.origin == "button"
                tried = self._is_trial(instant_us) and (pressed or gun.body.wave is None)
                signals.append(
                    GunSignal(
                        instant_us=instant_us, wave=gun.body.wave, number=gun.number, pressed=pressed, tried=tried
                    )
                )
        return signals

    def _is_trial(self, instant_us: Instant) -> bool:
        return self.armed_us is not None and instant_us < self.armed_us

    def _instant_on_wire(self, gun: Recorded[GunBody], ledger: ClockLedger) -> Instant | None:
        body = gun.body
        if body.source is None or body.stamp_us is None or body.clock is None:
            return body.instant_us
        return trusted_instant(
            ledger, self.race, source=body.source, clock=body.clock, stamp_us=body.stamp_us, received_us=gun.at_us
        )

    def closed(self, withdrawn: frozenset[int] | None = None) -> Closings:
        """The closing acts in force: of several of one point the last."""
        gone = self.withdrawn if withdrawn is None else withdrawn
        at = {c.body.point: c.body.at_us for c in self.closings if c.number not in gone}
        return Closings(start_us=at.get("start"), finish_us=at.get("finish"))

    def acts(self, withdrawn: frozenset[int] | None = None) -> list[Act]:
        """The acts in force, in the order of the journal."""
        gone = self.withdrawn if withdrawn is None else withdrawn
        return [ruling.body.act for ruling in self.rulings if ruling.number not in gone]

    def withdrawn_with(self, further: Sequence[Act]) -> frozenset[int]:
        """What would be withdrawn if these acts followed now."""
        acts = [(ruling.number, ruling.body.act) for ruling in self.rulings]
        return withdrawn([*acts, *((self.applied + n, act) for n, act in enumerate(further, 1))])

    @property
    def roster(self) -> Roster | None:
        """The roster in force: the last version that was not withdrawn; None before the first."""
        version = self.roster_version
        return None if version is None else version.body.roster

    @property
    def roster_version(self) -> Recorded[RosterBody] | None:
        """The version of the roster in force, with its file and author."""
        entry = self._roster_entry(self.withdrawn)
        if entry is None:
            return None
        if self._roster is None:
            body = decode(entry)
            assert isinstance(body, RosterBody)
            self._roster = body
        return Recorded(number=entry.number, at_us=entry.at_us, body=self._roster)

    def roster_without(self, gone: frozenset[int]) -> Roster | None:
        """The roster that would be in force if just these entries were withdrawn."""
        entry = self._roster_entry(gone)
        if entry is self._roster_entry(self.withdrawn):
            return self.roster
        if entry is None:
            return None
        body = decode(entry)
        assert isinstance(body, RosterBody)
        return body.roster

    def _roster_entry(self, gone: frozenset[int]) -> Entry | None:
        return next((entry for entry in reversed(self._roster_entries) if entry.number not in gone), None)

    @property
    def roster_entries(self) -> Sequence[Entry]:
        """All versions of the roster, as they lie in the journal (one decoded takes many megabytes)."""
        return tuple(self._roster_entries)

    def identity_index(self) -> IdentityIndex:
        """A new index that knows the identities and strongest signals of all reads here."""
        index = IdentityIndex.of(self._rows.identities, self.reads().rssi)
        if self._gun_reads:
            index.load(self._gun_reads)
        return index

    def _keep(self, number: int, at_us: Instant, body: Body) -> None:
        match body:
            case GunBody():
                self.guns.append(Recorded(number=number, at_us=at_us, body=body))
            case ClosingBody():
                self.closings.append(Recorded(number=number, at_us=at_us, body=body))
            case RulesBody():
                self.rules.append(Recorded(number=number, at_us=at_us, body=body))
            case PublicationBody():
                self.publications.append(Recorded(number=number, at_us=at_us, body=body))
            case ClockBody():
                self.clocks[body.source] = Recorded(number=number, at_us=at_us, body=body)
                self.clock_evidence.note_comparison(body)
            case NoteBody():
                self.notes.append(Recorded(number=number, at_us=at_us, body=body))
            case RulingBody():
                self.rulings.append(Recorded(number=number, at_us=at_us, body=body))
                self._decide()
            case SightingBody():
                self.sightings.append(Recorded(number=number, at_us=at_us, body=body))
            case PostingBody():
                self.postings.append(Recorded(number=number, at_us=at_us, body=body))
            case HostStepBody():
                self.host_steps.append(Recorded(number=number, at_us=at_us, body=body))
                self.clock_evidence.note_step(body)
            case LossBody():
                self.losses.append(Recorded(number=number, at_us=at_us, body=body))
                cursor = self.cursors.setdefault((body.source, body.store), Cursor())
                for first, last in body.ranges:
                    cursor.lose(first, last)
            case _ if isinstance(body, DeskBody):
                self.desk.append(Recorded(number=number, at_us=at_us, body=body))
                if isinstance(body, ArmedBody):
                    self.armed_us = body.at_us if body.armed else None
            case _:
                raise AssertionError(f"no place for {type(body).__name__}")

    def _decide(self) -> None:
        """What is in force, now that a ruling was added."""
        gone = self.withdrawn_with(())
        if gone != self.withdrawn:
            self.withdrawn = gone
            self._roster = None
        self.decisions = decisions_of(self.acts())

    def _take_in(self, batches: list[tuple[int, Instant, DecodedReads]]) -> None:
        """Reads, counts and cursors of batches, in order."""
        with_rows: list[DecodedReads] = []
        taken_us: list[Instant] = []
        for number, at_us, batch in batches:
            counts = self.counts.setdefault(batch.source, SourceCounts())
            counts.batches += 1
            counts.malformed += len(batch.malformed)
            if batch.delivery is not None:
                cursor = self.cursors.setdefault((batch.source, batch.delivery.store), Cursor())
                cursor.add(batch.delivery.first, batch.delivery.count, batch.delivery.checks)
            if len(batch) and (batch.kind == _GUN_CODE).any():
                self._take_guns(number, at_us, batch.take(batch.kind == _GUN_CODE))
                batch = batch.take(batch.kind != _GUN_CODE)
            if len(batch):
                with_rows.append(batch)
                taken_us.append(at_us)
        if with_rows:
            self._take_rows(with_rows, taken_us)

    def _take_rows(self, batches: list[DecodedReads], taken_us: list[Instant]) -> None:
        known_before = len(self._rows)
        taken = self._rows.add(batches)
        # A read without an arrival is from a file: it was on its way to nobody.
        of_file = np.array([batch.received_us[0] == MISSING for batch in batches])
        last = np.cumsum([len(batch) for batch in batches]) - 1
        ends = np.maximum(np.maximum.accumulate(taken.placed.row)[last] + 1, known_before)
        self.taken_at.note(ends, np.where(of_file, MISSING, taken_us))
        new = np.bincount(self.reads().source[known_before:], minlength=len(self.sources))
        arrivals = Arrivals(batches)
        for source in np.unique(taken.placed.source).tolist():
            counts = self.counts[SourceId(self.sources.names[source])]
            counts.reads += int(new[source])
            note_last(counts, taken, taken.placed.source == source, arrivals)
        delivered = np.repeat([batch.delivery is not None for batch in batches], [len(batch) for batch in batches])
        stamps, tag, mat, first = taken.stamps, taken.placed.tag.astype(np.int32), taken.mat, taken.heard_first
        if not first.all():
            stamps, tag, mat, delivered = stamps.take(first), tag[first], mat[first], delivered[first]
        self.clock_evidence.add(stamps, tag, mat, self.sources, by_collector=delivered)

    def _take_guns(self, number: int, at_us: Instant, reads: DecodedReads) -> None:
        self._gun_reads.append(reads)
        instants, held = moments(reads.stamp_us, reads.clock, self.race)
        for i, read in enumerate(reads.chip_reads()):
            key = (reads.source, reads.clock, replace(read, received_us=0, rssi=None, raw=None))
            if key in self._gun_keys:
                continue
            self._gun_keys.add(key)
            body = GunBody(
                wave=None,
                instant_us=None if held[i] else int(instants[i]),
                origin="wire",
                source=reads.source,
                stamp_us=read.stamp_us,
                clock=reads.clock,
            )
            self.guns.append(Recorded(number=number, at_us=at_us, body=body))
