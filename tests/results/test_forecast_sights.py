"""Spotters' reports between the mats: they move a forecast by as much as they are surer than it was, and no result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from forecast_days import Day, many_mats, simulated, with_crossings

from results.forecast import Due, Forecast, forecast
from results.forecast_observations import Observation, observations_of
from timing.desk_entries import PassingOrderBody
from timing.instants import HOUR, MINUTE, MISSING, SECOND
from timing.roster import Bib

COL, KM15 = 2, 3


def runner_at_the_col(day: Day) -> tuple[int, int, int]:
    """A runner of the middle, when they were at the col, and when they are expected, seen from there."""
    times = day.times
    seen = np.flatnonzero((times.crossing_us != MISSING).all(axis=0) & day.frame.learns)
    row = int(seen[np.argsort(times.crossing_us[1][seen])[400]])
    col_us = int(times.crossing_us[1, row])
    return row, col_us, int(forecast(day.frame, times, col_us).finish_us[row])


def told(day: Day, now_us: int, *seen: Observation) -> Forecast:
    return forecast(day.frame, day.times, now_us, seen)


def expected_at(day: Day, row: int, col_us: int, finish_us: int, metres: int) -> int:
    pace = day.frame.pace
    part = (pace.flat(metres) - pace.flat(10_000)) / (pace.flat(20_000) - pace.flat(10_000))
    return col_us + round(float(part) * (finish_us - col_us))


def test_whoever_passes_late_is_expected_later_and_whoever_is_early_sooner() -> None:
    day = simulated()
    row, col_us, finish_us = runner_at_the_col(day)
    now_us = expected_at(day, row, col_us, finish_us, 15_000) + 5 * MINUTE
    finish_us = int(told(day, now_us).finish_us[row])
    usual = expected_at(day, row, col_us, finish_us, 15_000)
    instants = []
    for late_us in (-2 * MINUTE, 0, 2 * MINUTE):
        made = told(day, now_us, Observation(entrant=row, metres=15_000, at_us=usual + late_us, error_us=5 * SECOND))
        assert made.observed[row]
        assert made.from_point[row] == 1, "a report is no mat"
        instants.append(int(made.finish_us[row]))
    early, same, late = instants
    assert same == pytest.approx(finish_us, abs=2 * SECOND)
    assert early < same - 3 * MINUTE
    assert late > same + 3 * MINUTE


def test_a_report_far_along_is_surer_than_the_col_and_an_unsure_one_less_so() -> None:
    day = simulated()
    row, col_us, finish_us = runner_at_the_col(day)
    usual = expected_at(day, row, col_us, finish_us, 18_000)
    now_us = usual + 30 * SECOND
    widths = [int(told(day, now_us).plus_minus_us[row])]
    for error_us in (2 * MINUTE, 30 * SECOND, 5 * SECOND):
        seen = Observation(entrant=row, metres=18_000, at_us=usual, error_us=error_us)
        made = told(day, now_us, seen)
        widths.append(int(made.plus_minus_us[row]))
    assert widths == sorted(widths, reverse=True)


def test_reports_make_forecasts_better_but_less_than_a_mat_there_would() -> None:
    day = many_mats()
    times = day.times
    who = np.flatnonzero((times.crossing_us != MISSING).all(axis=0) & day.frame.learns)
    unseen = times.crossing_us.copy()
    unseen[[COL - 1, KM15 + 1]] = MISSING
    times = with_crossings(times, unseen)
    unseen = unseen.copy()
    unseen[KM15] = MISSING
    blind = with_crossings(times, unseen)
    now_us = day.at(115)
    rows = who[(times.crossing_us[KM15][who] <= now_us) & (times.finish_us[who] > now_us + 5 * MINUTE)]
    assert len(rows) > 200
    rng = np.random.default_rng(1)
    seen = [
        Observation(
            entrant=row,
            metres=15_000,
            at_us=min(now_us, int(times.crossing_us[KM15, row]) + int(rng.normal(0, 8 * SECOND))),
            error_us=10 * SECOND,
        )
        for row in rows.tolist()
    ]
    without, reported = forecast(day.frame, blind, now_us), forecast(day.frame, blind, now_us, seen)
    by_mat = forecast(day.frame, times, now_us)
    late = [np.abs(times.finish_us[rows] - each.finish_us[rows]) for each in (without, reported, by_mat)]
    assert np.median(late[1]) < 0.8 * np.median(late[0])
    assert np.median(late[2]) < np.median(late[1])
    held = np.mean(late[1] <= reported.plus_minus_us[rows])
    assert held > 0.7
    assert (reported.plus_minus_us[rows] < without.plus_minus_us[rows]).mean() > 0.95
    assert (reported.plus_minus_us[rows] > by_mat.plus_minus_us[rows]).mean() > 0.95


def test_the_last_report_that_can_be_true_is_used() -> None:
    day = simulated()
    row, col_us, finish_us = runner_at_the_col(day)
    first = Observation(entrant=row, metres=14_000, at_us=expected_at(day, row, col_us, finish_us, 14_000) + MINUTE)
    second = Observation(entrant=row, metres=17_000, at_us=expected_at(day, row, col_us, finish_us, 17_000) + MINUTE)
    somebody_else = Observation(entrant=row, metres=12_000, at_us=second.at_us + 25 * MINUTE)
    to_come = Observation(entrant=row, metres=19_000, at_us=second.at_us + 30 * MINUTE)
    gone = day.times.crossing_us.copy()
    gone[-1, row] = MISSING
    day = day.with_crossings(gone)
    now_us = second.at_us + 26 * MINUTE
    only = told(day, now_us, second)
    every = told(day, now_us, somebody_else, first, to_come, second)
    assert every.finish_us[row] == only.finish_us[row] != told(day, now_us, first).finish_us[row]


@pytest.mark.parametrize(
    ("metres", "after_col_us"),
    [
        (9_000, 5 * MINUTE),
        (10_000, MINUTE),
        (20_000, 50 * MINUTE),
        (25_000, 50 * MINUTE),
        (15_000, -MINUTE),
        (15_000, 3 * MINUTE),
        (15_000, 3 * HOUR),
    ],
    ids=["before the mat", "at the mat", "at the finish", "beyond", "before the crossing", "a motorcycle", "a sleeper"],
)
def test_what_cannot_be_true_changes_nothing(metres: int, after_col_us: int) -> None:
    day = simulated()
    row, col_us, _ = runner_at_the_col(day)
    gone = day.times.crossing_us.copy()
    gone[-1, row] = MISSING
    day = day.with_crossings(gone)
    now_us = col_us + 4 * HOUR
    seen = Observation(entrant=row, metres=metres, at_us=col_us + after_col_us)
    made, usual = told(day, now_us, seen), told(day, now_us)
    assert not made.observed[row]
    assert made.finish_us[row] == usual.finish_us[row] != MISSING
    assert made.plus_minus_us[row] == usual.plus_minus_us[row]


def test_of_whoever_has_finished_or_never_starts_a_report_makes_no_arrival() -> None:
    day = simulated()
    row, col_us, finish_us = runner_at_the_col(day)
    usual = expected_at(day, row, col_us, finish_us, 15_000)
    seen = Observation(entrant=row, metres=15_000, at_us=usual)
    after = told(day, int(day.times.finish_us[row]) + MINUTE, seen)
    assert after.finish_us[row] == MISSING
    assert after.finish.due[row] == Due.NONE


def test_whoever_no_mat_has_seen_is_forecast_once_somebody_has() -> None:
    """A dead chip in front: the spotter sees them all the same."""
    day = simulated()
    row, col_us, finish_us = runner_at_the_col(day)
    gone = day.times.crossing_us.copy()
    gone[:, row] = MISSING
    dead = day.with_crossings(gone)
    usual = expected_at(day, row, col_us, finish_us, 15_000)
    now_us = usual + MINUTE
    assert told(dead, now_us).finish_us[row] == MISSING
    made = told(dead, now_us, Observation(entrant=row, metres=15_000, at_us=usual, error_us=5 * SECOND))
    assert made.observed[row]
    assert made.from_point[row] == -1
    assert made.next_point[row] == 2
    assert abs(int(made.finish_us[row]) - finish_us) < 6 * MINUTE
    assert told(dead, now_us).finish_us[row] == MISSING


def test_an_order_of_passing_tells_of_each_runner_in_it_the_first_most_surely() -> None:
    roster = simulated().roster
    bibs = tuple(entrant.bib for entrant in roster.entrants[:3])
    at_us = simulated().at(40) + 7 * SECOND
    order = PassingOrderBody(metres=8_000, bibs=(bibs[0], Bib("no bib"), *bibs[1:]), at_us=at_us, author="Moto 1")
    found = observations_of([order], roster)
    assert [seen.entrant for seen in found] == [0, 1, 2]
    assert {seen.metres for seen in found} == {8_000}
    assert found[0].at_us == at_us
    assert [seen.at_us for seen in found] == sorted(seen.at_us for seen in found)
    assert found[0].error_us < found[1].error_us < found[2].error_us
    whole_minute = observations_of([replace(order, at_us=at_us - at_us % MINUTE)], roster)
    assert whole_minute[0].error_us >= 30 * SECOND > found[0].error_us


def test_reports_leave_everybody_else_and_what_is_kept_as_it_was() -> None:
    day = simulated()
    row, col_us, finish_us = runner_at_the_col(day)
    usual = expected_at(day, row, col_us, finish_us, 15_000)
    seen = Observation(entrant=row, metres=15_000, at_us=usual + 2 * MINUTE)
    made, plain = told(day, usual + 3 * MINUTE, seen), told(day, usual + 3 * MINUTE)
    others = np.arange(len(made)) != row
    assert np.array_equal(made.finish_us[others], plain.finish_us[others])
    assert not made.observed[others].any()
