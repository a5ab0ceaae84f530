"""The board: what the public may see of a race at one moment, as plain values ready for JSON.

Owns which facts a page is given and what is withheld. Pure: plan, times and rankings in, a numbered view out. Knows no
page, no language and no wall clock. Times are whole seconds as printed (`_s`) or instants (`_us`); the page gives them
the look of its language. What is not known is None, never 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np

from config.plan import MainRank, RacePlan
from results.eligibility import Eligibility
from results.field_on_course import STEP_M, field_on_course
from results.list_states import NO_STATES, ListStates
from results.list_versions import list_versions
from results.massif import massif
from results.official_rows import shown_rankings
from results.people import Person, public_people
from results.rankings import NO_PLACE, RankedList, Rankings
from timing.instants import MINUTE, MISSING, SECOND, Duration, Instant, datetime_of
from timing.late_data import LateData
from timing.reads import Bool, Int64, ReadClass
from timing.roster import Roster
from timing.times import Flag, Status, Times

LEADERS: Final = 10
ARRIVALS: Final = 12
FIRSTS: Final = 4
"""Leaders of categories that are shown: those who came last."""

FLOW_MINUTES_MAX: Final = 480
"""Bars of arrivals per minute: eight hours, beyond any course this draws."""

SOURCE_KEYS: Final = ("id", "link", "since_us", "newest_us", "reads")
"""What the public is told of a source. Error texts hold addresses and paths: they are the crew's."""

Board = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class BoardFrame:
    """What hangs on plan and roster alone, made once for each version of the roster.

    `people` as the public may read them; `timed`: who is on the clock; `announced`: whose arrival is shown.
    """

    eligibility: Eligibility
    people: tuple[Person, ...]
    timed: Bool
    announced: Bool
    race: Mapping[str, Any]

    @classmethod
    def of(cls, eligibility: Eligibility) -> Self:
        plan, entrants = eligibility.plan, eligibility.roster.entrants
        roles = [plan.role(entrant) for entrant in entrants]
        return cls(
            eligibility=eligibility,
            people=public_people(eligibility),
            timed=np.array([role.timed for role in roles], np.bool_),
            announced=np.array([role.timed and role.announced for role in roles], np.bool_),
            race=_race_section(plan),
        )


_last_frame: BoardFrame | None = None


def frame_of(eligibility: Eligibility) -> BoardFrame:
    """The frame of an eligibility; the last one is kept, for views come many a second and rosters once an hour."""
    global _last_frame
    frame = _last_frame
    if frame is None or frame.eligibility is not eligibility:
        frame = _last_frame = BoardFrame.of(eligibility)
    return frame


def board_view(
    plan: RacePlan,
    roster: Roster,
    times: Times,
    rankings: Rankings,
    *,
    sources: Sequence[Mapping[str, Any]],
    read_counts: Mapping[ReadClass, int],
    publication: Mapping[str, Any] | None,
    race_now_us: Instant,
    lag_us: Duration,
    number: int,
    rate: float = 1.0,
    states: ListStates = NO_STATES,
    late: Iterable[LateData] = (),
) -> Board:
    """One numbered state of the board.

    rankings: as computed; states: which lists are posted or official, whose places are shown as they were posted.

    sources: for each, at least `id` and `link` (up, down, unintelligible), `newest_us` where a read has come.
    publication: `number` and `at_us` of the newest. race_now_us: the race clock; lag_us: how far delivery is behind
    it; rate: seconds of the race clock in one real second. late: points whose reads come long after they were made.
    """
    rankings = shown_rankings(rankings, states)
    frame = frame_of(rankings.eligibility)
    assert len(frame.people) == len(times) == len(roster), "times and rankings must be of the same roster"
    rows = _Rows(plan, frame, times, rankings)
    versions = list_versions(rankings, states)
    running = frame.timed & (times.status == Status.STARTED)
    on_course = field_on_course(plan.race.course, times, running, race_now_us - lag_us)
    return {
        "number": number,
        "race": frame.race,
        "clock": _clock_section(plan, race_now_us, lag_us, rate),
        "phase": _phase_section(times, race_now_us),
        "guns": _guns_section(plan, times),
        "counts": _counts_section(frame, times),
        "points": _points_section(plan, times),
        "leaders": _leaders_section(plan, rows, states),
        "lists_state": str(states.over(ranked.id for ranked in rankings.lists if ranked.rule.public)),
        "lists": [{"id": list_id, "state": str(states.of(list_id).state)} for list_id in versions],
        "list_versions": list(versions.values()),
        "arrivals": _arrivals_section(rows),
        "firsts": _firsts_section(plan, rows),
        "flow": _flow_section(times, race_now_us - lag_us),
        "field": {"step_m": STEP_M, "counts": on_course.counts, "head_m": on_course.head_m},
        "late": [asdict(each) for each in late],
        "sources": [_public_source(plan, source) for source in sources],
        "reads": {kind.name.lower(): int(read_counts.get(kind, 0)) for kind in ReadClass},
        "flags": _flags_section(times),
        "publication": None if publication is None else {key: publication[key] for key in ("number", "at_us")},
    }


class _Rows:
    """Rows of people for one view: only those that are shown are ever put into words."""

    def __init__(self, plan: RacePlan, frame: BoardFrame, times: Times, rankings: Rankings) -> None:
        self.plan = plan
        self.frame = frame
        self.times = times
        self.rankings = rankings

    def printed(self, value_us: int) -> int | None:
        return None if value_us == MISSING else int(self.plan.rounding.printed_seconds(value_us))

    def row(self, index: int) -> dict[str, Any]:
        """One entrant. Places are in the main lists, None where there is none."""
        times, ranks, person = self.times, self.rankings, self.frame.people[index]
        overall = int(ranks.rank_overall[index])
        return {
            "bib": person.bib,
            "first": person.first_name,
            "last": person.family_name,
            "withheld": person.withheld,
            "sex": person.sex,
            "category": person.category,
            "from": person.origin,
            "official_s": self.printed(int(times.gun_time_us[index])),
            "real_s": self.printed(int(times.net_time_us[index])),
            "start_read": not int(times.flags[index]) & Flag.NO_START_READ,
            "at_us": _known(times.finish_us[index]),
            "place": overall or None,
            "shared": overall != NO_PLACE and int(np.count_nonzero(ranks.rank_overall == overall)) > 1,
            "sex_place": int(ranks.rank_sex[index]) or None,
            "category_place": int(ranks.rank_category[index]) or None,
        }


def _race_section(plan: RacePlan) -> dict[str, Any]:
    race, picture = plan.race, massif(plan.race)
    return {
        "id": race.id,
        "name": race.name,
        "title": {language: plan.title_in(language) for language in ("fr", "en")},
        "edition": race.edition,
        "day": race.day.isoformat(),
        "distance_m": race.course.finish.distance_m,
        "points": [
            {"id": point.id, "kind": str(point.kind), "name": point.name, "distance_m": point.distance_m}
            for point in race.course.points
        ],
        "massif": None if picture is None else asdict(picture),
    }


def _clock_section(plan: RacePlan, race_now_us: Instant, lag_us: Duration, rate: float) -> dict[str, Any]:
    offset = datetime_of(race_now_us, plan.race.zone).utcoffset()
    assert offset is not None
    return {
        "race_now_us": race_now_us,
        "rate": rate,
        "lag_s": lag_us // SECOND,
        "utc_offset_s": int(offset.total_seconds()),
    }


def _phase_section(times: Times, race_now_us: Instant) -> dict[str, Any]:
    """`armed`: nobody has been seen and the first gun is still to come; `closed`: the finish was declared closed."""
    guns, closings = times.guns, times.closings
    first = guns.first_us
    nobody = bool((times.crossing_us == MISSING).all())
    gone = race_now_us >= first and not all(guns.planned)
    name = "closed" if closings.finish_us is not None else "armed" if nobody and not gone else "running"
    return {
        "name": name,
        "first_gun_us": first,
        "first_gun_planned": guns.planned[guns.wave_us.index(first)],
        "start_closed_us": closings.start_us,
        "finish_closed_us": closings.finish_us,
    }


def _guns_section(plan: RacePlan, times: Times) -> list[dict[str, Any]]:
    return [
        {"wave": wave.id, "name": wave.name, "gun_us": gun_us, "planned": planned}
        for wave, gun_us, planned in zip(plan.race.waves, times.guns.wave_us, times.guns.planned, strict=True)
    ]


def _counts_section(frame: BoardFrame, times: Times) -> dict[str, Any]:
    """`started`: seen anywhere on the course. `statuses`: everybody on the clock has exactly one."""
    seen = (times.crossing_us != MISSING).any(axis=0)
    by_status = np.bincount(times.status[frame.timed], minlength=len(Status)).tolist()
    return {
        "entered": int(np.count_nonzero(frame.timed)),
        "started": int(np.count_nonzero(seen & frame.timed)),
        "finished": by_status[Status.FINISHED],
        "running": by_status[Status.STARTED],
        "statuses": {status.name: by_status[status] for status in Status},
    }


def _points_section(plan: RacePlan, times: Times) -> list[dict[str, Any]]:
    """`missed`: seen later on, but not here. `newest_us`: the latest crossing."""
    sections = []
    for row, point in enumerate(plan.race.course.points):
        crossings = times.crossing_us[row]
        newest = int(crossings.max(initial=MISSING))
        sections.append(
            {
                "id": point.id,
                "seen": int(np.count_nonzero(crossings != MISSING)),
                "missed": int(np.count_nonzero(times.missed & (1 << row))),
                "newest_us": _known(newest),
            }
        )
    return sections


def _leaders_section(plan: RacePlan, rows: _Rows, states: ListStates) -> list[dict[str, Any]]:
    """The top of each list by sex; until it has a finisher, the first at the furthest split anybody has reached."""
    sections: list[dict[str, Any]] = []
    for ranked in _main_lists(plan, rows.rankings):
        if len(ranked):
            point: str | None = plan.race.course.finish.id
            found = [_leader(rows, ranked, number) for number in range(min(LEADERS, len(ranked)))]
        else:
            point, found = _leaders_under_way(plan, rows, ranked)
        state = str(states.of(ranked.id).state)
        sections.append({"scope": ranked.scope, "state": state, "point": point, "rows": found})
    return sections


def _main_lists(plan: RacePlan, rankings: Rankings) -> list[RankedList]:
    """The lists by sex of the race, else the one of all."""
    rule = plan.main_list(MainRank.SEX) or plan.main_list(MainRank.OVERALL)
    return [] if rule is None else [ranked for ranked in rankings.lists if ranked.rule is rule]


def _leader(rows: _Rows, ranked: RankedList, number: int) -> dict[str, Any]:
    row = rows.row(int(ranked.entrants[number]))
    place, shared = int(ranked.places[number]), bool(ranked.shared[number])
    time_s = rows.printed(int(ranked.value_us[number]))
    return row | {"place": place, "shared": shared, "time_s": time_s, "official": number < ranked.official}


def _leaders_under_way(plan: RacePlan, rows: _Rows, ranked: RankedList) -> tuple[str | None, list[dict[str, Any]]]:
    """Who was first at the furthest split, by the time since the gun: known facts, but not yet places."""
    times, eligibility = rows.times, rows.rankings.eligibility
    admission = next(a for a in eligibility.admissions if a.rule is ranked.rule)
    may = admission.admitted & (admission.scope == admission.scopes.index(ranked.scope))
    may &= (times.status == Status.STARTED) & (times.gun_us != MISSING)
    for number in range(len(plan.race.course.points) - 2, 0, -1):
        who = np.flatnonzero(may & (times.crossing_us[number] != MISSING))
        if len(who):
            since_gun = times.crossing_us[number][who] - times.gun_us[who]
            first = who[_smallest(since_gun, LEADERS)]
            return plan.race.course.points[number].id, [_under_way(rows, int(i), number) for i in first]
    return None, []


def _under_way(rows: _Rows, index: int, point: int) -> dict[str, Any]:
    since_gun = int(rows.times.crossing_us[point][index] - rows.times.gun_us[index])
    return rows.row(index) | {"time_s": rows.printed(since_gun), "at_us": int(rows.times.crossing_us[point][index])}


def _arrivals_section(rows: _Rows) -> list[dict[str, Any]]:
    """Who crossed the finish line last, newest first: by the moment at the line, whenever the read was delivered."""
    times = rows.times
    finished = np.flatnonzero(rows.frame.announced & (times.status == Status.FINISHED) & (times.finish_us != MISSING))
    newest = finished[_smallest(-times.finish_us[finished], ARRIVALS)]
    return [rows.row(int(index)) for index in newest]


def _firsts_section(plan: RacePlan, rows: _Rows) -> list[dict[str, Any]]:
    """Who leads a category, the newest at the line first; a leader whom the category would name is left out."""
    rule = plan.main_list(MainRank.CATEGORY)
    ranked = [each for each in rows.rankings.lists if each.rule is rule and rule is not None and rule.public]
    leaders = [(int(each.entrants[0]), each) for each in ranked if len(each)]
    told = [(index, each) for index, each in leaders if rows.frame.people[index].bib]
    told.sort(key=lambda pair: -int(rows.times.finish_us[pair[0]]))
    return [_leader(rows, each, 0) | {"list_id": each.id} for _, each in told[:FIRSTS]]


def _smallest(values: Int64, wanted: int) -> Int64:
    """Rows of the smallest values, in order, equal ones in the order given; sorts no more than it must."""
    if len(values) <= wanted:
        return np.argsort(values, kind="stable")
    limit = np.partition(values, wanted - 1)[wanted - 1]
    few = np.flatnonzero(values <= limit)
    return few[np.argsort(values[few], kind="stable")][:wanted]


def _flow_section(times: Times, now_us: Instant) -> dict[str, Any]:
    """Arrivals at the line in each minute since the first gun that is over, from the first arrival to now.

    `expected`: what a forecast adds for the minutes from now on.
    """
    finishes = times.finish_us[(times.finish_us != MISSING) & (times.finish_us <= now_us)]
    if not len(finishes):
        return {"first_minute": None, "per_minute": [], "last_minute": 0, "expected": []}
    minutes = (finishes - times.guns.first_us) // MINUTE
    first = int(minutes.min())
    span = min(FLOW_MINUTES_MAX, int((now_us - times.guns.first_us) // MINUTE) - first)
    counts = np.bincount(minutes - first, minlength=span)[:span]
    return {
        "first_minute": first,
        "per_minute": counts.tolist(),
        "last_minute": int(np.count_nonzero(finishes > now_us - MINUTE)),
        "expected": [],
    }


def _public_source(plan: RacePlan, source: Mapping[str, Any]) -> dict[str, Any]:
    course = plan.race.course
    served = [point.id for point in course.points if any(mat.source == source["id"] for mat in point.mats)]
    told: dict[str, Any] = {key: source.get(key) for key in SOURCE_KEYS}
    told["points"] = served
    return told


def _flags_section(times: Times) -> dict[str, int]:
    return {str(flag.name): int(np.count_nonzero(times.flags & flag.value)) for flag in Flag}


def _known(value: np.int64 | int) -> int | None:
    return None if int(value) == MISSING else int(value)
