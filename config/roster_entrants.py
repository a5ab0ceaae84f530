"""From the rows of a roster to entrants: one column at a time, each distinct text read once.

Knows neither files nor headers; what is doubtful becomes a remark with its line.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final, TypeVar

from config.plan import RacePlan
from config.roster_columns import Columns
from config.roster_remarks import RosterRemark
from config.roster_values import (
    Born,
    age_of,
    birth_reader,
    club_of,
    editions_of,
    elite_of,
    is_spreadsheet_error,
    licence_of,
    nationality_of,
    plain_tags,
    public_of,
    role_reader,
    sex_of,
    split_name,
    status_of,
    tags_of,
    wave_reader,
    year_of,
)
from timing.reads import Tag
from timing.roster import Entrant

_ValueT = TypeVar("_ValueT")
_QUOTED_MAX: Final = 120
FIELDS: Final = (
    *("last_name", "first_name", "sex", "birth_date", "birth_year", "age", "category", "nationality", "club", "team"),
    *("town", "licence", "wave", "role", "elite", "status", "public", "say", "editions"),
)
"""The fields of an entrant after bib and tags, in the order of a roster we write."""
_DEFAULTS: Final = Entrant._field_defaults


@dataclass(slots=True, kw_only=True)
class Rows:
    """The rows still in play: texts, the line each begins on, and the bib of each."""

    cells: list[list[str]]
    lines: list[int]
    bibs: list[str]


def quoted(row: Sequence[str]) -> str:
    """A row as people are shown it, cut where it is long."""
    text = " | ".join(cell.strip() for cell in row).rstrip(" |")
    return f'"{text}"' if len(text) <= _QUOTED_MAX else f'"{text[:_QUOTED_MAX]}..."'


class _Reading:
    """The columns of the rows, turned into values one field at a time; remarks are gathered."""

    def __init__(self, rows: Rows, columns: Columns, remarks: list[RosterRemark]) -> None:
        by_column = list(zip(*rows.cells, strict=True))
        self._texts = {field: by_column[index] if by_column else () for field, index in columns.of_field.items()}
        self._rows = rows
        self._remarks = remarks

    def texts(self, field: str) -> list[str] | None:
        """The stripped texts of a field, None where the file has no such column."""
        column = self._texts.get(field)
        return None if column is None else list(map(str.strip, column))

    def values(self, field: str, read: Callable[[str], tuple[_ValueT, str]]) -> list[_ValueT] | None:
        """The values of a field, None where the file has no such column. Equal texts are read once."""
        texts = self.texts(field)
        if texts is None:
            return None
        values: dict[str, _ValueT] = {}
        doubts: dict[str, str] = {}
        for text in set(texts):
            damaged = is_spreadsheet_error(text)
            values[text], doubt = read("" if damaged else text)
            if doubt or damaged:
                doubts[text] = doubt or f'{field} "{text}": a spreadsheet put an error in place of the text'
        if doubts:
            self._tell(texts, doubts)
        return [values[text] for text in texts]

    def tags(self, field: str) -> list[tuple[Tag, ...]]:
        """The tags in a column of the file."""
        texts = self.texts(field) or []
        return plain_tags(texts) or self.values(field, tags_of) or []

    def _tell(self, texts: Sequence[str], doubts: Mapping[str, str]) -> None:
        """One remark for each doubtful text, at its first row, with how many rows share it."""
        places: dict[str, list[int]] = defaultdict(list)
        for index, text in enumerate(texts):
            if text in doubts:
                places[text].append(index)
        for text, indexes in places.items():
            more = f" (and in {len(indexes) - 1} more rows)" if len(indexes) > 1 else ""
            first = indexes[0]
            self._remarks.append(
                RosterRemark(
                    line=self._rows.lines[first], bib=self._rows.bibs[first], what=doubts[text] + more, held=False
                )
            )


def entrants_of(rows: Rows, columns: Columns, plan: RacePlan, remarks: list[RosterRemark]) -> list[Entrant]:
    reading = _Reading(rows, columns, remarks)
    given: dict[str, Sequence[Any] | None] = {
        "tags": _tags(reading, rows, columns, remarks),
        **_names(reading),
        **_births(reading, plan),
        "sex": reading.values("sex", sex_of),
        "age": reading.values("age", age_of),
        "category": reading.texts("category"),
        "nationality": reading.values("nationality", nationality_of),
        "club": reading.values("club", club_of),
        "team": reading.texts("team"),
        "town": reading.texts("town"),
        "licence": reading.values("licence", licence_of),
        "wave": reading.values("wave", wave_reader((wave.id, wave.name) for wave in plan.race.waves)),
        "role": reading.values("role", role_reader(plan.roles)),
        "elite": reading.values("elite", elite_of),
        "status": reading.values("status", status_of),
        "public": reading.values("public", public_of),
        "say": reading.texts("say"),
        "editions": reading.values("editions", editions_of),
    }

    def column(field: str) -> Iterable[Any]:
        values = given.get(field)
        return repeat(_DEFAULTS[field]) if values is None else values

    assert Entrant._fields == ("bib", "tags", *FIELDS), "columns are given in the order of an entrant's fields"
    return list(map(Entrant._make, zip(rows.bibs, column("tags"), *(column(field) for field in FIELDS), strict=False)))


def _names(reading: _Reading) -> dict[str, Sequence[str] | None]:
    last, first = reading.texts("last_name"), reading.texts("first_name")
    whole = reading.texts("full_name")
    if last is None and whole is not None:
        pairs = [split_name(name) for name in whole]
    elif first is None and last is not None:  # "NOM Prénom" under the header "Nom"
        pairs = [split_name(name) if any(map(str.islower, name)) and " " in name else (name, "") for name in last]
    else:
        return {"last_name": last, "first_name": first}
    return {"last_name": [pair[0] for pair in pairs], "first_name": first or [pair[1] for pair in pairs]}


def _births(reading: _Reading, plan: RacePlan) -> dict[str, Sequence[Any] | None]:
    day = plan.race.day
    texts = reading.texts("birth_date")
    born = reading.values("birth_date", birth_reader(set(texts or ()), day))
    years = reading.values("birth_year", year_of)
    if born is None:
        return {"birth_year": years}
    if years is not None:
        born = [each if each.year else Born(each.day, year) for each, year in zip(born, years, strict=True)]
    return {"birth_date": [each.day for each in born], "birth_year": [each.year for each in born]}


def _tags(reading: _Reading, rows: Rows, columns: Columns, remarks: list[RosterRemark]) -> list[tuple[Tag, ...]] | None:
    names = sorted((field for field in columns.of_field if field.startswith("tag")), key=_tag_number)
    if not names:
        return None
    tags = reading.tags(names[0])
    for field in names[1:]:
        pairs = zip(tags, reading.tags(field), strict=True)
        tags = [own + more if more and not set(own) & set(more) else _joined(own, more) for own, more in pairs]
    if len({tag for own in tags for tag in own}) == sum(map(len, tags)):  # no tag is there twice
        return tags
    holders: dict[Tag, int] = {}
    doubled_tags: dict[Tag, list[int]] = {}
    for index, own in enumerate(tags):
        for tag in own:
            first = holders.setdefault(tag, index)
            if first != index:
                doubled_tags.setdefault(tag, [first]).append(index)
    for tag, indexes in doubled_tags.items():
        for index in indexes:
            others = ", ".join(f"{rows.bibs[o]} (line {rows.lines[o]})" for o in indexes if o != index)
            what = f"tag {tag} is also that of bib {others}; it belongs to nobody until it is decided: "
            what += quoted(rows.cells[index])
            remarks.append(RosterRemark(line=rows.lines[index], bib=rows.bibs[index], what=what, held=True))
            tags[index] = tuple(other for other in tags[index] if other != tag)
    return tags


def _tag_number(field: str) -> int:
    return int(field.removeprefix("tag") or 1)


def _joined(own: tuple[Tag, ...], more: tuple[Tag, ...]) -> tuple[Tag, ...]:
    return tuple(dict.fromkeys(own + more))
