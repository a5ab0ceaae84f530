"""The route of commands: who asks is known, what is asked is understood, and what came of it is told."""

import logging
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from results.web.access import Session
from results.web.control import BODY_MAX, COMMANDS, MAY_GIVE, CommandRefused, command_of, may_command
from results.web.gate import Gate, roles_said
from results.web.live_race import LiveRace
from results.web.responses import body_of
from results.web.staff import refused
from timing.errors import RaceDayError

logger = logging.getLogger(__name__)

_BEARER: Final = {"WWW-Authenticate": 'Bearer realm="race"'}


def command_route(live: LiveRace, token: str | None, gate: Gate | None) -> Route:
    """`POST /api/{name}`. token: what a command line shows, None: nobody may with one. gate: of the sessions."""
    return Route("/api/{name}", _Commands(live, token, gate).answer, methods=["POST"])


async def answered(live: LiveRace, command: dict[str, Any]) -> Response:
    """The answer to something a page of ours asks, as a command is answered."""
    try:
        return JSONResponse(await live.control(command))
    except CommandRefused as error:
        return JSONResponse({"error": str(error), "faults": error.faults}, status_code=422)
    except RaceDayError as error:
        return refused(409, str(error))


class _Commands:
    def __init__(self, live: LiveRace, token: str | None, gate: Gate | None) -> None:
        self._live = live
        self._token = token
        self._gate = gate

    async def answer(self, request: Request) -> Response:
        session: Session | None = None
        if not may_command(request.headers.get("authorization"), self._token):
            session = self._session(request)
            if session is None:
                message = "a command needs the token in the race folder's file 'secret', or a sign-in at /sign-in"
                return refused(401, message, _BEARER)
        name = request.path_params["name"]
        refusal = self._refusal(request, session, name)
        if refusal is not None:
            return refusal
        body = await body_of(request, BODY_MAX)
        if body is None:
            return refused(413, f"a command has at most {BODY_MAX} bytes")
        return await self._carried_out(name, body, session)

    def _session(self, request: Request) -> Session | None:
        # Who shows a token, though a wrong one, is no browser: a cookie beside it does not make up for it.
        if self._gate is None or "authorization" in request.headers:
            return None
        return self._gate.session(request)

    def _refusal(self, request: Request, session: Session | None, name: str) -> Response | None:
        """Why this command is not looked at any further, None when it is."""
        if session is not None and self._gate is not None:
            reason = self._gate.write_refused(request, session)
            if reason is not None:
                return refused(403, reason)
        if name not in COMMANDS:
            return refused(404, f"no command {name!r}; accepted: {', '.join(COMMANDS)}")
        if session is not None and session.access not in MAY_GIVE[name]:
            return refused(403, f"{name!r} is for {roles_said(MAY_GIVE[name])}; this session is of {session.access}")
        return None

    async def _carried_out(self, name: str, body: bytes, session: Session | None) -> Response:
        try:
            command = command_of(name, body, session)
            answer = await self._live.control(command)
        except CommandRefused as error:
            return JSONResponse({"error": str(error), "faults": error.faults}, status_code=422)
        except RaceDayError as error:
            logger.warning("command refused", extra={"command": name, "reason": str(error)})
            return refused(409, str(error))
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})
