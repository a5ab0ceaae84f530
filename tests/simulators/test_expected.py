"""The expected answer on cases made by hand, and the engine against it on whole simulated fields."""

import ast
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from races import NINE_US, marseille, planned

import simulators.expected
import simulators.expected_laps
import simulators.expected_lists
import simulators.expected_moments
from config.plan import Clock, MainRank, RacePlan, Ties
from results.rankings import rank
from results.results_csv import results_csv
from simulators.expected import Answer, expected_answers, rows_of
from simulators.expected_lists import expected_csv, expected_places
from simulators.field import FieldPlan
from simulators.physics import Physics
from simulators.race_day import RaceDay, simulate
from timing.field import Field
from timing.instants import HOUR, MINUTE, SECOND
from timing.matching import match
from timing.passings import arrange
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
    Wave,
)
from timing.reads import Names, Reads, SourceId, Tag
from timing.roster import Bib, Entrant, Roster, Sex
from timing.times import Closings, Guns

START, START_B, GINESTE, GINESTE_B, FINISH, FINISH_B = range(6)
CLOSED = Closings(start_us=NINE_US + 68 * MINUTE, finish_us=NINE_US + 6 * HOUR)
Row = tuple[str, int, int, int, float | None]


def guns_of(race: Race) -> dict[str, int]:
    return {wave.id: wave.planned_gun_us for wave in race.waves}


def entrant(bib: str, wave: str = "1", **more: object) -> Entrant:
    return Entrant(bib=Bib(bib), tags=(Tag(f"TAG{bib}"),), wave=wave, sex=Sex.F, birth_year=1990, **more)  # type: ignore[arg-type]


def seen(bib: str, mat: int, *after_nine_s: float, signal: float | None = None) -> list[Row]:
    return [(f"TAG{bib}", mat, NINE_US + round(at * SECOND), -1, signal) for at in after_nine_s]


def answers(
    entrants: Sequence[Entrant], reads: Sequence[list[Row]], closings: Closings = CLOSED, race: Race | None = None
) -> dict[str, Answer]:
    race = marseille() if race is None else race
    roster = Roster(entrants=tuple(entrants))
    rows = [row for part in reads for row in part]
    return {a.entrant.bib: a for a in expected_answers(race, roster, guns_of(race), rows, closings)}


def test_a_wave_8_runner_who_left_half_a_minute_after_nine_and_ran_one_hour_twenty_is_a_finisher() -> None:
    one = answers(
        [entrant("20000", wave="8")],
        [seen("20000", START, 30), seen("20000", GINESTE, 30 + 42 * 60), seen("20000", FINISH, 30 + 80 * 60)],
    )["20000"]
    assert one.status == "FINISHED"
    assert one.net_time == 80 * MINUTE
    assert one.gun_time == 80 * MINUTE + 30 * SECOND - 28 * MINUTE
    assert one.flags == {"before_own_gun", "other_wave"}
    assert one.splits == {"GINESTE": 42 * MINUTE}


def test_a_wave_1_runner_who_left_at_9_25_has_a_right_net_time() -> None:
    one = answers([entrant("7")], [seen("7", START, 25 * 60), seen("7", FINISH, 25 * 60 + 5400)])["7"]
    assert one.net_time == 90 * MINUTE
    assert one.gun_time == 115 * MINUTE
    assert one.flags == {"other_wave"}
    assert one.missed == ["GINESTE"]


def test_a_pacer_is_timed_and_holds_no_place_and_a_vehicle_is_not_timed() -> None:
    race = marseille()
    plan = planned(race)
    entrants = [entrant("1"), entrant("P1", role="pacer"), entrant("V1", role="vehicle")]
    reads = [
        *(seen("1", mat, at) for mat, at in ((START, 5), (GINESTE, 3000), (FINISH, 6000))),
        *(seen("P1", mat, at) for mat, at in ((START, 4), (GINESTE, 2900), (FINISH, 5900))),
        *(seen("V1", mat, at) for mat, at in ((START, 1), (GINESTE, 2000), (FINISH, 4000))),
    ]
    found = answers(entrants, reads)
    assert found["P1"].status == "FINISHED"
    assert found["P1"].net_time == 5896 * SECOND
    assert found["V1"].status == "DNS"
    assert found["V1"].crossed == {}
    assert expected_places(plan, list(found.values()), MainRank.OVERALL) == {"1": 1}


def test_without_a_start_read_net_time_is_empty_or_the_gun_as_the_race_says() -> None:
    reads = [seen("5", GINESTE, 3000), seen("5", FINISH, 6000)]
    one = answers([entrant("5", wave="2")], reads)["5"]
    assert (one.net_time, one.gun_time, one.splits) == (None, 6000 * SECOND - 4 * MINUTE, {})
    assert one.flags == {"no_start_read"}
    race = replace(marseille(), net_without_start=NetWithoutStart.GUN)
    one = answers([entrant("5", wave="2")], reads, race=race)["5"]
    assert one.net_time == one.gun_time == 6000 * SECOND - 4 * MINUTE
    assert one.splits == {"GINESTE": 3000 * SECOND - 4 * MINUTE}
    row = expected_csv(planned(race), [one]).splitlines()[1]
    assert row.endswith(",gun,main,no_start_read")


def test_nobody_is_dns_before_the_start_is_closed_nor_dnf_before_the_finish_is() -> None:
    entrants, reads = [entrant("1"), entrant("2")], [seen("1", START, 10)]
    status = {bib: a.status for bib, a in answers(entrants, reads, Closings()).items()}
    assert status == {"1": "STARTED", "2": "ENTERED"}
    status = {bib: a.status for bib, a in answers(entrants, reads, Closings(start_us=CLOSED.start_us)).items()}
    assert status == {"1": "STARTED", "2": "DNS"}
    assert {bib: a.status for bib, a in answers(entrants, reads).items()} == {"1": "DNF", "2": "DNS"}


def test_a_declared_status_stands_and_a_declared_non_starter_who_was_seen_is_flagged() -> None:
    found = answers(
        [entrant("1", status="DSQ"), entrant("2", status="DNS")], [seen("1", FINISH, 6000), seen("2", FINISH, 6000)]
    )
    assert found["1"].status == "DSQ"
    assert found["2"].status == "DNS"
    assert "declared_but_seen" in found["2"].flags


def test_the_last_start_counts_and_the_first_finish() -> None:
    reads = [seen("1", START, 10, 11, 100, 101, 102), seen("1", FINISH, 6000, 6001, 6600)]
    one = answers([entrant("1")], reads)["1"]
    assert one.crossed["START"].at == NINE_US + 100 * SECOND
    assert one.crossed["FINISH"].at == NINE_US + 6000 * SECOND


def test_a_finish_before_the_minimum_time_is_too_early_as_a_whole() -> None:
    early = 10 + 55 * 60 - 2
    one = answers([entrant("1")], [seen("1", START, 10), seen("1", FINISH, early, early + 3, 6000)])["1"]
    assert one.crossed["FINISH"].at == NINE_US + 6000 * SECOND


def test_who_waits_on_the_start_mat_leaves_with_the_last_read() -> None:
    before = [-20 + 2 * n for n in range(10)]
    one = answers([entrant("1")], [seen("1", START, *before, 1, 3, 4.5)])["1"]
    assert one.crossed["START"].at == NINE_US + 4_500_000
    slow = answers([entrant("1")], [seen("1", START, *range(60, 75, 3))])["1"]
    assert slow.crossed["START"].at == NINE_US + 72 * SECOND


def test_a_tag_parked_at_the_start_is_no_start() -> None:
    one = answers([entrant("1")], [seen("1", START, *range(10, 400, 4))])["1"]
    assert one.status == "DNS"
    assert one.flags == {"parked"}


def test_reads_after_the_start_was_closed_give_no_start() -> None:
    closed_s = 68 * 60
    assert answers([entrant("1")], [seen("1", START, closed_s)])["1"].status == "DNF"
    assert answers([entrant("1")], [seen("1", START, closed_s + 0.01)])["1"].status == "DNS"


def test_the_backup_mat_counts_where_the_main_mat_saw_nothing_and_its_distance_is_taken_off() -> None:
    one = answers([entrant("1")], [seen("1", START_B, 10), seen("1", FINISH, 6002), seen("1", FINISH_B, 6001)])["1"]
    assert one.crossed["START"].at == NINE_US + 10 * SECOND - 3000 * SECOND // 2800
    assert one.crossed["FINISH"].mat.id == "FINISH-M", "main before backup, also when it comes later"
    start = one.crossed["START"].at
    alone = answers([entrant("1")], [seen("1", START_B, 10), seen("1", FINISH_B, 6001)])["1"]
    moment = NINE_US + 6001 * SECOND
    assert alone.crossed["FINISH"].at == moment - 3000 * (moment - start) // 20_000_000
    assert expected_csv(planned(marseille()), [alone]).endswith(
        "backup,backup,missed:GINESTE;missed_main:START;missed_main:FINISH\n"
    )


def test_the_moment_is_the_strongest_or_the_fitted_read_where_there_is_a_signal() -> None:
    reads = [
        *seen("1", START, 10, signal=-70), *seen("1", START, 10.5, signal=-55), *seen("1", START, 11, signal=-60),
    ]  # fmt: skip
    strongest = answers([entrant("1")], [reads], race=marseille(moment=MomentRule.STRONGEST))["1"]
    assert strongest.crossed["START"].at == NINE_US + 10_500_000
    fitted = answers([entrant("1")], [reads], race=marseille(moment=MomentRule.FITTED))["1"]
    # Parabola through (0, -700), (500, -550), (1000, -600): top at 625 ms.
    assert fitted.crossed["START"].at == NINE_US + 10_625_000
    silent = answers([entrant("1")], [seen("1", START, 10, 11)], race=marseille(moment=MomentRule.FITTED))["1"]
    assert silent.crossed["START"].at == NINE_US + 10 * SECOND


def test_equal_times_share_a_place_and_the_next_is_skipped() -> None:
    race = marseille()
    plan = planned(race)
    entrants = [entrant(str(n)) for n in range(1, 5)]
    reads = [seen(bib, FINISH, at) for bib, at in (("1", 6000.3), ("2", 5900), ("3", 6000.3), ("4", 6000.9))]
    found = list(answers(entrants, reads).values())
    assert expected_places(plan, found, MainRank.OVERALL) == {"2": 1, "1": 2, "3": 2, "4": 4}
    shared = replace(plan, lists=tuple(replace(rule, ties=Ties.SHARED, clock=Clock.GUN) for rule in plan.lists))
    assert expected_places(shared, found, MainRank.OVERALL) == {"2": 1, "1": 2, "3": 2, "4": 2}


def race_with(*, legs_us: int = 0, wheels: bool = False) -> Race:
    """The race in small with the least time from the Gineste to the finish, and wheelchairs as wave 8 at 08:50."""
    race = marseille()
    start, gineste, finish = race.course.points
    course = replace(race.course, points=(start, gineste, replace(finish, min_leg_us=legs_us)))
    waves = race.waves
    if wheels:
        chairs = Wave(
            id="8", name="Wheels", planned_gun_us=NINE_US - 10 * MINUTE, gun_us=None, group="wheels", speed_pct=200
        )
        waves = (*waves[:-1], chairs)
    return replace(race, course=course, waves=waves)


def test_minimum_times_are_divided_by_the_speed_of_the_own_wave() -> None:
    race = race_with(wheels=True)
    at = -600 + 5 + 55 * 60 / 2
    entrants = [entrant("1", wave="8"), entrant("2", wave="8"), entrant("3")]
    reads = [
        *(seen(bib, START, -595) for bib in ("1", "2")),
        seen("1", FINISH, at),
        seen("2", FINISH, at - 0.01),
        seen("3", START, 5),
        seen("3", FINISH, 5 + 55 * 60 - 0.01),
    ]
    found = answers(entrants, reads, race=race)
    assert found["1"].net_time == 55 * MINUTE // 2
    assert found["2"].crossed.keys() == {"START"}
    assert found["3"].crossed.keys() == {"START"}


def test_the_race_gun_is_the_first_of_the_own_group_and_the_start_opens_with_the_first_of_all() -> None:
    race = replace(race_with(wheels=True), gun_origin=GunOrigin.RACE)
    entrants = [entrant("1", wave="8"), entrant("2", wave="2"), entrant("3", wave="none")]
    reads = [seen(bib, FINISH, 6000) for bib in ("1", "2", "3")]
    found = answers(entrants, [*reads, seen("2", START, -599)], race=race)
    assert found["1"].gun_time == 6600 * SECOND
    assert found["2"].gun_time == 6000 * SECOND, "not from the wheelchairs' gun"
    assert found["3"].gun_time == 6600 * SECOND, "of no wave: the first gun of all"
    assert found["2"].crossed["START"].at == NINE_US - 599 * SECOND


def test_without_a_start_read_the_minimum_time_counts_from_the_race_gun_of_the_own_group() -> None:
    race = race_with(wheels=True)
    early = 55 * 60 - 1
    found = answers([entrant("1", wave="2")], [seen("1", FINISH, early, early + 1000)], race=race)
    assert found["1"].crossed["FINISH"].at == NINE_US + (early + 1000) * SECOND


def test_a_finish_sooner_after_the_split_than_anybody_can_run_is_asked_about_and_gives_way_to_another() -> None:
    race = race_with(legs_us=20 * MINUTE)
    reads = [seen("1", START, 5), seen("1", GINESTE, 3000), seen("1", FINISH, 3000 + 1199.9)]
    alone = answers([entrant("1")], reads, race=race)["1"]
    assert alone.crossed["FINISH"].at == NINE_US + round(4199.9 * SECOND)
    assert alone.flags == {"out_of_order"}
    later = answers([entrant("1")], [*reads, seen("1", FINISH, 6000)], race=race)["1"]
    assert later.crossed["FINISH"].at == NINE_US + 6000 * SECOND
    assert not later.flags
    just = answers([entrant("1")], [seen("1", GINESTE, 3000), seen("1", FINISH, 4200)], race=race)["1"]
    assert "out_of_order" not in just.flags
    without = answers([entrant("1")], [seen("1", START, 5), seen("1", FINISH, 3400)], race=race)["1"]
    assert without.status == "FINISHED", "no split was found: only the minimum time holds"


def test_two_tags_of_one_runner_more_than_a_minute_apart_at_two_points_are_asked_about() -> None:
    both = Entrant(bib=Bib("1"), tags=(Tag("TAG1"), Tag("TAG2")), wave="1", sex=Sex.F, birth_year=1990)
    here = [seen("1", START, 5), seen("2", START, 66), seen("1", GINESTE, 3000), seen("2", GINESTE, 3060)]
    one = answers([both], [*here, seen("1", FINISH, 6000), seen("2", FINISH, 6060.1)])["1"]
    assert one.flags == {"two_tags_apart"}
    assert one.crossed["START"].at == NINE_US + 66 * SECOND
    one = answers([both], [*here, seen("1", FINISH, 6000), seen("2", FINISH, 6060)])["1"]
    assert not one.flags


def test_early_starters_keep_places_but_not_in_a_prize_list_and_a_race_within_the_race_has_lists_of_its_own() -> None:
    race = race_with(wheels=True)
    plan = planned(race)
    entrants = [entrant("1"), entrant("2", wave="3"), entrant("3", wave="8")]
    reads = [seen("1", START, 5), seen("2", START, 9), seen("3", START, 10)]
    reads += [seen(bib, FINISH, 5000 + int(bib)) for bib in ("1", "2", "3")]
    found = list(answers(entrants, reads, race=race).values())
    assert "before_own_gun" in found[1].flags
    assert expected_places(plan, found, MainRank.SEX) == {"2": 1, "1": 2}
    prize = replace(plan, lists=tuple(replace(rule, prize=True) for rule in plan.lists))
    assert expected_places(prize, found, MainRank.SEX) == {"1": 1}
    wheels = replace(plan, lists=tuple(replace(rule, groups=frozenset({"wheels"})) for rule in plan.lists))
    assert expected_places(wheels, found, MainRank.SEX) == {"3": 1}


def engine_csv(day: RaceDay, closings: Closings) -> str:
    """results.csv by the engine's own path, from the emitted reads."""
    race, reads, tags = day.plan.race, day.reads, Names(day.reads.tags)
    field = Field.of(day.field.roster, race, tags)
    columns = Reads.of_moments(
        tag=reads.tag, mat=reads.mat, moment_us=reads.stamp_us, antenna=reads.antenna, rssi=reads.rssi
    )
    guns = Guns(wave_us=day.field.guns_us, planned=(False,) * len(race.waves))
    matched = match(arrange(columns).reads, field, race, guns, closings)
    rankings = rank(day.plan, day.field.roster, matched.times)
    return results_csv(day.plan, day.field.roster, matched.times, rankings).decode()


WILD = Physics(
    turned_back=0.05, walked_back=0.1, parked=12, miss_start=0.1, miss_split=0.1, miss_finish=0.1, unknown_tags=0.05,
    swapped_chips=0.05, early_readers=0.6, repeats=0.05, runner_tie=0.3,
)  # fmt: skip
STRANGE = FieldPlan(
    runners=600, late=0.1, early=0.1, after_close=0.03, declared_dns=0.05, two_tags=0.5, without_chip=0.03,
    without_sex=0.02, not_finished=0.05, walkers=0.1,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("protocol", "moment"),
    [
        ("ipico", MomentRule.FIRST),
        ("llrp", MomentRule.FITTED),
        ("llrp", MomentRule.STRONGEST),
        ("llrp", MomentRule.LAST),
    ],
)
def test_the_engine_gives_the_expected_answer_byte_for_byte(seed: int, protocol: str, moment: MomentRule) -> None:
    race = marseille(protocol, moment)
    if seed % 2:
        race = replace(race, gun_origin=GunOrigin.RACE, net_without_start=NetWithoutStart.GUN)
    plan: RacePlan = planned(race)
    day = simulate(plan, field=replace(STRANGE, seed=seed), physics=replace(WILD, seed=seed))
    assert engine_csv(day, day.closings) == day.expected_csv


@pytest.mark.parametrize("seed", range(3))
def test_the_engine_gives_the_expected_answer_with_a_race_within_the_race_and_legs_and_prizes(seed: int) -> None:
    race = replace(race_with(legs_us=33 * MINUTE, wheels=True), gun_origin=(GunOrigin.RACE, GunOrigin.WAVE)[seed % 2])
    plan = planned(race)
    scratch, sex, category = plan.lists
    plan = replace(plan, lists=(replace(scratch, groups=frozenset({"", "wheels"})), replace(sex, prize=True), category))
    day = simulate(plan, field=replace(STRANGE, seed=seed), physics=replace(WILD, seed=seed))
    assert engine_csv(day, day.closings) == day.expected_csv
    raised = {flag for answer in day.answers for flag in answer.flags}
    assert {"out_of_order", "before_own_gun"} <= raised
    assert sum(answer.group == "wheels" and answer.status == "FINISHED" for answer in day.answers) > 5


def lap_course(laps: int, *, waves: int = 2) -> Race:
    """Twenty kilometres in laps over one line with a main and a backup mat, nobody round in less than its share."""
    race = marseille(waves=waves)
    ids = ("START", *(f"LAP{number}" for number in range(1, laps)), "FINISH")
    sources = (SourceId("start"), SourceId("finish"))
    mats = tuple(
        Mat(id=f"LINE-{role}", point="START", role=role, source=source, also=ids[1:], to_line_mm=beyond_mm)
        for role, source, beyond_mm in zip(MatRole, sources, (0, 3000), strict=True)
    )
    kinds = (PointKind.START, *(PointKind.SPLIT,) * (laps - 1), PointKind.FINISH)
    points = tuple(
        Point(
            id=id_,
            kind=kind,
            name=id_,
            distance_m=20_000 * number // laps,
            min_time_us=55 * MINUTE * number // laps,
            moment=MomentRule.FIRST,
            mats=mats,
            min_leg_us=44 * MINUTE // laps if number > 1 else 0,
        )
        for number, (id_, kind) in enumerate(zip(ids, kinds, strict=True))
    )
    return replace(race, course=Course(version="laps", points=points))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("laps", [1, 2, 4, 7])
def test_the_engine_gives_the_expected_answer_on_a_lap_course(laps: int, seed: int) -> None:
    race = lap_course(laps, waves=1 + seed % 3)
    if seed % 2:
        fast = replace(race.waves[0], speed_pct=130)
        race = replace(race, waves=(fast, *race.waves[1:]), net_without_start=NetWithoutStart.GUN)
    field = replace(STRANGE, seed=seed, runners=400, late=0.2)
    day = simulate(planned(race), field=field, physics=replace(WILD, seed=seed, parked=3))
    assert engine_csv(day, day.closings) == day.expected_csv
    finished = [answer for answer in day.answers if answer.status == "FINISHED"]
    assert len(finished) > 200
    assert laps < 4 or any(answer.missed for answer in finished)


def test_the_engine_gives_the_expected_answer_while_the_race_is_open() -> None:
    day = simulate(planned(marseille()), field=STRANGE, physics=WILD)
    half = np.flatnonzero(day.reads.due_us < NINE_US + 95 * MINUTE)
    day = RaceDay(plan=day.plan, field=day.field, physics=day.physics, reads=day.reads.take(half))
    for closings in (Closings(), Closings(start_us=day.closings.start_us)):
        rows = expected_answers(day.plan.race, day.field.roster, day.guns, rows_of(day.reads), closings)
        assert engine_csv(day, closings) == expected_csv(day.plan, rows)


def test_the_expected_answer_shares_no_code_with_what_it_judges() -> None:
    modules = [simulators.expected, simulators.expected_laps, simulators.expected_lists, simulators.expected_moments]
    for module in modules:
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {
            name
            for name in imported
            if name and name.startswith(("timing.matching", "timing.passings", "timing.signals"))
        }
        assert not {
            name for name in imported if name and name.startswith(("timing.crossings", "timing.lap", "results"))
        }
