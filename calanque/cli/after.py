"""The command line of before and after: replays, simulations, copies, proofs, the care of the journal."""

from pathlib import Path
from typing import Annotated

import typer

from calanque.cli.arguments import AFTER, CLOCK, FROM_RESULTS, Race, Recorded

commands = typer.Typer()


@commands.command(rich_help_panel=AFTER)
def replay(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A race folder that was run, or a file of `capture/`.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results of the replay.")],
    through: Annotated[int | None, typer.Option(min=0, help="Stop at this journal number.")] = None,
    speed: Annotated[str, typer.Option(help="`max`, or how many times life, with the live page served.")] = "max",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the live page; 0: a free one.")] = 0,
    protocol: Annotated[
        str | None, typer.Option(help="Of a capture: what the reader spoke; else what the race file says.")
    ] = None,
    race: Annotated[
        str | None, typer.Option(help="Of a capture: the race it belongs to; else the one in whose folder it lies.")
    ] = None,
) -> None:
    """Runs a recorded race again from its journal, and compares the results with what was published.

    Of a capture it decodes the bytes again as they came, writes the reads (docs/read_logs.md), and says which of them
    the journal does not have. Exit code 1 when something differs, or nothing of a capture was understood. The journal
    is only read.

    Example: `calanque replay races/my_race --out again --speed 60`

    Then: `calanque replay races/my_race/capture/finish.0001.capture --out again`
    """
    from calanque.commands.replay import replay_command
    from calanque.commands.replay_capture import is_capture, replay_capture

    if is_capture(folder):
        raise typer.Exit(replay_capture(folder, out=out, speed=speed, protocol=protocol, race=race))
    raise typer.Exit(replay_command(folder, out=out, through=through, speed=speed, port=port))


@commands.command(rich_help_panel=AFTER)
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
        bool, typer.Option("--serve", help="Then serve the readers, each on a wire of its own kind.")
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


@commands.command(rich_help_panel=AFTER)
def snapshot(
    race: Recorded,
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes; must not exist.")],
) -> None:
    """A consistent copy of the journal, verified, also while the engine runs.

    Example: `calanque snapshot races/my_race /media/usb/my_race-1015.sqlite`
    """
    from calanque.commands.journal import snapshot_command

    raise typer.Exit(snapshot_command(race, out))


@commands.command(rich_help_panel=AFTER)
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


@commands.command(rich_help_panel=AFTER)
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
commands.add_typer(journal, name="journal", rich_help_panel=AFTER)


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
