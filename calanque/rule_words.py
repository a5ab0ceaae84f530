"""An act as the command that gives it, so that a proposal can be taken by copying a line."""

import shlex
from zoneinfo import ZoneInfo

from timing.instants import Instant, datetime_of
from timing.rulings import (
    Act,
    AssignTag,
    Clear,
    Declare,
    FinishOrder,
    MoveToWave,
    SetAside,
    SetTime,
    Span,
    SwapTags,
    UseAgain,
    Withdraw,
)

_MANY = 6


def command_of(act: Act, race: str, zone: ZoneInfo) -> str:
    """`calanque rule wave races/my_race 712 --to 1 --author …`; empty for an act that no question proposes."""
    words = _words(act, zone)
    if not words:
        return ""
    kind, *rest = words
    return " ".join(["calanque rule", kind, shlex.quote(race), *rest, "--author …"])


def _words(act: Act, zone: ZoneInfo) -> list[str]:
    match act:
        case Clear():
            return ["clear", *_bibs(act.bibs), f"--question {act.question}"]
        case MoveToWave():
            return ["wave", *_bibs(act.bibs), f"--to {shlex.quote(act.wave)}"]
        case SetTime(instant_us=None):
            return ["time", act.bib, f"--point {act.point} --none"]
        case SetTime(instant_us=int(instant)):
            return ["time", act.bib, f"--point {act.point} --at {_hour(instant, zone)}"]
        case Declare():
            return ["status", *_bibs(act.bibs), f"--is {act.status or chr(39) * 2} --at {_hour(act.at_us, zone)}"]
        case SwapTags():
            return ["swap", *act.bibs, *_span(act.span, zone)]
        case AssignTag():
            return ["tag", act.tag, *([] if act.bib is None else [f"--bib {act.bib}"]), *_span(act.span, zone)]
        case FinishOrder():
            return ["order", *("=".join(together) for together in act.order)]
        case SetAside(reads=reads) | UseAgain(reads=reads):
            whose = [*(f"--bib {bib}" for bib in reads.bibs), *(f"--tag {tag}" for tag in reads.tags)]
            where = [] if reads.mat is None else [f"--mat {reads.mat}"]
            return ["aside" if isinstance(act, SetAside) else "use", *whose, *where, *_span(reads.span, zone)]
        case Withdraw():
            return ["withdraw", str(act.number)]
        case _:
            return []


def _bibs(bibs: tuple[str, ...]) -> list[str]:
    return list(bibs) if len(bibs) <= _MANY else [*bibs[:_MANY], "…"]


def _span(span: Span, zone: ZoneInfo) -> list[str]:
    begin = [] if span.begin_us is None else [f"--from {_hour(span.begin_us, zone)}"]
    return begin + ([] if span.end_us is None else [f"--to {_hour(span.end_us, zone)}"])


def _hour(instant_us: Instant, zone: ZoneInfo) -> str:
    return datetime_of(instant_us, zone).strftime("%H:%M:%S.%f").rstrip("0").rstrip(".")
