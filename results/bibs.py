"""The natural order of bibs: 2 before 10, `12` before `12A`, `007` beside `7`. Ties are listed in it."""

import re
from collections.abc import Sequence

import numpy as np

from timing.reads import Int32, Int64

_PIECES = re.compile(r"([0-9]+)")
_PLAIN = re.compile(r"[1-9][0-9]{0,17}")
"""Numbers that no two texts write: without leading zeros."""


def bib_key(bib: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Sorts bibs as people count; two bibs that differ never have the same key."""
    pieces = (piece for piece in _PIECES.split(bib) if piece)
    return tuple((0, int(p), "") if p.isascii() and p.isdecimal() else (1, 0, p) for p in pieces), bib


def bib_order(bibs: Sequence[str]) -> Int32:
    """Indexes of the bibs in their natural order."""
    plain = [index for index, bib in enumerate(bibs) if _PLAIN.fullmatch(bib)]
    numbers = np.array([int(bibs[index]) for index in plain], np.int64)
    by_number = np.argsort(numbers, kind="stable")
    order = np.array(plain, np.int32)[by_number]
    if len(plain) == len(bibs):
        return order
    # The few others are put among the plain numbers, which are most of a race.
    others = sorted(set(range(len(bibs))) - set(plain), key=lambda index: bib_key(bibs[index]))
    keys = [bib_key(bibs[index]) for index in others]
    first = [pieces[0][1] if pieces and pieces[0][0] == 0 else None for pieces, _ in keys]
    places = [
        len(plain) if number is None and pieces else _place(number or 0, (pieces, text), numbers[by_number])
        for number, (pieces, text) in zip(first, keys, strict=True)
    ]
    return np.insert(order, places, np.array(others, np.int32)).astype(np.int32)


def _place(number: int, key: tuple[tuple[tuple[int, int, str], ...], str], plain: Int64) -> int:
    """Before which of the plain numbers, ascending, a bib that begins with this number stands."""
    place = int(np.searchsorted(plain, min(number, 2**63 - 1)))
    if place < len(plain) and int(plain[place]) == number and bib_key(str(number)) < key:
        return place + 1
    return place
