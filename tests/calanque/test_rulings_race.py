"""A whole race with everything that goes wrong, put right by rulings: every time and place is the expected answer's.

The engine is given the entries of its journal; the expected answer is made from true clocks, true owners and true guns.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from calanque.derived import Derived, Picture
from config.loader import load_race
from results.results_csv import results_csv
from simulators import clock_faults
from simulators.day_entries import entries_of_day, ruling_entries
from simulators.field import FieldPlan
from simulators.physics import Physics
from simulators.race_faults import RaceFaults, WrongGun
from simulators.troubled_day import TroubledDay, rulings_of_day, troubled_day
from timing.clock_ledger import ClockLedger
from timing.reads import SourceId
from timing.state import RaceState

FAULTS = RaceFaults(
    swapped_pairs=30,
    second_visits=0.01,
    early=200,
    late=400,
    parked=10,
    clocks=(clock_faults.constant(SourceId("finish-main"), -37_200_000),),
    wrong_guns=(WrongGun(wave="3", by_us=1_370_000),),
)
PHYSICS = Physics(miss_start=0.02, miss_split=0.02, miss_finish=0.02)


@dataclass(frozen=True, kw_only=True)
class Race:
    day: TroubledDay
    state: RaceState
    before: Picture
    after: Picture


def rows_of(race: Race, picture: Picture) -> list[str]:
    return results_csv(race.day.plan, picture.roster, picture.times, picture.rankings).decode().splitlines()


def different(found: list[str], expected: list[str]) -> list[tuple[str, str]]:
    """The rows that are not equal, found and expected; a field of 20,000 is too long for a message."""
    assert len(found) == len(expected)
    return [(one, other) for one, other in zip(found, expected, strict=True) if one != other]


@pytest.fixture(scope="module")
def race() -> Race:
    """20,000 runners; the reader that is 37.2 s late is found out at the end, with everything else."""
    day = troubled_day(load_race("marseille_cassis_2024"), FAULTS, field=FieldPlan(runners=20_000), physics=PHYSICS)
    state = RaceState(day.plan.race)
    state.apply_all(entries_of_day(day, batch=5_000))
    derived = Derived(day.plan, state)
    before = derived.picture()
    for entry in ruling_entries(rulings_of_day(day), after=state.applied, at_us=day.plan.race.last_instant_us):
        state.apply(entry)
        derived.note(entry)
    # The engine sets the ledger from its decisions; here nobody else does.
    state.set_ledger(ClockLedger(corrections=state.decisions.clocks))
    derived.refresh(settle=True)
    return Race(day=day, state=state, before=before, after=derived.picture())


@pytest.mark.slow
def test_after_the_rulings_of_the_day_the_results_are_the_expected_answer_byte_for_byte(race: Race) -> None:
    begun = time.process_time()
    expected = race.day.corrected_csv.splitlines()
    print(f"\n{len(race.day.reads):,} reads; the expected answer took {time.process_time() - begun:.1f} s")
    wrong_before = different(rows_of(race, race.before), expected)
    assert len(wrong_before) > 15_000, "the faults were none"
    left = different(rows_of(race, race.after), expected)
    assert not left, left[:5]
