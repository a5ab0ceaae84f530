"""A runner's page as words and figures: times, places, splits, the chart, and what is known of who is still running.

Owns which words stand where; the values are those of `results.runner_card`.
"""

from collections.abc import Mapping
from typing import Any, Final

from results.act_words import STATUSES
from results.printing import NO_BREAK_SPACE
from results.runner_card import HeldPlace, PointRead, RunnerCard
from results.web.list_models import sex_word
from results.web.pace_chart import pace_at, pace_chart, pace_words
from results.web.reading import Model, Reading
from timing.times import Status

_MAINS: Final = ("overall", "sex", "category")


def runner_model(card: RunnerCard, say: Reading, publication: Mapping[str, Any] | None) -> Model:
    """Everything the page says of a runner; of a withheld one nothing but that."""
    name = say.person(card.person)
    model: Model = {
        "bib": card.bib,
        "withheld": card.withheld,
        "first": name["first"],
        "last": name["last"],
        "title": f"{card.bib} {card.person.name()}".strip(),
    }
    if card.withheld:
        return model | {"title": name["first"], "running": False}
    places = [_place(place, card, say) for place in card.places if place.main in _MAINS]
    wave = (card.wave or "").replace(" ", NO_BREAK_SPACE)
    return model | {
        "about": [text for text in (card.person.club, card.person.town or card.person.nationality, wave) if text],
        "category": card.person.category,
        "official": None if card.official_s is None else say.time(card.official_s),
        "net": None if card.net_s is None else say.time(card.net_s),
        "net_missing": _net_missing(card, say),
        "net_note": say.words["from_gun"] if card.net_from_gun and card.net_s is not None else "",
        "places": places,
        "status": _status(card, say),
        "running": card.is_running,
        "state": _state(card, say),
        "publication": say.publication(publication),
        "since": say.say("gained_since", point=say.point(card.since))
        if card.since is not None and any(place["gained"] for place in places)
        else "",
        "chart": pace_chart(card, say),
        "points": [_point(point, card, say) for point in card.points],
    }


def _net_missing(card: RunnerCard, say: Reading) -> str:
    if card.net_s is not None:
        return ""
    unread = not card.start_read and any(point.at_us is not None for point in card.points)
    return say.words["net_unread" if unread else "not_known"]


def _place(place: HeldPlace, card: RunnerCard, say: Reading) -> Model:
    titles = {"overall": say.words["overall"], "sex": sex_word(card.person.sex, say), "category": card.person.category}
    return {
        "title": titles[place.main],
        "place": say.count(place.place),
        "shared": place.shared,
        "official": place.official,
        "of": say.say("of_ranked", n=say.count(place.of)),
        "href": say.path("lists", place.list_id, asked={"from": max(1, place.place - 10)}),
        **_gained(place.gained, say),
    }


def _gained(gained: int | None, say: Reading) -> Model:
    """`↑ 612` and its words; None stands for nothing said."""
    if gained is None:
        return {"gained": "", "gained_words": "", "up": False}
    if gained == 0:
        return {"gained": "=", "gained_words": say.words["gained_none"], "up": False}
    number = say.count(abs(gained))
    key = "gained_up" if gained > 0 else "gained_down"
    return {
        "gained": f"{'↑' if gained > 0 else '↓'}\u202f{number}",
        "gained_words": say.say(key, n=number),
        "up": gained > 0,
    }


def _status(card: RunnerCard, say: Reading) -> str:
    """What is known now of who has no final time; empty for a finisher."""
    if card.status is Status.FINISHED:
        return ""
    where = card.last_point
    if card.status in (Status.ENTERED, Status.STARTED):
        if where is None or card.last_us is None:
            return say.words["running" if card.status is Status.STARTED else "entered"]
        return say.say("running_at", point=say.point(where), hour=say.hour(card.last_us))
    status = STATUSES[say.language][card.status.name]
    status = status[0].upper() + status[1:]
    if where is None or card.last_us is None:
        return say.say("status", status=status)
    return say.say("status_at", status=status, point=say.point(where), hour=say.hour(card.last_us))


def _state(card: RunnerCard, say: Reading) -> Model | None:
    mains = [place for place in card.places if place.main in _MAINS]
    if not mains:
        return None
    official = sum(place.official for place in mains)
    key = "state_official" if official == len(mains) else "state_part" if official else "state_provisional"
    note = "" if official == len(mains) else say.words["places_provisional"]
    return {"kind": "official" if official == len(mains) else "provisional", "word": say.words[key], "note": note}


def _point(point: PointRead, card: RunnerCard, say: Reading) -> Model:
    pace = pace_at(card, point.metres) if point.at_us is not None else None
    km = say.say("km", km=say.number(point.metres / 1000))
    hour = "" if point.at_us is None else say.hour(point.at_us)
    is_finish = point.point == card.points[-1].point
    missing = _missing(point, card, say)
    return {
        "name": say.point(point.point),
        "under": " · ".join(filter(None, (km if point.metres and not is_finish else "", hour or missing))),
        "by_hand": say.words["by_hand"] if point.by_hand else "",
        "net": "–" if point.net_s is None else say.time(point.net_s),
        "gun": "–" if point.gun_s is None else say.time(point.gun_s),
        "pace": "" if not point.metres else "–" if pace is None else pace_words(pace, say),
        "place": "" if not point.metres else "–" if point.place is None else say.count(point.place),
        "finish": is_finish,
        **_gained(point.gained, say),
    }


def _missing(point: PointRead, card: RunnerCard, say: Reading) -> str:
    """A point that has not read somebody: not read where they were read beyond it, else not yet."""
    if point.at_us is not None:
        return ""
    beyond = any(other.at_us is not None and other.metres > point.metres for other in card.points)
    return say.words["unread" if beyond or card.status is not Status.STARTED else "not_yet"]
