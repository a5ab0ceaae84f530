"""The way of everything into the journal: new reads only, in order, and told onwards once durable.

Owns the identity index and the order of appends. Belongs to the event loop; the journal's writer and the matching
thread are reached from here and from nowhere else.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final

from calanque.recent import Recent
from readers.race_clock import RaceClock
from timing.entries import Body, Delivery, RosterBody, new_entry, reads_entry
from timing.errors import JournalNotWritten
from timing.identity import IdentityIndex
from timing.journal import Entry, Journal, NewEntry
from timing.reads import SourceId, SourceReads

logger = logging.getLogger(__name__)

_PAUSE_S: Final = 0.25
"""Between tries when the journal takes nothing more: its own bound is reached while the storage fails."""


class Recorder:
    """Journals what came in and what was decided."""

    def __init__(
        self,
        journal: Journal,
        identities: IdentityIndex,
        clock: RaceClock,
        durable: Callable[[Sequence[Entry]], None],
        told: Callable[[int, Body], None] = lambda number, body: None,
    ) -> None:
        """durable: told each group of entries once it would survive a power cut, in the journal's writer thread.
        told: given each decision or event with its number after that, in the event loop.
        """
        self._journal = journal
        self._identities = identities
        self._clock = clock
        self._durable = durable
        self._told = told
        self._turn = asyncio.Lock()
        self.repeats: Counter[SourceId] = Counter()
        self.durable_after = Recent()
        """From the arrival of a batch's first read here to the moment it would survive a power cut, in real time."""

    async def reads(self, batch: SourceReads, delivery: Delivery | None = None) -> int:
        """Journals the reads that are new, and returns how many were, once they and what they repeat are durable.

        With a delivery the batch is journalled even if nothing in it is new: that it was delivered is news. While the
        journal takes nothing this waits, and with it whoever delivers.
        """
        # One batch after the other, up to its place in the queue: a batch of repeats must never get there before the
        # reads that it repeats, or it would be confirmed before they are.
        async with self._turn:
            fresh, repeats = self._identities.fresh(batch)
            entries = []
            if fresh.reads or fresh.malformed or delivery is not None:
                entries.append(reads_entry(fresh, self._clock.now_us(), delivery))
            try:
                written = await self._queued(entries)
            except BaseException:
                self._identities.forget(fresh)
                raise
        try:
            await self._durably(written)
        except JournalNotWritten:
            self._identities.forget(fresh)
            raise
        self.repeats[batch.source] += repeats
        if delivery is None:  # What a collector delivers arrived on its mountain.
            self._note_durable(batch)
        return len(fresh.reads)

    def _note_durable(self, batch: SourceReads) -> None:
        rate = self._clock.rate
        if batch.reads and rate:
            self.durable_after.add(round((self._clock.now_us() - batch.reads[0].received_us) / rate))

    async def record(self, *bodies: Body) -> tuple[int, ...]:
        """Journals decisions and events; their numbers, once they are durable."""
        entries = [await self._entry(body) for body in bodies]
        numbers = await self._durably(await self._queued(entries))
        for number, body in zip(numbers, bodies, strict=True):
            self._told(number, body)
        return numbers

    async def _entry(self, body: Body) -> NewEntry:
        now_us = self._clock.now_us()
        if isinstance(body, RosterBody):  # a whole roster takes long to write down, and the loop has others to serve
            return await asyncio.to_thread(new_entry, body, now_us)
        return new_entry(body, now_us)

    def note(self, body: Body) -> None:
        """Journals something nobody waits for; left out while the journal takes nothing."""
        with contextlib.suppress(JournalNotWritten):
            entries = [new_entry(body, self._clock.now_us())]
            self._journal.append(entries).add_done_callback(lambda done: self._tell(entries, done))

    async def _queued(self, entries: Sequence[NewEntry]) -> "Future[tuple[int, ...]]":
        """The entries' place in the journal's queue, however long it takes to get one; no entries: a barrier.

        Raises: JournalNotWritten when there will never be one.
        """
        told = False
        while True:
            try:
                written = self._journal.append(entries)
            except JournalNotWritten as error:
                if self._journal.health.stopped:
                    raise
                if not told:
                    logger.warning("the journal takes nothing more for now: %s", error)
                told = True
                await asyncio.sleep(_PAUSE_S)
                continue
            if entries:
                written.add_done_callback(lambda done: self._tell(entries, done))
            return written

    @staticmethod
    async def _durably(written: "Future[tuple[int, ...]]") -> tuple[int, ...]:
        return await asyncio.wrap_future(written)

    def _tell(self, entries: Sequence[NewEntry], done: "Future[tuple[int, ...]]") -> None:
        if done.cancelled() or done.exception() is not None:
            return
        self._durable(
            [
                Entry(
                    number=number,
                    kind=entry.kind,
                    version=entry.version,
                    source=entry.source,
                    at_us=entry.at_us,
                    body=entry.body,
                    seal=b"",
                )
                for number, entry in zip(done.result(), entries, strict=True)
            ]
        )
