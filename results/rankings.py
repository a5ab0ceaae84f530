"""Places: every list of the race file, out of one sort for each clock.

Owns eligibility in force, order, ties and depth. A pure function of plan, roster, times and rulings: no rounding moves
anybody (a list whose ties are shared compares printed seconds, which never contradict the exact order). Where the jury
ordered a finish, `finish_order` gives the places out again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np

from config.plan import Clock, ListRule, MainRank, RacePlan, Ties
from results.categories import Categories
from results.eligibility import NO_SCOPE, Admission, Eligibility
from results.finish_order import IndexOrder, in_jury_order, orders_of
from timing.decisions import NO_DECISIONS, Decisions
from timing.instants import MISSING
from timing.race import GunOrigin
from timing.reads import Bool, Int32, Int64
from timing.roster import Roster
from timing.times import Flag, Status, Times

NO_PLACE: Final = 0
"""In rank columns: no place in that list."""

ClockKey: TypeAlias = tuple[Clock, GunOrigin | None]


@dataclass(frozen=True, kw_only=True)
class RankedList:
    """One list, best first. Columns of one value for each row.

    `scope`: "" or the sex or category of a list that is one of a family. `entrants`: indexes in the roster. `places`:
    1, 2, 2, 4. `value_us`: the exact time of the list's clock. `shared`: the place is held by several. `by_jury`: the
    jury's finish order gave the place, whatever the time. `ranked`: how many hold a place, `depth` notwithstanding.
    `pool`: how many entrants the rule admits, finished or not. `official`: so many rows at the top stand as posted.
    """

    id: str
    rule: ListRule
    scope: str
    entrants: Int32
    places: Int32
    value_us: Int64
    shared: Bool
    by_jury: Bool
    ranked: int
    pool: int
    official: int = 0

    def __len__(self) -> int:
        return len(self.entrants)


@dataclass(frozen=True, kw_only=True)
class Rankings:
    """All lists, in the order of the race file, families in the order of sexes or categories.

    The rank columns have a value for each entrant of the roster, NO_PLACE where there is none: the place in the race's
    main lists, whatever their depth.
    """

    eligibility: Eligibility
    lists: tuple[RankedList, ...]
    rank_overall: Int32
    rank_sex: Int32
    rank_category: Int32

    @property
    def categories(self) -> Categories:
        return self.eligibility.categories

    @cached_property
    def by_id(self) -> Mapping[str, RankedList]:
        return {ranked.id: ranked for ranked in self.lists}


def rank(
    plan: RacePlan,
    roster: Roster,
    times: Times,
    eligibility: Eligibility | None = None,
    decisions: Decisions = NO_DECISIONS,
) -> Rankings:
    """Every list of the plan. `eligibility` (of the same plan and roster) saves reading the rules again.

    Only FINISHED entrants of a ranked role hold places, in each list those who have its time: without a net time
    nobody stands in a net list. Equal places are listed in the order of bibs. Of the rulings in force those count that
    change no time: finish orders, and categories (an eligibility that was read with others is read again).
    """
    rules = eligibility
    if rules is None or rules.overrides != decisions.categories:
        rules = Eligibility.of(plan, roster, decisions.categories)
    jury = orders_of(decisions.orders, roster)
    assert len(times) == len(roster) == len(rules.roster), "times and rules must be of the same roster"
    ranks = {main: np.full(len(roster), NO_PLACE, dtype=np.int32) for main in MainRank}
    orders: dict[ClockKey, tuple[Int32, Int64]] = {}
    lists: list[RankedList] = []
    for admission in rules.admissions:
        key = _clock_key(admission.rule)
        if key not in orders:
            orders[key] = _order(clock_values(times, key, plan.race.gun_origin), times, rules)
        family = _family(admission, plan, times, *orders[key])
        if jury and admission.rule.clock is Clock.GUN:
            family = family.ordered(jury, times)
        if admission.rule.main is not None:
            family.write_ranks(ranks[admission.rule.main])
        lists.extend(family.lists(admission))
    return Rankings(
        eligibility=rules,
        lists=tuple(lists),
        rank_overall=ranks[MainRank.OVERALL],
        rank_sex=ranks[MainRank.SEX],
        rank_category=ranks[MainRank.CATEGORY],
    )


def _clock_key(rule: ListRule) -> ClockKey:
    return (rule.clock, rule.gun_origin if rule.clock is Clock.GUN else None)


def clock_values(times: Times, key: ClockKey, official: GunOrigin) -> Int64:
    """The time of a list's clock for each entrant, MISSING where there is none."""
    clock, origin = key
    if clock is Clock.NET:
        return times.net_time_us
    if origin is official:
        return times.gun_time_us
    guns = times.wave_gun_us if origin is GunOrigin.WAVE else times.race_gun_us
    return np.where(times.finish_us == MISSING, MISSING, times.finish_us - guns)


def _order(values: Int64, times: Times, rules: Eligibility) -> tuple[Int32, Int64]:
    """Those who may hold a place by this clock, by (value, bib): the one sort. Entrants and their values."""
    may = rules.ranked_role & (times.status == Status.FINISHED) & (values != MISSING)
    by_bib = rules.by_bib[may[rules.by_bib]]
    entrants = by_bib[_stable_order(values[by_bib])]
    return entrants, values[entrants]


def _stable_order(values: Int64) -> Int64:
    """`np.argsort(values, kind="stable")`, several times as fast: as one integer, value and row have no ties."""
    bits = len(values).bit_length()
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    if (high - low).bit_length() + bits > 62:
        return np.argsort(values, kind="stable")
    keys = np.sort(((values - low) << bits) | np.arange(len(values)))
    order: Int64 = keys & ((1 << bits) - 1)
    return order


@dataclass(frozen=True, kw_only=True)
class _Family:
    """The lists of one rule end to end: columns of rows, sorted by scope and within it best first."""

    scope: Int32
    entrants: Int32
    places: Int32
    value_us: Int64
    shared: Bool
    by_jury: Bool

    def ordered(self, jury: Sequence[IndexOrder], times: Times) -> "_Family":
        """The same rows as the jury ordered them."""
        gun_us = times.finish_us[self.entrants] - self.value_us
        found = in_jury_order(jury, scope=self.scope, entrants=self.entrants, places=self.places, gun_us=gun_us)
        if found is None:
            return self
        rows = found.rows
        return _Family(
            scope=self.scope[rows],
            entrants=self.entrants[rows],
            places=found.places,
            value_us=self.value_us[rows],
            shared=found.shared,
            by_jury=found.by_jury,
        )

    def write_ranks(self, column: Int32) -> None:
        column[self.entrants] = self.places

    def lists(self, admission: Admission) -> list[RankedList]:
        """One list for each scope the roster admits anybody to; the undivided list always."""
        rule = admission.rule
        edges = np.searchsorted(self.scope, np.arange(len(admission.scopes) + 1)).tolist()
        found = []
        for number, (scope, pool) in enumerate(zip(admission.scopes, admission.pool, strict=True)):
            if not pool and scope:
                continue
            first, last = edges[number], edges[number + 1]
            end = last
            if rule.depth is not None:
                end = first + int(np.searchsorted(self.places[first:last], rule.depth, side="right"))
            found.append(
                RankedList(
                    id=f"{rule.id}-{scope}" if scope else rule.id,
                    rule=rule,
                    scope=scope,
                    entrants=self.entrants[first:end],
                    places=self.places[first:end],
                    value_us=self.value_us[first:end],
                    shared=self.shared[first:end],
                    by_jury=self.by_jury[first:end],
                    ranked=last - first,
                    pool=pool,
                )
            )
        return found


def _family(admission: Admission, plan: RacePlan, times: Times, entrants: Int32, values: Int64) -> _Family:
    """Places within each scope, counted in the one order: no list sorts again."""
    admitted = admission.admitted
    waves = wave_admits(admission.rule, plan)
    if not waves.all():
        admitted = admitted & waves[times.wave]
    if admission.rule.prize:
        # They may be disqualified by rule, or it is the mat that is wrong: nobody is paid before somebody has looked.
        admitted = admitted & (times.flags & Flag.BEFORE_OWN_GUN == 0)
    keep = admitted[entrants]
    entrants, values = entrants[keep], values[keep]
    scope = admission.scope[entrants]
    assert not (scope == NO_SCOPE).any(), "an admitted entrant has a scope"
    if len(admission.scopes) > 1:
        by_scope = np.argsort(scope, kind="stable")
        entrants, values, scope = entrants[by_scope], values[by_scope], scope[by_scope]
    compared = plan.rounding.printed_seconds(values) if admission.rule.ties is Ties.SHARED else values
    places, shared = _places(scope.astype(np.int32), compared)
    return _Family(
        scope=scope.astype(np.int32),
        entrants=entrants,
        places=places,
        value_us=values,
        shared=shared,
        by_jury=np.zeros(len(entrants), np.bool_),
    )


def wave_admits(rule: ListRule, plan: RacePlan) -> Bool:
    """Whether a list takes runners of each wave, and (last) of none: those belong to the main race."""
    named = [(not rule.waves or wave.id in rule.waves) and wave.group in rule.groups for wave in plan.race.waves]
    return np.array([*named, not rule.waves and "" in rule.groups], np.bool_)


def _places(scope: Int32, compared: Int64) -> tuple[Int32, Bool]:
    """Places 1, 2, 2, 4 within each run of one scope, and which of them are shared."""
    rows = np.arange(len(scope), dtype=np.int32)
    if not len(rows):
        return rows, np.zeros(0, dtype=np.bool_)
    new_scope = np.ones(len(rows), dtype=np.bool_)
    new_scope[1:] = scope[1:] != scope[:-1]
    new_place = new_scope.copy()
    new_place[1:] |= compared[1:] != compared[:-1]
    first_of_scope = np.maximum.accumulate(np.where(new_scope, rows, 0))
    first_of_place = np.maximum.accumulate(np.where(new_place, rows, 0))
    shared = ~new_place
    shared[:-1] |= ~new_place[1:]
    return (first_of_place - first_of_scope + 1).astype(np.int32), shared
