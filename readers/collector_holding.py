"""What a collector holds, and for which journal: the store, its writing, and the outbox, kept in step.

Owns the changes that touch all three: a commit, a confirmation, another journal, a new store, room on the disk. Knows
no MQTT; time and alarms are given to it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from readers.collector_alarms import Alarms
from readers.collector_cursor import Cursor
from readers.collector_messages import Confirmed
from readers.collector_outbox import Outbox
from readers.collector_store import CollectorStore, StoredRead, StoreNotWritten
from readers.collector_storing import Storing
from timing.reads import ChipRead, ClockKind

logger = logging.getLogger(__name__)


class Renewed(Exception):
    """The store has a new identity and numbering: whoever works under the old one must begin anew."""


class Holding:
    """Attributes: store; outbox: replaced when the store is renewed. `changed` is called when there may be something
    to send; `steady_us` is real time."""

    def __init__(
        self, store: CollectorStore, alarms: Alarms, *, steady_us: Callable[[], int], changed: Callable[[], None]
    ) -> None:
        self.store = store
        self.outbox = self._new_outbox()
        self._alarms, self._steady_us, self._changed = alarms, steady_us, changed
        self._storing = Storing(store, stored=self._on_stored, trouble=lambda text: alarms.set("disk", text or ""))
        self._engine_journal: str | None = None
        self._saved = len(store.confirmed)
        # What is confirmed belongs to one journal and one numbering: neither may change while it is being noted.
        self._saving = asyncio.Lock()
        if store.notice:
            alarms.set("store", store.notice)

    def _new_outbox(self) -> Outbox:
        return Outbox(last=self.store.last, held_from=self.store.held_from, confirmed=self.store.confirmed.copy())

    async def add(self, reads: Sequence[tuple[ClockKind, ChipRead]]) -> None:
        """Returns when the reads are in the store for good."""
        await self._storing.add(reads)

    def _on_stored(self, last: int) -> None:
        self.outbox.stored(last, self._steady_us())
        self._changed()

    async def load(self, first: int, last: int) -> list[StoredRead]:
        return await self._storing.load(first, last)

    def note_journal(self, journal: str) -> None:
        """The engine says which journal is its. The first one is taken; another needs the crew's word."""
        self._engine_journal = journal
        if self.store.journal is None:
            self.store.journal = journal
        self._alarms.set(
            "journal",
            ""
            if self.store.journal == journal
            else f"the engine's journal is {journal}, not {self.store.journal} as before: nothing it confirms is "
            "counted until the crew accepts it",
        )

    async def confirm(self, confirmed: Confirmed, *, kept: bool = False) -> None:
        """Take in a confirmation for this store, if its journal is the accepted one. `kept`: see `Outbox.confirm`.

        Raises: Renewed when it shows that somebody else gives out numbers of this store.
        """
        if self.store.journal != confirmed.journal:
            self.note_journal(confirmed.journal)
            if self.store.journal != confirmed.journal:
                return
        highest = max([confirmed.through, *(last for _, last in confirmed.also)])
        if highest > self.outbox.sent:
            # Not from us: this store is an older copy of one that went on, or another collector works with a copy of
            # it. What lies under these numbers there is not what lies under them here.
            problem = await self.renew(f"the engine holds read {highest} of it, only {self.outbox.sent} were sent")
            if problem is None:
                raise Renewed
            return
        if self.outbox.confirm(confirmed.through, confirmed.also, self._steady_us(), kept=kept):
            self._changed()

    async def renew(self, why: str) -> str | None:
        """A new store with all we hold, unconfirmed. Returns why it could not be begun, or None; then `Renewed` is
        to be raised where the old identity is in use."""
        async with self._saving:
            try:
                await self._storing.write(self.store.renew)
            except StoreNotWritten as problem:
                self._alarms.set("disk", str(problem))
                return str(problem)
            self.outbox = self._new_outbox()
            self._saved = 0
        self._alarms.set("renewed", f"a new store was begun: {why}")
        return None

    async def accept(self, journal: str) -> str | None:
        """The crew accepts another journal: all that is held is sent again. Returns why that is not possible."""
        if journal == self.store.journal:
            return None
        async with self._saving:
            try:
                await self._storing.write(self.store.save_confirmed, journal, Cursor())
            except StoreNotWritten as problem:
                return str(problem)
            self.outbox.send_all_again()
            self._saved = 0
        if self._engine_journal is not None:
            self.note_journal(self._engine_journal)
        logger.warning("another journal accepted, all is sent again", extra={"journal": journal})
        self._changed()
        return None

    async def look_after(self) -> None:
        """Note what is confirmed, and make room where the disk is short of it. To be called now and then."""
        await self._save_confirmed()
        await self._storing.make_room()
        if self.outbox.held_from != self.store.held_from:
            self.outbox.forgotten(self.store.held_from)

    async def _save_confirmed(self) -> None:
        async with self._saving:
            confirmed = self.outbox.confirmed.copy()
            if len(confirmed) == self._saved or self.store.journal is None:
                return
            try:
                await self._storing.write(self.store.save_confirmed, self.store.journal, confirmed)
            except StoreNotWritten as problem:
                logger.warning("what is confirmed was not noted", extra={"problem": str(problem)})
                return
            self._saved = len(confirmed)

    async def close(self) -> None:
        await self._storing.close()
