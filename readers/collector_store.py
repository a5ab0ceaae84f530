"""The collector's own store: every read with its number, in one SQLite file that outlives process, host and power.

Numbers are given here, once, and committed together with their reads before anybody else sees them. On opening, the
store proves itself whole (structure, numbering, a check sum per row); one that cannot is put aside, what is readable
in it moves to a new store with a new identity, and the crew is told. Knows no MQTT and no asyncio; blocking.

Used by one process at a time (a lock of the operating system), and by any of its threads.
"""

import fcntl
import os
import shutil
import sqlite3
import threading
import uuid
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from readers.collector_cursor import Cursor
from readers.collector_topics import is_name
from readers.errors import ReaderError
from readers.protocol import Since
from timing.reads import ChipRead, ClockKind, ReadKind, Tag

APPLICATION_ID: Final = 0x43414C51
VERSION: Final = 1

_COLUMNS: Final = (
    "clock, kind, tag, stamp_us, received_us, mat, antenna, rssi, reader_file, reader_seq, raw"  # sealed in this order
)
_SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE reads (
    number INTEGER PRIMARY KEY, clock TEXT NOT NULL, kind TEXT NOT NULL, tag TEXT, stamp_us INTEGER NOT NULL,
    received_us INTEGER NOT NULL, mat TEXT, antenna INTEGER, rssi REAL, reader_file TEXT, reader_seq INTEGER,
    raw TEXT, seal INTEGER NOT NULL
);
"""


class StoreInUse(ReaderError):
    """Another collector on this host works with the same store."""


class StoreNotWritten(ReaderError):
    """The disk took nothing (full, read-only, broken); what was to be stored is with the caller still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRead:
    number: int
    clock: ClockKind
    read: ChipRead


def new_store_id() -> str:
    """An identity no other store has."""
    return "s" + uuid.uuid4().hex[:16]


class CollectorStore:
    """Attributes: id: the store's identity; last: the highest number given (0: none); held_from: the lowest number
    still held (`last` + 1: none); journal: identity of the journal the crew has accepted, None before the first;
    confirmed: what that journal holds; notice: what happened on opening, in words for the crew, or empty.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: int) -> None:
        """Use `open`."""
        self.path = path
        self.notice = ""
        self._lock = lock
        self._writing = connection
        self._guard = threading.Lock()
        self._read_guard = threading.Lock()
        self._reading = _connect(path)
        meta = _meta(connection)
        self.id = meta["store"]
        self.last = int(meta["last"])
        self.held_from = int(meta["held_from"])
        self.journal = meta.get("journal")
        self.confirmed = _cursor(meta.get("confirmed", ""))

    @classmethod
    def open(cls, path: Path, *, new_id: Callable[[], str] = new_store_id) -> Self:
        """The store at `path`, made when there is none, replaced by a new one when it cannot be proven whole.

        Raises: StoreInUse; StoreNotWritten when the place cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = _locked(path)
        except OSError as error:
            raise StoreNotWritten(f"the collector's store {path} cannot be opened: {error.strerror}") from error
        try:
            return cls._opened(path, lock, new_id)
        except (OSError, sqlite3.Error) as error:
            os.close(lock)
            raise StoreNotWritten(f"the collector's store {path} cannot be written: {error}") from error

    @classmethod
    def _opened(cls, path: Path, lock: int, new_id: Callable[[], str]) -> Self:
        fault = _fault(path) if path.exists() else None
        if fault is None:
            return cls(path, _connect(path) if path.exists() else _created(path, new_id()), lock)
        aside = _put_aside(path)
        store = cls(path, _created(path, new_id()), lock)
        saved = store._salvage(aside)
        store.notice = (
            f"the store could not be proven whole ({fault}); {saved} reads of it moved to a new store, "
            f"the old file is {aside.name}"
        )
        return store

    def append(self, reads: Sequence[tuple[ClockKind, ChipRead]]) -> int:
        """Give each read the next number and keep it: when this returns it would survive a power cut.

        Returns: the number of the last one. Raises: StoreNotWritten, and then no number is given.
        """
        rows = [_row(clock, read) for clock, read in reads]
        last = self.last + len(rows)
        with self._guard, self._transaction() as connection:
            marks = ",".join("?" * 13)
            connection.executemany(
                f"INSERT INTO reads (number, {_COLUMNS}, seal) VALUES ({marks})",
                ((number, *row) for number, row in enumerate(rows, self.last + 1)),
            )
            connection.execute("UPDATE meta SET value = ? WHERE key = 'last'", (str(last),))
        self.last = last
        return last

    def load(self, first: int, last: int) -> list[StoredRead]:
        """The held reads with numbers `first` to `last`, ascending; those not held are left out."""
        with self._read_guard:
            rows = self._reading.execute(
                f"SELECT number, {_COLUMNS} FROM reads WHERE number BETWEEN ? AND ? ORDER BY number", (first, last)
            ).fetchall()
        return [_stored(row) for row in rows]

    def since(self) -> Since | None:
        """The newest chip read as the reader stamped and numbered it, None when there is none."""
        with self._read_guard:
            row = self._reading.execute(
                "SELECT stamp_us, reader_file, reader_seq FROM reads WHERE kind = 'read' AND tag IS NOT NULL "
                "ORDER BY number DESC LIMIT 1"
            ).fetchone()
        return None if row is None else Since(*row)

    def save_confirmed(self, journal: str, confirmed: Cursor) -> None:
        """Remember what a journal holds. Lost in a crash it is only sent again, which is harmless.

        Raises: StoreNotWritten.
        """
        text = ",".join(f"{first}-{last}" for first, last in confirmed.ranges)
        with self._guard, self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", (("journal", journal), ("confirmed", text))
            )
        self.journal, self.confirmed = journal, confirmed

    def forget(self, through: int) -> None:
        """Drop the reads up to a number, to make room. The caller knows that they are confirmed.

        Raises: StoreNotWritten.
        """
        held_from = min(max(self.held_from, through + 1), self.last + 1)
        with self._guard, self._transaction() as connection:
            connection.execute("DELETE FROM reads WHERE number < ?", (held_from,))
            connection.execute("UPDATE meta SET value = ? WHERE key = 'held_from'", (str(held_from),))
        self.held_from = held_from

    def renew(self, store_id: str | None = None) -> None:
        """Begin a new store with all that is held, numbered from 1, nothing of it confirmed.

        Raises: StoreNotWritten, and then the store is as it was.
        """
        store_id, shift, last = store_id or new_store_id(), self.held_from - 1, self.last - self.held_from + 1
        with self._guard, self._transaction() as connection:
            # Over negative numbers: an update in place would meet numbers that are not moved yet.
            connection.execute("UPDATE reads SET number = ? - number", (shift,))
            connection.execute("UPDATE reads SET number = -number")
            changed = (("store", store_id), ("last", str(last)), ("held_from", "1"), ("confirmed", ""))
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", changed)
        self.id, self.last, self.held_from, self.confirmed = store_id, last, 1, Cursor()

    def free_bytes(self) -> int:
        """Room left on the store's disk."""
        return shutil.disk_usage(self.path.parent).free

    def close(self) -> None:
        with self._guard, self._read_guard:
            self._reading.close()
            self._writing.close()
            os.close(self._lock)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._writing.execute("BEGIN IMMEDIATE")
            yield self._writing
            self._writing.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise StoreNotWritten(f"the collector's store {self.path} cannot be written: {error}") from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        try:
            self._writing.execute("ROLLBACK")
        except sqlite3.Error:
            # Nothing was begun, or SQLite has rolled back by itself. Reopened: what is on disk counts.
            self._writing.close()
            self._writing = _connect(self.path)

    def _salvage(self, aside: Path) -> int:
        """Take over what is readable and sealed in a store that was put aside. Returns how many reads."""
        saved: list[tuple[ClockKind, ChipRead]] = []
        try:
            connection = _connect(aside)
        except sqlite3.Error:
            return 0
        try:
            for *row, seal in connection.execute(f"SELECT {_COLUMNS}, seal FROM reads ORDER BY number"):
                if _seal(tuple(row)) == seal:
                    stored = _stored((0, *row))
                    saved.append((stored.clock, stored.read))
        except (sqlite3.Error, ValueError):
            pass  # the damage begins here: what was read up to now is what there is
        finally:
            connection.close()
        if saved:
            self.append(saved)
        return len(saved)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _created(path: Path, store_id: str) -> sqlite3.Connection:
    connection = _connect(path)
    connection.executescript(
        f"BEGIN; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; {_SCHEMA}"
        f"INSERT INTO meta VALUES ('store', '{store_id}'), ('last', '0'), ('held_from', '1'); COMMIT;"
    )
    return connection


def _locked(path: Path) -> int:
    handle = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise StoreInUse(
            f"the collector's store {path} is in use by another collector on this host; "
            "stop that one, or give this one a store of its own"
        ) from error
    return handle


def _fault(path: Path) -> str | None:
    """Why the store cannot be proven whole, or None when it is."""
    try:
        connection = _connect(path)
    except sqlite3.Error as error:
        return str(error)
    try:
        found = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if (found, version) != (APPLICATION_ID, VERSION):
            return "it is not a collector's store of this version"
        if (check := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            return str(check)
        meta = _meta(connection)
        if not is_name(meta["store"]):
            return "its identity is not a name"
        last, expected = int(meta["last"]), int(meta["held_from"])
        _cursor(meta.get("confirmed", ""))
        for number, *row, seal in connection.execute(f"SELECT number, {_COLUMNS}, seal FROM reads ORDER BY number"):
            if number != expected:
                return f"read {expected} is missing"
            if _seal(tuple(row)) != seal:
                return f"read {number} does not match its check sum"
            expected += 1
        if expected != last + 1:
            return f"read {expected} is missing"
    except (sqlite3.Error, KeyError, ValueError) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return None


def _put_aside(path: Path) -> Path:
    """Rename a store and what belongs to it, so that nothing of it is lost. Returns its new place."""
    turn = 1
    while (aside := path.with_name(f"{path.name}.damaged-{turn}")).exists():
        turn += 1
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def _meta(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT key, value FROM meta"))


def _cursor(text: str) -> Cursor:
    return Cursor(0, (_range(part) for part in text.split(",") if part))


def _range(text: str) -> tuple[int, int]:
    first, last = text.split("-")
    return int(first), int(last)


def _row(clock: ClockKind, read: ChipRead) -> tuple[Any, ...]:
    row = (
        clock.value,
        read.kind.value,
        read.tag,
        read.stamp_us,
        read.received_us,
        read.label,
        read.antenna,
        None if read.rssi is None else float(read.rssi),
        read.reader_file,
        read.reader_seq,
        read.raw,
    )
    return (*row, _seal(row))


def _seal(row: tuple[Any, ...]) -> int:
    return zlib.crc32(repr(row).encode("utf-8", "surrogatepass"))


def _stored(row: tuple[Any, ...]) -> StoredRead:
    number, clock, kind, tag, stamp, received, mat, antenna, rssi, file, seq, raw = row
    return StoredRead(
        number=number,
        clock=ClockKind(clock),
        read=ChipRead(
            tag=None if tag is None else Tag(tag),
            stamp_us=stamp,
            received_us=received,
            kind=ReadKind(kind),
            label=mat,
            antenna=antenna,
            rssi=rssi,
            reader_file=file,
            reader_seq=seq,
            raw=raw,
        ),
    )
