"""IPICO tag lines of many reads at once: one buffer of lines of equal length, made column by column.

The same bytes as `readers.ipico_frames.tag_line`, which a test compares. Knows no wire.
"""

from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from simulators.tapes import Tape
from simulators.zones import local_us
from timing.instants import DAY, SECOND, Duration
from timing.reads import Int64, UInt8

LINE_BYTES: Final = 38
"""A standard record of 36 characters, CR and LF."""

_HEX: Final = np.frombuffer("".join(f"{i:02x}" for i in range(256)).encode(), np.uint8).reshape(256, 2)
_DECIMAL: Final = np.frombuffer("".join(f"{i:02d}" for i in range(100)).encode(), np.uint8).reshape(100, 2)
_CHUNK: Final = 1 << 16


def ipico_lines(tape: Tape, zone: ZoneInfo) -> bytes:
    """The reads of a tape as tag lines, LINE_BYTES each, in its order; stamps in the zone the reader shows.

    The reader id is the mat's label in hexadecimal, 00 where it has none.
    Raises: ValueError when a tag is not 12 hexadecimal digits.
    """
    tags = _tag_table(tape.tags)
    ids = np.array([int(label, 16) if label else 0 for label in tape.labels], np.int64)
    local = local_us(tape.stamp_us, zone)
    lines = bytearray(len(tape) * LINE_BYTES)
    table = np.frombuffer(lines, np.uint8).reshape(len(tape), LINE_BYTES)
    for first in range(0, len(tape), _CHUNK):
        rows = slice(first, first + _CHUNK)
        _fill(table[rows], tags[tape.tag[rows]], ids[tape.mat[rows]], local[rows])
    return bytes(lines)


def _tag_table(tags: tuple[str, ...]) -> UInt8:
    for tag in tags:
        if len(tag) != 12 or not set(tag) <= set("0123456789abcdefABCDEF"):
            raise ValueError(f"an IPICO tag is 12 hexadecimal digits, not {tag!r}")
    return np.frombuffer("".join(tags).lower().encode(), np.uint8).reshape(len(tags), 12)


def _fill(table: UInt8, tags: UInt8, ids: Int64, local: Int64) -> None:
    """One block of lines: `aa`, reader id, tag, counters, date and time, hundredths in hexadecimal, check digits."""
    table[:, 0:2] = np.frombuffer(b"aa", np.uint8)
    table[:, 2:4] = _HEX[ids]
    table[:, 4:16] = tags
    table[:, 16:18] = _HEX[0]
    table[:, 18:20] = _HEX[1]
    _stamp(table, local)
    table[:, 36:38] = np.frombuffer(b"\r\n", np.uint8)


def moved(lines: bytes, first: int, ahead_us: Duration) -> bytes:
    """Lines whose stamps, from line `first` on, show so much more: the reader's clock was set in between."""
    table = np.frombuffer(bytearray(lines), np.uint8).reshape(-1, LINE_BYTES)
    _stamp(table[first:], _local(table[first:]) + ahead_us)
    return table.tobytes()


def _stamp(table: UInt8, local: Int64) -> None:
    """Date, time, hundredths, and the check digits, which are of all that is before."""
    table[:, 20:26] = _dates(local)
    second = local // SECOND
    for column, number in ((26, second // 3600 % 24), (28, second // 60 % 60), (30, second % 60)):
        table[:, column : column + 2] = _DECIMAL[number]
    table[:, 32:34] = _HEX[local % SECOND // 10_000]
    table[:, 34:36] = _HEX[table[:, 2:34].sum(axis=1, dtype=np.int64) & 0xFF]


def _local(table: UInt8) -> Int64:
    """What the lines show, back again."""
    days, which = np.unique(table[:, 20:26], axis=0, return_inverse=True)
    texts = [row.tobytes().decode() for row in days]
    dates = np.array([f"20{text[:2]}-{text[2:4]}-{text[4:]}" for text in texts], "datetime64[D]").astype(np.int64)
    digits = (table[:, 26:32] - ord("0")).astype(np.int64)
    hour, minute, second = (digits[:, column] * 10 + digits[:, column + 1] for column in (0, 2, 4))
    nibbles = table[:, 32:34].astype(np.int64)
    nibbles -= np.where(nibbles > ord("9"), ord("a") - 10, ord("0"))
    hundredths = nibbles[:, 0] * 16 + nibbles[:, 1]
    found: Int64 = dates[which.reshape(-1)] * DAY + (hour * 3600 + minute * 60 + second) * SECOND + hundredths * 10_000
    return found


def _dates(local: Int64) -> NDArray[np.uint8]:
    days, which = np.unique(local // DAY, return_inverse=True)
    texts = [str(np.datetime64(int(day), "D")).replace("-", "")[2:] for day in days]
    written: UInt8 = np.frombuffer("".join(texts).encode(), np.uint8).reshape(len(texts), 6)
    return written[which]
