"""The field of a simulated race as it really was: people, what they wear, and when they were where.

Plain columns, made by `simulators.field`; what mats see of them is for others.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from timing.instants import Instant
from timing.race import Race
from timing.reads import Int16, Int64, Tag
from timing.roster import Roster

_TAG_BASE: Final = 0x058000000000
_TAG_STEP: Final = 0x9E3779B97
_TAG_SPACE: Final = 2**36


@dataclass(frozen=True, kw_only=True)
class SimField:
    """The field and its day. Columns follow the roster's order.

    `line_us` and `speed_mm_s` have shape (points, entrants): the true instant at the line of each point (MISSING where
    they never came) and the speed there. `story` is a word for what is special about an entrant, or empty. `worn`: the
    codes each really wears, None where that is what the roster gives. `visits` are crossings of lines besides.
    """

    race: Race
    roster: Roster
    guns_us: tuple[int, ...]
    closed_us: int
    wave: Int16
    line_us: Int64
    speed_mm_s: Int64
    story: tuple[str, ...]
    worn: tuple[tuple[Tag, ...], ...] | None = None
    visits: tuple["Visit", ...] = ()

    def __len__(self) -> int:
        return len(self.wave)

    @property
    def tags_worn(self) -> tuple[tuple[Tag, ...], ...]:
        """The codes each entrant really wears."""
        return tuple(entrant.tags for entrant in self.roster.entrants) if self.worn is None else self.worn


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Somebody over the line of a point (by number) who is not racing over it there."""

    entrant: int
    point: int
    line_us: Instant
    speed_mm_s: int


SHORT_TAGS: Final = frozenset({"chronelec"})
"""Readers that tell six characters of a tag."""

NOBODYS: Final = 2**30
SPARES: Final = 2**29
"""From here on numbers are of tags that are in no roster; from there, of nobody's."""


def has_short_tags(race: Race) -> bool:
    return any(source.protocol in SHORT_TAGS for source in race.sources)


def tag_code(number: int, race: Race | None = None) -> Tag:
    """A sports tag's code, distinct for distinct numbers below 2**36.

    In a race with readers that tell no more it has six digits, distinct below 600,000 and for the 200,000
    after SPARES and NOBODYS.
    """
    if race is not None and has_short_tags(race):
        family = 800_000 if number >= NOBODYS else 600_000 if number >= SPARES else 0
        return Tag(f"{family + (number % SPARES):06d}")
    return Tag(f"{_TAG_BASE | number * _TAG_STEP % _TAG_SPACE:012X}")


def main_waves(race: Race) -> Int64:
    """The waves that are of no race within the race, by number; all where every wave is of one."""
    own = [index for index, wave in enumerate(race.waves) if not wave.group]
    return np.array(own or range(len(race.waves)), np.int64)
