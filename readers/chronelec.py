"""The conversation with a Chronelec decoder: bytes in, passings and hand times out.

Each passing is acknowledged once it is safe. The decoder holds it and sends it again until then, so that nothing is
lost while the link is down: it has no memory that could be asked, and needs none. Layout and sources:
`readers.chronelec_frames`.
"""

import re
from collections.abc import Sequence
from typing import Final

from readers.chronelec_frames import ACKNOWLEDGE, REPEAT, STATUS_QUESTION, checksum
from readers.day_time import time_of_day_us
from readers.events import DecoderEvent, Malformed, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.malformed import malformed
from readers.protocol import Now, Since
from readers.questions import Questions
from readers.text_lines import TextLines, is_words, text
from timing.reads import ChipRead, ReadKind, Tag

NO_FRAME: Final = "no frame of a Chronelec decoder"
BAD_CHECK: Final = "wrong checksum"
BAD_BODY: Final = "no passing in the frame"

BAD_MAX: Final = 4
"""Damaged frames in a row; the last is acknowledged, else the decoder sends it for ever and nothing behind it."""
UNBLOCKED: Final = (
    "a passing came damaged four times and was given up: look into the malformed records, and at the cable"
)
PENDING_MAX: Final = 64
"""Passings not safe yet; the decoder sends one at a time."""
STORED_MAX: Final = 64
"""Passings remembered as safe: sent again, they are acknowledged at once."""

_FRAME: Final = re.compile(rb"<([ -~]{32})([0-9]{4})>")
_LOOSE: Final = re.compile(rb"<[^<>]*>?")
_STATUS: Final = re.compile(rb"\[([ -~]{8,40})\]?[ -~]{0,8}")
_BODY: Final = re.compile(
    rb"(STA|BOX|MAN|CEL|B[0-9A-Z]{2}) ([0-9A-Za-z]{1,6}) ([0-9:]{8}\.[0-9]{3}) ([0-9A-Za-z]{1,4}) (\S) (\S)"
)
_BY_HAND: Final = frozenset({b"MAN", b"CEL"})
_BATTERY: Final = {b"2": "battery low", b"3": "battery faulty"}


class ChronelecProtocol:
    """See `readers.protocol.Protocol`, and `stored`."""

    def __init__(self) -> None:
        self._lines = TextLines()
        self._questions = Questions(STATUS_QUESTION)
        self._stored: dict[str, None] = {}
        self._start_over()

    def _start_over(self) -> None:
        self._pending: dict[str, None] = {}
        self._crossing: dict[str, None] = {}
        self._bad = 0
        self._memory_asked = False
        self._out = b""

    # The driver's side

    def connected(self, now: Now) -> None:
        self._lines.forget()
        self._start_over()
        self._questions.begin(now)

    def disconnected(self) -> list[DecoderEvent]:
        self._start_over()
        self._questions.forget()
        return list(self._lines.forget())

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        events: list[DecoderEvent] = []
        for line in self._lines.feed(data):
            if isinstance(line, Malformed):
                events.append(line)
            else:
                self._line(line, now, events)
        return events

    def data_to_send(self) -> bytes:
        out, self._out = self._out, b""
        return out + self._questions.take_out()

    def next_deadline(self) -> int | None:
        return 0 if self._memory_asked else self._questions.deadline_us

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        self._questions.take_late(now)
        self._questions.go_on(now)
        if not self._memory_asked:
            return []
        self._memory_asked = False
        return [MemoryProgress(state=MemoryState.DONE)]

    def ask_memory(self, since: Since | None, now: Now) -> None:
        """Nothing to ask for: what was not acknowledged comes by itself (inferred from the acknowledging)."""
        self._memory_asked = True

    @property
    def unanswered_since_us(self) -> int | None:
        return self._questions.unanswered_since_us

    def stored(self, reads: Sequence[ChipRead]) -> None:
        """These reads are durable now: the decoder may forget them."""
        for read in reads:
            if read.raw is None:
                continue
            if read.raw in self._pending:
                del self._pending[read.raw]
                self._acknowledge(read.raw)
            self._stored.pop(read.raw, None)
            self._stored[read.raw] = None
        while len(self._stored) > STORED_MAX:
            del self._stored[next(iter(self._stored))]

    def _acknowledge(self, raw: str) -> None:
        """An acknowledgement does not say of what. A copy already under way when it was sent must not bring a second
        one: it would be taken for the passing behind.
        """
        self._out += ACKNOWLEDGE
        self._crossing[raw] = None
        while len(self._crossing) > STORED_MAX:
            del self._crossing[next(iter(self._crossing))]

    # What lines say

    def _line(self, line: bytes, now: Now, events: list[DecoderEvent]) -> None:
        line = line.strip()
        if not line:
            return
        if _STATUS.fullmatch(line):
            events.append(StatusSeen(kind=StatusKind.ANSWER, text=text(line), raw=text(line)))
            if self._questions.open is not None:
                self._questions.answered(now)
            return
        if b"<" not in line and is_words(line):
            events.append(StatusSeen(kind=StatusKind.BANNER, text=text(line), raw=text(line)))
            return
        place = at = 0
        while found := _FRAME.search(line, at):
            if found[2] != checksum(found[1]):
                at = found.start() + 1
                continue
            self._rest(line[place : found.start()], events, followed=True)
            self._passing(found, now, events)
            place = at = found.end()
        self._rest(line[place:], events, followed=False)

    def _rest(self, rest: bytes, events: list[DecoderEvent], *, followed: bool) -> None:
        """What is no good frame. Without a good one behind it, the decoder waits: once more, please."""
        if not rest:
            return
        damaged = _LOOSE.search(rest) is not None
        events.append(malformed(BAD_CHECK if damaged else NO_FRAME, rest))
        if damaged and not followed:
            self._bad_frame(events)

    def _bad_frame(self, events: list[DecoderEvent]) -> None:
        self._bad += 1
        if self._bad < BAD_MAX:
            self._out += REPEAT
            return
        self._bad = 0
        self._out += ACKNOWLEDGE
        events.append(StatusSeen(kind=StatusKind.WARNING, text=UNBLOCKED))

    def _passing(self, found: re.Match[bytes], now: Now, events: list[DecoderEvent]) -> None:
        body = _BODY.fullmatch(found[1].rstrip())
        stamp_us = None if body is None else time_of_day_us(body[3])
        if body is None or stamp_us is None:
            events.append(malformed(BAD_BODY, found[0]))
            self._bad_frame(events)
            return
        self._bad = 0
        raw = text(found[0])
        by_hand = body[1] in _BY_HAND
        tag = None if by_hand else Tag(text(body[2]).upper())
        events.append(
            ChipRead(
                tag=tag,
                stamp_us=stamp_us,
                received_us=now.race_us,
                kind=ReadKind.HAND if by_hand else ReadKind.READ,
                label=text(body[1]),
                raw=raw,
            )
        )
        if (battery := _BATTERY.get(body[6])) is not None:
            events.append(StatusSeen(kind=StatusKind.TAG_DATA, text=f"{text(body[2])}: {battery}", raw=raw))
        if raw in self._crossing:
            del self._crossing[raw]
        elif raw in self._stored:
            self._acknowledge(raw)
        elif len(self._pending) < PENDING_MAX:
            self._pending[raw] = None


PROTOCOL = ChronelecProtocol
