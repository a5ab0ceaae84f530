"""From instants to what a reader on local time shows. The engine's way back is its own (`timing.clocks`)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from timing.instants import HOUR, Instant, datetime_of
from timing.reads import Int64


def local_us(instants: Int64, zone: ZoneInfo) -> Int64:
    """Wall time in the zone, microseconds since 1970-01-01 00:00 of that clock, of each instant."""
    quarters, which = np.unique(instants // (HOUR // 4), return_inverse=True)
    offsets = np.array([_offset_us(int(quarter) * (HOUR // 4), zone) for quarter in quarters], np.int64)
    return instants + offsets[which] if len(instants) else instants.copy()


def local_of(instant: Instant, zone: ZoneInfo) -> int:
    """Wall time of one instant, as `local_us`."""
    return instant + _offset_us(instant, zone)


def _offset_us(instant: Instant, zone: ZoneInfo) -> int:
    offset = datetime_of(instant, zone).utcoffset()
    assert offset is not None, "a datetime in a zone has an offset"
    return offset // timedelta(microseconds=1)
