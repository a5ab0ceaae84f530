"""Small races for the tests of the results room: a plan, a roster, and times out of given crossings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from config.categories import CategoryScheme
from config.plan import Clock, ListRule, MainRank, Per, RacePlan, Rounding, Ties
from timing.field import Field
from timing.instants import HOUR, MINUTE, SECOND, local_instant
from timing.point_matching import Crossings, MatchRules
from timing.race import (
    Course,
    GunOrigin,
    Mat,
    MatRole,
    MomentRule,
    NetWithoutStart,
    Point,
    PointKind,
    Race,
    Source,
    Wave,
)
from timing.reads import ClockKind, Names, SourceId
from timing.roster import Bib, Entrant, Roster, Sex
from timing.times import Closings, Guns, Times
from timing.verdicts import times_of

ZONE = ZoneInfo("Europe/Paris")
DAY = date(2024, 10, 27)
GUN_US = local_instant(DAY, time(9), ZONE)
WAVE_GAP_US = 4 * MINUTE
POINTS = (("START", PointKind.START, 0), ("GINESTE", PointKind.SPLIT, 10_000), ("FINISH", PointKind.FINISH, 20_000))


def small_race(
    *, gun_origin: GunOrigin = GunOrigin.WAVE, net_without_start: NetWithoutStart = NetWithoutStart.EMPTY
) -> Race:
    points = tuple(
        Point(
            id=name,
            kind=kind,
            name={"START": "Départ", "GINESTE": "Col de la Gineste", "FINISH": "Arrivée"}[name],
            distance_m=distance_m,
            min_time_us=0,
            moment=MomentRule.FIRST,
            mats=tuple(
                Mat(id=f"{name}-{role.value}", point=name, role=role, source=SourceId("box"))
                for role in (MatRole.MAIN, MatRole.BACKUP)
            ),
        )
        for name, kind, distance_m in POINTS
    )
    return Race(
        id="marseille_cassis_test",
        name="Marseille-Cassis",
        edition=45,
        day=DAY,
        zone=ZONE,
        course=Course(version="V3", points=points),
        waves=tuple(
            Wave(id=str(number + 1), name=f"Vague {number + 1}", planned_gun_us=GUN_US + number * WAVE_GAP_US)
            for number in range(2)
        ),
        sources=(Source(id=SourceId("box"), protocol="ipico", connect="file", clock=ClockKind.UTC),),
        start_window_us=HOUR,
        first_instant_us=GUN_US - 6 * HOUR,
        last_instant_us=GUN_US + 12 * HOUR,
        gun_origin=gun_origin,
        net_without_start=net_without_start,
        untimed_roles=frozenset({"vehicle", "staff", "test"}),
    )


def rule(id: str, fr: str, en: str, **changes: Any) -> ListRule:
    fields: dict[str, Any] = {"clock": Clock.GUN, "gun_origin": GunOrigin.WAVE, **changes}
    return ListRule(id=id, title={"fr": fr, "en": en}, **fields)


MAIN_LISTS = (
    rule("scratch", "Scratch", "Overall", main=MainRank.OVERALL),
    rule("sex", "", "", per=Per.SEX, main=MainRank.SEX),
    rule("category", "", "", per=Per.CATEGORY, main=MainRank.CATEGORY),
    rule("net", "Temps réel", "Net time", clock=Clock.NET, ties=Ties.SHARED),
    rule("nationals", "Nationaux", "Nationals", per=Per.SEX, nationalities=frozenset({"FRA"}), depth=8),
)


def small_plan(
    *,
    lists: Sequence[ListRule] = MAIN_LISTS,
    rounding: Rounding | None = None,
    categories: CategoryScheme | None = None,
    **race: Any,
) -> RacePlan:
    return RacePlan(
        race=small_race(**race),
        title={"fr": "Marseille-Cassis", "en": "Marseille-Cassis"},
        languages=("fr", "en"),
        lists=tuple(lists),
        categories=CategoryScheme() if categories is None else categories,
        rounding=Rounding() if rounding is None else rounding,
    )


def runner(bib: str | int, sex: str = "M", **changes: Any) -> Entrant:
    fields: dict[str, Any] = {"first_name": "Jean", "last_name": f"Coureur {bib}", "birth_year": 1988, **changes}
    return Entrant(bib=Bib(str(bib)), sex=Sex(sex), **{"wave": "1", **fields})


@dataclass(frozen=True)
class Run:
    """Crossings of one runner, microseconds after the first gun; None where no mat saw them."""

    start: int | None = 0
    split: int | None = None
    finish: int | None = None
    mats: tuple[str, str, str] = ("main", "main", "main")


def seconds(value: float) -> int:
    return round(value * SECOND)


def run(start: float | None, finish: float | None, split: float | None = -1.0, **changes: Any) -> Run:
    """A run in seconds; the split is half way unless told."""
    between = (start or 0.0) / 2 + finish / 2 if split == -1.0 and finish is not None else split
    given = [None if value is None or value == -1.0 else seconds(value) for value in (start, between, finish)]
    return Run(*given, **changes)


def small_times(plan: RacePlan, roster: Roster, runs: Mapping[str, Run], *, closings: Closings | None = None) -> Times:
    """The times that follow from the runs (by bib); entrants without one were seen by no mat."""
    found = Crossings(n_points=3, n_entrants=len(roster))
    for index, entrant in enumerate(roster.entrants):
        one = runs.get(entrant.bib)
        if one is None:
            continue
        for point, at in enumerate((one.start, one.split, one.finish)):
            if at is not None:
                found.moment_us[point, index] = GUN_US + at
                found.mat[point, index] = 2 * point + (one.mats[point] == "backup")
    race = plan.race
    guns = Guns(wave_us=tuple(wave.planned_gun_us for wave in race.waves), planned=(True,) * len(race.waves))
    if closings is None:
        closings = Closings(start_us=GUN_US + HOUR, finish_us=GUN_US + 4 * HOUR)
    return times_of(found, MatchRules.of(Field.of(roster, race, Names()), race, guns, closings))


def roster_of(*entrants: Entrant) -> Roster:
    return Roster(entrants=tuple(entrants))
