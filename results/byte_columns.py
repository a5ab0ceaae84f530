"""Columns of a file as characters: one row of bytes for each value, with NUL where a value is shorter than the widest.

A results.csv of 20,000 rows has 300,000 values. As strings they take longer to make, to join and to forget than the
whole race takes to match; as columns they are made all at once. Knows no entrant and no race.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np

from timing.instants import MISSING
from timing.reads import Bool, Int64, UInt8

Chars: TypeAlias = UInt8
"""Shape (rows, width)."""

_ZERO, _COMMA, _COLON, _MINUS, _NEWLINE = b"0,:-\n"
_GROUP: Final = 10_000
_FOUR_DIGITS: Final = (np.arange(_GROUP)[:, None] // [1000, 100, 10, 1] % 10 + _ZERO).astype(np.uint8)
_POWERS_OF_TEN: Final = 10 ** np.arange(1, 19, dtype=np.int64)


def text_chars(texts: Sequence[str]) -> Chars:
    """Texts in UTF-8; a NUL in a text is left out."""
    column = np.array([text.encode() for text in texts], dtype=np.bytes_)
    return column.view(np.uint8).reshape(len(texts), column.itemsize)


def integer_chars(values: Int64) -> Chars:
    """Whole numbers as `str` writes them, nothing where MISSING."""
    known = values != MISSING
    return np.hstack([_sign(values, known), _digits(np.abs(values), known)])


def clock_chars(seconds: Int64) -> Chars:
    """Whole seconds as `duration_machine` writes them (`1:05:58`, `-0:00:05`), nothing where MISSING."""
    known = seconds != MISSING
    minutes, second = np.divmod(np.where(known, np.abs(seconds), 0), 60)
    hours, minute = np.divmod(minutes, 60)
    tail = np.empty((len(seconds), 6), np.uint8)  # :05:58
    tail[:, [0, 3]] = _COLON
    tail[:, [1, 2, 4, 5]] = _FOUR_DIGITS[minute * 100 + second]
    tail[~known] = 0
    return np.hstack([_sign(seconds, known), _digits(hours, known), tail])


def _sign(values: Int64, known: Bool) -> Chars:
    negative = known & (values < 0)
    return (negative * np.uint8(_MINUS))[:, None] if negative.any() else np.empty((len(values), 0), np.uint8)


def _digits(values: Int64, known: Bool) -> Chars:
    """The digits of numbers from 0 up, to the right, nothing where not known."""
    rest = np.where(known, values, 0)
    lengths = np.searchsorted(_POWERS_OF_TEN, rest, side="right") + 1
    groups = -(-int(lengths.max(initial=1)) // 4)
    chars = np.empty((len(values), 4 * groups), np.uint8)
    for last in range(4 * groups, 0, -4):
        above = rest // _GROUP
        chars[:, last - 4 : last] = _FOUR_DIGITS[rest - above * _GROUP]
        rest = above
    lengths[~known] = 0
    chars[np.arange(4 * groups) < (4 * groups - lengths)[:, None]] = 0
    return chars


def csv_rows(columns: Sequence[Chars]) -> bytes:
    """The rows that these columns make, with commas between the values and a newline after each row."""
    table = np.empty((len(columns[0]), sum(column.shape[1] + 1 for column in columns)), np.uint8)
    at = 0
    for column in columns:
        end = at + column.shape[1]
        table[:, at:end] = column
        table[:, end] = _COMMA
        at = end + 1
    table[:, -1] = _NEWLINE
    return table.tobytes().translate(None, b"\0")
