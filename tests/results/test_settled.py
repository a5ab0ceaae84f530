"""Settled: a podium place is final when nobody can take it within minimum times, and no question on it is open."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from questions_builder import asked as asked_of
from results_builder import Run, rule, runner
from settled_race import LEAST_LEG_US, LEAST_US, PRIZE, Way, at, bounded_plan, seen_at

from config.loader import load_race
from config.plan import Clock, MainRank, Per, Ties
from results.asked import Kind, OpenQuestion
from results.heard import NOTICED_US, Heard, HeardWatch
from results.list_states import ListState, ListStates, StateOfList
from results.settled_bounds import passing_us
from results.settled_place import (
    CLOCK,
    GUN_NOT_FIRED,
    MAY_BE_BEATEN,
    NO_FINISHER,
    NOT_HEARD,
    PASSING,
    START_NOT_HEARD,
    START_OPEN,
    settled_section,
)
from results.settled_watch import SettledWatch
from timing.clock_faults import ClockFault, ClockFinding
from timing.decision_fold import decisions_of
from timing.instants import MINUTE, SECOND
from timing.late_data import LateData
from timing.reads import SourceId
from timing.roster import Bib, Entrant, Sex
from timing.ruling_entries import PostedPlace
from timing.rulings import Declare
from timing.times import Closings

PASSED_US = passing_us(bounded_plan().race)
TWO_WAVES = [runner(1), runner(2), runner(3, wave="2")]
LEADER = {"1": Way(0, 30, 62), "2": Way(0, 31, 64)}


def question(kind: Kind, *bibs: str, **evidence: object) -> OpenQuestion:
    point = "FINISH" if kind.value.startswith("seen") else None
    return OpenQuestion(kind=kind, bibs=tuple(Bib(bib) for bib in bibs), point=point, evidence=evidence)


# ---- who can still come ----


def test_among_runners_of_one_gun_a_place_is_final_once_the_passing_of_its_holder_is_over() -> None:
    entrants = [runner(1), runner(2)]
    ways = {"1": Way(0, 30, 62), "2": Way(0, 31, None)}
    place = seen_at(62.05, entrants, ways).place("scratch", 1)
    assert (place.bibs, place.settled_at_us, place.reasons) == (("1",), None, (PASSING,))
    place = seen_at(62.5, entrants, ways).place("scratch", 1)
    assert place.settled_at_us == place.open_until_us == at(62) + PASSED_US
    assert (place.count, place.unseen, place.can_be_beaten_by, place.reasons) == (0, 0, None, ())


def test_a_later_wave_keeps_a_place_open_until_its_own_gun_and_the_same_time() -> None:
    place = seen_at(63, TWO_WAVES, {**LEADER, "3": Way(4.5, 34, None)}).place("scratch", 1)
    assert place.settled_at_us is None
    assert place.open_until_us == at(4 + 62) + PASSED_US
    assert (place.count, place.unseen, place.reasons) == (1, 0, (MAY_BE_BEATEN,))
    assert place.can_be_beaten_by is not None
    assert place.can_be_beaten_by.bib == "3"
    assert place.can_be_beaten_by.arrival_us == at(63)  # now: nobody who is not there yet comes sooner
    assert place.can_be_beaten_by.value_us == 59 * MINUTE


def test_before_anybody_can_be_there_the_bound_is_the_least_time_from_the_own_start() -> None:
    ways = {"1": Way(0, 28.5, 56), "2": Way(0, 31, None), "3": Way(4.5, 33, None)}
    place = seen_at(56.5, TWO_WAVES, ways).place("scratch", 1)
    assert place.can_be_beaten_by is not None
    assert place.can_be_beaten_by.arrival_us == at(4.5) + LEAST_US
    assert place.can_be_beaten_by.value_us == at(4.5) + LEAST_US - at(4)


def test_a_split_that_leaves_too_little_time_settles_the_place_at_that_crossing() -> None:
    late_split = 4 + 62 - LEAST_LEG_US / MINUTE + 0.1
    ways = {**LEADER, "3": Way(4.5, late_split, None)}
    assert seen_at(62.2, TWO_WAVES, ways).place("scratch", 1).settled_at_us == at(62) + PASSED_US
    barely = {**LEADER, "3": Way(4.5, late_split - 0.2, None)}
    assert seen_at(63, TWO_WAVES, barely).place("scratch", 1).reasons == (MAY_BE_BEATEN,)


def test_whoever_was_not_read_at_the_split_is_bounded_by_the_start_alone() -> None:
    place = seen_at(63, TWO_WAVES, {**LEADER, "3": Way(4.5, None, None)}).place("scratch", 1)
    assert place.count == 1


def test_entrants_nobody_has_seen_may_have_started_unread() -> None:
    place = seen_at(63, TWO_WAVES, LEADER).place("scratch", 1)
    assert (place.count, place.unseen, place.reasons) == (0, 1, (MAY_BE_BEATEN,))
    assert seen_at(66.5, TWO_WAVES, LEADER).place("scratch", 1).settled_at_us == at(66) + PASSED_US


def test_a_closed_start_does_not_make_an_unseen_runner_safe_to_ignore() -> None:
    closed = Closings(start_us=at(40))
    assert seen_at(63, TWO_WAVES, LEADER, closings=closed).place("scratch", 1).unseen == 1


def test_whoever_is_declared_out_of_the_race_keeps_no_place_open() -> None:
    gone = [runner(1), runner(2), runner(3, wave="2", status="DNS")]
    assert seen_at(63, gone, LEADER, closings=Closings(start_us=at(40))).place("scratch", 1).settled_at_us is not None
    roster_says_so, now = gone, {"closings": Closings(start_us=at(40))}
    back = decisions_of((Declare(bibs=(Bib("3"),), status="", at_us=at(41)),))
    running = [*roster_says_so[:2], runner(3, wave="2")]
    assert seen_at(63, running, LEADER, decisions=back, **now).place("scratch", 1).unseen == 1


def test_a_closed_finish_settles_everything_at_the_hour_it_was_closed() -> None:
    ways = {**LEADER, "3": Way(4.5, 34, None)}
    closed = Closings(start_us=at(40), finish_us=at(64.5))
    assert seen_at(65, TWO_WAVES, ways, closings=closed).place("scratch", 1).settled_at_us == at(64.5) + PASSED_US


def test_minimum_times_are_divided_by_the_speed_of_the_wave() -> None:
    plan = bounded_plan()
    first, second = plan.race.waves
    fast = replace(plan, race=replace(plan.race, waves=(first, replace(second, speed_pct=200))))
    ways = {"1": Way(0, 28.5, 56), "2": Way(0, 31, None), "3": Way(30, 45, None)}
    slow_place = seen_at(56.5, TWO_WAVES, ways, plan=plan).place("scratch", 1)
    assert slow_place.settled_at_us is not None  # 30 + 55 minutes is past 4 + 56
    fast_place = seen_at(56.5, TWO_WAVES, ways, plan=fast).place("scratch", 1)
    assert fast_place.count == 1


def test_a_tie_counts_as_taking_the_place_and_printed_ties_as_well() -> None:
    shared = rule("scratch", "", "", main=MainRank.OVERALL, ties=Ties.SHARED)
    plan = bounded_plan(lists=(shared,))
    ways = {"1": Way(0, 30, 62 + 0.3 / 60), "2": Way(0, 31, 64), "3": Way(4.5, 34, None)}
    place = seen_at(63, TWO_WAVES, ways, plan=plan).place("scratch", 1)
    assert place.open_until_us is not None
    assert at(66) + SECOND <= place.open_until_us - PASSED_US <= at(66) + 2 * SECOND


def test_those_who_share_a_place_are_settled_together_and_the_next_one_is_nobodys() -> None:
    ways = {"1": Way(0, 30, 62), "2": Way(0, 31, 62), "3": Way(4, 40, 90)}
    seen = seen_at(91, TWO_WAVES, ways)
    assert seen.place("scratch", 1).bibs == ("1", "2")
    assert seen.place("scratch", 2).bibs == ()
    assert seen.place("scratch", 2).settled_at_us == seen.place("scratch", 1).settled_at_us
    assert seen.place("scratch", 3).bibs == ("3",)


def test_a_place_nobody_holds_yet_says_who_may_come() -> None:
    place = seen_at(63, TWO_WAVES, {"1": Way(0, 30, 62), "2": Way(0, 31, None)}).place("scratch", 2)
    assert (place.bibs, place.settled_at_us, place.open_until_us) == ((), None, None)
    assert (place.count, place.unseen, place.reasons) == (1, 1, (NO_FINISHER,))


def test_only_main_lists_and_prize_lists_have_podiums() -> None:
    assert {list_id for list_id, _ in seen_at(63, TWO_WAVES, LEADER).places} == {
        "scratch", "sex-M", "category-M0M", "prize-M",
    }  # fmt: skip


def test_a_race_within_the_race_has_a_podium_of_its_own_with_its_own_minimum_times() -> None:
    plan = bounded_plan()
    first, second = plan.race.waves
    chairs = replace(second, group="chairs", speed_pct=200)
    lists = (*plan.lists, rule("chairs", "", "", groups=frozenset({"chairs"})))
    plan = replace(plan, lists=lists, race=replace(plan.race, waves=(first, chairs)))
    entrants = [runner(1), runner(8, wave="2"), runner(9, wave="2")]
    seen = seen_at(40, entrants, {"1": Way(0, 30, None), "8": Way(4, 18, 38), "9": Way(14, 30, None)}, plan=plan)
    place = seen.place("chairs", 1)
    assert (place.bibs, place.settled_at_us) == (("8",), at(38) + PASSED_US)
    assert seen.place("scratch", 1).reasons == (NO_FINISHER,)


# ---- net times ----


def net_plan() -> object:
    return bounded_plan(lists=(rule("scratch", "", "", clock=Clock.NET, main=MainRank.OVERALL),))


def test_in_a_net_list_whoever_started_later_has_as_much_longer() -> None:
    ways = {**LEADER, "3": Way(10, 40, None)}
    closed = Closings(start_us=at(40))
    place = seen_at(66, TWO_WAVES, ways, plan=net_plan(), closings=closed).place("scratch", 1)
    assert place.open_until_us == at(10 + 62) + PASSED_US
    assert place.reasons == (MAY_BE_BEATEN,)


def test_in_a_net_list_nothing_is_final_while_somebody_may_still_start() -> None:
    place = seen_at(200, TWO_WAVES, LEADER, plan=net_plan()).place("scratch", 1)
    assert START_OPEN in place.reasons
    assert place.settled_at_us is None
    closed = Closings(start_us=at(40))
    assert seen_at(200, TWO_WAVES, LEADER, plan=net_plan(), closings=closed).place("scratch", 1).settled_at_us


def test_a_net_list_waits_for_the_reads_of_the_start() -> None:
    heard = Heard(start_us=at(30), finish_us=at(200))
    closed = Closings(start_us=at(40))
    place = seen_at(200, TWO_WAVES, LEADER, plan=net_plan(), closings=closed, heard=heard).place("scratch", 1)
    assert place.reasons == (START_NOT_HEARD,)
    assert seen_at(200, TWO_WAVES, LEADER, closings=closed, heard=heard).place("scratch", 1).settled_at_us


# ---- what else keeps it open ----


def test_a_gun_that_was_not_fired_keeps_open_the_lists_of_its_wave_alone() -> None:
    only_first = rule("first", "", "", waves=frozenset({"1"}), prize=True, depth=3)
    plan = bounded_plan(lists=(rule("scratch", "", "", main=MainRank.OVERALL), only_first))
    seen = seen_at(63, TWO_WAVES, LEADER, plan=plan, fired=[True, False])
    assert GUN_NOT_FIRED in seen.place("scratch", 1).reasons
    assert seen.place("scratch", 1).open_until_us == at(63 + 62) + PASSED_US  # fired now at the earliest
    assert seen.place("first", 1).settled_at_us == at(62) + PASSED_US


def test_what_a_mat_has_not_handed_over_may_bring_somebody() -> None:
    heard = Heard(start_us=at(90), finish_us=at(61.9), silent=("box",))
    place = seen_at(90, TWO_WAVES, LEADER, heard=heard).place("scratch", 1)
    assert (place.settled_at_us, place.reasons) == (None, (MAY_BE_BEATEN,))
    heard = Heard(start_us=at(90), finish_us=at(66) + 1, silent=("box",))
    assert seen_at(90, TWO_WAVES, LEADER, heard=heard).place("scratch", 1).reasons == (NOT_HEARD,)
    heard = Heard(start_us=at(90), finish_us=at(67), silent=("box",))
    assert seen_at(90, TWO_WAVES, LEADER, heard=heard).place("scratch", 1).settled_at_us == at(66) + PASSED_US


def test_a_clock_that_holds_reads_or_waits_for_a_ruling_keeps_everything_open() -> None:
    for holds, source, reasons in ((True, "box", (CLOCK,)), (False, "box", ()), (True, "elsewhere", ())):
        finding = ClockFinding(source=SourceId(source), fault=ClockFault.OFFSET, holds=holds)
        assert seen_at(90, TWO_WAVES, LEADER, clocks=[finding]).place("scratch", 1).reasons == reasons


@pytest.mark.parametrize("kind", [Kind.CHECK_BY_EYE, Kind.TWO_TAGS_APART, Kind.IMPOSSIBLE_PACE, Kind.CLOSE_FINISH])
def test_a_question_on_the_holder_or_on_somebody_ahead_keeps_the_place_open(kind: Kind) -> None:
    seen = seen_at(90, TWO_WAVES, LEADER, questions=[question(kind, "2")])
    assert seen.place("scratch", 1).settled_at_us is not None
    assert seen.place("scratch", 2).reasons == (str(kind),)
    assert seen.place("scratch", 3).reasons == (NO_FINISHER, str(kind))


def test_questions_that_can_only_cost_somebody_further_back_keep_nothing_open() -> None:
    questions = [question(kind, "2") for kind in (Kind.MISSED_SPLIT, Kind.ODD_LEG, Kind.OUT_OF_ORDER)]
    assert seen_at(90, TWO_WAVES, LEADER, questions=questions).place("scratch", 1).settled_at_us is not None


def test_whoever_left_early_and_waits_for_a_ruling_keeps_the_prize_open() -> None:
    entrants = [runner(1), runner(2), runner(3, wave="2"), runner(4)]
    ways = {"1": Way(0, 30, 63), "2": Way(0, 31, 64), "3": Way(3, 32, 62), "4": Way(0, 40, 80)}
    seen = seen_at(90, entrants, ways, questions=[question(Kind.BEFORE_OWN_GUN, "3")])
    assert seen.place("prize-M", 1).bibs == ("1",)
    assert seen.place("prize-M", 1).reasons == ("before_own_gun",)
    assert seen_at(90, entrants, ways).place("prize-M", 1).settled_at_us is not None


def test_a_later_gun_that_a_ruling_may_give_counts_only_where_it_reaches_the_place() -> None:
    entrants = [runner(1), runner(2), runner(3)]
    ways = {"1": Way(0, 30, 62), "2": Way(5, 34, 65), "3": Way(5, 50, 100)}  # both left with the second wave
    open_on = question(Kind.OTHER_WAVE, "2", "3")
    seen = seen_at(120, entrants, ways, questions=[open_on])
    assert seen.place("scratch", 1).reasons == ("other_wave",)  # 65 - 4 minutes would win
    far = {**ways, "2": Way(5, 40, 90)}
    assert seen_at(120, entrants, far, questions=[open_on]).place("scratch", 1).settled_at_us is not None


def test_a_sighting_counts_by_the_hour_that_was_noted() -> None:
    noted = question(Kind.SEEN_NOT_READ, "3", seen=[{"at_us": at(65)}])
    assert seen_at(90, TWO_WAVES, LEADER, questions=[noted]).place("scratch", 1).reasons == ("seen_not_read",)
    later = question(Kind.SEEN_NOT_READ, "3", seen=[{"at_us": at(80)}])
    assert seen_at(90, TWO_WAVES, LEADER, questions=[later]).place("scratch", 1).settled_at_us is not None
    nameless = question(Kind.SEEN_WITHOUT_BIB, first_us=at(61), last_us=at(61), not_read_there=1)
    assert seen_at(90, TWO_WAVES, LEADER, questions=[nameless]).place("scratch", 1).reasons == ("seen_without_bib",)


def test_what_is_official_stands() -> None:
    state = StateOfList(
        list_id="scratch", state=ListState.OFFICIAL, at_us=at(80), is_official=True, official_depth=1,
        official=(PostedPlace(bib=Bib("2"), place=1, value_us=1, shared=False),),
    )  # fmt: skip
    seen = seen_at(90, TWO_WAVES, LEADER, states=ListStates(by_id={"scratch": state}),
                   questions=[question(Kind.CHECK_BY_EYE, "1", "2")])  # fmt: skip
    first, second = seen.place("scratch", 1), seen.place("scratch", 2)
    assert (first.bibs, first.settled_at_us, first.official, first.reasons) == (("2",), at(80), True, ())
    assert second.official is False


def test_the_section_is_json_ready_and_by_list() -> None:
    section = settled_section(seen_at(63, TWO_WAVES, LEADER).places.values())
    first = section["scratch"][0]
    assert first["bibs"] == ["1"]
    assert first["can_be_beaten_by"] == {"bib": "3", "arrival_us": at(63), "value_us": 59 * MINUTE}
    assert first["reasons"] == ["may_be_beaten"]


def test_real_questions_of_a_race_open_the_places_they_are_about() -> None:
    from results.questions import open_questions

    entrants = [runner(n) for n in range(1, 8)]
    runs = {
        str(n): Run(start=0, split=None if n == 1 else (30 + n) * MINUTE, finish=(61 + n) * MINUTE) for n in range(1, 8)
    }
    questions = open_questions(asked_of(entrants, runs))
    assert any(each.kind is Kind.CHECK_BY_EYE for each in questions)
    ways = {bib: Way(0, None if run.split is None else run.split / MINUTE, run.finish / MINUTE)
            for bib, run in runs.items() if run.finish is not None}  # fmt: skip
    assert "check_by_eye" in seen_at(120, entrants, ways, questions=questions).place("sex-M", 1).reasons


# ---- never changes ----

MINUTES = st.integers(0, 40_000).map(lambda n: n / 1_000)


@st.composite
def fields(draw: st.DrawFn) -> tuple[list[Entrant], dict[str, Way]]:
    """A field of two waves that keeps to the minimum times; some are not read somewhere, some never finish."""
    entrants, ways = [], {}
    for number in range(1, draw(st.integers(2, 9)) + 1):
        wave = draw(st.sampled_from(("1", "2")))
        entrants.append(
            runner(number, draw(st.sampled_from("MF")), wave=wave, birth_year=draw(st.sampled_from((1960, 1990))))
        )
        gun = 0.0 if wave == "1" else 4.0
        start = gun + draw(MINUTES) / 4 - draw(st.sampled_from((0.0, 0.0, 0.0, 1.0)))
        start = max(0.0, start)
        split = start + 28 + draw(MINUTES) / 4
        finish = max(start + 55, split + 21) + draw(MINUTES) / draw(st.sampled_from((1, 8)))
        read_at_start = draw(st.integers(0, 5)) > 0
        read_at_split = draw(st.integers(0, 5)) > 0
        arrives = draw(st.integers(0, 5)) > 0
        # A start that was not read counts from the gun of the race, so an unread early start would be within no bound.
        start_read = start if read_at_start or start < gun else None
        ways[str(number)] = Way(start_read, split if read_at_split else None, finish if arrives else None)
    return entrants, ways


@settings(max_examples=200, deadline=None)
@given(fields(), st.booleans(), st.lists(st.integers(0, 1300).map(lambda n: n / 10), min_size=2, max_size=12))
def test_a_place_that_is_settled_never_changes(
    field: tuple[list[Entrant], dict[str, Way]], net: bool, looks: list[float]
) -> None:
    entrants, ways = field
    plan = net_plan() if net else bounded_plan(lists=(
        rule("scratch", "", "", main=MainRank.OVERALL), rule("sex", "", "", per=Per.SEX, main=MainRank.SEX),
        rule("category", "", "", per=Per.CATEGORY, main=MainRank.CATEGORY), PRIZE,
    ))  # fmt: skip
    closings = Closings(start_us=at(60)) if net else None
    moments = [
        seen_at(m, entrants, ways, plan=plan, closings=closings if m >= 60 else None) for m in sorted({*looks, 150.0})
    ]
    for before, after in pairwise(moments):
        for key, place in before.places.items():
            if place.settled_at_us is not None:
                assert after.places[key] == place, key
    for place in moments[-1].places.values():
        assert place.settled_at_us is not None or NO_FINISHER in place.reasons


@settings(max_examples=100, deadline=None)
@given(fields(), st.integers(560, 1200).map(lambda n: n / 10))
def test_a_place_is_open_as_long_as_somebody_of_the_field_takes_it_later(
    field: tuple[list[Entrant], dict[str, Way]], minutes: float
) -> None:
    entrants, ways = field
    now, end = seen_at(minutes, entrants, ways), seen_at(200, entrants, ways)
    for key, place in now.places.items():
        if place.bibs and place.bibs != end.places[key].bibs:
            assert place.settled_at_us is None
            assert place.reasons


# ---- how far the mats are heard ----

MARSEILLE = load_race("marseille_cassis_2024")


def health(**links: str) -> list[dict[str, object]]:
    return [{"id": str(s.id), "link": links.get(str(s.id).replace("-", "_"), "up")} for s in MARSEILLE.race.sources]


def test_a_source_that_is_cut_off_is_heard_up_to_its_last_good_moment() -> None:
    watch = HeardWatch(MARSEILLE)
    assert watch.take(health(), at(10), lag_us={"finish-main": MINUTE}).finish_us == at(9)
    assert watch.take(health(), at(10)).finish_us == at(10) - NOTICED_US
    cut = watch.take(health(finish_backup="down"), at(12))
    assert (cut.finish_us, cut.silent) == (at(10) - NOTICED_US, ("finish-backup",))
    assert cut.start_us == at(12) - NOTICED_US
    assert watch.take(health(), at(13)).finish_us == at(13) - NOTICED_US


def test_on_a_fast_race_clock_a_dead_link_is_noticed_later_by_that_clock() -> None:
    assert HeardWatch(MARSEILLE, rate=10).take(health(), at(10)).finish_us == at(10) - 10 * NOTICED_US


def test_what_was_heard_is_never_forgotten_again() -> None:
    watch = HeardWatch(MARSEILLE)
    watch.take(health(), at(10))
    slow = watch.take(health(), at(11), lag_us={"finish-main": 5 * MINUTE})
    assert slow.finish_us == at(10) - NOTICED_US


def test_a_memory_being_fetched_a_queue_and_late_data_keep_a_point_from_being_heard() -> None:
    for trouble in ({"memory": "running"}, {"queue": 3}, {"link": "unintelligible"}):
        watch = HeardWatch(MARSEILLE)
        watch.take(health(), at(10))
        rows = [row | trouble if row["id"] == "finish-main" else row for row in health()]
        assert watch.take(rows, at(11)).finish_us == at(10) - NOTICED_US
    watch = HeardWatch(MARSEILLE)
    watch.take(health(), at(10))
    late = LateData(point="FINISH", reads=1, first_us=at(3), last_us=at(4), begun_us=at(10), arrived_us=at(11))
    assert watch.take(health(), at(11), late=[late]).finish_us == at(10) - NOTICED_US
    elsewhere = replace(late, point="GINESTE")
    assert watch.take(health(), at(12), late=[elsewhere]).finish_us == at(12) - NOTICED_US


def test_what_was_never_connected_was_never_heard() -> None:
    assert HeardWatch(MARSEILLE).take(health(finish_main="down"), at(10)).finish_us == 0


# ---- at every tick ----


def test_a_touched_podium_is_judged_at_once_and_the_rest_once_a_second() -> None:
    ways = {**LEADER, "3": Way(4.5, 34, 65.5)}
    watch = SettledWatch()

    def looked(minutes: float) -> tuple[int, str]:
        seen = seen_at(minutes, TWO_WAVES, ways)
        heard = Heard(start_us=at(minutes), finish_us=at(minutes))
        places = watch.places(seen.rankings, seen.times, now_us=at(minutes), heard=heard)
        best = places[0].can_be_beaten_by
        return (0 if best is None else best.arrival_us), places[0].bibs[0]

    assert looked(64.5) == (at(64.5), "1")
    assert looked(64.505) == (at(64.5), "1")
    assert looked(64.52) == (at(64.52), "1")
    assert looked(65.495)[1] == "1"
    assert looked(65.5)[1] == "3"


def test_women_may_be_beaten_by_women_alone() -> None:
    entrants = [runner(1), runner(2, "F"), runner(3, "F", wave="2"), runner(4, "M", wave="2")]
    ways = {"1": Way(0, 30, 62), "2": Way(0, 33, 66), "3": Way(5, 60, None), "4": Way(5, 34, None)}
    seen = seen_at(67, entrants, ways)
    assert entrants[1].sex is Sex.F
    assert seen.place("sex-F", 1).settled_at_us == at(66) + PASSED_US  # bib 3 was at the split too late
    assert seen.place("scratch", 2).reasons == (MAY_BE_BEATEN,)
