"""Which column of a roster is which field: English and French headers in any order, compared folded.

A header is never guessed from its position. Two columns for one field are refused, a column that is not understood is
told, so that a misspelt header does not lose a field in silence.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from config.folding import folded

HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "bib": (
        "bib",
        "bib no",
        "bib number",
        "race number",
        "dossard",
        "no dossard",
        "numéro dossard",
        "num dossard",
        "doss",
    ),
    "tag": ("tag", "chip", "puce", "epc", "transponder", "transpondeur", "tag id", "chip code", "code puce", "no puce"),
    "last_name": ("last name", "surname", "family name", "nom", "nom de famille"),
    "first_name": ("first name", "given name", "forename", "prénom"),
    "full_name": ("full name", "name", "nom prénom", "nom et prénom", "athlete", "athlète", "coureur", "participant"),
    "sex": ("sex", "gender", "sexe", "genre"),
    "birth_date": (
        "birth date",
        "date of birth",
        "dob",
        "date de naissance",
        "date naissance",
        "DDN",
        "né(e) le",
        "né le",
    ),
    "birth_year": ("birth year", "year of birth", "yob", "année de naissance", "année naissance"),
    "age": ("age", "âge"),
    "category": ("category", "age group", "catégorie", "cat", "cat FFA", "catégorie FFA"),
    "nationality": ("nationality", "nation", "nationalité", "nat"),
    "club": ("club", "club name", "nom du club"),
    "team": ("team", "group", "company", "équipe", "groupe", "entreprise", "groupe/entreprise"),
    "town": ("town", "city", "ville", "commune"),
    "licence": ("licence", "license", "licence no", "licence number", "no licence", "numéro licence", "licence FFA"),
    "wave": ("wave", "corral", "start wave", "vague", "sas"),
    "role": ("role", "rôle"),
    "elite": ("elite", "élite"),
    "status": ("status", "statut"),
    "public": ("public", "publication", "diffusion"),
    "say": ("say", "pronunciation", "prononciation"),
    "editions": ("editions", "participations", "number of editions", "éditions", "nombre de participations"),
}
"""The headers understood for each field. `tag` takes a number (`tag2`, `Puce 2`)."""

SECOND_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "bib": ("no", "number", "numéro"),
    "sex": ("civilité", "title"),
    "birth_date": ("naissance", "date naissance", "born", "birth"),
}
"""Headers that mean the field only where no better one is there."""

_HEADER_ROWS_MAX: Final = 20
"""Title lines above the header; a header further down is not looked for."""
_NUMBERED_TAG: Final = re.compile(r"(.*?)0*([1-9]\d?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The header of a roster: its row, the column of each field, and the headers nobody understood.

    Fields are those of HEADERS, tags numbered from the second on (`tag`, `tag2`).
    """

    row: int
    of_field: Mapping[str, int]
    headers: Mapping[str, str]
    unknown: tuple[str, ...]


def _fields(choices: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {folded(header): field for field, headers in choices.items() for header in headers}


_FIELD_OF: Final = _fields(HEADERS)
_SECOND_FIELD_OF: Final = _fields(SECOND_CHOICES)


def field_of(header: str) -> str | None:
    """The field a header means, None where it means none."""
    plain = folded(header)
    field = _FIELD_OF.get(plain)
    if field is None:
        numbered = _NUMBERED_TAG.fullmatch(plain)
        if numbered and _FIELD_OF.get(numbered[1]) == "tag":
            return "tag" if numbered[2] == "1" else f"tag{numbered[2]}"
    return field


def find_columns(rows: Sequence[Sequence[str]]) -> Columns | None:
    """The header among the first rows: the first that names bibs and another field; None if there is none."""
    for index, row in enumerate(rows[:_HEADER_ROWS_MAX]):
        columns = _columns(index, row)
        if "bib" in columns.of_field and len(columns.of_field) > 1:
            return columns
    return None


def _columns(index: int, row: Sequence[str]) -> Columns:
    of_field: dict[str, int] = {}
    headers: dict[str, str] = {}
    unknown: list[tuple[int, str]] = []
    for column, cell in enumerate(row):
        header = cell.strip()
        field = field_of(header)
        if field is not None and field not in of_field:
            of_field[field] = column
            headers[field] = header
        elif header and field is None:
            unknown.append((column, header))
    left: list[str] = []
    for column, header in unknown:
        second = _SECOND_FIELD_OF.get(folded(header))
        if second is not None and second not in of_field:
            of_field[second] = column
            headers[second] = header
        else:
            left.append(header)
    return Columns(row=index, of_field=of_field, headers=headers, unknown=tuple(left))


def doubled(row: Sequence[str]) -> Mapping[str, list[str]]:
    """The fields that more than one column of a header row claims, with those headers."""
    claims: dict[str, list[str]] = {}
    for cell in row:
        field = field_of(cell.strip())
        if field is not None:
            claims.setdefault(field, []).append(cell.strip())
    return {field: headers for field, headers in claims.items() if len(headers) > 1}
