"""A virtual TAG Heuer CP 540 (or, on request, CP 520): times when they are due, and a download started by hand."""

from collections.abc import Sequence

from readers import tag_heuer_frames as frames
from simulators.timer_device import Impulse, VirtualTimer
from timing.instants import Instant


class VirtualTagHeuer(VirtualTimer):
    """See `simulators.timer_device`. It answers nothing; every command is taken note of as one it should not get."""

    def __init__(
        self,
        impulses: Sequence[Impulse],
        *,
        old: bool = False,
        checked: bool = True,
        day: int = 0,
        stands_still: bool = False,
    ) -> None:
        """`old`: a CP 520. `day`: the number of the day it shows."""
        super().__init__(impulses, stands_still=stands_still)
        self._old = old
        self._checked = checked
        self._day = day

    def frame(self, place: int) -> bytes:
        return self._written(place, "TN")

    def _written(self, place: int, kind: str) -> bytes:
        impulse = self.impulses[place]
        if self._old:
            return frames.time_520(
                impulse.stamp_us, channel=impulse.channel, by_hand=impulse.by_hand, bib=impulse.number
            )
        return frames.time_540(
            place + 1,
            impulse.stamp_us,
            channel=impulse.channel,
            by_hand=impulse.by_hand,
            bib=impulse.number,
            day=self._day,
            kind=kind,
            checked=self._checked,
        )

    @property
    def remaining(self) -> int:
        """What may still come by itself: it cannot be asked for what became due while nobody listened."""
        return len(self.impulses) - self._live

    def obey(self, command: bytes, now: Instant) -> None:
        self.forbidden.append(command)

    def download(self, now: Instant) -> None:
        """The person at the timer sends all it holds."""
        self.reply(frames.with_checksum(b"DS 01", checked=self._checked))
        for place in range(self.recorded(now)):
            self.reply(self._written(place, "AN"))
            self._sent.add(place)
        self.reply(frames.with_checksum(b"DE 01", checked=self._checked))
