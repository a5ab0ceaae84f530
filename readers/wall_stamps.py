"""Dates and times of day as text, to and from microseconds of the clock that shows them. Exact: integers only.

Stamps are as in `ChipRead.stamp_us`: microseconds since 1970-01-01 of the reader's own clock, no zone applied; of a
time without a date, since midnight.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from timing.instants import DAY, SECOND

_EPOCH: Final = date(1970, 1, 1)
_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{6}", re.ASCII)


def time_of_day_us(text: str) -> int | None:
    """Microseconds since midnight of HH:MM:SS with up to six decimals; None where there is no such time."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3])
    if hour > 23 or minute > 59 or second > 59:
        return None
    return (hour * 3600 + minute * 60 + second) * SECOND + int((found[4] or "").ljust(6, "0"))


def date_us(text: str) -> int | None:
    """The beginning of a day written YYMMDD, of the years 1970 to 2069; None where there is no such day."""
    if not _DATE.fullmatch(text):
        return None
    year = int(text[:2])
    return day_us(year + (2000 if year < 70 else 1900), int(text[2:4]), int(text[4:]))


def day_us(year: int, month: int, day: int) -> int | None:
    try:
        return (date(year, month, day) - _EPOCH).days * DAY
    except ValueError:
        return None


def wall(stamp_us: int) -> datetime:
    """What the clock shows at a stamp; its zone is only a form of words."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=stamp_us)
