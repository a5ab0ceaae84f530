"""Who leads on the course from where nobody expected it: to be checked by eye before they are at the line.

The same question as of those who hold a place (`list_questions`), asked at the furthest split that was reached:
announcers would call them the first, and the minutes until they finish are the time to look.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from config.plan import Clock
from results.asked import Asked, Kind, OpenQuestion, Weight, clear
from results.eligibility import Admission
from results.list_questions import usual_wave, watched_places
from results.rankings import wave_admits
from results.stakes import PODIUM, guns_of, weight_in
from timing.instants import MISSING
from timing.reads import Int64
from timing.rulings import Question
from timing.times import Status

_LOOKED_AT: Final = PODIUM + 4
"""So many of the first of each list: those asked about, and their neighbours."""


def leading_questions(asked: Asked) -> Iterator[OpenQuestion]:
    """One for each of the first three of a list at its furthest split who has not finished and was not expected."""
    open_for = asked.open_for(Question.CHECK_BY_EYE) & (asked.times.status == Status.STARTED)
    found: dict[int, dict[str, Any]] = {}
    weights: dict[int, Weight] = {}
    for admission in asked.rankings.eligibility.admissions:
        deep = min(PODIUM, watched_places(admission.rule))
        if not deep or admission.rule.clock is Clock.NET:
            continue
        for scope, point, first in _first_at_furthest_split(asked, admission):
            list_id = f"{admission.rule.id}-{scope}" if scope else admission.rule.id
            for row, index in enumerate(first[:deep].tolist()):
                if not open_for[index]:
                    continue
                reasons, usual = _reasons(asked, admission, first, row)
                if not reasons:
                    continue
                evidence = found.setdefault(index, _evidence(asked, index, point))
                evidence["places"][list_id] = row + 1
                evidence["reasons"] += [reason for reason in reasons if reason not in evidence["reasons"]]
                if usual is not None:
                    evidence["neighbours_wave"] = asked.wave_id(usual)
                weight = weight_in(admission.rule, row + 1)
                weights[index] = min(weight, weights.get(index, weight))
    for index, evidence in found.items():
        bib = asked.bib(index)
        yield OpenQuestion(
            kind=Kind.CHECK_BY_EYE,
            bibs=(bib,),
            point=evidence.pop("point"),
            evidence=evidence,
            proposals=(clear(Kind.CHECK_BY_EYE, bib),),
            weight=weights[index],
        )


def _first_at_furthest_split(asked: Asked, admission: Admission) -> Iterator[tuple[str, int, Int64]]:
    """Of each list of a rule the furthest split anybody of it reached, and the first there by the list's time."""
    times, rule = asked.times, admission.rule
    admitted = admission.admitted & wave_admits(rule, asked.plan)[times.wave]
    admitted &= (times.status == Status.STARTED) | (times.status == Status.FINISHED)
    gun_us = guns_of(asked, rule)
    done: set[int] = set()
    for point in range(len(asked.point_ids) - 2, 0, -1):
        crossing_us = times.crossing_us[point]
        rows = np.flatnonzero(admitted & (crossing_us != MISSING))
        order = np.lexsort((crossing_us[rows] - gun_us[rows], admission.scope[rows]))
        rows = rows[order]
        edges = np.searchsorted(admission.scope[rows], np.arange(len(admission.scopes) + 1)).tolist()
        for code, scope in enumerate(admission.scopes):
            if code not in done and edges[code] < edges[code + 1]:
                done.add(code)
                yield scope, point, rows[edges[code] : min(edges[code + 1], edges[code] + _LOOKED_AT)]


def _reasons(asked: Asked, admission: Admission, first: Int64, row: int) -> tuple[list[str], int | None]:
    times, index = asked.times, int(first[row])
    reasons = ["unseen"] if int(times.missed[index]) else []
    usual = usual_wave(times.crossed_wave, first, row)
    crossed, wanted = int(times.crossed_wave[index]), admission.rule.waves
    if crossed >= 0 and not asked.left_early[index]:
        if wanted and asked.wave_id(crossed) not in wanted:
            reasons.append("not_of_the_list")
        elif not wanted and usual is not None:
            reasons.append("not_of_the_neighbours")
    return reasons, usual


def _evidence(asked: Asked, index: int, point: int) -> dict[str, Any]:
    times = asked.times
    return {
        "point": asked.point_ids[point],
        "places": {},
        "reasons": [],
        "unseen": [p for k, p in enumerate(asked.point_ids) if times.missed[index] >> k & 1],
        "wave": asked.wave_id(int(times.wave[index])),
        "crossed_wave": asked.wave_id(int(times.crossed_wave[index])),
        "neighbours_wave": None,
        "finish_us": None,
    }
