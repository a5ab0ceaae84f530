"""What the day's own runners teach of one leg, step by step, so that a forecast never knows more than its instant.

A ridge regression of the surplus (`results.forecast_legs`) with the belief before the race as its anchor, made again
after each STEP_US of race time. Robust (Huber): one runner's say is limited. Without
hindsight: somebody counts only once most of those who were at the beginning when they were had the time to come, else
those who came first would speak for all. Owns no runner's forecast.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from results.forecast_frame import ForecastFrame
from results.forecast_legs import BAND_SPREAD, Float64, Leg, belief_of, rows_of
from timing.instants import MINUTE, MISSING, Duration, Instant
from timing.reads import Int64
from timing.times import Times

STEP_US: Final[Duration] = MINUTE

MOST: Final = 4_000
"""Of more runners than these every second, third ... is looked at: the answer is the same, and takes no longer."""

_NOT_USED: Final = 2**31 - 1
_WAIT: Final = 2.0
"""Somebody counts when those so many deviations slower had the time to come."""

_SAY: Final = 0.8
"""Beyond so many deviations a runner pulls no harder: the answer is nearly of the middle runner, not of the mean."""

_BELIEF_WEIGHT: Final = 150.0
"""How many runners the belief in the spread is worth."""

_BAND_WEIGHT: Final = 40.0
"""How many runners of a band of pace it takes until they speak for themselves as much as all others do."""

_TO_COME: Final = 1.08
"""What fits those who came is a little too sure of those who are still to come."""

_SPREAD_TO_80: Final = 1.2816
_SHARE: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """After one step. `coefficients` of the features; `within80`: for each band of pace, the surplus 80 % stay inside.

    `runners`: how many have come so far. `spread`: the deviation of one runner's surplus.
    """

    coefficients: Float64
    within80: Float64
    runners: int
    spread: float


@dataclass(frozen=True, kw_only=True)
class _Lesson:
    """Runners of one leg in the order they counted: columns, `features` of shape (n, k)."""

    rows: Int64
    features: Float64
    surplus: Float64
    band: Int64

    def take(self, which: slice | Int64) -> "_Lesson":
        return _Lesson(
            rows=self.rows[which],
            features=self.features[which],
            surplus=self.surplus[which],
            band=self.band[which],
        )

    def and_then(self, more: "_Lesson") -> "_Lesson":
        return _Lesson(
            rows=np.concatenate([self.rows, more.rows]),
            features=np.concatenate([self.features, more.features]),
            surplus=np.concatenate([self.surplus, more.surplus]),
            band=np.concatenate([self.band, more.band]),
        )


class LegLearner:
    """Keeps what was taught after each step. Not for several threads."""

    def __init__(self, frame: ForecastFrame, leg: Leg) -> None:
        self.frame = frame
        self.leg = leg
        belief = self._belief = belief_of(frame, leg)
        self._ridge = np.diag((belief.spread / belief.deviation) ** 2)
        self._anchor = self._ridge @ belief.mean
        first = Taught(
            coefficients=belief.mean,
            within80=belief.spread * _SPREAD_TO_80 * BAND_SPREAD,
            runners=0,
            spread=belief.spread,
        )
        self._steps = [first]
        self._used_at = np.full(len(frame), _NOT_USED, np.int32)
        none = np.empty(0, np.int64)
        self._learned = _Lesson(rows=none, features=np.empty((0, len(belief.mean))), surplus=np.empty(0), band=none)

    def taught(self, step: int) -> Taught:
        """What was known at the end of a step; before the first, the belief."""
        return self._steps[max(0, min(step, len(self._steps) - 1))]

    def columns(self, steps: int) -> tuple[Float64, Float64]:
        """Coefficients (steps + 1, k) and `within80` (steps + 1, bands) after each step."""
        known = [self.taught(step) for step in range(steps + 1)]
        return np.stack([each.coefficients for each in known]), np.stack([each.within80 for each in known])

    def rewind(self, step: int) -> None:
        """Forgets everything after a step."""
        if step < len(self._steps) - 1:
            del self._steps[max(0, step) + 1 :]
            self._used_at[self._used_at > max(0, step)] = _NOT_USED
            self._learned = self._learned.take(slice(self._steps[-1].runners))

    def advance(self, step: int, first_us: Instant, times: Times, begun_us: Int64) -> None:
        """Learns up to the end of a step, counted from `first_us`."""
        done = len(self._steps) - 1
        if step <= done:
            return
        for number, batch in self._batches(done + 1, step, first_us, times, begun_us):
            self._stay_until(number - 1)
            self._used_at[batch.rows] = number
            self._learned = self._learned.and_then(batch)
            self._steps.append(self._next())
        self._stay_until(step)

    def _stay_until(self, step: int) -> None:
        self._steps.extend([self._steps[-1]] * (step + 1 - len(self._steps)))

    def _batches(
        self, begin: int, end: int, first_us: Instant, times: Times, begun_us: Int64
    ) -> Iterator[tuple[int, _Lesson]]:
        """Who counts from each of these steps on. Looks, before each, at what was taught by those before."""
        at_begin_us, at_end_us = times.crossing_us[self.leg.begin], times.crossing_us[self.leg.end]
        may = self.frame.learns & (self._used_at == _NOT_USED) & (at_begin_us != MISSING) & (at_end_us > at_begin_us)
        may &= (times.start_us != MISSING) & (times.start_us <= at_begin_us) & (at_end_us <= first_us + end * STEP_US)
        rows = np.flatnonzero(may)
        if not len(rows):
            return
        here = rows_of(self.frame, times, self.leg, rows, begun_us)
        took_us = (at_end_us[rows] - at_begin_us[rows]).astype(np.float64)
        pool = _Lesson(rows=rows, features=here.features, surplus=np.log(took_us / here.expected_us), band=here.band)
        seen_us, came_us = at_begin_us[rows] - first_us, at_end_us[rows] - first_us
        left = np.arange(len(rows))
        for number in range(begin, end + 1):
            known = self._steps[-1]
            late = pool.features[left] @ known.coefficients + _WAIT * max(known.spread, self._belief.spread)
            ready_us = seen_us[left] + here.expected_us[left] * np.exp(late)
            due = (came_us[left] <= number * STEP_US) & (ready_us <= number * STEP_US)
            if due.any():
                yield number, pool.take(left[due])
                left = left[~due]
                if not len(left):
                    return

    def _next(self) -> Taught:
        """What all who counted so far teach."""
        before, lesson = self._steps[-1], self._learned.take(slice(None, None, 1 + len(self._learned.rows) // MOST))
        beside = np.abs(lesson.surplus - lesson.features @ before.coefficients)
        limit = _SAY * self._belief.spread
        weighed = lesson.features * np.minimum(1.0, limit / np.maximum(beside, 1e-9))[:, None]
        square, right = weighed.T @ lesson.features + self._ridge, weighed.T @ lesson.surplus + self._anchor
        coefficients = np.asarray(np.linalg.solve(square, right), np.float64)
        beside = np.abs(lesson.surplus - lesson.features @ coefficients)
        within80 = self._within80(beside, lesson.band)
        return Taught(
            coefficients=coefficients,
            within80=within80,
            runners=len(self._learned.rows),
            spread=float(np.median(within80)) / _SPREAD_TO_80,
        )

    def _within80(self, beside: Float64, band: Int64) -> Float64:
        """For each band the error 80 % stay inside; the fewer have run in it, the more it is that of all."""
        n, relative = len(beside), _TO_COME * beside / BAND_SPREAD[band]
        believed = self._belief.spread * _SPREAD_TO_80
        common = (n * _share_of(relative) + _BELIEF_WEIGHT * believed) / (n + _BELIEF_WEIGHT)
        found = common * BAND_SPREAD
        for number in np.unique(band).tolist():
            own = beside[band == number]
            share = _TO_COME * _share_of(own)
            found[number] = (len(own) * share + _BAND_WEIGHT * found[number]) / (len(own) + _BAND_WEIGHT)
        return found


def _share_of(values: Float64) -> float:
    """The value that _SHARE of them do not exceed."""
    place = min(len(values) - 1, int(_SHARE * len(values)))
    return float(np.partition(values, place)[place])
