"""Lap courses: which passing at a line that serves several points is the start, which lap, which the finish.

A pure function of each runner's own passings; the order they arrived in plays no part. What a passing is worth at its
point is judged elsewhere, as at every other point. See docs/rules.md section 10.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from timing.instants import MISSING, Instant
from timing.lap_sequence import LineCrossings, crossings_of, is_even, missing_laps, paces, sequence
from timing.passings import Passings
from timing.point_matching import MatchRules
from timing.race import Course
from timing.reads import Bool, Int16, Int32, Int64, ReadClass, Reads, UInt8

TOO_EARLY: Final = -1
"""In place of a point: too soon after the crossing before to be the next point of the line."""

ASIDE: Final = -2
"""In place of a point: a person has said when the runner was there."""

_NEVER: Final = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Mats that serve the same points in turn: `mats` in `Course.mats`, `points` in `Course.points`, as they are run.

    `min_us` and `distance_m`: those of the points, from the start.
    """

    mats: Int16
    points: Int16
    min_us: Int64
    distance_m: Int64

    @property
    def has_start(self) -> bool:
        return int(self.points[0]) == 0


def lines_of(course: Course) -> tuple[Line, ...]:
    """The lines of a course that serve more than one point; none on a course that never comes back."""
    mats_of: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, mat in enumerate(course.mats):
        if mat.also:
            mats_of[mat.point, *mat.also].append(number)
    places = {point.id: index for index, point in enumerate(course.points)}
    lines = []
    for ids, mats in mats_of.items():
        points = [places[name] for name in ids]
        lines.append(
            Line(
                mats=np.array(mats, np.int16),
                points=np.array(points, np.int16),
                min_us=np.array([course.points[index].min_time_us for index in points], np.int64),
                distance_m=np.array([course.points[index].distance_m for index in points], np.int64),
            )
        )
    return tuple(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Laps:
    """The passings of a race with lines that serve several points.

    `first_us`, `last_us`: moments of the first and last read of each passing; `who`: its entrant, `begin` and `end` its
    reads. `own_us` and `speed_pct` of each entrant: the own gun, and how fast the fastest of the wave are.
    """

    lines: tuple[Line, ...]
    first_us: Int64
    last_us: Int64
    passings: Passings
    who: Int32
    own_us: Int64
    speed_pct: Int64
    rules: MatchRules

    @classmethod
    def of(cls, lines: tuple[Line, ...], reads: Reads, passings: Passings, who: Int32, rules: MatchRules) -> Self:
        wave = rules.field.wave
        own = np.array([*rules.guns.wave_us, rules.guns.first_us], np.int64)
        return cls(
            lines=lines,
            first_us=reads.moment_us[passings.begin],
            last_us=reads.moment_us[passings.end - 1],
            passings=passings,
            who=who,
            own_us=own[wave],
            speed_pct=np.full(len(wave), 100, np.int64) if rules.speed_pct is None else rules.speed_pct,
            rules=rules,
        )

    def with_starts(self, at_point: Int16) -> Int16:
        """The points of all passings, with those at a line that are no start moved to the next point of the line."""
        at_point = at_point.copy()
        for line in self.lines:
            if line.has_start:
                rows = self._rows(line)
                at_point[rows] = np.where(self._at_start(line, rows), 0, line.points[1])
        return self._without_told(at_point, 0)

    def with_laps(self, at_point: Int16, start_us: Int64, classes: UInt8) -> Int16:
        """The points of all passings, once the start crossings of all entrants are known.

        Passings of no point are TOO_EARLY or ASIDE, and their reads are given that class.
        """
        at_point = at_point.copy()
        for line in self.lines:
            rows = self._rows(line)
            rows = rows[at_point[rows] > 0]
            if len(rows):
                at_point[rows] = self._of_laps(line, rows, start_us)
            for point in line.points[line.points > 0].tolist():
                at_point = self._without_told(at_point, point)
        reads_of = self.passings.end - self.passings.begin
        classes[np.repeat(at_point == TOO_EARLY, reads_of)] = ReadClass.TOO_EARLY
        classes[np.repeat(at_point == ASIDE, reads_of)] = ReadClass.SET_ASIDE
        return at_point

    def _rows(self, line: Line) -> Int64:
        return np.flatnonzero(np.isin(self.passings.mat, line.mats))

    def _without_told(self, at_point: Int16, point: int) -> Int16:
        """Sets aside the passings of those whose crossing of the point a person has told."""
        told = [said.entrant for said in self.rules.field.by_hand if said.point == point]
        return (
            np.where((at_point == point) & np.isin(self.who, told), ASIDE, at_point).astype(np.int16)
            if told
            else at_point
        )

    def _told(self, point: int) -> list[tuple[int, Instant]]:
        """Whose crossing of a point a person has told, and when it was."""
        told = (said for said in self.rules.field.by_hand if said.point == point and said.instant_us != MISSING)
        return [(said.entrant, said.instant_us) for said in told]

    # ---- the start ----

    def _at_start(self, line: Line, rows: Int64) -> Bool:
        """Which passings are of the start: those less than the next point's minimum time after the first that can be.

        The first that can be: from the own gun on and before the own gun plus that minimum time; without one, the last
        before the own gun (who left early); without one, the first at all, unless the start read is missing. What
        a person has told comes before all of these.
        """
        who, when = self.who[rows], self._when(rows)
        can = self._can_start(rows)
        own = self.own_us
        min_us = line.min_us[1] * 100 // self.speed_pct
        since_us = when - own[who]
        on_time = can & (since_us >= 0) & (since_us < min_us[who])
        early = can & (since_us < 0)
        late = can & (since_us >= min_us[who])
        first_on_time = _first_of(who, when, on_time, len(own))
        last_early = _last_of(who, when, early, len(own))
        first_late = _first_of(who, when, late, len(own))
        base = np.where(first_on_time < _NEVER, first_on_time, np.where(last_early > -_NEVER, last_early, first_late))
        only_late = (base == first_late) & (first_late < _NEVER)
        missing = np.zeros(len(own), np.bool_)
        missing[only_late] = self._start_is_missing(line, rows, np.flatnonzero(only_late), first_late)
        base = np.where((base < _NEVER) & ~missing, base, own)
        for entrant, instant_us in self._told(0):
            base[entrant] = instant_us
        limit_us = base + min_us
        return np.asarray(when < limit_us[who], np.bool_)

    def _when(self, rows: Int64) -> Int64:
        """When each passing would leave the start: at its first read, or the last of somebody who waited."""
        first, last = self.first_us[rows], self.last_us[rows]
        waited = (first < self.rules.guns.first_us) | (last - first > self.rules.race.gathering.longest_us)
        return np.where(waited, last, first)

    def _can_start(self, rows: Int64) -> Bool:
        """Which passings have a read while the start is open, and are not of a parked tag."""
        first, last = self.first_us[rows], self.last_us[rows]
        can: Bool = last >= self.rules.guns.first_us
        can &= last - np.maximum(first, self.rules.guns.first_us) <= self.rules.race.gathering.parked_us
        if self.rules.closings.start_us is not None:
            can &= first <= self.rules.closings.start_us
        return can

    def _start_is_missing(self, line: Line, rows: Int64, entrants: Int64, first_late: Int64) -> Bool:
        """Of entrants first seen when a lap can be over since their gun: who was missed at the start, not late for it.

        Missed is who comes after the start is planned to be over, whose next point is the last of the line, or whose
        time from the gun is as even as the laps that follow while a start then would leave the last point unseen.
        """
        planned_end = max(self.rules.guns.wave_us) + self.rules.race.start_window_us
        missing = np.asarray(first_late[entrants] > planned_end, np.bool_)
        if len(line.points) == 2:
            missing[:] = True
        open_rows = rows[np.isin(self.who[rows], entrants[~missing])]
        if not len(open_rows):
            return missing
        found = crossings_of(
            self.who[open_rows], self.first_us[open_rows], self.last_us[open_rows], self.rules.race.gathering.pair_us
        )
        who = found.who
        min_us, distance_m, speed = line.min_us[1:], line.distance_m[1:], self.speed_pct[who]
        limit_us = first_late[who] + min_us[0] * 100 // speed
        started_us, later = _split(found, limit_us)
        as_start = sequence(later, started_us, min_us, speed)
        as_lap = sequence(found, self.own_us[who], min_us, speed)
        of_runner = dict(zip(who.tolist(), range(len(who)), strict=True))
        for place in np.flatnonzero(~missing).tolist():
            row = of_runner[int(entrants[place])]
            finishes = len(min_us) - 1 in later.of_row(as_start, row)
            missing[place] = not finishes and is_even(
                paces(
                    found.of_row(found.first_us, row), found.of_row(as_lap, row), int(self.own_us[who[row]]), distance_m
                )
            )
        return missing

    # ---- laps and finish ----

    def _of_laps(self, line: Line, rows: Int64, start_us: Int64) -> Int16:
        """The point of each passing after the start: crossings in turn, with laps left out where they were missed."""
        skip = 1 if line.has_start else 0
        points, min_us, distance_m = line.points[skip:], line.min_us[skip:], line.distance_m[skip:]
        found, known = self._crossings(points, rows)
        started_us, speed = start_us[found.who], self.speed_pct[found.who]
        seen = started_us != MISSING
        reference_us = np.where(seen, started_us, self.rules.race_gun_us[found.who])
        origin_us = np.where(seen, started_us, self.own_us[found.who])
        places = sequence(found, reference_us, min_us, speed, known=known)
        left_out = missing_laps(found, places, origin_us, min_us, distance_m, speed, reference_us)
        if known is not None:  # where people have told a lap, they have counted: nothing is guessed beside it
            row = np.repeat(np.arange(len(found.who)), found.count)
            left_out[np.isin(row, row[known >= 0])] = 0
        if left_out.any():
            places = sequence(found, reference_us, min_us, speed, left_out=left_out, known=known)
        of_place = np.append(points, [points[-1], TOO_EARLY]).astype(np.int16)
        return of_place[places[found.of_passing[: len(rows)]]]

    def _crossings(self, points: Int16, rows: Int64) -> tuple[LineCrossings, Int64 | None]:
        """The crossings of these passings and of what people have told, and the places of those told (else -1)."""
        who, first, last, pair_us = (
            self.who[rows],
            self.first_us[rows],
            self.last_us[rows],
            self.rules.race.gathering.pair_us,
        )
        told = [(place, *each) for place, point in enumerate(points.tolist()) for each in self._told(point)]
        if not told:
            return crossings_of(who, first, last, pair_us), None
        places, entrants, moments = np.array(told, np.int64).T
        found = crossings_of(
            np.append(who, entrants.astype(np.int32)), np.append(first, moments), np.append(last, moments), pair_us
        )
        known = np.full(len(found.first_us), -1, np.int64)
        known[found.of_passing[len(rows) :]] = places
        return found, known


def _split(found: LineCrossings, limit_us: Int64) -> tuple[Int64, LineCrossings]:
    """The last crossing of each runner before a limit, and the crossings from it on."""
    row = np.repeat(np.arange(len(found.who)), found.count)
    before = found.first_us < limit_us[row]
    started_us = _last_of(row, found.first_us, before, len(found.who))
    count = np.bincount(row[~before], minlength=len(found.who))
    later = LineCrossings(
        who=found.who,
        begin=np.cumsum(count) - count,
        count=count,
        first_us=found.first_us[~before],
        of_passing=np.empty(0, np.int64),
    )
    return started_us, later


def _first_of(who: Int32 | Int64, when: Int64, which: Bool, n: int) -> Int64:
    """The first moment among some for each of n, _NEVER where there is none."""
    first = np.full(n, _NEVER, np.int64)
    np.minimum.at(first, who[which], when[which])
    return first


def _last_of(who: Int32 | Int64, when: Int64, which: Bool, n: int) -> Int64:
    last = np.full(n, -_NEVER, np.int64)
    np.maximum.at(last, who[which], when[which])
    return last
