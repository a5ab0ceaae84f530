"""The far end of a pseudo-terminal: what a virtual reader holds, at a path that stays the same."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from pathlib import Path


class PtyPeer:
    """One pseudo-terminal, found by the link `path`. Closing it is what pulling the cable is to a program."""

    def __init__(self, path: Path) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        path.unlink(missing_ok=True)
        path.symlink_to(os.ttyname(slave))
        self._slave = slave
        self._path = path
        self._open = True
        self._writing = asyncio.Lock()

    def let_go(self) -> None:
        """Only the other program holds the port from now on."""
        os.close(self._slave)
        self._slave = -1

    async def read(self) -> bytes:
        while True:
            try:
                return os.read(self._master, 65_536)
            except BlockingIOError:
                await self._ready(writing=False)

    async def write(self, data: bytes) -> None:
        rest = memoryview(data)
        async with self._writing:  # an answer does not break into a record under way
            while rest:
                try:
                    rest = rest[os.write(self._master, rest) :]
                except BlockingIOError:
                    await self._ready(writing=True)

    async def _ready(self, *, writing: bool) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        (loop.add_writer if writing else loop.add_reader)(self._master, ready.set)
        try:
            await ready.wait()
        finally:
            (loop.remove_writer if writing else loop.remove_reader)(self._master)

    def close(self) -> None:
        if not self._open:
            return
        self._open = False
        for fd in (self._slave, self._master):
            if fd >= 0:
                with contextlib.suppress(OSError):
                    os.close(fd)
        self._path.unlink(missing_ok=True)
