"""Somebody at the staff pages, over ASGI: signs in as a person does, keeps the cookie, reads the token off a page."""

import re
from collections.abc import Sequence
from typing import Any

import httpx
from show_moving_race import CODES, TOKEN, ShownRace, shown_sessions
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from results.web.access import ANNOUNCING, CREWING, Access, Session
from results.web.app import build_app
from results.web.live_race import LiveRace
from results.web.sessions import Sessions
from results.web.staff import StaffRoute, language_of, staff_data, staff_events, staff_page, staff_write
from results.web.staff_pages import StaffPages


def some_staff_routes(live: LiveRace, pages: StaffPages) -> Sequence[StaffRoute]:
    """A page for announcers, one for the crew, a stream, something to ask for, and a form for the jury."""

    async def page(request: Request, session: Session) -> Response:
        return pages.answer(request, session, "signed_in.html", title=f"a page in {language_of(request)}")

    async def data(request: Request, session: Session) -> Response:
        return JSONResponse({"for": session.name})

    async def form(request: Request, session: Session, fields: Any) -> Response:
        return JSONResponse({"by": session.name, **fields})

    return [
        staff_page("/speaker", page, roles=ANNOUNCING),
        staff_page("/crew", page, roles=CREWING),
        staff_events("/speaker/events", live.hub, roles=ANNOUNCING),
        staff_data("/crew/data.json", data, roles=CREWING),
        staff_write("/crew/form", form, roles=frozenset({Access.JURY})),
    ]


def staffed_app(shown: ShownRace, sessions: Sessions | None = None) -> Starlette:
    return build_app(shown, token=TOKEN, sessions=sessions or shown_sessions(), staff=some_staff_routes)


def client_of(app: Starlette, *, base: str = "http://race", address: str = "192.0.2.7") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 50_000))
    return httpx.AsyncClient(transport=transport, base_url=base)


async def signed_in(client: httpx.AsyncClient, access: Access, name: str = "Hélène", **more: str) -> str:
    """Signs a client in; the token of its session."""
    form = {"name": name, "code": CODES[access], "microphone": "1", **more}
    answer = await client.post("/sign-in", data=form)
    assert answer.status_code == 303, answer.text
    return await token_of(client)


async def token_of(client: httpx.AsyncClient) -> str:
    page = await client.get("/sign-in")
    found = re.search(r'<meta name="csrf" content="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]
