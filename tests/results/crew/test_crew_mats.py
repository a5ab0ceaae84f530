"""The crew's line for each mat: counts that grow with the reads, expected against seen, refused reads, the clock."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from crew_race import GUN_US, CrewDay, crew_day

from results.crew.clock_history import ClockHistory, ahead_of_ours
from results.crew.mat_counts import UNCLASSED, MatCounts
from results.crew.mat_history import mat_history
from results.crew.mats import MatsAsked, mat_section
from results.crew.recapture import (
    Basis,
    Cells,
    Tie,
    missed_assumed,
    missed_by_later,
    missed_independent,
    missed_tied,
    share_of,
    tie_of,
)
from results.crew.seen import PointSeen, SeenAt, seen_at_points
from timing.clock_corrections import CorrectClock
from timing.clock_ledger import AS_STAMPED, ClockLedger
from timing.instants import HOUR, MINUTE, MISSING, SECOND
from timing.race import MatRole
from timing.reads import ClockKind, ReadClass, Reads, SourceId


@pytest.fixture(scope="module")
def day() -> CrewDay:
    return crew_day(6_000)


def counted(day: CrewDay, rows: int | None = None) -> MatCounts:
    _, classes = day.matched(rows)
    counts = MatCounts(day.race)
    counts.take(day.reads.take(slice(0, rows)), classes, AS_STAMPED)
    return counts


def asked(day: CrewDay, rows: int | None = None, **more: Any) -> MatsAsked:
    times, classes = day.matched(rows)
    reads = day.reads.take(slice(0, rows))
    counts = MatCounts(day.race)
    counts.take(reads, classes, AS_STAMPED)
    given: dict[str, Any] = {
        "plan": day.plan,
        "roster": day.roster,
        "times": times,
        "reads": reads,
        "classes": classes,
        "counts": counts,
        "owner": day.field.owner,
        "tags": day.tags,
        "sources": (),
        "history": ClockHistory(day.race.zone),
        "now_us": int(reads.moment_us.max()) + 1,
    }
    return MatsAsked(**(given | more))


def test_the_history_of_a_mat_has_every_read_in_its_minute(day: CrewDay) -> None:
    counts, clocks = counted(day), ClockHistory(day.race.zone)
    (number,) = [n for n, mat in enumerate(day.race.course.mats) if mat.id == "FINISH-main"]
    mat, mine = day.race.course.mats[number], day.reads.mat == number
    now_us = int(day.reads.moment_us[mine].max()) + MINUTE
    row = {"id": mat.source, "clock": ClockKind.UTC, "clock_offset_us": 70_000, "clock_round_trip_us": 5_001}
    clocks.note(now_us, [row])
    found = mat_history(counts, clocks, mat, now_us)
    begins = found["from_us"] + MINUTE * np.arange(found["minutes"])
    for each in found["antennas"]:
        moments = day.reads.moment_us[mine & (day.reads.antenna == each["antenna"])]
        assert each["reads"] == [int(((moments >= b) & (moments < b + MINUTE)).sum()) for b in begins]
    assert sum(sum(each["reads"]) for each in found["antennas"]) == int(mine.sum())
    assert begins[0] <= int(day.reads.moment_us[mine].min()) < begins[0] + 2 * MINUTE
    assert found["clock"] == [{"at_us": now_us, "ahead_us": 70_000, "within_us": 2_501}]


def test_a_mat_that_heard_nothing_has_a_short_history_of_nothing(day: CrewDay) -> None:
    counts = MatCounts(day.race)
    found = mat_history(counts, ClockHistory(day.race.zone), day.race.course.mats[0], GUN_US)
    assert (found["minutes"], found["antennas"], found["clock"]) == (10, [], [])


def same_counts(one: MatCounts, other: MatCounts) -> bool:
    mats = range(len(one.race.course.mats))
    end_us = GUN_US + 8 * HOUR
    return (
        (one.class_counts == other.class_counts).all()
        and all(one.per_minute(mat, end_us, 600) == other.per_minute(mat, end_us, 600) for mat in mats)
        and all((one.tags_at(mat) == other.tags_at(mat)).all() for mat in mats)
        and {(c.mat, c.antenna) for c in one.channels} == {(c.mat, c.antenna) for c in other.channels}
    )


def test_counts_kept_by_what_was_added_are_those_of_all_at_once(day: CrewDay) -> None:
    at_once, grown = counted(day), MatCounts(day.race)
    for rows in range(20_000, len(day.reads), 40_000):
        grown.take(day.reads.take(slice(0, rows)), day.matched(rows)[1], AS_STAMPED)
    grown.take(day.reads, day.matched()[1], AS_STAMPED)
    assert same_counts(grown, at_once)
    assert int(grown.class_counts.sum()) == len(day.reads)


def test_reads_that_are_not_matched_yet_have_no_class_and_count_as_read(day: CrewDay) -> None:
    counts = MatCounts(day.race)
    counts.take(day.reads, np.empty(0, np.uint8), AS_STAMPED)
    assert int(counts.class_counts[:, UNCLASSED].sum()) == len(day.reads)
    counts.take(day.reads, day.matched()[1], AS_STAMPED)
    assert same_counts(counts, counted(day))


def test_under_another_ledger_all_reads_are_counted_again_where_they_are_now(day: CrewDay) -> None:
    counts = counted(day)
    ledger = ClockLedger(corrections=(CorrectClock(source=SourceId("start-main"), anchors=((GUN_US, MINUTE),)),))
    moved = replace(day.reads, moment_us=day.reads.moment_us + MINUTE)
    classes = day.matched()[1]
    counts.take(moved, classes, ledger)
    fresh = MatCounts(day.race)
    fresh.take(moved, classes, ledger)
    assert same_counts(counts, fresh)
    assert not same_counts(counts, counted(day))


def test_a_tag_that_lies_at_an_antenna_is_heard_once() -> None:
    race = crew_day(50).race
    moments = GUN_US + np.arange(2_000) * 100_000
    reads = Reads.of_moments(tag=[0] * 2_000, mat=[0] * 2_000, moment_us=moments, antenna=[1] * 2_000)
    counts = MatCounts(race)
    for rows in (500, 501, 2_000):
        counts.take(reads.take(slice(0, rows)), np.empty(0, np.uint8), AS_STAMPED)
    assert int(counts.hearing_bins(0).sum()) == 1
    assert sum(counts.per_minute(0, GUN_US + 10 * MINUTE, 10)) == 2_000


# Expected against seen.


def truly_missed(day: CrewDay, row: int, seen: SeenAt) -> int:
    """Runners who crossed a point with a chip that some mat read that day, and were seen by no mat of the point."""
    n = len(day.roster)
    course = day.race.course
    here, anywhere = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    for point in course.points:
        for role in MatRole:
            found = seen.by_role(point, role)
            assert found is not None
            anywhere |= found[:n]
            if point is course.points[row]:
                here |= found[:n]
    return int(np.count_nonzero((day.day.field.line_us[row] != MISSING) & anywhere & ~here))


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_those_missed_by_both_mats_are_within_the_interval_where_later_mats_tell(seed: int) -> None:
    day = crew_day(20_000, seed=seed)
    seen = SeenAt(counted(day), day.field.owner, len(day.roster))
    start, split, finish = seen_at_points(seen)
    for row, point in enumerate((start, split)):
        assert point.basis is Basis.LATER
        assert point.missed is not None
        assert point.missed.low - 1 <= truly_missed(day, row, seen) <= point.missed.high + 1
    # At the finish nobody comes later: the mats are as tied as at the other points, and not independent.
    assert finish.basis is Basis.TIED
    assert finish.missed is not None
    assert finish.missed.low <= truly_missed(day, 2, seen) <= finish.missed.high
    assert missed_independent(finish.cells).high < truly_missed(day, 2, seen)


def test_in_the_middle_of_a_race_those_missed_so_far_are_estimated_before_they_come_by_later(day: CrewDay) -> None:
    rows = day.rows_until(int(np.median(day.reads.moment_us[day.reads.mat == 2])))
    seen = SeenAt(counted(day, rows), day.field.owner, len(day.roster))
    whole = SeenAt(counted(day), day.field.owner, len(day.roster))
    start = seen_at_points(seen)[0]
    assert start.basis is Basis.LATER
    assert start.missed is not None
    assert start.cells.neither < truly_missed(day, 0, whole)
    assert start.missed.low <= truly_missed(day, 0, whole) <= start.missed.high
    assert start.missed.high - start.missed.low > seen_at_points(whole)[0].missed.high - start.cells.neither  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_before_anybody_was_seen_later_the_interval_holds_what_independence_would_hide(seed: int) -> None:
    day = crew_day(20_000, seed=seed)
    rows = day.rows_until(GUN_US + 30 * MINUTE)
    whole = SeenAt(counted(day), day.field.owner, len(day.roster))
    start = seen_at_points(SeenAt(counted(day, rows), day.field.owner, len(day.roster)))[0]
    assert start.basis is Basis.ASSUMED
    assert start.missed is not None
    assert start.missed.low <= truly_missed(day, 0, whole) * start.cells.seen / 18_700 <= start.missed.high
    assert missed_independent(start.cells).high < truly_missed(day, 0, whole)


def test_the_share_a_mat_sees_is_within_its_interval(day: CrewDay) -> None:
    seen = SeenAt(counted(day), day.field.owner, len(day.roster))
    for point in seen_at_points(seen):
        for role in MatRole:
            share = point.share(role)
            assert share is not None
            assert 0.97 < share.low <= share.value <= share.high < 1


def test_a_point_without_a_backup_and_without_later_mats_tells_no_share() -> None:
    day = crew_day(300)
    points = day.race.course.points
    lone = replace(points[2], mats=points[2].mats[:1])
    race = replace(day.race, course=replace(day.race.course, points=(*points[:2], lone)))
    counts = MatCounts(race)
    keep = day.reads.mat < 5
    reads, classes = day.reads.take(keep), day.matched()[1][keep]
    counts.take(reads, classes, AS_STAMPED)
    finish: PointSeen = seen_at_points(SeenAt(counts, day.field.owner, len(day.roster)))[2]
    assert (finish.missed, finish.basis, finish.main_share, finish.backup_share) == (None, None, None, None)
    assert finish.cells.main_only > 200


def test_the_formulas_give_the_figures_of_a_worked_example() -> None:
    cells = Cells(both=90, main_only=10, backup_only=5)
    assert missed_independent(cells).value == pytest.approx(10 * 5 / 91)
    assert missed_independent(cells).value + cells.seen == pytest.approx((101 * 96) / 91 - 1)
    assert missed_independent(cells).low > 0
    assert missed_independent(Cells(both=100, main_only=0, backup_only=5)).value == 0
    assert 0 < missed_independent(Cells(both=100, main_only=0, backup_only=5)).high < 1
    wilson = share_of(990, 1000)
    assert wilson is not None
    assert (wilson.low, wilson.high) == (pytest.approx(0.98169, abs=1e-5), pytest.approx(0.99456, abs=1e-5))
    assert share_of(0, 0) is None
    assumed = missed_assumed(cells)
    assert assumed.value == pytest.approx(7.5 * 0.1 / 0.9)
    assert assumed.low == missed_independent(cells).low
    assert assumed.high == pytest.approx(5 + 1.959964 * 5**0.5)
    assert missed_assumed(Cells(both=9, main_only=0, backup_only=0)).value == 0
    later = missed_by_later(990, 10, 495)
    assert later.value == pytest.approx(10 + 495 * 10 / 990)
    assert later.low >= 10
    assert missed_by_later(100, 4, 0).high == 4


def test_a_tie_is_the_odds_ratio_of_points_where_it_can_be_told() -> None:
    point = Cells(both=900, main_only=50, backup_only=40, neither=10)
    tie = tie_of([point])
    assert tie is not None
    assert tie.odds == pytest.approx(900 * 10 / (50 * 40))
    assert tie_of([Cells(both=9, main_only=1, backup_only=0)]) is None
    assert tie_of([]) is None
    free = missed_tied(Cells(both=900, main_only=50, backup_only=40), Tie(odds=1.0, log_sd=0.0))
    assert free.value == pytest.approx(50 * 40 / 900.5)


# The lines.


def test_a_section_is_ready_for_json_and_has_every_mat_in_its_point(day: CrewDay) -> None:
    section = json.loads(json.dumps(mat_section(asked(day))))
    assert [[mat["id"] for mat in point["mats"]] for point in section["points"]] == [
        [mat.id for mat in point.mats] for point in day.race.course.points
    ]
    for point in section["points"]:
        for mat in point["mats"]:
            assert mat["reads"] > mat["refused_reads"] >= 0
            assert len(mat["received_hour"]) == len(mat["expected_hour"]) == 60
            assert 5 < mat["reads_per_runner"] < 15


def test_what_is_expected_a_minute_follows_what_is_received_and_goes_on_where_a_mat_is_dead(day: CrewDay) -> None:
    died_us = int(np.median(day.reads.moment_us[day.reads.mat == 5]))
    dead = day.without((day.reads.mat == 4) & (day.reads.moment_us > died_us))
    now_us = died_us + 10 * MINUTE
    rows = dead.rows_until(now_us)
    main, backup = mat_section(asked(dead, rows, now_us=now_us))["points"][2]["mats"]
    assert sum(main["received_hour"][-9:]) == 0
    assert sum(main["expected_hour"][-9:]) > 1_000
    assert sum(backup["expected_hour"]) == pytest.approx(sum(backup["received_hour"]), rel=0.05)
    assert main["per_minute"] == 0
    assert main["share_seen"]["high"] < 0.9


def test_runners_who_are_forecast_are_expected_where_nothing_is_received(day: CrewDay) -> None:
    times, _ = day.matched()
    now_us = int(np.median(times.finish_us[times.finish_us != MISSING]))
    rows = int(np.searchsorted(day.due_us, now_us))
    gone = day.without((day.reads.mat >= 4) & (day.reads.moment_us > now_us - 5 * MINUTE))
    expected = times.crossing_us.copy()
    main = mat_section(asked(gone, min(rows, len(gone.reads)), now_us=now_us, expected_us=expected))["points"][2]
    assert sum(main["mats"][0]["received_hour"][-4:]) == 0
    assert sum(main["mats"][0]["expected_hour"][-4:]) > 500


def test_refused_reads_lead_to_the_runner_and_their_classes_add_up(day: CrewDay) -> None:
    given = asked(day)
    section = mat_section(given)
    refused = [each for point in section["points"] for mat in point["mats"] for each in mat["refused"]]
    refused += section["nowhere"]
    kinds = ("too_early", "after", "unknown_tag", "stray", "clock_held", "set_aside")
    for kind in kinds:
        whole = int(np.count_nonzero(given.classes == ReadClass[kind.upper()]))
        assert sum(each["reads"] for each in refused if each["reason"] == kind) == whole
    unknown = [tag for each in refused if each["reason"] == "unknown_tag" for tag in each["top"]]
    assert unknown
    assert all(tag["bib"] is None for tag in unknown)
    after = [tag for each in refused if each["reason"] == "after" for tag in each["top"]]
    assert after
    for tag in after:
        entrant = day.roster.entrants[day.roster.by_bib[tag["bib"]]]
        assert tag["tag"] in entrant.tags
        assert tag["reads"] > 0


def test_a_mat_that_serves_several_points_is_told_once_and_is_no_later_mat_of_its_own() -> None:
    day = crew_day(300)
    start, split, finish = day.race.course.points
    line = tuple(replace(mat, also=(finish.id,)) for mat in start.mats)
    points = (replace(start, mats=line), split, replace(finish, mats=line))
    plan = replace(day.plan, race=replace(day.race, course=replace(day.race.course, points=points)))
    kept = day.reads.mat < 4
    reads, classes = day.reads.take(kept), day.matched()[1][kept]
    counts = MatCounts(plan.race)
    counts.take(reads, classes, AS_STAMPED)
    seen = SeenAt(counts, day.field.owner, len(day.roster))
    assert [bool(seen.later(point).any()) for point in points] == [True, False, False]
    section = mat_section(replace(asked(day), plan=plan, counts=counts, reads=reads, classes=classes))
    assert [(point["id"], len(point["mats"])) for point in section["points"]] == [("START", 2), ("GINESTE", 2)]


def row(offset_us: int | None, clock: ClockKind = ClockKind.LOCAL, window_us: int = 20_000) -> dict[str, Any]:
    return {
        "id": "finish-main", "link": "up", "clock": clock.value, "clock_offset_us": offset_us,
        "clock_round_trip_us": window_us, "battery_percent": 34.0, "temperature_c": 17.5, "queue": 3,
    }  # fmt: skip


def test_a_reader_is_told_with_what_it_reports_and_none_for_the_rest(day: CrewDay) -> None:
    history = ClockHistory(day.race.zone)
    given = asked(day, sources=[row(HOUR + 70_000)], history=history, lifted={"FINISH-main": GUN_US})
    main, backup = mat_section(given)["points"][2]["mats"]
    reader = main["reader"]
    assert (reader["ahead_us"], reader["ahead_within_us"]) == (70_000, 10_000)
    assert (reader["battery_percent"], reader["temperature_c"], reader["queue"]) == (34.0, 17.5, 3)
    assert reader["battery_minutes"] is None
    assert reader["drift"] is None
    assert main["lifted_us"] == GUN_US
    assert backup["reader"] is None


def test_how_far_a_clock_is_ahead_leaves_out_the_zone_it_keeps(day: CrewDay) -> None:
    zone = day.race.zone
    assert ahead_of_ours(row(HOUR - 5), zone, GUN_US) == -5
    assert ahead_of_ours(row(7, ClockKind.UTC), zone, GUN_US) == 7
    assert ahead_of_ours(row(HOUR - 9 * 24 * HOUR, ClockKind.TIME_OF_DAY), zone, GUN_US) == 0
    assert ahead_of_ours(row(7, ClockKind.ELAPSED), zone, GUN_US) is None
    assert ahead_of_ours(row(None), zone, GUN_US) is None


def test_a_drift_is_told_with_its_error_bar_and_begins_anew_when_the_clock_is_set(day: CrewDay) -> None:
    history = ClockHistory(day.race.zone)
    rng = np.random.default_rng(1)
    for step in range(120):
        ahead_us = 20_000 * step // 120 + int(rng.integers(-10_000, 10_000))  # 20 ms in 20 minutes
        history.note(GUN_US + step * 10 * SECOND, [row(HOUR + ahead_us)])
    drift = history.drift("finish-main")
    assert drift is not None
    assert abs(drift.gains_us - 60_000) < drift.uncertain_us < 15_000
    assert len(history.shown("finish-main")) <= 60
    history.note(GUN_US + 30 * MINUTE, [row(HOUR + 90 * SECOND)])
    assert history.drift("finish-main") is None
    assert history.drift("start-main") is None
