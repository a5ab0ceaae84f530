"""Far mats through a broker, with everything that networks and brokers do to messages. F19 to F27 of docs/faults.md.

Collector, broker and engine are each real; between them a proxy that cuts, freezes and drips. The race is fed to the
collector, and what is judged is the journal: all of it, once. Single messages, good and hostile, have their tests in
tests/readers/test_mqtt_foreign.py, under the same numbers.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import aiomqtt
import pytest
from chaos_proxy import ChaosProxy, Habits, chaos
from mountain_race import BACK_US, COL, PLAN, RUNNERS, Screens, as_col, col_reads, entries, lists_of
from mqtt_peers import (
    OTHER,
    RACE,
    SOURCE,
    ForeignCollector,
    JournalSink,
    MosquittoProcess,
    NoWait,
    chip_reads,
    make_collector,
    make_intake,
    running,
    tag_names,
    until,
)
from race_book import numbered
from small_race import at

from calanque.derived import Picture
from readers.collector import Collector
from readers.collector_batch import MAX_BYTES
from readers.collector_store import CollectorStore
from readers.mqtt_alarms import AlarmKind
from readers.mqtt_intake import MqttIntake
from readers.mqtt_link import BrokerAddress
from timing.instants import MINUTE, MISSING
from timing.race import Race


class Behind:
    """A broker as seen from the other end of a proxy: what `make_collector` and `make_intake` take for a broker."""

    def __init__(self, broker: MosquittoProcess, proxy: ChaosProxy) -> None:
        self.passwords, self.port = broker.passwords, proxy.port
        self.broker = broker

    def address(self, user: str) -> BrokerAddress:
        return replace(self.broker.address(user), port=self.port)


class Forgetful(MosquittoProcess):
    """A Mosquitto as it is out of the box: what exceeds its queue is confirmed and dropped."""

    def command(self) -> list[str]:
        command = super().command()
        settings = self.folder / "mosquitto.conf"
        text = settings.read_text(encoding="utf-8")
        text = text.replace("max_queued_messages 0", "max_queued_messages 3")
        settings.write_text(text.replace("max_inflight_messages 0", "max_inflight_messages 1"), encoding="utf-8")
        return command


@pytest.fixture(params=[MosquittoProcess])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MosquittoProcess]:
    folder = tmp_path / "broker"
    folder.mkdir()
    made: MosquittoProcess = request.param(folder)
    await made.start()
    yield made
    made.kill()


@pytest.fixture
def sink(tmp_path: Path, race: Race) -> Iterator[JournalSink]:
    made = JournalSink(race, tmp_path / "journal.sqlite")
    yield made
    made.journal.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CollectorStore]:
    opened = CollectorStore.open(tmp_path / "store.sqlite")
    yield opened
    opened.close()


async def feed(collector: Collector, first: int, count: int, part: int = 40) -> None:
    for number in range(first, first + count, part):
        await collector.reads(chip_reads(number, min(part, first + count - number)))
        await asyncio.sleep(0)


@asynccontextmanager
async def far_mat(
    broker: MosquittoProcess, sink: JournalSink, store: CollectorStore, seed: int, habits: Habits | None = None
) -> AsyncIterator[tuple[Collector, ChaosProxy, MqttIntake, ChaosProxy]]:
    """A collector and the engine, each with a bad network of its own to the broker."""
    async with chaos(broker.port, seed=seed, habits=habits) as mountain, chaos(broker.port, seed=seed + 1) as venue:
        collector = make_collector(store, Behind(broker, mountain))  # type: ignore[arg-type]
        intake = make_intake(sink, Behind(broker, venue))  # type: ignore[arg-type]
        intake._chance = NoWait()
        async with running(intake), running(collector):
            await until(lambda: collector.link.up and intake.link.up)
            yield collector, mountain, intake, venue


async def test_f19_connections_that_break_on_both_sides_again_and_again_cost_and_double_nothing(
    broker: MosquittoProcess, sink: JournalSink, store: CollectorStore
) -> None:
    chance = random.Random(19)
    async with far_mat(broker, sink, store, 19, Habits(drip=3_000)) as (collector, mountain, intake, venue):
        feeding = asyncio.create_task(feed(collector, 1, 3_000, part=5))
        for _ in range(4):
            await asyncio.sleep(chance.random() * 0.4)
            chance.choice((mountain, venue)).cut()
        await feeding
        await until(lambda: collector.unconfirmed == 0, 60)
        assert mountain.connections + venue.connections >= 4
        await until(lambda: intake.link.up)
    assert sink.tags() == tag_names(1, 3_000)


@pytest.mark.slow
async def test_f19_a_network_half_open_to_the_engine_holds_everything_until_it_is_back(
    broker: MosquittoProcess, sink: JournalSink, store: CollectorStore
) -> None:
    async with far_mat(broker, sink, store, 20) as (collector, _, intake, venue):
        await feed(collector, 1, 200)
        await until(lambda: collector.unconfirmed == 0)
        venue.freeze()
        await feed(collector, 201, 800)
        await until(lambda: not intake.link.up, 30)  # no goodbye: missed by the keep-alive
        assert sink.raised(AlarmKind.BROKER)
        assert collector.unconfirmed == 800
        venue.thaw()
        await until(lambda: collector.unconfirmed == 0, 60)
        await until(lambda: not sink.raised(AlarmKind.BROKER))
    assert sink.tags() == tag_names(1, 1_000)


async def test_f20_a_retained_status_and_a_retained_read_of_last_year_start_nobody(
    broker: MosquittoProcess, sink: JournalSink
) -> None:
    async with ForeignCollector.at(broker, store="last-year") as old:
        await old.say("status", {"state": "up", "store": "last-year", "boot": "b0", "alarms": []}, retain=True)
        await old.say("reads", old.batch(1, 50), retain=True)
    async with running(make_intake(sink, broker)), ForeignCollector.at(broker) as theirs:
        await until(lambda: sink.raised(AlarmKind.QUARANTINE))
        await theirs.up()
        await theirs.send(1, 3)
        await theirs.through(3)
    assert sink.tags() == tag_names(1, 3)
    assert (SOURCE, "last-year") not in sink.journalled().cursors


async def test_f21_the_same_batch_over_new_connections_and_reused_packet_numbers_counts_once(
    broker: MosquittoProcess, sink: JournalSink
) -> None:
    """Each connection begins its packet numbers anew; the first one is always the same batch."""
    async with running(make_intake(sink, broker)):
        for turn in range(5):
            async with ForeignCollector.at(broker, boot=f"b{turn}") as theirs:
                await theirs.send(1, 20)
                await theirs.send(1 + turn, 20)
                await theirs.through(20 + turn)
    assert sink.tags() == tag_names(1, 24)


async def test_f22_forty_minutes_of_a_mountain_unload_late_and_are_the_same_reads(
    broker: MosquittoProcess, sink: JournalSink, store: CollectorStore, tmp_path: Path, race: Race
) -> None:
    """The network is away while 3,000 reads are made; another mat goes on. In the end all is as without the fault."""
    async with far_mat(broker, sink, store, 22) as (collector, mountain, _, _):
        mountain.refuse()
        mountain.cut()
        await until(lambda: not collector.link.up)
        await feed(collector, 1, 3_000, part=200)
        assert collector.unconfirmed == 3_000
        async with ForeignCollector.at(broker, source=OTHER, store="o1") as other:
            await other.send(1, 10, tag=[f"0600{n:04d}" for n in range(10)])
            await other.through(10)
        assert sum(sink.tags().values()) == 10
        mountain.refuse(False)
        await until(lambda: collector.unconfirmed == 0, 60)
    undisturbed = JournalSink(race, tmp_path / "undisturbed.sqlite")
    try:
        async with running(make_intake(undisturbed, broker)), ForeignCollector.at(broker, store="fresh") as theirs:
            for first in range(1, 3_001, 500):
                await theirs.send(first, 500)
            await theirs.through(3_000)
        assert {read for read in told(sink) if read[0].startswith("05")} == set(told(undisturbed))
    finally:
        undisturbed.journal.close()
    assert len(told(sink)) == 3_010


async def test_f22_late_data_is_told_while_it_comes_and_the_race_ends_as_an_undisturbed_one(
    broker: MosquittoProcess, store: CollectorStore, tmp_path: Path
) -> None:
    """3,000 crossings of the col come newest first when its network is back; another race has them as they happen."""
    screens, sink = Screens(), JournalSink(PLAN.race, tmp_path / "journal.sqlite")
    sink.now_us = lambda: screens.now_us
    seen = [0]

    async def show(now_us: int, upto: int | None = None) -> Picture:
        news = [entry for entry in sink.journal.entries(after=seen[0]) if upto is None or entry.number <= upto]
        seen[0] += len(news)
        return await screens.show(news, now_us)

    by_cable = entries(["start-main", "finish-main"])
    try:
        sink.journal.append([entry for entry in by_cable if entry.at_us < BACK_US]).result()
        before = await show(BACK_US)
        assert (before.times.crossing_us[1] == MISSING).all()
        async with far_mat(broker, sink, store, 22) as (collector, mountain, _, _):
            mountain.refuse()
            mountain.cut()
            await until(lambda: not collector.link.up)
            reads = col_reads()
            for first in range(0, RUNNERS, 200):
                await collector.reads(as_col(reads[first : first + 200]))
            assert collector.unconfirmed == RUNNERS
            assert not screens.late
            mountain.refuse(False)
            await until(lambda: collector.unconfirmed == 0, 60)
        await show(BACK_US, upto=seen[0] + 1)
        (late,) = screens.late
        assert late["point"] == "GINESTE"
        assert 0 < late["reads"] < RUNNERS
        after = await show(BACK_US)
        (late,) = screens.late
        assert (late["reads"], late["begun_us"], late["arrived_us"]) == (RUNNERS, BACK_US, BACK_US)
        assert (late["first_us"], late["last_us"]) == (reads[-1].stamp_us, reads[0].stamp_us)
        assert (after.times.crossing_us[1] != MISSING).all()
        sink.journal.append([entry for entry in by_cable if entry.at_us >= BACK_US]).result()
        disturbed = lists_of(await show(at("14:00:00")))
        assert screens.late == []
    finally:
        screens.live.stop()
        sink.journal.close()
    assert disturbed == await _undisturbed()


async def _undisturbed() -> bytes:
    """The lists of the same race with a col that is never cut off; nothing is called late on the way."""
    screens = Screens()
    news = [
        numbered(entry, number) for number, entry in enumerate(entries(["start-main", COL, "finish-main"]), start=1)
    ]
    try:
        # What is late is told for five minutes: looking every four minutes misses nothing.
        for _, some in groupby(news, key=lambda entry: entry.at_us // (4 * MINUTE)):
            part = list(some)
            picture = await screens.show(part, part[-1].at_us)
            assert screens.late == []
        return lists_of(picture)
    finally:
        screens.live.stop()


def told(sink: JournalSink) -> list[tuple[str, int]]:
    """Tags and stamps in the journal."""
    state = sink.journalled()
    reads = state.reads()
    return [
        (state.tags.names[tag], stamp) for tag, stamp in zip(reads.tag.tolist(), reads.moment_us.tolist(), strict=True)
    ]


async def test_f24_a_huge_publish_is_refused_before_it_is_held_and_others_go_on(
    broker: MosquittoProcess, sink: JournalSink
) -> None:
    """200 MB announced: the broker looks at the length and lets go; the engine never sees it."""
    async with running(make_intake(sink, broker)), ForeignCollector.at(broker, source=OTHER, store="o1") as honest:
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        user, word = SOURCE.encode(), broker.passwords[SOURCE].encode()
        body = b"\x00\x04MQTT\x04\xc2\x00\x3c" + b"".join(
            len(part).to_bytes(2, "big") + part for part in (b"huge", user, word)
        )
        writer.write(b"\x10" + _length(len(body)) + body)
        assert (await reader.readexactly(4))[3] == 0
        topic = f"calanque/1/{RACE}/{SOURCE}/reads".encode()
        writer.write(b"\x30" + _length(200_000_000) + len(topic).to_bytes(2, "big") + topic)
        sent = 0
        try:
            while sent < 200_000_000:
                writer.write(b"x" * 1_000_000)
                async with asyncio.timeout(5):
                    await writer.drain()
                sent += 1_000_000
                if reader.at_eof():
                    break
                await asyncio.sleep(0)
        except (OSError, TimeoutError):
            pass
        writer.transport.abort()
        assert sent < 50_000_000
        await honest.send(1, 10)
        await honest.through(10)
    assert sum(sink.tags().values()) == 10


def _length(number: int) -> bytes:
    """A remaining length of MQTT."""
    out = bytearray()
    while True:
        number, digit = divmod(number, 128)
        out.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(out)


async def test_f24_a_collector_with_very_much_to_say_says_it_in_messages_below_the_limit(
    broker: MosquittoProcess, sink: JournalSink, store: CollectorStore
) -> None:
    """30,000 reads with long raw frames wait; all pass a broker that takes no more than the documented size."""
    async with far_mat(broker, sink, store, 24) as (collector, mountain, _, _):
        mountain.refuse()
        mountain.cut()
        await until(lambda: not collector.link.up)
        await feed(collector, 1, 6_000, part=2_000)
        mountain.refuse(False)
        await until(lambda: collector.unconfirmed == 0, 60)
    assert sink.tags() == tag_names(1, 6_000)
    assert not sink.samples


MALFORMED: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda payload: payload[: len(payload) // 2],
    "NaN": lambda payload: payload.replace(b'"boot"', b'"pad": NaN, "boot"'),
    "infinity": lambda payload: payload.replace(b'"boot"', b'"pad": -Infinity, "boot"'),
    "deep": lambda payload: payload.replace(b'"boot"', b'"pad": ' + b"[" * 10_000 + b"]" * 10_000 + b', "boot"'),
    "number as text": lambda payload: payload.replace(b'"first": ', b'"first": "1", "was": '),
    "a number of 5,000 digits": lambda payload: payload.replace(b'"steady_us": 1', b'"steady_us": ' + b"9" * 5_000),
    "year 9999": lambda payload: payload.replace(b'"now_us": ', b'"now_us": 253402300799000000, "was": '),
    "too large": lambda payload: payload.replace(b'"boot"', b'"pad": "' + b"x" * MAX_BYTES + b'", "boot"'),
}


async def test_f25_malformed_text_of_every_kind_in_one_stream_costs_no_good_record(
    broker: MosquittoProcess, sink: JournalSink
) -> None:
    async with running(make_intake(sink, broker)), ForeignCollector.at(broker) as theirs:
        number, antennas = 1, [1, -1, 1, "two", 1]
        for damage in MALFORMED.values():
            await theirs.say("reads", damage(json.dumps(theirs.batch(number, 5, antenna=antennas)).encode()))
            await theirs.send(number, 5, antenna=antennas)
            number += 5
        await theirs.through(5 * len(MALFORMED))
    assert set(sink.tags()) <= set(tag_names(1, number - 1))
    assert sum(sink.tags().values()) + sink.journalled().counts[SOURCE].malformed >= number - 1
    assert all(count == 1 for count in sink.tags().values())
    assert sink.samples


async def test_f26_a_source_may_speak_for_itself_alone_whatever_it_writes_into_its_messages(
    broker: MosquittoProcess, sink: JournalSink
) -> None:
    async with running(make_intake(sink, broker)), ForeignCollector.at(broker, source=OTHER, store="o1") as theirs:
        for topic in (
            f"calanque/1/{RACE}/{SOURCE}/reads",
            f"calanque/1/{RACE}/engine",
            f"calanque/1/{RACE}/{SOURCE}/command",
            f"calanque/1/{RACE}/../{SOURCE}/reads",
        ):
            with suppress(aiomqtt.MqttError):  # a broker may let go whoever does that
                async with ForeignCollector.at(broker, source=OTHER, store="o1", client_id="liar") as liar:
                    await liar.client.publish(topic, json.dumps(liar.batch(1, 5)), qos=1)
        await theirs.send(11, 5, source=SOURCE, race="another", engine="mine")
        await theirs.through(0, also=[[11, 15]])
    cursors = sink.journalled().cursors
    assert [source for source, _ in cursors] == [OTHER]
    assert sink.tags() == tag_names(11, 5)


async def test_f26_a_stranger_without_a_password_says_nothing_at_all(
    broker: MosquittoProcess, sink: JournalSink
) -> None:
    async with running(make_intake(sink, broker)), ForeignCollector.at(broker) as theirs:
        with socket.create_connection(("127.0.0.1", broker.port)) as stranger:
            stranger.sendall(b"\x10\x13\x00\x04MQTT\x04\x02\x00\x3c\x00\x07unknown")
            stranger.settimeout(10)
            assert await asyncio.to_thread(stranger.recv, 4) in (b"\x20\x02\x00\x05", b"")
        await theirs.send(1, 5)
        await theirs.through(5)
    assert sink.tags() == tag_names(1, 5)


@pytest.mark.parametrize("broker", [Forgetful], indirect=True)
async def test_f27_a_broker_that_confirms_and_drops_costs_nothing(
    broker: MosquittoProcess, sink: JournalSink, store: CollectorStore
) -> None:
    """Its queue holds three messages and the engine's link stands still: most of 20 batches are gone without a word."""
    async with far_mat(broker, sink, store, 27) as (collector, _, intake, venue):
        await feed(collector, 1, 100)
        await until(lambda: collector.unconfirmed == 0)
        venue.freeze()
        for first in range(101, 3_101, 200):
            await feed(collector, first, 200, part=200)
            await until(lambda first=first: collector._holding.outbox.sent >= first + 199)
        assert collector.unconfirmed == 3_000
        venue.thaw(cut=False)
        await until(lambda: collector.unconfirmed < 3_000)  # what the broker kept
        await feed(collector, 3_101, 10)  # the next read shows that those before it are missing
        await until(lambda: collector.unconfirmed == 0, 60)
        assert intake.link.up
        dropped = [alarm.text for alarm in sink.told if alarm.kind is AlarmKind.GAP]
    assert sink.tags() == tag_names(1, 3_110)
    assert any("reads missing" in text and "asking again" in text for text in dropped)
