"""The conversation with a RACE RESULT decoder (4000 and 5000 series): bytes in, events out.

Observes only (`readers.race_result_requests`). Passings are pushed to us, and counted every few seconds: what was
counted and did not come is fetched by its number, and so a decoder that does not push is simply polled. One question
is under way at a time. Status and clock are asked in turn: a decoder has no heartbeat of its own.
"""

import re
from collections import deque
from typing import Final

from readers.events import (
    ClockSeen,
    DecoderEvent,
    GunSeen,
    Malformed,
    MemoryProgress,
    StatusKind,
    StatusSeen,
)
from readers.protocol import Now, Since
from readers.race_result_memory import NO_ANSWER, PassingFetch
from readers.race_result_records import Passing, file_of, passing, stamp_of, status
from readers.race_result_requests import (
    BOX,
    CLOCK,
    COUNT,
    NO_PREWARNS,
    PUSH,
    PUSHED,
    STATUS,
    VERSIONS,
    Request,
    speak,
    version_to_speak,
)
from readers.race_result_stream import Line, LineStream

ASK_EVERY_US: Final = 2_500_000
"""Between two counts, each with a look at the status or the clock: a dead link is told within ten seconds."""
POLL_EVERY_US: Final = 1_000_000
"""Between two counts of a decoder that does not push."""
ANSWER_WITHIN_US: Final = 2_000_000
LINE_WITHIN_US: Final = 5_000_000
"""Of passings that were asked for, between two lines."""
REPEATS_MAX: Final = 3
"""Questions of the beginning asked again on one link, when an answer was lost."""

_ANSWER: Final = re.compile(r"(#?[A-Z][A-Z_]{2,30})((?:[;,].*)?)", re.ASCII)
_REFUSALS: Final = ("OPERATIONMODE", "ERROR", "NOSATELITES")
_PASSING: Final = re.compile(r"[0-9]+;")


class RaceResultProtocol:
    """See `readers.protocol.Protocol`."""

    def __init__(self, *, keep_raw: bool = False) -> None:
        """`keep_raw`: reads carry their line as text, too (captures have it in any case)."""
        self._stream = LineStream()
        self._fetch = PassingFetch()
        self._keep_raw = keep_raw
        self._start_over()

    def _start_over(self) -> None:
        self._fetch.reset()
        self._questions: deque[Request] = deque()
        self._open: Request | None = None
        self._asked = Now(0, 0)
        self._heard_us = 0
        self._beat_us: int | None = None
        self._unanswered_since_us: int | None = None
        self._clock_questions = 0
        self._clock_next = False
        self._repeats_left = REPEATS_MAX
        self._pushing = False
        self._warned: dict[str, tuple[str, ...]] = {}
        self._out = b""

    # The driver's side

    def connected(self, now: Now) -> None:
        self._stream.forget()
        self._start_over()
        # What every version knows stands between what older ones may not answer: silence would look like a dead link.
        self._questions.extend((VERSIONS, STATUS, NO_PREWARNS, PUSH, BOX, COUNT, CLOCK))
        self._beat_us = now.steady_us + ASK_EVERY_US
        self._send_next(now)

    def disconnected(self) -> list[DecoderEvent]:
        self._start_over()
        return [_malformed(line) for line in self._stream.forget()]

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        events: list[DecoderEvent] = []
        for line in self._stream.feed(data):
            events += self._line(line, now)
            self._send_next(now)
        return events

    def data_to_send(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def next_deadline(self) -> int | None:
        if self._beat_us is None:
            return None
        return self._beat_us if self._open is None else self._late_us()

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        events: list[DecoderEvent] = []
        if self._open is not None and now.steady_us >= self._late_us():
            late = self._open
            self._open = None
            events += self._no_answer(late)
        self._send_next(now)
        return events

    def ask_memory(self, since: Since | None, now: Now) -> None:
        """All since the durable passing's number, in its file and those after it.

        None, or a read without a file: all of the current file, and of those before it that are of the same day.
        """
        box, file = ("", None) if since is None or since.file is None else file_of(since.file)
        self._fetch.ask(box, file, None if since is None else since.seq)
        if COUNT not in self._questions:
            self._questions.append(COUNT)
        self._send_next(now)

    @property
    def unanswered_since_us(self) -> int | None:
        return self._unanswered_since_us

    # Questions

    def _late_us(self) -> int:
        """When the open question counts as unanswered: for passings, counted from the last line of theirs."""
        if self._open is not None and self._open.word in ("", "GETFILE"):
            return max(self._asked.steady_us, self._heard_us) + LINE_WITHIN_US
        return self._asked.steady_us + ANSWER_WITHIN_US

    def _send_next(self, now: Now) -> None:
        if self._beat_us is None or self._open is not None:
            return
        if now.steady_us >= self._beat_us:
            self._beat_us = now.steady_us + (ASK_EVERY_US if self._pushing else POLL_EVERY_US)
            self._clock_next = not self._clock_next
            for due in (COUNT, CLOCK if self._clock_next else STATUS):
                if due not in self._questions:
                    self._questions.append(due)
        request = self._questions.popleft() if self._questions else self._fetch.next_request()
        if request is None:
            return
        self._open, self._asked = request, now
        if self._unanswered_since_us is None:
            self._unanswered_since_us = now.steady_us
        if request == CLOCK:
            self._clock_questions += 1
        self._out += request.line

    def _no_answer(self, late: Request) -> list[DecoderEvent]:
        if late.word in ("", "GETFILE"):
            return list(self._fetch.page_broke_off())
        if late == COUNT:
            return list(self._fetch.no_count(NO_ANSWER))
        if late not in (CLOCK, STATUS) and self._repeats_left:
            self._repeats_left -= 1
            self._questions.append(late)
        return []

    # Lines

    def _line(self, line: Line, now: Now) -> list[DecoderEvent]:
        text = line.text
        if line.fault:
            return [_malformed(line)]
        if not text:
            return self._end_of_passings()
        if text.startswith(PUSHED):
            return self._passing(line, text[len(PUSHED) :], now, pushed=True)
        if _PASSING.match(text):
            return self._passing(line, text, now, pushed=False)
        if text.startswith("ONLY "):
            self._answered(now)
            return [StatusSeen(kind=StatusKind.ANSWER, text="fewer passings than asked for", raw=text)]
        found = _ANSWER.fullmatch(text)
        if found is None:
            return [_malformed(line, "no line of a decoder")]
        if found[1].startswith("#"):
            return [StatusSeen(kind=StatusKind.ANSWER, text=f"pushed {found[1][:20]}", raw=text)]
        self._answered(now)
        return self._answer(found[1], text, found[2][1:].split(";") if found[2] else [], now)

    def _answered(self, now: Now) -> None:
        self._unanswered_since_us = None
        self._heard_us = now.steady_us

    def _passing(self, line: Line, text: str, now: Now, *, pushed: bool) -> list[DecoderEvent]:
        found = passing(text)
        if not pushed:
            self._answered(now)
        if isinstance(found, str):
            return [_malformed(line, found)]
        if pushed:
            self._pushing = True
            self._fetch.pushed(found.number, found.file)
        else:
            self._fetch.pulled(found.number, found.stamp.us)
        if found.marker:
            return [_gun(found, line.text, now)]
        return [found.as_read(now.race_us, line.text if self._keep_raw else None)]

    def _end_of_passings(self) -> list[DecoderEvent]:
        if self._open is None or self._open.word not in ("", "GETFILE"):
            return []
        self._open = None
        self._unanswered_since_us = None
        return list(self._fetch.page_ended())

    # Answers

    def _answer(self, word: str, text: str, fields: list[str], now: Now) -> list[DecoderEvent]:
        asked = self._open
        if asked is not None and asked.word in ("", "GETFILE"):
            if word == asked.word and fields[:1] and fields[0].strip().isdigit():
                return [StatusSeen(kind=StatusKind.ANSWER, text=f"file {fields[0][:9]}", raw=text)]
            if word in ("ERROR", "GETFILE"):
                self._open = None
                refused = StatusSeen(kind=StatusKind.REFUSED, text=f"the decoder refused: {text[:80]}", raw=text)
                return [refused, *self._fetch.refused(text[:80])]
        if asked is not None and (word == asked.word or word == "ERROR"):
            self._open = None
        else:
            asked = None
        if word == "ERROR":
            return self._refusal(asked, text)
        if word == "PASSINGS":
            return self._count(asked, text, fields)
        if word == "GETTIME":
            return self._clock(text, fields, now, asked=asked is not None)
        if word == "GETSTATUS":
            return self._status(text, fields)
        if asked is None:
            says_no = bool(fields) and fields[0].strip() in _REFUSALS
            return self._refusal(None, text) if says_no else [_answer_of(word, text)]
        if word == "GETPROTOCOL" and len(fields) >= 3:
            return self._versions(text, fields)
        if word == "SETPUSHPASSINGS":
            self._pushing = fields[:1] == ["1"] or fields[:1] == ["OK"]
        if word == "GETCONFIG" and len(fields) >= 3:
            self._fetch.box = fields[3].strip().upper() if len(fields) > 3 else ""
            return [StatusSeen(kind=StatusKind.SETTING, text=f"box {' '.join(fields[2:4])[:80]}", raw=text)]
        return [_answer_of(word, text)]

    def _refusal(self, asked: Request | None, text: str) -> list[DecoderEvent]:
        what = "" if asked is None else f" ({asked.text})"
        refused = StatusSeen(kind=StatusKind.REFUSED, text=f"the decoder refused: {text[:80]}{what}", raw=text)
        return [refused, *(self._fetch.no_count(text[:80]) if asked == COUNT else [])]

    def _versions(self, text: str, fields: list[str]) -> list[DecoderEvent]:
        version = version_to_speak(fields[1].strip(), fields[2].strip())
        if version is None:
            warning = f"the decoder speaks versions {fields[1][:9]} to {fields[2][:9]}, none of which is known here"
            return [StatusSeen(kind=StatusKind.WARNING, text=warning, raw=text)]
        if version != fields[0].strip():
            self._questions.appendleft(speak(version))
        return [StatusSeen(kind=StatusKind.SETTING, text=f"protocol {version} of {fields[2].strip()[:9]}", raw=text)]

    def _count(self, asked: Request | None, text: str, fields: list[str]) -> list[DecoderEvent]:
        numbers = [int(field) if re.fullmatch("[0-9]{1,9}", field.strip()) else None for field in fields[:2]]
        if not numbers or numbers[0] is None:
            return self._refusal(asked, text)
        count, file = numbers[0], numbers[1] if len(numbers) > 1 else None
        progress: list[MemoryProgress] = self._fetch.counted(count, file, pushing=self._pushing)
        return [_answer_of("PASSINGS", text), *progress]

    def _clock(self, text: str, fields: list[str], now: Now, *, asked: bool) -> list[DecoderEvent]:
        questions, self._clock_questions = self._clock_questions, 0
        stamp = stamp_of(fields[0], fields[1]) if len(fields) >= 2 else None
        if stamp is None:
            return self._warnings("clock", ("the decoder's clock shows an impossible date or time",), text)
        self._warned.pop("clock", None)
        if not asked or questions != 1:
            # A late answer: it cannot be told to which of the questions, so nothing about the clock follows from it.
            return [_answer_of("GETTIME", text)]
        return [
            ClockSeen(
                stamp_us=stamp.us,
                asked_us=self._asked.race_us,
                received_us=now.race_us,
                resolution_us=stamp.resolution_us,
            )
        ]

    def _status(self, text: str, fields: list[str]) -> list[DecoderEvent]:
        seen = status(fields)
        if seen.file is not None:
            self._fetch.file_seen(seen.file)
        if seen.stamp is not None:
            self._fetch.clock_us = seen.stamp.us if seen.stamp.dated else None
        charge = seen.battery_percent
        told = StatusSeen(
            kind=StatusKind.SETTING,
            text=seen.text or "a status that says nothing",
            raw=text,
            battery_percent=None if charge is None or charge < 0 else charge,
            temperature_c=seen.board_c,
            mains=seen.power,
        )
        return [
            told,
            *self._warnings("status", seen.warnings, text),
        ]

    def _warnings(self, about: str, texts: tuple[str, ...], raw: str) -> list[DecoderEvent]:
        """The warnings that are new."""
        new = [text for text in texts if text not in self._warned.get(about, ())]
        self._warned[about] = texts
        return [StatusSeen(kind=StatusKind.WARNING, text=text, raw=raw) for text in new]


def _gun(found: Passing, raw: str, now: Now) -> GunSeen:
    return GunSeen(stamp_us=found.stamp.us, received_us=now.race_us, label=found.loop, raw=raw)


def _answer_of(word: str, text: str) -> StatusSeen:
    return StatusSeen(kind=StatusKind.ANSWER, text=f"answer {word[:30]}", raw=text)


def _malformed(line: Line, reason: str = "") -> Malformed:
    return Malformed(reason=reason or line.fault, raw=line.text[:200], size=line.size)


PROTOCOL = RaceResultProtocol
