"""What came from one source so far, and which of its reads came last: from there its memory is asked again.

Kept by `timing.state` as batches come in. The order of batches changes nothing: the last read is the one that arrived
last, of those that arrived together the one stamped last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from timing.instants import MISSING, Instant
from timing.read_columns import NO_NAME, DecodedReads
from timing.read_rows import Taken
from timing.reads import Bool, Int64


@dataclass(slots=True, kw_only=True)
class SourceCounts:
    """What came from one source.

    `reads` counts different reads; a repeat with a stronger signal is not another one. `last_stamp_us` is the stamp,
    by the reader's own clock, of the read that arrived last (at `last_received_us`): where its memory is asked from
    after an interruption; stamps that cannot be trusted by themselves do not count. `last_file` and `last_seq` are the
    reader's own numbering of that read. `newest_us` is the latest instant of its reads that are not held.
    """

    reads: int = 0
    malformed: int = 0
    batches: int = 0
    last_received_us: Instant | None = None
    last_stamp_us: int | None = None
    last_file: str | None = None
    last_seq: int | None = None
    newest_us: Instant | None = None


_Key: TypeAlias = tuple[Instant, int, str, int]
"""Arrival, stamp, file, number: in this order reads are told apart, and so is the last one."""


class Arrivals:
    """The reader's own stamps and numbers of the reads of batches, one after another."""

    def __init__(self, batches: Sequence[DecodedReads]) -> None:
        self.stamp_us: Int64 = np.concatenate([batch.stamp_us for batch in batches])
        self._batches = batches
        self._ends = np.cumsum([len(batch) for batch in batches])

    def newest(self, rows: Int64, received_us: Int64) -> _Key:
        """Of these rows the read that arrived last; of several the one stamped last, then numbered last."""
        latest = rows[received_us[rows] == received_us[rows].max()]
        latest = latest[self.stamp_us[latest] == self.stamp_us[latest].max()]
        file, seq = max(self._numbering(row) for row in latest.tolist())
        return int(received_us[latest[0]]), int(self.stamp_us[latest[0]]), file, seq

    def _numbering(self, row: int) -> tuple[str, int]:
        at = int(np.searchsorted(self._ends, row, "right"))
        batch = self._batches[at]
        row -= int(self._ends[at]) - len(batch)
        file = int(batch.reader_file[row])
        return "" if file == NO_NAME else batch.reader_files[file], int(batch.reader_seq[row])


def note_last(counts: SourceCounts, taken: Taken, mine: Bool, arrivals: Arrivals) -> None:
    """Moves the counts on to the newest of these reads; `mine` marks those of the source."""
    used = taken.moment_us[mine & ~taken.held]
    if len(used):
        newest = int(used.max())
        counts.newest_us = newest if counts.newest_us is None else max(counts.newest_us, newest)
    received_us = taken.stamps.received_us
    rows = np.flatnonzero(mine & taken.trusted & (received_us != MISSING))
    if not len(rows):
        return
    key = arrivals.newest(rows, received_us)
    if counts.last_received_us is None or counts.last_stamp_us is None or key > _key(counts):
        counts.last_received_us, counts.last_stamp_us, file, seq = key
        counts.last_file, counts.last_seq = file or None, None if seq == MISSING else seq


def _key(counts: SourceCounts) -> _Key:
    assert counts.last_received_us is not None
    assert counts.last_stamp_us is not None
    seq = MISSING if counts.last_seq is None else counts.last_seq
    return counts.last_received_us, counts.last_stamp_us, counts.last_file or "", seq
