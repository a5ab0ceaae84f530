"""A TCP proxy that misbehaves as networks on race day do; everything by chance comes from one seed.

Between any client and any server on loopback. What it does is said while it runs: `cut` (after so many bytes, too),
`freeze` (half open: connections stay, nothing passes, nobody is told), `refuse`, `flip` bytes, `drip` them in small
pieces, `delay` them. Each connection has its own chance, of the seed and its number, so that a run can be repeated.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

BLOCK: Final = 65_536


@dataclass(kw_only=True)
class Habits:
    """What happens to bytes on their way; changed at any time, in force for the next block.

    `drip`: largest piece passed on at once, 0 for all. `delay_s`: longest pause before a piece. `flips`: of so many
    bytes of the server one is changed in one bit (0: none). `shuffle`: new connections reach the server in another
    order than they were made, within groups of so many.
    """

    drip: int = 0
    delay_s: float = 0.0
    flips: int = 0
    shuffle: int = 0


@dataclass(eq=False)
class _Connection:
    number: int
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    cut_after: int | None = None
    """Bytes from the server after which the connection ends, in the middle of whatever it is."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def end(self) -> None:
        for writer in (self.client, self.server):
            if writer is not None:
                writer.transport.abort()


class ChaosProxy:
    """See the module. `port` is where clients connect."""

    def __init__(self, to: int, *, seed: int, habits: Habits | None = None) -> None:
        self.to = to
        self.port = 0
        self.habits = habits or Habits()
        self.connections = 0
        """Made so far."""
        self.passed = 0
        """Bytes passed on from the server."""
        self.flipped = 0
        self._seed = seed
        self._open: set[_Connection] = set()
        self._moving = asyncio.Event()
        self._moving.set()
        self._refusing = False
        self._next_cut: int | None = None
        self._waiting: list[asyncio.Event] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=BLOCK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        tasks = [task for connection in self._open for task in connection.tasks]
        self._refusing = True
        self._moving.set()
        for turn in self._waiting:
            turn.set()
        async with asyncio.timeout(10):
            await asyncio.gather(*tasks, return_exceptions=True)

    # What goes wrong

    def cut(self) -> None:
        """All connections end now, as when a switch loses power."""
        for connection in list(self._open):
            connection.end()

    def cut_after(self, count: int) -> None:
        """The connection that is open (else the next one) ends after so many more bytes of the server."""
        if self._open:
            for connection in self._open:
                connection.cut_after = count
        else:
            self._next_cut = count

    def freeze(self) -> None:
        """Half open: connections stay as they are, new ones are accepted, and no byte passes either way."""
        self._moving.clear()

    def thaw(self, *, cut: bool = True) -> None:
        """Bytes pass again. `cut`: the connections of before are gone, without their last bytes."""
        if cut:
            self.cut()
        self._moving.set()

    def refuse(self, refusing: bool = True) -> None:
        """Whether new connections are ended at once."""
        self._refusing = refusing

    # Bytes

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self.connections, writer)
        self.connections += 1
        self._open.add(connection)
        task = asyncio.current_task()
        assert task is not None
        connection.tasks.append(task)
        try:
            if self._refusing:
                return
            await self._moving.wait()
            await self._turn()
            if self._refusing:
                return
            back, connection.server = await asyncio.open_connection("127.0.0.1", self.to, limit=BLOCK)
            connection.cut_after, self._next_cut = self._next_cut, None
            chance = random.Random(f"{self._seed}/{connection.number}")
            ways = [
                asyncio.create_task(self._pass(connection, reader, connection.server, chance, down=False)),
                asyncio.create_task(self._pass(connection, back, writer, chance, down=True)),
            ]
            connection.tasks += ways
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        except OSError:
            pass
        finally:
            connection.end()
            self._open.discard(connection)

    async def _turn(self) -> None:
        """Waits until enough connections are there to go on in another order."""
        if self.habits.shuffle < 2:
            return
        mine = asyncio.Event()
        self._waiting.append(mine)
        if len(self._waiting) >= self.habits.shuffle:
            group, self._waiting = self._waiting, []
            random.Random(f"{self._seed}/turn/{self.connections}").shuffle(group)
            for turn in group:
                turn.set()
                await asyncio.sleep(0.02)
        await mine.wait()

    async def _pass(
        self,
        connection: _Connection,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        chance: random.Random,
        *,
        down: bool,
    ) -> None:
        with suppress(OSError):
            while data := await source.read(BLOCK):
                rest = memoryview(data)
                while rest:
                    habits = self.habits
                    size = chance.randint(1, habits.drip) if habits.drip else len(rest)
                    piece, rest = bytes(rest[:size]), rest[size:]
                    if habits.delay_s:
                        await asyncio.sleep(chance.random() * habits.delay_s)
                    await self._moving.wait()
                    if habits.flips and down:
                        piece = self._damaged(piece, chance)
                    if down and connection.cut_after is not None:
                        piece = piece[: connection.cut_after]
                        connection.cut_after -= len(piece)
                    sink.write(piece)
                    await sink.drain()
                    if down:
                        self.passed += len(piece)
                    if connection.cut_after == 0:
                        return
                    if habits.drip:
                        await asyncio.sleep(0)  # each piece its own segment

    def _damaged(self, piece: bytes, chance: random.Random) -> bytes:
        made = bytearray(piece)
        for place in range(len(made)):
            if chance.randrange(self.habits.flips) == 0:
                made[place] ^= 1 << chance.randrange(8)
                self.flipped += 1
        return bytes(made)


@asynccontextmanager
async def chaos(to: int, *, seed: int, habits: Habits | None = None) -> AsyncIterator[ChaosProxy]:
    """A proxy to a port of this machine, running."""
    proxy = ChaosProxy(to, seed=seed, habits=habits)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
