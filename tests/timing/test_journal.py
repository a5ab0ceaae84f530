"""The journal in good order: what is appended is there, in order, sealed, and only the right journal is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from journal_cases import DEADLINE_S, contents, note, notes, reads_entries

from timing import journal_writer
from timing.errors import JournalNotWritten, JournalRefused
from timing.journal import EntryKind, Journal
from timing.journal_chain import first_seal, seal_of
from timing.journal_copy import end_mark
from timing.journal_head import Head, HeadFile, read_head


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def test_entries_come_back_in_order_with_numbers_that_increase_by_one(path: Path) -> None:
    new = [*notes(5), *reads_entries(3)]
    with Journal.create(path, race="small") as journal:
        first = journal.append(new[:2])
        second = journal.append(new[2:])
        assert first.result(DEADLINE_S) == (1, 2)
        assert second.result(DEADLINE_S) == tuple(range(3, 9))
        assert journal.last == 8
        found = list(journal.entries())
    assert [entry.number for entry in found] == list(range(1, 9))
    assert contents(found) == contents(new)


def test_a_closed_journal_opens_again_and_goes_on(path: Path) -> None:
    with Journal.create(path, race="small") as journal:
        identity = journal.id
        journal.append(notes(3)).result(DEADLINE_S)
    with Journal.open(path, race="small") as journal:
        assert (journal.id, journal.race, journal.last) == (identity, "small", 3)
        assert journal.append([note("later")]).result(DEADLINE_S) == (4,)
    with Journal.open(path, read_only=True) as journal:
        assert journal.last == 4
        assert journal.verify().damaged is None


def test_entries_can_be_asked_from_a_number_and_by_kind(path: Path) -> None:
    with Journal.create(path, race="small") as journal:
        for i, entry in enumerate(reads_entries(600, 1)):
            journal.append([entry, note(str(i))])
        journal.append([]).result(DEADLINE_S)
        assert [e.number for e in journal.entries(after=1190)] == list(range(1191, 1201))
        only = list(journal.entries(kinds=[EntryKind.NOTE]))
        assert [e.number for e in only] == list(range(2, 1201, 2))
        assert [e.number for e in journal.entries(after=1197, kinds=[EntryKind.READS])] == [1199]
        assert list(journal.entries(after=1200)) == []


def test_an_empty_append_is_a_promise_about_all_before(path: Path) -> None:
    with Journal.create(path, race="small") as journal:
        before = [journal.append([note(str(i), i)]) for i in range(200)]
        assert journal.append([]).result(DEADLINE_S) == ()
        assert all(future.done() for future in before)


def test_each_seal_is_made_of_the_seal_before_and_all_fields(path: Path) -> None:
    with Journal.create(path, race="small") as journal:
        journal.append([*notes(2), *reads_entries(1)]).result(DEADLINE_S)
        seal = first_seal(journal.id, "small")
        for entry in journal.entries():
            fields = {"number": entry.number, "kind": entry.kind.value, "version": entry.version}
            seal = seal_of(seal, **fields, source=entry.source, at_us=entry.at_us, body=entry.body)
            assert entry.seal == seal


def test_no_field_can_move_into_another_without_changing_the_seal() -> None:
    fields = {"number": 1, "kind": "note", "version": 1, "source": None, "at_us": 0, "body": b""}
    variants = [
        fields,
        {**fields, "number": 2},
        {**fields, "version": 2},
        {**fields, "at_us": 1},
        {**fields, "source": ""},
        {**fields, "source": "a"},
        {**fields, "body": b"a"},
        {**fields, "kind": "notea"},
    ]
    assert len({seal_of(bytes(32), **v) for v in variants}) == len(variants)


def test_a_second_journal_is_never_made_over_the_first(path: Path) -> None:
    Journal.create(path, race="small").close()
    with pytest.raises(JournalRefused, match="exists already"):
        Journal.create(path, race="small")


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalRefused, match="does not exist"):
        Journal.open(tmp_path / "none.sqlite")
    text = tmp_path / "text.sqlite"
    text.write_text("not a database, but long enough to look at " * 10)
    with pytest.raises(JournalRefused, match="no SQLite file"):
        Journal.open(text)
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    with pytest.raises(JournalRefused, match="no journal of Calanque"):
        Journal.open(other)
    with pytest.raises(JournalRefused, match="file"):
        Journal.create("sqlite://", race="small")
    with pytest.raises(JournalRefused, match="no database"):
        Journal.create("what://ever:port/", race="small")


def test_the_journal_of_another_race_or_a_newer_format_is_refused(path: Path) -> None:
    Journal.create(path, race="small").close()
    with pytest.raises(JournalRefused, match="'small', not 'large'"):
        Journal.open(path, race="large")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE journal_meta SET value = '2' WHERE key = 'format'")
    connection.commit()
    connection.close()
    with pytest.raises(JournalRefused, match="newer version"):
        Journal.open(path)


def test_reading_goes_on_beside_the_writer_and_never_writes(path: Path) -> None:
    with Journal.create(path, race="small") as writing:
        writing.append(notes(2)).result(DEADLINE_S)
        with Journal.open(path, read_only=True) as reading:
            assert reading.last == 2
            writing.append([note("more")]).result(DEADLINE_S)
            assert [e.number for e in reading.entries()] == [1, 2, 3]
            with pytest.raises(JournalNotWritten, match="reading only"):
                reading.append([note("no")])


def test_a_closed_journal_takes_nothing(path: Path) -> None:
    journal = Journal.create(path, race="small")
    waiting = [journal.append([note(str(i))]) for i in range(50)]
    journal.close()
    assert [future.result(0) for future in waiting] == [(i,) for i in range(1, 51)]
    with pytest.raises(JournalNotWritten):
        journal.append([note("late")])
    journal.close()


def test_a_future_cannot_be_cancelled_once_it_is_on_its_way(path: Path) -> None:
    with Journal.create(path, race="small") as journal:
        future = journal.append([note("kept")])
        assert not future.cancel()
        assert future.result(DEADLINE_S) == (1,)


def test_more_than_the_limit_waiting_is_refused_and_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_writer, "WAITING_ENTRIES_MAX", 10)
    with Journal.create(path, race="small") as journal:
        with pytest.raises(JournalNotWritten, match="no more are taken"):
            journal.append(notes(11))
        assert journal.append(notes(10)).result(DEADLINE_S)[-1] == 10


def test_a_snapshot_is_a_whole_copy_while_writing_goes_on(path: Path, tmp_path: Path) -> None:
    with Journal.create(path, race="small") as journal:
        journal.append(reads_entries(600, 5)).result(DEADLINE_S)
        copied = journal.snapshot(tmp_path / "copy.sqlite")
        assert (copied.last, copied.damaged) == (600, None)
        journal.append([note("after")]).result(DEADLINE_S)
        with Journal.open(tmp_path / "copy.sqlite", read_only=True) as copy:
            assert copy.verify().last == 600
            assert copy.id == journal.id
            assert contents(list(copy.entries())) == contents(list(journal.entries()))[:600]
        with pytest.raises(JournalRefused, match="exists already"):
            journal.snapshot(tmp_path / "copy.sqlite")
    assert sorted(p.name for p in tmp_path.glob("copy*")) == ["copy.sqlite"]


def test_a_snapshot_that_is_written_to_becomes_a_journal_of_its_own(path: Path, tmp_path: Path) -> None:
    with Journal.create(path, race="small") as journal:
        journal.append(notes(3)).result(DEADLINE_S)
        journal.snapshot(tmp_path / "copy.sqlite")
        original = journal.id
    with Journal.open(tmp_path / "copy.sqlite") as restored:
        identity = restored.id
        assert identity != original
        assert restored.append([note("goes on")]).result(DEADLINE_S) == (4,)
    with Journal.open(tmp_path / "copy.sqlite") as again:
        assert again.id == identity
        assert again.verify().entries == 4


def test_a_snapshot_in_the_place_of_the_journal_is_not_held_against_the_old_head(path: Path, tmp_path: Path) -> None:
    with Journal.create(path, race="small") as journal:
        journal.append(notes(3)).result(DEADLINE_S)
        journal.snapshot(tmp_path / "copy.sqlite")
        journal.append(notes(3)).result(DEADLINE_S)
    (tmp_path / "copy.sqlite").replace(path)
    with Journal.open(path) as restored:
        assert restored.last == 3


def test_a_torn_line_of_the_head_leaves_the_other(tmp_path: Path) -> None:
    path = tmp_path / "journal.head"
    head = HeadFile(path)
    identity = "0" * 32
    head.start(Head(journal=identity, number=6, seal=bytes(32)))
    head.write(Head(journal=identity, number=7, seal=bytes(32)))
    head.write(Head(journal=identity, number=8, seal=bytes(32)))
    head.close()
    whole = path.read_bytes()
    assert read_head(path) == Head(journal=identity, number=8, seal=bytes(32))
    second = whole.index(b"\n") + 1
    for cut in range(second, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert read_head(path) == Head(journal=identity, number=7, seal=bytes(32))
    path.write_bytes(b"\xff" * len(whole))
    assert read_head(path) is None
    assert read_head(tmp_path / "none") is None


def test_the_end_is_written_into_the_file_when_it_is_closed(path: Path) -> None:
    with Journal.create(path, race="small") as journal:
        journal.append(notes(2)).result(DEADLINE_S)
        last = list(journal.entries())[-1]
    connection = sqlite3.connect(path)
    meta = dict(connection.execute("SELECT key, value FROM journal_meta"))
    connection.close()
    assert meta["end"] == end_mark(2, last.seal)
    assert meta["in_use"] == "0"
    assert not path.with_name("journal.sqlite-wal").exists()
