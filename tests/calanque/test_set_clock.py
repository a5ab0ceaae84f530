"""`calanque set-clock` beside a race: refused once it has a gun, noted in its journal before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calanque.commands import set_clock
from calanque.commands.set_clock import set_clock_command
from calanque.engine import Engine, EngineOptions
from calanque.errors import FrontDoorError
from calanque.exit_codes import DIFFERENT, OK
from calanque.folder import RaceFolder, race_folder
from config.loader import load_race
from readers.clock_setting import ClockSet
from readers.errors import ClockNotSet
from readers.events import ClockSeen
from readers.race_clock import RaceClock
from results.web.control import command_of
from timing.entries import Body, GunBody, NoteBody, RulingBody, decode, new_entry
from timing.instants import HOUR, MINUTE, SECOND
from timing.journal import Journal
from timing.rulings import Role, Withdraw

SEEN = ClockSeen(stamp_us=5, asked_us=0, received_us=20_000)
REACHED: list[str] = []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RaceFolder:
    """A race folder, and a reader that obeys."""

    async def done(*_: object) -> ClockSet:
        REACHED.append("reader")
        return ClockSet(before=SEEN, after=SEEN, was_off_us=3 * SECOND, is_off_us=REST[0])

    REACHED.clear()
    REST[0] = -12_000
    monkeypatch.setattr(set_clock, "set_clock", done)
    return race_folder("marseille_cassis_2024", tmp_path)


REST = [0]


def journalled(folder: RaceFolder, *bodies: Body) -> None:
    with Journal.create(folder.journal, race=load_race(folder.path).race.id) as journal:
        journal.append([new_entry(body, 1) for body in bodies]).result()


def given(folder: RaceFolder) -> int:
    return set_clock_command("tcp:127.0.0.1:1", protocol="ipico", author="Anne", race=str(folder.path))


def test_it_is_noted_with_its_author_and_what_it_was(folder: RaceFolder, capsys: pytest.CaptureFixture[str]) -> None:
    journalled(folder, NoteBody(text="begun"))
    assert given(folder) == OK
    with Journal.open(folder.journal, read_only=True) as journal:
        note = decode([*journal.entries()][-1])
    assert isinstance(note, NoteBody)
    assert note.author == "Anne"
    assert "tcp:127.0.0.1:1 (ipico) set: it was 3.000 s ahead and is 0.012 s behind" in note.text
    assert "journal number 2" in capsys.readouterr().out
    REST[0] = 2 * SECOND
    assert given(folder) == DIFFERENT


async def test_a_running_engine_takes_the_note(folder: RaceFolder) -> None:
    async with Engine.opened(folder, EngineOptions(clock=RaceClock.real(), connect={})) as engine:
        body = b'{"text": "clock of finish-main set", "author": "Anne"}'
        answer = await engine.control(command_of("note", body))
        assert answer == {"number": engine.journal.last}
    with Journal.open(folder.journal, read_only=True) as journal:
        assert decode([*journal.entries()][-1]) == NoteBody(text="clock of finish-main set", author="Anne")


def test_a_race_with_a_gun_refuses_before_the_reader_is_reached(folder: RaceFolder) -> None:
    journalled(folder, GunBody(wave="1", instant_us=5, origin="button", author="Anne"))
    with pytest.raises(FrontDoorError, match="has a gun"):
        given(folder)
    assert REACHED == []


def test_a_gun_that_was_taken_back_is_no_gun(folder: RaceFolder) -> None:
    taken_back = RulingBody(act=Withdraw(number=1), author="Luc", role=Role.REFEREE, reason="a rehearsal")
    journalled(folder, GunBody(wave="1", instant_us=5, origin="button", author="Anne"), taken_back)
    assert given(folder) == OK


def test_while_the_race_may_be_on_it_is_refused_without_any_gun(
    folder: RaceFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_us = min(wave.planned_gun_us for wave in load_race(folder.path).race.waves)
    now_us = [first_us + MINUTE]
    monkeypatch.setattr(RaceClock, "real", classmethod(lambda cls: cls.fastest(now_us[0])))
    with pytest.raises(FrontDoorError, match="may be on"):
        given(folder)
    assert REACHED == []
    now_us[0] = first_us - MINUTE
    assert given(folder) == OK


def test_the_evening_before_summer_time_ends_it_warns_of_the_hour(
    folder: RaceFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first_us = min(wave.planned_gun_us for wave in load_race(folder.path).race.waves)
    monkeypatch.setattr(RaceClock, "real", classmethod(lambda cls: cls.fastest(first_us - 14 * HOUR)))
    assert given(folder) == OK
    said = capsys.readouterr()
    assert "clocks change before this race" in said.err
    assert "3600.000 s ahead then" in said.err
    assert "noted nowhere" in said.err


def test_what_cannot_be_set_says_so_before_anything_is_opened() -> None:
    with pytest.raises(ClockNotSet, match="maker's program"):
        set_clock_command("tcp:127.0.0.1:1", protocol=unsettable(), author="Anne", race="marseille_cassis_2024")


def unsettable() -> str:
    from readers.clock_setting import ClockSetter
    from readers.protocol import protocol_names

    for name in protocol_names():
        try:
            ClockSetter.of(name)
        except ClockNotSet:
            return name
    pytest.skip("every kind can be set")


def test_the_file_of_a_race_that_was_never_run_is_enough_for_its_zone(
    folder: RaceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "eve.toml"
    file.write_text((folder.path / "race.toml").read_text(encoding="utf-8"), encoding="utf-8")
    assert set_clock_command("tcp:127.0.0.1:1", protocol="ipico", author="Anne", race=str(file)) == OK
    said = capsys.readouterr()
    assert "noted nowhere" in said.err


def test_what_a_reader_refused_is_told_with_what_was_not_done(
    folder: RaceFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def refusing(*_: object) -> ClockSet:
        refused = "the decoder refused: SETTIME;OPERATIONMODE"
        return ClockSet(before=SEEN, after=SEEN, was_off_us=HOUR, is_off_us=HOUR, refused=refused)

    monkeypatch.setattr(set_clock, "set_clock", refusing)
    assert given(folder) == DIFFERENT
    assert "NOT RIGHT" in (said := capsys.readouterr().out)
    assert "SETTIME;OPERATIONMODE" in said


def test_somebody_must_say_so(folder: RaceFolder) -> None:
    with pytest.raises(FrontDoorError, match="who says so"):
        set_clock_command("tcp:127.0.0.1:1", protocol="ipico", author=" ", race=str(folder.path))
    assert REACHED == []


def test_a_reader_of_a_running_engine_is_left_alone(folder: RaceFolder) -> None:
    source = load_race(folder.path).race.sources[0]
    with folder.hold("a test"), pytest.raises(FrontDoorError, match=r"runs and talks with .*: end it first"):
        set_clock_command(source.connect, protocol="ipico", author="Anne", race=str(folder.path))
    assert REACHED == []


async def test_an_engine_tells_which_readers_it_talks_with(folder: RaceFolder) -> None:
    """Also those that its command line names, which the race file does not know."""
    source = load_race(folder.path).race.sources[0]
    connect = {each.id: "file" for each in load_race(folder.path).race.sources} | {source.id: "tcp:127.0.0.1:9"}
    async with Engine.opened(folder, EngineOptions(clock=RaceClock.real(), connect=connect, port=0)) as engine:
        running = asyncio.create_task(engine.run())
        while not folder.is_running:  # noqa: ASYNC110 - it is told in a file
            await asyncio.sleep(0.01)
        with pytest.raises(FrontDoorError, match="runs and talks with tcp:127"):
            set_clock_command("tcp:127.0.0.1:9", protocol="ipico", author="Anne", race=str(folder.path))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert REACHED == []
