"""The conversation with a RACE RESULT decoder, joined in memory with the virtual one, and once over a real socket."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_peer import Kept, ended

from readers.driver import Driver
from readers.events import ClockSeen, DecoderEvent, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.health import Link
from readers.link_watch import SILENCE_MAX_US
from readers.protocol import Now, Since, protocol_class
from readers.race_clock import RaceClock
from readers.race_result import ANSWER_WITHIN_US, ASK_EVERY_US, POLL_EVERY_US, RaceResultProtocol
from readers.race_result_frames import answer, passing_line, status_line
from readers.race_result_memory import PAGE
from readers.transports import open_transport
from simulators.race_result_reader import Detection, VirtualDecoder
from simulators.zones import local_of
from timing.instants import HOUR, SECOND
from timing.race import Source
from timing.reads import ChipRead, ClockKind, SourceId

ZONE = ZoneInfo("Europe/Paris")
NINE = 1_793_091_600_000_000
"""2026-10-27 10:00:00 in Paris."""
HARMLESS = re.compile(
    r"GETPROTOCOL|SETPROTOCOL;[0-9.]+|SETPUSHPREWARNS;0|SETPUSHPASSINGS;1;0|PASSINGS|GETSTATUS|GETTIME"
    r"|GETCONFIG;GENERAL;BOXNAME|GETFILE;[0-9]+|[0-9]+:[0-9]+"
)


def detections(count: int, first_us: int = NINE, step_us: int = SECOND) -> list[Detection]:
    """One passing each step: tags A1, A2, ..."""
    return [
        Detection(due_us=first_us + n * step_us, code=f"A{n + 1}", stamp_us=local_of(first_us + n * step_us, ZONE))
        for n in range(count)
    ]


class Joined:
    """A protocol and a decoder, both clocks set by hand; `lose` changes what the host hears."""

    def __init__(self, device: VirtualDecoder, *, lose: Callable[[bytes], bytes] = bytes) -> None:
        self.device = device
        self.protocol = RaceResultProtocol()
        self.us = NINE - 10 * SECOND
        self.events: list[DecoderEvent] = []
        self.lose = lose
        self.linked = False

    @property
    def now(self) -> Now:
        return Now(self.us, self.us - NINE + HOUR)

    def connect(self, since: Since | None = None) -> Joined:
        self.device.host_connected(self.us)
        self.linked = True
        self.protocol.connected(self.now)
        self.protocol.ask_memory(since, self.now)
        return self.exchange()

    def cut(self) -> None:
        self.device.host_disconnected(self.us)
        self.linked = False
        self.events += self.protocol.disconnected()

    def exchange(self) -> Joined:
        """Bytes both ways until nobody has more to say."""
        while self.linked:
            said = self.protocol.data_to_send()
            assert all(HARMLESS.fullmatch(line) for line in said.decode().split("\r\n")[:-1])
            self.device.receive(said, self.us)
            heard = self.lose(self.device.take(self.us, 4096))
            if not heard and not said:
                break
            self.events += self.protocol.receive_data(heard, self.now)
        return self

    def wait(self, us: int, step_us: int = SECOND // 4) -> Joined:
        end_us = self.us + us
        while self.us < end_us:
            self.us += step_us
            deadline = self.protocol.next_deadline()
            if self.linked and deadline is not None and deadline <= self.now.steady_us:
                self.events += self.protocol.handle_deadline(self.now)
            self.exchange()
        return self

    @property
    def reads(self) -> list[ChipRead]:
        return [event for event in self.events if isinstance(event, ChipRead)]

    @property
    def keys(self) -> set[tuple[str | None, int | None]]:
        return {(read.reader_file, read.reader_seq) for read in self.reads}

    def of(self, kind: type) -> list[DecoderEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def memory(self) -> list[MemoryState]:
        return [event.state for event in self.events if isinstance(event, MemoryProgress)]

    @property
    def warnings(self) -> list[str]:
        return [e.text for e in self.events if isinstance(e, StatusSeen) and e.kind is StatusKind.WARNING]


def all_keys(count: int, file: int = 177) -> set[tuple[str | None, int | None]]:
    return {(f"D-50432/{file}", n + 1) for n in range(count)}


def test_a_session_begins_with_the_version_the_pushes_the_count_and_the_time() -> None:
    joined = Joined(VirtualDecoder([], ZONE)).connect()
    first = ["GETPROTOCOL", "SETPROTOCOL;3.2", "GETSTATUS", "SETPUSHPREWARNS;0", "SETPUSHPASSINGS;1;0"]
    then = ["GETCONFIG;GENERAL;BOXNAME", "PASSINGS", "GETTIME"]
    assert joined.device.requests[:8] == first + then
    assert set(joined.device.requests[8:]) <= {"PASSINGS", "GETFILE;176"}
    assert joined.memory[-1] is MemoryState.DONE
    texts = [
        event.text for event in joined.events if isinstance(event, StatusSeen) and event.kind is StatusKind.SETTING
    ]
    assert "box Finish D-50432" in texts
    assert any("in operation, file 177" in text and "battery 87 %" in text and "31 °C" in text for text in texts)
    power = [event.power for event in joined.events if isinstance(event, StatusSeen) and event.power]
    assert power[0] == {"battery_percent": 87, "temperature_c": 31, "mains": True}


def test_pushes_become_reads_when_they_are_due() -> None:
    joined = Joined(VirtualDecoder(detections(20), ZONE)).connect().wait(15 * SECOND)
    assert [read.tag for read in joined.reads] == ["A1", "A2", "A3", "A4", "A5", "A6"]
    assert joined.reads[0].stamp_us == NINE + HOUR
    joined.wait(30 * SECOND)
    assert len(joined.reads) == 20
    assert joined.keys == all_keys(20)
    assert joined.device.done


def test_a_decoder_that_does_not_push_is_polled() -> None:
    joined = Joined(VirtualDecoder(detections(20), ZONE, pushes=False)).connect().wait(40 * SECOND)
    assert len(joined.reads) == 20
    assert joined.keys == all_keys(20)
    assert joined.device.requests.count("PASSINGS") > 40 * SECOND // POLL_EVERY_US // 2


def test_what_passed_during_a_cut_is_fetched_from_the_durable_number_on_and_repeats_are_the_same_reads() -> None:
    joined = Joined(VirtualDecoder(detections(1000, step_us=SECOND // 10), ZONE)).connect().wait(60 * SECOND)
    seen = len(joined.reads)
    assert 400 < seen < 600
    last = joined.reads[-1]
    joined.cut()
    joined.wait(30 * SECOND)
    joined.device.requests.clear()
    joined.connect(Since(last.stamp_us, last.reader_file, last.reader_seq)).wait(60 * SECOND)
    assert joined.keys == all_keys(1000)
    assert joined.memory[-1] is MemoryState.DONE
    assert f"{seen - 200}:{PAGE}" in joined.device.requests
    by_key: dict[object, ChipRead] = {}
    for read in joined.reads:
        twin = by_key.setdefault((read.reader_file, read.reader_seq), read)
        assert (twin.tag, twin.stamp_us, twin.label) == (read.tag, read.stamp_us, read.label)


@pytest.mark.parametrize("dated", [True, False])
def test_without_a_durable_read_the_files_of_this_day_come_and_no_others(dated: bool) -> None:
    """Times of a clock without a date could be of any day: then the current file only."""
    days_ago = NINE - 30 * HOUR
    zero = None if dated else days_ago - HOUR
    passings = [*detections(5, days_ago), *detections(5, NINE - 4 * HOUR), *detections(5, NINE - 2 * HOUR)]
    passings += detections(5, NINE - HOUR)
    if zero is not None:
        passings = [replace(passing, stamp_us=passing.due_us - zero) for passing in passings]
    device = VirtualDecoder(passings, ZONE, file=9, zero_us=zero)
    device.host_connected(NINE - 100 * HOUR)
    for instant in (NINE - 31 * HOUR, NINE - 5 * HOUR, NINE - 3 * HOUR, NINE - 3 * HOUR // 2):
        device.restart(instant)
    joined = Joined(device).connect().wait(5 * SECOND)
    assert joined.memory[-1] is MemoryState.DONE
    files = {file for file, _ in joined.keys}
    assert files == ({f"D-50432/{n}" for n in (10, 11, 12, 13)} if dated else {"D-50432/13"})
    assert device.requests.count("GETFILE;10") == dated
    assert "GETFILE;9" not in device.requests
    assert not any(event.text for event in joined.events if isinstance(event, MemoryProgress))


def test_without_a_durable_read_all_of_the_current_file_comes() -> None:
    joined = Joined(VirtualDecoder(detections(700, first_us=NINE - HOUR), ZONE)).connect()
    assert joined.keys == all_keys(700)
    assert joined.memory[-1] is MemoryState.DONE


def test_when_operation_was_started_anew_the_rest_of_the_old_file_comes_too() -> None:
    device = VirtualDecoder(detections(60), ZONE)
    joined = Joined(device).connect().wait(25 * SECOND)
    last = joined.reads[-1]
    joined.cut()
    joined.wait(10 * SECOND)
    device.restart(joined.us)
    joined.wait(10 * SECOND)
    device.restart(joined.us)
    joined.wait(5 * SECOND)
    joined.connect(Since(last.stamp_us, last.reader_file, last.reader_seq)).wait(40 * SECOND)
    assert {read.tag for read in joined.reads} == {f"A{n + 1}" for n in range(60)}
    assert {file for file, _ in joined.keys} == {"D-50432/177", "D-50432/178", "D-50432/179"}
    assert len(joined.keys) == 60
    assert joined.memory[-1] is MemoryState.DONE
    assert joined.device.forbidden == []


def test_another_decoder_in_the_place_of_the_first_is_fetched_from_its_first_passing() -> None:
    joined = Joined(VirtualDecoder(detections(900, NINE - HOUR), ZONE, box="D-7")).connect(
        Since(NINE, "D-50432/177", 850)
    )
    assert joined.keys == {("D-7/177", n + 1) for n in range(900)}
    assert joined.memory[-1] is MemoryState.DONE


def test_an_old_decoder_that_ignores_what_it_does_not_know_is_polled_and_does_not_look_dead() -> None:
    def lose(data: bytes) -> bytes:
        known = (b"PASSINGS", b"GETSTATUS", b"GETTIME", b"\r\n", *(b"%d" % n for n in range(10)))
        return b"".join(line for line in data.splitlines(keepends=True) if line.startswith(known))

    joined = Joined(VirtualDecoder(detections(60), ZONE, pushes=False), lose=lose).connect()
    for _ in range(90):
        joined.wait(SECOND)
        asked = joined.protocol.unanswered_since_us
        assert asked is None or joined.now.steady_us - asked < SILENCE_MAX_US
    assert joined.keys == all_keys(60)


def test_a_new_file_under_a_live_link_loses_nothing() -> None:
    device = VirtualDecoder(detections(60), ZONE)
    joined = Joined(device).connect().wait(30 * SECOND)
    joined.us += 5 * SECOND
    device.restart(joined.us)
    joined.us += 5 * SECOND
    joined.exchange().wait(60 * SECOND)
    assert {read.tag for read in joined.reads} == {f"A{n + 1}" for n in range(60)}
    assert "GETFILE;177" in device.requests


@pytest.mark.parametrize("lost", [b"#P;3;", b"#P;20;"])
def test_a_push_that_did_not_arrive_is_fetched_by_its_number(lost: bytes) -> None:
    def lose(data: bytes) -> bytes:
        return b"".join(line for line in data.splitlines(keepends=True) if not line.startswith(lost))

    joined = Joined(VirtualDecoder(detections(20), ZONE), lose=lose).connect().wait(50 * SECOND)
    assert joined.keys == all_keys(20)


def test_a_passing_that_was_damaged_on_its_way_is_fetched_again() -> None:
    def lose(data: bytes) -> bytes:
        damage[0] -= b";A5;" in data
        return data.replace(b";A5;", b";\x07;") if damage[0] >= 0 else data

    damage = [1]
    joined = Joined(VirtualDecoder(detections(300, first_us=NINE - HOUR), ZONE), lose=lose).connect()
    assert joined.keys == all_keys(300)
    assert joined.memory[-1] is MemoryState.DONE


def test_a_passing_that_can_never_be_read_does_not_hold_up_the_others() -> None:
    joined = Joined(
        VirtualDecoder(detections(600, first_us=NINE - HOUR), ZONE), lose=lambda data: data.replace(b";A5;", b";;")
    ).connect()
    assert joined.keys == all_keys(600) - {("D-50432/177", 5)}
    assert joined.memory[-1] is MemoryState.DONE


def test_asking_during_a_fetch_asks_again_after_it() -> None:
    joined = Joined(VirtualDecoder(detections(600, first_us=NINE - HOUR), ZONE))
    joined.device.host_connected(joined.us)
    joined.linked = True
    joined.protocol.connected(joined.now)
    joined.protocol.ask_memory(None, joined.now)
    for _ in range(40):
        joined.device.receive(joined.protocol.data_to_send(), joined.us)
        joined.events += joined.protocol.receive_data(joined.device.take(joined.us, 1), joined.now)
    assert joined.memory[-1:] != [MemoryState.DONE]
    joined.protocol.ask_memory(None, joined.now)
    joined.exchange().wait(5 * SECOND)
    assert joined.memory.count(MemoryState.DONE) == 2
    assert len(joined.reads) >= 1200


def test_an_older_file_that_is_not_given_is_told_in_words() -> None:
    joined = Joined(VirtualDecoder(detections(5), ZONE, file=12)).connect(Since(NINE, "D-50432/11", 40))
    (done,) = [event for event in joined.events if isinstance(event, MemoryProgress) and event.text]
    assert done.state is MemoryState.DONE
    assert "file 11" in done.text
    assert "import it" in done.text


def test_the_clock_is_asked_and_its_offset_holds_the_truth() -> None:
    joined = Joined(VirtualDecoder([], ZONE)).connect().wait(20 * SECOND)
    clocks = [event for event in joined.events if isinstance(event, ClockSeen)]
    assert len(clocks) >= 3
    for clock in clocks:
        assert abs(clock.offset_us - HOUR) <= clock.uncertain_us + 1


def test_a_clock_that_shows_whole_seconds_is_known_to_a_second_and_no_better() -> None:
    protocol = RaceResultProtocol()
    asked, answered = Now(NINE, 0), Now(NINE + 40_000, 40_000)
    protocol.connected(asked)
    events = []
    for _ in range(8):
        said = protocol.data_to_send()
        reply = answer("GETTIME", "2026-10-27", "10:00:00") if b"GETTIME" in said else b"ERROR,no\r\n"
        events += protocol.receive_data(reply, answered)
    (clock,) = [event for event in events if isinstance(event, ClockSeen)]
    assert clock.window_us == SECOND
    assert abs(clock.offset_us - HOUR - 500_000) <= 50_000


def test_a_clock_without_a_date_counts_from_its_zero_and_is_told() -> None:
    zero = NINE - HOUR
    passings = [Detection(due_us=NINE + n * SECOND, code=f"A{n}", stamp_us=HOUR + n * SECOND) for n in range(5)]
    joined = Joined(VirtualDecoder(passings, ZONE, zero_us=zero)).connect().wait(20 * SECOND)
    assert [read.stamp_us for read in joined.reads] == [HOUR + n * SECOND for n in range(5)]
    assert any("no date" in text for text in joined.warnings)
    assert joined.warnings == list(dict.fromkeys(joined.warnings)), "told once, not every few seconds"
    clock = next(event for event in joined.events if isinstance(event, ClockSeen))
    assert abs(-clock.offset_us - zero) <= SECOND


def test_a_decoder_in_test_mode_is_a_warning_and_is_left_alone() -> None:
    joined = Joined(VirtualDecoder(detections(5), ZONE, operation=False)).connect().wait(30 * SECOND)
    assert any("test mode" in text for text in joined.warnings)
    assert (joined.reads, joined.device.forbidden) == ([], [])


def test_that_somebody_was_refused_in_operation_is_told_as_a_refusal() -> None:
    joined = Joined(VirtualDecoder([], ZONE)).connect()
    (refused,) = joined.protocol.receive_data(answer("SETTIME", "OPERATIONMODE"), joined.now)
    assert isinstance(refused, StatusSeen)
    assert refused.kind is StatusKind.REFUSED


def test_a_silent_decoder_is_asked_on_and_the_oldest_question_is_told() -> None:
    joined = Joined(VirtualDecoder([], ZONE), lose=lambda _: b"")
    begin = joined.now.steady_us
    joined.connect().wait(20 * SECOND)
    assert joined.protocol.unanswered_since_us == begin
    assert MemoryState.FAILED in joined.memory
    joined.lose = bytes
    joined.wait(ASK_EVERY_US + ANSWER_WITHIN_US)
    assert joined.protocol.unanswered_since_us is None


def test_a_page_that_stops_in_the_middle_is_asked_for_again_and_then_given_up() -> None:
    stop = [5]

    def lose(data: bytes) -> bytes:
        return b"".join(x for x in data.splitlines(keepends=True) if not (x[:1].isdigit() or x == b"\r\n") or stop[0])

    joined = Joined(VirtualDecoder(detections(50, first_us=NINE - HOUR), ZONE), lose=lose)
    stop[0] = 0
    joined.connect().wait(60 * SECOND)
    assert joined.memory[-1].value == "failed"
    stop[0] = 1
    joined.protocol.ask_memory(None, joined.now)
    joined.exchange().wait(10 * SECOND)
    assert joined.memory[-1].value == "done"
    assert joined.keys == all_keys(50)


STEPS = st.one_of(
    st.sampled_from(
        [
            b"\r\n",
            b"ONLY 3\r\n",
            b"ERROR,x\r\n",
            answer("PASSINGS", "999999999", "177"),
            answer("PASSINGS", "3", "999999999"),
            answer("PASSINGS", "0"),
            answer("PASSINGS", "ERROR"),
            answer("GETFILE", "12"),
            answer("GETFILE", "OPERATIONMODE"),
            answer("GETPROTOCOL", "1.0", "1.0", "3.2"),
            answer("SETPUSHPASSINGS", "1", "0"),
            answer("GETTIME", "0000-00-00", "10:00:00"),
            answer("STARTOPERATION", "OPERATIONMODE"),
            status_line(NINE, operation=False),
            status_line(NINE, file=9),
            passing_line(999_999_999, "A1", NINE, pushed=True),
            passing_line(1, "A1", NINE, pushed=True, file=3),
            passing_line(2, "A2", NINE),
        ]
    ),
    st.binary(max_size=30),
    st.integers(0, 8 * SECOND),
    st.sampled_from(["ask", "lose"]),
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_whatever_a_decoder_says_only_harmless_words_are_ever_sent(steps: list[bytes | int | str]) -> None:
    protocol, now = RaceResultProtocol(), Now(NINE, 0)
    protocol.connected(now)
    said = bytearray()
    for step in steps:
        if isinstance(step, bytes):
            protocol.receive_data(step, now)
        elif isinstance(step, int):
            now = Now(now.race_us + step, now.steady_us + step)
            if (deadline := protocol.next_deadline()) is not None and deadline <= now.steady_us:
                protocol.handle_deadline(now)
        elif step == "ask":
            protocol.ask_memory(Since(NINE, "D-50432/9", 3), now)
        else:
            protocol.disconnected()
            protocol.connected(now)
        said += protocol.data_to_send()
    for line in bytes(said).decode().split("\r\n")[:-1]:
        assert HARMLESS.fullmatch(line), line


async def test_over_a_real_socket_the_driver_gets_all_through_a_cut() -> None:
    loop = asyncio.get_running_loop()
    begin_us = int(loop.time() * 1e6)
    device = VirtualDecoder(detections(300, first_us=NINE - 60 * SECOND, step_us=SECOND // 5), ZONE)
    writers: list[asyncio.StreamWriter] = []

    def now_us() -> int:
        return NINE + int(loop.time() * 1e6) - begin_us

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        device.host_connected(now_us())
        try:
            while data := await reader.read(4096):
                device.receive(data, now_us())
                while out := device.take(now_us(), 700):
                    writer.write(out)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            device.host_disconnected(now_us())
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    connect = f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}"
    source = Source(id=SourceId("finish"), protocol="race_result", connect=connect, clock=ClockKind.LOCAL)
    sink = Kept()
    driver = Driver(
        source,
        protocol_class("race_result")(),
        lambda: open_transport(connect),
        sink,
        RaceClock.parse("real"),
        lambda: None,
    )
    task = asyncio.create_task(driver.run())
    await sink.until(lambda: sink.count >= 300 and not sink.last.gap)
    assert sink.last.link is Link.UP
    assert sink.clocks
    writers[-1].close()
    await sink.until(lambda: sink.count >= 600 and not sink.last.gap)
    keys = {(read.reader_file, read.reader_seq) for batch in sink.batches for read in batch.reads}
    assert keys == all_keys(300)
    assert device.forbidden == []
    await ended(task)
    server.close()
