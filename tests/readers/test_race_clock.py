"""The race clock: the same instant in every process that is given the same text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.race_clock import BadRaceClock, RaceClock


class Hands:
    """Two clocks set by hand."""

    def __init__(self, real_us: int, steady_us: int) -> None:
        self.real_us = real_us
        self.steady_us = steady_us

    def clock(self, epoch_us: int, rate: str, zero_us: int) -> RaceClock:
        return RaceClock(epoch_us, rate, zero_us, real_us=lambda: self.real_us, steady_us=lambda: self.steady_us)


def test_a_race_at_sixty_times_life_is_a_minute_further_after_a_second() -> None:
    hands = Hands(1_000_000, 5)
    clock = hands.clock(10_000_000, "60", 1_000_000)
    assert clock.now_us() == 10_000_000
    hands.steady_us += 1_000_000
    assert clock.now_us() == 70_000_000


def test_processes_that_join_late_show_the_same_instant() -> None:
    first = Hands(1_000_000, 0)
    early = first.clock(0, "30", 1_000_000)
    first.steady_us += 7_000_000
    late = Hands(8_000_000, 123_456).clock(0, "30", 1_000_000)
    assert early.now_us() == late.now_us() == 210_000_000


def test_a_step_of_the_hosts_clock_does_not_reach_a_simulated_race() -> None:
    hands = Hands(1_000_000, 0)
    clock = hands.clock(0, "1", 1_000_000)
    hands.real_us += 3_600_000_000
    assert clock.now_us() == 0


def test_the_real_clock_is_the_hosts() -> None:
    assert RaceClock.real().is_real
    assert abs(RaceClock.real().now_us() - time.time_ns() // 1000) < 1_000_000
    assert not RaceClock.simulated(0, 1).is_real


def test_as_fast_as_possible_stands_at_the_last_instant_and_waits_for_nothing() -> None:
    clock = RaceClock.fastest(5_000)
    assert clock.now_us() == 5_000
    assert clock.is_fastest
    assert clock.real_seconds_until(10**18) == 0.0
    assert RaceClock.parse(str(clock)) == clock
    assert "max" in str(clock)


def test_real_seconds_until_an_instant_shrink_with_the_rate() -> None:
    hands = Hands(0, 0)
    clock = hands.clock(0, "60", 0)
    assert clock.real_seconds_until(60_000_000) == 1.0
    assert clock.real_seconds_until(-1) == 0.0


@settings(deadline=None)
@given(
    epoch_us=st.integers(-(10**17), 10**17),
    rate=st.one_of(st.integers(0, 10**6), st.sampled_from(["0.5", "59.94", "0.000000001"])),
    zero_us=st.integers(-(10**17), 10**17),
)
def test_the_text_of_a_clock_makes_the_same_clock(epoch_us: int, rate: int | str, zero_us: int) -> None:
    clock = RaceClock(epoch_us, rate, zero_us)
    again = RaceClock.parse(str(clock))
    assert again == clock
    assert again.rate == clock.rate


def test_a_simulated_clock_that_begins_at_the_epoch_is_not_taken_for_the_real_one() -> None:
    clock = RaceClock(0, 1, 1_700_000_000_000_000)
    assert RaceClock.parse(str(clock)) == clock
    assert not RaceClock.parse(str(clock)).is_real


def test_a_person_gives_the_hour_of_the_race_that_it_is_now() -> None:
    for text in ("2024-10-27T08:55:00+01:00@60", "2024-10-27T07:55Z@60"):
        clock = RaceClock.parse(text)
        assert (clock.epoch_us, clock.rate) == (1_730_015_700_000_000, 60)
        assert 0 <= clock.now_us() - clock.epoch_us < 60 * 30 * 1_000_000
        assert RaceClock.parse(str(clock)) == clock, "what is given to the other processes"
    assert RaceClock.parse("2024-10-27T08:55:00+01:00@max").is_fastest


@pytest.mark.parametrize(
    "text",
    [
        "2024-10-27T08:55:00@60",
        "2024-10-27@60@1",
        "2024-13-27T08:55Z@1",
        "",
        "now",
        "1@2",
        "1@-2@3",
        "1@1e3@3",
        "a@1@3",
        "1@1@3@4",
        "1@@3",
    ],
)
def test_a_text_that_is_no_clock_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(BadRaceClock, match="epoch_us@rate@zero_real_us"):
        RaceClock.parse(text)


def test_a_clock_cannot_run_backwards() -> None:
    with pytest.raises(BadRaceClock, match="backwards"):
        RaceClock(0, -1, 0)
