"""JChip bridges: captured lines, any cut, any noise; the conversation with a virtual bridge joined in memory."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers import jchip_frames as frames
from readers.events import ClockSeen, DecoderEvent, Malformed, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.jchip import BAD_TIME, LINE_MAX, NO_DATE, NO_LINE, NOT_AGAIN, JChipProtocol
from readers.protocol import Now
from simulators.jchip_reader import JChipRecord, VirtualJChip
from simulators.zones import local_of
from timing.instants import DAY, HOUR, SECOND
from timing.reads import ChipRead

PARIS = ZoneInfo("Europe/Paris")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NINE_US = 1_792_915_200 * SECOND
NOW = Now(NINE_US, HOUR)
T = TypeVar("T")


def stamp(text: str) -> int:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


FIRST = b"DJ41AA1DF 10:21:44.878849 10  00000      C7 date=20261122"
SECOND_READ = b"DJ41AA264 10:21:44.878849 10  00001      C7 date=20261122"
READS = [
    (FIRST, "41AA1DF", stamp("2026-11-22 10:21:44.878849")),
    (SECOND_READ, "41AA264", stamp("2026-11-22 10:21:44.878849")),
    (b"DJ0041aa 10:21:44.5 10  0001F      C7", "0041AA", 10 * HOUR + 21 * 60 * SECOND + 44_500_000),
    (b"DJ0041AA 00:00:01.000001 12  00020      C7", "0041AA", 2 * DAY + 1_000_001),
]
GOOD = frames.read_line("413A9C", stamp("2026-10-25 09:00:00.125"), 9)


def fed(*pieces: bytes) -> list[DecoderEvent]:
    protocol = JChipProtocol()
    protocol.connected(NOW)
    return [event for piece in pieces for event in protocol.receive_data(piece, NOW)]


def one_by_one(data: bytes) -> list[DecoderEvent]:
    return fed(*(data[i : i + 1] for i in range(len(data))))


def chips(events: list[DecoderEvent]) -> list[tuple[str | None, int]]:
    return [(event.tag, event.stamp_us) for event in events if isinstance(event, ChipRead)]


@pytest.mark.parametrize(("line", "tag", "at"), READS)
@pytest.mark.parametrize("ending", [b"\r", b"\n", b"\r\n"], ids=["cr", "lf", "crlf"])
def test_a_captured_read_is_understood_whole_byte_by_byte_and_at_every_cut(
    line: bytes, tag: str, at: int, ending: bytes
) -> None:
    data = line + ending
    whole = fed(data)
    assert chips(whole) == [(tag, at)]
    assert [event.raw for event in whole if isinstance(event, ChipRead)] == [line.decode()]
    assert one_by_one(data) == whole
    for cut in range(1, len(data)):
        assert fed(data[:cut], data[cut:]) == whole


def test_the_written_lines_are_the_captured_ones() -> None:
    assert frames.read_line("41AA1DF", READS[0][2], 0) == FIRST + b"\r"
    assert frames.read_line("41AA264", READS[1][2], 1) == SECOND_READ + b"\r"
    assert frames.clock_line(stamp("2026-11-22 10:21:45.37")) == b"GT010214537 date=20261122\r"
    assert frames.hello("vm-1") == b"N0000vm-1\r"
    with pytest.raises(ValueError, match="letters and digits"):
        frames.read_line("a b", 0, 0)
    with pytest.raises(ValueError, match="nine days"):
        frames.read_line("ab", 10 * DAY, 0, dated=False)


@settings(deadline=None)
@given(
    tag=st.text("0123456789ABCDEF", min_size=1, max_size=24),
    stamp_us=st.integers(0, 4_000_000_000 * SECOND),
    index=st.integers(0, 0xFFFFF),
)
def test_what_is_written_is_read_back(tag: str, stamp_us: int, index: int) -> None:
    assert chips(fed(frames.read_line(tag, stamp_us, index))) == [(tag, stamp_us)]
    dateless = stamp_us % (10 * DAY)
    assert chips(fed(frames.read_line(tag, dateless, index, dated=False))) == [(tag, dateless)]


def test_the_captured_greeting_and_clock() -> None:
    protocol = JChipProtocol()
    protocol.connected(NOW)
    assert protocol.data_to_send() == b""
    (hello,) = protocol.receive_data(b"N0000vm-1\r", NOW)
    assert isinstance(hello, StatusSeen)
    assert "vm-1" in hello.text
    assert protocol.data_to_send() == b"GT\r"
    later = Now(NINE_US + 200_000, HOUR + 200_000)
    (clock,) = protocol.receive_data(b"GT010214537 date=20261122\r", later)
    assert clock == ClockSeen(stamp_us=stamp("2026-11-22 10:21:45.37"), asked_us=NINE_US, received_us=later.race_us)
    assert protocol.data_to_send() == b"S0000\r"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"DJ41AA1DF 24:00:00.0 10  00000      C7 date=20261122", BAD_TIME),
        (b"DJ41AA1DF 10:60:00.0 10  00000      C7", BAD_TIME),
        (b"DJ41AA1DF 10:00:00.0 10  00000      C7 date=20260231", BAD_TIME),
        (b"GT025000000", BAD_TIME),
        (b"DJ41AA1DF 10:21:44.878849", NO_LINE),
        (b"DJ41AA1DF 10:21:44.878849 10  000", NO_LINE),
        (b"DJ 10:21:44.878849 10  00000      C7", NO_LINE),
        (FIRST + FIRST, NO_LINE),
        (b"DJ41AA1DF 10:21:44.8788491 10  00000      C7", NO_LINE),
        (b"hello", NO_LINE),
    ],
)
def test_what_is_no_line_is_kept_as_malformed(line: bytes, reason: str) -> None:
    assert fed(line + b"\r") == [Malformed(reason=reason, raw=line.decode(), size=len(line))]


NOISE = st.one_of(
    st.binary(max_size=60),
    st.text("DJNGT0123456789:. \r\n", max_size=60).map(str.encode),
    st.sampled_from([GOOD, GOOD[:20], b"\r", b"z" * 300, b"N0000x\r", b"GT010214537\r"]),
)


@settings(deadline=None)
@given(st.lists(NOISE, max_size=12), st.integers(1, 40))
def test_any_bytes_give_the_same_events_whatever_the_cuts(parts: list[bytes], size: int) -> None:
    data = b"".join(parts)
    whole = fed(data)
    assert one_by_one(data) == whole
    assert fed(*(data[i : i + size] for i in range(0, len(data), size))) == whole
    assert chips(fed(data + b"\r" + GOOD))[-1:] == [("413A9C", stamp("2026-10-25 09:00:00.125"))]


def test_half_a_line_is_never_joined_with_the_next_connection() -> None:
    protocol = JChipProtocol()
    for cut in range(1, len(GOOD)):
        protocol.connected(NOW)
        assert protocol.receive_data(GOOD[:cut], NOW) == []
        (event,) = protocol.disconnected()
        assert isinstance(event, Malformed)
        protocol.connected(NOW)
        assert chips(protocol.receive_data(GOOD[cut:], NOW)) == []


def test_a_line_that_never_ends_is_bounded() -> None:
    (event, read) = fed(*[b"x" * 1000] * 50, b"\r" + GOOD)
    assert isinstance(event, Malformed)
    assert (event.size, len(event.raw)) == (50_000, 200)
    assert LINE_MAX < 1000
    assert isinstance(read, ChipRead)


# The conversation


def records(count: int, every_us: int = SECOND, first_us: int = NINE_US) -> list[JChipRecord]:
    return [JChipRecord(f"41{n:05X}", first_us + n * every_us + n, first_us + n * every_us) for n in range(count)]


class Meeting:
    """A protocol and a virtual bridge on one link; both clocks advance together."""

    def __init__(self, bridge: VirtualJChip, now_us: int = NINE_US) -> None:
        self.bridge = bridge
        self.protocol = JChipProtocol()
        self.now_us = now_us
        self.events: list[DecoderEvent] = []
        self.up = False

    @property
    def now(self) -> Now:
        return Now(self.now_us, self.now_us - NINE_US + HOUR)

    def connect(self) -> Meeting:
        self.up = True
        self.bridge.host_connected(self.now_us)
        self.protocol.connected(self.now)
        self.protocol.ask_memory(None, self.now)
        return self

    def cut(self) -> Meeting:
        self.up = False
        self.events += self.protocol.disconnected()
        self.bridge.host_disconnected(self.now_us)
        return self

    def run(self, us: int) -> Meeting:
        end_us = self.now_us + us
        while self.now_us < end_us:
            self.now_us += SECOND // 4
            if not self.up:
                continue
            deadline = self.protocol.next_deadline()
            if deadline is not None and self.now.steady_us >= deadline:
                self.events += self.protocol.handle_deadline(self.now)
                after = self.protocol.next_deadline()
                assert after is None or after > self.now.steady_us
            self.bridge.receive(self.protocol.data_to_send(), self.now_us)
            if data := self.bridge.take(self.now_us):
                self.events += self.protocol.receive_data(data, self.now)
        return self

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def keys(self) -> Counter[tuple[str | None, int]]:
        return Counter((read.tag, read.stamp_us) for read in self.of(ChipRead))


def keys_of(given: list[JChipRecord]) -> set[tuple[str, int]]:
    return {(record.tag, local_of(record.stamp_us, PARIS)) for record in given}


def test_everything_comes_on_each_link_and_repeats_are_exact() -> None:
    bridge = VirtualJChip(records(300), PARIS)
    meeting = Meeting(bridge, NINE_US + 50 * SECOND).connect().run(50 * SECOND)
    assert bridge.requests == [b"GT", b"S0000"]
    meeting.cut().run(100 * SECOND).connect().run(150 * SECOND)
    assert set(meeting.keys) == keys_of(bridge.records)
    assert max(meeting.keys.values()) <= 2
    assert [progress.state for progress in meeting.of(MemoryProgress)] == [MemoryState.DONE] * 2
    assert bridge.unknown == []
    assert all(read.reader_seq is None for read in meeting.of(ChipRead))


def test_runners_who_go_on_crossing_do_not_keep_the_fetch_from_its_end() -> None:
    meeting = Meeting(VirtualJChip(records(3000, SECOND // 10), PARIS), NINE_US + 100 * SECOND).connect()
    meeting.run(5 * SECOND)
    (progress,) = meeting.of(MemoryProgress)
    assert progress.state is MemoryState.DONE
    assert progress.done >= 1000


def test_a_bridge_that_holds_nothing_has_been_fetched() -> None:
    meeting = Meeting(VirtualJChip([], PARIS)).connect().run(20 * SECOND)
    assert [progress.state for progress in meeting.of(MemoryProgress)] == [MemoryState.DONE]


def test_records_are_asked_for_also_when_the_clock_is_not_told() -> None:
    protocol = JChipProtocol()
    protocol.connected(NOW)
    protocol.receive_data(b"N0000mute\r", NOW)
    assert protocol.data_to_send() == b"GT\r"
    deadline = protocol.next_deadline()
    assert deadline is not None
    protocol.handle_deadline(Now(NINE_US, deadline))
    assert protocol.data_to_send() == b"S0000\r"
    assert protocol.unanswered_since_us is None


@pytest.mark.parametrize(("again", "state"), [(True, MemoryState.DONE), (False, MemoryState.FAILED)])
def test_asked_in_the_middle_of_a_link_a_bridge_begins_anew_or_the_fetch_has_failed(
    again: bool, state: MemoryState
) -> None:
    meeting = Meeting(VirtualJChip(records(20), PARIS, again=again)).connect().run(60 * SECOND)
    meeting.protocol.ask_memory(None, meeting.now)
    meeting.run(20 * SECOND)
    last = meeting.of(MemoryProgress)[-1]
    assert last.state is state
    assert last.text == ("" if again else NOT_AGAIN)


def test_times_without_a_date_are_told_once() -> None:
    meeting = Meeting(VirtualJChip(records(5), PARIS, dated=False)).connect().run(20 * SECOND)
    warnings = [event.text for event in meeting.of(StatusSeen) if event.kind is StatusKind.WARNING]
    assert warnings == [NO_DATE]
    assert {read.stamp_us for read in meeting.of(ChipRead)} == {9 * HOUR + n * SECOND + n for n in range(5)}


def test_who_calls_and_says_nothing_is_waited_for_as_an_answer() -> None:
    protocol = JChipProtocol()
    protocol.connected(NOW)
    assert protocol.unanswered_since_us == NOW.steady_us
    protocol.receive_data(b"N0000x\r", NOW)
    assert protocol.unanswered_since_us is None


@settings(deadline=None)
@given(st.lists(NOISE, max_size=15))
def test_nothing_but_two_requests_is_ever_sent(parts: list[bytes]) -> None:
    protocol = JChipProtocol()
    protocol.connected(NOW)
    sent = b""
    for n, part in enumerate(parts):
        now = Now(NINE_US, HOUR + n * 3 * SECOND)
        protocol.receive_data(part, now)
        protocol.handle_deadline(now)
        protocol.ask_memory(None, now)
        sent += protocol.data_to_send()
    assert set(sent.split(b"\r")) <= {b"GT", b"S0000", b""}
