"""All readers that speak MQTT themselves: one persistent session with the race's broker, acknowledged when journalled.

`connect = "mqtt:topic/filter"`. A reader is known by its topic alone. Everything goes through one queue, since
acknowledgements have to be given in the order of the messages. What finds no room is not acknowledged: when there is
room again the connection is made anew, and the broker repeats it. Knows no runners, and no JSON.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import aiomqtt

from readers.capture import CaptureWriter
from readers.events import GunSeen, Malformed
from readers.health import SourceHealth
from readers.intake import RETRY_S, Item, Sink
from readers.json_reader import JsonReader
from readers.mqtt_acknowledged import QOS, acknowledge, acknowledging_client, listen_to
from readers.mqtt_filters import check_mqtt_sources, matches
from readers.mqtt_link import BrokerAddress, LinkState, SessionOver, keep_connected, together
from readers.mqtt_reader import MqttReader
from readers.protocol import Now, protocol_class
from readers.race_clock import RaceClock
from readers.source_picture import TICK_S, clean
from timing.errors import RaceDayError
from timing.race import Source
from timing.reads import ChipRead, SourceId, SourceReads

logger = logging.getLogger(__name__)

WAITING_MESSAGES: Final = 20_000
WAITING_BYTES: Final = 32 * 2**20
TOGETHER: Final = 1_000
"""Messages handed to the journal at once: one flush makes them durable, and then all are acknowledged."""

STRAYS: Final = 20
"""Topics of no source that are told of."""


@dataclass(slots=True)
class _Message:
    """One message on its way into the journal; `client`: the connection that brought it and waits for its answer."""

    reader: MqttReader | None
    message: aiomqtt.Message
    client: aiomqtt.Client
    items: list[Item]
    size: int


class MqttReaders:
    """The readers of one race. Keep `run` running."""

    def __init__(
        self,
        *,
        race: str,
        sources: Sequence[Source],
        broker: BrokerAddress,
        sink: Sink,
        clock: RaceClock,
        captures: Mapping[SourceId, CaptureWriter] | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """
        Args:
            sources: those with `connect = "mqtt:..."`.
            sink: `reads` and `gun` return when the journal has them for good; `health` is told of every source.
            captures: where payloads go, one a line; closed by whoever made them.

        Raises: BadEndpoint, UnknownProtocol.
        """
        check_mqtt_sources(sources)
        self.race = race
        self.link = LinkState(error="not connected to the broker yet")
        self._broker, self._sink, self._clock = broker, sink, clock
        self._chance = chance or random.Random()
        self._readers = [
            MqttReader(source, _decoder(source), (captures or {}).get(source.id), clock.now_us()) for source in sources
        ]
        self._client: aiomqtt.Client | None = None
        self._waiting: deque[_Message] = deque()
        self._bytes = 0
        self._peak = 0
        self._left_out = False
        self._arrived = asyncio.Event()
        self._emptied = asyncio.Event()
        self._sink_error = ""
        self._strays: set[str] = set()
        self._shown: dict[SourceId, SourceHealth] = {}

    async def run(self) -> None:
        """Until cancelled. Raises only what a bug raises."""
        await together(
            keep_connected(
                self._make_client, self._session, address=self._broker, changed=self._on_link, chance=self._chance
            ),
            self._hand_on_for_ever(),
            self._show_for_ever(),
        )

    def health(self) -> tuple[SourceHealth, ...]:
        """How each source is now. All of them share one queue."""
        now = self._now()
        return tuple(
            reader.health(now, self.link.error, queue=len(self._waiting), peak=self._peak, sink_error=self._sink_error)
            for reader in self._readers
        )

    # The session with the broker.

    def _make_client(self) -> aiomqtt.Client:
        self._client = acknowledging_client(self._broker, f"engine:{self.race}:readers")
        return self._client

    def _on_link(self, link: LinkState) -> None:
        self.link = link
        self._show()

    async def _session(self, client: aiomqtt.Client) -> None:
        self._left_out = False
        self._emptied.clear()
        # What was said while we were away comes before any answer to a subscription.
        await together(self._receive(client), self._listen(client))

    async def _receive(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            self._take(client, message)

    async def _listen(self, client: aiomqtt.Client) -> None:
        for reader in self._readers:
            reader.heard = await listen_to(client, reader.topics)
            if not reader.heard:
                logger.error("not let to listen", extra={"source": reader.source.id, "topics": reader.topics})
        self._show()
        while True:
            await self._emptied.wait()
            self._emptied.clear()
            if self._left_out:
                logger.warning("there is room again: asking the broker for what was left out")
                raise SessionOver

    def _take(self, client: aiomqtt.Client, message: aiomqtt.Message) -> None:
        payload = message.payload if isinstance(message.payload, bytes) else b""
        reader = self._reader_of(message.topic.value)
        if self._is_full(len(payload)) or (self._left_out and message.qos == QOS):
            # Once one is left out all that follow are, so that the broker repeats them in their order.
            if message.qos == QOS:
                if not self._left_out:
                    logger.warning("no room for more messages: the broker has to keep them")
                self._left_out = True
            elif reader is not None and not message.retain:
                reader.lost += 1
            return
        items: list[Item] = []
        if reader is not None:
            items = reader.take(payload, self._now(), retained=bool(message.retain), qos=message.qos)
        # Also what gives no reads takes its turn: acknowledgements keep the order of the messages.
        self._waiting.append(_Message(reader, message, client, items, len(payload)))
        self._bytes += len(payload)
        self._peak = max(self._peak, len(self._waiting))
        self._arrived.set()

    def _is_full(self, size: int) -> bool:
        return len(self._waiting) >= WAITING_MESSAGES or (self._bytes + size > WAITING_BYTES and self._bytes > 0)

    def _reader_of(self, topic: str) -> MqttReader | None:
        """The source a topic belongs to. None for one that an earlier run listened to: the session still has it."""
        found = next((reader for reader in self._readers if matches(reader.topics, topic)), None)
        if found is None and topic not in self._strays and len(self._strays) < STRAYS:
            self._strays.add(topic)
            logger.warning("a topic of no source of this race, left alone", extra={"topic": clean(topic)})
        return found

    # The way into the journal.

    async def _hand_on_for_ever(self) -> None:
        while True:
            await self._arrived.wait()
            together_now = [self._waiting[place] for place in range(min(TOGETHER, len(self._waiting)))]
            await self._until_taken(together_now)
            for taken in together_now:
                self._waiting.popleft()
                self._bytes -= taken.size
                if taken.client is self._client:
                    acknowledge(taken.client, taken.message)
            if not self._waiting:
                self._arrived.clear()
                self._emptied.set()

    async def _until_taken(self, messages: Sequence[_Message]) -> None:
        """Offers the same until the sink has it: what the journal knows already is no read twice."""
        while True:
            outcomes = await asyncio.gather(
                *(self._offer(reader, messages) for reader in self._readers), return_exceptions=True
            )
            problems = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
            for problem in problems:
                if not isinstance(problem, RaceDayError):
                    raise problem
            if not problems:
                self._sink_error = ""
                return
            if not self._sink_error:
                logger.error("reads not taken", extra={"error": str(problems[0])})
            self._sink_error = str(problems[0])
            await asyncio.sleep(RETRY_S)

    async def _offer(self, reader: MqttReader, messages: Sequence[_Message]) -> None:
        items = [item for message in messages if message.reader is reader for item in message.items]
        reads = [item for item in items if isinstance(item, ChipRead)]
        malformed = tuple((item.raw, item.reason) for item in items if isinstance(item, Malformed))
        source = reader.source
        if reads or malformed:
            part = SourceReads(source=source.id, clock=source.clock, reads=reads, malformed=malformed)
            await self._sink.reads(part)
        for item in items:
            if isinstance(item, GunSeen):
                await self._sink.gun(source.id, item)

    # What is shown.

    async def _show_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._show()

    def _show(self) -> None:
        for health in self.health():
            if self._shown.get(health.source) != health:
                self._shown[health.source] = health
                self._sink.health(health)

    def _now(self) -> Now:
        return Now(self._clock.now_us(), int(asyncio.get_running_loop().time() * 1e6))


def _decoder(source: Source) -> JsonReader:
    made = protocol_class(source.protocol)()
    assert isinstance(made, JsonReader), "a reader kind that speaks MQTT is decoded as JSON"
    return made
