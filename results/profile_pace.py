"""How the climb and the descent spread a runner's time over the course: metres of road as metres on the flat.

A stretch of one per cent up costs 3.1 % more time a metre, one of one per cent down saves 1.7 %: the rule of thumb of
J. Daniels, Running Formula (12 to 15 s a mile up, 8 s down, at 8 minutes a mile). Beyond 15 % either way nothing more
is added or saved. A prior only: the day's own finishers correct it (`results.forecast_learning`). Owns no runner.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timing.race import Course

Float64 = NDArray[np.float64]

_UPHILL: Final = 3.1
_DOWNHILL: Final = 1.7
"""Share of time more, or less, for each unit of slope (rise over distance)."""

_STEEPEST: Final = 0.15


@dataclass(frozen=True, kw_only=True)
class ProfilePace:
    """`at_m` ascending distances from the start, `flat_m` how many metres on the flat take as long as so far."""

    at_m: Float64
    flat_m: Float64

    def flat(self, metres: Float64 | float) -> Float64:
        """Flat metres from the start to these distances, of any shape; a metre is a metre beyond the known ends."""
        known = np.interp(metres, self.at_m, self.flat_m)
        return np.asarray(known + np.maximum(0.0, np.asarray(metres) - self.at_m[-1]), np.float64)


@lru_cache(maxsize=16)
def profile_pace(course: Course) -> ProfilePace:
    """Of a course; without a profile every metre is on the flat."""
    length = float(course.finish.distance_m)
    if len(course.profile) < 2:
        ends = np.array([0.0, length])
        return ProfilePace(at_m=ends, flat_m=ends)
    known_m, height_m = np.array(course.profile, np.float64).T
    at_m = np.unique(np.concatenate([[0.0, length], known_m[(known_m > 0) & (known_m < length)]]))
    steps = np.diff(at_m)
    slope = np.clip(np.diff(np.interp(at_m, known_m, height_m)) / steps, -_STEEPEST, _STEEPEST)
    factor = 1.0 + np.where(slope > 0, _UPHILL, _DOWNHILL) * slope
    return ProfilePace(at_m=at_m, flat_m=np.concatenate([[0.0], np.cumsum(steps * factor)]))
