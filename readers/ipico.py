"""The conversation with an IPICO reader (Lite, and readers that speak alike): bytes in, events out.

Observes only: it asks the time, the settings and the memory, and has no other words (`readers.ipico_requests`). One
question is under way at a time, since small readers drop what comes on top of each other. The clock is asked every
few seconds: a reader has no heartbeat of its own, and a quiet link is not a dead one.
"""

from collections import deque
from typing import Final

from readers.events import ClockSeen, DecoderEvent, GunSeen, StatusKind, StatusSeen
from readers.ipico_frames import CLOCK, CONFIG3, FORMAT, GUN, MEMORY, REFUSALS
from readers.ipico_layout import record_layout
from readers.ipico_memory import MemoryFetch
from readers.ipico_records import ControlFrame, clock_stamp
from readers.ipico_requests import Request
from readers.ipico_stream import IpicoStream
from readers.protocol import Now, Since
from timing.reads import ChipRead

PROBE_EVERY_US: Final = 2_500_000
"""Between two questions for the clock: a dead link is told within ten seconds, at a cost of 50 bytes."""
ANSWER_WITHIN_US: Final = 2_000_000
"""After that the question is asked again, or the next one."""
SETTING_REPEATS_MAX: Final = 3
"""Questions about settings asked again on one link, when an answer was lost. Older readers know none of them."""

_MODES: Final = {0: "raw", 1: "trigger", 2: "trigger 2", 3: "event", 4: "event 2", 5: "first and last seen"}


class IpicoProtocol:
    """See `readers.protocol.Protocol`."""

    def __init__(self, *, keep_raw: bool = False) -> None:
        """`keep_raw`: reads carry their record as text, too (captures have it in any case)."""
        self._stream = IpicoStream(keep_raw=keep_raw)
        self._memory = MemoryFetch()
        self._start_over()

    def _start_over(self) -> None:
        self._questions: deque[Request] = deque()
        self._open: Request | None = None
        self._asked = Now(0, 0)
        self._probe_us: int | None = None
        self._unanswered_since_us: int | None = None
        self._clock_questions = 0
        self._repeats_left = SETTING_REPEATS_MAX
        self._out = b""
        self._memory.reset()

    # The driver's side

    def connected(self, now: Now) -> None:
        self._stream.forget()
        self._start_over()
        self._questions.extend((Request.CLOCK, Request.RECORD_FORMAT, Request.READ_MODE))
        self._probe_us = now.steady_us + PROBE_EVERY_US
        self._send_next(now)

    def disconnected(self) -> list[DecoderEvent]:
        self._start_over()
        return [event for event in self._stream.forget() if not isinstance(event, ControlFrame)]

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        records = self._stream.feed(data, now.race_us)
        events: list[DecoderEvent] = []
        tags_came = False
        for record in records:
            if type(record) is ChipRead:
                tags_came = True
                events.append(record)
            elif isinstance(record, ControlFrame):
                if tags_came:
                    self._memory.record_came(now.steady_us)
                    tags_came = False
                events += self._control(record, now)
            else:
                events.append(record)
        if tags_came:
            self._memory.record_came(now.steady_us)
        self._send_next(now)
        return events

    def data_to_send(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def next_deadline(self) -> int | None:
        if self._probe_us is None:
            return None
        if self._open is not None:
            return self._asked.steady_us + ANSWER_WITHIN_US
        memory_us = self._memory.deadline_us()
        return self._probe_us if memory_us is None else min(self._probe_us, memory_us)

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        events: list[DecoderEvent] = []
        if self._open is not None and now.steady_us >= self._asked.steady_us + ANSWER_WITHIN_US:
            late, self._open = self._open, None
            if late.instruction == MEMORY:
                events += self._memory.unanswered(now.steady_us)
            elif late is not Request.CLOCK and self._repeats_left:
                self._repeats_left -= 1
                self._questions.append(late)
        self._send_next(now)
        return events

    def ask_memory(self, since: Since | None, now: Now) -> None:
        """The Lite cannot be asked from a moment on: all it holds comes, whatever `since`."""
        self._memory.ask(now.steady_us)
        self._send_next(now)

    @property
    def unanswered_since_us(self) -> int | None:
        return self._unanswered_since_us

    # Questions

    def _send_next(self, now: Now) -> None:
        if self._probe_us is None or self._open is not None:
            return
        if now.steady_us >= self._probe_us:
            self._probe_us = now.steady_us + PROBE_EVERY_US
            if Request.CLOCK not in self._questions:
                self._questions.appendleft(Request.CLOCK)
        request = self._questions.popleft() if self._questions else self._memory.next_request(now.steady_us)
        if request is None:
            return
        self._open = request
        self._asked = now
        if self._unanswered_since_us is None:
            self._unanswered_since_us = now.steady_us
        if request is Request.CLOCK:
            self._clock_questions += 1
        self._out += request.value

    # Answers

    def _control(self, frame: ControlFrame, now: Now) -> list[DecoderEvent]:
        if frame.query:
            return [StatusSeen(kind=StatusKind.ANSWER, text="another host's question", raw=frame.raw)]
        if frame.instruction == GUN:
            return self._gun(frame, now)
        self._unanswered_since_us = None
        answered = self._open
        if frame.instruction in REFUSALS:
            return self._refusal(frame, now)
        if answered is not None and answered.instruction == frame.instruction:
            self._open = None
        if frame.instruction == CLOCK:
            return self._clock(frame, now, asked=answered is Request.CLOCK)
        if frame.instruction == MEMORY:
            return list(self._memory.answered(frame.content, now.steady_us)) or [_answer(frame)]
        if frame.instruction == FORMAT:
            return self._format(frame)
        if frame.instruction == CONFIG3 and frame.content:
            mode = _MODES.get(frame.content[0] & 7, "unknown")
            return [StatusSeen(kind=StatusKind.SETTING, text=f"read mode: {mode}", raw=frame.raw)]
        return [_answer(frame)]

    def _gun(self, frame: ControlFrame, now: Now) -> list[DecoderEvent]:
        stamp_us = clock_stamp(frame.content)
        if stamp_us is None:
            text = "the trigger button, with an impossible date or time: enter the gun by hand"
            return [StatusSeen(kind=StatusKind.WARNING, text=text, raw=frame.raw)]
        return [GunSeen(stamp_us=stamp_us, received_us=now.race_us, label=frame.label, raw=frame.raw)]

    def _clock(self, frame: ControlFrame, now: Now, *, asked: bool) -> list[DecoderEvent]:
        questions, self._clock_questions = self._clock_questions, 0
        stamp_us = clock_stamp(frame.content)
        if stamp_us is None:
            text = "the reader's clock shows an impossible date or time"
            return [StatusSeen(kind=StatusKind.WARNING, text=text, raw=frame.raw)]
        if not asked or questions != 1:
            # A late answer: it cannot be told to which of the questions, so nothing about the clock follows from it.
            return [_answer(frame)]
        return [ClockSeen(stamp_us=stamp_us, asked_us=self._asked.race_us, received_us=now.race_us)]

    def _refusal(self, frame: ControlFrame, now: Now) -> list[DecoderEvent]:
        reason = REFUSALS[frame.instruction]
        refused, self._open = self._open, None
        text = f"the reader refused: {reason}"
        events: list[DecoderEvent] = []
        if refused is not None:
            text += f" ({refused.name.lower().replace('_', ' ')})"
            if refused.instruction == MEMORY:
                events += self._memory.refused(reason, now.steady_us)
        return [StatusSeen(kind=StatusKind.REFUSED, text=text, raw=frame.raw), *events]

    def _format(self, frame: ControlFrame) -> list[DecoderEvent]:
        layout = record_layout(frame.content)
        if layout is None:
            return [_answer(frame)]
        self._stream.layout = layout if layout.pattern is not None else None
        events: list[DecoderEvent] = [StatusSeen(kind=StatusKind.SETTING, text=layout.text, raw=frame.raw)]
        events += [StatusSeen(kind=StatusKind.WARNING, text=warning, raw=frame.raw) for warning in layout.warnings]
        return events


def _answer(frame: ControlFrame) -> StatusSeen:
    return StatusSeen(kind=StatusKind.ANSWER, text=f"answer {frame.instruction:02x}", raw=frame.raw)


PROTOCOL = IpicoProtocol
