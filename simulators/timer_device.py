"""What virtual hand timers have in common: impulses that become due, a link, a memory, and commands that come in.

Bytes in, bytes out; no port, no clock of its own. What became due while nobody was connected is in the memory alone. A
device of a kind says how an impulse looks on its wire and what it answers. The methods are those of `ipico_reader`.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from timing.instants import Duration, Instant

COMMAND_MAX: Final = 80
"""Bytes of a command that has no end yet; more are rubbish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impulse:
    """One time: when it is due on the race clock, and what the device shows of it.

    `channel` as the device numbers its inputs; `number` a bib or index; `tag` for devices that read chips, `signal` the
    byte of those that tell one.
    """

    due_us: Instant
    stamp_us: int
    channel: int = 1
    by_hand: bool = False
    number: int = 0
    tag: str = ""
    signal: int = 0x7A


class VirtualTimer:
    """One device. `now` in all calls is the race clock. Impulses must be in order of `due_us`.

    `stands_still`: the race waits for the host ("as fast as possible"): nothing passes while nobody is connected.
    """

    def __init__(self, impulses: Sequence[Impulse], *, stands_still: bool = False) -> None:
        assert all(a.due_us <= b.due_us for a, b in pairwise(impulses)), "in order of due_us"
        self.impulses = tuple(impulses)
        self._stands_still = stands_still
        self.connected = False
        self.connections = 0
        self.forbidden: list[bytes] = []
        """Commands that would erase, stop or change the device: taken note of, and not obeyed."""
        self._live = 0
        self._sent: set[int] = set()
        self._inbox = bytearray()
        self._replies = bytearray()

    # What a kind of device says

    def frame(self, place: int) -> bytes:
        """The bytes of an impulse, by its place."""
        raise NotImplementedError

    def obey(self, command: bytes, now: Instant) -> None:
        """A command came, without its line end; answers go to `reply`."""

    # The link

    def host_connected(self, now: Instant) -> None:
        """A host listens from now on. What was due before is in the memory alone."""
        self._pass_by(now)
        self.connected = True
        self.connections += 1

    def host_disconnected(self, now: Instant) -> None:
        """Nobody listens any more. What was sent counts as sent, though nobody knows whether all of it arrived."""
        self._pass_by(now)
        self.connected = False
        self._inbox.clear()
        self._replies.clear()

    def _pass_by(self, now: Instant) -> None:
        if not self._stands_still:
            self._live = max(self._live, self.recorded(now))

    def receive(self, data: bytes, now: Instant) -> None:
        """Takes bytes from the host; answers come with the next `take`."""
        self._inbox += data
        while (
            end := min((at for at in (self._inbox.find(b"\r"), self._inbox.find(b"\n")) if at >= 0), default=-1)
        ) >= 0:
            command = bytes(self._inbox[:end])
            del self._inbox[: end + 1]
            if command:
                self.obey(command, now)
        if len(self._inbox) > COMMAND_MAX:
            self._inbox.clear()

    def reply(self, data: bytes) -> None:
        self._replies += data

    def send_again(self, places: Sequence[int] | range) -> None:
        """These impulses, from the memory, after what waits already."""
        for place in places:
            self.reply(self.frame(place))
            self._sent.add(place)

    def take(self, now: Instant, limit: int) -> bytes:
        """Bytes to send now: answers, then impulses that are due; whole frames, at most `limit` bytes of answers."""
        out = bytes(self._replies[:limit])
        del self._replies[:limit]
        due = self.recorded(now)
        while self._live < due and not self._replies:
            frame = self.frame(self._live)
            if out and len(out) + len(frame) > limit:
                break
            out += frame
            self._sent.add(self._live)
            self._live += 1
        return out

    # How far

    def recorded(self, now: Instant) -> int:
        """How many impulses the memory holds."""
        return bisect_right(self.impulses, now, key=lambda impulse: impulse.due_us)

    def next_due_us(self) -> Instant | None:
        """When the next impulse is due; None when there is none left."""
        return self.impulses[self._live].due_us if self._live < len(self.impulses) else None

    @property
    def busy(self) -> bool:
        """Whether answers wait to be taken."""
        return bool(self._replies)

    @property
    def sent(self) -> int:
        """Impulses sent, live or from the memory, each counted once."""
        return len(self._sent)

    @property
    def remaining(self) -> int:
        return len(self.impulses) - self.sent

    @property
    def done(self) -> bool:
        return self.remaining == 0 and not self.busy

    def lag_us(self, now: Instant) -> Duration:
        """How far what is sent live is behind the race clock; 0 when nothing waits."""
        due = self.next_due_us()
        return 0 if due is None else max(0, now - due)
