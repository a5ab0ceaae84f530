"""TAG Heuer timers: published frames, cuts, noise, lost numbers, and a virtual timer over TCP."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_peer import Kept, ended
from test_transports import TcpPeer
from timer_talk import AT, START, Talk, check_cuts, fed, of_day, play, reads, warnings

from readers import tag_heuer_frames as frames
from readers.driver import Driver
from readers.events import DecoderEvent, GunSeen, Malformed, MemoryState, StatusKind, StatusSeen
from readers.race_clock import RaceClock
from readers.tag_heuer import BAD_CHECK, NO_CHECK, NO_FRAME, NO_MEMORY, UNCHECKED, TagHeuerProtocol
from readers.text_lines import LINE_MAX
from readers.transports import open_transport
from simulators.tag_heuer_reader import VirtualTagHeuer
from simulators.timer_device import Impulse
from timing.instants import SECOND
from timing.race import Source
from timing.reads import ChipRead, ClockKind, ReadKind, SourceId

NEW = b"TN    2    2 M1 19:30:58.41200  6994\t06B3\r\n"
MANUAL = b"T+    1    1  1 11:11:11.11100  6994\t0649\r\n"
STORED = b"AN    1    1 M4 20:37:46.61300  6899\t06A4\r\n"
NET = b"RR    0    1           2.47700\t04C7\r\n"
ID = b"ID 01904\t01AB\r\n"
END = b"DE 01\t010A\r\n"
OLD = b"T      0046 M2 11:24:37.333000\r"
OLD_NET = b"R  43  0046       37:50.620000\r"


def hand(frame: bytes, at: str, label: str) -> ChipRead:
    raw = frame.strip(b"\r\n").decode()
    return ChipRead(tag=None, stamp_us=of_day(at), received_us=START, kind=ReadKind.HAND, label=label, raw=raw)


def said(events: list[DecoderEvent]) -> list[tuple[StatusKind, str]]:
    return [(event.kind, event.text) for event in events if isinstance(event, StatusSeen)]


def test_the_published_frames_decode_as_published_wherever_they_are_cut() -> None:
    events = check_cuts(TagHeuerProtocol, MANUAL + NEW + STORED + NET + ID + END)
    assert events[:3] == [
        hand(MANUAL, "11:11:11.111", "1"),
        hand(NEW, "19:30:58.412", "1M"),
        hand(STORED, "20:37:46.613", "4M"),
    ]
    assert said(events) == [
        (StatusKind.ANSWER, "a net time, not a time of day"),
        (StatusKind.SETTING, "device 01904"),
        (StatusKind.ANSWER, "download ended"),
    ]
    assert len(events) == 6


def test_the_older_timers_are_understood_on_the_same_wire() -> None:
    events = check_cuts(TagHeuerProtocol, OLD + OLD_NET + OLD.replace(b"T ", b"T-"))
    assert reads(events) == [hand(OLD, "11:24:37.333", "2M")]
    assert [kind for kind, _ in said(events)] == [StatusKind.ANSWER, StatusKind.ANSWER]
    assert len(events) == 3


def test_the_encoder_writes_the_published_frames() -> None:
    assert frames.time_540(2, of_day("19:30:58.412"), by_hand=True, bib=2, day=6994) == NEW
    assert frames.time_540(1, of_day("11:11:11.111"), bib=1, day=6994, kind="T+") == MANUAL
    assert frames.time_540(1, of_day("20:37:46.613"), by_hand=True, channel=4, bib=1, day=6899, kind="AN") == STORED
    assert frames.with_checksum(b"ID 01904") == ID
    assert frames.time_520(of_day("11:24:37.333"), channel=2, by_hand=True, bib=46) == OLD


@settings(deadline=None)
@given(
    ticks=st.integers(1, 24 * 3600 * 100_000 - 1),
    number=st.integers(0, 9999),
    channel=st.integers(1, 9),
    by_hand=st.booleans(),
    checked=st.booleans(),
    old=st.booleans(),
)
def test_what_is_written_is_read_back(
    ticks: int, number: int, channel: int, by_hand: bool, checked: bool, old: bool
) -> None:
    frame = (
        frames.time_520(ticks * 10, channel=channel, by_hand=by_hand, bib=number)
        if old
        else frames.time_540(number, ticks * 10, channel=channel, by_hand=by_hand, bib=number, checked=checked)
    )
    (read,) = reads(fed(TagHeuerProtocol, frame))
    assert (read.stamp_us, read.label) == (ticks * 10, f"{channel}{'M' if by_hand else ''}")
    assert (read.tag, read.reader_seq, read.kind) == (None, None, ReadKind.HAND)


def test_a_channel_that_is_named_as_the_guns_brings_it_once() -> None:
    events = fed(lambda: TagHeuerProtocol(gun_channels=frozenset({"1"})), NEW + NEW + STORED)
    assert [event.label for event in events if isinstance(event, GunSeen)] == ["1M"]
    assert len(reads(events)) == 1


def test_a_missing_number_is_told_a_new_run_and_a_download_are_not() -> None:
    def time(number: int, kind: str = "TN") -> bytes:
        return frames.time_540(number, of_day("10:00:00") + number * SECOND, kind=kind)

    events = fed(TagHeuerProtocol, time(4) + time(6) + time(9) + time(1) + time(2) + time(8, "AN") + time(3))
    assert len(reads(events)) == 7
    assert [line.split(" of")[0] for line in warnings(events)] == ["time 5", "times 7 to 8"]


def test_a_time_of_zeros_and_an_edit_are_no_times() -> None:
    zero = frames.with_checksum(b"TN    7    7  1 00:00:00.00000   DNF")
    events = fed(TagHeuerProtocol, zero, frames.time_540(3, of_day("10:00:00"), kind="T-"), b"!N 01\t00A0\r\n")
    assert not reads(events)
    assert [text for _, text in said(events)][:2] == ["a status, not a time", "a time was edited: T-"]


def test_frames_without_a_checksum_are_taken_until_one_had_it() -> None:
    plain = frames.time_540(1, of_day("10:00:00.5"), checked=False)
    events = check_cuts(TagHeuerProtocol, plain + plain + NEW + plain)
    assert len(reads(events)) == 3
    assert warnings(events)[0] == UNCHECKED
    assert [event.reason for event in events if isinstance(event, Malformed)] == [NO_CHECK]


@pytest.mark.parametrize("place", range(len(NEW) - 2))
def test_one_changed_character_is_never_another_time(place: int) -> None:
    for value in range(256):
        damaged = NEW[:place] + bytes([value]) + NEW[place + 1 :]
        if value == NEW[place]:
            continue
        found = reads(fed(TagHeuerProtocol, STORED, damaged))[1:]
        assert found == [], (place, value)


def test_damaged_frames_and_noise_are_kept_and_the_next_time_is_found() -> None:
    events = check_cuts(TagHeuerProtocol, NEW.replace(b"06B3", b"06B4") + b"\xff\xfe12:3\r\n" + MANUAL)
    assert [event.reason for event in events if isinstance(event, Malformed)] == [BAD_CHECK, NO_FRAME]
    assert len(reads(events)) == 1
    for cut in range(1, len(NEW)):
        assert hand(MANUAL, "11:11:11.111", "1") in fed(TagHeuerProtocol, STORED, NEW[:cut] + MANUAL), cut
    assert len(reads(check_cuts(TagHeuerProtocol, b"\x80" * (LINE_MAX + 9) + NEW + MANUAL))) == 2


@settings(deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=12))
def test_any_bytes_give_events_and_nothing_is_ever_sent(pieces: list[bytes]) -> None:
    protocol = TagHeuerProtocol()
    protocol.connected(AT)
    for piece in pieces:
        protocol.receive_data(piece, AT)
        assert protocol._lines.pending <= LINE_MAX + 200
    assert hand(NEW, "19:30:58.412", "1M") in protocol.receive_data(b"\r\n" + NEW, AT)
    protocol.ask_memory(None, AT)
    assert protocol.data_to_send() == b""
    protocol.disconnected()
    assert protocol.next_deadline() is None


def test_the_memory_is_out_of_reach_but_a_download_by_hand_counts_once() -> None:
    made = [
        Impulse(due_us=START + (101 + n) * SECOND, stamp_us=of_day("10:00:00") + n * SECOND, number=n)
        for n in range(10)
    ]
    device = VirtualTagHeuer(made, day=9000)
    talk = Talk(TagHeuerProtocol(), device).connect()
    talk.ask_memory()
    talk.wait(5 * SECOND)
    assert (talk.memory.state, talk.memory.text) == (MemoryState.NONE, NO_MEMORY)
    talk.lose()
    talk.wait(3 * SECOND)
    talk.connect()
    talk.wait(5 * SECOND)
    device.download(talk.now.race_us)
    talk.exchange()
    assert {read.stamp_us for read in talk.reads} == {impulse.stamp_us for impulse in made}
    assert len({(read.stamp_us, read.label) for read in talk.reads}) == len(made)
    assert [line[:5] for line in warnings(talk.events)] == ["times"]
    assert device.forbidden == []


async def test_over_a_real_connection() -> None:
    clock, sink = RaceClock.real(), Kept()
    begin_us = clock.now_us()
    device = VirtualTagHeuer(
        [Impulse(due_us=begin_us + n, stamp_us=of_day("10:00:00") + n * 10) for n in range(200)], checked=False
    )

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        device.host_connected = lambda now: None  # type: ignore[method-assign]
        await play(device, TcpPeer(reader, writer), clock.now_us)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    connect = f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}"
    source = Source(id=SourceId("hand"), protocol="tag_heuer", connect=connect, clock=ClockKind.TIME_OF_DAY)
    driver = Driver(source, TagHeuerProtocol(), lambda: open_transport(connect), sink, clock, lambda: None)
    running = asyncio.create_task(driver.run())
    await sink.until(lambda: len(set(sink.all)) == 200 and driver.health.memory is MemoryState.NONE)
    await ended(running)
    server.close()
