"""Serial adapters that are found by their own number wherever they come back, and lines of the wrong speed."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest
import serial
from line_speed import heard
from pty_peer import PtyPeer
from reader_peer import Kept, ended, line
from test_driver_wires import SerialReader, driving, settled

from config.race_values import CONNECT
from readers import serial_port, timy_frames
from readers.driver import Driver, driver_for
from readers.errors import BadEndpoint, ConnectFailed
from readers.health import Link
from readers.race_clock import RaceClock
from readers.serial_port import SerialSettings, device_path, serial_settings
from readers.transports import check_endpoint, open_transport
from timing.race import Source
from timing.reads import ClockKind, SourceId

NAME = "usb-FTDI_FT232R_USB_UART_A6008isP-if00-port0"
OTHER = "usb-Prolific_Technology_Inc._USB-Serial_Controller-if00-port0"


@pytest.fixture
def by_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of adapters' names like the system's."""
    folder = tmp_path / "by-id"
    folder.mkdir()
    monkeypatch.setattr(serial_port, "BY_ID", folder)
    return folder


@pytest.mark.parametrize("device", ["usb-A6008isP", NAME])
def test_an_adapter_is_found_by_its_number_or_its_whole_name(device: str, by_id: Path) -> None:
    for name in (NAME, OTHER):
        (by_id / name).symlink_to("../../ttyUSB0")
    assert device_path(device, by_id) == str(by_id / NAME)
    assert device_path("/dev/ttyUSB3", by_id) == "/dev/ttyUSB3"
    assert device_path(OTHER, by_id) == str(by_id / OTHER)


def test_a_part_of_a_number_is_no_number_and_what_is_there_is_named(by_id: Path) -> None:
    (by_id / NAME).symlink_to("../../ttyUSB0")
    for device in ("usb-A6008", "usb-6008isP", "usb-FTDI", "usb-UART_A6008isP"):
        with pytest.raises(ConnectFailed, match=f"no adapter {device} .*{NAME}"):
            device_path(device, by_id)
    with pytest.raises(ConnectFailed, match="there is none now"):
        device_path("usb-A6008isP", by_id / "nowhere")


def test_an_adapter_with_several_ports_is_named_in_whole(by_id: Path) -> None:
    for port in (0, 1):
        (by_id / f"usb-FTDI_Quad_FT4ABC-if0{port}-port0").symlink_to(f"../../ttyUSB{port}")
    with pytest.raises(ConnectFailed, match=r"several ports .* usb-FTDI_Quad_FT4ABC-if00-port0, usb-FTDI_Quad"):
        device_path("usb-FT4ABC", by_id)
    assert device_path("usb-FTDI_Quad_FT4ABC-if01-port0", by_id).endswith("if01-port0")


@pytest.mark.parametrize(
    "connect", ["serial:usb-A6008isP?baud=38400", f"serial:{NAME}", "serial:/dev/ttyUSB0?baud=19200&dtr=low"]
)
def test_such_texts_are_taken_here_and_by_the_race_file(connect: str) -> None:
    check_endpoint(connect)
    assert CONNECT.fullmatch(connect)


def test_what_cannot_be_an_adapter_is_refused() -> None:
    for text in ("COM3", "usb-", "usb-../../etc/passwd", "usb-a b", "ttyUSB0"):
        with pytest.raises(BadEndpoint, match="a serial port is a path"):
            serial_settings("", text)
    with pytest.raises(BadEndpoint, match="one of high, low"):
        serial_settings("", "/dev/ttyUSB0?dtr=off")
    assert serial_settings("", "usb-A1?dtr=low") == SerialSettings(device="usb-A1", dtr="low")


async def test_the_wire_that_restarts_a_box_is_low_from_the_moment_the_port_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pseudo-terminal has no such wire: what pyserial is told is looked at as it sets it."""
    set_to: list[bool] = []
    monkeypatch.setattr(serial.Serial, "_update_dtr_state", lambda port: set_to.append(port._dtr_state))
    peer = PtyPeer(tmp_path / "box")
    for query, expected in (("?dtr=low", False), ("", True)):
        set_to.clear()
        port = await open_transport(f"serial:{tmp_path / 'box'}{query}")
        assert set_to == [expected]
        port.close()
    peer.close()


@pytest.mark.parametrize(("name", "what"), [("README.md", "a file"), ("folder", "a folder"), ("null", "something")])
async def test_what_is_no_serial_port_is_said_to_be_none(name: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Read me\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "null").symlink_to("/dev/null")
    with pytest.raises(ConnectFailed, match=f"{name} is no serial port, it is {what}") as refused:
        await open_transport(f"serial:{tmp_path / name}")
    assert "ioctl" not in str(refused.value)
    assert "Errno" not in str(refused.value)


async def test_an_adapter_in_use_is_said_to_be_so_by_its_number_too(tmp_path: Path, by_id: Path) -> None:
    peer = PtyPeer(tmp_path / "box")
    (by_id / NAME).symlink_to(tmp_path / "box")
    port = await open_transport("serial:usb-A6008isP")
    try:
        with pytest.raises(ConnectFailed, match="usb-A6008isP is in use by another program"):
            await open_transport("serial:usb-A6008isP")
    finally:
        port.close()
        peer.close()


class Adapter:
    """A reader on a USB adapter: plugged in, it gets some name of the system, and its own in the folder of names."""

    def __init__(self, folder: Path, by_id: Path, name: str) -> None:
        self._folder = folder
        self._own = by_id / name
        self.reader: SerialReader | None = None
        self.kept = SerialReader(folder / "unused")

    def plug(self, tty: str) -> None:
        self.kept.path = self._folder / tty
        self.kept.plug()
        self._own.symlink_to(os.path.relpath(self.kept.path, self._own.parent))

    async def pull(self) -> None:
        self._own.unlink()
        await self.kept.pull()


@pytest.mark.parametrize("connect", ["serial:usb-A6008isP", f"serial:{NAME}", "serial:{by_id}/" + NAME])
async def test_an_adapter_that_comes_back_under_another_name_is_opened_without_a_click(
    connect: str, tmp_path: Path, by_id: Path
) -> None:
    ours, other, sink = Adapter(tmp_path, by_id, NAME), Adapter(tmp_path, by_id, OTHER), Kept()
    ours.plug("ttyUSB0")
    other.plug("ttyUSB1")
    async with driving(connect.format(by_id=by_id), sink) as driver:
        await settled(sink, driver)
        await ours.kept.read(1, 2)
        await sink.until(lambda: sink.count >= 2)
        await ours.pull()
        await other.pull()
        await sink.until(lambda: driver.health.link is Link.DOWN)
        # They come back the other way round, and what crossed meanwhile is in the reader's memory.
        other.plug("ttyUSB0")
        await other.kept.read(99)
        await ours.kept.read(3)
        await sink.until(lambda: driver.health.attempts >= 1)
        ours.plug("ttyUSB2")
        await sink.until(lambda: driver.health.link is Link.UP)
        await settled(sink, driver)
        assert len(set(sink.all)) == 3
    await ours.pull()
    await other.pull()


async def test_an_adapter_that_is_not_there_is_named_with_those_that_are(by_id: Path, tmp_path: Path) -> None:
    (by_id / OTHER).symlink_to("../../ttyUSB0")
    sink = Kept()
    async with driving("serial:usb-A6008isP", sink) as driver:
        await sink.until(lambda: driver.health.attempts >= 2)
        assert "no adapter usb-A6008isP is plugged in" in driver.health.error
        assert OTHER in driver.health.error


def test_the_model_of_a_line_gives_what_was_sent_at_the_right_speed() -> None:
    data = bytes(range(256))
    assert heard(data, 9600, 9600) == data
    assert heard(data, 115200, 115200) == data
    assert heard(line(1), 9600, 115200) != line(1)
    assert len(heard(line(1), 9600, 115200)) > len(line(1))
    assert len(heard(line(1), 115200, 9600)) < len(line(1))


async def sent_until(peer: PtyPeer, data: bytes, every_s: float) -> None:
    with suppress(OSError):
        while True:
            await peer.write(data)
            await asyncio.sleep(every_s)


@pytest.mark.parametrize(("sent_baud", "port_baud"), [(9600, 115200), (115200, 9600)])
@pytest.mark.parametrize("kind", ["ipico", "timy"])
async def test_a_line_of_the_wrong_speed_is_told_within_five_seconds_and_the_right_one_is_up_at_once(
    kind: str, sent_baud: int, port_baud: int, tmp_path: Path
) -> None:
    path, sink = tmp_path / "ttyUSB0", Kept()
    right = line(1) * 4 if kind == "ipico" else timy_frames.impulse(7, 36_000_000_000, channel=1) * 4
    wrong = heard(right, sent_baud, port_baud)
    peer = PtyPeer(path)
    driver: Driver = driver_for(
        Source(
            id=SourceId("x"),
            protocol=kind,
            connect=f"serial:{path}?baud={port_baud}",
            clock=ClockKind.LOCAL if kind == "ipico" else ClockKind.TIME_OF_DAY,
        ),
        sink,
        RaceClock.real(),
        lambda: None,
    )
    running = asyncio.create_task(driver.run())
    begin_s = time.monotonic()
    sending = asyncio.create_task(sent_until(peer, wrong, 0.2))
    await sink.until(lambda: driver.health.link is Link.UNINTELLIGIBLE, patience_s=10)
    assert time.monotonic() - begin_s <= 5.0
    assert "probably the wrong line speed (baud)" in driver.health.error
    assert sink.count == 0
    await ended(sending)
    sending = asyncio.create_task(sent_until(peer, b"\r\n" + right, 0.2))
    await sink.until(lambda: driver.health.link is Link.UP, patience_s=10)
    assert driver.health.error == ""
    await ended(sending)
    await ended(running)
    peer.close()
