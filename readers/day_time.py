"""Times of day as text, exactly: `HH:MM:SS` with up to six decimals to microseconds since midnight, and back."""

import re
from typing import Final

from timing.instants import DAY, HOUR, MINUTE, SECOND

_TIME: Final = re.compile(rb"([01 ][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:[.,]([0-9]{1,6}))?")


def time_of_day_us(text: bytes) -> int | None:
    """Microseconds since midnight; None when the text is no time of day."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds, decimals = found.groups(default=b"0")
    return int(hours) * HOUR + int(minutes) * MINUTE + int(seconds) * SECOND + int(decimals.ljust(6, b"0"))


def time_of_day_text(stamp_us: int, decimals: int) -> str:
    """`HH:MM:SS.f` with so many decimals (1 to 6), cut off below; of a stamp with a date, its time of day."""
    of_day = stamp_us % DAY
    whole = of_day // SECOND
    fraction = f"{of_day % SECOND:06d}"[:decimals]
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{fraction}"
