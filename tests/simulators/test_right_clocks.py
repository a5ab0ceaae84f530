"""A simulated race day whose clocks are right shows no fault of a clock, however and in whatever order it comes in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from races import marseille, planned

from simulators.emission import EmittedReads
from simulators.field import FieldPlan
from simulators.race_day import RaceDay, simulate
from timing.clock_evidence import ClockEvidence
from timing.clock_findings import ledger_now
from timing.clock_ledger import AS_STAMPED, Stamps
from timing.decisions import NO_DECISIONS
from timing.guns import guns_in_force
from timing.instants import MILLISECOND, MINUTE, MISSING
from timing.reads import Int64, Names

PARTS = 25


@pytest.fixture(scope="module")
def day() -> RaceDay:
    return simulate(planned(marseille()), field=FieldPlan(runners=600))


def at_life(reads: EmittedReads, end_us: int) -> Int64:
    return reads.stamp_us + np.random.default_rng(1).integers(5, 900, len(reads)) * MILLISECOND


def sixty_times_life(reads: EmittedReads, end_us: int) -> Int64:
    return reads.stamp_us + np.random.default_rng(1).integers(0, 60_000, len(reads)) * MILLISECOND


def flushed_by_the_minute(reads: EmittedReads, end_us: int) -> Int64:
    return (reads.stamp_us // MINUTE + 1) * MINUTE + 300 * MILLISECOND


def all_at_once(reads: EmittedReads, end_us: int) -> Int64:
    return np.full(len(reads), end_us, np.int64)


def unknown(reads: EmittedReads, end_us: int) -> Int64:
    return np.full(len(reads), MISSING, np.int64)


def as_made(reads: EmittedReads) -> Int64:
    return np.argsort(reads.stamp_us, kind="stable")


def newest_first(reads: EmittedReads) -> Int64:
    return as_made(reads)[::-1]


def mat_by_mat(reads: EmittedReads) -> Int64:
    return np.lexsort((reads.stamp_us, reads.mat))


def mats_backwards(reads: EmittedReads) -> Int64:
    return np.lexsort((reads.stamp_us, -reads.mat))


LIVE = (at_life, sixty_times_life, flushed_by_the_minute)
ORDERS = (as_made, newest_first, mat_by_mat, mats_backwards)
CASES = [
    *((arrival, as_made) for arrival in LIVE),
    *((arrival, order) for arrival in (all_at_once, unknown) for order in ORDERS),
]


@pytest.mark.parametrize(("arrival", "order"), CASES)
def test_right_clocks_are_not_suspected_at_any_moment(
    day: RaceDay, arrival: Callable[[EmittedReads, int], Int64], order: Callable[[EmittedReads], Int64]
) -> None:
    race, reads = day.plan.race, day.reads
    sources = Names(source.id for source in race.sources)
    source_of = np.array([sources.code(mat.source) for mat in race.course.mats], np.int16)
    received_us = arrival(reads, race.last_instant_us)
    evidence = ClockEvidence(race)
    for rows in np.array_split(order(reads), PARTS):
        stamps = Stamps(
            base_us=reads.stamp_us[rows],
            code=np.zeros(len(rows), np.uint8),
            source=source_of[reads.mat[rows]],
            received_us=received_us[rows],
        )
        evidence.add(stamps, reads.tag[rows], reads.mat[rows], sources, by_collector=np.zeros(len(rows), np.bool_))
        ledger, findings = ledger_now(race, guns_in_force(race), NO_DECISIONS, evidence)
        assert findings == ()
        assert ledger == AS_STAMPED
