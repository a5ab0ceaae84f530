"""A collector as a process of its own, fed with numbered reads.

Arguments: store, first number, how many, broker's host, port, password. It continues where its store ends, as a reader
with a memory would make it do. Printed: `stored N` after each commit.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from mqtt_peers import RACE, SOURCE, NoWait, chip_reads

from readers.collector import Collector
from readers.collector_store import CollectorStore
from readers.mqtt_link import BrokerAddress
from timing.reads import ClockKind


async def main(path: str, first: str, count: str, host: str, port: str, password: str) -> None:
    store = CollectorStore.open(Path(path))
    collector = Collector(
        race=RACE,
        source=SOURCE,
        clock=ClockKind.LOCAL,
        store=store,
        broker=BrokerAddress(host=host, port=int(port), username=SOURCE, password=password),
        chance=NoWait(),
    )
    running = asyncio.create_task(collector.run())
    number, end = int(first) + store.last, int(first) + int(count)
    while number < end:
        part = min(37, end - number)
        await collector.reads(chip_reads(number, part))
        number += part
        print("stored", number - int(first), flush=True)
        await asyncio.sleep(0.002)
    await running


asyncio.run(main(*sys.argv[1:]))
