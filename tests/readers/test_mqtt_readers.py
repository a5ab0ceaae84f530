"""Readers that speak MQTT, brokers and journal together, each real: acknowledged when journalled, never before."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import aiomqtt
import pytest
from json_samples import IMPINJ, ZEBRA
from mqtt_peers import RACE, ROOT, EmbeddedProcess, JournalSink, MosquittoProcess, NoWait, running, until
from small_race import NINE

from readers import impinj_messages, mqtt_readers
from readers.capture import CaptureWriter, captured
from readers.health import Link, SourceHealth
from readers.impinj import ImpinjReader
from readers.mqtt_readers import MqttReaders
from readers.protocol import Now
from readers.race_clock import RaceClock
from simulators.mqtt_publisher import MqttPublisher
from simulators.mqtt_reader import VirtualImpinj, VirtualZebra
from timing.entries import reads_entry
from timing.errors import JournalNotWritten
from timing.instants import SECOND
from timing.race import Source
from timing.reads import ChipRead, ClockKind, SourceId, SourceReads, Tag

PROCESS = Path(__file__).with_name("mqtt_readers_process.py")
FINISH, GINESTE = SourceId("finish-main"), SourceId("finish-backup")
TOPICS = {"finish-main": "impinj/finish/#", "finish-backup": "zebra/gineste/#"}
SOURCES = (
    Source(id=FINISH, protocol="impinj", connect="mqtt:impinj/finish/#", clock=ClockKind.UTC),
    Source(id=GINESTE, protocol="zebra", connect="mqtt:zebra/gineste/#", clock=ClockKind.UTC),
)


class ReaderSink(JournalSink):
    """The same journal as a driver's sink, which can be held up or refuse."""

    def __init__(self, race, path: Path) -> None:
        super().__init__(race, path)
        self.healths: dict[str, SourceHealth] = {}

    async def reads(self, reads: SourceReads) -> None:
        await self.open.wait()
        if self.refuse is not None:
            raise self.refuse
        fresh, repeats = self.index.fresh(reads)
        self.repeats += repeats
        await asyncio.wrap_future(self.journal.append([reads_entry(fresh, 1)]))

    def health(self, health: SourceHealth) -> None:
        self.healths[health.source] = health

    def error(self, source: str = FINISH) -> str:
        return self.healths[source].error if source in self.healths else ""

    def link(self, source: str = FINISH) -> Link:
        return self.healths[source].link if source in self.healths else Link.DOWN


@pytest.fixture(params=["embedded", "mosquitto"])
async def reader_broker(request, tmp_path):
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = (EmbeddedProcess if request.param == "embedded" else MosquittoProcess)(folder, TOPICS)
    await broker.start()
    yield broker
    broker.kill()


@pytest.fixture
async def broker(tmp_path):
    folder = tmp_path / "broker"
    folder.mkdir()
    made = MosquittoProcess(folder, TOPICS)
    await made.start()
    yield made
    made.kill()


@pytest.fixture
def sink(race, tmp_path):
    made = ReaderSink(race, tmp_path / "journal.sqlite")
    yield made
    made.journal.close()


def intake(sink, broker, **more) -> MqttReaders:
    return MqttReaders(
        race=RACE,
        sources=SOURCES,
        broker=broker.address("engine"),
        sink=sink,
        clock=RaceClock.real(),
        chance=NoWait(),
        **more,
    )


def crossings(count: int, first: int = 1) -> list[ChipRead]:
    return [
        ChipRead(
            tag=Tag(f"E28011{number:06X}"),
            stamp_us=NINE + number * 1_000,
            received_us=0,
            antenna=1 + number % 4,
            rssi=-50.0 - number % 20,
        )
        for number in range(first, first + count)
    ]


def tags(first: int, count: int) -> dict[str, int]:
    return {f"E28011{number:06X}": 1 for number in range(first, first + count)}


@contextlib.asynccontextmanager
async def publishing(broker, source: str = FINISH, identifier: str | None = None):
    """A hand that publishes as a reader of that name may."""
    address = broker.address(source)
    async with aiomqtt.Client(
        address.host, address.port, username=source, password=address.password, identifier=identifier
    ) as client:
        yield client


async def say(client, reads, topic: str = "impinj/finish/data", qos: int = 1, retain: bool = False) -> None:
    for read in reads:
        await client.publish(topic, impinj_messages.tag_event(read), qos=qos, retain=retain)


async def test_both_kinds_of_reader_come_into_the_journal(reader_broker, sink):
    clock = RaceClock.real()
    impinj = MqttPublisher(
        VirtualImpinj(crossings(300)),
        topic="impinj/finish",
        broker=reader_broker.address(FINISH),
        clock=clock,
        chance=NoWait(),
    )
    zebra = MqttPublisher(
        VirtualZebra(crossings(200, 1_000)),
        topic="zebra/gineste",
        broker=reader_broker.address(GINESTE),
        clock=clock,
        chance=NoWait(),
    )
    work = intake(sink, reader_broker)
    async with running(work):
        await until(lambda: sink.link() is Link.OPENED)
        async with running(impinj), running(zebra):
            await until(lambda: sum(sink.tags().values()) >= 500)
            await until(lambda: sink.link() is Link.UP and sink.link(GINESTE) is Link.UP)
    assert sink.tags() == tags(1, 300) | tags(1_000, 200)
    assert sink.healths[GINESTE].warning == ""
    read = sink.journalled().reads()
    assert set(read.antenna.tolist()) == {1, 2, 3, 4}
    assert read.rssi.min() == -69


async def test_samples_are_journalled_with_what_they_say(reader_broker, sink):
    both = b"[" + b",".join(payload for payload, _ in IMPINJ.values()) + b"]"
    async with (
        running(intake(sink, reader_broker)),
        publishing(reader_broker) as one,
        publishing(reader_broker, GINESTE) as other,
    ):
        await until(lambda: sink.link() is sink.link(GINESTE) is Link.OPENED)
        await one.publish("impinj/finish/data", both, qos=1)
        for payload, _ in ZEBRA.values():
            await other.publish("zebra/gineste/data", payload, qos=1)
        await until(lambda: sum(sink.tags().values()) >= 4, 10)
    assert set(sink.tags()) == {told[0] for _, told in [*IMPINJ.values(), *ZEBRA.values()]}


async def test_nothing_is_acknowledged_before_the_journal_has_it(broker, sink):
    sink.open.clear()
    async with publishing(broker) as reader:
        async with running(intake(sink, broker)):  # ended in the middle: delivered, not journalled
            await until(lambda: sink.link() is Link.OPENED)
            await say(reader, crossings(50))
            await until(lambda: sink.healths[FINISH].queue == 50)
        assert sink.tags() == {}
        await say(reader, crossings(10, 51))  # while nobody listens
        sink.open.set()
        again = intake(sink, broker)
        async with running(again):
            await until(lambda: sum(sink.tags().values()) >= 60)
            await until(lambda: again.health()[0].queue == 0)  # acknowledged
        async with running(intake(sink, broker)):
            await until(lambda: sink.link() is Link.OPENED)
            await say(reader, crossings(1, 61))  # whatever were delivered again would come before
            await until(lambda: sum(sink.tags().values()) >= 61)
    assert sink.tags() == tags(1, 61)
    assert sink.repeats == 0  # acknowledged after the journal: not delivered again


async def test_an_engine_killed_between_delivery_and_journal_loses_nothing(broker, sink, tmp_path):
    address = broker.address("engine")
    told = tmp_path / "delivered"
    arguments = [RACE, address.host, str(address.port), str(address.password), str(told)]
    paths = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{PROCESS.parent}{os.pathsep}{ROOT / 'tests'}"}
    process = subprocess.Popen([sys.executable, str(PROCESS), *arguments], env=paths)  # noqa: ASYNC220
    try:
        await until(lambda: told.exists())
        async with publishing(broker) as reader:
            await say(reader, crossings(100))
            await until(lambda: int(told.read_text() or 0) >= 100)
            process.send_signal(signal.SIGKILL)  # it had all of them, and its journal none
            process.wait()
            async with running(intake(sink, broker)):
                await until(lambda: sum(sink.tags().values()) >= 100)
    finally:
        process.kill()
        process.wait()
    assert sink.tags() == tags(1, 100)


async def test_a_journal_that_refuses_is_asked_again_and_told(broker, sink):
    sink.refuse = JournalNotWritten("the disk is full")
    async with running(intake(sink, broker)), publishing(broker) as reader:
        await until(lambda: sink.link() is Link.OPENED)
        await say(reader, crossings(20))
        await until(lambda: "the disk is full" in sink.healths[FINISH].error)
        sink.refuse = None
        await until(lambda: sum(sink.tags().values()) >= 20)
        await until(lambda: sink.healths[FINISH].error == "")
    assert sink.tags() == tags(1, 20)


async def test_what_finds_no_room_comes_again_in_order(broker, sink, monkeypatch):
    monkeypatch.setattr(mqtt_readers, "WAITING_MESSAGES", 100)
    sink.open.clear()
    async with running(intake(sink, broker)), publishing(broker) as reader:
        await until(lambda: sink.link() is Link.OPENED)
        await say(reader, crossings(350))
        await until(lambda: sink.healths[FINISH].queue == 100)
        sink.open.set()
        await until(lambda: sum(sink.tags().values()) >= 350)
    assert sink.tags() == tags(1, 350)


async def test_a_broker_that_is_killed_is_found_again_and_the_reader_sends_what_it_kept(broker, sink):
    broker.kill()
    broker.keep = True
    await broker.start()
    clock = RaceClock.real()
    now = clock.now_us()
    reads = [
        ChipRead(tag=Tag(f"E28011{n:06X}"), stamp_us=now + n * SECOND // 100, received_us=0, antenna=1)
        for n in range(1, 1_201)  # 12 s: the broker must be missed before the last
    ]
    reader = MqttPublisher(
        VirtualImpinj(reads), topic="impinj/finish", broker=broker.address(FINISH), clock=clock, chance=NoWait()
    )
    work = intake(sink, broker)
    async with running(work), contextlib.AsyncExitStack() as later:
        await until(lambda: sink.link() is Link.OPENED)  # a broker passes on nothing that was said before
        await later.enter_async_context(running(reader))
        # Long enough for the broker to have saved the session; and it holds nothing that it has told the reader it has.
        await until(lambda: reader.published - 1 <= sum(sink.tags().values()) >= 250)
        broker.kill()
        await until(lambda: sink.link() is Link.DOWN and not reader.link.up)
        assert "broker 127.0.0.1" in sink.healths[FINISH].error
        missed = sum(read.stamp_us <= clock.now_us() for read in reads) + 50
        await until(lambda: clock.now_us() > reads[missed].stamp_us)  # crossings while nobody can be told
        await broker.start()
        await until(lambda: sum(sink.tags().values()) >= 1_200, 30)
        await until(lambda: sink.link() is Link.UP)
    assert sink.tags() == tags(1, 1_200)
    assert reader.reader.dropped == 0


async def test_a_reader_whose_connection_breaks_is_down_by_its_will_and_up_when_it_speaks(reader_broker, sink):
    async with running(intake(sink, reader_broker)):
        await until(lambda: sink.link() is Link.OPENED)
        address = reader_broker.address(FINISH)
        will = aiomqtt.Will("impinj/finish/state", b'{"state":"lost"}', 1, True)
        async with aiomqtt.Client(
            address.host, address.port, username=FINISH, password=address.password, will=will, identifier="r700"
        ) as reader:
            await say(reader, crossings(1))
            await until(lambda: sink.link() is Link.UP)
            async with publishing(reader_broker, identifier="r700") as again:  # takes over
                await until(lambda: sink.link() is Link.DOWN)
                assert sink.healths[FINISH].error.startswith("the reader's connection to the broker is lost")
                await say(again, crossings(1, 2))
                await until(lambda: sink.link() is Link.UP)
            with contextlib.suppress(aiomqtt.MqttError):
                await say(reader, crossings(1, 3))


async def test_retained_messages_are_context_and_no_reads(broker, sink):
    async with publishing(broker) as reader:
        await say(reader, crossings(1), retain=True)
        await reader.publish("impinj/finish/state", b'{"state":"lost"}', qos=1, retain=True)
        async with running(intake(sink, broker)):
            await until(lambda: "the reader's connection to the broker is lost" in sink.error())
            await say(reader, crossings(1, 2))
            await until(lambda: sum(sink.tags().values()) >= 1)
    assert sink.tags() == tags(2, 1)


async def test_rubbish_is_kept_raw_and_costs_nothing_else(broker, sink):
    async with running(intake(sink, broker)), publishing(broker) as reader:
        await until(lambda: sink.link() is Link.OPENED)
        await reader.publish("impinj/finish/data", b"\xff{", qos=1)
        await until(lambda: sink.link() is Link.UNINTELLIGIBLE)
        await say(reader, crossings(1))
        await until(lambda: sink.link() is Link.UP)
        for _ in range(500):
            await reader.publish("impinj/finish/data", b"[" * 3_000, qos=1)
        await say(reader, crossings(1, 2))
        await until(lambda: sum(sink.tags().values()) >= 2)
        await until(lambda: sink.healths[FINISH].malformed == 501)
    assert 200 <= sink.journalled().counts[FINISH].malformed <= 205


async def test_the_source_is_what_the_topic_says(broker, sink):
    async with running(intake(sink, broker)), publishing(broker) as reader:
        await until(lambda: sink.link() is Link.OPENED)
        read = crossings(1)[0]
        await reader.publish("impinj/finish/x", impinj_messages.tag_event(read, hostname=GINESTE), qos=1)
        await until(lambda: sink.journalled().counts[FINISH].reads == 1)


async def test_a_topic_of_an_earlier_run_is_left_alone_and_holds_nothing_up(broker, sink, caplog):
    async with running(intake(sink, broker)):
        await until(lambda: sink.link() is Link.OPENED)
    only = MqttReaders(
        race=RACE, sources=SOURCES[1:], broker=broker.address("engine"), sink=sink, clock=RaceClock.real()
    )
    async with publishing(broker) as one, publishing(broker, GINESTE) as other:
        await say(one, crossings(3))
        await other.publish("zebra/gineste/data", ZEBRA["simple"][0], qos=1)
        async with running(only):
            await until(lambda: sum(sink.tags().values()) >= 1)
    assert set(sink.tags()) == {ZEBRA["simple"][1][0]}
    assert [record.topic for record in caplog.records if "no source" in record.message] == ["impinj/finish/data"]


async def test_a_reader_that_publishes_without_acknowledgement_is_told(broker, sink):
    async with running(intake(sink, broker)), publishing(broker) as reader:
        await until(lambda: sink.link() is Link.OPENED)
        await say(reader, crossings(1), qos=0)
        await until(lambda: "QoS 0" in sink.healths[FINISH].warning)


async def test_missing_events_are_on_the_board(broker, sink):
    async with running(intake(sink, broker)), publishing(broker, GINESTE) as reader:
        await until(lambda: sink.link(GINESTE) is Link.OPENED)
        for number in (1, 2, 5):
            data = f'{{"data":{{"eventNum":{number},"idHex":"e280"}},"timestamp":"2026-10-25T07:00:0{number}Z"}}'
            await reader.publish("zebra/gineste/data", data.encode(), qos=1)
        await until(lambda: sink.healths[GINESTE].gap)
    assert sink.healths[GINESTE].warning == "2 events of the reader are missing (3 to 4)"


async def test_a_broker_that_does_not_let_us_listen_is_told(tmp_path, sink):
    narrow = EmbeddedProcess(tmp_path, {GINESTE: TOPICS[GINESTE]})
    await narrow.start()
    try:
        async with running(intake(sink, narrow)):
            await until(lambda: sink.link(GINESTE) is Link.OPENED)
            await until(lambda: "does not let us hear impinj/finish/#" in sink.healths[FINISH].error)
    finally:
        narrow.kill()


async def test_messages_are_captured_and_can_be_replayed(broker, sink, tmp_path):
    capture = CaptureWriter(tmp_path / "capture", FINISH)
    async with running(intake(sink, broker, captures={FINISH: capture})), publishing(broker) as reader:
        await until(lambda: sink.link() is Link.OPENED)
        spread = next(iter(IMPINJ.values()))[0].replace(b",", b",\n ")
        await reader.publish("impinj/finish/data", spread, qos=1)
        await say(reader, crossings(5))
        await until(lambda: sum(sink.tags().values()) >= 6)
    capture.close()
    data = b"".join(record.content for record in captured(tmp_path / "capture", FINISH))
    again = ImpinjReader().receive_data(data, Now(0, 0))
    assert {read.tag for read in again} == set(sink.tags())
