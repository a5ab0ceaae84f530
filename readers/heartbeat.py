"""A question asked again and again to see whether the other side is alive, for programs that call us.

Counts a missing answer only once this program has shown that it answers: some never do, and a link to one of those is
quiet, not dead. Pure: told of everything with the steady clock's microseconds.
"""


class Heartbeat:
    """One link's pings."""

    __slots__ = ("_answers", "_due_us", "_every_us", "_heard", "_unanswered_since_us")

    def __init__(self, every_us: int) -> None:
        self._every_us = every_us
        self._answers = False
        self._due_us: int | None = None
        self._heard = False
        self._unanswered_since_us: int | None = None

    def start(self, steady_us: int) -> None:
        """A new link: the first ping is due after one pause."""
        self.stop()
        self._due_us = steady_us + self._every_us

    def stop(self) -> None:
        self._due_us = None
        self._heard = False
        self._unanswered_since_us = None

    @property
    def due_us(self) -> int | None:
        """When the next ping is due; None without a link."""
        return self._due_us

    def take(self, steady_us: int) -> bool:
        """Whether a ping is due, which is then taken to be sent."""
        if self._due_us is None or steady_us < self._due_us:
            return False
        self._due_us = steady_us + self._every_us
        if self._unanswered_since_us is None:
            self._unanswered_since_us = steady_us
        return True

    def heard(self, *, answer: bool = False) -> None:
        """Something understood came; `answer`: it answers a ping."""
        self._heard = True
        self._answers = self._answers or answer
        self._unanswered_since_us = None

    @property
    def unanswered_since_us(self) -> int | None:
        """Steady instant of the oldest ping without an answer; None where that says nothing."""
        return self._unanswered_since_us if self._answers or not self._heard else None
