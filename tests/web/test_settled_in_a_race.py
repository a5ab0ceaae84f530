"""A whole race that moves: what is said to be settled on the way is what the lists say at the end."""

import pytest
from moving_race import MovingRace, moving_race

from results.asked import Asked
from results.heard import Heard
from results.questions import open_questions
from results.settled import settled_places
from results.settled_place import NO_FINISHER, SettledPlace
from timing.instants import MINUTE


@pytest.fixture(scope="module")
def race() -> MovingRace:
    return moving_race(3_000, seed=11)


def places_at(race: MovingRace, minutes: float, *, closed: bool = False) -> dict[tuple[str, int], SettledPlace]:
    now_us = race.first_gun_us + round(minutes * MINUTE)
    times = race.times(now_us, closed=closed)
    rankings = race.rankings(times)
    questions = open_questions(Asked(plan=race.plan, roster=race.roster, times=times, rankings=rankings))
    found = settled_places(
        rankings, times, now_us=now_us, heard=Heard(start_us=now_us, finish_us=now_us), questions=questions
    )
    return {(place.list_id, place.place): place for place in found}


def test_what_is_settled_on_the_way_stands_at_the_end(race: MovingRace) -> None:
    end = places_at(race, 300, closed=True)
    settled: dict[tuple[str, int], SettledPlace] = {}
    for minutes in (58, 61, 62, 64, 67, 70, 75, 80, 88, 96, 110, 130, 160):
        for key, place in places_at(race, minutes).items():
            if place.settled_at_us is not None:
                assert settled.setdefault(key, place).settled_at_us == place.settled_at_us
    assert len(settled) > 40
    for key, place in settled.items():
        assert place.bibs == end[key].bibs
    by_the_first_gun = [place for (list_id, _), place in settled.items() if list_id.startswith("prize")]
    assert by_the_first_gun
    assert min(place.settled_at_us or 0 for place in settled.values()) < race.first_gun_us + 66 * MINUTE


def test_once_the_finish_is_closed_only_questions_and_empty_places_are_open(race: MovingRace) -> None:
    # The board closes both at the moment it is asked for: a passing later everything is over.
    now_us = race.first_gun_us + 300 * MINUTE
    times = race.times(now_us, closed=True)
    rankings = race.rankings(times)
    later_us = now_us + MINUTE
    places = settled_places(rankings, times, now_us=later_us, heard=Heard(start_us=later_us, finish_us=later_us))
    assert all(place.settled_at_us is not None or place.reasons == (NO_FINISHER,) for place in places)
