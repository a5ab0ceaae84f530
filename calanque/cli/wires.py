"""The command line of readers and wires: what can be listened to, what is there, its clock, and the board's clock."""

from typing import Annotated

import typer

from calanque.cli.arguments import WIRES, Running

commands = typer.Typer()

Endpoint = Annotated[
    str,
    typer.Argument(
        metavar="ENDPOINT", help="`serial:/dev/ttyUSB0?baud=9600`, `tcp:192.168.0.155:10000` or `listen:3097`."
    ),
]


@commands.command(rich_help_panel=WIRES)
def readers(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Tell all of this one; a list of all unless given."),
    ] = None,
) -> None:
    """The readers that can be listened to: how each is reached, what it can do, how well it is known.

    What it says of one also heads that reader's page in docs.

    Example: `calanque readers ipico`
    """
    from calanque.commands.readers import readers_command

    raise typer.Exit(readers_command(name))


@commands.command(rich_help_panel=WIRES)
def probe(
    endpoint: Endpoint,
    protocol: Annotated[
        str | None, typer.Option(help="Which kind of reader it is, if that is known; all that fit the wire are tried.")
    ] = None,
    race: Annotated[
        str | None,
        typer.Option(
            metavar="RACE",
            help="The race it is for, a folder, a file or a shipped race: clocks are compared in its zone.",
        ),
    ] = None,
) -> None:
    """What reader is at the end of a wire, how it is set up, and how its clock stands against this computer's.

    Listens first, then asks, and changes nothing: of kinds with whom talking means setting them up it only hears what
    they say by themselves. Ends by itself, within some seconds for each kind. Not for a port that an engine holds.
    Exit code 1 when nothing was understood.

    Example: `calanque probe serial:/dev/ttyUSB0?baud=9600`
    """
    from calanque.commands.probe import probe_command

    raise typer.Exit(probe_command(endpoint, protocol=protocol, race=race))


@commands.command("set-clock", rich_help_panel=WIRES)
def set_clock(
    endpoint: Endpoint,
    protocol: Annotated[str, typer.Option(help="Which kind of reader it is.")],
    author: Annotated[str, typer.Option(help="Who says so.")],
    race: Annotated[
        str,
        typer.Option(
            metavar="RACE",
            help="The race it is for, a folder, a file or a shipped race: its zone, whether it is on, a note in its "
            "journal.",
        ),
    ],
) -> None:
    """Sets a reader's clock to this computer's time, before the race, and asks whether it was done.

    No other command does, and no engine ever. Refused while the race's engine talks with the reader, once the race has
    a gun, and from the planned time of its first gun on: then a wrong clock is corrected in the journal
    (docs/clocks.md). A clock that keeps local time gets that of the race's zone. Exit code 1 when the clock is not
    right afterwards.

    Example: `calanque set-clock tcp:192.168.1.20:10000 --protocol ipico --author Anne --race races/my_race`
    """
    from calanque.commands.set_clock import set_clock_command

    raise typer.Exit(set_clock_command(endpoint, protocol=protocol, author=author, race=race))


@commands.command("clock-out", rich_help_panel=WIRES)
def clock_out(
    race: Running,
    serial: Annotated[
        str,
        typer.Option(metavar="DEVICE", help="`/dev/ttyUSB1`, or `serial:/dev/ttyUSB1?baud=19200`, or `tcp:host:port`."),
    ],
    wave: Annotated[str | None, typer.Option(help="Whose gun counts; the first wave's unless given.")] = None,
) -> None:
    """The race clock for a display board: time since the gun in force, a line a second (docs/display_clock.md).

    Follows the running engine, and goes on counting while it is started again. Ctrl+C ends it.

    Example: `calanque clock-out races/my_race --serial /dev/ttyUSB1`
    """
    from calanque.commands.clock_out import clock_out_command

    raise typer.Exit(clock_out_command(race, serial=serial, wave=wave))
