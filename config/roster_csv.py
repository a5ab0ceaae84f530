"""A roster as a CSV file that `roster_file` reads back as it was: canonical headers, one row for each entrant."""

import csv
import io
from typing import Final

from timing.roster import Entrant, Roster

_COLUMNS: Final = (
    "last_name", "first_name", "sex", "birth_date", "birth_year", "age", "category", "nationality", "club", "team",
    "town", "licence", "wave", "role", "elite", "status", "public", "say", "editions",
)  # fmt: skip


def roster_csv(roster: Roster) -> bytes:
    """The whole file: UTF-8, LF, as many tag columns as somebody has tags."""
    most = max((len(entrant.tags) for entrant in roster.entrants), default=1) or 1
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["bib", "tag", *(f"tag{number}" for number in range(2, most + 1)), *_COLUMNS])
    writer.writerows(_row(entrant, most) for entrant in roster.entrants)
    return text.getvalue().encode()


def _row(entrant: Entrant, tags: int) -> list[object]:
    e = entrant
    return [
        e.bib, *e.tags, *[""] * (tags - len(e.tags)), e.last_name, e.first_name, e.sex.value,
        "" if e.birth_date is None else e.birth_date.isoformat(), "" if e.birth_year is None else e.birth_year,
        "" if e.age is None else e.age, e.category, e.nationality, e.club, e.team, e.town, e.licence, e.wave, e.role,
        int(e.elite), e.status, int(e.public), e.say, "" if e.editions is None else e.editions,
    ]  # fmt: skip
