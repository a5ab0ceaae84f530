"""An IPICO Elite: its past comes by time, over links of their own, and loses nothing wherever they break."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reader_peer import STAMP, Kept, ReaderPeer, ended, key, line

from readers import driver as driver_module
from readers import replay_link
from readers.capture import CaptureWriter, captured
from readers.driver import Driver
from readers.errors import BadEndpoint
from readers.events import DecoderEvent, Malformed, MemoryProgress, MemoryState, StatusSeen
from readers.ipico_elite import FIRST_RECEIVER, SECOND_RECEIVER, IpicoEliteProtocol, replay_question
from readers.protocol import Now, Since, protocol_class
from readers.race_clock import RaceClock
from readers.replay import replayed
from readers.transports import open_transport, other_port
from simulators.ipico_elite_ports import ElitePorts
from timing.race import Source
from timing.reads import ChipRead, ClockKind, SourceId

AT = Now(STAMP, 0)
FINISH = SourceId("finish")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Elite:
    """The first link is the common reader's, which knows no memory; the ports beside it have what it read."""

    def __init__(self, second: list[bytes] | None = None) -> None:
        self.peer = ReaderPeer(memory=False)
        self.ports = ElitePorts(
            {FIRST_RECEIVER: lambda: self.peer.memory, **({SECOND_RECEIVER: lambda: second} if second else {})}
        )
        self.stream_port = 0

    @asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self.peer.play(_Link(reader, writer))

        server = await asyncio.start_server(play, "127.0.0.1", 0)
        self.stream_port = server.sockets[0].getsockname()[1]
        async with self.ports:
            yield
        server.close()
        if self.peer.link is not None:
            self.peer.cut()

    def driver(self, sink: Kept, *, since: Since | None = None, capture: CaptureWriter | None = None) -> Driver:
        connect = f"tcp:127.0.0.1:{self.stream_port}"
        source = Source(id=FINISH, protocol="ipico_elite", connect=connect, clock=ClockKind.LOCAL)
        protocol = IpicoEliteProtocol(control_port=self.ports.port, replay_port=free_port())
        return Driver(source, protocol, lambda: open_transport(connect), sink, RaceClock.real(), lambda: since, capture)


class _Link:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self) -> bytes:
        return await self._reader.read(4096)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        self._writer.transport.abort()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "pause_s", lambda failures, longest, chance: 0.01)
    monkeypatch.setattr(replay_link, "OPENS_WITHIN_S", 0.5)  # a second receiver that is not there


async def test_what_was_read_before_the_link_and_while_it_was_cut_comes_from_the_past(tmp_path: Path) -> None:
    elite, sink = Elite(), Kept()
    await elite.peer.read(*range(1_000))
    capture = CaptureWriter(tmp_path, FINISH)
    async with elite.on():
        running = asyncio.create_task(elite.driver(sink, capture=capture).run())
        await sink.until(lambda: bool(sink.shown) and sink.last.memory is MemoryState.DONE)
        elite.peer.cut()
        await elite.peer.read(*range(1_000, 1_010))  # nobody listens
        await sink.until(lambda: set(sink.all) >= {key(number) for number in range(1_010)})
        await sink.until(lambda: not sink.last.gap)
        await ended(running)
    capture.close()
    assert set(sink.all) == {key(number) for number in range(1_010)}
    assert not sink.malformed
    assert elite.ports.commands[0].startswith(b"replay_start file.ttyS0 port.")
    # The evidence holds both links, and gives the same reads again.
    protocol = protocol_class("ipico_elite")()
    again = [event for events in replayed(captured(tmp_path, FINISH), protocol) for event in events]
    reads = [(event.tag, event.stamp_us) for event in again if isinstance(event, ChipRead)]
    assert set(reads) == set(sink.all)
    assert sorted(map(str, reads)) == sorted(map(str, sink.all))


async def test_both_receivers_are_asked_from_a_margin_before_the_durable_read() -> None:
    other = [line(number) for number in range(2_000_000, 2_000_005)]
    elite, sink = Elite(second=other), Kept()
    await elite.peer.read(*range(20))
    async with elite.on():
        driver = elite.driver(sink, since=Since(STAMP + 3_600_000_000))
        running = asyncio.create_task(driver.run())
        await sink.until(lambda: bool(sink.shown) and not sink.last.gap and sink.count == 25)
        elite.peer.cut()
        await sink.until(lambda: len(elite.ports.commands) == 4 and sink.count == 30)
        await ended(running)
    port = elite.ports.commands[0].split(b"port.")[1].strip().decode()
    assert elite.ports.commands[0] == f"replay_start file.ttyS0 port.{port}\n".encode()
    assert elite.ports.commands[2:] == [
        f"replay_start file.{receiver} port.{port} datetime.241027102900\n".encode()
        for receiver in (FIRST_RECEIVER, SECOND_RECEIVER)
    ]


async def test_a_past_that_breaks_off_inside_a_record_is_told_and_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "MEMORY_AGAIN_S", 0.05)
    elite, sink = Elite(), Kept()
    await elite.peer.read(*range(50))
    elite.ports.break_after = 38 * 20 + 11
    async with elite.on():
        running = asyncio.create_task(elite.driver(sink).run())
        await sink.until(lambda: any(health.memory is MemoryState.FAILED and health.gap for health in sink.shown))
        await sink.until(lambda: set(sink.all) == {key(number) for number in range(50)} and not sink.last.gap)
        await ended(running)


async def test_a_reader_without_a_control_port_is_read_all_the_same_and_the_gap_is_told() -> None:
    elite, sink = Elite(), Kept()
    async with elite.on():
        driver = elite.driver(sink)
        driver._protocol = IpicoEliteProtocol(control_port=free_port(), replay_port=free_port())
        running = asyncio.create_task(driver.run())
        await sink.until(lambda: bool(sink.shown) and sink.last.memory is MemoryState.FAILED)
        await elite.peer.read(1, 2, 3)
        await sink.until(lambda: sink.count == 3)
        assert sink.last.gap
        await ended(running)


def test_the_question_is_the_public_drivers_and_nothing_else_can_be_said() -> None:
    assert replay_question("ttyS0", 10300, None) == b"replay_start file.ttyS0 port.10300\n"
    since = Since(STAMP + 999_999)
    assert replay_question("ttyS1", 10300, since) == b"replay_start file.ttyS1 port.10300 datetime.241027093000\n"


def test_a_reader_that_never_answered_is_not_given_up_for_its_silence() -> None:
    protocol = IpicoEliteProtocol()
    protocol.connected(AT)
    assert protocol.data_to_send()
    assert protocol.unanswered_since_us is None
    protocol.receive_data(b"ab0000f157\r\n", AT)
    protocol.handle_deadline(Now(STAMP, 5_000_000))
    assert protocol.unanswered_since_us is not None


def test_one_receiver_is_enough_and_a_second_that_broke_off_is_not() -> None:
    protocol = IpicoEliteProtocol()
    protocol.connected(AT)
    protocol.ask_memory(None, AT)
    assert protocol.replay_wanted() is not None
    assert protocol.replay_wanted() is None
    assert not protocol.replay_ended("", AT)
    assert protocol.replay_wanted() is not None
    told, done = protocol.replay_ended("10300 does not answer", AT)
    assert isinstance(told, StatusSeen)
    assert done == MemoryProgress(state=MemoryState.DONE)
    protocol.ask_memory(None, AT)
    protocol.replay_wanted()
    protocol.replay_ended("", AT)
    protocol.replay_received(line(1), AT)
    (failed,) = protocol.replay_ended("it broke off", AT)
    assert isinstance(failed, MemoryProgress)
    assert failed.state is MemoryState.FAILED


def test_asking_during_a_replay_asks_again_after_it() -> None:
    protocol = IpicoEliteProtocol()
    protocol.connected(AT)
    protocol.ask_memory(None, AT)
    protocol.ask_memory(Since(STAMP), AT)
    for _ in range(2):
        protocol.replay_wanted()
        protocol.replay_ended("", AT)
    question = protocol.replay_wanted()
    assert question is not None
    assert b"datetime.241027093000" in question.question


@given(data=st.data())
def test_the_past_is_the_same_wherever_it_is_cut_and_never_mixes_with_the_stream(data: st.DataObject) -> None:
    past = b"".join(line(number) for number in range(6))
    cut = data.draw(st.integers(0, len(past)))
    protocol = IpicoEliteProtocol()
    protocol.connected(AT)
    protocol.ask_memory(None, AT)
    protocol.replay_wanted()
    half, rest = line(7)[:15], line(7)[15:]
    events: list[DecoderEvent] = [
        *protocol.replay_received(past[:cut], AT),
        *protocol.receive_data(half, AT),
        *protocol.replay_received(past[cut:], AT),
        *protocol.receive_data(rest, AT),
        *protocol.replay_ended("", AT),
    ]
    assert {(e.tag, e.stamp_us) for e in events if isinstance(e, ChipRead)} == {key(n) for n in (*range(6), 7)}
    assert not [event for event in events if isinstance(event, Malformed)]


def test_other_ports_of_a_reader() -> None:
    assert other_port("tcp:10.0.0.7:10000", 9999) == "tcp:10.0.0.7:9999"
    assert other_port("tcp:[fe80::1]:10000", 9999) == "tcp:[fe80::1]:9999"
    with pytest.raises(BadEndpoint, match="tcp:"):
        other_port("serial:/dev/ttyUSB0", 9999)
