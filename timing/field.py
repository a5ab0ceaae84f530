"""The roster as matching needs it: columns of numbers, who owns which tag, and what rulings say of both.

Bibs and names are resolved before: matching sees numbers only. `Field.of` is a version of the roster as it stands;
`ruled_field` lays the decisions in force over it.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from timing.clock_corrections import Span
from timing.instants import MISSING, Instant
from timing.race import Race, Wave
from timing.reads import Bool, Int16, Int32, Int64, Names, Reads, UInt8
from timing.roster import Entrant, Roster
from timing.times import Status

NOT_DECLARED = 255

DECLARABLE = {status.name: int(status) for status in (Status.DNS, Status.DNF, Status.DSQ, Status.NC, Status.HD)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A tag that was somebody else's in a span: `entrant` -1, nobody's. Of several for one read the last holds."""

    tag: int
    entrant: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """A crossing as a person says; MISSING: there was none."""

    point: int
    entrant: int
    instant_us: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRule:
    """Reads that count for nobody (`aside`), or again. Fits a read that meets all that is given; None: any."""

    aside: bool
    entrants: frozenset[int] | None
    tags: frozenset[int] | None
    mat: int | None
    antenna: int | None
    span: Span


@dataclass(frozen=True, kw_only=True)
class Field:
    """One version of the roster in columns, in its order, under the decisions in force.

    `owner`: entrant of each tag code known to the roster (-1: nobody), for reads that no loan covers. `wave`: index
    into `Race.waves` (-1: none). `declared`: a `Status` that was declared, or NOT_DECLARED. `several`: wears more than
    one tag. `cleared`: flags that somebody has looked into. `left_us`: when they gave up, MISSING for the others.
    """

    owner: Int32
    wave: Int16
    timed: Bool
    declared: UInt8
    several: Bool
    cleared: Int32 | None = None
    left_us: Int64 | None = None
    loans: tuple[Loan, ...] = ()
    by_hand: tuple[ByHand, ...] = ()
    read_rules: tuple[ReadRule, ...] = ()

    def __len__(self) -> int:
        return len(self.wave)

    def owners(self, tag: Int32) -> Int32:
        """The entrant of each tag code, loans apart; -1 for no tag and for tags of nobody."""
        if not len(self.owner):
            return np.full(len(tag), -1, np.int32)
        known = (tag >= 0) & (tag < len(self.owner))
        if known.all():
            return self.owner[tag]
        return np.where(known, self.owner[np.where(known, tag, 0)], np.int32(-1))

    def owners_of(self, reads: Reads) -> Int32:
        """The entrant of each read: who wore its tag at that instant."""
        owner = self.owners(reads.tag)
        for loan in self.loans:
            rows = np.flatnonzero(reads.tag == loan.tag)
            if len(rows):
                owner[rows[_within(reads.moment_us[rows], loan.span)]] = loan.entrant
        return owner

    def set_aside(self, reads: Reads, owner: Int32) -> Bool | None:
        """Which reads a ruling about reads sets aside; None where there is none."""
        if not self.read_rules:
            return None
        aside = np.zeros(len(reads), np.bool_)
        for rule in self.read_rules:
            rows = _rows_of(rule, reads, owner)
            aside[rows] = rule.aside
        return aside

    def after_leaving(self, reads: Reads, owner: Int32) -> Bool | None:
        """Which reads are of somebody who had given up by then; None where nobody did."""
        if self.left_us is None:
            return None
        left_us = np.append(self.left_us, MISSING)[owner]
        after: Bool = (left_us != MISSING) & (reads.moment_us > left_us)
        return after

    @classmethod
    def of(cls, roster: Roster, race: Race, tags: Names) -> Self:
        """The columns of a roster; its tags are given numbers in `tags` where they have none yet."""
        entrants = roster.entrants
        codes = tags.codes([tag for entrant in entrants for tag in entrant.tags])
        count = np.array([len(entrant.tags) for entrant in entrants], np.int64)
        owner = np.full(len(tags), -1, np.int32)
        owner[codes] = np.repeat(np.arange(len(entrants)), count)
        wave_of = _WaveFinder(race.waves)
        return cls(
            owner=owner,
            wave=np.array([wave_of.find(entrant) for entrant in entrants], np.int16),
            timed=np.array([entrant.role not in race.untimed_roles for entrant in entrants], np.bool_),
            declared=np.array([DECLARABLE.get(entrant.status, NOT_DECLARED) for entrant in entrants], np.uint8),
            several=count > 1,
        )


def _within(moment_us: Int64, span: Span) -> Bool:
    inside = np.ones(len(moment_us), np.bool_)
    if span.begin_us is not None:
        inside &= moment_us >= span.begin_us
    if span.end_us is not None:
        inside &= moment_us < span.end_us
    return inside


def _rows_of(rule: ReadRule, reads: Reads, owner: Int32) -> Int64:
    """The rows of the reads a rule fits."""
    fits = _within(reads.moment_us, rule.span)
    if rule.mat is not None:
        fits &= reads.mat == rule.mat
    if rule.antenna is not None:
        fits &= reads.antenna == rule.antenna
    if rule.tags is not None:
        fits &= np.isin(reads.tag, np.fromiter(rule.tags, np.int32))
    if rule.entrants is not None:
        fits &= np.isin(owner, np.fromiter(rule.entrants, np.int32))
    return np.flatnonzero(fits)


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
