"""Finding runners by what somebody types."""

import time

import pytest
from results_builder import roster_of, runner, small_plan

from results.eligibility import Eligibility
from results.name_index import ASKED_MAX, NameIndex, folded_words
from results.people import Audience, printed_people
from timing.roster import Entrant


def index_of(*entrants: Entrant) -> NameIndex:
    return NameIndex.of(printed_people(Eligibility.of(small_plan(), roster_of(*entrants)), Audience.PUBLIC))


def found(index: NameIndex, asked: str) -> list[int]:
    return index.find(asked, 100)[0]


NAMES = index_of(
    runner(1, first_name="Jean-Luc", last_name="Le Bihan"),
    runner(2, first_name="Maëlle", last_name="Holmqvist-Byström"),
    runner(3, first_name="Łukasz", last_name="Œuvrard"),
    runner(4, first_name="Seán", last_name="O'Brien"),
    runner(17, first_name="علي", last_name="حسن"),
    runner("007", first_name="Anne", last_name="Bihan"),
)


@pytest.mark.parametrize(
    ("asked", "who"),
    [
        ("bihan", [5, 0]),
        ("BIHAN jean", [0]),
        ("jean bihan", [0]),
        ("luc le", [0]),
        ("lebihan", [0]),
        ("jeanluc", [0]),
        ("le-bihan", [0]),
        ("holm", [1]),
        ("bystrom mae", [1]),
        ("BYSTRÖM", [1]),
        ("lukasz oeu", [2]),
        ("obrien", [3]),
        ("o'br sean", [3]),
        ("حسن", [4]),
        ("17", [4]),
        ("007", [5]),
        ("ihan", []),
        ("bihan marie", []),
        ("", []),
        (" '-. ", []),
        ("%_*", []),
    ],
)
def test_the_beginnings_of_words_find_a_name_in_any_order_without_case_and_accents(asked: str, who: list[int]) -> None:
    assert found(NAMES, asked) == who


def test_a_bib_that_is_meant_comes_before_names_that_begin_so() -> None:
    index = index_of(runner(1, last_name="Anna"), runner("ann", last_name="Zola"), runner(3, last_name="Annabel"))
    assert found(index, "ANN") == [1, 0, 2]


def test_more_than_are_wanted_are_counted() -> None:
    index = index_of(*(runner(n, last_name=f"Martin{n}") for n in range(40)))
    rows, every = index.find("martin", 30)
    assert (len(rows), every) == (30, 40)


def test_a_withheld_name_is_found_by_nobody_and_the_bib_only_where_it_may_be_told() -> None:
    many = [runner(100 + n, last_name="Durand", nationality="FRA") for n in range(30)]
    index = index_of(runner(1, last_name="Cache", first_name="Eva", public=False, nationality="FRA"), *many)
    assert found(index, "cache") == found(index, "eva") == []
    assert found(index, "1") == [0]
    alone = index_of(runner(1, last_name="Cache", public=False, birth_year=1931), *many)
    assert found(alone, "cache") == found(alone, "1") == []


def test_a_question_of_any_length_costs_no_more_than_a_name() -> None:
    assert found(NAMES, "b" * 100_000) == []
    assert found(NAMES, "bihan " * ASKED_MAX) == [5, 0]


@pytest.mark.parametrize("text", ["\ud800", "\x00", "e\u0301\u202e", "A" * 500, "<img src=x>"])
def test_whatever_is_typed_has_words_or_none(text: str) -> None:
    assert all(word and word == word.lower() for word in folded_words(text))


def test_a_search_among_twenty_thousand_takes_less_than_ten_milliseconds() -> None:
    syllables = ("ma", "ri", "lo", "ber", "tin", "du", "val", "go", "ne", "sa")
    names = [
        "".join(syllables[(n // 10**place) % 10] for place in range(4)) for n in range(10_000)
    ]  # fmt: skip
    index = index_of(*(runner(n, last_name=names[n % 10_000], first_name=names[n * 7 % 10_000]) for n in range(20_000)))
    for asked in ("m", "ma", "ma ri", "m r", "mariloberg", "19999"):
        took = []
        for _ in range(5):
            began = time.perf_counter()
            index.find(asked, 30)
            took.append(time.perf_counter() - began)
        assert min(took) < 0.010, asked
