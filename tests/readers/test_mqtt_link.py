"""A session with the broker ends when one part of it does, whatever the others are at."""

from __future__ import annotations

import asyncio

import pytest

from readers.mqtt_link import together


class Lost(Exception):
    """The link of a test."""


async def test_a_part_that_swallowed_its_cancellation_is_cancelled_again() -> None:
    """As a part inside `asyncio.wait_for` does under Python 3.11, when what it waits for comes in the same moment."""
    swallowed = 0

    async def deaf() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 2:
                    raise

    async def broken() -> None:
        await asyncio.sleep(0)
        raise Lost

    async with asyncio.timeout(20):
        with pytest.raises(Lost):
            await together(deaf(), broken())
    assert swallowed == 2
