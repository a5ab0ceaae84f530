"""The speaker's board: named sections of one moment, JSON-ready, beside those of the public's board.

Owns which rows are shown and who is said next. Instants (`_us`) are microseconds since the epoch, times (`_s`) whole
seconds as printed; what hangs on the running clock is left to the page, so that a section changes only with a fact.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

import numpy as np

from config.plan import RacePlan
from results.boards import Sections
from results.forecast import Forecast
from results.forecast_frame import ForecastFrame
from results.list_states import NO_STATES, ListStates
from results.rankings import Rankings
from results.speaker.desk import Desk, Favourites
from results.speaker.expected import ExpectedPlaces
from results.speaker.frame import SpeakerFrame
from results.speaker.mass import Flow, flow_of, is_mass
from results.speaker.queue import FRESH_MS, NOTABLE_MS, Candidate, Queue, Tier, queue_of
from results.speaker.rows import NO_STORIES, Held, Row, SpeakerRows, Stories, first_of, is_close
from results.speaker.tops import Tops
from timing.instants import MINUTE, MISSING, SECOND, Duration, Instant
from timing.reads import Bool, Int64
from timing.roster import Bib
from timing.times import Status, Times

WINDOW_US: Final[Duration] = MINUTE
"""Who is expected within it is arriving."""

LATE_US: Final[Duration] = 20 * SECOND
"""So long after the expected instant somebody still has a row: then the place over the line is for others."""

ARRIVING: Final = 10
CROSSED: Final = 14
QUEUED: Final = 8
"""Rows that are put into words: what a board shows, and what it needs at its next step."""

PODIUM: Final = 3

STREAM: Final = 60
"""Names in mass mode."""


@dataclass(frozen=True, kw_only=True)
class SpeakerMoment:
    """What a board is made of. rankings: as they are shown (`official_rows.with_official`).

    rate: race seconds in a real one, more than 0. beat_us: of a clock of real time, by which what is dear is kept;
    None: the race clock. sections: further ones that others make (records, settled places), taken as they are.
    """

    rankings: Rankings
    times: Times
    now_us: Instant
    forecast: Forecast | None = None
    forecast_frame: ForecastFrame | None = None
    states: ListStates = NO_STATES
    rate: float = 1.0
    beat_us: Instant | None = None
    held: Held = field(default_factory=dict)
    stories: Stories = NO_STORIES
    sections: Sections = field(default_factory=dict)


class SpeakerBoard:
    """Makes the sections, moment after moment: it remembers the mode it is in. Not for several threads."""

    def __init__(self, plan: RacePlan) -> None:
        self._plan = plan
        self._frame: SpeakerFrame | None = None
        self._mass = False
        self._favourites: tuple[SpeakerFrame, Favourites, Bool] | None = None
        self._places = ExpectedPlaces()

    def frame(self, rankings: Rankings) -> SpeakerFrame:
        """The frame of the roster in force; the last one is kept."""
        if self._frame is None or self._frame.eligibility is not rankings.eligibility:
            self._frame = SpeakerFrame.of(rankings.eligibility)
        return self._frame

    def favourite(self, rankings: Rankings, desk: Desk) -> Bool:
        """Whether each is a favourite; the last answer is kept."""
        frame = self.frame(rankings)
        kept = self._favourites
        if kept is None or kept[0] is not frame or kept[1] is not desk.favourites:
            kept = self._favourites = (frame, desk.favourites, frame.favoured(desk.favourites))
        return kept[2]

    def due_us(self, rankings: Rankings, forecast: Forecast, rate: float = 1.0) -> dict[int, Instant]:
        """When those who were seen at a mat shortly before the line will be there."""
        frame, course = self.frame(rankings), self._plan.race.course
        close = [number for number, point in enumerate(course.points[:-1]) if is_close(course, point)]
        if not close:
            return {}
        seen = np.isin(forecast.from_point, close) & ~forecast.observed & frame.announced
        who = forecast.arriving(int(WINDOW_US * rate), seen)
        return dict(zip(who.tolist(), forecast.finish_us[who].tolist(), strict=True))

    def rows(self, moment: SpeakerMoment, desk: Desk) -> SpeakerRows:
        """What makes the rows of a moment."""
        return SpeakerRows(
            plan=self._plan,
            frame=self.frame(moment.rankings),
            times=moment.times,
            rankings=moment.rankings,
            forecast=moment.forecast,
            forecast_frame=moment.forecast_frame,
            favourite=self.favourite(moment.rankings, desk),
            held=moment.held,
            stories=moment.stories,
        )

    def sections(self, moment: SpeakerMoment, desk: Desk, rows: SpeakerRows | None = None) -> Sections:
        """Every section of one moment. rows: those of the moment, where they are made already."""
        self._places.beat_us = moment.now_us if moment.beat_us is None else moment.beat_us
        rows = replace(rows or self.rows(moment, desk), places=self._places)
        flow = flow_of(moment.times, rows.frame.announced, moment.now_us, name_ms=desk.pace.name_ms, rate=moment.rate)
        self._mass = is_mass(flow, self._mass)
        made = _Sections(moment, desk, rows, flow, self._mass)
        tops = Tops(rows=rows, states=moment.states)
        return {
            "arriving": made.arriving(),
            "crossed": made.crossed(),
            "stream": made.stream(),
            "queue": made.queue_section(),
            "tops": tops.lists(),
            "category_tops": tops.categories(),
            "mass": flow.values(mass=self._mass),
            "marks": made.marks(),
            "favourites": _favourites_section(desk, rows),
            "pace": asdict(desk.pace),
            "spotted": made.spotted(),
            "held_back": made.held_back(),
            "microphones": dict(sorted(desk.microphones.items())),
            **moment.sections,
        }


class _Sections:
    """The sections of one moment that share rows."""

    def __init__(self, moment: SpeakerMoment, desk: Desk, rows: SpeakerRows, flow: Flow, mass: bool) -> None:
        self.moment = moment
        self.desk = desk
        self.rows = rows
        self.flow = flow
        self.mass = mass
        times, frame = moment.times, rows.frame
        self.over = np.flatnonzero(frame.announced & (times.status == Status.FINISHED) & (times.finish_us != MISSING))
        self.first_within = _first_within(moment.rankings)
        self.queue = self._queue()
        self.shown: set[str] = set()

    def arriving(self) -> dict[str, Any]:
        """`rows`, the soonest first; `count`: all who are expected in the minute; `now`: the one not to miss.

        In mass mode the favourites and those with a story come first in the choice, not in the order.
        """
        forecast, rows = self.moment.forecast, self.rows
        if forecast is None:
            return {"window_s": WINDOW_US // SECOND, "count": 0, "rows": [], "now": None}
        who = self._coming(forecast)
        told = rows.arriving(self._chosen(who) if self.mass else who[:ARRIVING].tolist())
        self.shown |= {row["bib"] for row in told}
        return {
            "window_s": WINDOW_US // SECOND,
            "count": len(who),
            "rows": told,
            "now": next((row["key"] for row in told if self._is_not_to_miss(row)), None),
        }

    def _coming(self, forecast: Forecast) -> Int64:
        """Who is expected within the minute; whoever has been seen nowhere but at the start is not told of."""
        rate = self.moment.rate
        known = (forecast.from_point > 0) | forecast.observed
        who = forecast.arriving(int(WINDOW_US * rate), self.rows.frame.announced & known)
        late_us = self.moment.now_us - forecast.finish_us[who]
        return who[late_us <= int(LATE_US * rate)]

    def crossed(self) -> dict[str, Any]:
        """`rows` with the newest at the line first: the last ones, and whoever is to be said next."""
        by_bib = self.rows.frame.eligibility.roster.by_bib
        wanted = {by_bib[bib] for bib in self.queue.bibs[:QUEUED]} | set(self._newest(CROSSED).tolist())
        finish_us = self.moment.times.finish_us
        order = sorted(wanted, key=lambda index: (-int(finish_us[index]), index))
        told = self.rows.crossed(order)
        self.shown |= {row["bib"] for row in told}
        return {"rows": told, "waves_mixed": self.rows.waves_mixed}

    def stream(self) -> list[Row]:
        """In mass mode the names of those who crossed last, newest first; else nobody."""
        if not self.mass:
            return []
        ranks, people = self.moment.rankings.rank_overall, self.rows.frame.people
        told = []
        for index in self._newest(STREAM).tolist():
            person, at_us = people[index], int(self.moment.times.finish_us[index])
            told.append(
                {
                    "key": person.bib or f"at-{at_us}",
                    "bib": person.bib,
                    "first": person.first_name,
                    "last": person.family_name,
                    "withheld": person.withheld,
                    "place": int(ranks[index]) or None,
                }
            )
        return told

    def queue_section(self) -> dict[str, Any]:
        """`bibs` to say, next first; `to_say`, `later` and `passed`: how many."""
        queue = self.queue
        return {
            "bibs": list(queue.bibs[:QUEUED]),
            "to_say": len(queue.bibs) - queue.later,
            "later": queue.later,
            "passed": queue.passed,
        }

    def marks(self) -> dict[str, dict[str, Any]]:
        """What was done with those who are shown, by bib."""
        found = sorted(bib for bib in self.shown if bib in self.desk.marks)
        return {bib: asdict(self.desk.marks[Bib(bib)]) for bib in found}

    def spotted(self) -> list[dict[str, Any]]:
        """The orders of passing that were reported, the newest first; a bib nobody has is shown as it was said."""
        frame = self.rows.frame
        return [
            {
                "metres": order.metres,
                "at_us": order.at_us,
                "author": order.author,
                "text": order.text,
                "rows": [
                    {"place": order.first_place + number, **_named(frame, bib)} for number, bib in enumerate(order.bibs)
                ],
            }
            for order in self.desk.orders
        ]

    def held_back(self) -> list[dict[str, Any]]:
        """Who is to be checked by eye, and is announced by nobody before."""
        return [{**_short(self.rows.frame, index), "why": dict(why)} for index, why in sorted(self.moment.held.items())]

    def _queue(self) -> Queue:
        """Who is to be said: whoever crossed lately, and those who wait however long ago they did."""
        moment, desk, rows = self.moment, self.desk, self.rows
        finish_us = moment.times.finish_us[self.over]
        ranks = moment.rankings
        fresh = finish_us > moment.now_us - int(FRESH_MS * 1000 * moment.rate)
        notable = finish_us > moment.now_us - int(NOTABLE_MS * 1000 * moment.rate)
        leads = (ranks.rank_category == 1) | _podium(ranks.rank_sex)
        leads[list(self.first_within)] = True
        by_bib = rows.frame.eligibility.roster.by_bib
        marked = np.zeros(len(rows.frame), np.bool_)
        marked[[by_bib[bib] for bib, mark in desk.marks.items() if mark.mark == "later" and bib in by_bib]] = True
        who = self.over[fresh | (notable & leads[self.over]) | rows.favourite[self.over] | marked[self.over]]
        candidates = [each for index in who.tolist() if (each := self._candidate(index)) is not None]
        return queue_of(candidates, desk.marks, now_us=moment.now_us, name_ms=desk.pace.name_ms, rate=moment.rate)

    def _candidate(self, index: int) -> Candidate | None:
        """Nobody whose name is withheld, nor who is to be checked by eye first."""
        person, ranks = self.rows.frame.people[index], self.moment.rankings
        if person.withheld or index in self.moment.held:
            return None
        weight, record = self.rows.stories.weight(index)
        tier = Tier.ORDINARY
        if self.rows.favourite[index]:
            tier = Tier.FAVOURITE
        elif _podium(ranks.rank_sex[index : index + 1])[0]:
            tier = Tier.PODIUM
        elif ranks.rank_category[index] == 1 or index in self.first_within:
            tier = Tier.LEADER
        elif record:
            tier = Tier.RECORD
        return Candidate(
            bib=Bib(self.rows.frame.eligibility.roster.entrants[index].bib),
            crossed_us=int(self.moment.times.finish_us[index]),
            tier=tier,
            weight=weight,
        )

    def _chosen(self, who: Int64) -> list[int]:
        """Of more than can be shown: favourites, then the strongest stories, in the order in which they come."""

        def weight(index: int) -> float:
            if self.rows.frame.people[index].withheld:
                return -1.0
            return self.rows.stories.weight(index)[0] + 1000 * bool(self.rows.favourite[index])

        ordered = sorted(range(len(who)), key=lambda at: (-weight(int(who[at])), at))
        return [int(who[at]) for at in sorted(ordered[:ARRIVING])]

    def _is_not_to_miss(self, row: Row) -> bool:
        """A favourite, a record within reach, or somebody who would be among the first three of all or of a sex."""
        if row["withheld"] or row["held"]:
            return False
        places = [row[place] for place in ("place", "sex_place") if row[place] is not None]
        return bool(row["favourite"] or row["record"]) or min(places, default=PODIUM + 1) <= PODIUM

    def _newest(self, wanted: int) -> Int64:
        return self.over[first_of(-self.moment.times.finish_us[self.over], wanted)]


def _first_within(rankings: Rankings) -> frozenset[int]:
    """Who is first of a race within the race."""
    lists = [ranked for ranked in rankings.lists if "" not in ranked.rule.groups and len(ranked)]
    return frozenset(int(ranked.entrants[0]) for ranked in lists)


def _podium(places: Any) -> Any:
    return (places >= 1) & (places <= PODIUM)


def _short(frame: SpeakerFrame, index: int) -> Row:
    person = frame.people[index]
    return {
        "bib": person.bib,
        "first": person.first_name,
        "last": person.family_name,
        "withheld": person.withheld,
        "category": person.category,
    }


def _named(frame: SpeakerFrame, bib: Bib) -> Row:
    index = frame.eligibility.roster.by_bib.get(bib)
    if index is None:
        return {"bib": str(bib), "first": "", "last": "", "withheld": False, "category": ""}
    return _short(frame, index)


def _favourites_section(desk: Desk, rows: SpeakerRows) -> dict[str, Any]:
    """Who is followed as it was typed, and how many entrants those are."""
    followed = desk.favourites
    return {
        "bibs": [_named(rows.frame, bib) for bib in followed.bibs],
        "clubs": list(followed.clubs.values()),
        "towns": list(followed.towns.values()),
        "entrants": int(np.count_nonzero(rows.favourite)),
    }
