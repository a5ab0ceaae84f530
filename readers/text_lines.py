"""Text cut into lines, for devices that speak in short lines: a buffer with a limit, and nothing kept over a new link.

A pure function of the bytes since the link was opened: however they are cut, the same lines come out. Knows nothing of
what lines say.
"""

import re
from typing import Final

from readers.events import Malformed
from readers.malformed import CUT, NO_END, SAMPLE_MAX, malformed

LINE_MAX: Final = 512
"""Longest line looked at. The devices that use this send 100 characters at most."""
TAIL_MAX: Final = 64
"""Of a longer line, the end, which is looked at as a line of its own: a good record may follow the noise."""


_ENDS: Final = re.compile(rb"[\r\n]")
_WORDS: Final = re.compile(rb"(?=.*[A-Za-z]{2})[\t\x20-\x7e]{2,}")
_TIME: Final = re.compile(rb"[0-9]:[0-9]")


class TextLines:
    """Fed with bytes, gives lines without their ends; `forget` when the link ends. NUL bytes are nothing."""

    __slots__ = ("_dropped", "_keep_empty", "_line", "_sample")

    def __init__(self, *, keep_empty: bool = False) -> None:
        """`keep_empty`: lines end with LF (a CR before it is none of theirs), and empty ones are told.

        Without it CR, LF and both together end a line, and empty ones are nothing.
        """
        self._keep_empty = keep_empty
        self._line = b""
        self._sample = b""
        self._dropped = 0

    @property
    def pending(self) -> int:
        """Bytes kept that are no whole line yet; bounded."""
        return len(self._line) + len(self._sample)

    def feed(self, data: bytes) -> list[bytes | Malformed]:
        """The lines that are whole now, in order; of one too long a `Malformed`, then its end."""
        data = data.replace(b"\0", b"")
        *ended, rest = data.split(b"\n") if self._keep_empty else _ENDS.split(data)
        lines: list[bytes | Malformed] = []
        for piece in ended:
            self._grow(piece)
            self._end(lines)
        self._grow(rest)
        return lines

    def forget(self) -> list[Malformed]:
        """The link has ended: half a line is malformed, and never meets what comes next."""
        sample = self._sample + self._line
        size = self._dropped + len(self._line)
        self._reset()
        return [malformed(CUT, sample, size)] if sample.strip() else []

    def _reset(self) -> None:
        self._line, self._sample, self._dropped = b"", b"", 0

    def _grow(self, more: bytes) -> None:
        self._line += more
        if len(self._line) > LINE_MAX:
            if not self._dropped:
                self._sample = self._line[:SAMPLE_MAX]
            self._trim()

    def _trim(self) -> None:
        over = len(self._line) - TAIL_MAX
        if over > 0:
            self._dropped += over
            self._line = self._line[over:]

    def _end(self, lines: list[bytes | Malformed]) -> None:
        if self._dropped:
            self._trim()
            lines.append(malformed(NO_END, self._sample, self._dropped))
        line = self._line.removesuffix(b"\r") if self._keep_empty else self._line
        if line or (self._keep_empty and not self._dropped):
            lines.append(line)
        self._reset()


def text(raw: bytes) -> str:
    """Bytes as text, one character each."""
    return raw.decode("latin-1")


def is_words(line: bytes) -> bool:
    """Whether a line is meant for people: printable, with a word in it, and no time of day that somebody may miss."""
    return _WORDS.fullmatch(line) is not None and _TIME.search(line) is None
