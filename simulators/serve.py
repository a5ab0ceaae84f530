"""A process of virtual devices: behind pseudo-terminals and TCP ports, calling, or at a broker; on the race clock.

Delivery may fall behind the clock, and then says by how much. Owns the loop and the status; what a device says is its
own (`devices`), where it listens or calls is in `links`.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from readers.mqtt_link import BrokerAddress
from readers.race_clock import RaceClock
from simulators import links
from simulators.devices import AnyDevice, DeviceClock, Leaving, WireDevice, device_of
from simulators.files import SUMMARY_FILE
from simulators.mqtt_publisher import MqttPublisher
from simulators.tapes import READERS_FOLDER, Tape
from timing.reads import SourceId

_CHUNK_BYTES: Final = 32_768
_IDLE_S: Final = 0.05
"""Longest sleep of a quiet device: a pseudo-terminal that is closed is noticed within it."""
_FIRST_PIECE_S: Final = 0.02
"""At a baud rate, bytes go out in pieces of about this length."""
_CALL_AGAIN_S: Final = 0.25
"""Between two calls of a program that calls the engine."""
STATUS_S: Final = 0.5
_LINGER_S: Final = 1.0
"""After the last byte went to the kernel: a host still reads it, and a port that closes takes it away."""

CALL: Final = "call:"
MQTT: Final = "mqtt:"


@dataclass(frozen=True, kw_only=True)
class Post:
    """One device to serve, where, and the baud rate it is held to (None: as fast as taken).

    `address`: `pty:PATH` or `tcp:HOST:PORT` to listen at, `call:HOST:PORT` to call, `mqtt:TOPIC` to publish to.
    """

    source: SourceId
    device: AnyDevice
    address: str
    baud: int | None = None


class ReaderServer:
    """Serves devices until cancelled. `addresses` and `status` may be asked at any time after `__aenter__`."""

    def __init__(
        self,
        posts: Sequence[Post],
        clock: RaceClock,
        broker: BrokerAddress | None = None,
        passwords: Mapping[str, str] | None = None,
    ) -> None:
        """`broker`: for devices that publish, each as the user of its source's name with that one's password.

        Raises: ValueError when a device cannot be served at its address.
        """
        self._posts = posts
        self._clock = clock
        self._broker = broker
        self._passwords = passwords or {}
        self.readers = {post.source: post.device for post in posts}
        self._listeners: dict[str, links.Listener] = {}
        for post in posts:
            _check_address(post, broker)

    async def __aenter__(self) -> "ReaderServer":
        """Opens all ports. Raises: OSError, ValueError."""
        try:
            for post in self._posts:
                if not post.address.startswith((CALL, MQTT)):
                    self._listeners[post.source] = links.listener(post.address)
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()

    @property
    def addresses(self) -> Mapping[str, str]:
        """Where each source can be reached, or whom it calls; free ports are known here."""
        listening = {source: listener.address for source, listener in self._listeners.items()}
        return {post.source: listening.get(post.source, post.address) for post in self._posts}

    async def run(self) -> None:
        """Serves all devices for ever."""
        async with asyncio.TaskGroup() as group:
            for post in self._posts:
                group.create_task(self._serve(post), name=f"virtual device {post.source}")

    async def _serve(self, post: Post) -> None:
        device = post.device
        if not isinstance(device, WireDevice):
            await self._publish(post)
        elif post.address.startswith(CALL):
            await self._call(post, device)
        else:
            listener = self._listeners[post.source]
            while True:
                await self._session(device, await listener.opened(), post.baud)

    async def _call(self, post: Post, device: WireDevice) -> None:
        """A program that calls the engine, and calls again whenever the call ends."""
        host, port = links.host_and_port(post.address.removeprefix(CALL))
        while True:
            link = await links.dialled(host, port)
            if link is not None:
                await self._session(device, link, post.baud)
            await asyncio.sleep(_CALL_AGAIN_S)

    async def _publish(self, post: Post) -> None:
        device = post.device
        assert not isinstance(device, WireDevice)
        assert self._broker is not None, "checked before anything runs"
        topic = post.address.removeprefix(MQTT)
        await MqttPublisher(device, topic=topic, broker=self._broker_of(post.source), clock=self._clock).run()

    def _broker_of(self, source: SourceId) -> BrokerAddress:
        assert self._broker is not None
        return replace(self._broker, username=source, password=self._passwords.get(source, self._broker.password))

    async def _session(self, device: WireDevice, link: links.Link, baud: int | None) -> None:
        device.host_connected(self._clock.now_us())
        try:
            await self._converse(device, link, baud)
        finally:
            device.host_disconnected(self._clock.now_us())
            link.close()

    async def _converse(self, device: WireDevice, link: links.Link, baud: int | None) -> None:
        """Talks with one host until it goes."""
        pace = _Pace(baud)
        leaving = device if isinstance(device, Leaving) else None
        waiting = memoryview(b"")
        while True:
            data = links.receive(link)
            if data is None:
                return
            now = self._clock.now_us()
            if data:
                device.receive(data, now)
            if not waiting:
                waiting = memoryview(device.take(now, pace.chunk_bytes))
                if not waiting and leaving is not None and leaving.wants_close:
                    return
            allowed = pace.allowed(len(waiting))
            taken = links.send(link, waiting[:allowed]) if allowed else 0
            if taken is None:
                return
            pace.used(taken)
            waiting = waiting[taken:]
            if taken:
                await asyncio.sleep(0)
            elif waiting and not allowed:
                await asyncio.sleep(_FIRST_PIECE_S)
            else:
                await links.ready(link, to_write=bool(waiting), seconds=self._pause_s(device))

    def _pause_s(self, device: WireDevice) -> float:
        due = device.next_due_us()
        if due is None or self._clock.is_fastest:
            return _IDLE_S
        return min(_IDLE_S, max(0.001, self._clock.real_seconds_until(due)))

    def status(self) -> dict[str, object]:
        """What has been delivered, JSON-ready; `lag_s` in seconds of the race."""
        now = self._clock.now_us()
        rows = {
            source: {
                "address": self.addresses.get(source, ""),
                "connected": reader.connected,
                "connections": reader.connections,
                "records": reader.sent + reader.remaining,
                "sent": reader.sent,
                "remaining": reader.remaining,
                "lag_s": round(reader.lag_us(now) / 1_000_000, 3),
                "done": reader.done,
            }
            for source, reader in self.readers.items()
        }
        readers = self.readers.values()
        return {
            "clock_us": now,
            "sent": sum(reader.sent for reader in readers),
            "remaining": sum(reader.remaining for reader in readers),
            "lag_s": round(max((reader.lag_us(now) for reader in readers), default=0) / 1_000_000, 3),
            "done": all(reader.done for reader in readers),
            "readers": rows,
        }


def _check_address(post: Post, broker: BrokerAddress | None) -> None:
    """Raises: ValueError when a device cannot be served where it should."""
    on_wire = isinstance(post.device, WireDevice)
    publishes = post.address.startswith(MQTT)
    if on_wire and publishes:
        raise ValueError(f"{post.source}: this device does not publish: give pty:PATH, tcp:HOST:PORT or call:HOST:PORT")
    if not on_wire and (not publishes or broker is None):
        raise ValueError(f"{post.source}: this reader publishes: give mqtt:TOPIC, and the broker")
    if post.address.startswith(CALL):
        links.host_and_port(post.address.removeprefix(CALL))


class _Pace:
    """A baud rate as bytes that may go now: ten bits a byte, and no credit for silence."""

    def __init__(self, baud: int | None) -> None:
        self._bytes_s = None if baud is None else baud / 10
        self._loop = asyncio.get_running_loop()
        self._free_at = 0.0

    @property
    def chunk_bytes(self) -> int:
        return _CHUNK_BYTES if self._bytes_s is None else max(1, int(self._bytes_s * _FIRST_PIECE_S))

    def allowed(self, wanted: int) -> int:
        if self._bytes_s is None:
            return wanted
        if self._loop.time() < self._free_at:
            return 0
        return min(wanted, max(1, int(self._bytes_s * _FIRST_PIECE_S)))

    def used(self, count: int) -> None:
        if self._bytes_s is not None and count:
            begin = max(self._free_at, self._loop.time() - _FIRST_PIECE_S)
            self._free_at = begin + count / self._bytes_s


def posts_of(folder: Path, addresses: Mapping[str, str], clock: RaceClock, baud: int | None = None) -> list[Post]:
    """Posts for sources of a simulated race day's folder. Raises: FileNotFoundError, ValueError."""
    told = DeviceClock(zone=zone_of(folder), rate=clock.rate)
    return [
        Post(
            source=SourceId(source),
            device=device_of(Tape.load(folder / READERS_FOLDER, source), told),
            address=address,
            baud=baud,
        )
        for source, address in addresses.items()
    ]


def zone_of(folder: Path) -> ZoneInfo:
    """The zone the readers of a folder's race show."""
    return ZoneInfo(json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))["zone"])


def broker_at(text: str) -> BrokerAddress:
    """The broker at HOST:PORT or mqtt://HOST:PORT. Raises: ValueError."""
    host, port = links.host_and_port(text.removeprefix("mqtt://"))
    return BrokerAddress(host=host, port=port)


def passwords_in(file: Path) -> dict[str, str]:
    """User -> password, from lines `user:password`. Raises: OSError."""
    lines = file.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))
    return {user.strip(): word.strip() for user, word in pairs}


async def serve(server: ReaderServer, *, status_file: Path | None = None, leave_when_done: bool = False) -> None:
    """Serves until cancelled, or until everything has been delivered; writes the status twice a second."""
    running = asyncio.create_task(server.run())
    try:
        while not running.done():
            status = server.status()
            if status_file is not None:
                _replace(status_file, json.dumps(status))
            if leave_when_done and status["done"]:
                await asyncio.sleep(_LINGER_S)
                return
            await asyncio.wait({running}, timeout=STATUS_S)
        running.result()
    finally:
        # While the hosts are still there: what is left counts from nothing once they are gone.
        if status_file is not None:
            _replace(status_file, json.dumps(server.status()))
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def _replace(path: Path, text: str) -> None:
    """Writes a file so that no reader of it ever sees half."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(text + "\n", encoding="utf-8")
    os.replace(beside, path)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulators.serve", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of a simulated race day")
    parser.add_argument(
        "--at", action="append", required=True, metavar="SOURCE=ADDRESS",
        help="for a source: pty:PATH or tcp:HOST:PORT to listen, call:HOST:PORT to call, mqtt:TOPIC to publish",
    )  # fmt: skip
    parser.add_argument("--broker", metavar="HOST:PORT", help="where readers that publish find their broker")
    parser.add_argument("--passwords", type=Path, help="file of user:password lines; each publishes as its source")
    parser.add_argument(
        "--clock",
        required=True,
        help="the race clock: real, 2024-10-27T08:55:00+01:00@60, or EPOCH_US@RATE@ZERO_REAL_US",
    )
    parser.add_argument("--baud", type=int, help="hold every line to this rate (default: as fast as taken)")
    parser.add_argument("--status", type=Path, help="file for the status, written twice a second")
    parser.add_argument("--leave-when-done", action="store_true", help="end when every line has been delivered")
    return parser.parse_args(argv)


async def _main(argv: Sequence[str] | None) -> None:
    given = _arguments(argv)
    addresses = dict(text.split("=", 1) for text in given.at)
    clock = RaceClock.parse(given.clock)
    posts = posts_of(given.folder, addresses, clock, given.baud)
    broker = None if given.broker is None else broker_at(given.broker)
    passwords = {} if given.passwords is None else passwords_in(given.passwords)
    async with ReaderServer(posts, clock, broker, passwords) as server:
        task = asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, task.cancel)
        print(json.dumps({"ready": dict(server.addresses), "clock": str(clock)}), flush=True)
        with contextlib.suppress(asyncio.CancelledError):
            await serve(server, status_file=given.status, leave_when_done=given.leave_when_done)


def main(argv: Sequence[str] | None = None) -> int:
    """Serves the readers of a folder; prints one line of JSON when they can be reached."""
    asyncio.run(_main(argv))
    return 0


if __name__ == "__main__":
    sys.exit(main())
