"""The October night: however clocks were set, nobody is published an hour wrong; the proposals put all right."""

from __future__ import annotations

import pytest
from clock_night import PLACES, RACE_DAYS, RIGHT, WAYS, Night, Way, night_race

from timing.clock_faults import ClockFault
from timing.instants import HOUR, MINUTE
from timing.reads import ClockKind

CASES = [(year, way, place) for year in RACE_DAYS for way in WAYS for place in PLACES]


def name_of(value: object) -> str:
    return value.name if isinstance(value, Way) else str(value)


def night(year: int, way: Way, place: str) -> Night:
    return Night(night_race(year), dict.fromkeys(PLACES[place], way))


def offset_us(way: Way) -> int:
    return {"UTC, taken for local": HOUR, "by hand on Saturday": -HOUR, "fixed UTC+2, time of day": -HOUR}.get(
        way.name, 0
    )


@pytest.mark.parametrize(("year", "way", "place"), CASES, ids=name_of)
def test_f04_with_arrivals_nobody_is_an_hour_wrong_at_any_time_and_the_proposals_put_all_right(
    year: int, way: Way, place: str
) -> None:
    race = night(year, way, place)
    batches = race.batches()
    for first in range(0, len(batches), 40):
        race.take(batches[first : first + 40])
        assert all(abs(error) < MINUTE for _, error in race.wrong()), f"after {first + 40} batches"
    wrong_sources = {f"{point.lower()}-{role}" for point in PLACES[place] for role in ("main", "backup")}
    if way.clock is ClockKind.ELAPSED:
        assert {(f.source, f.fault) for f in race.findings} == {(s, ClockFault.NO_ZERO) for s in wrong_sources}
        assert race.held() == wrong_sources
    elif offset_us(way):
        assert {(f.source, f.fault, f.offset_us) for f in race.findings} == {
            (source, ClockFault.HOURS, offset_us(way)) for source in wrong_sources
        }
        assert race.held() == wrong_sources
    else:
        assert race.findings == ()
    race.accept_all()
    assert race.nets() == race.net_us
    assert race.findings == ()


TOLD_WITHOUT_ARRIVALS = [case for case in CASES if case[1].clock is not ClockKind.ELAPSED]


@pytest.mark.parametrize(("year", "way", "place"), TOLD_WITHOUT_ARRIVALS, ids=name_of)
def test_f04_without_arrivals_the_guns_and_the_order_of_mats_tell_whole_hours(year: int, way: Way, place: str) -> None:
    race = night(year, way, place)
    race.take(race.batches(arrivals=False))
    assert all(abs(error) < MINUTE for _, error in race.wrong())
    race.accept_all()
    assert race.nets() == race.net_us
    assert race.findings == ()


def test_right_clocks_are_never_suspected_while_reads_come_in() -> None:
    race = night(2024, RIGHT, "all")
    for batch in race.batches():
        race.take([batch])
        assert race.findings == ()
