"""The collector's host as the protocol tells of it: boot id, clocks, steps of the wall clock, what keeps it right."""

import ctypes
import struct
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from readers.collector_messages import Sync
from timing.instants import MILLISECOND, Duration, Instant

STEP_US: Final = 100 * MILLISECOND
"""A wall clock that moved by more than this against the steady one was set."""

_TIME_ERROR: Final = 5
"""What adjtimex gives on a host whose clock nothing keeps right."""


def boot_id() -> str:
    """Names the time since this host was switched on; where the system does not tell, the time of this process."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return str(uuid.uuid4())


def wall_us() -> Instant:
    return time.time_ns() // 1_000


def steady_us() -> Duration:
    """Counts on while the host sleeps, where the system can do that; never steps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000


def clock_sync() -> Sync | None:
    """Whether something keeps this host's clock right, as the kernel sees it; None where it cannot be asked."""
    try:
        record = ctypes.create_string_buffer(struct.pack("i", 0), 512)  # no modes: only asks
        state = ctypes.CDLL(None).adjtimex(record)
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    return Sync.NONE if state == _TIME_ERROR else Sync.NTP


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The host's identity and clocks; a simulated race gives its race clock for both."""

    boot: str
    wall_us: Callable[[], Instant] = wall_us
    steady_us: Callable[[], Duration] = steady_us
    sync: Callable[[], Sync | None] = clock_sync

    @classmethod
    def real(cls) -> "Host":
        return cls(boot=boot_id())


class StepWatch:
    """Notices steps of the wall clock against the steady clock."""

    __slots__ = ("_ahead_us", "_host")

    def __init__(self, host: Host) -> None:
        self._host = host
        self._ahead_us = host.wall_us() - host.steady_us()

    def step_us(self) -> Duration:
        """By how much the wall clock was set since the last call; 0 when it was not. Slow drift does not add up."""
        ahead_us = self._host.wall_us() - self._host.steady_us()
        step, self._ahead_us = ahead_us - self._ahead_us, ahead_us
        return step if abs(step) > STEP_US else 0
