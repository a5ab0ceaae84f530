"""RACE RESULT USB Timing Box: bytes into whole answers, and passings out of their lines.

A pure function of the bytes since the link was opened, whatever the cuts. An answer is given when its empty line came;
one that breaks off is malformed. Layout and sources: `readers.race_result_usb_frames`.
"""

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from readers.events import Malformed, StatusKind, StatusSeen
from readers.malformed import malformed
from readers.text_lines import TextLines, is_words, text

LINES_MAX: Final = 4096
"""Lines of one answer; the box sends some dozens of passings at a time."""

NO_ANSWER_LINE: Final = "no line of a timing box"
BROKEN_OFF: Final = "an answer that breaks off"
NO_PASSING: Final = "no passing"

_HEAD: Final = re.compile(rb"([A-Z][A-Z0-9]{3,15})(?:;([0-9A-Fa-f]{1,2}))?")
_BOOT: Final = re.compile(rb"AUTOBOOT.*|.*rrActive.*")
_PASSING: Final = re.compile(
    rb"([0-9A-Za-z]{1,16});([0-9A-Fa-f]{0,8});([0-9A-Fa-f]{8});([0-9A-Fa-f]{0,4});([0-9A-Fa-f]{0,2});[^;]{0,4};[^;]{0,4};"
    rb"([0-9A-Fa-f]{0,2});([0-9A-Fa-f]{0,2});[^;]{0,4};([0-9A-Fa-f]{0,2});[^;]{0,4}"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: the request's word, the error (0: none), and the lines of its body."""

    word: str
    error: int
    body: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Boot:
    """The box has just started."""

    raw: str


@dataclass(frozen=True, slots=True)
class PassingLine:
    """One passing as the box tells it; `loop` and `channel` from 0, None where not given."""

    code: str
    ticks: int
    hits: int | None
    rssi: int | None
    loop: int | None
    raw: str


LineEvent: TypeAlias = Answer | Boot | Malformed | StatusSeen


class BoxLines:
    """Fed with bytes, gives answers; `forget` when the link ends."""

    __slots__ = ("_answer", "_lines")

    def __init__(self) -> None:
        self._lines = TextLines(keep_empty=True)
        self._answer: Answer | None = None

    @property
    def pending(self) -> int:
        """Bytes kept that are no whole answer yet; bounded."""
        return self._lines.pending + (0 if self._answer is None else sum(map(len, self._answer.body)))

    def feed(self, data: bytes) -> list[LineEvent]:
        events: list[LineEvent] = []
        for line in self._lines.feed(data):
            if isinstance(line, Malformed):
                events.append(line)
            else:
                self._line(line, events)
        return events

    def forget(self) -> list[Malformed]:
        """What had come of an answer is dropped: the box has it all."""
        self._answer = None
        return self._lines.forget()

    def _line(self, line: bytes, events: list[LineEvent]) -> None:
        if not line:
            if self._answer is not None:
                events.append(self._answer)
                self._answer = None
            return
        if _BOOT.fullmatch(line):
            self._break_off(events)
            events.append(Boot(text(line)))
        elif found := _HEAD.fullmatch(line):
            if found[2] is None and self._answer is not None:
                self._answer.body.append(line)  # a word or number of a body
                return
            self._break_off(events)
            self._answer = Answer(text(found[1]), int(found[2] or b"0", 16))
        elif self._answer is not None and len(self._answer.body) < LINES_MAX:
            self._answer.body.append(line)
        elif line.startswith(b"#P;"):
            told = "pushed passing: it is fetched from the memory"
            events.append(StatusSeen(kind=StatusKind.ANSWER, text=told, raw=text(line)))
        elif is_words(line):
            events.append(StatusSeen(kind=StatusKind.BANNER, text=text(line), raw=text(line)))
        else:
            self._break_off(events)
            events.append(malformed(NO_ANSWER_LINE, line))

    def _break_off(self, events: list[LineEvent]) -> None:
        if self._answer is not None:
            raw = b"\n".join([self._answer.word.encode(), *self._answer.body[:20]])
            events.append(malformed(BROKEN_OFF, raw))
            self._answer = None


def hex_fields(line: bytes, count: int) -> list[int] | None:
    """The numbers of a line `a;b;c`; None when they are not so many, or none."""
    fields = line.split(b";")
    if len(fields) != count or not all(re.fullmatch(rb"[0-9A-Fa-f]{1,8}", part) for part in fields):
        return None
    return [int(part, 16) for part in fields]


def passing_line(line: bytes) -> PassingLine | None:
    """What a line says, when it is a passing."""
    found = _PASSING.fullmatch(line)
    if found is None:
        return None
    hits, rssi, loop = (int(part, 16) if part else None for part in (found[4], found[5], found[7]))
    return PassingLine(
        code=text(found[1]).upper(), ticks=int(found[3], 16), hits=hits, rssi=rssi, loop=loop, raw=text(line)
    )
