"""What the pages need of a running race: the engine's in life, a small one in tests."""

from collections.abc import Mapping
from typing import Any, Protocol

from results.speaker.cards import Cards
from results.standing import Standing
from results.web.hubs import Hubs
from results.web.stream import Hub, View
from results.why import Why
from timing.instants import Instant
from timing.roster import Bib


class LiveRace(Protocol):
    """What the pages need of a running race."""

    @property
    def hub(self) -> Hub:
        """Where views are published; always holds one."""

    @property
    def hubs(self) -> Hubs:
        """The streams of all audiences; `hub` is the public's."""

    @property
    def race_rate(self) -> float:
        """Seconds of the race clock in a real one; 0: as fast as possible, the race clock stands still."""

    def race_now_us(self) -> Instant:
        """The race clock, now."""

    @property
    def cards(self) -> Cards:
        """What announcers look up, as of the newest view."""

    @property
    def race_title(self) -> Mapping[str, str]:
        """The race's name by language (`fr`, `en`)."""

    def view(self) -> View:
        """The newest view."""

    def standing(self) -> Standing:
        """The race as of the newest picture, for readers of lists: immutable, and at hand without asking anybody."""

    async def why(self, bib: Bib) -> Why | None:
        """How one runner's times came about (`results.why`); None where nobody has the bib.

        Raises: ResultsError when too many ask at once.
        """

    async def control(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out a checked command (`command` and its fields, see `control.COMMANDS`); the answer is sent as JSON.

        Raises: RaceDayError when it cannot be done; the message is shown to whoever asked.
        """
