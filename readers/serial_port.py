"""Serial ports: opened with pyserial, then read and written in blocks through the event loop.

pyserial knows how to set a port up; its file descriptor does the rest, since reading line by line costs twenty times
as much. A port that vanishes (a cable, an adapter) is an error of the read. An adapter may be named by serial number:
it is looked for whenever the port is opened, so that it may come back under any name. Linux and macOS.
"""

import asyncio
import contextlib
import errno
import os
import re
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import parse_qsl

import serial

from readers.errors import BadEndpoint, ConnectFailed, ConnectionLost
from readers.transports import LINKS, READ_MAX
from timing.reader_kinds import BAUDS

BAUD_DEFAULT: Final = 9600
FLOWS: Final = ("none", "rtscts", "xonxoff")
DTRS: Final = ("high", "low")

BY_ID: Final = Path("/dev/serial/by-id")
"""Where the system keeps a name for each adapter, made of maker, model and serial number."""

_ADAPTER: Final = re.compile(r"usb-[A-Za-z0-9._:+-]{1,200}")
_BY_ID_NAME: Final = re.compile(r"usb-(?:.*_)?(?P<serial>[^_]+?)-if[0-9A-Fa-f]{2}(?:-port[0-9]+)?")
"""`usb-FTDI_FT232R_USB_UART_A6008isP-if00-port0`: the serial number is what stands before the last part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialSettings:
    """Which port, how fast, and its flow control (`none`, `rtscts`, `xonxoff`); always 8 bits, no parity, 1 stop.

    `device`: a path, or `usb-` and an adapter's serial number (or its whole name in `BY_ID`). `dtr`: `high`, as an
    open port has it, or `low` for devices that restart on it.
    """

    device: str
    baud: int = BAUD_DEFAULT
    flow: str = "none"
    dtr: str = "high"


def serial_settings(connect: str, address: str) -> SerialSettings:
    """The settings of `/dev/ttyUSB0?baud=9600&flow=rtscts`.

    Raises: BadEndpoint, naming what would be accepted.
    """
    device, _, query = address.partition("?")
    settings = dict(parse_qsl(query, keep_blank_values=True))
    baud, flow = settings.pop("baud", str(BAUD_DEFAULT)), settings.pop("flow", "none")
    dtr = settings.pop("dtr", "high")
    if not device.startswith("/") and not _ADAPTER.fullmatch(device):
        raise BadEndpoint(
            f"a serial port is a path such as /dev/ttyUSB0, or usb- and an adapter's serial number, not {device!r} in "
            f"{connect!r}: give {LINKS['serial']}"
        )
    if settings:
        raise BadEndpoint(f"unknown setting {next(iter(settings))!r} in {connect!r}: baud, flow and dtr are accepted")
    if not (baud.isascii() and baud.isdigit() and int(baud) in BAUDS):
        raise BadEndpoint(f"line speed {baud!r} in {connect!r}: one of {', '.join(map(str, BAUDS))}")
    if flow not in FLOWS:
        raise BadEndpoint(f"flow control {flow!r} in {connect!r}: one of {', '.join(FLOWS)}")
    if dtr not in DTRS:
        raise BadEndpoint(f"dtr {dtr!r} in {connect!r}: one of {', '.join(DTRS)}")
    return SerialSettings(device=device, baud=int(baud), flow=flow, dtr=dtr)


def device_path(device: str, folder: Path = BY_ID) -> str:
    """The path of a port: of an adapter named `usb-SERIALNUMBER`, or by its name in the folder, where it is now.

    Raises: ConnectFailed when no adapter is called so, or several are, naming those there are.
    """
    if device.startswith("/"):
        return device
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        names = []
    if device in names:
        return str(folder / device)
    wanted = device.removeprefix("usb-")
    found = [name for name in names if (known := _BY_ID_NAME.fullmatch(name)) and known["serial"] == wanted]
    if len(found) == 1:
        return str(folder / found[0])
    if found:
        raise ConnectFailed(f"several ports are called {device}: write the whole name of one: {', '.join(found)}")
    there = f"there are: {', '.join(names)}" if names else "there is none now"
    raise ConnectFailed(f"no adapter {device} is plugged in: is the cable in? Of adapters {there}")


class _Port(serial.Serial):
    """A port that keeps what had already arrived when it was opened: pyserial would throw it away."""

    def _reset_input_buffer(self) -> None:
        pass


def _open_port(settings: SerialSettings) -> serial.Serial:
    port = _Port(
        baudrate=settings.baud,
        timeout=0,
        write_timeout=0,
        rtscts=settings.flow == "rtscts",
        xonxoff=settings.flow == "xonxoff",
        exclusive=True,
    )
    port.port = device_path(settings.device, BY_ID)
    port.dtr = settings.dtr == "high"
    port.open()
    # pyserial makes an empty read of a silent line give no bytes, as an unplugged one does. One byte at least, please:
    # then silence is "not now", and no bytes mean that the port is gone.
    attributes = termios.tcgetattr(port.fileno())
    attributes[6][termios.VMIN], attributes[6][termios.VTIME] = 1, 0
    termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)
    os.set_blocking(port.fileno(), False)
    return port


class SerialTransport:
    """An open serial port; see `readers.transports.Transport`."""

    def __init__(self, port: serial.Serial, device: str) -> None:
        self._port = port
        self._device = device
        self._fd: int = port.fileno()
        self._waits: set[asyncio.Future[None]] = set()
        self._closed = False

    @classmethod
    async def open(cls, settings: SerialSettings) -> Self:
        """Raises: ConnectFailed, with what to do about it."""
        # In a thread: some drivers take their time to open a port.
        opening = asyncio.ensure_future(asyncio.to_thread(_open_port, settings))
        try:
            port = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_opened)
            raise
        except ConnectFailed:
            raise
        except (OSError, ValueError, termios.error) as error:  # pyserial's errors are OSErrors
            raise ConnectFailed(_why_not_opened(settings.device, error)) from error
        return cls(port, settings.device)

    async def read(self) -> bytes:
        while True:
            self._check_open()
            try:
                data = os.read(self._fd, READ_MAX)
            except BlockingIOError:
                await self._wait(writing=False)
                continue
            except OSError as error:
                raise ConnectionLost(f"{self._device} vanished: {error.strerror}") from error
            if not data:
                raise ConnectionLost(f"{self._device} vanished: nobody is at the other end")
            return data

    async def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._check_open()
            try:
                written = os.write(self._fd, rest)
            except BlockingIOError:
                await self._wait(writing=True)
                continue
            except OSError as error:
                raise ConnectionLost(f"{self._device} vanished: {error.strerror}") from error
            rest = rest[written:]

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_writer(self._fd)
        for wait in self._waits:
            _wake(wait)
        # A port closes at once only when nothing is left to send; else the system waits for a clogged peer.
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self._fd, termios.TCOFLUSH)
        with contextlib.suppress(OSError, termios.error):
            self._port.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ConnectionLost("closed")

    async def _wait(self, *, writing: bool) -> None:
        """Until the port can be read or written, or is closed."""
        loop = asyncio.get_running_loop()
        wait: asyncio.Future[None] = loop.create_future()
        add, remove = (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
        self._waits.add(wait)
        add(self._fd, _wake, wait)
        try:
            await wait
        finally:
            self._waits.discard(wait)
            if not self._closed:
                remove(self._fd)


def _close_opened(opening: "asyncio.Future[serial.Serial]") -> None:
    """Nobody waits any more for a port that was being opened."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _wake(wait: "asyncio.Future[None]") -> None:
    if not wait.done():
        wait.set_result(None)


def _why_not_opened(device: str, error: BaseException) -> str:
    """For the crew's board: what is wrong and what to do."""
    try:
        path = Path(device_path(device, BY_ID))
    except ConnectFailed as gone:
        return str(gone)
    if not path.exists():
        return f"there is no serial port {device}: is the cable in? `ls /dev/serial/by-id` shows the ports there are"
    # pyserial says what the system said about setting the port up as the text of an error of its own.
    refused = error.__context__ if isinstance(error.__context__, termios.error) else error
    number = refused.args[0] if isinstance(refused, termios.error) else getattr(refused, "errno", None)
    text = str(error)
    if not path.is_char_device() or number == errno.ENOTTY:
        what = "a folder" if path.is_dir() else "a file" if path.is_file() else "something else"
        return f"{device} is no serial port, it is {what}: `ls /dev/serial/by-id` shows the ports there are"
    if "lock" in text.lower() or "busy" in text.lower():
        return f"{device} is in use by another program"
    if isinstance(error, PermissionError) or "Permission denied" in text:
        return f"no permission to open {device}: the user must be in the group that owns it (often dialout)"
    if number == errno.EIO:
        return f"{device} does not work: the system has a name for it, and nothing that answers behind it"
    return f"cannot open {device}: {os.strerror(number) if isinstance(number, int) else text}"
