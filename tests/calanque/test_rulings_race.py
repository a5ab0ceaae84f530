"""A whole race with everything that goes wrong, put right by rulings: every time and place is the expected answer's.

The engine is given the entries of its journal; the expected answer is made from true clocks, true owners and true guns.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from calanque.derived import Derived, Picture
from config.loader import load_race
from results.results_csv import results_csv
from simulators import clock_faults
from simulators.day_entries import entries_of_day, ruling_entries
from simulators.field import FieldPlan
from simulators.physics import Physics
from simulators.race_faults import FalseGun, LiftedMat, RaceFaults, SecondShot, WrongGun
from simulators.troubled_day import TroubledDay, rulings_of_day, troubled_day
from timing.instants import HOUR, MINUTE
from timing.journal import Entry
from timing.reads import SourceId
from timing.rulings import Act, Withdraw
from timing.state import RaceState

PLAN = load_race("marseille_cassis_2024")
GUN = PLAN.race.waves[0].planned_gun_us
FINISH, GINESTE = SourceId("finish-main"), SourceId("gineste")

GREAT_DAY = RaceFaults(
    swapped_pairs=30,
    second_visits=0.01,
    early=200,
    late=400,
    parked=10,
    clocks=(clock_faults.constant(FINISH, -37_200_000),),
    wrong_guns=(WrongGun(wave="3", by_us=1_370_000),),
)
EVERYTHING = replace(
    GREAT_DAY,
    swapped_pairs=8,
    early=10,
    late=10,
    spare_tags=10,
    abandons=10,
    driven=6,
    false_guns=(FalseGun(wave="5"),),
    second_shots=(SecondShot(wave="4"),),
    lifted=(LiftedMat(mat=PLAN.race.course.finish.mats[0].id, begin_us=GUN + 115 * MINUTE),),
)
CLOCKS = (
    clock_faults.constant(FINISH, -37_200_000),
    clock_faults.whole_hours(FINISH, -1),
    clock_faults.drifting(FINISH, GUN - HOUR, 20, offset_us=-1_230_000),
    clock_faults.stepped(GINESTE, GUN + 55 * MINUTE, 10_000_000),
    clock_faults.rebooted(FINISH, GUN + 110 * MINUTE),
    clock_faults.elapsed(FINISH, GUN - 3 * HOUR),
)


class Engine:
    """The engine's picture of a day, entry by entry."""

    def __init__(self, day: TroubledDay) -> None:
        self.day = day
        self.state = RaceState(day.plan.race)
        self.state.apply_all(entries_of_day(day, batch=5_000))
        self.derived = Derived(day.plan, self.state)

    def rule(self, acts: Sequence[Act]) -> Picture:
        """The picture after these acts."""
        at_us = self.day.plan.race.last_instant_us
        for entry in ruling_entries(acts, after=self.state.applied, at_us=at_us):
            self.state.apply(entry)
            self.derived.note(entry)
        self.derived.refresh(settle=True)
        return self.derived.picture()

    def rows(self, picture: Picture) -> list[str]:
        text = results_csv(self.day.plan, picture.roster, picture.times, picture.rankings).decode()
        return text.splitlines()


def different(found: list[str], expected: list[str]) -> list[tuple[str, str]]:
    """The rows that are not equal, found and expected; a field of 20,000 is too long for a message."""
    assert len(found) == len(expected)
    return [(one, other) for one, other in zip(found, expected, strict=True) if one != other]


def small_day(seed: int, faults: RaceFaults) -> TroubledDay:
    physics = Physics(seed=seed, miss_start=0.03, miss_split=0.03, miss_finish=0.03)
    return troubled_day(PLAN, replace(faults, seed=seed), field=FieldPlan(seed=seed, runners=500), physics=physics)


@pytest.mark.slow
def test_after_the_rulings_of_a_great_day_the_results_are_the_expected_answer_byte_for_byte() -> None:
    """20,000 runners; the reader that is 37.2 s late is found out at the end, with everything else."""
    physics = Physics(miss_start=0.02, miss_split=0.02, miss_finish=0.02)
    engine = Engine(troubled_day(PLAN, GREAT_DAY, field=FieldPlan(runners=20_000), physics=physics))
    begun = time.process_time()
    expected = engine.day.corrected_csv.splitlines()
    print(f"\n{len(engine.day.reads):,} reads; the expected answer took {time.process_time() - begun:.1f} s")
    assert len(engine.day.reads) > 1_000_000
    before = engine.rows(engine.derived.picture())
    assert len(different(before, expected)) > 15_000, "the faults were none"
    left = different(engine.rows(engine.rule(rulings_of_day(engine.day))), expected)
    assert not left, left[:5]


@pytest.mark.parametrize("seed", range(3))
def test_every_fault_of_a_day_is_put_right_by_its_rulings(seed: int) -> None:
    day = small_day(seed, EVERYTHING)
    engine = Engine(day)
    left = different(engine.rows(engine.rule(rulings_of_day(day))), day.corrected_csv.splitlines())
    assert not left, left[:5]


@pytest.mark.parametrize("clock", CLOCKS, ids=range(len(CLOCKS)))
def test_every_wrong_clock_is_put_right_by_its_corrections(clock: clock_faults.ClockFault) -> None:
    day = small_day(7, replace(EVERYTHING, clocks=(clock,)))
    engine = Engine(day)
    left = different(engine.rows(engine.rule(rulings_of_day(day))), day.corrected_csv.splitlines())
    assert not left, left[:5]


def test_the_order_in_which_rulings_were_given_and_how_many_at_once_change_nothing() -> None:
    day = small_day(3, EVERYTHING)
    acts = rulings_of_day(day)
    random.Random(3).shuffle(acts)
    engine = Engine(day)
    for act in acts:
        picture = engine.rule([act])
    left = different(engine.rows(picture), day.corrected_csv.splitlines())
    assert not left, left[:5]


@pytest.mark.parametrize("seed", range(3))
def test_rulings_given_while_the_race_goes_on_end_the_same(seed: int) -> None:
    day = small_day(seed, EVERYTHING)
    chance = random.Random(seed)
    entries: list[Entry] = entries_of_day(day, batch=400)
    for act in rulings_of_day(day):
        place = chance.randrange(1, len(entries))
        entries[place:place] = ruling_entries([act], after=place, at_us=entries[place].at_us)
    state = RaceState(day.plan.race)
    derived = Derived(day.plan, state)
    for number, entry in enumerate(entries, 1):
        state.apply(replace(entry, number=number))
        derived.note(entry)
        if chance.random() < 0.5:
            derived.refresh()
    derived.refresh(settle=True)
    picture = derived.picture()
    found = results_csv(day.plan, picture.roster, picture.times, picture.rankings).decode().splitlines()
    left = different(found, day.corrected_csv.splitlines())
    assert not left, left[:5]


def test_all_rulings_taken_back_restore_the_results_exactly() -> None:
    day = small_day(4, EVERYTHING)
    engine = Engine(day)
    before = engine.rows(engine.derived.picture())
    first = engine.state.applied + 1
    acts = rulings_of_day(day)
    assert different(engine.rows(engine.rule(acts)), before)
    assert not different(engine.rows(engine.rule([Withdraw(number=first + n) for n in range(len(acts))])), before)


def test_a_preview_shows_what_the_rulings_then_do() -> None:
    day = small_day(5, EVERYTHING)
    engine = Engine(day)
    before = engine.rows(engine.derived.picture())
    acts = rulings_of_day(day)
    previewed = engine.rows(engine.derived.preview(acts))
    assert not different(engine.rows(engine.derived.picture()), before), "a preview changed something"
    assert different(previewed, before)
    assert not different(engine.rows(engine.rule(acts)), previewed)
