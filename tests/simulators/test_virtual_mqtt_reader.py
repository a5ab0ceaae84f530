"""Virtual readers that speak MQTT: what they say and when, what they keep, and what is lost for good."""

from __future__ import annotations

from readers.events import StatusSeen
from readers.impinj import ImpinjReader
from readers.protocol import Now
from readers.zebra import ZebraReader
from simulators.mqtt_reader import VirtualImpinj, VirtualZebra
from timing.instants import SECOND
from timing.reads import ChipRead, Tag

NINE = 1_730_016_000 * SECOND


def crossings(count: int) -> list[ChipRead]:
    return [
        ChipRead(tag=Tag(f"E2{number:06X}"), stamp_us=NINE + number * SECOND, received_us=0, antenna=1)
        for number in range(count)
    ]


def tags(decoder, said, now: int) -> list[str]:
    events = [event for each in said for event in decoder.message(each.payload, Now(now, now))]
    return [event.tag for event in events if isinstance(event, ChipRead)]


def names(*numbers: int) -> list[str]:
    return [f"E2{number:06X}" for number in numbers]


def test_reads_are_said_when_they_are_due_and_not_before() -> None:
    reader, decoder = VirtualImpinj(crossings(10)), ImpinjReader()
    reader.host_connected(NINE - 1)
    assert tags(decoder, reader.take(NINE - 1), NINE) == []  # the inventory runs
    assert tags(decoder, reader.take(NINE + 2 * SECOND), NINE) == names(0, 1, 2)
    assert reader.take(NINE + 2 * SECOND) == []
    assert tags(decoder, reader.take(NINE + 100 * SECOND), NINE) == names(*range(3, 10))
    assert reader.done
    assert decoder.standing() == ()


def test_what_is_due_without_a_broker_is_kept_as_far_as_there_is_room() -> None:
    reader = VirtualImpinj(crossings(10), buffer_max=4)
    assert reader.take(NINE + 6 * SECOND) == []
    reader.host_connected(NINE + 6 * SECOND)
    assert tags(ImpinjReader(), reader.take(NINE + 7 * SECOND), NINE) == names(0, 1, 2, 3, 7)
    assert reader.dropped == 3


def test_what_could_not_be_published_comes_again_in_front() -> None:
    reader, decoder = VirtualImpinj(crossings(6)), ImpinjReader()
    reader.host_connected(NINE)
    said = reader.take(NINE + 3 * SECOND)
    reader.host_disconnected(NINE + 4 * SECOND)
    reader.give_back(said[2:])
    reader.host_connected(NINE + 5 * SECOND)
    assert tags(decoder, reader.take(NINE + 5 * SECOND), NINE) == names(1, 2, 3, 4, 5)


def test_a_zebra_drains_its_queue_behind_live_reads_and_no_number_is_missing_in_the_end() -> None:
    reader, decoder = VirtualZebra(crossings(30), per_second=2, heartbeat_us=100 * SECOND), ZebraReader()
    reader.host_connected(NINE)
    assert tags(decoder, reader.take(NINE), NINE) == names(0)
    reader.host_disconnected(NINE + 10 * SECOND)
    reader.host_connected(NINE + 10 * SECOND)
    assert tags(decoder, reader.take(NINE + 11 * SECOND), NINE) == names(11, 1, 2, 3, 4)
    assert decoder.missing == 6
    assert tags(decoder, reader.take(NINE + 15 * SECOND), NINE) == names(12, 13, 14, 15, 5, 6, 7, 8, 9, 10)
    assert (decoder.missing, decoder.standing()) == (0, ())


def test_a_queue_that_overflows_is_a_loss_that_is_told() -> None:
    reader, decoder = VirtualZebra(crossings(20), retained_max=3), ZebraReader()
    reader.host_connected(NINE)
    tags(decoder, reader.take(NINE), NINE)
    reader.host_disconnected(NINE + 10 * SECOND)
    reader.host_connected(NINE + 10 * SECOND)
    for second in range(11, 20):
        tags(decoder, reader.take(NINE + second * SECOND), NINE + second * SECOND)
    assert reader.dropped == decoder.missing == 7
    assert decoder.standing()[0] == "7 events of the reader are missing (5 to 11)"


def test_heartbeats_come_at_their_pace_with_what_the_reader_counted() -> None:
    reader, decoder = VirtualZebra(crossings(60)), ZebraReader()
    reader.host_connected(NINE)
    beats = 0
    for second in range(60):
        for said in reader.take(NINE + second * SECOND):
            events = decoder.message(said.payload, Now(NINE, second * SECOND))
            beats += any(isinstance(event, StatusSeen) and event.text == "heartbeat" for event in events)
    assert beats == 6
    assert decoder.standing() == ()
    reader.unplug(1)
    for said in reader.take(NINE + 61 * SECOND):
        decoder.message(said.payload, Now(NINE, 61 * SECOND))
    assert decoder.standing() == ("antenna 1 is disconnected",)


def test_a_zebra_that_is_switched_off_and_on_counts_anew_and_nothing_is_called_missing() -> None:
    reader, decoder = VirtualZebra(crossings(20)), ZebraReader()
    reader.host_connected(NINE)
    tags(decoder, reader.take(NINE + 4 * SECOND), NINE)
    reader.power_off_on(NINE + 5 * SECOND)
    assert len(tags(decoder, reader.take(NINE + 9 * SECOND), NINE)) == 5
    assert decoder.missing == 0
