"""What announcers and spotters did, folded from the journal: marks, favourites, pace, orders of passing.

The last word counts: of two marks the one that was made later, whenever it came in. Nothing here gives anybody a time
or a place. Given the whole record each time, `Desk` reads only what is new in it; not for several threads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from config.folding import folded
from timing.desk_entries import DeskBody, FavouritesBody, MarkBody, PaceBody, PassingOrderBody
from timing.instants import Instant
from timing.roster import Bib, Entrant
from timing.state import Recorded

NAME_MS: Final = 2_500
"""A name and a word about it take so long to say."""

STEP_MS: Final = 2_500
"""How often the rows of the board move."""

ORDERS_KEPT: Final = 6
"""Orders of passing that are shown: what was reported before them has been overtaken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What was done with a name, at whose microphone. `mark`: `said`, `skipped` or `later`."""

    mark: str
    microphone: str
    at_us: Instant
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """In real milliseconds: `name_ms` for a name, `step_ms` between two moves of the rows."""

    name_ms: int = NAME_MS
    step_ms: int = STEP_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Favourites:
    """Who is not to be missed: bibs in the order they were named, clubs and towns as typed, by their folded name."""

    bibs: tuple[Bib, ...] = ()
    clubs: Mapping[str, str] = field(default_factory=dict)
    towns: Mapping[str, str] = field(default_factory=dict)

    def holds(self, entrant: Entrant) -> bool:
        """Whether somebody is one of them, by bib, club or town."""
        return (
            entrant.bib in self.bibs
            or bool(entrant.club and folded(entrant.club) in self.clubs)
            or bool(entrant.town and folded(entrant.town) in self.towns)
        )

    def __bool__(self) -> bool:
        return bool(self.bibs or self.clubs or self.towns)


class Desk:
    """The fold. `marks` by bib, `microphones`: who spoke last at each, `orders`: the newest first."""

    def __init__(self) -> None:
        self.marks: dict[Bib, Mark] = {}
        self.favourites = Favourites()
        self.pace = Pace()
        self.orders: tuple[PassingOrderBody, ...] = ()
        self.microphones: dict[str, str] = {}
        self._marked_us: dict[Bib, Instant] = {}
        self._taken = 0

    def take(self, record: Sequence[Recorded[DeskBody]]) -> bool:
        """Take in what was recorded since the last call; whether any of it concerned this desk.

        record: all of it, in the order of the journal; it only ever grows.
        """
        fresh = record[self._taken :]
        self._taken = len(record)
        taken = [self._take_one(recorded.body) for recorded in fresh]
        return any(taken)

    def _take_one(self, body: DeskBody) -> bool:
        match body:
            case MarkBody():
                self._take_mark(body)
            case FavouritesBody():
                self._take_favourites(body)
            case PaceBody():
                self.pace = Pace(
                    name_ms=body.name_ms if body.name_ms is not None else self.pace.name_ms,
                    step_ms=body.step_ms if body.step_ms is not None else self.pace.step_ms,
                )
            case PassingOrderBody():
                self._take_order(body)
            case _:
                return False
        return True

    def _take_mark(self, body: MarkBody) -> None:
        if body.microphone:
            self.microphones[body.microphone] = body.author
        # A page that was cut off hands over late what was done then: it takes back nothing that was done since.
        if body.at_us < self._marked_us.get(body.bib, 0):
            return
        self._marked_us[body.bib] = body.at_us
        if body.mark == "unsaid":
            self.marks.pop(body.bib, None)
            return
        self.marks[body.bib] = Mark(mark=body.mark, microphone=body.microphone, at_us=body.at_us, author=body.author)

    def _take_favourites(self, body: FavouritesBody) -> None:
        now = self.favourites
        if body.by == "bib":
            kept = tuple(bib for bib in now.bibs if bib not in body.values)
            bibs = (*kept, *(Bib(value) for value in dict.fromkeys(body.values))) if body.on else kept
            self.favourites = Favourites(bibs=bibs, clubs=now.clubs, towns=now.towns)
            return
        before = now.clubs if body.by == "club" else now.towns
        named = {folded(value): value for value in body.values if folded(value)}
        after = {**before, **named} if body.on else {key: name for key, name in before.items() if key not in named}
        clubs, towns = (after, now.towns) if body.by == "club" else (now.clubs, after)
        self.favourites = Favourites(bibs=now.bibs, clubs=clubs, towns=towns)

    def _take_order(self, body: PassingOrderBody) -> None:
        # A report by radio is typed in when there is time: the newest is the one with the latest hour.
        orders = sorted((*self.orders, body), key=lambda order: order.at_us, reverse=True)
        self.orders = tuple(orders[:ORDERS_KEPT])
