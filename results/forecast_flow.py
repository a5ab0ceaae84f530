"""How many arrivals to expect in each minute to come, the dotted part of the public's chart; and how likely one is.

Each forecast is spread over its own ±: what is due and has not come is still to come. Nobody overdue is waited for.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from results.forecast import LOGISTIC_80, Due, Forecast
from timing.instants import MINUTE, SECOND, Duration, Instant
from timing.reads import Bool, Int64

MINUTES: Final = 60

_CELL_US: Final = 30 * SECOND
_BACK_CELLS: Final = 60
"""Who is due longer than this is counted as if for this long."""

_WIDTHS_US: Final = SECOND * 0.5 * np.sqrt(2.0) ** np.arange(27)
_BETWEEN_US: Final = np.sqrt(_WIDTHS_US[1:] * _WIDTHS_US[:-1])
"""Classes of ±, from half a second to an hour, and what divides them."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ExpectedFlow:
    """`per_minute` expected arrivals, from the minute `first_minute` after the first gun on: the one that is now.

    Of that minute only what is still to come.
    """

    first_minute: int
    per_minute: Float64


def expected_flow(
    forecast: Forecast, now_us: Instant, first_gun_us: Instant, *, who: Bool | None = None, minutes: int = MINUTES
) -> ExpectedFlow:
    """Arrivals per minute over the coming hour. who: for each entrant, whether their arrival is counted."""
    coming = (forecast.finish.due == Due.EXPECTED) | (forecast.finish.due == Due.DUE)
    rows = np.flatnonzero(coming if who is None else coming & who)
    first_minute = (now_us - first_gun_us) // MINUTE
    into_us = (now_us - first_gun_us) % MINUTE
    edges_us = np.maximum(0.0, np.arange(minutes + 1) * float(MINUTE) - into_us)
    cell = np.maximum((forecast.finish_us[rows] - now_us) // _CELL_US, -_BACK_CELLS)
    width = np.searchsorted(_BETWEEN_US, forecast.finish.steady_us[rows])
    per_minute = np.zeros(minutes)
    for number in np.unique(width).tolist():
        counts = np.bincount(cell[width == number] + _BACK_CELLS)
        cells = np.flatnonzero(counts)
        at_us = np.asarray((cells - _BACK_CELLS + 0.5) * _CELL_US, np.float64)
        per_minute += counts[cells] @ _shares(at_us, float(_WIDTHS_US[number]), edges_us)
    return ExpectedFlow(first_minute=int(first_minute), per_minute=per_minute)


def arrival_chance(forecast: Forecast, entrants: Int64, within_us: Duration) -> Float64:
    """How likely each of these comes within so long from now (0 to 1), given that they have not come yet."""
    coming = np.isin(forecast.finish.due[entrants], (Due.EXPECTED, Due.DUE))
    at_us = np.where(coming, forecast.finish_us[entrants] - forecast.now_us, 0).astype(np.float64)
    scale = LOGISTIC_80 / np.maximum(1.0, np.where(coming, forecast.finish.steady_us[entrants], 1))
    not_yet, later = _later(-at_us * scale), _later((within_us - at_us) * scale)
    return np.where(coming, 1.0 - later / np.maximum(not_yet, 1e-12), 0.0)


def _later(by: Float64) -> Float64:
    """How likely an error is to be above so many of its scales."""
    return np.asarray(1.0 / (1.0 + np.exp(np.clip(by, -500.0, 500.0))), np.float64)


def _shares(at_us: Float64, plus_minus_us: float, edges_us: Float64) -> Float64:
    """For arrivals expected so long after now the chance of each interval, (n, intervals), given that none came yet."""
    scale = LOGISTIC_80 / plus_minus_us
    later = _later((edges_us[None, :] - at_us[:, None]) * scale)
    not_yet = _later(-at_us * scale)
    shares: Float64 = -np.diff(later, axis=1) / np.maximum(not_yet, 1e-12)[:, None]
    return shares
