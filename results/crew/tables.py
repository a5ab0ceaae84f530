"""Tables for people's spreadsheets: UTF-8 with its mark, semicolons, and nothing that is taken for a formula."""

import csv
import io
from collections.abc import Sequence
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def table_csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A table as a file."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([[_cell(text) for text in row] for row in rows])
    return ("\ufeff" + out.getvalue()).encode("utf-8")


def _cell(text: str) -> str:
    """Text that would be calculated is kept as text by the mark that spreadsheets know for it."""
    return f"'{text}" if text.startswith(_FORMULA) else text
