"""The sign-in and the sign-out: a name, a code, for speakers a microphone; then the page that was wanted."""

import asyncio
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from results.web.access import ANNOUNCING, Access, Session
from results.web.attempts import Attempts
from results.web.gate import FORM_MAX, Gate, form_of, is_foreign
from results.web.live_race import LiveRace
from results.web.local_paths import local_path
from results.web.massif import Ridge
from results.web.responses import body_of
from results.web.sessions import MICROPHONE_MAX, NAME_MAX, printable
from results.web.staff import SIGN_IN, StaffRoute, language_of, refused, staff_write
from results.web.staff_pages import HEADERS, StaffPages, capacity_said, in_other_language
from results.web.staff_words import STAFF_WORDS
from results.web.themes import theme_chosen

logger = logging.getLogger(__name__)

SIGN_OUT: Final = "/sign-out"
SESSION: Final = "/session.json"
OTHER: Final = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed at the sign-in, made plain. `wanted`: where to go then, already known to be a page of ours."""

    name: str
    code: str
    microphone: str
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a sign-in: the field (empty: none of them), the sentence, the status of the answer."""

    field: str
    text: str
    status: int
    wait_s: int = 0


def sign_out_route(gate: Gate) -> StaffRoute:
    """`POST /sign-out`, for everybody who is signed in."""

    async def sign_out(request: Request, session: Session, form: Mapping[str, str]) -> Response:
        english = form.get("language") == "en"
        response = RedirectResponse(f"/en{SIGN_IN}" if english else SIGN_IN, status_code=303)
        gate.sessions.end(response, request, session)
        logger.info("%s (%s) signed out", session.name, session.access)
        return response

    return staff_write(SIGN_OUT, sign_out, roles=ANNOUNCING)


def sign_in_routes(live: LiveRace, gate: Gate, pages: StaffPages, attempts: Attempts) -> list[Route]:
    """The sign-in in both languages, and `/session.json`: who a page's session is of, 401 when it has ended."""
    desk = _SignIn(live, gate, pages, attempts)
    routes = []
    for path in (SIGN_IN, f"/en{SIGN_IN}"):
        routes.append(Route(path, desk.shown, methods=["GET", "HEAD"]))
        routes.append(Route(path, desk.given, methods=["POST"]))
    return [*routes, Route(SESSION, desk.session, methods=["GET", "HEAD"])]


class _SignIn:
    def __init__(self, live: LiveRace, gate: Gate, pages: StaffPages, attempts: Attempts) -> None:
        self._live = live
        self._gate = gate
        self._pages = pages
        self._attempts = attempts

    async def shown(self, request: Request) -> Response:
        chosen = theme_chosen(request)
        if chosen is not None:
            return chosen
        session = self._gate.session(request)
        if session is not None:
            title = STAFF_WORDS[language_of(request)]["sign_in_title"]
            return self._pages.answer(request, session, "signed_in.html", title=title)
        return self._form(request, self._asked(request.query_params))

    async def session(self, request: Request) -> Response:
        session = self._gate.session(request)
        if session is None:
            return refused(401, "no session: sign in at /sign-in")
        who = {
            "name": session.name,
            "role": session.access,
            "microphone": session.microphone,
            # A page that outlived its session goes on with the next one of the same person; no other site can read it.
            "csrf": session.csrf,
        }
        return JSONResponse(who, headers={"Cache-Control": "no-store"})

    async def given(self, request: Request) -> Response:
        words = STAFF_WORDS[language_of(request)]
        body = await body_of(request, FORM_MAX)
        form = None if body is None else form_of(body)
        if form is None:
            return self._form(request, self._asked({}), Fault(field="", text=words["fault_form"], status=422))
        asked = self._asked(form)
        fault = self._fault_of(request, asked)
        if fault is not None:
            return self._form(request, asked, fault)
        role, fault = await self._role(request, asked)
        if role is None:
            return self._form(request, asked, fault)
        if role is Access.SPEAKER and not 0 < len(asked.microphone) <= MICROPHONE_MAX:
            text = words["fault_microphone"]
            return self._form(request, asked, Fault(field="microphone", text=text, status=422))
        return self._begun(request, asked, role)

    def _asked(self, form: Mapping[str, str]) -> Asked:
        chosen, other = form.get("microphone", ""), printable(form.get("microphone_other", ""))
        return Asked(
            name=printable(form.get("name", "")),
            code=form.get("code", ""),
            microphone=other if other and chosen in ("", OTHER) else printable(chosen) if chosen != OTHER else "",
            wanted=local_path(form.get("next", ""), self._wanted_pages()) or "",
        )

    def _fault_of(self, request: Request, asked: Asked) -> Fault | None:
        words = STAFF_WORDS[language_of(request)]
        if is_foreign(request):
            return Fault(field="", text=words["fault_foreign"], status=403)
        if not 0 < len(asked.name) <= NAME_MAX:
            return Fault(field="name", text=words["fault_name"], status=422)
        if not asked.code.strip():
            return Fault(field="code", text=words["fault_code_missing"], status=422)
        return None

    async def _role(self, request: Request, asked: Asked) -> tuple[Access | None, Fault | None]:
        """The role whose code was given, or why there is none."""
        words = STAFF_WORDS[language_of(request)]
        address = request.client.host if request.client is not None else "?"
        admitted = self._attempts.admit(address)
        if admitted.wait_s:
            wait_s = math.ceil(admitted.wait_s)
            text = words["fault_wait"].format(n=wait_s)
            return None, Fault(field="code", text=text, status=429, wait_s=wait_s)
        await asyncio.sleep(admitted.delay_s)
        role = self._gate.sessions.role_of(asked.code)
        if role is None:
            logger.warning("sign-in refused: %s gave a code that is not in force", address)
            return None, Fault(field="code", text=words["fault_code"], status=401)
        self._attempts.succeeded(address)
        return role, None

    def _begun(self, request: Request, asked: Asked, role: Access) -> Response:
        sessions, language = self._gate.sessions, language_of(request)
        microphone = asked.microphone if role is Access.SPEAKER else ""
        cookie = sessions.begin(name=asked.name, access=role, microphone=microphone)
        session = sessions.read(cookie)
        assert session is not None, "a session that has just begun holds"
        # Whoever wanted a page that is not theirs begins at their own instead of at a refusal.
        wanted = local_path(asked.wanted, self._wanted_pages(role))
        where = wanted or self._pages.home(session, language) or request.url.path
        response = RedirectResponse(where, status_code=303, headers=HEADERS)
        sessions.keep(response, request, cookie)
        logger.info("%s signed in: %s", session.name, capacity_said(session, STAFF_WORDS["en"]))
        return response

    def _form(self, request: Request, asked: Asked, fault: Fault | None = None) -> Response:
        around = self._pages.around(request)
        if asked.wanted:
            wanted = urlencode({"next": in_other_language(asked.wanted)})
            around["there"] = f"{in_other_language(request.url.path)}?{wanted}"
        speaks = asked.wanted.partition("?")[0] in ("/speaker", "/en/speaker")
        html = self._pages.environment.get_template("sign_in.html").render(
            **around, asked=asked, fault=fault, speaks=speaks, **self._picture()
        )
        waiting = {} if fault is None or not fault.wait_s else {"Retry-After": str(fault.wait_s)}
        return HTMLResponse(html, status_code=200 if fault is None else fault.status, headers={**HEADERS, **waiting})

    def _picture(self) -> dict[str, Any]:
        """The course, as it stands on every page's head."""
        race = self._live.view().board["race"]
        massif = race["massif"]
        line = Ridge.of(massif and massif["ridge"]).line
        return {"massif": massif, "ridge": line, "pines": "", "sun": None, "race_name": race["name"]}

    def _wanted_pages(self, role: Access | None = None) -> frozenset[str]:
        """The addresses of all staff pages, or of those a role may see."""
        pages = (route for route in self._pages.routes if route.is_page and (role is None or role in route.roles))
        return frozenset(path for route in pages for path in route.paths)
