"""The application of one live race: only composes routes. Who gets which answer is said where the routes are.

The race itself is behind `LiveRace`: the engine's in life, a small one in tests.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount

from results.web.api import api_app
from results.web.attempts import Attempts
from results.web.clock_routes import clock_routes
from results.web.commands_route import command_route
from results.web.crew_routes import crew_routes
from results.web.desk_routes import desk_routes
from results.web.gate import Gate
from results.web.hand_routes import hand_routes, time_routes
from results.web.live_race import LiveRace
from results.web.newest import STEP_S, Newest
from results.web.pages import Pages
from results.web.public_routes import public_routes
from results.web.responses import OurFiles, SecurityHeaders
from results.web.sessions import Sessions
from results.web.sign_in import sign_in_routes, sign_out_route
from results.web.speaker_routes import speaker_routes
from results.web.staff import StaffRoute, guarded
from results.web.staff_pages import StaffPages
from results.web.stream import StreamFull

__all__ = ["LiveRace", "build_app"]

_WEB = Path(__file__).parent
_SHARED_FILES: Final = _WEB.parent / "static"


def staff_routes(live: LiveRace, pages: StaffPages) -> list[StaffRoute]:
    """Every page, stream and form of the staff: a line for each, with the roles that may use it, where it is made."""
    return [
        *speaker_routes(live, pages),
        *crew_routes(live, pages),
        *hand_routes(live, pages),
        *desk_routes(live, pages),
    ]


def build_app(
    live: LiveRace,
    *,
    token: str | None = None,
    sessions: Sessions | None = None,
    staff: Callable[[LiveRace, StaffPages], Sequence[StaffRoute]] = staff_routes,
    board_step_ms: int = 2500,
    reading_step_s: float = STEP_S,
) -> Starlette:
    """The application of one race.

    token: what commands from a command line carry (`control.token_in(folder / "secret")`); None: none are taken.
    sessions: of the staff pages; None: there are none, and no sign-in. staff: the staff routes. board_step_ms: how
    often rows move on the big board. reading_step_s: readers of lists are shown another race no more often than this.
    """
    gate = None if sessions is None else Gate(sessions)
    newest = Newest(live, step_s=reading_step_s)
    routes: list[BaseRoute] = [
        *public_routes(live, Pages(board_step_ms=board_step_ms), newest),
        *time_routes(live),
        *clock_routes(live),
        command_route(live, token, gate),
    ]
    if gate is not None:
        routes += _behind_sign_in(live, gate, staff)
    # Behind the commands and whatever else has an address of its own below it: it answers all that is left.
    routes.append(Mount("/api", api_app(newest)))
    # The shared files first: they are inside nothing of ours.
    routes.append(Mount("/static/base", OurFiles(directory=_SHARED_FILES)))
    routes.append(Mount("/static", OurFiles(directory=_WEB / "static")))
    return Starlette(
        routes=routes,
        middleware=[Middleware(SecurityHeaders), Middleware(GZipMiddleware, minimum_size=1024)],
        exception_handlers={StreamFull: _stream_full},
    )


def _behind_sign_in(
    live: LiveRace, gate: Gate, staff: Callable[[LiveRace, StaffPages], Sequence[StaffRoute]]
) -> list[BaseRoute]:
    pages = StaffPages(live.race_title)
    pages.routes = [*staff(live, pages), sign_out_route(gate)]
    guarded_routes = [each for route in pages.routes for each in guarded(route, gate, pages.denied)]
    return [*sign_in_routes(live, gate, pages, Attempts()), *guarded_routes]


async def _stream_full(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=503, headers={"Retry-After": "5"})
