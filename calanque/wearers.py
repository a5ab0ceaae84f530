"""Who wore which tags: whoever must be matched together, since a ruling lent a tag from one to another.

Pure, over the numbers of a roster and its tags.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from timing.field import Field
from timing.reads import Int64


class Worn(Protocol):
    """Who owns which tag: `field`, and for each entrant the codes of all tags they wore at any time."""

    @property
    def field(self) -> Field: ...

    @property
    def tags_of(self) -> Sequence[Int64]: ...


def together(entrants: Int64, tags: Int64, *grounds: Worn) -> tuple[Int64, Int64]:
    """These entrants and tags, with everybody who ever wore one of the tags and every tag they wore, until it is whole.

    Only a ruling that lends a tag makes more than one turn of it.
    """
    people, worn = set(entrants.tolist()), set(tags.tolist())
    loans = [loan for ground in grounds for loan in ground.field.loans if loan.entrant >= 0]
    fresh = set(people)
    for loan in loans:
        if loan.tag in worn and loan.entrant not in people:
            fresh.add(loan.entrant)
    while fresh:
        people |= fresh
        new_tags = {int(tag) for ground in grounds for entrant in fresh for tag in ground.tags_of[entrant]} - worn
        worn |= new_tags
        fresh = {loan.entrant for loan in loans if loan.tag in new_tags} - people
        if loans and new_tags:
            codes = np.fromiter(new_tags, np.int32)
            fresh |= {int(o) for ground in grounds for o in ground.field.owners(codes) if o >= 0} - people
    return np.array(sorted(people), np.int64), np.array(sorted(worn), np.int64)


def tags_by_entrant(field: Field) -> list[Int64]:
    """The tag codes each entrant wore at any time."""
    owned = np.flatnonzero(field.owner >= 0)
    lent = [loan for loan in field.loans if loan.entrant >= 0]
    codes = np.concatenate([owned, np.array([loan.tag for loan in lent], np.int64)])
    owners = np.concatenate([field.owner[owned], np.array([loan.entrant for loan in lent], np.int32)])
    order = np.argsort(owners, kind="stable")
    bounds = np.searchsorted(owners[order], np.arange(len(field) + 1))
    codes = codes[order]
    return [codes[bounds[i] : bounds[i + 1]] for i in range(len(field))]
