"""Links to readers: bytes one way and the other, whatever carries them. Knows nothing of what the bytes mean.

`open_transport("serial:/dev/ttyUSB0?baud=9600")` or `open_transport("tcp:192.168.0.155:10000")` opens a link;
`memory_pair()` gives two ends of one inside a process. All keep one contract, tested by one suite: see `Transport`.
"""

import asyncio
import re
import typing
from typing import Final, Self

from readers.errors import BadEndpoint, ConnectFailed, ConnectionLost

READ_MAX: Final = 65_536
"""Bytes given by one read at most."""
CONNECT_WITHIN_S: Final = 10.0
MEMORY_MAX: Final = 65_536
"""Bytes under way in one direction of a memory link."""

_ENDPOINT: Final = re.compile(r"(serial|tcp):(.+)", re.DOTALL)
_TCP: Final = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^:\s\[\]/?]+)):([0-9]{1,5})")
ACCEPTED: Final = "give serial:/dev/ttyUSB0?baud=9600 or tcp:192.168.0.155:10000"


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
    """An open link to `serial:device?baud=9600` or `tcp:host:port`.

    Raises: BadEndpoint when the text cannot mean a link; ConnectFailed when it cannot be opened now.
    """
    found = _ENDPOINT.fullmatch(connect)
    if found is None:
        raise BadEndpoint(f"cannot connect to {connect!r}: {ACCEPTED}")
    if found[1] == "tcp":
        return await TcpTransport.open(*tcp_address(connect, found[2]))
    from readers.serial_port import SerialTransport, serial_settings

    return await SerialTransport.open(serial_settings(connect, found[2]))


def check_endpoint(connect: str) -> None:
    """Says now what opening would say about the text, without opening anything.

    Raises: BadEndpoint.
    """
    found = _ENDPOINT.fullmatch(connect)
    if found is None:
        raise BadEndpoint(f"cannot connect to {connect!r}: {ACCEPTED}")
    if found[1] == "tcp":
        tcp_address(connect, found[2])
    else:
        from readers.serial_port import serial_settings

        serial_settings(connect, found[2])


def tcp_address(connect: str, address: str) -> tuple[str, int]:
    """Host and port of `host:port` or `[v6]:port`.

    Raises: BadEndpoint.
    """
    found = _TCP.fullmatch(address)
    if found is None or not 0 < int(found[3]) < 65_536:
        raise BadEndpoint(f"no host and port in {connect!r}: {ACCEPTED}")
    return found[1] or found[2], int(found[3])


class TcpTransport:
    """A TCP client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str) -> None:
        self._reader = reader
        self._writer = writer
        self._name = name
        self._closed = False

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
            raise ConnectFailed(f"cannot connect to {name}: {_reason(error)}") from error
        return cls(reader, writer, name)

    async def read(self) -> bytes:
        try:
            data = await self._reader.read(READ_MAX)
        except OSError as error:
            raise ConnectionLost(f"{self._name} broke off: {_reason(error)}") from error
        if not data:
            raise ConnectionLost("closed" if self._closed else f"{self._name} closed the connection")
        return data

    async def write(self, data: bytes) -> None:
        self._check_open()
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise ConnectionLost(f"{self._name} broke off: {_reason(error)}") from error
        self._check_open()  # a link that we closed meanwhile drains without a word

    def _check_open(self) -> None:
        if self._closed:
            raise ConnectionLost("closed")

    def close(self) -> None:
        self._closed = True
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


def _reason(error: BaseException) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror or error or type(error).__name__)
