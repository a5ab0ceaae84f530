"""Times, hours and numbers as people read them, in French and English.

Owns the look of a duration, an hour of the day and a count. Knows no runner and no list. The only rounding is
`Rounding.printed_seconds`, on whole microseconds; what is printed here is already whole seconds.
"""

import enum
from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from config.plan import Rounding
from timing.instants import MISSING, SECOND, Instant, datetime_of
from timing.reads import Int64

NO_BREAK_SPACE: Final = "\u00a0"


class Language(enum.StrEnum):
    """`MACHINE` is for files: hours always written, so that no spreadsheet takes 57:18 for an hour of the day."""

    FR = "fr"
    EN = "en"
    MACHINE = "machine"


def duration_fr(seconds: int) -> str:
    """`1h05'58`, `57'18`, `0'12`: the straight apostrophe is the minute sign."""
    sign, hours, minutes, rest = _parts(seconds)
    return f"{sign}{hours}h{minutes:02d}'{rest:02d}" if hours else f"{sign}{minutes}'{rest:02d}"


def duration_en(seconds: int) -> str:
    """`1:05:58`, `57:18`, `0:12`."""
    sign, hours, minutes, rest = _parts(seconds)
    return f"{sign}{hours}:{minutes:02d}:{rest:02d}" if hours else f"{sign}{minutes}:{rest:02d}"


def duration_machine(seconds: int) -> str:
    """`1:05:58`, `0:57:18`, `0:00:12`."""
    if seconds >= 0:  # ten thousand different ones in a results file
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    sign, hours, minutes, rest = _parts(seconds)
    return f"{sign}{hours}:{minutes:02d}:{rest:02d}"


def _parts(seconds: int) -> tuple[str, int, int, int]:
    sign, whole = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return sign, hours, minutes, rest


_DURATIONS: Final[dict[Language, Callable[[int], str]]] = {
    Language.FR: duration_fr,
    Language.EN: duration_en,
    Language.MACHINE: duration_machine,
}


def duration(seconds: int, language: Language) -> str:
    """Whole seconds in a language."""
    return _DURATIONS[language](seconds)


def printed_column(value_us: Int64, rounding: Rounding) -> Int64:
    """The whole seconds a list prints for each value in microseconds; MISSING stays MISSING."""
    known = value_us != MISSING
    seconds = np.full(len(value_us), MISSING, dtype=np.int64)
    seconds[known] = rounding.printed_seconds(value_us[known])
    return seconds


def duration_column(value_us: Int64, rounding: Rounding, language: Language, *, missing: str = "") -> list[str]:
    """Each value in microseconds as printed, `missing` where there is none."""
    return second_column(printed_column(value_us, rounding), language, missing=missing)


def second_column(seconds: Int64, language: Language, *, missing: str = "") -> list[str]:
    """Each whole second in a language, `missing` where it is MISSING. A text is made once for each different second."""
    every = seconds.tolist()
    text = {second: _DURATIONS[language](second) for second in set(every) if second != MISSING}
    text[MISSING] = missing
    return [text[second] for second in every]


def hour(instant: Instant, zone: ZoneInfo) -> str:
    """`10:05:46` in the race's zone: whole seconds already begun are not yet over, so an hour is never rounded up."""
    return datetime_of(instant - instant % SECOND, zone).strftime("%H:%M:%S")


def moment(instant: Instant, zone: ZoneInfo) -> str:
    """`2024-10-27T10:05:46.120000+01:00`: the instant in the race's zone, to the microsecond, for files."""
    return datetime_of(instant, zone).isoformat(timespec="microseconds")


def count(number: int, language: Language) -> str:
    """`1 508` (no-break space) or `1,508`."""
    grouped = f"{number:,}"
    return grouped.replace(",", NO_BREAK_SPACE) if language is Language.FR else grouped


def place_word(place: int, language: Language, *, feminine: bool = False) -> str:
    """`1er`, `1re`, `2e`; `1st`, `2nd`, `11th`."""
    if language is Language.FR:
        return f"{place}{('re' if feminine else 'er') if place == 1 else 'e'}"
    teen = 10 <= place % 100 <= 20
    return f"{place}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th')}"
