"""`kill -9` of a writing process at random moments: all that was confirmed is there, and the chain is whole."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from journal_cases import until

from timing.journal import Journal

ROUNDS = 8

WRITER = """
import os, sys
from timing.entries import NoteBody, new_entry
from timing.journal import Journal

path, text = sys.argv[1], "x" * 700
journal = Journal.open(path, race="small")

def confirmed(done):
    os.write(1, b"".join(b"%d\\n" % number for number in done.result()))

number = journal.last
while True:
    entries = []
    for _ in range(1 + number % 5):
        number += 1
        entries.append(new_entry(NoteBody(text=f"{number}:{text}"), number))
    future = journal.append(entries)
    future.add_done_callback(confirmed)
    if journal.health.waiting_entries > 40:
        future.result()
"""


@pytest.mark.slow
def test_kill_minus_nine_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    script = tmp_path / "writer.py"
    script.write_text(WRITER)
    Journal.create(path, race="small").close()
    rng = random.Random(9)
    before = 0
    for turn in range(ROUNDS):
        said = tmp_path / f"confirmed-{turn}"
        with said.open("wb") as out:
            process = subprocess.Popen([sys.executable, script, path], stdout=out)
            try:
                enough = rng.randrange(1, 3000)
                until(lambda out=said, enough=enough: out.stat().st_size > enough, "something is confirmed")
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
        confirmed = [int(line) for line in said.read_bytes().split(b"\n")[:-1]]
        assert confirmed == list(range(before + 1, before + 1 + len(confirmed)))
        with Journal.open(path, race="small", read_only=True) as journal:
            checked = journal.verify()
            assert checked.damaged is None, checked.message
            entries = list(journal.entries())
        assert len(entries) >= confirmed[-1]
        assert all(f'"{entry.number}:xx'.encode() in entry.body for entry in entries)
        before = len(entries)
    assert before > ROUNDS
