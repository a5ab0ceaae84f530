"""A table of texts out of a CSV file in any usual encoding and separator, or out of the first sheet of an XLSX file.

What had to be decided or repaired on the way is told. Knows nothing of what the columns mean.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Final

from config.errors import Fault, RosterError

SEPARATORS: Final = (";", "\t", ",", "|")
_SEP_LINE: Final = re.compile(r'"?sep=(.)"?[^\S\n]*\r?\n', re.IGNORECASE)
_TWICE_ENCODED: Final = re.compile("[ÃÂĂÄÅ][\u0080-\u00bf\u0100-\u02ff\u2010-\u2122]|â€")
"""What the bytes of one UTF-8 letter look like when they were taken for Windows-1252 or Windows-1250 letters."""
_RECORD_LINES_MAX: Final = 10
"""A record over more lines than this is a quotation mark that nobody closed."""
_EXAMPLES_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Rows of stripped texts, each with the number of the line it begins on (in XLSX: of the row).

    `encoding` as found (`xlsx` for a workbook), `separator` empty for a workbook. `told`: what had to be decided, as
    (line or None, text).
    """

    rows: list[list[str]]
    lines: list[int]
    encoding: str
    separator: str
    told: tuple[tuple[int | None, str], ...] = ()


def read_sheet(path: Path) -> Sheet:
    """The table of a CSV or XLSX file.

    Raises: RosterError when there is no such file, or it is neither.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror}") from error
    if content.startswith(b"PK\x03\x04"):
        return _workbook(path)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise _unreadable(path, "is an old XLS workbook")
    text, encoding = decoded(content)
    return _csv(text, encoding)


def _unreadable(path: Path, message: str) -> RosterError:
    return RosterError(
        [Fault(file=str(path), key="", line=None, message=message, accepted="a CSV file or an XLSX workbook")]
    )


# ---- CSV ----


def decoded(content: bytes) -> tuple[str, str]:
    """The text of a file and its encoding: what a byte order mark says, else UTF-8, else Windows-1252."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), encoding
    if content[:200].count(0) > len(content[:200]) // 4:
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
        return content.decode(encoding, errors="replace"), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "windows-1252"


def _csv(text: str, encoding: str) -> Sheet:
    told: list[tuple[int | None, str]] = []
    if not text.isascii():
        text = text.replace("\u00a0", " ").replace("\u202f", " ").replace("\ufeff", "")
        if not unicodedata.is_normalized("NFC", text):
            text = unicodedata.normalize("NFC", text)
        if "\ufffd" in text:
            line = text.count("\n", 0, text.index("\ufffd")) + 1
            told.append((line, f"bytes that are no {encoding} letters were replaced by \ufffd, first on line {line}"))
    lines_skipped = 0
    named = _SEP_LINE.match(text)
    if named:
        separator = named[1]
        text = text[named.end() :]
        lines_skipped = 1
    else:
        separator = _separator_of(text)
    rows, lines = _records(text, separator, told, lines_skipped)
    if not text.isascii() and _TWICE_ENCODED.search(text):
        told += _repair_twice_encoded(rows, lines)
    return Sheet(rows=rows, lines=lines, encoding=encoding, separator=separator, told=tuple(told))


def _separator_of(text: str) -> str:
    """The separator that splits most of the first lines, into the most cells."""
    head = text[:20_000].splitlines()[:20]
    counts = {separator: Counter(line.count(separator) for line in head if line.strip()) for separator in SEPARATORS}
    return max(SEPARATORS, key=lambda separator: sum(cells > 0 and times for cells, times in counts[separator].items()))


def _records(
    text: str, separator: str, told: list[tuple[int | None, str]], lines_skipped: int
) -> tuple[list[list[str]], list[int]]:
    if '"' not in text:  # a line is a record, and every separator separates
        rows = [line.split(separator) if line else [] for line in text.splitlines()]
        return rows, list(range(1 + lines_skipped, 1 + lines_skipped + len(rows)))
    rows, lines = [], []
    physical = io.StringIO(text, newline="").readlines()
    begin = 0
    while begin < len(physical):
        end = begin
        for row, after in _until_unclosed(physical, begin, separator):
            rows.append(row)
            lines.append(end + 1 + lines_skipped)
            end = after
        begin = end
        if begin < len(physical):
            told.append((begin + 1 + lines_skipped, "a quotation mark is not closed; the line was read without it"))
            rows.append(physical[begin].replace('"', "").strip("\r\n").split(separator))
            lines.append(begin + 1 + lines_skipped)
            begin += 1
    return rows, lines


def _until_unclosed(physical: Sequence[str], begin: int, separator: str) -> Iterator[tuple[list[str], int]]:
    """Records from a physical line on, each with the index of the line after it, up to one that is not closed."""
    reader = csv.reader(physical[begin:], delimiter=separator)
    before = 0
    try:
        for row in reader:
            after = reader.line_num
            at_the_end = begin + after == len(physical)
            if (after - before > 1 or at_the_end) and _unclosed(physical[begin + before : begin + after]):
                return
            yield row, begin + after
            before = after
    except csv.Error:  # a field that grew beyond the limit, for want of its closing mark
        return


def _unclosed(record: Sequence[str]) -> bool:
    return len(record) > _RECORD_LINES_MAX or sum(line.count('"') for line in record) % 2 == 1


def _repair_twice_encoded(rows: list[list[str]], lines: Sequence[int]) -> list[tuple[int | None, str]]:
    """Repairs cells in place that were encoded as UTF-8 twice, and tells how many, with examples.

    The rule: a cell that holds the tell-tale pairs, and whose letters, taken as Windows-1252 (or Windows-1250) bytes,
    are valid UTF-8, is read as that. Any other cell stays as it is.
    """
    examples: list[str] = []
    first: int | None = None
    repaired = 0
    for row, line in zip(rows, lines, strict=True):
        for index, cell in enumerate(row):
            if cell.isascii() or not _TWICE_ENCODED.search(cell):
                continue
            once = encoded_once(cell)
            if once != cell:
                row[index] = unicodedata.normalize("NFC", once)
                repaired += 1
                first = first or line
                if len(examples) < _EXAMPLES_MAX:
                    examples.append(f'"{cell}" is "{once}" (line {line})')
    if not repaired:
        return []
    return [(first, f"{repaired} cells had been encoded twice and were repaired: {', '.join(examples)}")]


def encoded_once(cell: str) -> str:
    """A text that was encoded as UTF-8 twice as it was meant; any other text as it is."""
    for encoding in ("cp1252", "cp1250"):
        as_bytes = bytearray()
        try:
            for letter in cell:
                # Bytes that Windows-1252 leaves undefined come through as control characters.
                as_bytes += bytes([ord(letter)]) if 0x80 <= ord(letter) <= 0x9F else letter.encode(encoding)
            # A no-break space inside a pair was made a plain one before: "Ã " is the letter a with a grave accent.
            return bytes(as_bytes).replace(b"\xc3 ", b"\xc3\xa0").decode("utf-8")
        except UnicodeError:
            continue
    return cell


# ---- XLSX ----


def _workbook(path: Path) -> Sheet:
    from zipfile import BadZipFile

    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    told: list[tuple[int | None, str]] = []
    try:
        book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise _unreadable(path, f"is a damaged workbook: {error}") from error
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
        others = [sheet.title for sheet in book.worksheets if sheet is not sheets[0]]
        if others:
            told.append((None, f'only the sheet "{sheets[0].title}" is read, not: {", ".join(others)}'))
        rows = [[_cell(value) for value in row] for row in sheets[0].iter_rows(values_only=True)]
    finally:
        book.close()
    lines = list(range(1, len(rows) + 1))
    told += _repair_twice_encoded(rows, lines)
    return Sheet(rows=rows, lines=lines, encoding="xlsx", separator="", told=tuple(told))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return unicodedata.normalize("NFC", str(value).replace("\u00a0", " ").replace("\u202f", " "))
