"""The journal's one writer: a thread that makes entries durable in groups, and says how it fares.

Owns the order of entries, their numbers and seals, and what happens when the storage fails: it stops confirming,
keeps everything in order, tries again with pauses, and before it writes again it opens the database anew and compares
its end with what was confirmed. Knows nothing of what bodies hold. The only thread and the only clock (a steady one,
for its health) of this room.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from timing.errors import JournalDamaged, JournalError, JournalNotWritten
from timing.instants import MILLISECOND, SECOND, Duration
from timing.journal_chain import Entry, NewEntry, sealed
from timing.journal_check import Chain
from timing.journal_head import Head, HeadFile

WAITING_BYTES_MAX: Final = 64 * 1024 * 1024
"""Bodies waiting to be written. At 20 bytes a read, over three million reads: far more than a race's peak hour."""

WAITING_ENTRIES_MAX: Final = 200_000
"""Entries waiting to be written: bounds the memory of many small ones."""

_GROUP_BYTES_MAX: Final = 4 * 1024 * 1024
_GROUP_ENTRIES_MAX: Final = 2_000
"""One transaction: large enough that syncing costs nothing per read, small enough to be quick."""

_RECENT_BYTES_MAX: Final = 4 * 1024 * 1024
"""Confirmed entries kept to be written again, should a database server lose the end in a failover."""

_PAUSE_FIRST_US: Final = 100 * MILLISECOND
_PAUSE_LONGEST_US: Final = SECOND
"""Between tries while the storage fails. Short: the reads of a finish line are waiting."""

_STORAGE_ERRORS: Final = (SQLAlchemyError, OSError, JournalError)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterHealth:
    """How the writer fares, for the crew's page. Durations in microseconds of the steady clock.

    `failing_us`: how long nothing could be made durable, None while all is well. `stopped`: it will not go on by
    itself. `flushing_us`: how long the flush under way has taken, None between flushes. `outages`: how often it
    began to fail, so that one shorter than the time between two looks is seen too; `outage_error`: why, the last time.
    """

    waiting_entries: int
    waiting_bytes: int
    oldest_waiting_us: Duration
    flushes: int
    last_flush_us: Duration
    flushing_us: Duration | None
    failing_us: Duration | None
    failed_tries: int
    outages: int
    outage_error: str
    error: str | None
    stopped: bool

    @property
    def writing(self) -> bool:
        """Whether what is appended is being confirmed."""
        return self.failing_us is None and not self.stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    entries: Sequence[NewEntry]
    size: int
    since_us: int
    done: "Future[tuple[int, ...]]"


def steady_us() -> Duration:
    """A clock that never steps, in microseconds from an arbitrary zero."""
    return time.monotonic_ns() // 1000


class JournalWriter:
    """Appends to one chain. All methods may be called from any thread."""

    def __init__(
        self, chain: Chain, *, journal: str, last: int, seal: bytes, head: HeadFile | None, clock: Callable[[], int]
    ) -> None:
        self._chain = chain
        self._journal = journal
        self._head = head
        self._clock = clock
        self._last = last
        self._seal = seal
        self._recent: deque[Entry] = deque()
        self._recent_bytes = 0
        self._before_recent = (last, seal)
        self._connection: Connection | None = None
        self._state = threading.Condition()
        # Below: guarded by _state.
        self._queue: deque[_Request] = deque()
        self._in_hand: list[_Request] = []
        self._waiting_entries = 0
        self._waiting_bytes = 0
        self._closing_at_us: int | None = None
        self._failing_since_us: int | None = None
        self._failed_tries = 0
        self._outages = 0
        self._outage_error = ""
        self._error: str | None = None
        self._stopped = False
        self._flushes = 0
        self._last_flush_us = 0
        self._flush_began_us: int | None = None
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    @property
    def last(self) -> int:
        """The last number that is durable."""
        return self._last

    @property
    def seal(self) -> bytes:
        """The seal of the last durable entry; stable only once the writer is closed."""
        return self._seal

    @property
    def health(self) -> WriterHealth:
        with self._state:
            now = self._clock()
            oldest = self._in_hand[0] if self._in_hand else self._queue[0] if self._queue else None
            return WriterHealth(
                waiting_entries=self._waiting_entries,
                waiting_bytes=self._waiting_bytes,
                oldest_waiting_us=0 if oldest is None else now - oldest.since_us,
                flushes=self._flushes,
                last_flush_us=self._last_flush_us,
                flushing_us=None if self._flush_began_us is None else now - self._flush_began_us,
                failing_us=None if self._failing_since_us is None else now - self._failing_since_us,
                failed_tries=self._failed_tries,
                outages=self._outages,
                outage_error=self._outage_error,
                error=self._error,
                stopped=self._stopped,
            )

    def append(self, entries: Sequence[NewEntry]) -> "Future[tuple[int, ...]]":
        """Queue the entries; the future gives their numbers once they, and all before them, are durable.

        None at all is a barrier: its future is done when everything appended before is durable.
        Raises: JournalNotWritten when closed, stopped, or when too much is waiting; nothing was taken then.
        """
        done: Future[tuple[int, ...]] = Future()
        done.set_running_or_notify_cancel()  # From here on it cannot be cancelled: it is on its way to the disk.
        size = sum(len(entry.body) for entry in entries)
        with self._state:
            if self._stopped or self._closing_at_us is not None:
                raise JournalNotWritten(self._error or f"{self._chain.title} is closed")
            if self._waiting_entries + len(entries) > WAITING_ENTRIES_MAX or (
                self._waiting_bytes + size > WAITING_BYTES_MAX and self._waiting_entries > 0
            ):
                raise JournalNotWritten(
                    f"{self._waiting_entries} entries ({self._waiting_bytes} bytes) are waiting to be written, no more "
                    f"are taken: {self._error or 'the storage is too slow'}"
                )
            self._waiting_entries += len(entries)
            self._waiting_bytes += size
            self._queue.append(_Request(entries=entries, size=size, since_us=self._clock(), done=done))
            self._state.notify_all()
        return done

    def close(self, wait_us: Duration) -> bool:
        """Write what waits, for at most `wait_us`, and stop. False when something could not be written.

        What could not be written fails with JournalNotWritten.
        """
        with self._state:
            if self._closing_at_us is None:
                self._closing_at_us = self._clock() + wait_us
            self._state.notify_all()
        self._thread.join()
        with self._state:
            return self._waiting_entries == 0

    def _run(self) -> None:
        try:
            while self._take_group():
                entries = sealed(
                    [new for request in self._in_hand for new in request.entries], last=self._last, seal=self._seal
                )
                if entries and not self._made_durable(entries):
                    break
                self._confirm(entries)
        finally:
            self._disconnect()
            self._give_up()

    def _take_group(self) -> bool:
        """Move the next requests into hand; False when closing and none is left."""
        with self._state:
            while not self._queue and self._closing_at_us is None:
                self._state.wait()
            count = size = 0
            while self._queue and count < _GROUP_ENTRIES_MAX and size < _GROUP_BYTES_MAX:
                request = self._queue.popleft()
                self._in_hand.append(request)
                count += len(request.entries)
                size += request.size
            return bool(self._in_hand)

    def _made_durable(self, entries: list[Entry]) -> bool:
        """Write until it is done; False when it must be given up. A pause follows each failure."""
        pause_us = _PAUSE_FIRST_US
        while True:
            began = self._clock()
            with self._state:
                self._flush_began_us = began
            try:
                self._write(entries)
            except JournalDamaged as damage:
                self._stop(str(damage))
                return False
            except _STORAGE_ERRORS as error:
                self._disconnect()
                self._note_failure(error, began)
                if not self._paused(pause_us):
                    return False
                pause_us = min(2 * pause_us, _PAUSE_LONGEST_US)
                continue
            with self._state:
                self._flush_began_us = None
                self._flushes += 1
                self._last_flush_us = self._clock() - began
                self._failing_since_us = self._error = None
                self._failed_tries = 0
            return True

    def _write(self, entries: list[Entry]) -> None:
        """One try. After a failure it begins by finding out how far the database got."""
        missing = entries
        if self._connection is None:
            missing = self._missing(entries)
            self._connection = self._chain.store.engine.connect()
        if missing:
            self._chain.store.write(self._connection, missing)

    def _missing(self, entries: list[Entry]) -> list[Entry]:
        """What the database does not hold yet of what was confirmed lately and of these.

        A commit whose outcome is unknown may have succeeded; a server that failed over may have lost confirmed ones.
        Raises: JournalDamaged when the end is neither: somebody else wrote, or more is lost than is kept here.
        """
        known = [*self._recent, *entries]
        last, seal = self._chain.tail(len(known))
        if last == self._last and seal == self._seal:
            return entries
        if (last, seal) == self._before_recent:
            return known
        for index, entry in enumerate(known):
            if entry.number == last and entry.seal == seal:
                return known[index + 1 :]
        if last < self._last:
            raise self._chain.cut_off(last, self._last)
        raise self._chain.other_history(last)

    def _confirm(self, entries: list[Entry]) -> None:
        if entries:
            self._last, self._seal = entries[-1].number, entries[-1].seal
            self._remember(entries)
            if self._head is not None:
                self._write_head(self._head)
        with self._state:
            requests, self._in_hand = self._in_hand, []
            for request in requests:
                self._waiting_entries -= len(request.entries)
                self._waiting_bytes -= request.size
        number = entries[0].number if entries else 0
        for request in requests:
            numbers = tuple(range(number, number + len(request.entries)))
            number += len(request.entries)
            request.done.set_result(numbers)

    def _write_head(self, head: HeadFile) -> None:
        try:
            head.write(Head(journal=self._journal, number=self._last, seal=self._seal))
        except OSError as error:
            # The entries are durable: a head that lags only makes a later loss of the end harder to see.
            with self._state:
                self._error = f"the head file cannot be written: {error}"

    def _remember(self, entries: list[Entry]) -> None:
        self._recent.extend(entries)
        self._recent_bytes += sum(len(entry.body) for entry in entries)
        while self._recent_bytes > _RECENT_BYTES_MAX and len(self._recent) > 1:
            oldest = self._recent.popleft()
            self._recent_bytes -= len(oldest.body)
            self._before_recent = (oldest.number, oldest.seal)

    def _note_failure(self, error: BaseException, began_us: int) -> None:
        words = self._chain.store.words(error)
        with self._state:
            self._flush_began_us = None
            self._failed_tries += 1
            self._error = self._outage_error = words
            if self._failing_since_us is None:
                self._failing_since_us = began_us
                self._outages += 1

    def _paused(self, pause_us: Duration) -> bool:
        """Wait before the next try; False when closing and its time is up."""
        with self._state:
            closing_at = self._closing_at_us
            self._state.wait_for(lambda: self._closing_at_us != closing_at, timeout=pause_us / SECOND)
            return self._closing_at_us is None or self._clock() < self._closing_at_us

    def _stop(self, error: str) -> None:
        with self._state:
            self._flush_began_us = None
            self._stopped = True
            self._error = error

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close()
        except SQLAlchemyError:
            connection.invalidate()

    def _give_up(self) -> None:
        """Whatever is still waiting when the thread ends is told so; what a bug left in hand too."""
        with self._state:
            self._stopped = True
            requests = [*self._in_hand, *self._queue]
            self._in_hand = []
            self._queue.clear()
            error = self._error or "the journal's writer has ended"
        for request in requests:
            request.done.set_exception(JournalNotWritten(error))
