"""A small race for the tests of the simulators: eight waves, START, GINESTE and FINISH with main and backup mats."""

from datetime import date
from zoneinfo import ZoneInfo

from config.categories import CategoryScheme
from config.plan import Clock, ListRule, MainRank, Per, RacePlan
from timing.instants import HOUR, MINUTE
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
)  # fmt: skip
from timing.reads import ClockKind, SourceId

ZONE = ZoneInfo("Europe/Paris")
DAY = date(2024, 10, 27)
NINE_US = 1_730_016_000_000_000
"""09:00 in Marseille on the day of the race."""


def point(id_: str, kind: PointKind, distance_m: int, min_time_us: int, moment: MomentRule = MomentRule.FIRST) -> Point:
    source = SourceId(id_.lower())
    return Point(
        id=id_,
        kind=kind,
        name=id_,
        distance_m=distance_m,
        min_time_us=min_time_us,
        moment=moment,
        mats=(
            Mat(id=f"{id_}-M", point=id_, role=MatRole.MAIN, source=source, label="01"),
            Mat(id=f"{id_}-B", point=id_, role=MatRole.BACKUP, source=source, label="02", to_line_mm=3000),
        ),
    )


def marseille(protocol: str = "ipico", moment: MomentRule = MomentRule.FIRST, waves: int = 8) -> Race:
    """The home race in small, its waves four minutes apart from nine o'clock."""
    points = (
        point("START", PointKind.START, 0, 0, moment),
        point("GINESTE", PointKind.SPLIT, 10_000, 28 * MINUTE),
        point("FINISH", PointKind.FINISH, 20_000, 55 * MINUTE, moment),
    )
    return Race(
        id="test",
        name="Test",
        edition=45,
        day=DAY,
        zone=ZONE,
        course=Course(version="V3", points=points),
        waves=tuple(
            Wave(id=str(w + 1), name=f"Wave {w + 1}", planned_gun_us=NINE_US + w * 4 * MINUTE) for w in range(waves)
        ),
        sources=tuple(
            Source(id=SourceId(p.id.lower()), protocol=protocol, connect="file", clock=ClockKind.LOCAL) for p in points
        ),
        start_window_us=20 * MINUTE,
        first_instant_us=NINE_US - 4 * HOUR,
        last_instant_us=NINE_US + 8 * HOUR,
        gun_origin=GunOrigin.WAVE,
        net_without_start=NetWithoutStart.EMPTY,
        untimed_roles=frozenset({"vehicle", "staff", "test"}),
    )


def planned(race: Race) -> RacePlan:
    """The race with its three main lists: overall and category by the gun, sex by net time."""

    def rule(id_: str, clock: Clock, per: Per, main: MainRank) -> ListRule:
        return ListRule(id=id_, title={"en": id_}, clock=clock, gun_origin=GunOrigin.WAVE, per=per, main=main)

    return RacePlan(
        race=race,
        title={"en": race.name},
        languages=("en",),
        lists=(
            rule("scratch", Clock.GUN, Per.NONE, MainRank.OVERALL),
            rule("sex", Clock.NET, Per.SEX, MainRank.SEX),
            rule("category", Clock.GUN, Per.CATEGORY, MainRank.CATEGORY),
        ),
        categories=CategoryScheme(),
    )
