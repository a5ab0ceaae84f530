"""What a file of reads gives: columns, and the lines that could not be used, each with its number and the reason."""

from dataclasses import dataclass, field, fields
from typing import Final, Self

import numpy as np

from timing.reads import Bool, Float32, Int16, Int32, Int64, Names, joined, taken_columns

TEXT_SHOWN: Final = 160
"""Characters of a bad line that are kept."""
BAD_LINES_KEPT: Final = 1000
"""Bad lines kept with their text; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that gives no read. `line` counts from 1; `text` is cut, with unprintable characters as escapes."""

    file: str
    line: int
    text: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}" + (f": {self.text}" if self.text else "")


@dataclass(slots=True, kw_only=True)
class BadLines:
    """The bad lines of all files of one reading: the first ones whole, and how many there are."""

    kept: list[BadLine] = field(default_factory=list)
    count: int = 0

    def add(self, file: str, line: int, text: str, reason: str) -> None:
        self.count += 1
        if len(self.kept) < BAD_LINES_KEPT:
            self.kept.append(BadLine(file=file, line=line, text=shown(text), reason=reason))


def shown(text: str, limit: int = TEXT_SHOWN) -> str:
    """A piece of a file as it can be put into a message: one line, cut, nothing unprintable."""
    piece = text[:limit]
    if not piece.isprintable():
        piece = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in piece)
    return piece + "…" if len(text) > limit else piece


class UnknownMats:
    """Mats that files name and the race does not have, as numbers from -2 down; past a limit they share the last."""

    LIMIT: Final = 1000

    def __init__(self) -> None:
        self._names = Names()
        self._counts: dict[int, int] = {}

    def code(self, name: str) -> int:
        code = self._names.find(name)
        if code < 0:
            code = self._names.code(name if len(self._names) < self.LIMIT else "(other names)")
        return -2 - code

    def settled(self, mat: Int16) -> Int16:
        """The column with -1 for every unknown mat; their reads are counted."""
        unknown = mat < -1
        if not unknown.any():
            return mat
        for code, count in zip(*np.unique(mat[unknown], return_counts=True), strict=True):
            self._counts[int(code)] = self._counts.get(int(code), 0) + int(count)
        return np.where(unknown, np.int16(-1), mat)

    @property
    def counts(self) -> dict[str, int]:
        """How many reads each unknown mat has."""
        return {self._names.names[-2 - code]: count for code, count in self._counts.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileColumns:
    """Reads of a part of a file, as in `Reads`; but `stamp_us` is as written, and `mat` may be of `UnknownMats`."""

    tag: Int32
    mat: Int16
    stamp_us: Int64
    source: Int16
    antenna: Int16
    rssi: Float32

    def __len__(self) -> int:
        return len(self.tag)

    def take(self, rows: Int64 | Bool) -> Self:
        return type(self)(**taken_columns(self, rows))

    @classmethod
    def of_rows(cls, rows: list[tuple[int, int, int, int, int, float]]) -> Self:
        """Columns from rows of (tag, mat, stamp_us, source, antenna, rssi)."""
        tag, mat, stamp_us, source, antenna, rssi = zip(*rows, strict=True) if rows else ((),) * 6
        return cls(
            tag=np.array(tag, np.int32),
            mat=np.array(mat, np.int16),
            stamp_us=np.array(stamp_us, np.int64),
            source=np.array(source, np.int16),
            antenna=np.array(antenna, np.int16),
            rssi=np.array(rssi, np.float32),
        )

    @classmethod
    def concat(cls, parts: "list[FileColumns]") -> Self:
        if not parts:
            return cls.of_rows([])
        return cls(**{f.name: joined([getattr(p, f.name) for p in parts]) for f in fields(cls)})
