"""One runner for the public: times, places, what was read at each point, and how the race went between the points.

Owns what is told of a runner and what is withheld; puts nothing into words. Whoever is not public has a card that says
so and nothing else; whose bib would tell who it is has none, like a bib that nobody wears. No estimate is on it.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from config.plan import MainRank
from results.people import Audience, Person
from results.rankings import NO_PLACE, RankedList
from results.standing import Standing
from timing.instants import MISSING, Duration, Instant
from timing.reads import Bool, Int32, Int64
from timing.roster import Sex
from timing.times import Origin, Status, Times

LIKE_PERMILLE: Final = (10, 30)
"""Runners of the same time: within so much of the official time; the wider one where the first has too few."""

LIKE_MIN: Final = 10
"""Of fewer there is no median worth drawing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPlace:
    """A place in a public list. `main`: overall, sex or category for the race's main lists, else empty.

    `gained`: places gained since `RunnerCard.since` (negative: lost), None where it cannot be said.
    """

    list_id: str
    main: str
    place: int
    shared: bool
    official: bool
    of: int
    gained: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRead:
    """One point. None: not read there (yet). Times in whole seconds as printed: `gun_s` from the gun of the official
    time, `net_s` from the own start read. `place`: overall by gun time among those read there so far. `gained`: against
    the split before, among those read at both. `by_hand`: set by a ruling.
    """

    point: str
    metres: int
    at_us: Instant | None
    gun_s: int | None
    net_s: int | None
    place: int | None
    gained: int | None
    by_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """From one mat that read the runner to the next; `like_s_per_km`: the median of runners of the same time."""

    from_m: int
    to_m: int
    s_per_km: float | None
    like_s_per_km: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerCard:
    """What the public may know of one runner. With `withheld` everything but the bib is empty.

    `since`: the split that places gained are counted from; `like`: how many runners of the same time the median is of.
    `last_point`: where the runner was read last.
    """

    bib: str
    withheld: bool
    index: int
    person: Person
    wave: str | None = None
    status: Status = Status.ENTERED
    official_s: int | None = None
    net_s: int | None = None
    start_read: bool = False
    net_from_gun: bool = False
    places: tuple[HeldPlace, ...] = ()
    since: str | None = None
    points: tuple[PointRead, ...] = ()
    legs: tuple[Leg, ...] = ()
    like: int = 0
    last_point: str | None = None
    last_us: Instant | None = None

    @property
    def is_running(self) -> bool:
        return self.status in (Status.ENTERED, Status.STARTED) and not self.withheld


def runner_card(standing: Standing, bib: str) -> RunnerCard | None:
    """The card of a bib; None where nobody has it, or where having it tells whose it is."""
    index = standing.roster.by_bib.get(bib)
    if index is None:
        return None
    person = standing.people(Audience.PUBLIC)[index]
    if not person.bib:
        return None
    if person.withheld:
        return RunnerCard(bib=person.bib, withheld=True, index=index, person=person)
    return _Telling(standing, index).card(person)


class _Telling:
    """One runner in the columns of a standing."""

    def __init__(self, standing: Standing, index: int) -> None:
        self.standing = standing
        self.index = index
        self.times: Times = standing.times
        self.course = standing.plan.race.course

    def card(self, person: Person) -> RunnerCard:
        times, index = self.times, self.index
        seen = [k for k in range(len(self.course.points)) if self._at(k) is not None]
        last = max(seen, key=lambda k: self._at(k) or 0, default=None)
        since = self._since()
        like = self._like()
        wave = int(times.wave[index])
        return RunnerCard(
            bib=person.bib,
            withheld=False,
            index=index,
            person=person,
            wave=self.standing.plan.race.waves[wave].name if wave >= 0 else None,
            status=Status(int(times.status[index])),
            official_s=self._printed(int(times.gun_time_us[index])),
            net_s=self._printed(int(times.net_time_us[index])),
            start_read=self._at(0) is not None,
            net_from_gun=int(times.start_origin[index]) == Origin.GUN
            or (self._at(0) is None and int(times.net_time_us[index]) != MISSING),
            places=self._places(since),
            since=None if since is None else self.course.points[since].id,
            points=tuple(self._point(k) for k in range(len(self.course.points))),
            legs=self._legs(seen, like),
            like=len(like),
            last_point=None if last is None else self.course.points[last].id,
            last_us=None if last is None else self._at(last),
        )

    def _at(self, k: int) -> Instant | None:
        at_us = int(self.times.crossing_us[k, self.index])
        return None if at_us == MISSING else at_us

    def _printed(self, value_us: Duration) -> int | None:
        return None if value_us == MISSING else int(self.standing.plan.rounding.printed_seconds(value_us))

    # ---- points ----

    def _point(self, k: int) -> PointRead:
        at_us, point = self._at(k), self.course.points[k]
        gun_us, start_us = int(self.times.gun_us[self.index]), self._at(0)
        known = at_us is not None
        before = next((j for j in range(k - 1, 0, -1) if self._at(j) is not None), None)
        return PointRead(
            point=point.id,
            metres=point.distance_m,
            at_us=at_us,
            gun_s=self._printed(at_us - gun_us) if at_us is not None and gun_us != MISSING else None,
            net_s=self._printed(at_us - start_us) if at_us is not None and start_us is not None else None,
            place=self._place_at(k) if known and k else None,
            gained=self._gained(before, k, self._ranked) if known and before is not None else None,
            by_hand=known and int(self.times.crossing_mat[k, self.index]) < 0,
        )

    @property
    def _ranked(self) -> Bool:
        return self.standing.shown.eligibility.ranked_role

    def _since_gun(self, k: int) -> Int64:
        """The time since the gun at a point, MISSING where there is none."""
        crossing, gun = self.times.crossing_us[k], self.times.gun_us
        return np.where((crossing == MISSING) | (gun == MISSING), MISSING, crossing - gun)

    def _place_at(self, k: int) -> int | None:
        if k == len(self.course.points) - 1:
            return int(self.standing.shown.rank_overall[self.index]) or None
        value = self._since_gun(k)
        mine = int(value[self.index])
        if mine == MISSING or not self._ranked[self.index]:
            return None
        return 1 + int(np.count_nonzero(self._ranked & (value != MISSING) & (value < mine)))

    # ---- places and what was gained ----

    def _since(self) -> int | None:
        """The highest split, else the last one."""
        splits = range(1, len(self.course.points) - 1)
        height = dict(self.course.profile)
        if not height:
            return max(splits, default=None)
        metres = np.array(sorted(height))
        heights = np.array([height[metre] for metre in sorted(height)])
        return max(
            splits, key=lambda k: float(np.interp(self.course.points[k].distance_m, metres, heights)), default=None
        )

    def _gained(self, before: int, k: int, among: Bool, ranks: Int32 | None = None) -> int | None:
        """Places between two points, among those read at both; at the finish the places given there count."""
        if self._at(before) is None or not among[self.index]:
            return None
        earlier, later = self._since_gun(before), self._since_gun(k)
        both = among & (earlier != MISSING)
        if k == len(self.course.points) - 1:
            column = self.standing.shown.rank_overall if ranks is None else ranks
            both &= column != NO_PLACE
            if not both[self.index]:
                return None
            ahead_later = int(np.count_nonzero(both & (column < column[self.index])))
        else:
            both &= later != MISSING
            if not both[self.index]:
                return None
            ahead_later = int(np.count_nonzero(both & (later < later[self.index])))
        return int(np.count_nonzero(both & (earlier < earlier[self.index]))) - ahead_later

    def _places(self, since: int | None) -> tuple[HeldPlace, ...]:
        held = (self._held(ranked, since) for ranked in self.standing.lists(Audience.PUBLIC))
        return tuple(place for place in held if place is not None)

    def _held(self, ranked: RankedList, since: int | None) -> HeldPlace | None:
        rows = np.flatnonzero(ranked.entrants == self.index)
        if not len(rows):
            return None
        row, main = int(rows[0]), ranked.rule.main
        gained = None
        if main is not None and since is not None:
            gained = self._gained(since, len(self.course.points) - 1, self._rivals(main), self._column(main))
        return HeldPlace(
            list_id=ranked.id,
            main="" if main is None else str(main),
            place=int(ranked.places[row]),
            shared=bool(ranked.shared[row]),
            official=row < ranked.official,
            of=ranked.ranked,
            gained=gained,
        )

    def _column(self, main: MainRank) -> Int32:
        shown = self.standing.shown
        return {
            MainRank.OVERALL: shown.rank_overall,
            MainRank.SEX: shown.rank_sex,
            MainRank.CATEGORY: shown.rank_category,
        }[main]

    def _rivals(self, main: MainRank) -> Bool:
        """Those who are in the same list."""
        if main is MainRank.SEX:
            sex = self.standing.roster.entrants[self.index].sex
            same: Bool = self._ranked & _column_of_sex(self.standing, sex)
            return same
        if main is MainRank.CATEGORY:
            codes = self.standing.shown.categories.code
            alike: Bool = self._ranked & (codes == codes[self.index])
            return alike
        return self._ranked

    # ---- between the points ----

    def _like(self) -> Int64:
        """Who ran about the same official time: their indexes, oneself not among them."""
        values = self.times.gun_time_us
        mine = int(values[self.index])
        finished = self._ranked & (self.times.status == Status.FINISHED) & (values != MISSING)
        finished[self.index] = False
        if mine == MISSING:
            return np.zeros(0, np.int64)
        for permille in LIKE_PERMILLE:
            near = np.flatnonzero(finished & (np.abs(values - mine) * 1000 <= mine * permille))
            if len(near) >= LIKE_MIN:
                return near
        return np.zeros(0, np.int64)

    def _legs(self, seen: list[int], like: Int64) -> tuple[Leg, ...]:
        """Own legs between the mats that read the runner; a leg no mat bounds has the others' pace alone."""
        bounds = seen if self._at(0) is not None or not seen else [0, *seen]
        legs = []
        for j, k in pairwise(bounds):
            begin, end = self._at(j), self._at(k)
            km = (self.course.points[k].distance_m - self.course.points[j].distance_m) / 1000
            if km <= 0 or (begin is not None and end is not None and end <= begin):
                continue
            legs.append(
                Leg(
                    from_m=self.course.points[j].distance_m,
                    to_m=self.course.points[k].distance_m,
                    s_per_km=None if begin is None or end is None else (end - begin) / 1e6 / km,
                    like_s_per_km=self._median(like, j, k, km),
                )
            )
        return tuple(legs)

    def _median(self, like: Int64, j: int, k: int, km: float) -> float | None:
        began, ended = self.times.crossing_us[j][like], self.times.crossing_us[k][like]
        both = (began != MISSING) & (ended != MISSING) & (ended > began)
        if int(np.count_nonzero(both)) < LIKE_MIN:
            return None
        return float(np.median(ended[both] - began[both])) / 1e6 / km


_last_sexes: tuple[object, dict[Sex, Bool]] | None = None


def _column_of_sex(standing: Standing, sex: Sex) -> Bool:
    """Who is of a sex; kept for the roster, for it is asked at each page."""
    global _last_sexes
    last = _last_sexes
    if last is None or last[0] is not standing.roster:
        entrants = standing.roster.entrants
        last = (standing.roster, {each: np.array([e.sex is each for e in entrants], np.bool_) for each in Sex})
        _last_sexes = last
    return last[1][sex]
