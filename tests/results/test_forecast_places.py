"""Places to expect and arrivals per minute to come: estimates, checked against what came of the day."""

from __future__ import annotations

import numpy as np
import pytest
from forecast_days import Day, simulated, with_crossings

from config.plan import MainRank
from results.eligibility import Eligibility
from results.forecast import Due, Forecast, forecast
from results.forecast_flow import arrival_chance, expected_flow
from results.forecast_places import expected_places
from results.rankings import NO_PLACE, rank
from timing.instants import HOUR, MINUTE, MISSING, SECOND


def made_at(day: Day, minutes: float) -> Forecast:
    return forecast(day.frame, day.times, day.at(minutes))


def test_the_expected_place_is_that_of_the_list_were_all_forecasts_true() -> None:
    day = simulated()
    made = made_at(day, 115)
    coming = np.isin(made.finish.due, (Due.EXPECTED, Due.DUE))
    as_if = day.times.crossing_us.copy()
    as_if[-1, as_if[-1] > made.now_us] = MISSING
    as_if[-1, coming] = made.finish_us[coming]
    rankings = rank(day.plan, day.roster, with_crossings(day.times, as_if), Eligibility.of(day.plan, day.roster))
    rows = np.flatnonzero(coming)
    found = expected_places(day.frame, day.times, made, rows)
    assert set(found) == set(MainRank)
    for main, column in (
        (MainRank.OVERALL, rankings.rank_overall),
        (MainRank.SEX, rankings.rank_sex),
        (MainRank.CATEGORY, rankings.rank_category),
    ):
        assert np.array_equal(found[main].place, column[rows]), main
        assert (found[main].place > 0).sum() > 500


def test_the_place_that_came_of_it_lies_between_the_best_and_the_worst() -> None:
    day = simulated()
    made = made_at(day, 110)
    rows = made.arriving(HOUR)
    rows = rows[(made.from_point[rows] == 1) & (day.times.finish_us[rows] != MISSING)]
    rankings = rank(day.plan, day.roster, day.times, Eligibility.of(day.plan, day.roster))
    found = expected_places(day.frame, day.times, made, rows)
    for main, column in ((MainRank.OVERALL, rankings.rank_overall), (MainRank.CATEGORY, rankings.rank_category)):
        place = found[main]
        listed = place.place != NO_PLACE
        assert (place.best <= place.place).all()
        assert (place.place <= place.worst).all()
        inside = (place.best <= column[rows]) & (column[rows] <= place.worst)
        assert np.mean(inside[listed]) > 0.75


def test_nobody_without_a_forecast_has_an_expected_place() -> None:
    day = simulated()
    made = made_at(day, 110)
    rows = np.flatnonzero(made.finish_us == MISSING)[:50]
    for place in expected_places(day.frame, day.times, made, rows).values():
        assert (place.place == NO_PLACE).all()
        assert (place.best == NO_PLACE).all()
        assert (place.worst == NO_PLACE).all()
    for place in expected_places(day.frame, day.times, made, np.empty(0, np.int64)).values():
        assert len(place.place) == 0


def test_whoever_holds_no_place_can_expect_none() -> None:
    day = simulated()
    pacers = np.array([entrant.role == "pacer" for entrant in day.roster.entrants])
    made = made_at(day, 75)
    rows = np.flatnonzero(pacers & (made.finish_us != MISSING))
    assert len(rows)
    assert (expected_places(day.frame, day.times, made, rows)[MainRank.OVERALL].place == NO_PLACE).all()


@pytest.mark.parametrize("minutes", [100.0, 120.5, 150.0])
def test_as_many_are_expected_in_the_coming_hour_as_come(minutes: float) -> None:
    day = simulated(runners=6_000)
    made = made_at(day, minutes)
    flow = expected_flow(made, made.now_us, day.first_gun_us)
    assert flow.first_minute == int(minutes)
    assert len(flow.per_minute) == 60
    finishes = day.times.finish_us[day.frame.timed & (day.times.finish_us > made.now_us)]
    came = np.bincount((finishes - day.first_gun_us) // MINUTE, minlength=400)[flow.first_minute :][:60]
    assert flow.per_minute.sum() == pytest.approx(came.sum(), rel=0.06)
    by_ten = flow.per_minute.reshape(6, 10).sum(axis=1), came.reshape(6, 10).sum(axis=1)
    assert np.abs(by_ten[0] - by_ten[1]).max() < 0.25 * came.sum() / 6 + 20


def test_of_the_minute_that_is_now_only_the_rest_is_told() -> None:
    day = simulated(runners=6_000)
    early, late = made_at(day, 120.02), made_at(day, 120.95)
    first, last = (expected_flow(made, made.now_us, day.first_gun_us).per_minute[0] for made in (early, late))
    assert 0 < last < 0.25 * first


def test_every_runner_is_spread_over_the_plus_minus_and_counted_once() -> None:
    day = simulated()
    made = made_at(day, 115)
    one = np.zeros(len(made), np.bool_)
    rows = made.arriving(HOUR)
    row = rows[made.from_point[rows] == 1][-1]
    one[row] = True
    flow = expected_flow(made, made.now_us, day.first_gun_us, who=one, minutes=240)
    assert flow.per_minute.sum() == pytest.approx(1.0, abs=0.001)
    minute = (int(made.finish_us[row]) - day.first_gun_us) // MINUTE - flow.first_minute
    assert abs(int(flow.per_minute.argmax()) - minute) <= 1
    width = int(made.plus_minus_us[row]) // MINUTE
    assert flow.per_minute[minute - width : minute + width + 1].sum() == pytest.approx(0.8, abs=0.12)


def test_whoever_is_overdue_is_not_waited_for() -> None:
    day = simulated()
    made = made_at(day, 200)
    late = made.finish.due == Due.OVERDUE
    assert late.any()
    assert expected_flow(made, made.now_us, day.first_gun_us, who=late).per_minute.sum() == 0
    assert (arrival_chance(made, np.flatnonzero(late), HOUR) == 0).all()


def test_the_chance_to_come_within_a_minute_is_what_comes_of_it() -> None:
    day = simulated(runners=6_000)
    chances, came = [], []
    for minutes in np.arange(95.0, 160.0, 5.0):
        made = made_at(day, float(minutes))
        rows = made.arriving(4 * MINUTE)
        chances.append(arrival_chance(made, rows, MINUTE))
        finish_us = day.times.finish_us[rows]
        came.append((finish_us != MISSING) & (finish_us <= made.now_us + MINUTE))
    chance, did = np.concatenate(chances), np.concatenate(came)
    assert len(chance) > 1_000
    assert ((chance >= 0) & (chance <= 1)).all()
    assert chance.sum() == pytest.approx(did.sum(), rel=0.2)
    made = made_at(day, 110)
    rows = made.arriving(HOUR)
    assert (arrival_chance(made, rows, 10 * MINUTE) >= arrival_chance(made, rows, 10 * SECOND)).all()
    assert (arrival_chance(made, np.flatnonzero(made.finish_us == MISSING), HOUR) == 0).all()
