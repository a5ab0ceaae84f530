"""What would change: two pictures of one race, before and after, compared.

A pure comparison for whoever is about to decide: whose times and statuses change and by how much, which places in which
lists, which podiums. Knows neither rulings nor how the pictures came about.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from results.list_states import NO_STATES, ListStates
from results.official_rows import OfficialDifference, official_differences
from results.rankings import RankedList, Rankings
from timing.instants import MISSING, Duration, Instant
from timing.reads import Int64
from timing.roster import Bib, Roster
from timing.times import Status, Times

PODIUM: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerChange:
    """One runner whose times, status or crossings change; None where there is no value."""

    bib: Bib
    status: tuple[Status, Status]
    start_us: tuple[Instant | None, Instant | None]
    finish_us: tuple[Instant | None, Instant | None]
    gun_time_us: tuple[Duration | None, Duration | None]
    net_time_us: tuple[Duration | None, Duration | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceChange:
    """A place in a list, before and after; None: not in the list."""

    bib: Bib
    places: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """A list in which places change. `podium`: the first three before and after, where they are not the same."""

    list_id: str
    places: tuple[PlaceChange, ...]
    podium: tuple[tuple[Bib, ...], tuple[Bib, ...]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """All that changes. `runners` in the order of the roster, `lists` in that of the race file.

    `official`: places that stand as they were made official, and would be others: each a question for the referee.
    """

    runners: tuple[RunnerChange, ...]
    lists: tuple[ListChange, ...]
    official: tuple[OfficialDifference, ...]

    @property
    def nothing(self) -> bool:
        return not self.runners and not self.lists

    @property
    def gun_times_changed(self) -> int:
        """How many have another official time, or one less or more: that is from the gun."""
        return sum(before != after for before, after in (change.gun_time_us for change in self.runners))

    @property
    def podiums(self) -> tuple[ListChange, ...]:
        return tuple(change for change in self.lists if change.podium is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One side of the comparison."""

    roster: Roster
    times: Times
    rankings: Rankings
    states: ListStates = NO_STATES


def effect_values(found: Effect, limit: int) -> dict[str, Any]:
    """An effect ready for JSON: whole counts, and the first `limit` changes of each kind."""
    return {
        "runners_changed": len(found.runners),
        "gun_times_changed": found.gun_times_changed,
        "runners": [_plain(change) for change in found.runners[:limit]],
        "lists": [
            {
                "list_id": change.list_id,
                "places_changed": len(change.places),
                "places": [_plain(place) for place in change.places[:limit]],
                "podium": None if change.podium is None else [list(side) for side in change.podium],
            }
            for change in found.lists
        ],
        "podiums_changed": len(found.podiums),
        "official_changed": len(found.official),
    }


def _plain(change: RunnerChange | PlaceChange) -> dict[str, Any]:
    values = asdict(change)
    if isinstance(change, RunnerChange):
        values["status"] = [status.name for status in change.status]
    return values


def effect(before: Snapshot, after: Snapshot) -> Effect:
    """What is different after. Somebody whom only one roster has counts as not entered in the other."""
    known = set(official_differences(before.rankings, before.states))
    return Effect(
        runners=_runner_changes(before, after),
        lists=_list_changes(before, after),
        official=tuple(d for d in official_differences(after.rankings, after.states) if d not in known),
    )


def _runner_changes(before: Snapshot, after: Snapshot) -> tuple[RunnerChange, ...]:
    if before.roster is after.roster or before.roster == after.roster:
        rows = _changed_rows(before.times, after.times)
        pairs = [(row, row) for row in rows.tolist()]
    else:
        there = after.roster.by_bib
        pairs = [(row, there[bib]) for bib, row in before.roster.by_bib.items() if bib in there]
        pairs = [(a, b) for a, b in pairs if _values(before.times, a) != _values(after.times, b)]
    return tuple(
        RunnerChange(
            bib=before.roster.entrants[a].bib,
            status=(Status(int(before.times.status[a])), Status(int(after.times.status[b]))),
            start_us=(_at(before.times.start_us, a), _at(after.times.start_us, b)),
            finish_us=(_at(before.times.finish_us, a), _at(after.times.finish_us, b)),
            gun_time_us=(_at(before.times.gun_time_us, a), _at(after.times.gun_time_us, b)),
            net_time_us=(_at(before.times.net_time_us, a), _at(after.times.net_time_us, b)),
        )
        for a, b in pairs
    )


def _changed_rows(before: Times, after: Times) -> Int64:
    """Entrants with a different status, crossing or time."""
    different = (before.crossing_us != after.crossing_us).any(axis=0)
    different |= before.status != after.status
    different |= before.gun_time_us != after.gun_time_us
    different |= before.net_time_us != after.net_time_us
    return np.flatnonzero(different)


def _values(times: Times, row: int) -> Sequence[int]:
    return [
        int(times.status[row]),
        int(times.gun_time_us[row]),
        int(times.net_time_us[row]),
        *times.crossing_us[:, row].tolist(),
    ]


def _at(column: Int64, row: int) -> int | None:
    value = int(column[row])
    return None if value == MISSING else value


def _list_changes(before: Snapshot, after: Snapshot) -> tuple[ListChange, ...]:
    ids = dict.fromkeys([*before.rankings.by_id, *after.rankings.by_id])
    changes = (_list_change(list_id, before, after) for list_id in ids)
    return tuple(change for change in changes if change is not None)


def _list_change(list_id: str, before: Snapshot, after: Snapshot) -> ListChange | None:
    old, new = before.rankings.by_id.get(list_id), after.rankings.by_id.get(list_id)
    if (
        old is not None
        and new is not None
        and before.roster is after.roster
        and np.array_equal(old.entrants, new.entrants)
        and np.array_equal(old.places, new.places)
    ):
        return None
    was, becomes = _places(old, before.roster), _places(new, after.roster)
    places = tuple(
        PlaceChange(bib=bib, places=(was.get(bib), becomes.get(bib)))
        for bib in dict.fromkeys([*was, *becomes])
        if was.get(bib) != becomes.get(bib)
    )
    podium = _podium(was), _podium(becomes)
    if not places and podium[0] == podium[1]:
        return None
    return ListChange(list_id=list_id, places=places, podium=podium if podium[0] != podium[1] else None)


def _places(ranked: RankedList | None, roster: Roster) -> dict[Bib, int]:
    if ranked is None:
        return {}
    bibs = [roster.entrants[row].bib for row in ranked.entrants.tolist()]
    return dict(zip(bibs, ranked.places.tolist(), strict=True))


def _podium(places: dict[Bib, int]) -> tuple[Bib, ...]:
    return tuple(bib for bib, place in places.items() if place <= PODIUM)
