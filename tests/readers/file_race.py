"""A small race whose readers leave files: two IPICO readers with two mats each, and one with a mat of its own."""

from collections.abc import Sequence
from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo

from readers.log_files import LoadedReads, ReadFile, read_files
from timing.instants import DAY, HOUR, MINUTE, local_instant
from timing.race import (
    Course,
    GunOrigin,
    Mat,
    MatRole,
    MomentRule,
    NetWithoutStart,
    Point,
    PointKind,
    Race,
    Source,
    Wave,
)
from timing.reads import ClockKind, Names, SourceId

PARIS = ZoneInfo("Europe/Paris")
DAY_OF_RACE = date(2024, 10, 27)
"""The night before, clocks went back an hour: 02:30 existed twice."""


def mat(id: str, source: str, label: str | None) -> Mat:
    point = id.split("-")[0]
    role = MatRole.BACKUP if id.endswith("-B") else MatRole.MAIN
    return Mat(id=id, point=point, role=role, source=SourceId(source), label=label)


MATS = (
    mat("START-M", "start", "01"),
    mat("START-B", "start", "02"),
    mat("COL-M", "col", "0a"),
    mat("FINISH-M", "finish", "05"),
    mat("FINISH-B", "finish", "06"),
)


def race(mats: Sequence[Mat] = MATS) -> Race:
    kinds = {"START": PointKind.START, "COL": PointKind.SPLIT, "FINISH": PointKind.FINISH}
    points = tuple(
        Point(
            id=id,
            kind=kind,
            name=id,
            distance_m=10_000 * index,
            min_time_us=0,
            moment=MomentRule.FIRST,
            mats=tuple(mat for mat in mats if mat.point == id),
        )
        for index, (id, kind) in enumerate(kinds.items())
    )
    midnight = local_instant(DAY_OF_RACE, time(0), PARIS)
    return Race(
        id="files",
        name="Files",
        edition=None,
        day=DAY_OF_RACE,
        zone=PARIS,
        course=Course(version="1", points=points),
        waves=(Wave(id="1", name="1", planned_gun_us=midnight + 10 * HOUR),),
        sources=tuple(
            Source(id=SourceId(id), protocol="ipico", connect="file", clock=ClockKind.LOCAL)
            for id in ("start", "col", "finish")
        ),
        start_window_us=30 * MINUTE,
        first_instant_us=midnight,
        last_instant_us=midnight + DAY,
        gun_origin=GunOrigin.WAVE,
        net_without_start=NetWithoutStart.GUN,
        untimed_roles=frozenset(),
    )


RACE = race()


class Loaded:
    """What `read_files` gave, in the words a test uses."""

    def __init__(
        self,
        path: Path,
        content: bytes,
        *,
        source: str | None = None,
        block_bytes: int = 1 << 20,
        known: Sequence[str] = (),
    ) -> None:
        path.write_bytes(content)
        file = ReadFile(path=path, source=SourceId(source) if source else None)
        self.tags = Names(known)
        self.sources = Names()
        self.loaded: LoadedReads = read_files([file], RACE, self.tags, self.sources, block_bytes=block_bytes)

    @property
    def rows(self) -> list[tuple[str, str | None, int, int, float | None]]:
        """(tag, mat id, instant, antenna, rssi) of each read."""
        reads = self.loaded.reads
        return [
            (self.tags.names[tag], MATS[mat].id if mat >= 0 else None, us, antenna, None if rssi != rssi else rssi)
            for tag, mat, us, antenna, rssi in zip(
                reads.tag.tolist(),
                reads.mat.tolist(),
                reads.moment_us.tolist(),
                reads.antenna.tolist(),
                reads.rssi.tolist(),
                strict=True,
            )
        ]

    @property
    def read_sources(self) -> list[str | None]:
        return [self.sources.names[code] if code >= 0 else None for code in self.loaded.reads.source.tolist()]

    @property
    def bad(self) -> list[int]:
        """The numbers of the bad lines."""
        return [bad.line for bad in self.loaded.bad_lines]
