"""A virtual LLRP reader (like an Impinj Speedway): bytes from the host in, bytes for the host out; no port, no clock.

It reads only while an inventory runs: what is due before a host has started one is never read. While nobody listens it
goes on, and holds what it reads if it was told to, as far as its room goes. It answers as the recorded reader did, has
room for one inventory as that one, and no memory that could be asked.
"""

import struct
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from readers import llrp_frames as frames
from readers.llrp_words import HEADER_BYTES, Message, Par, SpecState
from timing.instants import MILLISECOND, Duration, Instant
from timing.reads import Float32, Int16, Int32, Int64, SourceId

SPECS_MAX: Final = 1
HELD_MAX: Final = 20_000
"""Reads held while nobody listens (*inferred*: public notes say some ten thousands)."""
_REQUEST_MAX: Final = 65_536
_LOST_ROOM, _UNSUPPORTED, _UNKNOWN_FIELD, _INVALID = 106, 109, 108, 300


@dataclass(frozen=True, kw_only=True)
class LlrpTape:
    """Everything one reader could read, in order of delivery, and when each report is due.

    `tag` indexes `tags`. `stamp_us` is what the reader's clock shows. `antenna` below 1 and `rssi` NaN: not given.
    """

    source: SourceId
    tags: tuple[str, ...]
    tag: Int32
    stamp_us: Int64
    due_us: Int64
    antenna: Int16
    rssi: Float32

    def __len__(self) -> int:
        return len(self.tag)

    def report(self, row: int, message_id: int = 0, spec_id: int | None = None) -> bytes:
        """One read as a reader that reports each at once sends it."""
        antenna, rssi, stamp_us = int(self.antenna[row]), float(self.rssi[row]), int(self.stamp_us[row])
        return frames.report(
            frames.tag_report(
                self.tags[self.tag[row]],
                stamp_us,
                last_seen_us=stamp_us,
                antenna=antenna if antenna > 0 else None,
                rssi=None if rssi != rssi else max(-128, min(127, round(rssi))),
                count=1,
                spec_id=spec_id,
            ),
            message_id=message_id,
        )


class VirtualLlrpReader:
    """One reader, as `simulators.ipico_reader.VirtualReader`. `now` in all calls is the race clock.

    `offset_us`: its clock minus the race clock. `stands_still`: the race waits for the host ("as fast as possible").
    """

    def __init__(
        self,
        tape: LlrpTape,
        *,
        stands_still: bool = False,
        offset_us: Duration = 0,
        antennas: int = 4,
        held_max: int = HELD_MAX,
    ) -> None:
        self.tape = tape
        self.connected = False
        self.connections = 0
        self.downloads = 0
        self.requests: Counter[int] = Counter()
        """How often each type of message came from hosts."""
        self.lost = 0
        """Reads that no inventory saw, or that found no room while nobody listened."""
        self.sent = 0
        self.wants_close = False
        """The host has said goodbye: after the answer the link may be closed."""
        self._stands_still = stands_still
        self._offset_us = offset_us
        self._antennas = antennas
        self._held_max = held_max
        self._specs: dict[int, tuple[int, bytes]] = {}
        self._next = 0
        self._held: deque[int] = deque()
        self._overflowed = False
        self._hold = False
        self._waits = False
        self._keepalive_us = 0
        self._keepalive_due: Instant | None = None
        self._message_id = 0
        self._inbox = bytearray()
        self._replies = bytearray()
        self._answers: dict[int, Callable[[int, bytes, Instant], None]] = {
            Message.GET_READER_CAPABILITIES: self._answer_capabilities,
            Message.GET_READER_CONFIG: self._answer_config,
            Message.SET_READER_CONFIG: self._set_config,
            Message.GET_ROSPECS: self._answer_specs,
            Message.ADD_ROSPEC: self._add,
            Message.ENABLE_ROSPEC: lambda n, b, _: self._move(n, b, Message.ENABLE_ROSPEC_RESPONSE, 0, 1),
            Message.START_ROSPEC: lambda n, b, _: self._move(n, b, Message.START_ROSPEC_RESPONSE, 1, 2),
            Message.STOP_ROSPEC: lambda n, b, _: self._move(n, b, Message.STOP_ROSPEC_RESPONSE, 2, 1),
            Message.DISABLE_ROSPEC: lambda n, b, _: self._move(n, b, Message.DISABLE_ROSPEC_RESPONSE, None, 0),
            Message.DELETE_ROSPEC: self._delete,
            Message.ENABLE_EVENTS_AND_REPORTS: self._let_go,
            Message.GET_REPORT: self._answer_report,
            Message.CLOSE_CONNECTION: self._close,
            Message.KEEPALIVE_ACK: lambda _n, _b, _now: None,
        }

    # ---- the link ----

    def host_connected(self, now: Instant) -> None:
        """A host is let in, and greeted with the reader's time."""
        self._pass_by(now)
        self.connected, self.wants_close = True, False
        self.connections += 1
        self._waits = self._hold
        self._keepalive_due = now + self._keepalive_us if self._keepalive_us else None
        self._event(frames.attempt(), now)
        if self._overflowed:
            self._overflowed = False
            self._event(frames.tlv(Par.REPORT_BUFFER_OVERFLOW_ERROR), now)

    def host_disconnected(self, now: Instant) -> None:
        """Nobody listens any more; an inventory goes on."""
        self._pass_by(now)
        self.connected = False
        self._inbox.clear()
        self._replies.clear()

    @property
    def reading(self) -> bool:
        return any(state == SpecState.ACTIVE for state, _ in self._specs.values())

    def stop_reading(self) -> None:
        """A fault: the inventory ends without being told to."""
        self._specs = {number: (min(state, SpecState.INACTIVE), body) for number, (state, body) in self._specs.items()}

    def set_up(self, spec_id: int, *, state: int = SpecState.INACTIVE) -> None:
        """Another program has left an inventory behind."""
        self._specs[spec_id] = (state, frames.spec(spec_id)[10:])

    def _due(self, now: Instant) -> int:
        return len(self.tape) if self._stands_still else int(np.searchsorted(self.tape.due_us, now, side="right"))

    def _pass_by(self, now: Instant) -> None:
        """What became due while it could not be sent: held if somebody may still come for it, else lost."""
        if self._stands_still:
            return
        due = max(self._next, self._due(now))
        room = self._held_max - len(self._held) if self.reading and self._hold else 0
        kept = min(due, self._next + max(0, room))
        self._held.extend(range(self._next, kept))
        self._overflowed = self._overflowed or (self.reading and self._hold and kept < due)
        self.lost += due - kept
        self._next = due

    # ---- out ----

    def take(self, now: Instant, limit: int) -> bytes:
        """Bytes to send now: answers first, then reports that are held or due; whole messages only.

        At most `limit` bytes, but at least one message where there is any.
        """
        out = bytearray(self._replies)
        self._replies.clear()
        if self._keepalive_due is not None and now >= self._keepalive_due and not self._stands_still:
            self._keepalive_due = now + self._keepalive_us
            out += frames.keepalive(self._number())
        if not self.reading:
            self._pass_by(now)
        while len(out) < limit and not self._waits and self.connected:
            if self._held:
                row = self._held.popleft()
            elif self.reading and self._next < self._due(now):
                row, self._next = self._next, self._next + 1
            else:
                break
            out += self.tape.report(row, self._number(), next(iter(self._specs), None))
            self.sent += 1
        return bytes(out)

    def next_due_us(self) -> Instant | None:
        """When the next report or keepalive is due; None when there is none left."""
        dues = [int(self.tape.due_us[self._next])] if self._next < len(self.tape) else []
        if self._keepalive_due is not None:
            dues.append(self._keepalive_due)
        return min(dues, default=None)

    @property
    def busy(self) -> bool:
        return bool(self._replies) or (bool(self._held) and not self._waits)

    @property
    def remaining(self) -> int:
        """Reads that may still be sent."""
        return len(self.tape) - self._next + len(self._held)

    @property
    def done(self) -> bool:
        return self.remaining == 0 and not self.busy

    def lag_us(self, now: Instant) -> Duration:
        """How far the reports sent are behind the race clock; 0 when none is waiting."""
        if self._stands_still or self._next >= len(self.tape) or not self.reading:
            return 0
        return max(0, now - int(self.tape.due_us[self._next]))

    # ---- in ----

    def receive(self, data: bytes, now: Instant) -> None:
        """Takes bytes from the host; answers come with the next `take`."""
        self._inbox += data
        while len(self._inbox) >= HEADER_BYTES:
            head, length, number = struct.unpack_from(">HII", self._inbox)
            if not HEADER_BYTES <= length <= _REQUEST_MAX:
                self._inbox.clear()
                return
            if len(self._inbox) < length:
                return
            body = bytes(self._inbox[HEADER_BYTES:length])
            del self._inbox[:length]
            self._obey(head & 0x3FF, number, body, now)

    def _obey(self, kind: int, number: int, body: bytes, now: Instant) -> None:
        self.requests[kind] += 1
        # What was due until now meets the inventory as it was until now.
        if not self.reading:
            self._pass_by(now)
        if (answer := self._answers.get(kind)) is not None:
            answer(number, body, now)
        else:
            self._reply(Message.ERROR_MESSAGE, number, _UNSUPPORTED, f"message type {kind}")

    def _reply(self, kind: int, number: int, code: int = 0, text: str = "", more: bytes = b"") -> None:
        self._replies += frames.answer(kind, number, code, text, more)

    def _event(self, content: bytes, now: Instant) -> None:
        self._replies += frames.event(content, utc_us=now + self._offset_us, message_id=self._number())

    def _number(self) -> int:
        self._message_id += 1
        return self._message_id

    def _answer_capabilities(self, number: int, body: bytes, now: Instant) -> None:
        more = frames.capabilities(antennas=self._antennas)
        self._reply(Message.GET_READER_CAPABILITIES_RESPONSE, number, more=more)

    def _answer_config(self, number: int, body: bytes, now: Instant) -> None:
        keepalive = struct.pack(">BI", self._keepalive_us > 0, self._keepalive_us // MILLISECOND)
        more = frames.tlv(Par.KEEPALIVE_SPEC, keepalive) + frames.tlv(Par.EVENTS_AND_REPORTS, bytes([self._hold << 7]))
        self._reply(Message.GET_READER_CONFIG_RESPONSE, number, more=more)

    def _set_config(self, number: int, body: bytes, now: Instant) -> None:
        if body[:1] >= b"\x80":
            self._keepalive_us, self._keepalive_due, self._hold, self._specs = 0, None, False, {}
        at = 1
        while at + 4 <= len(body):
            kind, size = struct.unpack_from(">HH", body, at)
            content = body[at + 4 : at + size]
            if kind == Par.KEEPALIVE_SPEC:
                periodic, period_ms = struct.unpack(">BI", content)
                self._keepalive_us = period_ms * MILLISECOND if periodic else 0
                self._keepalive_due = now + self._keepalive_us if self._keepalive_us else None
            elif kind == Par.EVENTS_AND_REPORTS:
                self._hold = content[:1] >= b"\x80"
            at += max(4, size)
        self._reply(Message.SET_READER_CONFIG_RESPONSE, number)

    def _answer_specs(self, number: int, body: bytes, now: Instant) -> None:
        more = b"".join(frames.spec(spec, state, content) for spec, (state, content) in self._specs.items())
        self._reply(Message.GET_ROSPECS_RESPONSE, number, more=more)

    def _add(self, number: int, body: bytes, now: Instant) -> None:
        if len(body) < 10 or body[:2] != struct.pack(">H", Par.RO_SPEC):
            self._reply(Message.ADD_ROSPEC_RESPONSE, number, _INVALID, "no ROSpec")
            return
        spec_id = int.from_bytes(body[4:8], "big")
        if spec_id in self._specs or len(self._specs) >= SPECS_MAX:
            self._reply(Message.ADD_ROSPEC_RESPONSE, number, _LOST_ROOM, "no room for another ROSpec")
            return
        self._specs[spec_id] = (SpecState.DISABLED, body[10:])
        self._reply(Message.ADD_ROSPEC_RESPONSE, number)

    def _move(self, number: int, body: bytes, answer: int, before: int | None, after: int) -> None:
        """Enables, starts, stops or disables; 0 means all."""
        spec_id = int.from_bytes(body[:4], "big")
        found = [spec_id] if spec_id in self._specs else list(self._specs) if spec_id == 0 else []
        if not found or (before is not None and any(self._specs[each][0] != before for each in found)):
            self._reply(answer, number, _UNKNOWN_FIELD, "ROSpecID")
            return
        for each in found:
            self._specs[each] = (after, self._specs[each][1])
        self._reply(answer, number)

    def _delete(self, number: int, body: bytes, now: Instant) -> None:
        spec_id = int.from_bytes(body[:4], "big")
        known = spec_id == 0 or spec_id in self._specs
        self._specs = {each: spec for each, spec in self._specs.items() if spec_id not in (0, each)}
        self._reply(Message.DELETE_ROSPEC_RESPONSE, number, 0 if known else _UNKNOWN_FIELD)

    def _let_go(self, number: int, body: bytes, now: Instant) -> None:
        self._waits = False

    def _answer_report(self, number: int, body: bytes, now: Instant) -> None:
        self._replies += frames.report(message_id=number)

    def _close(self, number: int, body: bytes, now: Instant) -> None:
        self.wants_close = True
        self._reply(Message.CLOSE_CONNECTION_RESPONSE, number)
