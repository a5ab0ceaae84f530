"""From a reader's stamp to an instant.

Stamps as sent are evidence and never change; the mapping is derived. What cannot be trusted is held: kept and shown,
and nobody's time comes from it.
"""

from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from timing.instants import DAY, HOUR, Instant, datetime_of
from timing.race import Race
from timing.reads import Bool, ClockKind, Int64


def moments(stamp_us: Int64, clock: ClockKind, race: Race) -> tuple[Int64, Bool]:
    """The instant of each stamp, and whether it is held because it cannot be trusted.

    Local stamps are wall time in the race's zone; of the hour that exists twice the earlier one is meant. A time of
    day is of the race day. Elapsed stamps, which have no zero yet, and all instants outside the race window are held.

    Args: stamp_us: microseconds of the reader's own clock, shape (n,).
    Returns: instants and held marks, each of shape (n,).
    """
    if clock is ClockKind.ELAPSED:
        return stamp_us.copy(), np.ones(len(stamp_us), np.bool_)
    if clock is ClockKind.UTC:
        instants = stamp_us
    else:
        if clock is ClockKind.TIME_OF_DAY:
            stamp_us = stamp_us + (race.day - type(race.day)(1970, 1, 1)) // timedelta(days=1) * DAY
        bounds, offsets = _local_offsets(race.zone, race.first_instant_us, race.last_instant_us)
        instants = stamp_us - offsets[np.searchsorted(bounds, stamp_us, side="right")]
    return instants, (instants < race.first_instant_us) | (instants > race.last_instant_us)


@lru_cache(maxsize=16)
def _local_offsets(zone: ZoneInfo, first_us: Instant, last_us: Instant) -> tuple[Int64, Int64]:
    """Offsets from UTC around a race window, in microseconds, and the wall times at which the next one begins.

    Zones change their offset on whole hours of UTC in our time; the search goes by quarter hours to be safe.
    """
    step = HOUR // 4
    first = (first_us - 2 * DAY) // step * step
    offsets = [_offset_us(zone, first)]
    bounds = []
    for instant in range(first, last_us + 2 * DAY, step):
        offset = _offset_us(zone, instant)
        if offset != offsets[-1]:
            # Wall times between the two sums are skipped or exist twice: the offset before the change is meant.
            bounds.append(instant + max(offset, offsets[-1]))
            offsets.append(offset)
    return np.array(bounds, np.int64), np.array(offsets, np.int64)


def _offset_us(zone: ZoneInfo, instant: Instant) -> int:
    offset = datetime_of(instant, zone).utcoffset()
    assert offset is not None, "a datetime in a zone has an offset"
    return offset // timedelta(microseconds=1)
