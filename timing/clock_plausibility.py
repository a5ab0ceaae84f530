"""Whether what the mats saw fits together as a race: which clocks must be whole hours off when nobody knows arrivals.

Knows only when each mat saw whom, the guns and the course. A shift is found only when as it is
does not fit, and exactly one way of changing the fewest clocks does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Final

import numpy as np

from timing.clock_evidence import HALF_HOUR, NEVER, ClockEvidence
from timing.instants import HOUR, MINUTE, SECOND, Duration
from timing.race import Race
from timing.reads import Int64, SourceId
from timing.times import Guns

READS_MIN: Final = 5
"""Fewer reads at the start say nothing."""

TAGS_MIN: Final = 10
"""Fewer people seen at two mats say nothing about the way between them."""

SHARE_MIN: Final = 0.7
"""Of those who were seen later, at least so many left while the start was open."""

SEEN_MIN: Final = 0.6
"""A mat at the start is asked only when it has told of so many of them: the first to come in may be the early ones."""

SLOWEST_MM_S: Final = 1_200
FASTEST_MM_S: Final = 7_000
"""The median runner on a leg."""

NEIGHBOURS: Final = 1.6
"""The median runners of two legs, of the same people, differ in speed by no more than this factor."""

TWINS_US: Final = 20 * MINUTE
"""Two mats of one point see the median runner at moments that are not further apart."""

SHARE_NEAR_GUNS: Final = 0.5
_CLEARLY: Final = 0.3
_AFTER_GUN_US: Final = 5 * MINUTE
_BEFORE_US: Final = 2 * MINUTE
_HOURS_MAX: Final = 3
_HANDS_MAX: Final = {HOUR: 2, HALF_HOUR: 1}
"""How many different shifts at once are believed: two people set clocks wrong by hours; half hours are rare enough."""

_TRIES_MAX: Final = 20_000


def hours_off(
    race: Race, guns: Guns, evidence: ClockEvidence, known: Mapping[SourceId, Duration]
) -> Mapping[SourceId, Duration]:
    """What must be added to the clocks of some sources, in half hours; empty: nothing has to be, or nobody can tell.

    Args: known: sources whose offset is known otherwise, and that offset.
    """
    seen = {mat.source for mat, counts in zip(race.course.mats, evidence.minutes, strict=True) if counts.any()}
    free = sorted(seen - set(known))
    if not free:
        return {}
    check = _Check(race, guns, evidence)
    if check.fits({**dict.fromkeys(free, 0), **known}):
        return {}
    for step in (HOUR, HALF_HOUR):
        found = _fewest(check, free, known, step)
        if found is not None:
            return found
    return {}


def start_fits(race: Race, guns: Guns, evidence: ClockEvidence, instead_us: Duration) -> bool:
    """Whether reads at the start, as stamped, fit the guns, and better than if they were shifted by `instead_us`.

    A shift of minutes makes no difference that could be seen: then it is enough that they fit as stamped.
    """
    numbers = [n for n, mat in enumerate(race.course.mats) if mat.point == race.course.start.id and not mat.also]
    seen = [evidence.minutes[number] for number in numbers if evidence.minutes[number].sum() >= READS_MIN]
    if not seen:
        return False
    as_stamped, shifted = (_near_guns(guns, evidence.first_minute, seen, by_us) for by_us in (0, instead_us))
    better = as_stamped - shifted > _CLEARLY if abs(instead_us) > _AFTER_GUN_US else True
    return as_stamped >= SHARE_NEAR_GUNS and better


def _near_guns(guns: Guns, first_minute: int, seen: list[Int64], shift_us: Duration) -> float:
    """The share of reads at the start that are in the minutes after a gun."""
    near = np.zeros(len(seen[0]), np.bool_)
    for gun_us in guns.wave_us:
        begin, end = (
            (at - shift_us) // MINUTE - first_minute for at in (gun_us - MINUTE, gun_us + _AFTER_GUN_US + MINUTE)
        )
        near[max(begin, 0) : max(end, 0)] = True
    return sum(int(counts[near].sum()) for counts in seen) / sum(int(counts.sum()) for counts in seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """How long the median runner took from one mat to another; `length_mm` 0: mats of one point."""

    mats: tuple[int, int]
    length_mm: int
    took_us: Duration

    def speed(self, shift_us: Duration) -> float:
        """In millimetres a second, when the second clock is shifted by so much against the first; 0: never."""
        took_us = self.took_us + shift_us
        return self.length_mm * SECOND / took_us if took_us > 0 else 0.0


class _Check:
    """Whether a set of shifts makes a race of what was seen.

    Everything is asked of people who were seen at all mats in question, so that it does not matter who is still to
    come: what has come in of a race fits as the whole does.
    """

    def __init__(self, race: Race, guns: Guns, evidence: ClockEvidence) -> None:
        self._race = race
        self._guns = guns
        self._edge_us = evidence.edge_us
        self._seen = np.abs(evidence.edge_us) != NEVER
        places = {point.id: index for index, point in enumerate(race.course.points)}
        self.sources = [mat.source for mat in race.course.mats]
        self.point = [places[mat.point] for mat in race.course.mats]
        at: dict[int, list[int]] = {}
        for number, mat in enumerate(race.course.mats):
            if not mat.also and int(self._seen[number].sum()) >= TAGS_MIN:
                at.setdefault(self.point[number], []).append(number)
        points = [at[point] for point in sorted(at)]
        self._twins = self._legs([(a, b) for mats in points for a in mats for b in mats if a < b])
        self._single = self._legs([pair for two in pairwise(points) for pair in product(*two)])
        self._double = [
            legs
            for mats in zip(points, points[1:], points[2:], strict=False)
            for a, b, c in product(*mats)
            if len(legs := self._legs([(a, b), (b, c)], also=(a, b, c))) == 2
        ]
        self._left = {mat: left for mat in at.get(0, []) if (left := self._who_left(mat)) is not None}
        self._shares: dict[tuple[int, Duration], float] = {}
        self.tries = 0

    def fits(self, shifts: Mapping[SourceId, Duration]) -> bool:
        """Whether all fits that is about sources among these."""
        self.tries += 1
        by = [shifts.get(source) for source in self.sources]

        def against(leg: _Leg) -> Duration | None:
            first, second = (by[mat] for mat in leg.mats)
            return None if first is None or second is None else second - first

        for twins in self._twins:
            shift = against(twins)
            if shift is not None and abs(twins.took_us + shift) > TWINS_US:
                return False
        for mat in self._left:
            shift = by[mat]
            if shift is not None and self._start_share(mat, shift) < SHARE_MIN:
                return False
        for leg in self._single:
            shift = against(leg)
            if shift is not None and not SLOWEST_MM_S <= leg.speed(shift) <= FASTEST_MM_S:
                return False
        for first, second in self._double:
            shifted = against(first), against(second)
            if shifted[0] is not None and shifted[1] is not None:
                slow, fast = sorted((first.speed(shifted[0]), second.speed(shifted[1])))
                if fast > NEIGHBOURS * slow:
                    return False
        return True

    def _legs(self, pairs: list[tuple[int, int]], also: tuple[int, ...] = ()) -> list[_Leg]:
        """The legs between pairs of mats of whoever was seen at both, and at all of `also`."""
        found = []
        metres = [self._race.course.points[point].distance_m for point in self.point]
        for a, b in pairs:
            both = np.logical_and.reduce([self._seen[mat] for mat in {a, b, *also}])
            took_us = self._edge_us[b][both] - self._edge_us[a][both]
            if len(took_us) >= TAGS_MIN:
                median = int(np.partition(took_us, len(took_us) // 2)[len(took_us) // 2])
                found.append(_Leg(mats=(a, b), length_mm=(metres[b] - metres[a]) * 1000, took_us=median))
        return found

    def _who_left(self, mat: int) -> Int64 | None:
        """When those who were seen later were last at this mat of the start; None while most of them were not."""
        later = self._seen[[number for number, point in enumerate(self.point) if point > 0]].any(axis=0)
        left: Int64 = self._edge_us[mat][self._seen[mat] & later]
        return left if len(left) >= max(TAGS_MIN, SEEN_MIN * int(later.sum())) else None

    def _start_share(self, mat: int, shift_us: Duration) -> float:
        key = (mat, shift_us)
        if key not in self._shares:
            left_us = self._left[mat] + shift_us
            begin_us = min(self._guns.wave_us) - _BEFORE_US
            end_us = max(self._guns.wave_us) + self._race.start_window_us
            inside = int(((left_us >= begin_us) & (left_us <= end_us)).sum())
            self._shares[key] = inside / len(left_us)
        return self._shares[key]


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
            yield chosen
            return
        for shift in shifts:
            if check.tries >= _TRIES_MAX:
                return
            following = {**chosen, left[0]: shift}
            if check.fits(following):
                yield from further(following, left[1:])

    order = dict(zip(reversed(check.sources), reversed(check.point), strict=True))
    yield from further(dict(known), sorted(free, key=lambda source: (order[source], source)))
