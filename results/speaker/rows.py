"""Rows of a speaker's board: who, which places, which times, in which order over the line.

Owns what a row says; which rows are shown is `view`. Only those that are shown are ever put into values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np

from config.plan import MainRank, RacePlan
from results.forecast import Forecast
from results.forecast_frame import ForecastFrame
from results.rankings import NO_PLACE, RankedList, Rankings
from results.speaker.expected import ExpectedPlaces, PlacesOf
from results.speaker.frame import SpeakerFrame
from results.speaker.line_order import LinePlace, line_order, needs_line_order
from timing.instants import MISSING, SECOND
from timing.race import Course, Point
from timing.reads import Bool, Int64
from timing.times import Flag, Times

CLOSE_M: Final = 1_500
"""A mat this close before the line sees who arrives, it does not foretell them."""

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Told:
    """A reason to mention somebody, in both languages. `weight`: more is stronger; `record`: a record is in reach."""

    weight: float
    words: Mapping[str, str]
    record: bool = False


Held = Mapping[int, Mapping[str, str]]
"""Who is not to be announced before the crew has looked, by index: why, in both languages."""


class Stories(Protocol):
    """Tells of an entrant (index in the roster) why to mention them."""

    def __call__(self, index: int) -> Sequence[Told]:
        """The stories in words, strongest first."""

    def weight(self, index: int) -> tuple[float, bool]:
        """How strong the strongest is (0: there is none), and whether a record is in reach; without words."""


class _NoStories:
    def __call__(self, index: int) -> Sequence[Told]:
        return ()

    def weight(self, index: int) -> tuple[float, bool]:
        return 0.0, False


NO_STORIES: Final[Stories] = _NoStories()


@dataclass(frozen=True, kw_only=True)
class SpeakerRows:
    """Makes rows of one moment. rankings: as they are shown; favourite, held: for each entrant.

    places: keeps expected places from moment to moment; None: they are reckoned.
    """

    plan: RacePlan
    frame: SpeakerFrame
    times: Times
    rankings: Rankings
    forecast: Forecast | None
    forecast_frame: ForecastFrame | None
    favourite: Bool
    held: Held
    stories: Stories = NO_STORIES
    places: ExpectedPlaces | None = None

    def printed(self, value_us: int) -> int | None:
        return None if value_us == MISSING else int(self.plan.rounding.printed_seconds(value_us))

    def crossed(self, indexes: Sequence[int]) -> list[Row]:
        """Those who are over the line, in the order given. Places are in the main lists, None where there is none."""
        times, announced = self.times, self.frame.announced
        order = line_order(times, announced, self.frame.sex, indexes) if self.waves_mixed else {}
        return [self._crossed(int(index), order.get(int(index))) for index in indexes]

    def _crossed(self, index: int, order: LinePlace | None) -> Row:
        times, ranks = self.times, self.rankings
        place, at_us = int(ranks.rank_overall[index]), int(times.finish_us[index])
        return {
            **self._who(index, at_us),
            "at_us": at_us,
            "place": place or None,
            "shared": place != NO_PLACE and int(np.count_nonzero(ranks.rank_overall == place)) > 1,
            "official": index in self._official,
            "sex_place": int(ranks.rank_sex[index]) or None,
            "category_place": int(ranks.rank_category[index]) or None,
            "line_order": None if order is None else order.overall,
            "line_order_of_sex": None if order is None else order.of_sex,
            "official_s": self.printed(int(times.gun_time_us[index])),
            "real_s": self.printed(int(times.net_time_us[index])),
            "start_read": not int(times.flags[index]) & Flag.NO_START_READ,
            "gap_s": None if self.waves_mixed else self._gap_s(index),
        }

    def arriving(self, indexes: Sequence[int]) -> list[Row]:
        """Those who are expected, in the order given: every figure is a forecast, and comes with its ±."""
        if not len(indexes):
            return []
        forecast, frame = self.forecast, self.forecast_frame
        assert forecast is not None and frame is not None, "nobody arrives without a forecast"  # noqa: PT018
        places = (self.places or ExpectedPlaces()).of(frame, self.times, forecast, indexes)
        return [self._coming(int(index), places[int(index)]) for index in indexes]

    def _coming(self, index: int, places: PlacesOf) -> Row:
        forecast = self.forecast
        assert forecast is not None, "nobody arrives without a forecast"
        from_point = self.plan.race.course.points[int(forecast.from_point[index])]
        place, within = places.get(MainRank.OVERALL, (None, None))
        return {
            **self._who(index, int(self.times.crossing_us[forecast.from_point[index]][index])),
            "expected_us": int(forecast.finish_us[index]),
            "within_s": max(1, round(int(forecast.plus_minus_us[index]) / SECOND)),
            "from_point": None if forecast.observed[index] else from_point.id,
            "seen": not bool(forecast.observed[index]) and is_close(self.plan.race.course, from_point),
            "expected_s": self.printed(int(forecast.gun_time_us[index])),
            "place": place,
            "place_within": within,
            "sex_place": places.get(MainRank.SEX, (None, None))[0],
            "category_place": places.get(MainRank.CATEGORY, (None, None))[0],
        }

    def _who(self, index: int, seen_us: int) -> Row:
        row = self.frame.person(index)
        held = self.held.get(index)
        told = () if row["withheld"] or held else self.stories(index)
        return {
            "key": row["bib"] or f"at-{seen_us}",
            **row,
            "favourite": bool(self.favourite[index]),
            "held": dict(held) if held else None,
            "story": [dict(each.words) for each in told],
            "record": any(each.record for each in told),
        }

    def _gap_s(self, index: int) -> int | None:
        """Printed seconds behind the one before in the main list; None for the first, and where there is none."""
        for ranked in self._main:
            at = np.flatnonzero(ranked.entrants == index)
            if len(at) and at[0]:
                here, before = (self.printed(int(ranked.value_us[at[0] - step])) for step in (0, 1))
                return None if here is None or before is None else here - before
        return None

    @cached_property
    def waves_mixed(self) -> bool:
        """Whether finishers of different guns are over the line: from then on order is not place."""
        return needs_line_order(self.times, self.frame.announced)

    @cached_property
    def _main(self) -> tuple[RankedList, ...]:
        """The list of all, else those by sex."""
        rule = self.plan.main_list(MainRank.OVERALL) or self.plan.main_list(MainRank.SEX)
        return tuple(ranked for ranked in self.rankings.lists if ranked.rule is rule)

    @cached_property
    def _official(self) -> frozenset[int]:
        return frozenset(
            index for ranked in self._main if ranked.official for index in ranked.entrants[: ranked.official].tolist()
        )


def is_close(course: Course, point: Point) -> bool:
    """Whether a mat sees who arrives, shortly before the line."""
    return 0 < course.finish.distance_m - point.distance_m <= CLOSE_M


def first_of(values: Int64, wanted: int) -> Int64:
    """Rows of the smallest values, in order, equal ones in the order given; sorts no more than it must."""
    if len(values) <= wanted:
        return np.argsort(values, kind="stable")
    limit = np.partition(values, wanted - 1)[wanted - 1]
    few = np.flatnonzero(values <= limit)
    return few[np.argsort(values[few], kind="stable")][:wanted]
