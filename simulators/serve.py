"""A process of virtual readers behind real pseudo-terminals and TCP ports, paced by the race clock.

Delivery may fall behind the clock, and then says by how much. Owns the loop and the status; what a reader says is in
`ipico_reader`, where it listens in `links`.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from readers.race_clock import RaceClock
from simulators import links
from simulators.files import READERS_FOLDER, SUMMARY_FILE, ReaderTape
from simulators.ipico_reader import VirtualReader

_CHUNK_BYTES: Final = 32_768
_IDLE_S: Final = 0.05
"""Longest sleep of a quiet reader: a pseudo-terminal that is closed is noticed within it."""
_FIRST_PIECE_S: Final = 0.02
"""At a baud rate, bytes go out in pieces of about this length."""
STATUS_S: Final = 0.5
_LINGER_S: Final = 1.0
"""After the last byte went to the kernel: a host still reads it, and a port that closes takes it away."""


@dataclass(frozen=True, kw_only=True)
class Post:
    """One reader to serve: its tape, where it listens, and the baud rate it is held to (None: as fast as taken)."""

    tape: ReaderTape
    address: str
    baud: int | None = None


class ReaderServer:
    """Serves readers until cancelled. `addresses` and `status` may be asked at any time after `__aenter__`."""

    def __init__(self, posts: Sequence[Post], clock: RaceClock, zone: ZoneInfo) -> None:
        self._posts = posts
        self._clock = clock
        self.readers = {
            post.tape.source: VirtualReader(post.tape, zone, stands_still=clock.is_fastest) for post in posts
        }
        self._listeners: dict[str, links.Listener] = {}

    async def __aenter__(self) -> "ReaderServer":
        """Opens all ports. Raises: OSError, ValueError."""
        try:
            for post in self._posts:
                self._listeners[post.tape.source] = links.listener(post.address)
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()

    @property
    def addresses(self) -> Mapping[str, str]:
        """Where each source can be reached; free ports are known here."""
        return {source: listener.address for source, listener in self._listeners.items()}

    async def run(self) -> None:
        """Serves all readers for ever."""
        async with asyncio.TaskGroup() as group:
            for post in self._posts:
                group.create_task(self._serve(post), name=f"virtual reader {post.tape.source}")

    async def _serve(self, post: Post) -> None:
        reader, listener = self.readers[post.tape.source], self._listeners[post.tape.source]
        while True:
            link = await listener.opened()
            reader.host_connected(self._clock.now_us())
            try:
                await self._converse(reader, link, post.baud)
            finally:
                reader.host_disconnected(self._clock.now_us())
                link.close()

    async def _converse(self, reader: VirtualReader, link: links.Link, baud: int | None) -> None:
        """Talks with one host until it goes."""
        pace = _Pace(baud)
        waiting = memoryview(b"")
        while True:
            data = links.receive(link)
            if data is None:
                return
            now = self._clock.now_us()
            if data:
                reader.receive(data, now)
            if not waiting:
                waiting = memoryview(reader.take(now, pace.chunk_bytes))
            allowed = pace.allowed(len(waiting))
            taken = links.send(link, waiting[:allowed]) if allowed else 0
            if taken is None:
                return
            pace.used(taken)
            waiting = waiting[taken:]
            if taken:
                await asyncio.sleep(0)
            elif waiting and not allowed:
                await asyncio.sleep(_FIRST_PIECE_S)
            else:
                await links.ready(link, to_write=bool(waiting), seconds=self._pause_s(reader))

    def _pause_s(self, reader: VirtualReader) -> float:
        due = reader.next_due_us()
        if due is None or self._clock.is_fastest:
            return _IDLE_S
        return min(_IDLE_S, max(0.001, self._clock.real_seconds_until(due)))

    def status(self) -> dict[str, object]:
        """What has been delivered, JSON-ready; `lag_s` in seconds of the race."""
        now = self._clock.now_us()
        rows = {
            source: {
                "address": self.addresses.get(source, ""),
                "connected": reader.connected,
                "connections": reader.connections,
                "downloads": reader.downloads,
                "lines": len(reader.tape),
                "sent": reader.sent,
                "remaining": reader.remaining,
                "lag_s": round(reader.lag_us(now) / 1_000_000, 3),
                "done": reader.done,
            }
            for source, reader in self.readers.items()
        }
        readers = self.readers.values()
        return {
            "clock_us": now,
            "sent": sum(reader.sent for reader in readers),
            "remaining": sum(reader.remaining for reader in readers),
            "lag_s": round(max((reader.lag_us(now) for reader in readers), default=0) / 1_000_000, 3),
            "done": all(reader.done for reader in readers),
            "readers": rows,
        }


class _Pace:
    """A baud rate as bytes that may go now: ten bits a byte, and no credit for silence."""

    def __init__(self, baud: int | None) -> None:
        self._bytes_s = None if baud is None else baud / 10
        self._loop = asyncio.get_running_loop()
        self._free_at = 0.0

    @property
    def chunk_bytes(self) -> int:
        return _CHUNK_BYTES if self._bytes_s is None else max(1, int(self._bytes_s * _FIRST_PIECE_S))

    def allowed(self, wanted: int) -> int:
        if self._bytes_s is None:
            return wanted
        if self._loop.time() < self._free_at:
            return 0
        return min(wanted, max(1, int(self._bytes_s * _FIRST_PIECE_S)))

    def used(self, count: int) -> None:
        if self._bytes_s is not None and count:
            begin = max(self._free_at, self._loop.time() - _FIRST_PIECE_S)
            self._free_at = begin + count / self._bytes_s


def posts_of(folder: Path, addresses: Mapping[str, str], baud: int | None = None) -> list[Post]:
    """Posts for sources of a simulated race day's folder. Raises: FileNotFoundError, ValueError."""
    return [
        Post(tape=ReaderTape.load(folder / READERS_FOLDER, source), address=address, baud=baud)
        for source, address in addresses.items()
    ]


def zone_of(folder: Path) -> ZoneInfo:
    """The zone the readers of a folder's race show."""
    return ZoneInfo(json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))["zone"])


async def serve(server: ReaderServer, *, status_file: Path | None = None, leave_when_done: bool = False) -> None:
    """Serves until cancelled, or until everything has been delivered; writes the status twice a second."""
    running = asyncio.create_task(server.run())
    try:
        while not running.done():
            status = server.status()
            if status_file is not None:
                _replace(status_file, json.dumps(status))
            if leave_when_done and status["done"]:
                await asyncio.sleep(_LINGER_S)
                return
            await asyncio.wait({running}, timeout=STATUS_S)
        running.result()
    finally:
        # While the hosts are still there: what is left counts from nothing once they are gone.
        if status_file is not None:
            _replace(status_file, json.dumps(server.status()))
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def _replace(path: Path, text: str) -> None:
    """Writes a file so that no reader of it ever sees half."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(text + "\n", encoding="utf-8")
    os.replace(beside, path)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulators.serve", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of a simulated race day")
    parser.add_argument(
        "--at", action="append", required=True, metavar="SOURCE=ADDRESS", help="pty:PATH or tcp:HOST:PORT, for a source"
    )
    parser.add_argument("--clock", required=True, help="the race clock: EPOCH_US@RATE@ZERO_REAL_US, or real")
    parser.add_argument("--baud", type=int, help="hold every line to this rate (default: as fast as taken)")
    parser.add_argument("--status", type=Path, help="file for the status, written twice a second")
    parser.add_argument("--leave-when-done", action="store_true", help="end when every line has been delivered")
    return parser.parse_args(argv)


async def _main(argv: Sequence[str] | None) -> None:
    given = _arguments(argv)
    addresses = dict(text.split("=", 1) for text in given.at)
    posts = posts_of(given.folder, addresses, given.baud)
    async with ReaderServer(posts, RaceClock.parse(given.clock), zone_of(given.folder)) as server:
        task = asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, task.cancel)
        print(json.dumps({"ready": dict(server.addresses)}), flush=True)
        with contextlib.suppress(asyncio.CancelledError):
            await serve(server, status_file=given.status, leave_when_done=given.leave_when_done)


def main(argv: Sequence[str] | None = None) -> int:
    """Serves the readers of a folder; prints one line of JSON when they can be reached."""
    asyncio.run(_main(argv))
    return 0


if __name__ == "__main__":
    sys.exit(main())
