"""SIGTERM and SIGINT end every process in order, with exit code 0 and soon, also when those it speaks to are gone."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from race_day import FAR, RACE, race_day

from calanque.exit_codes import OK
from calanque.folder import RaceFolder, race_folder
from readers.race_clock import RaceClock
from simulators.files import write_race_day
from timing.journal import Journal

WITHIN_S = 10.0
DEADLINE_S = 60.0
NEAR = "finish-main"


class Race:
    """Broker, readers, engine and collector of a small race that is on, each a process of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        day = race_day(60)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.sources = [source.id for source in day.plan.race.sources]
        write_race_day(day, place / "simulation", read_log=False)
        self.folder: RaceFolder = race_folder(RACE, root=place / "races")
        (self.folder.roster / "roster.csv").write_bytes((place / "simulation" / "roster.csv").read_bytes())
        # At life's own pace in the thick of the start: there is something under way whenever a process ends.
        self.clock = f"--clock={RaceClock.simulated(min(day.guns.values()) + 60_000_000, 1)}"
        self.ttys = {source: place / f"{source}.tty" for source in (NEAR, "start-main", FAR)}

    def up(self) -> None:
        """All four run and work, whatever a test before has done to them."""
        missing = [name for name in ("broker", "readers", "engine", "collector") if name not in self.running]
        if "broker" in missing:
            told = self.folder.path / "broker.json"
            told.unlink(missing_ok=True)
            self.start("broker", "calanque", "broker", self.folder.path, f"--port={self.port}")
            until(told.exists)  # and with it the passwords
        if "readers" in missing:
            ats = [f"--at={source}=pty:{tty}" for source, tty in self.ttys.items()]
            self.start("readers", "simulators.serve", self.place / "simulation", self.clock, *ats)
        if "engine" in missing:
            self.start_engine(self.port)
        if "collector" in missing:
            self.start(
                "collector", "calanque", "collect", self.folder.path, f"--source={FAR}", self.clock,
                f"--broker=mqtt://127.0.0.1:{self.port}", f"--reader=serial:{self.ttys[FAR]}",
                f"--store={self.place / 'collector.sqlite'}",
            )  # fmt: skip
        until(lambda: self.linked("collector", FAR) and self.linked("engine", FAR) and self.linked("engine", NEAR))

    def start_engine(self, broker_port: int) -> None:
        near = [f"--connect={source}=serial:{tty}" for source, tty in self.ttys.items() if source != FAR]
        other = [f"--connect={source}=file" for source in self.sources if source not in self.ttys]
        broker = f"--broker=mqtt://127.0.0.1:{broker_port}"
        self.start("engine", "calanque", "run", self.folder.path, "--port=0", broker, self.clock, *near, *other)

    def linked(self, name: str, source: str) -> bool:
        """Whether the last word of a process about the link to a source is that it is up."""
        words = [
            line for line in self.log(name).splitlines() if "link" in line and (source in line or name != "engine")
        ]
        return bool(words) and "link up" in words[-1]

    def start(self, name: str, module: str, *words: object) -> None:
        with (self.place / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", module, *map(str, words)], stdout=log, stderr=log
            )

    def log(self, name: str) -> str:
        return (self.place / f"{name}.log").read_text()

    def ends(self, name: str, number: signal.Signals) -> None:
        """A signal, and the process ends as it should."""
        process = self.running.pop(name)
        process.send_signal(number)
        began = time.monotonic()
        try:
            code = process.wait(10 * WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{name} does not end: {self.log(name)[-2_000:]}") from None
        assert code == OK, self.log(name)[-2_000:]
        assert "Traceback" not in self.log(name)
        assert "Task was destroyed" not in self.log(name)
        assert "never retrieved" not in self.log(name)
        assert time.monotonic() - began < WITHIN_S, f"{name} took {time.monotonic() - began:.1f} s to end"

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait()


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "not true in time"
        time.sleep(0.01)
    return found


@pytest.fixture(scope="module")
def race_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Race]:
    made = Race(tmp_path_factory.mktemp("race"))
    yield made
    for process in made.running.values():
        process.kill()
        process.wait()


@pytest.fixture
def race(race_of_all: Race) -> Race:
    race_of_all.up()
    return race_of_all


def test_all_end_when_told_while_the_others_are_there(race: Race) -> None:
    race.ends("engine", signal.SIGINT)
    race.ends("collector", signal.SIGINT)
    race.ends("readers", signal.SIGTERM)
    race.ends("broker", signal.SIGINT)
    # Closed in good order: nothing is left in the log beside the file.
    assert not Path(f"{race.folder.journal}-wal").exists()
    assert race.folder.holder() is None
    with Journal.open(race.folder.journal, read_only=True) as journal:
        assert journal.verify().damaged is None


def test_they_end_when_told_after_their_broker_has_died(race: Race) -> None:
    race.kill("broker")
    until(lambda: "does not answer" in race.log("engine") and "does not answer" in race.log("collector"))
    for name in ("collector", "engine"):
        race.ends(name, signal.SIGTERM)


def test_they_end_when_told_while_their_broker_hangs(race: Race) -> None:
    """Stopped, not dead: the connection is there, and nobody reads it."""
    os.kill(race.running["broker"].pid, signal.SIGSTOP)
    for name in ("collector", "engine"):
        race.ends(name, signal.SIGTERM)
    race.kill("broker")


def test_they_end_when_told_while_nothing_comes_back_from_their_brokers_address(race: Race) -> None:
    """A host that is switched off: whoever connects gets no answer at all."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, contextlib.ExitStack() as callers:
        for _ in range(2):  # as many as the kernel keeps waiting for the deaf one; the next gets no answer
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
        race.ends("collector", signal.SIGTERM)
        race.ends("engine", signal.SIGTERM)
        race.start_engine(deaf.getsockname()[1])
        until(lambda: race.linked("engine", NEAR))
        race.ends("engine", signal.SIGTERM)


def test_they_end_when_told_after_their_readers_have_died(race: Race) -> None:
    race.kill("readers")
    until(lambda: f"{NEAR}: link down" in race.log("engine"))
    for name in ("collector", "engine", "broker"):
        race.ends(name, signal.SIGTERM)


def test_an_engine_told_to_end_in_the_middle_of_its_start_ends(race: Race) -> None:
    race.ends("engine", signal.SIGTERM)
    race.start_engine(race.port)
    until(race.folder.holder)
    race.ends("engine", signal.SIGTERM)
    assert race.folder.holder() is None
    with Journal.open(race.folder.journal, read_only=True) as journal:
        assert journal.verify().damaged is None
