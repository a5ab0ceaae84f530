"""The command line: names, arguments and help. What a command does lies in `calanque/commands/`, imported late."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="calanque",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Race-day timing and results: from chip reads on the mats to published rankings.\n\n"
    "Begin with `calanque demo`: a whole simulated race, live. `RACE` is a race file, a race folder, or the name of "
    "a shipped race (`marseille_cassis_2024`).",
    epilog="Exit codes: 0 done; 1 the answer is no (different, damaged, faults); 2 wrong usage; 3 refused, with the "
    "reason on standard error; 4 done with remarks, under --strict.",
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


journal = typer.Typer(no_args_is_help=True, help="Look after a race's journal.")
app.add_typer(journal, name="journal")

FROM_RESULTS = "A published results list to run again, instead of a race from the seed (docs/simulation.md)."

Race = Annotated[str, typer.Argument(metavar="RACE", help="Race file, race folder, or name of a shipped race.")]


@app.command()
def results(
    race: Race,
    roster: Annotated[Path, typer.Option(help="Who is entered: CSV or XLSX, French or English headers.")],
    reads: Annotated[
        list[str],
        typer.Option(metavar="[SOURCE=]FILE", help="Read log (CSV, .gz) or IPICO line file; may be given often."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results; made if missing.")],
    guns: Annotated[Path | None, typer.Option(help="CSV `wave,epoch_us`; else the race file's guns hold.")] = None,
    open_: Annotated[
        bool, typer.Option("--open", help="Start and finish are not closed: nobody is DNS or DNF.")
    ] = False,
    formats: Annotated[
        str, typer.Option(help="What to write, of csv, json, xlsx and site (HTML for a USB stick).")
    ] = "csv,json",
    strict: Annotated[bool, typer.Option(help="Exit code 4 if any line was set aside.")] = False,
    expected: Annotated[
        Path | None, typer.Option(help="A results.csv to compare with; exit code 1 if it differs.")
    ] = None,
) -> None:
    """Results from files: reads and roster in, `results.csv`, `results.json` and more out.

    Needs nothing but the files. Start and finish count as closed unless `--open` is given.

    Example: `calanque results marseille_cassis_2024 --roster roster.csv --reads reads.csv.gz --out out`
    """
    from calanque.commands.results import results_command
    from calanque.terminal import end_at_once

    code = results_command(
        race, roster=roster, reads=reads, guns=guns, out=out, stay_open=open_, formats=formats, strict=strict,
        expected=expected,
    )  # fmt: skip
    end_at_once(code)


@app.command()
def check(
    race: Race,
    roster: Annotated[Path | None, typer.Option(help="Check this roster against the race as well.")] = None,
) -> None:
    """Checks a race file: every fault with its line, then what is assumed and what to look at.

    Exit code 0 when the race can be run, 1 when there are faults.
    """
    from calanque.commands.check import check_command

    raise typer.Exit(check_command(race, roster))


@app.command()
def run(
    race: Race,
    connect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE=WHERE", help="Reach a source elsewhere: `serial:/dev/ttyUSB0?baud=9600`, `tcp:host:port`."
        ),
    ] = None,
    broker: Annotated[str | None, typer.Option(help="MQTT broker, `mqtt://host:port`; else the race file's.")] = None,
    roster: Annotated[Path | None, typer.Option(help="Take this roster in; else the last file in `roster/`.")] = None,
    host: Annotated[str | None, typer.Option(help="Where the page listens; loopback unless told otherwise.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of the page; 0: a free one.")] = None,
    clock: Annotated[str, typer.Option(help="Race clock; `real`, or that of a simulated race.")] = "real",
) -> None:
    """Runs a race: takes reads from every source, journals them, times, and serves the live page.

    May be killed and started again at any time: the journal holds all that was confirmed, and readers are asked for
    what they saw meanwhile.
    """
    from calanque.commands.run import run_command

    raise typer.Exit(
        run_command(race, connect=connect or [], broker=broker, roster=roster, host=host, port=port, clock=clock)
    )


@app.command()
def demo(
    speed: Annotated[str, typer.Option(help="How many times life: `60`, `1`, or `max`.")] = "60",
    runners: Annotated[int | None, typer.Option(min=1, help="How many runners.", show_default="20000")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same race.")] = 1,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the live page; 0: a free one.")] = 8750,
    folder: Annotated[
        Path | None, typer.Option(help="Race folder to use; a new one below `demo/` unless given.")
    ] = None,
    reads: Annotated[int | None, typer.Option(min=1, help="Mean reads per crossing and mat.")] = None,
    from_results: Annotated[Path | None, typer.Option(metavar="FILE", help=FROM_RESULTS)] = None,
    open_browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the live page.")] = False,
) -> None:
    """A whole Marseille-Cassis on this machine: broker, engine, collector and virtual readers as processes.

    20,000 runners, START and FINISH over serial lines, the Gineste over MQTT, on a race clock 60 times as fast as
    life. Ends with published results, compared with the expected answer.
    """
    from calanque.commands.demo import demo_command

    raise typer.Exit(
        demo_command(
            speed=speed, runners=runners, seed=seed, port=port, folder=folder, reads=reads,
            from_results=from_results, open_browser=open_browser,
        )
    )  # fmt: skip


@app.command()
def broker(
    race: Race,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: a free one.")] = 0,
) -> None:
    """The embedded MQTT broker, for a quick start and small races. On race day use Mosquitto (docs/broker.md)."""
    from calanque.commands.broker import broker_command

    raise typer.Exit(broker_command(race, host=host, port=port))


@app.command()
def collect(
    race: Annotated[
        str, typer.Argument(metavar="RACE", help="The race's id, as in its topics, or its file or folder.")
    ],
    source: Annotated[str, typer.Option(help="Name of the source this collector speaks for.")],
    reader: Annotated[str, typer.Option(help="`serial:/dev/ttyUSB0?baud=9600` or `tcp:host:port`.")],
    broker: Annotated[str, typer.Option(help="`mqtt://host:port`.")],
    store: Annotated[Path, typer.Option(help="File in which reads wait until the engine has confirmed them.")],
    protocol: Annotated[str, typer.Option(help="What the reader speaks.")] = "ipico",
    password_file: Annotated[Path | None, typer.Option(help="File holding this source's password.")] = None,
    clock: Annotated[str, typer.Option(help="Race clock; `real`, or that of a simulated race.")] = "real",
) -> None:
    """Runs beside a far mat: keeps each read until the engine has confirmed it, whatever the link does."""
    from calanque.commands.collect import collect_command

    raise typer.Exit(
        collect_command(
            race, source=source, reader=reader, broker=broker, store=store, protocol=protocol,
            password_file=password_file, clock=clock,
        )
    )  # fmt: skip


@app.command()
def simulate(
    race: Race,
    out: Annotated[Path, typer.Option(help="Folder for roster, reads, guns, truth and expected results.")],
    runners: Annotated[int | None, typer.Option(min=1, help="How many runners.", show_default="20000")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 1,
    reads: Annotated[int | None, typer.Option(min=1, help="Mean reads per crossing and mat.")] = None,
    perfect: Annotated[bool, typer.Option(help="No misses, strays or walk-backs: one read a crossing.")] = False,
    from_results: Annotated[Path | None, typer.Option(metavar="FILE", help=FROM_RESULTS)] = None,
    serve: Annotated[
        bool, typer.Option(help="Then play the files through virtual readers on pseudo-terminals.")
    ] = False,
    clock: Annotated[str, typer.Option(help="Race clock to play them by.")] = "real",
) -> None:
    """A race from a seed: who runs, what the mats see, what is true, and what the rules must answer."""
    from calanque.commands.simulate import simulate_command

    raise typer.Exit(
        simulate_command(
            race, out=out, runners=runners, seed=seed, reads=reads, perfect=perfect, from_results=from_results,
            serve=serve, clock=clock,
        )
    )  # fmt: skip


@app.command()
def replay(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A race folder that was run.")],
    out: Annotated[Path, typer.Option(help="Folder for the results of the replay.")],
    through: Annotated[int | None, typer.Option(help="Stop at this journal number.")] = None,
    speed: Annotated[str, typer.Option(help="`max`, or how many times life, with the live page served.")] = "max",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the live page; 0: a free one.")] = 0,
) -> None:
    """Runs a recorded race again from its journal, and compares the results with what was published."""
    from calanque.commands.replay import replay_command

    raise typer.Exit(replay_command(folder, out=out, through=through, speed=speed, port=port))


@app.command()
def close(
    race: Race,
    point: Annotated[str, typer.Argument(metavar="start|finish", help="What is closed.")],
    author: Annotated[str, typer.Option(help="Who says so.")],
    at: Annotated[str | None, typer.Option(help="Local time HH:MM:SS on race day; now unless given.")] = None,
) -> None:
    """Declares the start or the finish closed. Only then is anybody DNS or DNF."""
    from calanque.commands.control import close_command

    raise typer.Exit(close_command(race, point=point, author=author, at=at))


@app.command()
def gun(
    race: Race,
    author: Annotated[str, typer.Option(help="Who says so.")],
    wave: Annotated[str | None, typer.Option(help="Whose gun; the first wave that has none yet unless given.")] = None,
    at: Annotated[str | None, typer.Option(help="Local time HH:MM:SS[.ffffff] on race day; now unless given.")] = None,
) -> None:
    """Enters a gun by hand, into the running engine. It beats a signal on the wire; of several the latest is in force.

    Example: `calanque gun races/my_race --wave 1 --at 09:00:00.35 --author Anne`
    """
    from calanque.commands.control import gun_command

    raise typer.Exit(gun_command(race, wave=wave, author=author, at=at))


@app.command()
def publish(race: Race, author: Annotated[str, typer.Option(help="Who publishes.")]) -> None:
    """Publishes the results as they stand now, whole and numbered, from the running engine."""
    from calanque.commands.control import publish_command

    raise typer.Exit(publish_command(race, author=author))


@app.command()
def snapshot(
    race: Race,
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes; must not exist.")],
) -> None:
    """A consistent copy of the journal, also while the engine runs."""
    from calanque.commands.journal import snapshot_command

    raise typer.Exit(snapshot_command(race, out))


@journal.command("verify")
def journal_verify(race: Race) -> None:
    """Verifies every seal of the journal. Exit code 1, and the place, when it is damaged."""
    from calanque.commands.journal import verify_command

    raise typer.Exit(verify_command(race))


@journal.command("repair")
def journal_repair(
    race: Race,
    to: Annotated[Path, typer.Option(metavar="FILE", help="The new journal; must not exist.")],
    copy: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A snapshot or second copy to take from what is lost; may be given often."),
    ] = None,
) -> None:
    """Saves what is whole of a damaged journal into a new file; the damaged one is not touched.

    What one file has lost is taken from the copies, as long as the seals fit. Exit code 0 when all is saved, 1 when
    something is lost, with the first number that no file could give. docs/journal.md says how to put it in place.
    """
    from calanque.commands.journal import repair_command

    raise typer.Exit(repair_command(race, to=to, copies=copy or []))


@journal.command("reads")
def journal_reads(
    race: Race,
    out: Annotated[Path, typer.Argument(metavar="FILE", help="SQLite file to make, with a row for each read.")],
) -> None:
    """Writes the journal's reads as rows of a plain SQLite table, for whoever wants SQL."""
    from calanque.commands.journal import reads_command

    raise typer.Exit(reads_command(race, out))
