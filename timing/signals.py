"""The moment a signal tells: the strongest read of a passing, or the top of the parabola through all of them.

See docs/rules.md section 3. Many passings are fitted at once in floating point with a bound on the error; where the
bound leaves a doubt, whole numbers of any size decide. The result is that of the whole numbers, always.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timing.instants import MILLISECOND, Instant
from timing.reads import Float32, Int64, Reads

_BLOCK_READS: Final = 1 << 16
"""About so many reads are fitted at once: all columns of a block stay near the processor."""

_WIDEST_MS: Final = 8_000
_LOUDEST: Final = 10_000
_MOST_READS: Final = 1_000
"""Passings within these have sums that fit in 64 bits: 1,000 * 8,000**4 < 2**62."""

_UNIT: Final = 2.0**-53
_STEPS: Final = 32
"""Roundings that one sum of products may have met, with room to spare."""

Float64 = NDArray[np.float64]


def blocks(low: Int64, high: Int64, which: Int64) -> Iterator[Int64]:
    """The passings `which`, some at a time, so that each part has not many more reads than a block."""
    reads_before = np.cumsum(high[which] - low[which])
    cuts = np.searchsorted(reads_before, np.arange(_BLOCK_READS, reads_before[-1:].sum(), _BLOCK_READS))
    return (part for part in np.split(which, cuts) if len(part))


def by_signal(reads: Reads, low: Int64, high: Int64, *, fitted: bool) -> tuple[Int64, Int64]:
    """The moments of passings and the strongest reads, the first of equals; each passing has a read with a signal.

    Args: low, high: half-open ranges of the usable reads. fitted: the top of the parabola where there is one.
    """
    rows = _rows(low, high)
    number = np.repeat(np.arange(len(low)), high - low)
    signal = reads.rssi[rows]
    silent = np.isnan(signal)
    if silent.any():
        rows, number, signal = rows[~silent], number[~silent], signal[~silent]
    count = np.bincount(number, minlength=len(low))
    begin = np.cumsum(count) - count
    loudest = np.maximum.reduceat(signal, begin)
    at_loudest = np.flatnonzero(signal == loudest[number])
    used = rows[at_loudest[np.searchsorted(number[at_loudest], np.arange(len(low)))]]
    moment = reads.moment_us[used]
    if fitted:
        first_us, last_us = reads.moment_us[low], reads.moment_us[high - 1]
        time_ms = (reads.moment_us[rows] - first_us[number]) // MILLISECOND
        after_us, is_sure, is_top = _tops(time_ms, signal, number, begin, count)
        top = first_us + after_us
        inside = is_sure & is_top & (top >= first_us) & (top <= last_us)
        moment[inside] = top[inside]
        for index in np.flatnonzero(~is_sure).tolist():
            part = slice(int(low[index]), int(high[index]))
            exact = fitted_top(reads.moment_us[part], reads.rssi[part])
            if exact is not None:
                moment[index] = exact
    return moment, used


def _rows(low: Int64, high: Int64) -> Int64:
    lengths = high - low
    before = np.cumsum(lengths) - lengths
    rows: Int64 = np.arange(int(lengths.sum())) + np.repeat(low - before, lengths)
    return rows


def _tops(
    time_ms: Int64, signal: Float32, number: Int64, begin: Int64, count: Int64
) -> tuple[Int64, NDArray[np.bool_], NDArray[np.bool_]]:
    """For each passing the top in microseconds after its first read, whether that is sure, and whether it has a top.

    Times and signals are counted from a middle one of each passing, which moves no top and keeps the sums small.
    """
    loud = np.rint(signal.astype(np.float64) * 10)
    small = np.maximum.reduceat(np.abs(loud), begin) <= _LOUDEST
    small &= np.maximum.reduceat(time_ms, begin) <= _WIDEST_MS
    small &= count <= _MOST_READS
    y = np.where(small[number], loud, 0).astype(np.int64)
    t = np.where(small[number], time_ms, 0)
    middle = np.add.reduceat(t, begin) // count
    t -= middle[number]
    y -= (np.add.reduceat(y, begin) // count)[number]
    top, is_sure, opens_down = _solved(_Sums(t, y, begin, count))
    few = count < 3
    return top + middle * MILLISECOND, (small & is_sure) | few, opens_down & ~few


class _Sums:
    """The sums of the normal equations of each passing: exact in 64 bits, then the nearest floating-point numbers."""

    def __init__(self, t: Int64, y: Int64, begin: Int64, count: Int64) -> None:
        def total(column: Int64) -> Float64:
            sums: Float64 = np.add.reduceat(column, begin).astype(np.float64)
            return sums

        t2 = t * t
        self.n = count.astype(np.float64)
        self.s1, self.s2, self.s3, self.s4 = total(t), total(t2), total(t2 * t), total(t2 * t2)
        self.y0, self.y1, self.y2 = total(y), total(t * y), total(t2 * y)


def _solved(s: _Sums) -> tuple[Int64, NDArray[np.bool_], NDArray[np.bool_]]:
    """Cramer's rule for y = a t^2 + b t + c as in `fitted_top`: the floor of the top, whether it is sure, and a < 0."""
    det_ny, det_yt = s.y1 * s.n - s.s1 * s.y0, s.y1 * s.s1 - s.s2 * s.y0
    a = s.y2 * (s.s2 * s.n - s.s1 * s.s1) - s.s3 * det_ny + s.s2 * det_yt
    b = s.s4 * det_ny - s.y2 * (s.s3 * s.n - s.s1 * s.s2) + s.s2 * (s.s3 * s.y0 - s.y1 * s.s2)
    # The same sums without signs bound what rounding can have done to them.
    y0, y1, y2, s1, s3 = np.abs(s.y0), np.abs(s.y1), np.abs(s.y2), np.abs(s.s1), np.abs(s.s3)
    wide_ny, wide_yt = y1 * s.n + s1 * y0, y1 * s1 + s.s2 * y0
    doubt_a = _STEPS * _UNIT * (y2 * (s.s2 * s.n + s1 * s1) + s3 * wide_ny + s.s2 * wide_yt)
    doubt_b = _STEPS * _UNIT * (s.s4 * wide_ny + y2 * (s3 * s.n + s1 * s.s2) + s.s2 * (s3 * y0 + y1 * s.s2))
    sign_known = np.abs(a) > 4 * doubt_a
    size = np.where(sign_known, np.abs(a), 1.0)
    top = -b * MILLISECOND / np.where(sign_known, 2 * a, 1.0)
    doubt = MILLISECOND * (doubt_b + np.abs(b) * doubt_a / size) / size + np.abs(top) * _STEPS * _UNIT
    floor = np.floor(top)
    clear = (top - floor > doubt) & (floor + 1 - top > doubt) & (np.abs(top) < 2.0**40)
    is_sure = sign_known & (clear | (a > 0))
    return np.where(is_sure & (a < 0), floor, 0).astype(np.int64), is_sure, a < 0


def fitted_top(moment_us: Int64, rssi: Float32) -> Instant | None:
    """The top of the parabola through the signal, by least squares in exact integers, or None.

    Times are taken in whole milliseconds after the first read, signals in tenths of a decibel. None with fewer than
    three signals, without a top, or with one outside the reads.
    """
    heard = ~np.isnan(rssi)
    if int(heard.sum()) < 3:
        return None
    base = int(moment_us[0])
    times = ((moment_us[heard] - base) // MILLISECOND).tolist()
    signals = np.rint(rssi[heard].astype(np.float64) * 10).astype(np.int64).tolist()
    n = len(times)
    s1 = sum(times)
    s2 = sum(t * t for t in times)
    s3 = sum(t**3 for t in times)
    s4 = sum(t**4 for t in times)
    y0 = sum(signals)
    y1 = sum(t * y for t, y in zip(times, signals, strict=True))
    y2 = sum(t * t * y for t, y in zip(times, signals, strict=True))
    # Cramer's rule for y = a t^2 + b t + c; the common denominator is positive, so signs are those of a and b.
    a = y2 * (s2 * n - s1 * s1) - s3 * (y1 * n - s1 * y0) + s2 * (y1 * s1 - s2 * y0)
    b = s4 * (y1 * n - s1 * y0) - y2 * (s3 * n - s1 * s2) + s2 * (s3 * y0 - y1 * s2)
    if a >= 0:
        return None
    top = base + (-b * MILLISECOND) // (2 * a)
    return top if int(moment_us[0]) <= top <= int(moment_us[-1]) else None
