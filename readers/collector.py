"""The collector beside a far mat: stores each read, publishes batches, forgets nothing the engine has not confirmed.

Source: docs/collector_protocol.md. It joins the store (`collector_store`), the delivery rules (`collector_outbox`) and
one MQTT connection (`mqtt_link`). Reads come to it from a driver, or from anything that calls `reads`. Knows no
runners, no race rules, and of the reader only what its status says.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable
from typing import Any, Final, Protocol

import aiomqtt

from readers.collector_alarms import Alarms
from readers.collector_holding import Holding, Renewed
from readers.collector_host import Host, StepWatch
from readers.collector_json import Refused
from readers.collector_messages import (
    Accept,
    BadCommand,
    CommandId,
    Confirmed,
    EngineState,
    Presence,
    Probe,
    ReaderStatus,
    Renew,
    Rewind,
    Send,
    StatusLost,
    StatusUp,
    encode_reply,
    encode_status,
    parse_command,
    parse_confirmed,
    parse_engine,
)
from readers.collector_outbox import gone
from readers.collector_payloads import payloads_of, raw_record, sound
from readers.collector_reader import with_clock, with_health
from readers.collector_store import CollectorStore
from readers.collector_topics import (
    client_id,
    command_topic,
    confirmed_topic,
    engine_topic,
    reads_topic,
    reply_topic,
    status_topic,
)
from readers.events import ClockSeen, GunSeen
from readers.health import SourceHealth, link_news
from readers.mqtt_link import FAREWELL_S, BrokerAddress, LinkState, SessionOver, keep_connected, make_client, together
from readers.protocol import Since
from timing.errors import RaceDayError
from timing.instants import SECOND
from timing.reads import ChipRead, ClockKind, ReadKind, SourceId, SourceReads

logger = logging.getLogger(__name__)

VERSION: Final = "calanque 1"
HEARTBEAT_S: Final = 5.0
_LOOK_S: Final = 0.5
"""How often the host's clock and the disk are looked at."""
_SOONEST_S: Final = 0.1
"""The shortest time between two statuses, however much changes."""
_COMEBACK_US: Final = 5 * SECOND


class ReaderMemory(Protocol):
    """What a collector may ask of the reader behind it. Nothing here stops, erases or re-times a reader."""

    def rewind(self, from_us: int, to_us: int) -> Awaitable[None] | None:
        """Ask the reader's memory for a stretch of the reader's clock. Raises: RaceDayError when it cannot be asked."""


class Collector:
    """One source behind one collector. Make it, give its methods to a driver, and keep `run` running."""

    def __init__(
        self,
        *,
        race: str,
        source: str,
        clock: ClockKind,
        store: CollectorStore,
        broker: BrokerAddress,
        host: Host | None = None,
        memory: ReaderMemory | None = None,
        protocol: str | None = None,
        chance: random.Random | None = None,
        version: str = VERSION,
    ) -> None:
        self.race, self.source, self.clock_kind = race, source, clock
        self.store = store
        self.memory = memory
        self.link = LinkState()
        self.alarms = Alarms(changed=self._say_status)
        self._broker = broker
        self._host = host or Host.real()
        self._chance = chance or random.Random()
        self._version = version
        self._reader = ReaderStatus(protocol=protocol)
        self._health: SourceHealth | None = None
        self._to_send = asyncio.Event()
        self._status_due = asyncio.Event()
        self._steps = StepWatch(self._host)
        self._holding = Holding(store, self.alarms, steady_us=_real_us, changed=self._to_send.set)

    # What a driver tells.

    async def reads(self, reads: SourceReads) -> None:
        """Returns when the reads are in the store for good. Frames that nobody understood are kept and sent raw."""
        arrived_us = self._host.wall_us()
        kept = [(reads.clock, sound(read)) for read in reads.reads]
        kept += [(reads.clock, raw_record(raw, reason, arrived_us)) for raw, reason in reads.malformed]
        await self._holding.add(kept)

    async def gun(self, source: SourceId, gun: GunSeen) -> None:
        """A gun is stored and delivered like a read."""
        read = ChipRead(
            tag=None,
            stamp_us=gun.stamp_us,
            received_us=gun.received_us,
            kind=ReadKind.GUN,
            label=gun.label,
            raw=gun.raw or None,
        )
        await self._holding.add([(gun.clock or self.clock_kind, sound(read))])

    def clock(self, source: SourceId, clock: ClockSeen) -> None:
        self._reader = with_clock(self._reader, clock)

    def health(self, health: SourceHealth) -> None:
        if news := link_news(self._health, health):
            logger.info("%s", news)
        before, self._health = self._reader.link, health
        self._reader = with_health(self._reader, health)
        self.alarms.set("reader", health.error or health.warning)
        if self._reader.link != before:
            self._say_status()

    @property
    def unconfirmed(self) -> int:
        return self._holding.outbox.unconfirmed

    @property
    def since(self) -> Since | None:
        """Where the reader's memory is to be asked from; blocking, short."""
        return self.store.since()

    async def run(self) -> None:
        """Until cancelled: publish what is stored, whatever becomes of link, broker and engine."""
        try:
            await together(
                keep_connected(
                    self._make_client,
                    self._session,
                    address=self._broker,
                    changed=self._on_link,
                    chance=self._chance,
                ),
                self._look_after(),
            )
        finally:
            await self._holding.close()

    # The session with the broker.

    def _make_client(self) -> aiomqtt.Client:
        return make_client(
            self._broker,
            client_id(self.source, self.store.id),
            aiomqtt.Will(status_topic(self.race, self.source), encode_status(self._lost()), qos=1, retain=True),
        )

    def _lost(self) -> StatusLost:
        return StatusLost(store=self.store.id, boot=self._host.boot)

    async def _session(self, client: aiomqtt.Client) -> None:
        self._holding.outbox.linked()
        topics = (
            engine_topic(self.race),
            confirmed_topic(self.race, self.source, self.store.id),
            command_topic(self.race, self.source),
        )
        farewell = encode_status(self._lost())
        try:
            self._status_due.set()
            await together(self._receive(client), self._beat(client), self._subscribe_and_send(client, topics))
        except Renewed:
            await self._leave(client, farewell)
            raise SessionOver from None  # with the new store's name
        except asyncio.CancelledError:
            await self._leave(client, farewell)
            raise
        finally:
            self._holding.outbox.unlinked()

    async def _leave(self, client: aiomqtt.Client, farewell: bytes) -> None:
        """Leaving on purpose: the broker sends no will then, so it is said here."""
        with contextlib.suppress(aiomqtt.MqttError):
            await client.publish(status_topic(self.race, self.source), farewell, qos=1, retain=True, timeout=FAREWELL_S)

    async def _subscribe_and_send(self, client: aiomqtt.Client, topics: tuple[str, ...]) -> None:
        await client.subscribe([(topic, 1) for topic in topics])
        while True:
            parcel = self._holding.outbox.next_parcel(_real_us())
            if parcel is None:
                await self._until_something_to_send()
                continue
            store_id = self.store.id
            stored = await self._holding.load(parcel.first, parcel.last)
            if self.store.id != store_id:
                continue  # renewed meanwhile: these numbers mean other reads now
            for payload in payloads_of(
                stored,
                store=store_id,
                boot=self._host.boot,
                steady_us=self._host.steady_us(),
                now_us=self._host.wall_us(),
                unsendable=parcel.unsendable,
            ):
                await client.publish(reads_topic(self.race, self.source), payload, qos=1)

    async def _until_something_to_send(self) -> None:
        deadline_us = self._holding.outbox.deadline_us(_real_us())
        timeout = None if deadline_us is None else max(0.0, (deadline_us - _real_us()) / SECOND)
        try:
            async with asyncio.timeout(timeout):
                await self._to_send.wait()
        except TimeoutError:
            return
        self._to_send.clear()

    async def _beat(self, client: aiomqtt.Client) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._status_due.wait()
            self._status_due.clear()
            await client.publish(status_topic(self.race, self.source), encode_status(self.status()), qos=1, retain=True)
            await asyncio.sleep(_SOONEST_S)

    def status(self) -> StatusUp:
        return StatusUp(
            store=self.store.id,
            boot=self._host.boot,
            steady_us=self._host.steady_us(),
            now_us=self._host.wall_us(),
            sync=self._host.sync(),
            last=self.store.last,
            held_from=self.store.held_from,
            unconfirmed=self._holding.outbox.unconfirmed,
            version=self._version,
            alarms=self.alarms.texts(),
            reader=self._reader,
        )

    async def _receive(self, client: aiomqtt.Client) -> None:
        engine, command = engine_topic(self.race), command_topic(self.race, self.source)
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            topic = message.topic.value
            if topic == engine:
                self._on_engine(parse_engine(payload), retained=bool(message.retain))
            elif topic == command:
                if not message.retain:  # a request of some past race is none now
                    await self._on_command(client, payload)
            elif topic == confirmed_topic(self.race, self.source, self.store.id):
                await self._on_confirmed(parse_confirmed(payload), kept=bool(message.retain))

    # What the engine says.

    def _on_engine(self, state: EngineState | Refused, *, retained: bool) -> None:
        if isinstance(state, Refused):
            logger.warning("an engine state that cannot be read", extra={"reason": state.reason})
            return
        self._holding.note_journal(state.journal)
        if state.state is Presence.AWAY:
            self._holding.outbox.engine_away()
        else:
            # It was there before us, or it comes back: then not all collectors at the same instant.
            pause_us = 0 if retained else self._chance.randrange(_COMEBACK_US)
            self._holding.outbox.engine_here(_real_us() + pause_us)
        self._to_send.set()

    async def _on_confirmed(self, confirmed: Confirmed | Refused, *, kept: bool) -> None:
        if isinstance(confirmed, Refused):
            logger.warning("a confirmation that cannot be read", extra={"reason": confirmed.reason})
            return
        if confirmed.store == self.store.id:
            await self._holding.confirm(confirmed, kept=kept)

    async def _on_command(self, client: aiomqtt.Client, payload: bytes) -> None:
        got_us = self._host.wall_us()
        command = parse_command(payload)

        async def reply(name: CommandId, **said: Any) -> None:
            await client.publish(reply_topic(self.race, self.source), encode_reply(name, **said), qos=1)

        match command:
            case Refused():
                logger.warning("a command that cannot be answered", extra={"reason": command.reason})
            case BadCommand():
                await reply(command.id, error=command.error)
            case Send():
                lost = gone(command.first, command.through, self.store.held_from, self.store.last)
                self._holding.outbox.ask(command.first, command.through)
                self._to_send.set()
                await reply(command.id, gone=lost, fields={"store": self.store.id})
            case Rewind():
                await reply(command.id, error=await self._rewound(command))
            case Probe():
                sent = {"got_us": got_us, "sent_us": self._host.wall_us()}
                await reply(command.id, fields={**self._reader.known(), **sent})
            case Accept():
                await reply(command.id, error=await self._holding.accept(command.journal))
            case Renew():
                problem = await self._holding.renew("the engine asked for it")
                await reply(command.id, error=problem, fields={"store": self.store.id})
                if problem is None:
                    raise Renewed

    async def _rewound(self, command: Rewind) -> str | None:
        """Why the reader's memory cannot be asked, or None."""
        if self.memory is None:
            return "the reader behind this collector has no memory that can be asked"
        if self._reader.link != "up":
            return f"the reader's link is {self._reader.link or 'not known'}: its memory is asked when it comes back"
        try:
            asked = self.memory.rewind(command.from_us, command.to_us)
            if asked is not None:
                await asked
        except RaceDayError as problem:
            return str(problem)
        return None

    # What happens here.

    def _on_link(self, link: LinkState) -> None:
        self.link = link

    def _say_status(self) -> None:
        self._status_due.set()

    async def _look_after(self) -> None:
        """The host's clock and what is held, now and then."""
        while True:
            await asyncio.sleep(_LOOK_S)
            if step := self._steps.step_us():
                logger.warning("the host's clock was set", extra={"by_us": step})
                self._say_status()
            await self._holding.look_after()


def _real_us() -> int:
    """Real time for pauses and patience, also in a simulated race."""
    return int(asyncio.get_running_loop().time() * SECOND)
