"""The race at one moment as stories are told from it: columns made once, and only those that are asked for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from config.plan import MainRank, RacePlan
from results.rankings import NO_PLACE, RankedList, Rankings
from results.records import RecordChase
from results.speaker.progress import Progress
from results.speaker.story_frame import StoryFrame
from timing.instants import MISSING, Instant
from timing.reads import Int64
from timing.times import Status, Times


@dataclass(frozen=True, kw_only=True)
class StoryMoment:
    """The race at one moment, as far as stories follow from it.

    `chases`: the leaders against the records. `favourites`: entrants somebody wants told, with the reason as typed.
    `unchecked`: who is not to be announced as a leader yet. `due_us`: when those seen at a mat before the line will be
    there.
    """

    frame: StoryFrame
    times: Times
    rankings: Rankings
    now_us: Instant
    chases: tuple[RecordChase, ...] = ()
    favourites: Mapping[int, str] = field(default_factory=dict)
    unchecked: Collection[int] = ()
    due_us: Mapping[int, Instant] = field(default_factory=dict)

    @property
    def plan(self) -> RacePlan:
        return self.frame.eligibility.plan

    @cached_property
    def finish_us(self) -> Int64:
        """Of those who finished, MISSING for the others."""
        return np.where(self.times.status == Status.FINISHED, self.times.finish_us, MISSING)

    @cached_property
    def firsts(self) -> Mapping[tuple[str, bool], Int64]:
        """When the first of each group was over the line; with True of each sex."""
        return self._first_of_groups(self.finish_us)

    def _first_of_groups(self, at_us: Int64) -> Mapping[tuple[str, bool], Int64]:
        return {
            (name, of_sex): groups[name].first_us(at_us)
            for of_sex, groups in ((False, self.frame.groups), (True, self.frame.groups_of_sex))
            for name in groups
        }

    @cached_property
    def _foremost(self) -> dict[int, Mapping[tuple[str, bool], Int64]]:
        return {}

    def foremost(self, split: int) -> Mapping[tuple[str, bool], Int64]:
        """When the first of each group was at a split, of those still on their way."""
        if split not in self._foremost:
            on_the_way = np.where(self.times.status == Status.STARTED, self.times.crossing_us[split], MISSING)
            self._foremost[split] = self._first_of_groups(on_the_way)
        return self._foremost[split]

    @cached_property
    def progress(self) -> Mapping[MainRank, Progress]:
        found = {main: self.frame.admission(main) for main in MainRank}
        return {
            main: Progress(
                eligibility=self.frame.eligibility, admission=admission, times=self.times, now_us=self.now_us
            )
            for main, admission in found.items()
            if admission is not None
        }

    @cached_property
    def lists(self) -> Mapping[tuple[MainRank, str], RankedList]:
        return {(r.rule.main, r.scope): r for r in self.rankings.lists if r.rule.main is not None}

    def place(self, main: MainRank, index: int) -> int | None:
        """The place in a main list, None where there is none."""
        column = {
            MainRank.OVERALL: self.rankings.rank_overall,
            MainRank.SEX: self.rankings.rank_sex,
            MainRank.CATEGORY: self.rankings.rank_category,
        }[main]
        place = int(column[index])
        return None if place == NO_PLACE else place

    def list_of(self, main: MainRank, index: int) -> RankedList | None:
        """The main list of that kind that takes an entrant."""
        progress = self.progress.get(main)
        if progress is None or int(progress.admission.scope[index]) < 0:
            return None
        return self.lists.get((main, progress.admission.scopes[int(progress.admission.scope[index])]))
