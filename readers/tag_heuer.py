"""TAG Heuer CP 540, 545, HL 975 and CP 520, 505: bytes in, hand times out. Nothing is ever sent.

A pure function of the bytes since the link was opened, whatever the cuts. Layout and sources:
`readers.tag_heuer_frames`. Which channel is the start is set up by people, so that every impulse is a hand time unless
the channel is named as the gun's. Sequence numbers only tell of lost impulses: they begin again with every run.
"""

import re
from collections.abc import Set
from typing import Final

from readers.day_time import time_of_day_us
from readers.events import DecoderEvent, Malformed, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.hand_reads import HandReads
from readers.malformed import malformed
from readers.protocol import Now, Since
from readers.tag_heuer_frames import checksum
from readers.text_lines import TextLines, is_words, text

NO_FRAME: Final = "no frame of a TAG Heuer timer"
BAD_CHECK: Final = "wrong checksum"
NO_CHECK: Final = "checksum missing"
BAD_TIME: Final = "impossible time"
UNCHECKED: Final = "times come without a checksum: one damaged on the way looks like a good one"
NO_MEMORY: Final = "the timer cannot be asked for its memory: start the download at the timer"

_TIME_540: Final = re.compile(
    rb"(TN|T[*+]|AN|T[-=A-Z]) ([ 0-9]{4}) ([ 0-9]{4}) ([ M])([ 0-9]) "
    rb"([0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9 ]{5})(?: ([ -~]{1,5}))?"
)
"""Kind, bib, sequence, by hand, channel, time, day."""
_OTHER_540: Final = re.compile(rb"(RR|IR|ID|DS|DE|OP|OM|CL|!N|![A-Z])(?: [ -~]*)?")
_TIME_520: Final = re.compile(rb"T([-+ ]) {5}([ 0-9]{4}) ([ M])([ 0-9]) ([0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6})")
_NET_520: Final = re.compile(rb"[RL][ 0-9]{4,6} +[ 0-9]{4} +[0-9:. ]{5,20}")
_TAIL_540: Final = re.compile(rb"(?:T[N*+A-Z=-]|AN) [^\t]{27,33}\t[0-9A-F]{4}$")
"""A time with a checksum at the end of a line that has something before it."""

_NEW: Final = frozenset({b"TN", b"T*", b"T+"})
_STORED: Final = b"AN"
_SAID: Final = {
    b"RR": "a net time, not a time of day",
    b"IR": "an intermediate net time",
    b"DS": "download begins",
    b"DE": "download ended",
    b"OP": "run opened",
    b"OM": "run opened",
    b"CL": "run closed",
}


class TagHeuerProtocol:
    """See `readers.protocol.Protocol`."""

    def __init__(self, *, gun_channels: Set[str] = frozenset()) -> None:
        """`gun_channels`: channels whose impulses are guns, as `1`; by hand or not makes no difference."""
        self._hands = HandReads(gun_channels)
        self._lines = TextLines()
        self._no_memory = False
        # Kept from one link to the next: what came in between is missing, and its number tells.
        self._last = 0
        self._forget()

    def _forget(self) -> list[Malformed]:
        self._checked = self._warned = False
        return self._lines.forget()

    # The driver's side

    def connected(self, now: Now) -> None:
        self._forget()

    def disconnected(self) -> list[DecoderEvent]:
        self._no_memory = False
        return list(self._forget())

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        events: list[DecoderEvent] = []
        for line in self._lines.feed(data):
            if isinstance(line, Malformed):
                events.append(line)
            elif line.strip():
                self._line(line, now.race_us, events)
        return events

    def data_to_send(self) -> bytes:
        return b""

    def next_deadline(self) -> int | None:
        return 0 if self._no_memory else None

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        if not self._no_memory:
            return []
        self._no_memory = False
        return [MemoryProgress(state=MemoryState.NONE, text=NO_MEMORY)]

    def ask_memory(self, since: Since | None, now: Now) -> None:
        """No public text says how a host starts a download: the person at the timer does."""
        self._no_memory = True

    @property
    def unanswered_since_us(self) -> int | None:
        return None

    # What lines say

    def _line(self, line: bytes, received_us: int, events: list[DecoderEvent]) -> None:
        data, tab, check = line.partition(b"\t")
        if found := _TIME_520.fullmatch(line):
            self._time_520(found, received_us, events)
            return
        if _NET_520.fullmatch(line):
            events.append(StatusSeen(kind=StatusKind.ANSWER, text="a net time, not a time of day", raw=text(line)))
            return
        time, other = _TIME_540.fullmatch(data), _OTHER_540.fullmatch(data)
        if time is None and other is None:
            self._strange(line, received_us, events)
            return
        if (tab and check.strip() != checksum(data)) or (not tab and self._checked):
            self._strange(line, received_us, events, BAD_CHECK if tab else NO_CHECK)
            return
        self._checked = self._checked or bool(tab)
        if time is not None:
            self._time_540(time, text(line), received_us, events)
            if not tab:
                self._warn_unchecked(events)
        elif other is not None:
            events.append(_said(other[1], data, text(line)))

    def _warn_unchecked(self, events: list[DecoderEvent]) -> None:
        if not self._warned:
            self._warned = True
            events.append(StatusSeen(kind=StatusKind.WARNING, text=UNCHECKED))

    def _time_540(self, found: re.Match[bytes], raw: str, received_us: int, events: list[DecoderEvent]) -> None:
        kind = found[1]
        if kind not in _NEW and kind != _STORED:
            events.append(StatusSeen(kind=StatusKind.ANSWER, text=f"a time was edited: {text(kind)}", raw=raw))
            return
        if not found[6].strip(b"0:. "):
            events.append(StatusSeen(kind=StatusKind.ANSWER, text="a status, not a time", raw=raw))
            return
        if kind != _STORED:
            self._note_sequence(found[3], events)
        self._hand(found[6], found[5], found[4], raw, received_us, events)

    def _time_520(self, found: re.Match[bytes], received_us: int, events: list[DecoderEvent]) -> None:
        raw = text(found[0])
        if found[1] != b" ":
            events.append(StatusSeen(kind=StatusKind.ANSWER, text=f"a time was edited: T{text(found[1])}", raw=raw))
            return
        self._hand(found[5], found[4], found[3], raw, received_us, events)

    def _hand(
        self,
        time: bytes,
        channel: bytes,
        mark: bytes,
        raw: str,
        received_us: int,
        events: list[DecoderEvent],
    ) -> None:
        stamp_us = time_of_day_us(time.rstrip())
        if stamp_us is None:
            events.append(Malformed(reason=BAD_TIME, raw=raw, size=len(raw)))
            return
        made = self._hands.read(
            stamp_us=stamp_us,
            received_us=received_us,
            channel=text(channel.strip()),
            mark=text(mark.strip()),
            raw=raw,
        )
        events.append(StatusSeen(kind=StatusKind.ANSWER, text="a gun told before", raw=raw) if made is None else made)

    def _note_sequence(self, field: bytes, events: list[DecoderEvent]) -> None:
        """Numbers go up by one; a lower one is a new run, and a jump is impulses that never came."""
        number = int(field.strip() or b"0") if field.strip().isdigit() else 0
        last, self._last = self._last, number
        if last and number > last + 1:
            lost = f"time {last + 1}" if number == last + 2 else f"times {last + 1} to {number - 1}"
            text_ = f"{lost} of the timer did not come: print them at the timer"
            events.append(StatusSeen(kind=StatusKind.WARNING, text=text_))

    def _strange(self, line: bytes, received_us: int, events: list[DecoderEvent], reason: str = NO_FRAME) -> None:
        """A line that is no frame, or a damaged one: a verified time may stand at its end."""
        if reason == NO_FRAME and is_words(line):
            events.append(StatusSeen(kind=StatusKind.BANNER, text=text(line), raw=text(line)))
            return
        at = 0
        while found := _TAIL_540.search(line, at):
            data, _, check = found[0].partition(b"\t")
            if _TIME_540.fullmatch(data) and check == checksum(data) and found.start():
                events.append(malformed(reason, line[: found.start()]))
                self._line(found[0], received_us, events)
                return
            at = found.start() + 1
        events.append(malformed(reason, line))


def _said(kind: bytes, data: bytes, raw: str) -> StatusSeen:
    if kind == b"ID":
        return StatusSeen(kind=StatusKind.SETTING, text=f"device {text(data[3:])}".strip(), raw=raw)
    if kind.startswith(b"!"):
        return StatusSeen(kind=StatusKind.WARNING, text=f"the timer was reset ({text(kind)})", raw=raw)
    return StatusSeen(kind=StatusKind.ANSWER, text=_SAID[kind], raw=raw)


PROTOCOL = TagHeuerProtocol
