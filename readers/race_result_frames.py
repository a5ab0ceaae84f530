"""Lines of a RACE RESULT decoder, written: passings, status, time. The other side of the wire speaks with it.

Source: the maker's pages "TCP/IP protocol" and "Passing record" (20 fields, protocol 1.6 and newer). The driver's own
words are in `readers.race_result_requests`; `set_clock_request` is for the explicit setting of a clock alone.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from readers.race_result_requests import ENDING, PUSHED
from timing.instants import DAY, MILLISECOND

FIRST_DATED_US: Final = 365 * DAY
"""Stamps below are of a clock without a date: they are written as day and time since its zero."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp_text(stamp_us: int) -> str:
    """Date and time with a `;` between, to the millisecond below. Raises: ValueError for a stamp no decoder shows."""
    if stamp_us < 0 or stamp_us >= 253_402_300_800_000_000:
        raise ValueError(f"a decoder cannot show {stamp_us} µs")
    moment = _EPOCH + timedelta(microseconds=stamp_us)
    day = f"{moment:%Y-%m-%d}"
    if stamp_us < FIRST_DATED_US:
        day = f"0000-00-{min(stamp_us // DAY, 99):02d}"
    return f"{day};{moment:%H:%M:%S}.{moment.microsecond // MILLISECOND:03d}"


def passing_line(
    number: int,
    code: str,
    stamp_us: int,
    *,
    bib_set: str = "0",
    rssi: str = "",
    active: bool = False,
    channel: int | None = None,
    loop: int | None = None,
    stored: bool = False,
    hits: int = 1,
    box: str = "D-50432",
    file: int = 1,
    antenna: int | None = None,
    pushed: bool = False,
) -> bytes:
    """A passing record of 20 fields with CR LF.

    Args: rssi: as written on the wire: dBm for passive tags, the byte in hexadecimal for active ones.
    Raises: ValueError when a field could not be told from another.
    """
    if any(set(text) & set(";\r\n") for text in (code, bib_set, rssi, box)):
        raise ValueError(f"no field of a passing holds a semicolon or a line end: {code!r}")
    fields = [
        f"{number};{code};{stamp_text(stamp_us)}",
        bib_set,
        f"{hits:x}",
        rssi,
        "",
        "1" if active else "0",
        _given(channel),
        _given(loop),
        "0",
        "10000" if active else "0",
        "3.0" if active else "0",
        "21" if active else "0",
        str(0x40 if stored else 0),
        box,
        str(file),
        _given(antenna),
        box,
    ]
    return ((PUSHED if pushed else "") + ";".join(fields)).encode("latin-1") + ENDING


def status_line(
    stamp_us: int,
    *,
    power: bool = True,
    antennas: str = "10000000",
    operation: bool = True,
    file: int = 1,
    gps: bool = True,
    healthy: bool = True,
    battery: int = 87,
    board_c: int = 31,
    reader_c: int = 35,
    time_source: int = 1,
    errors: int = 0,
) -> bytes:
    """The answer to GETSTATUS, 25 fields."""
    position = "43.2803,5.3806" if gps else ""
    fields = [stamp_text(stamp_us), _bit(power), antennas, _bit(operation), str(file), _bit(gps), position]
    fields += [_bit(healthy), str(battery), str(board_c), str(reader_c), "A", "0", "1", "1", "80", "0", "0"]
    fields += ["1", str(time_source), "0", "0", str(errors), "0"]
    return answer("GETSTATUS", *fields)


def answer(word: str, *fields: str) -> bytes:
    """An answer of one line."""
    return ";".join((word, *fields)).encode("latin-1") + ENDING


def set_clock_request(stamp_us: int) -> bytes:
    """Sets the decoder's clock to this stamp of local time. Accepted only while it is not in operation."""
    return answer("SETTIME", stamp_text(stamp_us))


def _given(number: int | None) -> str:
    return "" if number is None else str(number)


def _bit(value: bool) -> str:
    return "1" if value else "0"
