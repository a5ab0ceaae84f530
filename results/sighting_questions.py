"""Questions between what people saw and what the mats read, and between official lists and what is computed now."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from results.asked import NOTHING_AT_STAKE, Asked, Kind, OpenQuestion, Weight, clear
from results.stakes import Stakes, weight_of_finish
from timing.instants import MISSING, SECOND
from timing.roster import Bib
from timing.ruling_entries import SightingBody
from timing.rulings import Act, Question, SetTime, Withdraw
from timing.state import Recorded
from timing.times import Status

FAR_US: Final = 10 * SECOND
"""A sighting further than this from the crossing is not of the same passing. People note to a second or two."""

Sightings = Sequence[Recorded[SightingBody]]


def sighting_questions(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    known: dict[tuple[Bib, str], list[Recorded[SightingBody]]] = defaultdict(list)
    nameless: dict[str, list[Recorded[SightingBody]]] = defaultdict(list)
    for sighting in asked.sightings:
        if sighting.body.bib is None:
            nameless[sighting.body.point].append(sighting)
        else:
            known[sighting.body.bib, sighting.body.point].append(sighting)
    for (bib, point), seen in known.items():
        if point in asked.point_ids and not asked.is_cleared(bib, Question.SIGHTING):
            yield from _of_bib(asked, stakes, bib, point, seen)
    for point, seen in nameless.items():
        if point in asked.point_ids:
            yield from _without_bib(asked, point, seen)
    yield from _differences(asked, stakes)


def _of_bib(asked: Asked, stakes: Stakes, bib: Bib, point: str, seen: Sightings) -> Iterator[OpenQuestion]:
    """A bib that was seen where no mat read it, or at another time, or twice."""
    index = asked.roster.by_bib.get(bib)
    first, last = seen[0], max(seen, key=lambda each: each.body.at_us)
    apart_us = last.body.at_us - min(each.body.at_us for each in seen)
    if apart_us > FAR_US:
        weight = NOTHING_AT_STAKE if index is None else stakes.of(index)
        withdrawals = tuple(Withdraw(number=each.number) for each in seen)
        facts: dict[str, Any] = {"apart_us": apart_us}
        yield _question(Kind.SEEN_TWICE, bib, point, seen, facts, (*withdrawals, clear(Kind.SEEN_TWICE, bib)), weight)
    if (bib, point) in asked.decisions.times:
        return  # A person has said when they crossed, or that they did not.
    at_us = first.body.at_us
    set_time: tuple[Act, ...] = (SetTime(bib=bib, point=point, instant_us=at_us),)
    taken_back = (Withdraw(number=first.number), clear(Kind.SEEN_NOT_READ, bib))
    if index is None:
        facts = {"unknown_bib": True}
        yield _question(Kind.SEEN_NOT_READ, bib, point, seen, facts, taken_back, NOTHING_AT_STAKE)
        return
    crossing_us = int(asked.times.crossing_us[asked.point_ids.index(point), index])
    if crossing_us == MISSING:
        at_finish = point == asked.point_ids[-1]
        weight = weight_of_finish(asked, index, at_us) if at_finish else stakes.of(index)
        facts = {"status": Status(int(asked.times.status[index])).name, "unknown_bib": False}
        yield _question(Kind.SEEN_NOT_READ, bib, point, seen, facts, (*set_time, *taken_back), weight)
        return
    nearest = min(seen, key=lambda each: abs(each.body.at_us - crossing_us))
    if abs(nearest.body.at_us - crossing_us) > FAR_US:
        facts = {"crossing_us": crossing_us, "apart_us": nearest.body.at_us - crossing_us}
        acts = (SetTime(bib=bib, point=point, instant_us=nearest.body.at_us), *taken_back)
        yield _question(Kind.SEEN_AT_OTHER_TIME, bib, point, seen, facts, acts, stakes.of(index))


def _question(
    kind: Kind, bib: Bib, point: str, seen: Sightings, facts: dict[str, Any], acts: tuple[Act, ...], weight: Weight
) -> OpenQuestion:
    noted = [{"number": each.number, "at_us": each.body.at_us, "author": each.body.author} for each in seen]
    return OpenQuestion(
        kind=kind, bibs=(bib,), point=point, evidence={"seen": noted, **facts}, proposals=acts, weight=weight
    )


def _without_bib(asked: Asked, point: str, seen: Sightings) -> Iterator[OpenQuestion]:
    """How many were seen without a bib, beside the tags of nobody and the runners who miss there."""
    crossing = asked.times.crossing_us
    k = asked.point_ids.index(point)
    unread = asked.concerned & (crossing[k] == MISSING) & (crossing != MISSING).any(axis=0)
    instants = [each.body.at_us for each in seen]
    yield OpenQuestion(
        kind=Kind.SEEN_WITHOUT_BIB,
        bibs=(),
        point=point,
        evidence={
            "seen": len(seen),
            "first_us": min(instants),
            "last_us": max(instants),
            "unknown_tags": asked.unknown_tags.get(point, 0),
            "not_read_there": int(np.count_nonzero(unread)),
        },
        proposals=tuple(Withdraw(number=each.number) for each in seen),
    )


def _differences(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    """One for each runner who stands in an official list otherwise than is computed now: what is official stands."""
    by_bib: dict[Bib, list[dict[str, Any]]] = defaultdict(list)
    for each in asked.differences:
        if not asked.is_cleared(each.bib, Question.OFFICIAL_DIFFERENCE):
            by_bib[each.bib].append(
                {
                    "list": each.list_id,
                    "official_place": each.official_place,
                    "official_us": each.official_us,
                    "computed_place": each.computed_place,
                    "computed_us": each.computed_us,
                }
            )
    for bib, lists in by_bib.items():
        index = asked.roster.by_bib.get(bib)
        yield OpenQuestion(
            kind=Kind.OFFICIAL_DIFFERENCE,
            bibs=(bib,),
            evidence={"lists": lists},
            proposals=(clear(Kind.OFFICIAL_DIFFERENCE, bib),),
            weight=NOTHING_AT_STAKE if index is None else stakes.of(index),
        )
