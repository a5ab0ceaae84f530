"""A whole race in processes, for tests: the demo's own, with what a test wants to do to it in mid-race."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calanque.commands.demo import journalled_once
from calanque.demo import Demo, DemoPlan, Progress
from config.loader import load_race
from results.compare import Comparison, compare_results
from simulators.field import FieldPlan
from simulators.physics import Physics
from simulators.race_day import RaceDay, simulate


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


def run_race(
    folder: Path,
    *,
    runners: int,
    speed: str,
    meanwhile: Callable[[Demo, Progress], None] = lambda demo, at: None,
    seed: int = 1,
    parked: int = 1,
) -> Outcome:
    """Runs a simulated race to its publication; `meanwhile` is called twice a second with how far it is."""
    physics = Physics(seed=seed, parked=parked)
    day = simulate(load_race("marseille_cassis_2024"), field=FieldPlan(seed=seed, runners=runners), physics=physics)
    return run_day(day, folder, speed=speed, meanwhile=meanwhile)


def run_day(
    day: RaceDay, folder: Path, *, speed: str, meanwhile: Callable[[Demo, Progress], None] = lambda demo, at: None
) -> Outcome:
    """Runs a race day to its publication."""
    demo = Demo(DemoPlan(day=day, folder=folder, speed=speed, port=0))
    demo.prepare()
    asyncio.run(demo.run(lambda at: meanwhile(demo, at)))
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
    )
