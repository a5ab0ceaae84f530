"""Whole races in processes: undisturbed, killed in the finish peak, out of disk, and looked at by a second engine.

The bar is one: `results.csv` and the lists of `results.json` are byte for byte those of an undisturbed race.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from race_day import Outcome, run_race

from calanque.commands.control import command
from calanque.demo import Demo, Progress
from calanque.errors import EngineNotRunning
from calanque.exit_codes import DIFFERENT, REFUSED

RUNNERS = 700
SPEED = "1200"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run_race(tmp_path_factory.mktemp("undisturbed"), runners=RUNNERS, speed=SPEED)


class Killer:
    """Kills processes, each when so large a share of the reads has been journalled."""

    def __init__(self, *deaths: tuple[float, str]) -> None:
        self.left = list(deaths)

    def __call__(self, demo: Demo, at: Progress) -> None:
        while self.left and at.reads > self.left[0][0] * at.expected:
            pid = demo.children[self.left[0][1]].pid
            if pid is None:
                return
            self.left.pop(0)
            os.kill(pid, signal.SIGKILL)


FINISH_PEAK = ((0.55, "engine"), (0.60, "broker"), (0.65, "engine"), (0.70, "collector gineste"), (0.75, "engine"))


def _as_if_nothing_had_happened(race: Outcome, undisturbed: Outcome) -> None:
    assert race.once, race.told
    assert race.comparison.equal, str(race.comparison)
    assert race.results == undisturbed.results
    assert race.lists == undisturbed.lists


def test_an_undisturbed_race_is_journalled_once_and_answers_as_the_rules_demand(undisturbed: Outcome) -> None:
    assert undisturbed.once, undisturbed.told
    assert undisturbed.comparison.equal, str(undisturbed.comparison)
    assert not undisturbed.restarts


def test_killed_in_the_finish_peak_the_race_ends_the_same(undisturbed: Outcome, tmp_path: Path) -> None:
    killer = Killer(*FINISH_PEAK)
    race = run_race(tmp_path, runners=RUNNERS, speed=SPEED, meanwhile=killer)
    assert not killer.left, "the race was over before every process had been killed"
    assert race.restarts == {"engine": 3, "broker": 1, "collector gineste": 1}
    _as_if_nothing_had_happened(race, undisturbed)


def test_a_second_engine_refuses_and_names_the_first(tmp_path: Path) -> None:
    refusals: list[subprocess.CompletedProcess[str]] = []

    def look(demo: Demo, at: Progress) -> None:
        if at.reads and not refusals:
            refusals.append(
                subprocess.run(
                    [sys.executable, "-m", "calanque", "run", str(demo.folder.path), "--port", "0"],
                    capture_output=True, text=True, timeout=60,
                )
            )  # fmt: skip
            holder = demo.folder.holder()
            assert holder is not None
            assert str(holder["pid"]) in refusals[0].stderr

    run_race(tmp_path, runners=60, speed="3000", meanwhile=look)
    assert refusals[0].returncode == REFUSED
    assert "is in use by" in refusals[0].stderr
    assert "Traceback" not in refusals[0].stderr


@contextlib.contextmanager
def _small_disk(place: Path, size: str) -> Iterator[None]:
    place.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


class DiskFiller:
    """Fills the disk in mid-race, waits until the engine says that it confirms nothing and its journal stands still
    (small entries may still have fitted into the last corner), and then makes room again.
    """

    def __init__(self) -> None:
        self.ballast: Path | None = None
        self.alarmed: dict[str, object] | None = None
        self.journalled_while_full: list[int] = []
        self.made_room = False

    def __call__(self, demo: Demo, at: Progress) -> None:
        if self.ballast is None and at.reads > 0.65 * at.expected:
            self.ballast = demo.folder.path / "ballast"
            with contextlib.suppress(OSError), self.ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(b"\0" * 65536)
        elif self.ballast is not None and not self.made_room:
            try:
                journal = command(demo.folder, "status", {})["journal"]
            except EngineNotRunning:
                return
            if not journal["writing"]:
                self.alarmed = journal
                self.journalled_while_full.append(journal["last"])
            if len(self.journalled_while_full) >= 3 and len(set(self.journalled_while_full[-3:])) == 1:
                self.ballast.unlink()
                self.made_room = True


def test_a_full_disk_confirms_nothing_alarms_and_the_race_goes_on_when_space_returns(
    undisturbed: Outcome, tmp_path: Path
) -> None:
    filler = DiskFiller()
    with _small_disk(tmp_path / "small" / "races", "96m"):
        race = run_race(tmp_path / "small", runners=RUNNERS, speed=SPEED, meanwhile=filler)
    assert filler.made_room, "the disk never filled up, or the engine never said so"
    assert filler.alarmed is not None
    assert filler.alarmed["error"]
    assert not race.restarts
    _as_if_nothing_had_happened(race, undisturbed)


def test_a_damaged_journal_is_located_and_not_run_from(tmp_path: Path) -> None:
    race = run_race(tmp_path, runners=60, speed="3000")
    journal = race.folder / "journal.sqlite"
    assert _calanque("journal", "verify", race.folder).returncode == 0
    content = bytearray(journal.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    journal.write_bytes(content)
    verified = _calanque("journal", "verify", race.folder)
    assert verified.returncode in (DIFFERENT, REFUSED)
    assert "journal" in verified.stdout + verified.stderr
    assert any(character.isdigit() for character in verified.stdout + verified.stderr)
    started = _calanque("run", race.folder, "--port", "0")
    assert started.returncode == REFUSED
    assert "Traceback" not in started.stderr


def test_a_recorded_race_replayed_gives_the_published_results(undisturbed: Outcome, tmp_path: Path) -> None:
    replayed = _calanque("replay", undisturbed.folder, "--out", tmp_path / "again")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert (tmp_path / "again" / "results.csv").read_bytes() == undisturbed.results


def _calanque(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "calanque", *map(str, words)], capture_output=True, text=True, timeout=120
    )


@pytest.mark.soak
@pytest.mark.timeout(1500)
def test_the_whole_field_at_sixty_times_life_killed_in_the_finish_peak(tmp_path: Path) -> None:
    calm = run_race(tmp_path / "calm", runners=20_000, speed="60", parked=4)
    killer = Killer(*FINISH_PEAK)
    race = run_race(tmp_path / "killed", runners=20_000, speed="60", parked=4, meanwhile=killer)
    assert not killer.left
    _as_if_nothing_had_happened(race, calm)
