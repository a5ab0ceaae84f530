"""Any CSV of reads, by a mapping: what its lines mean in a race. What a mapping may say is in `csv_mapping`."""

import csv
import re
from collections.abc import Callable
from typing import Final

from readers.csv_mapping import CsvMapping
from readers.errors import ReadFileRefused
from readers.file_columns import shown
from readers.file_lines import Row
from timing.reads import Int16, Names

_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,9}(?:[.,][0-9]{0,9})?", re.ASCII)


class MappedLines:
    """Takes lines apart by a mapping; see `readers.file_lines.LineMeaning`."""

    def __init__(
        self,
        mapping: CsvMapping,
        mat_of: Callable[[str, str | None, int | None], int],
        *,
        where: str,
        tags: Names,
        source_of_mat: Int16,
    ) -> None:
        """
        Args:
            mat_of: mat (or `UnknownMats` number) by the name in the mat column (empty: none), label and antenna.
        """
        self.encoding = mapping.encoding
        self._mapping = mapping
        self._mat_of = mat_of
        self._tags = tags
        self._source_of_mat = source_of_mat
        self._where = where
        self._skip = mapping.skip
        self._places: dict[str, int] | None = None
        if not mapping.header:
            self._take_header([])

    def row(self, line: str) -> Row | None:
        """The read of a line; None for the first lines and the header.

        Raises: ValueError with the reason when it is a bad one; ReadFileRefused when the header lacks a column that
            the mapping names.
        """
        if self._skip:
            self._skip -= 1
            return None
        try:
            values = _values(line, self._mapping.separator)
        except csv.Error as error:
            raise ValueError(f"quotes that do not match ({error})") from error
        if self._places is None:
            self._take_header([name.strip().lower() for name in values])
            return None
        if len(values) < self._width:
            raise ValueError(f"has {len(values)} values where the mapping needs {self._width}")
        given = {column: values[place].strip() for column, place in self._places.items()}
        tag = given["tag"].upper()
        if not tag or not tag.isprintable():
            raise ValueError("no tag" if not tag else f"tag `{shown(tag, 40)}` holds characters that no tag has")
        day = given.get("date")
        stamp_us = self._mapping.stamp(given["time"] if day is None else f"{day} {given['time']}")
        antenna = _antenna(given.get("antenna", ""))
        rssi = _rssi(given.get("rssi", ""))
        mat = self._mat_of(
            self._mapping.mat or self._mapping.mats.get(given.get("mat", ""), given.get("mat", "")),
            given.get("label") or None,
            None if antenna < 0 else antenna,
        )
        return self._tags.code(tag), mat, stamp_us, int(self._source_of_mat[max(mat, -1)]), antenna, rssi

    def _take_header(self, names: list[str]) -> None:
        columns = self._mapping.columns.items()
        self._places = {column: _place(column, at, names, self._where) for column, at in columns}
        self._width = max(self._places.values()) + 1


def _place(column: str, at: str | int, names: list[str], where: str) -> int:
    if isinstance(at, int):
        return at - 1
    if names.count(at.strip().lower()) != 1:
        found = "names no column" if at.strip().lower() not in names else "names twice the column"
        raise ReadFileRefused(
            f"{where}: the header {found} `{shown(at, 40)}`, which the mapping takes for {column}; it has: "
            + shown(", ".join(names))
        )
    return names.index(at.strip().lower())


def _values(line: str, separator: str) -> list[str]:
    if '"' not in line:
        return line.split(separator)
    return next(csv.reader([line], delimiter=separator, strict=True), [])


def _antenna(text: str) -> int:
    if not text:
        return -1
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) < 32_768):
        raise ValueError(f"antenna `{shown(text, 40)}` is not a number from 0 to 32767")
    return int(text)


def _rssi(text: str) -> float:
    if not text:
        return float("nan")
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"rssi `{shown(text, 40)}` is not a number")
    return float(text.replace(",", "."))
