"""CTP01 lines cut out of a stream of bytes, and what a line of reads says.

A line has eight fields; in a line that is not one, the beginnings of read lines are looked for, so that noise before
a read costs the noise alone. Where a fact is from, see `readers.chronotrack_frames`.
"""

import re
from dataclasses import dataclass
from typing import Final

from readers.chronotrack_frames import GUN_TAG, NEW_LOCATION_TAG
from readers.events import GunSeen, Malformed
from readers.malformed import NO_END, malformed
from readers.pieces import Piece, Pieces
from readers.wall_stamps import day_us, time_of_day_us
from timing.instants import SECOND
from timing.reads import ChipRead, ClockKind, Tag

LINE_MAX: Final = 4096
"""A read has some 80 characters; the longest answer is a list of locations."""
NAME_MAX: Final = 64

NO_LINE: Final = "not a line of the protocol"
BEFORE_LINE: Final = "noise before a line"

_READ: Final = re.compile(r"CT01_[0-9]{2}~")
_TAG: Final = re.compile(r"[!-}]{1,64}")
_SEQ: Final = re.compile(r"[0-9]{1,12}")
_ANTENNA: Final = re.compile(r"[0-9]{1,3}")
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9:.]{8,15})(Z|[+-][0-9]{2}:?[0-9]{2})?")
_UNIX: Final = re.compile(r"([0-9]{9,11})(?:\.([0-9]{1,6}))?")
_FIELDS: Final = 8
_AROUND: Final = "\0 \t"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time as a client writes it. `zoned`: with a zone, which is not applied."""

    us: int
    dated: bool
    zoned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLocation:
    """A location that came online."""

    name: str
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a read line gives, and how its time was written."""

    event: ChipRead | GunSeen
    stamp: Stamp


class ChronoTrackStream:
    """Fed with bytes, gives lines as text, one character a byte (Latin-1); `forget` when the link ends."""

    def __init__(self) -> None:
        self._pieces = Pieces(b"\n\r", LINE_MAX)

    @property
    def pending(self) -> int:
        return self._pieces.pending

    def feed(self, data: bytes) -> list[str | Malformed]:
        return [part for piece in self._pieces.feed(data) for part in _parts_of(piece)]

    def forget(self) -> list[Malformed]:
        return self._pieces.forget(nothing=_AROUND.encode())


def _parts_of(piece: Piece) -> list[str | Malformed]:
    found: list[str | Malformed] = []
    if piece.lost:
        found.append(malformed(NO_END, piece.sample, piece.lost))
    text = piece.data.decode("latin-1").strip(_AROUND)
    starts = [match.start() for match in _READ.finditer(text)]
    if not starts:
        return [*found, text] if text else found
    if before := text[: starts[0]]:
        found.append(malformed(BEFORE_LINE, before))
    found += [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    return found


def is_read(text: str) -> bool:
    """Whether a line begins as a read, a gun or a new location does."""
    return _READ.match(text) is not None


def read_line(text: str, received_us: int) -> Seen | NewLocation | str:
    """A line of eight fields: kind, number, location, tag, time, occurrence, reader, antenna.

    The number is no identity: it counts lines of the client, and a session played again numbers anew.
    Returns: what it says, or the reason why it says nothing.
    """
    fields = text.split("~")
    if len(fields) != _FIELDS:
        return f"a read has {_FIELDS} fields, not {len(fields)}"
    _, seq, location, tag, time, _, _, antenna = (field.strip() for field in fields)
    if not _SEQ.fullmatch(seq):
        return "no line number"
    name = name_of(location)
    if tag == NEW_LOCATION_TAG:
        return NewLocation(name=name, raw=text)
    stamp = stamp_of(time)
    if stamp is None:
        return "no such date or time"
    if tag == GUN_TAG:
        clock = None if stamp.dated else ClockKind.TIME_OF_DAY
        gun = GunSeen(stamp_us=stamp.us, received_us=received_us, label=name or None, raw=text, clock=clock)
        return Seen(event=gun, stamp=stamp)
    if not _TAG.fullmatch(tag):
        return "no tag"
    port = int(antenna) if _ANTENNA.fullmatch(antenna) else 0
    read = ChipRead(
        tag=Tag(tag.upper()),
        stamp_us=stamp.us,
        received_us=received_us,
        label=name or None,
        antenna=port if 0 < port <= 0xFF else None,
        raw=text,
    )
    return Seen(event=read, stamp=stamp)


def stamp_of(text: str) -> Stamp | None:
    """A time in any of the three forms; one without a date counts from midnight."""
    of_day_us = time_of_day_us(text)
    if of_day_us is not None:
        return Stamp(us=of_day_us, dated=False)
    if found := _ISO.fullmatch(text):
        begin_us = day_us(int(found[1]), int(found[2]), int(found[3]))
        of_day_us = time_of_day_us(found[4])
        if begin_us is None or of_day_us is None:
            return None
        return Stamp(us=begin_us + of_day_us, dated=True, zoned=found[5] is not None)
    if found := _UNIX.fullmatch(text):
        return Stamp(us=int(found[1]) * SECOND + int((found[2] or "").ljust(6, "0")), dated=True)
    return None


def name_of(text: str) -> str:
    """A location as the client's computer writes it: UTF-8, or an older Western code page. Empty if unprintable."""
    octets = text.encode("latin-1")
    try:
        name = octets.decode("utf-8")
    except UnicodeDecodeError:
        name = octets.decode("cp1252", "replace")
    return name[:NAME_MAX] if name.isprintable() else ""
