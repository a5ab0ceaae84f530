"""Who is still to come over the line, and in which order those came who have: with a second wave that is not the order
of the times.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from timing.instants import MISSING
from timing.reads import Bool, Int16, Int64
from timing.times import Status, Times


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlace:
    """So many-th over the line, of all who are announced and of those of the own sex; equal instants share it."""

    overall: int
    of_sex: int


def still_to_come(times: Times, announced: Bool) -> Bool:
    """Whose arrival may be announced: seen on the course, and neither finished nor out.

    Whoever has finished never arrives again, whatever mat reads them while they walk back.
    """
    to_come: Bool = announced & (times.status == Status.STARTED) & (times.finish_us == MISSING)
    return to_come


def needs_line_order(times: Times, announced: Bool) -> bool:
    """Whether somebody has finished who ran from a later gun than another finisher."""
    finished = announced & (times.status == Status.FINISHED)
    guns = times.wave_gun_us[finished]
    return bool(len(guns) and guns.max() > guns.min())


def line_order(times: Times, announced: Bool, sex: Int16, rows: Iterable[int]) -> Mapping[int, LinePlace]:
    """Of these entrants, those who have finished, with their order. sex: a number for each."""
    over = announced & (times.status == Status.FINISHED) & (times.finish_us != MISSING)
    # Sorted once for all rows: a count for each would look at everybody for each.
    finish_us = np.sort(times.finish_us[over])
    of_sex: dict[int, Int64] = {}
    found = {}
    for index in rows:
        if not over[index]:
            continue
        at_us, code = int(times.finish_us[index]), int(sex[index])
        if code not in of_sex:
            of_sex[code] = np.sort(times.finish_us[over & (sex == code)])
        found[index] = LinePlace(
            overall=1 + int(np.searchsorted(finish_us, at_us)),
            of_sex=1 + int(np.searchsorted(of_sex[code], at_us)),
        )
    return found
