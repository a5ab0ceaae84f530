"""The arithmetic of confirmed numbers, against plain sets of integers."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.collector_cursor import Cursor, clipped

RANGES = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=25
)


def numbers(ranges):
    return {number for first, last in ranges for number in range(first, last + 1)}


@given(RANGES)
def test_a_cursor_holds_exactly_the_union_of_what_was_added(ranges):
    cursor = Cursor(0, ranges)
    assert numbers(cursor.ranges) == numbers(ranges)
    assert len(cursor) == len(numbers(ranges))
    assert all((number in cursor) == (number in numbers(ranges)) for number in range(75))


@given(RANGES)
def test_ranges_are_sorted_and_neither_touch_nor_overlap(ranges):
    kept = Cursor(0, ranges).ranges
    assert all(before[1] + 1 < after[0] for before, after in itertools.pairwise(kept))


@given(RANGES, RANGES)
def test_through_and_contents_never_decrease(earlier, later):
    cursor = Cursor(0, earlier)
    for first, last in later:
        through, held = cursor.through, numbers(cursor.ranges)
        cursor.add(first, last)
        assert cursor.through >= through
        assert numbers(cursor.ranges) >= held


@given(RANGES, st.permutations(range(25)))
def test_order_and_repetition_of_additions_do_not_matter(ranges, order):
    again = [ranges[at % len(ranges)] for at in order] if ranges else []
    assert Cursor(0, ranges) == Cursor(0, [*again, *ranges, *again])


@given(RANGES, st.integers(1, 60), st.integers(0, 20))
def test_adding_tells_exactly_what_was_new(ranges, first, more):
    cursor = Cursor(0, ranges)
    before = numbers(cursor.ranges)
    fresh = cursor.add(first, first + more)
    assert numbers(fresh) == set(range(first, first + more + 1)) - before


@given(RANGES, st.integers(1, 80), st.integers(-2, 30))
def test_missing_is_the_complement_within_the_span(ranges, first, more):
    cursor = Cursor(0, ranges)
    missing = tuple(cursor.missing(first, first + more))
    assert numbers(missing) == {n for n in range(first, first + more + 1) if n not in cursor}
    assert list(missing) == sorted(missing)


@given(RANGES)
def test_through_also_and_gaps_describe_one_set(ranges):
    cursor = Cursor(0, ranges)
    assert Cursor(cursor.through, cursor.also) == cursor
    assert numbers(cursor.gaps()) | numbers(cursor.ranges) == set(range(1, cursor.highest + 1))
    assert cursor.through + 1 not in cursor


@given(RANGES, st.integers(1, 60), st.integers(0, 20))
def test_clipping_keeps_what_lies_within(ranges, first, more):
    assert numbers(clipped(ranges, first, first + more)) == numbers(ranges) & set(range(first, first + more + 1))


@pytest.mark.parametrize(("first", "last"), [(0, 3), (-2, 3), (5, 4)])
def test_a_range_that_is_none_is_a_mistake_of_the_caller(first, last):
    with pytest.raises(ValueError, match="not a range"):
        Cursor().add(first, last)


def test_a_copy_grows_alone():
    cursor = Cursor(10, [(20, 30)])
    copy = cursor.copy()
    copy.add(11, 19)
    assert (cursor.through, copy.through) == (10, 30)
