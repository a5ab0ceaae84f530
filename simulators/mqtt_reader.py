"""Virtual readers that speak MQTT themselves: what they would publish and when; no broker, no clock of their own.

They hold what they cannot get rid of, up to a bound, and nothing else: no memory can be asked. `now` in all calls is
the race clock. `simulators.mqtt_publisher` joins one to a broker.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from readers import impinj_messages, zebra_messages
from timing.instants import SECOND, Duration, Instant
from timing.reads import ChipRead

IMPINJ_BUFFER: Final = 2_000
"""Inferred: the maker gives a setting (`eventBufferSize`), and no figure for it was found."""
ZEBRA_RETAINED: Final = 150_000
ZEBRA_PER_SECOND: Final = 500
HEARTBEAT_US: Final = 10 * SECOND


class Said(NamedTuple):
    """A message to publish: `topic` below the reader's own, empty for that itself."""

    topic: str
    payload: bytes


class VirtualMqttReader:
    """Reads, each said once it is due. A subclass says how."""

    def __init__(self, reads: Sequence[ChipRead], buffer_max: int) -> None:
        """`reads`: stamps are UTC, `received_us` is when each can be said; 0: at once."""
        self.connected = False
        self.connections = 0
        self.dropped = 0
        """Events that found no room while there was no broker."""
        self._reads = sorted(reads, key=_due_us)
        self._place = 0
        self._kept: deque[Said] = deque()
        self._buffer_max = buffer_max

    def host_connected(self, now: Instant) -> None:
        self.connected = True
        self.connections += 1

    def host_disconnected(self, now: Instant) -> None:
        self.connected = False
        self._look(now)

    def take(self, now: Instant) -> list[Said]:
        """What to publish now, in order. While there is no broker: nothing; what is due is kept."""
        live = self._look(now)
        if not self.connected:
            return []
        return [*self._behind(live, now), *self._signs(now)]

    def give_back(self, unsent: Sequence[Said]) -> None:
        """These could not be published: they are kept in front of the others."""
        self._kept.extendleft(reversed([said for said in unsent if not said.topic]))

    def next_due_us(self) -> Instant | None:
        return _due_us(self._reads[self._place]) if self._place < len(self._reads) else None

    @property
    def sent(self) -> int:
        """Events given out."""
        return self._place - len(self._kept) - self.dropped

    @property
    def remaining(self) -> int:
        return len(self._reads) - self._place + len(self._kept)

    def lag_us(self, now: Instant) -> Duration:
        due = self.next_due_us()
        return 0 if due is None else max(0, now - due)

    @property
    def done(self) -> bool:
        """Whether everything was seen and given out (or dropped)."""
        return self._place == len(self._reads) and not self._kept

    def _look(self, now: Instant) -> list[Said]:
        """Sees what is due. Without a broker it is kept, as far as there is room; with one it is given back."""
        live = []
        while self._place < len(self._reads) and _due_us(self._reads[self._place]) <= now:
            said = Said("", self._event(self._reads[self._place], now))
            self._place += 1
            if self.connected:
                live.append(said)
            elif len(self._kept) < self._buffer_max:
                self._kept.append(said)
            else:
                self.dropped += 1
        return live

    def _behind(self, live: list[Said], now: Instant) -> list[Said]:
        """Kept events before live ones."""
        kept, self._kept = list(self._kept), deque()
        return kept + live

    def _event(self, read: ChipRead, now: Instant) -> bytes:
        raise NotImplementedError

    def _signs(self, now: Instant) -> list[Said]:
        """Signs of life due now."""
        return []


def _due_us(read: ChipRead) -> Instant:
    return read.received_us or read.stamp_us


class VirtualImpinj(VirtualMqttReader):
    """An R700: one event a message, a small buffer."""

    def __init__(
        self, reads: Sequence[ChipRead], *, hostname: str | None = "impinj-01-23-45", buffer_max: int = IMPINJ_BUFFER
    ) -> None:
        super().__init__(reads, buffer_max)
        self._hostname = hostname

    def host_connected(self, now: Instant) -> None:
        super().host_connected(now)
        self._kept.appendleft(Said("", impinj_messages.inventory_event("running", now, hostname=self._hostname)))

    def _event(self, read: ChipRead, now: Instant) -> bytes:
        return impinj_messages.tag_event(read, hostname=self._hostname)


class VirtualZebra(VirtualMqttReader):
    """An FX reader: numbered events, kept ones behind live ones and throttled, heartbeats with the read counter."""

    def __init__(
        self,
        reads: Sequence[ChipRead],
        *,
        retained_max: int = ZEBRA_RETAINED,
        per_second: int = ZEBRA_PER_SECOND,
        heartbeat_us: Duration = HEARTBEAT_US,
        ports: Sequence[int] = (1, 2, 3, 4),
    ) -> None:
        super().__init__(reads, retained_max)
        self._per_second = per_second
        self._heartbeat_us = heartbeat_us
        self._ports = dict.fromkeys(ports, True)
        self._number = self._health_number = self._counted = 0
        self._beat_us: Instant | None = None
        self._drained_us: Instant | None = None

    def power_off_on(self, now: Instant) -> None:
        """Counts anew; what was kept is gone."""
        self.dropped += len(self._kept)
        self._kept.clear()
        self._number = self._health_number = self._counted = 0
        self._kept.append(Said("events", zebra_messages.hello(now, self._next_health())))

    def unplug(self, port: int, *, plugged: bool = False) -> None:
        self._ports[port] = plugged

    def host_connected(self, now: Instant) -> None:
        super().host_connected(now)
        self._drained_us = now - SECOND
        self._beat_us = None

    def _event(self, read: ChipRead, now: Instant) -> bytes:
        self._number += 1
        self._counted += 1
        return zebra_messages.message(zebra_messages.tag_event(read, self._number))

    def _behind(self, live: list[Said], now: Instant) -> list[Said]:
        room = 0
        if self._drained_us is not None:
            room = (now - self._drained_us) * self._per_second // SECOND
            if room:
                self._drained_us = now
        return live + [self._kept.popleft() for _ in range(min(room, len(self._kept)))]

    def _signs(self, now: Instant) -> list[Said]:
        if self._beat_us is not None and now - self._beat_us < self._heartbeat_us:
            return []
        self._beat_us = now
        beat = zebra_messages.heartbeat(now, self._next_health(), reads=self._counted, antennas=self._ports)
        return [Said("events", beat)]

    def _next_health(self) -> int:
        self._health_number += 1
        return self._health_number
