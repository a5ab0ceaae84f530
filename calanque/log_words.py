"""What the engine's log says of entries of the journal: one line of English for each decision and event.

Owns who did it and the number; what was done is said by `results.entry_words`. Reads have no line, nor has what comes
many times an hour (clocks compared), nor a step of our own clock, which is logged where it is seen.
"""

from config.plan import RacePlan
from results.entry_words import entry_sentence, line
from results.printing import Language
from timing.clock_ledger import ClockLedger
from timing.entries import Body, ClockBody, DecodedReads, HostStepBody
from timing.instants import Instant


def journalled_words(number: int, body: Body, plan: RacePlan, ledger: ClockLedger, now_us: Instant) -> str:
    """`start closed at 09:40:00.000, by Anne; journal number 12`.

    Args:
        ledger: how stamps become instants now, for guns of a wire.
        now_us: when it came in.
    """
    if isinstance(body, ClockBody | HostStepBody | DecodedReads):
        raise AssertionError(f"{type(body).__name__} has no line of its own in the log")
    said = entry_sentence(body, plan, Language.EN, ledger=ledger, now_us=now_us)
    author, role = getattr(body, "author", ""), getattr(body, "role", "")
    by = f", by {line(author)}" + (f", {role}" if role else "") if author else ""
    return f"{said}{by}; journal number {number}"
