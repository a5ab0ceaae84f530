"""Lines of a RACE RESULT decoder taken apart: a passing, a status, a date with its time. Bytes and text only.

Sources: the maker's pages "TCP/IP protocol" and "Passing record" (fields for protocol 1.6 and newer), and public
drivers where these say less. There are no check digits, so every field that is needed is judged; fields beyond the
time that do not read as they should are left out, since makers add and drop columns and a time is worth more.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from timing.instants import DAY, HOUR, MINUTE, SECOND
from timing.reads import ChipRead, Tag

MARKER: Final = "99999"
"""The code of a trigger or button passing (the decoder's default, which can be changed there)."""

_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_CODE: Final = re.compile(r"[!-:<-~]{1,40}", re.ASCII)
_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]{1,6}))?", re.ASCII)
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_DECIMAL: Final = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,3})?", re.ASCII)
_BYTE: Final = re.compile(r"[0-9a-fA-F]{1,2}", re.ASCII)
_FLAGS: Final = re.compile(r"[0-9]{1,9}|0x[0-9a-f]{1,8}", re.ASCII)
_EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a decoder's clock shows. `us`: since 1970-01-01 of that clock; where it has no date, since its zero."""

    us: int
    dated: bool
    resolution_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """One passing record. `file`, `box`: None in records of older versions; `stored`: transmitted late by the tag.

    `tag`: the code, with the number of its bib set in front where it has one (`6692-33`): a bib is unique only with it.
    """

    number: int
    tag: str
    stamp: Stamp
    marker: bool = False
    rssi: float | None = None
    loop: str | None = None
    antenna: int | None = None
    active: bool = False
    stored: bool = False
    file: int | None = None
    box: str | None = None

    @property
    def reader_file(self) -> str | None:
        """The file as reads carry it. A decoder that takes another's place counts its files from anywhere."""
        if self.file is None:
            return None
        return f"{self.box}/{self.file}" if self.box else str(self.file)

    def as_read(self, received_us: int, raw: str | None) -> ChipRead:
        """The read. Its number is told only with its file: alone it would come again with the next file."""
        file = self.reader_file
        return ChipRead(
            tag=Tag(self.tag),
            stamp_us=self.stamp.us,
            received_us=received_us,
            label=self.loop,
            antenna=self.antenna,
            rssi=self.rssi,
            reader_file=file,
            reader_seq=None if file is None else self.number,
            raw=raw,
        )


def file_of(reader_file: str) -> tuple[str, int | None]:
    """Box and number of a file as reads carry it; the number is None for a text that is none of ours."""
    box, _, number = reader_file.rpartition("/")
    return box, _whole(number)


def passing(text: str) -> Passing | str:
    """The passing that a line is, without `#P;` in front; else why it is none. Never raises.

    Fields by place (0 number, 1 code, 2 date, 3 time, 4 bib set, 6 RSSI, 8 active, 10 loop, 15 active data byte,
    17 file, 18 antenna, 19 box): older versions end earlier; the exporter's "V1" has no field 11, told by its end.
    """
    fields = text.split(";")
    if len(fields) < 4:
        return "a passing has a number, a code, a date and a time"
    if not _NUMBER.fullmatch(fields[0]):
        return "a passing begins with its number"
    code = fields[1].strip()
    if not _CODE.fullmatch(code):
        return "no transponder code"
    stamp = stamp_of(fields[2], fields[3])
    if stamp is None:
        return "no such date or time"
    if len(fields) == 19 and _whole(fields[18]) is None:
        fields.insert(11, "")
    fields += [""] * (20 - len(fields))
    active = fields[8] == "1"
    data = _whole(fields[15]) or 0
    bib_set = fields[4].strip()
    with_set = not active and bool(_whole(bib_set)) and code != MARKER
    box = fields[19].strip()
    return Passing(
        number=int(fields[0]),
        tag=(f"{bib_set}-{code}" if with_set else code).upper(),
        stamp=stamp,
        marker=code == MARKER,
        rssi=_active_dbm(fields[6]) if active else _decimal(fields[6]),
        loop=str(loop) if (loop := _whole(fields[10])) else None,
        antenna=_whole(fields[18]) or None,
        active=active,
        stored=active and bool(data & 0x40),
        file=_whole(fields[17]),
        box=box.upper() if _CODE.fullmatch(box) and "/" not in box else None,
    )


def stamp_of(day: str, clock: str) -> Stamp | None:
    """What date and time say; `0000-00-NN` is day NN of a clock that has no date. None when there is no such time."""
    found = _TIME.fullmatch(clock.strip())
    days = _days(day.strip())
    if found is None or days is None:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3])
    if hour > 23 or minute > 59 or second > 59:
        return None
    decimals = found[4] or ""
    us = days[0] * DAY + hour * HOUR + minute * MINUTE + second * SECOND + int(decimals.ljust(6, "0"))
    return Stamp(us, days[1], 10 ** (6 - len(decimals)))


@lru_cache(maxsize=64)
def _days(text: str) -> tuple[int, bool] | None:
    """Days since 1970-01-01, or since the clock's zero, and whether it is a date."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    if year == month == 0:
        return day, False
    try:
        return date(year, month, day).toordinal() - _EPOCH, True
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if _NUMBER.fullmatch(text) else None


def _decimal(text: str) -> float | None:
    text = text.strip()
    return float(text) if _DECIMAL.fullmatch(text) else None


def _active_dbm(text: str) -> float | None:
    """The radio level of an active transponder's byte: bits 4-6, in steps of 4 dB from -90 (one public driver)."""
    text = text.strip()
    return float(-90 + ((int(text, 16) & 0x70) >> 2)) if _BYTE.fullmatch(text) else None


ERROR_FLAGS: Final[dict[int, str]] = {
    1: "the UHF reader reports an error",
    16: "the loop reports an error",
    32: "the loop is at its limit",
    64: "the active extension's link is lost",
    256: "the time could not be taken from GPS",
    512: "GPS does not answer",
    1024: "the active extension's time is not right",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderStatus:
    """The answer to GETSTATUS; None for what it does not say. Order of fields: the maker's page and two drivers."""

    stamp: Stamp | None
    power: bool | None
    antennas: tuple[int, ...] | None
    operation: bool | None
    file: int | None
    gps: bool | None
    healthy: bool | None
    battery_percent: int | None
    board_c: float | None
    reader_c: float | None
    loop: int | None
    time_runs: bool | None
    time_source: int | None
    errors: int

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should look at."""
        found = []
        if self.operation is False:
            found.append("the decoder is in test mode and stores nothing: start its operation")
        if self.healthy is False:
            found.append("the decoder says that its UHF reader is not healthy")
        if self.antennas == ():
            found.append("no antenna is connected")
        if self.power is False and self.battery_percent is not None and 0 <= self.battery_percent < 20:
            found.append(f"runs on its battery, which is at {self.battery_percent} %")
        if self.time_runs is False:
            found.append("the decoder's clock stands still")
        if self.stamp is not None and not self.stamp.dated:
            found.append('the decoder\'s clock has no date (no GPS): its times need clock = "elapsed" or "time_of_day"')
        found += [text for bit, text in ERROR_FLAGS.items() if self.errors & bit]
        return tuple(found)

    @property
    def text(self) -> str:
        """The state in one line."""
        said = ["no operation" if self.operation is False else "in operation"] if self.operation is not None else []
        if self.file is not None:
            said.append(f"file {self.file}")
        if self.antennas is not None:
            said.append(f"antennas {' '.join(map(str, self.antennas)) or 'none'}")
        if self.battery_percent is not None:
            charge = "being estimated" if self.battery_percent < 0 else f"{self.battery_percent} %"
            said.append(f"battery {charge}")
        if self.power is not None:
            said.append("mains" if self.power else "no mains")
        if self.board_c is not None:
            said.append(f"{self.board_c:g} °C")
        if self.gps is not None:
            said.append("GPS" if self.gps else "no GPS")
        if self.time_source is not None:
            sources = {0: "by hand", 1: "from GPS", 2: "from GPS, estimated"}
            said.append(f"time {sources.get(self.time_source, 'of unknown source')}")
        return ", ".join(said)


def status(fields: list[str]) -> DecoderStatus:
    """The status that the fields after GETSTATUS are. Never raises; what is missing or odd is not told."""
    given = [field.strip() for field in fields] + [""] * (25 - len(fields))
    flags = given[23].lower()
    errors = int(flags, 0 if flags.startswith("0x") else 10) if _FLAGS.fullmatch(flags) else 0
    battery = re.fullmatch(r"-1|[0-9]{1,3}", given[9], re.ASCII)
    return DecoderStatus(
        stamp=stamp_of(given[0], given[1]),
        power=_flag(given[2]),
        antennas=_antennas(given[3]),
        operation=_flag(given[4]),
        file=_whole(given[5]),
        gps=_flag(given[6]),
        healthy=_flag(given[8]),
        battery_percent=int(battery[0]) if battery else None,
        board_c=_decimal(given[10]),
        reader_c=_decimal(given[11]),
        loop=_whole(given[15]),
        time_runs=_flag(given[19]),
        time_source=_whole(given[20]),
        errors=errors,
    )


def _flag(text: str) -> bool | None:
    return {"0": False, "1": True}.get(text)


def _antennas(text: str) -> tuple[int, ...] | None:
    """Which antennas are connected: eight digits 0 or 1, or the same with commas."""
    digits = text.replace(",", "")
    if not re.fullmatch(r"[01]{1,16}", digits):
        return None
    return tuple(place for place, digit in enumerate(digits, 1) if digit == "1")
