"""A thousand followers of the public stream beside a race at its peak: what they see, and what it costs the race.

The same load is run without and with them, by turns: the figures are ratios. Run by `make bench`.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import followers
from tests.benchmarks.live_load import Figures, measure

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]

SECONDS = 60
FOLLOWERS = 1_000
ROUNDS = 3


def _followed(folder: Path) -> tuple[Figures, dict[str, Any]]:
    told: dict[str, Any] = {}

    async def beside(url: str, seconds: float) -> None:
        words = [sys.executable, followers.__file__, url, str(FOLLOWERS), str(seconds)]
        child = await asyncio.create_subprocess_exec(*words, stdout=subprocess.PIPE)
        told.update(json.loads((await child.communicate())[0]))

    return asyncio.run(measure(SECONDS, folder, beside=beside)), told


def test_a_thousand_followers_are_current_and_hold_up_nobody(tmp_path: Path) -> None:
    ratios = []
    for number in range(ROUNDS):
        (tmp_path / f"alone{number}").mkdir()
        (tmp_path / f"followed{number}").mkdir()
        alone = asyncio.run(measure(SECONDS, tmp_path / f"alone{number}"))
        followed, told = _followed(tmp_path / f"followed{number}")
        ratios.append(followed.durable_ms[0] / alone.durable_ms[0])
        print(
            f"\nalone\n{alone}\nwith {FOLLOWERS} followers\n{followed}\n{told}\nread to durable, ratio {ratios[-1]:.2f}"
        )
        assert told["refused"] == 0
        assert told["ended"] == 0
        assert told["followers"] == FOLLOWERS - FOLLOWERS // 3
        assert followed.journalled == followed.reads
        assert told["after_99_ms"] < 1_000
    print(f"read to durable with {FOLLOWERS} followers: {statistics.median(ratios):.2f} times as long as without")
    assert statistics.median(ratios) < 1.5
