"""What an LLRP reader tells of itself, in words for the board (LLRP 1.0.1, section 13.1.6). Pure."""

from readers.events import StatusKind
from readers.llrp_records import Piece, text_of
from readers.llrp_words import Par


def event_words(piece: Piece) -> tuple[StatusKind, str]:
    """One event as text; a warning when it may cost reads. Content that is too short is told without its figures."""
    content = piece.content
    match piece.kind:
        case Par.REPORT_BUFFER_OVERFLOW_ERROR:
            return StatusKind.WARNING, "the reader's room for held reads was full: it has lost reads"
        case Par.REPORT_BUFFER_LEVEL_WARNING:
            return StatusKind.WARNING, f"the reader's room for held reads is {_number(content, 0, 1)} % full"
        case Par.READER_EXCEPTION_EVENT:
            return StatusKind.WARNING, f"the reader reports a fault: {text_of(content)}"
        case Par.ANTENNA_EVENT:
            antenna = _number(content, 1, 2)
            if content[:1] == b"\0":
                return StatusKind.WARNING, f"antenna {antenna} is not connected"
            return StatusKind.ANSWER, f"antenna {antenna} is connected"
        case Par.RO_SPEC_EVENT:
            what = {b"\0": "started", b"\1": "ended", b"\2": "was displaced"}.get(content[:1], "changed")
            return StatusKind.ANSWER, f"inventory {_number(content, 1, 4)} {what}"
        case Par.GPI_EVENT:
            level = "high" if content[2:3] >= b"\x80" else "low"
            return StatusKind.ANSWER, f"input {_number(content, 0, 2)} {level}"
        case Par.CONNECTION_CLOSE_EVENT:
            return StatusKind.ANSWER, "the reader closes the connection"
        case _:
            return StatusKind.ANSWER, f"event {piece.kind}"


def _number(content: bytes, begin: int, size: int) -> str:
    part = content[begin : begin + size]
    return str(int.from_bytes(part, "big")) if len(part) == size else "?"
