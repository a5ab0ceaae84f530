"""One line of an Ultra into what it says. A table of patterns; never raises.

Nothing on this wire has a checksum: a chip read must have its 12 fields, each of its own form and in its range, or it
is malformed. Fields after Chronokeep's `RFIDUltraInterface` and the constructor of its reads; samples are in
tests/readers/test_ultra_lines.py.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from readers.events import Malformed
from readers.malformed import malformed
from readers.ultra_frames import SECONDS_END, stamp_of
from timing.reads import ChipRead, Tag

NO_LINE: Final = "not a line of an Ultra"
NOT_12_FIELDS: Final = "a chip read has 12 fields"
BAD_FIELD: Final = "a field of the chip read is impossible"
BAD_CLOCK: Final = "an impossible date or time"

SETTINGS_END: Final = 0x40
"""Known settings go up to 2B."""

_FIELDS: Final = 12
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Chip, seconds since 1980, milliseconds, antenna, RSSI, rewound, reader, Ultra id, reader time, start time, log id.
_READ: Final = re.compile(
    rb" *0 *, *([0-9A-Za-z]{1,40}) *, *([0-9]{1,10}) *, *([0-9]{1,3}) *, *([0-9]{1,3}) *"
    rb", *([+-]?[0-9]{1,3}(?:\.[0-9]{1,6})?)? *, *([01]) *, *([0-9A-Za-z]{0,8}) *, *([0-9]{1,3}) *"
    rb",[ -+\--~]{0,40}, *-?[0-9]{0,20} *, *([0-9]{1,10}) *"
)
_CLOCK: Final = re.compile(
    rb"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2}) +([0-9]{1,2})-([0-9]{1,2})-([0-9]{4})(?: *\([0-9]*\))?"
)
_VOLTAGE: Final = re.compile(rb"V= *([0-9]{1,3}(?:\.[0-9]{1,8})?) *")
_STATUS: Final = re.compile(rb"S=([0-9])([0-9]?) *")
_GREETING: Final = re.compile(rb"Connected *(?:,([ -~]{0,60}))?")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """`rewound`: out of the box's memory, on request; plays no part in what the read is."""

    read: ChipRead
    rewound: bool


@dataclass(frozen=True, slots=True)
class ClockLine:
    stamp_us: int


@dataclass(frozen=True, slots=True)
class VoltageLine:
    volts: str


@dataclass(frozen=True, slots=True)
class StatusLine:
    reading: bool | None
    """None: a first digit that nobody has told of."""


@dataclass(frozen=True, slots=True)
class GreetingLine:
    last_sent: str


@dataclass(frozen=True, slots=True)
class SettingLine:
    """`changed`: somebody else changed it; the value is then the box's word on that."""

    setting: int
    value: bytes
    changed: bool = False

    @property
    def number(self) -> int | None:
        """The value as a number: decimal text, or one raw byte; None for anything else."""
        if re.fullmatch(rb"-?[0-9]{1,6}", self.value):
            return int(self.value)
        return self.value[0] if len(self.value) == 1 else None


UltraLine: TypeAlias = ReadLine | ClockLine | VoltageLine | StatusLine | GreetingLine | SettingLine | Malformed


def ultra_lines(line: bytes, received_us: int) -> list[UltraLine]:
    """What a line says: one thing, or none when it is blank; two when an empty `U` stands before a line of its own."""
    if line[:1] in (b"U", b"u"):
        return _setting(line, received_us)
    text = line.replace(b"\0", b"").strip()
    if not text:
        return []
    if text[:1] == b"0" and text[1:].lstrip()[:1] == b",":
        return [_read(text, received_us)]
    if found := _VOLTAGE.fullmatch(text):
        return [VoltageLine(found[1].decode())]
    if found := _CLOCK.fullmatch(text):
        return [_clock(found, text)]
    if found := _STATUS.fullmatch(text):
        return [StatusLine({b"0": False, b"1": True}.get(found[1]))]
    if found := _GREETING.fullmatch(text):
        return [GreetingLine((found[1] or b"").decode().strip())]
    return [malformed(NO_LINE, line)]


def _read(text: bytes, received_us: int) -> ReadLine | Malformed:
    found = _READ.fullmatch(text)
    if found is None:
        return malformed(BAD_FIELD if text.count(b",") == _FIELDS - 1 else NOT_12_FIELDS, text)
    chip, seconds, milliseconds, antenna, rssi, rewound, reader, ultra_id, log_id = found.groups()
    second, number, box = int(seconds), int(log_id), int(ultra_id)
    if second >= SECONDS_END or int(antenna) > 255 or box > 255 or number >= SECONDS_END:
        return malformed(BAD_FIELD, text)
    read = ChipRead(
        tag=Tag(chip.decode().upper()),
        stamp_us=stamp_of(second, int(milliseconds)),
        received_us=received_us,
        label=reader.decode() or None,
        antenna=int(antenna),
        rssi=float(rssi) if rssi else None,
        reader_file=str(box) if number else None,
        reader_seq=number or None,
        raw=text.decode(),
    )
    return ReadLine(read, rewound == b"1")


def _clock(found: re.Match[bytes], text: bytes) -> ClockLine | Malformed:
    hour, minute, second, day, month, year = (int(group) for group in found.groups())
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return malformed(BAD_CLOCK, text)
    return ClockLine((moment - _EPOCH) // timedelta(microseconds=1))


def _setting(line: bytes, received_us: int) -> list[UltraLine]:
    """`U<id><value>` or `u<id><02>`, the id a raw byte: CR is one (0D, an antenna).

    A `U` at the end of a line of its own may be an echo: what then looks like a long value is the next line.
    """
    if len(line) < 2:
        return []
    if line[1] >= SETTINGS_END:
        return [malformed(NO_LINE, line)]
    value = line[2:]
    setting = SettingLine(line[1], value if len(value) <= 80 else value[:80], changed=line[:1] == b"u")
    if line[1:2] in (b"\r", b"\n") and len(value) > 3:
        return [SettingLine(line[1], b"", setting.changed), *ultra_lines(value, received_us)]
    return [setting]
