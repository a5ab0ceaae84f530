"""The embedded broker: amqtt on loopback, with the rights of the collector protocol.

For a quick start, tests and small races; on race day use Mosquitto (docs/broker.md). It forgets everything when it
ends, which the protocol makes harmless. Owns the listening socket, admission and the limit on messages; amqtt does the
MQTT behind them. `broker.json` in the race folder tells other processes where it listens.
"""

import asyncio
import contextlib
import json
import logging
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from amqtt.adapters import ReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig, ListenerType
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from calanque.broker_rights import MAX_MESSAGE, Rights, ensure_passwords, read_passwords, write_whole
from calanque.errors import FrontDoorError
from readers.collector_json import clean
from readers.mqtt_link import BrokerAddress

logger = logging.getLogger(__name__)

ADDRESS: Final = "broker.json"
MAX_CONNECTIONS: Final = 500
_MQTT_311: Final = 4
_LISTENER: Final = "default"
_SAY_WHO_WITHIN_S: Final = 10.0
_LET_GO_WITHIN_S: Final = 5.0
_LARGEST_CONNECT: Final = 4096


class BrokerNotStarted(FrontDoorError):
    """The embedded broker cannot listen where it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connect:
    """What a CONNECT packet says, as far as admission depends on it."""

    packet: bytes
    level: int
    client_id: str
    user: str | None
    password: str | None
    will_topic: str | None


class _Admission(BaseAuthPlugin):
    """amqtt asks a plugin; who gets this far was admitted at the door."""

    async def authenticate(self, *, session: Session) -> bool | None:
        return bool(session.username)


class _TopicRights(BaseTopicPlugin):
    """The protocol's rights, for each message and each subscription."""

    @dataclass
    class Config:
        race: str = ""
        users: list[str] = field(default_factory=list)
        topics: dict[str, str] = field(default_factory=dict)

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        config = context.config
        self._rights = Rights(config.race, dict.fromkeys(config.users, ""), config.topics)

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool | None:
        user = session.username if session else None
        if topic is None:
            return False
        if action is Action.PUBLISH:
            allowed = self._rights.may_publish(user, topic)
        else:
            allowed = self._rights.may_subscribe(user, topic)
        if not allowed and action is not Action.RECEIVE:
            logger.warning("not allowed", extra={"user": user, "topic": clean(topic), "action": str(action)})
        return allowed


class _LimitedReader(ReaderAdapter):
    """Gives amqtt the CONNECT again that admission has read, then the stream; never a piece above the limit.

    After such a piece there is nothing more to read: amqtt would go on and take the rest of the message for packets.
    """

    def __init__(self, reader: asyncio.StreamReader, replay: bytes, user: str | None) -> None:
        self._reader = reader
        self._replay = replay
        self._user = user
        self._over = False

    async def read(self, n: int = -1) -> bytes:
        if not self._over and not 0 <= n <= MAX_MESSAGE:
            self._over = True
            logger.warning("message refused: too large", extra={"user": self._user, "bytes": n, "limit": MAX_MESSAGE})
        if self._over:
            raise ConnectionResetError("message too large")
        if self._replay:
            given, self._replay = self._replay[:n], self._replay[n:]
            return given
        return await self._reader.readexactly(n)

    def feed_eof(self) -> None:
        self._reader.feed_eof()


class EmbeddedBroker:
    """A broker in this event loop. `address` tells where it listens once `start` has returned."""

    def __init__(self, rights: Rights, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.rights = rights
        self.host, self.port = host, port
        self._broker: Broker | None = None
        self._server: asyncio.Server | None = None
        self._here: dict[str, tuple[asyncio.StreamWriter, asyncio.Event]] = {}
        self._connections = 0

    async def start(self) -> None:
        """Raises: BrokerNotStarted when the port is taken or may not be used."""
        plugins = {
            f"{__name__}._Admission": {},
            f"{__name__}._TopicRights": {
                "race": self.rights.race,
                "users": list(self.rights.passwords),
                "topics": dict(self.rights.topics),
            },
        }
        listener = ListenerConfig(type=ListenerType.EXTERNAL, bind=_LISTENER)
        self._broker = Broker(BrokerConfig(listeners={_LISTENER: listener}, plugins=plugins))
        await self._broker.start()
        try:
            self._server = await asyncio.start_server(self._connected, self.host, self.port)
        except OSError as error:
            await self._broker.shutdown()
            raise BrokerNotStarted(
                f"the broker cannot listen on {self.host}:{self.port} ({error.strerror}): "
                "another program has that port; give another one, or 0 for any free port"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer, _ in list(self._here.values()):
            writer.close()
        if self._broker is not None:
            await self._broker.shutdown()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        self._connections += 1
        try:
            if self._connections > MAX_CONNECTIONS:
                logger.warning("connection refused: too many", extra={"peer": str(peer)})
                return
            async with asyncio.timeout(_SAY_WHO_WITHIN_S):
                connect = await _read_connect(reader)
            if connect is not None and (code := self._refusal(connect)):
                logger.warning(
                    "connection refused", extra={"peer": str(peer), "user": clean(connect.user or ""), "code": code}
                )
                writer.write(bytes((0x20, 2, 0, code)))
                await writer.drain()
            elif connect is not None:
                await self._serve(connect, reader, writer)
        except (TimeoutError, OSError, EOFError, ValueError) as error:
            logger.info("connection ended", extra={"peer": str(peer), "error": str(error)})
        finally:
            self._connections -= 1
            writer.close()

    def _refusal(self, connect: _Connect) -> int:
        """The CONNACK code that refuses a client; 0 when it is admitted."""
        if connect.level != _MQTT_311:
            return 1
        if not self.rights.admits(connect.user, connect.password):
            return 4
        if connect.will_topic is not None and not self.rights.may_publish(connect.user, connect.will_topic):
            return 5  # amqtt would publish a will to any topic
        return 0

    async def _serve(self, connect: _Connect, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client until it goes. A client of the same id goes first, as MQTT wants it; amqtt would keep both."""
        name = connect.client_id or f"\0{id(writer)}"  # no id given: amqtt makes one, nobody is taken over
        if name in self._here:
            other, gone = self._here[name]
            other.close()
            async with asyncio.timeout(_LET_GO_WITHIN_S):
                await gone.wait()
        ended = asyncio.Event()
        self._here[name] = (writer, ended)
        assert self._broker is not None, "nobody connects before start"
        try:
            await self._broker.external_connected(
                _LimitedReader(reader, connect.packet, connect.user), StreamWriterAdapter(writer), _LISTENER
            )
        finally:
            ended.set()
            if self._here.get(name, (None,))[0] is writer:
                del self._here[name]


async def _read_connect(reader: asyncio.StreamReader) -> _Connect | None:
    """The first packet, or None when it is no CONNECT we could serve. Raises: EOFError, OSError, ValueError."""
    head = await reader.readexactly(2)
    if head[0] != 0x10:
        return None
    length, shift, digit = head[1] & 0x7F, 7, head[1]
    while digit & 0x80 and shift < 28:
        digit = (await reader.readexactly(1))[0]
        head += bytes((digit,))
        length |= (digit & 0x7F) << shift
        shift += 7
    if length > _LARGEST_CONNECT:
        return None
    body = await reader.readexactly(length)
    return _connect_of(head + body, body)


def _connect_of(packet: bytes, body: bytes) -> _Connect | None:
    """MQTT 3.1.1, section 3.1. Raises: ValueError when the packet is not what it says."""
    try:
        name, at = _text(body, 0)
        level, flags = body[at], body[at + 1]
        if name != "MQTT":
            return None
        if level != _MQTT_311:
            return _Connect(packet=packet, level=level, client_id="", user=None, password=None, will_topic=None)
        client_id, at = _text(body, at + 4)
        will_topic = user = password = None
        if flags & 0x04:
            will_topic, at = _text(body, at)
            (length,) = struct.unpack_from("!H", body, at)
            at += 2 + length
        if flags & 0x80:
            user, at = _text(body, at)
        if flags & 0x40:
            password, at = _text(body, at)
    except (struct.error, IndexError) as error:
        raise ValueError(f"a CONNECT packet that breaks off: {error}") from error
    return _Connect(
        packet=packet, level=level, client_id=client_id, user=user, password=password, will_topic=will_topic
    )


def _text(body: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("!H", body, at)
    end = at + 2 + length
    if end > len(body):
        raise ValueError("a text that goes beyond its packet")
    return body[at + 2 : end].decode("utf-8"), end


async def run_broker(
    race: str,
    folder: Path,
    sources: Sequence[str],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    topics: Mapping[str, str] | None = None,
) -> None:
    """Serve a race until cancelled. Where it listens is told in `broker.json` of the folder, as long as it does.

    `topics`: of those sources that are readers speaking MQTT, what they publish under.

    Without a port told, the one of the last run is taken again if it is free: who knows it finds us after a crash.

    Raises: BrokerNotStarted, FolderRefused.
    """
    logging.getLogger("amqtt").setLevel(logging.ERROR)  # its warnings are about ordinary goings of clients
    rights = Rights(race, ensure_passwords(folder, sources), topics or {})
    last = told_address(folder)
    broker = EmbeddedBroker(rights, host=host, port=port or (last[1] if last and last[0] == host else 0))
    try:
        await broker.start()
    except BrokerNotStarted:
        if port:
            raise
        broker = EmbeddedBroker(rights, host=host)
        await broker.start()
    told = {"host": broker.host, "port": broker.port, "pid": os.getpid()}
    write_whole(folder / ADDRESS, json.dumps(told) + "\n")
    try:
        await asyncio.Event().wait()
    finally:
        await broker.stop()


def told_address(folder: Path) -> tuple[str, int] | None:
    """Host and port that the race's embedded broker told last; None when there was none."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads((folder / ADDRESS).read_text(encoding="utf-8"))
        return str(told["host"]), int(told["port"])
    return None


def broker_address(folder: Path, user: str) -> BrokerAddress | None:
    """The race's embedded broker for one of its users; None while it has not told where it listens."""
    told = told_address(folder)
    if told is None:
        return None
    try:
        password = read_passwords(folder).get(user)
    except OSError:
        return None
    return BrokerAddress(host=told[0], port=told[1], username=user, password=password)
