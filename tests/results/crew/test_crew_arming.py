"""The checklist before the gun: each line in order only when something has shown it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from crew_race import GUN_US, crew_plan, crew_race

from config.plan import RacePlan
from results.crew.arming import (
    ArmingAsked,
    Check,
    CheckKind,
    CheckState,
    checklist,
    open_checks,
)
from results.crew.arming_words import check_sentence, check_title
from results.crew.sections import arming_section
from results.printing import Language
from timing.clock_faults import ClockFault, ClockFinding
from timing.entries import GunBody
from timing.instants import HOUR, MINUTE, SECOND, Instant
from timing.race import MatRole
from timing.reads import Names, Reads, SourceId, Tag
from timing.roster import Bib, Entrant, Roster
from timing.state import Recorded

TEST_US = GUN_US - 90 * MINUTE
PLAN = crew_plan()
MATS = PLAN.race.course.mats
TAGS = Names(("TEST", "RUNNER", "NOBODY"))
ROSTER = Roster(
    entrants=(
        Entrant(bib=Bib("T1"), tags=(Tag("TEST"),), role="test"),
        Entrant(bib=Bib("7"), tags=(Tag("RUNNER"),)),
    )
)


def reads_of(*rows: tuple[int, int, int, Instant]) -> Reads:
    """(tag, mat, antenna, instant) of each read."""
    tag, mat, antenna, moment = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Reads.of_moments(tag=list(tag), mat=list(mat), antenna=list(antenna), moment_us=list(moment))


def walked(tag: int = 0, at_us: Instant = TEST_US + MINUTE) -> list[tuple[int, int, int, Instant]]:
    """A tag carried over both antennas of every mat."""
    return [(tag, mat, antenna, at_us + mat) for mat in range(len(MATS)) for antenna in (1, 2)]


def gun(origin: str, at_us: Instant) -> Recorded[GunBody]:
    body = GunBody(wave=None, instant_us=at_us, origin=origin, author="Anne")  # type: ignore[arg-type]
    return Recorded(number=5, at_us=at_us, body=body)


def row(source: str, **changes: Any) -> dict[str, Any]:
    clock = {"clock": "utc", "clock_offset_us": 20_000, "clock_round_trip_us": 50_000}
    return {"id": source, "link": "up", **clock} | changes


def asked(**changes: Any) -> ArmingAsked:
    plan: RacePlan = changes.pop("plan", PLAN)
    changed: dict[str, dict[str, Any]] = changes.pop("rows", {})
    given: dict[str, Any] = {
        "plan": plan,
        "roster": ROSTER,
        "reads": reads_of(*walked()),
        "owner": np.array([0, 1, -1], np.int32),
        "tags": TAGS,
        "sources": [row(mat.source, **changed.get(mat.source, {})) for mat in MATS],
        "connected": {mat.source: "collector" if "gineste" in mat.source else "tcp:box:1" for mat in MATS},
        "guns": [gun("wire", TEST_US + 5 * MINUTE)],
        "first_gun_us": GUN_US,
        "tested_since_us": TEST_US,
        "disk_free": 2**40,
        "power": True,
    }
    return ArmingAsked(**(given | changes))


def check(kind: CheckKind, **changes: Any) -> Check:
    return next(each for each in checklist(asked(**changes)) if each.kind is kind)


def state(kind: CheckKind, **changes: Any) -> CheckState:
    return check(kind, **changes).state


def test_a_race_that_was_tested_has_nothing_open() -> None:
    checks = checklist(asked())
    assert {each.kind for each in checks} == set(CheckKind)
    assert open_checks(checks) == ()
    assert all(each.state is CheckState.OK for each in checks)
    json.dumps([each.values() for each in checks])


def test_before_anything_was_done_everything_is_open_that_must_be_shown() -> None:
    none = asked(
        roster=Roster(entrants=()),
        reads=reads_of(),
        owner=np.empty(0, np.int32),
        sources=[row(m.source, link="down", clock_offset_us=None, clock_round_trip_us=None) for m in MATS],
        guns=(),
        disk_free=None,
        power=None,
    )
    states = {each.kind: each.state for each in checklist(none)}
    assert states[CheckKind.DISK] is states[CheckKind.POWER] is CheckState.NOT_APPLICABLE
    assert states[CheckKind.MEMORIES] is CheckState.OK
    rest = set(CheckKind) - {CheckKind.DISK, CheckKind.POWER, CheckKind.MEMORIES}
    assert {states[kind] for kind in rest} == {CheckState.NOT_YET}


def test_test_tags_that_the_race_would_time_are_found() -> None:
    timed = replace(PLAN, race=replace(PLAN.race, untimed_roles=frozenset({"staff"})))
    assert state(CheckKind.TEST_TAGS, plan=timed) is CheckState.FAILED


def test_every_antenna_must_have_heard_a_test_tag_since_the_test_began() -> None:
    dead = [each for each in walked() if each[1:3] != (4, 2)]
    known = [(1, 4, 2, TEST_US + 2)]  # A runner's chip tells that there is such an antenna, and tests nothing.
    found = check(CheckKind.ANTENNAS, reads=reads_of(*dead, *known))
    assert found.state is CheckState.NOT_YET
    assert [(i["mat"], i["antenna"]) for i in found.items if i["state"] != "ok"] == [("FINISH-main", 2)]
    assert state(CheckKind.ANTENNAS, reads=reads_of(*walked(at_us=TEST_US - HOUR))) is CheckState.NOT_YET
    assert state(CheckKind.ANTENNAS, reads=reads_of(*dead), lifted={"FINISH-main": TEST_US}) is CheckState.OK


def test_an_antenna_of_the_race_file_must_be_heard_although_it_never_was() -> None:
    race = crew_race()
    points = list(race.course.points)
    points[2] = replace(points[2], mats=(replace(points[2].mats[0], antennas=(1, 2, 3)), points[2].mats[1]))
    plan = crew_plan(replace(race, course=replace(race.course, points=tuple(points))))
    found = check(CheckKind.ANTENNAS, plan=plan)
    assert [(i["mat"], i["antenna"]) for i in found.items if i["state"] != "ok"] == [("FINISH-main", 3)]


def test_a_reader_that_names_no_antennas_is_tested_as_a_whole() -> None:
    plain = [(tag, mat, -1, at) for tag, mat, _, at in walked()]
    assert state(CheckKind.ANTENNAS, reads=reads_of(*plain)) is CheckState.OK


def test_a_backup_must_be_linked_and_have_heard_the_test_tag() -> None:
    backup = next(mat for mat in MATS if mat.role is MatRole.BACKUP)
    unheard = [each for each in walked() if MATS[each[1]].id != backup.id]
    assert state(CheckKind.BACKUPS, reads=reads_of(*unheard)) is CheckState.NOT_YET
    assert state(CheckKind.BACKUPS, rows={backup.source: {"link": "down"}}) is CheckState.NOT_YET
    assert state(CheckKind.BACKUPS, rows={backup.source: {"link": "unintelligible"}}) is CheckState.FAILED


def test_far_mats_and_near_readers_are_told_apart() -> None:
    down = {"gineste-main": {"link": "down"}}
    assert state(CheckKind.FAR_MATS, rows=down) is CheckState.NOT_YET
    assert state(CheckKind.LINKS, rows=down) is CheckState.OK
    files = dict.fromkeys((mat.source for mat in MATS), "file")
    assert state(CheckKind.FAR_MATS, connected=files) is CheckState.NOT_APPLICABLE


def test_what_is_left_in_a_memory_is_told_with_whose_it_is() -> None:
    def left(tag: int) -> Check:
        return check(CheckKind.MEMORIES, reads=reads_of(*walked(), (tag, 0, 1, TEST_US - 24 * HOUR)))

    for tag, bibs in ((2, []), (0, []), (1, ["7"])):
        found = left(tag)
        assert found.state is CheckState.OK
        assert (found.items[0]["left_over"], found.items[0]["bibs"]) == (1, bibs)
        assert sum(item["left_over"] for item in found.items) == 1
    assert "7" in check_sentence(left(1), PLAN, Language.FR)
    assert state(CheckKind.MEMORIES, rows={MATS[0].source: {"memory": "running"}}) is CheckState.NOT_YET


def test_reads_whose_hour_nobody_can_tell_are_not_identified() -> None:
    reads = reads_of(*walked(), (1, 0, 1, TEST_US - 24 * HOUR))
    held = replace(reads, held=np.arange(len(reads)) == len(reads) - 1)
    found = check(CheckKind.MEMORIES, reads=held)
    assert found.state is CheckState.NOT_YET
    assert "heure sûre" in check_sentence(found, PLAN, Language.FR)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"clock_offset_us": 900_000}, CheckState.OK),
        ({"clock_offset_us": -3_600_000_000}, CheckState.FAILED),
        ({"clock_offset_us": None}, CheckState.NOT_YET),
        ({"clock_offset_us": 0, "clock_round_trip_us": 5_000_000}, CheckState.NOT_YET),
        ({"clock": "elapsed", "clock_offset_us": 123}, CheckState.OK),
    ],
)
def test_a_clock_is_right_when_it_is_known_to_be(changes: dict[str, Any], expected: CheckState) -> None:
    assert state(CheckKind.CLOCKS, rows={MATS[0].source: changes}) is expected


def test_a_clock_that_evidence_speaks_against_is_not_right() -> None:
    against = ClockFinding(source=SourceId(MATS[0].source), fault=ClockFault.HOURS, offset_us=HOUR)
    assert state(CheckKind.CLOCKS, clocks=(against,)) is CheckState.FAILED


def test_a_gun_is_tested_by_a_signal_and_one_at_the_start_is_no_trial() -> None:
    assert state(CheckKind.GUNS, guns=[gun("hand", TEST_US + 1)]) is CheckState.NOT_YET
    assert state(CheckKind.GUNS, guns=[gun("button", TEST_US + 1)]) is CheckState.OK
    assert state(CheckKind.GUNS, guns=[gun("wire", TEST_US - 1)]) is CheckState.NOT_YET
    late = check(CheckKind.GUNS, guns=[gun("wire", TEST_US + 1), gun("wire", GUN_US + SECOND)])
    assert late.state is CheckState.FAILED
    assert "essai" in check_sentence(late, PLAN, Language.FR)


def test_disk_and_power_are_as_told() -> None:
    assert state(CheckKind.DISK, disk_free=2**30) is CheckState.FAILED
    assert state(CheckKind.POWER, power=False, battery_percent=80.0) is CheckState.OK
    assert state(CheckKind.POWER, power=False) is CheckState.FAILED
    low = {MATS[0].source: {"battery_percent": 20.0, "mains": False}}
    assert state(CheckKind.POWER, power=None, rows=low) is CheckState.FAILED


@pytest.mark.parametrize("language", [Language.FR, Language.EN])
def test_every_check_is_said_in_order_or_not(language: Language) -> None:
    bad = asked(
        reads=reads_of((1, 0, 1, TEST_US - HOUR)),
        rows={mat.source: {"link": "down", "clock_offset_us": HOUR} for mat in MATS},
        guns=[],
        disk_free=2**29,
        power=False,
    )
    for given in (asked(), bad):
        for each in checklist(given):
            assert check_title(each.kind, language)
            sentence = check_sentence(each, PLAN, language)
            assert sentence.endswith("."), sentence
            assert "  " not in sentence
            assert language is Language.EN or (" :" not in sentence and " ;" not in sentence)
    clock = next(each for each in checklist(bad) if each.kind is CheckKind.CLOCKS)
    assert ("avance de 1\u00a0h" if language is Language.FR else "is 1\u00a0h ahead") in check_sentence(
        clock, PLAN, language
    )


def test_the_section_leaves_out_what_does_not_apply() -> None:
    checks = checklist(asked(disk_free=None, guns=[]))
    section = arming_section(checks, PLAN)
    json.dumps(section)
    states = {each["id"]: each["state"] for each in section["checks"]}
    assert set(states) == {str(kind) for kind in CheckKind} - {"disk"}
    assert [key for key, found in states.items() if found == "open"] == list(open_checks(checks)) == ["guns"]
    assert section["checks"][-1]["text"]["fr"].startswith("Alimentation\u00a0: ")
