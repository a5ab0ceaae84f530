"""Readers that call us: a TCP port bound once, whose callers become links, one at a time.

A newer call takes over from the older one: a reader that lost its network calls again long before this side can know
that the first call is dead. Only this computer is listened to unless an address is given.
"""

import asyncio
from typing import Final

from readers.errors import ConnectFailed
from readers.transports import READ_MAX, TcpTransport, reason_of, watched

CALL_WITHIN_S: Final = 2.0
"""After that a wait for a call is given up, so that whoever waits can say so; the port stays open."""


class TcpListener:
    """One listening port. `accept` gives the newest caller; `close` ends the port and what came through it."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._waiting: TcpTransport | None = None
        self._current: TcpTransport | None = None
        self._called = asyncio.Event()

    @property
    def port(self) -> int:
        """The port that is listened to; once bound, the one the system gave when 0 was asked for."""
        return self._port

    async def bind(self) -> None:
        """Opens the port, if it is not open yet.

        Raises: ConnectFailed, with what to do about it.
        """
        if self._server is not None:
            return
        try:
            self._server = await asyncio.start_server(
                self._on_call, self._host, self._port, limit=READ_MAX, reuse_address=True
            )
        except OSError as error:
            raise ConnectFailed(f"cannot listen on {self._name}: {reason_of(error)}: does another program?") from error
        self._port = self._server.sockets[0].getsockname()[1]

    async def accept(self, within_s: float = CALL_WITHIN_S) -> TcpTransport:
        """The link of the newest caller that was not given yet.

        Raises: ConnectFailed when the port cannot be opened, or nobody calls for so long.
        """
        await self.bind()
        try:
            async with asyncio.timeout(within_s):
                await self._called.wait()
        except TimeoutError as error:
            raise ConnectFailed(f"no reader calls on {self._name}: is it set to send to this computer?") from error
        self._called.clear()
        assert self._waiting is not None
        self._current, self._waiting = self._waiting, None
        return self._current

    def stop(self) -> None:
        """Ends the port; a link that was given lives on."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._waiting is not None:
            self._waiting.close()
            self._waiting = None
        self._called.clear()

    def close(self) -> None:
        """Ends the port and the link that came through it. Closing twice is fine."""
        self.stop()
        if self._current is not None:
            self._current.close()
            self._current = None

    @property
    def _name(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._port}"

    async def _on_call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        name = f"{peer[0]}:{peer[1]}" if peer else "a caller"
        for older in (self._waiting, self._current):
            if older is not None:
                older.close(f"{name} calls and takes over")
        watched(writer.get_extra_info("socket"))
        self._waiting = TcpTransport(reader, writer, name)
        self._called.set()
