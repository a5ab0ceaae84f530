"""How good the day's forecasts were: each finisher's, against the instant they crossed the line.

Twice for each point: as made the moment they were seen there, and as it stood when they were announced, a minute before
they were expected; by what was taught until then and no later. Beside it constant pace: the way so far goes on, metre
by metre. Owns the figures; their words are in `results.forecast_words`.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from results.forecast import Forecaster
from results.forecast_legs import Float64, begun
from timing.instants import MINUTE, MISSING, Duration, Instant
from timing.reads import Bool, Int64
from timing.times import Times

ANNOUNCED_US: Final = MINUTE
"""So long before the expected instant a runner is on the announcers' board."""

ENOUGH: Final = 20
"""Fewer finishers than this are no figure to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Absolute errors at the finish in microseconds: the middle one, and the one 90 of 100 do not exceed.

    `covered`: the part (0 to 1) that came inside the ±; None where there is no ±.
    """

    median_us: Duration
    p90_us: Duration
    covered: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointScore:
    """Forecasts from one point, of `count` finishers: as first made, and as announced.

    `constant` is of constant pace, for the same finishers; None at the start, where nobody has a pace. `bias_us` is how
    much later than announced the middle one came.
    """

    point: str
    count: int
    made: Errors
    announced: Errors
    bias_us: Duration
    constant: Errors | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastScore:
    """The forecast's own error until an instant, for each point before the finish at which any finisher was seen."""

    now_us: Instant
    points: tuple[PointScore, ...]

    @property
    def nearest(self) -> PointScore | None:
        """From the last point before the finish that enough have come by: what boards say of arrivals."""
        return next((each for each in reversed(self.points) if each.count >= ENOUGH), None)


def forecast_score(forecaster: Forecaster, times: Times, now_us: Instant, who: Bool | None = None) -> ForecastScore:
    """Of everybody with an own start read who has finished by an instant. who: for each entrant, whether they count."""
    forecaster.learn(times, now_us)
    begun_us, own = begun(times, now_us)
    finish_us = times.finish_us
    done = forecaster.frame.timed & own & (finish_us != MISSING) & (finish_us <= now_us)
    if who is not None:
        done = done & who
    found = []
    for number, point in enumerate(forecaster.frame.eligibility.plan.race.course.points[:-1]):
        rows = np.flatnonzero(done & (times.crossing_us[number] != MISSING) & (times.crossing_us[number] < finish_us))
        if len(rows):
            found.append(_score(forecaster, times, number, point.id, rows, begun_us))
    return ForecastScore(now_us=now_us, points=tuple(found))


def _score(forecaster: Forecaster, times: Times, number: int, name: str, rows: Int64, begun_us: Int64) -> PointScore:
    seen_us, finish_us = times.crossing_us[number][rows], times.finish_us[rows]
    took_us = (finish_us - seen_us).astype(np.float64)
    steps = forecaster.steps_at(times, seen_us)
    made_us, made_within_us = forecaster.reckon(times, number, rows, begun_us, steps).finish
    announced_us = np.minimum(seen_us + made_us.astype(np.int64) - ANNOUNCED_US, finish_us)
    later = np.maximum(steps, forecaster.steps_at(times, announced_us))
    after_us, within_us = forecaster.reckon(times, number, rows, begun_us, later).finish
    return PointScore(
        point=name,
        count=len(rows),
        made=_errors(took_us - made_us, made_within_us),
        announced=_errors(took_us - after_us, within_us),
        bias_us=round(float(np.median(took_us - after_us))),
        constant=_of_constant_pace(forecaster, number, (seen_us - begun_us[rows]).astype(np.float64), took_us),
    )


def _of_constant_pace(forecaster: Forecaster, number: int, so_far_us: Float64, took_us: Float64) -> Errors | None:
    here_m, end_m = forecaster.frame.distance_m[number], forecaster.frame.distance_m[-1]
    if here_m <= 0:
        return None
    return _errors(took_us - so_far_us * (end_m - here_m) / here_m)


def _errors(late_us: Float64, within_us: Float64 | None = None) -> Errors:
    size_us = np.abs(late_us)
    return Errors(
        median_us=round(float(np.median(size_us))),
        p90_us=round(float(np.quantile(size_us, 0.9))),
        covered=None if within_us is None else round(float(np.mean(size_us <= within_us)), 4),
    )


def score_values(score: ForecastScore) -> dict[str, Any]:
    """Plain values ready for JSON.

    `points`: for each `point`, `count`, `bias_us`, and `made`, `announced`, `constant` (None at the start) with
    `median_us`, `p90_us`, `covered`. `nearest`: the point that boards speak of, or None.
    """
    return {
        "now_us": score.now_us,
        "points": [asdict(each) for each in score.points],
        "nearest": None if score.nearest is None else score.nearest.point,
    }
