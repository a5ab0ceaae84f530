"""docs/simulation.md says every parameter with its default."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from simulators.field import FieldPlan
from simulators.physics import Physics

PAGE = Path(__file__).parents[2] / "docs" / "simulation.md"


@pytest.mark.parametrize("parameters", [FieldPlan, Physics])
def test_the_page_names_every_parameter_with_its_default(parameters: type) -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", _section(page, parameters), re.MULTILINE))
    defaults = {field.name: field.default for field in fields(parameters)}
    assert set(rows) == set(defaults)
    for name, default in defaults.items():
        assert rows[name].replace("_", "") == str(default).replace("_", ""), name


def _section(page: str, parameters: type) -> str:
    title = {"FieldPlan": "## Who runs", "Physics": "## What the mats see"}[parameters.__name__]
    return page.partition(title)[2].partition("\n## ")[0]
