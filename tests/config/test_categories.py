"""The federation's age categories: the vectors of its tables, and the traps between editions."""

from datetime import date

import pytest

from config.categories import (
    FFA_SEASON_STARTS,
    CategoryBasis,
    CategoryScheme,
    SeasonStart,
    age_classes,
    class_of_birth_year,
    parse_category,
    season_of,
)
from timing.roster import Bib, Entrant, Sex

RACE_2024 = date(2024, 10, 27)


def born(text: str, sex: Sex = Sex.F, **given: object) -> Entrant:
    return Entrant(bib=Bib("1"), sex=sex, birth_date=date.fromisoformat(text), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("birth", "code"),
    [
        ("1990-12-31", "M0"),
        ("1991-01-01", "SE"),
        ("2002-12-31", "SE"),
        ("2003-01-01", "ES"),
        ("2005-12-31", "ES"),
        ("2006-01-01", "JU"),
        ("2007-12-31", "JU"),
        ("2008-01-01", "CA"),
        ("1940-12-31", "M10"),
        ("1941-01-01", "M9"),
        ("1985-06-15", "M1"),
        ("1986-06-15", "M0"),
    ],
)
def test_the_birth_year_and_the_season_decide_not_the_age_on_the_day(birth: str, code: str) -> None:
    scheme = CategoryScheme()
    assert scheme.category_of(born(birth), RACE_2024) == code + "F"
    assert scheme.category_of(born(birth, Sex.M), RACE_2024) == code + "M"


BORN_SEASON_2025 = {
    "BB": (2019, 2030),
    "EA": (2016, 2018),
    "PO": (2014, 2015),
    "BE": (2012, 2013),
    "MI": (2010, 2011),
    "CA": (2008, 2009),
    "JU": (2006, 2007),
    "ES": (2003, 2005),
    "SE": (1991, 2002),
    "M0": (1986, 1990),
    "M1": (1981, 1985),
    "M2": (1976, 1980),
    "M3": (1971, 1975),
    "M4": (1966, 1970),
    "M5": (1961, 1965),
    "M6": (1956, 1960),
    "M7": (1951, 1955),
    "M8": (1946, 1950),
    "M9": (1941, 1945),
    "M10": (1900, 1940),
}


@pytest.mark.parametrize(("code", "years"), BORN_SEASON_2025.items())
def test_the_table_of_season_2025(code: str, years: tuple[int, int]) -> None:
    within = [year for year in range(1900, 2026) if class_of_birth_year(year, RACE_2024) == code]
    assert (within[0], within[-1]) == (years[0], min(years[1], 2025))
    assert within == list(range(within[0], within[-1] + 1))


def test_every_class_of_the_table_is_in_the_test_above() -> None:
    assert [age_class.code for age_class in age_classes(RACE_2024)] == list(BORN_SEASON_2025)


@pytest.mark.parametrize(
    ("day", "season"),
    [
        (date(2021, 10, 31), 2021),
        (date(2021, 11, 1), 2022),
        (date(2022, 8, 31), 2022),
        (date(2022, 9, 1), 2023),
        (date(2022, 10, 30), 2023),
        (date(2024, 8, 31), 2024),
        (date(2024, 10, 27), 2025),
        (date(2025, 1, 1), 2025),
        (date(2016, 10, 30), 2016),
        (date(2015, 11, 1), 2016),
    ],
)
def test_seasons_begin_in_november_until_2022_and_in_september_since(day: date, season: int) -> None:
    assert season_of(day) == season


def test_class_age_jumped_by_two_between_the_editions_of_2021_and_2022() -> None:
    assert class_of_birth_year(1983, date(2021, 10, 31)) == "M0"
    assert class_of_birth_year(1983, date(2022, 10, 30)) == "M1"
    assert season_of(date(2022, 10, 30)) - season_of(date(2021, 10, 31)) == 2


@pytest.mark.parametrize(
    ("day", "birth_year", "code"),
    [
        (date(2019, 10, 27), 1969, "M2"),  # 50: ten-year groups
        (date(2019, 10, 27), 1982, "SE"),  # 37: no master before 40
        (date(2019, 10, 27), 1939, "M5"),
        (date(2019, 11, 1), 1970, "M3"),  # 50: five-year groups
        (date(2019, 11, 1), 1982, "M0"),
        (date(2015, 11, 1), 1976, "M1"),
    ],
)
def test_the_same_code_means_other_ages_before_november_2019(day: date, birth_year: int, code: str) -> None:
    assert class_of_birth_year(birth_year, day) == code


def test_no_table_is_invented_for_older_races() -> None:
    with pytest.raises(ValueError, match="2015-11-01"):
        age_classes(date(2015, 10, 31))


def test_the_season_start_is_a_setting() -> None:
    january = CategoryScheme(season_starts=(SeasonStart(valid_from=date(2000, 1, 1), month=1),))
    assert january.category_of(born("1990-12-31"), date(2024, 10, 27)) == "M0F"
    assert season_of(date(2024, 10, 27), (SeasonStart(valid_from=date(2000, 1, 1), month=11),)) == 2024
    with pytest.raises(ValueError, match="2000"):
        season_of(date(1999, 1, 1), january.season_starts)


@pytest.mark.parametrize("sex", [Sex.X, Sex.UNKNOWN])
def test_who_is_neither_man_nor_woman_by_the_roster_has_no_category(sex: Sex) -> None:
    assert CategoryScheme().category_of(born("1985-06-15", sex), RACE_2024) is None


def test_an_age_on_the_day_counts_where_it_leaves_one_class_only() -> None:
    scheme = CategoryScheme()
    of_age = {age: scheme.category_of(Entrant(bib=Bib("1"), sex=Sex.M, age=age), RACE_2024) for age in (30, 33, 34)}
    assert of_age == {30: "SEM", 33: None, 34: "M0M"}
    assert scheme.category_of(Entrant(bib=Bib("1"), sex=Sex.M), RACE_2024) is None


def test_a_birth_year_alone_is_enough() -> None:
    assert CategoryScheme().category_of(Entrant(bib=Bib("1"), sex=Sex.M, birth_year=1985), RACE_2024) == "M1M"


def test_categories_given_by_hand_survive_where_the_race_file_keeps_them() -> None:
    scheme = CategoryScheme(kept=("HANDI",))
    assert scheme.category_of(born("1985-06-15", category="Handi"), RACE_2024) == "HANDI"
    assert scheme.category_of(born("1985-06-15", category="SEF"), RACE_2024) == "M1F"
    assert CategoryScheme().category_of(born("1985-06-15", category="Handi"), RACE_2024) == "M1F"


def test_categories_of_the_roster_are_taken_as_they_are() -> None:
    scheme = CategoryScheme(basis=CategoryBasis.ROSTER)
    assert scheme.category_of(born("1985-06-15", category="F25-29"), RACE_2024) == "F25-29"
    assert scheme.category_of(born("1985-06-15"), RACE_2024) is None


def test_all_entrants_at_once_get_what_each_gets_alone() -> None:
    scheme = CategoryScheme(kept=("HANDI",))
    entrants = [
        born(f"{year}-07-01", sex, category=category)
        for year in range(1930, 2020, 3)
        for sex in Sex
        for category in ("", "HANDI", "SEM")
    ] + [Entrant(bib=Bib("2"), sex=Sex.F, age=age) for age in range(15, 40)]
    alone = [scheme.category_of(entrant, RACE_2024) for entrant in entrants]
    assert scheme.categories_of(entrants, RACE_2024) == alone


def test_categories_have_an_order_and_names() -> None:
    scheme = CategoryScheme(kept=("HANDI",))
    assert scheme.in_order(["M10F", "HANDI", "SEM", "M2F", "SEF", "M2F"], RACE_2024) == [
        "SEF",
        "SEM",
        "M2F",
        "M10F",
        "HANDI",
    ]
    assert scheme.name_of("M2F", RACE_2024, "fr") == "Masters 2 femmes"
    assert scheme.name_of("M2F", RACE_2024, "en") == "Masters 45–49 women"
    assert scheme.name_of("M10M", RACE_2024, "en") == "Masters 85+ men"
    assert scheme.name_of("HANDI", RACE_2024, "en") == "HANDI"
    for category in scheme.categories(RACE_2024)[:-1]:
        assert set(category.name) == {"fr", "en"}


def test_categories_of_the_roster_come_in_the_order_of_the_race_file_then_naturally() -> None:
    scheme = CategoryScheme(basis=CategoryBasis.ROSTER, listed=("MU20",))
    assert scheme.in_order(["M30-34", "M5-9", "MU20"], RACE_2024) == ["MU20", "M5-9", "M30-34"]


@pytest.mark.parametrize(
    ("text", "code", "sex"),
    [
        ("M10F", "M10", Sex.F),
        ("M1F", "M1", Sex.F),
        ("M10", "M10", Sex.UNKNOWN),
        ("M1", "M1", Sex.UNKNOWN),
        ("MIM", "MI", Sex.M),
        ("MIF", "MI", Sex.F),
        ("M1H", "M1", Sex.M),
        ("M4-M", "M4", Sex.M),
        ("V2H", "V2", Sex.M),
        ("SEM", "SE", Sex.M),
        ("sef", "SE", Sex.F),
        ("SM", "SE", Sex.M),
        ("ESF", "ES", Sex.F),
        ("EAF", "EA", Sex.F),
        ("Master 2 Femme", "M2", Sex.F),
        ("Vétéran 1", "V1", Sex.UNKNOWN),
        ("Espoirs", "ES", Sex.UNKNOWN),
        ("Cadette", "CA", Sex.UNKNOWN),
    ],
)
def test_written_categories_are_read_longest_code_first(text: str, code: str, sex: Sex) -> None:
    assert parse_category(text) == (code, sex)


@pytest.mark.parametrize("text", ["M", "F", "", "M11F", "XX", "M20-24", "Handi"])
def test_what_is_no_category_is_none(text: str) -> None:
    assert parse_category(text) is None


def test_every_category_is_read_back() -> None:
    for category in CategoryScheme().categories(RACE_2024):
        assert parse_category(category.code) == (category.code[:-1], category.sex)


def test_the_rules_are_in_order() -> None:
    assert [rule.valid_from for rule in FFA_SEASON_STARTS] == sorted(rule.valid_from for rule in FFA_SEASON_STARTS)
