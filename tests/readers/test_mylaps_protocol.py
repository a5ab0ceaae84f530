"""The conversation with MYLAPS Timing & Scoring: greetings, pings, and acknowledgements that wait for the disk."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers import mylaps_frames as frames
from readers.events import DecoderEvent, GunSeen, Malformed, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.mylaps import PING_EVERY_US, REPEAT_WITHIN_US, MylapsProtocol
from readers.protocol import Now, protocol_class
from simulators.mylaps_client import REPEAT_US, Sight, VirtualToolkit
from timing.instants import HOUR, SECOND
from timing.reader_kinds import KIND_OF
from timing.reads import ChipRead, ClockKind

STAMP = int(datetime(2024, 10, 27, 9, 30, tzinfo=UTC).timestamp()) * 1_000_000
RECORD = frames.record("LZ63021", STAMP)
SPOKEN = {"AckPong", "AckPing", "Ping", "AckStore", "AckPassing", "AckMarker", "GetLocations", "GetInfo"}


class Conversation:
    """A protocol and what it said, with both clocks set by hand."""

    def __init__(self) -> None:
        self.protocol = MylapsProtocol()
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
        data = self.protocol.data_to_send().decode()
        assert data.endswith("@$") or not data
        self.said += [text for text in data.split("$") if text]

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

    def store(self, events: list[DecoderEvent]) -> None:
        self.protocol.stored([event for event in events if isinstance(event, ChipRead | GunSeen)])
        self.collect()


def test_the_client_is_greeted_for_each_location_and_asked_what_it_has() -> None:
    talk = Conversation().connect()
    assert talk.said == []
    talk.hear(b"Start@Pong@$")
    assert talk.said[0].startswith("Calanque@AckPong@Version2.1@c|")
    assert "|utc|" in talk.said[0]
    assert talk.said[1:] == ["Calanque@GetLocations@", "Calanque@GetInfo@", "Calanque@GetInfo@Start@"]
    talk.said.clear()
    talk.hear(b"Finish@Pong@$Start@Pong@$")
    assert [text.split("@")[1] for text in talk.said] == ["AckPong", "GetInfo", "AckPong"]


def test_a_ping_is_answered() -> None:
    talk = Conversation().connect()
    assert talk.hear(b"T&S@Ping@$") == [StatusSeen(kind=StatusKind.ANSWER, text="Ping: alive", raw="T&S@Ping@")], (
        "a client with nothing to tell is understood"
    )
    assert talk.said == ["Calanque@AckPing@"]


def test_the_client_is_pinged_and_a_silent_one_is_told_only_if_it_ever_answers() -> None:
    talk = Conversation().connect()
    talk.wait(PING_EVERY_US)
    assert talk.said == ["Calanque@Ping@"]
    assert talk.protocol.unanswered_since_us == talk.steady_us, "nothing was ever heard"
    talk.hear(b"Start@Pong@$")
    talk.wait(10 * PING_EVERY_US)
    assert talk.protocol.unanswered_since_us is None, "a client that does not answer pings"
    talk.hear(b"Start@AckPing@$Finish@AckPing@$")
    assert talk.protocol.unanswered_since_us is None
    talk.wait(PING_EVERY_US)
    assert talk.protocol.unanswered_since_us == talk.steady_us
    talk.hear(b"Start@AckPing@$")
    assert talk.protocol.unanswered_since_us is None


@pytest.mark.parametrize(("function", "record"), [("Store", RECORD), ("Passing", frames.passing("LZ63021", STAMP))])
def test_a_message_is_acknowledged_when_all_its_reads_are_durable_and_not_before(function: str, record: str) -> None:
    talk = Conversation().connect()
    events = talk.hear(frames.message("Finish", function, [record, record], 12))
    assert len(events) == 2
    assert talk.said == []
    talk.store(events[:1])
    assert talk.said == []
    talk.store(events[1:])
    assert talk.said == [f"Calanque@Ack{function}@12@"]
    talk.store(events)
    assert len(talk.said) == 1


def test_a_gun_is_acknowledged_when_it_is_durable() -> None:
    talk = Conversation().connect()
    events = talk.hear(frames.message("Start", "Marker", [frames.marker(STAMP)], 4))
    assert talk.said == []
    talk.store(events)
    assert talk.said == ["Calanque@AckMarker@4@"]


def test_messages_are_acknowledged_in_whatever_order_their_reads_become_durable() -> None:
    talk = Conversation().connect()
    first = talk.hear(frames.message("Start", "Passing", [frames.passing("1", STAMP)], 1))
    second = talk.hear(frames.message("Start", "Passing", [frames.passing("2", STAMP)], 2))
    talk.store(second)
    talk.store(first)
    assert talk.said == ["Calanque@AckPassing@2@", "Calanque@AckPassing@1@"]


def test_a_message_of_damaged_records_alone_does_not_keep_the_client_from_the_next() -> None:
    talk = Conversation().connect()
    events = talk.hear(frames.message("Start", "Store", ["nothing"], 9))
    assert [type(event) for event in events] == [Malformed]
    assert talk.said == ["Calanque@AckStore@9@"]


def test_the_good_records_of_a_message_are_reads_and_the_damaged_ones_are_kept() -> None:
    talk = Conversation().connect()
    events = talk.hear(frames.message("Start", "Store", ["nothing", RECORD], 9))
    assert [type(event) for event in events] == [Malformed, ChipRead]
    talk.store(events)
    assert talk.said == ["Calanque@AckStore@9@"]


def test_a_message_without_a_number_keeps_its_reads_and_cannot_be_acknowledged() -> None:
    talk = Conversation().connect()
    events = talk.hear(frames.frame("Start", "Store", RECORD))
    assert [type(event) for event in events] == [ChipRead, Malformed]
    talk.store(events)
    assert talk.said == []


def test_of_a_message_of_an_earlier_link_nothing_is_said() -> None:
    talk = Conversation().connect()
    events = talk.hear(frames.message("Start", "Store", [RECORD], 1))
    talk.protocol.disconnected()
    talk.store(events)
    assert talk.said == []
    talk.connect()
    again = talk.hear(frames.message("Start", "Store", [RECORD], 1))
    talk.store(again)
    assert talk.said == ["Calanque@AckStore@1@"]


def test_repeats_are_the_same_reads_and_each_is_acknowledged() -> None:
    talk = Conversation().connect()
    message = frames.message("Start", "Store", [RECORD], 1)
    first, second = talk.hear(message), talk.hear(message)
    assert first == second
    talk.store(second)
    assert talk.said == ["Calanque@AckStore@1@"]


def test_what_was_missed_is_done_when_the_client_had_time_to_repeat_it() -> None:
    talk = Conversation().connect()
    talk.protocol.ask_memory(None, talk.now)
    assert talk.wait(10 * REPEAT_WITHIN_US) == [], "nobody has greeted us yet"
    talk.hear(b"Start@Pong@$")
    assert talk.wait(REPEAT_US) == []
    assert talk.wait(REPEAT_WITHIN_US - REPEAT_US) == [MemoryProgress(state=MemoryState.DONE)]
    assert talk.wait(10 * REPEAT_WITHIN_US) == []
    talk.protocol.ask_memory(None, talk.now)
    assert talk.wait(REPEAT_WITHIN_US) == [MemoryProgress(state=MemoryState.DONE)]


def test_a_clock_that_leaves_summer_time_in_service_is_a_warning() -> None:
    talk = Conversation().connect()
    for hours in (2, 2, 1):
        stamp_us = STAMP + hours * HOUR
        talk.hear(frames.message("21K", "Passing", [frames.passing("41", stamp_us, utc=STAMP // 1000)], 1))
    said = [(event.kind, event.text) for event in talk.events if isinstance(event, StatusSeen)]
    assert said == [
        (StatusKind.SETTING, "21K: its clock keeps UTC+02:00"),
        (StatusKind.WARNING, "21K: its clock kept UTC+02:00 and now keeps UTC+01:00"),
    ]


def test_what_the_client_tells_of_its_devices_is_shown() -> None:
    talk = Conversation().connect()
    (old,) = talk.hear(b"Finish@AckGetInfo@PalicanEar11@Unknown@joost_sys_xp$")
    (new,) = talk.hear(b"20M@AckGetInfo@id=20250558687|n=BibTagDecoder00DF|mac=0004B70700DF|ant=2@$")
    (race,) = talk.hear(b"T&S@AckGetInfo@sd=2012-06-21|rn=My 5K Race@$")
    (names,) = talk.hear(b"Toolkit@GetLocations@ln=Start@ln=5K@ln=Finish@$")
    texts = [event.text for event in (old, new, race, names) if isinstance(event, StatusSeen)]
    assert "PalicanEar11" in texts[0]
    assert "BibTagDecoder00DF" in texts[1]
    assert "My 5K Race" in texts[2]
    assert texts[3] == "locations: Start, 5K, Finish"
    warning, _ = talk.hear(b"20M@AckGetInfo@n=BibTagDecoder00DF|isconn=0@$")
    assert isinstance(warning, StatusSeen)
    assert warning.kind is StatusKind.WARNING


def test_a_new_link_starts_anew() -> None:
    talk = Conversation().connect()
    talk.hear(b"Start@Pong@$Finish@Sto")
    assert len(talk.protocol.disconnected()) == 1
    assert talk.protocol.next_deadline() is None
    assert talk.protocol.data_to_send() == b""
    talk.said.clear()
    talk.connect()
    talk.hear(b"Start@Pong@$")
    assert len(talk.said) == 4


STEPS = st.one_of(
    st.binary(max_size=40),
    st.integers(0, 30 * SECOND),
    st.sampled_from(["ask", "lose", "store"]),
    st.sampled_from(
        [
            b"Start@Pong@$",
            b"T&S@Ping@$",
            b"Start@AckPing@$",
            b"A@Clear@1@$",
            b"S@Pong@" + b"x" * 300 + b"@$",
            frames.message("Finish", "Store", [RECORD], 1),
            frames.message("Finish", "Marker", [frames.marker(STAMP)], 2),
            frames.message("Finish", "Passing", [frames.passing("LZ63021", STAMP)], 3),
        ]
    ),
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_whatever_a_client_says_only_known_words_are_ever_said(steps: list[bytes | int | str]) -> None:
    talk = Conversation().connect()
    for step in steps:
        if isinstance(step, bytes):
            talk.hear(step)
        elif isinstance(step, int):
            talk.wait(step)
        elif step == "ask":
            talk.protocol.ask_memory(None, talk.now)
        elif step == "store":
            talk.store(talk.events)
        else:
            talk.protocol.disconnected()
            talk.connect()
    assert {text.split("@")[1] for text in talk.said} <= SPOKEN


def sights(count: int, *, guns: bool = True) -> list[Sight]:
    """Chips at two locations, ten a second, and a gun."""
    made = [
        Sight(
            due_us=STAMP + n * SECOND // 10,
            location="Start" if n % 2 else "Finish - A",
            chip=f"LZ{n:05d}",
            stamp_us=STAMP + HOUR + n * 100_000,
        )
        for n in range(count)
    ]
    return [*made, Sight(due_us=STAMP, location="Start", chip="", stamp_us=STAMP + HOUR)] if guns else made


class Joined:
    """A virtual client and a protocol joined in memory, and a disk that is as slow as one likes."""

    def __init__(self, client: VirtualToolkit) -> None:
        self.client = client
        self.protocol = MylapsProtocol()
        self.events: list[ChipRead | GunSeen] = []
        self.stored: set[tuple[str, int, str]] = set()
        self.us = 0

    @property
    def now(self) -> Now:
        return Now(STAMP + self.us, self.us)

    def connect(self) -> None:
        self.client.host_connected(self.now.race_us)
        self.protocol.connected(self.now)

    def cut(self) -> None:
        self.client.host_disconnected(self.now.race_us)
        self.protocol.disconnected()

    def run(self, us: int, *, lost: int = 0, disk: bool = True) -> None:
        """`lost`: bytes of each piece that do not arrive any more. `disk`: whether reads become durable."""
        end_us = self.us + us
        while self.us < end_us:
            data = self.client.take(self.now.race_us)
            found = self.protocol.receive_data(data[: len(data) - lost], self.now)
            items = [event for event in found if isinstance(event, ChipRead | GunSeen)]
            self.events += items
            if disk:
                self.stored |= {(str(getattr(x, "tag", "gun")), x.stamp_us, x.label or "") for x in items}
                self.protocol.stored(items)
            if (deadline := self.protocol.next_deadline()) is not None and deadline <= self.us:
                self.protocol.handle_deadline(self.now)
            self.client.receive(self.protocol.data_to_send(), self.now.race_us)
            self.us += SECOND // 10


@pytest.mark.parametrize("version", [1, 2])
def test_a_virtual_client_delivers_everything_over_cuts_and_is_acknowledged_for_it(version: int) -> None:
    client = VirtualToolkit(sights(2_000), version=version)
    joined = Joined(client)
    joined.connect()
    joined.run(30 * SECOND)
    assert not client.done
    joined.run(SECOND, lost=5, disk=False)
    joined.cut()
    joined.us += 60 * SECOND
    joined.connect()
    joined.run(150 * SECOND)
    assert client.done
    guns = 1 if version == 2 else 0
    assert len(joined.stored) == 2_000 + guns
    assert client.pings > 0
    assert set(client.heard) <= SPOKEN


def test_without_an_acknowledgement_the_client_repeats_and_nothing_new_comes_of_it() -> None:
    client = VirtualToolkit(sights(20), version=1)
    joined = Joined(client)
    joined.connect()
    joined.run(65 * SECOND, disk=False)
    assert client.repeats >= 2
    assert not client.done
    joined.run(90 * SECOND)
    assert client.done
    assert len(joined.stored) == 20
    assert len(joined.events) > 20


def test_the_protocol_is_found_by_its_name() -> None:
    assert isinstance(protocol_class("mylaps")(), MylapsProtocol)
    assert KIND_OF["mylaps"].clock is ClockKind.LOCAL


async def test_over_a_real_socket_everything_comes_and_is_acknowledged() -> None:
    """The client calls us, as on race day; bytes are cut as the system likes."""
    client, protocol, seen = VirtualToolkit(sights(500)), MylapsProtocol(), set()
    finished = asyncio.Event()
    began = asyncio.get_running_loop().time()

    def now() -> Now:
        us = int((asyncio.get_running_loop().time() - began) * 1e6)
        return Now(STAMP + 100 * us, us)

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol.connected(now())
        while data := await reader.read(700):
            found = [x for x in protocol.receive_data(data, now()) if isinstance(x, ChipRead | GunSeen)]
            seen.update((x.stamp_us, x.label) for x in found)
            protocol.stored(found)
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
        writer.close()
        await finished.wait()
    server.close()
    assert len(seen) == 501
