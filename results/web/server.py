"""The HTTP server of a live race: uvicorn inside the engine's own loop, on a socket we bound.

Knows nothing of what it serves. Signals belong to the front door, not to uvicorn.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

import uvicorn
from starlette.types import ASGIApp

from results.errors import ResultsError

SEND_BUFFER: Final = 32 * 1024
"""Bytes the kernel may hold for one client: what waits there is old by the time a slow phone reads it."""

_BACKLOG: Final = 2048


class AddressTaken(ResultsError):
    """The address cannot be listened on; says which, and why."""


_NO_ERROR_OF_OURS: Final = ("ASGI callable returned without completing response", "Cancel 0 running task(s)")
"""What uvicorn says when a reader that takes nothing any more is given up: it was cut off on purpose."""


def _is_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_NO_ERROR_OF_OURS)


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class LiveServer:
    """Serves an ASGI application until stopped; `async with` it, or `start` and `stop`.

    port 0: a free one. ending: called before open connections are waited for: it ends the streams. After `start`,
    `url` and `port` tell where. Raises: AddressTaken at once, not later.
    """

    def __init__(
        self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0, ending: Callable[[], None] = lambda: None
    ) -> None:
        self._ending = ending
        self._socket = _listening(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Quiet(config)
        logging.getLogger("uvicorn.error").addFilter(_is_news)
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Returns when requests are answered."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="live-server")
        while not self._server.started:
            if self._task.done():
                await self._task
                raise AddressTaken(f"the server on {self.url} ended before it began")
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Stop listening and end what is open."""
        self._ending()
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._socket.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Set before listening: accepted sockets inherit it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressTaken(
            f"{host}:{port} cannot be listened on: {error.strerror or error}; choose another port"
        ) from error
    return listener
