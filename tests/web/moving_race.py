"""A race that moves, for the pages: true crossings of a whole field, and what is known of them at any instant.

Not a simulation of mats: every crossing is read, at once. Names are hard on purpose.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from config.loader import load_race
from config.plan import RacePlan
from results.eligibility import Eligibility
from results.evidence import Evidence
from results.list_states import NO_STATES
from results.rankings import Rankings, rank
from results.standing import Standing
from results.views import board_view
from results.why import Why, why
from timing.clock_ledger import AS_STAMPED, Stamps
from timing.decisions import NO_DECISIONS
from timing.instants import MINUTE, MISSING, SECOND, Instant
from timing.reads import Int64, Names, ReadClass, Reads
from timing.roster import Bib, Entrant, Roster, Sex
from timing.times import Closings, Flag, Guns, Status, Times

FIRST = ("Wilfred", "Lydia", "Kévin", "Maëlle", "Anders", "Selam", "Jean-Christophe", "Ilyès", "Ondřej", "Danièle")
LAST = ("Cherutich", "Roumestan", "Van den Broucke-Castellani de la Penne", "Marchesi", "Ouazzani", "Le Bihan",
        "Holmqvist-Byström", "Estrine-Rouvière", "Barthélemy-Roux", "Veselka", "Fabre-Sicard")  # fmt: skip
CLUBS = (
    "Martigues",
    "AC Garlaban",
    "",
    "Aix-en-Provence",
    "Foulées de l'Huveaune",
    "SCO Sainte-Marguerite Marseille",
    "",
)
WITHHELD_NAME = "Introuvable"
HOSTILE = "<img src=x onerror=alert(1)>"


def field_of(size: int, *, seed: int = 7) -> Roster:
    """Entrants with bibs from 1; every 50th withheld, the 3rd of them hostile."""
    rng = np.random.default_rng(seed)
    women = rng.random(size) < 0.36
    years = rng.integers(1946, 2006, size)
    entrants = []
    for n in range(size):
        sex = Sex.F if women[n] else Sex.M
        last = LAST[(n * 7 + n // 10 + n // 110) % len(LAST)]
        entrants.append(
            Entrant(
                bib=Bib(str(n + 1)),
                last_name=WITHHELD_NAME if n % 50 == 7 else HOSTILE if n == 2 else last,
                first_name=FIRST[(n * 3 + n // 10 + n // 100) % len(FIRST)],
                sex=sex,
                birth_year=int(years[n]) if n > 60 else 1994,
                club="Club secret" if n % 50 == 7 else CLUBS[n % len(CLUBS)],
                nationality="KEN" if n < 8 else "FRA",
                public=n % 50 != 7,
            )
        )
    return Roster(entrants=tuple(entrants))


@dataclass(frozen=True, kw_only=True)
class MovingRace:
    """A plan, a roster and the true crossings of everybody (one row for each point, MISSING: never)."""

    plan: RacePlan
    roster: Roster
    truth_us: Int64
    wave: np.ndarray[Any, np.dtype[np.int16]]

    @cached_property
    def eligibility(self) -> Eligibility:
        return Eligibility.of(self.plan, self.roster)

    @property
    def _main_mats(self) -> Int64:
        """The main mat of each point, an index into the mats of the course."""
        mats = [mat.id for mat in self.plan.race.course.mats]
        return np.array([mats.index(point.mats[0].id) for point in self.plan.race.course.points], np.int64)

    @property
    def first_gun_us(self) -> Instant:
        return min(wave.planned_gun_us for wave in self.plan.race.waves)

    def times(self, now_us: Instant, *, closed: bool = False, guns_known: bool = True) -> Times:
        """What is known at an instant of the race clock."""
        seen = np.where((self.truth_us != MISSING) & (self.truth_us <= now_us), self.truth_us, MISSING)
        size = len(self.roster)
        waves = tuple(wave.planned_gun_us for wave in self.plan.race.waves)
        gun = np.array(waves, np.int64)[self.wave]
        finished, started = seen[-1] != MISSING, seen[0] != MISSING
        status = np.where(finished, Status.FINISHED, np.where((seen != MISSING).any(axis=0), Status.STARTED, 0))
        if closed:
            status = np.where(status == Status.STARTED, Status.DNF, np.where(status == 0, Status.DNS, status))
        flags = np.where(~started & (seen != MISSING).any(axis=0), int(Flag.NO_START_READ), 0)
        return Times(
            status=status.astype(np.uint8),
            crossing_us=seen,
            crossing_mat=np.where(seen != MISSING, self._main_mats[:, None], -1).astype(np.int16),
            wave=self.wave,
            crossed_wave=self.wave,
            wave_gun_us=gun,
            race_gun_us=gun,
            gun_us=gun,
            gun_time_us=np.where(finished, seen[-1] - gun, MISSING),
            net_time_us=np.where(finished & started, seen[-1] - seen[0], MISSING),
            flags=flags.astype(np.int32),
            missed=sum(
                np.where((seen[row] == MISSING) & finished, 1 << row, 0) for row in range(1, len(seen) - 1)
            ).astype(np.int32),
            start_origin=np.zeros(size, np.uint8),
            finish_origin=np.zeros(size, np.uint8),
            guns=Guns(wave_us=waves, planned=tuple(not guns_known or gun > now_us for gun in waves)),
            closings=Closings(start_us=now_us if closed else None, finish_us=now_us if closed else None),
        )

    def rankings(self, times: Times) -> Rankings:
        return rank(self.plan, self.roster, times, self.eligibility)

    def standing(self, now_us: Instant, *, closed: bool = False, **changes: Any) -> Standing:
        """The same as readers of lists see it; `changes` as for `board`, `publication` and `states` count."""
        times, publication = self.times(now_us, closed=closed), changes.get("publication")
        return Standing(
            plan=self.plan,
            roster=self.roster,
            times=times,
            rankings=self.rankings(times),
            number=0 if publication is None else publication["number"],
            at_us=now_us,
            through=1,
            states=changes.get("states", NO_STATES),
        )

    def why(self, standing: Standing, bib: Bib) -> Why:
        """Why the runner has these times, with crossings that nobody can look behind."""
        none = np.empty(0, np.int64)
        return why(
            Evidence(
                plan=self.plan,
                roster=self.roster,
                times=standing.times,
                rankings=standing.shown,
                decisions=NO_DECISIONS,
                index=self.roster.by_bib[bib],
                reads=Reads.empty(),
                classes=np.empty(0, np.uint8),
                mine=np.empty(0, np.bool_),
                stamps=Stamps(base_us=none, code=np.empty(0, np.uint8), source=np.empty(0, np.int16), received_us=none),
                tags=Names(),
                sources=Names(),
                ledger=AS_STAMPED,
                through=1,
            )
        )

    def board(self, now_us: Instant, *, number: int, closed: bool = False, **changes: Any) -> dict[str, Any]:
        """The board at an instant; `changes` replace what `board_view` is told."""
        times = self.times(now_us, closed=closed)
        sources = [
            {
                "id": str(s.id),
                "link": "up",
                "since_us": now_us - MINUTE,
                "newest_us": None,
                "reads": 0,
                "error": "/dev/x",
            }
            for s in self.plan.race.sources
        ]
        told: dict[str, Any] = {
            "sources": sources,
            "read_counts": {ReadClass.USED: int((times.crossing_us != MISSING).sum())},
            "publication": None,
            "race_now_us": now_us,
            "lag_us": 0,
            "number": number,
        }
        return board_view(self.plan, self.roster, times, self.rankings(times), **(told | changes))


def moving_race(size: int = 20_000, *, seed: int = 7) -> MovingRace:
    """A Marseille-Cassis whose waves leave as planned: some never start, some give up, few start reads are missed."""
    plan = load_race("marseille_cassis_2024")
    rng = np.random.default_rng(seed)
    waves = plan.race.waves
    wave = np.minimum(np.arange(size) * len(waves) // max(size, 1), len(waves) - 1).astype(np.int16)
    gun = np.array([w.planned_gun_us for w in waves], np.int64)[wave]
    start = gun + (rng.gamma(2.0, 40.0, size) * SECOND).astype(np.int64)
    net_min = np.exp(rng.normal(4.62 + 0.045 * wave, 0.14, size)).clip(61.2, 230)
    net_min[:12] = 60.3 + np.arange(min(12, size)) * 0.45
    start[:12] = gun[:12] + 2 * SECOND
    net = (net_min * MINUTE).astype(np.int64) + rng.integers(0, SECOND, size)
    half = (net * rng.normal(0.54, 0.012, size)).astype(np.int64)
    truth = np.stack([start, start + half, start + net])
    truth[:, rng.random(size) < 0.06] = MISSING
    truth[2, rng.random(size) < 0.004] = MISSING
    truth[0, (rng.random(size) < 0.004) & (np.arange(size) > 20)] = MISSING
    truth[1, (rng.random(size) < 0.01) & (np.arange(size) > 20)] = MISSING
    return MovingRace(plan=plan, roster=field_of(size, seed=seed), truth_us=truth, wave=wave)


def with_mat_before_the_line(race: MovingRace, metres: int = 300) -> MovingRace:
    """The same race with one more point shortly before the finish, `LAST300`, passed at each one's mean speed."""
    course = race.plan.race.course
    length_m = course.finish.distance_m
    name = f"LAST{metres}"
    mat = replace(course.points[1].mats[0], id=f"{name}-MAIN", point=name)
    last = replace(course.points[1], id=name, name=f"{metres} m", distance_m=length_m - metres, mats=(mat,))
    points = (*course.points[:-1], last, course.finish)
    plan = replace(race.plan, race=replace(race.plan.race, course=replace(course, points=points)))
    start, half, finish = race.truth_us
    took_us = np.where((start == MISSING) | (finish == MISSING), 0, finish - start)
    before = np.where(took_us > 0, finish - took_us * metres // length_m, MISSING)
    return replace(race, plan=plan, truth_us=np.stack([start, half, before, finish]))
