"""Public lists as values, a page at a time: rows of people with places and times, and what can be said of the list.

Owns what a row holds and who is counted; puts nothing into words. Only the rows that are asked for are looked at, so
that a page costs the same in a race of 200 and of 20,000.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from config.plan import Clock, MainRank
from results.list_states import ListState
from results.name_index import folded_words
from results.people import Audience, Person
from results.rankings import RankedList
from results.standing import Standing
from timing.instants import MISSING, Duration, Instant
from timing.reads import Int32
from timing.times import Origin, Status

PAGE_ROWS: Final = 50
"""Rows a page has unless more are asked for."""

PAGE_ROWS_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One row. `number`: from 1, in the order of the list. `time_us`: the exact time of the list's own clock, `time_s`
    as printed; `other_s`: the other clock, None where there is none. `net_from_gun`: the start was not read, and the
    net time runs from the gun. `by_jury`: the jury gave the place, whatever the time.
    """

    number: int
    place: int
    shared: bool
    official: bool
    by_jury: bool
    time_s: int
    time_us: Duration
    other_s: int | None
    net_from_gun: bool
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHead:
    """What can be said of a list without its rows. `rows` it has, `ranked` hold a place (more where it has a depth),
    `running` may still come into it; `at_us`, `protest_until_us`, `depth`: of the act that brought it to its state.
    """

    list_id: str
    clock: Clock
    scope: str
    state: ListState
    depth: int | None
    at_us: Instant | None
    protest_until_us: Instant | None
    rows: int
    ranked: int
    running: int


def public_lists(standing: Standing) -> Mapping[str, RankedList]:
    """The lists that are handed to the public, by id, in the order of the race file."""
    return {ranked.id: ranked for ranked in standing.lists(Audience.PUBLIC)}


def list_head(standing: Standing, ranked: RankedList) -> ListHead:
    """The state of a list and who is in it or may still be."""
    state = standing.state_of(ranked)
    return ListHead(
        list_id=ranked.id,
        clock=ranked.rule.clock,
        scope=ranked.scope,
        state=state.state,
        depth=state.depth,
        at_us=state.at_us,
        protest_until_us=state.protest_until_us,
        rows=len(ranked),
        ranked=ranked.ranked,
        running=_running(standing, ranked),
    )


def _running(standing: Standing, ranked: RankedList) -> int:
    admission = next(a for a in standing.shown.eligibility.admissions if a.rule is ranked.rule)
    if ranked.scope not in admission.scopes:
        return 0
    may = admission.scope == admission.scopes.index(ranked.scope)
    return int(np.count_nonzero(may & (standing.times.status == Status.STARTED)))


def list_rows(standing: Standing, ranked: RankedList, first: int, count: int) -> tuple[ListRow, ...]:
    """At most `count` rows from the one numbered `first` (from 1) on."""
    begin = max(0, first - 1)
    numbers = range(begin, min(begin + count, len(ranked)))
    return rows_numbered(standing, ranked, numbers)


def rows_numbered(standing: Standing, ranked: RankedList, numbers: Sequence[int]) -> tuple[ListRow, ...]:
    """The rows with these indexes, from 0."""
    people = standing.people(Audience.PUBLIC)
    return tuple(_row(standing, ranked, row, people) for row in numbers)


def _row(standing: Standing, ranked: RankedList, row: int, people: Sequence[Person]) -> ListRow:
    index, times = int(ranked.entrants[row]), standing.times
    by_net = ranked.rule.clock is Clock.NET
    other = int((times.gun_time_us if by_net else times.net_time_us)[index])
    value_us = int(ranked.value_us[row])
    printed = standing.plan.rounding.printed_seconds
    return ListRow(
        number=row + 1,
        place=int(ranked.places[row]),
        shared=bool(ranked.shared[row]),
        official=row < ranked.official,
        by_jury=bool(ranked.by_jury[row]),
        time_s=int(printed(value_us)),
        time_us=value_us,
        other_s=None if other == MISSING else int(printed(other)),
        net_from_gun=int(times.start_origin[index]) == Origin.GUN,
        person=people[index],
    )


# ---- clubs: the overall list, as far as it is of one club ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Club:
    """One club as people write it most. `members`: indexes in the roster of those whose club is public."""

    key: str
    name: str
    members: Int32


@dataclass(frozen=True, slots=True, kw_only=True)
class ClubCount:
    """How many of a club are entered, and how many have a place in the overall list."""

    club: Club
    entered: int
    ranked: int


def clubs_of(people: Sequence[Person]) -> Mapping[str, Club]:
    """The clubs of a roster by key (letters and digits of the name, small and without accents), in their order."""
    names: dict[str, dict[str, int]] = {}
    members: dict[str, list[int]] = {}
    for index, person in enumerate(people):
        if person.club and (key := "-".join(folded_words(person.club))):
            spelt = names.setdefault(key, {})
            spelt[person.club] = spelt.get(person.club, 0) + 1
            members.setdefault(key, []).append(index)
    return {
        key: Club(
            key=key,
            name=max(names[key], key=lambda name: (names[key][name], name)),
            members=np.array(members[key], np.int32),
        )
        for key in sorted(members)
    }


def overall_list(standing: Standing) -> RankedList | None:
    """The list the overall places come from, where the public may see it."""
    rule = standing.plan.main_list(MainRank.OVERALL)
    return next((ranked for ranked in standing.lists(Audience.PUBLIC) if ranked.rule is rule), None)


def club_rows(
    standing: Standing, ranked: RankedList, club: Club, first: int, count: int
) -> tuple[tuple[ListRow, ...], int]:
    """At most `count` rows of a list that are of a club, from its `first` on (from 1), and how many there are.

    Places and numbers are those of the list.
    """
    numbers = np.flatnonzero(np.isin(ranked.entrants, club.members)).tolist()
    return rows_numbered(standing, ranked, numbers[first - 1 : first - 1 + count]), len(numbers)


def club_counts(ranked: RankedList | None, clubs: Mapping[str, Club], size: int) -> tuple[ClubCount, ...]:
    """Every club, those with most in the list first."""
    placed = np.zeros(size, np.bool_)
    if ranked is not None:
        placed[ranked.entrants] = True
    counts = (
        ClubCount(club=club, entered=len(club.members), ranked=int(np.count_nonzero(placed[club.members])))
        for club in clubs.values()
    )
    return tuple(sorted(counts, key=lambda each: (-each.ranked, -each.entered, each.club.key)))
