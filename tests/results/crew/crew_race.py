"""A simulated race as the crew sees it come in: reads in order of delivery, matched at any moment of the day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from results_builder import MAIN_LISTS
from small_race import NINE, make_race

from config.categories import CategoryScheme
from config.plan import RacePlan
from results.crew.mat_counts import MatCounts
from simulators.field import FieldPlan
from simulators.physics import Physics
from simulators.race_day import RaceDay, simulate
from timing.clock_ledger import AS_STAMPED
from timing.field import Field
from timing.instants import MINUTE, Instant
from timing.matching import Matched, match
from timing.passings import arrange
from timing.race import Race
from timing.reads import Bool, Int64, Names, ReadClass, Reads, UInt8
from timing.roster import Roster
from timing.times import Guns, Times

GUN_US = NINE


def crew_race(protocol: str = "llrp") -> Race:
    """START, GINESTE and FINISH, a main and a backup mat each, with readers that tell their antennas."""
    race = make_race()
    return replace(race, sources=tuple(replace(source, protocol=protocol) for source in race.sources))


def crew_plan(race: Race | None = None) -> RacePlan:
    return RacePlan(
        race=crew_race() if race is None else race,
        title={"fr": "Course", "en": "Race"},
        languages=("fr", "en"),
        lists=MAIN_LISTS,
        categories=CategoryScheme(),
    )


@dataclass(frozen=True, kw_only=True)
class CrewDay:
    """One simulated day. `due_us`: when each read comes out of its reader, ascending."""

    day: RaceDay
    reads: Reads
    due_us: Int64
    tags: Names

    @property
    def plan(self) -> RacePlan:
        return self.day.plan

    @property
    def race(self) -> Race:
        return self.day.plan.race

    @property
    def roster(self) -> Roster:
        return self.day.field.roster

    @cached_property
    def field(self) -> Field:
        return Field.of(self.roster, self.race, self.tags)

    @cached_property
    def guns(self) -> Guns:
        return Guns(wave_us=tuple(self.day.field.guns_us), planned=(False,) * len(self.race.waves))

    def rows_until(self, now_us: Instant) -> int:
        return int(np.searchsorted(self.due_us, now_us, side="right"))

    def matched(self, rows: int | None = None) -> tuple[Times, UInt8]:
        """The times and the class of each of the first rows."""
        reads = self.reads.take(slice(0, rows))
        arranged = arrange(reads)
        assert arranged.rows is not None
        found: Matched = match(arranged.reads, self.field, self.race, self.guns, self.day.closings)
        classes = np.full(len(reads), ReadClass.SAME_PASSING, np.uint8)
        classes[arranged.rows] = found.classes
        return found.times, classes

    def without(self, lost: Bool) -> CrewDay:
        """The same day where these reads were never made."""
        return replace(self, reads=self.reads.take(~lost), due_us=self.due_us[~lost])

    def ticks(self, step_us: int, from_us: Instant | None = None) -> Iterator[tuple[Instant, MatCounts]]:
        """The counts as they grow until the last read has come, step by step; from half an hour before the gun on."""
        counts = MatCounts(self.race)
        known = np.full(len(self.reads), ReadClass.USED, np.uint8)
        now_us = GUN_US - 30 * MINUTE if from_us is None else from_us
        while now_us < int(self.due_us[-1]) + step_us:
            rows = self.rows_until(now_us)
            counts.take(self.reads.take(slice(0, rows)), known[:rows], AS_STAMPED)
            yield now_us, counts
            now_us += step_us


def crew_day(
    runners: int = 2_000, *, physics: Physics | None = None, race: Race | None = None, seed: int = 20241027
) -> CrewDay:
    plan = crew_plan(race)
    day = simulate(
        plan,
        field=FieldPlan(runners=runners, seed=seed, wheelchairs=0),
        physics=replace(physics or Physics(), seed=seed),
    )
    first = day.reads.take(np.flatnonzero(~day.reads.repeat))
    tags = Names(first.tags)
    reads = Reads.of_moments(
        tag=first.tag, mat=first.mat, moment_us=first.stamp_us, antenna=first.antenna, rssi=first.rssi
    )
    return CrewDay(day=day, reads=reads, due_us=first.due_us, tags=tags)


def at_antenna(day: CrewDay, mat: str, antenna: int, since_us: Instant) -> Bool:
    """The reads of one antenna of a mat made from an instant on."""
    number = [each.id for each in day.race.course.mats].index(mat)
    return (day.reads.mat == number) & (day.reads.antenna == antenna) & (day.reads.moment_us >= since_us)
