"""A running engine and a reader that speaks MQTT: killed, away, and back, on a Mosquitto; nothing is lost or twice."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from calanque.broker_rights import ensure_passwords, mosquitto_config
from calanque.commands.control import command
from calanque.errors import EngineNotRunning
from calanque.folder import RaceFolder
from calanque.processes import Child, stop_all
from config.loader import load_race
from readers import impinj_messages
from timing.reads import ChipRead, Tag

RACE_FILE = Path(__file__).parents[1] / "config" / "ten_miles.toml"
RACE, READER, TOPICS = "ten_miles", "start", {"start": "impinj/start/#"}
DEADLINE_S = 40.0
STAMP_US = 1_270_965_600_000_000
"""11 April 2010, 8:00 in Paris, in UTC."""


async def until(ask: Callable[[], Any]) -> Any:
    """The first true answer, within the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not (answer := await asyncio.to_thread(ask)):
        assert time.monotonic() < deadline, f"not within {DEADLINE_S:.0f} s"
        await asyncio.sleep(0.05)
    return answer


class MqttRace:
    """One race with a reader that publishes, a Mosquitto, and engines as processes."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.folder = RaceFolder(place / "race")
        self.folder.roster.mkdir(parents=True)
        text = RACE_FILE.read_text(encoding="utf-8")
        reader = 'id = "start"\nprotocol = "impinj"\nconnect = "mqtt:impinj/start/#"'
        self.folder.race_file.write_text(
            text.replace('id = "start"\nconnect = "tcp:127.0.0.1:10001"', reader), encoding="utf-8"
        )
        plan = load_race(self.folder.path)
        self.clock = f"{plan.race.last_instant_us}@max@0"
        self.passwords = ensure_passwords(self.folder.path, [source.id for source in plan.race.sources])
        self.children: list[Child] = []

    def broker(self) -> subprocess.Popen[bytes]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        files = self.place / "mosquitto"
        files.mkdir()
        run_as = "root" if os.geteuid() == 0 else None
        made = mosquitto_config(RACE, self.passwords, files, port=self.port, run_as=run_as, keep=False, topics=TOPICS)
        for name, text in made.items():
            (files / name).write_text(text, encoding="utf-8")
            (files / name).chmod(0o600)
        with (files / "log").open("wb") as log:
            return subprocess.Popen(
                ["/usr/sbin/mosquitto", "-c", str(files / "mosquitto.conf")], stdout=log, stderr=log
            )

    async def engine(self) -> Child:
        url = f"mqtt://engine:{self.passwords['engine']}@127.0.0.1:{self.port}"
        child = Child(
            name=f"engine {len(self.children)}",
            command=("calanque", "run", str(self.folder.path), "--port=0", f"--clock={self.clock}",
                     f"--broker={url}", "--connect=halfway=file"),
            log=self.place / f"engine{len(self.children)}.log",
            restart=False,
        )  # fmt: skip
        self.children.append(child)
        await child.start()
        await until(lambda: self.row().get("link") in ("opened", "up"))
        return child

    def status(self) -> dict[str, Any]:
        try:
            return command(self.folder, "status", {})
        except EngineNotRunning:
            return {}

    def row(self) -> dict[str, Any]:
        return next((row for row in self.status().get("sources", []) if row["id"] == READER), {})


@pytest.fixture
async def race(tmp_path: Path) -> AsyncIterator[MqttRace]:
    made = MqttRace(tmp_path)
    broker = made.broker()
    try:
        yield made
    finally:
        await stop_all(made.children)
        broker.kill()
        broker.wait()
    for child in made.children:
        assert "Traceback" not in child.log.read_text(encoding="utf-8"), child.log.read_text(encoding="utf-8")


@contextlib.asynccontextmanager
async def reader(race: MqttRace) -> AsyncIterator[Callable[[int, int], Any]]:
    async with aiomqtt.Client(
        "127.0.0.1", race.port, username=READER, password=race.passwords[READER], identifier="r700"
    ) as client:

        async def say(first: int, count: int) -> None:
            for number in range(first, first + count):
                read = ChipRead(
                    tag=Tag(f"E28011{number:06X}"), stamp_us=STAMP_US + number * 1_000, received_us=0, antenna=1
                )
                await client.publish("impinj/start/data", impinj_messages.tag_event(read), qos=1)

        yield say


async def test_an_engine_that_is_killed_and_started_again_has_every_read_once(race: MqttRace) -> None:
    engine = await race.engine()
    async with reader(race) as say:
        await say(1, 50)
        await until(lambda: race.row().get("reads") == 50)
        saying = asyncio.create_task(say(51, 400))
        await until(lambda: race.row().get("reads", 0) > 100)
        assert engine.process is not None
        engine.process.kill()  # some are delivered, and neither journalled nor acknowledged
        await saying
        await say(451, 50)
        await race.engine()
        await until(lambda: race.row().get("reads") == 500)
    status = race.status()
    assert status["reads"] == 500
    assert race.row()["malformed"] == 0
    assert race.row()["link"] == "up"
    await until(lambda: list(race.folder.capture.glob("start.*.capture")))  # written in a thread, a moment later


async def test_two_sources_under_one_topic_are_refused_before_anything_runs(race: MqttRace) -> None:
    text = race.folder.race_file.read_text(encoding="utf-8")
    race.folder.race_file.write_text(
        text.replace(
            'id = "halfway"\nconnect = "collector"', 'id = "halfway"\nprotocol = "zebra"\nconnect = "mqtt:impinj/+/x"'
        ),
        encoding="utf-8",
    )
    found = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "calanque", "run", str(race.folder.path), "--port=0"],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert found.returncode != 0
    assert "would hear the same topics" in found.stderr
    assert "Traceback" not in found.stderr
