"""What the engine's log says of entries of the journal: one line of English for each decision and event.

Reads have no line, nor has what comes many times an hour (clocks compared). Names of runners stay out; bibs are enough.
"""

from config.plan import RacePlan
from readers.source_picture import clean
from results.act_words import act_sentence
from results.clock_words import held_words
from results.desk_words import desk_sentence
from results.exact_times import exact_duration
from results.printing import Language, hour, moment
from timing.clock_ledger import ClockLedger, Explained, explain
from timing.desk_entries import DeskBody
from timing.entries import (
    Body,
    ClockBody,
    ClosingBody,
    DecodedReads,
    GunBody,
    HostStepBody,
    LossBody,
    NoteBody,
    PostingBody,
    PublicationBody,
    RosterBody,
    RulesBody,
    RulingBody,
    SightingBody,
)
from timing.guns import nearest_wave
from timing.instants import MILLISECOND, SECOND, Instant
from timing.reads import ClockKind

_EN = Language.EN


def journalled_words(number: int, body: Body, plan: RacePlan, ledger: ClockLedger, now_us: Instant) -> str:
    """`start closed at 09:40:00.000, by Anne; journal number 12`.

    Args:
        ledger: how stamps become instants now, for guns of a wire.
        now_us: when it came in.
    """
    return f"{_words(body, plan, ledger, now_us)}; journal number {number}"


def _words(body: Body, plan: RacePlan, ledger: ClockLedger, now_us: Instant) -> str:
    match body:
        case GunBody(origin="wire"):
            return _wire_gun(body, plan, ledger, now_us)
        case GunBody():
            how = "pressed" if body.origin == "button" else "entered"
            return f"gun of wave {body.wave} at {_at(body.instant_us, plan)}, {how}{_by(body.author)}"
        case RosterBody():
            entrants = "1 entrant" if len(body.roster) == 1 else f"{len(body.roster)} entrants"
            return f"roster taken, {entrants}, {_line(body.file)}{_by(body.author)}"
        case RulesBody():
            return f"race file taken, {_line(body.file)}{_by(body.author)}"
        case ClosingBody(at_us=None):
            return f"{body.point} open again{_by(body.author)}"
        case ClosingBody():
            return f"{body.point} closed at {_at(body.at_us, plan)}{_by(body.author)}"
        case PublicationBody():
            return f"publication {body.number} of all through number {body.through}{_by(body.author)}"
        case RulingBody():
            said = act_sentence(body.act, plan, _EN).removesuffix(".")
            return f"ruling{_by(body.author, body.role)}: {_line(said)}{_because(body.reason)}"
        case PostingBody():
            depth = "" if body.depth is None else f", the first {body.depth}"
            return f"list {body.list_id} {body.state}{depth}{_by(body.author, body.role)}{_because(body.reason)}"
        case SightingBody():
            who = "somebody without a bib" if body.bib is None else f"bib {body.bib}"
            said = f": {_line(body.text)}" if body.text else ""
            return f"{who} seen at {body.point} at {_at(body.at_us, plan)}{_by(body.author)}{said}"
        case NoteBody():
            return f"note{_by(body.author)}: {_line(body.text)}"
        case LossBody():
            lost = sum(last - first + 1 for first, last in body.ranges)
            return f"{body.source}: {lost} records lost for good, its collector's store {body.store} has let go of them"
        case _ if isinstance(body, DeskBody):
            return f"{_line(desk_sentence(body, plan, _EN))}{_by(body.author)}"
        case ClockBody() | HostStepBody() | DecodedReads():
            raise AssertionError(f"{type(body).__name__} has no line of its own in the log")


def _wire_gun(body: GunBody, plan: RacePlan, ledger: ClockLedger, now_us: Instant) -> str:
    """Where it stands by its reader's clock, and whose it is by the plan; or that a decision about that clock comes
    first.
    """
    assert body.source is not None
    assert body.stamp_us is not None
    assert body.clock is not None
    found = explain(ledger, plan.race, source=body.source, clock=body.clock, stamp_us=body.stamp_us, received_us=now_us)
    if found.held is not None:
        return (
            f"gun on the wire of {body.source}, stamped {_stamped(found, plan)}, counts for no wave: "
            f"{held_words(found.held, _EN)}; it waits for a decision about that clock (`calanque clocks`)"
        )
    wave = nearest_wave(plan.race, found.instant_us)
    whose = "near the plan of no wave, it counts for none" if wave is None else f"near the plan of wave {wave}"
    return f"gun on the wire of {body.source} at {_at(found.instant_us, plan)}, {whose}"


def _stamped(found: Explained, plan: RacePlan) -> str:
    """What the clock said, with its date, which may be what is wrong; nonsense as the number it is."""
    if found.clock is ClockKind.ELAPSED:
        return f"{exact_duration(found.stamp_us, _EN)} after its zero"
    try:
        return moment(found.instant_us, plan.race.zone)[:23].replace("T", " ")
    except OverflowError:
        return f"{found.stamp_us} µs"


def _at(instant: Instant | None, plan: RacePlan) -> str:
    """The hour to the millisecond, in the race's zone."""
    if instant is None:
        return "an hour nobody knows"
    return f"{hour(instant, plan.race.zone)}.{instant % SECOND // MILLISECOND:03d}"


def _by(author: str, role: str = "") -> str:
    if not author:
        return ""
    return f", by {_line(author)}" + (f", {role}" if role else "")


def _because(reason: str) -> str:
    return f" ({_line(reason)})" if reason else ""


def _line(text: str) -> str:
    """What a person wrote, on one line and not too long."""
    return clean(" ".join(text.split()))
