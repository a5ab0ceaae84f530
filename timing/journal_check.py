"""Reading the journal with its seals: every entry that leaves here has been verified, and damage is located.

Owns what "damaged" means and how it is said. Reads through a `JournalStore`; writes nothing.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from timing.errors import JournalDamaged, JournalError, JournalRefused
from timing.journal_chain import Entry, EntryKind, seal_of
from timing.journal_store import JournalStore, RawRow, is_damage
from timing.reads import SourceId

_ROWS_AT_ONCE: Final = 256
"""Rows fetched in one query: a few megabytes at most, and no long read transaction holds SQLite's log."""

_DRIVER_ERRORS: Final = (SQLAlchemyError, OverflowError, MemoryError, UnicodeDecodeError)
"""What a driver raises when a damaged row makes no sense to it."""

REMEDY: Final = (
    "Keep the file as it is. Put a snapshot or the second copy in its place, or save what is whole into a new journal: "
    "`calanque journal repair` (docs/journal.md, Repair)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a check of the chain found.

    `entries` whole entries were read, up to number `last` with `seal`. `damaged` is the first number that cannot be
    trusted, None when all is whole; `message` says it to a person.
    """

    entries: int
    last: int
    seal: bytes
    damaged: int | None
    message: str


class Chain:
    """The sealed entries of one store."""

    def __init__(self, store: JournalStore, *, first_seal: bytes, title: str) -> None:
        """`title` is how the journal is called in messages."""
        self.store = store
        self.first_seal = first_seal
        self.title = title

    def entries(self, after: int = 0, kinds: Collection[EntryKind] | None = None) -> Iterator[Entry]:
        """The entries with a number above `after`, ascending, each verified against the seal before it.

        With `kinds`, only those: each still matches its seal, but a missing entry of another kind goes unnoticed.
        Raises: JournalDamaged at the first that cannot be trusted; JournalError when the database cannot be read;
        JournalRefused at an entry of a kind this version does not know.
        """
        with self._connected() as connection:
            before = self._seal_at(connection, after)
            wanted = None if kinds is None else [kind.value for kind in kinds]
            while True:
                rows = self._rows(connection, after, wanted)
                for row in rows:
                    if wanted is None:
                        entry = self._verified(row, after + 1, before)
                    else:
                        entry = self._verified(row, row.number, self.first_seal if row.number == 1 else row.seal_before)
                    after, before = entry.number, entry.seal
                    yield entry
                if len(rows) < _ROWS_AT_ONCE and not (wanted is None and self._goes_on(connection, after, bool(rows))):
                    return

    def verify(self, expected: tuple[int, bytes] | None = None) -> Verification:
        """The whole chain; `expected` is a number that must be there, and its seal. Never raises for damage.

        Raises: JournalError when the database cannot be read at all just now.
        """
        count, last, seal = 0, 0, self.first_seal
        try:
            for entry in self.entries():
                count, last, seal = count + 1, entry.number, entry.seal
                if expected is not None and entry.number == expected[0] and entry.seal != expected[1]:
                    raise self.other_history(entry.number)
            if expected is not None and expected[0] > last:
                raise self.cut_off(last, expected[0])
        except JournalDamaged as damage:
            return Verification(entries=count, last=last, seal=seal, damaged=damage.number, message=str(damage))
        message = f"{self.title} is whole: {count} entries, each matches its seal."
        return Verification(entries=count, last=last, seal=seal, damaged=None, message=message)

    def tail(self, entries: int) -> tuple[int, bytes]:
        """The last number and its seal, after verifying the last `entries` (at least one) of the chain.

        Raises: JournalDamaged, located.
        """
        with self._connected() as connection:
            try:
                last = self.store.last_number(connection)
            except _DRIVER_ERRORS as error:
                raise self._located(error) from error
        seal = self.first_seal
        number = max(0, last - max(1, entries))
        for entry in self.entries(after=number):
            number, seal = entry.number, entry.seal
        if last > 0 and number < last:
            raise self.damaged(number + 1, "is missing")
        return number, seal

    def seal_at(self, number: int) -> bytes | None:
        """The stored seal of one entry; None when there is no such entry."""
        with self._connected() as connection:
            try:
                row = self.store.row(connection, number)
            except _DRIVER_ERRORS as error:
                raise self._located(error) from error
        return None if row is None else row.seal

    def damaged(self, number: int, what: str) -> JournalDamaged:
        return JournalDamaged(
            f"{self.title}: entry {number} {what}. Entries before it are whole; nothing from it on can be trusted. "
            f"{REMEDY}",
            number=number,
        )

    def cut_off(self, last: int, expected: int) -> JournalDamaged:
        return JournalDamaged(
            f"{self.title} ends at entry {last}, but entry {expected} had been written: entry {last + 1} and what "
            f"follows is missing. Perhaps the file was copied without the -wal file beside it. {REMEDY}",
            number=last + 1,
        )

    def other_history(self, number: int) -> JournalDamaged:
        return JournalDamaged(
            f"{self.title}: entry {number} is not the one that had been written: the journal was changed or replaced. "
            f"{REMEDY}",
            number=number,
        )

    def _seal_at(self, connection: Connection, number: int) -> bytes:
        if number <= 0:
            return self.first_seal
        try:
            row = self.store.row(connection, number)
        except _DRIVER_ERRORS as error:
            raise self._located(error) from error
        if row is None:
            raise self.damaged(number, "is missing")
        if not isinstance(row.seal, bytes):
            raise self.damaged(number, "has no seal")
        return row.seal

    def _rows(self, connection: Connection, after: int, kinds: Collection[str] | None) -> list[RawRow]:
        try:
            return self.store.rows(connection, after=after, limit=_ROWS_AT_ONCE, kinds=kinds)
        except _DRIVER_ERRORS as error:
            self._raise_circumstance(error)
            return self._rows_one_by_one(connection, after, kinds, error)

    def _goes_on(self, connection: Connection, after: int, some: bool) -> bool:
        """Whether there is more behind a query that gave fewer rows than it might (`some`: any at all).

        Few rows are the end, or what was whole before damage: only the highest number tells.
        Raises: JournalDamaged when there is more and none of it can be had.
        """
        try:
            last = self.store.last_number(connection)
        except _DRIVER_ERRORS as error:
            self._raise_circumstance(error)
            if some:
                return True
            raise self.damaged(after + 1, f"cannot be read ({self.store.words(error)})") from error
        if last <= after:
            return False
        # Appended since the query, or not to be read: asking once more tells these apart.
        if not some and not self._rows(connection, after, None):
            raise self.damaged(after + 1, f"cannot be read, although entry {last} is there")
        return True

    def _rows_one_by_one(
        self, connection: Connection, after: int, kinds: Collection[str] | None, cause: BaseException
    ) -> list[RawRow]:
        """The whole rows before damage, so that it is located exactly; raises when the next one is it."""
        rows: list[RawRow] = []
        for number in range(after + 1, after + 1 + _ROWS_AT_ONCE):
            try:
                row = self.store.row(connection, number)
            except _DRIVER_ERRORS as error:
                self._raise_circumstance(error)
                row = None
            if row is None:
                break
            rows.append(row)
        if kinds is not None or not rows:
            raise self.damaged(after + len(rows) + 1, f"cannot be read ({self.store.words(cause)})") from cause
        return rows

    def _located(self, error: BaseException) -> JournalError:
        """The damage behind an error of the database, found by reading from the beginning."""
        self._raise_circumstance(error)
        try:
            last = 0
            for entry in self.entries():
                last = entry.number
        except JournalDamaged as damage:
            return damage
        return self.damaged(last + 1, f"cannot be read ({self.store.words(error)})")

    def _raise_circumstance(self, error: BaseException) -> None:
        if isinstance(error, SQLAlchemyError) and not is_damage(error):
            raise JournalError(f"{self.title} cannot be read: {self.store.words(error)}") from error

    def _connected(self) -> "_Connected":
        return _Connected(self)

    def _verified(self, row: RawRow, number: int, before: object) -> Entry:
        if row.number != number:
            raise self.damaged(number, "is missing")
        fields_fit = (
            isinstance(before, bytes)
            and isinstance(row.kind, str)
            and isinstance(row.version, int)
            and (row.source is None or isinstance(row.source, str))
            and isinstance(row.at_us, int)
            and isinstance(row.body, bytes)
            and abs(row.version) < 2**31
        )
        if not fields_fit:
            raise self.damaged(number, "does not match its seal")
        assert isinstance(before, bytes)
        seal = seal_of(
            before,
            number=number,
            kind=row.kind,
            version=row.version,
            source=row.source,
            at_us=row.at_us,
            body=row.body,
        )
        if seal != row.seal:
            raise self.damaged(number, "does not match its seal")
        try:
            kind = EntryKind(row.kind)
        except ValueError:
            raise JournalRefused(
                f"{self.title}: entry {number} is of kind {row.kind!r}, which this version of Calanque does not know. "
                "Use the version that wrote it, or a newer one."
            ) from None
        return Entry(
            number=number,
            kind=kind,
            version=row.version,
            source=None if row.source is None else SourceId(row.source),
            at_us=row.at_us,
            body=row.body,
            seal=seal,
        )


class _Connected:
    """A connection whose failure to open is said in our words."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._connection: Connection | None = None

    def __enter__(self) -> Connection:
        try:
            self._connection = self._chain.store.engine.connect()
        except SQLAlchemyError as error:
            if is_damage(error):
                raise self._chain.damaged(1, f"cannot be read ({self._chain.store.words(error)})") from error
            raise JournalError(f"{self._chain.title} cannot be opened: {self._chain.store.words(error)}") from error
        return self._connection

    def __exit__(self, *_: object) -> None:
        assert self._connection is not None
        self._connection.close()
