"""A JChip bridge calls the engine on a real socket, breaks off in a line, and calls again: nothing is lost."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from zoneinfo import ZoneInfo

from reader_peer import Kept, ended

from readers.driver import driver_for
from readers.events import MemoryState
from readers.health import Link
from readers.race_clock import RaceClock
from simulators.jchip_reader import JChipRecord, VirtualJChip
from simulators.zones import local_of
from timing.instants import SECOND
from timing.race import Source
from timing.reads import ClockKind, SourceId

PARIS = ZoneInfo("Europe/Paris")
NINE_US = 1_792_915_200 * SECOND
CHUNK = 37
"""Bytes written at once: lines are cut everywhere."""


class Calling:
    """A virtual bridge that calls a port. Its race clock stands where the test sets it."""

    def __init__(self, bridge: VirtualJChip, port: int) -> None:
        self.bridge = bridge
        self.now_us = NINE_US
        self._port = port
        self._task: asyncio.Task[None] | None = None

    def on(self) -> None:
        self._task = asyncio.ensure_future(self._call())

    async def _call(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                break
            except OSError:
                await asyncio.sleep(0.05)
        self.bridge.host_connected(self.now_us)
        try:
            while not reader.at_eof():
                data = self.bridge.take(self.now_us, 4096)
                for place in range(0, len(data), CHUNK):
                    writer.write(data[place : place + CHUNK])
                    await writer.drain()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        self.bridge.receive(await reader.read(4096), self.now_us)
        finally:
            writer.write(b"DJ4100063 09:0")
            writer.close()
            self.bridge.host_disconnected(self.now_us)

    async def off(self) -> None:
        assert self._task is not None
        await ended(self._task)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


async def test_a_bridge_that_calls_breaks_off_and_calls_again_loses_nothing() -> None:
    records = [JChipRecord(f"41{n:05X}", NINE_US + n * SECOND + n, NINE_US + n * SECOND) for n in range(300)]
    port, sink = free_port(), Kept()
    bridge = Calling(VirtualJChip(records, PARIS), port)
    source = Source(id=SourceId("finish"), protocol="jchip", connect=f"listen:{port}", clock=ClockKind.LOCAL)
    driver = driver_for(source, sink, RaceClock.real(), lambda: None)
    task = asyncio.create_task(driver.run())
    try:
        bridge.on()
        bridge.now_us = NINE_US + 99 * SECOND
        await sink.until(lambda: len(set(sink.all)) == 100)
        assert driver.health.clock_offset_us is not None
        await bridge.off()
        await sink.until(lambda: driver.health.link is Link.DOWN)
        bridge.now_us = NINE_US + 299 * SECOND
        bridge.on()
        await sink.until(lambda: driver.health.link is Link.UP)
        await sink.until(lambda: driver.health.memory is MemoryState.DONE and not driver.health.gap)
        expected = {(record.tag, local_of(record.stamp_us, PARIS)) for record in records}
        await sink.until(lambda: len(set(sink.all)) >= len(expected))
        assert set(sink.all) == expected
        assert any("DJ4100063 09:0" in item for item in sink.malformed)
        assert bridge.bridge.unknown == []
        await bridge.off()
    finally:
        await ended(task)
