"""One entrant as somebody types it at a desk: the same cells as in a file, and a fault for each that is not understood.

In a file a doubtful cell is a remark and the row is taken; at a desk somebody is there to be asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from config.plan import RacePlan
from config.roster_values import (
    bib_of,
    birth_reader,
    editions_of,
    elite_of,
    licence_of,
    nationality_of,
    public_of,
    role_reader,
    sex_of,
    status_of,
    tags_of,
    wave_reader,
)
from timing.errors import RaceDayError
from timing.reads import Tag
from timing.roster import Bib, Entrant

TEXT_MAX: Final = 120
BIB_MAX: Final = 16
_PLAIN: Final = ("last_name", "first_name", "category", "club", "team", "town", "say")

FORM_FIELDS: Final = (
    *("last_name", "first_name", "sex", "birth", "category", "nationality", "club", "team", "town", "licence", "wave"),
    *("role", "elite", "status", "public", "say", "editions"),
)
"""What can be typed of an entrant, beside the bib and the tags; `birth` is a date or a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFault:
    """What is wrong with one field, and what would be accepted.

    `code` names what a page says in its own words, with `about`; empty where the message says it all.
    """

    field: str
    message: str
    code: str = ""
    about: str = ""


class EntrantRefused(RaceDayError):
    """An entrant cannot be taken as typed. Attributes: faults: each field that is wrong."""

    def __init__(self, faults: Sequence[FieldFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in self.faults))


def entrant_typed(before: Entrant, fields: Mapping[str, str], plan: RacePlan) -> Entrant:
    """The entrant with these fields as typed; what is not given stays. An empty text takes a field's value away.

    Raises: EntrantRefused with every fault.
    """
    readers = _readers(plan, fields.get("birth", ""))
    faults: list[FieldFault] = []
    values: dict[str, Any] = {}
    for name, text in fields.items():
        text = text.strip()
        if name not in FORM_FIELDS:
            faults.append(FieldFault(field=name, message=f"no such field; there are: {', '.join(FORM_FIELDS)}"))
        elif len(text) > TEXT_MAX:
            faults.append(FieldFault(field=name, message=f"at most {TEXT_MAX} characters"))
        elif name in _PLAIN:
            values[name] = text
        else:
            value, doubt = readers[name](text)
            if doubt:
                faults.append(FieldFault(field=name, message=doubt))
            values[name] = value
    if faults:
        raise EntrantRefused(faults)
    if "birth" in values:
        born = values.pop("birth")
        values |= {"birth_date": born.day, "birth_year": born.year, "age": None}
    return before._replace(**values)


def _readers(plan: RacePlan, birth: str) -> Mapping[str, Callable[[str], tuple[Any, str]]]:
    return {
        "sex": sex_of,
        "birth": birth_reader({birth}, plan.race.day),
        "nationality": nationality_of,
        "licence": licence_of,
        "wave": wave_reader((wave.id, wave.name) for wave in plan.race.waves),
        "role": role_reader(plan.roles),
        "editions": editions_of,
        "elite": elite_of,
        "status": status_of,
        "public": public_of,
    }


def bib_typed(text: str) -> Bib:
    """A bib as typed. Raises: EntrantRefused."""
    bib = bib_of(text.strip())[0]
    if not bib or len(bib) > BIB_MAX or not bib.isprintable():
        raise EntrantRefused([FieldFault(field="bib", message=f"a bib has 1 to {BIB_MAX} characters")])
    return Bib(bib)


def tag_typed(text: str) -> Tag:
    """One tag as typed or read. Raises: EntrantRefused."""
    tags, doubt = tags_of(text.strip())
    if len(tags) != 1 or len(tags[0]) > TEXT_MAX:
        message = doubt or "the code of one tag is needed, as the reader shows it"
        raise EntrantRefused([FieldFault(field="tag", message=message)])
    return tags[0]


def typed_values(entrant: Entrant) -> dict[str, str]:
    """The fields of an entrant as they could be typed again."""
    born = entrant.birth_date.isoformat() if entrant.birth_date else str(entrant.birth_year or "")
    known: dict[str, Any] = entrant._asdict() | {"birth": born}
    return {name: _written(known[name]) for name in FORM_FIELDS}


def _written(value: object) -> str:
    return ("1" if value else "0") if isinstance(value, bool) else str(value or "")
