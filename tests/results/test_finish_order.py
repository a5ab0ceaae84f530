"""Places that the jury gave: who came over the line before whom where the times cannot say it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from results_builder import WAVE_GAP_US, roster_of, rule, run, runner, small_plan, small_times

from config.plan import Clock, MainRank, Per, RacePlan, Ties
from results.eligibility import Eligibility
from results.rankings import RankedList, Rankings, rank
from timing.decisions import Decisions
from timing.instants import SECOND
from timing.race import GunOrigin
from timing.roster import Bib, Roster
from timing.rulings import FinishOrder
from timing.times import Flag, Times

LISTS = (
    rule("scratch", "", "", main=MainRank.OVERALL),
    rule("sex", "", "", per=Per.SEX, main=MainRank.SEX),
    rule("net", "", "", clock=Clock.NET),
)


def order(*groups: str) -> FinishOrder:
    """`order("2 3", "1")`: 2 and 3 together, then 1."""
    return FinishOrder(order=tuple(tuple(Bib(bib) for bib in group.split()) for group in groups))


def decided(*orders: FinishOrder) -> Decisions:
    return Decisions(orders=orders)


def race(
    finishes: Sequence[float], *, sexes: str = "", lists: Sequence[object] = LISTS
) -> tuple[RacePlan, Roster, Times]:
    """Bibs 1, 2, 3 ... of the first wave, who finish after so many seconds."""
    plan = small_plan(lists=lists)  # type: ignore[arg-type]
    roster = roster_of(*(runner(n + 1, sexes[n] if sexes else "M") for n in range(len(finishes))))
    return plan, roster, small_times(plan, roster, {str(n + 1): run(1.0, f) for n, f in enumerate(finishes)})


def shown(roster: Roster, ranked: RankedList) -> list[tuple[str, int, bool]]:
    """Bib, place and whether the place is shared, best first."""
    names = [roster.entrants[index].bib for index in ranked.entrants]
    return list(zip(names, ranked.places.tolist(), ranked.shared.tolist(), strict=True))


def scratch(finishes: Sequence[float], *orders: FinishOrder) -> list[tuple[str, int, bool]]:
    plan, roster, times = race(finishes)
    return shown(roster, rank(plan, roster, times, decisions=decided(*orders)).by_id["scratch"])


def test_the_jury_gives_out_again_the_places_that_those_it_names_hold() -> None:
    assert scratch([3000, 3001, 3002, 3003], order("3", "1")) == [
        ("3", 1, False), ("2", 2, False), ("1", 3, False), ("4", 4, False),
    ]  # fmt: skip


def test_those_who_finished_together_share_the_first_of_their_places() -> None:
    assert scratch([3000, 3001, 3002], order("2 1", "3")) == [("1", 1, True), ("2", 1, True), ("3", 3, False)]


def test_a_tie_to_the_microsecond_is_told_apart_by_the_jury() -> None:
    assert scratch([3000, 3000, 3001], order("2", "1")) == [("2", 1, False), ("1", 2, False), ("3", 3, False)]


def test_who_shared_a_place_and_is_not_named_keeps_it() -> None:
    assert scratch([3000, 3000, 3000, 3001], order("2", "1")) == [
        ("2", 1, True), ("3", 1, True), ("1", 3, False), ("4", 4, False),
    ]  # fmt: skip


def test_somebody_between_two_who_finished_together_is_not_moved() -> None:
    assert scratch([3000, 3001, 3002, 3003], order("1 3")) == [
        ("1", 1, True), ("3", 1, True), ("2", 2, False), ("4", 4, False),
    ]  # fmt: skip


def test_no_time_changes_and_only_the_named_are_marked() -> None:
    plan, roster, times = race([3000, 3001, 3002])
    before = rank(plan, roster, times).by_id["scratch"]
    after = rank(plan, roster, times, decisions=decided(order("2", "1"))).by_id["scratch"]
    assert after.value_us.tolist() == [before.value_us[1], before.value_us[0], before.value_us[2]]
    assert after.by_jury.tolist() == [True, True, False]
    assert not before.by_jury.any()


def test_a_later_order_begins_from_the_places_an_earlier_one_left() -> None:
    first, second = order("3", "2", "1"), order("1", "3")
    assert [bib for bib, *_ in scratch([3000, 3001, 3002], first, second)] == ["1", "2", "3"]
    assert [bib for bib, *_ in scratch([3000, 3001, 3002], second, first)] == ["3", "2", "1"]


def test_in_each_list_only_those_who_stand_in_it_are_ordered() -> None:
    plan, roster, times = race([3000, 3001, 3002, 3003], sexes="MFMF")
    rankings = rank(plan, roster, times, decisions=decided(order("4", "3", "1")))
    assert [bib for bib, *_ in shown(roster, rankings.by_id["scratch"])] == ["4", "2", "3", "1"]
    assert shown(roster, rankings.by_id["sex-M"]) == [("3", 1, False), ("1", 2, False)]
    assert shown(roster, rankings.by_id["sex-F"]) == [("2", 1, False), ("4", 2, False)], "4 alone keeps the place"
    assert rankings.by_id["sex-F"].by_jury.tolist() == [False, False]


def test_the_columns_of_places_follow_the_jury() -> None:
    plan, roster, times = race([3000, 3001, 3002], sexes="MFM")
    rankings = rank(plan, roster, times, decisions=decided(order("3", "1")))
    assert rankings.rank_overall.tolist() == [3, 2, 1]
    assert rankings.rank_sex.tolist() == [2, 1, 1]


def test_a_net_list_does_not_move() -> None:
    plan, roster, times = race([3000, 3001])
    net = rank(plan, roster, times, decisions=decided(order("2", "1"))).by_id["net"]
    assert (shown(roster, net), net.by_jury.any()) == ([("1", 1, False), ("2", 2, False)], False)


@pytest.mark.parametrize(("origin", "found"), [(GunOrigin.WAVE, ["2", "1"]), (GunOrigin.RACE, ["2", "1"])])
def test_times_from_two_guns_are_not_compared(origin: GunOrigin, found: list[str]) -> None:
    """In a list by the wave's own gun the order over the line says nothing; in one by the race's gun it does."""
    gap = WAVE_GAP_US // SECOND
    plan = small_plan(lists=(rule("all", "", "", gun_origin=origin),))
    roster = roster_of(runner(1), runner(2, wave="2"))
    times = small_times(plan, roster, {"1": run(1, gap + 3000), "2": run(gap + 1, gap + 3000.1)})
    ranked = rank(plan, roster, times, decisions=decided(order("2", "1"))).by_id["all"]
    assert [bib for bib, *_ in shown(roster, ranked)] == found
    assert ranked.by_jury.tolist() == [origin is GunOrigin.RACE] * 2


def test_the_jury_tells_apart_what_a_list_would_let_share() -> None:
    plan, roster, times = race([3000.1, 3000.2, 3000.3], lists=(rule("all", "", "", ties=Ties.SHARED),))
    ranked = rank(plan, roster, times, decisions=decided(order("3", "1"))).by_id["all"]
    assert shown(roster, ranked) == [("2", 1, True), ("3", 1, True), ("1", 3, False)]


def test_the_jury_may_bring_somebody_inside_the_depth_of_a_list() -> None:
    plan, roster, times = race([3000, 3001, 3002], lists=(rule("top", "", "", depth=2),))
    ranked = rank(plan, roster, times, decisions=decided(order("3", "2"))).by_id["top"]
    assert shown(roster, ranked) == [("1", 1, False), ("3", 2, False)]


def test_a_bib_nobody_has_and_one_that_has_not_finished_change_nothing() -> None:
    plan, roster, times = race([3000, 3001, 3002])
    plain = rank(plan, roster, times).by_id["scratch"]
    ranked = rank(plan, roster, times, decisions=decided(order("999", "1", "1", "2"))).by_id["scratch"]
    assert shown(roster, ranked) == shown(roster, plain)


@given(
    finishes=st.lists(st.integers(0, 5), min_size=1, max_size=9),
    orders=st.lists(st.permutations(range(9)).map(lambda bibs: bibs[:4]), max_size=3),
)
def test_whoever_the_jury_does_not_name_keeps_the_place(finishes: list[int], orders: list[list[int]]) -> None:
    plan, roster, times = race([3000 + finish for finish in finishes])
    said = [order(*(str(bib + 1) for bib in bibs)) for bibs in orders]
    before, after = rank(plan, roster, times), rank(plan, roster, times, decisions=decided(*said))
    named = {bib for bibs in orders for bib in bibs}
    for index in range(len(finishes)):
        if index not in named:
            assert before.rank_overall[index] == after.rank_overall[index]
    assert sorted(after.by_id["scratch"].entrants.tolist()) == sorted(before.by_id["scratch"].entrants.tolist())
    assert (np.diff(after.by_id["scratch"].places) >= 0).all()
    if said:
        last = [after.rank_overall[bib] for bib in orders[-1] if bib < len(finishes)]
        assert last == sorted(set(last)), "the last order holds, and tells apart all it names"


def test_who_left_before_the_own_gun_stands_in_no_list_with_a_prize() -> None:
    lists = (*LISTS, rule("prize", "", "", prize=True), rule("prize_sex", "", "", per=Per.SEX, prize=True))
    plan = small_plan(lists=lists)
    roster = roster_of(runner(1), runner(2))
    times = small_times(plan, roster, {"1": run(-3, 3000), "2": run(1, 3001)})
    assert int(times.flags[0]) & Flag.BEFORE_OWN_GUN
    rankings = rank(plan, roster, times)
    assert shown(roster, rankings.by_id["scratch"]) == [("1", 1, False), ("2", 2, False)]
    assert rankings.rank_overall.tolist() == [1, 2]
    for of_prize in ("prize", "prize_sex-M"):
        assert shown(roster, rankings.by_id[of_prize]) == [("2", 1, False)]
    times.flags[0] &= ~Flag.BEFORE_OWN_GUN
    assert len(rank(plan, roster, times).by_id["prize"]) == 2, "somebody has looked, and it stands as it is"


def test_a_category_that_a_ruling_gave_holds_in_every_list() -> None:
    lists = (
        rule("category", "", "", per=Per.CATEGORY, main=MainRank.CATEGORY),
        rule("masters", "", "", categories=frozenset({"M4M"})),
    )
    plan = small_plan(lists=lists)
    roster = roster_of(runner(1), runner(2), runner(3))
    times = small_times(plan, roster, {str(n): run(1, 3000 + n) for n in (1, 2, 3)})
    decisions = Decisions(categories={Bib("2"): "M4M", Bib("3"): "JOELETTE"})
    rankings = rank(plan, roster, times, decisions=decisions)
    assert [ranked.id for ranked in rankings.lists] == ["category-M0M", "category-M4M", "category-JOELETTE", "masters"]
    assert shown(roster, rankings.by_id["masters"]) == [("2", 1, False)]
    assert rankings.rank_category.tolist() == [1, 1, 1]
    assert rankings.categories.name_of(2) == "JOELETTE"


def test_an_eligibility_from_before_a_ruling_about_a_category_is_read_again() -> None:
    plan = small_plan()
    roster = roster_of(runner(1))
    times = small_times(plan, roster, {"1": run(1, 3000)})
    before = Eligibility.of(plan, roster)
    decisions = Decisions(categories={Bib("1"): "M4M"})
    assert rank(plan, roster, times, before, decisions).categories.name_of(0) == "M4M"
    assert rank(plan, roster, times, before).eligibility is before


def test_a_race_within_the_race_has_lists_of_its_own() -> None:
    lists = (rule("main", "", ""), rule("ten", "", "", groups=frozenset({"10 km"})))
    plan = small_plan(lists=lists)
    waves = (plan.race.waves[0], replace(plan.race.waves[1], group="10 km"))
    plan = replace(plan, race=replace(plan.race, waves=waves))
    roster = roster_of(runner(1), runner(2, wave="2"))
    times = small_times(plan, roster, {"1": run(1, 3000), "2": run(241, 3240)})
    rankings: Rankings = rank(plan, roster, times)
    assert shown(roster, rankings.by_id["main"]) == [("1", 1, False)]
    assert shown(roster, rankings.by_id["ten"]) == [("2", 1, False)]
