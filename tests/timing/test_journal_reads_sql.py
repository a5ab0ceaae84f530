"""Reads for whoever wants SQL: each journalled read is one row, with all that was sent."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from journal_cases import DEADLINE_S, FINISH, note, some_batches

from timing.entries import reads_entry
from timing.errors import JournalDamaged, JournalRefused
from timing.journal import Journal
from timing.reads import ChipRead, ClockKind, ReadKind, SourceId, SourceReads, Tag
from timing.reads_sql import export_reads_sql


def test_every_read_and_every_malformed_record_is_a_row(tmp_path: Path) -> None:
    full = ChipRead(
        tag=Tag("058A"),
        stamp_us=5,
        received_us=6,
        kind=ReadKind.HAND,
        label="0a",
        antenna=2,
        rssi=-61.3,
        reader_file="f",
        reader_seq=9,
        raw="aa\x00\udcff",
    )
    batch = SourceReads(
        source=SourceId("gineste"),
        clock=ClockKind.LOCAL,
        reads=[full, ChipRead(tag=None, stamp_us=7, received_us=8)],
        malformed=[("a?", "no check digit")],
    )
    with Journal.create(tmp_path / "journal.sqlite", race="small") as journal:
        journal.append([note("a"), reads_entry(batch, 0), *[reads_entry(b, 0) for b in some_batches(3)]]).result(
            DEADLINE_S
        )
        assert export_reads_sql(journal, tmp_path / "reads.sqlite") == 152
        with pytest.raises(JournalRefused, match="exists already"):
            export_reads_sql(journal, tmp_path / "reads.sqlite")
    connection = sqlite3.connect(tmp_path / "reads.sqlite")
    rows = connection.execute("SELECT * FROM reads WHERE source = 'gineste' ORDER BY entry, row").fetchall()
    assert rows == [
        (2, 0, "gineste", "local", "hand", "058A", 5, 6, "0a", 2, -61.3, "f", 9, "aa\x00\\udcff"),
        (2, 1, "gineste", "local", "read", None, 7, 8, None, None, None, None, None, None),
    ]
    assert connection.execute("SELECT * FROM malformed").fetchall() == [(2, 0, "gineste", "a?", "no check digit")]
    assert connection.execute(
        "SELECT count(*), count(DISTINCT entry) FROM reads WHERE source = ?", [FINISH]
    ).fetchone() == (150, 3)
    connection.close()


def test_nothing_is_left_behind_when_it_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal.create(path, race="small") as journal:
        journal.append([reads_entry(b, 0) for b in some_batches(3)]).result(DEADLINE_S)
        connection = sqlite3.connect(path)
        connection.execute("UPDATE journal_entries SET body = x'00' WHERE number = 2")
        connection.commit()
        connection.close()
        with pytest.raises(JournalDamaged, match="entry 2"):
            export_reads_sql(journal, tmp_path / "reads.sqlite")
    assert not (tmp_path / "reads.sqlite").exists()
