"""`calanque probe`: what reader is at the end of a wire, and how its clock stands; asks, and changes nothing."""

import asyncio
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from calanque.exit_codes import DIFFERENT, OK
from calanque.folder import plan_and_folder
from calanque.reader_words import kind_reached
from calanque.terminal import say, warn
from readers.connector import Connector
from readers.errors import ConnectFailed
from readers.events import ClockSeen, StatusKind
from readers.probing import Found, Heard, kinds_for, probe
from readers.race_clock import RaceClock
from readers.source_picture import clean
from readers.transports import Transport
from timing.instants import DAY, HOUR, MINUTE, SECOND, Duration
from timing.reader_kinds import KIND_OF
from timing.reads import ClockKind

SAID_MAX: Final = 12
CALL_WITHIN_S: Final = 30.0
"""Readers that call try again every few seconds, the slowest every half minute."""
_QUARTER: Final = 15 * MINUTE
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def probe_command(endpoint: str, *, protocol: str | None, race: str | None) -> int:
    connector = Connector(endpoint)
    names = [kind_reached(protocol, endpoint).name] if protocol else kinds_for(endpoint)
    zone = None if race is None else plan_and_folder(race)[0].race.zone
    if connector.listens:
        warn(f"waiting up to {CALL_WITHIN_S:.0f} s for a reader that calls {endpoint} ...")
    return asyncio.run(_probe(connector, names, RaceClock.real(), zone))


async def _probe(connector: Connector, names: list[str], clock: RaceClock, zone: tzinfo | None) -> int:
    try:
        found = await probe(lambda: patiently(connector), names, clock, tell=_tell_asked)
    finally:
        connector.close()
    for line in report(found, local_offset_us(zone), "" if zone is None else str(zone)):
        say(line)
    return DIFFERENT if found.kind is None else OK


def _tell_asked(name: str) -> None:
    """Some kinds take their time: somebody waits, and sees for what."""
    warn(f"asking as {KIND_OF[name].title} is asked ...")


async def patiently(connector: Connector) -> Transport:
    """A link; a reader that calls is given a while to do so.

    Raises: ConnectFailed.
    """
    end_s = asyncio.get_running_loop().time() + CALL_WITHIN_S
    while True:
        try:
            return await connector.open()
        except ConnectFailed:
            if not connector.listens or asyncio.get_running_loop().time() > end_s:
                raise


def report(found: Found, zone_us: Duration, where: str = "") -> list[str]:
    """What was found, in lines for a person. `zone_us`: local time minus UTC in `where`, empty: at this computer."""
    heard = found.kind
    if heard is None:
        return _nothing(found)
    kind = KIND_OF[heard.protocol]
    lines = [f'{kind.title}: `protocol = "{kind.name}"`']
    if not kind.asks_only:
        lines.append("  only listened: speaking with it sets it up, and a probe changes nothing")
    if heard.clock is not None:
        lines += [f"  clock      {text}" for text in clock_words(heard.clock, kind.clock, zone_us, where)]
    else:
        lines.append(f"  clock      not told{'' if kind.reads_clock else ': this kind cannot be asked the time'}")
    lines += [f"  set up     {clean(text)}" for text in heard.said(StatusKind.SETTING)[:SAID_MAX]]
    lines += [f"  says       {clean(text)}" for text in heard.said(StatusKind.BANNER, StatusKind.ANSWER)[:SAID_MAX]]
    lines += [f"  refuses    {clean(text)}" for text in heard.said(StatusKind.REFUSED)[:SAID_MAX]]
    lines += [f"  WARNING    {clean(text)}" for text in heard.said(StatusKind.WARNING)[:SAID_MAX]]
    lines.append(f"  meanwhile  {_meanwhile(heard)}")
    return lines


def clock_words(seen: ClockSeen, kind: ClockKind, zone_us: Duration, where: str = "") -> list[str]:
    """What a reader's clock shows, and how far it is from this computer's, within what is certain.

    `where`: the race's zone; empty: that of this computer, which says little of where the race is.
    """
    sure = sure_words(seen)
    if kind is ClockKind.ELAPSED:
        return [f"{timedelta(microseconds=seen.stamp_us)} since its zero, {sure}"]
    offset_us = seen.offset_us
    if kind is ClockKind.TIME_OF_DAY:
        offset_us = (offset_us + DAY // 2) % DAY - DAY // 2
    quarters_us = round(offset_us / _QUARTER) * _QUARTER
    rest_us = offset_us - quarters_us
    shown = _EPOCH + timedelta(microseconds=seen.stamp_us)
    date = "" if kind is ClockKind.TIME_OF_DAY else f"{shown:%Y-%m-%d} "
    ahead = f"{abs(rest_us) / SECOND:.3f} s {'ahead of' if rest_us >= 0 else 'behind'} this computer's, {sure}"
    lines = [f"{date}{shown:%H:%M:%S.%f}"[:-3] + f", {ahead} (whole hours aside)"]
    off_us = quarters_us - (0 if kind is ClockKind.UTC else zone_us)
    off = f"{abs(off_us) / HOUR:g} h {'ahead of' if off_us > 0 else 'behind'}"
    if kind is ClockKind.UTC:
        hour = f"WRONG HOUR: {off} UTC" if off_us else "the hour is right"
    elif where:
        hour = f"WRONG HOUR: {off} the local time of {where}" if off_us else f"the hour is right for {where}"
    else:
        here = f"its hour is {off if off_us else 'that of'} this computer's local time"
        hour = f"{here}; give --race to hold it against the race's"
    return [*lines, hour]


def sure_words(seen: ClockSeen) -> str:
    """How far a comparison may be wrong: half the way there and back, and half of what the clock resolves if told."""
    told = f"give or take {seen.uncertain_us / SECOND:.3f} s"
    return f"{told} (it tells whole seconds)" if seen.resolution_us == SECOND else told


def local_offset_us(zone: tzinfo | None) -> Duration:
    """Local time minus UTC, now. `zone` None: this computer's."""
    offset = datetime.now(UTC).astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(microseconds=1)


def _meanwhile(heard: Heard) -> str:
    reads = heard.reads
    parts = [f"{len(reads)} reads of {len({read.tag for read in reads})} tags", f"{heard.bytes_in} bytes"]
    if heard.guns:
        parts.append(f"{len(heard.guns)} guns")
    if heard.malformed:
        parts.append(f"{heard.malformed} records that could not be understood")
    return ", ".join(parts)


def _nothing(found: Found) -> list[str]:
    if not found.sample and not any(heard.bytes_in for heard in found.tried):
        lines = ["No answer, not one byte: is the reader on, is it the right port, and for a serial line the speed?"]
    else:
        lines = ["Something answers, and it makes no sense: another speed, another port, or a reader of another kind."]
        lines.append(f"  first bytes  {ascii(found.sample)[2:-1]}")
    asked = dict.fromkeys(heard.protocol for heard in found.tried if heard.asked)
    heard_out = dict.fromkeys(heard.protocol for heard in found.tried)
    lines.append(f"  asked        {', '.join(asked) or 'nobody'}")
    lines.append(f"  listened for {', '.join(heard_out) or 'nobody'}")
    errors = dict.fromkeys(heard.error for heard in found.tried if heard.error)
    return lines + [f"  {error}" for error in errors]
