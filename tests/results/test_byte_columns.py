"""Columns of characters say what `str`, `duration_machine` and a join by commas say."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from results.byte_columns import Chars, clock_chars, csv_rows, integer_chars, text_chars
from results.printing import duration_machine
from timing.instants import MISSING

INTEGERS = st.lists(st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-20_000, 20_000) | st.just(MISSING), max_size=20)
SECONDS = st.lists(st.integers(-(10**6), 10**6) | st.just(MISSING), max_size=20)
TEXTS = st.lists(st.text(st.characters(exclude_characters="\0,\n", codec="utf-8"), max_size=9), max_size=20)


def texts_of(chars: Chars) -> list[str]:
    return [bytes(row).replace(b"\0", b"").decode() for row in chars]


@given(INTEGERS)
def test_integers_are_exact_and_missing_is_empty(values: list[int]) -> None:
    found = texts_of(integer_chars(np.array(values, dtype=np.int64)))
    assert found == ["" if value == MISSING else str(value) for value in values]


@given(SECONDS)
def test_seconds_are_written_as_elsewhere_and_missing_is_empty(seconds: list[int]) -> None:
    found = texts_of(clock_chars(np.array(seconds, dtype=np.int64)))
    assert found == ["" if second == MISSING else duration_machine(second) for second in seconds]


@given(TEXTS)
def test_texts_are_what_they_were(texts: list[str]) -> None:
    assert texts_of(text_chars(texts)) == texts


@given(TEXTS)
def test_rows_are_the_columns_joined_by_commas(texts: list[str]) -> None:
    numbers = np.arange(len(texts), dtype=np.int64)
    rows = csv_rows([text_chars(texts), integer_chars(numbers), text_chars(texts)])
    assert rows.decode() == "".join(f"{text},{number},{text}\n" for number, text in enumerate(texts))
