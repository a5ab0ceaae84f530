"""The command line of rulings: `calanque rule ACT RACE …`, one command for each kind of act on what was measured.

Acts on runners and their places are in `rule_runners`.
"""

from typing import Annotated, Any, Final

import typer

rule = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="What a named person decides: guns, clocks, times, tags, waves, statuses, order. Each can be looked at first "
    "(`--preview`), is kept with author, role and reason, and can be withdrawn, which restores exactly what was.\n\n"
    "Works on a running engine, and on the folder of a race when no engine runs. Hours are local time on race day, "
    "HH:MM:SS[.ffffff]. Bibs are given one by one, as `100-199`, or as `wave:3`.",
    epilog="Exit codes: 0 done (or previewed); 3 refused, with the reason on standard error.",
)

Race = Annotated[str, typer.Argument(metavar="RACE", help="Folder of a race, or its name below `races/`.")]
Bibs = Annotated[list[str], typer.Argument(metavar="BIB...", help="Bibs, ranges like `100-199`, or `wave:3`.")]
OneBib = Annotated[str, typer.Argument(metavar="BIB", help="Bib of the runner.")]
Author = Annotated[str, typer.Option(help="Who decides.")]
RoleName = Annotated[str, typer.Option("--role", help="In what capacity: crew, referee or jury.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the ruling.")]
Preview = Annotated[bool, typer.Option("--preview", help="Only say what would change.")]
Seen = Annotated[
    int | None,
    typer.Option(min=0, help="Last journal number you had seen: refused if the same thing was decided on since."),
]
Since = Annotated[str | None, typer.Option("--from", metavar="HH:MM:SS", help="Only from this hour on.")]
Until = Annotated[str | None, typer.Option("--to", metavar="HH:MM:SS", help="Only before this hour.")]
RuleNumber = Annotated[str, typer.Option("--rule", help="Number of the rule that is applied.")]

CREW: Final = "crew"


def give(
    race: str, act: dict[str, Any], *, author: str, role: str, reason: str, preview: bool, seen: int | None
) -> None:
    """Hands the act in and ends the command. Instants in it are still hours as given; `rule_command` places them."""
    from calanque.commands.rule import rule_command

    raise typer.Exit(rule_command(race, act=act, author=author, role=role, reason=reason, preview=preview, seen=seen))


def _span(since: str | None, until: str | None) -> dict[str, Any]:
    span = {"begin_us": since, "end_us": until}
    return {name: hour for name, hour in span.items() if hour is not None}


@rule.command("gun")
def gun(
    race: Race,
    wave: Annotated[str, typer.Option(help="Whose gun.")],
    author: Author,
    at: Annotated[str | None, typer.Option(metavar="HH:MM:SS", help="The gun, to the microsecond if need be.")] = None,
    signal: Annotated[int | None, typer.Option(help="Or the journal number of the signal that is in force.")] = None,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Says which gun is in force for a wave; all signals are kept.

    Example: `calanque rule gun races/my_race --wave 1 --at 08:59:58.63 --author Anne --reason "video"`
    """
    act = {"act": "set_gun", "wave": wave, "instant_us": at, "signal": signal}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)


@rule.command("recall")
def recall(
    race: Race,
    wave: Annotated[str, typer.Option(help="Whose start was recalled.")],
    at: Annotated[str, typer.Option(metavar="HH:MM:SS", help="Signals up to this hour do not count.")],
    author: Author,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """The start of a wave was recalled: its signals so far do not count, the next one does.

    Example: `calanque rule recall races/my_race --wave 1 --at 09:00:30 --author Anne`
    """
    act = {"act": "recall_start", "wave": wave, "at_us": at}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)


@rule.command("clock")
def clock(
    race: Race,
    source: Annotated[str, typer.Option(help="Whose clock.")],
    author: Author,
    add: Annotated[
        list[str],
        typer.Option(
            metavar="SECONDS[@HH:MM:SS]",
            help="Seconds to add to its stamps; with an hour by its own clock several times, for a clock that drifts.",
        ),
    ],
    since: Annotated[str | None, typer.Option("--from", metavar="HH:MM:SS", help="Stamps from this hour on.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="HH:MM:SS", help="Stamps before this hour.")] = None,
    received_from: Annotated[
        str | None, typer.Option(metavar="HH:MM:SS", help="Reads that arrived from here on.")
    ] = None,
    received_to: Annotated[str | None, typer.Option(metavar="HH:MM:SS", help="Reads that arrived before.")] = None,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Corrects the clock of a source: stamps stay as sent, the instants that follow from them move.

    Of several corrections of one read the last holds; they never add up. `--add 0` says that a clock is right.

    Example: `calanque rule clock races/my_race --source finish-main --add -3600 --author Anne --reason "not set back"`
    """
    act = {
        "act": "correct_clock",
        "source": source,
        "anchors": add,
        "stamps": _span(since, until),
        "received": _span(received_from, received_to),
    }
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)


@rule.command("time")
def time(
    race: Race,
    bib: OneBib,
    point: Annotated[str, typer.Option(help="Which point.")],
    author: Author,
    at: Annotated[str | None, typer.Option(metavar="HH:MM:SS", help="When they crossed its line.")] = None,
    none: Annotated[bool, typer.Option("--none", help="They did not cross it, whatever the mats saw.")] = False,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Sets, or withdraws, when a runner crossed a point.

    Example: `calanque rule time races/my_race 712 --point FINISH --at 10:31:07.2 --author Anne --reason "line camera"`
    """
    if (at is None) != none:
        raise typer.BadParameter("give --at HH:MM:SS or --none, one of the two")
    act = {"act": "set_time", "bib": bib, "point": point, "instant_us": at}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)


def _reads(
    bibs: list[str] | None, tags: list[str] | None, mat: str | None, antenna: int | None, span: dict[str, Any]
) -> dict[str, Any]:
    return {"bibs": bibs or [], "tags": tags or [], "mat": mat, "antenna": antenna, "span": span}


BibOptions = Annotated[list[str] | None, typer.Option("--bib", help="Of this runner; may be given often.")]
TagOptions = Annotated[list[str] | None, typer.Option("--tag", help="Of this tag; may be given often.")]
MatOption = Annotated[str | None, typer.Option(help="At this mat.")]
Antenna = Annotated[int | None, typer.Option(min=0, help="Of this antenna only.")]


@rule.command("aside")
def aside(
    race: Race,
    author: Author,
    bib: BibOptions = None,
    tag: TagOptions = None,
    mat: MatOption = None,
    antenna: Antenna = None,
    since: Since = None,
    until: Until = None,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Sets reads aside: they count for nobody, and stay to be seen.

    Example: `calanque rule aside races/my_race --bib 712 --mat FINISH-MAIN --to 09:50:00 --author Anne`
    """
    act = {"act": "set_aside", "reads": _reads(bib, tag, mat, antenna, _span(since, until))}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)


@rule.command("use")
def use(
    race: Race,
    author: Author,
    bib: BibOptions = None,
    tag: TagOptions = None,
    mat: MatOption = None,
    antenna: Antenna = None,
    since: Since = None,
    until: Until = None,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Uses reads again that an earlier ruling set aside.

    Example: `calanque rule use races/my_race --bib 712 --mat FINISH-MAIN --from 09:49:00 --author Anne`
    """
    act = {"act": "use_again", "reads": _reads(bib, tag, mat, antenna, _span(since, until))}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)


@rule.command("out")
def out(
    race: Race,
    mat: Annotated[str, typer.Option(help="Which mat.")],
    author: Author,
    antenna: Antenna = None,
    since: Since = None,
    until: Until = None,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """A mat, or one of its antennas, was out of use: lifted, covered, hearing the other lane.

    Example: `calanque rule out races/my_race --mat GINESTE-MAIN --from 10:10:00 --to 10:14:00 --author Anne`
    """
    act = {"act": "out_of_use", "mat": mat, "antenna": antenna, "span": _span(since, until)}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)


@rule.command("tag")
def tag(
    race: Race,
    code: Annotated[str, typer.Argument(metavar="TAG", help="Code of the tag.")],
    author: Author,
    bib: Annotated[str | None, typer.Option(help="Who wore it; nobody unless given.")] = None,
    since: Since = None,
    until: Until = None,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Says who wore a tag, for the whole race or a part of it.

    Example: `calanque rule tag races/my_race 058003F1A2B4 --bib 712 --author Anne --reason "handed out at the desk"`
    """
    act = {"act": "assign_tag", "tag": code.upper(), "bib": bib, "span": _span(since, until)}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)


@rule.command("swap")
def swap(
    race: Race,
    first: Annotated[str, typer.Argument(metavar="BIB", help="Bib of one.")],
    second: Annotated[str, typer.Argument(metavar="BIB", help="Bib of the other.")],
    author: Author,
    since: Since = None,
    until: Until = None,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Two runners wore each other's tags. Ordered twice it is the same as once.

    Example: `calanque rule swap races/my_race 712 713 --author Anne --reason "a couple"`
    """
    act = {"act": "swap_tags", "bibs": [first, second], "span": _span(since, until)}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)
