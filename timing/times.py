"""What matching gives: a class for each read, and for each entrant the crossings, times, status and flags."""

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from timing.instants import Instant
from timing.reads import Int16, Int32, Int64, UInt8


class Status(enum.IntEnum):
    """Each entrant has exactly one. DNS and DNF only after the start or finish was declared closed."""

    ENTERED = 0
    STARTED = 1
    FINISHED = 2
    DNS = 3
    DNF = 4
    DSQ = 5
    NC = 6
    HD = 7


class Flag(enum.IntFlag):
    """Questions about an entrant, for people. A flag never changes a time or a place."""

    NO_START_READ = 1
    """Seen later, but not at the start."""
    MISSED_SPLIT = 2
    """Seen at a later point, but not at a split in between (see `Times.missed`)."""
    START_BACKUP = 4
    FINISH_BACKUP = 8
    SPLIT_BACKUP = 16
    """The main mat did not see them; the backup did."""
    BEFORE_OWN_GUN = 32
    """Crossed the start before the gun of the own wave."""
    OTHER_WAVE = 64
    """Crossed the start with another wave than the own."""
    PARKED = 128
    """A tag of theirs stayed at a mat."""
    DECLARED_BUT_SEEN = 256
    """The roster declares DNS, but a mat has seen them."""
    FINISH_WITHOUT_START = 512
    """Finished, with neither a start read nor a split."""
    NO_WAVE = 1024
    """Belongs to no wave: the first race gun stands in."""
    OUT_OF_ORDER = 2048
    """Seen at a point only sooner after the split before than anybody can be: one of the two is not theirs."""
    FINISH_AFTER_ABANDON = 4096
    """Seen at the finish after an abandon was reported: held."""
    TWO_TAGS_APART = 8192
    """Two tags of theirs were at one point at different moments: perhaps two people."""
    TAG_ON_TWO = 16384
    """Wears a tag that a ruling gives to somebody else for a part of the race."""
    SET_BY_HAND = 32768
    """A time of theirs was set or withdrawn by a person."""


class Origin(enum.IntEnum):
    """Where a start or finish comes from."""

    NONE = 0
    MAIN = 1
    BACKUP = 2
    MANUAL = 3
    GUN = 4


@dataclass(frozen=True, kw_only=True)
class Guns:
    """The guns in force: one instant for each wave (in the order of `Race.waves`), and whether it is only the plan."""

    wave_us: tuple[Instant, ...]
    planned: tuple[bool, ...]

    @property
    def first_us(self) -> Instant:
        """The first race gun."""
        return min(self.wave_us)


@dataclass(frozen=True, kw_only=True)
class Closings:
    """The closing acts: None while open. `start_us`: passings at the start after it do not count."""

    start_us: Instant | None = None
    finish_us: Instant | None = None


@dataclass(frozen=True, kw_only=True)
class Times:
    """Columns of one value for each entrant of the roster, in its order; MISSING where there is none.

    `crossing_us` and `crossing_mat` have one row for each point of the course (START first), `crossing_mat` an index
    into `Course.mats` (-1: none). `wave` and `crossed_wave` are indexes into `Race.waves` (-1: none). `gun_us` is
    the gun the official time runs from, `race_gun_us` the first gun of their race. `missed` is a bit for each point
    that must have seen them and did not.
    """

    status: UInt8
    crossing_us: Int64
    crossing_mat: Int16
    wave: Int16
    crossed_wave: Int16
    wave_gun_us: Int64
    race_gun_us: Int64
    gun_us: Int64
    gun_time_us: Int64
    net_time_us: Int64
    flags: Int32
    missed: Int32
    start_origin: UInt8
    finish_origin: UInt8
    guns: Guns
    closings: Closings

    @property
    def start_us(self) -> Int64:
        """The own start read, MISSING where there is none."""
        row: NDArray[np.int64] = self.crossing_us[0]
        return row

    @property
    def finish_us(self) -> Int64:
        row: NDArray[np.int64] = self.crossing_us[-1]
        return row

    def __len__(self) -> int:
        return len(self.status)
