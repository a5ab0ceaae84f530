"""A field under rulings: what people decided about runners, tags and reads, in the numbers of the roster.

One noun, one way: names in, a `Field` with the decisions in force out. A later act on the same thing holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from timing.decisions import NO_DECISIONS, Decisions
from timing.field import DECLARABLE, NOT_DECLARED, ByHand, Field, Loan, ReadRule
from timing.instants import MISSING
from timing.race import Race
from timing.reads import Bool, Int16, Int32, Int64, Names, UInt8
from timing.roster import Bib, Roster
from timing.rulings import ALWAYS, AssignTag, Question, ReadSelector, SetAside, SwapTags, UseAgain
from timing.times import Flag, Status

_FLAG_OF: Final[Mapping[Question, Flag]] = {
    question: Flag[question.name] for question in Question if question.name in Flag.__members__
}

_Scalar = TypeVar("_Scalar", bound=np.generic)


def ruled_field(field: Field, decisions: Decisions, roster: Roster, race: Race, tags: Names) -> Field:
    """The field of a roster under decisions. What they say of bibs the roster does not have is without effect."""
    return field if decisions is NO_DECISIONS else _Overlay(field, roster, race, tags).laid(decisions)


class _Overlay:
    """Lays decisions over a field, turning bibs, tags and names into numbers."""

    def __init__(self, field: Field, roster: Roster, race: Race, tags: Names) -> None:
        self._field = field
        self._roster = roster
        self._tags = tags
        self._points = {point.id: index for index, point in enumerate(race.course.points)}
        self._mats = {mat.id: index for index, mat in enumerate(race.course.mats)}
        self._waves = {wave.id: index for index, wave in enumerate(race.waves)}

    def laid(self, decisions: Decisions) -> Field:
        owner, loans = self._tag_acts(decisions)
        return replace(
            self._field,
            owner=owner,
            loans=loans,
            several=self._several(owner, loans) if decisions.tags else self._field.several,
            wave=self._wave(decisions),
            declared=self._declared(decisions),
            cleared=self._cleared(decisions),
            left_us=self._left(decisions),
            by_hand=self._by_hand(decisions),
            read_rules=self._read_rules(decisions),
        )

    def _entrant(self, bib: Bib) -> int:
        return self._roster.by_bib.get(bib, -1)

    def _tag_acts(self, decisions: Decisions) -> tuple[Int32, tuple[Loan, ...]]:
        """Owners of whole tags and loans for spans, in the order of the acts."""
        if not decisions.tags:
            return self._field.owner, ()
        lent: list[Loan] = []
        for act in decisions.tags:
            lent += self._loans_of(act)
        owner = np.full(max(len(self._tags), len(self._field.owner)), -1, np.int32)
        owner[: len(self._field.owner)] = self._field.owner
        in_part: list[Loan] = []
        for loan in lent:
            if loan.span == ALWAYS:
                owner[loan.tag] = loan.entrant
                in_part = [other for other in in_part if other.tag != loan.tag]
            else:
                in_part.append(loan)
        return owner, tuple(in_part)

    def _several(self, owner: Int32, loans: Sequence[Loan]) -> Bool:
        """Who wears more than one tag, for all of the race or a part of it."""
        wearers = [*owner[owner >= 0].tolist(), *(loan.entrant for loan in loans if loan.entrant >= 0)]
        several: Bool = np.bincount(np.array(wearers, np.int64), minlength=len(self._field)) > 1
        return several

    def _loans_of(self, act: AssignTag | SwapTags) -> list[Loan]:
        if isinstance(act, AssignTag):
            entrant = -1 if act.bib is None else self._entrant(act.bib)
            if act.bib is not None and entrant < 0:
                return []
            return [Loan(tag=self._tags.code(act.tag), entrant=entrant, span=act.span)]
        first, second = (self._entrant(bib) for bib in act.bibs)
        if first < 0 or second < 0:
            return []
        return [
            Loan(tag=self._tags.code(tag), entrant=to, span=act.span)
            for giver, to in ((first, second), (second, first))
            for tag in self._roster.entrants[giver].tags
        ]

    def _wave(self, decisions: Decisions) -> Int16:
        moved = [
            (self._entrant(bib), self._waves[wave]) for bib, wave in decisions.waves.items() if wave in self._waves
        ]
        return _changed(self._field.wave, [(e, w) for e, w in moved if e >= 0])

    def _declared(self, decisions: Decisions) -> UInt8:
        said: dict[int, int] = {}
        for bib, act in decisions.declared.items():
            said[self._entrant(bib)] = DECLARABLE.get(act.status, NOT_DECLARED)
        for bib in decisions.reinstated:
            entrant = self._entrant(bib)
            if said.get(entrant, int(self._field.declared[entrant])) == Status.DSQ:
                said[entrant] = NOT_DECLARED
        for bib in decisions.disqualified:
            said[self._entrant(bib)] = Status.DSQ
        said.pop(-1, None)
        return _changed(self._field.declared, list(said.items()))

    def _cleared(self, decisions: Decisions) -> Int32 | None:
        looked_into = [(self._entrant(bib), _FLAG_OF[q]) for bib, q in decisions.cleared if q in _FLAG_OF]
        if not looked_into:
            return None
        cleared = np.zeros(len(self._field), np.int32)
        for entrant, flag in looked_into:
            if entrant >= 0:
                cleared[entrant] |= int(flag)
        return cleared

    def _left(self, decisions: Decisions) -> Int64 | None:
        gave_up = [
            (self._entrant(bib), act.at_us) for bib, act in decisions.declared.items() if act.status == Status.DNF.name
        ]
        if not gave_up:
            return None
        return _changed(np.full(len(self._field), MISSING, np.int64), [(e, at) for e, at in gave_up if e >= 0])

    def _by_hand(self, decisions: Decisions) -> tuple[ByHand, ...]:
        return tuple(
            ByHand(
                point=self._points[point],
                entrant=self._entrant(bib),
                instant_us=MISSING if instant is None else instant,
            )
            for (bib, point), instant in decisions.times.items()
            if point in self._points and self._entrant(bib) >= 0
        )

    def _read_rules(self, decisions: Decisions) -> tuple[ReadRule, ...]:
        rules = []
        for act in decisions.reads:
            if isinstance(act, SetAside | UseAgain):
                rules.append(self._rule(isinstance(act, SetAside), act.reads))
            else:
                where = ReadSelector(mat=act.mat, antenna=act.antenna, span=act.span)
                rules.append(self._rule(True, where))
        return tuple(rules)

    def _rule(self, aside: bool, reads: ReadSelector) -> ReadRule:
        """Names nobody knows become numbers no read has."""
        return ReadRule(
            aside=aside,
            entrants=frozenset(map(self._entrant, reads.bibs)) - {-1} if reads.bibs else None,
            tags=frozenset(self._tags.code(tag) for tag in reads.tags) if reads.tags else None,
            mat=None if reads.mat is None else self._mats.get(reads.mat, -2),
            antenna=reads.antenna,
            span=reads.span,
        )


def _changed(column: NDArray[_Scalar], changes: list[tuple[int, int]]) -> NDArray[_Scalar]:
    """A copy with these values, or the column itself where there are none."""
    if not changes:
        return column
    copy = column.copy()
    for index, value in changes:
        copy[index] = value
    return copy
