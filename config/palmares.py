"""Past winners of a race, as its own page prints them, and the course records that follow from them.

The table is kept verbatim: names, spellings, apostrophes and countries as printed, a missing time as missing. Nothing
is corrected and no two spellings are merged. A course record belongs to a version of the course.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.errors import ConfigError, Fault
from timing.roster import Sex

HEADER: Final = ("edition", "year", "sex", "athlete", "club", "country", "time_raw", "time_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """The winner of one edition in one sex. Empty text and None: the page does not say."""

    edition: int
    year: int
    sex: Sex
    athlete: str
    club: str
    country: str
    time_raw: str
    time_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSplit:
    """When the winner of a year passed a point (its id), in whole seconds from the gun, as it was published."""

    year: int
    sex: Sex
    point: str
    time_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseVersion:
    """The years in which a course was run, both inclusive; `last_year` None: until now."""

    id: str
    first_year: int
    last_year: int | None = None
    text: str = ""

    def was_run_in(self, year: int) -> bool:
        return self.first_year <= year and (self.last_year is None or year <= self.last_year)


def load_winners(path: Path) -> tuple[Winner, ...]:
    """The winners in the order of the file.

    Raises: ConfigError with every bad line.
    """
    faults: list[Fault] = []
    winners: list[Winner] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != HEADER:
            raise ConfigError(
                [Fault(file=str(path), key="", line=1, message="not a table of winners", accepted=",".join(HEADER))]
            )
        for row in reader:
            try:
                winners.append(_winner(row))
            except ValueError as error:
                faults.append(
                    Fault(
                        file=str(path),
                        key="",
                        line=reader.line_num,
                        message=str(error),
                        accepted="edition, year and time_s as whole numbers (time_s may be empty), sex M or F",
                    )
                )
    if faults:
        raise ConfigError(faults)
    return tuple(winners)


def _winner(row: Mapping[str, str]) -> Winner:
    return Winner(
        edition=int(row["edition"]),
        year=int(row["year"]),
        sex=Sex(row["sex"]),
        athlete=row["athlete"],
        club=row["club"],
        country=row["country"],
        time_raw=row["time_raw"],
        time_s=int(row["time_s"]) if row["time_s"] else None,
    )


def record(winners: Iterable[Winner], sex: Sex, course: CourseVersion | None = None) -> Winner | None:
    """The fastest winner of a sex, of one version of the course or of all; of equal times the earliest."""
    timed = [
        winner
        for winner in winners
        if winner.sex is sex and winner.time_s is not None and (course is None or course.was_run_in(winner.year))
    ]
    return min(timed, key=lambda winner: (winner.time_s or 0, winner.year), default=None)


def course_records(winners: Sequence[Winner], courses: Iterable[CourseVersion]) -> dict[tuple[str, Sex], Winner]:
    """The course record of each sex on each version of the course that has one."""
    found = {(course.id, sex): record(winners, sex, course) for course in courses for sex in (Sex.F, Sex.M)}
    return {key: winner for key, winner in found.items() if winner is not None}


def progression(winners: Iterable[Winner], sex: Sex) -> list[Winner]:
    """The winners of a sex who ran faster than all before them, in the order of the table."""
    steps: list[Winner] = []
    for winner in winners:
        if winner.sex is sex and winner.time_s is not None and winner.time_s < _best(steps):
            steps.append(winner)
    return steps


def _best(steps: Sequence[Winner]) -> float:
    return steps[-1].time_s or 0 if steps else float("inf")
