"""The conversation with an ALGE Timy, Timy 2 or Timy 3: bytes in, hand times and guns out.

Observes only: it asks for version, program and memory, and has no other words (`readers.timy_frames.QUESTIONS`). Its
clock keeps the time of day, without a date. Channel 0 is the start: its impulses are guns; all others are hand times.
See docs/readers_timy.md for what is sure and what is inferred.
"""

from collections.abc import Set
from typing import Final

from readers.events import DecoderEvent, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.hand_reads import HandReads
from readers.protocol import Now, Since
from readers.questions import ANSWER_WITHIN_US, Questions
from readers.timy_frames import DUMP_REQUEST, PROGRAM_QUESTION, VERSION_QUESTION
from readers.timy_stream import Answer, TimyStream

DUMP_MAX_US: Final = 120_000_000
"""A memory that goes on for so long is mixed with live times: its end is asked for all the same."""

NO_ANSWER: Final = "the timer answers no question: its memory cannot be fetched (does the cable go both ways?)"


class TimyProtocol:
    """See `readers.protocol.Protocol`.

    The end of a memory is not told by the timer. It is taken to be where nothing came for two seconds and a question
    asked after that is answered (inferred).
    """

    def __init__(self, *, gun_channels: Set[str] = frozenset({"C0"})) -> None:
        self._stream = TimyStream(HandReads(gun_channels))
        self._questions = Questions(VERSION_QUESTION)
        self._start_over()

    def _start_over(self) -> None:
        self._dumping = False
        self._marking = False
        self._again = False
        self._dump_us = 0
        self._frames_before = 0
        self._frame_us = 0

    # The driver's side

    def connected(self, now: Now) -> None:
        self._stream.forget()
        self._start_over()
        self._questions.begin(now, PROGRAM_QUESTION)

    def disconnected(self) -> list[DecoderEvent]:
        self._start_over()
        self._questions.forget()
        return list(self._stream.forget())

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        before = self._stream.frames
        events: list[DecoderEvent] = []
        for said in self._stream.feed(data, now.race_us):
            if isinstance(said, Answer):
                events += self._answered(said, now)
            else:
                events.append(said)
        if self._stream.frames > before:
            self._frame_us = now.steady_us
        return events

    def data_to_send(self) -> bytes:
        return self._questions.take_out()

    def next_deadline(self) -> int | None:
        return self._questions.deadline_us

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        events: list[DecoderEvent] = []
        late = self._questions.take_late(now)
        if late == DUMP_REQUEST:
            events += self._dump_pause(now)
        elif late == VERSION_QUESTION and self._marking:
            events += self._no_mark(now)
        self._questions.go_on(now)
        return events

    def ask_memory(self, since: Since | None, now: Now) -> None:
        """The timer cannot be asked from a moment on: all it holds comes, whatever `since`."""
        if self._dumping:
            self._again = True
            return
        self._dumping, self._marking = True, False
        self._dump_us = self._frame_us = now.steady_us
        self._frames_before = self._stream.frames
        self._questions.ask(DUMP_REQUEST, now)

    @property
    def unanswered_since_us(self) -> int | None:
        return self._questions.unanswered_since_us

    # What follows

    def _answered(self, answer: Answer, now: Now) -> list[DecoderEvent]:
        asked = self._questions.open
        version, program = answer.text.startswith("NSF"), answer.text.startswith("PROG")
        events: list[DecoderEvent] = [
            StatusSeen(kind=StatusKind.SETTING if program else StatusKind.ANSWER, text=answer.text, raw=answer.text)
        ]
        self._questions.life()
        if (version and asked == VERSION_QUESTION) or (program and asked == PROGRAM_QUESTION):
            marks = version and self._marking
            self._questions.answered(now)
            if marks:
                events += self._dump_over(MemoryState.DONE, "", now)
        return events

    @property
    def _dumped(self) -> int:
        return self._stream.frames - self._frames_before

    def _dump_pause(self, now: Now) -> list[DecoderEvent]:
        """Two seconds since the request, or since this was last looked at."""
        quiet = now.steady_us - self._frame_us >= ANSWER_WITHIN_US
        if not quiet and now.steady_us - self._dump_us < DUMP_MAX_US:
            self._questions.keep_open(DUMP_REQUEST, now)
            return [MemoryProgress(state=MemoryState.RUNNING, done=self._dumped)]
        self._marking = True
        self._questions.ask(VERSION_QUESTION, now)
        return []

    def _no_mark(self, now: Now) -> list[DecoderEvent]:
        if self._questions.ever_answered or not self._dumped:
            return self._dump_over(MemoryState.FAILED, NO_ANSWER, now)
        return self._dump_over(MemoryState.DONE, "", now)

    def _dump_over(self, state: MemoryState, why: str, now: Now) -> list[DecoderEvent]:
        done = self._dumped
        self._dumping = self._marking = False
        if self._again:
            self._again = False
            self.ask_memory(None, now)
        return [MemoryProgress(state=state, done=done, total=done, text=why)]


PROTOCOL = TimyProtocol
