"""From where a reader's memory is asked: never from after something that may be missing."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest
from mqtt_peers import running, until

from readers import driver as driver_module
from readers.driver import OVERLAP_US, Driver
from readers.events import ClockSeen, DecoderEvent, GunSeen, MemoryProgress, MemoryState
from readers.health import SourceHealth
from readers.protocol import Now, Since
from readers.race_clock import RaceClock
from readers.transports import MemoryTransport, memory_pair
from timing.race import Source
from timing.reads import ChipRead, ClockKind, SourceId, SourceReads, Tag

MAT = Source(id=SourceId("km-10"), protocol="choosing", connect="tcp:reader:1", clock=ClockKind.UTC)
DAY_US = 1_730_016_000_000_000
MINUTE_US = 60_000_000


class ChoosingReader:
    """The protocol of a reader whose memory can be asked from a stamp on. A line: a stamp, or `done`."""

    def __init__(self) -> None:
        self.asked: list[int | None] = []
        self._out = b""

    def connected(self, now: Now) -> None:
        self._out = b""

    def disconnected(self) -> list[DecoderEvent]:
        return []

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        return [self._event(line, now) for line in data.decode().split()]

    def _event(self, line: str, now: Now) -> DecoderEvent:
        if line == "done":
            return MemoryProgress(state=MemoryState.DONE)
        return ChipRead(tag=Tag("A1"), stamp_us=DAY_US + int(line), received_us=now.race_us)

    def data_to_send(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def next_deadline(self) -> int | None:
        return None

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        return []

    def ask_memory(self, since: Since | None, now: Now) -> None:
        self.asked.append(None if since is None else since.stamp_us - DAY_US)
        self._out = b"memory\n"

    @property
    def unanswered_since_us(self) -> int | None:
        return None


class Safe:
    """A sink that has safe what it was given, unless it stands still."""

    def __init__(self) -> None:
        self.stamps: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def reads(self, reads: SourceReads) -> None:
        await self.open.wait()
        self.stamps += [read.stamp_us - DAY_US for read in reads.reads]

    async def gun(self, source: SourceId, gun: GunSeen) -> None: ...

    def clock(self, source: SourceId, clock: ClockSeen) -> None: ...

    def health(self, health: SourceHealth) -> None: ...

    def last(self) -> Since | None:
        return Since(DAY_US + self.stamps[-1]) if self.stamps else None


class Wire:
    """Links to the reader, one after the other; `say` what the reader says over the present one."""

    def __init__(self) -> None:
        self.links = 0
        self._ends: deque[MemoryTransport] = deque()

    async def connect(self) -> MemoryTransport:
        ours, theirs = memory_pair()
        self._ends.append(theirs)
        self.links += 1
        return ours

    async def say(self, *lines: object) -> None:
        await self._ends[-1].write("".join(f"{line}\n" for line in lines).encode())

    def cut(self) -> None:
        self._ends[-1].close()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "pause_s", lambda failures, longest, chance: 0.01)


def _driver(reader: ChoosingReader, wire: Wire, sink: Safe, queue_max: int = 1_000) -> Driver:
    return Driver(MAT, reader, wire.connect, sink, RaceClock.real(), sink.last, queue_max=queue_max)


async def test_a_new_run_asks_for_all_and_after_that_only_for_what_may_be_missing() -> None:
    reader, wire, sink = ChoosingReader(), Wire(), Safe()
    sink.stamps.append(9 * MINUTE_US)  # what an earlier run left: it may have been ended in the middle of a fetch
    async with running(_driver(reader, wire, sink)):
        await until(lambda: reader.asked == [None])
        await wire.say(10 * MINUTE_US, "done")
        await until(lambda: sink.stamps[-1] == 10 * MINUTE_US)
        wire.cut()
        await until(lambda: reader.asked == [None, 10 * MINUTE_US - OVERLAP_US])


async def test_live_reads_during_a_fetch_that_breaks_off_do_not_hide_the_gap() -> None:
    reader, wire, sink = ChoosingReader(), Wire(), Safe()
    async with running(_driver(reader, wire, sink)):
        await until(lambda: reader.asked)
        await wire.say("done", 10 * MINUTE_US)
        await until(lambda: sink.stamps)
        wire.cut()
        await until(lambda: wire.links == 2 and len(reader.asked) == 2)
        await wire.say(11 * MINUTE_US, 30 * MINUTE_US)  # one of the memory, one live; then the link is cut
        await until(lambda: sink.stamps[-1] == 30 * MINUTE_US)
        wire.cut()
        await until(lambda: len(reader.asked) == 3)
        await wire.say(12 * MINUTE_US, 31 * MINUTE_US, "done")
        await until(lambda: sink.stamps[-1] == 31 * MINUTE_US)
        wire.cut()
        await until(lambda: len(reader.asked) == 4)
    before = 10 * MINUTE_US - OVERLAP_US
    assert reader.asked == [None, before, before, 31 * MINUTE_US - OVERLAP_US]


async def test_reads_dropped_for_want_of_room_are_asked_for_from_before_the_first_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(driver_module, "ROOM_WITHIN_S", 0.02)
    reader, wire, sink = ChoosingReader(), Wire(), Safe()
    driver = _driver(reader, wire, sink, queue_max=10)
    async with running(driver):
        await until(lambda: reader.asked)
        await wire.say("done", 10 * MINUTE_US)
        await until(lambda: sink.stamps)
        sink.open.clear()
        for minute in range(11, 80):
            await wire.say(minute * MINUTE_US)
            await asyncio.sleep(0)
        await until(lambda: driver.health.overflowed > 0)
        sink.open.set()
        await until(lambda: len(reader.asked) == 2)
    assert reader.asked[1] == 10 * MINUTE_US - OVERLAP_US
