"""A field from a seed: who is entered, what they wear, and the true instant of each at each point.

The truth of a simulated race. Owns people and their day; knows nothing of mats, reads or readers.
"""

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulators import people
from simulators.chance import stream
from simulators.pace import Float, Profile, finish_seconds, whole_us
from simulators.physics import DEFAULT_SEED
from simulators.sim_field import SimField, main_waves, tag_code
from timing.instants import MINUTE, MISSING, SECOND
from timing.race import Race
from timing.reads import Bool, Int64
from timing.roster import Bib, Entrant, Roster, Sex

Texts = NDArray[np.str_]

_LINE_FLOW_PER_S: Final = 12.0
"""Runners over the start line in one second while a wave empties."""


@dataclass(frozen=True, kw_only=True)
class FieldPlan:
    """What kind of field; shares are of the runners unless said otherwise."""

    seed: int = DEFAULT_SEED
    runners: int = 20_000
    women: float = 0.42
    elite_men: int = 35
    elite_women: int = 25
    walkers: float = 0.005
    not_started: float = 0.06
    not_finished: float = 0.005
    late: float = 0.01
    """Left 5 to 27 minutes after their own gun, with a later wave or after the last."""
    early: float = 0.005
    """Of later waves, left with the first."""
    after_close: float = 0.0001
    """Crossed the start line after it was closed."""
    two_tags: float = 0.10
    without_chip: float = 0.001
    withheld: float = 0.004
    declared_dns: float = 0.003
    without_birth_year: float = 0.004
    without_sex: float = 0.0003
    foreign: float = 0.025
    in_club: float = 0.33
    wheelchairs: int = 12
    """In each wave of a race within the race, where there is one."""


@dataclass(frozen=True, kw_only=True)
class _Runners:
    """Columns of the runners while the field is made."""

    women: Bool
    elite: Bool
    walkers: Bool
    age: Int64
    seconds: Float
    wave: Int64

    def take(self, rows: Int64) -> "_Runners":
        return _Runners(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def make_field(race: Race, plan: FieldPlan | None = None) -> SimField:
    """The field of a race; equal races and plans give equal fields."""
    plan = FieldPlan() if plan is None else plan
    guns = _guns(race, plan)
    drawn = _runners(race, plan)
    bibs = _bibs(race, drawn)
    order = np.argsort(bibs, kind="stable")
    runners = drawn.take(order)
    story = _stories(stream(plan.seed, "stories"), plan, runners)
    roster = _roster(race, plan, runners, bibs[order], story)
    line_us, speed = _day(race, plan, runners, guns, story)
    field = SimField(
        race=race,
        roster=roster,
        guns_us=guns,
        closed_us=_closed(race, guns),
        wave=runners.wave.astype(np.int16),
        line_us=line_us,
        speed_mm_s=speed,
        story=tuple(story),
    )
    return _with_others(field, plan)


def _guns(race: Race, plan: FieldPlan) -> tuple[int, ...]:
    """The guns as fired: facts where the race file states them, else up to 1.5 s after the plan, on 10 ms."""
    late = stream(plan.seed, "guns").integers(0, 150, len(race.waves)) * 10_000
    return tuple(
        wave.gun_us if wave.gun_us is not None else wave.planned_gun_us + int(after)
        for wave, after in zip(race.waves, late, strict=True)
    )


def _closed(race: Race, guns: tuple[int, ...]) -> int:
    return max(guns) + race.start_window_us


def _runners(race: Race, plan: FieldPlan) -> _Runners:
    rng = stream(plan.seed, "runners")
    n = plan.runners
    women = rng.random(n) < plan.women
    elite = np.zeros(n, np.bool_)
    for sex, wanted in ((False, plan.elite_men), (True, plan.elite_women)):
        of_sex = np.flatnonzero(women == sex)
        elite[of_sex[: min(wanted, len(of_sex) // 4)]] = True
    walkers = ~elite & (rng.random(n) < plan.walkers)
    age = np.clip(np.rint(27 + rng.gamma(1.6, 7.5, n) + 5 * rng.standard_normal(n)), 18, 84).astype(np.int64)
    age[elite] = rng.integers(20, 36, int(elite.sum()))
    seconds = finish_seconds(
        rng, women=women, elite=elite, walkers=walkers, age=age, distance_m=race.course.finish.distance_m
    )
    hoped = seconds * np.exp(0.07 * rng.standard_normal(n))  # the time they said at entry
    hoped[elite] = 0
    own = main_waves(race)
    wave = np.empty(n, np.int64)
    wave[np.argsort(hoped, kind="stable")] = own[np.arange(n) * len(own) // max(n, 1)]
    return _Runners(women=women, elite=elite, walkers=walkers, age=age, seconds=seconds, wave=wave)


def _bibs(race: Race, runners: _Runners) -> Int64:
    """Bibs from each wave's ranges where they are wide enough (the elite first), else counted on from the highest."""
    bibs = np.zeros(len(runners.wave), np.int64)
    used: set[int] = set()
    for index, wave in enumerate(race.waves):
        members = np.flatnonzero(runners.wave == index)
        members = members[np.argsort(~runners.elite[members], kind="stable")]
        # An earlier wave that was too big for its range may have counted on into this one.
        free = [b for low, high in wave.bibs for b in range(low, high + 1) if b > 0 and b not in used]
        if len(free) < len(members):
            last = max(used, default=0)
            free = list(range(last + 1, last + len(members) + 1))
        bibs[members] = free[: len(members)]
        used.update(free[: len(members)])
    return bibs


def _roster(race: Race, plan: FieldPlan, runners: _Runners, bibs: Int64, story: list[str]) -> Roster:
    rng = stream(plan.seed, "roster")
    n = plan.runners
    names = _names(rng, runners.women)
    luck = rng.random((8, n))
    year = race.day.year - runners.age - (rng.random(n) < 0.2)
    days = rng.integers(0, 365, n)
    clubs, towns = rng.integers(0, len(people.CLUBS), n), rng.integers(0, len(people.TOWNS), n)
    nations = _nations(rng, plan, runners.elite)
    second = n + np.cumsum(luck[2] < plan.two_tags)
    entrants = []
    for i in range(n):
        tags = [tag_code(i + 1, race), tag_code(int(second[i]), race)][: 2 if luck[2, i] < plan.two_tags else 1]
        known_year, licensed = bool(luck[3, i] >= plan.without_birth_year), luck[5, i] < plan.in_club * 0.8
        entrants.append(
            Entrant(
                bib=Bib(str(bibs[i])),
                tags=() if story[i] == "no_chip" else tuple(tags),
                last_name=names[i][0],
                first_name=names[i][1],
                sex=_sex(bool(runners.women[i]), float(luck[0, i]), plan.without_sex),
                birth_date=_day_of_year(int(year[i]), int(days[i])) if known_year and luck[4, i] < 0.4 else None,
                birth_year=int(year[i]) if known_year else None,
                nationality=nations[i],
                club=people.CLUBS[clubs[i]] if luck[5, i] < plan.in_club else "",
                town=people.TOWNS[towns[i]] if luck[6, i] < 0.9 else "",
                licence=str(1_000_000 + i * 37) if licensed else "",
                wave=race.waves[runners.wave[i]].id,
                elite=bool(runners.elite[i]),
                status="DNS" if story[i] in ("declared_dns", "declared_but_ran") else "",
                public=bool(luck[7, i] >= plan.withheld),
            )
        )
    return Roster(entrants=tuple(entrants))


def _sex(woman: bool, luck: float, without: float) -> Sex:
    if luck < without:
        return Sex.UNKNOWN if luck < without / 2 else Sex.X
    return Sex.F if woman else Sex.M


def _names(rng: np.random.Generator, women: Bool) -> list[tuple[str, str]]:
    n = len(women)
    last, first = rng.integers(0, len(people.LAST), n), rng.random(n)
    double = rng.random(n) < 0.04
    other = rng.integers(0, len(people.LAST), n)
    names = []
    for i in range(n):
        firsts = people.FIRST_F if women[i] else people.FIRST_M
        surname = people.LAST[last[i]] + (f"-{people.LAST[other[i]]}" if double[i] else "")
        names.append((surname, firsts[int(first[i] * len(firsts))]))
    for where, hostile in zip(rng.permutation(n)[: len(people.HOSTILE)], people.HOSTILE, strict=False):
        names[where] = hostile
    return names


def _nations(rng: np.random.Generator, plan: FieldPlan, elite: Bool) -> list[str]:
    luck, which = rng.random(len(elite)), rng.integers(0, 10_000, len(elite))
    return [
        people.ELITE_NATIONS[w % len(people.ELITE_NATIONS)]
        if e
        else people.FOREIGN[w % len(people.FOREIGN)]
        if share < plan.foreign
        else ""
        if share > 0.98
        else "FRA"
        for e, share, w in zip(elite, luck, which, strict=True)
    ]


def _stories(rng: np.random.Generator, plan: FieldPlan, runners: _Runners) -> list[str]:
    """At most one thing is special about each runner; the shares are cut out of one draw."""
    luck = rng.random(plan.runners)
    shares = (
        ("declared_dns", plan.declared_dns),
        ("dns", plan.not_started - plan.declared_dns),
        ("dnf", plan.not_finished * (1 - plan.not_started)),
        ("late", plan.late),
        ("early", plan.early),
        ("after_close", plan.after_close),
        ("no_chip", plan.without_chip),
        ("declared_but_ran", plan.declared_dns / 30),
    )
    bounds = np.cumsum([share for _, share in shares])
    names = [name for name, _ in shares] + [""]
    story = [names[i] for i in np.searchsorted(bounds, luck, side="right")]
    for i in np.flatnonzero(runners.elite):
        story[i] = ""
    return story


def _day_of_year(year: int, day: int) -> date:
    return date.fromordinal(date(year, 1, 1).toordinal() + day)


def _day(
    race: Race, plan: FieldPlan, runners: _Runners, guns: tuple[int, ...], story: list[str]
) -> tuple[Int64, Int64]:
    """The true instants and speeds of the runners at all points."""
    rng = stream(plan.seed, "day")
    n = plan.runners
    special = np.array(story, dtype=np.str_)
    start = _starts(rng, race, plan, runners, guns, special)
    profile = Profile(race.course.finish.distance_m)
    bend = profile.bend(rng, runners.elite)
    points = race.course.points
    line_us, speed = np.full((len(points), n), MISSING, np.int64), np.zeros((len(points), n), np.int64)
    line_us[0] = start
    crowd = np.rint(1000 * np.clip(2.2 + 0.5 * rng.standard_normal(n), 0.9, 4.0)).astype(np.int64)
    own = np.rint(race.course.finish.distance_m * 1000 / runners.seconds).astype(np.int64)
    speed[0] = np.where(runners.elite, own, np.minimum(own, crowd))
    for row, point in enumerate(points[1:], 1):
        share = profile.share(point.distance_m, bend)
        line_us[row] = start + whole_us(share * runners.seconds)
        noise = np.exp(0.06 * rng.standard_normal(n))
        speed[row] = np.maximum(700, profile.speed_mm_s(point.distance_m, bend, runners.seconds) * noise)
    gone = np.isin(special, ("dns", "declared_dns"))
    stops = np.where(special == "dnf", rng.choice(max(len(points) - 1, 1), n, p=_stop_shares(len(points) - 1)), n)
    away = gone[None, :] | (np.arange(len(points))[:, None] > stops[None, :])
    return np.where(away, MISSING, line_us), np.where(away, 0, speed)


def _stop_shares(points: int) -> Float:
    """After which point those who give up are last seen: most after the last split."""
    shares = np.ones(max(points, 1))
    shares[-1] = 3.0
    normed: Float = shares / shares.sum()
    return normed


def _starts(
    rng: np.random.Generator, race: Race, plan: FieldPlan, runners: _Runners, guns: tuple[int, ...], special: Texts
) -> Int64:
    """When each crosses the start line: in the queue of their wave, or as their story says."""
    n = plan.runners
    start = np.zeros(n, np.int64)
    hoped = np.log(runners.seconds)
    queue = np.where(runners.elite, hoped - 100, hoped + 0.12 * rng.standard_normal(n))
    for wave, gun in enumerate(guns):
        members = np.flatnonzero(runners.wave == wave)
        gaps = rng.exponential(1 / _LINE_FLOW_PER_S, len(members))
        start[members[np.argsort(queue[members], kind="stable")]] = gun + whole_us(0.8 + np.cumsum(gaps))
    own_gun = np.array(guns, np.int64)[runners.wave]
    closed = _closed(race, guns)
    luck = rng.random((3, n))
    late = np.minimum(own_gun + whole_us(60 * (5 + 22 * luck[0])), closed - 20 * SECOND - whole_us(100 * luck[1]))
    start = np.where(special == "late", np.maximum(late, start), start)
    first = main_waves(race)[0]
    early = (special == "early") & (runners.wave > first)
    start = np.where(early, guns[first] + whole_us(10 + 170 * luck[1]), start)
    return np.where(special == "after_close", closed + whole_us(30 + 600 * luck[2]), start)


def _with_others(field: SimField, plan: FieldPlan) -> SimField:
    """The field with those who are there for others: pacers, guides, the lead and sweep vehicles, staff, a test tag."""
    rng = stream(plan.seed, "others")
    race, points = field.race, len(field.race.course.points)
    entrants = list(field.roster.entrants)
    waves, stories = [int(w) for w in field.wave], list(field.story)
    lines, speeds = [], []

    def add(bib: str, role: str, name: str, wave: int, line: Int64, speed: Int64) -> None:
        tag = tag_code(4 * plan.runners + len(entrants), race)
        kind = race.waves[wave].id
        entrants.append(Entrant(bib=Bib(bib), tags=(tag,), last_name=name, first_name=role, role=role, wave=kind))
        waves.append(wave)
        stories.append(role)
        lines.append(line)
        speeds.append(speed)

    profile = Profile(race.course.finish.distance_m)
    shares = np.array([profile.share(p.distance_m, np.ones(1))[0] for p in race.course.points])
    scale = race.course.finish.distance_m / 20_000
    main = main_waves(race).tolist()
    last = main[-1]
    for number, minutes in enumerate((80, 90, 100, 105, 110, 120, 130, 135, 150, 165), 1):
        wave = main[min(len(main) - 1, max(0, (minutes - 80) // 10))]
        begin = field.guns_us[wave] + int(rng.integers(5 * SECOND, 60 * SECOND))
        line = begin + whole_us(shares * (minutes * 60 * scale))
        add(f"P{number}", "pacer", f"MENEUR {minutes} MIN", wave, line, np.full(points, 2_800))
    running = [i for i in range(plan.runners) if field.line_us[-1, i] != MISSING and not entrants[i].elite]
    for number, i in enumerate(running[:: max(1, len(running) // 6)][:6], 1):
        beside = np.where(field.line_us[:, i] == MISSING, MISSING, field.line_us[:, i] + 300_000)
        add(f"G{number}", "guide", f"GUIDE DE {entrants[i].bib}", waves[i], beside, field.speed_mm_s[:, i])
    seen = np.where(field.line_us == MISSING, np.iinfo(np.int64).max, field.line_us)
    first = seen.min(axis=1) if len(field) else np.array([field.guns_us[0]] * points)
    add("V1", "vehicle", "VOITURE DE TÊTE", 0, first - 20 * SECOND, np.full(points, 5_800))
    add("V2", "vehicle", "MOTO PRESSE", 0, first - 6 * SECOND, np.full(points, 5_800))
    sweep = field.line_us.max(axis=1) if len(field) else first
    add("V3", "vehicle", "VOITURE BALAI", last, sweep + 3 * MINUTE, np.full(points, 1_500))
    for wave in sorted(set(range(len(race.waves))) - set(main)):
        for number in range(1, plan.wheelchairs + 1):
            begin = field.guns_us[wave] + whole_us(1 + 2 * rng.random(1))[0]
            taken = whole_us(shares * ((48 + 30 * rng.random()) * 60 * scale))
            name = f"FAUTEUIL {number}"
            add(f"W{wave}{number:02d}", "runner", name, wave, begin + taken, rng.integers(3_500, 8_500, points))
    nowhere = np.full(points, MISSING, np.int64)
    for number in range(1, 7):
        add(f"S{number}", "staff", f"BÉNÉVOLE {number}", 0, nowhere, np.zeros(points, np.int64))
    add("T1", "test", "TEST", 0, nowhere, np.zeros(points, np.int64))
    return replace(
        field,
        roster=Roster(entrants=tuple(entrants)),
        wave=np.array(waves, np.int16),
        line_us=np.concatenate([field.line_us, np.array(lines, np.int64).T], axis=1),
        speed_mm_s=np.concatenate([field.speed_mm_s, np.array(speeds).T.astype(np.int64)], axis=1),
        story=tuple(stories),
    )
