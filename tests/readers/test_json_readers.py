"""Impinj and Zebra decoders: the samples of their pages, what is written read back, and whatever else may come."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_samples import IMPINJ, IMPINJ_STATUS, NOW, ZEBRA, ZEBRA_ACCESS, ZEBRA_LOSS, later, us

from readers import impinj_messages, zebra_messages
from readers.events import Malformed, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.impinj import ImpinjReader
from readers.iso_stamps import utc_stamp_us, utc_text
from readers.json_reader import MESSAGE_MAX, JsonReader
from readers.protocol import protocol_class
from readers.zebra import ZebraReader
from timing.reads import ChipRead, Tag

SAMPLES = [(ImpinjReader, *sample) for sample in IMPINJ.values()] + [
    (ZebraReader, *sample) for sample in ZEBRA.values()
]
READERS = [ImpinjReader, ZebraReader]


def reads_of(events) -> list[ChipRead]:
    return [event for event in events if isinstance(event, ChipRead)]


def bad_of(events) -> list[Malformed]:
    return [event for event in events if isinstance(event, Malformed)]


@pytest.mark.parametrize(("kind", "payload", "told"), SAMPLES)
def test_a_sample_means_what_its_page_says(kind, payload, told) -> None:
    (read,) = kind().message(payload, NOW)
    assert (read.tag, read.stamp_us, read.antenna, read.rssi) == told
    assert read.received_us == NOW.race_us
    assert read.raw == payload.decode()


@pytest.mark.parametrize(("kind", "payload", "told"), SAMPLES)
def test_a_sample_as_a_line_is_the_same_however_it_is_cut(kind, payload, told) -> None:
    line = payload + b"\r\n"
    whole = kind().receive_data(line, NOW)
    assert [(read.tag, read.stamp_us, read.antenna, read.rssi) for read in whole] == [told]
    for cut in range(len(line)):
        reader = kind()
        assert reader.receive_data(line[:cut], NOW) + reader.receive_data(line[cut:], NOW) == whole
    reader = kind()
    assert [event for byte in line for event in reader.receive_data(bytes([byte]), NOW)] == whole
    assert kind().receive_data(b"data: " + line, NOW)[0].stamp_us == whole[0].stamp_us


def test_the_other_samples_give_no_read() -> None:
    assert ImpinjReader().message(b"[]", NOW) == [StatusSeen(kind=StatusKind.ANSWER, text="keep-alive")]
    (status,) = ImpinjReader().message(IMPINJ_STATUS, NOW)
    assert (status.kind, status.text) == (StatusKind.SETTING, "inventory running")
    (note,) = ZebraReader().message(ZEBRA_ACCESS, NOW)
    assert note.kind is StatusKind.TAG_DATA


def test_a_missing_event_number_is_told_and_taken_back_when_it_comes() -> None:
    reader = ZebraReader()
    events = reader.message(ZEBRA_LOSS, NOW)
    assert [read.tag for read in reads_of(events)] == ["E280", "E281"]
    assert events[-1].text == "1 event of the reader is missing (8)"
    assert (reader.missing, reader.standing()) == (1, ("1 event of the reader is missing (8)",))
    assert reader.message(ZEBRA_LOSS, NOW) == reads_of(events)  # redelivered: the same reads, nothing more to tell
    assert reader.missing == 1
    late = b'{"data":{"eventNum":8,"idHex":"e282"},"timestamp":"2026-10-25T07:00:01Z","type":"CUSTOM"}'
    assert len(reads_of(reader.message(late, later(60)))) == 1
    assert (reader.missing, reader.standing()) == (0, ())


def event(number: int, stamp: str = "2026-10-25T07:00:02Z", **more) -> bytes:
    data = {"eventNum": number, "idHex": f"e2{number:010x}", **more}
    return json.dumps({"data": data, "timestamp": stamp, "type": "CUSTOM"}).encode()


def test_a_reader_that_starts_counting_anew_has_lost_nothing() -> None:
    reader = ZebraReader()
    for number in (1, 2, 3):
        reader.message(event(number), NOW)
    for number in (1, 2, 5):
        assert reads_of(reader.message(event(number, "2026-10-25T07:05:00Z"), later(300)))
    assert reader.missing == 2


def test_numbers_are_no_identity_of_reads() -> None:
    (read,) = ZebraReader().message(event(7), NOW)
    assert (read.reader_file, read.reader_seq) == (None, None)


def beat(reads: int, on: bool = True) -> bytes:
    return zebra_messages.heartbeat(NOW.race_us, 1, reads=reads, antennas={1: True, 2: on, 3: False})


def test_a_heartbeat_that_counts_more_than_came_is_told_one_heartbeat_later() -> None:
    reader = ZebraReader()
    reader.message(beat(1000), NOW)
    reader.message(event(1, reads=3), NOW)
    reader.message(event(1, reads=3), NOW)  # redelivered: counted once
    reader.message(event(2), NOW)
    reader.message(beat(1006), later(10))
    assert reader.standing() == ()  # two may be on their way
    reader.message(beat(1006), later(20))
    assert reader.standing()[0].startswith("the reader counts 6 reads and 4 came: 2 are missing")
    reader.message(event(3, reads=2), later(21))
    reader.message(beat(1006), later(30))
    assert reader.standing() == ()
    reader.message(beat(2), later(40))  # started anew
    reader.message(beat(2), later(50))
    assert reader.standing() == ()


def test_an_antenna_that_has_read_and_is_off_is_told() -> None:
    reader = ZebraReader()
    reader.message(beat(1), NOW)
    assert reader.standing() == ()
    reader.message(beat(1, on=False), later(10))
    assert reader.standing() == ("antenna 2 is disconnected",)
    reader.message(beat(1), later(20))
    assert reader.standing() == ()


def test_heartbeats_left_out_are_silence_and_data_is_a_sign_of_life() -> None:
    reader = ZebraReader()
    assert reader.silent_for_us(later(1000).steady_us) is None
    reader.message(beat(1), NOW)
    reader.message(beat(1), later(10))
    assert reader.silent_for_us(later(40).steady_us) is None
    assert reader.silent_for_us(later(46).steady_us) == 36_000_000
    reader.message(event(1), later(46))
    assert reader.silent_for_us(later(50).steady_us) is None


def test_errors_of_the_reader_stand_until_it_starts() -> None:
    reader = ZebraReader()
    (told,) = reader.message(zebra_messages.error(NOW.race_us, 1, "data retention queue full"), NOW)
    assert (told.kind, told.text) == (StatusKind.WARNING, "the reader tells of an error: data retention queue full")
    assert reader.standing() == (told.text,)
    reader.message(zebra_messages.hello(NOW.race_us, 1), NOW)
    assert reader.standing() == ()


def test_an_answer_to_a_command_is_no_read() -> None:
    (answer,) = ZebraReader().message(b'{"command":"start","command_id":"1","response":"failure"}', NOW)
    assert answer.kind is StatusKind.REFUSED


def test_a_batch_in_data_is_taken_apart() -> None:
    both = {
        "data": [{"eventNum": 1, "idHex": "e1"}, {"eventNum": 2, "idHex": "e2"}],
        "timestamp": "2026-10-25T07:00:02Z",
    }
    assert [read.tag for read in reads_of(ZebraReader().message(json.dumps(both).encode(), NOW))] == ["E1", "E2"]


def impinj(**body) -> bytes:
    made = {"epcHex": "E280", "lastSeenTime": "2026-10-25T07:00:01Z", **body}
    made = {key: value for key, value in made.items() if value is not None}
    return json.dumps(
        {"timestamp": "2026-10-25T07:00:02Z", "eventType": "tagInventory", "tagInventoryEvent": made}
    ).encode()


def test_keys_of_an_impinj_event_are_all_optional() -> None:
    (read,) = ImpinjReader().message(impinj(lastSeenTime=None), NOW)
    assert read.stamp_us == us("2026-10-25 07:00:02")  # when the event was made
    (read,) = ImpinjReader().message(impinj(epcHex=None, epc="4oA="), NOW)
    assert read.tag == "E280"
    (read,) = ImpinjReader().message(impinj(epcHex=None, tidHex="E2801170"), NOW)
    assert read.tag == "E2801170"
    (read,) = ImpinjReader().message(impinj(antennaPort="3"), NOW)
    assert read.antenna == 3
    (timeless,) = ImpinjReader().message(b'{"tagInventoryEvent":{"epcHex":"E280"}}', NOW)
    assert timeless.kind is StatusKind.TAG_DATA


@pytest.mark.parametrize(
    "body",
    [
        {"epcHex": None},
        {"epcHex": "E28"},
        {"epcHex": "XY"},
        {"epcHex": 5},
        {"epc": "AAAA"},  # differs
        {"epcHex": None, "epc": "4oA"},
        {"epcHex": None, "epc": ""},
        {"epcHex": None, "epc": {}},
        {"lastSeenTime": "yesterday"},
        {"lastSeenTime": 5},
        {"lastSeenTime": "2026-02-30T07:00:01Z"},
    ],
)
def test_an_impinj_event_that_cannot_be_a_read_is_kept_raw(body) -> None:
    payload = impinj(**body)
    (bad,) = ImpinjReader().message(payload, NOW)
    assert isinstance(bad, Malformed)
    assert bad.raw == payload[:200].decode()
    assert bad.size == len(payload)


def test_odd_antennas_and_signals_cost_no_read() -> None:
    for odd in ({"antennaPort": -1}, {"antennaPort": 10**30}, {"antennaPort": True}, {"antennaPort": 0}):
        assert reads_of(ImpinjReader().message(impinj(**odd), NOW))[0].antenna is None
    for signal in ("1e999", "NaN", "-1e400", "9" * 400, "true", '"strong"', "[]"):
        payload = impinj(peakRssiCdbm="@").replace(b'"@"', signal.encode())
        assert reads_of(ImpinjReader().message(payload, NOW))[0].rssi is None


def test_the_shape_of_the_makers_add_on_is_known_by_its_keys() -> None:
    told = {"tag_reads": [{"epc": "e280", "firstSeenTimestamp": 1792911601100000, "antennaPort": 2, "peakRssi": -61.5}]}
    (read,) = ImpinjReader().message(json.dumps(told).encode(), NOW)
    assert (read.tag, read.stamp_us, read.antenna, read.rssi) == ("E280", 1792911601100000, 2, -61.5)


def test_an_inventory_that_does_not_run_stands_as_a_warning() -> None:
    reader = ImpinjReader()
    reader.message(impinj_messages.inventory_event("idle", NOW.race_us), NOW)
    assert reader.standing() == ("the reader's inventory is idle: it reads nothing until it is started",)
    reader.message(IMPINJ_STATUS, NOW)
    assert reader.standing() == ()


def test_two_readers_under_one_topic_are_told() -> None:
    reader = ImpinjReader()
    for host in ("impinj-01", "impinj-01", "impinj-02"):
        reader.message(json.dumps({"hostname": host, "eventType": "x"}).encode(), NOW)
    assert reader.standing() == (
        "readers impinj-01, impinj-02 publish under one topic: give each a topic and a source",
    )


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("gone", [b"lost", b'"offline"', b'{"state":"lost"}', b'{"online": false}'])
def test_a_will_tells_that_the_reader_is_gone_and_a_word_that_it_is_back(kind, gone) -> None:
    reader = kind()
    assert reader.present is None
    assert not reads_of(reader.message(gone, NOW))
    assert reader.present is False
    reader.message(b'{"state": "up"}', NOW)
    assert reader.present is True


@pytest.mark.parametrize(("kind", "payload", "told"), SAMPLES)
def test_a_word_beside_an_event_never_costs_the_event(kind, payload, told) -> None:
    assert reads_of(kind().message(payload.replace(b"{", b'{"state":"lost",', 1), NOW))[0].tag == told[0]


def test_a_reader_that_speaks_is_not_gone() -> None:
    reader = ImpinjReader()
    reader.message(b"lost", NOW, retained=True)
    assert reader.present is False
    reader.message(impinj(), NOW)
    assert reader.present is None


@pytest.mark.parametrize(("kind", "payload", "told"), SAMPLES)
def test_a_retained_message_is_context_and_no_event(kind, payload, told) -> None:
    reader = kind()
    (note,) = reader.message(payload, NOW, retained=True)
    assert note.kind is StatusKind.BANNER
    assert [event.kind for event in reader.message(b"\xff{", NOW, retained=True)] == [StatusKind.BANNER]
    assert reader.missing == 0


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    "payload",
    [
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"a":1,"a":2}',
        b"5",
        b"null",
        b"[1, null, [], {}]",
        b'{"tagInventoryEvent":[]}',
        b'{"data":"x","type":"CUSTOM"}',
        b'{"data":[1,[]],"type":"CUSTOM"}',
        b"{}",
        b"x" * (MESSAGE_MAX + 1),
    ],
)
def test_rubbish_is_malformed_and_the_next_message_counts(kind, payload) -> None:
    reader = kind()
    bad = bad_of(reader.message(payload, NOW))
    assert bad
    assert all(len(each.raw) <= 200 for each in bad)
    good, told = next((payload, told) for known, payload, told in SAMPLES if known is kind)
    assert [read.tag for read in reads_of(reader.message(good, NOW))] == [told[0]]


@pytest.mark.parametrize("kind", READERS)
@given(data=st.binary(max_size=200), cut=st.integers(0, 200))
def test_any_bytes_give_events_and_the_next_line_counts(kind, data, cut) -> None:
    reader = kind()
    reader.receive_data(data[:cut], NOW)
    reader.receive_data(data[cut:] + b"\n", NOW)
    good, told = next((payload, told) for known, payload, told in SAMPLES if known is kind)
    assert [read.tag for read in reads_of(reader.receive_data(good + b"\n", NOW))] == [told[0]]


KEYS = [
    *("data", "type", "timestamp", "eventNum", "idHex", "reads", "antenna"),
    *("peakRssi", "radio_control", "numTagReads", "antennas", "1", "tagInventoryEvent", "epcHex"),
    *("epc", "lastSeenTime", "antennaPort", "eventType", "hostname", "tag_reads", "firstSeenTimestamp"),
    *("state", "command", "response", "message"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner | st.sampled_from(["heartbeat", "CUSTOM", "E280", "2026-10-25T07:00:02Z", "hello", "error"]),
            max_size=5,
        )
    ),
    max_leaves=25,
)


@pytest.mark.parametrize("kind", READERS)
@given(values=st.lists(JSON, max_size=4))
def test_any_json_gives_events_and_never_an_exception(kind, values) -> None:
    reader = kind()
    for value in values:
        for each in reader.message(json.dumps(value).encode(), NOW):
            assert isinstance(each, ChipRead | Malformed | StatusSeen)
            assert not isinstance(each, ChipRead) or (each.antenna is None or 0 < each.antenna < 2**15)
        assert all(text.isprintable() for text in reader.standing())
        assert reader.missing >= 0


def test_a_line_too_long_is_told_once_with_its_size_and_the_next_is_read() -> None:
    good = SAMPLES[0][1] + b"\n"
    line = b"[" + b" " * (3 * MESSAGE_MAX)
    seen = []
    for block in (len(line) + len(good) + 1, 65_536, 1_000_003):
        reader, data = ImpinjReader(), line + b"\n" + good
        events = [e for at in range(0, len(data), block) for e in reader.receive_data(data[at : at + block], NOW)]
        seen.append([replace(e, raw="") if isinstance(e, Malformed) else e for e in events])
        assert [e.size for e in bad_of(events)] == [len(line)]
        assert len(reads_of(events)) == 1
    assert seen[0] == seen[1] == seen[2]


def test_half_a_line_is_never_joined_with_the_next_connection() -> None:
    payload = SAMPLES[0][1]
    reader = ImpinjReader()
    reader.connected(NOW)
    reader.receive_data(payload[:50], NOW)
    assert bad_of(reader.disconnected())[0].size == 50
    reader.connected(NOW)
    assert bad_of(reader.receive_data(payload[50:] + b"\n", NOW))


@pytest.mark.parametrize("name", ["impinj", "zebra"])
def test_nothing_is_ever_sent_and_no_memory_is_promised(name) -> None:
    reader = protocol_class(name)()
    reader.connected(NOW)
    reader.ask_memory(None, NOW)
    assert reader.next_deadline() == 0
    assert reader.handle_deadline(NOW) == [MemoryProgress(state=MemoryState.NONE)]
    assert (reader.next_deadline(), reader.data_to_send(), reader.unanswered_since_us) == (None, b"", None)


TAGS = st.binary(min_size=1, max_size=32).map(lambda code: Tag(code.hex().upper()))
STAMPS = st.integers(us("2000-01-01 00:00:00"), us("2099-01-01 00:00:00"))


@given(TAGS, STAMPS, st.none() | st.integers(1, 64), st.none() | st.integers(-9000, 0))
def test_what_is_written_for_impinj_is_read_back(tag, stamp_us, antenna, cdbm) -> None:
    read = ChipRead(tag=tag, stamp_us=stamp_us, received_us=NOW.race_us, antenna=antenna)
    read = replace(read, rssi=None if cdbm is None else cdbm / 100)
    (back,) = ImpinjReader().message(impinj_messages.tag_event(read, hostname="impinj-01-23-45"), NOW)
    assert replace(back, raw=None) == read
    both = ImpinjReader().message(impinj_messages.batch([impinj_messages.tag_event(read)] * 2), NOW)
    assert [replace(each, raw=None) for each in both] == [read, read]


@given(TAGS, STAMPS, st.none() | st.integers(1, 64), st.none() | st.integers(-90, 0))
def test_what_is_written_for_zebra_is_read_back_to_the_millisecond(tag, stamp_us, antenna, dbm) -> None:
    stamp_us -= stamp_us % 1000
    read = ChipRead(tag=tag, stamp_us=stamp_us, received_us=NOW.race_us, antenna=antenna)
    read = replace(read, rssi=None if dbm is None else float(dbm))
    (back,) = ZebraReader().message(zebra_messages.message(zebra_messages.tag_event(read, 1)), NOW)
    assert replace(back, raw=None) == read


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-10-25T07:00:01.123456789Z", "2026-10-25 07:00:01.123456"),
        ("2026-10-25T07:00:01.999999999Z", "2026-10-25 07:00:01.999999"),
        ("2026-10-25T07:00:01Z", "2026-10-25 07:00:01"),
        ("2026-10-25T07:00:01", "2026-10-25 07:00:01"),
        ("2026-10-25T09:00:01.5+02:00", "2026-10-25 07:00:01.5"),
        ("2026-10-25T09:00:01.5+0200", "2026-10-25 07:00:01.5"),
        ("2026-10-25T01:30:01-0530", "2026-10-25 07:00:01"),
        ("2026-12-31T23:59:60Z", "2027-01-01 00:00:00"),
        ("1969-12-31T23:59:59.25Z", "1969-12-31 23:59:59.25"),
    ],
)
def test_stamps_are_exact(text, told) -> None:
    assert utc_stamp_us(text) == us(told)


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-10-25", "2026-13-01T00:00:00Z", "2026-10-25T24:00:00Z", "2026-10-25T07:60:00Z", 5, None),
        *("2026-10-25T07:00:61Z", "0000-10-25T07:00:01Z", "2026-10-25T07:00:01+25:00", "2026-10-25T07:00:01.Z"),
        "２026-10-25T07:00:01Z",
    ],
)
def test_what_is_no_stamp_is_none(text) -> None:
    assert utc_stamp_us(text) is None


@given(STAMPS, st.integers(6, 9))
def test_stamps_written_are_read_back(stamp_us, digits) -> None:
    assert utc_stamp_us(utc_text(stamp_us, digits) + "Z") == stamp_us


def test_the_base_reads_no_record() -> None:
    with pytest.raises(NotImplementedError):
        JsonReader().message(b"{}", NOW)
