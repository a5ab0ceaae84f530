"""Places as the jury ordered a finish: who came over the line before whom, where the times cannot say it.

Owns the redistribution of places and nothing else: no time is changed, and whoever the jury did not name keeps the
place. The order comes from `timing.decisions`, the places from `rankings`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from timing.reads import Bool, Int32, Int64
from timing.roster import Roster

if TYPE_CHECKING:
    from timing.rulings import FinishOrder

IndexOrder: TypeAlias = tuple[tuple[int, ...], ...]
"""A finish order as indexes in the roster."""


@dataclass(frozen=True, kw_only=True)
class OrderedPlaces:
    """Rows of lists after the jury. `rows`: which row of before stands here now; the others are columns of new rows.

    `shared`: the place is held by several. `by_jury`: took part in an order that applies here.
    """

    rows: Int64
    places: Int32
    shared: Bool
    by_jury: Bool


def orders_of(orders: "Sequence[FinishOrder]", roster: Roster) -> tuple[IndexOrder, ...]:
    """The orders as indexes in the roster, in the order of the journal; bibs that nobody has are left out."""
    if not orders:
        return ()
    return tuple(_indexed(order, roster.by_bib) for order in orders)


def _indexed(order: "FinishOrder", index_of: Mapping[str, int]) -> IndexOrder:
    """A bib that is named twice counts where it is named first."""
    unplaced = {bib for together in order.order for bib in together if bib in index_of}
    groups: list[tuple[int, ...]] = []
    for together in order.order:
        members = [bib for bib in dict.fromkeys(together) if bib in unplaced]
        unplaced.difference_update(members)
        groups.append(tuple(index_of[bib] for bib in members))
    return tuple(groups)


def in_jury_order(
    orders: Sequence[IndexOrder], *, scope: Int32, entrants: Int32, places: Int32, gun_us: Int64
) -> OrderedPlaces | None:
    """The places after every order in turn; None where no order touches these rows.

    Args: columns of rows, sorted by scope (one list each) and within it best first. `gun_us`: the gun each time of
    these lists runs from. Among those an order names who stand in one list and ran from one gun, the places they hold
    are given out again in the jury's order; those who finished together share the first of theirs.
    """
    named = np.array([index for order in orders for together in order for index in together], np.int64)
    row_of = {int(entrants[row]): row for row in np.flatnonzero(np.isin(entrants, named)).tolist()}
    new = places.copy()
    by_jury = np.zeros(len(places), np.bool_)
    for order in orders:
        # A later order begins from the places an earlier one left.
        heats: dict[tuple[int, int], list[list[int]]] = defaultdict(list)
        for together in order:
            in_heat: dict[tuple[int, int], list[int]] = defaultdict(list)
            for row in (row_of[index] for index in together if index in row_of):
                in_heat[int(scope[row]), int(gun_us[row])].append(row)
            for heat, rows in in_heat.items():
                heats[heat].append(rows)
        for (of_scope, _), groups in heats.items():
            if sum(map(len, groups)) > 1:
                _give_out(new, groups, np.flatnonzero(scope == of_scope))
                by_jury[[row for rows in groups for row in rows]] = True
    if not by_jury.any():
        return None
    order_now = np.lexsort((new, scope))
    places = new[order_now]
    same = (places[1:] == places[:-1]) & (scope[1:] == scope[:-1])
    shared = np.zeros(len(places), np.bool_)
    shared[1:] |= same
    shared[:-1] |= same
    return OrderedPlaces(rows=order_now, places=places, shared=shared, by_jury=by_jury[order_now])


def _give_out(places: Int32, groups: Sequence[Sequence[int]], of_list: Int64) -> None:
    """Gives the places these rows hold to the groups in their order. `of_list`: the rows of the whole list.

    Who shared a place and is told apart by the jury stands behind all who keep it, so that the next place stays as it
    was: of three who share the first, two in the jury's order are first (with the third) and third.
    """
    named = [row for rows in groups for row in rows]
    held = sorted(places[named].tolist())
    others = np.setdiff1d(of_list, np.array(named, np.int64))
    given: dict[int, int] = {}
    for rows in groups:
        slot, held = held[0], held[len(rows) :]
        if slot not in given:
            given[slot] = 0
            place = slot
        else:
            place = slot + int(np.count_nonzero(places[others] == slot)) + given[slot]
        given[slot] += len(rows)
        places[list(rows)] = place
