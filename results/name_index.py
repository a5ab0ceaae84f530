"""Finding runners by what somebody types: the beginning of any words of the name, or the whole bib.

Owns what is compared: letters without case and accents, words in any order. Knows only what the public may read, so
that a withheld name can be found by nobody. Made once for each version of the roster.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

from results.people import Person

ASKED_MAX: Final = 80
"""Letters of a question that are looked at: no name is longer, and nobody makes the server work for more."""

WORDS_MAX: Final = 8

_OTHER_LETTERS: Final = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
)
"""Letters that are no letter with an accent, as people write them who do not have the key."""

_AFTER_ALL: Final = "\U0010ffff"


@dataclass(frozen=True, kw_only=True)
class NameIndex:
    """`words`: every word of every name, ascending, and `holders` whose it is; `order`: place in the alphabet of names.

    `by_bib`: whose bib it is, bibs as people type them (`folded_words`).
    """

    words: Sequence[str]
    holders: Sequence[frozenset[int]]
    order: Sequence[int]
    by_bib: dict[str, int]

    @classmethod
    def of(cls, people: Sequence[Person]) -> Self:
        """The index of what the public may read, in the roster's order: tenths of a second for 20,000."""
        holders: dict[str, set[int]] = {}
        keys: list[tuple[str, str, int]] = []
        by_bib: dict[str, int] = {}
        for index, person in enumerate(people):
            family, first = folded_words(person.last_name), folded_words(person.first_name)
            keys.append((" ".join(family), " ".join(first), index))
            for word in _words_of(family, first):
                holders.setdefault(word, set()).add(index)
            if person.bib:
                by_bib.setdefault(" ".join(folded_words(person.bib)), index)
        order = [0] * len(people)
        for number, (_, _, index) in enumerate(sorted(keys)):
            order[index] = number
        words = sorted(holders)
        return cls(
            words=words, holders=[frozenset(holders[word]) for word in words], order=order, by_bib=by_bib
        )  # fmt: skip

    def find(self, asked: str, wanted: int) -> tuple[list[int], int]:
        """At most `wanted` of those who fit, whose bib it is first, then by name; and how many fit altogether."""
        parts = folded_words(asked[:ASKED_MAX])[:WORDS_MAX]
        if not parts:
            return [], 0
        bib = self.by_bib.get(" ".join(parts))
        found = self._named(parts)
        first = [] if bib is None else [bib]
        others = sorted((index for index in found if index != bib), key=lambda index: self.order[index])
        return [*first, *others][:wanted], len(first) + len(others)

    def _named(self, parts: Sequence[str]) -> set[int]:
        """Everybody some word of whose name begins with each part."""
        ranges = [self._range(part) for part in set(parts)]
        # The rarest first: what is left is never more than it.
        ranges.sort(key=lambda span: sum(len(self.holders[at]) for at in range(*span)))
        found: set[int] | None = None
        for first, last in ranges:
            here: set[int] = set()
            for at in range(first, last):
                here |= self.holders[at] if found is None else self.holders[at] & found
            found = here
            if not found:
                break
        return found or set()

    def _range(self, part: str) -> tuple[int, int]:
        return bisect_left(self.words, part), bisect_left(self.words, part + _AFTER_ALL)


def _words_of(family: Sequence[str], first: Sequence[str]) -> Iterator[str]:
    """Each word, and family and first name written together (`lebihan`, `jeanluc`)."""
    yield from family
    yield from first
    for name in (family, first):
        if len(name) > 1:
            yield "".join(name)


def folded_words(text: str) -> list[str]:
    """The words of a text, small and without accents: `Le Bihan-Cœur` is `le`, `bihan`, `coeur`."""
    if text.isascii():
        small = text.lower()
    else:
        decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_OTHER_LETTERS))
        small = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return re.findall(r"[^\W_]+", small)
