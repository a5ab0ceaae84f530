"""docs/clocks.md tells the truth: every kind of clock, finding and holding has its row."""

from __future__ import annotations

from pathlib import Path

from timing.clock_faults import ClockFault
from timing.clock_ledger import DRIFT_PPM_MAX
from timing.reads import ClockKind

PAGE = (Path(__file__).parents[2] / "docs" / "clocks.md").read_text(encoding="utf-8")


def test_every_kind_of_clock_and_every_finding_is_on_the_page() -> None:
    for kind in ClockKind:
        assert f"| `{kind}` |" in PAGE
    for fault in ClockFault:
        assert f"`{fault}`" in PAGE
    assert f"{DRIFT_PPM_MAX:,} ppm" in PAGE
