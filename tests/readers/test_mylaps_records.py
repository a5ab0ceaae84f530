"""MYLAPS bytes into records: samples with known answers, any cut, any noise, and written records read back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers import mylaps_frames as frames
from readers.events import DecoderEvent, GunSeen, Malformed, StatusSeen
from readers.mylaps import MylapsProtocol
from readers.mylaps_records import keys_of, marker_event, passing_read, store_read, zone_offset_us
from readers.mylaps_stream import FRAME_MAX, Frame, MylapsStream
from readers.protocol import Now
from timing.instants import HOUR
from timing.reads import ChipRead, ClockKind

STORE = Path(__file__).with_name("mylaps_samples.txt").read_bytes()
"""A real message of version 1, of a program that did not acknowledge it: 30 records."""
PASSING = (
    b"10KM@Passing@t=13:11:30.904|c=0000041|ct=UH|d=120606|l=13|dv=4|re=0|an=00001111|g=0|b=41|n=41@"
    b"t=13:12:21.830|c=0000039|ct=UH|d=120606|l=30|dv=4|re=0|an=00001101|g=0|b=39|n=39@1016@$"
)
MARKER = b"Finish@Marker@t=11:03:40.347|mt=Gunshot|n=Gunshot 1@4@$"
GOOD = frames.message("Finish", "Store", [frames.record("LZ63021", 1_741_448_260_704_000)], 7)
AT = Now(1_000, 0)


def wall(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000) * 1000


def fed(*pieces: bytes) -> list[DecoderEvent]:
    protocol = MylapsProtocol()
    protocol.connected(AT)
    return [event for piece in pieces for event in protocol.receive_data(piece, AT)]


def reads(events: list[DecoderEvent]) -> list[ChipRead]:
    return [event for event in events if isinstance(event, ChipRead)]


@pytest.mark.parametrize(
    ("text", "tag", "stamp"),
    [
        ("LZ6302115:37:40.704 5 0F  1000125030862", "LZ63021", "2025-03-08 15:37:40.704"),
        ("SS3507315:39:20.544 5 0F  100052503086E", "SS35073", "2025-03-08 15:39:20.544"),
    ],
)
def test_a_real_record_says_what_is_known_of_it(text: str, tag: str, stamp: str) -> None:
    read = store_read(text, "Finish", 5)
    assert isinstance(read, ChipRead)
    assert (read.tag, read.stamp_us, read.label, read.received_us, read.raw) == (tag, wall(stamp), "Finish", 5, text)


@pytest.mark.parametrize("text", ["0RK9T6N 13:50:23.30 9323 1000009080387", "0RK9T6N 13:50:25.35 9323 100010908038F"])
def test_a_printed_sample_that_lost_a_blank_is_refused_with_the_reason(text: str) -> None:
    assert "a blank was lost" in str(store_read(text, None, 0))


def test_a_time_with_fewer_decimals_is_padded_with_blanks() -> None:
    body = "RK9T6N2" + "13:50:23.30".rjust(12) + " 9" + "32" + "F" + "  1" + "0000" + "090803"
    read = store_read(body + frames.checksum(body), None, 0)
    assert isinstance(read, ChipRead)
    assert read.stamp_us == wall("2009-08-03 13:50:23.300")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "39 characters, not 0"),
        ("LZ6302115:37:40.704 5 0F  1000125030863", "adds up to 62"),
        ("LZ6302115:37:40.704 5 0F  1000125030862 ", "not 40"),
    ],
)
def test_a_damaged_record_is_refused_with_the_reason(text: str, reason: str) -> None:
    assert reason in str(store_read(text, None, 0))


def test_every_digit_that_changes_is_noticed() -> None:
    text = "LZ6302115:37:40.704 5 0F  1000125030862"
    for place, letter in enumerate(text):
        other = "7" if letter != "7" else "3"
        assert isinstance(store_read(text[:place] + other + text[place + 1 :], None, 0), str)


def test_the_real_message_of_version_1_gives_its_thirty_reads() -> None:
    found = reads(fed(STORE))
    assert len(found) == 30
    assert {read.label for read in found} == {"MTB Split 4Km"}
    assert (found[0].tag, found[0].stamp_us) == ("KV86583", wall("2025-03-08 16:13:57.417"))
    assert (found[-1].tag, found[-1].stamp_us) == ("TN39093", wall("2025-03-08 17:25:23.360"))


def test_the_documents_message_of_version_2_gives_its_two_reads() -> None:
    first, second = reads(fed(PASSING))
    assert (first.tag, first.stamp_us, first.label) == ("0000041", wall("2012-06-06 13:11:30.904"), "10KM")
    assert (second.tag, second.stamp_us) == ("0000039", wall("2012-06-06 13:12:21.830"))
    assert first.antenna is None, "a mask of eight antennas is not an antenna"


def test_a_gunshot_is_a_gun_without_a_date() -> None:
    (gun,) = fed(MARKER)
    assert isinstance(gun, GunSeen)
    assert gun.stamp_us == wall("1970-01-01 11:03:40.347")
    assert (gun.clock, gun.label) == (ClockKind.TIME_OF_DAY, "Finish")


def test_a_marker_with_a_date_is_dated_and_other_markers_are_no_guns() -> None:
    gun = marker_event("t=11:03:40.347|mt=gunshot|d=241027", None, 0)
    assert isinstance(gun, GunSeen)
    assert (gun.clock, gun.stamp_us) == (None, wall("2024-10-27 11:03:40.347"))
    assert isinstance(marker_event("mt=ext-1|t=11:03:40.347", "Finish", 0), StatusSeen)
    assert marker_event("mt=Gunshot", None, 0) == "a marker without a time"
    assert marker_event("mt=Gunshot|t=25:00:00", None, 0) == "no such time"


def test_signal_and_antenna_are_given_where_the_client_tells_them() -> None:
    text = "c=E2001018860b01290700D0D8|t=08:00:00.1|d=241027|amd=-61.5|ans=3|an=00000100|new=key|nonsense"
    read = passing_read(keys_of(text), text, None, 0)
    assert isinstance(read, ChipRead)
    assert (read.tag, read.rssi, read.antenna) == ("E2001018860B01290700D0D8", -61.5, 3)
    assert read.stamp_us == wall("2024-10-27 08:00:00.100")


@pytest.mark.parametrize(
    "text", ["", "c=1", "t=08:00:00|d=241027", "c=1|t=08:00:00|d=241327", "c=1|t=8:00:00|d=241027", "c=é|t=08:00:00"]
)
def test_a_passing_without_chip_date_or_time_is_none(text: str) -> None:
    assert isinstance(passing_read(keys_of(text), text, None, 0), str)


def test_the_zone_follows_from_the_time_in_utc() -> None:
    stamp_us = wall("2024-10-27 10:00:00")
    assert zone_offset_us({"utc": str((stamp_us - HOUR) // 1000)}, stamp_us) == HOUR
    assert zone_offset_us({"utc": str((stamp_us - 7 * HOUR // 4 - 100_000_000) // 1000)}, stamp_us) is None
    assert zone_offset_us({"utc": "soon"}, stamp_us) is None
    assert zone_offset_us({}, stamp_us) is None


ALL = STORE + b"\r\n" + PASSING + b"   \n" + MARKER + b"Toolkit@GetLocations@ln=Start@ln=5K@ln=Finish@$" + GOOD


def test_the_same_bytes_give_the_same_events_however_they_are_cut() -> None:
    whole = fed(ALL)
    assert len(reads(whole)) == 33
    assert fed(*(ALL[place : place + 1] for place in range(len(ALL)))) == whole
    for place in range(len(ALL)):
        assert fed(ALL[:place], ALL[place:]) == whole


def test_names_of_real_races_stay_whole() -> None:
    for name in ("Start - Finish", "21Km = 2Km", "Arrivée", "Col de la Gineste"):
        (read,) = reads(fed(frames.message(name, "Store", [frames.record("LZ63021", wall("2024-10-27"))], 1)))
        assert read.label == name
    old = b"Arriv\xe9e@Store@" + frames.record("LZ63021", wall("2024-10-27")).encode() + b"@1@$"
    assert reads(fed(old))[0].label == "Arrivée"


def test_half_a_frame_never_meets_the_next_connection() -> None:
    protocol = MylapsProtocol()
    for cut in range(len("Finish@"), len(GOOD)):
        protocol.connected(AT)
        assert protocol.receive_data(GOOD[:cut], AT) == []
        (left,) = protocol.disconnected()
        assert isinstance(left, Malformed)
        assert left.size == cut
        protocol.connected(AT)
        assert reads(protocol.receive_data(GOOD[cut:], AT)) == []


@pytest.mark.parametrize("noise", [b"\xff\x00\x07", b"Finish@Store@LZ63", b"x" * (3 * FRAME_MAX), b"@@@", b"\n"])
def test_the_good_frame_after_noise_is_found_with_its_own_name(noise: bytes) -> None:
    for pieces in ([noise + b"@" + GOOD], [noise, b"@", GOOD], [noise + b"$", GOOD]):
        (read,) = reads(fed(*pieces))
        assert (read.tag, read.label) == ("LZ63021", "Finish")


def test_what_is_held_of_an_endless_frame_is_bounded_and_counted() -> None:
    stream = MylapsStream()
    for _ in range(40):
        assert stream.feed(b"abcdefgh" * 8192) == []
        assert stream.pending <= 2 * FRAME_MAX
    (left,) = stream.forget()
    assert left.size == 40 * 8 * 8192
    assert left.raw.startswith("abcdefgh")
    assert len(left.raw) == 200


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=12), st.integers(0, 10))
def test_no_bytes_raise_and_cuts_play_no_part(parts: list[bytes], place: int) -> None:
    words = [b"Finish@Store@", b"@Pong@$", b"@Passing@c=1|t=", b"$", b"@"]
    data = b"".join(part + words[(place + n) % len(words)] for n, part in enumerate(parts))
    whole = fed(data)
    assert fed(*(data[n : n + 1] for n in range(len(data)))) == whole
    assert reads(fed(data + b"$" + GOOD))[-1].tag == "LZ63021"


CHIPS = st.text(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), min_size=7, max_size=7)
STAMPS = st.integers(0, wall("2069-12-31 23:59:59.999") // 1000).map(lambda ms: ms * 1000)


@given(CHIPS, STAMPS, st.integers(0, 99), st.integers(0, 15), st.integers(0, 0xFFFF))
def test_a_written_record_reads_back(chip: str, stamp_us: int, device: int, hits: int, seq: int) -> None:
    read = store_read(frames.record(chip, stamp_us, device=device, hits=hits, seq=seq), None, 0)
    assert isinstance(read, ChipRead)
    assert (read.tag, read.stamp_us) == (chip, stamp_us)


@given(CHIPS, STAMPS)
def test_a_written_passing_and_marker_read_back(chip: str, stamp_us: int) -> None:
    text = frames.passing(chip, stamp_us, ct="UH", dv=4)
    read = passing_read(keys_of(text), text, None, 0)
    assert isinstance(read, ChipRead)
    assert (read.tag, read.stamp_us) == (chip, stamp_us)
    gun = marker_event(frames.marker(stamp_us), None, 0)
    assert isinstance(gun, GunSeen)
    assert gun.stamp_us == stamp_us % (24 * HOUR)


def test_what_the_wire_cannot_say_is_not_written() -> None:
    with pytest.raises(ValueError, match="seven characters"):
        frames.record("41", 0)
    with pytest.raises(ValueError, match="2070"):
        frames.record("LZ63021", wall("2070-01-01"))
    with pytest.raises(ValueError, match="cannot be sent"):
        frames.frame("Start$", "Pong")


def test_a_frame_of_an_unknown_function_is_an_answer_and_rubbish_is_not() -> None:
    assert [type(event) for event in fed(b"Finish@SetSomething@1@$")] == [StatusSeen]
    assert [type(event) for event in fed(b"hello@world@$", b"nothing$")] == [Malformed, Malformed]
    (frame,) = MylapsStream().feed(b"T&S@Ping@$")
    assert frame == Frame(name="T&S", function="Ping", data=(), raw="T&S@Ping@")
