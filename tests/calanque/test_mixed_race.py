"""A race with readers of six makes: serial, TCP, a program that calls, MQTT, a collector; links cut in the finish peak.

The bar is that of every race: `results.csv` is byte for byte the answer the rules demand for the reads that were
emitted, each on its own reader's grid.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from race_day import Course, Outcome, Wires, run_race

from config.loader import load_race
from simulators.field import FieldPlan
from simulators.physics import Physics
from simulators.race_day import RaceDay, simulate
from timing.entries import DecodedReads, decode
from timing.journal import EntryKind, Journal
from timing.read_columns import KINDS
from timing.reads import ReadKind

RACE_FILE = Path(__file__).parent / "mixed_race.toml"
RUNNERS = 400
CUT = ("start-backup", "finish-main", "finish-backup")
SOURCES = ("start-main", "start-backup", "gineste-main", "gineste", "finish-main", "finish-backup", "finish-hand")


def mixed_day(runners: int) -> RaceDay:
    field = FieldPlan(seed=7, runners=runners)
    return simulate(load_race(RACE_FILE), field=field, physics=Physics(seed=7, parked=1))


class Cutter:
    """Ends connections in the finish peak, each when so large a share of the finishers is in, some in mid-record."""

    def __init__(self, wires: Wires, runners: int, *cuts: tuple[float, str]) -> None:
        self.wires, self.runners, self.cuts = wires, runners, cuts

    async def __call__(self, course: Course) -> None:
        for share, source in self.cuts:
            await course.until(lambda share=share: course.finished >= share * self.runners, within_s=3_600)
            proxy = self.wires.proxies[source]
            made = proxy.connections
            if source.startswith("finish"):
                proxy.cut_after(333)  # bytes pass at the peak
            else:
                proxy.cut()
            await course.until(lambda proxy=proxy, made=made: proxy.connections > made)


PEAK = ((0.10, "finish-main"), (0.15, "finish-backup"), (0.25, "start-backup"), (0.35, "finish-main"),
        (0.45, "finish-backup"))  # fmt: skip


def run_mixed(folder: Path, runners: int, speed: str) -> Outcome:
    wires = Wires(*CUT)
    return run_race(folder, mixed_day(runners), speed=speed, mischief=Cutter(wires, runners, *PEAK), wires=wires)


def by_source(folder: Path) -> dict[str, set[ReadKind]]:
    """Which kinds of reads the journal has of each source."""
    found: dict[str, set[ReadKind]] = {}
    with Journal.open(folder / "journal.sqlite", read_only=True) as journal:
        for entry in journal.entries(kinds={EntryKind.READS}):
            body = decode(entry)
            assert isinstance(body, DecodedReads)
            found.setdefault(str(body.source), set()).update(KINDS[code] for code in set(body.kind.tolist()))
    return found


def holds(race: Outcome) -> None:
    assert race.comparison.equal, str(race.comparison)
    assert race.once, race.told
    kinds = by_source(race.folder)
    assert set(kinds) == set(SOURCES), "every reader was heard"
    assert ReadKind.HAND in kinds["finish-hand"]
    assert ReadKind.READ not in kinds["finish-hand"]


def test_readers_of_six_makes_with_links_cut_in_the_finish_peak_give_the_expected_results(tmp_path: Path) -> None:
    race = run_mixed(tmp_path, RUNNERS, "600")
    holds(race)
    assert not race.restarts
    for log in (tmp_path / "logs").glob("*.log"):
        assert "Traceback" not in log.read_text(encoding="utf-8"), log


def test_as_fast_as_possible_it_is_the_same(tmp_path: Path) -> None:
    holds(run_race(tmp_path, mixed_day(60), speed="max"))


def test_simulate_serves_every_reader_of_the_race_file_where_it_belongs(tmp_path: Path) -> None:
    """All but the one that publishes: this race file names no broker."""
    command = [sys.executable, "-m", "calanque", "simulate", str(RACE_FILE), "--out", str(tmp_path / "day")]
    with subprocess.Popen([*command, "--runners", "60", "--serve"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = []
        try:
            for line in process.stdout:
                said.append(line)
                if line.startswith("{"):
                    break
        finally:
            process.terminate()
    ready = json.loads(said[-1])["ready"]
    assert {source: where.split(":")[0] for source, where in ready.items()} == {
        "start-main": "pty",
        "start-backup": "tcp",
        "gineste": "pty",
        "finish-main": "tcp",
        "finish-backup": "call",
        "finish-hand": "pty",
    }
    assert any(line.startswith("gineste-main: publishes over MQTT and is not served") for line in said)


@pytest.mark.soak
@pytest.mark.timeout(2_400)
def test_the_whole_field_at_sixty_times_life(tmp_path: Path) -> None:
    race = run_mixed(tmp_path, 20_000, "60")
    print(f"\n  {race.told}\n  most memory, MB: {race.rss_mb}")
    holds(race)
