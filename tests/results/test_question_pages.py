"""docs/questions.md and docs/why.md have every kind, stake, rule and reason there is, and no other."""

import re
from pathlib import Path

from results.asked import Kind, Stake
from results.why import Choice
from results.why_reads import Reason

DOCS = Path(__file__).parents[2] / "docs"


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    text = (DOCS / page).read_text(encoding="utf-8")
    (part,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    table = [line for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def words(cell: str) -> list[str]:
    return re.findall(r"`([a-z_]+)`", cell)


def test_every_kind_of_question_is_on_the_page_with_what_clears_it() -> None:
    found = {words(row[0])[0]: words(row[-1]) for row in rows("questions.md", "The kinds")}
    assert set(found) == set(Kind)
    for kind in set(Kind) - {Kind.SEEN_WITHOUT_BIB}:
        assert found[kind] == [kind.answered_by], kind


def test_every_stake_is_on_the_page_in_its_order() -> None:
    assert [words(row[0])[0] for row in rows("questions.md", "Which comes first")] == [s.name.lower() for s in Stake]


def test_every_rule_of_choice_and_every_reason_is_on_the_page() -> None:
    assert {word for row in rows("why.md", "Rules of choice") for word in words(row[0])} == set(Choice)
    assert {word for row in rows("why.md", "Reads that give no time") for word in words(row[0])} == set(Reason)
