"""The virtual IPICO reader: what it answers, when its lines come, and what only its memory has."""

from dataclasses import replace

import numpy as np
import pytest
from races import NINE_US, ZONE, marseille, planned

from readers import ipico_frames as frames
from simulators.field import FieldPlan
from simulators.ipico_lines import LINE_BYTES, ipico_lines, moved
from simulators.ipico_reader import BANNER, IpicoTape, VirtualReader
from simulators.race_day import simulate
from simulators.tapes import tapes_of
from timing.instants import DAY, HOUR, SECOND

HOUR_OF_PARIS_US = HOUR


@pytest.fixture(scope="module")
def tape() -> IpicoTape:
    """A thousand lines, one each second from nine o'clock, and a gun half a second after the tenth."""
    day = simulate(planned(marseille()), field=FieldPlan(runners=200))
    made = IpicoTape.of(tapes_of(day.plan.race, day.reads, day.field.guns_us)[0], ZONE)
    count = 1000
    assert len(made) >= count
    due = NINE_US + np.arange(count) * SECOND
    gun = NINE_US + 10 * SECOND + SECOND // 2
    return replace(made, lines=made.lines[: count * LINE_BYTES], due_us=due, guns_us=(gun,))


def lines_of(data: bytes) -> list[bytes]:
    return [line + b"\r\n" for line in data.split(b"\r\n") if line.startswith(b"aa")]


def listening(tape: IpicoTape, now: int = NINE_US - SECOND) -> VirtualReader:
    reader = VirtualReader(tape, ZONE)
    reader.host_connected(now)
    return reader


def ask(reader: VirtualReader, request: bytes, now: int = NINE_US - SECOND) -> bytes:
    reader.receive(request, now)
    return reader.take(now, 4096)


def test_lines_made_at_once_are_the_lines_of_the_encoder() -> None:
    day = simulate(planned(marseille()), field=FieldPlan(runners=60))
    for tape in tapes_of(day.plan.race, day.reads):
        one_by_one = [
            frames.tag_line(tape.tags[tag], stamp + HOUR_OF_PARIS_US, reader_id=int(tape.labels[mat] or "0", 16))
            for tag, stamp, mat in zip(tape.tag.tolist(), tape.stamp_us.tolist(), tape.mat.tolist(), strict=True)
        ]
        assert ipico_lines(tape, ZONE) == b"".join(one_by_one)


@pytest.mark.parametrize("ahead_us", [0, 10_000, -HOUR, 37 * DAY + 12_340_000])
def test_lines_whose_clock_was_set_are_the_lines_of_the_encoder(ahead_us: int) -> None:
    day = simulate(planned(marseille()), field=FieldPlan(runners=60))
    tape = tapes_of(day.plan.race, day.reads)[0]
    first = len(tape) // 3
    stamp_us = np.where(np.arange(len(tape)) < first, tape.stamp_us, tape.stamp_us + ahead_us)
    expected = [
        frames.tag_line(tape.tags[tag], stamp + HOUR_OF_PARIS_US, reader_id=int(tape.labels[mat] or "0", 16))
        for tag, stamp, mat in zip(tape.tag.tolist(), stamp_us.tolist(), tape.mat.tolist(), strict=True)
    ]
    assert moved(ipico_lines(tape, ZONE), first, ahead_us) == b"".join(expected)


def test_a_clock_that_was_set_shows_it_in_what_is_recorded_from_then_on(tape: IpicoTape) -> None:
    reader = listening(tape)
    now = NINE_US + 5 * SECOND
    before = lines_of(reader.take(now, 4096))
    told_us = now + HOUR_OF_PARIS_US + 3 * SECOND
    assert ask(reader, frames.set_clock_request(told_us), now) == frames.control(frames.CLOCK_SET)
    ahead_us = 3 * SECOND - frames.CLOCK_ACTS_AFTER_US
    assert ask(reader, frames.control(frames.CLOCK), now) == frames.clock_reply(now + HOUR_OF_PARIS_US + ahead_us)
    assert lines_of(tape.lines)[: len(before)] == before
    (line,) = lines_of(reader.take(now + SECOND, 4096))
    assert line == moved(lines_of(tape.lines)[len(before)], 0, ahead_us)


def test_a_tag_that_no_ipico_reader_can_send_is_refused() -> None:
    day = simulate(planned(marseille()), field=FieldPlan(runners=20))
    tape = tapes_of(day.plan.race, day.reads)[0]
    with pytest.raises(ValueError, match="NOT-A-TAG"):
        ipico_lines(replace(tape, tags=("NOT-A-TAG", *tape.tags[1:])), ZONE)


def test_lines_come_when_they_are_due_and_not_before(tape: IpicoTape) -> None:
    reader = listening(tape)
    assert reader.take(NINE_US - 1, 4096) == b""
    assert reader.next_due_us() == NINE_US
    assert lines_of(reader.take(NINE_US + 2 * SECOND, 4096)) == lines_of(tape.lines[: 3 * LINE_BYTES])
    assert reader.take(NINE_US + 2 * SECOND, 4096) == b""
    assert reader.sent == 3


def test_the_gun_comes_between_the_lines_before_and_after_it(tape: IpicoTape) -> None:
    data = listening(tape).take(NINE_US + 20 * SECOND, 4096)
    gun = frames.gun_frame(tape.guns_us[0] + HOUR_OF_PARIS_US)
    before, _, after = data.partition(gun)
    assert len(lines_of(before)) == 11
    assert len(lines_of(after)) == 10


def test_what_was_due_while_nobody_listened_is_in_the_memory_alone(tape: IpicoTape) -> None:
    reader = listening(tape)
    reader.take(NINE_US + 4 * SECOND, 4096)
    reader.host_disconnected(NINE_US + 4 * SECOND)
    back = NINE_US + 9 * SECOND
    reader.host_connected(back)
    assert reader.take(back, 4096) == b""
    assert lines_of(reader.take(back + SECOND, 4096)) == lines_of(tape.lines[10 * LINE_BYTES : 11 * LINE_BYTES])
    ask(reader, frames.control(frames.MEMORY, b"\x02"), back + SECOND)
    ask(reader, frames.control(frames.MEMORY, b"\x07\x01\x05"), back + SECOND)
    got = ask(reader, frames.control(frames.MEMORY, b"\x01\x01"), back + SECOND)
    assert lines_of(got) == lines_of(tape.lines[: 11 * LINE_BYTES])


def test_a_line_taken_too_late_for_a_host_that_left_is_in_the_memory_alone(tape: IpicoTape) -> None:
    reader = listening(tape)
    reader.take(NINE_US + 50 * SECOND, 2 * LINE_BYTES)
    reader.host_disconnected(NINE_US + 50 * SECOND)
    reader.host_connected(NINE_US + 50 * SECOND)
    assert reader.take(NINE_US + 50 * SECOND, 4096) == b""
    assert reader.recorded(NINE_US + 50 * SECOND) == 51


def test_a_download_runs_beside_live_lines_and_tells_its_end(tape: IpicoTape) -> None:
    reader = listening(tape, NINE_US + 600 * SECOND)
    now = NINE_US + 600 * SECOND
    for content in (b"\x02", b"\x07\x01\x05", b"\x01\x01"):
        reader.receive(frames.control(frames.MEMORY, content), now)
    data = reader.take(now, 1)
    assert b"ab000c4b03" in data
    while reader.busy:
        now += SECOND // 4
        data += reader.take(now, 1024)
    stored = lines_of(tape.lines[: 601 * LINE_BYTES])
    assert [line for line in lines_of(data) if line in set(stored)] == stored
    assert len(lines_of(data)) > 601, "lines that became due meanwhile came, too"
    whole = frames.memory_status(downloading=True, done=601, total=601)
    assert ask(reader, frames.control(frames.MEMORY, query=True), now) == whole
    stopped = ask(reader, frames.control(frames.MEMORY, b"\x01\x00"), now)
    assert stopped == frames.memory_status(done=0, total=reader.recorded(now))
    assert reader.downloads == 1


def test_done_means_that_this_host_was_sent_everything(tape: IpicoTape) -> None:
    end = NINE_US + HOUR
    reader = listening(tape)
    while reader.take(end, 4096):
        pass
    assert reader.done
    reader.host_disconnected(end)
    assert not reader.done
    reader.host_connected(end)
    reader.receive(frames.control(frames.MEMORY, b"\x01\x01"), end)
    while reader.take(end, 4096):
        pass
    assert reader.done


def test_lag_is_how_long_the_next_line_has_been_due(tape: IpicoTape) -> None:
    reader = listening(tape)
    assert reader.lag_us(NINE_US - SECOND) == 0
    assert reader.lag_us(NINE_US + 7 * SECOND) == 7 * SECOND
    reader.take(NINE_US + 7 * SECOND, 4096)
    assert reader.lag_us(NINE_US + 7 * SECOND) == 0


def test_as_fast_as_possible_the_race_waits_for_the_host(tape: IpicoTape) -> None:
    reader = VirtualReader(tape, ZONE, stands_still=True)
    end = NINE_US + HOUR
    reader.host_connected(end)
    first = reader.take(end, 10 * LINE_BYTES)
    reader.host_disconnected(end)
    reader.host_connected(end)
    rest = b""
    while data := reader.take(end, 4096):
        rest += data
    assert lines_of(first + rest) == lines_of(tape.lines)
    assert frames.gun_frame(tape.guns_us[0] + HOUR_OF_PARIS_US) in rest


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (frames.control(frames.CLOCK), frames.clock_reply(NINE_US - SECOND + HOUR_OF_PARIS_US)),
        (frames.unchecked_control(frames.CLOCK), frames.clock_reply(NINE_US - SECOND + HOUR_OF_PARIS_US)),
        (bytes(1024) + frames.control(frames.CLOCK), frames.clock_reply(NINE_US - SECOND + HOUR_OF_PARIS_US)),
        (b"ab00ff0995\r\n", b"ab0002090005f0\r\n"),
        (frames.control(frames.CONFIG3, b"\x03\x05\x07"), b"ab00000929\r\n"),
        (b"ab00000a51\r\n", b"ab000f0af800270000ff31144c2b00034500015b\r\n"),
        (frames.control(frames.FORMAT, query=True), frames.format_reply()),
        (frames.control(0x06, b"\x01"), frames.control(0x06)),
        (b"ab0000372a\r\n", b"\r\n" + BANNER + b"\r\n\r\nab0000372a\r\n"),
        (b"ab00ff4bc2\r\n", frames.memory_status()),
        (b"ab0001e206be\r\n", b"ab0000f258\r\n"),
        (b"ab0000e055\r\n", b""),
        (b"ab00000223\r\n", b"ab0000f157\r\n"),
        (b"ab00010222\r\n", b"ab0000f157\r\n"),
        (frames.control(frames.CLOCK_SET, bytes(7)), frames.refusal(0xF4)),
        (frames.control(frames.MEMORY, b"\xd0"), frames.refusal(0xF5)),
        (b"hello\r\nab\r\nab00zz\r\n", b""),
    ],
)
def test_a_command_is_answered_as_captured(tape: IpicoTape, request_: bytes, reply: bytes) -> None:
    assert ask(listening(tape), request_) == reply


def test_a_request_may_come_in_pieces(tape: IpicoTape) -> None:
    reader = listening(tape)
    for byte in frames.control(frames.CLOCK):
        reader.receive(bytes([byte]), NINE_US - SECOND)
    assert reader.take(NINE_US - SECOND, 100) == frames.clock_reply(NINE_US - SECOND + HOUR_OF_PARIS_US)


def test_the_memory_is_never_erased_but_the_attempt_is_remembered(tape: IpicoTape) -> None:
    reader = listening(tape)
    ask(reader, frames.control(frames.MEMORY, b"\xd0"))
    assert reader.erase_requests == 1
    assert reader.recorded(NINE_US + 3 * SECOND) == 4


def test_rubbish_without_end_is_bounded(tape: IpicoTape) -> None:
    reader = listening(tape)
    reader.receive(b"x" * 1_000_000, NINE_US)
    assert ask(reader, b"\r\n" + frames.control(frames.CLOCK)).startswith(b"ab000902")
