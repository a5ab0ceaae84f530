"""The catalogue of what goes wrong on race day (docs/faults.md), one test for each fault, named by its number."""

from __future__ import annotations

import pytest

from config.loader import load_race
from config.plan import RacePlan


@pytest.fixture(scope="session")
def plan() -> RacePlan:
    return load_race("marseille_cassis_2024")
