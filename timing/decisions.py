"""The rulings in force, sorted by what they are about, as a plain value. How it comes about: `decision_fold`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from timing.instants import Instant
from timing.roster import Bib

if TYPE_CHECKING:  # what the fields hold; most races have none of it, and somebody waits for the others
    from timing.clock_corrections import CorrectClock
    from timing.rulings import AssignTag, Declare, FinishOrder, OutOfUse, Question, SetAside, SetGun, SwapTags, UseAgain

ReadAct: TypeAlias = "SetAside | UseAgain | OutOfUse"
TagAct: TypeAlias = "AssignTag | SwapTags"


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """Acts in force. Tuples are in the order of the journal: where two touch the same read or tag, the later holds.

    `recalled`: up to when signals of a wave do not count. `disqualified`: with the number of the rule. `reinstated`:
    whose disqualification in the roster does not count either.
    """

    guns: "Mapping[str, SetGun]" = field(default_factory=dict)
    recalled: Mapping[str, Instant] = field(default_factory=dict)
    clocks: "tuple[CorrectClock, ...]" = ()
    reads: "tuple[ReadAct, ...]" = ()
    tags: "tuple[TagAct, ...]" = ()
    times: Mapping[tuple[Bib, str], Instant | None] = field(default_factory=dict)
    waves: Mapping[Bib, str] = field(default_factory=dict)
    declared: "Mapping[Bib, Declare]" = field(default_factory=dict)
    disqualified: Mapping[Bib, str] = field(default_factory=dict)
    reinstated: frozenset[Bib] = frozenset()
    categories: Mapping[Bib, str] = field(default_factory=dict)
    cleared: "frozenset[tuple[Bib, Question]]" = frozenset()
    orders: "tuple[FinishOrder, ...]" = ()


NO_DECISIONS: Final = Decisions()
