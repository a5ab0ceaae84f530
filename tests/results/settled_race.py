"""Small races with minimum times, seen at any instant: what is known then, and what is settled by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from results_builder import GUN_US, MAIN_LISTS, rule, small_plan

from config.plan import Per, RacePlan
from results.heard import Heard
from results.rankings import Rankings, rank
from results.settled import settled_places
from results.settled_place import SettledPlace
from timing.field import Field
from timing.instants import MINUTE, Instant
from timing.point_matching import Crossings, MatchRules
from timing.race import GunOrigin
from timing.reads import Names
from timing.roster import Entrant, Roster
from timing.times import Closings, Guns, Times
from timing.verdicts import times_of

LEAST_US = 55 * MINUTE
LEAST_AT_SPLIT_US = 28 * MINUTE
LEAST_LEG_US = 21 * MINUTE
PRIZE = rule("prize", "Prix", "Prizes", per=Per.SEX, depth=5, prize=True, gun_origin=GunOrigin.RACE)


def bounded_plan(**changes: Any) -> RacePlan:
    """The small race with minimum times at the split, at the finish, and between the two."""
    plan = small_plan(**{"lists": (*MAIN_LISTS, PRIZE), **changes})
    start, split, finish = plan.race.course.points
    points = (
        start,
        replace(split, min_time_us=LEAST_AT_SPLIT_US),
        replace(finish, min_time_us=LEAST_US, min_leg_us=LEAST_LEG_US),
    )
    return replace(plan, race=replace(plan.race, course=replace(plan.race.course, points=points)))


@dataclass(frozen=True)
class Way:
    """True crossings of one runner in minutes after the first gun; None: not read there."""

    start: float | None = None
    split: float | None = None
    finish: float | None = None


def at(minutes: float) -> Instant:
    return GUN_US + round(minutes * MINUTE)


def times_at(
    plan: RacePlan,
    roster: Roster,
    ways: Mapping[str, Way],
    now_us: Instant,
    *,
    fired: Sequence[bool] | None = None,
    closings: Closings | None = None,
) -> Times:
    """What is known at an instant; `fired`: of each wave, whether its gun was (all of them)."""
    found = Crossings(n_points=3, n_entrants=len(roster))
    for index, entrant in enumerate(roster.entrants):
        way = ways.get(entrant.bib, Way())
        for point, minutes in enumerate((way.start, way.split, way.finish)):
            if minutes is not None and at(minutes) <= now_us:
                found.moment_us[point, index] = at(minutes)
                found.mat[point, index] = 2 * point
    waves = plan.race.waves
    guns = Guns(
        wave_us=tuple(wave.planned_gun_us for wave in waves),
        planned=tuple(not each for each in (fired or [True] * len(waves))),
    )
    rules = MatchRules.of(Field.of(roster, plan.race, Names()), plan.race, guns, closings or Closings())
    return times_of(found, rules)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The race at one instant."""

    times: Times
    rankings: Rankings
    places: dict[tuple[str, int], SettledPlace]

    def place(self, list_id: str, place: int) -> SettledPlace:
        return self.places[list_id, place]


def seen_at(
    minutes: float,
    entrants: Sequence[Entrant],
    ways: Mapping[str, Way],
    *,
    plan: RacePlan | None = None,
    fired: Sequence[bool] | None = None,
    closings: Closings | None = None,
    **more: Any,
) -> Seen:
    """The race so many minutes after the first gun; all mats heard unless told otherwise."""
    plan, roster, now_us = plan or bounded_plan(), Roster(entrants=tuple(entrants)), at(minutes)
    times = times_at(plan, roster, ways, now_us, fired=fired, closings=closings)
    rankings = rank(plan, roster, times)
    told = {"now_us": now_us, "heard": Heard(start_us=now_us, finish_us=now_us), **more}
    places = settled_places(rankings, times, **told)
    return Seen(times=times, rankings=rankings, places={(each.list_id, each.place): each for each in places})
