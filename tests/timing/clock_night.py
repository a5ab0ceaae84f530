"""The night the clocks change, in small: 40 runners, six mats, and six ways of having set their clocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from small_race import PARIS, make_race

from timing.clock_faults import ClockFinding
from timing.clock_findings import ledger_now
from timing.decisions import Decisions
from timing.entries import reads_entry
from timing.field import Field
from timing.guns import guns_in_force
from timing.instants import DAY, HOUR, MILLISECOND, MINUTE, MISSING, SECOND, instant_of
from timing.journal_chain import sealed
from timing.matching import match
from timing.passings import arrange
from timing.race import Race
from timing.reads import ChipRead, ClockKind, SourceId, SourceReads, Tag
from timing.roster import Bib, Entrant, Roster
from timing.rulings import CorrectClock
from timing.state import RaceState
from timing.times import Closings

RACE_DAYS = {2023: date(2023, 10, 29), 2024: date(2024, 10, 27), 2025: date(2025, 10, 26)}
RUNNERS = 40
POINTS = ("START", "GINESTE", "FINISH")


def local(instant: int) -> int:
    """What a reader on local time shows that follows the change by itself."""
    moment = datetime.fromtimestamp(instant // SECOND, PARIS)
    offset = moment.utcoffset()
    assert offset is not None
    return instant + offset // timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a clock was set: what the race file says it keeps, and what it shows at an instant."""

    name: str
    clock: ClockKind
    shows: Callable[[int, Race], int]


def saturday_zero(race: Race) -> int:
    """16:00 UTC of the day before: 18:00 on the wall, when everything was set up."""
    return instant_of(datetime(race.day.year, race.day.month, race.day.day, 16, tzinfo=ZoneInfo("UTC"))) - DAY


RIGHT = Way(name="local, follows the change", clock=ClockKind.LOCAL, shows=lambda t, race: local(t))
WAYS = (
    Way(name="UTC, taken for local", clock=ClockKind.LOCAL, shows=lambda t, race: t),
    RIGHT,
    Way(name="by hand on Saturday", clock=ClockKind.LOCAL, shows=lambda t, race: t + 2 * HOUR),
    Way(name="by hand on Sunday", clock=ClockKind.LOCAL, shows=lambda t, race: t + HOUR),
    Way(name="fixed UTC+2, time of day", clock=ClockKind.TIME_OF_DAY, shows=lambda t, race: (t + 2 * HOUR) % DAY),
    Way(name="elapsed since Saturday 18:00", clock=ClockKind.ELAPSED, shows=lambda t, race: t - saturday_zero(race)),
)
PLACES = {"start": ("START",), "gineste": ("GINESTE",), "finish": ("FINISH",), "all": POINTS}


def night_race(year: int, waves: int = 4) -> Race:
    """The small race on the Sunday of the change in October."""
    race = make_race(n_waves=waves)
    day = RACE_DAYS[year]
    nine = instant_of(datetime(day.year, day.month, day.day, 9, tzinfo=PARIS))
    shift = nine - race.waves[0].planned_gun_us
    return replace(
        race,
        day=day,
        waves=tuple(replace(wave, planned_gun_us=wave.planned_gun_us + shift) for wave in race.waves),
        first_instant_us=race.first_instant_us + shift,
        last_instant_us=race.last_instant_us + shift,
    )


@dataclass(frozen=True, kw_only=True)
class Crossing:
    runner: int
    point: str
    at_us: int


class Night:
    """One race night: who crossed what when, what readers stamped, and what the engine makes of it."""

    def __init__(self, race: Race, ways: dict[str, Way]) -> None:
        """ways: by point; both mats of a point are set alike. Elsewhere clocks are right."""
        self.ways = {point: ways.get(point, RIGHT) for point in POINTS}
        kinds = {SourceId(f"{point.lower()}-{role}"): way.clock for point, way in self.ways.items() for role in ROLES}
        self.race = replace(race, sources=tuple(replace(s, clock=kinds[s.id]) for s in race.sources))
        self.crossings = crossings(self.race)
        at = {(c.runner, c.point): c.at_us for c in self.crossings}
        self.net_us = [at[runner, "FINISH"] - at[runner, "START"] for runner in range(RUNNERS)]
        self.state = RaceState(self.race)
        self.rulings: list[CorrectClock] = []
        self.findings: tuple[ClockFinding, ...] = ()
        self._number = 0
        self.roster = Roster(
            entrants=tuple(
                Entrant(bib=Bib(str(100 + runner % 4 * 100 + runner)), tags=(Tag(f"T{runner}"),))
                for runner in range(RUNNERS)
            )
        )

    def batches(self, *, arrivals: bool = True) -> list[SourceReads]:
        """What comes in, in order of arrival: by source and minute, each read some moments after it was made."""
        made: dict[tuple[int, SourceId], list[ChipRead]] = {}
        for crossing in self.crossings:
            way = self.ways[crossing.point]
            for number, role in enumerate(ROLES):
                source = SourceId(f"{crossing.point.lower()}-{role}")
                for again in range(3 - number):
                    t = crossing.at_us + number * 300 * MILLISECOND + again * 200 * MILLISECOND
                    received = t + (37 + (crossing.runner * 13 + again * 29) % 11 * 90) * MILLISECOND
                    read = ChipRead(
                        tag=Tag(f"T{crossing.runner}"),
                        stamp_us=way.shows(t, self.race),
                        received_us=received if arrivals else MISSING,
                    )
                    made.setdefault((t // MINUTE, source), []).append(read)
        clock = {source.id: source.clock for source in self.race.sources}
        return [
            SourceReads(source=source, clock=clock[source], reads=reads)
            for (_, source), reads in sorted(made.items(), key=lambda item: item[0])
        ]

    def take(self, batches: Sequence[SourceReads]) -> None:
        for batch in batches:
            self.apply(reads_entry(batch, 0))
        self.settle()

    def apply(self, *new: object) -> None:
        for entry in sealed(new, last=self._number, seal=bytes(32)):  # type: ignore[arg-type]
            self._number = entry.number
            self.state.apply(entry)

    def settle(self) -> None:
        """What the engine does at each tick."""
        guns = guns_in_force(self.race)
        decisions = Decisions(clocks=tuple(self.rulings))
        ledger, self.findings = ledger_now(self.race, guns, decisions, self.state.clock_evidence)
        self.state.set_ledger(ledger)

    def accept_all(self) -> None:
        self.rulings += [finding.proposal for finding in self.findings if finding.proposal is not None]
        self.settle()

    def nets(self) -> list[int | None]:
        """The net time of each runner as it would be published now."""
        field = Field.of(self.roster, self.race, self.state.tags)
        guns = guns_in_force(self.race)
        times = match(arrange(self.state.reads()).reads, field, self.race, guns, Closings()).times
        return [None if net == MISSING else int(net) for net in times.net_time_us]

    def wrong(self) -> list[tuple[int, int]]:
        """(runner, error) of everybody whose published net time is wrong."""
        return [
            (runner, net - truth)
            for runner, (net, truth) in enumerate(zip(self.nets(), self.net_us, strict=True))
            if net is not None and net != truth
        ]

    def held(self) -> set[str]:
        reads = self.state.reads()
        return {self.state.sources.names[code] for code in np.unique(reads.source[reads.held]).tolist()}


ROLES = ("main", "backup")


def crossings(race: Race) -> list[Crossing]:
    """Everybody within two minutes of their gun over the line; nets from 62 to 149 minutes, the second half slower."""
    found = []
    for runner in range(RUNNERS):
        gun_us = race.waves[runner % len(race.waves)].planned_gun_us
        start_us = gun_us + 3 * SECOND + runner * 2_917 * MILLISECOND
        pace_us_per_m = (62 * MINUTE + runner * 134 * SECOND) // 20_000
        found += [
            Crossing(runner=runner, point="START", at_us=start_us),
            Crossing(runner=runner, point="GINESTE", at_us=start_us + 10_100 * pace_us_per_m),
            Crossing(runner=runner, point="FINISH", at_us=start_us + 20_000 * pace_us_per_m),
        ]
    return sorted(found, key=lambda crossing: crossing.at_us)
