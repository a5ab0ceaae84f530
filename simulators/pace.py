"""How long people take, and where on the course they are when: finish times and pace over the climb and the descent.

Times are log-normal for each sex, fitted to places and times reported from Marseille-Cassis (median 1h58, both sexes
together); the elite front is drawn apart. Owns no names, no mats, no waves.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timing.instants import SECOND
from timing.reads import Bool, Int64

Float = NDArray[np.float64]

REFERENCE_M: Final = 20_000
_ENDURANCE: Final = 1.06
"""Times grow with the distance to this power."""

_MEN: Final = (math.log(113 * 60.0), 0.175)
_WOMEN: Final = (math.log(126 * 60.0), 0.165)
"""Mean and deviation of the logarithm of the time in seconds over 20 km."""

_FASTEST_MASS_S: Final = {False: 64 * 60.0, True: 74 * 60.0}
_SLOWEST_S: Final = 232 * 60.0
_ELITE_S: Final = {False: (59.5 * 60, 69 * 60.0), True: (67.5 * 60, 80 * 60.0)}
_WALKERS_S: Final = (178 * 60.0, 228 * 60.0)

_ALTITUDE_M: Final = (
    (0, 22), (1, 25), (2, 36), (3, 58), (4, 90), (5, 128), (6, 168), (7, 208), (8, 250), (9, 290), (10, 326), (11, 298),
    (12, 282), (13, 288), (14, 272), (15, 235), (16, 170), (17, 115), (17.5, 98), (18.2, 120), (19, 85), (20, 65),
)  # fmt: skip
_UPHILL_COST: Final = 3.2
_DOWNHILL_GAIN: Final = 1.3
"""Share of time lost, or won, for each unit of gradient."""


def finish_seconds(
    rng: np.random.Generator, *, women: Bool, elite: Bool, walkers: Bool, age: Int64, distance_m: int
) -> Float:
    """Net time of each runner over the course in seconds; slower with age beyond forty, shape (n,)."""
    n = len(women)
    mean = np.where(women, _WOMEN[0], _MEN[0])
    deviation = np.where(women, _WOMEN[1], _MEN[1])
    by_age = 0.004 * np.maximum(age - 40, 0)
    by_age -= by_age.mean() if n else 0.0
    seconds = np.exp(mean + deviation * rng.standard_normal(n) + by_age)
    fastest = np.where(women, _FASTEST_MASS_S[True], _FASTEST_MASS_S[False])
    # Who would be faster than the mass can be is put back among the good club runners, not piled up at the limit.
    seconds = np.where(seconds < fastest, fastest * (1 + 0.12 * rng.random(n)), np.minimum(seconds, _SLOWEST_S))
    front = rng.random(n) ** 0.6
    for sex in (False, True):
        low, high = _ELITE_S[sex]
        seconds = np.where(elite & (women == sex), low + (high - low) * front, seconds)
    low, high = _WALKERS_S
    seconds = np.where(walkers, low + (high - low) * rng.random(n), seconds)
    scaled: Float = seconds * (distance_m / REFERENCE_M) ** _ENDURANCE
    return scaled


class Profile:
    """Share of the time at each distance: of the climb to the Gineste for a course of 20 km, else of a flat road."""

    def __init__(self, distance_m: int) -> None:
        self.distance_m = distance_m
        self._at = np.linspace(0.0, distance_m, 201)
        middle = (self._at[1:] + self._at[:-1]) / 2
        cost = np.ones(len(middle))
        if abs(distance_m - REFERENCE_M) <= 500:
            km, altitude = np.array(_ALTITUDE_M).T
            step = distance_m / 200
            gradient = np.diff(np.interp(self._at / distance_m * 20, km, altitude)) / step
            cost = 1 + np.where(gradient > 0, _UPHILL_COST, _DOWNHILL_GAIN) * gradient
        self._share = np.concatenate(([0.0], np.cumsum(cost) / cost.sum()))

    def bend(self, rng: np.random.Generator, elite: Bool) -> Float:
        """How each runner spreads the effort: an exponent on the common share, from their share at half way."""
        n = len(elite)
        half = float(np.interp(self.distance_m / 2, self._at, self._share))
        mass = np.clip(half + 0.005 + 0.015 * rng.standard_normal(n), half - 0.055, half + 0.06)
        front = np.clip(half - 0.018 + 0.006 * rng.standard_normal(n), half - 0.034, half - 0.004)
        exponent: Float = np.log(np.where(elite, front, mass)) / math.log(half)
        return exponent

    def share(self, at_m: float, bend: Float) -> Float:
        """Share of the own time spent when this distance is reached, shape (n,)."""
        common = float(np.interp(at_m, self._at, self._share))
        share: Float = np.power(common, bend)
        return share

    def speed_mm_s(self, at_m: float, bend: Float, seconds: Float) -> Int64:
        """Speed of each runner around this distance, shape (n,)."""
        low, high = max(at_m - 60.0, 0.0), min(at_m + 60.0, float(self.distance_m))
        taken = (self.share(high, bend) - self.share(low, bend)) * seconds
        return np.rint((high - low) * 1000 / taken).astype(np.int64)


def whole_us(seconds: Float) -> Int64:
    """Seconds as integer microseconds."""
    return np.rint(seconds * SECOND).astype(np.int64)
