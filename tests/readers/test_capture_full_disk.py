"""A disk that is full for long takes nothing from what was captured before, and the capture goes on afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from readers import capture
from readers.capture import CaptureKind, CaptureWriter, capture_files, captured
from timing.reads import SourceId

MAT = SourceId("finish-main")
FILES_MAX = 4


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.decode()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "not true in time"
        time.sleep(0.005)


@pytest.mark.parametrize("left", [0, 4096], ids=["no byte left", "room for a first line"])
def test_a_disk_that_stays_full_costs_no_older_capture(
    small_disk: Path, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "WRITE_EVERY_S", 0.002)
    tries: list[int] = []
    failed = CaptureWriter._failed

    def counted(writer: CaptureWriter, error: OSError) -> None:
        tries.append(1)
        failed(writer, error)

    monkeypatch.setattr(CaptureWriter, "_failed", counted)
    writer = CaptureWriter(small_disk / "capture", MAT, files_max=FILES_MAX)
    sent = [f"{number:04d}".encode() * 3_000 for number in range(20)]
    writer.received(sent[0], 0)
    _until(lambda: sum(1 for _ in captured(small_disk / "capture", MAT)) == 1)
    ballast = small_disk / "ballast"
    with pytest.raises(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    os.truncate(ballast, ballast.stat().st_size - left)
    for at_us, data in enumerate(sent[1:], 1):
        writer.received(data, at_us)
    _until(lambda: len(tries) > 5 * FILES_MAX)
    assert "No space left" in writer.error
    assert len(capture_files(small_disk / "capture", MAT)) <= 2
    ballast.unlink()
    _until(lambda: not writer.error)
    writer.close()
    kept = [r.content for r in captured(small_disk / "capture", MAT) if r.kind is CaptureKind.RECEIVED]
    assert kept == sent
    assert writer.lost == 0
