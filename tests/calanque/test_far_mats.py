"""A running engine and what comes from far: broken batches, and a broker that comes later than its collector."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiomqtt
import httpx

from calanque.broker import broker_address
from calanque.commands.control import command
from calanque.errors import EngineNotRunning
from calanque.folder import RaceFolder
from calanque.processes import Child, stop_all
from config.loader import load_race
from simulators.field import FieldPlan
from simulators.files import write_race_day
from simulators.physics import Physics
from simulators.race_day import simulate
from simulators.tapes import Tape
from timing.instants import HOUR, MINUTE, SECOND
from timing.reads import SourceId

RACE_FILE = Path(__file__).parents[1] / "config" / "ten_miles.toml"
RACE, FAR = "ten_miles", SourceId("halfway")
DEADLINE_S = 40.0
STAMP_US = 1_270_972_800_000_000
"""11 April 2010, 8:00 by a reader that keeps local time."""


async def until(ask: Callable[[], Any]) -> Any:
    """The first true answer, within the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not (answer := await asyncio.to_thread(ask)):
        assert time.monotonic() < deadline, f"not within {DEADLINE_S:.0f} s"
        await asyncio.sleep(0.05)
    return answer


class Far:
    """One race with a far mat, as processes."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.folder = RaceFolder(place / "race")
        self.folder.roster.mkdir(parents=True)
        self.folder.race_file.write_text(RACE_FILE.read_text(encoding="utf-8"), encoding="utf-8")
        self.clock = f"{load_race(RACE_FILE).race.last_instant_us}@max@0"
        self.children: list[Child] = []

    async def start(self, name: str, *words: str) -> Child:
        child = Child(name=name, command=words, log=self.place / f"{name}.log", restart=False)
        self.children.append(child)
        await child.start()
        return child

    async def broker(self, port: int = 0) -> Child:
        return await self.start("broker", "calanque", "broker", str(self.folder.path), f"--port={port}")

    async def engine(self, *more: str) -> Child:
        return await self.start(
            "engine", "calanque", "run", str(self.folder.path), "--port=0", "--connect=start=file",
            f"--clock={self.clock}", *more,
        )  # fmt: skip

    def status(self) -> dict[str, Any]:
        try:
            return command(self.folder, "status", {})
        except EngineNotRunning:
            return {}

    def reads(self) -> int:
        return int(self.status().get("reads", 0))


@contextlib.asynccontextmanager
async def far_race(place: Path) -> AsyncIterator[Far]:
    race = Far(place)
    try:
        yield race
    finally:
        await stop_all(race.children)
    codes = {each.name: each.process.returncode for each in race.children if each.process is not None}
    assert set(codes.values()) == {0}, codes
    for child in race.children:
        assert "Traceback" not in child.log.read_text(encoding="utf-8"), child.log.read_text(encoding="utf-8")


def batch(first: int, count: int, /, **changes: Any) -> bytes:
    numbers = range(first, first + count)
    made = {
        "store": "s1", "first": first, "boot": "b1", "steady_us": 1, "now_us": STAMP_US, "clock": "local",
        "tag": [f"0580{number:08d}" for number in numbers],
        "stamp_us": [STAMP_US + number * 1_000 for number in numbers],
        "received_us": [STAMP_US] * count,
    }  # fmt: skip
    return json.dumps(made | changes).encode()


BROKEN = {
    "not UTF-8": b"\xff\xfe\x00 no text",
    "not JSON": b'{"store": "s1", "first": 1, "tag": [',
    "not a JSON object": b"[1, 2]",
    "without a readable number": batch(1, 2, first="one"),
    "too large: 2001 reads": batch(1, 2_001),
    "too large": b'{"pad": "' + b"x" * 300_000 + b'"}',
}


async def test_broken_batches_stop_nothing_and_lie_in_quarantine_with_their_reasons(tmp_path: Path) -> None:
    async with far_race(tmp_path) as race:
        await race.broker()
        where = await until(lambda: broker_address(race.folder.path, FAR))
        engine = await race.engine()
        await until(lambda: (race.status().get("broker") or {}).get("up"))
        topic = f"calanque/1/{RACE}/{FAR}"
        async with aiomqtt.Client(
            where.host, where.port, username=where.username, password=where.password, identifier=f"{FAR}:s1"
        ) as collector:
            await collector.subscribe(f"{topic}/confirmed/s1", 1)
            for number, payload in enumerate(BROKEN.values()):
                await collector.publish(f"{topic}/reads", payload, qos=1)
                await collector.publish(f"{topic}/reads", batch(1 + 10 * number, 10), qos=1)
            last = 10 * len(BROKEN)
            half_good = batch(last + 1, 3, stamp_us=[STAMP_US, "soon", STAMP_US + 1])
            await collector.publish(f"{topic}/reads", half_good, qos=1)
            async with asyncio.timeout(DEADLINE_S):
                async for message in collector.messages:
                    assert isinstance(message.payload, bytes)
                    if json.loads(message.payload)["through"] == last + 3:
                        break
        status = await until(race.status)
        assert status["reads"] == last + 2
        far = next(row for row in status["sources"] if row["id"] == FAR)
        assert (far["reads"], far["malformed"]) == (last + 2, 1)
        assert any("not taken" in alarm for alarm in status["broker"]["alarms"]), status["broker"]
        kept = [json.loads(line) for line in race.folder.quarantine.read_text(encoding="utf-8").splitlines()]
        for reason, payload in BROKEN.items():
            found = next(each for each in kept if each["size"] == len(payload))
            assert reason in found["reason"]
            assert found["topic"] == f"{topic}/reads"
            assert payload.startswith(base64.b64decode(found["sample"]))
        assert engine.process is not None
        assert engine.process.returncode is None


async def test_late_data_is_in_status_view_and_log_of_a_running_engine(tmp_path: Path) -> None:
    async with far_race(tmp_path) as race:
        made_us = STAMP_US + 4 * HOUR  # New York in summer.
        back_us = made_us + 40 * MINUTE
        race.clock = f"{back_us}@1@{time.time_ns() // 1_000}"
        await race.broker()
        where = await until(lambda: broker_address(race.folder.path, FAR))
        engine = await race.engine()
        await until(lambda: (race.status().get("broker") or {}).get("up"))
        assert race.status()["late"] == []
        async with aiomqtt.Client(
            where.host, where.port, username=where.username, password=where.password, identifier=f"{FAR}:s1"
        ) as collector:
            reads = batch(1, 2_000, received_us=[made_us + 3 * SECOND] * 2_000, now_us=back_us)
            await collector.publish(f"calanque/1/{RACE}/{FAR}/reads", reads, qos=1)
            (said,) = await until(lambda: race.status().get("late"))
            assert re.fullmatch(r"Late data from .+: 2,000 reads of 08:00:00-08:00:02, arrived at 08:4\d\.", said)
            await until(lambda: said in engine.log.read_text(encoding="utf-8"))
            holder = race.folder.holder()
            assert holder is not None
            async with httpx.AsyncClient(base_url=holder["url"]) as pages:
                (late,) = (await pages.get("/view.json")).json()["sections"]["late"]
                assert (late["point"], late["reads"], late["first_us"]) == ("KM5MI", 2_000, made_us + 1_000)
                assert said in (await pages.get("/en/board")).text


async def test_a_collector_whose_broker_is_down_says_so_and_delivers_when_it_comes(tmp_path: Path) -> None:
    day = simulate(load_race(RACE_FILE), field=FieldPlan(seed=4, runners=30), physics=Physics.off(seed=4))
    write_race_day(day, tmp_path / "day", expected=False)
    different = Tape.load(tmp_path / "day" / "readers", FAR).distinct
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    async with far_race(tmp_path) as race:
        readers = await race.start(
            "readers", "simulators.serve", str(tmp_path / "day"), f"--clock={race.clock}", f"--at={FAR}=tcp:127.0.0.1:0"
        )
        ready = await until(lambda: readers.log.read_text(encoding="utf-8"))
        engine = await race.engine(f"--broker=mqtt://127.0.0.1:{port}")
        await until(lambda: (race.folder.path / "broker.passwords").exists())
        collector = await race.start(
            "collector", "calanque", "collect", str(race.folder.path), f"--source={FAR}",
            f"--reader={json.loads(ready)['ready'][FAR]}", f"--broker=mqtt://127.0.0.1:{port}",
            f"--store={tmp_path / 'store.sqlite'}", f"--clock={race.clock}",
        )  # fmt: skip
        for child in (collector, engine):
            await until(lambda child=child: f"broker 127.0.0.1:{port} does not answer" in child.log.read_text())
        assert str(port) in (await until(lambda: (race.status().get("broker") or {}).get("error")))
        assert race.reads() == 0
        await race.broker(port)
        await until(lambda: race.reads() == different)
