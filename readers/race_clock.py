"""The race clock: what instant it is in the race, the same in every process that is given the same text.

On race day it is the host's clock. In a simulated race it is `epoch_us + rate x (real time - zero_real_us)`, so that
engine, collectors and virtual readers agree without talking. Time-outs, pauses and ages never use it: they are real
seconds of a steady clock (the event loop's). Knows nothing of readers or wires.
"""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final, Self

from timing.errors import RaceDayError
from timing.instants import Instant

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RATE: Final = re.compile(r"max|[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)
_TEXT: Final = re.compile(rf"(-?[0-9]{{1,19}})@({_RATE.pattern})@(-?[0-9]{{1,19}})", re.ASCII)


class BadRaceClock(RaceDayError):
    """The text of a race clock cannot be read."""


_SPEED: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)


def check_speed(text: str) -> None:
    """Whether a person's text says how many times life: `60`, `1`, `0.5`, or `max`.

    Raises: BadRaceClock saying what would be accepted.
    """
    if text != "max" and not (_SPEED.fullmatch(text) and float(text) > 0):
        raise BadRaceClock(f"--speed {text}: give how many times life, like 60, 1 or 0.5, or max: as fast as possible")


def _instant_of(text: str) -> Instant | None:
    """The instant of `2024-10-27T08:55:00+01:00`, with its zone; None when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else (moment - _EPOCH) // timedelta(microseconds=1)


def _real_us() -> int:
    return time.time_ns() // 1000


def _steady_us() -> int:
    return time.monotonic_ns() // 1000


class RaceClock:
    """A clock that starts at `epoch_us` when real time is `zero_real_us`, and runs `rate` times as fast as life.

    `rate` 0, written `max`, means "as fast as possible": the clock stands still at `epoch_us`, which is then the last
    instant of the race. Nothing has to be waited for, since no instant of the race lies ahead of it.

    A simulated clock runs on the steady clock from the moment it is made: a step of the host's clock does not reach
    it. The real clock (`RaceClock.real()`) follows the host's clock, which is what people compare with.
    """

    __slots__ = ("_rate", "_real_us", "_shift_us", "_steady_us", "epoch_us", "zero_real_us")

    def __init__(
        self,
        epoch_us: Instant,
        rate: Fraction | int | float | str,
        zero_real_us: Instant,
        *,
        real_us: Callable[[], int] = _real_us,
        steady_us: Callable[[], int] = _steady_us,
    ) -> None:
        """Raises: BadRaceClock when the rate is negative."""
        self.epoch_us = epoch_us
        self.zero_real_us = zero_real_us
        self._rate = Fraction(0) if rate == "max" else Fraction(str(rate))
        if self._rate < 0:
            raise BadRaceClock(f"a race clock cannot run backwards: rate {rate}; give 1, 60, 0.5 or max")
        self._real_us = real_us
        self._steady_us = steady_us
        self._shift_us = real_us() - steady_us() - zero_real_us

    @classmethod
    def real(cls) -> Self:
        """The host's clock: the race runs now."""
        return cls(0, 1, 0)

    @classmethod
    def simulated(cls, epoch_us: Instant, rate: Fraction | int | float | str) -> Self:
        """A race whose clock starts at `epoch_us` now."""
        return cls(epoch_us, rate, _real_us())

    @classmethod
    def fastest(cls, end_us: Instant) -> Self:
        """As fast as possible: a clock that stands at the race's last instant."""
        return cls(end_us, 0, 0)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The clock of `epoch_us@rate@zero_real_us`, of `2024-10-27T08:55:00+01:00@60` (starts now), or of `real`.

        Raises: BadRaceClock.
        """
        if text == "real":
            return cls.real()
        if found := _TEXT.fullmatch(text):
            return cls(int(found[1]), found[2], int(found[3]))
        moment, _, rate = text.partition("@")
        if _RATE.fullmatch(rate) and (epoch_us := _instant_of(moment)) is not None:
            return cls.simulated(epoch_us, rate)
        raise BadRaceClock(
            f"not a race clock: {text[:80]!r}; give `real`; or the hour of the race that it is now and how fast it "
            "runs, `2024-10-27T08:55:00+01:00@60` (rates like 1, 60, 0.5 or max); or what another process was given, "
            "`epoch_us@rate@zero_real_us`"
        )

    @property
    def rate(self) -> float:
        """Times life; 0 when as fast as possible."""
        return float(self._rate)

    @property
    def is_real(self) -> bool:
        return self._rate == 1 and self.epoch_us == 0 and self.zero_real_us == 0

    @property
    def is_fastest(self) -> bool:
        return self._rate == 0

    def now_us(self) -> Instant:
        """The instant it is in the race."""
        if self.is_real:
            return self._real_us()
        elapsed_us = self._steady_us() + self._shift_us
        return self.epoch_us + elapsed_us * self._rate.numerator // self._rate.denominator

    def real_seconds_until(self, instant: Instant) -> float:
        """Real seconds until the race reaches an instant; 0 when it is past, always 0 when as fast as possible."""
        if self._rate == 0:
            return 0.0
        return max(0.0, float(Fraction(instant - self.now_us()) / self._rate / 1_000_000))

    def __str__(self) -> str:
        if self.is_real:
            return "real"
        rate = "max" if self._rate == 0 else f"{float(self._rate):.9f}".rstrip("0").rstrip(".")
        return f"{self.epoch_us}@{rate}@{self.zero_real_us}"

    def __repr__(self) -> str:
        return f"RaceClock({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RaceClock) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))
