"""Reads as they leave the readers: columns in order of delivery, with the moment each is due.

What the mats made and every wire, file and truth is written from. Knows no runners and no rules.
"""

from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np

from timing.instants import MILLISECOND, Duration
from timing.race import Race
from timing.reads import Bool, Float32, Int16, Int32, Int64

IPICO_GRID_US: Final = 10 * MILLISECOND


@dataclass(frozen=True, kw_only=True)
class EmittedReads:
    """N reads in order of delivery. `tag` indexes `tags`, `mat` the course's mats.

    `stamp_us` is the instant the reader's clock shows, on its grid (not yet in its zone); `due_us` the instant at which
    the record comes out. `antenna` -1 and `rssi` NaN: the reader gives none. `repeat` marks exact copies.
    """

    tags: tuple[str, ...]
    tag: Int32
    mat: Int16
    stamp_us: Int64
    due_us: Int64
    antenna: Int16
    rssi: Float32
    repeat: Bool

    def __len__(self) -> int:
        return len(self.tag)

    def take(self, rows: Int64 | Bool) -> Self:
        """The reads at these rows, in that order."""
        columns = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "tags"}
        return type(self)(tags=self.tags, **columns)

    def of_source(self, race: Race, source: str) -> Self:
        """The reads of one source, in order of delivery."""
        mats = np.array([mat.source == source for mat in race.course.mats], np.bool_)
        return self.take(mats[self.mat])


def grid_us(protocol: str) -> Duration:
    """How fine a reader's stamps are; a stamp is the last point of the grid before the read."""
    return IPICO_GRID_US if protocol == "ipico" else MILLISECOND


def gives_signal(protocol: str) -> bool:
    """Whether a reader tells the strength of the signal and the antenna."""
    return protocol != "ipico"
