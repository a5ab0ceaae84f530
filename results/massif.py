"""The picture at the head of a page: the course as limestone over the sea, with its points at their kilometre.

Owns the drawing; the heights are those of the race file. A course whose heights are not known is the sea alone.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from timing.race import Race

WIDTH: Final = 1000
HEIGHT: Final = 100
STRATUM_M: Final = 50
"""A white line stands for so many metres of height."""

_SKY: Final = 24
_FOOT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Massif:
    """Shapes in a box of WIDTH by HEIGHT: points of the ridge (`x,y x,y`), and paths; empty without a profile."""

    ridge: str
    rock: str
    strata: str


def massif(race: Race) -> Massif | None:
    """The picture of a race's course, None where its heights are not known."""
    profile = race.course.profile
    if len(profile) < 2:
        return None
    length = profile[-1][0] - profile[0][0]
    top = max(height for _, height in profile)
    points = [
        ((metre - profile[0][0]) * WIDTH / length, HEIGHT - _FOOT - height * (HEIGHT - _SKY) / top)
        for metre, height in profile
    ]
    ridge = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    levels = [HEIGHT - _FOOT - level * (HEIGHT - _SKY) / top for level in range(STRATUM_M, top, STRATUM_M)]
    return Massif(
        ridge=ridge,
        rock=f"0,{HEIGHT} {ridge} {WIDTH},{HEIGHT}",
        strata="".join(f"M{left:.0f} {y:.1f}H{right:.0f}" for y in levels for left, right in _under(points, y)),
    )


def _under(points: list[tuple[float, float]], y: float) -> list[tuple[float, float]]:
    """The stretches in which the ridge is above a level (smaller y is higher)."""
    stretches: list[tuple[float, float]] = []
    begin = points[0][0] if points[0][1] < y else None
    for (x0, y0), (x1, y1) in pairwise(points):
        if (y0 < y) == (y1 < y):
            continue
        at = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
        if begin is None:
            begin = at
        else:
            stretches.append((begin, at))
            begin = None
    if begin is not None:
        stretches.append((begin, points[-1][0]))
    return stretches
