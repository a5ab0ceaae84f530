"""Links to readers, on real pseudo-terminals and sockets, with everything cables do. F09 to F18 of docs/faults.md.

The driver and the IPICO protocol are those of race day; between them and a small reader is what the fault says.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from chaos_proxy import ChaosProxy, Habits, chaos
from pty_peer import PtyPeer
from reader_peer import Kept, key, line
from test_driver_wires import SerialReader, TcpReader, driving, settled
from transport_contract import Peer

from readers.driver import Driver
from readers.events import MemoryState
from readers.health import Link
from readers.ipico_requests import Request
from readers.malformed import MALFORMED_KEPT
from timing.identity import IdentityIndex
from timing.reads import SourceReads


class Journalled(Kept):
    """A sink that counts as the engine does: each read once."""

    def __init__(self) -> None:
        super().__init__()
        self.index = IdentityIndex()
        self.once: list[tuple[str | None, int]] = []
        self.repeats = 0

    async def reads(self, reads: SourceReads) -> None:
        await super().reads(reads)
        fresh, repeats = self.index.fresh(reads)
        self.repeats += repeats
        self.once += [(read.tag, read.stamp_us) for read in fresh.reads]


@asynccontextmanager
async def through_chaos(
    reader: TcpReader, sink: Kept, seed: int, habits: Habits | None = None
) -> AsyncIterator[tuple[ChaosProxy, Driver]]:
    """A driver that reaches a reader through a network that misbehaves."""
    await reader.on()
    async with (
        chaos(reader.port, seed=seed, habits=habits) as proxy,
        driving(f"tcp:127.0.0.1:{proxy.port}", sink) as driver,
    ):
        yield proxy, driver
    await reader.off()


def keys(*numbers: int) -> set[tuple[str, int]]:
    return {key(n) for n in numbers}


# Noise


async def test_f09_noise_on_a_serial_line_costs_the_damaged_records_and_invents_none(tmp_path: Path) -> None:
    """NUL, 0xff, glued lines, halves, and one bit in two thousand characters."""
    chance = random.Random(9)
    reader, sink = SerialReader(tmp_path / "ttyUSB0"), Kept()
    reader.has_memory = False
    reader.plug()
    whole = set()
    async with driving(f"serial:{reader.path}?baud=115200", sink) as driver:
        await sink.until(lambda: driver.health.memory is MemoryState.NONE)
        for number in range(2_000):
            record = bytearray(line(number))
            kind = chance.choice(("whole", "whole", "whole", "flip", "nul", "ff", "glued", "half"))
            if kind == "flip":
                record[chance.randrange(len(record) - 2)] ^= 1 << chance.randrange(8)
            elif kind == "nul":
                record[:0] = bytes(chance.randrange(1, 60))
            elif kind == "ff":
                record[:0] = b"\xff" * chance.randrange(1, 60) + b"\r\n"
            elif kind == "glued":
                record = record[:-2]
            elif kind == "half":
                record = record[: chance.randrange(2, 30)] + b"\r\n"
            if kind in ("whole", "nul", "ff"):
                whole.add(number)
            await reader.send(bytes(record))
        await reader.send(b"\r\n" + line(9_999))
        await sink.until(lambda: key(9_999) in sink.all)
        assert set(sink.all) <= keys(*range(2_000), 9_999)
        # A record right after a glued one shares its line; both are found all the same.
        assert set(sink.all) >= keys(*whole)
        assert driver.health.malformed > 200
        assert sink.malformed
        assert driver.health.link is Link.UP
    await reader.pull()


async def test_f09_bytes_flipped_by_the_network_never_make_a_read_that_was_not(tmp_path: Path) -> None:
    """The memory is asked meanwhile, too: its answers come damaged as well, and nothing hangs."""
    reader, sink = TcpReader(), Kept()
    async with through_chaos(reader, sink, 9, Habits(flips=3_000)) as (proxy, driver):
        await sink.until(lambda: driver.health.link is Link.UP)
        for first in range(0, 5_000, 100):
            await reader.read(*range(first, first + 100))
        await sink.until(lambda: sink.count >= 4_000)
        proxy.habits.flips = 0
        await reader.read(6_000)
        await sink.until(lambda: key(6_000) in sink.all)
        assert proxy.flipped > 20
        # The check digits are a sum: two flips in one record that cancel out may pass, one in some ten thousand.
        assert len(set(sink.all) - keys(*range(5_000), 6_000)) <= 2


# Half a line


async def test_f10_half_a_line_and_a_cut_is_no_read_and_the_memory_brings_the_whole() -> None:
    reader, sink = TcpReader(), Kept()
    chance = random.Random(10)
    async with through_chaos(reader, sink, 10) as (proxy, driver):
        await settled(sink, driver)
        sent = 0
        for _ in range(3):
            proxy.cut_after(38 * 20 + chance.randrange(1, 37))
            await reader.read(*range(sent, sent + 40))
            sent += 40
            await sink.until(lambda: driver.health.link is Link.DOWN)
            await sink.until(lambda: driver.health.link is Link.UP)
            await settled(sink, driver)
            assert set(sink.all) == keys(*range(sent))
        assert "cut off by the end of the link" in {reason for _, reason in sink.malformed}
        assert proxy.connections == 4


# Wrong line speed


def at_another_speed(data: bytes, chance: random.Random) -> bytes:
    """What a port at a twelfth of the speed makes of a line: one character of a dozen, with start bits in between."""
    return bytes(chance.choice((0x00, 0x80, 0xE0, 0xF8, 0xFE, 0xFF, byte | 0x80)) for byte in data[::12])


async def test_f11_a_wrong_line_speed_is_told_within_5_s_and_other_links_go_on(tmp_path: Path) -> None:
    wrong, right = SerialReader(tmp_path / "wrong"), SerialReader(tmp_path / "right")
    wrong.mute = True
    wrong.plug()
    right.plug()
    rubbish, good = Kept(), Kept()
    chance = random.Random(11)
    async with driving(f"serial:{wrong.path}?baud=9600", rubbish) as bad, driving(f"serial:{right.path}", good) as fine:
        await settled(good, fine)
        await rubbish.until(lambda: bad.health.link is Link.OPENED and wrong.link is not None)
        began_s = time.monotonic()
        number = 0
        while bad.health.link is not Link.UNINTELLIGIBLE:
            assert time.monotonic() - began_s < 20
            await wrong.send(at_another_speed(line(number) * 20, chance))
            await right.read(number)
            number += 1
            await asyncio.sleep(0.02)
        noticed_s = time.monotonic() - began_s
        await good.until(lambda: good.count == number)
        assert noticed_s <= 6  # five, and a busy machine
        assert "line speed" in bad.health.error
        assert "make no sense" in bad.health.error
        # The line is as good as new once the speed is right, and what was kept of the rubbish is bounded.
        for _ in range(200):
            await wrong.send(at_another_speed(line(0) * 200, chance) + b"\r\n")
        await wrong.send(b"\r\n" + line(7))
        await rubbish.until(lambda: bad.health.link is Link.UP)
        assert rubbish.all == [key(7)]
        assert len(rubbish.malformed) <= MALFORMED_KEPT + 10
        assert all(len(raw) <= 200 for raw, _ in rubbish.malformed)
        assert fine.health.malformed == 0
    await wrong.pull()
    await right.pull()


# Unplugged


async def test_f12_an_adapter_back_under_another_name_is_found_by_its_id_and_the_gap_is_filled(tmp_path: Path) -> None:
    """As under /dev/serial/by-id: the link has the adapter's own name, the device behind it another one each time."""
    reader, sink = SerialReader(tmp_path / "usb-FTDI_A10K-if00-port0"), Journalled()
    reader.plug()
    first_device = os.readlink(reader.path)
    async with driving(f"serial:{reader.path}?baud=115200", sink) as driver:
        await settled(sink, driver)
        await reader.read(*range(100), half=11)
        await sink.until(lambda: sink.count >= 99)
        await reader.pull()
        await sink.until(lambda: driver.health.link is Link.DOWN)
        assert "is the cable in?" in driver.health.error or "vanished" in driver.health.error
        taken = PtyPeer(tmp_path / "another adapter")  # somebody else has the old name now
        await reader.read(*range(100, 150))
        reader.plug()
        assert os.readlink(reader.path) != first_device
        await sink.until(lambda: driver.health.link is Link.UP)
        assert driver.health.gap or driver.health.memory is MemoryState.DONE
        await settled(sink, driver)
        assert sorted(sink.once) == sorted(keys(*range(150)))
        taken.close()
    await reader.pull()


# No goodbye


@pytest.mark.slow
async def test_f13_a_cable_pulled_without_goodbye_is_noticed_within_10_s_and_all_comes_after_it() -> None:
    reader, sink = TcpReader(), Journalled()
    async with through_chaos(reader, sink, 13) as (proxy, driver):
        await settled(sink, driver)
        await reader.read(*range(50))
        await sink.until(lambda: sink.count >= 50)
        proxy.freeze()
        gone_s = time.monotonic()
        await reader.read(*range(50, 80))
        await sink.until(lambda: driver.health.link is not Link.UP)
        assert time.monotonic() - gone_s <= 11  # ten, and a busy machine
        assert "does not answer" in driver.health.error
        proxy.thaw()
        await sink.until(lambda: driver.health.link is Link.UP)
        await settled(sink, driver)
        assert sorted(sink.once) == sorted(keys(*range(80)))


async def test_f13_connections_refused_again_and_again_are_tried_for_ever() -> None:
    reader, sink = TcpReader(), Kept()
    async with through_chaos(reader, sink, 14) as (proxy, driver):
        await settled(sink, driver)
        proxy.refuse()
        proxy.cut()
        await sink.until(lambda: driver.health.link is Link.DOWN)
        await sink.until(lambda: proxy.connections >= 5)
        assert driver.health.attempts >= 3
        await reader.read(1)
        proxy.refuse(False)
        await sink.until(lambda: driver.health.link is Link.UP)
        await settled(sink, driver)
        assert sink.all == [key(1)]


# Repeats


class Interleaving(TcpReader):
    """As a real reader: its memory and, in the middle of it, a runner who crosses now."""

    live = 50_000

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def _obey(self, link: Peer, request: Request) -> None:
        if request is not Request.MEMORY_START:
            await super()._obey(link, request)
            return
        stored = self.memory[:]
        self._downloading, self._sent = True, len(stored)
        await link.write(self._status())
        await link.write(b"".join(stored[: len(stored) // 2]))
        await self.read(self.live)
        await self.go_on.wait()
        await link.write(b"".join(stored[len(stored) // 2 :]))


async def test_f14_thirty_thousand_old_reads_count_once_and_live_ones_do_not_wait_for_their_end() -> None:
    reader, sink = Interleaving(), Journalled()
    stored = 30_000
    await reader.read(*range(stored))
    reader.go_on.set()
    async with through_chaos(reader, sink, 14, Habits(drip=50_000)) as (proxy, driver):
        await settled(sink, driver)
        assert len(sink.once) == stored + 1
        reader.go_on.clear()
        reader.live += 1
        proxy.cut()  # after which the whole memory comes again
        await sink.until(lambda: key(reader.live) in sink.once)
        assert driver.health.memory is not MemoryState.DONE
        assert driver.health.gap
        reader.go_on.set()
        await settled(sink, driver)
        await sink.until(lambda: sink.repeats >= stored)
        assert sorted(sink.once) == sorted(keys(*range(stored), reader.live - 1, reader.live))


async def test_f15_windows_asked_in_panic_that_overlap_and_break_off_give_their_union() -> None:
    reader, sink = TcpReader(), Journalled()
    await reader.read(*range(3_000))
    chance = random.Random(15)
    async with through_chaos(reader, sink, 15) as (proxy, driver):
        for _ in range(4):
            await sink.until(lambda: driver.health.link is Link.UP)
            proxy.cut_after(chance.randrange(1_000, 90_000))
            await sink.until(lambda: driver.health.link is Link.DOWN)
        await sink.until(lambda: driver.health.link is Link.UP)
        await settled(sink, driver)
        assert sorted(sink.once) == sorted(keys(*range(3_000)))
        assert sink.repeats > 0


@pytest.mark.parametrize("seed", range(3))
def test_f15_overlapping_windows_in_any_order_give_each_read_once(seed: int) -> None:
    chance = random.Random(seed)
    sink = Journalled()

    async def main() -> None:
        reads = Kept()
        reader = TcpReader()
        await reader.read(*range(400))
        async with through_chaos(reader, reads, seed) as (_, driver):
            await settled(reads, driver)
        (batch,) = reads.batches if len(reads.batches) == 1 else [joined(reads.batches)]
        windows = [batch.reads[0:200], batch.reads[150:320], batch.reads[100:400]]
        chance.shuffle(windows)
        for window in windows:
            part = list(window)
            chance.shuffle(part)
            await sink.reads(SourceReads(source=batch.source, clock=batch.clock, reads=part))

    asyncio.run(main())
    assert sorted(sink.once) == sorted(keys(*range(400)))
    assert sink.repeats == 200 + 170 + 300 - 400


def joined(batches: list[SourceReads]) -> SourceReads:
    reads = [read for batch in batches for read in batch.reads]
    return SourceReads(source=batches[0].source, clock=batches[0].clock, reads=reads)


# Cuts


@pytest.mark.parametrize("drip", [1, 7, 39])
async def test_f16_records_in_segments_of_any_size_are_the_same_reads(drip: int) -> None:
    reader, sink = TcpReader(), Kept()
    async with through_chaos(reader, sink, drip, Habits(drip=drip)) as (proxy, driver):
        await settled(sink, driver)
        await reader.read(*range(150))
        await sink.until(lambda: sink.count >= 150)
        assert sink.all == [key(n) for n in range(150)]
        assert driver.health.malformed == 0
        assert proxy.connections == 1


# Without end


async def test_f17_ten_megabytes_without_a_line_end_are_counted_and_the_next_read_is_found() -> None:
    reader, sink = TcpReader(), Kept()
    async with through_chaos(reader, sink, 17) as (_, driver):
        await settled(sink, driver)
        await reader.read(1)
        await sink.until(lambda: sink.count == 1)
        tracemalloc.start()
        for _ in range(160):
            await reader.send(b"x" * 65_536)
        await sink.until(lambda: driver.health.bytes_in >= 160 * 65_536, patience_s=60)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await reader.send(b"\r\n" + line(2))
        await sink.until(lambda: sink.count == 2)
        assert sink.all == [key(1), key(2)]
        assert held < 3_000_000
        assert [reason for _, reason in sink.malformed] == ["no line end"]
        assert len(sink.malformed[0][0]) == 200


# Observing only


@pytest.mark.parametrize("seed", [18])
async def test_f18_whatever_the_network_does_the_reader_hears_nothing_but_questions(seed: int) -> None:
    """Cuts, drips, and damage in all that the reader says; what we sent is one of the questions, or its beginning."""
    heard: list[bytes] = []
    server_links: list[asyncio.StreamWriter] = []

    async def listen(incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        server_links.append(outgoing)
        said = b""
        heard.append(said)
        place = len(heard) - 1
        while data := await incoming.read(65_536):
            heard[place] += data
            outgoing.write(line(len(heard[place])) + chance.randbytes(20) + b"ab00114b0300\r\nab0000f252\r\n")

    chance = random.Random(seed)
    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    sink = Kept()
    async with (
        chaos(server.sockets[0].getsockname()[1], seed=seed, habits=Habits(drip=25, flips=500)) as proxy,
        driving(f"tcp:127.0.0.1:{proxy.port}", sink),
    ):
        for number in range(1, 4):
            await sink.until(lambda number=number: len(heard) >= number and b"\r\n" in heard[-1])
            proxy.cut()
    server.close()
    questions = {request.value for request in Request}
    for said in heard:
        *whole, rest = said.split(b"\r\n")
        assert {question + b"\r\n" for question in whole} <= questions
        assert any(question.startswith(rest) for question in questions)


async def test_the_same_seed_does_the_same() -> None:
    """What makes a failing run repeatable: damage depends on the seed and the number of the connection alone."""

    async def say(_: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        outgoing.write(b"calanque" * 2_000)
        await outgoing.drain()
        outgoing.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    told = []
    for seed in (1, 1, 2):
        async with chaos(server.sockets[0].getsockname()[1], seed=seed, habits=Habits(flips=100)) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            told.append(await reader.read(-1))
            writer.close()
    server.close()
    assert told[0] == told[1] != told[2]
    assert len(told[0]) == 16_000


async def test_connections_reach_the_server_in_another_order_than_they_were_made() -> None:
    came: list[bytes] = []

    async def listen(incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        came.append(await incoming.readexactly(1))
        outgoing.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with chaos(server.sockets[0].getsockname()[1], seed=3, habits=Habits(shuffle=5)) as proxy:
        writers = []
        for number in range(5):
            _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(b"%d" % number)
            writers.append(writer)
        async with asyncio.timeout(10):
            while len(came) < 5:  # noqa: ASYNC110 (the server says nothing)
                await asyncio.sleep(0.01)
    server.close()
    assert sorted(came) == [b"0", b"1", b"2", b"3", b"4"]
    assert came != sorted(came)
