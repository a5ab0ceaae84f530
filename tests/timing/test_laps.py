"""Lap courses and a shared start and finish mat: the minimum lap and the sequence of points decide.

The oracle at the end states section 10 of docs/rules.md once more, one runner at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_race import make_race

from timing.decision_fold import decisions_of
from timing.field import Field
from timing.instants import MINUTE, MISSING, SECOND
from timing.laps import lines_of
from timing.matching import match
from timing.passings import arrange
from timing.race import Course, Mat, MatRole, MomentRule, Point, PointKind, Race, Wave
from timing.reads import Names, ReadClass, Reads, SourceId, Tag
from timing.roster import Bib, Entrant, Roster
from timing.ruled_field import ruled_field
from timing.rulings import Act, SetTime
from timing.times import Closings, Flag, Guns, Status

GUN = make_race().waves[0].planned_gun_us
USED, SAME, EARLY, AFTER = ReadClass.USED, ReadClass.SAME_PASSING, ReadClass.TOO_EARLY, ReadClass.AFTER


def lap_race(
    *, laps: int = 4, lap_minutes: int = 8, lap_km: int = 3, gaps: Sequence[int] = (0,), speeds: Sequence[int] = ()
) -> Race:
    """Laps of 3 km, nobody under 8 minutes; a wave of 100 bibs for each gap (minutes after the first gun)."""
    ids = ("START", *(f"LAP{number}" for number in range(1, laps)), "FINISH")
    mats = tuple(
        Mat(id=f"line-{role.value}", point="START", role=role, source=SourceId(role.value), also=ids[1:])
        for role in MatRole
    )
    kinds = (PointKind.START, *(PointKind.SPLIT,) * (laps - 1), PointKind.FINISH)
    points = tuple(
        Point(
            id=name, kind=kind, name=name, distance_m=number * lap_km * 1000, min_time_us=number * lap_minutes * MINUTE,
            moment=MomentRule.FIRST, mats=mats, min_leg_us=lap_minutes * MINUTE * 4 // 5 if number > 1 else 0,
        )
        for number, (name, kind) in enumerate(zip(ids, kinds, strict=True))
    )  # fmt: skip
    waves = tuple(
        Wave(
            id=str(number),
            name="",
            planned_gun_us=GUN + gap * MINUTE,
            bibs=((number * 100, number * 100 + 99),),
            speed_pct=speeds[number - 1] if speeds else 100,
        )
        for number, gap in enumerate(gaps, start=1)
    )
    return replace(make_race(), course=Course(version="laps", points=points), waves=waves)


@dataclass
class Seen:
    """What came of one runner: minutes after the gun at each point (None: missing), status, flags, classes in order."""

    minutes: list[float | None]
    status: Status
    flags: Flag
    classes: list[ReadClass]
    missed: int


def run(
    race: Race,
    *reads: float | tuple[float, str] | tuple[float, str, str],
    bib: str = "100",
    closings: Closings | None = None,
    acts: Sequence[Act] = (),
) -> Seen:
    """One runner read at so many minutes after the first gun, by the main mat and the first tag unless told."""
    rows = [(one, "main", "T1") if isinstance(one, float | int) else (*one, "T1")[:3] for one in reads]
    tags, roster = Names(), Roster(entrants=(Entrant(bib=Bib(bib), tags=(Tag("T1"), Tag("T2"))),))
    field = ruled_field(Field.of(roster, race, tags), decisions_of(acts), roster, race, tags)
    arranged = arrange(
        Reads.of_moments(
            tag=[tags.code(tag) for _, _, tag in rows],
            mat=[0 if role == "main" else 1 for _, role, _ in rows],
            moment_us=[GUN + round(minutes * MINUTE) for minutes, _, _ in rows],
            rssi=[float("nan")] * len(rows),
        )
    )
    guns = Guns(wave_us=tuple(wave.planned_gun_us for wave in race.waves), planned=(True,) * len(race.waves))
    found = match(arranged.reads, field, race, guns, closings or Closings(finish_us=GUN + 1000 * MINUTE))
    order = np.argsort(arranged.reads.moment_us, kind="stable")
    return Seen(
        minutes=[None if us == MISSING else (us - GUN) / MINUTE for us in found.times.crossing_us[:, 0].tolist()],
        status=Status(int(found.times.status[0])),
        flags=Flag(int(found.times.flags[0])),
        classes=[ReadClass(int(value)) for value in found.classes[order]],
        missed=int(found.times.missed[0]),
    )


def test_f55_one_mat_is_start_laps_and_finish() -> None:
    seen = run(lap_race(), 0.5, 12.5, 24.5, 36.5, 48.5)
    assert seen.minutes == [0.5, 12.5, 24.5, 36.5, 48.5]
    assert seen.status is Status.FINISHED
    assert seen.flags == Flag(0)
    assert seen.classes == [USED] * 5


def test_f55_a_missed_lap_is_missing_and_no_slow_lap_with_an_abandon() -> None:
    seen = run(lap_race(), 0.5, 12.5, 36.5, 48.5)
    assert seen.minutes == [0.5, 12.5, None, 36.5, 48.5]
    assert seen.status is Status.FINISHED
    assert seen.flags == Flag.MISSED_SPLIT
    assert seen.missed == 0b00100


@pytest.mark.parametrize(
    ("reads", "minutes"),
    [
        ((0, 24, 36, 48), [0, None, 24, 36, 48]),
        ((0, 12, 24, 48), [0, 12, 24, None, 48]),
        ((0, 40, 50), [0, None, None, 40, 50]),
        ((0, 36, 48), [0, None, 36, 48, None]),
        ((0, 10, 43), [0, 10, None, None, 43]),
        ((0, 12, 60), [0, 12, None, None, 60]),
        ((0, 12, 70), [0, 12, 70, None, None]),
    ],
)
def test_as_few_laps_are_missing_as_make_the_pace_even(reads: tuple[float, ...], minutes: list[float | None]) -> None:
    assert run(lap_race(), *reads).minutes == minutes


def test_several_laps_missed_in_different_places() -> None:
    seen = run(lap_race(laps=6), 0, 12, 36, 60, 72)
    assert seen.minutes == [0, 12, None, 36, None, 60, 72]


def test_a_stop_after_three_laps_is_an_abandon_and_nothing_is_missing() -> None:
    seen = run(lap_race(), 0.5, 12.5, 25, 38)
    assert seen.minutes == [0.5, 12.5, 25, 38, None]
    assert seen.status is Status.DNF
    assert seen.missed == 0


def test_a_last_lap_that_is_really_slow_is_the_last_lap() -> None:
    seen = run(lap_race(), 0.5, 12.5, 24.5, 36.5, 66.5)
    assert seen.minutes == [0.5, 12.5, 24.5, 36.5, 66.5]
    assert seen.missed == 0


def test_a_slow_lap_under_way_is_one_lap_up_to_1_6_times_the_median() -> None:
    assert run(lap_race(), 0, 10, 26).minutes == [0, 10, 26, None, None]
    assert run(lap_race(), 0, 10, 26.1).minutes == [0, 10, None, 26.1, None]


def test_two_long_legs_alike_are_two_slow_laps() -> None:
    assert run(lap_race(), 0, 24, 48).minutes == [0, 24, 48, None, None]


def test_warm_up_over_the_line_before_the_gun_is_no_start() -> None:
    seen = run(lap_race(), -20, -9, -1, 0.5, 12.5, 24.5, 36.5, 48.5)
    assert seen.minutes == [0.5, 12.5, 24.5, 36.5, 48.5]
    assert seen.classes == [EARLY] * 3 + [USED] * 5


def test_warm_up_between_the_first_gun_and_the_own_is_no_start() -> None:
    race = lap_race(gaps=(0, 20))
    seen = run(race, 1, 10, 20.5, 32.5, 44.5, 56.5, 68.5, bib="200")
    assert seen.minutes == [20.5, 32.5, 44.5, 56.5, 68.5]
    assert seen.classes == [EARLY, EARLY, *[USED] * 5]


def test_the_last_crossing_before_the_first_lap_can_be_over_is_the_start() -> None:
    seen = run(lap_race(), 0.2, 3, 7, 20, 32, 44, 56)
    assert seen.minutes == [7, 20, 32, 44, 56]
    assert seen.classes == [EARLY, EARLY, *[USED] * 5]


def test_who_leaves_before_the_own_gun_starts_then() -> None:
    race = lap_race(gaps=(0, 20))
    seen = run(race, 19.9, 31.9, 43.9, 55.9, 67.9, bib="200")
    assert seen.minutes == [19.9, 31.9, 43.9, 55.9, 67.9]
    assert Flag.BEFORE_OWN_GUN in seen.flags


def test_a_missed_start_read_is_missing_and_the_first_lap_is_a_lap() -> None:
    seen = run(lap_race(), 12, 24, 36, 48)
    assert seen.minutes == [None, 12, 24, 36, 48]
    assert Flag.NO_START_READ in seen.flags


def test_who_starts_late_and_runs_all_laps_started_late() -> None:
    seen = run(lap_race(), 12, 24, 36, 48, 60)
    assert seen.minutes == [12, 24, 36, 48, 60]


def test_who_is_first_seen_after_the_start_was_to_be_over_was_missed_there() -> None:
    assert run(lap_race(), 35).minutes == [35, None, None, None, None]
    assert run(lap_race(), 41).minutes == [None, 41, None, None, None]


def test_on_a_single_loop_somebody_first_seen_after_the_minimum_time_has_finished() -> None:
    race = lap_race(laps=1, lap_minutes=25, lap_km=10)
    assert run(race, 38).minutes == [None, 38]
    assert run(race, 24).minutes == [24, None]


def test_a_start_that_is_closed_takes_nobody() -> None:
    closed = Closings(start_us=GUN + 10 * MINUTE)
    assert run(lap_race(), 12, closings=closed).minutes == [None, 12, None, None, None]


def test_standing_on_the_mat_before_the_gun_is_one_start_when_they_leave() -> None:
    standing = [-3 + second / 60 for second in range(0, 196, 5)]
    assert standing[-1] == 0.25
    seen = run(lap_race(), *standing, 12, 24, 36, 48)
    assert seen.minutes == [0.25, 12, 24, 36, 48]


def test_resting_beside_the_mat_after_a_lap_is_no_lap_however_long() -> None:
    resting = [12 + second / 60 for second in range(0, 600, 15)]
    seen = run(lap_race(), 0, *resting, 34, 46, 58)
    assert seen.minutes == [0, 12, 34, 46, 58]
    assert seen.classes[1] is USED
    assert USED not in seen.classes[2:-3]


def test_a_crossing_sooner_than_a_lap_can_be_is_too_early_for_the_next() -> None:
    seen = run(lap_race(), 0, 12, 13, 19.9, 24, 36, 48)
    assert seen.minutes == [0, 12, 24, 36, 48]
    assert seen.classes == [USED, USED, EARLY, EARLY, USED, USED, USED]


def test_the_minimum_lap_counts_from_the_lap_before_to_the_microsecond() -> None:
    microsecond = 1 / MINUTE
    assert run(lap_race(), 0, 12, 20).minutes == [0, 12, 20, None, None]
    assert run(lap_race(), 0, 12, 20 - microsecond).minutes == [0, 12, None, None, None]


def test_the_second_tag_and_the_backup_mat_make_no_laps() -> None:
    both = [(minutes + shift, role, tag) for minutes in (0, 12, 24, 36, 48) for shift, role, tag in (
        (0, "main", "T1"), (0.01, "main", "T2"), (0.03, "backup", "T1"), (0.04, "backup", "T2"))]  # fmt: skip
    seen = run(lap_race(), *both)
    assert seen.minutes == [0.01, 12, 24, 36, 48], "the last passing of the main mat at the start, then the first"
    assert seen.classes.count(USED) == 5
    assert seen.classes.count(SAME) == 15


def test_a_lap_that_only_the_backup_saw_is_a_lap() -> None:
    seen = run(lap_race(), 0, 12, (24, "backup"), 36, 48)
    assert seen.minutes == [0, 12, 24, 36, 48]
    assert Flag.SPLIT_BACKUP in seen.flags


def test_a_walk_over_the_mat_after_the_finish_changes_nothing() -> None:
    seen = run(lap_race(), 0, 12, 24, 36, 48, 52, 75)
    assert seen.minutes == [0, 12, 24, 36, 48]
    assert seen.classes[-2:] == [AFTER, AFTER]


def test_faster_waves_have_a_shorter_minimum_lap() -> None:
    race = lap_race(gaps=(0, 5), speeds=(200, 100))
    assert run(race, 0, 5, 10, 15, 20).minutes == [0, 5, 10, 15, 20]
    assert run(race, 5, 10, 15, 20, 25, bib="200").minutes[0] == 10, "a runner of the other wave needs 8 minutes"


def test_a_lap_told_by_a_person_takes_its_place_and_the_next_crossing_is_the_next_lap() -> None:
    act = SetTime(bib=Bib("100"), point="LAP2", instant_us=GUN + 24 * MINUTE)
    seen = run(lap_race(), 0, 12, 36, acts=[act])
    assert seen.minutes == [0, 12, 24, 36, None]


def test_reads_at_a_lap_that_a_person_has_told_are_set_aside() -> None:
    act = SetTime(bib=Bib("100"), point="LAP2", instant_us=GUN + 24 * MINUTE + SECOND)
    seen = run(lap_race(), 0, 12, 24, 36, 48, acts=[act])
    assert seen.minutes == [0, 12, 24 + 1 / 60, 36, 48]
    assert seen.classes == [USED, USED, ReadClass.SET_ASIDE, USED, USED]


def test_a_start_told_by_a_person_makes_the_crossings_laps() -> None:
    act = SetTime(bib=Bib("100"), point="START", instant_us=GUN + 30 * SECOND)
    assert run(lap_race(), 12.5, acts=[act]).minutes == [0.5, 12.5, None, None, None]


# ---- the rule once more ----


def expected(race: Race, wave: Wave, moments: list[int]) -> list[int | None]:
    """The crossings of one runner by section 10, from single reads (main mat, one tag) at least 20 s apart."""
    first_gun = min(each.planned_gun_us for each in race.waves)
    own, points = wave.planned_gun_us, race.course.points
    least = [point.min_time_us * 100 // wave.speed_pct for point in points]
    found: list[int | None] = [None] * len(points)
    moments = sorted(moments)
    usable = [m for m in moments if m >= first_gun]
    on_time = [m for m in usable if own <= m < own + least[1]]
    early = [m for m in usable if m < own]
    late = [m for m in usable if m >= own + least[1]]
    base = (
        on_time[0]
        if on_time
        else early[-1]
        if early
        else late[0]
        if late and not start_missing(race, wave, late)
        else None
    )
    limit = (own if base is None else base) + least[1]
    if base is not None:
        found[0] = max(m for m in usable if m < limit)
    rest = [m for m in moments if m >= limit]
    placed = in_turn(rest, found[0] if found[0] is not None else first_gun, race, wave, {})
    if placed and placed[-1][1] < len(points) - 1:
        out = left_out([m for m, _ in placed], found[0] if found[0] is not None else own,
                       found[0] if found[0] is not None else first_gun, race, wave)  # fmt: skip
        if out:
            placed = in_turn(rest, found[0] if found[0] is not None else first_gun, race, wave, out)
    for moment, index in placed:
        found[index] = moment
    return found


def in_turn(moments: list[int], reference: int, race: Race, wave: Wave, out: dict[int, int]) -> list[tuple[int, int]]:
    """(moment, point) of the crossings that count, in turn; `out`: points passed over before a crossing."""
    points = race.course.points
    placed: list[tuple[int, int]] = []
    for moment in moments:
        before, at = (placed[-1][0], placed[-1][1]) if placed else (reference, 0)
        index = at + 1 + out.get(moment, 0)
        if index >= len(points):
            continue
        total = points[index].min_time_us * 100 // wave.speed_pct
        lap = (points[index].min_time_us - points[at].min_time_us) * 100 // wave.speed_pct
        if moment >= reference + total and moment >= before + lap:
            placed.append((moment, index))
    return placed


def left_out(moments: list[int], origin: int, reference: int, race: Race, wave: Wave) -> dict[int, int]:
    points = race.course.points
    pace = []
    before, at = origin, 0
    for index, moment in enumerate(moments, start=1):
        pace.append((moment - before) * 1000 // (points[index].distance_m - points[at].distance_m))
        before, at = moment, index
    spare = len(points) - 1 - len(moments)
    out: dict[int, int] = {}
    before, at = origin, 0
    for number, moment in enumerate(moments):
        others = sorted(pace[:number] + pace[number + 1 :])
        missed = 0
        if others:
            median = others[(len(others) - 1) // 2]
            legs = [(moment - before) * 1000 // (points[at + 1 + n].distance_m - points[at].distance_m)
                    for n in range(spare + 1)]  # fmt: skip
            fits = next((n for n, leg in enumerate(legs) if leg * 10 <= median * 16), 0)
            total = points[at + 1 + fits].min_time_us * 100 // wave.speed_pct
            lap = (points[at + 1 + fits].min_time_us - points[at].min_time_us) * 100 // wave.speed_pct
            possible = moment >= reference + total and (at == 0 or moment >= before + lap)
            if legs[fits] * 16 >= median * 10 and possible:
                missed = fits
        if missed:
            out[moment] = missed
        spare -= missed
        before, at = moment, at + 1 + missed
    return out


def start_missing(race: Race, wave: Wave, late: list[int]) -> bool:
    points = race.course.points
    if late[0] > max(each.planned_gun_us for each in race.waves) + race.start_window_us or len(points) == 2:
        return True
    least = points[1].min_time_us * 100 // wave.speed_pct
    start = max(m for m in late if m < late[0] + least)
    later = in_turn([m for m in late if m >= late[0] + least], start, race, wave, {})
    if later and later[-1][1] == len(points) - 1:
        return False
    placed = in_turn(late, wave.planned_gun_us, race, wave, {})
    pace, before, at = [], wave.planned_gun_us, 0
    for moment, index in placed:
        pace.append((moment - before) * 1000 // (points[index].distance_m - points[at].distance_m))
        before, at = moment, index
    if len(pace) < 2:
        return False
    others = sorted(pace[1:])
    median = others[(len(others) - 1) // 2]
    return pace[0] * 10 <= median * 16 and pace[0] * 16 >= median * 10


@settings(max_examples=400, deadline=None)
@given(
    laps=st.integers(1, 5),
    first=st.integers(-300, 3000),
    between=st.lists(st.one_of(st.integers(30, 500), st.integers(500, 900), st.integers(900, 3000)), max_size=8),
    second_wave=st.booleans(),
    speed=st.sampled_from((100, 150)),
)
def test_every_runner_has_the_crossings_of_the_rule_told_in_plain_words(
    laps: int, first: int, between: list[int], second_wave: bool, speed: int
) -> None:
    race = lap_race(laps=laps, gaps=(0, 20), speeds=(speed, 100))
    moments = [GUN + first * SECOND]
    for gap in between:
        moments.append(moments[-1] + gap * SECOND)
    wave = race.waves[int(second_wave)]
    seen = run(race, *((m - GUN) / MINUTE for m in moments), bib=f"{wave.id}00")
    answer = [None if m is None else (m - GUN) / MINUTE for m in expected(race, wave, moments)]
    assert seen.minutes == answer
    assert len(seen.classes) == len(moments)
    assert seen.classes.count(USED) == sum(value is not None for value in seen.minutes)
    assert set(seen.classes) <= {USED, EARLY, AFTER}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_one_runners_reads_never_move_another_and_matching_some_is_matching_all(seed: int) -> None:
    race = lap_race(gaps=(0, 4))
    random = np.random.default_rng(seed)
    tags = Names()
    entrants = tuple(Entrant(bib=Bib(str(100 + number * 10)), tags=(Tag(f"T{number}"),)) for number in range(12))
    field = Field.of(Roster(entrants=entrants), race, tags)
    who = random.integers(0, len(entrants), 60)
    reads = Reads.of_moments(
        tag=[tags.code(f"T{number}") for number in who],
        mat=random.integers(0, 2, 60).tolist(),
        moment_us=(GUN + random.integers(-10 * 60, 70 * 60, 60) * SECOND).tolist(),
        rssi=[float("nan")] * 60,
    )
    guns = Guns(wave_us=tuple(wave.planned_gun_us for wave in race.waves), planned=(True, True))
    together = match(arrange(reads).reads, field, race, guns, Closings())
    for number in range(len(entrants)):
        alone = match(arrange(reads.take(np.flatnonzero(who == number))).reads, field, race, guns, Closings())
        assert alone.times.crossing_us[:, number].tolist() == together.times.crossing_us[:, number].tolist()
        assert alone.times.flags[number] == together.times.flags[number]


def test_every_read_of_a_lap_course_has_one_class() -> None:
    race = lap_race()
    random = np.random.default_rng(7)
    for _ in range(30):
        moments = sorted(random.uniform(-5, 80, 40).tolist())
        assert set(run(race, *moments).classes) <= {USED, SAME, EARLY, AFTER, ReadClass.STRAY}


def test_a_course_that_never_comes_back_has_no_lines() -> None:
    assert lines_of(make_race().course) == ()
    assert [line.points.tolist() for line in lines_of(lap_race().course)] == [[0, 1, 2, 3, 4]]
