"""Lines of a RACE RESULT decoder: the page's samples, every cut, written ones read back, and rubbish."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from readers.events import DecoderEvent, GunSeen, Malformed
from readers.protocol import Now
from readers.race_result import RaceResultProtocol
from readers.race_result_frames import answer, passing_line, set_clock_request, stamp_text, status_line
from readers.race_result_records import Passing, file_of, passing, stamp_of, status
from readers.race_result_requests import version_to_speak
from readers.race_result_stream import LINE_MAX, LineStream
from timing.instants import DAY, HOUR, MINUTE, SECOND
from timing.reads import ChipRead

NOW = Now(1_795_000_000_000_000, 1_000)
MORNING = 1_793_095_200_000_000  # 2026-10-27 10:00:00 of a clock

ACTIVE = b"#P;1;ZICAD30;0000-00-00;10:00:01.250;0;1e;7a;;1;1;2;0;10233;3.0;21;0;D-50432;177;;D-50432\r\n"
OLD = b"1;33;0000-00-00;00:00:02.773;6692;12;-68;09ca52\r\n"
SIMULATOR = b"1;413A9C;2026-11-22;10:18:46.691359;\r\n"


def fed(*pieces: bytes) -> list[DecoderEvent]:
    protocol = RaceResultProtocol(keep_raw=True)
    return [event for piece in pieces for event in protocol.receive_data(piece, NOW)] + protocol.disconnected()


def reads_of(events: list[DecoderEvent]) -> list[ChipRead]:
    return [event for event in events if isinstance(event, ChipRead)]


SAMPLES = [
    (
        ACTIVE,
        ChipRead(
            tag="ZICAD30",  # type: ignore[arg-type]
            stamp_us=10 * HOUR + 1_250_000,
            received_us=NOW.race_us,
            label="2",
            rssi=-62.0,
            reader_file="D-50432/177",
            reader_seq=1,
            raw=ACTIVE.decode().strip(),
        ),
    ),
    (
        OLD,
        ChipRead(
            tag="6692-33",  # type: ignore[arg-type]
            stamp_us=2_773_000,
            received_us=NOW.race_us,
            rssi=-68.0,
            raw=OLD.decode().strip(),
        ),
    ),
    (
        SIMULATOR,
        ChipRead(
            tag="413A9C",  # type: ignore[arg-type]
            stamp_us=1_795_342_726_691_359,
            received_us=NOW.race_us,
            raw=SIMULATOR.decode().strip(),
        ),
    ),
]


@pytest.mark.parametrize(("line", "read"), SAMPLES)
def test_a_sample_of_the_page_is_the_read_it_says_however_it_is_cut(line: bytes, read: ChipRead) -> None:
    assert fed(line) == [read]
    assert fed(*(bytes([octet]) for octet in line)) == [read]
    for cut in range(len(line) + 1):
        assert fed(line[:cut], line[cut:]) == [read]
    assert fed(line.replace(b"\r\n", b"\n")) == [read]
    assert fed(b"\0\0" + line) == [read]


def test_fields_that_reads_do_not_carry_are_understood() -> None:
    found = passing(ACTIVE.decode().strip().removeprefix("#P;"))
    assert isinstance(found, Passing)
    assert (found.active, found.stored, found.file, found.box) == (True, False, 177, "D-50432")
    assert file_of("D-50432/177") == ("D-50432", 177)
    assert file_of("177") == ("", 177)
    assert file_of("rubbish")[1] is None


def test_a_stored_passing_is_told() -> None:
    line = passing_line(7, "ZICAD30", MORNING, active=True, stored=True)
    found = passing(line.decode().strip())
    assert isinstance(found, Passing)
    assert found.stored


def test_the_vendors_exporter_without_the_store_field_is_told_by_its_end() -> None:
    whole = passing_line(7, "33", MORNING, bib_set="6692", rssi="-68", file=177, antenna=3).decode().strip()
    fields = whole.split(";")
    del fields[11]
    assert passing(";".join(fields)) == passing(whole)


def test_a_marker_is_a_gun() -> None:
    (gun,) = fed(passing_line(3, "99999", MORNING, loop=2, active=True, pushed=True))
    assert isinstance(gun, GunSeen)
    assert (gun.stamp_us, gun.label) == (MORNING, "2")


@pytest.mark.parametrize(
    ("day", "clock", "us", "dated", "resolution_us"),
    [
        ("0000-00-00", "10:00:01.250", 10 * HOUR + 1_250_000, False, 1_000),
        ("0000-00-01", "00:00:00.001", DAY + 1_000, False, 1_000),
        ("1970-01-02", "00:00:00", DAY, True, SECOND),
        ("2024-02-29", "23:59:59.9", 1_709_251_199_900_000, True, 100_000),
        ("2026-11-22", "10:18:46.691359", 1_795_342_726_691_359, True, 1),
    ],
)
def test_date_and_time_are_a_stamp(day: str, clock: str, us: int, dated: bool, resolution_us: int) -> None:
    stamp = stamp_of(day, clock)
    assert stamp is not None
    assert (stamp.us, stamp.dated, stamp.resolution_us) == (us, dated, resolution_us)


@pytest.mark.parametrize(
    "line",
    [
        b"#P;1;ZICAD30;2025-02-29;10:00:01.250",
        b"#P;1;ZICAD30;2025-02-28;24:00:00.000",
        b"#P;1;ZICAD30;2025-02-28;10:60:00.000",
        b"#P;1;ZICAD30;2025-02-28;10:00:00.1234567",
        b"#P;1;;2025-02-28;10:00:00.000",
        b"#P;1;Z\x01CAD30;2025-02-28;10:00:00.000",
        b"#P;;ZICAD30;2025-02-28;10:00:00.000",
        b"#P;1;ZICAD30;2025-02-28",
        b"12;rubbish",
        b"aa0105800012860800012410271000001b6c",
        b"\xff\xfe\xfd",
    ],
)
def test_what_is_no_line_is_malformed_with_its_bytes(line: bytes) -> None:
    (event, read) = fed(line + b"\r\n" + ACTIVE)
    assert isinstance(event, Malformed)
    assert event.raw == line.decode("latin-1")
    assert event.size == len(line)
    assert isinstance(read, ChipRead)


def test_odd_fields_beyond_the_time_do_not_cost_the_read() -> None:
    line = b"1;abc;2026-11-22;10:18:46.691;x;y;z;;?;;9x;;;;;q;;none;two;;;;more\r\n"
    (read,) = reads_of(fed(line))
    assert (read.tag, read.label, read.antenna, read.rssi, read.reader_file) == ("ABC", None, None, None, None)


def test_pushes_that_lost_the_line_end_between_them_are_two_reads() -> None:
    assert len(reads_of(fed(ACTIVE.strip() + ACTIVE.replace(b"#P;1;", b"#P;2;")))) == 2


def test_half_a_line_never_meets_the_next_connection() -> None:
    protocol = RaceResultProtocol()
    protocol.receive_data(ACTIVE[:40], NOW)
    (cut,) = protocol.disconnected()
    assert isinstance(cut, Malformed)
    assert cut.size == 40
    protocol.connected(NOW)
    assert reads_of(protocol.receive_data(ACTIVE[40:], NOW)) == []


def test_noise_without_end_is_bounded_and_the_push_after_it_is_found() -> None:
    noise = b"x" * 100_000
    for pieces in ([noise + ACTIVE], [noise, ACTIVE], [noise[:700], noise[700:], ACTIVE[:9], ACTIVE[9:]]):
        bad, read = fed(*pieces)
        assert isinstance(bad, Malformed)
        assert bad.size == len(noise) + len(ACTIVE) - 1
        assert len(bad.raw) == 200
        assert isinstance(read, ChipRead)
    stream = LineStream()
    for _ in range(100):
        stream.feed(noise)
        assert stream.pending <= LINE_MAX + 256


def test_the_status_of_the_page_is_understood() -> None:
    seen = status(["2026-11-22", "10:32:03", "1", "1,1,1,1", "1", "12", "1"])
    assert (seen.power, seen.antennas, seen.operation, seen.file, seen.gps) == (True, (1, 2, 3, 4), True, 12, True)
    assert seen.stamp == stamp_of("2026-11-22", "10:32:03")
    assert seen.warnings == ()


def test_the_status_of_an_emulator_is_understood() -> None:
    line = "2026-11-22;10:32:03.120;1;10000000;1;1;;;1;100;0;0;0;;1;1;100;1;0;1;0;0;0;0x21;13.23"
    seen = status(line.split(";"))
    assert (seen.antennas, seen.battery_percent, seen.time_source) == ((1,), 100, 0)
    assert seen.warnings == ("the UHF reader reports an error", "the loop is at its limit")
    assert "battery 100 %" in seen.text


def test_a_status_that_costs_reads_is_told_in_words() -> None:
    line = status_line(3_600_000_000, power=False, operation=False, gps=False, battery=12, antennas="00000000")
    seen = status(line.decode().strip().split(";")[1:])
    said = " ".join(seen.warnings)
    for word in ("test mode", "battery", "no antenna", "no date"):
        assert word in said


@given(st.lists(st.text(max_size=12), max_size=30))
def test_any_status_is_some_status(fields: list[str]) -> None:
    assert isinstance(status(fields).text, str)


@given(
    number=st.integers(1, 999_999_999),
    code=st.from_regex(r"[A-Z0-9]{1,12}", fullmatch=True).filter(lambda code: code != "99999"),
    stamp_ms=st.one_of(st.integers(0, 99 * 86_400_000 - 1), st.integers(400 * 86_400_000, 4_000_000_000_000)),
    loop=st.one_of(st.none(), st.integers(1, 8)),
    antenna=st.one_of(st.none(), st.integers(1, 8)),
    bib_set=st.one_of(st.just("0"), st.integers(1, 99_999).map(str)),
    dbm=st.integers(-90, -20),
    file=st.integers(1, 9999),
    pushed=st.booleans(),
)
def test_a_passing_that_is_written_is_read_back(
    number: int,
    code: str,
    stamp_ms: int,
    loop: int | None,
    antenna: int | None,
    bib_set: str,
    dbm: int,
    file: int,
    pushed: bool,
) -> None:
    line = passing_line(
        number,
        code,
        stamp_ms * 1000,
        loop=loop,
        antenna=antenna,
        bib_set=bib_set,
        rssi=str(dbm),
        file=file,
        pushed=pushed,
    )
    (read,) = fed(line)
    assert isinstance(read, ChipRead)
    assert read.tag == (code if bib_set == "0" else f"{bib_set}-{code}")
    assert (read.stamp_us, read.rssi, read.antenna) == (stamp_ms * 1000, dbm, antenna)
    assert (read.reader_file, read.reader_seq) == (f"D-50432/{file}", number)
    assert read.label == (None if loop is None else str(loop))


LINES = st.one_of(
    st.sampled_from([ACTIVE, OLD, SIMULATOR, b"\r\n", b"ONLY 3\r\n", b"ERROR,no\r\n", b"\n", b"#PW;1\r\n"]),
    st.sampled_from([status_line(MORNING), answer("PASSINGS", "12", "177"), answer("PASSINGS", "x")]),
    st.sampled_from([answer("GETTIME", *stamp_text(MORNING).split(";")), answer("GETFILE", "3"), answer("GETTIME")]),
    st.sampled_from([answer("GETPROTOCOL", "1.0", "1.0", "3.1"), answer("GETPROTOCOL", "", "", "")]),
    st.binary(max_size=60),
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=20), st.data())
@example([b"#P;" * 500], None)
def test_whatever_comes_gives_events_the_same_however_cut_and_the_next_push_is_found(
    lines: list[bytes], data: st.DataObject | None
) -> None:
    whole = b"".join(lines) + b"\n" + passing_line(4711, "LAST", MORNING, pushed=True)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5))) if data is not None else [7]
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    events = fed(whole)
    assert fed(*pieces) == events
    assert reads_of(events)[-1].reader_seq == 4711


def test_the_setting_of_a_clock_is_written_as_the_page_says() -> None:
    assert set_clock_request(MORNING + 250_000) == b"SETTIME;2026-10-27;10:00:00.250\r\n"
    assert stamp_text(DAY + 2 * MINUTE) == "0000-00-01;00:02:00.000"
    for bad in (-1, 10**20):
        with pytest.raises(ValueError, match="cannot show"):
            stamp_text(bad)


@pytest.mark.parametrize(
    ("lowest", "highest", "version"),
    [("1.0", "3.2", "3.2"), ("1.0", "1.1", "1.1"), ("1.0", "4.7", "3.3"), ("3.9", "4.0", None), ("x", "3", None)],
)
def test_the_newest_version_that_both_know_is_spoken(lowest: str, highest: str, version: str | None) -> None:
    assert version_to_speak(lowest, highest) == version
