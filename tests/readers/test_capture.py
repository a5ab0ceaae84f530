"""Captures: what came in is there, byte for byte, with its arrival; bounded; honest about what a disk did not take."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from readers import capture as capture_module
from readers.capture import (
    CaptureKind,
    CaptureRecord,
    CaptureWriter,
    capture_files,
    capture_records,
    captured,
    encoded,
)
from readers.errors import CaptureDamaged
from readers.events import GunSeen
from readers.ipico import IpicoProtocol
from readers.ipico_frames import gun_frame, tag_line
from readers.protocol import Now
from readers.replay import replayed
from timing.reads import ChipRead, SourceId

FINISH = SourceId("finish")
FIRST_LINE = b"CALANQUE-CAPTURE 1 finish\n"
SOME = [
    CaptureRecord(kind=CaptureKind.OPENED, at_us=-(2**63), content=b"tcp:reader:10000"),
    CaptureRecord(kind=CaptureKind.RECEIVED, at_us=2**63 - 1, content=bytes(range(256))),
    CaptureRecord(kind=CaptureKind.SENT, at_us=0, content=b""),
    CaptureRecord(kind=CaptureKind.RECEIVED, at_us=1, content=b"CALANQUE-CAPTURE 1 finish\n"),
    CaptureRecord(kind=CaptureKind.ENDED, at_us=2, content="coupé".encode()),
]


def until(holds: Callable[[], bool]) -> None:
    """Waits for the writing thread."""
    end_s = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_what_was_captured_is_read_back_in_order(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path / "capture", FINISH)
    writer.opened("tcp:reader:10000", 1)
    writer.sent(b"ab00000222\r\n", 2)
    writer.received(bytes(range(256)), 3)
    writer.ended("reader:10000 closed the connection", 4)
    writer.close()
    assert [(r.kind, r.at_us, r.content) for r in captured(tmp_path / "capture", FINISH)] == [
        (CaptureKind.OPENED, 1, b"tcp:reader:10000"),
        (CaptureKind.SENT, 2, b"ab00000222\r\n"),
        (CaptureKind.RECEIVED, 3, bytes(range(256))),
        (CaptureKind.ENDED, 4, b"reader:10000 closed the connection"),
    ]
    assert writer.lost == 0


def test_a_file_cut_at_any_byte_gives_the_whole_records_before_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "finish.0001.capture"
    data, ends = FIRST_LINE, []
    for record in SOME:
        data += encoded(record)
        ends.append(len(data))
    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut])
        assert list(capture_records(path)) == SOME[: sum(end <= cut for end in ends)]


def read_until_damage(path: Path) -> tuple[list[CaptureRecord], int | None]:
    """The records before the damage, and where it is; a length that reaches beyond the end looks like a cut."""
    got: list[CaptureRecord] = []
    try:
        for record in capture_records(path):
            got.append(record)  # noqa: PERF402
    except CaptureDamaged as error:
        return got, error.offset
    return got, None


def test_a_damaged_record_is_found_and_located_and_those_before_it_count(tmp_path: Path) -> None:
    path = tmp_path / "finish.0001.capture"
    first, second = encoded(SOME[0]), encoded(SOME[1])
    whole, at = FIRST_LINE + first + second, len(FIRST_LINE) + len(first)
    for place in range(at, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
        got, offset = read_until_damage(path)
        assert got == SOME[:1], place
        assert offset == at or (offset is None and at + 9 <= place < at + 13), place


def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "finish.0001.capture"
    path.write_bytes(b"PK\x03\x04 not a capture\n")
    with pytest.raises(CaptureDamaged, match="not a capture"):
        list(capture_records(path))


def test_files_are_bounded_and_the_oldest_go_first(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path, FINISH, file_max=1_000, files_max=3)
    for n in range(100):
        writer.received(b"x" * 100, n)
    writer.close()
    files = capture_files(tmp_path, FINISH)
    assert len(files) == 3
    assert all(path.stat().st_size <= 1_000 for path in files)
    kept = [record.at_us for record in captured(tmp_path, FINISH)]
    assert kept == list(range(100 - len(kept), 100))


def test_a_later_run_goes_on_in_a_new_file_and_sources_do_not_mix(tmp_path: Path) -> None:
    for n in range(3):
        for source in (FINISH, SourceId("finish.0001"), SourceId("start")):
            writer = CaptureWriter(tmp_path, source)
            writer.received(source.encode(), n)
            writer.close()
    assert [(r.at_us, r.content) for r in captured(tmp_path, FINISH)] == [(n, b"finish") for n in range(3)]
    assert len(capture_files(tmp_path, FINISH)) == 3


def test_a_disk_that_takes_nothing_is_told_and_writing_resumes_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_module, "WAITING_MAX", 10_000)
    folder = tmp_path / "capture"
    writer = CaptureWriter(folder, FINISH)
    away = tmp_path / "away"
    folder.rename(away)
    for n in range(200):
        writer.received(b"x" * 100, n)
    until(lambda: bool(writer.error))
    assert "cannot be written" in writer.error
    assert 0 < writer.lost < 200 * 100
    away.rename(folder)
    until(lambda: not writer.error)
    writer.received(b"after", 1_000)
    writer.close()
    kept = list(captured(folder, FINISH))
    assert [record.at_us for record in kept[:-1]] == list(range(len(kept) - 1))
    assert kept[-1].content == b"after"
    assert writer.lost == 100 * (200 - (len(kept) - 1))


FULL_DISK = """
import resource, sys, time
from pathlib import Path
from readers.capture import CaptureWriter

# Files may not grow beyond 3000 bytes for a while, which is what a full disk is to a writer.
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
writer = CaptureWriter(Path(sys.argv[1]), "finish")
for n in range(50):
    writer.received(b"x" * 200, n)
while not writer.error:
    time.sleep(0.01)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
while writer.error:
    time.sleep(0.01)
writer.close()
assert writer.lost == 0
"""


def test_a_full_disk_costs_nothing_that_could_wait_and_doubles_nothing(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], check=True, timeout=60)
    assert [record.at_us for record in captured(tmp_path, FINISH)] == list(range(50))
    assert len(capture_files(tmp_path, FINISH)) <= 2


def test_writing_to_a_capture_does_not_wait(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path, FINISH)
    start_s = time.perf_counter()
    for n in range(10_000):
        writer.received(b"x" * 1_000, n)
    took_s = time.perf_counter() - start_s
    writer.close()
    assert took_s < 2
    assert writer.lost == 0
    assert sum(1 for _ in captured(tmp_path, FINISH)) == 10_000


def test_a_replay_gives_the_events_of_the_day_with_their_arrivals(tmp_path: Path) -> None:
    line = tag_line("058000128608", 1_730_021_400_000_000)
    writer = CaptureWriter(tmp_path, FINISH)
    writer.opened("serial:/dev/ttyUSB0", 1)
    writer.received(line[:11], 2)
    writer.received(line[11:] + gun_frame(1_730_021_400_000_000) + line[:7], 3)
    writer.ended("unplugged", 4)
    writer.opened("serial:/dev/ttyUSB0", 5)
    writer.received(line[7:] + line, 6)
    writer.close()
    live = IpicoProtocol()
    live.connected(Now(1, 0))
    expected = live.receive_data(line[:11], Now(2, 0)) + live.receive_data(
        line[11:] + gun_frame(1_730_021_400_000_000) + line[:7], Now(3, 0)
    )
    expected += live.disconnected()
    live.connected(Now(5, 0))
    expected += live.receive_data(line[7:] + line, Now(6, 0))
    events = [event for batch in replayed(captured(tmp_path, FINISH), IpicoProtocol()) for event in batch]
    assert events == expected
    assert [event.received_us for event in events if isinstance(event, ChipRead | GunSeen)] == [3, 3, 6]
