"""What could not be understood, as the event that keeps its first bytes, and the reasons all streams share."""

from typing import Final

from readers.events import Malformed

SAMPLE_MAX: Final = 200
"""Bytes kept of it: enough to see what it was, however long it went on."""

NO_END: Final = "no line end"
CUT: Final = "cut off by the end of the link"

MALFORMED_KEPT: Final = 200
"""Malformed records handed on, then one more every `MALFORMED_EVERY_S`; the others are only counted."""
MALFORMED_EVERY_S: Final = 10.0


class MalformedAllowance:
    """A bounded part of the rubbish of one source is kept as evidence."""

    __slots__ = ("_at_s", "_left")

    def __init__(self) -> None:
        self._left = float(MALFORMED_KEPT)
        self._at_s = 0.0

    def keeps(self, now_s: float) -> bool:
        """Whether one more is kept, at this moment of a steady clock."""
        left = self._left + (now_s - self._at_s) / MALFORMED_EVERY_S
        self._left, self._at_s = min(left, float(MALFORMED_KEPT)), now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


def malformed(reason: str, raw: bytes | str, size: int | None = None) -> Malformed:
    """`raw`: all of it or its beginning, as text one character a byte; `size`: its bytes, where `raw` is not all."""
    sample = raw[:SAMPLE_MAX]
    text = sample if isinstance(sample, str) else sample.decode("latin-1")
    return Malformed(reason=reason, raw=text, size=len(raw) if size is None else size)
