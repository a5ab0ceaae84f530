"""Official places put into the lists as computed, and where the two differ.

Owns the rule that official means official: what the referee confirmed is shown as it was posted. A later read, ruling
or roster changes none of it; what it would change is told as a proposal. The states come from `list_states`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from config.plan import ListRule, MainRank, Per, RacePlan
from results.list_states import ListStates, StateOfList
from results.rankings import NO_PLACE, RankedList, Rankings
from timing.instants import Duration
from timing.reads import Bool, Int32
from timing.roster import Bib

if TYPE_CHECKING:
    from timing.ruling_entries import PostedPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialDifference:
    """Somebody whose official place or time is not the one that is computed now. None: no place in that list."""

    list_id: str
    bib: Bib
    official_place: int | None
    official_us: Duration | None
    computed_place: int | None
    computed_us: Duration | None


def with_official(rankings: Rankings, states: ListStates) -> Rankings:
    """The rankings as they are shown: official places first and as they were posted, then everybody else.

    Who is official but in the roster no longer cannot be shown; `official_differences` still tells of them.
    """
    if not states.official:
        return rankings
    index_of = rankings.eligibility.roster.by_bib
    stands = {state.list_id: _known(state, index_of) for state in states.official}
    lists = [*rankings.lists]
    for list_id in stands:
        if list_id not in rankings.by_id:
            _add_missing(lists, list_id, rankings.eligibility.plan)
    shown = tuple(
        _shown(ranked, stands[ranked.id], index_of) if ranked.id in stands else ranked for ranked in lists
    )  # fmt: skip
    ranks = {
        MainRank.OVERALL: rankings.rank_overall,
        MainRank.SEX: rankings.rank_sex,
        MainRank.CATEGORY: rankings.rank_category,
    }
    for ranked in shown:
        main = ranked.rule.main
        if main is not None and ranked.id in stands:
            ranks[main] = _column(ranks[main], ranked, stands[ranked.id], rankings, index_of)
    return replace(
        rankings,
        lists=shown,
        rank_overall=ranks[MainRank.OVERALL],
        rank_sex=ranks[MainRank.SEX],
        rank_category=ranks[MainRank.CATEGORY],
    )


_last_shown: tuple[Rankings, ListStates, Rankings] | None = None


def shown_rankings(rankings: Rankings, states: ListStates) -> Rankings:
    """The same as `with_official`; the last are kept, for most pages and views come of the same picture."""
    global _last_shown
    last = _last_shown
    if last is None or last[0] is not rankings or last[1] is not states:
        last = _last_shown = (rankings, states, with_official(rankings, states))
    return last[2]


def official_differences(rankings: Rankings, states: ListStates) -> tuple[OfficialDifference, ...]:
    """Where `rankings` as computed would have it otherwise than what is official, in the order of lists and places."""
    found: list[OfficialDifference] = []
    for state in states.official:
        ranked = rankings.by_id.get(state.list_id)
        computed = {} if ranked is None else _computed(ranked, rankings)
        official = {row.bib: row for row in state.official}
        for row in state.official:
            place, value_us = computed.get(row.bib, (None, None))
            if (place, value_us) != (row.place, row.value_us):
                found.append(_difference(state.list_id, row.bib, row, place, value_us))
        for bib, (place, value_us) in computed.items():
            if bib not in official and (state.official_depth is None or place <= state.official_depth):
                found.append(_difference(state.list_id, bib, None, place, value_us))
    return tuple(found)


def _difference(
    list_id: str, bib: Bib, official: "PostedPlace | None", place: int | None, value_us: int | None
) -> OfficialDifference:
    return OfficialDifference(
        list_id=list_id,
        bib=bib,
        official_place=None if official is None else official.place,
        official_us=None if official is None else official.value_us,
        computed_place=place,
        computed_us=value_us,
    )


def _computed(ranked: RankedList, rankings: Rankings) -> Mapping[Bib, tuple[int, int]]:
    entrants = rankings.eligibility.roster.entrants
    rows = zip(ranked.entrants.tolist(), ranked.places.tolist(), ranked.value_us.tolist(), strict=True)
    return {entrants[index].bib: (place, value_us) for index, place, value_us in rows}


def _known(state: StateOfList, index_of: Mapping[str, int]) -> "Sequence[PostedPlace]":
    return [row for row in state.official if row.bib in index_of]


def _add_missing(lists: list[RankedList], list_id: str, plan: RacePlan) -> None:
    """An official list that is no longer computed (its category has nobody left) stands all the same, after its kin."""
    rules = [
        rule
        for rule in plan.lists
        if (list_id == rule.id if rule.per is Per.NONE else list_id.startswith(f"{rule.id}-"))
    ]
    if not rules:
        return
    rule = max(rules, key=lambda rule: len(rule.id))
    kin = [number for number, ranked in enumerate(lists) if ranked.rule is rule]
    lists.insert(kin[-1] + 1 if kin else len(lists), _empty(rule, list_id))


def _empty(rule: ListRule, list_id: str) -> RankedList:
    none = np.zeros(0, np.int32)
    return RankedList(
        id=list_id,
        rule=rule,
        scope=list_id.removeprefix(rule.id).removeprefix("-"),
        entrants=none,
        places=none,
        value_us=np.zeros(0, np.int64),
        shared=np.zeros(0, np.bool_),
        by_jury=np.zeros(0, np.bool_),
        ranked=0,
        pool=0,
    )


def _shown(ranked: RankedList, stands: "Sequence[PostedPlace]", index_of: Mapping[str, int]) -> RankedList:
    """Official rows, then those of the others who are inside the depth of the list, their places counted on."""
    official = np.array([index_of[row.bib] for row in stands], np.int32)
    rest = ~np.isin(ranked.entrants, official)
    places = _counted_on(ranked.places[rest], len(official))
    inside: Bool = np.ones(len(places), np.bool_) if ranked.rule.depth is None else places <= ranked.rule.depth
    same = places[1:] == places[:-1]
    shared = np.zeros(len(places), np.bool_)
    shared[1:] |= same
    shared[:-1] |= same
    decided = set(ranked.entrants[ranked.by_jury].tolist())
    rows = len(official) + int(np.count_nonzero(inside))
    return replace(
        ranked,
        entrants=np.concatenate([official, ranked.entrants[rest][inside]]),
        places=np.concatenate([np.array([row.place for row in stands], np.int32), places[inside]]),
        value_us=np.concatenate([np.array([row.value_us for row in stands], np.int64), ranked.value_us[rest][inside]]),
        shared=np.concatenate([np.array([row.shared for row in stands], np.bool_), shared[inside]]),
        by_jury=np.concatenate(
            [np.array([index in decided for index in official.tolist()], np.bool_), ranked.by_jury[rest][inside]]
        ),
        ranked=rows if ranked.rule.depth is None else max(ranked.ranked, rows),
        official=len(official),
    )


def _counted_on(places: Int32, before: int) -> Int32:
    """Places of those who are left, ascending, counted on from `before` others; ties stay ties."""
    return (np.searchsorted(places, places, side="left") + before + 1).astype(np.int32)


def _column(
    ranks: Int32, ranked: RankedList, stands: "Sequence[PostedPlace]", rankings: Rankings, index_of: Mapping[str, int]
) -> Int32:
    """A rank column with the official places of one list; it goes on beyond the depth of the list."""
    admission = next(a for a in rankings.eligibility.admissions if a.rule is ranked.rule)
    changed = ranks.copy()
    official = np.array([index_of[row.bib] for row in stands], np.int64)
    if ranked.scope in admission.scopes:
        others = (admission.scope == admission.scopes.index(ranked.scope)) & (ranks != NO_PLACE)
        others[official] = False
        rest = np.flatnonzero(others)
        rest = rest[np.argsort(ranks[rest], kind="stable")]
        changed[rest] = _counted_on(ranks[rest], len(official))
    changed[official] = [row.place for row in stands]
    return changed
