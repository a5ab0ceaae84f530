"""Reads are put in one order, exact equals once and the stronger kept, however wide apart their moments lie."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from timing.passings import arrange
from timing.reads import Reads, same_for_all

Row = tuple[int, int, int, int, float]
"""Tag, mat, moment, antenna, signal."""

NINE_US = 1_730_016_000_000_000
near = st.integers(NINE_US, NINE_US + 5)
anywhere = st.one_of(near, st.sampled_from([-(2**62), 946_684_800_000_000, 0, 2**62]))


def rows_with(moments: st.SearchStrategy[int], antennas: st.SearchStrategy[int]) -> st.SearchStrategy[list[Row]]:
    signal = st.sampled_from([math.nan, -70.0, -60.0, -50.0])
    tags = st.sampled_from([-1, 0, 1, 2, 2**20])
    return st.lists(st.tuples(tags, st.integers(-1, 5), moments, antennas, signal), min_size=1, max_size=40)


races = st.one_of(
    rows_with(near, st.integers(-1, 9)), rows_with(anywhere, st.integers(-1, 9)), rows_with(anywhere, st.just(-1))
)


def plainly(rows: list[Row]) -> list[Row]:
    """Sorted, and of equals the first of the strongest."""
    kept: dict[tuple[int, int, int, int], float] = {}
    for *place, signal in rows:
        tag, mat, moment, antenna = place
        known = kept.get((tag, mat, moment, antenna), math.nan)
        if (tag, mat, moment, antenna) not in kept or math.isnan(known) or signal > known:
            kept[tag, mat, moment, antenna] = signal
    return [(*place, kept[place]) for place in sorted(kept)]


def columns(rows: list[Row]) -> Reads:
    tag, mat, moment, antenna, rssi = zip(*rows, strict=True)
    return Reads.of_moments(tag=tag, mat=mat, moment_us=moment, antenna=antenna, rssi=rssi)


def listed(reads: Reads) -> list[str]:
    parts = (reads.tag, reads.mat, reads.moment_us, reads.antenna, reads.rssi)
    return [str(row) for row in zip(*(part.tolist() for part in parts), strict=True)]


@settings(deadline=None)
@given(races)
def test_reads_stand_in_one_order_and_of_equals_the_stronger_is_kept(rows: list[Row]) -> None:
    reads = columns(rows)
    arranged = arrange(reads)
    assert listed(arranged.reads) == [str(row) for row in plainly(rows)]
    assert arranged.repeats == len(rows) - len(arranged.reads)
    assert arranged.rows is not None
    assert listed(reads.take(arranged.rows)) == listed(arranged.reads)


@settings(deadline=None)
@given(races)
def test_without_rows_and_signals_the_order_is_the_same(rows: list[Row]) -> None:
    silent = [(*row[:4], math.nan) for row in rows]
    reads = columns(silent)
    quick = arrange(reads, with_rows=False)
    assert listed(quick.reads) == listed(arrange(reads).reads)
    assert quick.repeats == arrange(reads).repeats
    antenna = same_for_all(np.int16(-1), len(rows))
    without = Reads(**{name: getattr(reads, name) for name in Reads.__slots__} | {"antenna": antenna})
    assert listed(arrange(without, with_rows=False).reads) == listed(arrange(without).reads)
