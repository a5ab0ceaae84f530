"""Who is to be said next, at a rate a person can speak.

Owns what is dropped and what never is. A pure function: candidates and marks in, bibs in the order to say them out.
Somebody not to be announced (a withheld name, a place still to be checked by eye) is no candidate.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from results.speaker.desk import Mark
from timing.instants import Duration, Instant
from timing.roster import Bib

FRESH_MS: Final = 20_000
"""A name whose runner crossed longer ago (real time) is told no more: nobody sees them any longer."""

NOTABLE_MS: Final = 300_000
"""A podium, a category's leader or a record is still told so long after."""


class Tier(enum.IntEnum):
    """Why somebody is said, strongest first. Before ORDINARY nobody is dropped for want of time."""

    FAVOURITE = 0
    PODIUM = 1
    LEADER = 2
    """Leads a category or a race within the race."""
    RECORD = 3
    ORDINARY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who crossed the line. `weight`: of the best story, more is stronger."""

    bib: Bib
    crossed_us: Instant
    tier: Tier = Tier.ORDINARY
    weight: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """`bibs` to say, next first, those kept for later at its end. `later`: how many those are.

    `passed`: so many who just crossed are not in it, because the pace cannot say them.
    """

    bibs: tuple[Bib, ...] = ()
    later: int = 0
    passed: int = 0


def queue_of(
    candidates: Sequence[Candidate],
    marks: Mapping[Bib, Mark],
    *,
    now_us: Instant,
    name_ms: int,
    rate: float = 1.0,
) -> Queue:
    """The queue at an instant of the race clock.

    name_ms: real milliseconds a name takes; rate: seconds of the race clock in one real second. In the queue the order
    is that over the line; where not all can be said, the strongest reasons are kept, and of equal ones the first.
    """
    waiting = [each for each in candidates if each.bib not in marks]
    kept_later = [each for each in candidates if each.bib in marks and marks[each.bib].mark == "later"]
    must = [each for each in waiting if _stays(each, now_us, rate)]
    others = [each for each in waiting if each.tier is Tier.ORDINARY and _age_ms(each, now_us, rate) <= FRESH_MS]
    room = max(0, FRESH_MS // max(1, name_ms) - len(must))
    said = sorted(others, key=lambda each: (-each.weight, each.crossed_us, each.bib))[:room]
    line = sorted([*must, *said], key=lambda each: (each.crossed_us, each.bib))
    later = sorted(kept_later, key=lambda each: marks[each.bib].at_us)
    return Queue(
        bibs=tuple(each.bib for each in (*line, *later)),
        later=len(later),
        passed=len(others) - len(said),
    )


def _stays(each: Candidate, now_us: Instant, rate: float) -> bool:
    """Whether somebody waits however many others come."""
    if each.tier is Tier.FAVOURITE:
        return True
    return each.tier is not Tier.ORDINARY and _age_ms(each, now_us, rate) <= NOTABLE_MS


def _age_ms(each: Candidate, now_us: Instant, rate: float) -> Duration:
    """How long ago, in real milliseconds, somebody crossed the line."""
    return int((now_us - each.crossed_us) / 1000 / rate)
