"""A virtual ALGE Timy: impulses when they are due, its memory when asked, and the answers public drivers expect."""

from collections.abc import Sequence

from readers import timy_frames as frames
from simulators.timer_device import Impulse, VirtualTimer
from timing.instants import Instant

_HARMFUL = (b"CLR", b"DTS", b"DTF", b"TIMYINIT", b"KL", b"RR", b"PRE", b"CHK", b"EMU")


class VirtualTimy(VirtualTimer):
    """See `simulators.timer_device`. `checked`: check digits are switched on; `mute`: it answers nothing."""

    def __init__(
        self, impulses: Sequence[Impulse], *, checked: bool = True, mute: bool = False, stands_still: bool = False
    ) -> None:
        super().__init__(impulses, stands_still=stands_still)
        self._checked = checked
        self._mute = mute

    def frame(self, place: int) -> bytes:
        impulse = self.impulses[place]
        return frames.impulse(
            impulse.number,
            impulse.stamp_us,
            channel=impulse.channel,
            by_hand=impulse.by_hand,
            checked=self._checked,
        )

    def obey(self, command: bytes, now: Instant) -> None:
        if command.startswith(_HARMFUL):
            self.forbidden.append(command)
        elif self._mute:
            return
        elif command == b"NSF?":
            self.reply(b"NSF V 3.0" + frames.ENDING)
        elif command == b"PROG?":
            self.reply(b"PROG: Backup" + frames.ENDING)
        elif command == b"RSM":
            self.send_again(range(self.recorded(now)))
