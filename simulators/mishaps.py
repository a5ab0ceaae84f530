"""Mishaps of runners: who swapped chips, left with another wave, gave up or was driven, done to a field of runners.

A field and a record of faults in, the field as it really was and the truth out. Knows no reads.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from simulators.chance import stream
from simulators.crossings import second_visits, swapped_pairs
from simulators.pace import whole_us
from simulators.physics import Physics
from simulators.race_faults import Abandon, FalseGun, Mishaps, RaceFaults
from simulators.sim_field import SPARES, SimField, Visit, main_waves, tag_code
from timing.instants import MINUTE, MISSING, SECOND, Instant
from timing.race import PointKind
from timing.reads import Bool, Tag
from timing.roster import Bib

_DRIVEN_FROM_M: Final = 10_000
_CAR_MM_S: Final = (14_000, 7_000)
"""Driven at fifty kilometres an hour, or behind the runners at a pace that nobody can run but no clock contradicts."""


def with_mishaps(field: SimField, faults: RaceFaults, physics: Physics) -> tuple[SimField, Mishaps]:
    """The field as it really was, and what went wrong with whom; equal seeds give equal mishaps.

    Swaps by chance (`Physics.swapped_chips`) are taken over into the field unless the faults say how many there are.
    """
    happened = _Happened(field, faults)
    happened.leave_early(faults.early or 0)
    happened.leave_late(faults.late or 0)
    happened.give_up(faults.abandons)
    happened.are_driven(faults.driven)
    if faults.swapped_pairs is None:
        happened.have_swapped(swapped_pairs(field, physics))
    else:
        happened.swap(faults.swapped_pairs)
    happened.wear_spares(faults.spare_tags)
    for false in faults.false_guns:
        happened.go_at_false_gun(false)
    return happened.result(physics)


class _Happened:
    """The day as it comes to pass: columns of the field, changed step by step."""

    def __init__(self, field: SimField, faults: RaceFaults) -> None:
        self._field = field
        self._rng = stream(faults.seed, "mishaps")
        self._line_us = field.line_us.copy()
        self._speed = field.speed_mm_s.copy()
        self._story = list(field.story)
        self._worn = list(field.tags_worn)
        self._visits = list(field.visits)
        self._truth: dict[str, tuple[object, ...]] = {}
        self._bibs = [entrant.bib for entrant in field.roster.entrants]
        self._ordinary = self._draw()

    def _draw(self) -> Iterator[int]:
        """Ordinary runners in an order of chance, each once: they wear a chip, start, finish, and have no story."""
        field = self._field
        plain = [
            e.role == "runner" and not e.elite and not story and bool(worn)
            for e, story, worn in zip(field.roster.entrants, self._story, self._worn, strict=True)
        ]
        there = (self._line_us[0] != MISSING) & (self._line_us[-1] != MISSING)
        return iter(self._rng.permutation(np.flatnonzero(np.array(plain, np.bool_) & there)).tolist())

    def _some(self, count: int, story: str, among: Bool | None = None) -> list[int]:
        """So many ordinary runners to whom nothing has happened yet, fewer when the field has no more."""
        some: list[int] = []
        passed: list[int] = []
        while len(some) < count and (one := next(self._ordinary, None)) is not None:
            (some if among is None or among[one] else passed).append(one)
        self._ordinary = iter([*passed, *self._ordinary])
        for one in some:
            self._story[one] = story
        return some

    def _note(self, what: str, who: list[int]) -> None:
        self._truth[what] = tuple(self._bibs[i] for i in who)

    def _leave_at(self, one: int, start_us: Instant) -> None:
        later = start_us - int(self._line_us[0, one])
        seen = self._line_us[:, one] != MISSING
        self._line_us[seen, one] += later

    def leave_early(self, count: int) -> None:
        """With the first wave, although they belong to a later one."""
        first = int(main_waves(self._field.race)[0])
        gun = self._field.guns_us[first]
        of_later = np.isin(self._field.wave, main_waves(self._field.race)[1:])
        who = self._some(count, "early", of_later)
        for one, luck in zip(who, self._rng.uniform(10, 180, len(who)).tolist(), strict=True):
            self._leave_at(one, gun + round(luck * SECOND))
        self._note("early", who)

    def leave_late(self, count: int) -> None:
        """Five minutes or more after their own gun, before the start closes."""
        who = self._some(count, "late")
        for one, luck in zip(who, self._rng.random(len(who)).tolist(), strict=True):
            gun = self._field.guns_us[int(self._field.wave[one])]
            last = max(self._field.closed_us - 20 * SECOND, gun + 5 * MINUTE)
            self._leave_at(one, gun + 5 * MINUTE + round(luck * min(22 * MINUTE, last - gun - 5 * MINUTE)))
        self._note("late", who)

    def give_up(self, count: int) -> None:
        """After the last split; it is reported some minutes later, and every other is brought to the finish area."""
        finish = len(self._line_us) - 1
        abandons = []
        for number, one in enumerate(self._some(count, "abandon")):
            minutes = self._rng.uniform((5, 10), (40, 30)).tolist()
            at_us = int(self._line_us[max(finish - 1, 0), one]) + round(minutes[0] * MINUTE)
            self._line_us[finish, one], self._speed[finish, one] = MISSING, 0
            abandons.append(Abandon(bib=self._bibs[one], at_us=at_us))
            if number % 2 == 0:
                there = at_us + round(minutes[1] * MINUTE)
                self._visits.append(Visit(entrant=one, point=finish, line_us=there, speed_mm_s=1_300))
        self._truth["abandons"] = tuple(abandons)

    def are_driven(self, count: int) -> None:
        """From the first split at or beyond ten kilometres; every other so fast that their points are out of order."""
        points = self._field.race.course.points
        begin = next(
            (i for i, p in enumerate(points) if p.kind is PointKind.SPLIT and p.distance_m >= _DRIVEN_FROM_M), 0
        )
        who = self._some(count, "driven")
        for number, one in enumerate(who):
            for row in range(begin + 1, len(points)):
                way_mm = (points[row].distance_m - points[begin].distance_m) * 1000
                taken = way_mm * SECOND // _CAR_MM_S[number % 2]
                self._line_us[row, one] = self._line_us[begin, one] + taken
                self._speed[row, one] = 1_800
        self._note("driven", who)

    def swap(self, pairs: int) -> None:
        """Each of two wears what the roster gives to the other."""
        who = self._some(2 * pairs, "")
        self.have_swapped(list(zip(who[0::2], who[1::2], strict=False)))

    def have_swapped(self, pairs: list[tuple[int, int]]) -> None:
        for one, other in pairs:
            self._worn[one], self._worn[other] = self._worn[other], self._worn[one]
        self._truth["swapped"] = tuple((self._bibs[one], self._bibs[other]) for one, other in pairs)

    def wear_spares(self, count: int) -> None:
        who = self._some(count, "spare_tag")
        spares: list[tuple[Tag, Bib]] = []
        for number, one in enumerate(who):
            spare = tag_code(SPARES + number)
            self._worn[one] = (*self._worn[one], spare)
            spares.append((spare, self._bibs[one]))
        self._truth["spares"] = tuple(spares)

    def go_at_false_gun(self, false: FalseGun) -> None:
        """The first in the queue of the wave cross the start and walk back before the true gun."""
        number = next(i for i, wave in enumerate(self._field.race.waves) if wave.id == false.wave)
        gun = self._field.guns_us[number]
        start = np.where(self._field.wave == number, self._line_us[0], MISSING)
        queue = np.argsort(np.where(start == MISSING, np.iinfo(np.int64).max, start), kind="stable")
        away = false.before_us * self._rng.uniform((0.02, 0.5), (0.1, 0.8), (false.runners, 2)) / SECOND
        for one, (out, back) in zip(queue.tolist(), whole_us(away).tolist(), strict=False):
            if start[one] != MISSING:
                for after, speed in ((out, 3_500), (back, 1_300)):
                    at_us = gun - false.before_us + after
                    self._visits.append(Visit(entrant=one, point=0, line_us=at_us, speed_mm_s=speed))

    def result(self, physics: Physics) -> tuple[SimField, Mishaps]:
        field = replace(
            self._field,
            line_us=self._line_us,
            speed_mm_s=self._speed,
            story=tuple(self._story),
            worn=tuple(self._worn),
            visits=tuple(self._visits),
        )
        self._note("second_visits", second_visits(field, physics).tolist())
        return field, Mishaps(**self._truth)  # type: ignore[arg-type]
