"""Times as people read them; the one rounding."""

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from results_builder import ZONE

from config.plan import ReadingMode, Rounding
from results.printing import (
    Language,
    count,
    duration,
    duration_column,
    hour,
    moment,
    place_word,
    printed_column,
)
from timing.instants import HOUR, MISSING, SECOND

SAMPLES = [
    (12, "0'12", "0:12", "0:00:12"),
    (3438, "57'18", "57:18", "0:57:18"),
    (3600, "1h00'00", "1:00:00", "1:00:00"),
    (3958, "1h05'58", "1:05:58", "1:05:58"),
    (36_061, "10h01'01", "10:01:01", "10:01:01"),
    (0, "0'00", "0:00", "0:00:00"),
    (-61, "-1'01", "-1:01", "-0:01:01"),
]


@pytest.mark.parametrize(("seconds", "french", "english", "machine"), SAMPLES)
def test_a_duration_is_written_as_its_readers_write_it(seconds: int, french: str, english: str, machine: str) -> None:
    assert duration(seconds, Language.FR) == french
    assert duration(seconds, Language.EN) == english
    assert duration(seconds, Language.MACHINE) == machine


def test_any_fraction_of_a_second_goes_up_and_a_whole_second_stays() -> None:
    values = np.array([3600 * SECOND, 3600 * SECOND + 1, 3601 * SECOND - 1, MISSING])
    assert duration_column(values, Rounding(), Language.MACHINE, missing="?") == ["1:00:00", "1:00:01", "1:00:01", "?"]


microseconds = st.integers(0, 12 * HOUR)


@given(st.lists(microseconds, max_size=20), st.sampled_from(list(ReadingMode)), st.sampled_from([1, 10_000, 100_000]))
def test_a_column_is_rounded_like_each_of_its_values(values: list[int], mode: ReadingMode, step: int) -> None:
    def expected(value: int) -> int:
        steps = Fraction(value, step)
        read = {
            ReadingMode.UP: ceil(steps),
            ReadingMode.DOWN: floor(steps),
            ReadingMode.NEAREST: floor(steps + Fraction(1, 2)),
        }[mode]
        return ceil(Fraction(read * step, SECOND))

    column = printed_column(np.array(values, dtype=np.int64), Rounding(reading_us=step, reading=mode))
    assert column.tolist() == [expected(value) for value in values]


def test_the_hour_of_the_day_is_that_of_the_race_on_both_sides_of_the_change_of_the_clocks() -> None:
    one_hour_before = 1_729_987_200 * SECOND
    assert hour(one_hour_before - 1, ZONE) == "01:59:59"
    assert hour(one_hour_before, ZONE) == "02:00:00"
    assert hour(one_hour_before + HOUR, ZONE) == "02:00:00"
    assert moment(one_hour_before + HOUR + 1, ZONE) == "2024-10-27T02:00:00.000001+01:00"


def test_counts_and_places_are_words_of_the_language() -> None:
    assert count(15_762, Language.FR) == "15\u00a0762"
    assert count(15_762, Language.EN) == "15,762"
    assert [place_word(n, Language.FR) for n in (1, 2)] == ["1er", "2e"]
    assert place_word(1, Language.FR, feminine=True) == "1re"
    assert [place_word(n, Language.EN) for n in (1, 2, 3, 11, 12, 13, 21, 112)] == [
        "1st", "2nd", "3rd", "11th", "12th", "13th", "21st", "112th"
    ]  # fmt: skip
