"""Instants and durations as they are, without rounding: for people who ask why, and for a jury.

Three digits after the second where that says all, six where it does not.
"""

from typing import Final
from zoneinfo import ZoneInfo

from results.printing import NO_BREAK_SPACE, Language, duration, hour
from timing.instants import MILLISECOND, MINUTE, SECOND, Duration, Instant

_MARK: Final = {Language.FR: ",", Language.EN: ".", Language.MACHINE: "."}


def exact_hour(instant: Instant, zone: ZoneInfo, language: Language) -> str:
    """`10:05:46,120` in French, `10:05:46.120` in English, in the race's zone."""
    return f"{hour(instant, zone)}{_fraction(instant % SECOND, language)}"


def exact_duration(value_us: Duration, language: Language) -> str:
    """`1h05'57,620`; `1:05:57.620`; `-0'12,500`."""
    sign, positive = ("-", -value_us) if value_us < 0 else ("", value_us)
    return f"{sign}{duration(positive // SECOND, language)}{_fraction(positive % SECOND, language)}"


def gap(value_us: Duration, language: Language) -> str:
    """A short time in seconds, `0,120 s`, a longer one as a duration, in whole seconds; without a sign."""
    positive = abs(value_us)
    if positive >= MINUTE:
        return duration(positive // SECOND, language)
    return f"{positive // SECOND}{_fraction(positive % SECOND, language)}{NO_BREAK_SPACE}s"


def _fraction(fraction_us: int, language: Language) -> str:
    digits = f"{fraction_us // MILLISECOND:03d}" if fraction_us % MILLISECOND == 0 else f"{fraction_us:06d}"
    return f"{_MARK[language]}{digits}"
