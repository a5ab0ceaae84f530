"""Five minutes of 1,000 reads a second: no backlog, and how long a read takes to the page, for the record."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.benchmarks.live_load import measure


@pytest.mark.parametrize(
    "seconds", [5, pytest.param(300, marks=[pytest.mark.soak, pytest.mark.timeout(600)])], ids=["short", "long"]
)
def test_a_steady_load_leaves_no_backlog(seconds: int, tmp_path: Path) -> None:
    figures = asyncio.run(measure(seconds, tmp_path))
    print(f"\n{figures}")
    assert figures.journalled == figures.reads
    assert len(figures.direct_ms) > 0.9 * 6 * seconds
    assert len(figures.far_ms) > 0.9 * 4 * seconds
    # Not a claim of speed: a backlog that grows with the length of the run would show here.
    assert figures.seconds_behind < 15
