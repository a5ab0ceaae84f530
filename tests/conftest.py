"""Shared by all tests."""

from __future__ import annotations

import pytest
from hypothesis import settings
from small_race import make_race

from timing.race import Race

# What is shown is what holds, not how fast: a busy machine must not fail a test.
settings.register_profile("calanque", deadline=None)
settings.load_profile("calanque")


@pytest.fixture
def race() -> Race:
    return make_race()
