"""The reader behind a collector, from what its driver tells to what a status says. No input or output."""

from dataclasses import replace

from readers.collector_messages import ReaderStatus
from readers.events import ClockSeen
from readers.health import Link, SourceHealth

_LINKS = {
    Link.DOWN: "down",
    Link.OPENED: "down",  # nothing understood yet: no reader to count on
    Link.UP: "up",
    Link.UNINTELLIGIBLE: "unintelligible",
}


def with_clock(reader: ReaderStatus, seen: ClockSeen) -> ReaderStatus:
    """The reader's clock in the middle of the question's way, give or take half of it."""
    half_us = seen.round_trip_us // 2
    return replace(reader, clock_us=seen.stamp_us, asked_us=seen.asked_us + half_us, round_trip_us=seen.round_trip_us)


def with_health(reader: ReaderStatus, health: SourceHealth) -> ReaderStatus:
    return replace(reader, link=_LINKS[health.link], since_us=health.since_us, reads=health.reads)
