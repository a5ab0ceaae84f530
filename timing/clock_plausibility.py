"""Whether what the mats saw fits together as a race: which clocks must be whole hours off when nobody knows arrivals.

Knows only how many reads each mat had in each minute, the guns and the course. A shift is found only when as it is
does not fit, and exactly one way of changing the fewest clocks does.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from timing.clock_evidence import HALF_HOUR, ClockEvidence
from timing.instants import HOUR, MINUTE, Duration, Instant
from timing.race import PointKind, Race
from timing.reads import Int64, SourceId
from timing.times import Guns

READS_MIN: Final = 5
"""A mat with fewer reads says nothing."""

POINT_READS_MIN: Final = 20
"""Two points at least have so many, or there is no race to judge by yet."""

SHARE_MIN: Final = 0.7
"""Of the reads at the start, at least so many are while it is open."""

SLOWEST_MM_S: Final = 1_200
FASTEST_MM_S: Final = 7_000
"""The median runner on a leg. The first ones are allowed a little more."""

FIRST_FASTEST_MM_S: Final = 7_500
NEIGHBOURS: Final = 1.6
"""Neighbouring legs are run at speeds that differ by no more than this factor."""

TWINS_US: Final = 20 * MINUTE
"""The medians of two mats at one point are not further apart."""

SHARE_NEAR_GUNS: Final = 0.5
_CLEARLY: Final = 0.3
_AFTER_GUN_US: Final = 5 * MINUTE
_BEFORE_US: Final = 2 * MINUTE
_HOURS_MAX: Final = 3
_HANDS_MAX: Final = {HOUR: 2, HALF_HOUR: 1}
"""How many different shifts at once are believed: two people set clocks wrong by hours; half hours are rare enough."""

_TRIES_MAX: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _MatReads:
    """What one mat saw, in minutes: the middle of its reads, and when it had seen a few."""

    mat: int
    point: int
    source: SourceId
    reads: int
    median_us: Instant
    early_us: Instant
    counts: Int64


def hours_off(
    race: Race, guns: Guns, evidence: ClockEvidence, known: Mapping[SourceId, Duration]
) -> Mapping[SourceId, Duration]:
    """What must be added to the clocks of some sources, in half hours; empty: nothing has to be, or nobody can tell.

    Args: known: sources whose offset is known otherwise, and that offset.
    """
    seen = _seen(race, evidence)
    free = sorted({mat.source for mat in seen} - set(known))
    if not free or not _is_a_race(seen, guns):
        return {}
    check = _Check(race, guns, evidence.first_minute, seen)
    if check.fits({**dict.fromkeys(free, 0), **known}, both=False):
        return {}
    for step in (HOUR, HALF_HOUR):
        found = _fewest(check, free, known, step)
        if found is not None:
            return found
    return {}


def _is_a_race(seen: tuple[_MatReads, ...], guns: Guns) -> bool:
    """Whether there is enough to judge by: before people have run anything fits anything."""
    reads = Counter[int]()
    for mat in seen:
        reads[mat.point] += mat.reads
    enough = [point for point, count in reads.items() if count >= POINT_READS_MIN]
    return len(enough) >= 2 and max(mat.median_us for mat in seen) > min(guns.wave_us)


def start_fits(race: Race, guns: Guns, evidence: ClockEvidence, instead_us: Duration) -> bool:
    """Whether reads at the start, as stamped, fit the guns, and better than if they were shifted by `instead_us`.

    A shift of minutes makes no difference that could be seen: then it is enough that they fit as stamped.
    """
    seen = [mat for mat in _seen(race, evidence) if mat.point == 0]
    if not seen:
        return False
    as_stamped, shifted = (_near_guns(guns, evidence.first_minute, seen, by_us) for by_us in (0, instead_us))
    better = as_stamped - shifted > _CLEARLY if abs(instead_us) > _AFTER_GUN_US else True
    return as_stamped >= SHARE_NEAR_GUNS and better


def _near_guns(guns: Guns, first_minute: int, seen: list[_MatReads], shift_us: Duration) -> float:
    """The share of reads at the start that are in the minutes after a gun."""
    near = np.zeros(len(seen[0].counts), np.bool_)
    for gun_us in guns.wave_us:
        begin, end = (
            (at - shift_us) // MINUTE - first_minute for at in (gun_us - MINUTE, gun_us + _AFTER_GUN_US + MINUTE)
        )
        near[max(begin, 0) : max(end, 0)] = True
    return sum(int(mat.counts[near].sum()) for mat in seen) / sum(mat.reads for mat in seen)


def _seen(race: Race, evidence: ClockEvidence) -> tuple[_MatReads, ...]:
    places = {point.id: index for index, point in enumerate(race.course.points)}
    found = []
    for number, mat in enumerate(race.course.mats):
        counts = evidence.minutes[number]
        total = int(counts.sum())
        if total < READS_MIN or mat.also:
            continue
        summed = np.cumsum(counts)
        median, early = (
            int(np.searchsorted(summed, place)) + evidence.first_minute for place in ((total + 1) // 2, READS_MIN)
        )
        found.append(
            _MatReads(
                mat=number,
                point=places[mat.point],
                source=mat.source,
                reads=total,
                median_us=median * MINUTE,
                early_us=early * MINUTE,
                counts=counts,
            )
        )
    return tuple(found)


class _Check:
    """Whether a set of shifts makes a race of what was seen."""

    def __init__(
        self, race: Race, guns: Guns, first_minute: int, seen: tuple[_MatReads, ...] | list[_MatReads]
    ) -> None:
        self._race = race
        self._first_minute = first_minute
        self._first_us = min(guns.wave_us)
        self._last_us = max(guns.wave_us)
        self._middle_us = sorted(guns.wave_us)[len(guns.wave_us) // 2]
        self.seen = seen
        self._shares: dict[tuple[int, Duration], float] = {}
        self.tries = 0

    def start_share(self, mat: _MatReads, shift_us: Duration) -> float:
        """The share of a start mat's reads that are while the start is open."""
        key = (mat.mat, shift_us)
        if key not in self._shares:
            begin = (self._first_us - _BEFORE_US - shift_us) // MINUTE - self._first_minute
            end = (self._last_us + self._race.start_window_us - shift_us) // MINUTE - self._first_minute + 1
            self._shares[key] = int(mat.counts[max(begin, 0) : max(end, 0)].sum()) / mat.reads
        return self._shares[key]

    def fits(self, shifts: Mapping[SourceId, Duration], *, both: bool, through: int | None = None) -> bool:
        """Whether it fits by the median runner and by the first ones (`both`), or by either; up to a point."""
        mats = [mat for mat in self.seen if mat.source in shifts and (through is None or mat.point <= through)]
        starts = [mat for mat in mats if self._race.course.points[mat.point].kind is PointKind.START]
        start_fits = all(self.start_share(mat, shifts[mat.source]) >= SHARE_MIN for mat in starts)
        medians = self._at_points([(mat, mat.median_us + shifts[mat.source]) for mat in mats])
        firsts = self._at_points([(mat, mat.early_us + shifts[mat.source]) for mat in mats])
        by_median = start_fits and medians is not None and self._runs(medians, self._middle_us, FASTEST_MM_S)
        if firsts is not None:
            firsts.pop(0, None)  # Who stands by before the gun is read there too.
        by_first = firsts is not None and self._runs(firsts, self._first_us, FIRST_FASTEST_MM_S)
        return (by_median and by_first) if both else ((by_median or by_first) and start_fits)

    @staticmethod
    def _at_points(moments: list[tuple[_MatReads, Instant]]) -> dict[int, Instant] | None:
        """The moment at each point, of its mat with most reads; None when mats of one point are too far apart."""
        found: dict[int, tuple[int, Instant]] = {}
        for mat, moment_us in moments:
            other = found.get(mat.point)
            if other is not None and abs(other[1] - moment_us) > TWINS_US:
                return None
            if other is None or mat.reads > other[0]:
                found[mat.point] = (mat.reads, moment_us)
        return {point: moment_us for point, (_, moment_us) in found.items()}

    def _runs(self, at_us: dict[int, Instant], begin_us: Instant, fastest: int) -> bool:
        """Whether the legs between these moments are run at speeds that people run."""
        at_us.setdefault(0, begin_us)
        points = sorted(at_us)
        previous = 0.0
        for before, after in pairwise(points):
            length_mm = (
                self._race.course.points[after].distance_m - self._race.course.points[before].distance_m
            ) * 1000
            took_us = at_us[after] - at_us[before]
            if took_us <= 0:
                return False
            speed = length_mm * 1_000_000 / took_us
            if not SLOWEST_MM_S <= speed <= fastest:
                return False
            # Legs over a point that is not decided yet are no neighbours of others.
            if after - before == 1 and previous and max(speed, previous) > NEIGHBOURS * min(speed, previous):
                return False
            previous = speed if after - before == 1 else 0.0
        return True


def _fewest(
    check: _Check, free: list[SourceId], known: Mapping[SourceId, Duration], step: Duration
) -> Mapping[SourceId, Duration] | None:
    """The one set that fits with the fewest different shifts, and of those with the fewest sources changed.

    Clocks that were set by one hand are off by the same. None where nothing fits, or several fit equally well.
    """
    count = _HOURS_MAX * HOUR // step
    shifts = [number * step for number in range(-count, count + 1)]
    best: list[dict[SourceId, Duration]] = []
    fewest = (len(shifts), len(free))
    check.tries = 0
    for found in _fitting(check, free, known, shifts):
        changed = {source: shift for source, shift in found.items() if shift and source not in known}
        cost = (len(set(changed.values())), len(changed))
        if cost[0] > _HANDS_MAX[step]:
            continue
        if cost < fewest:
            fewest, best = cost, [changed]
        elif cost == fewest:
            best.append(changed)
    return best[0] if len(best) == 1 and check.tries < _TRIES_MAX else None


def _fitting(
    check: _Check, free: list[SourceId], known: Mapping[SourceId, Duration], shifts: list[Duration]
) -> Iterator[dict[SourceId, Duration]]:
    """All sets of shifts that fit, found source by source in the order of the course."""

    def further(chosen: dict[SourceId, Duration], left: list[SourceId]) -> Iterator[dict[SourceId, Duration]]:
        if not left:
            if check.fits(chosen, both=True):
                yield chosen
            return
        for shift in shifts:
            check.tries += 1
            if check.tries >= _TRIES_MAX:
                return
            following = {**chosen, left[0]: shift}
            if check.fits(following, both=False):
                yield from further(following, left[1:])

    order = {mat.source: mat.point for mat in reversed(check.seen)}
    yield from further(dict(known), sorted(free, key=lambda source: (order[source], source)))
