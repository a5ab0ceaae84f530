"""A running engine whose links are bad: each says so in plain words, is tried again, and harms nobody else."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from calanque.commands.control import command
from calanque.errors import EngineNotRunning
from calanque.folder import RaceFolder
from calanque.processes import Child, stop_all
from config.loader import load_race
from simulators.field import FieldPlan
from simulators.files import write_race_day
from simulators.physics import Physics
from simulators.race_day import simulate

RACE = "marseille_cassis_2024"
DEADLINE_S = 40.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _until(ask: Callable[[], Any]) -> Any:
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until:
        answer = await asyncio.to_thread(ask)
        if answer:
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {DEADLINE_S:.0f} s")


async def test_a_missing_port_and_a_broker_that_is_down_are_named_and_the_other_reader_is_heard(tmp_path: Path) -> None:
    plan = load_race(RACE)
    day = simulate(plan, field=FieldPlan(seed=3, runners=40), physics=Physics.off(seed=3))
    write_race_day(day, tmp_path / "day", expected=False)
    folder = RaceFolder(tmp_path / "races" / RACE)
    folder.roster.mkdir(parents=True)
    assert plan.path is not None
    for file in plan.path.parent.iterdir():
        (folder.path / file.name).write_bytes(file.read_bytes())
    (folder.roster / "roster.csv").write_bytes((tmp_path / "day" / "roster.csv").read_bytes())
    clock = f"{plan.race.last_instant_us}@max@0"
    port = _free_port()
    children: list[Child] = []

    async def child(name: str, *words: str) -> Child:
        children.append(Child(name=name, command=words, log=tmp_path / f"{name}.log", restart=False))
        await children[-1].start()
        return children[-1]

    def status() -> dict[str, Any] | None:
        try:
            return command(folder, "status", {})
        except EngineNotRunning:
            return None

    def source(name: str) -> dict[str, Any]:
        found = status() or {"sources": []}
        return next((row for row in found["sources"] if row["id"] == name), {})

    try:
        readers = await child(
            "readers", "simulators.serve", str(tmp_path / "day"), f"--clock={clock}", "--at=start-main=tcp:127.0.0.1:0"
        )
        where = json.loads(await _until(lambda: readers.log.read_text(encoding="utf-8")))["ready"]["start-main"]
        engine = await child(
            "engine", "calanque", "run", str(folder.path), "--port=0", f"--clock={clock}", f"--broker=mqtt://127.0.0.1:{port}",
            f"--connect=start-main={where}", "--connect=start-backup=serial:/dev/no_such_port",
            "--connect=finish-main=tcp:127.0.0.1:1", "--connect=finish-backup=file",
        )  # fmt: skip
        await _until(lambda: source("start-main").get("reads"))
        assert "/dev/no_such_port" in (await _until(lambda: source("start-backup").get("error")))
        assert source("start-backup")["link"] == "down"
        assert "127.0.0.1:1" in (await _until(lambda: source("finish-main").get("error")))
        broker = await _until(lambda: (status() or {}).get("broker"))
        assert not broker["up"]
        assert str(port) in (await _until(lambda: ((status() or {}).get("broker") or {}).get("error")))
        assert "no_such_port" in engine.log.read_text(encoding="utf-8")
        await child("broker", "calanque", "broker", str(folder.path), f"--port={port}")
        await _until(lambda: ((status() or {}).get("broker") or {}).get("up"))
        assert engine.process is not None
        assert engine.process.returncode is None
    finally:
        await stop_all(children)
    codes = {each.name: each.process.returncode for each in children if each.process is not None}
    assert set(codes.values()) == {0}, codes
