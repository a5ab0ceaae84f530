"""Into the journal: each read once, and nothing counts as safe before what it repeats is durable."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from calanque.recorder import Recorder
from readers.race_clock import RaceClock
from timing import journal_writer
from timing.entries import DecodedReads, Delivery, decode
from timing.errors import JournalNotWritten
from timing.identity import IdentityIndex
from timing.journal import Entry, EntryKind, Journal
from timing.reads import ChipRead, ClockKind, SourceId, SourceReads, Tag

DEADLINE_S = 20.0
MAT = SourceId("finish-main")


class Desk:
    """A recorder on a journal of its own, whose file somebody else may hold."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = Journal.create(path, race="small")
        self.told: list[int] = []
        self.recorder = Recorder(self.journal, IdentityIndex(), RaceClock.real(), self._durable)
        self._other: sqlite3.Connection | None = None

    def _durable(self, entries: Sequence[Entry]) -> None:
        self.told += [entry.number for entry in entries]

    def hold(self) -> None:
        """Another program holds the file: nothing becomes durable until `let_go`."""
        self._other = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._other.execute("BEGIN IMMEDIATE")

    def let_go(self) -> None:
        assert self._other is not None
        self._other.execute("ROLLBACK")
        self._other.close()

    def entries(self) -> list[DecodedReads]:
        bodies = [decode(entry) for entry in self.journal.entries(kinds={EntryKind.READS})]
        assert all(isinstance(body, DecodedReads) for body in bodies)
        return [body for body in bodies if isinstance(body, DecodedReads)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path / "journal.sqlite")
    yield made
    made.journal.close()


def _reads(*numbers: int, raw: str = "") -> SourceReads:
    return SourceReads(
        source=MAT,
        clock=ClockKind.UTC,
        reads=[
            ChipRead(
                tag=Tag(f"05{n:06X}"), stamp_us=1_730_016_000_000_000 + n, received_us=1, antenna=1, raw=raw or None
            )
            for n in numbers
        ],
    )


async def _queued(desk: Desk, number: int) -> None:
    """Returns when so many entries wait for the disk."""
    async with asyncio.timeout(DEADLINE_S):
        while desk.journal.health.waiting_entries != number:  # noqa: ASYNC110 (a thread changes it)
            await asyncio.sleep(0.005)


async def test_a_read_that_comes_again_is_journalled_once_and_counted(desk: Desk) -> None:
    assert await desk.recorder.reads(_reads(1, 2)) == 2
    assert await desk.recorder.reads(_reads(2, 3)) == 1
    assert await desk.recorder.reads(_reads(1, 3)) == 0
    assert [len(entry) for entry in desk.entries()] == [2, 1]
    assert desk.recorder.repeats[MAT] == 3
    assert desk.told == [1, 2]


async def test_a_batch_of_repeats_without_a_delivery_waits_for_what_it_repeats(desk: Desk) -> None:
    desk.hold()
    first = asyncio.create_task(desk.recorder.reads(_reads(1)))
    await _queued(desk, 1)
    again = asyncio.create_task(desk.recorder.reads(_reads(1)))
    done, _ = await asyncio.wait([first, again], timeout=0.3)
    assert not done
    desk.let_go()
    async with asyncio.timeout(DEADLINE_S):
        assert [await first, await again] == [1, 0]


async def test_a_delivered_repeat_never_overtakes_the_read_that_it_repeats(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal's bound is reached: the large batch finds no room, the small one, which repeats it, would."""
    monkeypatch.setattr(journal_writer, "WAITING_BYTES_MAX", 1_500)
    desk.hold()
    first = asyncio.create_task(desk.recorder.reads(_reads(1)))
    await _queued(desk, 1)
    large = asyncio.create_task(desk.recorder.reads(_reads(*range(10, 2_010))))
    repeats = asyncio.create_task(desk.recorder.reads(_reads(10), Delivery(store="s", first=1, count=1)))
    await asyncio.wait([repeats], timeout=0.3)
    desk.let_go()
    async with asyncio.timeout(DEADLINE_S):
        await asyncio.gather(first, large, repeats)
    assert [len(entry) for entry in desk.entries()] == [1, 2_000, 0]
    assert [entry.delivery is not None for entry in desk.entries()] == [False, False, True]


async def test_what_the_journal_refuses_for_good_is_new_when_it_comes_again(desk: Desk, tmp_path: Path) -> None:
    index = IdentityIndex()
    closed = Journal.create(tmp_path / "closed.sqlite", race="small")
    recorder = Recorder(closed, index, RaceClock.real(), lambda entries: None)
    closed.close()
    with pytest.raises(JournalNotWritten):
        await recorder.reads(_reads(1, 2))
    assert len(index) == 0
    assert recorder.repeats[MAT] == 0


async def test_how_long_reads_take_to_be_safe_is_told_without_those_that_arrived_on_a_mountain(desk: Desk) -> None:
    assert desk.recorder.durable_after.values() == {"count": 0, "median_us": None, "p99_us": None}
    await desk.recorder.reads(_reads(1, 2))
    await desk.recorder.reads(_reads(3), Delivery(store="s", first=1, count=1))
    told = desk.recorder.durable_after.values()
    assert told["count"] == 1
    assert told["median_us"] == told["p99_us"]
    assert told["median_us"] is not None
    assert told["median_us"] > 1_730_016_000_000_000 - 10**15, "it arrived in 1970"
