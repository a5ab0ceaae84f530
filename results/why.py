"""Why this time: how one runner's times, status and places follow from reads, clocks, guns and rulings.

A plain value, from the evidence of one runner; `why_values` gives it as JSON has it, `why_words` as sentences. It names
the rule of each choice and computes no time: what it shows is what matching found.
"""

import enum
from dataclasses import dataclass
from typing import Any

from results.asked import OpenQuestion
from results.categories import Categories
from results.evidence import Evidence, GunFact
from results.plain_values import as_values
from results.why_places import PlaceWhy, kept_out_of, places_of
from results.why_reads import (
    Bounds,
    ReadGroup,
    Reason,
    UsedRead,
    bounds_at,
    groups_of,
    rows_by_point,
    used_fact,
    used_read,
)
from results.why_rulings import RulingWhy, rulings_about
from timing.instants import MISSING, Duration, Instant
from timing.race import MatRole, MomentRule, NetWithoutStart
from timing.reads import Int64
from timing.rulings import (
    SetTime,
)
from timing.times import Flag, Status


class Choice(enum.StrEnum):
    """A rule that decided which read gives a time."""

    BY_HAND = "by_hand"
    TAKEN_AWAY = "taken_away"
    MOMENT = "moment"
    WAITED = "waited"
    TO_LINE = "to_line"
    TWO_TAGS = "two_tags"
    MAIN_FIRST = "main_first"
    BACKUP = "backup"
    LAST_AT_START = "last_at_start"
    AFTER_MINIMUM = "after_minimum"
    AFTER_LEG = "after_leg"
    FIRST_CROSSING = "first_crossing"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointWhy:
    """One point: the crossing (None: none), what gave it, and every other read there.

    `at_mat_us`: the moment at the mat, `crossing_us` that at the line. `passing_reads`: how many reads the crossing has
    of the tag and on the mat that give the time, from `passing_from_us` to `passing_until_us`. `choices`: the rules
    that decided. `split_us`: from the own start, or the gun that stands in for it. `ruling`: of a time set or taken
    away by a person.
    """

    point: str
    metres: int
    crossing_us: Instant | None
    origin: str
    mat: str | None
    moment_rule: str
    used: UsedRead | None
    at_mat_us: Instant | None
    passing_reads: int
    passing_from_us: Instant | None
    passing_until_us: Instant | None
    choices: tuple[Choice, ...]
    bounds: Bounds | None
    split_us: Duration | None
    ruling: int | None
    groups: tuple[ReadGroup, ...]
    missed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """`finish_us` - `from_us` = `exact_us`, printed as `printed_s` whole seconds; from a gun unless `from_start`."""

    finish_us: Instant
    from_us: Instant
    exact_us: Duration
    printed_s: int
    from_start: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Everything a runner, or a jury, may ask about one runner's times.

    `kept_out`: prize lists that wait for a ruling on the start before the own gun. `elsewhere`: reads at no mat of the
    race. `gun`, `race_gun`: the guns in force for the own wave and for the own race.
    """

    bib: str
    status: str
    disqualified_by_rule: str | None
    category: str
    sex: str
    wave: str | None
    crossed_wave: str | None
    flags: tuple[str, ...]
    gun_origin: str
    gun: GunFact | None
    race_gun: GunFact | None
    points: tuple[PointWhy, ...]
    elsewhere: tuple[ReadGroup, ...]
    gun_time: Sum | None
    net_time: Sum | None
    places: tuple[PlaceWhy, ...]
    kept_out: tuple[str, ...]
    rulings: tuple[RulingWhy, ...]
    questions: tuple[OpenQuestion, ...]
    through: int


def why(evidence: Evidence) -> Why:
    """How this runner's times came about."""
    times, index, race = evidence.times, evidence.index, evidence.plan.race
    wave, crossed = int(times.wave[index]), int(times.crossed_wave[index])
    flags = Flag(int(times.flags[index]))
    rows = rows_by_point(evidence)
    none = rows.get(None)
    return Why(
        bib=evidence.bib,
        status=Status(int(times.status[index])).name,
        disqualified_by_rule=evidence.decisions.disqualified.get(evidence.bib),
        category=_category(evidence.rankings.categories, index),
        sex=evidence.roster.entrants[index].sex.value,
        wave=race.waves[wave].id if wave >= 0 else None,
        crossed_wave=race.waves[crossed].id if crossed >= 0 else None,
        flags=tuple((flag.name or "").lower() for flag in Flag if flag in flags),
        gun_origin=race.gun_origin.value,
        gun=_gun(evidence, int(times.wave_gun_us[index]), wave),
        race_gun=_gun(evidence, int(times.race_gun_us[index]), wave),
        points=tuple(_point(evidence, k, rows.get(k)) for k in range(len(race.course.points))),
        elsewhere=() if none is None else groups_of(evidence, None, none),
        gun_time=_sum(evidence, int(times.gun_us[index]), int(times.gun_time_us[index]), from_start=False),
        net_time=_net(evidence),
        places=places_of(evidence),
        kept_out=kept_out_of(evidence),
        rulings=rulings_about(evidence),
        questions=evidence.questions,
        through=evidence.through,
    )


def why_values(found: Why) -> dict[str, Any]:
    """The same as JSON has it: keys that end in `_us` are microseconds, instants since 1970-01-01T00:00:00Z."""
    values: dict[str, Any] = as_values(found)
    return values


def _category(categories: Categories, index: int) -> str:
    return categories.name_of(index)


# ---- guns and sums ----


def _gun(evidence: Evidence, instant_us: Instant, wave: int) -> GunFact | None:
    """The gun of this instant: of the own wave where that is it, else of the wave it was fired for."""
    fitting = [gun for gun in evidence.guns if gun.instant_us == instant_us]
    own = evidence.plan.race.waves[wave].id if wave >= 0 else None
    return next((gun for gun in fitting if gun.wave == own), fitting[0] if fitting else None)


def _sum(evidence: Evidence, from_us: Instant, exact_us: Duration, *, from_start: bool) -> Sum | None:
    if exact_us == MISSING:
        return None
    return Sum(
        finish_us=int(evidence.times.finish_us[evidence.index]),
        from_us=from_us,
        exact_us=exact_us,
        printed_s=int(evidence.plan.rounding.printed_seconds(exact_us)),
        from_start=from_start,
    )


def _net(evidence: Evidence) -> Sum | None:
    times, index = evidence.times, evidence.index
    start_us = int(times.start_us[index])
    if start_us != MISSING:
        return _sum(evidence, start_us, int(times.net_time_us[index]), from_start=True)
    if evidence.plan.race.net_without_start is NetWithoutStart.EMPTY:
        return None
    return _sum(evidence, int(times.gun_us[index]), int(times.net_time_us[index]), from_start=False)


# ---- points ----


def _point(evidence: Evidence, k: int, rows: Int64 | None) -> PointWhy:
    times, index, race = evidence.times, evidence.index, evidence.plan.race
    point = race.course.points[k]
    crossing_us = int(times.crossing_us[k, index])
    seen = crossing_us != MISSING
    mat = int(times.crossing_mat[k, index])
    used = None if rows is None else used_read(evidence, rows)
    said = (evidence.bib, point.id) in evidence.decisions.times
    groups = () if rows is None else groups_of(evidence, k, rows)
    moments = _passing(evidence, rows, used, groups)
    return PointWhy(
        point=point.id,
        metres=point.distance_m,
        crossing_us=crossing_us if seen else None,
        origin=_origin(evidence, seen, mat),
        mat=race.course.mats[mat].id if mat >= 0 else None,
        moment_rule=_moment_rule(evidence, k, rows, used).value,
        used=None if used is None else used_fact(evidence, used),
        at_mat_us=None if used is None else int(evidence.reads.moment_us[used]),
        passing_reads=moments[0],
        passing_from_us=moments[1],
        passing_until_us=moments[2],
        choices=_choices(evidence, k, crossing_us, used, groups, said),
        bounds=bounds_at(evidence, k) if k else None,
        split_us=_split(evidence, crossing_us) if seen and k else None,
        ruling=_time_ruling(evidence, point.id) if said else None,
        groups=groups,
        missed=bool(int(times.missed[index]) >> k & 1),
    )


def _passing(
    evidence: Evidence, rows: Int64 | None, used: int | None, groups: tuple[ReadGroup, ...]
) -> tuple[int, Instant | None, Instant | None]:
    """How many reads make up the passing that counts, on the mat that gives the time, and from when to when."""
    if used is None or rows is None:
        return 0, None, None
    mat = evidence.plan.race.course.mats[int(evidence.reads.mat[used])].id
    beside = [group for group in groups if group.reason is Reason.SAME_PASSING and group.mat == mat]
    at_us = int(evidence.reads.moment_us[used])
    return (
        1 + sum(group.reads for group in beside),
        min([at_us, *(group.first_us for group in beside)]),
        max([at_us, *(group.last_us for group in beside)]),
    )


def _origin(evidence: Evidence, seen: bool, mat: int) -> str:
    if not seen:
        return "none"
    if mat < 0:
        return "manual"
    return "backup" if evidence.plan.race.course.mats[mat].role is MatRole.BACKUP else "main"


def _moment_rule(evidence: Evidence, k: int, rows: Int64 | None, used: int | None) -> MomentRule:
    """The rule in force; rules that need a signal mean the first read where no read has one."""
    rule = evidence.plan.race.course.points[k].moment
    if used is None or rule not in (MomentRule.STRONGEST, MomentRule.FITTED):
        return rule
    signal = float(evidence.reads.rssi[used])
    return MomentRule.FIRST if signal != signal else rule


def _choices(
    evidence: Evidence, k: int, crossing_us: Instant, used: int | None, groups: tuple[ReadGroup, ...], said: bool
) -> tuple[Choice, ...]:
    """The rules that decided, in the order in which they were applied."""
    if said:
        return (Choice.TAKEN_AWAY if crossing_us == MISSING else Choice.BY_HAND,)
    if used is None:
        return ()
    reasons = {group.reason for group in groups}
    mats = evidence.plan.race.course.mats
    mat = mats[int(evidence.reads.mat[used])]
    waited = k == 0 and _waited(evidence, groups, used, mat.id)
    choices = [Choice.WAITED if waited else Choice.MOMENT]
    if mat.to_line_mm:
        choices.append(Choice.TO_LINE)
    if Reason.OTHER_TAG in reasons:
        choices.append(Choice.TWO_TAGS)
    if mat.role is MatRole.BACKUP:
        choices.append(Choice.BACKUP)
    elif Reason.OTHER_MAT in reasons:
        choices.append(Choice.MAIN_FIRST)
    if k == 0 and Reason.EARLIER_START in reasons:
        choices.append(Choice.LAST_AT_START)
    if Reason.BEFORE_MINIMUM in reasons:
        choices.append(Choice.AFTER_MINIMUM)
    if Reason.BEFORE_LEG in reasons:
        choices.append(Choice.AFTER_LEG)
    if Reason.LATER_CROSSING in reasons:
        choices.append(Choice.FIRST_CROSSING)
    return tuple(choices)


def _waited(evidence: Evidence, groups: tuple[ReadGroup, ...], used: int, mat: str) -> bool:
    """Whether the runner stood on the start mat: since before the gun, or longer than a crossing takes."""
    gathering = evidence.plan.race.gathering
    at_us = int(evidence.reads.moment_us[used])
    here = [group for group in groups if group.mat == mat]
    first_us = min([at_us, *(group.first_us for group in here if group.reason is Reason.SAME_PASSING)])
    if at_us - first_us > gathering.longest_us:
        return True
    before = [group.last_us for group in here if group.reason is Reason.BEFORE_GUN]
    return any(0 <= first_us - last_us <= gathering.quiet_us for last_us in before)


def _split(evidence: Evidence, crossing_us: Instant) -> Duration | None:
    start_us = int(evidence.times.start_us[evidence.index])
    if start_us != MISSING:
        return crossing_us - start_us
    if evidence.plan.race.net_without_start is NetWithoutStart.EMPTY:
        return None
    return crossing_us - int(evidence.times.gun_us[evidence.index])


def _time_ruling(evidence: Evidence, point: str) -> int | None:
    """The number of the ruling that says when this runner crossed a point; the last one holds."""
    for ruling in reversed(evidence.in_force):
        act = ruling.body.act
        if isinstance(act, SetTime) and act.bib == evidence.bib and act.point == point:
            return ruling.number
    return None
