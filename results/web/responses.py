"""What goes over HTTP beside plain pages: the event stream, our static files, and the headers every answer carries."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from results.web.stream import Subscription

STUCK_S: Final = 30.0
"""A client that takes nothing for this long loses its place: it was sent nothing in vain, and comes back by itself."""

LAST_WORD_S: Final = 0.3
"""Within it a client takes the end of its stream when the server closes, or is cut off."""

RETRY_MS: Final = 1_500
"""What a browser waits before it connects again."""

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class EventStream(Response):
    """A subscription as server-sent events, until the client leaves, is stuck, or the hub closes."""

    media_type = "text/event-stream"

    def __init__(self, subscription: Subscription) -> None:
        self.status_code = 200
        self.background = None
        self._subscription = subscription
        self._over: Callable[[], Coroutine[Any, Any, None]] | None = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    def end_when(self, over: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The stream also ends when what this gives has: the client comes back, and is told why it may not."""
        self._over = over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.create_task(self._send_events(send), name="event-stream")
        leaving = asyncio.create_task(_left(receive), name="event-stream-left")
        closing = asyncio.create_task(self._subscription.until_closed(), name="event-stream-closing")
        tasks = {sending, leaving, closing}
        if self._over is not None:
            tasks.add(asyncio.create_task(self._over(), name="event-stream-over"))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if closing.done():
                await asyncio.wait({sending}, timeout=LAST_WORD_S)  # one that is stuck does not hold the server up
        finally:
            self._subscription.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not sending.cancelled():
            sending.result()  # a mistake of ours is not to be swallowed

    async def _send_events(self, send: Send) -> None:
        await send(_part(f"retry: {RETRY_MS}\n\n".encode()))
        # A client that vanished or is stuck is not an error of ours: its place is given up.
        with contextlib.suppress(TimeoutError, OSError):
            while (event := await self._subscription.next_event()) is not None:
                async with asyncio.timeout(STUCK_S):
                    await send(_part(event))
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class OurFiles(StaticFiles):
    """Files of the package, and no others. A file asked for with its version never changes, so it may be kept."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        versioned = b"v=" in scope.get("query_string", b"")
        # Fonts are named by the style sheet without a version; they change with a release at most. A module is named
        # by another one, and the two must be of one release.
        unversioned = "no-cache" if os.fspath(full_path).endswith(".js") else "public, max-age=3600"
        kept = "public, max-age=31536000, immutable" if versioned else unversioned
        response.headers["Cache-Control"] = kept
        return response


async def body_of(request: Request, most: int) -> bytes | None:
    """The body of a request, or None when it is longer than `most` bytes; never holds more than that."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def version_of(file: Path) -> str:
    """Eight hexadecimal digits that change when the file does."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:8]


class SecurityHeaders:
    """Adds the headers that keep a page to itself: nothing from elsewhere, nothing inline, no frames."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_guarded if scope["type"] == "http" else send)
