"""Moments by the signal for many passings at once are those of each alone, in whole numbers, to the microsecond."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timing.instants import MILLISECOND
from timing.passings import Passings, moments_of
from timing.race import MomentRule
from timing.reads import Float32, Int64, Reads
from timing.signals import fitted_top

BASE_US = 1_730_016_000_000_000
Passage = list[tuple[int, float | None]]
"""Microseconds since the read before, and the signal; of each read of a passing."""


def reads_of(passages: list[Passage]) -> tuple[Reads, Passings]:
    lengths = np.array([len(passage) for passage in passages])
    end = np.cumsum(lengths)
    moments = [BASE_US + np.cumsum([gap for gap, _ in passage]) for passage in passages]
    signals = [np.nan if signal is None else signal for passage in passages for _, signal in passage]
    reads = Reads.of_moments(
        tag=np.repeat(np.arange(len(passages)), lengths).astype(np.int32),
        mat=np.zeros(int(end[-1]), np.int16),
        moment_us=np.concatenate(moments).astype(np.int64),
        rssi=np.array(signals, np.float32),
    )
    none = np.zeros(len(passages), np.int64)
    passings = Passings(
        begin=end - lengths,
        end=end,
        low=end - lengths,
        high=end,
        tag=none.astype(np.int32),
        mat=none.astype(np.int16),
        waiting=none.astype(np.bool_),
    )
    return reads, passings


def one_by_one(reads: Reads, passings: Passings, rule: MomentRule) -> tuple[list[int], list[int]]:
    """The rule of docs/rules.md for each passing alone, in Python's whole numbers."""
    moments, used = [], []
    for low, high in zip(passings.low.tolist(), passings.high.tolist(), strict=True):
        signal = reads.rssi[low:high]
        row = low if np.isnan(signal).all() else low + int(np.nanargmax(signal))
        top = plain_top(reads.moment_us[low:high], signal) if rule is MomentRule.FITTED else None
        moments.append(int(reads.moment_us[row]) if top is None else top)
        used.append(row)
    return moments, used


def plain_top(moment_us: Int64, rssi: Float32) -> int | None:
    heard = ~np.isnan(rssi)
    if int(heard.sum()) < 3:
        return None
    base = int(moment_us[0])
    t = [(int(moment) - base) // MILLISECOND for moment in moment_us[heard]]
    y = [round(float(signal) * 10) for signal in rssi[heard]]
    n, s1, s2, s3, s4 = (sum(each**power for each in t) for power in range(5))
    y0, y1, y2 = (sum(each**power * loud for each, loud in zip(t, y, strict=True)) for power in range(3))
    a = y2 * (s2 * n - s1 * s1) - s3 * (y1 * n - s1 * y0) + s2 * (y1 * s1 - s2 * y0)
    b = s4 * (y1 * n - s1 * y0) - y2 * (s3 * n - s1 * s2) + s2 * (s3 * y0 - y1 * s2)
    if a >= 0:
        return None
    top = base + (-b * MILLISECOND) // (2 * a)
    return top if base <= top <= int(moment_us[-1]) else None


def agree(passages: list[Passage]) -> None:
    reads, passings = reads_of(passages)
    for rule in (MomentRule.STRONGEST, MomentRule.FITTED):
        moment_us, used = moments_of(reads, passings, rule)
        assert (moment_us.tolist(), used.tolist()) == one_by_one(reads, passings, rule)


whole_db = st.integers(-80, -30).map(float)
signals = st.one_of(st.none(), whole_db, whole_db, st.floats(-90, -20, width=32))
plain = st.lists(st.tuples(st.integers(0, 120_000), signals), min_size=1, max_size=40)
even = st.lists(st.tuples(st.just(10_000), whole_db), min_size=3, max_size=9)
"""On a coarse grid tops often lie on a whole microsecond, where rounding decides."""
long = st.lists(st.tuples(st.integers(0, 60_000_000), st.floats(-2_000, 2_000, width=32)), min_size=1, max_size=12)


@settings(deadline=None)
@given(st.lists(st.one_of(plain, even, even, long), min_size=1, max_size=12))
def test_many_passings_at_once_have_the_moments_of_each_alone(passages: list[Passage]) -> None:
    agree(passages)


def test_tops_on_a_whole_microsecond_are_told_exactly() -> None:
    rng = np.random.default_rng(5)
    mirrored = []
    for _ in range(500):
        half = [
            (int(gap), float(loud))
            for gap, loud in zip(rng.integers(1, 50, 6) * 2_000, sorted(rng.integers(-75, -50, 6)), strict=True)
        ]
        back = [(gap, loud) for (gap, _), (_, loud) in zip(reversed(half), reversed(half[:-1]), strict=False)]
        mirrored.append([*half, *back])
    agree(mirrored)


@pytest.mark.parametrize("seed", range(3))
def test_bursts_as_readers_give_them_agree_over_many_blocks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bursts = []
    for _ in range(4_000):
        n = int(rng.integers(1, 60))
        place = np.linspace(-1, 1, n)
        loud = np.rint(-51 + 6 * rng.standard_normal() - 18 * place**2 + 1.6 * rng.standard_normal(n))
        bursts.append(
            [(int(gap), float(signal)) for gap, signal in zip(rng.integers(20_000, 60_000, n), loud, strict=True)]
        )
    agree(bursts)


def test_a_passing_longer_or_louder_than_any_is_left_to_whole_numbers() -> None:
    slow = [(3_000_000, -70.0 + n if n < 10 else -52.0 - n) for n in range(20)]
    agree([slow, [(1_000, 9e6), (1_000, 1e7), (1_000, 9e6)], [(1_000, -60.0), (1_000, -50.0), (1_000, -60.5)]])


def test_equal_moments_and_equal_signals_have_no_top_and_the_first_strongest() -> None:
    flat = [(0, -60.0)] * 5
    reads, passings = reads_of([flat, [(5_000, -60.0), (5_000, -60.0), (5_000, -60.0)]])
    moment_us, used = moments_of(reads, passings, MomentRule.FITTED)
    assert used.tolist() == [0, 5]
    assert moment_us.tolist() == [BASE_US, BASE_US + 5_000]
    assert fitted_top(reads.moment_us[:5], reads.rssi[:5]) is None
