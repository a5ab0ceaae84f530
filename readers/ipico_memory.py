"""Fetching the memory of an IPICO Lite: the order of the steps, and when to give up.

Sequence as captured from the vendor's program: prepare, set up, start; stored records then come as ordinary lines
among live ones, while the answers to status questions show how many were sent of how many; stop, leave. The end is
where both counts are equal; their unit, a record, is inferred and only shown. Recording goes on meanwhile. Knows no
bytes of lines: it is told of records, answers and time, and says which request is next.
"""

import enum
from typing import Final

from readers.events import MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.ipico_frames import memory_counts
from readers.ipico_requests import Request

POLL_US: Final = 500_000
"""Between two looks at the progress."""
STALL_US: Final = 15_000_000
"""A download in which nothing moves for so long is given up."""
TRIES_MAX: Final = 3
"""Of one step that gets no answer."""

MemoryEvent = MemoryProgress | StatusSeen

NO_ANSWER: Final = "the reader does not answer to the questions about its memory"
REFUSED: Final = "the reader has no memory that can be asked"
STALLED: Final = "the reader stopped sending its memory"
LEFT_EARLY: Final = "the reader ended the download before its end"


class Step(enum.Enum):
    IDLE = enum.auto()
    STATUS = enum.auto()
    CLEAR = enum.auto()
    """A download of an earlier connection is still on."""
    PREPARE = enum.auto()
    SET_UP = enum.auto()
    START = enum.auto()
    RUNNING = enum.auto()
    STOP = enum.auto()
    LEAVE = enum.auto()


_REQUEST: Final[dict[Step, Request]] = {
    Step.STATUS: Request.MEMORY_STATUS,
    Step.CLEAR: Request.MEMORY_STOP,
    Step.PREPARE: Request.MEMORY_PREPARE,
    Step.SET_UP: Request.MEMORY_SET_UP,
    Step.START: Request.MEMORY_START,
    Step.RUNNING: Request.MEMORY_STATUS,
    Step.STOP: Request.MEMORY_STOP,
    Step.LEAVE: Request.MEMORY_LEAVE,
}
_AFTER: Final[dict[Step, Step]] = {
    Step.CLEAR: Step.PREPARE,
    Step.PREPARE: Step.SET_UP,
    Step.SET_UP: Step.START,
    Step.START: Step.RUNNING,
    Step.STOP: Step.LEAVE,
    Step.LEAVE: Step.IDLE,
}
_DOWNLOADING: Final = 0x03
_NOT_RECORDING: Final = 0x00


class MemoryFetch:
    """One fetch at a time; asking during one starts another after it."""

    __slots__ = ("_again", "_done", "_ended", "_moved_us", "_next_us", "_outcome", "_tries", "_waiting", "step")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """A new link: nothing is under way."""
        self.step = Step.IDLE
        self._again = False
        self._waiting = False
        self._tries = 0
        self._next_us = 0
        self._moved_us = 0
        self._ended = False
        self._done = -1
        self._outcome: MemoryProgress | None = None

    def ask(self, steady_us: int) -> None:
        if self.step is not Step.IDLE:
            self._again = True
            return
        self._go(Step.STATUS, steady_us)

    def _go(self, step: Step, steady_us: int) -> None:
        self.step = step
        self._waiting = False
        self._tries = 0
        self._next_us = steady_us
        self._moved_us = steady_us
        self._ended = False
        if step is Step.RUNNING:
            self._done = -1
            self._next_us += POLL_US

    def next_request(self, steady_us: int) -> Request | None:
        """The request that is due; the caller sends it, and tells what came of it."""
        if self.step is Step.IDLE or self._waiting or steady_us < self._next_us:
            return None
        self._waiting = True
        return _REQUEST[self.step]

    def deadline_us(self) -> int | None:
        """When a request becomes due; None while none will, or an answer is awaited."""
        return None if self.step is Step.IDLE or self._waiting else self._next_us

    def record_came(self, steady_us: int) -> None:
        """A tag record: the download is alive (or a runner is; it cannot be told)."""
        self._moved_us = steady_us

    def answered(self, content: bytes, steady_us: int) -> list[MemoryEvent]:
        """An answer about the memory."""
        if self.step is Step.IDLE or not self._waiting or len(content) < 7:
            return []
        self._waiting = False
        self._tries = 0
        done, total = memory_counts(content)
        if self.step is Step.STATUS:
            return self._begin(content[0], total, steady_us)
        if self.step is Step.RUNNING:
            return self._running(content[0], done, total, steady_us)
        return self._step_done(steady_us)

    def refused(self, text: str, steady_us: int) -> list[MemoryEvent]:
        """The reader answered no to the last request."""
        self._waiting = False
        if self.step in (Step.STOP, Step.LEAVE, Step.CLEAR):
            return self._step_done(steady_us)
        if self.step is Step.RUNNING:
            return self._stalled(steady_us)
        return self._give_up(f"{REFUSED} ({text})", steady_us, MemoryState.NONE)

    def unanswered(self, steady_us: int) -> list[MemoryEvent]:
        """The last request got no answer in time."""
        self._waiting = False
        self._tries += 1
        if self.step is Step.RUNNING:
            self._next_us = steady_us
            return self._stalled(steady_us)
        if self._tries < TRIES_MAX:
            self._next_us = steady_us
            return []
        if self.step in (Step.STOP, Step.LEAVE, Step.CLEAR):
            return self._step_done(steady_us)
        return self._give_up(NO_ANSWER, steady_us)

    def _begin(self, state: int, total: int, steady_us: int) -> list[MemoryEvent]:
        events: list[MemoryEvent] = [MemoryProgress(state=MemoryState.ASKED, total=total)]
        if state == _NOT_RECORDING:
            text = "the reader does not record: what it sees while the link is down is lost"
            events.append(StatusSeen(kind=StatusKind.WARNING, text=text))
        self._go(Step.CLEAR if state == _DOWNLOADING else Step.PREPARE, steady_us)
        return events

    def _running(self, state: int, done: int, total: int, steady_us: int) -> list[MemoryEvent]:
        if done != self._done:
            self._done = done
            self._moved_us = steady_us
        self._next_us = steady_us + POLL_US
        events: list[MemoryEvent] = [MemoryProgress(state=MemoryState.RUNNING, done=done, total=total)]
        if done == total:
            # Seen twice: the last lines may still be under way behind the first.
            if self._ended:
                self._outcome = MemoryProgress(state=MemoryState.DONE, done=done, total=total)
                self._go(Step.STOP, steady_us)
            self._ended = True
            return events
        self._ended = False
        if state != _DOWNLOADING:
            return events + self._give_up(LEFT_EARLY, steady_us)
        return events + self._stalled(steady_us)

    def _stalled(self, steady_us: int) -> list[MemoryEvent]:
        if steady_us - self._moved_us < STALL_US:
            return []
        return self._give_up(STALLED, steady_us)

    def _give_up(self, why: str, steady_us: int, state: MemoryState = MemoryState.FAILED) -> list[MemoryEvent]:
        failed = MemoryProgress(state=state, text=why)
        if self.step is Step.RUNNING:
            self._outcome = failed
            self._go(Step.STOP, steady_us)
            return []
        self.step = Step.IDLE
        return [failed, *self._once_more(steady_us)]

    def _step_done(self, steady_us: int) -> list[MemoryEvent]:
        self._go(_AFTER[self.step], steady_us)
        if self.step is not Step.IDLE:
            return []
        outcome, self._outcome = self._outcome, None
        return [*([outcome] if outcome else []), *self._once_more(steady_us)]

    def _once_more(self, steady_us: int) -> list[MemoryEvent]:
        if self._again:
            self._again = False
            self.ask(steady_us)
        return []
