"""What the program says of itself: each command teaches, and docs/commands.md has all commands, options and codes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from command_line import calanque

from calanque import exit_codes
from calanque.cli.app import app

PAGE_FILE = Path(__file__).parents[2] / "docs" / "commands.md"
PAGE = PAGE_FILE.read_text(encoding="utf-8")


def commands(group: Any, name: str = "calanque") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its whole name."""
    if not hasattr(group, "commands"):
        yield name, group
        return
    for word, command in group.commands.items():
        yield from commands(command, f"{name} {word}")


ROOT: Any = typer.main.get_command(app)
COMMANDS = dict(commands(ROOT))


def given_as(parameter: Any) -> str:
    """`FILE`, `--connect SOURCE=WHERE`, `--open`, `--browser/--no-browser`: as on the page."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar)
    names = "/".join([*parameter.opts, *parameter.secondary_opts])
    return f"{names} {parameter.metavar}" if parameter.metavar else names


def default_of(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if isinstance(parameter.show_default, str):
        return f"`{parameter.show_default}`"
    return (
        f"`{parameter.default}`" if isinstance(parameter.default, str | int) and parameter.default is not False else ""
    )


def row_of(parameter: Any) -> str:
    name = given_as(parameter).replace("|", "\\|")
    return f"| `{name}` | {default_of(parameter)} | {parameter.help} |"


def sections() -> dict[str, str]:
    """The text of the page below each heading of a command."""
    parts = re.split(r"^### `(calanque[^`]*)`\n", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def examples(text: str) -> list[str]:
    return [" ".join(found.split()) for found in re.findall(r"(?:Example|Then): `([^`]*)`", text)]


def test_the_page_has_every_command_and_no_other() -> None:
    assert list(sections()) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_has_every_option_with_its_default_as_the_program_says_it(name: str) -> None:
    rows = [line for line in sections()[name].splitlines() if line.startswith("| `")]
    assert rows == [row_of(parameter) for parameter in COMMANDS[name].params]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does_and_gives_an_example_that_is_one(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    assert all(parameter.help for parameter in command.params), "each option is explained"
    (first, *_) = given = examples(command.help)
    assert first.startswith(f"{name} ")
    assert f"\n{first}\n" in sections()[name], "the page shows the same"
    for example in given:
        words = shlex.split(example)
        of = next(other for other in sorted(COMMANDS, key=len, reverse=True) if example.startswith(f"{other} "))
        # Parsed as the program would; raises when it is no such command line.
        COMMANDS[of].make_context(of, words[len(of.split()) :], resilient_parsing=False)


@pytest.mark.parametrize("name", ["calanque", "calanque journal", "calanque rule", *COMMANDS])
def test_help_is_given_and_is_a_success(name: str) -> None:
    done = calanque(*name.split()[1:], "--help")
    assert done.returncode == exit_codes.OK
    assert f"Usage: {name}" in done.stdout


def test_the_first_help_names_every_command_and_what_to_begin_with() -> None:
    said = calanque("--help").stdout
    for name in COMMANDS:
        assert re.search(rf"│ {name.split()[1]}\b", said), name
    assert "Begin with calanque demo" in said


def test_the_page_has_every_exit_code_with_its_meaning() -> None:
    codes = {name: value for name, value in vars(exit_codes).items() if name.isupper()}
    told = dict(re.findall(r"^\| ([0-9]+) \| (.+) \|$", PAGE, re.MULTILINE))
    assert set(told) == {str(value) for value in codes.values()}
    epilog = ROOT.epilog or ""
    for value in codes.values():
        assert re.search(rf"\b{value} ", epilog)


def test_what_is_shipped_is_named() -> None:
    from config.loader import shipped_races

    for race in shipped_races():
        assert race in PAGE
        assert race in (ROOT.help or "")
