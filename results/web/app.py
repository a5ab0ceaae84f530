"""The application of one live race: only composes routes. Who gets which answer is said where the routes are.

The race itself is behind `LiveRace`: the engine's in life, a small one in tests.
"""

from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount

from results.web.commands_route import command_route
from results.web.live_race import LiveRace
from results.web.pages import Pages
from results.web.public_routes import public_routes
from results.web.responses import OurFiles, SecurityHeaders
from results.web.staff import StaffRoute, guarded
from results.web.stream import StreamFull

__all__ = ["LiveRace", "build_app"]

_WEB = Path(__file__).parent
_SHARED_FILES: Final = _WEB.parent / "static"


def build_app(live: LiveRace, *, token: str | None = None, board_step_ms: int = 2500) -> Starlette:
    """The application of one race.

    token: what commands must carry (`control.token_in(folder / "secret")`); None: no commands. board_step_ms: how
    often rows move on the big board.
    """
    pages = Pages(board_step_ms=board_step_ms)
    routes: list[BaseRoute] = [*public_routes(live, pages), command_route(live, token)]
    for staff in _staff_routes(live):
        routes += guarded(staff)
    # The shared files first: they are inside nothing of ours.
    routes.append(Mount("/static/base", OurFiles(directory=_SHARED_FILES)))
    routes.append(Mount("/static", OurFiles(directory=_WEB / "static")))
    return Starlette(
        routes=routes,
        middleware=[Middleware(SecurityHeaders), Middleware(GZipMiddleware, minimum_size=1024)],
        exception_handlers={StreamFull: _stream_full},
    )


def _staff_routes(live: LiveRace) -> list[StaffRoute]:
    """Every route behind the sign-in, a line for each page or stream with the roles that may see it."""
    return []


async def _stream_full(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=503, headers={"Retry-After": "5"})
