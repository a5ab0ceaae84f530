"""`calanque set-clock`: one reader's clock, set by a person before the race, verified, and noted in the journal."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Final

from calanque.at_rest import read_race, ruled_race
from calanque.commands.control import command
from calanque.commands.probe import patiently
from calanque.errors import FrontDoorError
from calanque.exit_codes import DIFFERENT, OK
from calanque.folder import folder_of
from calanque.terminal import say, warn
from config.loader import load_race
from config.plan import RacePlan
from readers.clock_setting import ClockSet, ClockSetter, set_clock
from readers.connector import Connector
from readers.race_clock import RaceClock
from timing.entries import NoteBody
from timing.instants import SECOND, Instant
from timing.reader_kinds import KIND_OF
from timing.reads import ClockKind

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def set_clock_command(endpoint: str, *, protocol: str, author: str, race: str | None) -> int:
    setter = ClockSetter.of(protocol)
    connector = Connector(endpoint)
    clock = RaceClock.real()
    zone: tzinfo | None = None
    if race is not None:
        plan = load_race(folder_of(race).path)
        _check_before_the_race(race, plan, clock.now_us())
        zone = plan.race.zone
        _warn_of_another_hour(plan, KIND_OF[protocol].clock, clock.now_us())
    shown_at = right_clock(KIND_OF[protocol].clock, zone)
    done = asyncio.run(_set(connector, setter, clock, shown_at))
    text = words(done, endpoint, protocol)
    say(text)
    if race is not None:
        _note(race, text, author, clock.now_us())
    return OK if done.is_right else DIFFERENT


async def _set(
    connector: Connector, setter: ClockSetter, clock: RaceClock, shown_at: Callable[[Instant], int]
) -> ClockSet:
    try:
        return await set_clock(lambda: patiently(connector), setter, clock, shown_at)
    finally:
        connector.close()


def right_clock(kind: ClockKind, zone: tzinfo | None) -> Callable[[Instant], int]:
    """What a right clock of this kind shows at an instant. `zone` None: this computer's.

    Raises: FrontDoorError for one that only counts from its own zero.
    """
    if kind is ClockKind.ELAPSED:
        raise FrontDoorError("this reader's clock counts from its own zero: there is no right time to set it to")
    if kind is ClockKind.UTC:
        return lambda instant: instant
    return partial(_local_stamp, zone=zone)


def _local_stamp(instant: Instant, zone: tzinfo | None) -> int:
    offset = (_EPOCH + timedelta(microseconds=instant)).astimezone(zone).utcoffset()
    assert offset is not None
    return instant + offset // _MICROSECOND


def words(done: ClockSet, endpoint: str, protocol: str) -> str:
    """What was done, for the terminal and for the journal."""
    within_s = done.after.uncertain_us / SECOND
    result = "set" if done.is_right else "NOT RIGHT after setting it"
    return (
        f"clock of {endpoint} ({protocol}) {result}: it was {_off(done.was_off_us)} and is {_off(done.is_off_us)}, "
        f"give or take {within_s:.3f} s and what it resolves"
    )


def _off(off_us: int) -> str:
    return f"{abs(off_us) / SECOND:.3f} s {'ahead' if off_us >= 0 else 'behind'}"


def _check_before_the_race(race: str, plan: RacePlan, now_us: Instant) -> None:
    """Raises: FrontDoorError once a clock that is moved would move times that count."""
    instead = "a clock that is wrong now is corrected in the journal: `calanque clocks`, docs/clocks.md"
    first_us = min(wave.planned_gun_us for wave in plan.race.waves)
    if first_us <= now_us <= plan.race.last_instant_us:
        raise FrontDoorError(f"the first gun was planned and the race may be on: {instead}")
    if not folder_of(race).journal.is_file():
        return
    with read_race(race) as at_rest:
        if at_rest.state.guns:
            raise FrontDoorError(f"{race} has a gun in its journal: {instead}")


def _warn_of_another_hour(plan: RacePlan, kind: ClockKind, now_us: Instant) -> None:
    """Between today and the race summer time may begin or end, and a reader would not know it."""
    if kind is ClockKind.UTC:
        return
    first_us = min(wave.planned_gun_us for wave in plan.race.waves)
    moved = (_local_stamp(first_us, plan.race.zone) - first_us) - (_local_stamp(now_us, plan.race.zone) - now_us)
    if moved:
        warn(f"The clocks change before this race: set it again on race day, else it is {_off(-moved)} then")


def _note(race: str, text: str, author: str, now_us: Instant) -> None:
    folder = folder_of(race)
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
