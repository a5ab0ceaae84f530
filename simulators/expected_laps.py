"""Section 10 of docs/rules.md once more, in plain Python: which passings at a line are start, which lap, the finish.

One runner at a time, nothing shared with `timing.laps`. What a passing is worth at its point is for `expected`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from timing.instants import Duration, Instant
from timing.race import Point, PointKind, Race

_EVEN: Final = Fraction(16, 10)
"""A leg is even up to 1.6 times the median pace of the others, and down to a 1.6th of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A passing at a line, by number: first and last read; the usable ones at the start, None where there are none."""

    number: int
    first: Instant
    last: Instant
    open_first: Instant | None
    open_last: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What counts for one runner: the own gun, the race gun, the speed of the wave."""

    own_gun: Instant
    race_gun: Instant
    speed_pct: int


@dataclass(frozen=True, slots=True)
class _Crossing:
    first: Instant
    stays: tuple[int, ...]


class LineRules:
    """The rules of one line. `points`: those it serves, as they are run."""

    def __init__(self, race: Race, points: Sequence[Point], first_gun: Instant, last_gun: Instant) -> None:
        self.race = race
        self.points = points
        self.first_gun = first_gun
        self.last_gun = last_gun
        self.has_start = points[0].kind is PointKind.START
        self.laps = points[1:] if self.has_start else points

    # ---- the start ----

    def starts(self, stays: Sequence[Stay], runner: Runner) -> set[int]:
        """The numbers of the passings that are of the START."""
        if not self.has_start:
            return set()
        least = self._least(self.laps[0], runner)
        when = {stay.number: self._leaves(stay) for stay in stays}
        can = sorted(when[stay.number] for stay in stays if self._can_start(stay))
        on_time = [moment for moment in can if runner.own_gun <= moment < runner.own_gun + least]
        early = [moment for moment in can if moment < runner.own_gun]
        late = [moment for moment in can if moment >= runner.own_gun + least]
        base = runner.own_gun
        if on_time:
            base = on_time[0]
        elif early:
            base = early[-1]
        elif late and not self._start_is_missing(stays, late[0], runner):
            base = late[0]
        return {number for number, moment in when.items() if moment < base + least}

    def _leaves(self, stay: Stay) -> Instant:
        waited = stay.first < self.first_gun or stay.last - stay.first > self.race.gathering.longest_us
        return stay.last if waited else stay.first

    def _can_start(self, stay: Stay) -> bool:
        if stay.open_first is None or stay.open_last is None:
            return False
        return stay.open_last - stay.open_first <= self.race.gathering.parked_us

    def _start_is_missing(self, stays: Sequence[Stay], late: Instant, runner: Runner) -> bool:
        if late > self.last_gun + self.race.start_window_us or len(self.laps) == 1:
            return True
        crossings = self._crossings(stays)
        limit = late + self._least(self.laps[0], runner)
        start = max((c.first for c in crossings if c.first < limit), default=late)
        later = self._in_turn([c for c in crossings if c.first >= limit], start, runner, {})
        if len(self.laps) - 1 in later.values():
            return False
        placed = self._in_turn(crossings, runner.own_gun, runner, {})
        pace = self._paces(_in_order(placed), runner.own_gun)
        median = _median(pace[1:])
        return median is not None and median / _EVEN <= pace[0] <= median * _EVEN

    # ---- laps and finish ----

    def given(self, stays: Sequence[Stay], start: Instant | None, runner: Runner) -> Mapping[int, str]:
        """The point of each passing after the start; those that are of none are left out."""
        crossings = self._crossings(stays)
        reference = runner.race_gun if start is None else start
        origin = runner.own_gun if start is None else start
        placed = self._in_turn(crossings, reference, runner, {})
        if placed and len(self.laps) - 1 not in placed.values():
            out = self._left_out([moment for moment, _ in _in_order(placed)], origin, reference, runner)
            placed = self._in_turn(crossings, reference, runner, out)
        last = len(self.laps) - 1
        points = {}
        for crossing in crossings:
            place = placed.get(crossing.first)
            if place is not None:
                points.update(dict.fromkeys(crossing.stays, self.laps[min(place, last)].id))
        return points

    def _crossings(self, stays: Sequence[Stay]) -> list[_Crossing]:
        found: list[_Crossing] = []
        until = 0
        for stay in sorted(stays, key=lambda s: (s.first, s.last)):
            if found and stay.first - until <= self.race.gathering.pair_us:
                found[-1] = _Crossing(found[-1].first, (*found[-1].stays, stay.number))
                until = max(until, stay.last)
            else:
                found.append(_Crossing(stay.first, (stay.number,)))
                until = stay.last
        return found

    def _in_turn(
        self, crossings: Sequence[_Crossing], reference: Instant, runner: Runner, out: Mapping[Instant, int]
    ) -> dict[Instant, int]:
        """The place of each crossing that counts, by its first read; beyond the last for those after the last point."""
        placed: dict[Instant, int] = {}
        before, at = reference, -1
        for crossing in crossings:
            place = at + 1 + out.get(crossing.first, 0)
            if place >= len(self.laps):
                placed[crossing.first] = len(self.laps)
            elif self._is_possible(crossing.first, place, before, at, reference, runner):
                placed[crossing.first] = place
                before, at = crossing.first, place
        return placed

    def _is_possible(
        self, moment: Instant, place: int, before: Instant, at: int, reference: Instant, runner: Runner
    ) -> bool:
        needed = self.laps[place].min_time_us
        lap = needed - (self.laps[at].min_time_us if at >= 0 else 0)
        return moment >= max(reference + needed * 100 // runner.speed_pct, before + lap * 100 // runner.speed_pct)

    def _left_out(
        self, moments: Sequence[Instant], origin: Instant, reference: Instant, runner: Runner
    ) -> dict[Instant, int]:
        """How many points were missed before each of these crossings."""
        pace = self._paces(list(zip(moments, range(len(moments)), strict=True)), origin)
        spare = len(self.laps) - len(moments)
        out: dict[Instant, int] = {}
        before, at = origin, -1
        for number, moment in enumerate(moments):
            median = _median(pace[:number] + pace[number + 1 :])
            missed = 0
            if median is not None:
                missed = self._missed_before(moment, (before, at), median, spare, reference, runner)
            out[moment] = missed
            spare -= missed
            before, at = moment, at + 1 + missed
        return out

    def _missed_before(
        self, moment: Instant, last: tuple[Instant, int], median: int, spare: int, reference: Instant, runner: Runner
    ) -> int:
        """As few points as make the leg even, if it is then not too quick; 0 when none do."""
        before, at = last
        for more in range(spare + 1):
            leg = self._pace(moment - before, at, at + 1 + more)
            if leg <= median * _EVEN:
                since = before if at >= 0 else reference
                possible = self._is_possible(moment, at + 1 + more, since, at, reference, runner)
                return more if leg >= median / _EVEN and possible else 0
        return 0

    def _paces(self, placed: Sequence[tuple[Instant, int]], origin: Instant) -> list[int]:
        pace = []
        before, at = origin, -1
        for moment, place in placed:
            if place < len(self.laps):
                pace.append(self._pace(moment - before, at, place))
                before, at = moment, place
        return pace

    def _pace(self, taken: Duration, begin: int, end: int) -> int:
        metres = self.laps[end].distance_m - (self.laps[begin].distance_m if begin >= 0 else 0)
        return taken * 1000 // metres

    def _least(self, point: Point, runner: Runner) -> Duration:
        return point.min_time_us * 100 // runner.speed_pct


def _in_order(placed: Mapping[Instant, int]) -> list[tuple[Instant, int]]:
    return sorted(placed.items())


def _median(pace: Sequence[int]) -> int | None:
    """Of two middle ones the faster."""
    ordered = sorted(pace)
    return ordered[(len(ordered) - 1) // 2] if ordered else None
