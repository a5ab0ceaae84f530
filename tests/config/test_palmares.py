"""The winners' table is the race's own page, verbatim, with its anomalies."""

from collections import Counter
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.palmares import HEADER, Winner, course_records, load_winners, progression, record
from config.plan import RacePlan
from timing.roster import Sex


@pytest.fixture(scope="module")
def winners(marseille_cassis: RacePlan) -> tuple[Winner, ...]:
    return marseille_cassis.past_winners


def test_44_editions_have_a_man_and_a_woman_each(winners: tuple[Winner, ...]) -> None:
    assert Counter((winner.edition, winner.sex) for winner in winners) == Counter(
        (edition, sex) for edition in range(1, 45) for sex in (Sex.M, Sex.F)
    )


def test_there_was_no_edition_in_2020(winners: tuple[Winner, ...]) -> None:
    assert all(winner.year == winner.edition + (1978 if winner.edition <= 41 else 1979) for winner in winners)


def test_the_times_add_up(winners: tuple[Winner, ...]) -> None:
    timed = [winner for winner in winners if winner.time_s is not None]
    assert len(timed) == 86
    assert sum(winner.time_s or 0 for winner in timed) == 348_793


def test_seconds_are_those_of_the_printed_time(winners: tuple[Winner, ...]) -> None:
    for winner in winners:
        hours, rest = (winner.time_raw or "0h00'00").replace("’", "'").split("h")
        minutes, seconds = rest.split("'")
        assert int(hours) * 3600 + int(minutes) * 60 + int(seconds) == (winner.time_s or 0)


def test_two_winners_have_no_time_no_club_and_no_country(winners: tuple[Winner, ...]) -> None:
    bare = [winner for winner in winners if winner.time_s is None]
    assert [(w.year, w.athlete, w.club, w.country, w.time_raw) for w in bare] == [
        (1987, "El Hassania DAHRAMI", "", "", ""),
        (1988, "El Hassania DAHRAMI", "", "", ""),
    ]


def test_both_apostrophes_survive(winners: tuple[Winner, ...]) -> None:
    marks = Counter(winner.time_raw[4] for winner in winners if winner.time_raw)
    assert marks == {"’": 67, "'": 19}
    assert {w.time_raw for w in winners if w.year == 2021} == {"1h01’55", "1h13'24"}


def test_spellings_of_countries_survive(winners: tuple[Winner, ...]) -> None:
    countries = Counter(winner.country for winner in winners)
    assert countries["Kenya"] == 33
    assert countries["France"] == 23
    assert (countries["Ethiopie"], countries["Éthiopie"], countries["Rep.Tchèque"], countries[""]) == (10, 1, 1, 2)
    assert len(countries) == 18


def test_clubs_and_names_survive(winners: tuple[Winner, ...]) -> None:
    clubs = Counter(winner.club for winner in winners if winner.club)
    assert clubs == {"CMS Marignane": 6, "USPEG": 4, "SCO": 3, "ENA Nîmes": 1, "SMUC": 1, "Strasbourg": 1}
    assert "P.DENEUVILLE" in {winner.athlete for winner in winners}


def test_the_same_mens_time_three_years_in_a_row_is_kept(winners: tuple[Winner, ...]) -> None:
    assert [w.time_s for w in winners if w.sex is Sex.M and w.year in (1981, 1982, 1983)] == [4076] * 3


def test_wins_are_counted_by_the_exact_spelling(winners: tuple[Winner, ...]) -> None:
    wins = Counter(winner.athlete for winner in winners)
    assert (wins["Fabienne RAI"], wins["Jean-Pierre LOUVET"], wins["Olika ADUGNA"]) == (5, 3, 1)


def test_records_of_all_editions(winners: tuple[Winner, ...]) -> None:
    men, women = record(winners, Sex.M), record(winners, Sex.F)
    assert men is not None
    assert women is not None
    assert (men.time_raw, men.athlete, men.year) == ("0h57'18", "Edwin KIPYEGO", 2015)
    assert (women.time_raw, women.athlete, women.year) == ("1h05'58", "Edith CHELIMO", 2017)


def test_each_course_version_has_its_own_record(marseille_cassis: RacePlan) -> None:
    records = course_records(marseille_cassis.past_winners, marseille_cassis.course_versions)
    assert {key: (winner.year, winner.time_s) for key, winner in records.items()} == {
        ("V1", Sex.M): (2011, 3485),
        ("V1", Sex.F): (2011, 4093),
        ("V2", Sex.M): (2015, 3438),
        ("V2", Sex.F): (2015, 3961),
        ("V3", Sex.M): (2017, 3556),
        ("V3", Sex.F): (2017, 3958),
    }


def test_the_record_progressions(winners: tuple[Winner, ...]) -> None:
    assert [winner.year for winner in progression(winners, Sex.M)] == (
        [1979, 1980, 1984, 1986, 1987, 1988, 1990, 1994, 1996, 1997, 1999, 2002, 2011, 2015]
    )
    assert [winner.year for winner in progression(winners, Sex.F)] == (
        [1979, 1980, 1981, 1983, 1984, 1989, 1990, 1991, 1994, 1999, 2000, 2011, 2012, 2015, 2017]
    )


def test_every_bad_line_of_a_table_is_told(tmp_path: Path) -> None:
    path = tmp_path / "winners.csv"
    path.write_text(",".join(HEADER) + "\none,1979,M,A,,,,\n2,1980,Q,B,,,,\n3,1981,F,C,,,,\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_winners(path)
    assert [fault.line for fault in caught.value.faults] == [2, 3]


def test_another_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "winners.csv"
    path.write_text("year,name\n1979,A\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="edition,year,sex"):
        load_winners(path)


def test_the_split_of_the_mens_record_is_known_and_of_the_womens_none(marseille_cassis: RacePlan) -> None:
    assert [(s.year, s.sex, s.point, s.time_s) for s in marseille_cassis.record_splits] == [
        (2017, Sex.M, "GINESTE", 31 * 60 + 39)
    ]
