"""Whole races in processes: undisturbed, killed in the finish peak, out of disk, replayed.

The bar is one: `results.csv` and the lists of `results.json` are byte for byte those of an undisturbed race.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from race_day import FAR, Course, Outcome, race_day, run_race

from calanque.commands.control import command
from calanque.errors import FrontDoorError
from calanque.exit_codes import OK, REFUSED

RUNNERS = 700
SPEED = "1200"


def _calanque(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "calanque", *map(str, words)], capture_output=True, text=True, timeout=120, check=False
    )


class SecondEngine:
    """Somebody starts another engine on the folder of a race that is on."""

    def __init__(self) -> None:
        self.holder = 0
        self.told: subprocess.CompletedProcess[str]

    async def __call__(self, course: Course) -> None:
        await course.until(lambda: course.reads)
        self.holder = (course.demo.folder.holder() or {})["pid"]
        self.told = await asyncio.to_thread(_calanque, "run", course.demo.folder.path, "--port", "0")


@pytest.fixture(scope="module")
def second() -> SecondEngine:
    return SecondEngine()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, second: SecondEngine) -> Outcome:
    """As fast as possible: how fast a race was run changes no result."""
    return run_race(tmp_path_factory.mktemp("undisturbed"), race_day(RUNNERS), speed="max", mischief=second)


def _as_if_nothing_had_happened(race: Outcome, undisturbed: Outcome) -> None:
    assert race.once, race.told
    assert race.comparison.equal, str(race.comparison)
    assert race.results == undisturbed.results
    assert race.lists == undisturbed.lists


def test_an_undisturbed_race_is_journalled_once_and_answers_as_the_rules_demand(undisturbed: Outcome) -> None:
    assert undisturbed.once, undisturbed.told
    assert undisturbed.comparison.equal, str(undisturbed.comparison)
    assert not undisturbed.restarts


def test_a_second_engine_refuses_and_names_the_first(undisturbed: Outcome, second: SecondEngine) -> None:
    assert second.told.returncode == REFUSED
    assert "is in use by" in second.told.stderr
    assert f"process {second.holder} on" in second.told.stderr
    assert "Traceback" not in second.told.stderr


def test_a_recorded_race_replayed_gives_the_published_results(undisturbed: Outcome, tmp_path: Path) -> None:
    replayed = _calanque("replay", undisturbed.folder, "--out", tmp_path / "again")
    assert replayed.returncode == OK, replayed.stdout + replayed.stderr
    assert (tmp_path / "again" / "results.csv").read_bytes() == undisturbed.results


class Killer:
    """Kills processes with SIGKILL, one after the other, when so large a share of the finishers is in and the journal
    grows again since the one before. Nothing that was confirmed, or shown, may be missing at any death.
    """

    def __init__(self, place: Path, *deaths: tuple[float, str]) -> None:
        self.place = place
        self.deaths = deaths
        self.accepting_s: list[float] = []
        self.showing_s: list[float] = []
        self.confirmed: list[int] = []

    async def __call__(self, course: Course) -> None:
        runners = len(course.demo.plan.day.field)
        grown = 0
        for number, (share, name) in enumerate(self.deaths):
            await course.until(
                lambda share=share, grown=grown: course.durable > grown and course.finished >= share * runners,
                within_s=3_600,
            )
            shown, confirmed = course.reads, dict(course.confirmed)
            course.kill(name)
            state = course.journal_as_it_lies(self.place / f"death-{number}")
            died_s = time.monotonic()  # nobody could start it again while we looked
            grown = state.applied
            assert len(state.reads()) >= shown, "reads that had been shown are not in the journal"
            for store, through in confirmed.items():
                assert state.cursors[FAR, store].through >= through, "confirmed reads are not in the journal"
            self.confirmed.append(sum(confirmed.values()))
            restarted = sum(each == name for _, each in self.deaths[: number + 1])
            await course.until(lambda name=name, n=restarted: course.demo.children[name].restarts == n)
            if name == "engine":
                await self._back(course, grown, died_s)

    async def _back(self, course: Course, grown: int, died_s: float) -> None:
        """Until it takes reads and shows its page again; how long that took."""
        await course.until(lambda: course.durable > grown)
        self.accepting_s.append(time.monotonic() - died_s)
        await course.once(course.view, lambda view: True)
        self.showing_s.append(time.monotonic() - died_s)

    def __str__(self) -> str:
        return (
            f"killed {[name for _, name in self.deaths]}; taking again after "
            f"{[f'{s:.1f}' for s in self.accepting_s]} s, median {statistics.median(self.accepting_s):.1f}; showing "
            f"again after {[f'{s:.1f}' for s in self.showing_s]} s; confirmed to the collector {self.confirmed}"
        )


FINISH_PEAK = ((0.10, "engine"), (0.15, "collector gineste"), (0.20, "engine"), (0.30, "broker"), (0.40, "engine"))


def test_killed_in_the_finish_peak_the_race_ends_the_same(undisturbed: Outcome, tmp_path: Path) -> None:
    killer = Killer(tmp_path, *FINISH_PEAK)
    race = run_race(tmp_path / "race", race_day(RUNNERS), speed=SPEED, mischief=killer)
    assert race.restarts == {"engine": 3, "broker": 1, "collector gineste": 1}
    assert any(killer.confirmed), "no confirmation was heard: nothing was proved"
    _as_if_nothing_had_happened(race, undisturbed)


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
    """Fills the disk in the finish peak, looks at what the engine says and does then, and makes room again."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.error = ""
        self.refusal = ""

    async def __call__(self, course: Course) -> None:
        await course.until(lambda: course.finished > 0.1 * RUNNERS)
        ballast = course.demo.folder.path / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(65_536))
        while not (status := await course.status()) or status["journal"]["writing"]:
            # What the journal gave up between two looks, another's file may have taken: fill the last corners.
            with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
                file.write(bytes(4_096))
            await asyncio.sleep(0.05)
        self.error = status["journal"]["error"]
        with pytest.raises(FrontDoorError) as refused:
            await asyncio.to_thread(command, course.demo.folder, "publish", {"author": "somebody"})
        self.refusal = str(refused.value)
        await course.once(course.view, lambda view: view["clock"]["lag_s"] >= 60)
        confirmed = dict(course.confirmed)
        state = course.journal_as_it_lies(self.place / "full")
        for store, through in confirmed.items():
            assert state.cursors[FAR, store].through >= through, "something was confirmed that is not in the journal"
        status = await course.status()
        assert status is not None
        assert not status["journal"]["writing"]
        assert len(state.reads()) >= status["reads"]
        ballast.unlink()
        await course.once(course.status, lambda status: status["journal"]["writing"])


def test_a_full_disk_confirms_nothing_alarms_and_the_race_goes_on_when_space_returns(
    undisturbed: Outcome, tmp_path: Path
) -> None:
    filler = DiskFiller(tmp_path)
    with _small_disk(tmp_path / "small" / "races", "64m"):
        race = run_race(tmp_path / "small", race_day(RUNNERS), speed=SPEED, mischief=filler)
    assert "the disk is full" in filler.error
    assert "was not done" in filler.refusal
    log = (tmp_path / "small" / "logs" / "engine.log").read_text()
    assert "ALARM: nothing can be journalled, nothing is confirmed" in log
    assert "the journal is written again" in log
    assert not race.restarts
    _as_if_nothing_had_happened(race, undisturbed)


@pytest.mark.soak
@pytest.mark.timeout(2_400)
def test_the_whole_field_at_sixty_times_life_killed_in_the_finish_peak(tmp_path: Path) -> None:
    day = race_day(20_000, parked=4)
    calm = run_race(tmp_path / "calm", day, speed="max")
    print(f"\nundisturbed: {calm.told}\n  most memory, MB: {calm.rss_mb}")
    killer = Killer(tmp_path, *FINISH_PEAK)
    race = run_race(tmp_path / "killed", day, speed="60", mischief=killer)
    print(f"{killer}\n  {race.told}\n  most memory, MB: {race.rss_mb}")
    _as_if_nothing_had_happened(race, calm)
