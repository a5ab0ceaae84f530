"""The demo: a whole race on one machine. Starts broker, engine, collector and virtual readers, and watches over them.

Owns the order of the day and what is reported at its end. Everything it does to the race it does as anybody could:
through commands to the engine, with the token of the race folder.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from calanque.commands.control import command
from calanque.errors import EngineNotRunning, FrontDoorError, ProcessFailed
from calanque.folder import RaceFolder, race_folder
from calanque.processes import Child, stop_all
from config.plan import RacePlan
from readers.race_clock import RaceClock
from simulators.files import ReaderTape, write_race_day
from simulators.race_day import RaceDay
from timing.instants import MINUTE, Instant

LEAD_S: Final = 4.0
"""Real seconds between the start of the processes and the first instant of the race."""

READY_S: Final = 60.0
"""How long a process may take to get ready on a slow machine."""

STALLED_S: Final = 90.0
"""Without a single new read for so long while some are missing, the demo gives up and says so."""

POLL_S: Final = 0.5

DEMO_RACE: Final = "marseille_cassis_2024"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlan:
    """What to run. `speed`: times life, or `max`."""

    day: RaceDay
    folder: Path
    speed: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the race is. `lag_s`: race seconds by which delivery is behind the race clock."""

    race_us: Instant
    reads: int
    expected: int
    finished: int
    lag_s: float
    restarts: Mapping[str, int]


class Demo:
    """One demo race. `run` returns when every read has been journalled and the results are published."""

    def __init__(self, plan: DemoPlan) -> None:
        self.plan = plan
        # Whole paths: the processes that are given them may stand elsewhere.
        self.place = plan.folder.resolve()
        self.simulation = self.place / "simulation"
        self.folder: RaceFolder
        self.children: dict[str, Child] = {}
        self.distinct = 0
        self._closed_start = False

    @property
    def race(self) -> RacePlan:
        return self.plan.day.plan

    def prepare(self) -> None:
        """Files of the simulated day, and the race folder with its roster. Takes some seconds for a large race."""
        write_race_day(self.plan.day, self.simulation, read_log=False)
        race_file = self.race.path
        assert race_file is not None, "a race that is run has a file"
        self.folder = race_folder(race_file, root=self.place / "races")
        (self.folder.roster / "roster.csv").write_bytes((self.simulation / "roster.csv").read_bytes())
        self.distinct = sum(_distinct(tape) for tape in self._tapes())

    async def run(self, tell: Callable[[Progress], None]) -> Mapping[str, Any]:
        """The race, from the first process to the publication; the answer of the engine's `publish`.

        Raises: ProcessFailed, FrontDoorError.
        """
        (self.place / "logs").mkdir(parents=True, exist_ok=True)
        try:
            await self._start()
            await self._until_all_is_journalled(tell)
            await self._close_start()
            closed_us = self.race.race.last_instant_us
            await self._command("close", {"point": "finish", "author": "demo", "at_us": closed_us})
            return await self._command("publish", {"author": "demo"})
        finally:
            await stop_all(list(self.children.values()))

    @property
    def url(self) -> str:
        return str((self.folder.holder() or {}).get("url", ""))

    @property
    def _start_closed_us(self) -> Instant:
        closed = self.plan.day.closings.start_us
        assert closed is not None, "a simulated day says when the start is closed"
        return closed

    async def _start(self) -> None:
        broker = self.folder.path / "broker.json"
        broker.unlink(missing_ok=True)
        await self._child("broker", "calanque", "broker", str(self.folder.path))
        where = await self._until("broker", lambda: _read_json(broker))
        address = f"mqtt://{where['host']}:{where['port']}"
        clock = str(self._clock())
        ttys = {source: self.simulation / f"{source}.tty" for source in self._sources()}
        await self._child(
            "readers", "simulators.serve", str(self.simulation), f"--clock={clock}",
            f"--status={self._status_file}", *(f"--at={source}=pty:{tty}" for source, tty in ttys.items()),
        )  # fmt: skip
        await self._until("readers", lambda: all(tty.exists() for tty in ttys.values()) or None)
        direct = [s.id for s in self.race.race.sources if s.connect != "collector"]
        await self._child(
            "engine", "calanque", "run", str(self.folder.path), f"--clock={clock}", f"--broker={address}",
            f"--port={self.plan.port}", *(f"--connect={source}=serial:{ttys[source]}" for source in direct),
        )  # fmt: skip
        for source in self.race.race.sources:
            if source.connect == "collector":
                await self._child(
                    f"collector {source.id}", "calanque", "collect", str(self.folder.path), f"--source={source.id}",
                    f"--reader=serial:{ttys[source.id]}", f"--broker={address}", f"--clock={clock}",
                    f"--store={self.place / 'collector' / source.id}.sqlite",
                )  # fmt: skip
        await self._until("engine", self._engine_status)

    def _clock(self) -> RaceClock:
        """Begins a little before the first read. As fast as possible: stands at the end of the race."""
        day = self.plan.day
        if self.plan.speed == "max":
            return RaceClock.fastest(self.race.race.last_instant_us)
        first_us = min(int(day.reads.due_us[0]), min(day.guns.values())) - MINUTE
        return RaceClock(first_us, self.plan.speed, time.time_ns() // 1000 + int(LEAD_S * 1_000_000))

    async def _child(self, name: str, *words: str) -> None:
        log = self.place / "logs" / f"{name.replace(' ', '-')}.log"
        child = Child(name=name, command=words, log=log)
        self.children[name] = child
        await child.start()

    async def _until(self, name: str, ready: Callable[[], Any]) -> Any:
        """The first answer of `ready`. Raises: ProcessFailed when it does not come."""
        began = time.monotonic()
        while time.monotonic() - began < READY_S:
            self._check_children()
            answer = await asyncio.to_thread(ready)
            if answer is not None:
                return answer
            await asyncio.sleep(0.05)
        raise ProcessFailed(f"the process `{name}` did not get ready within {READY_S:.0f} s: {self.children[name].log}")

    async def _until_all_is_journalled(self, tell: Callable[[Progress], None]) -> None:
        last, since = -1, time.monotonic()
        while True:
            self._check_children()
            status = await asyncio.to_thread(self._engine_status) or {}
            readers = _read_json(self._status_file) or {}
            reads = int(status.get("reads", 0))
            if reads != last:
                last, since = reads, time.monotonic()
            tell(
                Progress(
                    race_us=int(readers.get("clock_us", self._start_closed_us)),
                    reads=max(reads, 0),
                    expected=self.distinct,
                    finished=int(status.get("finished", 0)),
                    lag_s=float(readers.get("lag_s", 0.0)),
                    restarts={name: child.restarts for name, child in self.children.items() if child.restarts},
                )
            )
            await self._close_start_when_due(readers)
            if readers.get("done") and reads >= self.distinct:
                return
            if readers.get("done") and time.monotonic() - since > STALLED_S:
                raise FrontDoorError(
                    f"{self.distinct - reads} reads have been delivered and not journalled, and none came for "
                    f"{STALLED_S:.0f} s; see {self.place / 'logs'}"
                )
            await asyncio.sleep(POLL_S)

    async def _close_start_when_due(self, readers: Mapping[str, Any]) -> None:
        """The crew declares the start closed when its time has come by the race clock, while the race is on."""
        if readers.get("clock_us", 0) > self._start_closed_us:
            await self._close_start()

    async def _close_start(self) -> None:
        if not self._closed_start:
            await self._command("close", {"point": "start", "author": "demo", "at_us": self._start_closed_us})
            self._closed_start = True

    def _engine_status(self) -> dict[str, Any] | None:
        try:
            return command(self.folder, "status", {})
        except EngineNotRunning:
            return None

    async def _command(self, name: str, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Gives a command, again while the engine is being started again."""
        began = time.monotonic()
        while True:
            try:
                return await asyncio.to_thread(command, self.folder, name, fields)
            except EngineNotRunning:
                if time.monotonic() - began > READY_S:
                    raise
                self._check_children()
                await asyncio.sleep(POLL_S)

    def _check_children(self) -> None:
        for child in self.children.values():
            child.check()

    def _sources(self) -> list[str]:
        return [source.id for source in self.race.race.sources]

    def _tapes(self) -> list[ReaderTape]:
        return [ReaderTape.load(self.simulation / "readers", source) for source in self._sources()]

    @property
    def _status_file(self) -> Path:
        return self.place / "readers.json"


def _distinct(tape: ReaderTape) -> int:
    """How many different reads (reader, tag, stamp) a reader says, however often it says them."""
    import numpy as np

    lines = np.frombuffer(tape.lines, np.uint8).reshape(len(tape), -1)
    # Reader and tag, then date and time; the channel counters between them say nothing about identity.
    keys = np.ascontiguousarray(np.hstack([lines[:, 2:16], lines[:, 20:34]]))
    return len(np.unique(keys.view(np.dtype((np.void, keys.shape[1])))))


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None
