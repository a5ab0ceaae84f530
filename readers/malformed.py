"""What could not be understood, as the event that keeps its first bytes, and the reasons all streams share."""

from typing import Final

from readers.events import Malformed

SAMPLE_MAX: Final = 200
"""Bytes kept of it: enough to see what it was, however long it went on."""

NO_END: Final = "no line end"
CUT: Final = "cut off by the end of the link"


def malformed(reason: str, raw: bytes | str, size: int | None = None) -> Malformed:
    """`raw`: all of it or its beginning, as text one character a byte; `size`: its bytes, where `raw` is not all."""
    sample = raw[:SAMPLE_MAX]
    text = sample if isinstance(sample, str) else sample.decode("latin-1")
    return Malformed(reason=reason, raw=text, size=len(raw) if size is None else size)
