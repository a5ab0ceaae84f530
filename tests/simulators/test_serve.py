"""Virtual readers behind real pseudo-terminals and TCP ports: what a host gets over the wire, and how fast."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
import serial
from races import NINE_US, ZONE, marseille, planned

from readers import ipico_frames as frames
from readers.race_clock import RaceClock
from simulators.field import FieldPlan
from simulators.files import write_race_day
from simulators.ipico_lines import LINE_BYTES
from simulators.ipico_reader import IpicoTape, VirtualReader
from simulators.links import listener
from simulators.places import place_of
from simulators.race_day import RaceDay, simulate
from simulators.serve import Post, ReaderServer, posts_of, serve
from timing.instants import HOUR, MILLISECOND, SECOND
from timing.race import Source
from timing.reads import ClockKind, SourceId

END_US = NINE_US + 8 * HOUR
FASTEST = RaceClock.fastest(END_US)
MEMORY_STEPS = (b"\x02", b"\x07\x01\x05", b"\x01\x01")


@pytest.fixture(scope="module")
def day() -> RaceDay:
    return simulate(planned(marseille()), field=FieldPlan(runners=300))


def tape_of(count: int, gap_us: int = MILLISECOND) -> IpicoTape:
    """Distinct lines, one each `gap_us` from nine o'clock on."""
    lines = b"".join(frames.tag_line(f"{n:012x}", NINE_US + HOUR + n * 10_000) for n in range(count))
    return IpicoTape(lines=lines, due_us=NINE_US + np.arange(count) * gap_us)


def post(tape: IpicoTape, address: str, clock: RaceClock, *, source: str = "start", baud: int | None = None) -> Post:
    reader = VirtualReader(tape, ZONE, stands_still=clock.is_fastest)
    return Post(source=SourceId(source), device=reader, address=address, baud=baud)


def ipico(server: ReaderServer) -> VirtualReader:
    """The reader served as `start`."""
    reader = server.readers[SourceId("start")]
    assert isinstance(reader, VirtualReader)
    return reader


@asynccontextmanager
async def served(*posts: Post, clock: RaceClock) -> AsyncIterator[ReaderServer]:
    async with ReaderServer(posts, clock) as server:
        task = asyncio.create_task(server.run())
        try:
            yield server
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def blocking(work: Callable[[], bytes]) -> asyncio.Future[bytes]:
    return asyncio.get_running_loop().run_in_executor(None, work)


def read_serial(port: serial.Serial, count: int, deadline_s: float = 20.0) -> bytes:
    """At least `count` bytes from a port opened through pyserial."""
    data, until = bytearray(), time.monotonic() + deadline_s
    while len(data) < count and time.monotonic() < until:
        data += port.read(65_536 if port.in_waiting else 1)
    return bytes(data)


def read_to_the_end(port: serial.Serial) -> bytes:
    """What comes until the other side takes the port away."""
    data = bytearray()
    with suppress(serial.SerialException):
        while True:
            data += port.read(65_536 if port.in_waiting else 1)
    return bytes(data)


async def until(condition: Callable[[], bool], deadline_s: float = 10.0) -> None:
    async with asyncio.timeout(deadline_s):
        while not condition():  # noqa: ASYNC110 (the server's state sets no event)
            await asyncio.sleep(0.005)


async def test_a_burst_goes_through_a_pseudo_terminal_and_pyserial_whole_and_fast(tmp_path: Path) -> None:
    tape = tape_of(60_000)
    async with served(post(tape, f"pty:{tmp_path}/start", FASTEST), clock=FASTEST):
        with serial.Serial(str(tmp_path / "start"), 115_200, timeout=0.2) as port:
            begin = time.monotonic()
            data = await blocking(lambda: read_serial(port, len(tape.lines)))
            taken_s = time.monotonic() - begin
    # The first bytes may be gone: opening a serial port flushes what had arrived.
    assert tape.lines.endswith(data)
    assert len(data) > len(tape.lines) - 200_000
    assert len(data) / LINE_BYTES / taken_s > 30_000


async def test_tcp_gives_everything_and_a_free_port_is_told() -> None:
    tape = tape_of(60_000)
    async with served(post(tape, "tcp:127.0.0.1:0", FASTEST), clock=FASTEST) as server:
        host, port = server.addresses["start"].removeprefix("tcp:").split(":")
        assert int(port) > 0
        reader, writer = await asyncio.open_connection(host, int(port))
        begin = time.monotonic()
        async with asyncio.timeout(20):
            assert await reader.readexactly(len(tape.lines)) == tape.lines
        assert len(tape) / (time.monotonic() - begin) > 30_000
        assert server.status()["done"] is True
        writer.close()


async def test_a_host_that_closes_and_opens_again_finds_the_gap_in_the_memory_alone(tmp_path: Path) -> None:
    tape = tape_of(3_000)
    clock = RaceClock.simulated(NINE_US - SECOND // 4, 1)
    name = str(tmp_path / "start")
    async with served(post(tape, f"pty:{name}", clock), clock=clock) as server:
        state = ipico(server)
        with serial.Serial(name, 115_200, timeout=0.2) as port:
            first = await blocking(lambda: read_serial(port, 200 * LINE_BYTES))
        await until(lambda: not state.connected)
        gone = state.recorded(clock.now_us())
        await until(lambda: state.recorded(clock.now_us()) > gone + 300)
        with serial.Serial(name, 115_200, timeout=0.2) as port:
            await until(lambda: state.connected)
            back = state.recorded(clock.now_us())
            live = (await blocking(lambda: read_serial(port, 50 * LINE_BYTES))).split(b"\r\n")
            for step in MEMORY_STEPS:
                port.write(frames.control(frames.MEMORY, step))
            stored = await blocking(lambda: read_serial(port, (back + 10) * LINE_BYTES))
    lines = [line for line in tape.lines.split(b"\r\n") if line]
    position = {line: number for number, line in enumerate(lines)}
    assert [position[line] for line in first.split(b"\r\n")[:-1]] == list(range(first.count(b"\r\n")))
    seen_live = [position[line] for line in live[:-1]]
    assert min(seen_live) >= gone + 300, "nothing of the gap came by itself"
    fetched = {position[line] for line in stored.split(b"\r\n") if line in position}
    assert fetched >= set(range(back)), "the memory had all of it"


async def test_the_download_of_a_large_memory_is_quick() -> None:
    tape = tape_of(200_000, gap_us=1)
    clock = RaceClock.simulated(NINE_US + HOUR, 60)
    async with served(post(tape, "tcp:127.0.0.1:0", clock), clock=clock) as server:
        host, port = server.addresses["start"].removeprefix("tcp:").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        begin = time.monotonic()
        for step in MEMORY_STEPS:
            writer.write(frames.control(frames.MEMORY, step))
        async with asyncio.timeout(20):
            data = await reader.readexactly(len(tape.lines))
        assert time.monotonic() - begin < 5
        assert data.count(b"\r\naa") > 199_000
        writer.close()


async def test_a_baud_rate_holds_the_line_and_the_delay_is_told(tmp_path: Path) -> None:
    tape = tape_of(2_000)
    clock = RaceClock.simulated(NINE_US + 2 * SECOND, 1)
    async with served(post(tape, f"pty:{tmp_path}/start", FASTEST, baud=38_400), clock=FASTEST):
        with serial.Serial(str(tmp_path / "start"), 38_400, timeout=0.2) as port:
            begin = time.monotonic()
            data = await blocking(lambda: read_serial(port, 100 * LINE_BYTES))
            rate = len(data) / (time.monotonic() - begin)
    assert 2_500 < rate < 5_500, "3,840 bytes a second"
    clock = RaceClock.simulated(NINE_US - SECOND // 2, 1)
    slow = post(tape_of(500, gap_us=10 * MILLISECOND), f"pty:{tmp_path}/again", clock, baud=9_600)
    async with served(slow, clock=clock) as server:
        with serial.Serial(str(tmp_path / "again"), 9_600, timeout=0.2):
            await until(lambda: ipico(server).lag_us(clock.now_us()) > SECOND // 2)
            assert server.status()["lag_s"] > 0.4


async def test_the_race_clock_paces_the_lines() -> None:
    tape = tape_of(600, gap_us=100 * MILLISECOND)  # a minute of race
    clock = RaceClock.simulated(NINE_US - 30 * SECOND, 60)
    async with served(post(tape, "tcp:127.0.0.1:0", clock), clock=clock) as server:
        host, port = server.addresses["start"].removeprefix("tcp:").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        early = []
        for number in range(600):
            async with asyncio.timeout(10):
                line = await reader.readexactly(LINE_BYTES)
            if clock.now_us() < tape.due_us[number]:
                early.append(line)
        writer.close()
    assert not early
    assert clock.now_us() < NINE_US + 5 * 60 * SECOND, "and it did not take a real minute"


async def test_the_process_serves_a_folder_and_leaves_when_all_is_delivered(day: RaceDay, tmp_path: Path) -> None:
    write_race_day(day, tmp_path, read_log=False, expected=False)
    status_file = tmp_path / "status.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.serve", str(tmp_path),
        "--at", f"start=pty:{tmp_path}/ports/start", "--at", "finish=tcp:127.0.0.1:0",
        "--clock", str(RaceClock.fastest(END_US)), "--status", str(status_file), "--leave-when-done",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(20):
        ready = json.loads(await process.stdout.readline())["ready"]
    host, port = ready["finish"].removeprefix("tcp:").split(":")
    expected = (tmp_path / "readers" / "finish.ipico").read_bytes()
    reader, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(20):
        assert await reader.readexactly(len(expected)) == expected
    stored = (tmp_path / "readers" / "start.ipico").read_bytes()
    with serial.Serial(str(tmp_path / "ports" / "start"), 115_200, timeout=0.2) as serial_port:
        data = await blocking(lambda: read_to_the_end(serial_port))
    assert data.endswith(stored[-LINE_BYTES:]), "the last line arrived before the port was taken away"
    async with asyncio.timeout(20):
        assert await process.wait() == 0
    writer.close()
    status = json.loads(status_file.read_text())
    assert status["done"] is True
    assert status["remaining"] == 0
    assert status["readers"]["finish"]["records"] == len(expected) // LINE_BYTES
    assert not (tmp_path / "ports" / "start").exists(), "the name of the port goes with it"


async def test_serving_ends_by_itself_when_asked_to() -> None:
    tape = tape_of(10)
    async with ReaderServer([post(tape, "tcp:127.0.0.1:0", FASTEST)], FASTEST) as server:
        task = asyncio.create_task(serve(server, leave_when_done=True))
        host, port = server.addresses["start"].removeprefix("tcp:").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        await reader.readexactly(len(tape.lines))
        async with asyncio.timeout(10):
            await task
        writer.close()


@pytest.mark.parametrize("address", ["", "udp:127.0.0.1:1", "tcp:127.0.0.1", "tcp:127.0.0.1:http", "pty:"])
def test_an_address_that_is_none_is_refused_by_what_would_be_one(address: str) -> None:
    with pytest.raises(ValueError, match="give pty:PATH or tcp:HOST:PORT"):
        listener(address)


async def test_a_program_that_calls_calls_again_and_a_reader_that_publishes_needs_its_broker(tmp_path: Path) -> None:
    day = simulate(planned(marseille("mylaps", waves=1)), field=FieldPlan(runners=20, wheelchairs=0))
    write_race_day(day, tmp_path, read_log=False, expected=False)
    greetings: asyncio.Queue[bytes] = asyncio.Queue()

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greetings.put_nowait(await reader.readuntil(b"$"))
        writer.close()

    listening = await asyncio.start_server(engine, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    posts = posts_of(tmp_path, {"start": f"call:127.0.0.1:{port}"}, FASTEST)
    async with served(*posts, clock=FASTEST) as server:
        for _ in range(2):
            async with asyncio.timeout(10):
                assert (await greetings.get()).endswith(b"@Pong@$")
        assert server.addresses == {"start": f"call:127.0.0.1:{port}"}
    listening.close()
    with pytest.raises(ValueError, match="does not publish"):
        ReaderServer(posts_of(tmp_path, {"start": "mqtt:impinj/start"}, FASTEST), FASTEST)
    with pytest.raises(ValueError, match="no HOST:PORT"):
        ReaderServer(posts_of(tmp_path, {"start": "call:somewhere"}, FASTEST), FASTEST)
    zebra = simulate(planned(marseille("zebra", waves=1)), field=FieldPlan(runners=20, wheelchairs=0))
    write_race_day(zebra, tmp_path, read_log=False, expected=False)
    with pytest.raises(ValueError, match="give mqtt:TOPIC, and the broker"):
        ReaderServer(posts_of(tmp_path, {"start": "tcp:127.0.0.1:0"}, FASTEST), FASTEST)


def test_every_source_of_a_race_file_has_its_place(tmp_path: Path) -> None:
    """As the race file says; what it leaves open goes by what a reader of that kind has."""
    found = {}
    for protocol, connect in (
        ("ipico", "serial:/dev/ttyUSB0"), ("ultra", "tcp:10.0.0.5:23"), ("mylaps", "listen:3097"),
        ("impinj", "mqtt:impinj/finish/#"), ("timy", "collector"), ("llrp", "collector"), ("read_log", "file"),
    ):  # fmt: skip
        source = Source(id=SourceId("finish"), protocol=protocol, connect=connect, clock=ClockKind.UTC)
        place = place_of(source, tmp_path, through=lambda _, port: port + 1)
        found[protocol] = place and (place.served.split(":")[0], place.connect.split(":")[0], place.far)
        if place is not None and place.served.startswith(("tcp:", "call:")):
            assert place.served[-5:] != place.connect[-5:], "one of both goes the long way"
    assert found == {
        "ipico": ("pty", "serial", False),
        "ultra": ("tcp", "tcp", False),
        "mylaps": ("call", "listen", False),
        "impinj": ("mqtt", "mqtt", False),
        "timy": ("pty", "serial", True),
        "llrp": ("tcp", "tcp", True),
        "read_log": None,
    }
