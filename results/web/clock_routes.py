"""The clock on a screen, `/clock`: the time since the gun in force, for everybody, since it shows nothing but guns."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from results.web.hand_words import HAND_WORDS
from results.web.live_race import LiveRace
from results.web.public_routes import public_route
from results.web.speech import Speech
from results.web.staff import language_of
from results.web.staff_pages import in_other_language
from results.web.templating import environment
from results.web.themes import THEMES, theme_chosen, theme_of
from results.web.words import LANGUAGES, Words
from timing.instants import SECOND, Instant

_SCRIPT_WORDS: Final = ("language", "seconds", "minutes", "light", "dark")


def clock_routes(live: LiveRace) -> list[Route]:
    """`/clock` and `/en/clock`; `?wave=` chooses a wave, `?day=1` the hour of day."""
    templates = environment()

    async def page(request: Request) -> Response:
        chosen = theme_chosen(request)
        if chosen is not None:
            return chosen
        language = language_of(request)
        words: Words = {**LANGUAGES[language], **HAND_WORDS[language]}
        dark = theme_of(request) == "tente"
        board, now_us = live.view().board, live.race_now_us()
        wave = request.query_params.get("wave", "")
        query = request.url.include_query_params(theme=THEMES[0] if dark else THEMES[1]).query
        html = templates.get_template("clock.html").render(
            words=words,
            script_words={key: text for key, text in words.items() if key.startswith("clock_") or key in _SCRIPT_WORDS},
            dark=dark,
            theme_link=f"?{query}",
            there=in_other_language(request.url.path) + (f"?{request.url.query}" if request.url.query else ""),
            other_language="en" if language == "fr" else "fr",
            race_title=live.race_title[language],
            now_us=now_us,
            rate=live.race_rate,
            offset_s=board["clock"]["utc_offset_s"],
            guns=board["guns"],
            wave=wave,
            **clock_words(board, now_us, wave, Speech(words), show_day="day" in request.query_params),
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store", "Vary": "Cookie"})

    return [public_route("/clock", page), public_route("/en/clock", page)]


def clock_words(
    board: Mapping[str, Any], now_us: Instant, wave: str, speech: Speech, *, show_day: bool
) -> dict[str, str]:
    """`which` gun is shown, the `big` figure, and the `second` one: the hour of day beside the time since the gun.

    wave: its id; empty: the first that has left, else the first that is to leave. A planned gun is none: when its hour
    has passed the clock stands at zero and says that it waits.
    """
    guns, offset_s = board["guns"], board["clock"]["utc_offset_s"]
    gone = [gun for gun in guns if not gun["planned"] and gun["gun_us"] <= now_us]
    chosen = [gun for gun in guns if gun["wave"] == wave]
    gun = (chosen or sorted(gone or guns, key=lambda each: each["gun_us"]) or [None])[0]
    hour = speech.hour(now_us, offset_s)
    if gun is None or show_day:
        since = "" if gun is None or gun not in gone else speech.time((now_us - gun["gun_us"]) // SECOND)
        return {"which": speech.words["clock_day"], "big": hour, "second": since}
    since_s = (now_us - gun["gun_us"]) // SECOND
    waits = gun["planned"] and since_s >= 0
    key = "clock_waiting" if waits else "clock_gun" if gun in gone else "clock_planned"
    which = speech.say(key, wave=gun["name"], hour=speech.hour(gun["gun_us"], offset_s))
    return {"which": which, "big": speech.time(0 if waits else since_s).replace("\u202f", ""), "second": hour}
