"""A reader of server-sent events that trusts nobody: what a browser does with the bytes, no more."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    id: str | None
    data: dict[str, Any]


def parse_event(text: str) -> Event | None:
    """One block between empty lines; None for one that holds no data (a comment, a retry time)."""
    kind, event_id, data = "message", None, []
    for line in text.split("\n"):
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "id":
            event_id = value
        elif name == "data":
            data.append(value)
    return Event(kind, event_id, json.loads("\n".join(data))) if data else None


class EventReader:
    """Events of one response, one at a time."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._bytes = response.aiter_bytes()
        self._rest = b""

    async def next(self, *kinds: str) -> Event:
        """The next event of these kinds (any, when none is named); fails rather than wait for ever."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                block, found, rest = self._rest.partition(b"\n\n")
                if not found:
                    self._rest += await anext(self._bytes)
                    continue
                self._rest = rest
                event = parse_event(block.decode())
                if event is not None and (not kinds or event.kind in kinds):
                    return event

    async def ended(self) -> bool:
        """True when the server ends the stream."""
        async with asyncio.timeout(DEADLINE_S):
            try:
                while True:
                    await anext(self._bytes)
            except (StopAsyncIteration, httpx.RemoteProtocolError):
                return True


@asynccontextmanager
async def reading(url: str, **headers: str) -> AsyncIterator[EventReader]:
    async with httpx.AsyncClient(timeout=DEADLINE_S) as client, client.stream("GET", url, headers=headers) as response:
        yield EventReader(response)


def applied(board: dict[str, Any], event: Event) -> dict[str, Any]:
    """What a page holds after an event."""
    if event.kind == "view":
        return dict(event.data["sections"])
    assert event.kind == "change"
    return board | event.data["sections"]
