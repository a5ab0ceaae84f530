"""Records cut out of a stream of bytes: framing, resynchronisation, and a buffer with a limit.

A pure function of the bytes since the link was opened: however they are cut into pieces, the same records come out in
the same order. Text records end with CR or LF; binary ones begin with the byte 0xaa, which no text holds, and are
told by their length. In a line that is not one record, verified records are searched for; the rest is malformed.
Never raises. Knows what records look like from `readers.ipico_records`, and nothing of questions and answers.
"""

import re
from typing import Final, TypeAlias

from readers.events import Malformed, StatusKind, StatusSeen
from readers.ipico_layout import RecordLayout
from readers.ipico_records import (
    BAD_LRC,
    NO_RECORD,
    ControlFrame,
    RecordDecoder,
    bcd_stamp,
    control_frame,
    control_span,
)
from readers.malformed import CUT, NO_END, SAMPLE_MAX, malformed
from timing.reads import ChipRead

LINE_MAX: Final = 1024
"""Longest line looked at. Records have 44 characters at most, control frames 520 in theory, banners about 100."""
TAIL_MAX: Final = 64
"""Of a longer line, the end: a good record may follow the noise."""


_BINARY: Final = 0xAA
_SPECIAL: Final = re.compile(rb"[\r\n\xaa]")
_TAG_LENGTHS: Final = (44, 42, 38, 36)
_CANDIDATE: Final = re.compile(rb"(?=[aA]{2}[0-9a-fA-F]{18}[0-9]{12}|[aA][aAbB][0-9a-fA-F]{8}|[aA][eE][0-9a-fA-F]{20})")
_HEADER: Final = re.compile(rb"[aA][aAbBeE][0-9a-fA-F]{4}")
_TEXT: Final = re.compile(rb"[\t\x20-\x7e]{8,}")
_WORDS: Final = re.compile(rb"[A-Za-z]{2,}.* ")

StreamEvent: TypeAlias = ChipRead | ControlFrame | StatusSeen | Malformed


class IpicoStream:
    """Fed with bytes, gives records; `forget` when the link ends."""

    __slots__ = ("_decoder", "_dropped", "_rest", "_sample", "_tail", "layout")

    def __init__(self, *, keep_raw: bool = False) -> None:
        self._decoder = RecordDecoder(keep_raw=keep_raw)
        self._rest = b""
        # Of an over-long line: its first bytes, how many there were, its last bytes.
        self._sample = b""
        self._dropped = 0
        self._tail = b""
        self.layout: RecordLayout | None = None
        """The reader's own record format, where it is not the standard one."""

    @property
    def pending(self) -> int:
        """Bytes kept that are no whole record yet; bounded."""
        return len(self._rest) + len(self._tail)

    def feed(self, data: bytes, received_us: int) -> list[StreamEvent]:
        """The records that are whole now, in order."""
        events: list[StreamEvent] = []
        buffer = self._rest + data if self._rest else data
        if _BINARY in buffer:
            self._rest = self._mixed(buffer, received_us, events)
        else:
            end = max(buffer.rfind(b"\n"), buffer.rfind(b"\r")) + 1
            if end:
                self._lines(buffer[:end].splitlines(), received_us, events)
            self._rest = buffer[end:] if end else buffer
        if len(self._rest) > LINE_MAX:
            if not self._dropped:
                self._rest = self._rest.lstrip(b"\0")  # some hosts and readers send a thousand of them first
            if self._dropped or len(self._rest) > LINE_MAX:
                self._drop(self._rest)
                self._rest = b""
        return events

    def forget(self) -> list[StreamEvent]:
        """The link has ended: half a record is malformed, and never meets what comes next."""
        size, sample = self._dropped + len(self._rest), self._sample + self._rest
        self._rest, self._sample, self._dropped, self._tail = b"", b"", 0, b""
        if not sample.strip(b"\0 \t"):
            return []
        return [malformed(CUT, sample, size)]

    # Cutting

    def _lines(self, lines: list[bytes], received_us: int, events: list[StreamEvent]) -> None:
        standard = self._decoder.standard
        for line in lines:
            if len(line) == 36 and not self._dropped:
                read = standard(line, received_us)
                if read is not None:
                    events.append(read)
                    continue
            if line or self._dropped:
                self._piece(line, received_us, events)

    def _mixed(self, buffer: bytes, received_us: int, events: list[StreamEvent]) -> bytes:
        """Cuts a buffer with 0xaa in it; returns what is not whole yet."""
        place = 0
        while (found := _SPECIAL.search(buffer, place)) is not None:
            at = found.start()
            if at > place or self._dropped:
                self._piece(buffer[place:at], received_us, events)
            place = at
            if buffer[at] != _BINARY:
                place += 1
                continue
            length = _binary_length(buffer, at)
            if length is None:
                return buffer[at:]
            if length == 0:
                events.append(malformed(NO_RECORD, buffer[at : at + 1], 1))
                place += 1
                continue
            frame = buffer[at : at + length]
            read = self._decoder.binary(frame, received_us)
            events.append(malformed(read, frame, length) if isinstance(read, str) else read)
            place += length
        return buffer[place:]

    def _drop(self, more: bytes) -> None:
        if not self._dropped:
            self._sample = more[:SAMPLE_MAX]
        self._dropped += len(more)
        self._tail = (self._tail + more)[-TAIL_MAX:]

    def _piece(self, piece: bytes, received_us: int, events: list[StreamEvent]) -> None:
        """One line, or what stands between two 0xaa: whatever is in it."""
        if not self._dropped:
            piece = piece.lstrip(b"\0")
        if self._dropped or len(piece) > LINE_MAX:
            self._drop(piece)
            sample, size, tail = self._sample, self._dropped, self._tail
            self._sample, self._dropped, self._tail = b"", 0, b""
            events.append(malformed(NO_END, sample, size))
            self._search(tail, received_us, events, tell=False)
            return
        piece = piece.replace(b"\0", b"").strip(b" \t")
        if not piece:
            return
        event = self._whole(piece, received_us)
        if not isinstance(event, str):
            events.append(event)
        elif _is_text(piece):
            events.append(StatusSeen(kind=StatusKind.BANNER, text=piece.decode()[:SAMPLE_MAX], raw=piece.decode()))
        else:
            self._search(piece, received_us, events, tell=True)

    # Understanding

    def _whole(
        self, piece: bytes, received_us: int, *, alone: bool = True
    ) -> ChipRead | StatusSeen | ControlFrame | str:
        """What a piece is, when it is exactly one record; else why not.

        A configured layout may lack check digits: only a line that stands alone can be taken for it.
        """
        head = piece[:2].lower()
        reason = NO_RECORD
        if head == b"aa":
            reason_or_read = (
                self._decoder.trident(piece, received_us)
                if len(piece) == 40 and piece[2:3].isalpha()
                else self._decoder.any_form(piece, received_us)
            )
            if not isinstance(reason_or_read, str):
                return reason_or_read
            reason = reason_or_read
        if alone and self.layout is not None and (found := self.layout.match(piece)):
            return self._decoder.laid_out(found, received_us)
        if head in (b"aa", b"ab", b"ac"):
            frame = control_frame(piece)
            if frame is not None:
                return frame
            if head != b"aa" and control_span(piece) == len(piece):
                return BAD_LRC
        if head == b"ae" and (page := self._decoder.page(piece)):
            return page
        return reason

    def _search(self, piece: bytes, received_us: int, events: list[StreamEvent], *, tell: bool) -> None:
        """Verified records inside a piece with other things in it; the other things are malformed (`tell`)."""
        place = 0
        for found in _CANDIDATE.finditer(piece):
            start = found.start()
            if start < place:
                continue
            for end in _ends(piece, start):
                event = self._whole(piece[start:end], received_us, alone=False)
                if isinstance(event, str):
                    continue
                if tell and start > place:
                    events.append(malformed(NO_RECORD, piece[place:start], start - place))
                events.append(event)
                place = end
                break
        if tell and place < len(piece):
            reason = self._whole(piece, received_us) if place == 0 else NO_RECORD
            events.append(
                malformed(reason if isinstance(reason, str) else NO_RECORD, piece[place:], len(piece) - place)
            )


def _ends(piece: bytes, start: int) -> list[int]:
    """Where a record that starts here may end, longest first: at the end, before a header, or before no text at all.

    The first 36 characters of a damaged record of 42 are no record, however their digits add up.
    """
    head = piece[start : start + 2].lower()
    lengths: tuple[int, ...]
    if head == b"aa":
        lengths = _TAG_LENGTHS
    elif head == b"ab":
        lengths = (control_span(piece[start : start + 10]),)
    else:
        lengths = (len(piece) - start,)
    ends = [start + length for length in lengths if 10 <= length <= len(piece) - start]
    return [end for end in ends if end == len(piece) or not piece[end : end + 1].isalnum() or _HEADER.match(piece, end)]


def _binary_length(buffer: bytes, at: int) -> int | None:
    """Length to the check digits of the binary record that begins here; 0 when none does; None: more bytes decide."""
    size = len(buffer) - at
    if not _may_be_binary(buffer[at : at + 17]):
        return 0
    if size < 20:
        return None
    if buffer[at + 18 : at + 20] == b"\r\n":
        return 18
    if size < 23:
        return None
    return 21 if buffer[at + 21 : at + 23] == b"\r\n" else 0


def _may_be_binary(head: bytes) -> bool:
    """Whether date and time, as far as they have come, are possible: text never looks like them for long."""
    for value, low, high in zip(
        head[11:17], (0x01, 0x01, 0x00, 0x00, 0x00, 0), (0x12, 0x31, 0x23, 0x59, 0x59, 99), strict=False
    ):
        if not low <= value <= high:
            return False
    return len(head) < 17 or bcd_stamp(head[10:16], head[16]) is not None


def _is_text(piece: bytes) -> bool:
    """Whether a line is meant for people, and no record can be hidden in it."""
    return bool(
        _TEXT.fullmatch(piece) and _WORDS.search(piece) and not _HEADER.match(piece) and not _CANDIDATE.search(piece)
    )
