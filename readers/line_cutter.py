"""Lines cut out of a stream of bytes, for readers that write text: CR, LF or CR LF end a line, and empty ones are none.

A pure function of the bytes since the link was opened, however they are cut into pieces. The buffer has a limit: of a
longer line only the first bytes are kept, and its size. Knows nothing of what a line means.
"""

import re
from typing import Final

from readers.events import Malformed
from readers.malformed import CUT, NO_END, SAMPLE_MAX, malformed

_END: Final = re.compile(rb"[\r\n]")
_RAW: Final = re.compile(rb"(?:^|[\r\n])[Uu][\r\n]")


class LineCutter:
    """Fed with bytes, gives lines without their ends; `forget` when the link ends."""

    __slots__ = ("_dropped", "_longest", "_raw_byte", "_rest", "_sample")

    def __init__(self, longest: int, *, raw_byte_after_u: bool = False) -> None:
        """
        Args:
            longest: bytes of the longest line that is given whole.
            raw_byte_after_u: in a line that begins with `U` or `u` the second byte is raw, and no line end.
        """
        self._longest = longest
        self._raw_byte = raw_byte_after_u
        self._rest = b""
        # Of an over-long line: its first bytes, and how many there were.
        self._sample = b""
        self._dropped = 0

    @property
    def pending(self) -> int:
        """Bytes kept that are no whole line yet; bounded."""
        return len(self._rest) + len(self._sample)

    def feed(self, data: bytes) -> list[bytes | Malformed]:
        """The lines that are whole now, in order; over-long ones as malformed."""
        lines: list[bytes | Malformed] = []
        if self._dropped:
            found = _END.search(data)
            if found is None:
                self._dropped += len(data)
                return lines
            size = self._dropped + found.start()
            lines.append(malformed(NO_END, self._sample, size))
            self._sample, self._dropped = b"", 0
            data = data[found.end() :]
        buffer = self._rest + data if self._rest else data
        if self._raw_byte and _RAW.search(buffer):
            whole, rest = _cut_raw(buffer)
        else:
            end = max(buffer.rfind(b"\n"), buffer.rfind(b"\r")) + 1
            whole, rest = buffer[:end].splitlines(), buffer[end:]
        lines += [line if len(line) <= self._longest else malformed(NO_END, line, len(line)) for line in whole if line]
        if len(rest) > self._longest:
            self._sample, self._dropped, rest = rest[:SAMPLE_MAX], len(rest), b""
        self._rest = rest
        return lines

    def forget(self) -> list[Malformed]:
        """The link has ended: half a line is malformed, and never meets what comes next."""
        sample, size = (self._sample, self._dropped) if self._dropped else (self._rest, len(self._rest))
        self._rest, self._sample, self._dropped = b"", b"", 0
        return [malformed(CUT, sample, size)] if sample.strip(b"\0 \t\r\n") else []


def _cut_raw(buffer: bytes) -> tuple[list[bytes], bytes]:
    lines: list[bytes] = []
    place = 0
    while True:
        skip = 2 if buffer[place : place + 1] in (b"U", b"u") else 0
        found = _END.search(buffer, place + skip)
        if found is None:
            return lines, buffer[place:]
        lines.append(buffer[place : found.start()])
        place = found.end()
