"""Files of IPICO lines: every form of a record, what is damaged and why, and the fast way against a plain one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from file_race import MATS, PARIS, RACE, Loaded, mat, race
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.errors import ReadFileRefused
from readers.ipico_file import TagRecord, Trigger, record
from readers.ipico_frames import clock_reply, gun_frame, tag_line, trident_line
from readers.line_blocks import LINE_MAX
from readers.log_files import ReadFile, read_files
from timing.instants import instant_of
from timing.reads import Names, SourceId


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines") / "lines.txt"


def wall(text: str) -> int:
    """A reader's clock as microseconds: `wall("2024-10-27 09:00:00.25")`."""
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=UTC))


def in_marseille(text: str) -> int:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=PARIS))


GUN_AT = wall("2024-10-27 10:00:00.27")
LINE = tag_line("058000128608", GUN_AT, reader_id=1).decode().strip()


# Samples with known answers. -----------------------------------------------------------------------------------------

SAMPLES = {
    "aa400000000123450a2a01123018455927a7": ("40", "000000012345", "2001-12-30 18:45:59.39"),
    "aa0005800012860800012603062027472353": ("00", "058000128608", "2026-03-06 20:27:47.35"),
    "aa00058000120e38000e26030713560136b0": ("00", "058000120E38", "2026-03-07 13:56:01.54"),
    "aa00058000123b3200012603081222022f060080cd": ("00", "058000123B32", "2026-03-08 12:22:02.47"),
    "aa00058000123b3200042603081222022f060060ce": ("00", "058000123B32", "2026-03-08 12:22:02.47"),
}


@pytest.mark.parametrize(("line", "answer"), SAMPLES.items())
def test_a_captured_record_says_what_is_known_of_it(path: Path, line: str, answer: tuple[str, str, str]) -> None:
    label, tag, clock = answer
    seen = record(line)
    assert isinstance(seen, TagRecord)
    assert (seen.label, seen.tag, seen.stamp_us) == (label, tag, wall(clock))
    got = Loaded(path, line.encode())
    assert [row[0] for row in got.rows] == [tag]
    assert got.loaded.reads.held.tolist() == [True]
    assert dict(got.loaded.unknown_mats) == {label: 1}


def test_a_captured_trigger_is_a_gun(path: Path) -> None:
    assert record("ab000a2c260306052004151b2782ae") == Trigger(label="00", stamp_us=wall("2026-03-06 20:04:15.27"))
    got = Loaded(path, LINE.encode() + b"\r\nab000a2c260306052004151b2782ae\r\n", source="start")
    (gun,) = got.loaded.guns
    assert (gun.line, gun.source, gun.label, gun.held) == (2, "start", "00", True)
    assert gun.instant_us == in_marseille("2026-03-06 20:04:15.27")
    assert got.loaded.malformed == 0


def test_a_gun_on_race_day_is_not_held(path: Path) -> None:
    got = Loaded(path, gun_frame(GUN_AT, reader_id=1))
    assert [(gun.label, gun.held) for gun in got.loaded.guns] == [("01", False)]
    assert got.loaded.guns[0].instant_us == in_marseille("2024-10-27 10:00:00.27")


@pytest.mark.parametrize("frame", ["ab000902260306051855443727cf", "ab0000f157", clock_reply(GUN_AT).decode().strip()])
def test_answers_of_the_reader_are_no_reads_and_no_faults(path: Path, frame: str) -> None:
    assert record(frame) is None
    got = Loaded(path, f"{frame}\r\n{LINE}\r\n".encode())
    assert (len(got.rows), got.loaded.malformed) == (1, 0)


def test_a_nul_in_the_hour_is_no_hour_of_one_digit(path: Path) -> None:
    got = Loaded(path, PROOF + b"\naa0000000001112245688801072\x0000000008\n")
    assert (len(got.rows), got.bad) == (1, [2])


# What a line means, once more and plainly. ---------------------------------------------------------------------------


def plain_record(raw: bytes) -> tuple[str, str, int, float | None] | str | None:
    """(label, tag, wall clock, signal) of a line, "gun", "bad", or None for what is passed over."""
    if len(raw) > LINE_MAX:
        return "bad"
    line = raw.decode("latin-1").strip("\0 \t\r")
    head, n = line[:2].lower(), len(line)
    if head == "ab":
        if line[6:8].lower() != "2c" or n < 8:
            return None
        right = n == 30 and line[4:6].lower() == "0a" and sum_is_right(line, 28) and both_hex(line[2:4])
        return "gun" if right and clock_of(line[8:14] + line[16:24]) is not None else "bad"
    if head in ("ac", "ae"):
        return None
    if head != "aa":
        return "bad" if hex_run(line) >= 24 else None
    trident = n == 40 and line[2].isascii() and line[2].isalpha() and line[3] in "0123456789"
    stamp = clock_of(line[20:34]) if n >= 36 else None
    tag_ok = n >= 36 and all(both_hex(line[at : at + 2]) for at in range(4, 16, 2))
    if trident:
        ok = line[34:36] == "00" and letters(line[36:38]) and both_hex(line[38:40]) and tag_ok and stamp is not None
        return (line[2:4].lower(), line[4:16].upper(), stamp, float(int(line[38:40], 16))) if ok else "bad"
    if n not in (36, 38, 42, 44) or not sum_is_right(line, 34 if n < 42 else 40):
        return "bad"
    if (n in (38, 44) and not letters(line[-2:])) or not tag_ok or not both_hex(line[2:4]):
        return "bad"
    if n >= 42:
        if not both_hex(line[36:38]):
            return "bad"
        if line[36:38] != "00":
            return None
    return (line[2:4].lower(), line[4:16].upper(), stamp, None) if stamp is not None else "bad"


HEX = "0123456789abcdefABCDEF"


def both_hex(text: str) -> bool:
    return len(text) == 2 and text[0] in HEX and text[1] in HEX


def letters(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalpha()


def hex_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character in HEX else 0
        longest = max(longest, run)
    return longest


def sum_is_right(line: str, end: int) -> bool:
    return both_hex(line[end : end + 2]) and int(line[end : end + 2], 16) == sum(map(ord, line[2:end])) % 256


def clock_of(text: str) -> int | None:
    if not (text[:12].isascii() and text[:12].isdigit() and both_hex(text[12:14]) and int(text[12:14], 16) < 100):
        return None
    year, month, day, hour, minute, second = (int(text[at : at + 2]) for at in range(0, 12, 2))
    try:
        moment = datetime(year + (2000 if year < 70 else 1900), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return instant_of(moment) + int(text[12:14], 16) * 10_000


TAG = st.sampled_from(["058000128608", "05800012860a", "0580001286ff"])
STAMP = st.integers(wall("2024-10-27 00:00:00") // 10_000, wall("2024-10-27 23:59:59") // 10_000).map(
    lambda n: n * 10_000
)
TTO = st.none() | st.tuples(st.integers(0, 255), st.sampled_from([0, 0, 0, 1]), st.integers(0, 255))
RECORD = st.builds(
    tag_line,
    TAG,
    STAMP,
    reader_id=st.sampled_from([1, 2, 10, 5, 6, 0x77]),
    i=st.integers(0, 255),
    q=st.integers(0, 255),
    tto=TTO,
    suffix=st.sampled_from(["", "", "FS", "LS", "1S", "é"]),
)
TRIDENT = st.builds(
    trident_line,
    TAG,
    STAMP,
    letter=st.sampled_from(["A", "R", "f", "1", "é"]),
    kind=st.sampled_from(["FS", "LS", "BS", "RR", "F1"]),
    signal=st.integers(0, 255),
)
OTHER = st.one_of(
    st.builds(gun_frame, STAMP),
    st.builds(clock_reply, STAMP),
    st.binary(max_size=50),
    st.sampled_from(
        [
            b"ae010580001286080001010101c3",
            b"",
            b" ",
            b"\0" * 1024,
            b"IPICO Lite 2.10",
            b"aa",
            b"a",
            b"ab",
            b"\r",
            b"ab000a2c",
            b"0" * 30,
        ]
    ),
)


def upper(line: bytes) -> bytes:
    """The record in upper case, with the LRC of the upper-case text."""
    text = line.decode().strip().upper()
    body = text[2:34]
    return f"AA{body}{sum(body.encode()) % 256:02X}".encode()


def damage(line: bytes, at: int, other: bytes, cut: int) -> bytes:
    return (line[:at] + other + line[at + cut :]).replace(b"\n", b"")


def resummed(line: bytes, at: int, other: int) -> bytes:
    """The record with another character, its LRC right again."""
    body = bytearray(line.strip()[2:34])
    body[at] = other
    return b"aa" + body + b"%02x" % (sum(body) % 256)


PLAIN_RECORD = st.builds(tag_line, TAG, STAMP, reader_id=st.sampled_from([1, 2, 5]))
NASTY = st.one_of(
    st.builds(damage, RECORD | TRIDENT, st.integers(0, 46), st.binary(max_size=2), st.integers(0, 2)),
    st.builds(resummed, PLAIN_RECORD, st.integers(0, 31), st.sampled_from(list(b"0369afAFgz:/@`GZ \0\xff"))),
    PLAIN_RECORD.map(upper),
    st.builds(lambda noise, line: noise.replace(b"\n", b"") + line, st.binary(max_size=4), PLAIN_RECORD),
)
LINES = st.lists(st.one_of(PLAIN_RECORD, PLAIN_RECORD, RECORD, TRIDENT, NASTY, OTHER), max_size=30)


@given(
    lines=LINES,
    ends=st.lists(st.sampled_from([b"\n", b"\r\n"]), min_size=31, max_size=31),
    ended=st.booleans(),
    block_bytes=st.sampled_from([16, 50, 200, 1 << 20]),
    known=st.sampled_from([(), ("058000128608", "0580001286ZZ", "A1")]),
)
@settings(max_examples=400, deadline=None)
def test_a_block_taken_apart_at_once_gives_what_each_line_gives_alone(
    path: Path, lines: list[bytes], ends: list[bytes], ended: bool, block_bytes: int, known: tuple[str, ...]
) -> None:
    lines = [PROOF, *(line.removesuffix(b"\r\n").replace(b"\n", b"") for line in lines)]
    content = b"".join(line + end for line, end in zip(lines, ends, strict=False))
    content = content if ended else content.removesuffix(b"\n")
    got = Loaded(path, content, block_bytes=block_bytes, known=known)
    expected = [plain_record(line) for line in content.removesuffix(b"\n").split(b"\n")]
    assert got.bad == [number for number, seen in enumerate(expected, start=1) if seen == "bad"]
    assert [gun.line for gun in got.loaded.guns] == [n for n, seen in enumerate(expected, start=1) if seen == "gun"]
    mat_of = {mat.label: mat.id for mat in MATS}
    rows = [seen for seen in expected if isinstance(seen, tuple)]
    hour_us = 3_600_000_000
    change = wall("2024-10-27 03:00:00")
    assert got.rows == [
        (tag, mat_of.get(label), clock - (2 if clock < change else 1) * hour_us, -1, signal)
        for label, tag, clock, signal in rows
    ] or any(not wall("2024-10-26 00:00") <= clock < wall("2024-10-29 00:00") for _, _, clock, _ in rows)
    assert [row[0] for row in got.rows] == [tag for _, tag, _, _ in rows]


PROOF = tag_line("05800000000a", GUN_AT, reader_id=1).removesuffix(b"\r\n")
"""A first line that shows what kind of file it is."""


# Cases by name. ----------------------------------------------------------------------------------------------------


def test_hundredths_are_hexadecimal_and_the_rest_is_decimal(path: Path) -> None:
    lines = [tag_line("058000000001", GUN_AT // 1_000_000 * 1_000_000 + n * 10_000, reader_id=1) for n in range(100)]
    got = Loaded(path, b"".join(lines))
    second = in_marseille("2024-10-27 10:00:00")
    assert [row[2] - second for row in got.rows] == [n * 10_000 for n in range(100)]


def test_every_length_of_record_is_read_in_one_file(path: Path) -> None:
    lines = [
        tag_line("058000000001", GUN_AT, reader_id=1),
        tag_line("058000000002", GUN_AT, reader_id=1, suffix="FS"),
        tag_line("058000000003", GUN_AT, reader_id=1, tto=(6, 0, 0x80)),
        tag_line("058000000004", GUN_AT, reader_id=1, tto=(6, 0, 0x60), suffix="LS"),
        trident_line("058000000005", GUN_AT, letter="R", receiver=1, signal=200),
    ]
    got = Loaded(path, b"".join(lines))
    assert sorted({len(line) - 2 for line in lines}) == [36, 38, 40, 42, 44]
    assert [row[0][-1] for row in got.rows] == list("12345")
    assert got.rows[4][4] == 200.0
    assert dict(got.loaded.unknown_mats) == {"r1": 1}


def test_a_tag_data_page_is_not_a_passing(path: Path) -> None:
    got = Loaded(path, PROOF + b"\n" + tag_line("058000000001", GUN_AT, reader_id=1, tto=(6, 1, 0)))
    assert [row[0] for row in got.rows] == ["05800000000A"]
    assert got.loaded.malformed == 0


def test_upper_case_is_summed_as_received(path: Path) -> None:
    line = upper(tag_line("0580001abcde", GUN_AT, reader_id=10))
    got = Loaded(path, PROOF + b"\n" + line)
    assert got.rows[1][:2] == ("0580001ABCDE", "COL-M")


def test_a_known_tag_that_no_reader_can_send_is_no_tag_of_a_line(path: Path) -> None:
    odd = resummed(LINE.encode(), 13, ord("z"))
    got = Loaded(path, LINE.encode() + b"\n" + odd, known=["05800012860Z"])
    assert (len(got.rows), got.bad) == (1, [2])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINE[:-1] + "0", "checksum"),
        (LINE[:-1], "not 35"),
        (LINE + LINE, "not 72"),
        (LINE[5:], "without its beginning"),
        (resummed(LINE.encode(), 30, ord("6")).decode()[:33] + "4" + LINE[34:], "checksum"),
        (LINE + "12", "two letters"),
        (resummed(LINE.encode(), 22, ord("9")).decode(), "no such date"),
        (resummed(LINE.encode(), 26, ord("9")).decode(), "no such time"),
        (resummed(LINE.encode(), 30, ord("6")).decode(), "hundredths `6b` are more than 63"),
        (resummed(LINE.encode(), 0, ord("g")).decode(), "reader id"),
        (resummed(LINE.encode(), 5, ord("g")).decode(), "tag"),
        ("ab000a2c260306052004151b2782af", "checksum"),
        ("ab000a2c2603060520", "trigger"),
        (trident_line("058000000005", GUN_AT).decode().strip()[:34] + "01FS00", "00 for its checksum"),
        ("aa" + "9" * LINE_MAX, "longer than"),
    ],
)
def test_a_damaged_record_is_reported_with_its_number_and_reason(path: Path, line: str, reason: str) -> None:
    got = Loaded(path, f"{LINE}\r\n{line}\r\n{LINE}\r\n".encode())
    assert len(got.rows) == 2
    (bad,) = got.loaded.bad_lines
    assert bad.line == 2
    assert reason in bad.reason


def test_a_record_cut_at_any_byte_is_reported_or_passed_over_and_never_a_read(path: Path) -> None:
    for cut in range(1, len(LINE)):
        got = Loaded(path, f"{LINE}\r\n{LINE[:cut]}\r\n{LINE}".encode())
        assert len(got.rows) == 2
        assert got.bad == ([2] if cut >= 2 else [])


def test_noise_and_nuls_around_records_lose_nothing(path: Path) -> None:
    content = (
        b"\0" * 1024 + LINE.encode() + b"\r\n\xff\xfe garbage \x07\r\nIPICO Lite\r\n\r\n" + LINE.encode() + b"  \r\n"
    )
    got = Loaded(path, content)
    assert (len(got.rows), got.loaded.malformed, got.loaded.lines) == (2, 0, 5)


def test_text_before_the_first_record_does_not_hide_the_kind_of_file(path: Path) -> None:
    banner = b"".join(b"line %d of a banner\r\n" % n for n in range(500))
    assert len(Loaded(path, banner + LINE.encode()).rows) == 1


def test_local_time_becomes_instants_in_the_zone_of_the_race(path: Path) -> None:
    clocks = ["2024-10-27 01:59:59", "2024-10-27 02:30:00", "2024-10-27 03:00:00", "2024-10-27 11:00:00"]
    got = Loaded(path, b"".join(tag_line("058000000001", wall(clock), reader_id=1) for clock in clocks))
    assert [row[2] for row in got.rows] == [in_marseille(clock) for clock in clocks]


def test_a_stamp_of_another_day_is_held(path: Path) -> None:
    got = Loaded(
        path, b"".join(tag_line("058000000001", wall(f"2024-10-{day} 10:00:00"), reader_id=1) for day in (25, 27))
    )
    assert got.loaded.reads.held.tolist() == [True, False]


# Which mat. ----------------------------------------------------------------------------------------------------------


def test_reader_ids_that_are_unique_tell_the_mats(path: Path) -> None:
    got = Loaded(path, b"".join(tag_line("058000000001", GUN_AT, reader_id=id) for id in (1, 2, 10, 5, 6)))
    assert [row[1] for row in got.rows] == [mat.id for mat in MATS]
    assert got.read_sources == ["start", "start", "col", "finish", "finish"]


SAME_IDS = race((mat("START-M", "start", "00"), mat("START-B", "start", "01"), mat("FINISH-M", "finish", "00")))


def read_by(path: Path, source: str | None) -> list[int]:
    path.write_bytes(tag_line("058000000001", GUN_AT, reader_id=0))
    file = ReadFile(path=path, source=SourceId(source) if source else None)
    return read_files([file], SAME_IDS, Names(), Names()).reads.mat.tolist()


def test_a_source_that_is_said_tells_the_mat(path: Path) -> None:
    assert read_by(path, "finish") == [2]
    assert read_by(path, "start") == [0]


@pytest.mark.parametrize("name", ["finish.txt", "FINISH.ipico.log", "finish"])
def test_a_file_named_for_its_source_tells_the_mat(tmp_path: Path, name: str) -> None:
    assert read_by(tmp_path / name, None) == [2]


def test_what_is_said_counts_more_than_the_name_of_the_file(tmp_path: Path) -> None:
    assert read_by(tmp_path / "finish.txt", "start") == [0]


def test_a_file_that_could_come_from_two_readers_is_refused_with_what_to_write(path: Path) -> None:
    with pytest.raises(ReadFileRefused) as refused:
        read_by(path, None)
    assert f"Write SOURCE={path} with one of: start, col, finish" in str(refused.value)


def test_a_mat_alone_at_its_source_needs_no_label(tmp_path: Path) -> None:
    alone = race((mat("START-M", "start", None), mat("FINISH-M", "finish", None)))
    (tmp_path / "finish.txt").write_bytes(tag_line("058000000001", GUN_AT, reader_id=7))
    assert read_files([ReadFile(path=tmp_path / "finish.txt")], alone, Names(), Names()).reads.mat.tolist() == [1]


def test_a_reader_id_without_a_mat_is_counted_by_source_and_label(path: Path) -> None:
    path.write_bytes(b"".join(tag_line("058000000001", GUN_AT, reader_id=id) for id in (1, 9, 9)))
    file = ReadFile(path=path, source=SourceId("start"))
    loaded = read_files([file], RACE, Names(), Names())
    assert dict(loaded.unknown_mats) == {"start/09": 2}
    assert loaded.reads.mat.tolist() == [0, -1, -1]
