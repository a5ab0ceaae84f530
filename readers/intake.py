"""Between a wire that cannot wait and a journal that sometimes must: a bounded queue, handed on in batches.

The driver puts in what it decoded; one task hands it on, and waits until the sink has it. When the sink stands still
the queue fills, and then the driver waits a little, and then drops reads, counted: the reader's memory has them.
"""

import asyncio
import logging
import typing
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Final

from readers.events import ClockSeen, GunSeen, Malformed
from readers.health import SourceHealth
from timing.errors import RaceDayError
from timing.race import Source
from timing.reads import ChipRead, SourceId, SourceReads

log = logging.getLogger(__name__)

QUEUE_MAX: Final = 50_000
"""Reads waiting for the sink: ten seconds of the worst burst, some 15 MB."""
BATCH_MAX: Final = 5_000
"""Reads handed on at once."""
RETRY_S: Final = 1.0
"""Pause before what the sink refused is offered again."""

Item: typing.TypeAlias = ChipRead | Malformed | GunSeen


class Sink(typing.Protocol):
    """Where a driver's work goes. `reads` and `gun` return when the engine (or a collector's store) has them safe."""

    async def reads(self, reads: SourceReads) -> None:
        """A batch, in the order of the wire.

        Raises: RaceDayError when it cannot be kept now: it is offered again, whole, until it can.
        """

    async def gun(self, source: SourceId, gun: GunSeen) -> None:
        """Raises: as `reads`."""

    def clock(self, source: SourceId, clock: ClockSeen) -> None: ...

    def health(self, health: SourceHealth) -> None: ...


class Intake:
    """One source's queue; `run` hands on for ever."""

    def __init__(
        self,
        source: Source,
        sink: Sink,
        *,
        queue_max: int = QUEUE_MAX,
        stored: Callable[[Sequence[ChipRead | GunSeen]], None] | None = None,
    ) -> None:
        """`stored` is told which reads and guns the sink has safe, once it has."""
        self._stored = stored
        self._source = source
        self._sink = sink
        self._queue: deque[Item] = deque()
        self._queue_max = queue_max
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.peak = 0
        """Most items that ever waited."""
        self.overflowed = 0
        """Reads that found no room."""
        self.error = ""
        """Why the sink does not take anything now; empty when it does."""
        self._refill = False

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def is_full(self) -> bool:
        return len(self._queue) >= self._queue_max

    def put(self, items: Sequence[Item]) -> None:
        """Takes all items: whoever asks `is_full` before each block from a wire exceeds the limit by one block."""
        self._queue.extend(items)
        self._put_done()

    def put_or_drop(self, items: Iterable[Item]) -> None:
        """Takes what fits, and counts the reads that do not. Guns always fit: there are few, and no memory has them."""
        for item in items:
            if len(self._queue) < self._queue_max or type(item) is GunSeen:
                self._queue.append(item)
            elif type(item) is ChipRead:
                self.overflowed += 1
                self._refill = True
        self._put_done()

    def _put_done(self) -> None:
        self.peak = max(self.peak, len(self._queue))
        if self._queue:
            self._more.set()
        if self.is_full:
            self._room.clear()

    async def room(self) -> None:
        """Returns when the queue is not full."""
        await self._room.wait()

    @property
    def refill_due(self) -> bool:
        """Whether reads were dropped and not asked for again yet."""
        return self._refill

    def take_refill(self) -> bool:
        """True, once, when reads were dropped and there is room for them now: they can be asked for again."""
        if not self._refill or len(self._queue) > self._queue_max // 2:
            return False
        self._refill = False
        return True

    async def run(self) -> None:
        """Hands on in order, each item until the sink has it."""
        while True:
            await self._more.wait()
            batch = [self._queue.popleft() for _ in range(min(BATCH_MAX, len(self._queue)))]
            if not self._queue:
                self._more.clear()
            if not self.is_full:
                self._room.set()
            await self._hand_on(batch)

    async def _hand_on(self, batch: list[Item]) -> None:
        guns = [item for item in batch if type(item) is GunSeen]
        reads = [item for item in batch if type(item) is ChipRead]
        malformed = [(item.raw, item.reason) for item in batch if type(item) is Malformed]
        if reads or malformed:
            part = SourceReads(
                source=self._source.id, clock=self._source.clock, reads=reads, malformed=tuple(malformed)
            )
            await self._until_taken(lambda: self._sink.reads(part))
            if reads and self._stored is not None:
                self._stored(reads)
        for gun in guns:
            await self._until_taken(partial(self._sink.gun, self._source.id, gun))
            if self._stored is not None:
                self._stored([gun])

    async def _until_taken(self, offer: Callable[[], Awaitable[None]]) -> None:
        """Offers the same thing until the sink has it: it may come in doubt, it never gets lost."""
        while True:
            try:
                await offer()
            except RaceDayError as error:
                if not self.error:
                    log.error("reads not taken", extra={"source": self._source.id, "error": str(error)})
                self.error = str(error)
                await asyncio.sleep(RETRY_S)
            else:
                self.error = ""
                return
