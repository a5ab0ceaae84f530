"""Questions about how somebody went along the course: points where nobody saw them, legs nobody can run, tags together.

A missing point proves nothing: a mat that missed many says more about the mat than about the runners.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from results.asked import Asked, Kind, OpenQuestion, clear
from results.legs_too_soon import is_asked_as_order
from results.stakes import Stakes
from timing.instants import MISSING, SECOND
from timing.pace import fastest_legs_us, speeds_pct, too_fast_legs
from timing.reads import Bool, Int32, Int64
from timing.rulings import Question, SetTime

MANY: Final = 20
"""A point that misses fewer than this is no question about its mats."""

USUAL_MISSES: Final = (0.005, 0.03)
"""Between these shares a point may miss runners as the others do; beyond, the mats are asked about."""

ODD_SIGMAS: Final = 6.0
ODD_SHARE: Final = 0.20
"""A leg is far out of line when it is this many spreads of the field, and this share, faster than the own others."""

ODD_FIELD: Final = 30
"""Fewer runners than this on a leg say nothing about what is usual there."""

TOGETHER_US: Final = SECOND
TOGETHER_POINTS: Final = 3
_NEIGHBOURS: Final = 64
"""How many of the next finishers each is compared with: so many within a second is a fault of its own."""


def course_questions(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    yield from _missing_points(asked, stakes)
    race = asked.plan.race
    kinds, speed_pct = asked.rankings.eligibility.kinds_permille, speeds_pct(asked.times.wave, race)
    too_fast = too_fast_legs(asked.times.crossing_us, race.course, kinds, speed_pct)
    yield from _impossible_pace(asked, stakes, too_fast)
    yield from _odd_legs(asked, stakes, too_fast)
    yield from _together(asked, stakes)


# ---- points where they were not seen ----


def _missing_points(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    """One for each mat that missed many, taking in its runners, and one for each other runner who missed a split."""
    times, ids = asked.times, asked.point_ids
    concerned = asked.concerned
    missed = np.array([(times.missed >> k & 1).astype(np.bool_) & concerned for k in range(len(ids) - 1)])
    passed = np.array([concerned & ((times.crossing_us[k] != MISSING) | missed[k]) for k in range(len(ids) - 1)])
    many = _missed_many(missed.sum(axis=1), passed.sum(axis=1))
    asked_of = asked.open_for(Question.MISSED_SPLIT)
    for point in np.flatnonzero(many).tolist():
        who = np.flatnonzero(missed[point] & asked_of)
        if len(who):
            yield _mat_question(asked, stakes, point, who, missed, passed)
    left = missed & asked_of
    left[0] = False  # Without a start read the net time is marked wherever it stands: nothing to decide.
    left[many] = False
    for index in np.flatnonzero(left.any(axis=0)).tolist():
        yield _missed_question(asked, stakes, index, [ids[k] for k in np.flatnonzero(left[:, index]).tolist()])


def _missed_many(missed: Int64, passed: Int64) -> Bool:
    """At which points significantly more were missed than at the others, or than mats miss."""
    many = np.zeros(len(missed), np.bool_)
    for k in range(len(missed)):
        others = int(passed.sum() - passed[k])
        share = (int(missed.sum()) - int(missed[k])) / others if others else 0.0
        expected = int(passed[k]) * min(max(share, USUAL_MISSES[0]), USUAL_MISSES[1])
        many[k] = missed[k] >= MANY and missed[k] > expected + 4 * expected**0.5
    return many


def _mat_question(asked: Asked, stakes: Stakes, point: int, who: Int64, missed: Bool, passed: Bool) -> OpenQuestion:
    bibs = asked.bibs(who)
    about = _about_when(asked, point, who)
    others = [k for k in range(len(missed)) if k != point]
    return OpenQuestion(
        kind=Kind.MAT_MISSED_MANY,
        bibs=bibs,
        point=asked.point_ids[point],
        evidence={
            "missed": int(missed[point].sum()),
            "passed": int(passed[point].sum()),
            "missed_elsewhere": int(missed[others].sum()),
            "passed_elsewhere": int(passed[others].sum()),
            "from_us": None if about is None else about[0],
            "until_us": None if about is None else about[1],
        },
        proposals=(clear(Kind.MAT_MISSED_MANY, *bibs),),
        weight=stakes.of(*who.tolist()),
    )


def _about_when(asked: Asked, point: int, who: Int64) -> tuple[int, int] | None:
    """Between which instants nine in ten of these must have passed, from what the others needed; None: not known."""
    crossing = asked.times.crossing_us
    if point == 0:
        return None
    ends = (crossing[0] != MISSING) & (crossing[-1] != MISSING)
    seen = ends & (crossing[point] != MISSING)
    who = who[ends[who]]
    if not seen.any() or not len(who):
        return None
    whole = crossing[-1][seen] - crossing[0][seen]
    share = int(np.median((crossing[point][seen] - crossing[0][seen]) * 1000 // np.maximum(whole, 1)))
    passed = np.sort(crossing[0][who] + (crossing[-1][who] - crossing[0][who]) * share // 1000)
    return int(passed[len(passed) * 5 // 100]), int(passed[len(passed) * 95 // 100])


def _missed_question(asked: Asked, stakes: Stakes, index: int, points: list[str]) -> OpenQuestion:
    bib = asked.bib(index)
    crossing = asked.times.crossing_us[:, index].tolist()
    return OpenQuestion(
        kind=Kind.MISSED_SPLIT,
        bibs=(bib,),
        point=points[0],
        evidence={
            "unseen": points,
            "crossings_us": {p: us for p, us in zip(asked.point_ids, crossing, strict=True) if us != MISSING},
        },
        proposals=(clear(Kind.MISSED_SPLIT, bib),),
        weight=stakes.of(index),
    )


# ---- legs ----


def _impossible_pace(asked: Asked, stakes: Stakes, too_fast: Int32) -> Iterator[OpenQuestion]:
    """A leg in less time than is plausible for anybody of that sex and age, up and down as it goes (`timing.pace`).

    `too_fast`: for each entrant a bit for each point at the end of such a leg. What the order of points is asked for
    is not asked again.
    """
    race, crossing = asked.plan.race, asked.times.crossing_us
    kinds, speed_pct = asked.rankings.eligibility.kinds_permille, speeds_pct(asked.times.wave, race)
    for index in np.flatnonzero((too_fast != 0) & asked.open_for(Question.IMPOSSIBLE_PACE)).tolist():
        for end in (k for k in range(len(crossing)) if int(too_fast[index]) >> k & 1):
            begin = max(k for k in range(end) if crossing[k, index] != MISSING)
            if is_asked_as_order(asked, index, (begin, end)):
                continue
            bound = fastest_legs_us(race.course, begin, end, kinds[[index]], speed_pct[[index]])
            took = {"took_us": int(crossing[end, index] - crossing[begin, index]), "fastest_us": int(bound[0])}
            yield _leg_question(asked, stakes, Kind.IMPOSSIBLE_PACE, index, (begin, end), took)


def _leg_question(
    asked: Asked, stakes: Stakes, kind: Kind, index: int, leg: tuple[int, int], took: dict[str, Any]
) -> OpenQuestion:
    begin, end = (asked.plan.race.course.points[k] for k in leg)
    bib = asked.bib(index)
    # Of two points in the wrong order either may be the one that is not theirs.
    doubtful = (end.id, begin.id) if took["took_us"] < 0 else (end.id,)
    evidence = {"from": begin.id, "metres": end.distance_m - begin.distance_m, **took}
    return OpenQuestion(
        kind=kind,
        bibs=(bib,),
        point=end.id,
        evidence=evidence,
        proposals=(clear(kind, bib), *(SetTime(bib=bib, point=point, instant_us=None) for point in doubtful)),
        weight=stakes.of(index),
    )


def _odd_legs(asked: Asked, stakes: Stakes, too_fast: Int32) -> Iterator[OpenQuestion]:
    """A leg far faster, beside the field, than the same runner's legs before it: driven from km 10, say.

    What counts is how each leg compares with the middle of the field. Somebody who fades, walks or stops is not asked
    about, and nobody is where few ran. Nor is a leg that nobody can run: that is asked for itself.
    """
    crossing = asked.times.crossing_us
    open_for = asked.open_for(Question.ODD_LEG)
    before, legs_before = np.zeros(crossing.shape[1]), np.zeros(crossing.shape[1], np.int64)
    for k in range(len(crossing) - 1):
        took = _whole_leg(crossing[k], crossing[k + 1])
        run = asked.concerned & (took > 0)
        if int(run.sum()) < ODD_FIELD:
            continue
        logs = np.log(np.where(run, took, 1).astype(np.float64))
        middle = float(np.median(logs[run]))
        known = run & (legs_before > 0)
        step = logs - middle - before / np.maximum(legs_before, 1)
        if int(known.sum()) >= ODD_FIELD:
            asked_of = known & open_for & (too_fast >> (k + 1) & 1 == 0)
            for index in np.flatnonzero(asked_of & (step < -_odd_from(step[known]))).tolist():
                at_own_pace = round(int(took[index]) / float(np.exp(step[index])) / SECOND) * SECOND
                evidence = {"took_us": int(took[index]), "at_own_pace_us": at_own_pace}
                yield _leg_question(asked, stakes, Kind.ODD_LEG, index, (k, k + 1), evidence)
        before += np.where(run, logs - middle, 0.0)
        legs_before += run


def _whole_leg(begin_us: Int64, end_us: Int64) -> Int64:
    """From a point to the very next; 0 where one of the two is missing."""
    known = (begin_us != MISSING) & (end_us != MISSING)
    return np.where(known, np.where(known, end_us, 0) - np.where(known, begin_us, 0), 0)


def _odd_from(step: NDArray[np.float64]) -> float:
    """How much faster (in logarithms) is far out of line, by the spread of the field."""
    spread = 1.4826 * float(np.median(np.abs(step - np.median(step))))
    return max(ODD_SIGMAS * spread, -float(np.log(1 - ODD_SHARE)))


# ---- tags that travel together ----


def _together(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    """Runners within a second of each other wherever both were seen, at three points or more: one body, perhaps."""
    for group in _groups(*_pairs(asked)):
        bibs = asked.bibs(group)
        if all(asked.is_cleared(bib, Question.TRAVELS_TOGETHER) for bib in bibs):
            continue
        crossing = asked.times.crossing_us[:, group]
        seen = (crossing != MISSING).all(axis=1)
        apart = (crossing.max(axis=1) - crossing.min(axis=1))[seen].tolist()
        ids = [point for point, both in zip(asked.point_ids, seen.tolist(), strict=True) if both]
        yield OpenQuestion(
            kind=Kind.TRAVELS_TOGETHER,
            bibs=bibs,
            evidence={"apart_us": dict(zip(ids, apart, strict=True))},
            proposals=(clear(Kind.TRAVELS_TOGETHER, *bibs),),
            weight=stakes.of(*group),
        )


def _pairs(asked: Asked) -> tuple[Int32, Int32]:
    """Pairs of finishers who travelled together, by one sort of the finish and a look at the next ones."""
    crossing = asked.times.crossing_us
    who = np.flatnonzero(asked.concerned & (crossing[-1] != MISSING))
    who = who[np.argsort(crossing[-1][who], kind="stable")].astype(np.int32)
    moments = np.ascontiguousarray(crossing[:, who])
    first, second = [], []
    for step in range(1, min(len(who), _NEIGHBOURS)):
        near = np.flatnonzero(moments[-1, step:] - moments[-1, :-step] <= TOGETHER_US)
        if not len(near):
            break
        both = np.ones(len(near), np.int64)
        never_apart = np.ones(len(near), np.bool_)
        for point in moments[:-1]:
            a, b = point[near], point[near + step]
            seen = (a != MISSING) & (b != MISSING)
            never_apart &= ~seen | (np.abs(np.where(seen, a, 0) - np.where(seen, b, 0)) <= TOGETHER_US)
            both += seen
        kept = near[never_apart & (both >= TOGETHER_POINTS)]
        first.append(who[kept])
        second.append(who[kept + step])
    none = np.empty(0, np.int32)
    return np.concatenate([none, *first]), np.concatenate([none, *second])


def _groups(first: Int32, second: Int32) -> list[list[int]]:
    """Pairs that have somebody in common, put together; each group ascending."""
    leader: dict[int, int] = {}

    def leader_of(index: int) -> int:
        while (above := leader.setdefault(index, index)) != index:
            index = above
        return index

    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        one, other = leader_of(a), leader_of(b)
        leader[max(one, other)] = min(one, other)
    groups: dict[int, list[int]] = defaultdict(list)
    for index in leader:
        groups[leader_of(index)].append(index)
    return [sorted(group) for group in groups.values()]
