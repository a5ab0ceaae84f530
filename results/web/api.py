"""`GET /api/...`: everything the pages show, for programs, described by `/api/openapi.json`.

Owns the addresses and how values become replies. Read-only: nothing here has another method than GET, and everything
is answered from the newest standing and view, as for the pages. Answers carry an `ETag` and may be asked for by pages
of other sites.
"""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from results.errors import ResultsError
from results.list_pages import PAGE_ROWS, PAGE_ROWS_MAX, public_lists
from results.web import api_board_models as board_models
from results.web import api_models as models
from results.web.api_values import Values
from results.web.newest import Newest
from results.web.public_routes import PUBLIC_STEP_S, resumed_after, sections_chosen
from results.web.responses import EventStream
from results.web.stream import StreamFull

TITLE: Final = "Calanque, a race as it stands"
VERSION: Final = "1"

ListId = Annotated[str, Path(description="The id of a public list, as `/lists` gives it", max_length=64)]
BibPath = Annotated[str, Path(description="A bib", max_length=64)]
From = Annotated[int, Query(alias="from", ge=1, le=1_000_000, description="Number of the first row")]
Count = Annotated[int, Query(ge=1, le=PAGE_ROWS_MAX, description="At most so many rows")]

_MISSING: Final[dict[int | str, dict[str, Any]]] = {404: {"model": models.ErrorReply, "description": "There is none"}}
_BUSY: Final[dict[int | str, dict[str, Any]]] = {
    503: {"model": models.ErrorReply, "description": "Too many ask at once: try again in a few seconds"}
}


def api_app(newest: Newest) -> FastAPI:
    """The application to be mounted at `/api`."""
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        description="Read-only. Instants (`_us`) are microseconds since 1970, times (`_s`) whole seconds as printed.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        servers=[{"url": "/api"}],
        root_path_in_servers=False,
        redirect_slashes=False,
    )
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(StreamFull, _stream_full)
    app.add_middleware(_ForOtherSites)
    values = Values(newest)
    _add_race(app, newest, values)
    _add_lists(app, newest, values)
    _add_runners(app, newest, values)
    return app


def _add_race(app: FastAPI, newest: Newest, values: Values) -> None:
    @app.get("/race", response_model=board_models.RaceReply, tags=["race"])
    async def race(request: Request) -> Response:
        """What the race is, its clock, guns and counts."""
        return _said(request, values.race())

    @app.get("/board", response_model=board_models.BoardReply, tags=["race"])
    async def board(request: Request) -> Response:
        """The newest view, whole: leaders, arrivals, counts, flow. As a stream: `/stream`."""
        return _bytes(request, newest.live.view().json())

    @app.get("/flow", response_model=models.FlowReply, tags=["race"])
    async def flow(request: Request) -> Response:
        """Arrivals per minute."""
        return _said(request, values.flow())

    @app.get(
        "/stream",
        response_class=Response,
        responses={200: {"content": {"text/event-stream": {}}, "description": "Server-sent events"}, **_BUSY},
        tags=["race"],
    )
    async def stream(
        request: Request,
        sections: Annotated[str, Query(description="Names of sections, with commas; empty: all of them")] = "",
        after: Annotated[str, Query(description="Id of the last event had (or the header Last-Event-ID)")] = "",
    ) -> Response:
        """The board as server-sent events: `view` (whole), then `change` (what changed), and `beat` when idle."""
        hub = newest.live.hub
        chosen = sections_chosen(request)
        return EventStream(hub.subscribe(after=resumed_after(request), every_s=PUBLIC_STEP_S, only=chosen))


def _add_lists(app: FastAPI, newest: Newest, values: Values) -> None:
    @app.get("/lists", response_model=models.ListsReply, tags=["lists"])
    async def lists(request: Request) -> Response:
        """Every list the public may see, with its state and how many are in it."""
        return _kept(request, newest, ("lists",), lambda: values.lists())

    @app.get("/lists/{list_id}", response_model=models.ListReply, responses=_MISSING, tags=["lists"])
    async def list_page(request: Request, list_id: ListId, first: From = 1, count: Count = PAGE_ROWS) -> Response:
        """Rows of a list, as it stands now."""
        ranked = public_lists(newest.standing()).get(list_id)
        if ranked is None:
            known = ", ".join(public_lists(newest.standing()))
            raise HTTPException(404, f"no list {list_id!r}; there are: {known}")
        return _kept(request, newest, ("list", list_id, first, count), lambda: values.list_page(ranked, first, count))

    @app.get("/clubs", response_model=models.ClubsReply, tags=["lists"])
    async def clubs(request: Request) -> Response:
        """Every club of those whose name is published, with most in the overall list first."""
        return _said(request, await values.clubs())

    @app.get("/clubs/{key}", response_model=models.ClubReply, responses=_MISSING, tags=["lists"])
    async def club(
        request: Request, key: Annotated[str, Path(max_length=200)], first: From = 1, count: Count = PAGE_ROWS
    ) -> Response:
        """Rows of the overall list that are of a club."""
        found = await values.club(key, first, count)
        if found is None:
            raise HTTPException(404, f"no club {key!r}; /api/clubs gives their keys")
        return _said(request, found)


def _add_runners(app: FastAPI, newest: Newest, values: Values) -> None:
    @app.get("/runners/{bib}", response_model=models.RunnerReply, responses=_MISSING, tags=["runners"])
    async def runner(request: Request, bib: BibPath) -> Response:
        """Times, places, splits and pace of one runner."""
        found = values.runner(bib)
        if found is None:
            raise HTTPException(404, f"nobody wears bib {bib!r}")
        return _said(request, found)

    @app.get("/runners/{bib}/why", response_model=models.WhyReply, responses={**_MISSING, **_BUSY}, tags=["runners"])
    async def why(request: Request, bib: BibPath) -> Response:
        """How the times of one runner came about, in sentences; an answer may be some seconds old."""
        try:
            found = await values.why(bib)
        except ResultsError as error:
            raise HTTPException(503, str(error), headers={"Retry-After": "5"}) from error
        if found is None:
            raise HTTPException(404, f"nobody wears bib {bib!r}, or their name is withheld")
        return _said(request, found)

    @app.get("/search", response_model=models.SearchReply, tags=["runners"])
    async def search(
        request: Request,
        q: Annotated[str, Query(max_length=200, description="Beginnings of words of a name, or a whole bib")],
        count: Count = PAGE_ROWS,
    ) -> Response:
        """Runners by name or bib. A withheld name is found by nobody."""
        return _said(request, await values.search(q, count))


# ---- answers ----


def _said(request: Request, reply: BaseModel) -> Response:
    return _bytes(request, reply.model_dump_json().encode("utf-8", "replace"))


def _kept(request: Request, newest: Newest, key: Any, make: Callable[[], BaseModel]) -> Response:
    """The same, made once for each standing."""
    body = newest.kept(key, lambda standing: make().model_dump_json().encode("utf-8", "replace"))
    return _bytes(request, body)


def _bytes(request: Request, body: bytes) -> Response:
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "public, no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {"Cache-Control": "no-store", **(error.headers or {})}
    return JSONResponse({"error": str(error.detail)}, status_code=error.status_code, headers=headers)


async def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    said = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
    return JSONResponse({"error": said}, status_code=422, headers={"Cache-Control": "no-store"})


async def _stream_full(request: Request, error: Exception) -> Response:
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    return JSONResponse({"error": str(error)}, status_code=503, headers=headers)


class _ForOtherSites:
    """What everybody may read may be shown by the page of a club or a newspaper: it goes without anybody's cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            await send(message)

        await self.app(scope, receive, send_open if scope["type"] == "http" else send)
