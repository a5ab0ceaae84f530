"""A column of short texts as values, one look-up for a million lines instead of a conversion for each.

A race's reads repeat a few texts (tags, mats, signal strengths) very often. Each distinct text is converted once, by a
function of its own; after that a line finds its value by a hash table that numpy walks for a whole block. Texts are
compared byte for byte: a hash that two texts share costs a step more and is never an error.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from readers.line_blocks import Block, UInt64
from timing.reads import Bool, Int32, Int64

_WORD: Final = 8
_WORDS: Final = 4
TEXT_MAX: Final = _WORD * _WORDS
"""Longer texts are not looked up: the lines that have them go the slow way."""

_MASKS: Final = np.array([(1 << (8 * n)) - 1 for n in range(_WORD + 1)], np.uint64)
"""The first n bytes of a word."""
_FACTORS: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64)
_LENGTH_FACTOR: Final = np.uint64(0xA0761D6478BD642F)
_HALF: Final = np.uint64(32)
_FREE: Final = -1

_Value = TypeVar("_Value", bound=np.generic)


class TextColumn(Generic[_Value]):
    """Values of a column's texts.

    `convert` gives the value of a text, or raises ValueError when the text has none; it is called once for each
    distinct text. `entries` below are numbers of distinct texts; `values[entries]` are their values, `sound[entries]`
    whether they have one, and `texts[entry]` the bytes themselves.
    """

    def __init__(self, convert: Callable[[str], int | float], dtype: type[_Value]) -> None:
        self._convert = convert
        self.texts: list[bytes] = []
        self.values: NDArray[_Value] = np.zeros(1, dtype)
        self.sound: Bool = np.zeros(1, np.bool_)
        self.all_sound = True
        # The last row of these never holds an entry: a free slot (-1) is looked up there, and never equals.
        self._words: list[UInt64] = [np.zeros(1, np.uint64)]
        self._lengths: Int64 = np.full(1, -1, np.int64)
        self._hashes: UInt64 = np.zeros(1, np.uint64)
        self._slots: Int32 = np.full(1 << 10, _FREE, np.int32)

    def entries(self, block: Block, starts: Int64, ends: Int64) -> Int32:
        """The entry of each text `starts[i]..ends[i]` of a block; -1 for texts that are longer than TEXT_MAX."""
        if not len(starts):
            return np.empty(0, np.int32)
        lengths = ends - starts
        longest = int(lengths.max())
        if longest > TEXT_MAX:
            found = np.full(len(starts), _FREE, np.int32)
            short = np.flatnonzero(lengths <= TEXT_MAX)
            found[short] = self.entries(block, starts[short], ends[short])
            return found
        return self.entries_of_words(block, starts, lengths, _words_of(block, starts, lengths, longest))

    def entries_of_words(self, block: Block, starts: Int64, lengths: Int64, words: list[UInt64]) -> Int32:
        """The same for texts that the caller has as words, zero after their end."""
        while len(self._words) < len(words):
            self._words.append(np.zeros(len(self._lengths), np.uint64))
        hashes = _hashes_of(words, lengths)
        found = self._slots[self._home(hashes)]
        rest = np.flatnonzero(~self._same(found, lengths, words))
        while len(rest):
            found[rest] = self._probed(lengths[rest], [word[rest] for word in words], hashes[rest])
            rest = rest[found[rest] == _FREE]
            self._learn(block, rest, starts, lengths, words, hashes)
        return found

    def _probed(self, lengths: Int64, words: list[UInt64], hashes: UInt64) -> Int32:
        """The entries of these texts, from their homes on slot by slot; -1 where a free slot ends the search."""
        slots = self._home(hashes)
        found = self._slots[slots]
        rest = np.flatnonzero((found != _FREE) & ~self._same(found, lengths, words))
        while len(rest):
            slots[rest] += 1
            slots[rest] &= len(self._slots) - 1
            here = self._slots[slots[rest]]
            found[rest] = here
            same = self._same(here, lengths[rest], [word[rest] for word in words])
            rest = rest[(here != _FREE) & ~same]
        return found

    def _same(self, entries: Int32, lengths: Int64, words: list[UInt64]) -> Bool:
        """Whether these are the entries of these texts."""
        same: Bool = self._lengths[entries] == lengths
        for word, known in zip(words, self._words, strict=False):
            same &= known[entries] == word
        return same

    def _home(self, hashes: UInt64) -> Int64:
        shift = 64 - (len(self._slots).bit_length() - 1)
        return (hashes >> np.uint64(shift)).astype(np.int64)

    def _learn(
        self, block: Block, rows: Int64, starts: Int64, lengths: Int64, words: list[UInt64], hashes: UInt64
    ) -> None:
        """Makes an entry of one text of each hash among these rows, none of which has one yet."""
        if not len(rows):
            return
        rows = rows[np.unique(hashes[rows], return_index=True)[1]]
        rows.sort()
        first = len(self.texts)
        self._make_room(first + len(rows))
        new = slice(first, first + len(rows))
        texts = [
            bytes(block.raw[start : start + length])
            for start, length in zip(starts[rows].tolist(), lengths[rows].tolist(), strict=True)
        ]
        self.texts += texts
        self.values[new], self.sound[new] = self._converted(texts)
        self.all_sound = self.all_sound and bool(self.sound[new].all())
        for known, word in zip(self._words, words, strict=False):
            known[new] = word[rows]
        self._lengths[new] = lengths[rows]
        self._hashes[new] = hashes[rows]
        self._place(np.arange(first, first + len(rows)))

    def _converted(self, texts: list[bytes]) -> tuple[list[int | float], list[bool] | bool]:
        """The values of these texts, and which have one."""
        try:
            return [self._convert(text.decode()) for text in texts], True
        except ValueError:
            return self._converted_one_by_one(texts)

    def _converted_one_by_one(self, texts: list[bytes]) -> tuple[list[int | float], list[bool]]:
        values: list[int | float] = []
        sound = []
        for text in texts:
            try:
                values.append(self._convert(text.decode()))
                sound.append(True)
            except ValueError:
                values.append(0)
                sound.append(False)
        return values, sound

    def _make_room(self, entries: int) -> None:
        room = len(self._lengths)
        if entries >= room:
            more = max(2 * room, entries + 1, 256) - room
            self.values = np.concatenate([self.values, np.zeros(more, self.values.dtype)])
            self.sound = np.concatenate([self.sound, np.zeros(more, np.bool_)])
            self._words = [np.concatenate([known, np.zeros(more, np.uint64)]) for known in self._words]
            self._lengths = np.concatenate([self._lengths, np.full(more, -1, np.int64)])
            self._hashes = np.concatenate([self._hashes, np.zeros(more, np.uint64)])
        if 8 * entries > len(self._slots):
            size = len(self._slots)
            while 8 * entries > size:
                size *= 2
            self._slots = np.full(size, _FREE, np.int32)
            self._place(np.arange(len(self.texts)))

    def _place(self, entries: Int64) -> None:
        """Gives each entry the first free slot from its home on."""
        slot = self._home(self._hashes[entries])
        while len(entries):
            free = self._slots[slot] == _FREE
            self._slots[slot[free]] = entries[free]
            homeless = self._slots[slot] != entries
            entries = entries[homeless]
            slot = (slot[homeless] + 1) & (len(self._slots) - 1)


def _words_of(block: Block, starts: Int64, lengths: Int64, longest: int) -> list[UInt64]:
    """The texts as words of eight bytes, zero after their end; as many words as the longest needs, one at least."""
    words = block.words_at(starts, max(-(-longest // _WORD), 1))
    if int(lengths.min()) < _WORD * len(words):
        for place, word in enumerate(words):
            word &= _MASKS[np.clip(lengths - _WORD * place, 0, _WORD)]
    return words


def _hashes_of(words: list[UInt64], lengths: Int64) -> UInt64:
    """A hash of each text, the same however many zero words follow it; its high bits are the good ones."""
    hashes = lengths.astype(np.uint64) * _LENGTH_FACTOR
    for word, factor in zip(words, _FACTORS, strict=False):
        hashes ^= word * factor
    hashes ^= hashes >> _HALF
    hashes *= _FACTORS[0]
    return hashes
