"""A protocol and a virtual device joined in memory, on one clock; and what every decoder of short lines must keep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from transport_contract import Peer

from readers.errors import ConnectionLost
from readers.events import DecoderEvent, MemoryProgress, StatusKind, StatusSeen
from readers.protocol import Now, Protocol
from simulators.timer_device import VirtualTimer
from timing.instants import HOUR, MINUTE, SECOND
from timing.reads import ChipRead

START = int(datetime(2024, 10, 27, 9, 0, tzinfo=UTC).timestamp()) * SECOND
AT = Now(START, 0)


def of_day(text: str) -> int:
    """Microseconds since midnight of `HH:MM:SS.f`."""
    hours, minutes, seconds = text.split(":")
    whole, _, fraction = seconds.partition(".")
    return int(hours) * HOUR + int(minutes) * MINUTE + int(whole) * SECOND + int(fraction.ljust(6, "0") or 0)


def fed(make: Callable[[], Protocol], *pieces: bytes) -> list[DecoderEvent]:
    """What a new protocol says about pieces of bytes."""
    protocol = make()
    protocol.connected(AT)
    return [event for piece in pieces for event in protocol.receive_data(piece, AT)]


def check_cuts(make: Callable[[], Protocol], data: bytes) -> list[DecoderEvent]:
    """The same events whole, byte by byte, and cut in two anywhere."""
    whole = fed(make, data)
    assert fed(make, *(data[i : i + 1] for i in range(len(data)))) == whole
    for cut in range(1, len(data)):
        assert fed(make, data[:cut], data[cut:]) == whole, cut
    return whole


def reads(events: list[DecoderEvent]) -> list[ChipRead]:
    return [event for event in events if isinstance(event, ChipRead)]


def warnings(events: list[DecoderEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, StatusSeen) and event.kind is StatusKind.WARNING]


class Talk:
    """Both sides of the wire in memory; `wait` lets time pass."""

    def __init__(self, protocol: Protocol, device: VirtualTimer) -> None:
        self.protocol = protocol
        self.device = device
        self.steady_us = 100 * SECOND
        self.events: list[DecoderEvent] = []
        self.sent = b""
        self.linked = False

    @property
    def now(self) -> Now:
        return Now(START + self.steady_us, self.steady_us)

    def connect(self) -> Talk:
        self.linked = True
        self.device.host_connected(self.now.race_us)
        self.protocol.connected(self.now)
        self.exchange()
        return self

    def lose(self) -> None:
        self.linked = False
        self.device.host_disconnected(self.now.race_us)
        self.events += self.protocol.disconnected()

    def ask_memory(self) -> None:
        self.protocol.ask_memory(None, self.now)
        self.exchange()

    def exchange(self) -> None:
        """Bytes both ways until nobody has any."""
        while self.linked:
            out = self.protocol.data_to_send()
            self.sent += out
            if out:
                self.device.receive(out, self.now.race_us)
            back = self.device.take(self.now.race_us, 4096)
            if back:
                self.events += self.protocol.receive_data(back, self.now)
            if not out and not back:
                return

    def wait(self, us: int, step_us: int = SECOND // 4) -> None:
        end_us = self.steady_us + us
        while self.steady_us < end_us:
            self.steady_us += step_us
            deadline_us = self.protocol.next_deadline()
            if self.linked and deadline_us is not None and deadline_us <= self.steady_us:
                self.events += self.protocol.handle_deadline(self.now)
            self.exchange()

    @property
    def memory(self) -> MemoryProgress:
        return [event for event in self.events if isinstance(event, MemoryProgress)][-1]

    @property
    def reads(self) -> list[ChipRead]:
        return reads(self.events)


async def play(device: VirtualTimer, link: Peer, now_us: Callable[[], int]) -> None:
    """The device at the far end of a real wire, until the link ends."""
    device.host_connected(now_us())

    async def listen() -> None:
        while data := await link.read():
            device.receive(data, now_us())

    listening = asyncio.ensure_future(listen())
    try:
        with suppress(ConnectionLost, OSError):
            while not listening.done():
                if out := device.take(now_us(), 4096):
                    await link.write(out)
                await asyncio.sleep(0.01)
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError, ConnectionLost, OSError):
            await listening
        device.host_disconnected(now_us())
