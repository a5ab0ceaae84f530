"""Whether more people cross the line than can be named, and from when on the board shows it otherwise.

Between the two bounds the board stays as it is: a flow at the bound does not make it flicker.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from timing.instants import MISSING, Instant
from timing.reads import Bool
from timing.times import Times

WINDOW_MS: Final = 30_000
"""Real time over which the flow is counted."""

_ABOVE: Final = 1.25
_BELOW: Final = 0.8
_MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """People over the line in a real minute, and the bounds at which mass mode begins and ends."""

    per_minute: int
    above: int
    below: int

    def values(self, *, mass: bool) -> dict[str, Any]:
        return {"on": mass, "per_minute": self.per_minute, "above": self.above, "below": self.below}


def flow_of(times: Times, announced: Bool, now_us: Instant, *, name_ms: int, rate: float = 1.0) -> Flow:
    """The flow at an instant of the race clock. name_ms: what a name takes; rate: race seconds in a real one."""
    since_us = now_us - int(WINDOW_MS * 1000 * rate)
    crossed = (times.finish_us != MISSING) & (times.finish_us > since_us) & (times.finish_us <= now_us) & announced
    can_say = _MINUTE_MS / max(1, name_ms)
    return Flow(
        per_minute=round(int(np.count_nonzero(crossed)) * _MINUTE_MS / WINDOW_MS),
        above=round(can_say * _ABOVE),
        below=round(can_say * _BELOW),
    )


def is_mass(flow: Flow, before: bool) -> bool:
    """Whether mass mode is on, given whether it was."""
    return flow.per_minute >= flow.below if before else flow.per_minute > flow.above
