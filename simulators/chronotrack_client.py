"""Virtual SimpleClient (ChronoTrack CTP01): the program that calls the engine, without a port.

Bytes from the engine in, bytes for the engine out; no clock of its own. It keeps silent about reads until `start`, and
then sends all reads of its session from the first on, and the later ones when they are due. What became due while it
was not connected comes with the next `start` alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from readers import chronotrack_frames as frames
from readers.chronotrack_frames import GUN_TAG, NEW_LOCATION_TAG, TimeFormat
from timing.instants import Duration, Instant

CHUNK_LINES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """A tag seen, a gun, or a location that came online (`GUN_TAG`, `NEW_LOCATION_TAG`). `stamp_us`: the wall clock of
    the controller, `due_us`: when it can be sent.
    """

    due_us: Instant
    location: str
    tag: str
    stamp_us: int
    antenna: int = 1


class VirtualSimpleClient:
    """`now` in all calls is the race clock. `form`: how it writes times, whatever it is asked for (None: as asked)."""

    def __init__(self, lines: Sequence[SessionLine], *, form: TimeFormat | None = None, program: str = "SimpleClient"):
        self.connected = False
        self.connections = 0
        self.heard: list[str] = []
        """All lines of the engine, but the settings."""
        self.settings: dict[str, str] = {}
        self.starts = 0
        self._lines = sorted(lines, key=lambda line: line.due_us)
        self._program = program
        self._forced = form
        self._form = TimeFormat.NORMAL
        self._settings_left = -1
        self._next: int | None = None
        self._again: list[str] = []
        self._inbox = b""
        self._out = bytearray()

    # The link

    def host_connected(self, now: Instant) -> None:
        self.connected = True
        self.connections += 1
        self._settings_left, self._next, self._inbox = -1, None, b""
        self._again.clear()
        self._out.clear()
        self._out += frames.line(self._program, "0.5.0", frames.PROTOCOL_NAME)

    def host_disconnected(self, now: Instant) -> None:
        self.connected = False
        self._out.clear()

    def receive(self, data: bytes, now: Instant) -> None:
        *whole, self._inbox = (self._inbox + data).split(frames.ENDING)
        for text in whole:
            self._obey(text.decode())

    def take(self, now: Instant, limit: int = 65_536) -> bytes:
        """Bytes to send now: answers first, then lines, CHUNK_LINES at most; `limit` is not looked at."""
        if self._next is not None:
            for location in self._again:
                self._send([n for n in range(self._next) if self._lines[n].location == location])
            self._again.clear()
            end = self._next
            while end < min(len(self._lines), self._next + CHUNK_LINES) and self._lines[end].due_us <= now:
                end += 1
            self._send(list(range(self._next, end)))
            self._next = end
        out = bytes(self._out)
        self._out.clear()
        return out

    def next_due_us(self) -> Instant | None:
        """When the next line can be sent; None while nobody asked, or none is left."""
        if self._next is None or self._next >= len(self._lines):
            return None
        return self._lines[self._next].due_us

    @property
    def busy(self) -> bool:
        return bool(self._out)

    @property
    def sent(self) -> int:
        """Lines sent over the present connection."""
        return self._next or 0

    @property
    def remaining(self) -> int:
        return len(self._lines) - self.sent

    def lag_us(self, now: Instant) -> Duration:
        due = self.next_due_us()
        return 0 if due is None else max(0, now - due)

    @property
    def done(self) -> bool:
        """Whether all has been sent over the present connection."""
        return self._next == len(self._lines) and not self._again

    # What is said

    def _send(self, numbers: Sequence[int]) -> None:
        form = self._forced or self._form
        for number in numbers:
            line = self._lines[number]
            quiet = line.tag in (GUN_TAG, NEW_LOCATION_TAG)
            self._out += frames.read_line(
                number + 1,
                line.location,
                line.tag,
                line.stamp_us,
                form=form,
                occurrence=0 if quiet else 1,
                antenna=0 if quiet else line.antenna,
            )

    def _obey(self, text: str) -> None:
        if self._settings_left:
            self._set(text)
            return
        self.heard.append(text)
        match text.split("~"):
            case ["ping"]:
                self._out += frames.line("ack", "ping")
            case ["geteventinfo"]:
                self._out += frames.line("ack", "geteventinfo", "21ROTM", "1", "a race")
            case ["getlocations"]:
                names = dict.fromkeys(line.location for line in self._lines)
                self._out += frames.line("ack", "getlocations", *names)
            case ["start"]:
                self.starts += 1
                self._next = 0
            case ["start", location] if self._next is not None:
                self.starts += 1
                self._again.append(location)

    def _set(self, text: str) -> None:
        """The welcome, and as many settings as it says."""
        if self._settings_left < 0:
            self._settings_left = int(text.split("~")[2])
            return
        key, _, value = text.partition("=")
        self.settings[key] = value
        self._settings_left -= 1
        if key == "time-format":
            self._form = TimeFormat(value)
