"""What a runner's page and a page of a list hold: facts of the race, and nothing of who is withheld."""

from collections.abc import Mapping

import numpy as np
from results_builder import GUN_US, Run, roster_of, run, runner, seconds, small_plan, small_times

from results.list_pages import club_counts, club_rows, clubs_of, list_head, list_rows, overall_list, public_lists
from results.list_states import list_states, posting_of
from results.list_versions import list_versions
from results.people import Audience
from results.rankings import rank
from results.runner_card import HeldPlace, Leg, RunnerCard, runner_card
from results.standing import Standing
from timing.instants import MINUTE
from timing.roster import Entrant
from timing.rulings import Role
from timing.times import Closings, Status

OPEN = Closings(start_us=None, finish_us=None)


def standing_of(runs: Mapping[str, Run], *entrants: Entrant, closings: Closings = OPEN) -> Standing:
    plan, roster = small_plan(), roster_of(*entrants)
    times = small_times(plan, roster, runs, closings=closings)
    return Standing(
        plan=plan, roster=roster, times=times, rankings=rank(plan, roster, times), number=0, at_us=GUN_US + 100 * MINUTE
    )  # fmt: skip


def card_of(standing: Standing, bib: str) -> RunnerCard:
    card = runner_card(standing, bib)
    assert card is not None
    return card


def places(card: RunnerCard) -> dict[str, HeldPlace]:
    return {place.list_id: place for place in card.places}


FIELD = (runner(1), runner(2), runner(3, sex="F"), runner(4))
RUNS = {
    "1": run(1, 4000, split=1900),
    "2": run(2, 4100, split=2100),
    "3": run(3, 3900, split=2200),
    "4": run(4, None, split=1800),
}


def test_times_and_splits_are_those_of_the_lists() -> None:
    card = card_of(standing_of(RUNS, *FIELD), "3")
    assert (card.official_s, card.net_s, card.start_read, card.status) == (3900, 3897, True, Status.FINISHED)
    assert [(p.gun_s, p.net_s, p.place) for p in card.points] == [(3, 0, None), (2200, 2197, 4), (3900, 3897, 1)]
    assert (places(card)["scratch"].place, places(card)["scratch"].of) == (1, 3)


def test_places_are_gained_only_over_those_who_have_finished_too() -> None:
    """Bib 3 was fourth at the col behind bib 4, who is still running and cannot be said to have been passed."""
    card = card_of(standing_of(RUNS, *FIELD), "3")
    assert (card.since, places(card)["scratch"].gained, card.points[2].gained) == ("GINESTE", 2, 2)
    assert places(card_of(standing_of(RUNS, *FIELD), "2"))["scratch"].gained == -1
    assert places(card)["sex-F"].gained == 0
    assert places(card)["net"].gained is None


def test_somebody_running_has_the_last_point_and_no_time() -> None:
    card = card_of(standing_of(RUNS, *FIELD), "4")
    assert card.is_running
    assert (card.last_point, card.last_us) == ("GINESTE", GUN_US + seconds(1800))
    assert (card.official_s, card.net_s, card.places) == (None, None, ())
    assert (card.points[1].place, card.points[2].at_us) == (1, None)
    closed = standing_of(RUNS, *FIELD, closings=Closings(start_us=GUN_US + MINUTE, finish_us=GUN_US + 300 * MINUTE))
    assert not card_of(closed, "4").is_running


def test_an_unread_start_leaves_the_first_step_and_the_net_time_out() -> None:
    field = [runner(n) for n in range(1, 20)]
    runs = {str(n): run(n, 4000 + n, split=2000) for n in range(1, 20)}
    runs["5"] = run(None, 4005, split=2000)
    card = card_of(standing_of(runs, *field), "5")
    assert (card.net_s, card.start_read, card.official_s) == (None, False, 4005)
    first, second = card.legs
    assert (first.s_per_km, first.from_m, first.to_m) == (None, 0, 10_000)
    assert first.like_s_per_km is not None
    assert second.s_per_km == 200.5
    assert [point.net_s for point in card.points] == [None, None, None]


def test_a_leg_runs_between_mats_that_read_the_runner_whatever_lies_between() -> None:
    card = card_of(standing_of({"1": run(0, 4000, split=None)}, runner(1)), "1")
    assert card.legs == (Leg(from_m=0, to_m=20_000, s_per_km=200.0, like_s_per_km=None),)
    assert card.points[1].at_us is None


def test_the_median_is_of_runners_of_the_same_time_and_never_of_a_few() -> None:
    near = {str(n): run(0, 4000 + n, split=2000 + 10 * n) for n in range(1, 12)}
    far = {str(n): run(0, 9000, split=1000) for n in range(20, 60)}
    field = [runner(bib) for bib in (*near, *far)]
    card = card_of(standing_of(near | far, *field), "6")
    assert card.like == 10
    assert card.legs[0].like_s_per_km == float(np.median([200 + n for n in range(1, 12) if n != 6]))
    few = card_of(standing_of(dict(list(near.items())[:5]), *field), "1")
    assert (few.like, few.legs[0].like_s_per_km) == (0, None)


def test_a_withheld_runner_has_a_card_that_says_so_and_nothing_else() -> None:
    many = [runner(100 + n) for n in range(30)]
    standing = standing_of({"1": run(1, 4000)}, runner(1, public=False, last_name="Cache", club="Club"), *many)
    card = card_of(standing, "1")
    assert card.withheld
    assert (card.official_s, card.points, card.places, card.legs, card.last_us) == (None, (), (), (), None)
    assert card.person.name() == ""


def test_who_would_be_known_by_the_bib_has_no_card_as_if_nobody_wore_it() -> None:
    standing = standing_of({"1": run(1, 4000)}, runner(1, public=False), *(runner(n) for n in range(2, 6)))
    assert runner_card(standing, "1") is None
    assert runner_card(standing, "77") is None


def test_a_page_of_a_list_has_the_rows_that_were_asked_for() -> None:
    field = [runner(n) for n in range(1, 131)]
    standing = standing_of({str(n): run(0, 4000 + n) for n in range(1, 131)}, *field)
    ranked = public_lists(standing)["scratch"]
    rows = list_rows(standing, ranked, 101, 50)
    assert [row.number for row in rows] == list(range(101, 131))
    assert [row.person.bib for row in rows[:2]] == ["101", "102"]
    assert list_rows(standing, ranked, 500, 50) == ()
    assert [row.number for row in list_rows(standing, ranked, 1, 3)] == [1, 2, 3]


def test_the_head_of_a_list_counts_who_may_still_come_into_it() -> None:
    standing = standing_of(RUNS, *FIELD, runner(5, sex="F"))
    lists = public_lists(standing)
    assert [(h.ranked, h.running) for h in (list_head(standing, lists[i]) for i in ("scratch", "sex-F", "sex-M"))] == [
        (3, 1), (1, 0), (2, 1),
    ]  # fmt: skip


def test_a_list_has_another_version_when_a_place_a_time_or_its_state_is_another_and_only_then() -> None:
    before = standing_of(RUNS, *FIELD)
    again, later = standing_of(RUNS, *FIELD), standing_of(RUNS | {"4": run(4, 4200, split=1800)}, *FIELD)
    versions = list_versions(before.shown, before.states)
    assert versions == list_versions(again.shown, again.states)
    changed = {key for key, version in list_versions(later.shown, later.states).items() if version != versions[key]}
    assert {"scratch", "sex-M", "net"} <= changed
    assert not changed & {"sex-F", "nationals-F"}
    women = before.shown.by_id["sex-F"]
    posted = posting_of(
        women, before.roster, at_us=GUN_US, author="Luc", role=Role.REFEREE, through=1, protest_us=0
    )  # fmt: skip
    after = list_versions(before.shown, list_states([posted]))
    assert {key for key in after if after[key] != versions[key]} == {"sex-F"}


def test_clubs_are_one_however_they_are_spelt_and_keep_the_places_of_the_overall_list() -> None:
    field = (
        runner(1, club="AC Garlaban"), runner(2, club="Ac garlaban"), runner(3, club="AC Garlaban"),
        runner(4, club="Secret", public=False), *(runner(100 + n) for n in range(30)),
    )  # fmt: skip
    standing = standing_of({"1": run(0, 4000), "2": run(0, 3900), "4": run(0, 3800)}, *field)
    clubs, ranked = clubs_of(standing.people(Audience.PUBLIC)), overall_list(standing)
    assert ranked is not None
    assert [(club.key, club.name) for club in clubs.values()] == [("ac-garlaban", "AC Garlaban")]
    rows, every = club_rows(standing, ranked, clubs["ac-garlaban"], 1, 50)
    assert ([(row.place, row.person.bib) for row in rows], every) == ([(2, "2"), (3, "1")], 2)
    (count,) = club_counts(ranked, clubs, len(standing.roster))
    assert (count.entered, count.ranked) == (3, 2)
