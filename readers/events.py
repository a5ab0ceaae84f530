"""What a decoder says about the bytes it was fed. A chip read is a `timing.reads.ChipRead` itself, without wrapping:
there are tens of thousands of them in a second. Everything else that a wire may tell is one of the classes below.

All stamps are the reader's own clock as sent, as in `ChipRead.stamp_us`; `received_us` is the race clock at arrival.
"""

import enum
from dataclasses import dataclass
from typing import TypeAlias

from timing.instants import Duration, Instant
from timing.reads import ChipRead, ClockKind


@dataclass(frozen=True, slots=True, kw_only=True)
class GunSeen:
    """The gun, as the reader's trigger input saw it.

    `clock`: what the stamp keeps where that is another kind than the source's: a marker without a date is a time of
    day, though the same source's reads have dates.
    """

    stamp_us: int
    received_us: Instant
    label: str | None = None
    raw: str = ""
    clock: ClockKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSeen:
    """The reader's clock, asked for and answered. Race-clock instants, reader's stamp.

    `offset_us` is the reader's clock minus the race clock in the middle of the question's way, with the zone still in
    it (a reader on local time in Paris in winter shows +3600 s when right). True within `uncertain_us`. A reader that
    shows whole seconds only says so in `resolution_us`: its clock may have been anywhere in the second it showed.
    """

    stamp_us: int
    asked_us: Instant
    received_us: Instant
    resolution_us: Duration = 0

    @property
    def round_trip_us(self) -> Duration:
        return self.received_us - self.asked_us

    @property
    def offset_us(self) -> Duration:
        return self.stamp_us + self.resolution_us // 2 - (self.asked_us + self.received_us) // 2

    @property
    def uncertain_us(self) -> Duration:
        return self.window_us // 2

    @property
    def earliest_us(self) -> Instant:
        """The clock came to show `stamp_us` then at the earliest, and `window_us` later at the latest."""
        return self.asked_us - self.resolution_us

    @property
    def window_us(self) -> Duration:
        return self.round_trip_us + self.resolution_us


class MemoryState(enum.StrEnum):
    """How far the fetching of past reads from the reader's own memory is."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Broken off; tried again. What the reader saw while the link was down may be missing."""
    NONE = "none"
    """The reader has no memory that can be asked: what it saw while the link was down is not to be had from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryProgress:
    """`done` of `total` in the reader's own units (0 of 0: not told); `text` says why it failed."""

    state: MemoryState
    done: int = 0
    total: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """Bytes that could not be understood. `raw` is at most the first 200 of the `size` bytes, one character each."""

    reason: str
    raw: str
    size: int


class StatusKind(enum.StrEnum):
    BANNER = "banner"
    """Text meant for people."""
    TAG_DATA = "tag_data"
    """A record of a tag that is not a passing: user data, or one without a time."""
    ANSWER = "answer"
    """A well-formed frame that answers us or another host."""
    REFUSED = "refused"
    """The reader answered no."""
    SETTING = "setting"
    """How the reader is set up."""
    WARNING = "warning"
    """The reader is set up in a way that may cost reads; a person should look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSeen:
    """What a reader says of itself. Battery, temperature and mains where it told them just then, else None."""

    kind: StatusKind
    text: str
    raw: str = ""
    battery_percent: float | None = None
    temperature_c: float | None = None
    mains: bool | None = None

    @property
    def power(self) -> dict[str, float | bool]:
        """What was told of battery, temperature and mains, by name."""
        told = {name: getattr(self, name) for name in ("battery_percent", "temperature_c", "mains")}
        return {name: value for name, value in told.items() if value is not None}


DecoderEvent: TypeAlias = ChipRead | GunSeen | ClockSeen | MemoryProgress | Malformed | StatusSeen
