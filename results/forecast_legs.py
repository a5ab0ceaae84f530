"""What is known of a runner at a point, in the terms a forecast reckons in.

A leg goes from the point last seen to a later one. Expected is: as long as the way so far, in flat metres. What
somebody takes beside that is a logarithm, `surplus`: 0.05 is 5 % longer. From the start nothing has been run yet:
expected is the pace of a usual field. Owns the features and what is believed of them before anybody has run.

Sources of the beliefs: the usual field and the split model of a hilly 20 km (first half 50 to 53 % of the time of the
elite, 53 to 55 % of the mass), and pacing of real races (second half 0 to 7 % slower, the slower the runner the more).
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from results.forecast_frame import ForecastFrame
from timing.instants import MISSING, SECOND, Instant
from timing.reads import Bool, Int64
from timing.times import Times

Float64: TypeAlias = NDArray[np.float64]

USUAL_US_PER_M: Final = 345_000.0
"""Microseconds a metre on the flat: the middle of a mass race of 15 to 21 km."""

_SPREAD: Final = 0.19
"""Deviation of the logarithm of times in such a field."""

_LONGEST_DELAY_S: Final = 1200.0
_DELAY_UNIT_S: Final = 600.0
_OUT_OF_PACE: Final = 4.0
_FAST: Final = 1.5
"""So many deviations ahead of the usual pace begin those whom a climb slows less."""


@dataclass(frozen=True, kw_only=True)
class Belief:
    """Before anybody has run: mean and deviation of each coefficient, and of a single runner's surplus."""

    mean: Float64
    deviation: Float64
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """From point `begin` to point `end`, by number."""

    begin: int
    end: int

    @property
    def looked_at(self) -> tuple[int, ...]:
        """The points whose crossings a surplus and its features come from."""
        return tuple(sorted({0, max(0, self.begin - 1), self.begin, self.end}))


@dataclass(frozen=True, kw_only=True)
class LegRows:
    """Some entrants (`rows`, indexes) at the beginning of a leg; columns follow `rows`.

    `expected_us`: how long the leg takes at the pace so far. `features` has shape (n, k). `band`: of pace, fastest 0.
    """

    rows: Int64
    expected_us: Float64
    features: Float64
    band: Int64


_BAND_EDGES: Final = (-2.0, -1.0, 0.0, 1.0, 2.0)
BAND_SPREAD: Final = np.array([0.9, 0.9, 1.0, 1.25, 1.6, 2.1])
"""How uneven runners of each band are believed to be beside those of middle pace: the slow walk now and then."""


def belief_of(frame: ForecastFrame, leg: Leg) -> Belief:
    """What is believed of a leg before the day has taught anything."""
    if leg.begin == 0:
        return Belief(
            mean=np.array([-0.05, 0.5, 0.0, 0.0, 0.11, 0.04, -0.35]),
            deviation=np.array([0.08, 0.1, 0.1, 0.1, 0.05, 0.03, 0.15]),
            spread=0.15,
        )
    before = max(1.0, frame.flat_m[leg.begin]) / max(1.0, frame.distance_m[leg.begin])
    left_m = max(1.0, frame.distance_m[leg.end] - frame.distance_m[leg.begin])
    after = max(1.0, frame.flat_m[leg.end] - frame.flat_m[leg.begin]) / left_m
    steeper = float(np.log(after / before))
    return Belief(
        mean=np.array([0.015 + 0.2 * steeper, 0.01, 0.005, -0.24 * steeper, -0.02, 0.0, 0.0, 0.3]),
        deviation=np.array([0.04, 0.01, 0.004, 0.02, 0.01, 0.003, 0.005, 0.2]),
        spread=0.055 * max(1.0, (left_m / max(1.0, frame.distance_m[leg.begin])) ** 0.25),
    )


def rows_of(
    frame: ForecastFrame, times: Times, leg: Leg, rows: Int64, begun_us: Int64, seen_us: Int64 | None = None
) -> LegRows:
    """Entrants at the beginning of a leg.

    begun_us: for each entrant of the roster when they began: the own start, or what stands in for it. seen_us: for each
    row when they were at the beginning, where that is not the crossing.
    """
    if seen_us is None:
        seen_us = times.crossing_us[leg.begin][rows]
    wave_gun_us = times.wave_gun_us[rows]
    delay = np.where(wave_gun_us == MISSING, 0, begun_us[rows] - wave_gun_us) / (SECOND * _DELAY_UNIT_S)
    delay = np.clip(delay, 0.0, _LONGEST_DELAY_S / _DELAY_UNIT_S)
    ahead_m = max(1.0, frame.flat_m[leg.end] - frame.flat_m[leg.begin])
    if leg.begin == 0:
        part = _wave_part(frame, times, rows)
        columns = [part, part * part, delay, frame.woman[rows], frame.decades[rows], frame.elite[rows]]
        expected_us = np.full(len(rows), ahead_m * USUAL_US_PER_M)
        return LegRows(
            rows=rows,
            expected_us=expected_us,
            features=np.stack([np.ones(len(rows)), *columns], axis=1),
            band=np.zeros(len(rows), np.int64),
        )
    so_far_us = np.maximum(1, seen_us - begun_us[rows]).astype(np.float64)
    per_m = so_far_us / max(1.0, frame.flat_m[leg.begin])
    slow = np.clip(np.log(per_m / USUAL_US_PER_M) / _SPREAD, -_OUT_OF_PACE, _OUT_OF_PACE)
    lately = _lately(frame, times, leg, rows, per_m)
    fast = np.maximum(0.0, -slow - _FAST)
    features = np.stack(
        [np.ones(len(rows)), slow, slow * slow, fast, delay, delay * delay, slow * delay, lately], axis=1
    )
    return LegRows(rows=rows, expected_us=per_m * ahead_m, features=features, band=np.searchsorted(_BAND_EDGES, slow))


def _wave_part(frame: ForecastFrame, times: Times, rows: Int64) -> Float64:
    """-0.5 for the first wave to 0.5 for the last; 0 for one alone and for nobody's."""
    waves = len(frame.eligibility.plan.race.waves)
    wave = times.wave[rows].astype(np.float64)
    return np.where(wave < 0, 0.0, wave / max(1, waves - 1) - (0.5 if waves > 1 else 0.0))


def _lately(frame: ForecastFrame, times: Times, leg: Leg, rows: Int64, per_m: Float64) -> Float64:
    """How much slower the piece before the beginning was run than all so far, as a logarithm; 0 where not known."""
    if leg.begin < 2:
        return np.zeros(len(rows))
    piece_m = frame.flat_m[leg.begin] - frame.flat_m[leg.begin - 1]
    before_us, here_us = times.crossing_us[leg.begin - 1][rows], times.crossing_us[leg.begin][rows]
    known: Bool = (before_us != MISSING) & (here_us > before_us)
    piece_us = np.where(known, here_us - before_us, 1).astype(np.float64)
    found = np.log(piece_us / max(1.0, piece_m) / per_m)
    return np.where(known, np.clip(found, -0.5, 0.5), 0.0)


def begun(times: Times, now_us: Instant) -> tuple[Int64, Bool]:
    """For each entrant when they began, as known at an instant, and whether that is their own start read.

    Without one: the own gun and the middle delay of the same wave; MISSING where there is no gun either.
    """
    start_us = np.where(times.start_us <= now_us, times.start_us, MISSING)
    own: Bool = start_us != MISSING
    if own.all():
        return start_us, own
    stands_in = times.wave_gun_us.copy()
    delay = start_us - times.wave_gun_us
    gunned = times.wave_gun_us != MISSING
    for wave in np.unique(times.wave[~own & gunned]).tolist():
        of_wave = gunned & (times.wave == wave)
        seen = delay[of_wave & own]
        stands_in[of_wave] += int(np.median(seen)) if len(seen) else 60 * SECOND
    return np.where(own, start_us, stands_in), own
