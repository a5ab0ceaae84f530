"""Routes of the crew's console: the page, its stream and panes, and what is exported. All behind the sign-in."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from results.crew.tables import table_csv
from results.web.access import CREWING, Session
from results.web.commands_route import answered
from results.web.crew_acts import crew_act_routes
from results.web.crew_mats import mat_title, refused
from results.web.crew_models import Saying
from results.web.crew_pages import ALL_PANES, CrewPanes, crew_words
from results.web.hand_routes import hand_model
from results.web.hand_words import HAND_WORDS
from results.web.live_race import LiveRace
from results.web.staff import StaffRoute, language_of, staff_data, staff_events, staff_page
from results.web.staff_pages import StaffPages
from results.web.stream import View

HAND_ROWS: Final = 6
"""Stamps that the keypad shows here; the page of hand timing has all."""

NO_STORE: Final[Mapping[str, str]] = {"Cache-Control": "no-store"}


def crew_routes(live: LiveRace, pages: StaffPages) -> list[StaffRoute]:
    """Every route of `/crew`."""
    panes = CrewPanes()
    site = _CrewSite(live, pages, panes)
    return [
        staff_page("/crew", site.page, roles=CREWING),
        staff_page("/crew/print", site.print_page, roles=CREWING),
        staff_events("/events/crew", live.hubs.crew, roles=CREWING),
        staff_data("/crew/pane/{name}", site.pane, roles=CREWING),
        staff_data("/crew/refused", site.refused, roles=CREWING),
        staff_data("/crew/charts", site.charts, roles=CREWING),
        staff_data("/crew/charts.json", site.charts_json, roles=CREWING),
        staff_data("/crew/on_course.csv", site.on_course_csv, roles=CREWING),
        staff_data("/crew/shift_log.csv", site.shift_log_csv, roles=CREWING),
        *crew_act_routes(live, panes),
    ]


def asked_language(request: Request) -> str:
    """The language a fragment is asked in: French unless it says English."""
    return "en" if request.query_params.get("language") == "en" else "fr"


class _CrewSite:
    def __init__(self, live: LiveRace, pages: StaffPages, panes: CrewPanes) -> None:
        self._live = live
        self._pages = pages
        self._panes = panes

    @property
    def _view(self) -> View:
        view = self._live.hubs.crew.latest
        assert view is not None, "the first view is made before the pages are served"
        return view

    async def page(self, request: Request, session: Session) -> Response:
        language = language_of(request)
        words = {**crew_words(language), **HAND_WORDS[language]}
        return self._pages.answer(
            request,
            session,
            "crew.html",
            title=words["crew"],
            words=words,
            hand=hand_model(self._view.board, language, rows=HAND_ROWS),
            panes=self._panes.panes(self._view, language),
            sections={name: " ".join(sorted(hangs_on)) for name, (_, hangs_on) in ALL_PANES.items()},
        )

    async def print_page(self, request: Request, session: Session) -> Response:
        """The whole shift log and the list of decisions, to be printed."""
        language = language_of(request)
        words = crew_words(language)
        s = self._saying(language)
        log = await self._live.control({"command": "shift_log", "language": language})
        rulings = await self._live.control({"command": "rulings", "language": language, "role": "crew"})
        return self._pages.answer(
            request,
            session,
            "crew_print.html",
            title=words["print_title"],
            words=words,
            log=log,
            rulings=[{**row, "hour": s.hour(row["at_us"])} for row in rulings["rows"]],
            decisions=ALL_PANES["decisions"][0](s),
            hour=s.hour(s.now_us),
        )

    async def pane(self, request: Request, session: Session) -> Response:
        name = request.path_params["name"]
        if name not in ALL_PANES:
            return JSONResponse({"error": f"no pane {name!r}; there are: {', '.join(ALL_PANES)}"}, status_code=404)
        return HTMLResponse(self._panes.pane(name, self._view, asked_language(request)), headers=NO_STORE)

    async def refused(self, request: Request, session: Session) -> Response:
        """The refused reads of a mat, by reason, each with the runners behind it."""
        language = asked_language(request)
        model = refused(self._view.board, self._saying(language), request.query_params.get("mat", ""))
        return HTMLResponse(self._panes.fragment("crew/refused.html", language, **model), headers=NO_STORE)

    async def charts(self, request: Request, session: Session) -> Response:
        """Where the charts of a mat are drawn, with what they are of."""
        language, mat = asked_language(request), request.query_params.get("mat", "")
        saying = self._saying(language)
        title = saying.say("charts_title", mat=mat_title(saying, mat))
        return HTMLResponse(self._panes.fragment("crew/charts.html", language, mat=mat, title=title), headers=NO_STORE)

    async def charts_json(self, request: Request, session: Session) -> Response:
        """What they draw."""
        return await answered(self._live, {"command": "mat_history", "mat": request.query_params.get("mat", "")})

    async def on_course_csv(self, request: Request, session: Session) -> Response:
        return await self._table(request, "on_course", "on_course.csv")

    async def shift_log_csv(self, request: Request, session: Session) -> Response:
        return await self._table(request, "shift_log", "shift_log.csv")

    async def _table(self, request: Request, command: str, name: str) -> Response:
        answer = await self._live.control({"command": command, "language": asked_language(request)})
        headers = {"Content-Disposition": f'attachment; filename="{name}"', **NO_STORE}
        body = table_csv(answer["columns"], answer["rows"])
        return Response(body, media_type="text/csv; charset=utf-8", headers=headers)

    def _saying(self, language: str) -> Saying:
        return self._panes.saying(self._view, language)
