"""Routes of hand timing: the page, its stream, its list, and what a device needs of the engine: the hour, the worker.

The hour (`/api/time`) and the worker are for everybody: they say nothing of the race. The rest is the crew's.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from results.web.access import CREWING, Session
from results.web.hand_words import HAND_WORDS, STAMP_KEYS
from results.web.late import point_name
from results.web.live_race import LiveRace
from results.web.public_routes import public_route
from results.web.speech import Speech
from results.web.staff import StaffRoute, language_of, staff_data, staff_events, staff_page
from results.web.staff_pages import StaffPages
from results.web.words import LANGUAGES
from timing.instants import MILLISECOND, Instant

_WORKER: Final = Path(__file__).parent / "static" / "hand_worker.js"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

CSV_COLUMNS: Final = (
    *("point", "hour", "at_us", "device", "number", "bib", "bib_by", "others", "stamped_by", "error_ms", "order_only"),
    "minus_chip_ms",
)


def time_routes(live: LiveRace) -> list[Route]:
    """What everybody may ask: what time it is at the engine, and the worker that keeps the page of hand timing."""

    async def time(request: Request) -> Response:
        # As late as possible: the half round trip is all that a device cannot know.
        body = b'{"now_us":%d,"rate":%r}' % (live.race_now_us(), live.race_rate)
        return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})

    async def worker(request: Request) -> Response:
        return FileResponse(_WORKER, media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    return [public_route("/api/time", time), public_route("/hand-worker.js", worker)]


def hand_routes(live: LiveRace, pages: StaffPages) -> list[StaffRoute]:
    """The page `/pointage`, its stream, and the list for export."""

    async def page(request: Request, session: Session) -> Response:
        language = language_of(request)
        words = HAND_WORDS[language]
        hand = hand_model(live.view().board, language)
        return pages.answer(request, session, "pointage.html", title=words["hand_title"], words=words, hand=hand)

    async def listed(request: Request, session: Session) -> Response:
        rows = (await live.control({"command": "hand_list"}))["rows"]
        return csv_answer(hand_csv(rows, live.view().board), "pointage.csv")

    async def rows(request: Request, session: Session) -> Response:
        return JSONResponse(await live.control({"command": "hand_list"}))

    return [
        staff_page("/pointage", page, roles=CREWING),
        staff_events("/pointage/events", live.hubs.hand, roles=CREWING),
        staff_data("/pointage/hand.csv", listed, roles=CREWING),
        staff_data("/en/pointage/hand.csv", listed, roles=CREWING),
        staff_data("/pointage/hand.json", rows, roles=CREWING),
    ]


def hand_model(board: Mapping[str, Any], language: str, *, rows: int | None = None) -> dict[str, Any]:
    """What `hand_pane.html` needs: the race, its points, the keys. rows: how many stamps are shown; None: all."""
    speech = Speech(LANGUAGES[language])
    points = [{"id": place["id"], "name": point_name(place, speech)} for place in board["race"]["points"]]
    return {
        "race": board["race"]["id"],
        "offset_s": board["clock"]["utc_offset_s"],
        "points": points,
        "stamp_keys": STAMP_KEYS,
        "rows": "" if rows is None else rows,
    }


def hand_csv(rows: Sequence[Mapping[str, Any]], board: Mapping[str, Any]) -> str:
    """All hand times as CSV: the hour in the race's zone, milliseconds, and who said what."""
    offset_s = board["clock"]["utc_offset_s"]
    names = {place["id"]: place["name"] or place["id"] for place in board["race"]["points"]}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        others = " / ".join(f"{other['bib']} ({other['by']})" for other in row["others"])
        cells = [
            *(names.get(row["point"], row["point"]), _hour(row["at_us"], offset_s), row["at_us"], row["device"]),
            *(row["number"], row["bib"] or "", row["by"], others, row["author"], _ms(row["error_us"])),
            *(int(row["order_only"]), _ms(row["chip_us"])),
        ]
        writer.writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def csv_answer(text: str, name: str) -> Response:
    """A CSV file to be saved; with the mark by which a spreadsheet knows its letters."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)


def _hour(at_us: Instant, offset_s: int) -> str:
    moment = _EPOCH + timedelta(microseconds=at_us, seconds=offset_s)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // MILLISECOND:03d}"


def _ms(value_us: int | None) -> str:
    return "" if value_us is None else f"{value_us / MILLISECOND:.1f}"


def _harmless(cell: object) -> object:
    """A text that a spreadsheet would calculate with is written as one that it does not."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "@", "\t", "\r") else cell
