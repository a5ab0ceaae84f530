"""What can be wrong with a clock, as plain values: the kinds, and one finding with what would put it right."""

import enum
from dataclasses import dataclass

from timing.clock_corrections import ALWAYS, CorrectClock, Span
from timing.instants import Duration
from timing.reads import SourceId


class ClockFault(enum.StrEnum):
    DEFAULT_EPOCH = "default_epoch"
    DAYS = "days"
    HOURS = "hours"
    OFFSET = "offset"
    STEP = "step"
    DRIFT = "drift"
    NO_ZERO = "no_zero"
    PAIR = "pair"
    HOST = "host"
    HOUR_TWICE = "hour_twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFinding:
    """One thing that is wrong with a clock.

    `offset_us` is to be added to what stamps say, give or take `uncertainty_us`; None where nobody can tell. `stamps`
    and `received` bound the power-on period. `holds`: its reads count for nobody until a ruling covers them.
    `meant_for_another`: a ruling covers them that was given for another power-on period: they are held all the same.
    `source` None: our own clock. `other`: the second of a pair. `drift_ppb`: microseconds gained in 1,000 seconds.
    """

    source: SourceId | None
    fault: ClockFault
    offset_us: Duration | None = None
    uncertainty_us: Duration = 0
    reads: int = 0
    stamps: Span = ALWAYS
    received: Span = ALWAYS
    holds: bool = False
    meant_for_another: bool = False
    proposal: CorrectClock | None = None
    other: SourceId | None = None
    drift_ppb: int = 0
