"""How often a code may be tried: an address waits longer with each failure, the others hardly notice."""

import pytest

from results.web.attempts import (
    ADDRESSES_MAX,
    FORGOTTEN_S,
    FREE,
    LONGEST_DELAY_S,
    LONGEST_WAIT_S,
    STORM,
    Attempts,
    wait_after,
)


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    return Attempts(now_s=clock)


def fail(attempts: Attempts, address: str, times: int) -> None:
    for _ in range(times):
        assert not attempts.admit(address).wait_s


def test_the_wait_of_an_address_grows_with_its_failures_up_to_half_a_minute(attempts: Attempts, clock: Clock) -> None:
    fail(attempts, "10.0.0.1", FREE)
    waits = []
    for _ in range(6):
        wait_s = attempts.admit("10.0.0.1").wait_s
        waits.append(wait_s)
        clock.now_s += wait_s - 0.01
        assert attempts.admit("10.0.0.1").wait_s > 0, "not a moment earlier, and trying makes it no longer"
        clock.now_s += 0.02
        assert attempts.admit("10.0.0.1").wait_s == 0
    assert waits == pytest.approx([2, 4, 8, 16, LONGEST_WAIT_S, LONGEST_WAIT_S], abs=0.01)
    assert wait_after(10_000) == LONGEST_WAIT_S


def test_others_are_not_held_up_by_one_that_fails(attempts: Attempts) -> None:
    fail(attempts, "10.0.0.1", FREE)
    assert attempts.admit("10.0.0.1").wait_s > 0
    assert attempts.admit("10.0.0.2").wait_s == 0


def test_tries_at_the_same_time_are_counted_before_they_are_answered(attempts: Attempts) -> None:
    admitted = [attempts.admit("10.0.0.1").wait_s == 0 for _ in range(50)]
    assert sum(admitted) == FREE


def test_a_right_code_is_no_failure_and_clears_none(attempts: Attempts) -> None:
    fail(attempts, "10.0.0.1", FREE - 1)
    for _ in range(20):
        assert attempts.admit("10.0.0.1").wait_s == 0
        attempts.succeeded("10.0.0.1")
    fail(attempts, "10.0.0.1", 1)
    assert attempts.admit("10.0.0.1").wait_s > 0


def test_failures_are_forgotten_after_a_quarter_of_an_hour(attempts: Attempts, clock: Clock) -> None:
    fail(attempts, "10.0.0.1", FREE)
    clock.now_s += FORGOTTEN_S + 1
    fail(attempts, "10.0.0.1", FREE)


def test_a_storm_from_many_addresses_slows_all_and_refuses_none(attempts: Attempts, clock: Clock) -> None:
    for n in range(STORM * 5):
        assert attempts.admit(f"10.0.{n // 250}.{n % 250}").wait_s == 0
    crew = attempts.admit("10.9.9.9")
    assert crew.wait_s == 0
    assert 0 < crew.delay_s <= LONGEST_DELAY_S
    clock.now_s += 61
    assert attempts.admit("10.9.9.8").delay_s == 0


def test_an_ipv6_network_is_one_address_and_a_mapped_ipv4_is_itself(attempts: Attempts) -> None:
    fail(attempts, "2001:db8::1", FREE)
    assert attempts.admit("2001:db8::ffff:1").wait_s > 0
    assert attempts.admit("2001:db8:0:1::1").wait_s == 0
    fail(attempts, "::ffff:10.0.0.1", FREE)
    assert attempts.admit("10.0.0.1").wait_s > 0
    assert attempts.admit("fe80::1%eth0").wait_s == 0


def test_what_is_remembered_is_bounded(attempts: Attempts) -> None:
    for n in range(ADDRESSES_MAX + 500):
        attempts.admit(f"address-{n}")
    assert len(attempts._tries) == ADDRESSES_MAX
