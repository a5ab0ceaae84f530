"""Routes of the desk, `/desk`: the page, who is found, which tags a mat heard, and a roster file to be compared.

What changes anything is a command (`entrant`, `rebib`, `bind_tag`, `take_roster`).
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from results.web.access import CREWING, Session
from results.web.commands_route import answered
from results.web.desk_page_words import DESK_WORDS
from results.web.late import point_name
from results.web.live_race import LiveRace
from results.web.speech import Speech
from results.web.staff import StaffRoute, language_of, staff_data, staff_page, staff_upload
from results.web.staff_pages import StaffPages
from results.web.words import LANGUAGES

ROSTER_MAX: Final = 16_000_000
"""Bytes of a roster file: twenty thousand entrants are a fifth of it."""

NAME_MAX: Final = 120


def desk_routes(live: LiveRace, pages: StaffPages) -> list[StaffRoute]:
    async def page(request: Request, session: Session) -> Response:
        language = language_of(request)
        words = DESK_WORDS[language]
        board = live.view().board
        speech = Speech(LANGUAGES[language])
        desk = await live.control({"command": "desk_frame"})
        names = {place["id"]: point_name(place, speech) for place in board["race"]["points"]}
        mats = [{"id": mat["id"], "name": f"{names[mat['point']]}, {mat['id']}"} for mat in desk["mats"]]
        return pages.answer(
            request,
            session,
            "desk.html",
            title=words["desk_title"],
            words=words,
            waves=desk["waves"],
            roles=desk["roles"],
            mats=mats,
            race_id=board["race"]["id"],
        )

    async def find(request: Request, session: Session) -> Response:
        return await answered(live, {"command": "find_entrants", "text": request.query_params.get("q", "")[:NAME_MAX]})

    async def tags(request: Request, session: Session) -> Response:
        return await answered(live, {"command": "heard_tags", "mat": request.query_params.get("mat", "")})

    async def roster(request: Request, session: Session, content: bytes) -> Response:
        name = request.query_params.get("name", "")[:NAME_MAX] or "roster"
        keep = request.query_params.get("keep") == "1"
        return await answered(live, {"command": "read_roster", "name": name, "content": content, "keep": keep})

    async def difference(request: Request, session: Session) -> Response:
        digest, keep = request.query_params.get("digest", ""), request.query_params.get("keep") == "1"
        return await answered(live, {"command": "read_roster", "digest": digest, "keep": keep})

    return [
        staff_page("/desk", page, roles=CREWING),
        staff_data("/desk/find.json", find, roles=CREWING),
        staff_data("/desk/tags.json", tags, roles=CREWING),
        staff_data("/desk/difference.json", difference, roles=CREWING),
        staff_upload("/desk/roster", roster, roles=CREWING, most=ROSTER_MAX),
    ]
