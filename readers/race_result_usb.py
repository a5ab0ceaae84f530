"""The conversation with a RACE RESULT USB Timing Box: bytes in, passings of active transponders out.

The box pushes nothing that counts: its memory is asked for what came since, two times a second, and live passings and
those of a gap come the same way. Observes only (`race_result_usb_frames.QUESTIONS`): a reference, which would move all
stamps, is never set. Layout and sources: `readers.race_result_usb_frames`.
"""

from typing import Final

from readers.events import (
    ClockSeen,
    DecoderEvent,
    GunSeen,
    Malformed,
    MemoryProgress,
    MemoryState,
    StatusKind,
    StatusSeen,
)
from readers.hand_reads import HandReads
from readers.malformed import malformed
from readers.protocol import Now, Since
from readers.questions import Questions
from readers.race_result_usb_frames import (
    BOX_ID,
    MARKER,
    MEMORY,
    NO_SUCH_PASSING,
    PASSINGS,
    REFERENCE,
    TEXT_MODE,
    TICKS,
    passings_from,
    signal_dbm,
    stamp_us,
)
from readers.race_result_usb_lines import NO_PASSING, Answer, Boot, BoxLines, PassingLine, hex_fields, passing_line
from readers.text_lines import text
from timing.reads import ChipRead, Tag

WAKE_UP_US: Final = 3_000_000
"""The box takes no word before, after its port was opened (the maker's page)."""
PASSINGS_EVERY_US: Final = 500_000
"""Between two questions for passings, when the last brought none."""
CHECK_EVERY_US: Final = 10_000_000
"""Between two looks at reference and memory: another host may have set the one, a restart emptied the other."""
SAME_AGAIN_MAX: Final = 3
"""Answers with a line that is no passing, asked for again; then the line is given up, and kept as malformed."""

NEVER_SET: Final = "the box's clock was never set: set it with the maker's program"
SET_ANEW: Final = "the box's clock was set anew: times before and after do not fit together"
RESTARTED: Final = "the box has restarted: its clock must be set again with the maker's program"
NUMBERED_ANEW: Final = "the box numbers its passings anew: was its memory cleared?"


class RaceResultUsbProtocol:
    """See `readers.protocol.Protocol`."""

    def __init__(self) -> None:
        self._lines = BoxLines()
        self._questions = Questions(TICKS, always_answers=True)
        self._hands = HandReads({MARKER})
        self._since: Since | None = None
        self._cleared = 0
        """How often the numbers were seen to begin again under one reference."""
        self._start_over()

    def _start_over(self) -> None:
        self._reference: tuple[int, int] | None = None
        self._next: int | None = None
        """Number of the passing to ask for; None: not known yet."""
        self._known = False
        """Whether `_next` follows from what was received, so that a lower bound above it is a loss."""
        self._first, self._last = 0, -1
        self._begun = 0
        self._fetching = False
        self._passings_us: int | None = None
        self._check_us: int | None = None
        self._ticks_asked = 0
        self._again = 0

    # The driver's side

    def connected(self, now: Now) -> None:
        self._lines.forget()
        self._start_over()
        self._begin(now)

    def _begin(self, now: Now) -> None:
        self._check_us = now.steady_us + WAKE_UP_US + CHECK_EVERY_US
        self._questions.begin(now, TEXT_MODE, BOX_ID, REFERENCE, MEMORY, after_us=WAKE_UP_US)

    def disconnected(self) -> list[DecoderEvent]:
        self._start_over()
        self._questions.forget()
        return list(self._lines.forget())

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        events: list[DecoderEvent] = []
        for said in self._lines.feed(data):
            match said:
                case Answer():
                    self._answered(said, now, events)
                case Boot():
                    events.append(StatusSeen(kind=StatusKind.WARNING, text=RESTARTED, raw=said.raw))
                    fetching = self._fetching
                    self._start_over()
                    self._fetching = fetching
                    self._begin(now)
                case _:
                    events.append(said)
        return events

    def data_to_send(self) -> bytes:
        out = self._questions.take_out()
        if TICKS in out:
            self._ticks_asked += 1
        return out

    def next_deadline(self) -> int | None:
        deadline_us = self._questions.deadline_us
        if deadline_us is None or self._questions.open is not None:
            return deadline_us
        return min(due for due in (deadline_us, self._passings_us, self._check_us) if due is not None)

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        late = self._questions.take_late(now)
        if late is not None and late != TICKS:
            if late.startswith(PASSINGS):
                self._passings_us = now.steady_us
            else:
                self._questions.ask(late, now)
        if self._check_us is not None and now.steady_us >= self._check_us:
            self._check_us = now.steady_us + CHECK_EVERY_US
            self._questions.ask(REFERENCE, now)
            self._questions.ask(MEMORY, now)
        if self._passings_us is not None and now.steady_us >= self._passings_us:
            self._passings_us = None
            if self._next is not None:  # else the answer about the memory begins anew
                self._questions.ask(passings_from(self._next), now)
        self._questions.go_on(now)
        return []

    def ask_memory(self, since: Since | None, now: Now) -> None:
        """From the last durable passing on, where it has a number of this memory; else all."""
        self._since = since
        self._fetching = True
        self._next = None
        self._passings_us = None
        if self._questions.open != MEMORY:
            self._questions.ask(MEMORY, now)

    @property
    def unanswered_since_us(self) -> int | None:
        return self._questions.unanswered_since_us

    # Answers

    def _answered(self, answer: Answer, now: Now, events: list[DecoderEvent]) -> None:
        asked = self._questions.open
        match answer.word:
            case "EPOCHREFGET" | "EPOCHREFSET" | "EPOCHREFADJ1D":
                self._take_reference(answer, events)
            case "TIMESTAMPGET":
                self._take_clock(answer, now, events, asked=asked == TICKS)
            case "PASSINGINFOGET":
                self._take_memory(answer, now, events)
            case "PASSINGGET":
                self._take_passings(answer, now, events)
            case "INFOGET" if len(answer.body) == 1 and (info := hex_fields(answer.body[0], 2)) is not None:
                events.append(StatusSeen(kind=StatusKind.SETTING, text=f"box A-{info[1]}", raw=text(answer.body[0])))
            case _:
                raw = text(b"\n".join(answer.body[:3]))
                events.append(StatusSeen(kind=StatusKind.ANSWER, text=f"answer {answer.word}", raw=raw))
        if asked is not None and asked.rstrip(b"\n").split(b";")[0] == answer.word.encode():
            self._questions.answered(now)

    def _take_reference(self, answer: Answer, events: list[DecoderEvent]) -> None:
        pair = hex_fields(answer.body[0], 2) if len(answer.body) == 1 else None
        if pair is None:
            events.append(_odd(answer))
            return
        reference = (pair[0], pair[1])
        before, self._reference = self._reference, reference
        if reference[1] == 0 and before != reference:
            events.append(StatusSeen(kind=StatusKind.WARNING, text=NEVER_SET))
        elif before is not None and before != reference:
            events.append(StatusSeen(kind=StatusKind.WARNING, text=SET_ANEW))
        text_ = f"reference {reference[0]:08x};{reference[1]:08x}"
        events.append(StatusSeen(kind=StatusKind.SETTING, text=text_))

    def _take_clock(self, answer: Answer, now: Now, events: list[DecoderEvent], *, asked: bool) -> None:
        questions, self._ticks_asked = self._ticks_asked, 0
        ticks = hex_fields(answer.body[0], 1) if len(answer.body) == 1 else None
        if ticks is None:
            events.append(_odd(answer))
        elif self._reference is None or not asked or questions != 1:
            events.append(StatusSeen(kind=StatusKind.ANSWER, text="ticks of the box"))
        else:
            stamp = stamp_us(ticks[0], *self._reference)
            asked_us = self._questions.asked.race_us
            events.append(ClockSeen(stamp_us=stamp, asked_us=asked_us, received_us=now.race_us))

    def _take_memory(self, answer: Answer, now: Now, events: list[DecoderEvent]) -> None:
        """Count, number and time of the first, number and time of the last."""
        info = hex_fields(answer.body[0], 5) if len(answer.body) == 1 else None
        if info is None:
            events.append(_odd(answer))
            return
        self._first, self._last = (info[1], info[3]) if info[0] else (0, -1)
        events.append(StatusSeen(kind=StatusKind.ANSWER, text=f"{info[0]} passings in the memory"))
        if self._reference is None:
            self._check_us = now.steady_us + PASSINGS_EVERY_US
            return
        if self._next is not None and self._next > self._last + 1:
            events.append(StatusSeen(kind=StatusKind.WARNING, text=NUMBERED_ANEW))
            self._next, self._known = self._first, False
            self._cleared += 1
        elif self._next is None:
            self._next, self._known = self._first, False
            durable = self._since.seq if self._since is not None and self._since.file == self._file else None
            if durable is not None and durable <= self._last:
                self._lost(self._first - durable - 1, events)
                self._next, self._known = max(durable, self._first), True
            self._begun = self._next
        if self._passings_us is None:
            self._passings_us = now.steady_us

    def _take_passings(self, answer: Answer, now: Now, events: list[DecoderEvent]) -> None:
        self._passings_us = now.steady_us + PASSINGS_EVERY_US
        head = hex_fields(answer.body[0], 2) if answer.body else None
        if head is None or self._reference is None or self._next is None or head[0] != self._next:
            events.append(_odd(answer) if head is None else _answer(answer))
        elif answer.error == NO_SUCH_PASSING:
            self._none_left(head[1], now, events)
        elif answer.error:
            text_ = f"the box refused passings (error {answer.error:02x})"
            events.append(StatusSeen(kind=StatusKind.REFUSED, text=text_))
        else:
            self._some(head[1], answer.body[1:], now, events)

    def _none_left(self, lowest: int, now: Now, events: list[DecoderEvent]) -> None:
        assert self._next is not None
        if lowest > self._next:
            if self._known:
                self._lost(lowest - self._next, events)
            self._next = self._begun = lowest
            self._passings_us = now.steady_us
            return
        self._fetched(events)

    def _lost(self, count: int, events: list[DecoderEvent]) -> None:
        if count > 0:
            text_ = f"{count} passings are no longer in the box's memory"
            events.append(StatusSeen(kind=StatusKind.WARNING, text=text_))

    def _fetched(self, events: list[DecoderEvent]) -> None:
        assert self._next is not None
        if self._fetching:
            self._fetching = False
            done = self._next - self._begun
            events.append(MemoryProgress(state=MemoryState.DONE, done=done, total=done))

    def _some(self, count: int, lines: list[bytes], now: Now, events: list[DecoderEvent]) -> None:
        assert self._next is not None
        passings = [passing_line(line) for line in lines]
        whole = count == len(lines)
        if whole:
            # Only then is it sure which number each line has.
            for place, (line, passing) in enumerate(zip(lines, passings, strict=True)):
                events.append(
                    malformed(NO_PASSING, line) if passing is None else self._made(passing, self._next + place, now)
                )
        else:
            events.append(malformed(f"{len(lines)} passings instead of {count}", b"\n".join(lines[:4])))
        if (not whole or None in passings) and self._again < SAME_AGAIN_MAX:
            self._again += 1
            return
        if not whole:
            return  # asked again for ever: what is not whole has no numbers
        self._again = 0
        if count == 0:
            self._fetched(events)
            return
        self._next, self._known = self._next + count, True
        self._passings_us = now.steady_us
        if self._fetching:
            total = max(self._last + 1, self._next) - self._begun
            events.append(MemoryProgress(state=MemoryState.RUNNING, done=self._next - self._begun, total=total))

    @property
    def _file(self) -> str:
        """Names the numbering: a box that lost its memory has lost its reference, too."""
        if self._reference is None:
            return ""
        again = f":{self._cleared}" if self._cleared else ""
        return f"{self._reference[0]:08x}:{self._reference[1]:08x}{again}"

    def _made(self, passing: PassingLine, number: int, now: Now) -> DecoderEvent:
        assert self._reference is not None
        stamp = stamp_us(passing.ticks, *self._reference)
        label = None if passing.loop is None else str(passing.loop + 1)
        if passing.code == MARKER:
            gun = self._hands.read(stamp_us=stamp, received_us=now.race_us, channel=MARKER, raw=passing.raw)
            told = StatusSeen(kind=StatusKind.ANSWER, text="a gun told before", raw=passing.raw)
            return gun if isinstance(gun, GunSeen) else told
        return ChipRead(
            tag=Tag(passing.code),
            stamp_us=stamp,
            received_us=now.race_us,
            label=label,
            rssi=None if passing.rssi is None else signal_dbm(passing.rssi),
            reader_file=self._file,
            reader_seq=number,
            raw=passing.raw,
        )


def _odd(answer: Answer) -> Malformed:
    return malformed(f"answer {answer.word} that says something else", b"\n".join(answer.body[:4]))


def _answer(answer: Answer) -> StatusSeen:
    return StatusSeen(kind=StatusKind.ANSWER, text=f"answer {answer.word} to another question")


PROTOCOL = RaceResultUsbProtocol
