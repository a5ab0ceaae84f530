"""What has come of one collector's store, rebuilt from the journal: which numbers, and a check of each one's content.

Numbers are a cursor for delivery, not the identity of reads. Knows nothing of MQTT.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_PAGE: Final = 256
"""Checks are kept in pages of so many numbers: 1 KiB where anything came, nothing where nothing did."""


class Ranges:
    """A set of whole numbers as disjoint inclusive ranges, ascending."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def add(self, first: int, last: int) -> None:
        """Add first to last; neighbours grow together."""
        if last < first:
            return
        begin = bisect_left(self._lasts, first - 1)
        end = bisect_right(self._firsts, last + 1)
        if begin < end:
            first = min(first, self._firsts[begin])
            last = max(last, self._lasts[end - 1])
        self._firsts[begin:end] = [first]
        self._lasts[begin:end] = [last]

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number <= self._lasts[at]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._firsts, self._lasts, strict=True)))

    def __len__(self) -> int:
        """How many ranges."""
        return len(self._firsts)


class Cursor:
    """One store of one source: what of it is in the journal, or known to be lost."""

    def __init__(self) -> None:
        self._ranges = Ranges()
        self._checks: dict[int, NDArray[np.uint32]] = {}

    @property
    def through(self) -> int:
        """All numbers from 1 to this one are in; 0 when 1 is not."""
        first = self.ranges[0] if len(self._ranges) else (0, 0)
        return first[1] if first[0] == 1 else 0

    @property
    def also(self) -> list[tuple[int, int]]:
        """The ranges beyond `through`, inclusive, ascending."""
        ranges = self.ranges
        return ranges[1:] if ranges and ranges[0][0] == 1 else ranges

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """All that is in, as inclusive ranges, ascending."""
        return list(self._ranges)

    def add(self, first: int, count: int, checks: Sequence[int] = ()) -> None:
        """Numbers `first` to `first + count - 1` came. A check that is known already stays."""
        self._ranges.add(first, first + count - 1)
        for number, check in enumerate(checks, start=first):
            if check:
                page = self._checks.setdefault(number // _PAGE, np.zeros(_PAGE, np.uint32))
                if page[number % _PAGE] == 0:
                    page[number % _PAGE] = check

    def lose(self, first: int, last: int) -> None:
        """Numbers `first` to `last` will never come."""
        self._ranges.add(first, last)

    def __contains__(self, number: int) -> bool:
        return number in self._ranges

    def conflicts(self, first: int, checks: Sequence[int]) -> list[int]:
        """The numbers whose content differs from what came under them before."""
        found = []
        for number, check in enumerate(checks, start=first):
            page = self._checks.get(number // _PAGE)
            known = 0 if page is None else int(page[number % _PAGE])
            if known and check and known != check:
                found.append(number)
        return found
