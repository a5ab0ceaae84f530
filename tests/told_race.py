"""A race told read by read and ruling by ruling, through its journal entries; and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from small_race import at

from calanque.derived import Derived
from calanque.explaining import asked_of, evidence_of
from calanque.folder import RaceFolder, race_folder
from config.loader import load_race
from config.plan import RacePlan
from results.asked import OpenQuestion
from results.questions import open_questions
from results.why import PointWhy, Why, why
from timing.entries import Body, ClosingBody, GunBody, RosterBody, RulingBody, SightingBody, new_entry, reads_entry
from timing.instants import SECOND
from timing.journal import Entry, Journal, NewEntry
from timing.reads import ChipRead, ClockKind, SourceReads, Tag
from timing.roster import Bib, Entrant, Roster, Sex
from timing.rulings import Act, Role
from timing.state import RaceState

PLAN = load_race("marseille_cassis_2024")


def runner(bib: int, *tags: str, sex: Sex = Sex.F, **more: object) -> Entrant:
    worn = tuple(Tag(tag) for tag in tags) or (Tag(f"T{bib}"),)
    given: dict[str, object] = {
        "last_name": f"NOM{bib}", "first_name": "Anne", "birth_year": 1990, "nationality": "FRA", **more,
    }  # fmt: skip
    return Entrant(bib=Bib(str(bib)), tags=worn, sex=sex, **given)  # type: ignore[arg-type]


class ToldRace:
    """Marseille-Cassis with few runners. Reads at `9:50:00` come with a second's delay; the first gun is at 9:00:00."""

    def __init__(self, *entrants: Entrant, plan: RacePlan = PLAN) -> None:
        self.plan = plan
        self.entries: list[NewEntry] = []
        self._mats = {mat.id: mat for mat in plan.race.course.mats}
        self.take(RosterBody(roster=Roster(entrants=entrants)))
        self.take(GunBody(wave="1", instant_us=at("9:00:00"), origin="hand", author="Anne"))

    def take(self, body: Body) -> int:
        """The number of the entry."""
        self.entries.append(new_entry(body, at("11:00:00")))
        return len(self.entries)

    def read(
        self, mat: str, tag: str, *clocks: str, rssi: float | None = None, clock: ClockKind = ClockKind.UTC
    ) -> ToldRace:
        reads = [
            ChipRead(tag=Tag(tag), stamp_us=at(c), received_us=at(c) + SECOND, label=self._mats[mat].label, rssi=rssi)
            for c in clocks
        ]
        self.entries.append(
            reads_entry(SourceReads(source=self._mats[mat].source, clock=clock, reads=reads), at("11:00:00"))
        )
        return self

    def run(self, bib: int, start: str, col: str | None, finish: str | None, tag: str | None = None) -> ToldRace:
        """Seen once at the main mats."""
        for mat, clock in (("START-MAIN", start), ("GINESTE-MAIN", col), ("FINISH-MAIN", finish)):
            if clock is not None:
                self.read(mat, tag or f"T{bib}", clock)
        return self

    def rule(self, act: Act, author: str = "Luc", role: Role = Role.REFEREE, reason: str = "video") -> int:
        return self.take(RulingBody(act=act, author=author, role=role, reason=reason))

    def saw(self, bib: str | None, clock: str, point: str = "FINISH") -> int:
        return self.take(
            SightingBody(point=point, at_us=at(clock), author="Eva", bib=None if bib is None else Bib(bib))
        )

    def close(self) -> ToldRace:
        self.take(ClosingBody(point="start", at_us=at("9:40:00"), author="Anne"))
        self.take(ClosingBody(point="finish", at_us=at("13:00:00"), author="Anne"))
        return self

    def derived(self) -> tuple[RaceState, Derived]:
        state = RaceState(self.plan.race)
        state.apply_all(
            Entry(number=n, kind=e.kind, version=e.version, source=e.source, at_us=e.at_us, body=e.body, seal=b"")
            for n, e in enumerate(self.entries, 1)
        )
        state.set_ledger(replace(state.ledger, corrections=state.decisions.clocks))
        return state, Derived(self.plan, state)

    def why(self, bib: int) -> Why:
        state, derived = self.derived()
        return why(evidence_of(self.plan, state, derived, Bib(str(bib))))

    def point(self, bib: int, point: str) -> PointWhy:
        return next(each for each in self.why(bib).points if each.point == point)

    def questions(self) -> tuple[OpenQuestion, ...]:
        state, derived = self.derived()
        return open_questions(asked_of(self.plan, state, derived, derived.picture()))

    def folder(self, root: Path) -> RaceFolder:
        """The same as a race folder with a journal."""
        made = race_folder("marseille_cassis_2024", root=root)
        with Journal.create(made.journal, race=self.plan.race.id) as journal:
            journal.append([*self.entries]).result(20)
        return made


def small_field() -> ToldRace:
    """Bibs 1 to 6 of wave 1, women, half a minute apart; and bib 2600 of wave 2, who left with wave 1."""
    race = ToldRace(*(runner(bib) for bib in (1, 2, 3, 4, 5, 6)), runner(2600))
    for bib in (1, 2, 3, 4, 5, 6):
        minute, second = divmod(bib * 30, 60)
        race.run(bib, f"9:00:0{bib}", f"9:3{4 + minute}:{second:02d}", f"10:1{minute}:{second:02d}")
    return race.run(2600, "9:00:30", "9:35:10", "10:09:00")
