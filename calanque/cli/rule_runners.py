"""Acts on runners and their places: `calanque rule wave|status|dsq|… RACE …`."""

from typing import Annotated

import typer

from calanque.cli.rule import CREW, Author, Bibs, Preview, Race, Reason, RoleName, RuleNumber, Seen, give

rule_runners = typer.Typer()


@rule_runners.command("wave")
def wave(
    race: Race,
    bibs: Bibs,
    to: Annotated[str, typer.Option(help="Into which wave.")],
    author: Author,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Moves runners to another wave: gun times follow, net times do not.

    Example: `calanque rule wave races/my_race 2501-2600 --to 1 --author Anne`
    """
    act = {"act": "move_to_wave", "bibs": bibs, "wave": to}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)


@rule_runners.command("status")
def status(
    race: Race,
    bibs: Bibs,
    status: Annotated[str, typer.Option("--is", help="DNS, DNF, NC or HD; empty takes any such word back.")],
    author: Author,
    at: Annotated[str | None, typer.Option(metavar="HH:MM:SS", help="When they gave up; now unless given.")] = None,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Declares runners DNS, DNF (reads after it are held and shown), NC or HD.

    Example: `calanque rule status races/my_race 712 --is DNF --at 10:20:00 --author Marc --reason "radio, km 12"`
    """
    act = {"act": "declare", "bibs": bibs, "status": status.upper(), "at_us": at or "now"}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)


@rule_runners.command("dsq")
def dsq(
    race: Race,
    bibs: Bibs,
    rule_number: RuleNumber,
    author: Author,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Disqualifies, signed by the jury: times are kept, places are lost.

    Example: `calanque rule dsq races/my_race 712 --rule "TR 6.3" --author "L. Roux" --reason "assistance"`
    """
    act = {"act": "disqualify", "bibs": bibs, "rule": rule_number}
    give(race, act, author=author, role="jury", reason=reason, preview=preview, seen=seen)


@rule_runners.command("reinstate")
def reinstate(
    race: Race,
    bibs: Bibs,
    rule_number: RuleNumber,
    author: Author,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Reinstates, signed by the jury: as if never disqualified.

    Example: `calanque rule reinstate races/my_race 712 --rule "TR 8.7" --author "L. Roux" --reason "appeal"`
    """
    act = {"act": "reinstate", "bibs": bibs, "rule": rule_number}
    give(race, act, author=author, role="jury", reason=reason, preview=preview, seen=seen)


@rule_runners.command("order")
def order(
    race: Race,
    bibs: Annotated[list[str], typer.Argument(metavar="BIB...", help="Best first; `12=15`: together.")],
    author: Author,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """The order over the finish line, signed by the jury. No time is invented or changed.

    Example: `calanque rule order races/my_race 7 4 12=15 --author "L. Roux" --reason "line camera"`
    """
    act = {"act": "finish_order", "order": [together.split("=") for together in bibs]}
    give(race, act, author=author, role="jury", reason=reason, preview=preview, seen=seen)


@rule_runners.command("category")
def category(
    race: Race,
    bibs: Bibs,
    category: Annotated[str, typer.Option("--is", help="The whole category, like M2F.")],
    author: Author,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Puts runners into a category, whatever roster and birth year say.

    Example: `calanque rule category races/my_race 712 --is HANDIM --author Anne`
    """
    act = {"act": "set_category", "bibs": bibs, "category": category}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)


@rule_runners.command("clear")
def clear(
    race: Race,
    bibs: Bibs,
    question: Annotated[str, typer.Option(help="Which question, by its word: before_own_gun, check_by_eye, …")],
    author: Author,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """A question about runners was looked into: it stands as it is.

    Example: `calanque rule clear races/my_race 712 --question check_by_eye --author Anne --reason "seen at the line"`
    """
    act = {"act": "clear", "bibs": bibs, "question": question}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)


@rule_runners.command("withdraw")
def withdraw(
    race: Race,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Journal number of what is taken back.")],
    author: Author,
    role: RoleName = CREW,
    reason: Reason = "",
    preview: Preview = False,
    seen: Seen = None,
) -> None:
    """Takes back a ruling, a closing, a gun by hand, a roster or a sighting: as if it had never been.

    Example: `calanque rule withdraw races/my_race 4711 --author Anne --reason "wrong bib"`
    """
    act = {"act": "withdraw", "number": number}
    give(race, act, author=author, role=role, reason=reason, preview=preview, seen=seen)
