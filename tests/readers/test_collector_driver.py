"""A virtual IPICO reader, its driver, a collector, a broker and an engine in one row."""

from __future__ import annotations

import asyncio
from collections import Counter
from zoneinfo import ZoneInfo

import numpy as np
from mqtt_peers import SOURCE, make_collector, make_intake, running, until

from readers import ipico_frames as frames
from readers.collector_reader import ProtocolMemory
from readers.driver import Driver
from readers.intake import Sink
from readers.ipico import IpicoProtocol
from readers.protocol import Since
from readers.race_clock import RaceClock
from readers.transports import open_transport
from simulators.ipico_reader import IpicoTape, VirtualReader
from simulators.serve import Post, ReaderServer
from timing.instants import HOUR, MILLISECOND
from timing.race import Source
from timing.reads import ClockKind

NINE_US = 1_730_016_000_000_000
GUN_US = NINE_US + 300 * MILLISECOND
COUNT = 2_000
TAGS = Counter(f"{number:012X}" for number in range(COUNT))


def tape() -> IpicoTape:
    lines = b"".join(frames.tag_line(f"{n:012x}", NINE_US + HOUR + n * 10_000) for n in range(COUNT))
    due_us = NINE_US + np.arange(COUNT) * MILLISECOND // 2
    return IpicoTape(lines=lines, due_us=due_us, guns_us=(GUN_US,))


async def test_a_readers_reads_gun_clock_and_memory_reach_the_engine_through_a_collector(mosquitto, make_sink, store):
    sink = make_sink()
    intake = make_intake(sink, mosquitto)
    clock = RaceClock.simulated(NINE_US, 1)
    protocol = IpicoProtocol()
    collector = make_collector(store, mosquitto, memory=ProtocolMemory(protocol, clock), protocol="ipico")
    taking: Sink = collector
    reader = VirtualReader(tape(), ZoneInfo("Europe/Paris"))
    async with ReaderServer([Post(source=SOURCE, device=reader, address="tcp:127.0.0.1:0")], clock) as server:
        source = Source(id=SOURCE, protocol="ipico", connect=server.addresses[SOURCE], clock=ClockKind.LOCAL)
        driver = Driver(
            source, protocol, lambda: open_transport(source.connect), taking, clock, lambda: collector.since
        )
        async with running(server), running(intake), running(collector), running(driver):
            await until(lambda: sink.tags() == TAGS)
            await until(lambda: collector.unconfirmed == 0)
            await until(lambda: [gun.body.stamp_us for gun in sink.journalled().guns] == [GUN_US + HOUR])
            await until(lambda: intake.health()[0].reader.clock_us is not None, 20)
            (health, _) = intake.source_health()
            assert abs(health.clock_offset_us - HOUR) < 2_000_000  # local time in winter
            # The crew asks for a stretch again: the same reads come under new numbers, and count once.
            numbers = store.last
            await intake.rewind(SOURCE, NINE_US + HOUR, NINE_US + HOUR + 1)
            await until(lambda: store.last >= numbers + COUNT, 30)
            await until(lambda: collector.unconfirmed == 0)
            assert reader.erase_requests == 0
    assert sink.tags() == TAGS
    assert sink.repeats >= COUNT


async def test_frames_nobody_understands_are_journalled_raw_and_do_not_move_the_cursor(mosquitto, make_sink, store):
    good = frames.tag_line("058000000001", NINE_US + HOUR)
    bad = frames.tag_line("058000000002", NINE_US + HOUR).replace(b"058000000002", b"058000000003")

    async def reader(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(good + bad)
        await writer.drain()

    wire = await asyncio.start_server(reader, "127.0.0.1", 0)
    port = wire.sockets[0].getsockname()[1]
    source = Source(id=SOURCE, protocol="ipico", connect=f"tcp:127.0.0.1:{port}", clock=ClockKind.LOCAL)
    sink, clock = make_sink(), RaceClock.real()
    collector = make_collector(store, mosquitto)
    driver = Driver(source, IpicoProtocol(), lambda: open_transport(source.connect), collector, clock, lambda: None)
    async with running(make_intake(sink, mosquitto)), running(collector), running(driver):
        await until(lambda: sink.tags() == Counter(["058000000001"]))
        await until(lambda: sink.journalled().counts[SOURCE].malformed == 1)
        await until(lambda: collector.unconfirmed == 0)
    wire.close()
    assert collector.since == Since(NINE_US + HOUR)
