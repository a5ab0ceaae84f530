"""A small moving race, and a server of its pages on a free port."""

from collections.abc import AsyncIterator

import pytest
from moving_race import MovingRace, moving_race
from show_moving_race import TOKEN, ShownRace

from results.web.app import build_app
from results.web.server import LiveServer
from timing.instants import MINUTE


@pytest.fixture(scope="session")
def race() -> MovingRace:
    return moving_race(600)


@pytest.fixture
def shown(race: MovingRace) -> ShownRace:
    """The race 100 minutes after the first gun, with one view published."""
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 100 * MINUTE)
    return shown


@pytest.fixture
async def server(shown: ShownRace) -> AsyncIterator[LiveServer]:
    async with LiveServer(build_app(shown, token=TOKEN)) as server:
        yield server
        shown.hub.close()
