"""Reads, roster, course and guns in; times, statuses, flags and a class for every read out.

`match` is pure and the only way from reads to times: live it is given the reads of the runners touched since the last
tick, in batch, recovery, replay and what-if all of them. The rules, in the order of the code: docs/rules.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from timing.field import Field
from timing.passings import Passings, gather
from timing.point_matching import AtPoint, Crossings, MatchRules, match_point
from timing.race import Race
from timing.reads import Bool, Int16, Int32, Int64, ReadClass, Reads, UInt8
from timing.times import Closings, Guns, Times
from timing.verdicts import times_of

if TYPE_CHECKING:
    from timing.laps import Laps


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """`times` for every entrant of the field; `classes`: a `ReadClass` for each read, in the order given."""

    times: Times
    classes: UInt8


def match(reads: Reads, field: Field, race: Race, guns: Guns, closings: Closings) -> Matched:
    """The times that follow from these reads.

    Args:
        reads: arranged (`passings.arrange`). A runner is matched rightly when all reads of all tags they ever wore are
            among them; those of other runners play no part.
        field: with the rulings in force laid over it (`ruled_field`).
    """
    owner = field.owners_of(reads)
    classes, usable = _sorted_out(reads, owner, field, race)
    everything = bool(usable.all())
    part, owners = (reads, owner) if everything else (reads.take(usable), owner[usable])
    passings = gather(part, race.gathering.quiet_us, cuts=_changes_hands(owners, field))
    at_point = _point_of_mat(race)[passings.mat]
    who = owners[passings.begin]
    part_classes = np.empty(len(part), np.uint8)
    found = Crossings(n_points=len(race.course.points), n_entrants=len(field))
    rules = MatchRules.of(field, race, guns, closings)
    laps = _laps(part, passings, who, rules)
    if laps is not None:
        at_point = laps.with_starts(at_point)
    for index, point in enumerate(race.course.points):
        if laps is not None and index == 1:
            at_point = laps.with_laps(at_point, found.moment_us[0], part_classes)
        chosen = at_point == index
        here = AtPoint(
            index=index,
            point=point,
            reads=part,
            passings=passings.take(chosen),
            who=who[chosen],
            classes=part_classes,
        )
        match_point(here, found, rules)
    if everything:
        classes = part_classes
    else:
        classes[usable] = part_classes
    _note_seen_after_giving_up(reads, owner, found, rules)
    return Matched(times=times_of(found, rules), classes=classes)


def _laps(reads: Reads, passings: Passings, who: Int32, rules: MatchRules) -> "Laps | None":
    """The laps of a course that comes back over its mats; None on one that never does."""
    if not len(passings) or not any(mat.also for mat in rules.race.course.mats):
        return None
    from timing.laps import Laps, lines_of

    return Laps.of(lines_of(rules.race.course), reads, passings, who, rules)


def _sorted_out(reads: Reads, owner: Int32, field: Field, race: Race) -> tuple[UInt8, Bool]:
    """Classes of the reads that cannot take part, and which reads can. See docs/rules.md section 1."""
    unknown = owner < 0
    stray = reads.mat < 0
    if not field.timed.all() and len(field):
        stray = stray | ~field.timed[np.maximum(owner, 0)]
    usable = ~(unknown | stray | reads.held)
    classes = np.full(len(reads), ReadClass.STRAY, np.uint8)
    classes[unknown] = ReadClass.UNKNOWN_TAG
    classes[reads.held] = ReadClass.CLOCK_HELD
    for aside in (_set_aside(reads, owner, field, race), field.after_leaving(reads, owner)):
        if aside is not None:
            classes[aside] = ReadClass.SET_ASIDE
            usable &= ~aside
    return classes, usable


def _set_aside(reads: Reads, owner: Int32, field: Field, race: Race) -> Bool | None:
    """Reads a ruling sets aside, and those at points where a ruling gives the runner's time; None: no ruling does."""
    aside = field.set_aside(reads, owner)
    if not field.by_hand:
        return aside
    n_points = len(race.course.points)
    by_hand = np.zeros((n_points + 1, len(field) + 1), np.bool_)
    for said in field.by_hand:
        by_hand[said.point, said.entrant] = True
    alone = np.append(
        [-1 if mat.also else point for mat, point in zip(race.course.mats, _point_of_mat(race), strict=True)], -1
    )
    replaced: Bool = by_hand[alone[reads.mat], owner]
    return replaced if aside is None else aside | replaced


def _changes_hands(owner: Int32, field: Field) -> Bool | None:
    """Where a tag passes from one runner to another between two reads: there a passing ends. None where none does."""
    if not field.loans:
        return None
    cuts = np.zeros(len(owner), np.bool_)
    cuts[1:] = owner[1:] != owner[:-1]
    return cuts


def _note_seen_after_giving_up(reads: Reads, owner: Int32, found: Crossings, rules: MatchRules) -> None:
    """Marks entrants who were read at the finish after they gave up, by reads that no other ruling sets aside."""
    field, course = rules.field, rules.race.course
    after = field.after_leaving(reads, owner)
    if after is None:
        return
    at_finish = np.array([course.finish.id in (mat.point, *mat.also) for mat in course.mats] + [False], np.bool_)
    after = after & at_finish[reads.mat] & ~reads.held
    aside = _set_aside(reads, owner, field, rules.race)
    if aside is not None:
        after &= ~aside
    found.after_giving_up[owner[after]] = True


def _point_of_mat(race: Race) -> Int16:
    places = {point.id: index for index, point in enumerate(race.course.points)}
    return np.array([places[mat.point] for mat in race.course.mats], np.int16)


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
