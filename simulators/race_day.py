"""A simulated race day, whole: plan, field, reads, guns and closing acts; and the expected answer to them.

The one thing that files, virtual readers and tests are made from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from config.plan import RacePlan
from simulators.emission import EmittedReads
from simulators.expected import Answer, expected_answers, rows_of
from simulators.expected_lists import expected_csv
from simulators.field import FieldPlan, make_field
from simulators.mats import emit
from simulators.physics import Physics
from simulators.sim_field import SimField
from timing.instants import Instant
from timing.times import Closings


@dataclass(frozen=True, kw_only=True)
class RaceDay:
    """What happened, and what the readers said."""

    plan: RacePlan
    field: SimField
    physics: Physics
    reads: EmittedReads

    @property
    def guns(self) -> Mapping[str, Instant]:
        """The gun of each wave, as fired."""
        return {wave.id: gun for wave, gun in zip(self.plan.race.waves, self.field.guns_us, strict=True)}

    @property
    def closings(self) -> Closings:
        """Both closing acts as planned: the start a window after the last gun, the finish with the race window."""
        return Closings(start_us=self.field.closed_us, finish_us=self.plan.race.last_instant_us)

    @cached_property
    def answers(self) -> list[Answer]:
        """The expected answer for each entrant, once start and finish are closed."""
        return expected_answers(self.plan.race, self.field.roster, self.guns, rows_of(self.reads), self.closings)

    @cached_property
    def expected_csv(self) -> str:
        """The results.csv the engine must write."""
        return expected_csv(self.plan, self.answers)


def simulate(plan: RacePlan, *, field: FieldPlan | None = None, physics: Physics | None = None) -> RaceDay:
    """A race day from seeds; equal plans, fields and physics give equal days."""
    made = make_field(plan.race, field)
    rules = Physics() if physics is None else physics
    return RaceDay(plan=plan, field=made, physics=rules, reads=emit(made, rules))
