"""Silent and weak antennas: told within half a minute of traffic, and never where an antenna is well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from crew_race import CrewDay, at_antenna, crew_day

from results.crew.antennas import Antenna, antennas_of
from timing.instants import MINUTE, SECOND, Instant


@pytest.fixture(scope="module")
def day() -> CrewDay:
    return crew_day(5_000)


@pytest.fixture(scope="module")
def full() -> CrewDay:
    """The traffic of the home race."""
    return crew_day(20_000)


def first_silence(
    day: CrewDay, mat: int, *, lifted_us: Instant | None = None, from_us: Instant | None = None
) -> tuple[Instant, Antenna] | None:
    """When an antenna of a mat was first told to be silent, and which."""
    for now_us, counts in day.ticks(5 * SECOND, from_us):
        found = [each for each in antennas_of(counts, mat, now_us, lifted_us) if each.silence is not None]
        if found:
            return now_us, found[0]
    return None


def test_no_antenna_is_called_silent_or_weak_over_a_whole_race_with_parked_tags_and_late_data(day: CrewDay) -> None:
    for now_us, counts in day.ticks(10 * SECOND):
        for mat in range(len(day.race.course.mats)):
            for antenna in antennas_of(counts, mat, now_us):
                assert antenna.silence is None, (now_us, mat, antenna)
                assert not antenna.weak, (now_us, mat, antenna)


def busy_us(day: CrewDay, mat: int) -> Instant:
    """The middle of the minute in which a mat hears most."""
    moment_us = day.reads.moment_us[day.reads.mat == mat]
    minutes, reads = np.unique(moment_us // MINUTE, return_counts=True)
    busiest = minutes[np.argmax(reads)]
    return int(np.median(moment_us[moment_us // MINUTE == busiest]))


@pytest.mark.parametrize("name", ["START-main", "GINESTE-backup", "FINISH-main"])
def test_an_antenna_that_dies_in_traffic_is_told_within_half_a_minute(full: CrewDay, name: str) -> None:
    mat = [each.id for each in full.race.course.mats].index(name)
    died_us = busy_us(full, mat)
    told = first_silence(full.without(at_antenna(full, name, 2, died_us)), mat, from_us=died_us - MINUTE)
    assert told is not None
    now_us, antenna = told
    assert antenna.antenna == 2
    assert antenna.silence is not None
    assert 0 <= now_us - died_us <= 30 * SECOND
    assert died_us - 10 * SECOND <= antenna.silence.since_us < died_us
    assert antenna.silence.expected_reads > 50
    assert not antenna.silence.never


def test_an_antenna_of_the_race_file_that_never_heard_anything_is_told_once_enough_passed(day: CrewDay) -> None:
    race = day.race
    points = list(race.course.points)
    mats = (replace(points[0].mats[0], antennas=(1, 2, 3, 4)), *points[0].mats[1:])
    points[0] = replace(points[0], mats=mats)
    declared = replace(race, course=replace(race.course, points=tuple(points)))
    plan = replace(day.plan, race=declared)
    deaf = replace(day.without(at_antenna(day, "START-main", 3, 0)), day=replace(day.day, plan=plan))
    told = first_silence(deaf, 0)
    assert told is not None
    assert told[1].antenna == 3
    assert told[1].silence is not None
    assert told[1].silence.never
    assert told[1].reads == 0
    # What nobody declared and nothing ever heard cannot be missed.
    undeclared = replace(deaf, day=day.day)
    assert first_silence(undeclared, 0) is None


def test_a_silence_ends_when_the_antenna_hears_again(day: CrewDay) -> None:
    died_us = busy_us(day, 5)
    lost = at_antenna(day, "FINISH-backup", 1, died_us) & (day.reads.moment_us < died_us + 2 * MINUTE)
    silent = [
        now_us
        for now_us, counts in day.without(lost).ticks(5 * SECOND)
        if any(each.silence is not None for each in antennas_of(counts, 5, now_us))
    ]
    assert silent
    assert died_us < silent[0]
    assert silent[-1] <= died_us + 2 * MINUTE + 10 * SECOND


def test_a_mat_that_was_lifted_has_no_silent_antennas(day: CrewDay) -> None:
    died_us = busy_us(day, 4)
    broken = day.without(at_antenna(day, "FINISH-main", 2, died_us))
    assert first_silence(broken, 4, lifted_us=died_us) is None


def test_an_antenna_that_hears_a_tenth_of_its_share_is_weak_and_not_silent(day: CrewDay) -> None:
    weakened_us = busy_us(day, 4)
    rng = np.random.default_rng(3)
    of_tag = rng.random(int(day.reads.tag.max()) + 1) < 0.9
    lost = at_antenna(day, "FINISH-main", 2, weakened_us) & of_tag[day.reads.tag]
    weak = set()
    for now_us, counts in day.without(lost).ticks(MINUTE):
        for antenna in antennas_of(counts, 4, now_us):
            if antenna.weak:
                weak.add(antenna.antenna)
                assert now_us > weakened_us
    assert weak == {2}


def test_shares_add_up_and_are_unknown_before_the_first_read(day: CrewDay) -> None:
    (first_us, counts), *_, (last_us, full) = day.ticks(10 * MINUTE)
    assert antennas_of(counts, 4, first_us) == [] or first_us
    shares = [each.share for each in antennas_of(full, 4, last_us)]
    assert all(share is not None for share in shares)
    assert sum(share for share in shares if share is not None) == pytest.approx(1, abs=1e-3)
