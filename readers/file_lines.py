"""Files of reads taken line by line: each line is a read, a gun, nothing, or bad with the reason.

For kinds of files that are too varied to be taken apart in columns; some 200,000 lines a second.
"""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from readers.file_columns import BadLines, FileColumns
from readers.ipico_file import FileGun
from readers.line_blocks import LINE_MAX, NEWLINE, Block

Row: TypeAlias = tuple[int, int, int, int, int, float]
"""As in `FileColumns.of_rows`: tag, mat, stamp_us, source, antenna, rssi."""


@dataclass(frozen=True, slots=True)
class LineGun:
    """A line that is a gun."""

    label: str
    stamp_us: int


class LineMeaning(Protocol):
    """What a line of some kind of file says."""

    encoding: str

    def row(self, line: str) -> Row | LineGun | None:
        """The read or gun of a line without its end; None when it says nothing.

        Raises: ValueError with the reason when it is a bad one.
        """


class LineFile:
    """Reads one file's blocks into columns, line by line; collects its guns."""

    def __init__(self, meaning: LineMeaning, *, file: str, lines_before: int, bad: BadLines) -> None:
        self.lines = lines_before
        self.guns: list[FileGun] = []
        self._meaning = meaning
        self._file = file
        self._bad = bad

    def feed(self, block: Block) -> FileColumns:
        """The reads of a block, in the order of its lines; bad lines go to `bad`, guns to `guns`."""
        newlines = np.flatnonzero(block.octets[block.first : block.last] == NEWLINE) + block.first
        rows: list[Row] = []
        for start, end in zip(block.line_starts(newlines).tolist(), newlines.tolist(), strict=True):
            self.lines += 1
            text = bytes(block.raw[start:end]).decode(self._meaning.encoding, "replace").strip("\r\0 ")
            if not text:
                continue
            try:
                if end - start > LINE_MAX:
                    raise ValueError(f"longer than {LINE_MAX:,} bytes")
                found = self._meaning.row(text)
            except ValueError as error:
                self._bad.add(self._file, self.lines, text, str(error))
                continue
            if isinstance(found, LineGun):
                gun = FileGun(file=self._file, line=self.lines, label=found.label, stamp_us=found.stamp_us)
                self.guns.append(gun)
            elif found is not None:
                rows.append(found)
        return FileColumns.of_rows(rows)
