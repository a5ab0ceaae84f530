"""Routes of the live race: pages, the stream, the view as JSON, and commands with a token.

Owns who gets which answer. The race itself is behind `LiveRace`: the engine's in life, a small one in tests.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from results.web.control import BODY_MAX, COMMANDS, CommandRefused, command_of, may_command
from results.web.pages import THEME_COOKIE, THEMES, Pages
from results.web.responses import EventStream, OurFiles, SecurityHeaders
from results.web.stream import Hub, StreamFull, View, real_now_us
from timing.errors import RaceDayError
from timing.instants import SECOND

logger = logging.getLogger(__name__)

PUBLIC_STEP_S: Final = 1.0
"""The public page is sent at most one event in this time; the board gets every tick."""

SILENT_S: Final = 10.0
"""A newest view older than this means that the engine no longer works, whatever its web server says."""

_WEB = Path(__file__).parent
_SHARED_FILES = _WEB.parent / "static"
_YEAR_S: Final = 31_536_000


class LiveRace(Protocol):
    """What the pages need of a running race."""

    @property
    def hub(self) -> Hub:
        """Where views are published; always holds one."""

    @property
    def race_title(self) -> Mapping[str, str]:
        """The race's name by language (`fr`, `en`)."""

    def view(self) -> View:
        """The newest view."""

    async def control(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out a checked command (`command` and its fields, see `control.COMMANDS`); the answer is sent as JSON.

        Raises: RaceDayError when it cannot be done; the message is shown to whoever asked.
        """


def build_app(live: LiveRace, *, token: str | None = None, board_step_ms: int = 2500) -> Starlette:
    """The application of one race.

    token: what commands must carry (`control.token_in(folder / "secret")`); None: no commands. board_step_ms: how
    often rows move on the big board.
    """
    site = _Site(live, token, Pages(board_step_ms=board_step_ms))
    return Starlette(
        routes=[
            Route("/", site.page("live", "fr")),
            Route("/en", site.page("live", "en")),
            Route("/board", site.page("board", "fr")),
            Route("/en/board", site.page("board", "en")),
            Route("/events", site.events(PUBLIC_STEP_S)),
            Route("/events/board", site.events(0.0)),
            Route("/view.json", site.view_json),
            Route("/healthz", site.health),
            Route("/api/{name}", site.command, methods=["POST"]),
            # The shared files first: they are inside nothing of ours.
            Mount("/static/base", OurFiles(directory=_SHARED_FILES)),
            Mount("/static", OurFiles(directory=_WEB / "static")),
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(GZipMiddleware, minimum_size=1024)],
        exception_handlers={StreamFull: _stream_full},
    )


Endpoint = Callable[[Request], Awaitable[Response]]


class _Site:
    def __init__(self, live: LiveRace, token: str | None, pages: Pages) -> None:
        self._live = live
        self._token = token
        self._pages = pages

    def page(self, name: str, language: str) -> Endpoint:
        async def answer(request: Request) -> Response:
            wanted = request.query_params.get("theme")
            if wanted in THEMES:
                return _keep_theme(request, wanted)
            theme = request.cookies.get(THEME_COOKIE)
            html = self._pages.html(
                name, self._live.view(), language=language, theme=theme, now_us=self._live.hub.now_us()
            )
            return HTMLResponse(html, headers={"Cache-Control": "no-store", "Vary": "Cookie"})

        return answer

    def events(self, every_s: float) -> Endpoint:
        async def answer(request: Request) -> Response:
            # A browser that gave up and was started again by the page cannot set the header: it asks in the query.
            after = request.headers.get("last-event-id") or request.query_params.get("after")
            return EventStream(self._live.hub.subscribe(after=after, every_s=every_s))

        return answer

    async def view_json(self, request: Request) -> Response:
        view = self._live.view()
        tag = f'"{self._live.hub.event_id(view)}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(view.json(), media_type="application/json", headers=headers)

    async def health(self, request: Request) -> Response:
        hub, view = self._live.hub, self._live.view()
        age_s = (real_now_us() - view.made_us) / SECOND
        alive = age_s < SILENT_S
        state = {"alive": alive, "view": view.number, "age_s": round(age_s, 3), "clients": hub.clients}
        return JSONResponse(state, status_code=200 if alive else 503, headers={"Cache-Control": "no-store"})

    async def command(self, request: Request) -> Response:
        name = request.path_params["name"]
        if not may_command(request.headers.get("authorization"), self._token):
            return _refused(401, "a command needs the token in the race folder's file 'secret'", _BEARER)
        if name not in COMMANDS:
            return _refused(404, f"no command {name!r}; accepted: {', '.join(COMMANDS)}")
        body = await _body_of(request)
        if body is None:
            return _refused(413, f"a command has at most {BODY_MAX} bytes")
        try:
            command = command_of(name, body)
            answer = await self._live.control(command)
        except CommandRefused as error:
            return JSONResponse({"error": str(error), "faults": error.faults}, status_code=422)
        except RaceDayError as error:
            logger.warning("command refused", extra={"command": name, "reason": str(error)})
            return _refused(409, str(error))
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})


_BEARER: Final = {"WWW-Authenticate": 'Bearer realm="race"'}


def _refused(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": message}, status_code=status, headers=headers)


async def _body_of(request: Request) -> bytes | None:
    """The body, or None when it is longer than any command; never holds more than that."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX:
            return None
    return body


async def _stream_full(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=503, headers={"Retry-After": "5"})


def _keep_theme(request: Request, theme: str) -> Response:
    """Without a script the choice of light or dark is a link: the cookie is set and the plain page asked again."""
    response = RedirectResponse(request.url.path, status_code=303, headers={"Cache-Control": "no-store"})
    response.set_cookie(THEME_COOKIE, theme, max_age=_YEAR_S, samesite="strict", path="/")
    return response
