"""The engine's side of the collector protocol: one MQTT connection, batches in, confirmations out.

Source: docs/collector_protocol.md. A batch is confirmed when the sink says that it is in the journal for good, never
before. Heartbeats, alarms and confirmations of other sources never wait for a slow journal. Owns the connection and
the order of things; what batches and statuses mean is decided in `mqtt_ledger` and `mqtt_source`.
"""

import asyncio
import contextlib
import itertools
import logging
import random
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import aiomqtt

from readers.collector_cursor import Range, clipped
from readers.collector_json import Refused, clean
from readers.collector_messages import (
    Accept,
    Command,
    EngineState,
    Presence,
    Probe,
    Renew,
    Reply,
    Rewind,
    Send,
    StatusUp,
    encode_command,
    encode_confirmed,
    encode_engine,
    parse_reply,
    parse_status,
)
from readers.collector_topics import (
    Channel,
    CollectorTopic,
    command_topic,
    confirmed_topic,
    engine_subscriptions,
    engine_topic,
    is_engines_own,
    parse_topic,
)
from readers.errors import ReaderError
from readers.health import SourceHealth
from readers.mqtt_alarms import SAMPLES_PER_REASON, AlarmBoard, AlarmKind, IntakeAlarm, Quarantine, Quarantined
from readers.mqtt_journalling import Journalling
from readers.mqtt_ledger import CollectorBatch, StoreLedger
from readers.mqtt_link import FAREWELL_S, BrokerAddress, LinkState, keep_connected, make_client, together
from readers.mqtt_source import CollectorHealth, SourceIntake, source_health
from timing.delivery import Cursor as Delivered
from timing.reads import ClockKind, SourceId

logger = logging.getLogger(__name__)

CONFIRM_APART_S: Final = 0.05
"""A store's confirmation is published at most 20 times a second."""
LOOK_S: Final = 1.0
ANSWER_WITHIN_S: Final = 10.0
RENEW_APART_S: Final = 30.0
_COMMANDS: Final = 1_000
"""Commands waiting to be sent or answered; beyond it the oldest are given up (they are asked again where needed)."""


class NotAnswered(ReaderError):
    """A collector did not answer a request, or answered no."""


class IntakeSink(Protocol):
    """Where batches go, and who is told. Calls come from the intake's event loop."""

    async def batch(self, source: SourceId, batch: CollectorBatch) -> None:
        """Returns when the batch, and all that came before it, would survive a power cut; however long that takes.

        Raises: RaceDayError when it will not be journalled: it is not confirmed, and comes again.
        """

    async def loss(self, source: SourceId, store: str, ranges: Sequence[Range]) -> None:
        """These numbers will never come. Returns when that is journalled for good. Raises: as `batch`."""

    def status(self, source: SourceId, status: StatusUp) -> None:
        """A live heartbeat: host clock and reader's clock are in it."""

    def alarm(self, alarm: IntakeAlarm) -> None:
        """Something for the crew, or its end."""

    def quarantined(self, message: Quarantined) -> None:
        """One of the first messages of a kind that could not be taken. At most some hundreds in all."""


class MqttIntake:
    """The intake of one race. Keep `run` running; everything else may be called from its event loop at any time."""

    def __init__(
        self,
        *,
        race: str,
        sources: Mapping[SourceId, ClockKind],
        journal_id: str,
        broker: BrokerAddress,
        sink: IntakeSink,
        cursors: Mapping[tuple[SourceId, str], Delivered] | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """`sources`: those behind collectors, with the clock their readers keep unless a batch says otherwise.
        `cursors`: what the journal holds of each source and store; copied."""
        self.race, self.journal_id = race, journal_id
        self.link = LinkState()
        self._broker, self._sink = broker, sink
        self._chance = chance or random.Random()
        self._board = AlarmBoard(sink.alarm)
        self.quarantine = Quarantine(sink.quarantined)
        self._sources = {
            source: SourceIntake(
                source,
                clock,
                {store: cursor for (owner, store), cursor in (cursors or {}).items() if owner == source},
                self._board,
            )
            for source, clock in sources.items()
        }
        self._journalling = {
            source: Journalling(
                state, sink, confirm=self._confirm, refuse=self._refuse_batch, ask=self._ask_gaps, renew=self.renew
            )
            for source, state in self._sources.items()
        }
        self._unconfirmed: dict[tuple[SourceId, str], None] = {}  # to be published, in order
        self._told_s: dict[tuple[SourceId, str], float] = {}
        self._to_say: list[tuple[SourceId, Command]] = []
        self._say_now = asyncio.Event()
        self._ids = itertools.count(1)
        self._tag = f"{self._chance.getrandbits(32):08x}"
        self._asked: dict[str, tuple[SourceId, str, Send]] = {}
        self._requests: dict[str, asyncio.Future[Reply]] = {}
        self._renewed_s: dict[tuple[SourceId, str], float] = {}

    async def run(self) -> None:
        """Until cancelled. Raises only what a bug raises."""
        await together(
            keep_connected(
                self._make_client, self._session, address=self._broker, changed=self._on_link, chance=self._chance
            ),
            self._look_after(),
            *(journalling.run() for journalling in self._journalling.values()),
        )

    # What the crew and the board ask.

    @property
    def alarms(self) -> tuple[IntakeAlarm, ...]:
        return self._board.active

    def health(self) -> tuple[CollectorHealth, ...]:
        return tuple(state.health() for state in self._sources.values())

    def source_health(self) -> tuple[SourceHealth, ...]:
        """Each source in the shape that is shown for every source."""
        return tuple(source_health(health, self.link.error) for health in self.health())

    async def accept(self, source: SourceId) -> Reply:
        """The crew accepts this journal for a collector that knew another. Raises: NotAnswered."""
        return await self._request(source, Accept(id=self._new_id(), journal=self.journal_id))

    async def rewind(self, source: SourceId, from_us: int, to_us: int) -> Reply:
        """Ask the memory of the reader behind a collector, by the reader's clock. Raises: NotAnswered."""
        return await self._request(source, Rewind(id=self._new_id(), from_us=from_us, to_us=to_us))

    async def probe(self, source: SourceId) -> Reply:
        """The reader's fields, and the collector's clock at receipt and answer. Raises: NotAnswered."""
        return await self._request(source, Probe(id=self._new_id()))

    async def _request(self, source: SourceId, command: Command) -> Reply:
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._requests[str(command.id)] = answer
        self._say(source, command)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                reply = await answer
        except TimeoutError as error:
            raise NotAnswered(f"{source}: its collector did not answer within {ANSWER_WITHIN_S:.0f} s") from error
        finally:
            self._requests.pop(str(command.id), None)
        if not reply.ok:
            raise NotAnswered(f"{source}: its collector answered: {reply.error}")
        return reply

    # The session with the broker.

    def _make_client(self) -> aiomqtt.Client:
        will = aiomqtt.Will(engine_topic(self.race), self._presence(Presence.AWAY), qos=1, retain=True)
        return make_client(self._broker, f"engine:{self.race}", will)

    def _presence(self, state: Presence) -> bytes:
        return encode_engine(EngineState(state=state, journal=self.journal_id))

    async def _session(self, client: aiomqtt.Client) -> None:
        now_s = asyncio.get_running_loop().time()
        for state in self._sources.values():
            state.excuse(now_s)
            for store in state.ledgers:
                self._confirm(state.source, store)
        self._to_say.clear()
        try:
            await together(self._receive(client), self._speak(client))
        except asyncio.CancelledError:
            # Leaving on purpose: the broker sends no will then, so it is said here.
            with contextlib.suppress(aiomqtt.MqttError):
                await client.publish(
                    engine_topic(self.race), self._presence(Presence.AWAY), qos=1, retain=True, timeout=FAREWELL_S
                )
            raise

    async def _receive(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            self._on_message(message)

    async def _speak(self, client: aiomqtt.Client) -> None:
        # Listening before being there: nothing that is sent to us because of it can be missed.
        await client.subscribe([(topic, 1) for topic in engine_subscriptions()])
        await client.publish(engine_topic(self.race), self._presence(Presence.HERE), qos=1, retain=True)
        loop = asyncio.get_running_loop()
        while True:
            self._say_now.clear()
            while self._to_say:
                source, command = self._to_say.pop(0)
                await client.publish(command_topic(self.race, source), encode_command(command), qos=1)
            soonest: float | None = None
            for key in list(self._unconfirmed):
                due = self._told_s.get(key, 0.0) + CONFIRM_APART_S
                if due > loop.time():
                    soonest = due if soonest is None else min(soonest, due)
                    continue
                del self._unconfirmed[key]
                self._told_s[key] = loop.time()
                source, store = key
                payload = encode_confirmed(store, self.journal_id, self._sources[source].ledgers[store].taken)
                await client.publish(confirmed_topic(self.race, source, store), payload, qos=1, retain=True)
            if self._to_say:
                continue
            timeout = None if soonest is None else max(0.0, soonest - loop.time())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._say_now.wait()

    def _confirm(self, source: SourceId, store: str) -> None:
        self._unconfirmed[source, store] = None
        self._say_now.set()

    def _say(self, source: SourceId, command: Command) -> None:
        if len(self._to_say) >= _COMMANDS:
            del self._to_say[0]
        self._to_say.append((source, command))
        self._say_now.set()

    def _new_id(self) -> str:
        return f"{self._tag}-{next(self._ids)}"

    # What collectors say.

    def _on_message(self, message: aiomqtt.Message) -> None:
        topic = message.topic.value
        payload = message.payload if isinstance(message.payload, bytes) else b""
        retained = bool(message.retain)
        place = parse_topic(topic, self.race)
        if isinstance(place, Refused):
            if is_engines_own(topic, self.race):
                return
            self._refuse(topic, place.reason, payload, retained=retained, about=clean(topic, 100))
            return
        state = self._sources.get(place.source)
        if state is None:
            reason = f"unknown source {place.source!r}: the race file names no collector of that name"
            self._refuse(topic, reason, payload, retained=retained, about=place.source)
            return
        match place:
            case CollectorTopic(channel=Channel.READS):
                if retained:
                    reason = "a retained message is never a live read"
                    self._refuse(topic, reason, payload, retained=True, about=f"{place.source} retained", state=state)
                elif payload:
                    self._journalling[place.source].add(topic, payload)
            case CollectorTopic(channel=Channel.STATUS):
                self._on_status(state, topic, payload, retained=retained)
            case CollectorTopic(channel=Channel.REPLY) if not retained:
                self._on_reply(state, topic, payload)

    def _refuse(
        self,
        topic: str,
        reason: str,
        payload: bytes,
        *,
        retained: bool,
        about: str,
        state: SourceIntake | None = None,
    ) -> None:
        if retained and not payload:
            return  # a retained message being cleared
        shown = clean(topic, 200)
        about, count = self.quarantine.add(about, topic=shown, reason=reason, payload=payload, retained=retained)
        if count <= SAMPLES_PER_REASON:  # a flood must not fill the log either
            logger.warning("message quarantined", extra={"topic": shown, "reason": reason, "bytes": len(payload)})
        who = f"{state.source}: " if state else ""
        times = "1 message" if count == 1 else f"{count} messages"
        self._board.set(
            AlarmKind.QUARANTINE, state.source if state else None, f"{who}{times} not taken: {reason}", about=about
        )

    def _refuse_batch(self, state: SourceIntake, topic: str, reason: str, payload: bytes) -> None:
        kind = reason.split(":")[0]
        self._refuse(topic, reason, payload, retained=False, about=f"{state.source} {kind}", state=state)

    def _on_status(self, state: SourceIntake, topic: str, payload: bytes, *, retained: bool) -> None:
        if not payload:
            return
        status = parse_status(payload)
        if isinstance(status, Refused):
            reason = f"a status that cannot be read: {status.reason}"
            self._refuse(topic, reason, payload, retained=retained, about=f"{state.source} status", state=state)
            return
        shared = state.hear(status, asyncio.get_running_loop().time(), retained=retained)
        if shared:
            self._say(state.source, Renew(id=self._new_id()))
        if isinstance(status, StatusUp) and (ledger := state.ledger(status.store)) is not None:
            self._confirm(state.source, status.store)
            if not retained:
                self._sink.status(state.source, status)
                self._ask_gaps(state, ledger)

    def _on_reply(self, state: SourceIntake, topic: str, payload: bytes) -> None:
        reply = parse_reply(payload)
        if isinstance(reply, Refused):
            reason = f"a reply that cannot be read: {reply.reason}"
            self._refuse(topic, reason, payload, retained=False, about=f"{state.source} reply", state=state)
            return
        if (answer := self._requests.get(str(reply.id))) is not None and not answer.done():
            answer.set_result(reply)
        asked = self._asked.pop(str(reply.id), None)
        if asked is None or not reply.gone:
            return
        source, store, send = asked
        said_store = reply.fields.get("store", store)
        if source != state.source or said_store != store or state.store != store:
            return  # another collector's answer: what it does not hold says nothing about this store
        gone = clipped(reply.gone, send.first, send.through)
        self._journalling[source].lose(store, gone)

    # What is asked of collectors.

    def _ask_gaps(self, state: SourceIntake, ledger: StoreLedger) -> None:
        """Ask for what is missing of a store, if it is the one that speaks now; show the gap in any case."""
        state.tell_gap(ledger)
        if ledger.store != state.store or not self.link.up:
            return
        for first, last in ledger.to_ask(asyncio.get_running_loop().time()):
            send = Send(id=self._new_id(), first=first, through=last)
            while len(self._asked) >= _COMMANDS:
                del self._asked[next(iter(self._asked))]
            self._asked[str(send.id)] = (state.source, ledger.store, send)
            logger.warning("reads missing", extra={"source": state.source, "from": first, "through": last})
            self._say(state.source, send)

    def renew(self, source: SourceId, store: str) -> None:
        """Ask a collector for a new store; not again within some seconds."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._renewed_s.get((source, store), -RENEW_APART_S) >= RENEW_APART_S:
            self._renewed_s[source, store] = now_s
            self._say(source, Renew(id=self._new_id()))

    # What happens with time.

    def _on_link(self, link: LinkState) -> None:
        self.link = link
        self._board.set(AlarmKind.BROKER, None, link.error)

    async def _look_after(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_S)
            for source, state in self._sources.items():
                self._journalling[source].look(loop.time())
                if not self.link.up:
                    state.excuse(loop.time())
                state.look(loop.time())
                for ledger in state.ledgers.values():
                    self._ask_gaps(state, ledger)
            self._board.flush()
