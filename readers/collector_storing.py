"""Reads on their way into the collector's store: gathered while the disk is busy, then committed together.

Owns the one thread that writes, what happens when the disk takes nothing, and making room. The event loop never waits
for the disk. Knows no MQTT.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from readers.collector_store import CollectorStore, StoredRead, StoreNotWritten
from timing.reads import ChipRead, ClockKind

logger = logging.getLogger(__name__)

RETRY_S: Final = 1.0
ROOM_BYTES: Final = 64 * 1024 * 1024
"""With less than this left on the disk, the oldest confirmed reads are forgotten to make room."""
_FORGET_AT_ONCE: Final = 20_000
_COMMIT_AT_ONCE: Final = 10_000

Result = TypeVar("Result")


class Storing:
    """The asynchronous face of a store. Give it up with `close`.

    `stored` is told the highest number after each commit; `trouble` the words for the crew when the disk takes
    nothing, and None when it does again.
    """

    def __init__(
        self,
        store: CollectorStore,
        *,
        stored: Callable[[int], None],
        trouble: Callable[[str | None], None],
        room_bytes: int = ROOM_BYTES,
    ) -> None:
        self._store = store
        self._stored = stored
        self._trouble = trouble
        self._room_bytes = room_bytes
        self._waiting: list[tuple[Sequence[tuple[ClockKind, ChipRead]], asyncio.Future[None]]] = []
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="store-reader")
        self._committing: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Reads that are not safe yet."""
        return sum(len(reads) for reads, _ in self._waiting)

    async def add(self, reads: Sequence[tuple[ClockKind, ChipRead]]) -> None:
        """Returns when the reads have their numbers and would survive a power cut, however long that takes."""
        if not reads:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((reads, done))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_all(), name="commit reads")
        await done

    async def _commit_all(self) -> None:
        """Group commit: whatever gathered while the last commit ran goes into the next one."""
        while self._waiting:
            group, size = 0, 0
            while group < len(self._waiting) and size < _COMMIT_AT_ONCE:
                size += len(self._waiting[group][0])
                group += 1
            taken = self._waiting[:group]
            try:
                last = await self.write(self._append, [read for reads, _ in taken for read in reads])
            except StoreNotWritten as problem:
                logger.error("reads are not stored", extra={"waiting": self.waiting, "problem": str(problem)})
                self._trouble(f"{self.waiting} reads are not stored yet: {problem}")
                await asyncio.sleep(RETRY_S)
                continue
            del self._waiting[:group]
            self._trouble(None)
            self._stored(last)
            for _, done in taken:
                if not done.done():
                    done.set_result(None)

    def _append(self, reads: Sequence[tuple[ClockKind, ChipRead]]) -> int:
        try:
            return self._store.append(reads)
        except StoreNotWritten:
            if not self.forget_some():
                raise
            return self._store.append(reads)

    def forget_some(self) -> bool:
        """Forget some of the oldest confirmed reads. Only they may go; False when there are none. Blocking."""
        free_to = min(self._store.confirmed.through, self._store.held_from + _FORGET_AT_ONCE - 1)
        if free_to < self._store.held_from:
            return False
        self._store.forget(free_to)
        logger.warning("confirmed reads forgotten to make room", extra={"through": free_to})
        return True

    async def make_room(self) -> None:
        """Forget the oldest confirmed reads while the disk is short of room."""
        try:
            if self._store.free_bytes() < self._room_bytes:
                await self.write(self.forget_some)
        except (OSError, StoreNotWritten) as problem:
            self._trouble(f"no room can be made on the disk: {problem}")

    async def load(self, first: int, last: int) -> list[StoredRead]:
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._store.load, first, last)

    async def write(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Run work on the store in its writing thread, in the order of calls."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, lambda: work(*arguments))

    async def close(self) -> None:
        """Let the running commit end. What waits is not stored, and nobody was told that it is."""
        if self._committing is not None:
            self._committing.cancel()
            await asyncio.gather(self._committing, return_exceptions=True)
        for _, done in self._waiting:
            done.cancel()
        self._writer.shutdown()
        self._reader.shutdown()
