"""Writes the commands into docs/commands.md as the program says them: `python tests/calanque/write_commands_page.py`.

What stands above the first heading of commands is kept.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from test_commands_page import COMMANDS, PAGE, PAGE_FILE, row_of

WIDTH = 120


def page() -> str:
    intro = PAGE[: re.search(r"^## To begin with", PAGE, re.MULTILINE).start()]  # type: ignore[union-attr]
    parts, panel = [intro.rstrip()], ""
    for name, command in COMMANDS.items():
        if panel_of(name, command) != panel:
            panel = panel_of(name, command)
            parts.append(f"## {panel}")
        parts.append(section(name, command))
    return "\n\n".join(parts) + "\n"


def panel_of(name: str, command: Any) -> str:
    from test_commands_page import ROOT

    top = ROOT.commands[name.split()[1]]
    return str(getattr(top, "rich_help_panel", None) or getattr(command, "rich_help_panel", ""))


def section(name: str, command: Any) -> str:
    blocks = [f"### `{name}`"]
    for paragraph in command.help.split("\n\n"):
        text = " ".join(paragraph.split())
        example = re.fullmatch(r"(?:Example|Then): `([^`]*)`", text)
        if example is not None:
            blocks.append(f"```\n{example[1]}\n```")
        else:
            blocks.append("\n".join(textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False)))
    rows = "\n".join(row_of(parameter) for parameter in command.params)
    if rows:
        blocks.append(f"| option | default | meaning |\n|---|---|---|\n{rows}")
    return "\n\n".join(blocks)


if __name__ == "__main__":
    PAGE_FILE.write_text(page(), encoding="utf-8")
