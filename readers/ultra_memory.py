"""Fetching an Ultra's log: by log id, by time, or all of it, and when it has come to its end.

The box tells neither how much there is nor that it has sent everything. So a fetch begins a little before the last
read that is durable, and must bring that part again: a box that does not has another log (cleared, rotated), and is
asked by time, then for all. The end is a silence (*inferred*). Knows no bytes of lines: it is told of reads and time.
"""

import enum
from collections import deque
from typing import Final

from readers.events import MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.protocol import Since
from readers.ultra_frames import seconds_1980
from readers.ultra_numbering import Hole
from readers.ultra_requests import REWIND_ALL, rewind_by_log_id, rewind_by_time
from timing.instants import DAY, MINUTE
from timing.reads import ChipRead

FIRST_WITHIN_US: Final = 10_000_000
"""After that a box that has sent nothing back has nothing of what was asked for."""
QUIET_US: Final = 5_000_000
"""Without a record out of the log: that was the last."""
TOLD_EVERY_US: Final = 1_000_000
OVERLAP_IDS: Final = 100
"""Asked again before the durable one: records come out of order by seconds."""
KNOWN_LATE_US: Final = 2 * MINUTE
"""A record up to the durable number, but so much later than the cursor (a margin is off it), is of another log."""

MemoryEvent = MemoryProgress | StatusSeen

NOTHING_BACK: Final = "the box sends nothing back of its log, although reads of it are known: was it cleared?"


class Way(enum.Enum):
    BY_LOG_ID = enum.auto()
    BY_TIME = enum.auto()
    ALL = enum.auto()
    HOLE = enum.auto()
    """A few numbers that were jumped over; told only when they do not come."""


class UltraMemory:
    """One fetch at a time; asking during one starts another after it."""

    def __init__(self) -> None:
        self.vain_holes = 0
        """Holes in a row that the box did not fill."""
        self.reset()

    def reset(self) -> None:
        """A new link: nothing is under way."""
        self._ways: deque[Way] = deque()
        self._way: Way | None = None
        self._since: Since | None = None
        self._again: tuple[Since | None] | None = None
        self._hole: Hole | None = None
        self.other_log = False
        """The box's log ids do not lead back to the durable read."""
        self._begin(None, 0)

    def _begin(self, way: Way | None, steady_us: int) -> None:
        self._way = way
        self._moved_us = steady_us
        self._told_us = steady_us
        self._count = 0
        self._known_came = False
        self._later_came = False

    @property
    def busy(self) -> bool:
        return self._way is not None or bool(self._ways)

    def ask(self, since: Since | None) -> None:
        if self.busy and self._way is not Way.HOLE:
            self._again = (since,)
            return
        self._since = since
        self._ways = deque((Way.ALL,))
        if since is not None:
            self._ways.appendleft(Way.BY_TIME)
            if since.seq is not None:
                self._ways.appendleft(Way.BY_LOG_ID)
        self._way = None

    def ask_hole(self, hole: Hole) -> None:
        """Only while not busy."""
        assert not self.busy, "a hole waits for the fetch before it"
        self._hole = hole
        self._ways = deque((Way.HOLE,))

    def next_request(self, steady_us: int, reader_clock_us: int | None) -> bytes:
        """What is to be sent now, or nothing.

        Args:
            reader_clock_us: the box's clock as last told, for the end of a rewind by time.
        """
        if self._way is not None or not self._ways:
            return b""
        way = self._ways.popleft()
        self._begin(way, steady_us)
        since, hole = self._since, self._hole
        if way is Way.HOLE and hole is not None:
            return rewind_by_log_id(hole.first, hole.last)
        if way is Way.BY_LOG_ID and since is not None and since.seq is not None:
            return rewind_by_log_id(since.seq - OVERLAP_IDS)
        if way is Way.BY_TIME and since is not None:
            end_us = max(since.stamp_us, reader_clock_us or since.stamp_us + 7 * DAY) + DAY
            return rewind_by_time(seconds_1980(since.stamp_us), seconds_1980(end_us))
        return REWIND_ALL

    def read_came(self, read: ChipRead, *, rewound: bool, steady_us: int) -> None:
        """Any read; those out of the log move the fetch on."""
        if self._way is None or not (rewound or self._is_old(read)):
            return
        self._count += 1
        self._moved_us = steady_us
        if self._since is None:
            return
        late = read.stamp_us > self._since.stamp_us + KNOWN_LATE_US
        if self._way is Way.BY_TIME:
            self._known_came = self._known_came or not late
        elif self._is_old(read):
            self._known_came = self._known_came or not late
            self._later_came = self._later_came or late

    def _is_old(self, read: ChipRead) -> bool:
        """Whether it is not after the durable read, by number where there is one, else by stamp."""
        since = self._since
        if since is None or self._way is Way.HOLE:
            return False
        if self._way is Way.BY_LOG_ID and since.seq is not None:
            same_box = since.file is None or read.reader_file == since.file
            return same_box and read.reader_seq is not None and read.reader_seq <= since.seq
        return read.stamp_us <= since.stamp_us

    def deadline_us(self) -> int | None:
        if self._way is None:
            return None
        return min(self._end_us(), self._told_us + TOLD_EVERY_US)

    def _end_us(self) -> int:
        return self._moved_us + (QUIET_US if self._count else FIRST_WITHIN_US)

    def tick(self, steady_us: int) -> list[MemoryEvent]:
        """What follows from the time that has passed."""
        if self._way is None:
            return []
        if steady_us >= self._end_us():
            return self._came_to_end()
        if steady_us < self._told_us + TOLD_EVERY_US:
            return []
        self._told_us = steady_us
        if self._way is Way.HOLE:
            return []
        return [MemoryProgress(state=MemoryState.RUNNING, done=self._count)]

    def _came_to_end(self) -> list[MemoryEvent]:
        way, self._way = self._way, None
        if way is Way.HOLE:
            events: list[MemoryEvent] = [] if self._count else [self._hole_stays()]
            self.vain_holes = 0 if self._count else self.vain_holes + 1
        elif way is Way.ALL and not self._count and self._since is not None:
            events = [MemoryProgress(state=MemoryState.FAILED, text=NOTHING_BACK)]
        elif way is not Way.ALL and (self._later_came or not self._known_came):
            self.other_log = self.other_log or way is Way.BY_LOG_ID
            return []  # the next way
        else:
            self._ways.clear()
            events = [MemoryProgress(state=MemoryState.DONE, done=self._count, total=self._count)]
        if self._again is not None:
            again, self._again = self._again, None
            self.ask(*again)
        return events

    def _hole_stays(self) -> StatusSeen:
        hole = self._hole
        assert hole is not None, "a hole was asked for"
        ids = str(hole.first) if hole.first == hole.last else f"{hole.first} to {hole.last}"
        text = f"the box did not send its log ids {ids}, also when asked again"
        return StatusSeen(kind=StatusKind.WARNING, text=text)
