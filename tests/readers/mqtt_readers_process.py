"""An engine whose journal stands still: tells how many reads were delivered to it, and acknowledges none."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from readers.mqtt_link import BrokerAddress
from readers.mqtt_readers import MqttReaders
from readers.race_clock import RaceClock
from timing.race import Source
from timing.reads import ClockKind, SourceId


class Standstill:
    def __init__(self, told: Path) -> None:
        self.told = told

    async def reads(self, reads) -> None:
        await asyncio.Event().wait()

    def health(self, health) -> None:
        if health.link.value != "down":
            self.told.write_text(str(health.queue))


async def main(race: str, host: str, port: str, password: str, told: str) -> None:
    await MqttReaders(
        race=race,
        sources=[
            Source(id=SourceId("finish-main"), protocol="impinj", connect="mqtt:impinj/finish/#", clock=ClockKind.UTC)
        ],
        broker=BrokerAddress(host=host, port=int(port), username="engine", password=password),
        sink=Standstill(Path(told)),
        clock=RaceClock.real(),
    ).run()


asyncio.run(main(*sys.argv[1:]))
