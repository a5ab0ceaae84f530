"""A steady load on a running engine, and how long a read takes from the wire to a subscriber of the live page.

1,000 reads a second over TCP, some of them through a collector, with 20,000 entrants, journal, matching and page on.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np

from calanque.commands.control import command
from calanque.errors import EngineNotRunning
from calanque.folder import RaceFolder
from calanque.processes import Child, stop_all
from simulators.files import SUMMARY_FILE
from simulators.tapes import READERS_FOLDER, Tape
from timing.reads import SourceId

ENTRANTS: Final = 20_000
READS_A_FINISHER: Final = 10
DIRECT_FINISHERS_S: Final = 6
FAR_FINISHERS_S: Final = 4
LEAD_S: Final = 12
"""Between the making of the tapes and their first read: the time for all processes to get ready."""

RACE: Final = """
[event]
id = "load"
name = "Load"
date = {day}
zone = "{zone}"
[start]
gun_origin = "race"
net_without_start = "gun"
[[waves]]
id = "all"
gun = {gun}
fired = {gun}
[[points]]
id = "START"
kind = "start"
km = 0
[[points]]
id = "FINISH"
kind = "finish"
km = 20
minimum_minutes = 55
[[mats]]
id = "S"
point = "START"
source = "start"
[[mats]]
id = "F"
point = "FINISH"
source = "finish"
[[mats]]
id = "FB"
point = "FINISH"
role = "backup"
source = "far"
[[sources]]
id = "start"
connect = "tcp:127.0.0.1:1"
[[sources]]
id = "finish"
connect = "tcp:127.0.0.1:2"
[[sources]]
id = "far"
connect = "collector"
[categories]
from = "ffa"
[[lists]]
id = "scratch"
clock = "gun"
main = "overall"
[[lists]]
id = "sex"
clock = "gun"
per = "sex"
main = "sex"
[[lists]]
id = "category"
clock = "gun"
per = "category"
main = "category"
"""


@dataclass
class Figures:
    """What was measured. Latencies in milliseconds, from the instant a line was due at the reader's output."""

    direct_ms: list[float] = field(default_factory=list)
    far_ms: list[float] = field(default_factory=list)
    reads: int = 0
    journalled: int = 0
    seconds_behind: float = 0.0
    durable_ms: tuple[float, float] = (0.0, 0.0)
    """From the arrival of a batch of reads to when it would survive a power cut: median and 99 %, of the last 4,096."""
    shown_us: int = 0
    due_of: dict[str, tuple[str, int]] = field(default_factory=dict)
    """By bib the way (`finish`, `far`) and the instant at which the finisher is first said."""

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.reads:,} reads sent, {self.journalled:,} journalled {self.seconds_behind:.1f} s after the last",
                f"arrival to durable: median {self.durable_ms[0]:.1f} ms, 99 % {self.durable_ms[1]:.1f} ms",
                f"reader to subscriber, direct:    {_spread(self.direct_ms)}",
                f"reader to subscriber, collector: {_spread(self.far_ms)}",
            ]
        )


def _spread(values: list[float]) -> str:
    if len(values) < 2:
        return f"{len(values)} values"
    cuts = statistics.quantiles(values, n=100)
    return f"n {len(values)}, median {cuts[49]:.0f} ms, 90 % {cuts[89]:.0f} ms, 99 % {cuts[98]:.0f} ms"


Beside = Callable[[str, float], Awaitable[None]]
"""Something that goes on meanwhile: given the engine's address and the seconds until the last read is due."""


async def measure(seconds: int, folder: Path, reads_a_second: int = 1_000, beside: Beside | None = None) -> Figures:
    """Runs the load for so many seconds on processes of its own, and `beside` with it.

    Raises: AssertionError when reads are missing at the end.
    """
    zone_hours = 12 - datetime.now(UTC).hour
    zone = f"Etc/GMT{-zone_hours:+d}" if zone_hours else "Etc/GMT"
    begin_us = time.time_ns() // 1000 // 1_000_000 * 1_000_000 + LEAD_S * 1_000_000
    tapes, due_of = _tapes(seconds, begin_us, reads_a_second)
    place = RaceFolder(folder / "races" / "load")
    (place.roster).mkdir(parents=True)
    gun = datetime.fromtimestamp(begin_us / 1e6, timezone(timedelta(hours=zone_hours))) - timedelta(minutes=70)
    place.race_file.write_text(RACE.format(day=gun.date(), zone=zone, gun=gun.strftime("%H:%M:%S")), encoding="utf-8")
    _write_roster(place.roster / "roster.csv")
    for tape in tapes:
        tape.write(folder / READERS_FOLDER)
    (folder / SUMMARY_FILE).write_text(json.dumps({"zone": zone}), encoding="utf-8")
    children: list[Child] = []
    figures = Figures(reads=sum(len(tape) for tape in tapes), due_of=due_of)
    try:
        url = await _start(folder, place, children)
        watching = asyncio.create_task(_watch(url, due_of, figures))
        left_s = begin_us / 1e6 + seconds - time.time()
        meanwhile = asyncio.create_task(beside(url, left_s)) if beside is not None else None
        await _until(lambda: _journalled(place, figures), figures.reads, seconds + LEAD_S + 60)
        figures.seconds_behind = time.time() - (begin_us / 1e6 + seconds)
        all_us = time.time_ns() // 1000
        await _until(lambda: figures.shown_us > all_us or None, None, 30)  # a view of everything has arrived
        watching.cancel()
        if meanwhile is not None:
            await meanwhile
    finally:
        await stop_all(children)
    return figures


def _tapes(seconds: int, begin_us: int, reads_a_second: int) -> tuple[list[Tape], dict[str, tuple[str, int]]]:
    """What each reader says, and by bib the way and the instant at which a finisher is first said."""
    said: dict[str, list[tuple[int, int]]] = {"start": [], "finish": [], "far": []}
    due_of: dict[str, tuple[str, int]] = {}
    chance = np.random.default_rng(1)
    bib = 0
    for second in range(seconds):
        at_us = begin_us + second * 1_000_000
        for way, finishers in (("finish", DIRECT_FINISHERS_S), ("far", FAR_FINISHERS_S)):
            for _ in range(finishers):
                bib += 1
                first_us = at_us + int(chance.integers(0, 99)) * 10_000
                due_of[str(bib)] = (way, first_us)
                said[way] += [(first_us + n * 100_000, bib) for n in range(READS_A_FINISHER)]
        others = reads_a_second - READS_A_FINISHER * (DIRECT_FINISHERS_S + FAR_FINISHERS_S)
        for stamp in (at_us + np.sort(chance.integers(0, 1_000_000, others)) // 10_000 * 10_000).tolist():
            said["start"].append((stamp, int(chance.integers(10_000, ENTRANTS))))
    return [_tape(source, reads) for source, reads in said.items()], due_of


def _tape(source: str, reads: list[tuple[int, int]]) -> Tape:
    """Each read is due when it is stamped; exact equals are one read, and would be missing in the end."""
    different = np.array(sorted(set(reads)), np.int64)
    count = len(different)
    return Tape(
        source=SourceId(source),
        protocol="ipico",
        tags=tuple(f"0580{bib:08X}" for bib in range(ENTRANTS)),
        labels=("",),
        tag=different[:, 1].astype(np.int32),
        mat=np.zeros(count, np.int16),
        stamp_us=different[:, 0],
        due_us=different[:, 0],
        antenna=np.full(count, -1, np.int16),
        rssi=np.full(count, np.nan, np.float32),
    )


def _write_roster(path: Path) -> None:
    rows = (f"{n},0580{n:08X},NAME{n},First,{'FM'[n % 2]},{1950 + n % 55},runner\n" for n in range(1, ENTRANTS + 1))
    path.write_text("bib,tag,last_name,first_name,sex,birth_year,role\n" + "".join(rows), encoding="utf-8")


async def _start(folder: Path, place: RaceFolder, children: list[Child]) -> str:
    async def child(name: str, *words: str) -> Child:
        for other in children:
            other.check()
        children.append(Child(name=name, command=words, log=folder / f"{name}.log", restart=False))
        await children[-1].start()
        return children[-1]

    def alive(ask: Callable[[], Any]) -> Callable[[], Any]:
        """The same question, asked only while no process has ended: its log says why, a time-out does not."""

        def asked() -> Any:
            for each in children:
                each.check()
            return ask()

        return asked

    await child("broker", "calanque", "broker", str(place.path))
    broker = await _until(alive(lambda: _read(place.path / "broker.json")), None, 30)
    serving = await child(
        "readers", "simulators.serve", str(folder), "--clock=real", "--at=start=tcp:127.0.0.1:0",
        "--at=finish=tcp:127.0.0.1:0", "--at=far=tcp:127.0.0.1:0",
    )  # fmt: skip
    where = (await _until(alive(lambda: _first_line(serving.log)), None, 30))["ready"]
    address = f"mqtt://{broker['host']}:{broker['port']}"
    await child(
        "engine", "calanque", "run", str(place.path), "--port=0", f"--broker={address}",
        f"--connect=start={where['start']}", f"--connect=finish={where['finish']}",
    )  # fmt: skip
    await child(
        "collector", "calanque", "collect", str(place.path), "--source=far", f"--reader={where['far']}",
        f"--broker={address}", f"--store={folder / 'far.sqlite'}",
    )  # fmt: skip
    holder = await _until(alive(lambda: (place.holder() or {}).get("url") and place.holder()), None, 30)
    return str(holder["url"])


async def _watch(url: str, due_of: dict[str, tuple[str, int]], figures: Figures) -> None:
    """Reads the board's stream as a page would, and notes when each finisher is first seen."""
    seen: set[str] = set()
    async with httpx.AsyncClient(timeout=None) as client, client.stream("GET", f"{url}/events/board") as stream:
        data: list[str] = []
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                data.append(line[6:])
            elif not line and data:
                now_us = time.time_ns() // 1000
                event = json.loads("\n".join(data))
                for row in event.get("sections", {}).get("arrivals") or ():
                    if row["bib"] not in seen and row["bib"] in due_of:
                        seen.add(row["bib"])
                        way, due_us = due_of[row["bib"]]
                        (figures.direct_ms if way == "finish" else figures.far_ms).append((now_us - due_us) / 1000)
                figures.shown_us = event.get("made_us") or figures.shown_us
                data = []


def _journalled(place: RaceFolder, figures: Figures) -> int | None:
    try:
        told = command(place, "status", {})
        figures.journalled = int(told["reads"])
        durable = told["journal"]["durable_after"]
        if durable["count"]:
            figures.durable_ms = durable["median_us"] / 1000, durable["p99_us"] / 1000
    except EngineNotRunning:
        return None
    return figures.journalled


async def _until(ask: Callable[[], Any], wanted: Any, seconds: float) -> Any:
    """The answer, once there is one (or the one wanted). Raises: AssertionError after so many seconds."""
    until = time.monotonic() + seconds
    answer = None
    while time.monotonic() < until:
        answer = await asyncio.to_thread(ask)
        if answer is not None and (wanted is None or answer == wanted):
            return answer
        await asyncio.sleep(0.2)
    raise AssertionError(f"still {answer!r} after {seconds:.0f} s, wanted {wanted!r}")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _first_line(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        print(asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 300, Path(scratch))))
