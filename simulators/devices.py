"""One shape for all virtual devices, and the device of each protocol made from a tape.

A device has no port and no clock of its own: `serve` joins it to a wire and tells it the race clock. Devices differ in
what they say; that the rest of the house sees them alike is owned here.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable
from zoneinfo import ZoneInfo

import numpy as np

from readers.chronotrack_frames import GUN_TAG
from readers.race_result_records import MARKER
from simulators import chronelec_reader, llrp_reader, mqtt_reader, mylaps_client
from simulators.chronelec_reader import VirtualChronelec
from simulators.chronotrack_client import SessionLine, VirtualSimpleClient
from simulators.ipico_reader import IpicoTape, VirtualReader
from simulators.jchip_reader import JChipRecord, VirtualJChip
from simulators.llrp_reader import LlrpTape, VirtualLlrpReader
from simulators.mqtt_reader import VirtualImpinj, VirtualMqttReader, VirtualZebra
from simulators.mylaps_client import Sight, VirtualToolkit
from simulators.race_result_reader import Detection, VirtualDecoder
from simulators.race_result_usb_reader import VirtualUsbBox
from simulators.tag_heuer_reader import VirtualTagHeuer
from simulators.tapes import Tape
from simulators.timer_device import Impulse
from simulators.timy_reader import VirtualTimy
from simulators.ultra_reader import UltraRecord, VirtualUltra
from simulators.zones import local_us
from timing.instants import DAY, HOUR, SECOND, Duration, Instant
from timing.reads import ChipRead, Int64, Tag


class Device(Protocol):
    """What every virtual device is. `now` in all calls is the race clock.

    `sent`, `remaining` and `done` say how much of its tape went out to hosts; whether it arrived, a host must say.
    """

    connected: bool
    connections: int

    def host_connected(self, now: Instant) -> None:
        """Somebody listens from now on (or, of a program that calls, its call was taken)."""

    def host_disconnected(self, now: Instant) -> None:
        """Nobody listens any more; half a request is forgotten."""

    def next_due_us(self) -> Instant | None:
        """When the next record is due; None when there is none left, or it may not be sent yet."""

    @property
    def sent(self) -> int: ...

    @property
    def remaining(self) -> int: ...

    @property
    def done(self) -> bool:
        """Whether there is nothing left to say."""

    def lag_us(self, now: Instant) -> Duration:
        """How far what is sent live is behind the race clock; 0 when nothing waits."""


@runtime_checkable
class WireDevice(Device, Protocol):
    """A device that speaks in bytes, behind a port or by a call of its own."""

    def receive(self, data: bytes, now: Instant) -> None:
        """Bytes of the host; answers come with the next `take`."""

    def take(self, now: Instant, limit: int) -> bytes:
        """Bytes to send now: answers first, then what is due; whole records, about `limit` bytes."""

    @property
    def busy(self) -> bool:
        """Whether answers wait to be taken."""


@runtime_checkable
class Leaving(Protocol):
    """A device that may end a link after its answer to a goodbye."""

    wants_close: bool


AnyDevice: TypeAlias = WireDevice | VirtualMqttReader
"""One that speaks on a wire, or one that publishes to a broker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClock:
    """What a device is told of time: the zone its clock shows, and how fast the race runs (0: as fast as possible).

    What a real device repeats after some seconds it repeats after so many real seconds here, too, and what it can keep
    while nobody listens lasts for as many real seconds: links come back in real time.
    """

    zone: ZoneInfo
    rate: float = 1.0

    @property
    def stands_still(self) -> bool:
        return self.rate == 0

    def real(self, duration_us: Duration) -> Duration:
        """So many real microseconds in microseconds of the race; as fast as possible nothing ever repeats."""
        return round(duration_us * self.rate) if self.rate else DAY * 366

    def room(self, records: int) -> int:
        """How many records find room where a real device has room for so many."""
        return round(records * max(1.0, self.rate)) if self.rate else sys.maxsize

    def shown(self, instants: Int64) -> list[int]:
        """Local time of these instants."""
        found: list[int] = local_us(instants, self.zone).tolist()
        return found


def device_of(tape: Tape, clock: DeviceClock) -> AnyDevice:
    """The device that recorded a tape.

    Raises: ValueError when there is none of this protocol, or its wire cannot say what the tape holds.
    """
    maker = _MAKERS.get(tape.protocol)
    if maker is None:
        known = ", ".join(_MAKERS)
        raise ValueError(f"{tape.source}: there is no virtual {tape.protocol or 'device'}; there are: {known}")
    made: AnyDevice = maker(tape, clock)
    return made


def can_be_served(protocol: str) -> bool:
    """Whether there is a virtual device of a protocol."""
    return protocol in _MAKERS


def _ipico(tape: Tape, clock: DeviceClock) -> VirtualReader:
    return VirtualReader(IpicoTape.of(tape, clock.zone), clock.zone, stands_still=clock.stands_still)


def _race_result(tape: Tape, clock: DeviceClock) -> VirtualDecoder:
    detections = [
        Detection(
            due_us=due,
            code=code,
            stamp_us=stamp,
            loop=int(label) if label.isdigit() else None,
            antenna=antenna,
            rssi="" if rssi is None else f"{rssi:.0f}",
        )
        for code, label, stamp, due, antenna, rssi in _rows(tape, clock.shown(tape.stamp_us))
    ]
    detections += [Detection(due_us=gun, code=MARKER, stamp_us=stamp) for gun, stamp in _guns(tape, clock)]
    return VirtualDecoder(detections, clock.zone)


def _ultra(tape: Tape, clock: DeviceClock) -> VirtualUltra:
    rows = _rows(tape, tape.stamp_us.tolist())
    records = [
        UltraRecord(code, stamp, due, antenna or 0, "" if rssi is None else f"{rssi:.0f}", label or "1")
        for code, label, stamp, due, antenna, rssi in rows
    ]
    return VirtualUltra(records, clock.zone)


def _llrp(tape: Tape, clock: DeviceClock) -> VirtualLlrpReader:
    held = LlrpTape(
        source=tape.source,
        tags=tape.tags,
        tag=tape.tag,
        stamp_us=tape.stamp_us,
        due_us=tape.due_us,
        antenna=tape.antenna,
        rssi=tape.rssi,
    )
    return VirtualLlrpReader(held, stands_still=clock.stands_still, held_max=clock.room(llrp_reader.HELD_MAX))


def _mylaps(tape: Tape, clock: DeviceClock) -> VirtualToolkit:
    names = _places(tape)
    sights = [
        Sight(due_us=due, location=label or names[0], chip=code, stamp_us=stamp)
        for code, label, stamp, due, _, _ in _rows(tape, clock.shown(tape.stamp_us))
    ]
    sights += [Sight(due_us=gun, location=names[0], chip="", stamp_us=stamp) for gun, stamp in _guns(tape, clock)]
    return VirtualToolkit(sights, locations=names, repeat_us=clock.real(mylaps_client.REPEAT_US))


def _chronotrack(tape: Tape, clock: DeviceClock) -> VirtualSimpleClient:
    names = _places(tape)
    lines = [
        SessionLine(due_us=due, location=label or names[0], tag=code, stamp_us=stamp, antenna=antenna or 0)
        for code, label, stamp, due, antenna, _ in _rows(tape, clock.shown(tape.stamp_us))
    ]
    lines += [
        SessionLine(due_us=gun, location=names[0], tag=GUN_TAG, stamp_us=stamp) for gun, stamp in _guns(tape, clock)
    ]
    return VirtualSimpleClient(lines)


def _jchip(tape: Tape, clock: DeviceClock) -> VirtualJChip:
    rows = _rows(tape, tape.stamp_us.tolist())
    records = [JChipRecord(code, stamp, due) for code, _, stamp, due, _, _ in rows]
    return VirtualJChip(records, clock.zone, name=tape.source)


def _impinj(tape: Tape, clock: DeviceClock) -> VirtualImpinj:
    room = clock.room(mqtt_reader.IMPINJ_BUFFER)
    return VirtualImpinj(_chip_reads(tape), hostname=f"impinj-{tape.source}", buffer_max=room)


def _zebra(tape: Tape, clock: DeviceClock) -> VirtualZebra:
    room = clock.room(mqtt_reader.ZEBRA_RETAINED)
    return VirtualZebra(_chip_reads(tape), heartbeat_us=clock.real(mqtt_reader.HEARTBEAT_US), retained_max=room)


def _timy(tape: Tape, clock: DeviceClock) -> VirtualTimy:
    return VirtualTimy(_impulses(tape, clock), stands_still=clock.stands_still)


def _tag_heuer(tape: Tape, clock: DeviceClock) -> VirtualTagHeuer:
    return VirtualTagHeuer(_impulses(tape, clock), stands_still=clock.stands_still)


def _chronelec(tape: Tape, clock: DeviceClock) -> VirtualChronelec:
    long = next((tag for tag in tape.tags if len(tag) > CHRONELEC_TAG), None)
    if long is not None:
        raise ValueError(f"{tape.source}: a Chronelec decoder tells {CHRONELEC_TAG} characters of a tag, not {long!r}")
    impulses = [
        Impulse(due_us=due, stamp_us=stamp % DAY, channel=0, tag=code)
        for code, _, stamp, due, _, _ in _rows(tape, clock.shown(tape.stamp_us))
    ]
    return VirtualChronelec(impulses, again_us=clock.real(chronelec_reader.AGAIN_US))


def _race_result_usb(tape: Tape, clock: DeviceClock) -> VirtualUsbBox:
    # A stamp is cut off below the tick: the moment after it falls into the tick itself.
    impulses = [
        Impulse(
            due_us=due,
            stamp_us=stamp + 1,
            channel=int(label) - 1 if label.isdigit() else 0,
            tag=code,
            signal=0 if rssi is None else round(rssi + 90) << 2 & 0x70,
        )
        for code, label, stamp, due, _, rssi in _rows(tape, tape.stamp_us.tolist())
    ]
    impulses += [Impulse(due_us=gun, stamp_us=gun + 1, tag=MARKER) for gun in tape.guns_us]
    first_us = min((impulse.due_us for impulse in impulses), default=0)
    # Its ticks go round after half a year: a host gave it the time shortly before the race.
    reference_s = (first_us - HOUR) // SECOND
    return VirtualUsbBox(sorted(impulses, key=_due_us), reference=(reference_s, USB_REFERENCE_TICKS))


CHRONELEC_TAG: Final = 6
USB_REFERENCE_TICKS: Final = 0x0151BCF5

_MAKERS: Final[Mapping[str, Callable[[Tape, DeviceClock], Any]]] = {
    "ipico": _ipico,
    "race_result": _race_result,
    "race_result_usb": _race_result_usb,
    "mylaps": _mylaps,
    "chronotrack": _chronotrack,
    "ultra": _ultra,
    "jchip": _jchip,
    "impinj": _impinj,
    "zebra": _zebra,
    "llrp": _llrp,
    "timy": _timy,
    "tag_heuer": _tag_heuer,
    "chronelec": _chronelec,
}

_Row: TypeAlias = tuple[str, str, int, Instant, int | None, float | None]


def _rows(tape: Tape, stamps: list[int]) -> list[_Row]:
    """Code, label, stamp (as given), due, antenna and signal of each read of a chip."""
    columns = (tape.tag, tape.mat, tape.due_us, tape.antenna, tape.rssi)
    return [
        (
            tape.tags[tag],
            tape.labels[mat],
            stamp,
            due,
            None if antenna < 0 else antenna,
            None if rssi != rssi else rssi,
        )
        for tag, mat, due, antenna, rssi, stamp in zip(*(column.tolist() for column in columns), stamps, strict=True)
    ]


def _guns(tape: Tape, clock: DeviceClock) -> list[tuple[Instant, int]]:
    """The guns a device hears, and what its local clock shows of them."""
    return list(zip(tape.guns_us, clock.shown(np.array(tape.guns_us, np.int64)), strict=True))


def _places(tape: Tape) -> list[str]:
    """The locations of a program that speaks for mats: their labels, else the source's name."""
    used = {tape.labels[mat] for mat in set(tape.mat.tolist())}
    return sorted(used - {""}) or [str(tape.source)]


def _impulses(tape: Tape, clock: DeviceClock) -> list[Impulse]:
    shown = clock.shown(tape.stamp_us)
    return [
        Impulse(due_us=due, stamp_us=stamp % DAY, channel=1, number=number + 1)
        for number, (stamp, due) in enumerate(zip(shown, tape.due_us.tolist(), strict=True))
    ]


def _chip_reads(tape: Tape) -> list[ChipRead]:
    """What a reader publishes; `received_us` is when."""
    return [
        ChipRead(tag=Tag(code), stamp_us=stamp, received_us=due, antenna=antenna, rssi=rssi)
        for code, _, stamp, due, antenna, rssi in _rows(tape, tape.stamp_us.tolist())
    ]


def _due_us(impulse: Impulse) -> Instant:
    return impulse.due_us
