"""Processes of ours: started again when they die, left alone when they ended by themselves, and none left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from calanque import processes
from calanque.errors import ProcessFailed
from calanque.exit_codes import REFUSED
from calanque.processes import Child, stop_all

DEADLINE_S = 20.0

WORKER = """
import os, pathlib, signal, sys, time
what, place = sys.argv[1], pathlib.Path(sys.argv[2])

def leave(*_):
    with (place.parent / "order").open("a") as order:
        order.write(place.name + "\\n")
    sys.exit(0)

signal.signal(signal.SIGTERM, signal.SIG_IGN if what == "deaf" else leave)
place.write_text(str(os.getpid()))
if what.isdigit():
    print("what became of it", flush=True)
    sys.exit(int(what))
while True:
    time.sleep(60)
"""


class Nursery:
    """Makes children that do as told, and ends what a test leaves."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.children: list[Child] = []

    async def start(self, name: str, what: str) -> Child:
        child = Child(
            name=name, command=("worker_of_test", what, str(self.place / name)), log=self.place / f"{name}.log"
        )
        self.children.append(child)
        await child.start()
        return child

    async def ready(self, child: Child) -> int:
        """Its process id, once it runs and has told it itself."""
        told = self.place / child.name
        return int(
            await until(lambda: child.pid and told.exists() and told.read_text() == str(child.pid) and child.pid)
        )


@pytest.fixture
async def nursery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Nursery]:
    (tmp_path / "worker_of_test.py").write_text(WORKER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(processes, "GOODBYE_S", 3.0)
    made = Nursery(tmp_path)
    yield made
    await stop_all(made.children)


async def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "not true in time"
        await asyncio.sleep(0.005)
    return found


def _runs(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    return False


async def test_a_process_that_is_killed_is_started_again_and_counted(nursery: Nursery) -> None:
    child = await nursery.start("engine", "stay")
    first = await nursery.ready(child)
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.restarts == 1)
    second = await nursery.ready(child)
    assert second != first
    child.check()
    await child.stop()
    assert not _runs(second)
    assert child.restarts == 1


@pytest.mark.parametrize("code", [0, REFUSED])
async def test_a_process_that_ends_by_itself_or_refuses_is_not_started_again(nursery: Nursery, code: int) -> None:
    child = await nursery.start("engine", str(code))
    await until(lambda: child._task is not None and child._task.done())
    assert (child.restarts, child.pid) == (0, None)
    if code == 0:
        child.check()
    else:
        with pytest.raises(ProcessFailed, match=rf"(?s)`engine` ended with exit code {code}.*what became of it"):
            child.check()


async def test_a_process_that_dies_again_and_again_is_given_up_with_its_last_words(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "RESTARTS_MAX", 2)
    child = await nursery.start("engine", "9")
    await until(lambda: child._task is not None and child._task.done())
    with pytest.raises(ProcessFailed, match=r"(?s)died 3 times, last with exit code 9.*what became of it"):
        child.check()
    await child.stop()


async def test_a_process_that_is_deaf_to_the_end_is_killed(nursery: Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GOODBYE_S", 0.1)
    child = await nursery.start("engine", "deaf")
    pid = await nursery.ready(child)
    await child.stop()
    assert not _runs(pid)


async def test_they_end_in_the_reverse_order_of_their_start(nursery: Nursery) -> None:
    for name in ("broker", "readers", "engine"):
        await nursery.ready(await nursery.start(name, "stay"))
    await stop_all(nursery.children)
    assert (nursery.place / "order").read_text().split() == ["engine", "readers", "broker"]


async def test_whoever_is_killed_leaves_no_process_behind(nursery: Nursery) -> None:
    parent = f"""
import asyncio, pathlib, sys
from calanque.processes import Child
async def main():
    place = pathlib.Path({str(nursery.place)!r})
    await Child(name="engine", command=("worker_of_test", "stay", str(place / "engine")), log=place / "log").start()
    await asyncio.Event().wait()
asyncio.run(main())
"""
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(  # noqa: ASYNC220 (returns at once)
        [sys.executable, "-c", parent], env={**os.environ, "PYTHONPATH": f"{nursery.place}:{root}"}
    )
    told = nursery.place / "engine"
    pid = int(await until(lambda: told.exists() and told.read_text()))
    process.kill()
    process.wait()
    await until(lambda: not _runs(pid))
