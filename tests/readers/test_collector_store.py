"""The collector's store: numbers given once, whole after anything, never silently other than it was."""

from __future__ import annotations

import os
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.collector_cursor import Cursor
from readers.collector_payloads import sound
from readers.collector_store import CollectorStore, StoreInUse, StoreNotWritten
from readers.protocol import Since
from timing.reads import ChipRead, ClockKind, ReadKind, Tag

TEXT = st.none() | st.text(max_size=20)


def read(number: int, **changes) -> ChipRead:
    fields = {"tag": Tag(f"05{number:06X}"), "stamp_us": 1_000 + number, "received_us": 2_000 + number}
    return ChipRead(**{**fields, **changes})


def reads(first: int, count: int) -> list[tuple[ClockKind, ChipRead]]:
    return [(ClockKind.LOCAL, read(number)) for number in range(first, first + count)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.sqlite"


def numbers(store: CollectorStore) -> list[int]:
    return [item.number for item in store.load(1, store.last)]


def test_numbers_follow_by_one_and_go_on_after_a_restart(path):
    store = CollectorStore.open(path)
    assert store.append(reads(1, 3)) == 3
    identity = store.id
    store.close()
    store = CollectorStore.open(path)
    assert (store.id, store.last, store.notice) == (identity, 3, "")
    assert store.append(reads(4, 2)) == 5
    assert [item.read for item in store.load(2, 9)] == [read(number) for number in (2, 3, 4, 5)]
    store.close()


@given(
    st.builds(
        ChipRead,
        tag=TEXT,
        stamp_us=st.integers(-(2**62), 2**62),
        received_us=st.integers(-(2**62), 2**62),
        kind=st.sampled_from(ReadKind),
        label=TEXT,
        antenna=st.none() | st.integers(-9, 99_999),
        rssi=st.none() | st.floats(allow_nan=False),
        reader_file=TEXT,
        reader_seq=st.none() | st.integers(-(2**40), 2**40),
        raw=TEXT,
    ),
    st.sampled_from(ClockKind),
)
def test_a_read_comes_back_as_it_went_in(tmp_path_factory, given_read, clock):
    store = CollectorStore.open(tmp_path_factory.mktemp("s") / "store.sqlite")
    given_read = sound(given_read)
    store.append([(clock, given_read)])
    (item,) = store.load(1, 1)
    assert (item.clock, item.read) == (clock, given_read)
    store.close()


def test_half_a_character_is_replaced_before_it_is_stored():
    assert sound(read(1, raw="a\ud800é")).raw == "a?é"


def test_a_second_collector_cannot_use_the_same_store(path):
    store = CollectorStore.open(path)
    with pytest.raises(StoreInUse, match="another collector on this host"):
        CollectorStore.open(path)
    store.close()
    CollectorStore.open(path).close()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreNotWritten, match="cannot be opened"):
        CollectorStore.open(tmp_path / "file" / "store.sqlite")


def test_what_is_confirmed_and_by_whom_is_remembered(path):
    store = CollectorStore.open(path)
    store.append(reads(1, 9))
    store.save_confirmed("journal-1", Cursor(4, [(6, 7)]))
    store.close()
    store = CollectorStore.open(path)
    assert (store.journal, store.confirmed) == ("journal-1", Cursor(4, [(6, 7)]))
    store.close()


def test_forgetting_keeps_the_numbering(path):
    store = CollectorStore.open(path)
    store.append(reads(1, 10))
    store.forget(10)
    assert (store.held_from, store.last, numbers(store)) == (11, 10, [])
    store.close()
    store = CollectorStore.open(path)
    assert store.notice == ""
    assert store.append(reads(11, 1)) == 11
    assert store.held_from == 11
    store.close()


def test_a_renewed_store_has_a_new_name_and_all_that_is_held_from_number_one(path):
    store = CollectorStore.open(path)
    store.append(reads(1, 10))
    store.forget(4)
    store.save_confirmed("j", Cursor(8))
    before = store.id
    store.renew()
    assert store.id != before
    assert (store.last, store.held_from, store.confirmed) == (6, 1, Cursor())
    assert [item.read for item in store.load(1, 6)] == [read(number) for number in range(5, 11)]
    store.close()
    store = CollectorStore.open(path)
    assert (store.notice, numbers(store)) == ("", [1, 2, 3, 4, 5, 6])
    store.close()


def test_the_newest_stamp_is_that_of_a_chip_not_of_a_gun_or_of_noise(path):
    store = CollectorStore.open(path)
    assert store.since() is None
    noise = read(0, tag=None, raw="??")
    store.append([(ClockKind.LOCAL, read(7)), (ClockKind.LOCAL, read(9, kind=ReadKind.GUN)), (ClockKind.LOCAL, noise)])
    assert store.since() == Since(1_007)
    store.close()


def spoil(path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "saved", "fault"),
    [
        ("UPDATE reads SET stamp_us = stamp_us + 1 WHERE number = 5", 9, "read 5 does not match its check sum"),
        ("DELETE FROM reads WHERE number = 5", 9, "read 5 is missing"),
        ("DELETE FROM reads WHERE number = 10", 9, "read 10 is missing"),
        ("UPDATE meta SET value = '12' WHERE key = 'last'", 10, "read 11 is missing"),
        ("DELETE FROM meta WHERE key = 'store'", 10, "store"),
        ("UPDATE meta SET value = 'x' WHERE key = 'held_from'", 10, "invalid literal"),
        ("PRAGMA user_version = 9", 10, "not a collector's store of this version"),
    ],
)
def test_a_store_that_is_not_whole_is_put_aside_and_what_is_readable_moves_to_a_new_one(path, statement, saved, fault):
    store = CollectorStore.open(path)
    before = store.id
    store.append(reads(1, 10))
    store.close()
    spoil(path, statement)
    store = CollectorStore.open(path)
    assert store.id != before
    assert numbers(store) == list(range(1, saved + 1))
    assert fault in store.notice
    assert f"{saved} reads of it moved to a new store" in store.notice
    assert path.with_name("store.sqlite.damaged-1").exists()
    store.close()


@pytest.mark.parametrize("damage", [b"", b"not a database at all, but long enough to be taken for one" * 50])
def test_a_file_that_is_no_store_is_put_aside(path, damage):
    path.write_bytes(damage)
    store = CollectorStore.open(path)
    assert store.append(reads(1, 1)) == 1
    assert "could not be proven whole" in store.notice
    store.close()


def test_a_page_of_rubbish_is_found_and_the_rest_of_the_store_lives_on(path):
    store = CollectorStore.open(path)
    store.append(reads(1, 3_000))
    store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(os.urandom(4096))
    store = CollectorStore.open(path)
    assert store.notice
    held = store.load(1, store.last)
    assert 0 < len(held) < 3_000
    assert all(item.read in (read(n) for n in range(1, 3_001)) for item in held[:50])
    store.close()


def test_a_full_disk_gives_no_number_and_the_next_try_goes_on(path):
    store = CollectorStore.open(path)
    store.append(reads(1, 5))
    pages = store._writing.execute("PRAGMA page_count").fetchone()[0]
    store._writing.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreNotWritten, match="full"):
        store.append(reads(6, 5_000))
    assert (store.last, numbers(store)) == (5, [1, 2, 3, 4, 5])
    store._writing.execute("PRAGMA max_page_count = 1000000")
    assert store.append(reads(6, 1)) == 6
    store.close()


def test_a_read_that_cannot_be_stored_leaves_the_store_usable(path):
    store = CollectorStore.open(path)
    with pytest.raises(OverflowError):
        store.append([(ClockKind.LOCAL, read(1, stamp_us=2**70))])
    assert store.append(reads(1, 1)) == 1
    store.close()
