"""The board as data: what the public may know of a race at one moment."""

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from moving_race import WITHHELD_NAME, MovingRace, moving_race

from results.field_on_course import STEP_M, field_on_course
from results.views import ARRIVALS, LEADERS, board_view
from results.web.control import COMMANDS
from timing.instants import MINUTE, MISSING, SECOND
from timing.reads import ReadClass
from timing.times import Status, Times

BUSY = 100


def board_of(race: MovingRace, times: Times, now_us: int, **changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "sources": [], "read_counts": {}, "publication": None, "race_now_us": now_us, "lag_us": 0, "number": 1,
    }  # fmt: skip
    return board_view(race.plan, race.roster, times, race.rankings(times), **(told | changes))


def at(race: MovingRace, minutes: float) -> int:
    return race.first_gun_us + int(minutes * MINUTE)


def test_the_board_is_ready_for_json_and_carries_its_number(race: MovingRace) -> None:
    board = race.board(at(race, BUSY), number=17)
    assert json.loads(json.dumps(board, allow_nan=False))["number"] == 17


def test_before_the_gun_the_race_is_armed_and_nothing_is_known(race: MovingRace) -> None:
    board = race.board(at(race, -5), number=1)
    assert board["phase"]["name"] == "armed"
    assert board["phase"]["first_gun_planned"] is True
    assert board["counts"]["entered"] == len(race.roster)
    assert board["counts"]["started"] == 0
    assert board["arrivals"] == []
    assert board["flow"] == {"first_minute": None, "per_minute": [], "last_minute": 0, "expected": []}
    assert [section["rows"] for section in board["leaders"]] == [[], []]
    assert [point["newest_us"] for point in board["points"]] == [None, None, None]
    assert board["field"]["head_m"] is None


def test_a_gun_that_was_only_planned_does_not_start_the_race(race: MovingRace) -> None:
    times = race.times(at(race, -5), guns_known=False)
    assert board_of(race, times, at(race, 1))["phase"]["name"] == "armed"


def test_runners_seen_start_the_race_even_without_a_gun(race: MovingRace) -> None:
    times = race.times(at(race, 10), guns_known=False)
    board = board_of(race, times, at(race, 10))
    assert (board["phase"]["name"], board["phase"]["first_gun_planned"]) == ("running", True)


def test_last_arrivals_are_the_newest_at_the_line_first(race: MovingRace) -> None:
    now = at(race, BUSY)
    board = race.board(now, number=1)
    finishes = race.times(now).finish_us
    newest = sorted(finishes[finishes != MISSING].tolist(), reverse=True)[:ARRIVALS]
    assert [row["at_us"] for row in board["arrivals"]] == newest


def test_leaders_are_the_top_of_the_lists_by_sex(race: MovingRace) -> None:
    now = at(race, BUSY)
    board, rankings = race.board(now, number=1), race.rankings(race.times(now))
    by_id = {"F": "F", "M": "M"}
    for section in board["leaders"]:
        ranked = next(r for r in rankings.lists if r.rule.main == "sex" and r.scope == by_id[section["scope"]])
        assert section["point"] == "FINISH"
        assert [row["place"] for row in section["rows"]] == ranked.places[:LEADERS].tolist()
        assert [row["bib"] for row in section["rows"] if not row["withheld"]] == [
            race.roster.entrants[i].bib for i in ranked.entrants[:LEADERS].tolist() if race.roster.entrants[i].public
        ]
        times = [row["time_s"] for row in section["rows"]]
        assert times == sorted(times)


def test_until_somebody_of_a_list_has_finished_it_shows_the_furthest_split(race: MovingRace) -> None:
    board = race.board(at(race, 45), number=1)
    for section in board["leaders"]:
        assert section["point"] == "GINESTE"
        assert all(row["official_s"] is None for row in section["rows"])
        assert all(row["place"] is None for row in section["rows"])
        times = [row["time_s"] for row in section["rows"]]
        assert times
        assert times == sorted(times)


def test_official_and_real_times_are_printed_seconds_rounded_up(race: MovingRace) -> None:
    times = race.times(at(race, BUSY))
    row = race.board(at(race, BUSY), number=1)["arrivals"][0]
    index = int(np.argmax(times.finish_us))
    assert row["official_s"] == -(-int(times.gun_time_us[index]) // SECOND)
    assert row["real_s"] == -(-int(times.net_time_us[index]) // SECOND)


def test_without_a_start_read_the_real_time_is_unknown_and_said_so(race: MovingRace) -> None:
    now = at(race, BUSY)
    truth = race.truth_us.copy()
    last = int(np.argmax(np.where(truth[2] <= now, truth[2], MISSING)))
    truth[0, last] = MISSING
    row = replace(race, truth_us=truth).board(now, number=1)["arrivals"][0]
    assert (row["bib"], row["real_s"], row["start_read"]) == (race.roster.entrants[last].bib, None, False)


def test_a_tie_is_marked_on_both_rows_and_the_next_place_is_skipped(race: MovingRace) -> None:
    now = at(race, BUSY)
    truth = race.truth_us.copy()
    finished = np.where(truth[2] <= now, truth[2], MISSING)
    first, second = np.argsort(finished)[:-3:-1].tolist()
    wave = race.wave.copy()
    wave[second] = wave[first]
    truth[2, second] = truth[2, first]
    rows = replace(race, truth_us=truth, wave=wave).board(now, number=1)["arrivals"]
    assert rows[0]["place"] == rows[1]["place"]
    assert rows[0]["shared"]
    assert rows[1]["shared"]


def test_a_withheld_runner_keeps_place_and_time_and_loses_name_club_and_nation(race: MovingRace) -> None:
    withheld = [n for n, entrant in enumerate(race.roster.entrants) if not entrant.public]
    board = race.board(int(race.truth_us[2][withheld].max()), number=1)
    row = board["arrivals"][0]
    assert row["withheld"]
    assert row["place"] is not None
    assert row["official_s"] is not None
    assert (row["first"], row["last"], row["from"]) == ("", "", "")
    assert WITHHELD_NAME.upper() not in json.dumps(board).upper()


def test_who_is_not_announced_is_not_among_the_arrivals_and_who_is_not_timed_is_not_counted() -> None:
    race = moving_race(300)
    now = at(race, 130)
    newest = race.board(now, number=1)["arrivals"][0]["bib"]
    entrants = tuple(
        e._replace(role="pacer" if e.bib == newest else "vehicle" if e.bib == "1" else e.role)
        for e in race.roster.entrants
    )
    changed = replace(race, roster=replace(race.roster, entrants=entrants))
    board = changed.board(now, number=1)
    assert newest not in [row["bib"] for row in board["arrivals"]]
    assert board["counts"]["entered"] == 299


def test_every_entrant_on_the_clock_has_one_status(race: MovingRace) -> None:
    for minutes, closed in ((-5, False), (30, False), (BUSY, False), (300, True)):
        counts = race.board(at(race, minutes), number=1, closed=closed)["counts"]
        assert sum(counts["statuses"].values()) == counts["entered"] == len(race.roster)
        assert set(counts["statuses"]) == {status.name for status in Status}


def test_points_count_who_was_seen_and_who_was_missed(race: MovingRace) -> None:
    now = at(race, BUSY)
    times = race.times(now)
    for row, point in enumerate(race.board(now, number=1)["points"]):
        assert point["seen"] == int((times.crossing_us[row] != MISSING).sum())
        assert point["missed"] == int(((times.missed >> row) & 1).sum())
        assert point["newest_us"] == int(times.crossing_us[row].max())


def test_arrivals_per_minute_add_up_to_the_finishers_of_the_minutes_that_are_over(race: MovingRace) -> None:
    now = at(race, BUSY + 0.5)
    times = race.times(now)
    flow = race.board(now, number=1)["flow"]
    over = times.finish_us[(times.finish_us != MISSING) & (times.finish_us < at(race, BUSY))]
    assert sum(flow["per_minute"]) == len(over)
    assert flow["first_minute"] + len(flow["per_minute"]) == BUSY
    assert flow["last_minute"] == int((times.finish_us > now - MINUTE).sum())


def test_the_public_is_not_told_addresses_of_sources(race: MovingRace) -> None:
    sources = race.board(at(race, BUSY), number=1)["sources"]
    assert all(set(s) == {"id", "link", "since_us", "newest_us", "reads", "points"} for s in sources)
    assert "/dev/" not in json.dumps(sources)
    assert {point for source in sources for point in source["points"]} == {"START", "GINESTE", "FINISH"}


def test_the_clock_tells_hour_lag_and_rate(race: MovingRace) -> None:
    now = at(race, BUSY)
    clock = race.board(now, number=1, lag_us=12_900_000, rate=60.0)["clock"]
    assert clock == {"race_now_us": now, "rate": 60.0, "lag_s": 12, "utc_offset_s": 3600}


def test_reads_and_publication_are_passed_on(race: MovingRace) -> None:
    publication = {"number": 3, "at_us": 5, "path": "/secret/place"}
    board = race.board(at(race, BUSY), number=1, publication=publication, read_counts={ReadClass.STRAY: 7})
    assert board["publication"] == {"number": 3, "at_us": 5}
    assert board["reads"]["stray"] == 7
    assert set(board["reads"]) == {kind.name.lower() for kind in ReadClass}


@pytest.mark.parametrize("minutes", [1, 10, 45, 75, 100, 140, 240])
def test_the_field_on_the_course_is_never_more_than_who_is_running(race: MovingRace, minutes: int) -> None:
    times = race.times(at(race, minutes))
    running = times.status == Status.STARTED
    field = field_on_course(race.plan.race.course, times, running, at(race, minutes))
    assert len(field.counts) == 20_000 // STEP_M
    assert 0 <= sum(field.counts) <= int(running.sum())


def test_who_was_not_seen_at_a_point_is_not_drawn_beyond_it(race: MovingRace) -> None:
    now = at(race, 60)
    times = race.times(now)
    before_col = (times.status == Status.STARTED) & (times.crossing_us[1] == MISSING)
    field = field_on_course(race.plan.race.course, times, before_col, now)
    assert sum(field.counts) > 0
    assert sum(field.counts[10_000 // STEP_M :]) == 0


def test_a_race_of_nobody_has_a_board() -> None:
    race = moving_race(0)
    board = race.board(at(race, BUSY), number=1)
    assert board["counts"]["entered"] == 0
    assert board["leaders"] == []


@pytest.mark.slow
def test_a_board_of_twenty_thousand_costs_less_than_ten_milliseconds() -> None:
    """Best of several, for other work shares the machine; the frame of the roster is made once and not counted."""
    race = moving_race(20_000)
    now = at(race, 130)
    times = race.times(now)
    rankings = race.rankings(times)
    told: dict[str, Any] = {"sources": [], "read_counts": {}, "publication": None, "race_now_us": now, "lag_us": 0}
    board_view(race.plan, race.roster, times, rankings, number=1, **told)
    took = []
    for number in range(2, 12):
        began = time.perf_counter()
        board_view(race.plan, race.roster, times, rankings, number=number, **told)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.010


def test_the_page_of_documentation_names_every_section_of_the_view_and_every_command(race: MovingRace) -> None:
    text = (Path(__file__).parents[2] / "docs" / "live_page.md").read_text(encoding="utf-8")
    board = race.board(at(race, BUSY), number=1)
    named = set(re.findall(r"`([a-z_]+)`", text))
    assert set(board) - {"number"} <= named
    assert set(board["arrivals"][0]) <= named
    for section in ("race", "clock", "phase", "counts", "flow", "field"):
        assert set(board[section]) <= named, section
    assert set(COMMANDS) <= named
