"""Reads for whoever wants SQL: one row each, in a plain SQLite file beside the journal.

In the journal a batch of reads is one compressed row; this writes them out. The file is derived: delete it at will.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from timing.entries import DecodedReads, decode
from timing.errors import JournalError, JournalRefused
from timing.journal import EntryKind, Journal

_TABLES: Final = """
CREATE TABLE reads (
    entry INTEGER NOT NULL, row INTEGER NOT NULL, source TEXT NOT NULL, clock TEXT NOT NULL, kind TEXT NOT NULL,
    tag TEXT, stamp_us INTEGER NOT NULL, received_us INTEGER NOT NULL, label TEXT, antenna INTEGER, rssi REAL,
    reader_file TEXT, reader_seq INTEGER, raw TEXT, PRIMARY KEY (entry, row)
) WITHOUT ROWID;
CREATE TABLE malformed (
    entry INTEGER NOT NULL, row INTEGER NOT NULL, source TEXT NOT NULL, raw TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (entry, row)
) WITHOUT ROWID;
"""
_INDEX: Final = "CREATE INDEX reads_by_tag ON reads (tag, stamp_us)"
_INSERT_READ: Final = "INSERT INTO reads VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_INSERT_MALFORMED: Final = "INSERT INTO malformed VALUES (?,?,?,?,?)"


def export_reads_sql(journal: Journal, path: str | Path) -> int:
    """Write all reads of the journal as rows into a new SQLite file; how many there were.

    Tables: `reads` (one row for each journalled read; `entry` is its number in the journal, `row` its place in that
    batch) and `malformed` (records kept raw, with the reason).
    Raises: JournalRefused when the file exists; JournalDamaged; JournalError when it cannot be written.
    """
    path = Path(path)
    if path.exists():
        raise JournalRefused(f"{path} exists already: give the name of a file that does not")
    try:
        connection = sqlite3.connect(path)
    except sqlite3.Error as error:
        raise JournalError(f"{path} cannot be written: {error}") from error
    try:
        # A derived file: when the power goes it is made again.
        connection.execute("PRAGMA synchronous=OFF")
        connection.executescript(_TABLES)
        count = _fill(connection, journal)
        connection.execute(_INDEX)
        connection.commit()
    except BaseException as error:
        connection.close()
        path.unlink(missing_ok=True)
        if isinstance(error, sqlite3.Error):
            raise JournalError(f"{path} cannot be written: {error}") from error
        raise
    connection.close()
    return count


def _fill(connection: sqlite3.Connection, journal: Journal) -> int:
    count = 0
    for entry in journal.entries(kinds=[EntryKind.READS]):
        reads = decode(entry)
        assert isinstance(reads, DecodedReads)
        connection.executemany(_INSERT_READ, _read_rows(entry.number, reads))
        connection.executemany(
            _INSERT_MALFORMED,
            [
                (entry.number, row, reads.source, _storable(raw), reason)
                for row, (raw, reason) in enumerate(reads.malformed)
            ],
        )
        count += len(reads)
    return count


def _read_rows(number: int, reads: DecodedReads) -> Iterator[tuple[Any, ...]]:
    for row, read in enumerate(reads.chip_reads()):
        yield (
            number,
            row,
            reads.source,
            reads.clock.value,
            read.kind.value,
            _storable(read.tag),
            read.stamp_us,
            read.received_us,
            _storable(read.label),
            read.antenna,
            read.rssi,
            _storable(read.reader_file),
            read.reader_seq,
            _storable(read.raw),
        )


def _storable(text: str | None) -> str | None:
    """Text as UTF-8 can hold it: bytes of a wire that were no text are kept as escapes."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
