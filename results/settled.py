"""Which podium places can no longer change, who can still take the others, and at what hour they become final.

Owns that judgement. It follows from minimum times alone (`settled_bounds`), never from a forecast, and a place stays
open while a question is open that could move it. Pure: the hour at which a place became final is the same whenever it
is asked. docs/settled.md has the rule.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from config.plan import Clock, ListRule, RacePlan, Ties
from results.asked import OpenQuestion
from results.eligibility import Admission, Eligibility
from results.heard import HEARD_ALL, Heard
from results.list_states import NO_STATES, ListStates
from results.rankings import RankedList, Rankings, wave_admits
from results.settled_bounds import FAR, Bounds, passing_us
from results.settled_place import (
    CLOCK,
    GUN_NOT_FIRED,
    MAY_BE_BEATEN,
    NO_FINISHER,
    NOT_HEARD,
    PASSING,
    START_NOT_HEARD,
    START_OPEN,
    Challenger,
    SettledPlace,
)
from results.settled_questions import Chances, Doubts, clocks_in_doubt
from timing.clock_faults import ClockFinding
from timing.decisions import NO_DECISIONS, Decisions
from timing.instants import MISSING, SECOND, Duration, Instant
from timing.race import GunOrigin, NetWithoutStart, PointKind
from timing.reads import Bool, Int64
from timing.roster import Bib
from timing.times import Status, Times

PODIUM: Final = 3


def settled_places(
    rankings: Rankings,
    times: Times,
    *,
    now_us: Instant,
    heard: Heard = HEARD_ALL,
    questions: Sequence[OpenQuestion] = (),
    clocks: Iterable[ClockFinding] = (),
    states: ListStates = NO_STATES,
    decisions: Decisions = NO_DECISIONS,
) -> tuple[SettledPlace, ...]:
    """Every podium place of the lists that have one, list by list in their order, best first.

    Args: rankings: as computed. heard: how far the mats of start and finish are known (`HeardWatch`). questions: those
    open now. clocks: what is wrong with clocks.
    """
    finished = times.status == Status.FINISHED
    running = ~finished & ~_out(rankings.eligibility, times, decisions)
    moment = _Moment(
        rankings=rankings,
        times=times,
        now_us=now_us,
        heard=heard,
        doubts=Doubts.of(
            questions, rankings.eligibility.roster, times, rankings.eligibility.plan.race.course.finish.id
        ),
        bad_clocks=clocks_in_doubt(clocks, rankings.eligibility.plan.race.course),
        states=states,
        finished=finished,
        running=running,
        unseen=running & (times.crossing_us == MISSING).all(axis=0),
        bounds=Bounds.of(times, rankings.eligibility.plan.race),
        passing_us=passing_us(rankings.eligibility.plan.race),
    )
    found: dict[str, list[SettledPlace]] = {}
    for admission in rankings.eligibility.admissions:
        if has_podium(admission.rule):
            for place in _family(moment, admission):
                found.setdefault(place.list_id, []).append(place)
    return tuple(place for ranked in rankings.lists for place in found.get(ranked.id, ()))


def has_podium(rule: ListRule) -> bool:
    """Main lists, prize lists, and the lists of a race within the race."""
    return rule.main is not None or rule.prize or "" not in rule.groups


@dataclass(frozen=True, kw_only=True)
class _Moment:
    """All that is known, read once for all lists. `running`: on the course, or (`unseen`) yet to be seen anywhere."""

    rankings: Rankings
    times: Times
    now_us: Instant
    heard: Heard
    doubts: Doubts
    bad_clocks: frozenset[PointKind]
    states: ListStates
    finished: Bool
    running: Bool
    unseen: Bool
    bounds: Bounds
    passing_us: Duration

    @property
    def plan(self) -> RacePlan:
        return self.rankings.eligibility.plan

    def bib(self, index: int) -> Bib:
        return self.rankings.eligibility.roster.entrants[index].bib


def _out(eligibility: Eligibility, times: Times, decisions: Decisions) -> Bool:
    """Who was taken out by declaration. Whom only a closing makes DNS or DNF may still be read at the line."""
    status = times.status
    out: Bool = (status == Status.DSQ) | (status == Status.NC) | (status == Status.HD)
    if times.closings.finish_us is None:
        out |= status == Status.DNF
    absent = status == Status.DNS
    if times.closings.start_us is not None and absent.any():
        entrants = eligibility.roster.entrants
        for index in np.flatnonzero(absent).tolist():
            said = decisions.declared.get(entrants[index].bib)
            absent[index] = (entrants[index].status if said is None else said.status) == Status.DNS.name
    out |= absent
    return out


# ---- one family of lists ----

_Edges: TypeAlias = list[int]


@dataclass(frozen=True, kw_only=True)
class _Group:
    """The entrants one rule admits, list after list: columns sorted by scope, `edges` where each list begins.

    `origin_us`: from when each one's time runs (FAR: they can have none). `value_us`: of who finished, else FAR.
    `counts`: who finished, or may yet. `best_us`: the best time each of the running can still have, FAR for the others.
    `planned`: whose gun is only known from the plan; None where all were fired.
    """

    rows: Int64
    edges: _Edges
    lists: list[RankedList]
    bounds: Bounds
    origin_us: Int64
    value_us: Int64
    best_us: Int64
    counts: Bool
    running: Bool
    unseen: Bool
    planned: Bool | None
    chances: Chances


def _family(moment: _Moment, admission: Admission) -> Iterator[SettledPlace]:
    group = _group(moment, admission)
    if group is None:
        return
    best = _challengers(moment, group)
    depth = min(PODIUM, admission.rule.depth or PODIUM)
    for place in range(1, depth + 1):
        yield from _places(moment, group, best, place)


def _admitted(moment: _Moment, admission: Admission) -> tuple[Int64, list[int]]:
    """The entrants a rule admits, sorted by scope, and where each of its scopes begins (one more for the end)."""
    fits = wave_admits(admission.rule, moment.plan)
    admitted = admission.admitted if fits.all() else admission.admitted & fits[moment.times.wave]
    rows = np.flatnonzero(admitted)
    scope = admission.scope[rows]
    if len(admission.scopes) > 1:
        order = np.argsort(scope, kind="stable")
        rows, scope = rows[order], scope[order]
    return rows, np.searchsorted(scope, np.arange(len(admission.scopes) + 1)).tolist()


def _group(moment: _Moment, admission: Admission) -> _Group | None:
    rows, begins = _admitted(moment, admission)
    number = {name: code for code, name in enumerate(admission.scopes)}
    lists = [
        ranked
        for ranked in moment.rankings.lists
        if ranked.rule is admission.rule and begins[number[ranked.scope]] < begins[number[ranked.scope] + 1]
    ]
    if not lists:
        return None
    codes = [number[ranked.scope] for ranked in lists]
    edges = [begins[code] for code in codes]
    finished, running, unseen = moment.finished[rows], moment.running[rows], moment.unseen[rows]
    origin_us, running = _origins(moment, admission, rows, running, unseen)
    planned = _planned(moment, admission, rows)
    if planned is not None:  # a gun that is late is fired now at the earliest
        origin_us = np.where(planned & running, np.maximum(origin_us, moment.now_us), origin_us)
    bounds = moment.bounds.take(rows)
    timed = origin_us < FAR
    heard_us = min(moment.heard.finish_us, moment.now_us)
    return _Group(
        rows=rows, edges=edges, lists=lists, bounds=bounds, origin_us=origin_us,
        value_us=np.where(finished & timed, moment.times.finish_us[rows] - origin_us, FAR),
        best_us=np.where(running, np.maximum(bounds.earliest_us, heard_us) - origin_us, FAR),
        counts=(finished | running) & timed, running=running, unseen=unseen & running, planned=planned,
        chances=moment.doubts.within(rows, np.array(edges), origin_us, codes, admission),
    )  # fmt: skip


def _origins(moment: _Moment, admission: Admission, rows: Int64, running: Bool, unseen: Bool) -> tuple[Int64, Bool]:
    """From when each one's time runs (FAR: they have none in this list), and who of the running can have one."""
    times, race = moment.times, moment.plan.race
    if admission.rule.clock is Clock.GUN:
        guns = times.wave_gun_us if admission.rule.gun_origin is GunOrigin.WAVE else times.race_gun_us
        return guns[rows], running
    start_us = times.start_us[rows]
    started = start_us != MISSING
    if race.net_without_start is NetWithoutStart.GUN:
        return np.where(started, start_us, times.gun_us[rows]), running
    if times.closings.start_us is not None:
        return np.where(started, start_us, FAR), running & started
    # Until the start is closed somebody may still set off: until it is planned to close, or later than now.
    closes_us = max(max(times.guns.wave_us) + race.start_window_us, moment.now_us)
    return np.where(started, start_us, np.where(unseen, closes_us, FAR)), running & (started | unseen)


def _planned(moment: _Moment, admission: Admission, rows: Int64) -> Bool | None:
    """Whose gun has not been fired (or is only known from the plan); None where all are known."""
    times, rule = moment.times, admission.rule
    net = rule.clock is Clock.NET
    if (net and moment.plan.race.net_without_start is NetWithoutStart.EMPTY) or not any(times.guns.planned):
        return None
    if not net and rule.gun_origin is GunOrigin.RACE:
        only_planned = [gun for gun, planned in zip(times.guns.wave_us, times.guns.planned, strict=True) if planned]
        fired = [gun for gun, planned in zip(times.guns.wave_us, times.guns.planned, strict=True) if not planned]
        guns = times.race_gun_us[rows]
        return np.isin(guns, only_planned) & ~np.isin(guns, fired)
    first = times.guns.wave_us.index(times.guns.first_us)
    by_wave: Bool = np.array([*times.guns.planned, times.guns.planned[first]], np.bool_)[times.wave[rows]]
    return by_wave


# ---- one place of all its lists ----


def _limits(group: _Group, place: int, plan: RacePlan) -> list[Duration | None]:
    """The largest value that takes or shares the place, for each list; None where nobody holds it."""
    limits: list[Duration | None] = []
    for ranked in group.lists:
        inside = int(ranked.places.searchsorted(place + 1))
        if not inside or (inside < place and int(ranked.places[inside - 1]) < place):
            limits.append(None)
            continue
        limit = int(ranked.value_us[:inside].max())  # the jury's order may put a slower one first
        if ranked.rule.ties is Ties.SHARED:
            limit = int(plan.rounding.printed_seconds(limit)) * SECOND + plan.rounding.reading_us
        limits.append(limit)
    return limits


def _places(moment: _Moment, group: _Group, best: list[Challenger | None], place: int) -> Iterator[SettledPlace]:
    limits = _limits(group, place, moment.plan)
    sizes = np.diff([*group.edges, len(group.rows)])
    limit_us = np.repeat(np.array([-FAR if limit is None else limit for limit in limits], np.int64), sizes)
    deadline_us = np.minimum(group.origin_us, FAR) + limit_us
    closed_us = moment.times.closings.finish_us
    if closed_us is not None:
        np.minimum(deadline_us, closed_us, out=deadline_us)
    over_us = group.bounds.over_by(deadline_us)
    over_us[(group.value_us <= limit_us) | ~group.counts] = -FAR
    last_us = np.maximum.reduceat(over_us, group.edges).tolist()
    active = (group.best_us <= limit_us) & (deadline_us > moment.heard.finish_us)
    counts = np.add.reduceat(active, group.edges, dtype=np.int64).tolist()
    unseen = np.add.reduceat(active & group.unseen, group.edges, dtype=np.int64).tolist()
    ends = [*group.edges[1:], len(group.rows)]
    doubts = group.chances.within(limits)
    for number, ranked in enumerate(group.lists):
        yield _judged(
            moment, group, ranked, place, slice(group.edges[number], ends[number]), limits[number],
            doubts=doubts.get(number, ()), last_us=last_us[number],
            best=best[number] if counts[number] else None,
            count=counts[number] - unseen[number], unseen=unseen[number],
        )  # fmt: skip


def _challengers(moment: _Moment, group: _Group) -> list[Challenger | None]:
    """Of each list who can still do best; of equals somebody who was seen, and was seen furthest ahead."""
    heard_us = min(moment.heard.finish_us, moment.now_us)
    found: list[Challenger | None] = []
    for best_us, begin, end in zip(
        np.minimum.reduceat(group.best_us, group.edges).tolist(),
        group.edges,
        [*group.edges[1:], len(group.rows)],
        strict=True,
    ):
        if best_us >= FAR // 2:
            found.append(None)
            continue
        equal = np.flatnonzero(group.best_us[begin:end] == best_us) + begin
        earliest_us = group.bounds.earliest_us[equal]
        row = int(equal[np.argmin(np.where(group.unseen[equal], FAR, earliest_us))])
        found.append(
            Challenger(
                bib=moment.bib(int(group.rows[row])),
                arrival_us=max(int(group.bounds.earliest_us[row]), heard_us),
                value_us=max(0, best_us),
            )
        )
    return found


def _judged(
    moment: _Moment,
    group: _Group,
    ranked: RankedList,
    place: int,
    part: slice,
    limit_us: Duration | None,
    *,
    doubts: Iterable[str],
    last_us: Instant,
    best: Challenger | None,
    count: int,
    unseen: int,
) -> SettledPlace:
    first, last = ranked.places.searchsorted((place, place + 1)).tolist()
    holders = ranked.entrants[first:last]
    reasons = [*_reasons(moment, group, ranked, part, last, limit_us), *doubts]
    open_until_us = None
    if limit_us is None:
        count, unseen = int(np.count_nonzero(group.running[part] & ~group.unseen[part])), int(group.unseen[part].sum())
        best = None
        if not count and not unseen:
            reasons = [reason for reason in reasons if reason != GUN_NOT_FIRED]
    else:
        finishes = moment.times.finish_us[ranked.entrants[:last]].tolist()
        open_until_us = max(last_us, *finishes) + moment.passing_us
        if count + unseen:
            reasons.insert(0, MAY_BE_BEATEN)
        elif open_until_us > moment.heard.finish_us:
            reasons.insert(0, NOT_HEARD if moment.heard.silent else PASSING)
    state = moment.states.of(ranked.id)
    official = state.is_official and (state.official_depth is None or place <= state.official_depth)
    settled_at_us = open_until_us if not reasons else None
    if official:
        settled_at_us, reasons, best, count, unseen = settled_at_us or state.at_us, [], None, 0, 0
    standing = [row.bib for row in state.official if row.place == place] if official else map(moment.bib, holders)
    return SettledPlace(
        list_id=ranked.id,
        place=place,
        bibs=tuple(standing),
        settled_at_us=settled_at_us,
        open_until_us=open_until_us,
        can_be_beaten_by=best,
        count=count,
        unseen=unseen,
        reasons=tuple(dict.fromkeys(reasons)),
        official=official,
    )


def _reasons(
    moment: _Moment, group: _Group, ranked: RankedList, part: slice, last: int, limit_us: Duration | None
) -> Iterator[str]:
    """What keeps the place open besides those who can still come."""
    if limit_us is None:
        yield NO_FINISHER
    if group.planned is not None and (group.planned[part] & group.counts[part]).any():
        yield GUN_NOT_FIRED
    if PointKind.FINISH in moment.bad_clocks:
        yield CLOCK
    yield from _of_the_start(moment, group, ranked, part, last)
    yield from moment.doubts.about_any(ranked.entrants[:last].tolist())


def _of_the_start(moment: _Moment, group: _Group, ranked: RankedList, part: slice, last: int) -> Iterator[str]:
    """Net times, and prizes that an early start would cost, hang on the start as well."""
    net, times = ranked.rule.clock is Clock.NET, moment.times
    if not net and not ranked.rule.prize:
        return
    if PointKind.START in moment.bad_clocks:
        yield CLOCK
    closed_us = times.closings.start_us
    if net and closed_us is None and group.unseen[part].any():
        yield START_OPEN
    known = moment.heard.start_us >= (moment.heard.finish_us if closed_us is None else closed_us)
    doubtful = net or (times.start_us[ranked.entrants[:last]] == MISSING).any()
    if not known and doubtful:
        yield START_NOT_HEARD
