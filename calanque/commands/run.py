"""`calanque run`: the engine of a live race, until it is told to stop."""

from collections.abc import Sequence
from pathlib import Path

from calanque.broker import broker_address
from calanque.broker_rights import ENGINE, ensure_passwords
from calanque.engine import Engine, EngineOptions
from calanque.errors import FrontDoorError
from calanque.exit_codes import OK
from calanque.folder import RaceFolder, race_folder
from calanque.running import broker_of, log_to_standard_error, until_told
from calanque.terminal import say
from config.loader import load_race
from readers.mqtt_link import BrokerAddress
from readers.race_clock import RaceClock


def run_command(
    race: str,
    *,
    connect: Sequence[str],
    broker: str | None,
    roster: Path | None,
    host: str | None,
    port: int | None,
    clock: str,
) -> int:
    log_to_standard_error()
    folder = race_folder(race)
    options = EngineOptions(
        clock=RaceClock.parse(clock),
        connect=_connections(connect),
        broker=engine_broker(folder, broker),
        roster=roster,
        host=host,
        port=port,
    )
    until_told(_run(folder, options))
    return OK


async def _run(folder: RaceFolder, options: EngineOptions) -> None:
    async with Engine.opened(folder, options) as engine:
        say(f"{engine.plan.title_in('en')} in {folder.path}; journal {engine.journal.last} entries. Ctrl+C ends it.")
        await engine.run()


def _connections(texts: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for source, equals, where in pairs:
        if not (source and equals and where):
            raise FrontDoorError(
                f"--connect {source}: give SOURCE=WHERE, like start-main=serial:/dev/ttyUSB0?baud=9600"
            )
    return {source: where for source, _, where in pairs}


def engine_broker(folder: RaceFolder, url: str | None) -> BrokerAddress | None:
    """Where the engine finds its broker: as told, with the password the race folder keeps for it.

    The passwords are made here if need be: engine and embedded broker may be started in either order.
    """
    if url is None:
        return broker_address(folder.path, ENGINE)
    sources = [source.id for source in load_race(folder.path).race.sources]
    return broker_of(url, ENGINE, ensure_passwords(folder.path, sources)[ENGINE])
