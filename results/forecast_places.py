"""The place at the finish that somebody on the course can expect in the main lists, and how far it may move.

Among those who finished, by their times, and those still expected, by their forecasts. An estimate, shown bare beside
`≈` and `±`: never a place of a list.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from config.plan import Clock, MainRank, RacePlan
from results.eligibility import Admission
from results.forecast import Due, Forecast
from results.forecast_frame import ForecastFrame
from results.rankings import NO_PLACE, clock_values, wave_admits
from timing.instants import MISSING
from timing.race import GunOrigin
from timing.reads import Bool, Int32, Int64
from timing.times import Status, Times
from timing.verdicts import net_origin

_BOTH: Final = math.sqrt(2.0)
"""Of two runners who are both forecast, the gap is less sure than either."""

_WIDEST_US: Final = 1 << 44
"""More than any time of a race, less than what tells two lists of a family apart."""


@dataclass(frozen=True, kw_only=True)
class ExpectedPlace:
    """In one main list, one value for each entrant asked for; NO_PLACE where there is none.

    `best` and `worst`: the places at both ends of the ±: between them is whoever could still pass or be passed.
    """

    place: Int32
    best: Int32
    worst: Int32


def expected_places(
    frame: ForecastFrame, times: Times, forecast: Forecast, entrants: Int64
) -> dict[MainRank, ExpectedPlace]:
    """For entrants (indexes) with a forecast, in each main list the race has. Nobody overdue is counted as coming."""
    plan = frame.eligibility.plan
    coming = (forecast.finish.due == Due.EXPECTED) | (forecast.finish.due == Due.DUE)
    found = {}
    for main in MainRank:
        admission = next((each for each in frame.eligibility.admissions if each.rule.main is main), None)
        if admission is not None:
            value_us = _expected_values(plan, admission, times, forecast, coming)
            found[main] = _places(admission, plan, times, value_us, forecast, entrants)
    return found


def _expected_values(plan: RacePlan, admission: Admission, times: Times, forecast: Forecast, coming: Bool) -> Int64:
    """The time of the list's clock: that of those who finished, the expected one of those who are coming."""
    rule, race = admission.rule, plan.race
    known = clock_values(times, (rule.clock, rule.gun_origin if rule.clock is Clock.GUN else None), race.gun_origin)
    done = (times.status == Status.FINISHED) & (times.finish_us != MISSING) & (times.finish_us <= forecast.now_us)
    if rule.clock is Clock.NET:
        begin_us = net_origin(times.start_us, times.gun_us, race)
    elif rule.gun_origin is race.gun_origin:
        begin_us = times.gun_us
    else:
        begin_us = times.wave_gun_us if rule.gun_origin is GunOrigin.WAVE else times.race_gun_us
    coming = coming & (begin_us != MISSING)
    expected = np.where(coming, forecast.finish_us - np.where(coming, begin_us, 0), MISSING)
    return np.where(done, known, expected)


def _places(
    admission: Admission, plan: RacePlan, times: Times, value_us: Int64, forecast: Forecast, entrants: Int64
) -> ExpectedPlace:
    counts = admission.admitted & wave_admits(admission.rule, plan)[times.wave] & (value_us != MISSING)
    scope = admission.scope.astype(np.int64) * _WIDEST_US * 2
    order = np.sort(scope[counts] + value_us[counts])
    asked = counts[entrants] & (forecast.finish_us[entrants] != MISSING)
    rows = entrants[asked]
    own = scope[rows] + value_us[rows]
    reach = np.minimum(np.rint(_BOTH * forecast.plus_minus_us[rows]).astype(np.int64), _WIDEST_US // 2)
    first, last = (np.searchsorted(order, scope[rows] + edge) for edge in (-_WIDEST_US, _WIDEST_US))

    def place(of: Int64) -> Int32:
        column = np.full(len(entrants), NO_PLACE, np.int32)
        column[asked] = np.clip(np.searchsorted(order, of) - first + 1, 1, last - first)
        return column

    return ExpectedPlace(place=place(own), best=place(own - reach), worst=place(own + reach))
