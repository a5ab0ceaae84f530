"""Ultra and Joey lines, written: chip reads, battery, status, clock, settings, greeting.

The other side of the wire: simulators and round-trip tests speak with it. What the engine itself may send is in
`readers.ultra_requests`; only the request that sets the clock is here, for the command of that name. There is no
maker's text in public: form and fields are those of two public drivers (Chronokeep, CrossMgr), see
docs/readers_ultra.md. Knows no clock and no port.

Stamps are microseconds since 1970-01-01 00:00:00 of the box's own clock, as `ChipRead.stamp_us`.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from timing.instants import MILLISECOND, SECOND

EPOCH_1980_S: Final = 315_532_800
"""The box counts seconds from 1980-01-01 00:00:00: so many after 1970."""
SECONDS_END: Final = 1 << 32
"""Seconds since 1980 below it (to the year 2116); *inferred*, no limit is told."""

CHIP_TYPE: Final = 0x09
GATING_MODE: Final = 0x1D
GATING_INTERVAL: Final = 0x1E
SET_FROM_GPS: Final = 0x22
TIME_ZONE: Final = 0x23
DATA_SENDING: Final = 0x24
ULTRA_ID: Final = 0x25

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TAG: Final = re.compile(r"[0-9A-Za-z]{1,40}")


def seconds_1980(stamp_us: int) -> int:
    """The box's whole seconds since 1980 of a stamp; negative before 1980."""
    return stamp_us // SECOND - EPOCH_1980_S


def stamp_of(seconds: int, milliseconds: int = 0) -> int:
    """The stamp of the box's seconds since 1980 and milliseconds."""
    return (seconds + EPOCH_1980_S) * SECOND + milliseconds * MILLISECOND


def read_line(
    tag: str,
    stamp_us: int,
    *,
    log_id: int,
    antenna: int = 1,
    rssi: str = "-60",
    rewound: bool = False,
    reader: str = "1",
    ultra_id: int = 1,
    reader_time: str = "1",
    start_time: int = 0,
    ending: bytes = b"\n",
) -> bytes:
    """A chip read of 12 fields; the stamp is written to the millisecond below.

    Raises: ValueError when the tag is not 1 to 40 letters and digits, or the box could not say the stamp.
    """
    if not _TAG.fullmatch(tag):
        raise ValueError(f"a chip is letters and digits, not {tag!r}")
    seconds = seconds_1980(stamp_us)
    if not 0 <= seconds < SECONDS_END:
        raise ValueError(f"an Ultra counts seconds since 1980 up to 2116; it cannot say {stamp_us}")
    fields = (
        0, tag, seconds, stamp_us % SECOND // MILLISECOND, antenna, rssi, int(rewound), reader, ultra_id,
        reader_time, start_time, log_id,
    )  # fmt: skip
    return ",".join(map(str, fields)).encode() + ending


def greeting(last_sent: str = "0", ending: bytes = b"\n") -> bytes:
    """What the box says first; the field is the time of the last record it has sent."""
    return f"Connected,{last_sent}".encode() + ending


def voltage_line(volts: str = "25.0000", ending: bytes = b"\n") -> bytes:
    """The battery, every few seconds: the box's heartbeat."""
    return f"V={volts}".encode() + ending


def status_line(*, reading: bool = True, ending: bytes = b"\n") -> bytes:
    """The answer to `?`; what the second digit means nobody knows."""
    return f"S={int(reading)}0".encode() + ending


def clock_line(stamp_us: int, ending: bytes = b"\n") -> bytes:
    """The answer to `r`: whole seconds, and in brackets the counter since 1980 (that it is this one is *inferred*)."""
    return f"{_clock_text(stamp_us)} ({seconds_1980(stamp_us)})".encode() + ending


def setting_line(setting: int, value: bytes, ending: bytes = b"\n") -> bytes:
    """One setting of the answer to `U`: the id is a raw byte."""
    return b"U" + bytes([setting]) + value + ending


def set_clock_request(stamp_us: int) -> bytes:
    """Sets the box's clock to a whole second: to be sent on that second's beginning. Never sent by a driver.

    `t`, blank, time and date as the box itself writes them (both public drivers). The box answers with a line in the
    layout of the clock. Raises: ValueError when the stamp is not a whole second.
    """
    if stamp_us % SECOND:
        raise ValueError("an Ultra's clock can only be set to a whole second")
    return b"t " + _clock_text(stamp_us).encode() + b"\n"


def _clock_text(stamp_us: int) -> str:
    return f"{_EPOCH + timedelta(microseconds=stamp_us):%H:%M:%S %d-%m-%Y}"
