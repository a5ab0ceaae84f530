"""`calanque rule …`, `calanque seen` and `calanque rulings`: handing in what people decide, and reading it back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from calanque.at_rest import read_race, ruled_race
from calanque.commands.control import command
from calanque.commands.why import spoken_language
from calanque.errors import FrontDoorError
from calanque.exit_codes import OK
from calanque.folder import folder_of
from calanque.posting_desk import posting, posting_values
from calanque.terminal import grouped, say, table
from config.loader import load_race
from config.plan import RacePlan, Rounding
from readers.race_clock import RaceClock
from results.act_words import act_sentence
from results.printing import Language, duration_machine, hour, moment
from timing.instants import SECOND, Instant, local_instant
from timing.race import Race
from timing.rulings import Role
from timing.state import RaceState

NOW: Final = "now"
SHOWN: Final = 12
"""Changes of each kind on the terminal; the counts are whole."""

_INSTANTS: Final = frozenset({"instant_us", "at_us", "begin_us", "end_us"})


def rule_command(
    race: str, *, act: dict[str, Any], author: str, role: str, reason: str, preview: bool, seen: int | None
) -> int:
    """Hands an act in, whose hours and seconds are still as a person wrote them."""
    if role not in list(Role):
        raise FrontDoorError(f"--role {role}: give {', '.join(Role)}")
    folder = folder_of(race)
    plan = load_race(folder.path)
    given = {
        "act": placed_act(act, plan.race),
        "author": author,
        "role": role,
        "reason": reason,
        "preview": preview,
        "seen": seen,
    }
    if folder.is_running:
        answer = command(folder, "rule", given)
    elif preview:
        with read_race(race) as at_rest:
            _, answer = at_rest.desk.taken(given, RaceClock.real().now_us())
    else:
        with ruled_race(race, f"calanque rule {race}") as at_rest:
            now_us = RaceClock.real().now_us()
            body, answer = at_rest.desk.taken(given, now_us)
            answer["number"] = at_rest.record(body, now_us)
    _say_answer(answer, plan.rounding)
    return OK


def seen_command(
    race: str, *, author: str, point: str, at: str | None, bib: str | None, order: int | None, text: str
) -> int:
    folder = folder_of(race)
    plan = load_race(folder.path)
    at_us = None if at is None else _instant(at, plan.race)
    given = {"author": author, "point": point, "at_us": at_us, "bib": bib, "order": order, "text": text}
    if folder.is_running:
        answer = command(folder, "seen", given)
    else:
        with ruled_race(race, f"calanque seen {race}") as at_rest:
            now_us = RaceClock.real().now_us()
            body = at_rest.desk.sighting({**given, "at_us": now_us if at_us is None else at_us})
            answer = {"number": at_rest.record(body, now_us), "at_us": body.at_us}
    who = f"bib {bib}" if bib is not None else "somebody without a bib"
    say(f"{who} seen at {point} at {hour(answer['at_us'], plan.race.zone)}, journal number {answer['number']}")
    return OK


def post_command(race: str, list_id: str, state: str, *, author: str, role: str, depth: int | None, reason: str) -> int:
    if role not in list(Role):
        raise FrontDoorError(f"--role {role}: give {', '.join(Role)}")
    folder = folder_of(race)
    zone = load_race(folder.path).race.zone
    given = {
        "list_id": list_id,
        "state": state,
        "author": author,
        "role": role,
        "depth": depth,
        "reason": reason,
    }
    if folder.is_running:
        answer = command(folder, "post", given)
    else:
        with ruled_race(race, f"calanque post {race}") as at_rest:
            now_us = RaceClock.real().now_us()
            at_rest.derived.refresh(settle=True)
            body = posting(at_rest.plan, at_rest.derived.picture(), given, now_us)
            answer = posting_values(body, at_rest.record(body, now_us))
    until = answer["protest_until_us"]
    protest = "" if until is None else f"; protests until {hour(until, zone)}"
    places = f", {grouped(answer['places'])} places" if answer["places"] else ""
    say(f"{list_id} {state}{places}{protest}, journal number {answer['number']}")
    return OK


_DECIDED: Final = {
    Language.FR: {
        "posted": "affichée", "official": "officielle", "reopened": "rouverte", "first": ", les {depth} premiers",
        "start": "Départ clos à {at}.", "finish": "Arrivée close à {at}.",
        "gun": "Coup de feu de la vague {wave} à {at} ({origin}).",
        "button": "au bouton", "hand": "saisi", "file": "fichier",
    },
    Language.EN: {
        "posted": "posted", "official": "official", "reopened": "reopened", "first": ", the first {depth}",
        "start": "Start closed at {at}.", "finish": "Finish closed at {at}.",
        "gun": "Gun of wave {wave} at {at} ({origin}).",
        "button": "by the button", "hand": "entered", "file": "file",
    },
}  # fmt: skip


def rulings_command(race: str, *, language: str | None) -> int:
    """All that people decided, in the order of the journal: who, when, what and why, and what is withdrawn."""
    with read_race(race) as at_rest:
        spoken, plan, state = spoken_language(language, at_rest.plan), at_rest.plan, at_rest.state
        told = sorted(_decided(at_rest.state, plan, spoken))
        if not told:
            say("Aucune décision" if spoken is Language.FR else "No rulings")
        for number, at_us, who, what in told:
            gone = "" if number not in state.withdrawn else (" (retirée)" if spoken is Language.FR else " (WITHDRAWN)")
            say(f"{number}  {moment(at_us, plan.race.zone)[:19].replace('T', ' ')}  {who}{gone}")
            say(f"    {what}")
    return OK


def _decided(state: RaceState, plan: RacePlan, language: Language) -> Iterator[tuple[int, Instant, str, str]]:
    """Number, hour, who and what of everything that can be withdrawn by its number."""
    zone, words = plan.race.zone, _DECIDED[language]
    for ruling in state.rulings:
        body = ruling.body
        what = act_sentence(body.act, plan, language) + (f" ({body.reason})" if body.reason else "")
        yield ruling.number, ruling.at_us, f"{body.author}, {body.role}", what
    for posted in state.postings:
        post = posted.body
        depth = "" if post.depth is None else words["first"].format(depth=post.depth)
        what = f"{post.list_id}: {words[post.state]}{depth}" + (f" ({post.reason})" if post.reason else "")
        yield posted.number, posted.at_us, f"{post.author}, {post.role}", what
    for sighting in state.sightings:
        seen = sighting.body
        yield sighting.number, sighting.at_us, seen.author, f"{seen.point} {hour(seen.at_us, zone)}: {seen.bib or '?'}"
    for closing in state.closings:
        close = closing.body
        at = "–" if close.at_us is None else _hour_or_day(close.at_us, plan)
        yield closing.number, closing.at_us, close.author, words[close.point].format(at=at)
    for gun in state.guns:
        if gun.body.origin != "wire" and gun.body.instant_us is not None:
            what = words["gun"].format(
                wave=gun.body.wave, at=hour(gun.body.instant_us, zone), origin=words[gun.body.origin]
            )
            yield gun.number, gun.at_us, gun.body.author, what


def _hour_or_day(at_us: Instant, plan: RacePlan) -> str:
    """The hour, with its date where that is not race day: a finish may close at the end of the race window."""
    told = moment(at_us, plan.race.zone)[:19].replace("T", " ")
    return told.removeprefix(f"{plan.race.day} ")


def placed_act(act: Mapping[str, Any], race: Race) -> dict[str, Any]:
    """The act with instants for hours of race day and microseconds for seconds.

    Raises: FrontDoorError naming what cannot be read.
    """
    placed: dict[str, Any] = {}
    for name, value in act.items():
        if name == "anchors":
            # A proposal that is accepted has its anchors exact; a person writes seconds.
            placed[name] = [_anchor(each, race) if isinstance(each, str) else each for each in value]
        elif isinstance(value, Mapping):
            placed[name] = placed_act(value, race)
        elif name in _INSTANTS and isinstance(value, str) and value != NOW:
            placed[name] = _instant(value, race)
        else:
            placed[name] = value
    return placed


def _anchor(text: str, race: Race) -> list[int]:
    """`-3600` or `+37.2@10:00:00` as an instant of the clock and the microseconds to add there."""
    amount, at, clock = text.partition("@")
    try:
        offset_us = Decimal(amount) * SECOND
        if offset_us != int(offset_us):
            raise InvalidOperation
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise FrontDoorError(f"--add {text}: give seconds like -3600 or 37.2, or 37.2@HH:MM:SS") from error
    return [_instant(clock, race) if at else race.first_instant_us, int(offset_us)]


def _instant(text: str, race: Race) -> Instant:
    try:
        clock = time.fromisoformat(text)
    except ValueError as error:
        raise FrontDoorError(f"not a time of day: {text!r}; give HH:MM:SS[.ffffff], local time on race day") from error
    return local_instant(race.day, clock, race.zone)


def _say_answer(answer: Mapping[str, Any], rounding: Rounding) -> None:
    number = answer.get("number")
    say(f"Preview, nothing decided (seen {answer['seen']})" if number is None else f"Done, journal number {number}")
    changed = answer["runners_changed"]
    if not changed and not answer["lists"] and not answer["official_changed"]:
        say("Changes no time, status or place")
        return
    say(f"{_counted(changed, 'runner changes', 'runners change')}, {_counted(answer['podiums_changed'], 'podium')}")
    if answer["official_changed"]:
        stand = _counted(answer["official_changed"], "official place")
        say(f"{stand} would be others, and stand until the list is opened again")
    rows = [("bib", "status", "official time", "net time")]
    rows += [_runner_row(runner, rounding) for runner in answer["runners"][:SHOWN]]
    if len(rows) > 1:
        table(rows)
    if changed > SHOWN:
        say(f"  … and {grouped(changed - SHOWN)} more")
    _say_lists(answer["lists"])


def _runner_row(runner: Mapping[str, Any], rounding: Rounding) -> tuple[str, str, str, str]:
    def printed(duration_us: int) -> str:
        return duration_machine(rounding.printed_seconds(duration_us))

    times = (_both(runner[name], printed) for name in ("gun_time_us", "net_time_us"))
    return (runner["bib"], _both(runner["status"], str), *times)


def _say_lists(lists: Sequence[Mapping[str, Any]]) -> None:
    for change in lists[:SHOWN]:
        say(f"  {change['list_id']}: {grouped(change['places_changed'])} places change")
        if change["podium"] is not None:
            before, after = (" ".join(side) or "nobody" for side in change["podium"])
            say(f"    podium: {before} -> {after}")
    if len(lists) > SHOWN:
        say(f"  … and {grouped(len(lists) - SHOWN)} more lists")


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{grouped(number)} {one if number == 1 else many or one + 's'}"


def _both(pair: Sequence[Any], printed: Any) -> str:
    """One value that stays, or the change."""
    before, after = ("–" if value is None else printed(value) for value in pair)
    return before if before == after else f"{before} -> {after}"
