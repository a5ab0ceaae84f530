"""A virtual Ultra: bytes from the host in, bytes for the host out; no port, no clock of its own.

It sends each record when it is due to a host that listens, keeps all in its log under ids from 1, and answers the
commands that public drivers send. What became due while nobody listened is in the log alone, to be rewound. Made
after docs/readers_ultra.md: a real box may differ where the page says *inferred*.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from readers import ultra_frames as frames
from readers.ultra_lines import ClockLine, ultra_lines
from simulators.zones import local_of
from timing.instants import SECOND, Duration, Instant

HEARTBEAT_EVERY_US: Final = 10 * SECOND
_REQUEST_MAX: Final = 128


class UltraRecord(NamedTuple):
    """`stamp_us`: what the box's clock shows, an instant, not yet in its zone; `due_us`: when it is logged and sent."""

    tag: str
    stamp_us: Instant
    due_us: Instant
    antenna: int = 1
    rssi: str = "-60"
    reader: str = "1"


@dataclass
class _Rewind:
    """Log ids to send again, from `place` to `end` (not included)."""

    place: int
    end: int
    first_s: int | None = None
    last_s: int | None = None


class VirtualUltra:
    """One box. `now` in all calls is the race clock.

    Args:
        records: in order of delivery.
        zone: the zone its clock shows.
        ending: what ends its lines; drivers disagree, LF or CR.
        settings: value of each setting id, as `U` lists them.
        answers_clock: a box whose firmware does not know `r`.
        one_number: numbers every record 1, as a public simulator does.
    """

    def __init__(
        self,
        records: Sequence[UltraRecord],
        zone: ZoneInfo,
        *,
        ultra_id: int = 1,
        ending: bytes = b"\n",
        volts: str = "25.0000",
        reading: bool = True,
        settings: dict[int, bytes] | None = None,
        answers_clock: bool = True,
        one_number: bool = False,
    ) -> None:
        self.records = list(records)
        self.zone = zone
        self.volts = volts
        self.reading = reading
        self.connected = False
        self.connections = 0
        self.rewinds = 0
        """Rewinds that reached their end."""
        self.forbidden: list[bytes] = []
        """What a host has sent that changes the box: its clock, its settings, its reading, its sending."""
        self.requests: list[bytes] = []
        self.first_kept = 1
        """The log begins with this id: what is before it was cleared."""
        self._ultra_id = ultra_id
        self._ending = ending
        self._settings = settings if settings is not None else {0x09: b"1", 0x0D: b"1", 0x1D: b"1", 0x24: b"0"}
        self._answers_clock = answers_clock
        self._one_number = one_number
        self._live = 0
        self._heartbeat_us = 0
        self._rewind: _Rewind | None = None
        # How far its clock is ahead from which record on: it was set.
        self._ahead: list[tuple[int, Duration]] = [(0, 0)]
        self._inbox = bytearray()
        self._replies = bytearray()

    # The link

    def host_connected(self, now: Instant) -> None:
        """A host listens from now on. What was due before is in the log alone."""
        self._live = max(self._live, self._due(now))
        self.connected = True
        self.connections += 1
        self._heartbeat_us = now
        last = str(frames.seconds_1980(self._stamp(self._live - 1))) if self._live else "0"
        self._replies += frames.greeting(last, self._ending)

    def host_disconnected(self, now: Instant) -> None:
        self._live = max(self._live, self._due(now))
        self.connected = False
        self._rewind = None
        self._inbox.clear()
        self._replies.clear()

    def _due(self, now: Instant) -> int:
        count = self._live
        while count < len(self.records) and self.records[count].due_us <= now:
            count += 1
        return count

    def recorded(self, now: Instant) -> int:
        """How many records the log has had."""
        return max(self._live, self._due(now))

    # Out

    def take(self, now: Instant, limit: int = 65_536) -> bytes:
        """Bytes to send now: answers, the heartbeat, records that are due, and a rewind beside them; whole lines.

        At most `limit` bytes, and one line more.
        """
        out, self._replies = self._replies, bytearray()
        if not self.connected:
            return b""
        if now >= self._heartbeat_us:
            out += frames.voltage_line(self.volts, self._ending)
            self._heartbeat_us += ((now - self._heartbeat_us) // HEARTBEAT_EVERY_US + 1) * HEARTBEAT_EVERY_US
        due = self._due(now)
        while len(out) < limit // 2 + 1 and self._live < due:
            out += self._line(self._live, rewound=False)
            self._live += 1
        while len(out) < limit and self._rewind is not None:
            out += self._rewound(self._rewind)
        return bytes(out)

    def _rewound(self, rewind: _Rewind) -> bytes:
        if rewind.place >= rewind.end:
            self._rewind = None
            self.rewinds += 1
            return b""
        index, rewind.place = rewind.place - 1, rewind.place + 1
        second = frames.seconds_1980(self._stamp(index))
        if rewind.first_s is not None and rewind.last_s is not None and not rewind.first_s <= second <= rewind.last_s:
            return b""
        return self._line(index, rewound=True)

    def _line(self, index: int, *, rewound: bool) -> bytes:
        record = self.records[index]
        return frames.read_line(
            record.tag,
            self._stamp(index),
            log_id=1 if self._one_number else index + 1,
            antenna=record.antenna,
            rssi=record.rssi,
            rewound=rewound,
            reader=record.reader,
            ultra_id=self._ultra_id,
            ending=self._ending,
        )

    def _stamp(self, index: int) -> int:
        """What the box's clock showed at a record."""
        ahead_us = next(ahead for first, ahead in reversed(self._ahead) if first <= index)
        return local_of(self.records[index].stamp_us, self.zone) + ahead_us

    def clock_us(self, now: Instant) -> int:
        """What the box's clock shows now, finer than it tells."""
        return local_of(now, self.zone) + self._ahead[-1][1]

    def next_due_us(self) -> Instant | None:
        """When the next record or heartbeat is due."""
        dues = [self.records[self._live].due_us] if self._live < len(self.records) else []
        return min([*dues, self._heartbeat_us]) if self.connected else min(dues, default=None)

    @property
    def busy(self) -> bool:
        """Whether answers or a rewind wait to be taken."""
        return bool(self._replies) or self._rewind is not None

    @property
    def sent(self) -> int:
        """Records that have been sent live or passed by."""
        return self._live

    @property
    def remaining(self) -> int:
        return len(self.records) - self._live

    @property
    def done(self) -> bool:
        return self.remaining == 0 and not self.busy

    def lag_us(self, now: Instant) -> Duration:
        """How far live records are behind the race clock."""
        return max(0, now - self.records[self._live].due_us) if self.remaining else 0

    # In

    def receive(self, data: bytes, now: Instant) -> None:
        """Takes bytes from the host; answers come with the next `take`. Commands end with LF."""
        self._inbox += data
        while (end := self._inbox.find(b"\n")) >= 0:
            request = bytes(self._inbox[:end])
            del self._inbox[: end + 1]
            if request:
                self._obey(request, now)
        if len(self._inbox) > _REQUEST_MAX:
            self._inbox.clear()

    def _obey(self, request: bytes, now: Instant) -> None:
        self.requests.append(request)
        if request == b"?":
            self._replies += frames.status_line(reading=self.reading, ending=self._ending)
        elif request == b"r":
            if self._answers_clock:
                self._replies += frames.clock_line(self.clock_us(now) // SECOND * SECOND, self._ending)
        elif request == b"U":
            for setting, value in self._settings.items():
                self._replies += frames.setting_line(setting, value, self._ending)
        elif request[:3] in (b"800", b"600"):
            self._begin_rewind(request, now)
        elif request == b"9":
            self._rewind = None
        elif request[:3] != b"700":
            self.forbidden.append(request)
            self._change(request, now)

    def _change(self, request: bytes, now: Instant) -> None:
        """What an observer must never send is obeyed, as by a real box."""
        if request in (b"R", b"S"):
            self.reading = request == b"R"
        elif request[:2] == b"t ":
            said = ultra_lines(request[2:], now)
            if said and isinstance(said[0], ClockLine):
                ahead_us = said[0].stamp_us - local_of(now, self.zone)
                self._ahead.append((self.recorded(now), ahead_us))
                self._replies += frames.clock_line(said[0].stamp_us, self._ending)
        elif request[:1] == b"u":
            self._replies += b"u" + request[1:2] + b"\x02" + self._ending

    def _begin_rewind(self, request: bytes, now: Instant) -> None:
        first, _, last = request[3:].partition(b"\r")
        if not (first.isdigit() and last.isdigit()):
            return
        low, high, held = int(first), int(last), self.recorded(now)
        everything = _Rewind(self.first_kept, held + 1)
        if request[:3] == b"600":
            everything.place = max(low, self.first_kept)
            everything.end = min(high, held) + 1
        elif (low, high) != (0, 0):
            everything.first_s, everything.last_s = low, high
        self._rewind = everything
