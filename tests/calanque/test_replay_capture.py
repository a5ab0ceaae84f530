"""A capture replayed: the same reads as live, written, and held against the journal that was made from them."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from calanque.commands.replay_capture import is_capture, replay_capture
from calanque.errors import FrontDoorError
from calanque.exit_codes import DIFFERENT, OK
from calanque.folder import RaceFolder, race_folder
from config.loader import load_race
from readers import ipico_frames as frames
from readers.capture import CaptureKind, CaptureRecord, encoded
from readers.ipico import IpicoProtocol
from readers.protocol import Now
from timing.entries import reads_entry
from timing.instants import HOUR, SECOND
from timing.journal import Journal
from timing.reads import ChipRead, SourceId, SourceReads

SOURCE = SourceId("finish-main")
LINES = 20


@pytest.fixture
def folder(tmp_path: Path) -> RaceFolder:
    return race_folder("marseille_cassis_2024", tmp_path)


def made(folder: RaceFolder, *, name: str = "finish-main.0001.capture") -> tuple[Path, list[ChipRead]]:
    """A capture of some reads, half a second apart, cut anywhere; and the reads."""
    first_us = load_race(folder.path).race.first_instant_us + HOUR
    data = b"".join(frames.tag_line(f"05800000{n:04x}", first_us + n * SECOND // 2) for n in range(LINES))
    records = [CaptureRecord(kind=CaptureKind.OPENED, at_us=first_us, content=b"tcp:reader:10000")]
    for n, at in enumerate(range(0, len(data), 31)):
        records.append(
            CaptureRecord(kind=CaptureKind.RECEIVED, at_us=first_us + n * SECOND // 2, content=data[at : at + 31])
        )
    path = folder.capture / name
    path.write_bytes(b"CALANQUE-CAPTURE 1 finish-main\n" + b"".join(map(encoded, records)))
    protocol = IpicoProtocol()
    protocol.connected(Now(first_us, 0))
    return path, [e for e in protocol.receive_data(data, Now(first_us, 0)) if isinstance(e, ChipRead)]


def journalled(folder: RaceFolder, reads: list[ChipRead]) -> None:
    plan = load_race(folder.path)
    clock = next(source.clock for source in plan.race.sources if source.id == SOURCE)
    with Journal.create(folder.journal, race=plan.race.id) as journal:
        journal.append([reads_entry(SourceReads(source=SOURCE, clock=clock, reads=reads), 1)]).result()


def replay(path: Path, out: Path, **more: str) -> int:
    given = {"speed": "max", "protocol": None, "race": None, **more}
    return replay_capture(path, out=out, **given)  # type: ignore[arg-type]


def test_all_reads_are_found_written_and_in_the_journal(
    folder: RaceFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, reads = made(folder)
    assert len(reads) == LINES
    journalled(folder, reads)
    assert is_capture(path)
    assert replay(path, tmp_path / "out") == OK
    with (tmp_path / "out" / "finish-main.reads.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["tag"] for row in rows] == [read.tag for read in reads]
    assert {row["mat"] for row in rows} <= {mat.id for mat in load_race(folder.path).race.course.mats}
    assert int(rows[1]["epoch_us"]) - int(rows[0]["epoch_us"]) == SECOND // 2
    assert "the journal has 20" in capsys.readouterr().out


def test_what_the_journal_does_not_have_is_named(
    folder: RaceFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, reads = made(folder)
    journalled(folder, reads[:-1])
    assert replay(path, tmp_path / "out") == DIFFERENT
    said = capsys.readouterr().out
    assert "NOT in the journal: 1" in said
    assert str(reads[-1].tag) in said


def test_at_a_pace_it_tells_what_came_when_it_came(
    folder: RaceFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = made(folder)
    begin_s = time.monotonic()
    assert replay(path, tmp_path / "out", speed="60") == OK
    took_s = time.monotonic() - begin_s
    # 25 pieces or so, half a second apart, sixty times as fast.
    assert 0.15 < took_s < 5
    said = capsys.readouterr().out
    assert said.count("\nread 0580") == LINES
    assert "link opened: tcp:reader:10000" in said


def test_without_a_race_it_must_be_told_what_was_spoken(folder: RaceFolder, tmp_path: Path) -> None:
    path, _ = made(folder)
    alone = tmp_path / "finish-main.0001.capture"
    alone.write_bytes(path.read_bytes())
    with pytest.raises(FrontDoorError, match="--protocol"):
        replay(alone, tmp_path / "out")
    assert replay(alone, tmp_path / "out", protocol="ipico") == OK
    assert len((tmp_path / "out" / "finish-main.stamps.csv").read_text().splitlines()) == LINES + 1
    assert replay(alone, tmp_path / "out", race=str(folder.path)) == OK


def test_a_damaged_capture_gives_what_is_before_the_damage(
    folder: RaceFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = made(folder)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert replay(path, tmp_path / "out") == OK
    said = capsys.readouterr()
    assert "damaged at byte" in said.err
    with (tmp_path / "out" / "finish-main.reads.csv").open() as file:
        assert 5 < len(list(csv.DictReader(file))) < LINES
