"""Staff routes: a page or a stream behind the sign-in is one line, with the roles that may see it.

staff_page("/speaker", endpoint, roles=ANNOUNCING)       # and /en/speaker
staff_events("/speaker/events", hub, roles=ANNOUNCING)
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from results.web.access import Access, Session
from results.web.public_routes import resumed_after
from results.web.responses import EventStream
from results.web.stream import Hub

StaffEndpoint = Callable[[Request, Session], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRoute:
    """A route that only sessions with one of the roles reach. `paths`: one, or one for each language."""

    paths: tuple[str, ...]
    endpoint: StaffEndpoint
    roles: frozenset[Access]
    is_page: bool


def staff_page(path: str, endpoint: StaffEndpoint, *, roles: frozenset[Access]) -> StaffRoute:
    """A page at `path` (French) and `/en` + `path`; `language_of(request)` tells which was asked for.

    Whoever has not signed in is sent to the sign-in, and back here from there.
    """
    return StaffRoute(paths=(path, f"/en{path}"), endpoint=endpoint, roles=roles, is_page=True)


def staff_data(path: str, endpoint: StaffEndpoint, *, roles: frozenset[Access]) -> StaffRoute:
    """Something a staff page's script asks for (JSON, a file); refused with JSON."""
    return StaffRoute(paths=(path,), endpoint=endpoint, roles=roles, is_page=False)


def staff_events(path: str, hub: Hub, *, roles: frozenset[Access], every_s: float = 0.0) -> StaffRoute:
    """A hub's views as server-sent events, as the public ones are; at most one event in `every_s`."""

    async def answer(request: Request, session: Session) -> Response:
        return EventStream(hub.subscribe(after=resumed_after(request), every_s=every_s))

    return staff_data(path, answer, roles=roles)


def language_of(request: Request) -> str:
    """`en` below `/en`, else `fr`."""
    path = request.url.path
    return "en" if path == "/en" or path.startswith("/en/") else "fr"


def guarded(route: StaffRoute) -> list[Route]:
    """The routes of a declaration."""

    async def answer(request: Request) -> Response:
        return JSONResponse({"error": "sign in first"}, status_code=401)

    return [Route(path, answer, methods=["GET", "HEAD"]) for path in route.paths]
