"""Mats with their physics: from true instants to the reads that readers put out.

One column operation after another over all crossings at once. Knows the field and the course; no rules, no files.
"""

from dataclasses import dataclass, fields
from statistics import NormalDist
from typing import Final

import numpy as np

from simulators.bystanders import bystanders
from simulators.chance import stream
from simulators.crossings import Crossings, field_crossings
from simulators.emission import EmittedReads, Says, on_grid, says, told_signal
from simulators.physics import Physics
from simulators.sim_field import SimField
from timing.instants import MISSING, SECOND
from timing.race import PointKind, Race
from timing.reads import Bool, Float32, Int16, Int32, Int64

_MISS_BLOCK_US: Final = 10 * SECOND


@dataclass(frozen=True, kw_only=True)
class _Made:
    """Reads before grid and delivery."""

    tag: Int32
    mat: Int16
    moment_us: Int64
    antenna: Int16
    rssi: Float32


def emit(field: SimField, physics: Physics | None = None) -> EmittedReads:
    """All reads of a race day in order of delivery; equal fields and physics give equal reads."""
    physics = Physics() if physics is None else physics
    crossings = field_crossings(field, physics)
    reads_tags = np.array([told.tags for told in _told(field.race)], np.bool_)
    seen = crossings.take(~_missed(field, crossings, physics) & reads_tags[crossings.mat])
    made = [_reads_of(field.race, seen, physics)]
    if physics.half_field_mm:
        codes, tag, mat, moment = bystanders(field, crossings, physics)
        heard = reads_tags[mat]
        made.append(_weak(field.race, tag[heard], mat[heard], moment[heard], physics))
        return _delivered(field.race, codes, _joined(made), physics)
    return _delivered(field.race, crossings.tags, _joined(made), physics)


def _missed(field: SimField, crossings: Crossings, physics: Physics) -> Bool:
    """Which crossings a mat does not see: a chance that runners share over the day and mats over ten seconds."""
    rng = stream(physics.seed, "misses")
    share = {PointKind.START: physics.miss_start, PointKind.SPLIT: physics.miss_split}
    points = {point.id: share.get(point.kind, physics.miss_finish) for point in field.race.course.points}
    of_mat = np.array([points[mat.point] for mat in field.race.course.mats])
    runner = rng.standard_normal(len(field) + 1)[crossings.entrant]
    cells, cell = np.unique(crossings.mat_us // _MISS_BLOCK_US * len(of_mat) + crossings.mat, return_inverse=True)
    of_block = rng.standard_normal(len(cells))[cell]
    own = rng.standard_normal(len(crossings))
    rest = 1 - physics.runner_tie - physics.mat_tie
    luck = np.sqrt(physics.runner_tie) * runner + np.sqrt(physics.mat_tie) * of_block + np.sqrt(rest) * own
    never = rng.random(len(field) + 1) < physics.dead_chips
    never[-1] = False  # the last stands for tags of nobody
    limit = np.array([NormalDist().inv_cdf(p) if p > 0 else -np.inf for p in of_mat])
    missed: Bool = (luck < limit[crossings.mat]) | never[crossings.entrant]
    return missed


def _reads_of(race: Race, crossings: Crossings, physics: Physics) -> _Made:
    """The reads of each crossing while the chip is inside the mat's field; one at the mat itself if it has none."""
    rng = stream(physics.seed, "reads")
    n = len(crossings)
    half_us = physics.half_field_mm * SECOND // np.maximum(crossings.speed_mm_s, 1)
    lane = rng.integers(0, max(physics.lanes, 1), n)
    gap_us = physics.gap_us + physics.crowd_gap_us * _others_in_field(crossings, half_us) // max(physics.lanes, 1)
    count = np.maximum(1, np.rint(2 * half_us / gap_us + rng.random(n) - 0.5)).astype(np.int64)
    row = np.repeat(np.arange(n), count)
    index = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    place = (index + rng.random(len(row))) / count[row]  # 0 where the field begins, 1 where it ends
    moment = crossings.mat_us[row] + np.rint((2 * place - 1) * half_us[row]).astype(np.int64)
    peak = physics.peak_dbm + physics.peak_sd_db * rng.standard_normal(n)
    signal = peak[row] - physics.drop_db * (2 * place - 1) ** 2 + physics.noise_db * rng.standard_normal(len(row))
    mat = crossings.mat[row]
    gives = np.array([told.signal for told in _told(race)])[mat]
    kept = (rng.random(len(row)) >= physics.faded) & (~gives | (signal >= physics.floor_dbm))
    kept |= (count == 1)[row]
    return _Made(
        tag=crossings.tag[row][kept],
        mat=mat[kept],
        moment_us=moment[kept],
        antenna=_antennas(race, mat, lane[row])[kept],
        rssi=_signals(race, mat, signal.astype(np.float32))[kept],
    )


def _told(race: Race) -> list[Says]:
    """What the reader of each mat tells."""
    return [says(_protocol(race, mat.source)) for mat in race.course.mats]


def _antennas(race: Race, mat: Int16, lane: Int64) -> Int16:
    """The antenna of each read: those a mat has, lane by lane; numbered from 1 where it has a reader to itself."""
    found = np.full(len(mat), -1, np.int16)
    for number, (each, told) in enumerate(zip(race.course.mats, _told(race), strict=True)):
        if told.antenna:
            here = mat == number
            own = np.array(each.antennas, np.int64)
            found[here] = own[lane[here] % len(own)] if len(own) else lane[here] + 1
    return found


def _signals(race: Race, mat: Int16, signal: Float32) -> Float32:
    found = np.full(len(mat), np.nan, np.float32)
    for number, (each, told) in enumerate(zip(race.course.mats, _told(race), strict=True)):
        if told.signal:
            here = mat == number
            found[here] = told_signal(signal[here], _protocol(race, each.source))
    return found


def _others_in_field(crossings: Crossings, half_us: Int64) -> Int64:
    """How many other tags are in the field of the mat at each crossing's moment."""
    others = np.zeros(len(crossings), np.int64)
    for mat in np.unique(crossings.mat):
        here = np.flatnonzero(crossings.mat == mat)
        enter = np.sort(crossings.mat_us[here] - half_us[here])
        leave = np.sort(crossings.mat_us[here] + half_us[here])
        at = crossings.mat_us[here]
        others[here] = np.searchsorted(enter, at, side="right") - np.searchsorted(leave, at, side="left") - 1
    return np.maximum(others, 0)


def _weak(race: Race, tag: Int32, mat: Int16, moment_us: Int64, physics: Physics) -> _Made:
    """Reads of tags that only lie or stand near a mat: near the floor of sensitivity, flat."""
    rng = stream(physics.seed, "weak")
    signal = np.maximum(physics.floor_dbm, -70.5 + 1.9 * rng.standard_normal(len(tag)))
    return _Made(
        tag=tag,
        mat=mat,
        moment_us=moment_us,
        antenna=_antennas(race, mat, (tag % max(physics.lanes, 1)).astype(np.int64)),
        rssi=_signals(race, mat, signal.astype(np.float32)),
    )


def _joined(parts: list[_Made]) -> _Made:
    return _Made(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(_Made)})


def _protocol(race: Race, source: str) -> str:
    return next((s.protocol for s in race.sources if s.id == source), "")


def _delivered(race: Race, tags: tuple[str, ...], made: _Made, physics: Physics) -> EmittedReads:
    """Stamps on each reader's grid; repeats, latency, disorder and late stretches; in order of delivery."""
    rng = stream(physics.seed, "delivery")
    stamp = np.empty(len(made.mat), np.int64)
    for number, mat in enumerate(race.course.mats):
        here = made.mat == number
        stamp[here] = on_grid(made.moment_us[here], _protocol(race, mat.source))
    n = len(stamp)
    due = made.moment_us + rng.integers(20_000, max(physics.latency_us, 20_001), n)
    strays = rng.random(n) < physics.out_of_order
    due[strays] += rng.integers(0, physics.out_of_order_us, int(strays.sum()))
    due = _held_back(rng, race, made, due, physics)
    again = np.flatnonzero(rng.random(n) < physics.repeats)
    rows = np.concatenate([np.arange(n), again])
    due = np.concatenate([due, due[again] + rng.integers(0, 6 * SECOND, len(again))])
    order = np.lexsort((np.arange(len(rows)), due))
    rows = rows[order]
    return EmittedReads(
        tags=tags,
        tag=made.tag[rows],
        mat=made.mat[rows],
        stamp_us=stamp[rows],
        due_us=due[order],
        antenna=made.antenna[rows],
        rssi=made.rssi[rows],
        repeat=order >= n,
    )


def _held_back(rng: np.random.Generator, race: Race, made: _Made, due: Int64, physics: Physics) -> Int64:
    """For each source, some stretches whose reads come only when the stretch is over."""
    of_mat = [mat.source for mat in race.course.mats]
    for source in sorted(set(of_mat)):
        here = np.array([s == source for s in of_mat])[made.mat]
        moments = made.moment_us[here]
        for _ in range(physics.late_batches if len(moments) else 0):
            begin = int(np.quantile(moments, rng.uniform(0.1, 0.9)))
            end = begin + physics.late_batch_us
            inside = here & (due >= begin) & (due < end)
            due = np.where(inside, end + (due - begin) // 100, due)
    return due


def reads_of_crossings(field: SimField, reads: EmittedReads, point: str | None = None) -> Int64:
    """How many reads each entrant's own passage gave at each mat, shape (mats, entrants); for the truth's file.

    Those within ten seconds of the true instant count, whichever of the tags worn gave them. On a lap course `point`
    says which passage; without it that of the first point a mat serves.
    """
    mats = field.race.course.mats
    rows = {point.id: row for row, point in enumerate(field.race.course.points)}
    owner_of: dict[str, int] = {tag: index for index, tags in enumerate(field.tags_worn) for tag in tags}
    owner = np.array([owner_of.get(tag, -1) for tag in reads.tags], np.int64)[reads.tag]
    serves = [point is None or point in (mat.point, *mat.also) for mat in mats]
    at = np.array([rows[point or mat.point] for mat in mats])[reads.mat]
    true = field.line_us[at, owner]
    near = np.array(serves, np.bool_)[reads.mat] & (owner >= 0) & (true != MISSING) & ~reads.repeat
    near &= np.abs(reads.stamp_us - np.where(near, true, 0)) < 10 * SECOND
    flat = np.bincount(reads.mat[near].astype(np.int64) * len(field) + owner[near], minlength=len(mats) * len(field))
    return flat.reshape(len(mats), len(field))
