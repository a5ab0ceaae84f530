"""Where the journal lies: its two tables in SQLite or PostgreSQL, through SQLAlchemy Core.

Owns SQL, connections and what the database's errors mean. Knows nothing of threads, seals or what bodies hold.
Never opens the database file itself: on POSIX, closing any handle on it would drop SQLite's own locks.
"""

import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    NullPool,
    String,
    Table,
    Text,
    column,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    table,
    update,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from timing.errors import JournalRefused
from timing.journal_chain import Entry

BUSY_MS: Final = 250
"""How long SQLite waits for a lock before the writer shows it, pauses and tries again."""

_FULL_BELOW_BYTES: Final = 1024 * 1024
"""With less free space than this an I/O error is put down to it."""

_CIRCUMSTANCES: Final = (
    "BUSY",
    "LOCKED",
    "CANTOPEN",
    "FULL",
    "IOERR",
    "READONLY",
    "PERM",
    "PROTOCOL",
    "NOMEM",
    "INTERRUPT",
)
"""SQLite's error names that say nothing about the content of the file."""

_META = MetaData()
_BIG = BigInteger().with_variant(Integer, "sqlite")

META_TABLE = Table(
    "journal_meta",
    _META,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
ENTRIES_TABLE = Table(
    "journal_entries",
    _META,
    Column("number", _BIG, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("source", String(64)),
    Column("at_us", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)

# Read without types: a damaged cell can hold anything, and must arrive here to be judged by its seal.
_RAW = table("journal_entries", *(column(c.name) for c in ENTRIES_TABLE.columns))
_BEFORE = _RAW.alias("before")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One row as the database gives it, believed in nothing. `seal_before` only where it was asked for."""

    number: Any
    kind: Any
    version: Any
    source: Any
    at_us: Any
    body: Any
    seal: Any
    seal_before: Any = None


def url_of(place: str | Path) -> URL:
    """The database a journal lies in: a URL as it is, anything else is the path of an SQLite file.

    Raises: JournalRefused when a URL cannot be understood.
    """
    text = str(place)
    if "://" not in text:
        return URL.create("sqlite", database=os.path.abspath(text))
    try:
        return make_url(text)
    except (ArgumentError, ValueError) as error:
        raise JournalRefused(
            f"{text!r} is no database: give a file name or a URL such as postgresql+psycopg://..."
        ) from error


class JournalStore:
    """The tables of one journal.

    Raises (all methods): sqlalchemy.exc.SQLAlchemyError as it comes; `is_damage` tells which mean damage.
    """

    def __init__(self, url: URL, *, mode: str) -> None:
        """`mode` is "create", "write" or "read"."""
        self.url = url
        self.path: Path | None = None
        if url.get_backend_name() == "sqlite":
            if not url.database or url.database == ":memory:":
                raise JournalRefused("a journal must survive the process: give a file, not a database in memory")
            self.path = Path(url.database)
        try:
            self.engine = self._engine(mode)
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise JournalRefused(f"no driver for {url.render_as_string()}: {error}") from error

    def _engine(self, mode: str) -> Engine:
        if self.path is None:
            return create_engine(self.url, poolclass=NullPool)
        sqlite_mode = {"create": "rwc", "write": "rw", "read": "ro"}[mode]
        name = f"file:{quote(str(self.path))}?mode={sqlite_mode}"
        if mode == "read" and not self.wal_path().exists() and not os.access(self.path.parent, os.W_OK):
            name += "&immutable=1"  # On a medium that cannot be written SQLite has no room for its index of the log.

        def connect() -> sqlite3.Connection:
            return sqlite3.connect(name, uri=True, timeout=BUSY_MS / 1000, check_same_thread=False)

        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
        event.listen(engine, "connect", _pragmas_for_reading if mode == "read" else _pragmas_for_writing)
        return engine

    def wal_path(self) -> Path:
        """SQLite's write-ahead log, beside the file."""
        assert self.path is not None
        return self.path.with_name(self.path.name + "-wal")

    def create_tables(self, meta: Mapping[str, str]) -> None:
        with self.engine.begin() as connection:
            _META.create_all(connection)
            connection.execute(insert(META_TABLE), [{"key": k, "value": v} for k, v in meta.items()])

    def has_tables(self) -> bool:
        with self.engine.connect() as connection:
            return inspect(connection).has_table(META_TABLE.name)

    def meta(self) -> dict[str, str]:
        with self.engine.connect() as connection:
            return {row.key: row.value for row in connection.execute(select(META_TABLE.c.key, META_TABLE.c.value))}

    def set_meta(self, values: Mapping[str, str]) -> None:
        with self.engine.begin() as connection:
            for key, value in values.items():
                done = connection.execute(update(META_TABLE).where(META_TABLE.c.key == key).values(value=value))
                if done.rowcount == 0:
                    connection.execute(insert(META_TABLE).values(key=key, value=value))

    def checkpoint(self) -> None:
        """Move all of SQLite's log into the main file, if nobody is reading just then."""
        if self.path is None:
            return
        with self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def make_single_file(self) -> None:
        """Give up SQLite's log: the file stands alone, and can be read where nothing can be written."""
        with self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA journal_mode=DELETE")

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection

    def last_number(self, connection: Connection) -> int:
        """The highest number; 0 while the journal is empty."""
        return int(connection.execute(select(func.max(_RAW.c.number))).scalar() or 0)

    def rows(
        self, connection: Connection, *, after: int, limit: int, kinds: Collection[str] | None = None
    ) -> list[RawRow]:
        """Up to `limit` rows with a number above `after`, ascending; with chosen kinds, the seal before each too."""
        if kinds is None:
            query = select(*_RAW.c).where(_RAW.c.number > after).order_by(_RAW.c.number).limit(limit)
        else:
            query = (
                select(*_RAW.c, _BEFORE.c.seal)
                .select_from(_RAW.outerjoin(_BEFORE, _BEFORE.c.number == _RAW.c.number - 1))
                .where(_RAW.c.number > after, _RAW.c.kind.in_(sorted(kinds)))
                .order_by(_RAW.c.number)
                .limit(limit)
            )
        return [_raw_row(row) for row in connection.execute(query)]

    def row(self, connection: Connection, number: int) -> RawRow | None:
        """The row of one number."""
        found = connection.execute(select(*_RAW.c).where(_RAW.c.number == number)).first()
        return None if found is None else _raw_row(found)

    def write(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """All of them in one transaction, durable when this returns."""
        rows = [
            {
                "number": entry.number,
                "kind": entry.kind.value,
                "version": entry.version,
                "source": entry.source,
                "at_us": entry.at_us,
                "body": entry.body,
                "seal": entry.seal,
            }
            for entry in entries
        ]
        with connection.begin():
            connection.execute(insert(ENTRIES_TABLE), rows)

    def words(self, error: BaseException) -> str:
        """`plain_words`, looking at the disk where the error does not tell.

        On a full disk SQLite may fail in making its index of the log, and calls that an I/O error.
        """
        if self.path is not None and "IOERR" in getattr(getattr(error, "orig", None), "sqlite_errorname", ""):
            disk = os.statvfs(self.path.parent)
            if disk.f_bavail * disk.f_frsize < _FULL_BELOW_BYTES:
                return f"the disk is full ({error}): free some space, writing goes on by itself"
        return plain_words(error)

    def close(self) -> None:
        self.engine.dispose()


def _raw_row(row: Sequence[Any]) -> RawRow:
    number, kind, version, source, at_us, body, seal, *before = row
    return RawRow(
        number=number,
        kind=kind,
        version=version,
        source=source,
        at_us=at_us,
        body=bytes(body) if isinstance(body, memoryview) else body,
        seal=bytes(seal) if isinstance(seal, memoryview) else seal,
        seal_before=before[0] if before else None,
    )


def _pragmas_for_writing(connection: sqlite3.Connection, _record: object) -> None:
    # FULL: with WAL, NORMAL would lose the last commits in a power cut, and those may have been confirmed.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cell_size_check=ON")


def _pragmas_for_reading(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA cell_size_check=ON")
    connection.execute("PRAGMA query_only=ON")


def is_damage(error: SQLAlchemyError) -> bool:
    """Whether the database says that its content is damaged, as against a lock, a full disk or a lost server."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    if not isinstance(cause, sqlite3.DatabaseError):
        return False
    name = getattr(cause, "sqlite_errorname", None)
    if name is None:  # Raised by Python's driver itself: text that is no UTF-8.
        return "decode" in str(cause).lower()
    return not any(word in name for word in _CIRCUMSTANCES)


def plain_words(error: BaseException) -> str:
    """What went wrong with the storage, for the crew."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = " ".join(str(cause).split())
    name = getattr(cause, "sqlite_errorname", "") or ""
    if "FULL" in name or getattr(cause, "errno", None) == 28:
        return f"the disk is full ({text}): free some space, writing goes on by itself"
    if "BUSY" in name or "LOCKED" in name:
        return f"another program holds the journal locked ({text}): close it, writing goes on by itself"
    if "READONLY" in name or "PERM" in name:
        return f"the journal may not be written ({text}): check the folder's permissions and the medium"
    if "CANTOPEN" in name:
        return f"the journal cannot be opened ({text}): is its folder still there?"
    if "IOERR" in name:
        return f"the disk reports an error ({text}): check the disk and its cable"
    return text or type(cause).__name__
