"""A virtual RACE RESULT USB Timing Box: says nothing by itself, and answers from its memory."""

from collections.abc import Sequence
from typing import Final

from readers import race_result_usb_frames as frames
from simulators.timer_device import Impulse, VirtualTimer
from timing.instants import SECOND, Instant

AT_ONCE: Final = 32
"""Passings in one answer."""
_HARMFUL = (b"EPOCHREFSET", b"EPOCHREFADJ1D", b"CONFSET", b"RESET", b"SITESURVEY", b"CLEAR", b"PASSINGCLEAR")


class VirtualUsbBox(VirtualTimer):
    """See `simulators.timer_device`. `channel` of an impulse is the loop, from 0.

    `reference`: seconds and ticks, as a host has set them. `capacity`: passings the memory keeps. `ahead_us`: how much
    the box's clock, as its reference says it, is ahead of the race clock.
    """

    def __init__(
        self,
        impulses: Sequence[Impulse],
        *,
        reference: tuple[int, int] = (0x4A3CAA45, 0x0151BCF5),
        capacity: int = 100_000,
        ahead_us: int = 0,
    ) -> None:
        super().__init__(impulses)
        self.reference = reference
        self._capacity = capacity
        self._ahead_us = ahead_us

    def frame(self, place: int) -> bytes:
        impulse = self.impulses[place]
        return frames.passing(
            impulse.tag, self._ticks(impulse.stamp_us), hits=12, rssi=impulse.signal, loop=impulse.channel
        ).encode()

    def take(self, now: Instant, limit: int) -> bytes:
        self._live = self.recorded(now)
        out = bytes(self._replies[:limit])
        del self._replies[:limit]
        return out

    def boot(self) -> None:
        """The box restarts, and has forgotten its reference."""
        self.reference = (0, 0)
        self.reply(b"AUTOBOOT" + frames.ENDING)

    def obey(self, command: bytes, now: Instant) -> None:
        word, _, given = command.partition(b";")
        if command.startswith(_HARMFUL):
            self.forbidden.append(command)
        elif command == b"ASCII":
            self.reply(frames.answer(word))
        elif word == b"INFOGET":
            self.reply(frames.answer(word, f"{given.decode()};1f4"))
        elif word == b"EPOCHREFGET":
            self.reply(frames.answer(word, "{:08x};{:08x}".format(*self.reference)))
        elif word == b"TIMESTAMPGET":
            self.reply(frames.answer(word, f"{self._ticks(now + self._ahead_us):08x}"))
        elif word == b"PASSINGINFOGET":
            self._tell_memory(word, now)
        elif word == frames.PASSINGS:
            self._tell_passings(word, int(given, 16), now)

    def _ticks(self, at_us: int) -> int:
        return frames.ticks_of(at_us, *self.reference) & 0xFFFFFFFF

    def _first(self, now: Instant) -> int:
        return max(0, self.recorded(now) - self._capacity)

    def _tell_memory(self, word: bytes, now: Instant) -> None:
        first, end = self._first(now), self.recorded(now)
        if first == end:
            self.reply(frames.answer(word, "0;0;0;0;0"))
            return
        times = [self._ticks(self.impulses[place].stamp_us) for place in (first, end - 1)]
        self.reply(frames.answer(word, f"{end - first:08x};{first:08x};{times[0]:08x};{end - 1:08x};{times[1]:08x}"))

    def _tell_passings(self, word: bytes, index: int, now: Instant) -> None:
        first, end = self._first(now), min(self.recorded(now), index + AT_ONCE)
        if not first <= index < end:
            self.reply(frames.answer(word, f"{index:08x};{first:08x}", error=frames.NO_SUCH_PASSING))
            return
        lines = [self.frame(place).decode() for place in range(index, end)]
        self._sent.update(range(index, end))
        self.reply(frames.answer(word, f"{index:08x};{end - index:02x}", *lines))


def whole_ticks(at_us: int) -> int:
    """The instant of the tick an instant falls in, of a clock whose reference is on a whole second."""
    return at_us // SECOND * SECOND + (at_us % SECOND * frames.TICKS_S // SECOND) * 15_625 // 4
