"""Guns from a file: each line a wave of the race, at an instant that can be."""

from pathlib import Path

import pytest

from config.errors import GunsError
from config.guns_file import load_guns
from config.plan import RacePlan

NINE = 1730016000000000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "guns.csv"


def test_guns_are_read_by_wave(marseille_cassis: RacePlan, path: Path) -> None:
    path.write_text(f"wave,epoch_us\n1,{NINE}\n\n3,{NINE + 480_000_123}\n")
    assert load_guns(path, marseille_cassis.race) == {"1": NINE, "3": NINE + 480_000_123}


def test_columns_are_found_by_name(marseille_cassis: RacePlan, path: Path) -> None:
    path.write_text(f"\ufeffname,epoch_us,wave\nx,{NINE},2\n", encoding="utf-8")
    assert load_guns(path, marseille_cassis.race) == {"2": NINE}


def test_every_bad_line_is_told(marseille_cassis: RacePlan, path: Path) -> None:
    path.write_text(f"wave,epoch_us\n9,{NINE}\n1,{NINE}\n1,{NINE}\n2,noon\n3,\n4,{NINE // 1000}\n5\n")
    with pytest.raises(GunsError) as caught:
        load_guns(path, marseille_cassis.race)
    assert [(fault.line, fault.key) for fault in caught.value.faults] == [
        (2, "wave"),
        (4, "wave"),
        (5, "epoch_us"),
        (6, "epoch_us"),
        (7, "epoch_us"),
        (8, "epoch_us"),
    ]
    assert all(fault.accepted for fault in caught.value.faults)


def test_another_file_is_refused(marseille_cassis: RacePlan, path: Path) -> None:
    path.write_text("bib,name\n")
    with pytest.raises(GunsError, match="wave,epoch_us"):
        load_guns(path, marseille_cassis.race)
    with pytest.raises(GunsError, match="cannot be read"):
        load_guns(path.with_name("nowhere.csv"), marseille_cassis.race)
