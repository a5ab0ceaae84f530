"""Pages one reads: lists, clubs, search, a runner, and why. Each has a French and an English address, and works without
a script; what htmx asks for is a part of the same page.
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from results.errors import ResultsError
from results.list_pages import PAGE_ROWS, PAGE_ROWS_MAX, club_counts, club_rows, overall_list, public_lists
from results.people import Audience
from results.printing import Language
from results.runner_card import runner_card
from results.standing import Standing
from results.titles import family_title
from results.web.list_models import (
    CLUBS,
    club_models,
    club_part,
    family,
    family_models,
    list_part,
    note,
    siblings,
    tab_of,
    tabs,
)
from results.web.newest import Newest
from results.web.pages import Pages
from results.web.reading import Model, Reading
from results.web.runner_models import runner_model
from results.web.themes import theme_chosen, theme_of
from results.why_public import public_sections
from timing.roster import Bib

FOUND: Final = 30
"""Rows a search shows."""

HOME_ROWS: Final = 12
"""Rows of the overall list on the first page."""

_HTMX: Final = "hx-request"

_HEADERS: Final = {"Cache-Control": "no-store", "Vary": "Cookie, HX-Request"}

_NOT_KEPT: Final = ("/search", "/runners/{bib}/why")

Answer = Callable[[Request, Reading], Awaitable[Response]]


def reading_routes(newest: Newest, pages: Pages) -> list[Route]:
    """Every page one reads; nothing but GET and HEAD."""
    site = _ReadingSite(newest, pages)
    addresses: list[tuple[str, Answer]] = [
        ("/lists", site.lists),
        ("/lists/{id}", site.list),
        ("/clubs", site.clubs),
        ("/clubs/{key}", site.club),
        ("/search", site.search),
        ("/runners/{bib}", site.runner),
        ("/runners/{bib}/why", site.why),
    ]
    return [
        # Why, and who was looked for, hang on more than the standing; what is looked for is seldom the same twice.
        Route(prefix + path, site.page(answer, language, keep=path not in _NOT_KEPT), methods=["GET", "HEAD"])
        for path, answer in addresses
        for prefix, language in (("", "fr"), ("/en", "en"))
    ]


def home_model(newest: Newest, language: str) -> Model:
    """What the first page has beside the view: the tabs and the top of the overall list (None where there is none)."""
    return newest.kept(("home", language), lambda standing: _home(standing, newest.publication, language))


def _home(standing: Standing, publication: Mapping[str, Any] | None, language: str) -> Model:
    say = Reading(language, standing.plan)
    ranked = overall_list(standing)
    return {
        "say": say,
        "w": say.words,
        "tabs": tabs(standing, say, "" if ranked is None else tab_of(ranked)),
        "asked": "",
        "part": None
        if ranked is None
        else list_part(standing, ranked, say, first=1, count=HOME_ROWS, publication=publication) | {"home": True},
    }


class _ReadingSite:
    def __init__(self, newest: Newest, pages: Pages) -> None:
        self._newest = newest
        self._pages = pages

    def page(self, answer: Answer, language: str, *, keep: bool) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            chosen = theme_chosen(request)
            if chosen is not None:
                return chosen
            key = (request.url.path, request.url.query, theme_of(request), _is_htmx(request))
            known = self._newest.answer(key) if keep else None
            if known is not None:
                return HTMLResponse(known, headers=_HEADERS)
            standing = self._newest.standing()
            response = await answer(request, Reading(language, standing.plan))
            if keep and response.status_code == HTTPStatus.OK:
                self._newest.keep(key, response.body, standing)
            return response

        return endpoint

    # ---- lists ----

    async def lists(self, request: Request, say: Reading) -> Response:
        return RedirectResponse(say.path(), status_code=307)

    async def list(self, request: Request, say: Reading) -> Response:
        standing, list_id = self._newest.standing(), request.path_params["id"]
        ranked = public_lists(standing).get(list_id)
        if ranked is None:
            return self._family(request, standing, list_id, say)
        first, count = _number(request, "from", 1), min(_number(request, "count", PAGE_ROWS), PAGE_ROWS_MAX)
        part = list_part(standing, ranked, say, first=first, count=count, publication=self._newest.publication)
        if _is_htmx(request):
            part["home"] = "home" in request.query_params
            return self._html("list_part.html", request, say, part=part)
        return self._html(
            "list.html",
            request,
            say,
            title=part["title"],
            tabs=tabs(standing, say, tab_of(ranked)),
            siblings=siblings(standing, ranked, say),
            note=note(ranked, say),
            part=part,
        )

    def _family(self, request: Request, standing: Standing, rule_id: str, say: Reading) -> Response:
        lists = family(standing, rule_id)
        if not lists:
            return self._missing(request, say, say.words["list_gone"])
        return self._html(
            "family.html",
            request,
            say,
            title=family_title(lists[0].rule, say.language),
            tabs=tabs(standing, say, rule_id),
            entries=family_models(standing, lists, say),
        )

    # ---- clubs ----

    async def clubs(self, request: Request, say: Reading) -> Response:
        clubs = await self._newest.clubs()
        standing = self._newest.standing()
        counts = club_counts(overall_list(standing), clubs, len(standing.roster))
        first = _number(request, "from", 1)
        shown = counts[first - 1 : first - 1 + PAGE_ROWS_MAX]
        after = first + PAGE_ROWS_MAX
        return self._html(
            "clubs.html",
            request,
            say,
            title=say.words["clubs"],
            tabs=tabs(standing, say, CLUBS),
            entries=club_models(shown, say),
            after=say.path(CLUBS, asked={"from": after}) if after <= len(counts) else "",
        )

    async def club(self, request: Request, say: Reading) -> Response:
        club = (await self._newest.clubs()).get(request.path_params["key"])
        standing = self._newest.standing()
        ranked = overall_list(standing)
        if club is None or ranked is None:
            return self._missing(request, say, say.words["club_gone"])
        first = _number(request, "from", 1)
        rows, every = club_rows(standing, ranked, club, first, PAGE_ROWS)
        part = club_part(standing, ranked, rows, club, say, first, every)
        return self._html(
            "list.html",
            request,
            say,
            title=club.name,
            tabs=tabs(standing, say, CLUBS),
            siblings=[],
            note=say.words["clubs_note"],
            part=part,
        )

    # ---- search ----

    async def search(self, request: Request, say: Reading) -> Response:
        asked = request.query_params.get("q", "")
        names = await self._newest.names()
        found, every = names.find(asked, FOUND)
        standing = self._newest.standing()
        people = standing.people(Audience.PUBLIC)
        overall = standing.shown.rank_overall
        rows = [
            say.person(people[index])
            | {
                "bib": people[index].bib,
                "rest": " · ".join(filter(None, (people[index].category, people[index].origin))),
                "place": say.count(int(overall[index])) if overall[index] else "",
            }
            for index in found
        ]
        values: Model = {"asked": asked, "rows": rows, "every": every, "more": every > len(rows)}
        values["said"] = _found_words(say, asked, every)
        if _is_htmx(request):
            return self._html("found.html", request, say, **values)
        standing_tabs = tabs(standing, say, "")
        return self._html("search.html", request, say, title=say.words["found_title"], tabs=standing_tabs, **values)

    # ---- a runner ----

    async def runner(self, request: Request, say: Reading) -> Response:
        standing, bib = self._newest.standing(), request.path_params["bib"]
        card = runner_card(standing, bib)
        if card is None:
            return self._missing(request, say, say.say("runner_gone", bib=bib))
        runner = runner_model(card, say, self._newest.publication)
        alone = _is_htmx(request)
        return self._html(
            "runner_follow.html" if alone else "runner.html",
            request,
            say,
            title=runner["title"],
            runner=runner,
            part_alone=alone,
            here=say.path("runners", bib),
        )

    async def why(self, request: Request, say: Reading) -> Response:
        standing, bib = self._newest.standing(), request.path_params["bib"]
        card = runner_card(standing, bib)
        if card is None or card.withheld:
            return self._missing(request, say, say.say("runner_gone", bib=bib))
        status = 200
        try:
            found = await self._newest.live.why(Bib(bib))
            sections = () if found is None else public_sections(found, standing.plan, say.language)
            busy = ""
        except ResultsError:
            sections, busy, status = (), say.words["why_busy"], 503
        template = "why_part.html" if _is_htmx(request) else "why.html"
        # htmx puts nothing into the page that was refused: that many are asking is said in its place.
        status = 200 if _is_htmx(request) else status
        model = runner_model(card, say, None)
        return self._html(
            template, request, say, status=status, title=model["title"], runner=model, sections=sections, busy=busy
        )

    # ---- answers ----

    def _missing(self, request: Request, say: Reading, text: str) -> Response:
        return self._html("missing.html", request, say, status=404, title=text, text=text)

    def _html(self, template: str, request: Request, say: Reading, *, status: int = 200, **values: Any) -> Response:
        there = "" if _is_htmx(request) else _there(request, say)
        html = self._pages.reading(
            template,
            say=say,
            theme=theme_of(request),
            there=there,
            query=[(key, value) for key, value in request.query_params.multi_items() if key != "theme"],
            values=values,
        )
        return HTMLResponse(html, status_code=status, headers=_HEADERS)


def _there(request: Request, say: Reading) -> str:
    """The same page in the other language."""
    path = quote(request.scope["path"], safe="/")
    there = f"/en{path}" if say.language is Language.FR else path.removeprefix("/en") or "/"
    query = urlencode([(key, value) for key, value in request.query_params.multi_items() if key != "theme"])
    return f"{there}?{query}" if query else there


def _number(request: Request, name: str, usual: int) -> int:
    """A number of the address, from 1; what is no such number is the usual one."""
    text = request.query_params.get(name, "")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 8 else usual


def _is_htmx(request: Request) -> bool:
    return request.headers.get(_HTMX) == "true"


def _found_words(say: Reading, asked: str, every: int) -> str:
    if not asked.strip():
        return say.words["found_ask"]
    if not every:
        return say.words["found_none"]
    return say.words["found_one"] if every == 1 else say.say("found_many", n=say.count(every))
