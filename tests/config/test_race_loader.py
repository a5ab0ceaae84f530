"""Race files become plans: the shipped race, a small race of one's own, and the ways to name them."""

import shutil
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from config.categories import CategoryBasis
from config.errors import ConfigError
from config.loader import RACES, load_race, race_path, shipped_races
from config.plan import DEFAULT_ROLES, Clock, MainRank, Per, RacePlan, ReadingMode, Rounding, Ties
from timing.errors import RaceDayError
from timing.instants import DAY, HOUR, MINUTE, SECOND
from timing.race import GunOrigin, MatRole, MomentRule, NetWithoutStart, PointKind
from timing.reads import ClockKind
from timing.roster import Bib, Entrant

Parse = Callable[[str], RacePlan]
NINE_LOCAL = 1730016000 * SECOND
"""2024-10-27 09:00 in Marseille, an hour after the clocks went back."""


def test_marseille_cassis_starts_in_8_waves_of_2500(marseille_cassis: RacePlan) -> None:
    race = marseille_cassis.race
    assert (race.id, race.edition, race.day, race.zone.key) == (
        "marseille_cassis_2024",
        45,
        date(2024, 10, 27),
        "Europe/Paris",
    )
    assert [wave.planned_gun_us for wave in race.waves] == [NINE_LOCAL + 4 * MINUTE * n for n in range(8)]
    assert [wave.bibs for wave in race.waves] == [((2500 * n + 1, 2500 * n + 2500),) for n in range(8)]
    assert {wave.gun_us for wave in race.waves} == {None}


def test_marseille_cassis_is_timed_at_three_points_with_main_and_backup_mats(marseille_cassis: RacePlan) -> None:
    course = marseille_cassis.race.course
    assert [(p.id, p.kind, p.distance_m, p.min_time_us // MINUTE, p.moment) for p in course.points] == [
        ("START", PointKind.START, 0, 0, MomentRule.FITTED),
        ("GINESTE", PointKind.SPLIT, 10_000, 28, MomentRule.FIRST),
        ("FINISH", PointKind.FINISH, 20_000, 55, MomentRule.FITTED),
    ]
    for point in course.points:
        assert [mat.role for mat in point.mats] == [MatRole.MAIN, MatRole.BACKUP]
        assert [mat.to_line_mm for mat in point.mats] == [0, 3000]
    assert [mat.label for mat in course.mats if mat.source == "gineste"] == ["01", "02"]


def test_marseille_cassis_hears_its_sources_over_serial_and_a_collector(marseille_cassis: RacePlan) -> None:
    sources = {source.id: source for source in marseille_cassis.race.sources}
    assert list(sources) == ["start-main", "start-backup", "gineste", "finish-main", "finish-backup"]
    assert {source.protocol for source in sources.values()} == {"ipico"}
    assert {source.clock for source in sources.values()} == {ClockKind.LOCAL}
    assert sources["gineste"].connect == "collector"
    assert sources["start-main"].connect == "serial:/dev/ttyUSB0?baud=115200"


def test_marseille_cassis_lists_differ_in_clock_gun_eligibility_and_depth(marseille_cassis: RacePlan) -> None:
    lists = {rule.id: rule for rule in marseille_cassis.lists}
    assert {main: rule.id for main in MainRank if (rule := marseille_cassis.main_list(main))} == {
        MainRank.OVERALL: "scratch",
        MainRank.SEX: "sex",
        MainRank.CATEGORY: "category",
    }
    assert lists["scratch"].gun_origin is GunOrigin.WAVE
    prize, french = lists["prize-scratch"], lists["prize-french"]
    assert (prize.clock, prize.gun_origin, prize.per, prize.depth) == (Clock.GUN, GunOrigin.RACE, Per.SEX, 5)
    assert (french.depth, french.nationalities, prize.nationalities) == (8, {"FRA"}, frozenset())
    assert prize.waves == {"1"}
    assert lists["federation"].licensed is True
    assert lists["federation"].public is False
    assert {rule.id for rule in lists.values() if rule.clock is Clock.NET} == {"scratch-net", "sex-net", "category-net"}
    assert all(set(rule.title) == {"fr", "en"} for rule in lists.values())


def test_marseille_cassis_marks_what_is_assumed(marseille_cassis: RacePlan) -> None:
    keys = [assumed.key for assumed in marseille_cassis.assumed]
    assert {"waves.gun", "start.gun_origin", "mats", "points.GINESTE", "points.minimum_minutes"} <= set(keys)
    lines = marseille_cassis.text.splitlines()
    for assumed in marseille_cassis.assumed:
        assert assumed.line is not None
        assert lines[assumed.line - 1].startswith(f'"{assumed.key}"')


def test_the_race_window_is_the_local_day_with_its_25_hours(marseille_cassis: RacePlan) -> None:
    race = marseille_cassis.race
    assert race.first_instant_us == NINE_LOCAL - 10 * HOUR
    assert race.last_instant_us - race.first_instant_us == DAY + HOUR


def test_a_small_race_needs_little(ten_miles: RacePlan) -> None:
    race = ten_miles.race
    assert race.gun_origin is GunOrigin.RACE
    assert race.net_without_start is NetWithoutStart.GUN
    assert race.waves[0].gun_us == race.waves[0].planned_gun_us + SECOND // 4
    assert race.waves[0].name == "all"
    assert [(point.id, point.name, point.distance_m) for point in race.course.points] == [
        ("START", "START", 0),
        ("KM5MI", "5 miles", 8047),
        ("FINISH", "FINISH", 16093),
    ]
    assert [source.clock for source in race.sources] == [ClockKind.LOCAL, ClockKind.LOCAL, ClockKind.UTC]
    assert ten_miles.categories.basis is CategoryBasis.ROSTER
    assert ten_miles.main_list(MainRank.OVERALL) is None
    assert ten_miles.lists[1].ties is Ties.SHARED
    assert ten_miles.languages == ("en",)
    assert ten_miles.title == {"en": "Ten Mile Run"}
    assert ten_miles.past_winners == ()


def test_nothing_listens_beyond_loopback_unless_the_file_says_so(ten_miles: RacePlan) -> None:
    assert ten_miles.web.host == "127.0.0.1"
    assert ten_miles.broker.url is None


def test_roles_have_defaults_that_a_file_may_change(parse: Parse, ten_miles_text: str) -> None:
    plan = parse(ten_miles_text + "[roles.pacer]\nannounced = true\n[roles.drummer]\nranked = false\n")
    assert plan.roles["runner"] == DEFAULT_ROLES["runner"]
    assert (plan.roles["pacer"].timed, plan.roles["pacer"].ranked, plan.roles["pacer"].announced) == (True, False, True)
    assert (plan.roles["drummer"].timed, plan.roles["drummer"].ranked) == (True, False)
    assert plan.race.untimed_roles == {"vehicle", "staff", "test"}
    unheard_of = plan.role(Entrant(bib=Bib("1"), role="juggler"))
    assert (unheard_of.timed, unheard_of.ranked) == (True, False)


def test_an_age_class_in_a_list_stands_for_both_sexes(parse: Parse, ten_miles_text: str) -> None:
    text = ten_miles_text.replace("2010-04-11", "2024-10-27").replace('from = "roster"', 'from = "ffa"')
    plan = parse(text.replace('main = "sex"', 'main = "sex"\ncategories = ["M2", "M10F"]'))
    assert plan.lists[0].categories == {"M2F", "M2M", "M10F"}


def test_numbers_are_exact(parse: Parse, ten_miles_text: str) -> None:
    plan = parse(
        ten_miles_text.replace('point = "FINISH"', 'point = "FINISH"\nto_line_m = -2.125')
        + "[gathering]\nquiet_s = 0.000001\n[rounding]\nreading_s = 0.1\n"
    )
    assert plan.race.course.finish.mats[0].to_line_mm == -2125
    assert plan.race.gathering.quiet_us == 1
    assert plan.rounding == Rounding(reading_us=100_000)


def test_a_gun_may_carry_its_own_offset(parse: Parse, ten_miles_text: str) -> None:
    local = parse(ten_miles_text)
    utc = parse(ten_miles_text.replace("fired = 07:30:00.25", "fired = 2010-04-11T11:30:00.25Z"))
    assert utc.race.waves == local.race.waves


def test_a_race_is_named_by_folder_by_file_or_as_shipped(
    marseille_cassis: RacePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(RACES / "marseille_cassis_2024", folder)
    for name in (folder, str(folder), folder / "race.toml"):
        plan = load_race(name)
        assert plan.race == marseille_cassis.race
        assert plan.past_winners == marseille_cassis.past_winners
    assert shipped_races() == ("cherry_blossom_2010", "marseille_cassis_2024")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folder, "marseille_cassis_2024")
    assert race_path("marseille_cassis_2024") == Path("marseille_cassis_2024/race.toml"), "a folder here comes first"


def test_a_race_without_an_id_is_named_for_its_folder_or_file(ten_miles_text: str, tmp_path: Path) -> None:
    text = ten_miles_text.replace('id = "ten_miles"\n', "")
    (tmp_path / "spring").mkdir()
    (tmp_path / "spring" / "race.toml").write_text(text)
    (tmp_path / "autumn.toml").write_text(text)
    (tmp_path / "Été 2024.toml").write_text(text)
    assert load_race(tmp_path / "spring").race.id == "spring"
    assert load_race(tmp_path / "autumn.toml").race.id == "autumn"
    with pytest.raises(ConfigError, match=r"event\.id"):
        load_race(tmp_path / "Été 2024.toml")


@pytest.mark.parametrize("name", ["nowhere", ".", "no/such/file.toml"])
def test_an_unknown_race_is_answered_with_those_there_are(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="marseille_cassis_2024"):
        load_race(name)
    assert issubclass(ConfigError, RaceDayError)


def test_a_plan_keeps_the_text_it_was_read_from(marseille_cassis: RacePlan, parse: Parse) -> None:
    again = parse(marseille_cassis.text)
    assert again.race == marseille_cassis.race
    assert again.lists == marseille_cassis.lists


def test_printed_seconds_are_the_exact_ceiling() -> None:
    rounding = Rounding()
    assert rounding.printed_seconds(7784 * SECOND) == 7784
    assert rounding.printed_seconds(7784 * SECOND + 1) == 7785
    assert rounding.printed_seconds(7784 * SECOND + 300_000) == 7785
    assert rounding.printed_seconds(7783 * SECOND + 999_999) == 7784


@pytest.mark.parametrize(
    ("mode", "microseconds", "seconds"),
    [
        (ReadingMode.DOWN, 44_099_999, 44),
        (ReadingMode.DOWN, 44_100_000, 45),
        (ReadingMode.NEAREST, 44_049_999, 44),
        (ReadingMode.NEAREST, 44_050_000, 45),
        (ReadingMode.UP, 44_000_001, 45),
        (ReadingMode.UP, 44_000_000, 44),
    ],
)
def test_the_reading_step_comes_before_the_whole_second(mode: ReadingMode, microseconds: int, seconds: int) -> None:
    assert Rounding(reading_us=100_000, reading=mode).printed_seconds(microseconds) == seconds


@pytest.mark.parametrize("mode", ReadingMode)
def test_columns_are_rounded_like_single_times_and_never_reordered(mode: ReadingMode) -> None:
    rounding = Rounding(reading_us=100_000, reading=mode)
    column = np.arange(0, 3 * SECOND, 12_345, dtype=np.int64)
    printed = rounding.printed_seconds(column)
    assert printed.tolist() == [rounding.printed_seconds(int(time)) for time in column]
    assert all(first <= second for first, second in pairwise(printed.tolist()))
