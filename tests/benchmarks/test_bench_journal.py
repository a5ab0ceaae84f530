"""How fast reads become durable, against plain sqlite3 writing a row for each read with the same transactions.

Ratios to a baseline in the same run: figures of one machine say nothing on another. Run by `make bench`.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from small_race import make_race

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "timing"))
from journal_cases import some_batches

from timing.entries import DecodedReads, reads_entry
from timing.identity import IdentityIndex
from timing.journal import Journal
from timing.reads import SourceReads
from timing.state import RaceState

pytestmark = pytest.mark.bench

N_BATCHES = 400
SIZE = 50
READS = N_BATCHES * SIZE
ROUNDS = 3


@pytest.fixture(scope="module")
def batches() -> list[SourceReads]:
    return some_batches(N_BATCHES, SIZE)


def plain_sqlite(path: Path, batches: list[SourceReads]) -> None:
    """A row for each read, a durable commit for each batch: the obvious way, and the baseline."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE reads (source, tag, stamp_us, received_us, antenna, rssi)")
    for batch in batches:
        rows = [(batch.source, r.tag, r.stamp_us, r.received_us, r.antenna, r.rssi) for r in batch.reads]
        connection.executemany("INSERT INTO reads VALUES (?,?,?,?,?,?)", rows)
        connection.commit()
    connection.close()


def waiting_for_each(path: Path, batches: list[SourceReads]) -> None:
    """The journal, each batch confirmed before the next is given."""
    with Journal.create(path, race="small") as journal:
        for batch in batches:
            journal.append([reads_entry(batch, 0)]).result()


def in_groups(path: Path, batches: list[SourceReads]) -> None:
    """The journal, batches given as they come and confirmed in groups."""
    with Journal.create(path, race="small") as journal:
        for batch in batches:
            journal.append([reads_entry(batch, 0)])
        journal.append([]).result()


def test_durable_reads_a_second(tmp_path: Path, batches: list[SourceReads]) -> None:
    best = dict.fromkeys(("plain sqlite3", "one by one", "in groups"), float("inf"))
    ways: dict[str, Callable[[Path, list[SourceReads]], None]] = {
        "plain sqlite3": plain_sqlite,
        "one by one": waiting_for_each,
        "in groups": in_groups,
    }
    for turn in range(ROUNDS):
        for name, way in ways.items():
            began = time.perf_counter()
            way(tmp_path / f"{name} {turn}.sqlite", batches)
            best[name] = min(best[name], time.perf_counter() - began)
    for name, seconds in best.items():
        print(f"{name:14} {READS / seconds:10,.0f} reads/s  {best['plain sqlite3'] / seconds:5.2f} x plain sqlite3")
    assert READS / best["in groups"] > 20_000
    assert best["one by one"] < 5 * best["plain sqlite3"]
    assert best["in groups"] < 2 * best["plain sqlite3"]


def test_loading_at_start(tmp_path: Path, batches: list[SourceReads]) -> None:
    in_groups(tmp_path / "journal.sqlite", batches)
    # Of this process alone: whatever else the machine is doing.
    plain_sqlite(tmp_path / "plain.sqlite", batches)
    state, seconds = RaceState(make_race()), {}
    with Journal.open(tmp_path / "journal.sqlite") as journal:
        began = time.process_time()
        entries = list(journal.entries())
        seconds["read and verify"] = time.process_time() - began
        began = time.process_time()
        state.apply_all(entries)
        seconds["fold"] = time.process_time() - began
    began = time.process_time()
    IdentityIndex().load([DecodedReads.of(batch) for batch in batches])
    seconds["identities, from reads"] = time.process_time() - began
    began = time.process_time()
    rows = sqlite3.connect(tmp_path / "plain.sqlite").execute("SELECT * FROM reads").fetchall()
    known = {(row[0], row[1], row[2], row[4]) for row in rows}
    seconds["plain rows into a set"] = time.process_time() - began
    assert len(known) == len(state.reads()) == READS
    for name, taken in seconds.items():
        print(f"{name:24} {taken * 300_000 / READS:6.2f} s for 300,000 reads")
    print(f"{'state':24} {state.nbytes / READS:6.0f} bytes a read")
    assert seconds["read and verify"] + seconds["fold"] < 2 * READS / 300_000
