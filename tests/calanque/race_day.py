"""A whole race in processes, for tests: the demo's own, with what a test does to it in mid-race, and a witness.

What a test does is a coroutine beside the race; it goes by how far the race is, never by time alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
from chaos_proxy import ChaosProxy

from calanque.broker import broker_address
from calanque.commands.control import command
from calanque.commands.demo import journalled_once
from calanque.demo import Demo, DemoPlan, Progress
from calanque.errors import EngineNotRunning
from config.loader import load_race
from readers.collector_messages import parse_confirmed
from readers.mqtt_link import BrokerAddress
from results.compare import Comparison, compare_results
from simulators.field import FieldPlan
from simulators.physics import Physics
from simulators.race_day import RaceDay, simulate
from timing.journal import Journal
from timing.journal_head import head_path, read_head
from timing.reads import SourceId
from timing.state import RaceState

RACE = "marseille_cassis_2024"
FAR = SourceId("gineste")
DEADLINE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a race left behind. `lists`: the lists of results.json, as bytes that can be compared."""

    once: bool
    told: str
    comparison: Comparison
    results: bytes
    lists: bytes
    restarts: dict[str, int]
    folder: Path
    rss_mb: dict[str, int]
    """The most memory each process held."""


@dataclass
class Course:
    """A race under way, as a test sees it."""

    demo: Demo
    at: Progress | None = None
    confirmed: dict[str, int] = field(default_factory=dict)
    """Through which number the engine has confirmed each store of the far mat."""
    rss_kb: dict[str, int] = field(default_factory=dict)

    @property
    def finished(self) -> int:
        return self.at.finished if self.at else 0

    @property
    def reads(self) -> int:
        return self.at.reads if self.at else 0

    @property
    def durable(self) -> int:
        """The last number of the journal that is safe, from the file the engine keeps beside it."""
        head = read_head(head_path(self.demo.folder.journal))
        return 0 if head is None else head.number

    async def until(self, condition: Callable[[], Any], within_s: float = DEADLINE_S) -> Any:
        deadline = time.monotonic() + within_s
        while not (found := condition()):
            assert time.monotonic() < deadline, f"not true within {within_s} s"
            await asyncio.sleep(0.01)
        return found

    def kill(self, name: str) -> None:
        """As a power cut of that process alone would; returns when it is dead, before anybody can start it again."""
        pid = self.demo.children[name].pid
        assert pid is not None, f"{name} is not running"
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while _alive(pid):
            assert time.monotonic() < deadline, f"{name} did not die"

    def journal_as_it_lies(self, to: Path) -> RaceState:
        """The race as the files of the journal tell it at this moment, copied away from under whoever writes."""
        to.mkdir()
        for suffix in ("", "-wal"):
            file = self.demo.folder.journal.with_name(f"journal.sqlite{suffix}")
            if file.exists():
                shutil.copyfile(file, to / file.name)
        state = RaceState(self.demo.race.race)
        # Its own head and end mark are left out: what counts is what is there.
        with Journal.open(to / "journal.sqlite", read_only=True) as journal:
            assert journal.verify().damaged is None
            state.apply_all(journal.entries())
        return state

    async def once(
        self, ask: Callable[[], Awaitable[Any]], good: Callable[[Any], bool], within_s: float = DEADLINE_S
    ) -> Any:
        """The first answer that is good; None is no answer."""
        deadline = time.monotonic() + within_s
        while (found := await ask()) is None or not good(found):
            assert time.monotonic() < deadline, f"no good answer within {within_s} s; the last was {found}"
            await asyncio.sleep(0.02)
        return found

    async def status(self) -> dict[str, Any] | None:
        try:
            return await asyncio.to_thread(command, self.demo.folder, "status", {})
        except EngineNotRunning:
            return None

    async def view(self) -> dict[str, Any] | None:
        """What the public page shows; None while nothing answers."""
        return await asyncio.to_thread(self._fetched_view)

    def _fetched_view(self) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(f"{self.demo.url}/view.json", timeout=5) as answer:
                found = json.load(answer)
        except (OSError, ValueError):
            return None
        return dict(found["sections"])


class Wires:
    """What the bytes of some sources go through on the way to the engine, by TCP: a proxy for each."""

    def __init__(self, *sources: str) -> None:
        self.proxies = {source: ChaosProxy(0, seed=1) for source in sources}

    def through(self, source: str, port: int) -> int:
        if source not in self.proxies:
            return port
        self.proxies[source].to = port
        return self.proxies[source].port

    async def __aenter__(self) -> Wires:
        for proxy in self.proxies.values():
            await proxy.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for proxy in self.proxies.values():
            await proxy.stop()


Mischief = Callable[[Course], Awaitable[None]]


async def _nothing(course: Course) -> None:
    """An undisturbed race."""


def race_day(runners: int, *, seed: int = 1, parked: int = 1) -> RaceDay:
    physics = Physics(seed=seed, parked=parked)
    return simulate(load_race(RACE), field=FieldPlan(seed=seed, runners=runners), physics=physics)


def run_race(
    folder: Path, day: RaceDay, *, speed: str, mischief: Mischief = _nothing, wires: Wires | None = None
) -> Outcome:
    """Runs a simulated race to its publication, with `mischief` beside it, which must come to its end before."""
    wires = wires or Wires()
    demo = Demo(DemoPlan(day=day, folder=folder, speed=speed, port=0, through=wires.through))
    demo.prepare()
    course = Course(demo)
    asyncio.run(_run(course, mischief, wires))
    once = journalled_once(demo)
    published = demo.folder.out / "results.csv"
    found: dict[str, Any] = json.loads((demo.folder.out / "results.json").read_bytes())
    return Outcome(
        once=once.ok,
        told=str(once),
        comparison=compare_results(published, demo.simulation / "expected.csv"),
        results=published.read_bytes(),
        lists=json.dumps(found["lists"]).encode(),
        restarts={name: child.restarts for name, child in demo.children.items() if child.restarts},
        folder=demo.folder.path,
        rss_mb={name: kb // 1024 for name, kb in course.rss_kb.items()},
    )


async def _run(course: Course, mischief: Mischief, wires: Wires) -> None:
    def tell(at: Progress) -> None:
        course.at = at
        for name, child in course.demo.children.items():
            course.rss_kb[name] = max(course.rss_kb.get(name, 0), _rss_kb(child.pid))

    async with wires, _witness(course):
        racing = asyncio.create_task(course.demo.run(tell))
        meddling = asyncio.ensure_future(mischief(course))
        try:
            await asyncio.wait({racing, meddling}, return_when=asyncio.FIRST_COMPLETED)
            if not meddling.done() and not racing.exception():
                raise AssertionError("the race was over before everything had been done to it")
            if meddling.done():
                meddling.result()
            await racing
        finally:
            for task in (meddling, racing):
                task.cancel()
            await asyncio.gather(racing, meddling, return_exceptions=True)


@contextlib.asynccontextmanager
async def _witness(course: Course) -> AsyncIterator[None]:
    """Somebody who hears every confirmation of the far mat's reads, whatever becomes of broker and engine."""
    listening = asyncio.create_task(_listen(course))
    try:
        yield
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _listen(course: Course) -> None:
    while True:
        where: BrokerAddress | None = None
        if (course.demo.place / "races").is_dir() and hasattr(course.demo, "folder"):
            where = broker_address(course.demo.folder.path, FAR)
        if where is not None:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client(
                    where.host,
                    where.port,
                    username=where.username,
                    password=where.password,
                    identifier=f"{FAR}:witness",
                ) as client:
                    await client.subscribe(f"calanque/1/{course.demo.race.race.id}/{FAR}/confirmed/+", qos=1)
                    async for message in client.messages:
                        _hear(course, message)
        await asyncio.sleep(0.05)


def _hear(course: Course, message: aiomqtt.Message) -> None:
    assert isinstance(message.payload, bytes)
    confirmed = parse_confirmed(message.payload)
    assert hasattr(confirmed, "through"), confirmed
    highest = max([confirmed.through, *(last for _, last in confirmed.also)])
    course.confirmed[confirmed.store] = max(course.confirmed.get(confirmed.store, 0), highest)


def _alive(pid: int) -> bool:
    """Whether any thread of a process may still do something; a dead one may be there until somebody looks at it."""
    try:
        states = [file.read_text().rsplit(")", 1)[1].split()[0] for file in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:
        return Path(f"/proc/{pid}").exists()
    return any(state not in "ZX" for state in states)


def _rss_kb(pid: int | None) -> int:
    if pid is None:
        return 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0
