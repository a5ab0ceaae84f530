"""Whether the clock of this computer is moved, or the computer stands still, while a race runs.

Compares the wall clock with a steady one at each look. Passing times come from readers' clocks and do not move with
it; but arrivals do, and whoever reads them later must know.
"""

import time
from collections.abc import Callable
from typing import Final

from timing.entries import HostStepBody, NoteBody
from timing.instants import SECOND, Duration, Instant

STEP_US: Final = SECOND // 2
"""A smaller change between two looks is the clock being slowed or hurried a little, as network time does."""

PAUSE_US: Final = 10 * SECOND
"""Looks are half a second apart; this long without one, nothing ran: a lid was closed."""


def _wall_us() -> Instant:
    return time.time_ns() // 1_000


def _steady_us() -> int:
    """A clock nobody can move, which also counts the time a computer sleeps, where there is one."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000
    return time.monotonic_ns() // 1_000


class HostClock:
    """Looks at the clock of this computer."""

    def __init__(self, *, wall_us: Callable[[], Instant] = _wall_us, steady_us: Callable[[], int] = _steady_us) -> None:
        self._wall_us = wall_us
        self._steady_us = steady_us
        self._last = (wall_us(), steady_us())

    def look(self) -> tuple[HostStepBody | NoteBody, ...]:
        """What is to be journalled since the last look: a step of the clock, a pause, or mostly nothing."""
        wall, steady = self._wall_us(), self._steady_us()
        went_us = steady - self._last[1]
        step_us = wall - self._last[0] - went_us
        self._last = (wall, steady)
        found: list[HostStepBody | NoteBody] = []
        if went_us > PAUSE_US:
            found.append(NoteBody(text=f"this computer stood still for {_seconds(went_us)} s", author="engine"))
        if abs(step_us) > STEP_US:
            found.append(HostStepBody(at_us=wall, step_us=step_us))
        return tuple(found)


def in_words(body: HostStepBody | NoteBody) -> str:
    """What was seen, for the log."""
    if isinstance(body, NoteBody):
        return body.text
    return (
        f"the clock of this computer was moved by {_seconds(body.step_us)} s; times come from the readers' clocks and "
        "stay as they are"
    )


def _seconds(us: Duration) -> str:
    tenths = (abs(us) + SECOND // 20) // (SECOND // 10)
    return f"{'-' if us < 0 else ''}{tenths // 10}.{tenths % 10}"
