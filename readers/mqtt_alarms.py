"""What the intake has to tell the crew, and the messages it could not take: both bounded, both in plain words.

Knows no MQTT and no clock; whoever holds the intake's loop calls `flush` about once a second.
"""

import enum
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from timing.reads import SourceId


class AlarmKind(enum.StrEnum):
    BROKER = "broker"
    """No connection to the broker."""
    SILENT = "silent"
    """A collector gives no sign of life, or its connection broke."""
    GAP = "gap"
    """Numbers are missing; they are being asked for."""
    LOSS = "loss"
    """A collector no longer holds reads that never came."""
    OTHER_CONTENT = "other_content"
    """One number of a store came with two contents."""
    NEW_STORE = "new_store"
    TWO_STORES = "two_stores"
    """Two collectors speak for one source at once."""
    FLAPPING = "flapping"
    """A collector starts or loses its connection again and again."""
    QUARANTINE = "quarantine"
    """Messages that could not be taken."""
    MALFORMED = "malformed"
    """Records that could not be understood; kept raw in the journal."""
    CLOCK = "clock"
    """A collector's clock kind is not the race file's."""
    WAITING = "waiting"
    """Reads wait for the journal; nothing of them is confirmed."""
    COLLECTOR = "collector"
    """What a collector itself has to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeAlarm:
    """One thing to tell. The same `key` replaces what was told before; `active` False: it is over."""

    key: str
    kind: AlarmKind
    source: SourceId | None
    text: str
    active: bool = True


class AlarmBoard:
    """Alarms in force. New ones and ends are told at once, changes of the text at the next `flush`."""

    def __init__(self, tell: Callable[[IntakeAlarm], None]) -> None:
        self._tell = tell
        self._alarms: dict[str, IntakeAlarm] = {}
        self._changed: set[str] = set()

    @property
    def active(self) -> tuple[IntakeAlarm, ...]:
        return tuple(self._alarms.values())

    def set(self, kind: AlarmKind, source: SourceId | None, text: str, *, about: str = "") -> None:
        """Raise, change, or (with an empty text) end the alarm of this kind, source and matter."""
        key = ":".join((kind.value, source or "", about))
        before = self._alarms.get(key)
        if not text:
            if before is not None:
                del self._alarms[key]
                self._changed.discard(key)
                self._tell(replace(before, active=False))
            return
        if before is not None and before.text == text:
            return
        self._alarms[key] = IntakeAlarm(key=key, kind=kind, source=source, text=text)
        if before is None:
            self._tell(self._alarms[key])
        else:
            self._changed.add(key)

    def flush(self) -> None:
        """Tell of changed texts."""
        changed, self._changed = self._changed, set()
        for key in changed:
            self._tell(self._alarms[key])


SAMPLES_PER_REASON: Final = 10
SAMPLE_BYTES: Final = 2_048
_REASONS: Final = 200
"""Different reasons counted apart; what comes beyond is counted together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A message that was not taken: why, and its beginning. Never read again by the engine; for people."""

    topic: str
    reason: str
    size: int
    sample: bytes
    retained: bool


class Quarantine:
    """Counts what was not taken, by what is wrong with it, and gives out the first few of each as samples."""

    def __init__(self, keep: Callable[[Quarantined], None]) -> None:
        self._keep = keep
        self.counts: Counter[str] = Counter()

    @property
    def total(self) -> int:
        return self.counts.total()

    def add(self, about: str, *, topic: str, reason: str, payload: bytes, retained: bool) -> tuple[str, int]:
        """Put a message away. `about` groups what is counted and sampled together.

        Returns: the group it was counted in (strangers share one when there are too many), and how many are in it.
        """
        if about not in self.counts and len(self.counts) >= _REASONS:
            about = "other"
        self.counts[about] += 1
        if self.counts[about] <= SAMPLES_PER_REASON:
            sample = payload[:SAMPLE_BYTES]
            self._keep(Quarantined(topic=topic, reason=reason, size=len(payload), sample=sample, retained=retained))
        return about, self.counts[about]
