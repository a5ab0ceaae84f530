"""The whole command line, put together from its parts."""

from typing import Annotated

import typer

from calanque.cli.after import commands as after
from calanque.cli.arguments import DECIDE
from calanque.cli.begin import commands as begin
from calanque.cli.decide import commands as decide
from calanque.cli.race_day import commands as race_day
from calanque.cli.rule import rule
from calanque.cli.rule_runners import rule_runners
from calanque.cli.wires import commands as wires

app = typer.Typer(
    name="calanque",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Race-day timing and results: from chip reads on the mats to published rankings.\n\n"
    "Begin with `calanque demo`: a whole simulated race, live, in your browser. Then write a race file of your own "
    "(docs/race_file.md), `calanque check` it, and `calanque run` it; or give `calanque results` the files of a race "
    "that is over.\n\n"
    "`RACE` is a race file, a race folder, or the name of a shipped race: `marseille_cassis_2024`, "
    "`cherry_blossom_2010`. `calanque COMMAND --help` has examples; docs/commands.md has it all on one page.",
    epilog="Exit codes: 0 done; 1 the answer is no (different, damaged, faults); 2 wrong usage; 3 refused, with the "
    "reason on standard error; 4 done with remarks, under `--strict`.",
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"calanque {version('calanque')}")
        raise typer.Exit


@app.callback()
def every_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    pass


app.add_typer(begin)
app.add_typer(race_day)
app.add_typer(wires)
app.add_typer(decide)
rule.add_typer(rule_runners)
app.add_typer(rule, name="rule", rich_help_panel=DECIDE)
app.add_typer(after)
