"""What is at the other end of a wire: hears it out, then asks as each kind of reader is asked, and changes nothing.

First it only listens, with all kinds that fit the wire; a kind whose conversation is questions alone (`asks_only`) is
then tried by asking. The memory is never asked: on some readers that is a mode of its own. Nothing is acknowledged.
Ends by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from readers.errors import ConnectionLost, TransportError, TransportTimeout
from readers.events import ClockSeen, DecoderEvent, GunSeen, Malformed, StatusKind, StatusSeen
from readers.protocol import Now, Protocol, protocol_class
from readers.race_clock import RaceClock
from readers.transports import Transport
from timing.instants import SECOND
from timing.reader_kinds import KIND_OF
from timing.reads import ChipRead

LISTEN_S: Final = 2.5
"""How long is only listened: heartbeats of most readers come within it, and so do banners."""
ASK_S: Final = 6.0
"""How long one kind is asked; a reader that answers has said all long before."""
ENOUGH_CLOCKS: Final = 2
WRITE_WITHIN_S: Final = 3.0
KEPT_MAX: Final = 2_000
"""Of a mat that is being run over, the first events say enough."""
SAMPLE_MAX: Final = 120


def makes_sense(event: DecoderEvent) -> bool:
    """Whether it needs a reader of this kind. Rubbish may look like text, or like an answer that makes no sense."""
    if isinstance(event, StatusSeen):
        return event.kind not in (StatusKind.BANNER, StatusKind.WARNING)
    return not isinstance(event, Malformed)


@dataclass(kw_only=True)
class Heard:
    """What one kind of reader made of what came. `asked`: it was asked, not only listened to."""

    protocol: str
    asked: bool
    bytes_in: int = 0
    events: list[DecoderEvent] = field(default_factory=list)
    error: str = ""

    @property
    def understood(self) -> int:
        """Events that need a reader of this kind."""
        return sum(map(makes_sense, self.events))

    @property
    def is_it(self) -> bool:
        """Whether this kind of reader is there: most of what came is understood."""
        return self.understood > self.malformed

    @property
    def malformed(self) -> int:
        return sum(isinstance(event, Malformed) for event in self.events)

    @property
    def reads(self) -> list[ChipRead]:
        return [event for event in self.events if isinstance(event, ChipRead)]

    @property
    def guns(self) -> list[GunSeen]:
        return [event for event in self.events if isinstance(event, GunSeen)]

    @property
    def clock(self) -> ClockSeen | None:
        """The comparison with the shortest way there and back."""
        seen = [event for event in self.events if isinstance(event, ClockSeen)]
        return min(seen, key=lambda clock: clock.round_trip_us, default=None)

    def said(self, *kinds: StatusKind) -> list[str]:
        """What the reader said of itself, each text once, in order."""
        texts = (event.text for event in self.events if isinstance(event, StatusSeen) and event.kind in kinds)
        return list(dict.fromkeys(texts))

    def take(self, events: Sequence[DecoderEvent]) -> None:
        self.events.extend(events[: max(0, KEPT_MAX - len(self.events))])


@dataclass(kw_only=True)
class Found:
    """What was found. `kind`: the one that understood most, None when none did; `sample`: the first bytes."""

    kind: Heard | None
    tried: list[Heard]
    sample: bytes = b""


def kinds_for(connect: str) -> list[str]:
    """The kinds of readers that are reached in this way, in the order of the table."""
    scheme = connect.partition(":")[0]
    names = [name for name, kind in KIND_OF.items() if kind.is_reached_by(scheme)]
    return sorted(names, key=lambda name: scheme not in KIND_OF[name].transports)


async def probe(
    connect: Callable[[], Awaitable[Transport]],
    names: Sequence[str],
    clock: RaceClock,
    *,
    listen_s: float = LISTEN_S,
    ask_s: float = ASK_S,
    tell: Callable[[str], None] = lambda _: None,
) -> Found:
    """Tries these kinds of readers on what `connect` opens; `tell` hears which is asked next.

    Raises: ConnectFailed when not even the first link can be opened.
    """
    transport: Transport | None = await connect()
    try:
        assert transport is not None
        tried, sample = await _listen(transport, names, clock, listen_s)
        unasked = {heard.protocol: heard for heard in tried}
        best = _best(tried)
        if any(heard.error for heard in tried):
            transport.close()
            transport = None
        for name in [best.protocol] if best else names:
            if not KIND_OF[name].asks_only or not _says_anything(name, clock):
                continue
            before = unasked[name]
            asked = Heard(protocol=name, asked=True, bytes_in=before.bytes_in, events=list(before.events))
            tried.append(asked)
            tell(name)
            try:
                # One link for all, as long as it holds: some readers take only one, and forget it slowly.
                transport = transport or await connect()
                await talk(transport, protocol_class(name)(), clock, asked, within_s=ask_s, enough=_enough)
            except TransportError as error:
                asked.error = str(error)
                if transport is not None:
                    transport.close()
                transport = None
            if asked.understood:
                break
        return Found(kind=_best(tried), tried=tried, sample=sample)
    finally:
        if transport is not None:
            transport.close()


def _says_anything(name: str, clock: RaceClock) -> bool:
    """Whether this kind is asked at all: one that only listens has heard what there is."""
    protocol = protocol_class(name)()
    protocol.connected(now(clock))
    return bool(protocol.data_to_send())


def _best(tried: Sequence[Heard]) -> Heard | None:
    """Who understood, and least of it not: the one that was asked before the one that only listened."""
    found = [heard for heard in tried if heard.is_it]
    return max(found, key=lambda heard: (heard.asked, heard.understood - heard.malformed), default=None)


def _enough(heard: Heard) -> bool:
    return sum(isinstance(event, ClockSeen) for event in heard.events) >= ENOUGH_CLOCKS


async def talk(
    transport: Transport,
    protocol: Protocol,
    clock: RaceClock,
    heard: Heard,
    *,
    within_s: float,
    enough: Callable[[Heard], bool],
) -> None:
    """A conversation until enough was heard or the time is over. Neither opens nor closes the link.

    Raises: TransportError.
    """
    loop = asyncio.get_running_loop()
    end_s = loop.time() + within_s
    protocol.connected(now(clock))
    try:
        while loop.time() < end_s and not enough(heard):
            await send(transport, protocol.data_to_send())
            deadline_us = protocol.next_deadline()
            wake_s = end_s if deadline_us is None else min(end_s, deadline_us / SECOND)
            data = await _receive(transport, wake_s)
            if data:
                heard.bytes_in += len(data)
                heard.take(protocol.receive_data(data, now(clock)))
            deadline_us = protocol.next_deadline()
            if deadline_us is not None and loop.time() * SECOND >= deadline_us:
                heard.take(protocol.handle_deadline(now(clock)))
    finally:
        heard.take(protocol.disconnected())


async def _listen(
    transport: Transport, names: Sequence[str], clock: RaceClock, listen_s: float
) -> tuple[list[Heard], bytes]:
    """What each kind makes of what comes unasked; nothing that a decoder wants to say is said."""
    listening = [(Heard(protocol=name, asked=False), protocol_class(name)()) for name in names]
    for _, protocol in listening:
        protocol.connected(now(clock))
    sample = b""
    end_s = asyncio.get_running_loop().time() + listen_s
    try:
        while asyncio.get_running_loop().time() < end_s:
            data = await _receive(transport, end_s)
            sample = (sample + data)[:SAMPLE_MAX]
            for heard, protocol in listening:
                heard.bytes_in += len(data)
                heard.take(protocol.receive_data(data, now(clock)) if data else [])
    except ConnectionLost as error:
        for heard, _ in listening:
            heard.error = str(error)
    return [heard for heard, _ in listening], sample


async def _receive(transport: Transport, until_s: float) -> bytes:
    try:
        async with asyncio.timeout_at(until_s):
            return await transport.read()
    except TimeoutError:
        return b""


async def send(transport: Transport, data: bytes) -> None:
    """Raises: TransportTimeout when the other side takes no bytes; ConnectionLost."""
    if not data:
        return
    try:
        async with asyncio.timeout(WRITE_WITHIN_S):
            await transport.write(data)
    except TimeoutError as error:
        raise TransportTimeout("the other side takes no bytes") from error


def now(clock: RaceClock) -> Now:
    """Both clocks, as a driver tells them to a protocol."""
    return Now(clock.now_us(), int(asyncio.get_running_loop().time() * SECOND))
