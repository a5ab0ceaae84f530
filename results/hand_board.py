"""What the page of hand times is given: the stamps with their bibs, and how each agrees with the chip.

Pure values ready for JSON. What is shown is bounded; the whole list is `hand_rows` of all stamps.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from results.hand_times import HandStamp
from results.people import plain_text
from timing.instants import MISSING
from timing.race import Course
from timing.roster import Roster
from timing.times import Times

NEWEST_SHOWN: Final = 60
"""Stamps that are shown whether or not somebody knows whose they are."""

UNNAMED_SHOWN: Final = 200
"""Of those whose bib nobody has typed, so many of the newest."""


def hand_section(stamps: Sequence[HandStamp], course: Course, roster: Roster, times: Times) -> dict[str, Any]:
    """The section `hand`: `total`, `unnamed` (no bib typed yet), and `rows`, newest first."""
    unnamed = [stamp for stamp in stamps if not stamp.words]
    shown = {stamp.key: stamp for stamp in (*stamps[-NEWEST_SHOWN:], *unnamed[-UNNAMED_SHOWN:])}
    newest_first = sorted(shown.values(), key=lambda stamp: (-stamp.at_us, stamp.device, -stamp.number))
    return {
        "total": len(stamps),
        "unnamed": len(unnamed),
        "rows": hand_rows(newest_first, course, roster, times),
    }


def hand_rows(stamps: Iterable[HandStamp], course: Course, roster: Roster, times: Times) -> list[dict[str, Any]]:
    """Each stamp as plain values.

    `bib` None: nobody has said; empty: nobody's. `by`: who said it last, at `said_us` (None: nobody yet); `others`:
    what others had said before.
    `known`: whether the roster has the bib, and `name` whose it is. `chip_us`: the stamp less the crossing that counts
    there, None where there is none.
    """
    points = {point.id: row for row, point in enumerate(course.points)}
    return [_row(stamp, points, roster, times) for stamp in stamps]


def _row(stamp: HandStamp, points: dict[str, int], roster: Roster, times: Times) -> dict[str, Any]:
    index = None if stamp.bib is None else roster.by_bib.get(stamp.bib)
    crossing = MISSING
    if index is not None and stamp.point in points:
        crossing = int(times.crossing_us[points[stamp.point], index])
    entrant = None if index is None else roster.entrants[index]
    return {
        "device": stamp.device,
        "number": stamp.number,
        "point": stamp.point,
        "at_us": stamp.at_us,
        "author": stamp.author,
        "error_us": stamp.error_us,
        "order_only": stamp.order_only,
        "bib": None if not stamp.words else stamp.bib or "",
        "by": stamp.words[-1].author if stamp.words else "",
        "said_us": stamp.words[-1].at_us if stamp.words else None,
        "others": [{"bib": word.bib, "by": word.author} for word in stamp.other_bibs],
        "known": entrant is not None,
        "name": "" if entrant is None else plain_text(f"{entrant.first_name} {entrant.last_name.upper()}"),
        "chip_us": None if crossing == MISSING else stamp.at_us - crossing,
    }
