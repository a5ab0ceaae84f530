"""The crew's alarms: what raises each, what it is told to cost, and how long a line stays."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from crew_race import GUN_US, CrewDay, at_antenna, crew_day

from results.asked import Kind, OpenQuestion, Stake, Weight
from results.crew.alarm_causes import AlarmsAsked, causes
from results.crew.alarm_words import alarm_words
from results.crew.alarms import Alarm, AlarmKind, AlarmWatch, Cause, Level, alarm_key
from results.crew.clock_history import ClockHistory
from results.crew.desk import Taken
from results.crew.mat_counts import MatCounts
from results.crew.mats import MatsAsked, mat_section
from results.crew.sections import alarm_section
from results.printing import Language
from simulators.physics import Physics
from timing.clock_faults import ClockFault, ClockFinding
from timing.clock_ledger import AS_STAMPED
from timing.instants import HOUR, MINUTE, SECOND, Instant
from timing.journal_writer import WriterHealth
from timing.late_data import LateData
from timing.reads import SourceId
from timing.roster import Bib

WELL = WriterHealth(
    waiting_entries=0, waiting_bytes=0, oldest_waiting_us=0, flushes=9, last_flush_us=1000, flushing_us=None,
    failing_us=None, failed_tries=0, outages=0, outage_error="", error=None, stopped=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def day() -> CrewDay:
    return crew_day(6_000)


@pytest.fixture(scope="module")
def middle_us(day: CrewDay) -> Instant:
    """When half of the runners are over the line."""
    return int(np.median(day.reads.moment_us[day.reads.mat == 4]))


def source(name: str, **changes: Any) -> dict[str, Any]:
    return {"id": name, "endpoint": "tcp:box:1", "link": "up", "since_us": GUN_US - HOUR, "clock": "utc"} | changes


def sources(day: CrewDay, **changed: dict[str, Any]) -> list[dict[str, Any]]:
    """All readers well, but for those named (with `_` for `-`)."""
    return [source(each.id, **changed.get(each.id.replace("-", "_"), {})) for each in day.race.sources]


def asked(day: CrewDay, now_us: Instant, *, expect: bool = False, **more: Any) -> AlarmsAsked:
    rows = day.rows_until(now_us)
    times, classes = day.matched(rows)
    reads = day.reads.take(slice(0, rows))
    counts = MatCounts(day.race)
    counts.take(reads, classes, AS_STAMPED)
    true = day.matched()[0].crossing_us
    mats = MatsAsked(
        plan=day.plan,
        roster=day.roster,
        times=times,
        reads=reads,
        classes=classes,
        counts=counts,
        owner=day.field.owner,
        tags=day.tags,
        sources=more.pop("sources", sources(day)),
        history=ClockHistory(day.race.zone),
        now_us=now_us,
        clocks=more.pop("clocks", ()),
        lifted=more.pop("lifted", {}),
        expected_us=more.pop("expected_us", true) if expect else None,
    )
    return AlarmsAsked(mats=mats, section=mat_section(mats), **more)


def found(given: AlarmsAsked) -> dict[tuple[AlarmKind, str], Cause]:
    return {(cause.kind, cause.about): cause for cause in causes(given)}


def test_a_race_that_is_well_has_no_alarm_at_any_time() -> None:
    well = crew_day(6_000, physics=replace(Physics(), late_batches=0))
    for minutes in (-20, -1, 1, 3, 5, 20, 40, 60, 90, 120, 150, 180, 240):
        given = asked(well, GUN_US + minutes * MINUTE, expect=True, journal=WELL, disk_free=2**40)
        assert causes(given) == [], minutes


def test_a_dead_antenna_says_what_it_costs(day: CrewDay, middle_us: Instant) -> None:
    dead = day.without(at_antenna(day, "FINISH-main", 2, middle_us))
    cause = found(asked(dead, middle_us + 3 * MINUTE))[AlarmKind.ANTENNA_SILENT, "FINISH-main/2"]
    assert cause.level is Level.ALARM
    assert cause.facts["others_hear"]
    fetching = asked(dead, middle_us + 3 * MINUTE, sources=sources(day, finish_main={"memory": "running"}))
    assert (AlarmKind.ANTENNA_SILENT, "FINISH-main/2") not in found(fetching)


def silent(day: CrewDay, mats: set[int], since_us: Instant) -> CrewDay:
    return day.without(np.isin(day.reads.mat, list(mats)) & (day.reads.moment_us > since_us))


def test_a_main_mat_that_hears_nobody_while_its_backup_does_is_an_alarm(day: CrewDay, middle_us: Instant) -> None:
    given = found(asked(silent(day, {4}, middle_us), middle_us + 2 * MINUTE))
    assert set(given) == {(AlarmKind.MAT_SILENT, "FINISH-main")}
    cause = given[AlarmKind.MAT_SILENT, "FINISH-main"]
    assert (cause.level, cause.facts["others_hear"], cause.facts["never"]) == (Level.ALARM, True, False)
    assert cause.facts["passed"] >= 20


def test_a_backup_that_hears_nobody_is_a_warning_while_the_main_mat_does(day: CrewDay, middle_us: Instant) -> None:
    given = found(asked(silent(day, {5}, middle_us), middle_us + 2 * MINUTE))
    assert given[AlarmKind.MAT_SILENT, "FINISH-backup"].level is Level.WARNING
    never = found(asked(silent(day, {5}, 0), middle_us))
    assert never[AlarmKind.MAT_SILENT, "FINISH-backup"].facts["never"]


def test_a_point_where_nobody_is_seen_is_told_by_the_forecast_alone(day: CrewDay, middle_us: Instant) -> None:
    dead = silent(day, {4, 5}, middle_us)
    assert found(asked(dead, middle_us + 3 * MINUTE)) == {}
    forecast = day.matched()[0].crossing_us
    given = found(asked(dead, middle_us + 3 * MINUTE, expect=True, expected_us=forecast))
    assert {about for _, about in given} == {"FINISH-main", "FINISH-backup"}
    assert all(cause.level is Level.ALARM for cause in given.values())


def test_a_mat_that_was_lifted_or_is_told_otherwise_is_not_told_as_silent(day: CrewDay, middle_us: Instant) -> None:
    dead, now_us = silent(day, {4}, middle_us), middle_us + 3 * MINUTE
    assert found(asked(dead, now_us, lifted={"FINISH-main": middle_us})) == {}
    down = found(asked(dead, now_us, sources=sources(day, finish_main={"link": "down", "since_us": middle_us})))
    assert set(down) == {(AlarmKind.LINK_DOWN, "finish-main")}
    held = ClockFinding(source=SourceId("finish-main"), fault=ClockFault.HOURS, offset_us=HOUR, holds=True)
    assert {kind for kind, _ in found(asked(dead, now_us, clocks=(held,)))} == {AlarmKind.CLOCK}


def test_a_lost_link_weighs_by_what_stands_in_for_it(day: CrewDay) -> None:
    def level(**changed: dict[str, Any]) -> Level:
        return found(asked(day, GUN_US, sources=sources(day, **changed)))[AlarmKind.LINK_DOWN, "finish-backup"].level

    down = {"link": "down"}
    assert level(finish_backup=down) is Level.WARNING
    assert level(finish_backup=down, finish_main=down) is Level.ALARM
    assert found(asked(day, GUN_US, sources=sources(day, finish_main=down)))[
        AlarmKind.LINK_DOWN, "finish-main"
    ].level is Level.ALARM  # fmt: skip
    # Nobody connects to a source that is read from files, and nobody needs a mat that was lifted.
    assert found(asked(day, GUN_US, sources=sources(day, finish_main={**down, "endpoint": "file"}))) == {}
    lifted = asked(day, GUN_US, sources=sources(day, finish_main=down), lifted={"FINISH-main": GUN_US})
    assert found(lifted) == {}


def test_readers_tell_batteries_gaps_and_what_is_wrong_with_them(day: CrewDay) -> None:
    given = found(
        asked(
            day,
            GUN_US,
            sources=sources(
                day,
                start_main={"battery_percent": 34.0, "battery_minutes": 110},
                start_backup={"battery_percent": 14.0},
                gineste_main={"battery_percent": 5.0, "mains": True},
                gineste_backup={"gap": True, "memory": "running", "warning": "the collector's disk is full"},
                finish_main={"link": "unintelligible"},
                finish_backup={"link": "opened", "since_us": GUN_US - MINUTE},
            ),
        )
    )
    assert {key: cause.level for key, cause in given.items()} == {
        (AlarmKind.BATTERY, "start-main"): Level.NOTE,
        (AlarmKind.BATTERY, "start-backup"): Level.ALARM,
        (AlarmKind.READS_MISSING, "gineste-backup"): Level.WARNING,
        (AlarmKind.READER_SAYS, "gineste-backup"): Level.WARNING,
        (AlarmKind.LINK_UNINTELLIGIBLE, "finish-main"): Level.ALARM,
        (AlarmKind.LINK_MUTE, "finish-backup"): Level.WARNING,
    }


def everything(day: CrewDay, middle_us: Instant) -> AlarmsAsked:
    """A day on which all goes wrong at once."""
    dead = day.without(at_antenna(day, "FINISH-main", 2, middle_us) | (day.reads.mat == 5))
    question = OpenQuestion(kind=Kind.PARKED, bibs=(Bib("7"), Bib("8")), weight=Weight(stake=Stake.PODIUM, place=2))
    late = LateData(point="GINESTE", reads=3_000, first_us=1, last_us=2, begun_us=GUN_US, arrived_us=middle_us)
    clocks = (
        ClockFinding(source=SourceId("gineste-main"), fault=ClockFault.HOURS, offset_us=HOUR, reads=9, holds=True),
        ClockFinding(source=SourceId("start-main"), fault=ClockFault.DRIFT, drift_ppb=20_000),
    )
    given = asked(
        dead, middle_us + 3 * MINUTE,
        sources=sources(
            day, start_main={"battery_percent": 34.0, "battery_minutes": 110}, start_backup={"link": "down"},
            gineste_backup={"gap": True, "memory": "none", "warning": "refuses"}, gineste_main={"link": "opened"},
        ),
        clocks=clocks, late=(late,), questions=(question,), disk_free=2**29, matching_us=SECOND,
        journal=replace(WELL, failing_us=SECOND, error="disk full"), broker={"up": False, "error": "refused"},
        intake=[
            {"kind": "loss", "source": "gineste-main", "text": "3 reads are gone"},
            {"kind": "flapping", "source": "gineste-main", "text": "two collectors?"},
            {"kind": "gap", "source": "gineste-main", "text": "told as missing reads"},
        ],
    )  # fmt: skip
    for line in given.section["points"][0]["mats"]:
        line["unknown_tags"] = 500
    return given


def test_every_kind_is_told_in_both_languages_with_what_it_costs(day: CrewDay, middle_us: Instant) -> None:
    given = everything(day, middle_us)
    others = [
        Cause(
            kind=AlarmKind.ANTENNA_WEAK,
            level=Level.NOTE,
            facts={"mat": "FINISH-main", "antenna": 1, "share": 0.25, "share_now": 0.02},
        ),
        Cause(
            kind=AlarmKind.LINK_UNINTELLIGIBLE,
            level=Level.ALARM,
            facts={"mats": ["START-main"], "source": "a", "error": ""},
        ),
        Cause(kind=AlarmKind.JOURNAL_SLOW, level=Level.WARNING, facts={"waiting": 3, "waiting_us": 4 * SECOND}),
    ]
    alarms = AlarmWatch().look([*causes(given), *others], middle_us, {})
    assert {alarm.cause.kind for alarm in alarms} == set(AlarmKind)
    told = {language: [] for language in (Language.FR, Language.EN)}  # type: dict[Language, list[str]]
    for language, lines in told.items():
        for alarm in alarms:
            words = alarm_words(alarm, day.plan, language, tuple(given.mats.clocks))
            assert words.fact
            assert words.cost or alarm.cause.kind in (AlarmKind.READER_SAYS, AlarmKind.CLOCK)
            lines.append(f"{words.level} {words.fact} {words.cost}")
    assert all(" :" not in line and " ;" not in line for line in told[Language.FR])
    assert not set(told[Language.FR]) & set(told[Language.EN])
    silent_line = next(line for line in told[Language.FR] if "antenne 2 muette depuis" in line)
    assert silent_line.startswith("ALARME Arrivée principal\u00a0: antenne 2 muette depuis")
    assert "attendues, 0 reçue" in silent_line
    assert any("battery 34%, about 1:50:00 left" in line for line in told[Language.EN])


def test_what_the_intake_of_far_mats_tells_is_told_once(day: CrewDay, middle_us: Instant) -> None:
    far = {
        about: cause.level for (kind, about), cause in found(everything(day, middle_us)).items() if kind == "far_mat"
    }
    assert far == {"gineste-main/loss": Level.ALARM, "gineste-main/flapping": Level.WARNING}


def test_lines_are_ready_for_json_and_in_order_of_level_then_age(day: CrewDay, middle_us: Instant) -> None:
    alarms = AlarmWatch().look(causes(everything(day, middle_us)), middle_us, {})
    lines = json.loads(json.dumps([alarm.values() for alarm in alarms]))
    order = [(Level[line["level"].upper()], line["since_us"]) for line in lines]
    assert order == sorted(order)
    assert len({line["key"] for line in lines}) == len(lines)


BATTERY = Cause(kind=AlarmKind.BATTERY, level=Level.NOTE, about="km5")


def one(watch: AlarmWatch, causes: list[Cause], now_us: Instant, taken: dict[str, Taken] | None = None) -> Alarm:
    (alarm,) = watch.look(causes, now_us, taken or {})
    return alarm


def test_a_line_stays_as_long_as_its_cause_and_comes_back_as_another_occurrence() -> None:
    watch = AlarmWatch()
    first = one(watch, [BATTERY], 100)
    taken = {first.key: Taken(author="Inès", at_us=120)}
    lasting = one(watch, [replace(BATTERY, level=Level.ALARM)], 200, taken)
    assert (lasting.key, lasting.since_us, lasting.taken) == (first.key, 100, Taken(author="Inès", at_us=120))
    assert watch.look([], 300, taken) == []
    again = one(watch, [BATTERY], 400, taken)
    assert (again.since_us, again.taken) == (400, None)
    assert again.key != first.key


def test_what_lasts_at_a_restart_is_the_occurrence_that_was_taken() -> None:
    taken = {alarm_key("battery", "km5", 100): Taken(author="Inès", at_us=120)}
    watch = AlarmWatch()
    alarm = one(watch, [BATTERY], 900, taken)
    assert (alarm.since_us, alarm.taken) == (100, Taken(author="Inès", at_us=120))
    watch.look([], 1000, taken)
    assert one(watch, [BATTERY], 1100, taken).taken is None
    other = one(AlarmWatch(), [replace(BATTERY, about="km15", since_us=50)], 900, taken)
    assert (other.since_us, other.taken) == (50, None)


def test_the_section_has_a_line_for_each_alarm_in_both_languages_at_its_point(day: CrewDay, middle_us: Instant) -> None:
    given = everything(day, middle_us)
    alarms = AlarmWatch().look(causes(given), middle_us, {})
    section = json.loads(json.dumps(alarm_section(alarms, day.plan, given.mats.clocks)))
    assert [row["key"] for row in section["rows"]] == [alarm.key for alarm in alarms]
    points = {row["kind"]: row["point"] for row in section["rows"]}
    assert points["antenna_silent"] == "FINISH"
    assert points["late"] == "GINESTE"
    assert points["battery"] == "START"
    assert points["disk"] is None
    assert all(set(row["text"]) == set(row["cost"]) == {"fr", "en"} for row in section["rows"])
