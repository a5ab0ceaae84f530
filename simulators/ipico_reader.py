"""A virtual IPICO reader (a 2013 Lite): bytes from the host in, bytes for the host out; no port, no clock of its own.

It sends each line when it is due to a host that listens, keeps all lines in its memory, and answers commands as the
captured readers did. What became due while no host was connected is in the memory alone, to be downloaded.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Self
from zoneinfo import ZoneInfo

import numpy as np

from readers import ipico_frames as frames
from readers.ipico_records import clock_stamp
from simulators.ipico_lines import LINE_BYTES, ipico_lines, moved
from simulators.tapes import Tape
from simulators.zones import local_of
from timing.instants import Duration, Instant
from timing.reads import Int64

BANNER: Final = b"ARM9 Controller for DF Dual DSP TTO Actel FPGA (STK Lite) (38.4kB) v1.4 Jun  5 2013 14:16:40 (RWXLF)"

_CONFIG1_SET, _RADIO, _SELECT, _MASK, _PROBE, _ERASE = 0x03, 0x06, 0x30, 0x31, 0xE0, 0xD0
_STATISTICS: Final = bytes.fromhex("f800270000ff31144c2b0003450001")
_REQUEST_MAX: Final = 80
_CLOCK_BYTES: Final = 7

_ACCEPTED: Final = frozenset({_RADIO, _SELECT, _MASK})
"""Set commands that are taken and change nothing here: what the tape says has happened."""


@dataclass(frozen=True, kw_only=True)
class IpicoTape:
    """Lines of equal length in order of delivery, when each is due, and the guns of the trigger input."""

    lines: bytes
    due_us: Int64
    guns_us: tuple[Instant, ...] = ()

    def __len__(self) -> int:
        return len(self.due_us)

    @classmethod
    def of(cls, tape: Tape, zone: ZoneInfo) -> Self:
        """Raises: ValueError when an IPICO reader cannot say a tag."""
        return cls(lines=ipico_lines(tape, zone), due_us=tape.due_us, guns_us=tape.guns_us)


@dataclass
class _Download:
    """Lines of the memory, sent up to `place` of `end`. It stays, whole, until the host stops it."""

    place: int
    end: int


class VirtualReader:
    """One reader. `now` in all calls is the race clock.

    `stands_still`: the race waits for the host ("as fast as possible"): lines are due one after the other as fast as
    they are taken, and nothing happens while nobody is connected.
    """

    def __init__(self, tape: IpicoTape, zone: ZoneInfo, *, reader_id: int = 0, stands_still: bool = False) -> None:
        self.tape = tape
        self.connected = False
        self.connections = 0
        self.downloads = 0
        """Downloads that reached the end of the memory."""
        self.erase_requests = 0
        self.clock_sets = 0
        self._zone = zone
        self._id = reader_id
        self._stands_still = stands_still
        self._live = 0
        self._gun = 0
        self._ahead_us = 0
        self._recording = True
        self._mode = bytes([0x00, 0x05])
        self._download: _Download | None = None
        self._inbox = bytearray()
        self._replies = bytearray()
        self._sent = np.zeros(len(tape), np.bool_)
        self._answers: dict[int, Callable[[bytes, bool, Instant], None]] = {
            frames.CLOCK: lambda _c, _q, now: self._reply(frames.clock_reply(self._local(now), reader_id=self._id)),
            frames.CLOCK_SET: self._set_clock,
            frames.STATISTICS: lambda _c, _q, _n: self._reply(frames.control(frames.STATISTICS, _STATISTICS)),
            frames.CONFIG3: self._answer_mode,
            frames.FORMAT: self._answer_format,
            frames.BANNER: self._answer_banner,
            frames.MEMORY: self._answer_memory,
            _PROBE: lambda _c, _q, _n: None,
        }

    # ---- the link ----

    def host_connected(self, now: Instant) -> None:
        """A host listens from now on. What was due before is in the memory alone."""
        self._pass_by(now)
        self.connected = True
        self.connections += 1

    def host_disconnected(self, now: Instant) -> None:
        """Nobody listens any more. Whether the last bytes arrived is not known: `remaining` counts from nothing."""
        self._pass_by(now)
        self.connected = False
        self._download = None
        self._inbox.clear()
        self._replies.clear()
        self._sent[:] = False

    def _pass_by(self, now: Instant) -> None:
        if not self._stands_still:
            self._live = max(self._live, self._due(now))
            self._gun = sum(gun <= now for gun in self.tape.guns_us)

    def _due(self, now: Instant) -> int:
        if self._stands_still:
            return len(self.tape)
        return int(np.searchsorted(self.tape.due_us, now, side="right"))

    def recorded(self, now: Instant) -> int:
        """How many lines the memory holds."""
        return self._live if self._stands_still else max(self._live, self._due(now))

    # ---- out ----

    def take(self, now: Instant, limit: int) -> bytes:
        """Bytes to send now: answers first, then lines that are due, and a download beside them; whole lines only.

        At most `limit` bytes, but at least one line or answer where there is any.
        """
        out = bytearray()
        if self._replies:
            out += self._replies
            self._replies.clear()
        if self._download is not None and self._download.place < self._download.end:
            out += self._take_live(now, max(limit - len(out), 0) // 2)
            out += self._take_memory(self._download, max(limit - len(out), LINE_BYTES))
        else:
            out += self._take_live(now, max(limit - len(out), 0))
        return bytes(out)

    def _take_live(self, now: Instant, limit: int) -> bytes:
        out = bytearray()
        lines = self.tape.lines
        due = self._due(now)
        while len(out) < limit:
            end = due
            gun = self._next_gun(now)
            if gun is not None:
                end = min(end, int(np.searchsorted(self.tape.due_us, gun, side="left")))
            if self._live >= end:
                if gun is None:
                    break
                out += frames.gun_frame(self._local(gun), reader_id=self._id)
                self._gun += 1
                continue
            end = min(end, self._live + max(1, (limit - len(out)) // LINE_BYTES))
            out += lines[self._live * LINE_BYTES : end * LINE_BYTES]
            self._sent[self._live : end] = True
            self._live = end
        return bytes(out)

    def _next_gun(self, now: Instant) -> Instant | None:
        guns = self.tape.guns_us
        if self._gun < len(guns) and (self._stands_still or guns[self._gun] <= now):
            return guns[self._gun]
        return None

    def _take_memory(self, download: _Download, limit: int) -> bytes:
        end = min(download.end, download.place + limit // LINE_BYTES)
        out = self.tape.lines[download.place * LINE_BYTES : end * LINE_BYTES]
        self._sent[download.place : end] = True
        download.place = end
        if end == download.end:
            self.downloads += 1
        return out

    def next_due_us(self) -> Instant | None:
        """When the next line or gun is due; None when there is none left. Replies and downloads do not wait."""
        dues = [int(self.tape.due_us[self._live])] if self._live < len(self.tape) else []
        dues += list(self.tape.guns_us[self._gun : self._gun + 1])
        return min(dues, default=None)

    @property
    def busy(self) -> bool:
        """Whether answers or a download wait to be taken."""
        return bool(self._replies) or (self._download is not None and self._download.place < self._download.end)

    # ---- in ----

    def receive(self, data: bytes, now: Instant) -> None:
        """Takes bytes from the host; answers come with the next `take`."""
        self._inbox += data.replace(b"\0", b"")
        while (end := _line_end(self._inbox)) >= 0:
            request = bytes(self._inbox[:end]).strip()
            del self._inbox[: end + 1]
            if request:
                self._obey(request, now)
        if len(self._inbox) > _REQUEST_MAX:
            self._inbox.clear()

    def _obey(self, request: bytes, now: Instant) -> None:
        header, checked = request[:2], request[:2] == b"ab"
        if header not in (b"ab", b"ac") or len(request) < 8:
            return
        body = request[2:-2] if checked else request[2:]
        try:
            given = bytes.fromhex(body.decode("ascii"))
            check = int(request[-2:], 16)
        except ValueError:
            self._reply(frames.refusal(0xF0, reader_id=self._id))
            return
        if checked and check != frames.lrc(body):
            self._reply(frames.refusal(0xF1, reader_id=self._id))
            return
        if given[0] not in (0, self._id):
            return
        query = given[1] == frames.QUERY_LENGTH
        instruction, content = given[2], given[3:]
        if not query and len(content) != given[1]:
            self._reply(frames.refusal(0xF0, reader_id=self._id))
        elif instruction in self._answers:
            self._answers[instruction](content, query, now)
        elif instruction in _ACCEPTED:
            self._reply(frames.control(instruction, bytes(8) if query else b"", reader_id=self._id))
        elif instruction == _CONFIG1_SET:
            self._reply(frames.refusal(0xF4, reader_id=self._id))
        else:
            self._reply(frames.refusal(0xF2, reader_id=self._id))

    def _reply(self, frame: bytes) -> None:
        self._replies += frame

    def _local(self, instant: Instant) -> int:
        """What its clock shows at an instant."""
        return local_of(instant, self._zone) + self._ahead_us

    def _set_clock(self, content: bytes, query: bool, now: Instant) -> None:
        """What it records from now on shows the new time. A real one acts at the next roll-over of its hundredths."""
        shown_us = clock_stamp(content + b"\0") if len(content) == _CLOCK_BYTES else None
        if query or shown_us is None:
            self._reply(frames.refusal(0xF4, reader_id=self._id))
            return
        by_us = shown_us - self._local(now + frames.CLOCK_ACTS_AFTER_US)
        self.tape = replace(self.tape, lines=moved(self.tape.lines, self.recorded(now), by_us))
        self._ahead_us += by_us
        self.clock_sets += 1
        self._reply(frames.control(frames.CLOCK_SET, reader_id=self._id))

    def _answer_mode(self, content: bytes, query: bool, now: Instant) -> None:
        if not query:
            self._mode = (content + self._mode[len(content) :])[:2]
        self._reply(frames.control(frames.CONFIG3, self._mode if query else b"", reader_id=self._id))

    def _answer_format(self, content: bytes, query: bool, now: Instant) -> None:
        self._reply(frames.format_reply(reader_id=self._id) if query else frames.refusal(0xF4, reader_id=self._id))

    def _answer_banner(self, content: bytes, query: bool, now: Instant) -> None:
        self._reply(b"\r\n" + BANNER + b"\r\n\r\n" + frames.control(frames.BANNER, reader_id=self._id))

    def _answer_memory(self, content: bytes, query: bool, now: Instant) -> None:
        """The recorder: its status, recording on and off, and the steps of a download."""
        step, value = content[:1], content[1:2]
        if query or step in (b"\x02", b"\x07"):
            pass
        elif step == b"\x00":
            self._recording = value != b"\x00"
        elif step == b"\x01":
            self._download = _Download(place=0, end=self.recorded(now)) if value == b"\x01" else None
        else:
            self.erase_requests += step == bytes([_ERASE])
            self._reply(frames.refusal(0xF5, reader_id=self._id))
            return
        download = self._download
        self._reply(
            frames.memory_status(
                recording=self._recording,
                downloading=download is not None,
                done=0 if download is None else download.place,
                total=self.recorded(now) if download is None else download.end,
                reader_id=self._id,
            )
        )

    # ---- how far ----

    @property
    def sent(self) -> int:
        """Lines sent over the present connection, live or by download, each counted once."""
        return int(self._sent.sum())

    @property
    def remaining(self) -> int:
        """Lines not yet sent over the present connection. 0: a host that stayed has them all."""
        return len(self.tape) - self.sent

    @property
    def done(self) -> bool:
        return self.remaining == 0 and not self.busy and self._gun >= len(self.tape.guns_us)

    def lag_us(self, now: Instant) -> Duration:
        """How far the lines sent live are behind the race clock; 0 when none is waiting."""
        if self._stands_still or self._live >= len(self.tape):
            return 0
        return max(0, now - int(self.tape.due_us[self._live]))


def _line_end(data: bytearray) -> int:
    ends = [end for end in (data.find(b"\r"), data.find(b"\n")) if end >= 0]
    return min(ends, default=-1)
