"""The arrows between the rooms: who may import whom. A loop in them means a type in the wrong file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {
    "timing": set(),
    "config": {"timing"},
    "readers": {"timing"},
    "results": {"config", "timing"},
    "simulators": {"config", "results", "readers", "timing"},
    "calanque": {"timing", "config", "readers", "results", "simulators"},
}
NOT_IN_TIMING = {"asyncio", "socket", "time", "selectors", "ssl", "starlette", "aiomqtt", "serial"}
THE_WRITER = "journal_writer.py"
"""The one place in timing where a thread lives, and with it a steady clock for its own health."""


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def _files(room: str) -> list[Path]:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files, f"the room {room} is empty"
    return files


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    for file in _files(room):
        wrong = (_imports(file) & set(ALLOWED)) - ALLOWED[room] - {room}
        assert not wrong, f"{file.relative_to(ROOT)} imports {wrong}"


def test_timing_knows_no_event_loop_socket_or_clock() -> None:
    for file in _files("timing"):
        wrong = _imports(file) & NOT_IN_TIMING
        if file.name == THE_WRITER:
            wrong -= {"time"}
        assert not wrong, f"{file.relative_to(ROOT)} imports {wrong}"
        if file.name != THE_WRITER:
            assert "threading" not in _imports(file), f"{file.relative_to(ROOT)} starts threads"


def test_pandas_is_not_imported_at_the_top_of_a_module() -> None:
    """It costs most of a second, and a process that only collects never needs it."""
    for room in ALLOWED:
        for file in _files(room):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    assert "pandas" not in ast.unparse(node), f"{file.relative_to(ROOT)} imports pandas at the top"
