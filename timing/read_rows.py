"""All reads of the race as growing columns: one row for each identity, of two signals the stronger.

Owns where a read's mat and instant are found, how repeats are merged, and the index of rows by tag. Knows nothing of
entries other than batches of reads.
"""

from array import array
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timing.clocks import moments
from timing.growing import Growing
from timing.identity import Identities, Placed, signals
from timing.instants import MISSING
from timing.mats import MatFinder
from timing.race import Race
from timing.read_columns import NO_NAME, DecodedReads
from timing.reads import Bool, Int16, Int64, Names, Reads

_NO_ANTENNA = -1
_ANTENNA_MAX = np.iinfo(np.int16).max


class ReadRows:
    """The reads of a race. The order in which they come changes only the order of rows."""

    def __init__(self, race: Race, tags: Names, sources: Names) -> None:
        self.identities = Identities(tags, sources)
        self._race = race
        self._finder = MatFinder(race.course)
        self._tag = Growing(np.int32)
        self._mat = Growing(np.int16)
        self._moment_us = Growing(np.int64)
        self._source = Growing(np.int16)
        self._antenna = Growing(np.int16)
        self._rssi = Growing(np.float32)
        self._held = Growing(np.bool_)
        self._rows_of: list[array[int]] = []
        self._touched = Growing(np.bool_)

    def __len__(self) -> int:
        return len(self._tag)

    @property
    def nbytes(self) -> int:
        """Bytes held for the rows, with the room to grow."""
        columns: tuple[Growing[Any], ...] = (
            *(self._tag, self._mat, self._moment_us, self._source, self._antenna, self._rssi, self._held),
        )
        return sum(column.nbytes for column in columns) + self.identities.nbytes + 4 * len(self)

    def reads(self) -> Reads:
        """All reads: windows on the growing columns, nothing is copied. Good until the next `add`."""
        return Reads(
            tag=self._tag.view(),
            mat=self._mat.view(),
            moment_us=self._moment_us.view(),
            source=self._source.view(),
            antenna=self._antenna.view(),
            rssi=self._rssi.view(),
            held=self._held.view(),
        )

    def rows_of_tags(self, tags: Sequence[int] | Int64) -> Int64:
        """The rows of these tags' reads: by tag in the order given, then in the order they came."""
        known = [self._rows_of[tag] for tag in np.asarray(tags).tolist() if 0 <= tag < len(self._rows_of)]
        parts = [np.frombuffer(rows, np.int32) for rows in known if len(rows)]
        if not parts:
            return np.empty(0, np.int64)
        return np.concatenate(parts).astype(np.int64)

    def take_touched(self) -> Int64:
        """The tags that got a new or better read since this was last asked, ascending."""
        touched = np.flatnonzero(self._touched.view())
        self._touched.view()[touched] = False
        return touched

    def add(self, batches: Sequence[DecodedReads]) -> tuple[Placed, Int64, Bool]:
        """Take in batches; gives where their reads were placed, their instants and held marks, in order."""
        placed = self.identities.place(batches)
        moment_us, held = self._moments(batches)
        antenna = np.concatenate([b.antenna for b in batches])
        rssi = np.concatenate([b.rssi for b in batches]).astype(np.float32)
        reads = Reads(
            tag=placed.tag.astype(np.int32),
            mat=self._mats(placed, antenna),
            moment_us=moment_us,
            source=placed.source.astype(np.int16),
            antenna=np.where((antenna >= 0) & (antenna <= _ANTENNA_MAX), antenna, _NO_ANTENNA).astype(np.int16),
            rssi=rssi,
            held=held,
        )
        row = placed.row
        if len(row) == len(self.identities) - placed.known_before:
            self._extend(reads)  # All of them new: their rows are the next ones, in order.
            self._touch(reads.tag)
        else:
            self._merge(row, reads)
        return placed, moment_us, held

    def _moments(self, batches: Sequence[DecodedReads]) -> tuple[Int64, Bool]:
        parts = []
        for clock, run in groupby(batches, key=lambda batch: batch.clock):
            parts.append(moments(np.concatenate([batch.stamp_us for batch in run]), clock, self._race))
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def _mats(self, placed: Placed, antenna: Int64) -> Int16:
        """The mat of each read: found once for each different (source, label, antenna)."""
        mats = np.empty(len(antenna), np.int16)
        if not len(antenna):
            return mats
        packed = (placed.source * (len(self.identities.labels) + 1) + placed.label + 1) << 20 | placed.antenna_code
        _, rows, which = np.unique(packed, return_index=True, return_inverse=True)
        found = [self._mat_of(placed, antenna, row) for row in rows.tolist()]
        return np.array(found, np.int16)[which]

    def _mat_of(self, placed: Placed, antenna: Int64, row: int) -> int:
        label = int(placed.label[row])
        return self._finder.find(
            self.identities.sources.names[int(placed.source[row])],
            None if label == NO_NAME else self.identities.labels.names[label],
            None if antenna[row] == MISSING else int(antenna[row]),
        )

    def _merge(self, row: Int64, reads: Reads) -> None:
        """Of the reads with one identity, among these and with those that are here, keep the best of each."""
        best = np.lexsort((*_preference(reads), row))
        best = best[np.concatenate([[True], row[best[1:]] != row[best[:-1]]])]
        row, reads = row[best], reads.take(best)  # Ascending by row: the new ones are last, without a gap.
        known = int(np.searchsorted(row, len(self)))
        here = self.reads().take(row[:known])
        better = _before(_preference(reads.take(slice(0, known))), _preference(here))
        for column, values in zip(self._columns(), _values(reads), strict=True):
            column.view()[row[:known][better]] = values[:known][better]
        self._extend(reads.take(slice(known, None)))
        self._touch(np.concatenate([reads.tag[:known][better], reads.tag[known:]]))

    def _columns(self) -> tuple[Growing[Any], ...]:
        return (self._tag, self._mat, self._moment_us, self._source, self._antenna, self._rssi, self._held)

    def _extend(self, reads: Reads) -> None:
        first = len(self)
        for column, values in zip(self._columns(), _values(reads), strict=True):
            column.extend(values)
        missing = len(self.identities.tags) - len(self._rows_of)
        self._rows_of.extend(array("i") for _ in range(missing))
        if not len(reads):
            return
        order = np.argsort(reads.tag, kind="stable")
        tags = reads.tag[order]
        rows = (order + first).astype(np.int32)
        starts = np.flatnonzero(np.diff(tags, prepend=-2))
        for tag, begin, end in zip(
            tags[starts].tolist(), starts.tolist(), [*starts[1:].tolist(), len(tags)], strict=True
        ):
            if tag != NO_NAME:
                self._rows_of[tag].frombytes(rows[begin:end].tobytes())

    def _touch(self, tags: NDArray[np.int32]) -> None:
        self._touched.extend(np.zeros(len(self.identities.tags) - len(self._touched), np.bool_))
        self._touched.view()[tags[tags != NO_NAME]] = True


def _values(reads: Reads) -> tuple[NDArray[Any], ...]:
    return (reads.tag, reads.mat, reads.moment_us, reads.source, reads.antenna, reads.rssi, reads.held)


def _preference(reads: Reads) -> tuple[NDArray[Any], ...]:
    """Columns by which reads of one identity are preferred, lowest first; the last counts first (as in lexsort).

    The stronger signal. Where signals are equal the rest only sees to it that the order of arrival decides nothing.
    """
    return (reads.antenna, reads.mat, reads.moment_us, reads.held, -signals(reads.rssi))


def _before(left: tuple[NDArray[Any], ...], right: tuple[NDArray[Any], ...]) -> Bool:
    """Where the left is preferred to the right."""
    result = np.zeros(len(left[0]), np.bool_)
    for a, b in zip(left, right, strict=True):
        result = (a < b) | ((a == b) & result)
    return result
