"""How versions of the roster lie in the journal: a column for each field, compressed.

Owns the format (version 1). A column that no entrant has a value in may be left out, and then has its default.
"""

import json
import zlib
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from timing.roster import Entrant, Roster, Sex


@dataclass(frozen=True, kw_only=True)
class RosterBody:
    """A whole version of the roster.

    `file`: where it came from, `digest`: the SHA-256 of that file's bytes. `change`: what was changed of the version
    before at a desk, which keeps its file and digest; empty for a version that is a file's. It names the act and what
    it is about: (`new`, bib), (`fields`, bib), (`rebib`, old bib, new bib), (`bind`, bib, tag), (`unbind`, bib, tag),
    or (`file`,) for one that was compared at the desk.
    """

    roster: Roster
    file: str = ""
    author: str = ""
    digest: str = ""
    change: tuple[str, ...] = ()


_AS_THEY_ARE: Final = (
    *("bib", "last_name", "first_name", "category", "nationality", "club", "team", "town", "licence", "wave", "role"),
    *("status", "say", "birth_year", "age", "elite", "public"),
)


def encode_roster(body: RosterBody) -> bytes:
    """The bytes of a version, compressed."""
    entrants = body.roster.entrants
    columns: dict[str, Any] = {name: [getattr(e, name) for e in entrants] for name in _AS_THEY_ARE}
    if any(e.editions is not None for e in entrants):  # a column that earlier versions did not know, and would refuse
        columns["editions"] = [e.editions for e in entrants]
    columns["tags"] = [e.tags for e in entrants]
    columns["sex"] = [e.sex.value for e in entrants]
    columns["birth_date"] = [None if e.birth_date is None else e.birth_date.isoformat() for e in entrants]
    told = {name: value for name in ("digest", "change") if (value := getattr(body, name))}
    fields = {"file": body.file, "author": body.author, **told, "columns": columns}
    return zlib.compress(json.dumps(fields, separators=(",", ":"), sort_keys=True).encode(), 1)


def decode_roster(encoded: bytes) -> RosterBody:
    """The version that these bytes hold. Raises: ValueError, KeyError, TypeError or zlib.error where they hold none."""
    found = json.loads(zlib.decompress(encoded))
    columns: dict[str, Any] = found["columns"]
    count = len(columns["bib"])
    sexes = {sex.value: sex for sex in Sex}
    columns["tags"] = [tuple(tags) for tags in columns["tags"]]
    columns["sex"] = [sexes[sex] for sex in columns["sex"]]
    columns["birth_date"] = [None if day is None else date.fromisoformat(day) for day in columns["birth_date"]]
    unknown = columns.keys() - set(Entrant._fields)
    if unknown:
        raise ValueError(f"unknown columns: {', '.join(sorted(unknown))}")
    defaults = Entrant._field_defaults
    # In the order of the fields: a roster of 20,000 is decoded while somebody waits.
    values = [columns[name] if name in columns else [defaults[name]] * count for name in Entrant._fields]
    entrants = tuple(map(Entrant._make, zip(*values, strict=True)))
    return RosterBody(
        roster=Roster(entrants=entrants),
        file=found["file"],
        author=found["author"],
        digest=found.get("digest", ""),
        change=tuple(found.get("change", ())),
    )
