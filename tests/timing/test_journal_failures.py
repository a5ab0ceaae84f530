"""The storage fails: nothing is confirmed that is not durable, order is kept, and writing goes on by itself."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from journal_cases import DEADLINE_S, contents, note, notes, until
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from timing.errors import JournalNotWritten
from timing.journal import Journal
from timing.journal_chain import Entry, first_seal
from timing.journal_check import Chain
from timing.journal_store import JournalStore, url_of
from timing.journal_writer import JournalWriter, steady_us


def test_a_lock_held_by_somebody_else_delays_and_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal.create(path, race="small") as journal:
        journal.append(notes(3)).result(DEADLINE_S)
        backup = sqlite3.connect(path, isolation_level=None)
        backup.execute("BEGIN IMMEDIATE")
        waiting = [journal.append([note(str(i), i)]) for i in range(20)]
        until(lambda: journal.health.failing_us is not None, "the failure shows")
        health = journal.health
        assert not health.writing
        assert "another program holds the journal" in (health.error or "")
        assert (health.waiting_entries, health.stopped) == (20, False)
        assert health.oldest_waiting_us > 0
        assert not any(future.done() for future in waiting)
        assert journal.last == 3
        assert [entry.number for entry in journal.entries()] == [1, 2, 3]
        backup.execute("ROLLBACK")
        backup.close()
        assert [future.result(DEADLINE_S) for future in waiting] == [(4 + i,) for i in range(20)]
        health = journal.health
        assert health.writing
        assert health.error is None
        assert health.outages == 1, "what is over between two looks is seen too"
        assert "another program holds the journal" in health.outage_error
        assert journal.verify().entries == 23


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.decode()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def _fill(disk: Path) -> Path:
    """Use up every byte of a disk."""
    filler = disk / "video.mp4"
    with filler.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


@pytest.mark.parametrize("when", ["before", "within"])
def test_a_full_disk_confirms_nothing_and_goes_on_when_space_returns(small_disk: Path, when: str) -> None:
    path = small_disk / "journal.sqlite"
    journal = Journal.create(path, race="small")
    confirmed: list[int] = []
    sent = notes(400, 5_000)
    filler = _fill(small_disk) if when == "before" else None
    if filler is None:
        (small_disk / "video.mp4").write_bytes(bytes(500_000))
    futures = []
    for entry in sent:
        future = journal.append([entry])
        future.add_done_callback(lambda done: confirmed.extend(done.result()))
        futures.append(future)
        if when == "within" and journal.health.writing:
            until(lambda done=future: done.done() or not journal.health.writing, "it is written or the disk is full")
    until(lambda: journal.health.failed_tries >= 3, "the writer has tried again")
    health = journal.health
    assert "disk is full" in (health.error or "")
    assert health.failing_us is not None
    durable = journal.last
    assert confirmed == list(range(1, durable + 1))
    assert durable < len(sent)
    assert (durable == 0) == (when == "before")
    assert health.waiting_entries == len(sent) - durable
    with Journal.open(path, read_only=True) as reading:
        assert contents(list(reading.entries())) == contents(sent[:durable])
    # Space returns: a larger disk under the same name.
    (small_disk / "video.mp4").unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert [future.result(DEADLINE_S) for future in futures] == [(i,) for i in range(1, len(sent) + 1)]
    assert journal.health.writing
    journal.close()
    with Journal.open(path, race="small") as again:
        assert contents(list(again.entries())) == contents(sent)
        assert again.verify().damaged is None


def test_closing_while_the_storage_fails_gives_up_after_its_time_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal.create(path, race="small")
    journal.append([note("safe")]).result(DEADLINE_S)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    future = journal.append([note("lost")])
    with pytest.raises(JournalNotWritten, match="another program"):
        journal.close(wait_us=100_000)
    with pytest.raises(JournalNotWritten):
        future.result(0)
    other.execute("ROLLBACK")
    other.close()
    with Journal.open(path) as again:
        assert again.last == 1


class Server(JournalStore):
    """A database that fails as a server does in a failover: a commit's outcome is not told, or an end is lost."""

    def __init__(self, path: Path) -> None:
        super().__init__(url_of(path), mode="create")
        self.create_tables({"format": "1"})
        self.faults: list[str] = []
        self.tries = 0

    def write(self, connection: Connection, entries: Sequence[Entry]) -> None:
        self.tries += 1
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "not written":
            raise OperationalError("INSERT", {}, ConnectionError("the server closed the connection"))
        super().write(connection, entries)
        if fault.startswith("lost"):
            lost = int(fault.removeprefix("lost "))
            with connection.begin():
                connection.execute(
                    text("DELETE FROM journal_entries WHERE number > :last"), {"last": entries[-1].number - lost}
                )
        if fault == "other":
            with connection.begin():
                connection.execute(text("UPDATE journal_entries SET number = number + 1 WHERE number = 3"))
        if fault:
            raise OperationalError("COMMIT", {}, ConnectionError("the server closed the connection"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    store = Server(tmp_path / "server.sqlite")
    yield store
    store.close()


def _writer(server: Server) -> JournalWriter:
    seal = first_seal("chain", "small")
    chain = Chain(server, first_seal=seal, title="The journal")
    return JournalWriter(chain, journal="0" * 32, last=0, seal=seal, head=None, clock=steady_us)


@pytest.mark.parametrize("fault", ["not written", "written", "lost 0", "lost 1", "lost 4", "lost 12"])
def test_an_unknown_outcome_is_found_out_before_writing_again(server: Server, fault: str) -> None:
    """Also when a standby took over that had not got the last entries: what was confirmed is written again."""
    writer = _writer(server)
    sent = notes(16)
    for entry in sent[:8]:
        writer.append([entry]).result(DEADLINE_S)
    server.faults = [fault, "not written"]
    assert writer.append(sent[8:12]).result(DEADLINE_S) == (9, 10, 11, 12)
    server.faults = []
    assert writer.append(sent[12:]).result(DEADLINE_S) == (13, 14, 15, 16)
    chain = Chain(server, first_seal=first_seal("chain", "small"), title="The journal")
    assert contents(list(chain.entries())) == contents(sent)
    assert writer.close(1_000_000)


def test_an_end_that_somebody_else_wrote_stops_the_writer_for_good(server: Server) -> None:
    writer = _writer(server)
    writer.append(notes(2)).result(DEADLINE_S)
    server.faults = ["other"]
    future = writer.append(notes(1))
    with pytest.raises(JournalNotWritten, match="entry 3"):
        future.result(DEADLINE_S)
    until(lambda: writer.health.stopped, "the writer stops")
    with pytest.raises(JournalNotWritten, match="entry 3"):
        writer.append(notes(1))
    assert not writer.close(0)


def test_every_nth_write_may_fail_and_all_is_there_once(server: Server) -> None:
    writer = _writer(server)
    sent = notes(60)
    server.faults = ["", "not written", "written", "", "not written", "not written", "written", "lost 1"]
    futures = [writer.append([entry]) for entry in sent]
    assert [f.result(DEADLINE_S) for f in futures] == [(i,) for i in range(1, 61)]
    chain = Chain(server, first_seal=first_seal("chain", "small"), title="The journal")
    assert contents(list(chain.entries())) == contents(sent)
    writer.close(1_000_000)


class SlowStore(JournalStore):
    """A disk on which each flush waits until it is let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(url_of(path), mode="create")
        self.create_tables({"format": "1"})
        self.go = threading.Event()
        self.groups: list[int] = []

    def write(self, connection: Connection, entries: Sequence[Entry]) -> None:
        assert self.go.wait(DEADLINE_S)
        self.groups.append(len(entries))
        super().write(connection, entries)


def test_while_a_flush_is_slow_the_next_group_grows_and_the_delay_is_shown(tmp_path: Path) -> None:
    store = SlowStore(tmp_path / "slow.sqlite")
    seal = first_seal("chain", "small")
    chain = Chain(store, first_seal=seal, title="The journal")
    writer = JournalWriter(chain, journal="0" * 32, last=0, seal=seal, head=None, clock=steady_us)
    first = writer.append([note("first")])
    until(lambda: writer.health.flushing_us is not None, "the flush is under way")
    futures = [writer.append([note(str(i))]) for i in range(500)]
    health = writer.health
    assert health.writing
    assert health.waiting_entries == 501
    assert not first.done()
    store.go.set()
    assert futures[-1].result(DEADLINE_S) == (501,)
    assert store.groups == [1, 500]
    assert writer.close(1_000_000)
    store.close()
