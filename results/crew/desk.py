"""What the crew has said at its pages: alarms taken, arming, mats laid and lifted, abandons by radio.

A fold of the journal. Nothing here gives anybody a time or a status: an abandon is a report, which a person declares
by a ruling.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from timing.desk_entries import AbandonBody, AlarmBody, ArmedBody, DeskBody, MatBody
from timing.instants import Instant
from timing.roster import Bib
from timing.state import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Who takes care of an alarm, and since when."""

    author: str
    at_us: Instant


class CrewDesk:
    """The newest word on each thing, in the order of the journal. Grows with it; belongs where the state does.

    `taken`: who took which alarm, by the key of its occurrence: the first who did. `armed`: the last arming or
    disarming. `mats`: whether each mat somebody spoke of lies. `abandons`: reports in force, by bib, oldest first.
    """

    def __init__(self) -> None:
        self._read = 0
        self.taken: dict[str, Taken] = {}
        self.armed: ArmedBody | None = None
        self.mats: dict[str, MatBody] = {}
        self.abandons: dict[Bib, AbandonBody] = {}

    def take(self, desk: Sequence[Recorded[DeskBody]]) -> None:
        """Takes in what is new in a list that only grows, as `RaceState.desk` does."""
        for recorded in desk[self._read :]:
            self._take_one(recorded)
        self._read = len(desk)

    @property
    def is_armed(self) -> bool:
        return self.armed is not None and self.armed.armed

    @property
    def lifted(self) -> Mapping[str, Instant]:
        """Since when each mat lies no more that was lifted and not laid again: it is expected to hear nobody."""
        return {mat: body.at_us for mat, body in self.mats.items() if not body.laid}

    def _take_one(self, recorded: Recorded[DeskBody]) -> None:
        match recorded.body:
            case AlarmBody() as body:
                self.taken.setdefault(body.key, Taken(author=body.author, at_us=body.at_us))
            case ArmedBody() as body:
                self.armed = body
            case MatBody() as body:
                self.mats[body.mat] = body
            case AbandonBody() as body:
                self.abandons.pop(body.bib, None)
                if not body.withdrawn:
                    self.abandons[body.bib] = body
            case _:
                pass
