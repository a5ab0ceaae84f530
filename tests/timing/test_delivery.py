"""What came of a collector's store: cursors are sets of numbers, whatever the order in which they come."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from timing.delivery import Cursor, Ranges


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 6)), max_size=20))
def test_ranges_are_the_set_of_their_numbers(added: list[tuple[int, int]]) -> None:
    ranges, numbers = Ranges(), set()
    for first, count in added:
        ranges.add(first, first + count - 1)
        numbers |= set(range(first, first + count))
    found = list(ranges)
    assert {n for first, last in found for n in range(first, last + 1)} == numbers
    assert all(first <= last for first, last in found)
    assert all(a[1] + 1 < b[0] for a, b in itertools.pairwise(found)), "neighbours grow together"
    assert len(ranges) == len(found)
    assert all((n in ranges) == (n in numbers) for n in range(50))


def test_through_ends_at_the_first_gap_and_also_holds_the_rest() -> None:
    cursor = Cursor()
    assert (cursor.through, cursor.also) == (0, [])
    cursor.add(101, 100)
    assert (cursor.through, cursor.also) == (0, [(101, 200)])
    cursor.add(1, 50)
    assert (cursor.through, cursor.also) == (50, [(101, 200)])
    cursor.lose(51, 60)
    assert cursor.through == 60
    cursor.add(61, 40)
    assert (cursor.through, cursor.also) == (200, [])
    assert 200 in cursor
    assert 201 not in cursor


def test_a_number_with_another_content_is_found_however_long_ago_it_came() -> None:
    cursor = Cursor()
    cursor.add(250, 10, list(range(1, 11)))
    cursor.add(10**15, 1, [77])
    assert cursor.conflicts(250, list(range(1, 11))) == []
    assert cursor.conflicts(248, [9, 9, 1, 5, 3]) == [251]
    assert cursor.conflicts(10**15, [78]) == [10**15]
    cursor.add(250, 2)
    cursor.add(251, 1, [5])
    assert cursor.conflicts(251, [5]) == [251], "what came first stays"
    assert cursor.conflicts(251, [0]) == [], "an unknown content is no conflict"
