"""The table of readers in words: what a row says, for `calanque readers` and the pages written from it, and which row
a person means."""

import difflib
import re
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
BEGUN_MIN: Final = 4
"""Letters of a word that say which one is meant."""
NEAR: Final = 0.8
"""How much alike two words are (as difflib has it) when one is a slip of the other."""
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
    """The kind of that name.

    Raises: FrontDoorError with the nearest name; of a word on the box, with the kinds that have it in their title.
    """
    if name in KIND_OF:
        return KIND_OF[name]
    near = difflib.get_close_matches(name.lower(), KIND_OF, 1, NEAR)
    titled = [] if near else _titled(name)
    if not titled:
        raise FrontDoorError(f"no reader is called {name!r}; give {suggestion(name, list(KIND_OF))}")
    meant = " or ".join(f"{kind.name} ({kind.title})" for kind in titled)
    raise FrontDoorError(f"no reader is called {name!r}; give {meant}; all of them: {', '.join(KIND_OF)}")


def _titled(name: str) -> list[ReaderKind]:
    """The kinds with words of this name in their title, whatever their capitals; those with the most of them.

    A word of a title may be written a little otherwise, or be begun.
    """
    words = _words(name)
    found: dict[str, int] = {}
    for kind in KIND_OF.values():
        known = _words(f"{kind.name} {kind.title}")
        found[kind.name] = sum(any(_same(word, other) for other in known) for word in words)
    most = max(found.values())
    return [kind for kind in KIND_OF.values() if most and found[kind.name] == most]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _same(word: str, known: str) -> bool:
    """Whether a word is the known one, or a beginning or a slip of it, where it is long enough to tell."""
    if word == known:
        return True
    return len(word) >= BEGUN_MIN and (
        known.startswith(word) or bool(difflib.get_close_matches(word, [known], 1, NEAR))
    )


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
