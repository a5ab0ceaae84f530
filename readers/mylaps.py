"""The conversation with MYLAPS Timing & Scoring or the Toolkit exporter, which call us: bytes in, events out.

One connection carries several locations; a read's label is the name of its location. A message is acknowledged when
all its reads and guns are durable, and not before: until then the client sends it again every 20 s, which is how
what was lost with a link or an engine comes back. It repeats the same reads, so that they are the same reads.

Says nothing but the words of `_Words`: greetings, pings, acknowledgements, and two questions.
Source: MYLAPS "TCP-IP V2 Protocol Documentation" 1.3 of April 2021; what is inferred is in docs/readers_mylaps.md.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from readers.events import DecoderEvent, GunSeen, Malformed, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.heartbeat import Heartbeat
from readers.malformed import malformed
from readers.mylaps_frames import frame
from readers.mylaps_records import keys_of, marker_event, passing_read, store_read, zone_offset_us
from readers.mylaps_stream import Frame, MylapsStream
from readers.protocol import Now
from timing.instants import MINUTE
from timing.reads import ChipRead

SERVER: Final = "Calanque"
PING_EVERY_US: Final = 3_000_000
"""A dead link is told within ten seconds. Public servers ping every 10 s, which would take longer."""
REPEAT_WITHIN_US: Final = 25_000_000
"""The client repeats what is not acknowledged every 20 s: after this it had the time to."""
LOCATIONS_MAX: Final = 200
WAITING_MAX: Final = 200_000
"""Reads that wait to be durable, of unacknowledged messages; a client has at most ten of those for each location."""

_PASSING_KEYS: Final = "c|ct|d|t|l|dv|re|an|b|utc|h|ts|amd|ans|dm"
_DEVICE_KEYS: Final = "id|n|dt|nr|mac|ant|bat|tz|ts|isconn"
_DATA: Final = frozenset({"Store", "Passing", "Marker"})


class _Words:
    """All that can be said to a client. None of them starts, stops or clears anything."""

    # Also to clients of version 1, which pass over what they do not know (*inferred*: public servers do the same).
    ACK_PONG: Final = frame(SERVER, "AckPong", "Version2.1", _PASSING_KEYS, _DEVICE_KEYS)
    ACK_PING: Final = frame(SERVER, "AckPing")
    PING: Final = frame(SERVER, "Ping")
    GET_LOCATIONS: Final = frame(SERVER, "GetLocations")
    GET_INFO: Final = frame(SERVER, "GetInfo")

    @staticmethod
    def get_info_of(location: str) -> bytes:
        return frame(SERVER, "GetInfo", location)

    @staticmethod
    def ack(function: str, number: str) -> bytes:
        """Of `Store`, `Passing` or `Marker`."""
        return frame(SERVER, "Ack" + function, number)


@dataclass(slots=True)
class _Message:
    """A message whose reads are on their way to the disk. Holds them, so that no other object has their identity."""

    answer: bytes
    link: int
    items: Sequence[ChipRead | GunSeen] = ()
    left: int = 0


class MylapsProtocol:
    """See `readers.protocol.Protocol`; with `stored`, since its client wants to be told."""

    def __init__(self) -> None:
        self._stream = MylapsStream()
        self._heartbeat = Heartbeat(PING_EVERY_US)
        self._waiting: OrderedDict[int, _Message] = OrderedDict()
        """By the identity of each read and gun that is not durable yet."""
        self._link = 0
        self._start_over()

    def _start_over(self) -> None:
        self._out = b""
        self._locations: set[str] = set()
        self._zones: dict[str, int] = {}
        self._greeted = False
        self._memory_asked = False
        self._memory_due_us: int | None = None

    # The driver's side

    def connected(self, now: Now) -> None:
        """The client speaks first; it is only asked whether it lives."""
        self._stream.forget()
        self._start_over()
        self._link += 1
        self._heartbeat.start(now.steady_us)

    def disconnected(self) -> list[DecoderEvent]:
        self._heartbeat.stop()
        self._start_over()
        self._link += 1
        return list(self._stream.forget())

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        events: list[DecoderEvent] = []
        for found in self._stream.feed(data):
            if isinstance(found, Malformed):
                events.append(found)
            else:
                events += self._obey(found, now)
        return events

    def data_to_send(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def next_deadline(self) -> int | None:
        due = [at for at in (self._heartbeat.due_us, self._memory_due_us) if at is not None]
        return min(due, default=None)

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        if self._heartbeat.take(now.steady_us):
            self._out += _Words.PING
        if self._memory_due_us is not None and now.steady_us >= self._memory_due_us:
            self._memory_due_us = None
            self._memory_asked = False
            return [MemoryProgress(state=MemoryState.DONE)]
        return []

    def ask_memory(self, since: object, now: Now) -> None:
        """Nothing is asked, from whatever read on: the client sends again by itself what was not acknowledged. Done
        when it had the time.
        """
        self._memory_asked = True
        self._memory_due_us = None
        self._await_repeats(now)

    def stored(self, reads: Sequence[ChipRead | GunSeen]) -> None:
        """Acknowledges the messages of which nothing is left to be stored. Of an earlier link nothing is said."""
        for read in reads:
            message = self._waiting.pop(id(read), None)
            if message is not None:
                message.left -= 1
                if not message.left and message.link == self._link:
                    self._out += message.answer

    @property
    def unanswered_since_us(self) -> int | None:
        return self._heartbeat.unanswered_since_us

    def _await_repeats(self, now: Now) -> None:
        if self._memory_asked and self._greeted:
            self._memory_due_us = now.steady_us + REPEAT_WITHIN_US

    # What the client says

    def _obey(self, found: Frame, now: Now) -> list[DecoderEvent]:
        self._heartbeat.heard(answer=found.function == "AckPing")
        if found.function in _DATA:
            return self._message(found, now)
        match found.function:
            case "Pong":
                return self._greet(found, now)
            case "Ping":
                self._out += _Words.ACK_PING
                return [_alive(found)]
            case "AckPing" | "AckPong":
                return [_alive(found)]
            case "AckGetInfo":
                return _information(found)
            case "GetLocations" | "GetInfo":
                names = [keys_of(part).get("ln", "") for part in found.data]
                text = f"locations: {', '.join(name for name in names if name) or 'none'}"
                return [StatusSeen(kind=StatusKind.SETTING, text=text, raw=found.raw)]
        text = f"{found.name}: {found.function}"
        return [StatusSeen(kind=StatusKind.ANSWER, text=text, raw=found.raw)]

    def _greet(self, found: Frame, now: Now) -> list[DecoderEvent]:
        self._out += _Words.ACK_PONG
        if not self._greeted:
            self._greeted = True
            self._out += _Words.GET_LOCATIONS + _Words.GET_INFO
            self._await_repeats(now)
        if not found.name or found.name in self._locations or len(self._locations) >= LOCATIONS_MAX:
            return []
        self._locations.add(found.name)
        self._out += _Words.get_info_of(found.name)
        return [StatusSeen(kind=StatusKind.SETTING, text=f"location {found.name}", raw=found.raw)]

    def _message(self, found: Frame, now: Now) -> list[DecoderEvent]:
        """The events of a message, which waits to be acknowledged until its reads and guns are durable.

        A message that has none is acknowledged at once: a damaged record must not keep the client from the next one.
        """
        records, number = list(found.data), ""
        if records and records[-1].isdecimal() and records[-1].isascii() and len(records[-1]) <= 10:
            number = records.pop()
        events: list[DecoderEvent] = []
        for text in records:
            events += self._record(found, text, now)
        if not number:
            events.append(malformed("a message without a number, which cannot be acknowledged", found.raw))
            return events
        items = [event for event in events if isinstance(event, ChipRead | GunSeen)]
        answer = _Words.ack(found.function, number)
        if items:
            self._wait_for(_Message(answer=answer, link=self._link, items=items, left=len(items)))
        else:
            self._out += answer
        return events

    def _wait_for(self, message: _Message) -> None:
        for item in message.items:
            self._waiting[id(item)] = message
        while len(self._waiting) > WAITING_MAX:
            self._waiting.popitem(last=False)

    def _record(self, found: Frame, text: str, now: Now) -> list[DecoderEvent]:
        label = found.name or None
        seen: ChipRead | GunSeen | StatusSeen | str
        if found.function == "Store":
            seen = store_read(text, label, now.race_us)
        elif found.function == "Marker":
            seen = marker_event(text, label, now.race_us)
        else:
            keys = keys_of(text)
            seen = passing_read(keys, text, label, now.race_us)
            if isinstance(seen, ChipRead) and "utc" in keys:
                return [seen, *self._zone(found, keys, seen.stamp_us)]
        return [malformed(seen, text)] if isinstance(seen, str) else [seen]

    def _zone(self, found: Frame, keys: dict[str, str], stamp_us: int) -> list[DecoderEvent]:
        """What the location's clock is ahead of UTC, when it is told first and whenever it is another."""
        offset_us = zone_offset_us(keys, stamp_us)
        known_us = self._zones.get(found.name)
        if offset_us is None or offset_us == known_us or (known_us is None and len(self._zones) >= LOCATIONS_MAX):
            return []
        self._zones[found.name] = offset_us
        if known_us is None:
            text = f"{found.name}: its clock keeps UTC{_hours(offset_us)}"
            return [StatusSeen(kind=StatusKind.SETTING, text=text)]
        text = f"{found.name}: its clock kept UTC{_hours(known_us)} and now keeps UTC{_hours(offset_us)}"
        return [StatusSeen(kind=StatusKind.WARNING, text=text)]


def _alive(found: Frame) -> StatusSeen:
    """A sign of life: without it a client that has nothing to tell would be taken for rubbish."""
    return StatusSeen(kind=StatusKind.ANSWER, text=f"{found.function}: alive", raw=found.raw)


def _information(found: Frame) -> list[DecoderEvent]:
    """Devices of a location, or the race. Version 1 gives three names, version 2 keys and values."""
    events: list[DecoderEvent] = []
    for text in found.data:
        keys = keys_of(text)
        if keys.get("isconn", "").lower() in ("0", "false", "no"):
            said = f"{found.name}: device {keys.get('n') or keys.get('id', '')} is not connected"
            events.append(StatusSeen(kind=StatusKind.WARNING, text=said, raw=text))
    said = f"{found.name}: {', '.join(found.data).replace('|', ' ')}"
    return [*events, StatusSeen(kind=StatusKind.SETTING, text=said, raw=found.raw)]


def _hours(offset_us: int) -> str:
    minutes = abs(offset_us) // MINUTE
    return f"{'-' if offset_us < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


PROTOCOL = MylapsProtocol
