"""One stream for each audience, fed together: whatever a page is about, all pages are of the same moment."""

from typing import Final

from results.boards import Boards
from results.web.stream import Hub, View

STAFF_MAX: Final = 200
"""Pages of speakers and crew: a few at each desk, and those that somebody forgot to close."""


HAND_SECTIONS: Final = frozenset({"race", "clock", "hand"})
"""What a page of hand times follows: on a phone at a mat the rest of the crew's board is too much."""


class Hubs:
    """Belongs to one event loop; `publish` is called from it."""

    def __init__(self, *, public: Hub | None = None) -> None:
        self.public = public or Hub()
        self.speaker = Hub(clients_max=STAFF_MAX)
        self.crew = Hub(clients_max=STAFF_MAX)
        self.hand = Hub(clients_max=STAFF_MAX)

    def publish(self, public: View, speaker: View, crew: View) -> None:
        # Those who work with it first: it is one loop, and the public may be thousands.
        self.crew.publish(crew)
        self.hand.publish(crew.only(HAND_SECTIONS))
        self.speaker.publish(speaker)
        self.public.publish(public)

    def close(self) -> None:
        """End all streams; their clients come back to the next life of the server."""
        for hub in (self.public, self.speaker, self.crew, self.hand):
            hub.close()

    @property
    def clients(self) -> dict[str, int]:
        """How many pages are connected, by audience."""
        named = {"public": self.public, "speaker": self.speaker, "crew": self.crew, "hand": self.hand}
        return {name: hub.clients for name, hub in named.items()}


def views_of(boards: Boards) -> tuple[View, View, View]:
    """The views of public, speakers and crew; what they have in common is made into bytes once. For any thread."""
    public = View.of(boards.public)
    return public, public.extended(boards.speaker), public.extended(boards.crew)
