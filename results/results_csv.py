"""results.csv, version 1: a row for each entrant, for machines. The format is stable; see docs/results_files.md.

Bibs only, no names. UTF-8, comma, LF, rows in the natural order of bibs: the same race gives the same bytes.
"""

import csv
import io
from collections.abc import Iterable
from typing import Final

import numpy as np

from config.plan import RacePlan
from results.flag_words import flag_column
from results.printing import Language, duration_column, integer_column
from results.rankings import NO_PLACE, Rankings
from timing.instants import MISSING
from timing.race import Race
from timing.reads import Int32, Int64, UInt8
from timing.roster import Roster
from timing.times import Origin, Status, Times
from timing.verdicts import net_origin

_SOURCE: Final = ["" if origin is Origin.NONE else origin.name.lower() for origin in Origin]
_STATUS: Final = [status.name for status in Status]


def columns_of(race: Race) -> tuple[str, ...]:
    """The header of the race's results.csv."""
    return (
        "bib", "status", "start_us", "finish_us", "gun_time_us", "net_time_us", "gun_time", "net_time",
        *(f"split_{point.id}_us" for point in race.course.splits),
        "rank_overall", "rank_sex", "rank_category", "start_source", "finish_source", "flags",
    )  # fmt: skip


def results_csv(plan: RacePlan, roster: Roster, times: Times, rankings: Rankings) -> bytes:
    """The whole file."""
    race = plan.race
    order = rankings.eligibility.by_bib
    columns: list[Iterable[str]] = [
        _quoted([entrant.bib for entrant in roster.entrants], order),
        _named(_STATUS, times.status[order]),
        integer_column(times.start_us[order]),
        integer_column(times.finish_us[order]),
        integer_column(times.gun_time_us[order]),
        integer_column(times.net_time_us[order]),
        duration_column(times.gun_time_us[order], plan.rounding, Language.MACHINE),
        duration_column(times.net_time_us[order], plan.rounding, Language.MACHINE),
    ]
    splits = range(1, len(race.course.points) - 1)
    columns += [integer_column(split_us(times, race, point)[order]) for point in splits]
    ranks = (rankings.rank_overall, rankings.rank_sex, rankings.rank_category)
    columns += [_places(rank[order]) for rank in ranks]
    columns += [_named(_SOURCE, origin[order]) for origin in (times.start_origin, times.finish_origin)]
    columns.append(_quoted(flag_column(times, race), order))
    lines = [",".join(_quote(name) for name in columns_of(race)), *map(",".join, zip(*columns, strict=True)), ""]
    return "\n".join(lines).encode()


def split_us(times: Times, race: Race, point: int) -> Int64:
    """The cumulative time to a point (by number) for each entrant, from where net time runs; MISSING where unknown."""
    begin, at = net_origin(times.start_us, times.gun_us, race), times.crossing_us[point]
    known = (begin != MISSING) & (at != MISSING)
    return np.where(known, np.where(known, at, 0) - np.where(known, begin, 0), MISSING)


def _named(names: list[str], codes: UInt8) -> Iterable[str]:
    return [names[code] for code in codes.tolist()]


def _places(rank: Int32) -> list[str]:
    texts = list(map(str, rank.tolist()))
    for row in np.flatnonzero(rank == NO_PLACE).tolist():
        texts[row] = ""
    return texts


def _quoted(texts: list[str], order: Int32) -> list[str]:
    """Texts in an order, quoted for CSV where they need it."""
    if all(map(str.isalnum, texts)):
        return [texts[index] for index in order.tolist()]
    quoted = {text: _quote(text) for text in set(texts)}
    return [quoted[texts[index]] for index in order.tolist()]


def _quote(text: str) -> str:
    if text.isalnum():
        return text
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow([text, ""])
    return buffer.getvalue()[: -len(",\n")]
