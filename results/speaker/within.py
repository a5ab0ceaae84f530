"""Races within the race, each announced on its own: wheelchairs, women, men, with their own gun, clock and leader.

Owns which races there are. The main race is women and men where it has a list by sex, else one; every other group of
waves is one race of its own, women and men together unless it has a list by sex as well. Pure, and JSON-ready.
"""

import enum
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from config.plan import Clock, ListRule, MainRank, Per, RacePlan
from results.eligibility import Admission, Eligibility
from results.rankings import RankedList, Rankings, wave_admits
from timing.instants import MISSING, Instant
from timing.race import GunOrigin
from timing.reads import Bool, Int64
from timing.roster import Bib, Sex
from timing.times import Status, Times

LEADERS: Final = 3


class RacePhase(enum.StrEnum):
    ARMED = "armed"
    """Its gun is still to come."""
    RUNNING = "running"
    """On the course, and nobody of it has finished."""
    FINISHING = "finishing"
    OVER = "over"
    """Nobody of it is on the course any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leader:
    """One of the first. `place`: None as long as they run; `time_s` as printed, at `at_us` at the point.

    `to_check`: the crew has to look first: the row says so, and no name; nobody else moves up in their stead.
    """

    bib: Bib
    index: int
    place: int | None
    at_us: Instant
    time_s: int
    to_check: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceWithin:
    """One race. `sex`: "" for both; `title` by language; `list_id`: the list that ranks it, None for no list.

    `gun_us`: its first gun, by the plan where `gun_planned`. `point`: where the leaders were seen: the furthest that
    anybody of it reached.
    """

    id: str
    group: str
    sex: str
    title: Mapping[str, str]
    list_id: str | None
    gun_us: Instant
    gun_planned: bool
    phase: RacePhase
    entered: int
    running: int
    finished: int
    point: str | None
    leaders: tuple[Leader, ...]


_MAIN: Final = ""
_SEXES: Final = (Sex.F, Sex.M)
_TITLES: Final = {
    "F": {"fr": "Femmes", "en": "Women"},
    "M": {"fr": "Hommes", "en": "Men"},
    "": {"fr": "Course", "en": "Race"},
    "wheelchair": {"fr": "Fauteuils", "en": "Wheelchairs"},
    "handbike": {"fr": "Handbikes", "en": "Handbikes"},
}
"""By sex, and by the role of all in a group: words for races whose list gives none."""


def races_within(
    rankings: Rankings, times: Times, *, now_us: Instant, unchecked: Collection[int] = ()
) -> tuple[RaceWithin, ...]:
    """Each race that is announced on its own, those with the first gun first.

    Args: rankings: as shown. unchecked: who is not to be announced as a leader yet.
    """
    plan = rankings.eligibility.plan
    groups = dict.fromkeys(wave.group for wave in plan.race.waves)
    races = [
        _race(rankings, times, group, sex, rule, now_us, unchecked)
        for group in groups
        for sex, rule in _parts(plan, group)
    ]
    entered = [race for race in races if race.entered]
    return tuple(sorted(entered, key=lambda race: race.gun_us))


def within_section(races: tuple[RaceWithin, ...]) -> list[dict[str, Any]]:
    """The same as JSON has it; leaders are named by their bibs."""
    rows = []
    for race in races:
        row = asdict(race)
        for leader in row["leaders"]:
            del leader["index"]
        rows.append(row)
    return rows


def _parts(plan: RacePlan, group: str) -> Iterator[tuple[str, ListRule | None]]:
    """The sexes that run a group as races of their own, with the list that ranks each."""
    rules = [rule for rule in plan.lists if group in rule.groups and rule.public]
    if group == _MAIN:
        rules = [rule for rule in rules if rule.main in (MainRank.SEX, MainRank.OVERALL)] or rules
    else:
        rules = [rule for rule in rules if _MAIN not in rule.groups] or rules
    by_sex = next((rule for rule in rules if rule.per is Per.SEX), None)
    if by_sex is not None:
        yield from ((str(sex), by_sex) for sex in _SEXES)
        return
    whole = next((rule for rule in rules if rule.per is Per.NONE), None)
    yield "", whole


def _race(
    rankings: Rankings,
    times: Times,
    group: str,
    sex: str,
    rule: ListRule | None,
    now_us: Instant,
    unchecked: Collection[int],
) -> RaceWithin:
    eligibility = rankings.eligibility
    plan = eligibility.plan
    members = _members(eligibility, times, group, sex, rule)
    waves = [number for number, wave in enumerate(plan.race.waves) if wave.group == group]
    first = min(waves, key=lambda number: times.guns.wave_us[number])
    gun_us, planned = times.guns.wave_us[first], times.guns.planned[first]
    own = _own_gun(times, members)
    if own is not None:
        gun_us, planned = own
    ranked = None
    if rule is not None:
        ranked = next((r for r in rankings.lists if r.rule is rule and r.scope in ("", sex)), None)
    status = times.status[members]
    finished, running = int((status == Status.FINISHED).sum()), int((status == Status.STARTED).sum())
    point, leaders = _leaders(rankings, times, members, rule, ranked, unchecked)
    return RaceWithin(
        id="-".join(filter(None, (group or "main", sex))),
        group=group,
        sex=sex,
        title=_title(plan, eligibility, group, sex, rule, members),
        list_id=None if ranked is None else ranked.id,
        gun_us=gun_us,
        gun_planned=planned,
        phase=_phase(times, members, finished, running, gun_us, planned=planned, now_us=now_us),
        entered=int(members.sum()),
        running=running,
        finished=finished,
        point=point,
        leaders=leaders,
    )


def _members(eligibility: Eligibility, times: Times, group: str, sex: str, rule: ListRule | None) -> Bool:
    """Whoever runs in it and holds a place there, finished or not."""
    groups = [wave.group == group for wave in eligibility.plan.race.waves]
    members: Bool = np.array([*groups, group == _MAIN], np.bool_)[times.wave] & eligibility.ranked_role
    if rule is not None:
        admission = _admission(eligibility, rule)
        members &= admission.admitted & wave_admits(rule, eligibility.plan)[times.wave]
        if sex:
            members &= admission.scope == admission.scopes.index(sex)
    return members


def _admission(eligibility: Eligibility, rule: ListRule) -> Admission:
    return next(a for a in eligibility.admissions if a.rule is rule)


def _own_gun(times: Times, members: Bool) -> tuple[Instant, bool] | None:
    """The first gun of the waves its runners are in: women of the elite may leave before the men."""
    waves = np.unique(times.wave[members]).tolist()
    own = [(times.guns.wave_us[wave], times.guns.planned[wave]) for wave in waves if wave >= 0]
    return min(own, default=None)


def _phase(
    times: Times, members: Bool, finished: int, running: int, gun_us: Instant, *, planned: bool, now_us: Instant
) -> RacePhase:
    if times.closings.finish_us is not None:
        return RacePhase.OVER
    if not finished and not running:
        return RacePhase.ARMED if planned or now_us < gun_us else RacePhase.RUNNING
    waiting = int((times.status[members] == Status.ENTERED).sum()) if times.closings.start_us is None else 0
    if not running and not waiting:
        return RacePhase.OVER
    return RacePhase.FINISHING if finished else RacePhase.RUNNING


def _leaders(
    rankings: Rankings,
    times: Times,
    members: Bool,
    rule: ListRule | None,
    ranked: RankedList | None,
    unchecked: Collection[int],
) -> tuple[str | None, tuple[Leader, ...]]:
    """The first of its list; before that (or without one) the first at the furthest point, by the time of the list."""
    eligibility = rankings.eligibility
    plan, points = eligibility.plan, eligibility.plan.race.course.points
    origin_us = _origins(times, rule)
    may = members & (origin_us != MISSING)
    may &= (times.status == Status.FINISHED) | (times.status == Status.STARTED)
    for number in range(len(points) - 1, 0, -1):
        seen = np.flatnonzero(may & (times.crossing_us[number] != MISSING))
        if not len(seen):
            continue
        at_finish = number == len(points) - 1
        found = [(int(i), None) for i in seen[_first(times.crossing_us[number][seen] - origin_us[seen])]]
        if at_finish and ranked is not None:
            rows = zip(ranked.entrants.tolist(), ranked.places.tolist(), strict=True)
            found = [(index, place) for index, place in rows if may[index]][:LEADERS] if len(ranked) else []
        return points[number].id, tuple(
            Leader(
                bib=eligibility.roster.entrants[index].bib,
                index=index,
                place=place,
                at_us=int(times.crossing_us[number, index]),
                time_s=int(plan.rounding.printed_seconds(int(times.crossing_us[number, index] - origin_us[index]))),
                to_check=index in unchecked,
            )
            for index, place in found
        )
    return None, ()


def _first(values: Int64) -> Int64:
    few = np.argpartition(values, LEADERS)[:LEADERS] if len(values) > LEADERS else np.arange(len(values))
    return few[np.argsort(values[few], kind="stable")]


def _origins(times: Times, rule: ListRule | None) -> Int64:
    if rule is not None and rule.clock is Clock.NET:
        return times.start_us
    if rule is None or rule.gun_origin is GunOrigin.RACE:
        return times.race_gun_us
    return times.wave_gun_us


def _title(
    plan: RacePlan, eligibility: Eligibility, group: str, sex: str, rule: ListRule | None, members: Bool
) -> Mapping[str, str]:
    of_sex = _TITLES.get(sex, {}) if sex else {}
    if group == _MAIN:
        return of_sex or _TITLES[""]
    given = rule.title if rule is not None and _MAIN not in rule.groups else {}
    roles = {eligibility.roster.entrants[index].role for index in np.flatnonzero(members)[:200].tolist()}
    by_role = _TITLES.get(next(iter(roles)), {}) if len(roles) == 1 else {}
    names = [wave.name for wave in plan.race.waves if wave.group == group]
    own = given or by_role or dict.fromkeys(("fr", "en"), names[0] if len(names) == 1 else group)
    if not of_sex:
        return own
    return {language: f"{title}, {of_sex.get(language, sex).lower()}" for language, title in own.items()}
