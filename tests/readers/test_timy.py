"""ALGE Timy: samples, cuts, noise, what is never sent, and the conversation with a virtual timer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pty_peer import PtyPeer
from reader_peer import Kept, ended
from timer_talk import START, Talk, check_cuts, fed, of_day, play, reads, warnings

from readers import timy_frames as frames
from readers.driver import Driver
from readers.events import GunSeen, Malformed, MemoryState, StatusKind, StatusSeen
from readers.health import Link
from readers.race_clock import RaceClock
from readers.text_lines import LINE_MAX
from readers.timy import DUMP_MAX_US, NO_ANSWER, TimyProtocol
from readers.timy_stream import BAD_CHECK, NO_CHECK, NO_FRAME, UNCHECKED
from readers.transports import open_transport
from simulators.timer_device import Impulse
from simulators.timy_reader import VirtualTimy
from timing.instants import SECOND
from timing.race import Source
from timing.reads import ChipRead, ClockKind, ReadKind, SourceId

GUN = b" 0001 C0  10:07:20.2731 00<=\r"
FIRST = b" 0002 C1  10:07:25.5000 00<<\r"
SECOND_ONE = b" 0003 C1  10:08:00.0001 00<3\r"
BAD = b" 0001 C0  10:07:20.2731 0000\r"


def hand(frame: bytes, at: str, label: str = "C1") -> ChipRead:
    raw = frame.strip(b"\r").decode("latin-1")
    return ChipRead(tag=None, stamp_us=of_day(at), received_us=START, kind=ReadKind.HAND, label=label, raw=raw)


def test_the_samples_decode_as_published_wherever_they_are_cut() -> None:
    gun, first, second, bad = check_cuts(TimyProtocol, GUN + FIRST + SECOND_ONE + BAD)
    assert gun == GunSeen(stamp_us=of_day("10:07:20.2731"), received_us=START, label="C0", raw=GUN.decode().strip("\r"))
    assert first == hand(FIRST, "10:07:25.5")
    assert second == hand(SECOND_ONE, "10:08:00.0001")
    assert bad == Malformed(reason=BAD_CHECK, raw=BAD.decode().strip("\r"), size=28)


def test_the_encoder_writes_the_samples() -> None:
    assert frames.impulse(1, of_day("10:07:20.2731")) == GUN
    assert frames.impulse(2, of_day("10:07:25.5"), channel=1) == FIRST
    assert frames.impulse(3, of_day("10:08:00.0001"), channel=1) == SECOND_ONE
    with pytest.raises(ValueError, match="0 to 8"):
        frames.impulse(1, 0, channel=9)


@settings(deadline=None)
@given(
    ticks=st.integers(0, 24 * 3600 * 10_000 - 1),
    number=st.integers(0, 9999),
    channel=st.integers(1, 8),
    by_hand=st.booleans(),
    status=st.sampled_from(" ?cdim"),
    lane=st.sampled_from(" rl"),
    group=st.integers(0, 99),
    checked=st.booleans(),
)
def test_what_is_written_is_read_back(
    ticks: int, number: int, channel: int, by_hand: bool, status: str, lane: str, group: int, checked: bool
) -> None:
    frame = frames.impulse(
        number,
        ticks * 100,
        channel=channel,
        by_hand=by_hand,
        status=status,
        lane=lane,
        group=group,
        checked=checked,
    )
    (read,) = reads(fed(TimyProtocol, frame))
    assert read.stamp_us == ticks * 100
    assert read.label == f"C{channel}{'M' if by_hand else ''}{lane.strip()}"
    assert read.tag is None
    assert read.reader_seq is None
    assert read.raw == frame.decode("cp437").strip("\r")


def test_a_hand_on_the_start_key_is_a_gun_a_typed_time_is_not() -> None:
    at = of_day("09:00:00.5")
    (gun,) = fed(TimyProtocol, frames.impulse(1, at, by_hand=True))
    assert isinstance(gun, GunSeen)
    assert gun.label == "C0M"
    for status in "cdi":
        (typed,) = fed(TimyProtocol, frames.impulse(1, at, status=status))
        assert isinstance(typed, ChipRead)
        assert typed.kind is ReadKind.HAND
    (read,) = fed(lambda: TimyProtocol(gun_channels=frozenset()), GUN)
    assert isinstance(read, ChipRead)


def test_net_times_the_running_clock_and_words_are_no_reads() -> None:
    lines = [
        frames.net_time(12, of_day("00:00:05.2269")),
        frames.running_clock(of_day("10:07:20.27")),
        b"HW_SN 1234567\r",
        b"PROG: Backup\r",
        b"Battery low\r",
        b"CLR\r",
        b"PULSE HOLD: ][C1][\r",
    ]
    events = fed(TimyProtocol, *lines)
    assert all(isinstance(event, StatusSeen) for event in events)
    assert len(events) == len(lines)
    assert len(warnings(events)) == 2
    assert "cleared" in warnings(events)[0]


def test_without_check_digits_the_length_decides_and_the_crew_is_told_once() -> None:
    plain = frames.impulse(7, of_day("10:00:00.1234"), channel=1, checked=False)
    events = check_cuts(TimyProtocol, plain + plain[:-5] + b"\r" + plain)
    assert len(reads(events)) == 2
    assert [event.reason for event in events if isinstance(event, Malformed)] == [NO_FRAME]
    assert warnings(events) == [UNCHECKED]


def test_once_check_digits_were_seen_a_frame_must_have_them() -> None:
    events = check_cuts(TimyProtocol, FIRST + SECOND_ONE[:-3] + b"\r" + FIRST)
    assert len(reads(events)) == 2
    assert [event.reason for event in events if isinstance(event, Malformed)] == [NO_CHECK]


@pytest.mark.parametrize("place", range(28))
def test_one_changed_character_is_never_a_time(place: int) -> None:
    for value in range(256):
        if value == FIRST[place]:
            continue
        damaged = FIRST[:place] + bytes([value]) + FIRST[place + 1 :]
        events = [event for event in fed(TimyProtocol, GUN, damaged)[1:] if isinstance(event, ChipRead | GunSeen)]
        # A NUL is nothing, and a frame that lacks a character is none.
        assert events == [], (place, value)


def test_frames_glued_together_or_to_noise_are_found() -> None:
    assert len(reads(check_cuts(TimyProtocol, FIRST[:-1] + SECOND_ONE))) == 2
    for cut in range(1, 28):
        events = fed(TimyProtocol, GUN, FIRST[:cut] + SECOND_ONE)
        assert hand(SECOND_ONE, "10:08:00.0001") in events, cut
    events = check_cuts(TimyProtocol, GUN + b"x" * (LINE_MAX + 300) + FIRST + SECOND_ONE)
    assert len(reads(events)) == 2
    assert sum(event.size for event in events if isinstance(event, Malformed)) == LINE_MAX + 300


@settings(deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=12))
def test_any_bytes_give_events_and_the_next_good_frame_is_found(pieces: list[bytes]) -> None:
    protocol = TimyProtocol()
    talk = Talk(protocol, VirtualTimy([]))
    protocol.connected(talk.now)
    for piece in pieces:
        protocol.receive_data(piece, talk.now)
        assert protocol._stream.pending <= LINE_MAX + 200
    assert hand(FIRST, "10:07:25.5").stamp_us in [
        event.stamp_us for event in reads(protocol.receive_data(b"\r" + FIRST, talk.now))
    ]


def test_half_a_frame_never_meets_the_next_connection() -> None:
    talk = Talk(TimyProtocol(), VirtualTimy([]))
    talk.protocol.connected(talk.now)
    talk.protocol.receive_data(FIRST[:15], talk.now)
    assert len(talk.protocol.disconnected()) == 1
    assert talk.protocol.next_deadline() is None
    talk.protocol.connected(talk.now)
    events = talk.protocol.receive_data(FIRST[15:], talk.now)
    assert not reads(events)


def impulses(count: int, first_s: int = 110) -> list[Impulse]:
    """One each second: the gun, then the finish."""
    return [
        Impulse(
            due_us=START + (first_s + n) * SECOND,
            stamp_us=of_day("10:00:00") + n * SECOND + 100 * n,
            channel=0 if n == 0 else 1,
            by_hand=n % 2 == 1,
            number=n + 1,
        )
        for n in range(count)
    ]


def test_the_memory_is_fetched_after_a_cut_and_repeats_are_the_same_reads() -> None:
    made = impulses(20)
    talk = Talk(TimyProtocol(), VirtualTimy(made)).connect()
    talk.ask_memory()
    talk.wait(5 * SECOND)
    assert (talk.memory.state, talk.memory.done) == (MemoryState.DONE, 0)
    talk.wait(12 * SECOND)
    talk.lose()
    before = len(talk.reads)
    talk.wait(10 * SECOND)
    assert len(talk.reads) == before
    talk.connect()
    talk.ask_memory()
    talk.ask_memory()
    talk.wait(30 * SECOND)
    assert talk.memory.state is MemoryState.DONE
    assert {read.stamp_us for read in talk.reads} == {impulse.stamp_us for impulse in made[1:]}
    assert len({(read.stamp_us, read.label) for read in talk.reads}) == 19
    assert [event.stamp_us for event in talk.events if isinstance(event, GunSeen)] == [made[0].stamp_us]
    assert talk.device.forbidden == []


def test_a_timer_that_never_answers_is_not_given_up_and_its_memory_is_told_to_be_out_of_reach() -> None:
    talk = Talk(TimyProtocol(), VirtualTimy(impulses(3), mute=True)).connect()
    talk.ask_memory()
    talk.wait(20 * SECOND)
    assert talk.protocol.unanswered_since_us is None
    assert (talk.memory.state, talk.memory.text) == (MemoryState.FAILED, NO_ANSWER)
    talk.wait(10 * SECOND)
    assert len(talk.reads) == 2


def test_a_timer_that_answered_and_falls_silent_is_noticed() -> None:
    device = VirtualTimy([])
    talk = Talk(TimyProtocol(), device).connect()
    talk.wait(3 * SECOND)
    assert talk.protocol.unanswered_since_us is None
    device._mute = True
    talk.wait(4 * SECOND)
    assert talk.protocol.unanswered_since_us is not None


def test_a_memory_mixed_with_times_without_end_is_told_to_have_ended() -> None:
    talk = Talk(TimyProtocol(), VirtualTimy(impulses(400, first_s=100))).connect()
    talk.ask_memory()
    talk.wait(DUMP_MAX_US + 10 * SECOND)
    assert talk.memory.state is MemoryState.DONE


STEPS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([GUN, FIRST, BAD, b"NSF V 3\r", b"PROG: x\r", b"NSF?\r", b"CLR\r"]),
    st.integers(0, 5 * SECOND),
    st.sampled_from(["ask", "lose"]),
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_whatever_it_hears_only_questions_are_ever_sent(steps: list[bytes | int | str]) -> None:
    protocol = TimyProtocol()
    talk = Talk(protocol, VirtualTimy([])).connect()
    sent = b""
    for step in steps:
        if isinstance(step, bytes):
            protocol.receive_data(step, talk.now)
        elif isinstance(step, int):
            talk.steady_us += step
            protocol.handle_deadline(talk.now)
        elif step == "ask":
            protocol.ask_memory(None, talk.now)
        else:
            protocol.disconnected()
            protocol.connected(talk.now)
        sent += protocol.data_to_send()
    assert {line + b"\r" for line in sent.split(b"\r")[:-1]} <= set(frames.QUESTIONS)
    assert sent == b"" or sent.endswith(b"\r")


async def test_over_a_real_line_a_cable_that_is_pulled_loses_nothing(tmp_path: Path) -> None:
    path, clock, sink = tmp_path / "ttyUSB0", RaceClock.real(), Kept()
    begin_us = clock.now_us()
    device = VirtualTimy(
        [
            Impulse(due_us=begin_us + n * SECOND // 20, stamp_us=of_day("10:00:00") + n * 100, channel=min(n, 1))
            for n in range(60)
        ]
    )
    source = Source(
        id=SourceId("hand"), protocol="timy", connect=f"serial:{path}?baud=38400", clock=ClockKind.TIME_OF_DAY
    )
    driver = Driver(source, TimyProtocol(), lambda: open_transport(source.connect), sink, clock, lambda: None)
    running = asyncio.create_task(driver.run())
    for last in (False, True):
        port = PtyPeer(path)
        playing = asyncio.ensure_future(play(device, port, clock.now_us))
        if last:
            await sink.until(lambda: driver.health.memory is MemoryState.DONE and len(set(sink.all)) == 59)
            assert not driver.health.gap
        else:
            await sink.until(lambda: sink.count > 5)
        await ended(playing)
        port.close()
        await sink.until(lambda: driver.health.link is Link.DOWN)
    await ended(running)
    assert len(sink.guns) == 1
    assert device.forbidden == []


def test_the_status_of_a_program_is_a_setting() -> None:
    talk = Talk(TimyProtocol(), VirtualTimy([])).connect()
    talk.wait(SECOND)
    settings_ = [event for event in talk.events if isinstance(event, StatusSeen) and event.kind is StatusKind.SETTING]
    assert [event.text for event in settings_] == ["PROG: Backup"]
