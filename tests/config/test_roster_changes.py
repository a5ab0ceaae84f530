"""Changes of a roster at the desk: bibs and tags stay unique, and what differs between two versions is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.entrant_form import EntrantRefused, bib_typed, entrant_typed, tag_typed, typed_values
from config.loader import load_race
from config.roster_changes import (
    roster_difference,
    with_changed,
    with_missing_kept,
    with_new,
    with_other_bib,
    with_tag,
    without_tag,
)
from timing.reads import Tag
from timing.roster import Bib, Entrant, Roster, Sex

PLAN = load_race("marseille_cassis_2024")


def person(bib: str, *tags: str, name: str = "Roy") -> Entrant:
    return Entrant(bib=Bib(bib), tags=tuple(map(Tag, tags)), last_name=name, first_name="Anne" if name else "")


ROSTER = Roster(entrants=(person("1", "AA01"), person("2", "AA02", name="Ruiz"), person("9001", "AA99", name="")))


def fault_of(act: object, *args: object, **more: object) -> str:
    with pytest.raises(EntrantRefused) as refused:
        act(*args, **more)  # type: ignore[operator]
    (fault,) = refused.value.faults
    return fault.field


def test_another_bib_takes_the_tags_along_and_those_of_the_bib_that_lay_ready() -> None:
    after = with_other_bib(ROSTER, Bib("2"), Bib("9001"))
    assert [entrant.bib for entrant in after.entrants] == ["1", "9001"]
    assert after.entrants[1].tags == ("AA02", "AA99")
    assert after.entrants[1].last_name == "Ruiz"


def test_a_bib_that_is_somebody_s_is_not_handed_out_and_the_field_is_named() -> None:
    assert fault_of(with_other_bib, ROSTER, Bib("2"), Bib("1")) == "new_bib"
    assert fault_of(with_other_bib, ROSTER, Bib("2"), Bib("2")) == "new_bib"
    assert fault_of(with_other_bib, ROSTER, Bib("77"), Bib("3")) == "bib"
    assert fault_of(with_new, ROSTER, person("1")) == "bib"
    assert fault_of(with_new, ROSTER, person("3", "AA01")) == "tag"


def test_a_tag_is_taken_from_whoever_has_it_only_when_that_is_said() -> None:
    assert fault_of(with_tag, ROSTER, Bib("1"), Tag("AA02")) == "tag"
    after = with_tag(ROSTER, Bib("1"), Tag("AA02"), from_other=True)
    assert [entrant.tags for entrant in after.entrants] == [("AA01", "AA02"), (), ("AA99",)]
    assert without_tag(after, Bib("1"), Tag("AA01")).entrants[0].tags == ("AA02",)
    assert fault_of(without_tag, ROSTER, Bib("1"), Tag("AA02")) == "tag"


def test_the_difference_says_who_came_who_went_and_which_fields_are_other() -> None:
    after = Roster(entrants=(person("3"), ROSTER.entrants[1]._replace(club="Martigues"), ROSTER.entrants[2]))
    found = roster_difference(ROSTER, after)
    assert ([e.bib for e in found.added], [e.bib for e in found.gone]) == (["3"], ["1"])
    assert [(change.bib, change.fields) for change in found.changed] == [("2", (("club", "", "Martigues"),))]
    assert roster_difference(ROSTER, Roster(entrants=ROSTER.entrants[::-1])).nothing


def test_those_whom_a_file_does_not_have_can_stay_unless_a_tag_would_be_two_people_s() -> None:
    late = Roster(entrants=(person("3"),))
    assert [e.bib for e in with_missing_kept(ROSTER, late).entrants] == ["3", "1", "2", "9001"]
    assert fault_of(with_missing_kept, ROSTER, Roster(entrants=(person("3", "AA01"),))) == "tag"


bibs = st.sampled_from(["1", "2", "3", "4", "9001"])
tags = st.sampled_from(["AA01", "AA02", "AA99", "BB"])
acts = st.one_of(
    st.tuples(st.just("bib"), bibs, bibs),
    st.tuples(st.just("tag"), bibs, tags),
    st.tuples(st.just("take"), bibs, tags),
    st.tuples(st.just("off"), bibs, tags),
    st.tuples(st.just("new"), bibs, tags),
)


@given(st.lists(acts, max_size=12))
def test_whatever_is_done_at_a_desk_bibs_and_tags_stay_unique_and_no_tag_is_lost(
    said: list[tuple[str, str, str]],
) -> None:
    roster, off = ROSTER, set()
    for what, bib, other in said:
        try:
            match what:
                case "bib":
                    roster = with_other_bib(roster, Bib(bib), Bib(other))
                case "tag" | "take":
                    roster = with_tag(roster, Bib(bib), Tag(other), from_other=what == "take")
                    off.discard(other)
                case "off":
                    roster = without_tag(roster, Bib(bib), Tag(other))
                    off.add(other)
                case _:
                    roster = with_new(roster, person(bib, other))
                    off.discard(other)
        except EntrantRefused:
            continue
        assert len(roster.by_bib) == len(roster)
        worn = [tag for entrant in roster.entrants for tag in entrant.tags]
        assert len(worn) == len(set(worn))
        assert {"AA01", "AA02", "AA99"} <= set(worn) | off


# ---- what is typed ----


def test_what_is_typed_is_understood_as_in_a_file_and_comes_back_as_it_could_be_typed() -> None:
    given_ = {"last_name": "Roy", "sex": "femme", "birth": "31/12/1980", "wave": "1", "public": "non", "club": "aucun"}
    typed = entrant_typed(Entrant(bib=Bib("5")), given_, PLAN)
    assert (typed.sex, typed.birth_date and typed.birth_date.year, typed.wave, typed.public) == (
        Sex.F,
        1980,
        "1",
        False,
    )
    assert typed_values(typed)["birth"] == "1980-12-31"
    assert entrant_typed(typed, typed_values(typed), PLAN) == typed
    year = entrant_typed(typed, {"birth": "1990"}, PLAN)
    assert (year.birth_date, year.birth_year, year.last_name) == (None, 1990, "Roy")


def test_every_field_that_is_wrong_is_named_with_what_would_be_accepted() -> None:
    with pytest.raises(EntrantRefused) as refused:
        entrant_typed(Entrant(bib=Bib("5")), {"sex": "q", "wave": "99", "birth": "40/1/1990", "heart": "x"}, PLAN)
    assert {fault.field for fault in refused.value.faults} == {"sex", "wave", "birth", "heart"}
    assert "M, F, X" in str(refused.value)


@pytest.mark.parametrize("text", ["", "   ", "A" * 200, "3,1E+12", "AA01 ; AA02"])
def test_a_tag_that_is_none_is_refused(text: str) -> None:
    assert fault_of(tag_typed, text) == "tag"


def test_bibs_and_tags_are_read_as_a_spreadsheet_and_a_reader_write_them() -> None:
    assert (bib_typed(" 12.0 "), tag_typed(" e2 00 1a ")) == ("12", "E2001A")
    assert fault_of(bib_typed, "x" * 17) == "bib"


def test_a_change_keeps_the_others_and_their_order() -> None:
    after = with_changed(ROSTER, ROSTER.entrants[1]._replace(club="Martigues"))
    assert after.entrants[0] is ROSTER.entrants[0]
    assert [entrant.bib for entrant in after.entrants] == ["1", "2", "9001"]
