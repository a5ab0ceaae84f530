"""The command line of what comes first: the demo, checking a race, results from files."""

from pathlib import Path
from typing import Annotated

import typer

from calanque.cli.arguments import FIRST, FROM_RESULTS, Race

commands = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")


@commands.command(rich_help_panel=FIRST)
def demo(
    speed: Annotated[str, typer.Option(help="How many times life: `60`, `1`, `0.5`, or `max`.")] = "60",
    runners: Annotated[int | None, typer.Option(min=1, help="How many runners.", show_default="20000")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same race.")] = 1,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the live page; 0: a free one.")] = 8750,
    folder: Annotated[
        Path | None, typer.Option(help="New folder for all of it; `demo/latest`, begun anew, unless given.")
    ] = None,
    reads: Annotated[
        int | None, typer.Option(min=1, help="Mean reads per crossing and mat.", show_default="10")
    ] = None,
    from_results: Annotated[Path | None, typer.Option(metavar="FILE", help=FROM_RESULTS)] = None,
    open_browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the live page.")] = False,
) -> None:
    """A whole Marseille-Cassis on this machine: broker, engine, collector and virtual readers as processes.

    20,000 runners, START and FINISH over serial lines, the Gineste over MQTT, on a race clock 60 times as fast as
    life: an hour of the race is a minute. Ends with published results, compared with the answer the rules demand
    (exit code 1 if they differ), and says what became of each read.

    Example: `calanque demo --runners 2000 --speed 600 --browser`
    """
    from calanque.commands.demo import demo_command

    raise typer.Exit(
        demo_command(
            speed=speed, runners=runners, seed=seed, port=port, folder=folder, reads=reads,
            from_results=from_results, open_browser=open_browser,
        )
    )  # fmt: skip


@commands.command(rich_help_panel=FIRST)
def check(
    race: Race,
    roster: Annotated[Path | None, typer.Option(help="Check this roster against the race as well.")] = None,
) -> None:
    """Checks a race file: every fault with its line, then what is assumed and what to look at.

    With a roster also who is without a tag, doubled, in no wave or in no list. Exit code 0 when the race can be run,
    1 when there are faults or rows of the roster wait for a decision.

    Example: `calanque check my_race.toml --roster roster.csv`
    """
    from calanque.commands.check import check_command

    raise typer.Exit(check_command(race, roster))


@commands.command(rich_help_panel=FIRST)
def results(
    race: Race,
    roster: Annotated[Path, typer.Option(help="Who is entered: CSV or XLSX, French or English headers.")],
    reads: Annotated[
        list[str],
        typer.Option(metavar="[SOURCE=]FILE", help="File of reads (CSV, IPICO, RACE RESULT; .gz); may be given often."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results; made if missing.")],
    guns: Annotated[Path | None, typer.Option(help="CSV `wave,epoch_us`; else the race file's guns hold.")] = None,
    open_: Annotated[
        bool, typer.Option("--open", help="Start and finish are not closed: nobody is DNS or DNF.")
    ] = False,
    formats: Annotated[
        str, typer.Option(help="What to write, of csv, json, xlsx and site (HTML for a USB stick).")
    ] = "csv,json",
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 4 if any line was set aside.")] = False,
    clock: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE=SECONDS",
            help="Seconds to add to the clock of a source, `finish-main=-3600`; 0: it is right; may be given often.",
        ),
    ] = None,
    expected: Annotated[
        Path | None, typer.Option(help="A results.csv to compare with; exit code 1 if it differs.")
    ] = None,
) -> None:
    """Results from files: reads and roster in, `results.csv`, `results.json` and more out.

    Needs nothing but the files. Start and finish count as closed unless `--open` is given. A bad line is named on
    standard error and set aside; all others count. Each run is a new numbered publication below `--out`.

    Example: `calanque results marseille_cassis_2024 --roster roster.csv --reads reads.csv.gz --out out`

    IPICO files named after their source need no more; others are told it: `--reads finish-main=FS_LS.log`
    """
    from calanque.commands.results import results_command
    from calanque.terminal import end_at_once

    code = results_command(
        race, roster=roster, reads=reads, guns=guns, out=out, stay_open=open_, formats=formats, strict=strict,
        clocks=clock or [], expected=expected,
    )  # fmt: skip
    end_at_once(code)
