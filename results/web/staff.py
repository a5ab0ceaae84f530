"""Staff routes: a page, a stream or a form behind the sign-in is one line, with the roles that may use it.

    staff_page("/speaker", endpoint, roles=ANNOUNCING)            # and /en/speaker
    staff_events("/speaker/events", hub, roles=ANNOUNCING)

An endpoint is given the request and the session, and is only called for a session that has one of the roles.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from results.web.access import Access, Session
from results.web.gate import CSRF_FIELD, FORM_MAX, Gate, form_of, roles_said
from results.web.public_routes import resumed_after
from results.web.responses import EventStream, body_of
from results.web.stream import Hub
from results.web.themes import theme_chosen

SIGN_IN: Final = "/sign-in"

StaffEndpoint = Callable[[Request, Session], Awaitable[Response]]
StaffWrite = Callable[[Request, Session, Mapping[str, str]], Awaitable[Response]]
StaffUpload = Callable[[Request, Session, bytes], Awaitable[Response]]
Denied = Callable[[Request, Session, frozenset[Access]], Response]
"""The page that says that a session has not the role: request, session, the roles that may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRoute:
    """A route that only sessions with one of the roles reach. `paths`: one, or the French and the English one.

    `endpoint` reads, `write` takes a form, or `upload` a file of at most `upload_max` bytes: one of them.
    """

    paths: tuple[str, ...]
    roles: frozenset[Access]
    is_page: bool = False
    endpoint: StaffEndpoint | None = None
    write: StaffWrite | None = None
    upload: StaffUpload | None = None
    upload_max: int = 0

    def __post_init__(self) -> None:
        ways = (self.endpoint, self.write, self.upload)
        assert sum(way is not None for way in ways) == 1, "a route either reads, or takes a form or a file"


def staff_page(path: str, endpoint: StaffEndpoint, *, roles: frozenset[Access]) -> StaffRoute:
    """A page at `path` (French) and `/en` + `path`; `language_of(request)` tells which was asked for.

    Whoever has not signed in is sent to the sign-in, and back here from there.
    """
    return StaffRoute(paths=(path, f"/en{path}"), endpoint=endpoint, roles=roles, is_page=True)


def staff_data(path: str, endpoint: StaffEndpoint, *, roles: frozenset[Access]) -> StaffRoute:
    """Something a staff page's script asks for (JSON, a file); refused with JSON."""
    return StaffRoute(paths=(path,), endpoint=endpoint, roles=roles)


def staff_events(path: str, hub: Hub, *, roles: frozenset[Access], every_s: float = 0.0) -> StaffRoute:
    """A hub's views as server-sent events, as the public ones are; at most one event in `every_s`.

    Ends when the session does: `staff_link.js` says so on the page.
    """

    async def answer(request: Request, session: Session) -> Response:
        return EventStream(hub.subscribe(after=resumed_after(request), every_s=every_s))

    return staff_data(path, answer, roles=roles)


def staff_write(path: str, endpoint: StaffWrite, *, roles: frozenset[Access]) -> StaffRoute:
    """A form that is no command: `POST path`, its fields (at most 16 kB, urlencoded) given to the endpoint.

    The token of the session is in the header `X-CSRF-Token` or in the field `csrf`; checked before.
    """
    return StaffRoute(paths=(path,), write=endpoint, roles=roles)


def staff_upload(path: str, endpoint: StaffUpload, *, roles: frozenset[Access], most: int) -> StaffRoute:
    """A file that a page sends as the body of `POST path`, at most `most` bytes, given to the endpoint.

    The token of the session is in the header `X-CSRF-Token`; checked before anything is read.
    """
    return StaffRoute(paths=(path,), upload=endpoint, upload_max=most, roles=roles)


def language_of(request: Request) -> str:
    """`en` below `/en`, else `fr`."""
    path = request.url.path
    return "en" if path == "/en" or path.startswith("/en/") else "fr"


def guarded(route: StaffRoute, gate: Gate, denied: Denied) -> list[Route]:
    """The routes of a declaration, each behind the gate."""
    if route.endpoint is not None:
        answer, methods = _reading(route, gate, denied), ["GET", "HEAD"]
    else:
        answer, methods = (_writing if route.upload is None else _uploading)(route, gate), ["POST"]
    return [Route(path, answer, methods=methods) for path in route.paths]


def _reading(route: StaffRoute, gate: Gate, denied: Denied) -> Callable[[Request], Awaitable[Response]]:
    endpoint = route.endpoint
    assert endpoint is not None

    async def answer(request: Request) -> Response:
        session = gate.session(request)
        if session is None:
            return to_sign_in(request) if route.is_page else refused(401, "sign in first, at /sign-in")
        if session.access not in route.roles:
            if route.is_page:
                return denied(request, session, route.roles)
            return refused(403, f"for {roles_said(route.roles)}; this session is of {session.access}")
        chosen = theme_chosen(request) if route.is_page else None
        response = chosen or await endpoint(request, session)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.add_vary_header("Cookie")
        if isinstance(response, EventStream):
            response.end_when(partial(gate.until_over, session))
        return response

    return answer


def _writing(route: StaffRoute, gate: Gate) -> Callable[[Request], Awaitable[Response]]:
    write = route.write
    assert write is not None

    async def answer(request: Request) -> Response:
        session = gate.session(request)
        if session is None:
            return refused(401, "sign in first, at /sign-in")
        body = await body_of(request, FORM_MAX)
        if body is None:
            return refused(413, f"a form has at most {FORM_MAX} bytes")
        form = form_of(body)
        if form is None:
            return refused(422, "accepted: a form, application/x-www-form-urlencoded")
        reason = gate.write_refused(request, session, form.pop(CSRF_FIELD, None))
        if reason is not None:
            return refused(403, reason)
        if session.access not in route.roles:
            return refused(403, f"for {roles_said(route.roles)}; this session is of {session.access}")
        response = await write(request, session, form)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answer


def _uploading(route: StaffRoute, gate: Gate) -> Callable[[Request], Awaitable[Response]]:
    upload = route.upload
    assert upload is not None

    async def answer(request: Request) -> Response:
        session = gate.session(request)
        if session is None:
            return refused(401, "sign in first, at /sign-in")
        reason = gate.write_refused(request, session)
        if reason is not None:
            return refused(403, reason)
        if session.access not in route.roles:
            return refused(403, f"for {roles_said(route.roles)}; this session is of {session.access}")
        body = await body_of(request, route.upload_max)
        if body is None:
            return refused(413, f"a file has at most {route.upload_max // 1_000_000} MB")
        response = await upload(request, session, body)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answer


def to_sign_in(request: Request) -> Response:
    """To the sign-in in the page's language, and from there back to the page."""
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = urlencode({"next": request.url.path + query})
    where = f"{'/en' if language_of(request) == 'en' else ''}{SIGN_IN}?{wanted}"
    return RedirectResponse(where, status_code=303, headers={"Cache-Control": "no-store", "Vary": "Cookie"})


def refused(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A refusal for programs: `error` says what, and what would be accepted."""
    return JSONResponse(
        {"error": message}, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})}
    )
