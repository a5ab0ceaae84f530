"""What a source brings beside reads: a gun, journalled once with what its own stamp keeps, and its clock."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from calanque.sources import SourceBoard, SourceSink
from readers.events import ClockSeen, GunSeen
from timing.errors import JournalNotWritten
from timing.instants import HOUR, MILLISECOND, MINUTE, SECOND
from timing.race import Race
from timing.reads import ClockKind


class Book:
    """A recorder that keeps what it is given, unless it refuses."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.refuses = False

    async def record(self, *bodies: Any) -> tuple[int, ...]:
        if self.refuses:
            raise JournalNotWritten("stopped")
        self.bodies += bodies
        return (1,)

    def note(self, body: Any) -> None:
        self.bodies.append(body)


def sink_of(race: Race, book: Book) -> SourceSink:
    state = SimpleNamespace(guns=[])
    return SourceSink(cast(Any, book), cast(SourceBoard, None), cast(Any, state), race)


async def test_a_gun_without_a_date_is_a_time_of_day_of_the_race(race: Race) -> None:
    book = Book()
    source = race.sources[0].id
    gun = GunSeen(stamp_us=9 * HOUR + 30 * MINUTE, received_us=0, clock=ClockKind.TIME_OF_DAY)
    await sink_of(race, book).gun(source, gun)
    (body,) = book.bodies
    assert (body.clock, body.stamp_us) == (ClockKind.TIME_OF_DAY, gun.stamp_us)
    assert body.instant_us is not None
    assert race.first_instant_us <= body.instant_us <= race.last_instant_us


async def test_the_clock_of_its_source_counts_where_the_gun_says_nothing(race: Race) -> None:
    book = Book()
    await sink_of(race, book).gun(race.sources[0].id, GunSeen(stamp_us=1, received_us=0))
    assert book.bodies[0].clock is race.sources[0].clock


async def test_a_gun_that_was_refused_is_taken_when_it_is_offered_again_and_then_only_once(race: Race) -> None:
    book = Book()
    sink, source, gun = sink_of(race, book), race.sources[0].id, GunSeen(stamp_us=1, received_us=0)
    book.refuses = True
    with pytest.raises(JournalNotWritten):
        await sink.gun(source, gun)
    book.refuses = False
    await sink.gun(source, gun)
    await sink.gun(source, gun)
    assert len(book.bodies) == 1


def seen(at_us: int) -> ClockSeen:
    """A clock that is right, in whole seconds, asked 30 ms before it answers."""
    return ClockSeen(
        stamp_us=at_us // SECOND * SECOND,
        asked_us=at_us - 15 * MILLISECOND,
        received_us=at_us + 15 * MILLISECOND,
        resolution_us=SECOND,
    )


@pytest.mark.parametrize("phase_us", range(0, SECOND, 90 * MILLISECOND))
def test_of_a_clock_that_shows_whole_seconds_the_journal_keeps_the_second_as_unknown(race: Race, phase_us: int) -> None:
    book = Book()
    sink, source = sink_of(race, book), race.sources[0].id
    at_us = race.first_instant_us + phase_us
    sink.clock(source, seen(at_us))
    (body,) = book.bodies
    offset_us = body.clock_us - (body.asked_us + body.round_trip_us // 2)
    assert abs(offset_us) <= body.round_trip_us // 2
    assert body.round_trip_us == SECOND + 30 * MILLISECOND
    for later_us in range(0, 30 * MINUTE, 7_130 * MILLISECOND):
        sink.clock(source, seen(at_us + later_us))
    assert len(book.bodies) == 1, "what may be the second it does not show is no news"
