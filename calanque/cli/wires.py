"""The command line of readers and wires: what can be listened to, what is there, its clock, and the board's clock."""

from typing import Annotated

import typer

from calanque.cli.arguments import WIRES

commands = typer.Typer()


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
