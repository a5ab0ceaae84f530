"""The command line: names, arguments and help. What a command does lies in `calanque/commands/`, imported late."""

from pathlib import Path
from typing import Annotated, Final

import typer

from calanque.rule_cli import rule

FIRST: Final = "To begin with"
RACE_DAY: Final = "On race day"
AFTER: Final = "Before and after"

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


FROM_RESULTS = "A published results list to run again, instead of a race from the seed (docs/simulation.md)."
CLOCK = "Race clock: `real`, or that of a simulated race, `EPOCH_US@RATE@ZERO_REAL_US`."

Race = Annotated[str, typer.Argument(metavar="RACE", help="Race file, race folder, or name of a shipped race.")]
Running = Annotated[
    str, typer.Argument(metavar="RACE", help="Folder of a race that runs now, or its name below `races/`.")
]
Recorded = Annotated[
    str, typer.Argument(metavar="RACE", help="Folder of a race that was run, its name below `races/`, or a journal.")
]


@app.command(rich_help_panel=FIRST)
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


@app.command(rich_help_panel=FIRST)
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


@app.command(rich_help_panel=FIRST)
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
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 4 if any line was set aside.")] = False,
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
        expected=expected,
    )  # fmt: skip
    end_at_once(code)


@app.command(rich_help_panel=RACE_DAY)
def run(
    race: Race,
    connect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE=WHERE",
            help="Reach a source elsewhere than the race file says: `serial:/dev/ttyUSB0?baud=9600`, `tcp:host:port`, "
            "`collector`, or `file` for not at all; may be given often.",
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


@app.command(rich_help_panel=RACE_DAY)
def collect(
    race: Annotated[
        str, typer.Argument(metavar="RACE", help="The race's id, as in its topics, or its file or folder.")
    ],
    source: Annotated[str, typer.Option(help="Name of the source this collector speaks for.")],
    reader: Annotated[str, typer.Option(help="`serial:/dev/ttyUSB0?baud=9600` or `tcp:host:port`.")],
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


@app.command(rich_help_panel=RACE_DAY)
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


@app.command(rich_help_panel=RACE_DAY)
def gun(
    race: Running,
    author: Annotated[str, typer.Option(help="Who says so.")],
    wave: Annotated[str | None, typer.Option(help="Whose gun; the first wave that has none yet unless given.")] = None,
    at: Annotated[str | None, typer.Option(help="Local time HH:MM:SS[.ffffff] on race day; now unless given.")] = None,
) -> None:
    """Enters a gun by hand, into the running engine. It beats a signal on the wire; of several the latest is in force.

    Example: `calanque gun races/my_race --wave 1 --at 09:00:00.35 --author Anne`
    """
    from calanque.commands.control import gun_command

    raise typer.Exit(gun_command(race, wave=wave, author=author, at=at))


@app.command(rich_help_panel=RACE_DAY)
def close(
    race: Running,
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


app.add_typer(rule, name="rule", rich_help_panel=RACE_DAY)


@app.command(rich_help_panel=RACE_DAY)
def rulings(race: Recorded) -> None:
    """All rulings of a race: what, who, when, why, and which are withdrawn.

    Example: `calanque rulings races/my_race`
    """
    from calanque.commands.rule import rulings_command

    raise typer.Exit(rulings_command(race))


@app.command(rich_help_panel=RACE_DAY)
def seen(
    race: Running,
    author: Annotated[str, typer.Option(help="Who saw it.")],
    point: Annotated[str, typer.Option(help="At which point.")] = "FINISH",
    bib: Annotated[str | None, typer.Option(help="Which bib; none could be seen unless given.")] = None,
    at: Annotated[str | None, typer.Option(help="Local time HH:MM:SS[.ffffff] on race day; now unless given.")] = None,
    order: Annotated[int | None, typer.Option(min=1, help="Which place over the line, where it was counted.")] = None,
    text: Annotated[str, typer.Option(help="What else was seen.")] = "",
) -> None:
    """Somebody was seen crossing without a chip being read. It gives nobody a time and displaces nobody.

    Example: `calanque seen races/my_race --bib 712 --at 10:31:07 --author Marc`
    """
    from calanque.commands.rule import seen_command

    raise typer.Exit(seen_command(race, author=author, point=point, at=at, bib=bib, order=order, text=text))


List = Annotated[str, typer.Argument(metavar="LIST", help="Id of the list, as in results.json: `sex-F`.")]


@app.command(rich_help_panel=RACE_DAY)
def post(
    race: Running,
    list_id: List,
    author: Annotated[str, typer.Option(help="Who posts it.")],
    first: Annotated[int | None, typer.Option(min=1, help="Only its first places.")] = None,
    role: Annotated[str, typer.Option(help="crew, referee or jury.")] = "crew",
) -> None:
    """Posts a list as it stands: author, hour, and from now on the time in which protests are heard.

    Example: `calanque post races/my_race prize-scratch-F --first 5 --author Anne`
    """
    from calanque.commands.rule import post_command

    raise typer.Exit(post_command(race, list_id, "posted", author=author, role=role, depth=first, reason=""))


@app.command(rich_help_panel=RACE_DAY)
def official(
    race: Running,
    list_id: List,
    author: Annotated[str, typer.Option(help="The referee.")],
    role: Annotated[str, typer.Option(help="referee or jury.")] = "referee",
    reason: Annotated[str, typer.Option(help="Why, while protests are still heard.")] = "",
) -> None:
    """Makes a posted list official: it stands as it was posted; later data gives proposals, never silent changes.

    Example: `calanque official races/my_race prize-scratch-F --author "L. Roux"`
    """
    from calanque.commands.rule import post_command

    raise typer.Exit(post_command(race, list_id, "official", author=author, role=role, depth=None, reason=reason))


@app.command(rich_help_panel=RACE_DAY)
def reopen(
    race: Running,
    list_id: List,
    author: Annotated[str, typer.Option(help="The referee.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    role: Annotated[str, typer.Option(help="referee or jury.")] = "referee",
) -> None:
    """Opens a posted or official list again: it is provisional until it is posted anew.

    Example: `calanque reopen races/my_race prize-scratch-F --author "L. Roux" --reason "protest upheld"`
    """
    from calanque.commands.rule import post_command

    raise typer.Exit(post_command(race, list_id, "reopened", author=author, role=role, depth=None, reason=reason))


Looked = Annotated[
    str, typer.Argument(metavar="RACE", help="Folder of a race that was run, or its name below `races/`.")
]
Speech = Annotated[
    str | None, typer.Option(metavar="fr|en", help="In which language; the first of the race file unless given.")
]


@app.command(rich_help_panel=RACE_DAY)
def why(
    race: Looked,
    bib: Annotated[str, typer.Argument(metavar="BIB", help="Whose times.")],
    language: Speech = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, with everything that is known.")] = False,
) -> None:
    """Why these times: the reads, clocks, guns, rules and rulings that one runner's times and places come from.

    From the journal, also while an engine runs. Each read that gives no time is told with its reason (docs/why.md).

    Example: `calanque why races/my_race 712 --language en`
    """
    from calanque.commands.why import why_command

    raise typer.Exit(why_command(race, bib, language=language, as_json=json))


@app.command(rich_help_panel=RACE_DAY)
def questions(
    race: Looked,
    language: Speech = None,
    most: Annotated[int, typer.Option(min=1, help="So many at most.")] = 30,
    json: Annotated[bool, typer.Option("--json", help="All of them, as JSON.")] = False,
) -> None:
    """What a person should decide, by what hangs on it: podiums and prizes first, each with what would answer it.

    From the journal, also while an engine runs. A question changes nothing; `calanque rule` answers it, if only with
    `clear` (docs/questions.md).

    Example: `calanque questions races/my_race --most 10`
    """
    from calanque.commands.why import questions_command

    raise typer.Exit(questions_command(race, language=language, most=most, as_json=json))


@app.command(rich_help_panel=RACE_DAY)
def dossier(
    race: Looked,
    list_id: List,
    language: Speech = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A page of HTML to print on A4, in place of the terminal.")
    ] = None,
) -> None:
    """What a jury signs: each prize place with its reads, gaps, splits, rulings and open questions.

    From the journal, also while an engine runs. With all names: it is for the jury, not for the notice board.

    Example: `calanque dossier races/my_race prize-scratch-F --out dossier.html`
    """
    from calanque.commands.dossier import dossier_command

    raise typer.Exit(dossier_command(race, list_id, language=language, out=out))


@app.command(rich_help_panel=RACE_DAY)
def publish(race: Running, author: Annotated[str, typer.Option(help="Who publishes.")]) -> None:
    """Publishes the results as they stand now, whole and numbered, from the running engine.

    They lie in `out/` of the race folder: CSV, JSON, XLSX and a site (docs/results_files.md).

    Example: `calanque publish races/my_race --author Anne`
    """
    from calanque.commands.control import publish_command

    raise typer.Exit(publish_command(race, author=author))


@app.command(rich_help_panel=AFTER)
def replay(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A race folder that was run.")],
    out: Annotated[Path, typer.Option(help="Folder for the results of the replay.")],
    through: Annotated[int | None, typer.Option(min=0, help="Stop at this journal number.")] = None,
    speed: Annotated[str, typer.Option(help="`max`, or how many times life, with the live page served.")] = "max",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the live page; 0: a free one.")] = 0,
) -> None:
    """Runs a recorded race again from its journal, and compares the results with what was published.

    Exit code 1 when they differ. The journal is only read.

    Example: `calanque replay races/my_race --out again --speed 60`
    """
    from calanque.commands.replay import replay_command

    raise typer.Exit(replay_command(folder, out=out, through=through, speed=speed, port=port))


@app.command(rich_help_panel=AFTER)
def simulate(
    race: Race,
    out: Annotated[Path, typer.Option(help="Folder for roster, reads, guns, truth and expected results.")],
    runners: Annotated[int | None, typer.Option(min=1, help="How many runners.", show_default="20000")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 1,
    reads: Annotated[
        int | None, typer.Option(min=1, help="Mean reads per crossing and mat.", show_default="10")
    ] = None,
    perfect: Annotated[
        bool, typer.Option("--perfect", help="No misses, strays or walk-backs: one read a crossing.")
    ] = False,
    from_results: Annotated[Path | None, typer.Option(metavar="FILE", help=FROM_RESULTS)] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Then play the files through virtual readers on pseudo-terminals.")
    ] = False,
    clock: Annotated[str, typer.Option(help="By which they are played. " + CLOCK)] = "real",
) -> None:
    """A race from a seed: who runs, what the mats see, what is true, and what the rules must answer.

    Or a real one again, from its published results. docs/simulation.md says what each file holds.

    Example: `calanque simulate marseille_cassis_2024 --out day --runners 500`

    Then: `calanque results day --roster day/roster.csv --reads day/reads.csv --guns day/guns.csv --out out --expected
    day/expected.csv`
    """
    from calanque.commands.simulate import simulate_command

    raise typer.Exit(
        simulate_command(
            race, out=out, runners=runners, seed=seed, reads=reads, perfect=perfect, from_results=from_results,
            serve=serve, clock=clock,
        )
    )  # fmt: skip


@app.command(rich_help_panel=AFTER)
def snapshot(
    race: Recorded,
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes; must not exist.")],
) -> None:
    """A consistent copy of the journal, verified, also while the engine runs.

    Example: `calanque snapshot races/my_race /media/usb/my_race-1015.sqlite`
    """
    from calanque.commands.journal import snapshot_command

    raise typer.Exit(snapshot_command(race, out))


@app.command(rich_help_panel=AFTER)
def bundle(
    race: Recorded,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The ZIP file to make; must not exist.")],
) -> None:
    """A proof of the results in one file: journal, rules, roster, all lists, and a digest over them.

    Whoever has it can recompute every place with `calanque verify`. It names everybody in the race: it is for referee
    and appeal, not for posting (docs/proof.md).

    Example: `calanque bundle races/my_race --out my_race-proof.zip`
    """
    from calanque.commands.proof import bundle_command

    raise typer.Exit(bundle_command(race, out=out))


@app.command(rich_help_panel=AFTER)
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file made by `calanque bundle`.")],
) -> None:
    """Recomputes all results from a proof, here and now, and compares them with what is in it.

    Needs nothing but the file. Exit code 1, and the first difference (list, place, bib, value) or the damaged part,
    when it does not hold.

    Example: `calanque verify my_race-proof.zip`
    """
    from calanque.commands.proof import verify_command

    raise typer.Exit(verify_command(file))


journal = typer.Typer(no_args_is_help=True, help="Looks after a race's journal: `verify`, `repair`, `reads`.")
app.add_typer(journal, name="journal", rich_help_panel=AFTER)


@journal.command("verify")
def journal_verify(race: Recorded) -> None:
    """Verifies every seal of the journal. Exit code 1, and the place, when it is damaged.

    Example: `calanque journal verify races/my_race`
    """
    from calanque.commands.journal import verify_command

    raise typer.Exit(verify_command(race))


@journal.command("repair")
def journal_repair(
    race: Recorded,
    to: Annotated[Path, typer.Option(metavar="FILE", help="The new journal; must not exist.")],
    copy: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A snapshot or second copy to take from what is lost; may be given often."),
    ] = None,
) -> None:
    """Saves what is whole of a damaged journal into a new file; the damaged one is not touched.

    What one file has lost is taken from the copies, as long as the seals fit. Exit code 0 when all is saved, 1 when
    something is lost, with the first number that no file could give. docs/journal.md says how to put it in place.

    Example: `calanque journal repair races/my_race --to saved.sqlite --copy /media/usb/my_race-1015.sqlite`
    """
    from calanque.commands.journal import repair_command

    raise typer.Exit(repair_command(race, to=to, copies=copy or []))


@journal.command("reads")
def journal_reads(
    race: Recorded,
    out: Annotated[Path, typer.Argument(metavar="FILE", help="SQLite file to make, with a row for each read.")],
) -> None:
    """Writes the journal's reads as rows of a plain SQLite table, for whoever wants SQL.

    Example: `calanque journal reads races/my_race reads.sqlite`
    """
    from calanque.commands.journal import reads_command

    raise typer.Exit(reads_command(race, out))
