"""One engine at a time holds a race folder; everybody else is told who."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from calanque.errors import FolderInUse, FolderRefused
from calanque.folder import RaceFolder, folder_of, race_folder

HOLD = """
import sys, time
from pathlib import Path
from calanque.folder import RaceFolder
with RaceFolder(Path(sys.argv[1])).hold("calanque run small") as held:
    held.tell(url="http://127.0.0.1:8750")
    print("held", flush=True)
    time.sleep(60)
"""


def _holding_process(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_engine_refuses_and_names_the_holder(tmp_path: Path) -> None:
    process = _holding_process(tmp_path)
    try:
        with pytest.raises(FolderInUse) as refused, RaceFolder(tmp_path).hold("calanque run small"):
            pass
        assert str(process.pid) in str(refused.value)
        assert "calanque run small" in str(refused.value)
        holder = RaceFolder(tmp_path).holder()
        assert holder is not None
        assert holder["url"] == "http://127.0.0.1:8750"
    finally:
        process.kill()
        process.wait()


def test_the_lock_of_a_killed_engine_is_stale_and_taken_over(tmp_path: Path) -> None:
    process = _holding_process(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert RaceFolder(tmp_path).holder() is None
    with RaceFolder(tmp_path).hold("again"):
        holder = RaceFolder(tmp_path).holder()
        assert holder is not None
        assert holder["pid"] == os.getpid()
    assert RaceFolder(tmp_path).holder() is None


def test_the_secret_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    folder = RaceFolder(tmp_path)
    assert len(folder.secret()) >= 24
    assert folder.secret() == folder.secret()
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0


def test_a_folder_without_a_race_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderRefused, match=r"race\.toml"):
        race_folder(tmp_path)


def test_the_latest_roster_by_name_counts(tmp_path: Path) -> None:
    folder = RaceFolder(tmp_path)
    folder.roster.mkdir()
    assert folder.latest_roster() is None
    for name in ("2024-10-20.csv", "2024-10-26.xlsx", "~lock.xlsx", "notes.md"):
        (folder.roster / name).write_text("x", encoding="utf-8")
    latest = folder.latest_roster()
    assert latest is not None
    assert latest.name == "2024-10-26.xlsx"


def test_a_race_is_a_folder_or_a_name_below_races_and_what_is_not_there_is_called_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for there in ("races/spring", "races/2024/autumn", "elsewhere"):
        (tmp_path / there).mkdir(parents=True)
    given = ["spring", "races/spring", "2024/autumn", "elsewhere", "nope", "races/nope", "./nope", str(tmp_path / "no")]
    assert [str(folder_of(each).path) for each in given] == [
        "races/spring", "races/spring", "races/2024/autumn", "elsewhere", "races/nope", "races/nope", "races/nope",
        str(tmp_path / "no"),
    ]  # fmt: skip
