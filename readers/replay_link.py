"""The second link, over which some readers send their past: opened when the protocol asks, read to its end, closed.

Belongs to one link of the driver, and ends with it: what it did not bring is asked for again over the next one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from readers.capture import CaptureWriter
from readers.errors import ConnectFailed, ConnectionLost, ReaderError, TransportTimeout
from readers.events import DecoderEvent
from readers.protocol import Now, Replaying, ReplayQuestion
from readers.transports import Transport, open_transport, other_port

SILENT_MAX_S: Final = 15.0
"""A second link that brings nothing for so long is given up; an Elite ends it when all has come."""
OPENS_WITHIN_S: Final = 5.0
"""The reader opens the second port when it was asked: it may take its time."""
OPEN_AGAIN_S: Final = 0.1


class ReplayLink:
    """See the module. At most one replay is under way."""

    def __init__(
        self,
        connect: str,
        protocol: Replaying,
        capture: CaptureWriter | None,
        now: Callable[[], Now],
        take: Callable[[list[DecoderEvent]], Awaitable[None]],
    ) -> None:
        """
        Args:
            connect: the endpoint of the reader's first link; its host is called on other ports.
            take: deals with the events, and waits while there is no room for them.
        """
        self._connect = connect
        self._protocol = protocol
        self._capture = capture
        self._now = now
        self._take = take
        self._task: asyncio.Task[None] | None = None

    def serve(self) -> None:
        """Starts what the protocol wants; brings up a mistake that ended the last replay."""
        if self._task is not None and self._task.done():
            task, self._task = self._task, None
            task.result()
        if self._task is None and (wanted := self._protocol.replay_wanted()) is not None:
            self._task = asyncio.create_task(self._replay(wanted), name=f"replay {self._connect}")

    async def end(self) -> None:
        """The first link is gone: so is this one."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _replay(self, wanted: ReplayQuestion) -> None:
        failure = ""
        try:
            await self._read_all(wanted)
        except ReaderError as error:
            failure = str(error)
        now = self._now()
        if self._capture is not None:
            self._capture.replay_ended(failure, now.race_us)
        await self._take(self._protocol.replay_ended(failure, now))

    async def _read_all(self, wanted: ReplayQuestion) -> None:
        """Raises: TransportError, BadEndpoint."""
        control = await open_transport(other_port(self._connect, wanted.control_port))
        try:
            await control.write(wanted.question)
            replay = await self._opened(other_port(self._connect, wanted.replay_port))
            try:
                await replay.write(wanted.opening)
                await self._until_ended(replay)
            finally:
                replay.close()
        finally:
            control.close()

    async def _opened(self, connect: str) -> Transport:
        """Raises: ConnectFailed when the port stays closed."""
        give_up_s = asyncio.get_running_loop().time() + OPENS_WITHIN_S
        while True:
            try:
                return await open_transport(connect)
            except ConnectFailed:
                if asyncio.get_running_loop().time() >= give_up_s:
                    raise
            await asyncio.sleep(OPEN_AGAIN_S)

    async def _until_ended(self, replay: Transport) -> None:
        """Raises: TransportTimeout, ConnectionLost when it broke off."""
        while True:
            try:
                async with asyncio.timeout(SILENT_MAX_S):
                    data = await replay.read()
            except ConnectionLost as error:
                if isinstance(error.__cause__, OSError):
                    raise  # it broke off; a reader that has sent all closes the link
                return
            except TimeoutError as error:
                raise TransportTimeout("the reader stopped sending its past") from error
            now = self._now()
            if self._capture is not None:
                self._capture.replay_received(data, now.race_us)
            await self._take(self._protocol.replay_received(data, now))


def replay_link(
    connect: str,
    protocol: object,
    capture: CaptureWriter | None,
    now: Callable[[], Now],
    take: Callable[[list[DecoderEvent]], Awaitable[None]],
) -> ReplayLink | None:
    """The second link of readers that have one."""
    return ReplayLink(connect, protocol, capture, now, take) if isinstance(protocol, Replaying) else None
