"""Finding an entrant by what somebody types: the bib, the beginning of a name, or the end of a tag.

Pure: the words of a roster are made ready once, then asked many times.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from config.folding import without_accents
from timing.roster import Roster

FOUND_MAX: Final = 20
_SHORTEST_TAG_END: Final = 4


class EntrantIndex:
    """A roster made ready to be searched. before: the index of another version, whose names are mostly the same."""

    def __init__(self, roster: Roster, before: "EntrantIndex | None" = None) -> None:
        known: Mapping[tuple[str, str], str] = {} if before is None else before._known
        self.roster = roster
        self._known: dict[tuple[str, str], str] = {
            (e.first_name, e.last_name): known.get((e.first_name, e.last_name))
            or _plain(f"{e.first_name} {e.last_name}")
            for e in roster.entrants
        }
        self._names = [self._known[e.first_name, e.last_name] for e in roster.entrants]

    def find(self, text: str, limit: int = FOUND_MAX) -> list[int]:
        """Rows of the roster, the best first: the bib itself, bibs that begin so, tags that end so, names.

        Of a name every word that was typed begins some word of it, in any order.
        """
        text = text.strip()
        if not text:
            return []
        entrants = self.roster.entrants
        found: dict[int, None] = {}
        exact = self.roster.by_bib.get(text)
        if exact is not None:
            found[exact] = None
        tag = text.upper()
        worn = self.roster.by_tag.get(tag)
        if worn is not None:
            found[worn] = None
        if any(character.isdigit() for character in text):
            found |= dict.fromkeys(self._rows_by_bib(text, limit))
            if len(tag) >= _SHORTEST_TAG_END and len(found) < limit:
                rows = (n for n, e in enumerate(entrants) if any(each.endswith(tag) for each in e.tags))
                found |= dict.fromkeys(rows)
        if len(found) < limit:
            found |= dict.fromkeys(self._rows_by_name(_plain(text).split(), limit))
        return list(found)[:limit]

    def _rows_by_bib(self, text: str, limit: int) -> list[int]:
        rows = [n for n, entrant in enumerate(self.roster.entrants) if entrant.bib.startswith(text)]
        return sorted(rows, key=lambda n: (len(self.roster.entrants[n].bib), self.roster.entrants[n].bib))[:limit]

    def _rows_by_name(self, words: Sequence[str], limit: int) -> list[int]:
        rows: list[int] = []
        if words:
            for n, name in enumerate(self._names):
                if all(f" {word}" in name for word in words):
                    rows.append(n)
                    if len(rows) >= limit:
                        break
        return rows


def _plain(text: str) -> str:
    """Small letters without accents, one space before each word."""
    letters = without_accents(text.casefold())
    return "".join(f" {word}" for word in "".join(c if c.isalnum() else " " for c in letters).split())
