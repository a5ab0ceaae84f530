"""Files of RACE RESULT passings, and any CSV by a mapping."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from file_race import MATS, RACE, mat, race

from readers import race_result, race_result_memory
from readers.csv_mapping import load_mapping
from readers.errors import ReadFileRefused
from readers.log_files import LoadedReads, ReadFile, read_files
from readers.race_result_frames import passing_line
from readers.race_result_requests import VERSION_MAX
from timing.instants import DAY, HOUR, SECOND
from timing.race import Race
from timing.reads import ClockKind, Names, SourceId

TEN_WALL = (date(2024, 10, 27) - date(1970, 1, 1)).days * DAY + 10 * HOUR
TEN = TEN_WALL - HOUR
"""10:00:00 on the day of the race, in Paris: winter time since 03:00."""
PAGE = (Path(__file__).parents[2] / "docs" / "read_logs.md").read_text(encoding="utf-8")

ONE_DECODER = replace(
    race([mat("START-M", "box", "1"), mat("FINISH-M", "box", "2")]),
    sources=(replace(RACE.sources[0], id=SourceId("box"), protocol="race_result"),),
)


class Got:
    """What a file gave, in the words a test uses."""

    def __init__(self, path: Path, content: bytes, on: Race = RACE, source: str | None = None, block: int = 1 << 20):
        path.write_bytes(content)
        self.tags = Names()
        file = ReadFile(path=path, source=SourceId(source) if source else None)
        self.loaded: LoadedReads = read_files([file], on, self.tags, Names(), block_bytes=block)
        reads, mats = self.loaded.reads, on.course.mats
        self.rows = [
            (self.tags.names[tag], mats[at].id if at >= 0 else None, us)
            for tag, at, us in zip(reads.tag.tolist(), reads.mat.tolist(), reads.moment_us.tolist(), strict=True)
        ]

    @property
    def bad(self) -> list[tuple[int, str]]:
        return [(bad.line, bad.reason) for bad in self.loaded.bad_lines]


def mapped(tmp_path: Path, mapping: str, content: bytes, **more: object) -> Got:
    (tmp_path / "chips.csv.toml").write_text(mapping, encoding="utf-8")
    return Got(tmp_path / "chips.csv", content, **more)  # type: ignore[arg-type]


# RACE RESULT passings. -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [200, 1 << 20])
def test_passings_of_a_decoder_are_reads_at_the_mats_of_its_loops(tmp_path: Path, block: int) -> None:
    lines = [
        b"#;ID;Date;Time\r\n",
        passing_line(1, "ZICAD30", TEN_WALL, loop=1, active=True, rssi="7a"),
        passing_line(2, "33", TEN_WALL + SECOND, loop=2, bib_set="6692", rssi="-68", pushed=True),
        b"GETSTATUS;2024-10-27;10:00:00\r\n",
        b"1:500\r\nONLY 3\r\n\r\n",
        passing_line(3, "99999", TEN_WALL + 2 * SECOND, loop=1),
        b"4;X;2024-10-27;10:61:00\r\n",
        passing_line(5, "Q", TEN_WALL, loop=7),
    ]
    got = Got(tmp_path / "176.txt", b"".join(lines), ONE_DECODER, block=block)
    assert got.rows == [("ZICAD30", "START-M", TEN), ("6692-33", "FINISH-M", TEN + SECOND), ("Q", None, TEN)]
    assert got.loaded.reads.rssi.tolist()[:2] == [-62.0, -68.0]
    assert dict(got.loaded.unknown_mats) == {"box/7": 1}
    assert got.bad == [(9, "no such date or time")]
    (gun,) = got.loaded.guns
    assert (gun.instant_us, gun.label, gun.source, gun.held) == (TEN + 2 * SECOND, "1", "box", False)


def test_passings_without_a_date_are_held_unless_the_source_keeps_times_of_day(tmp_path: Path) -> None:
    content = passing_line(1, "A", 10 * HOUR, loop=1)
    assert Got(tmp_path / "a", content, ONE_DECODER).loaded.reads.held.tolist() == [True]
    of_day = replace(ONE_DECODER, sources=(replace(ONE_DECODER.sources[0], clock=ClockKind.TIME_OF_DAY),))
    assert Got(tmp_path / "a", content, of_day).rows == [("A", "START-M", TEN)]


def test_passings_need_a_source_where_no_decoder_is_the_only_one(tmp_path: Path) -> None:
    content = passing_line(1, "A", TEN_WALL)
    with pytest.raises(ReadFileRefused, match="with one of: start, col, finish"):
        Got(tmp_path / "a", content)
    assert Got(tmp_path / "a", content, source="col").rows == [("A", None, TEN)]
    assert Got(tmp_path / "col.txt", content, replace(race([mat("COL-M", "col", None)]))).rows == [("A", "COL-M", TEN)]


def test_the_examples_of_passings_on_the_page_are_read_as_it_says(tmp_path: Path) -> None:
    found = re.search(r"```passings\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    got = Got(tmp_path / "a", found[1].encode(), ONE_DECODER)
    assert got.rows == [("6692-33", None, TEN + 2_773_000), ("ZICAD30", "FINISH-M", TEN + 3_250_000)]
    assert got.bad == []


# Any CSV by a mapping. -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [100, 1 << 20])
def test_the_example_of_a_mapping_on_the_page_is_read_as_it_says(tmp_path: Path, block: int) -> None:
    mapping = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    content = re.search(r"```csv mapped\n(.*?)```", PAGE, re.DOTALL)
    assert mapping is not None
    assert content is not None
    got = mapped(tmp_path, mapping[1], b"\xef\xbb\xbf\n" + content[1].encode(), block=block)
    assert got.rows == [("ABC0017", "FINISH-M", TEN + 5_270_000), ("ABC0018", "FINISH-B", TEN + HOUR)]
    assert got.bad == []
    assert got.loaded.lines == 5


MINIMAL = 'mat = "FINISH-M"\nheader = false\n[columns]\ntag = 1\ntime = 2\n[time]\n'


@pytest.mark.parametrize(
    ("time", "text", "us"),
    [
        ("", "2024-10-27 10:00:05.25", TEN + 5_250_000),
        ('format = "MM/DD/YY hh:mm:ss AM"', "10/27/24 10:00:05,5 a.m.", TEN + 5_500_000),
        ('format = "MM/DD/YY hh:mm:ss AM"', "10/27/24 1:00:00 PM", TEN + 3 * HOUR),
        ('format = "MM/DD/YY hh:mm AM"', "10/27/24 12:30 PM", TEN + 5 * HOUR // 2),
        ('format = "YYYY-MM-DDThh:mm:ssZZ"', "2024-10-27T10:00:00.123456+01:00", TEN + 123_456),
        ('format = "YYYY-MM-DDThh:mm:ssZZ"', "2024-10-27T05:30:00-0330", TEN),
        ('format = "YYYY-MM-DDThh:mm:ssZZ"', "2024-10-27T09:00:00Z", TEN),
        ('zone = "Europe/London"', "2024-10-27 09:00:00", TEN),
        ('clock = "utc"', "2024-10-27 09:00:00", TEN),
        ('format = "epoch_s"', f"{TEN // SECOND}.25", TEN + 250_000),
        ('format = "epoch_s"\nclock = "local"', f"{TEN_WALL // SECOND}", TEN),
        ('format = "epoch_ms"', f"{TEN // 1000}.5", TEN + 500),
        ('format = "epoch_us"', f"{TEN}", TEN),
        ('format = "hh:mm:ss"', "10:00:00.001", TEN + 1_000),
        ('format = "seconds"\nclock = "time_of_day"', "36000.5", TEN + SECOND // 2),
    ],
)
def test_a_time_is_read_exactly_as_the_mapping_says(tmp_path: Path, time: str, text: str, us: int) -> None:
    got = mapped(tmp_path, MINIMAL + time, f'A1,"{text}"\n'.encode())
    assert got.bad == []
    assert got.rows == [("A1", "FINISH-M", us)]


def test_an_elapsed_time_waits_for_its_zero(tmp_path: Path) -> None:
    for time, text in (('format = "seconds"', "5025.25"), ('format = "hh:mm:ss"\nclock = "elapsed"', "1:23:45.25")):
        got = mapped(tmp_path, MINIMAL + time, f"A1,{text}\n".encode())
        assert got.loaded.reads.moment_us.tolist() == [5_025_250_000]
        assert got.loaded.reads.held.tolist() == [True]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("A1,2024-10-27", "is not like"),
        ("A1,2024-02-30 10:00:00", "no such date"),
        ("A1,2024-10-27 24:00:00", "no such time"),
        ("A1,2024-10-27 10:00:00.1234567", "is not like"),
        (",2024-10-27 10:00:00", "no tag"),
        ("A1", "has 1 values where the mapping needs 2"),
        ('"A1,2024-10-27 10:00:00', "quotes"),
    ],
)
def test_a_line_that_does_not_fit_is_bad_and_the_next_counts(tmp_path: Path, line: str, reason: str) -> None:
    got = mapped(tmp_path, MINIMAL, f"{line}\nA2,2024-10-27 10:00:00\n".encode())
    ((number, words),) = got.bad
    assert number == 1
    assert reason in words
    assert [row[0] for row in got.rows] == ["A2"]


def test_a_mat_is_found_by_the_mappings_words_by_id_or_by_label(tmp_path: Path) -> None:
    mapping = 'source = "finish"\n[columns]\ntag = "chip"\ntime = "T"\nmat = "where"\nantenna = "a"\nrssi = "s"\n'
    mapping += '[time]\nformat = "epoch_us"\n[mats]\n"Ziel 1" = "FINISH-B"\n'
    lines = ["Chip,t,WHERE,a,s", *(f"A,{TEN},{where},3,-61.5" for where in ("Ziel 1", "START-M", "05", "Tor"))]
    got = mapped(tmp_path, mapping, "\n".join(lines).encode())
    assert [row[1] for row in got.rows] == ["FINISH-B", "START-M", "FINISH-M", None]
    assert dict(got.loaded.unknown_mats) == {"Tor": 1}
    assert got.loaded.reads.antenna.tolist() == [3] * 4
    assert got.loaded.reads.rssi.tolist() == [-61.5] * 4


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("", "columns.tag is missing"),
        ("[columns]\ntag = 1", "columns.time is missing"),
        ("[columns]\ntag = 0\ntime = 1", "its number from 1"),
        ("[columns]\ntag = 1\ntime = 2\nbib = 3", "columns.bib is not known here; there are: tag, time"),
        ('header = false\n[columns]\ntag = "x"\ntime = 2', "header = false"),
        ('separator = ";;"\n[columns]\ntag = 1\ntime = 2', "one character"),
        ('encoding = "utf-16"\n[columns]\ntag = 1\ntime = 2', "cp1252"),
        ('encoding = "hex"\n[columns]\ntag = 1\ntime = 2', "cp1252"),
        ("skip = true\n[columns]\ntag = 1\ntime = 2", "skip is a whole number"),
        (MINIMAL + 'format = "hh"', "needs hh and mm"),
        (MINIMAL + 'format = "DD hh:mm"', "part of a date"),
        (MINIMAL + 'format = "hh:mm:hh"', "twice"),
        (MINIMAL + 'zone = "Mars/Crater"', "no zone"),
        (MINIMAL + 'format = "epoch_s"\nzone = "Europe/Paris"', "time.zone is for"),
        (MINIMAL + 'clock = "elapsed"', "time.clock is local or utc"),
        ('mat = "LIFT"\n[columns]\ntag = 1\ntime = 2', "the race has no mat LIFT; it has START-M"),
        ('source = "tower"\n[columns]\ntag = 1\ntime = 2', "no source tower"),
        ("[columns]\ntag = 1\ntime = 2", "with one of: start, col, finish"),
        ('source = "col"\n[columns]\ntag = "chip"\ntime = 2', "names no column `chip`"),
        ("not toml", "Expected"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused_with_what_would_do(tmp_path: Path, mapping: str, words: str) -> None:
    with pytest.raises(ReadFileRefused) as refused:
        mapped(tmp_path, mapping, f"A1,{TEN}\n".encode())
    assert words in str(refused.value)
    assert "chips.csv" in str(refused.value)


def test_a_mapping_goes_before_what_the_file_looks_like(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MINIMAL)
    assert load_mapping(tmp_path / "m.toml").columns == {"tag": 1, "time": 2}
    mapping = 'mat = "COL-M"\nheader = false\nseparator = ";"\n[columns]\ntag = 2\ndate = 3\ntime = 4\n'
    assert mapped(tmp_path, mapping, passing_line(1, "33", TEN_WALL, bib_set="7")).rows == [("33", "COL-M", TEN)]
    assert len(MATS) == 5


def test_the_figures_of_the_decoders_page_are_in_force() -> None:
    page = " ".join((Path(__file__).parents[2] / "docs" / "readers_race_result.md").read_text(encoding="utf-8").split())
    assert f"counted every {race_result.ASK_EVERY_US / SECOND} s" in page
    assert race_result.POLL_EVERY_US == SECOND
    assert f"up to {race_result_memory.PASSES_MAX} times" in page
    assert f"{race_result_memory.NUMBERS_BEFORE} numbers earlier, in pages of {race_result_memory.PAGE}" in page
    assert f"not older than {race_result_memory.SAME_DAY_US // HOUR} hours" in page
    assert f"1.0 to {'.'.join(map(str, VERSION_MAX))}" in page
