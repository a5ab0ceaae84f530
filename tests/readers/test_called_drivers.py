"""Programs that call us, on real sockets through the driver: everything comes, and what they are told of it is true."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import pytest
from reader_peer import STAMP, Kept, ended

from readers.chronotrack_frames import GUN_TAG
from readers.driver import Driver, driver_for
from readers.health import Link
from readers.race_clock import RaceClock
from simulators.chronotrack_client import SessionLine, VirtualSimpleClient
from simulators.mylaps_client import Sight, VirtualToolkit
from timing.errors import JournalNotWritten
from timing.instants import SECOND, Instant
from timing.race import Source
from timing.reads import ClockKind, SourceId


class Client(Protocol):
    def connect(self) -> None: ...
    def disconnect(self) -> None: ...
    def receive(self, data: bytes) -> None: ...
    def take(self, now: Instant) -> bytes: ...


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@asynccontextmanager
async def listening(protocol: str, sink: Kept) -> AsyncIterator[tuple[Driver, int]]:
    port = free_port()
    source = Source(id=SourceId("finish"), protocol=protocol, connect=f"listen:{port}", clock=ClockKind.LOCAL)
    driver = driver_for(source, sink, RaceClock.real(), lambda: None)
    task = asyncio.create_task(driver.run())
    try:
        yield driver, port
    finally:
        await ended(task)


async def calling(client: Client, port: int, race_us: list[Instant]) -> None:
    """One call of a client, until it is cancelled: its race goes a second for each turn of the loop."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            await asyncio.sleep(0.02)
    client.host_connected(race_us[0])
    try:
        while True:
            writer.write(client.take(race_us[0]))
            race_us[0] += SECOND
            with suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    client.receive(await reader.read(65_536), race_us[0])
    finally:
        client.host_disconnected(race_us[0])
        writer.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 (neither side sets an event)
            await asyncio.sleep(0.01)


def toolkit(count: int, version: int) -> VirtualToolkit:
    made = [
        Sight(due_us=STAMP + n * SECOND // 20, location="Finish", chip=f"LZ{n:05d}", stamp_us=STAMP + n * 1000)
        for n in range(count)
    ]
    gun = Sight(due_us=STAMP, location="Start", chip="", stamp_us=STAMP)
    return VirtualToolkit([*made, gun], version=version)


@pytest.mark.parametrize("version", [1, 2])
async def test_mylaps_is_told_of_what_is_safe_and_of_nothing_else(version: int) -> None:
    client, sink, race_us = toolkit(600, version), Kept(), [STAMP]
    async with listening("mylaps", sink) as (driver, port):
        sink.refusal = JournalNotWritten("disk full")
        call = asyncio.create_task(calling(client, port, race_us))
        await until(lambda: driver.health.link is Link.UP and client.repeats > 0)
        assert client.acknowledged <= (0 if version == 2 else 1)
        await ended(call)
        sink.refusal = None
        call = asyncio.create_task(calling(client, port, race_us))
        await until(lambda: client.done)
        await ended(call)
    assert set(sink.all) == {(f"LZ{n:05d}", STAMP + n * 1000) for n in range(600)}
    guns = {(gun.label, gun.clock) for gun in sink.guns}
    assert guns == ({("Start", ClockKind.TIME_OF_DAY)} if version == 2 else set())


async def test_chronotrack_gives_everything_again_to_each_call() -> None:
    lines = [
        SessionLine(due_us=STAMP + n * SECOND // 20, location="finish", tag=str(n), stamp_us=STAMP + n * 10_000)
        for n in range(600)
    ]
    lines.append(SessionLine(due_us=STAMP, location="finish", tag=GUN_TAG, stamp_us=STAMP))
    client, sink, race_us = VirtualSimpleClient(lines), Kept(), [STAMP]
    async with listening("chronotrack", sink) as (driver, port):
        for share in (200, 600):
            call = asyncio.create_task(calling(client, port, race_us))
            await until(lambda share=share: len(set(sink.all)) >= share)  # type: ignore[misc]
            assert driver.health.link is Link.UP
            await ended(call)
    assert set(sink.all) == {(str(n), STAMP + n * 10_000) for n in range(600)}
    assert client.starts == 2
    assert {gun.stamp_us for gun in sink.guns} == {STAMP}
