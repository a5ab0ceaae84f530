"""The roster: who is entered, in numbered versions, and the columns that matching needs of it."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple, NewType

from timing.reads import Tag

Bib = NewType("Bib", str)
"""The runner's number in this race: a string, leading zeros kept."""


class Sex(enum.StrEnum):
    M = "M"
    F = "F"
    X = "X"
    """Neither of the two lists; ranked in scratch."""
    UNKNOWN = ""


class Entrant(NamedTuple):
    """One entry of the roster; always made with names. Empty text means "not given".

    A named tuple, since a roster of 20,000 is made while somebody waits, and one of these takes a third of the time.
    """

    bib: Bib
    tags: tuple[Tag, ...] = ()
    last_name: str = ""
    first_name: str = ""
    sex: Sex = Sex.UNKNOWN
    birth_date: date | None = None
    birth_year: int | None = None
    age: int | None = None
    category: str = ""
    nationality: str = ""
    club: str = ""
    team: str = ""
    town: str = ""
    licence: str = ""
    wave: str = ""
    role: str = "runner"
    elite: bool = False
    status: str = ""
    """A status declared in the roster (DNS, DNF, DSQ, NC, HD), or empty."""
    public: bool = True
    """False: the name is withheld from everything public; the place is kept."""
    say: str = ""
    editions: int | None = None
    """How many editions they have run, this one included."""


@dataclass(frozen=True, kw_only=True)
class Roster:
    """One version of the list of entrants, in the order of the file. Bibs are unique; so are tags."""

    entrants: tuple[Entrant, ...]

    @cached_property
    def by_bib(self) -> Mapping[str, int]:
        """Index in `entrants` of each bib."""
        return {entrant.bib: index for index, entrant in enumerate(self.entrants)}

    @cached_property
    def by_tag(self) -> Mapping[str, int]:
        """Index in `entrants` of each tag."""
        return {tag: index for index, entrant in enumerate(self.entrants) for tag in entrant.tags}

    def __len__(self) -> int:
        return len(self.entrants)
