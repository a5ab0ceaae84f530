"""`calanque clocks` on a race whose reader is an hour off: the command it prints puts it right."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import pytest
from command_line import calanque
from small_race import at
from told_race import ToldRace, runner

from timing.entries import reads_entry
from timing.instants import HOUR, SECOND
from timing.reads import ChipRead, ClockKind, SourceReads, Tag

BIBS = range(1, 7)


def an_hour_behind(folder: Path) -> Path:
    """Six women; the reader of the finish shows winter time too early, and its reads come live."""
    race = ToldRace(*(runner(bib) for bib in BIBS))
    for bib in BIBS:
        race.run(bib, f"9:00:0{bib}", f"9:3{bib}:00", None)
    reads = [
        ChipRead(
            tag=Tag(f"T{bib}"),
            stamp_us=at(f"10:1{bib}:00") - HOUR,
            received_us=at(f"10:1{bib}:00") + SECOND,
        )
        for bib in BIBS
    ]
    race.entries += [
        reads_entry(SourceReads(source=race.plan.race.course.points[-1].mats[0].source, clock=ClockKind.UTC, reads=[r]),
                    at("11:00:00"))
        for r in reads
    ]  # fmt: skip
    race.close()
    return race.folder(folder).path


def finished(folder: Path) -> int:
    calanque("replay", folder, "--out", folder / "again")
    with (folder / "again" / "results.csv").open(encoding="utf-8", newline="") as file:
        return sum(row["status"] == "FINISHED" for row in csv.DictReader(file))


@pytest.mark.parametrize("preview", [True, False])
def test_the_command_that_is_proposed_is_one_that_can_be_given(tmp_path: Path, preview: bool) -> None:
    folder = an_hour_behind(tmp_path)
    told = calanque("clocks", folder, "--language", "en")
    told.stdout = told.stdout.replace("\u00a0", " ")
    assert "finish-main is 1 h behind: summer time or time zone." in told.stdout
    assert "6 runners concerned" in told.stdout
    proposed = re.search(r"→ finish-main \+3600 s: calanque (.*) --author …", told.stdout)
    assert proposed, told.stdout
    assert finished(folder) == 0
    done = calanque(*shlex.split(proposed[1]), "--author", "Luc", *(["--preview"] if preview else []))
    assert done.returncode == 0, done.stderr
    assert finished(folder) == (0 if preview else 6)
    if not preview:
        assert "Nothing is wrong with any clock" in calanque("clocks", folder, "--language", "en").stdout
