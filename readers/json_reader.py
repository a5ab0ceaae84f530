"""What readers that speak JSON have in common: from a message, or from lines of a recording, to events.

A maker's decoder says what its records mean (`_record`); here is all that an untrusted peer may do to JSON, presence
(a last will is a message as any other), and what a reader has to tell for as long as it holds (`standing`). No input or
output, no MQTT. A message is one event, an array of events, or a word about the connection.
"""

import json
import re
from typing import Any, Final

from readers.collector_json import NotANumber, Refused, clean, strict_value
from readers.events import DecoderEvent, Malformed, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.malformed import SAMPLE_MAX, malformed
from readers.protocol import Now

MESSAGE_MAX: Final = 1024 * 1024
"""Bytes of one message that are looked at: four times the largest report that Zebra's settings allow."""
RAW_MAX: Final = 1_000
"""Characters of a record kept beside its read."""
ANTENNA_MAX: Final = 32_767
_PRESENCE_MAX: Final = 64
_STANDING_MAX: Final = 8

_HERE: Final = frozenset({"up", "online", "connected", "connect", "here", "alive", "started", "true", "1"})
_GONE: Final = frozenset(
    {"lost", "down", "offline", "disconnected", "disconnect", "away", "dead", "stopped", "gone", "false", "0"}
)
_PRESENCE_KEYS: Final = ("state", "status", "connection", "presence", "online", "connected")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){1,64}")


class JsonReader:
    """One reader. Makes nothing of what it does not know, and never raises on what a peer may send.

    Attributes: present: what the reader's will or its own word said last of its connection, None before any.
    understood: messages that made sense.
    """

    def __init__(self) -> None:
        self.present: bool | None = None
        self.understood = 0
        self._heard_us: int | None = None
        self._standing: dict[str, str] = {}
        self._buffer = bytearray()
        self._searched = 0
        self._skipped = 0
        self._skipped_head = b""
        self._pending: list[DecoderEvent] = []

    # What a maker's decoder adds.

    def _record(self, record: dict[str, Any], raw: str, now: Now) -> list[DecoderEvent]:
        """The events of one JSON object."""
        raise NotImplementedError

    def silent_for_us(self, steady_us: int) -> int | None:
        """How long a reader that has to give signs of life has given none, when that is too long; else None."""
        return None

    @property
    def missing(self) -> int:
        """Records known to have been sent and not to have come."""
        return 0

    # What holds.

    def standing(self) -> tuple[str, ...]:
        """What a person should look at, for as long as it is so; in plain words."""
        return tuple(self._standing.values())

    def _stands(self, about: str, text: str) -> list[DecoderEvent]:
        """Begins, changes or (with no text) ends a standing warning; the event of it when it is new."""
        before = self._standing.get(about)
        if not text:
            self._standing.pop(about, None)
            return []
        if before == text or (before is None and len(self._standing) >= _STANDING_MAX):
            return []
        self._standing[about] = text
        return [StatusSeen(kind=StatusKind.WARNING, text=text)]

    # Messages.

    def message(self, payload: bytes, now: Now, *, retained: bool = False) -> list[DecoderEvent]:
        """The events of one MQTT message (or webhook body, or line). A retained one is context: it gives no reads."""
        self._heard_us = self._heard_us if retained else now.steady_us
        text = payload.strip(b"\x00 \t\r\n")
        if not text:
            return []  # a retained message being cleared, or a blank line to keep a stream open
        word = self._presence_word(text)
        if word is not None:
            return self._present(word)
        value = strict_value(text, limit=MESSAGE_MAX)
        if isinstance(value, Refused):
            if retained:
                return [StatusSeen(kind=StatusKind.BANNER, text=f"a retained message, {value.reason}: left alone")]
            return [malformed(value.reason, payload)]
        if isinstance(value, dict) and (known := self._presence(value)) is not None:
            return self._present(known)
        if retained:
            text_ = "a retained message: said before we listened, so no event"
            return [StatusSeen(kind=StatusKind.BANNER, text=text_, raw=_kept(payload))]
        events = self._values(value, payload, now)
        if not all(isinstance(event, Malformed) for event in events) or not events:
            self.understood += 1
            self.present = None if self.present is False else self.present  # it speaks: the will was of an earlier link
        return events

    def _values(self, value: Any, payload: bytes, now: Now) -> list[DecoderEvent]:
        if isinstance(value, dict):
            return self._record(value, _kept(payload), now)
        if not isinstance(value, list):
            return [malformed(f"no event: a JSON value, but {type(value).__name__}", payload)]
        if not value:
            return [StatusSeen(kind=StatusKind.ANSWER, text="keep-alive")]
        events: list[DecoderEvent] = []
        for each in value:
            raw = remade(each)
            if isinstance(each, dict):
                events += self._record(each, raw, now)
            else:
                events.append(malformed("an array that holds something else than events", raw.encode()))
        return events

    def _presence_word(self, text: bytes) -> bool | None:
        if len(text) > _PRESENCE_MAX:
            return None
        word = text.decode("latin-1").strip("\"'").lower()
        return True if word in _HERE else False if word in _GONE else None

    def _presence(self, record: dict[str, Any]) -> bool | None:
        """`{"state": "lost"}`, as docs/broker.md proposes for a will; anything longer is no such message."""
        if len(record) > 4 or any(isinstance(value, dict | list) for value in record.values()):
            return None
        for key in _PRESENCE_KEYS:
            value = record.get(key)
            if isinstance(value, bool):
                return value
            if isinstance(value, str) and (known := self._presence_word(value.encode("utf-8", "replace"))) is not None:
                return known
        return None

    def _present(self, present: bool) -> list[DecoderEvent]:
        self.present = present
        text = "the reader is connected to the broker" if present else "the reader's connection to the broker is lost"
        return [StatusSeen(kind=StatusKind.ANSWER, text=text)]

    # As a `readers.protocol.Protocol` of lines: recordings, and streams of one JSON value a line.

    def connected(self, now: Now) -> None:
        self._forget_line()
        self._pending.clear()

    def disconnected(self) -> list[DecoderEvent]:
        events: list[DecoderEvent] = []
        if self._skipped:
            events.append(self._too_long())
        elif self._buffer.strip():
            events.append(malformed("breaks off inside a line", bytes(self._buffer)))
        self._forget_line()
        return events

    def _forget_line(self) -> None:
        self._buffer.clear()
        self._searched = self._skipped = 0
        self._skipped_head = b""

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        """Events of whole lines; `data: {...}` (server-sent events) is taken as the line behind the word."""
        events = self._take_pending()
        self._buffer += data
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._searched = 0
            if self._skipped:
                self._skipped += len(line)
                events.append(self._too_long())
                self._skipped = 0
            elif len(line) > MESSAGE_MAX:
                events.append(malformed(f"a line of more than {MESSAGE_MAX} bytes", line))
            else:
                events += self.message(line.removeprefix(b"data:"), now)
        if self._skipped or len(self._buffer) > MESSAGE_MAX:
            if not self._skipped:
                self._skipped_head = bytes(self._buffer[:SAMPLE_MAX])
            self._skipped += len(self._buffer)
            self._buffer.clear()
        self._searched = len(self._buffer)
        return events

    def _too_long(self) -> Malformed:
        reason = f"a line of more than {MESSAGE_MAX} bytes"
        return Malformed(reason=reason, raw=self._skipped_head.decode("latin-1"), size=self._skipped)

    def data_to_send(self) -> bytes:
        """Nothing, ever: the reader is only listened to."""
        return b""

    def next_deadline(self) -> int | None:
        return 0 if self._pending else None

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        return self._take_pending()

    def ask_memory(self, since: object, now: Now) -> None:
        """These readers have no memory that can be asked; that is told."""
        self._pending[:] = [MemoryProgress(state=MemoryState.NONE)]

    def _take_pending(self) -> list[DecoderEvent]:
        pending, self._pending = self._pending, []
        return pending

    @property
    def unanswered_since_us(self) -> int | None:
        return None

    def heard_within(self, steady_us: int) -> int | None:
        """Microseconds since anything was heard; None before."""
        return None if self._heard_us is None else max(0, steady_us - self._heard_us)


# Values of a record.


def remade(value: object) -> str:
    """One of several records of a message as text again: its raw form, though not byte for byte."""
    try:
        return json.dumps(value, separators=(",", ":"), default=repr)[:RAW_MAX]
    except (ValueError, RecursionError):
        return clean(repr(value), RAW_MAX)


def _kept(payload: bytes) -> str:
    return payload[:RAW_MAX].decode("utf-8", "replace")


def hex_code(value: object) -> str | None:
    """A code in hexadecimal as it is compared: upper case, zeros kept; None where it is none."""
    return value.upper() if isinstance(value, str) and _HEX.fullmatch(value) else None


def whole(value: object) -> int | None:
    """A whole number, also one written as text; never a truth value."""
    if isinstance(value, str) and len(value) <= 18 and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def antenna_of(value: object) -> int | None:
    """An antenna port, counted from 1; None where none is told. 0 is no port."""
    number = whole(value)
    return number if number is not None and 1 <= number <= ANTENNA_MAX else None


def signal_dbm(value: object, *, hundredths: bool) -> float | None:
    """A signal in dBm; None where none is told, or it is none."""
    if not isinstance(value, int | float) or isinstance(value, bool | NotANumber):
        return None
    if not -20_000 <= value <= 20_000:  # also infinities, and integers that no float can hold
        return None
    dbm = value / 100 if hundredths else float(value)
    return dbm if -200.0 <= dbm <= 50.0 else None
