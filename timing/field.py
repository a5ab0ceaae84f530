"""The roster as matching needs it: columns of numbers, and who owns which tag."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from timing.race import Race, Wave
from timing.reads import Bool, Int16, Int32, Names, UInt8
from timing.roster import Entrant, Roster
from timing.times import Status

NOT_DECLARED = 255

_DECLARABLE = {status.name: int(status) for status in (Status.DNS, Status.DNF, Status.DSQ, Status.NC, Status.HD)}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One version of the roster in columns, in its order.

    `owner`: entrant of each tag code known to the roster (-1: nobody). `wave`: index into `Race.waves` (-1: none).
    `declared`: a `Status` the roster declares, or NOT_DECLARED.
    """

    owner: Int32
    wave: Int16
    timed: Bool
    declared: UInt8

    def __len__(self) -> int:
        return len(self.wave)

    def owners(self, tag: Int32) -> Int32:
        """The entrant of each tag code, -1 for no tag and for tags of nobody."""
        if not len(self.owner):
            return np.full(len(tag), -1, np.int32)
        known = (tag >= 0) & (tag < len(self.owner))
        if known.all():
            return self.owner[tag]
        return np.where(known, self.owner[np.where(known, tag, 0)], np.int32(-1))

    @classmethod
    def of(cls, roster: Roster, race: Race, tags: Names) -> Self:
        """The columns of a roster; its tags are given numbers in `tags` where they have none yet."""
        entrants = roster.entrants
        codes = tags.codes([tag for entrant in entrants for tag in entrant.tags])
        owner = np.full(len(tags), -1, np.int32)
        owner[codes] = np.repeat(np.arange(len(entrants)), [len(entrant.tags) for entrant in entrants])
        wave_of = _WaveFinder(race.waves)
        return cls(
            owner=owner,
            wave=np.array([wave_of.find(entrant) for entrant in entrants], np.int16),
            timed=np.array([entrant.role not in race.untimed_roles for entrant in entrants], np.bool_),
            declared=np.array([_DECLARABLE.get(entrant.status, NOT_DECLARED) for entrant in entrants], np.uint8),
        )


class _WaveFinder:
    """The wave of an entrant: the roster's word, else the range of bibs it falls in."""

    def __init__(self, waves: tuple[Wave, ...]) -> None:
        self._by_id = {wave.id: index for index, wave in enumerate(waves)}
        self._ranges = [(low, high, index) for index, wave in enumerate(waves) for low, high in wave.bibs]
        self._only = 0 if len(waves) == 1 else -1

    def find(self, entrant: Entrant) -> int:
        named = self._by_id.get(entrant.wave)
        if named is not None:
            return named
        if entrant.bib.isdecimal():
            number = int(entrant.bib)
            for low, high, index in self._ranges:
                if low <= number <= high:
                    return index
        return self._only
