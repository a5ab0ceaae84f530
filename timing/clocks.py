"""From a reader's stamp to its base instant: what the stamp says, taken as it is, before any correction.

Stamps as sent are evidence and never change; the mapping is derived. What a clock of its kind cannot say for sure is
marked as in doubt. Corrections, and which reads are held in the end, are for `clock_ledger`.
"""

import enum
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from timing.instants import DAY, HOUR, MINUTE, MISSING, Duration, Instant, datetime_of
from timing.race import Race
from timing.reads import Bool, ClockKind, Int64, UInt8

AHEAD_OF_ARRIVAL_US: Final = MINUTE
"""A time of day is dated so that it is at most this much after its arrival: a clock may be a little ahead of ours."""

BEFORE_FIRST_GUN_US: Final = HOUR
"""Where the arrival is not known, a time of day is taken to be after this long before the first planned gun."""


class StampCode(enum.IntEnum):
    """What a read's clock keeps, and whether its stamp can be one of two instants. A byte in the columns of rows."""

    UTC = 0
    LOCAL = 1
    TIME_OF_DAY = 2
    ELAPSED = 3
    LOCAL_TWICE = 4
    TIME_OF_DAY_TWICE = 5


FIRST_DOUBT: Final = StampCode.ELAPSED
"""From this code on a stamp alone does not say the instant."""

_CODES: Final = {kind: StampCode[kind.name] for kind in ClockKind}
_TO_TWICE: Final = StampCode.LOCAL_TWICE - StampCode.LOCAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Based:
    """N stamps as columns: the base instant of each (of an elapsed clock the stamp itself), and its `StampCode`."""

    base_us: Int64
    code: UInt8


@dataclass(frozen=True, slots=True, kw_only=True)
class _ZoneOffsets:
    """Offsets from UTC around a race window: `offset_us[i]` holds before wall time `bound_us[i]`.

    `twice`: wall times from the first to before the second exist twice.
    """

    bound_us: Int64
    offset_us: Int64
    twice: tuple[tuple[int, int], ...]


def based(stamp_us: Int64, clock: ClockKind, race: Race, received_us: Int64 | None = None) -> Based:
    """What stamps say, each taken alone.

    A local stamp is wall time in the race's zone; of the hour that exists twice the earlier is meant, and the code
    says that it was so. A time of day gets the date that puts it into the race window; of several dates the latest
    that is not after its arrival, so that what is sent again after midnight keeps the evening's date.

    Args: received_us: when each arrived; MISSING, or None for all, where that is not known.
    """
    code = np.full(len(stamp_us), _CODES[clock], np.uint8)
    if clock is ClockKind.UTC or clock is ClockKind.ELAPSED:
        return Based(base_us=stamp_us, code=code)
    offsets = _zone_offsets(race.zone, race.first_instant_us, race.last_instant_us)
    wall_us = stamp_us if clock is ClockKind.LOCAL else _dated(stamp_us % DAY, race, offsets, received_us)
    for begin, end in offsets.twice:
        code[(wall_us >= begin) & (wall_us < end)] += np.uint8(_TO_TWICE)
    return Based(base_us=_instants(wall_us, offsets), code=code)


def outside(instant_us: Int64, race: Race) -> Bool:
    """Which instants are outside the race window."""
    return (instant_us < race.first_instant_us) | (instant_us > race.last_instant_us)


def moments(stamp_us: Int64, clock: ClockKind, race: Race) -> tuple[Int64, Bool]:
    """The instant of each stamp without any ledger or arrival, and whether it is held because it cannot be trusted.

    Held are elapsed stamps, which have no zero yet, those of the hour that exists twice, and all instants outside
    the race window.

    Args: stamp_us: microseconds of the reader's own clock, shape (n,).
    Returns: instants and held marks, each of shape (n,).
    """
    found = based(stamp_us, clock, race)
    return found.base_us, (found.code >= FIRST_DOUBT) | outside(found.base_us, race)


def sent_as(base_us: Instant, code: StampCode, race: Race) -> tuple[int, ClockKind]:
    """The stamp that gave a base instant, as it was sent, and what its clock keeps: the way back from `based`."""
    if code is StampCode.UTC:
        return base_us, ClockKind.UTC
    if code is StampCode.ELAPSED:
        return base_us, ClockKind.ELAPSED
    wall_us = base_us + _offset_us(race.zone, base_us)
    if code in (StampCode.LOCAL, StampCode.LOCAL_TWICE):
        return wall_us, ClockKind.LOCAL
    return wall_us % DAY, ClockKind.TIME_OF_DAY


def _dated(of_day_us: Int64, race: Race, offsets: _ZoneOffsets, received_us: Int64 | None) -> Int64:
    """Wall times of times of day: each on the day that fits the race window and its arrival."""
    first_day = datetime_of(race.first_instant_us, race.zone).date()
    last_day = datetime_of(race.last_instant_us, race.zone).date()
    wall_us = of_day_us + _midnight(race.day)
    chosen = np.zeros(len(of_day_us), np.bool_)
    begun = np.zeros(len(of_day_us), np.bool_)
    begin_us = min((wave.planned_gun_us for wave in race.waves), default=race.first_instant_us) - BEFORE_FIRST_GUN_US
    limit_us = np.full(len(of_day_us), MISSING, np.int64) if received_us is None else received_us
    unknown = limit_us == MISSING
    for number in range((last_day - first_day).days + 1):
        candidate = of_day_us + _midnight(first_day) + number * DAY
        instant = _instants(candidate, offsets)
        fits = ~outside(instant, race)
        # Later days replace earlier ones up to the arrival; without one, up to the first that is not before the race.
        later = np.where(unknown, ~begun, instant - AHEAD_OF_ARRIVAL_US <= limit_us)
        take = fits & (~chosen | later)
        wall_us = np.where(take, candidate, wall_us)
        chosen |= fits
        begun |= fits & (instant >= begin_us)
    return wall_us


def _instants(wall_us: Int64, offsets: _ZoneOffsets) -> Int64:
    found: Int64 = wall_us - offsets.offset_us[np.searchsorted(offsets.bound_us, wall_us, side="right")]
    return found


def _midnight(day: date) -> int:
    return (day - date(1970, 1, 1)) // timedelta(days=1) * DAY


@lru_cache(maxsize=16)
def _zone_offsets(zone: ZoneInfo, first_us: Instant, last_us: Instant) -> _ZoneOffsets:
    """The offsets of a zone around a race window.

    Zones change their offset on whole hours of UTC in our time; the search goes by quarter hours to be safe.
    """
    step = HOUR // 4
    first = (first_us - 2 * DAY) // step * step
    offsets = [_offset_us(zone, first)]
    bounds: list[int] = []
    twice: list[tuple[int, int]] = []
    for instant in range(first, last_us + 2 * DAY, step):
        offset = _offset_us(zone, instant)
        if offset != offsets[-1]:
            # Wall times between the two sums are skipped or exist twice: the offset before the change is meant.
            bounds.append(instant + max(offset, offsets[-1]))
            if offset < offsets[-1]:
                twice.append((instant + offset, instant + offsets[-1]))
            offsets.append(offset)
    return _ZoneOffsets(bound_us=np.array(bounds, np.int64), offset_us=np.array(offsets, np.int64), twice=tuple(twice))


def twice_shift_us(race: Race) -> Duration:
    """By how much the second meaning of a stamp in the hour that exists twice is later; 0: no such hour."""
    offsets = _zone_offsets(race.zone, race.first_instant_us, race.last_instant_us)
    return max((end - begin for begin, end in offsets.twice), default=0)


def _offset_us(zone: ZoneInfo, instant: Instant) -> int:
    offset = datetime_of(instant, zone).utcoffset()
    assert offset is not None, "a datetime in a zone has an offset"
    return offset // timedelta(microseconds=1)
