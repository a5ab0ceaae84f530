"""What a forecast knows of course and roster alone: flat metres of the points, and columns of the entrants.

Made once for each version of the roster. Knows no time of anybody.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from results.eligibility import Eligibility
from results.profile_pace import ProfilePace, profile_pace
from timing.reads import Bool
from timing.roster import Entrant, Sex

Float64 = NDArray[np.float64]

_ON_WHEELS: Final = frozenset({"wheelchair", "handbike"})
_AGE_UNKNOWN: Final = 40


@dataclass(frozen=True, kw_only=True)
class ForecastFrame:
    """Columns follow the roster; `flat_m` and `distance_m` have one value for each point of the course.

    `timed`: who is on the clock. `learns`: whose day teaches what the others can expect: runners on foot of the main
    race. `wave_part`: of wave 0 to 1 by the order of waves. `woman`, `elite`: 0 or 1. `decades`: of age beyond forty.
    """

    eligibility: Eligibility
    pace: ProfilePace
    flat_m: Float64
    distance_m: Float64
    timed: Bool
    learns: Bool
    woman: Float64
    elite: Float64
    decades: Float64

    @classmethod
    def of(cls, eligibility: Eligibility) -> Self:
        plan, entrants = eligibility.plan, eligibility.roster.entrants
        course = plan.race.course
        distance_m = np.array([point.distance_m for point in course.points], np.float64)
        pace = profile_pace(course)
        roles = {role: plan.role(entrant) for role, entrant in {each.role: each for each in entrants}.items()}
        groups = {wave.id: wave.group for wave in plan.race.waves}
        on_foot = [
            roles[each.role].ranked and each.role not in _ON_WHEELS and not groups.get(each.wave, "")
            for each in entrants
        ]
        ages = [_age(each, plan.race.day.year) for each in entrants]
        return cls(
            eligibility=eligibility,
            pace=pace,
            flat_m=pace.flat(distance_m),
            distance_m=distance_m,
            timed=np.array([roles[each.role].timed for each in entrants], np.bool_),
            learns=np.array(on_foot, np.bool_),
            woman=np.array([each.sex is Sex.F for each in entrants], np.float64),
            elite=np.array([each.elite for each in entrants], np.float64),
            decades=np.maximum(0.0, np.array(ages, np.float64) - 40.0) / 10.0,
        )

    def __len__(self) -> int:
        return len(self.timed)


def _age(entrant: Entrant, year: int) -> int:
    if entrant.birth_date is not None:
        return year - entrant.birth_date.year
    if entrant.birth_year is not None:
        return year - entrant.birth_year
    return _AGE_UNKNOWN if entrant.age is None else entrant.age
