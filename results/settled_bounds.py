"""How early each runner can still be at the finish, and until when they can still take a place: bounds, no forecasts.

Minimum times and legs are those of matching (docs/rules.md sections 4 and 5): from the own start read, else from the
gun of the race, to the finish; and from the last split seen. A split that was not read says nothing, so a leg is
counted from a split that was. Columns have a value for each entrant; FAR stands for "never", -FAR for "at any time".
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from timing.instants import MISSING, SECOND, Duration
from timing.pace import speeds_pct
from timing.race import Race
from timing.reads import Int64
from timing.times import Times

FAR: Final = 2**61

_SLOWEST_MM_S: Final = 1_000
"""Slower than this nobody comes over a finish mat; with it the way from the line to the mat behind it is bounded."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What bounds the arrival of each entrant. Rows: the gun, the own start, each split.

    `known_us`: since when the bound of that row is known (FAR: not yet). `arrival_us`: the earliest arrival by it.
    `earliest_us`: by all of them.
    """

    known_us: Int64
    arrival_us: Int64
    earliest_us: Int64

    @classmethod
    def of(cls, times: Times, race: Race) -> Self:
        finish = race.course.finish
        speed = speeds_pct(times.wave, race)
        least_us = finish.min_time_us * 100 // speed
        leg_us = finish.min_leg_us * 100 // speed
        start_us, gun_us = times.start_us, times.race_gun_us
        started = start_us != MISSING
        reference_us = np.where(started, start_us, gun_us)
        known = [
            np.where(started & (start_us < gun_us), FAR, gun_us),  # who left early is bounded by the own start alone
            np.where(started, start_us, FAR),
        ]
        arrival = [gun_us + least_us, reference_us + least_us]
        for crossing_us in times.crossing_us[1:-1]:
            seen = crossing_us != MISSING
            known.append(np.where(seen, crossing_us, FAR))
            arrival.append(np.where(seen, crossing_us, 0) + leg_us)
        known_us, arrival_us = np.stack(known), np.stack(arrival)
        behind_mm = max((mat.to_line_mm for mat in finish.mats), default=0)
        if behind_mm > 0:  # moved back to the line by the runner's own mean speed
            since_us = np.stack([gun_us, *[reference_us] * (len(known) - 1)])
            arrival_us -= behind_mm * np.maximum(arrival_us - since_us, 0) // (finish.distance_m * 1000)
        arrival_us[known_us == FAR] = -FAR
        return cls(known_us=known_us, arrival_us=arrival_us, earliest_us=arrival_us.max(axis=0))

    def take(self, rows: Int64) -> "Bounds":
        return Bounds(
            known_us=self.known_us.take(rows, axis=1),
            arrival_us=self.arrival_us.take(rows, axis=1),
            earliest_us=self.earliest_us.take(rows),
        )

    def over_by(self, deadline_us: Int64) -> Int64:
        """When each was no longer able to arrive by the deadline: at the deadline, or since a crossing showed it."""
        over = deadline_us.copy()
        for known_us, arrival_us in zip(self.known_us, self.arrival_us, strict=True):
            np.minimum(over, known_us, out=over, where=arrival_us > deadline_us)
        return over


def passing_us(race: Race) -> Duration:
    """So long after somebody is at the line a passing is over, at the mats behind the line too."""
    behind_mm = max((mat.to_line_mm for mat in race.course.finish.mats), default=0)
    return race.gathering.longest_us + max(0, behind_mm) * SECOND // _SLOWEST_MM_S
