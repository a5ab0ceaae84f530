"""Why equal printed times hold different places, and why a time stands where it looks out of order."""

import pytest
from results_builder import roster_of, rule, run, runner, small_plan, small_times

from config.plan import Ties
from results.place_reasons import NO_REASON, Reason, place_reasons
from results.printing import Language
from results.rankings import RankedList, rank
from timing.decisions import Decisions
from timing.roster import Bib
from timing.rulings import FinishOrder

PLAN = small_plan(lists=(rule("all", "", ""), rule("tied", "", "", ties=Ties.SHARED)))


def ranked(*finishes: float, list_id: str = "all", order: str = "") -> RankedList:
    roster = roster_of(*(runner(n + 1) for n in range(len(finishes))))
    times = small_times(PLAN, roster, {str(n + 1): run(1, finish) for n, finish in enumerate(finishes)})
    orders = (FinishOrder(order=tuple((Bib(bib),) for bib in order.split())),) if order else ()
    return rank(PLAN, roster, times, decisions=Decisions(orders=orders)).by_id[list_id]


def texts(of: RankedList, language: Language = Language.FR) -> list[str]:
    return [reason.text for reason in place_reasons(of, PLAN.rounding, language)]


def test_the_hundredth_is_said_where_it_alone_tells_two_apart() -> None:
    found = place_reasons(ranked(3661.25, 3661.75, 3700), PLAN.rounding, Language.FR)
    assert found == [
        Reason("1/100 01,25", "au 1/100\u00a0: 1h01'01,25"),
        Reason("1/100 01,75", "au 1/100\u00a0: 1h01'01,75"),
        NO_REASON,
    ]
    assert texts(ranked(3661.25, 3661.75), Language.EN) == ["1/100 01.25", "1/100 01.75"]


def test_a_finer_step_is_taken_where_the_hundredth_is_equal() -> None:
    assert texts(ranked(3000.251, 3000.253)) == ["1/1000 00,251", "1/1000 00,253"]
    assert texts(ranked(3000.250001, 3000.250002)) == [
        "1/1\u202f000\u202f000 00,250001",
        "1/1\u202f000\u202f000 00,250002",
    ]


def test_what_is_said_is_rounded_up_like_every_time() -> None:
    assert texts(ranked(3000.2501, 3000.9)) == ["1/100 00,26", "1/100 00,90"]


def test_a_full_second_and_the_hundredth_before_it_print_in_order() -> None:
    assert texts(ranked(3000.9951, 3000.98)) == ["1/100 00,98", "1/100 01,00"]


def test_a_shared_place_needs_no_reason() -> None:
    assert texts(ranked(3000.5, 3000.5)) == ["", ""]
    assert texts(ranked(3000.2, 3000.9, list_id="tied")) == ["", ""]


def test_the_jury_is_the_reason_where_it_gave_the_place() -> None:
    assert texts(ranked(3000.2, 3000.9, 3005, order="2 1")) == ["jury", "jury", ""]
    assert texts(ranked(3000.2, 3003.9, order="2 1")) == ["jury", "jury"], "a time that looks out of order"


@pytest.mark.parametrize(("first", "last"), [(0, 2), (1, 3), (2, 4), (3, 9), (4, 5), (0, 0)])
def test_a_page_says_what_the_whole_list_says_of_its_rows(first: int, last: int) -> None:
    whole = ranked(3000.2, 3000.5, 3000.501, 3000.502, 3004)
    reasons = place_reasons(whole, PLAN.rounding, Language.FR)
    assert place_reasons(whole, PLAN.rounding, Language.FR, first, last) == reasons[first:last]


def test_those_who_share_a_place_are_told_apart_from_others_together_on_whatever_page_they_are() -> None:
    whole = ranked(3000.2, 3000.5, 3000.5, 3000.5)
    assert texts(whole) == ["1/100 00,20", "1/100 00,50", "1/100 00,50", "1/100 00,50"]
    assert place_reasons(whole, PLAN.rounding, Language.FR, 3, 4)[0].text == "1/100 00,50"
