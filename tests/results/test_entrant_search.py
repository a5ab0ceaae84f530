"""Finding an entrant by what somebody types at the desk."""

from results.entrant_search import FOUND_MAX, EntrantIndex
from timing.reads import Tag
from timing.roster import Bib, Entrant, Roster


def person(bib: str, first: str, last: str, *tags: str) -> Entrant:
    return Entrant(bib=Bib(bib), first_name=first, last_name=last, tags=tuple(map(Tag, tags)))


INDEX = EntrantIndex(
    Roster(
        entrants=(
            person("120", "Danièle", "Fabre-Sicard", "E2801160AB"),
            person("12", "Ondřej", "Veselka", "058001A61F02"),
            person("7", "Jean-Christophe", "Le Bihan"),
            person("1200", "Maëlle", "Barthélemy"),
        )
    )
)


def bibs(text: str, index: EntrantIndex = INDEX) -> list[str]:
    return [index.roster.entrants[row].bib for row in index.find(text)]


def test_the_bib_itself_comes_first_then_those_that_begin_so() -> None:
    assert bibs("12") == ["12", "120", "1200"]
    assert bibs("120") == ["120", "1200"]
    assert bibs("99") == []


def test_names_are_found_by_the_beginnings_of_their_words_in_any_order_without_accents_or_capitals() -> None:
    assert bibs("sicard dan") == ["120"]
    assert bibs("BARTHELEMY") == ["1200"]
    assert bibs("bih jean") == ["7"]
    assert bibs("christ") == ["7"]
    assert bibs("ihan") == []


def test_a_tag_is_found_whole_and_by_its_last_characters() -> None:
    assert bibs("e2801160ab") == ["120"]
    assert bibs("1f02") == ["12"]
    assert bibs(" ") == []


def test_an_index_of_the_next_version_finds_what_has_changed_and_no_more_than_is_asked() -> None:
    many = Roster(entrants=tuple(person(str(n), "Anne", f"Roy{n}") for n in range(1, 100)))
    index = EntrantIndex(many, INDEX)
    assert len(bibs("roy", index)) == FOUND_MAX
    renamed = Roster(entrants=(many.entrants[0]._replace(last_name="Ruiz"), *many.entrants[1:]))
    assert bibs("ruiz", EntrantIndex(renamed, index)) == ["1"]
    assert bibs("roy1", EntrantIndex(renamed, index))[0] == "10"
