"""Pace bounds: lenient for everybody, and too much for somebody who was driven."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_race import make_race

from config.loader import load_race
from simulators.field import FieldPlan, make_field
from timing.instants import MINUTE, MISSING, SECOND
from timing.pace import (
    fastest_leg_us,
    fastest_legs_us,
    fastest_of_all_us,
    kind_permille,
    kinds_permille,
    speeds_pct,
    too_fast_legs,
)
from timing.race import Course
from timing.roster import Bib, Entrant, Sex

PLAN = load_race("marseille_cassis_2024")
COURSE = PLAN.race.course
START, GINESTE, FINISH = 0, 1, 2
CAR_MM_S, BUS_MM_S = 14_000, 7_000


def flat(course: Course, heights: tuple[tuple[int, int], ...] = ()) -> Course:
    return replace(course, profile=heights)


def test_from_the_start_the_fastest_of_all_need_the_minimum_time() -> None:
    assert fastest_of_all_us(COURSE, START, GINESTE) == 28 * MINUTE
    assert fastest_of_all_us(COURSE, START, FINISH) == 55 * MINUTE


def test_between_later_points_the_bound_is_below_the_best_known_and_above_a_slow_bus() -> None:
    bound = fastest_of_all_us(COURSE, GINESTE, FINISH)
    assert bound < (27 * 60 + 37) * SECOND, "2017: 31:39 at the col, 59:16 at the finish"
    assert bound < 27 * MINUTE, "never more than the difference of the minimum times"
    assert bound > 10_000_000 * SECOND // BUS_MM_S


def test_a_descent_is_faster_than_the_flat_and_a_climb_slower() -> None:
    course = replace(COURSE, points=(*COURSE.points[:2], replace(COURSE.finish, min_time_us=90 * MINUTE)))
    down, level, up = (
        fastest_of_all_us(flat(course, ((0, 500), (10_000, 500), (20_000, 500 + rise))), GINESTE, FINISH)
        for rise in (-300, 0, 300)
    )
    assert down < level < up
    assert level == 28 * MINUTE, "the best pace that the minimum times allow"
    assert fastest_of_all_us(flat(course), GINESTE, FINISH) == level, "without heights the course is flat"


def test_nobody_is_held_to_more_than_the_speeds_nobody_exceeds() -> None:
    lax = replace(COURSE, points=tuple(replace(point, min_time_us=point.distance_m) for point in COURSE.points))
    cliff = ((0, 4000), (10_000, 4000), (20_000, 0))
    assert fastest_of_all_us(flat(lax, cliff), GINESTE, FINISH) == 10_000_000 * SECOND // 7_500
    assert fastest_of_all_us(flat(lax), START, GINESTE) == 10_000_000 * SECOND // 7_500


def test_a_course_without_minimum_times_has_bounds_all_the_same() -> None:
    bare = replace(COURSE, points=tuple(replace(point, min_time_us=0) for point in COURSE.points))
    assert fastest_of_all_us(bare, START, FINISH) > 40 * MINUTE


@pytest.mark.parametrize(
    ("sex", "age", "permille"),
    [
        (Sex.UNKNOWN, None, 1000),
        (Sex.X, 80, 1220),
        (Sex.M, None, 1000),
        (Sex.M, 18, 1000),
        (Sex.M, 44, 1000),
        (Sex.M, 45, 1020),
        (Sex.M, 95, 1350),
        (Sex.F, None, 1090),
        (Sex.F, 30, 1090),
        (Sex.F, 60, 1177),
    ],
)
def test_women_and_the_old_need_longer_and_who_is_not_known_is_the_fastest(
    sex: Sex, age: int | None, permille: int
) -> None:
    assert kind_permille(sex, age) == permille


def test_ages_are_those_of_the_race_day_and_the_younger_where_only_the_year_is_known() -> None:
    day = date(2024, 10, 27)
    people = [
        Entrant(bib=Bib("1"), sex=Sex.M, birth_date=date(1979, 10, 27), birth_year=1979),
        Entrant(bib=Bib("2"), sex=Sex.M, birth_date=date(1979, 10, 28), birth_year=1979),
        Entrant(bib=Bib("3"), sex=Sex.M, birth_year=1979),
        Entrant(bib=Bib("4"), sex=Sex.M, age=45),
        Entrant(bib=Bib("5"), sex=Sex.M),
    ]
    assert kinds_permille(people, day).tolist() == [1020, 1000, 1000, 1020, 1000]


@given(
    st.sampled_from(((0, 1), (0, 2), (1, 2))),
    st.lists(st.tuples(st.sampled_from(Sex), st.none() | st.integers(10, 99), st.integers(1, 500)), max_size=8),
)
def test_columns_hold_the_bounds_of_single_people(
    leg: tuple[int, int], people: list[tuple[Sex, int | None, int]]
) -> None:
    kinds = np.array([kind_permille(sex, age) for sex, age, _ in people], np.int64)
    speeds = np.array([speed for *_, speed in people], np.int64)
    single = [fastest_leg_us(COURSE, *leg, sex=sex, age=age, speed_pct=speed) for sex, age, speed in people]
    assert fastest_legs_us(COURSE, *leg, kinds, speeds).tolist() == single
    assert all(
        fastest_leg_us(COURSE, *leg, speed_pct=speed) <= one for one, (*_, speed) in zip(single, people, strict=True)
    )


def test_a_faster_wave_has_a_smaller_bound() -> None:
    assert fastest_leg_us(COURSE, START, FINISH, speed_pct=200) == 27 * MINUTE + 30 * SECOND


@pytest.mark.parametrize("seed", [1, 45, 54])
def test_nobody_of_an_honest_field_of_20000_is_too_fast(seed: int) -> None:
    field = make_field(PLAN.race, FieldPlan(seed=seed))
    kinds = kinds_permille(field.roster.entrants, PLAN.race.day)
    assert len(kinds) >= 20_000
    assert not too_fast_legs(field.line_us, COURSE, kinds, speeds_pct(field.wave, PLAN.race)).any()


@pytest.mark.parametrize("speed_mm_s", [CAR_MM_S, BUS_MM_S])
def test_f51_whoever_is_driven_from_km_10_to_the_finish_is_too_fast_there(speed_mm_s: int) -> None:
    field = make_field(PLAN.race, FieldPlan(seed=3, runners=2000))
    line_us = field.line_us.copy()
    at_col = np.flatnonzero(line_us[GINESTE] != MISSING)
    driven = at_col[::10]
    line_us[FINISH, driven] = line_us[GINESTE, driven] + 10_000_000 * SECOND // speed_mm_s
    kinds = kinds_permille(field.roster.entrants, PLAN.race.day)
    found = too_fast_legs(line_us, COURSE, kinds, speeds_pct(field.wave, PLAN.race))
    assert np.flatnonzero(found).tolist() == driven.tolist()
    assert set(found[driven].tolist()) == {1 << FINISH}


def test_f51_a_missing_split_does_not_hide_the_pace() -> None:
    crossing_us = np.array([[0, 0], [MISSING, 40 * MINUTE], [50 * MINUTE, MISSING]], np.int64)
    kinds = np.array([1000, 1000], np.int64)
    assert too_fast_legs(crossing_us, COURSE, kinds).tolist() == [1 << FINISH, 0]


def test_who_was_seen_at_one_point_or_none_is_not_judged() -> None:
    crossing_us = np.full((3, 2), MISSING, np.int64)
    crossing_us[2, 1] = 5
    assert too_fast_legs(crossing_us, make_race().course, np.array([1000, 1000], np.int64)).tolist() == [0, 0]


def test_wheelchairs_of_a_fast_wave_are_judged_by_its_speed() -> None:
    race = replace(make_race(n_waves=2), waves=(replace(make_race().waves[0], speed_pct=200), make_race().waves[1]))
    speeds = speeds_pct(np.array([0, 1, -1], np.int16), race)
    assert speeds.tolist() == [200, 100, 100]
    crossing_us = np.array([[0, 0, 0], [20 * MINUTE] * 3, [40 * MINUTE] * 3], np.int64)
    found = too_fast_legs(crossing_us, race.course, np.full(3, 1000, np.int64), speeds)
    assert [bool(bits) for bits in found] == [False, True, True]
