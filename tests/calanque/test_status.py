"""`calanque status`: a running engine, its journal and its sources, in words; each source with its own figures."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from small_race import PARIS, at

from calanque.commands.status import age, clock_words, journal_words, memory_words, source_lines, status_command
from calanque.engine import Engine, EngineOptions
from calanque.errors import EngineNotRunning
from calanque.exit_codes import OK
from calanque.folder import RaceFolder, race_folder
from readers.events import MemoryState
from readers.health import Link, SourceHealth
from readers.race_clock import RaceClock
from timing.instants import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from timing.reads import ChipRead, ClockKind, SourceId, SourceReads, Tag

DEADLINE_S = 20.0
SOURCES = ("start-main", "start-backup", "gineste", "finish-main", "finish-backup")
START, FAR = SourceId("start-main"), SourceId("gineste")


@pytest.fixture
def folder(tmp_path: Path) -> RaceFolder:
    return race_folder("marseille_cassis_2024", tmp_path)


@contextlib.asynccontextmanager
async def running(folder: RaceFolder) -> AsyncIterator[Engine]:
    """An engine that runs and is connected to nothing, at ten past nine on race day."""
    options = EngineOptions(
        clock=RaceClock.fastest(at("9:10:00")), connect=dict.fromkeys(SOURCES, "file"), port=0
    )  # fmt: skip
    async with Engine.opened(folder, options) as engine:
        run = asyncio.create_task(engine.run())
        try:
            deadline = time.monotonic() + DEADLINE_S
            while not folder.is_running and not run.done():
                assert time.monotonic() < deadline
                await asyncio.sleep(0.01)
            yield engine
        finally:
            run.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await run


def reads(source: SourceId, *numbers: int) -> SourceReads:
    return SourceReads(
        source=source,
        clock=ClockKind.UTC,
        reads=[
            ChipRead(tag=Tag(f"05{n:06X}"), stamp_us=at("9:09:30") + n, received_us=at("9:09:31"), antenna=1)
            for n in numbers
        ],
    )


async def test_a_running_engine_is_told_in_aligned_lines(
    folder: RaceFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(folder) as engine:
        await engine.recorder.reads(reads(START, 1, 2, 3))
        await engine.recorder.reads(reads(START, 2, 3))
        engine.board.note(
            SourceHealth(
                source=START, link=Link.UP, since_us=at("8:41:07"), endpoint="tcp:10.0.0.7:10000",
                clock_offset_us=HOUR + 12 * MILLISECOND, clock_round_trip_us=16 * MILLISECOND,
                memory=MemoryState.RUNNING, memory_done=40, memory_total=120, gap=True, queue=7, overflowed=2,
                warning="the reader does not record",
            )
        )  # fmt: skip
        engine.board.note(
            SourceHealth(source=FAR, endpoint="collector", error="its collector is silent", repeats=500)
        )  # fmt: skip
        assert await asyncio.to_thread(status_command, str(folder.path)) == OK
        last = engine.journal.last
    said = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert said[0].endswith(f"in {folder.path}, 09:10:00")
    assert f"journal writing, through number {last}, 0 waiting" in said
    assert "reads 3, repeats not kept twice 502" in said
    assert "finished 0 of 0 entrants" in said
    heads = said.index(
        "source link since reads newest malformed repeats gap memory clock ahead by queue overflowed"
    )  # fmt: skip
    assert said[heads + 1 : heads + 4] == [
        "start-main up 08:41:07 3 29 s 0 2 yes running 40 of 120 +0.012 s ± 0.008 s 7 2",
        "endpoint: tcp:10.0.0.7:10000",
        "warning: the reader does not record",
    ]
    assert "gineste down – 0 – 0 500 no – – 0 0" in said
    assert "error: its collector is silent" in said
    assert "finish-main not connected 09:10:00 0 – 0 0 no – – 0 0" in said


async def test_repeats_are_told_of_the_source_they_came_from_and_the_total_is_their_sum(folder: RaceFolder) -> None:
    async with running(folder) as engine:
        for source, numbers in ((START, (1, 2)), (START, (1, 2, 3)), (FAR, (1, 2)), (FAR, (2,))):
            await engine.recorder.reads(reads(source, *numbers))
        engine.board.note(SourceHealth(source=FAR, repeats=10))
        status = await engine.controls.carry_out({"command": "status"})
    rows = {row["id"]: row["repeats"] for row in status["sources"]}
    assert rows == status["repeats"] == {**dict.fromkeys(SOURCES, 0), START: 2, FAR: 11}


def test_without_an_engine_it_says_how_to_start_one(folder: RaceFolder) -> None:
    with pytest.raises(EngineNotRunning, match=r"no engine runs on .*: start one with `calanque run"):
        status_command(str(folder.path))


def test_what_is_wrong_with_the_journal_is_said_with_how_long_and_how_much_waits() -> None:
    never = {"count": 0, "median_us": None, "p99_us": None}
    journal: dict[str, Any] = {"last": 1234, "writing": True, "waiting": 0, "failing_us": None, "error": None}
    journal["durable_after"] = never
    assert journal_words(journal) == "writing, through number 1\u202f234, 0 waiting"
    slow = journal | {"durable_after": {"count": 9, "median_us": 4 * MILLISECOND, "p99_us": 12_600}}
    assert journal_words(slow).endswith("0 waiting; reads safe 4 ms after they arrive, 99 % within 13 ms")
    journal |= {"writing": False, "waiting": 12, "failing_us": 95 * SECOND, "error": "database is locked"}
    assert journal_words(journal) == (
        "NOT WRITTEN for 1 min (database is locked): nothing is confirmed; through number 1\u202f234, 12 waiting"
    )


@pytest.mark.parametrize(
    ("kind", "offset_us", "said"),
    [
        (ClockKind.LOCAL, HOUR, "+0.000 s ± 0.015 s"),
        (ClockKind.LOCAL, HOUR - 1_500 * MILLISECOND, "-1.500 s ± 0.015 s"),
        (ClockKind.LOCAL, 2 * HOUR, "+1\u00a0h ± 0.015 s"),
        (ClockKind.UTC, -MINUTE, "-1\u00a0min ± 0.015 s"),
        (ClockKind.TIME_OF_DAY, HOUR + 40 * MILLISECOND - 20_023 * DAY, "+0.040 s ± 0.015 s"),
        (ClockKind.ELAPSED, -5, "its own zero"),
        (ClockKind.UTC, None, "–"),
    ],
)
def test_a_clock_is_compared_without_its_zone(kind: ClockKind, offset_us: int | None, said: str) -> None:
    row = {"clock": kind.value, "clock_offset_us": offset_us, "clock_round_trip_us": 30 * MILLISECOND}
    assert clock_words(row, at("9:10:00"), PARIS) == said


@pytest.mark.parametrize(
    ("state", "done", "total", "said"),
    [
        (None, 0, 0, "–"),
        ("none", 0, 0, "none"),
        ("asked", 0, 0, "asked"),
        ("running", 4000, 12000, "running 4\u202f000 of 12\u202f000"),
        ("done", 0, 0, "done"),
        ("failed", 3, 12, "failed 3 of 12"),
    ],
)
def test_a_memory_is_told_with_its_figures_where_there_are_any(state: Any, done: int, total: int, said: str) -> None:
    assert memory_words({"memory": state, "memory_done": done, "memory_total": total}) == said


def test_ages_are_short() -> None:
    ages = [age(us) for us in (0, -1, 59 * SECOND, MINUTE, 59 * MINUTE, 65 * MINUTE, 30 * HOUR, -2 * SECOND)]
    assert ages == ["0 s", "0 s", "59 s", "1 min", "59 min", "1 h 05", "30 h 00", "-2 s"]


def test_no_source_is_no_line() -> None:
    assert len(list(source_lines([], 0, PARIS))) == 1
