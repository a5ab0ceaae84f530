"""Decoding alone: reads a second of one core for each protocol, beside a loop that only splits the same bytes.

The ratio is what can be compared between machines; the figure is for this one. IPICO lines are all different; of the
others it is the shortest sample that is a read, many times over, which flatters whoever remembers the last one. Blocks
as a driver gets them. Run by `make bench`.
"""

from __future__ import annotations

import statistics
import time

import pytest
from fuzz.case import ZERO, Subject, subject
from fuzz.samples import protocol_of
from interleaved import show

from readers import ipico_frames
from readers.protocol import protocol_names
from timing.reads import ChipRead

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

BLOCK = 65_536
ROUNDS = 7
MEGABYTES = 4
AIM = {"ipico": 300_000}
"""Reads a second on a small laptop, with check digits."""
RATIO_MAX = {"ipico": 120.0}
"""Times the loop that splits: twice what was measured (59, at 350,000 reads a second). The loop is a few nanoseconds a
line, so the ratio swings; a decoder gone quadratic or fallen off its fast path is not missed."""


def ipico_lines() -> bytes:
    """Different tags and stamps, as they cross a mat."""
    lines = (ipico_frames.tag_line(f"0580{n:08x}", ZERO.race_us + n * 10_000) for n in range(20_000))
    return b"".join(lines) * 6


def data_of(under_test: Subject) -> tuple[bytes, bytes]:
    """A few megabytes of reads, and what ends a record in them."""
    if under_test.name == "ipico":
        return ipico_lines(), b"\n"
    short = min(under_test.good, key=len)
    return short * (MEGABYTES * 1_000_000 // len(short)), short[-1:]


def decoded(name: str, data: bytes) -> tuple[float, int]:
    protocol = protocol_of(name)
    protocol.connected(ZERO)
    protocol.data_to_send()
    reads = 0
    begun_s = time.process_time()
    for at in range(0, len(data), BLOCK):
        events = protocol.receive_data(data[at : at + BLOCK], ZERO)
        reads += sum(type(event) is ChipRead for event in events)
        protocol.data_to_send()
    return time.process_time() - begun_s, reads


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
    if not under_test.good:
        pytest.skip(f"no frame of {name} is known that is a read on its own")
    data, ending = data_of(under_test)
    decoded(name, data[:BLOCK])
    rates, ratios = [], []
    for _ in range(ROUNDS):
        took_s, reads = decoded(name, data)
        assert reads > 1_000
        rates.append(reads / took_s)
        ratios.append(took_s / split(data, ending))
    rate, ratio = statistics.median(rates), statistics.median(ratios)
    aim = f", aim {AIM[name]:,}" if name in AIM else ""
    show(
        request,
        f"{name:<14}{rate:>12,.0f} reads/s (best {max(rates):,.0f}{aim}), {len(data) / reads:,.0f} bytes each, "
        f"{ratio:.1f} times a loop that only splits",
    )
    assert ratio <= RATIO_MAX.get(name, 1_000.0)
