"""A torn, damaged or incomplete journal is found and located, and nothing false ever comes out of it.

Method: a small journal is damaged in every way a disk, a stick or a person can, then opened and read. Whatever the
damage, the entries that come out are the first ones that went in, byte for byte; what is missing is said.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from journal_cases import DEADLINE_S, contents, note, notes, reads_entries

from timing.errors import JournalDamaged, JournalError, JournalRefused
from timing.journal import Entry, EntryKind, Journal, repair

N = 60


@pytest.fixture
def closed(tmp_path: Path) -> tuple[Path, list[Entry]]:
    """A journal closed in good order, and what is in it."""
    path = tmp_path / "journal.sqlite"
    with Journal.create(path, race="small") as journal:
        journal.append([*reads_entries(N // 2, 40), *notes(N // 2, 900)]).result(DEADLINE_S)
        entries = list(journal.entries())
    return path, entries


def read_all(path: Path) -> tuple[list[Entry], JournalError | None]:
    """What comes out of a journal as it is, and the error that ended it."""
    found: list[Entry] = []
    try:
        with Journal.open(path, read_only=True) as journal:
            found.extend(journal.entries())
            assert journal.verify().damaged is None
    except (JournalDamaged, JournalRefused) as error:
        return found, error
    return found, None


def sql(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("statement", "damaged"),
    [
        ("UPDATE journal_entries SET body = zeroblob(10) WHERE number = 17", 17),
        ("UPDATE journal_entries SET body = 'text' WHERE number = 17", 17),
        ("UPDATE journal_entries SET at_us = at_us + 1 WHERE number = 17", 17),
        ("UPDATE journal_entries SET at_us = 'soon' WHERE number = 17", 17),
        ("UPDATE journal_entries SET at_us = 1.5 WHERE number = 17", 17),
        ("UPDATE journal_entries SET kind = 'gun' WHERE number = 17", 17),
        ("UPDATE journal_entries SET source = 'start-main' WHERE number = 17", 17),
        ("UPDATE journal_entries SET source = CAST(x'ff41' AS TEXT) WHERE number = 17", 17),
        ("UPDATE journal_entries SET version = 1099511627776 WHERE number = 17", 17),
        ("UPDATE journal_entries SET seal = zeroblob(32) WHERE number = 17", 17),
        ("UPDATE journal_entries SET seal = 'x' WHERE number = 17", 17),
        ("UPDATE journal_entries SET seal = zeroblob(32) WHERE number = 60", 60),
        ("DELETE FROM journal_entries WHERE number = 1", 1),
        ("DELETE FROM journal_entries WHERE number = 17", 17),
        ("DELETE FROM journal_entries WHERE number > 50", 51),
        ("DELETE FROM journal_entries", 1),
    ],
)
def test_a_row_that_was_changed_or_removed_is_named(
    closed: tuple[Path, list[Entry]], statement: str, damaged: int
) -> None:
    path, entries = closed
    sql(path, statement)
    with pytest.raises(JournalDamaged, match=f"entry {damaged}") as caught:
        Journal.open(path)
    assert caught.value.number == damaged
    assert "docs/journal.md" in str(caught.value)
    # The same without the head file: the end that was written at closing says it.
    path.with_suffix(".head").unlink()
    found, error = read_all(path)
    assert isinstance(error, JournalDamaged)
    assert error.number == damaged
    assert found == entries[: len(found)]


def test_rows_that_changed_places_are_named(closed: tuple[Path, list[Entry]]) -> None:
    path, _ = closed
    move = "UPDATE journal_entries SET number = {} WHERE number = {}"
    sql(path, move.format(1000, 20), move.format(20, 21), move.format(21, 1000))
    with pytest.raises(JournalDamaged) as caught:
        Journal.open(path)
    assert caught.value.number == 20


def test_a_row_put_in_at_the_end_is_named(closed: tuple[Path, list[Entry]]) -> None:
    path, _ = closed
    columns = "kind, version, source, at_us, body, seal"
    sql(path, f"INSERT INTO journal_entries SELECT 61, {columns} FROM journal_entries WHERE number = 30")
    with pytest.raises(JournalDamaged) as caught:
        Journal.open(path)
    assert caught.value.number == 61


def test_damage_long_before_the_end_is_found_by_reading_and_by_verify(tmp_path: Path) -> None:
    """Opening looks at the last thousand; what lies before is verified when it is read."""
    path = tmp_path / "journal.sqlite"
    with Journal.create(path, race="small") as journal:
        journal.append(notes(1500)).result(DEADLINE_S)
    sql(path, "UPDATE journal_entries SET body = x'00' WHERE number = 300")
    with Journal.open(path) as journal:
        found = journal.verify()
        assert (found.damaged, found.last, found.entries) == (300, 299, 299)
        assert "entry 300" in found.message
        numbers = []
        with pytest.raises(JournalDamaged) as caught:
            numbers.extend(entry.number for entry in journal.entries())
        assert (numbers[-1], caught.value.number) == (299, 300)
        with pytest.raises(JournalDamaged) as caught:
            list(journal.entries(kinds=[EntryKind.NOTE]))
        assert caught.value.number == 300
        # What follows the damage can still be read by whoever asks for it.
        assert len(list(journal.entries(after=300))) == 1200


def _flip(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _zero_page(data: bytearray, rng: random.Random) -> None:
    page = rng.randrange(len(data) // 4096)
    data[page * 4096 : (page + 1) * 4096] = bytes(4096)


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def _cut_at_page(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data) // 4096) * 4096 :]


def _noise(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at : at + 512] = rng.randbytes(min(512, len(data) - at))


def _swap_pages(data: bytearray, rng: random.Random) -> None:
    a, b = (rng.randrange(len(data) // 4096) * 4096 for _ in range(2))
    data[a : a + 4096], data[b : b + 4096] = data[b : b + 4096], data[a : a + 4096]


@pytest.mark.parametrize("damage", [_flip, _zero_page, _cut, _cut_at_page, _noise, _swap_pages])
def test_a_damaged_file_gives_its_first_entries_or_says_where_it_ends(
    closed: tuple[Path, list[Entry]], tmp_path: Path, damage: Callable[[bytearray, random.Random], None]
) -> None:
    path, entries = closed
    whole = path.read_bytes()
    assert len(whole) % 4096 == 0
    rng = random.Random(damage.__name__)
    said = 0
    for _ in range(60):
        data = bytearray(whole)
        damage(data, rng)
        path.write_bytes(data)
        found, error = read_all(path)
        assert found == entries[: len(found)], "an entry came out that never went in"
        if error is None:
            assert len(found) == N, "entries are missing and nothing was said"
        else:
            said += 1
            if isinstance(error, JournalDamaged):
                assert len(found) < error.number <= N
    assert said > 10, "the damage never reached an entry: the test proves nothing"


@pytest.fixture
def crashed(tmp_path: Path) -> tuple[Path, list[Entry]]:
    """The files of a journal as a power cut leaves them: the newest entries are only in SQLite's log."""
    live = tmp_path / "live"
    live.mkdir()
    with Journal.create(live / "journal.sqlite", race="small") as journal:
        for entry in notes(N, 900):
            journal.append([entry]).result(DEADLINE_S)
        entries = list(journal.entries())
        shutil.copytree(live, tmp_path / "crashed")
    return tmp_path / "crashed" / "journal.sqlite", entries


def test_what_only_the_log_holds_is_there_after_a_crash(crashed: tuple[Path, list[Entry]]) -> None:
    path, entries = crashed
    assert os.path.getsize(f"{path}-wal") > 0
    assert read_all(path) == (entries, None)
    with Journal.open(path) as journal:
        assert journal.append([note("goes on")]).result(DEADLINE_S) == (N + 1,)


def test_a_copy_without_the_log_is_recognised_by_its_head(crashed: tuple[Path, list[Entry]]) -> None:
    path, entries = crashed
    os.unlink(f"{path}-wal")
    found, error = read_all(path)
    assert (found, type(error)) == ([], JournalDamaged)
    assert f"entry {N} had been written" in str(error)
    with pytest.raises(JournalDamaged):
        Journal.open(path)
    with Journal.open(path, accept_end=True) as journal:
        assert journal.last < len(entries)


def test_a_copy_of_the_main_file_alone_is_recognised_by_its_mark(
    crashed: tuple[Path, list[Entry]], tmp_path: Path
) -> None:
    path, _ = crashed
    stick = tmp_path / "stick"
    stick.mkdir()
    shutil.copy(path, stick)
    for read_only in (False, True):
        with pytest.raises(JournalDamaged, match="-wal file that lay beside it is missing"):
            Journal.open(stick / path.name, read_only=read_only)


def test_a_journal_whose_log_was_taken_in_by_another_program_is_whole(crashed: tuple[Path, list[Entry]]) -> None:
    """After a crash somebody looks at the file with another tool, which folds the log in and removes it."""
    path, entries = crashed
    connection = sqlite3.connect(path)
    connection.execute("SELECT count(*) FROM journal_entries").fetchone()
    connection.close()
    assert not os.path.exists(f"{path}-wal")
    assert read_all(path) == (entries, None)


def test_a_log_cut_anywhere_is_noticed(crashed: tuple[Path, list[Entry]], tmp_path: Path) -> None:
    path, entries = crashed
    log = Path(f"{path}-wal").read_bytes()
    rng = random.Random(5)
    missing = 0
    for cut in [0, 1, 31, 32, *(rng.randrange(len(log)) for _ in range(40))]:
        folder = tmp_path / f"cut-{cut}"
        shutil.copytree(path.parent, folder)
        (folder / "journal.sqlite-wal").write_bytes(log[:cut])
        (folder / "journal.sqlite-shm").unlink()
        found, error = read_all(folder / "journal.sqlite")
        if error is None:
            assert found == entries
        else:
            assert isinstance(error, JournalDamaged)
            missing += 1
        shutil.rmtree(folder)
    assert missing > 20


def test_a_byte_changed_in_the_log_is_noticed(crashed: tuple[Path, list[Entry]], tmp_path: Path) -> None:
    path, entries = crashed
    log = Path(f"{path}-wal").read_bytes()
    rng = random.Random(6)
    for turn in range(30):
        folder = tmp_path / f"flip-{turn}"
        shutil.copytree(path.parent, folder)
        data = bytearray(log)
        _flip(data, rng)
        (folder / "journal.sqlite-wal").write_bytes(data)
        (folder / "journal.sqlite-shm").unlink()
        found, error = read_all(folder / "journal.sqlite")
        assert found == (entries if error is None else [])
        shutil.rmtree(folder)


def test_repair_saves_what_is_whole(closed: tuple[Path, list[Entry]], tmp_path: Path) -> None:
    path, entries = closed
    sql(path, "UPDATE journal_entries SET body = x'00' WHERE number = 41")
    saved = repair(path, tmp_path / "saved.sqlite")
    assert (saved.last, saved.damaged) == (40, 41)
    with Journal.open(tmp_path / "saved.sqlite") as journal:
        assert contents(list(journal.entries())) == contents(entries[:40])


def test_repair_takes_what_was_lost_from_a_second_copy(tmp_path: Path) -> None:
    path, copy = tmp_path / "journal.sqlite", tmp_path / "copy.sqlite"
    with Journal.create(path, race="small") as journal:
        journal.append(notes(40)).result(DEADLINE_S)
        journal.snapshot(copy)
        journal.append(notes(20)).result(DEADLINE_S)
        entries = list(journal.entries())
    sql(path, "DELETE FROM journal_entries WHERE number = 30")
    sql(copy, "DELETE FROM journal_entries WHERE number = 10")
    saved = repair(path, tmp_path / "saved.sqlite", copies=[copy])
    assert (saved.last, saved.damaged) == (60, None)
    with Journal.open(tmp_path / "saved.sqlite", read_only=True) as journal:
        assert list(journal.entries()) == entries


def test_repair_refuses_the_copy_of_another_journal(closed: tuple[Path, list[Entry]], tmp_path: Path) -> None:
    path, _ = closed
    Journal.create(tmp_path / "other.sqlite", race="small").close()
    with pytest.raises(JournalRefused, match="not a copy"):
        repair(path, tmp_path / "saved.sqlite", copies=[tmp_path / "other.sqlite"])


@pytest.mark.parametrize("number", [2, 40, 300, 511, 1_000])
def test_a_page_of_zeros_far_from_the_end_never_shortens_the_race(tmp_path: Path, number: int) -> None:
    """Nothing but the entries themselves tells that there are more: neither the opening nor the head looks so far."""
    path = tmp_path / "journal.sqlite"
    with Journal.create(path, race="small") as journal:
        journal.append([note(f"note {i} ".ljust(300, "."), i) for i in range(1, 2_501)]).result(DEADLINE_S)
        entries = list(journal.entries())
    path.with_suffix(".head").unlink()
    content = bytearray(path.read_bytes())
    page = content.index(f"note {number} ".encode()) // 4096 * 4096
    content[page : page + 4096] = bytes(4096)
    path.write_bytes(content)
    found, error = read_all(path)
    assert isinstance(error, JournalDamaged)
    assert number - 20 < error.number <= number
    assert contents(found) == contents(entries[: error.number - 1])
