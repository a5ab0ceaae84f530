"""One collector's store as the engine knows it: what is journalled, what a batch brings anew, which gaps to ask for.

Source: docs/collector_protocol.md, sections Confirmed and "What the engine does with the rest". Time is given to it
(seconds of a steady clock). No input or output, no MQTT.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from readers.collector_batch import Batch
from readers.collector_cursor import Cursor, Range
from timing.delivery import Cursor as Delivered
from timing.read_columns import Delivery, content_check, raw_check
from timing.reads import ClockKind, SourceId, SourceReads

ASK_AGAIN_S: Final = 5.0
ASK_AGAIN_LONGEST_S: Final = 60.0
ASK_APART_S: Final = 1.0
ASKED_AT_ONCE: Final = 20
"""Ranges asked for in one go; the lowest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorBatch:
    """What a batch brings: the reads and raw records to be journalled, and the numbers they were delivered under.

    `delivery` covers the whole batch, also its repeats, which are not among the reads. `conflicts` are numbers that
    came before with another content: both are reads, each under its own identity.
    """

    reads: SourceReads
    delivery: Delivery
    repeats: int = 0
    conflicts: tuple[int, ...] = ()

    @property
    def last(self) -> int:
        return self.delivery.first + self.delivery.count - 1


class StoreLedger:
    """Attributes: store; taken: numbers that are in the journal for good, or known to be lost."""

    def __init__(self, store: str, known: Delivered | None = None) -> None:
        self.store = store
        # A copy: what it comes from is kept up by another thread.
        self._delivered = copy.deepcopy(known) if known is not None else Delivered()
        self.taken = Cursor(0, self._delivered.ranges)
        self._pending: dict[int, int] = {}  # number -> check of what is being journalled
        self._asked = Cursor()
        self._missing = 0
        self._ask_at = 0.0
        self._wait_s = ASK_AGAIN_S

    def sift(self, source: SourceId, batch: Batch, clock: ClockKind) -> CollectorBatch | None:
        """What of a batch has to be journalled; None when nothing: all of it is there, or on its way there.

        What is given out counts as on its way until `settle`.
        """
        checks = _checks(batch)
        repeats, conflicts = self._known(batch.first, checks)
        self._pending.update(enumerate(checks, batch.first))
        if len(repeats) == batch.count:
            return None
        reads = [read for number, read in zip(batch.numbers, batch.reads, strict=True) if number not in repeats]
        malformed = tuple((bad.raw, bad.reason) for bad in batch.malformed if bad.number not in repeats)
        return CollectorBatch(
            reads=SourceReads(source=source, clock=batch.clock or clock, reads=reads, malformed=malformed),
            delivery=Delivery(store=self.store, first=batch.first, count=batch.count, checks=tuple(checks)),
            repeats=len(repeats),
            conflicts=conflicts,
        )

    def _known(self, first: int, checks: Sequence[int]) -> tuple[frozenset[int], tuple[int, ...]]:
        """The numbers that came with the same content, and those that came with another one."""
        numbers = range(first, first + len(checks))
        if not any(number in self._pending for number in numbers) and not any(map(self.taken.__contains__, numbers)):
            return frozenset(), ()
        conflicts = set(self._delivered.conflicts(first, checks))
        # A check that differs from any is in conflict wherever one is known. Where none is (a number given up for
        # lost), the read's own identity decides: it is no repeat here.
        repeats = set(self._delivered.conflicts(first, [check ^ 1 or 2 for check in checks])) - conflicts
        for number, check in zip(numbers, checks, strict=True):
            if (pending := self._pending.get(number)) is not None:
                (repeats if pending == check else conflicts).add(number)
        return frozenset(repeats - conflicts), tuple(sorted(conflicts))

    def journalled(self, batch: CollectorBatch) -> None:
        delivery = batch.delivery
        self._delivered.add(delivery.first, delivery.count, delivery.checks)
        self.taken.add(delivery.first, batch.last)

    def lost(self, ranges: Sequence[Range]) -> None:
        """The journal says that these will never come."""
        for first, last in ranges:
            self._delivered.lose(first, last)
            self.taken.add(first, last)

    def settle(self) -> None:
        """Nothing is on its way any more: what is not taken by now has to come again."""
        self._pending.clear()

    def to_ask(self, now_s: float) -> tuple[Range, ...]:
        """The gaps to ask for now. New gaps at once, old ones after a pause that doubles while nothing comes."""
        gaps = self.taken.gaps()
        missing = sum(last - first + 1 for first, last in gaps)
        if missing < self._missing:
            self._wait_s = ASK_AGAIN_S
        self._missing = missing
        if not gaps:
            self._asked = Cursor()
            return ()
        fresh = [part for gap in gaps for part in self._asked.missing(*gap)]
        if fresh and now_s >= self._ask_at - self._wait_s + ASK_APART_S:
            asked = tuple(fresh[:ASKED_AT_ONCE])
        elif now_s >= self._ask_at:
            asked = gaps[:ASKED_AT_ONCE]
            self._wait_s = min(self._wait_s * 2, ASK_AGAIN_LONGEST_S)
        else:
            return ()
        for first, last in asked:
            self._asked.add(first, last)
        self._ask_at = now_s + self._wait_s
        return asked


def _checks(batch: Batch) -> list[int]:
    """One check for each number of the batch, in order."""
    by_number = {number: content_check(read) for number, read in zip(batch.numbers, batch.reads, strict=True)}
    by_number |= {bad.number: raw_check(bad.raw) for bad in batch.malformed}
    return [by_number[number] for number in range(batch.first, batch.last + 1)]
