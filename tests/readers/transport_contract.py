"""What every transport must do, written once; a suite for each kind inherits it and says how to make its two ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from readers.errors import ConnectionLost
from readers.transports import READ_MAX, Transport

PATIENCE_S = 10.0


class Peer(Protocol):
    """The far end, as a test plays it."""

    async def read(self) -> bytes: ...

    async def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class Ends:
    """A link just opened: our end, and the peer's; `again` opens a new one at the same place after an end."""

    near: Transport
    peer: Peer

    async def again(self) -> None:
        raise NotImplementedError

    async def end(self) -> None:
        raise NotImplementedError


async def until(side: Transport | Peer, size: int) -> bytes:
    """Bytes read until there are so many."""
    data = b""
    async with asyncio.timeout(PATIENCE_S):
        while len(data) < size:
            data += await side.read()
    return data


class TransportContract:
    @pytest.fixture
    async def ends(self) -> AsyncIterator[Ends]:
        ends = await self.open()
        yield ends
        await ends.end()

    async def open(self) -> Ends:
        raise NotImplementedError

    async def test_bytes_arrive_whole_and_in_order_both_ways(self, ends: Ends) -> None:
        every = bytes(range(256))
        await ends.near.write(every)
        assert await until(ends.peer, 256) == every
        await ends.peer.write(every[::-1])
        assert await until(ends.near, 256) == every[::-1]

    async def test_a_read_gives_what_is_there_without_waiting_for_more(self, ends: Ends) -> None:
        for part in (b"aa00", b"0", b"58000128608\r"):
            await ends.peer.write(part)
            assert await until(ends.near, len(part)) == part

    async def test_a_read_never_gives_more_than_a_block(self, ends: Ends) -> None:
        size = 3 * READ_MAX + 17
        writing = asyncio.ensure_future(ends.peer.write(b"x" * size))
        got = 0
        async with asyncio.timeout(PATIENCE_S):
            while got < size:
                block = await ends.near.read()
                assert 0 < len(block) <= READ_MAX
                got += len(block)
        await writing

    async def test_a_read_that_was_given_up_loses_nothing(self, ends: Ends) -> None:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await ends.near.read()
        await ends.peer.write(b"here")
        assert await until(ends.near, 4) == b"here"

    async def test_closing_wakes_the_read_that_waits(self, ends: Ends) -> None:
        waiting = asyncio.ensure_future(ends.near.read())
        await asyncio.sleep(0)
        ends.near.close()
        with pytest.raises(ConnectionLost):
            async with asyncio.timeout(PATIENCE_S):
                await waiting

    async def test_after_closing_nothing_can_be_read_or_written_and_closing_again_is_fine(self, ends: Ends) -> None:
        ends.near.close()
        ends.near.close()
        for _ in range(2):
            with pytest.raises(ConnectionLost):
                async with asyncio.timeout(PATIENCE_S):
                    await ends.near.read()
            with pytest.raises(ConnectionLost):
                async with asyncio.timeout(PATIENCE_S):
                    await ends.near.write(b"x")

    async def test_the_end_of_the_other_side_is_told_for_ever(self, ends: Ends) -> None:
        waiting = asyncio.ensure_future(ends.near.read())
        await asyncio.sleep(0)
        ends.peer.close()
        with pytest.raises(ConnectionLost):
            async with asyncio.timeout(PATIENCE_S):
                await waiting
        with pytest.raises(ConnectionLost):
            async with asyncio.timeout(PATIENCE_S):
                await ends.near.read()

    async def test_a_peer_that_takes_nothing_stops_the_write_and_not_the_loop_nor_the_reading(self, ends: Ends) -> None:
        writing = asyncio.ensure_future(ends.near.write(b"?" * 20_000_000))
        await ends.peer.write(b"still here")
        assert await until(ends.near, 10) == b"still here"
        assert not writing.done()
        ends.near.close()
        with pytest.raises(ConnectionLost):
            async with asyncio.timeout(PATIENCE_S):
                await writing

    async def test_a_write_that_was_given_up_leaves_a_link_that_can_be_closed(self, ends: Ends) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ends.near.write(b"?" * 20_000_000)
        ends.near.close()
        with pytest.raises(ConnectionLost):
            async with asyncio.timeout(PATIENCE_S):
                await ends.near.read()

    async def test_a_link_that_was_cut_can_be_opened_again_at_the_same_place(self, ends: Ends) -> None:
        for n in range(3):
            ends.peer.close()
            with pytest.raises(ConnectionLost):
                async with asyncio.timeout(PATIENCE_S):
                    while True:
                        await ends.near.read()
            ends.near.close()
            await ends.again()
            await ends.peer.write(b"back %d" % n)
            assert await until(ends.near, 6) == b"back %d" % n
