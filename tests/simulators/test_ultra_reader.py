"""The virtual Ultra: what comes when, what only its log has, and that what changes it is obeyed and remembered."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from readers import ultra_frames as frames
from readers.ultra_lines import ClockLine, ReadLine, SettingLine, StatusLine, UltraLine, VoltageLine, ultra_lines
from simulators.ultra_reader import HEARTBEAT_EVERY_US, UltraRecord, VirtualUltra
from simulators.zones import local_of
from timing.instants import SECOND

PARIS = ZoneInfo("Europe/Paris")
NINE_US = 1_792_915_200 * SECOND
RECORDS = [UltraRecord(f"58{n:06X}", NINE_US + n * SECOND, NINE_US + n * SECOND) for n in range(100)]


def said(data: bytes) -> list[UltraLine]:
    return [meaning for line in data.splitlines() for meaning in ultra_lines(line, 0)]


def ask(box: VirtualUltra, request: bytes, now: int) -> list[UltraLine]:
    box.take(now)
    box.receive(request, now)
    return said(box.take(now))


def ids(lines: list[UltraLine]) -> list[tuple[int | None, bool]]:
    return [(line.read.reader_seq, line.rewound) for line in lines if isinstance(line, ReadLine)]


def test_a_host_is_greeted_then_gets_the_battery_and_what_becomes_due() -> None:
    box = VirtualUltra(RECORDS, PARIS)
    box.host_connected(NINE_US - SECOND)
    assert box.take(NINE_US - SECOND) == b"Connected,0\nV=25.0000\n"
    assert ids(said(box.take(NINE_US + 2 * SECOND))) == [(1, False), (2, False), (3, False)]
    lines = said(box.take(NINE_US - SECOND + HEARTBEAT_EVERY_US))
    assert isinstance(lines[0], VoltageLine)
    assert box.lag_us(NINE_US + 20 * SECOND) == 10 * SECOND


def test_what_was_due_while_nobody_listened_is_rewound_by_id_by_time_or_whole() -> None:
    box = VirtualUltra(RECORDS, PARIS)
    now = NINE_US + 50 * SECOND
    box.host_connected(now)
    assert ids(said(box.take(now))) == []
    assert ids(ask(box, b"60010\r12\n", now)) == [(10, True), (11, True), (12, True)]
    assert ids(ask(box, b"60050\r2147483647\n", now)) == [(50, True), (51, True)]
    first = frames.seconds_1980(local_of(NINE_US, PARIS))
    assert ids(ask(box, f"800{first + 3}\r{first + 4}\n".encode(), now)) == [(4, True), (5, True)]
    assert len(ids(ask(box, b"8000\r0\n", now))) == 51
    assert box.rewinds == 4
    box.first_kept = 40
    assert len(ids(ask(box, b"8000\r0\n", now))) == 12


def test_questions_are_answered() -> None:
    box = VirtualUltra([], PARIS, settings={0x1D: b"2"})
    box.host_connected(NINE_US)
    assert ask(box, b"?\n", NINE_US) == [StatusLine(True)]
    assert ask(box, b"r\n", NINE_US + 999_999) == [ClockLine(local_of(NINE_US, PARIS))]
    assert ask(box, b"U\n", NINE_US) == [SettingLine(0x1D, b"2")]
    assert box.forbidden == []


def test_what_changes_the_box_is_obeyed_and_remembered() -> None:
    box = VirtualUltra(RECORDS, PARIS)
    box.host_connected(NINE_US - SECOND)
    ask(box, b"S\n", NINE_US - SECOND)
    assert ask(box, b"?\n", NINE_US - SECOND) == [StatusLine(False)]
    box.take(NINE_US)
    later = local_of(NINE_US, PARIS) + 3600 * SECOND
    assert ask(box, frames.set_clock_request(later), NINE_US) == [ClockLine(later)]
    stamps = [line.read.stamp_us for line in said(box.take(NINE_US + SECOND)) if isinstance(line, ReadLine)]
    assert stamps == [later + SECOND]
    assert ask(box, b"u\x24\x31\xff\n", NINE_US + SECOND) == [SettingLine(0x24, b"\x02", changed=True)]
    assert [request[:1] for request in box.forbidden] == [b"S", b"t", b"u"]


def test_a_rubbish_request_is_bounded() -> None:
    box = VirtualUltra([], PARIS)
    box.host_connected(NINE_US)
    box.receive(b"x" * 100_000, NINE_US)
    assert ask(box, b"\n?\n", NINE_US) == [StatusLine(True)]
