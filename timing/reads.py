"""Reads: one record at the edge, columns inside.

A `ChipRead` is what a decoder gives for one observation, stamps as sent. `Reads` holds many, ready to be matched:
tags, sources and mats are small integers, moments are instants. Neither knows runners.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NewType, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

SourceId = NewType("SourceId", str)
"""Name of whatever delivers reads under one identity: `[a-z0-9][a-z0-9._-]{0,63}`."""

Tag = NewType("Tag", str)
"""What the runner wears: exact text, letters in upper case."""

Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Int16 = NDArray[np.int16]
UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
_ScalarT = TypeVar("_ScalarT", bound=np.generic)


class ClockKind(enum.StrEnum):
    """What a reader's clock keeps."""

    UTC = "utc"
    LOCAL = "local"
    TIME_OF_DAY = "time_of_day"
    ELAPSED = "elapsed"


class ReadKind(enum.StrEnum):
    READ = "read"
    GUN = "gun"
    HAND = "hand"


class ReadClass(enum.IntEnum):
    """What became of a journalled read; each read has exactly one."""

    USED = 0
    """Gives a runner's moment at a point."""
    SAME_PASSING = 1
    """Seen again in a passing whose moment another read gives, or by the point's other mat."""
    TOO_EARLY = 2
    """Before the gun or the minimum time, or a start crossing that a later one replaced."""
    AFTER = 3
    """After the passing that counts, or after the start was closed."""
    UNKNOWN_TAG = 4
    STRAY = 5
    """A tag parked at the mat, or worn by something that is not timed."""
    CLOCK_HELD = 6
    """The stamp cannot be trusted: outside the race window."""
    SET_ASIDE = 7
    """By a ruling."""
    MALFORMED = 8
    """Kept raw: a record that could not be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipRead:
    """One observation, as a decoder gives it.

    `stamp_us` is the reader's own clock, microseconds since 1970-01-01 00:00:00 of that clock (of midnight or of its
    zero for clocks without a date): no zone applied, never corrected. `label` is the reader's word for the mat when
    it serves several (IPICO: the two hexadecimal digits of the reader id). `reader_file` and `reader_seq` are the
    reader's own numbering, where it numbers.
    """

    tag: Tag | None
    stamp_us: int
    received_us: int
    kind: ReadKind = ReadKind.READ
    label: str | None = None
    antenna: int | None = None
    rssi: float | None = None
    reader_file: str | None = None
    reader_seq: int | None = None
    raw: str | None = None


class Names:
    """Strings as small integers, numbered in order of first sight."""

    __slots__ = ("_codes", "names")

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names: list[str] = []
        self._codes: dict[str, int] = {}
        for name in names:
            self.code(name)

    def code(self, name: str) -> int:
        """The number of a name, given now if it is new."""
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = len(self.names)
            self.names.append(name)
        return code

    def codes(self, names: Sequence[str]) -> list[int]:
        """The number of each name, given now to new ones: `code` for many at once."""
        known = self._codes.get
        codes = [known(name, -1) for name in names]
        if -1 in codes:
            codes = [self.code(name) for name in names]
        return codes

    def find(self, name: str) -> int:
        """The number of a known name, else -1."""
        return self._codes.get(name, -1)

    def __len__(self) -> int:
        return len(self.names)


def same_for_all(value: _ScalarT, count: int) -> NDArray[_ScalarT]:
    """A read-only column that has one value in every row and takes no room: no signal, no antenna, nothing held.

    Most races have some of these, with a million rows. Cut and joined by the functions below they stay what they are.
    """
    return np.broadcast_to(value, count)


def is_same_for_all(column: NDArray[Any]) -> bool:
    return column.strides == (0,) and len(column) > 0


def taken_columns(columns: Any, rows: Int64 | Bool | slice) -> dict[str, NDArray[Any]]:
    """By name, these rows of each column of a dataclass of columns that has a column `tag`."""
    tag = columns.tag[rows]
    taken = {"tag": tag}
    for name in (f.name for f in fields(columns) if f.name != "tag"):
        column = getattr(columns, name)
        taken[name] = same_for_all(column[0], len(tag)) if is_same_for_all(column) else column[rows]
    return taken


def joined(columns: Sequence[NDArray[_ScalarT]]) -> NDArray[_ScalarT]:
    """The columns one after another; there must be one at least."""
    some = [column for column in columns if len(column)] or columns[:1]
    if all(is_same_for_all(column) and column[0].tobytes() == some[0][0].tobytes() for column in some):
        return same_for_all(some[0][0], sum(map(len, some)))
    return np.concatenate(some)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """N reads as columns of length N, in any order.

    `tag` and `source` are numbers in the `Names` they were made with (tag -1: none); `mat` is an index into
    `Course.mats` (-1: at no mat of this race); `antenna` -1 and `rssi` NaN mean "not given"; `held` marks a stamp the
    clock ledger does not trust, whose moment must not be used.
    """

    tag: Int32
    mat: Int16
    moment_us: Int64
    source: Int16
    antenna: Int16
    rssi: Float32
    held: Bool

    def __len__(self) -> int:
        return len(self.tag)

    def take(self, rows: Int64 | Bool | slice) -> Self:
        """The reads at these rows, in that order."""
        return type(self)(**taken_columns(self, rows))

    @classmethod
    def empty(cls) -> Self:
        return cls.of_moments(tag=[], mat=[], moment_us=[])

    @classmethod
    def of_moments(
        cls,
        *,
        tag: Sequence[int] | Int32,
        mat: Sequence[int] | Int16,
        moment_us: Sequence[int] | Int64,
        source: Sequence[int] | Int16 | None = None,
        antenna: Sequence[int] | Int16 | None = None,
        rssi: Sequence[float] | Float32 | None = None,
        held: Sequence[bool] | Bool | None = None,
    ) -> Self:
        """Reads from what is known; what is not given is filled with "not given"."""
        n = len(tag)
        return cls(
            tag=np.asarray(tag, np.int32),
            mat=np.asarray(mat, np.int16),
            moment_us=np.asarray(moment_us, np.int64),
            source=np.full(n, -1, np.int16) if source is None else np.asarray(source, np.int16),
            antenna=np.full(n, -1, np.int16) if antenna is None else np.asarray(antenna, np.int16),
            rssi=np.full(n, np.nan, np.float32) if rssi is None else np.asarray(rssi, np.float32),
            held=np.zeros(n, np.bool_) if held is None else np.asarray(held, np.bool_),
        )

    @classmethod
    def concat(cls, parts: Sequence["Reads"]) -> Self:
        """All the reads of the parts, in the order given."""
        if not parts:
            return cls.empty()
        return cls(**{f.name: joined([getattr(p, f.name) for p in parts]) for f in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReads:
    """Reads of one source on their way to the journal: rows as delivered, stamps as sent.

    `malformed` holds records that could not be understood, raw, each with its reason; they are journalled too.
    """

    source: SourceId
    clock: ClockKind
    reads: Sequence[ChipRead]
    malformed: Sequence[tuple[str, str]] = field(default=())
