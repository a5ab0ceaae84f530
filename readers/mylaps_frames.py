"""Frames of the MYLAPS Timing & Scoring exporter, written: `Source@Function[@Data...]@$`, versions 1 and 2.

The other side of the wire: simulators and round-trip tests speak with it; what the engine itself says is in
`readers.mylaps`. Source: MYLAPS "TCP-IP V2 Protocol Documentation" 1.3 of April 2021 (framing, both versions, keys),
and a production log of 10,820 lines for what it leaves open: the checksum of a version 1 record, which is *inferred*
from 2,494 distinct records and right for all of them. Knows no clock and no port.

Stamps are the device's own wall clock, as `ChipRead.stamp_us`; written to the millisecond below.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from readers.wall_stamps import wall

RECORD_LENGTH: Final = 39
"""A version 1 record: chip 7, time 12, device 2, reader 2, antenna or hits 1, lap 3, sequence 4, date 6, checksum 2."""
BODY_LENGTH: Final = 37


def frame(source: str, function: str, *data: str) -> bytes:
    """Raises: ValueError when a part holds a character that ends parts or frames: there is no escaping."""
    parts = (source, function, *data)
    for part in parts:
        if "@" in part or "$" in part:
            raise ValueError(f"{part!r} cannot be sent: `@` and `$` end parts and frames")
    return ("@".join(parts) + "@$").encode()


def checksum(body: str) -> str:
    """Of the 37 characters before it: their sum modulo 256, two upper-case hexadecimal digits (*inferred*)."""
    return f"{sum(body.encode('latin-1')) & 0xFF:02X}"


def record(
    chip: str, stamp_us: int, *, device: int = 1, reader: int = 0, hits: int = 15, lap: int = 1, seq: int = 0
) -> str:
    """A version 1 record ("ReadLite").

    Raises: ValueError when the chip code is not of seven characters or the year not from 1970 to 2069.
    """
    if len(chip) != 7:
        raise ValueError(f"a version 1 record has a chip code of seven characters, not {chip!r}")
    day, time = _texts(stamp_us)
    body = f"{chip}{time}{device % 100:2d}{reader % 100:2d}{min(hits, 15):X}{lap % 1000:3d}{seq & 0xFFFF:04X}{day}"
    return body + checksum(body)


def passing(chip: str, stamp_us: int, **keys: str | int) -> str:
    """A version 2 passing: `t`, `c` and `d`, then the keys given, in that order (the order is free)."""
    day, time = _texts(stamp_us)
    return pairs({"t": time, "c": chip, "d": day, **keys})


def marker(stamp_us: int, kind: str = "Gunshot", name: str = "Gunshot 1") -> str:
    """A version 2 marker: a time of day without a date."""
    return pairs({"t": _texts(stamp_us)[1], "mt": kind, "n": name})


def pairs(values: Mapping[str, str | int]) -> str:
    return "|".join(f"{key}={value}" for key, value in values.items())


def message(source: str, function: str, records: Sequence[str], number: int) -> bytes:
    """`Store`, `Passing` or `Marker` with the number that is to be acknowledged."""
    return frame(source, function, *records, str(number))


def _texts(stamp_us: int) -> tuple[str, str]:
    """YYMMDD and HH:MM:SS.mmm."""
    moment = wall(stamp_us)
    if not 1970 <= moment.year < 2070:
        raise ValueError(f"the wire has no century: the year {moment.year} would come back as another")
    return f"{moment:%y%m%d}", f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"
