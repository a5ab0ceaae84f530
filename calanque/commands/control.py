"""Commands to a running engine, over its loopback API with the token of the race folder."""

import json
import shlex
import urllib.error
import urllib.request
from datetime import time
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from calanque.errors import EngineNotRunning, FrontDoorError
from calanque.exit_codes import OK
from calanque.folder import RaceFolder, folder_of
from calanque.terminal import say, warn
from config.loader import load_race
from readers.race_clock import RaceClock
from timing.entries import Body, ClosingBody, GunBody
from timing.instants import HOUR, MINUTE, Instant, datetime_of, local_instant

CLOSABLE: Final = ("start", "finish")
FAR_US: Final = 12 * HOUR
"""A gun further from the plan than that is of another day."""


def close_command(race: str, *, point: str, author: str, at: str | None) -> int:
    if point not in CLOSABLE:
        raise FrontDoorError(f"{point!r} is nothing to close: give start or finish")
    folder = folder_of(race)
    at_us = None if at is None else instant_on_race_day(folder, at)
    if folder.is_running:
        number = command(folder, "close", {"point": point, "author": author, "at_us": at_us})["number"]
    else:
        if at_us is None:
            raise EngineNotRunning(f"no engine runs on {folder.path}: say when it was closed, with --at HH:MM:SS")
        number = _recorded(race, ClosingBody(point=_point(point), at_us=at_us, author=author))
    say(f"{point} closed, journal number {number}")
    return OK


def gun_command(race: str, *, wave: str | None, author: str, at: str | None) -> int:
    folder = folder_of(race)
    at_us = None if at is None else instant_on_race_day(folder, at)
    if not folder.is_running and (at_us is None or wave is None):
        raise EngineNotRunning(f"no engine runs on {folder.path}: give the gun with --wave and --at HH:MM:SS")
    if folder.is_running:
        answer = command(folder, "gun", {"wave": wave, "author": author, "at_us": at_us})
        wave, number, at_us = str(answer["wave"]), int(answer["number"]), int(answer["at_us"])
    else:
        assert wave is not None
        assert at_us is not None
        waves = [each.id for each in load_race(folder.path).race.waves]
        if wave not in waves:
            raise FrontDoorError(f"no wave {wave!r}; waves: {', '.join(waves)}")
        number = _recorded(race, GunBody(wave=wave, instant_us=at_us, origin="hand", author=author))
    say(f"gun of wave {wave}, journal number {number}")
    _warn_if_far(folder, wave, number, at_us, author)
    return OK


def _warn_if_far(folder: RaceFolder, wave: str, number: int, at_us: Instant, author: str) -> None:
    """Says it when a gun is far from the plan: a rehearsal on the eve leaves one that everybody would start by."""
    race = load_race(folder.path).race
    planned_us = next(each.planned_gun_us for each in race.waves if each.id == wave)
    if abs(at_us - planned_us) <= FAR_US:
        return
    hours, minutes = divmod(abs(at_us - planned_us) // MINUTE, 60)
    far = f"{hours // 24} days {hours % 24} h" if hours >= 48 else f"{hours} h {minutes:02d} min"
    side = "before" if at_us < planned_us else "after"
    warn(
        f"THIS GUN IS FAR FROM THE PLAN: {_moment(at_us, race.zone)} is {far} {side} the planned gun of wave {wave}, "
        f"{_moment(planned_us, race.zone)}.\n"
        f"It stands in the journal and is in force, and `calanque set-clock` refuses a race that has a gun.\n"
        f"If it is none (a rehearsal), take it back: "
        f"`calanque rule withdraw {folder.path} {number} --author {shlex.quote(author)}`"
    )


def _moment(at_us: Instant, zone: ZoneInfo) -> str:
    return f"{datetime_of(at_us, zone):%Y-%m-%d %H:%M:%S}"


def publish_command(race: str, *, author: str) -> int:
    folder = folder_of(race)
    if folder.is_running:
        answer = command(folder, "publish", {"author": author})
        say(f"publication {answer['publication']} in {answer['folder']}")
        return OK
    from calanque.at_rest import ruled_race

    with ruled_race(race, f"calanque publish {race}") as at_rest:
        publication = at_rest.publish(author, RaceClock.real().now_us())
    say(f"publication {publication.number} in {publication.folder}")
    return OK


def _point(text: str) -> Literal["start", "finish"]:
    return "start" if text == "start" else "finish"


def _recorded(race: str, body: Body) -> int:
    """Journals a decision on a race without an engine; its number."""
    from calanque.at_rest import ruled_race

    with ruled_race(race, f"calanque on {race}") as at_rest:
        return at_rest.record(body, RaceClock.real().now_us())


def command(folder: RaceFolder, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """What the engine answers to a command.

    Raises: EngineNotRunning; FrontDoorError with the engine's own reason when it refuses.
    """
    holder = folder.holder()
    if holder is None or "url" not in holder:
        raise EngineNotRunning(f"no engine runs on {folder.path}: start one with `calanque run {folder.path}`")
    request = urllib.request.Request(
        f"{holder['url']}/api/{name}",
        data=json.dumps(fields).encode(),
        headers={"Authorization": f"Bearer {folder.secret()}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise FrontDoorError(f"the engine refuses: {_reason(error)}") from error
    except OSError as error:
        raise EngineNotRunning(f"the engine at {holder['url']} does not answer: {error}") from error
    assert isinstance(answer, dict), "the engine answers with an object"
    return answer


def _reason(error: urllib.error.HTTPError) -> str:
    """The engine's own words; without any it has stumbled, and its log says over what."""
    try:
        told = json.loads(error.read() or b"{}")
        return str(told["error"])
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}; see its log"


def instant_on_race_day(folder: RaceFolder, text: str) -> int:
    """The instant of an hour as a person gives it. Raises: FrontDoorError when it is none."""
    try:
        clock = time.fromisoformat(text)
    except ValueError as error:
        raise FrontDoorError(f"not a time of day: {text!r}; give HH:MM:SS, local time on race day") from error
    race = load_race(folder.path).race
    return local_instant(race.day, clock, race.zone)
