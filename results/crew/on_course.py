"""Who is still on the course: last mat and hour, overdue by forecast, abandons reported with their place.

What the medical post and the prefecture ask for. Pages get the most overdue first and no more than they can show; the
table has everybody. Why somebody gave up is told to the crew alone, and is in no table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np

from config.plan import RacePlan
from results.act_words import point_words
from results.people import Person
from results.printing import Language, duration, hour
from timing.desk_entries import AbandonBody
from timing.instants import MISSING, SECOND, Instant
from timing.reads import Bool, Int16, Int64
from timing.roster import Bib, Roster
from timing.times import Status, Times

SHOWN: Final = 100


@dataclass(frozen=True, kw_only=True)
class DueColumns:
    """When those on the course are forecast at the next point: columns of one value for each entrant.

    `next_point`: its number, -1 for none. `at_us` MISSING: no forecast. `late_us`: for how long they have been overdue,
    0 for whoever is not.
    """

    next_point: Int16
    at_us: Int64
    plus_minus_us: Int64
    late_us: Int64

    def at_points(self, points: int) -> Int64:
        """The same by point (points x entrants, MISSING elsewhere), as `MatsAsked.expected_us` has it."""
        found = np.full((points, len(self.at_us)), MISSING, np.int64)
        who = np.flatnonzero((self.next_point >= 0) & (self.at_us != MISSING))
        found[self.next_point[who], who] = self.at_us[who]
        return found


@dataclass(frozen=True, kw_only=True)
class CourseAsked:
    """The race at one moment.

    `people`: as the crew may read them, in the roster's order. `due` None: no forecast. `on_clock`: who is timed, where
    somebody has it already (`BoardFrame.timed`); else it is looked up, which takes milliseconds.
    """

    plan: RacePlan
    roster: Roster
    times: Times
    people: Sequence[Person]
    abandons: Mapping[Bib, AbandonBody] = field(default_factory=dict)
    due: DueColumns | None = None
    on_clock: Bool | None = None

    @cached_property
    def timed(self) -> Bool:
        if self.on_clock is not None:
            return self.on_clock
        return np.array([self.plan.role(entrant).timed for entrant in self.roster.entrants], np.bool_)


def on_course(asked: CourseAsked, *, shown: int = SHOWN) -> dict[str, Any]:
    """The crew's section, JSON-ready.

    `count` are on the course: seen, not finished, not declared out; those whose abandon was only reported are among
    them, and `reported` says how many. `legs`: how many were last seen at each point. `rows`: who is overdue, the most
    first, then whom a mat saw longest ago; `more` are not shown.
    """
    running, last = _running(asked), _last_points(asked.times)
    asked = _in_step(asked, last)
    order = _order(asked, running, last)
    status = asked.times.status
    timed = asked.timed
    points = asked.plan.race.course.points
    return {
        "count": int(np.count_nonzero(running)),
        "entered": int(np.count_nonzero(timed)),
        "started": int(np.count_nonzero(timed & (last >= 0))),
        "finished": int(np.count_nonzero(timed & (status == Status.FINISHED))),
        "out": int(np.count_nonzero(timed & np.isin(status, (Status.DNF, Status.HD)))),
        "not_started": int(np.count_nonzero(timed & (status == Status.DNS))),
        "reported": sum(bool(running[index]) for index in _reported(asked)),
        "overdue": 0 if asked.due is None else int(np.count_nonzero(running & (asked.due.late_us > 0))),
        "legs": [
            {
                "from": points[k].id,
                "to": points[k + 1].id,
                "count": int(np.count_nonzero(running & (last == k))),
            }
            for k in range(len(points) - 1)
        ],
        "rows": [_row(asked, index, int(last[index])) for index in order[:shown].tolist()],
        "more": max(len(order) - shown, 0),
        "abandons": [_abandon(asked, bib, body) for bib, body in asked.abandons.items()],
    }


_COLUMNS: Final = {
    Language.FR: (
        "dossard", "nom", "prénom", "sexe", "catégorie", "dernier point", "heure", "prochain point", "attendu à",
        "à ± près", "en retard de", "abandon signalé", "lieu",
    ),
    Language.EN: (
        "bib", "last name", "first name", "sex", "category", "last point", "hour", "next point", "expected at",
        "give or take", "overdue by", "abandon reported", "place",
    ),
}  # fmt: skip


def course_table(asked: CourseAsked, language: Language) -> tuple[tuple[str, ...], list[list[str]]]:
    """Columns and rows of everybody on the course, the most overdue first, for the medical post and the prefecture."""
    last = _last_points(asked.times)
    asked = _in_step(asked, last)
    order = _order(asked, _running(asked), last)
    return _COLUMNS[language], [_cells(asked, index, int(last[index]), language) for index in order.tolist()]


def _in_step(asked: CourseAsked, last: Int64) -> CourseAsked:
    """The same without forecasts of a point that has seen them since: a forecast is made once a second at most."""
    due = asked.due
    if due is None:
        return asked
    passed = due.next_point <= last
    fresh = DueColumns(
        next_point=np.where(passed, -1, due.next_point).astype(np.int16),
        at_us=np.where(passed, MISSING, due.at_us),
        plus_minus_us=due.plus_minus_us,
        late_us=np.where(passed, 0, due.late_us),
    )
    return replace(asked, due=fresh)


def _running(asked: CourseAsked) -> Bool:
    running: Bool = asked.timed & (asked.times.status == Status.STARTED)
    return running


def _last_points(times: Times) -> Int64:
    """The last point each was seen at, by number along the course; -1 for nobody."""
    seen = times.crossing_us != MISSING
    return np.where(seen.any(axis=0), len(seen) - 1 - np.argmax(seen[::-1], axis=0), -1)


def _order(asked: CourseAsked, running: Bool, last: Int64) -> Int64:
    """Those on the course: the most overdue first, then the one whom a mat saw longest ago."""
    who = np.flatnonzero(running)
    seen_us = asked.times.crossing_us[last[who], who]
    late_us = np.zeros(len(who), np.int64) if asked.due is None else asked.due.late_us[who]
    return who[np.lexsort((who, seen_us, -late_us))]


def _reported(asked: CourseAsked) -> list[int]:
    found = (asked.roster.by_bib.get(bib) for bib in asked.abandons)
    return [index for index in found if index is not None]


def _row(asked: CourseAsked, index: int, last: int) -> dict[str, Any]:
    points, person, due = asked.plan.race.course.points, asked.people[index], asked.due
    expected_us = None if due is None or due.at_us[index] == MISSING else int(due.at_us[index])
    bib = asked.roster.entrants[index].bib
    return {
        "bib": bib,
        "name": person.name(),
        "sex": person.sex,
        "category": person.category,
        "withheld": person.withheld,
        "point_id": points[last].id,
        "at_us": int(asked.times.crossing_us[last, index]),
        "next_id": None if due is None or due.next_point[index] < 0 else points[int(due.next_point[index])].id,
        "expected_us": expected_us,
        "plus_minus_us": None if due is None or expected_us is None else int(due.plus_minus_us[index]),
        "overdue_us": None if due is None else int(due.late_us[index]) // SECOND * SECOND,
        "reported": bib in asked.abandons,
    }


def _abandon(asked: CourseAsked, bib: Bib, body: AbandonBody) -> dict[str, Any]:
    """A report. `private` is for the crew and the doctors; `declared`: a ruling has taken them out of the race."""
    index = asked.roster.by_bib.get(bib)
    status = None if index is None else Status(int(asked.times.status[index]))
    return {
        "bib": bib,
        "name": "" if index is None else asked.people[index].name(),
        "known": index is not None,
        "at_us": body.at_us,
        "place": body.place,
        "metres": body.metres,
        "author": body.author,
        "private": body.private,
        "declared": status in (Status.DNF, Status.HD, Status.DNS, Status.NC, Status.DSQ),
        "finished": status is Status.FINISHED,
    }


def _cells(asked: CourseAsked, index: int, last: int, language: Language) -> list[str]:
    row, person, zone = _row(asked, index, last), asked.people[index], asked.plan.race.zone

    def at(instant: Instant | None) -> str:
        return "" if instant is None else hour(instant, zone)

    report = asked.abandons.get(asked.roster.entrants[index].bib)
    where = "" if report is None else report.place or ("" if report.metres is None else f"{report.metres}\u00a0m")
    plus_minus = row["plus_minus_us"]
    return [
        row["bib"],
        person.family_name,
        person.first_name,
        person.sex,
        person.category,
        point_words(row["point_id"], asked.plan, language),
        at(row["at_us"]),
        "" if row["next_id"] is None else point_words(row["next_id"], asked.plan, language),
        at(row["expected_us"]),
        "" if plus_minus is None else duration(plus_minus // SECOND, language),
        duration(row["overdue_us"] // SECOND, language) if row["overdue_us"] else "",
        at(None if report is None else report.at_us),
        where,
    ]
