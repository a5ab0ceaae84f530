"""The clock of a display board: the line that docs/display_clock.md describes, from the events of a running engine."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path
from typing import Any

import pytest

from calanque.board_clock import SILENT_US, BoardClock, BoardState
from calanque.commands import clock_out
from calanque.event_stream import follow
from calanque.folder import RaceFolder
from readers.transports import MemoryTransport, Transport, memory_pair
from results.printing import Language
from results.web.app import build_app
from results.web.server import LiveServer
from results.web.stream import Hub, View, real_now_us
from timing.instants import HOUR, MINUTE, SECOND

PAGE = (Path(__file__).parents[2] / "docs" / "display_clock.md").read_text(encoding="utf-8")
GUN_US = 1_730_016_000_000_000


def event(race_us: int, *, made_us: int | None = None, rate: float = 1.0, **guns: tuple[int, bool]) -> dict[str, Any]:
    told = [{"wave": wave, "gun_us": gun_us, "planned": planned} for wave, (gun_us, planned) in guns.items()]
    sections: dict[str, Any] = {"clock": {"race_now_us": race_us, "rate": rate}}
    if told:
        sections["guns"] = told
    return {"made_us": race_us if made_us is None else made_us, "sections": sections}


def shown(board: BoardClock, at_us: int) -> str:
    return board.line(at_us).decode()


def test_it_counts_down_to_the_plan_waits_at_zero_and_runs_from_the_gun() -> None:
    board = BoardClock()
    assert shown(board, GUN_US) == "N +00:00:00\r\n"
    board.take(event(GUN_US - MINUTE, a=(GUN_US, True)), GUN_US - MINUTE)
    assert shown(board, GUN_US - 5 * SECOND) == "P -00:00:05\r\n"
    assert shown(board, GUN_US - 1) == "P -00:00:01\r\n"
    assert shown(board, GUN_US + 30 * SECOND) == "P +00:00:00\r\n"
    board.take(event(GUN_US + 40 * SECOND, a=(GUN_US + 2 * SECOND, False)), GUN_US + 40 * SECOND)
    assert shown(board, GUN_US + 40 * SECOND) == "R +00:00:38\r\n"
    assert shown(board, GUN_US + 41 * SECOND - 1) == "R +00:00:38\r\n"
    board.take({"made_us": None, "sent_us": 1}, GUN_US + HOUR)
    assert shown(board, GUN_US + HOUR + 2 * SECOND) == "R +01:00:00\r\n"


def test_without_the_engine_it_goes_on_counting_and_says_so_and_a_gun_that_is_moved_moves_it() -> None:
    board = BoardClock()
    board.take(event(GUN_US, a=(GUN_US, False)), GUN_US)
    assert board.state(GUN_US + SILENT_US - 1) is BoardState.RUNNING
    assert shown(board, GUN_US + SILENT_US) == "A +00:00:10\r\n"
    board.take(event(GUN_US + 20 * SECOND, a=(GUN_US - 5 * SECOND, False)), GUN_US + 20 * SECOND)
    assert shown(board, GUN_US + 20 * SECOND) == "R +00:00:25\r\n"
    assert shown(board, GUN_US + 200 * HOUR) == "A +99:59:59\r\n"


def test_each_wave_has_its_clock_and_a_wave_that_is_not_there_none() -> None:
    told = event(GUN_US, a=(GUN_US - MINUTE, False), b=(GUN_US - SECOND, False))
    lines = []
    for wave in (None, "b", "c"):
        board = BoardClock(wave)
        board.take(told, GUN_US)
        lines.append(shown(board, GUN_US))
    assert lines == ["R +00:01:00\r\n", "R +00:00:01\r\n", "N +00:00:00\r\n"]


def test_a_race_clock_that_is_faster_than_life() -> None:
    board = BoardClock()
    board.take(event(GUN_US, made_us=1_000, rate=60.0, a=(GUN_US, False)), 1_000)
    assert shown(board, 1_000 + 2 * SECOND) == "R +00:02:00\r\n"
    assert board.us_to_next(1_000) == SECOND


def test_the_next_line_is_due_when_the_second_changes() -> None:
    board = BoardClock()
    for gun_us, planned in ((GUN_US, False), (GUN_US + MINUTE, True)):
        board.take(event(GUN_US, a=(gun_us, planned)), GUN_US)
        assert board.us_to_next(GUN_US + 300_000) == 700_000
        assert board.us_to_next(GUN_US) == SECOND


def test_the_page_has_the_line_and_every_letter() -> None:
    assert set(re.findall(r"^\| `([A-Z])` \|", PAGE, re.MULTILINE)) == {state.value for state in BoardState}
    board = BoardClock()
    board.take(event(GUN_US, a=(GUN_US, False)), GUN_US + 750 * SECOND)
    line = shown(board, GUN_US + 754 * SECOND)
    assert f"```\n{line.rstrip()}\n```" in PAGE
    assert len(line) == 13


class Shown:
    """A race that is only looked at."""

    def __init__(self) -> None:
        self.hub = Hub(beat_s=0.2)
        self.race_title = {language.value: "race" for language in Language}

    def view(self) -> View:
        assert self.hub.latest is not None
        return self.hub.latest

    def show(self, number: int, gun_us: int) -> None:
        now_us = real_now_us()
        made = event(now_us, a=(gun_us, False))
        self.hub.publish(View(number=number, board=made["sections"], made_us=now_us))

    async def control(self, command: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError


async def test_lines_come_from_a_real_stream_over_its_end_and_a_board_that_is_unplugged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    race, board, urls = Shown(), BoardClock(), list[str]()
    monkeypatch.setattr(RaceFolder, "holder", lambda _: {"url": urls[0]} if urls else None)
    race.show(1, real_now_us() - HOUR)
    ends: asyncio.Queue[MemoryTransport] = asyncio.Queue()

    async def opened(endpoint: str) -> Transport:
        near, far = memory_pair()
        ends.put_nowait(far)
        return near

    monkeypatch.setattr(clock_out, "open_transport", opened)
    monkeypatch.setattr(clock_out, "AGAIN_S", 0.05)
    over = follow(RaceFolder(tmp_path), lambda told: board.take(told, real_now_us()))
    showing = asyncio.ensure_future(clock_out.show(board, "serial:/dev/board"))
    try:
        async with asyncio.timeout(20), LiveServer(build_app(race)) as server:
            urls.append(server.url)
            end = await ends.get()
            while b"R +01:00:0" not in (line := await end.read()):
                assert line[:1] in b"NR"
            race.show(2, real_now_us() - 2 * HOUR)
            while b"R +02:00:0" not in await end.read():
                pass
            first, second = await end.read(), await end.read()
            assert int(second[9:11]) - int(first[9:11]) == 1
            end.close()
            end = await ends.get()
            assert (await end.read()).startswith(b"R +02:00:")
            race.hub.close()
        assert (await end.read()).startswith(b"R +02:00:")
    finally:
        over.set()
        showing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await showing
