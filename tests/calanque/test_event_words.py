"""What a decoder says is told in words: hours in the race's zone, stamps by the reader's clock, no Python and no
microseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from calanque.event_words import KINDS, EventWords, escaped
from readers.events import (
    ClockSeen,
    DecoderEvent,
    GunSeen,
    Malformed,
    MemoryProgress,
    MemoryState,
    StatusKind,
    StatusSeen,
)
from timing.instants import DAY, HOUR, MILLISECOND, SECOND, instant_of
from timing.reads import ChipRead, ClockKind, Tag

AT = instant_of(datetime(2024, 10, 27, 9, 5, 46, 120_000, tzinfo=UTC))
"""10:05:46.120 in Paris."""
LOCAL = AT + HOUR
"""What a right clock on local time shows then, as a stamp."""
PARIS = ZoneInfo("Europe/Paris")


def in_paris(clock: ClockKind = ClockKind.LOCAL) -> EventWords:
    return EventWords(PARIS, clock)


def clock_seen(stamp_us: int, *, resolution_us: int = 0) -> ClockSeen:
    return ClockSeen(stamp_us=stamp_us, asked_us=AT - 100_000, received_us=AT, resolution_us=resolution_us)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            ChipRead(tag=Tag("0581FE68F09E"), stamp_us=LOCAL - 80_500, received_us=AT, antenna=2, rssi=-61.5),
            "read 0581FE68F09E stamped 10:05:46.039, antenna 2, signal -61.5",
        ),
        (ChipRead(tag=None, stamp_us=LOCAL, received_us=AT), "read without a tag stamped 10:05:46.120"),
        (ChipRead(tag=Tag("A"), stamp_us=SECOND, received_us=AT), "read A stamped 1970-01-01 00:00:01.000"),
        (GunSeen(stamp_us=LOCAL, received_us=AT), "gun stamped 10:05:46.120"),
        (clock_seen(LOCAL), "clock shows 10:05:46.120, 0.050 s ahead of ours, give or take 0.050 s"),
        (StatusSeen(kind=StatusKind.BANNER, text="Welcome\x07"), "says: Welcome?"),
        (StatusSeen(kind=StatusKind.WARNING, text="no GPS"), "WARNING: no GPS"),
        (MemoryProgress(state=MemoryState.RUNNING, done=3, total=9), "its memory: running 3 of 9"),
        (MemoryProgress(state=MemoryState.FAILED, text="broke off"), "its memory: failed (broke off)"),
        (Malformed(reason="check", raw="aa\x00\xff\\\r", size=6), r"malformed, 6 bytes (check): aa\x00\xff\\\r"),
        (Malformed(reason="too long", raw="a" * 200, size=900), f"malformed, 900 bytes (too long): {'a' * 200} ..."),
    ],
)
def test_each_event_has_its_words(event: DecoderEvent, told: str) -> None:
    assert in_paris().line(event, AT) == f"10:05:46.120  {told}"
    assert type(event) in KINDS


def test_without_a_race_hours_are_utc_and_say_so() -> None:
    words = EventWords(None, ClockKind.LOCAL)
    assert words.line(GunSeen(stamp_us=LOCAL, received_us=AT), AT) == "09:05:46.120 UTC  gun stamped 10:05:46.120"


def test_stamps_are_told_as_the_clock_keeps_them() -> None:
    def gun(clock: ClockKind, stamp_us: int, own: ClockKind | None = None) -> str:
        return in_paris(clock).of(GunSeen(stamp_us=stamp_us, received_us=AT, clock=own), AT)

    assert gun(ClockKind.UTC, AT) == "gun stamped 09:05:46.120 UTC"
    assert gun(ClockKind.TIME_OF_DAY, 10 * HOUR + MILLISECOND) == "gun stamped 10:00:00.001"
    assert gun(ClockKind.LOCAL, 10 * HOUR, ClockKind.TIME_OF_DAY) == "gun stamped 10:00:00.000"
    assert gun(ClockKind.ELAPSED, 95 * SECOND) == "gun stamped 0:01:35 since its zero"
    assert gun(ClockKind.UTC, 2**62) == f"gun stamped {2**62} us", "what no calendar has is told all the same"


def test_a_clock_is_held_against_ours_in_the_zone_it_should_keep() -> None:
    def off(seen: ClockSeen, clock: ClockKind, zone: ZoneInfo | None = PARIS) -> str:
        return EventWords(zone, clock).of(seen, AT).partition(", ")[2]

    late = "0.050 s ahead of ours, give or take 0.050 s"
    assert off(clock_seen(LOCAL), ClockKind.LOCAL) == late
    assert off(clock_seen(AT), ClockKind.UTC) == late
    assert off(clock_seen(LOCAL % DAY), ClockKind.TIME_OF_DAY) == late
    assert off(clock_seen(LOCAL - HOUR - 50_000), ClockKind.LOCAL).startswith("1 h 00 min 00.000 s behind ours")
    assert off(clock_seen(LOCAL), ClockKind.LOCAL, None).startswith("0.050 s ahead of ours")
    assert off(clock_seen(LOCAL), ClockKind.LOCAL, None).endswith("and +1 h of UTC")
    assert off(clock_seen(AT), ClockKind.UTC, None) == late
    assert off(clock_seen(5 * SECOND), ClockKind.ELAPSED) == ""


def test_bytes_are_escaped_so_that_they_can_be_told_apart() -> None:
    assert escaped("\\x00\x00\té") == r"\\x00\x00\t\xe9"
