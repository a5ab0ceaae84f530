"""Copies of a journal: a snapshot taken while it is written, and what can be saved from a damaged one.

A copy is made entry by entry through the seals, into a new SQLite file that appears under its name only when it is
whole and synced. The same way serves any database. Does not know the writer.
"""

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from timing.errors import JournalDamaged, JournalError, JournalRefused
from timing.journal_chain import Entry
from timing.journal_check import Chain
from timing.journal_store import JournalStore, plain_words, url_of

_ENTRIES_AT_ONCE: Final = 256


def copy_entries(entries: Iterable[Entry], meta: Mapping[str, str], to: Path) -> tuple[int, bytes]:
    """Write the entries into a new journal file; the last number and its seal (0 and b"" when there were none).

    Raises: JournalRefused when the file exists; JournalError when it cannot be written (nothing is left behind).
    """
    if to.exists():
        raise JournalRefused(f"{to} exists already: give the name of a file that does not")
    partial = to.with_name(to.name + ".partial")
    _remove_with_log(partial)
    try:
        last, seal = _written(entries, meta, partial)
        _remove_with_log(partial, only_log=True)
        os.replace(partial, to)
        _sync_folder(to.parent)
    except SQLAlchemyError as error:
        raise JournalError(f"{to} cannot be written: {plain_words(error)}") from error
    except OSError as error:
        raise JournalError(f"{to} cannot be written: {error}") from error
    finally:
        _remove_with_log(partial)
    return last, seal


def _written(entries: Iterable[Entry], meta: Mapping[str, str], to: Path) -> tuple[int, bytes]:
    last, seal = 0, b""
    with _new_store(to) as store:
        store.create_tables(meta)
        with store.connected() as connection:
            remaining = iter(entries)
            while group := list(islice(remaining, _ENTRIES_AT_ONCE)):
                store.write(connection, group)
                last, seal = group[-1].number, group[-1].seal
        store.set_meta({"end": end_mark(last, seal)})
        store.make_single_file()
    return last, seal


@contextmanager
def _new_store(path: Path) -> Iterator[JournalStore]:
    store = JournalStore(url_of(path), mode="create")
    try:
        yield store
    finally:
        store.close()


def end_mark(last: int, seal: bytes) -> str:
    """How the end of a journal closed in good order is written in it."""
    return f"{last} {seal.hex()}"


def read_end_mark(mark: str) -> tuple[int, bytes]:
    """The number and seal of an end mark. Raises: ValueError."""
    number, _, seal = mark.partition(" ")
    return int(number), bytes.fromhex(seal)


class Salvage:
    """The entries that can be saved: from a damaged journal, and where it is damaged from its second copies.

    Iterate it once; then `lost` says from which number on nothing could be saved (None: all is whole).
    """

    def __init__(self, chains: list[Chain]) -> None:
        """`chains`: the damaged journal first, then its copies (snapshots, a second copy), all of one chain."""
        self._chains = chains
        self.last = 0
        self.seal = chains[0].first_seal
        self.lost: JournalDamaged | None = None

    def __iter__(self) -> Iterator[Entry]:
        went_on = True
        while went_on:
            went_on = False
            for chain in self._chains:
                before = self.last
                damage = yield from self._from(chain)
                if chain is self._chains[0]:
                    self.lost = damage
                went_on = went_on or self.last > before

    def _from(self, chain: Chain) -> Generator[Entry, None, JournalDamaged | None]:
        """What follows on the last saved entry in one copy, as long as each matches the seal before it."""
        try:
            if self.last > 0 and chain.seal_at(self.last) != self.seal:
                return chain.damaged(self.last + 1, "is missing")
            for entry in chain.entries(after=self.last):
                self.last, self.seal = entry.number, entry.seal
                yield entry
        except JournalDamaged as damage:
            return damage
        return None


def _remove_with_log(path: Path, *, only_log: bool = False) -> None:
    for suffix in ("-wal", "-shm") if only_log else ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
