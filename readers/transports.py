"""Links to readers: bytes one way and the other, whatever carries them. Knows nothing of what the bytes mean.

`open_transport("serial:/dev/ttyUSB0?baud=9600")` or `open_transport("tcp:192.168.0.155:10000")` opens a link, and
`open_transport("listen:3097")` waits for a reader to call; `memory_pair()` gives two ends of one inside a process. All
keep one contract, tested by one suite: see `Transport`. `mqtt:topic/filter` is accepted as a way to reach a reader,
and is no link: it goes through the broker.
"""

import asyncio
import contextlib
import re
import socket
import typing
from collections.abc import Mapping
from typing import Final, Self

from readers.errors import BadEndpoint, ConnectFailed, ConnectionLost

READ_MAX: Final = 65_536
"""Bytes given by one read at most."""
CONNECT_WITHIN_S: Final = 10.0
SYSTEM_WATCH_S: Final = (10, 5, 3)
"""The system asks the other end of a silent link after 10 s, then each 5 s, and gives it up after 3 questions."""
MEMORY_MAX: Final = 65_536
"""Bytes under way in one direction of a memory link."""

LOOPBACK: Final = "127.0.0.1"
"""Who may call when the endpoint names no address to listen on: this computer."""

_ENDPOINT: Final = re.compile(r"(serial|tcp|listen|mqtt):(.+)", re.DOTALL)
_TCP: Final = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^:\s\[\]/?]+)):([0-9]{1,5})")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_TOPIC_FILTER: Final = re.compile(r"(?:(?:[^\s+#/]*|\+)/)*(?:[^\s+#/]+|\+|#)")
LINKS: Final[Mapping[str, str]] = {
    "serial": "serial:/dev/ttyUSB0?baud=9600",
    "tcp": "tcp:192.168.0.155:10000",
    "listen": "listen:3097",
}
"""An endpoint of each scheme that is a link, to be given as an example."""
ANY_LINK: Final = f"{LINKS['serial']}, {LINKS['tcp']} or {LINKS['listen']}"
ACCEPTED: Final = f"give {ANY_LINK}, or mqtt:topic/of/the/reader"
PORT_MAX: Final = 65_535


class Transport(typing.Protocol):
    """An open link. One reader and one writer at a time; whoever opened it closes it."""

    async def read(self) -> bytes:
        """The bytes that are there, at least one, as soon as there are any.

        Raises: ConnectionLost when the link ended, on either side; for ever after.
        """

    async def write(self, data: bytes) -> None:
        """Gives all bytes to the link; waits while the other side takes none, without stopping the event loop.

        Raises: ConnectionLost.
        """

    def close(self) -> None:
        """Ends the link now, without waiting. Whoever reads or writes is told. Closing twice is fine."""


async def open_transport(connect: str) -> Transport:
    """An open link to `serial:device?baud=9600` or `tcp:host:port`; of `listen:port` the first that calls.

    Raises: BadEndpoint when the text cannot mean a link; ConnectFailed when it cannot be opened now.
    """
    scheme, address = _parted(connect)
    if scheme == "tcp":
        return await TcpTransport.open(*tcp_address(connect, address))
    if scheme == "listen":
        from readers.tcp_listener import TcpListener

        listener = TcpListener(*_own_address(connect, address))
        try:
            return await listener.accept()
        finally:
            listener.stop()
    if scheme == "mqtt":
        raise BadEndpoint(f"{connect!r} goes through the broker: no link can be opened to it")
    from readers.serial_port import SerialTransport, serial_settings

    return await SerialTransport.open(serial_settings(connect, address))


def check_endpoint(connect: str) -> None:
    """Says now what opening would say about the text, without opening anything.

    Raises: BadEndpoint.
    """
    scheme, address = _parted(connect)
    if scheme == "tcp":
        tcp_address(connect, address)
    elif scheme == "listen":
        _own_address(connect, address)
    elif scheme == "mqtt":
        if _TOPIC_FILTER.fullmatch(address) is None:
            raise BadEndpoint(f"no filter of topics in {connect!r}: + stands for one level, # for all that follow")
    else:
        from readers.serial_port import serial_settings

        serial_settings(connect, address)


def is_link(connect: str) -> bool:
    """Whether a link is opened to this endpoint: not over the broker, not from files."""
    return connect.partition(":")[0] in LINKS


def listening_address(connect: str) -> tuple[str, int] | None:
    """Address and port to listen on, of an endpoint on which the reader calls; else None.

    Raises: BadEndpoint.
    """
    scheme, address = _parted(connect)
    return _own_address(connect, address) if scheme == "listen" else None


def _parted(connect: str) -> tuple[str, str]:
    found = _ENDPOINT.fullmatch(connect)
    if found is None:
        raise BadEndpoint(f"cannot connect to {connect!r}: {ACCEPTED}")
    return found[1], found[2]


def _own_address(connect: str, address: str) -> tuple[str, int]:
    """`3097` or `0.0.0.0:3097`."""
    return tcp_address(connect, f"{LOOPBACK}:{address}" if _PORT.fullmatch(address) else address)


def tcp_address(connect: str, address: str) -> tuple[str, int]:
    """Host and port of `host:port` or `[v6]:port`.

    Raises: BadEndpoint.
    """
    found = _TCP.fullmatch(address)
    if found is None:
        example = LINKS["listen" if connect.startswith("listen:") else "tcp"]
        raise BadEndpoint(f"no host and port in {connect!r}: give {example}")
    if not 0 < int(found[3]) <= PORT_MAX:
        raise BadEndpoint(f"port {found[3]} in {connect!r}: ports go from 1 to {PORT_MAX}")
    return found[1] or found[2], int(found[3])


def other_port(connect: str, port: int) -> str:
    """The endpoint of another port of the reader behind `connect`.

    Raises: BadEndpoint when it is not called over TCP.
    """
    scheme, address = _parted(connect)
    if scheme != "tcp":
        raise BadEndpoint(f"{connect!r} has no other port: give tcp:192.168.0.155:10000")
    host, _ = tcp_address(connect, address)
    return f"tcp:[{host}]:{port}" if ":" in host else f"tcp:{host}:{port}"


class TcpTransport:
    """A TCP client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str) -> None:
        self._reader = reader
        self._writer = writer
        self._name = name
        self._closed = ""

    @classmethod
    async def open(cls, host: str, port: int) -> Self:
        """Raises: ConnectFailed."""
        name = f"{host}:{port}"
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                reader, writer = await asyncio.open_connection(host, port, limit=READ_MAX)
        except TimeoutError as error:
            raise ConnectFailed(f"{name} does not answer: is the reader on, and on this network?") from error
        except (OSError, UnicodeError) as error:
            raise ConnectFailed(f"cannot connect to {name}: {reason_of(error)}") from error
        watched(writer.get_extra_info("socket"))
        return cls(reader, writer, name)

    async def read(self) -> bytes:
        try:
            data = await self._reader.read(READ_MAX)
        except OSError as error:
            raise ConnectionLost(f"{self._name} broke off: {reason_of(error)}") from error
        if not data:
            raise ConnectionLost(self._closed or f"{self._name} closed the connection")
        return data

    async def write(self, data: bytes) -> None:
        self._check_open()
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise ConnectionLost(f"{self._name} broke off: {reason_of(error)}") from error
        self._check_open()  # a link that we closed meanwhile drains without a word

    def _check_open(self) -> None:
        if self._closed:
            raise ConnectionLost(self._closed)

    def close(self, why: str = "closed") -> None:
        """`why` is told to whoever reads or writes."""
        self._closed = self._closed or why
        # Not close(): that would first wait for a clogged peer to take what is buffered.
        self._writer.transport.abort()


class _Pipe:
    """One direction of a memory link. The events say "look again", no more."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended = False
        self.more = asyncio.Event()
        self.room = asyncio.Event()

    def end(self) -> None:
        self.ended = True
        self.more.set()
        self.room.set()


class MemoryTransport:
    """One end of a link inside the process; see `memory_pair`."""

    def __init__(self, incoming: _Pipe, outgoing: _Pipe) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._closed = False

    async def read(self) -> bytes:
        pipe = self._incoming
        while True:
            if self._closed:
                raise ConnectionLost("closed")
            if pipe.data:
                data = bytes(pipe.data[:READ_MAX])
                del pipe.data[:READ_MAX]
                pipe.room.set()
                return data
            if pipe.ended:
                raise ConnectionLost("the other side closed the connection")
            pipe.more.clear()
            await pipe.more.wait()

    async def write(self, data: bytes) -> None:
        pipe = self._outgoing
        rest = memoryview(data)
        while rest:
            if pipe.ended:
                raise ConnectionLost("closed" if self._closed else "the other side closed the connection")
            room = MEMORY_MAX - len(pipe.data)
            if room > 0:
                pipe.data += rest[:room]
                rest = rest[room:]
                pipe.more.set()
            else:
                pipe.room.clear()
                await pipe.room.wait()

    def close(self) -> None:
        self._closed = True
        self._incoming.end()
        self._outgoing.end()


def memory_pair() -> tuple[MemoryTransport, MemoryTransport]:
    """Two ends of one link inside the process: what one writes the other reads."""
    there, back = _Pipe(), _Pipe()
    return MemoryTransport(back, there), MemoryTransport(there, back)


def watched(sock: socket.socket) -> None:
    """Has the system notice an end that vanished without a goodbye, also where nothing is ever sent to it."""
    options = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in zip(options, SYSTEM_WATCH_S, strict=True):
            if hasattr(socket, option):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def reason_of(error: BaseException) -> str:
    """What the system says, in its words."""
    if isinstance(error, ConnectionRefusedError):
        return "refused: nothing listens on this port"
    strerror = getattr(error, "strerror", None)
    return str(strerror or error or type(error).__name__)
