"""Setting a reader's clock: for one explicit command of a person before the race, and for nothing else.

No protocol and no driver has these words. The kinds that can be set are named in `SETTABLE`; the frames module of such
a kind has `set_clock_request(stamp_us: int) -> bytes`, for a whole second of the reader's own clock, to be sent alone,
and, where the reader acts late, `CLOCK_ACTS_AFTER_US`. What was set is verified by asking.
"""

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Self

from readers.errors import ClockNotSet, UnknownProtocol
from readers.events import ClockSeen, StatusKind
from readers.probing import Heard, send, talk
from readers.protocol import protocol_class
from readers.race_clock import RaceClock
from readers.transports import Transport
from timing.instants import SECOND, Duration, Instant
from timing.reader_kinds import KIND_OF

SETTABLE: Final = frozenset({"ipico", "race_result", "ultra"})
"""IPICO and Ultra were set in tests, virtual ones; a RACE RESULT decoder only by the maker's page, out of operation."""

ASK_S: Final = 8.0
"""How long a reader is given to tell its time."""
ACTS_WITHIN_S: Final = 2.0
"""After the request, before the reader is asked again: those known act within half a second."""
RIGHT_WITHIN_US: Final = 100_000
"""A clock that differs by no more, beyond what is uncertain, was set."""
_AHEAD_US: Final = 300_000
"""The request is prepared at least so long before it is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSetter:
    """How the clock of one kind of reader is set."""

    protocol: str
    request: Callable[[int], bytes]
    acts_after_us: Duration = 0
    """From the arrival of the request to the moment at which the clock shows what was asked."""

    @classmethod
    def of(cls, protocol: str) -> Self:
        """Raises: UnknownProtocol; ClockNotSet when this kind cannot be set, or cannot be asked whether it was."""
        if protocol not in KIND_OF:
            raise UnknownProtocol(f"no reader protocol is called {protocol!r}; there are: {', '.join(KIND_OF)}")
        if protocol not in SETTABLE:
            title = KIND_OF[protocol].title
            raise ClockNotSet(f"the clock of {title} cannot be set from here: use the maker's program")
        assert KIND_OF[protocol].reads_clock, "what was set is verified by asking"
        module = importlib.import_module(f"readers.{protocol}_frames")
        return cls(
            protocol=protocol,
            request=module.set_clock_request,
            acts_after_us=getattr(module, "CLOCK_ACTS_AFTER_US", 0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSet:
    """What came of it: the clock before and after, and the difference that was there and is left.

    `refused`: the last refusal that came after the request; of what, only the reader's own words may tell.
    """

    before: ClockSeen
    after: ClockSeen
    was_off_us: Duration
    is_off_us: Duration
    refused: str = ""

    @property
    def is_right(self) -> bool:
        return abs(self.is_off_us) <= RIGHT_WITHIN_US + self.after.uncertain_us


async def set_clock(
    connect: Callable[[], Awaitable[Transport]],
    setter: ClockSetter,
    clock: RaceClock,
    shown_at: Callable[[Instant], int],
) -> ClockSet:
    """Asks the time, sets it, and asks again, over one link.

    Args:
        shown_at: what a right clock of this kind shows at an instant, as a stamp.
    Raises: ClockNotSet when the reader does not tell its time, or refuses; TransportError.
    """
    transport = await connect()
    try:
        before = await _asked(transport, setter.protocol, clock)
        way_us = before.round_trip_us // 2
        early_us = setter.acts_after_us + way_us
        # The next whole second of the reader's clock that there is still time for.
        earliest_us = clock.now_us() + early_us + _AHEAD_US
        shown_us = -(-shown_at(earliest_us) // SECOND) * SECOND
        at_us = earliest_us + (shown_us - shown_at(earliest_us)) - early_us
        request = setter.request(shown_us)
        await asyncio.sleep(clock.real_seconds_until(at_us))
        await send(transport, request)
        refused = await _refused(transport, setter.protocol, clock)
        answered = await _asked(transport, setter.protocol, clock)
    finally:
        transport.close()
    return ClockSet(
        before=before,
        after=answered,
        was_off_us=_off_us(before, shown_at),
        is_off_us=_off_us(answered, shown_at),
        refused=refused,
    )


def _off_us(seen: ClockSeen, shown_at: Callable[[Instant], int]) -> Duration:
    """By how much the clock is ahead of what it should show."""
    return seen.stamp_us + seen.resolution_us // 2 - shown_at((seen.asked_us + seen.received_us) // 2)


async def _refused(transport: Transport, protocol: str, clock: RaceClock) -> str:
    """What the reader refused while it had the time to act; all else that it said then is passed over.

    Raises: ClockNotSet when it refused and told no time.
    """
    heard = Heard(protocol=protocol, asked=True)
    await talk(transport, protocol_class(protocol)(), clock, heard, within_s=ACTS_WITHIN_S, enough=lambda _: False)
    _check_refusals(heard)
    return "".join(heard.said(StatusKind.REFUSED)[-1:])


async def _asked(transport: Transport, protocol: str, clock: RaceClock) -> ClockSeen:
    """The reader's clock.

    Raises: ClockNotSet, with the reader's own words if it refused.
    """
    heard = Heard(protocol=protocol, asked=True)
    await talk(
        transport, protocol_class(protocol)(), clock, heard, within_s=ASK_S, enough=lambda it: it.clock is not None
    )
    if heard.clock is None:
        _check_refusals(heard)
        raise ClockNotSet("the reader does not tell its time: is it the right kind, port and speed?")
    return heard.clock


def _check_refusals(heard: Heard) -> None:
    """Raises: ClockNotSet when the reader refused while only it was spoken with."""
    refusals = heard.said(StatusKind.REFUSED)
    if refusals and heard.clock is None:
        raise ClockNotSet(f"{refusals[0]}: nothing was set")
