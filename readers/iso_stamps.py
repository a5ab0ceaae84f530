"""Date and time as readers write them in JSON, as exact microseconds since 1970-01-01 UTC. Integers only."""

import re
from datetime import date
from functools import lru_cache
from typing import Final

from timing.instants import DAY, HOUR, MINUTE, SECOND

_STAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}):([0-9]{2})(?:[.,]([0-9]{1,12}))?"
    r"(?:([Zz])|([+-])([0-9]{2}):?([0-9]{2}))?"
)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def utc_stamp_us(text: object) -> int | None:
    """Microseconds of `2026-10-25T07:00:01.123456789Z`, or None where the text is no such stamp.

    Digits beyond the sixth are cut, never rounded: a read is not moved to where it was not. `Z`, `+00:00` and `+0000`
    are all accepted, and an offset is taken off. A stamp without one is UTC (inferred: both makers say that their
    clocks keep UTC). A second of 60 is the first of the next minute.
    """
    found = _STAMP.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    minute_us = _minute_us(found[1])
    second = int(found[2])
    if minute_us is None or second > 60:
        return None
    stamp_us = minute_us + second * SECOND + int((found[3] or "0")[:6].ljust(6, "0"))
    if found[5]:
        hours, minutes = int(found[6]), int(found[7])
        if hours > 23 or minutes > 59:
            return None
        ahead_us = hours * HOUR + minutes * MINUTE
        stamp_us -= ahead_us if found[5] == "+" else -ahead_us
    return stamp_us


@lru_cache(maxsize=256)
def _minute_us(text: str) -> int | None:
    """Reads come by the hundred in one minute: its date is worked out once."""
    hour, minute = int(text[11:13]), int(text[14:16])
    try:
        day = date(int(text[:4]), int(text[5:7]), int(text[8:10])).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    return None if hour > 23 or minute > 59 else day * DAY + hour * HOUR + minute * MINUTE


def utc_text(stamp_us: int, digits: int) -> str:
    """The inverse, with so many decimals (0 to 9) and without an offset: `2026-10-25T07:00:01.123`."""
    days, rest = divmod(stamp_us, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds, micros = divmod(rest, SECOND)
    text = f"{date.fromordinal(_EPOCH_DAY + days).isoformat()}T{hours:02d}:{minutes:02d}:{seconds:02d}"
    return text if digits == 0 else f"{text}.{f'{micros:06d}000'[:digits]}"
