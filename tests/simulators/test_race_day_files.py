"""A simulated race day as files: the same bytes for the same seeds, and what a reader of them needs to know."""

import csv
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from races import marseille, planned

from config.loader import load_race
from config.roster_file import load_roster
from readers.log_files import ReadFile, read_files
from simulators.field import FieldPlan
from simulators.files import write_race_day
from simulators.race_day import RaceDay, simulate
from simulators.tapes import Tape, tapes_of
from timing.instants import MISSING
from timing.reads import Names, SourceId

RACE = "marseille_cassis_2024"


@pytest.fixture(scope="module")
def day() -> RaceDay:
    return simulate(load_race(RACE), field=FieldPlan(runners=500))


@pytest.fixture(scope="module")
def folder(day: RaceDay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    write_race_day(day, folder)
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_seeds_give_the_same_files_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    write_race_day(simulate(load_race(RACE), field=FieldPlan(runners=500)), tmp_path)
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert names == sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert {"race.toml", "roster.csv", "guns.csv", "reads.csv", "truth.csv", "expected.csv"} <= set(names)
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_the_roster_file_gives_back_the_field_s_tags_waves_and_roles(day: RaceDay, folder: Path) -> None:
    loaded = load_roster(folder / "roster.csv", day.plan).roster
    assert len(loaded) == len(day.field.roster)
    for one, other in zip(loaded.entrants, day.field.roster.entrants, strict=True):
        assert (one.bib, one.tags, one.wave, one.role) == (other.bib, other.tags, other.wave, other.role)
        assert (one.sex, one.birth_year, one.elite) == (other.sex, other.birth_year, other.elite)
        assert (one.public, one.status, one.nationality) == (other.public, other.status, other.nationality)


def test_read_log_and_reader_files_hold_the_same_reads(day: RaceDay, folder: Path) -> None:
    race = day.plan.race
    columns = []
    for files in (
        [ReadFile(path=folder / "reads.csv")],
        [ReadFile(path=folder / "readers" / f"{s.id}.ipico", source=s.id) for s in race.sources],
    ):
        tags = Names(day.reads.tags)
        loaded = read_files(files, race, tags, Names())
        assert loaded.malformed == 0
        reads = loaded.reads
        columns.append(sorted(zip(reads.tag.tolist(), reads.mat.tolist(), reads.moment_us.tolist(), strict=True)))
    emitted = sorted(zip(day.reads.tag.tolist(), day.reads.mat.tolist(), day.reads.stamp_us.tolist(), strict=True))
    assert columns[0] == columns[1] == emitted


def test_the_truth_has_every_true_passage_and_how_often_it_was_read(day: RaceDay, folder: Path) -> None:
    truth = rows(folder / "truth.csv")
    assert len(truth) == int((day.field.line_us != MISSING).sum())
    index = day.field.roster.by_bib
    points = [point.id for point in day.plan.race.course.points]
    for row in truth[::37]:
        assert int(row["true_us"]) == day.field.line_us[points.index(row["point"]), index[row["bib"]]]
    unread = [row for row in truth if row["reads_main"] == "0" and row["reads_backup"] == "0"]
    assert 0 < len(unread) < 0.05 * len(truth)


def test_guns_and_summary_say_what_was_simulated(day: RaceDay, folder: Path) -> None:
    assert {row["wave"]: int(row["epoch_us"]) for row in rows(folder / "guns.csv")} == day.guns
    summary = json.loads((folder / "simulation.json").read_text())
    assert summary["reads"] == len(day.reads)
    assert summary["zone"] == "Europe/Paris"
    assert summary["physics"]["seed"] == day.physics.seed
    assert sum(summary["reads_by_mat"].values()) == len(day.reads)


def test_tapes_come_back_from_their_files_and_one_reader_hears_the_guns(day: RaceDay, folder: Path) -> None:
    tapes = tapes_of(day.plan.race, day.reads, day.field.guns_us)
    assert sum(len(tape) for tape in tapes) == len(day.reads)
    assert [tape.source for tape in tapes if tape.guns_us] == ["start-main"]
    for tape in tapes:
        loaded = Tape.load(folder / "readers", tape.source)
        for name in (field.name for field in fields(Tape)):
            assert np.array_equal(getattr(loaded, name), getattr(tape, name), equal_nan=name == "rssi"), name


def test_a_tape_whose_columns_do_not_fit_together_is_refused(day: RaceDay, tmp_path: Path) -> None:
    tape = tapes_of(day.plan.race, day.reads)[0]
    replace(tape, due_us=tape.due_us[:-1]).write(tmp_path)
    with pytest.raises(ValueError, match="start-main"):
        Tape.load(tmp_path, SourceId("start-main"))


def test_signals_and_antennas_of_other_readers_are_in_the_read_log(tmp_path: Path) -> None:
    day = simulate(planned(marseille("llrp")), field=FieldPlan(runners=40))
    write_race_day(day, tmp_path, expected=False)
    logged = rows(tmp_path / "reads.csv")
    assert [float(row["rssi"]) for row in logged] == day.reads.rssi.tolist()
    assert [int(row["antenna"]) for row in logged] == day.reads.antenna.tolist()
    assert {path.suffix for path in (tmp_path / "readers").iterdir()} == {".npz"}, "lines are for IPICO readers"
    assert not (tmp_path / "expected.csv").exists()
