"""What hangs on each runner: a podium, a prize, a record, a place at the top of a main list.

Those count too who would hold such a place if what keeps them from it were decided in their favour: a prize list
leaves out who left before the own gun, and just that is the question.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from config.palmares import record
from config.plan import Clock, ListRule
from results.asked import NO_PLACE_AT_STAKE, NOTHING_AT_STAKE, Asked, Stake, Weight
from results.eligibility import Admission
from results.rankings import NO_PLACE, RankedList
from timing.instants import MISSING, SECOND, Instant
from timing.race import GunOrigin
from timing.reads import Bool, Int16, Int32, Int64
from timing.roster import Sex
from timing.times import Flag, Status

PODIUM: Final = 3
TOP: Final = 10


@dataclass(frozen=True, kw_only=True)
class Stakes:
    """For each entrant of the roster what is at stake, and the best place of that kind."""

    stake: Int16
    place: Int32

    def of(self, *indexes: int) -> Weight:
        """The most that hangs on any of them."""
        return min((self._of_one(index) for index in indexes), default=NOTHING_AT_STAKE)

    def _of_one(self, index: int) -> Weight:
        return Weight(stake=Stake(int(self.stake[index])), place=int(self.place[index]))


def stakes_of(asked: Asked) -> Stakes:
    """What hangs on each runner, from the lists as they stand."""
    n = len(asked.roster)
    found = _Found(np.full(n, Stake.NONE, np.int16), np.full(n, NO_PLACE_AT_STAKE, np.int32))
    rankings = asked.rankings
    for rank, deep in ((rankings.rank_overall, TOP), (rankings.rank_sex, TOP), (rankings.rank_category, PODIUM)):
        found.raise_to(Stake.TOP, (rank != NO_PLACE) & (rank <= deep), rank)
    found.raise_to(Stake.RECORD, _record_runs(asked), np.ones(n, np.int32))
    for ranked in prize_lists(asked):
        place = _places_in_reach(asked, ranked)
        deep = TOP if ranked.rule.depth is None else ranked.rule.depth
        found.raise_to(Stake.PRIZE, (place != NO_PLACE) & (place <= deep), place)
        found.raise_to(Stake.PODIUM, (place != NO_PLACE) & (place <= min(PODIUM, deep)), place)
    for rank in (rankings.rank_overall, rankings.rank_sex):
        found.raise_to(Stake.PODIUM, (rank != NO_PLACE) & (rank <= PODIUM), rank)
    return Stakes(stake=found.stake, place=found.place)


@dataclass(frozen=True, slots=True)
class _Found:
    stake: Int16
    place: Int32

    def raise_to(self, stake: Stake, where: Bool, place: Int32) -> None:
        better = where & ((self.stake > stake) | ((self.stake == stake) & (place < self.place)))
        self.stake[better] = stake
        self.place[better] = place[better]


def prize_lists(asked: Asked) -> list[RankedList]:
    """The lists on which a prize hangs, as they stand."""
    return [ranked for ranked in asked.rankings.lists if ranked.rule.prize]


def list_values(asked: Asked, rule: ListRule) -> Int64:
    """The time of a list's clock for each entrant, MISSING where there is none."""
    times = asked.times
    if rule.clock is Clock.NET:
        return times.net_time_us
    return np.where(times.finish_us == MISSING, MISSING, times.finish_us - guns_of(asked, rule))


def guns_of(asked: Asked, rule: ListRule) -> Int64:
    """The gun from which each entrant's time in a gun list runs."""
    return asked.times.wave_gun_us if rule.gun_origin is GunOrigin.WAVE else asked.times.race_gun_us


def admitted_to(asked: Asked, ranked: RankedList) -> Bool:
    """Whom the rule of a list admits to it, finished or not, early starters among them."""
    admission = _admission(asked, ranked.rule)
    admitted = admission.admitted & (admission.scope == admission.scopes.index(ranked.scope))
    waves = asked.plan.race.waves
    # The last one stands for those of no wave: their race is the main one.
    fits = [
        (not ranked.rule.waves or wave.id in ranked.rule.waves) and wave.group in ranked.rule.groups for wave in waves
    ]
    fits.append(not ranked.rule.waves and "" in ranked.rule.groups)
    in_waves: Bool = np.array(fits, np.bool_)[asked.times.wave]
    in_waves &= admitted
    return in_waves


def next_behind(asked: Asked, ranked: RankedList) -> int | None:
    """The best finisher whom a list admits but is too short to show; early starters wait, and are not this one."""
    value, times = list_values(asked, ranked.rule), asked.times
    may = admitted_to(asked, ranked) & (times.status == Status.FINISHED) & (value != MISSING)
    if ranked.rule.prize:
        may &= (times.flags & int(Flag.BEFORE_OWN_GUN)) == 0
    may[ranked.entrants] = False
    behind = np.flatnonzero(may)
    return int(behind[np.argmin(value[behind])]) if len(behind) else None


def waiting_for_ruling(asked: Asked, ranked: RankedList) -> list[int]:
    """Early starters who would hold a place of a prize list, best first, if the ruling they wait for gave it them."""
    if not ranked.rule.prize:
        return []
    place = _places_in_reach(asked, ranked)
    early = (asked.times.flags & int(Flag.BEFORE_OWN_GUN)) != 0
    deep = TOP if ranked.rule.depth is None else ranked.rule.depth
    waiting = early & (place != NO_PLACE) & (place <= deep)
    waiting[ranked.entrants] = False
    found = np.flatnonzero(waiting)
    by_value = np.argsort(list_values(asked, ranked.rule)[found], kind="stable")
    return [int(index) for index in found[by_value]]


def _admission(asked: Asked, rule: ListRule) -> Admission:
    return next(a for a in asked.rankings.eligibility.admissions if a.rule is rule or a.rule.id == rule.id)


def _places_in_reach(asked: Asked, ranked: RankedList) -> Int32:
    """The place each finisher holds in a list, or would hold if nothing kept them out of it; else NO_PLACE."""
    value = list_values(asked, ranked.rule)
    may = admitted_to(asked, ranked) & (asked.times.status == Status.FINISHED) & (value != MISSING)
    place = np.full(len(asked.roster), NO_PLACE, np.int32)
    place[may] = np.searchsorted(ranked.value_us, value[may]) + 1
    place[ranked.entrants] = ranked.places
    return place


def _record_runs(asked: Asked) -> Bool:
    """Who finished within the record of the course as it is run today, by gun time as printed."""
    plan, times = asked.plan, asked.times
    runs = np.zeros(len(asked.roster), np.bool_)
    course = next((v for v in plan.course_versions if v.id == plan.race.course.version), None)
    if course is None:
        return runs
    for sex in (Sex.F, Sex.M):
        best = record(plan.past_winners, sex, course)
        if best is None or best.time_s is None:
            continue
        near = np.flatnonzero((times.gun_time_us != MISSING) & (times.gun_time_us <= best.time_s * SECOND))
        runs[[i for i in near.tolist() if asked.roster.entrants[i].sex is sex]] = True
    return runs


def weight_of_finish(asked: Asked, index: int, finish_us: Instant) -> Weight:
    """What would hang on a runner who finished at an instant nobody's chip says."""
    best = NOTHING_AT_STAKE
    for ranked in asked.rankings.lists:
        rule = ranked.rule
        if (not rule.prize and rule.main is None) or rule.clock is Clock.NET:
            continue
        if not admitted_to(asked, ranked)[index]:
            continue
        value = finish_us - int(guns_of(asked, rule)[index])
        place = int(np.searchsorted(ranked.value_us, value)) + 1
        best = min(best, weight_in(rule, place))
    return best


def weight_in(rule: ListRule, place: int) -> Weight:
    """What hangs on a place of a list."""
    if rule.prize:
        deep = TOP if rule.depth is None else rule.depth
        if place <= deep:
            return Weight(stake=Stake.PODIUM if place <= PODIUM else Stake.PRIZE, place=place)
    elif place <= PODIUM and rule.main is not None and rule.main.value != "category":
        return Weight(stake=Stake.PODIUM, place=place)
    elif place <= (PODIUM if rule.main is not None and rule.main.value == "category" else TOP):
        return Weight(stake=Stake.TOP, place=place)
    return NOTHING_AT_STAKE
