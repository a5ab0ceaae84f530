"""The clock runs against the record of the present course, and a new one is to be confirmed until it is official."""

import json
from dataclasses import replace

import pytest
from results_builder import rule, runner, small_plan
from settled_race import Way, at, times_at

from config.loader import load_race
from config.palmares import CourseVersion, RecordSplit, Winner
from config.plan import Clock, MainRank, Per, RacePlan
from results.list_states import ListState, ListStates, StateOfList
from results.rankings import rank
from results.records import RecordChase, RecordState, record_chases, record_section, records_of
from timing.instants import SECOND
from timing.roster import Bib, Entrant, Roster, Sex
from timing.ruling_entries import PostedPlace

MARSEILLE = load_race("marseille_cassis_2024")
FIELD = [runner(1), runner(2), runner(3, "F"), runner(4, "F", wave="2")]


def plan_with_records(**changes: object) -> RacePlan:
    return replace(
        small_plan(**changes),  # type: ignore[arg-type]
        past_winners=MARSEILLE.past_winners,
        course_versions=MARSEILLE.course_versions,
        record_splits=MARSEILLE.record_splits,
    )


def chases(
    minutes: float,
    ways: dict[str, Way],
    *,
    plan: RacePlan | None = None,
    states: ListStates | None = None,
    unchecked: tuple[int, ...] = (),
    entrants: list[Entrant] = FIELD,
) -> dict[Sex, RecordChase]:
    plan, roster = plan or plan_with_records(), Roster(entrants=tuple(entrants))
    times = times_at(plan, roster, ways, at(minutes))
    found = record_chases(
        rank(plan, roster, times), times, states=states or ListStates(), unchecked=unchecked
    )  # fmt: skip
    return {chase.sex: chase for chase in found}


def test_the_record_of_the_present_course_comes_first_and_the_fastest_ever_names_its_old_course() -> None:
    women, men = records_of(MARSEILLE)
    assert men.present is not None
    assert men.all_time is not None
    assert (men.present.time_s, men.present.year, men.present.course) == (3556, 2017, "V3")
    assert (men.all_time.time_s, men.all_time.year, men.all_time.athlete) == (3438, 2015, "Edwin KIPYEGO")
    assert (men.all_time.course, men.all_time.course_text) == ("V2", "20 km, finish in the harbour")
    assert (men.present.present_course, men.all_time.present_course) == (True, False)
    assert women.present is not None
    assert (women.present.time_s, women.present.year, women.all_time) == (3958, 2017, None)


def test_a_published_split_is_used_and_an_estimated_one_says_so() -> None:
    women, men = records_of(MARSEILLE)
    assert men.present is not None
    assert women.present is not None
    assert [(s.point, s.time_s, s.estimated) for s in men.present.splits] == [
        ("GINESTE", 1899, False), ("FINISH", 3556, False)
    ]  # fmt: skip
    split, finish = women.present.splits
    assert (split.estimated, finish.estimated) == (True, False)
    assert 3958 // 2 < split.time_s < 3958 * 0.6  # the climb costs more than the descent


def test_a_course_without_heights_is_parted_by_its_metres() -> None:
    plan = replace(plan_with_records(), record_splits=())
    assert [r.present.splits[0].time_s for r in records_of(plan) if r.present] == [3958 // 2, 3556 // 2]


def test_the_leader_is_told_ahead_or_behind_at_each_point_passed() -> None:
    chase = chases(50, {"1": Way(0, 32, None), "2": Way(0, 31.5, None)})[Sex.M]
    assert (chase.bib, chase.state) == ("2", RecordState.RUNNING)
    (point,) = chase.points
    assert (point.point, point.time_s, point.record_s, point.ahead_s) == ("GINESTE", 1890, 1899, 9)
    assert (chase.next_point, chase.next_us) == ("FINISH", at(0) + 3556 * SECOND)
    behind = chases(50, {"1": Way(0, 32, None)})[Sex.M]
    assert behind.points[0].ahead_s == -21


def test_before_the_first_split_nobody_leads() -> None:
    chase = chases(20, {"1": Way(0, 32, None)})[Sex.M]
    assert (chase.bib, chase.state, chase.points, chase.record_us) == (None, RecordState.NOBODY, (), None)


@pytest.mark.parametrize(
    ("finish", "state", "ever"),
    [
        (60.0, RecordState.MISSED, False),
        (3556 / 60, RecordState.EQUALLED, False),
        (3555.2 / 60, RecordState.EQUALLED, False),
        (3555 / 60, RecordState.TO_BE_CONFIRMED, False),
        (3437 / 60, RecordState.TO_BE_CONFIRMED, True),
    ],
)
def test_times_are_compared_as_printed_and_a_new_record_is_to_be_confirmed(
    finish: float, state: RecordState, ever: bool
) -> None:
    chase = chases(70, {"1": Way(0, 31, finish), "2": Way(0, 31.5, 62)})[Sex.M]
    assert (chase.bib, chase.state, chase.all_time_beaten) == ("1", state, ever)
    assert chase.next_point is None


def test_a_record_is_confirmed_by_an_official_list_that_holds_it() -> None:
    ways = {"1": Way(0, 31, 59)}
    row = PostedPlace(bib=Bib("1"), place=1, value_us=59 * 60 * SECOND, shared=False)

    def official(list_id: str, bib: str) -> ListStates:
        rows = (replace(row, bib=Bib(bib)),)
        state = StateOfList(list_id=list_id, state=ListState.OFFICIAL, is_official=True, official=rows)
        return ListStates(by_id={list_id: state})

    assert chases(70, ways, states=official("sex-M", "1"))[Sex.M].state is RecordState.CONFIRMED
    assert chases(70, ways, states=official("sex-M", "2"))[Sex.M].state is RecordState.TO_BE_CONFIRMED
    assert chases(70, ways, states=official("scratch", "1"))[Sex.M].state is RecordState.TO_BE_CONFIRMED


def test_the_clock_is_that_of_the_main_list_by_sex() -> None:
    ways = {"1": Way(0.5, 31.5, 59.4)}
    assert chases(70, ways)[Sex.M].points[-1].time_s == 59 * 60 + 24
    net = plan_with_records(lists=(rule("sex", "", "", per=Per.SEX, main=MainRank.SEX, clock=Clock.NET),))
    assert chases(70, ways, plan=net)[Sex.M].points[-1].time_s == 58 * 60 + 54


def test_a_later_wave_counts_from_its_own_gun() -> None:
    chase = chases(60, {"3": Way(0, 40, None), "4": Way(4, 42, None)})[Sex.F]
    assert (chase.bib, chase.gun_us) == ("4", at(4))


def test_whoever_is_not_to_be_announced_yet_leads_no_chase() -> None:
    ways = {"1": Way(0, 31, 58), "2": Way(0, 32, 62)}
    assert chases(70, ways, unchecked=(0,))[Sex.M].bib == "2"
    assert chases(50, ways, unchecked=(0,))[Sex.M].bib == "2"
    assert chases(50, ways, unchecked=(0, 1))[Sex.M].bib is None


def test_a_race_without_a_palmares_has_no_chase_and_one_without_versions_only_the_fastest_ever() -> None:
    assert chases(70, {"1": Way(0, 31, 58)}, plan=small_plan()) == {}
    winner = Winner(edition=1, year=2001, sex=Sex.M, athlete="A", club="", country="", time_raw="1h", time_s=3600)
    plan = replace(small_plan(), past_winners=(winner,))
    chase = chases(70, {"1": Way(0, 31, 58)}, plan=plan)[Sex.M]
    assert chase.present is None
    assert chase.all_time is not None
    assert (chase.all_time.course, chase.state, chase.all_time_beaten) == ("", RecordState.TO_BE_CONFIRMED, True)


def test_a_version_of_the_course_without_a_winner_has_only_the_old_record() -> None:
    versions = (CourseVersion(id="V3", first_year=2024), CourseVersion(id="old", first_year=1979, last_year=2023))
    plan = replace(plan_with_records(), course_versions=versions, record_splits=())
    _, men = records_of(plan)
    assert men.present is None
    assert men.all_time is not None
    assert men.all_time.course == "old"


def test_splits_belong_to_the_winner_of_their_year_and_sex() -> None:
    plan = replace(plan_with_records(), record_splits=(RecordSplit(year=2015, sex=Sex.M, point="GINESTE", time_s=1),))
    assert all(records.present is None or records.present.splits[0].estimated for records in records_of(plan))


def test_the_section_is_json_ready_and_holds_no_index() -> None:
    section = record_section(chases(70, {"1": Way(0, 31, 58)}).values())
    assert "index" not in json.loads(json.dumps(section))[0]
