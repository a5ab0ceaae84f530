"""One runner's reads at the points of the course: those that give a time, the others by what became of them, and why.

Knows the rules of docs/rules.md only as far as it says which of them gave a read its class.
"""

import enum
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np

from results.evidence import Evidence
from timing.instants import MISSING, Duration, Instant
from timing.reads import Int64, ReadClass
from timing.rulings import Declare, OutOfUse, ReadSelector, SetAside, SetTime


class Reason(enum.StrEnum):
    """Why a read gives no time, beyond its class."""

    SAME_PASSING = "same_passing"
    """Read again in the passing that gives the time."""
    OTHER_MAT = "other_mat"
    """In the crossing that counts, on the mat that does not give the time."""
    OTHER_TAG = "other_tag"
    """In the crossing that counts, by the other tag the runner wears."""
    BEFORE_GUN = "before_gun"
    EARLIER_START = "earlier_start"
    """Crossed the start again later: the last crossing counts."""
    BEFORE_MINIMUM = "before_minimum"
    """Sooner than the fastest can be there."""
    BEFORE_LEG = "before_leg"
    """Sooner after the split before than the fastest can be there."""
    LATER_CROSSING = "later_crossing"
    """A point counts once, the first time."""
    START_CLOSED = "start_closed"
    PARKED = "parked"
    STAYED = "stayed"
    """Stayed at the mat longer than a crossing takes."""
    NO_MAT = "no_mat"
    NOT_TIMED = "not_timed"
    WORN_BY_ANOTHER = "worn_by_another"
    """A ruling says that somebody else, or nobody, wore the tag then."""
    HELD = "held"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class StampFact:
    """How a stamp became an instant. `ruling`: the number of the correction that moved it, `author` who made it."""

    stamp_us: int
    clock: str
    base_us: Instant
    offset_us: Duration
    instant_us: Instant
    ruling: int | None = None
    author: str = ""
    held: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedRead:
    """The read that gives a time."""

    tag: str
    mat: str
    source: str
    antenna: int | None
    rssi_tenths: int | None
    stamp: StampFact


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadGroup:
    """Reads at one mat that share what became of them. `rulings`: numbers of those that set them aside."""

    mat: str | None
    kind: str
    reason: Reason
    reads: int
    first_us: Instant
    last_us: Instant
    rulings: tuple[int, ...] = ()
    held: str | None = None


_CLASS_WORDS: Final = {kind: kind.name.lower() for kind in ReadClass}


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Before which instants a passing at a point is too early for this runner; None where there is no such rule.

    `reference_us`: from when the race counts, the own start crossing unless `from_gun`. `leg_from`: the split that the
    leg counts from.
    """

    reference_us: Instant
    from_gun: bool
    minimum_us: Instant | None
    leg_us: Instant | None
    leg_from: str | None


def bounds_at(evidence: Evidence, k: int) -> Bounds:
    """The bounds of a point after the start, as matching has them."""
    race, times, index = evidence.plan.race, evidence.times, evidence.index
    point = race.course.points[k]
    wave = int(times.wave[index])
    speed = race.waves[wave].speed_pct if wave >= 0 else 100
    start_us = int(times.crossing_us[0, index])
    reference_us = int(times.race_gun_us[index]) if start_us == MISSING else start_us
    split = next((j for j in range(k - 1, 0, -1) if int(times.crossing_us[j, index]) != MISSING), None)
    leg_us = None
    if split is not None and point.min_leg_us:
        leg_us = int(times.crossing_us[split, index]) + point.min_leg_us * 100 // speed
    return Bounds(
        reference_us=reference_us,
        from_gun=start_us == MISSING,
        minimum_us=reference_us + point.min_time_us * 100 // speed,
        leg_us=leg_us,
        leg_from=race.course.points[split].id if split is not None and leg_us is not None else None,
    )


def rows_by_point(evidence: Evidence) -> dict[int | None, Int64]:
    """The rows of the reads at each point; under None those at no mat of the race.

    Where a mat serves several points, a read is at the one whose crossing is nearest.
    """
    course = evidence.plan.race.course
    places = {point.id: k for k, point in enumerate(course.points)}
    of_mat = [[places[point] for point in (mat.point, *mat.also)] for mat in course.mats]
    found: dict[int | None, list[int]] = defaultdict(list)
    for row, mat in enumerate(evidence.reads.mat.tolist()):
        found[_nearest(evidence, row, of_mat[mat]) if mat >= 0 else None].append(row)
    return {k: np.array(rows, np.int64) for k, rows in found.items()}


def _nearest(evidence: Evidence, row: int, points: list[int]) -> int:
    if len(points) == 1:
        return points[0]
    moment_us = int(evidence.reads.moment_us[row])
    crossings = [(k, int(evidence.times.crossing_us[k, evidence.index])) for k in points]
    seen = [(abs(us - moment_us), k) for k, us in crossings if us != MISSING]
    return min(seen)[1] if seen else points[0]


def used_read(evidence: Evidence, rows: Int64) -> int | None:
    """The row of the read that gives the time at a point, if a read does."""
    used = rows[(evidence.classes[rows] == ReadClass.USED) & evidence.mine[rows]]
    return int(used[0]) if len(used) else None


def used_fact(evidence: Evidence, row: int) -> UsedRead:
    antenna, rssi = int(evidence.reads.antenna[row]), float(evidence.reads.rssi[row])
    return UsedRead(
        tag=evidence.tag_of(row),
        mat=evidence.plan.race.course.mats[int(evidence.reads.mat[row])].id,
        source=str(evidence.source_of(row)),
        antenna=None if antenna < 0 else antenna,
        rssi_tenths=None if np.isnan(rssi) else round(rssi * 10),
        stamp=stamp_fact(evidence, row),
    )


def stamp_fact(evidence: Evidence, row: int) -> StampFact:
    found = evidence.stamp_of(row)
    ruling = None
    if found.correction is not None:
        ruling = next((r for r in reversed(evidence.in_force) if r.body.act == found.correction), None)
    return StampFact(
        stamp_us=found.stamp_us,
        clock=found.clock.value,
        base_us=found.base_us,
        offset_us=found.instant_us - found.base_us,
        instant_us=found.instant_us,
        ruling=None if ruling is None else ruling.number,
        author="" if ruling is None else ruling.body.author,
        held=None if found.held is None else found.held.value,
    )


def groups_of(evidence: Evidence, k: int | None, rows: Int64) -> tuple[ReadGroup, ...]:
    """The reads at a point that give no time, by mat and by what became of them, in order of their first read."""
    classes, moments, mats = evidence.classes[rows], evidence.reads.moment_us[rows], evidence.reads.mat[rows]
    used = used_read(evidence, rows)
    giving = None if used is None else (int(evidence.reads.mat[used]), int(evidence.reads.tag[used]))
    keys: dict[tuple[int, int, Reason, tuple[int, ...], str | None], list[int]] = defaultdict(list)
    for row, kind, mat, moment in zip(rows.tolist(), classes.tolist(), mats.tolist(), moments.tolist(), strict=True):
        mine = bool(evidence.mine[row])
        if kind == ReadClass.USED and mine:
            continue
        reason = Reason.WORN_BY_ANOTHER
        if mine:
            reason = _reason(evidence, k, ReadClass(kind), int(moment))
            if reason is Reason.SAME_PASSING and giving is not None:
                reason = _beside(giving, mat, int(evidence.reads.tag[row]))
        rulings = _set_aside_by(evidence, row) if reason is Reason.SET_ASIDE else ()
        held = _held(evidence, row) if reason is Reason.HELD else None
        shown = kind if mine else int(ReadClass.UNKNOWN_TAG)  # What it is for the other is not told here.
        keys[mat, shown, reason, rulings, held].append(int(moment))
    ids = [mat.id for mat in evidence.plan.race.course.mats]
    groups = [
        ReadGroup(
            mat=ids[mat] if mat >= 0 else None,
            kind=_CLASS_WORDS[ReadClass(kind)],
            reason=reason,
            reads=len(instants),
            first_us=min(instants),
            last_us=max(instants),
            rulings=rulings,
            held=held,
        )
        for (mat, kind, reason, rulings, held), instants in keys.items()
    ]
    return tuple(sorted(groups, key=lambda group: (group.first_us, group.mat or "")))


def _beside(giving: tuple[int, int], mat: int, tag: int) -> Reason:
    """Of a read in the crossing that counts, beside the mat and tag that give the time."""
    if mat != giving[0]:
        return Reason.OTHER_MAT
    return Reason.SAME_PASSING if tag == giving[1] else Reason.OTHER_TAG


def _reason(evidence: Evidence, k: int | None, kind: ReadClass, moment_us: Instant) -> Reason:
    if kind is ReadClass.CLOCK_HELD:
        return Reason.HELD
    if kind is ReadClass.SET_ASIDE:
        return Reason.SET_ASIDE
    if kind is ReadClass.UNKNOWN_TAG:
        return Reason.WORN_BY_ANOTHER
    if k is None:
        return Reason.NO_MAT
    if kind is ReadClass.SAME_PASSING:
        return Reason.SAME_PASSING
    if kind is ReadClass.AFTER:
        return Reason.START_CLOSED if k == 0 else Reason.LATER_CROSSING
    if kind is ReadClass.STRAY:
        role = evidence.roster.entrants[evidence.index].role
        if role in evidence.plan.race.untimed_roles:
            return Reason.NOT_TIMED
        return Reason.PARKED if k == 0 else Reason.STAYED
    return _too_early(evidence, k, moment_us)


def _too_early(evidence: Evidence, k: int, moment_us: Instant) -> Reason:
    if k == 0:
        return Reason.BEFORE_GUN if moment_us < evidence.times.guns.first_us else Reason.EARLIER_START
    bounds = bounds_at(evidence, k)
    if bounds.minimum_us is not None and moment_us < bounds.minimum_us:
        return Reason.BEFORE_MINIMUM
    if bounds.leg_us is not None and moment_us < bounds.leg_us:
        return Reason.BEFORE_LEG
    # A passing that began too early is too early as a whole, whatever of it came later.
    return Reason.BEFORE_MINIMUM if bounds.leg_us is None else Reason.BEFORE_LEG


def _held(evidence: Evidence, row: int) -> str | None:
    held = evidence.stamp_of(row).held
    return None if held is None else held.value


def _set_aside_by(evidence: Evidence, row: int) -> tuple[int, ...]:
    """The numbers of the rulings in force that set a read aside."""
    return tuple(ruling.number for ruling in evidence.in_force if _sets_aside(evidence, row, ruling.body.act))


def _sets_aside(evidence: Evidence, row: int, act: object) -> bool:
    moment_us, bib = int(evidence.reads.moment_us[row]), evidence.bib
    mat = int(evidence.reads.mat[row])
    of_mat = evidence.plan.race.course.mats[mat] if mat >= 0 else None
    match act:
        case SetAside(reads=reads):
            return _fits(evidence, row, reads)
        case OutOfUse(mat=name, span=span, antenna=antenna):
            return _fits(evidence, row, ReadSelector(mat=name, span=span, antenna=antenna))
        case SetTime():
            return act.bib == bib and of_mat is not None and act.point in (of_mat.point, *of_mat.also)
        case Declare(status="DNF", bibs=bibs, at_us=at_us):
            return bib in bibs and moment_us > at_us
        case _:
            return False


def _fits(evidence: Evidence, row: int, reads: ReadSelector) -> bool:
    mat = int(evidence.reads.mat[row])
    mat_id = evidence.plan.race.course.mats[mat].id if mat >= 0 else None
    return (
        (not reads.bibs or evidence.bib in reads.bibs)
        and (not reads.tags or evidence.tag_of(row) in reads.tags)
        and (reads.mat is None or reads.mat == mat_id)
        and (reads.antenna is None or reads.antenna == int(evidence.reads.antenna[row]))
        and reads.span.holds(int(evidence.reads.moment_us[row]))
    )
