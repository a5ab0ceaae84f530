"""Small drawings beside the evidence of a decision: figures on a canvas of 300 by 72, and the sentence that says them.

What was not read is drawn as not read: no line is drawn through a guess.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from config.plan import RacePlan
from results.act_words import point_words
from results.clock_words import amount
from results.crew.decisions import Decision
from results.exact_times import exact_hour, gap
from results.printing import Language, hour
from timing.instants import MISSING, SECOND, Instant
from timing.times import Times

WIDTH: Final = 300
LEFT: Final = 34
RIGHT: Final = 288
TOP: Final = 12
BASE: Final = 52
RUNNERS: Final = 3

Picture = dict[str, Any]
"""`kind`, `title`, `label` (its sentence), and what is drawn: `lines`, `dots`, `hollow`, `texts`."""


def picture_of(
    decision: Decision, plan: RacePlan, times: Times, rows: Sequence[int], language: Language
) -> Picture | None:
    """The drawing of a decision; `rows`: its runners in the roster. None where there is nothing to draw."""
    if decision.clock is not None:
        return _offset(decision, plan, language)
    if not rows:
        return None
    finish = times.crossing_us[-1][list(rows)]
    if decision.kind == "close_finish" and len(rows) == 2 and (finish != MISSING).all():
        return _finish(decision, plan, finish.tolist(), language)
    return _course(decision, plan, times, list(rows)[:RUNNERS], language)


def _course(decision: Decision, plan: RacePlan, times: Times, rows: list[int], language: Language) -> Picture:
    """Distance to the right, hour upwards: a steep leg is a slow one."""
    points = plan.race.course.points
    crossing = times.crossing_us[:, rows]
    seen = crossing[crossing != MISSING]
    first = min([int(times.wave_gun_us[row]) for row in rows if times.wave_gun_us[row] != MISSING], default=0)
    first, last = (int(min([first, *seen.tolist()])), int(seen.max())) if len(seen) else (first, first + SECOND)
    xs = [_between(point.distance_m, 0, points[-1].distance_m) for point in points]
    lines, dots, hollow = [], [], []
    for column in range(len(rows)):
        at = [int(us) for us in crossing[:, column]]
        known = [(x, _height(us, first, last)) for x, us in zip(xs, at, strict=True) if us != MISSING]
        lines.append(" ".join(f"{x:.1f},{y:.1f}" for x, y in known))
        dots += [{"x": round(x, 1), "y": round(y, 1)} for x, y in known]
        hollow += [{"x": round(x, 1), "y": BASE} for x, us in zip(xs, at, strict=True) if us == MISSING]
    texts = [
        {"x": round(x, 1), "y": 68, "text": point_words(point.id, plan, language)}
        for x, point in zip(xs, points, strict=True)
    ]
    title = "Passages, de bas en haut l'heure" if language is Language.FR else "Crossings, the hour upwards"
    return {
        "kind": "course",
        "title": title,
        "label": _course_sentence(decision, plan, crossing, language),
        "lines": [line for line in lines if " " in line],
        "dots": dots,
        "hollow": hollow,
        "texts": texts if len(texts) <= 4 else [texts[0], texts[-1]],
    }


def _course_sentence(
    decision: Decision, plan: RacePlan, crossing: np.ndarray[Any, np.dtype[np.int64]], language: Language
) -> str:
    unread = "non lu" if language is Language.FR else "not read"
    said = []
    for column, bib in zip(range(crossing.shape[1]), decision.bibs, strict=False):
        at = [
            f"{point_words(point.id, plan, language)} {unread if us == MISSING else hour(us, plan.race.zone)}"
            for point, us in zip(plan.race.course.points, crossing[:, column].tolist(), strict=True)
        ]
        said.append(f"{bib} : {', '.join(at)}" if language is Language.FR else f"{bib}: {', '.join(at)}")
    return " ; ".join(said) if language is Language.FR else "; ".join(said)


def _finish(decision: Decision, plan: RacePlan, finish: list[Instant], language: Language) -> Picture:
    first, last = min(finish), max(finish)
    apart = max(last - first, 1)
    xs = [60 + 180 * (us - first) / apart for us in finish]
    zone = plan.race.zone
    between = gap(last - first, language)
    order = sorted(zip(finish, decision.bibs, strict=False))
    said = ", ".join(f"{bib} {exact_hour(us, zone, language)}" for us, bib in order)
    return {
        "kind": "finish",
        "title": "À la ligne, par les puces" if language is Language.FR else "At the line, by the chips",
        "label": f"{said} ({between})",
        "lines": [],
        "dots": [{"x": round(x, 1), "y": BASE - 18} for x in xs],
        "hollow": [],
        "texts": [
            *({"x": round(x, 1), "y": 20, "text": str(bib)} for x, bib in zip(xs, decision.bibs, strict=False)),
            {"x": WIDTH // 2, "y": 68, "text": between},
        ],
    }


def _offset(decision: Decision, plan: RacePlan, language: Language) -> Picture | None:
    clock = decision.clock
    assert clock is not None
    if clock.offset_us is None:
        return None
    shown = amount(abs(clock.offset_us), language)
    sure = gap(clock.uncertainty_us, language)
    name = str(clock.source or ("cet ordinateur" if language is Language.FR else "this computer"))
    off = 250 if clock.offset_us < 0 else 50
    zero = WIDTH - off
    fast = clock.offset_us < 0
    label = (
        f"{name} : {'en avance' if fast else 'en retard'} de {shown}, à {sure} près"
        if language is Language.FR
        else f"{name}: {shown} {'fast' if fast else 'slow'}, give or take {sure}"
    )
    return {
        "kind": "clock",
        "title": "Écart à l'heure de la course" if language is Language.FR else "Offset from the race clock",
        "label": label,
        "lines": [],
        "dots": [{"x": off, "y": BASE - 18}],
        "hollow": [{"x": zero, "y": BASE - 18}],
        "texts": [{"x": zero, "y": 68, "text": "0"}, {"x": off, "y": 68, "text": f"{'+' if fast else '−'} {shown}"}],
    }


def _between(value: float, low: float, high: float) -> float:
    return LEFT + (RIGHT - LEFT) * (value - low) / max(high - low, 1)


def _height(us: Instant, first: Instant, last: Instant) -> float:
    return BASE - (BASE - TOP) * (us - first) / max(last - first, 1)
