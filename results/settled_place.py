"""A podium place as it stands: settled since when, or open until when, and for whom. Plain values, ready for JSON.

How it is judged: `settled`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from timing.instants import Duration, Instant
from timing.roster import Bib

MAY_BE_BEATEN: Final = "may_be_beaten"
NO_FINISHER: Final = "no_finisher"
GUN_NOT_FIRED: Final = "gun_not_fired"
START_OPEN: Final = "start_open"
NOT_HEARD: Final = "not_heard"
"""Somebody may have crossed whose read has not come: a link is down, or a point delivers late."""
PASSING: Final = "passing"
"""The last passing that could matter is not over, or was so lately that a link lost meanwhile would not be noticed."""
START_NOT_HEARD: Final = "start_not_heard"
CLOCK: Final = "clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenger:
    """Who could still do best, and how early: a bound, never a forecast."""

    bib: Bib
    arrival_us: Instant
    value_us: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledPlace:
    """One podium place of one list.

    `bibs`: who holds it (several: shared; none: nobody yet, or the place before it is shared). `settled_at_us`: when it
    became final, None while open. `open_until_us`: when it will if nobody else comes; None where that cannot be said.
    `count`: how many on the course can still take it; `unseen`: how many besides who were entered and seen nowhere.
    `reasons`: why it is open: words of this module, and kinds of open questions (docs/questions.md).
    """

    list_id: str
    place: int
    bibs: tuple[Bib, ...]
    settled_at_us: Instant | None
    open_until_us: Instant | None
    can_be_beaten_by: Challenger | None
    count: int
    unseen: int
    reasons: tuple[str, ...]
    official: bool = False


def settled_section(places: Iterable[SettledPlace]) -> dict[str, list[dict[str, Any]]]:
    """The same as JSON has it: by list id, its places best first."""
    section: dict[str, list[dict[str, Any]]] = {}
    for each in places:
        best = each.can_be_beaten_by
        section.setdefault(each.list_id, []).append(
            {
                "place": each.place,
                "bibs": list(each.bibs),
                "settled_at_us": each.settled_at_us,
                "open_until_us": each.open_until_us,
                "can_be_beaten_by": None
                if best is None
                else {"bib": best.bib, "arrival_us": best.arrival_us, "value_us": best.value_us},
                "count": each.count,
                "unseen": each.unseen,
                "reasons": list(each.reasons),
                "official": each.official,
            }
        )
    return section
