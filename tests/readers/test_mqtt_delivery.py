"""Collector, broker and engine together, each real: everything arrives once, whatever is killed in between."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mqtt_peers import (
    ROOT,
    SOURCE,
    chip_reads,
    make_collector,
    make_intake,
    running,
    tag_names,
    until,
)

from readers.collector_cursor import Cursor
from readers.collector_host import Host
from readers.collector_store import CollectorStore
from readers.mqtt_alarms import AlarmKind
from readers.mqtt_intake import NotAnswered
from timing.errors import JournalNotWritten

PROCESS = Path(__file__).with_name("collector_process.py")


async def feed(collector, first: int, count: int, part: int = 40) -> None:
    """Reads in small parts, each stored before the next comes."""
    for number in range(first, first + count, part):
        await collector.reads(chip_reads(number, min(part, first + count - number)))
        await asyncio.sleep(0)


async def test_reads_go_from_the_collector_into_the_journal_and_are_confirmed(any_broker, make_sink, store):
    sink = make_sink()
    collector = make_collector(store, any_broker)
    async with running(make_intake(sink, any_broker)), running(collector):
        await feed(collector, 1, 1_000)
        await until(lambda: collector.unconfirmed == 0)
        assert not sink.alarms
    assert sink.tags() == tag_names(1, 1_000)
    assert sink.journalled().cursors[SOURCE, store.id].through == 1_000


async def test_a_burst_is_delivered_faster_than_three_thousand_reads_a_second(any_broker, make_sink, store):
    sink = make_sink()
    collector = make_collector(store, any_broker)
    loop = asyncio.get_running_loop()
    async with running(make_intake(sink, any_broker)), running(collector):
        await until(lambda: collector.link.up)
        began = loop.time()
        await feed(collector, 1, 30_000, part=200)
        await until(lambda: collector.unconfirmed == 0)
        assert 30_000 / (loop.time() - began) > 3_000
    assert sink.tags() == tag_names(1, 30_000)


async def test_f19_a_broker_killed_mid_stream_costs_nothing_and_nothing_comes_twice(any_broker, make_sink, store):
    sink = make_sink()
    collector = make_collector(store, any_broker)
    intake = make_intake(sink, any_broker)
    async with running(intake), running(collector):
        feeding = asyncio.create_task(feed(collector, 1, 3_000, part=10))
        await until(lambda: sink.journal.last >= 2)
        any_broker.kill()
        await until(lambda: not intake.link.up and not collector.link.up)
        assert "broker" in sink.raised(AlarmKind.BROKER)
        await feeding  # reads are stored whatever the broker does
        assert collector.unconfirmed > 0
        await any_broker.start()
        await until(lambda: collector.unconfirmed == 0, 30)
        await until(lambda: not sink.raised(AlarmKind.BROKER))
    assert sink.tags() == tag_names(1, 3_000)


async def test_an_engine_that_restarts_goes_on_from_its_journal(any_broker, make_sink, store):
    collector = make_collector(store, any_broker)
    async with running(collector):
        sink = make_sink()
        async with running(make_intake(sink, any_broker)):
            await feed(collector, 1, 500)
            await until(lambda: sink.journal.last >= 1)
        await asyncio.wrap_future(sink.journal.append([]))  # what was on its way to the disk is there
        await feed(collector, 501, 500)
        sink = make_sink()
        async with running(make_intake(sink, any_broker)):
            await until(lambda: collector.unconfirmed == 0)
    assert sink.tags() == tag_names(1, 1_000)


async def test_f19_while_the_engine_is_away_only_status_is_sent(mosquitto, make_sink, store):
    sink = make_sink()
    collector = make_collector(store, mosquitto)
    async with running(collector):
        async with running(make_intake(sink, mosquitto)):
            await feed(collector, 1, 10)
            await until(lambda: collector.unconfirmed == 0)
        await until(lambda: not collector._holding.outbox.may_send)
        await feed(collector, 11, 10)
        assert collector._holding.outbox.under_way == 0


async def test_a_collector_process_killed_and_restarted_loses_nothing(mosquitto, make_sink, tmp_path):
    sink = make_sink()
    count, path = 3_000, tmp_path / "killed" / "store.sqlite"
    address = mosquitto.address(SOURCE)
    arguments = [str(path), "1", str(count), address.host, str(address.port), str(address.password)]

    def start() -> subprocess.Popen[bytes]:
        paths = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{PROCESS.parent}"}
        return subprocess.Popen([sys.executable, str(PROCESS), *arguments], stdout=subprocess.PIPE, env=paths)

    async with running(make_intake(sink, mosquitto)):
        process = start()
        try:
            for stored in (400, 1_200, 2_000):
                reader = process.stdout
                loop = asyncio.get_running_loop()
                while int((await loop.run_in_executor(None, reader.readline)).split()[1]) < stored:
                    pass
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                process = start()
            await until(lambda: sum(sink.tags().values()) >= count, 40)
        finally:
            process.kill()
            process.wait()
    # The feeder goes on from what is stored: every number was given to one read, and came once.
    assert sink.tags() == tag_names(1, count)
    (cursor,) = sink.journalled().cursors.values()
    assert (cursor.through, cursor.also) == (count, [])


async def test_a_slow_journal_holds_up_neither_heartbeats_nor_other_sources(mosquitto, make_sink, store):
    sink = make_sink()
    sink.open.clear()
    collector = make_collector(store, mosquitto)
    intake = make_intake(sink, mosquitto)
    async with running(intake), running(collector):
        await feed(collector, 1, 400)
        await until(lambda: sink.raised(AlarmKind.WAITING), 10)
        before = len(sink.statuses)
        collector._say_status()
        await until(lambda: len(sink.statuses) > before)
        assert collector.unconfirmed == 400
        sink.open.set()
        await until(lambda: collector.unconfirmed == 0)
        await until(lambda: not sink.raised(AlarmKind.WAITING))
    assert sink.tags() == tag_names(1, 400)


async def test_what_the_journal_refuses_is_not_confirmed_and_comes_again(mosquitto, make_sink, store):
    sink = make_sink()
    sink.refuse = JournalNotWritten("the disk is full")
    collector = make_collector(store, mosquitto)
    async with running(make_intake(sink, mosquitto)), running(collector):
        await feed(collector, 1, 50)
        await until(lambda: "the disk is full" in sink.raised(AlarmKind.WAITING))
        assert collector.unconfirmed == 50
        sink.refuse = None
        await until(lambda: collector.unconfirmed == 0, 20)
        assert not sink.raised(AlarmKind.WAITING)
    assert sink.tags() == tag_names(1, 50)


async def test_another_journal_confirms_nothing_until_the_crew_accepts_it(mosquitto, make_sink, store, tmp_path):
    collector = make_collector(store, mosquitto)
    async with running(collector):
        sink = make_sink()
        async with running(make_intake(sink, mosquitto)):
            await feed(collector, 1, 300)
            await until(lambda: collector.unconfirmed == 0)
        sink.journal.close()
        (tmp_path / "journal.sqlite").rename(tmp_path / "lost.sqlite")
        for left in tmp_path.glob("journal*"):
            left.rename(tmp_path / f"lost-{left.name}")
        sink = make_sink()
        intake = make_intake(sink, mosquitto)
        async with running(intake):
            await until(lambda: "until the crew accepts it" in sink.raised(AlarmKind.COLLECTOR))
            await feed(collector, 301, 100)
            await until(lambda: sum(sink.tags().values()) >= 100)
            assert collector.unconfirmed == 100
            await intake.accept(SOURCE)
            await until(lambda: sum(sink.tags().values()) == 400)
            await until(lambda: collector.unconfirmed == 0)
            await until(lambda: not sink.raised(AlarmKind.COLLECTOR))
    assert sink.tags() == tag_names(1, 400)


async def test_a_store_that_is_an_older_copy_begins_a_new_one_and_nothing_is_lost(mosquitto, make_sink, tmp_path):
    sink = make_sink()
    path, copy = tmp_path / "c" / "store.sqlite", tmp_path / "c" / "old.sqlite"
    async with running(make_intake(sink, mosquitto)):
        store = CollectorStore.open(path)
        collector = make_collector(store, mosquitto)
        async with running(collector):
            await feed(collector, 1, 100)
            await until(lambda: collector.unconfirmed == 0)
            store._writing.execute("VACUUM INTO ?", (str(copy),))
            await feed(collector, 101, 100)
            await until(lambda: collector.unconfirmed == 0)
        before = store.id
        store.close()
        store = CollectorStore.open(copy)
        collector = make_collector(store, mosquitto)
        async with running(collector):
            await until(lambda: store.id != before)
            await feed(collector, 201, 100)  # would have taken the numbers 101 to 200 again
            await until(lambda: collector.unconfirmed == 0)
            assert "a new store was begun" in "; ".join(collector.alarms.texts())
        store.close()
    assert sink.tags() == tag_names(1, 300)


async def test_f23_two_collectors_with_copies_of_one_store_both_deliver_and_are_told_to_renew(
    mosquitto, make_sink, tmp_path
):
    sink = make_sink()
    path, copy = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    async with running(make_intake(sink, mosquitto)):
        one = CollectorStore.open(path)
        collector = make_collector(one, mosquitto)
        async with running(collector):
            await feed(collector, 1, 50)
            await until(lambda: collector.unconfirmed == 0)
        one._writing.execute("VACUUM INTO ?", (str(copy),))
        # The copy gives the numbers 51 to 60 to other reads than the first store did, before either is delivered.
        two = CollectorStore.open(copy)
        one.append([(batch.clock, read) for batch in [chip_reads(51, 10)] for read in batch.reads])
        two.append([(batch.clock, read) for batch in [chip_reads(501, 10)] for read in batch.reads])
        for each in (one, two):
            collector = make_collector(each, mosquitto)
            async with running(collector):
                await until(lambda collector=collector: collector.unconfirmed == 0)
        # The engine sees other content, or the copy sees numbers confirmed that it never sent: either way a new store.
        await until(lambda: sink.raised(AlarmKind.OTHER_CONTENT) or two.id != one.id)
        one.close()
        two.close()
    assert sink.tags() == tag_names(1, 60) + tag_names(501, 10)


async def test_a_rewind_command_without_a_memory_is_answered_with_the_error(mosquitto, make_sink, store):
    sink = make_sink()
    intake = make_intake(sink, mosquitto)
    async with running(intake), running(make_collector(store, mosquitto)):
        await until(lambda: sink.statuses)
        with pytest.raises(NotAnswered, match="has no memory"):
            await intake.rewind(SOURCE, 0, 5)


async def test_a_probe_brings_the_collectors_clock(mosquitto, make_sink, store):
    sink = make_sink()
    intake = make_intake(sink, mosquitto)
    async with running(intake), running(make_collector(store, mosquitto, protocol="ipico")):
        await until(lambda: sink.statuses)
        reply = await intake.probe(SOURCE)
    assert reply.fields["protocol"] == "ipico"
    assert reply.fields["got_us"] <= reply.fields["sent_us"]


async def test_what_a_collector_no_longer_holds_is_journalled_as_lost_and_confirmed_past(mosquitto, make_sink, store):
    batch = chip_reads(1, 300)
    store.append([(batch.clock, read) for read in batch.reads])
    store.save_confirmed("an older journal", Cursor(100))
    store.forget(100)
    store.journal = None  # the crew has accepted whatever comes
    store.confirmed = Cursor()
    sink = make_sink()
    collector = make_collector(store, mosquitto)
    async with running(make_intake(sink, mosquitto)), running(collector):
        await until(lambda: sink.journalled().losses)
        await until(lambda: sink.journalled().cursors[SOURCE, store.id].through == 300)
        await until(lambda: collector.unconfirmed == 0)
        assert "100 reads are lost" in sink.raised(AlarmKind.LOSS)
        await until(lambda: not sink.raised(AlarmKind.GAP))
    assert sink.journalled().losses[0].body.ranges == ((1, 100),)
    assert sink.tags() == tag_names(101, 200)


async def test_f23_two_collectors_of_one_identity_are_noticed_and_both_deliver(any_broker, make_sink, tmp_path):
    """A volunteer copied the collector's folder to a second box: each throws the other out, again and again."""
    sink = make_sink()
    one = CollectorStore.open(tmp_path / "a.sqlite")
    one.append([(batch.clock, read) for batch in [chip_reads(1, 10)] for read in batch.reads])
    one._writing.execute("VACUUM INTO ?", (str(tmp_path / "b.sqlite"),))
    two = CollectorStore.open(tmp_path / "b.sqlite")
    assert one.id == two.id
    first = make_collector(one, any_broker, host=Host(boot="here"))
    second = make_collector(two, any_broker, host=Host(boot="there"))
    everything = tag_names(1, 10) + tag_names(101, 1_000) + tag_names(5_001, 1_000)
    async with contextlib.AsyncExitStack() as stack:
        for work in (make_intake(sink, any_broker), first, second):
            await stack.enter_async_context(running(work))
            await until(lambda work=work: work.link.up)
        await asyncio.gather(feed(first, 101, 1_000), feed(second, 5_001, 1_000))
        alarms = (AlarmKind.FLAPPING, AlarmKind.OTHER_CONTENT, AlarmKind.TWO_STORES)
        text = await until(lambda: next(filter(None, map(sink.raised, alarms)), None), 30)
        assert SOURCE in text
        await until(lambda: sink.tags() == everything, 40)
        await until(lambda: first.unconfirmed == second.unconfirmed == 0, 40)
        await until(lambda: one.id != two.id, 40)
        await until(lambda: first.unconfirmed == second.unconfirmed == 0, 40)
    assert sink.tags() == everything
    one.close()
    two.close()
