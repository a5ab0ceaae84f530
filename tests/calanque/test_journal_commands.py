"""`calanque journal verify` and `repair`, and an engine asked to go on with a journal that is damaged."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from calanque.exit_codes import DIFFERENT, OK, REFUSED
from calanque.folder import RaceFolder, race_folder
from timing.entries import NoteBody, new_entry
from timing.journal import Journal

LAST = 2_000
HIT = 300
"""Too far from the end to be looked at when a journal is opened."""


def _calanque(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "calanque", *map(str, words)], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> RaceFolder:
    """A race folder with a journal, closed in good order."""
    made = race_folder("marseille_cassis_2024", root=tmp_path / "races")
    with Journal.create(made.journal, race="marseille_cassis_2024") as journal:
        journal.append([new_entry(NoteBody(text=f"note {i} ".ljust(300, ".")), i) for i in range(1, LAST + 1)]).result(
            20
        )
    return made


def _change(statement: str) -> Callable[[RaceFolder], None]:
    def damage(folder: RaceFolder) -> None:
        connection = sqlite3.connect(folder.journal)
        connection.execute(statement)
        connection.commit()
        connection.close()

    return damage


def _zero_page(folder: RaceFolder) -> None:
    """The page of the file on which an entry lies, as a worn disk gives it back."""
    content = bytearray(folder.journal.read_bytes())
    page = content.index(f"note {HIT} ".encode()) // 4096 * 4096
    content[page : page + 4096] = bytes(4096)
    folder.journal.write_bytes(content)


def _tear_off_the_end(folder: RaceFolder) -> None:
    """Killed in mid-race, the log beside the file is cut: a torn end."""
    log = folder.journal.with_name("journal.sqlite-wal")
    kept = folder.path / "kept"
    kept.mkdir()
    journal = Journal.open(folder.journal)
    journal.append([new_entry(NoteBody(text="in the log"), 1)]).result(20)
    for file in (folder.journal, log, folder.journal.with_suffix(".head")):
        shutil.copyfile(file, kept / file.name)
    journal.close()
    for file in kept.iterdir():
        shutil.copyfile(file, folder.path / file.name)
    log.write_bytes(log.read_bytes()[:-100])


DAMAGES = {
    "one byte": (_change(f"UPDATE journal_entries SET body = replace(body, '.', ',') WHERE number = {HIT}"), HIT, HIT),
    "a row gone": (_change(f"DELETE FROM journal_entries WHERE number = {HIT}"), HIT, HIT),
    "a page of zeros": (_zero_page, HIT - 20, HIT),
    "a torn end": (_tear_off_the_end, LAST + 1, LAST + 1),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_located_refused_and_repaired(folder: RaceFolder, tmp_path: Path, kind: str) -> None:
    snapshot = tmp_path / "snapshot.sqlite"
    assert _calanque("snapshot", folder.path, snapshot).returncode == OK
    assert _calanque("journal", "verify", folder.path).returncode == OK
    damage, lowest, highest = DAMAGES[kind]
    damage(folder)

    verified = _calanque("journal", "verify", folder.path)
    assert verified.returncode == DIFFERENT, verified.stderr
    named = next(n for n in range(lowest, highest + 1) if f"entry {n} " in verified.stdout)

    started = _calanque("run", folder.path, "--port", "0")
    assert started.returncode == REFUSED
    assert f"entry {named} " in started.stderr
    assert "calanque journal repair" in started.stderr
    assert "Traceback" not in started.stderr

    alone = tmp_path / "alone.sqlite"
    repaired = _calanque("journal", "repair", folder.path, "--to", alone)
    assert repaired.returncode == DIFFERENT
    assert f"nothing from entry {named} on could be saved" in repaired.stdout
    with Journal.open(alone, read_only=True) as journal:
        assert (journal.verify().damaged, journal.last) == (None, named - 1)

    if kind != "a torn end":  # what the snapshot never had
        whole = tmp_path / "whole.sqlite"
        assert _calanque("journal", "repair", folder.path, "--to", whole, "--copy", snapshot).returncode == OK
        with Journal.open(whole, read_only=True) as journal:
            assert (journal.verify().damaged, journal.last) == (None, LAST)


def test_a_journal_in_use_is_not_repaired(folder: RaceFolder, tmp_path: Path) -> None:
    with folder.hold("calanque run here"):
        refused = _calanque("journal", "repair", folder.path, "--to", tmp_path / "new.sqlite")
    assert refused.returncode == REFUSED
    assert "calanque run here" in refused.stderr
    assert not (tmp_path / "new.sqlite").exists()
