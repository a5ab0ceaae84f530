"""CTP01: samples with known answers, any cut, any noise, and the conversation with a program that calls us."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers import chronotrack_frames as frames
from readers.chronotrack import ALL_WITHIN_US, PING_EVERY_US, QUIET_US, SETTINGS, START_WITHIN_US, ChronoTrackProtocol
from readers.chronotrack_frames import GUN_TAG, NEW_LOCATION_TAG, TimeFormat
from readers.chronotrack_lines import LINE_MAX, ChronoTrackStream, NewLocation, Seen, read_line, stamp_of
from readers.events import DecoderEvent, GunSeen, Malformed, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.protocol import Now, protocol_class
from simulators.chronotrack_client import SessionLine, VirtualSimpleClient
from timing.instants import HOUR, SECOND
from timing.reads import ChipRead, ClockKind

STAMP = int(datetime(2024, 10, 27, 9, 30, tzinfo=UTC).timestamp()) * 1_000_000
GREETING = b"SimpleClient~0.5.0~CTP01\r\n"
GOOD = frames.read_line(5, "finish", "9478", STAMP)
LOCATIONS = b"ack~getlocations~start~30k~finish\r\n"
AT = Now(1_000, 0)
SPOKEN = {"geteventinfo", "getlocations", "start", "ping", "ack~ping"}


def time(text: str) -> int:
    return int(datetime.fromisoformat("1970-01-01 " + text).replace(tzinfo=UTC).timestamp() * 100 + 0.5) * 10_000


def fed(*pieces: bytes) -> list[DecoderEvent]:
    protocol = ChronoTrackProtocol()
    protocol.connected(AT)
    return [event for piece in pieces for event in protocol.receive_data(piece, AT)]


def reads(events: list[DecoderEvent]) -> list[ChipRead]:
    return [event for event in events if isinstance(event, ChipRead)]


SAMPLES = [
    ("CT01_33~1~start~9478~14:02:15.31~0~0F2A38~1", "9478", "14:02:15.31", "start", 1),
    ("CT01_13~24~START~50101~15:54:48.90~1~117F37~8", "50101", "15:54:48.90", "START", 8),
]


@pytest.mark.parametrize(("text", "tag", "clock", "label", "antenna"), SAMPLES)
def test_a_sample_says_what_is_known_of_it(text: str, tag: str, clock: str, label: str, antenna: int) -> None:
    (read,) = reads(fed(text.encode() + b"\r\n"))
    assert (read.tag, read.stamp_us, read.label, read.antenna) == (tag, time(clock), label, antenna)
    assert (read.raw, read.reader_seq) == (text, None)


def test_a_gun_of_the_samples_is_a_gun_without_a_date() -> None:
    (gun,) = fed(b"CT01_33~4~start~guntime~07:45:01.01~0~DF239A~0\r\n")
    assert isinstance(gun, GunSeen)
    assert (gun.stamp_us, gun.label, gun.clock) == (time("07:45:01.01"), "start", ClockKind.TIME_OF_DAY)
    (dated,) = fed(frames.read_line(4, "start", GUN_TAG, STAMP))
    assert isinstance(dated, GunSeen)
    assert (dated.stamp_us, dated.clock) == (STAMP, None)


def test_a_new_location_of_the_samples_is_known_as_one() -> None:
    text = "CT01_33~2038~30k~newlocation~09:15:21.00~0~ED932A~0"
    assert read_line(text, 0) == NewLocation(name="30k", raw=text)


@pytest.mark.parametrize(
    ("text", "us", "dated", "zoned"),
    [
        ("14:02:15.31", time("14:02:15.31"), False, False),
        ("2024-10-27T09:30:00.25", STAMP + 250_000, True, False),
        ("2024-10-27T09:30:00", STAMP, True, False),
        ("2024-10-27 09:30:00.250000", STAMP + 250_000, True, False),
        ("2024-10-27T09:30:00.25Z", STAMP + 250_000, True, True),
        ("2024-10-27T09:30:00+01:00", STAMP, True, True),
        (f"{STAMP // SECOND}.07", STAMP + 70_000, True, False),
    ],
)
def test_times_are_read_in_every_form(text: str, us: int, dated: bool, zoned: bool) -> None:
    stamp = stamp_of(text)
    assert stamp is not None
    assert (stamp.us, stamp.dated, stamp.zoned) == (us, dated, zoned)


@pytest.mark.parametrize("text", ["", "24:00:00", "9:30:00", "2024-13-27T09:30:00", "2024-10-27T09:60:00", "12", "x"])
def test_what_is_no_time_gives_none(text: str) -> None:
    assert stamp_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "CT01_33~1~start~9478~14:02:15.31~0~0F2A38",
        "CT01_33~x~start~9478~14:02:15.31~0~0F2A38~1",
        "CT01_33~1~start~~14:02:15.31~0~0F2A38~1",
        "CT01_33~1~start~9478~14:62:15.31~0~0F2A38~1",
        "hello",
        "a~b~c",
    ],
)
def test_what_is_no_line_is_malformed(text: str) -> None:
    (event,) = fed(text.encode() + b"\r\n")
    assert isinstance(event, Malformed)
    assert (event.raw, event.size) == (text, len(text))


ALL = b"".join(
    [GREETING, LOCATIONS, *(text.encode() + b"\r\n" for text, *_ in SAMPLES), b"\xffrubbish\r\n", GOOD, b"ack~ping\n"]
)


def test_the_same_bytes_give_the_same_events_however_they_are_cut() -> None:
    whole = fed(ALL)
    assert len(reads(whole)) == 3
    assert fed(*(ALL[place : place + 1] for place in range(len(ALL)))) == whole
    for place in range(len(ALL)):
        assert fed(ALL[:place], ALL[place:]) == whole


@pytest.mark.parametrize("noise", [b"\xff\x00\x07", b"CT01_33~4~sta", b"x" * (3 * LINE_MAX), b"~~~", GOOD[:-2]])
def test_the_good_line_after_noise_is_found(noise: bytes) -> None:
    for pieces in ([noise + GOOD], [noise, GOOD], [noise + b"\n", GOOD]):
        read = reads(fed(*pieces))[-1]
        assert (read.tag, read.stamp_us, read.label) == ("9478", STAMP, "finish")


def test_two_lines_whose_end_was_lost_are_two_reads() -> None:
    assert len(reads(fed(GOOD[:-2] + GOOD))) == 2


def test_half_a_line_never_meets_the_next_connection() -> None:
    protocol = ChronoTrackProtocol()
    for cut in range(1, len(GOOD) - 1):
        protocol.connected(AT)
        assert protocol.receive_data(GOOD[:cut], AT) == []
        assert [type(event) for event in protocol.disconnected()] == [Malformed]
        protocol.connected(AT)
        assert reads(protocol.receive_data(GOOD[cut:], AT)) == []


def test_what_is_held_of_an_endless_line_is_bounded_and_counted() -> None:
    stream = ChronoTrackStream()
    for _ in range(40):
        assert stream.feed(b"abcdefgh" * 1024) == []
        assert stream.pending <= 2 * LINE_MAX
    (left,) = stream.forget()
    assert left.size == 40 * 8 * 1024


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(0, 10))
def test_no_bytes_raise_and_cuts_play_no_part(parts: list[bytes], place: int) -> None:
    words = [b"CT01_33~1~start~", b"~newlocation~", b"\r\n", GREETING, b"ack~", GOOD]
    data = b"".join(part + words[(place + n) % len(words)] for n, part in enumerate(parts))
    whole = fed(data)
    assert fed(*(data[n : n + 1] for n in range(len(data)))) == whole
    assert reads(fed(data + b"\n" + GOOD))[-1].tag == "9478"


STAMPS = st.integers(0, 4_000_000_000 * 100).map(lambda hundredths: hundredths * 10_000)


@given(st.integers(0, 10**9), STAMPS, st.integers(1, 8), st.sampled_from(list(TimeFormat)))
def test_a_written_line_reads_back(seq: int, stamp_us: int, antenna: int, form: TimeFormat) -> None:
    if form is TimeFormat.UNIX:
        stamp_us += 10**15
    seen = read_line(frames.read_line(seq, "Col", "a12", stamp_us, form=form, antenna=antenna).decode().strip(), 3)
    assert isinstance(seen, Seen)
    assert isinstance(seen.event, ChipRead)
    assert seen.event.stamp_us == (stamp_us % (24 * HOUR) if form is TimeFormat.NORMAL else stamp_us)
    assert (seen.event.tag, seen.event.antenna, seen.event.label) == ("A12", antenna, "Col")


def test_what_the_wire_cannot_say_is_not_written() -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        frames.read_line(1, "a~b", "1", STAMP)


# The conversation ----------------------------------------------------------------------------------------------------


class Conversation:
    """A protocol and the lines it said, with both clocks set by hand."""

    def __init__(self) -> None:
        self.protocol = ChronoTrackProtocol()
        self.steady_us = 1_000 * SECOND
        self.events: list[DecoderEvent] = []
        self.said: list[str] = []

    @property
    def now(self) -> Now:
        return Now(STAMP + self.steady_us, self.steady_us)

    def connect(self) -> Conversation:
        self.protocol.connected(self.now)
        self.collect()
        return self

    def collect(self) -> None:
        data = self.protocol.data_to_send().decode("latin-1")
        assert data.endswith("\r\n") or not data
        self.said += data.split("\r\n")[:-1]

    def hear(self, data: bytes) -> list[DecoderEvent]:
        events = self.protocol.receive_data(data, self.now)
        self.events += events
        self.collect()
        return events

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

    def greeted(self) -> Conversation:
        self.hear(GREETING)
        self.hear(LOCATIONS)
        self.said.clear()
        self.events.clear()
        return self


def test_the_greeting_is_answered_with_settings_questions_and_start() -> None:
    talk = Conversation().connect()
    assert talk.said == []
    talk.hear(GREETING)
    assert talk.said[0] == f"Calanque~1~{len(SETTINGS)}"
    assert talk.said[1 : 1 + len(SETTINGS)] == [f"{key}={value}" for key, value in SETTINGS.items()]
    assert "time-format=iso" in talk.said
    assert talk.said[1 + len(SETTINGS) :] == ["geteventinfo", "getlocations"]
    talk.said.clear()
    talk.hear(b"ack~geteventinfo~21ROTM~7~a race\r\n")
    assert talk.said == []
    talk.hear(LOCATIONS)
    assert talk.said == ["start"]
    texts = [event.text for event in talk.events if isinstance(event, StatusSeen)]
    assert texts == ["program: SimpleClient 0.5.0", "event: 21ROTM, 7, a race", "locations: start, 30k, finish"]


def test_a_client_that_does_not_tell_its_locations_is_started_all_the_same() -> None:
    talk = Conversation().connect()
    talk.hear(GREETING)
    talk.said.clear()
    talk.wait(START_WITHIN_US)
    assert talk.said == ["start"]
    talk.hear(LOCATIONS)
    assert talk.said == ["start"]


def test_another_version_of_the_protocol_is_a_warning() -> None:
    (warning,) = Conversation().connect().hear(b"SimpleClient~9.0~CTP02\r\n")
    assert isinstance(warning, StatusSeen)
    assert warning.kind is StatusKind.WARNING


def test_a_new_location_is_asked_for_all_it_has() -> None:
    talk = Conversation().connect().greeted()
    talk.hear(frames.read_line(9, "Arrivée", NEW_LOCATION_TAG, STAMP))
    assert talk.said == ["getlocations"]
    talk.hear(LOCATIONS)
    assert [text.encode("latin-1").decode() for text in talk.said[1:]] == ["start~Arrivée"]
    talk.hear(b"CT01_33~10~Arriv\xe9e~newlocation~09:15:21.00~0~ED932A~0\r\n")
    talk.wait(START_WITHIN_US)
    assert "start~Arriv\xe9e" in talk.said


def test_a_new_location_before_the_first_start_is_part_of_it() -> None:
    talk = Conversation().connect()
    talk.hear(GREETING)
    talk.said.clear()
    talk.hear(frames.read_line(9, "30k", NEW_LOCATION_TAG, STAMP))
    talk.hear(LOCATIONS)
    assert talk.said == ["getlocations", "start"]


def test_the_line_of_a_new_location_that_comes_again_asks_for_nothing() -> None:
    talk = Conversation().connect().greeted()
    for _ in range(5):
        talk.hear(frames.read_line(9, "30k", NEW_LOCATION_TAG, STAMP))
        talk.wait(START_WITHIN_US)
    assert [text for text in talk.said if text != "ping"] == ["getlocations", "start~30k"]


def test_pings_go_both_ways_and_begin_after_the_greeting() -> None:
    talk = Conversation().connect()
    talk.wait(PING_EVERY_US)
    assert talk.said == [], "the settings must be the first lines the client hears"
    assert talk.protocol.unanswered_since_us is not None, "a client that never greets"
    talk.greeted()
    assert talk.protocol.unanswered_since_us is None
    talk.wait(PING_EVERY_US)
    assert "ping" in talk.said
    assert talk.protocol.unanswered_since_us is None, "it never answered one"
    for answer in (b"ack~ping\r\n", b"ping~ack\r\n"):
        talk.hear(answer)
        assert talk.protocol.unanswered_since_us is None
        talk.wait(PING_EVERY_US)
        assert talk.protocol.unanswered_since_us is not None
    talk.hear(b"ping\r\n")
    assert talk.said[-1] == "ack~ping"


def test_everything_is_asked_again_and_done_when_it_is_quiet() -> None:
    talk = Conversation().connect()
    talk.protocol.ask_memory(None, talk.now)
    talk.greeted()
    for _ in range(5):
        talk.hear(GOOD)
        assert talk.wait(QUIET_US - 1) == []
    assert talk.wait(1) == [MemoryProgress(state=MemoryState.DONE)]
    talk.said.clear()
    talk.protocol.ask_memory(None, talk.now)
    talk.collect()
    assert talk.said == ["start"]


def test_at_a_busy_line_the_past_is_done_after_a_minute() -> None:
    talk = Conversation().connect()
    talk.protocol.ask_memory(None, talk.now)
    talk.greeted()
    told = []
    for _ in range(ALL_WITHIN_US // SECOND + 1):
        talk.hear(GOOD)
        told += talk.wait(SECOND)
    assert told == [MemoryProgress(state=MemoryState.DONE)]


def test_times_without_a_date_are_warned_of_once() -> None:
    talk = Conversation().connect().greeted()
    for n in range(3):
        talk.hear(frames.read_line(n, "start", "1", STAMP, form=TimeFormat.NORMAL))
    warnings = [event for event in talk.events if isinstance(event, StatusSeen)]
    assert [event.kind for event in warnings] == [StatusKind.WARNING]
    assert "time_of_day" in warnings[0].text
    talk.hear(b"CT01_33~1~start~9478~2024-10-27T09:30:00.25Z~0~0F2A38~1\r\n")
    assert isinstance(talk.events[-1], StatusSeen)
    assert "zone" in talk.events[-1].text


def test_a_new_link_starts_anew() -> None:
    talk = Conversation().connect().greeted()
    talk.hear(GOOD[:10])
    assert len(talk.protocol.disconnected()) == 1
    assert talk.protocol.next_deadline() is None
    assert talk.protocol.data_to_send() == b""
    talk.connect()
    assert talk.said == []
    talk.hear(GREETING)
    assert len(talk.said) == 3 + len(SETTINGS)


STEPS = st.one_of(
    st.binary(max_size=40),
    st.integers(0, 30 * SECOND),
    st.sampled_from(["ask", "lose"]),
    st.sampled_from(
        [
            GREETING,
            LOCATIONS,
            GOOD,
            b"ping\r\n",
            b"ack~ping\r\n",
            b"stop\r\nclear~all\r\n",
            frames.read_line(9, "30k", NEW_LOCATION_TAG, STAMP),
        ]
    ),
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_whatever_a_client_says_only_known_words_are_ever_said(steps: list[bytes | int | str]) -> None:
    talk = Conversation().connect()
    known = SPOKEN | {f"{key}={value}" for key, value in SETTINGS.items()} | {f"Calanque~1~{len(SETTINGS)}"}
    for step in steps:
        if isinstance(step, bytes):
            talk.hear(step)
        elif isinstance(step, int):
            talk.wait(step)
        elif step == "ask":
            talk.protocol.ask_memory(None, talk.now)
            talk.collect()
        else:
            talk.protocol.disconnected()
            talk.connect()
    assert set(talk.said) <= known | {"start~30k"}


def session(count: int) -> list[SessionLine]:
    made = [
        SessionLine(
            due_us=STAMP + n * SECOND // 10,
            location="start" if n % 2 else "finish",
            tag=str(1000 + n),
            stamp_us=STAMP + HOUR + n * 100_000,
        )
        for n in range(count)
    ]
    gun = SessionLine(due_us=STAMP, location="start", tag=GUN_TAG, stamp_us=STAMP + HOUR)
    late = SessionLine(due_us=STAMP + SECOND, location="finish", tag=NEW_LOCATION_TAG, stamp_us=STAMP + HOUR)
    return [*made, gun, late]


class Joined:
    """A virtual client and a protocol joined in memory."""

    def __init__(self, client: VirtualSimpleClient) -> None:
        self.client = client
        self.protocol = ChronoTrackProtocol()
        self.events: list[DecoderEvent] = []
        self.us = 0

    @property
    def now(self) -> Now:
        return Now(STAMP + self.us, self.us)

    def connect(self) -> None:
        self.client.host_connected(self.now.race_us)
        self.protocol.connected(self.now)
        self.protocol.ask_memory(None, self.now)

    def cut(self) -> None:
        self.client.host_disconnected(self.now.race_us)
        self.events += self.protocol.disconnected()

    def run(self, us: int, *, lost: int = 0) -> None:
        end_us = self.us + us
        while self.us < end_us:
            data = self.client.take(self.now.race_us)
            self.events += self.protocol.receive_data(data[: len(data) - lost], self.now)
            if (deadline := self.protocol.next_deadline()) is not None and deadline <= self.us:
                self.events += self.protocol.handle_deadline(self.now)
            self.client.receive(self.protocol.data_to_send(), self.now.race_us)
            self.us += SECOND // 10


@pytest.mark.parametrize("form", [None, TimeFormat.UNIX])
def test_a_virtual_client_delivers_everything_over_cuts(form: TimeFormat | None) -> None:
    client = VirtualSimpleClient(session(1_000), form=form)
    joined = Joined(client)
    joined.connect()
    joined.run(30 * SECOND)
    assert client.settings == SETTINGS
    joined.run(SECOND // 10, lost=7)
    joined.cut()
    joined.us += 30 * SECOND
    joined.connect()
    joined.run(90 * SECOND)
    assert client.done
    assert client.starts >= 3
    found = {(read.tag, read.stamp_us, read.label) for read in reads(joined.events)}
    assert found == {(str(1000 + n), STAMP + HOUR + n * 100_000, "start" if n % 2 else "finish") for n in range(1_000)}
    assert {e.stamp_us for e in joined.events if isinstance(e, GunSeen)} == {STAMP + HOUR}
    assert MemoryProgress(state=MemoryState.DONE) in joined.events
    assert set(client.heard) <= SPOKEN | {"start~finish"}


def test_the_protocol_is_found_by_its_name() -> None:
    assert isinstance(protocol_class("chronotrack")(), ChronoTrackProtocol)


async def test_over_a_real_socket_everything_comes() -> None:
    """The client calls us, as on race day; bytes are cut as the system likes."""
    client, protocol, seen = VirtualSimpleClient(session(500)), ChronoTrackProtocol(), set()
    finished = asyncio.Event()
    began = asyncio.get_running_loop().time()

    def now() -> Now:
        us = int((asyncio.get_running_loop().time() - began) * 1e6)
        return Now(STAMP + 100 * us, us)

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol.connected(now())
        while data := await reader.read(700):
            seen.update((read.tag, read.label) for read in reads(protocol.receive_data(data, now())))
            writer.write(protocol.data_to_send())
        writer.close()
        finished.set()

    server = await asyncio.start_server(engine, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    client.host_connected(now().race_us)
    async with asyncio.timeout(20):
        while not client.done:
            writer.write(client.take(now().race_us))
            with suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    client.receive(await reader.read(65_536), now().race_us)
        writer.write(client.take(now().race_us))
        writer.close()
        await finished.wait()
    server.close()
    assert len(seen) == 500
