"""The reader behind a collector: from what its driver tells to what a status says, and its memory asked on command.

No input or output: what is asked goes out with whatever drives the protocol.
"""

import asyncio
from dataclasses import replace

from readers.collector_messages import ReaderStatus
from readers.events import ClockSeen
from readers.health import Link, SourceHealth
from readers.protocol import Now, Protocol, Since
from readers.race_clock import RaceClock
from timing.instants import SECOND

_LINKS = {
    Link.DOWN: "down",
    Link.OPENED: "down",  # nothing understood yet: no reader to count on
    Link.UP: "up",
    Link.UNINTELLIGIBLE: "unintelligible",
}


def with_clock(reader: ReaderStatus, seen: ClockSeen) -> ReaderStatus:
    """The reader's clock in the middle of what is known of when it showed this, give or take half of that."""
    at_us = seen.earliest_us + seen.window_us // 2
    return replace(reader, clock_us=seen.stamp_us, asked_us=at_us, round_trip_us=seen.window_us)


def with_health(reader: ReaderStatus, health: SourceHealth) -> ReaderStatus:
    return replace(
        reader,
        link=_LINKS[health.link],
        since_us=health.since_us,
        reads=health.reads,
        battery_percent=health.battery_percent,
        battery_minutes=health.battery_minutes,
        temperature_c=health.temperature_c,
        mains=health.mains,
    )


class ProtocolMemory:
    """The memory of a reader whose protocol a driver drives in this event loop."""

    def __init__(self, protocol: Protocol, clock: RaceClock) -> None:
        self._protocol, self._clock = protocol, clock

    def rewind(self, from_us: int, to_us: int) -> None:
        """Ask for all from `from_us` on, by the reader's clock: readers give their memory to its end. What is beyond
        `to_us` are repeats, which cost nothing."""
        steady_us = int(asyncio.get_running_loop().time() * SECOND)
        self._protocol.ask_memory(Since(from_us), Now(self._clock.now_us(), steady_us))
