"""Batches of one source on their way into the journal: in order, several at a time, and bounded.

While the journal works, batches gather; then all of them are handed over together, so that one flush makes them
durable. What finds no room is dropped uncounted for the collector, which sends it again. Knows no MQTT.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from readers.collector_batch import parse_batch
from readers.collector_cursor import Range
from readers.collector_json import Refused
from readers.mqtt_alarms import AlarmKind
from readers.mqtt_ledger import CollectorBatch, StoreLedger
from readers.mqtt_source import SourceIntake
from timing.errors import RaceDayError
from timing.reads import SourceId

if TYPE_CHECKING:
    from readers.mqtt_intake import IntakeSink

logger = logging.getLogger(__name__)

WAITING_BATCHES: Final = 100
WAITING_BYTES: Final = 16 * 1024 * 1024
TOGETHER: Final = 40
"""Batches handed to the journal at once: what all collectors of one source may have under way, twice."""
LONG_S: Final = 3.0
"""The journal takes milliseconds; what waits so long is told to the crew."""
TRY_AGAIN_S: Final = 1.0


class Journalling:
    """The queue of one source. `run` works it off; `add` and `lose` fill it from the same event loop."""

    def __init__(
        self,
        state: SourceIntake,
        sink: "IntakeSink",
        *,
        confirm: Callable[[SourceId, str], None],
        refuse: Callable[[SourceIntake, str, str, bytes], None],
        ask: Callable[[SourceIntake, StoreLedger], None],
        renew: Callable[[SourceId, str], None],
    ) -> None:
        self._state, self._sink = state, sink
        self._confirm, self._refuse, self._ask, self._renew = confirm, refuse, ask, renew
        self._batches: deque[tuple[str, bytes]] = deque()
        self._losses: deque[tuple[str, Sequence[Range]]] = deque()
        self._bytes = 0
        self._dropped = 0
        self._arrived = asyncio.Event()
        self._handed_over_s: float | None = None

    def add(self, topic: str, payload: bytes) -> None:
        """A message from `reads`. Dropped when too much waits: it is not confirmed then, and comes again."""
        if len(self._batches) >= WAITING_BATCHES or self._bytes + len(payload) > WAITING_BYTES:
            self._dropped += 1
            return
        self._batches.append((topic, payload))
        self._bytes += len(payload)
        self._arrived.set()

    def lose(self, store: str, ranges: Sequence[Range]) -> None:
        """What a collector no longer holds."""
        if ranges and len(self._losses) < WAITING_BATCHES:
            self._losses.append((store, ranges))
            self._arrived.set()

    async def run(self) -> None:
        """Until cancelled. Raises only what a bug raises."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._losses:
                await self._lose(*self._losses.popleft())
            while self._batches:
                await self._hand_over()

    def look(self, now_s: float) -> None:
        """Tell the crew when reads wait for the journal."""
        waiting = self._handed_over_s is not None and now_s - self._handed_over_s > LONG_S
        dropped = f", {self._dropped} batches had to be let go and come again" if self._dropped else ""
        self._state.say(
            AlarmKind.WAITING,
            f"its reads wait for the journal; nothing of them is confirmed, nothing is lost{dropped}"
            if waiting
            else "",
        )
        if not waiting:
            self._dropped = 0

    async def _hand_over(self) -> None:
        """Journal what waits, and confirm what is then durable."""
        given: list[tuple[StoreLedger, CollectorBatch]] = []
        touched: dict[str, StoreLedger] = {}
        for _ in range(min(TOGETHER, len(self._batches))):
            topic, payload = self._batches.popleft()
            self._bytes -= len(payload)
            self._sift(topic, payload, given, touched)
            await asyncio.sleep(0)  # a large batch takes milliseconds: heartbeats go between
        self._handed_over_s = asyncio.get_running_loop().time()
        try:
            outcomes = await asyncio.gather(
                *(self._sink.batch(self._state.source, batch) for _, batch in given), return_exceptions=True
            )
        finally:
            self._handed_over_s = None
            for ledger in touched.values():
                ledger.settle()
        problem: BaseException | None = None
        for (ledger, batch), outcome in zip(given, outcomes, strict=True):
            if isinstance(outcome, RaceDayError):
                problem = outcome
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                self._took(ledger, batch)
        self._state.say(AlarmKind.WAITING, f"its reads are not journalled: {problem}" if problem else "", "refused")
        for ledger in touched.values():
            self._confirm(self._state.source, ledger.store)
            self._ask(self._state, ledger)
        if problem is not None:
            logger.error("a batch was not journalled", extra={"source": self._state.source, "problem": str(problem)})
            await asyncio.sleep(TRY_AGAIN_S)

    def _sift(
        self,
        topic: str,
        payload: bytes,
        given: list[tuple[StoreLedger, CollectorBatch]],
        touched: dict[str, StoreLedger],
    ) -> None:
        state = self._state
        batch = parse_batch(payload)
        if isinstance(batch, Refused):
            self._refuse(state, topic, batch.reason, payload)
            return
        ledger = state.ledger(batch.store)
        if ledger is None:
            self._refuse(state, topic, "more stores than a source can have", payload)
            return
        touched[batch.store] = ledger
        new = ledger.sift(state.source, batch, state.clock)
        state.batches += 1
        if new is None:
            state.repeats += batch.count
            return
        given.append((ledger, new))
        if batch.clock is not None and batch.clock is not state.clock:
            state.say(
                AlarmKind.CLOCK,
                f"its collector says that the reader keeps {batch.clock.value}, the race file says {state.clock.value}",
            )

    def _took(self, ledger: StoreLedger, batch: CollectorBatch) -> None:
        state, reads = self._state, batch.reads
        ledger.journalled(batch)
        state.reads += len(reads.reads)
        state.repeats += batch.repeats
        state.malformed += len(reads.malformed)
        if reads.reads:
            state.last_read_us = max(read.received_us for read in reads.reads)
        if reads.malformed:
            reason = reads.malformed[-1][1]
            state.say(
                AlarmKind.MALFORMED, f"{state.malformed} records could not be understood, kept raw (last: {reason})"
            )
        if batch.conflicts:
            state.say(
                AlarmKind.OTHER_CONTENT,
                f"store {ledger.store} gave one number two contents ({len(batch.conflicts)} times, last at "
                f"{batch.conflicts[-1]}); both are kept, a new store is asked for",
                ledger.store,
            )
            self._renew(state.source, ledger.store)

    async def _lose(self, store: str, ranges: Sequence[Range]) -> None:
        state = self._state
        ledger = state.ledgers[store]
        missing = [part for gap in ranges for part in ledger.taken.missing(*gap)]
        if not missing:
            return
        try:
            await self._sink.loss(state.source, store, missing)
        except RaceDayError as problem:
            # It is asked for again, and answered again.
            logger.error("a loss was not journalled", extra={"source": state.source, "problem": str(problem)})
            return
        ledger.lost(missing)
        count = sum(last - first + 1 for first, last in missing)
        state.say(
            AlarmKind.LOSS, f"{count} reads are lost: its collector no longer holds them ({missing[0][0]} …)", store
        )
        self._confirm(state.source, store)
        self._ask(state, ledger)
