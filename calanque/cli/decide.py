"""The command line of decisions and their reasons: questions, why, rulings, postings, dossiers."""

from pathlib import Path
from typing import Annotated

import typer

from calanque.cli.arguments import DECIDE, Looked, Speech

commands = typer.Typer()

List = Annotated[str, typer.Argument(metavar="LIST", help="Id of the list, as in results.json: `sex-F`.")]


@commands.command(rich_help_panel=DECIDE)
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


@commands.command(rich_help_panel=DECIDE)
def forecast(
    race: Looked,
    language: Speech = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="HH:MM:SS", help="As of this hour, with what was known then.", show_default="now, or the last read"
        ),
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="So many arrivals at most.")] = 15,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """How far off the forecasts of arrivals were so far, beside constant pace, and who is expected next.

    From the journal, also while an engine runs. An expected instant is never a time (docs/forecast.md).

    Example: `calanque forecast races/my_race --at 10:30:00`
    """
    from calanque.commands.forecast import forecast_command

    raise typer.Exit(forecast_command(race, language=language, at=at, most=most, as_json=json))


@commands.command(rich_help_panel=DECIDE)
def clocks(
    race: Looked,
    language: Speech = None,
    accept: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Rule what is proposed for this source's clock.")
    ] = None,
    author: Annotated[str | None, typer.Option(help="Who decides, with `--accept`.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="With `--accept`: only say what would change.")] = False,
) -> None:
    """What is wrong with clocks, how sure that is, whom it concerns, and the correction that is proposed.

    Reads of a clock that cannot be trusted are held: they count for nobody until somebody decides. Nothing is
    corrected by itself (docs/clocks.md).

    Example: `calanque clocks races/my_race`

    Then: `calanque clocks races/my_race --accept finish-main --author Anne`
    """
    from calanque.commands.clocks import clocks_command

    raise typer.Exit(clocks_command(race, language=language, accept=accept, author=author, preview=preview))


@commands.command(rich_help_panel=DECIDE)
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


@commands.command(rich_help_panel=DECIDE)
def rulings(race: Looked, language: Speech = None) -> None:
    """All that people decided on a race, by number: what, who, when, why, and what is withdrawn.

    Rulings, postings, sightings, closings and guns by hand: what `calanque rule withdraw` takes back by its number.

    Example: `calanque rulings races/my_race`
    """
    from calanque.commands.rule import rulings_command

    raise typer.Exit(rulings_command(race, language=language))


@commands.command(rich_help_panel=DECIDE)
def seen(
    race: Looked,
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


@commands.command(rich_help_panel=DECIDE)
def post(
    race: Looked,
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


@commands.command(rich_help_panel=DECIDE)
def official(
    race: Looked,
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


@commands.command(rich_help_panel=DECIDE)
def reopen(
    race: Looked,
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


@commands.command(rich_help_panel=DECIDE)
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
