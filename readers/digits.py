"""Digits in a block of text as numbers, many lines at once. Exact: integers only, and anything else is told apart.

Eight characters are one machine word: the tens, hundreds and ten thousands of eight digits are put together by three
multiplications, whatever the number of lines.
"""

from typing import Final

import numpy as np

from readers.line_blocks import Block, UInt64
from timing.reads import Bool, Int16, Int64

DIGITS_MAX: Final = 16

_ZEROS: Final = np.uint64(0x3030303030303030)
_TO_HIGH_BIT: Final = np.uint64(0x7676767676767676)
_HIGH_BITS: Final = np.uint64(0x8080808080808080)
_TAILS: Final = np.array([((1 << 64) - 1) ^ ((1 << (64 - 8 * n)) - 1) for n in range(9)], np.uint64)
"""The last n bytes of a word."""


def whole_numbers(block: Block, starts: Int64, ends: Int64) -> tuple[Int64, Bool]:
    """The number each text `starts[i]..ends[i]` writes in digits, and whether it does: 1 to 16 digits, no sign.

    Returns: numbers (meaningless where the text is none) and marks, each of shape (n,).
    """
    lengths = ends - starts
    high, low = block.words_at(ends - DIGITS_MAX, 2)
    high ^= _ZEROS
    low ^= _ZEROS
    fits = (lengths > 0) & (lengths <= DIGITS_MAX)
    if len(lengths) and int(lengths.min()) < DIGITS_MAX:
        low &= _TAILS[np.clip(lengths, 0, 8)]
        high &= _TAILS[np.clip(lengths - 8, 0, 8)]
    # A byte above 9 reaches the high bit when 0x76 is added, or has it already; a carry can only follow such a byte.
    odd = low + _TO_HIGH_BIT
    odd |= high + _TO_HIGH_BIT
    odd |= low
    odd |= high
    odd &= _HIGH_BITS
    fits &= odd == 0
    numbers = _eight_digits(high) * np.uint64(10**8) + _eight_digits(low)
    return numbers.view(np.int64), fits


def _eight_digits(word: UInt64) -> UInt64:
    """The number of eight digits 0-9, one a byte, the first lowest."""
    word = word * np.uint64(10 << 8 | 1)
    word >>= np.uint64(8)
    word &= np.uint64(0x00FF00FF00FF00FF)
    word *= np.uint64(100 << 16 | 1)
    word >>= np.uint64(16)
    word &= np.uint64(0x0000FFFF0000FFFF)
    word *= np.uint64(10_000 << 32 | 1)
    word >>= np.uint64(32)
    return word


def _pairs(alphabet: bytes, base: int) -> Int16:
    """For each two characters (first lowest) the number they write, -1 where they are no digits."""
    table = np.full(1 << 16, -1, np.int16)
    value = {octet: int(chr(octet), base) for octet in alphabet}
    for tens, ten in value.items():
        for ones, one in value.items():
            table[tens | ones << 8] = ten * base + one
    return table


DECIMAL_PAIRS: Final = _pairs(b"0123456789", 10)
HEX_PAIRS: Final = _pairs(b"0123456789abcdefABCDEF", 16)
