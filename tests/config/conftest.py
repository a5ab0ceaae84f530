"""Races for the tests of this room."""

from collections.abc import Callable
from pathlib import Path

import pytest
from loaded_roster import Load

from config.loader import load_race, parse_race
from config.plan import RacePlan
from config.roster_file import LoadedRoster, load_roster

TEN_MILES = Path(__file__).parent / "ten_miles.toml"


@pytest.fixture(scope="session")
def marseille_cassis() -> RacePlan:
    return load_race("marseille_cassis_2024")


@pytest.fixture(scope="session")
def ten_miles() -> RacePlan:
    return load_race(TEN_MILES)


@pytest.fixture(scope="session")
def ten_miles_text() -> str:
    return TEN_MILES.read_text(encoding="utf-8")


@pytest.fixture
def parse(tmp_path: Path) -> Callable[[str], RacePlan]:
    """Reads a race file's text as if it lay in a folder of its own."""
    return lambda text: parse_race(text, file=tmp_path / "race.toml", default_id="some_race")


@pytest.fixture
def load(marseille_cassis: RacePlan, tmp_path: Path) -> Load:
    """Loads a roster of Marseille-Cassis from the content of a file."""

    def loaded(content: str | bytes) -> LoadedRoster:
        path = tmp_path / "roster.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load_roster(path, marseille_cassis)

    return loaded
