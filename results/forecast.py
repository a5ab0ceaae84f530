"""When whoever is on the course can be expected: at the next point and at the finish, each with an honest ±.

From the point last seen (or a spotter's report beyond it) by the profile of the course, the wave's crowding, the own
splits, and what the day's finishers have taught so far. An estimate for boards and crews: never a time, never a place.
Pure and repeatable: what a `Forecaster` says hangs on plan, roster, times, observations and `now_us` alone, not on
what it was asked before; that it keeps what it learned only makes it quick.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from results.eligibility import Eligibility
from results.forecast_frame import ForecastFrame
from results.forecast_learning import STEP_US, LegLearner, Taught
from results.forecast_legs import Float64, Leg, begun, rows_of
from results.forecast_making import NOWHERE, Making
from results.forecast_observations import Observation, by_entrant
from timing.instants import MISSING, SECOND, Duration, Instant
from timing.race import Race
from timing.reads import Bool, Int16, Int64, UInt8
from timing.times import Status, Times
from timing.verdicts import net_origin

OVERDUE_AFTER: Final = 2.0
"""So many ± behind the expected instant somebody is overdue: of 100 who come, one or two are."""

LOGISTIC_80: Final = 2.1972
"""A logistic error is inside so many of its scales 80 times of 100."""

_CLOSEST_US: Final = 300_000.0
"""No ± is smaller: mats themselves differ by as much."""

_NO_START_SPREAD_US: Final = 90.0 * SECOND
_OTHERS_SPREAD: Final = 3.0
"""How many times as wide the ± is of those the day teaches nothing about (wheelchairs, other races)."""


class Due(enum.IntEnum):
    """How an expected instant stands to now."""

    NONE = 0
    EXPECTED = 1
    DUE = 2
    """The instant is over, and they may still be on time."""
    OVERDUE = 3


@dataclass(frozen=True, kw_only=True)
class Expected:
    """At one point for each entrant: the instant (MISSING: none), a ± that holds 80 of 100, and how it stands to now.

    While somebody is due the ± grows with every second; the instant stays what it was. `steady_us`: the ± before it
    grew. `late_us`: for how long they have been overdue, else 0.
    """

    at_us: Int64
    plus_minus_us: Int64
    steady_us: Int64
    due: UInt8
    late_us: Int64


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Columns of one value for each entrant of the roster; only who is on the course at `now_us` has any.

    `from_point`: the point last seen, by number; `observed`: a spotter's report beyond it was used. `next_point`: the
    one after. `gun_time_us`, `net_time_us`: what they would have if they came as expected, MISSING where not known,
    with the ± of the finish.
    """

    now_us: Instant
    from_point: Int16
    observed: Bool
    next_point: Int16
    next: Expected
    finish: Expected
    gun_time_us: Int64
    net_time_us: Int64

    @property
    def finish_us(self) -> Int64:
        return self.finish.at_us

    @property
    def plus_minus_us(self) -> Int64:
        return self.finish.plus_minus_us

    def __len__(self) -> int:
        return len(self.from_point)

    def arriving(self, within_us: Duration, who: Bool | None = None) -> Int64:
        """Who is expected at the finish until so long after now, and the due; no overdue.

        In the order in which they will come, as far as is known: by how long each is still to be waited for on average,
        given that they have not come. So whoever is sure to come in 20 s stands before somebody who, five minutes
        more or less, was expected two minutes ago; of two equally sure ones the earlier expected comes first. who: for
        each entrant, whether it is looked at; None: everybody.
        """
        may = (self.finish.due == Due.EXPECTED) & (self.finish_us <= self.now_us + within_us)
        may |= self.finish.due == Due.DUE
        rows = np.flatnonzero(may if who is None else may & who)
        return rows[np.lexsort((self.finish_us[rows], self.wait_us(rows)))]

    def wait_us(self, rows: Int64) -> Int64:
        """How long after now entrants with a forecast will be at the finish on average, given that they have not come.

        Of a logistic error with the ± the forecast had before it grew.
        """
        scale = np.maximum(1.0, self.finish.steady_us[rows] / LOGISTIC_80)
        ahead = (self.finish_us[rows] - self.now_us) / scale
        to_come = 1.0 / (1.0 + np.exp(-np.clip(ahead, -500.0, 500.0)))
        # Far behind, where the quotient has no digits left, the wait is the scale itself.
        wait = np.where(ahead < -30.0, 1.0, np.logaddexp(0.0, ahead) / to_come)
        return np.asarray(np.rint(scale * wait), np.int64)

    def overdue(self, who: Bool | None = None) -> Int64:
        """Who is overdue at the next point, the longest first: for the crew's list of those still on the course."""
        late = self.next.due == Due.OVERDUE
        rows = np.flatnonzero(late if who is None else late & who)
        return rows[np.argsort(-self.next.late_us[rows], kind="stable")]


def forecast(frame: ForecastFrame, times: Times, now_us: Instant, observations: Sequence[Observation] = ()) -> Forecast:
    """The forecast at an instant, from nothing kept: what a `Forecaster` of the same frame gives, slower."""
    return Forecaster(frame).at(times, now_us, observations)


class Forecaster:
    """Forecasts of one roster, tick by tick; keeps what was learned. Not for several threads.

    A new version of the roster or other rules need another `Forecaster`.
    """

    def __init__(self, frame: ForecastFrame) -> None:
        self.frame = frame
        last = len(frame.distance_m) - 1
        pairs = {(p, p + 1) for p in range(last)} | {(p, last) for p in range(1, last)}
        self._legs = {pair: LegLearner(frame, Leg(begin=pair[0], end=pair[1])) for pair in sorted(pairs)}
        self._times: Times | None = None
        self._before: _Before | None = None

    @classmethod
    def of(cls, eligibility: Eligibility) -> Self:
        return cls(ForecastFrame.of(eligibility))

    def learner(self, begin: int, end: int) -> LegLearner:
        """What is taught of a leg: of two neighbouring points, or to the finish."""
        return self._legs[begin, end]

    def step_at(self, times: Times, instant: Instant) -> int:
        """The last step of learning that was over at an instant."""
        return max(0, (instant - times.guns.first_us) // STEP_US)

    def steps_at(self, times: Times, instants: Int64) -> Int64:
        """`step_at` of each instant."""
        return np.maximum(0, (instants - times.guns.first_us) // STEP_US)

    def learn(self, times: Times, now_us: Instant) -> int:
        """Brings what is taught up to date with the times; the step that is over now."""
        self._forget_what_changed(times)
        step = self.step_at(times, now_us)
        begun_us, _ = begun(times, now_us)
        for learner in self._legs.values():
            learner.advance(step, times.guns.first_us, times, begun_us)
        return step

    def at(self, times: Times, now_us: Instant, observations: Sequence[Observation] = ()) -> Forecast:
        """The forecast at an instant: crossings after it are not looked at.

        observations: what spotters reported; of a runner the last one that can be true is used.
        """
        assert len(times) == len(self.frame), "times and frame must be of the same roster"
        step = self.learn(times, now_us)
        known = _known(self.frame, times, now_us, step)
        made = self._from_mats(times, known)
        sights = by_entrant(observations, now_us)
        unseen = [row for row in sights if _only_sighted(known, row, now_us)]
        rows = np.array(unseen, np.int64)
        self._from_point(made, times, known, 0, rows, known.begun_us[rows])
        for row, reports in sights.items():
            if known.may[row]:
                made.sight(self.frame, row, int(known.last_seen[row]), reports)
        made.drop(rows[~made.observed[rows]])
        last_seen = np.where(known.may, known.last_seen, NOWHERE).astype(np.int16)
        return _forecast(made, times, self.frame.eligibility.plan.race, now_us, last_seen)

    def _from_mats(self, times: Times, known: "_Known") -> Making:
        """What is expected by the mats alone; of those of whom nothing is new, what was expected before."""
        before = self._before
        taught = tuple(learner.taught(known.step) for learner in self._legs.values())
        if before is None or not before.still_holds(times, taught):
            made, new = Making(len(self.frame)), known.may
        else:
            made, new = before.made.copy(), known.may & before.differs(times, known)
            made.drop(np.flatnonzero(before.known.may & (~known.may | (known.last_seen == NOWHERE))))
        for point in range(len(self.frame.distance_m) - 1):
            rows = np.flatnonzero(new & (known.last_seen == point))
            self._from_point(made, times, known, point, rows, times.crossing_us[point][rows])
        self._before = _Before(times=times, known=known, taught=taught, made=made)
        return made.copy()

    def _from_point(self, made: Making, times: Times, known: "_Known", point: int, rows: Int64, seen_us: Int64) -> None:
        """Writes what is expected of entrants last seen at a point at `seen_us`."""
        if not len(rows):
            return
        begun_us = known.begun_us
        reckoned = self.reckon(times, point, rows, begun_us, known.step)
        wider = np.where(self.frame.learns[rows], 1.0, _OTHERS_SPREAD)
        so_far = np.maximum(1, seen_us - begun_us[rows]) if point else np.ones(len(rows))
        made.seen_us[rows] = seen_us
        made.point[rows] = point + 1
        for (after_us, within_us), at_us, plus_minus in (
            (reckoned.next, made.next_us, made.next_pm),
            (reckoned.finish, made.finish_us, made.finish_pm),
        ):
            unsure = np.where(known.own[rows], 0.0, _NO_START_SPREAD_US * (after_us / so_far if point else 1.0))
            at_us[rows] = seen_us + np.rint(after_us).astype(np.int64)
            plus_minus[rows] = np.hypot(np.maximum(within_us * wider, _CLOSEST_US), unsure)

    def reckon(self, times: Times, point: int, rows: Int64, begun_us: Int64, steps: Int64 | int) -> "Reckoned":
        """How long after a point entrants reach the next one and the finish.

        steps: by what was taught until when, one for all or one for each row. begun_us: as `forecast_legs.begun`.
        """
        last = len(self.frame.distance_m) - 1
        to_next = self._leg(times, (point, point + 1), rows, begun_us, steps)
        if point + 1 == last:
            return Reckoned(next=to_next, finish=to_next)
        if point:
            return Reckoned(next=to_next, finish=self._leg(times, (point, last), rows, begun_us, steps))
        # From the start by way of the first split: far more have been seen there than at the finish.
        first_us, first_within_us = to_next
        at_first = begun_us[rows] + np.rint(first_us).astype(np.int64)
        rest_us, rest_within_us = self._leg(times, (1, last), rows, begun_us, steps, at_first)
        whole_us = first_us + rest_us
        within_us = np.hypot(whole_us * first_within_us / first_us, rest_within_us)
        return Reckoned(next=to_next, finish=(whole_us, within_us))

    def _leg(
        self, times: Times, pair: tuple[int, int], rows: Int64, begun_us: Int64, steps: Int64 | int,
        seen_us: Int64 | None = None,
    ) -> tuple[Float64, Float64]:  # fmt: skip
        """How long a leg takes, and the ± of it, in microseconds."""
        learner = self._legs[pair]
        here = rows_of(self.frame, times, learner.leg, rows, begun_us, seen_us)
        if isinstance(steps, int):
            taught = learner.taught(steps)
            coefficients, within = taught.coefficients, taught.within80[here.band]
        else:
            every, within80 = learner.columns(int(steps.max(initial=0)))
            coefficients, within = every[steps], within80[steps, here.band]
        # Not by a matrix product: its last bit hangs on how many rows there are.
        after_us = here.expected_us * np.exp((here.features * coefficients).sum(axis=1))
        return after_us, after_us * within

    def _forget_what_changed(self, times: Times) -> None:
        """Whatever was taught by crossings that are now others, or came late, is taught again."""
        before, self._times = self._times, times
        if before is None or before is times:
            return
        if not _same_guns(before, times):
            for learner in self._legs.values():
                learner.rewind(0)
            return
        changed = before.crossing_us != times.crossing_us
        if not changed.any():
            return
        for learner in self._legs.values():
            who = np.flatnonzero(changed[list(learner.leg.looked_at)].any(axis=0))
            both = np.concatenate([each.crossing_us[learner.leg.end][who] for each in (before, times)])
            both = both[both != MISSING]
            if len(both):
                learner.rewind(self.step_at(times, int(both.min()) - 1))


@dataclass(frozen=True, kw_only=True)
class Reckoned:
    """Durations after the point last seen, and the ± that holds 80 %, both in microseconds, one for each row."""

    next: tuple[Float64, Float64]
    finish: tuple[Float64, Float64]


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What is known of each entrant at an instant: the point last seen, when they began and whether that was read."""

    step: int
    last_seen: Int16
    may: Bool
    begun_us: Int64
    own: Bool


@dataclass(frozen=True, kw_only=True)
class _Before:
    """What was made by the mats the last time, and of what."""

    times: Times
    known: _Known
    taught: tuple[Taught, ...]
    made: Making

    def still_holds(self, times: Times, taught: tuple[Taught, ...]) -> bool:
        """Whether it is as before for all of whom nothing is new."""
        same = all(one is other for one, other in zip(self.taught, taught, strict=True))
        return same and _same_guns(self.times, times)

    def differs(self, times: Times, known: _Known) -> Bool:
        """Of whom something is new."""
        before = self.known
        new: Bool = (before.last_seen != known.last_seen) | (before.begun_us != known.begun_us)
        new |= (before.own != known.own) | ~before.may
        if self.times is not times:
            new |= (self.times.crossing_us != times.crossing_us).any(axis=0)
        return new


def _same_guns(before: Times, times: Times) -> bool:
    if before is times:
        return True
    same_waves = np.array_equal(before.wave, times.wave) and np.array_equal(before.wave_gun_us, times.wave_gun_us)
    return before.guns == times.guns and same_waves


def _known(frame: ForecastFrame, times: Times, now_us: Instant, step: int) -> _Known:
    begun_us, own = begun(times, now_us)
    last_seen = np.full(len(frame), NOWHERE, np.int16)
    for point, crossing_us in enumerate(times.crossing_us):
        last_seen[(crossing_us != MISSING) & (crossing_us <= now_us)] = point
    may = frame.timed & _may_run(times, now_us) & (begun_us != MISSING) & (last_seen < len(frame.distance_m) - 1)
    return _Known(step=step, last_seen=last_seen, may=may, begun_us=begun_us, own=own)


def _only_sighted(known: _Known, row: int, now_us: Instant) -> bool:
    """Whether no mat has seen them yet, though somebody has."""
    return bool(known.may[row]) and known.last_seen[row] == NOWHERE and known.begun_us[row] <= now_us


def _may_run(times: Times, now_us: Instant) -> Bool:
    """Who was neither declared out nor given up at an instant, which may be before the finish was closed."""
    closed_us = times.closings.finish_us
    statuses = [Status.ENTERED, Status.STARTED, Status.FINISHED]
    if closed_us is not None and closed_us > now_us:
        statuses.append(Status.DNF)
    allowed = np.zeros(len(Status), np.bool_)
    allowed[statuses] = True
    return allowed[times.status]


def _forecast(made: Making, times: Times, race: Race, now_us: Instant, last_seen: Int16) -> Forecast:
    finish_us = made.finish_us
    there = finish_us != MISSING
    return Forecast(
        now_us=now_us,
        from_point=np.where(there, last_seen, NOWHERE).astype(np.int16),
        observed=made.observed,
        next_point=made.point,
        next=_expected(made.next_us, made.next_pm, now_us),
        finish=_expected(finish_us, made.finish_pm, now_us),
        gun_time_us=_since(finish_us, times.gun_us),
        net_time_us=_since(finish_us, net_origin(times.start_us, times.gun_us, race)),
    )


def _since(finish_us: Int64, begun_us: Int64) -> Int64:
    known = (finish_us != MISSING) & (begun_us != MISSING)
    return np.where(known, finish_us - np.where(known, begun_us, 0), MISSING)


def _expected(at_us: Int64, plus_minus: Float64, now_us: Instant) -> Expected:
    there = at_us != MISSING
    late = np.where(there, now_us - np.where(there, at_us, 0), 0)
    beyond = np.maximum(0.0, late - OVERDUE_AFTER * plus_minus)
    overdue = there & (beyond > 0)
    due = np.where(overdue, Due.OVERDUE, np.where(late >= 0, Due.DUE, Due.EXPECTED))
    grown = np.hypot(plus_minus, np.maximum(0, late))
    steady, grown = (np.where(there, np.rint(width), MISSING).astype(np.int64) for width in (plus_minus, grown))
    return Expected(
        at_us=at_us,
        plus_minus_us=grown,
        steady_us=steady,
        due=np.where(there, due, Due.NONE).astype(np.uint8),
        late_us=np.where(overdue, np.rint(beyond), 0).astype(np.int64),
    )
