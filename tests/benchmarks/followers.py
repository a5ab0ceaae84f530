"""Followers of a live page's stream: how old what they are shown is, while a third of them read slowly or not at all.

`python tests/benchmarks/followers.py URL COUNT SECONDS` follows `/events` and prints one line of JSON. A process of its
own, so that its work is not the engine's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

MADE = re.compile(rb'"made_us":(\d+)')
SLOW_BYTES = 200
SLOW_PAUSE_S = 1.0
SMALL_WINDOW = 4096
"""A phone at the edge of a cell: what is on its way to it is little."""
CONNECTING_AT_ONCE = 50


@dataclass
class Followed:
    """What the followers that read were shown. Milliseconds."""

    after_ms: list[float] = field(default_factory=list)
    """From the making of a view to its arrival, at each event."""
    stale_ms: list[float] = field(default_factory=list)
    """How old what was shown had become just before the next event replaced it."""
    events: dict[int, int] = field(default_factory=dict)
    refused: int = 0
    ended: int = 0

    def values(self) -> dict[str, float]:
        after, stale = np.array(self.after_ms or [0.0]), np.array(self.stale_ms or [0.0])
        return {
            "followers": len(self.events), "refused": self.refused, "ended": self.ended,
            "least_events": min(self.events.values(), default=0),
            "after_median_ms": float(np.median(after)), "after_99_ms": float(np.quantile(after, 0.99)),
            "after_most_ms": float(after.max()),
            "stale_median_ms": float(np.median(stale)), "stale_99_ms": float(np.quantile(stale, 0.99)),
            "stale_most_ms": float(stale.max()),
        }  # fmt: skip


async def follow(url: str, count: int, seconds: float, *, path: str = "/events") -> Followed:
    """`count` followers for so long; of three, one reads all, one too, and the third slowly or never, by turns."""
    found = Followed()
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
    tasks = [asyncio.create_task(_one(url, path, number, gate, found)) for number in range(count)]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return found


async def _one(url: str, path: str, number: int, gate: asyncio.Semaphore, found: Followed) -> None:
    reads_all, stuck = number % 3 != 2, number % 6 == 5
    where = urlsplit(url)
    try:
        async with gate:
            line = socket.socket()
            line.setblocking(False)
            if not reads_all:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW)
            await asyncio.get_running_loop().sock_connect(line, (where.hostname, where.port))
            reader, writer = await asyncio.open_connection(sock=line, limit=SMALL_WINDOW if not reads_all else 2**20)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
            if not (await reader.readline()).startswith(b"HTTP/1.1 200"):
                found.refused += 1
                return
    except OSError:
        found.refused += 1
        return
    with contextlib.closing(writer):
        if reads_all:
            await _read_all(reader, number, found)
            found.ended += 1
        while not reads_all:
            await asyncio.sleep(3600 if stuck else SLOW_PAUSE_S)
            if not await reader.read(SLOW_BYTES):
                return


async def _read_all(reader: asyncio.StreamReader, number: int, found: Followed) -> None:
    """Every event that says something: a beat does not make what is shown any younger."""
    had_us = None
    found.events[number] = 0
    beat = False
    while line := await reader.readline():
        if line.startswith(b"event: "):
            beat = line.startswith(b"event: beat")
        made = None if beat or not line.startswith(b"data: ") else MADE.search(line)
        if made is None:
            continue
        now_us, made_us = time.time_ns() // 1_000, int(made[1])
        found.after_ms.append((now_us - made_us) / 1000)
        if had_us is not None:
            found.stale_ms.append((now_us - had_us) / 1000)
        had_us = made_us
        found.events[number] += 1


if __name__ == "__main__":
    _, engine_url, wanted, lasting = sys.argv
    print(json.dumps(asyncio.run(follow(engine_url, int(wanted), float(lasting))).values()))
