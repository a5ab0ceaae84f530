"""All that is known of one runner's race, as far as their times follow from it: what `why` explains.

A plain value, collected by whoever has the state of the race; nothing here is computed anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from config.plan import RacePlan
from results.asked import OpenQuestion
from results.list_states import NO_STATES, ListStates
from results.rankings import Rankings
from timing.clock_ledger import ClockLedger, Explained, Stamps, explain
from timing.clocks import StampCode, sent_as
from timing.decisions import Decisions
from timing.instants import MISSING, Instant
from timing.reads import Bool, Names, Reads, SourceId, UInt8
from timing.roster import Bib, Roster
from timing.ruling_entries import RulingBody
from timing.state import Recorded
from timing.times import Times

GunSource = Literal["ruling", "hand", "button", "file", "wire", "race_file", "plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GunFact:
    """The gun in force for a wave and where it comes from: `number` of the entry, `author` where a person gave it."""

    wave: str
    instant_us: Instant
    origin: GunSource
    number: int | None = None
    author: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One runner's case, `index` in the roster, as of journal number `through`.

    `reads`, `classes` and `stamps`: columns of all reads of all tags the runner ever wore, in the order of moments;
    `mine`: whether it was this runner who wore the tag then.
    `rulings`: all of the journal, withdrawn ones among them; `withdrawn`: numbers of everything taken back. `guns`: one
    for each wave of the race. `rankings`: as they are shown, with what is official as it was posted.
    """

    plan: RacePlan
    roster: Roster
    times: Times
    rankings: Rankings
    decisions: Decisions
    index: int
    reads: Reads
    classes: UInt8
    mine: Bool
    stamps: Stamps
    tags: Names
    sources: Names
    ledger: ClockLedger
    rulings: Sequence[Recorded[RulingBody]] = ()
    withdrawn: frozenset[int] = frozenset()
    guns: tuple[GunFact, ...] = ()
    questions: tuple[OpenQuestion, ...] = ()
    states: ListStates = NO_STATES
    through: int = 0

    @property
    def bib(self) -> Bib:
        return self.roster.entrants[self.index].bib

    @cached_property
    def in_force(self) -> tuple[Recorded[RulingBody], ...]:
        return tuple(ruling for ruling in self.rulings if ruling.number not in self.withdrawn)

    def tag_of(self, row: int) -> str:
        return self.tags.names[int(self.reads.tag[row])]

    def source_of(self, row: int) -> SourceId:
        code = int(self.reads.source[row])
        return SourceId(self.sources.names[code] if code >= 0 else "")

    def stamp_of(self, row: int) -> Explained:
        """How the stamp of a read became its instant, and why it is held if it is."""
        race = self.plan.race
        received_us = int(self.stamps.received_us[row])
        stamp_us, clock = sent_as(int(self.stamps.base_us[row]), StampCode(int(self.stamps.code[row])), race)
        return explain(
            self.ledger,
            race,
            source=self.source_of(row),
            clock=clock,
            stamp_us=stamp_us,
            received_us=None if received_us == MISSING else received_us,
        )
