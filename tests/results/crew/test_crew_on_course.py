"""Who is still on the course: the most overdue first, counts by leg, abandons with their place, and the table."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
from results_builder import GUN_US, Run, roster_of, run, runner, seconds, small_plan, small_times

from results.crew.on_course import CourseAsked, DueColumns, course_table, on_course
from results.crew.tables import table_csv
from results.eligibility import Eligibility
from results.people import Audience, printed_people
from results.printing import Language
from timing.desk_entries import AbandonBody
from timing.instants import HOUR, MINUTE, MISSING, SECOND
from timing.roster import Bib
from timing.times import Closings

PLAN = small_plan()
ROSTER = roster_of(
    runner(1, last_name="Premier"),
    runner(2, "F", last_name="=SUM(A1)"),
    runner(3, last_name="Troisième", public=False),
    runner(4),
    runner(5, role="staff"),
    runner(6, status="DNF"),
    runner(7),
)
RUNS = {
    "1": run(0, 4000),
    "2": Run(seconds(10), seconds(3000), None),
    "3": Run(seconds(20), None, None),
    "4": Run(seconds(5), seconds(2000), None),
    "5": Run(seconds(5), None, None),
    "6": Run(seconds(5), seconds(2500), None),
}
NONE = -1


def due(**late: int) -> DueColumns:
    """Everybody forecast at the next point; how late by bib, in seconds."""
    at = [MISSING, GUN_US + HOUR, GUN_US + 30 * MINUTE, GUN_US + 50 * MINUTE, MISSING, MISSING, MISSING]
    return DueColumns(
        next_point=np.array([NONE, 2, 1, 2, NONE, NONE, NONE], np.int16),
        at_us=np.array(at, np.int64),
        plus_minus_us=np.full(7, 90 * SECOND, np.int64),
        late_us=np.array([late.get(f"b{n}", 0) * SECOND for n in range(1, 8)], np.int64),
    )


def asked(**changes: Any) -> CourseAsked:
    given: dict[str, Any] = {
        "plan": PLAN,
        "roster": ROSTER,
        "times": small_times(PLAN, ROSTER, RUNS, closings=Closings(start_us=GUN_US + HOUR)),
        "people": printed_people(Eligibility.of(PLAN, ROSTER), Audience.JURY),
    }
    return CourseAsked(**(given | changes))


GONE = AbandonBody(bib=Bib("4"), at_us=GUN_US + 55 * MINUTE, author="Luc", place="km 12", private="cheville")


def test_counts_say_where_everybody_on_the_clock_is() -> None:
    found = json.loads(json.dumps(on_course(asked())))
    counts = {key: found[key] for key in ("entered", "started", "finished", "count", "out", "not_started")}
    assert counts == {"entered": 6, "started": 5, "finished": 1, "count": 3, "out": 1, "not_started": 1}
    assert [(leg["from"], leg["to"], leg["count"]) for leg in found["legs"]] == [
        ("START", "GINESTE", 1),
        ("GINESTE", "FINISH", 2),
    ]


def test_the_most_overdue_come_first_then_whom_a_mat_saw_longest_ago() -> None:
    assert [row["bib"] for row in on_course(asked())["rows"]] == ["3", "4", "2"]
    rows = on_course(asked(due=due(b2=300, b4=700)))["rows"]
    assert [(row["bib"], row["overdue_us"]) for row in rows] == [
        ("4", 700 * SECOND), ("2", 300 * SECOND), ("3", 0),
    ]  # fmt: skip
    assert rows[0]["point_id"] == "GINESTE"
    assert (rows[0]["next_id"], rows[0]["expected_us"]) == ("FINISH", GUN_US + 50 * MINUTE)
    few = on_course(asked(due=due(b2=300)), shown=1)
    assert ([row["bib"] for row in few["rows"]], few["more"], few["overdue"]) == (["2"], 2, 1)


def test_without_a_forecast_nobody_is_called_overdue() -> None:
    found = on_course(asked())
    assert found["overdue"] == 0
    assert {(row["expected_us"], row["overdue_us"]) for row in found["rows"]} == {(None, None)}


def test_an_abandon_that_was_reported_stays_on_the_course_until_it_is_declared() -> None:
    unknown = AbandonBody(bib=Bib("99"), at_us=GUN_US, author="Luc", metres=8_000)
    declared = AbandonBody(bib=Bib("6"), at_us=GUN_US, author="Luc")
    found = on_course(asked(abandons={"4": GONE, "99": unknown, "6": declared}))
    assert (found["count"], found["reported"]) == (3, 1)
    assert [(each["bib"], each["known"], each["declared"]) for each in found["abandons"]] == [
        ("4", True, False),
        ("99", False, False),
        ("6", True, True),
    ]
    assert found["abandons"][0]["private"] == "cheville"
    assert next(row for row in found["rows"] if row["bib"] == "4")["reported"]


def test_the_table_has_everybody_and_no_medical_reason() -> None:
    columns, rows = course_table(asked(due=due(b4=700), abandons={"4": GONE}), Language.FR)
    assert [len(row) for row in rows] == [len(columns)] * 3
    assert dict(zip(columns, rows[0], strict=True)) == {
        "dossard": "4", "nom": "COUREUR 4", "prénom": "Jean", "sexe": "M", "catégorie": rows[0][4],
        "dernier point": "Col de la Gineste", "heure": "09:33:20", "prochain point": "Arrivée", "attendu à": "09:50:00",
        "à ± près": "1'30", "en retard de": "11'40", "abandon signalé": "09:55:00", "lieu": "km 12",
    }  # fmt: skip
    assert rows[1][1] == "TROISIÈME"  # the crew must know whom to look for
    assert "cheville" not in str(rows)
    assert course_table(asked(), Language.EN)[0][0] == "bib"


def test_a_table_is_read_back_as_it_was_and_calculates_nothing() -> None:
    columns, rows = course_table(asked(), Language.EN)
    data = table_csv(columns, rows)
    assert data.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    assert read[0] == list(columns)
    assert [row[0] for row in read[1:]] == ["3", "4", "2"]
    assert read[3][1] == "'=SUM(A1)"


def test_who_is_on_the_clock_may_be_given() -> None:
    nobody = on_course(asked(on_clock=np.zeros(len(ROSTER), np.bool_)))
    assert (nobody["entered"], nobody["count"], nobody["rows"]) == (0, 0, [])


def test_forecast_columns_become_instants_by_point() -> None:
    found = due().at_points(3)
    assert found.shape == (3, 7)
    assert (found[2, 1], found[1, 2], found[2, 3]) == (GUN_US + HOUR, GUN_US + 30 * MINUTE, GUN_US + 50 * MINUTE)
    assert int(np.count_nonzero(found != MISSING)) == 3


def test_a_forecast_of_a_point_that_has_seen_them_since_is_no_more_told() -> None:
    """Bib 2 was seen at the split after the forecast for it was made."""
    stale = due(b2=600)
    stale.next_point[1] = 1
    found = on_course(asked(due=stale))
    row = next(row for row in found["rows"] if row["bib"] == "2")
    assert (row["point_id"], row["next_id"], row["expected_us"], row["overdue_us"]) == ("GINESTE", None, None, 0)
    _, rows = course_table(asked(due=stale), Language.EN)
    cells = next(cells for cells in rows if cells[0] == "2")
    assert cells[7:11] == ["", "", "", ""]
