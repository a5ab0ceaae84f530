"""What of a store's numbering has been taken: everything up to `through`, and ranges beyond it.

Pure arithmetic on sets of integers from 1 on. Used by the engine for what is journalled, by the collector for what was
confirmed to it. Only grows. Knows no message and no store.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, Self, TypeAlias

Range: TypeAlias = tuple[int, int]
"""First and last number, both included."""

HIGHEST: Final = 2**53
"""No number reaches this: what JSON readers of other languages still hold exactly."""


class Cursor:
    """A growing set of numbers >= 1, kept as sorted ranges that neither touch nor overlap."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, through: int = 0, also: Iterable[Range] = ()) -> None:
        """Raises: ValueError when a range is turned around or starts below 1."""
        self._starts: list[int] = []
        self._ends: list[int] = []
        if through:
            self.add(1, through)
        for first, last in also:
            self.add(first, last)

    @property
    def through(self) -> int:
        """All numbers from 1 to this one are in; 0: not even 1."""
        return self._ends[0] if self._starts and self._starts[0] == 1 else 0

    @property
    def also(self) -> tuple[Range, ...]:
        """The ranges beyond `through`, ascending."""
        return self.ranges[1:] if self.through else self.ranges

    @property
    def ranges(self) -> tuple[Range, ...]:
        return tuple(zip(self._starts, self._ends, strict=True))

    @property
    def highest(self) -> int:
        """The highest number that is in; 0: none."""
        return self._ends[-1] if self._ends else 0

    def __len__(self) -> int:
        """How many numbers are in."""
        return sum(self._ends) - sum(self._starts) + len(self._starts)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._starts, number) - 1
        return at >= 0 and number <= self._ends[at]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cursor) and self._starts == other._starts and self._ends == other._ends

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return f"Cursor({self.through}, {list(self.also)})"

    def copy(self) -> Self:
        made = type(self)()
        made._starts, made._ends = self._starts.copy(), self._ends.copy()
        return made

    def add(self, first: int, last: int) -> tuple[Range, ...]:
        """Take in `first` to `last`. Returns the parts that were not in before, ascending.

        Raises: ValueError when the range is turned around or starts below 1.
        """
        if not 1 <= first <= last:
            raise ValueError(f"not a range of numbers: {first} to {last}")
        fresh = tuple(self.missing(first, last))
        if not fresh:
            return ()
        # All ranges that overlap or touch become one.
        low = bisect_left(self._ends, first - 1)
        high = bisect_right(self._starts, last + 1)
        if low < high:
            first = min(first, self._starts[low])
            last = max(last, self._ends[high - 1])
        self._starts[low:high] = [first]
        self._ends[low:high] = [last]
        return fresh

    def missing(self, first: int, last: int) -> Iterator[Range]:
        """The parts of `first` to `last` that are not in, ascending; none when `last` < `first`."""
        at = bisect_left(self._ends, first)
        while first <= last:
            if at == len(self._starts) or self._starts[at] > last:
                yield first, last
                return
            if self._starts[at] > first:
                yield first, self._starts[at] - 1
            first = self._ends[at] + 1
            at += 1

    def gaps(self) -> tuple[Range, ...]:
        """What is missing below the highest number that is in."""
        return tuple(self.missing(1, self.highest))


def clipped(ranges: Iterable[Range], first: int, last: int) -> tuple[Range, ...]:
    """The parts of the ranges that lie within `first` to `last`."""
    return tuple((max(a, first), min(b, last)) for a, b in ranges if a <= last and b >= first)
