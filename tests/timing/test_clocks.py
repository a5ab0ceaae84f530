"""What a stamp says by itself: zones, times of day and their dates, the hour that exists twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from small_race import PARIS, at, make_race

from timing.clocks import StampCode, based, moments, sent_as
from timing.instants import DAY, HOUR, MINUTE, MISSING, SECOND, instant_of
from timing.race import Race, Wave
from timing.reads import ClockKind

RACE = make_race()


def wall(text: str, day: str = "2024-10-27") -> int:
    """A wall time as a reader without a zone stamps it."""
    return instant_of(datetime.fromisoformat(f"{day}T{text}+00:00"))


def of_day(text: str) -> int:
    return wall(text, "1970-01-01")


def night_trail() -> Race:
    """From 22:00 to 09:00; the window is from 20:00 to 12:00 on the day after."""
    gun = instant_of(datetime(2025, 6, 20, 22, 0, tzinfo=PARIS))
    return replace(
        make_race(),
        day=date(2025, 6, 20),
        waves=(Wave(id="1", name="all", planned_gun_us=gun),),
        first_instant_us=gun - 2 * HOUR,
        last_instant_us=gun + 14 * HOUR,
    )


def dated(race: Race, text: str, received_us: int | None) -> int:
    received = None if received_us is None else np.array([received_us], np.int64)
    return int(based(np.array([of_day(text)], np.int64), ClockKind.TIME_OF_DAY, race, received).base_us[0])


def test_utc_stamps_are_instants_and_local_stamps_wall_time_of_the_races_zone() -> None:
    stamps = np.array([at("09:00:00")], np.int64)
    assert moments(stamps, ClockKind.UTC, RACE)[0].tolist() == [at("09:00:00")]
    local = np.array([wall("09:00:00")], np.int64)
    assert moments(local, ClockKind.LOCAL, RACE)[0].tolist() == [at("09:00:00")]


def test_stamps_of_the_hour_that_exists_twice_are_held_and_never_guessed() -> None:
    """F04: between 02:00:00 and 02:59:59.999999 wall time on the night of the change."""
    walls = [wall(text) for text in ("01:59:59.999999", "02:00:00", "02:59:59.999999", "03:00:00")]
    for clock, stamps in (
        (ClockKind.LOCAL, walls),
        (ClockKind.TIME_OF_DAY, [stamp % DAY for stamp in walls]),
    ):
        instants, held = moments(np.array(stamps, np.int64), clock, RACE)
        assert held.tolist() == [False, True, True, False]
        assert instants[1] == instant_of(datetime(2024, 10, 27, 0, 0, tzinfo=ZoneInfo("UTC"))), "the earlier one"
    utc = np.array([at("01:59:00") + HOUR], np.int64)
    assert moments(utc, ClockKind.UTC, RACE)[1].tolist() == [False], "a clock on universal time has no such hour"


def test_on_a_day_without_a_change_no_hour_exists_twice() -> None:
    race = night_trail()
    found = based(np.array([wall("02:30:00", "2025-06-21")], np.int64), ClockKind.LOCAL, race)
    assert found.code.tolist() == [StampCode.LOCAL]


def test_f05_time_of_day_over_midnight_gets_the_day_that_is_in_the_race_window() -> None:
    race = night_trail()
    evening, morning = (instant_of(datetime(2025, 6, day, hour, 10, tzinfo=PARIS)) for day, hour in ((20, 23), (21, 8)))
    for received in (None, MISSING, morning):
        assert dated(race, "23:10:00", received) == evening
        assert dated(race, "08:10:00", received) == morning
    assert dated(race, "23:10:00", evening - 30 * SECOND) == evening, "a clock may be a little ahead"


def test_f05_a_passing_never_jumps_a_day_back() -> None:
    race = night_trail()
    first = instant_of(datetime(2025, 6, 20, 22, 0, tzinfo=PARIS))
    truth = [first + minute * MINUTE for minute in range(0, 11 * 60, 7)]
    stamps = np.array([(t + 2 * HOUR) % DAY for t in truth], np.int64)
    received = np.array(truth, np.int64) + 300_000
    assert based(stamps, ClockKind.TIME_OF_DAY, race, received).base_us.tolist() == truth


def test_f05_of_several_days_in_a_long_window_the_latest_that_is_not_after_the_arrival_is_meant() -> None:
    race = replace(night_trail(), last_instant_us=night_trail().last_instant_us + 2 * DAY)
    days = [instant_of(datetime(2025, 6, day, 23, 10, tzinfo=PARIS)) for day in (20, 21, 22)]
    for day in days:
        assert dated(race, "23:10:00", day + 2 * SECOND) == day
        assert dated(race, "23:10:00", day + 10 * HOUR) == day, "sent again after midnight it keeps the evening's date"
    assert dated(race, "23:10:00", days[0] - 2 * HOUR) == days[0], "before all of them: the first"
    assert dated(race, "23:10:00", None) == days[0], "nobody knows when it came: the first after the gun"
    assert dated(race, "21:30:00", None) == days[0] - 100 * MINUTE, "and from an hour before the gun on"


def test_elapsed_stamps_have_no_instant_of_their_own() -> None:
    found = based(np.array([57_600 * SECOND], np.int64), ClockKind.ELAPSED, RACE)
    assert found.base_us.tolist() == [57_600 * SECOND]
    assert moments(found.base_us, ClockKind.ELAPSED, RACE)[1].tolist() == [True]


@pytest.mark.parametrize("clock", list(ClockKind))
def test_no_stamp_at_all_is_no_stamp(clock: ClockKind) -> None:
    instants, held = moments(np.empty(0, np.int64), clock, RACE)
    assert (len(instants), len(held)) == (0, 0)


@pytest.mark.parametrize("text", ["00:10:00", "02:30:00", "09:00:03.25", "22:59:59.999999"])
@pytest.mark.parametrize("clock", ClockKind)
def test_the_stamp_as_sent_is_found_again_from_what_was_made_of_it(clock: ClockKind, text: str) -> None:
    stamp_us = of_day(text) if clock is ClockKind.TIME_OF_DAY else wall(text)
    found = based(np.array([stamp_us]), clock, RACE)
    assert sent_as(int(found.base_us[0]), StampCode(int(found.code[0])), RACE) == (stamp_us, clock)
