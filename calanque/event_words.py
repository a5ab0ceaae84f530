"""What a decoder says, as a line for a person who looks on: the hour at which it came, and what it was.

Hours of arrival are in the race's zone, or in UTC where no race is known, and say so then. Stamps are as the reader
sent them: by its own clock, which may be wrong.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from readers.events import ClockSeen, DecoderEvent, GunSeen, Malformed, MemoryProgress, StatusKind, StatusSeen
from readers.source_picture import clean
from timing.instants import DAY, HOUR, MINUTE, SECOND, Duration, Instant
from timing.reads import ChipRead, ClockKind

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER: Final = 15 * MINUTE
_STATUS: Final = {
    StatusKind.BANNER: "says",
    StatusKind.TAG_DATA: "record of a tag, no passing",
    StatusKind.ANSWER: "answers",
    StatusKind.REFUSED: "refuses",
    StatusKind.SETTING: "is set up",
    StatusKind.WARNING: "WARNING",
}


KINDS: Final[Mapping[type[DecoderEvent], str]] = {
    ChipRead: "reads",
    GunSeen: "guns",
    ClockSeen: "looks at its clock",
    MemoryProgress: "words of its memory",
    StatusSeen: "other words",
    Malformed: "malformed",
}


@dataclass(frozen=True, slots=True)
class EventWords:
    """How the events of one source are told. `zone`: of the race, None where none is known; `clock`: what it keeps."""

    zone: ZoneInfo | None
    clock: ClockKind

    def line(self, event: DecoderEvent, at_us: Instant) -> str:
        """What came at an instant."""
        return self.at(at_us, self.of(event, at_us))

    def at(self, at_us: Instant, text: str) -> str:
        """`10:05:46.120 text`, or `08:05:46.120 UTC text`."""
        hour = _told(at_us, lambda us: f"{self._local(us):%H:%M:%S.%f}"[:-3])
        return f"{hour}{'' if self.zone else ' UTC'}  {text}"

    def of(self, event: DecoderEvent, at_us: Instant) -> str:
        """The event, without the hour at which it came."""
        match event:
            case ChipRead():
                where = "" if event.antenna is None else f", antenna {event.antenna}"
                loud = "" if event.rssi is None else f", signal {event.rssi:g}"
                return f"read {event.tag or 'without a tag'} stamped {self.stamp(event.stamp_us, at_us)}{where}{loud}"
            case GunSeen():
                return f"gun stamped {self.stamp(event.stamp_us, at_us, event.clock)}"
            case ClockSeen():
                return f"clock shows {self.stamp(event.stamp_us, at_us)}{self._off(event)}"
            case MemoryProgress():
                far = f" {event.done} of {event.total}" if event.total else ""
                return f"its memory: {event.state.value}{far}{f' ({clean(event.text)})' if event.text else ''}"
            case StatusSeen():
                return f"{_STATUS[event.kind]}: {clean(event.text)}"
            case Malformed():
                cut = " ..." if event.size > len(event.raw) else ""
                return f"malformed, {event.size} bytes ({event.reason}): {escaped(event.raw)}{cut}"

    def stamp(self, stamp_us: int, at_us: Instant, clock: ClockKind | None = None) -> str:
        """A stamp as the reader's own clock shows it; with its date where that is not the day of arrival."""
        kind = clock or self.clock
        if kind is ClockKind.ELAPSED:
            return _told(stamp_us, lambda us: f"{timedelta(microseconds=us)} since its zero")

        def shown(us: int) -> str:
            moment = _EPOCH + timedelta(microseconds=us)
            day = self._local(at_us) if kind is ClockKind.LOCAL else _EPOCH + timedelta(microseconds=at_us)
            dated = kind is not ClockKind.TIME_OF_DAY and moment.date() != day.date()
            zone = " UTC" if kind is ClockKind.UTC and self.zone else ""
            return f"{moment:%Y-%m-%d} " * dated + f"{moment:%H:%M:%S.%f}"[:-3] + zone

        return _told(stamp_us, shown)

    def _off(self, seen: ClockSeen) -> str:
        """How far a clock was from the one of the computer that captured it, and whether its hour is right."""
        if self.clock is ClockKind.ELAPSED:
            return ""
        off_us = seen.offset_us
        zone_us: Duration | None = 0
        if self.clock is not ClockKind.UTC:
            zone_us = self._zone_us(seen.received_us)
        if zone_us is None:
            # Nobody knows the zone it keeps: its hour cannot be judged, what is left of a quarter of an hour can.
            quarters_us = round(off_us / _QUARTER) * _QUARTER
            return f", {_apart(off_us - quarters_us, seen)} and {quarters_us / HOUR:+g} h of UTC"
        off_us -= zone_us
        if self.clock is ClockKind.TIME_OF_DAY:
            off_us = (off_us + DAY // 2) % DAY - DAY // 2
        return f", {_apart(off_us, seen)}"

    def _zone_us(self, at_us: Instant) -> Duration | None:
        if self.zone is None:
            return None
        return (self._local(at_us).utcoffset() or timedelta()) // timedelta(microseconds=1)

    def _local(self, at_us: Instant) -> datetime:
        return (_EPOCH + timedelta(microseconds=at_us)).astimezone(self.zone or UTC)


def escaped(raw: str) -> str:
    r"""Bytes that made no sense, one character each, as they can be read and typed: `\x00`, `\r`, `\\`."""
    return raw.encode("unicode_escape").decode("ascii")


def _apart(off_us: Duration, seen: ClockSeen) -> str:
    far, way = abs(off_us), "ahead of" if off_us >= 0 else "behind"
    told = f"{far / SECOND:.3f} s"
    if far >= HOUR:
        told = f"{far // HOUR} h {far // MINUTE % 60:02d} min {far % MINUTE / SECOND:06.3f} s"
    return f"{told} {way} ours, give or take {seen.uncertain_us / SECOND:.3f} s"


def _told(us: int, words: Callable[[int], str]) -> str:
    """In words; what no calendar has, which bytes that only look like a record may say, as it is."""
    try:
        return words(us)
    except OverflowError:
        return f"{us} us"
