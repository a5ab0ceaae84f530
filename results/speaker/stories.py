"""Why to mention this runner: everything true of an arrival that is worth a sentence, the strongest first.

Owns what makes a story and how much it weighs (docs/stories.md has every kind). Facts only: what follows from a
forecast is not here, and of a runner who has not finished it is said what holds at the last split. How it is said is
for `story_words`. Nothing is said of a withheld name.
"""

import enum
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from config.plan import MainRank
from results.rankings import RankedList
from results.records import RecordState
from results.speaker.groups import NO_GROUP, NOBODY_YET
from results.speaker.story_moment import StoryMoment
from timing.instants import MISSING, SECOND, Duration


class StoryKind(enum.StrEnum):
    RECORD = "record"
    """Faster than the record of the course: to be confirmed, or confirmed."""
    RECORD_EQUALLED = "record_equalled"
    RECORD_IN_REACH = "record_in_reach"
    WINS = "wins"
    """First of a list; nothing says that it is settled."""
    PODIUM = "podium"
    LEADS = "leads"
    """First at the last split."""
    SPLIT_PLACE = "split_place"
    TIE = "tie"
    SPRINT = "sprint"
    LAST_WINNER = "last_winner"
    PAST_WINNER = "past_winner"
    CATEGORY = "category"
    """One of the first three of the category."""
    FAVOURITE = "favourite"
    FIRST_FROM = "first_from"
    FIRST_OF_WAVE = "first_of_wave"
    EDITIONS = "editions"
    MOVED_UP = "moved_up"
    TOP = "top"
    BIRTHDAY = "birthday"
    ELITE = "elite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One reason. The heavier, the sooner it is said. `values` are JSON-ready."""

    kind: StoryKind
    weight: int
    values: Mapping[str, Any] = field(default_factory=dict)


PODIUM: Final = 3
TOP: Final = 10
SPRINT_US: Final[Duration] = 2 * SECOND
IN_REACH_PERMILLE: Final = 10
"""So near to the record at the last point passed, it is within reach."""
ROUND_EDITIONS: Final = (5, 10)
"""Every so many editions are worth a word, from the second on."""
SMALLEST_GROUP: Final = {"club": 5, "town": 5, "country": 2}
"""With fewer entrants to be first of is no story."""


def stories_of(moment: StoryMoment, index: int) -> tuple[Story, ...]:
    """The stories of one who is arriving or has just crossed, the strongest first; none of a withheld name."""
    if not moment.frame.eligibility.roster.entrants[index].public or not moment.frame.announced[index]:
        return ()
    finished = int(moment.finish_us[index]) != MISSING
    found: list[Story] = []
    if index not in moment.unchecked:
        found += _of_records(moment, index)
        found += _of_places(moment, index) if finished else _of_the_split(moment, index)
        found += _of_sprints(moment, index, finished=finished)
    found += _of_the_person(moment, index)
    found += _of_groups(moment, index, finished=finished)
    if finished:
        found += _of_the_way(moment, index)
    return tuple(sorted(found, key=lambda story: -story.weight))


# ---- records and places ----


def _of_records(moment: StoryMoment, index: int) -> Iterator[Story]:
    for chase in moment.chases:
        record = chase.present or chase.all_time
        if chase.index != index or record is None:
            continue
        values: dict[str, Any] = {"record_s": record.time_s, "year": record.year, "course": record.course}
        if chase.state in (RecordState.TO_BE_CONFIRMED, RecordState.CONFIRMED):
            confirmed = chase.state is RecordState.CONFIRMED
            more: dict[str, Any] = {"confirmed": confirmed, "all_time": chase.all_time_beaten}
            yield Story(kind=StoryKind.RECORD, weight=1000, values=values | more)
        elif chase.state is RecordState.EQUALLED:
            yield Story(kind=StoryKind.RECORD_EQUALLED, weight=960, values=values)
        elif chase.state is RecordState.RUNNING and chase.points:
            last = chase.points[-1]
            if last.ahead_s >= -(last.record_s * IN_REACH_PERMILLE // 1000):
                more = {"ahead_s": last.ahead_s, "point": last.point, "estimated": last.estimated}
                yield Story(kind=StoryKind.RECORD_IN_REACH, weight=940, values=values | more)


_PLACE_WEIGHTS: Final = {MainRank.OVERALL: 900, MainRank.SEX: 880, MainRank.CATEGORY: 600}


def _of_places(moment: StoryMoment, index: int) -> Iterator[Story]:
    """Places in the main lists. The first of all is the first of a sex as well: that is said once, and so is a tie."""
    tied_with: list[int] = []
    for main, weight in _PLACE_WEIGHTS.items():
        place, ranked = moment.place(main, index), moment.list_of(main, index)
        if place is None or ranked is None:
            continue
        row: dict[str, Any] = {"place": place, "list": ranked.id, "scope": ranked.scope}
        if main is MainRank.OVERALL and moment.place(MainRank.SEX, index) == place:
            continue
        if main is MainRank.CATEGORY:
            if place <= PODIUM:
                yield Story(kind=StoryKind.CATEGORY, weight=weight - 40 * place, values=row | _ages(moment, index))
        elif place == 1:
            yield Story(kind=StoryKind.WINS, weight=weight, values=row)
        elif place <= PODIUM:
            yield Story(kind=StoryKind.PODIUM, weight=weight - 30 * place, values=row)
        elif place <= TOP:
            yield Story(kind=StoryKind.TOP, weight=weight // 2 - 10 * place, values=row)
        tied = _tied(ranked, index) if place <= _deep(main) else []
        if tied and tied != tied_with:
            tied_with = tied
            yield Story(kind=StoryKind.TIE, weight=weight - 30, values=row | {"with": _bibs(moment, tied)})


def _deep(main: MainRank) -> int:
    """So many first places of a main list are worth a sprint or a tie."""
    return PODIUM if main is MainRank.CATEGORY else TOP


def _ages(moment: StoryMoment, index: int) -> dict[str, bool]:
    code = int(moment.frame.eligibility.categories.code[index])
    return {"oldest": code in moment.frame.oldest, "youngest": code in moment.frame.youngest}


def _tied(ranked: RankedList, index: int) -> list[int]:
    """Who shares a place at the top of a list with an entrant."""
    top = int(np.searchsorted(ranked.places, TOP, side="right"))
    row = np.flatnonzero(ranked.entrants[:top] == index)
    if not len(row) or not ranked.shared[row[0]]:
        return []
    same = ranked.entrants[:top][ranked.places[:top] == ranked.places[row[0]]]
    return [other for other in same.tolist() if other != index]


def _bibs(moment: StoryMoment, indexes: Collection[int]) -> list[str]:
    """Bibs of others, without those whose name is withheld."""
    entrants = moment.frame.eligibility.roster.entrants
    return [entrants[index].bib for index in indexes if entrants[index].public]


def _of_the_split(moment: StoryMoment, index: int) -> Iterator[Story]:
    """Of somebody on the way: the place at the last split, which is no place yet."""
    said: int | None = None
    for main, weight in _PLACE_WEIGHTS.items():
        progress, ranked = moment.progress.get(main), moment.list_of(main, index)
        split = None if progress is None else progress.furthest_split(index)
        if progress is None or ranked is None or split is None:
            continue
        if main is MainRank.OVERALL and MainRank.SEX in moment.progress:
            continue  # the place of the sex says more, and the first of all is the first of one
        place = progress.place_at(index, split)
        if place is None or place > PODIUM or (main is MainRank.CATEGORY and said == 1):
            continue
        said = place
        values = {"place": place, "list": ranked.id, "scope": ranked.scope}
        values["point"] = moment.plan.race.course.points[split].id
        kind = StoryKind.LEADS if place == 1 else StoryKind.SPLIT_PLACE
        yield Story(kind=kind, weight=weight - 20 - 30 * (place - 1), values=values)


def _of_sprints(moment: StoryMoment, index: int, *, finished: bool) -> Iterator[Story]:
    """Two seconds or less over the line, for a place of the first ten, or of the first three of a category."""
    if finished:
        for main in (MainRank.SEX, MainRank.CATEGORY, MainRank.OVERALL):
            ranked, place = moment.list_of(main, index), moment.place(main, index)
            deep = _deep(main)
            if ranked is None or place is None or place > deep + 1:
                continue
            near = _near(moment, ranked, index, deep)
            if near:
                values = {"place": min(place, near[1]), "list": ranked.id, "scope": ranked.scope}
                values["with"] = _bibs(moment, near[0])
                weight = _PLACE_WEIGHTS[main] - 60 - 10 * min(place, near[1])
                yield Story(kind=StoryKind.SPRINT, weight=weight, values=values)
                return
    due_us = moment.due_us.get(index)
    if due_us is not None and not finished:
        beside = [
            other for other, at_us in moment.due_us.items() if other != index and abs(at_us - due_us) <= SPRINT_US
        ]
        scope = moment.frame.sex[index]
        rivals = [other for other in beside if moment.frame.sex[other] == scope and other not in moment.unchecked]
        ranked = moment.list_of(MainRank.SEX, index)
        place = 1 + (0 if ranked is None else ranked.ranked)
        if rivals and ranked is not None and place <= TOP:
            values = {"place": place, "list": ranked.id, "scope": ranked.scope, "with": _bibs(moment, rivals)}
            yield Story(kind=StoryKind.SPRINT, weight=820 - 10 * place, values=values)


def _near(moment: StoryMoment, ranked: RankedList, index: int, deep: int) -> tuple[list[int], int] | None:
    """The neighbours in a list who crossed within two seconds, tied ones apart, and the best of their places."""
    top = int(np.searchsorted(ranked.places, deep + 1, side="right"))
    entrants = ranked.entrants[:top]
    rows = np.flatnonzero(entrants == index)
    if not len(rows):
        return None
    row = int(rows[0])
    near: list[int] = []
    best = int(ranked.places[row])
    for other in (row - 1, row + 1):
        if not 0 <= other < top or ranked.places[other] == ranked.places[row]:
            continue
        apart_us = abs(int(moment.finish_us[entrants[other]] - moment.finish_us[index]))
        close = apart_us <= SPRINT_US and abs(int(ranked.value_us[other] - ranked.value_us[row])) <= SPRINT_US
        if close and min(int(ranked.places[other]), int(ranked.places[row])) <= deep:
            near.append(int(entrants[other]))
            best = min(best, int(ranked.places[other]))
    return (near, best) if near else None


# ---- the person ----


def _of_the_person(moment: StoryMoment, index: int) -> Iterator[Story]:
    frame, entrant = moment.frame, moment.frame.eligibility.roster.entrants[index]
    wins = frame.past_wins.get(index, ())
    if wins:
        last = wins[0] == frame.last_year
        kind = StoryKind.LAST_WINNER if last else StoryKind.PAST_WINNER
        yield Story(kind=kind, weight=640 if last else 620, values={"years": list(wins)})
    if index in moment.favourites:
        yield Story(kind=StoryKind.FAVOURITE, weight=700, values={"why": moment.favourites[index]})
    editions, edition = entrant.editions, moment.plan.race.edition
    if editions is not None and editions > 1:
        every = edition is not None and editions >= edition
        small, big = ROUND_EDITIONS
        if every or (editions >= big and editions % small == 0):
            weight = 560 if every else 300 + min(150, 3 * editions) + (40 if editions % big == 0 else 0)
            yield Story(kind=StoryKind.EDITIONS, weight=weight, values={"editions": editions, "every": every})
    if index in frame.birthdays:
        yield Story(kind=StoryKind.BIRTHDAY, weight=350)
    if entrant.elite:
        yield Story(kind=StoryKind.ELITE, weight=200)


_GROUP_WEIGHTS: Final = {"country": 420, "town": 400, "club": 360}


def _of_groups(moment: StoryMoment, index: int, *, finished: bool) -> Iterator[Story]:
    """First of the own club, town or country over the line, else the first woman or man of it.

    Of somebody who has not finished: nobody of it has, and none of it on the way was at the last split before them.
    """
    split = None if finished else _furthest_split(moment, index)
    if not finished and split is None:
        return
    for name, weight in _GROUP_WEIGHTS.items():
        for of_sex, groups in ((False, moment.frame.groups), (True, moment.frame.groups_of_sex)):
            code = int(groups[name].code[index])
            size = 0 if code == NO_GROUP else int(groups[name].sizes[code])
            if size < SMALLEST_GROUP[name] or not _is_first(moment, index, (name, of_sex), code, split):
                continue
            values = {"of": name, "name": groups[name].names[code], "size": size, "of_sex": of_sex}
            values["arriving"] = not finished
            bonus = min(90, size // 4) - (60 if of_sex else 0) - (0 if finished else 80)
            yield Story(kind=StoryKind.FIRST_FROM, weight=weight + bonus, values=values)
            break


def _is_first(moment: StoryMoment, index: int, group: tuple[str, bool], code: int, split: int | None) -> bool:
    first_us = int(moment.firsts[group][code])
    if split is None:
        return first_us == int(moment.finish_us[index])
    there_us = int(moment.times.crossing_us[split, index])
    return first_us == NOBODY_YET and int(moment.foremost(split)[group][code]) == there_us


def _furthest_split(moment: StoryMoment, index: int) -> int | None:
    seen = np.flatnonzero(moment.times.crossing_us[1:-1, index] != MISSING)
    return int(seen[-1]) + 1 if len(seen) else None


# ---- the way ----


def _of_the_way(moment: StoryMoment, index: int) -> Iterator[Story]:
    progress = moment.progress.get(MainRank.OVERALL) or moment.progress.get(MainRank.SEX)
    split = None if progress is None else progress.furthest_split(index)
    if progress is not None and split is not None:
        gained, place = progress.gained_since(index, split), moment.place(progress.rule.main or MainRank.OVERALL, index)
        if gained is not None and place is not None and gained >= max(2, place // 10):
            point = moment.plan.race.course.points[split].id
            weight = 250 + min(200, 40 * gained.bit_length() - 100 if gained > 4 else 20)
            yield Story(kind=StoryKind.MOVED_UP, weight=weight, values={"places": gained, "point": point})
    yield from _of_the_wave(moment, index)


def _of_the_wave(moment: StoryMoment, index: int) -> Iterator[Story]:
    """The first over the line of a wave that did not leave first: of the first wave it is the first of all."""
    times, wave = moment.times, int(moment.times.wave[index])
    if wave < 0 or int(times.wave_gun_us[index]) == int(times.race_gun_us[index]):
        return
    at_us = moment.finish_us[moment.frame.announced & (times.wave == wave)]
    if int(at_us[at_us != MISSING].min()) == int(moment.finish_us[index]):
        waves = moment.plan.race.waves
        yield Story(kind=StoryKind.FIRST_OF_WAVE, weight=500, values={"wave": waves[wave].id, "name": waves[wave].name})
