"""How far measured times are from the true ones; and that what no mat saw is flagged and never guessed."""

import csv
from pathlib import Path

import pytest
from races import marseille, planned

from simulators.accuracy import errors_of
from simulators.field import FieldPlan
from simulators.files import write_race_day
from simulators.physics import Physics
from simulators.race_day import RaceDay, simulate

EMPTY_AND_FLAGGED = {"START": ("start_us", "no_start_read"), "GINESTE": ("split_GINESTE_us", "missed:GINESTE")}


@pytest.fixture(scope="module")
def day() -> RaceDay:
    """Nobody wears another's chip, walks back or waits at a mat: then a read there is of the own passage."""
    physics = Physics(
        swapped_chips=0, walked_back=0, turned_back=0, early_readers=0, parked=0, miss_start=0.06, miss_split=0.06
    )
    return simulate(planned(marseille()), field=FieldPlan(runners=3_000), physics=physics)


@pytest.fixture(scope="module")
def folder(day: RaceDay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    write_race_day(day, folder, read_log=False)
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_first_read_comes_early_by_half_the_field_and_more_so_for_the_slow(day: RaceDay, folder: Path) -> None:
    errors = errors_of(folder / "expected.csv", folder / "truth.csv", day.plan.race.course)
    found = {(error.point, error.speed): error for error in errors}
    slow, fast = found["FINISH", "walkers, under 2 m/s"], found["FINISH", "over 3.5 m/s"]
    assert fast.number > 500
    # 1.5 m before the line, less some 60 ms until the chip is first heard.
    assert -450_000 < fast.median_us < -250_000
    assert slow.median_us < -700_000
    assert found["GINESTE", "2 to 3.5 m/s"].median_us < -350_000


def test_one_read_at_the_line_is_true_to_the_reader_s_grid(tmp_path: Path) -> None:
    day = simulate(planned(marseille()), field=FieldPlan(runners=300), physics=Physics.off())
    write_race_day(day, tmp_path, read_log=False)
    for error in errors_of(tmp_path / "expected.csv", tmp_path / "truth.csv", day.plan.race.course):
        assert -10_000 < error.p5_us <= error.p95_us <= 0


def test_who_was_missed_by_every_mat_of_a_point_is_flagged_there_and_has_no_time_of_it(folder: Path) -> None:
    answers = {row["bib"]: row for row in rows(folder / "expected.csv")}
    missed = [row for row in rows(folder / "truth.csv") if row["reads_main"] == row["reads_backup"] == "0"]
    checked = 0
    for row in missed:
        answer = answers[row["bib"]]
        if answer["status"] == "FINISHED":
            assert row["point"] != "FINISH", "a finish that no mat saw"
            time, word = EMPTY_AND_FLAGGED[row["point"]]
            assert answer[time] == ""
            assert word in answer["flags"].split(";")
            checked += 1
    assert checked >= 10
