"""What each device of a simulated race will record, in a neutral form: the one thing virtual devices are made from.

A tape is made of the emitted reads of a source, is kept beside the race's files, and knows no wire: what a record
looks like on one is for the device (`simulators.devices`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from simulators.emission import EmittedReads, on_grid, says
from simulators.sim_field import SimField
from timing.instants import MISSING, Instant
from timing.race import Race, Source
from timing.reader_kinds import KIND_OF
from timing.reads import Float32, Int16, Int32, Int64, SourceId

READERS_FOLDER: Final = "readers"
SUFFIX: Final = ".tape.npz"
HAND_TIMES: Final = 10
"""A hand timer at a point has the first so many across its line."""
NUMBERED: Final = frozenset({"race_result", "race_result_usb", "ultra"})
"""Readers that number their records: one that is told twice is told with the same number."""

_DUE_AFTER_US: Final = 50_000
_COLUMNS: Final = ("tag", "mat", "stamp_us", "due_us", "antenna", "rssi", "guns_us")


@dataclass(frozen=True, kw_only=True)
class Tape:
    """Everything one device records, in order of delivery, and when each record is due.

    `tag` indexes `tags` and is -1 for a time without a chip; `mat` indexes `labels`, the reader's own words for its
    mats (empty: it has none). `stamp_us` is the instant the clock shows, not yet in its zone. `antenna` -1 and `rssi`
    NaN: not told. `guns_us`: the guns the trigger input sees.
    """

    source: SourceId
    protocol: str
    tags: tuple[str, ...]
    labels: tuple[str, ...]
    tag: Int32
    mat: Int16
    stamp_us: Int64
    due_us: Int64
    antenna: Int16
    rssi: Float32
    guns_us: tuple[Instant, ...] = ()

    def __len__(self) -> int:
        return len(self.due_us)

    @property
    def distinct(self) -> int:
        """How many different reads the engine must have in the end, however often each is told."""
        if self.protocol in NUMBERED:
            return len(self)
        keys = np.stack([column.astype(np.int64) for column in (self.tag, self.mat, self.stamp_us, self.antenna)])
        return int(np.unique(keys, axis=1).shape[1])

    def label(self, row: int) -> str:
        return self.labels[int(self.mat[row])]

    def write(self, folder: Path) -> None:
        """Writes `<source>.tape.npz`."""
        folder.mkdir(parents=True, exist_ok=True)
        held: dict[str, Any] = {name: np.asarray(getattr(self, name)) for name in _COLUMNS}
        held["guns_us"] = np.array(self.guns_us, np.int64)
        held |= {name: np.array(getattr(self, name), np.str_) for name in ("protocol", "tags", "labels")}
        with (folder / f"{self.source}{SUFFIX}").open("wb") as file:
            np.savez(file, **held)

    @classmethod
    def load(cls, folder: Path, source: str) -> Self:
        """The tape of a source out of a folder of tapes.

        Raises: FileNotFoundError when it has none; ValueError when what the file holds does not fit together.
        """
        with np.load(folder / f"{source}{SUFFIX}", allow_pickle=False) as held:
            columns: dict[str, Any] = {name: held[name] for name in _COLUMNS}
            words: dict[str, Any] = {name: tuple(held[name].tolist()) for name in ("tags", "labels")}
            protocol = str(held["protocol"])
        guns_us = tuple(columns.pop("guns_us").tolist())
        if len({len(column) for column in columns.values()}) > 1:
            raise ValueError(f"{source}: the columns of its tape are not of equal length")
        return cls(source=SourceId(source), protocol=protocol, **words, **columns, guns_us=guns_us)


def tape_sources(folder: Path) -> list[str]:
    """The sources that have a tape in a folder of tapes."""
    return sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}"))


def tapes_of(
    race: Race, reads: EmittedReads, guns_us: Sequence[Instant] = (), field: SimField | None = None
) -> list[Tape]:
    """The tapes of all readers of a race that are of a kind the engine talks to.

    The reader of the start's first main mat sees the guns. A hand timer has the first across the line of its mat's
    point (the finish without one), as far as a field says who they were.
    """
    return [
        _hand_tape(race, source, field) if not says(source.protocol).tags else _tape(race, source, reads, guns_us)
        for source in race.sources
        if source.protocol in KIND_OF
    ]


def _tape(race: Race, source: Source, reads: EmittedReads, guns_us: Sequence[Instant]) -> Tape:
    own = reads.of_source(race, source.id)
    if source.protocol in NUMBERED:
        own = own.take(~own.repeat)
    hears = KIND_OF[source.protocol].gun and source.id == race.course.start.mats[0].source
    used, tag = np.unique(own.tag, return_inverse=True)
    return Tape(
        source=source.id,
        protocol=source.protocol,
        tags=tuple(own.tags[code] for code in used.tolist()),
        labels=tuple((mat.label or "") if mat.source == source.id else "" for mat in race.course.mats),
        tag=tag.astype(np.int32),
        mat=own.mat,
        stamp_us=own.stamp_us,
        due_us=own.due_us,
        antenna=own.antenna,
        rssi=own.rssi,
        guns_us=tuple(sorted(set(guns_us))) if hears else (),
    )


def _hand_tape(race: Race, source: Source, field: SimField | None) -> Tape:
    at = next((mat.point for mat in race.course.mats if mat.source == source.id), race.course.finish.id)
    row = next(number for number, point in enumerate(race.course.points) if point.id == at)
    line_us = np.zeros(0, np.int64) if field is None else field.line_us[row]
    moments = on_grid(np.sort(line_us[line_us != MISSING])[:HAND_TIMES], source.protocol)
    count = len(moments)
    return Tape(
        source=source.id,
        protocol=source.protocol,
        tags=(),
        labels=("",),
        tag=np.full(count, -1, np.int32),
        mat=np.zeros(count, np.int16),
        stamp_us=moments,
        due_us=moments + _DUE_AFTER_US,
        antenna=np.full(count, -1, np.int16),
        rssi=np.full(count, np.nan, np.float32),
    )
