"""The driver on real wires: pseudo-terminals that are unplugged and come back, TCP readers that go away, bursts."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pty_peer import PtyPeer
from reader_peer import STAMP, Kept, ReaderPeer, ended, key, line, source
from test_transports import TcpPeer

from readers import ipico_frames as frames
from readers.driver import Driver, driver_for
from readers.errors import BadEndpoint, UnknownProtocol
from readers.events import MemoryState
from readers.health import Link
from readers.race_clock import RaceClock
from timing.race import Source
from timing.reads import ClockKind, SourceId


@asynccontextmanager
async def driving(connect: str, sink: Kept) -> AsyncIterator[Driver]:
    driver = driver_for(source(connect), sink, RaceClock.real(), lambda: None)
    task = asyncio.create_task(driver.run())
    try:
        yield driver
    finally:
        await ended(task)


class SerialReader(ReaderPeer):
    """A reader behind a pseudo-terminal at a path that stays the same; plugged in and pulled."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._playing: asyncio.Task[None] | None = None
        self._pty: PtyPeer | None = None

    def plug(self) -> None:
        self._pty = PtyPeer(self.path)
        self._playing = asyncio.ensure_future(self.play(self._pty))

    async def pull(self) -> None:
        assert self._pty is not None
        assert self._playing is not None
        await ended(self._playing)
        self._pty.close()
        self.link = None


class TcpReader(ReaderPeer):
    """A reader that listens on a TCP port, always the same."""

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._peers: list[TcpPeer] = []

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._peers.append(TcpPeer(reader, writer))
        await self.play(self._peers[-1])

    async def on(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def off(self) -> None:
        assert self._server is not None
        self._server.close()
        for peer in self._peers:
            peer.close()
        self._peers.clear()
        self.link = None
        await self._server.wait_closed()


async def settled(sink: Kept, driver: Driver) -> None:
    """Up, and its memory fetched to the end."""
    await sink.until(lambda: driver.health.memory is MemoryState.DONE and not driver.health.gap)


async def test_a_reader_that_calls_us_and_calls_again_loses_and_doubles_nothing() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    reader, sink = ReaderPeer(), Kept()
    async with driving(f"listen:{port}", sink) as driver:
        await sink.until(lambda: "no reader calls" in driver.health.error)
        for call in range(3):  # the earlier calls are not hung up: their network is gone
            peer = TcpPeer(*await asyncio.open_connection("127.0.0.1", port))
            playing = asyncio.ensure_future(reader.play(peer))
            await sink.until(lambda: driver.health.link is Link.UP)
            await settled(sink, driver)
            await reader.read(*range(10 * call, 10 * call + 10))
            await sink.until(lambda call=call: len(set(sink.all)) == 10 * call + 10)
            await ended(playing)
            peer.close()
            reader.link = None
    assert set(sink.all) == {key(n) for n in range(30)}
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_f12_a_serial_reader_that_is_unplugged_and_comes_back_loses_and_doubles_nothing(tmp_path: Path) -> None:
    reader, sink = SerialReader(tmp_path / "ttyUSB0"), Kept()
    reader.plug()
    async with driving(f"serial:{reader.path}?baud=115200", sink) as driver:
        await settled(sink, driver)
        sent = 0
        for _ in range(2):
            await reader.read(*range(sent, sent + 200), half=17)
            await sink.until(lambda: sink.count >= 199)
            await reader.pull()
            await sink.until(lambda: driver.health.link is Link.DOWN)
            assert str(reader.path) in driver.health.error
            sent += 200
            await reader.read(*range(sent, sent + 100))
            sent += 100
            reader.plug()
            await sink.until(lambda: driver.health.link is Link.UP)
            await settled(sink, driver)
        assert set(sink.all) == {key(n) for n in range(sent)}
        # Once live, and once from each memory that held it: identical, so that they count once.
        assert max(Counter(sink.all).values()) <= 3
    await reader.pull()


async def test_a_port_that_does_not_exist_is_named_and_opened_as_soon_as_it_does(tmp_path: Path) -> None:
    reader, sink = SerialReader(tmp_path / "ttyUSB7"), Kept()
    async with driving(f"serial:{reader.path}", sink) as driver:
        await sink.until(lambda: driver.health.attempts >= 3)
        assert f"there is no serial port {reader.path}" in driver.health.error
        assert "is the cable in?" in driver.health.error
        assert driver.health.link is Link.DOWN
        reader.plug()
        await sink.until(lambda: driver.health.link is Link.UP)
        assert driver.health.error == ""
    await reader.pull()


async def test_a_tcp_reader_that_goes_away_and_comes_back_loses_nothing() -> None:
    reader, sink = TcpReader(), Kept()
    await reader.on()
    async with driving(f"tcp:127.0.0.1:{reader.port}", sink) as driver:
        await settled(sink, driver)
        await reader.read(*range(100))
        await sink.until(lambda: sink.count >= 100)
        await reader.off()
        await sink.until(lambda: driver.health.link is Link.DOWN)
        await reader.read(*range(100, 300))
        await reader.on()
        await sink.until(lambda: driver.health.link is Link.UP)
        await settled(sink, driver)
        assert set(sink.all) == {key(n) for n in range(300)}
    await reader.off()


async def test_a_peer_that_listens_and_says_nothing_is_not_taken_for_a_reader() -> None:
    sink = Kept()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with driving(f"tcp:127.0.0.1:{silent.getsockname()[1]}", sink) as driver:
            await sink.until(lambda: "does not answer" in driver.health.error, patience_s=15)
            assert driver.health.link is not Link.UP


async def test_stopping_and_starting_again_gives_everything_the_reader_has(tmp_path: Path) -> None:
    reader = SerialReader(tmp_path / "reader")
    reader.plug()
    first, second = Kept(), Kept()
    async with driving(f"serial:{reader.path}", first) as driver:
        await settled(first, driver)
        await reader.read(*range(500))
        await first.until(lambda: first.count >= 1)
    async with driving(f"serial:{reader.path}", second) as driver:
        await settled(second, driver)
    assert set(second.all) >= {key(n) for n in range(500)}
    await reader.pull()


@pytest.mark.parametrize("kind", ["serial", "tcp"])
async def test_bursts_far_above_thirty_thousand_lines_a_second_come_through_whole(kind: str, tmp_path: Path) -> None:
    sink = Kept()
    reader: SerialReader | TcpReader
    if kind == "serial":
        reader = SerialReader(tmp_path / "reader")
        reader.plug()
        connect = f"serial:{reader.path}"
    else:
        reader = TcpReader()
        await reader.on()
        connect = f"tcp:127.0.0.1:{reader.port}"
    burst = b"".join(line(n) for n in range(60_000))
    async with driving(connect, sink) as driver:
        await settled(sink, driver)
        start_s, start_cpu_s = time.perf_counter(), time.process_time()
        await reader.send(burst)
        await sink.until(lambda: sink.count == 60_000)
        took_s, cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
        assert sink.all == [key(n) for n in range(60_000)]
        assert driver.health.overflowed == 0
        assert driver.health.link is Link.UP
    print(f"{kind}: {60_000 / took_s:,.0f} lines a second, {cpu_s / 60_000 * 1e6:.1f} us of processor time a line")
    # Machines differ and are busy; a decoder gone quadratic is not missed by this.
    assert cpu_s / 60_000 <= 40e-6
    await (reader.pull() if isinstance(reader, SerialReader) else reader.off())


async def test_several_readers_on_one_loop_all_get_their_turn(tmp_path: Path) -> None:
    """One floods; the others' reads must not wait for its end."""
    flooding, calm = SerialReader(tmp_path / "flooding"), SerialReader(tmp_path / "calm")
    flooding.plug()
    calm.plug()
    flooded, calmed = Kept(), Kept()
    async with driving(f"serial:{flooding.path}", flooded) as one, driving(f"serial:{calm.path}", calmed) as other:
        await settled(flooded, one)
        await settled(calmed, other)
        burst = asyncio.ensure_future(flooding.send(b"".join(line(n) for n in range(40_000))))
        await flooded.until(lambda: flooded.count > 1_000)
        await calm.read(1)
        await calmed.until(lambda: calmed.count == 1)
        assert flooded.count < 40_000
        await flooded.until(lambda: flooded.count == 40_000)
        await burst
    await flooding.pull()
    await calm.pull()


def test_what_can_never_be_driven_is_refused_before_anything_is_opened() -> None:
    clock, sink = RaceClock.fastest(STAMP), Kept()
    with pytest.raises(BadEndpoint, match="serial:/dev/ttyUSB0"):
        driver_for(source("finish-line"), sink, clock, lambda: None)
    strange = Source(id=SourceId("x"), protocol="abacus", connect="tcp:h:1", clock=ClockKind.LOCAL)
    with pytest.raises(UnknownProtocol, match="there are: ipico"):
        driver_for(strange, sink, clock, lambda: None)


async def test_a_gun_on_a_real_wire_arrives_with_its_stamp(tmp_path: Path) -> None:
    reader, sink = SerialReader(tmp_path / "reader"), Kept()
    reader.plug()
    async with driving(f"serial:{reader.path}", sink) as driver:
        await settled(sink, driver)
        await reader.send(frames.gun_frame(STAMP + 120_000))
        await sink.until(lambda: len(sink.guns) == 1)
        assert sink.guns[0].stamp_us == STAMP + 120_000
    await reader.pull()
