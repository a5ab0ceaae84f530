"""What a row of the table of readers says, in words: for `calanque readers`, and for the pages written from it."""

from collections.abc import Mapping
from typing import Final

from timing.reader_kinds import ReaderKind
from timing.reads import ClockKind

WAYS: Final[Mapping[str, str]] = {
    "serial": "a serial port",
    "tcp": "TCP (it is called)",
    "listen": "TCP (it calls us)",
    "mqtt": "MQTT through the race's broker",
    "file": "its files",
}
CLOCKS: Final[Mapping[ClockKind, str]] = {
    ClockKind.UTC: "UTC",
    ClockKind.LOCAL: "local time with a date",
    ClockKind.TIME_OF_DAY: "local time without a date",
    ClockKind.ELAPSED: "time since its own zero",
}
NO_REWIND: Final = "none: what it sees while nobody listens is lost, unless its own files have it"
ALL_DONE: Final = "nothing that is known of"


def facts(kind: ReaderKind) -> list[tuple[str, str]]:
    """What it is and can do, a fact a row: what is asked, and the answer."""
    return [
        ("reached over", ", ".join(WAYS[way] for way in kind.transports)),
        ("its clock keeps", f'{CLOCKS[kind.clock]} (`clock = "{kind.clock.value}"` unless told otherwise)'),
        ("can be asked the time", _yes(kind.reads_clock)),
        ("past reads", kind.rewind or NO_REWIND),
        ("says by itself that it is alive", _yes(kind.heartbeat)),
        ("can bring a gun", _yes(kind.gun)),
        ("documented", kind.known),
        ("not done", kind.not_done or ALL_DONE),
    ]


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"
