"""Questions about places: who entered the top from where nobody expected it, and finishes that tags cannot decide."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np

from config.plan import Clock, ListRule, MainRank
from results.asked import Asked, Kind, OpenQuestion, clear
from results.rankings import RankedList
from results.stakes import PODIUM, TOP, Stakes, admitted_to, guns_of, list_values, prize_lists
from timing.instants import MISSING
from timing.reads import Int16, Int32, Int64
from timing.roster import Bib
from timing.rulings import FinishOrder, Question
from timing.times import Flag, Status

NEIGHBOURS: Final = 4
"""So many rows on either side of a place say from which waves its neighbours come."""

BESIDE: Final = 3
"""With fewer neighbours than this nothing is unexpected."""


def list_questions(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    yield from _to_check(asked, stakes)
    yield from _close_finishes(asked, stakes)


# ---- to be checked by eye ----


@dataclass(slots=True)
class _Check:
    places: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    neighbours: str | None = None


def _to_check(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    """Whoever holds one of the first places of a list and came from an unexpected wave, or was unseen at a point.

    The lists: of each sex and category the first three, of a prize list its depth.
    """
    checks: dict[int, _Check] = {}
    for ranked in asked.rankings.lists:
        deep = watched_places(ranked.rule)
        for row in range(int(np.searchsorted(ranked.places, deep, side="right")) if deep else 0):
            _look_at(asked, ranked, row, checks)
    times, open_for = asked.times, asked.open_for(Question.CHECK_BY_EYE)
    for index, check in checks.items():
        if not open_for[index]:
            continue
        bib = asked.bib(index)
        yield OpenQuestion(
            kind=Kind.CHECK_BY_EYE,
            bibs=(bib,),
            point=asked.point_ids[-1],
            evidence={
                "places": check.places,
                "reasons": check.reasons,
                "unseen": [p for k, p in enumerate(asked.point_ids) if times.missed[index] >> k & 1],
                "wave": asked.wave_id(int(times.wave[index])),
                "crossed_wave": asked.wave_id(int(times.crossed_wave[index])),
                "neighbours_wave": check.neighbours,
                "finish_us": int(times.finish_us[index]),
            },
            proposals=(clear(Kind.CHECK_BY_EYE, bib),),
            weight=stakes.of(index),
        )


def watched_places(rule: ListRule) -> int:
    """So many first places of each list are checked."""
    if rule.prize:
        return TOP if rule.depth is None else rule.depth
    return PODIUM if rule.main in (MainRank.SEX, MainRank.CATEGORY) else 0


def _look_at(asked: Asked, ranked: RankedList, row: int, checks: dict[int, _Check]) -> None:
    times, index = asked.times, int(ranked.entrants[row])
    reasons = []
    if int(times.missed[index]):
        reasons.append("unseen")
    crossed = int(times.crossed_wave[index])
    usual = usual_wave(times.crossed_wave, ranked.entrants, row)
    if crossed >= 0 and not asked.left_early[index]:  # Leaving early is a question of its own, with more to say.
        wanted = ranked.rule.waves
        if wanted and asked.wave_id(crossed) not in wanted:
            reasons.append("not_of_the_list")
        elif not wanted and usual is not None and crossed != usual:
            reasons.append("not_of_the_neighbours")
    if not reasons:
        return
    check = checks.setdefault(index, _Check())
    check.places[ranked.id] = int(ranked.places[row])
    check.reasons.extend(reason for reason in reasons if reason not in check.reasons)
    if usual is not None:
        check.neighbours = asked.wave_id(usual)


def usual_wave(crossed_wave: Int16, entrants: Int32 | Int64, row: int) -> int | None:
    """The wave behind whose gun the neighbours of a row started, if most of them did and none behind this one's.

    Args: entrants: in the order of their times. crossed_wave: of each entrant of the roster.
    """
    first, last = max(0, row - NEIGHBOURS), row + NEIGHBOURS + 1
    beside = np.delete(entrants[first:last], row - first)
    crossed = crossed_wave[beside]
    crossed = crossed[crossed >= 0]
    if len(crossed) < BESIDE or int(crossed_wave[entrants[row]]) in crossed:
        return None
    (wave, count), *_ = Counter(crossed.tolist()).most_common(1)
    return int(wave) if 2 * count > len(crossed) else None


# ---- close finishes ----


def _close_finishes(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    """Neighbours of one gun, nearer to each other than tags can tell, where one of the two holds a prize place."""
    margin_us = asked.plan.jury.margin_us
    found: dict[tuple[Bib, Bib], dict[str, Any]] = {}
    for ranked in prize_lists(asked):
        if ranked.rule.clock is Clock.NET:
            continue
        for ahead, behind, place, gap_us in _neighbours(asked, ranked):
            if gap_us < margin_us and not _decided(asked, ahead, behind):
                pair = (asked.bib(ahead), asked.bib(behind))
                found.setdefault(pair, {"gap_us": gap_us, "margin_us": margin_us, "places": {}})
                found[pair]["places"][ranked.id] = place
    by_bib = asked.roster.by_bib
    for (first, second), evidence in found.items():
        indexes = (by_bib[first], by_bib[second])
        evidence["finish_us"] = {
            bib: int(asked.times.finish_us[i]) for bib, i in zip((first, second), indexes, strict=True)
        }
        yield OpenQuestion(
            kind=Kind.CLOSE_FINISH,
            bibs=(first, second),
            point=asked.point_ids[-1],
            evidence=evidence,
            proposals=(
                FinishOrder(order=((first,), (second,))),
                FinishOrder(order=((second,), (first,))),
                FinishOrder(order=((first, second),)),
            ),
            weight=stakes.of(*indexes),
        )


def _neighbours(asked: Asked, ranked: RankedList) -> Iterator[tuple[int, int, int, int]]:
    """Those within the depth of a list and the next behind them, pair by pair: who, whose place, how far apart."""
    value = list_values(asked, ranked.rule)
    deep = TOP if ranked.rule.depth is None else ranked.rule.depth
    inside = ranked.entrants[: int(np.searchsorted(ranked.places, deep, side="right"))]
    if not len(inside):
        return
    last_us = int(value[inside].max())
    may = admitted_to(asked, ranked) & (asked.times.status == Status.FINISHED) & (value != MISSING)
    may &= (value >= last_us) & (value < last_us + asked.plan.jury.margin_us) & ~_early(asked)
    may[inside] = False
    outside = np.flatnonzero(may)
    rows = np.concatenate([inside, outside[np.argsort(value[outside], kind="stable")]]).tolist()
    guns = guns_of(asked, ranked.rule)
    for place, (a, b) in enumerate(pairwise(rows), 1):
        if place <= len(inside) and guns[a] == guns[b]:
            ahead, behind = (a, b) if value[a] <= value[b] else (b, a)
            yield ahead, behind, place, int(value[behind] - value[ahead])


def _early(asked: Asked) -> Any:
    return ((asked.times.flags & int(Flag.BEFORE_OWN_GUN)) != 0) & asked.open_for(Question.BEFORE_OWN_GUN)


def _decided(asked: Asked, a: int, b: int) -> bool:
    """Whether the jury has put the two in order, or has found nothing to put."""
    pair = {asked.bib(a), asked.bib(b)}
    if all(asked.is_cleared(bib, Question.CLOSE_FINISH) for bib in pair):
        return True
    return any(pair <= {bib for together in order.order for bib in together} for order in asked.decisions.orders)
