"""LLRP bytes into reads and messages, with a bounded buffer, whatever the cuts and whatever the noise.

Reports are taken tag by tag as the bytes come: a report of any length needs no more room than one tag. Other messages
are kept until they are whole. Bytes that are no message are skipped to the next that could be the head of one that
readers send. TCP loses nothing within a connection, and LLRP has no check digits: when bytes are missing all the
same, a report can end in those of its neighbour; the messages after that are found in any case.
"""

import re
import struct
from typing import Final, NamedTuple, TypeAlias

from readers.events import Malformed
from readers.llrp_records import tag_reads
from readers.llrp_words import FROM_READER, HEADER_BYTES, TLV_MIN, Message, Par
from timing.reads import ChipRead

REPORT_MAX: Final = 16 * 1024 * 1024
"""Bytes of a report: more than any reader's memory of held tags."""
MESSAGE_MAX: Final = 64 * 1024
"""Bytes of another message. The largest recorded, the capabilities of an Impinj reader, has 1,658."""
TAG_MAX: Final = 4_096
"""Bytes of a parameter in a report: a tag as we ask for it has 59."""
PARAMETER_MAX: Final = 16 * 1024
"""Bytes of a parameter in another message. The largest recorded, tables of radio channels and modes, has 1,200."""
RAW_MAX: Final = 200

_HEAD: Final = 6
"""Bytes of a header that can be judged: version, type, length."""
_ANSWER_MIN: Final = HEADER_BYTES + 8
_HEADER: Final = re.compile(
    b"[\x04\x08\x0c][" + re.escape(bytes(sorted(FROM_READER))) + b"]\x00[\x00-\xff]{3}", re.DOTALL
)


class LlrpMessage(NamedTuple):
    """A whole message that is not a report; `body` is filled by parameters, as far as their lengths go."""

    kind: int
    id: int
    body: bytes
    received_us: int


class ReportEnd(NamedTuple):
    """A report has come to its end; `tags` is 0 for an empty one, which is legal."""

    tags: int


StreamEvent: TypeAlias = ChipRead | LlrpMessage | ReportEnd | Malformed


class LlrpStream:
    """One connection after the other: `feed` bytes, `forget` between two."""

    def __init__(self, *, keep_raw: bool = False) -> None:
        self._keep_raw = keep_raw
        self._buffer = bytearray()
        self._at = 0
        self._clear()

    def _clear(self) -> None:
        self._buffer.clear()
        self._at = 0
        self._kind: int | None = None
        self._id = 0
        self._walk = self._end = 0
        self._tags = 0
        self._skipped = 0
        self._skipped_raw = b""
        self._reason = ""

    @property
    def pending(self) -> int:
        """Bytes kept, waiting for more."""
        return len(self._buffer)

    def feed(self, data: bytes, received_us: int) -> list[StreamEvent]:
        """What these bytes complete, in order."""
        self._buffer += data
        events: list[StreamEvent] = []
        while self._open() if self._kind is None else self._step(events, received_us):
            pass
        del self._buffer[: self._at]
        self._walk -= self._at
        self._end -= self._at
        self._at = 0
        return events

    def forget(self) -> list[Malformed]:
        """The connection has ended: what was left of it is told, and forgotten."""
        events: list[StreamEvent] = []
        if self._buffer:
            self._lost("cut off in a message" if self._kind is not None else "", len(self._buffer))
        self._tell_skipped(events)
        self._clear()
        return [event for event in events if isinstance(event, Malformed)]

    # Heads

    def _open(self) -> bool:
        """Looks for the head of a message. False: more bytes are needed."""
        head = self._next_head(self._at, len(self._buffer))
        if head is None:
            self._lost("not a message of an LLRP reader", max(0, len(self._buffer) - self._at - (_HEAD - 1)))
            return False
        if head > self._at:
            self._lost("not a message of an LLRP reader", head - self._at)
        if len(self._buffer) < self._at + HEADER_BYTES:
            return False
        at = self._at
        self._kind = self._buffer[at + 1]
        self._id = int.from_bytes(self._buffer[at + 6 : at + 10], "big")
        self._end = at + int.from_bytes(self._buffer[at + 2 : at + 6], "big")
        self._walk = at + HEADER_BYTES
        self._tags = 0
        return True

    def _next_head(self, begin: int, end: int) -> int | None:
        """Where a possible head begins that is whole between the two places."""
        while found := _HEADER.search(self._buffer, begin, end):
            begin = found.start()
            if _fits(self._buffer[begin + 1], int.from_bytes(self._buffer[begin + 2 : begin + 6], "big")):
                return begin
            begin += 1
        return None

    # Bodies

    def _step(self, events: list[StreamEvent], received_us: int) -> bool:
        """Goes over one parameter, or to the end of the message. False: more bytes are needed."""
        if self._walk == self._end:
            return self._finish(events, received_us)
        have = len(self._buffer) - self._walk
        if have >= 1 and self._buffer[self._walk] > 0x03:
            self._broken()
            return True
        if have < 4:
            return False
        kind, size = struct.unpack_from(">HH", self._buffer, self._walk)
        report = self._kind == Message.RO_ACCESS_REPORT
        longest = min(TAG_MAX if report else PARAMETER_MAX, self._end - self._walk)
        if kind < TLV_MIN or not 4 <= size <= longest:
            self._broken()
            return True
        if not report:
            self._walk += size
            return True
        if have < size:
            return False
        self._parameter_of_report(size, events, received_us)
        return True

    def _parameter_of_report(self, size: int, events: list[StreamEvent], received_us: int) -> None:
        parameter = bytes(self._buffer[self._walk : self._walk + size])
        if int.from_bytes(parameter[:2], "big") == Par.TAG_REPORT_DATA:
            raw = parameter.hex() if self._keep_raw else None
            reads = tag_reads(parameter[4:], received_us, raw)
            if isinstance(reads, str):
                head = self._next_head(self._walk + 1, self._walk + size)
                self._at = self._walk  # the head of a report in which one tag is wrong is good all the same
                self._lost(reads, size if head is None else head - self._walk)
                if head is not None:
                    # Bytes are missing here, and the next message begins in what looked like a tag.
                    self._kind = None
                    return
                self._tell_skipped(events)
            else:
                self._tell_skipped(events)
                events.extend(reads)
        self._tags += 1
        self._walk += size
        self._at = self._walk

    def _finish(self, events: list[StreamEvent], received_us: int) -> bool:
        if len(self._buffer) < self._end:
            return False
        assert self._kind is not None, "only an open message ends"
        self._tell_skipped(events)
        if self._kind == Message.RO_ACCESS_REPORT:
            events.append(ReportEnd(self._tags))
        else:
            body = bytes(self._buffer[self._at + HEADER_BYTES : self._end])
            events.append(LlrpMessage(self._kind, self._id, body, received_us))
        self._at, self._kind = self._end, None
        return True

    # What is no message

    def _broken(self) -> None:
        """What looked like a message is none: another may begin right behind its first byte."""
        self._kind = None
        self._lost("a message with parameters that do not fit", 1)

    def _lost(self, reason: str, count: int) -> None:
        """Skips so many bytes; neighbours that are skipped are told as one, for the first reason."""
        if count <= 0:
            return
        if not self._skipped:
            self._reason = reason or "cut off in a message"
        if (room := RAW_MAX - len(self._skipped_raw)) > 0:
            self._skipped_raw += bytes(self._buffer[self._at : self._at + min(room, count)])
        self._skipped += count
        self._at += count

    def _tell_skipped(self, events: list[StreamEvent]) -> None:
        if self._skipped:
            raw = self._skipped_raw.decode("latin-1")
            events.append(Malformed(reason=self._reason, raw=raw, size=self._skipped))
            self._skipped, self._skipped_raw = 0, b""


def _fits(kind: int, length: int) -> bool:
    """Whether a message of this type can have that length."""
    if kind == Message.KEEPALIVE:
        return length == HEADER_BYTES
    if kind == Message.RO_ACCESS_REPORT:
        return HEADER_BYTES <= length <= REPORT_MAX
    return _ANSWER_MIN <= length <= MESSAGE_MAX
