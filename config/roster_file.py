"""Rosters from CSV and XLSX files, and back to CSV.

What is sound is taken over, what is not is told with its line. Two rows that claim one bib or one tag are held for a
person to decide: none of them wins in silence. Of a doubled bib no row is taken over; of a doubled tag all entrants
are, and the tag belongs to nobody until the roster is corrected. Reads of it are kept meanwhile, as of an unknown tag.
"""

import csv
import gc
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.errors import Fault, RosterError
from config.plan import RacePlan
from config.roster_columns import HEADERS, Columns, doubled, find_columns
from config.roster_entrants import FIELDS, Rows, entrants_of, quoted
from config.roster_remarks import RosterRemark, entrant_remarks
from config.roster_values import bib_of, is_spreadsheet_error
from config.sheet import Sheet, read_sheet
from timing.roster import Roster

_PLAIN_BIB: Final = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterSummary:
    """How a roster was read. `columns` gives the header of each field; `separator` is empty for a workbook.

    `category_given` counts rows with a category in the file, `category_differs` those where the rule of the race
    gives another; `held` counts rows that were not taken over.
    """

    rows: int
    entrants: int
    held: int
    encoding: str
    separator: str
    columns: Mapping[str, str]
    unknown_columns: tuple[str, ...]
    category_given: int
    category_differs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRoster:
    """A roster as read, with what people should know about it, in the order of the file."""

    roster: Roster
    remarks: tuple[RosterRemark, ...]
    summary: RosterSummary


def load_roster(path: str | Path, plan: RacePlan) -> LoadedRoster:
    """The entrants of a CSV or XLSX file, for a race.

    Raises: RosterError when the file cannot be read at all, has no header with bibs, or two columns for one field.
    """
    with _no_collection():
        return _load(Path(path), plan)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Holds the garbage collector: looking through all rows again and again frees nothing, and costs a third."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _load(path: Path, plan: RacePlan) -> LoadedRoster:
    sheet = read_sheet(path)
    columns = _columns(sheet, path)
    remarks = [RosterRemark(line=line, bib="", what=what, held=False) for line, what in sheet.told]
    if columns.unknown:
        told = ", ".join(f'"{header}"' for header in columns.unknown)
        line = sheet.lines[columns.row]
        remarks.append(RosterRemark(line=line, bib="", what=f"columns that are not used: {told}", held=False))
    rows = _rows(sheet, columns, remarks)
    total = len(rows.cells) + sum(remark.held for remark in remarks)
    rows = _without_doubled_bibs(rows, remarks)
    held = sum(remark.held for remark in remarks)  # so far each is one row
    entrants = entrants_of(rows, columns, plan, remarks)
    more, given, differs = entrant_remarks(entrants, rows.lines, plan)
    remarks += more
    remarks.sort(key=lambda remark: remark.line or 0)
    summary = RosterSummary(
        rows=total,
        entrants=len(entrants),
        held=held,
        encoding=sheet.encoding,
        separator=sheet.separator,
        columns=columns.headers,
        unknown_columns=columns.unknown,
        category_given=given,
        category_differs=differs,
    )
    return LoadedRoster(roster=Roster(entrants=tuple(entrants)), remarks=tuple(remarks), summary=summary)


# ---- header and rows ----


def _columns(sheet: Sheet, path: Path) -> Columns:
    columns = find_columns(sheet.rows)
    if columns is None:
        first = next((row for row in sheet.rows if any(row)), [])
        raise RosterError(
            [
                Fault(
                    file=str(path),
                    key="",
                    line=1,
                    message=f"no header with a column of bibs; the first line is: {quoted(first)}",
                    accepted=f"a header with one of: {', '.join(HEADERS['bib'])}, and names of other columns",
                )
            ]
        )
    faults = [
        Fault(
            file=str(path),
            key=field,
            line=sheet.lines[columns.row],
            message=f"two columns for one field: {', '.join(headers)}",
            accepted="one of them, or another header for the other",
        )
        for field, headers in doubled(sheet.rows[columns.row]).items()
    ]
    if faults:
        raise RosterError(faults)
    return columns


def _rows(sheet: Sheet, columns: Columns, remarks: list[RosterRemark]) -> Rows:
    """The rows below the header that carry a bib, all as wide as the header."""
    header = sheet.rows[columns.row]
    width = len(header)
    at_bib = columns.of_field["bib"]
    below = sheet.rows[columns.row + 1 :]
    if all(len(row) == width for row in below):
        bibs = [row[at_bib] for row in below]
        if all(map(_PLAIN_BIB.fullmatch, bibs)):  # nothing to be set right, as in most files
            return Rows(cells=below, lines=sheet.lines[columns.row + 1 :], bibs=bibs)
    rows = Rows(cells=[], lines=[], bibs=[])
    for row, line in zip(sheet.rows[columns.row + 1 :], sheet.lines[columns.row + 1 :], strict=True):
        if not any(row) or row == header or (row[0].isspace() and not any(cell.strip() for cell in row)):
            continue
        if len(row) != width:
            if any(cell.strip() for cell in row[width:]):
                what = f"{len(row)} cells where the header has {width}; not taken over: {quoted(row)}"
                remarks.append(RosterRemark(line=line, bib="", what=what, held=True))
                continue
            row = row[:width] + [""] * (width - len(row))
        bib = bib_of(row[at_bib].strip())[0]
        if not bib or is_spreadsheet_error(bib):
            if any(cell.strip() for cell in row):
                what = f"no bib; not taken over: {quoted(row)}"
                remarks.append(RosterRemark(line=line, bib="", what=what, held=True))
            continue
        rows.cells.append(row)
        rows.lines.append(line)
        rows.bibs.append(bib)
    return rows


def _without_doubled_bibs(rows: Rows, remarks: list[RosterRemark]) -> Rows:
    doubled_bibs = {bib for bib, times in Counter(rows.bibs).items() if times > 1}
    if not doubled_bibs:
        return rows
    claims: dict[str, list[int]] = defaultdict(list)
    for index, bib in enumerate(rows.bibs):
        if bib in doubled_bibs:
            claims[bib].append(index)
    dropped: set[int] = set()
    for bib, indexes in claims.items():
        first = rows.cells[indexes[0]]
        if all(rows.cells[index] == first for index in indexes):
            dropped.update(indexes[1:])
            what = f"the same row again as on line {rows.lines[indexes[0]]}; read once"
            remarks.append(RosterRemark(line=rows.lines[indexes[1]], bib=bib, what=what, held=False))
            continue
        dropped.update(indexes)
        for index in indexes:
            others = ", ".join(str(rows.lines[other]) for other in indexes if other != index)
            what = f"bib {bib} is also on line {others}; none is taken over until it is decided: "
            what += quoted(rows.cells[index])
            remarks.append(RosterRemark(line=rows.lines[index], bib=bib, what=what, held=True))
    kept = [index for index in range(len(rows.bibs)) if index not in dropped]
    return Rows(
        cells=[rows.cells[index] for index in kept],
        lines=[rows.lines[index] for index in kept],
        bibs=[rows.bibs[index] for index in kept],
    )


# ---- writing ----


def save_roster(roster: Roster, path: str | Path) -> None:
    """Writes a roster as CSV in UTF-8 under the canonical names; `load_roster` gives back the same entrants.

    The file appears whole or not at all.
    """
    path = Path(path)
    tags = max((len(entrant.tags) for entrant in roster.entrants), default=1) or 1
    header = ["bib", "tag", *(f"tag{number}" for number in range(2, tags + 1)), *FIELDS]
    partial = path.with_name(path.name + ".part")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for entrant in roster.entrants:
            own = [*entrant.tags, *[""] * (tags - len(entrant.tags))]
            writer.writerow([entrant.bib, *own, *(_written(getattr(entrant, field)) for field in FIELDS)])
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)
