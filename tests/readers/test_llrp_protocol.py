"""The conversation with an LLRP reader: an inventory is brought to run and kept running, and nothing else is said."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llrp_peer import STAMP, S, tag_of, tape

from readers import llrp_frames as frames
from readers.events import ClockSeen, DecoderEvent, Malformed, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.llrp import ANSWER_WITHIN_US, GREETING_WITHIN_US, PROBE_EVERY_US, START_AGAIN_US, LlrpProtocol
from readers.llrp_requests import SPEC_ID, Request, keepalive_ack, listening
from readers.llrp_words import HEADER_BYTES, Message, SpecState
from readers.protocol import Now, Protocol, protocol_class
from simulators.llrp_reader import LlrpTape, VirtualLlrpReader
from timing.reads import ChipRead

ALLOWED = {request.bytes_of(0) for request in Request} | {listening(0), keepalive_ack(0)}
HOUR = 3_600 * S


def messages_of(data: bytes) -> list[tuple[int, int, bytes]]:
    """Type, id, and the whole with id 0, of every message."""
    found = []
    while data:
        head, length, number = struct.unpack_from(">HII", data)
        found.append((head & 0x3FF, number, data[:6] + bytes(4) + data[HEADER_BYTES:length]))
        data = data[length:]
    return found


class Talk:
    """A protocol, clocks set by hand, and what it said."""

    def __init__(self, protocol: Protocol | None = None) -> None:
        self.protocol = protocol or LlrpProtocol()
        self.steady_us = 1_000 * S
        self.events: list[DecoderEvent] = []
        self.said: list[tuple[int, int]] = []

    @property
    def now(self) -> Now:
        return Now(STAMP + self.steady_us, self.steady_us)

    def connect(self) -> Talk:
        self.said.clear()
        self.protocol.connected(self.now)
        self.collect()
        return self

    def collect(self) -> bytes:
        data = self.protocol.data_to_send()
        for kind, number, whole in messages_of(data):
            assert whole in ALLOWED, "never a word that is not on the list"
            self.said.append((kind, number))
        return data

    def hear(self, *parts: bytes) -> list[DecoderEvent]:
        events = self.protocol.receive_data(b"".join(parts), self.now)
        self.events += events
        self.collect()
        return events

    def answer(self, code: int = 0, more: bytes = b"") -> list[DecoderEvent]:
        """Answers the last question."""
        kind, number = self.said[-1]
        return self.hear(frames.answer(kind + 10, number, code, "", more))

    def wait(self, us: int) -> list[DecoderEvent]:
        end_us = self.steady_us + us
        events: list[DecoderEvent] = []
        while (deadline := self.protocol.next_deadline()) is not None and deadline <= end_us:
            self.steady_us = max(self.steady_us, deadline)
            events += self.protocol.handle_deadline(self.now)
            self.collect()
        self.steady_us = end_us
        self.events += events
        return events

    @property
    def kinds(self) -> list[int]:
        return [kind for kind, _ in self.said]

    def texts(self, kind: StatusKind) -> list[str]:
        return [event.text for event in self.events if isinstance(event, StatusSeen) and event.kind is kind]


def greeting(utc_us: int | None = STAMP, outcome: int = 0) -> bytes:
    return frames.event(frames.attempt(outcome), utc_us=utc_us, uptime_us=77)


class Joined:
    """A protocol and a virtual reader, joined in memory; time passes by hand."""

    def __init__(self, of: LlrpTape, **settings_: int) -> None:
        self.talk = Talk()
        self.reader = VirtualLlrpReader(of, **settings_)  # type: ignore[arg-type]
        self.open = False

    @property
    def reads(self) -> list[ChipRead]:
        return [event for event in self.talk.events if isinstance(event, ChipRead)]

    @property
    def seen(self) -> list[str | None]:
        return [read.tag for read in self.reads]

    def connect(self) -> None:
        self.open = True
        self.reader.host_connected(self.talk.now.race_us)
        self.talk.protocol.connected(self.talk.now)

    def cut(self) -> None:
        self.open = False
        self.talk.events += self.talk.protocol.disconnected()
        self.reader.host_disconnected(self.talk.now.race_us)

    def run(self, us: int, step_us: int = S // 10) -> None:
        for _ in range(us // step_us):
            if self.open:
                self._exchange()
            self.talk.steady_us += step_us

    def _exchange(self) -> None:
        talk, now = self.talk, self.talk.now
        deadline = talk.protocol.next_deadline()
        if deadline is not None and now.steady_us >= deadline:
            talk.events += talk.protocol.handle_deadline(now)
        while (asked := talk.collect()) or self.reader.busy:
            self.reader.receive(asked, now.race_us)
            while said := self.reader.take(now.race_us, 512):
                talk.events += talk.protocol.receive_data(said, now)
        while said := self.reader.take(now.race_us, 512):
            talk.events += talk.protocol.receive_data(said, now)
        self.reader.receive(talk.collect(), now.race_us)


def start_us() -> int:
    return Talk().now.race_us


def test_it_is_found_by_its_name() -> None:
    assert protocol_class("llrp") is LlrpProtocol


def test_what_it_says_are_the_bytes_of_the_standard() -> None:
    assert keepalive_ack(5).hex() == "04480000000a00000005"
    assert listening(3).hex() == "04400000000a00000003"
    assert Request.SPECS.bytes_of(2).hex() == "041a0000000a00000002"
    assert Request.CAPABILITIES.bytes_of(2).hex() == "04010000000b0000000201"
    assert Request.START.bytes_of(9).hex() == "04160000000e00000009" + "43414c31"
    assert Request.KEEPALIVES.bytes_of(1).hex() == "04030000001400000001" + "00" + "00dc0009" + "01" + "00001388"
    assert Request.HOLD.bytes_of(1).hex() == "04030000001000000001" + "00" + "00e2000580"


def test_an_inventory_that_is_not_there_is_added_enabled_and_started_and_then_the_settings_are_made() -> None:
    talk = Talk().connect()
    assert talk.said == []
    talk.hear(greeting())
    assert talk.kinds == [Message.ENABLE_EVENTS_AND_REPORTS, Message.GET_ROSPECS]
    for _ in range(7):
        talk.answer()
    assert talk.kinds[2:] == [
        Message.ADD_ROSPEC,
        Message.ENABLE_ROSPEC,
        Message.START_ROSPEC,
        Message.GET_READER_CAPABILITIES,
        *[Message.SET_READER_CONFIG] * 3,
    ]


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        (SpecState.DISABLED, [Message.ENABLE_ROSPEC, Message.START_ROSPEC]),
        (SpecState.INACTIVE, [Message.START_ROSPEC]),
        (SpecState.ACTIVE, []),
    ],
)
def test_our_inventory_is_brought_to_run_from_wherever_it_is(state: SpecState, steps: list[int]) -> None:
    talk = Talk().connect()
    talk.hear(greeting())
    talk.answer(more=frames.spec(SPEC_ID, state))
    for _ in steps:
        talk.answer()
    assert talk.kinds[2:] == [*steps, Message.GET_READER_CAPABILITIES]


def test_a_reader_that_does_not_greet_is_asked_all_the_same() -> None:
    talk = Talk().connect()
    talk.wait(GREETING_WITHIN_US)
    assert talk.kinds == [Message.ENABLE_EVENTS_AND_REPORTS, Message.GET_ROSPECS]


def test_a_reader_that_another_program_has_is_told_and_the_link_given_up() -> None:
    talk = Talk().connect()
    talk.hear(greeting(outcome=2))
    assert talk.texts(StatusKind.WARNING) == [
        "the reader does not let us in: another program is connected to the reader"
    ]
    assert talk.said == []
    talk.wait(60 * S)
    assert talk.said == []
    assert talk.protocol.unanswered_since_us is not None


def test_the_greeting_tells_the_clock_once_the_way_of_an_answer_is_known() -> None:
    talk = Talk().connect()
    received_us = talk.now.race_us
    talk.hear(greeting(utc_us=received_us - HOUR))
    talk.steady_us += 40_000
    talk.answer()
    (clock,) = [event for event in talk.events if isinstance(event, ClockSeen)]
    assert clock == ClockSeen(stamp_us=received_us - HOUR, asked_us=received_us - 40_000, received_us=received_us)
    assert clock.offset_us == -HOUR + 20_000
    assert clock.round_trip_us == 40_000


def test_a_reader_without_a_calendar_is_warned_of_and_tells_its_time_since_power_on() -> None:
    talk = Talk().connect()
    talk.hear(greeting(utc_us=None))
    talk.answer(more=frames.spec(SPEC_ID, SpecState.ACTIVE))
    talk.answer(more=frames.capabilities(utc=False))
    assert [event.stamp_us for event in talk.events if isinstance(event, ClockSeen)] == [77]
    assert any("its clock is elapsed" in text for text in talk.texts(StatusKind.WARNING))
    assert talk.texts(StatusKind.SETTING) == [
        "Impinj model 2001002, firmware 5.14.0.240, 4 antennas, no calendar",
    ]


def test_keepalives_are_answered_with_their_number() -> None:
    talk = Talk().connect()
    (event,) = talk.hear(frames.keepalive(5))
    assert isinstance(event, StatusSeen)
    assert talk.said == [(Message.KEEPALIVE_ACK, 5)]


def test_reads_come_before_any_greeting_and_between_answers() -> None:
    talk = Talk().connect()
    one = frames.report(frames.tag_report(tag_of(1), STAMP, antenna=2))
    assert [type(event) for event in talk.hear(one, greeting(), one)] == [ChipRead, StatusSeen, ChipRead]


def test_an_answer_to_another_question_is_not_taken_for_ours() -> None:
    talk = Talk().connect()
    talk.hear(greeting())
    (_, number) = talk.said[-1]
    talk.hear(frames.answer(36, number + 1), frames.answer(30, number))
    assert talk.kinds[-1] == Message.GET_ROSPECS
    talk.hear(frames.answer(36, number))
    assert talk.kinds[-1] == Message.ADD_ROSPEC


def test_a_refused_inventory_is_warned_of_once_and_tried_again_later() -> None:
    talk = Talk().connect()
    talk.hear(greeting())
    talk.answer(more=frames.spec(123, SpecState.ACTIVE))
    talk.answer(code=106)
    assert talk.texts(StatusKind.WARNING) == [
        "the reader refused to add our inventory (too many fields): is another program's in its way?"
    ]
    assert "another program's inventory 123 is in the reader and runs" in talk.texts(StatusKind.SETTING)
    for _ in range(4):
        talk.answer()
    assert talk.kinds.count(Message.ENABLE_ROSPEC) == 0
    for _ in range(30):
        talk.wait(PROBE_EVERY_US)
        if talk.kinds[-1] == Message.GET_ROSPECS:
            talk.answer(more=frames.spec(123, SpecState.INACTIVE))
        if talk.kinds[-1] == Message.ADD_ROSPEC:
            talk.answer(code=106)
    assert talk.kinds.count(Message.ADD_ROSPEC) == 1 + 30 * PROBE_EVERY_US // START_AGAIN_US
    warnings = talk.texts(StatusKind.WARNING)
    assert len(warnings) == len(set(warnings)) == 2
    assert "nothing is read here" in warnings[1]


def test_a_reader_that_does_not_tell_what_runs_is_told_to_run_ours() -> None:
    talk = Talk().connect()
    talk.hear(greeting())
    (_, number) = talk.said[-1]
    talk.hear(frames.answer(Message.ERROR_MESSAGE, number, 109))
    assert talk.kinds[-1] == Message.ADD_ROSPEC
    talk.answer(code=101)
    assert talk.kinds[-1] == Message.ENABLE_ROSPEC
    talk.answer()
    assert talk.kinds[-1] == Message.START_ROSPEC
    silent = Talk().connect()
    silent.hear(greeting())
    silent.wait(ANSWER_WITHIN_US)
    assert silent.kinds[-1] == Message.GET_ROSPECS, "once may be chance"
    silent.wait(ANSWER_WITHIN_US)
    assert silent.kinds[-1] == Message.ADD_ROSPEC


def test_a_dead_reader_is_noticed_by_the_oldest_question() -> None:
    talk = Talk().connect()
    talk.hear(greeting())
    asked_us = talk.steady_us
    talk.wait(30 * S)
    assert talk.protocol.unanswered_since_us == asked_us


def test_there_is_no_memory_to_ask() -> None:
    talk = Talk().connect()
    talk.protocol.ask_memory(None, talk.now)
    assert talk.protocol.next_deadline() == talk.steady_us
    assert talk.wait(0) == [MemoryProgress(state=MemoryState.NONE)]
    assert talk.protocol.next_deadline() != talk.steady_us


def test_answers_that_do_not_fit_are_malformed_and_the_conversation_goes_on() -> None:
    talk = Talk().connect()
    talk.hear(greeting())
    (_, number) = talk.said[-1]
    bad = frames.message(Message.GET_ROSPECS_RESPONSE, number, frames.tlv(700, b"what"))
    assert any(isinstance(event, Malformed) for event in talk.hear(bad))
    assert talk.kinds[-1] == Message.GET_READER_CAPABILITIES
    talk.answer(more=frames.tlv(137, b"short"))
    assert talk.kinds[-1] == Message.SET_READER_CONFIG


def test_a_new_link_starts_anew() -> None:
    talk = Talk().connect()
    talk.hear(greeting(), frames.keepalive(1)[:7])
    (left,) = talk.protocol.disconnected()
    assert isinstance(left, Malformed)
    assert talk.protocol.next_deadline() is None
    talk.connect()
    assert talk.protocol.data_to_send() == b""
    assert talk.hear(greeting())


@settings(deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=80), st.sampled_from([greeting(), frames.keepalive(1)])), max_size=8))
def test_whatever_comes_nothing_is_said_but_what_is_allowed(parts: list[bytes]) -> None:
    talk = Talk().connect()
    for part in parts:
        talk.hear(part)
        talk.wait(S)
    for number in range(2, 8):
        for kind in (30, 32, 34, 36, 11, 13, 100):
            talk.hear(frames.message(kind, number, frames.status(number) + b"".join(parts)[:60]))


# With the virtual reader


def test_all_reads_of_a_quarter_of_an_hour_come_once_each_and_as_stamped() -> None:
    begin = start_us()
    joined = Joined(tape([begin + 5 * S + n * S for n in range(900)], offset_us=-2 * S), offset_us=-2 * S)
    joined.connect()
    joined.run(910 * S, S // 4)
    assert joined.seen == [tag_of(n) for n in range(900)]
    first = joined.reads[0]
    assert (first.stamp_us, first.antenna, first.rssi) == (begin + 3 * S, 1, -48.0)
    assert joined.reader.lost == 0
    assert joined.reader.done
    clocks = [event for event in joined.talk.events if isinstance(event, ClockSeen)]
    assert [clock.offset_us for clock in clocks] == [-2 * S]
    assert joined.talk.texts(StatusKind.WARNING) == []
    assert joined.talk.kinds.count(Message.KEEPALIVE_ACK) >= 150


def test_what_the_reader_held_while_the_link_was_gone_comes_and_the_inventory_went_on() -> None:
    begin = start_us()
    joined = Joined(tape([begin + 5 * S + n * S // 10 for n in range(600)]))
    joined.connect()
    joined.run(20 * S)
    joined.cut()
    joined.run(30 * S)
    joined.connect()
    joined.run(20 * S)
    assert sorted(map(str, joined.seen)) == [tag_of(n) for n in range(600)]
    assert joined.talk.kinds.count(Message.ADD_ROSPEC) == 1
    assert joined.talk.kinds.count(Message.START_ROSPEC) == 1
    assert joined.reader.requests[Message.STOP_ROSPEC] == joined.reader.requests[Message.DELETE_ROSPEC] == 0


def test_a_reader_whose_room_was_full_says_so() -> None:
    begin = start_us()
    joined = Joined(tape([begin + 5 * S + n * S // 10 for n in range(600)]), held_max=100)
    joined.connect()
    joined.run(20 * S)
    joined.cut()
    joined.run(30 * S)
    joined.connect()
    joined.run(20 * S)
    assert joined.reader.lost > 0
    assert len(joined.seen) == 600 - joined.reader.lost
    assert joined.talk.texts(StatusKind.WARNING) == ["the reader's room for held reads was full: it has lost reads"]


def test_a_reader_that_stops_reading_is_started_again_and_told() -> None:
    begin = start_us()
    joined = Joined(tape([begin + n * S for n in range(120)]))
    joined.connect()
    joined.run(30 * S)
    joined.reader.stop_reading()
    joined.run(90 * S)
    assert joined.reader.reading
    assert 0 < joined.reader.lost <= 4
    assert joined.talk.texts(StatusKind.WARNING) == ["the reader had stopped reading; told to go on"]


def test_an_inventory_of_another_program_is_left_alone() -> None:
    begin = start_us()
    joined = Joined(tape([begin + n * S for n in range(1, 60)]))
    joined.reader.set_up(123, state=SpecState.ACTIVE)
    joined.connect()
    joined.run(60 * S)
    assert len(joined.seen) == 59, "what it reads is read"
    assert joined.reader.requests[Message.DELETE_ROSPEC] == 0
    (warning,) = joined.talk.texts(StatusKind.WARNING)
    assert "refused to add our inventory" in warning
