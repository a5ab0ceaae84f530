"""A driver of the engine on a virtual reader: every read arrives, also when the host goes away in between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from races import NINE_US, ZONE

from readers import ipico_frames as frames
from readers.driver import driver_for
from readers.events import ClockSeen, GunSeen
from readers.health import SourceHealth
from readers.race_clock import RaceClock
from simulators.ipico_reader import IpicoTape, VirtualReader
from simulators.serve import Post, ReaderServer
from timing.instants import HOUR, MILLISECOND, SECOND
from timing.race import Source
from timing.reads import ClockKind, SourceId, SourceReads

GUN_US = NINE_US + 300 * MILLISECOND


class Kept:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.stamps: set[tuple[str, int]] = set()
        self.malformed = 0
        self.guns: list[int] = []
        self.offsets: list[int] = []
        self.state: SourceHealth | None = None

    async def reads(self, reads: SourceReads) -> None:
        self.stamps |= {(str(read.tag), read.stamp_us) for read in reads.reads}
        self.malformed += len(reads.malformed)

    async def gun(self, source: SourceId, gun: GunSeen) -> None:
        self.guns.append(gun.stamp_us)

    def clock(self, source: SourceId, clock: ClockSeen) -> None:
        self.offsets.append(clock.offset_us)

    def health(self, health: SourceHealth) -> None:
        self.state = health


def tape(count: int = 3_000) -> IpicoTape:
    lines = b"".join(frames.tag_line(f"{n:012x}", NINE_US + HOUR + n * 10_000) for n in range(count))
    due_us = NINE_US + np.arange(count) * MILLISECOND
    return IpicoTape(lines=lines, due_us=due_us, guns_us=(GUN_US,))


def post(tape: IpicoTape, address: str, clock: RaceClock) -> tuple[VirtualReader, Post]:
    reader = VirtualReader(tape, ZONE, stands_still=clock.is_fastest)
    return reader, Post(source=SourceId("start"), device=reader, address=address)


@asynccontextmanager
async def driving(connect: str, kept: Kept, clock: RaceClock) -> AsyncIterator[None]:
    source = Source(id=SourceId("start"), protocol="ipico", connect=connect, clock=ClockKind.LOCAL)
    task = asyncio.create_task(driver_for(source, kept, clock, lambda: None).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool], deadline_s: float = 15.0) -> None:
    async with asyncio.timeout(deadline_s):
        while not condition():  # noqa: ASYNC110 (neither side sets an event)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", ["pty", "tcp"])
async def test_a_driver_gets_every_read_though_it_was_away_for_a_third_of_the_race(kind: str, tmp_path: Path) -> None:
    made = tape()
    clock = RaceClock.simulated(NINE_US - SECOND // 2, 1)
    address = f"pty:{tmp_path}/start" if kind == "pty" else "tcp:127.0.0.1:0"
    reader, served = post(made, address, clock)
    async with ReaderServer([served], clock) as server:
        serving = asyncio.create_task(server.run())
        connect = f"serial:{tmp_path}/start?baud=115200" if kind == "pty" else server.addresses["start"]
        kept = Kept()
        async with driving(connect, kept, clock):
            await until(lambda: len(kept.stamps) > 1_000)
        before = len(kept.stamps)
        await until(lambda: reader.recorded(clock.now_us()) > before + 1_000)
        assert len(kept.stamps) == before
        async with driving(connect, kept, clock):
            await until(lambda: len(kept.stamps) == len(made))
            await until(lambda: reader.done)
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
    assert kept.malformed == 0
    assert kept.guns == [GUN_US + HOUR]
    assert reader.connections == 2
    assert reader.erase_requests == 0
    assert all(abs(offset - HOUR) < SECOND for offset in kept.offsets), "local time, an hour ahead of UTC"
    assert kept.offsets


async def test_as_fast_as_possible_a_driver_gets_every_read_and_the_gun(tmp_path: Path) -> None:
    made = tape(30_000)
    clock = RaceClock.fastest(NINE_US + HOUR)
    reader, served = post(made, f"pty:{tmp_path}/start", clock)
    async with ReaderServer([served], clock) as server:
        serving = asyncio.create_task(server.run())
        kept = Kept()
        async with driving(f"serial:{tmp_path}/start", kept, clock):
            await until(lambda: len(kept.stamps) == len(made))
            await until(lambda: reader.done)
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
    assert kept.malformed == 0
    assert kept.guns == [GUN_US + HOUR]
