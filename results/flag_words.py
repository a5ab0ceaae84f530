"""Flags as words for files: lower-case, joined by `;`, in one order.

A word is the name of the flag, with two exceptions that say where: `missed:GINESTE` (seen later, not there) and
`missed_main:GINESTE` (the backup mat alone saw them there). Not read at the start is `no_start_read`.
"""

from typing import Final

import numpy as np

from timing.race import MatRole, Race
from timing.reads import Int64
from timing.times import Flag, Times

_SAID_BY_POINT: Final = Flag.MISSED_SPLIT | Flag.START_BACKUP | Flag.FINISH_BACKUP | Flag.SPLIT_BACKUP


def flag_column(times: Times, race: Race) -> list[str]:
    """The words for each entrant, empty where there is no flag."""
    words, codes = flag_codes(times, race)
    return [words[code] for code in codes.tolist()]


def flag_codes(times: Times, race: Race) -> tuple[list[str], Int64]:
    """The words of each combination of flags that occurs, and which of them each entrant has."""
    points = [point.id for point in race.course.points]
    backup_mats = np.array([mat.role is MatRole.BACKUP for mat in race.course.mats] + [False], dtype=np.bool_)
    by_backup = np.zeros(len(times), dtype=np.int64)
    for number in range(len(points)):
        by_backup |= backup_mats[times.crossing_mat[number]].astype(np.int64) << number
    missed = times.missed.astype(np.int64) & ~np.int64(1)
    flags = times.flags.astype(np.int64) & ~int(_SAID_BY_POINT)
    rows = list(zip(flags.tolist(), missed.tolist(), by_backup.tolist(), strict=True))
    code_of = {row: code for code, row in enumerate(dict.fromkeys(rows))}
    words = [_words(Flag(flags), missed, backup, points) for flags, missed, backup in code_of]
    return words, np.array([code_of[row] for row in rows], np.int64)


def _words(flags: Flag, missed: int, by_backup: int, points: list[str]) -> str:
    named = [(flag.name or "").lower() for flag in Flag if flag in flags]
    named += [f"missed:{point}" for number, point in enumerate(points) if missed >> number & 1]
    named += [f"missed_main:{point}" for number, point in enumerate(points) if by_backup >> number & 1]
    return ";".join(named)
