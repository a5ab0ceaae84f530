"""Passings at one timing point judged: who crossed it, when, and what that makes of each read.

Owns which passings are usable (docs/rules.md sections 2 to 5): the start while it is open, elsewhere after the minimum
time and in the order of the points. Reads are arranged; runners are numbers.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from timing.crossings import Chosen, choose
from timing.field import Field
from timing.instants import MINUTE, MISSING, SECOND, Duration
from timing.passings import Passings, first_after, moments_of
from timing.race import MatRole, Point, Race
from timing.reads import Bool, Int16, Int32, Int64, ReadClass, Reads, UInt8
from timing.times import Closings, Guns

APART_US = MINUTE
"""Two tags of one runner that cross a point further apart than this are perhaps on two people."""


class Crossings:
    """The crossings found so far, filled in point by point: START first, since the others count from it.

    `moment_us`, `mat` and `by_hand` have a row for each point. `split_us`: the last split found so far. `apart`: at how
    many points the tags of one runner crossed too far apart for one person.
    """

    def __init__(self, n_points: int, n_entrants: int) -> None:
        self.moment_us: Int64 = np.full((n_points, n_entrants), MISSING, np.int64)
        self.mat: Int16 = np.full((n_points, n_entrants), -1, np.int16)
        self.by_hand: Bool = np.zeros((n_points, n_entrants), np.bool_)
        self.split_us: Int64 = np.full(n_entrants, MISSING, np.int64)
        self.parked: Bool = np.zeros(n_entrants, np.bool_)
        self.out_of_order: Bool = np.zeros(n_entrants, np.bool_)
        self.apart: UInt8 = np.zeros(n_entrants, np.uint8)
        self.after_giving_up: Bool = np.zeros(n_entrants, np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtPoint:
    """The passings at one point, whose they are, and the classes of all reads, to be filled in for these."""

    index: int
    point: Point
    reads: Reads
    passings: Passings
    who: Int32
    classes: UInt8


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRules:
    """What holds for one matching. `race_gun_us`: of each entrant. `speed_pct`: likewise, None where all have 100."""

    field: Field
    race: Race
    guns: Guns
    closings: Closings
    race_gun_us: Int64
    speed_pct: Int64 | None
    is_main: Bool

    @classmethod
    def of(cls, field: Field, race: Race, guns: Guns, closings: Closings) -> Self:
        speeds = np.array([*(wave.speed_pct for wave in race.waves), 100], np.int64)
        return cls(
            field=field,
            race=race,
            guns=guns,
            closings=closings,
            race_gun_us=_race_guns(field.wave, race, guns),
            speed_pct=speeds[field.wave] if (speeds != 100).any() else None,
            is_main=np.array([mat.role is MatRole.MAIN for mat in race.course.mats], np.bool_),
        )

    def least_us(self, duration_us: Duration, who: Int32) -> Int64 | Duration:
        """A minimum time as it holds for each of these runners."""
        return duration_us if self.speed_pct is None else duration_us * 100 // self.speed_pct[who]

    def reference_us(self, who: Int32, found: Crossings) -> Int64:
        """From when a runner's race counts: the own start crossing, else the first gun of the own race."""
        start_us = found.moment_us[0, who]
        return np.where(start_us == MISSING, self.race_gun_us[who], start_us)


def _race_guns(wave: Int16, race: Race, guns: Guns) -> Int64:
    """The first gun of the race within the race each entrant runs in; of all waves for somebody of no wave."""
    first_of_group: dict[str, int] = {}
    for each, gun_us in zip(race.waves, guns.wave_us, strict=True):
        first_of_group[each.group] = min(gun_us, first_of_group.get(each.group, gun_us))
    of_wave = np.array([*(first_of_group[each.group] for each in race.waves), guns.first_us], np.int64)
    return np.take(of_wave, wave)


def match_point(here: AtPoint, found: Crossings, rules: MatchRules) -> None:
    """Judges the passings at one point: fills in the crossings and the classes of their reads."""
    if len(here.passings):
        _judge(here, found, rules)
    for said in rules.field.by_hand:
        if said.point == here.index:
            found.moment_us[here.index, said.entrant] = said.instant_us
            found.mat[here.index, said.entrant] = -1
            found.by_hand[here.index, said.entrant] = True
    if here.index > 0:
        seen = found.moment_us[here.index] != MISSING
        found.split_us[seen] = found.moment_us[here.index, seen]


def _judge(here: AtPoint, found: Crossings, rules: MatchRules) -> None:
    if here.index == 0:
        passings, usable, parked = _usable_at_start(here, rules.race, rules.guns, rules.closings)
        too_early = np.zeros(len(passings), np.bool_)
    else:
        passings, parked = _cut_elsewhere(here, rules.race)
        too_early = _too_early(here, found, rules)
        usable = ~too_early
    candidates = np.flatnonzero(usable)
    moment_us, used = moments_of(here.reads, passings.take(candidates), here.point.moment)
    who, mat = here.who[candidates], passings.mat[candidates]
    line_us = _at_line(moment_us, who, mat, here, found, rules)
    chosen = choose(who, line_us, rules.is_main[mat], rules.race.gathering.pair_us, last=here.index == 0)
    found.moment_us[here.index, chosen.who] = line_us[chosen.passing]
    found.mat[here.index, chosen.who] = mat[chosen.passing]
    found.parked[here.who[parked]] = True
    _note_tags_apart(who, passings.tag[candidates], line_us, here.index == 0, found, rules.field)
    verdicts = np.full(len(passings), ReadClass.STRAY, np.uint8)
    verdicts[too_early] = ReadClass.TOO_EARLY
    verdicts[candidates] = _verdicts(chosen)
    _classify(here, passings, verdicts)
    here.classes[used[chosen.passing]] = ReadClass.USED


def _too_early(here: AtPoint, found: Crossings, rules: MatchRules) -> Bool:
    """Passings before anybody can be there: by the time since the start, and since the last split seen before.

    Somebody with no other passing than too soon after a split keeps the first of them, and is flagged: the split may
    be the one that is not theirs.
    """
    begin_us = here.reads.moment_us[here.passings.begin]
    reference_us = rules.reference_us(here.who, found)
    too_early: Bool = begin_us < reference_us + rules.least_us(here.point.min_time_us, here.who)
    if not here.point.min_leg_us:
        return too_early
    split_us = found.split_us[here.who]
    earliest_us = np.where(split_us == MISSING, 0, split_us) + rules.least_us(here.point.min_leg_us, here.who)
    out_of_order = ~too_early & (split_us != MISSING) & (begin_us < earliest_us)
    if not out_of_order.any():
        return too_early
    has_other = np.zeros(len(rules.field), np.bool_)
    has_other[here.who[~(too_early | out_of_order)]] = True
    alone = out_of_order & ~has_other[here.who]
    found.out_of_order[here.who[alone]] = True
    replaced: Bool = too_early | (out_of_order & ~alone)
    return replaced


def _note_tags_apart(who: Int32, tag: Int32, line_us: Int64, last: bool, found: Crossings, field: Field) -> None:
    """Counts the point for runners whose tags crossed it at moments too far apart for one person."""
    rows = np.flatnonzero(field.several[who])
    if not len(rows):
        return
    who, tag, line_us = who[rows], tag[rows], line_us[rows]
    order = np.lexsort((-line_us if last else line_us, tag, who))
    who, tag, line_us = who[order], tag[order], line_us[order]
    first_of_tag = np.ones(len(who), np.bool_)
    first_of_tag[1:] = (who[1:] != who[:-1]) | (tag[1:] != tag[:-1])
    who, line_us = who[first_of_tag], line_us[first_of_tag]
    runs = np.flatnonzero(np.concatenate(([True], who[1:] != who[:-1])))
    spread = np.maximum.reduceat(line_us, runs) - np.minimum.reduceat(line_us, runs)
    found.apart[who[runs][spread > APART_US]] += 1


def _usable_at_start(here: AtPoint, race: Race, guns: Guns, closings: Closings) -> tuple[Passings, Bool, Bool]:
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


def _cut_elsewhere(here: AtPoint, race: Race) -> tuple[Passings, Bool]:
    """Passings cut to the longest that a crossing can take; which of them are longer than that."""
    passings = here.passings
    limit_us = here.reads.moment_us[passings.begin] + race.gathering.longest_us
    high = first_after(here.reads.moment_us, passings.begin, passings.end, limit_us, inclusive=False)
    cut = Passings(
        begin=passings.begin, end=passings.end, low=passings.low, high=high,
        tag=passings.tag, mat=passings.mat, waiting=passings.waiting,
    )  # fmt: skip
    return cut, high < passings.end


def _at_line(moment_us: Int64, who: Int32, mat: Int16, here: AtPoint, found: Crossings, rules: MatchRules) -> Int64:
    """Moments moved from the mat to the line. See docs/rules.md section 4."""
    to_line_mm: Int64 = np.take(np.array([m.to_line_mm for m in rules.race.course.mats], np.int64), mat)
    if not to_line_mm.any():
        return moment_us
    if here.index == 0:
        late_us: Int64 = to_line_mm * SECOND // here.point.line_speed_mm_s
        at_line: Int64 = np.maximum(moment_us - late_us, rules.guns.first_us)
        return at_line
    elapsed_us = moment_us - rules.reference_us(who, found)
    late_us = to_line_mm * elapsed_us // (here.point.distance_m * 1000)
    return moment_us - late_us


def _verdicts(chosen: Chosen) -> UInt8:
    """The class of the usable reads of each candidate, before the used one is marked."""
    verdicts = np.full(len(chosen.in_crossing), ReadClass.SAME_PASSING, np.uint8)
    verdicts[chosen.earlier] = ReadClass.TOO_EARLY
    verdicts[chosen.later] = ReadClass.AFTER
    return verdicts


def _classify(here: AtPoint, passings: Passings, verdicts: UInt8) -> None:
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
