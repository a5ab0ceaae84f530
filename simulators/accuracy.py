"""How far the times of a results file are from the true instants, by point and by speed at the mat.

The rules choose a read; physics decides how far from the line that read was. This says so in milliseconds.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timing.race import Course, PointKind

SPEEDS_MM_S: Final = ((0, 2000, "walkers, under 2 m/s"), (2000, 3500, "2 to 3.5 m/s"), (3500, 99_000, "over 3.5 m/s"))
"""Bands of speed at the mat: from, to (not included), words."""

SAME_PASSAGE_US: Final = 30_000_000
"""Farther off than this it is another passage: a swapped chip, or a start missed by every mat after turning back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """Measured minus true, in microseconds: percentiles over `number` crossings at a point in a band of speed.

    `elsewhere`: how many more are of another passage altogether, and not in the percentiles.
    """

    point: str
    speed: str
    number: int
    p5_us: int
    median_us: int
    p95_us: int
    worst_us: int
    elsewhere: int


def errors_of(results: Path, truth: Path, course: Course) -> list[Error]:
    """Errors of all crossings that both files have, in the order of points and speeds."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    true = _truth(truth)
    for bib, measured in _measured(results, course):
        for point, instant in measured.items():
            about = true.get((bib, point))
            if about is not None:
                found[point, _band(about.speed_mm_s)].append(instant - about.instant_us)
    return [
        _error(point.id, band, sorted(found[point.id, band]))
        for point in course.points
        for _, _, band in SPEEDS_MM_S
        if found[point.id, band]
    ]


def _error(point: str, band: str, every: Sequence[int]) -> Error:
    errors = [error for error in every if abs(error) <= SAME_PASSAGE_US] or [0]
    last = len(errors) - 1
    return Error(
        point=point,
        speed=band,
        number=len(errors),
        p5_us=errors[last * 5 // 100],
        median_us=errors[last // 2],
        p95_us=errors[last * 95 // 100],
        worst_us=max(errors, key=abs),
        elsewhere=sum(abs(error) > SAME_PASSAGE_US for error in every),
    )


def _band(speed_mm_s: int) -> str:
    return next(words for low, high, words in SPEEDS_MM_S if low <= speed_mm_s < high)


@dataclass(frozen=True, slots=True)
class _True:
    instant_us: int
    speed_mm_s: int


def _truth(path: Path) -> Mapping[tuple[str, str], _True]:
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["bib"], row["point"]): _True(int(row["true_us"]), int(row["speed_mm_s"]))
            for row in csv.DictReader(file)
        }


def _measured(path: Path, course: Course) -> Iterator[tuple[str, dict[str, int]]]:
    """Each bib with the instants of its crossings; splits count from the own start."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            instants = {}
            for point in course.points:
                if point.kind is PointKind.START:
                    text = row["start_us"]
                elif point.kind is PointKind.FINISH:
                    text = row["finish_us"]
                else:
                    since_start = row[f"split_{point.id}_us"]
                    text = str(int(since_start) + int(row["start_us"])) if since_start and row["start_us"] else ""
                if text:
                    instants[point.id] = int(text)
            yield row["bib"], instants
