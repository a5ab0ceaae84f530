"""Columns of reads: what has one value in every row stays one value, and reads the same as a column written out."""

import numpy as np
import pytest

from timing.reads import Float32, Reads, is_same_for_all, same_for_all

NAN = float("nan")


def reads_with(rssi: Float32) -> Reads:
    n = len(rssi)
    return Reads.of_moments(tag=range(n), mat=[0] * n, moment_us=range(n), rssi=rssi)


def silent(count: int) -> Reads:
    return reads_with(same_for_all(np.float32(NAN), count))


def heard(*rssi: float) -> Reads:
    return reads_with(np.array(rssi, np.float32))


def test_what_is_the_same_for_all_stays_so_when_cut_and_joined() -> None:
    joined = Reads.concat([silent(3), heard(), silent(2)])
    cut = joined.take(np.array([4, 0, 2]))
    assert [len(joined.rssi), len(cut.rssi)] == [5, 3]
    assert is_same_for_all(joined.rssi)
    assert is_same_for_all(cut.rssi)
    assert cut.tag.tolist() == [1, 0, 2]


@pytest.mark.parametrize("other", [heard(-50.0), reads_with(same_for_all(np.float32(-50), 1))])
def test_columns_that_differ_are_joined_value_by_value(other: Reads) -> None:
    joined = Reads.concat([silent(2), other])
    np.testing.assert_array_equal(joined.rssi, np.array([NAN, NAN, -50.0], np.float32))


def test_no_reads_can_be_cut_and_joined() -> None:
    nothing = silent(2).take(slice(0, 0))
    assert len(nothing) == 0
    assert len(Reads.concat([nothing, nothing]).rssi) == 0
    assert Reads.concat([nothing, silent(1)]).rssi.dtype == np.float32
