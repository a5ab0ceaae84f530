"""Legs of a runner who was seen out of order: the pairs of points of which one passing is not theirs.

One fact, one question: who asks about the order of points and who asks about paces take it from here.
"""

from itertools import pairwise

from results.asked import Asked
from timing.instants import MISSING
from timing.rulings import Question
from timing.times import Flag


def legs_too_soon(asked: Asked, index: int) -> list[tuple[int, int]]:
    """Of the splits at which an entrant was seen, those passed sooner after the one before than anybody can.

    Returns: pairs of indexes of points, in the order of the course.
    """
    points, crossing = asked.plan.race.course.points, asked.times.crossing_us[:, index].tolist()
    wave = int(asked.times.wave[index])
    speed = asked.plan.race.waves[wave].speed_pct if wave >= 0 else 100
    seen = [k for k in range(1, len(points)) if crossing[k] != MISSING]
    return [
        (before, after)
        for before, after in pairwise(seen)
        if crossing[after] - crossing[before] < points[after].min_leg_us * 100 // speed
    ]


def is_asked_as_order(asked: Asked, index: int, leg: tuple[int, int]) -> bool:
    """Whether a leg is the matter of the question `out_of_order`, also where that was answered and its flag is gone."""
    flagged = bool(int(asked.times.flags[index]) & int(Flag.OUT_OF_ORDER))
    answered = asked.is_cleared(asked.bib(index), Question.OUT_OF_ORDER)
    return (flagged or answered) and leg in legs_too_soon(asked, index)
