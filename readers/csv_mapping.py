"""A mapping: a small TOML file beside a CSV file that says which column is what (docs/read_logs.md).

Owns what a mapping may say, and how its times are read: exactly, in integers. Knows no race.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from readers.errors import ReadFileRefused
from timing.instants import DAY, HOUR, MINUTE, SECOND, instant_of
from timing.reads import ClockKind

COLUMNS: Final = ("tag", "time", "date", "mat", "label", "antenna", "rssi")
NUMBER_FORMATS: Final = {"epoch_s": 6, "epoch_ms": 3, "epoch_us": 0, "seconds": 6}
"""Formats that are one number, with the decimals it may have."""

_KEYS: Final = ("separator", "header", "skip", "encoding", "source", "mat", "columns", "time", "mats")
_TIME_KEYS: Final = ("format", "clock", "zone")
_TOKENS: Final = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "YY": r"(?P<short>[0-9]{2})",
    "MM": r"(?P<month>[0-9]{1,2})",
    "DD": r"(?P<day>[0-9]{1,2})",
    "hh": r"(?P<hour>[0-9]{1,2})",
    "mm": r"(?P<minute>[0-9]{2})",
    "ss": r"(?P<second>[0-9]{2})(?:[.,](?P<decimals>[0-9]{1,6}))?",
    "AM": r"(?P<half>[AaPp])\.?[Mm]\.?",
    "ZZ": r"(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})",
}
_TOKEN: Final = re.compile("|".join(_TOKENS))
_NUMBER: Final = re.compile(r"([+-]?)([0-9]{1,18})(?:[.,]([0-9]{1,6}))?", re.ASCII)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, kw_only=True)
class CsvMapping:
    """What the columns of a CSV file are: by name, or by number from 1. `stamp` reads a time, or raises ValueError."""

    columns: Mapping[str, str | int]
    stamp: Callable[[str], int]
    clock: ClockKind
    separator: str = ","
    header: bool = True
    skip: int = 0
    encoding: str = "utf-8"
    source: str | None = None
    mat: str | None = None
    mats: Mapping[str, str] = field(default_factory=dict)


def load_mapping(path: Path) -> CsvMapping:
    """The mapping in a TOML file.

    Raises: ReadFileRefused: what is wrong, and what would be accepted.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return _mapping(given)
    except OSError as error:
        raise ReadFileRefused(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ReadFileRefused(f"{path}: {error}") from error


def _mapping(given: dict[str, Any]) -> CsvMapping:
    _known(given, _KEYS, "")
    columns = _of(given, "columns", dict, {})
    _known(columns, COLUMNS, "columns.")
    for name in ("tag", "time"):
        if name not in columns:
            raise ValueError(f"columns.{name} is missing: the column's name in quotes, or its number from 1")
    for name, place in columns.items():
        if type(place) not in (str, int) or (type(place) is int and place < 1):
            raise ValueError(f"columns.{name} is the column's name in quotes, or its number from 1")
    header = _of(given, "header", bool, True)
    named = [name for name, place in columns.items() if type(place) is str]
    if named and not header:
        raise ValueError(f"columns.{named[0]} is a name, but header = false: give its number from 1")
    separator = _of(given, "separator", str, ",")
    if len(separator) != 1 or separator in '"\r\n':
        raise ValueError('separator is one character, such as "," or ";" or "\\t"')
    encoding = _of(given, "encoding", str, "utf-8")
    if not _is_encoding(encoding):
        raise ValueError(f"encoding {encoding!r} is none that can be read; such as utf-8, latin-1, cp1252")
    skip = _of(given, "skip", int, 0)
    mats = _of(given, "mats", dict, {})
    if not all(type(mat) is str for mat in mats.values()):
        raise ValueError("mats names mats of the race: what the file says = the mat's id, both in quotes")
    stamp, clock = _time(_of(given, "time", dict, {}))
    return CsvMapping(
        columns=columns,
        stamp=stamp,
        clock=clock,
        separator=separator,
        header=header,
        skip=max(0, skip),
        encoding=encoding,
        source=_of(given, "source", str, "") or None,
        mat=_of(given, "mat", str, "") or None,
        mats=mats,
    )


def _time(given: dict[str, Any]) -> tuple[Callable[[str], int], ClockKind]:
    """How a time is read, and what its clock keeps."""
    _known(given, _TIME_KEYS, "time.")
    pattern = _of(given, "format", str, "YYYY-MM-DD hh:mm:ss")
    zone_name = _of(given, "zone", str, "")
    zone = _zone(zone_name) if zone_name else None
    if pattern in NUMBER_FORMATS:
        natural = ClockKind.ELAPSED if pattern == "seconds" else ClockKind.UTC
        stamp = _number_reader(pattern)
        may: tuple[ClockKind, ...] = (
            (natural, ClockKind.LOCAL) if natural is ClockKind.UTC else (natural, ClockKind.TIME_OF_DAY)
        )
    else:
        tokens = set(_TOKEN.findall(pattern))
        if not {"hh", "mm"} <= tokens:
            formats = ", ".join(NUMBER_FORMATS)
            raise ValueError(f"time.format is {formats}, or made of {', '.join(_TOKENS)}: it needs hh and mm")
        years = tokens & {"YYYY", "YY"}
        dated = bool(years) and {"MM", "DD"} <= tokens
        if not dated and (years or tokens & {"MM", "DD", "ZZ"}):
            raise ValueError("time.format has part of a date: give all of YYYY, MM and DD, or none")
        natural = ClockKind.TIME_OF_DAY if not dated else ClockKind.UTC if "ZZ" in tokens or zone else ClockKind.LOCAL
        stamp = _text_reader(pattern, dated, zone)
        may = (natural, ClockKind.UTC) if dated else (natural, ClockKind.ELAPSED)
    if zone and (pattern in NUMBER_FORMATS or natural is not ClockKind.UTC or "ZZ" in pattern):
        raise ValueError("time.zone is for wall times with a date and without an offset of their own")
    clock = _of(given, "clock", str, str(natural))
    if clock not in [str(kind) for kind in may] or (zone and clock != "utc"):
        raise ValueError(f"time.clock is {' or '.join(dict.fromkeys(map(str, may)))} for this format, not {clock!r}")
    return stamp, ClockKind(clock)


def _number_reader(pattern: str) -> Callable[[str], int]:
    decimals = NUMBER_FORMATS[pattern]

    def stamp(text: str) -> int:
        found = _NUMBER.fullmatch(text)
        if found is None or len((found[3] or "").rstrip("0")) > decimals:
            raise ValueError(f"time `{text[:40]}` is not a number as {pattern} has it")
        us: int = int(found[2]) * int(10**decimals) + int((found[3] or "").ljust(decimals, "0")[:decimals] or "0")
        if us >= 2**62:
            raise ValueError(f"time `{text[:40]}` is beyond all calendars")
        return -us if found[1] == "-" else us

    return stamp


def _text_reader(pattern: str, dated: bool, zone: ZoneInfo | None) -> Callable[[str], int]:
    regex = re.compile(_regex(pattern), re.ASCII)

    def stamp(text: str) -> int:
        found = regex.fullmatch(text)
        if found is None:
            raise ValueError(f"time `{text[:40]}` is not like {pattern}")
        parts = found.groupdict()
        hour, minute, second = int(parts["hour"]), int(parts["minute"]), int(parts.get("second") or 0)
        if half := parts.get("half"):
            if not 1 <= hour <= 12:
                raise ValueError(f"no such time: {text[:40]}")
            hour = hour % 12 + (12 if half in "Pp" else 0)
        if minute > 59 or second > 59 or hour > (23 if dated else 99):
            raise ValueError(f"no such time: {text[:40]}")
        us = hour * HOUR + minute * MINUTE + second * SECOND + int((parts.get("decimals") or "").ljust(6, "0"))
        if not dated:
            return us
        year = int(parts.get("year") or 0) or 2000 + int(parts.get("short") or 0)
        try:
            day = date(year, int(parts["month"]), int(parts["day"]))
        except ValueError:
            raise ValueError(f"no such date: {text[:40]}") from None
        us += (day.toordinal() - _EPOCH_DAY) * DAY
        if offset := parts.get("offset"):
            return us - _offset_us(offset)
        return us if zone is None else _instant(us, zone)

    return stamp


def _regex(pattern: str) -> str:
    out, place = "", 0
    for token in _TOKEN.finditer(pattern):
        out += re.escape(pattern[place : token.start()]) + _TOKENS[token[0]]
        place = token.end()
    try:
        re.compile(out)
    except re.error:
        raise ValueError(f"time.format {pattern!r} names a part twice") from None
    return out + re.escape(pattern[place:])


def _offset_us(text: str) -> int:
    if text == "Z":
        return 0
    size = int(text[1:3]) * HOUR + int(text[-2:]) * MINUTE
    return -size if text[0] == "-" else size


def _instant(wall_us: int, zone: ZoneInfo) -> int:
    """The instant of a wall time; of the hour that exists twice the earlier."""
    moment = datetime.fromtimestamp(wall_us // SECOND, UTC).replace(tzinfo=zone)
    return instant_of(moment) + wall_us % SECOND


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"time.zone {name!r} is no zone; such as Europe/Paris") from None


def _is_encoding(name: str) -> bool:
    """Whether text has this encoding with line ends of one byte."""
    try:
        return "\n1;".encode(name) == b"\n1;"
    except LookupError:
        return False


def _known(given: Mapping[str, object], keys: tuple[str, ...], where: str) -> None:
    for key in given:
        if key not in keys:
            raise ValueError(f"{where}{key} is not known here; there are: {', '.join(keys)}")


def _of(given: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    value = given.get(key, default)
    if type(value) is not kind:
        names = {str: "text in quotes", int: "a whole number", bool: "true or false", dict: "a table"}
        raise ValueError(f"{key} is {names[kind]}, not {value!r}")
    return value
