"""Why a time is what it is: every read has a reason, every choice its rule, every sum its terms."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import calanque
from small_race import at
from told_race import PLAN, ToldRace, runner, small_field

from calanque.errors import FrontDoorError
from calanque.exit_codes import OK, REFUSED
from calanque.posting_desk import posting
from config.plan import RacePlan
from results.printing import Language
from results.why import Choice, Why, why_values
from results.why_reads import Reason
from results.why_words import why_sentences
from timing.entries import ClosingBody, GunBody
from timing.instants import HOUR, MINUTE, SECOND
from timing.race import Mat, MatRole, PointKind
from timing.reads import ClockKind, SourceId, Tag
from timing.roster import Bib
from timing.ruling_entries import PostingBody
from timing.rulings import (
    AssignTag,
    Clear,
    CorrectClock,
    Declare,
    Disqualify,
    MoveToWave,
    OutOfUse,
    Question,
    ReadSelector,
    Role,
    SetAside,
    SetGun,
    SetTime,
    Span,
    SwapTags,
    Withdraw,
)

LANGUAGES = (Language.FR, Language.EN)


def told(found: Why, language: Language = Language.EN) -> str:
    return "\n".join(
        sentence for section in why_sentences(found, PLAN, language) for sentence in (section.title, *section.sentences)
    )


def one() -> ToldRace:
    return ToldRace(runner(7)).run(7, "9:00:05", "9:35:00", "10:10:00")


def reasons(race: ToldRace, point: str, bib: int = 7) -> dict[Reason, int]:
    found: dict[Reason, int] = {}
    for group in race.point(bib, point).groups:
        found[group.reason] = found.get(group.reason, 0) + group.reads
    return found


# ---- reads ----


def test_every_read_of_a_runner_is_told_of_once() -> None:
    race = one().read("FINISH-MAIN", "T7", "10:10:00.5", "10:10:01", "10:40:00", "10:40:01")
    race.read("FINISH-BACKUP", "T7", "10:10:02").read("START-MAIN", "T7", "8:50:00", "9:00:01")
    race.read("GINESTE-MAIN", "T7", "9:10:00")
    found = race.why(7)
    told_of = sum(group.reads for point in found.points for group in point.groups)
    used = sum(point.used is not None for point in found.points)
    assert told_of + used + sum(group.reads for group in found.elsewhere) == 3 + 8


def test_reads_of_the_passing_and_of_the_other_mat_are_told_apart() -> None:
    race = one().read("FINISH-MAIN", "T7", "10:10:00.5", "10:10:01").read("FINISH-BACKUP", "T7", "10:10:02")
    assert reasons(race, "FINISH") == {Reason.SAME_PASSING: 2, Reason.OTHER_MAT: 1}
    point = race.point(7, "FINISH")
    assert (point.passing_reads, point.passing_from_us, point.passing_until_us) == (3, at("10:10:00"), at("10:10:01"))
    assert point.choices == (Choice.MOMENT, Choice.MAIN_FIRST)


def test_a_read_before_the_gun_and_an_earlier_crossing_of_the_start_have_their_reasons() -> None:
    race = one().read("START-MAIN", "T7", "8:50:00").read("START-MAIN", "T7", "9:02:00")
    assert reasons(race, "START") == {Reason.BEFORE_GUN: 1, Reason.EARLIER_START: 1}
    assert race.point(7, "START").crossing_us == at("9:02:00")
    assert Choice.LAST_AT_START in race.point(7, "START").choices


def test_who_waits_on_the_start_mat_leaves_with_the_last_read() -> None:
    race = ToldRace(runner(7)).read("START-MAIN", "T7", "8:59:58", "9:00:01", "9:00:04")
    point = race.point(7, "START")
    assert point.crossing_us == at("9:00:04")
    assert point.choices == (Choice.WAITED,)
    assert "who waits on the mat leaves with the last read" in told(race.why(7))


def test_a_warm_up_long_before_the_gun_is_no_waiting() -> None:
    race = ToldRace(runner(7)).read("START-MAIN", "T7", "8:40:00", "9:00:04", "9:00:04.5")
    assert race.point(7, "START").choices == (Choice.MOMENT,)


def test_a_read_sooner_than_the_fastest_can_be_there_names_the_minimum_time() -> None:
    race = one().read("GINESTE-MAIN", "T7", "9:10:00")
    assert reasons(race, "GINESTE") == {Reason.BEFORE_MINIMUM: 1}
    bounds = race.point(7, "GINESTE").bounds
    assert bounds is not None
    assert bounds.minimum_us == at("9:00:05") + 28 * MINUTE
    assert "A crossing counts here from 09:28:05.000 on" in told(race.why(7))


def test_a_read_too_soon_after_the_split_names_the_leg() -> None:
    least = PLAN.race.course.points[2].min_leg_us
    assert least > 0, "the race file has a least time from the col"
    race = ToldRace(runner(7)).run(7, "9:00:05", "9:50:00", "10:40:00").read("FINISH-MAIN", "T7", "10:00:00")
    assert reasons(race, "FINISH") == {Reason.BEFORE_LEG: 1}
    bounds = race.point(7, "FINISH").bounds
    assert bounds is not None
    assert (bounds.leg_from, bounds.leg_us) == ("GINESTE", at("9:50:00") + least)


def test_walking_back_over_the_finish_counts_for_nothing_and_says_so() -> None:
    race = one().read("FINISH-MAIN", "T7", "10:40:00")
    assert reasons(race, "FINISH") == {Reason.LATER_CROSSING: 1}
    assert "the first crossing counts" in told(race.why(7))


def test_a_start_after_the_closing_says_so() -> None:
    race = one().close().read("START-MAIN", "T7", "9:55:00")
    assert reasons(race, "START") == {Reason.START_CLOSED: 1}


def test_a_backup_mat_that_gives_the_time_says_so_and_by_how_much_it_was_moved() -> None:
    race = ToldRace(runner(7)).run(7, "9:00:00", "9:35:00", None).read("FINISH-BACKUP", "T7", "10:10:01")
    point = race.point(7, "FINISH")
    assert point.origin == "backup"
    assert point.choices == (Choice.MOMENT, Choice.TO_LINE, Choice.BACKUP)
    assert point.at_mat_us == at("10:10:01")
    assert point.crossing_us is not None
    assert point.at_mat_us - point.crossing_us == 3000 * (at("10:10:01") - at("9:00:00")) // 20_000_000


def test_a_point_that_was_missed_says_that_it_proves_nothing() -> None:
    race = ToldRace(runner(7)).run(7, "9:00:05", None, "10:10:00")
    assert race.point(7, "GINESTE").missed
    assert "A crossing that was not read proves nothing." in told(race.why(7))


def test_two_tags_of_one_runner_are_told_apart() -> None:
    race = ToldRace(runner(7, "A", "B")).read("FINISH-MAIN", "A", "10:10:00").read("FINISH-MAIN", "B", "10:10:00.3")
    assert reasons(race, "FINISH") == {Reason.OTHER_TAG: 1}
    assert Choice.TWO_TAGS in race.point(7, "FINISH").choices


def lap_plan() -> RacePlan:
    """Three laps of 3 km over one line; nobody needs less than 8 minutes for one."""
    ids = ("START", "LAP1", "LAP2", "FINISH")
    mat = Mat(id="LINE", point="START", role=MatRole.MAIN, source=SourceId("start-main"), also=ids[1:])
    kinds = (PointKind.START, PointKind.SPLIT, PointKind.SPLIT, PointKind.FINISH)
    points = tuple(
        replace(
            PLAN.race.course.start, id=name, name=name, kind=kind, distance_m=n * 3000, min_time_us=n * 8 * MINUTE,
            mats=(mat,), min_leg_us=6 * MINUTE if n > 1 else 0,
        )
        for n, (name, kind) in enumerate(zip(ids, kinds, strict=True))
    )  # fmt: skip
    course = replace(PLAN.race.course, points=points, profile=())
    return replace(PLAN, race=replace(PLAN.race, course=course))


def test_on_a_lap_course_every_read_of_the_one_line_is_told_of_at_its_lap() -> None:
    race = ToldRace(runner(7), plan=lap_plan())
    race.read("LINE", "T7", "9:00:05", "9:01:00", "9:10:00", "9:10:01", "9:20:00", "9:30:00", "9:45:00")
    found = race.why(7)
    crossings = [point.crossing_us for point in found.points]
    assert crossings == [at("9:01:00"), at("9:10:00"), at("9:20:00"), at("9:30:00")]
    assert all(point.used is not None for point in found.points)
    by_point = {point.point: {group.reason for group in point.groups} for point in found.points}
    assert by_point == {
        "START": {Reason.EARLIER_START},
        "LAP1": {Reason.SAME_PASSING},
        "LAP2": set(),
        "FINISH": {Reason.LATER_CROSSING},
    }


def test_on_a_lap_course_a_read_after_the_closing_that_is_too_early_for_a_lap_is_after_the_closing() -> None:
    race = ToldRace(runner(7), plan=lap_plan()).close()
    race.read("LINE", "T7", "9:39:00", "9:41:00", "9:49:00", "9:58:00", "10:08:00")
    groups = [group for point in race.why(7).points for group in point.groups]
    assert [(group.reason, group.first_us) for group in groups] == [(Reason.START_CLOSED, at("9:41:00"))]


# ---- clocks ----


def test_a_stamp_is_shown_as_it_was_sent() -> None:
    race = ToldRace(runner(7)).read("FINISH-MAIN", "T7", "10:10:00")
    used = race.point(7, "FINISH").used
    assert used is not None
    assert (used.stamp.stamp_us, used.stamp.clock, used.stamp.offset_us) == (at("10:10:00"), "utc", 0)
    assert "Clock finish-main said 09:10:00.000 UTC, taken as it is." in told(race.why(7))


def test_a_corrected_clock_shows_stamp_correction_and_who_made_it() -> None:
    race = one()
    correction = CorrectClock(source=SourceId("finish-main"), anchors=((at("10:00:00"), -30 * SECOND),))
    number = race.rule(correction, author="Marc")
    point = race.point(7, "FINISH")
    assert point.used is not None
    stamp = point.used.stamp
    assert point.crossing_us == at("10:09:30")
    assert (stamp.stamp_us, stamp.instant_us, stamp.offset_us) == (at("10:10:00"), at("10:09:30"), -30 * SECOND)
    assert (stamp.ruling, stamp.author) == (number, "Marc")
    assert f"corrected by -30.000\u00a0s (ruling no. {number} of Marc)" in told(race.why(7))


def test_held_reads_say_why_they_are_held() -> None:
    race = ToldRace(runner(7)).read("FINISH-MAIN", "T7", "10:10:00", clock=ClockKind.ELAPSED)
    (group,) = race.point(7, "FINISH").groups
    assert (group.reason, group.held) == (Reason.HELD, "no_zero")


# ---- rulings ----


def test_a_time_set_by_hand_names_the_ruling_and_the_reads_it_replaced() -> None:
    race = one()
    number = race.rule(SetTime(bib=Bib("7"), point="FINISH", instant_us=at("10:09:58.5")))
    point = race.point(7, "FINISH")
    assert (point.crossing_us, point.origin, point.ruling) == (at("10:09:58.5"), "manual", number)
    assert point.choices == (Choice.BY_HAND,)
    (group,) = point.groups
    assert (group.reason, group.rulings) == (Reason.SET_ASIDE, (number,))
    assert f"set by hand by ruling no. {number}" in told(race.why(7))


def test_a_crossing_taken_away_says_by_which_ruling() -> None:
    race = one()
    number = race.rule(SetTime(bib=Bib("7"), point="FINISH", instant_us=None))
    assert race.point(7, "FINISH").choices == (Choice.TAKEN_AWAY,)
    assert f"Crossing taken away by ruling no. {number}." in told(race.why(7))


@pytest.mark.parametrize(
    "act",
    [
        SetAside(reads=ReadSelector(bibs=(Bib("7"),), mat="FINISH-MAIN")),
        SetAside(reads=ReadSelector(tags=(Tag("T7"),), span=Span(begin_us=at("10:00:00")))),
        OutOfUse(mat="FINISH-MAIN", span=Span(begin_us=at("10:00:00"), end_us=at("10:30:00"))),
        Declare(bibs=(Bib("7"),), status="DNF", at_us=at("10:05:00")),
    ],
)
def test_reads_that_a_ruling_sets_aside_name_it(act: SetAside | OutOfUse | Declare) -> None:
    race = one()
    number = race.rule(act)
    (group,) = race.point(7, "FINISH").groups
    assert (group.kind, group.reason, group.rulings) == ("set_aside", Reason.SET_ASIDE, (number,))
    assert [ruling.number for ruling in race.why(7).rulings] == [number]


def test_a_withdrawn_ruling_is_shown_as_such_with_what_took_it_back() -> None:
    race = one()
    first = race.rule(SetTime(bib=Bib("7"), point="FINISH", instant_us=at("10:09:00")))
    second = race.rule(Withdraw(number=first))
    assert [(ruling.number, ruling.withdrawn) for ruling in race.why(7).rulings] == [(first, True), (second, False)]
    assert race.point(7, "FINISH").ruling is None


def test_rulings_about_others_are_not_shown() -> None:
    race = ToldRace(runner(7), runner(8)).run(7, "9:00:05", "9:35:00", "10:10:00")
    race.rule(MoveToWave(bibs=(Bib("8"),), wave="2"))
    race.rule(SetGun(wave="2", instant_us=at("9:04:01")))
    assert race.why(7).rulings == ()


def test_reads_that_somebody_else_wore_are_not_this_runners() -> None:
    race = ToldRace(runner(7), runner(8)).run(7, "9:00:05", "9:35:00", "10:10:00")
    race.rule(AssignTag(tag=Tag("T7"), bib=Bib("8"), span=Span(begin_us=at("10:00:00"))))
    found = race.why(7)
    assert found.points[2].crossing_us is None
    (group,) = found.points[2].groups
    assert group.reason is Reason.WORN_BY_ANOTHER
    assert race.point(8, "FINISH").used is not None


def test_after_a_swap_each_explains_the_others_tag() -> None:
    race = ToldRace(runner(7), runner(8)).run(7, "9:00:05", "9:35:00", "10:10:00").run(8, "9:00:06", "9:36:00", None)
    number = race.rule(SwapTags(bibs=(Bib("7"), Bib("8"))))
    used = race.point(8, "FINISH").used
    assert used is not None
    assert used.tag == "T7"
    assert [ruling.number for ruling in race.why(8).rulings] == [number]


def test_a_disqualified_runner_keeps_times_and_is_told_the_rule() -> None:
    race = one()
    race.rule(Disqualify(bibs=(Bib("7"),), rule="5.2"), role=Role.JURY)
    found = race.why(7)
    assert (found.status, found.disqualified_by_rule) == ("DSQ", "5.2")
    assert found.gun_time is not None
    assert found.places == ()


# ---- guns, sums, places ----


def test_gun_time_and_net_time_are_sums_that_add_up() -> None:
    found = ToldRace(runner(7)).run(7, "9:00:05.25", "9:35:00", "10:10:00.31").why(7)
    assert found.gun_time is not None
    assert found.net_time is not None
    for sum_of, begin in ((found.gun_time, at("9:00:00")), (found.net_time, at("9:00:05.25"))):
        assert (sum_of.from_us, sum_of.finish_us) == (begin, at("10:10:00.31"))
        assert sum_of.finish_us - sum_of.from_us == sum_of.exact_us
        assert sum_of.printed_s == -(-sum_of.exact_us // SECOND)
    assert "Gun time: 10:10:00.310 − 09:00:00.000 = 1:10:00.310, printed 1:10:01." in told(found)


def test_without_a_start_read_there_is_no_net_time_and_a_word_about_it() -> None:
    found = ToldRace(runner(7)).read("GINESTE-MAIN", "T7", "9:35:00").read("FINISH-MAIN", "T7", "10:10:00").why(7)
    assert found.net_time is None
    assert "No net time: the start was not read." in told(found)


@pytest.mark.parametrize(
    ("told_by", "origin"),
    [
        (GunBody(wave="1", instant_us=at("9:00:01"), origin="hand", author="Eva"), "hand"),
        (GunBody(wave="1", instant_us=at("9:00:01"), origin="file"), "file"),
    ],
)
def test_a_gun_names_the_entry_it_comes_from(told_by: GunBody, origin: str) -> None:
    race = one()
    number = race.take(told_by)
    gun = race.why(7).gun
    assert gun is not None
    assert (gun.instant_us, gun.origin, gun.number, gun.author) == (at("9:00:01"), origin, number, told_by.author)


def test_a_gun_by_ruling_names_it_and_its_author() -> None:
    race = one()
    number = race.rule(SetGun(wave="1", instant_us=at("8:59:58.63")), author="L. Roux")
    found = race.why(7)
    assert found.gun is not None
    assert (found.gun.origin, found.gun.number, found.gun.author) == ("ruling", number, "L. Roux")
    assert [ruling.number for ruling in found.rulings] == [number]


def test_a_gun_that_is_only_planned_says_so() -> None:
    race = ToldRace(runner(2600)).run(2600, "9:05:00", "9:45:00", "10:20:00")
    gun = race.why(2600).gun
    assert gun is not None
    assert (gun.wave, gun.origin) == ("2", "plan")
    assert "as planned, no signal is known" in told(race.why(2600))


def test_an_early_starter_is_told_which_prize_lists_wait_for_a_ruling() -> None:
    race = ToldRace(runner(7), runner(2600)).run(7, "9:00:05", "9:35:00", "10:10:00")
    race.run(2600, "9:00:30", "9:35:10", "10:09:00")
    early = race.why(2600)
    assert "before_own_gun" in early.flags
    assert [question.kind.value for question in early.questions] == ["before_own_gun"]
    race.rule(MoveToWave(bibs=(Bib("2600"),), wave="1"))
    moved = race.why(2600)
    assert moved.kept_out == ()
    assert any(place.prize for place in moved.places)


def test_places_say_of_how_many_and_what_the_list_is() -> None:
    place = next(each for each in small_field().why(2).places if each.list_id == "sex-F")
    assert (place.ranked, place.state, place.shared) == (7, "provisional", False)


def test_open_questions_stand_in_the_explanation_until_they_are_cleared() -> None:
    race = ToldRace(runner(7)).run(7, "9:00:05", None, "10:10:00")
    assert Question.MISSED_SPLIT.value in [question.kind.value for question in race.why(7).questions]
    race.rule(Clear(bibs=(Bib("7"),), question=Question.MISSED_SPLIT))
    assert Question.MISSED_SPLIT.value not in [question.kind.value for question in race.why(7).questions]


# ---- said and written ----


def everything() -> ToldRace:
    race = small_field().close()
    race.read("START-MAIN", "T1", "8:50:00", "9:00:00.2").read("FINISH-BACKUP", "T1", "10:10:32")
    race.read("FINISH-MAIN", "T1", "10:50:00").read("GINESTE-MAIN", "T1", "9:05:00").read("START-MAIN", "T1", "9:59:00")
    race.rule(CorrectClock(source=SourceId("gineste"), anchors=((at("9:00:00"), SECOND),)))
    race.rule(SetTime(bib=Bib("1"), point="GINESTE", instant_us=at("9:34:31")), reason="vidéo du col")
    race.rule(Disqualify(bibs=(Bib("1"),), rule="5.2"), role=Role.JURY)
    return race


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("bib", [1, 2, 2600])
def test_sentences_are_whole_and_have_no_words_of_ours(bib: int, language: Language) -> None:
    for section in why_sentences(everything().why(bib), PLAN, language):
        assert section.title
        assert section.sentences
        for sentence in section.sentences:
            assert sentence.endswith("."), sentence
            assert not any(word in sentence for word in ("None", "{", "_us", "before_own_gun", "SAME_PASSING")), (
                sentence
            )


def test_the_explanation_is_json() -> None:
    found = everything().why(1)
    again = json.loads(json.dumps(why_values(found)))
    assert again["bib"] == "1"
    assert again["points"][0]["groups"][0]["reason"] in set(Reason)
    assert [ruling["act"]["act"] for ruling in again["rulings"]] == ["correct_clock", "set_time", "disqualify"]


def test_nobodys_bib_is_refused_with_those_that_are_like_it() -> None:
    with pytest.raises(FrontDoorError, match="no bib '00007' in the roster; did you mean 7"):
        one().why("00007")  # type: ignore[arg-type]


def test_the_command_explains_a_recorded_race(tmp_path: Path) -> None:
    folder = everything().folder(tmp_path)
    done = calanque("why", folder.path, "2", "--language", "en")
    assert done.returncode == OK, done.stderr
    assert "Gun time: 10:11:00.000 − 09:00:00.000 = 1:11:00.000, printed 1:11:00." in done.stdout
    french = calanque("why", folder.path, "2")
    assert "Temps officiel" in french.stdout
    as_json = calanque("why", folder.path, "2", "--json")
    assert json.loads(as_json.stdout)["gun_time"]["exact_us"] == HOUR + 11 * MINUTE


def test_the_command_refuses_a_bib_and_a_language_nobody_has(tmp_path: Path) -> None:
    folder = one().folder(tmp_path)
    assert calanque("why", folder.path, "99").returncode == REFUSED
    refused = calanque("why", folder.path, "7", "--language", "de")
    assert refused.returncode == REFUSED
    assert "give fr or en" in refused.stderr


def test_the_command_shows_what_is_to_be_decided(tmp_path: Path) -> None:
    race = small_field()
    race.saw("6", "10:20:00")
    folder = race.folder(tmp_path)
    done = calanque("questions", folder.path, "--language", "en")
    assert done.returncode == OK, done.stderr
    assert done.stdout.startswith("1. Start before the gun of the own wave")
    assert "→ Move bib 2600 to wave 1." in done.stdout
    few = calanque("questions", folder.path, "--language", "en", "--most", "1").stdout
    assert "… and 1 more" in few
    listed = json.loads(calanque("questions", folder.path, "--json").stdout)
    assert [question["kind"] for question in listed] == ["before_own_gun", "seen_at_other_time"]
    assert listed[0]["proposals"][0] == {"act": "move_to_wave", "bibs": ["2600"], "wave": "1"}


def test_people_seen_without_a_bib_are_counted_beside_the_unknown_chips_of_that_point() -> None:
    race = ToldRace(runner(7), runner(8)).run(7, "9:00:05", "9:35:00", "10:10:00").run(8, "9:00:05", "9:36:00", None)
    race.saw(None, "10:11:00")
    withdrawn = race.saw(None, "10:12:00")
    race.read("FINISH-MAIN", "X1", "10:11:00", "10:11:01").read("FINISH-BACKUP", "X1", "10:11:02")
    race.read("FINISH-MAIN", "X2", "10:15:00").read("GINESTE-MAIN", "X3", "9:50:00")
    race.rule(Withdraw(number=withdrawn))
    (question,) = [each for each in race.questions() if each.kind.value == "seen_without_bib"]
    assert (question.evidence["seen"], question.evidence["unknown_tags"], question.evidence["not_read_there"]) == (
        1,
        2,
        1,
    )


def test_two_tags_seen_apart_show_where_each_was() -> None:
    race = ToldRace(runner(7, "A", "B"))
    race.run(7, "9:00:05", "9:35:00", "10:10:00", tag="A").run(7, "9:03:05", "9:45:00", "10:25:00", tag="B")
    (question,) = [each for each in race.questions() if each.kind.value == "two_tags_apart"]
    seen = {(each["tag"], each["point"]): each["first_us"] for each in question.evidence["seen"]}
    assert seen["A", "GINESTE"] == at("9:35:00")
    assert seen["B", "GINESTE"] == at("9:45:00")


def test_an_official_place_that_is_computed_otherwise_now_is_a_question_and_stands() -> None:
    race = small_field()
    _, derived = race.derived()
    picture = derived.picture()
    given = {
        "list_id": "prize-scratch-F",
        "state": "posted",
        "depth": 3,
        "author": "Anne",
        "role": "crew",
        "reason": "",
    }
    posted = posting(PLAN, picture, given, at("11:00:00"))
    race.take(posted)
    race.take(replace(posted, state="official", role=Role.REFEREE, at_us=at("12:00:00")))
    race.rule(SetTime(bib=Bib("1"), point="FINISH", instant_us=at("10:13:00")))
    found = race.why(1)
    place = next(each for each in found.places if each.list_id == "prize-scratch-F")
    assert (place.place, place.state) == (1, "official")
    kinds = [question.kind.value for question in found.questions]
    assert "official_difference" in kinds
    assert "The official result stays as it is until the list is opened again." in told(found)


def test_a_finish_too_soon_after_the_col_stands_with_a_question_about_both() -> None:
    race = ToldRace(runner(7)).run(7, "9:00:05", "9:50:00", "10:00:00")
    found = race.why(7)
    assert found.points[2].crossing_us == at("10:00:00")
    assert "out_of_order" in [question.kind.value for question in found.questions]
    assert "at “Finish” sooner after the point before than anybody can be" in told(found)
    race.rule(SetTime(bib=Bib("7"), point="GINESTE", instant_us=None))
    assert "out_of_order" not in [question.kind.value for question in race.why(7).questions]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "fr",
            ("Arrivée close à 2024-10-28 00:00:00.", "sex-F: affichée, les 3 premiers", "Disqualifier le dossard"),
        ),
        ("en", ("Finish closed at 2024-10-28 00:00:00.", "sex-F: posted, the first 3", "Disqualify bib")),
    ],
)
def test_all_that_was_decided_is_told_in_one_language(tmp_path: Path, language: str, told: tuple[str, ...]) -> None:
    race = everything()
    race.take(ClosingBody(point="finish", at_us=PLAN.race.last_instant_us, author="Anne"))
    race.take(
        PostingBody(list_id="sex-F", state="posted", at_us=at("14:00:00"), author="Anne", role=Role.JURY, depth=3)
    )
    said = calanque("rulings", race.folder(tmp_path).path, "--language", language).stdout
    for words in told:
        assert words in said
