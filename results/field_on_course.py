"""Where the field is on the course now: an estimate for the picture, never a time or a place.

Between two points nobody is seen. A runner is drawn at the own pace where two crossings are known, else at the pace
the race file expects at the next point, and held back before a point that has not seen them. Pure.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timing.instants import MISSING, SECOND, Instant
from timing.race import Course
from timing.reads import Bool
from timing.times import Times

STEP_M: Final = 200
"""Length of course one bar of the picture stands for."""

_KNEE: Final = 0.6
"""Up to this part of a leg the expected pace is believed; from there the bars approach the point, never reach it."""

_GONE: Final = 1.8
"""Beyond this many expected leg times somebody has left the course, whatever the statuses say."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOnCourse:
    """`counts`: runners in each STEP_M of the course. `head_m`: where the first one is, None while nobody can say."""

    counts: tuple[int, ...]
    head_m: int | None


def field_on_course(course: Course, times: Times, running: Bool, now_us: Instant) -> FieldOnCourse:
    """The estimate at an instant.

    running: who is on the course (started, not finished, not declared out). The head is told once somebody has been
    seen at a split: before that every pace is a guess.
    """
    length_m = course.finish.distance_m
    bars = max(1, -(-length_m // STEP_M))
    at_m = np.full(len(times), -1.0)
    for leg in range(len(course.points) - 1):
        _place_in_leg(at_m, course, times, running, now_us, leg)
    on_course = at_m[at_m >= 0]
    counts = np.bincount(np.minimum(on_course // STEP_M, bars - 1).astype(np.int64), minlength=bars)
    return FieldOnCourse(counts=tuple(counts.tolist()), head_m=_head_m(course, times, on_course))


def _place_in_leg(at_m: Float64, course: Course, times: Times, running: Bool, now_us: Instant, leg: int) -> None:
    """Write the place of those last seen at the beginning of a leg (a later leg overwrites an earlier one)."""
    here, there = course.points[leg], course.points[leg + 1]
    seen_us = times.crossing_us[leg]
    who = np.flatnonzero(running & (seen_us != MISSING) & (seen_us <= now_us))
    if not len(who) or there.distance_m <= here.distance_m:
        return
    pace_us_per_m = np.full(len(who), SECOND * 1000.0 / there.line_speed_mm_s)
    if leg > 0:
        before = course.points[leg - 1]
        earlier_us = times.crossing_us[leg - 1][who]
        took_us = seen_us[who] - earlier_us
        known = (earlier_us != MISSING) & (took_us > 0)
        pace_us_per_m[known] = took_us[known] / max(1, here.distance_m - before.distance_m)
    leg_m = there.distance_m - here.distance_m
    part = (now_us - seen_us[who]) / (pace_us_per_m * leg_m)
    held = np.where(part < _KNEE, part, 1 - (1 - _KNEE) * np.exp(-(part - _KNEE) / (1 - _KNEE)))
    at_m[who] = np.where(part < _GONE, here.distance_m + held * leg_m, -1.0)


def _head_m(course: Course, times: Times, on_course: Float64) -> int | None:
    if (times.finish_us != MISSING).any():
        return course.finish.distance_m
    beyond_start = any((times.crossing_us[row] != MISSING).any() for row in range(1, len(course.points)))
    return int(on_course.max()) if beyond_start and len(on_course) else None
