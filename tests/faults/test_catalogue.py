"""docs/faults.md names a test for each fault, and every test it names exists."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
PAGE = (TESTS.parent / "docs" / "faults.md").read_text(encoding="utf-8")
FAULTS = {f"F{number:02d}" for number in (*range(1, 28), *range(38, 61))}


def _sections() -> dict[str, str]:
    parts = re.split(r"^### (F\d\d)\. ", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_fault_has_a_section_with_a_test_that_bears_its_number() -> None:
    sections = _sections()
    assert sections.keys() == FAULTS
    for fault, text in sections.items():
        names = re.findall(r"^- `(\S+)`: `(\w+)`$", text, flags=re.MULTILINE)
        assert names, fault
        for file, name in names:
            assert f"_{fault.lower()}_" in name
            assert re.search(rf"def {name}\(", (TESTS / file).read_text(encoding="utf-8")), f"{file}: {name}"


def test_every_test_that_bears_a_number_is_on_the_page() -> None:
    for file in TESTS.rglob("test_*.py"):
        for name, number in re.findall(r"def (test_f(\d\d)_\w+)\(", file.read_text(encoding="utf-8")):
            if f"F{number}" in FAULTS:
                assert f"`{name}`" in PAGE, f"{file.name}: {name}"


def test_files_that_hold_the_invariants_exist() -> None:
    for file in re.findall(r"tests/[\w/]+\.py", PAGE):
        assert (TESTS.parent / file).is_file(), file
