"""MYLAPS frames cut out of a stream of bytes: source, function and data, and what stood before them.

Frames end with `$`. Line breaks and blanks occur between them (production log), and a source name may hold blanks,
dashes and `=`, so that only `@` separates. In a piece that is not one frame the last known function is looked for: the
good frame that follows noise. Text is one character a byte (Latin-1), but for names.
"""

import re
from dataclasses import dataclass
from typing import Final

from readers.events import Malformed
from readers.malformed import malformed
from readers.pieces import Piece, Pieces

FRAME_MAX: Final = 1 << 18
"""A version 2 message has at most 100 passings; with every key there is they have some 40,000 bytes."""
NAME_MAX: Final = 64

NO_FRAME: Final = "not a frame: Source@Function@...@$"
BEFORE_FRAME: Final = "noise before a frame"
NO_END: Final = "no frame end"

FUNCTIONS: Final = frozenset(
    {"Pong", "AckPong", "Ping", "AckPing", "Store", "Passing", "Marker", "GetInfo", "AckGetInfo", "GetLocations"}
)
_WORD: Final = re.compile(r"[A-Z][A-Za-z]{2,30}")
_AROUND: Final = "\0 \t\r\n"
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame. `name`: its source, as people read it, empty where it has none; `raw`: all of it but the `$`."""

    name: str
    function: str
    data: tuple[str, ...]
    raw: str


class MylapsStream:
    """Fed with bytes, gives frames; `forget` when the link ends."""

    def __init__(self) -> None:
        self._pieces = Pieces(b"$", FRAME_MAX)

    @property
    def pending(self) -> int:
        return self._pieces.pending

    def feed(self, data: bytes) -> list[Frame | Malformed]:
        return [part for piece in self._pieces.feed(data) for part in _parts_of(piece)]

    def forget(self) -> list[Malformed]:
        return self._pieces.forget(nothing=_AROUND.encode())


def _parts_of(piece: Piece) -> list[Frame | Malformed]:
    found: list[Frame | Malformed] = []
    if piece.lost:
        found.append(malformed(NO_END, piece.sample, piece.lost))
    text = piece.data.decode("latin-1").strip(_AROUND)
    if text:
        found += _frame(text)
    return found


def _frame(text: str) -> list[Frame | Malformed]:
    parts = [part.strip(_AROUND) if "=" in part or len(part) < 32 else part.strip("\0\r\n") for part in text.split("@")]
    known = [place for place, part in enumerate(parts) if place and part in FUNCTIONS]
    if known:
        place = known[-1]
    elif len(parts) > 1 and _WORD.fullmatch(parts[1]) and parts[0].isprintable():
        place = 1
    else:
        return [malformed(NO_FRAME, text)]
    before, source = "@".join(parts[: place - 1]), parts[place - 1]
    if noise := list(_UNPRINTABLE.finditer(source)):
        before, source = before + source[: noise[-1].end()], source[noise[-1].end() :]
    data = parts[place + 1 :]
    if data and not data[-1]:
        data.pop()
    frame = Frame(name=_name(source.strip()), function=parts[place], data=tuple(data), raw=text)
    return [malformed(BEFORE_FRAME, before), frame] if before else [frame]


def _name(source: str) -> str:
    """A location as the client's computer writes it: UTF-8, or one of the older Western code pages."""
    octets = source.encode("latin-1")
    try:
        name = octets.decode("utf-8")
    except UnicodeDecodeError:
        name = octets.decode("cp1252", "replace")
    return name[:NAME_MAX] if name.isprintable() else ""
