"""The clock against the record: of the course as it is run today first, the fastest ever on an old course second.

Owns which record counts, how it is parted over the course, and how the leader stands to it. A split that was published
is used; else the record is parted by what the profile costs, and the split says that it is estimated. A faster finish
is to be confirmed until a list that holds it is official. Pure, and in whole seconds as printed.
"""

import enum
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from config.palmares import CourseVersion, Winner, record
from config.plan import Clock, MainRank, Per, RacePlan
from results.list_states import NO_STATES, ListStates
from results.rankings import RankedList, Rankings, wave_admits
from timing.instants import MISSING, SECOND, Instant
from timing.pace import share_of_cost
from timing.race import GunOrigin
from timing.reads import Bool, Int64
from timing.roster import Bib, Sex
from timing.times import Status, Times


class RecordState(enum.StrEnum):
    NOBODY = "nobody"
    """Nobody of that sex has been seen on the course."""
    RUNNING = "running"
    MISSED = "missed"
    """The first was slower."""
    EQUALLED = "equalled"
    TO_BE_CONFIRMED = "to_be_confirmed"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSplit:
    """When the record passed a point. `estimated`: parted by the profile, nobody has published it."""

    point: str
    time_s: int
    estimated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record, as the table of winners has it. `course`: the version it was run on; `course_text`: its words.

    `splits`: of the points after the start, the finish among them; of an old course the finish alone.
    """

    sex: Sex
    athlete: str
    country: str
    year: int
    time_s: int
    course: str
    course_text: str
    present_course: bool
    splits: tuple[RecordSplit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Of one sex. `all_time`: the fastest ever, None where it is the record of the present course."""

    sex: Sex
    present: Record | None
    all_time: Record | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPoint:
    """The leader at a point beside the record there. `ahead_s`: behind it is below 0."""

    point: str
    at_us: Instant
    time_s: int
    record_s: int
    ahead_s: int
    estimated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChase:
    """One sex against its record. `bib`: the leader; `gun_us`: what their time runs from.

    `next_point` and `next_us`: where the leader is expected next, and when the record would be there. `record_us`: when
    the clock passes the record at the finish. `all_time_beaten`: the first was faster than anybody on any course.
    """

    sex: Sex
    present: Record | None
    all_time: Record | None
    state: RecordState
    bib: Bib | None
    index: int | None
    gun_us: Instant | None
    points: tuple[RecordPoint, ...]
    next_point: str | None
    next_us: Instant | None
    record_us: Instant | None
    all_time_beaten: bool


_SEXES: Final = (Sex.F, Sex.M)


def records_of(plan: RacePlan) -> tuple[Records, ...]:
    """The records of each sex that has any, women first."""
    versions = {version.id: version for version in plan.course_versions}
    present = versions.get(plan.race.course.version)
    found = []
    for sex in _SEXES:
        best, ever = record(plan.past_winners, sex, present), record(plan.past_winners, sex)
        here = None if best is None or present is None else _record(plan, best, present, present=True)
        old = None
        if ever is not None and (here is None or ever != best):
            old = _record(plan, ever, _version_of(ever, plan.course_versions), present=False)
        if here is not None or old is not None:
            found.append(Records(sex=sex, present=here, all_time=old))
    return tuple(found)


def record_chases(
    rankings: Rankings, times: Times, *, states: ListStates = NO_STATES, unchecked: Collection[int] = ()
) -> tuple[RecordChase, ...]:
    """How the leader of each sex stands to its record, by the clock of the main list by sex.

    Args: rankings: as computed. unchecked: entrants who are not to be announced yet: they lead nothing here.
    """
    plan = rankings.eligibility.plan
    rule = plan.main_list(MainRank.SEX)
    if rule is None:
        return ()
    lists = {ranked.scope: ranked for ranked in rankings.lists if ranked.rule is rule}
    return tuple(
        _chase(records, lists[records.sex], rankings, times, states, unchecked)
        for records in _known_records(plan)
        if records.sex in lists
    )


def record_section(chases: Iterable[RecordChase]) -> list[dict[str, Any]]:
    """The same as JSON has it; the leader is named by the bib."""
    rows = []
    for chase in chases:
        row = asdict(chase)
        del row["index"]
        rows.append(row)
    return rows


_last_records: tuple[RacePlan, tuple[Records, ...]] | None = None


def _known_records(plan: RacePlan) -> tuple[Records, ...]:
    """The records of a plan; those of the last are kept, for they are asked at every tick."""
    global _last_records
    last = _last_records
    if last is None or last[0] is not plan:
        last = _last_records = (plan, records_of(plan))
    return last[1]


def _version_of(winner: Winner, versions: Iterable[CourseVersion]) -> CourseVersion | None:
    return next((version for version in versions if version.was_run_in(winner.year)), None)


def _record(plan: RacePlan, winner: Winner, version: CourseVersion | None, *, present: bool) -> Record:
    assert winner.time_s is not None, "a record has a time"
    return Record(
        sex=winner.sex,
        athlete=winner.athlete,
        country=winner.country,
        year=winner.year,
        time_s=winner.time_s,
        course="" if version is None else version.id,
        course_text="" if version is None else version.text,
        present_course=present,
        splits=tuple(_splits(plan, winner, winner.time_s, present=present)),
    )


def _splits(plan: RacePlan, winner: Winner, time_s: int, *, present: bool) -> Iterator[RecordSplit]:
    course = plan.race.course
    known = {s.point: s.time_s for s in plan.record_splits if (s.year, s.sex) == (winner.year, winner.sex)}
    for point in course.splits if present else ():
        if point.id in known:
            yield RecordSplit(point=point.id, time_s=known[point.id], estimated=False)
        else:
            share = share_of_cost(course, point.distance_m)
            yield RecordSplit(point=point.id, time_s=int(time_s * share), estimated=True)
    yield RecordSplit(point=course.finish.id, time_s=time_s, estimated=False)


# ---- the chase ----


def _chase(
    records: Records,
    ranked: RankedList,
    rankings: Rankings,
    times: Times,
    states: ListStates,
    unchecked: Collection[int],
) -> RecordChase:
    plan = rankings.eligibility.plan
    leader = _leader(ranked, rankings, times, unchecked)
    here, ever = records.present, records.all_time
    if leader is None:
        return RecordChase(
            sex=records.sex, present=here, all_time=ever, state=RecordState.NOBODY, bib=None, index=None, gun_us=None,
            points=(), next_point=None, next_us=None, record_us=None, all_time_beaten=False,
        )  # fmt: skip
    gun_us = int(_origins(ranked, times)[leader])
    bib = rankings.eligibility.roster.entrants[leader].bib
    points = tuple(_passed(here, leader, gun_us, times, plan))
    ahead = [split for split in (here.splits if here else ()) if all(p.point != split.point for p in points)]
    coming = [s for s in ahead if not points or s.time_s > points[-1].record_s]
    finish = plan.race.course.finish.id
    finished_s = next((point.time_s for point in points if point.point == finish), None)
    if here is None and int(times.finish_us[leader]) != MISSING:
        finished_s = int(plan.rounding.printed_seconds(int(times.finish_us[leader]) - gun_us))
    return RecordChase(
        sex=records.sex,
        present=here,
        all_time=ever,
        state=_state(here or ever, finished_s, bib, ranked, plan, states),
        bib=bib,
        index=leader,
        gun_us=gun_us,
        points=points,
        next_point=coming[0].point if coming and finished_s is None else None,
        next_us=gun_us + coming[0].time_s * SECOND if coming and finished_s is None else None,
        record_us=None if here is None else gun_us + here.time_s * SECOND,
        all_time_beaten=finished_s is not None and all(finished_s < r.time_s for r in (here, ever) if r is not None),
    )


def _origins(ranked: RankedList, times: Times) -> Int64:
    """From when each one's time in the list runs, MISSING where nothing says so."""
    if ranked.rule.clock is Clock.NET:
        return times.start_us
    return times.wave_gun_us if ranked.rule.gun_origin is GunOrigin.WAVE else times.race_gun_us


def _leader(ranked: RankedList, rankings: Rankings, times: Times, unchecked: Collection[int]) -> int | None:
    """The first of the list, else the fastest at the furthest split where anybody of it was seen."""
    for index in ranked.entrants[: len(unchecked) + 1].tolist():
        if index not in unchecked:
            return int(index)
    may = _admitted(ranked, rankings, times) & (times.status == Status.STARTED)
    may[list(unchecked)] = False
    origin_us = _origins(ranked, times)
    may &= origin_us != MISSING
    for crossing_us in times.crossing_us[-2:0:-1]:
        seen = np.flatnonzero(may & (crossing_us != MISSING))
        if len(seen):
            return int(seen[np.argmin(crossing_us[seen] - origin_us[seen])])
    return None


def _admitted(ranked: RankedList, rankings: Rankings, times: Times) -> Bool:
    admission = next(a for a in rankings.eligibility.admissions if a.rule is ranked.rule)
    admitted: Bool = wave_admits(ranked.rule, rankings.eligibility.plan)[times.wave]
    admitted &= admission.scope == admission.scopes.index(ranked.scope)
    return admitted


def _passed(here: Record | None, leader: int, gun_us: Instant, times: Times, plan: RacePlan) -> Iterator[RecordPoint]:
    splits = {split.point: split for split in (here.splits if here else ())}
    for number, point in enumerate(plan.race.course.points):
        split, at_us = splits.get(point.id), int(times.crossing_us[number, leader])
        if split is not None and at_us != MISSING:
            time_s = int(plan.rounding.printed_seconds(at_us - gun_us))
            yield RecordPoint(
                point=point.id, at_us=at_us, time_s=time_s, record_s=split.time_s, ahead_s=split.time_s - time_s,
                estimated=split.estimated,
            )  # fmt: skip


def _state(
    against: Record | None, finished_s: int | None, bib: Bib, ranked: RankedList, plan: RacePlan, states: ListStates
) -> RecordState:
    if against is None or finished_s is None:
        return RecordState.RUNNING
    if finished_s >= against.time_s:
        return RecordState.EQUALLED if finished_s == against.time_s else RecordState.MISSED
    confirmed = any(
        row.bib == bib and plan.rounding.printed_seconds(row.value_us) < against.time_s
        for rule in plan.lists
        if rule.per is Per.SEX and (rule.prize or rule.main is MainRank.SEX)
        for row in states.of(f"{rule.id}-{ranked.scope}").official
    )
    return RecordState.CONFIRMED if confirmed else RecordState.TO_BE_CONFIRMED
