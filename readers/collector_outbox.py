"""What a collector sends next, and when it sends again: the delivery rules of the protocol as a pure state machine.

Source: docs/collector_protocol.md, sections Reads, Confirmed, and the last row of the last table. It is told what
happened (stored, confirmed, link and engine come and go, asked) and is asked for the next parcel. Time is given to it:
microseconds of a steady clock. Knows numbers only: no reads, no store, no MQTT.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from readers.collector_batch import MAX_READS
from readers.collector_cursor import HIGHEST, Cursor, Range, clipped
from timing.instants import MILLISECOND, SECOND

FULL_BATCH: Final = 200
"""A batch goes out when it holds so many reads …"""
LONGEST_WAIT_US: Final = 50 * MILLISECOND
"""… or when its oldest read has waited so long."""
UNDER_WAY: Final = 20
"""Unconfirmed batches under way at most."""
PATIENCE_US: Final = 5 * SECOND
LONGEST_PATIENCE_US: Final = 60 * SECOND
TRIES: Final = 3


@dataclass(slots=True, kw_only=True)
class Parcel:
    """Numbers to be sent as one batch; `unsendable`: in the form of last resort.

    `tries`: times sent. `level`: how often patience was doubled. `due_us`: when it counts as lost. `turn`: its place in
    the order of first sending. `outrun_us`: since when something sent later is confirmed and this is not: the engine
    gets our messages, not this. `whole`: False for what was halved before.
    """

    first: int
    last: int
    unsendable: bool = False
    tries: int = 0
    level: int = 0
    turn: int = 0
    due_us: int = 0
    outrun_us: int | None = None
    whole: bool = True

    def __len__(self) -> int:
        return self.last - self.first + 1


class Outbox:
    """Attributes: confirmed: what needs no sending; last: the highest number stored; held_from: the lowest held."""

    def __init__(self, *, last: int = 0, held_from: int = 1, confirmed: Cursor | None = None) -> None:
        self.last = last
        self.held_from = held_from
        self.confirmed = confirmed or Cursor()
        self._linked = False
        self._here = False
        self._resume_us = 0
        self._under_way: list[Parcel] = []
        self._again: deque[Parcel] = deque()  # timed out, before their third try
        self._suspects: deque[Parcel] = deque()  # timed out thrice, or halves of such
        self._asked: deque[Range] = deque()
        self._fresh: deque[tuple[int, int]] = deque()  # (last number, when stored) of what was never sent
        self._sent = last  # highest number ever sent by this process, or stored before it
        # Of what was stored before this process, only what it has sent itself can be confirmed to it: under the same
        # numbers a copy of this store may have sent other reads, and the broker keeps what was confirmed to that.
        self._stored_before = last
        self._sent_of_before = Cursor()
        self._turn = 0
        self._suspects_next = False

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    @property
    def sent(self) -> int:
        """No number above this was ever sent: who confirms one has it from somebody else."""
        return self._sent

    @property
    def unconfirmed(self) -> int:
        """Held reads that are not confirmed."""
        return sum(b - a + 1 for a, b in self.confirmed.missing(self.held_from, self.last))

    @property
    def may_send(self) -> bool:
        return self._linked and self._here

    def stored(self, last: int, now_us: int) -> None:
        """Reads up to `last` are safe in the store."""
        self._fresh.append((last, now_us))
        self.last = last

    def forgotten(self, held_from: int) -> None:
        """Lower numbers are no longer held."""
        self.held_from = held_from

    def linked(self) -> None:
        """Connected: nothing sent before can be counted on. What the engine is, is not known yet."""
        self._linked, self._here = True, False
        self._forget_under_way()

    def unlinked(self) -> None:
        self._linked = self._here = False

    def engine_here(self, resume_us: int) -> None:
        """The engine is there, or is back: all that is not confirmed is sent again from `resume_us` on."""
        self._here, self._resume_us = True, resume_us
        self._forget_under_way()

    def engine_away(self) -> None:
        self._here = False

    def confirm(self, through: int, also: tuple[Range, ...], now_us: int, *, kept: bool = False) -> bool:
        """The engine holds these, from whomever it has them. Returns whether anything moved.

        kept: the broker had it from before this link, so that it does not speak of what was sent over this one.
        """
        parts = [(1, through)] if through else []
        moved = False
        for first, last in self._ours([*parts, *also], kept):
            moved |= bool(self.confirmed.add(first, last))
        if not moved:
            return False
        done = [parcel for parcel in self._under_way if self._is_confirmed(parcel)]
        self._under_way = [parcel for parcel in self._under_way if not self._is_confirmed(parcel)]
        self._again = deque(parcel for parcel in self._again if not self._is_confirmed(parcel))
        self._suspects = deque(parcel for parcel in self._suspects if not self._is_confirmed(parcel))
        newest = max((parcel.turn for parcel in done), default=0)
        for parcel in [*self._under_way, *self._again, *self._suspects]:
            if parcel.turn < newest and parcel.tries and parcel.outrun_us is None:
                parcel.outrun_us = now_us
        for parcel in self._under_way:  # things move again: nobody waits out a long pause
            parcel.due_us = min(parcel.due_us, now_us + PATIENCE_US)
        return True

    def _ours(self, ranges: Sequence[Range], kept: bool) -> Iterator[Range]:
        """Those that this process sent, or that nobody else could have sent."""
        for sent in () if kept else self._sent_of_before.ranges:
            yield from clipped(ranges, *sent)
        yield from clipped(ranges, self._stored_before + 1, HIGHEST)

    def ask(self, first: int, last: int) -> None:
        """The engine asks for these, confirmed or not. What is not held is left out (the caller tells)."""
        first, last = max(first, self.held_from), min(last, self.last)
        if first > last:
            return
        back = [parcel for parcel in self._under_way if parcel.first <= last and parcel.last >= first]
        self._under_way = [parcel for parcel in self._under_way if parcel not in back]
        for parcel in reversed(back):
            self._again.appendleft(parcel)
        queued = [(parcel.first, parcel.last) for parcel in [*self._again, *self._suspects]]
        busy = Cursor(0, [*queued, *self._asked])
        for start, end in busy.missing(first, last):
            self._asked.append((start, end))

    def send_all_again(self) -> None:
        """Another journal counts from now on: everything held goes out once more."""
        self.confirmed = Cursor()
        self._forget_under_way()
        self._suspects.clear()
        self._asked.clear()
        self.ask(self.held_from, self.last)

    def next_parcel(self, now_us: int) -> Parcel | None:
        """What to send now; it counts as under way from here on. None: nothing now, see `deadline_us`."""
        if not self.may_send or now_us < self._resume_us:
            return None
        self._expire(now_us)
        if len(self._under_way) >= UNDER_WAY:
            return None
        parcel = self._chosen(now_us)
        if parcel is None:
            return None
        parcel.tries += 1
        self._turn += 1
        parcel.turn = parcel.turn or self._turn
        parcel.due_us = now_us + min(PATIENCE_US << min(parcel.level, 6), LONGEST_PATIENCE_US)
        parcel.level += 1
        self._sent = max(self._sent, parcel.last)
        if parcel.first <= self._stored_before:
            self._sent_of_before.add(parcel.first, min(parcel.last, self._stored_before))
        while self._fresh and self._fresh[0][0] <= self._sent:
            self._fresh.popleft()
        if not self._is_confirmed(parcel):  # asked for, and confirmed already: sent once and done with
            self._under_way.append(parcel)
        return parcel

    def deadline_us(self, now_us: int) -> int | None:
        """When `next_parcel` may have something although nothing happened; None: not before something happens."""
        if not self.may_send:
            return None
        if now_us < self._resume_us:
            return self._resume_us
        times = [parcel.due_us for parcel in self._under_way]
        waiting = self._oldest_waiting_us()
        if waiting is not None and len(self._under_way) < UNDER_WAY and self._lowest_free() is not None:
            times.append(waiting + LONGEST_WAIT_US)
        return min(times, default=None)

    def _chosen(self, now_us: int) -> Parcel | None:
        if self._again:
            return self._again.popleft()
        if self._asked:
            first, last = self._asked.popleft()
            if last - first >= MAX_READS:
                self._asked.appendleft((first + MAX_READS, last))
            return Parcel(first=first, last=min(last, first + MAX_READS - 1))
        # Suspects and the rest in turn: suspects must not block the queue, and only later reads can convict them.
        self._suspects_next = not self._suspects_next
        if self._suspects and self._suspects_next:
            return self._suspects.popleft()
        return self._unconfirmed_parcel(now_us) or (self._suspects.popleft() if self._suspects else None)

    def _unconfirmed_parcel(self, now_us: int) -> Parcel | None:
        """The lowest numbers that are neither confirmed nor on their way, as many as fit."""
        free = self._lowest_free()
        if free is None:
            return None
        first, last = free
        if last == self.last and first > self._sent and last - first + 1 < FULL_BATCH:
            waiting = self._oldest_waiting_us()
            if waiting is not None and now_us < waiting + LONGEST_WAIT_US:
                return None
        return Parcel(first=first, last=min(last, first + MAX_READS - 1))

    def _lowest_free(self) -> Range | None:
        busy = Cursor(0, self._asked)
        for parcel in [*self._under_way, *self._again, *self._suspects]:
            busy.add(parcel.first, parcel.last)
        for first, last in self.confirmed.missing(self.held_from, self.last):
            for part in busy.missing(first, last):
                return part
        return None

    def _oldest_waiting_us(self) -> int | None:
        return self._fresh[0][1] if self._fresh else None

    def _expire(self, now_us: int) -> None:
        """What was not confirmed in time is sent again: whole, then in halves, at last as unsendable."""
        due = [parcel for parcel in self._under_way if parcel.due_us <= now_us]
        if not due:
            return
        # With nothing but suspects left, halving needs no proof: it costs nothing and may give it.
        tried = all(parcel.tries >= TRIES or not parcel.whole for parcel in self._under_way)
        alone = tried and not self._again and not self._asked and self._lowest_free() is None
        self._under_way = [parcel for parcel in self._under_way if parcel.due_us > now_us]
        for parcel in due:
            self._queue_again(parcel, now_us, alone=alone)

    def _queue_again(self, parcel: Parcel, now_us: int, *, alone: bool) -> None:
        outrun = parcel.outrun_us is not None and now_us - parcel.outrun_us >= PATIENCE_US
        if len(parcel) > 1 and parcel.tries >= (TRIES if parcel.whole else 1) and (outrun or alone):
            middle = (parcel.first + parcel.last) // 2
            level = 0 if outrun else parcel.level  # without proof it may be the journal that stands still
            for first, last in ((parcel.first, middle), (middle + 1, parcel.last)):
                # Parts that are confirmed by now are left out; what remains keeps its bounds.
                if self._lacks(first, last):
                    self._suspects.append(Parcel(first=first, last=last, level=level, whole=False))
            return
        if len(parcel) == 1 and parcel.tries >= TRIES and outrun:
            # Only with proof that the engine takes what is sent later: a journal that stands still convicts nobody.
            parcel.unsendable = True
        (self._suspects if parcel.tries >= TRIES or not parcel.whole else self._again).append(parcel)

    def _is_confirmed(self, parcel: Parcel) -> bool:
        return not self._lacks(parcel.first, parcel.last)

    def _lacks(self, first: int, last: int) -> bool:
        return next(self.confirmed.missing(first, last), None) is not None

    def _forget_under_way(self) -> None:
        """Nothing under way can be counted on; what was under suspicion stays so."""
        for parcel in self._under_way:
            if parcel.tries >= TRIES or not parcel.whole:
                self._suspects.append(parcel)
        self._under_way.clear()
        self._again.clear()
        for parcel in self._suspects:
            parcel.due_us = 0


def gone(first: int, last: int, held_from: int, stored_last: int) -> tuple[Range, ...]:
    """The part of `first` to `last` that was stored once and is no longer held."""
    return clipped([(first, last)], 1, min(held_from - 1, stored_last))
