"""Whether an open link is alive and makes sense: decided from when bytes came, what was understood, what was asked.

Pure: told of everything with the steady clock's microseconds; no input or output. The driver acts on it.
"""

from typing import Final

from readers.health import Link

SILENCE_MAX_US: Final = 7_000_000
"""A question unanswered for so long, with nothing else coming, means the link is dead. With a question every 2.5 s a
cable pulled without goodbye is noticed within 10 s."""
RUBBISH_MAX_US: Final = 4_000_000
"""Bytes for so long, and nothing understood: shown as unintelligible, within the 5 s the crew may expect."""
RUBBISH_MIN: Final = 64
"""Fewer bytes than that are half a record, not a stream of rubbish."""


class LinkWatch:
    """One connection's signs of life."""

    __slots__ = ("_last_byte_us", "_rubbish", "_rubbish_since_us", "_understood_us")

    def __init__(self, opened_us: int) -> None:
        self._last_byte_us = opened_us
        self._understood_us: int | None = None
        self._rubbish = 0
        self._rubbish_since_us: int | None = None

    def bytes_came(self, count: int, *, understood: bool, steady_us: int) -> None:
        """Bytes have arrived; `understood`: at least one record among what they completed was valid."""
        self._last_byte_us = steady_us
        if understood:
            self._understood_us = steady_us
            self._rubbish, self._rubbish_since_us = 0, None
            return
        if self._rubbish_since_us is None:
            self._rubbish_since_us = steady_us
        self._rubbish += count

    def state(self, steady_us: int) -> Link:
        """OPENED until something was understood, then UP; UNINTELLIGIBLE while there is only rubbish."""
        if (
            self._rubbish_since_us is not None
            and self._rubbish >= RUBBISH_MIN
            and steady_us - self._rubbish_since_us >= RUBBISH_MAX_US
        ):
            return Link.UNINTELLIGIBLE
        return Link.OPENED if self._understood_us is None else Link.UP

    def is_dead(self, unanswered_since_us: int | None, steady_us: int) -> bool:
        """Whether the other side has fallen silent. Rubbish is a sign of life, too."""
        if unanswered_since_us is None:
            return False
        return steady_us - max(unanswered_since_us, self._last_byte_us) >= SILENCE_MAX_US


def pause_s(attempt: int, cap_s: float, chance: float) -> float:
    """Pause before the next attempt, in real seconds: 0.2 s at first, doubling to the cap, half of it by chance.

    Args:
        attempt: how many have failed since the link was last good, from 1.
        chance: evenly distributed from 0 to 1, so that many drivers do not come back in step.
    """
    longest = min(cap_s, 0.2 * 2.0 ** min(attempt - 1, 20))
    return longest * (0.5 + chance / 2)
