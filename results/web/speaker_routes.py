"""The announcers' page, its stream, and what its look-up asks for. Writes are commands (`results.web.control`)."""

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from results.speaker.cards import Cards
from results.web.access import ANNOUNCING, Session
from results.web.late import point_name
from results.web.live_race import LiveRace
from results.web.massif import Ridge
from results.web.speaker_words import SPEAKER_WORDS
from results.web.speech import Speech
from results.web.staff import StaffRoute, language_of, staff_data, staff_events, staff_page
from results.web.staff_pages import StaffPages
from results.web.words import LANGUAGES

ARRIVING_ROWS: Final = 4
CROSSED_ROWS: Final = 5
LEADERS_SHOWN: Final = 3

_BESIDE: Final = 0.12
"""A point so near to the start or the finish (part of the course) has no room for its name in the head."""

_KEPT: Final = "private, no-cache"


def speaker_routes(live: LiveRace, pages: StaffPages) -> list[StaffRoute]:
    """Everything of the announcers' page."""
    site = _SpeakerSite(live, pages)
    return [
        staff_page("/speaker", site.page, roles=ANNOUNCING),
        staff_events("/speaker/events", live.hubs.speaker, roles=ANNOUNCING),
        staff_data("/speaker/card/{bib}", site.card, roles=ANNOUNCING),
        staff_data("/speaker/names.json", site.names, roles=ANNOUNCING),
    ]


class _SpeakerSite:
    def __init__(self, live: LiveRace, pages: StaffPages) -> None:
        self._live = live
        self._pages = pages
        self._names: tuple[object, bytes, str] | None = None

    async def page(self, request: Request, session: Session) -> Response:
        language = language_of(request)
        words = SPEAKER_WORDS[language]
        return self._pages.answer(
            request,
            session,
            "speaker.html",
            title=words["speaker"],
            words=words,
            arriving_rows=ARRIVING_ROWS,
            crossed_rows=CROSSED_ROWS,
            leaders_shown=LEADERS_SHOWN,
            **_picture(self._live.view().board, language),
        )

    async def card(self, request: Request, session: Session) -> Response:
        bib = request.path_params["bib"]
        found = self._live.cards.card(bib)
        if found is None:
            return JSONResponse({"error": f"nobody has bib {bib}"}, status_code=404)
        return JSONResponse(found)

    async def names(self, request: Request, session: Session) -> Response:
        """Whom the look-up finds, once for each version of the roster: asked again, it is not sent again."""
        body, tag = self._names_of(self._live.cards)
        headers = {"ETag": tag, "Cache-Control": _KEPT}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    def _names_of(self, cards: Cards) -> tuple[bytes, str]:
        kept = self._names
        if kept is None or kept[0] is not cards.names_of:
            body = json.dumps(cards.names(), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
            kept = self._names = (cards.names_of, body, f'"{self._live.hub.run}-{len(body)}-{cards.through}"')
        return kept[1], kept[2]


def _picture(board: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What stands in the head before the stream has said anything: the course, and its points at their kilometre."""
    race, speech = board["race"], Speech(LANGUAGES[language])
    length = race["distance_m"]
    return {
        "massif": race["massif"],
        "pines": "",
        "sun": None,
        "ridge": Ridge.of(race["massif"] and race["massif"]["ridge"]).line,
        "places": [
            {"name": point_name(point, speech), "at": round(100 * point["distance_m"] / length)}
            for point in race["points"][1:]
            if point["kind"] != "split" or _BESIDE < point["distance_m"] / length < 1 - _BESIDE
        ],
    }
