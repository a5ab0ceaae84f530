"""Which of a reader's numbered events came: a jump is a loss, until the missing ones come late from its queue."""

from itertools import pairwise
from typing import Final

from timing.delivery import Ranges
from timing.instants import SECOND

RESTART_US: Final = SECOND
"""A number that comes again, on an event so much newer than all before, is of a reader that counts anew."""
_HOLES_MAX: Final = 1_000


class EventNumbers:
    """The numbers of one reader, each start of it a series of its own.

    Numbers are no identity of reads: after a restart they come again. `missing` counts over all series.
    """

    def __init__(self) -> None:
        self._seen = Ranges()
        self._first = self._highest = 0
        self._newest_us: int | None = None
        self._open = 0
        self._closed = 0
        self.restarts = 0

    @property
    def missing(self) -> int:
        return self._open + self._closed

    def restart(self) -> None:
        """The reader counts anew; what of the series before did not come by now is lost."""
        self._closed += self._open
        self._seen = Ranges()
        self._first = self._highest = self._open = 0
        self._newest_us = None
        self.restarts += 1

    def add(self, number: int, stamp_us: int | None) -> bool:
        """One more event. True when it is new, False for one that came before."""
        if (
            self._newest_us is not None
            and stamp_us is not None
            and number <= self._highest
            and stamp_us > self._newest_us + RESTART_US
        ):
            self.restart()
        if stamp_us is not None:
            self._newest_us = stamp_us if self._newest_us is None else max(self._newest_us, stamp_us)
        if number in self._seen:
            return False
        begun = len(self._seen) > 0
        if not begun:
            self._first = self._highest = number
        elif number > self._highest:
            self._open += number - self._highest - 1
        elif number < self._first:
            self._open += self._first - number - 1
            self._first = number
        else:
            self._open -= 1
        self._highest = max(self._highest, number)
        self._seen.add(number, number)
        if len(self._seen) > _HOLES_MAX:
            self._forget_holes()
        return True

    def _forget_holes(self) -> None:
        """Hopeless: so many holes are counted as lost and no longer waited for."""
        self._closed += self._open
        self._open = 0
        self._seen = Ranges()
        self._seen.add(self._first, self._highest)

    def holes(self) -> list[tuple[int, int]]:
        """The ranges missing in the present series."""
        ranges = list(self._seen)
        return [(low[1] + 1, high[0] - 1) for low, high in pairwise(ranges)]
