"""What spotters report of runners between the mats, and how far a forecast leans on it.

An order of passing at any kilometre, by radio: who, where, when, and how sure. It feeds forecasts, never a result.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from results.forecast_frame import ForecastFrame
from timing.desk_entries import PassingOrderBody
from timing.instants import MINUTE, SECOND, Duration, Instant
from timing.roster import Roster

_HEARD_US: Final = 10 * SECOND
"""How far off an hour that came by radio may be."""

_ROUND_US: Final = 30 * SECOND
"""So far, when it was told in whole minutes."""

_BEHIND_US: Final = 12 * SECOND
"""So much less sure is each runner of an order than the one before: only the hour of the first was told."""

_TO_80: Final = 1.2816
"""From a deviation to the bound that holds 80 %."""

_UNEVEN: Final = 0.03
"""By how much the profile may be wrong about the share of a leg that is behind somebody, at its beginning."""

_OUT_OF_ALL_PACE: Final = 0.6
"""Logarithm of the time reported over the time expected, beyond which it is taken as somebody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """An entrant (index in the roster) was at so many metres from the start at an instant.

    `error_us`: how far off the instant may be, 80 times of 100.
    """

    entrant: int
    metres: int
    at_us: Instant
    error_us: Duration = _HEARD_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """One runner as forecast: instants, and ± of 80 % in microseconds. `point`: the next one."""

    seen_us: int
    from_point: int
    point: int
    next_us: int
    next_pm: float
    finish_us: int
    finish_pm: float


def with_sight(frame: ForecastFrame, before: Outlook, seen: Observation) -> Outlook | None:
    """The outlook once a report beyond the point last seen is believed; None when it cannot be true.

    The report moves the pace expected by as much as it is surer than the forecast was.
    """
    here_m = float(frame.flat_m[before.from_point])
    end_m = float(frame.flat_m[-1])
    length_m, since_us = float(frame.distance_m[-1]), seen.at_us - before.seen_us
    if not frame.distance_m[before.from_point] < seen.metres < length_m or since_us <= 0:
        return None
    there_m = float(frame.pace.flat(float(seen.metres)))

    def expected_at(flat_m: float) -> float:
        next_m = float(frame.flat_m[before.point])
        if flat_m <= next_m:
            return (before.next_us - before.seen_us) * (flat_m - here_m) / max(1.0, next_m - here_m)
        rest = (flat_m - next_m) / max(1.0, end_m - next_m)
        return (before.next_us - before.seen_us) + (before.finish_us - before.next_us) * rest

    expected_us, whole_us = expected_at(there_m), float(before.finish_us - before.seen_us)
    if expected_us <= 0 or abs(math.log(since_us / expected_us)) > _OUT_OF_ALL_PACE:
        return None
    # Late may be the pace, which goes on, or the report and the shape of the profile, which do not.
    spread = before.finish_pm / _TO_80 / whole_us
    shape = _UNEVEN * max(0.0, 1.0 - expected_us / whole_us)
    unsure = (seen.error_us / _TO_80 / since_us) ** 2 + shape**2
    lean = spread**2 / (spread**2 + unsure)
    late = lean * (since_us - expected_us) / expected_us
    point = next(p for p, metre in enumerate(frame.distance_m.tolist()) if metre > seen.metres)

    def after(flat_m: float) -> tuple[int, float]:
        usual_us = expected_at(flat_m)
        at_us = before.seen_us + round(usual_us * (1.0 + late))
        return max(seen.at_us, at_us), usual_us * spread * math.sqrt(1.0 - lean) * _TO_80

    next_us, next_pm = after(float(frame.flat_m[point]))
    finish_us, finish_pm = after(end_m)
    return Outlook(
        seen_us=before.seen_us,
        from_point=before.from_point,
        point=point,
        next_us=next_us,
        next_pm=next_pm,
        finish_us=finish_us,
        finish_pm=finish_pm,
    )


def observations_of(orders: Iterable[PassingOrderBody], roster: Roster) -> tuple[Observation, ...]:
    """What orders of passing say of each runner in them; bibs that nobody has are left out.

    The hour is that of the first. Those after are taken to follow closely, the further back the less surely.
    """
    found = []
    for order in orders:
        sure_us = _HEARD_US if order.at_us % MINUTE else _ROUND_US
        for behind, bib in enumerate(order.bibs):
            entrant = roster.by_bib.get(bib)
            if entrant is not None:
                follows_us = behind * _BEHIND_US
                at_us, error_us = order.at_us + follows_us // 2, sure_us + follows_us
                found.append(Observation(entrant=entrant, metres=order.metres, at_us=at_us, error_us=error_us))
    return tuple(found)


def by_entrant(observations: Sequence[Observation], now_us: Instant) -> dict[int, list[Observation]]:
    """Those made until now, of each entrant the latest first; at one instant the farthest first."""
    found: dict[int, list[Observation]] = {}
    for seen in sorted(observations, key=lambda each: (-each.at_us, -each.metres)):
        if seen.at_us <= now_us:
            found.setdefault(seen.entrant, []).append(seen)
    return found
