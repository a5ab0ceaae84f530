"""The conversation with an Ultra, joined in memory to a virtual box: questions, rewinds, numbers that lie, silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers import ultra_frames as frames
from readers.events import ClockSeen, DecoderEvent, Malformed, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.link_watch import LinkWatch
from readers.protocol import Now, Protocol, Since
from readers.ultra import HEARTBEAT_MAX_US, HOLES_IN_VAIN_MAX, PROBE_EVERY_US, UltraProtocol
from readers.ultra_memory import OVERLAP_IDS
from readers.ultra_numbering import BEGAN_AGAIN, NOT_GROWING, OTHER_LOG
from readers.ultra_requests import REWIND_ALL, Request, rewind_by_log_id, rewind_by_time
from simulators.ultra_reader import UltraRecord, VirtualUltra
from simulators.zones import local_of
from timing.instants import HOUR, MINUTE, SECOND
from timing.reads import ChipRead

PARIS = ZoneInfo("Europe/Paris")
NINE_US = 1_792_915_200 * SECOND
"""2026-10-25 09:00:00 in Paris."""
T = TypeVar("T")


def records(count: int, every_us: int = SECOND, first_us: int = NINE_US) -> list[UltraRecord]:
    return [
        UltraRecord(f"58{n:06X}", first_us + n * every_us + n % 1000 * 1000, first_us + n * every_us + SECOND)
        for n in range(count)
    ]


class Meeting:
    """A protocol and a virtual box on one link; both clocks advance together, in steps."""

    def __init__(self, box: VirtualUltra, protocol: Protocol | None = None, now_us: int = NINE_US) -> None:
        self.box = box
        self.protocol = protocol or UltraProtocol()
        self.now_us = now_us
        self.events: list[DecoderEvent] = []
        self.sent = b""
        self.up = False
        self.lost = False
        """Bytes of the box do not arrive."""

    @property
    def now(self) -> Now:
        return Now(self.now_us, self.now_us - NINE_US + HOUR)

    def connect(self, since: Since | None = None, *, memory: bool = True) -> Meeting:
        self.up = True
        self.box.host_connected(self.now_us)
        self.watch = LinkWatch(self.now.steady_us)
        self.protocol.connected(self.now)
        if memory:
            self.protocol.ask_memory(since, self.now)
        self._exchange()
        return self

    def cut(self) -> Meeting:
        self.up = False
        self.events += self.protocol.disconnected()
        self.box.host_disconnected(self.now_us)
        return self

    def _exchange(self) -> None:
        data = self.protocol.data_to_send()
        self.sent += data
        self.box.receive(data, self.now_us)
        came = self.box.take(self.now_us)
        if came and not self.lost:
            self.watch.bytes_came(len(came), understood=True, steady_us=self.now.steady_us)
            self.events += self.protocol.receive_data(came, self.now)

    def run(self, us: int, step_us: int = SECOND // 4) -> Meeting:
        end_us = self.now_us + us
        while self.now_us < end_us:
            self.now_us += step_us
            if not self.up:
                continue
            deadline = self.protocol.next_deadline()
            if deadline is not None and self.now.steady_us >= deadline:
                self.events += self.protocol.handle_deadline(self.now)
                after = self.protocol.next_deadline()
                assert after is not None
                assert after > self.now.steady_us, "a deadline that stays in the past would never let the driver rest"
            self._exchange()
        return self

    @property
    def is_dead(self) -> bool:
        return self.watch.is_dead(self.protocol.unanswered_since_us, self.now.steady_us)

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def warnings(self) -> list[str]:
        return [event.text for event in self.of(StatusSeen) if event.kind is StatusKind.WARNING]

    @property
    def memory(self) -> MemoryProgress:
        return self.of(MemoryProgress)[-1]

    @property
    def keys(self) -> Counter[tuple[str | None, int]]:
        return Counter((read.tag, read.stamp_us) for read in self.of(ChipRead))

    @property
    def requests(self) -> list[bytes]:
        return self.box.requests


def keys_of(given: Sequence[UltraRecord]) -> set[tuple[str, int]]:
    return {(record.tag, local_of(record.stamp_us, PARIS) // 1000 * 1000) for record in given}


def identities(reads: Sequence[ChipRead]) -> set[tuple[object, ...]]:
    return {
        (r.reader_file, r.reader_seq, r.tag) if r.reader_seq is not None else (r.tag, r.stamp_us, r.antenna, r.label)
        for r in reads
    }


def since_of(meeting: Meeting) -> Since:
    last = max(meeting.of(ChipRead), key=lambda read: (read.reader_seq or 0, read.stamp_us))
    return Since(last.stamp_us - MINUTE, last.reader_file, last.reader_seq)


def test_connecting_asks_clock_status_and_settings_one_at_a_time_then_the_log() -> None:
    meeting = Meeting(VirtualUltra([], PARIS)).connect().run(2 * SECOND)
    assert meeting.requests[:4] == [b"r", b"?", b"U", b"8000\r0"]
    texts = [event.text for event in meeting.of(StatusSeen) if event.kind is StatusKind.SETTING]
    assert texts == ["reading", "chip codes: hexadecimal", "setting 0D: 1", "gating: per box", "sending: always"]
    assert meeting.warnings == []


def test_the_clock_is_asked_every_few_seconds_and_keeps_the_zone_in_it() -> None:
    meeting = Meeting(VirtualUltra([], PARIS)).connect().run(20 * SECOND)
    clocks = meeting.of(ClockSeen)
    assert len(clocks) >= 20 * SECOND // PROBE_EVERY_US - 1
    assert all(abs(clock.offset_us - HOUR) <= clock.uncertain_us for clock in clocks)
    assert all(clock.uncertain_us <= SECOND // 2 + PROBE_EVERY_US for clock in clocks)


def test_live_reads_come_as_they_are_with_the_box_and_log_id() -> None:
    box = VirtualUltra(records(30), PARIS, ultra_id=7)
    meeting = Meeting(box).connect().run(60 * SECOND)
    reads = meeting.of(ChipRead)
    assert set(meeting.keys) == keys_of(box.records)
    assert [read.reader_seq for read in reads] == list(range(1, 31))
    assert {read.reader_file for read in reads} == {"7"}
    assert {(read.antenna, read.rssi, read.label) for read in reads} == {(1, -60.0, "1")}


@pytest.mark.parametrize("ending", [b"\n", b"\r", b"\r\n"])
def test_what_happened_before_the_first_link_is_rewound_whole(ending: bytes) -> None:
    box = VirtualUltra(records(500, SECOND // 10, NINE_US - 100 * SECOND), PARIS, ending=ending)
    meeting = Meeting(box).connect().run(20 * SECOND)
    assert meeting.requests.count(b"8000\r0") == 1
    assert meeting.memory == MemoryProgress(state=MemoryState.DONE, done=500, total=500)
    assert set(meeting.keys) == keys_of(box.records)
    assert meeting.of(Malformed) == []


def test_after_a_cut_the_gap_is_fetched_by_log_id_and_nothing_counts_twice() -> None:
    box = VirtualUltra(records(600), PARIS)
    meeting = Meeting(box).connect().run(200 * SECOND)
    since = since_of(meeting)
    assert since.seq is not None
    meeting.cut().run(150 * SECOND)
    meeting.events.append(StatusSeen(kind=StatusKind.ANSWER, text="back"))
    meeting.connect(since).run(300 * SECOND)
    assert rewind_by_log_id(since.seq - OVERLAP_IDS).strip() in meeting.requests
    assert meeting.memory.state is MemoryState.DONE
    assert set(meeting.keys) == keys_of(box.records)
    assert len(identities(meeting.of(ChipRead))) == 600
    assert max(meeting.keys.values()) <= 2
    assert box.forbidden == []


def test_live_reads_among_rewound_ones_do_not_keep_the_fetch_from_its_end() -> None:
    box = VirtualUltra(records(4000, SECOND // 10, NINE_US - 100 * SECOND), PARIS)
    meeting = Meeting(box).connect().run(30 * SECOND)
    assert meeting.memory.state is MemoryState.DONE
    assert box.next_due_us() is not None, "runners still cross"


def test_a_cursor_without_a_number_asks_by_time() -> None:
    box = VirtualUltra(records(300), PARIS)
    stamp_us = local_of(box.records[100].stamp_us, PARIS)
    meeting = Meeting(box, now_us=NINE_US + 302 * SECOND).connect(Since(stamp_us)).run(20 * SECOND)
    (request,) = (request for request in meeting.requests if request.startswith(b"800"))
    first, last = request[3:].split(b"\r")
    assert int(first) == frames.seconds_1980(stamp_us)
    assert int(last) >= frames.seconds_1980(local_of(meeting.now_us, PARIS))
    assert meeting.memory.state is MemoryState.DONE
    assert set(meeting.keys) >= keys_of(box.records[100:])
    assert len(meeting.keys) == 200


def test_by_time_a_single_read_that_comes_back_is_enough() -> None:
    box = VirtualUltra(records(1), PARIS)
    stamp_us = local_of(box.records[0].stamp_us, PARIS) - MINUTE
    meeting = Meeting(box, now_us=NINE_US + HOUR).connect(Since(stamp_us)).run(30 * SECOND)
    assert meeting.memory == MemoryProgress(state=MemoryState.DONE, done=1, total=1)
    assert REWIND_ALL not in meeting.sent


def test_a_log_that_was_cleared_and_is_shorter_is_found_out_and_all_of_it_fetched() -> None:
    box = VirtualUltra(records(50, first_us=NINE_US + 1000 * SECOND), PARIS)
    meeting = Meeting(box, now_us=NINE_US + 1100 * SECOND)
    meeting.connect(Since(local_of(NINE_US, PARIS), "1", 5000)).run(60 * SECOND)
    assert [request[:3] for request in meeting.requests if request[:1] in b"68"] == [b"600", b"800", b"800"]
    assert meeting.memory.state is MemoryState.DONE
    assert set(meeting.keys) == keys_of(box.records)


def test_a_log_that_was_cleared_and_has_grown_past_the_known_number_is_found_out() -> None:
    box = VirtualUltra(records(900, first_us=NINE_US + 1000 * SECOND), PARIS)
    meeting = Meeting(box, now_us=NINE_US + 2000 * SECOND)
    meeting.connect(Since(local_of(NINE_US, PARIS), "1", 700)).run(60 * SECOND)
    assert meeting.memory.state is MemoryState.DONE
    assert set(meeting.keys) == keys_of(box.records)
    assert meeting.warnings == [OTHER_LOG]
    without_number = {(r.tag, r.stamp_us) for r in meeting.of(ChipRead) if r.reader_seq is None}
    assert without_number == set(meeting.keys), "a number of the other log may be known already"


def test_a_log_that_gives_nothing_back_of_what_is_known_has_failed_and_a_fresh_box_has_not() -> None:
    meeting = Meeting(VirtualUltra([], PARIS)).connect(Since(local_of(NINE_US, PARIS), "1", 5)).run(60 * SECOND)
    assert meeting.memory.state is MemoryState.FAILED
    assert "cleared" in meeting.memory.text
    meeting = Meeting(VirtualUltra([], PARIS)).connect().run(60 * SECOND)
    assert meeting.memory == MemoryProgress(state=MemoryState.DONE)


def test_asking_during_a_fetch_asks_again_after_it() -> None:
    box = VirtualUltra(records(100, first_us=NINE_US - 500 * SECOND), PARIS)
    meeting = Meeting(box).connect().run(SECOND)
    meeting.protocol.ask_memory(None, meeting.now)
    meeting.run(30 * SECOND)
    assert meeting.sent.count(REWIND_ALL) == 2
    assert [event.state for event in meeting.of(MemoryProgress)].count(MemoryState.DONE) == 2


def test_a_damaged_live_line_is_fetched_again_by_its_log_id() -> None:
    box = VirtualUltra(records(20), PARIS)
    meeting = Meeting(box).connect().run(5 * SECOND)
    meeting.lost = True
    meeting.run(3 * SECOND)
    meeting.lost = False
    meeting.run(60 * SECOND)
    assert any(request.startswith(b"600") for request in meeting.requests)
    assert set(meeting.keys) == keys_of(box.records)
    assert meeting.warnings == []


def test_numbers_the_box_never_had_are_asked_for_a_few_times_and_told() -> None:
    meeting = Meeting(VirtualUltra([], PARIS)).connect().run(15 * SECOND)
    for n in range(1, 10):
        line = frames.read_line("AB", local_of(meeting.now_us, PARIS), log_id=10 * n)
        meeting.events += meeting.protocol.receive_data(line, meeting.now)
        meeting.run(30 * SECOND)
    assert sum(request.startswith(b"600") for request in meeting.requests) == HOLES_IN_VAIN_MAX
    assert meeting.warnings[0] == "the box did not send its log ids 11 to 19, also when asked again"


def test_a_program_that_numbers_everything_one_loses_nobody() -> None:
    """The same chips cross twice: by number alone the second time would be a repeat."""
    twice = [*records(10), *records(10, first_us=NINE_US + 3600 * SECOND)]
    box = VirtualUltra(twice, PARIS, one_number=True)
    meeting = Meeting(box).connect().run(4000 * SECOND, SECOND)
    assert meeting.warnings == [NOT_GROWING]
    assert set(meeting.keys) == keys_of(twice)
    # The first read came with its number before the second one showed what that is worth.
    assert 20 <= len(identities(meeting.of(ChipRead))) <= 21
    meeting.cut().connect(since_of(meeting)).run(60 * SECOND)
    assert meeting.requests[-30:].count(b"r") > 5
    assert not any(request.startswith(b"600") for request in meeting.requests)
    assert meeting.memory.state is MemoryState.DONE


def test_a_log_in_which_all_is_numbered_one_is_found_out_before_anybody_crosses() -> None:
    twice = [*records(10, first_us=NINE_US - 5000 * SECOND), *records(10, first_us=NINE_US - 1000 * SECOND)]
    meeting = Meeting(VirtualUltra(twice, PARIS, one_number=True)).connect().run(20 * SECOND)
    assert meeting.warnings == [NOT_GROWING]
    assert len(identities(meeting.of(ChipRead))) == 20


def test_a_log_cleared_in_the_middle_of_a_link_is_noticed_and_loses_nobody() -> None:
    first, second = records(40), records(40, first_us=NINE_US + 600 * SECOND)
    meeting = Meeting(VirtualUltra(first, PARIS)).connect().run(100 * SECOND)
    other = VirtualUltra(second, PARIS)
    other.host_connected(meeting.now_us)
    meeting.box = other
    meeting.run(800 * SECOND)
    assert meeting.warnings == [BEGAN_AGAIN]
    assert len(identities(meeting.of(ChipRead))) == 80


def test_a_box_that_does_not_read_sends_on_request_or_runs_low_is_told() -> None:
    box = VirtualUltra([], PARIS, reading=False, volts="22.8", settings={0x24: b"1", 0x1D: b"\x02"})
    meeting = Meeting(box).connect().run(60 * SECOND)
    joined = " | ".join(meeting.warnings)
    for words in ("does not read", "on request only", "the first time only", "battery is low"):
        assert joined.count(words) == 1, words
    assert meeting.requests.count(b"700") == 1
    assert box.forbidden == []


def test_a_battery_that_tells_nothing_is_no_warning() -> None:
    assert Meeting(VirtualUltra([], PARIS, volts="0.0000")).connect().run(30 * SECOND).warnings == []


def test_a_box_that_answers_is_given_up_within_ten_seconds_of_silence() -> None:
    meeting = Meeting(VirtualUltra([], PARIS)).connect().run(30 * SECOND)
    assert not meeting.is_dead
    meeting.lost = True
    meeting.run(10 * SECOND)
    assert meeting.is_dead


def test_a_box_that_does_not_know_the_question_lives_by_its_battery() -> None:
    meeting = Meeting(VirtualUltra([], PARIS, answers_clock=False)).connect()
    for _ in range(300):
        assert not meeting.run(SECOND // 4).is_dead
    meeting.lost = True
    meeting.run(HEARTBEAT_MAX_US - 12 * SECOND)
    assert not meeting.is_dead
    assert meeting.run(12 * SECOND + SECOND // 2).is_dead


def test_a_clock_nobody_asked_for_says_nothing_about_the_offset() -> None:
    meeting = Meeting(VirtualUltra([], PARIS)).connect(memory=False).run(2 * SECOND)
    before = len(meeting.of(ClockSeen))
    meeting.events += meeting.protocol.receive_data(frames.clock_line(local_of(NINE_US, PARIS)), meeting.now)
    assert len(meeting.of(ClockSeen)) == before


def test_half_a_line_is_malformed_and_the_next_link_begins_anew() -> None:
    meeting = Meeting(VirtualUltra([], PARIS)).connect()
    line = frames.read_line("AB", local_of(NINE_US, PARIS), log_id=3)
    assert meeting.protocol.receive_data(line[:30], meeting.now) == []
    meeting.cut()
    assert len(meeting.of(Malformed)) == 1
    assert meeting.protocol.next_deadline() is None
    assert meeting.protocol.data_to_send() == b""
    meeting.connect()
    assert not [e for e in meeting.protocol.receive_data(line[30:], meeting.now) if isinstance(e, ChipRead)]


WORDS = {request.value for request in Request}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.binary(max_size=80), st.sampled_from(
    [b"S=00\n", b"U\x241\n", b"U\x1d2\n", b"V=1\n", b"10:00:00 22-11-2026\n", b"Connected,1\n",
     frames.read_line("AB", local_of(NINE_US, PARIS), log_id=4),
     frames.read_line("AC", local_of(NINE_US, PARIS), log_id=9, rewound=True)])), max_size=20),
    st.sampled_from([None, Since(local_of(NINE_US, PARIS)), Since(0, "1", 4), Since(2**62, "x", 2**62)]))  # fmt: skip
def test_whatever_the_box_says_only_harmless_words_are_sent_and_nothing_is_raised(
    said: list[bytes], since: Since | None
) -> None:
    protocol = UltraProtocol()
    us = 0
    protocol.connected(Now(NINE_US, us))
    protocol.ask_memory(since, Now(NINE_US, us))
    sent = protocol.data_to_send()
    for data in said:
        us += 3 * SECOND
        protocol.receive_data(data, Now(NINE_US + us, us))
        protocol.handle_deadline(Now(NINE_US + us, us))
        sent += protocol.data_to_send()
    protocol.disconnected()
    rest = sent
    while rest:
        line, _, rest = rest.partition(b"\n")
        ends = line[3:].split(b"\r")
        rewind = line[:3] in (b"800", b"600") and len(ends) == 2 and all(end.isdigit() for end in ends)
        assert rewind or line + b"\n" in WORDS


def test_a_rewind_never_leaves_what_a_box_can_count() -> None:
    assert rewind_by_log_id(-95) == b"6001\r2147483647\n"
    assert rewind_by_log_id(7, 9) == b"6007\r9\n"
    assert rewind_by_time(-5, 2**40) == b"8001\r4294967295\n"
    assert rewind_by_time(1477382400, 1477382401) == b"8001477382400\r1477382401\n"
