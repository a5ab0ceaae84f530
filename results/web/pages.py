"""The first view as HTML, so that a page says everything before (and without) its script.

Owns which words and figures stand where; `static/live.js` says the same again for every later view, and a browser
test holds the two together. Everything from a race is escaped by the template engine.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from results.printing import Language
from results.web.late import late_line, point_name
from results.web.massif import Ridge
from results.web.reading import Reading
from results.web.rows import LEADERS_SHOWN, Model, first, leaders, line, river
from results.web.speech import Speech
from results.web.stream import View
from results.web.templating import asset, environment
from results.web.themes import THEMES
from results.web.words import LANGUAGES
from timing.instants import MINUTE, SECOND, Instant

ARRIVALS_SHOWN: Final = {"live": 10, "board": 9}
"""Rows are always there, empty until somebody fills them: nothing below them moves."""

RIVER_WORDS: Final = {True: ("arrivals", "arrivals_note"), False: ("waves", "waves_note")}

HTMX: Final = "vendor/htmx-2.0.11.min.js"

LAG_SHOWN_S: Final = 5

CHART: Final = (400, 132, 110)
"""Width and height of the chart of arrivals, and y of its base."""


class Pages:
    """The pages of one application; templates are compiled once.

    board_step_ms: how often rows move on the big board.
    """

    def __init__(self, *, board_step_ms: int = 2500) -> None:
        self._environment = environment()
        self._step_ms = {"live": 0, "board": board_step_ms}
        self._assets = {
            "tokens": asset("base/tokens.css"),
            "sheet": asset("live.css"),
            "script": asset("live.js"),
            "icon": asset("icon.svg"),
            "reading_sheet": asset("reading.css"),
            "reading_script": asset("reading.js"),
            "htmx": asset(HTMX),
        }

    def html(
        self,
        name: str,
        view: View,
        *,
        language: str,
        theme: str | None,
        now_us: Instant,
        lists: Mapping[str, Any] | None = None,
    ) -> str:
        """One page (`live` or `board`) in a language. now_us: the real instant it is asked for. lists: what the public
        page has beside the view (`reading_routes.home_model`).
        """
        words = LANGUAGES[language]
        speech = Speech(words)
        dark = theme == "tente"
        return self._environment.get_template(f"{name}.html").render(
            name=name,
            words=words,
            script_words=dict(words),
            step_ms=self._step_ms[name],
            assets=self._assets,
            dark=dark,
            other_theme=THEMES[0] if dark else THEMES[1],
            here=_path(name, language),
            there=_path(name, "en" if language == "fr" else "fr"),
            other_language="en" if language == "fr" else "fr",
            arrivals_shown=ARRIVALS_SHOWN[name],
            leaders_shown=LEADERS_SHOWN,
            **_model(name, view, speech, now_us),
            **(lists or {"tabs": [], "part": None}),
        )

    def reading(
        self,
        template: str,
        *,
        say: Reading,
        theme: str | None,
        there: str,
        query: Sequence[tuple[str, str]],
        values: Mapping[str, Any],
    ) -> str:
        """A page one reads, or a part of it. there: the same page in the other language; query: as it was asked for."""
        dark = theme == "tente"
        return self._environment.get_template(template).render(
            {
                "say": say,
                "w": say.words,
                "race_title": f"{say.plan.race.name} {say.plan.race.day.year}",
                "assets": self._assets,
                "dark": dark,
                "theme_href": f"?{urlencode([*query, ('theme', THEMES[0] if dark else THEMES[1])])}",
                "there": there,
                "other_language": str(say.other),
                "asked": "",
                **values,
            }
        )


def _path(name: str, language: str) -> str:
    return {"live": {"fr": "/", "en": "/en"}, "board": {"fr": "/board", "en": "/en/board"}}[name][language]


def _model(name: str, view: View, speech: Speech, now_us: Instant) -> Model:
    board = view.board
    clock, race = board["clock"], board["race"]
    age_us = max(0, now_us - view.made_us)
    race_now_us = clock["race_now_us"] + int(age_us * clock["rate"])
    ridge = Ridge.of(race["massif"] and race["massif"]["ridge"])
    head_m = board["field"]["head_m"]
    return {
        "title": race["title"][speech.language],
        "race_name": race["name"],
        "subtitle": _subtitle(race, speech),
        "clock": speech.time((race_now_us - board["phase"]["first_gun_us"]) // SECOND),
        "hour": speech.hour(race_now_us, clock["utc_offset_s"]),
        "age": speech.freshness(age_us // SECOND),
        "simulated": "" if clock["rate"] == 1 else speech.say("simulated", rate=f"{clock['rate']:g}"),
        "gun": _gun(board, race_now_us, speech),
        "publication": _publication(board, speech),
        "lag": speech.say("lag", age=speech.age(clock["lag_s"])) if clock["lag_s"] >= LAG_SHOWN_S else "",
        "late": late_line(board, speech),
        "massif": race["massif"],
        "ridge": ridge.line,
        "pines": ridge.pines(board["field"]["counts"]),
        "sun": None if head_m is None else ridge.sun(head_m / race["distance_m"]),
        "points": _points(board, speech),
        "state": state_line(board, speech),
        "line": line(board["counts"], speech),
        "river_words": [speech.words[key] for key in RIVER_WORDS[bool(board["arrivals"])]],
        "arrivals": river(board, speech)[: ARRIVALS_SHOWN[name]],
        "leaders": [leaders(section, board, speech, gaps=name == "board") for section in board["leaders"]],
        "firsts": [first(row, speech) for row in board["firsts"]],
        "flow": _flow(board, speech),
    }


def _subtitle(race: Mapping[str, Any], speech: Speech) -> str:
    km = f"{race['distance_m'] / 1000:g}"
    parts = [speech.say("kilometres", km=km.replace(".", ",") if speech.language is Language.FR else km)]
    if race["edition"] is not None:
        parts.append(speech.say("edition", nth=speech.nth(race["edition"], feminine=True)))
    return " · ".join([*parts, speech.day(race["day"])])


def _gun(board: Mapping[str, Any], race_now_us: Instant, speech: Speech) -> str:
    """The newest wave that left, or the first that is to leave."""
    gone = [gun for gun in board["guns"] if gun["gun_us"] <= race_now_us and not gun["planned"]]
    ahead = [gun for gun in board["guns"] if gun not in gone]
    if not gone and not ahead:
        return ""
    gun = max(gone, key=lambda g: g["gun_us"]) if gone else min(ahead, key=lambda g: g["gun_us"])
    hour = speech.hour(gun["gun_us"], board["clock"]["utc_offset_s"])
    return speech.say("gun_gone" if gone else "gun_planned", wave=gun["name"], hour=hour)


def _publication(board: Mapping[str, Any], speech: Speech) -> str:
    publication = board["publication"]
    return speech.words["no_publication"] if publication is None else speech.say("publication", n=publication["number"])


def _points(board: Mapping[str, Any], speech: Speech) -> list[Model]:
    """Each point with its counts, its newest crossing and the links of its sources."""
    race, offset_s = board["race"], board["clock"]["utc_offset_s"]
    models = []
    for place, point in zip(race["points"], board["points"], strict=True):
        newest = point["newest_us"]
        links = [source for source in board["sources"] if place["id"] in source["points"]]
        models.append(
            {
                "id": place["id"],
                "name": point_name(place, speech),
                "at": round(100 * place["distance_m"] / race["distance_m"]),
                "seen": speech.count(point["seen"]) if point["seen"] else "–",
                "missed": "–" if place["kind"] == "finish" else speech.count(point["missed"]),
                "newest": speech.words["never"] if newest is None else speech.hour(newest, offset_s),
                "link": link_word(links, offset_s, speech),
                "down": any(source["link"] != "up" for source in links),
            }
        )
    return models


def link_word(links: Sequence[Mapping[str, Any]], offset_s: int, speech: Speech) -> str:
    """The link of a point: one word when its sources agree, else how many are up."""
    if not links:
        return speech.words["link_unknown"]
    states = {source["link"] for source in links}
    if len(states) > 1:
        up = sum(source["link"] == "up" for source in links)
        return speech.say("link_partial", up=up, all=len(links))
    state = str(links[0]["link"])
    since = [source["since_us"] for source in links if source["since_us"] is not None]
    if state == "down" and since:
        return speech.say("link_down", hour=speech.hour(max(since), offset_s))
    return speech.words.get(f"link_{state}", speech.words["link_unknown"]) if state != "down" else "–"


def state_line(board: Mapping[str, Any], speech: Speech) -> tuple[str, str]:
    """What the race is at: a word and a sentence."""
    phase, counts, offset_s = board["phase"], board["counts"], board["clock"]["utc_offset_s"]
    said = {key: speech.count(counts[key]) for key in ("entered", "started", "finished", "running")}
    if phase["name"] == "armed":
        waves = len(board["guns"])
        said_waves = speech.words["waves_one"] if waves == 1 else speech.say("waves_many", n=waves)
        start = speech.hour(phase["first_gun_us"], offset_s)
        return speech.words["armed"], speech.say("armed_for", hour=start, n=said["entered"], waves=said_waves)
    if phase["name"] == "closed":
        return _closed_line(board, speech)
    if not counts["finished"]:
        return speech.words["under_way"], speech.say("under_way_for", **said)
    return speech.words["provisional"], speech.say("provisional_for", **said)


def _closed_line(board: Mapping[str, Any], speech: Speech) -> tuple[str, str]:
    counts, offset_s, publication = board["counts"], board["clock"]["utc_offset_s"], board["publication"]
    said = {
        "finished": speech.count(counts["finished"]),
        "dnf": speech.count(counts["statuses"]["DNF"]),
        "dns": speech.count(counts["statuses"]["DNS"]),
        "state": speech.words[f"all_{board['lists_state']}"],
    }
    # An act may put the closing at the end of the race's day: that bounds passings, it is not the hour of the act.
    closed_us = board["phase"]["finish_closed_us"]
    past = closed_us <= board["clock"]["race_now_us"]
    word = speech.say("closed_at", hour=speech.hour(closed_us, offset_s)) if past else speech.words["closed"]
    if publication is None:
        return word, speech.say("closed_for", **said)
    published = speech.hour(publication["at_us"], offset_s)
    return word, speech.say("closed_published", **said, n=publication["number"], published=published)


def _flow(board: Mapping[str, Any], speech: Speech) -> Model:
    """The chart of arrivals: a line over a mass, with the hour under it and its sentence."""
    flow, offset_s = board["flow"], board["clock"]["utc_offset_s"]
    bars: Sequence[int] = flow["per_minute"]
    now = speech.say("flow_now", n=speech.count(flow["last_minute"]))
    if not bars:
        return {
            "now": speech.words["flow_none"],
            "label": speech.words["flow_none"],
            "line": "",
            "expected": "",
            "mass": "",
            "ticks": [],
        }
    width, _, base = CHART
    start_us = board["phase"]["first_gun_us"] + flow["first_minute"] * MINUTE
    # What is expected begins where what was seen ends; without a forecast there is none.
    ahead: Sequence[int] = flow.get("expected") or []
    span, most, peak = max(len(bars) + len(ahead), 30), max(bars), max([*bars, *ahead])
    points = [f"{n * width / span:.1f},{base - 96 * bar / max(peak, 1):.1f}" for n, bar in enumerate(bars)]
    ticks = [
        {"x": f"{n * width / span:.1f}", "text": speech.hour(start_us + n * MINUTE, offset_s)[:5]}
        for n in range(0, span, max(10, span // 4 // 10 * 10))
        if n * width / span <= width - 40
    ]
    label = speech.say(
        "flow_label",
        hour=speech.hour(start_us, offset_s)[:5],
        peak=speech.count(most),
        peak_hour=speech.hour(start_us + bars.index(most) * MINUTE, offset_s)[:5],
        n=speech.count(flow["last_minute"]),
    )
    if ahead:
        label = f"{label}, {speech.words['flow_expected']}"
    last_x = f"{(len(bars) - 1) * width / span:.1f}"
    return {
        "now": now,
        "label": label,
        "line": " ".join(points),
        "expected": _expected(bars, ahead, span, peak),
        "mass": f"0,{base} {' '.join(points)} {last_x},{base}",
        "ticks": ticks,
    }


def _expected(bars: Sequence[int], ahead: Sequence[int], span: int, peak: int) -> str:
    """The line of what is expected, from the last minute that is over."""
    if not ahead:
        return ""
    width, _, base = CHART
    values = [bars[-1], *ahead]
    first = len(bars) - 1
    return " ".join(
        f"{(first + n) * width / span:.1f},{base - 96 * bar / max(peak, 1):.1f}" for n, bar in enumerate(values)
    )
