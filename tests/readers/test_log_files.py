"""Read logs as files: what is accepted, what is set aside with which number, and the fast way against a plain one."""

import gzip
import math
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from file_race import MATS, RACE, Loaded
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.errors import ReadFileRefused
from readers.file_columns import BAD_LINES_KEPT
from readers.ipico_frames import tag_line
from readers.line_blocks import LINE_MAX
from readers.log_files import ReadFile, read_files
from timing.reads import Names, SourceId

HEADER = b"mat,tag,epoch_us,antenna,rssi\n"
MORNING = 1_730_016_000_000_000


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "reads.csv"


def loaded(path: Path, *lines: str, header: bytes = HEADER) -> Loaded:
    return Loaded(path, header + "".join(line + "\n" for line in lines).encode())


# What a line means, once more and plainly: no numpy, no blocks. ------------------------------------------------------


def plain_read(line: bytes, columns: list[str]) -> tuple[str, str | None, int, int, float | None] | str | None:
    """The read of a line, the word "bad", or None for a blank line."""
    line = line[:-1] if line.endswith(b"\r") else line
    if len(line) > LINE_MAX:
        return "bad"
    text = line.decode("utf-8", "surrogateescape")
    if set(text) <= set(" \t"):
        return None
    values = plain_values(text)
    if values is None or len(values) != len(columns):
        return "bad"
    given = dict(zip(columns, [value.strip(" \t") for value in values], strict=True))
    mat, tag, epoch = given["mat"], given["tag"], given["epoch_us"]
    antenna, rssi, source = (given.get(name, "") for name in ("antenna", "rssi", "source"))
    digits = epoch[1:] if epoch[:1] in ("+", "-") else epoch
    if not all((mat, tag, mat.isprintable(), tag.isprintable(), '"' not in mat, '"' not in tag)):
        return "bad"
    if not (1 <= len(digits) <= 18 and digits.isascii() and digits.isdigit()):
        return "bad"
    if antenna and not (antenna.isascii() and antenna.isdigit() and len(antenna) <= 5 and int(antenna) < 32768):
        return "bad"
    if rssi and not plain_number(rssi):
        return "bad"
    letters = "abcdefghijklmnopqrstuvwxyz0123456789._-"
    if source and not (set(source) <= set(letters) and source[0] not in "._-" and len(source) <= 64):
        return "bad"
    known = mat if mat in {mat.id for mat in MATS} else None
    return tag.upper(), known, int(epoch), int(antenna or -1), float(rssi) if rssi else None


def plain_number(text: str) -> bool:
    if not set(text) <= set("0123456789.+-eE"):
        return False
    try:
        return abs(float(text)) <= 1e30
    except ValueError:
        return False


def plain_values(text: str) -> list[str] | None:
    """The values of a CSV line, None where its quotes do not match."""
    if '"' not in text:
        return text.split(",")
    values, rest = [], text
    while True:
        if rest.startswith('"'):
            value, rest = "", rest[1:]
            while True:
                piece, quote, rest = rest.partition('"')
                value += piece
                if not quote:
                    return None
                if not rest.startswith('"'):
                    break
                value, rest = value + '"', rest[1:]
            if rest and not rest.startswith(","):
                return None
        else:
            value, comma, after = rest.partition(",")
            if "\r" in value:
                return None
            rest = comma + after
        values.append(value)
        if not rest:
            return values
        rest = rest[1:]


GOOD_TAG = st.sampled_from(["058000128608", "05800012860a", "A1", "e28011606000020612345678", "x" * 32, "y" * 33])
FIELD = {
    "mat": st.sampled_from([*(mat.id for mat in MATS), "start-m", "LIFT", "", '"START-M"', "STA\0RT", "M" * 40]),
    "tag": GOOD_TAG
    | st.sampled_from(["", " 0580 ", '"05,80"', "é1", "\x01", "a\0", "a", "\xa0", '"', 'a"b', '""', "\r"])
    | st.text(max_size=6),
    "epoch_us": st.integers(MORNING, MORNING + 10**10).map(str)
    | st.integers(-(10**18), 10**20).map(str)
    | st.sampled_from(
        ["", "1e15", "1_000", "12:", "１７３", "0", "00001730016000000000", "-5", "+7", "1.0", "/0", ":0"]
    )
    | st.text("0123456789/:", max_size=18),
    "antenna": st.sampled_from(["1", "2", "", "32767", "32768", "-1", "01", "x", " 3", "\0"]),
    "rssi": st.sampled_from(["-61", "-61.5", "", "nan", "inf", "1e5", "1e99", "-.5", "5.", ".", "--1", "-6\0", "\r"]),
    "source": st.sampled_from(["", "start", "other", "BAD", "a" * 65, "-x"]),
    "seq": st.sampled_from(["", "17", '"a,b"', "é", "\0", "\r", '"']),
}
PLAIN = {
    "mat": st.sampled_from([mat.id for mat in MATS]),
    "tag": GOOD_TAG,
    "epoch_us": st.integers(MORNING, MORNING + 10**10).map(str),
    "antenna": st.sampled_from(["1", "2", "3"]),
    "rssi": st.integers(-90, -30).map(str),
    "source": st.sampled_from(["start", "other"]),
    "seq": st.integers(0, 10**6).map(str),
}


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[str], bytes]:
    """Column names, and a file's bytes without its header."""
    needed = ["mat", "tag", "epoch_us"]
    columns = draw(st.permutations(needed + draw(st.lists(st.sampled_from(list(FIELD)[3:]), unique=True))))
    good = st.tuples(*(PLAIN[name] for name in columns)).map(",".join)
    nasty = st.tuples(*(FIELD[name] for name in columns)).map(",".join)
    one_nasty = st.tuples(good, st.sampled_from(columns).flatmap(lambda name: st.tuples(st.just(name), FIELD[name])))
    spoilt = one_nasty.map(lambda it: with_value(it[0], columns, *it[1]))
    noise = st.text(max_size=30) | st.sampled_from(["", ",", ",,,,", "   ", "\t", "\0" * 9, '"', "\r"])
    line = st.one_of(good, good, good, spoilt, nasty, noise).map(lambda text: text.replace("\n", " ").encode())
    damaged = st.tuples(line, st.integers(0, 50), st.binary(max_size=3)).map(
        lambda it: (it[0][: it[1]] + it[2] + it[0][it[1] :]).replace(b"\n", b"")
    )
    lines = draw(st.lists(st.one_of(line, line, damaged), max_size=30))
    ends = draw(st.lists(st.sampled_from([b"\n", b"\r\n"]), min_size=len(lines), max_size=len(lines)))
    body = b"".join(text + end for text, end in zip(lines, ends, strict=True))
    return columns, body.removesuffix(b"\n") if draw(st.booleans()) else body


def with_value(line: str, columns: list[str], name: str, value: str) -> str:
    values = line.split(",")
    values[columns.index(name)] = value
    return ",".join(values)


ROSTER = ("058000128608", "A1", "E28011606000020612345678", "BAD,TAG", "É1", "lower", "Y" * 33, " 0580 ")


@given(log=logs(), block_bytes=st.sampled_from([16, 64, 200, 1 << 20]), known=st.sampled_from([(), ROSTER]))
@settings(max_examples=400, deadline=None)
def test_a_block_taken_apart_at_once_gives_what_each_line_gives_alone(
    path: Path, log: tuple[list[str], bytes], block_bytes: int, known: tuple[str, ...]
) -> None:
    columns, body = log
    got = Loaded(path, ",".join(columns).encode() + b"\n" + body, block_bytes=block_bytes, known=known)
    lines = body.split(b"\n")
    lines = lines[:-1] if lines[-1] == b"" else lines
    expected = [plain_read(line, columns) for line in lines]
    assert got.bad == [number for number, read in enumerate(expected, start=2) if read == "bad"]
    rows = [read for read in expected if isinstance(read, tuple)]
    assert got.rows == [(*row[:4], None if row[4] is None else as_float32(row[4])) for row in rows]
    assert got.loaded.lines == len(lines) + 1
    assert got.loaded.malformed == len(got.bad)


def as_float32(number: float) -> float:
    return float(np.float32(number))


# Cases by name. ----------------------------------------------------------------------------------------------------


def test_a_plain_log_gives_its_reads_in_order(path: Path) -> None:
    got = loaded(path, f"START-M,058000128608,{MORNING},1,-61", f"FINISH-B,05800012860a,{MORNING + 1},,")
    assert got.rows == [
        ("058000128608", "START-M", MORNING, 1, -61.0),
        ("05800012860A", "FINISH-B", MORNING + 1, -1, None),
    ]
    assert (got.loaded.lines, got.loaded.malformed, got.bad) == (3, 0, [])


def test_one_tag_in_two_spellings_is_one_tag(path: Path) -> None:
    got = loaded(path, f"START-M,0580abcdefff,{MORNING},,", f"START-M,0580ABCDEFFF,{MORNING},,")
    assert got.tags.names == ["0580ABCDEFFF"]


def test_names_already_in_use_keep_their_numbers(path: Path) -> None:
    path.write_bytes(HEADER + f"START-M,BB,{MORNING},,\nSTART-M,AA,{MORNING},,\n".encode())
    tags = Names(["AA"])
    reads = read_files([ReadFile(path=path)], RACE, tags, Names()).reads
    assert reads.tag.tolist() == [1, 0]


@pytest.mark.parametrize("written", [str.upper, str.lower, str.title])
def test_a_known_tag_is_itself_in_whatever_case_the_file_writes_it(path: Path, written: Callable[[str], str]) -> None:
    known = ["0580ABC00001", "STAFF7"]
    lines = [f"START-M,{written(tag)},{MORNING},," for tag in ("STAFF7", "NEW1", "0580ABC00001")]
    got = Loaded(path, HEADER + "\n".join(lines).encode(), known=known)
    assert got.loaded.reads.tag.tolist() == [1, 2, 0]
    assert got.tags.names == [*known, "NEW1"]


def test_columns_may_stand_in_any_order_and_others_are_passed_over(path: Path) -> None:
    header = b"Note, EPOCH_US ,tag,temperature,Mat\n"
    got = loaded(path, f"a note,{MORNING},A1,21.5,COL-M", header=header)
    assert got.rows == [("A1", "COL-M", MORNING, -1, None)]


def test_quoted_values_are_read(path: Path) -> None:
    header = b'"mat","tag","epoch_us","note"\n'
    got = loaded(path, f'"START-M","A1","{MORNING}","one, two ""three"""', f"START-M,A2,{MORNING},", header=header)
    assert [row[0] for row in got.rows] == ["A1", "A2"]
    assert got.bad == []


def test_a_carriage_return_before_the_line_end_spoils_a_line_with_and_without_quotes(path: Path) -> None:
    lines = [f"START-M,{tag},{MORNING},1,\r\r\n" for tag in ("A1", '"A1"')]
    assert Loaded(path, HEADER + "".join(lines).encode()).bad == [2, 3]


def test_a_quote_that_never_ends_spoils_its_own_line_only(path: Path) -> None:
    got = loaded(path, f'START-M,"A1,{MORNING},1,-60', f"START-M,A2,{MORNING},1,-60")
    assert [row[0] for row in got.rows] == ["A2"]
    assert got.bad == [2]
    assert "quotes" in got.loaded.bad_lines[0].reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"START-M,A1,{MORNING}", "has 3 values where the header names 5"),
        (f"START-M,,{MORNING},1,-60", "no tag"),
        (f",A1,{MORNING},1,-60", "no mat"),
        ("START-M,A1,2024-10-27,1,-60", "epoch_us `2024-10-27` is not a whole number of microseconds"),
        ("START-M,A1,1.73e15,1,-60", "epoch_us `1.73e15` is not"),
        (f"START-M,A1,{MORNING},one,-60", "antenna `one` is not a number from 0 to 32767"),
        (f"START-M,A1,{MORNING},1,weak", "rssi `weak` is not a number"),
        (f"START-M,A\x071,{MORNING},1,-60", "holds characters that no tag has"),
    ],
)
def test_a_damaged_line_is_set_aside_with_its_number_and_the_rest_counts(path: Path, line: str, reason: str) -> None:
    good = f"START-M,A1,{MORNING},1,-60"
    got = loaded(path, good, line, good)
    (bad,) = got.loaded.bad_lines
    assert (bad.file, bad.line) == (str(path), 3)
    assert reason in bad.reason
    assert len(got.rows) == 2


def test_a_bad_line_is_shown_cut_and_printable(path: Path) -> None:
    got = loaded(path, "\x1b[31m" + "z" * 500)
    text = got.loaded.bad_lines[0].text
    assert text.isprintable()
    assert len(text) < 200


def test_bad_lines_are_kept_up_to_a_limit_and_counted_beyond_it(path: Path) -> None:
    got = loaded(path, *["bad"] * (BAD_LINES_KEPT + 5), f"START-M,A1,{MORNING},1,-60")
    assert len(got.loaded.bad_lines) == BAD_LINES_KEPT
    assert got.loaded.malformed == BAD_LINES_KEPT + 5
    assert len(got.rows) == 1


def test_the_same_log_reads_alike_from_windows_with_a_byte_order_mark_and_from_gzip(path: Path) -> None:
    text = HEADER + f"START-M,A1,{MORNING},1,-60\nCOL-M,A2,{MORNING},2,-61.5".encode()
    plain = Loaded(path, text).rows
    assert Loaded(path, b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")).rows == plain
    assert Loaded(path, gzip.compress(text)).rows == plain
    two_parts = gzip.compress(text[:50]) + gzip.compress(text[50:]) + b"\0" * 100
    assert Loaded(path, two_parts).rows == plain


def test_a_gzip_file_cut_short_gives_what_it_holds_and_says_so(path: Path) -> None:
    lines = [f"START-M,A{n},{MORNING + n * n * 7919},1,-60" for n in range(20_000)]
    packed = gzip.compress(HEADER + "\n".join(lines).encode())
    got = Loaded(path, packed[: len(packed) // 2])
    assert 5_000 < len(got.rows) < 15_000
    assert got.loaded.bad_lines[-1].reason == "the compressed file is cut short here"


def test_a_damaged_gzip_file_gives_what_comes_before_the_damage(path: Path) -> None:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(HEADER + f"START-M,A1,{MORNING},1,-60\n".encode()) + packer.flush(zlib.Z_FULL_FLUSH)
    got = Loaded(path, packed + b"\xff" * 50)
    assert [row[0] for row in got.rows] == ["A1"]
    assert "damaged" in got.loaded.bad_lines[-1].reason


NO_LINES = [b"", b"\n", b"\r\n \n", HEADER, HEADER[:-1], b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)]


@pytest.mark.parametrize("content", NO_LINES)
def test_a_file_without_lines_is_no_reads(path: Path, content: bytes) -> None:
    got = Loaded(path, content)
    assert (got.rows, got.loaded.malformed) == ([], 0)


def test_blank_lines_are_passed_over_and_counted_in_numbers(path: Path) -> None:
    got = Loaded(path, b"\n\n" + HEADER + b"\n  \nbad\n" + f"START-M,A1,{MORNING},1,-60\n\n".encode())
    assert got.bad == [6]
    assert len(got.rows) == 1
    assert got.loaded.lines == 8


@pytest.mark.parametrize("block_bytes", [100, 1 << 20])
@pytest.mark.parametrize("length", [LINE_MAX - 50, LINE_MAX, LINE_MAX + 1, 3 * LINE_MAX])
def test_a_huge_line_spoils_only_itself_wherever_blocks_are_cut(path: Path, length: int, block_bytes: int) -> None:
    good = f"START-M,A1,{MORNING},1,-60,".encode()
    content = HEADER[:-1] + b",note\n" + good + b"\n" + good.ljust(length, b"x") + b"\n" + good
    got = Loaded(path, content, block_bytes=block_bytes)
    assert got.bad == ([3] if length > LINE_MAX else [])
    assert len(got.rows) == (2 if length > LINE_MAX else 3)


def test_a_huge_line_cut_at_a_carriage_return_is_still_too_long(path: Path) -> None:
    good = f"START-M,A1,{MORNING},1,-60,".encode()
    content = HEADER[:-1] + b",note\n" + good.ljust(LINE_MAX, b"x") + b"\rmore" * 99 + b"\n" + good
    for block_bytes in (100, 1 << 20):
        assert Loaded(path, content, block_bytes=block_bytes).bad == [2]


def test_a_mat_the_race_does_not_have_is_counted_by_name(path: Path) -> None:
    got = loaded(path, *[f"{mat},A1,{MORNING},1,-60" for mat in ("LIFT", "START-M", "LIFT", "start-m")])
    assert dict(got.loaded.unknown_mats) == {"LIFT": 2, "start-m": 1}
    assert got.loaded.reads.mat.tolist() == [-1, 0, -1, -1]
    assert got.loaded.malformed == 0


def test_a_thousand_unknown_mats_are_told_apart_and_more_are_counted_together(path: Path) -> None:
    got = loaded(path, *[f"X{n},A1,{MORNING},1,-60" for n in range(1100)])
    counts = got.loaded.unknown_mats
    assert (len(counts), sum(counts.values())) == (1001, 1100)
    assert set(got.loaded.reads.mat.tolist()) == {-1}


def test_a_read_is_of_the_source_it_names_else_of_the_files_else_of_its_mats(path: Path) -> None:
    text = f"mat,tag,epoch_us,source\nSTART-M,A,{MORNING},other\nCOL-M,A,{MORNING},\nLIFT,A,{MORNING},\n".encode()
    assert Loaded(path, text).read_sources == ["other", "col", None]
    assert Loaded(path, text, source="finish").read_sources == ["other", "finish", "finish"]


def test_a_moment_outside_the_race_window_is_held(path: Path) -> None:
    got = loaded(path, *[f"START-M,A1,{us},," for us in (MORNING, MORNING // 10, -MORNING)])
    assert got.loaded.reads.held.tolist() == [False, True, True]
    assert got.loaded.reads.moment_us.tolist() == [MORNING, MORNING // 10, -MORNING]


def test_signals_keep_their_decimals(path: Path) -> None:
    got = loaded(path, f"START-M,A1,{MORNING},1,-61.25", f"START-M,A1,{MORNING},1,")
    assert got.loaded.reads.rssi[0] == -61.25
    assert math.isnan(got.loaded.reads.rssi[1])


def test_many_tags_of_one_race_are_each_found_again(path: Path) -> None:
    tags = [f"{n * 0x9E3779B97 % 16**12:012X}" for n in range(30_000)]
    got = loaded(path, *[f"START-M,{tag},{MORNING},1,-60" for tag in (*tags, *reversed(tags))])
    assert [row[0] for row in got.rows] == [*tags, *reversed(tags)]
    assert got.tags.names == tags


def test_files_of_both_kinds_are_joined_in_the_order_given(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(HEADER + f"COL-M,A1,{MORNING},1,-60\n".encode())
    line = tag_line("058000123456", MORNING, reader_id=5)
    (tmp_path / "b.txt").write_bytes(line + b"some text\r\n" + line.replace(b"3456", b"3457"))
    tags = Names()
    loaded = read_files([ReadFile(path=tmp_path / name) for name in ("b.txt", "a.csv")], RACE, tags, Names())
    assert [tags.names[code] for code in loaded.reads.tag] == ["058000123456", "A1"]
    assert (loaded.lines, loaded.malformed) == (5, 1)
    assert loaded.bad_lines[0].file == str(tmp_path / "b.txt")


# Files that are refused. --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"mat,epoch_us,antenna\n", "has no column tag"),
        (b"mat,tag,epoch_us,tag\n", "names tag twice"),
        (b"mat;tag;epoch_us;antenna;rssi\n", "separated by commas"),
        (b"bib,last_name,first_name\n1,X,Y\n", "not a file of reads"),
        (b"PK\x03\x04\x14\0\0\0", "not a file of reads"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_would_be_accepted(path: Path, content: bytes, words: str) -> None:
    with pytest.raises(ReadFileRefused, match="mat,tag,epoch_us,antenna,rssi") as refused:
        Loaded(path, content)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)
    assert str(refused.value).isprintable()


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ReadFileRefused, match=r"gone\.csv: cannot be read: No such file"):
        read_files([ReadFile(path=tmp_path / "gone.csv")], RACE, Names(), Names())


def test_a_source_the_race_does_not_have_is_refused_with_those_it_has(path: Path) -> None:
    with pytest.raises(ReadFileRefused, match="no source tower; it has start, col, finish"):
        Loaded(path, HEADER, source="tower")


def test_the_size_of_a_block_plays_no_part(path: Path) -> None:
    lines = [f"{MATS[n % 5].id},A{n % 700},{MORNING + n},{n % 4},{-n % 90}" for n in range(3000)]
    content = HEADER + "\n".join(lines).encode()
    whole = Loaded(path, content)
    for block_bytes in (1, 37, 1000, 65_536):
        parts = Loaded(path, content, block_bytes=block_bytes)
        assert parts.rows == whole.rows
        assert parts.tags.names == whole.tags.names


def test_a_source_said_for_the_file_is_among_the_names_only_once(path: Path) -> None:
    got = Loaded(path, HEADER + f"START-M,A,{MORNING},,\n".encode(), source="start")
    assert got.sources.names == [SourceId("start")]


# The page for people. -------------------------------------------------------------------------------------------------


def test_the_examples_on_the_page_are_read_as_the_page_says(path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "read_logs.md").read_text(encoding="utf-8")
    log, lines = (re.search(f"```{kind}\n(.*?)```", page, re.DOTALL) for kind in ("csv", "text"))
    assert log is not None
    assert lines is not None
    from_log = Loaded(path, log[1].encode())
    assert [(row[0], row[2]) for row in from_log.rows] == [
        ("058000128608", 1_730_016_005_270_000),
        ("0580001286FF", 1_730_019_600_000_000),
    ]
    from_lines = Loaded(path, lines[1].encode())
    assert [row[:2] for row in from_lines.rows] == [("058000128608", "START-M"), ("058000128608", "FINISH-M")]
    assert from_log.loaded.malformed == from_lines.loaded.malformed == 0
    assert f"{BAD_LINES_KEPT:,} bad lines" in page
    assert f"{LINE_MAX:,} bytes" in page
