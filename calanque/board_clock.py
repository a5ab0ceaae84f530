"""The clock a display board shows: the time since the gun in force, from the events of a running engine.

A pure object: fed with events, asked for the line of an instant. It goes on counting when the engine is gone, and says
so in the line; only a gun that was moved or taken back stops it. The line is described in docs/display_clock.md.
"""

import enum
from collections.abc import Mapping
from typing import Any, Final

from timing.instants import SECOND, Duration, Instant

SILENT_US: Final = 10 * SECOND
"""Without a word from the engine for so long the board counts on its own; beats come every two seconds."""
SHOWN_MAX_S: Final = 99 * 3600 + 59 * 60 + 59


class BoardState(enum.StrEnum):
    """The first letter of a line."""

    RUNNING = "R"
    """Counting from a gun that was heard or entered."""
    PLANNED = "P"
    """No gun yet: counting down to the planned one, then waiting at zero."""
    ALONE = "A"
    """Counting from the last gun known; the engine has said nothing for ten seconds."""
    NOTHING = "N"
    """No engine was heard yet: the time means nothing."""


class BoardClock:
    """The clock of one wave. `real_us` in all calls is this computer's clock, as in the events."""

    def __init__(self, wave: str | None = None) -> None:
        """`wave`: whose gun counts; the first of the race unless given."""
        self._wave = wave
        self._gun_us: Instant | None = None
        self._planned = True
        self._race_us: Instant = 0
        self._made_us: Instant = 0
        self._rate = 1.0
        self._heard_us: Instant | None = None
        self.waves: tuple[str, ...] = ()
        """The waves the engine told of."""

    def take(self, event: Mapping[str, Any], real_us: Instant) -> None:
        """What an event of the stream says (`made_us`, `sections`); a beat only says that the engine is there."""
        self._heard_us = real_us
        sections = event.get("sections", {})
        if "clock" in sections:
            self._race_us, self._rate = sections["clock"]["race_now_us"], sections["clock"]["rate"]
            self._made_us = event["made_us"]
        if "guns" in sections:
            guns = sections["guns"]
            self.waves = tuple(gun["wave"] for gun in guns)
            mine = next((gun for gun in guns if self._wave in (None, gun["wave"])), None)
            self._gun_us = None if mine is None else mine["gun_us"]
            self._planned = mine is None or mine["planned"]

    def state(self, real_us: Instant) -> BoardState:
        if self._gun_us is None or self._heard_us is None:
            return BoardState.NOTHING
        if self._planned:
            return BoardState.PLANNED
        return BoardState.ALONE if real_us - self._heard_us >= SILENT_US else BoardState.RUNNING

    def since_gun_us(self, real_us: Instant) -> Duration:
        """Time since the gun in force, below zero before the planned one; 0 when nothing is known or it is late."""
        if self._gun_us is None:
            return 0
        since_us = self._race_us + round((real_us - self._made_us) * self._rate) - self._gun_us
        return min(since_us, 0) if self._planned else since_us

    def line(self, real_us: Instant) -> bytes:
        """Letter, blank, sign, hours, minutes, seconds: thirteen characters with CR LF."""
        whole_s = self.since_gun_us(real_us) // SECOND
        shown_s = min(abs(whole_s), SHOWN_MAX_S)
        hours, minutes, seconds = shown_s // 3600, shown_s // 60 % 60, shown_s % 60
        sign = "-" if whole_s < 0 else "+"
        return f"{self.state(real_us)} {sign}{hours:02d}:{minutes:02d}:{seconds:02d}\r\n".encode()

    def us_to_next(self, real_us: Instant) -> Duration:
        """Real microseconds until the shown second changes; on a race clock that is not as fast as life, a second."""
        if self._rate != 1:
            return SECOND
        return SECOND - self.since_gun_us(real_us) % SECOND
