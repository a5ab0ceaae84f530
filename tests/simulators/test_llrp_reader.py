"""The virtual LLRP reader: what it answers, when it reads, and what it holds while nobody listens."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from races import NINE_US

from readers import llrp_frames as frames
from readers.llrp_records import event_of, specs_of, status_of
from readers.llrp_requests import SPEC_ID, Request, listening
from readers.llrp_stream import LlrpMessage, LlrpStream
from readers.llrp_words import Message, Par, SpecState
from simulators.llrp_reader import LlrpTape, VirtualLlrpReader
from timing.instants import SECOND
from timing.reads import ChipRead, SourceId

BEFORE = NINE_US - SECOND
COUNT = 1_000


def tag_of(number: int) -> str:
    return f"{number:024X}"


@pytest.fixture
def tape() -> LlrpTape:
    """A thousand reads, one each second from nine o'clock, by a reader that is two seconds late."""
    due = NINE_US + np.arange(COUNT) * SECOND
    return LlrpTape(
        source=SourceId("finish"),
        tags=tuple(map(tag_of, range(COUNT))),
        tag=np.arange(COUNT, dtype=np.int32),
        stamp_us=due - 2 * SECOND,
        due_us=due,
        antenna=np.full(COUNT, -1, np.int16),
        rssi=np.full(COUNT, np.nan, np.float32),
    )


def heard(reader: VirtualLlrpReader, now: int, limit: int = 100_000) -> list[object]:
    return list(LlrpStream().feed(reader.take(now, limit), now))


def read(reader: VirtualLlrpReader, now: int, limit: int = 100_000) -> list[str | None]:
    return [event.tag for event in heard(reader, now, limit) if isinstance(event, ChipRead)]


def ask(reader: VirtualLlrpReader, whole: bytes, now: int = BEFORE) -> LlrpMessage:
    reader.receive(whole, now)
    messages = [event for event in heard(reader, now) if isinstance(event, LlrpMessage)]
    return messages[-1]


def code(answer: LlrpMessage) -> int | None:
    status = status_of(answer.body)
    return None if status is None else status.code


def connected(tape: LlrpTape, now: int = BEFORE) -> VirtualLlrpReader:
    reader = VirtualLlrpReader(tape, offset_us=-2 * SECOND)
    reader.host_connected(now)
    return reader


def started(tape: LlrpTape, now: int = BEFORE) -> VirtualLlrpReader:
    reader = connected(tape, now)
    for request in (Request.ADD, Request.ENABLE, Request.START):
        assert code(ask(reader, request.bytes_of(1), now)) == 0
    return reader


def test_a_host_is_greeted_with_the_time(tape: LlrpTape) -> None:
    (greeting,) = heard(connected(tape), BEFORE)
    assert isinstance(greeting, LlrpMessage)
    event = event_of(greeting.body)
    assert event is not None
    assert event.stamp_us == BEFORE - 2 * SECOND
    assert event.happened == [(Par.CONNECTION_ATTEMPT_EVENT, b"\0\0")]


def test_it_reads_only_while_an_inventory_runs(tape: LlrpTape) -> None:
    reader = connected(tape)
    assert read(reader, NINE_US + 3 * SECOND) == []
    assert reader.lost == 4
    for request in (Request.ADD, Request.ENABLE, Request.START):
        ask(reader, request.bytes_of(1), NINE_US + 3 * SECOND)
    assert read(reader, NINE_US + 5 * SECOND) == [tag_of(4), tag_of(5)]
    reader.receive(frames.message(Message.STOP_ROSPEC, 9, struct.pack(">I", 0)), NINE_US + 5 * SECOND)
    assert read(reader, NINE_US + 7 * SECOND) == []
    assert reader.lost == 6
    assert reader.sent == 2


def test_reports_come_when_they_are_due_and_say_what_the_tape_says(tape: LlrpTape) -> None:
    reader = started(tape)
    assert reader.next_due_us() == NINE_US
    assert read(reader, NINE_US - 1) == []
    (first, *_) = [event for event in heard(reader, NINE_US) if isinstance(event, ChipRead)]
    assert first == ChipRead(tag=tag_of(0), stamp_us=NINE_US - 2 * SECOND, received_us=NINE_US)  # type: ignore[arg-type]
    assert reader.lag_us(NINE_US + 4 * SECOND) == 3 * SECOND
    assert len(read(reader, NINE_US + 100 * SECOND, 60)) == 2, "at least one message, and whole ones"


def test_what_nobody_listened_to_is_held_if_it_was_told_to_and_lost_if_not(tape: LlrpTape) -> None:
    for hold in (False, True):
        reader = started(tape)
        if hold:
            ask(reader, Request.HOLD.bytes_of(5))
        reader.host_disconnected(NINE_US - 1)
        back = NINE_US + 9 * SECOND
        reader.host_connected(back)
        assert read(reader, back) == []
        reader.receive(listening(6), back)
        assert read(reader, back) == ([tag_of(n) for n in range(10)] if hold else [])
        assert reader.lost == (0 if hold else 10)
        assert read(reader, back + SECOND) == [tag_of(10)]


def test_keepalives_come_as_often_as_they_were_asked_for(tape: LlrpTape) -> None:
    reader = connected(tape)
    ask(reader, Request.KEEPALIVES.bytes_of(1))
    came = 0
    for second in range(60):
        messages = [event for event in heard(reader, BEFORE + second * SECOND) if isinstance(event, LlrpMessage)]
        came += sum(message.kind == Message.KEEPALIVE for message in messages)
    assert came == 11


def test_it_has_room_for_one_inventory_and_tells_its_state(tape: LlrpTape) -> None:
    reader = connected(tape)
    assert code(ask(reader, Request.START.bytes_of(1))) == 108
    assert code(ask(reader, Request.ADD.bytes_of(1))) == 0
    assert code(ask(reader, Request.ADD.bytes_of(2))) == 106
    assert code(ask(reader, Request.START.bytes_of(1))) == 108
    assert specs_of(ask(reader, Request.SPECS.bytes_of(3)).body) == {SPEC_ID: SpecState.DISABLED}
    ask(reader, Request.ENABLE.bytes_of(4))
    assert specs_of(ask(reader, Request.SPECS.bytes_of(3)).body) == {SPEC_ID: SpecState.INACTIVE}
    ask(reader, Request.START.bytes_of(4))
    assert specs_of(ask(reader, Request.SPECS.bytes_of(3)).body) == {SPEC_ID: SpecState.ACTIVE}
    assert code(ask(reader, frames.message(Message.DELETE_ROSPEC, 5, struct.pack(">I", SPEC_ID)))) == 0
    assert specs_of(ask(reader, Request.SPECS.bytes_of(3)).body) == {}


def test_what_it_does_not_know_is_an_error_and_rubbish_is_bounded(tape: LlrpTape) -> None:
    reader = connected(tape)
    answer = ask(reader, frames.message(777, 8))
    assert (answer.kind, answer.id, code(answer)) == (Message.ERROR_MESSAGE, 8, 109)
    reader.receive(b"\xff" * 1_000_000, BEFORE)
    assert ask(reader, Request.SPECS.bytes_of(3)).kind == Message.GET_ROSPECS_RESPONSE


def test_a_request_may_come_in_pieces(tape: LlrpTape) -> None:
    reader = connected(tape)
    for byte in Request.ADD.bytes_of(4):
        reader.receive(bytes([byte]), BEFORE)
    answers = [event for event in heard(reader, BEFORE) if isinstance(event, LlrpMessage)]
    assert answers[-1].kind == Message.ADD_ROSPEC_RESPONSE


def test_as_fast_as_possible_the_race_waits_for_the_host(tape: LlrpTape) -> None:
    reader = VirtualLlrpReader(tape, stands_still=True)
    end = NINE_US + 5_000 * SECOND
    reader.host_connected(end)
    assert read(reader, end) == []
    for request in (Request.ADD, Request.ENABLE, Request.START):
        reader.receive(request.bytes_of(1), end)
    got = []
    while some := read(reader, end, 4_096):
        got += some
    assert got == [tag_of(n) for n in range(COUNT)]
    assert reader.sent == COUNT
    assert reader.done
