"""Small messages and topics of the collector protocol."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.collector_cursor import Cursor
from readers.collector_json import Refused
from readers.collector_messages import (
    MAX_RANGES,
    Accept,
    BadCommand,
    Confirmed,
    EngineState,
    Presence,
    Probe,
    ReaderStatus,
    Renew,
    Rewind,
    Send,
    StatusLost,
    StatusUp,
    Sync,
    encode_command,
    encode_confirmed,
    encode_engine,
    encode_reply,
    encode_status,
    parse_command,
    parse_confirmed,
    parse_engine,
    parse_reply,
    parse_status,
)
from readers.collector_topics import CollectorTopic, parse_topic

NAME = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True)
TEXT = st.text("abcXYZ 0123-é", min_size=1, max_size=30)
INT64 = st.integers(-(2**63), 2**63 - 1)


@pytest.mark.parametrize("parse", [parse_engine, parse_confirmed, parse_status, parse_command, parse_reply])
@given(st.binary(max_size=80) | st.sampled_from([b"{}", b"[]", b'{"id": {}}', b'{"id": "x", "gone": 5}']))
def test_any_bytes_give_a_message_or_a_reason(parse, payload):
    outcome = parse(payload)
    if isinstance(outcome, Refused):
        assert outcome.reason


@given(st.sampled_from(Presence), TEXT)
def test_engine_state_round_trip(state, journal):
    made = EngineState(state=state, journal=journal)
    assert parse_engine(encode_engine(made)) == made


@given(NAME, TEXT, st.integers(0, 50), st.lists(st.integers(60, 200), max_size=9))
def test_confirmed_round_trip(store, journal, through, also):
    cursor = Cursor(through, [(number, number) for number in also])
    made = parse_confirmed(encode_confirmed(store, journal, cursor))
    assert made == Confirmed(store=store, journal=journal, through=cursor.through, also=cursor.also)


def test_a_confirmation_with_very_many_ranges_tells_the_lowest():
    cursor = Cursor(1, [(number, number) for number in range(3, 3 + 4 * MAX_RANGES, 2)])
    made = parse_confirmed(encode_confirmed("s", "j", cursor))
    assert isinstance(made, Confirmed)
    assert made.also == cursor.also[:MAX_RANGES]


@given(
    st.builds(
        StatusUp,
        store=NAME,
        boot=TEXT,
        steady_us=st.none() | INT64,
        now_us=st.none() | INT64,
        sync=st.none() | st.sampled_from(Sync),
        last=st.none() | INT64,
        held_from=st.none() | INT64,
        unconfirmed=st.none() | INT64,
        version=st.none() | TEXT,
        alarms=st.lists(TEXT, max_size=3).map(tuple),
        reader=st.builds(
            ReaderStatus, link=st.none() | TEXT, clock_us=st.none() | INT64, mains=st.none() | st.booleans()
        ),
    )
    | st.builds(StatusLost, store=NAME, boot=TEXT)
)
def test_status_round_trip(status):
    assert parse_status(encode_status(status)) == status


def test_details_of_a_status_that_cannot_be_read_are_not_known():
    status = parse_status(
        b'{"state": "up", "store": "s", "boot": "b", "last": "9", "sync": "sun", "alarms": [1, "a"],'
        b' "reader": {"link": 4, "mains": 1, "battery_percent": NaN, "reads": 7}, "later": {}}'
    )
    assert status == StatusUp(store="s", boot="b", alarms=("a",), reader=ReaderStatus(reads=7))


@pytest.mark.parametrize(
    "payload",
    [b'{"state": "up", "store": "s"}', b'{"state": "up", "boot": "b"}', b'{"state": "on", "store": "s", "boot": "b"}'],
)
def test_a_status_without_its_identity_is_refused(payload):
    assert isinstance(parse_status(payload), Refused)


@given(
    st.builds(Send, id=TEXT, first=st.integers(1, 50), through=st.integers(50, 99))
    | st.builds(Rewind, id=TEXT, from_us=st.integers(-9, 0), to_us=st.integers(0, 9))
    | st.builds(Probe, id=st.integers(0, 9))
    | st.builds(Accept, id=TEXT, journal=TEXT)
    | st.builds(Renew, id=TEXT)
)
def test_command_round_trip(command):
    assert parse_command(encode_command(command)) == command


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b'{"id": "1", "do": "stop"}', "unknown command 'stop'"),
        (b'{"id": "1"}', "unknown command None"),
        (b'{"id": "1", "do": "send", "from": 5, "through": 4}', "send needs"),
        (b'{"id": "1", "do": "send", "from": "5", "through": 9}', "send needs"),
        (b'{"id": "1", "do": "rewind", "from_us": 5}', "rewind needs"),
        (b'{"id": "1", "do": "accept"}', "accept needs"),
    ],
)
def test_a_command_that_cannot_be_met_is_answered_with_the_error(payload, error):
    command = parse_command(payload)
    assert isinstance(command, BadCommand)
    assert command.id == "1"
    assert error in command.error


def test_a_command_without_an_id_cannot_be_answered():
    assert isinstance(parse_command(b'{"do": "probe"}'), Refused)


def test_replies_repeat_the_id_and_say_ok_or_the_error():
    good = parse_reply(encode_reply("7", gone=[(1, 5)], fields={"got_us": 3}))
    bad = parse_reply(encode_reply(8, error="no"))
    assert not isinstance(good, Refused)
    assert not isinstance(bad, Refused)
    assert (good.id, good.ok, good.gone, good.fields) == ("7", True, ((1, 5),), {"got_us": 3})
    assert (bad.id, bad.ok, bad.error) == (8, False, "no")


def test_the_source_comes_from_the_topic():
    topic = parse_topic("calanque/1/mc24/gineste/reads", "mc24")
    assert topic == CollectorTopic(source="gineste", channel="reads")


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("calanque/1/mc23/gineste/reads", "race 'mc23'; this engine runs 'mc24'"),
        ("calanque/2/mc24/gineste/reads", "protocol version '2'"),
        ("calanque/1/mc24/Gineste/reads", "other characters"),
        ("calanque/1/mc24/../reads", "other characters"),
        ("calanque/1/mc24/g\n1/reads", "other characters"),
        ("calanque/1/mc24//reads", "other characters"),
        ("calanque/1/mc24/" + "a" * 65 + "/reads", "other characters"),
        ("calanque/1/mc24/gineste/reads/more", "not a topic"),
        ("calanque/1/mc24/gineste/confirmed", "not a topic"),
        ("other/1/mc24/gineste/reads", "not a topic"),
        ("", "not a topic"),
    ],
)
def test_a_topic_of_another_race_or_shape_is_refused_with_a_reason_fit_to_show(topic, reason):
    refused = parse_topic(topic, "mc24")
    assert isinstance(refused, Refused)
    assert reason in refused.reason
    assert "\n" not in refused.reason
