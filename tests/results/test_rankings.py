"""Places: who holds one, in which list, by which clock, and what equal times do."""

import time
from dataclasses import replace
from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from results_builder import GUN_US, WAVE_GAP_US, roster_of, rule, run, runner, seconds, small_plan, small_times

from config.categories import CategoryBasis, CategoryScheme
from config.plan import Clock, ListRule, MainRank, Per, ReadingMode, Rounding, Ties
from results.bibs import bib_key, bib_order
from results.eligibility import Eligibility
from results.rankings import RankedList, Rankings, _stable_order, rank
from timing.instants import HOUR, MINUTE, MISSING, SECOND
from timing.race import GunOrigin, NetWithoutStart
from timing.roster import Roster
from timing.times import Closings


def bibs(roster: Roster, ranked: RankedList) -> list[str]:
    return [roster.entrants[index].bib for index in ranked.entrants]


def places(roster: Roster, ranked: RankedList) -> dict[str, int]:
    return dict(zip(bibs(roster, ranked), ranked.places.tolist(), strict=True))


def finish_order(*finishes: float, **plan: object) -> tuple[Roster, Rankings]:
    """A race of men with bibs 1, 2, 3 ... who finish after so many seconds."""
    race = small_plan(**plan)  # type: ignore[arg-type]
    roster = roster_of(*(runner(number + 1) for number in range(len(finishes))))
    runs = {str(number + 1): run(1.0, finish) for number, finish in enumerate(finishes)}
    return roster, rank(race, roster, small_times(race, roster, runs))


def test_exact_ties_share_a_place_and_the_next_is_skipped() -> None:
    roster, rankings = finish_order(4000.5, 3000.25, 3000.25, 5000)
    scratch = rankings.by_id["scratch"]
    assert bibs(roster, scratch) == ["2", "3", "1", "4"]
    assert scratch.places.tolist() == [1, 1, 3, 4]
    assert scratch.shared.tolist() == [True, True, False, False]


def test_equal_printed_seconds_are_told_apart_by_the_fraction() -> None:
    roster, rankings = finish_order(3000.9, 3000.2, 3000.5)
    assert places(roster, rankings.by_id["scratch"]) == {"2": 1, "3": 2, "1": 3}
    assert not rankings.by_id["scratch"].shared.any()


def test_a_list_whose_ties_are_shared_compares_printed_seconds() -> None:
    roster, rankings = finish_order(3000.9, 3000.2, 3000.5, 3001.1, lists=(rule("all", "", "", ties=Ties.SHARED),))
    assert bibs(roster, rankings.by_id["all"]) == ["2", "3", "1", "4"], "within the shared place the exact order"
    assert rankings.by_id["all"].places.tolist() == [1, 1, 1, 4]


def test_shared_ties_follow_the_reading_step_of_the_race() -> None:
    down_to_tenths = Rounding(reading_us=100_000, reading=ReadingMode.DOWN)
    _, rankings = finish_order(
        3000.0, 3000.05, 3000.1, rounding=down_to_tenths, lists=(rule("all", "", "", ties=Ties.SHARED),)
    )
    assert rankings.by_id["all"].places.tolist() == [1, 1, 3]


def test_equal_places_are_listed_in_the_natural_order_of_bibs() -> None:
    plan = small_plan()
    roster = roster_of(*(runner(bib) for bib in ("10", "9", "A2", "9B", "09")))
    times = small_times(plan, roster, {entrant.bib: run(0, 3000) for entrant in roster.entrants})
    assert bibs(roster, rank(plan, roster, times).by_id["scratch"]) == ["09", "9", "9B", "10", "A2"]


@pytest.mark.parametrize("status", ["DNS", "DNF", "DSQ", "NC", "HD"])
def test_only_finishers_hold_a_place(status: str) -> None:
    plan = small_plan()
    roster = roster_of(runner(1, status=status), runner(2), runner(3))
    times = small_times(plan, roster, {"1": run(0, 3000), "2": run(0, 3100), "3": run(0, None)})
    rankings = rank(plan, roster, times)
    assert all(bibs(roster, ranked) in (["2"], []) for ranked in rankings.lists)
    assert rankings.rank_overall.tolist() == [0, 1, 0]


def test_a_pacer_and_a_lead_vehicle_hold_no_place() -> None:
    plan = small_plan()
    roster = roster_of(runner(900, role="vehicle"), runner(901, role="pacer"), runner(1), runner(2, role="unheard of"))
    times = small_times(plan, roster, {e.bib: run(0, 3000 + n) for n, e in enumerate(roster.entrants)})
    rankings = rank(plan, roster, times)
    assert bibs(roster, rankings.by_id["scratch"]) == ["1"]
    assert rankings.rank_overall.tolist() == [0, 0, 1, 0]


def test_a_list_may_name_the_roles_it_takes() -> None:
    plan = small_plan(lists=(rule("runners", "", "", roles=frozenset({"runner"})),))
    roster = roster_of(runner(1), runner(901, role="pacer"))
    times = small_times(plan, roster, {"1": run(0, 3000), "901": run(0, 2999)})
    assert bibs(roster, rank(plan, roster, times).by_id["runners"]) == ["1"]


def test_somebody_of_sex_x_stands_in_scratch_only() -> None:
    plan = small_plan()
    roster = roster_of(runner(1, "X"), runner(2, "F"), runner(3, ""))
    times = small_times(plan, roster, {"1": run(0, 3000), "2": run(0, 3100), "3": run(0, 3050)})
    rankings = rank(plan, roster, times)
    assert places(roster, rankings.by_id["scratch"]) == {"1": 1, "3": 2, "2": 3}
    assert rankings.rank_sex.tolist() == [0, 1, 0]
    assert rankings.rank_category.tolist() == [0, 1, 0]
    assert {ranked.id for ranked in rankings.lists if ranked.scope} == {"sex-F", "category-M0F"}


def test_without_a_birth_year_there_is_a_sex_place_and_no_category_place() -> None:
    plan = small_plan()
    roster = roster_of(runner(1, birth_year=None), runner(2))
    rankings = rank(plan, roster, small_times(plan, roster, {"1": run(0, 3000), "2": run(0, 3100)}))
    assert rankings.rank_sex.tolist() == [1, 2]
    assert rankings.rank_category.tolist() == [0, 1]


def test_without_a_net_time_nobody_stands_in_a_net_list() -> None:
    plan = small_plan()
    roster = roster_of(runner(1), runner(2))
    rankings = rank(plan, roster, small_times(plan, roster, {"1": run(None, 3000), "2": run(5, 3100)}))
    assert places(roster, rankings.by_id["net"]) == {"2": 1}
    assert places(roster, rankings.by_id["scratch"]) == {"1": 1, "2": 2}


def test_the_gun_stands_in_for_a_missing_start_read_where_the_race_says_so() -> None:
    plan = small_plan(net_without_start=NetWithoutStart.GUN)
    roster = roster_of(runner(1), runner(2))
    rankings = rank(plan, roster, small_times(plan, roster, {"1": run(None, 3000), "2": run(5, 3100)}))
    assert rankings.by_id["net"].value_us.tolist() == [seconds(3000), seconds(3095)]


def test_each_list_names_its_own_clock_and_gun() -> None:
    lists = (
        rule("wave", "", "", gun_origin=GunOrigin.WAVE),
        rule("race", "", "", gun_origin=GunOrigin.RACE),
        rule("net", "", "", clock=Clock.NET),
    )
    gap = WAVE_GAP_US / SECOND
    for official in GunOrigin:
        plan = small_plan(lists=lists, gun_origin=official)
        roster = roster_of(runner(1), runner(2, wave="2"))
        times = small_times(plan, roster, {"1": run(100, 4000), "2": run(gap + 5, gap + 3950)})
        rankings = rank(plan, roster, times)
        value = {ranked.id: dict(zip(bibs(roster, ranked), ranked.value_us, strict=True)) for ranked in rankings.lists}
        assert value["wave"] == {"2": seconds(3950), "1": seconds(4000)}
        assert value["race"] == {"1": seconds(4000), "2": seconds(gap + 3950)}
        assert value["net"] == {"1": seconds(3900), "2": seconds(3945)}
        assert [bibs(roster, ranked) for ranked in rankings.lists] == [["2", "1"], ["1", "2"], ["1", "2"]]


ELIGIBLE: list[tuple[dict[str, object], list[str]]] = [
    ({"waves": frozenset({"2"})}, ["3"]),
    ({"sexes": frozenset({"F"})}, ["2"]),
    ({"nationalities": frozenset({"FRA"})}, ["1", "4"]),
    ({"licensed": True}, ["2"]),
    ({"licensed": False}, ["1", "3", "4"]),
    ({"elite": True}, ["1"]),
    ({"categories": frozenset({"M0M", "SEF"})}, ["1", "2", "3"]),
    ({"categories": frozenset({"nothing"})}, []),
    ({"nationalities": frozenset({"FRA"}), "elite": False}, ["4"]),
]


def test_lists_are_of_the_race_within_the_race_that_they_name() -> None:
    plan = small_plan(
        lists=(
            rule("main", "", ""),
            rule("wheels", "", "", groups=frozenset({"wheels"})),
            rule("both", "", "", groups=frozenset({"", "wheels"})),
        )
    )
    first, second = plan.race.waves
    plan = replace(plan, race=replace(plan.race, waves=(first, replace(second, group="wheels"))))
    roster = roster_of(runner(1), runner(2, wave="2"), runner(3, wave=""))
    rankings = rank(plan, roster, small_times(plan, roster, {str(n): run(240, 3000 + n) for n in (1, 2, 3)}))
    found = {name: sorted(bibs(roster, rankings.by_id[name])) for name in ("main", "wheels", "both")}
    assert found == {"main": ["1", "3"], "wheels": ["2"], "both": ["1", "2", "3"]}, (
        "who is in no wave runs the main race"
    )


@pytest.mark.parametrize(("changes", "expected"), ELIGIBLE)
def test_eligibility_admits_by_wave_sex_category_nationality_licence_and_elite(
    changes: dict[str, object], expected: list[str]
) -> None:
    plan = small_plan(lists=(rule("some", "", "", **changes),))
    roster = roster_of(
        runner(1, nationality="FRA", elite=True),
        runner(2, "F", licence="123", birth_year=1995),
        runner(3, wave="2"),
        runner(4, nationality="FRA", birth_year=1970),
    )
    times = small_times(plan, roster, {str(n): run(240, 3000 + n) for n in (1, 2, 4)} | {"3": run(241, 3003)})
    found = bibs(roster, rank(plan, roster, times).by_id["some"])
    assert sorted(found) == expected


def test_depth_keeps_everybody_who_shares_the_last_place() -> None:
    roster, rankings = finish_order(3000, 3001, 3001, 3002, lists=(rule("prize", "", "", depth=2),))
    prize = rankings.by_id["prize"]
    assert prize.places.tolist() == [1, 2, 2]
    assert (prize.ranked, prize.pool) == (4, 4)
    assert bibs(roster, prize) == ["1", "2", "3"]


def test_rank_columns_do_not_end_at_the_depth_of_the_list() -> None:
    _, rankings = finish_order(3000, 3001, 3002, lists=(rule("top", "", "", depth=1, main=MainRank.OVERALL),))
    assert rankings.rank_overall.tolist() == [1, 2, 3]


def test_a_race_nobody_has_finished_has_its_lists_already() -> None:
    plan = small_plan()
    roster = roster_of(runner(1), runner(2, "F"))
    rankings = rank(plan, roster, small_times(plan, roster, {"1": run(0, None)}, closings=Closings()))
    assert [ranked.id for ranked in rankings.lists] == [
        "scratch", "sex-F", "sex-M", "category-M0F", "category-M0M", "net"
    ]  # fmt: skip
    assert not any(len(ranked) for ranked in rankings.lists)


def test_an_empty_roster_has_empty_lists() -> None:
    plan = small_plan()
    roster = roster_of()
    assert [ranked.id for ranked in rank(plan, roster, small_times(plan, roster, {})).lists] == ["scratch", "net"]


def test_lists_by_net_time_with_categories_of_the_roster_rank_on_the_fraction() -> None:
    """The rules of a ten-mile race of 2010: women and men apart, on net time, no shared places."""
    lists = (
        rule("sex", "", "", per=Per.SEX, clock=Clock.NET, main=MainRank.SEX),
        rule("category", "", "", per=Per.CATEGORY, clock=Clock.NET, main=MainRank.CATEGORY),
    )
    plan = small_plan(lists=lists, categories=CategoryScheme(basis=CategoryBasis.ROSTER))
    roster = roster_of(
        runner(1, "F", category="F20-24"),
        runner(2, "F", category="F25-29"),
        runner(3, "F", category="F20-24"),
        runner(4, "M", category="M20-24"),
        runner(5, "F", category=""),
    )
    starts = {"1": 30.0, "2": 10.0, "3": 5.0, "4": 0.0, "5": 0.0}
    nets = {"1": 3600.2, "2": 3600.1, "3": 3600.9, "4": 3000.0, "5": 3600.5}
    times = small_times(plan, roster, {bib: run(starts[bib], starts[bib] + nets[bib]) for bib in nets})
    rankings = rank(plan, roster, times)
    assert rankings.rank_sex.tolist() == [2, 1, 4, 1, 3]
    assert rankings.rank_category.tolist() == [1, 1, 2, 1, 0]


durations = st.lists(st.integers(0, 20_000), min_size=1, max_size=60)


@given(steps=durations, grain=st.sampled_from([1, 1000, 250_000, SECOND]), sexes=st.randoms(use_true_random=False))
def test_places_are_a_total_order_that_rounding_up_never_contradicts(steps: list[int], grain: int, sexes) -> None:  # type: ignore[no-untyped-def]
    plan = small_plan()
    values = [HOUR + step * grain for step in steps]
    roster = roster_of(*(runner(n + 1, sexes.choice("MFX")) for n in range(len(values))))
    runs = {str(n + 1): run(0, value / SECOND, None) for n, value in enumerate(values)}
    rankings = rank(plan, roster, small_times(plan, roster, runs))
    for ranked in rankings.lists:
        value = ranked.value_us.tolist()
        place = ranked.places.tolist()
        keys = [(value[row], bib_key(bib)) for row, bib in enumerate(bibs(roster, ranked))]
        assert keys == sorted(keys)
        compared = [ceil(Fraction(v, SECOND)) if ranked.rule.ties is Ties.SHARED else v for v in value]
        assert place == [1 + sum(other < own for other in compared) for own in compared]
        printed = [ceil(Fraction(v, SECOND)) for v in value]
        assert printed == sorted(printed)
        assert ranked.shared.tolist() == [compared.count(own) > 1 for own in compared]


@given(steps=durations, codes=st.randoms(use_true_random=False))
def test_sex_and_category_places_are_running_counts_of_the_overall_order(steps: list[int], codes) -> None:  # type: ignore[no-untyped-def]
    plan = small_plan()
    finishes = [HOUR + MINUTE * n + step for n, step in enumerate(steps)]
    roster = roster_of(
        *(runner(n + 1, codes.choice("MF"), birth_year=codes.choice([1960, 1980, 2000])) for n in range(len(finishes)))
    )
    runs = {str(n + 1): run(0, finish / SECOND, None) for n, finish in enumerate(finishes)}
    rankings = rank(plan, roster, small_times(plan, roster, runs))
    counts: dict[str, int] = {}
    for index in rankings.by_id["scratch"].entrants.tolist():
        sex, category = str(roster.entrants[index].sex), rankings.categories.name_of(index)
        counts[sex] = counts.get(sex, 0) + 1
        counts[category] = counts.get(category, 0) + 1
        assert rankings.rank_sex[index] == counts[sex]
        assert rankings.rank_category[index] == counts[category]


@given(order=st.permutations(range(12)))
def test_the_order_of_the_roster_changes_no_list(order: list[int]) -> None:
    plan = small_plan()
    finishes = [3000, 3000, 3000.5, 3001, 2999, 2999, 3100, 3200, 3000, 3300, 3400, 3500]
    entrants = [runner(n + 1, "MF"[n % 2]) for n in range(12)]
    runs = {str(n + 1): run(n, finish) for n, finish in enumerate(finishes)}
    straight, mixed = roster_of(*entrants), roster_of(*(entrants[n] for n in order))
    one = rank(plan, straight, small_times(plan, straight, runs))
    two = rank(plan, mixed, small_times(plan, mixed, runs))
    for first, second in zip(one.lists, two.lists, strict=True):
        assert bibs(straight, first) == bibs(mixed, second)
        assert first.places.tolist() == second.places.tolist()


@given(bib=st.lists(st.text("0123456789AB-", min_size=1, max_size=5), unique=True, max_size=30))
def test_bibs_have_one_order_whatever_their_letters(bib: list[str]) -> None:
    once = [bib[index] for index in bib_order(bib)]
    backwards = bib[::-1]
    assert once == [backwards[index] for index in bib_order(backwards)]
    numbers = [int(text) for text in once if text.isdecimal()]
    assert numbers == sorted(numbers)


def full_race(size: int = 20_000, seed: int = 45) -> tuple[list[ListRule], Roster, dict[str, tuple[int, int]]]:
    """A field of the size of the race with the lists of a prize race, and start and finish of each runner."""
    chance = np.random.default_rng(seed)
    lists = [
        rule("scratch", "Scratch", "Overall", main=MainRank.OVERALL),
        rule("sex", "", "", per=Per.SEX, main=MainRank.SEX),
        rule("category", "", "", per=Per.CATEGORY, main=MainRank.CATEGORY),
        rule("prize", "", "", per=Per.SEX, gun_origin=GunOrigin.RACE, waves=frozenset({"1"}), depth=5),
        rule("nationals", "", "", per=Per.SEX, gun_origin=GunOrigin.RACE, nationalities=frozenset({"FRA"}), depth=8),
        rule("net", "", "", clock=Clock.NET),
        rule("net-category", "", "", per=Per.CATEGORY, clock=Clock.NET, ties=Ties.SHARED),
    ]
    sexes, years = chance.choice(["M", "F"], size), chance.integers(1945, 2006, size)
    entrants = [
        runner(n + 1, str(sexes[n]), birth_year=int(years[n]), nationality="FRA", wave=str(1 + n % 2))
        for n in range(size)
    ]
    start = chance.integers(0, 20 * MINUTE, size)
    finish = start + chance.normal(2 * HOUR, 15 * MINUTE, size).astype(np.int64)
    return lists, roster_of(*entrants), {str(n + 1): (int(start[n]), int(finish[n])) for n in range(size)}


def test_twenty_thousand_runners_are_ranked_in_all_lists_between_two_ticks() -> None:
    lists, roster, given_us = full_race()
    plan = small_plan(lists=lists)
    runs = {bib: run(0, 1, None) for bib in given_us}
    times = small_times(plan, roster, runs)
    times.start_us[:] = [GUN_US + start for start, _ in given_us.values()]
    times.finish_us[:] = [GUN_US + finish for _, finish in given_us.values()]
    times.net_time_us[:] = times.finish_us - times.start_us
    times.gun_time_us[:] = times.finish_us - times.gun_us
    eligibility = Eligibility.of(plan, roster)
    best = min(_seconds_for(lambda: rank(plan, roster, times, eligibility)) for _ in range(7))
    rankings = rank(plan, roster, times, eligibility)
    assert rankings.rank_overall.max() == len(roster)
    assert MISSING not in rankings.by_id["net"].value_us
    assert best < 0.1, f"{best * 1000:.1f} ms"


def _seconds_for(work) -> float:  # type: ignore[no-untyped-def]
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


@pytest.mark.parametrize("spread", [1, 3, 10**6, 10**11, 2**61])
@pytest.mark.parametrize("count", [0, 1, 500, 20_000])
def test_the_one_sort_is_stable_whatever_the_values(count: int, spread: int) -> None:
    values = np.random.default_rng(count).integers(-spread, spread, count)
    assert (_stable_order(values) == np.argsort(values, kind="stable")).all()
