"""Times somebody or something made without a chip: how a press of a button becomes a read, or a gun.

A hand time is evidence: kept with its frame, and it gives nobody a time by itself. It has no tag, and no number of the
reader's is part of its identity: these devices count runs, bibs or presses, and begin again in the middle of a race.
Two presses on one channel with one stamp are one press told twice.
"""

from collections.abc import Set
from typing import Final

from readers.events import GunSeen
from timing.reads import ChipRead, ReadKind

GUNS_MAX: Final = 4096
"""Guns remembered, so that a memory told again does not tell them again."""


class HandReads:
    """Makes the reads of one device. Guns are told once, also over several links."""

    __slots__ = ("_gun_channels", "_told")

    def __init__(self, gun_channels: Set[str] = frozenset()) -> None:
        """`gun_channels`: names of channels whose impulses are guns."""
        self._gun_channels = gun_channels
        self._told: dict[tuple[int, str], None] = {}

    def read(
        self, *, stamp_us: int, received_us: int, channel: str, mark: str = "", raw: str, may_be_gun: bool = True
    ) -> ChipRead | GunSeen | None:
        """A hand time, a gun, or None: a gun that was told before.

        Args:
            channel, mark: together the label; the mark says more (by hand, which lane).
            may_be_gun: false for times that were edited or typed in.
        """
        label = channel + mark
        if may_be_gun and channel in self._gun_channels:
            key = (stamp_us, label)
            if key in self._told:
                return None
            if len(self._told) >= GUNS_MAX:
                del self._told[next(iter(self._told))]
            self._told[key] = None
            return GunSeen(stamp_us=stamp_us, received_us=received_us, label=label, raw=raw)
        return ChipRead(tag=None, stamp_us=stamp_us, received_us=received_us, kind=ReadKind.HAND, label=label, raw=raw)
