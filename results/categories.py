"""The category of each entrant, as small codes: once for each version of the roster.

Owns the codes and their order. The rule itself (which birth years, from which date) is the plan's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from config.plan import RacePlan
from timing.reads import Int16
from timing.roster import Bib, Roster

NO_CATEGORY: Final = -1


@dataclass(frozen=True, kw_only=True)
class Categories:
    """`code`: one for each entrant, in the roster's order, an index into `names`; NO_CATEGORY without birth year.

    `names` are the categories that occur in the roster, in the scheme's own order.
    """

    names: tuple[str, ...]
    code: Int16

    def name_of(self, index: int) -> str:
        """The category of an entrant by index in the roster, empty where there is none."""
        code = int(self.code[index])
        return "" if code == NO_CATEGORY else self.names[code]

    def __len__(self) -> int:
        return len(self.code)


def categorise(plan: RacePlan, roster: Roster, overrides: Mapping[Bib, str] | None = None) -> Categories:
    """The category of each entrant on the day of the race, by the plan's scheme.

    `overrides`: what a ruling says instead; a category the scheme does not know is made, and comes last.
    """
    scheme, day = plan.categories, plan.race.day
    texts: list[str | None] = list(scheme.categories_of(roster.entrants, day))
    if overrides:
        texts = [overrides.get(entrant.bib, text) for entrant, text in zip(roster.entrants, texts, strict=True)]
    names = tuple(scheme.in_order((text for text in texts if text), day))
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(names)}
    code = np.array([code_of.get(text, NO_CATEGORY) for text in texts], dtype=np.int16)
    return Categories(names=names, code=code)
