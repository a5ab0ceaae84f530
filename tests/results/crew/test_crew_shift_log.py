"""The shift log: what people and the engine did, in order, with who; and as files."""

from __future__ import annotations

import json
from dataclasses import replace

from crew_race import GUN_US, crew_plan

from results.crew.alarms import AlarmKind, AlarmWatch, Cause, Level
from results.crew.shift_log import ShiftLog, shift_table
from results.crew.tables import table_csv
from results.printing import Language
from timing.desk_entries import AbandonBody, AlarmBody, HandStampBody, MarkBody
from timing.entries import (
    Body,
    ClockBody,
    ClosingBody,
    GunBody,
    NoteBody,
    RosterBody,
    RulingBody,
    new_entry,
)
from timing.instants import HOUR, MINUTE, SECOND
from timing.journal_chain import Entry
from timing.reads import SourceId
from timing.roster import Bib, Entrant, Roster
from timing.rulings import MoveToWave, Role, Withdraw
from timing.state import RaceState

PLAN = crew_plan()
ROSTER = RosterBody(roster=Roster(entrants=(Entrant(bib=Bib("7")),)), file="a.csv", author="engine")
BODIES: list[Body] = [
    ROSTER,
    GunBody(wave="1", instant_us=GUN_US, origin="button", author="Anne"),
    ClockBody(source=SourceId("start-main"), clock_us=1, asked_us=1, round_trip_us=1),
    MarkBody(bib=Bib("7"), mark="said", microphone="1", at_us=GUN_US, author="Paul"),
    HandStampBody(device="tent", number=1, point="FINISH", at_us=GUN_US, author="Luc"),
    AlarmBody(key="k", text="antenne 5 muette", at_us=GUN_US, author="Inès"),
    AbandonBody(bib=Bib("7"), at_us=GUN_US + HOUR, author="Luc", place="km 12", private="cheville"),
    RulingBody(act=MoveToWave(bibs=(Bib("7"),), wave="2"), author="Marc", role=Role.REFEREE),
    ClosingBody(point="start", at_us=GUN_US + HOUR, author="Anne"),
    NoteBody(text="=SUM(A1)", author="@Anne"),
    RulingBody(act=Withdraw(number=8), author="Marc", role=Role.REFEREE),
]


def entries(bodies: list[Body], first: int = 1) -> list[Entry]:
    made = []
    for number, body in enumerate(bodies, first):
        new = new_entry(body, GUN_US + number * MINUTE)
        made.append(
            Entry(
                number=number, kind=new.kind, version=new.version, source=new.source, at_us=new.at_us, body=new.body,
                seal=b"",
            )
        )  # fmt: skip
    return made


def state_of(bodies: list[Body]) -> RaceState:
    state = RaceState(PLAN.race)
    state.apply_all(entries(bodies))
    return state


def test_what_was_decided_is_there_and_what_has_a_page_of_its_own_is_not() -> None:
    log = ShiftLog(PLAN)
    log.take(state_of(BODIES))
    section = json.loads(json.dumps(log.section()))
    assert [row["number"] for row in section["rows"]] == [11, 10, 9, 8, 7, 6, 2, 1]
    newest = section["rows"][3]
    assert (newest["author"], newest["role"]) == ("Marc", "referee")
    assert newest["text"] == {
        "fr": "décision\u00a0: Placer le dossard 7 dans la vague 2",
        "en": "ruling: Move bib 7 to wave 2",
    }
    assert "cheville" not in json.dumps(section, ensure_ascii=False)
    assert len(log.section(shown=2)["rows"]) == 2


def test_taken_entry_by_entry_it_is_the_same() -> None:
    at_once, grown, state = ShiftLog(PLAN), ShiftLog(PLAN), RaceState(PLAN.race)
    for entry in entries([*BODIES, replace(ROSTER, file="b.csv"), NoteBody(text="fin")]):
        state.apply(entry)
        grown.take(state)
    at_once.take(state)
    assert grown.lines() == at_once.lines()
    assert [line.text["en"] for line in grown.lines() if "roster" in line.text["en"]] == [
        "roster taken, 1 entrant, b.csv",
        "roster taken, 1 entrant, a.csv",
    ]


def test_what_was_withdrawn_says_so() -> None:
    state, log = state_of(BODIES), ShiftLog(PLAN)
    log.take(state)
    assert [row["number"] for row in log.section(state.withdrawn)["rows"] if row["withdrawn"]] == [8]
    columns, rows = shift_table(log, PLAN, Language.FR, state.withdrawn)
    assert columns[:4] == ("heure", "qui", "fonction", "quoi")
    assert [row[4] for row in rows if row[5]] == ["8"]


def test_as_files_it_begins_with_the_oldest_and_calculates_nothing() -> None:
    log = ShiftLog(PLAN)
    assert shift_table(log, PLAN, Language.EN)[1] == []
    log.take(state_of(BODIES))
    _, rows = shift_table(log, PLAN, Language.FR)
    assert rows[0][0] == "09:01:00"
    assert rows[0][3] == "liste prise, 1 inscrit, a.csv"
    assert rows[4][1:4] == ["Marc", "juge-arbitre", "décision\u00a0: Placer le dossard 7 dans la vague 2"]
    data = table_csv(*shift_table(log, PLAN, Language.EN)).decode("utf-8-sig")
    assert "'@Anne" in data
    assert ";=" not in data


def test_alarms_and_lost_links_are_noted_when_they_begin_and_when_they_are_over() -> None:
    log, watch = ShiftLog(PLAN), AlarmWatch()
    log.take(state_of(BODIES))
    down = Cause(
        kind=AlarmKind.LINK_DOWN,
        level=Level.ALARM,
        about="finish-main",
        since_us=GUN_US + HOUR,
        facts={"source": "finish-main", "mats": ["FINISH-main"], "covered": True, "error": ""},
    )
    battery = Cause(kind=AlarmKind.BATTERY, level=Level.NOTE, facts={"source": "x", "percent": 34.0, "minutes": None})
    for seconds, causes in ((0, [down, battery]), (1, [down]), (2, []), (3, [down])):
        now_us = GUN_US + HOUR + seconds * SECOND
        log.note(watch.look(causes, now_us, {}), now_us)
    noted = [line for line in reversed(log.lines()) if line.number < 0]
    assert [line.text["fr"] for line in noted] == [
        "ALARME Arrivée principal\u00a0: liaison coupée depuis 10:00:00 (finish-main).",
        "fin\u00a0: Arrivée principal\u00a0: liaison coupée depuis 10:00:00 (finish-main).",
        "ALARME Arrivée principal\u00a0: liaison coupée depuis 10:00:00 (finish-main).",
    ]
    assert len({line.number for line in log.lines()}) == len(log.lines())
