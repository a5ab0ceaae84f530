"""Questions between what people saw and what the mats read, and between official lists and what is computed now."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from results.asked import NOTHING_AT_STAKE, Asked, Kind, OpenQuestion, Weight, clear
from results.hand_times import HandStamp
from results.stakes import Stakes, weight_of_finish
from timing.instants import MISSING, SECOND, Duration, Instant
from timing.roster import Bib
from timing.ruling_entries import SightingBody
from timing.rulings import Act, Question, SetTime, Withdraw
from timing.state import Recorded
from timing.times import Status

FAR_US: Final = 10 * SECOND
"""A sighting further than this from the crossing is not of the same passing. People note to a second or two."""

NOTED_TO_US: Final = SECOND
"""How exact an hour is that somebody wrote down, or a stamp of a device whose clock was never compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """Somebody was seen at a point: as a person noted it, or as a hand timer stamped it.

    `number`: of the sighting, which can be withdrawn; None for a stamp, whose bib is changed instead. `has_hour`:
    whether its hour may be proposed as a time.
    """

    bib: Bib | None
    point: str
    at_us: Instant
    number: int | None
    has_hour: bool
    error_us: Duration
    evidence: Mapping[str, Any]


def _noted(sighting: Recorded[SightingBody]) -> _Seen:
    body = sighting.body
    return _Seen(
        bib=body.bib,
        point=body.point,
        at_us=body.at_us,
        number=sighting.number,
        has_hour=True,
        error_us=NOTED_TO_US,
        evidence={"number": sighting.number, "at_us": body.at_us, "author": body.author},
    )


def _stamped(stamp: HandStamp) -> _Seen:
    return _Seen(
        bib=stamp.bib,
        point=stamp.point,
        at_us=stamp.at_us,
        number=None,
        has_hour=not stamp.order_only,
        error_us=NOTED_TO_US if stamp.error_us is None else stamp.error_us,
        evidence={
            "number": stamp.entry,
            "at_us": stamp.at_us,
            "author": stamp.author,
            "stamp": f"{stamp.device} {stamp.number}",
            "error_us": stamp.error_us,
            "order_only": stamp.order_only,
        },
    )


def sighting_questions(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    known: dict[tuple[Bib, str], list[_Seen]] = defaultdict(list)
    nameless: dict[str, list[_Seen]] = defaultdict(list)
    # A stamp without a bib is work that is not done yet: the page of hand times counts it.
    for seen in (*map(_noted, asked.sightings), *(_stamped(stamp) for stamp in asked.hand if stamp.bib is not None)):
        if seen.bib is None:
            nameless[seen.point].append(seen)
        else:
            known[seen.bib, seen.point].append(seen)
    for (bib, point), each in known.items():
        if point in asked.point_ids and not asked.is_cleared(bib, Question.SIGHTING):
            yield from _of_bib(asked, stakes, bib, point, each)
    for point, each in nameless.items():
        if point in asked.point_ids:
            yield from _without_bib(asked, point, each)
    yield from _differences(asked, stakes)


def _of_bib(asked: Asked, stakes: Stakes, bib: Bib, point: str, seen: Sequence[_Seen]) -> Iterator[OpenQuestion]:
    """A bib that was seen where no mat read it, or at another time, or twice."""
    index = asked.roster.by_bib.get(bib)
    apart_us = max(each.at_us for each in seen) - min(each.at_us for each in seen)
    if apart_us > FAR_US:
        weight = NOTHING_AT_STAKE if index is None else stakes.of(index)
        facts: dict[str, Any] = {"apart_us": apart_us}
        acts = (*_withdrawals(seen), clear(Kind.SEEN_TWICE, bib))
        yield _question(Kind.SEEN_TWICE, bib, point, seen, facts, acts, weight)
    if (bib, point) in asked.decisions.times:
        return  # A person has said when they crossed, or that they did not.
    taken_back = (*_withdrawals(seen[:1]), clear(Kind.SEEN_NOT_READ, bib))
    if index is None:
        facts = {"unknown_bib": True}
        yield _question(Kind.SEEN_NOT_READ, bib, point, seen, facts, taken_back, NOTHING_AT_STAKE)
        return
    crossing_us = int(asked.times.crossing_us[asked.point_ids.index(point), index])
    if crossing_us == MISSING:
        at_finish = point == asked.point_ids[-1]
        weight = weight_of_finish(asked, index, seen[0].at_us) if at_finish else stakes.of(index)
        facts = {"status": Status(int(asked.times.status[index])).name, "unknown_bib": False}
        acts = (*_hour_of(bib, point, seen), *taken_back)
        yield _question(Kind.SEEN_NOT_READ, bib, point, seen, facts, acts, weight)
        return
    nearest = min(seen, key=lambda each: abs(each.at_us - crossing_us))
    if abs(nearest.at_us - crossing_us) > FAR_US + nearest.error_us:
        facts = {"crossing_us": crossing_us, "apart_us": nearest.at_us - crossing_us}
        acts = (*_hour_of(bib, point, [nearest]), *taken_back)
        yield _question(Kind.SEEN_AT_OTHER_TIME, bib, point, seen, facts, acts, stakes.of(index))


def _hour_of(bib: Bib, point: str, seen: Sequence[_Seen]) -> tuple[Act, ...]:
    """The hour that could be ruled, of the best known; none where only the order was kept."""
    timed = [each for each in seen if each.has_hour]
    if not timed:
        return ()
    best = min(timed, key=lambda each: each.error_us)
    return (SetTime(bib=bib, point=point, instant_us=best.at_us),)


def _withdrawals(seen: Sequence[_Seen]) -> tuple[Act, ...]:
    return tuple(Withdraw(number=each.number) for each in seen if each.number is not None)


def _question(
    kind: Kind,
    bib: Bib,
    point: str,
    seen: Sequence[_Seen],
    facts: dict[str, Any],
    acts: tuple[Act, ...],
    weight: Weight,
) -> OpenQuestion:
    noted = [dict(each.evidence) for each in seen]
    return OpenQuestion(
        kind=kind, bibs=(bib,), point=point, evidence={"seen": noted, **facts}, proposals=acts, weight=weight
    )


def _without_bib(asked: Asked, point: str, seen: Sequence[_Seen]) -> Iterator[OpenQuestion]:
    """How many were seen without a bib, beside the tags of nobody and the runners who miss there."""
    crossing = asked.times.crossing_us
    k = asked.point_ids.index(point)
    unread = asked.concerned & (crossing[k] == MISSING) & (crossing != MISSING).any(axis=0)
    instants = [each.at_us for each in seen]
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
        proposals=_withdrawals(seen),
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
