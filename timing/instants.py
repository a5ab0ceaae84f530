"""Time as exact integers: microseconds since the UTC epoch (an instant), or between two instants (a duration).

No float and no naive datetime goes past this module. `MISSING` stands in columns where there is no value yet;
single values use None.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

Instant: TypeAlias = int
"""Microseconds since 1970-01-01T00:00:00Z."""

Duration: TypeAlias = int
"""Microseconds."""

MILLISECOND: Final = 1_000
SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

MISSING: Final = -(2**63)
"""In int64 columns: no value yet. Never a time: no clock of ours can show it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_of(moment: datetime) -> Instant:
    """The instant of an aware datetime, exactly.

    Raises: ValueError when the datetime has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone cannot become an instant: {moment!r}")
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def datetime_of(instant: Instant, zone: ZoneInfo) -> datetime:
    """The aware datetime of an instant in a zone, for people; exact to the microsecond."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone)


def local_instant(day: date, at: time, zone: ZoneInfo) -> Instant:
    """The instant of a wall-clock time on a day in a zone.

    In the hour that exists twice the earlier one is meant (`fold` 0) unless the time says otherwise.
    """
    return instant_of(datetime.combine(day, at, tzinfo=zone))
