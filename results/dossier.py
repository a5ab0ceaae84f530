"""What a jury signs: every place of a list with all that speaks for it and all that is still open.

A plain value out of explanations that were made anyway (`why`); how it is said and laid out is for `dossier_words` and
`dossier_page`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from results.asked import Asked
from results.list_states import StateOfList
from results.people import Audience, Person
from results.rankings import RankedList
from results.stakes import list_values, next_behind, waiting_for_ruling
from results.standing import Standing
from results.why import Why
from timing.instants import MISSING, Duration, Instant
from timing.roster import Bib, Entrant

PLACES: Final = 10
"""How many places a dossier has where the list has no depth."""


@dataclass(frozen=True, kw_only=True)
class DossierPlace:
    """One place. `gap_us`: to the next behind, by the list's clock; None: there is nobody."""

    place: int
    shared: bool
    by_jury: bool
    value_us: Duration
    printed_s: int
    gap_us: Duration | None
    person: Person
    entrant: Entrant
    why: Why


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """The first places of a list.

    `waiting`: early starters who would hold one of them. `publication`: the last one, None before the first. `at_us`:
    when this was made.
    """

    standing: Standing
    ranked: RankedList
    state: StateOfList
    places: tuple[DossierPlace, ...]
    waiting: tuple[Bib, ...]
    publication: int | None
    at_us: Instant


def dossier(
    standing: Standing,
    ranked: RankedList,
    explain: Callable[[Bib], Why],
    *,
    publication: int | None = None,
) -> Dossier:
    """The dossier of a list as it is shown. `explain`: gives the explanation of a runner's times."""
    people = standing.people(Audience.JURY)
    asked = Asked(
        plan=standing.plan,
        roster=standing.roster,
        times=standing.times,
        rankings=standing.shown,
        decisions=standing.decisions,
    )
    deep = PLACES if ranked.rule.depth is None else ranked.rule.depth
    rows = [row for row, place in enumerate(ranked.places.tolist()) if place <= deep]
    behind = _behind(asked, ranked, rows)
    places = []
    for row in rows:
        index = int(ranked.entrants[row])
        entrant, value_us = standing.roster.entrants[index], int(ranked.value_us[row])
        after = int(ranked.value_us[row + 1]) if row + 1 < len(ranked) else behind
        places.append(
            DossierPlace(
                place=int(ranked.places[row]),
                shared=bool(ranked.shared[row]),
                by_jury=bool(ranked.by_jury[row]),
                value_us=value_us,
                printed_s=int(standing.plan.rounding.printed_seconds(value_us)),
                gap_us=None if after is None else after - value_us,
                person=people[index],
                entrant=entrant,
                why=explain(entrant.bib),
            )
        )
    return Dossier(
        standing=standing,
        ranked=ranked,
        state=standing.state_of(ranked),
        places=tuple(places),
        waiting=asked.bibs(waiting_for_ruling(asked, ranked)),
        publication=publication,
        at_us=standing.at_us,
    )


def _behind(asked: Asked, ranked: RankedList, rows: Sequence[int]) -> Duration | None:
    """The time of the first who is not in the list any more."""
    if not rows or rows[-1] + 1 < len(ranked):
        return None
    index = next_behind(asked, ranked)
    if index is None:
        return None
    value_us = int(list_values(asked, ranked.rule)[index])
    return None if value_us == MISSING else value_us
