"""What the crew's entries of the journal come to: mats lifted, alarms taken, abandons. The last word counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from timing.desk_entries import AbandonBody, AlarmBody, DeskBody, MatBody
from timing.instants import Instant
from timing.roster import Bib
from timing.state import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Who takes care of an alarm, and since when."""

    author: str
    at_us: Instant


def lifted_mats(desk: Iterable[Recorded[DeskBody]]) -> Mapping[str, Instant]:
    """Since when each mat that lies no more was lifted."""
    said = {each.body.mat: each.body for each in desk if isinstance(each.body, MatBody)}
    return {mat: body.at_us for mat, body in said.items() if not body.laid}


def alarms_taken(desk: Iterable[Recorded[DeskBody]]) -> Mapping[str, Taken]:
    """By key, who took each alarm; of several the first."""
    found: dict[str, Taken] = {}
    for each in desk:
        if isinstance(each.body, AlarmBody):
            found.setdefault(each.body.key, Taken(author=each.body.author, at_us=each.body.at_us))
    return found


def abandons_reported(desk: Iterable[Recorded[DeskBody]]) -> Mapping[Bib, AbandonBody]:
    """The abandons that were not taken back, the last report of each bib."""
    said = {each.body.bib: each.body for each in desk if isinstance(each.body, AbandonBody)}
    return {bib: body for bib, body in said.items() if not body.withdrawn}
