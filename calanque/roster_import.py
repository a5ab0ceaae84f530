"""A roster file at the desk: read, compared with the roster in force, and taken once somebody has seen the difference.

Owns the files that wait for that. The comparison is made where the race is kept, the file is read elsewhere.
"""

import hashlib
import tempfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from calanque.derived import Derived, Picture
from calanque.errors import FrontDoorError
from calanque.roster_desk import RosterDesk
from config.errors import ConfigError
from config.plan import RacePlan
from config.roster_changes import roster_difference, with_missing_kept
from config.roster_file import LoadedRoster, load_roster
from results.effects import Snapshot, effect, effect_values
from timing.entries import RosterBody
from timing.instants import MISSING
from timing.roster import Bib, Entrant, Roster
from timing.state import RaceState

WAITING_MAX: Final = 4
"""Files that wait to be taken; the oldest makes room."""

SHOWN: Final = 200
"""Of each kind of difference, one by one; counts are always whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A file that was read and is not taken yet."""

    name: str
    digest: str
    loaded: LoadedRoster


class RosterImports:
    """The files that wait at the desk of one race."""

    def __init__(self, plan: RacePlan) -> None:
        self._plan = plan
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()

    def read(self, name: str, content: bytes) -> Waiting:
        """Reads a file that was sent; slow for a large one. Raises: FrontDoorError when it is no roster at all."""
        digest = hashlib.sha256(content).hexdigest()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / ("roster.xlsx" if content.startswith(b"PK") else "roster.csv")
            path.write_bytes(content)
            try:
                loaded = load_roster(path, self._plan)
            except ConfigError as error:
                raise FrontDoorError(str(error).replace(str(path), name)) from error
        return Waiting(name=name, digest=digest, loaded=loaded)

    def keep(self, waiting: Waiting) -> None:
        self._waiting[waiting.digest] = waiting
        self._waiting.move_to_end(waiting.digest)
        while len(self._waiting) > WAITING_MAX:
            self._waiting.popitem(last=False)

    def waiting(self, digest: str) -> Waiting:
        """Raises: FrontDoorError when no such file waits."""
        found = self._waiting.get(digest)
        if found is None:
            raise FrontDoorError("this file is not held any more: send it again")
        return found


def shown_difference(
    waiting: Waiting, state: RaceState, derived: Derived, plan: RacePlan, *, keep_missing: bool
) -> dict[str, Any]:
    """What taking a file would change: entrants, who of them has crossed a mat, times and places.

    Raises: EntrantRefused when it cannot be taken.
    """
    desk = RosterDesk(plan, state, derived)
    before = desk.roster
    after = wanted(waiting, before, keep_missing=keep_missing)
    found = roster_difference(before, after)
    picture = derived.picture()
    seen = (picture.times.crossing_us != MISSING).any(axis=0).tolist()
    concerned = [*(entrant.bib for entrant in found.gone), *(change.bib for change in found.changed)]
    crossed = {bib for bib in concerned if seen[picture.roster.by_bib[bib]]}
    summary = waiting.loaded.summary
    return {
        "digest": waiting.digest,
        "name": waiting.name,
        "seen": desk.version,
        "keep": keep_missing,
        "rows": summary.rows,
        "entrants": len(after),
        "held": summary.held,
        "remarks": [str(remark) for remark in waiting.loaded.remarks],
        "added": {"count": len(found.added), "rows": [_person(e) for e in found.added[:SHOWN]]},
        "gone": {
            "count": len(found.gone),
            "crossed": sum(entrant.bib in crossed for entrant in found.gone),
            "rows": [_person(e) | {"crossed": e.bib in crossed} for e in _first(found.gone, crossed)],
        },
        "changed": {
            "count": len(found.changed),
            "crossed": sum(change.bib in crossed for change in found.changed),
            "rows": [
                {
                    "bib": change.bib,
                    "crossed": change.bib in crossed,
                    "fields": [{"field": f, "was": _said(was), "becomes": _said(new)} for f, was, new in change.fields],
                }
                for change in found.changed[:SHOWN]
            ],
        },
        "effect": None if found.nothing else _effect(derived, after),
    }


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes; empty when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def wanted(waiting: Waiting, before: Roster, *, keep_missing: bool) -> Roster:
    """The roster that taking a file makes. Raises: EntrantRefused when a tag would be two people's."""
    after = waiting.loaded.roster
    return with_missing_kept(before, after) if keep_missing else after


def taken(waiting: Waiting, desk: RosterDesk, command: Mapping[str, Any]) -> RosterBody:
    """The version of the roster that a file makes.

    Raises: FrontDoorError when the roster is not the one that the file was compared with; EntrantRefused.
    """
    if desk.version != command["seen"]:
        raise FrontDoorError("the roster was changed since the difference was shown: look at it again")
    return RosterBody(
        roster=wanted(waiting, desk.roster, keep_missing=command["keep"]),
        file=waiting.name,
        author=command["author"],
        digest=waiting.digest,
        change=("file",),
    )


def _effect(derived: Derived, after: Roster) -> dict[str, Any]:
    values = effect_values(effect(_snapshot(derived.picture()), _snapshot(derived.preview_roster(after))), 0)
    return {
        "runners_changed": values["runners_changed"],
        "places_changed": sum(each["places_changed"] for each in values["lists"]),
        "podiums_changed": values["podiums_changed"],
        "official_changed": values["official_changed"],
    }


def _snapshot(picture: Picture) -> Snapshot:
    return Snapshot(roster=picture.roster, times=picture.times, rankings=picture.rankings, states=picture.states)


def _first(gone: tuple[Entrant, ...], crossed: set[Bib]) -> list[Entrant]:
    """Those who have run first: they are what must not be overlooked."""
    return sorted(gone, key=lambda entrant: entrant.bib not in crossed)[:SHOWN]


def _person(entrant: Entrant) -> dict[str, Any]:
    name = f"{entrant.first_name} {entrant.last_name.upper()}".strip()
    return {"bib": entrant.bib, "name": name, "tags": list(entrant.tags)}


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
