"""A race in memory, entry by entry, for tests: what came in and was decided, and the picture that follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from small_race import at

from calanque.derived import Derived, Picture
from calanque.ruling_desk import RulingDesk
from config.plan import RacePlan
from results.people import Audience
from results.results_csv import results_csv
from results.results_json import lists_json
from timing.entries import Body, ClosingBody, RosterBody, RulingBody, new_entry, reads_entry
from timing.instants import SECOND
from timing.journal import Entry, NewEntry
from timing.reads import ChipRead, ClockKind, SourceId, SourceReads, Tag
from timing.roster import Bib, Entrant, Roster, Sex
from timing.ruling_entries import act_fields
from timing.rulings import Act, Role
from timing.state import RaceState
from timing.times import Flag, Status

CLOCKS_READ = at("9:00:00")
"""Arrival of reads that were made before; later ones arrive a second after they were made."""


def runner(bib: str, *tags: str, **more: object) -> Entrant:
    """A woman of 1990 unless told otherwise, with the tag `T<bib>`."""
    given: dict[str, object] = {"sex": Sex.F, "birth_year": 1990, **more}
    return Entrant(bib=Bib(bib), tags=tuple(map(Tag, tags or (f"T{bib}",))), **given)  # type: ignore[arg-type]


def read(tag: str, moment: int | str, *, label: str | None = None, antenna: int | None = None) -> ChipRead:
    us = at(moment) if isinstance(moment, str) else moment
    return ChipRead(tag=Tag(tag), stamp_us=us, received_us=us + SECOND, label=label, antenna=antenna)


class Book:
    """The journal of a race and what follows from it. Sources: those of the race file, their clocks on UTC."""

    def __init__(self, plan: RacePlan, entrants: Iterable[Entrant] = ()) -> None:
        self.plan = plan
        self.entries: list[Entry] = []
        self.state = RaceState(plan.race)
        self.derived = Derived(plan, self.state)
        roster = tuple(entrants)
        if roster:
            self.add(RosterBody(roster=Roster(entrants=roster)))

    def add(self, body: Body) -> int:
        return self.add_entry(new_entry(body, 0))

    def add_entry(self, new: NewEntry) -> int:
        entry = numbered(new, len(self.entries) + 1)
        self.entries.append(entry)
        self.state.apply(entry)
        self.derived.note(entry)
        return entry.number

    def reads(self, source: str, *reads: ChipRead) -> int:
        return self.add_entry(reads_entry(batch(source, reads), at("9:00:00")))

    def cross(self, bib_tag: str, start: str | None, col: str | None, finish: str | None) -> Book:
        """A tag over START, Gineste and FINISH, each on the main mat, two reads 200 ms apart."""
        for source, label, clock in (
            ("start-main", None, start),
            ("gineste", "01", col),
            ("finish-main", None, finish),
        ):
            if clock is not None:
                first = at(clock)
                self.reads(source, *(read(bib_tag, first + n * SECOND // 5, label=label) for n in range(2)))
        return self

    def close(self, start: str = "10:10:00", finish: str = "14:00:00") -> Book:
        self.add(ClosingBody(point="start", at_us=at(start), author="Anne"))
        self.add(ClosingBody(point="finish", at_us=at(finish), author="Anne"))
        return self

    def rule(self, act: Act, *, role: Role = Role.CREW, seen: int | None = None, author: str = "Anne") -> int:
        """Hands a ruling in at the desk, as the engine does."""
        self.derived.refresh(settle=True)
        desk = RulingDesk(self.plan, self.state, self.derived)
        given = {"act": act_fields(act), "author": author, "role": role, "reason": "", "seen": seen}
        body = desk.ruling(given, at("12:00:00"))
        assert isinstance(body, RulingBody)
        return self.add(body)

    def picture(self) -> Picture:
        self.derived.refresh(settle=True)
        return self.derived.picture()

    def bytes(self) -> bytes:
        """results.csv and all lists, for everybody and for the jury: what must be the same to the byte."""
        return printed(self.plan, self.picture())

    def of(self, bib: str) -> Timed:
        return Timed(self.picture(), bib)

    def places(self, list_id: str) -> list[str]:
        """The bibs of a list, best first."""
        picture = self.picture()
        return [picture.roster.entrants[i].bib for i in picture.rankings.by_id[list_id].entrants.tolist()]

    def again(self, entries: Sequence[Entry] | None = None) -> Book:
        """The same entries, numbered anew, into a new book, all at once."""
        other = Book(self.plan)
        for entry in self.entries if entries is None else entries:
            other.add_entry(
                NewEntry(
                    kind=entry.kind, body=entry.body, at_us=entry.at_us, source=entry.source, version=entry.version
                )
            )
        return other


class Timed:
    """One runner of a picture."""

    def __init__(self, picture: Picture, bib: str) -> None:
        row = picture.roster.by_bib[Bib(bib)]
        times = picture.times
        self.status = Status(int(times.status[row]))
        self.start_us = int(times.start_us[row])
        self.split_us = int(times.crossing_us[1, row])
        self.finish_us = int(times.finish_us[row])
        self.gun_time_us = int(times.gun_time_us[row])
        self.net_time_us = int(times.net_time_us[row])
        self.flags = Flag(int(times.flags[row]))
        self.place = int(picture.rankings.rank_overall[row])


def printed(plan: RacePlan, picture: Picture) -> bytes:
    standing = picture.standing(plan, number=1, at_us=0)
    csv = results_csv(plan, picture.roster, picture.times, picture.rankings)
    return csv + lists_json(standing, Audience.JURY) + lists_json(standing)


def batch(source: str, reads: Sequence[ChipRead]) -> SourceReads:
    return SourceReads(source=SourceId(source), clock=ClockKind.UTC, reads=list(reads))


def numbered(new: NewEntry, number: int) -> Entry:
    return Entry(
        number=number, kind=new.kind, version=new.version, source=new.source, at_us=new.at_us, body=new.body, seal=b""
    )
