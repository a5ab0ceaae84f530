"""LLRP over real TCP: the driver with the virtual reader, and independent libraries with either side."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from llrp_peer import LlrpPort, S, tag_of, tape
from reader_peer import Kept, ended

from readers import llrp_frames as frames
from readers.driver import driver_for
from readers.events import MemoryState
from readers.health import Link
from readers.llrp_requests import SPEC_ID, Request, keepalive_ack, listening
from readers.llrp_words import SpecState
from readers.race_clock import RaceClock
from simulators.llrp_reader import VirtualLlrpReader
from timing.race import Source
from timing.reads import ClockKind, SourceId


def source(connect: str) -> Source:
    return Source(id=SourceId("finish"), protocol="llrp", connect=connect, clock=ClockKind.UTC)


async def test_the_driver_reads_and_comes_back_after_a_cut_and_what_was_held_comes_too() -> None:
    clock, sink = RaceClock.real(), Kept()
    begin = clock.now_us() + S
    reader = VirtualLlrpReader(tape([begin + n * 5_000 for n in range(500)]), offset_us=3 * S)
    async with LlrpPort(reader, clock).serving() as port:
        driver = driver_for(source(port.connect), sink, clock, lambda: None)
        task = asyncio.create_task(driver.run())
        try:
            await sink.until(lambda: sink.count >= 200)
            port.cut()
            await sink.until(lambda: driver.health.link is Link.DOWN)
            await sink.until(lambda: sink.count + reader.lost >= 500)
        finally:
            await ended(task)
    assert len(set(sink.all)) == len(sink.all) == 500 - reader.lost
    assert reader.lost == 0
    assert [tag for tag, _ in sink.all[:5]] == [tag_of(n) for n in range(5)]
    assert abs(sink.clocks[0].offset_us - 3 * S) < S
    assert driver.health.memory is MemoryState.NONE
    assert sink.malformed == []


class PyllrpHost:
    """pyllrp (MIT), written by others, as the host: it knows the standard's own definition of every message."""

    def __init__(self, connector: Any, words: Any) -> None:
        self.connector, self.words = connector, words
        self.tags: list[tuple[str, int, int, int]] = []

    def listen(self, _: Any, message: Any) -> None:
        for tag in message.getTagData():
            self.tags.append((f"{tag['EPC']:024X}", tag["Timestamp"], tag["AntennaID"], tag["PeakRSSI"]))

    def converse(self, port: int, wanted: int) -> None:
        words = self.words
        greeting = self.connector.connect("127.0.0.1", port)
        assert greeting.getFirstParameterByClass(words.ConnectionAttemptEvent_Parameter).Status == 0
        self.connector.addHandler(words.RO_ACCESS_REPORT_Message, self.listen)
        capabilities = self.connector.transact(words.GET_READER_CAPABILITIES_Message())
        assert capabilities.success()
        added = self.connector.transact(unpacked(words, Request.ADD.bytes_of(1)))
        assert added.success()
        for message in (words.ENABLE_ROSPEC_Message, words.START_ROSPEC_Message):
            assert self.connector.transact(message(ROSpecID=SPEC_ID)).success()
        assert not self.connector.transact(words.START_ROSPEC_Message(ROSpecID=SPEC_ID)).success()
        while len(self.tags) < wanted:
            message = words.UnpackMessageFromSocket(self.connector.readerSocket)
            self.connector.callHandler(message)
        self.connector.disconnect()


def unpacked(words: Any, data: bytes) -> Any:
    """A message as pyllrp understands it, with all that the standard demands of it."""
    message = words.UnpackMessage(words.bitstring.BitStream(bytes=data))
    message._validate()
    return message


@pytest.fixture
def pyllrp() -> Any:
    """Not among what Calanque is developed with: it needs a bitstring older than 5."""
    return pytest.importorskip("pyllrp.pyllrp", reason="pip install pyllrp 'bitstring<5'", exc_type=ImportError)


async def test_pyllrp_understands_the_virtual_reader(pyllrp: Any) -> None:
    from pyllrp.LLRPConnector import LLRPConnector

    clock = RaceClock.real()
    begin = clock.now_us() + S
    due = [begin + n * 10_000 for n in range(50)]
    reader = VirtualLlrpReader(tape(due))
    host = PyllrpHost(LLRPConnector(), pyllrp)
    async with LlrpPort(reader, clock).serving() as port:
        await asyncio.to_thread(host.converse, port.port, 50)
    assert host.tags == [(tag_of(n), due[n], n % 4 + 1, -48) for n in range(50)]


def test_pyllrp_understands_all_that_we_say(pyllrp: Any) -> None:
    for request in Request:
        whole = request.bytes_of(7)
        message = unpacked(pyllrp, whole)
        assert message.MessageID == 7
        assert message.__class__.__name__ == f"{request.value[0].name}_Message"
    assert unpacked(pyllrp, listening(1)).__class__ is pyllrp.ENABLE_EVENTS_AND_REPORTS_Message
    assert unpacked(pyllrp, keepalive_ack(1)).__class__ is pyllrp.KEEPALIVE_ACK_Message
    added = unpacked(pyllrp, Request.ADD.bytes_of(1))
    content = added.getFirstParameterByClass(pyllrp.TagReportContentSelector_Parameter)
    wanted = {"EnableROSpecID", "EnableAntennaID", "EnablePeakRSSI", "EnableFirstSeenTimestamp"}
    wanted |= {"EnableLastSeenTimestamp", "EnableTagSeenCount"}
    names = {name for name in dir(content) if name.startswith("Enable") and getattr(content, name)}
    assert names == wanted
    config = unpacked(pyllrp, Request.KEEPALIVES.bytes_of(1))
    assert not config.ResetToFactoryDefault
    assert config.getFirstParameterByClass(pyllrp.KeepaliveSpec_Parameter).PeriodicTriggerValue == 5_000
    held = unpacked(pyllrp, Request.HOLD.bytes_of(1))
    assert held.getFirstParameterByClass(pyllrp.EventsAndReports_Parameter).HoldEventsAndReportsUponReconnect
    events = unpacked(pyllrp, Request.EVENTS.bytes_of(1))
    states = list(events.getAllParametersByClass(pyllrp.EventNotificationState_Parameter))
    assert [(state.EventType, bool(state.NotificationState)) for state in states] == [
        (2, True),
        (3, True),
        (4, True),
        (8, True),
    ]


def test_pyllrp_understands_all_that_our_encoder_writes_for_readers(pyllrp: Any) -> None:
    capabilities = unpacked(pyllrp, frames.answer(11, 2, more=frames.capabilities()))
    general = capabilities.getFirstParameterByClass(pyllrp.GeneralDeviceCapabilities_Parameter)
    assert (general.MaxNumberOfAntennaSupported, general.ReaderFirmwareVersion) == (4, "5.14.0.240")
    assert general.HasUTCClockCapability
    for content, name in (
        (frames.antenna_event(3, connected=False), "AntennaEvent"),
        (frames.buffer_warning(80), "ReportBufferLevelWarningEvent"),
        (frames.exception_event("hot"), "ReaderExceptionEvent"),
        (frames.spec_event(1, 9), "ROSpecEvent"),
    ):
        message = unpacked(pyllrp, frames.event(content, utc_us=5))
        assert message.getFirstParameterByClass(getattr(pyllrp, f"{name}_Parameter")), name
    assert frames.spec(SPEC_ID, SpecState.ACTIVE)[9] == 2


@pytest.fixture
def llrpkit() -> Any:
    """llrpkit (MIT) has an emulator of an Impinj reader and a client, both written by others."""
    return pytest.importorskip("llrpkit", reason="pip install llrpkit")


async def test_the_driver_reads_from_the_emulator_of_llrpkit(llrpkit: Any) -> None:
    from llrpkit.emulator import LLRPEmulator

    sink = Kept()
    async with LLRPEmulator() as emulator:
        emulated = source(f"tcp:127.0.0.1:{emulator.port}")
        driver = driver_for(emulated, sink, RaceClock.real(), lambda: None)
        task = asyncio.create_task(driver.run())
        try:
            await sink.until(lambda: sink.count >= 300)
            await emulator.send_keepalive()
            await emulator.wait_keepalive_ack()
            await emulator.set_antenna_connected(2, connected=False)
            await sink.until(lambda: "antenna 2 is not connected" in driver.health.warning)
            assert driver.health.link is Link.UP
        finally:
            await ended(task)
    seen = {tag for tag, _ in sink.all}
    assert seen <= {tag.epc.hex().upper() for tag in emulator.tags}
    assert len(seen) >= 6
    assert sink.malformed == []
    assert abs(sink.clocks[0].offset_us) < S


async def test_the_client_of_llrpkit_reads_from_the_virtual_reader(llrpkit: Any) -> None:
    from llrpkit.client import LLRPClient, check_status
    from llrpkit.inventory import TagReport, build_rospec
    from llrpkit.protocol import messages

    clock = RaceClock.real()
    begin = clock.now_us() + S
    due = [begin + n * 10_000 for n in range(50)]
    got = []
    async with (
        LlrpPort(VirtualLlrpReader(tape(due)), clock).serving() as port,
        LLRPClient("127.0.0.1", port.port) as client,
    ):
        check_status(await client.transact(messages.GET_READER_CAPABILITIES()))
        check_status(await client.transact(messages.ADD_ROSPEC(ro_spec=build_rospec(ro_spec_id=5))))
        check_status(await client.transact(messages.ENABLE_ROSPEC(ro_spec_id=5)))
        check_status(await client.transact(messages.START_ROSPEC(ro_spec_id=5)))
        (running,) = (await client.transact(messages.GET_ROSPECS())).ro_specs
        assert running.ro_spec_id == 5
        while len(got) < 50:
            async with asyncio.timeout(10):
                report = await client.reports.get()
            got += [TagReport.from_param(tag) for tag in report.tag_report_datas]
    assert [(tag.epc_hex.upper(), tag.first_seen_us, tag.antenna) for tag in got] == [
        (tag_of(n), due[n], n % 4 + 1) for n in range(50)
    ]
