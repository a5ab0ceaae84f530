"""A Trident is listened to and never spoken to; its lines come out whole whatever the cuts."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reader_peer import STAMP
from test_driver import Place, jumping

from readers import ipico_frames as frames
from readers.events import Malformed, MemoryState
from readers.health import Link
from readers.link_watch import SILENCE_MAX_US
from readers.protocol import Now, protocol_class
from readers.trident import TridentProtocol
from timing.instants import SECOND
from timing.reads import ChipRead

LINES = [
    frames.trident_line(f"05800000000{n}", STAMP + n * SECOND, letter="B", receiver=2, signal=40 + n) for n in range(4)
]
NOW = Now(STAMP, 0)


def fresh() -> TridentProtocol:
    protocol = protocol_class("trident")()
    assert isinstance(protocol, TridentProtocol)
    protocol.connected(NOW)
    return protocol


def fed(*pieces: bytes) -> list[object]:
    protocol = fresh()
    events: list[object] = [event for piece in pieces for event in protocol.receive_data(piece, NOW)]
    assert protocol.data_to_send() == b""
    return events + list(protocol.disconnected())


def test_the_line_of_the_manual() -> None:
    # aa, reader A, receiver 1, tag, counter, date, time, hundredths, 00 for check digits, kind, signal.
    (read,) = fed(b"aaA105800012860800032410270930004f00FS3c\r\n")
    assert isinstance(read, ChipRead)
    assert (read.tag, read.stamp_us, read.label) == ("058000128608", STAMP + 790_000, "a1")
    assert read.rssi == 0x3C


@pytest.mark.parametrize("size", [1, 7, 41, 42, 1000])
def test_the_same_reads_whatever_the_cuts(size: int) -> None:
    data = b"".join(LINES)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert fed(*pieces) == fed(data)
    assert [read.tag for read in fed(data) if isinstance(read, ChipRead)] == [f"05800000000{n}" for n in range(4)]


@given(st.binary(max_size=300))
def test_after_any_noise_the_next_line_is_found(noise: bytes) -> None:
    events = fed(noise, b"\r\n" + LINES[0])
    assert fed(LINES[0])[0] in events


def test_half_a_line_never_meets_the_next_connection() -> None:
    protocol = fresh()
    assert protocol.receive_data(LINES[0][:20], NOW) == []
    assert [type(event) for event in protocol.disconnected()] == [Malformed]
    protocol.connected(NOW)
    assert not any(isinstance(event, ChipRead) for event in protocol.receive_data(LINES[0][20:], NOW))


@jumping
async def test_a_quiet_link_is_left_alone_and_the_crew_told_of_the_memory() -> None:
    async with Place(protocol=TridentProtocol()).driving() as place:
        await place.sink.until(lambda: place.driver.health.memory is MemoryState.NONE)
        assert "raw.log" in place.driver.health.warning
        await place.peer.send(b"".join(LINES))
        await place.sink.until(lambda: place.sink.count == 4)
        await asyncio.sleep(10 * SILENCE_MAX_US / SECOND)
        assert place.driver.health.link is Link.UP
        assert len(place.transports) == 1
        assert place.peer.requests == []
