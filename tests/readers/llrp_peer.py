"""A virtual LLRP reader behind a real TCP port, in the race's own seconds; and tapes for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import numpy as np

from readers.race_clock import RaceClock
from simulators import links
from simulators.llrp_reader import LlrpTape, VirtualLlrpReader
from timing.reads import SourceId

STAMP = 1_730_023_387_250_000
S = 1_000_000


def tag_of(number: int) -> str:
    return f"{0x3000ABCDEF << 56 | number:024X}"


def tape(due_us: Sequence[int], offset_us: int = 0) -> LlrpTape:
    """One tag after the other, each read when it is due, by a clock that is wrong by `offset_us`."""
    count = len(due_us)
    due = np.array(due_us, np.int64)
    return LlrpTape(
        source=SourceId("finish"),
        tags=tuple(tag_of(n) for n in range(count)),
        tag=np.arange(count, dtype=np.int32),
        stamp_us=due + offset_us,
        due_us=due,
        antenna=np.array([n % 4 + 1 for n in range(count)], np.int16),
        rssi=np.full(count, -48, np.float32),
    )


class LlrpPort:
    """Serves one reader to one host after the other until it is ended."""

    def __init__(self, reader: VirtualLlrpReader, clock: RaceClock) -> None:
        self.reader = reader
        self._clock = clock
        self._listener = links.TcpListener.bound("127.0.0.1", 0)
        self._link: links.Link | None = None

    @property
    def port(self) -> int:
        return int(self._listener.address.rpartition(":")[2])

    @property
    def connect(self) -> str:
        return self._listener.address

    def cut(self) -> None:
        """The cable is pulled, and put back at once."""
        assert self._link is not None
        self._link, link = None, self._link
        link.close()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[LlrpPort]:
        task = asyncio.create_task(self._serve())
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self._listener.close()

    async def _serve(self) -> None:
        while True:
            link = self._link = await self._listener.opened()
            self.reader.host_connected(self._clock.now_us())
            while self._link is link and await self._step(link):
                pass
            self.reader.host_disconnected(self._clock.now_us())
            if self._link is link:
                self.cut()

    async def _step(self, link: links.Link) -> bool:
        now = self._clock.now_us()
        data = links.receive(link)
        if data is None:
            return False
        self.reader.receive(data, now)
        out = memoryview(self.reader.take(now, 4_096))
        while out:
            sent = links.send(link, out)
            if sent is None:
                return False
            out = out[sent:]
            await asyncio.sleep(0)
        await asyncio.sleep(0.005)
        return not self.reader.wants_close
