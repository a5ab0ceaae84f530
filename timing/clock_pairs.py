"""Whether two mats on one line disagree about everybody: a question about the pair, asked once and not per runner."""

from typing import Final

import numpy as np

from timing.clock_evidence import NEVER, ClockEvidence, mat_pairs
from timing.clock_ledger import ClockLedger, corrected
from timing.instants import DAY, MILLISECOND, MINUTE, SECOND, Duration
from timing.race import PointKind, Race
from timing.reads import Int64, SourceId

APART_US: Final = 500 * MILLISECOND
"""Two mats see a runner at moments that differ by less, once the way between them is taken off."""

APART_AT_START_US: Final = 3 * SECOND
"""At the start people stand and walk between the mats."""

TAGS_MIN: Final = 10
_SAME_CROSSING_US: Final = MINUTE


def pairs_apart(
    race: Race, evidence: ClockEvidence, ledger: ClockLedger
) -> tuple[tuple[SourceId, SourceId, Duration, int], ...]:
    """(source of the main mat, source of the backup, by how much the backup is later, seen by how many tags).

    Only pairs that differ for everybody; what rulings correct is taken off.
    """
    found = []
    for main, backup in mat_pairs(race):
        sources = (race.course.mats[main].source, race.course.mats[backup].source)
        if sources[0] == sources[1]:
            continue
        gaps = _gaps(race, evidence, ledger, main, backup)
        if len(gaps) < TAGS_MIN:
            continue
        gap_us = _median(gaps)
        spread_us = _median(np.abs(gaps - gap_us))
        point = next(p for p in race.course.points if p.id == race.course.mats[main].point)
        limit_us = APART_AT_START_US if point.kind is PointKind.START else APART_US
        if abs(gap_us) > max(limit_us, 2 * spread_us):
            found.append((*sources, gap_us, len(gaps)))
    return tuple(found)


def _gaps(race: Race, evidence: ClockEvidence, ledger: ClockLedger, main: int, backup: int) -> Int64:
    """For each tag that both saw: how much later the backup saw it, without the way between the two mats."""
    edges = [evidence.edge_us[mat] for mat in (main, backup)]
    both = (np.abs(edges[0]) != NEVER) & (np.abs(edges[1]) != NEVER)
    moments = [
        _placed(edge[both], race.course.mats[mat].source, ledger)
        for edge, mat in zip(edges, (main, backup), strict=True)
    ]
    gaps = moments[1] - moments[0] - _way_us(race, main, backup, moments[0])
    same: Int64 = gaps[np.abs(gaps) < _SAME_CROSSING_US]
    return same


def _placed(base_us: Int64, source: SourceId, ledger: ClockLedger) -> Int64:
    """Base instants under the corrections of a source, whatever arrival those are bound to."""
    placed = base_us.copy()
    for correction in ledger.corrections:
        if correction.source == source:
            span = correction.stamps
            mine = np.ones(len(base_us), np.bool_)
            if span.begin_us is not None:
                mine &= base_us >= span.begin_us
            if span.end_us is not None:
                mine &= base_us < span.end_us
            placed[mine] = corrected(base_us[mine], correction)
    return placed


def _way_us(race: Race, main: int, backup: int, moment_us: Int64) -> Int64:
    """How long each takes from one mat to the other: at the speed they came with since the first planned gun."""
    mats = race.course.mats
    way_mm = mats[backup].to_line_mm - mats[main].to_line_mm
    point = next(p for p in race.course.points if p.id == mats[main].point)
    if point.kind is PointKind.START:
        return np.full(len(moment_us), way_mm * SECOND // point.line_speed_mm_s, np.int64)
    elapsed_us = np.clip(moment_us - min(wave.planned_gun_us for wave in race.waves), point.min_time_us, DAY)
    way_us: Int64 = way_mm * elapsed_us // (point.distance_m * 1000)
    return way_us


def _median(values: Int64) -> int:
    return int(np.sort(values)[len(values) // 2])
