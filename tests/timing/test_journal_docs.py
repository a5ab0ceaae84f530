"""What docs/journal.md says about the journal is so."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import sqlite3
import struct
from pathlib import Path

import pytest
from journal_cases import DEADLINE_S, notes, reads_entries

from timing import journal_writer
from timing.journal import EntryKind, Journal

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "journal.md").read_text(encoding="utf-8")


def test_the_example_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Journal.create("journal.sqlite", race="small") as journal:
        journal.append(reads_entries(3)).result(DEADLINE_S)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "journal.md", "exec"), {})
    lines = printed.getvalue().splitlines()
    assert "is whole" in lines[0]
    assert len(lines) == 1 + 150


def test_the_seals_can_be_checked_from_the_page_alone(tmp_path: Path) -> None:
    """An independent check in plain sqlite3 and hashlib, written from the page."""
    with Journal.create(tmp_path / "journal.sqlite", race="small") as journal:
        journal.append([*notes(3), *reads_entries(2)]).result(DEADLINE_S)
    connection = sqlite3.connect(tmp_path / "journal.sqlite")
    meta = dict(connection.execute("SELECT key, value FROM journal_meta"))
    seal = hashlib.sha256(f"calanque journal 1\n{meta['chain']}\n{meta['race']}\n".encode()).digest()
    query = "SELECT number, kind, version, source, at_us, body, seal FROM journal_entries ORDER BY number"
    for number, kind, version, source, at_us, body, stored in connection.execute(query):
        text = seal + struct.pack(">qqi", number, at_us, version)
        text += struct.pack(">I", len(kind.encode())) + kind.encode()
        text += b"\xff\xff\xff\xff" if source is None else struct.pack(">I", len(source)) + source.encode()
        seal = hashlib.sha256(text + struct.pack(">I", len(body)) + body).digest()
        assert seal == stored
    assert meta["end"] == f"5 {seal.hex()}"
    connection.close()


def test_the_page_names_every_kind_key_and_limit() -> None:
    assert all(f"`{kind.value}`" in PAGE for kind in EntryKind)
    assert all(f"`{key}`" in PAGE for key in ("format", "id", "chain", "race", "in_use", "end", "copy"))
    assert f"{journal_writer.WAITING_BYTES_MAX // 2**20} MiB or {journal_writer.WAITING_ENTRIES_MAX:,} entries" in PAGE
