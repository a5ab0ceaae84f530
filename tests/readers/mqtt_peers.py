"""Real peers for tests of the collector protocol: brokers as processes, a journal as sink, a foreign collector.

The foreign collector is written from the protocol page alone and uses nothing of `readers`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiomqtt

from calanque.broker_rights import ensure_passwords, mosquitto_config
from readers.collector import Collector
from readers.collector_store import CollectorStore
from readers.mqtt_alarms import AlarmKind, IntakeAlarm, Quarantined
from readers.mqtt_intake import MqttIntake
from readers.mqtt_link import BrokerAddress
from timing.entries import LossBody, new_entry, reads_entry
from timing.errors import RaceDayError
from timing.journal import Journal
from timing.race import Race
from timing.reads import ChipRead, ClockKind, SourceId, SourceReads, Tag
from timing.state import RaceState

RACE = "small"
SOURCE = SourceId("gineste-main")
OTHER = SourceId("gineste-backup")
ROOT = Path(__file__).parents[2]
ZERO_US = 1_730_016_000_000_000


async def until(condition: Callable[[], Any], within_s: float = 60.0) -> Any:
    """What a condition gives once it is true; fails when it is not true in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not (found := condition()):
        assert loop.time() < deadline, f"not true within {within_s} s"
        await asyncio.sleep(0.01)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class BrokerProcess:
    """A broker on a port of its own, as a process that can be killed and started again."""

    def __init__(self, folder: Path, topics: dict[str, str] | None = None) -> None:
        """`topics`: further sources, readers that speak MQTT themselves, and what they publish under."""
        self.folder = folder
        self.topics = topics or {}
        self.port = free_port()
        self.passwords = ensure_passwords(folder, [SOURCE, OTHER, *self.topics])
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    async def start(self) -> None:
        with (self.folder / "broker.log").open("ab") as log:
            command = self.command()
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)  # noqa: ASYNC220
        await until(self._answers)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "broker.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """As a power cut would."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def address(self, user: str) -> BrokerAddress:
        return BrokerAddress(host="127.0.0.1", port=self.port, username=user, password=self.passwords[user])


class MosquittoProcess(BrokerProcess):
    keep = False
    """Whether what it knows outlives it."""

    def command(self) -> list[str]:
        run_as = "root" if os.geteuid() == 0 else None
        files = mosquitto_config(
            RACE, self.passwords, self.folder, port=self.port, run_as=run_as, keep=self.keep, topics=self.topics
        )
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
            (self.folder / name).chmod(0o600)
        return ["/usr/sbin/mosquitto", "-c", str(self.folder / "mosquitto.conf")]


class EmbeddedProcess(BrokerProcess):
    def command(self) -> list[str]:
        sources = [SOURCE, OTHER, *self.topics]
        told = f"{RACE!r}, pathlib.Path({str(self.folder)!r}), {sources!r}, port={self.port}, topics={self.topics!r}"
        code = f"import asyncio, pathlib; from calanque.broker import run_broker; asyncio.run(run_broker({told}))"
        return [sys.executable, "-c", code]


class JournalSink:
    """An engine in small: identities, a real journal, and what the intake told."""

    def __init__(self, race: Race, path: Path) -> None:
        self.race = race
        self.journal = Journal.open(path, race=RACE) if path.exists() else Journal.create(path, race=RACE)
        self.state = RaceState(race)
        self.state.apply_all(self.journal.entries())
        self.index = self.state.identity_index()
        self.alarms: dict[str, IntakeAlarm] = {}
        self.told: list[IntakeAlarm] = []
        self.samples: list[Quarantined] = []
        self.statuses: list[Any] = []
        self.repeats = 0
        self.open = asyncio.Event()
        self.open.set()
        self.refuse: RaceDayError | None = None
        self.now_us: Callable[[], int] = lambda: 1

    async def batch(self, source: SourceId, batch: Any) -> None:
        await self.open.wait()
        if self.refuse is not None:
            raise self.refuse
        fresh, repeats = self.index.fresh(batch.reads)
        self.repeats += repeats
        entry = reads_entry(fresh, self.now_us(), batch.delivery)
        await asyncio.wrap_future(self.journal.append([entry]))

    async def loss(self, source: SourceId, store: str, ranges: Any) -> None:
        body = LossBody(source=source, store=store, ranges=tuple(ranges))
        await asyncio.wrap_future(self.journal.append([new_entry(body, 1)]))

    def status(self, source: SourceId, status: Any) -> None:
        self.statuses.append(status)

    def alarm(self, alarm: IntakeAlarm) -> None:
        self.told.append(alarm)
        if alarm.active:
            self.alarms[alarm.key] = alarm
        else:
            self.alarms.pop(alarm.key, None)

    def quarantined(self, message: Quarantined) -> None:
        self.samples.append(message)

    def raised(self, kind: AlarmKind) -> str:
        """The texts of the alarms of a kind that are in force."""
        return "; ".join(alarm.text for alarm in self.alarms.values() if alarm.kind is kind)

    def journalled(self) -> RaceState:
        """The race as the journal tells it now."""
        if self.journal.last > self.state.applied:
            self.state.apply_all(self.journal.entries(after=self.state.applied))
        return self.state

    def tags(self) -> Counter[str]:
        """How often each tag is in the journal."""
        state = self.journalled()
        return Counter(state.tags.names[code] for code in state.reads().tag.tolist())


@contextlib.asynccontextmanager
async def running(work: Any) -> AsyncIterator[asyncio.Task[None]]:
    """Something with `run`, running; a failure of it is a failure of the test."""
    task = asyncio.create_task(work.run())
    try:
        yield task
        if task.done():
            task.result()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def make_intake(sink: JournalSink, broker: BrokerProcess, *, journal_id: str | None = None) -> MqttIntake:
    return MqttIntake(
        race=RACE,
        sources={SOURCE: ClockKind.LOCAL, OTHER: ClockKind.LOCAL},
        journal_id=journal_id or sink.journal.id,
        broker=broker.address("engine"),
        sink=sink,
        cursors=sink.journalled().cursors,
        chance=random.Random(1),
    )


class NoWait(random.Random):
    """Chance that never makes anybody wait: come-backs are at once."""

    def randrange(self, *args: Any, **more: Any) -> int:
        return 0


def make_collector(store: CollectorStore, broker: BrokerProcess, source: SourceId = SOURCE, **more: Any) -> Collector:
    return Collector(
        race=RACE,
        source=source,
        clock=ClockKind.LOCAL,
        store=store,
        broker=broker.address(source),
        chance=NoWait(),
        **more,
    )


def chip_reads(first: int, count: int, source: SourceId = SOURCE) -> SourceReads:
    """Reads of `count` different tags, told by their number."""
    reads = [
        ChipRead(
            tag=Tag(f"05{number:06X}"),
            stamp_us=ZERO_US + number * 1_000,
            received_us=ZERO_US + number * 1_000 + 5,
            antenna=number % 4,
            raw=f"aa05{number:06x}",
        )
        for number in range(first, first + count)
    ]
    return SourceReads(source=source, clock=ClockKind.LOCAL, reads=reads)


def tag_names(first: int, count: int) -> Counter[str]:
    return Counter(f"05{number:06X}" for number in range(first, first + count))


class ForeignCollector:
    """A collector as somebody else would write it in an afternoon, from the page alone."""

    def __init__(self, client: aiomqtt.Client, source: str = SOURCE, store: str = "theirs-1", boot: str = "b1") -> None:
        self.client, self.source, self.store, self.boot = client, source, store, boot
        self.confirmed: dict[str, Any] = {}
        self.confirmations = 0
        self.engine: dict[str, Any] = {}
        self.commands: list[dict[str, Any]] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def at(cls, broker: BrokerProcess, **more: Any) -> AsyncIterator[ForeignCollector]:
        source, store = more.get("source", SOURCE), more.get("store", "theirs-1")
        will = json.dumps({"state": "lost", "store": store, "boot": more.get("boot", "b1")})
        topic = f"calanque/1/{RACE}/{source}"
        async with aiomqtt.Client(
            "127.0.0.1",
            broker.port,
            username=source,
            password=broker.passwords[source],
            identifier=more.pop("client_id", f"{source}:{store}"),
            will=aiomqtt.Will(f"{topic}/status", will, 1, True),
        ) as client:
            self = cls(client, **more)
            await client.subscribe(f"{topic}/confirmed/{store}", 1)
            await client.subscribe(f"{topic}/command", 1)
            await client.subscribe(f"calanque/1/{RACE}/engine", 1)
            listening = asyncio.create_task(self._listen())
            try:
                yield self
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self) -> None:
        async for message in self.client.messages:
            said = json.loads(message.payload)
            word = str(message.topic).split("/")[3:]
            if word == ["engine"]:
                self.engine = said
            elif word[1] == "command":
                self.commands.append(said)
            else:
                self.confirmed = said
                self.confirmations += 1

    def batch(self, first: int, count: int, **changes: Any) -> dict[str, Any]:
        """A batch of reads whose tags tell their numbers."""
        numbers = range(first, first + count)
        made = {
            "store": self.store,
            "first": first,
            "boot": self.boot,
            "steady_us": 1,
            "now_us": ZERO_US,
            "clock": "local",
            "tag": [f"05{number:06X}" for number in numbers],
            "stamp_us": [ZERO_US + number * 1_000 for number in numbers],
            "received_us": [ZERO_US + number * 1_000 + 5 for number in numbers],
        }
        made.update(changes)
        return made

    async def say(self, channel: str, message: Any, *, retain: bool = False) -> None:
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        await self.client.publish(f"calanque/1/{RACE}/{self.source}/{channel}", payload, qos=1, retain=retain)

    async def send(self, first: int, count: int, **changes: Any) -> None:
        await self.say("reads", self.batch(first, count, **changes))

    async def up(self, **more: Any) -> None:
        status = {"state": "up", "store": self.store, "boot": self.boot, "alarms": [], "reader": {"link": "up"}}
        await self.say("status", {**status, **more}, retain=True)

    async def through(self, number: int, also: list[list[int]] | None = None) -> None:
        """Wait until exactly this is confirmed."""
        await until(lambda: (self.confirmed.get("through"), self.confirmed.get("also", [])) == (number, also or []))
