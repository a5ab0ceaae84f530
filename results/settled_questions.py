"""Which open questions could move a podium place: about its holders, or about somebody who would stand before them.

Owns what a question could bring at best. Most questions about somebody further back can only cost them time; those that
could give it are few, and each knows the best it could give.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from results.asked import Kind, OpenQuestion
from results.eligibility import Admission
from results.settled_bounds import FAR
from timing.clock_faults import ClockFinding
from timing.instants import MISSING, Duration, Instant
from timing.race import Course, PointKind
from timing.reads import Int64
from timing.roster import Roster
from timing.times import Times

ABOUT_A_MAT: Final = frozenset((Kind.MAT_MISSED_MANY, Kind.OFFICIAL_DIFFERENCE))
"""Kinds that say nothing of a runner's own place: a mat that missed many, what another list says."""

_OTHER_GUN: Final = frozenset((Kind.OTHER_WAVE, Kind.BEFORE_OWN_GUN))
_SEEN: Final = frozenset((Kind.SEEN_NOT_READ, Kind.SEEN_AT_OTHER_TIME, Kind.SEEN_TWICE))
_OTHER_FINISH: Final = _SEEN | {Kind.FINISH_AFTER_ABANDON, Kind.DECLARED_BUT_SEEN}


@dataclass(frozen=True, kw_only=True)
class Doubts:
    """`about`: the kinds of questions open on each entrant. Of those further back, what an answer could give at best:

    `kinds`, `who`, `finish_us` (-FAR: as early as anybody), `gun_us` (MISSING: the own one). `nameless_us`: when
    somebody nobody could name was first seen at the finish.
    """

    about: Mapping[int, tuple[str, ...]]
    kinds: tuple[str, ...]
    who: Int64
    finish_us: Int64
    gun_us: Int64
    nameless_us: Instant | None

    @classmethod
    def of(cls, questions: Sequence[OpenQuestion], roster: Roster, times: Times, finish: str) -> Self:
        """finish: the id of the finish."""
        about: dict[int, list[str]] = defaultdict(list)
        chances: list[tuple[str, int, Instant, Instant]] = []
        nameless: list[Instant] = []
        for question in questions:
            if question.kind is Kind.SEEN_WITHOUT_BIB:
                if question.point == finish and question.evidence["not_read_there"]:
                    nameless.append(int(question.evidence["first_us"]))
                continue
            if question.kind in ABOUT_A_MAT:
                continue
            for bib in question.bibs:
                index = roster.by_bib.get(bib)
                if index is not None:
                    about[index].append(str(question.kind))
                    chances.extend(_chances(question, index, times, finish))
        columns = np.array([chance[1:] for chance in chances], np.int64).reshape(-1, 3)
        return cls(
            about={index: tuple(kinds) for index, kinds in about.items()},
            kinds=tuple(chance[0] for chance in chances),
            who=columns[:, 0],
            finish_us=columns[:, 1],
            gun_us=columns[:, 2],
            nameless_us=min(nameless, default=None),
        )

    def about_any(self, entrants: Iterable[int]) -> Iterator[str]:
        """The kinds open on any of these."""
        if self.about:
            for index in entrants:
                yield from self.about.get(index, ())

    def within(
        self, rows: Int64, edges: Int64, origin_us: Int64, codes: Sequence[int], admission: Admission
    ) -> "Chances":
        """The chances in the lists of one rule. Columns as in `settled`: its entrants list after list, from `edges` on.

        codes: the number of each list's scope. Who would come into a list by a move to another wave is counted in it.
        """
        at = np.full(len(admission.admitted), -1, np.int64)
        at[rows] = np.arange(len(rows))
        place = at[self.who]
        by_scope = {code: number for number, code in enumerate(codes)}
        other_gun = self.gun_us != MISSING
        # Nobody is in two of the lists of one rule; whoever a wave keeps out has the list of the own scope.
        number = np.searchsorted(edges, place, side="right") - 1
        for chance in np.flatnonzero((place < 0) & other_gun).tolist():
            number[chance] = by_scope.get(int(admission.scope[self.who[chance]]), -1)
        from_us = np.where(other_gun, self.gun_us, origin_us[place] if len(rows) else 0)
        value_us = np.where(self.finish_us == -FAR, -FAR, self.finish_us - from_us)
        keep = number >= 0
        last_us = np.maximum.reduceat(origin_us, edges)
        return Chances(
            kinds=tuple(kind for kind, kept in zip(self.kinds, keep.tolist(), strict=True) if kept),
            number=number[keep],
            value_us=value_us[keep],
            nameless_us=None if self.nameless_us is None else self.nameless_us - last_us,
        )


@dataclass(frozen=True, kw_only=True)
class Chances:
    """In which list of a rule (`number`) an answer could give which time. `nameless_us`: the same for each list."""

    kinds: tuple[str, ...]
    number: Int64
    value_us: Int64
    nameless_us: Int64 | None

    def within(self, limits: Sequence[Duration | None]) -> Mapping[int, list[str]]:
        """The kinds that could give a time within each list's limit."""
        found: dict[int, list[str]] = defaultdict(list)
        if not self.kinds and self.nameless_us is None:
            return found
        limit_us = np.array([-FAR - 1 if limit is None else limit for limit in limits], np.int64)
        for chance in np.flatnonzero(self.value_us <= limit_us[self.number]).tolist():
            if self.kinds[chance] not in found[int(self.number[chance])]:
                found[int(self.number[chance])].append(self.kinds[chance])
        if self.nameless_us is not None:
            for number in np.flatnonzero(self.nameless_us <= limit_us).tolist():
                found[number].append(str(Kind.SEEN_WITHOUT_BIB))
        return found


def _chances(
    question: OpenQuestion, index: int, times: Times, finish: str
) -> Iterator[tuple[str, int, Instant, Instant]]:
    """What an answer could give: kind, entrant, finish, gun."""
    kind, finish_us = question.kind, int(times.finish_us[index])
    if kind in _OTHER_GUN:
        if finish_us != MISSING:  # whoever is still running is bounded like everybody
            own_us, crossed = int(times.wave_gun_us[index]), int(times.crossed_wave[index])
            other_us = times.guns.wave_us[crossed] if crossed >= 0 else own_us
            yield str(kind), index, finish_us, max(own_us, other_us)
    elif kind in _OTHER_FINISH:
        if kind in _SEEN and question.point != finish:
            return
        seen = [int(each["at_us"]) for each in question.evidence.get("seen", ())]
        yield str(kind), index, min(seen, default=-FAR if finish_us == MISSING else finish_us), MISSING


def clocks_in_doubt(clocks: Iterable[ClockFinding], course: Course) -> frozenset[PointKind]:
    """At which of start and finish a clock holds reads, or waits for a ruling; our own clock concerns both."""
    waiting = [finding for finding in clocks if finding.holds or finding.proposal is not None]
    found = set()
    for point in (course.start, course.finish):
        served = {mat.source for mat in point.mats}
        if any(finding.source is None or served & {finding.source, finding.other} for finding in waiting):
            found.add(point.kind)
    return frozenset(found)
