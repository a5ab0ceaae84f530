"""A capture replayed: the same reads as live, written, and held against the journal that was made from them."""

from __future__ import annotations

import csv
import re
import signal
import subprocess
import sys
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
    assert "Hours of arrival are in Europe/Paris" in said
    assert said.count("  read 0580") == LINES
    # An hour after the first midnight of the race, half a second between pieces and between stamps.
    assert "\n01:00:00.000  -- link opened: tcp:reader:10000\n" in said
    assert "\n01:00:01.000  read 058000000001 stamped 2024-10-26 23:00:00.500\n" in said
    assert not re.search(r"_us\b|\d{13,}|\w+\(\w+=", said), said


def test_where_no_race_is_known_hours_are_utc_and_say_so(
    folder: RaceFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = made(folder)
    alone = tmp_path / path.name
    alone.write_bytes(path.read_bytes())
    assert replay(alone, tmp_path / "out", protocol="ipico", speed="1000") == OK
    said = capsys.readouterr().out
    assert "UTC: no race is known" in said
    assert "\n23:00:00.000 UTC  -- link opened" in said


def capture_of(path: Path, *pieces: bytes, apart_us: int = 0) -> Path:
    records = [CaptureRecord(kind=CaptureKind.OPENED, at_us=0, content=b"tcp:reader:10000")]
    for n, piece in enumerate(pieces):
        records.append(CaptureRecord(kind=CaptureKind.RECEIVED, at_us=n * apart_us, content=piece))
    path.write_bytes(b"CALANQUE-CAPTURE 1 finish-main\n" + b"".join(map(encoded, records)))
    return path


@pytest.mark.parametrize("protocol", ["race_result", "tag_heuer", "mylaps"])
def test_when_nothing_is_understood_that_is_the_answer(
    folder: RaceFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str], protocol: str
) -> None:
    """Of another protocol's lines some decoders make malformed records, others text meant for people."""
    path, _ = made(folder)
    journalled(folder, [])
    assert replay(path, tmp_path / "out", protocol=protocol) == DIFFERENT
    said = capsys.readouterr()
    assert "NOTHING UNDERSTOOD of 760 bytes" in said.err
    assert f"read as {protocol}" in said.err
    assert "--protocol" in said.err
    assert "the journal has" not in said.out


def test_the_race_file_may_be_what_names_the_wrong_protocol_and_silence_is_not_misunderstood(
    folder: RaceFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder.capture / "finish-main.0001.capture"
    assert replay(capture_of(path, b"#P;1;12345\r\n"), tmp_path / "out") == DIFFERENT
    assert "the race file says so" in capsys.readouterr().err
    assert replay(capture_of(path), tmp_path / "out") == OK
    assert "UNDERSTOOD" not in capsys.readouterr().err


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_it_writes_what_came_until_then(folder: RaceFolder, tmp_path: Path, told: signal.Signals) -> None:
    lines = [frames.tag_line(f"05800000{n:04x}", n * SECOND) for n in range(2)]
    path = capture_of(folder.capture / "finish-main.0001.capture", *lines, apart_us=HOUR)
    command = [sys.executable, "-m", "calanque", "replay", str(path), "--out", str(tmp_path / "out"), "--speed", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "read 058000000000" in line:
                break
        process.send_signal(told)
        out, err = process.communicate(timeout=30)
    assert process.returncode == OK, err
    assert "ended before the end of the capture" in err
    assert "Traceback" not in err
    assert "reads  1" in " ".join(out.split(" ")), out
    assert len((tmp_path / "out" / "finish-main.reads.csv").read_text().splitlines()) == 2


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
