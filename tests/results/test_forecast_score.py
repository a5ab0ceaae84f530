"""How good forecasts are: they beat constant pace on simulated and real splits, and their ± holds what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from forecast_days import REAL_LIST, Day, many_mats, real, simulated, with_crossings, without_profile

from results.forecast import Forecaster
from results.forecast_score import ENOUGH, ForecastScore, PointScore, forecast_score, score_values
from results.forecast_words import error_words, plus_minus_words, score_rows
from results.printing import Language
from timing.instants import MILLISECOND, MINUTE, MISSING, SECOND

needs_the_list = pytest.mark.skipif(not REAL_LIST.exists(), reason="the published list is not on this machine")


def ratios(score: PointScore) -> tuple[float, float]:
    """Median error as made, and as announced, for each of constant pace."""
    assert score.constant is not None
    return (
        score.made.median_us / score.constant.median_us,
        score.announced.median_us / score.constant.median_us,
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_from_the_col_forecasts_are_off_by_a_third_of_what_constant_pace_is(seed: int) -> None:
    found = simulated(seed=seed).score_from("GINESTE")
    assert found.count > 2_500
    assert max(ratios(found)) < 0.33
    assert found.constant is not None
    assert found.announced.p90_us < 0.55 * found.constant.p90_us


def test_from_every_mat_forecasts_beat_constant_pace() -> None:
    score = many_mats().score()
    found = {each.point: each for each in score.points}
    assert list(found) == ["START", "KM5", "GINESTE", "KM15", "M250"]
    assert found["START"].constant is None
    for point, limit in (("KM5", 0.9), ("GINESTE", 0.3), ("KM15", 0.3), ("M250", 0.3)):
        assert max(ratios(found[point])) < limit, point
    assert score.nearest is found["M250"]


@needs_the_list
def test_of_a_real_race_forecasts_beat_constant_pace() -> None:
    found = real().score_from("MILE5")
    assert found.count > 15_000
    made, announced = ratios(found)
    assert made < 0.97
    assert announced < 0.95
    assert found.constant is not None
    assert found.announced.p90_us < 0.97 * found.constant.p90_us


@needs_the_list
def test_of_a_real_race_four_of_five_come_inside_the_plus_minus() -> None:
    found = real().score_from("MILE5")
    assert found.made.covered == pytest.approx(0.8, abs=0.04)
    assert found.announced.covered == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize("seed", [1, 2])
def test_of_a_simulated_race_four_of_five_come_inside_the_plus_minus(seed: int) -> None:
    found = simulated(seed=seed).score_from("GINESTE")
    assert found.made.covered == pytest.approx(0.8, abs=0.06)
    assert found.announced.covered == pytest.approx(0.8, abs=0.06)


def test_the_plus_minus_of_a_narrow_one_is_no_less_true_than_that_of_a_wide_one() -> None:
    for each in many_mats().score().points[1:]:
        assert each.announced.covered is not None
        assert 0.72 < each.announced.covered < 0.93, each.point


def test_without_a_profile_the_day_teaches_what_the_climb_does() -> None:
    day = simulated()
    flat = without_profile(day).score_from("GINESTE")
    made, announced = ratios(flat)
    assert announced < 0.4
    assert announced < made, "by the first minutes nobody can know"
    assert ratios(day.score_from("GINESTE"))[0] < made, "the profile is worth something"


def test_a_day_that_is_harder_than_believed_is_learned() -> None:
    day = simulated()
    harder = slower_from_the_col(day, 1.12)
    found, usual = harder.score_from("GINESTE"), day.score_from("GINESTE")
    assert found.announced.median_us < 1.35 * usual.announced.median_us
    assert abs(found.bias_us) < 0.6 * found.announced.median_us
    first = forecast_score(Forecaster(harder.frame), harder.times, harder.at(75))
    early = next(each for each in first.points if each.point == "GINESTE")
    assert early.bias_us > 2 * MINUTE, "nobody could know"


def slower_from_the_col(day: Day, factor: float) -> Day:
    start, col, finish = day.times.crossing_us
    both = (col != MISSING) & (finish != MISSING)
    later = finish.copy()
    later[both] = col[both] + np.rint((finish - col)[both] * factor).astype(np.int64)
    return day.with_crossings(np.stack([start, col, later]))


def test_the_score_is_of_what_was_forecast_when_they_were_seen() -> None:
    """Each of fifty finishers, by a forecast made at that very instant of what was known then."""
    day = simulated(runners=1_000)
    times = day.times
    start, col, finish = times.crossing_us
    rows = np.flatnonzero((start != MISSING) & (col != MISSING) & (finish != MISSING) & day.frame.timed)[::20]
    late = []
    for row in rows.tolist():
        now_us = int(col[row])
        then = with_crossings(times, np.where(times.crossing_us <= now_us, times.crossing_us, MISSING))
        late.append(abs(int(finish[row]) - int(Forecaster(day.frame).at(then, now_us).finish_us[row])))
    who = np.zeros(len(times), np.bool_)
    who[rows] = True
    score = forecast_score(Forecaster(day.frame), times, day.over_us, who)
    found = next(each for each in score.points if each.point == "GINESTE")
    assert found.count == len(rows) >= 40
    assert abs(found.made.median_us - np.median(late)) <= 2


def test_until_enough_have_come_no_figure_is_shown() -> None:
    day = simulated()
    finished = np.sort(day.times.finish_us[(day.times.finish_us != MISSING) & (day.times.start_us != MISSING)])
    before = day.score(int(finished[ENOUGH - 12]))
    assert before.nearest is None
    assert error_words(before, Language.FR) == "trop peu d'arrivées pour dire l'erreur des prévisions"
    assert error_words(before, Language.EN).startswith("too few arrivals")
    after = day.score(int(finished[ENOUGH + 30]))
    assert after.nearest is not None
    assert day.score(day.at(20)).points == ()


def test_the_score_is_told_in_both_languages_and_as_plain_values() -> None:
    day = simulated()
    score = day.score()
    french, english = error_words(score, Language.FR), error_words(score, Language.EN)
    assert french.startswith("erreur médiane des prévisions aujourd'hui ±")
    assert english.startswith("median error of today's forecasts ±")
    assert [row[0] for row in score_rows(score, day.plan, Language.FR)] == ["Départ", "Col de la Gineste"]
    values = json.loads(json.dumps(score_values(score)))
    assert values["nearest"] == "GINESTE"
    assert [each["point"] for each in values["points"]] == ["START", "GINESTE"]
    assert values["points"][0]["constant"] is None
    assert set(values["points"][1]["announced"]) == {"median_us", "p90_us", "covered"}


@pytest.mark.parametrize(
    ("error_us", "said"),
    [
        (0, "± 0,1 s"),
        (410 * MILLISECOND, "± 0,5 s"),
        (3_200 * MILLISECOND, "± 4 s"),
        (95 * SECOND, "± 1 min 35 s"),
        (4 * MINUTE + SECOND, "± 4 min 10 s"),
    ],
)
def test_an_error_is_never_rounded_down(error_us: int, said: str) -> None:
    assert plus_minus_words(error_us, Language.FR).replace("\u00a0", " ") == said


def test_two_scores_of_the_same_day_are_the_same() -> None:
    day = simulated()
    kept = Forecaster(day.frame)
    for minutes in (70, 90, 150, 120):
        kept.at(day.times, day.at(minutes))
        again: ForecastScore = forecast_score(kept, day.times, day.at(minutes))
        assert again == day.score(day.at(minutes))
