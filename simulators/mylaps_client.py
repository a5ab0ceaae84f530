"""Virtual MYLAPS Timing & Scoring (the Toolkit exporter): the program that calls the engine, without a port.

Bytes from the engine in, bytes for the engine out; no clock of its own. It holds all sights, sends them when they are
due, a message at a time (version 1) or ten (version 2), and sends a message again every 20 s and on each new
connection until it is acknowledged. What becomes due while it is not connected goes out after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from readers import mylaps_frames as frames
from timing.instants import SECOND, Duration, Instant

REPEAT_US: Final = 20 * SECOND
MESSAGE_MAX: Final = {1: 30, 2: 100}
"""Records of one message, by version. Of version 1 the document says 50 in one place and 30 in another."""
UNDER_WAY_MAX: Final = {1: 1, 2: 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One chip seen, or a gun (`chip` empty). `stamp_us`: the device's wall clock, `due_us`: when it can be sent."""

    due_us: Instant
    location: str
    chip: str
    stamp_us: int


@dataclass(slots=True)
class _Message:
    data: bytes
    sights: int
    sent_us: Instant | None = None


@dataclass(slots=True)
class _Location:
    """What of one location is still to be said, in order of delivery, and what waits to be acknowledged."""

    sights: list[Sight] = field(default_factory=list)
    next: int = 0
    under_way: dict[tuple[str, int], _Message] = field(default_factory=dict)


class VirtualToolkit:
    """`now` in all calls is the race clock."""

    def __init__(
        self,
        sights: Sequence[Sight],
        *,
        version: int = 2,
        name: str = "Toolkit",
        locations: Sequence[str] = (),
        repeat_us: Duration = REPEAT_US,
    ) -> None:
        """`locations`: those it knows besides the ones of its sights."""
        self.connected = False
        self.connections = 0
        self.pings = 0
        """Answered, each once for each location."""
        self.acknowledged = 0
        """Sights the engine has said it has."""
        self.repeats = 0
        self.heard: list[str] = []
        """All functions the engine has used."""
        self._version = version
        self._name = name
        self._repeat_us = repeat_us
        self._locations = {location: _Location() for location in locations}
        for sight in sorted(sights, key=lambda sight: sight.due_us):
            self._locations.setdefault(sight.location, _Location()).sights.append(sight)
        self._total = len(sights)
        self._number = 0
        self._greeted = False
        self._inbox = b""
        self._out = bytearray()

    # The link

    def host_connected(self, now: Instant) -> None:
        """The program has called the engine, and greets it for each location."""
        self.connected, self._greeted = True, False
        self.connections += 1
        self._inbox = b""
        self._out.clear()
        for location in self._locations.values():
            for message in location.under_way.values():
                message.sent_us = None
        for name in self._locations:
            self._out += frames.frame(name, "Pong")

    def host_disconnected(self, now: Instant) -> None:
        self.connected = False
        self._out.clear()

    def receive(self, data: bytes, now: Instant) -> None:
        *whole, self._inbox = (self._inbox + data).split(b"$")
        for text in whole:
            _, function, *rest = text.decode().split("@")
            self.heard.append(function)
            self._obey(function, [part for part in rest if part])

    def take(self, now: Instant, limit: int = 65_536) -> bytes:
        """Bytes to send now: answers, messages that are due for the first time, and those to be repeated.

        What may be under way bounds them: `limit` is not looked at.
        """
        if self._greeted:
            for name, location in self._locations.items():
                self._fill(name, location, now)
                for message in location.under_way.values():
                    if message.sent_us is None or now - message.sent_us >= self._repeat_us:
                        self.repeats += message.sent_us is not None
                        message.sent_us = now
                        self._out += message.data
        out = bytes(self._out)
        self._out.clear()
        return out

    def next_due_us(self) -> Instant | None:
        """When the next sight can be sent; None while it must wait for the engine, or none is left."""
        waits = [place for place in self._locations.values() if len(place.under_way) < UNDER_WAY_MAX[self._version]]
        dues = [place.sights[place.next].due_us for place in waits if place.next < len(place.sights)]
        return min(dues, default=None) if self._greeted else None

    @property
    def busy(self) -> bool:
        return bool(self._out)

    @property
    def sent(self) -> int:
        """Sights the engine has said it has."""
        return self.acknowledged

    @property
    def remaining(self) -> int:
        return self._total - self.acknowledged

    def lag_us(self, now: Instant) -> Duration:
        """How long the next sight has been waiting to be sent for the first time."""
        dues = [place.sights[place.next].due_us for place in self._locations.values() if place.next < len(place.sights)]
        return max(0, now - min(dues)) if dues and self.connected else 0

    @property
    def done(self) -> bool:
        """Whether the engine has acknowledged everything."""
        return self.acknowledged == self._total

    # What is said

    def _fill(self, name: str, location: _Location, now: Instant) -> None:
        """Makes messages of what is due: guns and passings apart, and no more than may be under way."""
        while len(location.under_way) < UNDER_WAY_MAX[self._version]:
            due = location.sights[location.next : location.next + MESSAGE_MAX[self._version]]
            due = [sight for sight in due if sight.due_us <= now]
            if not due:
                return
            is_gun = not due[0].chip
            other = next((at for at, sight in enumerate(due) if (not sight.chip) != is_gun), len(due))
            due = due[:other]
            location.next += len(due)
            if is_gun and self._version == 1:
                self.acknowledged += len(due)  # version 1 has no word for it
                continue
            self._number += 1
            function, records = self._records(due, is_gun=is_gun)
            data = frames.message(name, function, records, self._number)
            location.under_way[function, self._number] = _Message(data=data, sights=len(due))

    def _records(self, due: Sequence[Sight], *, is_gun: bool) -> tuple[str, list[str]]:
        if is_gun:
            return "Marker", [frames.marker(sight.stamp_us) for sight in due]
        if self._version == 1:
            return "Store", [frames.record(sight.chip, sight.stamp_us) for sight in due]
        return "Passing", [frames.passing(sight.chip, sight.stamp_us, ct="UH", l=1, dv=1, re=0) for sight in due]

    def _obey(self, function: str, data: list[str]) -> None:
        match function:
            case "AckPong":
                self._greeted = True
            case "Ping":
                for name in self._locations:
                    self.pings += 1
                    self._out += frames.frame(name, "AckPing")
            case "GetLocations":
                names = [f"ln={name}" for name in self._locations]
                self._out += frames.frame(self._name, "GetLocations", *names)
            case "GetInfo" if data:
                device = frames.pairs({"id": 20250558687, "n": "BibTagDecoder00DF", "ant": 2, "isconn": 1})
                self._out += frames.frame(data[0], "AckGetInfo", device)
            case "GetInfo":
                self._out += frames.frame(self._name, "AckGetInfo", "sd=2024-10-27|rn=Marseille-Cassis")
            case "AckStore" | "AckPassing" | "AckMarker":
                for location in self._locations.values():
                    message = location.under_way.pop((function.removeprefix("Ack"), int(data[0])), None)
                    self.acknowledged += message.sights if message else 0
