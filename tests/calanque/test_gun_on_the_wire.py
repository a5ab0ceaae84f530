"""A gun on the wire: journalled once, with what its own stamp keeps, however often it is offered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from calanque.sources import SourceBoard, SourceSink
from readers.events import GunSeen
from timing.errors import JournalNotWritten
from timing.instants import HOUR, MINUTE
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
