"""A small IPICO reader to drive in tests: answers what it is asked, remembers what it read, and can misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

from transport_contract import Peer

from readers import ipico_frames as frames
from readers.errors import ConnectionLost
from readers.events import ClockSeen, GunSeen
from readers.health import SourceHealth
from readers.ipico_requests import Request
from timing.errors import RaceDayError
from timing.race import Source
from timing.reads import ClockKind, SourceId, SourceReads

STAMP = int(datetime(2024, 10, 27, 9, 30, tzinfo=UTC).timestamp()) * 1_000_000


def source(connect: str = "tcp:reader:10000") -> Source:
    return Source(id=SourceId("finish"), protocol="ipico", connect=connect, clock=ClockKind.LOCAL)


def line(number: int) -> bytes:
    """The number-th read: a tag and a stamp of its own."""
    return frames.tag_line(f"0580{number:08x}", STAMP + number * 10_000)


def key(number: int) -> tuple[str, int]:
    return f"0580{number:08X}", STAMP + number * 10_000


class ReaderPeer:
    """What is behind the wire: `play` a link, `read` runners."""

    def __init__(self, *, memory: bool = True, mute: bool = False) -> None:
        self.memory: list[bytes] = []
        self.requests: list[Request] = []
        self.downloads = 0
        self.has_memory = memory
        self.mute = mute
        self.link: Peer | None = None
        self._downloading = False
        self._sent = 0

    async def play(self, link: Peer) -> None:
        """Answers on a link until it ends. One that is open already is forgotten."""
        self.link, self._downloading = link, False
        inbox = b""
        with suppress(ConnectionLost, OSError):
            while data := await link.read():
                inbox += data
                *requests, inbox = inbox.split(b"\r\n")
                for request in requests:
                    await self._obey(link, Request(request + b"\r\n"))

    async def read(self, *numbers: int, half: int | None = None) -> None:
        """Runners cross: remembered, and sent to whoever listens; of the last line only `half` the characters."""
        lines = [line(number) for number in numbers]
        self.memory += lines
        if self.link is not None:
            data = b"".join(lines)
            await self.link.write(data if half is None else data[: -len(lines[-1])] + lines[-1][:half])

    async def send(self, data: bytes) -> None:
        assert self.link is not None
        await self.link.write(data)

    def cut(self) -> None:
        assert self.link is not None
        self.link.close()
        self.link = None

    async def _obey(self, link: Peer, request: Request) -> None:
        self.requests.append(request)
        if self.mute:
            return
        now_us = int(asyncio.get_running_loop().time() * 1e6)
        match request:
            case Request.CLOCK:
                await link.write(frames.clock_reply(STAMP + now_us))
            case Request.RECORD_FORMAT:
                await link.write(frames.format_reply())
            case Request.READ_MODE:
                await link.write(frames.control(frames.CONFIG3, b"\x00\x05"))
            case _ if not self.has_memory:
                await link.write(frames.refusal(0xF2))
            case Request.MEMORY_START:
                stored = self.memory[:]
                self._downloading, self._sent = True, len(stored)
                await link.write(self._status())
                await link.write(b"".join(stored))
                self.downloads += 1
            case Request.MEMORY_STOP:
                self._downloading = False
                await link.write(self._status())
            case _:
                await link.write(self._status())

    def _status(self) -> bytes:
        total = self._sent if self._downloading else len(self.memory)
        return frames.memory_status(downloading=self._downloading, done=self._sent, total=total)


class Kept:
    """A sink that keeps everything, and can be told to refuse or to stand still."""

    def __init__(self) -> None:
        self.batches: list[SourceReads] = []
        self.guns: list[GunSeen] = []
        self.clocks: list[ClockSeen] = []
        self.shown: list[SourceHealth] = []
        self.refusal: RaceDayError | None = None
        self.open = asyncio.Event()
        self.open.set()
        self._changed = asyncio.Event()

    async def reads(self, reads: SourceReads) -> None:
        await self.open.wait()
        if self.refusal is not None:
            raise self.refusal
        self.batches.append(reads)
        self._changed.set()

    async def gun(self, source: SourceId, gun: GunSeen) -> None:
        await self.open.wait()
        self.guns.append(gun)
        self._changed.set()

    def clock(self, source: SourceId, clock: ClockSeen) -> None:
        self.clocks.append(clock)
        self._changed.set()

    def health(self, health: SourceHealth) -> None:
        self.shown.append(health)
        self._changed.set()

    @property
    def all(self) -> list[tuple[str | None, int]]:
        return [(read.tag, read.stamp_us) for batch in self.batches for read in batch.reads]

    @property
    def count(self) -> int:
        return sum(len(batch.reads) for batch in self.batches)

    @property
    def malformed(self) -> list[tuple[str, str]]:
        return [item for batch in self.batches for item in batch.malformed]

    @property
    def last(self) -> SourceHealth:
        return self.shown[-1]

    async def until(self, holds: Callable[[], bool], patience_s: float = 40.0) -> None:
        """Waits for something the sink is told to come true."""
        async with asyncio.timeout(patience_s):
            while not holds():
                self._changed.clear()
                await self._changed.wait()


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


Opening = Callable[[], Awaitable[object]]
