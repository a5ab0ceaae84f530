"""What acts would change, as the rows of a table in French or English: before they are committed, now and after.

Owns which changes are told one by one. How many official times change is always told, zero too.
"""

from collections.abc import Sequence
from typing import Any, Final

from config.plan import RacePlan
from results.act_words import STATUSES
from results.effects import Effect, ListChange, RunnerChange
from results.exact_times import exact_duration
from results.printing import Language, count
from results.titles import title_of
from timing.roster import Bib

RUNNERS_SHOWN: Final = 4
LISTS_SHOWN: Final = 4

Row = dict[str, Any]
"""`what`, `now`, `after`: texts; `now` and `after` may be empty."""


def effect_rows(found: Effect, plan: RacePlan, language: Language) -> list[Row]:
    """The rows, the counts first: they are whole, whatever is told one by one."""
    say = _Say(plan, language)
    rows = [
        _row(say.words("Temps officiels modifiés", "Official times changed"), "", say.count(found.gun_times_changed)),
        _row(
            say.words("Coureurs dont un temps ou le statut change", "Runners with another time or status"),
            "",
            say.count(len(found.runners)),
        ),
    ]
    if found.official:
        what = say.words("Places déjà officielles en désaccord", "Official places that would differ")
        rows.append(_row(what, "", say.count(len(found.official))))
    rows += [say.podium(change) for change in found.podiums[:LISTS_SHOWN]]
    moved = sum(len(change.places) for change in found.lists)
    if moved:
        what = say.words("Places qui changent, toutes listes", "Places that change, in all lists")
        rows.append(_row(what, "", say.count(moved)))
    for change in found.runners[:RUNNERS_SHOWN]:
        rows += say.runner(change)
    return rows


def _row(what: str, now: str, after: str) -> Row:
    return {"what": what, "now": now, "after": after}


class _Say:
    def __init__(self, plan: RacePlan, language: Language) -> None:
        self._plan = plan
        self._language = language

    def words(self, french: str, english: str) -> str:
        return french if self._language is Language.FR else english

    def count(self, number: int) -> str:
        return count(number, self._language)

    def podium(self, change: ListChange) -> Row:
        assert change.podium is not None, "asked for lists whose podium changes"
        title = title_of(change.list_id, self._plan, self._language)
        before, after = change.podium
        return _row(self.words(f"Podium, {title}", f"Podium, {title}"), _bibs(before), _bibs(after))

    def runner(self, change: RunnerChange) -> list[Row]:
        rows = []
        bib, status = change.bib, STATUSES[self._language]
        if change.status[0] != change.status[1]:
            rows.append(_row(bib, status[change.status[0].name], status[change.status[1].name]))
        for values, french, english in (
            (change.gun_time_us, "temps officiel", "gun time"),
            (change.net_time_us, "temps réel", "net time"),
        ):
            if values[0] != values[1]:
                rows.append(_row(f"{bib}, {self.words(french, english)}", self._time(values[0]), self._time(values[1])))
        return rows or [_row(bib, "", self.words("un passage change", "a crossing changes"))]

    def _time(self, value_us: int | None) -> str:
        return "–" if value_us is None else exact_duration(value_us, self._language)


def _bibs(bibs: Sequence[Bib]) -> str:
    return " · ".join(bibs) or "–"
