"""What announcers do goes through a running engine into the journal, to both microphones, and over a restart."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from calanque.engine import Engine, EngineOptions
from calanque.errors import FrontDoorError
from calanque.folder import RaceFolder, race_folder
from config.loader import load_race
from readers.race_clock import RaceClock
from timing.entries import RosterBody, new_entry
from timing.instants import HOUR
from timing.journal import Journal
from timing.roster import Bib, Entrant, Roster, Sex
from timing.state import RaceState


@pytest.fixture
def folder(tmp_path: Path) -> RaceFolder:
    """A race with three entrants, one of them withheld."""
    folder = race_folder("marseille_cassis_2024", tmp_path)
    people = [
        Entrant(bib=Bib("7"), first_name="Maëlle", last_name="Garcin", sex=Sex.F, club="AC Garlaban", say="ma-ELLE"),
        Entrant(bib=Bib("12"), first_name="Ilyès", last_name="Benhamouda", sex=Sex.M, town="Cassis"),
        Entrant(bib=Bib("13"), first_name="Jean", last_name="Introuvable", sex=Sex.M, public=False),
    ]
    with Journal.create(folder.journal, race=load_race(folder.path).race.id) as journal:
        journal.append([new_entry(RosterBody(roster=Roster(entrants=tuple(people))), 1)]).result()
    return folder


@contextlib.asynccontextmanager
async def running(folder: RaceFolder) -> AsyncIterator[Engine]:
    plan = load_race(folder.path)
    nothing = {str(source.id): "file" for source in plan.race.sources}
    begin_us = plan.race.waves[0].planned_gun_us + HOUR
    options = EngineOptions(clock=RaceClock(begin_us, "max", 0), connect=nothing, port=0)
    async with asyncio.timeout(30), Engine.opened(folder, options) as engine:
        task = asyncio.ensure_future(engine.run())
        try:
            while not folder.is_running:  # noqa: ASYNC110  # the engine tells its folder, nobody else
                await asyncio.sleep(0.01)
            yield engine
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def shown(engine: Engine, holds: Any) -> dict[str, Any]:
    """The first speaker's view that holds something."""
    while True:
        view = engine.hubs.speaker.latest
        if view is not None and holds(view.board):
            return dict(view.board)
        await asyncio.sleep(0.01)


def a_mark(bib: str, mark: str) -> dict[str, Any]:
    return {
        "command": "mark", "bib": bib, "mark": mark, "microphone": "2", "author": "Samir", "at_us": None,
    }  # fmt: skip


def favourites(by: str, *values: str) -> dict[str, Any]:
    return {"command": "favourites", "by": by, "values": list(values), "on": True, "author": "Samir"}


async def test_marks_favourites_and_pace_are_the_same_after_a_restart(folder: RaceFolder) -> None:
    async with running(folder) as engine:
        await engine.control(a_mark("7", "said"))
        answer = await engine.control(favourites("bib", "12", "99"))
        assert (answer["taken"], answer["unknown"]) == (1, ["99"])
        await engine.control(favourites("club", "ac garlaban"))
        await engine.control({"command": "pace", "author": "Samir", "name_ms": 3000, "step_ms": None})
        before = await shown(engine, lambda board: board["pace"]["name_ms"] == 3000)
    assert before["microphones"] == {"2": "Samir"}
    assert before["favourites"]["entrants"] == 2
    async with running(folder) as engine:
        after = await shown(engine, lambda board: True)
        assert engine.live.failed is None
    for section in ("favourites", "pace", "microphones", "marks"):
        assert after[section] == before[section]
    with Journal.open(folder.journal, race="marseille_cassis_2024") as journal:
        state = RaceState(load_race(folder.path).race)
        state.apply_all(journal.entries())
    assert len(state.desk) == 4


async def test_a_command_that_cannot_be_taken_leaves_the_journal_as_it_was(folder: RaceFolder) -> None:
    async with running(folder) as engine:
        number = engine.journal.last
        for wrong, said in (
            (a_mark("99", "said"), "nobody has bib 99"),
            (favourites("town", "Nulle Part"), "nobody in the roster has this town: Nulle Part"),
            ({"command": "pace", "author": "A", "name_ms": None, "step_ms": None}, "a pace needs name_ms or step_ms"),
        ):
            with pytest.raises(FrontDoorError, match=said):
                await engine.control(wrong)
        assert engine.journal.last == number


async def test_the_look_up_of_a_running_engine_names_nobody_who_is_withheld(folder: RaceFolder) -> None:
    async with running(folder) as engine:
        await shown(engine, lambda board: True)
        assert engine.cards.card("13") == {"bib": "", "withheld": True}
        assert [row[0] for row in engine.cards.names()] == ["7", "12"]
        card = engine.cards.card("7")
        assert card is not None
        assert (card["say"], card["status"]) == ("ma-ELLE", "ENTERED")
