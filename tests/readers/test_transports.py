"""Memory, TCP and serial links keep one contract; what cannot be opened says why and what would be accepted."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import termios
from pathlib import Path

import pytest
from pty_peer import PtyPeer
from transport_contract import PATIENCE_S, Ends, TransportContract, until

from readers.connector import Connector
from readers.errors import BadEndpoint, ConnectFailed, ConnectionLost
from readers.serial_port import SerialSettings, serial_settings
from readers.tcp_listener import TcpListener
from readers.transports import check_endpoint, is_link, listening_address, memory_pair, open_transport, tcp_address


class MemoryEnds(Ends):
    async def again(self) -> None:
        self.near, self.peer = memory_pair()

    async def end(self) -> None:
        self.near.close()


class TestMemory(TransportContract):
    async def open(self) -> Ends:
        ends = MemoryEnds()
        await ends.again()
        return ends


class TcpPeer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def read(self) -> bytes:
        return await self.reader.read(65_536)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def ended(self) -> bool:
        try:
            return await self.reader.read() == b""
        except OSError:
            return True

    def close(self) -> None:
        self.writer.close()


class TcpEnds(Ends):
    async def start(self) -> None:
        self.accepted: asyncio.Queue[TcpPeer] = asyncio.Queue()
        self.server = await asyncio.start_server(
            lambda r, w: self.accepted.put_nowait(TcpPeer(r, w)), "127.0.0.1", 0, limit=65_536
        )
        self.port = self.server.sockets[0].getsockname()[1]
        await self.again()

    async def again(self) -> None:
        self.near = await open_transport(f"tcp:127.0.0.1:{self.port}")
        self.peer = await self.accepted.get()

    async def end(self) -> None:
        self.near.close()
        self.peer.close()
        self.server.close()


class TestTcp(TransportContract):
    async def open(self) -> Ends:
        ends = TcpEnds()
        await ends.start()
        return ends


class CallingEnds(Ends):
    """Here the far end calls, and the near one is what the listener makes of it."""

    async def start(self) -> None:
        self.listener = TcpListener("127.0.0.1", 0)
        await self.listener.bind()
        await self.again()

    async def again(self) -> None:
        self.peer = TcpPeer(*await asyncio.open_connection("127.0.0.1", self.listener.port, limit=65_536))
        self.near = await self.listener.accept()

    async def end(self) -> None:
        self.peer.close()
        self.listener.close()


class TestListening(TransportContract):
    async def open(self) -> Ends:
        ends = CallingEnds()
        await ends.start()
        return ends

    async def test_a_newer_call_takes_over_and_the_older_is_told_why(self) -> None:
        ends = CallingEnds()
        await ends.start()
        older = ends.near
        waiting = asyncio.ensure_future(older.read())
        await ends.again()
        with pytest.raises(ConnectionLost, match="calls and takes over"):
            await waiting
        with pytest.raises(ConnectionLost, match="calls and takes over"):
            await older.write(b"x")
        await ends.peer.write(b"new")
        assert await until(ends.near, 3) == b"new"
        await ends.end()

    async def test_of_several_callers_that_wait_the_newest_is_given(self) -> None:
        listener = TcpListener("127.0.0.1", 0)
        await listener.bind()
        callers = [TcpPeer(*await asyncio.open_connection("127.0.0.1", listener.port)) for _ in range(3)]
        await callers[2].write(b"third")
        await asyncio.sleep(0.05)
        link = await listener.accept()
        assert await until(link, 5) == b"third"
        assert [await caller.ended() for caller in callers[:2]] == [True, True]
        with pytest.raises(ConnectFailed, match="no reader calls on"):
            await listener.accept(within_s=0.01)
        callers[2].close()
        listener.close()

    async def test_a_port_in_use_says_so_and_is_free_again_after_the_end(self) -> None:
        one, other = TcpListener("127.0.0.1", 0), None
        await one.bind()
        other = TcpListener("127.0.0.1", one.port)
        with pytest.raises(ConnectFailed, match=r"cannot listen on .*does another program"):
            await other.accept()
        one.close()
        one.close()
        await other.bind()
        other.close()

    async def test_one_call_can_be_waited_for_by_its_endpoint(self) -> None:
        port = _free_port()
        opening = asyncio.ensure_future(open_transport(f"listen:{port}"))
        await asyncio.sleep(0.05)
        peer = TcpPeer(*await asyncio.open_connection("127.0.0.1", port))
        link = await opening
        await peer.write(b"hello")
        assert await until(link, 5) == b"hello"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        link.close()
        peer.close()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("connect", "address"),
    [
        ("listen:3097", ("127.0.0.1", 3097)),
        ("listen:0.0.0.0:3097", ("0.0.0.0", 3097)),
        ("listen:[::]:3097", ("::", 3097)),
        ("tcp:host:3097", None),
    ],
)
def test_who_listens_listens_to_this_computer_alone_unless_an_address_is_given(
    connect: str, address: tuple[str, int] | None
) -> None:
    check_endpoint(connect)
    assert listening_address(connect) == address


@pytest.mark.parametrize(
    "connect",
    ["listen:", "listen:0", "listen:70000", "listen:a:b", "mqtt:", "mqtt:a/#/b", "mqtt:a+"],  # magic
)
def test_what_cannot_be_listened_to_or_heard_is_refused(connect: str) -> None:
    with pytest.raises(BadEndpoint):
        check_endpoint(connect)


async def test_a_topic_is_accepted_and_is_no_link() -> None:
    check_endpoint("mqtt:r700/+/tags/#")
    assert [is_link(each) for each in ("mqtt:a", "listen:1", "tcp:a:1", "serial:/dev/a", "file", "collector")] == [
        False, True, True, True, False, False
    ]  # fmt: skip
    with pytest.raises(BadEndpoint, match="broker"):
        await open_transport("mqtt:r700/tags")
    with pytest.raises(BadEndpoint, match="no link can be opened") as refused:
        Connector("mqtt:r700/tags")
    assert "mqtt:topic" not in str(refused.value), "what is refused is not offered"


class SerialEnds(Ends):
    def __init__(self, path: Path) -> None:
        self.path = path

    async def again(self) -> None:
        peer = PtyPeer(self.path)
        self.near = await open_transport(f"serial:{self.path}?baud=115200")
        peer.let_go()
        self.peer = peer

    async def end(self) -> None:
        self.near.close()
        self.peer.close()


class TestSerial(TransportContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "reader"

    async def open(self) -> Ends:
        ends = SerialEnds(self.path)
        await ends.again()
        return ends

    async def test_what_had_arrived_before_the_port_was_opened_is_not_thrown_away(self) -> None:
        peer = PtyPeer(self.path)
        await peer.write(b"early")
        port = await open_transport(f"serial:{self.path}")
        assert await until(port, 5) == b"early"
        port.close()
        peer.close()

    async def test_the_port_is_set_to_the_line_speed_eight_bits_and_no_parity(self) -> None:
        peer = PtyPeer(self.path)
        port = await open_transport(f"serial:{self.path}?baud=38400")
        iflag, oflag, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(peer._slave)
        assert ispeed == ospeed == termios.B38400
        assert cflag & termios.CSIZE == termios.CS8
        assert not cflag & (termios.PARENB | termios.CSTOPB)
        assert not lflag & (termios.ICANON | termios.ECHO)
        assert not iflag & (termios.IXON | termios.ICRNL)
        assert not oflag & termios.OPOST
        port.close()
        peer.close()

    async def test_a_port_in_use_says_so(self) -> None:
        peer = PtyPeer(self.path)
        other = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(ConnectFailed, match="in use by another program"):
            await open_transport(f"serial:{self.path}")
        os.close(other)
        peer.close()

    async def test_a_port_that_does_not_exist_says_so_and_where_to_look(self) -> None:
        with pytest.raises(ConnectFailed, match=r"there is no serial port .*reader.*/dev/serial/by-id"):
            await open_transport(f"serial:{self.path}")

    async def test_something_that_is_no_port_says_so(self) -> None:
        self.path.write_text("a file")
        with pytest.raises(ConnectFailed, match="is no serial port, it is a file"):
            await open_transport(f"serial:{self.path}")

    async def test_giving_up_while_a_port_is_being_opened_leaves_it_closed(self) -> None:
        peer = PtyPeer(self.path)
        opening = asyncio.ensure_future(open_transport(f"serial:{self.path}"))
        await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        # The lock on the port goes with it: it can be opened again.
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    port = await open_transport(f"serial:{self.path}")
                    break
                except ConnectFailed:
                    await asyncio.sleep(0.01)
        port.close()
        peer.close()


async def test_a_tcp_port_where_nobody_listens_says_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(ConnectFailed, match=rf"cannot connect to 127.0.0.1:{port}"):
            await open_transport(f"tcp:127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("connect", "said"),
    [
        ("", "give serial:/dev/ttyUSB0"),
        ("udp:host:1", "give serial:/dev/ttyUSB0"),
        ("/dev/ttyUSB0", "give serial:/dev/ttyUSB0"),
        ("tcp:host", "no host and port"),
        ("tcp:host:0", "ports go from 1"),
        ("tcp:host:70000", "ports go from 1"),
        ("tcp:a b:10000", "no host and port"),
        ("tcp::10000", "no host and port"),
        ("serial:COM3", "a serial port is a path"),
        ("serial:/dev/ttyUSB0?speed=9600", "unknown setting 'speed'"),
        ("serial:/dev/ttyUSB0?baud=fast", "one of 4800, 9600"),
        ("serial:/dev/ttyUSB0?baud=12345", "one of 4800, 9600"),
        ("serial:/dev/ttyUSB0?flow=maybe", "one of none, rtscts, xonxoff"),
    ],
)
async def test_a_text_that_is_no_link_is_refused_with_what_would_be(connect: str, said: str) -> None:
    with pytest.raises(BadEndpoint, match=said):
        check_endpoint(connect)
    with pytest.raises(BadEndpoint, match=said):
        await open_transport(connect)


def test_texts_that_are_links_are_understood() -> None:
    assert tcp_address("", "192.168.0.155:10000") == ("192.168.0.155", 10000)
    assert tcp_address("", "[fe80::1]:10000") == ("fe80::1", 10000)
    assert serial_settings("", "/dev/ttyUSB0") == SerialSettings(device="/dev/ttyUSB0", baud=9600)
    by_id = "/dev/serial/by-id/usb-FTDI_FT232R_A6008isP-if00-port0"
    assert serial_settings("", f"{by_id}?baud=38400&flow=rtscts") == SerialSettings(
        device=by_id, baud=38400, flow="rtscts"
    )
    check_endpoint("tcp:reader.local:10000")
