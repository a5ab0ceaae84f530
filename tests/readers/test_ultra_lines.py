"""Ultra bytes into lines, and lines into what they say: golden samples, any cut, any noise; nothing invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers import ultra_frames as frames
from readers.events import Malformed
from readers.line_cutter import LineCutter
from readers.malformed import CUT, NO_END
from readers.ultra import LINE_MAX
from readers.ultra_lines import (
    BAD_CLOCK,
    BAD_FIELD,
    NO_LINE,
    NOT_12_FIELDS,
    ClockLine,
    GreetingLine,
    ReadLine,
    SettingLine,
    StatusLine,
    UltraLine,
    VoltageLine,
    ultra_lines,
)
from timing.reads import ChipRead, Tag

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT = 1_000


def stamp(text: str) -> int:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def read(line: str, tag: str, at: str, antenna: int, rssi: float, number: int, *, rewound: bool = False) -> ReadLine:
    return ReadLine(
        ChipRead(
            tag=Tag(tag),
            stamp_us=stamp(at),
            received_us=AT,
            label="1",
            antenna=antenna,
            rssi=rssi,
            reader_file="1",
            reader_seq=number,
            raw=line,
        ),
        rewound,
    )


SIMULATOR = "0,413A9C,1479810035,836,1,-8,0,1,1,1,456789,1"
LONG = "0,E2001018860B01530700D138,1479283200,0,2,-61,0,1,1,1,456789,77"
REWOUND = "0, 0058e1 ,1477382400,7,4,-61.5,1,1,1,07:00:00.007 25/10/2026,0,78"
SAMPLES: list[tuple[bytes, UltraLine]] = [
    (SIMULATOR.encode(), read(SIMULATOR, "413A9C", "2026-11-22 10:20:35.836", 1, -8.0, 1)),
    (LONG.encode(), read(LONG, "E2001018860B01530700D138", "2026-11-16 08:00:00", 2, -61.0, 77)),
    (REWOUND.encode(), read(REWOUND, "0058E1", "2026-10-25 08:00:00.007", 4, -61.5, 78, rewound=True)),
    (b"V=25.0000", VoltageLine("25.0000")),
    (b"10:00:00 22-11-2026", ClockLine(stamp("2026-11-22 10:00:00"))),
    (b"9:5:7 1-2-2026 (1454000000)", ClockLine(stamp("2026-02-01 09:05:07"))),
    (b"S=10", StatusLine(True)),
    (b"S=05", StatusLine(False)),
    (b"Connected,1479810035", GreetingLine("1479810035")),
    (b"U\x1d1", SettingLine(0x1D, b"1")),
    (b"U\r1", SettingLine(0x0D, b"1")),
    (b"u\x23\x02", SettingLine(0x23, b"\x02", changed=True)),
]
GOOD = frames.read_line("413A9C", stamp("2026-10-25 09:00:00.125"), log_id=9)


def fed(*pieces: bytes) -> list[UltraLine]:
    cutter = LineCutter(LINE_MAX, raw_byte_after_u=True)
    said: list[UltraLine] = []
    for piece in pieces:
        for line in cutter.feed(piece):
            said += [line] if isinstance(line, Malformed) else ultra_lines(line, AT)
    return said


def one_by_one(data: bytes) -> list[UltraLine]:
    return fed(*(data[i : i + 1] for i in range(len(data))))


def chips(said: list[UltraLine]) -> list[tuple[str | None, int]]:
    return [(line.read.tag, line.read.stamp_us) for line in said if isinstance(line, ReadLine)]


@pytest.mark.parametrize(("line", "meaning"), SAMPLES, ids=lambda value: repr(value)[:24])
@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"], ids=["crlf", "lf", "cr"])
def test_a_sample_is_understood_whole_byte_by_byte_and_at_every_cut(
    line: bytes, meaning: UltraLine, ending: bytes
) -> None:
    data = line + ending
    assert fed(data) == [meaning]
    assert one_by_one(data) == [meaning]
    for cut in range(1, len(data)):
        assert fed(data[:cut], data[cut:]) == [meaning]


@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"], ids=["crlf", "lf", "cr"])
def test_all_samples_in_one_stream_are_understood_wherever_it_is_cut(ending: bytes) -> None:
    stream = ending.join([*(line for line, _ in SAMPLES), b""])
    whole = [meaning for _, meaning in SAMPLES]
    assert fed(stream) == whole
    assert one_by_one(stream) == whole
    for cut in range(1, len(stream)):
        assert fed(stream[:cut], stream[cut:]) == whole


@settings(deadline=None)
@given(
    tag=st.text("0123456789ABCDEF", min_size=1, max_size=24),
    milliseconds=st.integers(0, (2**32 - 1) * 1000),
    log_id=st.integers(1, 2**31 - 1),
    antenna=st.integers(0, 8),
    rssi=st.integers(-120, 0),
    rewound=st.booleans(),
    ultra_id=st.integers(1, 255),
    ending=st.sampled_from([b"\n", b"\r", b"\r\n"]),
)
def test_what_is_written_is_read_back(
    tag: str, milliseconds: int, log_id: int, antenna: int, rssi: int, rewound: bool, ultra_id: int, ending: bytes
) -> None:
    stamp_us = frames.stamp_of(0) + milliseconds * 1000
    data = frames.read_line(
        tag, stamp_us, log_id=log_id, antenna=antenna, rssi=str(rssi), rewound=rewound, ultra_id=ultra_id, ending=ending
    )
    (line,) = fed(data)
    assert isinstance(line, ReadLine)
    got = line.read
    assert line.rewound is rewound
    assert (got.tag, got.stamp_us, got.antenna, got.rssi) == (tag, stamp_us, antenna, float(rssi))
    assert (got.reader_file, got.reader_seq) == (str(ultra_id), log_id)
    assert got.raw == data.decode().strip()


@given(st.integers(0, 2**32 - 1))
def test_clock_battery_status_and_greeting_are_read_back(seconds: int) -> None:
    stamp_us = frames.stamp_of(seconds)
    data = frames.clock_line(stamp_us) + frames.voltage_line("22.9") + frames.status_line(reading=False)
    assert fed(data + frames.greeting("77") + frames.setting_line(0x24, b"1")) == [
        ClockLine(stamp_us), VoltageLine("22.9"), StatusLine(False), GreetingLine("77"), SettingLine(0x24, b"1"),
    ]  # fmt: skip


def test_the_reference_second_of_race_day() -> None:
    assert frames.seconds_1980(stamp("2026-10-25 08:00:00")) == 1_477_382_400


def test_what_the_box_cannot_say_is_not_written() -> None:
    with pytest.raises(ValueError, match="since 1980"):
        frames.read_line("1", 0, log_id=1)
    with pytest.raises(ValueError, match="letters and digits"):
        frames.read_line("1,2", stamp("2026-10-25 08:00:00"), log_id=1)


def test_the_request_that_sets_the_clock_is_as_documented() -> None:
    assert frames.set_clock_request(stamp("2026-11-22 10:00:00")) == b"t 10:00:00 22-11-2026\n"
    with pytest.raises(ValueError, match="whole second"):
        frames.set_clock_request(stamp("2026-11-22 10:00:00.5"))


FIELDS = SIMULATOR.split(",")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (1, ""), (1, "41-3A"), (2, ""), (2, "-1"), (2, "4294967296"), (2, "14798100x5"), (2, "1479810035.1"),
        (3, ""), (3, "1000"), (3, "-1"), (4, "256"), (4, "x"), (4, ""), (5, "minus"), (6, "2"), (6, ""),
        (7, "a reader with a long name"), (8, "256"), (8, ""), (9, "\x80"), (10, "x"), (11, ""), (11, "4294967296"),
        (11, "1x"),
    ],
)  # fmt: skip
def test_an_impossible_field_makes_a_malformed_read(field: int, value: str) -> None:
    fields = [*FIELDS[:field], value, *FIELDS[field + 1 :]]
    (event,) = fed(",".join(fields).encode("latin-1") + b"\n")
    assert isinstance(event, Malformed)
    assert event.reason == BAD_FIELD


def test_a_field_that_says_nothing_of_the_passing_may_be_empty() -> None:
    fields = [*FIELDS[:5], "", *FIELDS[6:7], "", FIELDS[8], "", "", "0"]
    (line,) = fed(",".join(fields).encode() + b"\n")
    assert isinstance(line, ReadLine)
    assert (line.read.rssi, line.read.label, line.read.reader_file, line.read.reader_seq) == (None, None, None, None)


def test_every_beginning_and_every_end_of_a_read_is_malformed_or_nothing() -> None:
    """Save one: digits cut off the log id cannot be told; only the line end that is missing tells."""
    line = LONG.encode()
    for cut in range(1, len(line) - 1):
        said = fed(line[:cut] + b"\n")
        assert all(isinstance(event, Malformed) for event in said), cut
        assert chips(fed(line[cut:] + b"\n")) == [], cut


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"0,413A9C,1479810035,836", NOT_12_FIELDS),
        (SIMULATOR.encode() * 2, NOT_12_FIELDS),
        (b"25:00:00 22-11-2026", BAD_CLOCK),
        (b"10:00:00 31-02-2026 (5)", BAD_CLOCK),
        (b"V=twelve", NO_LINE),
        (b"S=", NO_LINE),
        (b"hello", NO_LINE),
        (b"Unknown command", NO_LINE),
        (b"\xff\xfb\x01", NO_LINE),
    ],
)
def test_what_is_no_line_is_kept_as_malformed(line: bytes, reason: str) -> None:
    (event,) = fed(line + b"\n")
    assert event == Malformed(reason=reason, raw=line.decode("latin-1"), size=len(line))


def test_an_echoed_question_does_not_swallow_the_line_behind_it() -> None:
    for ending in (b"\n", b"\r", b"\r\n"):
        assert chips(fed(b"U" + ending + GOOD)) == [("413A9C", stamp("2026-10-25 09:00:00.125"))]


def test_nul_bytes_are_nothing() -> None:
    assert fed(bytes(100) + b"\n" + bytes(3) + GOOD) == fed(GOOD)


def test_a_line_that_never_ends_is_counted_and_forgotten_at_its_end() -> None:
    cutter = LineCutter(LINE_MAX)
    for _ in range(100):
        assert cutter.feed(b"x" * 100_000) == []
        assert cutter.pending <= LINE_MAX
    event, good = cutter.feed(b"yz\n" + GOOD)
    assert event == Malformed(reason=NO_END, raw="x" * 200, size=10_000_002)
    assert good == GOOD.strip()


@pytest.mark.parametrize("length", [LINE_MAX - 1, LINE_MAX, LINE_MAX + 1, 3 * LINE_MAX])
def test_lines_around_the_limit_are_the_same_however_they_are_cut(length: int) -> None:
    data = b"z" * length + b"\n" + GOOD
    whole = fed(data)
    assert len(chips(whole)) == 1
    assert one_by_one(data) == whole


def test_half_a_line_is_never_joined_with_the_next_connection() -> None:
    cutter = LineCutter(LINE_MAX, raw_byte_after_u=True)
    for cut in range(1, len(GOOD) - 1):
        assert cutter.feed(GOOD[:cut]) == []
        (event,) = cutter.forget()
        assert (event.reason, event.raw) == (CUT, GOOD[:cut].decode())
        lines = cutter.feed(GOOD[cut:])
        assert not any(chips(ultra_lines(line, AT)) for line in lines if isinstance(line, bytes))
        assert cutter.forget() == []


NOISE = st.one_of(
    st.binary(max_size=60),
    st.text("0,1-=VSUu:() \r\n\x00", max_size=60).map(str.encode),
    st.sampled_from([GOOD, GOOD[:20], b"U", b"u", b"U\r", b"\nU\n", b"\r", b"0,", b"z" * 600, b"Connected,"]),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(NOISE, max_size=12), st.integers(1, 40))
def test_any_bytes_give_the_same_events_whatever_the_cuts(parts: list[bytes], size: int) -> None:
    data = b"".join(parts)
    whole = fed(data)
    assert one_by_one(data) == whole
    assert fed(*(data[i : i + size] for i in range(0, len(data), size))) == whole
    for event in whole:
        if isinstance(event, Malformed):
            assert len(event.raw) <= 200
            assert event.size >= len(event.raw)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=700))
def test_the_next_good_line_is_found_after_any_noise_and_a_line_end(noise: bytes) -> None:
    assert chips(fed(noise + b"\r\n" + GOOD))[-1:] == [("413A9C", stamp("2026-10-25 09:00:00.125"))]
