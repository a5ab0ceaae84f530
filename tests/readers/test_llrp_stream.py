"""LLRP bytes into reads and messages: golden samples, any cut, any noise; the next good message found."""

from __future__ import annotations

import random
import struct
from typing import Any

import pytest
from frames_of import SAMPLES, golden
from hypothesis import example, given, settings
from hypothesis import strategies as st

from readers import llrp_frames as frames
from readers.events import Malformed
from readers.llrp_events import event_words
from readers.llrp_records import capabilities_of, event_of, specs_of, status_of
from readers.llrp_stream import MESSAGE_MAX, REPORT_MAX, TAG_MAX, LlrpMessage, LlrpStream, ReportEnd, StreamEvent
from readers.llrp_words import Message, SpecState
from timing.reads import ChipRead

GOLDEN = golden("llrp")
AT = 1_000
STAMP = 1_730_023_387_250_000
TAG = "3000ABCDEF00000000000003"
TAG_PARAMETER = frames.tag_report(TAG, STAMP, antenna=1, rssi=-48)
REPORT = frames.report(TAG_PARAMETER)
OTHER = frames.report(frames.tag_report("058000128608", STAMP + 1), message_id=7)
ANY = SAMPLES["llrp"]


def fed(*parts: bytes) -> list[StreamEvent]:
    stream = LlrpStream()
    return [event for part in parts for event in stream.feed(part, AT)]


def one_by_one(data: bytes) -> list[StreamEvent]:
    return fed(*(data[i : i + 1] for i in range(len(data))))


def reads(events: list[StreamEvent]) -> list[ChipRead]:
    return [event for event in events if isinstance(event, ChipRead)]


def tags(events: list[StreamEvent]) -> list[str | None]:
    return [read.tag for read in reads(events)]


def malformed(events: list[StreamEvent]) -> list[Malformed]:
    return [event for event in events if isinstance(event, Malformed)]


def check(sample: dict[str, Any], events: list[StreamEvent]) -> None:
    if "reads" in sample:
        expected = [ChipRead(received_us=AT, **read) for read in sample["reads"]]
        assert events == [*expected, ReportEnd(len(expected))]
        return
    (message,) = events
    assert isinstance(message, LlrpMessage)
    if "event" in sample:
        event = event_of(message.body)
        assert event is not None
        assert (event.stamp_us, event.utc) == (sample["event"]["stamp_us"], True)
        assert [event_words(piece)[1] for piece in event.happened] == [sample["event"]["text"]]
    elif "keepalive" in sample:
        assert message == LlrpMessage(Message.KEEPALIVE, sample["keepalive"], b"", AT)
    else:
        status = status_of(message.body)
        assert status is not None
        expected = sample["answer"]
        assert (message.kind, message.id, status.code) == (expected["type"], expected["id"], expected["code"])


@pytest.mark.parametrize("sample", GOLDEN, ids=lambda sample: sample["what"])
def test_a_sample_is_understood_whole_byte_by_byte_and_at_every_cut(sample: dict[str, Any]) -> None:
    frame = bytes.fromhex(sample["hex"])
    whole = fed(frame)
    check(sample, whole)
    assert one_by_one(frame) == whole
    for cut in range(1, len(frame)):
        assert fed(frame[:cut], frame[cut:]) == whole


def test_all_samples_in_one_stream_are_understood_wherever_it_is_cut() -> None:
    stream = b"".join(ANY)
    whole = fed(stream)
    assert malformed(whole) == []
    assert len([event for event in whole if isinstance(event, LlrpMessage | ReportEnd)]) == len(ANY)
    assert one_by_one(stream) == whole
    for cut in range(1, len(stream)):
        assert fed(stream[:cut], stream[cut:]) == whole


def test_the_samples_of_the_standard_are_what_the_encoder_writes() -> None:
    by_what = {sample["what"].split(",")[0]: bytes.fromhex(sample["hex"]) for sample in GOLDEN}
    assert frames.keepalive(5) == by_what["keepalive number 5"]
    assert frames.report() == by_what["a report without tags"]
    ours = frames.report(frames.tag_report(TAG, 1594174805140192, antenna=1, rssi=-48), message_id=2)
    assert ours == by_what["one tag"]
    assert frames.answer(36, 7) == by_what["an answer that says yes"]


@settings(deadline=None)
@given(
    tag=st.text("0123456789ABCDEF", min_size=1, max_size=124),
    first=st.integers(0, 2**51),
    longer=st.one_of(st.none(), st.integers(0, 10**9)),
    antenna=st.one_of(st.none(), st.integers(0, 65_535)),
    rssi=st.one_of(st.none(), st.integers(-128, 127)),
    uptime=st.booleans(),
    more=st.sampled_from([b"", frames.tlv(1023, b"whatever"), frames.tlv(350), frames.tv(7, b"\0\x05")]),
)
def test_what_is_written_is_read_back(
    tag: str, first: int, longer: int | None, antenna: int | None, rssi: int | None, uptime: bool, more: bytes
) -> None:
    last = None if longer is None else first + longer
    parameter = frames.tag_report(
        tag, first, last_seen_us=last, antenna=antenna, rssi=rssi, count=3, spec_id=9, uptime=uptime, more=more
    )
    got = fed(frames.report(parameter, parameter))
    stamps = [first] if last in (None, first) else [first, last]
    signal = None if rssi is None else float(rssi)
    expected = [
        ChipRead(tag=tag, stamp_us=stamp, received_us=AT, antenna=antenna, rssi=signal)  # type: ignore[arg-type]
        for stamp in stamps
    ]
    assert got == [*expected, *expected, ReportEnd(2)]


def test_zeros_of_a_tag_are_kept_and_its_letters_are_upper_case() -> None:
    assert tags(fed(frames.report(frames.tag_report("00000000000000000000000a", STAMP)))) == [
        "00000000000000000000000A"
    ]
    assert tags(fed(frames.report(frames.tag_report("0012", STAMP)))) == ["0012"]


def test_a_reader_that_gathers_tells_the_first_and_the_last_moment() -> None:
    gathered = frames.report(frames.tag_report(TAG, STAMP, last_seen_us=STAMP + 9, count=40))
    assert [read.stamp_us for read in reads(fed(gathered))] == [STAMP, STAMP + 9]


def test_time_since_power_on_is_taken_only_where_there_is_no_other() -> None:
    both = frames.tag_report(TAG, STAMP, more=frames.tv(3, struct.pack(">Q", 55)))
    assert [read.stamp_us for read in reads(fed(frames.report(both)))] == [STAMP]
    alone = frames.tag_report(TAG, 55, uptime=True)
    assert [read.stamp_us for read in reads(fed(frames.report(alone)))] == [55]


@pytest.mark.parametrize(
    ("parameter", "reason"),
    [
        (frames.tag_report(TAG, None), "without a time"),
        (frames.tlv(240, frames.tv(2, struct.pack(">Q", STAMP))), "without an EPC"),
        (frames.tlv(240, frames.tlv(241, b"\0\0") + frames.tv(2, struct.pack(">Q", STAMP))), "without an EPC"),
        (frames.tlv(240, frames.tlv(241, b"\0\x60ab") + frames.tv(2, struct.pack(">Q", STAMP))), "without an EPC"),
        (frames.tag_report(TAG, 2**63), "impossible time"),
        (frames.tag_report(TAG, STAMP, more=b"\xff\x01"), "do not fit"),
        (frames.tag_report(TAG, STAMP, more=b"\x03\xff\x00\x09"), "do not fit"),
        (frames.tlv(240), "without an EPC"),
    ],
)
def test_a_tag_that_cannot_be_understood_is_told_and_its_neighbours_are_read(parameter: bytes, reason: str) -> None:
    data = frames.report(TAG_PARAMETER, parameter, TAG_PARAMETER) + OTHER
    got = fed(data)
    assert tags(got) == [TAG, TAG, "058000128608"]
    (bad,) = malformed(got)
    assert reason in bad.reason
    assert bad.raw.encode("latin-1") == parameter
    assert bad.size == len(parameter)
    assert one_by_one(data) == got


def test_parameters_and_survey_reports_we_do_not_know_are_skipped_by_their_length() -> None:
    data = frames.report(frames.tlv(242, bytes(30)), frames.tlv(1023, b"\xff" * 50), TAG_PARAMETER)
    assert fed(data) == [*fed(REPORT)[:1], ReportEnd(3)]


def test_messages_of_the_later_versions_are_read_alike() -> None:
    for version in (1, 2, 3):
        assert tags(fed(frames.message(61, 3, TAG_PARAMETER, version=version))) == [TAG]
    assert tags(fed(frames.message(61, 3, TAG_PARAMETER, version=4))) == []


def test_a_message_of_another_type_is_told_and_the_next_is_read() -> None:
    unknown = frames.message(1023, 5, bytes.fromhex("0000651a01") + bytes(200))
    got = fed(REPORT + unknown + OTHER)
    assert tags(got) == [TAG, "058000128608"]
    assert [bad.size for bad in malformed(got)] == [len(unknown)]


def test_a_report_without_end_takes_no_more_room_than_a_tag() -> None:
    stream = LlrpStream()
    count = 20_000
    head = frames.message(61, 1)[:2] + struct.pack(">II", 10 + count * len(TAG_PARAMETER), 1)
    seen = len(reads(stream.feed(head, AT)))
    for _ in range(count // 100):
        seen += len(reads(stream.feed(TAG_PARAMETER * 100, AT)))
        assert stream.pending <= TAG_MAX
    assert seen == count
    assert tags(stream.feed(OTHER, AT)) == ["058000128608"]


@pytest.mark.parametrize("kind", [61, 36, 62])
@pytest.mark.parametrize("length", [0, 9, MESSAGE_MAX + 1, REPORT_MAX + 1, 2**32 - 1])
def test_a_length_that_cannot_be_is_no_message(kind: int, length: int) -> None:
    if kind == 61 and length == MESSAGE_MAX + 1:
        pytest.skip("a report may be longer")
    head = frames.message(kind, 1)[:2] + struct.pack(">II", length, 1)
    got = fed(head + REPORT)
    assert tags(got) == [TAG]
    assert [bad.size for bad in malformed(got)] == [len(head)]


def test_the_buffer_is_bounded_whatever_comes() -> None:
    stream = LlrpStream()
    head = frames.message(12, 1)[:2] + struct.pack(">II", MESSAGE_MAX, 1)
    for data in (head, b"\x03\xff\x3f\xf0" + bytes(200), b"\xaa" * 1_000_000, REPORT[:20]):
        stream.feed(data, AT)
        assert stream.pending <= MESSAGE_MAX
    for _ in range(8):
        stream.feed(frames.tlv(500, bytes(15_000)), AT)
        assert stream.pending <= MESSAGE_MAX + 16_000


def test_rubbish_is_told_once_with_its_first_bytes_and_its_size() -> None:
    got = fed(b"\xaa" * 1_000, b"\xbb" * 5_000, REPORT)
    (bad,) = malformed(got)
    assert (bad.size, len(bad.raw), bad.raw[0]) == (6_000, 200, "\xaa")
    assert tags(got) == [TAG]


def test_half_a_message_is_never_joined_with_the_next_connection() -> None:
    for frame in ANY:
        for cut in range(1, len(frame)):
            stream = LlrpStream()
            before = stream.feed(frame[:cut], AT)
            left = stream.forget()
            pending_tags = sum(isinstance(event, ChipRead) for event in before)
            assert left or pending_tags, (frame, cut)
            assert stream.pending == 0
            assert stream.feed(frame, AT) == fed(frame)
            assert stream.forget() == []


@pytest.mark.parametrize("frame", ANY, ids=range(len(ANY)))
def test_after_a_message_that_lost_its_end_the_next_ones_are_read(frame: bytes) -> None:
    """Of the first one after it a part may have been taken for what is missing; a broken report gives that back."""
    found = 0
    for cut in range(1, len(frame)):
        got = tags(fed(frame[:cut] + REPORT + 4 * OTHER))
        assert got[-1] == "058000128608"
        found += TAG in got
    if frame[1] == Message.RO_ACCESS_REPORT:
        assert found >= 0.4 * (len(frame) - 1)


NOISE = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([*ANY, REPORT[:20], ANY[0][:11], b"\x04\x3d\x00\x00", b"\x04\x3e\x00\x00\x00\x0a", bytes(30)]),
)


@settings(deadline=None)
@given(st.lists(NOISE, max_size=10), st.integers(1, 40))
@example([b"\x04\x3d\x00\x00\x00\x30\x00\x00\x00\x00\x00\xf0\x00\x20", REPORT], 3)
def test_any_bytes_give_the_same_events_whatever_the_cuts(parts: list[bytes], size: int) -> None:
    data = b"".join(parts)
    whole = fed(data)
    assert one_by_one(data) == whole
    assert fed(*(data[i : i + size] for i in range(0, len(data), size))) == whole
    for bad in malformed(whole):
        assert len(bad.raw) <= 200
        assert bad.size >= len(bad.raw) > 0


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_the_next_good_message_is_found_after_any_noise(noise: bytes) -> None:
    # As many bytes of filling as a tag may have: whatever the noise began to look like is over.
    assert tags(fed(noise + b"-" * TAG_MAX + REPORT))[-1:] == [TAG]


def test_random_rubbish_invents_no_read() -> None:
    rubbish = random.Random(20241027).randbytes(2_000_000)
    assert tags(fed(rubbish)) == []


def test_messages_with_flipped_bits_never_hide_the_good_ones_after_them() -> None:
    chance = random.Random(7)
    for _ in range(500):
        damaged = bytearray(chance.choice(ANY))
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        got = tags(fed(bytes(damaged) + REPORT * 400 + OTHER))
        assert got[-1] == "058000128608", damaged.hex()


@settings(deadline=None)
@given(st.binary(max_size=120))
def test_what_decodes_bodies_takes_any_bytes(body: bytes) -> None:
    status_of(body)
    capabilities_of(body)
    specs_of(body)
    event = event_of(frames.tlv(246, body))
    for piece in event.happened if event else ():
        assert event_words(piece)[1]


def test_answers_say_what_they_say() -> None:
    capabilities = capabilities_of(frames.status() + frames.capabilities())
    assert capabilities is not None
    assert capabilities.words == "Impinj model 2001002, firmware 5.14.0.240, 4 antennas, UTC clock"
    assert specs_of(frames.status() + frames.spec(123, SpecState.ACTIVE) + frames.spec(5)) == {123: 2, 5: 0}
    status = status_of(frames.status(101, "no"))
    assert status is not None
    assert status.words == "field error: no"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (frames.tlv(251), "it has lost reads"),
        (frames.buffer_warning(87), "87 % full"),
        (frames.exception_event("too hot"), "a fault: too hot"),
        (frames.antenna_event(3, connected=False), "antenna 3 is not connected"),
        (frames.antenna_event(2, connected=True), "antenna 2 is connected"),
        (frames.spec_event(1, 123), "inventory 123 ended"),
        (frames.tlv(248, b"\0\x02\x80"), "input 2 high"),
        (frames.tlv(247, b"\0\x02\0\x01"), "event 247"),
        (frames.tlv(250), "? % full"),
    ],
)
def test_events_are_told_in_words(content: bytes, words: str) -> None:
    (message,) = fed(frames.event(content, utc_us=STAMP))
    assert isinstance(message, LlrpMessage)
    event = event_of(message.body)
    assert event is not None
    assert event.stamp_us == STAMP
    (piece,) = event.happened
    assert words in event_words(piece)[1]


def test_what_the_wire_cannot_say_is_not_written() -> None:
    with pytest.raises(ValueError, match="1 to 124"):
        frames.tag_report("", STAMP)
    with pytest.raises(ValueError):
        frames.tag_report("NOT-A-TAG", STAMP)
