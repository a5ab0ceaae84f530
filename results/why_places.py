"""The places one runner holds, with the state of each list, and the prize lists that wait for a ruling on them."""

from dataclasses import dataclass

from results.asked import Asked
from results.evidence import Evidence
from results.rankings import RankedList
from results.stakes import admitted_to, prize_lists
from timing.instants import Duration
from timing.times import Flag, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceWhy:
    """One place. `ranked`: how many hold one in the list. `state`: what the list is now."""

    list_id: str
    place: int
    ranked: int
    shared: bool
    by_jury: bool
    value_us: Duration
    state: str
    prize: bool
    public: bool


def places_of(evidence: Evidence) -> tuple[PlaceWhy, ...]:
    places = []
    for ranked in evidence.rankings.lists:
        row = _row_of(ranked, evidence.index)
        if row is not None:
            places.append(
                PlaceWhy(
                    list_id=ranked.id,
                    place=int(ranked.places[row]),
                    ranked=ranked.ranked,
                    shared=bool(ranked.shared[row]),
                    by_jury=bool(ranked.by_jury[row]),
                    value_us=int(ranked.value_us[row]),
                    state=evidence.states.of(ranked.id).state.value,
                    prize=ranked.rule.prize,
                    public=ranked.rule.public,
                )
            )
    return tuple(places)


def _row_of(ranked: RankedList, index: int) -> int | None:
    rows = (ranked.entrants == index).nonzero()[0]
    return int(rows[0]) if len(rows) else None


def kept_out_of(evidence: Evidence) -> tuple[str, ...]:
    """Prize lists that admit this runner but wait, since they left before the own gun."""
    times, index = evidence.times, evidence.index
    early = int(times.flags[index]) & int(Flag.BEFORE_OWN_GUN)
    if not early or int(times.status[index]) != Status.FINISHED:
        return ()
    asked = Asked(plan=evidence.plan, roster=evidence.roster, times=times, rankings=evidence.rankings)
    return tuple(
        ranked.id
        for ranked in prize_lists(asked)
        if _row_of(ranked, index) is None and admitted_to(asked, ranked)[index]
    )
