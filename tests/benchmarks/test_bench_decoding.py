"""Decoding alone: reads a second of one core for each protocol, beside a loop that only splits the same bytes.

The ratio is what can be compared between machines; the figure is for this one. Reads of a virtual device are all
different, and come as it answers what it is asked. Where there is none on a wire (Trident, readers that publish) it is
the shortest sample that is a read, many times over, which flatters whoever remembers the last one. Run by `make bench`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from fuzz.case import ZERO, Subject, subject
from fuzz.samples import protocol_of
from interleaved import show

from readers.protocol import Acknowledging, Now, Protocol, protocol_names
from simulators.devices import DeviceClock, WireDevice, can_be_served, device_of
from simulators.tapes import Tape
from timing.reads import ChipRead, SourceId

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

BLOCK = 65_536
ROUNDS = 5
MEGABYTES = 4
READS = 50_000
TURNS_MAX = 50_000
SPOKEN_LIKE = {"ipico_elite": "ipico"}
ENDINGS = {"timy": b"\r", "jchip": b"\r", "llrp": b"\x04\x3d", "mylaps": b"@"}
"""What ends a record, or begins the next, where it is no line end."""
AIM = {"ipico": 300_000}
"""Reads a second on a small laptop, with check digits."""
RATIO_MAX = {"ipico": 120.0}
"""Times the loop that splits: twice what was measured (59, at 350,000 reads a second). The loop is a few nanoseconds a
line, so the ratio swings; a decoder gone quadratic or fallen off its fast path is not missed."""


def tape(name: str) -> Tape:
    """Different tags and stamps, as they cross a mat; due before the race begins, so that all can be had at once."""
    stamp_us = ZERO.race_us + np.arange(READS, dtype=np.int64) * 10_000
    return Tape(
        source=SourceId(name),
        protocol=name,
        tags=tuple(f"{100_000 + n}" if name == "chronelec" else f"0580{n:08X}" for n in range(READS)),
        labels=("",),
        tag=np.arange(READS, dtype=np.int32),
        mat=np.zeros(READS, np.int16),
        stamp_us=stamp_us,
        due_us=np.full(READS, ZERO.race_us, np.int64),
        antenna=np.full(READS, -1, np.int8),
        rssi=np.full(READS, np.nan, np.float32),
        guns_us=(),
    )


def blocks_of(under_test: Subject) -> Iterator[tuple[Protocol, bytes, Now]]:
    """A protocol, and what it is to be given now: a virtual device's reads, as it answers; else samples, repeated."""
    name = under_test.name
    protocol = protocol_of(name)
    protocol.connected(ZERO)
    told_by = SPOKEN_LIKE.get(name, name)
    if can_be_served(told_by):
        device = device_of(tape(told_by), DeviceClock(zone=ZoneInfo("Europe/Paris"), rate=0))
        if isinstance(device, WireDevice):
            yield from _said(protocol, device)
            return
    short = min(under_test.good, key=len)
    data = short * (MEGABYTES * 1_000_000 // len(short))
    for at in range(0, len(data), BLOCK):
        yield protocol, data[at : at + BLOCK], ZERO
        protocol.data_to_send()


def _said(protocol: Protocol, device: WireDevice) -> Iterator[tuple[Protocol, bytes, Now]]:
    now = ZERO
    device.host_connected(now.race_us)
    protocol.ask_memory(None, now)
    for _ in range(TURNS_MAX):
        device.receive(protocol.data_to_send(), now.race_us)
        data = device.take(now.race_us, BLOCK)
        if data:
            yield protocol, data, now
        else:
            now = Now(now.race_us + 100_000, now.steady_us + 100_000)
            if (due := protocol.next_deadline()) is not None and due <= now.steady_us:
                protocol.handle_deadline(now)


def decoded(under_test: Subject) -> tuple[float, int, bytes]:
    """Processor time, reads, and the bytes they were in."""
    took_s, reads, all_of_it = 0.0, 0, []
    for protocol, data, now in blocks_of(under_test):
        begun_s = time.process_time()
        events = protocol.receive_data(data, now)
        took_s += time.process_time() - begun_s
        came = [event for event in events if type(event) is ChipRead]
        if isinstance(protocol, Acknowledging):
            protocol.stored(came)
        reads += len(came)
        all_of_it.append(data)
        if reads >= READS:
            break
    return took_s, reads, b"".join(all_of_it)


def split(data: bytes, ending: bytes) -> float:
    """What no decoder can do without: each record as an object of its own, looked at once."""
    rest, count = b"", 0
    begun_s = time.process_time()
    for at in range(0, len(data), BLOCK):
        *lines, rest = (rest + data[at : at + BLOCK]).split(ending)
        for line in lines:
            if line:
                count += 1
    assert count
    return time.process_time() - begun_s


@pytest.mark.parametrize("name", protocol_names())
def test_reads_decoded_in_a_second_of_one_core(name: str, request: pytest.FixtureRequest) -> None:
    under_test = subject(name)
    ending = ENDINGS.get(name, b"\n")
    rates, ratios = [], []
    for _ in range(ROUNDS):
        took_s, reads, data = decoded(under_test)
        assert reads > 1_000
        rates.append(reads / took_s)
        ratios.append(took_s / split(data, ending))
    rate, ratio = statistics.median(rates), statistics.median(ratios)
    aim = f", aim {AIM[name]:,}" if name in AIM else ""
    show(
        request,
        f"{name:<16}{rate:>12,.0f} reads/s (best {max(rates):,.0f}{aim}), {len(data) / reads:,.0f} bytes each, "
        f"{ratio:.1f} times a loop that only splits",
    )
    assert ratio <= RATIO_MAX.get(name, 1_000.0)
