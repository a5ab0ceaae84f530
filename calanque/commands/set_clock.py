"""`calanque set-clock`: one reader's clock, set by a person before the race, verified, and noted in the journal."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Final

from calanque.at_rest import read_race, ruled_race
from calanque.commands.control import command
from calanque.commands.probe import patiently, sure_words
from calanque.errors import FrontDoorError
from calanque.exit_codes import DIFFERENT, OK
from calanque.folder import RaceFolder, plan_and_folder
from calanque.reader_words import kind_reached
from calanque.terminal import say, warn
from config.plan import RacePlan
from readers.clock_setting import ClockSet, ClockSetter, set_clock
from readers.connector import Connector
from readers.race_clock import RaceClock
from readers.source_picture import clean
from timing.entries import NoteBody
from timing.instants import SECOND, Instant
from timing.reader_kinds import KIND_OF
from timing.reads import ClockKind

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def set_clock_command(endpoint: str, *, protocol: str, author: str, race: str) -> int:
    if not author.strip():
        raise FrontDoorError("--author: who says so?")
    connector = Connector(endpoint)
    setter = ClockSetter.of(kind_reached(protocol, endpoint).name)
    clock = RaceClock.real()
    plan, folder = plan_and_folder(race)
    _check_before_the_race(folder, plan, clock.now_us())
    _check_free(folder, plan, endpoint)
    _warn_of_another_hour(plan, KIND_OF[protocol].clock, clock.now_us())
    shown_at = right_clock(KIND_OF[protocol].clock, plan.race.zone)
    done = asyncio.run(_set(connector, setter, clock, shown_at))
    text = words(done, endpoint, protocol)
    say(text)
    _note(folder, text, author, clock.now_us())
    return OK if done.is_right else DIFFERENT


async def _set(
    connector: Connector, setter: ClockSetter, clock: RaceClock, shown_at: Callable[[Instant], int]
) -> ClockSet:
    try:
        return await set_clock(lambda: patiently(connector), setter, clock, shown_at)
    finally:
        connector.close()


def right_clock(kind: ClockKind, zone: tzinfo) -> Callable[[Instant], int]:
    """What a right clock of this kind shows at an instant.

    Raises: FrontDoorError for one that only counts from its own zero.
    """
    if kind is ClockKind.ELAPSED:
        raise FrontDoorError("this reader's clock counts from its own zero: there is no right time to set it to")
    if kind is ClockKind.UTC:
        return lambda instant: instant
    return partial(_local_stamp, zone=zone)


def _local_stamp(instant: Instant, zone: tzinfo) -> int:
    offset = (_EPOCH + timedelta(microseconds=instant)).astimezone(zone).utcoffset()
    assert offset is not None
    return instant + offset // _MICROSECOND


def words(done: ClockSet, endpoint: str, protocol: str) -> str:
    """What was done, for the terminal and for the journal."""
    right = "right, though perhaps not set" if done.refused else "set"
    result = right if done.is_right else "NOT RIGHT after setting it"
    why = f"; {clean(done.refused)}" if done.refused else ""
    return (
        f"clock of {endpoint} ({protocol}) {result}: it was {_off(done.was_off_us)} and is {_off(done.is_off_us)}, "
        f"{sure_words(done.after)}{why}"
    )


def _off(off_us: int) -> str:
    return f"{abs(off_us) / SECOND:.3f} s {'ahead' if off_us >= 0 else 'behind'}"


def _check_free(folder: RaceFolder, plan: RacePlan, endpoint: str) -> None:
    """Raises: FrontDoorError when an engine talks with this reader: most take one host, and its race is armed."""
    holder = folder.holder()
    spoken_with = (holder or {}).get("endpoints", [source.connect for source in plan.race.sources])
    if holder is not None and endpoint in spoken_with:
        raise FrontDoorError(
            f"the engine of {folder.path} runs and talks with {endpoint}: end it first, then set the clock"
        )


def _check_before_the_race(folder: RaceFolder, plan: RacePlan, now_us: Instant) -> None:
    """Raises: FrontDoorError once a clock that is moved would move times that count."""
    instead = "a clock that is wrong now is corrected in the journal: `calanque clocks`, docs/clocks.md"
    first_us = min(wave.planned_gun_us for wave in plan.race.waves)
    if first_us <= now_us <= plan.race.last_instant_us:
        raise FrontDoorError(f"the first gun was planned and the race may be on: {instead}")
    if not folder.journal.is_file():
        return
    with read_race(str(folder.path)) as at_rest:
        if any(gun.number not in at_rest.state.withdrawn for gun in at_rest.state.guns):
            raise FrontDoorError(f"{folder.path} has a gun in its journal: {instead}")


def _warn_of_another_hour(plan: RacePlan, kind: ClockKind, now_us: Instant) -> None:
    """Between today and the race summer time may begin or end, and a reader would not know it."""
    if kind is ClockKind.UTC:
        return
    first_us = min(wave.planned_gun_us for wave in plan.race.waves)
    moved = (_local_stamp(first_us, plan.race.zone) - first_us) - (_local_stamp(now_us, plan.race.zone) - now_us)
    if moved:
        warn(f"The clocks change before this race: set it again on race day, else it is {_off(-moved)} then")


def _note(folder: RaceFolder, text: str, author: str, now_us: Instant) -> None:
    race = str(folder.path)
    holder = folder.holder()
    if holder is not None and "url" in holder:
        number = command(folder, "note", {"text": text, "author": author})["number"]
    elif folder.journal.is_file():
        with ruled_race(race, f"calanque set-clock {race}") as at_rest:
            number = at_rest.record(NoteBody(text=text, author=author), now_us)
    else:
        warn(f"{race} was never run and has no journal yet: this is noted nowhere")
        return
    say(f"noted, journal number {number}")
