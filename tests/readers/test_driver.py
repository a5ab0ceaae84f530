"""The driver on a clock that jumps: it comes back for ever, fetches the gap, loses nothing, and says what is wrong."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from jumping_loop import run_jumping
from reader_peer import STAMP, Kept, ReaderPeer, ended, key, line, source

from readers import ipico_frames as frames
from readers.capture import CaptureKind, CaptureWriter, captured
from readers.driver import MEMORY_AGAIN_S, OVERLAP_US, Driver
from readers.errors import ConnectFailed
from readers.events import MemoryState
from readers.health import Link
from readers.ipico import IpicoProtocol
from readers.ipico_requests import Request
from readers.link_watch import LinkWatch, pause_s
from readers.malformed import MALFORMED_KEPT
from readers.protocol import Now, Since
from readers.race_clock import RaceClock
from readers.transports import MemoryTransport, Transport, memory_pair
from timing.errors import JournalNotWritten
from timing.reads import ChipRead


class Place:
    """Where a reader may be reached, and everything around one driver."""

    def __init__(self, peer: ReaderPeer | None = None, connect: str = "tcp:reader:10000", **options: Any) -> None:
        self.peer = peer or ReaderPeer()
        self.sink = Kept()
        self.reachable = True
        self.attempts: list[float] = []
        self.transports: list[MemoryTransport] = []
        self.cursor: Since | None = None
        self._playing: list[asyncio.Task[None]] = []
        self.protocol = options.pop("protocol", None) or IpicoProtocol()
        self.driver = Driver(
            source(connect),
            self.protocol,
            self.connect,
            self.sink,
            RaceClock.fastest(STAMP),
            lambda: self.cursor,
            options.pop("capture", None),
            random=random.Random(1),
            **options,
        )

    async def connect(self) -> Transport:
        self.attempts.append(asyncio.get_running_loop().time())
        if not self.reachable:
            raise ConnectFailed("reader:10000 does not answer")
        near, far = memory_pair()
        self.transports.append(near)
        self._playing.append(asyncio.ensure_future(self.peer.play(far)))
        return near

    @asynccontextmanager
    async def driving(self) -> AsyncIterator[Place]:
        task = asyncio.create_task(self.driver.run())
        try:
            yield self
        finally:
            await ended(task)
            for playing in self._playing:
                await ended(playing)

    async def up(self) -> None:
        await self.sink.until(lambda: self.driver.health.link is Link.UP)

    async def filled(self) -> None:
        """Until the memory has been fetched to its end."""
        await self.sink.until(lambda: self.driver.health.memory is MemoryState.DONE and not self.driver.health.gap)


def jumping(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Runs a test on a loop whose clock jumps."""

    def run(tmp_path: Path) -> None:
        run_jumping(test(tmp_path) if test.__code__.co_argcount else test())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


# What comes over the wire


@jumping
async def test_reads_guns_and_the_clock_reach_the_sink() -> None:
    async with Place().driving() as place:
        await place.up()
        await place.peer.read(1, 2)
        await place.peer.send(frames.gun_frame(STAMP, reader_id=3))
        await place.peer.read(3)
        await place.sink.until(lambda: place.sink.count >= 3 and bool(place.sink.guns) and bool(place.sink.clocks))
        assert place.sink.all == [key(1), key(2), key(3)]
        assert place.sink.guns[0].stamp_us == STAMP
        assert {batch.source for batch in place.sink.batches} == {"finish"}
        assert {batch.clock for batch in place.sink.batches} == {"local"}
        health = place.driver.health
        assert (health.reads, health.guns, health.last_stamp_us) == (3, 1, key(3)[1])
        assert health.clock_offset_us == place.sink.clocks[-1].offset_us


@jumping
async def test_health_is_told_at_once_when_the_link_changes_and_at_a_pace_when_counts_do() -> None:
    async with Place().driving() as place:
        await place.filled()
        told = len(place.sink.shown)
        for n in range(100):
            await place.peer.read(n)
            await asyncio.sleep(0.01)
        await place.sink.until(lambda: place.sink.last.reads == 100)
        assert len(place.sink.shown) - told <= 6


@jumping
async def test_malformed_records_are_counted_and_a_bounded_part_of_them_kept() -> None:
    async with Place().driving() as place:
        await place.up()
        await place.peer.send(b"".join(b"aa00rubbish%d\r\n" % n for n in range(5_000)) + line(1))
        await place.sink.until(lambda: place.sink.count == 1)
        assert place.driver.health.malformed == 5_000
        assert len(place.sink.malformed) == MALFORMED_KEPT
        assert place.sink.malformed[0] == ("aa00rubbish0", "not a record")


@jumping
async def test_what_the_reader_is_set_to_that_costs_reads_is_shown() -> None:
    async with Place().driving() as place:
        await place.up()
        await place.peer.send(frames.format_reply(mask=0x3F))
        await place.sink.until(lambda: "check digits" in place.driver.health.warning)


@jumping
async def test_everything_is_captured_before_it_is_understood(tmp_path: Path) -> None:
    capture = CaptureWriter(tmp_path, source().id)
    async with Place(capture=capture).driving() as place:
        await place.up()
        await place.peer.send(b"\xff\xfe" + line(1))
        await place.sink.until(lambda: place.sink.count == 1)
    capture.close()
    records = list(captured(tmp_path, source().id))
    assert records[0].kind is CaptureKind.OPENED
    assert records[-1].kind is CaptureKind.ENDED
    received = b"".join(r.content for r in records if r.kind is CaptureKind.RECEIVED)
    assert b"\xff\xfe" + line(1) in received
    assert Request.CLOCK.value in b"".join(r.content for r in records if r.kind is CaptureKind.SENT)
    assert {record.at_us for record in records} == {STAMP}


# Links that end


@jumping
async def test_f13_a_reader_that_is_away_is_tried_for_ever_with_growing_capped_jittered_pauses() -> None:
    place = Place()
    place.reachable = False
    async with place.driving():
        await place.sink.until(lambda: len(place.attempts) >= 60, patience_s=10_000)
        pauses = [after - before for before, after in zip(place.attempts, place.attempts[1:], strict=False)]
        assert pauses[0] <= 0.2
        assert max(pauses) <= 30
        assert all(pause >= 15 for pause in pauses[10:])
        assert len({round(pause, 6) for pause in pauses[10:]}) > 40
        assert place.driver.health.attempts >= 60
        assert place.driver.health.error == "reader:10000 does not answer"
        assert place.driver.health.link is Link.DOWN
        place.reachable = True
        await place.up()
        assert place.driver.health.error == ""
        assert place.driver.health.attempts == 0


@jumping
async def test_a_serial_port_is_looked_for_every_few_seconds() -> None:
    place = Place(connect="serial:/dev/ttyUSB0")
    place.reachable = False
    async with place.driving():
        await place.sink.until(lambda: len(place.attempts) >= 30, patience_s=10_000)
        pauses = [after - before for before, after in zip(place.attempts, place.attempts[1:], strict=False)]
        assert max(pauses) <= 3


@jumping
async def test_f13_a_link_cut_without_goodbye_is_noticed_within_ten_seconds() -> None:
    async with Place().driving() as place:
        await place.filled()
        place.peer.mute = True
        gone_s = asyncio.get_running_loop().time()
        await place.sink.until(lambda: place.driver.health.link is not Link.UP)
        assert asyncio.get_running_loop().time() - gone_s <= 10
        assert "does not answer" in place.driver.health.error
        place.peer.mute = False
        await place.up()


@jumping
async def test_a_quiet_link_that_answers_is_kept() -> None:
    async with Place().driving() as place:
        await place.filled()
        await asyncio.sleep(3600)
        assert len(place.attempts) == 1
        assert place.driver.health.link is Link.UP
        assert place.peer.requests.count(Request.CLOCK) > 1000


@jumping
async def test_a_reader_that_never_answers_but_sends_reads_is_kept() -> None:
    async with Place(ReaderPeer(mute=True)).driving() as place:
        await asyncio.sleep(0.1)
        for n in range(30):
            await place.peer.read(n)
            await asyncio.sleep(2)
        assert len(place.attempts) == 1
        assert place.driver.health.link is Link.UP
        assert place.sink.all == [key(n) for n in range(30)]


@jumping
async def test_f10_half_a_record_at_the_cut_is_never_joined_with_the_next_connection() -> None:
    async with Place(ReaderPeer(memory=False)).driving() as place:
        await place.sink.until(lambda: place.driver.health.memory is MemoryState.NONE)
        await place.peer.read(1, 2, half=20)
        await asyncio.sleep(0.01)
        place.peer.cut()
        await place.sink.until(lambda: len(place.transports) == 2)
        await place.up()
        await place.peer.send(line(2)[20:] + line(3))
        await place.sink.until(lambda: place.sink.count == 2)
        assert place.sink.all == [key(1), key(3)]
        assert any(reason == "cut off by the end of the link" for _, reason in place.sink.malformed)


@jumping
async def test_of_a_reader_without_a_memory_a_gap_is_told_from_the_first_cut_on() -> None:
    async with Place(ReaderPeer(memory=False)).driving() as place:
        await place.up()
        await place.sink.until(lambda: place.driver.health.memory is MemoryState.NONE)
        assert not place.driver.health.gap
        place.peer.cut()
        await place.sink.until(lambda: len(place.transports) == 2)
        await place.up()
        await place.sink.until(lambda: place.driver.health.memory is MemoryState.NONE)
        assert place.driver.health.gap


@jumping
async def test_what_was_read_while_the_link_was_down_comes_from_the_memory() -> None:
    async with Place().driving() as place:
        await place.filled()
        await place.peer.read(*range(50))
        await place.sink.until(lambda: place.sink.count == 50)
        for cut in range(1, 4):
            place.reachable = False
            place.peer.cut()
            await place.sink.until(lambda: place.driver.health.link is Link.DOWN)
            await place.peer.read(*range(50 * cut, 50 * cut + 50))
            place.reachable = True
            await place.up()
            assert place.driver.health.gap
            await place.filled()
        # Repeats are harmless further on: each read is there, and nothing that was not read.
        assert set(place.sink.all) == {key(n) for n in range(200)}
        assert place.peer.downloads == 4


class Recording(IpicoProtocol):
    """Notes from when the memory was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Since | None] = []

    def ask_memory(self, since: Since | None, now: Now) -> None:
        self.asked.append(since)
        super().ask_memory(since, now)


@jumping
async def test_the_memory_is_asked_from_a_minute_before_what_is_durable() -> None:
    protocol = Recording()
    async with Place(protocol=protocol).driving() as place:
        await place.filled()
        place.cursor = Since(STAMP, "7", 41)
        place.peer.cut()
        await place.sink.until(lambda: len(protocol.asked) == 2)
        assert protocol.asked == [None, Since(STAMP - OVERLAP_US, "7", 41)]
        assert OVERLAP_US == 60_000_000


class Thanking(IpicoProtocol):
    """Tells the reader what is safe."""

    def __init__(self) -> None:
        super().__init__()
        self.safe: list[int] = []
        self.told_s: float | None = None
        self.said_s: float | None = None

    def stored(self, reads: Sequence[ChipRead]) -> None:
        self.safe += [read.stamp_us for read in reads]
        self.told_s = asyncio.get_running_loop().time()

    def data_to_send(self) -> bytes:
        if self.told_s is not None and self.said_s is None:
            self.said_s = asyncio.get_running_loop().time()
        return super().data_to_send()


@jumping
async def test_a_protocol_that_acknowledges_is_told_once_what_is_safe_and_says_so_at_once() -> None:
    protocol = Thanking()
    async with Place(protocol=protocol).driving() as place:
        await place.filled()
        place.sink.refusal = JournalNotWritten("disk full")
        await place.peer.read(1, 2)
        await asyncio.sleep(3)
        assert protocol.safe == []
        place.sink.refusal = None
        await place.sink.until(lambda: place.sink.count == 2)
        await asyncio.sleep(3)
        assert protocol.safe == [key(1)[1], key(2)[1]]
        assert protocol.told_s is not None
        assert protocol.said_s is not None
        assert protocol.said_s - protocol.told_s < 0.01  # well before the driver's next tick


@jumping
async def test_a_fetch_that_broke_off_is_tried_again_and_the_gap_stays_shown() -> None:
    async with Place().driving() as place:
        place.peer.memory = [line(n) for n in range(5)]
        answer = place.peer._status
        place.peer._status = lambda: b""  # type: ignore[method-assign]
        await place.sink.until(lambda: place.driver.health.memory is MemoryState.FAILED)
        assert place.driver.health.gap
        assert "memory" in place.driver.health.warning
        failed_s = asyncio.get_running_loop().time()
        place.peer._status = answer  # type: ignore[method-assign]
        await place.filled()
        assert MEMORY_AGAIN_S <= asyncio.get_running_loop().time() - failed_s <= MEMORY_AGAIN_S + 10
        assert place.driver.health.warning == ""
        assert set(place.sink.all) == {key(n) for n in range(5)}


@jumping
async def test_a_reader_without_a_memory_says_so_and_is_not_asked_again() -> None:
    async with Place(ReaderPeer(memory=False)).driving() as place:
        await place.sink.until(lambda: place.driver.health.memory is MemoryState.NONE)
        asked = place.peer.requests.count(Request.MEMORY_STATUS)
        await asyncio.sleep(300)
        assert place.peer.requests.count(Request.MEMORY_STATUS) == asked
        assert "no memory" in place.driver.health.warning
        assert not place.driver.health.gap, "nothing has passed it by yet"


# Rubbish


@pytest.mark.parametrize(
    ("connect", "cause"), [("serial:/dev/ttyUSB0?baud=9600", "wrong line speed"), ("tcp:reader:10000", "another port")]
)
def test_f11_only_rubbish_is_called_unintelligible_within_five_seconds_with_the_probable_cause(
    connect: str, cause: str
) -> None:
    async def main() -> None:
        chance = random.Random(3)
        async with Place(ReaderPeer(mute=True), connect=connect).driving() as place:
            await place.sink.until(lambda: place.peer.link is not None)
            start_s = asyncio.get_running_loop().time()
            seen_s = None
            while (now_s := asyncio.get_running_loop().time()) < start_s + 60:
                await place.peer.send(chance.randbytes(100))
                await asyncio.sleep(0.1)
                if seen_s is None and place.sink.last.link is Link.UNINTELLIGIBLE:
                    seen_s = now_s
            assert seen_s is not None
            assert seen_s - start_s <= 5
            assert cause in place.driver.health.error
            # The link is alive: it is kept, and the evidence is bounded.
            assert len(place.attempts) == 1
            assert place.driver.health.malformed > 300
            assert len(place.sink.malformed) <= MALFORMED_KEPT + 10
            assert place.sink.count == 0
            await place.peer.send(b"\r\n")
            await place.peer.read(1)
            await place.up()
            assert place.driver.health.error == ""

    run_jumping(main())


# A sink that does not keep up


@jumping
async def test_a_sink_that_stands_still_leaves_the_wire_waiting_first_and_loses_nothing() -> None:
    async with Place(queue_max=100).driving() as place:
        await place.filled()
        place.sink.open.clear()
        sending = asyncio.ensure_future(place.peer.read(*range(5_000)))
        await asyncio.sleep(3)
        place.sink.open.set()
        await place.sink.until(lambda: place.sink.count == 5_000)
        await sending
        assert place.sink.all == [key(n) for n in range(5_000)]
        health = place.driver.health
        assert health.overflowed == 0
        assert 100 <= health.queue_peak < 5_000


@jumping
async def test_reads_that_find_no_room_are_counted_shown_and_fetched_from_the_memory() -> None:
    async with Place(queue_max=100).driving() as place:
        await place.filled()
        place.sink.open.clear()
        for n in range(40):
            await place.peer.read(*range(100 * n, 100 * n + 100))
            await asyncio.sleep(1)
        await place.sink.until(lambda: place.sink.last.overflowed > 0)
        assert place.driver.health.queue < 5_000
        assert place.driver.health.link is Link.UP
        place.sink.open.set()
        await place.sink.until(lambda: len(set(place.sink.all)) == 4_000, patience_s=300)
        assert set(place.sink.all) == {key(n) for n in range(4_000)}
        await place.filled()


@jumping
async def test_a_batch_the_journal_refuses_is_offered_again_until_it_is_taken() -> None:
    async with Place().driving() as place:
        await place.filled()
        place.sink.refusal = JournalNotWritten("the disk is full")
        await place.peer.read(1, 2, 3)
        await place.sink.until(lambda: place.driver.health.error == "the disk is full")
        await asyncio.sleep(30)
        place.sink.refusal = None
        await place.sink.until(lambda: place.sink.count == 3)
        assert place.sink.all == [key(1), key(2), key(3)]
        await place.sink.until(lambda: place.sink.last.error == "")


@jumping
async def test_a_mistake_in_the_sink_ends_the_driver_with_it() -> None:
    place = Place()

    async def broken(_: object) -> None:
        raise ZeroDivisionError

    place.sink.reads = broken  # type: ignore[method-assign]
    async with asyncio.timeout(60):
        running = asyncio.create_task(place.driver.run())
        await place.up()
        await place.peer.read(1)
        with pytest.raises(ZeroDivisionError):
            await running


@jumping
async def test_stopping_closes_the_link() -> None:
    async with Place().driving() as place:
        await place.up()
    (transport,) = place.transports
    with pytest.raises(Exception, match="closed"):
        await transport.read()


# The parts


def test_pauses_double_to_the_cap_and_chance_takes_up_to_half() -> None:
    assert [pause_s(n, 30, 1.0) for n in (1, 2, 3, 4, 8, 9, 1000)] == [0.2, 0.4, 0.8, 1.6, 25.6, 30, 30]
    assert pause_s(1000, 30, 0.0) == 15


def test_a_watch_calls_half_a_record_no_rubbish() -> None:
    watch = LinkWatch(0)
    watch.bytes_came(20, understood=False, steady_us=1)
    assert watch.state(60_000_000) is Link.OPENED


def test_a_watch_forgets_rubbish_when_something_is_understood() -> None:
    watch = LinkWatch(0)
    watch.bytes_came(1000, understood=False, steady_us=1)
    assert watch.state(4_000_001) is Link.UNINTELLIGIBLE
    watch.bytes_came(38, understood=True, steady_us=4_000_002)
    assert watch.state(4_000_003) is Link.UP


def test_a_watch_takes_bytes_for_a_sign_of_life_and_silence_for_none() -> None:
    watch = LinkWatch(0)
    assert not watch.is_dead(None, 10**12)
    assert not watch.is_dead(0, 6_999_999)
    assert watch.is_dead(0, 7_000_000)
    watch.bytes_came(1, understood=False, steady_us=6_000_000)
    assert not watch.is_dead(0, 7_000_000)
