"""Which passings to fetch from a RACE RESULT decoder, and how far that is: numbers in, ranges and files out.

Numbers count from 1 in each file, without gaps; each start of operation opens a new file. So what is missing can be
told exactly: the push that did not come, the damaged line, and after an interruption all numbers since the durable
one. Knows no bytes of lines and no time.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from readers.events import MemoryProgress, MemoryState
from readers.race_result_requests import Request, passings, whole_file
from timing.instants import HOUR

PAGE: Final = 256
"""Passings asked for at once: 25 kB."""
PASSES_MAX: Final = 3
"""How often numbers that did not come are asked for; after that they count as damaged, or the fetch as broken."""
NUMBERS_BEFORE: Final = 200
"""Asked again before the durable number."""
FILES_MAX: Final = 16
"""Older files fetched at most: a decoder keeps those of months."""
SAME_DAY_US: Final = 18 * HOUR
"""An older file is of this day when its last passing is no older than this."""
WAITING_MAX: Final = 100
"""Spans and files that wait; where a line loses so many, the missing ones are found by the next fetch."""

NO_ANSWER: Final = "the decoder does not send its passings"


@dataclass(slots=True)
class Span:
    """Passings `first` to `last` of the current file, `first` moving on; `memory`: part of a fetch that was asked."""

    first: int
    last: int
    memory: bool
    passes: int = 0
    got: set[int] = field(default_factory=set)
    """Numbers that came of the page under way."""

    @property
    def page_end(self) -> int:
        return min(self.last, self.first + PAGE - 1)

    @property
    def request(self) -> Request:
        return passings(self.first, self.page_end - self.first + 1)


@dataclass(slots=True)
class OldFile:
    """All passings of an older file. `tried`: perhaps of this day: if so, the one before it is tried, too."""

    number: int
    memory: bool
    passes: int = 0
    tried: bool = False
    newest_us: int = 0

    @property
    def request(self) -> Request:
        return whole_file(self.number)


Job: TypeAlias = Span | OldFile
_Asked: TypeAlias = tuple[str, int | None, int | None]
"""Box, file and number of a passing."""


class PassingFetch:
    """Told of counts, numbers and the ends of pages; says what to ask for next.

    One fetch of the memory at a time; asking during one starts another after it. Numbers lost on the way are fetched
    beside it, untold.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """A new link: nothing is under way, and nothing is known of the decoder's files."""
        self.file: int | None = None
        self.clock_us: int | None = None
        """What the decoder's clock showed last, where it has a date."""
        self.box = ""
        self.job: Job | None = None
        self._waiting: deque[Job] = deque()
        # The number that the next push will have; None before the first count.
        self._next: int | None = None
        self._counted = 0
        self._asked: _Asked | None = None
        self._again: _Asked | None = None
        self._running = False
        self._done = self._total = 0
        self._troubles: list[str] = []
        self._broken = False

    # What is wanted

    def ask(self, box: str, file: int | None, number: int | None) -> None:
        """Everything since this passing is wanted; None: all of this day. It begins with the next count."""
        if self._running:
            self._again = (box, file, number)
        else:
            self._asked = (box, file, number)

    @property
    def waits_for_count(self) -> bool:
        return self._asked is not None

    def next_request(self) -> Request | None:
        """What to ask for now, if nothing else is under way."""
        if self.job is None and self._waiting:
            self.job = self._waiting.popleft()
        return None if self.job is None else self.job.request

    # What is heard

    def counted(self, count: int, file: int | None, *, pushing: bool) -> list[MemoryProgress]:
        """The decoder told how many passings the current file has, and which file that is where it says so."""
        if file is not None:
            self.file_seen(file)
        before, self._counted = self._counted, count
        if self._asked is not None:
            return self._begin(count)
        if self._next is None:
            self._next = count + 1
        elif file is None and count < before:
            self._next = 1  # numbers never go down in a file: a new one was begun
        # A push may be on its way: what was counted the time before must have come by now.
        last = min(count, before) if pushing else count
        if last >= self._next:
            self._add(Span(self._next, last, memory=False))
            self._next = last + 1
        return []

    def file_seen(self, file: int) -> None:
        """The current file is this one. After another one: the rest of that one is fetched whole."""
        old, self.file = self.file, file
        if old is None or old == file:
            return
        memory = self._running and self._drop_spans()
        self._next, self._counted = 1, 0
        for number in range(max(old, file - FILES_MAX), file):
            self._add(OldFile(number, memory))

    def pushed(self, number: int, file: int | None) -> None:
        """A passing came by itself."""
        if file is not None:
            self.file_seen(file)
        if self._next is None or number < self._next:
            return
        if number > self._next:
            self._add(Span(self._next, number - 1, memory=False))
        self._next = number + 1

    def pulled(self, number: int, stamp_us: int) -> None:
        """A passing came that was asked for."""
        if self.job is not None and self.job.memory:
            self._done += 1
        if isinstance(self.job, Span):
            self.job.got.add(number)
        elif self.job is not None:
            self.job.newest_us = max(self.job.newest_us, stamp_us)

    def page_ended(self) -> list[MemoryProgress]:
        """The answer to the last request is whole."""
        job = self.job
        if job is None:
            return []
        if isinstance(job, OldFile):
            if job.tried and self.clock_us is not None and job.newest_us >= self.clock_us - SAME_DAY_US:
                self._try_file(job.number - 1)
            return self._finished()
        missing = next((n for n in range(job.first, job.page_end + 1) if n not in job.got), None)
        if missing is not None:
            job.passes += 1
            if job.passes < PASSES_MAX:
                return []
            if not job.got:
                return self._given_up(NO_ANSWER)
        job.first, job.passes = job.page_end + 1, 0
        job.got.clear()
        return self._progress() if job.first <= job.last else self._finished()

    def page_broke_off(self) -> list[MemoryProgress]:
        """The answer stopped before its end, or never came."""
        job = self.job
        if job is None:
            return []
        job.passes += 1
        if job.passes < PASSES_MAX and not (isinstance(job, OldFile) and job.tried):
            return []
        return self._given_up(NO_ANSWER)

    def refused(self, words: str) -> list[MemoryProgress]:
        """The decoder answered no."""
        if isinstance(self.job, OldFile):
            text = f"the decoder does not give its file {self.job.number} ({words}): copy it and import it"
            if self.job.memory and not self.job.tried:
                self._troubles.append(text)
            return self._finished()
        return self._given_up(f"the decoder gives no passings by number ({words})")

    def no_count(self, words: str) -> list[MemoryProgress]:
        """The question for the count has no answer, or was refused."""
        if self._asked is None:
            return []
        self._asked = None
        return [MemoryProgress(state=MemoryState.FAILED, text=words)]

    # Steps

    def _begin(self, count: int) -> list[MemoryProgress]:
        assert self._asked is not None, "begun only when asked"
        box, file, number = self._asked
        self._asked = None
        if box and self.box and box != self.box:
            file = None  # another decoder stands here now, with files of its own
        self._running, self._broken = True, False
        self._troubles.clear()
        first = 1
        if file is not None and self.file is not None:
            if file == self.file and number is not None and number <= count:
                first = max(1, number - NUMBERS_BEFORE)
            for old in range(max(file, self.file - FILES_MAX), self.file):
                self._add(OldFile(old, memory=True))
        if first <= count:
            self._add(Span(first, count, memory=True))
        if file is None and self.file is not None and self.clock_us is not None:
            self._try_file(self.file - 1)
        self._next = max(self._next or 1, count + 1)
        self._done, self._total = 0, max(0, count - first + 1)
        return self._progress() if self._waiting_memory() else self._ended()

    def _try_file(self, number: int) -> None:
        """Times without a date could not be told from those of another day: then no older file is tried."""
        if number >= max(1, (self.file or 0) - FILES_MAX):
            self._add(OldFile(number, memory=True, tried=True))

    def _add(self, job: Job) -> None:
        if len(self._waiting) < WAITING_MAX:
            self._waiting.append(job)

    def _drop_spans(self) -> bool:
        """Spans were of a file that is no longer the current one. Gives whether one was of the memory."""
        spans = [job for job in (self.job, *self._waiting) if isinstance(job, Span)]
        self._waiting = deque(job for job in self._waiting if not isinstance(job, Span))
        if isinstance(self.job, Span):
            self.job = None
        return any(span.memory for span in spans)

    def _waiting_memory(self) -> bool:
        return any(job.memory for job in (self.job, *self._waiting) if job is not None)

    def _given_up(self, text: str) -> list[MemoryProgress]:
        job = self.job
        if job is not None and job.memory and not (isinstance(job, OldFile) and job.tried):
            self._broken = True
            self._troubles.append(text)
        return self._finished()

    def _finished(self) -> list[MemoryProgress]:
        memory = self.job is not None and self.job.memory
        self.job = None
        if not memory:
            return []
        return self._progress() if self._waiting_memory() else self._ended()

    def _progress(self) -> list[MemoryProgress]:
        if not self._running:
            return []
        return [MemoryProgress(state=MemoryState.RUNNING, done=self._done, total=max(self._total, self._done))]

    def _ended(self) -> list[MemoryProgress]:
        self._running = False
        self._asked, self._again = self._again, None
        state = MemoryState.FAILED if self._broken else MemoryState.DONE
        total = max(self._total, self._done)
        return [MemoryProgress(state=state, done=self._done, total=total, text="; ".join(self._troubles))]
