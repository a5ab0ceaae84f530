"""What a decoder is: an object fed with bytes that gives back events, with no input or output and no clock of its own.

A protocol is found by the name the race file uses (`timing.reader_kinds`); its code is imported only when chosen.
"""

import importlib
import typing
from collections.abc import Callable, Sequence
from typing import NamedTuple

from readers.errors import UnknownProtocol
from readers.events import DecoderEvent, GunSeen
from timing.instants import Instant
from timing.reader_kinds import KIND_OF
from timing.reads import ChipRead


class Now(NamedTuple):
    """The two clocks a protocol is told: the race clock (for arrivals) and a steady clock (for time-outs)."""

    race_us: Instant
    steady_us: int
    """Real microseconds from an arbitrary zero; never steps."""


class Since(NamedTuple):
    """The last read of a source that is durable, as its reader says: from here on its memory is asked.

    As the driver asks, a margin is already taken off `stamp_us` (stamps come late and out of order). `file` and `seq`
    are those of the read itself, where the reader numbers: who asks by them takes off what margin the reader needs.
    """

    stamp_us: int
    file: str | None = None
    seq: int | None = None


class Protocol(typing.Protocol):
    """One conversation with one reader. Never raises, whatever the wire carries.

    The driver's part: `connected` after opening; `receive_data` with whatever arrived; after each call send what
    `data_to_send` gives; call `handle_deadline` when the steady clock reaches `next_deadline`; `disconnected` when
    the link is gone. What was buffered is then forgotten: half a record never meets the next connection.
    """

    def connected(self, now: Now) -> None:
        """A new link: forget the past one, and prepare the first questions."""

    def disconnected(self) -> list[DecoderEvent]:
        """The link is gone. Gives what is left to say about its last bytes."""

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        """Events of the bytes that arrived, in order; the same whatever the cuts between calls."""

    def data_to_send(self) -> bytes:
        """Bytes to send now, given once; empty when there are none."""

    def next_deadline(self) -> int | None:
        """When to call `handle_deadline`, in steady microseconds; None: no need."""

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        """Questions due (into `data_to_send`), and events of answers that did not come."""

    def ask_memory(self, since: Since | None, now: Now) -> None:
        """Ask the reader for what it recorded since that read, by its own clock or numbers (None: all it has).

        A reader that cannot choose sends all. Told by `MemoryProgress`. Asking while a fetch runs asks again after it.
        """

    @property
    def unanswered_since_us(self) -> int | None:
        """Steady instant of the oldest question that has no answer yet, or None."""


@typing.runtime_checkable
class Acknowledging(typing.Protocol):
    """What a protocol has besides, when its reader wants to be told what is safe. The driver looks for it."""

    def stored(self, reads: Sequence[ChipRead | GunSeen]) -> None:
        """These reads and guns, given as events before, are durable now; called once for each, reads in their order.

        What there is to say of it goes into `data_to_send`. They may be of an earlier link: one that cannot be told
        any more is passed over.
        """


class ReplayQuestion(NamedTuple):
    """How a reader is asked for its past over links of their own: the first for the question, the second for it."""

    control_port: int
    question: bytes
    """Sent on the first link, which then stays open."""
    replay_port: int
    opening: bytes
    """Sent on the second link, which the reader ends when all has come."""


@typing.runtime_checkable
class Replaying(typing.Protocol):
    """What a protocol has besides, when its reader sends its past over a second link. The driver looks for it."""

    def replay_wanted(self) -> ReplayQuestion | None:
        """What to ask now, given once; None when there is nothing to ask."""

    def replay_received(self, data: bytes, now: Now) -> list[DecoderEvent]:
        """Events of bytes of the second link, the same whatever the cuts between calls."""

    def replay_ended(self, failure: str, now: Now) -> list[DecoderEvent]:
        """The second link has ended. `failure`: why it did not come to its end, empty when it did."""


def protocol_names() -> tuple[str, ...]:
    """The names a race file may use for a directly attached reader."""
    return tuple(KIND_OF)


def protocol_class(name: str) -> Callable[[], Protocol]:
    """What makes a decoder of that name.

    Raises: UnknownProtocol, naming those there are.
    """
    if name not in KIND_OF:
        raise UnknownProtocol(f"no reader protocol is called {name!r}; there are: {', '.join(KIND_OF)}")
    made: Callable[[], Protocol] = importlib.import_module(f"readers.{name}").PROTOCOL
    return made
