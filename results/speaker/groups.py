"""Who is the first over the line of a club, a town, a country: the groups of a roster, and the first of each so far.

Owns the grouping, made once for a version of the roster, and the one pass that finds the first of every group at once.
First means over the line: whoever is first stays first, whatever later waves bring.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np

from config.folding import folded
from timing.instants import MISSING
from timing.reads import Bool, Int32, Int64

NO_GROUP: Final = -1
NOBODY_YET: Final = 2**62


@dataclass(frozen=True, kw_only=True)
class Groups:
    """`code`: the group of each entrant (NO_GROUP: none), an index into `names` and `sizes`."""

    code: Int32
    names: tuple[str, ...]
    sizes: Int64

    @classmethod
    def of(cls, texts: Sequence[str], counted: Bool, *, split: Sequence[str] | None = None) -> Self:
        """Groups of equal texts, compared without case and accents; `split` parts them further (by sex, say).

        Args: texts: of each entrant, empty: no group. counted: whose arrival counts. The name of a
        group is as it was written first.
        """
        known: dict[tuple[str, str], int] = {}
        names: list[str] = []
        keys: dict[str, str] = {}
        code = np.full(len(texts), NO_GROUP, np.int32)
        parts = split if split is not None else [""] * len(texts)
        for index, (text, part) in enumerate(zip(texts, parts, strict=True)):
            if not text or (split is not None and not part):
                continue
            if text not in keys:
                keys[text] = folded(text)
            if not keys[text]:
                continue
            number = known.setdefault((keys[text], part), len(names))
            if number == len(names):
                names.append(text)
            code[index] = number
        code[~counted] = NO_GROUP
        sizes = np.bincount(code[code != NO_GROUP], minlength=len(names)).astype(np.int64)
        return cls(code=code, names=tuple(names), sizes=sizes)

    @cached_property
    def _members(self) -> tuple[Int64, Int64, Int64]:
        """Members in the order of their groups, where each group that has any begins, and which groups those are."""
        order = np.argsort(self.code, kind="stable")
        order = order[self.code[order] != NO_GROUP]
        codes = self.code[order]
        begins = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1]))) if len(codes) else order
        return order.astype(np.int64), begins.astype(np.int64), codes[begins].astype(np.int64)

    def first_us(self, finish_us: Int64) -> Int64:
        """When the first of each group crossed the line; NOBODY_YET where nobody did."""
        found = np.full(len(self.names), NOBODY_YET, np.int64)
        order, begins, codes = self._members
        if len(order):
            at_us = finish_us[order]
            at_us[at_us == MISSING] = NOBODY_YET
            found[codes] = np.minimum.reduceat(at_us, begins)
        return found
