"""A virtual RACE RESULT decoder: bytes from the host in, bytes for the host out; no port, no clock of its own.

It pushes each passing when it is due to a host that asked for pushes, keeps all in files, and answers commands as the
maker's pages and public drivers say. What became due while no host was connected is in its files alone. What an
observer must never send is obeyed, as a real decoder would, and remembered in `forbidden`.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from readers.race_result_frames import answer, passing_line, status_line
from simulators.zones import local_of
from timing.instants import Duration, Instant

VERSIONS: Final = ("2.8", "1.0", "3.2")
"""In force at first, lowest, highest."""

_REQUEST_MAX: Final = 200
_FORBIDDEN: Final = ("STARTOPERATION", "STOPOPERATION", "SETTIME", "CLEARFILES", "SETGPSTIME", "SETCONFIG")


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One passing to come: when the decoder knows it, and what it records."""

    due_us: Instant
    code: str
    stamp_us: int
    bib_set: str = "0"
    active: bool = False
    loop: int | None = None
    antenna: int | None = None
    rssi: str = ""
    stored: bool = False


@dataclass(slots=True)
class _File:
    number: int
    passings: list[Detection] = field(default_factory=list)


class VirtualDecoder:
    """One decoder. `now` in all calls is the race clock.

    `dated`: the clock has a date (GPS); else it counts from `zero_us`. `pushes`: knows SETPUSHPASSINGS.
    """

    def __init__(
        self,
        detections: Sequence[Detection],
        zone: ZoneInfo,
        *,
        box: str = "D-50432",
        file: int = 177,
        zero_us: Instant | None = None,
        operation: bool = True,
        pushes: bool = True,
    ) -> None:
        self.connected = False
        self.connections = 0
        self.forbidden: list[str] = []
        self.requests: list[str] = []
        self._detections = sorted(detections, key=lambda detection: detection.due_us)
        self._zone = zone
        self._box = box
        self._zero_us = zero_us
        self._operation = operation
        self._can_push = pushes
        self._files = {file: _File(file)}
        self._file = file
        self._place = 0
        self._pushing = False
        self._pushed = 0
        self._version = VERSIONS[0]
        self._inbox = bytearray()
        self._out: deque[bytes] = deque()
        self._sent: set[tuple[int, int]] = set()
        self._answers: dict[str, Callable[[list[str], Instant], None]] = {
            "GETPROTOCOL": lambda _f, _n: self._reply("GETPROTOCOL", self._version, *VERSIONS[1:]),
            "SETPROTOCOL": self._set_protocol,
            "SETPUSHPREWARNS": lambda fields, _n: self._reply("SETPUSHPREWARNS", *fields),
            "SETPUSHPASSINGS": self._set_push,
            "GETCONFIG": self._config,
            "GETTIME": lambda _f, now: self._reply("GETTIME", *self._clock(now).split(";")),
            "GETSTATUS": lambda _f, now: self._out.append(self._status(now)),
            "GETMODE": lambda _f, _n: self._reply("GETMODE", "OPERATION" if self._operation else "TEST"),
            "GETINTERFACES": lambda _f, _n: self._reply("GETINTERFACES", "LAN"),
            "PASSINGS": lambda _f, _n: self._reply("PASSINGS", str(len(self._now.passings)), str(self._file)),
            "GETFILE": self._get_file,
            "STARTOPERATION": self._start,
            "STOPOPERATION": self._stop,
            "SETTIME": self._set_time,
        }

    # ---- the link ----

    def host_connected(self, now: Instant) -> None:
        """A host listens from now on. Pushes begin when it asks for them."""
        self._record(now)
        self.connected = True
        self.connections += 1

    def host_disconnected(self, now: Instant) -> None:
        """Nobody listens any more. What was sent counts as sent, though nobody knows whether all of it arrived."""
        self._record(now)
        self.connected = self._pushing = False
        self._inbox.clear()
        self._out.clear()

    def restart(self, now: Instant) -> None:
        """Somebody stops and starts the operation on the decoder itself: a new file begins."""
        self._record(now)
        self._operation = True
        self._file = max(self._files) + 1
        self._files[self._file] = _File(self._file)
        self._pushed = 0

    @property
    def _now(self) -> _File:
        return self._files[self._file]

    def _record(self, now: Instant) -> None:
        """Stores what is due. In test mode nothing is stored."""
        while self._place < len(self._detections) and self._detections[self._place].due_us <= now:
            if self._operation:
                self._now.passings.append(self._detections[self._place])
            self._place += 1

    # ---- out ----

    def take(self, now: Instant, limit: int) -> bytes:
        """Bytes to send now: answers first, then pushes that are due; whole lines only, one at least."""
        self._record(now)
        out = bytearray()
        while self._out and (not out or len(out) < limit):
            out += self._out.popleft()
        passings = self._now.passings
        while self._pushing and not self._out and self._pushed < len(passings) and (not out or len(out) < limit):
            out += self._line(self._now, self._pushed, pushed=True)
            self._pushed += 1
        return bytes(out)

    def _line(self, file: _File, place: int, *, pushed: bool = False) -> bytes:
        found = file.passings[place]
        self._sent.add((file.number, place))
        return passing_line(
            place + 1,
            found.code,
            found.stamp_us,
            bib_set=found.bib_set,
            rssi=found.rssi,
            active=found.active,
            channel=1 if found.active else None,
            loop=found.loop,
            stored=found.stored,
            box=self._box,
            file=file.number,
            antenna=found.antenna,
            pushed=pushed,
        )

    def next_due_us(self) -> Instant | None:
        """When the next passing is due; None when there is none left. Answers do not wait."""
        return self._detections[self._place].due_us if self._place < len(self._detections) else None

    @property
    def busy(self) -> bool:
        """Whether answers or pushes wait to be taken."""
        return bool(self._out) or (self._pushing and self._pushed < len(self._now.passings))

    # ---- in ----

    def receive(self, data: bytes, now: Instant) -> None:
        """Takes bytes from the host; answers come with the next `take`."""
        self._record(now)
        self._inbox += data
        while (end := self._inbox.find(b"\n")) >= 0:
            request = bytes(self._inbox[:end]).decode("latin-1").strip()
            del self._inbox[: end + 1]
            if request:
                self.requests.append(request)
                self._obey(request, now)
        if len(self._inbox) > _REQUEST_MAX:
            self._inbox.clear()

    def _obey(self, request: str, now: Instant) -> None:
        word, *fields = request.split(";")
        if word in _FORBIDDEN:
            self.forbidden.append(request)
        first, colon, count = request.partition(":")
        if request.isascii() and first.isdigit() and (not colon or count.isdigit()):
            self._get_passings(int(first), int(count) if colon else 1)
        elif word in self._answers:
            self._answers[word](fields, now)
        else:
            self._out.append(b"ERROR,Unknown command\r\n")

    def _reply(self, word: str, *fields: str) -> None:
        self._out.append(answer(word, *fields))

    def _set_protocol(self, fields: list[str], now: Instant) -> None:
        wanted = fields[0].removeprefix("<=") if fields else ""
        low, high = (tuple(map(int, text.split("."))) for text in VERSIONS[1:])
        parts = tuple(int(part) for part in wanted.split(".") if part.isdigit())
        if len(parts) == 2 and low <= parts <= high:
            self._version = wanted
            self._reply("SETPROTOCOL", wanted)
        else:
            self._out.append(b"ERROR,Unsupported protocol version\r\n")

    def _set_push(self, fields: list[str], now: Instant) -> None:
        if not self._can_push:
            self._out.append(b"ERROR,Unknown command\r\n")
            return
        self._pushing = fields[:1] == ["1"]
        self._pushed = 0 if fields[1:2] == ["1"] else len(self._now.passings)
        self._reply("SETPUSHPASSINGS", *fields)

    def _config(self, fields: list[str], now: Instant) -> None:
        values = {"GENERAL;BOXNAME": ("Finish", self._box), "ACTIVE;LOOPID": ("1",)}
        self._reply("GETCONFIG", *fields, *values.get(";".join(fields), ("ERROR",)))

    def _get_passings(self, first: int, count: int) -> None:
        there = len(self._now.passings)
        if first < 1 or first + count - 1 > there:
            self._out.append(f"ONLY {there}\r\n".encode())
        for place in range(max(first, 1) - 1, min(first + count - 1, there)):
            self._out.append(self._line(self._now, place))
        self._out.append(b"\r\n")

    def _get_file(self, fields: list[str], now: Instant) -> None:
        number = int(fields[0]) if fields and fields[0].isdigit() else -1
        if number not in self._files:
            self._reply("GETFILE", "ERROR")
            return
        file = self._files[number]
        self._out += [self._line(file, place) for place in range(len(file.passings))]
        self._out.append(b"\r\n")

    def _start(self, fields: list[str], now: Instant) -> None:
        if self._operation:
            self._reply("STARTOPERATION", "OPERATIONMODE")
            return
        self.restart(now)
        self._reply("STARTOPERATION", "OK", *self._clock(now).split(";"))

    def _stop(self, fields: list[str], now: Instant) -> None:
        self._operation = False
        self._reply("STOPOPERATION", "OK")

    def _set_time(self, fields: list[str], now: Instant) -> None:
        # The stamps to come are made: this decoder's clock cannot be moved.
        self._reply("SETTIME", "OPERATIONMODE" if self._operation else "ERROR")

    def _stamp(self, now: Instant) -> int:
        return local_of(now, self._zone) if self._zero_us is None else max(0, now - self._zero_us)

    def _clock(self, now: Instant) -> str:
        line = status_line(self._stamp(now)).decode()
        return ";".join(line.split(";")[1:3])

    def _status(self, now: Instant) -> bytes:
        dated = self._zero_us is None
        return status_line(
            self._stamp(now), operation=self._operation, file=self._file, gps=dated, time_source=1 if dated else 0
        )

    # ---- how far ----

    @property
    def sent(self) -> int:
        """Passings sent, pushed or pulled, each counted once."""
        return len(self._sent)

    @property
    def remaining(self) -> int:
        """Passings not yet sent. 0: a host that stayed has them all."""
        recorded = sum(len(file.passings) for file in self._files.values())
        return recorded + len(self._detections) - self._place - self.sent

    @property
    def done(self) -> bool:
        return self.remaining == 0 and not self.busy

    def lag_us(self, now: Instant) -> Duration:
        """How far the pushes are behind the race clock; 0 when none is waiting."""
        if not self._pushing or self._pushed >= len(self._now.passings):
            return 0
        return max(0, now - self._now.passings[self._pushed].due_us)
