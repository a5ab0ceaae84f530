"""A stream of bytes cut at its end marks: pieces, with a limit to what is kept of one that never ends.

For protocols whose frames end with a character of their own (a line end, `$`). Knows nothing of what a piece says. The
same bytes give the same pieces however they are cut between calls; `forget` when the link ends.
"""

from dataclasses import dataclass

from readers.events import Malformed
from readers.malformed import CUT, SAMPLE_MAX, malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What stood between two end marks. `data` is all of it, or of a longer one its last bytes: a good frame may
    follow noise. `lost`: bytes before those, of which `sample` has the first.
    """

    data: bytes
    lost: int = 0
    sample: bytes = b""


class Pieces:
    """Fed with bytes, gives whole pieces, without their end marks and without empty ones."""

    __slots__ = ("_ends", "_longest", "_lost", "_rest", "_sample")

    def __init__(self, ends: bytes, longest: int) -> None:
        """
        Args:
            ends: each of these bytes ends a piece.
            longest: bytes kept of one piece; at most twice as many are ever held.
        """
        self._ends = ends
        self._longest = longest
        self._rest = bytearray()
        self._lost = 0
        self._sample = b""

    @property
    def pending(self) -> int:
        """Bytes held that are no whole piece yet; bounded."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[Piece]:
        mark = self._ends[:1]
        for other in self._ends[1:]:
            data = data.replace(bytes([other]), mark)
        *whole, rest = data.split(mark)
        pieces = []
        for part in whole:
            self._add(part)
            if self._rest:
                pieces.append(self._take())
        self._add(rest)
        return pieces

    def forget(self, *, nothing: bytes) -> list[Malformed]:
        """The link has ended: what is left is malformed, and never meets what comes next.

        nothing: bytes that mean nothing, if there are no others.
        """
        left = self._take()
        if not left.data.strip(nothing):
            return []
        return [malformed(CUT, left.sample + left.data, left.lost + len(left.data))]

    def _add(self, part: bytes) -> None:
        self._rest += part
        if len(self._rest) > 2 * self._longest:
            self._cut()

    def _cut(self) -> None:
        """Keeps the last bytes of a piece that is too long."""
        if not self._lost:
            self._sample = bytes(self._rest[:SAMPLE_MAX])
        excess = len(self._rest) - self._longest
        self._lost += excess
        del self._rest[:excess]

    def _take(self) -> Piece:
        if len(self._rest) > self._longest or self._lost:
            self._cut()
        piece = Piece(data=bytes(self._rest), lost=self._lost, sample=self._sample)
        self._rest.clear()
        self._lost, self._sample = 0, b""
        return piece
