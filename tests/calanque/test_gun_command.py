"""`calanque gun`: what it says where no wave waits, and of a gun that can hardly be one."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from calanque.commands.control import gun_command
from calanque.commands.rule import rule_command
from calanque.engine import Engine, EngineOptions
from calanque.errors import FrontDoorError
from calanque.exit_codes import OK
from calanque.folder import RaceFolder, race_folder
from config.loader import load_race
from readers.race_clock import RaceClock
from timing.entries import NoteBody, new_entry
from timing.instants import DAY, HOUR, MINUTE
from timing.journal import Journal


@pytest.fixture
def folder(tmp_path: Path) -> RaceFolder:
    """A race that has a journal."""
    folder = race_folder("marseille_cassis_2024", tmp_path)
    with Journal.create(folder.journal, race=load_race(folder.path).race.id) as journal:
        journal.append([new_entry(NoteBody(text="begun"), 1)]).result()
    return folder


def _planned_us(folder: RaceFolder) -> dict[str, int]:
    return {wave.id: wave.planned_gun_us for wave in load_race(folder.path).race.waves}


def _press(folder: RaceFolder, wave: str | None = None, at: str | None = None) -> int:
    return gun_command(str(folder.path), wave=wave, author="Anne Roy", at=at)


async def _at(folder: RaceFolder, at_us: int, *waves: str | None) -> None:
    """A gun of each of these waves, into an engine whose clock stands at an instant."""
    nothing = {str(source.id): "file" for source in load_race(folder.path).race.sources}
    options = EngineOptions(clock=RaceClock(at_us, "max", 0), connect=nothing, port=0)
    async with asyncio.timeout(30), Engine.opened(folder, options) as engine:
        running = asyncio.ensure_future(engine.run())
        try:
            while not folder.is_running:  # noqa: ASYNC110  # the engine tells its folder, nobody else
                await asyncio.sleep(0.01)
            for wave in waves:
                assert await asyncio.to_thread(_press, folder, wave) == OK
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


async def test_where_every_wave_has_its_gun_it_says_how_one_gets_another(folder: RaceFolder) -> None:
    planned = _planned_us(folder)
    with pytest.raises(FrontDoorError) as refused:
        await _at(folder, max(planned.values()), *planned, None)
    said = str(refused.value)
    assert "every wave has its gun" in said
    assert f"--wave {' or '.join(planned)}" in said
    assert "the latest that is entered with its hour counts, else the latest press" in said
    assert "None" not in said


async def test_a_gun_nine_days_early_is_taken_and_warned_of_with_what_takes_it_back(
    folder: RaceFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    (wave, planned_us), *_ = _planned_us(folder).items()
    await _at(folder, planned_us - 9 * DAY - 3 * HOUR, None)
    said = capsys.readouterr()
    number = int(said.out.split("journal number ")[1])
    assert f"is 9 days 3 h before the planned gun of wave {wave}" in said.err
    assert "set-clock" in said.err
    told = said.err[said.err.index("`calanque rule withdraw") :].strip("`\n")
    assert told == f"calanque rule withdraw {folder.path} {number} --author 'Anne Roy'"
    act = {"act": "withdraw", "number": number}
    given = {"author": "Anne Roy", "role": "crew", "reason": "", "preview": False, "seen": None}
    assert rule_command(str(folder.path), act=act, **given) == OK  # type: ignore[arg-type]


async def test_a_gun_of_the_day_is_no_matter(folder: RaceFolder, capsys: pytest.CaptureFixture[str]) -> None:
    planned = _planned_us(folder)
    for late_us, warned in ((12 * HOUR, False), (-12 * HOUR, False), (12 * HOUR + MINUTE, True)):
        await _at(folder, next(iter(planned.values())) + late_us, next(iter(planned)))
        assert ("FAR FROM THE PLAN" in capsys.readouterr().err) is warned


def test_an_hour_that_is_entered_without_an_engine_is_warned_of_too(
    folder: RaceFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    wave = next(iter(_planned_us(folder)))
    assert _press(folder, wave, "23:30:00") == OK
    assert "h 30 min after the planned gun" in capsys.readouterr().err
