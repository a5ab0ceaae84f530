"""The race as it stands at one moment: all that an export or a publication is made from.

A plain value. Everything written from it is a pure function of it: no clock is read, no order is left to chance.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from config.plan import RacePlan
from results.people import Audience, Person, printed_people
from results.rankings import Rankings
from timing.instants import MISSING, Instant
from timing.roster import Roster
from timing.times import Status, Times

STATE: Final = "provisional"
"""What results are until a jury has confirmed them."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """`number` is the publication's, `at_us` the instant it speaks of, `through` the last journal entry it knows."""

    plan: RacePlan
    roster: Roster
    times: Times
    rankings: Rankings
    number: int
    at_us: Instant
    through: int | None = None

    def people(self, audience: Audience) -> tuple[Person, ...]:
        """What the audience may read of each entrant, in the roster's order."""
        return self._public if audience is Audience.PUBLIC else self._jury

    @cached_property
    def _public(self) -> tuple[Person, ...]:
        return printed_people(self.rankings.eligibility, Audience.PUBLIC)

    @cached_property
    def _jury(self) -> tuple[Person, ...]:
        return printed_people(self.rankings.eligibility, Audience.JURY)

    @cached_property
    def counts(self) -> "Counts":
        """How many of those who are ranked have been seen, are running and have finished."""
        ranked = self.rankings.eligibility.ranked_role
        status = self.times.status[ranked]
        seen = (self.times.crossing_us[:, ranked] != MISSING).sum(axis=1)
        return Counts(
            entered=int(ranked.sum()),
            running=int((status == Status.STARTED).sum()),
            finished=int((status == Status.FINISHED).sum()),
            at_point=tuple(int(number) for number in seen),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Entrants of ranked roles. `at_point`: seen at each point of the course."""

    entered: int
    running: int
    finished: int
    at_point: tuple[int, ...]
