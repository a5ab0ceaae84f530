"""Days for the tests of forecasts: the simulated home race, with more mats or fewer heights, and a real race."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from config.loader import load_race
from config.plan import RacePlan
from results.eligibility import Eligibility
from results.forecast import Forecaster
from results.forecast_frame import ForecastFrame
from results.forecast_score import ForecastScore, PointScore, forecast_score
from simulators.field import FieldPlan
from simulators.physics import Physics
from simulators.race_day import RaceDay, simulate
from simulators.real_race import read_published, real_race_day
from timing.field import Field
from timing.instants import MINUTE, MISSING, Instant
from timing.matching import match
from timing.passings import arrange
from timing.race import Point, Race
from timing.reads import Int64, Names, Reads, SourceId
from timing.roster import Roster
from timing.times import Closings, Guns, Status, Times

MARSEILLE = "marseille_cassis_2024"
REAL_LIST = Path(__file__).parents[2] / "shared" / "data" / "cherry_blossom_10mi_2010.csv.gz"


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day as it was in the end: start and finish not closed."""

    plan: RacePlan
    roster: Roster
    times: Times
    frame: ForecastFrame

    @property
    def over_us(self) -> Instant:
        return int(self.times.crossing_us.max()) + 1

    @property
    def first_gun_us(self) -> Instant:
        return self.times.guns.first_us

    def at(self, minutes: float) -> Instant:
        return self.first_gun_us + round(minutes * MINUTE)

    def score(self, now_us: Instant | None = None) -> ForecastScore:
        return forecast_score(Forecaster(self.frame), self.times, self.over_us if now_us is None else now_us)

    def score_from(self, point: str) -> PointScore:
        return next(each for each in self.score().points if each.point == point)

    def with_times(self, times: Times) -> Day:
        return replace(self, times=times)

    def with_crossings(self, crossing_us: Int64) -> Day:
        return self.with_times(with_crossings(self.times, crossing_us))


def with_crossings(times: Times, crossing_us: Int64) -> Times:
    """The same day with other crossings: times and statuses follow; what was declared stays."""
    seen = crossing_us != MISSING
    status = np.where(seen[-1], Status.FINISHED, np.where(seen.any(axis=0), Status.STARTED, Status.ENTERED))
    declared = times.status > Status.FINISHED
    finish_us, start_us = crossing_us[-1], crossing_us[0]
    gun_time_us = np.where(seen[-1], finish_us - times.gun_us, MISSING)
    net_time_us = np.where(seen[-1] & seen[0], finish_us - start_us, MISSING)
    return replace(
        times,
        crossing_us=crossing_us,
        status=np.where(declared, times.status, status).astype(np.uint8),
        gun_time_us=gun_time_us,
        net_time_us=net_time_us,
    )


def known_at(times: Times, now_us: Instant) -> Times:
    """What was known at an instant, had every read come at once."""
    return with_crossings(times, np.where(times.crossing_us <= now_us, times.crossing_us, MISSING))


@lru_cache(maxsize=8)
def simulated(runners: int = 3_000, seed: int = 1, *, perfect: bool = False) -> Day:
    """The home race over the Gineste, with all that mats do to reads unless `perfect`."""
    physics = Physics.off() if perfect else Physics()
    return _day(simulate(load_race(MARSEILLE), field=FieldPlan(runners=runners, seed=seed), physics=physics))


@lru_cache(maxsize=2)
def many_mats(runners: int = 3_000, seed: int = 1) -> Day:
    """The home race with mats at 5 and 15 km too, and 250 m before the line."""
    plan = load_race(MARSEILLE)
    race = plan.race
    start, gineste, finish = race.course.points
    more = {name: _like(gineste, name, metres) for name, metres in (("KM5", 5_000), ("KM15", 15_000), ("M250", 19_750))}
    points = (start, more["KM5"], gineste, more["KM15"], more["M250"], finish)
    sources = (*race.sources, *(replace(race.sources[0], id=SourceId(name)) for name in more))
    race = replace(race, course=replace(race.course, points=points), sources=sources)
    return _day(simulate(replace(plan, race=race), field=FieldPlan(runners=runners, seed=seed)))


@lru_cache(maxsize=1)
def real() -> Day:
    """15,762 finishers of the Cherry Blossom Ten Mile 2010, their splits at 5 miles."""
    return _day(real_race_day(load_race("cherry_blossom_2010"), read_published(REAL_LIST)))


def _like(point: Point, name: str, metres: int) -> Point:
    mats = tuple(replace(mat, id=f"{name}-{mat.role.value}", point=name, source=SourceId(name)) for mat in point.mats)
    return replace(
        point,
        id=name,
        name=name,
        distance_m=metres,
        min_time_us=metres * 27 * MINUTE // 10_000,
        min_leg_us=0,
        mats=mats,
    )


def _day(day: RaceDay) -> Day:
    race, reads, tags = day.plan.race, day.reads, Names(day.reads.tags)
    field = Field.of(day.field.roster, race, tags)
    columns = Reads.of_moments(
        tag=reads.tag, mat=reads.mat, moment_us=reads.stamp_us, antenna=reads.antenna, rssi=reads.rssi
    )
    guns = Guns(wave_us=day.field.guns_us, planned=(False,) * len(race.waves))
    times = match(arrange(columns).reads, field, race, guns, Closings()).times
    frame = ForecastFrame.of(Eligibility.of(day.plan, day.field.roster))
    return Day(plan=day.plan, roster=day.field.roster, times=times, frame=frame)


def without_profile(day: Day) -> Day:
    """The same day by a race file that knows no heights."""
    race: Race = replace(day.plan.race, course=replace(day.plan.race.course, profile=()))
    plan = replace(day.plan, race=race)
    return replace(day, plan=plan, frame=ForecastFrame.of(Eligibility.of(plan, day.roster)))
