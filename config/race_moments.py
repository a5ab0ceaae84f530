"""Local times of a race file as instants. The race may be run on the night the clocks change."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from timing.instants import Instant, instant_of


def moment_of(value: time | datetime, day: date, zone: ZoneInfo) -> Instant:
    """The instant of a time of the race day, or of a date-time (local unless it carries an offset).

    Raises: ValueError when the clocks show that local time twice on that day, or never.
    """
    local = datetime.combine(day, value) if isinstance(value, time) else value
    if local.tzinfo is not None:
        return instant_of(local)
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        happens = "twice" if (first.utcoffset() or timedelta()) > (second.utcoffset() or timedelta()) else "never"
        raise ValueError(f"{local.time()} happens {happens} on {local.date()} in {zone.key}: the clocks change")
    return instant_of(first)


def midnight(day: date, zone: ZoneInfo) -> Instant:
    """The instant a local day begins."""
    return instant_of(datetime.combine(day, time(), tzinfo=zone))


def next_midnight(day: date, zone: ZoneInfo) -> Instant:
    """The instant a local day ends: 23, 24 or 25 hours after it began."""
    return midnight(day + timedelta(days=1), zone)
