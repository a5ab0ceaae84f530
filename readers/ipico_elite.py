"""The conversation with an IPICO Elite: as with a Lite, but its past comes by time, over links of their own.

Records, answers and the gun come on port 10000 as of any IPICO reader. Past reads are asked for with a line of text on
the control port, for each of the two receivers, and come as the same records on a port named in the question, which
the reader closes at the end. Source: one public driver (`ChronoKeep/Timing/Interfaces/IpicoInterface.cs`); no capture,
so all of this is inferred, and so is that an Elite answers questions on port 10000: one that never did is not given
up for its silence. Of the control port's words only `replay_start` is here: `setdate` cannot be sent.
"""

from collections import deque
from typing import Final

from readers.events import DecoderEvent, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.ipico import IpicoProtocol
from readers.ipico_frames import stamp_fields
from readers.ipico_records import ControlFrame
from readers.ipico_stream import IpicoStream
from readers.protocol import Now, ReplayQuestion, Since
from timing.reads import ChipRead

CONTROL_PORT: Final = 9999
REPLAY_PORT: Final = 10300
FIRST_RECEIVER: Final = "ttyS0"
SECOND_RECEIVER: Final = "ttyS1"
CUT: Final = "the reader's past broke off inside a record"


class IpicoEliteProtocol(IpicoProtocol):
    """See `readers.protocol.Protocol` and `Replaying`."""

    def __init__(
        self, *, keep_raw: bool = False, control_port: int = CONTROL_PORT, replay_port: int = REPLAY_PORT
    ) -> None:
        self._control_port = control_port
        self._replay_port = replay_port
        self._past = IpicoStream(keep_raw=keep_raw)
        self._answers = False
        super().__init__(keep_raw=keep_raw)

    def _start_over(self) -> None:
        super()._start_over()
        self._past.forget()
        self._receivers: deque[str] = deque()
        self._wanted = False
        self._since: Since | None = None
        self._again: tuple[Since | None] | None = None
        self._count = self._count_of_receiver = 0

    # The first link

    @property
    def unanswered_since_us(self) -> int | None:
        return self._unanswered_since_us if self._answers else None

    def _control(self, frame: ControlFrame, now: Now) -> list[DecoderEvent]:
        self._answers = self._answers or not frame.query
        return super()._control(frame, now)

    # The past

    def ask_memory(self, since: Since | None, now: Now) -> None:
        """What was read since then, by the reader's clock; told for both receivers together."""
        if self._receivers:
            self._again = (since,)
            return
        self._since = since
        self._receivers.extend((FIRST_RECEIVER, SECOND_RECEIVER))
        self._wanted = True
        self._count = self._count_of_receiver = 0

    def replay_wanted(self) -> ReplayQuestion | None:
        if not self._wanted:
            return None
        self._wanted = False
        question = replay_question(self._receivers[0], self._replay_port, self._since)
        return ReplayQuestion(self._control_port, question, self._replay_port, b"\n")

    def replay_received(self, data: bytes, now: Now) -> list[DecoderEvent]:
        records = self._past.feed(data, now.race_us)
        events: list[DecoderEvent] = [record for record in records if not isinstance(record, ControlFrame)]
        self._count_of_receiver += sum(type(event) is ChipRead for event in events)
        return [*events, MemoryProgress(state=MemoryState.RUNNING, done=self._count + self._count_of_receiver)]

    def replay_ended(self, failure: str, now: Now) -> list[DecoderEvent]:
        if not self._receivers:
            return []
        rest = [event for event in self._past.forget() if not isinstance(event, ControlFrame)]
        receiver = self._receivers.popleft()
        nothing_came = not self._count_of_receiver and not rest
        self._count += self._count_of_receiver
        self._count_of_receiver = 0
        if rest:
            failure = failure or CUT
        if failure and receiver == SECOND_RECEIVER and nothing_came:
            # Most have one receiver; what then happens on the ports, nobody has written down.
            told = StatusSeen(kind=StatusKind.SETTING, text=f"no past of a second receiver ({failure})")
            return [told, *self._done(now)]
        if failure:
            self._receivers.clear()
            return [*rest, MemoryProgress(state=MemoryState.FAILED, done=self._count, text=failure)]
        if self._receivers:
            self._wanted = True
            return list(rest)
        return self._done(now)

    def _done(self, now: Now) -> list[DecoderEvent]:
        count = self._count
        if self._again is not None:
            (since,), self._again = self._again, None
            self.ask_memory(since, now)
        return [MemoryProgress(state=MemoryState.DONE, done=count, total=count)]


def replay_question(receiver: str, port: int, since: Since | None) -> bytes:
    """The line that asks for a receiver's past on a port; `since`: from that second on, else all there is."""
    line = f"replay_start file.{receiver} port.{port}"
    if since is not None:
        moment, _ = stamp_fields(since.stamp_us)
        line += f" datetime.{moment:%y%m%d%H%M%S}"
    return line.encode() + b"\n"


PROTOCOL = IpicoEliteProtocol
