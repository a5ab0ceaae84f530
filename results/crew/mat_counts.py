"""What each mat and each of its antennas read and when, kept up to date by the reads that were added.

Owns the counting alone. Counted are reads in bins of five seconds by the moment they were made, *hearings* (a tag that
an antenna has not heard for ten minutes: a parked tag is heard once, a runner once a lap), classes of reads, and the
tags whose reads take part at each mat. Knows no runner and judges nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from results.crew.refused import RefusedTags
from timing.clock_ledger import ClockLedger
from timing.instants import MINUTE, MISSING, SECOND, Instant
from timing.race import Race
from timing.reads import Bool, Int16, Int32, Int64, ReadClass, Reads, UInt8

BIN_US: Final = 5 * SECOND
APART_US: Final = 10 * MINUTE
"""A tag heard again by an antenna sooner than this is no further hearing: it lies there, or its runner stands there."""

NO_ANTENNA: Final = -1
UNCLASSED: Final = len(ReadClass)
"""In columns of classes: a read that has not been matched yet."""

_KINDS: Final = UNCLASSED + 1
_NEVER: Final = -(2**62)
_CHANNELS_MAX: Final = 256
"""Antennas told apart in all; a reader that names more is broken, and the rest counts as one without a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One antenna of one mat; NO_ANTENNA where the reader does not say which."""

    mat: int
    antenna: int


class MatCounts:
    """The counts of one race. `take` the reads after each refresh, then ask. Not for several threads.

    A row whose mat or antenna is corrected by a stronger delivery of the same read stays where it was counted: its
    identity mostly has the antenna in it.
    """

    def __init__(self, race: Race) -> None:
        self.race = race
        self._first_us = race.first_instant_us
        self._n_bins = int((race.last_instant_us - race.first_instant_us) // BIN_US) + 1
        self._n_mats = len(race.course.mats)
        self._ledger: ClockLedger | None = None
        self._forget()

    def _forget(self) -> None:
        self._seen = 0
        self.channels: list[Channel] = []
        self._code: dict[tuple[int, int], int] = {}
        self._reads: Int32 = np.zeros((0, self._n_bins), np.int32)
        self._hearings: Int32 = np.zeros((0, self._n_bins), np.int32)
        self._last_us: Int64 = np.empty(0, np.int64)
        self._last_heard: Int64 = np.empty((0, 0), np.int64)
        self._usable: Int32 = np.zeros((self._n_mats, 0), np.int32)
        self._classes: UInt8 = np.empty(0, np.uint8)
        self.class_counts: Int64 = np.zeros((self._n_mats + 1, _KINDS), np.int64)
        """A row for each mat, the last for reads at no mat of the race; a column for each class."""
        self.refused = RefusedTags()

    def take(self, reads: Reads, classes: UInt8, ledger: ClockLedger) -> None:
        """Takes in the rows added since and the classes as they are now; all again under another ledger.

        Args:
            classes: of each row; may be shorter than the reads, whose last are not matched yet then.
            ledger: by which the moments were placed.
        """
        if ledger is not self._ledger and ledger != self._ledger:
            self._forget()
        self._ledger = ledger
        if len(classes) < len(reads):
            classes = np.concatenate([classes, np.full(len(reads) - len(classes), UNCLASSED, np.uint8)])
        classes = classes[: len(reads)]
        first, self._seen = self._seen, len(reads)
        if self._seen > first:
            self._add(reads.take(slice(first, None)))
        self._take_classes(reads, classes)

    def _add(self, fresh: Reads) -> None:
        placed = (fresh.mat >= 0) & ~fresh.held
        mat, moment_us, antenna, tag = fresh.mat, fresh.moment_us, fresh.antenna, fresh.tag
        if not placed.all():
            mat, moment_us, antenna, tag = mat[placed], moment_us[placed], antenna[placed], tag[placed]
        if not len(mat):
            return
        channel = self._channels_of(mat, antenna)
        bins = self._bins_of(moment_us)
        _count_into(self._reads, channel, bins)
        for code in np.unique(channel).tolist():
            self._last_us[code] = max(int(self._last_us[code]), int(moment_us[channel == code].max()))
        self._hear(channel, tag, moment_us, bins)

    def _channels_of(self, mat: Int16, antenna: Int16) -> Int64:
        packed = (mat.astype(np.int64) << 16) + antenna + 1
        found, which = np.unique(packed, return_inverse=True)
        codes = [self._channel(int(key) >> 16, (int(key) & 0xFFFF) - 1) for key in found]
        return np.array(codes, np.int64)[which]

    def _channel(self, mat: int, antenna: int) -> int:
        code = self._code.get((mat, antenna))
        if code is not None:
            return code
        if len(self.channels) >= _CHANNELS_MAX and antenna != NO_ANTENNA:
            return self._channel(mat, NO_ANTENNA)
        self.channels.append(Channel(mat=mat, antenna=antenna))
        code = self._code[mat, antenna] = len(self.channels) - 1
        self._reads = np.vstack([self._reads, np.zeros((1, self._n_bins), np.int32)])
        self._hearings = np.vstack([self._hearings, np.zeros((1, self._n_bins), np.int32)])
        self._last_us = np.append(self._last_us, MISSING)
        self._last_heard = np.vstack([self._last_heard, np.full((1, self._last_heard.shape[1]), _NEVER)])
        return code

    def _hear(self, channel: Int64, tag: Int32, moment_us: Int64, bins: Int64) -> None:
        """Counts the reads with which a tag begins to be heard by an antenna."""
        worn = tag >= 0
        if not worn.all():
            channel, tag, moment_us, bins = channel[worn], tag[worn], moment_us[worn], bins[worn]
        if not len(tag):
            return
        widest = int(tag.max()) + 1
        if widest > self._last_heard.shape[1]:
            more = max(widest, 3 * self._last_heard.shape[1] // 2) - self._last_heard.shape[1]
            self._last_heard = np.pad(self._last_heard, ((0, 0), (0, more)), constant_values=_NEVER)
        key = channel * self._last_heard.shape[1] + tag
        order = np.lexsort((moment_us, key))
        key, moment_us, channel, bins = key[order], moment_us[order], channel[order], bins[order]
        before = np.empty(len(key), np.int64)
        before[1:] = moment_us[:-1]
        opens = np.ones(len(key), np.bool_)
        opens[1:] = key[1:] != key[:-1]
        flat = self._last_heard.reshape(-1)
        before[opens] = flat[key[opens]]
        begins = moment_us - before > APART_US
        closes = np.append(opens[1:], True)
        flat[key[closes]] = np.maximum(flat[key[closes]], moment_us[closes])
        _count_into(self._hearings, channel[begins], bins[begins])

    def _take_classes(self, reads: Reads, classes: UInt8) -> None:
        """Counts what changed: rows that got another class, and new ones."""
        known = len(self._classes)
        turned = np.flatnonzero(classes[:known] != self._classes)
        fresh = np.arange(known, len(classes))
        before, after = self._classes[turned], classes[turned]
        self.class_counts -= self._by_class(reads, turned, before)
        self.class_counts += self._by_class(reads, turned, after) + self._by_class(reads, fresh, classes[known:])
        self.refused.go(reads, turned, before)
        self.refused.come(reads, turned, after)
        self.refused.come(reads, fresh, classes[known:])
        gone = turned[_takes_part(before) & ~_takes_part(after)]
        come = np.concatenate([turned[~_takes_part(before) & _takes_part(after)], fresh[_takes_part(classes[known:])]])
        self._classes = classes.copy()
        if len(gone) or len(come):
            self._widen(int(reads.tag[come].max(initial=-1)) + 1)
            self._usable += self._tags_at_mats(reads, come) - self._tags_at_mats(reads, gone)

    def _by_class(self, reads: Reads, rows: Int64, classes: UInt8) -> Int64:
        mat = reads.mat[rows].astype(np.int64)
        mat[mat < 0] = self._n_mats
        shape = (self._n_mats + 1, _KINDS)
        return np.bincount(mat * _KINDS + classes, minlength=shape[0] * shape[1]).reshape(shape)

    def _widen(self, tags: int) -> None:
        have = self._usable.shape[1]
        if tags > have:
            self._usable = np.pad(self._usable, ((0, 0), (0, max(tags, 3 * have // 2) - have)))

    def _tags_at_mats(self, reads: Reads, rows: Int64) -> Int32:
        mat, tag = reads.mat[rows].astype(np.int64), reads.tag[rows]
        placed = (mat >= 0) & (tag >= 0)
        key = mat[placed] * self._usable.shape[1] + tag[placed]
        return np.bincount(key, minlength=self._usable.size).reshape(self._usable.shape).astype(np.int32)

    def _bins_of(self, moment_us: Int64) -> Int64:
        return np.clip((moment_us - self._first_us) // BIN_US, 0, self._n_bins - 1)

    # What is asked.

    def bin_of(self, instant_us: Instant) -> int:
        """The bin an instant falls in, within the race window."""
        return min(max(int((instant_us - self._first_us) // BIN_US), 0), self._n_bins - 1)

    def bin_begins(self, bin: int) -> Instant:
        return self._first_us + bin * BIN_US

    def channels_of(self, mat: int) -> list[int]:
        """The numbers in `channels` of a mat's antennas, by the antenna's number."""
        mine = [code for code, channel in enumerate(self.channels) if channel.mat == mat]
        return sorted(mine, key=lambda code: self.channels[code].antenna)

    def read_bins(self, codes: Sequence[int]) -> Int64:
        """Reads of these channels together, a value for each bin of the race window."""
        total: Int64 = self._reads[list(codes)].sum(axis=0, dtype=np.int64)
        return total

    def hearing_bins(self, code: int) -> Int32:
        bins: Int32 = self._hearings[code]
        return bins

    def per_minute(self, mat: int, end_us: Instant, minutes: int) -> list[int]:
        """Reads of a mat in each of the minutes before an instant (to the bin), the oldest first."""
        per_bin = self.read_bins(self.channels_of(mat))
        return minute_sums(per_bin, self.bin_of(end_us), minutes, MINUTE // BIN_US)

    def last_us(self, code: int) -> Instant | None:
        """The moment of the latest read of a channel."""
        last = int(self._last_us[code])
        return None if last == MISSING else last

    def tags_at(self, mat: int) -> Int64:
        """The tags with reads at a mat that take part: used, or seen again in a passing that counts."""
        return np.flatnonzero(self._usable[mat] > 0)

    def usable_reads(self, mat: int) -> int:
        return int(self._usable[mat].sum())


def minute_sums(per_bin: Int64, end: int, minutes: int, bins: int) -> list[int]:
    """Sums of so many bins each, of the stretches that end before bin `end`; before the first bin there is nothing."""
    begin = end - minutes * bins
    part = per_bin[max(begin, 0) : end]
    if begin < 0:
        part = np.concatenate([np.zeros(-begin, part.dtype), part])
    sums: list[int] = part.reshape(minutes, bins).sum(axis=1).tolist()
    return sums


def _takes_part(classes: UInt8) -> Bool:
    used: Bool = classes <= ReadClass.SAME_PASSING
    return used


def _count_into(table: NDArray[np.int32], row: Int64, column: Int64) -> None:
    """Adds one at each (row, column); many of the same cell are together in time."""
    cells, times = np.unique(row * table.shape[1] + column, return_counts=True)
    table.reshape(-1)[cells] += times.astype(np.int32)
