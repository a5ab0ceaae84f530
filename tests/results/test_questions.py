"""What a person should decide: each kind of question, what raises it, what answers it, and which comes first."""

import time
from dataclasses import replace

import numpy as np
import pytest
from questions_builder import PRIZE, asked, of_kind, one_of, prize_plan, sighting
from results_builder import GUN_US, MAIN_LISTS, WAVE_GAP_US, Run, run, runner, seconds

from config.palmares import CourseVersion, Winner
from config.plan import JuryPlan, RacePlan
from results.asked import Asked, Kind, OpenQuestion, Stake, TagSeen
from results.official_rows import OfficialDifference
from results.questions import open_questions, questions_about
from timing.instants import HOUR, MILLISECOND, MINUTE, SECOND
from timing.race import GunOrigin
from timing.reads import Tag
from timing.roster import Bib, Entrant, Sex
from timing.rulings import (
    Act,
    AssignTag,
    Clear,
    Declare,
    FinishOrder,
    MoveToWave,
    Question,
    SetTime,
    SwapTags,
    Withdraw,
)
from timing.times import Flag


def mass(count: int, first: int = 100, *, start: float = 10.0, sex: str = "M") -> tuple[list[Entrant], dict[str, Run]]:
    """Runners well apart, all of the first wave, seen everywhere, from 1:10 on."""
    entrants = [runner(first + k, sex) for k in range(count)]
    runs = {str(first + k): run(start + k / 4, 4200.0 + 7 * k, 2000.0 + 3 * k) for k in range(count)}
    return entrants, runs


def test_a_race_without_anything_odd_has_no_questions() -> None:
    assert open_questions(asked(*mass(60))) == ()


# ---- guns and waves ----


def early_woman(**more: object) -> Asked:
    """Bib 7 of wave 2 left 50 s after the first gun, and would be the first woman by it."""
    entrants, runs = mass(8, sex="F")
    plan = prize_plan()
    return asked([*entrants, runner(7, "F", wave="2")], {**runs, "7": run(50.0, 4100.0)}, plan=plan, **more)  # type: ignore[arg-type]


def test_who_left_before_the_own_gun_is_asked_about_with_the_wave_they_left_with() -> None:
    question = one_of(early_woman(), Kind.BEFORE_OWN_GUN)
    assert question.bibs == ("7",)
    assert question.evidence["early_us"] == WAVE_GAP_US - seconds(50.0)
    assert question.evidence["crossed_wave"] == "1"
    move, clear = question.proposals
    assert move == MoveToWave(bibs=(Bib("7"),), wave="1")
    assert clear == Clear(bibs=(Bib("7"),), question=Question.BEFORE_OWN_GUN)


def test_what_an_early_starter_would_win_is_what_hangs_on_the_question() -> None:
    assert one_of(early_woman(), Kind.BEFORE_OWN_GUN).weight.stake is Stake.PODIUM


def test_an_early_start_is_not_asked_about_as_another_wave_too() -> None:
    assert not of_kind(early_woman(), Kind.OTHER_WAVE)


def test_whoever_started_with_a_later_wave_is_gathered_in_one_question_where_nothing_hangs_on_it() -> None:
    entrants, runs = mass(20)
    late = [runner(n, "M") for n in range(700, 720)]
    runs |= {str(n): run(250.0 + n / 10, 9000.0 + n) for n in range(700, 720)}
    question = one_of(asked([*entrants, *late], runs), Kind.OTHER_WAVE)
    assert len(question.bibs) == 20
    assert (question.evidence["wave"], question.evidence["crossed_wave"]) == ("1", "2")


def test_a_late_starter_on_the_podium_is_asked_about_alone() -> None:
    entrants, runs = mass(20)
    runs["103"] = run(300.0, 4203.0)
    question = one_of(asked(entrants, runs), Kind.OTHER_WAVE)
    assert question.bibs == ("103",)
    assert question.weight.stake is Stake.PODIUM


# ---- answered ----


def flagged(flag: Flag, *acts: Act, **more: object) -> Asked:
    entrants, runs = mass(30)
    return asked(entrants, runs, flags={"115": flag}, acts=acts, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("flag", "kind"),
    [
        (Flag.OUT_OF_ORDER, Kind.OUT_OF_ORDER),
        (Flag.FINISH_AFTER_ABANDON, Kind.FINISH_AFTER_ABANDON),
        (Flag.TWO_TAGS_APART, Kind.TWO_TAGS_APART),
        (Flag.TAG_ON_TWO, Kind.TAG_ON_TWO),
        (Flag.PARKED, Kind.PARKED),
        (Flag.FINISH_WITHOUT_START, Kind.FINISH_WITHOUT_START),
        (Flag.DECLARED_BUT_SEEN, Kind.DECLARED_BUT_SEEN),
        (Flag.BEFORE_OWN_GUN, Kind.BEFORE_OWN_GUN),
    ],
)
def test_a_flag_is_a_question_until_somebody_has_cleared_it(flag: Flag, kind: Kind) -> None:
    assert one_of(flagged(flag), kind).bibs == ("115",)
    cleared = Clear(bibs=(Bib("115"),), question=kind.answered_by)
    assert not of_kind(flagged(flag, cleared), kind)
    other = Clear(bibs=(Bib("115"),), question=Question.CHECK_BY_EYE)
    assert one_of(flagged(flag, other), kind), "clearing another question answers nothing"


def test_every_kind_is_answered_by_a_word_that_clear_knows() -> None:
    assert {kind.answered_by for kind in Kind} == set(Question)


def test_a_disqualified_runner_raises_no_questions() -> None:
    entrants, runs = mass(30)
    entrants[15] = runner(115, status="DSQ")
    assert open_questions(asked(entrants, runs, flags={"115": Flag.OUT_OF_ORDER})) == ()


def test_a_finish_after_an_abandon_proposes_to_take_the_abandon_back() -> None:
    gone = Declare(bibs=(Bib("115"),), status="DNF", at_us=GUN_US + HOUR)
    question = one_of(flagged(Flag.FINISH_AFTER_ABANDON, gone), Kind.FINISH_AFTER_ABANDON)
    assert question.evidence["abandoned_us"] == GUN_US + HOUR
    assert question.proposals[0] == Declare(bibs=(Bib("115"),), status="", at_us=GUN_US + HOUR)


def test_out_of_order_shows_both_crossings_and_proposes_to_withdraw_either() -> None:
    entrants, runs = mass(30)
    given = runs["115"]
    assert given.finish is not None
    runs["115"] = replace(given, split=given.finish - 5 * MINUTE)
    race = asked(entrants, runs, flags={"115": Flag.OUT_OF_ORDER})
    course = race.plan.race.course
    legs = replace(course, points=(*course.points[:-1], replace(course.finish, min_leg_us=20 * MINUTE)))
    race = replace(race, plan=replace(race.plan, race=replace(race.plan.race, course=legs)))
    question = one_of(race, Kind.OUT_OF_ORDER)
    for point in ("GINESTE", "FINISH"):
        assert SetTime(bib=Bib("115"), point=point, instant_us=None) in question.proposals
    assert set(question.evidence["crossings_us"]) == {"START", "GINESTE", "FINISH"}
    assert (question.point, question.evidence["too_soon"]) == ("GINESTE", ["FINISH"])


def test_two_tags_apart_shows_where_each_tag_was() -> None:
    seen = (
        TagSeen(tag="A", point="GINESTE", first_us=GUN_US + HOUR, reads=3),
        TagSeen(tag="B", point="GINESTE", first_us=GUN_US + HOUR + 40 * SECOND, reads=2),
    )
    question = one_of(flagged(Flag.TWO_TAGS_APART, tags_seen={Bib("115"): seen}), Kind.TWO_TAGS_APART)
    assert [each["first_us"] for each in question.evidence["seen"]] == [seen[0].first_us, seen[1].first_us]
    assert AssignTag(tag=Tag("B"), bib=None) in question.proposals


def test_a_tag_on_two_says_which_ruling_made_it_so() -> None:
    swap = SwapTags(bibs=(Bib("115"), Bib("116")))
    question = one_of(flagged(Flag.TAG_ON_TWO, swap), Kind.TAG_ON_TWO)
    assert question.evidence["tags"][0]["worn_by"] == ["115", "116"]


# ---- missing points ----


def unseen_at_the_col(who: range, count: int = 400, *acts: Act) -> Asked:
    entrants, runs = mass(count)
    for k in who:
        runs[str(100 + k)] = replace(runs[str(100 + k)], split=None)
    return asked(entrants, runs, acts=acts)


def test_a_runner_unseen_at_a_split_is_a_question_of_their_own() -> None:
    question = one_of(unseen_at_the_col(range(50, 51)), Kind.MISSED_SPLIT)
    assert question.bibs == ("150",)
    assert question.evidence["unseen"] == ["GINESTE"]
    assert set(question.evidence["crossings_us"]) == {"START", "FINISH"}


def test_a_mat_that_missed_many_is_one_question_that_takes_theirs_in() -> None:
    found = open_questions(unseen_at_the_col(range(50, 90)))
    question = one_of(found, Kind.MAT_MISSED_MANY)
    assert len(question.bibs) == 40
    assert (question.evidence["missed"], question.evidence["passed"]) == (40, 400)
    assert not of_kind(found, Kind.MISSED_SPLIT)


def test_a_mat_that_missed_many_says_between_which_hours() -> None:
    question = one_of(unseen_at_the_col(range(50, 90)), Kind.MAT_MISSED_MANY)
    from_us, until_us = question.evidence["from_us"], question.evidence["until_us"]
    truth = [GUN_US + seconds(2000.0 + 3 * k) for k in range(50, 90)]
    assert abs(from_us - min(truth)) < MINUTE
    assert abs(until_us - max(truth)) < MINUTE


def test_nineteen_missed_at_a_mat_are_nineteen_questions() -> None:
    found = open_questions(unseen_at_the_col(range(50, 69)))
    assert not of_kind(found, Kind.MAT_MISSED_MANY)
    assert len(of_kind(found, Kind.MISSED_SPLIT)) == 19


def test_clearing_one_runner_leaves_the_others_in_the_question_about_the_mat() -> None:
    cleared = Clear(bibs=(Bib("150"),), question=Question.MISSED_SPLIT)
    assert "150" not in one_of(unseen_at_the_col(range(50, 90), 400, cleared), Kind.MAT_MISSED_MANY).bibs


def test_a_runner_missed_at_the_start_alone_is_no_question() -> None:
    entrants, runs = mass(60)
    runs["130"] = replace(runs["130"], start=None)
    assert open_questions(asked(entrants, runs)) == ()


# ---- legs ----


def timed_plan() -> RacePlan:
    """The least times of Marseille-Cassis: 28 minutes to the col, 55 to the finish."""
    plan = prize_plan()
    least = (0, 28 * MINUTE, 55 * MINUTE)
    points = tuple(replace(point, min_time_us=us) for point, us in zip(plan.race.course.points, least, strict=True))
    return replace(plan, race=replace(plan.race, course=replace(plan.race.course, points=points)))


def test_a_leg_faster_than_anybody_runs_it_is_asked_about() -> None:
    entrants, runs = mass(3)
    runs["101"] = Run(seconds(10), seconds(2400), seconds(3600))
    question = one_of(asked(entrants, runs, plan=timed_plan()), Kind.IMPOSSIBLE_PACE)
    assert (question.bibs, question.point) == (("101",), "FINISH")
    assert question.evidence["took_us"] == seconds(1200)
    assert question.evidence["fastest_us"] > seconds(1200)
    assert (question.evidence["from"], question.evidence["metres"]) == ("GINESTE", 10_000)


def test_where_a_split_was_missed_the_pace_is_judged_from_the_point_before() -> None:
    entrants, runs = mass(3)
    runs["101"] = Run(seconds(10), None, seconds(3300))
    question = one_of(asked(entrants, runs, plan=timed_plan()), Kind.IMPOSSIBLE_PACE)
    assert (question.evidence["from"], question.evidence["fastest_us"]) == ("START", 55 * MINUTE)
    assert question.evidence["took_us"] == seconds(3290)


def test_what_a_man_can_run_may_be_asked_of_a_woman() -> None:
    entrants, runs = mass(3)
    runs["101"] = Run(seconds(10), None, seconds(3400))
    assert not of_kind(asked(entrants, runs, plan=timed_plan()), Kind.IMPOSSIBLE_PACE)
    entrants[1] = runner(101, "F")
    question = one_of(asked(entrants, runs, plan=timed_plan()), Kind.IMPOSSIBLE_PACE)
    clear = question.proposals[0]
    assert not of_kind(asked(entrants, runs, plan=timed_plan(), acts=(clear,)), Kind.IMPOSSIBLE_PACE)


def seen_backwards(flag: Flag, *acts: Act) -> tuple[OpenQuestion, ...]:
    """A runner seen at the finish 41 s before the col."""
    entrants, runs = mass(60)
    runs["101"] = Run(seconds(10), seconds(4000), seconds(3959))
    plan = timed_plan()
    course = plan.race.course
    points = (*course.points[:-1], replace(course.finish, min_leg_us=20 * MINUTE))
    plan = replace(plan, race=replace(plan.race, course=replace(course, points=points)))
    race = asked(entrants, runs, plan=plan, flags={"101": flag}, acts=acts)
    return questions_about(open_questions(race), Bib("101"))


def test_points_passed_in_the_wrong_order_are_one_question_and_once_answered_none() -> None:
    legs = {Kind.OUT_OF_ORDER, Kind.IMPOSSIBLE_PACE, Kind.ODD_LEG}
    (question,) = (found for found in seen_backwards(Flag.OUT_OF_ORDER) if found.kind in legs)
    assert question.kind is Kind.OUT_OF_ORDER
    clear = Clear(bibs=(Bib("101"),), question=Question.OUT_OF_ORDER)
    for flag in (Flag.OUT_OF_ORDER, Flag(0)):  # an answer takes the flag away
        assert not [found for found in seen_backwards(flag, clear) if found.kind in legs]


def test_a_leg_backwards_that_no_flag_tells_is_asked_about_and_either_crossing_may_go() -> None:
    question = one_of(seen_backwards(Flag(0)), Kind.IMPOSSIBLE_PACE)
    assert question.evidence["took_us"] == -seconds(41)
    for point in ("GINESTE", "FINISH"):
        assert SetTime(bib=Bib("101"), point=point, instant_us=None) in question.proposals


def test_a_leg_that_nobody_can_run_is_not_asked_about_as_uneven_too() -> None:
    entrants, runs = mass(200)
    runs["250"] = run(10.0, 4400.0, 3800.0)
    found = questions_about(open_questions(asked(entrants, runs, plan=timed_plan())), Bib("250"))
    assert [question.kind for question in found if question.kind is not Kind.CHECK_BY_EYE] == [Kind.IMPOSSIBLE_PACE]
    clear = found[0].proposals[0]
    assert not of_kind(asked(entrants, runs, plan=timed_plan(), acts=(clear,)), Kind.ODD_LEG)


def test_somebody_driven_from_km_10_is_asked_about_although_the_pace_is_possible() -> None:
    entrants, runs = mass(200)
    runs["250"] = run(10.0, 5800.0, 3800.0)
    question = one_of(asked(entrants, runs), Kind.ODD_LEG)
    assert (question.bibs, question.point) == (("250",), "FINISH")
    assert question.evidence["took_us"] == seconds(2000)
    assert question.evidence["at_own_pace_us"] > seconds(3000)
    assert not of_kind(
        asked(entrants, runs, acts=(Clear(bibs=(Bib("250"),), question=Question.ODD_LEG),)), Kind.ODD_LEG
    )


def test_somebody_who_fades_is_not_asked_about() -> None:
    entrants, runs = mass(200)
    runs["250"] = run(10.0, 11_000.0, 2100.0)
    assert open_questions(asked(entrants, runs)) == ()


# ---- together ----


def test_tags_that_travel_together_are_one_question_for_all_of_them() -> None:
    entrants, runs = mass(40)
    for n, late in ((900, 0.0), (901, 0.3), (902, 0.6)):
        entrants.append(runner(n, "F"))
        runs[str(n)] = run(30.0 + late, 8000.0 + late, 4000.0 - late)
    question = one_of(asked(entrants, runs), Kind.TRAVELS_TOGETHER)
    assert question.bibs == ("900", "901", "902")
    assert question.evidence["apart_us"] == {"START": 600_000, "GINESTE": 600_000, "FINISH": 600_000}
    (clear,) = question.proposals
    assert not of_kind(asked(entrants, runs, acts=(clear,)), Kind.TRAVELS_TOGETHER)


def test_two_who_were_apart_at_one_point_do_not_travel_together() -> None:
    entrants, runs = mass(40)
    runs |= {"120": run(30.0, 8000.0, 4000.0), "121": run(30.0, 8000.5, 4001.5)}
    assert not of_kind(asked(entrants, runs), Kind.TRAVELS_TOGETHER)


def test_two_points_are_too_few_to_travel_together() -> None:
    entrants, runs = mass(40)
    runs |= {"120": run(30.0, 8000.0, None), "121": run(30.0, 8000.5, None)}
    assert not of_kind(asked(entrants, runs), Kind.TRAVELS_TOGETHER)


# ---- places ----


def test_a_top_place_with_an_unseen_split_is_to_be_checked_by_eye() -> None:
    entrants, runs = mass(60)
    runs["101"] = replace(runs["101"], split=None)
    question = one_of(asked(entrants, runs), Kind.CHECK_BY_EYE)
    assert question.bibs == ("101",)
    assert question.evidence["unseen"] == ["GINESTE"]
    assert (
        question.evidence["places"] == {"sex-M": 2, "category-SEM": 2, "prize-M": 2}
        or question.evidence["places"]["prize-M"] == 2
    )
    assert question.weight.stake is Stake.PODIUM


def test_the_same_unseen_split_far_down_is_not_checked_by_eye() -> None:
    entrants, runs = mass(60)
    runs["131"] = replace(runs["131"], split=None)
    assert not of_kind(asked(entrants, runs), Kind.CHECK_BY_EYE)


def test_a_top_place_from_a_wave_none_of_the_neighbours_comes_from_is_checked_by_eye() -> None:
    entrants, runs = mass(20, sex="F")
    entrants.append(runner(800, "F", wave="2"))
    runs["800"] = run(250.0, 4240.0 + 204.0, 2300.0)
    question = one_of(asked(entrants, runs), Kind.CHECK_BY_EYE)
    assert question.bibs == ("800",)
    assert question.evidence["reasons"] == ["not_of_the_neighbours"]
    assert (question.evidence["crossed_wave"], question.evidence["neighbours_wave"]) == ("2", "1")


def test_a_prize_place_from_a_wave_that_is_not_the_lists_is_checked_by_eye() -> None:
    only_first = replace(PRIZE, waves=frozenset({"1"}))
    entrants, runs = mass(20)
    runs["101"] = run(250.0, 4203.0, 2100.0)
    question = one_of(asked(entrants, runs, plan=prize_plan(lists=(only_first,))), Kind.CHECK_BY_EYE)
    assert question.bibs == ("101",)
    assert question.evidence["reasons"] == ["not_of_the_list"]


def close(gap_us: int, *acts: Act, at_place: int = 2, **more: object) -> Asked:
    entrants, runs = mass(20)
    ahead = runs[str(99 + at_place)]
    assert ahead.finish is not None
    runs[str(100 + at_place)] = replace(runs[str(100 + at_place)], finish=ahead.finish + gap_us)
    return asked(entrants, runs, acts=acts, **more)  # type: ignore[arg-type]


def test_a_close_finish_for_a_prize_place_is_asked_about_both_ways() -> None:
    question = one_of(close(120 * MILLISECOND), Kind.CLOSE_FINISH)
    assert question.bibs == ("101", "102")
    assert question.evidence["gap_us"] == 120 * MILLISECOND
    assert question.evidence["places"] == {"prize-M": 2}
    first, second = Bib("101"), Bib("102")
    assert FinishOrder(order=((first,), (second,))) in question.proposals
    assert FinishOrder(order=((second,), (first,))) in question.proposals


def test_the_margin_is_the_race_files() -> None:
    assert not of_kind(close(500 * MILLISECOND), Kind.CLOSE_FINISH)
    plan = replace(prize_plan(), jury=JuryPlan(margin_us=SECOND))
    assert of_kind(close(500 * MILLISECOND, plan=plan), Kind.CLOSE_FINISH)


def test_the_last_prize_place_and_the_next_behind_it_can_be_close() -> None:
    assert one_of(close(100 * MILLISECOND, at_place=5), Kind.CLOSE_FINISH).bibs == ("104", "105")
    assert not of_kind(close(100 * MILLISECOND, at_place=6), Kind.CLOSE_FINISH)


def test_an_order_by_the_jury_that_names_both_answers_a_close_finish() -> None:
    first, second, third = Bib("101"), Bib("102"), Bib("103")
    assert not of_kind(close(0, FinishOrder(order=((second,), (third,), (first,)))), Kind.CLOSE_FINISH)
    assert of_kind(close(0, FinishOrder(order=((second,), (third,)))), Kind.CLOSE_FINISH)


def test_a_close_finish_of_two_guns_is_none() -> None:
    by_wave = prize_plan(lists=(replace(PRIZE, gun_origin=GunOrigin.WAVE),))
    entrants, runs = mass(20)
    entrants[1] = runner(101, wave="2")
    finish = runs["100"].finish
    assert finish is not None
    runs["101"] = Run(WAVE_GAP_US + SECOND, seconds(2300), finish + WAVE_GAP_US + 100 * MILLISECOND)
    assert not of_kind(asked(entrants, runs, plan=by_wave), Kind.CLOSE_FINISH)


# ---- sightings ----


def test_a_bib_seen_at_the_finish_that_no_mat_read_proposes_the_time_that_was_noted() -> None:
    entrants, runs = mass(20)
    runs["105"] = replace(runs["105"], finish=None)
    at_us = GUN_US + seconds(4202.0)
    question = one_of(asked(entrants, runs, sightings=(sighting(77, "FINISH", at_us, "105"),)), Kind.SEEN_NOT_READ)
    assert question.proposals[0] == SetTime(bib=Bib("105"), point="FINISH", instant_us=at_us)
    assert Withdraw(number=77) in question.proposals
    assert question.weight.stake is Stake.PODIUM, "he would be second"


def test_a_time_set_by_a_person_answers_a_sighting() -> None:
    entrants, runs = mass(20)
    runs["105"] = replace(runs["105"], finish=None)
    seen = (sighting(77, "FINISH", GUN_US + HOUR, "105"),)
    decided = SetTime(bib=Bib("105"), point="FINISH", instant_us=None)
    assert not of_kind(asked(entrants, runs, sightings=seen, acts=(decided,)), Kind.SEEN_NOT_READ)


def test_a_sighting_that_fits_the_crossing_is_no_question() -> None:
    entrants, runs = mass(20)
    assert (
        open_questions(asked(entrants, runs, sightings=(sighting(1, "FINISH", GUN_US + seconds(4209), "101"),))) == ()
    )


def test_a_sighting_far_from_the_crossing_is_asked_about() -> None:
    entrants, runs = mass(20)
    seen = sighting(1, "FINISH", GUN_US + seconds(4297), "101")
    question = one_of(asked(entrants, runs, sightings=(seen,)), Kind.SEEN_AT_OTHER_TIME)
    assert question.evidence["apart_us"] == seconds(90)


def test_one_bib_seen_twice_is_asked_about() -> None:
    entrants, runs = mass(20)
    seen = (sighting(1, "FINISH", GUN_US + seconds(4207), "101"), sighting(2, "FINISH", GUN_US + seconds(4500), "101"))
    question = one_of(asked(entrants, runs, sightings=seen), Kind.SEEN_TWICE)
    assert [each["number"] for each in question.evidence["seen"]] == [1, 2]


def test_people_without_a_bib_are_counted_beside_tags_of_nobody_and_runners_not_read() -> None:
    entrants, runs = mass(20)
    runs["105"] = replace(runs["105"], finish=None)
    seen = tuple(sighting(n, "FINISH", GUN_US + HOUR + n * SECOND) for n in (1, 2, 3))
    question = one_of(asked(entrants, runs, sightings=seen, unknown_tags={"FINISH": 2}), Kind.SEEN_WITHOUT_BIB)
    assert question.bibs == ()
    assert (question.evidence["seen"], question.evidence["unknown_tags"], question.evidence["not_read_there"]) == (
        3,
        2,
        1,
    )


def test_a_bib_nobody_has_is_asked_about_without_a_time() -> None:
    entrants, runs = mass(5)
    question = one_of(
        asked(entrants, runs, sightings=(sighting(9, "FINISH", GUN_US + HOUR, "9999"),)), Kind.SEEN_NOT_READ
    )
    assert question.evidence["unknown_bib"]
    assert not any(isinstance(act, SetTime) for act in question.proposals)


def test_differences_to_an_officials_list_are_one_question_for_each_runner() -> None:
    entrants, runs = mass(20)
    differences = (
        OfficialDifference(
            list_id="scratch",
            bib=Bib("101"),
            official_place=2,
            official_us=HOUR,
            computed_place=3,
            computed_us=HOUR + 1,
        ),
        OfficialDifference(
            list_id="sex-M", bib=Bib("101"), official_place=2, official_us=HOUR, computed_place=3, computed_us=HOUR + 1
        ),
        OfficialDifference(
            list_id="scratch", bib=Bib("110"), official_place=None, official_us=None, computed_place=9, computed_us=HOUR
        ),
    )
    found = of_kind(asked(entrants, runs, differences=differences), Kind.OFFICIAL_DIFFERENCE)
    assert [question.bibs for question in found] == [("101",), ("110",)]
    assert [each["list"] for each in found[0].evidence["lists"]] == ["scratch", "sex-M"]


# ---- all of them ----


def test_what_hangs_on_a_question_decides_which_comes_first() -> None:
    entrants, runs = mass(60)
    flags = dict.fromkeys(("159", "107", "104", "100", "9", "11"), Flag.OUT_OF_ORDER)
    entrants += [runner(9), runner(11)]
    runs |= {"9": run(10, 9000, 4000), "11": run(10, 9100, 4100)}
    found = of_kind(asked(entrants, runs, flags=flags), Kind.OUT_OF_ORDER)
    assert [question.bibs[0] for question in found] == ["100", "104", "107", "9", "11", "159"]
    assert [question.weight.stake for question in found[:3]] == [Stake.PODIUM, Stake.PRIZE, Stake.TOP]


@pytest.mark.parametrize(("finish", "stake"), [(4300.0, Stake.RECORD), (4300.2, Stake.TOP)])
def test_a_run_within_the_record_of_this_course_weighs_as_a_record(finish: float, stake: Stake) -> None:
    """Fourth of all, so that no podium outweighs it; no prize list; the record is 1:11:40, as printed."""
    winner = Winner(edition=1, year=2018, sex=Sex.M, athlete="A", club="", country="", time_raw="1h11'40", time_s=4300)
    versions = (CourseVersion(id="V2", first_year=2012, last_year=2016), CourseVersion(id="V3", first_year=2017))
    faster_elsewhere = replace(winner, year=2014, time_s=4000)
    plan = replace(prize_plan(lists=MAIN_LISTS), past_winners=(winner, faster_elsewhere), course_versions=versions)
    entrants = [runner(n) for n in (1, 2, 3, 4)]
    runs = {str(n): run(0.0, 4200.0 + n) for n in (1, 2, 3)} | {"4": run(0.0, finish)}
    given = asked(entrants, runs, plan=plan, flags={"4": Flag.PARKED})
    assert one_of(given, Kind.PARKED).weight.stake is stake


def test_questions_about_a_runner_are_those_that_name_them() -> None:
    found = open_questions(unseen_at_the_col(range(50, 90)))
    assert [question.kind for question in questions_about(found, Bib("160"))] == [Kind.MAT_MISSED_MANY]
    assert questions_about(found, Bib("101")) == ()


@pytest.mark.slow
def test_the_questions_of_20_000_are_found_while_nobody_waits() -> None:
    chance = np.random.default_rng(1)
    n = 20_000
    entrants = [runner(k + 1, "F" if k % 3 == 0 else "M", birth_year=1950 + k % 55) for k in range(n)]
    starts, paces = chance.uniform(5, 1700, n), chance.normal(7100, 1300, n).clip(3600)
    runs = {}
    for k in range(n):
        start, net = float(starts[k]), float(paces[k])
        split = start + net * float(chance.normal(0.54, 0.012)) if chance.random() > 0.01 else None
        runs[str(k + 1)] = run(start, start + net, split)
    given = asked(entrants, runs)
    spent = []
    for _ in range(5):
        fresh = replace(given)
        began = time.perf_counter()
        found = open_questions(fresh)
        spent.append(time.perf_counter() - began)
    assert found
    assert min(spent) < 0.1, f"{min(spent) * 1000:.0f} ms; 10 ms alone on the machine"
