"""A column of short texts as values, one look-up for a million lines instead of a conversion for each.

A race's reads repeat a few texts (tags, mats, signal strengths) very often. Each distinct text is converted once, by a
function of its own; after that a line finds its value by a hash table that numpy walks for a whole block. Texts are
compared byte for byte: a hash that two texts share costs a step more and is never an error.

A text is some machine words of eight bytes, the first byte lowest, zero after its end; so a text may not hold NUL.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from readers.line_blocks import Block, UInt64
from timing.reads import Bool, Int32, Int64, same_for_all

_WORD: Final = 8
_WORDS: Final = 4
TEXT_MAX: Final = _WORD * _WORDS
"""Longer texts are not looked up: the lines that have them go the slow way."""

_MASKS: Final = np.array([(1 << (8 * n)) - 1 for n in range(_WORD + 1)], np.uint64)
"""The first n bytes of a word."""
_FACTORS: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64)
_HALF: Final = np.uint64(32)
_FREE: Final = -1
_SLOTS_PER_ENTRY: Final = 8
"""A table this empty finds nine of ten texts in the first slot."""

_Value = TypeVar("_Value", bound=np.generic)


def text_words(block: Block, starts: Int64, ends: Int64, good: Bool) -> list[UInt64]:
    """The texts `starts[i]..ends[i]` of a block as words, as many as the longest needs.

    Those longer than TEXT_MAX lose their mark in `good` and come as the empty text.
    """
    lengths = ends - starts
    longest = int(lengths.max(initial=0))
    if longest > TEXT_MAX:
        too_long = lengths > TEXT_MAX
        good[too_long] = False
        lengths[too_long] = 0
        longest = int(lengths.max())
    words = block.words_at(starts, max(-(-longest // _WORD), 1))
    shortest = int(lengths.min(initial=TEXT_MAX))
    for place, word in enumerate(words):
        first = _WORD * place
        if shortest >= first + _WORD:
            continue
        if shortest == longest:
            word &= _MASKS[longest - first]
        elif longest <= _WORD:
            word &= _MASKS[lengths]
        else:
            word &= _MASKS[np.clip(lengths - first, 0, _WORD)]
    return words


class TextColumn(Generic[_Value]):
    """Values of a column's texts.

    `convert` gives the value of a text, or raises ValueError when the text has none; it is called once for each
    distinct text, in the order of first sight.
    """

    def __init__(self, convert: Callable[[str], int | float], dtype: type[_Value]) -> None:
        self._convert = convert
        self._count = 0
        # Of each distinct text: its value and whether it has one, its words and its hash.
        self._values: NDArray[_Value] = np.zeros(1, dtype)
        self._sound: Bool = np.zeros(1, np.bool_)
        self._all_sound = True
        self._words: list[UInt64] = [np.zeros(1, np.uint64)]
        self._hashes: UInt64 = np.zeros(1, np.uint64)
        self._slots: Int32 = np.full(1 << 10, _FREE, np.int32)

    def __len__(self) -> int:
        """How many distinct texts there are so far."""
        return self._count

    def values(self, words: list[UInt64], good: Bool) -> NDArray[_Value]:
        """The value of each text; texts that have none lose their mark in `good`."""
        entries = self._entries(words)
        if not self._all_sound:
            good &= self._sound[entries]
        return self._values.take(entries)

    def expect(self, texts: list[bytes], values: list[int]) -> None:
        """Makes entries of texts that will probably come, before any others: quicker than learning them one by one.

        Args: texts: distinct, none longer than TEXT_MAX, each with the value that `convert` would give it.
        """
        assert self._count == 0, "what is expected comes first"
        if not texts:
            return
        count = -(-max(1, *map(len, texts)) // _WORD)
        octets = np.array(texts, f"S{_WORD * count}").view("<u8").reshape(-1, count).astype(np.uint64, copy=False)
        words = [octets[:, place].copy() for place in range(count)]
        self._add(values, [True] * len(values), words, _hashes_of(words))

    def of_no_text(self, good: Bool) -> NDArray[_Value]:
        """The value of the empty text for every line; if it has none, all lose their mark in `good`."""
        sound = np.ones(1, np.bool_)
        value = self.values([np.zeros(1, np.uint64)], sound)
        good &= sound
        return same_for_all(value[0], len(good))

    def absent(self, count: int, value: float) -> NDArray[_Value]:
        """What a file without this column gives."""
        return same_for_all(self._values.dtype.type(value), count)

    def _entries(self, words: list[UInt64]) -> Int32:
        self._widen(len(words))
        hashes = _hashes_of(words)
        found = self._slots.take(self._home(hashes))
        same = self._same(found, words)
        if same.all():
            return found
        rest = np.flatnonzero(~same)
        while len(rest):
            found[rest] = self._probed([word[rest] for word in words], hashes[rest])
            rest = rest[found[rest] == _FREE]
            self._learn(rest, words, hashes)
        return found

    def _probed(self, words: list[UInt64], hashes: UInt64) -> Int32:
        """The entries of these texts, from their homes on slot by slot; -1 where a free slot ends the search."""
        slots = self._home(hashes)
        found = self._slots[slots]
        rest = np.flatnonzero((found != _FREE) & ~self._same(found, words))
        while len(rest):
            slots[rest] += 1
            slots[rest] &= len(self._slots) - 1
            here = self._slots[slots[rest]]
            found[rest] = here
            rest = rest[(here != _FREE) & ~self._same(here, [word[rest] for word in words])]
        return found

    def _same(self, entries: Int32, words: list[UInt64]) -> Bool:
        """Whether these are the entries of these texts."""
        same: Bool = entries != _FREE
        for place, known in enumerate(self._words):
            same &= known.take(entries) == (words[place] if place < len(words) else 0)
        return same

    def _home(self, hashes: UInt64) -> Int64:
        shift = 64 - (len(self._slots).bit_length() - 1)
        return (hashes >> np.uint64(shift)).view(np.int64)

    def _learn(self, rows: Int64, words: list[UInt64], hashes: UInt64) -> None:
        """Makes an entry of one text of each hash among these rows, none of which has one yet."""
        if not len(rows):
            return
        rows = rows[np.unique(hashes[rows], return_index=True)[1]]
        rows.sort()
        new = [word[rows] for word in words]
        self._add(*self._converted(new), new, hashes[rows])

    def _add(
        self, values: list[int | float] | list[int], sound: list[bool], words: list[UInt64], hashes: UInt64
    ) -> None:
        """Makes entries of texts that have none."""
        self._widen(len(words))
        first, last = self._count, self._count + len(values)
        self._make_room(last)
        self._values[first:last], self._sound[first:last] = values, sound
        self._all_sound = self._all_sound and all(sound)
        for known, word in zip(self._words, words, strict=False):
            known[first:last] = word
        self._hashes[first:last] = hashes
        self._count = last
        self._place(np.arange(first, last))

    def _widen(self, words: int) -> None:
        while len(self._words) < words:
            self._words.append(np.zeros(len(self._hashes), np.uint64))

    def _converted(self, words: list[UInt64]) -> tuple[list[int | float], list[bool]]:
        """The values of these texts, and which have one."""
        octets = np.stack(words, axis=1).astype("<u8", copy=False)
        texts: list[bytes] = octets.view(f"S{_WORD * len(words)}").ravel().tolist()
        try:
            values = [self._convert(text) for text in b"\n".join(texts).decode().split("\n")]
            return values, [True] * len(values)
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
        room = len(self._hashes)
        if entries > room:
            more = max(2 * room, entries, 256) - room
            self._values = np.concatenate([self._values, np.zeros(more, self._values.dtype)])
            self._sound = np.concatenate([self._sound, np.zeros(more, np.bool_)])
            self._words = [np.concatenate([known, np.zeros(more, np.uint64)]) for known in self._words]
            self._hashes = np.concatenate([self._hashes, np.zeros(more, np.uint64)])
        if _SLOTS_PER_ENTRY * entries > len(self._slots):
            size = len(self._slots)
            while _SLOTS_PER_ENTRY * entries > size:
                size *= 2
            self._slots = np.full(size, _FREE, np.int32)
            self._place(np.arange(self._count))

    def _place(self, entries: Int64) -> None:
        """Gives each entry the first free slot from its home on."""
        slots = self._home(self._hashes[entries])
        while len(entries):
            free = self._slots[slots] == _FREE
            self._slots[slots[free]] = entries[free]
            homeless = self._slots[slots] != entries
            entries = entries[homeless]
            slots = (slots[homeless] + 1) & (len(self._slots) - 1)


def _hashes_of(words: list[UInt64]) -> UInt64:
    """A hash of each text, the same however many zero words follow it; its high bits are the good ones."""
    hashes: UInt64 = words[0] * _FACTORS[0]
    for word, factor in zip(words[1:], _FACTORS[1:], strict=False):
        hashes ^= word * factor
    hashes ^= hashes >> _HALF
    hashes *= _FACTORS[0]
    return hashes
