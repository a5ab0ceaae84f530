"""What of a speaker's board hangs on roster and rules alone: made once for each version of the roster."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np

from config.folding import folded
from results.eligibility import Eligibility
from results.people import Person, plain_text, public_people
from results.speaker.desk import Favourites
from timing.reads import Bool, Int16, Int32
from timing.roster import Sex

_SEXES: Final = tuple(Sex)


@dataclass(frozen=True, kw_only=True)
class SpeakerFrame:
    """Columns of one value for each entrant of the roster.

    `people` as the public may read them: what must not be announced is not on the board either. `announced`: whose
    arrival is told. `sex`: a number for each.
    """

    eligibility: Eligibility
    people: tuple[Person, ...]
    announced: Bool
    sex: Int16

    @classmethod
    def of(cls, eligibility: Eligibility) -> Self:
        plan, entrants = eligibility.plan, eligibility.roster.entrants
        roles = {role: plan.role(entrant) for role, entrant in {each.role: each for each in entrants}.items()}
        return cls(
            eligibility=eligibility,
            people=public_people(eligibility),
            announced=np.array([roles[each.role].timed and roles[each.role].announced for each in entrants], np.bool_),
            sex=np.array([_SEXES.index(each.sex) for each in entrants], np.int16),
        )

    def __len__(self) -> int:
        return len(self.people)

    def person(self, index: int) -> dict[str, Any]:
        """Who somebody is, as a row of the board says it. Withheld: nothing that would name them, and no `say`."""
        person, entrant = self.people[index], self.eligibility.roster.entrants[index]
        return {
            "bib": person.bib,
            "first": person.first_name,
            "last": person.family_name,
            "say": "" if person.withheld else plain_text(entrant.say),
            "withheld": person.withheld,
            "sex": person.sex,
            "category": person.category,
            "club": person.club,
            "town": person.town,
            "country": person.nationality,
        }

    def favoured(self, favourites: Favourites) -> Bool:
        """Whether each is a favourite. A withheld name is nobody's favourite: it is not to be said."""
        found = np.zeros(len(self), np.bool_)
        by_bib = self.eligibility.roster.by_bib
        found[[by_bib[bib] for bib in favourites.bibs if bib in by_bib]] = True
        for names, (distinct, code) in ((favourites.clubs, self._clubs), (favourites.towns, self._towns)):
            if names:
                found |= np.array([name in names for name in distinct], np.bool_)[code]
        return found & ~self._withheld

    def unknown_clubs(self, names: Mapping[str, str]) -> list[str]:
        """Those of some names, as typed, that are nobody's club."""
        return [typed for name, typed in names.items() if name not in self._clubs[0]]

    def unknown_towns(self, names: Mapping[str, str]) -> list[str]:
        """Those of some names, as typed, that are nobody's town."""
        return [typed for name, typed in names.items() if name not in self._towns[0]]

    @cached_property
    def _withheld(self) -> Bool:
        return np.array([person.withheld for person in self.people], np.bool_)

    @cached_property
    def _clubs(self) -> tuple[tuple[str, ...], Int32]:
        return _coded([entrant.club for entrant in self.eligibility.roster.entrants])

    @cached_property
    def _towns(self) -> tuple[tuple[str, ...], Int32]:
        return _coded([entrant.town for entrant in self.eligibility.roster.entrants])


def _coded(texts: list[str]) -> tuple[tuple[str, ...], Int32]:
    """The distinct folded texts, and which of them each is."""
    of_text = {text: folded(text) for text in set(texts)}
    number = {name: code for code, name in enumerate(sorted(set(of_text.values())))}
    return tuple(number), np.array([number[of_text[text]] for text in texts], np.int32)
