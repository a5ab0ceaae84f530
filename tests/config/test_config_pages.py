"""The pages on the race file and the roster say what the code does."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from config.loader import load_race
from config.plan import DEFAULT_ROLES, RacePlan
from config.race_file import RaceFile
from config.race_keys import KeyDoc, documented_keys, section_within
from config.roster_columns import HEADERS, SECOND_CHOICES
from config.roster_entrants import FIELDS

DOCS = Path(__file__).parents[2] / "docs"
RACE_PAGE = (DOCS / "race_file.md").read_text(encoding="utf-8")
ROSTER_PAGE = (DOCS / "roster.md").read_text(encoding="utf-8")


def section_of_page(table: str) -> str:
    """What the page says under the heading of a table."""
    found = re.search(rf"^### `{re.escape(table)}`\n(.*?)(?=^##|\Z)", RACE_PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/race_file.md has no heading: ### `{table}`"
    return found[1]


def row_of(key: KeyDoc) -> str:
    cells = (cell.replace("|", "\\|") for cell in (key.default, key.accepted, key.says))
    return f"| `{key.key}` | {' | '.join(cells)} |"


@pytest.mark.parametrize("key", tuple(documented_keys()), ids=lambda key: f"{key.table}{key.key}")
def test_every_key_is_documented_with_default_and_accepted_values(key: KeyDoc) -> None:
    assert row_of(key) in section_of_page(key.table), f"docs/race_file.md lacks:\n{row_of(key)}"
    assert key.accepted
    assert key.says


def test_the_page_documents_no_key_that_is_not_there() -> None:
    tables = re.findall(r"^### `(.*)`$", RACE_PAGE, re.MULTILINE)
    assert tables == list(dict.fromkeys(key.table for key in documented_keys()))
    known = {(key.table, key.key) for key in documented_keys()}
    for table in tables:
        for key in re.findall(r"^\| `([^`]*)` \| .* \| .* \| .* \|$", section_of_page(table), re.MULTILINE):
            assert (table, key) in known or key in DEFAULT_ROLES


def test_every_section_of_the_schema_is_a_table_of_the_page() -> None:
    for name in RaceFile.model_fields:
        assert any(key.table.strip("[]").split(".")[0] == name for key in documented_keys())
        assert section_within(RaceFile.model_fields[name].annotation) is not None or name == "assumed"


def test_the_roles_of_the_page_are_the_defaults() -> None:
    for name, rule in DEFAULT_ROLES.items():
        flags = " | ".join(str(flag).lower() for flag in (rule.timed, rule.ranked, rule.announced))
        assert f"| `{name}` | {flags} |" in RACE_PAGE


def test_the_small_race_of_the_page_is_a_race(parse: Callable[[str], RacePlan]) -> None:
    example = re.search(r"## A small race\n.*?```toml\n(.*?)```", RACE_PAGE, re.DOTALL)
    assert example
    plan = parse(example[1])
    assert [point.id for point in plan.race.course.points] == ["START", "FINISH"]


def fragments_of_reader_pages() -> list[tuple[str, str]]:
    """Each TOML block of the pages on readers, with the name of its page."""
    return [
        (page.name, block)
        for page in sorted(DOCS.glob("readers*.md"))
        for block in re.findall(r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    ]


@pytest.mark.parametrize(("page", "fragment"), fragments_of_reader_pages(), ids=lambda text: text.partition("\n")[0])
def test_what_a_page_on_readers_shows_is_taken_by_a_race_file(
    page: str, fragment: str, parse: Callable[[str], RacePlan]
) -> None:
    """The small race with these sources for its finish; one without a mat of its own gets one there."""
    small = re.search(r"## A small race\n.*?```toml\n(.*?)```", RACE_PAGE, re.DOTALL)
    assert small
    tables = re.split(r"\n(?=\[\[)", small[1])
    kept = [table for table in tables if not (table.startswith(("[[mats]]", "[[sources]]")) and '"finish"' in table)]
    assert len(kept) == len(tables) - 2
    shown = tomllib.loads(fragment)
    with_mat = {mat["source"] for mat in shown.get("mats", ())}
    # The page may well have called its reader as the small race calls that of the start.
    race = (
        "\n".join(kept).replace('"start"\nconnect', '"first"\nconnect').replace('source = "start"', 'source = "first"')
    )
    sources = [source["id"] for source in shown["sources"]]
    for source in sources:
        if source not in with_mat:
            race += f'\n[[mats]]\nid = "of-{source}"\npoint = "FINISH"\nsource = "{source}"\n'
    plan = parse(f"{race}\n{fragment}")
    assert [source.id for source in plan.race.sources] == ["first", *sources]
    assert all(source.protocol in page or page == "readers.md" for source in plan.race.sources[1:])
    assert {mat["id"] for mat in shown.get("mats", ())} <= {mat.id for mat in plan.race.course.mats}


def test_the_shipped_race_uses_only_documented_tables() -> None:
    text = load_race("marseille_cassis_2024").text
    tables = {key.table.strip("[]") for key in documented_keys()}
    assert {header.strip("[]") for header in re.findall(r"^\[+[\w.]+\]+", text, re.MULTILINE)} <= tables


def test_every_field_of_a_roster_is_documented_with_its_headers() -> None:
    for field, headers in HEADERS.items():
        row = f"| `{field}` | {', '.join(headers)} | {', '.join(SECOND_CHOICES.get(field, ()))} |"
        assert row in ROSTER_PAGE, f"docs/roster.md lacks:\n{row}"


def test_the_canonical_names_of_the_page_are_those_we_write() -> None:
    assert ", ".join(FIELDS) in " ".join(ROSTER_PAGE.split())
