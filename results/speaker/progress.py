"""Places at the splits, and how many somebody has won since: what is decided, compared at equal clocks.

Who is faster so far but has been on the way for longer than somebody who has finished is behind them, finished or not.
Whoever may still come sooner counts for neither.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from config.plan import Clock, ListRule
from results.eligibility import NO_SCOPE, Admission, Eligibility
from results.rankings import wave_admits
from timing.instants import MISSING, Instant
from timing.race import GunOrigin
from timing.reads import Bool, Int64
from timing.times import Status, Times


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One main list over the course, at one moment."""

    eligibility: Eligibility
    admission: Admission
    times: Times
    now_us: Instant

    @property
    def rule(self) -> ListRule:
        return self.admission.rule

    @cached_property
    def _origin_us(self) -> Int64:
        if self.rule.clock is Clock.NET:
            return self.times.start_us
        return self.times.wave_gun_us if self.rule.gun_origin is GunOrigin.WAVE else self.times.race_gun_us

    @cached_property
    def _may(self) -> Bool:
        status = self.times.status
        may: Bool = self.admission.admitted & wave_admits(self.rule, self.eligibility.plan)[self.times.wave]
        may &= (status != Status.DSQ) & (status != Status.NC) & (status != Status.HD) & (self._origin_us != MISSING)
        return may

    def furthest_split(self, index: int) -> int | None:
        """The last split where somebody was seen, by its number on the course."""
        for number in range(len(self.times.crossing_us) - 2, 0, -1):
            if int(self.times.crossing_us[number, index]) != MISSING:
                return number
        return None

    def place_at(self, index: int, split: int) -> int | None:
        """The place at a split among those of the own list who were seen there; None for somebody it does not take."""
        crossing_us = self.times.crossing_us[split]
        scope = self.admission.scope
        if not self._may[index] or int(crossing_us[index]) == MISSING or scope[index] == NO_SCOPE:
            return None
        value = int(crossing_us[index] - self._origin_us[index])
        seen = self._may & (crossing_us != MISSING) & (scope == scope[index])
        return 1 + int(np.count_nonzero(seen & (crossing_us - self._origin_us < value)))

    def gained_since(self, index: int, split: int) -> int | None:
        """Places won from a split to the finish (lost: below 0), among those about whom that is decided."""
        times, crossing_us = self.times, self.times.crossing_us[split]
        if not self._may[index] or MISSING in (int(crossing_us[index]), int(times.finish_us[index])):
            return None
        origin_us = self._origin_us
        there = int(crossing_us[index] - origin_us[index])
        here = int(times.finish_us[index] - origin_us[index])
        seen = self._may & (crossing_us != MISSING) & (self.admission.scope == self.admission.scope[index])
        finished = times.finish_us != MISSING
        was = crossing_us - origin_us
        at_least = np.where(finished, times.finish_us, self.now_us) - origin_us
        passed = seen & (was < there) & (at_least > here)
        passed_by = seen & (was > there) & finished & (at_least < here)
        return int(np.count_nonzero(passed)) - int(np.count_nonzero(passed_by))
