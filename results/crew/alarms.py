"""The crew's alarms: a line for each cause that lasts, with a key for this occurrence of it, and who takes care of it.

A cause that goes takes its line with it; when it comes back that is another occurrence, with another key. What causes
there are: `alarm_causes`; how they are told: `alarm_words`.
"""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from results.crew.desk import Taken
from timing.instants import Instant


class Level(enum.IntEnum):
    ALARM = 0
    """Costs reads or times now."""
    WARNING = 1
    """Will cost some, or costs certainty."""
    NOTE = 2


class AlarmKind(enum.StrEnum):
    ANTENNA_SILENT = "antenna_silent"
    ANTENNA_WEAK = "antenna_weak"
    MAT_SILENT = "mat_silent"
    LINK_DOWN = "link_down"
    LINK_UNINTELLIGIBLE = "link_unintelligible"
    LINK_MUTE = "link_mute"
    READS_MISSING = "reads_missing"
    READER_SAYS = "reader_says"
    BATTERY = "battery"
    CLOCK = "clock"
    LATE = "late"
    BROKER = "broker"
    FAR_MAT = "far_mat"
    JOURNAL_STOPPED = "journal_stopped"
    JOURNAL_SLOW = "journal_slow"
    DISK = "disk"
    UNKNOWN_TAGS = "unknown_tags"
    QUESTIONS = "questions"
    MATCHING_SLOW = "matching_slow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Something that is wrong now. `about`: which mat, source or antenna; with the kind it is one cause.

    `since_us`: where the race itself tells; None: since it was first looked at. `facts`: as JSON has them.
    """

    kind: AlarmKind
    level: Level
    about: str = ""
    since_us: Instant | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A line of the crew's list."""

    key: str
    cause: Cause
    since_us: Instant
    taken: Taken | None

    def values(self) -> dict[str, Any]:
        """The line as JSON has it."""
        return {
            "key": self.key,
            "kind": str(self.cause.kind),
            "level": self.cause.level.name.lower(),
            "about": self.cause.about,
            "since_us": self.since_us,
            "facts": dict(self.cause.facts),
            "taken": None if self.taken is None else {"author": self.taken.author, "at_us": self.taken.at_us},
        }


class AlarmWatch:
    """Follows causes from one look to the next: since when each lasts, and the key of this occurrence."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], Instant] = {}
        self._looked = False

    def look(self, causes: Iterable[Cause], now_us: Instant, taken: Mapping[str, Taken]) -> list[Alarm]:
        """The alarms now, by level, then the oldest first.

        What lasts already at the first look, after a restart, is the occurrence that somebody took last, if any did.
        """
        found: dict[tuple[str, str], Cause] = {}
        for cause in causes:
            found.setdefault((str(cause.kind), cause.about), cause)
        before = self._since
        self._since = {
            key: before[key] if key in before else self._begin(key, cause, now_us, taken)
            for key, cause in found.items()
        }
        self._looked = True
        alarms = [
            Alarm(
                key=(name := alarm_key(*key, self._since[key])),
                cause=cause,
                since_us=self._since[key],
                taken=taken.get(name),
            )
            for key, cause in found.items()
        ]
        return sorted(alarms, key=lambda alarm: (alarm.cause.level, alarm.since_us, alarm.key))

    def _begin(self, key: tuple[str, str], cause: Cause, now_us: Instant, taken: Mapping[str, Taken]) -> Instant:
        if not self._looked:
            prefix = alarm_key(*key, None)
            since = [name.removeprefix(prefix) for name in taken if name.startswith(prefix)]
            known = [int(text) for text in since if text.isascii() and text.isdecimal()]
            if known:
                return max(known)
        return now_us if cause.since_us is None else cause.since_us


def alarm_key(kind: str, about: str, since_us: Instant | None) -> str:
    """`antenna_silent:FINISH-main/5@1730019606000000`; without an instant what all occurrences begin with."""
    return f"{kind}:{about}@{'' if since_us is None else since_us}"
