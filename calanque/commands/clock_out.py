"""`calanque clock-out`: the race clock as a line a second on a serial port, for a display board."""

import asyncio
import contextlib
from typing import Final

from calanque.board_clock import BoardClock
from calanque.errors import FrontDoorError
from calanque.event_stream import follow
from calanque.exit_codes import OK
from calanque.folder import folder_of
from calanque.running import until_told
from calanque.terminal import say, warn
from config.loader import load_race
from readers.errors import TransportError
from readers.transports import LINKS, Transport, check_endpoint, open_transport
from results.web.stream import real_now_us
from timing.instants import SECOND

AGAIN_S: Final = 1.0
INSIDE_US: Final = 2_000
"""Into the second: a sleep may end a little before the second that it was to reach."""
WRITE_WITHIN_S: Final = 2.0
"""A board whose flow control says no for longer is opened again."""


def clock_out_command(race: str, *, serial: str, wave: str | None) -> int:
    endpoint = f"serial:{serial}" if serial.startswith("/") else serial
    if endpoint.partition(":")[0] not in ("serial", "tcp"):
        raise FrontDoorError(
            f"--serial {serial}: a board is on a serial port, here or behind a converter: give /dev/ttyUSB1, "
            f"{LINKS['serial']} or {LINKS['tcp']}"
        )
    check_endpoint(endpoint)
    folder = folder_of(race)
    waves = [each.id for each in load_race(folder.path).race.waves]
    if wave is not None and wave not in waves:
        raise FrontDoorError(f"--wave {wave}: the race has {', '.join(waves)}")
    board = BoardClock(wave)
    over = follow(folder, lambda event: board.take(event, real_now_us()))
    say(f"The clock of wave {wave or waves[0]} is for {endpoint}. Ctrl+C ends it.")
    try:
        until_told(show(board, endpoint))
    finally:
        over.set()
    return OK


async def show(board: BoardClock, endpoint: str) -> None:
    """A line at each second, for ever; a board that is unplugged and comes back goes on."""
    told = ""
    while True:
        try:
            transport = await open_transport(endpoint)
        except TransportError as error:
            if str(error) != told:
                warn(f"{error} (tried again every second)")
            told = str(error)
            await asyncio.sleep(AGAIN_S)
            continue
        told = ""
        say(f"{endpoint} is open: a line a second goes there")
        with contextlib.suppress(TransportError, TimeoutError):
            await _lines(board, transport)
        transport.close()
        await asyncio.sleep(AGAIN_S)


async def _lines(board: BoardClock, transport: Transport) -> None:
    """Raises: ConnectionLost; TimeoutError when the board takes nothing."""
    while True:
        await asyncio.sleep((board.us_to_next(real_now_us()) + INSIDE_US) / SECOND)
        async with asyncio.timeout(WRITE_WITHIN_S):
            await transport.write(board.line(real_now_us()))
