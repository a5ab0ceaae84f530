"""A small race to be timed, in plain types: what tests of several rooms share."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from timing.instants import HOUR, MINUTE, instant_of
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
from timing.reads import ClockKind, SourceId

PARIS = ZoneInfo("Europe/Paris")
NINE = instant_of(datetime(2024, 10, 27, 9, 0, tzinfo=PARIS))


def make_point(name: str, kind: PointKind, km: int, min_minutes: int, moment: MomentRule, backup_mm: int = 0) -> Point:
    mats = tuple(
        Mat(
            id=f"{name}-{role.value}",
            point=name,
            role=role,
            source=SourceId(f"{name.lower()}-{role.value}"),
            to_line_mm=backup_mm if role is MatRole.BACKUP else 0,
        )
        for role in MatRole
    )
    return Point(
        id=name,
        kind=kind,
        name=name,
        distance_m=km * 1000,
        min_time_us=min_minutes * MINUTE,
        moment=moment,
        mats=mats,
    )


def make_race(
    *,
    n_waves: int = 8,
    gap_minutes: int = 4,
    net_without_start: NetWithoutStart = NetWithoutStart.EMPTY,
    gun_origin: GunOrigin = GunOrigin.WAVE,
    moment: MomentRule = MomentRule.FIRST,
    backup_mm: int = 0,
) -> Race:
    """Marseille-Cassis in small: waves of 100 bibs, START, GINESTE (28 min) and FINISH (55 min), two mats each."""
    course = Course(
        version="V3",
        points=(
            make_point("START", PointKind.START, 0, 0, moment, backup_mm),
            make_point("GINESTE", PointKind.SPLIT, 10, 28, moment, backup_mm),
            make_point("FINISH", PointKind.FINISH, 20, 55, moment, backup_mm),
        ),
    )
    waves = tuple(
        Wave(
            id=str(number),
            name=f"wave {number}",
            planned_gun_us=NINE + (number - 1) * gap_minutes * MINUTE,
            bibs=((number * 100, number * 100 + 99),),
        )
        for number in range(1, n_waves + 1)
    )
    return Race(
        id="small",
        name="Small race",
        edition=45,
        day=date(2024, 10, 27),
        zone=PARIS,
        course=course,
        waves=waves,
        sources=tuple(
            Source(id=mat.source, protocol="ipico", connect="file", clock=ClockKind.LOCAL) for mat in course.mats
        ),
        start_window_us=40 * MINUTE,
        first_instant_us=NINE - 9 * HOUR,
        last_instant_us=NINE + 15 * HOUR,
        gun_origin=gun_origin,
        net_without_start=net_without_start,
        untimed_roles=frozenset({"vehicle", "staff", "test"}),
    )


def at(clock: str) -> int:
    """The instant of a wall-clock time on race day, in Marseille: `at("9:25:00.5")`."""
    hours, minutes, seconds = clock.split(":")
    whole, _, fraction = seconds.partition(".")
    day = datetime(2024, 10, 27, int(hours), int(minutes), int(whole), tzinfo=PARIS)
    return instant_of(day + timedelta(microseconds=int(fraction.ljust(6, "0") or 0)))
