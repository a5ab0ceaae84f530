"""The desk on a running engine: entrants, bibs, tags and files, two desks at once, and after a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from small_race import at
from told_race import runner, small_field

from calanque.engine import Engine, EngineOptions
from calanque.errors import FrontDoorError
from calanque.folder import RaceFolder
from config.roster_file import save_roster
from readers.race_clock import RaceClock
from results.web.control import CommandRefused, command_of
from timing.roster import Roster
from timing.times import Status

NOW_US = at("11:30:00")


@asynccontextmanager
async def running(folder: RaceFolder, roster: Path | None = None) -> AsyncIterator[Engine]:
    options = EngineOptions(clock=RaceClock.fastest(NOW_US), connect={}, roster=roster)
    async with Engine.opened(folder, options) as engine:
        engine.live.start()
        await engine._keep_rules_and_roster()
        try:
            yield engine
        finally:
            engine.live.stop()


@pytest.fixture
def folder(tmp_path: Path) -> RaceFolder:
    """The small field, an unknown tag T77 read at the finish, and bib 9001 ready with its tag."""
    race = small_field()
    race.read("FINISH-MAIN", "T77", "10:30:00")
    return race.folder(tmp_path)


@pytest.fixture
async def engine(folder: RaceFolder) -> AsyncIterator[Engine]:
    async with running(folder) as engine:
        yield engine


async def give(engine: Engine, name: str, **fields: Any) -> dict[str, Any]:
    return await engine.control(command_of(name, json.dumps({"author": "Eva", **fields}).encode()))


async def refused(engine: Engine, name: str, **fields: Any) -> dict[str, str]:
    """What is wrong, by field."""
    with pytest.raises(CommandRefused) as error:
        await give(engine, name, **fields)
    return {fault["field"]: fault["message"] for fault in error.value.faults}


async def find(engine: Engine, text: str) -> list[dict[str, Any]]:
    return list((await engine.control({"command": "find_entrants", "text": text}))["entrants"])


async def version(engine: Engine) -> int:
    return int((await engine.control({"command": "find_entrants", "text": ""}))["version"])


async def status_of(engine: Engine, bib: str) -> Status:
    def status(picture: Any) -> Status:
        return Status(int(picture.times.status[picture.roster.by_bib[bib]]))

    return await asyncio.wrap_future(engine.live.ask(status))


async def test_an_entrant_made_at_the_desk_gets_the_reads_of_the_tag_from_before(engine: Engine) -> None:
    fields = {"last_name": "Marchesi", "first_name": "Zoé", "sex": "F", "birth": "1994"}
    answer = await give(engine, "entrant", create=True, bib="801", fields=fields, tags=["t77"])
    assert answer["entrant"]["tags"] == ["T77"]
    assert await status_of(engine, "801") is Status.FINISHED
    assert [each["bib"] for each in await find(engine, "marchesi z")] == ["801"]


async def test_another_bib_keeps_every_read_and_the_old_bib_is_nobody_s(engine: Engine) -> None:
    answer = await give(engine, "rebib", bib="3", new_bib="9003", seen=await version(engine))
    assert answer["entrant"]["name"] == "Anne NOM3"
    assert await status_of(engine, "9003") is Status.FINISHED
    assert [each["bib"] for each in await find(engine, "3")] == []


async def test_what_was_ruled_on_the_old_bib_is_told(engine: Engine) -> None:
    act = {"act": "declare", "bibs": ["3"], "status": "DNF", "at_us": at("10:00:00")}
    number = (await give(engine, "rule", act=act))["number"]
    (note,) = (await give(engine, "rebib", bib="3", new_bib="9003", seen=await version(engine)))["notes"]
    assert note == {"code": "rulings", "numbers": str(number), "old": "3", "new": "9003"}


async def test_two_desks_at_once_lose_nothing(engine: Engine) -> None:
    """Both saw the same version; each changes another entrant."""
    seen = await version(engine)
    await asyncio.gather(
        give(engine, "entrant", bib="1", fields={"club": "Martigues"}, seen=seen),
        give(engine, "entrant", bib="2", fields={"town": "Cassis"}, seen=seen),
        give(engine, "bind_tag", bib="4", tag="NEW4", seen=seen),
        give(engine, "entrant", create=True, bib="802", fields={"last_name": "Ruiz"}),
    )
    one, two, four = [(await find(engine, bib))[0] for bib in ("1", "2", "4")]
    assert (one["fields"]["club"], two["fields"]["town"], four["tags"]) == ("Martigues", "Cassis", ["T4", "NEW4"])
    assert [each["bib"] for each in await find(engine, "802")] == ["802"]


async def test_the_same_entrant_changed_meanwhile_is_refused_with_who_did(engine: Engine) -> None:
    seen = await version(engine)
    await give(engine, "entrant", bib="1", fields={"club": "Martigues"}, seen=seen, author="Luc")
    assert "by Luc" in (await refused(engine, "entrant", bib="1", fields={"town": "Cassis"}, seen=seen))["seen"]
    assert "no roster" in (await refused(engine, "entrant", bib="1", fields={}, seen=2))["seen"]


async def test_a_tag_that_has_run_changes_hands_by_a_ruling_only(engine: Engine) -> None:
    seen = await version(engine)
    assert "assign_tag" in (await refused(engine, "bind_tag", bib="1", tag="T2", take=True, seen=seen))["tag"]
    assert "assign_tag" in (await refused(engine, "bind_tag", bib="2", tag="T2", bound=False, seen=seen))["tag"]
    assert "taken from them" in (await refused(engine, "bind_tag", bib="1", tag="T2", seen=seen))["tag"]
    act = {"act": "assign_tag", "tag": "T77", "bib": "5"}
    await give(engine, "rule", act=act)
    assert "a ruling says" in (await refused(engine, "bind_tag", bib="1", tag="T77", seen=seen))["tag"]


async def test_fields_that_are_wrong_are_named_and_nothing_is_journalled(engine: Engine) -> None:
    before = engine.journal.last
    faults = await refused(
        engine, "entrant", create=True, bib="803", fields={"last_name": "Ruiz", "sex": "q", "wave": "99"}
    )
    assert set(faults) == {"sex", "wave"}
    assert set(await refused(engine, "entrant", create=True, bib="803", fields={})) == {"last_name"}
    assert set(await refused(engine, "entrant", create=True, bib="1", fields={"last_name": "Ruiz"})) == {"bib"}
    assert engine.journal.last == before


async def test_the_tags_a_mat_heard_last_are_listed_with_whose_they_are(engine: Engine) -> None:
    tags = (await engine.control({"command": "heard_tags", "mat": "FINISH-MAIN"}))["tags"]
    assert [(each["tag"], each["bib"]) for each in tags[:2]] == [("T77", None), ("T2600", "2600")]
    with pytest.raises(CommandRefused, match="FINISH-MAIN"):
        await engine.control({"command": "heard_tags", "mat": "NOWHERE"})


# ---- files ----


def roster_file(path: Path, roster: Roster) -> bytes:
    save_roster(roster, path)
    return path.read_bytes()


async def sent(engine: Engine, content: bytes, *, keep: bool = False) -> dict[str, Any]:
    return await engine.control({"command": "read_roster", "name": "late.csv", "content": content, "keep": keep})


async def test_a_file_is_taken_only_after_its_difference_was_shown(engine: Engine, tmp_path: Path) -> None:
    roster = engine.state.roster
    assert roster is not None
    kept = [e._replace(club="Martigues") if e.bib == "4" else e for e in roster.entrants if e.bib != "3"]
    content = roster_file(tmp_path / "late.csv", Roster(entrants=(*kept, runner(805))))
    shown = await sent(engine, content)
    assert [row["bib"] for row in shown["added"]["rows"]] == ["805"]
    assert [(row["bib"], row["crossed"]) for row in shown["gone"]["rows"]] == [("3", True)]
    assert shown["changed"]["rows"] == [
        {"bib": "4", "crossed": True, "fields": [{"field": "club", "was": "", "becomes": "Martigues"}]}
    ]
    assert shown["effect"]["places_changed"] > 0
    assert len(await find(engine, "805")) == 0, "nothing is taken before it is seen"
    await give(engine, "take_roster", digest=shown["digest"], seen=shown["seen"])
    assert len(await find(engine, "805")) == 1
    assert len(await find(engine, "NOM3")) == 0


async def test_a_file_of_late_entries_leaves_the_others(engine: Engine, tmp_path: Path) -> None:
    content = roster_file(tmp_path / "late.csv", Roster(entrants=(runner(805),)))
    shown = await sent(engine, content, keep=True)
    assert (shown["gone"]["count"], shown["added"]["count"], shown["effect"]["runners_changed"]) == (0, 1, 0)
    await give(engine, "take_roster", digest=shown["digest"], seen=shown["seen"], keep=True)
    assert len(await find(engine, "NOM")) == 8


async def test_a_file_is_not_taken_over_what_was_changed_since_it_was_compared(engine: Engine, tmp_path: Path) -> None:
    shown = await sent(engine, roster_file(tmp_path / "late.csv", Roster(entrants=(runner(805),))), keep=True)
    await give(engine, "entrant", bib="1", fields={"club": "Martigues"}, seen=await version(engine))
    with pytest.raises(FrontDoorError, match="look at it again"):
        await give(engine, "take_roster", digest=shown["digest"], seen=shown["seen"], keep=True)
    with pytest.raises(FrontDoorError, match="send it again"):
        await give(engine, "take_roster", digest="0" * 64, seen=shown["seen"])


async def test_what_is_no_roster_is_refused_by_its_own_name(engine: Engine) -> None:
    with pytest.raises(FrontDoorError, match=r"^late\.csv:1: no header"):
        await sent(engine, b"hello\nworld\n")


# ---- after a restart ----


async def test_a_restart_does_not_undo_what_was_changed_at_the_desk(
    folder: RaceFolder, caplog: pytest.LogCaptureFixture
) -> None:
    file = folder.roster / "v1.csv"
    save_roster(Roster(entrants=(runner(1), runner(2))), file)
    async with running(folder) as engine:
        await give(engine, "entrant", bib="1", fields={"club": "Martigues"}, seen=await version(engine))
    for roster in (None, file):  # as at first, and as a service that always names the file
        async with running(folder, roster) as engine:
            assert (await find(engine, "1"))[0]["fields"]["club"] == "Martigues"
    assert "not taken" not in caplog.text
    save_roster(Roster(entrants=(runner(1), runner(3))), folder.roster / "v2.csv")
    async with running(folder) as engine:
        assert (await find(engine, "1"))[0]["fields"]["club"] == "Martigues"
    assert "v2.csv is not taken" in caplog.text
    async with running(folder, folder.roster / "v2.csv") as engine:
        assert len(await find(engine, "3")) == 1
