"""The chart of a runner's pace over the course: steps between mats, the median of others as dots, the massif beneath.

Owns the drawing. Nothing is drawn where no mat stood, nothing is smoothed, and the sentence says all that is drawn.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import numpy as np

from results.massif import massif
from results.runner_card import Leg, RunnerCard
from results.web.reading import Model, Reading

WIDTH: Final = 1000
"""Units of the drawing from start to finish; its height has 100."""

TOP: Final = 22.0
BOTTOM: Final = 92.0
"""Where the fastest and the slowest step are drawn: above the first there is room for its figure."""

STEEP: Final = 0.012
"""From this mean gradient on a leg is called a climb or a descent."""

NEAR: Final = 16.0
"""Dots no further above a step than this would run through its figure."""

NARROW: Final = 0.3
"""A leg shorter than this part of the course has no room for a word on a phone."""


def pace_chart(card: RunnerCard, say: Reading) -> Model:
    """Shapes, labels and the sentence; `legs` is empty where there is nothing to draw."""
    length_m = say.plan.race.course.finish.distance_m
    legs = [leg for leg in card.legs if leg.s_per_km is not None or leg.like_s_per_km is not None]
    paces = [pace for leg in legs for pace in (leg.s_per_km, leg.like_s_per_km) if pace is not None]
    picture = massif(say.plan.race)
    drawn = any(leg.s_per_km is not None for leg in legs)
    scale = _Scale(min(paces), max(paces), length_m) if paces and drawn else None
    return {
        "massif": None if picture is None else asdict(picture),
        "mine": "" if scale is None else _steps([(leg, leg.s_per_km) for leg in legs], scale),
        "like": "" if scale is None else _steps([(leg, leg.like_s_per_km) for leg in legs], scale),
        "labels": [] if scale is None else [_label(leg, scale, say) for leg in legs if leg.s_per_km is not None],
        "mats": [f"{point.distance_m * 100 / length_m:.4g}%" for point in say.plan.race.course.points[1:-1]],
        "points": _points(say, length_m),
        "sentence": _sentence(card, legs, say) if scale else say.words["pace_none"],
        "like_words": say.say("like", n=say.count(card.like)) if any(leg.like_s_per_km for leg in legs) else "",
    }


class _Scale:
    def __init__(self, fastest: float, slowest: float, length_m: int) -> None:
        # Paces that are nearly one are not blown up: at least half a minute is between top and bottom.
        middle, half = (fastest + slowest) / 2, max((slowest - fastest) / 2, 15.0)
        self.fastest, self.slowest, self.length_m = middle - half, middle + half, length_m

    def x(self, metres: int) -> float:
        return metres * WIDTH / self.length_m

    def y(self, pace: float) -> float:
        return TOP + (pace - self.fastest) / (self.slowest - self.fastest) * (BOTTOM - TOP)


def _steps(paces: Sequence[tuple[Leg, float | None]], scale: _Scale) -> str:
    """A path of level steps, joined where one leg ends at the mat at which the next begins."""
    path, end = "", -1
    for leg, pace in paces:
        if pace is None:
            end = -1
            continue
        y = scale.y(pace)
        path += f"V{y:.1f}" if leg.from_m == end else f"M{scale.x(leg.from_m):.1f} {y:.1f}"
        path += f"H{scale.x(leg.to_m):.1f}"
        end = leg.to_m
    return path


def _label(leg: Leg, scale: _Scale, say: Reading) -> Model:
    assert leg.s_per_km is not None
    y = scale.y(leg.s_per_km)
    others = y if leg.like_s_per_km is None else scale.y(leg.like_s_per_km)
    return {
        "x": f"{(leg.from_m + leg.to_m) * 50 / scale.length_m:.4g}%",
        # Above the dots too where they are just above the step.
        "y": f"{min(y, others) if y - others < NEAR else y:.4g}",
        "pace": pace_words(leg.s_per_km, say),
        "way": say.words[_way(leg, say)],
        "narrow": leg.to_m - leg.from_m < NARROW * scale.length_m,
    }


def pace_words(s_per_km: float, say: Reading) -> str:
    """`5'28`: to the nearest second, for it is a mean and no time of the race."""
    return say.time(round(s_per_km))


def _way(leg: Leg, say: Reading) -> str:
    profile = say.plan.race.course.profile
    if len(profile) < 2 or leg.to_m == leg.from_m:
        return "flat"
    metres, heights = zip(*profile, strict=True)
    low, high = np.interp([leg.from_m, leg.to_m], metres, heights).tolist()
    gradient = (high - low) / (leg.to_m - leg.from_m)
    return "up" if gradient >= STEEP else "down" if gradient <= -STEEP else "flat"


def _points(say: Reading, length_m: int) -> list[Model]:
    points = say.plan.race.course.points
    return [{"name": say.point(point.id), "at": round(100 * point.distance_m / length_m)} for point in points]


def _sentence(card: RunnerCard, legs: Sequence[Leg], say: Reading) -> str:
    mine = ", ".join(_leg_words(leg, leg.s_per_km, say) for leg in legs)
    like = ", ".join(_leg_words(leg, leg.like_s_per_km, say) for leg in legs if leg.like_s_per_km is not None)
    others = say.say("pace_like", n=say.count(card.like), legs=like) if like else ""
    return say.say("pace_label", legs=mine, like=others).strip()


def _leg_words(leg: Leg, pace: float | None, say: Reading) -> str:
    end = say.number(leg.to_m / 1000)
    if pace is None:
        return say.say("pace_unread", end=end)
    begin = say.number(leg.from_m / 1000)
    return say.say("pace_leg", pace=pace_words(pace, say), way=say.words[_way(leg, say)], begin=begin, end=end)


def pace_at(card: RunnerCard, metres: int) -> float | None:
    """The pace of the leg that ends at a point, None where the runner was not read at both its ends."""
    return next((leg.s_per_km for leg in card.legs if leg.to_m == metres), None)
