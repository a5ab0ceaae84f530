"""How far a list has come: provisional, posted, official. A pure fold of what people posted.

Owns the states, who may bring a list into one, and what stands once it is official. Computes no place: `official_rows`
puts what stands into the lists. Postings come from the journal, in its order; the caller leaves out
withdrawn ones.
"""

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from results.errors import PostingRefused
from results.rankings import RankedList
from timing.instants import MINUTE, Duration, Instant
from timing.roster import Roster

if TYPE_CHECKING:  # a race from files is never posted, and needs none of the rulings
    from timing.ruling_entries import PostedPlace, PostingBody
    from timing.rulings import Role


class ListState(enum.StrEnum):
    PROVISIONAL = "provisional"
    """Computed, and it may change with every read."""
    POSTED = "posted"
    """Hung out: protests are heard until its hour; then it waits for the referee."""
    OFFICIAL = "official"
    """Made so by the referee or the jury. It stands as it was posted, whatever is computed later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateOfList:
    """One list. `depth`, `at_us`, `author`, `role`, `reason` and `places` are of the act that brought it here.

    `depth` None: the whole list. `protest_until_us`: of the last posting. `posted_through`: the last journal entry that
    posting knew. `official`: what stands, best first; `official_depth` how many places that is (None: all, or none).
    A list whose first places are official and which was then posted further is POSTED, with those still official.
    """

    list_id: str
    state: ListState = ListState.PROVISIONAL
    depth: int | None = None
    at_us: Instant | None = None
    author: str = ""
    role: "Role | None" = None
    reason: str = ""
    protest_until_us: Instant | None = None
    posted_through: int = 0
    places: "tuple[PostedPlace, ...]" = ()
    official: "tuple[PostedPlace, ...]" = ()
    official_depth: int | None = None
    is_official: bool = False

    def protests_open(self, at_us: Instant) -> bool:
        """Whether somebody may still protest at that instant: a posting alone never becomes official."""
        until = self.protest_until_us
        return self.state is ListState.POSTED and until is not None and at_us < until


@dataclass(frozen=True, kw_only=True)
class ListStates:
    """The states of all lists that anything was posted of."""

    by_id: Mapping[str, StateOfList] = field(default_factory=dict)

    def of(self, list_id: str) -> StateOfList:
        """The state of a list; provisional where nothing was posted."""
        return self.by_id.get(list_id) or StateOfList(list_id=list_id)

    @property
    def official(self) -> tuple[StateOfList, ...]:
        """Those of which something stands, in the order in which they were first posted."""
        return tuple(state for state in self.by_id.values() if state.is_official)

    def over(self, list_ids: Iterable[str]) -> ListState:
        """What can be said of all these lists together: the least of their states."""
        states = {self.of(list_id).state for list_id in list_ids}
        return next((state for state in ListState if state in states), ListState.PROVISIONAL)


NO_STATES: Final = ListStates()


def list_states(postings: "Iterable[PostingBody]") -> ListStates:
    """The state of each list after these postings, in the order of the journal."""
    by_id: dict[str, StateOfList] = {}
    for body in postings:
        by_id[body.list_id] = _after(by_id.get(body.list_id) or StateOfList(list_id=body.list_id), body)
    return ListStates(by_id=by_id)


def _after(before: StateOfList, body: "PostingBody") -> StateOfList:
    act = replace(
        before, depth=body.depth, at_us=body.at_us, author=body.author, role=body.role, reason=body.reason
    )  # fmt: skip
    match body.state:
        case "posted":
            return replace(
                act,
                state=ListState.POSTED,
                protest_until_us=body.at_us + body.protest_us,
                posted_through=body.through,
                places=body.places,
            )
        case "official":
            # Where the posting was withdrawn afterwards, what was made official is still known from the act itself.
            posted = before.places if before.state is ListState.POSTED else body.places
            stands = tuple(place for place in posted if body.depth is None or place.place <= body.depth)
            return replace(
                act,
                state=ListState.OFFICIAL,
                places=stands,
                official=stands,
                official_depth=body.depth,
                is_official=True,
            )
        case "reopened":
            return replace(
                act, state=ListState.PROVISIONAL, depth=None, protest_until_us=None, places=(), official=(),
                official_depth=None, is_official=False,
            )  # fmt: skip


def posting_of(
    ranked: RankedList,
    roster: Roster,
    *,
    at_us: Instant,
    author: str,
    role: "Role",
    through: int,
    protest_us: Duration,
    depth: int | None = None,
) -> "PostingBody":
    """What posting this list as it is shown now (`official_rows.with_official`) puts into the journal."""
    from timing.ruling_entries import PostedPlace, PostingBody

    rows = zip(
        ranked.entrants.tolist(), ranked.places.tolist(), ranked.value_us.tolist(), ranked.shared.tolist(), strict=True
    )
    return PostingBody(
        list_id=ranked.id,
        state="posted",
        at_us=at_us,
        author=author,
        role=role,
        through=through,
        depth=depth,
        protest_us=protest_us,
        places=tuple(
            PostedPlace(bib=roster.entrants[index].bib, place=place, value_us=value_us, shared=shared)
            for index, place, value_us, shared in rows
            if depth is None or place <= depth
        ),
    )


def official_of(
    states: ListStates, list_id: str, *, at_us: Instant, author: str, role: "Role", reason: str = ""
) -> "PostingBody":
    """The act that makes a posted list official, as deep as it was posted. `check_posting` says whether it may be."""
    from timing.ruling_entries import PostingBody

    state = states.of(list_id)
    return PostingBody(
        list_id=list_id,
        state="official",
        at_us=at_us,
        author=author,
        role=role,
        through=state.posted_through,
        depth=state.depth,
        places=state.places,
        reason=reason,
    )


def check_posting(body: "PostingBody", states: ListStates, *, lists: Collection[str] | None = None) -> None:
    """Raises: PostingRefused, saying why, when the list cannot be brought into that state now by that person.

    Args: states: as they are before it. lists: the ids there are; None: not checked.
    """
    from timing.rulings import Role

    state = states.of(body.list_id)
    if lists is not None and body.list_id not in lists and body.state == "posted":
        raise PostingRefused(f"no list {body.list_id!r}; there are: {', '.join(lists)}")
    if body.depth is not None and body.depth < 1:
        raise PostingRefused(f"{body.list_id}: a depth of {body.depth}; it is at least 1, or the whole list")
    if not body.author.strip():
        raise PostingRefused(f"{body.list_id}: {body.state} needs an author: who says so?")
    if body.state != "posted" and body.role not in (Role.REFEREE, Role.JURY):
        raise PostingRefused(
            f"{body.list_id}: only the referee or the jury makes a list official or opens it again, not the {body.role}"
        )
    if body.state == "posted":
        _check_posted(body, state)
    elif body.state == "official":
        _check_official(body, state)
    elif state.state is ListState.PROVISIONAL:
        raise PostingRefused(f"{body.list_id} is provisional: there is nothing to open again")


def _check_posted(body: "PostingBody", state: StateOfList) -> None:
    if body.protest_us < 0:
        raise PostingRefused(f"{body.list_id}: protests cannot end before the list is posted")
    if not state.is_official:
        return
    deeper = state.official_depth is not None and (body.depth is None or body.depth > state.official_depth)
    if not deeper:
        raise PostingRefused(
            f"{body.list_id} is official{_first(state.official_depth)}: the referee or the jury opens it again before "
            "it is posted anew"
        )
    if body.places[: len(state.official)] != state.official:
        raise PostingRefused(
            f"{body.list_id}: its first {state.official_depth} places are official and stand as they were posted; what "
            "is posted further begins with them"
        )


def _check_official(body: "PostingBody", state: StateOfList) -> None:
    if state.state is not ListState.POSTED:
        raise PostingRefused(
            f"{body.list_id} is {state.state}: only what was posted, and protests heard, can be made official"
        )
    until = state.protest_until_us
    assert until is not None, "a posted list has an hour up to which protests are heard"
    if body.at_us < until and not body.reason.strip():
        minutes = -((body.at_us - until) // MINUTE)
        raise PostingRefused(
            f"{body.list_id}: protests are heard for {minutes} more minutes; give a reason to make it official earlier"
        )
    if state.depth is not None and (body.depth is None or body.depth > state.depth):
        raise PostingRefused(f"{body.list_id}: only its first {state.depth} places were posted")
    posted = tuple(place for place in state.places if body.depth is None or place.place <= body.depth)
    if body.places and body.places != posted:
        raise PostingRefused(f"{body.list_id}: what becomes official is what was posted, and these are other places")


def _first(depth: int | None) -> str:
    return "" if depth is None else f" in its first {depth} places"
