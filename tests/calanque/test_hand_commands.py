"""Hand times handed in to a running engine: delivered again, in part bad, and what questions follow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from small_race import at
from told_race import small_field

from calanque.engine import Engine, EngineOptions
from calanque.explaining import asked_of
from readers.race_clock import RaceClock
from results.asked import Kind
from results.questions import open_questions
from results.web.control import command_of
from timing.desk_entries import HandBibBody, HandStampBody


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """The small field, of whom bib 9 was read nowhere beyond the start."""
    race = small_field()
    folder = race.folder(tmp_path)
    async with Engine.opened(folder, EngineOptions(clock=RaceClock.fastest(at("11:30:00")), connect={})) as engine:
        engine.live.start()
        yield engine
        engine.live.stop()


async def given(engine: Engine, name: str, **fields: Any) -> dict[str, Any]:
    return await engine.control(command_of(name, json.dumps({"author": "Eva", **fields}).encode()))


def pressed(number: int, clock: str, **more: Any) -> dict[str, Any]:
    return {"number": number, "point": "FINISH", "at_us": at(clock), "error_us": 9_000, **more}


async def journalled(engine: Engine, kind: type) -> int:
    """How many such entries the race has, all that is durable taken in."""
    count = engine.live.consult(lambda _: sum(isinstance(each.body, kind) for each in engine.state.desk))
    return await asyncio.wrap_future(count)


async def test_a_delivery_that_comes_again_is_known_and_journalled_once(engine: Engine) -> None:
    two = [pressed(1, "10:20:00"), pressed(2, "10:20:01")]
    first = await given(engine, "hand_stamp", device="K7QF", stamps=two)
    assert (first["taken"], first["known"], first["refused"]) == ([1, 2], [], [])
    again = await given(engine, "hand_stamp", device="K7QF", stamps=[*two, pressed(3, "10:20:02")])
    assert (again["taken"], again["known"]) == ([3], [1, 2])
    assert await journalled(engine, HandStampBody) == 3


async def test_the_same_delivery_at_once_from_two_pages_is_journalled_once(engine: Engine) -> None:
    many = [pressed(n, "10:20:00") for n in range(1, 51)]
    await asyncio.gather(*(given(engine, "hand_stamp", device="A", stamps=many) for _ in range(5)))
    assert await journalled(engine, HandStampBody) == 50


async def test_a_number_used_twice_is_refused_and_the_others_are_taken(engine: Engine) -> None:
    await given(engine, "hand_stamp", device="A", stamps=[pressed(1, "10:20:00")])
    mixed = [pressed(1, "10:25:00"), pressed(2, "10:25:01"), pressed(3, "10:25:02", point="NOWHERE")]
    answer = await given(engine, "hand_stamp", device="A", stamps=mixed)
    assert answer["taken"] == [2]
    assert [(each["number"], each["conflict"]) for each in answer["refused"]] == [(1, True), (3, False)]
    assert "FINISH" in answer["refused"][1]["message"]


async def test_a_bib_typed_twice_is_one_word_and_a_word_from_the_future_is_of_now(engine: Engine) -> None:
    await given(engine, "hand_stamp", device="A", stamps=[pressed(1, "10:20:00")])
    word = {"device": "A", "number": 1, "bib": "3", "at_us": at("10:20:30")}
    await given(engine, "hand_bib", bibs=[word])
    assert (await given(engine, "hand_bib", bibs=[word, word]))["known"] == [0, 1]
    await given(engine, "hand_bib", bibs=[word | {"bib": "4", "at_us": at("23:00:00")}])
    assert await journalled(engine, HandBibBody) == 2
    assert engine.state.desk[-1].body.at_us == at("11:30:00")


async def test_a_stamped_bib_that_no_mat_read_is_asked_about_and_listed_with_its_difference(engine: Engine) -> None:
    await given(engine, "hand_stamp", device="A", stamps=[pressed(1, "10:30:00"), pressed(2, "10:10:30")])
    words = [{"device": "A", "number": 1, "bib": "777", "at_us": at("10:31:00")}]
    words.append({"device": "A", "number": 2, "bib": "1", "at_us": at("10:31:00")})
    await given(engine, "hand_bib", bibs=words)
    rows = (await engine.control({"command": "hand_list"}))["rows"]
    assert [(row["bib"], row["known"], row["chip_us"]) for row in rows] == [("1", True, 0), ("777", False, None)]

    def questions(derived: Any) -> list[Kind]:
        asked = asked_of(engine.plan, engine.state, derived, derived.picture())
        return [question.kind for question in open_questions(asked) if question.bibs == ("777",)]

    assert await asyncio.wrap_future(engine.live.consult(questions)) == [Kind.SEEN_NOT_READ]


async def test_the_crew_s_stream_and_that_of_hand_times_carry_the_stamps(engine: Engine) -> None:
    await given(engine, "hand_stamp", device="A", stamps=[pressed(1, "10:30:00")])
    async with asyncio.timeout(20):
        while not (engine.hubs.hand.latest and engine.hubs.hand.latest.board["hand"]["total"]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    view = engine.hubs.hand.latest
    assert view is not None
    assert set(view.board) == {"race", "clock", "hand"}
    assert "hand" not in (engine.hub.latest or view).board, "the public has no part in it"
