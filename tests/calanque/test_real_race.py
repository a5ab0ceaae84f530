"""A real race with its published places, run again: through serial lines and the broker into a running engine.

15,762 finishers of the Cherry Blossom Ten Mile 2010. The list is not part of the project: without it these are skipped.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from race_day import run_race

from calanque.exit_codes import OK
from config.loader import load_race
from simulators.files import write_race_day
from simulators.physics import Physics
from simulators.race_day import RaceDay
from simulators.real_race import Published, agreement, printed, read_published, real_race_day

LIST = Path(__file__).parents[3] / "shared" / "data" / "cherry_blossom_10mi_2010.csv.gz"
RACE = "cherry_blossom_2010"
RUNNERS = 15_762
IN_CATEGORIES = 15_758

pytestmark = pytest.mark.skipif(not LIST.exists(), reason="the published list is not on this machine")


@pytest.fixture(scope="module")
def rows() -> list[Published]:
    return read_published(LIST)


def _day(rows: list[Published], physics: Physics | None = None) -> RaceDay:
    return real_race_day(load_race(RACE), rows, physics=physics)


def _every_published_place(rows: list[Published], results: Path) -> None:
    found = agreement(rows, results.read_text(encoding="utf-8"))
    assert found.sex_places == RUNNERS, found.different
    assert found.category_places == IN_CATEGORIES, found.different
    assert found.net_times == RUNNERS, found.different
    assert found.gun_times == RUNNERS, found.different
    lists = json.loads(results.with_name("results.json").read_bytes())["lists"]
    for rule, place in (("sex", "rank_sex"), ("category", "rank_category")):
        of_lists = {
            row["bib"]: (row["place"], row["time"]) for one in lists if one["rule"] == rule for row in one["rows"]
        }
        ranked = [row for row in rows if getattr(row, place) is not None]
        assert of_lists == {row.bib: (getattr(row, place), printed(row.net_s)) for row in ranked}


@pytest.mark.timeout(240)
def test_through_serial_lines_and_the_broker_every_published_place_comes_back(
    rows: list[Published], tmp_path: Path
) -> None:
    race = run_race(tmp_path / "live", _day(rows), speed="max")
    assert race.once, race.told
    _every_published_place(rows, race.folder / "out" / "results.csv")


def test_the_list_is_turned_into_files_from_the_command_line(rows: list[Published], tmp_path: Path) -> None:
    made = _calanque("simulate", RACE, "--from-results", LIST, "--perfect", "--out", tmp_path / "day")
    assert made.returncode == OK, made.stderr
    assert _results(tmp_path, [tmp_path / "day" / "reads.csv"]).returncode == OK
    _every_published_place(rows, tmp_path / "out" / "results.csv")


@pytest.mark.parametrize("form", ["read log", "IPICO lines"])
def test_from_files_every_published_place_comes_back(rows: list[Published], tmp_path: Path, form: str) -> None:
    day = _day(rows)
    write_race_day(day, tmp_path / "day", expected=False)
    reads = [tmp_path / "day" / "reads.csv"] if form == "read log" else _lines(day, tmp_path / "day")
    assert _results(tmp_path, reads).returncode == OK
    _every_published_place(rows, tmp_path / "out" / "results.csv")


def test_from_files_with_all_that_mats_do_to_reads_the_rules_answer_holds(
    rows: list[Published], tmp_path: Path
) -> None:
    day = _day(rows, Physics())
    write_race_day(day, tmp_path / "day")
    for reads in ([tmp_path / "day" / "reads.csv"], _lines(day, tmp_path / "day")):
        done = _results(tmp_path, reads, "--expected", tmp_path / "day" / "expected.csv")
        assert done.returncode == OK, done.stdout + done.stderr


def _lines(day: RaceDay, folder: Path) -> list[str]:
    return [f"{source.id}={folder / 'readers' / source.id}.ipico" for source in day.plan.race.sources]


def _results(place: Path, reads: list[Path] | list[str], *more: object) -> subprocess.CompletedProcess[str]:
    words = [word for read in reads for word in ("--reads", read)]
    return _calanque(
        "results", RACE, "--roster", place / "day" / "roster.csv", "--guns", place / "day" / "guns.csv",
        "--out", place / "out", *words, *more,
    )  # fmt: skip


def _calanque(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "calanque", *map(str, words)], capture_output=True, text=True, timeout=120
    )
