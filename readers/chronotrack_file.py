"""Files of a ChronoTrack controller, as on its USB stick: reads (`.csv`) and the log of its buttons and clock (`.mrk`).

Owns how such lines read (docs/readers_chronotrack.md). Source: the files of a race of 2021 that come with the maker's
SimpleClient, some 40,000 reads of six boxes; no document describes them. What looks like Unix seconds is the box's wall
clock (*inferred*: gun records, which show wall time, fit without any offset; a box that logs both agrees).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from readers.file_columns import BadLines, FileColumns
from readers.ipico_file import FileGun
from readers.line_blocks import LINE_MAX, Block
from readers.wall_stamps import date_us, time_of_day_us
from timing.instants import SECOND
from timing.reads import Int16, Names

READ_LINE: Final = re.compile(r"[\0 \t]*TO~[0-9]+~")
MARKER_LINE: Final = re.compile(r"[0-9A-Za-z]{4,12},[0-9]{1,9},[^,~]{1,32},[0-9]{1,9},[0-9]{14},")

_NUMBER: Final = re.compile(r"[0-9]{1,12}")
_TAG: Final = re.compile(r"[0-9A-Za-z]{1,32}")
_SECONDS: Final = re.compile(r"([0-9]{1,11})\.([0-9]{1,6})")
_READER: Final = re.compile(r"[0-9A-Fa-f]{6}")
_PORT: Final = re.compile(r"[0-9]{1,2}")
_SIGNAL: Final = re.compile(r"-?[0-9]{1,3}")
_FIELDS: Final = (11, 12)
"""Boxes with older software leave out the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerRead:
    """One line of reads. `reader`: the last six digits of the reader's own address, a box has several."""

    tag: str
    stamp_us: int
    reader: str
    antenna: int
    rssi: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerMark:
    """One line of the log. Of a `TimeChange` the stamp is the new time, and `value` the old one as it stands."""

    box: str
    kind: str
    stamp_us: int
    value: str


def read_of(line: str) -> ControllerRead | None:
    """What a line of reads says; None for a blank one.

    Raises: ValueError with the reason when it says nothing.
    """
    text = line.strip("\0 \t\r\n")
    if not text:
        return None
    fields = text.split("~")
    if fields[0] != "TO" or len(fields) not in _FIELDS:
        raise ValueError(f"a read begins with TO and has 11 or 12 fields, not {len(fields)}")
    _, seq, tag, _, _, seconds, reader, antenna, signal = fields[:9]
    if not _NUMBER.fullmatch(seq):
        raise ValueError(f"number `{seq}` is not digits")
    if not _TAG.fullmatch(tag):
        raise ValueError(f"tag `{tag}` is not letters and digits")
    found = _SECONDS.fullmatch(seconds)
    if found is None:
        raise ValueError(f"no such time: {seconds}")
    if not _READER.fullmatch(reader):
        raise ValueError(f"reader `{reader}` is not six hexadecimal digits")
    if not _PORT.fullmatch(antenna) or not _SIGNAL.fullmatch(signal):
        raise ValueError(f"antenna `{antenna}` and signal `{signal}` are not numbers")
    stamp_us = int(found[1]) * SECOND + int(found[2].ljust(6, "0"))
    return ControllerRead(
        tag=tag.upper(), stamp_us=stamp_us, reader=reader.upper(), antenna=int(antenna), rssi=float(signal)
    )


def mark_of(line: str) -> ControllerMark | None:
    """What a line of the log says; None for a blank one.

    Raises: ValueError with the reason when it says nothing.
    """
    text = line.strip("\0 \t\r\n")
    if not text:
        return None
    if not MARKER_LINE.match(text):
        raise ValueError("a line of the log is box,number,kind,reads,YYMMDDHHMMSShh,value")
    box, _, kind, _, when, value = text.split(",", 5)
    day_us = date_us(when[:6])
    time_us = time_of_day_us(f"{when[6:8]}:{when[8:10]}:{when[10:12]}.{when[12:14]}")
    if day_us is None or time_us is None:
        raise ValueError(f"no such date and time: {when}")
    return ControllerMark(box=box, kind=kind, stamp_us=day_us + time_us, value=value)


class _ControllerLines:
    """Reads one file's blocks, line by line: a box has some 20,000 lines, which take a tenth of a second."""

    def __init__(
        self,
        mat_of: Callable[[str, int | None], int],
        *,
        tags: Names,
        source_of_mat: Int16,
        file: str,
        lines_before: int,
        bad: BadLines,
    ) -> None:
        """As `IpicoFile`; `mat_of` is told the antenna, too. The label of a read is its reader."""
        self.lines = lines_before
        self.guns: list[FileGun] = []
        self._mat_of = mat_of
        self._tags = tags
        self._source_of_mat = source_of_mat
        self._file = file
        self._bad = bad

    def feed(self, block: Block) -> FileColumns:
        """The reads of a block, in the order of its lines; bad lines go to `bad`, guns to `guns`."""
        rows: list[tuple[int, int, int, int, int, float]] = []
        for raw in bytes(block.raw[block.first : block.last - 1]).split(b"\n"):
            self.lines += 1
            line = raw.decode("latin-1")
            try:
                if len(line) > LINE_MAX:
                    raise ValueError(f"longer than {LINE_MAX:,} bytes")
                self._line(line, rows)
            except ValueError as error:
                self._bad.add(self._file, self.lines, line.rstrip("\r"), str(error))
        return FileColumns.of_rows(rows)

    def _line(self, line: str, rows: list[tuple[int, int, int, int, int, float]]) -> None:
        """Raises: ValueError."""
        raise NotImplementedError


class ChronoTrackFile(_ControllerLines):
    """The reads of a box."""

    def _line(self, line: str, rows: list[tuple[int, int, int, int, int, float]]) -> None:
        read = read_of(line)
        if read is None:
            return
        mat = self._mat_of(read.reader, read.antenna)
        source = int(self._source_of_mat[max(mat, -1)])
        rows.append((self._tags.code(read.tag), mat, read.stamp_us, source, read.antenna, read.rssi))


class ChronoTrackMarks(_ControllerLines):
    """The log of a box: its guns. A gun is a button that was pressed, and a proposal, no more."""

    def _line(self, line: str, rows: list[tuple[int, int, int, int, int, float]]) -> None:
        mark = mark_of(line)
        if mark is not None and mark.kind == "Gun":
            self.guns.append(FileGun(file=self._file, line=self.lines, label=mark.box, stamp_us=mark.stamp_us))
