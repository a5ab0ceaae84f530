"""Lines cut out of a decoder's bytes: framing, a buffer with a limit, and joined pushes told apart.

A pure function of the bytes since the link was opened. Lines end with LF, a CR before it is dropped; encoding is
ISO 8859-1. Knows no records. Never raises.
"""

from typing import Final, NamedTuple

from readers.malformed import CUT, NO_END, SAMPLE_MAX

LINE_MAX: Final = 1024
"""Longest line looked at: passings have about 100 characters, a status 150."""
TAIL_MAX: Final = 256
"""Of a longer line, the end: a push may follow noise."""

_PUSHED: Final = b"#P;"
_BLANK: Final = b"\0\r\t "


class Line(NamedTuple):
    """One line without its end; `fault` when it is none: then `text` is a sample of its `size` bytes."""

    text: str
    size: int
    fault: str = ""


class LineStream:
    """Fed with bytes, gives lines; `forget` when the link ends."""

    __slots__ = ("_dropped", "_rest", "_sample", "_searched", "_tail")

    def __init__(self) -> None:
        self._rest = bytearray()
        self._searched = 0
        self._sample = b""
        self._dropped = 0
        self._tail = b""

    @property
    def pending(self) -> int:
        """Bytes kept that are no whole line yet; bounded."""
        return len(self._rest) + len(self._tail)

    def feed(self, data: bytes) -> list[Line]:
        """The lines that are whole now. A line that holds the beginning of a push further on is two."""
        lines: list[Line] = []
        self._rest += data
        whole, place = self._rest, 0
        while (end := whole.find(b"\n", max(place, self._searched))) >= 0:
            self._line(bytes(whole[place:end]), lines)
            place = end + 1
        del self._rest[:place]
        if len(self._rest) > LINE_MAX:
            self._drop(bytes(self._rest))
            self._rest.clear()
        self._searched = len(self._rest)
        return lines

    def forget(self) -> list[Line]:
        """The link has ended: half a line never meets what comes next."""
        size, sample = self._dropped + len(self._rest), self._sample + bytes(self._rest)
        self._rest.clear()
        self._sample, self._dropped, self._tail, self._searched = b"", 0, b"", 0
        return [_bad(CUT, sample, size)] if sample.strip(_BLANK) else []

    def _drop(self, more: bytes) -> None:
        if not self._dropped:
            self._sample = more[:SAMPLE_MAX]
        self._dropped += len(more)
        self._tail = (self._tail + more)[-TAIL_MAX:]

    def _line(self, raw: bytes, lines: list[Line]) -> None:
        if self._dropped or len(raw) > LINE_MAX:
            self._drop(raw)
            lines.append(_bad(NO_END, self._sample, self._dropped))
            raw = self._tail[at:] if (at := self._tail.find(_PUSHED)) >= 0 else b""
            self._sample, self._dropped, self._tail = b"", 0, b""
            if not raw:
                return
        raw = raw.strip(_BLANK)
        while (at := raw.find(_PUSHED, 1)) >= 0:
            lines.append(Line(raw[:at].decode("latin-1"), at))
            raw = raw[at:]
        lines.append(Line(raw.decode("latin-1"), len(raw)))


def _bad(fault: str, sample: bytes, size: int) -> Line:
    return Line(sample[:SAMPLE_MAX].decode("latin-1"), size, fault)
