"""Mats that hear nobody while runners pass or are due: of a mat that is deaf as a whole its antennas tell nothing."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from results.crew.mats import MatsAsked
from timing.instants import MISSING, SECOND, Duration, Instant
from timing.reads import Int64

PASSED: Final = 20
"""So many runners seen by others at the point, and none by this mat: a mat that misses half would not see this once in
a million."""

DUE: Final = 40
"""So many runners forecast at a point where nobody is seen: forecasts may be wrong, and some of them gave up."""

ON_ITS_WAY_US: Final[Duration] = 15 * SECOND
"""A read may be so long on its way before it is missed."""

LEAST_US: Final[Duration] = 30 * SECOND
"""No mat is called silent sooner: a mobile link takes a breath."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentMat:
    """`passed`: runners seen at the point since by another mat; `due`: those and the ones forecast. `never`: no read
    all day; `since_us` is then when the first of them passed or was due.
    """

    mat: int
    since_us: Instant
    passed: int
    due: int
    never: bool


def silent_mats(asked: MatsAsked) -> list[SilentMat]:
    """Mats that lie, and hear nothing while they should."""
    course = asked.plan.race.course
    found = []
    for number, mat in enumerate(course.mats):
        if mat.id in asked.lifted:
            continue
        rows = [row for row, point in enumerate(course.points) if mat in point.mats]
        last = [us for code in asked.counts.channels_of(number) if (us := asked.counts.last_us(code)) is not None]
        silent = _silence(asked, number, rows, max(last, default=None))
        if silent is not None:
            found.append(silent)
    return found


def _silence(asked: MatsAsked, number: int, rows: list[int], last_us: Instant | None) -> SilentMat | None:
    since_us = asked.times.guns.first_us if last_us is None else last_us
    if asked.now_us - since_us < LEAST_US:
        return None
    until_us = asked.now_us - ON_ITS_WAY_US
    passed = _between(asked.times.crossing_us[rows], since_us, until_us)
    due = passed
    if asked.expected_us is not None:
        unseen = np.where(asked.times.crossing_us[rows] == MISSING, asked.expected_us[rows], MISSING)
        due = np.concatenate([passed, _between(unseen, since_us, until_us)])
    if len(passed) < PASSED and len(due) < DUE:
        return None
    return SilentMat(
        mat=number,
        since_us=int(due.min()) if last_us is None else last_us,
        passed=len(passed),
        due=len(due),
        never=last_us is None,
    )


def _between(at_us: Int64, begin_us: Instant, end_us: Instant) -> Int64:
    inside: Int64 = at_us[(at_us > begin_us) & (at_us <= end_us)]
    return inside
