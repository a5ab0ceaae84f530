"""A virtual Chronelec decoder: one passing at a time, sent again until it is acknowledged."""

from collections.abc import Sequence
from typing import Final

from readers import chronelec_frames as frames
from simulators.timer_device import Impulse, VirtualTimer
from timing.instants import SECOND, Duration, Instant

AGAIN_US: Final = 2 * SECOND
"""How long it waits for an acknowledgement before it sends a passing again. Inferred: no text says."""
_SOURCES: Final = ("STA", "BOX", "MAN", "CEL")


class VirtualChronelec(VirtualTimer):
    """See `simulators.timer_device`. `channel`: 0 the station's loop, 1 the box's, 2 by hand, 3 a light gate."""

    def __init__(self, impulses: Sequence[Impulse], *, again_us: Duration = AGAIN_US) -> None:
        super().__init__(impulses)
        self.acknowledged = 0
        self._again_us = again_us
        self._sent_us: Instant | None = None
        self._now: Instant = 0

    def frame(self, place: int) -> bytes:
        impulse = self.impulses[place]
        return frames.passing(
            impulse.tag or "0",
            impulse.stamp_us,
            source=_SOURCES[impulse.channel],
            counter=place + 1,
        )

    def host_connected(self, now: Instant) -> None:
        """Nothing is passed by: what was not acknowledged is still to be sent."""
        self.connected = True
        self.connections += 1
        self._sent_us = None

    def host_disconnected(self, now: Instant) -> None:
        self.connected = False
        self._sent_us = None
        self._inbox.clear()
        self._replies.clear()

    def receive(self, data: bytes, now: Instant) -> None:
        """Commands are an escape and one byte; those with more after it would change the decoder."""
        self._inbox += data
        while len(self._inbox) >= 2:
            if self._inbox[:1] != frames.ESCAPE:
                del self._inbox[:1]
                continue
            command = bytes(self._inbox[:2])
            del self._inbox[:2]
            self.obey(command, now)

    def obey(self, command: bytes, now: Instant) -> None:
        if command == frames.STATUS_QUESTION:
            self.reply(frames.status(now))
        elif command == frames.ACKNOWLEDGE:
            if self._sent_us is not None:
                self._sent.add(self.acknowledged)
                self.acknowledged += 1
                self._sent_us = None
        elif command == frames.REPEAT:
            self._sent_us = None
        else:
            self.forbidden.append(command)

    def take(self, now: Instant, limit: int) -> bytes:
        out = bytes(self._replies)
        self._replies.clear()
        waits = self._sent_us is not None and now < self._sent_us + self._again_us
        if self.acknowledged < self.recorded(now) and not waits:
            self._sent_us = now
            out += self.frame(self.acknowledged)
        self._live = self.acknowledged
        return out
