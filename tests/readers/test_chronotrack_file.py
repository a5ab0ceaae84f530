"""Files of ChronoTrack boxes: real lines with known answers, what is damaged and why, and written lines read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from file_race import PARIS, mat, race
from hypothesis import given
from hypothesis import strategies as st

from readers.chronotrack_file import ControllerMark, ControllerRead, mark_of, read_of
from readers.chronotrack_frames import controller_line, marker_line
from readers.errors import ReadFileRefused
from readers.log_files import LoadedReads, ReadFile, read_files
from timing.instants import instant_of
from timing.reads import Names, SourceId


def wall(text: str) -> int:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=UTC))


def in_marseille(text: str) -> int:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=PARIS))


SAMPLES = {
    "TO~6668~9646~160~18~1620463507.26~120044~1~-75~3079~P~1": ("9646", "08:45:07.26", "120044", 1, -75.0),
    "TO~000001~009573~160~018~1620460343.17~104484~8~-71~00001~P~10": ("009573", "07:52:23.17", "104484", 8, -71.0),
    "TO~1~99995~160~1~1620459054.85~10E747~8~-59~1~P": ("99995", "07:30:54.85", "10E747", 8, -59.0),
}
MARKS = {
    "I11A9D,32,Gun,252,21050808005516,Button Press": ("Gun", "2021-05-08 08:00:55.16", "Button Press"),
    "E92EBB,4,TimeChange,1,21050807134000,80010100012824": (
        "TimeChange",
        "2021-05-08 07:13:40.00",
        "80010100012824",
    ),
    "115DA4,4,ElectPower,0,21050807410787,AC=0  BatA=1* BatB=0": (
        "ElectPower",
        "2021-05-08 07:41:07.87",
        "AC=0  BatA=1* BatB=0",
    ),
    "I11A9D,25,PB Model,1,21050807100245,PRO_SERIES2": ("PB Model", "2021-05-08 07:10:02.45", "PRO_SERIES2"),
}


@pytest.mark.parametrize(("line", "answer"), SAMPLES.items())
def test_a_real_read_says_what_is_known_of_it(line: str, answer: tuple[str, str, str, int, float]) -> None:
    tag, time, reader, antenna, rssi = answer
    stamp_us = wall(f"2021-05-08 {time}")
    assert read_of(line) == ControllerRead(tag=tag, stamp_us=stamp_us, reader=reader, antenna=antenna, rssi=rssi)


@pytest.mark.parametrize(("line", "answer"), MARKS.items())
def test_a_real_line_of_the_log_says_what_is_known_of_it(line: str, answer: tuple[str, str, str]) -> None:
    kind, time, value = answer
    assert mark_of(line) == ControllerMark(box=line[:6], kind=kind, stamp_us=wall(time), value=value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("TO~1~9511~160~18~1620458668.64~12000C~8~-63", "not 9"),
        ("XX~1~9511~160~18~1620458668.64~12000C~8~-63~1~P~192", "begins with TO"),
        ("TO~x~9511~160~18~1620458668.64~12000C~8~-63~1~P~192", "not digits"),
        ("TO~1~95 1~160~18~1620458668.64~12000C~8~-63~1~P~192", "not letters and digits"),
        ("TO~1~9511~160~18~1620458668~12000C~8~-63~1~P~192", "no such time"),
        ("TO~1~9511~160~18~1620458668.64~12000~8~-63~1~P~192", "six hexadecimal"),
        ("TO~1~9511~160~18~1620458668.64~12000C~8~loud~1~P~192", "not numbers"),
    ],
)
def test_a_damaged_line_is_refused_with_the_reason(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_of(line)


def test_a_damaged_line_of_the_log_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="no such date"):
        mark_of("I11A9D,32,Gun,252,21053808005516,Button Press")
    with pytest.raises(ValueError, match="box,number,kind"):
        mark_of("I11A9D,32,Gun")
    assert read_of(" \r") is None
    assert mark_of("") is None


STAMPS = st.integers(0, 3_000_000_000 * 100).map(lambda hundredths: hundredths * 10_000)


@given(STAMPS, st.integers(1, 8), st.integers(-99, 0))
def test_a_written_line_reads_back(stamp_us: int, antenna: int, rssi: int) -> None:
    read = read_of(controller_line(7, "9646", stamp_us, antenna=antenna, rssi=rssi))
    assert read == ControllerRead(tag="9646", stamp_us=stamp_us, reader="120044", antenna=antenna, rssi=float(rssi))
    mark = mark_of(marker_line("I11A9D", 32, "Gun", 252, stamp_us, "Button Press"))
    assert mark is not None
    assert mark.stamp_us == stamp_us


# Files in a race ------------------------------------------------------------------------------------------------------

BOXES = race((mat("START-M", "start", None), mat("FINISH-M", "finish", "120044"), mat("FINISH-B", "finish", "12000C")))


def loaded(path: Path, text: str, *, tags: Names | None = None, source: str | None = None) -> LoadedReads:
    path.write_bytes(text.encode("latin-1"))
    file = ReadFile(path=path, source=SourceId(source) if source else None)
    return read_files([file], BOXES, Names() if tags is None else tags, Names(), block_bytes=200)


AT = wall("2024-10-27 10:30:00.25")


def test_a_file_of_a_box_belongs_to_its_source_and_keeps_local_time(tmp_path: Path) -> None:
    lines = [controller_line(n, f"00{n}", AT + n * 10_000, reader="12000C") for n in range(1, 30)]
    tags = Names()
    got = loaded(tmp_path / "start.csv", "\r\n".join(lines), tags=tags)
    assert got.lines == 29
    assert got.malformed == 0
    assert tags.names[:2] == ["001", "002"]
    assert got.reads.moment_us[0] == in_marseille("2024-10-27 10:30:00.26")
    assert set(got.reads.mat.tolist()) == {0}
    assert set(got.reads.rssi.tolist()) == {-75.0}
    assert not got.reads.held.any()


def test_readers_of_one_box_are_told_apart_by_their_labels(tmp_path: Path) -> None:
    text = "\n".join(
        controller_line(n, "5", AT, reader=reader) for n, reader in enumerate(["120044", "12000C", "ABCDEF"])
    )
    got = loaded(tmp_path / "x.csv", text, source="finish")
    names = [BOXES.course.mats[n].id if n >= 0 else None for n in got.reads.mat.tolist()]
    assert names == ["FINISH-M", "FINISH-B", None]
    assert dict(got.unknown_mats) == {"finish/ABCDEF": 1}


def test_antennas_tell_mats_apart_too(tmp_path: Path) -> None:
    one, two = (replace(mat(name, "finish", None), antennas=(n,)) for name, n in (("FINISH-M", 1), ("FINISH-B", 2)))
    path = tmp_path / "finish.csv"
    path.write_text("\n".join(controller_line(n, "5", AT, antenna=n) for n in (1, 2)))
    course = race((one, two))
    got = read_files([ReadFile(path=path)], course, Names(), Names())
    assert [course.course.mats[n].id for n in got.reads.mat.tolist()] == ["FINISH-M", "FINISH-B"]


def test_damaged_lines_are_told_with_their_numbers(tmp_path: Path) -> None:
    good = controller_line(1, "5", AT)
    got = loaded(tmp_path / "start.csv", f"{good}\n\nTO~2~5~160\n{good}\nrubbish\n{'x' * 70_000}\n{good}\n")
    assert [bad.line for bad in got.bad_lines] == [3, 5, 6]
    assert (len(got.reads), got.lines) == (3, 7)


def test_the_log_of_a_box_gives_its_guns_and_no_reads(tmp_path: Path) -> None:
    lines = [
        marker_line("I11A9D", 31, "TimeChange", 1, AT, "21050807110572"),
        marker_line("I11A9D", 32, "Gun", 252, AT, "Button Press"),
        marker_line("I11A9D", 33, "Manual", 252, AT, "Button Press"),
    ]
    got = loaded(tmp_path / "start.mrk", "\r\n".join(lines) + "\r\n")
    (gun,) = got.guns
    assert (gun.line, gun.source, gun.label, gun.held) == (2, "start", "I11A9D", False)
    assert gun.instant_us == in_marseille("2024-10-27 10:30:00.25")
    assert (len(got.reads), got.malformed) == (0, 0)


def test_a_box_without_a_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadFileRefused, match="does not say which"):
        loaded(tmp_path / "5071909.csv", controller_line(1, "5", AT))
