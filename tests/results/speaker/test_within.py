"""Races within the race are announced each on its own, with its own gun, leaders and phase."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from results_builder import MAIN_LISTS, rule, runner
from settled_race import Way, at, bounded_plan, seen_at

from config.plan import MainRank, Per, RacePlan
from results.speaker.within import RacePhase, RaceWithin, races_within, within_section
from timing.times import Closings

CHAIRS = rule("chairs", "Fauteuils hommes et femmes", "All wheelchairs", groups=frozenset({"chairs"}))


def plan_with_chairs(*lists: Any) -> RacePlan:
    """Wheelchairs leave ten minutes before everybody."""
    plan = bounded_plan(lists=(*MAIN_LISTS, *lists))
    first, second = plan.race.waves
    chairs = replace(first, id="c", name="Fauteuils", planned_gun_us=at(-10), group="chairs", speed_pct=200)
    return replace(plan, race=replace(plan.race, waves=(chairs, first, second)))


FIELD = [
    runner(1), runner(2), runner(3, "F"), runner(4, "F", wave="2"),
    runner(900, wave="c", role="wheelchair"), runner(901, "F", wave="c", role="wheelchair"), runner(80, role="pacer"),
]  # fmt: skip
WAYS = {
    "900": Way(-10, 6, 30), "901": Way(-10, 8, 35), "1": Way(0, 31, 62), "2": Way(0, 30, None), "3": Way(0, 36, None),
    "4": Way(4, 39, None), "80": Way(0, 29, 58),
}  # fmt: skip


def races(
    minutes: float, *, plan: RacePlan | None = None, ways: Mapping[str, Way] = WAYS, **more: Any
) -> dict[str, RaceWithin]:
    closings, fired = more.pop("closings", None), more.pop("fired", None)
    seen = seen_at(minutes, FIELD, ways, plan=plan or plan_with_chairs(CHAIRS), closings=closings, fired=fired)
    return {race.id: race for race in races_within(seen.rankings, seen.times, now_us=at(minutes), **more)}


def test_wheelchairs_women_and_men_are_three_races_with_their_own_guns() -> None:
    found = races(63)
    assert {race_id: (race.gun_us, race.list_id) for race_id, race in found.items()} == {
        "chairs": (at(-10), "chairs"), "main-F": (at(0), "sex-F"), "main-M": (at(0), "sex-M"),
    }  # fmt: skip
    assert next(iter(found)) == "chairs"  # whose gun was first
    assert [race.title["fr"] for race in found.values()] == ["Fauteuils hommes et femmes", "Femmes", "Hommes"]
    assert [race.entered for race in found.values()] == [2, 2, 2]  # the pacer holds no place


def test_each_has_its_own_leaders_by_its_own_clock() -> None:
    found = races(63)
    chair = found["chairs"].leaders
    assert [(leader.bib, leader.place, leader.time_s) for leader in chair] == [("900", 1, 2400), ("901", 2, 2700)]
    women = found["main-F"]
    assert (women.point, [(leader.bib, leader.place, leader.time_s) for leader in women.leaders]) == (
        "GINESTE", [("4", None, 2100), ("3", None, 2160)],
    )  # fmt: skip
    assert found["main-M"].leaders[0].bib == "1"


def test_a_race_goes_from_armed_to_running_to_finishing_to_over() -> None:
    assert races(-5)["main-M"].phase is RacePhase.ARMED
    assert races(-5)["chairs"].phase is RacePhase.RUNNING
    assert races(40)["main-F"].phase is RacePhase.RUNNING
    assert races(63)["main-M"].phase is RacePhase.FINISHING
    assert races(63)["chairs"].phase is RacePhase.OVER
    unfired = races(5, ways={}, fired=[False, False, False])
    assert {race.phase for race in unfired.values()} == {RacePhase.ARMED}
    assert all(race.gun_planned for race in unfired.values())


def test_with_the_finish_closed_whoever_is_missing_keeps_no_race_open() -> None:
    found = races(300, closings=Closings(start_us=at(40), finish_us=at(290)))
    assert {race.phase for race in found.values()} == {RacePhase.OVER}


def test_a_group_without_a_list_is_led_by_whoever_is_first_and_named_by_its_role() -> None:
    found = races(63, plan=plan_with_chairs())
    chairs = found["chairs"]
    assert (chairs.list_id, chairs.title) == (None, {"fr": "Fauteuils", "en": "Wheelchairs"})
    assert [(leader.bib, leader.place) for leader in chairs.leaders] == [("900", None), ("901", None)]


def test_a_group_with_a_list_by_sex_is_two_races() -> None:
    by_sex = replace(CHAIRS, per=Per.SEX)
    found = races(63, plan=plan_with_chairs(by_sex))
    assert {"chairs-F", "chairs-M"} <= set(found)
    assert found["chairs-F"].leaders[0].bib == "901"
    assert found["chairs-F"].title["fr"].endswith(", femmes")


def test_a_race_without_lists_by_sex_is_one() -> None:
    plan = bounded_plan(lists=(rule("all", "Scratch", "Overall", main=MainRank.OVERALL),))
    seen = seen_at(63, FIELD[:4], WAYS, plan=plan)
    (race,) = races_within(seen.rankings, seen.times, now_us=at(63))
    assert (race.id, race.sex, race.leaders[0].bib) == ("main", "", "1")


def test_women_who_leave_with_a_wave_of_their_own_have_its_gun() -> None:
    apart = [entrant._replace(wave="2") if entrant.sex == "F" else entrant for entrant in FIELD[:4]]
    seen = seen_at(40, apart, WAYS)
    guns = {race.id: race.gun_us for race in races_within(seen.rankings, seen.times, now_us=at(40))}
    assert guns == {"main-M": at(0), "main-F": at(4)}


def test_whoever_is_to_be_checked_by_eye_keeps_the_row_and_nobody_moves_up() -> None:
    women = races(63, unchecked=frozenset({3}))["main-F"]
    assert [(leader.bib, leader.to_check) for leader in women.leaders] == [("4", True), ("3", False)]


def test_the_section_is_json_ready_and_holds_no_index() -> None:
    section = json.loads(json.dumps(within_section(tuple(races(63).values()))))
    assert set(section[0]["leaders"][0]) == {"bib", "place", "at_us", "time_s", "to_check"}
