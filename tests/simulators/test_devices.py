"""Every virtual device, made from the reads of a simulated day, tells its own protocol exactly these reads."""

from dataclasses import replace

import numpy as np
import pytest
from races import ZONE, marseille, planned

from readers.events import DecoderEvent, GunSeen
from readers.json_reader import JsonReader
from readers.protocol import Acknowledging, Now, Protocol, protocol_class
from simulators.devices import DeviceClock, WireDevice, device_of
from simulators.emission import SAYS, says
from simulators.field import FieldPlan
from simulators.mqtt_reader import VirtualMqttReader
from simulators.physics import Physics
from simulators.race_day import RaceDay, simulate
from simulators.tapes import HAND_TIMES, NUMBERED, Tape, tapes_of
from simulators.zones import local_of
from timing.instants import DAY, MINUTE, SECOND
from timing.race import Race
from timing.reader_kinds import KIND_OF
from timing.reads import ChipRead, ClockKind, ReadKind

STEP_US = SECOND // 20
WIRES = [name for name, kind in KIND_OF.items() if name in SAYS and "mqtt" not in kind.transports]
PUBLISHING = [name for name, kind in KIND_OF.items() if "mqtt" in kind.transports]


def day_of(protocol: str) -> RaceDay:
    field = FieldPlan(runners=24, elite_men=2, elite_women=2, wheelchairs=0)
    made = marseille(protocol, waves=1)
    sources = tuple(replace(source, clock=KIND_OF[protocol].clock) for source in made.sources)
    return simulate(
        planned(replace(made, sources=sources)), field=field, physics=Physics(gap_us=400_000, early_reads=5)
    )


def tape_of(protocol: str) -> tuple[RaceDay, Tape]:
    """The tape of the start; of a hand timer that of the finish."""
    day = day_of(protocol)
    return day, tapes_of(day.plan.race, day.reads, day.field.guns_us, day.field)[0 if says(protocol).tags else -1]


class Joined:
    """A device and its protocol, joined in memory; the race clock runs as fast as the steady one."""

    def __init__(self, device: WireDevice, protocol: Protocol, now_us: int) -> None:
        self.device, self.protocol = device, protocol
        self.zero_us = self.now_us = now_us
        self.events: list[DecoderEvent] = []

    @property
    def now(self) -> Now:
        return Now(self.now_us, self.now_us - self.zero_us)

    def connect(self) -> None:
        self.device.host_connected(self.now_us)
        self.protocol.connected(self.now)
        self.protocol.ask_memory(None, self.now)

    def cut(self) -> None:
        self.device.host_disconnected(self.now_us)
        self.events += self.protocol.disconnected()

    def run(self, until_us: int) -> None:
        while self.now_us < until_us:
            self.device.receive(self.protocol.data_to_send(), self.now_us)
            while data := self.device.take(self.now_us, 4_096):
                events = self.protocol.receive_data(data, self.now)
                self.events += events
                if isinstance(self.protocol, Acknowledging):
                    self.protocol.stored([event for event in events if isinstance(event, ChipRead | GunSeen)])
                self.device.receive(self.protocol.data_to_send(), self.now_us)
            deadline = self.protocol.next_deadline()
            if deadline is not None and deadline <= self.now.steady_us:
                self.events += self.protocol.handle_deadline(self.now)
            self.now_us += STEP_US

    @property
    def reads(self) -> list[ChipRead]:
        return [event for event in self.events if isinstance(event, ChipRead)]


def stamps_of(tape: Tape, race: Race) -> list[int]:
    """What the protocol says of each read: the reader's own clock."""
    clock = KIND_OF[tape.protocol].clock
    if clock is ClockKind.UTC:
        return [int(stamp) for stamp in tape.stamp_us]
    local = [local_of(int(stamp), ZONE) for stamp in tape.stamp_us]
    return [stamp % DAY for stamp in local] if clock is ClockKind.TIME_OF_DAY else local


def told(tape: Tape, race: Race) -> set[tuple[str | None, int, int | None, float | None]]:
    return {
        (
            tape.tags[tag] if tag >= 0 else None,
            stamp,
            None if antenna < 0 else antenna,
            None if rssi != rssi else rssi,
        )
        for tag, stamp, antenna, rssi in zip(
            tape.tag.tolist(), stamps_of(tape, race), tape.antenna.tolist(), tape.rssi.tolist(), strict=True
        )
    }


def heard(reads: list[ChipRead]) -> set[tuple[str | None, int, int | None, float | None]]:
    return {(None if read.tag is None else str(read.tag), read.stamp_us, read.antenna, read.rssi) for read in reads}


@pytest.mark.parametrize("protocol", WIRES)
def test_a_device_tells_its_protocol_exactly_the_reads_of_the_day_over_a_cut(protocol: str) -> None:
    day, tape = tape_of(protocol)
    whole = [int(stamp) for stamp in tape.due_us]
    # The thick of it: a minute is enough, and the rest of the day is long.
    first, middle = whole[0], whole[len(whole) // 2]
    near = np.flatnonzero((tape.due_us >= middle - MINUTE) & (tape.due_us <= middle + MINUTE))[:120]
    if len(near) > 20:
        columns = {name: getattr(tape, name)[near] for name in ("tag", "mat", "stamp_us", "due_us", "antenna", "rssi")}
        tape = replace(tape, guns_us=(int(tape.due_us[near[0]]) // SECOND * SECOND,) if tape.guns_us else (), **columns)
        first = int(tape.due_us[0])
    device = device_of(tape, DeviceClock(zone=ZONE))
    assert isinstance(device, WireDevice)
    joined = Joined(device, protocol_class(protocol)(), first - 5 * SECOND)
    joined.connect()
    joined.run(int(tape.due_us[len(tape) // 2]))
    if again := bool(KIND_OF[protocol].rewind):
        joined.cut()
        joined.now_us += SECOND // 4
        joined.connect()
    joined.run(int(tape.due_us[-1]) + 40 * SECOND)
    assert heard(joined.reads) == told(tape, day.plan.race)
    assert (device.done, device.remaining, device.lag_us(joined.now_us)) == (True, 0, 0)
    assert device.connections == 1 + again
    assert device.sent >= len(tape)
    if protocol in NUMBERED:
        assert len({(read.reader_file, read.reader_seq) for read in joined.reads}) == tape.distinct
    if tape.guns_us and protocol != "mylaps":
        shown = local_of(tape.guns_us[0], ZONE) if KIND_OF[protocol].clock is not ClockKind.UTC else tape.guns_us[0]
        guns = {event.stamp_us for event in joined.events if isinstance(event, GunSeen)}
        assert len(guns) <= 1
        assert all(abs(gun - shown) < 10_000 for gun in guns)


@pytest.mark.parametrize("protocol", PUBLISHING)
def test_a_reader_that_publishes_says_exactly_the_reads_of_the_day(protocol: str) -> None:
    day, tape = tape_of(protocol)
    device = device_of(tape, DeviceClock(zone=ZONE))
    assert isinstance(device, VirtualMqttReader)
    device.host_connected(int(tape.due_us[0]) - SECOND)
    spoken = protocol_class(protocol)()
    assert isinstance(spoken, JsonReader)
    reads = []
    for said in device.take(int(tape.due_us[-1])):
        reads += [event for event in spoken.message(said.payload, Now(0, 0)) if isinstance(event, ChipRead)]
    assert heard(reads) == told(tape, day.plan.race)
    assert (device.done, device.remaining, device.sent) == (True, 0, len(tape))


@pytest.mark.parametrize("protocol", ["timy", "tag_heuer"])
def test_a_hand_timer_has_the_first_across_the_line_and_reads_no_chips(protocol: str) -> None:
    day, tape = tape_of(protocol)
    assert not len(day.reads)
    assert len(tape) == HAND_TIMES
    finish = np.sort(day.field.line_us[-1][day.field.line_us[-1] > 0])[:HAND_TIMES]
    assert np.all(finish - tape.stamp_us < 100)
    device = device_of(tape, DeviceClock(zone=ZONE))
    assert isinstance(device, WireDevice)
    joined = Joined(device, protocol_class(protocol)(), int(tape.due_us[0]) - SECOND)
    joined.connect()
    joined.run(int(tape.due_us[-1]) + SECOND)
    assert {read.kind for read in joined.reads} == {ReadKind.HAND}


def test_what_cannot_be_said_on_a_wire_is_refused_by_name() -> None:
    _, tape = tape_of("ipico")
    with pytest.raises(ValueError, match="6 characters"):
        device_of(replace(tape, protocol="chronelec"), DeviceClock(zone=ZONE))
    with pytest.raises(ValueError, match="there is no virtual sundial"):
        device_of(replace(tape, protocol="sundial"), DeviceClock(zone=ZONE))


def test_in_a_faster_race_there_is_as_much_more_room_and_repeats_stay_in_real_seconds() -> None:
    assert DeviceClock(zone=ZONE).room(2_000) == 2_000
    assert DeviceClock(zone=ZONE, rate=60).room(2_000) == 120_000
    assert DeviceClock(zone=ZONE, rate=60).real(20 * SECOND) == 20 * MINUTE
    day = DeviceClock(zone=ZONE, rate=0)
    assert day.stands_still
    assert day.room(1) > 10**9
    assert day.real(SECOND) > DAY
