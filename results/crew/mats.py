"""The crew's line for each mat and cell for each point: what it hears, whether that is what it should, and its reader.

Owns which facts a line has. Values are ready for JSON: instants and durations in microseconds (`_us`), shares from 0 to
1, None where something is not known. An estimate is an object of `value`, `low` and `high` (95 %).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np

from config.plan import RacePlan
from results.crew.antennas import antennas_of
from results.crew.clock_history import ClockHistory, ahead_of_ours
from results.crew.mat_counts import MatCounts
from results.crew.recapture import Estimate
from results.crew.refused import Refused, of_mat, refused_reads
from results.crew.seen import PointSeen, SeenAt, seen_at_points
from results.plain_values import as_values
from timing.clock_faults import ClockFinding
from timing.instants import MINUTE, MISSING, Instant
from timing.race import Mat, MatRole
from timing.reads import Int32, Int64, Names, ReadClass, Reads, UInt8
from timing.roster import Roster
from timing.times import Times

HOUR_MINUTES: Final = 60
MEAN_MINUTES: Final = 5


@dataclass(frozen=True, kw_only=True)
class MatsAsked:
    """The race at one moment, as far as its mats are concerned.

    `counts`: has taken `reads` and `classes`. `owner`: the entrant of each tag (`Field.owner`). `sources`: the engine's
    rows. `expected_us`: when those still to come are forecast at each point (points x entrants, MISSING elsewhere),
    None without a forecast. `lifted`: since when a mat lies no more, as the crew said.
    """

    plan: RacePlan
    roster: Roster
    times: Times
    reads: Reads
    classes: UInt8
    counts: MatCounts
    owner: Int32
    tags: Names
    sources: Sequence[Mapping[str, Any]]
    clocks: Sequence[ClockFinding] = ()
    history: ClockHistory
    now_us: Instant
    expected_us: Int64 | None = None
    lifted: Mapping[str, Instant] = field(default_factory=dict)


def mat_section(asked: MatsAsked) -> dict[str, Any]:
    """`points`, in order, each with its lines under `mats`; `nowhere`: refused reads that are at no mat.

    A mat that serves several points (laps) is told once, with the first of them: what it saw is of the line as a whole.
    """
    seen = SeenAt(asked.counts, asked.owner, len(asked.roster))
    counts = asked.counts
    refused = refused_reads(counts.refused, counts.class_counts, asked.owner, asked.roster, asked.tags)
    runners = runners_per_minute(asked)
    lines = _Lines(asked, seen, refused, runners)
    return {
        "points": [lines.point(row, found) for row, found in enumerate(seen_at_points(seen)) if lines.first_told[row]],
        "nowhere": [_refused(each) for each in refused if each.mat is None],
    }


def runners_per_minute(asked: MatsAsked) -> list[Int64]:
    """For each point how many runners passed, or are forecast to have passed, in each minute of the last hour."""
    begin_us = asked.now_us - HOUR_MINUTES * MINUTE
    found = []
    for row in range(len(asked.plan.race.course.points)):
        at_us = asked.times.crossing_us[row]
        if asked.expected_us is not None:
            at_us = np.where(at_us == MISSING, asked.expected_us[row], at_us)
        at_us = at_us[(at_us >= begin_us) & (at_us < asked.now_us)]
        found.append(np.bincount((at_us - begin_us) // MINUTE, minlength=HOUR_MINUTES)[:HOUR_MINUTES])
    return found


@dataclass(frozen=True)
class _Lines:
    asked: MatsAsked
    seen: SeenAt
    refused: Sequence[Refused]
    runners: Sequence[Int64]

    @cached_property
    def first_told(self) -> list[tuple[int, ...]]:
        """The numbers of the mats that are told with each point."""
        points, mats = self.asked.plan.race.course.points, self.asked.plan.race.course.mats
        first = [next(row for row, point in enumerate(points) if mat in point.mats) for mat in mats]
        return [tuple(number for number, at in enumerate(first) if at == row) for row in range(len(points))]

    def point(self, row: int, found: PointSeen) -> dict[str, Any]:
        point = self.asked.plan.race.course.points[row]
        cells = found.cells
        mats = self.asked.plan.race.course.mats
        return {
            "id": point.id,
            "name": point.name,
            "kind": str(point.kind),
            "distance_m": point.distance_m,
            "passed": found.passed,
            "both": cells.both,
            "main_only": cells.main_only,
            "backup_only": cells.backup_only,
            "seen_later_only": cells.neither,
            "missed": _estimate(found.missed),
            "missed_basis": None if found.basis is None else str(found.basis),
            "mats": [self.mat(row, number, mats[number], found) for number in self.first_told[row]],
        }

    def mat(self, row: int, number: int, mat: Mat, found: PointSeen) -> dict[str, Any]:
        asked = self.asked
        lifted_us = asked.lifted.get(mat.id)
        refused = of_mat(self.refused, number)
        unknown = next((each for each in refused if each.reason is ReadClass.UNKNOWN_TAG), None)
        share = found.share(mat.role)
        runners = self.seen.runners_at(number)
        return {
            "id": mat.id,
            "role": str(mat.role),
            "source": str(mat.source),
            "label": mat.label,
            "lifted_us": lifted_us,
            **self._rates(row, number, runners),
            "runners": runners,
            "share_seen": _estimate(share),
            "share_of": found.share_of(mat.role),
            "expected_runners": _expected(found, mat.role),
            "antennas": as_values(antennas_of(asked.counts, number, asked.now_us, lifted_us)),
            "unknown_tags": 0 if unknown is None else unknown.tags,
            "refused_reads": sum(each.reads for each in refused),
            "refused": [_refused(each) for each in refused],
            "reader": self._reader(mat),
        }

    def _rates(self, row: int, number: int, runners: int) -> dict[str, Any]:
        """Reads per minute, and what runners who passed, seen or forecast, should have given."""
        counts, now_us = self.asked.counts, self.asked.now_us
        received = counts.per_minute(number, now_us, HOUR_MINUTES)
        each = counts.usable_reads(number) / runners if runners else None
        expected = None if each is None else [round(count * each, 1) for count in self.runners[row].tolist()]
        last = [us for code in counts.channels_of(number) if (us := counts.last_us(code)) is not None]
        return {
            "reads": int(counts.class_counts[number].sum()),
            "last_read_us": max(last, default=None),
            "per_minute": received[-1],
            "per_minute_mean": round(sum(received[-MEAN_MINUTES:]) / MEAN_MINUTES, 1),
            "reads_per_runner": None if each is None else round(each, 2),
            "received_hour": received,
            "expected_hour": expected,
        }

    def _reader(self, mat: Mat) -> dict[str, Any] | None:
        """How the reader of a mat is; None where no row tells."""
        asked = self.asked
        row = next((row for row in asked.sources if row["id"] == mat.source), None)
        if row is None:
            return None
        heard = [row[key] for key in ("last_read_us", "clock_checked_us") if row.get(key) is not None]
        drift = asked.history.drift(mat.source)
        window_us = row.get("clock_round_trip_us")
        found = [finding for finding in asked.clocks if mat.source in (finding.source, finding.other)]
        return {
            "link": row["link"],
            "since_us": row.get("since_us"),
            "heard_us": max(heard, default=None),
            "error": row.get("error", ""),
            "warning": row.get("warning", ""),
            "clock": row.get("clock"),
            "ahead_us": ahead_of_ours(row, asked.plan.race.zone, asked.now_us),
            "ahead_within_us": None if window_us is None else (window_us + 1) // 2,
            "drift": None if drift is None else as_values(drift),
            "ahead_lately": asked.history.shown(mat.source),
            "clock_faults": [{"fault": str(each.fault), "holds": each.holds} for each in found],
            "battery_percent": row.get("battery_percent"),
            "battery_minutes": row.get("battery_minutes"),
            "temperature_c": row.get("temperature_c"),
            "mains": row.get("mains"),
            "queue": row.get("queue"),
            "gap": row.get("gap"),
            "memory": row.get("memory"),
            "malformed": row.get("malformed"),
            "repeats": row.get("repeats"),
        }


def _expected(found: PointSeen, role: MatRole) -> dict[str, float] | None:
    """How many runners a role should have seen: those seen and known to have passed, with those missed by all."""
    if found.missed is None or found.share(role) is None:
        return None
    seen = found.cells.seen
    missed = found.missed
    return _estimate(Estimate(value=seen + missed.value, low=seen + missed.low, high=seen + missed.high))


def _estimate(estimate: Estimate | None) -> dict[str, float] | None:
    if estimate is None:
        return None
    return {name: round(getattr(estimate, name), 5) for name in ("value", "low", "high")}


def _refused(refused: Refused) -> dict[str, Any]:
    return {
        "reason": refused.reason.name.lower(),
        "reads": refused.reads,
        "tags": refused.tags,
        "top": [as_values(tag) for tag in refused.top],
    }
