"""The kinds of single values a race file is made of, each judged on its own. Knows no keys.

A value of another type is refused, never turned into the right one: "10" is no number and true is no 1.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, StrictInt

from timing.reader_kinds import BAUDS, READER_KINDS
from timing.reads import ClockKind

PROTOCOL_CLOCKS: Final[Mapping[str, ClockKind]] = {
    **{kind.name: kind.clock for kind in READER_KINDS},
    "read_log": ClockKind.UTC,
}
"""The protocols an engine can be told to speak, with what their clocks keep unless the file says otherwise."""

CONNECT: Final = re.compile(
    r"serial:(?P<device>[^?\s]+)"
    rf"(?:[?&](?:baud=(?:{'|'.join(map(str, BAUDS))})|flow=(?:none|rtscts|xonxoff)|dtr=(?:high|low)))*"
    r"|tcp:(?P<host>\[[0-9A-Fa-f:]+\]|[^:\s\[\]]+):(?P<port>[1-9]\d{0,4})"
    r"|listen:(?:(?P<own_host>\[[0-9A-Fa-f:]+\]|[^:\s\[\]]+):)?(?P<own_port>[1-9]\d{0,4})"
    r"|mqtt:(?:(?:[^\s+#/]*|\+)/)*(?:[^\s+#/]+|\+|#)"
    r"|collector|file"
)


def _of_type(*kinds: type) -> BeforeValidator:
    """Takes a TOML value of exactly these types, so that "10" is no number and true is no 1."""

    def judged(value: object) -> object:
        if type(value) not in kinds:
            raise ValueError("of another type")
        return value

    return BeforeValidator(judged)


def _exact(step: str) -> BeforeValidator:
    """Takes an exact number that is a whole multiple of the step."""

    def judged(value: object) -> Decimal:
        number = Decimal(value) if type(value) is int else value
        if not isinstance(number, Decimal) or not number.is_finite() or abs(number) > 10**9:
            raise ValueError("not a number")
        if number % Decimal(step):
            raise ValueError(f"finer than {step}")
        return number

    return BeforeValidator(judged)


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(value))
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such time zone") from error


def _bib_ranges(value: object) -> tuple[tuple[int, int], ...]:
    return tuple(_bib_range(part) for part in (value if isinstance(value, list) else [value]))


def _bib_range(value: object) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)(?:\s*-\s*(\d+))?", str(value).strip()) if type(value) in (str, int) else None
    if match is None:
        raise ValueError("not a range of bibs")
    low = int(match[1])
    high = int(match[2] or match[1])
    if high < low:
        raise ValueError("a range that ends before it begins")
    return low, high


def _connect(value: object) -> str:
    match = CONNECT.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match["port"] or match["own_port"] or 1) > 65535:
        raise ValueError("not a way to reach a reader")
    return match.group()


def _heights(value: object) -> object:
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise ValueError("not pairs of kilometre and height")
    return value


def _titles(value: object) -> object:
    return {"": value} if isinstance(value, str) else value


Millionths = Annotated[Decimal, _exact("0.000001")]
Thousandths = Annotated[Decimal, _exact("0.001")]
Hundredths = Annotated[Decimal, _exact("0.01")]
Heights = Annotated[
    list[tuple[Annotated[Thousandths, Field(ge=0, le=1000)], Annotated[StrictInt, Field(ge=-500, le=9000)]]],
    Field(min_length=2),
    BeforeValidator(_heights),
]
"""Pairs of a kilometre and the metres above the sea there."""
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
"""Names that become part of MQTT topics."""
Titles = Annotated[dict[str, str], BeforeValidator(_titles)]
"""By language; a plain text stands under the empty key and is meant for all."""
BibRanges = Annotated[tuple[tuple[int, int], ...], BeforeValidator(_bib_ranges)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Connect = Annotated[str, BeforeValidator(_connect)]
Day = Annotated[date, _of_type(date)]
Moment = Annotated[datetime, _of_type(datetime)]
Gun = Annotated[time, _of_type(time)]
FiredGun = Annotated[time | datetime, _of_type(time, datetime)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Nation = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
WaveId = Annotated[str, Field(pattern=r"^[\w.+-][\w.+ -]{0,31}$")]
PointId = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,31}$")]
"""Part of the names of columns."""
MatId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
