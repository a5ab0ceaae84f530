"""JChip lines, written: what a bridge says (hello, clock, reads), and what a scorer says (clock?, send).

The dialect of CrossMgr's bridges, lines captured from its public simulator; whether hardware of that name still speaks
so is not verified. See docs/readers_jchip.md. Every line ends with CR. Knows no clock and no port.

Stamps are microseconds since 1970-01-01 00:00:00 of the bridge's clock; without a date, since midnight.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from timing.instants import DAY

ENDING: Final = b"\r"
GET_TIME: Final = b"GT\r"
SEND_ALL: Final = b"S0000\r"
"""Send from record 0 on, which also begins the sending. Another number than 0 has not been seen: never sent."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TAG: Final = re.compile(r"[0-9A-Za-z]{1,40}")


def hello(name: str, held: int = 0) -> bytes:
    """`N`, four digits, the bridge's name."""
    return f"N{held:04d}{name}".encode() + ENDING


def clock_line(stamp_us: int, *, dated: bool = True) -> bytes:
    """`GT0HHMMSShh`, hundredths below, and the date in newer bridges."""
    moment = _EPOCH + timedelta(microseconds=stamp_us)
    date = f" date={moment:%Y%m%d}" if dated else ""
    return f"GT0{moment:%H%M%S}{moment.microsecond // 10_000:02d}{date}".encode() + ENDING


def read_line(tag: str, stamp_us: int, index: int, *, dated: bool = True) -> bytes:
    """A read; without a date the second digit of `10` counts days.

    Raises: ValueError when the tag is not 1 to 40 letters and digits, or days without a date are more than 9.
    """
    if not _TAG.fullmatch(tag):
        raise ValueError(f"a tag is letters and digits, not {tag!r}")
    days = 0 if dated else stamp_us // DAY
    if not 0 <= days <= 9:
        raise ValueError("without a date a line can count nine days")
    moment = _EPOCH + timedelta(microseconds=stamp_us)
    date = f" date={moment:%Y%m%d}" if dated else ""
    return f"DJ{tag} {moment:%H:%M:%S.%f} 1{days}  {index:05X}      C7{date}".encode() + ENDING
