"""RACE RESULT USB Timing Box: the sample, cuts, answers in order, numbers, and what is never sent."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pty_peer import PtyPeer
from reader_peer import Kept, ended
from timer_talk import START, Talk, play, reads, warnings

from readers import race_result_usb_frames as frames
from readers.driver import Driver
from readers.events import ClockSeen, DecoderEvent, GunSeen, Malformed, MemoryState, StatusSeen
from readers.health import Link
from readers.protocol import Since
from readers.race_clock import RaceClock
from readers.race_result_usb import (
    NEVER_SET,
    NUMBERED_ANEW,
    RESTARTED,
    SAME_AGAIN_MAX,
    SET_ANEW,
    WAKE_UP_US,
    RaceResultUsbProtocol,
)
from readers.race_result_usb_lines import BROKEN_OFF, LINES_MAX, NO_PASSING, Answer, BoxLines, passing_line
from readers.text_lines import LINE_MAX
from readers.transports import open_transport
from simulators.race_result_usb_reader import VirtualUsbBox, whole_ticks
from simulators.timer_device import Impulse
from timing.instants import MINUTE, SECOND
from timing.race import Source
from timing.reads import ClockKind, SourceId

REFERENCE = (0x4A3CAA45, 0x0151BCF5)
SAMPLE = "GLBAS60;0718;01521527;0c;08;9f;1a;0;1;2;00;0"


def impulses(count: int, first_s: int = 105, tag: str = "") -> list[Impulse]:
    """One each second, and what the box shows of it, on the race clock."""
    return [
        Impulse(
            due_us=START + (first_s + n) * SECOND,
            stamp_us=START + (first_s + n) * SECOND,
            channel=n % 3,
            tag=tag or f"GLBAS{n % 7}",
        )
        for n in range(count)
    ]


def box(made: list[Impulse], **more: int) -> VirtualUsbBox:
    return VirtualUsbBox(made, reference=(START // SECOND, 0x100), **more)


def joined(device: VirtualUsbBox) -> Talk:
    talk = Talk(RaceResultUsbProtocol(), device).connect()
    talk.ask_memory()
    return talk


def test_the_sample_decodes_as_published() -> None:
    passing = passing_line(SAMPLE.encode())
    assert passing is not None
    assert (passing.code, passing.hits, passing.loop) == ("GLBAS60", 12, 1)
    stamp_us = frames.stamp_us(passing.ticks, *REFERENCE)
    assert (
        frames.stamp_us(REFERENCE[1], *REFERENCE)
        == int(datetime(2009, 6, 20, 9, 22, 13, tzinfo=UTC).timestamp()) * SECOND
    )
    assert stamp_us - REFERENCE[0] * SECOND == 88_195_312  # 22578 ticks: 88.1953125 s
    assert datetime.fromtimestamp(stamp_us // SECOND, UTC) == datetime(2009, 6, 20, 9, 23, 41, tzinfo=UTC)
    assert frames.signal_dbm(0x7A) == -62.0


@given(st.integers(0, 2**32 - 1))
def test_ticks_are_exact_both_ways(ticks: int) -> None:
    stamp_us = frames.stamp_us(ticks, *REFERENCE)
    assert (stamp_us - REFERENCE[0] * SECOND) * 256 // 1_000_000 in (ticks - REFERENCE[1], ticks - REFERENCE[1] - 1)
    # A millionth cut off below may fall into the tick before: the middle of the tick does not.
    assert frames.ticks_of(stamp_us + 1, *REFERENCE) == ticks


def test_whole_answers_come_out_wherever_they_are_cut() -> None:
    data = (
        frames.answer("EPOCHREFGET", "4a3caa45;0151bcf5")
        + frames.answer(frames.PASSINGS, "00000000;01", SAMPLE)
        + frames.answer(frames.PASSINGS, "00000001;00000000", error=0x10).replace(b"\n", b"\r\n")
    )
    whole = BoxLines().feed(data)
    assert whole == [
        Answer("EPOCHREFGET", 0, [b"4a3caa45;0151bcf5"]),
        Answer("PASSINGGET", 0, [b"00000000;01", SAMPLE.encode()]),
        Answer("PASSINGGET", 16, [b"00000001;00000000"]),
    ]
    for cut in range(1, len(data)):
        lines = BoxLines()
        assert lines.feed(data[:cut]) + lines.feed(data[cut:]) == whole
    lines = BoxLines()
    assert [event for byte in data for event in lines.feed(bytes([byte]))] == whole


def test_an_answer_that_breaks_off_is_malformed_and_the_next_is_whole() -> None:
    events = BoxLines().feed(b"PASSINGGET;00\n00000000;02\n" + SAMPLE.encode() + b"\n" + frames.answer("ASCII"))
    assert isinstance(events[0], Malformed)
    assert events[0].reason == BROKEN_OFF
    assert events[1:] == [Answer("ASCII", 0, [])]


@settings(deadline=None)
@given(
    code=st.from_regex(r"[0-9A-Z]{1,8}", fullmatch=True),
    ticks=st.integers(0, 2**32 - 1),
    hits=st.integers(0, 255),
    rssi=st.integers(0, 255),
    loop=st.integers(0, 7),
    stored=st.booleans(),
)
def test_what_is_written_is_read_back(code: str, ticks: int, hits: int, rssi: int, loop: int, stored: bool) -> None:
    line = frames.passing(code, ticks, hits=hits, rssi=rssi, loop=loop, stored=stored)
    got = passing_line(line.encode())
    assert got is not None
    assert (got.code, got.ticks, got.hits, got.rssi, got.loop) == (code, ticks, hits, rssi, loop)


def test_the_box_is_left_alone_for_three_seconds_and_then_asked_one_thing_at_a_time() -> None:
    talk = Talk(RaceResultUsbProtocol(), box([])).connect()
    talk.ask_memory()
    talk.wait(WAKE_UP_US - SECOND // 2)
    assert talk.sent == b""
    talk.wait(SECOND)
    assert talk.sent.startswith(b"".join((frames.TEXT_MODE, frames.BOX_ID, frames.REFERENCE, frames.MEMORY)))
    talk.wait(2 * SECOND)
    assert talk.memory.state is MemoryState.DONE
    assert talk.protocol.unanswered_since_us is None


def test_passings_come_with_numbers_ticks_and_signal() -> None:
    talk = joined(box(impulses(10)))
    talk.wait(20 * SECOND)
    assert [read.reader_seq for read in talk.reads] == list(range(10))
    assert [read.stamp_us for read in talk.reads] == [whole_ticks(impulse.stamp_us) for impulse in impulses(10)]
    first = talk.reads[0]
    assert (first.tag, first.label, first.rssi) == ("GLBAS0", "1", -62.0)
    assert first.reader_file == f"{START // SECOND:08x}:00000100"
    assert talk.device.forbidden == []


def test_a_gap_is_fetched_from_the_number_that_is_durable() -> None:
    made = impulses(200, first_s=101)
    talk = joined(box(made))
    talk.wait(30 * SECOND)
    last = talk.reads[-1]
    talk.lose()
    talk.wait(MINUTE)
    talk.connect()
    before = len(talk.reads)
    talk.protocol.ask_memory(Since(last.stamp_us, last.reader_file, last.reader_seq), talk.now)
    talk.exchange()
    talk.wait(2 * MINUTE)
    assert talk.memory.state is MemoryState.DONE
    assert talk.reads[before].reader_seq == last.reader_seq, "the last durable one comes once more"
    assert sorted({read.reader_seq or 0 for read in talk.reads}) == list(range(200))
    assert warnings(talk.events) == []


def test_a_cursor_of_another_numbering_fetches_all() -> None:
    talk = Talk(RaceResultUsbProtocol(), box(impulses(20, first_s=50))).connect()
    talk.protocol.ask_memory(Since(0, "another", 10), talk.now)
    talk.wait(6 * SECOND)
    assert [read.reader_seq for read in talk.reads] == list(range(20))


def test_passings_the_memory_has_no_more_are_counted() -> None:
    device = box(impulses(100, first_s=101), capacity=40)
    talk = joined(device)
    talk.wait(20 * SECOND)
    last = talk.reads[-1]
    talk.lose()
    talk.wait(80 * SECOND)
    talk.connect()
    talk.protocol.ask_memory(Since(last.stamp_us, last.reader_file, last.reader_seq), talk.now)
    talk.wait(10 * SECOND)
    assert last.reader_seq is not None
    lost = device.recorded(talk.now.race_us) - 40 - last.reader_seq - 1
    assert warnings(talk.events) == [f"{lost} passings are no longer in the box's memory"]


def test_the_clock_of_the_box_is_told() -> None:
    talk = joined(box([], ahead_us=2 * SECOND))
    talk.wait(20 * SECOND)
    clocks = [event for event in talk.events if isinstance(event, ClockSeen)]
    assert len(clocks) >= 4
    assert all(abs(clock.offset_us - 2 * SECOND) < 4_000 for clock in clocks)


def test_a_marker_is_a_gun_told_once() -> None:
    talk = joined(box(impulses(1, tag=frames.MARKER)))
    talk.wait(8 * SECOND)
    talk.ask_memory()
    talk.wait(4 * SECOND)
    assert [event.label for event in talk.events if isinstance(event, GunSeen)] == [frames.MARKER]
    assert talk.reads == []


def test_a_box_whose_clock_was_never_set_or_is_set_anew_is_told() -> None:
    device = box([])
    talk = joined(device)
    talk.wait(5 * SECOND)
    device.reference = (START // SECOND + 5, 0x200)
    talk.wait(15 * SECOND)
    assert warnings(talk.events) == [SET_ANEW]
    device.reference = (0, 0)
    talk.wait(15 * SECOND)
    assert warnings(talk.events) == [SET_ANEW, NEVER_SET]


def test_a_box_that_restarts_or_is_cleared_is_read_from_its_new_beginning() -> None:
    device = box(impulses(20, first_s=50))
    talk = joined(device)
    talk.wait(8 * SECOND)
    assert len(talk.reads) == 20
    device.impulses = device.impulses[:4]
    talk.wait(15 * SECOND)
    assert warnings(talk.events) == [NUMBERED_ANEW]
    assert len(talk.reads) == 24
    device.boot()
    talk.wait(15 * SECOND)
    assert RESTARTED in warnings(talk.events)
    assert len({(read.reader_file, read.reader_seq) for read in talk.reads}) == 28


def test_a_damaged_answer_is_asked_for_again_and_a_damaged_line_given_up_in_the_end() -> None:
    device = box(impulses(3, first_s=50))
    broken = device.frame

    def frame(place: int) -> bytes:
        return broken(place).replace(b";", b",") if place == 1 else broken(place)

    device.frame = frame  # type: ignore[method-assign]
    talk = joined(device)
    talk.wait(20 * SECOND)
    bad = [event for event in talk.events if isinstance(event, Malformed)]
    assert [event.reason for event in bad] == [NO_PASSING] * (SAME_AGAIN_MAX + 1)
    assert {read.reader_seq for read in talk.reads} == {0, 2}
    assert talk.memory.state is MemoryState.DONE


def test_passings_fewer_than_announced_get_no_numbers() -> None:
    device = box(impulses(2, first_s=50))
    written = device.frame
    device.frame = lambda place: b"" if place == 1 else written(place)  # type: ignore[method-assign]
    talk = joined(device)
    talk.wait(10 * SECOND)
    assert talk.reads == []
    assert any(isinstance(event, Malformed) for event in talk.events)


STEPS = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            frames.answer("EPOCHREFGET", "4a3caa45;0151bcf5"),
            frames.answer("EPOCHREFGET", "x"),
            frames.answer("PASSINGINFOGET", "1;0;0;0;0"),
            frames.answer("PASSINGINFOGET", "ffffffff;0;0;ffffffff;0"),
            frames.answer("PASSINGGET", "0;1", SAMPLE),
            frames.answer("PASSINGGET", "0;ff", SAMPLE),
            frames.answer("PASSINGGET", "0;7", error=16),
            frames.answer("TIMESTAMPGET", "0151bcf5"),
            b"AUTOBOOT\n",
            b"PASSINGGET;00\n",
        ]
    ),
    st.integers(0, 5 * SECOND),
    st.sampled_from(["ask", "lose"]),
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_whatever_it_hears_it_only_asks(steps: list[bytes | int | str]) -> None:
    protocol = RaceResultUsbProtocol()
    talk = Talk(protocol, VirtualUsbBox([])).connect()
    sent = b""
    for step in steps:
        if isinstance(step, bytes):
            protocol.receive_data(step, talk.now)
        elif isinstance(step, int):
            talk.steady_us += step
            protocol.handle_deadline(talk.now)
        elif step == "ask":
            protocol.ask_memory(Since(0, "4a3caa45:0151bcf5", 3), talk.now)
        else:
            protocol.disconnected()
            protocol.connected(talk.now)
        sent += protocol.data_to_send()
        assert protocol._lines.pending <= LINE_MAX * (LINES_MAX + 2)
    for line in sent.splitlines(keepends=True):
        assert line in frames.QUESTIONS or re.fullmatch(rb"PASSINGGET;[0-9a-f]{8}\n", line)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=12))
def test_after_any_bytes_the_next_whole_answer_is_understood(pieces: list[bytes]) -> None:
    lines = BoxLines()
    for piece in pieces:
        lines.feed(piece)
    lines.feed(b"\n\n")
    good = frames.answer("EPOCHREFGET", "4a3caa45;0151bcf5")
    assert lines.feed(good) == [Answer("EPOCHREFGET", 0, [b"4a3caa45;0151bcf5"])]


def test_setting_the_clock_is_written_as_documented() -> None:
    assert frames.set_clock_request(0x4A3CAA45) == b"EPOCHREFSET;4a3caa45\n"


@pytest.mark.slow
async def test_over_a_real_line_a_cable_that_is_pulled_loses_nothing(tmp_path: Path) -> None:
    path, clock, sink = tmp_path / "ttyUSB0", RaceClock.real(), Kept()
    begin_us = clock.now_us()
    made = [
        Impulse(due_us=begin_us + n * SECOND // 10, stamp_us=begin_us + n * SECOND // 10, tag=f"T{n}")
        for n in range(100)
    ]
    device = VirtualUsbBox(made, reference=(begin_us // SECOND, 16))
    connect = f"serial:{path}?baud=19200"
    source = Source(id=SourceId("box"), protocol="race_result_usb", connect=connect, clock=ClockKind.UTC)
    driver = Driver(source, RaceResultUsbProtocol(), lambda: open_transport(connect), sink, clock, lambda: None)
    running = asyncio.create_task(driver.run())
    for last in (False, True):
        port = PtyPeer(path)
        playing = asyncio.ensure_future(play(device, port, clock.now_us))
        if last:
            await sink.until(lambda: len(set(sink.all)) == 100 and not driver.health.gap)
        else:
            await sink.until(lambda: sink.count > 10)
        await ended(playing)
        port.close()
        await sink.until(lambda: driver.health.link is Link.DOWN)
    await ended(running)
    assert device.forbidden == []


def test_statuses_name_the_box() -> None:
    talk = joined(box([]))
    talk.wait(5 * SECOND)
    said: list[DecoderEvent] = talk.events
    assert "box A-500" in [event.text for event in said if isinstance(event, StatusSeen)]
    assert reads(said) == []
