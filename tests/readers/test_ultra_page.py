"""docs/readers_ultra.md and docs/readers_jchip.md tell the truth: their sources load, their figures are in force."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from config.race_values import CONNECT
from readers import jchip, ultra, ultra_memory, ultra_numbering
from readers.link_watch import SILENCE_MAX_US
from readers.protocol import protocol_class
from readers.ultra_requests import Request
from simulators.ultra_reader import HEARTBEAT_EVERY_US
from timing.instants import SECOND
from timing.reader_kinds import KIND_OF

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / f"readers_{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["ultra", "jchip"])
def test_the_example_is_a_source_of_this_kind(name: str) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", page(name), re.DOTALL)
    (source,) = tomllib.loads(example)["sources"]
    assert source["protocol"] == name
    assert source["clock"] == KIND_OF[name].clock
    assert CONNECT.fullmatch(source["connect"])
    assert source["connect"].partition(":")[0] in KIND_OF[name].transports
    assert protocol_class(name)().next_deadline() is None


def test_the_figures_of_the_ultra_are_in_force() -> None:
    said = " ".join(page("ultra").split())
    assert f"every {ultra.PROBE_EVERY_US / SECOND} s" in said
    assert ultra.PROBE_EVERY_US + SILENCE_MAX_US <= 10 * SECOND
    assert "given up within 10 s of silence" in said
    assert f"does not know that question within {ultra.HEARTBEAT_MAX_US // SECOND} s" in said
    assert f"comes every {HEARTBEAT_EVERY_US // SECOND} s by itself" in said
    assert f"below {ultra.LOW_VOLTS} V" in said
    assert f"from {ultra_memory.OVERLAP_IDS} ids before" in said
    assert (ultra_memory.QUIET_US, ultra_memory.FIRST_WITHIN_US) == (5 * SECOND, 10 * SECOND)
    assert "five seconds without a record out of the log are taken for the end (*inferred*), ten when nothing" in said
    assert ultra_numbering.HOLE_AFTER_US == 2 * SECOND
    assert ultra.HOLES_IN_VAIN_MAX == 3
    for request in Request:
        assert f"`{request.value.decode().strip()}`" in said


def test_the_figures_of_jchip_are_in_force() -> None:
    said = " ".join(page("jchip").split())
    assert jchip.ANSWER_WITHIN_US == 2 * SECOND
    assert "two seconds later" in said
    assert jchip.QUIET_US == 3 * SECOND
    assert "three seconds without any" in said
