"""What a person should decide, as plain values: the kinds of questions, what hangs on each, and what they follow from.

Owns the types alone. Who finds the questions of which kind: `runner_questions`, `course_questions`, `list_questions`,
`sighting_questions`; all of them together, in order: `questions`.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np

from config.plan import RacePlan
from results.hand_times import HandStamp
from results.official_rows import OfficialDifference
from results.rankings import Rankings
from timing.decisions import NO_DECISIONS, Decisions
from timing.instants import MISSING, Instant
from timing.reads import Bool, Int32, Int64
from timing.roster import Bib, Roster
from timing.ruling_entries import SightingBody
from timing.rulings import Act, Clear, Question
from timing.state import Recorded
from timing.times import Flag, Status, Times


class Kind(enum.StrEnum):
    """Kinds of questions. See docs/questions.md for what raises each and what answers it."""

    MISSED_SPLIT = "missed_split"
    MAT_MISSED_MANY = "mat_missed_many"
    IMPOSSIBLE_PACE = "impossible_pace"
    ODD_LEG = "odd_leg"
    TAG_ON_TWO = "tag_on_two"
    TWO_TAGS_APART = "two_tags_apart"
    TRAVELS_TOGETHER = "travels_together"
    FINISH_WITHOUT_START = "finish_without_start"
    FINISH_AFTER_ABANDON = "finish_after_abandon"
    OUT_OF_ORDER = "out_of_order"
    BEFORE_OWN_GUN = "before_own_gun"
    OTHER_WAVE = "other_wave"
    CHECK_BY_EYE = "check_by_eye"
    CLOSE_FINISH = "close_finish"
    PARKED = "parked"
    DECLARED_BUT_SEEN = "declared_but_seen"
    SEEN_NOT_READ = "seen_not_read"
    SEEN_AT_OTHER_TIME = "seen_at_other_time"
    SEEN_TWICE = "seen_twice"
    SEEN_WITHOUT_BIB = "seen_without_bib"
    OFFICIAL_DIFFERENCE = "official_difference"

    @property
    def answered_by(self) -> Question:
        """What `Clear` must say to answer it."""
        return _ANSWERS.get(self) or Question(self.value)


_ANSWERS: Final = {
    Kind.MAT_MISSED_MANY: Question.MISSED_SPLIT,
    Kind.SEEN_NOT_READ: Question.SIGHTING,
    Kind.SEEN_AT_OTHER_TIME: Question.SIGHTING,
    Kind.SEEN_TWICE: Question.SIGHTING,
    Kind.SEEN_WITHOUT_BIB: Question.SIGHTING,
}


class Stake(enum.IntEnum):
    """What hangs on a question, the most first."""

    PODIUM = 0
    """One of the first three of all, of a sex, or of a prize list."""
    PRIZE = 1
    """A place within the depth of a prize list."""
    RECORD = 2
    """The record of the course."""
    TOP = 3
    """One of the first ten of all or of a sex, or of the first three of a category."""
    NONE = 4


NO_PLACE_AT_STAKE: Final = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Weight:
    """The smaller, the sooner it should be decided. `place`: the best place at stake."""

    stake: Stake = Stake.NONE
    place: int = NO_PLACE_AT_STAKE


NOTHING_AT_STAKE: Final = Weight()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """Something that a person should decide.

    `bibs`: whom it is about; empty where nobody's bib is known. `point`: the id of the point it is about, if of one.
    `evidence`: facts as JSON has them; keys that end in `_us` are instants or durations in microseconds. `proposals`:
    acts that would answer it, one of them enough.
    """

    kind: Kind
    bibs: tuple[Bib, ...]
    point: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    proposals: tuple[Act, ...] = ()
    weight: Weight = NOTHING_AT_STAKE


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSeen:
    """The first read of a tag at a point, and how many it had there."""

    tag: str
    point: str
    first_us: Instant
    reads: int


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The race at one moment, as far as questions follow from it.

    `sightings`: those in force, with their numbers. `hand`: stamps of hand timers, those without a bib among them.
    `tags_seen`: of runners with several tags, where each tag was.
    `unknown_tags`: how many tags of nobody were read at a point.
    """

    plan: RacePlan
    roster: Roster
    times: Times
    rankings: Rankings
    decisions: Decisions = NO_DECISIONS
    sightings: Sequence[Recorded[SightingBody]] = ()
    hand: Sequence[HandStamp] = ()
    differences: Sequence[OfficialDifference] = ()
    tags_seen: Mapping[Bib, tuple[TagSeen, ...]] = field(default_factory=dict)
    unknown_tags: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def concerned(self) -> Bool:
        """Whose times matter to a list: of a ranked role, and no jury has taken their place."""
        status = self.times.status
        concerned: Bool = self.rankings.eligibility.ranked_role & (status != Status.DSQ) & (status != Status.NC)
        return concerned

    @cached_property
    def left_early(self) -> Bool:
        """Who crossed the start before the gun of the own wave, whether or not somebody has looked into it."""
        start_us = self.times.start_us
        early: Bool = (start_us != MISSING) & (start_us < self.times.wave_gun_us)
        return early

    @cached_property
    def _cleared(self) -> Mapping[Question, Bool]:
        found: dict[Question, Bool] = {}
        for bib, question in self.decisions.cleared:
            index = self.roster.by_bib.get(bib)
            if index is not None:
                found.setdefault(question, np.zeros(len(self.roster), np.bool_))[index] = True
        return found

    def open_for(self, question: Question) -> Bool:
        """Whom a question may be asked about: concerned, and nobody has answered it."""
        cleared = self._cleared.get(question)
        return self.concerned if cleared is None else self.concerned & ~cleared

    def is_cleared(self, bib: Bib, question: Question) -> bool:
        return (bib, question) in self.decisions.cleared

    def flagged(self, flag: Flag, question: Question) -> list[int]:
        """Entrants with a flag that nobody has answered, in the roster's order."""
        return np.flatnonzero(((self.times.flags & int(flag)) != 0) & self.open_for(question)).tolist()

    def bib(self, index: int) -> Bib:
        return self.roster.entrants[index].bib

    def bibs(self, indexes: Int64 | Int32 | Sequence[int]) -> tuple[Bib, ...]:
        return tuple(self.roster.entrants[int(index)].bib for index in indexes)

    def wave_id(self, code: int) -> str | None:
        """The id of a wave by its number; None for no wave."""
        return self.plan.race.waves[code].id if code >= 0 else None

    @cached_property
    def point_ids(self) -> tuple[str, ...]:
        return tuple(point.id for point in self.plan.race.course.points)


def clear(kind: Kind, *bibs: Bib) -> Clear:
    """The act that says: it was looked into and stands as it is."""
    return Clear(bibs=tuple(bibs), question=kind.answered_by)
