"""The plain types of a race as it is run: course, points, mats, waves. Built by `config/`, used by every room."""

import enum
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

from timing.instants import MINUTE, SECOND, Duration, Instant
from timing.reads import ClockKind, SourceId


class PointKind(enum.StrEnum):
    START = "start"
    SPLIT = "split"
    FINISH = "finish"


class MatRole(enum.StrEnum):
    MAIN = "main"
    BACKUP = "backup"


class MomentRule(enum.StrEnum):
    """Which moment of a passing counts. Those that need a signal fall back on FIRST where the reader gives none."""

    FIRST = "first"
    LAST = "last"
    STRONGEST = "strongest"
    FITTED = "fitted"


class GunOrigin(enum.StrEnum):
    """From which gun a gun time runs."""

    RACE = "race"
    WAVE = "wave"


class NetWithoutStart(enum.StrEnum):
    """What net time is when the start read is missing; marked wherever it is shown."""

    EMPTY = "empty"
    GUN = "gun"


@dataclass(frozen=True, kw_only=True)
class Mat:
    """An antenna line on the ground.

    `to_line_mm` is its distance beyond the timed line in running direction (a backup 3 m behind the line: 3000; a mat
    before the line is negative). Reads come to it from `source`; where that source serves several mats, `label` (the
    reader's own word) or `antennas` tell them apart.
    """

    id: str
    point: str
    role: MatRole
    source: SourceId
    to_line_mm: int = 0
    label: str | None = None
    antennas: tuple[int, ...] = ()
    also: tuple[str, ...] = ()
    """Further points it serves, in the order they are run: the laps and the finish of a course that comes back."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place on the course served by one or more mats.

    `min_time_us` counts from the runner's own start read, else from the first race gun (0 at the start); `min_leg_us`
    from the runner's own crossing of the point before, where there is one. `line_speed_mm_s` turns a mat's distance to
    the line into time where the runner's own speed is not known.
    """

    id: str
    kind: PointKind
    name: str
    distance_m: int
    min_time_us: Duration
    moment: MomentRule
    mats: tuple[Mat, ...]
    line_speed_mm_s: int = 2800
    min_leg_us: Duration = 0


@dataclass(frozen=True, kw_only=True)
class Course:
    """The points in the order they are run: one START first, splits, one FINISH last.

    `profile`: (metres from the start, metres above the sea), ascending in the first; empty where it is not known.
    """

    version: str
    points: tuple[Point, ...]
    profile: tuple[tuple[int, int], ...] = ()

    @cached_property
    def mats(self) -> tuple[Mat, ...]:
        """All mats, in the order of points, each once; a mat's index here is its number in `Reads.mat`."""
        return tuple({mat.id: mat for point in self.points for mat in point.mats}.values())

    @property
    def start(self) -> Point:
        return self.points[0]

    @property
    def finish(self) -> Point:
        return self.points[-1]

    @property
    def splits(self) -> tuple[Point, ...]:
        return self.points[1:-1]


@dataclass(frozen=True, kw_only=True)
class Wave:
    """Runners started by the same gun.

    `planned_gun_us` is the plan; `gun_us` is a gun the race file states as fact (a race already run). `bibs` are
    inclusive ranges of numeric bibs that belong to the wave unless the roster says otherwise. `group` names a race
    within the race (wheelchairs, say), which has a race gun and lists of its own. `speed_pct`: how fast its fastest are
    beside the fastest runner; minimum times are divided by it.
    """

    id: str
    name: str
    planned_gun_us: Instant
    gun_us: Instant | None = None
    bibs: tuple[tuple[int, int], ...] = ()
    group: str = ""
    speed_pct: int = 100


@dataclass(frozen=True, kw_only=True)
class Source:
    """Whatever delivers reads under one identity, and how to reach it.

    `connect`: `serial:/dev/ttyUSB0?baud=9600`, `tcp:host:port`, `listen:port` or `listen:address:port` (the reader
    calls), `mqtt:topic/filter` (a reader on the race's MQTT broker), `collector` (over that broker), or `file`.
    """

    id: SourceId
    protocol: str
    connect: str
    clock: ClockKind


@dataclass(frozen=True, kw_only=True)
class Gathering:
    """How reads become passings.

    A passing of a tag at a mat ends after `quiet_us` without a read. One longer than `longest_us` is somebody who
    waits: at the start their last read is when they leave, elsewhere what follows `longest_us` is a stray. One longer
    than `parked_us` at the start is a parked tag. Passings at the mats of one point within `pair_us` are one crossing.
    """

    quiet_us: Duration = 5 * SECOND
    longest_us: Duration = 8 * SECOND
    parked_us: Duration = 5 * MINUTE
    pair_us: Duration = 20 * SECOND


@dataclass(frozen=True, kw_only=True)
class Race:
    """The race as planned: what matching needs to know.

    `start_window_us`: how long after the last gun the start is planned to stay open. `first_instant_us` and
    `last_instant_us` bound the race window: a stamp outside it is held.
    """

    id: str
    name: str
    edition: int | None
    day: date
    zone: ZoneInfo
    course: Course
    waves: tuple[Wave, ...]
    sources: tuple[Source, ...]
    start_window_us: Duration
    first_instant_us: Instant
    last_instant_us: Instant
    gun_origin: GunOrigin
    net_without_start: NetWithoutStart
    untimed_roles: frozenset[str]
    gathering: Gathering = Gathering()
