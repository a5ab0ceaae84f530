"""The demo: a whole race on one machine. Starts broker, engine, collector and virtual readers, and watches over them.

Owns the order of the day and what is reported at its end. Everything it does to the race it does as anybody could:
through commands to the engine, with the token of the race folder.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from calanque.broker_rights import PASSWORDS
from calanque.commands.control import command
from calanque.errors import EngineNotRunning, FrontDoorError, ProcessFailed
from calanque.folder import RaceFolder, race_folder
from calanque.processes import Child, stop_all
from config.plan import RacePlan
from readers.race_clock import RaceClock
from simulators.files import write_race_day
from simulators.places import Place, at_words, place_of, straight
from simulators.race_day import RaceDay
from simulators.tapes import READERS_FOLDER, Tape, tape_sources
from timing.instants import MINUTE, Instant

LEAD_S: Final = 4.0
"""Real seconds between the start of the processes and the first instant of the race."""

READY_S: Final = 60.0
"""How long a process may take to get ready on a slow machine."""

STALLED_S: Final = 90.0
"""Without a single new read for so long while some are missing, the demo gives up and says so."""

POLL_S: Final = 0.5

ON_WIRES: Final = "readers"
PUBLISHING: Final = "publishing readers"
"""Processes of virtual devices, and their status files."""

DEMO_RACE: Final = "marseille_cassis_2024"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlan:
    """What to run. `speed`: times life, or `max`. `through`: a port to go through on the way to a source's own."""

    day: RaceDay
    folder: Path
    speed: str
    port: int
    through: Callable[[str, int], int] = straight


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
        self._serving: list[Path] = []
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
        tapes = self.simulation / READERS_FOLDER
        self.distinct = sum(Tape.load(tapes, source).distinct for source in tape_sources(tapes))

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
        places = self._places()
        ttys = [place.tty for place in places if place.tty is not None]
        publishing = [place for place in places if place.publishes]
        on_wires = [place for place in places if not place.publishes]
        running = [name for name, some in ((ON_WIRES, on_wires), (PUBLISHING, publishing)) if some]
        self._serving = [self.place / f"{name}.json" for name in running]
        for file in self._serving:
            file.unlink(missing_ok=True)
        serve = ("simulators.serve", str(self.simulation), f"--clock={clock}")
        if on_wires:
            status = self.place / f"{ON_WIRES}.json"
            await self._child(ON_WIRES, *serve, f"--status={status}", *at_words(on_wires))
            await self._until(ON_WIRES, lambda: all(tty.exists() for tty in ttys) or None)
            await self._until(ON_WIRES, lambda: _read_json(status))
        await self._child(
            "engine", "calanque", "run", str(self.folder.path), f"--clock={clock}", f"--broker={address}",
            f"--port={self.plan.port}",
            *(f"--connect={place.source.id}={place.connect}" for place in places if not place.far),
        )  # fmt: skip
        for place in places:
            if place.far:
                source = place.source.id
                await self._child(
                    f"collector {source}", "calanque", "collect", str(self.folder.path), f"--source={source}",
                    f"--reader={place.connect}", f"--broker={address}", f"--clock={clock}",
                    f"--store={self.place / 'collector' / source}.sqlite",
                )  # fmt: skip
        await self._until("engine", self._engine_status)
        if publishing:
            # A broker passes on what somebody listens to, and nothing that was said before.
            await self._until("engine", lambda: self._all_heard(publishing))
            await self._child(
                PUBLISHING, *serve, f"--status={self.place / PUBLISHING}.json", *at_words(publishing),
                f"--broker={where['host']}:{where['port']}", f"--passwords={self.folder.path / PASSWORDS}",
            )  # fmt: skip

    def _all_heard(self, places: Sequence[Place]) -> bool | None:
        """Whether the engine listens to all of these; None while it does not."""
        rows = (self._engine_status() or {}).get("sources", [])
        heard = {row["id"] for row in rows if row["link"] in ("opened", "up")}
        return all(place.source.id in heard for place in places) or None

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
            readers = self._delivered()
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

    def _places(self) -> list[Place]:
        found = (place_of(source, self.simulation, through=self.plan.through) for source in self.race.race.sources)
        return [place for place in found if place is not None]

    def _delivered(self) -> Mapping[str, Any]:
        """How much the virtual devices have delivered, all together; empty while some have not told it yet."""
        told = [_read_json(file) for file in self._serving]
        found = [each for each in told if each is not None]
        if len(found) < len(told) or not found:
            return {}
        return {
            "clock_us": max(each["clock_us"] for each in found),
            "lag_s": max(each["lag_s"] for each in found),
            "done": all(each["done"] for each in found),
        }


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None
