"""The two ports of a virtual IPICO Elite beside its stream: text commands on one, past records on the other.

As the one public driver of it expects: `replay_start file.ttyS0 port.10300 datetime.YYMMDDHHMMSS` opens the port named;
whoever then calls there and sends a line end is sent the records from that second on, and the port closes.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Self

_START: Final = re.compile(rb"replay_start file\.(\w+) port\.(\d+)(?: datetime\.(\d{12}))?")
_MOMENT: Final = slice(20, 32)
"""Where a record has date and time."""
_PIECE: Final = 1_000
"""Bytes written at once: records are cut everywhere."""


class ElitePorts:
    """`records`: by receiver, the lines it holds now, each with its line end."""

    def __init__(self, records: Mapping[str, Callable[[], Sequence[bytes]]]) -> None:
        self.commands: list[bytes] = []
        self.break_after: int | None = None
        """The next replay ends after so many bytes."""
        self.port = 0
        self._records = records
        self._control: asyncio.Server | None = None
        self._replays: list[asyncio.Server] = []

    async def __aenter__(self) -> Self:
        self._control = await asyncio.start_server(self._obey, "127.0.0.1", 0)
        self.port = self._control.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in (self._control, *self._replays):
            if server is not None:
                server.close()

    async def _obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while line := await reader.readline():
                self.commands.append(line)
                found = _START.fullmatch(line.strip())
                if found is not None and (records := self._records.get(found[1].decode())) is not None:
                    await self._open(int(found[2]), [line for line in records() if line[_MOMENT] >= (found[3] or b"")])
        writer.close()

    async def _open(self, port: int, lines: list[bytes]) -> None:
        async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server.close()
            with suppress(OSError):
                await reader.readline()
                data = b"".join(lines)[: self.break_after]
                self.break_after = None
                for place in range(0, len(data), _PIECE):
                    writer.write(data[place : place + _PIECE])
                    await writer.drain()
            writer.close()

        server = await asyncio.start_server(send, "127.0.0.1", port)
        self._replays.append(server)
