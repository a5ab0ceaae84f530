"""A clock is set by an explicit command alone: precisely, verified, and never once it would move times that count."""

from __future__ import annotations

import asyncio
import inspect
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from jumping_loop import run_jumping
from reader_peer import STAMP, ReaderPeer, ended
from transport_contract import Peer

from calanque.commands.set_clock import right_clock, words
from calanque.errors import FrontDoorError
from readers import driver, ipico, ipico_requests
from readers import ipico_frames as frames
from readers.clock_setting import SETTABLE, ClockSet, ClockSetter, set_clock
from readers.errors import ClockNotSet, UnknownProtocol
from readers.ipico_records import clock_stamp, control_frame
from readers.ipico_requests import Request
from readers.protocol import protocol_names
from readers.race_clock import RaceClock
from readers.transports import memory_pair
from timing.instants import HOUR, SECOND
from timing.reads import ClockKind


class Settable(ReaderPeer):
    """A reader whose clock can be set; it acts when the captured one did."""

    def __init__(self, ahead_us: int, *, refuses: bool = False, deaf: bool = False, delay_s: float = 0.02) -> None:
        super().__init__()
        self.ahead_us = ahead_us
        self.refuses = refuses
        self.deaf = deaf
        self.delay_s = delay_s
        self.told: list[int] = []

    def shown(self) -> int:
        return (race_us() + self.ahead_us) // 10_000 * 10_000

    async def play(self, link: Peer) -> None:
        inbox = b""
        while data := await link.read():
            await asyncio.sleep(self.delay_s)
            inbox += data
            *requests, inbox = inbox.split(b"\r\n")
            for request in requests:
                frame = control_frame(request)
                assert frame is not None
                if frame.instruction == frames.CLOCK_SET:
                    await self._set(link, frame.content)
                elif Request(request + b"\r\n") is Request.CLOCK:
                    self.requests.append(Request.CLOCK)
                    answer = frames.clock_reply(self.shown())
                    await asyncio.sleep(self.delay_s)
                    await link.write(answer)

    async def _set(self, link: Peer, content: bytes) -> None:
        stamp_us = clock_stamp(content + b"\0")
        assert stamp_us is not None
        self.told.append(stamp_us)
        if self.refuses:
            await link.write(frames.refusal(0xF4))
            return
        await link.write(frames.control(frames.CLOCK_SET))
        if not self.deaf:
            asyncio.get_running_loop().call_later(0.49, self._act, stamp_us)

    def _act(self, stamp_us: int) -> None:
        self.ahead_us = stamp_us - race_us()


def race_us() -> int:
    return STAMP + int(asyncio.get_running_loop().time() * SECOND)


def loop_clock() -> RaceClock:
    return RaceClock(0, 1, 0, real_us=race_us, steady_us=race_us)


async def attempt(reader: Settable) -> ClockSet:
    near, far = memory_pair()
    playing = asyncio.ensure_future(reader.play(far))

    async def connect():  # type: ignore[no-untyped-def]
        return near

    try:
        return await set_clock(connect, ClockSetter.of("ipico"), loop_clock(), lambda us: us + HOUR)
    finally:
        await ended(playing)


@pytest.mark.parametrize("ahead_us", [0, HOUR + 250_000, -17 * HOUR, 40 * 365 * 24 * HOUR])
@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.15])
def test_a_clock_is_right_afterwards_whatever_it_was_and_however_long_the_way(ahead_us: int, delay_s: float) -> None:
    async def main() -> None:
        reader = Settable(ahead_us, delay_s=delay_s)
        done = await attempt(reader)
        assert done.is_right
        assert abs(reader.ahead_us - HOUR) <= 20_000
        assert done.was_off_us == pytest.approx(ahead_us - HOUR, abs=30_000)
        assert len(reader.told) == 1
        assert "set: it was" in words(done, "tcp:a:1", "ipico")

    run_jumping(main())


def test_a_reader_that_does_not_obey_is_found_out() -> None:
    async def main() -> None:
        done = await attempt(Settable(0, deaf=True))
        assert not done.is_right
        assert "NOT RIGHT" in words(done, "tcp:a:1", "ipico")
        silent = Settable(0)
        silent.play = _mute  # type: ignore[method-assign]
        with pytest.raises(ClockNotSet, match="does not tell its time"):
            await attempt(silent)

    run_jumping(main())


async def _mute(link: Peer) -> None:
    while await link.read():
        pass


def test_the_request_is_that_of_the_document_and_no_driver_has_it() -> None:
    request = frames.set_clock_request(STAMP)
    assert request == frames.control(0x01, bytes.fromhex("24102700093000"))
    with pytest.raises(ValueError, match="whole second"):
        frames.set_clock_request(STAMP + 1)
    assert all(each.value[6:8] != b"01" for each in Request)
    for module in (driver, ipico, ipico_requests):
        assert "set_clock" not in inspect.getsource(module)


def test_every_kind_says_whether_it_can_be_set() -> None:
    with pytest.raises(UnknownProtocol, match="ipico"):
        ClockSetter.of("ipicoo")
    for name in SETTABLE:
        assert ClockSetter.of(name).request(STAMP)
    # A box whose reference moves with a line of the port, and whatever else has other words of its own: not so.
    for name in set(protocol_names()) - SETTABLE:
        with pytest.raises(ClockNotSet, match="maker's program"):
            ClockSetter.of(name)
    assert ClockSetter.of("ipico").acts_after_us == 490_000


def test_what_a_right_clock_shows() -> None:
    paris = ZoneInfo("Europe/Paris")
    winter = int(datetime(2024, 10, 27, 9, 30, tzinfo=UTC).timestamp()) * SECOND
    assert right_clock(ClockKind.UTC, paris)(winter) == winter
    assert right_clock(ClockKind.LOCAL, paris)(winter) == winter + HOUR
    assert right_clock(ClockKind.LOCAL, paris)(winter - 24 * HOUR) == winter - 22 * HOUR
    with pytest.raises(FrontDoorError, match="own zero"):
        right_clock(ClockKind.ELAPSED, None)
