"""Shared by all tests."""

from __future__ import annotations

import pytest
from small_race import make_race

from timing.race import Race


@pytest.fixture
def race() -> Race:
    return make_race()
