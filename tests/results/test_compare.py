"""Two results files: the differences in words."""

from pathlib import Path

import pytest
from golden_race import golden_race

from results.compare import FIRST_SHOWN, compare_results
from results.errors import ComparisonFailed
from results.results_csv import results_csv


def test_a_file_equals_itself_in_any_order_of_rows() -> None:
    content = results_csv(*golden_race())
    head, *rows = content.splitlines(keepends=True)
    comparison = compare_results(content, head + b"".join(reversed(rows)))
    assert comparison.equal
    assert str(comparison) == "13 rows, 14 columns: all as expected"


def test_each_difference_is_told_with_bib_column_and_distance() -> None:
    found = b"bib,net_time_us,rank_sex,flags\n7,3600000000,1,\n8,5,2,x\n"
    expected = b"bib,net_time_us,rank_sex,status\n7,3600250000,1,DNF\n8,,3,DNF\n"
    comparison = compare_results(found, expected)
    assert not comparison.equal
    assert comparison.columns == {"net_time_us": 2, "rank_sex": 1}
    assert comparison.not_compared == ("flags", "status")
    assert "bib 7, net_time_us: 3600000000, expected 3600250000 (-250000 µs)" in str(comparison)
    assert "bib 8, net_time_us: 5, expected empty" in str(comparison)
    assert "differences: net_time_us 2, rank_sex 1" in str(comparison)


def test_missing_and_unexpected_bibs_are_named() -> None:
    comparison = compare_results(b"bib,a\n1,x\n2,x\n", b"bib,a\n2,x\n3,x\n")
    assert (comparison.missing, comparison.unexpected, comparison.rows) == (("3",), ("1",), 1)
    assert "missing: 1 bibs (3)" in str(comparison)
    assert not comparison.equal


def test_only_the_first_differences_are_told_and_all_are_counted() -> None:
    found = b"bib,a\n" + b"".join(b"%d,x\n" % n for n in range(100))
    expected = found.replace(b"x", b"y")
    comparison = compare_results(found, expected)
    assert comparison.columns == {"a": 100}
    assert len(comparison.first) == FIRST_SHOWN


BROKEN = [(b"nothing\n1\n", "no column 'bib'"), (b"bib\n1\n1\n", "a second time"), (b"bib\n1,2\n", "more values")]


@pytest.mark.parametrize(("content", "words"), BROKEN)
def test_a_file_that_is_no_results_file_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(ComparisonFailed, match=words):
        compare_results(content, b"bib\n")


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ComparisonFailed, match="expected results cannot be read"):
        compare_results(b"bib\n", tmp_path / "nothing.csv")
