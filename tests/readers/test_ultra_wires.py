"""An Ultra behind a real socket, driven as in a race: a link that breaks off in a line loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from zoneinfo import ZoneInfo

from reader_peer import Kept, ended

from readers import ultra_frames as frames
from readers.clock_setting import ClockSetter, set_clock
from readers.driver import Driver, driver_for
from readers.events import MemoryState
from readers.health import Link
from readers.race_clock import RaceClock
from readers.transports import open_transport
from simulators.ultra_reader import UltraRecord, VirtualUltra
from simulators.zones import local_of
from timing.instants import MILLISECOND, SECOND, Instant
from timing.race import Source
from timing.reads import ClockKind, SourceId

PARIS = ZoneInfo("Europe/Paris")
NINE_US = 1_792_915_200 * SECOND
CHUNK = 37
"""Bytes written at once: lines are cut everywhere."""


class UltraPort:
    """A virtual box that listens on a TCP port. Its race clock stands where the test sets it, or is `clock`."""

    def __init__(self, box: VirtualUltra, clock: RaceClock | None = None) -> None:
        self.box = box
        self.clock = clock
        self.stands_us = NINE_US
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def now_us(self) -> Instant:
        return self.stands_us if self.clock is None else self.clock.now_us()

    async def on(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.box.host_connected(self.now_us)
        with suppress(OSError):
            while not reader.at_eof():
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        self.box.receive(await reader.read(4096), self.now_us)
                data = self.box.take(self.now_us, 4096)
                for place in range(0, len(data), CHUNK):
                    writer.write(data[place : place + CHUNK])
                    await writer.drain()
        writer.close()

    async def off(self, half_a_line: bytes = b"") -> None:
        assert self._server is not None
        self._server.close()
        if self._writer is not None:
            self._writer.write(half_a_line)
            with suppress(OSError):
                await self._writer.drain()
            self._writer.close()
        self.box.host_disconnected(self.now_us)


@asynccontextmanager
async def driving(port: int, sink: Kept) -> AsyncIterator[Driver]:
    source = Source(id=SourceId("finish"), protocol="ultra", connect=f"tcp:127.0.0.1:{port}", clock=ClockKind.LOCAL)
    driver = driver_for(source, sink, RaceClock.real(), lambda: None)
    task = asyncio.create_task(driver.run())
    try:
        yield driver
    finally:
        await ended(task)


async def test_a_box_on_a_real_socket_that_breaks_off_in_a_line_loses_nothing() -> None:
    records = [
        UltraRecord(f"58{n:06X}", NINE_US + n * SECOND + n * MILLISECOND, NINE_US + n * SECOND) for n in range(300)
    ]
    port, sink = UltraPort(VirtualUltra(records, PARIS)), Kept()
    await port.on()
    async with driving(port.port, sink) as driver:
        await sink.until(lambda: driver.health.link is Link.UP)
        port.stands_us = NINE_US + 99 * SECOND
        await sink.until(lambda: len(set(sink.all)) == 100)
        assert driver.health.clock_offset_us is not None
        assert driver.health.clock_round_trip_us is not None
        assert driver.health.clock_round_trip_us >= SECOND, "it shows whole seconds: not known better than that"
        await port.off(b"0,58000063,147738")
        await sink.until(lambda: driver.health.link is Link.DOWN)
        port.stands_us = NINE_US + 199 * SECOND
        await port.on()
        await sink.until(lambda: driver.health.link is Link.UP)
        port.stands_us = NINE_US + 299 * SECOND
        await sink.until(lambda: driver.health.memory is MemoryState.DONE and not driver.health.gap)
        assert set(sink.all) == {(record.tag, local_of(record.stamp_us, PARIS)) for record in records}
        assert any("0,58000063,147738" in item for item in sink.malformed)
    assert port.box.forbidden == []
    await port.off()


async def test_the_clock_of_a_box_is_set_on_the_second_by_the_command_and_found_right() -> None:
    clock = RaceClock.real()
    port = UltraPort(VirtualUltra([], PARIS), clock)
    wrong_us = local_of(clock.now_us(), PARIS) // SECOND * SECOND - 77 * SECOND
    port.box.receive(frames.set_clock_request(wrong_us), clock.now_us())
    await port.on()
    done = await set_clock(
        lambda: open_transport(f"tcp:127.0.0.1:{port.port}"),
        ClockSetter.of("ultra"),
        clock,
        lambda instant: local_of(instant, PARIS),
    )
    now_us = clock.now_us()
    assert abs(port.box.clock_us(now_us) - local_of(now_us, PARIS)) < SECOND // 4
    assert done.is_right
    assert -79 * SECOND < done.was_off_us < -76 * SECOND
    assert [request[:1] for request in port.box.forbidden] == [b"t", b"t"]
    await port.off()
