"""How the clock of each source stood lately: its offset with an error bar, and where it drifts.

Fed with the health of sources at each refresh; keeps few samples, far apart. Corrects nothing: what evidence says of a
clock is in `timing.clock_findings`.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from timing.instants import DAY, HOUR, MINUTE, SECOND, Duration, Instant, datetime_of
from timing.reads import ClockKind

APART_US: Final = 10 * SECOND
KEPT: Final = 360
"""An hour of samples."""

LEAST_US: Final = 5 * MINUTE
"""Over less than this no drift is told."""

LEAST_SAMPLES: Final = 6
SHOWN: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSample:
    """What is to be taken from a reader's clock to have ours, the zone it keeps apart; true within `window_us` / 2."""

    at_us: Instant
    ahead_us: Duration
    window_us: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Microseconds a clock gains in an hour, give or take two standard errors."""

    gains_us: float
    uncertain_us: float


class ClockHistory:
    """The last samples of each source."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._samples: dict[str, deque[ClockSample]] = {}

    def note(self, now_us: Instant, sources: Sequence[Mapping[str, Any]]) -> None:
        """Takes the offsets that source rows tell (`clock`, `clock_offset_us`, `clock_round_trip_us`)."""
        for row in sources:
            ahead_us = ahead_of_ours(row, self._zone, now_us)
            if ahead_us is None:
                continue
            samples = self._samples.setdefault(str(row["id"]), deque(maxlen=KEPT))
            sample = ClockSample(at_us=now_us, ahead_us=ahead_us, window_us=row["clock_round_trip_us"] or 0)
            if not samples or now_us - samples[-1].at_us >= APART_US:
                samples.append(sample)
            elif sample.window_us < samples[-1].window_us:
                samples[-1] = sample

    def samples(self, source: str) -> tuple[ClockSample, ...]:
        return tuple(self._samples.get(source, ()))

    def shown(self, source: str) -> list[tuple[Instant, Duration]]:
        """At most SHOWN samples (instant, how far ahead), spread over those kept, for a small chart."""
        samples = self.samples(source)
        step = max(-(-len(samples) // SHOWN), 1)
        return [(sample.at_us, sample.ahead_us) for sample in samples[::-step][::-1]]

    def drift(self, source: str) -> Drift | None:
        """The drift by least squares; None where samples are few, or too near to each other to tell."""
        samples = self._since_last_step(source)
        if len(samples) < LEAST_SAMPLES or samples[-1].at_us - samples[0].at_us < LEAST_US:
            return None
        hours = np.array([(sample.at_us - samples[0].at_us) / HOUR for sample in samples])
        ahead = np.array([sample.ahead_us - samples[0].ahead_us for sample in samples], np.float64)
        window = float(np.median([sample.window_us for sample in samples]))
        hours -= hours.mean()
        spread = float((hours**2).sum())
        slope = float((hours * ahead).sum()) / spread
        rest = ahead - ahead.mean() - slope * hours
        # A uniform error within the window has this variance; what is seen may be more, and is then believed.
        variance = max(float((rest**2).sum()) / (len(samples) - 2), window**2 / 12)
        return Drift(gains_us=slope, uncertain_us=2 * (variance / spread) ** 0.5)

    def _since_last_step(self, source: str) -> list[ClockSample]:
        """The samples since the clock was last set: a jump beyond both error bars by more than a second."""
        kept: list[ClockSample] = []
        for sample in self._samples.get(source, ()):
            if kept and abs(sample.ahead_us - kept[-1].ahead_us) > SECOND + sample.window_us + kept[-1].window_us:
                kept = []
            kept.append(sample)
        return kept


def ahead_of_ours(row: Mapping[str, Any], zone: ZoneInfo, now_us: Instant) -> Duration | None:
    """How far a reader's clock is ahead of ours, by what it keeps; None where it is not known or counts from a zero."""
    offset_us = row.get("clock_offset_us")
    if offset_us is None or row.get("clock") == ClockKind.ELAPSED:
        return None
    if row.get("clock") != ClockKind.UTC:
        zone_offset = datetime_of(now_us, zone).utcoffset()
        assert zone_offset is not None
        offset_us -= int(zone_offset.total_seconds()) * SECOND
    if row.get("clock") == ClockKind.TIME_OF_DAY:
        offset_us = (offset_us + DAY // 2) % DAY - DAY // 2
    return int(offset_us)
