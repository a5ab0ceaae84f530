"""`calanque collect`: the collector beside a far mat."""

import asyncio
import contextlib
from pathlib import Path
from typing import Final

from calanque.broker_rights import ensure_passwords, read_passwords
from calanque.errors import FrontDoorError
from calanque.exit_codes import OK
from calanque.folder import folder_of
from calanque.running import broker_of, log_to_standard_error, until_told
from config.loader import load_race
from readers.collector import Collector
from readers.collector_host import Host, boot_id
from readers.collector_reader import ProtocolMemory
from readers.collector_store import CollectorStore
from readers.collector_topics import is_name
from readers.driver import driver_for
from readers.mqtt_link import BrokerAddress
from readers.protocol import protocol_class
from readers.race_clock import RaceClock
from readers.transports import check_endpoint
from timing.race import Source
from timing.reads import ClockKind, SourceId

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
NAMES: Final = "1 to 64 characters of a-z 0-9 . _ -, the first a letter or digit"


def collect_command(
    race: str,
    *,
    source: str,
    reader: str,
    broker: str,
    store: Path,
    protocol: str,
    password_file: Path | None,
    clock: str,
) -> int:
    check_endpoint(reader)
    race_id, planned = _race_and_source(race, source)
    if not is_name(race_id):
        raise FrontDoorError(f"{race}: no such race here, and not the id of one: {NAMES}")
    if not is_name(source):
        raise FrontDoorError(f"--source {source}: not the id of a source: {NAMES}")
    log_to_standard_error()
    given = Source(
        id=SourceId(source),
        protocol=protocol,
        connect=reader,
        clock=planned.clock if planned is not None else ClockKind.LOCAL,
    )
    address = _address(race, source, broker, password_file)
    until_told(_collect(race_id, given, address, store, RaceClock.parse(clock)))
    return OK


async def _collect(race: str, source: Source, broker: BrokerAddress, store: Path, clock: RaceClock) -> None:
    store.parent.mkdir(parents=True, exist_ok=True)
    protocol = protocol_class(source.protocol)()
    collector = Collector(
        race=race,
        source=source.id,
        clock=source.clock,
        store=CollectorStore.open(store),
        broker=broker,
        host=_host(clock),
        memory=ProtocolMemory(protocol, clock),
        protocol=source.protocol,
    )
    driver = driver_for(source, collector, clock, lambda: collector.since, protocol=protocol)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(collector.run(), name="collector")
        tasks.create_task(driver.run(), name=f"driver {source.id}")


def _host(clock: RaceClock) -> Host:
    """In a simulated race the host's clocks are the race clock, like everybody's."""
    if clock.is_real:
        return Host.real()
    return Host(boot=boot_id(), wall_us=clock.now_us, steady_us=clock.now_us)


def _race_and_source(race: str, source: str) -> tuple[str, Source | None]:
    """The race's id, and what its file says of the source; beside a far mat there may be no race file, only an id.

    Raises: FrontDoorError when the race is there and does not have the source.
    """
    folder = Path(race)
    if not folder.exists():
        return race, None
    plan = load_race(folder)
    found = next((each for each in plan.race.sources if each.id == source), None)
    if found is None:
        known = ", ".join(each.id for each in plan.race.sources)
        raise FrontDoorError(f"--source {source}: no such source in {race}; it has: {known}")
    return plan.race.id, found


def _address(race: str, source: str, broker: str, password_file: Path | None) -> BrokerAddress:
    """The broker as this source: with the password of the file, else of the race folder where it is at hand."""
    if password_file is not None:
        try:
            password = password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise FrontDoorError(f"--password-file {password_file}: {error.strerror}") from error
        return broker_of(broker, source, password)
    address = broker_of(broker, source, None)
    folder = folder_of(race)
    if not folder.race_file.is_file():
        return address
    if address.host in LOOPBACK:
        # Most likely the embedded broker of this folder: it, the engine and we may be started in any order.
        sources = [each.id for each in load_race(folder.path).race.sources]
        return broker_of(broker, source, ensure_passwords(folder.path, sources).get(source))
    with contextlib.suppress(OSError):
        return broker_of(broker, source, read_passwords(folder.path).get(source))
    return address
