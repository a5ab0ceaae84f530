"""One reader, for ever: opens the link, feeds the protocol, hands on what it says, and comes back after every loss.

The only loop between a wire and the sink. Everything that came in is captured first. Time-outs and pauses are real
seconds of the event loop's clock; arrivals are of the race clock. Ends by cancellation only. Knows neither runners
nor what bytes mean.
"""

import asyncio
import logging
import random as random_module
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from readers.capture import CaptureWriter
from readers.connector import Connector
from readers.errors import ConnectionLost, ReaderError, TransportTimeout
from readers.events import (
    ClockSeen,
    DecoderEvent,
    GunSeen,
    Malformed,
    MemoryProgress,
    MemoryState,
    StatusKind,
    StatusSeen,
)
from readers.health import Link, SourceHealth
from readers.intake import QUEUE_MAX, Intake, Item, Sink
from readers.link_watch import LinkWatch, pause_s
from readers.malformed import MalformedAllowance
from readers.protocol import Acknowledging, Now, Protocol, Since, protocol_class
from readers.race_clock import RaceClock
from readers.replay_link import replay_link
from readers.source_picture import TICK_S, SourcePicture, clean
from readers.transports import Transport
from timing.instants import MINUTE
from timing.race import Source
from timing.reads import ChipRead

log = logging.getLogger(__name__)

OVERLAP_US: Final = MINUTE
"""Asked again before the durable cursor: stamps come late and out of order by seconds."""
PAUSE_MAX_S: Final = 30.0
PAUSE_MAX_SERIAL_S: Final = 3.0
"""Looking for a port costs nothing, and a volunteer who has just put the cable back is watching."""
PAUSE_MAX_LISTEN_S: Final = 0.2
"""Nobody is bothered by waiting for a call, and a caller should not wait."""
GOOD_AFTER_S: Final = 5.0
"""A link that holds so long starts the pauses anew; one that comes and goes is left alone longer and longer."""
WRITE_WITHIN_S: Final = 5.0
ROOM_WITHIN_S: Final = 5.0
"""How long a wire is left waiting for room in the queue; after that reads are dropped and fetched again later."""
MEMORY_AGAIN_S: Final = 30.0
"""After a fetch that broke off."""


class Driver:
    """See the module. `run` is one named task of whoever owns the driver."""

    def __init__(
        self,
        source: Source,
        protocol: Protocol,
        connect: Callable[[], Awaitable[Transport]],
        sink: Sink,
        clock: RaceClock,
        since: Callable[[], Since | None],
        capture: CaptureWriter | None = None,
        *,
        ended: Callable[[], None] = lambda: None,
        random: random_module.Random | None = None,
        queue_max: int = QUEUE_MAX,
    ) -> None:
        """
        Args:
            connect: opens a link, or raises ReaderError.
            since: the durable cursor: the last read that the sink has safe, None when it has none.
                Trusted only once a fetch of the memory has come to its end: see `_note_gap`.
            capture: where raw bytes go; closed by whoever made it.
            ended: called when `run` ends: no more links will be opened.
            queue_max: reads that may wait for the sink.
        """
        self._source = source
        self._protocol = protocol
        self._connect = connect
        self._sink = sink
        self._clock = clock
        self._since = since
        self._capture = capture
        self._random = random or random_module.Random()
        self._ended = ended
        stored = self._stored if isinstance(protocol, Acknowledging) else None
        self._intake = Intake(source, sink, queue_max=queue_max, stored=stored)
        self._receiving: asyncio.Timeout | None = None
        scheme = source.connect.partition(":")[0]
        self._pause_max_s = {"serial": PAUSE_MAX_SERIAL_S, "listen": PAUSE_MAX_LISTEN_S}.get(scheme, PAUSE_MAX_S)
        self._picture = SourcePicture(source, sink, self._intake, clock, capture, self._loop_s)
        self._memory_again_s: float | None = None
        # An earlier run may have been ended in the middle of a fetch: what it missed, nobody knows.
        self._gap = True
        self._gap_since: Since | None = None
        self._was_cut = False
        self._dropping = False
        self._failures = 0
        self._opened_s = 0.0
        self._allowance = MalformedAllowance()

    @property
    def health(self) -> SourceHealth:
        """How the source is now."""
        return self._picture.now()

    async def run(self) -> None:
        """Drives for ever. Cancel to stop; what was not handed on is fetched again by the next run."""
        handing_on = asyncio.create_task(self._intake.run(), name=f"intake {self._source.id}")
        driving = asyncio.create_task(self._drive(), name=f"link {self._source.id}")
        tasks = (handing_on, driving)
        try:
            # Neither ends by itself: the first to end brings the mistake that ended it.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._ended()
        for task in tasks:
            if not task.cancelled() and (mistake := task.exception()):
                raise mistake

    # Links, one after the other

    async def _drive(self) -> None:
        while True:
            self._failures += 1
            self._picture.set(attempts=self._picture.kept.attempts + 1)
            try:
                transport = await self._connect()
            except ReaderError as error:
                self._picture.link(Link.DOWN, str(error))
            else:
                await self._converse(transport)
            pause = pause_s(self._failures, self._pause_max_s, self._random.random())
            await self._rest(pause)

    async def _rest(self, pause: float) -> None:
        """The pause between two attempts, in which the queue may go on emptying: that is told, too."""
        end_s = self._loop_s() + pause
        while (left_s := end_s - self._loop_s()) > 0:
            self._picture.show()
            await asyncio.sleep(min(left_s, TICK_S))

    async def _converse(self, transport: Transport) -> None:
        """One link, from its opening to its end."""
        now = self._now()
        watch = LinkWatch(now.steady_us)
        self._opened_s = self._loop_s()
        self._picture.link(Link.OPENED)
        endpoint = self._source.connect
        replay = replay_link(endpoint, self._protocol, self._capture, self._now, self._take_replayed)
        why = "stopped"
        try:
            if self._capture is not None:
                self._capture.opened(endpoint, now.race_us)
            self._picture.forget_warnings()
            self._protocol.connected(now)
            self._ask_memory(now)
            while True:
                await self._step(transport, watch)
                if replay is not None:
                    replay.serve()
        except ReaderError as error:
            why = str(error)
            self._was_cut = self._was_cut or self._picture.kept.link is Link.UP
            self._picture.link(Link.DOWN, why)
        finally:
            transport.close()
            if replay is not None:
                await replay.end()
            self._take(self._protocol.disconnected())
            if self._capture is not None:
                self._capture.ended(why, self._clock.now_us())

    async def _step(self, transport: Transport, watch: LinkWatch) -> None:
        """Sends what there is to send, waits for bytes or a deadline, and deals with them.

        Raises: TransportError.
        """
        await self._send(transport)
        if self._intake.is_full and not self._dropping:
            await self._wait_for_room()
        data = await self._receive(transport)
        now = self._now()
        if data:
            if self._capture is not None:
                self._capture.received(data, now.race_us)
            events = self._protocol.receive_data(data, now)
            watch.bytes_came(len(data), understood=_any_understood(events), steady_us=now.steady_us)
            self._picture.set(bytes_in=self._picture.kept.bytes_in + len(data))
            self._take(events)
            await asyncio.sleep(0)  # a link that always has more must not keep the others waiting
        deadline_us = self._protocol.next_deadline()
        if deadline_us is not None and now.steady_us >= deadline_us:
            self._take(self._protocol.handle_deadline(now))
        self._judge(watch, now)

    async def _receive(self, transport: Transport) -> bytes:
        """Bytes, or none when a deadline or the next tick comes first."""
        loop = asyncio.get_running_loop()
        deadline_us = self._protocol.next_deadline()
        wake_s = loop.time() + TICK_S
        if deadline_us is not None:
            wake_s = min(wake_s, deadline_us / 1e6)
        try:
            async with asyncio.timeout_at(wake_s) as self._receiving:
                return await transport.read()
        except TimeoutError:
            return b""
        finally:
            self._receiving = None

    def _stored(self, reads: Sequence[ChipRead | GunSeen]) -> None:
        """The sink has these safe: the protocol may want to tell the reader, now."""
        assert isinstance(self._protocol, Acknowledging)
        self._protocol.stored(reads)
        if self._receiving is not None and not self._receiving.expired():
            self._receiving.reschedule(self._loop_s())

    async def _send(self, transport: Transport) -> None:
        data = self._protocol.data_to_send()
        if not data:
            return
        if self._capture is not None:
            self._capture.sent(data, self._clock.now_us())
        try:
            async with asyncio.timeout(WRITE_WITHIN_S):
                await transport.write(data)
        except TimeoutError as error:
            raise TransportTimeout(f"{self._source.connect} takes no bytes") from error

    async def _wait_for_room(self) -> None:
        """Leaves the wire waiting a little, as most can; then goes on reading, and drops until there is room again."""
        self._picture.show()
        try:
            async with asyncio.timeout(ROOM_WITHIN_S):
                await self._intake.room()
        except TimeoutError:
            self._dropping = True
            self._note_gap()
            log.warning("queue full, reads dropped", extra={"source": self._source.id})

    def _judge(self, watch: LinkWatch, now: Now) -> None:
        """Raises: ConnectionLost when the other side has fallen silent."""
        state = watch.state(now.steady_us)
        if state is not self._picture.kept.link:
            self._show_link(state)
        if state is Link.UP and self._loop_s() - self._opened_s >= GOOD_AFTER_S:
            self._failures = 0
        if watch.is_dead(self._protocol.unanswered_since_us, now.steady_us):
            raise ConnectionLost("the reader does not answer: is it on, and is it the right port?")
        if self._intake.take_refill() or (self._memory_again_s is not None and self._loop_s() >= self._memory_again_s):
            self._ask_memory(now)
        self._picture.show()

    def _note_gap(self) -> None:
        """From here on something may be missing. Where it begins is kept until a fetch has come to its end: reads that
        come live meanwhile move the durable cursor past the gap.
        """
        if not self._gap:
            self._gap = True
            self._gap_since = self._since()

    def _ask_memory(self, now: Now) -> None:
        self._note_gap()
        self._memory_again_s = None
        self._picture.set(gap=True)
        since = self._gap_since
        self._protocol.ask_memory(since and since._replace(stamp_us=since.stamp_us - OVERLAP_US), now)

    # What the protocol says

    def _take(self, events: list[DecoderEvent]) -> None:
        reads = [event for event in events if type(event) is ChipRead]
        items: list[Item] = []
        if reads:
            last = max(read.stamp_us for read in reads)
            known = self._picture.kept.last_stamp_us
            self._picture.set(
                reads=self._picture.kept.reads + len(reads),
                last_read_us=reads[-1].received_us,
                last_stamp_us=last if known is None else max(known, last),
            )
        if len(reads) == len(events):
            items.extend(reads)
        else:
            items.extend(item for event in events if (item := self._for_the_sink(event)) is not None)
        if self._dropping and not self._intake.is_full:
            self._dropping = False
        if items:
            (self._intake.put_or_drop if self._dropping else self._intake.put)(items)

    async def _take_replayed(self, events: list[DecoderEvent]) -> None:
        """What came over the second link, which can always wait."""
        while self._intake.is_full:
            await self._intake.room()
        self._take(events)

    def _for_the_sink(self, event: DecoderEvent) -> Item | None:
        """Deals with an event; gives it back when it is also for the sink, through the queue."""
        match event:
            case ChipRead():
                return event
            case GunSeen():
                self._picture.set(guns=self._picture.kept.guns + 1)
                return event
            case Malformed():
                self._picture.set(malformed=self._picture.kept.malformed + 1)
                return event if self._allowance.keeps(self._loop_s()) else None
            case ClockSeen():
                self._picture.set(
                    clock_offset_us=event.offset_us,
                    clock_round_trip_us=event.window_us,
                    clock_checked_us=event.received_us,
                )
                self._sink.clock(self._source.id, event)
            case MemoryProgress():
                self._memory(event)
            case StatusSeen():
                self._picture.set(**event.power)
                if event.kind is StatusKind.WARNING:
                    self._picture.warn(event.text)
                else:
                    log.debug("status", extra={"source": self._source.id, "text": clean(event.text)})
        return None

    def _memory(self, progress: MemoryProgress) -> None:
        self._picture.set(memory=progress.state, memory_done=progress.done, memory_total=progress.total)
        if progress.state is MemoryState.DONE and not self._intake.refill_due:
            self._gap = False
            self._picture.set(gap=False)
            self._picture.unwarn("memory")
        if progress.state is MemoryState.NONE:
            # Nothing can be fetched: what passed while the link was cut is missing for good, and stays told.
            self._picture.set(gap=self._was_cut)
        if progress.state is MemoryState.FAILED:
            self._memory_again_s = self._loop_s() + MEMORY_AGAIN_S
        if progress.text:
            self._picture.warn(progress.text, about="memory")

    def _show_link(self, link: Link) -> None:
        if link is Link.UP:
            self._picture.set(attempts=0)
            self._picture.link(link, "")
        else:
            self._picture.link(link, self._probable_cause() if link is Link.UNINTELLIGIBLE else None)

    def _probable_cause(self) -> str:
        if self._source.connect.startswith("serial:"):
            return "bytes come but make no sense: probably the wrong line speed (baud) for this reader"
        return "bytes come but make no sense: probably another kind of reader, or another port of it"

    def _now(self) -> Now:
        return Now(self._clock.now_us(), int(self._loop_s() * 1e6))

    @staticmethod
    def _loop_s() -> float:
        return asyncio.get_running_loop().time()


def driver_for(
    source: Source,
    sink: Sink,
    clock: RaceClock,
    since: Callable[[], Since | None],
    capture: CaptureWriter | None = None,
    *,
    protocol: Protocol | None = None,
) -> Driver:
    """The driver of a source as the race file describes it. `protocol`: where somebody else talks to it, too.

    Raises: UnknownProtocol, BadEndpoint: before anything is opened.
    """
    connector = Connector(source.connect)
    spoken = protocol or protocol_class(source.protocol)()
    return Driver(source, spoken, connector.open, sink, clock, since, capture, ended=connector.close)


def _any_understood(events: list[DecoderEvent]) -> bool:
    """Whether any of these needs a reader that speaks the protocol: rubbish may well look like text."""
    return any(
        not isinstance(event, Malformed) and not (isinstance(event, StatusSeen) and event.kind is StatusKind.BANNER)
        for event in events
    )
