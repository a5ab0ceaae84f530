"""Chronelec decoder: the sample, cuts, damage, and that nothing is acknowledged before it is safe."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pty_peer import PtyPeer
from reader_peer import Kept, ended
from timer_talk import AT, START, Talk, check_cuts, fed, of_day, play, reads, warnings

from readers import chronelec_frames as frames
from readers.chronelec import BAD_CHECK, UNBLOCKED, ChronelecProtocol
from readers.driver import driver_for
from readers.events import Malformed, MemoryState, StatusKind, StatusSeen
from readers.health import Link
from readers.protocol import Acknowledging
from readers.race_clock import RaceClock
from readers.text_lines import LINE_MAX
from simulators.chronelec_reader import VirtualChronelec
from simulators.timer_device import Impulse
from timing.instants import SECOND
from timing.race import Source
from timing.reads import ChipRead, ClockKind, ReadKind, SourceId

BODY = b"STA 007654 10:05:33.123 0001 0 1"
SAMPLE = b"<" + BODY + b"%04d" % sum(BODY) + b">\r\n"
OTHER = frames.passing("123456", of_day("10:05:34.001"), source="BOX", counter=2)


def test_the_sample_decodes_as_published_wherever_it_is_cut() -> None:
    events = check_cuts(ChronelecProtocol, SAMPLE + OTHER)
    assert events[0] == ChipRead(
        tag="007654",  # type: ignore[arg-type]
        stamp_us=of_day("10:05:33.123"),
        received_us=START,
        label="STA",
        raw=SAMPLE.decode().strip(),
    )
    assert [(read.tag, read.label) for read in reads(events)] == [("007654", "STA"), ("123456", "BOX")]
    assert frames.passing("7654", of_day("10:05:33.123")) == SAMPLE


@settings(deadline=None)
@given(
    milliseconds=st.integers(0, 24 * 3600 * 1000 - 1),
    transponder=st.integers(0, 999_999),
    source=st.sampled_from(["STA", "BOX", "MAN", "CEL", "B01"]),
    counter=st.integers(0, 9999),
)
def test_what_is_written_is_read_back(milliseconds: int, transponder: int, source: str, counter: int) -> None:
    frame = frames.passing(f"{transponder}", milliseconds * 1000, source=source, counter=counter)
    (read,) = reads(fed(ChronelecProtocol, frame))
    by_hand = source in ("MAN", "CEL")
    assert (read.stamp_us, read.label) == (milliseconds * 1000, source)
    assert read.tag == (None if by_hand else f"{transponder:06d}")
    assert read.kind is (ReadKind.HAND if by_hand else ReadKind.READ)


def test_a_weak_battery_is_told_with_the_passing() -> None:
    events = fed(ChronelecProtocol, frames.passing("12", 0, status=2))
    assert len(reads(events)) == 1
    assert [event.text for event in events if isinstance(event, StatusSeen)] == ["000012: battery low"]


def test_a_passing_is_acknowledged_when_it_is_safe_and_not_before() -> None:
    protocol = ChronelecProtocol()
    protocol.connected(AT)
    protocol.data_to_send()
    (read,) = reads(protocol.receive_data(SAMPLE, AT))
    assert protocol.data_to_send() == b""
    protocol.stored([read])
    assert protocol.data_to_send() == frames.ACKNOWLEDGE
    protocol.stored([read])
    assert protocol.data_to_send() == b""
    protocol.receive_data(SAMPLE, AT)
    assert protocol.data_to_send() == b"", (
        "a copy that was under way: a second word would be taken for the next passing"
    )
    protocol.receive_data(SAMPLE, AT)
    assert protocol.data_to_send() == frames.ACKNOWLEDGE, "the first word was lost"


def test_what_was_safe_only_after_the_link_was_cut_is_acknowledged_on_the_next() -> None:
    protocol = ChronelecProtocol()
    protocol.connected(AT)
    (read,) = reads(protocol.receive_data(SAMPLE, AT))
    protocol.disconnected()
    protocol.stored([read])
    assert protocol.data_to_send() == b""
    protocol.connected(AT)
    protocol.data_to_send()
    protocol.receive_data(SAMPLE, AT)
    assert protocol.data_to_send() == frames.ACKNOWLEDGE


def test_damage_is_asked_for_again_and_given_up_the_fourth_time() -> None:
    protocol = ChronelecProtocol()
    protocol.connected(AT)
    protocol.data_to_send()
    damaged = SAMPLE.replace(b"7654", b"7655")
    for _ in range(3):
        (event,) = protocol.receive_data(damaged, AT)
        assert isinstance(event, Malformed)
        assert event.reason == BAD_CHECK
        assert protocol.data_to_send() == frames.REPEAT
    events = protocol.receive_data(damaged, AT)
    assert warnings(events) == [UNBLOCKED]
    assert protocol.data_to_send() == frames.ACKNOWLEDGE
    assert len(reads(protocol.receive_data(SAMPLE, AT))) == 1


@pytest.mark.parametrize("place", range(38))
def test_one_changed_character_is_never_another_passing(place: int) -> None:
    for value in range(256):
        if value != SAMPLE[place]:
            damaged = SAMPLE[:place] + bytes([value]) + SAMPLE[place + 1 :]
            assert reads(fed(ChronelecProtocol, damaged)) == [], (place, value)


def test_the_next_passing_is_found_after_any_part_of_another_and_after_noise() -> None:
    for cut in range(1, len(SAMPLE)):
        assert reads(fed(ChronelecProtocol, SAMPLE[:cut] + OTHER))[-1].tag == "123456", cut
    assert len(reads(check_cuts(ChronelecProtocol, b"<" * (LINE_MAX + 40) + SAMPLE + OTHER))) == 2


STEPS = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([SAMPLE, OTHER, frames.status(0), SAMPLE[:20], b"+++\x00\x01\r\n"]),
    st.integers(0, 5 * SECOND),
    st.sampled_from(["ask", "lose", "store"]),
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_whatever_it_hears_it_only_asks_and_acknowledges(steps: list[bytes | int | str]) -> None:
    protocol = ChronelecProtocol()
    talk = Talk(protocol, VirtualChronelec([])).connect()
    sent, heard = b"", []
    for step in steps:
        if isinstance(step, bytes):
            heard += reads(protocol.receive_data(step, talk.now))
        elif isinstance(step, int):
            talk.steady_us += step
            protocol.handle_deadline(talk.now)
        elif step == "ask":
            protocol.ask_memory(None, talk.now)
        elif step == "store":
            protocol.stored(heard)
        else:
            protocol.disconnected()
            protocol.connected(talk.now)
        sent += protocol.data_to_send()
        assert protocol._lines.pending <= LINE_MAX + 200
    allowed = b"|".join(re.escape(word) for word in frames.SAYABLE)
    assert re.fullmatch(b"(?:" + allowed + b")*", sent)
    assert reads(protocol.receive_data(b"\r\n" + SAMPLE, talk.now))


def test_a_link_that_is_cut_loses_nothing_and_the_memory_needs_no_asking() -> None:
    made = [
        Impulse(due_us=START + (101 + n) * SECOND, stamp_us=of_day("10:00:00") + n * SECOND, channel=n % 4, tag=str(n))
        for n in range(30)
    ]
    device = VirtualChronelec(made)
    talk = Talk(ChronelecProtocol(), device).connect()
    protocol = talk.protocol
    assert isinstance(protocol, ChronelecProtocol)
    talk.ask_memory()
    for second in range(120):
        talk.wait(SECOND)
        if second % 7 < 4:  # the journal is slow now and then
            protocol.stored(talk.reads)
            talk.exchange()
        if second == 8:
            talk.lose()
        if second == 15:
            talk.connect()
            talk.ask_memory()
    assert device.acknowledged == 30
    assert {read.stamp_us for read in talk.reads} == {impulse.stamp_us for impulse in made}
    assert talk.memory.state is MemoryState.DONE
    assert device.forbidden == []
    assert protocol.unanswered_since_us is None
    assert any(isinstance(event, StatusSeen) and event.kind is StatusKind.ANSWER for event in talk.events)


async def test_over_a_real_line_nothing_is_acknowledged_while_the_journal_stands_still(tmp_path: Path) -> None:
    path, clock, sink = tmp_path / "ttyUSB0", RaceClock.real(), Kept()
    made = [Impulse(due_us=n, stamp_us=of_day("10:00:00") + n * 1000, tag=str(n)) for n in range(1, 41)]
    device = VirtualChronelec(made)
    source = Source(
        id=SourceId("finish"),
        protocol="chronelec",
        connect=f"serial:{path}?baud=19200",
        clock=ClockKind.TIME_OF_DAY,
    )
    assert isinstance(ChronelecProtocol(), Acknowledging)
    driver = driver_for(source, sink, clock, lambda: None)
    running = asyncio.create_task(driver.run())
    sink.open.clear()
    for stands_still in (True, False):
        port = PtyPeer(path)
        playing = asyncio.ensure_future(play(device, port, clock.now_us))
        if stands_still:
            await sink.until(lambda: driver.health.reads >= 2)  # the first passing again, since nobody took it
            assert device.acknowledged == 0
        else:
            sink.open.set()
            await sink.until(lambda: len(set(sink.all)) == 40)
            async with asyncio.timeout(10):
                while device.acknowledged < 40:  # noqa: ASYNC110 (nothing sets an event)
                    await asyncio.sleep(0.02)
        await ended(playing)
        port.close()
        await sink.until(lambda: driver.health.link is Link.DOWN)
    await ended(running)
    assert set(sink.all) == {(f"{n:06d}", impulse.stamp_us) for n, impulse in enumerate(made, 1)}
    assert device.forbidden == []


def test_setting_the_clock_is_written_as_documented_and_never_sayable() -> None:
    assert frames.set_clock_request(9, 30, 15) == b"\x1b\x48\x09\x1e\x0f\x74"
    assert not any(word.startswith(b"\x1b\x48") for word in frames.SAYABLE)
    with pytest.raises(ValueError, match="no time of day"):
        frames.set_clock_request(24, 0, 0)
