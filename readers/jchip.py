"""The conversation with a JChip bridge (CrossMgr's): it calls us, bytes in, events out.

The bridge says hello, is asked for its clock once, and then told to send from its first record, which is also the
rewind: everything comes again on each link, and repeats count once. Nothing else is ever said. A bridge has no
heartbeat, and need not listen any more once it sends, so that after its hello no answer is waited for.

The index of a record is not taken for its number: a bridge that is started anew counts from 0 again, and one runner's
finish must not be a repeat of his start. Stamps have microseconds, and tell records apart exactly.
"""

import re
from datetime import UTC, datetime, timedelta
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
from readers.jchip_frames import GET_TIME, SEND_ALL
from readers.line_cutter import LineCutter
from readers.malformed import malformed
from readers.protocol import Now, Since
from timing.instants import DAY, HOUR, MINUTE, SECOND
from timing.reads import ChipRead, Tag

LINE_MAX: Final = 256
"""Longest line looked at; a read has about 60 characters."""
ANSWER_WITHIN_US: Final = 2_000_000
"""After that records are asked for without knowing the clock."""
FIRST_WITHIN_US: Final = 10_000_000
QUIET_US: Final = 3_000_000

NO_LINE: Final = "not a line of a JChip bridge"
BAD_TIME: Final = "an impossible date or time"
NOT_AGAIN: Final = "the bridge does not send its records again on the same link: close the link at the bridge"
NO_DATE: Final = 'the bridge sends times without a date: set clock = "time_of_day" for this source'

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HELLO: Final = re.compile(rb"N([0-9]{4})([ -~]{0,80})")
_CLOCK: Final = re.compile(rb"GT([0-9])([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?: +date=([0-9]{8}))? *")
_READ: Final = re.compile(
    rb"D[ -~]([0-9A-Za-z]{1,40}) +([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?"
    rb" +[0-9A-Za-z]([0-9]) +([0-9A-Fa-f]{4,8})(?: +[0-9A-Za-z]{1,8})?(?: +date=([0-9]{8}))? *"
)


class JChipProtocol:
    """See `readers.protocol.Protocol`."""

    def __init__(self) -> None:
        self._lines = LineCutter(LINE_MAX)
        self._start_over()

    def _start_over(self) -> None:
        self._silent_since_us: int | None = None
        self._asked: Now | None = None
        self._out = b""
        self._asked_to_send = False
        self._fetch_end_us: int | None = None
        self._fetched = 0
        self._first_link_fetch = True
        self._from_zero = False
        self._clock_us: int | None = None
        self._dateless_told = False

    # The driver's side

    def connected(self, now: Now) -> None:
        self._lines.forget()
        self._start_over()
        self._silent_since_us = now.steady_us

    def disconnected(self) -> list[DecoderEvent]:
        self._start_over()
        return list(self._lines.forget())

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        events: list[DecoderEvent] = []
        for line in self._lines.feed(data):
            if isinstance(line, Malformed):
                events.append(line)
            elif text := line.replace(b"\0", b"").strip():
                events += self._line(text, now)
        return events

    def data_to_send(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def next_deadline(self) -> int | None:
        if self._asked is not None:
            return self._asked.steady_us + ANSWER_WITHIN_US
        return self._fetch_end_us

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        if self._asked is not None and now.steady_us >= self._asked.steady_us + ANSWER_WITHIN_US:
            self._asked = None
            self._send_all(now)
        if self._fetch_end_us is None or now.steady_us < self._fetch_end_us:
            return []
        return [self._fetch_ended()]

    def _fetch_ended(self) -> MemoryProgress:
        self._fetch_end_us = None
        # An empty bridge sends nothing after its hello; asked in the middle of a link it must begin from 0 again.
        if self._from_zero or (self._first_link_fetch and not self._fetched):
            progress = MemoryProgress(state=MemoryState.DONE, done=self._fetched, total=self._fetched)
        else:
            progress = MemoryProgress(state=MemoryState.FAILED, done=self._fetched, text=NOT_AGAIN)
        self._first_link_fetch = False
        return progress

    def ask_memory(self, since: Since | None, now: Now) -> None:
        """All the bridge has, whatever `since`: it is not known to take another beginning than 0."""
        if self._asked_to_send and self._fetch_end_us is None:
            self._send_all(now)

    @property
    def unanswered_since_us(self) -> int | None:
        """A bridge says hello by itself; who calls and says nothing at all is none."""
        return self._silent_since_us

    # What is sent

    def _ask_time(self, now: Now) -> None:
        if self._asked is None and not self._asked_to_send:
            self._out += GET_TIME
            self._asked = now

    def _send_all(self, now: Now) -> None:
        self._out += SEND_ALL
        self._asked_to_send = True
        self._fetched = 0
        self._from_zero = False
        self._fetch_end_us = now.steady_us + FIRST_WITHIN_US

    # What comes

    def _line(self, text: bytes, now: Now) -> list[DecoderEvent]:
        if found := _READ.fullmatch(text):
            return self._read(found, text, now)
        if found := _HELLO.fullmatch(text):
            self._silent_since_us = None
            self._ask_time(now)
            said = f"bridge {found[2].decode().strip()!r}"
            return [StatusSeen(kind=StatusKind.ANSWER, text=said, raw=text.decode())]
        if found := _CLOCK.fullmatch(text):
            return self._clock(found, text, now)
        return [malformed(NO_LINE, text)]

    def _clock(self, found: re.Match[bytes], text: bytes, now: Now) -> list[DecoderEvent]:
        self._silent_since_us = None
        asked, self._asked = self._asked, None
        if asked is not None:
            self._send_all(now)
        hour, minute, second, hundredths = (int(found[group]) for group in (2, 3, 4, 5))
        stamp_us = _stamp(hour, minute, second, hundredths * 10_000, found[6])
        if stamp_us is None:
            return [malformed(BAD_TIME, text)]
        if asked is None:
            return [StatusSeen(kind=StatusKind.ANSWER, text="the clock", raw=text.decode())]
        self._clock_us = stamp_us
        return [ClockSeen(stamp_us=stamp_us, asked_us=asked.race_us, received_us=now.race_us)]

    def _read(self, found: re.Match[bytes], text: bytes, now: Now) -> list[DecoderEvent]:
        self._silent_since_us = None
        tag, hour, minute, second, fraction, days, index, date = found.groups()
        us = int((fraction or b"").ljust(6, b"0"))
        stamp_us = _stamp(int(hour), int(minute), int(second), us, date)
        if stamp_us is None:
            return [malformed(BAD_TIME, text)]
        if self._fetch_end_us is not None:
            self._fetched += 1
            self._from_zero = self._from_zero or int(index, 16) == 0
            self._fetch_end_us = now.steady_us + QUIET_US
        events: list[DecoderEvent] = []
        if date is None:
            stamp_us += int(days) * DAY
            if not self._dateless_told:
                self._dateless_told = True
                events.append(StatusSeen(kind=StatusKind.WARNING, text=NO_DATE, raw=text.decode()))
        tag_text = Tag(tag.decode().upper())
        events.append(ChipRead(tag=tag_text, stamp_us=stamp_us, received_us=now.race_us, raw=text.decode()))
        # Records come by index: one made after we asked the time means that all before it have come.
        newer = self._clock_us is not None and stamp_us > self._clock_us
        if self._fetch_end_us is not None and self._from_zero and newer:
            events.append(self._fetch_ended())
        return events


def _stamp(hour: int, minute: int, second: int, us: int, date: bytes | None) -> int | None:
    """Microseconds since 1970, or since midnight without a date; None for what no clock shows."""
    if hour > 23 or minute > 59 or second > 59:
        return None
    since_midnight_us = hour * HOUR + minute * MINUTE + second * SECOND + us
    if date is None:
        return since_midnight_us
    try:
        day = datetime(int(date[:4]), int(date[4:6]), int(date[6:]), tzinfo=UTC)
    except ValueError:
        return None
    return (day - _EPOCH) // timedelta(microseconds=1) + since_midnight_us


PROTOCOL = JChipProtocol
