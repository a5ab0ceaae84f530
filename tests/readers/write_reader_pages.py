"""Writes what the table of readers says into the pages: `python tests/readers/write_reader_pages.py`.

Into docs/readers.md a table of all, into each docs/readers_<name>.md below its heading what that one can do. All other
text is kept.
"""

from __future__ import annotations

import re
from pathlib import Path

from calanque.reader_words import facts
from timing.reader_kinds import KIND_OF, READER_KINDS, ReaderKind

DOCS = Path(__file__).parents[2] / "docs"
BEGIN = "<!-- from timing/reader_kinds.py -->"
END = "<!-- to here -->"
_BLOCK = re.compile(re.escape(BEGIN) + r"\n.*?" + re.escape(END) + r"\n", re.DOTALL)
_HEADING = re.compile(r"\A# .*\n\n?")


def pages() -> dict[Path, str]:
    """Every page with a part that is written from the table, as it should be."""
    found = {DOCS / "readers.md": _with((DOCS / "readers.md").read_text(encoding="utf-8"), overview())}
    for name, kind in KIND_OF.items():
        page = page_of(name)
        if page.is_file():
            found[page] = _with(page.read_text(encoding="utf-8"), head(kind))
    return found


def page_of(name: str) -> Path:
    return DOCS / f"readers_{name}.md"


def overview() -> str:
    rows = ["| reader | `protocol` | reached over | past reads | known | not done |", "|---|---|---|---|---|---|"]
    for kind in READER_KINDS:
        title = f"[{kind.title}](readers_{kind.name}.md)" if page_of(kind.name).is_file() else kind.title
        cells = (title, f"`{kind.name}`", ", ".join(kind.transports), kind.rewind or "none", kind.known, kind.not_done)
        rows.append(_row(*cells))
    return "\n".join(rows)


def head(kind: ReaderKind) -> str:
    rows = [_row(kind.title, f'`protocol = "{kind.name}"`'), "|---|---|", *(_row(*fact) for fact in facts(kind))]
    return "\n".join(rows)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _with(page: str, table: str) -> str:
    block = f"{BEGIN}\n{table}\n{END}\n"
    if _BLOCK.search(page):
        return _BLOCK.sub(lambda _: block, page)
    heading = _HEADING.match(page)
    assert heading is not None, "a page begins with its heading"
    return f"{heading[0].rstrip()}\n\n{block}\n{page[heading.end() :]}"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
