"""Reads on their way to the collector's disk: together, however slow, also when it is full."""

from __future__ import annotations

import asyncio

from mqtt_peers import NoWait, chip_reads, until

from readers.collector_alarms import Alarms
from readers.collector_cursor import Cursor
from readers.collector_holding import Holding
from readers.collector_host import STEP_US, Host, StepWatch, boot_id, steady_us, wall_us
from readers.collector_outbox import Outbox
from readers.collector_storing import Storing
from readers.mqtt_link import LONGEST_PAUSE_S, pauses


def rows(first: int, count: int):
    batch = chip_reads(first, count)
    return [(batch.clock, read) for read in batch.reads]


class Storage:
    """A storing with what it told."""

    def __init__(self, store, **more) -> None:
        self.commits: list[int] = []
        self.trouble: list[str | None] = []
        self.storing = Storing(store, stored=self.commits.append, trouble=self.trouble.append, **more)


async def test_reads_that_come_while_the_disk_works_are_committed_together(store):
    storage = Storage(store)
    await asyncio.gather(*(storage.storing.add(rows(1 + 10 * part, 10)) for part in range(100)))
    assert store.last == 1_000
    assert storage.commits[-1] == 1_000
    assert len(storage.commits) < 20
    assert [item.read.tag for item in store.load(1, 1_000)] == [read.tag for _, read in rows(1, 1_000)]
    await storage.storing.close()


async def test_the_collector_stores_ten_thousand_reads_a_second_and_more(store):
    storage = Storage(store)
    parts = [rows(1 + 100 * part, 100) for part in range(300)]
    loop = asyncio.get_running_loop()
    began = loop.time()
    for part in parts:
        await storage.storing.add(part)  # one at a time: the slowest way
    assert 30_000 / (loop.time() - began) > 10_000
    await storage.storing.close()


def fill(store, full: bool) -> None:
    pages = store._writing.execute("PRAGMA page_count").fetchone()[0] if full else 1_000_000
    store._writing.execute(f"PRAGMA max_page_count = {pages}")


async def test_a_full_disk_is_told_and_the_reads_are_stored_when_it_has_room(store):
    storage = Storage(store)
    fill(store, full=True)
    adding = asyncio.create_task(storage.storing.add(rows(1, 2_000)))
    await until(lambda: any(storage.trouble))
    assert "2000 reads are not stored yet" in storage.trouble[0]
    assert not adding.done()
    assert storage.commits == []
    fill(store, full=False)
    async with asyncio.timeout(5):
        await adding
    assert (store.last, storage.trouble[-1]) == (2_000, None)
    await storage.storing.close()


async def test_a_full_disk_takes_reads_in_the_room_of_confirmed_ones(store):
    storage = Storage(store)
    await storage.storing.add(rows(1, 2_000))
    store.save_confirmed("j", Cursor(1_500))
    fill(store, full=True)
    await storage.storing.add(rows(2_001, 1_000))
    assert (store.held_from, store.last) == (1_501, 3_000)
    assert not any(storage.trouble)
    await storage.storing.close()


async def test_only_confirmed_reads_make_room(store):
    storage = Storage(store, room_bytes=2**60)
    await storage.storing.add(rows(1, 300))
    store.save_confirmed("j", Cursor(100, [(200, 300)]))
    for _ in range(3):
        await storage.storing.make_room()
    assert (store.held_from, store.last) == (101, 300)
    await storage.storing.close()


async def test_nothing_is_forgotten_while_there_is_room(store):
    storage = Storage(store, room_bytes=0)
    await storage.storing.add(rows(1, 10))
    store.save_confirmed("j", Cursor(10))
    await storage.storing.make_room()
    assert store.held_from == 1
    await storage.storing.close()


async def test_a_restarted_collector_goes_on_where_the_engine_confirmed(store):
    alarms = Alarms(changed=lambda: None)
    holding = Holding(store, alarms, steady_us=lambda: 0, changed=lambda: None)
    await holding.add(rows(1, 10))
    holding.note_journal("j")
    holding.outbox.confirm(6, ((8, 8),), 0)
    await holding.look_after()
    await holding.close()
    again = Holding(store, alarms, steady_us=lambda: 0, changed=lambda: None)
    assert isinstance(again.outbox, Outbox)
    assert again.outbox.unconfirmed == 3
    await again.close()


# The host and the link.


def test_a_step_of_the_wall_clock_is_noticed_and_drift_is_not():
    now = {"wall": 10**15, "steady": 0}
    watch = StepWatch(Host(boot="b", wall_us=lambda: now["wall"], steady_us=lambda: now["steady"]))
    for _ in range(100):
        now["wall"] += 1_000_050  # 50 ppm
        now["steady"] += 1_000_000
        assert watch.step_us() == 0
    now["wall"] += STEP_US + 1_000_001
    now["steady"] += 1_000_000
    assert watch.step_us() == STEP_US + 1
    assert watch.step_us() == 0
    now["wall"] -= 3_600_000_000
    assert watch.step_us() == -3_600_000_000


def test_the_host_has_a_boot_and_two_clocks():
    assert boot_id() == boot_id()
    assert wall_us() > 10**15
    assert steady_us() <= steady_us()


def test_pauses_double_to_30_s_and_are_never_all_the_same():
    chance = NoWait(1)
    taken = [pause for pause, _ in zip(pauses(chance), range(40), strict=False)]
    assert taken[0] <= 0.25
    assert all(LONGEST_PAUSE_S / 2 <= pause <= LONGEST_PAUSE_S for pause in taken[8:])
    assert len(set(taken[8:])) > 10
