"""Late data in words: for the pages, for whoever asks how the race is, and for the log."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from results.printing import Language
from results.web.speech import Speech
from results.web.words import LANGUAGES
from timing.instants import datetime_of
from timing.late_data import LateData
from timing.race import Race


def late_line(board: Mapping[str, Any], speech: Speech) -> str:
    """Which points deliver what is old already, a sentence for each; empty when none does."""
    places, offset_s = board["race"]["points"], board["clock"]["utc_offset_s"]
    names = {place["id"]: point_name(place, speech) for place in places}
    return " ".join(_sentence(late, names[late["point"]], offset_s, speech) for late in board["late"])


def late_sentence(late: LateData, race: Race, language: Language) -> str:
    """`Late data from Gineste: 3,000 reads of 10:02:03-10:41:10, arrived at 11:20.`"""
    speech = Speech(LANGUAGES[language])
    offset = datetime_of(late.arrived_us, race.zone).utcoffset()
    assert offset is not None, "instants of a race are shown in its zone"
    point = next(point for point in race.course.points if point.id == late.point)
    name = point_name({"kind": str(point.kind), "name": point.name}, speech)
    return _sentence(asdict(late), name, int(offset.total_seconds()), speech)


def point_name(place: Mapping[str, Any], speech: Speech) -> str:
    """Start and finish in the page's language; a split keeps the name the race gives it."""
    return str(place["name"]) if place["kind"] == "split" else speech.words[place["kind"]]


def _sentence(late: Mapping[str, Any], point: str, offset_s: int, speech: Speech) -> str:
    return speech.say(
        "late_one" if late["reads"] == 1 else "late_many",
        point=point,
        n=speech.count(late["reads"]),
        first=speech.hour(late["first_us"], offset_s),
        last=speech.hour(late["last_us"], offset_s),
        arrived=speech.hour(late["arrived_us"], offset_s)[: len("HH:MM")],
    )
