"""Reads as they leave the readers: columns in order of delivery, with the moment each is due.

What the mats made and every wire, file and truth is written from. Owns what each kind of reader can say of a read: how
fine its stamps are, and whether it tells antenna and signal. Knows no runners and no rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np

from timing.instants import MILLISECOND, SECOND, Duration
from timing.race import Race
from timing.reads import Bool, Float32, Int16, Int32, Int64

IPICO_GRID_US: Final = 10 * MILLISECOND
USB_TICKS_S: Final = 256
USB_SIGNAL_DBM: Final = (-90, -62, 4)
"""Lowest, highest and step of what a RACE RESULT USB box tells of a signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """What a kind of reader tells of a read. `tags` false: a hand timer, which reads no chips at all."""

    grid_us: Duration = MILLISECOND
    antenna: bool = True
    signal: bool = True
    tags: bool = True


SAYS: Final[Mapping[str, Says]] = {
    "ipico": Says(grid_us=IPICO_GRID_US, antenna=False, signal=False),
    "race_result": Says(),
    "race_result_usb": Says(grid_us=1, antenna=False),
    "mylaps": Says(antenna=False, signal=False),
    "chronotrack": Says(grid_us=10 * MILLISECOND, signal=False),
    "ultra": Says(),
    "jchip": Says(grid_us=1, antenna=False, signal=False),
    "impinj": Says(grid_us=1),
    "zebra": Says(),
    "llrp": Says(grid_us=1),
    "timy": Says(grid_us=100, antenna=False, signal=False, tags=False),
    "tag_heuer": Says(grid_us=10, antenna=False, signal=False, tags=False),
    "chronelec": Says(antenna=False, signal=False),
}
"""By protocol. A RACE RESULT USB box counts 1/256 s, which `on_grid` knows."""

_OTHERS: Final = Says()


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


def says(protocol: str) -> Says:
    return SAYS.get(protocol, _OTHERS)


def grid_us(protocol: str) -> Duration:
    """How fine a reader's stamps are; a stamp is the last point of the grid before the read."""
    return says(protocol).grid_us


def on_grid(moment_us: Int64, protocol: str) -> Int64:
    """What a reader's clock shows at these moments: the last point of its grid."""
    if protocol == "race_result_usb":
        second, rest = np.divmod(moment_us, SECOND)
        ticked: Int64 = second * SECOND + rest * USB_TICKS_S // SECOND * 15_625 // 4
        return ticked
    grid = grid_us(protocol)
    shown: Int64 = moment_us // grid * grid
    return shown


def told_signal(dbm: Float32, protocol: str) -> Float32:
    """Signals as a reader tells them: whole decibels, or the steps it has."""
    told: Float32 = np.rint(dbm)
    if protocol == "race_result_usb":
        low, high, step = USB_SIGNAL_DBM
        told = np.clip(np.rint((dbm - low) / step) * step + low, low, high).astype(np.float32)
    return told
