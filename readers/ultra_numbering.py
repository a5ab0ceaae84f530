"""Whether an Ultra's log ids can be trusted to name its reads, and which of them are missing.

A read's identity is its number where the reader numbers. A log that was cleared numbers from 1 again, and some
programs that play an Ultra number everything 1: one runner's finish would then be a repeat of his own start. From the
first sign of that on, reads are known by chip, stamp and antenna instead, which is exact, too. Knows no bytes.
"""

from collections import deque
from dataclasses import replace
from typing import Final, NamedTuple

from timing.instants import MINUTE
from timing.reads import ChipRead

LATE_MAX_US: Final = MINUTE
"""Two readers of one box may be logged out of order by seconds; a lower number so much later is a new log."""
HOLE_MAX: Final = 10_000
"""Numbers jumped over at once; more is a new log rather than lost lines."""
HOLES_KEPT: Final = 16
HOLE_AFTER_US: Final = 2_000_000
"""What is missing may still be under way behind the next record."""

NOT_GROWING: Final = "one log id names several reads: they are told apart by chip and time instead"
BEGAN_AGAIN: Final = "the log ids began again (was the box's log cleared?): reads are told apart by chip and time"
OTHER_LOG: Final = "the log ids do not lead back to the reads that are known (was the box's log cleared?)"


class Hole(NamedTuple):
    """Log ids that did not come, both ends included, and when that was seen (steady microseconds)."""

    first: int
    last: int
    seen_us: int


class _Last(NamedTuple):
    number: int
    stamp_us: int
    tag: str | None


class UltraNumbering:
    """Told of every read. What it has learnt about trust stays for ever; holes are of one link."""

    __slots__ = ("_last", "_last_rewound", "_new_link", "holes", "trusted", "watch_holes")

    def __init__(self) -> None:
        self.trusted = True
        self.watch_holes = True
        self._last: dict[str, _Last] = {}
        self._last_rewound: dict[str, _Last] = {}
        self._new_link: set[str] = set()
        self.holes: deque[Hole] = deque(maxlen=HOLES_KEPT)

    def linked(self) -> None:
        """A new link: what is missing before its first live read is the business of the memory."""
        self.holes.clear()
        self._last_rewound.clear()
        self._new_link = set(self._last)

    def live(self, read: ChipRead, steady_us: int) -> str | None:
        """Learns from a read that was not asked for; gives a reason once, when trust ends."""
        number, box = read.reader_seq, read.reader_file
        if not self.trusted or number is None or box is None:
            return None
        came = _Last(number, read.stamp_us, read.tag)
        last = self._last.get(box)
        if last is None or number > last.number:
            jumped = last is not None and box not in self._new_link and self.watch_holes
            if jumped and last is not None and 1 < number - last.number <= HOLE_MAX:
                self.holes.append(Hole(last.number + 1, number - 1, steady_us))
            self._new_link.discard(box)
            self._last[box] = came
            return None
        self.came(read)
        if number == last.number and came != last:
            return self._ends(NOT_GROWING)
        if number < last.number and came.stamp_us > last.stamp_us + LATE_MAX_US:
            return self._ends(BEGAN_AGAIN)
        return None

    def rewound(self, read: ChipRead) -> str | None:
        """Learns from a read out of the log; gives a reason once, when trust ends."""
        number, box = read.reader_seq, read.reader_file
        if not self.trusted or number is None or box is None:
            return None
        self.came(read)
        came = _Last(number, read.stamp_us, read.tag)
        before, self._last_rewound[box] = self._last_rewound.get(box), came
        if any(last is not None and number == last.number and came != last for last in (before, self._last.get(box))):
            return self._ends(NOT_GROWING)
        return None

    def other_log(self) -> str | None:
        """The box's log is not the one of the durable reads; gives the reason when that ends trust."""
        return self._ends(OTHER_LOG) if self.trusted else None

    def _ends(self, reason: str) -> str:
        self.trusted = False
        self.holes.clear()
        return reason

    def came(self, read: ChipRead) -> None:
        """A read that closes or narrows a hole."""
        number = read.reader_seq
        if number is None or not self.holes:
            return
        for _ in range(len(self.holes)):
            hole = self.holes.popleft()
            first = hole.first + (number == hole.first)
            last = hole.last - (number == hole.last)
            if first <= last:
                self.holes.append(Hole(first, last, hole.seen_us))

    def named(self, read: ChipRead) -> ChipRead:
        """The read with its number, or without one that cannot be trusted."""
        if self.trusted or read.reader_seq is None:
            return read
        return replace(read, reader_file=None, reader_seq=None)

    def due_hole(self, steady_us: int) -> Hole | None:
        """A hole to be asked for now, given once."""
        if not self.holes or steady_us < self.holes[0].seen_us + HOLE_AFTER_US:
            return None
        return self.holes.popleft()

    def deadline_us(self) -> int | None:
        return self.holes[0].seen_us + HOLE_AFTER_US if self.holes else None
