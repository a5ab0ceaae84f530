"""Places won since a split are counted where they are decided, and the order over the line stands beside the places."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from results_builder import runner
from settled_race import Way, at, bounded_plan, seen_at

from config.plan import MainRank
from results.speaker.line_order import line_order, needs_line_order, still_to_come
from results.speaker.progress import Progress
from results.speaker.story_frame import StoryFrame
from timing.instants import MISSING


def progress_at(minutes: float, ways: Mapping[str, Way], waves: Mapping[str, str] | None = None) -> Progress:
    entrants = [runner(bib, wave=(waves or {}).get(bib, "1")) for bib in ways]
    seen = seen_at(minutes, entrants, ways)
    eligibility = seen.rankings.eligibility
    admission = next(a for a in eligibility.admissions if a.rule.main is MainRank.OVERALL)
    return Progress(eligibility=eligibility, admission=admission, times=seen.times, now_us=at(minutes))


def test_whoever_was_passed_and_is_still_on_the_way_counts_once_their_clock_is_past_the_time() -> None:
    ways = {"1": Way(0, 32, 66), "2": Way(0, 31, None), "3": Way(0, 33, 70)}
    assert progress_at(66.5, ways).gained_since(0, 1) == 1
    later_wave = {"1": Way(0, 36, 70), "2": Way(4, 35, None)}
    assert progress_at(71, later_wave, {"2": "2"}).gained_since(0, 1) == 0  # 67 minutes on the way: may still be faster
    assert progress_at(74.5, later_wave, {"2": "2"}).gained_since(0, 1) == 1


def test_places_lost_count_against_those_won() -> None:
    ways = {"1": Way(0, 31, 70), "2": Way(0, 32, 66), "3": Way(0, 33, 67)}
    assert progress_at(71, ways).gained_since(0, 1) == -2


def test_without_a_split_or_a_finish_nothing_was_won() -> None:
    ways = {"1": Way(0, None, 70), "2": Way(0, 32, None)}
    progress = progress_at(75, ways)
    assert progress.gained_since(0, 1) is None
    assert progress.gained_since(1, 1) is None
    assert (progress.furthest_split(0), progress.furthest_split(1)) == (None, 1)


def test_the_place_at_a_split_is_among_those_seen_there_by_the_time_of_the_list() -> None:
    ways = {"1": Way(0, 33, None), "2": Way(4, 36, None), "3": Way(0, None, None)}
    progress = progress_at(40, ways, {"2": "2"})
    assert [progress.place_at(index, 1) for index in range(3)] == [2, 1, None]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(28, 60), st.integers(21, 60) | st.none()), min_size=2, max_size=8))
def test_when_all_have_finished_the_places_won_are_those_between_the_two_orders(
    field: list[tuple[int, int | None]],
) -> None:
    ways = {
        str(n): Way(0, split, None if leg is None else max(55, split + leg)) for n, (split, leg) in enumerate(field, 1)
    }
    progress = progress_at(300, ways)
    finish = progress.times.finish_us
    for index, (split, _) in enumerate(field):
        if int(finish[index]) == MISSING:
            continue
        before = sum(other < split for other, _ in field)
        after_me = [n for n, (other, _) in enumerate(field) if other > split]
        ahead_now = sum(int(at_us) != MISSING and at_us < finish[index] for at_us in finish)
        tied_at_split = sum(
            other == split and int(finish[n]) != MISSING and finish[n] < finish[index]
            for n, (other, _) in enumerate(field)
        )
        tied_at_line = sum(other < split and finish[n] == finish[index] for n, (other, _) in enumerate(field))
        gained = progress.gained_since(index, 1)
        assert gained == before - tied_at_line - ahead_now + tied_at_split
        assert gained is not None
        assert gained >= -len(after_me)


def test_the_order_over_the_line_is_not_the_order_of_times_once_a_later_wave_is_there() -> None:
    entrants = [runner(1), runner(2, "F"), runner(3, wave="2"), runner(4, role="pacer")]
    ways = {"1": Way(0, 32, 66), "2": Way(0, 33, 68), "3": Way(4, 35, 67), "4": Way(0, 30, 62)}
    for minutes, needed in ((66.5, False), (68, True)):
        seen = seen_at(minutes, entrants, ways)
        frame = StoryFrame.of(seen.rankings.eligibility)
        assert needs_line_order(seen.times, frame.announced) is needed
    order = line_order(seen.times, frame.announced, frame.sex, range(4))
    assert {index: (place.overall, place.of_sex) for index, place in order.items()} == {0: (1, 1), 1: (3, 1), 2: (2, 2)}
    assert seen.rankings.rank_overall[2] == 1
    assert bounded_plan().race.waves[1].planned_gun_us == at(4)


def test_whoever_has_finished_never_arrives_again_even_when_read_at_the_split_on_the_way_back() -> None:
    entrants = [runner(1), runner(2), runner(3, status="DNF"), runner(4, role="pacer"), runner(5)]
    ways = {"1": Way(0, 80, 66), "2": Way(0, 33, None), "3": Way(0, 33, None), "4": Way(0, 33, None)}
    seen = seen_at(90, entrants, ways)
    frame = StoryFrame.of(seen.rankings.eligibility)
    assert int(seen.times.crossing_us[1, 0]) == at(80)
    assert still_to_come(seen.times, frame.announced).tolist() == [False, True, False, False, False]
