"""Names as printed, and what is withheld from whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results_builder import roster_of, rule, runner, small_plan

from config.plan import ListRule, Per
from results.eligibility import Eligibility
from results.people import SHORT_LIST, Audience, Person, plain_text, printed_people
from timing.roster import Entrant

HIDDEN = {"first_name": "Secret", "last_name": "Nom", "club": "Club", "town": "Ville", "nationality": "FRA"}


def people(*entrants: Entrant, audience: Audience = Audience.PUBLIC, lists: tuple[ListRule, ...] = ()) -> list[Person]:
    plan = small_plan(lists=lists) if lists else small_plan()
    return list(printed_people(Eligibility.of(plan, roster_of(*entrants)), audience))


def field(size: int, **changes: object) -> list[Entrant]:
    return [runner(1000 + n, nationality="FRA", **changes) for n in range(size)]


def test_a_family_name_is_in_capitals_with_its_accents() -> None:
    printed = people(runner(1, first_name="Élodie", last_name="Barthélemy-Roux"))[0]
    assert printed.name() == "Élodie BARTHÉLEMY-ROUX"


def test_a_withheld_runner_loses_everything_that_names_in_public_and_nothing_for_the_jury() -> None:
    entrants = (runner(1, public=False, **HIDDEN), *field(SHORT_LIST))
    public, jury = people(*entrants)[0], people(*entrants, audience=Audience.JURY)[0]
    assert (public.name(), public.club, public.town, public.nationality) == ("", "", "", "")
    assert (public.bib, public.category, public.withheld) == ("1", "M0M", True)
    assert (jury.name(), jury.club, jury.town, jury.withheld) == ("Secret NOM", "Club", "Ville", True)


@pytest.mark.parametrize(("others", "shown"), [(SHORT_LIST - 1, True), (SHORT_LIST - 2, False)])
def test_where_few_are_entered_in_the_category_the_bib_and_the_category_are_withheld_too(
    others: int, shown: bool
) -> None:
    entrants = [runner(1, public=False, birth_year=1945), *field(others, birth_year=1945), *field(50)]
    printed = people(*(runner(n, birth_year=e.birth_year, public=e.public) for n, e in enumerate(entrants)))
    assert bool(printed[0].bib) is shown
    assert bool(printed[0].category) is shown
    assert all(other.bib for other in printed[1:])


def test_a_short_list_that_is_not_posted_gives_nobody_away() -> None:
    elite = {"elite": True, "nationality": "FRA"}
    entrants = (runner(1, public=False, **elite), runner(2, **elite), *field(SHORT_LIST))
    handed_over = rule("prize", "", "", per=Per.SEX, elite=True, public=False)
    posted = rule("prize", "", "", per=Per.SEX, elite=True, public=True)
    assert people(*entrants, lists=(handed_over,))[0].bib == "1"
    assert people(*entrants, lists=(posted,))[0].bib == ""


def test_the_column_of_origin_is_the_club_else_the_town_else_the_country() -> None:
    printed = people(
        runner(1, club="AC Garlaban", town="Aubagne", nationality="FRA"),
        runner(2, town="Aubagne", nationality="FRA"),
        runner(3, nationality="KEN"),
    )
    assert [person.origin for person in printed] == ["AC Garlaban", "Aubagne", "KEN"]


TEXTS = [
    ("  Jean\u00a0\u00a0 Paul\t", "Jean Paul"),
    ("E\u0301lodie", "Élodie"),
    ("a\u202egpj.exe", "agpj.exe"),
    ("line\nbreak\u2028and\x00more\x1b[31m", "line break and more [31m"),
    ("\ufeffBOM", "BOM"),
    ("می\u200cخواهم", "می\u200cخواهم"),
    ("محمد الأمين", "محمد الأمين"),
    ("👩\u200d🚀", "👩\u200d🚀"),
    ("\ud800", ""),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_a_text_of_the_roster_is_one_line_without_marks_that_only_steer(text: str, expected: str) -> None:
    assert plain_text(text) == expected


@given(st.text())
def test_a_cleaned_text_is_clean(text: str) -> None:
    cleaned = plain_text(text)
    assert plain_text(cleaned) == cleaned
    assert len(cleaned.splitlines()) <= 1
    cleaned.encode()
