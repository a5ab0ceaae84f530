"""The conversation with an Ultra or Joey box of RFID Timing: bytes in, events out.

Observes only: it asks for the clock, the status, the settings and the log, and has no other words
(`readers.ultra_requests`). A box tells its battery every few seconds by itself: that is its heartbeat. The clock is
asked every 2.5 s, too; a box that has never told it on a link is not held to it.
"""

from collections import deque
from typing import Final

from readers.events import ClockSeen, DecoderEvent, Malformed, StatusKind, StatusSeen
from readers.line_cutter import LineCutter
from readers.link_watch import SILENCE_MAX_US
from readers.protocol import Now, Since
from readers.ultra_frames import DATA_SENDING
from readers.ultra_lines import (
    ClockLine,
    GreetingLine,
    ReadLine,
    SettingLine,
    StatusLine,
    UltraLine,
    VoltageLine,
    ultra_lines,
)
from readers.ultra_memory import UltraMemory
from readers.ultra_numbering import UltraNumbering
from readers.ultra_requests import Request
from readers.ultra_settings import setting_text, setting_warning
from timing.instants import SECOND

LINE_MAX: Final = 512
"""Longest line looked at; a chip read has about 60 characters."""
PROBE_EVERY_US: Final = 2_500_000
"""Between two questions for the clock."""
ANSWER_WITHIN_US: Final = 2_000_000
HEARTBEAT_MAX_US: Final = 15_000_000
"""Without a byte for so long a box that answers no questions is gone (CrossMgr); the battery comes every 10 s."""
LOW_VOLTS: Final = 23
"""As Chronokeep has it. A box that tells 0 has no battery."""
HOLES_IN_VAIN_MAX: Final = 3
"""So many missing log ids in a row that the box does not have either: it numbers other things, too."""


class UltraProtocol:
    """See `readers.protocol.Protocol`."""

    def __init__(self) -> None:
        self._lines = LineCutter(LINE_MAX, raw_byte_after_u=True)
        self._memory = UltraMemory()
        self._numbering = UltraNumbering()
        self._start_over()

    def _start_over(self) -> None:
        self._questions: deque[Request] = deque()
        self._open: Request | None = None
        self._asked = Now(0, 0)
        self._probe_us: int | None = None
        self._heard_us = 0
        self._answers = False
        self._unanswered_since_us: int | None = None
        self._clock_questions = 0
        self._clock_us: int | None = None
        self._low = False
        self._out = b""
        self._memory.reset()
        self._numbering.linked()

    # The driver's side

    def connected(self, now: Now) -> None:
        self._lines.forget()
        self._start_over()
        self._heard_us = now.steady_us
        self._questions.extend((Request.CLOCK, Request.STATUS, Request.SETTINGS))
        self._probe_us = now.steady_us + PROBE_EVERY_US
        self._send_next(now)

    def disconnected(self) -> list[DecoderEvent]:
        self._start_over()
        return list(self._lines.forget())

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        if data:
            self._heard_us = now.steady_us
        events: list[DecoderEvent] = []
        for line in self._lines.feed(data):
            if isinstance(line, Malformed):
                events.append(line)
                continue
            for said in ultra_lines(line, now.race_us):
                events += self._read(said, now) if isinstance(said, ReadLine) else self._said(said, line, now)
        self._send_next(now)
        return events

    def data_to_send(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def next_deadline(self) -> int | None:
        if self._probe_us is None:
            return None
        own_us = self._probe_us if self._open is None else self._asked.steady_us + ANSWER_WITHIN_US
        others_us = [self._memory.deadline_us()]
        if self._open is None and not self._memory.busy:
            others_us.append(self._numbering.deadline_us())
        return min([own_us, *(us for us in others_us if us is not None)])

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        if self._open is not None and now.steady_us >= self._asked.steady_us + ANSWER_WITHIN_US:
            self._open = None
        events: list[DecoderEvent] = list(self._memory.tick(now.steady_us))
        if self._memory.vain_holes >= HOLES_IN_VAIN_MAX:
            self._numbering.watch_holes = False
        if self._memory.other_log and (reason := self._numbering.other_log()) is not None:
            events.append(StatusSeen(kind=StatusKind.WARNING, text=reason))
        self._send_next(now)
        return events

    def ask_memory(self, since: Since | None, now: Now) -> None:
        """By log id where the last durable read has one that can be trusted, else by time; None: all there is."""
        if since is not None and not self._numbering.trusted:
            since = Since(since.stamp_us)
        self._memory.ask(since)
        self._send_next(now)

    @property
    def unanswered_since_us(self) -> int | None:
        if self._probe_us is None or self._answers:
            return self._unanswered_since_us
        return self._heard_us + HEARTBEAT_MAX_US - SILENCE_MAX_US

    # Questions

    def _send_next(self, now: Now) -> None:
        if self._probe_us is None or self._open is not None:
            return
        if now.steady_us >= self._probe_us:
            self._probe_us = now.steady_us + PROBE_EVERY_US
            if Request.CLOCK not in self._questions:
                self._questions.appendleft(Request.CLOCK)
        if self._questions:
            self._ask(self._questions.popleft(), now)
            return
        if not self._memory.busy and (hole := self._numbering.due_hole(now.steady_us)) is not None:
            self._memory.ask_hole(hole)
        self._out += self._memory.next_request(now.steady_us, self._clock_us)

    def _ask(self, request: Request, now: Now) -> None:
        self._out += request.value
        if request is Request.SEND:
            return  # it has no answer of its own
        self._open = request
        self._asked = now
        if self._unanswered_since_us is None:
            self._unanswered_since_us = now.steady_us
        self._clock_questions += request is Request.CLOCK

    def _answered(self, request: Request) -> bool:
        """Notes a line of the kind that answers a question; gives whether that one was open."""
        self._answers = self._answers or request is Request.CLOCK
        self._unanswered_since_us = None
        if self._open is not request:
            return False
        self._open = None
        return True

    # Lines

    def _read(self, line: ReadLine, now: Now) -> list[DecoderEvent]:
        read, events = line.read, list[DecoderEvent]()
        numbering = self._numbering
        reason = numbering.rewound(read) if line.rewound else numbering.live(read, now.steady_us)
        if reason is not None:
            events.append(StatusSeen(kind=StatusKind.WARNING, text=reason, raw=read.raw or ""))
        self._memory.read_came(read, rewound=line.rewound, steady_us=now.steady_us)
        events.append(numbering.named(read))
        return events

    def _said(self, said: UltraLine, line: bytes, now: Now) -> list[DecoderEvent]:
        raw = line.decode("latin-1")
        match said:
            case ClockLine(stamp_us):
                return [self._clock(stamp_us, raw, now)]
            case VoltageLine(volts):
                return self._voltage(volts, raw)
            case StatusLine(reading):
                self._answered(Request.STATUS)
                if reading is False:
                    text = "the box does not read: start it with its own buttons, or with the maker's program"
                    return [StatusSeen(kind=StatusKind.WARNING, text=text, raw=raw)]
                text = "reading" if reading else "a status that is not known"
                return [StatusSeen(kind=StatusKind.SETTING, text=text, raw=raw)]
            case GreetingLine(last_sent):
                text = f"greeting, last record sent {last_sent}"
                return [StatusSeen(kind=StatusKind.ANSWER, text=text, raw=raw)]
            case SettingLine():
                return self._setting(said, raw)
            case Malformed():
                return [said]
        raise AssertionError("every kind of line is dealt with")

    def _clock(self, stamp_us: int, raw: str, now: Now) -> DecoderEvent:
        questions, self._clock_questions = self._clock_questions, 0
        asked = self._answered(Request.CLOCK)
        self._clock_us = stamp_us
        if not asked or questions != 1:
            # Somebody else's answer, or one to an earlier question: nothing about the clock follows from it.
            return StatusSeen(kind=StatusKind.ANSWER, text="the clock", raw=raw)
        return ClockSeen(stamp_us=stamp_us, asked_us=self._asked.race_us, received_us=now.race_us, resolution_us=SECOND)

    def _voltage(self, volts: str, raw: str) -> list[DecoderEvent]:
        events: list[DecoderEvent] = [StatusSeen(kind=StatusKind.ANSWER, text=f"battery {volts} V", raw=raw)]
        whole = int(volts.partition(".")[0])
        low = whole < LOW_VOLTS and bool(volts.strip("0."))
        if low and not self._low:
            text = f"the box's battery is low (below {LOW_VOLTS} V)"
            events.append(StatusSeen(kind=StatusKind.WARNING, text=text, raw=raw))
        self._low = low
        return events

    def _setting(self, said: SettingLine, raw: str) -> list[DecoderEvent]:
        if said.changed:
            text = f"somebody changed setting {said.setting:02X} of the box"
            return [StatusSeen(kind=StatusKind.SETTING, text=text, raw=raw)]
        self._answered(Request.SETTINGS)
        events: list[DecoderEvent] = [StatusSeen(kind=StatusKind.SETTING, text=setting_text(said), raw=raw)]
        warning = setting_warning(said)
        if warning is not None:
            events.append(StatusSeen(kind=StatusKind.WARNING, text=warning, raw=raw))
        if said.setting == DATA_SENDING and said.number == 1 and Request.SEND not in self._questions:
            self._questions.append(Request.SEND)
        return events


PROTOCOL = UltraProtocol
