"""Who leads: the first of each list, those over the line first, then those who are expected there.

Known and expected are never mixed into one order: whoever is still running stands below those who have finished.
Lists: by sex, each race within the race, and the first of each category.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from config.plan import Clock, ListRule, MainRank, Per
from results.eligibility import NO_SCOPE, Admission
from results.list_states import ListStates
from results.rankings import RankedList, wave_admits
from results.speaker.rows import Row, SpeakerRows, first_of
from timing.instants import MISSING, SECOND
from timing.reads import Int16, Int64

SHOWN: Final = 3

_IN_CATEGORIES: Final = (
    *("key", "bib", "first", "last", "withheld", "held", "place", "shared", "official", "time_s", "expected"),
    "within_s",
)
"""What is told of the first of each category, of which there are many: the rest is on their card."""


@dataclass(frozen=True, kw_only=True)
class Tops:
    """The leaders of one moment, as sections."""

    rows: SpeakerRows
    states: ListStates
    _expected: dict[str, tuple[Int64, Int16]] = field(default_factory=dict)

    def lists(self) -> list[dict[str, Any]]:
        """The main lists by sex, else the one of all, then each race within the race."""
        return [
            {
                "id": ranked.id,
                "scope": ranked.scope,
                "title": None if rule.main is not None else dict(rule.title),
                "state": str(self.states.of(ranked.id).state),
                "rows": self._top(admission, ranked, SHOWN),
            }
            for rule, admission, ranked in self._families()
        ]

    def categories(self) -> list[dict[str, Any]]:
        """The first of each category, those who have finished first: a category nobody leads yet is not in it."""
        found = []
        for _, admission, ranked in self._of_rule(self.rows.plan.main_list(MainRank.CATEGORY)):
            top = self._top(admission, ranked, 1)
            if top:
                row = {key: top[0].get(key) for key in _IN_CATEGORIES}
                found.append({"category": ranked.scope, "state": str(self.states.of(ranked.id).state), "row": row})
        return sorted(found, key=lambda each: bool(each["row"]["expected"]))

    def _families(self) -> Iterator[tuple[ListRule, Admission, RankedList]]:
        plan = self.rows.plan
        yield from self._of_rule(plan.main_list(MainRank.SEX) or plan.main_list(MainRank.OVERALL))
        for rule in plan.lists:
            if "" not in rule.groups and rule.clock is Clock.GUN and rule.per is not Per.CATEGORY:
                yield from self._of_rule(rule)

    def _of_rule(self, rule: ListRule | None) -> Iterator[tuple[ListRule, Admission, RankedList]]:
        rankings = self.rows.rankings
        admission = next((each for each in rankings.eligibility.admissions if each.rule is rule), None)
        if rule is None or admission is None:
            return
        for ranked in rankings.lists:
            if ranked.rule is rule:
                yield rule, admission, ranked

    def _top(self, admission: Admission, ranked: RankedList, wanted: int) -> list[Row]:
        known = [self._known(ranked, number) for number in range(min(wanted, len(ranked)))]
        left = wanted - len(known)
        if not left or self.rows.forecast is None:
            return known
        who, expected_us = self._coming_to(admission, ranked)
        soonest = first_of(expected_us, left)
        if not len(soonest):
            return known
        first_us = int(ranked.value_us[0]) if len(ranked) else int(expected_us[soonest[0]])
        running = [
            self._coming(int(who[at]), len(known) + number, int(expected_us[at]), first_us)
            for number, at in enumerate(soonest, start=1)
        ]
        return [*known, *running]

    def _known(self, ranked: RankedList, number: int) -> Row:
        index, value_us = int(ranked.entrants[number]), int(ranked.value_us[number])
        first_s, time_s = self._seconds(int(ranked.value_us[0])), self._seconds(value_us)
        return {
            **self._who(index, int(self.rows.times.finish_us[index])),
            "expected": False,
            "place": int(ranked.places[number]),
            "shared": bool(ranked.shared[number]),
            "official": number < ranked.official,
            "time_s": time_s,
            "gap_s": time_s - first_s,
        }

    def _coming(self, index: int, place: int, value_us: int, first_us: int) -> Row:
        forecast = self.rows.forecast
        assert forecast is not None, "nobody is expected without a forecast"
        point = self.rows.plan.race.course.points[int(forecast.from_point[index])]
        time_s, first_s = self._seconds(value_us), self._seconds(first_us)
        return {
            **self._who(index, int(self.rows.times.crossing_us[forecast.from_point[index]][index])),
            "expected": True,
            "place": place,
            "shared": False,
            "official": False,
            "time_s": time_s,
            "gap_s": time_s - first_s,
            "within_s": max(1, round(int(forecast.plus_minus_us[index]) / SECOND)),
            "from_point": None if forecast.observed[index] else point.id,
        }

    def _seconds(self, value_us: int) -> int:
        return int(self.rows.plan.rounding.printed_seconds(value_us))

    def _who(self, index: int, seen_us: int) -> Row:
        person = self.rows.frame.person(index)
        held = self.rows.held.get(index)
        return {"key": person["bib"] or f"at-{seen_us}", **person, "held": dict(held) if held else None}

    def _coming_to(self, admission: Admission, ranked: RankedList) -> tuple[Int64, Int64]:
        """Who runs and may enter a list, and what each of them can be expected to have on its clock."""
        if admission.rule.id not in self._expected:
            self._expected[admission.rule.id] = self._expected_of(admission)
        values_us, scope = self._expected[admission.rule.id]
        who = np.flatnonzero(scope == admission.scopes.index(ranked.scope))
        return who, values_us[who]

    def _expected_of(self, admission: Admission) -> tuple[Int64, Int16]:
        """For each entrant what is expected, and the scope they are expected in (NO_SCOPE: in none).

        Whoever was only seen at the start is not told of: there is nothing yet to tell by who leads.
        """
        forecast, rows = self.rows.forecast, self.rows
        assert forecast is not None, "nothing is expected without a forecast"
        values_us = forecast.net_time_us if admission.rule.clock is Clock.NET else forecast.gun_time_us
        may = admission.admitted & rows.frame.announced & (values_us != MISSING)
        # Whoever is due and not there yet has already run for longer than was expected.
        values_us = values_us + np.where(may, np.maximum(forecast.now_us - forecast.finish_us, 0), 0)
        may &= (forecast.from_point > 0) | forecast.observed
        may &= wave_admits(admission.rule, rows.plan)[rows.times.wave]
        return values_us, np.where(may, admission.scope, NO_SCOPE).astype(np.int16)
