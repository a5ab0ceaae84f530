"""A virtual JChip bridge: bytes from the scorer in, bytes for the scorer out; no port, no clock of its own.

It calls the scorer, says hello, tells its time, and when told to send gives every record it holds from the first on,
then new ones as they become due. Made after captured lines; see docs/readers_jchip.md.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from readers import jchip_frames as frames
from simulators.zones import local_of
from timing.instants import Duration, Instant

_REQUEST_MAX: Final = 64


class JChipRecord(NamedTuple):
    """`stamp_us`: an instant, not yet in the bridge's zone; `due_us`: when it comes."""

    tag: str
    stamp_us: Instant
    due_us: Instant


class VirtualJChip:
    """One bridge. `now` in all calls is the race clock.

    Args:
        records: in order of delivery.
        dated: newer bridges write the date behind each time.
        again: whether `S0000` on a link that already sends begins anew.
    """

    def __init__(
        self,
        records: Sequence[JChipRecord],
        zone: ZoneInfo,
        *,
        name: str = "bridge",
        dated: bool = True,
        again: bool = True,
    ) -> None:
        self.records = list(records)
        self.connected = False
        self.connections = 0
        self.requests: list[bytes] = []
        self.unknown: list[bytes] = []
        """What a scorer has said that no scorer says."""
        self._zone = zone
        self._name = name
        self._dated = dated
        self._again = again
        self._next: int | None = None
        self._inbox = bytearray()
        self._replies = bytearray()

    def host_connected(self, now: Instant) -> None:
        self.connected = True
        self.connections += 1
        self._next = None
        self._replies += frames.hello(self._name)

    def host_disconnected(self, now: Instant) -> None:
        self.connected = False
        self._next = None
        self._inbox.clear()
        self._replies.clear()

    def take(self, now: Instant, limit: int = 65_536) -> bytes:
        """Bytes to send now; at most `limit`, and one line more."""
        out, self._replies = self._replies, bytearray()
        while self._next is not None and len(out) < limit:
            if self._next >= len(self.records) or self.records[self._next].due_us > now:
                break
            record = self.records[self._next]
            stamp_us = local_of(record.stamp_us, self._zone)
            if not self._dated:
                stamp_us %= 24 * 3_600 * 1_000_000
            out += frames.read_line(record.tag, stamp_us, self._next, dated=self._dated)
            self._next += 1
        return bytes(out)

    def next_due_us(self) -> Instant | None:
        """When the next record is due; None while nobody asked, or none is left."""
        if self._next is None or self._next >= len(self.records):
            return None
        return self.records[self._next].due_us

    @property
    def busy(self) -> bool:
        return bool(self._replies)

    @property
    def sent(self) -> int:
        """Records sent over the present connection."""
        return self._next or 0

    @property
    def remaining(self) -> int:
        return len(self.records) - self.sent

    @property
    def done(self) -> bool:
        return self.remaining == 0 and not self.busy

    def lag_us(self, now: Instant) -> Duration:
        due = self.next_due_us()
        return 0 if due is None else max(0, now - due)

    def receive(self, data: bytes, now: Instant) -> None:
        """Takes bytes from the scorer; answers come with the next `take`."""
        self._inbox += data
        while (end := self._inbox.find(b"\r")) >= 0:
            request = bytes(self._inbox[:end])
            del self._inbox[: end + 1]
            self._obey(request, now)
        if len(self._inbox) > _REQUEST_MAX:
            self._inbox.clear()

    def _obey(self, request: bytes, now: Instant) -> None:
        self.requests.append(request)
        if request == b"GT":
            self._replies += frames.clock_line(local_of(now, self._zone), dated=self._dated)
        elif request == b"S0000":
            if self._next is None or self._again:
                self._next = 0
        else:
            self.unknown.append(request)
