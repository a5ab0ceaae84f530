"""Rows of people as a page shows them: the river under the line, and the leaders.

Owns what a row says and in which order; `static/live.js` says the same for every later view.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from results.web.speech import Speech

LEADERS_SHOWN: Final = 5
LONG_NAME: Final = 34
"""Characters of a name that takes two smaller lines of the board instead of one and a story."""

Model = dict[str, Any]


def person(row: Mapping[str, Any], speech: Speech) -> Model:
    """How an entrant is named: a withheld name gives place to the bib, and to nothing where that tells too much."""
    if not row["withheld"]:
        return {"first": row["first"], "last": row["last"], "note": ""}
    if not row["bib"]:
        return {"first": speech.words["withheld_all"], "last": "", "note": ""}
    return {"first": speech.say("withheld_bib", bib=row["bib"]), "last": "", "note": speech.words["withheld"]}


def is_long(row: Mapping[str, Any], speech: Speech) -> bool:
    return sum(map(len, person(row, speech).values())) >= LONG_NAME


def arrival(row: Mapping[str, Any], speech: Speech) -> Model:
    """One row of the river: strongest reason to mention somebody first."""
    return {
        **person(row, speech),
        "key": row_key(row),
        "bib": row["bib"],
        "place": place_text(row, speech),
        "reason": reason(row, speech),
        "first_of_sex": row["sex_place"] == 1,
        "long": is_long(row, speech),
        "story": " · ".join(filter(None, (row["category"], row["from"]))),
        "time": speech.time(row["official_s"]) if row["official_s"] is not None else "–",
        "real": real_time(row, speech),
    }


def river(board: Mapping[str, Any], speech: Speech) -> list[Model]:
    """Who just crossed the line; before anybody has, which wave leaves when."""
    if board["arrivals"]:
        return [arrival(row, speech) for row in board["arrivals"]]
    return [_wave(gun, number, board, speech) for number, gun in enumerate(board["guns"], start=1)]


def _wave(gun: Mapping[str, Any], number: int, board: Mapping[str, Any], speech: Speech) -> Model:
    return {
        "key": f"wave-{gun['wave']}",
        "place": speech.count(number),
        "bib": "",
        "first": "",
        "last": gun["name"],
        "note": "",
        "long": False,
        "first_of_sex": False,
        "reason": "",
        "story": speech.words["wave_planned" if gun["planned"] else "wave_gone"],
        "time": speech.hour(gun["gun_us"], board["clock"]["utc_offset_s"]),
        "real": "",
    }


def line(counts: Mapping[str, Any], speech: Speech) -> str:
    """What stands on the bar of the line."""
    if not counts["started"]:
        return speech.say("line_armed", entered=speech.count(counts["entered"]))
    return speech.say("line_for", finished=speech.count(counts["finished"]), started=speech.count(counts["started"]))


def row_key(row: Mapping[str, Any]) -> str:
    """What makes a row the same row in the next view."""
    return str(row["bib"] or row["at_us"])


def place_text(row: Mapping[str, Any], speech: Speech) -> str:
    if row["place"] is None:
        return "–"
    place = speech.count(row["place"])
    return f"{place} =" if row["shared"] else place


def reason(row: Mapping[str, Any], speech: Speech) -> str:
    """A podium by sex, else a podium by category, else nothing."""
    place, feminine = row["sex_place"], row["sex"] == "F"
    if place is not None and place <= 3 and row["sex"] in ("F", "M"):
        return speech.say("woman_place" if feminine else "man_place", nth=speech.nth(place, feminine=feminine))
    place = row["category_place"]
    if place is not None and place <= 3 and row["category"]:
        return f"{speech.nth(place, feminine=feminine)} {row['category']}"
    return ""


def real_time(row: Mapping[str, Any], speech: Speech) -> str:
    """A net time, or that there is none and why: never an estimate."""
    if row["real_s"] is None:
        return speech.words["real_unread"]
    if not row["start_read"]:
        return speech.words["real_as_official"]
    return speech.say("real", time=speech.time(row["real_s"]))


def leaders(section: Mapping[str, Any], board: Mapping[str, Any], speech: Speech, *, gaps: bool) -> Model:
    """One pane of leaders. gaps: from the second on, how far behind the first."""
    finish = board["race"]["points"][-1]["id"]
    finished = section["point"] == finish
    titles = {"F": "women", "M": "men"}
    rows = section["rows"][:LEADERS_SHOWN]
    return {
        "scope": section["scope"],
        "title": speech.words[titles.get(section["scope"], "everybody")],
        "note": _leaders_note(section, board, speech, finished=finished),
        "finished": finished,
        "rows": [_leader(row, number, rows, speech, gaps=gaps) for number, row in enumerate(rows)],
    }


def _leaders_note(section: Mapping[str, Any], board: Mapping[str, Any], speech: Speech, *, finished: bool) -> str:
    if finished:
        state = speech.words[f"list_{section['state']}"]
        return speech.say("leaders_finished_F" if section["scope"] == "F" else "leaders_finished", state=state)
    names = {point["id"]: point["name"] for point in board["race"]["points"]}
    if section["point"] is None:
        return ""
    return speech.say("leaders_at", point=names[section["point"]])


def _leader(
    row: Mapping[str, Any], number: int, rows: Sequence[Mapping[str, Any]], speech: Speech, *, gaps: bool
) -> Model:
    behind_s = row["time_s"] - rows[0]["time_s"]
    time = f"+\u202f{speech.time(behind_s)}" if gaps and number else speech.time(row["time_s"])
    return {
        **person(row, speech),
        "long": is_long(row, speech),
        "key": row_key(row),
        "place": str(number + 1) if row["place"] is None else place_text(row, speech),
        "story": " · ".join(filter(None, (row["bib"], row["category"], row["from"]))),
        "time": time,
        "official": row.get("official", False),
    }


def first(row: Mapping[str, Any], speech: Speech) -> Model:
    """Who leads a category since a moment ago."""
    return {
        **person(row, speech),
        "key": row["list_id"] + row_key(row),
        "category": row["category"],
        "story": " · ".join(filter(None, (row["bib"], row["from"]))),
        "time": speech.time(row["time_s"]),
    }
