"""The route of commands: who asks is known, what is asked is understood, and what came of it is told."""

import logging
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from results.web.control import BODY_MAX, COMMANDS, CommandRefused, command_of, may_command
from results.web.live_race import LiveRace
from results.web.responses import body_of
from timing.errors import RaceDayError

logger = logging.getLogger(__name__)

_BEARER: Final = {"WWW-Authenticate": 'Bearer realm="race"'}


def command_route(live: LiveRace, token: str | None) -> Route:
    """`POST /api/{name}`. token: what a command line shows; None: no commands."""
    return Route("/api/{name}", _Commands(live, token).answer, methods=["POST"])


class _Commands:
    def __init__(self, live: LiveRace, token: str | None) -> None:
        self._live = live
        self._token = token

    async def answer(self, request: Request) -> Response:
        name = request.path_params["name"]
        if not may_command(request.headers.get("authorization"), self._token):
            return refused(401, "a command needs the token in the race folder's file 'secret'", _BEARER)
        if name not in COMMANDS:
            return refused(404, f"no command {name!r}; accepted: {', '.join(COMMANDS)}")
        body = await body_of(request, BODY_MAX)
        if body is None:
            return refused(413, f"a command has at most {BODY_MAX} bytes")
        try:
            command = command_of(name, body)
            answer = await self._live.control(command)
        except CommandRefused as error:
            return JSONResponse({"error": str(error), "faults": error.faults}, status_code=422)
        except RaceDayError as error:
            logger.warning("command refused", extra={"command": name, "reason": str(error)})
            return refused(409, str(error))
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def refused(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A refusal for programs: `error` says what, and what would be accepted."""
    return JSONResponse(
        {"error": message}, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})}
    )
