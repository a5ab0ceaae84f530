"""What may be printed of each entrant, for the public and for the jury.

Owns the cleaning of names and the withholding. An entrant who is not public keeps the place and loses name, club, town,
team and nationality in everything public; where so few are entered that the bib or the category would tell who it is,
those too.
"""

import enum
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, overload

import numpy as np

from results.categories import NO_CATEGORY
from results.eligibility import NO_SCOPE, Eligibility
from timing.roster import Entrant

SHORT_LIST: Final = 20
"""A list to which fewer than this many are admitted is short: in it a bib or a category points at one person."""


class Audience(enum.StrEnum):
    PUBLIC = "public"
    JURY = "jury"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One entrant as printed. Empty text: unknown or withheld; `bib` is empty only where it is withheld too."""

    bib: str
    last_name: str
    first_name: str
    sex: str
    category: str
    club: str
    town: str
    nationality: str
    withheld: bool

    @property
    def family_name(self) -> str:
        """The family name in capitals, accents kept."""
        return self.last_name.upper()

    @property
    def origin(self) -> str:
        """What stands in the column "club or town": the club, else the town, else the country."""
        return self.club or self.town or self.nationality

    def name(self) -> str:
        """`Wilfred CHERUTICH`; empty where there is none to print."""
        return f"{self.first_name} {self.family_name}".strip()


def printed_people(eligibility: Eligibility, audience: Audience) -> tuple[Person, ...]:
    """What an audience may read of each entrant, in the roster's order.

    What is withheld hangs on the roster and the rules alone, so no later publication of the same roster reveals it.
    """
    entrants = eligibility.roster.entrants
    recognisable = _recognisable(eligibility) if audience is Audience.PUBLIC else frozenset[int]()
    names = eligibility.categories.names
    codes = eligibility.categories.code.tolist()
    return tuple(
        _person(
            entrant,
            "" if code == NO_CATEGORY else names[code],
            hide_name=audience is Audience.PUBLIC and not entrant.public,
            hide_bib=index in recognisable,
        )
        for index, (entrant, code) in enumerate(zip(entrants, codes, strict=True))
    )


_last_public: tuple[Eligibility, tuple[Person, ...]] | None = None


def public_people(eligibility: Eligibility) -> tuple[Person, ...]:
    """What the public may read of each entrant; the last are kept, for it is asked many a second of the same roster."""
    global _last_public
    last = _last_public
    if last is None or last[0] is not eligibility:
        last = _last_public = (eligibility, printed_people(eligibility, Audience.PUBLIC))
    return last[1]


class JuryPeople(Sequence[Person]):
    """What crew and jury may read of each entrant, in the roster's order: made when somebody is asked for."""

    def __init__(self, eligibility: Eligibility) -> None:
        self.eligibility = eligibility
        self._made: dict[int, Person] = {}

    def __len__(self) -> int:
        return len(self.eligibility.roster)

    @overload
    def __getitem__(self, index: int) -> Person: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Person]: ...

    def __getitem__(self, index: int | slice) -> Person | Sequence[Person]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if index not in self._made:
            entrant, categories = self.eligibility.roster.entrants[index], self.eligibility.categories
            code = int(categories.code[index])
            name = "" if code == NO_CATEGORY else categories.names[code]
            self._made[index] = _person(entrant, name, hide_name=False, hide_bib=False)
        return self._made[index]


def _person(entrant: Entrant, category: str, *, hide_name: bool, hide_bib: bool) -> Person:
    return Person(
        bib="" if hide_bib else plain_text(entrant.bib),
        last_name="" if hide_name else plain_text(entrant.last_name),
        first_name="" if hide_name else plain_text(entrant.first_name),
        sex="" if hide_bib else str(entrant.sex),
        category="" if hide_bib else plain_text(category),
        club="" if hide_name else plain_text(entrant.club),
        town="" if hide_name else plain_text(entrant.town),
        nationality="" if hide_name else plain_text(entrant.nationality),
        withheld=not entrant.public,
    )


def _recognisable(eligibility: Eligibility) -> frozenset[int]:
    """Withheld entrants who stand in a short public list or in a small category."""
    withheld = [index for index, entrant in enumerate(eligibility.roster.entrants) if not entrant.public]
    if not withheld:
        return frozenset()
    categories = eligibility.categories
    ranked = categories.code[eligibility.ranked_role & (categories.code != NO_CATEGORY)]
    in_category = np.bincount(ranked, minlength=len(categories.names)).tolist()
    public = [admission for admission in eligibility.admissions if admission.rule.public]

    def smallest(index: int) -> int:
        code = int(categories.code[index])
        sizes = [in_category[code]] if code != NO_CATEGORY else []
        sizes += [a.pool[a.scope[index]] for a in public if a.scope[index] != NO_SCOPE]
        return min(sizes, default=SHORT_LIST)

    return frozenset(index for index in withheld if smallest(index) < SHORT_LIST)


_SEPARATORS: Final = frozenset(("Cc", "Zl", "Zp", "Zs"))
_INVISIBLE: Final = frozenset(("Cf", "Cs", "Co", "Cn"))
_JOINERS: Final = frozenset("\u200c\u200d")


def plain_text(text: str) -> str:
    """Text from a roster on one line: composed, without control and direction marks, spaces single.

    Joiners inside a word (Persian, Indian scripts, emoji) are kept: without them it would be another word.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    kept = (_kept(character) for character in unicodedata.normalize("NFC", text))
    return " ".join("".join(kept).split())


def _kept(character: str) -> str:
    """A space for what separates words, nothing for marks that only steer, and everything else as it is."""
    category = unicodedata.category(character)
    if category in _SEPARATORS:
        return " "
    return "" if category in _INVISIBLE and character not in _JOINERS else character
