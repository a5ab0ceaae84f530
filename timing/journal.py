"""The journal: the one append-only record of all that came in or was decided. Everything else is derived from it.

Owns opening (with its checks), the identity of a journal, and the door to its parts: the chain of seals
(`journal_chain`), the tables (`journal_store`), the writer (`journal_writer`), verification (`journal_check`), copies
(`journal_copy`). Knows nothing of what bodies hold (`entries`). The format is described in docs/journal.md.
"""

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from timing.errors import JournalDamaged, JournalError, JournalNotWritten, JournalRefused
from timing.instants import SECOND, Duration
from timing.journal_chain import FORMAT, Entry, EntryKind, NewEntry, first_seal
from timing.journal_check import REMEDY, Chain, Verification
from timing.journal_copy import Salvage, copy_entries, end_mark, read_end_mark
from timing.journal_head import Head, HeadFile, head_path, read_head
from timing.journal_store import JournalStore, is_damage, url_of
from timing.journal_writer import JournalWriter, WriterHealth, steady_us

__all__ = ["Entry", "EntryKind", "Journal", "NewEntry", "Verification", "WriterHealth", "repair"]

TAIL_ENTRIES: Final = 1_000
"""Verified at opening: what was being written in the last moments. `entries` and `verify` see to the rest."""

CLOSE_WAIT_US: Final = 10 * SECOND

_TITLE: Final = "The journal {place}"


class Journal:
    """One race's journal, open for writing by this process, or for reading beside the one that writes.

    `id` names this journal (a restored copy has another); `race` is the race's id.
    """

    def __init__(self, store: JournalStore, chain: Chain, meta: dict[str, str], *, last: int, seal: bytes) -> None:
        """Use `create` or `open`."""
        self._store = store
        self._chain = chain
        self._last = last
        self._seal = seal
        self._writer: JournalWriter | None = None
        self._head: HeadFile | None = None
        self._anchor: Connection | None = None
        self._chain_id = meta["chain"]
        self._closed = False
        self.id = meta["id"]
        self.race = meta["race"]

    @classmethod
    def create(cls, place: str | Path, *, race: str, clock: Callable[[], Duration] = steady_us) -> Self:
        """A new, empty journal, open for writing.

        Args:
            place: the path of an SQLite file, or a database URL.
            race: the race's id; the chain is tied to it.
            clock: a steady clock in microseconds, for the writer's health.
        Raises: JournalRefused when there is one already; JournalError when it cannot be made.
        """
        url = url_of(place)
        store = JournalStore(url, mode="create")
        title = _TITLE.format(place=store.path or url.render_as_string())
        if store.path is not None and store.path.exists() and store.path.stat().st_size > 0:
            raise JournalRefused(
                f"{store.path} exists already: open it, or give the name of a file that does not exist"
            )
        identity = uuid.uuid4().hex
        meta = {"format": str(FORMAT), "id": identity, "chain": identity, "race": race, "in_use": "0", "end": ""}
        try:
            if store.path is None and store.has_tables():
                raise JournalRefused(f"{title} exists already: open it, or give another database")
            store.create_tables(meta)
        except SQLAlchemyError as error:
            raise JournalError(f"{title} cannot be made: {store.words(error)}") from error
        seal = first_seal(identity, race)
        journal = cls(store, Chain(store, first_seal=seal, title=title), meta, last=0, seal=seal)
        journal._start_writing(clock)
        return journal

    @classmethod
    def open(
        cls,
        place: str | Path,
        *,
        read_only: bool = False,
        race: str | None = None,
        accept_end: bool = False,
        clock: Callable[[], Duration] = steady_us,
    ) -> Self:
        """A journal that exists, its end verified (the last TAIL_ENTRIES entries, and against its head).

        Args:
            race: refuse the journal of another race.
            accept_end: take the end as it is, although more had been written (a decision of a person).
        Raises: JournalRefused (no journal, another race, a newer format); JournalDamaged, located; JournalError when
            it cannot be read.
        """
        url = url_of(place)
        store = JournalStore(url, mode="read" if read_only else "write")
        title = _TITLE.format(place=store.path or url.render_as_string())
        had_log = store.path is not None and store.wal_path().exists()
        head = None if store.path is None else read_head(head_path(store.path))
        meta = _meta(store, title, had_head=head is not None)
        if race is not None and meta["race"] != race:
            raise JournalRefused(f"{title} is of race {meta['race']!r}, not {race!r}")
        chain = Chain(store, first_seal=first_seal(meta["chain"], meta["race"]), title=title)
        last, seal = chain.tail(TAIL_ENTRIES)
        if not accept_end:
            head = head if head is not None and head.journal == meta["id"] else None
            _check_end(chain, meta, last=last, seal=seal, head=head, had_log=had_log)
        journal = cls(store, chain, meta, last=last, seal=seal)
        if not read_only:
            journal._start_writing(clock)
        return journal

    @property
    def last(self) -> int:
        """The number of the last durable entry; 0 while the journal is empty."""
        if self._writer is not None:
            return self._writer.last
        if self._closed:
            return self._last
        with self._store.connected() as connection:
            return self._store.last_number(connection)

    @property
    def path(self) -> Path | None:
        """The file it lies in; None in a database server."""
        return self._store.path

    @property
    def health(self) -> WriterHealth:
        """How the writer fares. Raises: JournalNotWritten when the journal was opened for reading."""
        return self._writing().health

    def append(self, entries: Sequence[NewEntry]) -> "Future[tuple[int, ...]]":
        """Queue entries; the future gives their numbers once they would survive a power cut.

        The future is also a promise about all appended before, so an append of nothing is a barrier. It fails with
        JournalNotWritten only when the journal is closed, or stopped for good, before they were durable.
        Raises: JournalNotWritten when nothing more is taken (closed, stopped, too much waiting).
        """
        return self._writing().append(entries)

    def entries(self, after: int = 0, kinds: Collection[EntryKind] | None = None) -> Iterator[Entry]:
        """The durable entries with a number above `after`, ascending, verified as they are read.

        Raises: JournalDamaged at the first that cannot be trusted; JournalError when the database cannot be read.
        """
        return self._chain.entries(after, kinds)

    def verify(self) -> Verification:
        """Check the whole chain from the first entry, and that nothing durable is missing at its end."""
        expected = None
        if self._store.path is not None:
            head = read_head(head_path(self._store.path))
            if head is not None and head.journal == self.id:
                expected = (head.number, head.seal)
        return self._chain.verify(expected if expected is not None and expected[0] > 0 else None)

    def snapshot(self, path: str | Path) -> Verification:
        """A consistent, verified copy in a new SQLite file, while this journal goes on being written.

        When the copy is opened for writing it becomes a journal of its own, with an id of its own.
        Raises: JournalDamaged, JournalRefused (the file exists), JournalError.
        """
        meta = _copy_meta(self.id, self._chain_id, self.race)
        last, seal = copy_entries(self._chain.entries(), meta, Path(path))
        return Verification(
            entries=last, last=last, seal=seal or self._chain.first_seal, damaged=None, message=f"{last} entries copied"
        )

    def close(self, wait_us: Duration = CLOSE_WAIT_US) -> None:
        """Write what waits, and leave the file in good order.

        Raises: JournalNotWritten when something could not be written within `wait_us`.
        """
        if self._closed:
            return
        self._closed = True
        writer, self._writer = self._writer, None
        if writer is None:
            self._store.close()
            return
        all_written = writer.close(wait_us)
        self._last, self._seal = writer.last, writer.seal
        try:
            if self._anchor is not None:
                self._anchor.close()
            if all_written:
                self._store.set_meta({"in_use": "0", "end": end_mark(self._last, self._seal)})
                self._store.checkpoint()
            if self._head is not None:
                self._head.close()
        except (SQLAlchemyError, OSError) as error:
            raise JournalNotWritten(
                f"{self._chain.title} could not be closed in order: {self._store.words(error)}"
            ) from error
        finally:
            self._store.close()
        if not all_written:
            raise JournalNotWritten(f"{self._chain.title} closed with entries unwritten: {writer.health.error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _writing(self) -> JournalWriter:
        if self._writer is None:
            raise JournalNotWritten(f"{self._chain.title} is closed, or open for reading only")
        return self._writer

    def _anchored(self) -> Connection:
        """An idle connection that keeps SQLite's log and its index in being: on a full disk they could not be made."""
        anchor = self._store.engine.connect()
        self._store.last_number(anchor)
        anchor.rollback()
        return anchor

    def _start_writing(self, clock: Callable[[], Duration]) -> None:
        """Mark the file as in use, start its head, and start the writer."""
        try:
            changed = {"in_use": "1"}
            if self._store.meta().get("copy") == "1":
                # A copy that is written to is another journal from here on: collectors must notice.
                self.id = uuid.uuid4().hex
                changed |= {"id": self.id, "copy": "0"}
            self._store.set_meta(changed)
            # Into the main file itself, so that a copy of it without its log is recognised.
            self._store.checkpoint()
            if self._store.path is not None:
                self._head = HeadFile(head_path(self._store.path))
                self._head.start(Head(journal=self.id, number=self._last, seal=self._seal))
                self._anchor = self._anchored()
        except (SQLAlchemyError, OSError) as error:
            raise JournalError(f"{self._chain.title} cannot be written: {self._store.words(error)}") from error
        self._writer = JournalWriter(
            self._chain, journal=self.id, last=self._last, seal=self._seal, head=self._head, clock=clock
        )


def repair(damaged: str | Path, to: str | Path, *, copies: Sequence[str | Path] = ()) -> Verification:
    """Save what is whole of a damaged journal into a new file, taking from its copies what it has lost.

    `damaged` in the answer is the first number that no copy could give, or None.
    Raises: JournalRefused when they are not of one chain, or cannot be recognised as journals at all.
    """
    chains: list[Chain] = []
    metas: list[dict[str, str]] = []
    for place in (damaged, *copies):
        store = JournalStore(url_of(place), mode="read")
        title = _TITLE.format(place=store.path or place)
        meta = _meta(store, title, had_head=False)
        if metas and (meta["chain"], meta["race"]) != (metas[0]["chain"], metas[0]["race"]):
            raise JournalRefused(f"{title} is not a copy of {chains[0].title[len('The journal ') :]}")
        metas.append(meta)
        chains.append(Chain(store, first_seal=first_seal(meta["chain"], meta["race"]), title=title))
    salvage = Salvage(chains)
    meta = _copy_meta(metas[0]["id"], metas[0]["chain"], metas[0]["race"])
    last, seal = copy_entries(salvage, meta, Path(to))
    for chain in chains:
        chain.store.close()
    path = url_of(damaged).database
    head = read_head(head_path(Path(path))) if path is not None else None
    written = head.number if head is not None and head.journal == metas[0]["id"] else 0
    message = f"{last} entries saved into {to}"
    lost = salvage.lost is not None or written > last
    if lost:
        message += f"; nothing from entry {last + 1} on could be saved"
    return Verification(
        entries=last, last=last, seal=seal or salvage.seal, damaged=last + 1 if lost else None, message=message
    )


def _copy_meta(identity: str, chain: str, race: str) -> dict[str, str]:
    return {"format": str(FORMAT), "id": identity, "chain": chain, "race": race, "in_use": "0", "end": "", "copy": "1"}


def _meta(store: JournalStore, title: str, *, had_head: bool) -> dict[str, str]:
    """What the journal says of itself. Raises as `Journal.open`."""
    if store.path is not None and not store.path.exists():
        raise JournalRefused(f"{title} does not exist: give a race folder's journal.sqlite, or create one")
    try:
        meta = store.meta() if store.has_tables() else {}
    except SQLAlchemyError as error:
        if not is_damage(error):
            raise JournalError(f"{title} cannot be opened: {store.words(error)}") from error
        if had_head or "malformed" in str(error):
            raise JournalDamaged(
                f"{title} cannot be read from its very beginning ({store.words(error)}). {REMEDY}", number=1
            ) from error
        raise JournalRefused(f"{title} is no SQLite file: a journal of Calanque is one") from error
    if not {"format", "id", "chain", "race"} <= meta.keys():
        if had_head:
            raise JournalDamaged(f"{title} has lost the table that describes it. {REMEDY}", number=1)
        raise JournalRefused(f"{title} is no journal of Calanque")
    if meta["format"] != str(FORMAT):
        raise JournalRefused(
            f"{title} has format {meta['format']}, this version of Calanque reads format {FORMAT}: use a newer version"
        )
    return meta


def _check_end(chain: Chain, meta: dict[str, str], *, last: int, seal: bytes, head: Head | None, had_log: bool) -> None:
    """Raises JournalDamaged when there are signs that entries at the end are missing."""
    copy = meta.get("copy") == "1"
    if head is not None and not copy:
        if head.number > last:
            raise chain.cut_off(last, head.number)
        if head.number > 0 and chain.seal_at(head.number) != head.seal:
            raise chain.other_history(head.number)
    if meta.get("in_use") == "0" and meta.get("end"):
        number, end_seal = read_end_mark(meta["end"])
        if number > last:
            raise chain.cut_off(last, number)
        if number == last and end_seal != seal:
            raise chain.other_history(last)
    if meta.get("in_use") == "1" and head is None and not had_log and chain.store.path is not None:
        raise JournalDamaged(
            f"{chain.title} was in use when this file was copied, and the -wal file that lay beside it is missing: "
            f"entries after {last} may be lost. Copy the whole folder, or take a snapshot (calanque snapshot).",
            number=last + 1,
        )
