"""Read logs: CSV files of reads, `mat,tag,epoch_us,antenna,rssi` and optionally `source,seq,received_us`.

Owns the format (docs/read_logs.md): what a line may hold, and its reading in blocks. A block's lines that have the
header's number of values and no quotes are taken apart by numpy; every other line, and every line in which one value
does not read, goes through the csv module, which decides. Both ways give the same for every line.
"""

import csv
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from readers.digits import whole_numbers
from readers.errors import ReadFileRefused
from readers.file_columns import BadLines, FileColumns, UnknownMats, shown
from readers.known_tags import expect_known_tags
from readers.line_blocks import LINE_MAX, NEWLINE, RETURN, Block
from readers.text_column import TextColumn, text_words
from timing.race import Course
from timing.reads import Bool, Int16, Int32, Int64, Names, SourceId

NEEDED: Final = ("mat", "tag", "epoch_us")
OPTIONAL: Final = ("antenna", "rssi", "source")
"""Understood when there; `seq`, `received_us` and all other columns are passed over."""

_Value = TypeVar("_Value", bound=np.generic)

_COMMA: Final = 44
_NOT_PLAIN: Final = (b'"', b"\0")
_INT16_MAX: Final = 2**15 - 1
_EPOCH: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_ANTENNA: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_RSSI: Final = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_USUAL_TAG: Final = re.compile(r"[!#-+\--`{-~]{1,32}", re.ASCII)
_SOURCE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHeader:
    """Which value of a line is what: places counted from 0, None for columns the file does not have."""

    width: int
    mat: int
    tag: int
    epoch_us: int
    antenna: int | None = None
    rssi: int | None = None
    source: int | None = None

    @classmethod
    def of(cls, line: str, where: str) -> Self:
        """The header that a first line is.

        Raises: ReadFileRefused when a needed column is missing or one is named twice.
        """
        names = header_names(line)
        missing = [name for name in NEEDED if name not in names]
        twice = sorted({name for name in (*NEEDED, *OPTIONAL) if names.count(name) > 1})
        if missing or twice:
            faults = [f"has no column {', '.join(missing)}"] * bool(missing)
            faults += [f"names {', '.join(twice)} twice"] * bool(twice)
            raise ReadFileRefused(
                f"{where}: the header `{shown(line)}` {' and '.join(faults)}. "
                "A read log begins with a line like mat,tag,epoch_us,antenna,rssi (in any order, separated by commas)."
            )
        places = {name: names.index(name) for name in (*NEEDED, *OPTIONAL) if name in names}
        return cls(width=len(names), **places)


def header_names(line: str) -> list[str]:
    """The column names of a first line, lower case; empty when it is not CSV."""
    try:
        return [name.strip().lower() for name in _csv_values(line)]
    except csv.Error:
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMeanings:
    """What the texts of a log mean in this race: each function gives the value of a text or raises ValueError."""

    tags: Names
    mat: Callable[[str], int]
    source: Callable[[str], int]

    @classmethod
    def of(cls, course: Course, tags: Names, sources: Names, unknown: UnknownMats) -> Self:
        """Meanings by the ids of the course's mats; other mats get a number of `unknown`."""
        index_of = {mat.id: index for index, mat in enumerate(course.mats)}

        def mat(text: str) -> int:
            name = _plain(text, "mat")
            index = index_of.get(name)
            return unknown.code(name) if index is None else index

        def source(text: str) -> int:
            name = text.strip(" \t")
            if name and not _SOURCE.fullmatch(name):
                raise ValueError(f"source `{shown(name, 40)}` is no name of a source ([a-z0-9._-], 64 at most)")
            if name and len(sources) >= _INT16_MAX and sources.find(name) < 0:
                raise ValueError(f"source `{shown(name, 40)}` is one more than {_INT16_MAX} sources")
            return sources.code(SourceId(name)) if name else -1

        return cls(tags=tags, mat=mat, source=source)

    def tag(self, text: str) -> int:
        return self.tags.code(_plain(text, "tag").upper())


class ReadLog:
    """Reads one file's blocks, header line apart, into columns."""

    def __init__(
        self,
        header: LogHeader,
        meanings: LogMeanings,
        *,
        source_of_mat: Int16,
        file: str,
        lines_before: int,
        bad: BadLines,
    ) -> None:
        """`source_of_mat`: number of the source of reads that name none, by mat index; its last row is for -1."""
        self.lines = lines_before
        self._header = header
        self._meanings = meanings
        self._source_of_mat = source_of_mat
        self._file = file
        self._bad = bad
        self._tags = TextColumn(meanings.tag, np.int32)
        self._mats = TextColumn(meanings.mat, np.int16)
        self._antennas = TextColumn(_antenna, np.int16)
        self._rssis = TextColumn(_rssi, np.float32)
        self._sources = TextColumn(meanings.source, np.int16)

    def feed(self, block: Block) -> FileColumns:
        """The reads of a block, in the order of its lines; bad lines go to `bad`."""
        lines = _Lines.of(block, self._header.width)
        stamps, good = whole_numbers(block, *lines.span(self._header.epoch_us))
        mat = self._column(lines, self._header.mat, self._mats, good)
        antenna = self._column(lines, self._header.antenna, self._antennas, good, -1)
        rssi = self._column(lines, self._header.rssi, self._rssis, good, np.nan)
        source = self._column(lines, self._header.source, self._sources, good, -1)
        columns = FileColumns(
            tag=self._tag(lines, good),
            mat=mat,
            stamp_us=stamps,
            source=np.where(source >= 0, source, self._source_of_mat[np.maximum(mat, -1)]),
            antenna=antenna,
            rssi=rssi,
        )
        if not (good.all() and len(lines.regular) == lines.count):
            columns = self._with_the_rest(block, lines, columns, good)
        self.lines += lines.count
        return columns

    def _tag(self, lines: "_Lines", good: Bool) -> Int32:
        words = text_words(lines.block, *lines.span(self._header.tag), good)
        if not self._tags and len(good):
            expect_known_tags(self._tags, self._meanings.tags, words, _USUAL_TAG)
        return self._tags.values(words, good)

    def _column(
        self,
        lines: "_Lines",
        place: int | None,
        column: TextColumn[_Value],
        good: Bool,
        absent: float = 0,
    ) -> NDArray[_Value]:
        """A column's values; lines whose text has none lose their mark in `good`."""
        if place is None:
            return column.absent(len(good), absent)
        starts, ends = lines.span(place)
        if np.array_equal(starts, ends):  # nothing in it, as in the signals of a reader that measures none
            return column.of_no_text(good)
        return column.values(text_words(lines.block, starts, ends, good), good)

    def _with_the_rest(self, block: Block, lines: "_Lines", fast: FileColumns, good: Bool) -> FileColumns:
        """The reads of all lines of a block: those read fast and good, and the others one by one."""
        done = np.zeros(lines.count, np.bool_)
        done[lines.regular[good]] = True
        at, rows = [], []
        for index in np.flatnonzero(~done).tolist():
            line = bytes(block.raw[int(lines.starts[index]) : int(lines.newlines[index])])
            text = line.decode("utf-8", "surrogateescape").removesuffix("\r")
            if not text.strip(" \t"):
                continue
            try:
                if len(line) > LINE_MAX:
                    raise ValueError(f"longer than {LINE_MAX:,} bytes")
                row = self._row(text)
            except ValueError as error:
                self._bad.add(self._file, self.lines + index + 1, text, str(error))
            else:
                at.append(index)
                rows.append(row)
        both = FileColumns.concat([fast.take(good), FileColumns.of_rows(rows)])
        order = np.concatenate([lines.regular[good], np.array(at, np.int64)])
        return both.take(np.argsort(order, kind="stable"))

    def _row(self, text: str) -> tuple[int, int, int, int, int, float]:
        """The read of one line; this is what a line means.

        Raises: ValueError with the reason when it is a bad one.
        """
        header = self._header
        try:
            values = _csv_values(text)
        except csv.Error as error:
            raise ValueError(f"quotes that do not match ({error})") from error
        if len(values) != header.width:
            raise ValueError(f"has {len(values)} values where the header names {header.width}")
        stamp_us = _epoch(values[header.epoch_us])
        mat = self._meanings.mat(values[header.mat])
        antenna = -1 if header.antenna is None else _antenna(values[header.antenna])
        rssi = math.nan if header.rssi is None else _rssi(values[header.rssi])
        source = -1 if header.source is None else self._meanings.source(values[header.source])
        tag = self._meanings.tag(values[header.tag])
        if source < 0:
            source = int(self._source_of_mat[max(mat, -1)])
        return tag, mat, stamp_us, source, antenna, rssi


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a block, and where the values of the regular ones are.

    `separators[i, j]` ends value j of the i-th regular line, which begins at `first[i]` and is line `regular[i]`.
    """

    block: Block
    count: int
    starts: Int64
    newlines: Int64
    regular: Int64
    first: Int64
    separators: Int64

    @classmethod
    def of(cls, block: Block, width: int) -> "_Lines":
        octets = block.octets[block.first : block.last]
        marks = octets == NEWLINE
        marks |= octets == _COMMA
        separators = np.flatnonzero(marks)
        separators += block.first
        ends_line = block.octets[separators] == NEWLINE
        if len(separators) % width == 0:
            table = separators.reshape(-1, width)
            grid = ends_line.reshape(-1, width)
            if grid[:, -1].all() and not grid[:, :-1].any():
                newlines = table[:, -1]
                starts = block.line_starts(newlines)
                return cls(block, len(table), starts, newlines, *_regular(block, np.arange(len(table)), starts, table))
        last = np.flatnonzero(ends_line)
        newlines = separators[last]
        starts = block.line_starts(newlines)
        counts = np.diff(last, prepend=-1)
        regular = np.flatnonzero(counts == width)
        table = separators[(last[regular] - (width - 1))[:, None] + np.arange(width)]
        return cls(block, len(newlines), starts, newlines, *_regular(block, regular, starts[regular], table))

    def span(self, place: int) -> tuple[Int64, Int64]:
        """Where the values of a column begin and end, one for each regular line."""
        starts = self.separators[:, place - 1] + 1 if place else self.first
        return starts, self.separators[:, place]


def _regular(block: Block, lines: Int64, starts: Int64, table: Int64) -> tuple[Int64, Int64, Int64]:
    """Of these lines those that may be taken apart at their commas: not too long, and without quotes and NULs.

    Where lines end in a carriage return it is the end of the last value.
    """
    ends = table[:, -1]
    keep = ends - starts <= LINE_MAX
    for octet in _NOT_PLAIN:
        if block.has(octet):
            at = np.flatnonzero(block.octets[block.first : block.last] == octet[0]) + block.first
            keep &= np.searchsorted(at, starts) == np.searchsorted(at, ends)
    if not keep.all():
        lines, starts, table = lines[keep], starts[keep], table[keep]
    if block.has(b"\r") and len(table):
        table = table.copy()
        table[:, -1] -= block.octets[table[:, -1] - 1] == RETURN
    return lines, starts, table


def _csv_values(line: str) -> list[str]:
    if '"' not in line:
        return line.split(",")
    if line.endswith("\r"):
        raise csv.Error("a carriage return inside the line")  # which the csv module would take for its end
    return next(csv.reader([line], strict=True), [])


def _plain(text: str, what: str) -> str:
    """A name without the blanks around it."""
    name = text.strip(" \t")
    if not name:
        raise ValueError(f"no {what}")
    if '"' in name or not name.isprintable():
        raise ValueError(f"{what} `{shown(name, 40)}` holds characters that no {what} has")
    return name


def _epoch(text: str) -> int:
    number = text.strip(" \t")
    if not _EPOCH.fullmatch(number):
        raise ValueError(f"epoch_us `{shown(number, 40)}` is not a whole number of microseconds")
    return int(number)


def _antenna(text: str) -> int:
    number = text.strip(" \t")
    if not number:
        return -1
    if not _ANTENNA.fullmatch(number) or int(number) > _INT16_MAX:
        raise ValueError(f"antenna `{shown(number, 40)}` is not a number from 0 to {_INT16_MAX}")
    return int(number)


def _rssi(text: str) -> float:
    number = text.strip(" \t")
    if not number:
        return math.nan
    if not _RSSI.fullmatch(number) or abs(float(number)) > 1e30:
        raise ValueError(f"rssi `{shown(number, 40)}` is not a number")
    return float(number)
