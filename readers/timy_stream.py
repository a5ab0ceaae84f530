"""ALGE Timy bytes into impulses and answers: framing, check digits, and what else a Timy says.

A pure function of the bytes since the link was opened, whatever the cuts. Layout and sources: `readers.timy_frames`.
The first frame with good check digits shows that they are switched on: from then on this link's frames must have them.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from readers.day_time import time_of_day_us
from readers.events import GunSeen, Malformed, StatusKind, StatusSeen
from readers.hand_reads import HandReads
from readers.malformed import malformed
from readers.text_lines import TextLines, is_words, text
from readers.timy_frames import CLOCK_LENGTH, FRAME_LENGTH, check_digits
from timing.reads import ChipRead

NO_FRAME: Final = "no frame of a Timy"
BAD_CHECK: Final = "wrong check digits"
NO_CHECK: Final = "check digits missing"
BAD_TIME: Final = "impossible time"
UNCHECKED: Final = "times come without check digits: switch them on at the timer (CHK1)"

_FRAME: Final = re.compile(
    rb"([ ?*A-Za-z])([0-9 ]{4})([ rl])(C[0-8]|[a-z][0-8]|RT|TT)([M ]) ([0-9][0-9:. ]{12}) ([0-9 ]{2})([0-?]{2})?"
)
"""Status, number, lane, channel, by hand, time (13), group, check digits. Net times have RT, TT or a small letter in
the place of the channel. The letters of the status are inferred in part: none changes what the time is."""
_CLOCK: Final = re.compile(rb" *[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{0,3})? *")
"""The running clock, in 13 characters; what they look like is inferred. Four decimals are the rest of an impulse."""
_TYPED: Final = b"cdi"
"""Status letters of times that were cleared, disqualified or typed in: evidence, but no gun."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The timer answered a question; `text` is the line."""

    text: str


TimyEvent: TypeAlias = ChipRead | GunSeen | StatusSeen | Malformed | Answer


class TimyStream:
    """Fed with bytes, gives what a Timy said; `forget` when the link ends."""

    __slots__ = ("_checked", "_hands", "_lines", "_warned", "frames")

    def __init__(self, hands: HandReads) -> None:
        self._hands = hands
        self._lines = TextLines()
        self._checked = False
        self._warned = False
        self.frames = 0
        """Impulses since the link was opened, guns told before among them."""

    @property
    def pending(self) -> int:
        return self._lines.pending

    def feed(self, data: bytes, received_us: int) -> list[TimyEvent]:
        """What is whole now, in order."""
        events: list[TimyEvent] = []
        for line in self._lines.feed(data):
            if isinstance(line, Malformed):
                events.append(line)
            else:
                self._line(line, received_us, events)
        return events

    def forget(self) -> list[Malformed]:
        self._checked = self._warned = False
        self.frames = 0
        return self._lines.forget()

    def _line(self, line: bytes, received_us: int, events: list[TimyEvent]) -> None:
        found = _FRAME.fullmatch(line)
        if found is not None:
            self._frame(found, received_us, events)
            return
        if (said := _said(line)) is not None:
            events.append(said)
        elif line.strip():
            self._search(line, received_us, events)

    def _frame(self, found: re.Match[bytes], received_us: int, events: list[TimyEvent]) -> None:
        frame, check = found[0][:FRAME_LENGTH], found[8]
        if check is None and self._checked:
            events.append(malformed(NO_CHECK, found[0]))
            return
        if check is not None:
            if check != check_digits(frame):
                events.append(malformed(BAD_CHECK, found[0]))
                return
            self._checked = True
        raw = text(found[0])
        if found[4][:1] != b"C":
            events.append(StatusSeen(kind=StatusKind.ANSWER, text="a net time, not a time of day", raw=raw))
            return
        stamp_us = time_of_day_us(found[6].rstrip())
        if stamp_us is None:
            events.append(malformed(BAD_TIME, found[0]))
            return
        self.frames += 1
        mark = (found[5] + found[3]).replace(b" ", b"")
        made = self._hands.read(
            stamp_us=stamp_us,
            received_us=received_us,
            channel=text(found[4]),
            mark=text(mark),
            raw=raw,
            may_be_gun=found[1] not in _TYPED,
        )
        events.append(StatusSeen(kind=StatusKind.ANSWER, text="a gun told before", raw=raw) if made is None else made)
        if check is None and not self._warned:
            self._warned = True
            events.append(StatusSeen(kind=StatusKind.WARNING, text=UNCHECKED))

    def _search(self, line: bytes, received_us: int, events: list[TimyEvent]) -> None:
        """Frames inside a line with other things in it: verified ones, or one that ends with the line."""
        place = at = 0
        while (found := _FRAME.search(line, at)) is not None:
            good = found[8] is not None and found[8] == check_digits(found[0][:FRAME_LENGTH])
            if not good and (found[8] is not None or self._checked or found.end() != len(line)):
                at = found.start() + 1
                continue
            if found.start() > place:
                events.append(malformed(NO_FRAME, line[place : found.start()]))
            self._frame(found, received_us, events)
            place = at = found.end()
        if place < len(line):
            events.append(malformed(NO_FRAME, line[place:]))


def _said(line: bytes) -> StatusSeen | Answer | None:
    """What a line that is no frame says, when it can be told."""
    raw = text(line)
    if len(line) == CLOCK_LENGTH and _CLOCK.fullmatch(line):
        return StatusSeen(kind=StatusKind.ANSWER, text="running clock", raw=raw)
    line = line.strip()
    if line.startswith((b"NSF", b"PROG:", b"HW_SN")):
        return None if line.endswith(b"?") else Answer(text(line))
    if line == b"CLR":
        return StatusSeen(kind=StatusKind.WARNING, text="the timer's memory was cleared", raw=raw)
    if line.startswith(b"PULSE HOLD"):
        return StatusSeen(kind=StatusKind.WARNING, text=f"an input of the timer is held down: {text(line)}", raw=raw)
    if is_words(line):
        return StatusSeen(kind=StatusKind.BANNER, text=text(line), raw=raw)
    return None
