"""Two results.csv, found and expected, or the lists of two results.json: what differs, and the first of it in words.

Knows the columns, not how they came about. Rows of results.csv are matched by bib; columns that only one file has are
named and not compared. Lists are compared in their order, row by row.
"""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from results.errors import ComparisonFailed

KEY: Final = "bib"
FIRST_SHOWN: Final = 20
_INTEGER: Final = re.compile(r"-?[0-9]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that is not the expected one."""

    bib: str
    column: str
    found: str
    expected: str

    def __str__(self) -> str:
        text = f"bib {self.bib}, {self.column}: {self.found or 'empty'}, expected {self.expected or 'empty'}"
        if self.column.endswith("_us") and _INTEGER.fullmatch(self.found) and _INTEGER.fullmatch(self.expected):
            text += f" ({int(self.found) - int(self.expected):+d} µs)"
        return text


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What came out. `columns`: differences in each column compared; `first`: the first FIRST_SHOWN, by row."""

    rows: int
    columns: Mapping[str, int]
    first: tuple[Difference, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    not_compared: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Same bibs, and every compared value as expected."""
        return not self.missing and not self.unexpected and not any(self.columns.values())

    def __str__(self) -> str:
        """A few lines for a person."""
        if self.equal:
            lines = [f"{self.rows} rows, {len(self.columns)} columns: all as expected"]
        else:
            wrong = ", ".join(f"{column} {number}" for column, number in self.columns.items() if number)
            lines = [f"{self.rows} rows compared; differences: {wrong or 'none'}"]
        for bibs, what in ((self.missing, "missing"), (self.unexpected, "not expected")):
            if bibs:
                lines.append(f"{what}: {len(bibs)} bibs ({', '.join(bibs[:FIRST_SHOWN])})")
        lines += [str(difference) for difference in self.first]
        if self.not_compared:
            lines.append(f"not compared (in one file only): {', '.join(self.not_compared)}")
        return "\n".join(lines)


def compare_results(found: Path | bytes, expected: Path | bytes) -> Comparison:
    """Compares two results files, given as paths or as bytes.

    Raises: ComparisonFailed when one cannot be read, has no column `bib`, or has a bib twice.
    """
    found_columns, found_rows = _rows(found, "found")
    expected_columns, expected_rows = _rows(expected, "expected")
    compared = [column for column in expected_columns if column in found_columns and column != KEY]
    counts = dict.fromkeys(compared, 0)
    first: list[Difference] = []
    common = [bib for bib in expected_rows if bib in found_rows]
    for bib in common:
        ours, theirs = found_rows[bib], expected_rows[bib]
        if ours == theirs:
            continue
        for column in compared:
            if ours[column] != theirs[column]:
                counts[column] += 1
                if len(first) < FIRST_SHOWN:
                    first.append(Difference(bib=bib, column=column, found=ours[column], expected=theirs[column]))
    return Comparison(
        rows=len(common),
        columns=counts,
        first=tuple(first),
        missing=tuple(bib for bib in expected_rows if bib not in found_rows),
        unexpected=tuple(bib for bib in found_rows if bib not in expected_rows),
        not_compared=tuple(c for c in (*found_columns, *expected_columns) if c != KEY and c not in counts),
    )


def _rows(source: Path | bytes, which: str) -> tuple[Sequence[str], dict[str, dict[str, str]]]:
    try:
        text = (source if isinstance(source, bytes) else source.read_bytes()).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ComparisonFailed(f"the {which} results cannot be read: {error}") from error
    name = f"the {which} results" if isinstance(source, bytes) else str(source)
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    columns = list(reader.fieldnames or ())
    if KEY not in columns:
        raise ComparisonFailed(f"{name}: no column {KEY!r}; a results.csv begins with it")
    rows: dict[str, dict[str, str]] = {}
    for row in reader:
        if None in row:
            raise ComparisonFailed(f"{name}, line {reader.line_num}: more values than columns")
        if row[KEY] in rows:
            raise ComparisonFailed(f"{name}, line {reader.line_num}: bib {row[KEY]} a second time")
        rows[row[KEY]] = row
    return columns, rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDifference:
    """The first value of the lists that is not the expected one; `place` and `bib` None: of the list as a whole."""

    list_id: str
    place: int | None
    bib: str | None
    key: str
    found: Any
    expected: Any

    def __str__(self) -> str:
        at = f", place {self.place}, bib {self.bib or 'withheld'}" if self.place is not None else ""
        return f"list {self.list_id}{at}, {self.key}: {_shown(self.found)}, expected {_shown(self.expected)}"


def first_list_difference(found: bytes, expected: bytes) -> ListDifference | None:
    """Where the lists of two results.json (as `results_json.lists_json` writes them) first differ; None: nowhere.

    Raises: ComparisonFailed when one of the two holds no lists.
    """
    nothing: Mapping[str, Any] = {}
    for ours, theirs in zip_longest(_lists(found, "found"), _lists(expected, "expected"), fillvalue=nothing):
        if ours == theirs:
            continue
        list_id = str(theirs.get("id", ours.get("id")))
        for key in dict.fromkeys([*theirs, *ours]):
            if key != "rows" and ours.get(key) != theirs.get(key):
                return ListDifference(
                    list_id=list_id, place=None, bib=None, key=key, found=ours.get(key), expected=theirs.get(key)
                )
        return _row_difference(list_id, ours["rows"], theirs["rows"])
    return None


def _row_difference(list_id: str, found: Sequence[Any], expected: Sequence[Any]) -> ListDifference | None:
    for ours, theirs in zip_longest(found, expected):
        if ours == theirs:
            continue
        of = theirs or ours
        # Somebody else in this place says more than that their names differ.
        keys = [KEY, *(of if theirs is None or ours is None else (key for key in theirs if key != KEY))]
        for key in keys:
            one, two = (None if row is None else row.get(key) for row in (ours, theirs))
            if one != two:
                return ListDifference(
                    list_id=list_id, place=of.get("place"), bib=of.get(KEY), key=key, found=one, expected=two
                )
    return None


def _lists(content: bytes, which: str) -> Sequence[Mapping[str, Any]]:
    try:
        lists = json.loads(content)
    except ValueError as error:
        raise ComparisonFailed(f"the {which} lists cannot be read: {error}") from error
    if not isinstance(lists, list) or not all(isinstance(each, dict) and "rows" in each for each in lists):
        raise ComparisonFailed(f"the {which} lists are no lists of results")
    return lists


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)
