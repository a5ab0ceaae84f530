"""Columns of a forecast while it is made. Owns no reckoning."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from results.forecast_frame import ForecastFrame
from results.forecast_observations import Observation, Outlook, with_sight
from timing.instants import MISSING
from timing.reads import Int64

NOWHERE: Final = -1
"""In columns of points: none."""


class Making:
    """Columns of a forecast while it is made."""

    def __init__(self, n: int) -> None:
        self.seen_us = np.full(n, MISSING, np.int64)
        self.point = np.full(n, NOWHERE, np.int16)
        self.observed = np.zeros(n, np.bool_)
        self.next_us = np.full(n, MISSING, np.int64)
        self.finish_us = np.full(n, MISSING, np.int64)
        self.next_pm = np.zeros(n)
        self.finish_pm = np.zeros(n)

    def copy(self) -> "Making":
        copied = Making(0)
        for name, column in vars(self).items():
            setattr(copied, name, column.copy())
        return copied

    def sight(self, frame: ForecastFrame, row: int, last_seen: int, reports: Sequence[Observation]) -> None:
        """Uses the latest report of a runner that can be true."""
        before = Outlook(
            seen_us=int(self.seen_us[row]),
            from_point=max(0, last_seen),
            point=int(self.point[row]),
            next_us=int(self.next_us[row]),
            next_pm=float(self.next_pm[row]),
            finish_us=int(self.finish_us[row]),
            finish_pm=float(self.finish_pm[row]),
        )
        found = next((one for one in (with_sight(frame, before, each) for each in reports) if one is not None), None)
        if found is None:
            return
        self.observed[row] = True
        self.point[row] = found.point
        self.next_us[row], self.next_pm[row] = found.next_us, found.next_pm
        self.finish_us[row], self.finish_pm[row] = found.finish_us, found.finish_pm

    def drop(self, rows: Int64) -> None:
        """Nothing is expected of these."""
        self.next_us[rows] = self.finish_us[rows] = MISSING
        self.point[rows] = NOWHERE
