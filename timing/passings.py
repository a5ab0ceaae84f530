"""From reads to passings: what one tag did at one mat, gathered into one moment.

See docs/rules.md sections 2 and 3. Everything here is about tags and mats; runners come later.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from timing.instants import Duration, Instant
from timing.race import MomentRule
from timing.reads import Bool, Float32, Int16, Int32, Int64, Reads, is_same_for_all, same_for_all
from timing.signals import blocks, by_signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """Reads in order of (tag, mat, moment, antenna), exact equals once.

    `rows`: where each stands in the reads as given, or None when that was not asked for. `repeats`: how many exact
    equals were left out.
    """

    reads: Reads
    rows: Int64 | None
    repeats: int


def arrange(reads: Reads, *, with_rows: bool = True) -> Arranged:
    """Puts reads in the order in which they are gathered. The order they came in plays no part in the result.

    Of exact equals the one with the stronger signal is kept. Without `with_rows`, a whole race costs one sort of an
    integer key instead of a sort and a gather of every column.
    """
    if not len(reads):
        return Arranged(reads=reads, rows=np.empty(0, np.int64) if with_rows else None, repeats=0)
    key = _sort_key(reads)
    plain = bool(np.isnan(reads.rssi).all()) and not reads.held.any()
    if key is None or with_rows or not plain:
        return _arranged_by_rows(reads, key)
    first_us = int(reads.moment_us.min())
    key.sort()
    fresh = np.empty(len(key), np.bool_)
    fresh[0] = True
    np.not_equal(key[1:], key[:-1], out=fresh[1:])
    repeats = len(key) - int(fresh.sum())
    return Arranged(reads=_from_key(key[fresh] if repeats else key, reads, first_us), rows=None, repeats=repeats)


def _arranged_by_rows(reads: Reads, key: Int64 | None) -> Arranged:
    rows, again = _rows_in_order(_several_keys(reads) if key is None else (key,), reads.rssi)
    repeats = int(again.sum())
    if repeats:
        rows = rows[~again]
    return Arranged(reads=reads.take(rows), rows=rows, repeats=repeats)


def _rows_in_order(keys: tuple[Int64 | Int16, ...], rssi: Float32) -> tuple[Int64, Bool]:
    """The rows in order, the stronger of exact equals first, and which of them are equals of the one before.

    Equals are few: only they are put in order by their signal, all others by their place alone.
    """
    rows = np.argsort(keys[0]) if len(keys) == 1 else np.lexsort(keys[::-1])
    again = np.zeros(len(rows), np.bool_)
    again[1:] = True
    for key in keys:
        ordered = key[rows]
        again[1:] &= ordered[1:] == ordered[:-1]
    if again.any():
        equals = again.copy()
        equals[:-1] |= again[1:]
        some = rows[equals]
        rows[equals] = some[np.lexsort((some, -_loudness(rssi[some]), *(key[some] for key in keys[::-1])))]
    return rows, again


def _several_keys(reads: Reads) -> tuple[Int64 | Int16, ...]:
    """Integers that sort like (tag, mat, moment, antenna) one after the other, for a race that does not fit in one."""
    place = (reads.tag.astype(np.int64) << 16) + reads.mat
    if is_same_for_all(reads.antenna):
        return place, reads.moment_us
    return place, reads.moment_us, reads.antenna


def _loudness(rssi: Float32) -> Float32:
    return np.where(np.isnan(rssi), np.float32(-np.inf), rssi)


def _sort_key(reads: Reads) -> Int64 | None:
    """One integer that sorts like (tag, mat, moment, antenna), or None when a race does not fit in 63 bits."""
    first, last = int(reads.moment_us.min()), int(reads.moment_us.max())
    moment_bits = (last - first).bit_length()
    mat_bits = (int(reads.mat.max()) + 1).bit_length()
    tag_bits = (int(reads.tag.max()) + 1).bit_length()
    widest_antenna = int(reads.antenna.max()) + 1
    antenna_bits = widest_antenna.bit_length()
    if tag_bits + mat_bits + moment_bits + antenna_bits > 63:
        return None
    # In place throughout, here and back: fresh memory for a million reads costs more than the arithmetic.
    key = reads.tag.astype(np.int64)
    key += 1
    key <<= mat_bits
    key += reads.mat
    key += 1
    key <<= moment_bits
    key += reads.moment_us
    key -= first
    key <<= antenna_bits
    key += widest_antenna - 1 if is_same_for_all(reads.antenna) else reads.antenna
    key += 1
    return key


def _from_key(key: Int64, reads: Reads, first_us: Instant) -> Reads:
    """The columns back out of sorted keys, which are used up; only for reads without signal, none of them held."""
    moment_bits = (int(reads.moment_us.max()) - first_us).bit_length()
    mat_bits = (int(reads.mat.max()) + 1).bit_length()
    antenna_bits = (int(reads.antenna.max()) + 1).bit_length()
    n = len(key)
    antenna = same_for_all(reads.antenna[0], n) if is_same_for_all(reads.antenna) else _low_bits(key, antenna_bits)
    key >>= antenna_bits
    moment = key & ((1 << moment_bits) - 1)
    moment += first_us
    key >>= moment_bits
    mat = _low_bits(key, mat_bits)
    key >>= mat_bits
    tag = key.astype(np.int32)
    tag -= 1
    return Reads(
        tag=tag,
        mat=mat,
        moment_us=moment,
        antenna=antenna,
        # The mat says which source it was; a column of its own would cost a gather that nobody reads.
        source=same_for_all(np.int16(-1), n),
        rssi=same_for_all(np.float32(np.nan), n),
        held=same_for_all(np.False_, n),
    )


def _low_bits(key: Int64, bits: int) -> Int16:
    """What was put into the lowest bits of a key."""
    column = np.empty(len(key), np.int16)
    np.bitwise_and(key, (1 << bits) - 1, out=column, casting="same_kind")
    column -= 1
    return column


@dataclass(frozen=True, slots=True, kw_only=True)
class Passings:
    """P passings as columns. `begin`, `end`: half-open range of all their reads; `low`, `high`: of the usable ones.

    `waiting`: somebody who stood on the mat, whose last usable read is the moment.
    """

    begin: Int64
    end: Int64
    low: Int64
    high: Int64
    tag: Int32
    mat: Int16
    waiting: Bool

    def __len__(self) -> int:
        return len(self.begin)

    def take(self, which: Bool | Int64) -> "Passings":
        return Passings(
            begin=self.begin[which],
            end=self.end[which],
            low=self.low[which],
            high=self.high[which],
            tag=self.tag[which],
            mat=self.mat[which],
            waiting=self.waiting[which],
        )


def gather(reads: Reads, quiet_us: Duration, cuts: Bool | None = None) -> Passings:
    """Passings of arranged reads: one tag at one mat without a gap of more than `quiet_us`. All reads are usable.

    Args: cuts: reads with which a new passing begins all the same.
    """
    n = len(reads)
    if not n:
        none = np.empty(0, np.int64)
        return Passings(
            begin=none, end=none, low=none, high=none, tag=reads.tag, mat=reads.mat, waiting=np.empty(0, np.bool_)
        )
    opens = np.empty(n, np.bool_)
    opens[0] = True
    np.greater(reads.moment_us[1:] - reads.moment_us[:-1], quiet_us, out=opens[1:])
    opens[1:] |= reads.tag[1:] != reads.tag[:-1]
    opens[1:] |= reads.mat[1:] != reads.mat[:-1]
    if cuts is not None:
        opens |= cuts
    begin = np.flatnonzero(opens)
    end = np.append(begin[1:], n)
    return Passings(
        begin=begin,
        end=end,
        low=begin,
        high=end,
        tag=reads.tag[begin],
        mat=reads.mat[begin],
        waiting=np.zeros(len(begin), np.bool_),
    )


def first_after(moment_us: Int64, begin: Int64, end: Int64, limit_us: Int64, *, inclusive: bool) -> Int64:
    """For each range, the index of its first read after `limit_us` (or at it, where `inclusive`), else its end.

    Almost every range lies wholly on one side of its limit; only those that straddle it are searched.
    """
    side: Literal["left", "right"] = "left" if inclusive else "right"
    first, last = moment_us[begin], moment_us[end - 1]
    if inclusive:
        answer = np.where(first >= limit_us, begin, end)
        straddling = (first < limit_us) & (last >= limit_us)
    else:
        answer = np.where(first > limit_us, begin, end)
        straddling = (first <= limit_us) & (last > limit_us)
    for index in np.flatnonzero(straddling).tolist():
        low, high = int(begin[index]), int(end[index])
        answer[index] = low + int(np.searchsorted(moment_us[low:high], limit_us[index], side=side))
    return answer


def moments_of(reads: Reads, passings: Passings, rule: MomentRule) -> tuple[Int64, Int64]:
    """The moment of each passing by the point's rule, and the read that gives it.

    Every passing must have a usable read. Those who waited leave with their last read, whatever the rule.
    """
    used = passings.low.copy()
    if rule is MomentRule.LAST:
        used = passings.high - 1
    used = np.where(passings.waiting, passings.high - 1, used)
    moment = reads.moment_us[used]
    if rule not in (MomentRule.STRONGEST, MomentRule.FITTED) or not len(passings):
        return moment, used
    heard = np.flatnonzero(_heard(reads.rssi, passings) & ~passings.waiting)
    for some in blocks(passings.low, passings.high, heard):
        found = by_signal(reads, passings.low[some], passings.high[some], fitted=rule is MomentRule.FITTED)
        moment[some], used[some] = found
    return moment, used


def _heard(rssi: Float32, passings: Passings) -> Bool:
    """Which passings have a usable read with a signal."""
    if is_same_for_all(rssi) and np.isnan(rssi[0]):
        return np.zeros(len(passings), np.bool_)
    silent = np.isnan(rssi)
    if not silent.any():
        return np.ones(len(passings), np.bool_)
    signals_before = np.concatenate(([0], np.cumsum(~silent)))
    heard: Bool = signals_before[passings.high] > signals_before[passings.low]
    return heard
