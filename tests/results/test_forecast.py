"""Forecasts: who has one, what it hangs on, that it knows nothing of later, and what it is when its hour is past."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from forecast_days import Day, known_at, many_mats, simulated, with_crossings, without_profile

from results.eligibility import Eligibility
from results.forecast import OVERDUE_AFTER, Due, Expected, Forecast, Forecaster, forecast
from results.forecast_frame import ForecastFrame
from results.forecast_learning import STEP_US
from results.forecast_score import forecast_score
from results.profile_pace import profile_pace
from timing.instants import HOUR, MINUTE, MISSING, SECOND
from timing.race import Course
from timing.roster import Roster
from timing.times import Closings, Status, Times

COL, FINISH = 1, 2


def differences(one: Forecast, other: Forecast) -> list[str]:
    """Which columns of which parts are not the same, and for whom."""
    found = []
    for each in fields(Forecast):
        a, b = getattr(one, each.name), getattr(other, each.name)
        inside = [f.name for f in fields(Expected)] if isinstance(a, Expected) else [""]
        for name in inside:
            pair = (getattr(a, name), getattr(b, name)) if name else (a, b)
            if not np.array_equal(*pair):
                found.append(f"{each.name}.{name} of {np.flatnonzero(np.asarray(pair[0]) != np.asarray(pair[1]))[:9]}")
    return found


def on_course(made: Forecast) -> np.ndarray:
    return np.flatnonzero(made.finish_us != MISSING)


# ---- who has one ----


def test_only_whoever_is_on_the_course_has_a_forecast() -> None:
    day = simulated()
    now_us = day.at(100)
    made = forecast(day.frame, day.times, now_us)
    seen = (day.times.crossing_us != MISSING) & (day.times.crossing_us <= now_us)
    running = seen.any(axis=0) & ~seen[FINISH] & day.frame.timed
    running &= np.isin(day.times.status, [Status.STARTED, Status.FINISHED])
    assert 1_000 < running.sum() < 2_800
    assert np.array_equal(on_course(made), np.flatnonzero(running))
    assert np.array_equal(made.finish.due != Due.NONE, running)
    assert (made.plus_minus_us[running] > 0).all()
    assert (made.plus_minus_us[~running] == MISSING).all()
    assert (made.from_point[~running] == -1).all()
    assert (made.next_point[~running] == -1).all()


def test_it_comes_from_the_point_last_seen_and_tells_the_next() -> None:
    day = simulated()
    made = forecast(day.frame, day.times, day.at(100))
    rows = on_course(made)
    beyond = day.times.crossing_us[COL][rows]
    after_col = (beyond != MISSING) & (beyond <= made.now_us)
    assert np.array_equal(made.from_point[rows] == COL, after_col)
    assert np.array_equal(made.next_point[rows], made.from_point[rows] + 1)
    assert np.array_equal(made.next.at_us[rows[after_col]], made.finish_us[rows[after_col]])
    before = rows[~after_col]
    assert (made.next.at_us[before] < made.finish_us[before]).all()


def test_whoever_missed_a_mat_is_forecast_from_the_one_after_it() -> None:
    day = many_mats()
    km5, gineste = 1, 2
    row = int(np.flatnonzero((day.times.crossing_us != MISSING).all(axis=0))[100])
    unseen = day.times.crossing_us.copy()
    unseen[km5, row] = MISSING
    now_us = int(unseen[gineste, row]) + MINUTE
    made = forecast(day.frame, with_crossings(day.times, unseen), now_us)
    assert made.from_point[row] == gineste
    assert abs(int(made.finish_us[row]) - int(day.times.finish_us[row])) < 12 * MINUTE


def test_without_an_own_start_read_the_plus_minus_is_wider() -> None:
    day = simulated()
    row = int(np.flatnonzero((day.times.crossing_us != MISSING).all(axis=0) & day.frame.learns)[50])
    now_us = int(day.times.crossing_us[COL, row]) + 1
    unseen = day.times.crossing_us.copy()
    unseen[0, row] = MISSING
    read = forecast(day.frame, day.times, now_us)
    unread = forecast(day.frame, with_crossings(day.times, unseen), now_us)
    assert unread.plus_minus_us[row] > read.plus_minus_us[row]
    assert abs(int(unread.finish_us[row]) - int(read.finish_us[row])) < 5 * MINUTE
    assert unread.net_time_us[row] == MISSING, "this race gives no net time without a start read"
    assert unread.gun_time_us[row] == unread.finish_us[row] - day.times.gun_us[row]


@pytest.mark.parametrize("status", [Status.DNS, Status.DNF, Status.DSQ, Status.NC, Status.HD])
def test_nobody_who_is_out_is_expected(status: Status) -> None:
    day = simulated()
    now_us = day.at(100)
    row = int(on_course(forecast(day.frame, day.times, now_us))[7])
    declared = day.times.status.copy()
    declared[row] = status
    assert forecast(day.frame, replace(day.times, status=declared), now_us).finish_us[row] == MISSING


def test_looking_back_from_after_the_close_those_who_gave_up_were_still_expected() -> None:
    day = simulated()
    now_us = day.at(100)
    closed = np.where(day.times.status == Status.STARTED, Status.DNF, day.times.status).astype(np.uint8)
    later = replace(day.times, status=closed, closings=Closings(finish_us=day.over_us))
    assert differences(forecast(day.frame, later, now_us), forecast(day.frame, day.times, now_us)) == []


def test_gun_and_net_time_are_those_of_the_expected_instant() -> None:
    day = simulated()
    made = forecast(day.frame, day.times, day.at(100))
    rows = on_course(made)
    rows = rows[day.times.start_us[rows] != MISSING]
    assert np.array_equal(made.gun_time_us[rows], made.finish_us[rows] - day.times.gun_us[rows])
    assert np.array_equal(made.net_time_us[rows], made.finish_us[rows] - day.times.start_us[rows])


def test_a_race_with_nothing_between_start_and_finish_has_forecasts_too() -> None:
    day = simulated()
    start, _, finish = day.plan.race.course.points
    course = replace(day.plan.race.course, points=(start, finish))
    plan = replace(day.plan, race=replace(day.plan.race, course=course))
    frame = ForecastFrame.of(Eligibility.of(plan, day.roster))
    two = with_crossings(day.times, day.times.crossing_us[[0, FINISH]])
    made = forecast(frame, two, day.at(125))
    rows = on_course(made)
    rows = rows[two.finish_us[rows] != MISSING]
    assert len(rows) > 800
    assert (made.next_point[rows] == 1).all()
    assert np.mean(np.abs(two.finish_us[rows] - made.finish_us[rows]) < made.plus_minus_us[rows]) > 0.7
    score = forecast_score(Forecaster(frame), two, day.over_us)
    assert [each.point for each in score.points] == ["START"]


def test_two_points_at_one_place_and_a_roster_of_nobody_are_no_fault() -> None:
    day = simulated(runners=800)
    points = tuple(replace(p, distance_m=20_000) if p.id == "GINESTE" else p for p in day.plan.race.course.points)
    plan = replace(day.plan, race=replace(day.plan.race, course=replace(day.plan.race.course, points=points)))
    made = forecast(ForecastFrame.of(Eligibility.of(plan, day.roster)), day.times, day.at(100))
    assert (made.finish_us[on_course(made)] >= made.next.at_us[on_course(made)]).all()
    nobody = Eligibility.of(day.plan, Roster(entrants=()))
    empty = replace(
        day.times, **{f.name: getattr(day.times, f.name)[..., :0] for f in fields(Times) if _column(day, f.name)}
    )
    assert len(forecast(ForecastFrame.of(nobody), empty, day.at(100)).arriving(HOUR)) == 0


def _column(day: Day, name: str) -> bool:
    return isinstance(getattr(day.times, name), np.ndarray)


# ---- what it hangs on ----


def only_first_leg(day: Day, minutes: float, metres: int) -> float:
    """Share of the time at the col of somebody who took so many minutes, before anybody has taught anything."""
    times = day.times
    row = int(np.flatnonzero(day.frame.learns & (times.start_us != MISSING) & (day.frame.elite == 0))[0])
    alone = np.full_like(times.crossing_us, MISSING)
    alone[0, row] = times.wave_gun_us[row] + 20 * SECOND
    alone[COL, row] = alone[0, row] + round(minutes * MINUTE)
    made = forecast(day.frame, with_crossings(times, alone), int(alone[COL, row]))
    return minutes * MINUTE / (int(made.finish_us[row]) - int(alone[0, row]))


def test_before_anybody_has_finished_the_climb_is_known_from_the_profile() -> None:
    day = simulated()
    assert 0.52 < only_first_leg(day, 62, 10_000) < 0.55, "the mass: 53 to 55 %"
    assert 0.49 < only_first_leg(day, 31, 10_000) < 0.53, "the elite: 50 to 53 %"
    assert 0.485 < only_first_leg(without_profile(day), 62, 10_000) < 0.51, "a flat road is run evenly"


def test_a_metre_of_the_climb_is_longer_than_one_of_the_descent() -> None:
    course = simulated().plan.race.course
    pace = profile_pace(course)
    up, down = pace.flat(10_000.0), pace.flat(20_000.0) - pace.flat(10_000.0)
    assert up > 10_700
    assert down < 9_800
    flat = profile_pace(Course(version="", points=course.points))
    assert flat.flat(np.array([0.0, 7_500.0, 20_000.0, 21_000.0])).tolist() == [0.0, 7_500.0, 20_000.0, 21_000.0]


def test_whoever_walks_or_rolls_teaches_nobody() -> None:
    """Wheelchairs of a race within the race are twice as fast downhill: they say nothing about those on foot."""
    day = simulated()
    waves = tuple(replace(w, group="wheels") if w.id == "1" else w for w in day.plan.race.waves)
    plan = replace(day.plan, race=replace(day.plan.race, waves=waves))
    frame = ForecastFrame.of(Eligibility.of(plan, day.roster))
    first = np.array([entrant.wave == "1" for entrant in day.roster.entrants])
    assert not (frame.learns & first).any()
    assert frame.learns[~first].any()
    wild = day.times.crossing_us.copy()
    wild[FINISH, first & (wild[FINISH] != MISSING)] -= 15 * MINUTE
    now_us = day.at(120)
    usual = forecast(frame, day.times, now_us)
    other = forecast(frame, with_crossings(day.times, wild), now_us)
    assert np.array_equal(usual.finish_us[~first], other.finish_us[~first])


# ---- it knows nothing of later ----


@pytest.mark.parametrize("minutes", [5, 60, 80.3, 100, 130.9, 200])
def test_a_forecast_uses_only_what_was_known_at_its_instant(minutes: float) -> None:
    day = simulated()
    now_us = day.at(minutes)
    assert (
        differences(forecast(day.frame, day.times, now_us), forecast(day.frame, known_at(day.times, now_us), now_us))
        == []
    )


def test_what_was_asked_before_changes_nothing() -> None:
    """Live, tick by tick; late data and corrections among it; then back in time."""
    day = simulated(runners=800)
    kept = Forecaster(day.frame)
    rng = np.random.default_rng(5)
    truth = day.times.crossing_us
    delay = np.where(rng.random(truth.shape) < 0.2, rng.integers(0, 25 * MINUTE, truth.shape), 0)
    for minutes in [*np.arange(40, 200, 3.7), 90, 61.5, 160]:
        now_us = day.at(float(minutes))
        told = np.where(truth + np.where(truth == MISSING, 0, delay) <= now_us, truth, MISSING)
        if rng.random() < 0.3:
            corrected = rng.integers(0, told.shape[1], 5)
            told[FINISH, corrected] = np.where(told[FINISH, corrected] == MISSING, MISSING, told[FINISH, corrected] + 7)
        times = with_crossings(day.times, told)
        assert differences(kept.at(times, now_us), forecast(day.frame, times, now_us)) == [], minutes
        assert differences(kept.at(times, now_us), kept.at(times, now_us)) == []
        # Within the same step of learning: somebody's time at the col is set by a person, others' start comes late.
        told = told.copy()
        for point, by_us in ((COL, 40 * SECOND), (0, MISSING)):
            some = rng.choice(told.shape[1], 20)
            told[point, some] = np.where(told[point, some] == MISSING, MISSING, told[point, some] + by_us)
            told[told < 0] = MISSING
            times = with_crossings(day.times, told.copy())
            assert differences(kept.at(times, now_us), forecast(day.frame, times, now_us)) == [], minutes


def test_of_one_and_the_same_day_the_hour_alone_makes_a_difference() -> None:
    day = simulated()
    kept = Forecaster(day.frame)
    for seconds in (0, 10, 20, 5):
        now_us = day.at(100) + seconds * SECOND
        assert differences(kept.at(day.times, now_us), forecast(day.frame, day.times, now_us)) == [], seconds


def test_starts_that_become_known_late_are_told_to_whoever_has_none() -> None:
    day = simulated()
    now_us = day.at(50)
    known = known_at(day.times, now_us).crossing_us
    at_col = np.flatnonzero((known[0] != MISSING) & (known[COL] != MISSING) & day.frame.learns)
    row = int(at_col[0])
    known[0, row] = MISSING
    others = np.flatnonzero((day.times.wave == day.times.wave[row]) & (known[COL] == MISSING) & (known[0] != MISSING))
    late = known.copy()
    late[0, others] = MISSING
    kept = Forecaster(day.frame)
    before = kept.at(with_crossings(day.times, late), now_us)
    after = kept.at(with_crossings(day.times, known), now_us)
    assert after.finish_us[row] != before.finish_us[row]
    assert differences(after, forecast(day.frame, with_crossings(day.times, known), now_us)) == []


def test_another_gun_is_learned_anew() -> None:
    day = simulated(runners=800)
    now_us = day.at(110)
    kept = Forecaster(day.frame)
    kept.at(day.times, now_us)
    earlier = tuple(gun - 90 * SECOND for gun in day.times.guns.wave_us)
    moved = replace(
        day.times,
        guns=replace(day.times.guns, wave_us=earlier),
        wave_gun_us=day.times.wave_gun_us - 90 * SECOND,
        gun_us=day.times.gun_us - 90 * SECOND,
    )
    assert differences(kept.at(moved, now_us), forecast(day.frame, moved, now_us)) == []


def test_the_first_to_come_do_not_speak_for_all() -> None:
    """At every moment of the day the middle one of those on the course comes when expected, not long after."""
    day = simulated()
    for minutes in (85, 100, 120, 140):
        made = forecast(day.frame, day.times, day.at(minutes))
        rows = on_course(made)
        rows = rows[(made.from_point[rows] == COL) & (day.times.finish_us[rows] != MISSING)]
        late_us = day.times.finish_us[rows] - made.finish_us[rows]
        took_us = day.times.finish_us[rows] - day.times.crossing_us[COL][rows]
        assert abs(np.median(late_us / took_us)) < 0.025, minutes


def test_the_day_is_learned_a_step_at_a_time() -> None:
    day = simulated()
    kept = Forecaster(day.frame)
    begun = day.at(100) // STEP_US * STEP_US + (day.first_gun_us % STEP_US)
    first = kept.at(day.times, begun)
    within = kept.at(day.times, begun + STEP_US - 1)
    there = (first.finish_us != MISSING) & (within.finish_us != MISSING) & (first.from_point == within.from_point)
    there &= day.times.start_us != MISSING
    assert there.sum() > 500
    assert np.array_equal(first.finish_us[there], within.finish_us[there]), "what is shown stands still"


# ---- when its hour is past ----


def alone(day: Day, minutes_late: float) -> tuple[Forecast, int, int]:
    """A runner from the col who has not come so long after the expected instant."""
    times: Times = day.times
    seen = (times.crossing_us != MISSING).all(axis=0) & day.frame.learns
    row = int(np.flatnonzero(seen)[np.argsort(times.crossing_us[COL][seen])[300]])
    gone = times.crossing_us.copy()
    gone[FINISH, row] = MISSING
    held = with_crossings(times, gone)
    expected_us = int(forecast(day.frame, held, int(gone[COL, row])).finish_us[row])
    return forecast(day.frame, held, expected_us + round(minutes_late * MINUTE)), row, expected_us


def test_an_expected_instant_that_is_past_stays_due_with_a_growing_plus_minus_and_then_is_overdue() -> None:
    day = simulated()
    before, row, _ = alone(day, -10)
    assert before.finish.due[row] == Due.EXPECTED
    told = [alone(day, minutes)[0] for minutes in (5, 6, 7, 25, 60)]
    widths = [int(made.plus_minus_us[row]) for made in told]
    assert widths == sorted(set(widths)), "wider from minute to minute"
    assert int(before.plus_minus_us[row]) < widths[0]
    assert [Due(int(made.finish.due[row])) for made in told] == [Due.DUE] * 3 + [Due.OVERDUE] * 2
    assert row in told[0].arriving(MINUTE)
    assert row not in told[-1].arriving(HOUR)
    assert row in told[-1].overdue()
    assert told[0].finish.late_us[row] == 0
    assert told[-1].finish.late_us[row] > told[-2].finish.late_us[row] > 0
    assert told[-1].next.due[row] == Due.OVERDUE


def test_the_arriving_are_in_the_order_they_will_come_and_none_of_them_has_arrived() -> None:
    day = simulated()
    made = forecast(day.frame, day.times, day.at(110))
    rows = made.arriving(2 * MINUTE)
    assert len(rows) > 20
    assert (np.diff(made.wait_us(rows)) >= 0).all()
    assert (made.finish_us[rows] <= made.now_us + 2 * MINUTE).all()
    came = day.times.finish_us[rows]
    assert ((came == MISSING) | (came > made.now_us)).all()
    some = np.zeros(len(made), np.bool_)
    some[rows[::2]] = True
    assert np.array_equal(made.arriving(2 * MINUTE, some), rows[::2])


def test_whoever_is_sure_to_come_soon_stands_before_somebody_long_due_and_unsure() -> None:
    day = many_mats()
    few_mats = day.times.crossing_us.copy()
    few_mats[1:-1, ::3] = MISSING
    day = day.with_crossings(few_mats)
    made = forecast(day.frame, day.times, day.at(120))
    rows = made.arriving(MINUTE)
    near = made.from_point[rows] == 4
    late = (made.finish.due[rows] == Due.DUE) & (made.from_point[rows] == 0)
    assert near.sum() > 2
    assert late.sum() > 20
    assert np.flatnonzero(near).max() < np.flatnonzero(late).min()
    assert (np.diff(made.finish_us[rows[near]]) > 0).all(), "equally sure, they are in the order expected"


def test_how_long_somebody_is_to_be_waited_for_is_what_comes_of_it() -> None:
    day = simulated(runners=6_000)
    waits, came = [], []
    for minutes in np.arange(95.0, 160.0, 5.0):
        made = forecast(day.frame, day.times, day.at(float(minutes)))
        rows = made.arriving(8 * MINUTE)
        rows = rows[day.times.finish_us[rows] != MISSING]
        waits.append(made.wait_us(rows))
        came.append(day.times.finish_us[rows] - made.now_us)
    assert np.concatenate(waits).mean() == pytest.approx(np.concatenate(came).mean(), rel=0.15)
    made = forecast(day.frame, day.times, day.at(100))
    assert (made.wait_us(on_course(made)) > 0).all()


def test_nearly_all_who_are_overdue_from_the_col_never_come() -> None:
    day = simulated(runners=6_000, seed=4)
    never = 0
    told = set()
    for minutes in (120, 150, 180, 210):
        made = forecast(day.frame, day.times, day.at(minutes))
        told |= {int(row) for row in made.overdue() if made.from_point[row] == COL}
    never = sum(int(day.times.finish_us[row]) == MISSING for row in told)
    assert never >= 10
    assert never > 0.7 * len(told)


def test_overdue_are_listed_by_how_long_and_are_beyond_twice_the_plus_minus() -> None:
    day = simulated()
    made = forecast(day.frame, day.times, day.at(170))
    rows = made.overdue()
    assert len(rows) > 3
    assert (np.diff(made.next.late_us[rows]) <= 0).all()
    past_us = made.now_us - made.next.at_us[rows]
    assert np.allclose(past_us - OVERDUE_AFTER * made.next.steady_us[rows], made.next.late_us[rows], atol=5)
    grown_us = np.hypot(made.next.steady_us[rows], past_us)
    assert np.allclose(grown_us, made.next.plus_minus_us[rows], atol=5)
