"""The `reads` message: each kind of broken batch has its reason, and good records beside bad ones count."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.collector_batch import MAX_BYTES, MAX_READS, Batch, encode_batch, encode_unsendable, parse_batch
from readers.collector_json import Refused
from timing.reads import ChipRead, ClockKind, ReadKind, Tag

PRINTABLE = st.text(string.ascii_uppercase + string.digits + " é-_:", min_size=1, max_size=24).filter(
    lambda text: text.isprintable()
)
READ = st.builds(
    ChipRead,
    tag=PRINTABLE.map(Tag),
    stamp_us=st.integers(0, 10**16),
    received_us=st.integers(0, 10**16),
    kind=st.sampled_from(ReadKind),
    label=PRINTABLE,
    antenna=st.none() | st.integers(0, 32767),
    rssi=st.none() | st.floats(-200, 200),
    reader_file=st.none() | PRINTABLE,
    reader_seq=st.none() | st.integers(-(2**40), 2**40),
    raw=st.none() | st.text(st.characters(codec="utf-8"), max_size=30),
)


def message(**changes):
    """A good batch of three reads, with changes."""
    made = {
        "store": "s1",
        "first": 11,
        "boot": "b1",
        "steady_us": 5,
        "now_us": 6,
        "clock": "local",
        "tag": ["0580A1", "0580A2", "0580A3"],
        "stamp_us": [1, 2, 3],
        "received_us": [4, 5, 6],
    }
    made.update(changes)
    return {key: value for key, value in made.items() if value is not ...}


def parsed(**changes):
    return parse_batch(json.dumps(message(**changes)).encode())


@given(st.lists(READ, min_size=1, max_size=20), st.integers(1, 10**9), st.sampled_from(ClockKind))
def test_what_was_put_together_comes_apart_unchanged(reads, first, clock):
    payload = encode_batch(reads, store="s-1", first=first, clock=clock, boot="b", steady_us=1, now_us=2)
    batch = parse_batch(payload)
    assert isinstance(batch, Batch)
    assert (batch.store, batch.first, batch.count, batch.clock) == ("s-1", first, len(reads), clock)
    assert (batch.boot, batch.steady_us, batch.now_us) == ("b", 1, 2)
    assert list(batch.reads) == reads
    assert batch.numbers == tuple(range(first, first + len(reads)))
    assert not batch.malformed


@given(st.binary(max_size=300))
def test_any_bytes_give_a_batch_or_a_reason(payload):
    assert isinstance(parse_batch(payload), Batch | Refused)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["store", "first", "clock", "boot", "now_us", "kind", "mat", "antenna", "rssi", "raw"]), JSON
    ),
    st.lists(st.tuples(JSON, JSON, JSON), min_size=1, max_size=4),
)
def test_f25_any_json_in_any_column_gives_each_number_once_or_a_reason(changes, rows):
    columns = dict(zip(("tag", "stamp_us", "received_us"), map(list, zip(*rows, strict=True)), strict=True))
    payload = json.dumps(message(**columns) | changes).encode()
    batch = parse_batch(payload)
    if isinstance(batch, Batch):
        told = sorted([*batch.numbers, *(bad.number for bad in batch.malformed)])
        assert told == list(range(batch.first, batch.last + 1))
        assert len(batch.reads) == len(batch.numbers)
    else:
        assert batch.reason


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b'{"store": "s1", "first": 1, "tag": ["A"', "not JSON"),
        (b'{"store": "s1\xff"}', "not UTF-8"),
        (b"[1, 2]", "not a JSON object but an array"),
        (b"null", "not a JSON object but null"),
        (b"[" * 10_000, "nested deeper"),
        (b'{"a":' * 10_000, "nested deeper"),
        (b'{"store": "s1", "store": "s2"}', "'store' is given twice"),
        (b'{"first": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b" " * (MAX_BYTES + 1), "too large"),
    ],
)
def test_f25_a_payload_that_is_no_object_is_refused_with_the_reason(payload, reason):
    refused = parse_batch(payload)
    assert isinstance(refused, Refused)
    assert reason in refused.reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"store": ...}, "`store` is missing"),
        ({"store": 5}, "`store` is 5"),
        ({"store": "../etc"}, "`store` is '../etc'"),
        ({"store": "S1"}, "`store` is 'S1'"),
        ({"store": "a" * 65}, "`store`"),
        ({"first": ...}, "`first` is missing"),
        ({"first": 0}, "`first` is 0"),
        ({"first": -3}, "`first` is -3"),
        ({"first": "11"}, "`first` is '11'"),
        ({"first": 1.0}, "`first` is 1.0"),
        ({"first": True}, "`first` is a truth value"),
        ({"first": float("nan")}, "`first` is NaN"),
        ({"first": 2**60}, "`first`"),
        ({"tag": ..., "stamp_us": ..., "received_us": ...}, "no column"),
        ({"tag": ["A", "B"]}, "different lengths (tag 2, stamp_us 3, received_us 3)"),
        ({"tag": [], "stamp_us": [], "received_us": []}, "no read in it"),
        ({name: [1] * (MAX_READS + 1) for name in ("tag", "stamp_us", "received_us")}, "too large: 2001 reads"),
    ],
)
def test_a_batch_without_readable_numbers_is_refused_with_the_reason(changes, reason):
    refused = parsed(**changes)
    assert isinstance(refused, Refused)
    assert reason in refused.reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tag": ["0580A1", None, "0580A3"]}, "without a `tag`"),
        ({"tag": ["0580A1", 12, "0580A3"]}, "`tag` is 12, not text"),
        ({"tag": ["0580A1", "", "0580A3"]}, "`tag` is empty"),
        ({"tag": ["0580A1", "A\nB", "0580A3"]}, "cannot be printed"),
        ({"tag": ["0580A1", "A" * 129, "0580A3"]}, "too long"),
        ({"stamp_us": [1, "2", 3]}, "`stamp_us` is '2', not an integer"),
        ({"stamp_us": [1, 2.5, 3]}, "not an integer"),
        ({"stamp_us": [1, None, 3]}, "`stamp_us` is null"),
        ({"stamp_us": [1, True, 3]}, "a truth value"),
        ({"stamp_us": [1, -2, 3]}, "out of range"),
        ({"stamp_us": [1, 253_370_764_800_000_000, 3]}, "out of range"),
        ({"stamp_us": [1, 10**40, 3]}, "out of range"),
        ({"received_us": [4, [], 6]}, "`received_us` is an array"),
        ({"antenna": [1, -1, None]}, "`antenna` is -1, out of range"),
        ({"antenna": [1, "2", None]}, "`antenna` is '2', not an integer"),
        ({"rssi": [-60, float("nan"), None]}, "`rssi` is NaN"),
        ({"rssi": [-60, float("inf"), None]}, "`rssi` is Infinity"),
        ({"rssi": [-60.5, 10**400, None]}, "out of range"),
        ({"kind": ["read", "start", "read"]}, "`kind` is 'start'"),
        ({"kind": ["read", {}, "read"]}, "`kind` is an object"),
        ({"mat": ["m1", None, "m1"]}, "`mat` is null"),
        ({"reader_seq": [1, "2", 3]}, "`reader_seq` is '2'"),
        ({"reader_file": [None, 7, "f"]}, "`reader_file` is 7"),
        ({"raw": ["x", "\ud800", None]}, "half a character"),
    ],
)
def test_f25_one_bad_record_is_kept_raw_with_its_reason_and_the_others_count(changes, reason):
    batch = parsed(**changes)
    assert isinstance(batch, Batch)
    assert batch.numbers == (11, 13)
    assert [read.tag for read in batch.reads] == ["0580A1", "0580A3"]
    (bad,) = batch.malformed
    assert bad.number == 12
    assert reason in bad.reason
    assert "received_us" in bad.raw


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stamp_us": ...}, "`stamp_us` is missing"),
        ({"received_us": ...}, "`received_us` is missing"),
        ({"received_us": 4}, "`received_us` is an integer, not an array"),
        ({"rssi": "strong"}, "`rssi` is text, not an array"),
        ({"clock": "swiss"}, "`clock` is 'swiss'"),
        ({"tag": ...}, "without a `tag`"),
    ],
)
def test_a_column_that_is_wrong_as_a_whole_makes_each_record_bad(changes, reason):
    batch = parsed(**changes)
    assert isinstance(batch, Batch)
    assert [bad.number for bad in batch.malformed] == [11, 12, 13]
    assert all(reason in bad.reason for bad in batch.malformed)
    assert not batch.reads


def test_lower_case_hexadecimal_letters_of_a_tag_become_upper_case_and_nothing_else_changes():
    batch = parsed(tag=["058ab1", "xyz-e", "é0f"])
    assert [read.tag for read in batch.reads] == ["058AB1", "xyz-E", "é0F"]


def test_guns_and_hand_times_need_no_tag():
    batch = parsed(kind=["gun", "hand", "read"], tag=[None, None, "A"])
    assert [read.kind for read in batch.reads] == [ReadKind.GUN, ReadKind.HAND, ReadKind.READ]
    assert [read.tag for read in batch.reads] == [None, None, "A"]


def test_an_absent_clock_is_not_known():
    assert parsed(clock=...).clock is None


def test_details_of_the_host_that_cannot_be_read_cost_no_read():
    batch = parsed(boot=5, steady_us="x", now_us=None)
    assert (batch.boot, batch.steady_us, batch.now_us, len(batch.reads)) == (None, None, None, 3)


def test_an_unsendable_read_is_kept_raw_under_its_number():
    batch = parse_batch(encode_unsendable(b"\x00\xffraw", store="s1", number=77))
    assert isinstance(batch, Batch)
    (bad,) = batch.malformed
    assert (bad.number, bad.raw.encode("latin-1"), batch.reads) == (77, b"\x00\xffraw", ())


def test_an_unsendable_read_that_is_not_base64_is_kept_as_it_came():
    batch = parse_batch(b'{"store": "s1", "first": 3, "unsendable": "***"}')
    assert isinstance(batch, Batch)
    assert batch.malformed[0].raw == "***"


def test_f24_the_largest_unsendable_read_still_fits_into_a_message():
    assert len(encode_unsendable(b"\xff" * 1_000_000, store="s1", number=1)) <= MAX_BYTES


def test_brackets_inside_texts_are_not_nesting():
    batch = parsed(raw=["[[[[" * 20, '{{{{\\"[' * 20, None])
    assert isinstance(batch, Batch)
    assert not batch.malformed
