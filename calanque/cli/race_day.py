"""The command line of race day: running a race, mats behind collectors, guns, closings, publishing."""

from pathlib import Path
from typing import Annotated

import typer

from calanque.cli.arguments import CLOCK, RACE_DAY, Looked, Race, Running
from results.web.access import Access

commands = typer.Typer()


@commands.command(rich_help_panel=RACE_DAY)
def run(
    race: Race,
    connect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE=WHERE",
            help="Reach a source elsewhere than the race file says: `serial:/dev/ttyUSB0?baud=9600`, `tcp:host:port`, "
            "`listen:port`, `mqtt:topic/filter`, `collector`, or `file` for not at all; may be given often.",
        ),
    ] = None,
    broker: Annotated[str | None, typer.Option(help="MQTT broker, `mqtt://host:port`; else the race file's.")] = None,
    roster: Annotated[Path | None, typer.Option(help="Take this roster in; else the last file in `roster/`.")] = None,
    host: Annotated[str | None, typer.Option(help="Where the page listens; loopback unless told otherwise.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the page, else the race file's; 0: a free one.")
    ] = None,
    clock: Annotated[str, typer.Option(help=CLOCK)] = "real",
) -> None:
    """Runs a race: takes reads from every source, journals them, times, and serves the live page.

    May be killed and started again at any time: the journal holds all that was confirmed, and readers are asked for
    what they saw meanwhile. A race file or a shipped race gets a folder below `races/`; give that from then on.
    Ctrl+C ends it.

    Example: `calanque run races/my_race --connect finish=tcp:192.168.1.20:10000`
    """
    from calanque.commands.run import run_command

    raise typer.Exit(
        run_command(race, connect=connect or [], broker=broker, roster=roster, host=host, port=port, clock=clock)
    )


@commands.command(rich_help_panel=RACE_DAY)
def collect(
    race: Annotated[
        str, typer.Argument(metavar="RACE", help="The race's id, as in its topics, or its file or folder.")
    ],
    source: Annotated[str, typer.Option(help="Name of the source this collector speaks for.")],
    reader: Annotated[str, typer.Option(help="`serial:/dev/ttyUSB0?baud=9600` or `tcp:host:port`, or `listen:port`.")],
    broker: Annotated[str, typer.Option(help="`mqtt://host:port`, or `mqtts://` with TLS.")],
    store: Annotated[Path, typer.Option(help="File in which reads wait until the engine has confirmed them.")],
    protocol: Annotated[str, typer.Option(help="What the reader speaks.")] = "ipico",
    password_file: Annotated[
        Path | None, typer.Option(help="File with this source's password; else the race folder's, where it is here.")
    ] = None,
    clock: Annotated[str, typer.Option(help=CLOCK)] = "real",
) -> None:
    """Runs beside a far mat: keeps each read until the engine has confirmed it, whatever the link does.

    Link, broker and engine may come and go, and may be started in any order. Give it the same `--store` each time.

    Example: `calanque collect my_race --source col --reader serial:/dev/ttyUSB0?baud=9600 --broker mqtt://10.0.0.5
    --password-file col.password --store col.sqlite`
    """
    from calanque.commands.collect import collect_command

    raise typer.Exit(
        collect_command(
            race, source=source, reader=reader, broker=broker, store=store, protocol=protocol,
            password_file=password_file, clock=clock,
        )
    )  # fmt: skip


@commands.command(rich_help_panel=RACE_DAY)
def broker(
    race: Race,
    host: Annotated[str, typer.Option(help="Address to listen on; loopback unless told otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: a free one.")] = 0,
) -> None:
    """The embedded MQTT broker, for a quick start and small races.

    On race day use Mosquitto (docs/broker.md). Makes a password for the engine and for each source, in
    `broker.passwords` of the race folder, and writes where it listens into `broker.json`.

    Example: `calanque broker races/my_race --port 1883`
    """
    from calanque.commands.broker import broker_command

    raise typer.Exit(broker_command(race, host=host, port=port))


@commands.command(rich_help_panel=RACE_DAY)
def status(race: Running) -> None:
    """What the running engine says of itself and of its sources, once.

    Journal, counts, and for each source its link, reads, memory, clock and what is wrong with it; docs/readers.md has
    what each word means. `watch calanque status RACE` says it again every two seconds.

    Example: `calanque status races/my_race`
    """
    from calanque.commands.status import status_command

    raise typer.Exit(status_command(race))


@commands.command(rich_help_panel=RACE_DAY)
def access(
    race: Looked,
    renew: Annotated[
        list[Access] | None,
        typer.Option(
            metavar="ROLE",
            help="Make a new code for `speaker`, `crew`, `referee` or `jury`, and end the sessions of the old one; may "
            "be given often.",
        ),
    ] = None,
) -> None:
    """The codes with which people sign in at the staff pages, and the addresses to open.

    A code for each role, made once, in `access.toml` of the race folder. What somebody does at a page is signed with
    the name they gave, in the capacity of the code. docs/access.md says what is protected, and against what.

    Example: `calanque access races/my_race`

    Then: `calanque access races/my_race --renew speaker`
    """
    from calanque.commands.access import access_command

    raise typer.Exit(access_command(race, renew=renew or []))


@commands.command(rich_help_panel=RACE_DAY)
def gun(
    race: Looked,
    author: Annotated[str, typer.Option(help="Who says so.")],
    wave: Annotated[str | None, typer.Option(help="Whose gun; the first wave that has none yet unless given.")] = None,
    at: Annotated[str | None, typer.Option(help="Local time HH:MM:SS[.ffffff] on race day; now unless given.")] = None,
) -> None:
    """A gun: pressed now, or entered with its hour, into the running engine.

    A press confirms the signal on the wire that is within 5 s of it, and stands in for it where there is none. An hour
    that is entered (`--at`) beats both; of several the latest is in force. `calanque rule gun` decides between signals.

    Example: `calanque gun races/my_race --wave 1 --at 09:00:00.35 --author Anne`
    """
    from calanque.commands.control import gun_command

    raise typer.Exit(gun_command(race, wave=wave, author=author, at=at))


@commands.command(rich_help_panel=RACE_DAY)
def close(
    race: Looked,
    point: Annotated[str, typer.Argument(metavar="start|finish", help="What is closed.")],
    author: Annotated[str, typer.Option(help="Who says so.")],
    at: Annotated[str | None, typer.Option(help="Local time HH:MM:SS[.ffffff] on race day; now unless given.")] = None,
) -> None:
    """Declares the start or the finish closed. Only then is anybody DNS or DNF.

    Crossings of the start after it was closed do not count. Closing again, with another time, replaces the first.

    Example: `calanque close races/my_race start --author Anne --at 09:40:00`
    """
    from calanque.commands.control import close_command

    raise typer.Exit(close_command(race, point=point, author=author, at=at))


@commands.command(rich_help_panel=RACE_DAY)
def publish(race: Looked, author: Annotated[str, typer.Option(help="Who publishes.")]) -> None:
    """Publishes the results as they stand now, whole and numbered: of the running engine, or of a race that was run.

    They lie in `out/` of the race folder: CSV, JSON, XLSX and a site (docs/results_files.md).

    Example: `calanque publish races/my_race --author Anne`
    """
    from calanque.commands.control import publish_command

    raise typer.Exit(publish_command(race, author=author))
