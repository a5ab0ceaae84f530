"""How far from the true instant each rule of a moment is, by speed: simulated readers that give the signal.

The chips are read as measured bursts were (26 ms and more between two reads, a parabola of 18 dB, scatter of 1.6
dB) by a mat one metre beyond the line, which the rules take off again. The table is in docs/moments.md.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from interleaved import show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "simulators"))
from races import NINE_US, marseille

from simulators.mats import emit
from simulators.physics import Physics
from simulators.sim_field import SimField, tag_code
from timing.field import Field
from timing.instants import MISSING, SECOND
from timing.matching import match
from timing.passings import arrange
from timing.race import MatRole, MomentRule, Race
from timing.reads import Int64, Names, Reads
from timing.roster import Bib, Entrant, Roster
from timing.times import Closings, Guns

pytestmark = pytest.mark.bench

RUNNERS = 4_000
SPEEDS_MM_S = (5_500, 2_800, 1_700)
HALF_FIELDS_MM = (1_500, 2_150)
"""A mat on the ground, and the field that was measured beside a road."""
BEYOND_MM = 1_000


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Measured minus true in milliseconds; `p95_ms` of the size of the error."""

    median_ms: float
    sd_ms: float
    p95_ms: float


def race_of(rule: MomentRule) -> Race:
    """The home race, its finish mat a metre beyond the line."""
    race = marseille("llrp", rule, waves=1)
    *before, finish = race.course.points
    main = next(mat for mat in finish.mats if mat.role is MatRole.MAIN)
    finish = replace(finish, mats=(replace(main, to_line_mm=BEYOND_MM),))
    return replace(race, course=replace(race.course, points=(*before, finish)))


def runners_of(race: Race, speed_mm_s: int) -> SimField:
    """One over the line each second or so, at this speed there and within 7 % of it on the whole course."""
    rng = np.random.default_rng(speed_mm_s)
    mean = speed_mm_s * rng.uniform(0.93, 1.07, RUNNERS)
    net_us = np.rint(race.course.finish.distance_m * 1000 / mean * SECOND).astype(np.int64)
    finish_us = NINE_US + int(net_us.max()) + np.cumsum(rng.integers(0, 2 * SECOND, RUNNERS))
    line_us = np.full((len(race.course.points), RUNNERS), MISSING, np.int64)
    line_us[0], line_us[-1] = finish_us - net_us, finish_us
    return SimField(
        race=race,
        roster=Roster(
            entrants=tuple(Entrant(bib=Bib(str(n + 1)), tags=(tag_code(n + 1),), wave="1") for n in range(RUNNERS))
        ),
        guns_us=(NINE_US,),
        closed_us=int(line_us[0].max()) + SECOND,
        wave=np.zeros(RUNNERS, np.int16),
        line_us=line_us,
        speed_mm_s=np.full(line_us.shape, speed_mm_s, np.int64),
        story=("",) * RUNNERS,
    )


def finishes(race: Race, field: SimField, half_field_mm: int) -> Int64:
    """What the engine says: the finish of each runner."""
    physics = replace(
        Physics.off(repeats=0.0), half_field_mm=half_field_mm, gap_us=26_000, crowd_gap_us=2_500, lanes=1, faded=0.05
    )
    emitted = emit(field, physics)
    tags = Names(emitted.tags)
    reads = Reads.of_moments(
        tag=emitted.tag, mat=emitted.mat, moment_us=emitted.stamp_us, antenna=emitted.antenna, rssi=emitted.rssi
    )
    guns = Guns(wave_us=field.guns_us, planned=(False,))
    matched = match(arrange(reads).reads, Field.of(field.roster, race, tags), race, guns, Closings())
    return matched.times.finish_us


def errors_of(rule: MomentRule, speed_mm_s: int, half_field_mm: int) -> Errors:
    race = race_of(rule)
    field = runners_of(race, speed_mm_s)
    found = finishes(race, field, half_field_mm)
    assert (found != MISSING).all()
    late_ms = (found - field.line_us[-1]) / 1000
    return Errors(
        median_ms=float(np.median(late_ms)),
        sd_ms=float(late_ms.std()),
        p95_ms=float(np.quantile(np.abs(late_ms), 0.95)),
    )


def test_strongest_and_fitted_moments_are_nearer_to_the_truth_than_first_reads(request: pytest.FixtureRequest) -> None:
    rows = ["| reach of the field | speed | rule | median ms | sd ms | 95 % within ms |", "|---|---|---|---|---|---|"]
    for half_field_mm in HALF_FIELDS_MM:
        for speed_mm_s in SPEEDS_MM_S:
            found = {rule: errors_of(rule, speed_mm_s, half_field_mm) for rule in MomentRule}
            for rule, of in found.items():
                rows.append(
                    f"| {half_field_mm / 1000:.2f} m | {speed_mm_s / 1000:.1f} m/s | `{rule}` "
                    f"| {of.median_ms:+.0f} | {of.sd_ms:.0f} | {of.p95_ms:.0f} |"
                )
            first = found[MomentRule.FIRST]
            for rule in (MomentRule.STRONGEST, MomentRule.FITTED):
                assert found[rule].p95_ms < first.p95_ms, rows[-4:]
                assert abs(found[rule].median_ms) < abs(first.median_ms), rows[-4:]
            assert found[MomentRule.FITTED].p95_ms < found[MomentRule.STRONGEST].p95_ms
    show(request, "\n".join(rows))
