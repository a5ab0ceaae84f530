"""Routes for everybody: pages, the stream, the view as JSON. Read-only by construction: nothing but GET and HEAD."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from results.web.live_race import LiveRace
from results.web.newest import Newest
from results.web.pages import Pages
from results.web.reading_routes import home_model, reading_routes
from results.web.responses import EventStream
from results.web.stream import real_now_us
from results.web.themes import theme_chosen, theme_of
from timing.instants import SECOND

PUBLIC_STEP_S: Final = 0.65
"""The public page is sent at most one event in this time, so that it is current within a second; the board gets every
tick.
"""

SILENT_S: Final = 10.0
"""A newest view older than this means that the engine no longer works, whatever its web server says."""

SECTIONS_MAX: Final = 400
"""Letters of a choice of sections; a longer one chooses all."""

PUBLIC_METHODS: Final = ("GET", "HEAD")

Endpoint = Callable[[Request], Awaitable[Response]]


def public_route(path: str, endpoint: Endpoint) -> Route:
    """A route that reads and can do nothing else: the only way a public page is declared."""
    return Route(path, endpoint, methods=list(PUBLIC_METHODS))


def public_routes(live: LiveRace, pages: Pages, newest: Newest) -> list[Route]:
    """Every route that needs no sign-in and no token. newest: the race as readers of lists see it."""
    site = _PublicSite(live, pages, newest)
    return [
        *reading_routes(newest, pages),
        public_route("/", site.page("live", "fr")),
        public_route("/en", site.page("live", "en")),
        public_route("/board", site.page("board", "fr")),
        public_route("/en/board", site.page("board", "en")),
        public_route("/events", site.events(PUBLIC_STEP_S)),
        public_route("/events/board", site.events(0.0)),
        public_route("/view.json", site.view_json),
        public_route("/healthz", site.health),
    ]


class _PublicSite:
    def __init__(self, live: LiveRace, pages: Pages, newest: Newest) -> None:
        self._live = live
        self._pages = pages
        self._newest = newest

    def page(self, name: str, language: str) -> Endpoint:
        async def answer(request: Request) -> Response:
            chosen = theme_chosen(request)
            if chosen is not None:
                return chosen
            html = self._pages.html(
                name,
                self._live.view(),
                language=language,
                theme=theme_of(request),
                now_us=self._live.hub.now_us(),
                lists=home_model(self._newest, language) if name == "live" else None,
            )
            return HTMLResponse(html, headers={"Cache-Control": "no-store", "Vary": "Cookie"})

        return answer

    def events(self, every_s: float) -> Endpoint:
        async def answer(request: Request) -> Response:
            hub = self._live.hub
            chosen = sections_chosen(request)
            return EventStream(hub.subscribe(after=resumed_after(request), every_s=every_s, only=chosen))

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


def sections_chosen(request: Request) -> frozenset[str] | None:
    """The sections a client of the public stream asks for (`?sections=clock,arrivals`); None: all of them."""
    asked = request.query_params.get("sections")
    # No more than a client can mean: what is asked is kept for as long as the view.
    return None if not asked or len(asked) > SECTIONS_MAX else frozenset(asked.split(","))


def resumed_after(request: Request) -> str | None:
    """The id of the last event a client of a stream has had, None for a new one."""
    # A browser that gave up and was started again by the page cannot set the header: it asks in the query.
    return request.headers.get("last-event-id") or request.query_params.get("after")
