"""IPICO bytes into records: golden samples, any cut, any noise; nothing invented, the next good record found."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from readers import ipico_frames as frames
from readers.events import Malformed, StatusSeen
from readers.ipico_layout import record_layout
from readers.ipico_records import ControlFrame, clock_stamp, control_frame
from readers.ipico_stream import LINE_MAX, IpicoStream, StreamEvent
from timing.reads import ChipRead

SAMPLES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("ipico_samples.json").read_text())
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT = 1_000
STAMP = (datetime(2024, 10, 27, 10, 3, 7, 250_000, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
LINE = frames.tag_line("058000128608", STAMP)
OTHER = frames.tag_line("0580001286FF", STAMP + 1_230_000)
BINARY = frames.binary_tag("058000128608", STAMP)


def stamp_of(text: str) -> int:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def record_of(sample: dict[str, Any]) -> bytes:
    return sample["text"].encode() if "text" in sample else bytes.fromhex(sample["hex"])


def fed(*pieces: bytes) -> list[StreamEvent]:
    stream = IpicoStream()
    return [event for piece in pieces for event in stream.feed(piece, AT)]


def tags(events: list[StreamEvent]) -> list[str | None]:
    return [event.tag for event in events if isinstance(event, ChipRead)]


def one_by_one(data: bytes) -> list[StreamEvent]:
    return fed(*(data[i : i + 1] for i in range(len(data))))


def check(sample: dict[str, Any], event: StreamEvent) -> None:
    if expected := sample.get("read"):
        assert isinstance(event, ChipRead)
        assert (event.tag, event.stamp_us, event.label) == (
            expected["tag"],
            stamp_of(expected["stamp"]),
            expected["label"],
        )
        assert event.rssi == expected.get("rssi")
        assert event.received_us == AT
    elif expected := sample.get("control"):
        assert isinstance(event, ControlFrame)
        assert (event.instruction, event.label) == (expected["instruction"], expected["label"])
        if "stamp" in expected:
            assert clock_stamp(event.content) == stamp_of(expected["stamp"])
    elif "status" in sample:
        assert isinstance(event, StatusSeen)
        assert event.kind == sample["status"]
    else:
        assert isinstance(event, Malformed)
        assert event.reason == sample["malformed"]
        assert event.raw == sample["text"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["what"])
@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"], ids=["crlf", "lf", "cr"])
def test_a_sample_is_understood_whole_byte_by_byte_and_at_every_cut(sample: dict[str, Any], ending: bytes) -> None:
    if "hex" in sample and ending != b"\r\n":
        pytest.skip("a binary record ends with CR LF")
    record = record_of(sample) + ending
    whole = fed(record)
    assert len(whole) == 1
    check(sample, whole[0])
    assert one_by_one(record) == whole
    for cut in range(1, len(record)):
        assert fed(record[:cut], record[cut:]) == whole


def test_f16_all_samples_in_one_stream_are_understood_wherever_it_is_cut() -> None:
    stream = b"".join(record_of(sample) + b"\r\n" for sample in SAMPLES)
    whole = fed(stream)
    assert len(whole) == len(SAMPLES)
    for sample, event in zip(SAMPLES, whole, strict=True):
        check(sample, event)
    assert one_by_one(stream) == whole
    for cut in range(1, len(stream)):
        assert fed(stream[:cut], stream[cut:]) == whole


@settings(deadline=None)
@given(
    tag=st.integers(0, 16**12 - 1),
    centiseconds=st.integers(0, 3_155_000_000 * 100),
    reader_id=st.integers(0, 255),
    counts=st.tuples(st.integers(0, 400), st.integers(0, 400)),
    status=st.sampled_from([None, 0x80, 0x60, 0x00, 0xFF]),
    suffix=st.sampled_from(["", "FS", "LS", "BS", "RR"]),
)
def test_what_is_written_is_read_back(
    tag: int, centiseconds: int, reader_id: int, counts: tuple[int, int], status: int | None, suffix: str
) -> None:
    text, stamp_us = f"{tag:012x}", centiseconds * 10_000
    tto = None if status is None else (6, 0, status)
    i, q = counts
    line = frames.tag_line(text, stamp_us, reader_id=reader_id, i=i, q=q, tto=tto, suffix=suffix)
    binary = frames.binary_tag(text, stamp_us, reader_id=reader_id, i=i, q=q, tto=tto)
    expected = ChipRead(tag=text.upper(), stamp_us=stamp_us, received_us=AT, label=f"{reader_id:02x}")  # type: ignore[arg-type]
    assert len(line) == 38 + (6 if tto else 0) + len(suffix)
    assert fed(line) == [expected]
    assert fed(binary) == [expected]
    trident = frames.trident_line(text, stamp_us, letter="T", receiver=3, signal=200)
    assert len(trident) == 42
    (read,) = fed(trident)
    assert isinstance(read, ChipRead)
    assert (read.tag, read.stamp_us, read.label, read.rssi) == (text.upper(), stamp_us, "t3", 200.0)


@settings(deadline=None)
@given(stamp_us=st.integers(0, 3_155_000_000 * 100).map(lambda n: n * 10_000), reader_id=st.integers(0, 255))
def test_a_clock_answer_is_read_back(stamp_us: int, reader_id: int) -> None:
    frame = control_frame(frames.clock_reply(stamp_us, reader_id=reader_id).strip())
    assert frame is not None
    assert clock_stamp(frame.content) == stamp_us
    assert frame.label == f"{reader_id:02x}"


def test_a_year_the_wire_cannot_say_is_not_written() -> None:
    with pytest.raises(ValueError, match="2070"):
        frames.tag_line("058000128608", (datetime(2070, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1))
    with pytest.raises(ValueError, match="12 hexadecimal digits"):
        frames.tag_line("58000128608", 0)


@pytest.mark.parametrize("form", [LINE, BINARY, frames.tag_line("058000128608", STAMP, tto=(6, 0, 0x80))])
def test_f09_one_changed_character_is_never_a_read(form: bytes) -> None:
    """A sum sees every change of one character; digits that say the same in another case are the same record."""
    (good,) = fed(form)
    for place in range(len(form) - 2):
        for value in range(256):
            if value == form[place]:
                continue
            damaged = form[:place] + bytes([value]) + form[place + 1 :]
            assert [e for e in fed(damaged) if isinstance(e, ChipRead)] in ([], [good]), (place, value)


def test_the_beginning_of_a_longer_record_is_not_a_read_of_its_own() -> None:
    """A damaged record of 42 characters whose 36th digits happen to fit the shorter form."""
    body = frames.tag_line("058000128608", STAMP, tto=(0, 0, 0x80))
    check_36 = b"%02x" % frames.lrc(body[2:34])
    line = body[:34] + check_36 + body[36:40] + b"00\r\n"
    assert tags(fed(line)) == []


def test_f09_two_records_glued_together_are_two_reads() -> None:
    assert tags(fed(LINE.strip() + OTHER)) == ["058000128608", "0580001286FF"]
    answer = frames.clock_reply(STAMP).strip()
    events = fed(LINE.strip() + answer + OTHER)
    assert [type(event) for event in events] == [ChipRead, ControlFrame, ChipRead]


def test_a_record_glued_to_half_of_another_is_a_read_and_a_malformed_rest() -> None:
    # Six characters more make the length of a record with TTO, and here its check digits fit: one chance in 256.
    for cut in range(7, 36):
        events = fed(LINE.strip() + OTHER[:cut] + b"\r\n")
        assert tags(events) == ["058000128608"], cut
        assert isinstance(events[-1], Malformed)
        events = fed(OTHER[:cut] + LINE)
        assert tags(events) == ["058000128608"], cut
        assert isinstance(events[0], Malformed)


def test_an_answer_between_two_reads_is_told_in_its_place() -> None:
    events = fed(LINE + frames.clock_reply(STAMP) + OTHER)
    assert [type(event) for event in events] == [ChipRead, ControlFrame, ChipRead]


def test_nul_bytes_between_records_are_nothing() -> None:
    assert fed(bytes(5000) + LINE + bytes(10) + OTHER) == fed(LINE + OTHER)


def test_a_data_page_is_not_a_passing_in_any_form() -> None:
    long_form = frames.tag_line("058000128608", STAMP, tto=(6, 1, 0))
    for record in (long_form, frames.short_page(b"CALANQUE"), frames.binary_tag("058000128608", STAMP, tto=(6, 2, 0))):
        (event,) = fed(record)
        assert isinstance(event, StatusSeen), record
        assert event.kind == "tag_data"


def test_status_ff_is_tamper_only_and_still_a_read() -> None:
    assert tags(fed(frames.tag_line("058000128608", STAMP, tto=(6, 0, 0xFF)))) == ["058000128608"]


def test_first_and_last_seen_of_one_passing_are_the_same_read() -> None:
    first, last = (frames.tag_line("058000128608", STAMP, q=n, tto=(6, 0, s)) for n, s in ((1, 0x80), (4, 0x60)))
    assert fed(first) == fed(last)


def test_a_request_of_another_host_is_not_an_answer() -> None:
    (event,) = fed(frames.unchecked_control(frames.CLOCK))
    assert isinstance(event, ControlFrame)
    assert event.query


def test_very_early_firmware_answers_with_the_header_of_records() -> None:
    answer = frames.clock_reply(STAMP)
    (event,) = fed(b"aa" + answer[2:])
    assert isinstance(event, ControlFrame)
    assert clock_stamp(event.content) == STAMP


def test_f17_a_line_that_never_ends_is_dropped_counted_and_forgotten_at_its_end() -> None:
    stream = IpicoStream()
    for _ in range(100):
        assert stream.feed(b"x" * 100_000, AT) == []
        assert stream.pending <= LINE_MAX + 64
    events = stream.feed(LINE.strip() + b"\r\n" + OTHER, AT)
    assert isinstance(events[0], Malformed)
    assert events[0].size == 100 * 100_000 + 36
    assert len(events[0].raw) == 200
    assert tags(events) == ["058000128608", "0580001286FF"]


@pytest.mark.parametrize("length", [LINE_MAX - 1, LINE_MAX, LINE_MAX + 1, 2 * LINE_MAX + 3])
def test_lines_around_the_limit_are_the_same_however_they_are_cut(length: int) -> None:
    data = b"z" * (length - 36) + LINE + OTHER
    whole = fed(data)
    assert tags(whole) == ["058000128608", "0580001286FF"]
    assert one_by_one(data) == whole


def test_f10_half_a_record_is_never_joined_with_the_next_connection() -> None:
    stream = IpicoStream()
    for cut in range(1, len(LINE) - 2):
        assert stream.feed(LINE[:cut], AT) == []
        (event,) = stream.forget()
        assert isinstance(event, Malformed)
        assert event.raw == LINE[:cut].decode()
        rest = stream.feed(LINE[cut:], AT)
        assert tags(rest) == []
        assert stream.forget() == []


NOISE = st.one_of(
    st.binary(max_size=60),
    st.text("aAbBeE0123456789 \r\n", max_size=60).map(str.encode),
    st.sampled_from([LINE, BINARY, OTHER[:20], b"\xaa", b"\xaa" * 30, b"aa", b"ab00ff", b"\0" * 40, b"\r"]),
)


@settings(deadline=None)
@given(st.lists(NOISE, max_size=12), st.integers(1, 40))
@example([b"\xaa\x00", LINE], 1)
def test_f16_any_bytes_give_the_same_events_whatever_the_cuts(parts: list[bytes], size: int) -> None:
    data = b"".join(parts)
    whole = fed(data)
    assert one_by_one(data) == whole
    assert fed(*(data[i : i + size] for i in range(0, len(data), size))) == whole
    for event in whole:
        if isinstance(event, Malformed):
            assert len(event.raw) <= 200
            assert event.size >= len(event.raw)


@example(b"Aa ", LINE)
@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([LINE, frames.tag_line("058000128608", STAMP, tto=(1, 0, 0x80))]))
def test_f09_the_next_good_record_is_found_after_any_noise(noise: bytes, record: bytes) -> None:
    assert tags(fed(noise + record))[-1:] == ["058000128608"]
    assert tags(fed(noise + b"\r\n" + record))[-1:] == ["058000128608"]


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_the_next_binary_record_is_found_after_any_noise_and_a_line_end(noise: bytes) -> None:
    # 23 bytes of text: whatever the noise began to look like is over.
    assert tags(fed(noise + b"-" * 23 + b"\r\n" + BINARY))[-1:] == ["058000128608"]


def test_f09_random_rubbish_invents_no_read() -> None:
    rubbish = random.Random(20241027).randbytes(2_000_000)
    assert tags(fed(rubbish)) == []


def test_f09_records_with_flipped_bits_give_true_reads_or_none() -> None:
    """One character in fifty with a flipped bit: a sum misses some double faults, a few records in a thousand."""
    chance = random.Random(7)
    sent = [frames.tag_line(f"0580{n:08x}", STAMP + n * 10_000) for n in range(3_000)]
    data = bytearray(b"".join(sent))
    for place in range(len(data)):
        if chance.random() < 0.02:
            data[place] ^= 1 << chance.randrange(8)
    true = {(f"0580{n:08X}", STAMP + n * 10_000) for n in range(3_000)}
    got = [(event.tag, event.stamp_us) for event in fed(bytes(data)) if isinstance(event, ChipRead)]
    assert len(set(got) & true) > 1_000
    assert len(set(got) - true) <= 10


def test_a_configured_layout_is_followed_once_the_reader_has_told_it() -> None:
    layout = record_layout(bytes.fromhex("7bff6161aa000d0a2c"))  # no Q count, the tag's CRC, commas
    assert layout is not None
    fields = "00", "058000128608beef", "01", "241027", "100307", "19"
    check_digits = f"{frames.lrc(''.join(fields).encode()):02x}"
    line = ("aa" + "".join(f"{field}," for field in fields) + check_digits).encode()
    stream = IpicoStream()
    assert tags(stream.feed(line + b"\r\n", AT)) == []
    stream.layout = layout
    (read,) = stream.feed(line + b"\r\n", AT)
    assert isinstance(read, ChipRead)
    assert (read.tag, read.stamp_us, read.label) == ("058000128608", STAMP, "00")
    assert tags(stream.feed(line[:-1] + (b"0" if line[-1:] != b"0" else b"1") + b"\r\n", AT)) == []
    assert tags(stream.feed(LINE, AT)) == ["058000128608"]


@pytest.mark.parametrize(
    ("parameters", "warning"),
    [
        ("67fc6161aa000d0a00", "leave out date or time"),
        ("5ffc6161aa000d0a00", "leave out hundredths"),
        ("3ffc6161aa000d0a00", "leave out check digits"),
        ("7ffc6161aa00000000", "another line ending"),
        ("7f1c6161aa000d0a00", "only a part of the tag"),
    ],
)
def test_a_set_up_that_costs_reads_is_a_warning(parameters: str, warning: str) -> None:
    layout = record_layout(bytes.fromhex(parameters))
    assert layout is not None
    assert any(warning in text for text in layout.warnings)


def test_records_without_check_digits_are_read_only_when_the_reader_says_so() -> None:
    stream = IpicoStream()
    line = LINE[:34] + b"\r\n"
    assert tags(stream.feed(line, AT)) == []
    stream.layout = record_layout(bytes.fromhex("3ffc6161aa000d0a00"))
    assert tags(stream.feed(line, AT)) == ["058000128608"]


@pytest.mark.parametrize("parameters", ["7f", "7ffc6161aa000d0a00", "fffc6161aa000d0a00"])
def test_the_standard_set_ups_are_nothing_to_warn_of(parameters: str) -> None:
    layout = record_layout(bytes.fromhex(parameters))
    assert layout is not None
    assert layout.pattern is None
    assert layout.warnings == ()


@settings(deadline=None)
@given(st.binary(max_size=12))
def test_any_format_answer_gives_a_layout_that_can_be_matched(parameters: bytes) -> None:
    layout = record_layout(parameters)
    assert (layout is None) == (not parameters)
    if layout is not None:
        layout.match(LINE.strip())
