"""Forecasts: how far off they are beside constant pace, on simulated and real splits, and what a tick of them costs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pytest
from forecast_days import REAL_LIST, Day, known_at, many_mats, real, simulated

from results.forecast import Forecaster
from results.forecast_flow import expected_flow
from results.forecast_places import expected_places
from results.forecast_score import Errors, forecast_score
from timing.instants import MINUTE, SECOND

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

RUNNERS = 20_000
DAYS = {
    "Marseille-Cassis, simulated": lambda: simulated(runners=RUNNERS),
    "the same with five splits": lambda: many_mats(runners=RUNNERS),
    "Cherry Blossom 2010, real": real,
}


def test_the_error_beside_that_of_constant_pace() -> None:
    print()
    for name, day_of in DAYS.items():
        if day_of is real and not REAL_LIST.exists():
            continue
        for each in day_of().score().points:
            print(
                f"{name:<28}{each.point:<9}{each.count:>6}  made {words(each.made)}  announced {words(each.announced)}"
            )
            if each.constant is None:
                continue
            made, announced = (e.median_us / each.constant.median_us for e in (each.made, each.announced))
            tail = each.announced.p90_us / each.constant.p90_us
            print(
                f"{'':<45}constant {words(each.constant)}: "
                f"made x {made:.3f}, announced x {announced:.3f} (90 %: x {tail:.3f})"
            )
            assert max(made, announced) < 0.97


def words(errors: Errors) -> str:
    covered = "" if errors.covered is None else f", {100 * errors.covered:.1f} % inside"
    return f"{errors.median_us / SECOND:.1f} s (90 %: {errors.p90_us / SECOND:.1f} s{covered})"


@pytest.mark.parametrize("day_of", [lambda: simulated(runners=RUNNERS), lambda: many_mats(runners=RUNNERS)])
def test_a_tick_with_twenty_thousand_entrants(day_of: Callable[[], Day]) -> None:
    day = day_of()
    begin_us = day.at(110)
    forecaster = Forecaster(day.frame)
    forecaster.at(known_at(day.times, begin_us), begin_us)
    ticks = [begin_us + number * SECOND // 4 for number in range(1, 500)]
    states = [known_at(day.times, now_us) for now_us in ticks]
    taken = []
    for times, now_us in zip(states, ticks, strict=True):
        begun = time.process_time()
        made = forecaster.at(times, now_us)
        taken.append(time.process_time() - begun)
    running = int((made.from_point >= 0).sum())
    print(f"\n{running} on the course: a tick takes {words_ms(taken)}, the slowest {1000 * max(taken):.1f} ms")
    rows = made.arriving(MINUTE)
    for name, work in {
        "places of those arriving": lambda: expected_places(day.frame, times, made, rows),
        "arrivals per minute": lambda: expected_flow(made, made.now_us, day.first_gun_us),
        "the score so far": lambda: forecast_score(forecaster, times, made.now_us),
        "everything from nothing": lambda: Forecaster(day.frame).at(times, made.now_us),
    }.items():
        again = []
        for _ in range(9):
            begun = time.process_time()
            work()
            again.append(time.process_time() - begun)
        print(f"  {name:<28}{words_ms(again)}")
    assert statistics.median(taken) < 0.008


def words_ms(taken: list[float]) -> str:
    return f"{1000 * statistics.median(taken):.2f} ms (99 %: {1000 * float(np.quantile(taken, 0.99)):.2f} ms)"
