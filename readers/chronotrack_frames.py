"""Lines of ChronoTrack's CTP01 protocol, written: fields by `~`, CR LF at the end, no check digits.

The other side of the wire: simulators and round-trip tests speak with it; what the engine itself says is in
`readers.chronotrack`. Source: public servers and clients that agree (racemap 2-racemap-forwarder, two Python and one
Node receivers), samples in their comments; no document of the maker's describes it. Knows no clock and no port.

Stamps are the controllers' wall clock, as `ChipRead.stamp_us`; written to the hundredth below.
"""

import enum
from typing import Final

from readers.wall_stamps import wall
from timing.instants import SECOND

ENDING: Final = b"\r\n"
PROTOCOL_NAME: Final = "CTP01"
READ_KIND: Final = "CT01_33"
GUN_TAG: Final = "guntime"
NEW_LOCATION_TAG: Final = "newlocation"


class TimeFormat(enum.StrEnum):
    """How a client writes times, as a server asks for."""

    NORMAL = "normal"
    """HH:MM:SS.ss, without a date."""
    ISO = "iso"
    UNIX = "unix"


def line(*fields: str) -> bytes:
    """Raises: ValueError when a field holds what ends fields or lines: there is no escaping."""
    for field in fields:
        if set(field) & set("~\r\n"):
            raise ValueError(f"{field!r} cannot be sent: `~` and line ends separate")
    return "~".join(fields).encode() + ENDING


def time_text(stamp_us: int, form: TimeFormat = TimeFormat.ISO) -> str:
    hundredths = stamp_us % SECOND // 10_000
    if form is TimeFormat.UNIX:
        return f"{stamp_us // SECOND}.{hundredths:02d}"
    moment = wall(stamp_us)
    date = f"{moment:%Y-%m-%d}T" if form is TimeFormat.ISO else ""
    return f"{date}{moment:%H:%M:%S}.{hundredths:02d}"


def read_line(
    seq: int,
    location: str,
    tag: str,
    stamp_us: int,
    *,
    form: TimeFormat = TimeFormat.ISO,
    occurrence: int = 1,
    reader: str = "0F2A38",
    antenna: int = 1,
    kind: str = READ_KIND,
) -> bytes:
    """One read; with GUN_TAG or NEW_LOCATION_TAG as its tag a gun or a location that came online."""
    return line(kind, str(seq), location, tag, time_text(stamp_us, form), str(occurrence), reader, str(antenna))


def controller_line(
    seq: int,
    tag: str,
    stamp_us: int,
    *,
    reader: str = "120044",
    antenna: int = 1,
    rssi: int = -75,
    count: int = 1,
) -> str:
    """A line of a controller's file, without its end: twelve fields, seconds of the wall clock (not of UTC)."""
    seconds = time_text(stamp_us, TimeFormat.UNIX)
    return f"TO~{seq}~{tag}~160~18~{seconds}~{reader}~{antenna}~{rssi}~{seq}~P~{count}"


def marker_line(box: str, seq: int, kind: str, reads: int, stamp_us: int, value: str) -> str:
    """A line of a controller's log (.mrk), without its end."""
    return f"{box},{seq},{kind},{reads},{wall(stamp_us):%y%m%d%H%M%S}{stamp_us % SECOND // 10_000:02d},{value}"
