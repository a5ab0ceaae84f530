"""results.csv, version 1: a row for each entrant, for machines. The format is stable; see docs/results_files.md.

Bibs only, no names. UTF-8, comma, LF, rows in the natural order of bibs: the same race gives the same bytes.
"""

import csv
import io
from collections.abc import Sequence
from typing import Final

import numpy as np

from config.plan import RacePlan
from results.byte_columns import clock_chars, csv_rows, integer_chars, text_chars
from results.flag_words import flag_codes
from results.printing import printed_column
from results.rankings import NO_PLACE, Rankings
from timing.instants import MISSING
from timing.race import Race
from timing.reads import Int64
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
    gun_us, net_us = times.gun_time_us[order], times.net_time_us[order]
    columns = [
        text_chars(_quoted([roster.entrants[index].bib for index in order.tolist()])),
        text_chars(_STATUS)[times.status[order]],
        integer_chars(times.start_us[order]),
        integer_chars(times.finish_us[order]),
        integer_chars(gun_us),
        integer_chars(net_us),
        clock_chars(printed_column(gun_us, plan.rounding)),
        clock_chars(printed_column(net_us, plan.rounding)),
    ]
    splits = range(1, len(race.course.points) - 1)
    columns += [integer_chars(split_us(times, race, point)[order]) for point in splits]
    for rank in (rankings.rank_overall, rankings.rank_sex, rankings.rank_category):
        place = rank[order].astype(np.int64)
        place[place == NO_PLACE] = MISSING
        columns.append(integer_chars(place))
    columns += [text_chars(_SOURCE)[origin[order]] for origin in (times.start_origin, times.finish_origin)]
    words, flags = flag_codes(times, race)
    columns.append(text_chars(_quoted(words))[flags[order]])
    header = ",".join(_quoted(columns_of(race))) + "\n"
    return header.encode() + csv_rows(columns)


def split_us(times: Times, race: Race, point: int) -> Int64:
    """The cumulative time to a point (by number) for each entrant, from where net time runs; MISSING where unknown."""
    begin, at = net_origin(times.start_us, times.gun_us, race), times.crossing_us[point]
    known = (begin != MISSING) & (at != MISSING)
    return np.where(known, np.where(known, at, 0) - np.where(known, begin, 0), MISSING)


def _quoted(texts: Sequence[str]) -> Sequence[str]:
    """Texts for CSV, in quotes where they need them."""
    return texts if all(map(str.isalnum, texts)) else [_quote(text) for text in texts]


def _quote(text: str) -> str:
    if text.isalnum():
        return text
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow([text, ""])
    return buffer.getvalue()[: -len(",\n")]
