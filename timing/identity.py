"""Which reads are one and the same: exact identities, kept for every read of the race.

A read is (source, reader's file, reader's number) where the reader numbers its reads, else (source, tag, stamp,
antenna, label). Names are interned and packed beside each other into two 64-bit numbers, so equality is exact: a hash
only chooses where to look. About 30 bytes a read. Knows nothing of the journal or of mats.

The tag is part of a numbered identity too: a reader that lost its memory numbers from one again, and that must not
make a second runner's read a repeat of the first one's.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from timing.growing import Growing
from timing.instants import MISSING
from timing.read_columns import KINDS, NO_NAME, DecodedReads
from timing.reads import Float32, Int64, Names, SourceReads

_TAG_BITS: Final = 26
_ANTENNA_BITS: Final = 17
_GROUP_BITS: Final = 20
"""67 million tags, 131,000 antennas, a million different (source, label, kind, file): 63 bits together."""

_ANTENNAS_DIRECT: Final = 1 << 16
"""Antenna numbers below it are their own code; stranger ones are interned above it."""

_SLOTS_FIRST: Final = 1 << 12
_FULL_SHARE: Final = 2
"""The table of slots is never more than half full: a search looks at two of them on average."""

UNKNOWN: Final = np.float32(-np.inf)
NO_SIGNAL: Final = np.finfo(np.float32).min
"""Signal of a read that came without one: weaker than any, but known."""

UInt64 = NDArray[np.uint64]


class KeyTable:
    """Pairs of 64-bit numbers, numbered from 0 in order of first sight; found again exactly.

    Open addressing in numpy: batches are placed with a few vector operations, and nothing is an object.
    """

    def __init__(self) -> None:
        self._first = Growing(np.int64)
        self._second = Growing(np.int64)
        self._slots = np.full(_SLOTS_FIRST, -1, np.int32)

    def __len__(self) -> int:
        return len(self._first)

    @property
    def nbytes(self) -> int:
        return self._first.nbytes + self._second.nbytes + self._slots.nbytes

    def place(self, first: Int64, second: Int64) -> Int64:
        """The row of each pair; new pairs get the next rows, in order. Equal pairs get the same row."""
        rows = self._find(first, second)
        unknown = np.flatnonzero(rows < 0)
        if len(unknown):
            rows[unknown] = self._add(first[unknown], second[unknown])
        return rows

    def _find(self, first: Int64, second: Int64) -> Int64:
        rows = np.full(len(first), -1, np.int64)
        pending = np.arange(len(first))
        slots = self._home(first, second)
        known_first, known_second = self._first.view(), self._second.view()
        if not len(known_first):
            return rows
        while len(pending):
            found = self._slots[slots].astype(np.int64)
            taken = found >= 0
            hit = taken & (known_first[found] == first[pending]) & (known_second[found] == second[pending])
            rows[pending[hit]] = found[hit]
            further = taken & ~hit
            pending = pending[further]
            slots = (slots[further] + 1) & (len(self._slots) - 1)
        return rows

    def _add(self, first: Int64, second: Int64) -> Int64:
        """Rows for pairs that are not in the table, some of which may be equal to each other."""
        order = np.lexsort((second, first))
        starts = np.ones(len(order), np.bool_)
        starts[1:] = (first[order[1:]] != first[order[:-1]]) | (second[order[1:]] != second[order[:-1]])
        group = np.cumsum(starts) - 1
        earliest = order[starts]  # The sort is stable: the first of each group came first.
        by_sight = np.argsort(earliest)
        new_row = np.empty(len(earliest), np.int64)
        new_row[by_sight] = np.arange(len(self), len(self) + len(earliest))
        chosen = earliest[by_sight]
        self._first.extend(first[chosen])
        self._second.extend(second[chosen])
        if len(self) * _FULL_SHARE > len(self._slots):
            self._grow()
        else:
            self._settle(first[chosen], second[chosen], np.arange(len(self) - len(chosen), len(self)))
        rows = np.empty(len(order), np.int64)
        rows[order] = new_row[group]
        return rows

    def _grow(self) -> None:
        slots = len(self._slots)
        while len(self) * _FULL_SHARE > slots:
            slots *= 2
        self._slots = np.full(slots, -1, np.int32)
        self._settle(self._first.view(), self._second.view(), np.arange(len(self)))

    def _settle(self, first: Int64, second: Int64, rows: Int64) -> None:
        """Give distinct new rows their slots."""
        slots = self._home(first, second)
        while len(rows):
            free = self._slots[slots] < 0
            self._slots[slots[free]] = rows[free]
            homeless = self._slots[slots] != rows
            rows = rows[homeless]
            slots = (slots[homeless] + 1) & (len(self._slots) - 1)

    def _home(self, first: Int64, second: Int64) -> Int64:
        mixed = first.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15) ^ second.view(np.uint64) * np.uint64(
            0xC2B2AE3D27D4EB4F
        )
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
        return (mixed & np.uint64(len(self._slots) - 1)).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Batches of reads beside each other, as columns of length N, with the names of the index."""

    row: Int64
    """Of its identity, from 0; not below `known_before`: never seen before these batches."""
    known_before: int
    tag: Int64
    source: Int64
    label: Int64
    antenna_code: Int64
    """Below 2^17; equal exactly where antennas are."""


class Identities:
    """Gives each identity of the race a row, 0, 1, 2... in order of first sight."""

    def __init__(self, tags: Names | None = None, sources: Names | None = None) -> None:
        """`tags`, `sources`: names to share with the rest of the race."""
        self.tags = Names() if tags is None else tags
        self.sources = Names() if sources is None else sources
        self.labels = Names()
        self._files = Names()
        self._groups: dict[tuple[int, ...], int] = {}
        self._strange_antennas: dict[int, int] = {}
        self._keys = KeyTable()

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def nbytes(self) -> int:
        """Bytes held for the rows; the names come on top."""
        return self._keys.nbytes

    def place(self, batches: Sequence[DecodedReads]) -> Placed:
        """The rows of all reads of the batches, in order."""
        known_before = len(self)
        tag = _joined([_renamed(b.tags, b.tag, self.tags) for b in batches])
        label = _joined([_renamed(b.labels, b.label, self.labels) for b in batches])
        file = _joined([_renamed(b.reader_files, b.reader_file, self._files) for b in batches])
        source = np.repeat([self.sources.code(b.source) for b in batches], [len(b) for b in batches]).astype(np.int64)
        kind = _joined([b.kind for b in batches])
        stamp = _joined([b.stamp_us for b in batches])
        antenna = _joined([b.antenna for b in batches])
        seq = _joined([b.reader_seq for b in batches])
        assert len(self.tags) < (1 << _TAG_BITS) - 1, "no race has 67 million tags"
        numbered = seq != MISSING
        group = self._group(
            source, np.where(numbered, NO_NAME, label), np.where(numbered, file, NO_NAME), kind, numbered
        )
        antenna_code = self._antenna_code(antenna)
        place = np.where(numbered, 0, antenna_code)
        first = (group << (_TAG_BITS + _ANTENNA_BITS)) | (place << _TAG_BITS) | (tag + 1)
        row = self._keys.place(first, np.where(numbered, seq, stamp))
        return Placed(
            row=row, known_before=known_before, tag=tag, source=source, label=label, antenna_code=antenna_code
        )

    def _group(self, source: Int64, label: Int64, file: Int64, kind: Int64, numbered: NDArray[np.bool_]) -> Int64:
        """A small code for each different combination of these columns."""
        if not len(source):
            return np.empty(0, np.int64)
        columns = (source, label, file, kind, numbered)
        packed = (source * (len(self.labels) + 1) + label + 1) * (len(self._files) + 1) + file + 1
        packed = (packed * len(KINDS) + kind) * 2 + numbered
        if (packed == packed[0]).all():
            return np.full(len(source), self._group_code(tuple(int(column[0]) for column in columns)), np.int64)
        _, rows, which = np.unique(packed, return_index=True, return_inverse=True)
        codes = [self._group_code(tuple(int(column[row]) for column in columns)) for row in rows.tolist()]
        return np.array(codes, np.int64)[which]

    def _group_code(self, combination: tuple[int, ...]) -> int:
        code = self._groups.setdefault(combination, len(self._groups))
        assert code < 1 << _GROUP_BITS, "no race has a million different sources and labels"
        return code

    def _antenna_code(self, antenna: Int64) -> Int64:
        code = np.where(antenna == MISSING, 0, antenna + 1)
        strange = (code < 0) | (code >= _ANTENNAS_DIRECT) | (antenna == -1)
        if strange.any():
            interned = self._strange_antennas
            code[strange] = [
                _ANTENNAS_DIRECT + interned.setdefault(value, len(interned)) for value in antenna[strange].tolist()
            ]
            assert len(interned) < _ANTENNAS_DIRECT, "no race has 65,000 strange antennas"
        return code


class IdentityIndex:
    """The identities of all reads taken so far, and the strongest signal of each.

    Asked before reads are journalled. A read counts as known from `fresh` on, also while it waits to be written:
    whoever finds only repeats must still wait for the journal before confirming them (an append of nothing does).
    When the journal refuses what `fresh` let through, it must be told to `forget` it.
    """

    def __init__(self) -> None:
        self._identities = Identities()
        self._strongest = Growing(np.float32)

    @classmethod
    def of(cls, identities: Identities, rssi: Float32) -> Self:
        """An index that begins with these identities, and the signal (NaN: none) of each row."""
        index = cls()
        index._identities = deepcopy(identities)
        index._strongest.extend(signals(rssi))
        return index

    def __len__(self) -> int:
        """How many different reads are known."""
        return int((self._strongest.view() != UNKNOWN).sum())

    @property
    def nbytes(self) -> int:
        return self._identities.nbytes + self._strongest.nbytes

    def fresh(self, batch: SourceReads) -> tuple[SourceReads, int]:
        """The batch without the reads that are known already, and how many those were.

        A repeat with a stronger signal than before is let through as new. Malformed records are not compared.
        """
        new = self.load([DecodedReads.of(batch)])
        kept = [read for read, is_new in zip(batch.reads, new.tolist(), strict=True) if is_new]
        if len(kept) == len(batch.reads):
            return batch, 0
        return replace(batch, reads=kept), len(batch.reads) - len(kept)

    def load(self, batches: Sequence[DecodedReads]) -> NDArray[np.bool_]:
        """Take in what the journal holds (many batches at once are quick); whether each read was new, or stronger."""
        placed = self._identities.place(batches)
        signal = signals(_joined_real([b.rssi for b in batches]))
        self._strongest.extend(np.full(len(self._identities) - len(self._strongest), UNKNOWN, np.float32))
        strongest = self._strongest.view()
        row = placed.row
        if len(row) == len(self._identities) - placed.known_before:  # All of them new, and different.
            strongest[row] = signal
            return np.ones(len(row), np.bool_)
        if len(np.unique(row)) == len(row):
            new: NDArray[np.bool_] = signal > strongest[row]
            strongest[row[new]] = signal[new]
            return new
        result = np.zeros(len(row), np.bool_)
        for i, (at, strength) in enumerate(zip(row.tolist(), signal.tolist(), strict=True)):
            if strength > strongest[at]:
                strongest[at] = strength
                result[i] = True
        return result

    def forget(self, batch: SourceReads) -> None:
        """Take back what `fresh` let through and the journal refused: when it comes again it is new."""
        placed = self._identities.place([DecodedReads.of(batch)])
        self._strongest.extend(np.full(len(self._identities) - len(self._strongest), UNKNOWN, np.float32))
        self._strongest.view()[placed.row] = UNKNOWN


def signals(rssi: NDArray[np.floating[Any]]) -> Float32:
    """Signals as they are compared: a read without one is weaker than any other."""
    return np.where(np.isnan(rssi), NO_SIGNAL, rssi).astype(np.float32)


def _renamed(names: Sequence[str], codes: Int64, to: Names) -> Int64:
    """Codes into the names of a batch as codes into names of the race; NO_NAME stays."""
    if not names:
        return codes
    table = np.array(to.codes(names), np.int64)
    # The code NO_NAME picks the last entry, which stands for itself.
    return np.append(table, NO_NAME)[codes]


def _joined(parts: Sequence[Int64]) -> Int64:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _joined_real(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, np.float64)
