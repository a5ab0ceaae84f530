"""Reads, roster, course and guns in; times, statuses, flags and a class for every read out.

`match` is pure and the only way from reads to times: live it is given the reads of the runners touched since the last
tick, in batch, recovery and replay all of them. The rules, in the order of the code: docs/rules.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from timing.crossings import Chosen, choose
from timing.field import Field
from timing.instants import MISSING, SECOND
from timing.passings import Passings, first_after, gather, moments_of
from timing.race import MatRole, Point, Race
from timing.reads import Bool, Int16, Int32, Int64, ReadClass, Reads, UInt8
from timing.times import Closings, Guns, Times
from timing.verdicts import times_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """`times` for every entrant of the field; `classes`: a `ReadClass` for each read, in the order given."""

    times: Times
    classes: UInt8


def match(reads: Reads, field: Field, race: Race, guns: Guns, closings: Closings) -> Matched:
    """The times that follow from these reads.

    Args: reads: arranged (`passings.arrange`). A runner is matched rightly when all reads of all of the runner's tags
        are among them; those of other runners play no part.
    """
    classes, usable = _sorted_out(reads, field, race)
    part = reads if usable.all() else reads.take(usable)
    passings = gather(part, race.gathering.quiet_us)
    at_point = _point_of_mat(race)[passings.mat]
    who = field.owners(passings.tag)
    part_classes = np.empty(len(part), np.uint8)
    crossings = _Crossings(n_points=len(race.course.points), n_entrants=len(field))
    for index, point in enumerate(race.course.points):
        chosen = at_point == index
        _match_point(
            _AtPoint(
                index=index,
                point=point,
                reads=part,
                passings=passings.take(chosen),
                who=who[chosen],
                classes=part_classes,
            ),
            crossings,
            race,
            guns,
            closings,
        )
    if part is reads:
        classes = part_classes
    else:
        classes[usable] = part_classes
    times = times_of(
        crossing_us=crossings.moment_us, crossing_mat=crossings.mat, parked=crossings.parked,
        field=field, race=race, guns=guns, closings=closings,
    )  # fmt: skip
    return Matched(times=times, classes=classes)


class _Crossings:
    """The crossings found so far, filled in point by point: START first, since the others count from it."""

    def __init__(self, n_points: int, n_entrants: int) -> None:
        self.moment_us: Int64 = np.full((n_points, n_entrants), MISSING, np.int64)
        self.mat: Int16 = np.full((n_points, n_entrants), -1, np.int16)
        self.parked: Bool = np.zeros(n_entrants, np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class _AtPoint:
    """The passings at one point, whose they are, and the classes of all reads, to be filled in for these."""

    index: int
    point: Point
    reads: Reads
    passings: Passings
    who: Int32
    classes: UInt8


def _sorted_out(reads: Reads, field: Field, race: Race) -> tuple[UInt8, Bool]:
    """Classes of the reads that cannot take part, and which reads can. See docs/rules.md section 1."""
    owner = field.owners(reads.tag)
    unknown = owner < 0
    stray = reads.mat < 0
    if not field.timed.all() and len(field):
        stray = stray | ~field.timed[np.maximum(owner, 0)]
    usable = ~(unknown | stray | reads.held)
    classes = np.full(len(reads), ReadClass.STRAY, np.uint8)
    classes[unknown] = ReadClass.UNKNOWN_TAG
    classes[reads.held] = ReadClass.CLOCK_HELD
    return classes, usable


def _point_of_mat(race: Race) -> Int16:
    places = {point.id: index for index, point in enumerate(race.course.points)}
    return np.array([places[mat.point] for mat in race.course.mats], np.int16)


def _match_point(here: _AtPoint, found: _Crossings, race: Race, guns: Guns, closings: Closings) -> None:
    """Judges the passings at one point: fills in the crossings and the classes of their reads."""
    if not len(here.passings):
        return
    if here.index == 0:
        passings, usable, parked = _usable_at_start(here, race, guns, closings)
        too_early = np.zeros(len(passings), np.bool_)
    else:
        passings, parked = _usable_elsewhere(here, race)
        reference = _reference(here.who, found, guns)
        too_early = here.reads.moment_us[passings.begin] < reference + here.point.min_time_us
        usable = ~too_early
    candidates = np.flatnonzero(usable)
    moment_us, used = moments_of(here.reads, passings.take(candidates), here.point.moment)
    who = here.who[candidates]
    line_us = _at_line(moment_us, who, passings.mat[candidates], here, found, race, guns)
    is_main = _is_main(race)[passings.mat[candidates]]
    chosen = choose(who, line_us, is_main, race.gathering.pair_us, last=here.index == 0)
    found.moment_us[here.index, chosen.who] = line_us[chosen.passing]
    found.mat[here.index, chosen.who] = passings.mat[candidates][chosen.passing]
    found.parked[here.who[parked]] = True
    verdicts = np.full(len(passings), ReadClass.STRAY, np.uint8)
    verdicts[too_early] = ReadClass.TOO_EARLY
    verdicts[candidates] = _verdicts(chosen)
    _classify(here, passings, verdicts)
    here.classes[used[chosen.passing]] = ReadClass.USED


def _usable_at_start(here: _AtPoint, race: Race, guns: Guns, closings: Closings) -> tuple[Passings, Bool, Bool]:
    """Passings cut to the time the start was open; which of them can be a start; which are parked tags."""
    moment_us, passings = here.reads.moment_us, here.passings
    n = len(passings)
    low = first_after(moment_us, passings.begin, passings.end, np.full(n, guns.first_us), inclusive=True)
    high = passings.end
    if closings.start_us is not None:
        high = first_after(moment_us, passings.begin, passings.end, np.full(n, closings.start_us), inclusive=False)
    open_at_all = low < high
    last_us = moment_us[np.maximum(high, low + 1).clip(max=passings.end) - 1]
    length_us = np.where(open_at_all, last_us - moment_us[np.minimum(low, passings.end - 1)], 0)
    parked = open_at_all & (length_us > race.gathering.parked_us)
    waiting = (moment_us[passings.begin] < guns.first_us) | (length_us > race.gathering.longest_us)
    cut = Passings(
        begin=passings.begin, end=passings.end, low=low, high=np.maximum(high, low),
        tag=passings.tag, mat=passings.mat, waiting=waiting,
    )  # fmt: skip
    return cut, open_at_all & ~parked, parked


def _usable_elsewhere(here: _AtPoint, race: Race) -> tuple[Passings, Bool]:
    """Passings cut to the longest that a crossing can take; which of them are longer than that."""
    passings = here.passings
    limit_us = here.reads.moment_us[passings.begin] + race.gathering.longest_us
    high = first_after(here.reads.moment_us, passings.begin, passings.end, limit_us, inclusive=False)
    cut = Passings(
        begin=passings.begin, end=passings.end, low=passings.low, high=high,
        tag=passings.tag, mat=passings.mat, waiting=passings.waiting,
    )  # fmt: skip
    return cut, high < passings.end


def _reference(who: Int32, found: _Crossings, guns: Guns) -> Int64:
    """From when a runner's race counts: the own start crossing, else the first gun."""
    start_us = found.moment_us[0, who]
    return np.where(start_us == MISSING, guns.first_us, start_us)


def _at_line(
    moment_us: Int64, who: Int32, mat: Int16, here: _AtPoint, found: _Crossings, race: Race, guns: Guns
) -> Int64:
    """Moments moved from the mat to the line. See docs/rules.md section 4."""
    to_line_mm: Int64 = np.take(np.array([m.to_line_mm for m in race.course.mats], np.int64), mat)
    if not to_line_mm.any():
        return moment_us
    if here.index == 0:
        late_us: Int64 = to_line_mm * SECOND // here.point.line_speed_mm_s
        at_line: Int64 = np.maximum(moment_us - late_us, guns.first_us)
        return at_line
    elapsed_us = moment_us - _reference(who, found, guns)
    late_us = to_line_mm * elapsed_us // (here.point.distance_m * 1000)
    return moment_us - late_us


def _is_main(race: Race) -> Bool:
    return np.array([mat.role is MatRole.MAIN for mat in race.course.mats], np.bool_)


def _verdicts(chosen: Chosen) -> UInt8:
    """The class of the usable reads of each candidate, before the used one is marked."""
    verdicts = np.full(len(chosen.in_crossing), ReadClass.SAME_PASSING, np.uint8)
    verdicts[chosen.earlier] = ReadClass.TOO_EARLY
    verdicts[chosen.later] = ReadClass.AFTER
    return verdicts


def _classify(here: _AtPoint, passings: Passings, verdicts: UInt8) -> None:
    """Gives each read the verdict of its passing, and those outside the usable part their own."""
    lengths = passings.end - passings.begin
    before = np.cumsum(lengths) - lengths
    rows = np.arange(int(lengths.sum())) + np.repeat(passings.begin - before, lengths)
    here.classes[rows] = np.repeat(verdicts, lengths)
    past = ReadClass.AFTER if here.index == 0 else ReadClass.STRAY
    for index in np.flatnonzero((passings.low > passings.begin) | (passings.high < passings.end)).tolist():
        begin, low, high, end = (
            int(column[index]) for column in (passings.begin, passings.low, passings.high, passings.end)
        )
        if verdicts[index] == ReadClass.TOO_EARLY and here.index > 0:
            continue
        here.classes[begin:low] = ReadClass.TOO_EARLY
        here.classes[max(high, low) : end] = past


def adopt(times: Times, fresh: Times, entrants: Sequence[int] | Int64) -> Times:
    """`times` with the columns of these entrants taken from `fresh`; guns and closings are those of `fresh`."""
    columns = {}
    for name in Times.__dataclass_fields__:
        value = getattr(times, name)
        if isinstance(value, np.ndarray):
            value = value.copy()
            value[..., entrants] = getattr(fresh, name)[..., entrants]
            columns[name] = value
    return Times(**columns, guns=fresh.guns, closings=fresh.closings)
