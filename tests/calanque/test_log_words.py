"""What the engine's log says of what was decided or happened: one line each, when the journal has it."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from small_race import at

from calanque.engine import Engine, EngineOptions
from calanque.folder import race_folder
from calanque.log_words import journalled_words
from calanque.sources import SourceSink
from config.loader import load_race
from readers.events import GunSeen, MemoryState
from readers.health import Link, SourceHealth
from readers.race_clock import RaceClock
from timing.clock_corrections import CorrectClock
from timing.clock_ledger import AS_STAMPED, ClockLedger, Hold
from timing.desk_entries import (
    AbandonBody,
    AlarmBody,
    ArmedBody,
    FavouritesBody,
    HandBibBody,
    HandStampBody,
    MarkBody,
    MatBody,
    PaceBody,
    PassingOrderBody,
)
from timing.entries import (
    Body,
    ClockBody,
    ClosingBody,
    DecodedReads,
    GunBody,
    HostStepBody,
    LossBody,
    NoteBody,
    PostingBody,
    PublicationBody,
    RosterBody,
    RulesBody,
    RulingBody,
    SightingBody,
)
from timing.instants import HOUR, MILLISECOND
from timing.reads import ClockKind, SourceId
from timing.roster import Bib, Entrant, Roster, Sex
from timing.rulings import MoveToWave, Role, Withdraw

PLAN = load_race("marseille_cassis_2024")
START = SourceId("start-main")
GUN_US = at("9:00:00") + 350 * MILLISECOND
HEARD = GunBody(
    wave=None, instant_us=GUN_US, origin="wire", source=START, stamp_us=GUN_US + HOUR, clock=ClockKind.LOCAL
)  # fmt: skip
ANNE = Entrant(bib=Bib("712"), last_name="NOM", first_name="Anne", sex=Sex.F)


def said(body: Body, ledger: ClockLedger = AS_STAMPED) -> str:
    return journalled_words(12, body, PLAN, ledger, at("9:00:01"))


SAID: list[tuple[Body, str]] = [
    (
        GunBody(wave="1", instant_us=GUN_US, origin="button", author="Anne"),
        "gun of wave 1 at 09:00:00.350, pressed, by Anne",
    ),
    (
        GunBody(wave="2", instant_us=GUN_US, origin="hand", author="Anne"),
        "gun of wave 2 at 09:00:00.350, entered, by Anne",
    ),
    (HEARD, "gun on the wire of start-main at 09:00:00.350, near the plan of wave 1"),
    (
        RosterBody(roster=Roster(entrants=(ANNE,)), file="roster/a.csv", author="engine"),
        "roster taken, 1 entrant, roster/a.csv, by engine",
    ),
    (RulesBody(text="", file="races/x/race.toml"), "race file taken, races/x/race.toml"),
    (ClosingBody(point="start", at_us=at("9:40:00"), author="Anne"), "start closed at 09:40:00.000, by Anne"),
    (ClosingBody(point="finish", at_us=None, author="Anne"), "finish open again, by Anne"),
    (PublicationBody(number=3, at_us=1, through=11, author="Anne"), "publication 3 of all through number 11, by Anne"),
    (
        RulingBody(act=MoveToWave(bibs=(Bib("712"),), wave="2"), author="Marc", role=Role.REFEREE, reason="told\nby"),
        "ruling: Move bib 712 to wave 2 (told by), by Marc, referee",
    ),
    (
        RulingBody(act=Withdraw(number=9), author="Marc", role=Role.CREW),
        "ruling: Withdraw act 9, by Marc, crew",
    ),
    (
        PostingBody(list_id="all", state="posted", at_us=1, author="Marc", role=Role.CREW, depth=10),
        "list all posted, the first 10, by Marc, crew",
    ),
    (
        PostingBody(list_id="all", state="reopened", at_us=1, author="Marc", role=Role.JURY, reason="protest"),
        "list all reopened (protest), by Marc, jury",
    ),
    (
        SightingBody(point="FINISH", at_us=at("10:05:00"), author="Marc", bib=Bib("712"), text="red cap"),
        "bib 712 seen at “Finish” at 10:05:00.000: red cap, by Marc",
    ),
    (
        SightingBody(point="FINISH", at_us=at("10:05:00"), author="Marc"),
        "somebody without a bib seen at “Finish” at 10:05:00.000, by Marc",
    ),
    (
        MarkBody(bib=Bib("712"), mark="said", microphone="2", at_us=1, author="Anne"),
        "bib 712 said, microphone 2, by Anne",
    ),
    (
        FavouritesBody(by="town", values=("Cassis", "Aubagne"), on=True, at_us=1, author="Anne"),
        "towns not to be missed: Cassis and Aubagne, by Anne",
    ),
    (PaceBody(name_ms=2500, at_us=1, author="Anne"), "one name every 2.5 s, by Anne"),
    (
        PassingOrderBody(metres=15500, bibs=(Bib("4"), Bib("2")), at_us=at("09:45:10"), author="Anne"),
        "order of passing at km 15.5 at 09:45:10: 4 and 2, by Anne",
    ),
    (
        AlarmBody(key="antenna:3", text="antenna 3 silent", at_us=1, author="Anne"),
        "alarm taken: antenna 3 silent, by Anne",
    ),
    (
        ArmedBody(armed=True, at_us=at("08:55:00"), author="Anne", open_checks=("power",)),
        "race armed at 08:55:00, in spite of: power, by Anne",
    ),
    (
        MatBody(mat="gineste", laid=False, at_us=at("13:00:00"), author="Anne"),
        "mat gineste lifted at 13:00:00, by Anne",
    ),
    (
        AbandonBody(bib=Bib("712"), place="Carpiagne", private="ankle", at_us=at("10:05:00"), author="Anne"),
        "abandon of bib 712 reported at 10:05:00 (Carpiagne), by Anne",
    ),
    (
        HandStampBody(device="tent", number=3, point="FINISH", at_us=at("10:05:00") + 400_000, author="Anne"),
        "hand stamp tent 3, Finish, 10:05:00.400, by Anne",
    ),
    (
        HandBibBody(device="tent", number=3, bib=Bib("712"), at_us=1, author="Marc"),
        "hand stamp tent 3: bib 712, by Marc",
    ),
    (NoteBody(text="clock of\nstart-main set\x1b[2J", author="Anne"), "note: clock of start-main set [2J, by Anne"),
    (
        LossBody(source=SourceId("gineste"), store="s1", ranges=((3, 5), (9, 9))),
        "gineste: 4 records lost for good, its collector's store s1 has let go of them",
    ),
]


@pytest.mark.parametrize(("body", "words"), SAID)
def test_each_decision_and_event_has_its_words(body: Body, words: str) -> None:
    assert said(body) == f"{words}; journal number 12"


def test_every_kind_has_words_but_those_that_are_told_elsewhere() -> None:
    told = {type(body) for body, _ in SAID}
    assert told | {ClockBody, HostStepBody, DecodedReads} == set(get_args(Body))


def test_a_gun_stamped_by_a_clock_that_is_held_waits_for_a_decision() -> None:
    held = ClockLedger(holds=(Hold(source=START),))
    assert said(HEARD, held) == (
        "gun on the wire of start-main, stamped 2024-10-27 09:00:00.350, counts for no wave: this reader's clock "
        "cannot be trusted; it waits for a decision about that clock (`calanque clocks`); journal number 12"
    )
    other = ClockLedger(holds=(Hold(source=SourceId("finish-main")),))
    assert "waits" not in said(HEARD, other)


@pytest.mark.parametrize(
    ("clock", "stamp_us", "words"),
    [
        (ClockKind.UTC, 350 * MILLISECOND, "stamped 1970-01-01 01:00:00.350, counts for no wave: outside the hours"),
        (ClockKind.ELAPSED, HOUR, "stamped 1:00:00.000 after its zero, counts for no wave: the clock counts from"),
        (ClockKind.UTC, 2**60, f"stamped {2**60} µs, counts for no wave: outside the hours"),
    ],
)
def test_a_stamp_that_is_no_hour_of_the_race_is_told_as_it_is(clock: ClockKind, stamp_us: int, words: str) -> None:
    assert words in said(replace(HEARD, clock=clock, stamp_us=stamp_us))


def test_a_gun_is_told_at_the_hour_that_a_correction_gives_it() -> None:
    late = ClockLedger(corrections=(CorrectClock(source=START, anchors=((GUN_US, HOUR),)),))
    assert "at 10:00:00.350, near the plan of no wave, it counts for none" in said(HEARD, late)


async def test_a_running_engine_logs_what_it_journals_and_nothing_of_reads(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = race_folder("marseille_cassis_2024", tmp_path)
    caplog.set_level(logging.INFO)
    async with Engine.opened(folder, EngineOptions(clock=RaceClock.fastest(GUN_US), connect={})) as engine:
        engine.live.start()
        try:
            await engine.control({"command": "gun", "wave": "1", "at_us": None, "author": "Anne"})
            await engine.control({"command": "close", "point": "start", "at_us": at("9:40:00"), "author": "Anne"})
            await engine.control({"command": "note", "text": "dry", "author": "Anne"})
            sink = SourceSink(engine.recorder, engine.board, engine.state, PLAN.race)
            await sink.gun(START, GunSeen(stamp_us=GUN_US + HOUR, received_us=GUN_US, clock=ClockKind.LOCAL))
            await sink.gun(START, GunSeen(stamp_us=GUN_US + HOUR, received_us=GUN_US, clock=ClockKind.LOCAL))
        finally:
            engine.live.stop()
    assert [(r.levelname, r.message) for r in caplog.records if r.name == "calanque.engine"] == [
        ("INFO", "gun of wave 1 at 09:00:00.350, pressed, by Anne; journal number 1"),
        ("INFO", "start closed at 09:40:00.000, by Anne; journal number 2"),
        ("INFO", "note: dry, by Anne; journal number 3"),
        ("INFO", "gun on the wire of start-main at 09:00:00.350, near the plan of wave 1; journal number 4"),
    ]


async def test_a_running_engine_says_that_a_gun_waits_for_the_clock_it_was_stamped_by(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = race_folder("marseille_cassis_2024", tmp_path)
    caplog.set_level(logging.INFO)
    async with Engine.opened(folder, EngineOptions(clock=RaceClock.fastest(GUN_US), connect={})) as engine:
        engine.state.set_ledger(ClockLedger(holds=(Hold(source=START),)))
        sink = SourceSink(engine.recorder, engine.board, engine.state, PLAN.race)
        await sink.gun(START, GunSeen(stamp_us=GUN_US + HOUR, received_us=GUN_US, clock=ClockKind.LOCAL))
    assert "it waits for a decision about that clock (`calanque clocks`); journal number 1" in caplog.text


async def test_what_cannot_be_said_is_done_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> str:
        raise OverflowError

    monkeypatch.setattr("calanque.engine.journalled_words", stumble)
    folder = race_folder("marseille_cassis_2024", tmp_path)
    async with Engine.opened(folder, EngineOptions(clock=RaceClock.fastest(GUN_US), connect={})) as engine:
        assert await engine.control({"command": "note", "text": "dry", "author": "Anne"}) == {"number": 1}
    assert "number 1 of the journal cannot be said" in caplog.text


async def test_links_memories_and_gaps_are_logged_as_they_change(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = race_folder("marseille_cassis_2024", tmp_path)
    caplog.set_level(logging.INFO)
    opened = SourceHealth(source=START, link=Link.OPENED, gap=True)
    begun = replace(opened, link=Link.UP, memory=MemoryState.ASKED, memory_total=120)
    running = replace(begun, memory=MemoryState.RUNNING, memory_done=40)
    failed = replace(running, memory=MemoryState.FAILED)
    done = replace(failed, memory=MemoryState.DONE, memory_done=120, gap=False)
    async with Engine.opened(folder, EngineOptions(clock=RaceClock.fastest(GUN_US), connect={})) as engine:
        for health in (opened, begun, running, replace(running, memory_done=80), failed, running, done, done):
            engine.board.note(health)
    assert [(r.levelname, r.message) for r in caplog.records if r.name == "calanque.sources"] == [
        ("INFO", "start-main: link opened"),
        ("INFO", "start-main: gap opened, reads may be missing"),
        ("INFO", "start-main: link up"),
        ("INFO", "start-main: memory fetch begun"),
        ("WARNING", "start-main: memory fetch failed, 40 of 120: tried again"),
        ("INFO", "start-main: memory fetch begun"),
        ("INFO", "start-main: memory fetch done, 120 of 120"),
        ("INFO", "start-main: gap closed, what its memory holds has come"),
    ]
