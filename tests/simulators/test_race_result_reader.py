"""The virtual RACE RESULT decoder: its answers, its files, and what only they hold; and another's driver on it."""

from __future__ import annotations

import asyncio
import threading
from zoneinfo import ZoneInfo

import pytest

from readers.race_result_frames import set_clock_request
from readers.race_result_records import status
from simulators.race_result_reader import Detection, VirtualDecoder
from simulators.zones import local_of
from timing.instants import SECOND

ZONE = ZoneInfo("Europe/Paris")
NINE = 1_793_091_600_000_000
"""2026-10-27 10:00:00 in Paris."""


def decoder(count: int = 10, *, pushes: bool = True) -> VirtualDecoder:
    """A passing each second."""
    stamps = [NINE + n * SECOND for n in range(count)]
    return VirtualDecoder(
        [Detection(due_us=us, code=f"A{n + 1}", stamp_us=local_of(us, ZONE)) for n, us in enumerate(stamps)],
        ZONE,
        pushes=pushes,
    )


def ask(device: VirtualDecoder, request: str, now: int = NINE + 100 * SECOND) -> str:
    device.receive(request.encode() + b"\r\n", now)
    said = b""
    while device.busy:
        said += device.take(now, 4096)
    return said.decode().replace("\r\n", "|")


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        ("GETPROTOCOL", "GETPROTOCOL;2.8;1.0;3.2|"),
        ("SETPROTOCOL;1.6", "SETPROTOCOL;1.6|"),
        ("SETPROTOCOL;<=3.1", "SETPROTOCOL;3.1|"),
        ("SETPROTOCOL;9.9", "ERROR,Unsupported protocol version|"),
        ("GETTIME", "GETTIME;2026-10-27;10:01:40.000|"),
        ("PASSINGS", "PASSINGS;10;177|"),
        ("GETCONFIG;GENERAL;BOXNAME", "GETCONFIG;GENERAL;BOXNAME;Finish;D-50432|"),
        ("STARTOPERATION", "STARTOPERATION;OPERATIONMODE|"),
        ("GETMODE", "GETMODE;OPERATION|"),
        ("GETFILE;3", "GETFILE;ERROR|"),
        ("9:5", "ONLY 10|9;A9;2026-10-27;10:00:08.000;0;1;;;0;;;0;0;0;0;0;D-50432;177;;D-50432|"
        "10;A10;2026-10-27;10:00:09.000;0;1;;;0;;;0;0;0;0;0;D-50432;177;;D-50432||"),
        ("11:5", "ONLY 10||"),
        ("nonsense", "ERROR,Unknown command|"),
    ],
)  # fmt: skip
def test_a_command_is_answered(request_: str, reply: str) -> None:
    device = decoder()
    device.host_connected(NINE - SECOND)
    assert ask(device, request_) == reply


def test_the_status_has_25_fields_and_says_the_file() -> None:
    device = decoder()
    device.host_connected(NINE)
    fields = ask(device, "GETSTATUS").rstrip("|").split(";")[1:]
    assert len(fields) == 25
    assert (status(fields).file, status(fields).operation) == (177, True)


def test_pushes_begin_when_asked_and_what_was_stored_before_comes_on_request() -> None:
    device = decoder()
    device.host_connected(NINE - SECOND)
    assert device.take(NINE + 3 * SECOND, 4096) == b""
    assert ask(device, "SETPUSHPASSINGS;1;0", NINE + 3 * SECOND) == "SETPUSHPASSINGS;1;0|"
    assert device.take(NINE + 4 * SECOND, 4096).startswith(b"#P;5;A5;")
    assert device.next_due_us() == NINE + 5 * SECOND
    assert device.lag_us(NINE + 4 * SECOND) == 0
    assert ask(device, "SETPUSHPASSINGS;1;1", NINE + 4 * SECOND).count("#P;") == 5
    assert (device.sent, device.remaining, device.done) == (5, 5, False)


def test_a_new_file_begins_numbering_anew_and_the_old_one_is_kept() -> None:
    device = decoder()
    device.host_connected(NINE)
    device.restart(NINE + 4 * SECOND)
    assert ask(device, "PASSINGS") == "PASSINGS;5;178|"
    assert ask(device, "GETFILE;177").count("|") == 6
    assert ask(device, "1:1").startswith("1;A6;")


def test_what_an_observer_must_not_say_is_remembered() -> None:
    device = decoder()
    device.host_connected(NINE)
    device.receive(set_clock_request(NINE) + b"STOPOPERATION\r\nSTARTOPERATION\r\n", NINE)
    assert [text.partition(";")[0] for text in device.forbidden] == ["SETTIME", "STOPOPERATION", "STARTOPERATION"]
    device.receive(b"x" * 100_000, NINE)
    assert ask(device, "\r\nPASSINGS").startswith("SETTIME;OPERATIONMODE|STOPOPERATION;OK|STARTOPERATION;OK;")


@pytest.mark.slow
async def test_the_driver_of_metarace_gets_the_passings_of_the_virtual_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """An independent driver of the same protocol (MIT), as a witness that the virtual decoder speaks it."""
    rrs = pytest.importorskip("metarace.decoder.rrs", reason="metarace is not installed: pip install metarace")
    loop = asyncio.get_running_loop()
    device = decoder(40)
    begun_s: list[float] = []
    conversations: list[asyncio.Task[None]] = []
    over = asyncio.Event()

    def now_us() -> int:
        """The race, at ten times life, begins when the client has asked for the count: it wants what comes then."""
        if not begun_s and "PASSINGS" in device.requests:
            begun_s.append(loop.time())
        return NINE - SECOND + (int((loop.time() - begun_s[0]) * 10e6) if begun_s else 0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.append(asyncio.current_task())  # type: ignore[arg-type]
        device.host_connected(now_us())
        while not reader.at_eof() and not over.is_set():
            try:
                async with asyncio.timeout(0.02):
                    device.receive(await reader.read(4096), now_us())
            except TimeoutError:
                pass
            while out := device.take(now_us(), 512):
                writer.write(out)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    monkeypatch.setattr(rrs, "_RRS_TCP_PORT", server.sockets[0].getsockname()[1])
    seen: list[tuple[str, str]] = []
    all_seen = threading.Event()

    def passed(event: object) -> None:
        seen.append((event.refid, event.rawtime(3)))  # type: ignore[attr-defined]
        if len(seen) == 40:
            all_seen.set()

    client = rrs.rrs()
    client.setcb(passed)
    client.start()
    client.setport("127.0.0.1")
    assert await asyncio.to_thread(all_seen.wait, 30), f"{len(seen)} of 40 passings"
    client.exit()
    over.set()  # a client that asks and asks may come to its exit only when nobody answers any more
    server.close()
    await asyncio.gather(*conversations)
    await asyncio.to_thread(client.join, 10)
    assert [code for code, _ in seen] == [f"A{n + 1}" for n in range(40)]
    assert seen[0][1].replace("h", ":").replace(" ", "") in ("10:00:00.000", "36000.000")
    assert device.forbidden == []
