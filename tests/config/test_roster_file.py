"""Rosters as they really come: every encoding and header, doubled bibs and tags, spreadsheet damage."""

import unicodedata
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loaded_roster import Load, entrants_of, held, said

from config.errors import RosterError
from config.plan import RacePlan
from config.roster_file import load_roster, save_roster
from config.sheet import encoded_once
from timing.reads import Tag
from timing.roster import Bib, Entrant, Roster, Sex

FRENCH = (
    "Dossard;Nom;Prénom;Sexe;Date de naissance;Nationalité;Club;N° licence;Catégorie;Sas;Puce;Puce 2;"
    "Groupe/Entreprise;Ville;Email\r\n"
    "0012;DE LA TOUR;Éloïse;F;31/12/1980;Française;S.C.O. Sainte Marguerite;0123456;M2F;1;05800012860a;;;Cassis;a@b\r\n"
    "2634;DUPONT;Jean-Michel;H;1979;FR;Aucun;en cours;;2;058000128608;058000128609;Acme;Œuilly;\r\n"
)


def test_a_french_export_is_understood(load: Load) -> None:
    loaded = load(FRENCH)
    assert entrants_of(loaded) == (
        Entrant(
            bib=Bib("0012"),
            tags=(Tag("05800012860A"),),
            last_name="DE LA TOUR",
            first_name="Éloïse",
            sex=Sex.F,
            birth_date=date(1980, 12, 31),
            category="M2F",
            nationality="FRA",
            club="S.C.O. Sainte Marguerite",
            town="Cassis",
            licence="0123456",
            wave="1",
        ),
        Entrant(
            bib=Bib("2634"),
            tags=(Tag("058000128608"), Tag("058000128609")),
            last_name="DUPONT",
            first_name="Jean-Michel",
            sex=Sex.M,
            birth_year=1979,
            nationality="FRA",
            team="Acme",
            town="Œuilly",
            wave="2",
        ),
    )
    assert loaded.summary.unknown_columns == ("Email",)
    assert 'columns that are not used: "Email"' in said(loaded)
    assert loaded.summary.columns["licence"] == "N° licence"
    assert not held(loaded)


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp1252", "windows-1252"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_the_encoding_changes_nothing(load: Load, encoding: str, name: str) -> None:
    loaded = load(FRENCH.encode(encoding))
    assert entrants_of(loaded) == entrants_of(load(FRENCH))
    assert loaded.summary.encoding == name


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_the_separator_changes_nothing(load: Load, separator: str, newline: str) -> None:
    loaded = load(FRENCH.replace(";", separator).replace("\r\n", newline))
    assert entrants_of(loaded) == entrants_of(load(FRENCH))
    assert loaded.summary.separator == separator


def test_a_first_line_may_name_the_separator(load: Load) -> None:
    text = "sep=;\nbib;nom;club\n1;A,B,C;x,y,z\n"
    loaded = load(text)
    assert entrants_of(loaded)[0].club == "x,y,z"
    assert load(text + "1;B;\n").remarks[-1].line == 4, "lines are counted as an editor shows them"


def test_windows_1252_letters_outside_latin_1_are_right(load: Load) -> None:
    assert entrants_of(load("bib;nom;ville\n1;L’Œuf;€uroŸ\n".encode("cp1252")))[0].last_name == "L’Œuf"


def test_decomposed_letters_are_composed(load: Load) -> None:
    loaded = load(unicodedata.normalize("NFD", FRENCH))
    assert entrants_of(loaded) == entrants_of(load(FRENCH))


@pytest.mark.parametrize("wrong", ["cp1252", "cp1250"])
def test_what_was_encoded_twice_is_repaired_and_told(load: Load, wrong: str) -> None:
    text = "Dossard;Nom;Prénom;Ville\n1;DUPRÉ;Zoé;Saint-Étienne\n2;DURAND;Anne;Cassis\n"
    twice = "".join(letter if letter.isascii() else letter.encode().decode(wrong, errors="ignore") for letter in text)
    loaded = load(twice)
    assert [(e.last_name, e.first_name, e.town) for e in entrants_of(loaded)] == [
        ("DUPRÉ", "Zoé", "Saint-Étienne"),
        ("DURAND", "Anne", "Cassis"),
    ]
    assert "4 cells had been encoded twice" in said(loaded)


def test_sound_letters_are_not_repaired(load: Load) -> None:
    loaded = load("bib;nom\n1;ÃO PAULO\n2;MÃE\n")
    assert [entrant.last_name for entrant in entrants_of(loaded)] == ["ÃO PAULO", "MÃE"]
    assert "encoded twice" not in said(loaded)


@pytest.mark.parametrize(
    "header", ["bib,last name,SEX", "BIB,Last_Name,Sex", "Dossard,NOM,Sexe", "N° dossard,Nom,Genre", "Doss.,nom,sexe"]
)
def test_headers_are_compared_without_case_accents_and_punctuation(load: Load, header: str) -> None:
    (entrant,) = entrants_of(load(f"{header}\n7,ROUX,F\n"))
    assert (entrant.bib, entrant.last_name, entrant.sex) == ("7", "ROUX", Sex.F)


def test_columns_may_come_in_any_order(load: Load) -> None:
    (entrant,) = entrants_of(load("Sexe;Puce 2;Prénom;Né(e) le;Puce;Nom;Dossard\nF;BB;Zoé;01/02/1990;AA;ROUX;7\n"))
    assert entrant == Entrant(
        bib=Bib("7"),
        tags=(Tag("AA"), Tag("BB")),
        last_name="ROUX",
        first_name="Zoé",
        sex=Sex.F,
        birth_date=date(1990, 2, 1),
    )


def test_two_columns_for_one_field_are_refused(load: Load) -> None:
    with pytest.raises(RosterError, match="two columns for one field: Nom, Surname") as caught:
        load("bib;Nom;Surname\n1;A;B\n")
    assert (caught.value.faults[0].key, caught.value.faults[0].line) == ("last_name", 1)


def test_a_weaker_header_counts_only_where_there_is_no_better_one(load: Load) -> None:
    assert entrants_of(load("bib;civilité;nom\n1;Mme;A\n"))[0].sex is Sex.F
    both = load("bib;civilité;sexe;nom\n1;M.;F;A\n")
    assert entrants_of(both)[0].sex is Sex.F
    assert both.summary.unknown_columns == ("civilité",)


def test_a_file_without_bibs_is_refused_with_what_would_be_accepted(load: Load) -> None:
    with pytest.raises(RosterError, match="dossard"):
        load("name;sex\nA;F\n")
    with pytest.raises(RosterError, match="no header"):
        load("")


def test_a_missing_file_and_an_old_workbook_are_refused(load: Load, marseille_cassis: RacePlan) -> None:
    with pytest.raises(RosterError, match="cannot be read"):
        load_roster("/no/such/roster.csv", marseille_cassis)
    with pytest.raises(RosterError, match="old XLS"):
        load(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))
    with pytest.raises(RosterError, match="damaged workbook"):
        load(b"PK\x03\x04" + bytes(100))


def test_title_lines_empty_lines_and_repeated_headers_are_passed_over(load: Load) -> None:
    loaded = load("Inscriptions 2024;;\n;;\nDossard;Nom;Sexe\n1;A;F\n\n;;\nDossard;Nom;Sexe\n2;B;M\n;;;;;\n")
    assert [entrant.bib for entrant in entrants_of(loaded)] == ["1", "2"]
    assert not held(loaded)


def test_a_row_without_a_bib_is_held_and_quoted(load: Load) -> None:
    loaded = load("Dossard;Nom;Sexe\n1;A;F\n;B;M\nTotal : 2;;\n")
    assert held(loaded) == [(3, "")]
    assert '"| B | M"' in said(loaded) or "B | M" in said(loaded)


def test_a_row_with_more_cells_than_the_header_is_held(load: Load) -> None:
    loaded = load("bib;nom;club\n1;A;x;y\n2;B;z;\n3;C\n")
    assert held(loaded) == [(2, "")]
    assert "4 cells where the header has 3" in said(loaded)
    assert [entrant.bib for entrant in entrants_of(loaded)] == ["2", "3"]
    assert (loaded.summary.rows, loaded.summary.held) == (3, 1)


def test_quoted_cells_may_hold_separators_quotes_and_line_breaks(load: Load) -> None:
    loaded = load('bib;nom;club\n1;"A;B";"x ""y"" z"\n2;"C\nD";w\n3;E;v\n3;F;v\n')
    first, second = entrants_of(loaded)
    assert (first.last_name, first.club) == ("A;B", 'x "y" z')
    assert second.last_name == "C\nD"
    assert held(loaded) == [(5, "3"), (6, "3")]


@pytest.mark.parametrize("rows_after", [0, 1, 5, 40])
def test_a_quotation_mark_that_is_not_closed_costs_no_other_row(load: Load, rows_after: int) -> None:
    rows = "".join(f"{bib};N{bib};c\n" for bib in range(10, 10 + rows_after))
    loaded = load(f'bib;nom;club\n1;A;c\n2;"B;c\n{rows}')
    assert [entrant.bib for entrant in entrants_of(loaded)] == ["1", "2", *(str(10 + n) for n in range(rows_after))]
    assert "line 3: a quotation mark is not closed" in said(loaded)


# ---- doubled bibs and tags ----


def test_a_doubled_bib_is_held_and_neither_row_wins(load: Load) -> None:
    loaded = load("bib;tag;nom\n1;AA;A\n2;BB;B\n1;CC;C\n3;DD;D\n")
    assert [entrant.bib for entrant in entrants_of(loaded)] == ["2", "3"]
    assert held(loaded) == [(2, "1"), (4, "1")]
    assert '"1 | AA | A"' in said(loaded)
    assert '"1 | CC | C"' in said(loaded)
    assert (loaded.summary.rows, loaded.summary.entrants, loaded.summary.held) == (4, 2, 2)


def test_the_same_row_twice_is_read_once(load: Load) -> None:
    loaded = load("bib;tag;nom\n1;AA;A\n2;BB;B\n1;AA;A\n")
    assert [entrant.bib for entrant in entrants_of(loaded)] == ["1", "2"]
    assert not held(loaded)
    assert "line 4: the same row again as on line 2" in said(loaded)


def test_bibs_are_texts_and_leading_zeros_tell_them_apart(load: Load) -> None:
    assert [entrant.bib for entrant in entrants_of(load("bib;nom\n12;A\n012;B\n12A;C\n13.0;D\n"))] == [
        "12",
        "012",
        "12A",
        "13",
    ]


def test_a_doubled_tag_belongs_to_nobody_and_both_entrants_stay(load: Load) -> None:
    loaded = load("bib;tag;tag2;nom\n1;AA;A1;A\n2;aa;;B\n3;CC;;C\n")
    assert {entrant.bib: entrant.tags for entrant in entrants_of(loaded)} == {"1": ("A1",), "2": (), "3": ("CC",)}
    assert held(loaded) == [(2, "1"), (3, "2")]
    assert "tag AA is also that of bib 2 (line 3)" in said(loaded)
    assert "tag AA is also that of bib 1 (line 2)" in said(loaded)


def test_one_tag_in_both_cells_of_a_row_is_one_tag(load: Load) -> None:
    loaded = load("bib;tag;tag2\n1;AA;AA\n")
    assert entrants_of(loaded)[0].tags == ("AA",)
    assert not held(loaded)


# ---- the whole roster ----


def test_the_categories_of_the_file_are_compared_and_never_believed(load: Load) -> None:
    loaded = load("bib;sexe;ddn;cat\n1;F;01/01/1985;M1F\n2;F;01/01/1985;M0F\n3;M;01/01/1991;SE\n4;M;01/01/1991;V1H\n")
    assert (loaded.summary.category_given, loaded.summary.category_differs) == (4, 2)
    assert "2 of 4 categories of the file differ" in said(loaded)
    assert "M0F is M1F (1)" in said(loaded)


def test_runners_too_young_for_the_distance_are_told(load: Load) -> None:
    loaded = load("bib;sexe;ddn\n1;F;31/12/2007\n2;F;01/01/2008\n")
    assert "1 entrant too young to run more than 15 km (born after 2007): 2 (line 3)" in said(loaded)


def test_what_is_missing_is_told_once_with_examples(load: Load) -> None:
    loaded = load("bib;nom\n" + "".join(f"{bib};A\n" for bib in range(1, 9)))
    assert "8 entrants without a tag: 1 (line 2), 2 (line 3), 3 (line 4), 4 (line 5), 5 (line 6), ..." in said(loaded)
    assert "8 entrants without a birth date" in said(loaded)


def test_a_person_with_two_bibs_is_told(load: Load) -> None:
    loaded = load(
        "bib;nom;prénom;ddn\n1;ROUX;Zoé;31/12/1980\n2;ROUX;Luc;31/12/1980\n3;ROUX;Zoé;31/12/1980\n4;;;\n5;;;\n"
    )
    assert "2 entrants with the name and birth date of another: 1 (line 2), 3 (line 4)" in said(loaded)


def test_a_roster_with_categories_of_its_own(ten_miles: RacePlan, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("bib,tag,sex,age,category\n1,AA,M,24,M20-24\n2,BB,F,,\n")
    loaded = load_roster(path, ten_miles)
    assert [(e.age, e.category) for e in loaded.roster.entrants] == [(24, "M20-24"), (None, "")]
    assert "1 entrant without a category: 2 (line 3)" in said(loaded)
    assert loaded.summary.category_differs == 0


def test_a_workbook_gives_the_same_as_the_csv(load: Load, marseille_cassis: RacePlan, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Engagés"])
    sheet.append(["Dossard", "Nom", "Prénom", "Sexe", "Né(e) le", "Puce", "Élite", "Vague"])
    sheet.append([12, "ROUX", "Zoé", "F", datetime(1980, 12, 31), "05800012860a", True, 1])  # noqa: DTZ001
    sheet.append(["012", "BLANC", "Luc", "H", 29221, 3.5e22, None, "2"])
    sheet.append([None] * 8)
    book.create_sheet("Bénévoles").append(["Nom"])
    path = tmp_path / "roster.xlsx"
    book.save(path)
    loaded = load_roster(path, marseille_cassis)
    roux, blanc = loaded.roster.entrants
    assert roux == Entrant(
        bib=Bib("12"),
        tags=(Tag("05800012860A"),),
        last_name="ROUX",
        first_name="Zoé",
        sex=Sex.F,
        birth_date=date(1980, 12, 31),
        elite=True,
        wave="1",
    )
    assert (blanc.bib, blanc.birth_date, blanc.tags) == ("012", date(1980, 1, 1), ())
    assert "turned into a number" in said(loaded)
    assert 'only the sheet "Engagés"' in said(loaded) or "not: Bénévoles" in said(loaded)
    assert loaded.summary.encoding == "xlsx"


def test_a_roster_of_20000_is_loaded_whole(marseille_cassis: RacePlan, tmp_path: Path) -> None:
    entrants = tuple(
        Entrant(
            bib=Bib(str(number)),
            tags=(Tag(f"0580{number:08X}"),),
            last_name=f"NOM{number}",
            sex=Sex.F if number % 2 else Sex.M,
            birth_date=date(1940 + number % 65, 1 + number % 12, 1 + number % 28),
            wave=str((number - 1) // 2500 + 1),
        )
        for number in range(1, 20_001)
        if 1940 + number % 65 != 1970
    )
    path = tmp_path / "roster.csv"
    save_roster(Roster(entrants=entrants), path)
    loaded = load_roster(path, marseille_cassis)
    assert loaded.roster.entrants == entrants
    assert loaded.remarks == ()


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Co", "Cn", "Mn")), max_size=12
).map(lambda text: unicodedata.normalize("NFC", text))


NAMES = TEXTS.filter(
    lambda text: (
        not text.startswith(("#", "'", "="))
        and "\ufffd" not in text
        and "\ufeff" not in text
        and encoded_once(text) == text
    )
)
CODES = st.text("0123456789ABCDEF", min_size=1, max_size=24)


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    bibs = draw(st.lists(st.text("0123456789AB", min_size=1, max_size=5), max_size=6, unique=True))
    tags = draw(st.lists(CODES, max_size=12, unique=True))
    entrants = []
    for index, bib in enumerate(bibs):
        born = draw(st.none() | st.dates(date(1930, 1, 1), date(2010, 1, 1)).filter(lambda d: d != date(1970, 1, 1)))
        entrants.append(
            Entrant(
                bib=Bib(bib),
                tags=tuple(Tag(tag) for tag in tags[index * 2 : index * 2 + 2]),
                last_name=draw(NAMES),
                first_name=draw(NAMES),
                sex=draw(st.sampled_from(Sex)),
                birth_date=born,
                birth_year=None if born else draw(st.none() | st.integers(1930, 2010)),
                age=draw(st.none() | st.integers(5, 99)),
                category=draw(NAMES),
                nationality=draw(st.sampled_from(["FRA", "SUI", ""])),
                team=draw(NAMES),
                town=draw(NAMES),
                wave=draw(st.sampled_from(["", "1", "8"])),
                role=draw(st.sampled_from(["runner", "pacer", "vehicle"])),
                elite=draw(st.booleans()),
                status=draw(st.sampled_from(["", "DNS", "DSQ"])),
                public=draw(st.booleans()),
                say=draw(NAMES),
                editions=draw(st.none() | st.integers(1, 50)),
            )
        )
    return Roster(entrants=tuple(entrants))


@settings(max_examples=60, deadline=None)
@given(rosters())
def test_a_roster_that_was_saved_is_loaded_back(
    marseille_cassis: RacePlan, tmp_path_factory: pytest.TempPathFactory, roster: Roster
) -> None:
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    save_roster(roster, path)
    assert load_roster(path, marseille_cassis).roster == roster


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"bib;nom;tag;ddn;sexe;cat\n", b"bib,tag\n1,\n"]))
def test_any_bytes_give_a_roster_or_the_one_error(
    marseille_cassis: RacePlan, tmp_path_factory: pytest.TempPathFactory, noise: bytes, head: bytes
) -> None:
    path = tmp_path_factory.mktemp("noise") / "roster.csv"
    path.write_bytes(head + noise)
    try:
        roster = load_roster(path, marseille_cassis).roster
    except RosterError:
        return
    assert len(roster.by_bib) == len(roster)
    assert len(roster.by_tag) == sum(len(entrant.tags) for entrant in roster.entrants)
