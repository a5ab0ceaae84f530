"""What of a runner's story hangs on the roster alone: made once for each version of it.

Owns the groups (club, town, country), the names of past winners, editions, birthdays. A date of birth is read here and
goes no further: what leaves is that it is today, and only where the race file says so.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from config.categories import birth_year_of
from config.folding import folded
from config.palmares import Winner
from config.plan import MainRank, RacePlan
from results.eligibility import SCOPE_SEXES, Admission, Eligibility
from results.speaker.groups import Groups
from timing.reads import Bool, Int16
from timing.roster import Entrant

_SEX_CODE: Final = {sex: code for code, sex in enumerate(SCOPE_SEXES)}


@dataclass(frozen=True, kw_only=True)
class StoryFrame:
    """`announced`: whose arrival is told. `sex`: an index into SCOPE_SEXES, -1 for neither.

    `groups`: club, town and country; `groups_of_sex`: the same, women and men apart. `past_wins`: the years in which an
    entrant of exactly that name won, the last first. `birthdays`: whose it is; empty unless the race file asks for it.
    `oldest`, `youngest`: of each sex the category of those born first, and last.
    """

    eligibility: Eligibility
    announced: Bool
    sex: Int16
    groups: Mapping[str, Groups]
    groups_of_sex: Mapping[str, Groups]
    past_wins: Mapping[int, tuple[int, ...]]
    last_year: int | None
    birthdays: frozenset[int]
    oldest: frozenset[int]
    youngest: frozenset[int]

    @classmethod
    def of(cls, eligibility: Eligibility) -> Self:
        plan, entrants = eligibility.plan, eligibility.roster.entrants
        roles = {entrant.role: plan.role(entrant) for entrant in entrants}
        announced = np.array([roles[e.role].timed and roles[e.role].announced for e in entrants], np.bool_)
        texts = {
            "club": [entrant.club for entrant in entrants],
            "town": [entrant.town for entrant in entrants],
            "country": [entrant.nationality for entrant in entrants],
        }
        sexes = [str(entrant.sex) if entrant.sex in _SEX_CODE else "" for entrant in entrants]
        years = [winner.year for winner in plan.past_winners if winner.year < plan.race.day.year]
        oldest, youngest = _ends_of_the_ages(eligibility)
        return cls(
            eligibility=eligibility,
            announced=announced,
            sex=np.array([_SEX_CODE.get(entrant.sex, -1) for entrant in entrants], np.int16),
            groups={name: Groups.of(column, announced) for name, column in texts.items()},
            groups_of_sex={name: Groups.of(column, announced, split=sexes) for name, column in texts.items()},
            past_wins=_past_wins(plan, entrants),
            last_year=max(years, default=None),
            birthdays=_birthdays(plan, entrants),
            oldest=oldest,
            youngest=youngest,
        )

    def admission(self, main: MainRank) -> Admission | None:
        """The rule of a main list beside the roster."""
        return next((a for a in self.eligibility.admissions if a.rule.main is main), None)


_last_frame: StoryFrame | None = None


def story_frame_of(eligibility: Eligibility) -> StoryFrame:
    """The frame of an eligibility; the last is kept, and of the same roster (a category was ruled) most of it."""
    global _last_frame
    frame = _last_frame
    if (
        frame is None
        or frame.eligibility.roster is not eligibility.roster
        or frame.eligibility.plan is not eligibility.plan
    ):
        frame = StoryFrame.of(eligibility)
    elif frame.eligibility is not eligibility:
        oldest, youngest = _ends_of_the_ages(eligibility)
        frame = replace(frame, eligibility=eligibility, oldest=oldest, youngest=youngest)
    _last_frame = frame
    return frame


def _past_wins(plan: RacePlan, entrants: tuple[Entrant, ...]) -> Mapping[int, tuple[int, ...]]:
    """By exact name and sex; where two entrants bear it nobody can say which of them won."""
    wins: dict[tuple[str, str], list[Winner]] = defaultdict(list)
    for winner in plan.past_winners:
        if winner.year < plan.race.day.year:
            wins[folded(winner.athlete), winner.sex].append(winner)
    if not wins:
        return {}
    bearers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, entrant in enumerate(entrants):
        for name in {
            _plain(f"{entrant.first_name}{entrant.last_name}"), _plain(f"{entrant.last_name}{entrant.first_name}")
        }:  # fmt: skip
            if (name, entrant.sex) in wins:
                bearers[name, entrant.sex].append(index)
    return {
        indexes[0]: tuple(sorted((winner.year for winner in wins[key]), reverse=True))
        for key, indexes in bearers.items()
        if len(indexes) == 1
    }


def _plain(name: str) -> str:
    # Most names are plain letters, and those need no unfolding of accents.
    return name.lower() if name.isascii() and name.isalnum() else folded(name)


def _birthdays(plan: RacePlan, entrants: tuple[Entrant, ...]) -> frozenset[int]:
    if not plan.speaker.birthdays:
        return frozenset()
    today = plan.race.day.month, plan.race.day.day
    return frozenset(
        index
        for index, entrant in enumerate(entrants)
        if entrant.birth_date is not None and (entrant.birth_date.month, entrant.birth_date.day) == today
    )


def _ends_of_the_ages(eligibility: Eligibility) -> tuple[frozenset[int], frozenset[int]]:
    """The codes of the oldest and the youngest category of each sex, by the middle birth year of their entrants."""
    years: dict[tuple[str, int], list[int]] = defaultdict(list)
    codes = eligibility.categories.code.tolist()
    for entrant, code in zip(eligibility.roster.entrants, codes, strict=True):
        year = birth_year_of(entrant)
        if code >= 0 and year is not None and entrant.sex in _SEX_CODE:
            years[str(entrant.sex), code].append(year)
    oldest, youngest = set(), set()
    for sex in SCOPE_SEXES:
        middle = {code: sorted(born)[len(born) // 2] for (of, code), born in years.items() if of == str(sex)}
        if len(middle) > 1:
            oldest.add(min(middle, key=lambda code: middle[code]))
            youngest.add(max(middle, key=lambda code: middle[code]))
    return frozenset(oldest), frozenset(youngest)
