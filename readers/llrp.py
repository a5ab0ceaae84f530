"""The conversation with an LLRP reader (Impinj Speedway, Zebra FX and others): bytes in, events out.

A reader reads only while an inventory runs. On each link the engine asks what runs (`readers.llrp_requests`), sees that
its own does, and asks again every few seconds: a mat whose reader is alive but has stopped reading is started again and
told. It never stops or deletes one. The reader's clock is told once, when it lets us in.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from readers.events import (
    ClockSeen,
    DecoderEvent,
    Malformed,
    MemoryProgress,
    MemoryState,
    StatusKind,
    StatusSeen,
)
from readers.llrp_events import event_words
from readers.llrp_records import capabilities_of, event_of, specs_of, status_of
from readers.llrp_requests import SPEC_ID, Request, keepalive_ack, listening
from readers.llrp_stream import RAW_MAX, LlrpMessage, LlrpStream, ReportEnd
from readers.llrp_words import ATTEMPTS, Message, Par, SpecState
from readers.protocol import Now, Since
from timing.reads import ChipRead

GREETING_WITHIN_US: Final = 2_000_000
"""A reader greets whom it lets in. After that the questions begin all the same."""
PROBE_EVERY_US: Final = 2_500_000
"""Between two questions for the inventories: a dead link is told within ten seconds, at a cost of 200 bytes."""
ANSWER_WITHIN_US: Final = 4_000_000
"""After that the next question is asked."""
START_AGAIN_US: Final = 30_000_000
"""After an inventory was refused, or does not run although it was started."""
MISSED_MAX: Final = 2
"""Answers that do not come before the inventory is started without knowing: a reader may first send what it held."""
STARTED_WITHIN_US: Final = 6_000_000
_TOLD_MAX: Final = 50

_SETTINGS: Final = (Request.CAPABILITIES, Request.KEEPALIVES, Request.EVENTS, Request.HOLD)
_STARTING: Final = {
    Request.ADD: "add our inventory",
    Request.ENABLE: "enable our inventory",
    Request.START: "start our inventory",
}


@dataclass(frozen=True, slots=True)
class _Open:
    """The question that waits for its answer."""

    request: Request
    id: int
    asked: Now


class LlrpProtocol:
    """See `readers.protocol.Protocol`."""

    def __init__(self, *, keep_raw: bool = False) -> None:
        """`keep_raw`: reads carry their tag report in hexadecimal digits, too (captures have it in any case)."""
        self._stream = LlrpStream(keep_raw=keep_raw)
        self._start_over()

    def _start_over(self) -> None:
        self._questions: deque[Request] = deque()
        self._open: _Open | None = None
        self._next_id = 1
        self._greeting_us: int | None = None
        self._probe_us: int | None = None
        self._start_again_us = 0
        self._blind = False
        self._missed = 0
        self._was_active = False
        self._told: set[str] = set()
        self._clock: tuple[int, int] | None = None
        self._memory_us: int | None = None
        self._unanswered_since_us: int | None = None
        self._out = b""

    # The driver's side

    def connected(self, now: Now) -> None:
        self._stream.forget()
        self._start_over()
        self._greeting_us = now.steady_us + GREETING_WITHIN_US
        self._unanswered_since_us = now.steady_us

    def disconnected(self) -> list[DecoderEvent]:
        self._start_over()
        return list(self._stream.forget())

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        events: list[DecoderEvent] = []
        for record in self._stream.feed(data, now.race_us):
            if type(record) is ChipRead:
                events.append(record)
            elif isinstance(record, LlrpMessage):
                events += self._message(record, now)
            elif isinstance(record, ReportEnd):
                if not record.tags:
                    events.append(_told("a report without tags"))
            else:
                events.append(record)
        self._send_next(now)
        return events + self._memory_progress()

    def data_to_send(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def next_deadline(self) -> int | None:
        if self._memory_us is not None:
            return self._memory_us
        if self._greeting_us is not None:
            return self._greeting_us
        if self._probe_us is None:
            return None
        return self._probe_us if self._open is None else self._open.asked.steady_us + ANSWER_WITHIN_US

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        events = self._memory_progress()
        if self._greeting_us is not None and now.steady_us >= self._greeting_us:
            self._begin(now)
        if self._open is not None and now.steady_us >= self._open.asked.steady_us + ANSWER_WITHIN_US:
            late, self._open = self._open.request, None
            if late is Request.SPECS:
                self._missed += 1
                if self._missed >= MISSED_MAX:
                    self._start_blindly(now)
        self._send_next(now)
        return events

    def ask_memory(self, since: Since | None, now: Now) -> None:
        """There is none to ask. What the reader held while nobody listened comes by itself."""
        self._memory_us = now.steady_us

    @property
    def unanswered_since_us(self) -> int | None:
        return self._unanswered_since_us

    def _memory_progress(self) -> list[DecoderEvent]:
        if self._memory_us is None:
            return []
        self._memory_us = None
        return [MemoryProgress(state=MemoryState.NONE)]

    # Questions

    def _begin(self, now: Now) -> None:
        """What is held may come; then what runs, and only then the settings: reads first."""
        self._greeting_us = None
        self._out += listening(self._new_id())
        self._questions.extend((Request.SPECS, *_SETTINGS))
        self._probe_us = now.steady_us + PROBE_EVERY_US
        self._send_next(now)

    def _send_next(self, now: Now) -> None:
        if self._probe_us is None or self._open is not None:
            return
        if now.steady_us >= self._probe_us:
            self._probe_us = now.steady_us + PROBE_EVERY_US
            self._look_again()
        if not self._questions:
            return
        request = self._questions.popleft()
        self._open = _Open(request, self._new_id(), now)
        if self._unanswered_since_us is None:
            self._unanswered_since_us = now.steady_us
        self._out += request.bytes_of(self._open.id)

    def _look_again(self) -> None:
        """Asks what runs next, or right after the steps that are to make ours run."""
        if Request.SPECS not in self._questions:
            self._questions.insert(sum(step in _STARTING for step in self._questions), Request.SPECS)

    def _new_id(self) -> int:
        self._next_id = self._next_id % 0x7FFF_FFFF + 1
        return self._next_id

    def _start_blindly(self, now: Now) -> None:
        """A reader that does not say what runs is told once in a while to run ours; it refuses when ours runs."""
        self._blind = True
        self._start((Request.ADD, Request.ENABLE, Request.START), now)

    def _start(self, steps: tuple[Request, ...], now: Now) -> None:
        if now.steady_us < self._start_again_us:
            return
        self._start_again_us = now.steady_us + START_AGAIN_US
        self._questions.extendleft(reversed(steps))

    # Messages

    def _message(self, message: LlrpMessage, now: Now) -> list[DecoderEvent]:
        self._unanswered_since_us = None
        if message.kind == Message.KEEPALIVE:
            self._out += keepalive_ack(message.id)
            return [_told("keepalive")]
        if message.kind == Message.READER_EVENT_NOTIFICATION:
            return self._event(message, now)
        asked = self._open
        if asked is None or message.id != asked.id:
            return [_told(f"answer {message.kind} to no open question")]
        if message.kind not in (asked.request.answered_by, Message.ERROR_MESSAGE):
            return [_told(f"answer {message.kind} to another question")]
        self._open = None
        status = status_of(message.body)
        events = self._clock_seen(asked, now)
        if status is None:
            return [*events, _malformed("an answer without a status", message)]
        if status.code or message.kind == Message.ERROR_MESSAGE:
            return [*events, *self._refused(asked.request, status.words, now)]
        return [*events, *self._answer(asked.request, message, now)]

    def _answer(self, request: Request, message: LlrpMessage, now: Now) -> list[DecoderEvent]:
        if request is Request.SPECS:
            return self._specs(specs_of(message.body), now)
        if request is Request.CAPABILITIES:
            found = capabilities_of(message.body)
            if found is None:
                return [_malformed("capabilities that do not fit", message)]
            events: list[DecoderEvent] = [StatusSeen(kind=StatusKind.SETTING, text=found.words)]
            if not found.utc_clock:
                text = "this reader keeps no calendar, only the time since it was switched on: its clock is elapsed"
                events += self._warn_once(text)
            return events
        return [_told(f"done: {request.name.lower()}")]

    def _specs(self, states: dict[int, int], now: Now) -> list[DecoderEvent]:
        """What runs. Ours is added, enabled and started as far as it is not."""
        self._blind, self._missed = False, 0
        events: list[DecoderEvent] = []
        for number in sorted(set(states) - {SPEC_ID}):
            state = "runs" if states[number] == SpecState.ACTIVE else "does not run"
            events += self._tell_once(f"another program's inventory {number} is in the reader and {state}")
        ours = states.get(SPEC_ID)
        if ours == SpecState.ACTIVE:
            self._was_active, self._start_again_us = True, 0
            return [*events, _told("our inventory runs")]
        if now.steady_us < self._start_again_us:
            late = now.steady_us >= self._start_again_us - START_AGAIN_US + STARTED_WITHIN_US
            if late and SpecState.ACTIVE not in states.values():
                events += self._warn_once("no inventory runs in the reader: nothing is read here")
            return [*events, _told("our inventory does not run")]
        if self._was_active:
            self._was_active = False
            events.append(StatusSeen(kind=StatusKind.WARNING, text="the reader had stopped reading; told to go on"))
        if ours is None:
            self._start((Request.ADD, Request.ENABLE, Request.START), now)
        elif ours == SpecState.DISABLED:
            self._start((Request.ENABLE, Request.START), now)
        else:
            self._start((Request.START,), now)
        return [*events, _told("our inventory does not run")]

    def _refused(self, request: Request, words: str, now: Now) -> list[DecoderEvent]:
        if request is Request.SPECS:
            self._start_blindly(now)
        if request not in _STARTING:
            text = f"the reader refused: {words} ({request.name.lower()})"
            return [StatusSeen(kind=StatusKind.REFUSED, text=text)]
        text = f"the reader refused to {_STARTING[request]} ({words})"
        events: list[DecoderEvent] = [StatusSeen(kind=StatusKind.REFUSED, text=text)]
        if self._blind:
            return [*events, *self._warn_once("this reader does not tell whether it reads")]
        while self._questions and self._questions[0] in _STARTING:
            self._questions.popleft()
        return [*events, *self._warn_once(f"{text}: is another program's in its way?")]

    # Events

    def _event(self, message: LlrpMessage, now: Now) -> list[DecoderEvent]:
        event = event_of(message.body)
        if event is None:
            return [_malformed("an event that does not fit", message)]
        events: list[DecoderEvent] = []
        for piece in event.happened:
            if piece.kind == Par.CONNECTION_ATTEMPT_EVENT and len(piece.content) == 2:
                outcome = int.from_bytes(piece.content, "big")
                events += self._greeted(outcome, event.stamp_us, now)
                continue
            if piece.kind == Par.RO_SPEC_EVENT and self._probe_us is not None:
                self._look_again()
            kind, text = event_words(piece)
            events.append(StatusSeen(kind=kind, text=text))
        return events or [_told("an event without content")]

    def _greeted(self, outcome: int, stamp_us: int | None, now: Now) -> list[DecoderEvent]:
        if self._greeting_us is None:
            return [_told(f"connection attempt: {ATTEMPTS.get(outcome, outcome)}")]
        if outcome:
            # Nothing more will come of this link: the driver gives it up, and tries again later.
            self._greeting_us, self._unanswered_since_us = None, now.steady_us
            why = ATTEMPTS.get(outcome, f"code {outcome}")
            return [StatusSeen(kind=StatusKind.WARNING, text=f"the reader does not let us in: {why}")]
        if stamp_us is not None:
            self._clock = (stamp_us, now.race_us)
        self._begin(now)
        return [_told("the reader lets us in")]

    def _clock_seen(self, asked: _Open, now: Now) -> list[DecoderEvent]:
        """The reader's time of the greeting, once it is known how long a message and its answer take.

        *Inferred*: the greeting was stamped when it was sent, and was under way no longer than a question and its
        answer together.
        """
        if self._clock is None:
            return []
        (stamp_us, received_us), self._clock = self._clock, None
        way_us = max(0, now.race_us - asked.asked.race_us)
        return [ClockSeen(stamp_us=stamp_us, asked_us=received_us - way_us, received_us=received_us)]

    def _tell_once(self, text: str, kind: StatusKind = StatusKind.SETTING) -> list[DecoderEvent]:
        """The same text is told once on each link."""
        if text in self._told or len(self._told) >= _TOLD_MAX:
            return []
        self._told.add(text)
        return [StatusSeen(kind=kind, text=text)]

    def _warn_once(self, text: str) -> list[DecoderEvent]:
        return self._tell_once(text, StatusKind.WARNING)


def _told(text: str) -> StatusSeen:
    return StatusSeen(kind=StatusKind.ANSWER, text=text)


def _malformed(reason: str, message: LlrpMessage) -> Malformed:
    return Malformed(reason=reason, raw=message.body[:RAW_MAX].decode("latin-1"), size=len(message.body))


PROTOCOL = LlrpProtocol
