"""Places that those who arrive can expect, made again about once a second: a board moves in steps, not in ticks."""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np

from config.plan import MainRank
from results.forecast import Forecast
from results.forecast_frame import ForecastFrame
from results.forecast_places import expected_places
from timing.instants import SECOND, Duration, Instant
from timing.times import Times

PlacesOf: TypeAlias = dict[MainRank, tuple[int | None, int | None]]
"""In each main list the place to expect, and how many places its ± is worth at most; None: none."""

KEPT_US: Final[Duration] = SECOND


class ExpectedPlaces:
    """Keeps what was told. Not for several threads. beat_us: now, by a clock of real time; whoever uses it sets it."""

    def __init__(self) -> None:
        self._kept: dict[int, PlacesOf] = {}
        self._frame: ForecastFrame | None = None
        self._made_us: Instant = 0
        self.beat_us: Instant = 0

    def of(
        self, frame: ForecastFrame, times: Times, forecast: Forecast, entrants: Sequence[int]
    ) -> dict[int, PlacesOf]:
        """For entrants (indexes) with a forecast."""
        fresh = 0 <= self.beat_us - self._made_us < KEPT_US and self._frame is frame
        wanted = {int(index) for index in entrants}
        if not fresh or not wanted <= self._kept.keys():
            self._kept = _reckoned(frame, times, forecast, sorted(wanted))
            self._frame, self._made_us = frame, self.beat_us
        return self._kept


def _reckoned(frame: ForecastFrame, times: Times, forecast: Forecast, entrants: list[int]) -> dict[int, PlacesOf]:
    found: dict[int, PlacesOf] = {index: {} for index in entrants}
    for main, expected in expected_places(frame, times, forecast, np.array(entrants, np.int64)).items():
        for index, place, best, worst in zip(
            entrants, expected.place.tolist(), expected.best.tolist(), expected.worst.tolist(), strict=True
        ):
            found[index][main] = (place, max(1, place - best, worst - place)) if place else (None, None)
    return found
