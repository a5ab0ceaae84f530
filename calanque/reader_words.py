"""The table of readers in words: what a row says, for `calanque readers` and the pages written from it, and which row
a person means."""

from collections.abc import Mapping
from typing import Final

from calanque.errors import FrontDoorError
from config.race_draft import suggestion
from timing.reader_kinds import KIND_OF, WAYS, ReaderKind
from timing.reads import ClockKind

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


def kind_called(name: str) -> ReaderKind:
    """Raises: FrontDoorError with the nearest name."""
    if name not in KIND_OF:
        raise FrontDoorError(f"no reader is called {name!r}; give {suggestion(name, list(KIND_OF))}")
    return KIND_OF[name]


def kind_reached(name: str, endpoint: str) -> ReaderKind:
    """The kind of that name, when it can be reached in this way.

    Raises: FrontDoorError.
    """
    kind, scheme = kind_called(name), endpoint.partition(":")[0]
    if not kind.is_reached_by(scheme):
        example = "; it calls: give listen:PORT, and set it to send there" if "listen" in kind.transports else ""
        ways = " or ".join(WAYS[way] for way in kind.transports if way != "file")
        raise FrontDoorError(f"{endpoint}: {kind.title} is reached over {ways}{example}")
    return kind


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"
