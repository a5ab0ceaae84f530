"""The natural order of bibs: 2 before 10, `12` before `12A`, `007` beside `7`. Ties are listed in it."""

import re
from collections.abc import Sequence

import numpy as np

from timing.reads import Int32

_PIECES = re.compile(r"([0-9]+)")
_PLAIN = re.compile(r"[1-9][0-9]{0,17}")
"""Numbers that no two texts write: without leading zeros."""


def bib_key(bib: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Sorts bibs as people count; two bibs that differ never have the same key."""
    pieces = (piece for piece in _PIECES.split(bib) if piece)
    return tuple((0, int(p), "") if p.isascii() and p.isdecimal() else (1, 0, p) for p in pieces), bib


def bib_order(bibs: Sequence[str]) -> Int32:
    """Indexes of the bibs in their natural order."""
    if all(map(_PLAIN.fullmatch, bibs)):  # plain numbers, as in most races
        return np.argsort(np.array(list(map(int, bibs)), np.int64), kind="stable").astype(np.int32)
    keys = [bib_key(bib) for bib in bibs]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int32)
