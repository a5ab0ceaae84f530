"""The conversation with an IPICO reader: what is asked, what follows from answers, and what can never be said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers import ipico_frames as frames
from readers.errors import UnknownProtocol
from readers.events import ClockSeen, DecoderEvent, GunSeen, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.ipico import ANSWER_WITHIN_US, PROBE_EVERY_US, IpicoProtocol
from readers.ipico_memory import STALL_US
from readers.ipico_records import control_frame
from readers.ipico_requests import Request
from readers.protocol import Now, Protocol, Since, protocol_class, protocol_names
from timing.reads import ChipRead

STAMP = int(datetime(2024, 10, 27, 9, 30, tzinfo=UTC).timestamp()) * 1_000_000
LINE = frames.tag_line("058000128608", STAMP)
ALLOWED = {request.value for request in Request}
S = 1_000_000


class Conversation:
    """A protocol, and both clocks set by hand: a race at sixty times life."""

    def __init__(self, protocol: Protocol | None = None) -> None:
        self.protocol = protocol or IpicoProtocol()
        self.steady_us = 1_000 * S
        self.events: list[DecoderEvent] = []
        self.asked: list[Request] = []

    @property
    def now(self) -> Now:
        return Now(STAMP + 60 * self.steady_us, self.steady_us)

    def connect(self) -> Conversation:
        self.protocol.connected(self.now)
        self.collect()
        return self

    def collect(self) -> None:
        data = self.protocol.data_to_send()
        requests = [line + b"\r\n" for line in data.split(b"\r\n")[:-1]]
        assert b"".join(requests) == data
        self.asked += [Request(request) for request in requests]

    def hear(self, data: bytes) -> list[DecoderEvent]:
        events = self.protocol.receive_data(data, self.now)
        self.events += events
        self.collect()
        return events

    def wait(self, us: int) -> list[DecoderEvent]:
        """Lets time pass, calling at each deadline."""
        end_us = self.steady_us + us
        events: list[DecoderEvent] = []
        while (deadline := self.protocol.next_deadline()) is not None and deadline <= end_us:
            assert deadline >= self.steady_us - S
            self.steady_us = max(self.steady_us, deadline)
            events += self.protocol.handle_deadline(self.now)
            self.collect()
        self.steady_us = end_us
        self.events += events
        return events

    def wait_answering(self, us: int) -> None:
        """As `wait`, by a reader that tells its time when asked."""
        self.wait(us)
        if self.asked[-1] is Request.CLOCK:
            self.hear(frames.clock_reply(STAMP))

    def settle(self) -> Conversation:
        """Answers the questions asked at connection."""
        for answer in (frames.clock_reply(STAMP), frames.format_reply(), frames.control(0x09, b"\x00\x05")):
            self.hear(answer)
        self.asked.clear()
        self.events.clear()
        return self

    def of(self, kind: type) -> Sequence[DecoderEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    def last_memory(self) -> MemoryProgress:
        return [event for event in self.events if isinstance(event, MemoryProgress)][-1]


def test_connecting_asks_the_time_and_the_settings_one_question_at_a_time() -> None:
    talk = Conversation().connect()
    assert talk.asked == [Request.CLOCK]
    talk.hear(frames.clock_reply(STAMP))
    assert talk.asked == [Request.CLOCK, Request.RECORD_FORMAT]
    talk.hear(frames.format_reply(tto=True))
    assert talk.asked[2:] == [Request.READ_MODE]
    talk.hear(frames.control(0x09, b"\x05\x05"))
    assert talk.asked[3:] == []
    texts = [event.text for event in talk.events if isinstance(event, StatusSeen)]
    assert texts == ["standard record with TTO", "read mode: first and last seen"]


def test_the_clock_is_asked_every_few_seconds_and_its_answer_tells_the_offset() -> None:
    talk = Conversation().connect().settle()
    talk.wait(PROBE_EVERY_US)
    assert talk.asked == [Request.CLOCK]
    asked_us = talk.now.race_us
    talk.steady_us += 100_000
    reader_us = asked_us + 3 * S + 3_600 * S
    (clock,) = talk.hear(frames.clock_reply(reader_us))
    assert isinstance(clock, ClockSeen)
    assert clock.asked_us == asked_us
    assert clock.round_trip_us == 6 * S
    assert abs(clock.offset_us - 3_600 * S) <= 10_000


def test_an_answer_that_comes_late_proves_life_but_says_nothing_about_the_clock() -> None:
    talk = Conversation().connect().settle()
    talk.wait(PROBE_EVERY_US + ANSWER_WITHIN_US + PROBE_EVERY_US)
    assert talk.asked.count(Request.CLOCK) >= 2
    assert talk.protocol.unanswered_since_us is not None
    talk.hear(frames.clock_reply(STAMP))
    assert talk.protocol.unanswered_since_us is None
    assert talk.of(ClockSeen) == []
    talk.wait(S)
    talk.hear(frames.clock_reply(STAMP))
    assert len(talk.of(ClockSeen)) == 1


def test_a_clock_nobody_asked_for_says_nothing_about_the_offset() -> None:
    talk = Conversation().connect().settle()
    talk.hear(frames.clock_reply(STAMP))
    assert talk.of(ClockSeen) == []


def test_the_oldest_unanswered_question_is_told() -> None:
    talk = Conversation().connect()
    start_us = talk.steady_us
    assert talk.protocol.unanswered_since_us == start_us
    talk.wait(20 * S)
    assert talk.protocol.unanswered_since_us == start_us
    talk.hear(frames.refusal(0xF2))
    assert talk.protocol.unanswered_since_us is None


def test_the_trigger_button_is_a_gun_with_its_stamp() -> None:
    talk = Conversation().connect().settle()
    (gun,) = talk.hear(frames.gun_frame(STAMP + 270_000, reader_id=0x0B))
    assert isinstance(gun, GunSeen)
    assert (gun.stamp_us, gun.received_us, gun.label) == (STAMP + 270_000, talk.now.race_us, "0b")


def test_a_gun_without_a_possible_time_is_a_warning_not_a_gun() -> None:
    talk = Conversation().connect().settle()
    (warning,) = talk.hear(frames.control(frames.GUN, bytes(10)))
    assert isinstance(warning, StatusSeen)
    assert warning.kind is StatusKind.WARNING
    assert "by hand" in warning.text


def test_a_clock_that_shows_an_impossible_date_is_a_warning() -> None:
    talk = Conversation().connect()
    talk.hear(frames.control(frames.CLOCK, bytes(9)))
    (warning,) = talk.of(StatusSeen)
    assert isinstance(warning, StatusSeen)
    assert "impossible date" in warning.text


@pytest.mark.parametrize(("code", "reason"), frames.REFUSALS.items())
def test_a_refusal_is_told_with_what_was_asked(code: int, reason: str) -> None:
    talk = Conversation().connect()
    (refused,) = talk.hear(frames.refusal(code))
    assert isinstance(refused, StatusSeen)
    assert refused.kind is StatusKind.REFUSED
    assert reason in refused.text
    assert "clock" in refused.text
    assert talk.asked == [Request.CLOCK, Request.RECORD_FORMAT]


def test_what_the_reader_says_after_its_clock_was_set_by_somebody_else_is_an_answer() -> None:
    (event,) = Conversation().connect().settle().hear(b"ab00094c01555202a8555201f459\r\n")
    assert isinstance(event, StatusSeen)
    assert event.kind is StatusKind.ANSWER


def status(**state: int | bool) -> bytes:
    return frames.memory_status(**state)  # type: ignore[arg-type]


def test_f14_the_memory_is_fetched_in_the_captured_order_with_live_records_among_the_stored() -> None:
    talk = Conversation().connect().settle()
    talk.protocol.ask_memory(None, talk.now)
    talk.collect()
    assert talk.asked == [Request.MEMORY_STATUS]
    for _ in range(3):
        talk.hear(status(total=1000))
    talk.hear(status(total=1000))
    assert talk.asked[1:] == [Request.MEMORY_PREPARE, Request.MEMORY_SET_UP, Request.MEMORY_START]
    talk.hear(status(downloading=True, total=1000))
    stored = frames.tag_line("058000000001", STAMP - 60 * S)
    talk.hear(stored + LINE + stored)
    talk.wait(S)
    assert talk.asked[-1] is Request.MEMORY_STATUS
    talk.hear(status(downloading=True, done=400, total=1000))
    assert talk.last_memory() == MemoryProgress(state=MemoryState.RUNNING, done=400, total=1000)
    for _ in range(2):
        talk.wait_answering(S)
        talk.hear(status(downloading=True, done=1000, total=1000))
    assert talk.asked[-1] is Request.MEMORY_STOP
    talk.hear(status(total=1000))
    assert talk.asked[-1] is Request.MEMORY_LEAVE
    talk.hear(status(total=1000))
    assert talk.last_memory().state is MemoryState.DONE
    assert len(talk.of(ChipRead)) == 3


def test_the_clock_goes_on_being_asked_during_a_download() -> None:
    talk = Conversation().connect().settle()
    talk.protocol.ask_memory(None, talk.now)
    for _ in range(5):
        talk.hear(status(downloading=len(talk.asked) >= 4, total=9))
    for n in range(20):
        talk.wait(S)
        talk.hear(status(downloading=True, done=n % 7, total=9) + LINE)
        talk.hear(frames.clock_reply(STAMP))
    assert talk.asked.count(Request.CLOCK) >= 6


def test_a_download_of_an_earlier_connection_is_ended_first() -> None:
    talk = Conversation().connect().settle()
    talk.protocol.ask_memory(None, talk.now)
    talk.hear(status(downloading=True, done=3, total=9))
    assert talk.asked == [Request.MEMORY_STATUS, Request.MEMORY_STOP] or talk.asked == [Request.MEMORY_STOP]
    talk.hear(status(total=9))
    assert talk.asked[-1] is Request.MEMORY_PREPARE


def test_a_reader_that_does_not_record_is_a_warning() -> None:
    talk = Conversation().connect().settle()
    talk.protocol.ask_memory(None, talk.now)
    talk.hear(status(recording=False))
    warnings = [e for e in talk.events if isinstance(e, StatusSeen) and e.kind is StatusKind.WARNING]
    assert "does not record" in warnings[0].text


def test_a_reader_without_a_memory_says_so_once_and_the_rest_goes_on() -> None:
    talk = Conversation().connect().settle()
    talk.protocol.ask_memory(None, talk.now)
    talk.hear(frames.refusal(0xF2))
    assert talk.last_memory().state is MemoryState.NONE
    talk.wait(PROBE_EVERY_US)
    assert talk.asked[-1] is Request.CLOCK


def test_questions_about_the_memory_without_an_answer_are_given_up() -> None:
    talk = Conversation().connect().settle()
    talk.protocol.ask_memory(None, talk.now)
    talk.wait(60 * S)
    assert talk.last_memory().state is MemoryState.FAILED
    assert talk.asked.count(Request.MEMORY_STATUS) == 3


def start_download(talk: Conversation) -> None:
    talk.protocol.ask_memory(None, talk.now)
    talk.collect()
    for _ in range(4):
        talk.hear(status(downloading=talk.asked[-1] is Request.MEMORY_START, total=9))
    assert talk.asked[-1] is Request.MEMORY_START


def test_a_download_in_which_nothing_moves_is_stopped_and_told() -> None:
    talk = Conversation().connect().settle()
    start_download(talk)
    end_us = talk.steady_us + STALL_US + 5 * S
    while talk.steady_us < end_us:
        talk.wait(S)
        talk.hear(status(downloading=True, done=4, total=9))
    assert Request.MEMORY_STOP in talk.asked
    for _ in range(3):
        talk.hear(status(total=9))
    assert talk.last_memory().state is MemoryState.FAILED
    assert "stopped sending" in talk.last_memory().text


def test_a_download_the_reader_ends_before_its_end_has_failed() -> None:
    talk = Conversation().connect().settle()
    start_download(talk)
    talk.wait(S)
    talk.hear(status(done=4, total=9))
    for _ in range(2):
        talk.hear(status(done=4, total=9))
    assert talk.last_memory().state is MemoryState.FAILED


def test_asking_during_a_download_asks_again_after_it() -> None:
    talk = Conversation().connect().settle()
    start_download(talk)
    talk.protocol.ask_memory(None, talk.now)
    for _ in range(2):
        talk.wait_answering(S)
        talk.hear(status(downloading=True, done=9, total=9))
    talk.hear(status(total=9))
    before = talk.asked.count(Request.MEMORY_STATUS)
    talk.hear(status(total=9))
    assert talk.asked.count(Request.MEMORY_STATUS) == before + 1


def test_a_new_link_starts_the_conversation_anew() -> None:
    talk = Conversation().connect().settle()
    start_download(talk)
    talk.hear(LINE[:20])
    lost = talk.protocol.disconnected()
    assert len(lost) == 1
    assert talk.protocol.next_deadline() is None
    assert talk.protocol.data_to_send() == b""
    talk.asked.clear()
    talk.connect()
    assert talk.asked == [Request.CLOCK]
    assert not [event for event in talk.hear(LINE[20:]) if isinstance(event, ChipRead)]


def test_f18_no_request_sets_the_clock_changes_a_setting_stops_recording_or_erases() -> None:
    writes = {request for request in Request if not request.value.startswith((b"ab0000", b"ab00ff"))}
    assert {request.value[4:-4] for request in writes} == {
        b"014b02",
        b"034b070105",
        b"024b0101",
        b"024b0100",
        b"024b0700",
    }
    assert {request.instruction for request in Request} == {0x02, 0x09, 0x11, 0x4B}
    assert frames.control(frames.MEMORY, b"\xd0") not in ALLOWED


ANSWERS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            LINE,
            frames.clock_reply(STAMP),
            frames.gun_frame(STAMP),
            frames.format_reply(),
            frames.format_reply(mask=0x20),
            frames.control(0x09, b"\x07\x05"),
            frames.control(0x4B, b"\xd0\x00\x59"),
            frames.control(0x4B),
            frames.memory_status(total=5),
            frames.memory_status(downloading=True, done=5, total=5),
            frames.memory_status(downloading=True, done=1, total=5),
            frames.memory_status(recording=False),
            *(frames.refusal(code) for code in frames.REFUSALS),
            *(request.value for request in Request),
        ]
    ),
    st.builds(frames.control, st.integers(0, 255), st.binary(max_size=20)),
)
STEPS = st.one_of(ANSWERS, st.integers(0, 5 * S), st.sampled_from(["ask", "lose"]))


@settings(deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_f18_whatever_a_reader_says_only_harmless_requests_are_ever_sent(steps: list[bytes | int | str]) -> None:
    talk = Conversation().connect()
    for step in steps:
        if isinstance(step, bytes):
            talk.hear(step)
        elif isinstance(step, int):
            talk.wait(step)
        elif step == "ask":
            talk.protocol.ask_memory(Since(STAMP), talk.now)
            talk.collect()
        else:
            talk.protocol.disconnected()
            talk.connect()
    assert {request.value for request in talk.asked} <= ALLOWED


def test_a_protocol_is_found_by_the_name_the_race_file_uses() -> None:
    assert "ipico" in protocol_names()
    assert isinstance(protocol_class("ipico")(), IpicoProtocol)
    with pytest.raises(UnknownProtocol, match="there are: ipico"):
        protocol_class("telepathy")


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        ("030204f600001059058f0300", None),
        ("030204f60000100059058f0300", (16, 4116)),
        ("030204f600016c0059058f0300", (364, 4116)),
        ("030204f60100b80059058f0300", (1607, 4116)),
        ("030204f60203430059058f0300", (3681, 4116)),
        ("030204f60204f60059058f0300", (4116, 4116)),
    ],
)
def test_captured_answers_about_a_download_count_records(content: str, counts: tuple[int, int] | None) -> None:
    """The numbers of records that stood before each answer in the capture; an answer a byte short is still no crash."""
    got = frames.memory_counts(bytes.fromhex(content))
    assert counts is None or got == counts


@given(st.integers(0, 1_000_000), st.integers(0, 1_000_000))
@settings(deadline=None)
def test_counts_of_a_memory_are_read_back(done: int, total: int) -> None:
    frame = control_frame(frames.memory_status(done=done, total=total).strip())
    assert frame is not None
    assert frames.memory_counts(frame.content) == (done, total)
