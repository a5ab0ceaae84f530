"""Errors of the config room.

RaceDayError
 +-- ConfigError                    something a person wrote cannot be used as it is; carries every fault found
      +-- RosterError               a roster cannot be read at all (a bad row is a remark, not an error)
      +-- GunsError                 a file of guns cannot be used
"""

from collections.abc import Sequence
from dataclasses import dataclass

from timing.errors import RaceDayError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in a file: where, what, and what would be accepted.

    `key` is the path of the key (`waves[2].gun`), empty where the fault has none; `line` counts from 1, None where
    the fault is that something is absent from the whole file.
    """

    file: str
    key: str
    line: int | None
    message: str
    accepted: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        what = f"{self.key}: {self.message}" if self.key else self.message
        return f"{place}: {what}" + (f"; accepted: {self.accepted}" if self.accepted else "")


class ConfigError(RaceDayError):
    """A file cannot be used as it is. The message holds every fault, one a line.

    Attributes: faults: all that was found, in the order of the file.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        lines = [str(fault) for fault in self.faults]
        head = f"{len(lines)} faults:\n" if len(lines) > 1 else ""
        super().__init__(head + "\n".join(lines))


class RosterError(ConfigError):
    """A roster cannot be read at all: no such file, no header, two columns for one field."""


class GunsError(ConfigError):
    """A file of guns cannot be used."""
