"""Expected places and the expected results.csv, out of the expected answers: sorted lists, counted with a loop.

Nothing shared with `results`: the columns are restated from the description of the file.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from config.plan import Clock, ListRule, MainRank, Per, RacePlan, Ties
from simulators.expected import Answer
from timing.race import GunOrigin, MatRole
from timing.roster import Sex

_FLAGS: Final[tuple[str, ...]] = (
    "no_start_read",
    "before_own_gun",
    "other_wave",
    "parked",
    "declared_but_seen",
    "finish_without_start",
    "no_wave",
    "out_of_order",
    "finish_after_abandon",
    "two_tags_apart",
)


def expected_places(plan: RacePlan, answers: Sequence[Answer], main: MainRank) -> dict[str, int]:
    """The place of each bib in the main list of a kind; nobody where the race has no such list."""
    rule = plan.main_list(main)
    if rule is None:
        return {}
    lists: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for answer in answers:
        scope = _scope(plan, rule, answer)
        value = _value(rule, answer)
        if scope is not None and value is not None and answer.status == "FINISHED" and _admitted(plan, rule, answer):
            lists[scope].append((value, answer.entrant.bib))
    places = {}
    for rows in lists.values():
        before: tuple[int, int] | None = None
        for number, (value, bib) in enumerate(sorted(rows), 1):
            compared = plan.rounding.printed_seconds(value) if rule.ties is Ties.SHARED else value
            place = before[1] if before is not None and before[0] == compared else number
            places[bib] = place
            before = (compared, place)
    return places


def _value(rule: ListRule, answer: Answer) -> int | None:
    if rule.clock is Clock.NET:
        return answer.net_time
    if answer.gun_time is None:
        return None
    gun = answer.wave_gun if rule.gun_origin is GunOrigin.WAVE else answer.race_gun
    return answer.gun_time + answer.gun - gun


def _scope(plan: RacePlan, rule: ListRule, answer: Answer) -> str | None:
    if rule.per is Per.SEX:
        return answer.entrant.sex if answer.entrant.sex in (Sex.M, Sex.F) else None
    if rule.per is Per.CATEGORY:
        return plan.categories.category_of(answer.entrant, plan.race.day)
    return ""


def _admitted(plan: RacePlan, rule: ListRule, answer: Answer) -> bool:
    entrant = answer.entrant
    category = plan.categories.category_of(entrant, plan.race.day)
    return (
        plan.role(entrant).ranked
        and (not rule.sexes or entrant.sex in rule.sexes)
        and (not rule.categories or category in rule.categories)
        and (not rule.nationalities or entrant.nationality in rule.nationalities)
        and (not rule.roles or entrant.role in rule.roles)
        and (not rule.waves or answer.wave in rule.waves)
        and rule.licensed in (None, bool(entrant.licence))
        and rule.elite in (None, entrant.elite)
        and answer.group in rule.groups
        and not (rule.prize and "before_own_gun" in answer.flags)
    )


def expected_csv(plan: RacePlan, answers: Sequence[Answer]) -> str:
    """The whole expected results.csv: what the engine must write, byte for byte."""
    places = {main: expected_places(plan, answers, main) for main in MainRank}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["bib", "status", "start_us", "finish_us", "gun_time_us", "net_time_us", "gun_time", "net_time"]
        + [f"split_{point.id}_us" for point in plan.race.course.splits]
        + ["rank_overall", "rank_sex", "rank_category", "start_source", "finish_source", "flags"]
    )
    for answer in sorted(answers, key=lambda a: _natural(a.entrant.bib)):
        writer.writerow(_row(plan, answer, places))
    return out.getvalue()


def _row(plan: RacePlan, answer: Answer, places: Mapping[MainRank, Mapping[str, int]]) -> list[str]:
    course, bib = plan.race.course, answer.entrant.bib
    start, finish = answer.crossed.get(course.start.id), answer.crossed.get(course.finish.id)
    start_source = "" if start is None else start.mat.role.value
    if start is None and answer.net_time is not None:
        start_source = "gun"
    return [
        bib,
        answer.status,
        "" if start is None else str(start.at),
        "" if finish is None else str(finish.at),
        _number(answer.gun_time),
        _number(answer.net_time),
        _printed(plan, answer.gun_time),
        _printed(plan, answer.net_time),
        *(_number(answer.splits.get(point.id)) for point in course.splits),
        *(_number(places[main].get(bib)) for main in (MainRank.OVERALL, MainRank.SEX, MainRank.CATEGORY)),
        start_source,
        "" if finish is None else finish.mat.role.value,
        _flag_words(plan, answer),
    ]


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _printed(plan: RacePlan, duration: int | None) -> str:
    if duration is None:
        return ""
    seconds = plan.rounding.printed_seconds(duration)
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(abs(seconds), 60)
    return f"{sign}{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _flag_words(plan: RacePlan, answer: Answer) -> str:
    words = [word for word in _FLAGS if word in answer.flags]
    words += [f"missed:{point}" for point in answer.missed]
    for point in plan.race.course.points:
        crossed = answer.crossed.get(point.id)
        if crossed is not None and crossed.mat.role is MatRole.BACKUP:
            words.append(f"missed_main:{point.id}")
    return ";".join(words)


def _natural(bib: str) -> tuple[list[tuple[int, int, str]], str]:
    """Numbers inside bibs count as numbers; digits come before letters."""
    pieces = [piece for piece in re.split(r"([0-9]+)", bib) if piece]
    return [(0, int(p), "") if re.fullmatch("[0-9]+", p) else (1, 0, p) for p in pieces], bib
