"""F06 and F36: a step of this computer's clock, and a closed lid, are seen and told apart."""

from __future__ import annotations

import pytest

from calanque.host_clock import HostClock, in_words
from timing.entries import HostStepBody, NoteBody
from timing.instants import HOUR, MINUTE, SECOND


class Clocks:
    def __init__(self) -> None:
        self.wall_us = 1_730_016_000 * SECOND
        self.steady_us = 5 * SECOND
        self.host = HostClock(wall_us=lambda: self.wall_us, steady_us=lambda: self.steady_us)

    def go(self, us: int, step_us: int = 0) -> None:
        self.wall_us += us + step_us
        self.steady_us += us


@pytest.mark.parametrize("step_us", [8 * SECOND, -HOUR, 501_000, -501_000])
def test_f06_a_step_is_told_once_with_the_new_time(step_us: int) -> None:
    clocks = Clocks()
    clocks.go(SECOND // 2)
    assert clocks.host.look() == ()
    clocks.go(SECOND // 2, step_us)
    assert clocks.host.look() == (HostStepBody(at_us=clocks.wall_us, step_us=step_us),)
    clocks.go(SECOND // 2)
    assert clocks.host.look() == ()


def test_f06_a_clock_that_is_hurried_a_little_for_hours_makes_no_step() -> None:
    clocks = Clocks()
    for _ in range(2 * 3600):
        clocks.go(SECOND // 2, 250)
        assert clocks.host.look() == ()


def test_f36_a_closed_lid_is_a_pause_and_no_step() -> None:
    clocks = Clocks()
    clocks.go(10 * MINUTE)
    (seen,) = clocks.host.look()
    assert isinstance(seen, NoteBody)
    assert "600.0 s" in seen.text


def test_the_real_clocks_of_this_computer_agree() -> None:
    host = HostClock()
    assert host.look() == ()


def test_it_is_said_in_words() -> None:
    assert "moved by -3600.0 s" in in_words(HostStepBody(at_us=0, step_us=-HOUR))
