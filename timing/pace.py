"""Pace bounds: a time for a leg below which it is not plausible that this kind of person ran it.

A bound asks a question and decides nothing, so it is lenient throughout: where something is not known it is taken as
the fastest can be. Owns no flags; see docs/rules.md section 11.

Sources: cost of running on slopes: Minetti and others, "Energy cost of walking and running at extreme uphill and
downhill slopes", J Appl Physiol 93 (2002), the fitted polynomial for running, slopes of at most 0.45; of what it saves
downhill races show about half, and so much is taken. Speeds nobody exceeds on a leg: 6.5 m/s uphill, 7.5 m/s else, the
usual windows of the trade; 6.5 m/s also where slopes are counted as flat, the pace of the best over 5 km on the road.
Women: the best are 1.09 times as slow as the best men. Age: far below the masters' best times on the road, since birth
years are often wrong; nothing for the young.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from timing.instants import MISSING, SECOND, Duration
from timing.race import Course, Race
from timing.reads import Bool, Int16, Int32, Int64
from timing.roster import Entrant, Sex

_COST: Final = tuple(Fraction(value, 10) for value in (1554, -304, -433, 463, 195, 36))
"""Joules a kilogram and metre, by falling powers of the slope (rise over distance)."""

_STEEPEST: Final = Fraction(45, 100)
_UPHILL_MM_S: Final = 6_500
_ELSE_MM_S: Final = 7_500
_FLAT_MM_S: Final = 6_500

_WOMEN_PERMILLE: Final = 1_090
_AGE_PERMILLE: Final = (
    (45, 1_020), (50, 1_040), (55, 1_060), (60, 1_080), (65, 1_100), (70, 1_130), (75, 1_170), (80, 1_220), (85, 1_280),
    (90, 1_350),
)  # fmt: skip
"""From which age on how many thousandths of the time of the fastest of all ages."""


def kind_permille(sex: Sex, age: int | None) -> int:
    """How many thousandths of the fastest man's time the fastest of this sex and age need; 1000 where it is unknown."""
    by_age = max((factor for since, factor in _AGE_PERMILLE if age is not None and age >= since), default=1000)
    return by_age * (_WOMEN_PERMILLE if sex is Sex.F else 1000) // 1000


def kinds_permille(entrants: Sequence[Entrant], day: date) -> Int64:
    """`kind_permille` of each entrant on the race day; the younger age where only the birth year is known."""
    known: dict[tuple[Sex, int | None], int] = {}
    column = []
    for entrant in entrants:
        kind = entrant.sex, _age(entrant, day)
        if kind not in known:
            known[kind] = kind_permille(*kind)
        column.append(known[kind])
    return np.array(column, np.int64)


def _age(entrant: Entrant, day: date) -> int | None:
    born = entrant.birth_date
    if born is not None:
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return entrant.age if entrant.birth_year is None else day.year - entrant.birth_year - 1


def fastest_leg_us(
    course: Course, begin: int, end: int, *, sex: Sex = Sex.UNKNOWN, age: int | None = None, speed_pct: int = 100
) -> Duration:
    """A time below which a leg is not plausible for this kind of person.

    Args: begin, end: indexes of points, the second after the first; speed_pct: that of the wave.
    """
    return fastest_of_all_us(course, begin, end) * kind_permille(sex, age) // 1000 * 100 // speed_pct


def fastest_legs_us(course: Course, begin: int, end: int, kinds: Int64, speed_pct: Int64 | int = 100) -> Int64:
    """`fastest_leg_us` of all entrants at once, from their `kinds_permille` and the speeds of their waves."""
    bounds: Int64 = fastest_of_all_us(course, begin, end) * kinds // 1000 * 100 // speed_pct
    return bounds


@lru_cache(maxsize=256)
def fastest_of_all_us(course: Course, begin: int, end: int) -> Duration:
    """The bound for the fastest runner of all.

    From the start the point's minimum time. Between later points the cost of the leg at the best pace that the minimum
    times allow on flat ground, and no more than their difference. But never faster than the speeds nobody exceeds.
    """
    assert 0 <= begin < end, f"no leg from point {begin} to point {end}"
    points = course.points
    first, last = points[begin], points[end]
    slopes = list(_slopes(course, first.distance_m, last.distance_m))
    slowest = last.min_time_us - first.min_time_us
    if begin > 0:
        slowest = min(slowest, int(_flat_metres(slopes) * _best_flat_pace(course)))
    return max(slowest, _at_top_speed_us(slopes))


def _at_top_speed_us(slopes: Sequence[tuple[int, Fraction]]) -> Duration:
    return sum(metres * 1000 * SECOND // (_UPHILL_MM_S if slope > 0 else _ELSE_MM_S) for metres, slope in slopes)


def _best_flat_pace(course: Course) -> Fraction:
    """Microseconds a metre on the flat: as the minimum times allow, and no faster than the best of all."""
    allowed = (point.min_time_us / _flat_metres(_slopes(course, 0, point.distance_m)) for point in course.points[1:])
    return max(min(allowed), Fraction(1000 * SECOND, _FLAT_MM_S))


def share_of_cost(course: Course, metre: int) -> Fraction:
    """Which part of what the whole course costs lies before a place; by metres where no heights are known."""
    whole = _flat_metres(_slopes(course, 0, course.finish.distance_m))
    return _flat_metres(_slopes(course, 0, metre)) / whole


def too_fast_legs(crossing_us: Int64, course: Course, kinds: Int64, speed_pct: Int64 | int = 100) -> Int32:
    """For each entrant a bit for each point reached sooner after the point last seen before than is plausible.

    Args: crossing_us: a row for each point, MISSING where not seen; kinds: `kinds_permille` of the entrants.
    """
    bits = np.zeros(crossing_us.shape[1], np.int32)
    before = np.full(crossing_us.shape[1], -1, np.int64)
    for end in range(len(course.points)):
        seen: Bool = crossing_us[end] != MISSING
        for begin in range(end):
            rows = np.flatnonzero(seen & (before == begin))
            if len(rows):
                speeds = speed_pct if isinstance(speed_pct, int) else speed_pct[rows]
                leg_us = crossing_us[end, rows] - crossing_us[begin, rows]
                bits[rows[leg_us < fastest_legs_us(course, begin, end, kinds[rows], speeds)]] |= 1 << end
        before[seen] = end
    return bits


def speeds_pct(wave: Int16, race: Race) -> Int64:
    """The speed of each entrant's wave (an index into `Race.waves`, -1: of none, who is taken as a runner)."""
    return np.array([*(each.speed_pct for each in race.waves), 100], np.int64)[wave]


def _slopes(course: Course, begin_m: int, end_m: int) -> Iterator[tuple[int, Fraction]]:
    """The pieces of a stretch in whole metres, with their slopes; flat where no heights are known."""
    inside = [metre for metre, _ in course.profile if begin_m < metre < end_m]
    for low, high in pairwise([begin_m, *inside, end_m]):
        slope = (_height(course, high) - _height(course, low)) / (high - low)
        yield high - low, max(-_STEEPEST, min(_STEEPEST, slope))


def _height(course: Course, metre: int) -> Fraction:
    """The height at a distance from the start, straight between those known; beyond them as the nearest."""
    profile = course.profile
    if not profile:
        return Fraction(0)
    for (low, height), (high, next_height) in pairwise(profile):
        if low <= metre <= high:
            return height + Fraction((next_height - height) * (metre - low), high - low)
    return Fraction(profile[0][1] if metre < profile[0][0] else profile[-1][1])


def _flat_metres(slopes: Iterator[tuple[int, Fraction]] | Sequence[tuple[int, Fraction]]) -> Fraction:
    """How many metres on the flat cost as much as these pieces."""
    return sum((metres * _cost(slope) for metres, slope in slopes), Fraction(0)) / _COST[-1]


def _cost(slope: Fraction) -> Fraction:
    """Joules a kilogram and metre at a slope, of a descent with half of what it saves."""
    value = Fraction(0)
    for factor in _COST:
        value = value * slope + factor
    return (value + _COST[-1]) / 2 if slope < 0 else value
