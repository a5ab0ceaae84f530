"""Two results files: the differences in words."""

from pathlib import Path

import pytest
from golden_race import golden_race

from results.compare import FIRST_SHOWN, compare_results, first_list_difference
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


LISTS = b"""[
 {"id":"scratch","ranked":2,"rows":[{"place":1,"bib":"7","time_us":10},{"place":2,"bib":null,"time_us":20}]},
 {"id":"sex-F","ranked":0,"rows":[]}
]"""

CHANGED_LISTS: list[tuple[bytes, bytes, str]] = [
    (b'"time_us":10', b'"time_us":11', "list scratch, place 1, bib 7, time_us: 11, expected 10"),
    (b'"bib":"7"', b'"bib":"8"', "list scratch, place 1, bib 7, bib: 8, expected 7"),
    (b'"time_us":20', b'"time_us":21', "list scratch, place 2, bib withheld, time_us: 21, expected 20"),
    (b'"ranked":0', b'"ranked":1', "list sex-F, ranked: 1, expected 0"),
    (b'{"place":1,"bib":"7","time_us":10},', b"", "list scratch, place 1, bib 7, bib: nothing, expected 7"),
    (b'"sex-F"', b'"sex-M"', "list sex-F, id: sex-M, expected sex-F"),
    (b',\n {"id":"sex-F","ranked":0,"rows":[]}', b"", "list sex-F, id: nothing, expected sex-F"),
]


@pytest.mark.parametrize(("before", "after", "words"), CHANGED_LISTS)
def test_the_first_difference_of_lists_is_told_with_list_place_bib_and_value(
    before: bytes, after: bytes, words: str
) -> None:
    assert LISTS.count(before) == 1
    assert str(first_list_difference(LISTS.replace(before, after), LISTS)) == words


def test_equal_lists_have_no_difference_and_what_is_no_list_is_refused() -> None:
    assert first_list_difference(LISTS, LISTS.replace(b"\n", b"")) is None
    for content in (b"", b"{}", b"[1]", b'[{"id":"a"}]'):
        with pytest.raises(ComparisonFailed, match="found lists"):
            first_list_difference(content, LISTS)
