"""The sources of a running race: what their drivers tell, and how the crew sees them."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from calanque.recorder import Recorder
from readers.events import ClockSeen, GunSeen, MemoryState
from readers.health import Link, SourceHealth, gap_news, link_news, memory_news
from readers.race_clock import RaceClock
from timing.clocks import moments
from timing.entries import ClockBody, GunBody
from timing.instants import MILLISECOND
from timing.race import Race, Source
from timing.reads import SourceId, SourceReads
from timing.state import RaceState

logger = logging.getLogger(__name__)

CLOCK_MOVED_US: Final = 50 * MILLISECOND
"""A reader's clock is journalled again when its offset moved by more than this."""


class SourceBoard:
    """The newest health of every source."""

    def __init__(self, sources: Sequence[Source], clock: RaceClock) -> None:
        """sources: each with `connect` as it is reached in this run."""
        self._clock_kind = {source.id: source.clock for source in sources}
        self._health = {
            source.id: SourceHealth(source=source.id, endpoint=source.connect, since_us=clock.now_us())
            for source in sources
        }
        self.alarms: dict[SourceId, str] = {}

    def note(self, health: SourceHealth) -> None:
        before = self._health.get(health.source)
        if news := link_news(before, health):
            logger.log(logging.INFO if health.link in (Link.UP, Link.OPENED) else logging.WARNING, "%s", news)
        if news := memory_news(before, health):
            logger.log(logging.WARNING if health.memory is MemoryState.FAILED else logging.INFO, "%s", news)
        if news := gap_news(before, health):
            logger.info("%s", news)
        self._health[health.source] = health

    def of(self, source: SourceId) -> SourceHealth:
        return self._health[source]

    def rows(self, state: RaceState, repeats: Mapping[SourceId, int]) -> Sequence[Mapping[str, Any]]:
        """A row for each source of the race, JSON-ready. `repeats`: those the recorder found in each.

        What a collector sent again it is known by its number, and never gets as far as the recorder: both count.
        """
        return [
            {
                "id": source,
                "endpoint": health.endpoint,
                "link": health.link.value,
                "since_us": health.since_us,
                "newest_us": state.counts[source].newest_us,
                "reads": state.counts[source].reads,
                "malformed": state.counts[source].malformed,
                "repeats": health.repeats + repeats.get(source, 0),
                "error": health.error or self.alarms.get(source, ""),
                "warning": health.warning,
                "clock": self._clock_kind[source].value,
                "clock_offset_us": health.clock_offset_us,
                "clock_round_trip_us": health.clock_round_trip_us,
                "gap": health.gap,
                "memory": None if health.memory is None else health.memory.value,
                "memory_done": health.memory_done,
                "memory_total": health.memory_total,
                "queue": health.queue,
                "queue_peak": health.queue_peak,
                "overflowed": health.overflowed,
                "last_read_us": health.last_read_us,
                "clock_checked_us": health.clock_checked_us,
                "battery_percent": health.battery_percent,
                "battery_minutes": health.battery_minutes,
                "temperature_c": health.temperature_c,
                "mains": health.mains,
            }
            for source, health in self._health.items()
        ]


class SourceSink:
    """Where drivers hand on what they decoded: into the journal, and onto the board."""

    def __init__(self, recorder: Recorder, board: SourceBoard, state: RaceState, race: Race) -> None:
        self._recorder = recorder
        self._board = board
        self._race = race
        self._clock_kind = {source.id: source.clock for source in race.sources}
        self._guns = {(gun.body.source, gun.body.stamp_us) for gun in state.guns}
        self._offsets: dict[SourceId, int] = {}

    async def reads(self, reads: SourceReads) -> None:
        await self._recorder.reads(reads)

    async def gun(self, source: SourceId, gun: GunSeen) -> None:
        """A gun on the wire is evidence: journalled once, whatever wave it may be."""
        if (source, gun.stamp_us) in self._guns:
            return
        clock = gun.clock or self._clock_kind[source]
        instants, held = moments(np.array([gun.stamp_us], np.int64), clock, self._race)
        await self._recorder.record(
            GunBody(
                wave=None,
                instant_us=None if held[0] else int(instants[0]),
                origin="wire",
                source=source,
                stamp_us=gun.stamp_us,
                clock=clock,
            )
        )
        # Not before: what was refused is offered again.
        self._guns.add((source, gun.stamp_us))

    def clock(self, source: SourceId, clock: ClockSeen) -> None:
        """Not waited for: a clock that is asked every few seconds must not delay reads."""
        known = self._offsets.get(source)
        if known is not None and abs(clock.offset_us - known) <= max(CLOCK_MOVED_US, clock.window_us):
            return
        self._offsets[source] = clock.offset_us
        self._recorder.note(
            ClockBody(
                source=source,
                clock_us=clock.stamp_us,
                asked_us=clock.earliest_us,
                round_trip_us=clock.window_us,
            )
        )

    def health(self, health: SourceHealth) -> None:
        self._board.note(health)
