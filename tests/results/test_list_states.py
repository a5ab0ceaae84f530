"""Provisional, posted, official: who brings a list there, and what stands once it is official."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results_builder import GUN_US, roster_of, rule, run, runner, small_plan, small_times

from config.plan import MainRank, Per, RacePlan
from results.errors import PostingRefused
from results.list_states import (
    NO_STATES,
    ListState,
    ListStates,
    check_posting,
    list_states,
    official_of,
    posting_of,
)
from results.official_rows import OfficialDifference, official_differences, with_official
from results.printing import Language
from results.rankings import Rankings, rank
from results.state_words import state_sentence
from timing.decisions import Decisions
from timing.instants import HOUR, MINUTE, SECOND
from timing.roster import Bib, Roster
from timing.ruling_entries import PostedPlace, PostingBody
from timing.rulings import FinishOrder, Role
from timing.times import Times

NOON = GUN_US + 3 * HOUR
LISTS = (
    rule("scratch", "Scratch", "Overall", main=MainRank.OVERALL),
    rule("sex", "", "", per=Per.SEX, main=MainRank.SEX),
    rule("prize", "Prix", "Prizes", depth=3),
)
PLAN = small_plan(lists=LISTS)
SIZE = 6
ROSTER = roster_of(*(runner(n + 1, "F" if n % 2 else "M") for n in range(SIZE)))
FINISHES = {str(n + 1): 3000.0 + n for n in range(SIZE)}


def times_with(**changes: float) -> Times:
    """Bibs 1 to 6 finish a second apart; `b3=2999.5` changes one."""
    finishes = FINISHES | {name[1:]: at for name, at in changes.items()}
    return small_times(PLAN, ROSTER, {bib: run(1, at) for bib, at in finishes.items()})


def ranked_with(**changes: float) -> Rankings:
    return rank(PLAN, ROSTER, times_with(**changes))


def posted(list_id: str = "scratch", *, depth: int | None = None, at_us: int = NOON, **changes: Any) -> PostingBody:
    body = posting_of(
        ranked_with().by_id[list_id], ROSTER, at_us=at_us, author="Anne", role=Role.CREW, through=40,
        protest_us=30 * MINUTE, depth=depth,
    )  # fmt: skip
    return replace(body, **changes)


def confirmed(states: ListStates, list_id: str = "scratch", *, at_us: int = NOON + HOUR, **changes: Any) -> PostingBody:
    given: dict[str, Any] = {"author": "Marc", "role": Role.REFEREE, **changes}
    return official_of(states, list_id, at_us=at_us, **given)


def official(list_id: str = "scratch", *, depth: int | None = None) -> ListStates:
    """The list was posted at noon and made official an hour later."""
    first = posted(list_id, depth=depth)
    return list_states([first, confirmed(list_states([first]), list_id)])


def rows(rankings: Rankings, list_id: str = "scratch") -> list[tuple[str, int, float]]:
    ranked = rankings.by_id[list_id]
    return [
        (ROSTER.entrants[index].bib, place, value_us / SECOND)
        for index, place, value_us in zip(
            ranked.entrants.tolist(), ranked.places.tolist(), ranked.value_us.tolist(), strict=True
        )
    ]


def test_a_list_is_provisional_until_it_is_posted() -> None:
    assert NO_STATES.of("scratch").state is ListState.PROVISIONAL
    states = list_states([posted()])
    state = states.of("scratch")
    assert (state.state, state.author, state.role, state.at_us) == (ListState.POSTED, "Anne", Role.CREW, NOON)
    assert [place.bib for place in state.places] == ["1", "2", "3", "4", "5", "6"]
    assert states.of("sex-F").state is ListState.PROVISIONAL


def test_when_the_hour_of_protests_is_over_it_is_still_only_posted() -> None:
    state = list_states([posted()]).of("scratch")
    assert state.protest_until_us == NOON + 30 * MINUTE
    assert state.protests_open(NOON + 30 * MINUTE - 1)
    assert not state.protests_open(NOON + 30 * MINUTE)
    assert state.state is ListState.POSTED


def test_only_the_referee_or_the_jury_makes_it_official() -> None:
    states = list_states([posted()])
    with pytest.raises(PostingRefused, match="only the referee or the jury"):
        check_posting(confirmed(states, role=Role.CREW), states)
    for role in (Role.REFEREE, Role.JURY):
        check_posting(confirmed(states, role=role), states)
    state = official().of("scratch")
    assert (state.state, state.role, state.author) == (ListState.OFFICIAL, Role.REFEREE, "Marc")


def test_it_is_not_official_before_the_hour_of_protests_is_over_unless_somebody_says_why() -> None:
    states = list_states([posted()])
    early = confirmed(states, at_us=NOON + 29 * MINUTE)
    with pytest.raises(PostingRefused, match="1 more minutes; give a reason"):
        check_posting(early, states)
    check_posting(replace(early, reason="no other club is entered"), states)
    check_posting(confirmed(states, at_us=NOON + 30 * MINUTE), states)


REFUSED: list[tuple[Callable[[], tuple[PostingBody, ListStates]], str]] = [
    (lambda: (replace(confirmed(official()), state="official"), NO_STATES), "only what was posted"),
    (lambda: (confirmed(official()), official()), "is official: only what was posted"),
    (lambda: (posted(), official()), "opens it again before it is posted anew"),
    (lambda: (posted(depth=2), official(depth=3)), "official in its first 3 places: the referee"),
    (lambda: (replace(posted(), state="reopened", role=Role.JURY), NO_STATES), "nothing to open again"),
    (lambda: (replace(posted(), state="reopened"), official()), "only the referee or the jury"),
    (lambda: (replace(confirmed(list_states([posted(depth=3)])), depth=4), list_states([posted(depth=3)])), "first 3"),
    (lambda: (posted(author=" "), NO_STATES), "needs an author"),
    (lambda: (posted(depth=0), NO_STATES), "at least 1"),
    (lambda: (posted(protest_us=-1), NO_STATES), "cannot end before"),
    (lambda: (posted(list_id="scratch"), NO_STATES), "no list 'scratch'; there are: net"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_cannot_be_is_refused_with_what_would_be_needed(number: int) -> None:
    case, words = REFUSED[number]
    body, states = case()
    with pytest.raises(PostingRefused, match=words):
        check_posting(body, states, lists=("net",) if "net" in words else None)


def test_what_becomes_official_is_what_was_posted_and_nothing_else() -> None:
    states = list_states([posted()])
    body = confirmed(states)
    other = replace(body.places[0], value_us=body.places[0].value_us - 1)
    with pytest.raises(PostingRefused, match="what was posted, and these are other places"):
        check_posting(replace(body, places=(other, *body.places[1:])), states)
    later = ranked_with(b6=2990)
    assert rows(later)[0][0] == "6"
    check_posting(body, states)
    assert rows(with_official(later, official())) == rows(ranked_with())


def test_official_places_stand_whatever_comes_later_and_the_rest_follows() -> None:
    states = official(depth=3)
    shown = with_official(ranked_with(b6=2990, b2=3000.5, b4=3003), states)
    assert rows(shown) == [
        ("1", 1, 3000),
        ("2", 2, 3001),
        ("3", 3, 3002),
        ("6", 4, 2990),
        ("4", 5, 3003),
        ("5", 6, 3004),
    ]
    assert shown.by_id["scratch"].official == 3
    assert shown.rank_overall.tolist() == [1, 2, 3, 5, 6, 4]


def test_who_is_official_and_was_disqualified_keeps_the_place_until_the_list_is_opened_again() -> None:
    roster = replace(ROSTER, entrants=(ROSTER.entrants[0]._replace(status="DSQ"), *ROSTER.entrants[1:]))
    times = small_times(PLAN, roster, {bib: run(1, at) for bib, at in FINISHES.items()})
    computed = rank(PLAN, roster, times)
    states = official(depth=3)
    assert rows(computed)[0] == ("2", 1, 3001)
    assert rows(with_official(computed, states)) == rows(ranked_with())
    reopened = replace(posted(), state="reopened", role=Role.JURY, author="Marc")
    check_posting(reopened, states)
    again = list_states([posted(depth=3), confirmed(list_states([posted(depth=3)])), reopened])
    assert again.of("scratch").state is ListState.PROVISIONAL
    assert with_official(computed, again) is computed


def test_a_difference_is_proposed_and_changes_nothing() -> None:
    states = official(depth=3)
    assert official_differences(ranked_with(), states) == ()
    found = official_differences(ranked_with(b6=2990.5), states)

    def difference(bib: str, *values: float | None) -> OfficialDifference:
        place, at, now, now_at = values
        return OfficialDifference(
            list_id="scratch", bib=Bib(bib),
            official_place=place, official_us=None if at is None else round(at * SECOND),
            computed_place=now, computed_us=None if now_at is None else round(now_at * SECOND),
        )  # type: ignore[arg-type]  # fmt: skip

    assert found == (
        difference("1", 1, 3000, 2, 3000), difference("2", 2, 3001, 3, 3001), difference("3", 3, 3002, 4, 3002),
        difference("6", None, None, 1, 2990.5),
    )  # fmt: skip


def test_a_change_below_the_official_places_is_no_difference() -> None:
    assert official_differences(ranked_with(b5=3002.5), official(depth=3)) == ()


def test_places_below_are_counted_on_with_their_ties() -> None:
    shown = with_official(ranked_with(b5=3003, b6=3003), official(depth=2))
    assert [place for _, place, _ in rows(shown)] == [1, 2, 3, 4, 4, 4]
    assert shown.by_id["scratch"].shared.tolist() == [False, False, False, True, True, True]


def test_a_list_of_some_depth_does_not_grow_by_being_official() -> None:
    shown = with_official(ranked_with(b6=2990), official("prize"))
    assert [bib for bib, *_ in rows(shown, "prize")] == ["1", "2", "3"]
    assert [d.bib for d in official_differences(ranked_with(b6=2990), official("prize"))] == ["1", "2", "3", "6"]


def test_a_list_of_sex_is_official_for_itself() -> None:
    shown = with_official(ranked_with(b6=2990), official("sex-F"))
    assert [bib for bib, *_ in rows(shown, "sex-F")] == ["2", "4", "6"]
    assert shown.rank_sex.tolist() == [1, 1, 2, 2, 3, 3]
    assert shown.rank_overall.tolist() == ranked_with(b6=2990).rank_overall.tolist()


def test_the_first_places_stay_official_while_the_whole_list_is_posted() -> None:
    podium = posted(depth=3)
    states = list_states([podium, confirmed(list_states([podium]))])
    whole = posting_of(
        with_official(ranked_with(b6=2990), states).by_id["scratch"], ROSTER, at_us=NOON + 2 * HOUR, author="Anne",
        role=Role.CREW, through=50, protest_us=30 * MINUTE,
    )  # fmt: skip
    check_posting(whole, states)
    with pytest.raises(PostingRefused, match="begins with them"):
        check_posting(replace(whole, places=whole.places[1:]), states)
    after = list_states([podium, confirmed(list_states([podium])), whole])
    assert after.of("scratch").state is ListState.POSTED
    assert [place.bib for place in after.of("scratch").official] == ["1", "2", "3"]
    shown = rows(with_official(ranked_with(b6=2990), after))
    assert shown[:4] == [("1", 1, 3000), ("2", 2, 3001), ("3", 3, 3002), ("6", 4, 2990)]


def test_what_is_official_is_known_from_the_act_itself_when_its_posting_was_withdrawn() -> None:
    body = confirmed(list_states([posted(depth=2)]))
    assert [place.bib for place in list_states([body]).of("scratch").official] == ["1", "2"]


def test_a_list_that_has_nobody_left_still_shows_its_official_places() -> None:
    states = official("sex-F")
    men = roster_of(*(entrant._replace(sex="M") for entrant in ROSTER.entrants))  # type: ignore[arg-type]
    times = small_times(PLAN, men, {bib: run(1, at) for bib, at in FINISHES.items()})
    computed = rank(PLAN, men, times)
    assert "sex-F" not in computed.by_id
    shown = with_official(computed, states)
    assert [ranked.id for ranked in shown.lists] == ["scratch", "sex-M", "sex-F", "prize"]
    assert [bib for bib, *_ in rows(shown, "sex-F")] == ["2", "4", "6"]
    assert {d.bib for d in official_differences(computed, states)} == {"2", "4", "6"}


def test_who_is_no_longer_in_the_roster_is_told_of_as_a_difference() -> None:
    smaller = Roster(entrants=ROSTER.entrants[1:])
    times = small_times(PLAN, smaller, {bib: run(1, at) for bib, at in FINISHES.items() if bib != "1"})
    computed = rank(PLAN, smaller, times)
    states = official(depth=3)
    assert with_official(computed, states).by_id["scratch"].places.tolist() == [2, 3, 3, 4, 5]
    gone = official_differences(computed, states)[0]
    assert (gone.bib, gone.official_place, gone.computed_place) == ("1", 1, None)


def test_a_place_of_the_jury_is_still_marked_when_it_is_official() -> None:
    decisions = Decisions(orders=(FinishOrder(order=((Bib("2"),), (Bib("1"),))),))
    computed = rank(PLAN, ROSTER, times_with(), decisions=decisions)
    places = tuple(
        PostedPlace(bib=Bib(bib), place=place, value_us=round(at * SECOND)) for bib, place, at in rows(computed)
    )
    body = posted(places=places)
    shown = with_official(computed, list_states([body, confirmed(list_states([body]))]))
    assert [bib for bib, *_ in rows(shown)][:2] == ["2", "1"]
    assert shown.by_id["scratch"].by_jury.tolist() == [True, True, False, False, False, False]


def test_all_lists_together_are_what_the_least_of_them_is() -> None:
    states = ListStates(by_id={**official("scratch").by_id, **list_states([posted("prize")]).by_id})
    assert states.over(["scratch"]) is ListState.OFFICIAL
    assert states.over(["scratch", "prize"]) is ListState.POSTED
    assert states.over(["scratch", "prize", "sex-F"]) is ListState.PROVISIONAL
    assert states.over([]) is ListState.PROVISIONAL


SAID: list[tuple[ListStates, int, str, str]] = [
    (NO_STATES, NOON, "", ""),
    (list_states([posted()]), NOON, "Affiché à 12:00.", "Réclamations jusqu'à 12:30."),
    (list_states([posted(depth=3)]), NOON + HOUR, "Affiché à 12:00.",
     "Les 3 premiers. Réclamations closes à 12:30, en attente du juge-arbitre."),
    (official(), NOON + 2 * HOUR, "Officiel.", "Arrêté à 13:00 par le juge-arbitre."),
    (official(depth=3), NOON + 2 * HOUR, "Officiel.",
     "Les 3 premiers. Arrêté à 13:00 par le juge-arbitre. La suite est provisoire."),
]  # fmt: skip


@pytest.mark.parametrize(("states", "now_us", "word", "sentence"), SAID)
def test_the_state_is_said_with_its_hours(states: ListStates, now_us: int, word: str, sentence: str) -> None:
    plan: RacePlan = PLAN
    assert state_sentence(states.of("scratch"), now_us, plan.race.zone, Language.FR) == (word, sentence)


@given(
    later=st.dictionaries(st.integers(1, SIZE), st.integers(2990, 3010), max_size=SIZE),
    depth=st.one_of(st.none(), st.integers(1, SIZE)),
)
def test_whatever_comes_later_official_rows_stand_and_everybody_is_in_the_list_once(
    later: dict[int, int], depth: int | None
) -> None:
    states = official(depth=depth)
    computed = ranked_with(**{f"b{bib}": float(at) for bib, at in later.items()})
    shown = with_official(computed, states)
    stands = rows(ranked_with())[: depth or SIZE]
    assert rows(shown)[: len(stands)] == stands
    assert sorted(bib for bib, *_ in rows(shown)) == sorted(bib for bib, *_ in rows(computed))
    rest = shown.by_id["scratch"].places[len(stands) :].tolist()
    assert rest == sorted(rest)
    assert all(place > len(stands) for place in rest)
    first = [row for row in rows(computed) if depth is None or row[1] <= depth]
    assert (official_differences(computed, states) == ()) == (first == stands)
    column = {bib: place for bib, place, _ in rows(shown)}
    assert shown.rank_overall.tolist() == [column[entrant.bib] for entrant in ROSTER.entrants]
