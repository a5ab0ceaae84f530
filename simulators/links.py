"""Where a virtual reader listens: a pseudo-terminal with a stable name, or a TCP port; and how one calls. No protocol.

One host at a time. A host that closes and opens again meets the same reader.
"""

import asyncio
import contextlib
import errno
import os
import select
import socket
import termios
import tty
from pathlib import Path
from typing import Final, Protocol, Self

_HANGUP_CHECK_S: Final = 0.02
"""How often a pseudo-terminal is asked whether somebody has opened it; the kernel cannot wake us for that."""

_READ_BYTES: Final = 65_536
_CALL_WITHIN_S: Final = 5.0


class Link(Protocol):
    """A host that is connected: a file descriptor that does not block."""

    fd: int

    def close(self) -> None:
        """Ends the connection from our side (a pseudo-terminal stays)."""


class Listener(Protocol):
    """A place where hosts come to."""

    @property
    def address(self) -> str:
        """How to reach it, as `pty:PATH` or `tcp:HOST:PORT`."""

    async def opened(self) -> Link:
        """Waits for the next host."""

    def close(self) -> None: ...


class _FdLink:
    def __init__(self, fd: int, sock: socket.socket | None = None) -> None:
        self.fd = fd
        self._sock = sock

    def close(self) -> None:
        if self._sock is not None:
            self._sock.close()


class PtyListener:
    """A pseudo-terminal whose device is found under a name of our choice (a symbolic link)."""

    def __init__(self, name: Path) -> None:
        self._name = name
        self._master, slave = os.openpty()
        tty.setraw(slave, termios.TCSANOW)
        os.set_blocking(self._master, False)
        self.device = os.ttyname(slave)
        # Closed by everybody, the master reports a hang-up until a host opens the device.
        os.close(slave)
        name.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            name.unlink()
        name.symlink_to(self.device)

    @property
    def address(self) -> str:
        return f"pty:{self._name}"

    async def opened(self) -> Link:
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        while any(event & select.POLLHUP for _, event in poll.poll(0)):  # noqa: ASYNC110 (nothing sets an event)
            await asyncio.sleep(_HANGUP_CHECK_S)
        return _FdLink(self._master)

    def close(self) -> None:
        os.close(self._master)
        with contextlib.suppress(FileNotFoundError):
            self._name.unlink()


class TcpListener:
    """A TCP port; 0 takes a free one. A second host waits until the first has gone."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    @classmethod
    def bound(cls, host: str, port: int) -> Self:
        """Raises: OSError when the address cannot be had."""
        sock = socket.create_server((host, port), backlog=1)
        sock.setblocking(False)
        return cls(sock)

    @property
    def address(self) -> str:
        host, port = self._sock.getsockname()[:2]
        return f"tcp:{host}:{port}"

    async def opened(self) -> Link:
        sock, _ = await asyncio.get_running_loop().sock_accept(self._sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _FdLink(sock.fileno(), sock)

    def close(self) -> None:
        self._sock.close()


def listener(address: str) -> Listener:
    """The listener of `pty:PATH` or `tcp:HOST:PORT`.

    Raises: ValueError for any other address; OSError when it cannot be had.
    """
    kind, _, rest = address.partition(":")
    if kind == "pty" and rest:
        return PtyListener(Path(rest))
    host, _, port = rest.rpartition(":")
    if kind == "tcp" and host and port.isdecimal():
        return TcpListener.bound(host, int(port))
    raise ValueError(f"cannot listen at {address!r}; give pty:PATH or tcp:HOST:PORT (port 0: a free one)")


async def dialled(host: str, port: int) -> Link | None:
    """A connection to whoever listens there; None when nobody does."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        async with asyncio.timeout(_CALL_WITHIN_S):
            await asyncio.get_running_loop().sock_connect(sock, (host, port))
    except OSError:  # a call that takes too long is one, too
        sock.close()
        return None
    except BaseException:
        sock.close()
        raise
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _FdLink(sock.fileno(), sock)


def host_and_port(text: str) -> tuple[str, int]:
    """Raises: ValueError for anything but HOST:PORT."""
    host, _, port = text.rpartition(":")
    if not (host and port.isdecimal() and int(port) < 65_536):
        raise ValueError(f"{text!r} is no HOST:PORT")
    return host.strip("[]"), int(port)


def receive(link: Link) -> bytes | None:
    """What has arrived: b"" for nothing yet, None when the host has gone."""
    try:
        data = os.read(link.fd, _READ_BYTES)
    except BlockingIOError:
        return b""
    except OSError as error:
        # A pseudo-terminal that nobody has open any more answers EIO.
        if error.errno in (errno.EIO, errno.ECONNRESET, errno.EPIPE, errno.ETIMEDOUT):
            return None
        raise
    return data or None


def send(link: Link, data: bytes | memoryview) -> int | None:
    """How many bytes the kernel took; 0 when it is full, None when the host has gone."""
    try:
        return os.write(link.fd, data)
    except BlockingIOError:
        return 0
    except OSError as error:
        if error.errno in (errno.EIO, errno.ECONNRESET, errno.EPIPE, errno.ETIMEDOUT):
            return None
        raise


async def ready(link: Link, *, to_write: bool, seconds: float) -> None:
    """Waits until there is something to read, or room to write, or the time is over."""
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()
    loop.add_reader(link.fd, woken.set)
    if to_write:
        loop.add_writer(link.fd, woken.set)
    try:
        # Not wait_for: when both come at once, Python 3.11 forgets that we were cancelled.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await woken.wait()
    finally:
        loop.remove_reader(link.fd)
        if to_write:
            loop.remove_writer(link.fd)
