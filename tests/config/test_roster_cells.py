"""Cells of a roster as people and spreadsheets write them: tags, sexes, dates, nations, waves, words, names."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from loaded_roster import Load, entrants_of, said

from config.plan import RacePlan
from config.roster_file import load_roster
from timing.roster import Sex


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("05800012860a", ("05800012860A",)),
        (" 0580 0012 860A ", ("05800012860A",)),
        ('="058000128608"', ("058000128608",)),
        ("'058000128608", ("058000128608",)),
        ("058000128608 / 058000128609", ("058000128608", "058000128609")),
        ("058000128608 058000128609", ("058000128608", "058000128609")),
        ("058000128608|058000128608", ("058000128608",)),
        ("0580E0128608", ("0580E0128608",)),
        ("350000E22", ("350000E22",)),
        ("1234", ("1234",)),
        ("", ()),
    ],
)
def test_tags_are_exact_texts_in_upper_case(load: Load, cell: str, tags: tuple[str, ...]) -> None:
    assert entrants_of(load(f"bib;tag;nom\n1;{cell};A\n"))[0].tags == tags


@pytest.mark.parametrize("cell", ["3.5E+22", "3,5E+22", "5.80001E+11", "58E+10", "3.5e+22"])
def test_a_tag_that_a_spreadsheet_made_a_number_is_told_and_not_used(load: Load, cell: str) -> None:
    loaded = load(f"bib;tag;nom\n1;{cell};A\n")
    assert entrants_of(loaded)[0].tags == ()
    assert f'line 2: tag "{cell}" was turned into a number' in said(loaded)


def test_two_tags_in_one_cell_are_told(load: Load) -> None:
    assert "2 tags in one cell" in said(load("bib;tag;nom\n1;058000128608, 058000128609;A\n"))


@pytest.mark.parametrize(
    ("cell", "sex"),
    [
        *((word, Sex.M) for word in ("M", "m", "H", "Homme", "Masculin", "M.", "Male")),
        *((word, Sex.F) for word in ("F", "Femme", "Féminin", "Mme", "W", "female")),
        ("X", Sex.X),
        ("", Sex.UNKNOWN),
        ("?", Sex.UNKNOWN),
    ],
)
def test_the_ways_to_write_a_sex(load: Load, cell: str, sex: Sex) -> None:
    loaded = load(f"bib;sexe;nom\n1;{cell};A\n")
    assert entrants_of(loaded)[0].sex is sex
    assert ("not understood" in said(loaded)) == (cell == "?")
    assert ("of no sex list" in said(loaded)) == (sex in (Sex.X, Sex.UNKNOWN))


@pytest.mark.parametrize(
    ("cell", "day", "year", "remark"),
    [
        ("31/12/1980", date(1980, 12, 31), None, ""),
        ("1/2/1980", date(1980, 2, 1), None, ""),
        ("31-12-1980", date(1980, 12, 31), None, ""),
        ("31.12.1980", date(1980, 12, 31), None, ""),
        ("1980-12-31", date(1980, 12, 31), None, ""),
        ("1980-12-31 00:00:00", date(1980, 12, 31), None, ""),
        ("31/12/1980 00:00", date(1980, 12, 31), None, ""),
        ("19801231", date(1980, 12, 31), None, ""),
        ("1980", None, 1980, ""),
        ("29221", date(1980, 1, 1), None, "day number"),
        ("31/12/80", date(1980, 12, 31), None, "two digits"),
        ("01/05/05", date(2005, 5, 1), None, "two digits"),
        ("29/02/1981", None, 1981, "no day of the calendar"),
        ("01/01/1900", None, None, "unknown"),
        ("01/01/1970", date(1970, 1, 1), None, "may stand for"),
        ("15/06/1907", None, None, "cannot be"),
        ("15/06/2024", None, None, "cannot be"),
        ("June 1980", None, None, "not understood"),
        ("", None, None, ""),
    ],
)
def test_the_ways_to_write_a_birth_date(load: Load, cell: str, day: date | None, year: int | None, remark: str) -> None:
    loaded = load(f"bib;ddn;nom\n1;{cell};A\n")
    entrant = entrants_of(loaded)[0]
    assert (entrant.birth_date, entrant.birth_year) == (day, year)
    doubts = [r.what for r in loaded.remarks if "birth date" in r.what and "without" not in r.what]
    assert len(doubts) == bool(remark)
    assert all(remark in doubt for doubt in doubts)


def test_a_column_with_the_month_first_is_read_so_throughout(load: Load) -> None:
    loaded = load("bib,birth date,nom\n1,12/31/1980,A\n2,02/03/1980,B\n")
    assert [entrant.birth_date for entrant in entrants_of(loaded)] == [date(1980, 12, 31), date(1980, 2, 3)]


def test_a_single_date_with_the_month_first_is_told(load: Load) -> None:
    loaded = load("bib,ddn,nom\n1,31/12/1980,A\n2,12/31/1980,B\n3,02/03/1980,C\n")
    assert [entrant.birth_date for entrant in entrants_of(loaded)] == [
        date(1980, 12, 31),
        date(1980, 12, 31),
        date(1980, 3, 2),
    ]
    assert 'line 3: birth date "12/31/1980" has the month first' in said(loaded)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        *((text, "FRA") for text in ("FRA", "fr", "France", "Française")),
        *(("CHE", "SUI"), ("SUI", "SUI"), ("DEU", "GER"), ("DZA", "ALG"), ("Pays-Bas", "NED")),
        *(("Éthiopie", "ETH"), ("Ethiopie", "ETH"), ("", "")),
    ],
)
def test_nationalities_become_the_letters_athletics_uses(load: Load, cell: str, code: str) -> None:
    assert entrants_of(load(f"bib;nationalité;nom\n1;{cell};A\n"))[0].nationality == code


def test_an_unknown_nationality_is_kept_and_told_once(load: Load) -> None:
    loaded = load("bib;nat;nom\n1;Zembla;A\n2;Zembla;B\n")
    assert [entrant.nationality for entrant in entrants_of(loaded)] == ["Zembla", "Zembla"]
    told = [remark for remark in loaded.remarks if "Zembla" in remark.what]
    assert [(remark.line, remark.bib) for remark in told] == [(2, "1")]
    assert "and in 1 more rows" in told[0].what


@pytest.mark.parametrize("cell", ["1", "01", "Vague 1", "vague 1", "Sas 1", "wave 1"])
def test_the_ways_to_write_a_wave(load: Load, cell: str) -> None:
    assert entrants_of(load(f"bib;sas;nom\n1;{cell};A\n"))[0].wave == "1"


def test_wheelchairs_in_a_wave_of_the_main_race_are_told(load: Load) -> None:
    loaded = load("bib;role;sas\n1;wheelchair;\n2;runner;\n3;handbike;2\n30000;wheelchair;\n")
    assert "2 entrants on wheels in a wave of the main race" in said(loaded)
    assert "1 (line 2), 3 (line 4)" in said(loaded)


def test_wheelchairs_in_a_wave_of_their_own_race_are_not(marseille_cassis: RacePlan, tmp_path: Path) -> None:
    first, *others = marseille_cassis.race.waves
    waves = (replace(first, group="wheelchairs"), *others)
    plan = replace(marseille_cassis, race=replace(marseille_cassis.race, waves=waves))
    path = tmp_path / "roster.csv"
    path.write_text("bib;role;sas\n1;wheelchair;\n2;wheelchair;1\n2501;wheelchair;\n")
    assert "1 entrant on wheels in a wave of the main race, with its minimum times and lists: 2501 (line 4)" in said(
        load_roster(path, plan)
    )


def test_an_unknown_wave_is_told_and_left_to_the_bib(load: Load) -> None:
    loaded = load("bib;sas;nom\n1;-1h45;A\n30000;;B\n")
    assert [entrant.wave for entrant in entrants_of(loaded)] == ["", ""]
    assert 'wave "-1h45" is not in the race file; accepted: 1, 2, 3' in said(loaded)
    assert "1 entrant in no wave: 30000 (line 3)" in said(loaded)


def test_a_spreadsheet_error_in_a_cell_is_told(load: Load) -> None:
    assert 'wave "#NOM?": a spreadsheet put an error' in said(load("bib;sas;nom\n1;#NOM?;A\n"))


@pytest.mark.parametrize(
    ("cell", "status"),
    [("NP", "DNS"), ("AB", "DNF"), ("dsq", "DSQ"), ("NCL", "NC"), ("HD", "HD"), ("Inscrit", ""), ("", ""), ("??", "")],
)
def test_declared_statuses(load: Load, cell: str, status: str) -> None:
    loaded = load(f"bib;statut;nom\n1;{cell};A\n")
    assert entrants_of(loaded)[0].status == status
    assert ("not understood" in said(loaded)) == (cell == "??")


@pytest.mark.parametrize(
    ("cell", "public"), [("", True), ("1", True), ("oui", True), ("0", False), ("non", False), ("peut-être", False)]
)
def test_in_doubt_a_name_is_withheld(load: Load, cell: str, public: bool) -> None:
    assert entrants_of(load(f"bib;public;nom\n1;{cell};A\n"))[0].public is public


def test_roles_and_the_elite(load: Load) -> None:
    loaded = load("bib;role;elite;nom\n1;;;A\n2;Meneur d'allure;oui;B\n3;véhicule;0;C\n4;juggler;?;D\n")
    assert [(e.role, e.elite) for e in entrants_of(loaded)] == [
        ("runner", False),
        ("pacer", True),
        ("vehicle", False),
        ("juggler", False),
    ]
    assert 'role "juggler" is not in the race file' in said(loaded)


def test_words_for_no_club_and_no_licence_are_nothing(load: Load) -> None:
    loaded = load("bib;club;licence;nom\n1;Néant;en cours;A\n2;-;PPS1234;B\n3;Non licencié;00123;C\n")
    assert [(e.club, e.licence) for e in entrants_of(loaded)] == [("", ""), ("", ""), ("", "00123")]


@pytest.mark.parametrize(
    ("text", "last", "first"),
    [
        ("bib;Nom Prénom\n1;DE LA TOUR Éloïse\n", "DE LA TOUR", "Éloïse"),
        ("bib;Nom\n1;FAUVEL-KLILECH Fatiha\n", "FAUVEL-KLILECH", "Fatiha"),
        ("bib;Nom\n1;ROUX\n", "ROUX", ""),
        ("bib;Nom;Prénom\n1;McDonald van Dyk;Jo\n", "McDonald van Dyk", "Jo"),
    ],
)
def test_names_in_one_cell_are_parted_by_their_capitals(load: Load, text: str, last: str, first: str) -> None:
    (entrant,) = entrants_of(load(text))
    assert (entrant.last_name, entrant.first_name) == (last, first)
