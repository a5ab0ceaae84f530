"""A race day written down for tests of rules: who is entered, what was read, what was ruled; and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from small_race import at, make_race

from timing.decision_fold import decisions_of
from timing.field import Field
from timing.guns import GunSignal, guns_in_force
from timing.matching import Matched, match
from timing.passings import arrange
from timing.race import Race
from timing.reads import Names, ReadClass, Reads, Tag
from timing.roster import Bib, Entrant, Roster
from timing.ruled_field import ruled_field
from timing.rulings import Act
from timing.times import Closings, Flag, Origin, Status

MATS = ("START-main", "START-backup", "GINESTE-main", "GINESTE-backup", "FINISH-main", "FINISH-backup")
BOTH_CLOSED = Closings(start_us=at("9:50:00"), finish_us=at("13:00:00"))


@dataclass
class Day:
    """A race day: who is entered, what was read."""

    race: Race = field(default_factory=make_race)
    entrants: list[Entrant] = field(default_factory=list)
    seen: list[tuple[str, str, int, float]] = field(default_factory=list)

    def enter(self, bib: str, *tags: str, **more: object) -> Day:
        entrant = Entrant(bib=Bib(bib), tags=tuple(Tag(t) for t in tags or (f"T{bib}",)), **more)  # type: ignore[arg-type]
        self.entrants.append(entrant)
        return self

    def read(self, tag: str, mat: str, *clocks: str | int, rssi: float = float("nan")) -> Day:
        for clock in clocks:
            self.seen.append((tag, mat, at(clock) if isinstance(clock, str) else clock, rssi))
        return self

    def reads(self, tags: Names, order: Sequence[int] | None = None) -> Reads:
        rows = self.seen if order is None else [self.seen[i] for i in order]
        return Reads.of_moments(
            tag=[tags.code(tag) for tag, *_ in rows],
            mat=[MATS.index(mat) for _, mat, *_ in rows],
            moment_us=[moment for _, _, moment, _ in rows],
            rssi=[rssi for *_, rssi in rows],
        )

    def match(
        self,
        closings: Closings = BOTH_CLOSED,
        order: Sequence[int] | None = None,
        signals: Sequence[GunSignal] = (),
        acts: Sequence[Act] = (),
    ) -> Outcome:
        tags = Names()
        roster = Roster(entrants=tuple(self.entrants))
        decisions = decisions_of(acts)
        columns = ruled_field(Field.of(roster, self.race, tags), decisions, roster, self.race, tags)
        arranged = arrange(self.reads(tags, order))
        guns = guns_in_force(self.race, signals, decisions)
        matched = match(arranged.reads, columns, self.race, guns, closings)
        return Outcome(self, matched, arranged.reads, tags)


@dataclass
class Outcome:
    day: Day
    matched: Matched
    reads: Reads
    tags: Names

    def of(self, bib: str) -> Runner:
        index = [e.bib for e in self.day.entrants].index(Bib(bib))
        times = self.matched.times
        return Runner(
            status=Status(int(times.status[index])),
            start_us=int(times.start_us[index]),
            split_us=int(times.crossing_us[1, index]),
            finish_us=int(times.finish_us[index]),
            gun_time_us=int(times.gun_time_us[index]),
            net_time_us=int(times.net_time_us[index]),
            flags=Flag(int(times.flags[index])),
            start_origin=Origin(int(times.start_origin[index])),
            finish_origin=Origin(int(times.finish_origin[index])),
        )

    def classes(self, tag: str, mat: str) -> list[ReadClass]:
        rows = (self.reads.tag == self.tags.find(tag)) & (self.reads.mat == MATS.index(mat))
        return [ReadClass(int(c)) for c in self.matched.classes[rows]]


@dataclass
class Runner:
    status: Status
    start_us: int
    split_us: int
    finish_us: int
    gun_time_us: int
    net_time_us: int
    flags: Flag
    start_origin: Origin
    finish_origin: Origin
