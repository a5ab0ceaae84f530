"""What the pages say of readers is what the table says, in both directions, and so is what `calanque readers` says."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from write_reader_pages import DOCS, pages

from calanque.commands.readers import readers_command
from calanque.errors import FrontDoorError
from calanque.reader_words import CLOCKS, WAYS, facts
from timing.reader_kinds import KIND_OF, READER_KINDS, ReaderKind
from timing.reads import ClockKind


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_the_page_says_what_the_table_says(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "run `python tests/readers/write_reader_pages.py`"


def test_there_is_no_page_of_a_reader_that_is_not_there() -> None:
    assert {path.stem.removeprefix("readers_") for path in DOCS.glob("readers_*.md")} <= set(KIND_OF)


@pytest.mark.parametrize("kind", READER_KINDS, ids=lambda kind: kind.name)
def test_a_row_is_whole_and_told_whole(kind: ReaderKind, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(kind.transports) <= set(WAYS)
    assert all(answer for _, answer in facts(kind))
    assert hasattr(importlib.import_module(f"readers.{kind.name}"), "PROTOCOL")
    assert readers_command(kind.name) == 0
    said = capsys.readouterr().out
    assert kind.title in said
    assert all(answer.replace("`", "") in said for _, answer in facts(kind))


def test_the_list_has_all_of_them_and_a_wrong_name_is_told_the_right_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(CLOCKS) == set(ClockKind)
    assert readers_command(None) == 0
    said = capsys.readouterr().out
    assert all(kind.title in said and kind.name in said for kind in READER_KINDS)
    with pytest.raises(FrontDoorError, match="ipico"):
        readers_command("ipicoo")
