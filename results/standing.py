"""The race as it stands at one moment: all that an export or a publication is made from.

A plain value. Everything written from it is a pure function of it: no clock is read, no order is left to chance.
"""

from dataclasses import dataclass
from functools import cached_property

from config.plan import RacePlan
from results.list_states import NO_STATES, ListState, ListStates, StateOfList
from results.official_rows import shown_rankings
from results.people import Audience, Person, printed_people, public_people
from results.rankings import RankedList, Rankings
from timing.decisions import NO_DECISIONS, Decisions
from timing.instants import MISSING, Instant
from timing.roster import Roster
from timing.times import Status, Times


@dataclass(frozen=True, kw_only=True)
class Standing:
    """`number` is the publication's, `at_us` the instant it speaks of, `through` the last journal entry it knows.

    `rankings` are as computed; what is printed is `shown`, in which official places stand as they were posted.
    `decisions`: the rulings in force. `states`: which lists are posted or official.
    """

    plan: RacePlan
    roster: Roster
    times: Times
    rankings: Rankings
    number: int
    at_us: Instant
    through: int | None = None
    decisions: Decisions = NO_DECISIONS
    states: ListStates = NO_STATES

    @cached_property
    def shown(self) -> Rankings:
        return shown_rankings(self.rankings, self.states)

    def lists(self, audience: Audience) -> tuple[RankedList, ...]:
        """The lists an audience may see: all for the jury, else those that are handed to the public."""
        return tuple(ranked for ranked in self.shown.lists if audience is Audience.JURY or ranked.rule.public)

    def state_of(self, ranked: RankedList) -> StateOfList:
        return self.states.of(ranked.id)

    def state(self, audience: Audience) -> ListState:
        """What can be said of all lists an audience sees: official only when each of them is."""
        return self.states.over(ranked.id for ranked in self.lists(audience))

    def people(self, audience: Audience) -> tuple[Person, ...]:
        """What the audience may read of each entrant, in the roster's order."""
        return self._public if audience is Audience.PUBLIC else self._jury

    @cached_property
    def _public(self) -> tuple[Person, ...]:
        return public_people(self.shown.eligibility)

    @cached_property
    def _jury(self) -> tuple[Person, ...]:
        return printed_people(self.shown.eligibility, Audience.JURY)

    @cached_property
    def counts(self) -> "Counts":
        """How many of those who are ranked have been seen, are running and have finished."""
        ranked = self.shown.eligibility.ranked_role
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
