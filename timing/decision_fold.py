"""Which rulings are in force.

A pure fold over acts in the order of the journal: a later act on the same thing takes the place of an earlier one, and
an act that was withdrawn has never been. Knows neither reads nor results.
"""

from collections.abc import Iterable

from timing.clock_corrections import CorrectClock
from timing.decisions import Decisions, ReadAct, TagAct
from timing.instants import Instant
from timing.roster import Bib
from timing.rulings import (
    Act,
    AssignTag,
    Clear,
    Declare,
    Disqualify,
    FinishOrder,
    MoveToWave,
    OutOfUse,
    Question,
    RecallStart,
    Reinstate,
    SetAside,
    SetCategory,
    SetGun,
    SetTime,
    SwapTags,
    UseAgain,
    Withdraw,
)


def withdrawn(acts: Iterable[tuple[int, Act]]) -> frozenset[int]:
    """The numbers of everything that was taken back. A withdrawal that was itself taken back takes nothing back."""
    gone: set[int] = set()
    for number, act in sorted(acts, key=lambda pair: pair[0], reverse=True):
        if isinstance(act, Withdraw) and number not in gone:
            gone.add(act.number)
    return frozenset(gone)


def decisions_of(acts: Iterable[Act]) -> Decisions:
    """What follows from acts in force, in the order of the journal."""
    fold = _Fold()
    for act in acts:
        fold.take(act)
    return fold.result()


class _Fold:
    def __init__(self) -> None:
        self.guns: dict[str, SetGun] = {}
        self.recalled: dict[str, Instant] = {}
        self.clocks: list[CorrectClock] = []
        self.reads: list[ReadAct] = []
        self.tags: list[TagAct] = []
        self.times: dict[tuple[Bib, str], Instant | None] = {}
        self.waves: dict[Bib, str] = {}
        self.declared: dict[Bib, Declare] = {}
        self.disqualified: dict[Bib, str] = {}
        self.reinstated: set[Bib] = set()
        self.categories: dict[Bib, str] = {}
        self.cleared: set[tuple[Bib, Question]] = set()
        self.orders: list[FinishOrder] = []

    def take(self, act: Act) -> None:
        match act:
            case SetGun():
                self.guns[act.wave] = act
            case RecallStart():
                self.recalled[act.wave] = act.at_us
                self.guns.pop(act.wave, None)
            case CorrectClock():
                self.clocks.append(act)
            case SetAside() | UseAgain() | OutOfUse():
                self.reads.append(act)
            case AssignTag() | SwapTags():
                self.tags.append(act)
            case SetTime():
                self.times[act.bib, act.point] = act.instant_us
            case FinishOrder():
                self.orders.append(act)
            case Withdraw():
                pass
            case _:
                self._take_of_bibs(act)

    def _take_of_bibs(self, act: MoveToWave | Declare | Disqualify | Reinstate | SetCategory | Clear) -> None:
        for bib in act.bibs:
            match act:
                case MoveToWave(wave=wave):
                    self.waves[bib] = wave
                case Declare():
                    self.declared[bib] = act
                case Disqualify(rule=rule):
                    self.disqualified[bib] = rule
                    self.reinstated.discard(bib)
                case Reinstate():
                    self.disqualified.pop(bib, None)
                    self.reinstated.add(bib)
                case SetCategory(category=category):
                    self.categories[bib] = category
                case Clear(question=question):
                    self.cleared.add((bib, question))

    def result(self) -> Decisions:
        return Decisions(
            guns=self.guns,
            recalled=self.recalled,
            clocks=tuple(self.clocks),
            reads=tuple(self.reads),
            tags=tuple(self.tags),
            times=self.times,
            waves=self.waves,
            declared=self.declared,
            disqualified=self.disqualified,
            reinstated=frozenset(self.reinstated),
            categories=self.categories,
            cleared=frozenset(self.cleared),
            orders=tuple(self.orders),
        )
