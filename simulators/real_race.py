"""A real results list turned into a race that can be run again: Cherry Blossom Ten Mile 2010, 15,762 finishers.

Published are whole seconds and places. Exact instants on a reader's 10 ms grid are drawn so that both times of every
runner print as published and every list has its published order; then one read for each crossing gives the list back.
The list itself is not part of Calanque: the caller says where it lies. The race is the shipped `cherry_blossom_2010`.
"""

import csv
import gzip
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from config.plan import RacePlan
from simulators.chance import stream
from simulators.mats import emit
from simulators.physics import DEFAULT_SEED, Physics
from simulators.race_day import RaceDay
from simulators.sim_field import SimField, tag_code
from timing.errors import RaceDayError
from timing.instants import MISSING, SECOND
from timing.reads import Int64
from timing.roster import Bib, Entrant, Roster, Sex

GRID_US: Final = 10_000
_PER_SECOND: Final = SECOND // GRID_US
_NATIONS: Final[Mapping[str, str]] = {
    "USA": "USA",
    "Kenya": "KEN",
    "Canada": "CAN",
    "Ethiopia": "ETH",
    "Mexico": "MEX",
    "Morocco": "MAR",
    "Uruguay": "URU",
    "Jordan": "JOR",
    "United Kingdom": "GBR",
}
_POINTS: Final = ("start", "one split", "finish")
_FASTEST_SHARE: Final = 0.2
"""Among the fastest fifth net may equal gun: they stood on the line. Further back it means: no start read."""


COLUMNS: Final = (
    "bib", "sex", "age", "category", "country", "gun_s", "net_s", "split_5mi_s", "rank_sex", "rank_category",
)  # fmt: skip
"""What a results list must have; further columns are not looked at."""


class ResultsListRefused(RaceDayError):
    """A file is no results list that a race can be made from; the message says what and where."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """One row of the list: whole seconds and places; None where nothing is published."""

    bib: str
    sex: str
    age: int | None
    category: str
    country: str
    gun_s: int
    net_s: int
    split_s: int | None
    rank_sex: int
    rank_category: int | None


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Exact times of one runner after the gun in steps of the grid; `start` None: no start read, net from the gun."""

    start: int | None
    split: int | None
    finish: int


def read_published(path: Path) -> list[Published]:
    """The rows of the results list: CSV with the columns COLUMNS, plain or gzip.

    Raises: ResultsListRefused naming the file, and the line where one is at fault.
    """
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content).decode("utf-8-sig")
    except OSError as error:
        raise ResultsListRefused(f"{path}: cannot be read: {error.strerror or error}") from error
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ResultsListRefused(f"{path}: neither UTF-8 text nor whole gzip: {error}") from error
    lines = csv.DictReader(text.splitlines())
    missing = [name for name in COLUMNS if name not in (lines.fieldnames or ())]
    if missing:
        raise ResultsListRefused(
            f"{path}: no results list: without the column {', '.join(missing)}; accepted: CSV with {','.join(COLUMNS)}"
        )
    rows: list[Published] = []
    bibs: set[str] = set()
    for line in lines:
        try:
            row = _row(line)
        except (TypeError, ValueError) as error:
            raise ResultsListRefused(f"{path}:{lines.line_num}: {error}; accepted: whole numbers, M or F") from error
        if row.bib in bibs:
            raise ResultsListRefused(f"{path}:{lines.line_num}: bib {row.bib} stands there twice")
        bibs.add(row.bib)
        rows.append(row)
    return rows


def _row(line: Mapping[str, str]) -> Published:
    if line["sex"] not in ("M", "F"):
        raise ValueError(f"sex is {line['sex']!r}")
    return Published(
        bib=line["bib"],
        sex=line["sex"],
        age=_whole(line["age"]),
        category=line["category"],
        country=line["country"],
        gun_s=int(line["gun_s"]),
        net_s=int(line["net_s"]),
        split_s=_whole(line["split_5mi_s"]),
        rank_sex=int(line["rank_sex"]),
        rank_category=_whole(line["rank_category"]),
    )


def _whole(text: str) -> int | None:
    return int(text) if text else None


def without_start_read(rows: Sequence[Published]) -> frozenset[str]:
    """Bibs of those whose net time is the gun time though they cannot have stood on the line."""
    by_net = sorted(row.net_s for row in rows)
    limit = by_net[int(len(by_net) * _FASTEST_SHARE)] if rows else 0
    return frozenset(row.bib for row in rows if row.net_s == row.gun_s and row.net_s > limit)


def draw(rows: Sequence[Published], seed: int = DEFAULT_SEED) -> dict[str, Drawn]:
    """Exact instants of every runner, by bib; equal seeds give equal instants.

    All net times are distinct, in the sex lists in the published order; a time prints as the second it lies in or
    ends at. Raises: ResultsListRefused when a second holds more runners than the grid has places.
    """
    rng = stream(seed, "real race")
    net = _net_times(rng, rows)
    no_start = without_start_read(rows)
    drawn = {}
    for row in rows:
        exact = net[row.bib]
        split = None if row.split_s is None else _inside(rng, row.split_s)
        if row.bib in no_start:
            drawn[row.bib] = Drawn(start=None, split=split, finish=exact)
            continue
        # The finish lies in its printed gun second, and not so early that the start would be before the gun.
        earliest = max((row.gun_s - 1) * _PER_SECOND + 1, exact)
        finish = int(rng.integers(earliest, row.gun_s * _PER_SECOND + 1))
        start = finish - exact
        drawn[row.bib] = Drawn(start=start, split=None if split is None else start + split, finish=finish)
    return drawn


def _inside(rng: np.random.Generator, printed_s: int) -> int:
    """A time that prints as this second: after the second before, up to this one."""
    return (printed_s - 1) * _PER_SECOND + int(rng.integers(1, _PER_SECOND + 1))


def _net_times(rng: np.random.Generator, rows: Sequence[Published]) -> dict[str, int]:
    """A distinct net time inside each printed second; each sex in its published order, the sexes mixed by chance."""
    seconds: dict[int, list[Published]] = defaultdict(list)
    for row in rows:
        seconds[row.net_s].append(row)
    net = {}
    for printed_s in sorted(seconds):
        together = seconds[printed_s]
        if len(together) > _PER_SECOND:
            raise ResultsListRefused(
                f"{len(together)} runners share the second {printed_s}: the grid has {_PER_SECOND} places"
            )
        lists = {sex: iter(sorted((r for r in together if r.sex == sex), key=lambda r: r.rank_sex)) for sex in "MF"}
        whose = [str(sex) for sex in rng.permutation([row.sex for row in together])]
        places = sorted(rng.permutation(_PER_SECOND)[: len(together)].tolist())
        for sex, place in zip(whose, places, strict=True):
            net[next(lists[sex]).bib] = (printed_s - 1) * _PER_SECOND + 1 + place
    return net


def real_field(plan: RacePlan, rows: Sequence[Published], seed: int = DEFAULT_SEED) -> SimField:
    """The field of the real race in the order of its list; no names, since the list has none.

    Raises: ResultsListRefused when the list is not of such a race: start, one split, finish.
    """
    race = plan.race
    if len(race.course.points) != len(_POINTS):
        names = ", ".join(point.id for point in race.course.points)
        raise ResultsListRefused(
            f"{race.id} has the points {names}; a results list tells {', '.join(_POINTS)} "
            "(the shipped race cherry_blossom_2010 is such a race)"
        )
    drawn = draw(rows, seed)
    gun = race.waves[0].gun_us if race.waves[0].gun_us is not None else race.waves[0].planned_gun_us
    line_us: Int64 = np.full((3, len(rows)), MISSING, np.int64)
    speed: Int64 = np.zeros((3, len(rows)), np.int64)
    entrants = []
    for number, row in enumerate(rows):
        times = drawn[row.bib]
        for point, steps in enumerate((times.start, times.split, times.finish)):
            if steps is not None:
                line_us[point, number] = gun + steps * GRID_US
        mean = race.course.finish.distance_m * 1000 // row.net_s
        speed[:, number] = (min(mean, 2_200), mean, mean)
        entrants.append(
            Entrant(
                bib=Bib(row.bib),
                tags=(tag_code(number + 1),),
                last_name=f"RUNNER {row.bib}",
                sex=Sex(row.sex),
                age=row.age,
                category=row.category,
                nationality=_NATIONS.get(row.country, ""),
                wave=race.waves[0].id,
            )
        )
    return SimField(
        race=race,
        roster=Roster(entrants=tuple(entrants)),
        guns_us=(gun,),
        closed_us=gun + race.start_window_us,
        wave=np.zeros(len(rows), np.int16),
        line_us=line_us,
        speed_mm_s=speed,
        story=tuple("no_start" if drawn[row.bib].start is None else "" for row in rows),
    )


def real_race_day(
    plan: RacePlan, rows: Sequence[Published], *, physics: Physics | None = None, seed: int = DEFAULT_SEED
) -> RaceDay:
    """The real race, run again: by default one read for each crossing, and repeats."""
    rules = Physics.off(seed=seed) if physics is None else physics
    field = real_field(plan, rows, seed)
    return RaceDay(plan=plan, field=field, physics=rules, reads=emit(field, rules))


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How many runners of the list have in a results.csv what was published; `different` names the first others."""

    sex_places: int
    category_places: int
    gun_times: int
    net_times: int
    runners: int
    in_categories: int
    different: tuple[str, ...]

    @property
    def whole(self) -> bool:
        full = self.sex_places == self.gun_times == self.net_times == self.runners
        return full and self.category_places == self.in_categories


def agreement(rows: Sequence[Published], results: str) -> Agreement:
    """Compares the text of a results.csv with the published list: places, and both times as printed."""
    found = {row["bib"]: row for row in csv.DictReader(results.splitlines())}
    counts: dict[str, int] = defaultdict(int)
    different: list[str] = []
    for row in rows:
        own = found.get(row.bib, {})
        pairs = [
            ("rank_sex", str(row.rank_sex)),
            ("rank_category", "" if row.rank_category is None else str(row.rank_category)),
            ("gun_time", printed(row.gun_s)),
            ("net_time", printed(row.net_s)),
        ]
        for column, published in pairs:
            if own.get(column) == published:
                counts[column] += column != "rank_category" or row.rank_category is not None
            elif len(different) < 20:
                different.append(f"bib {row.bib}: {column} is {own.get(column)!r}, published {published!r}")
    return Agreement(
        sex_places=counts["rank_sex"],
        category_places=counts["rank_category"],
        gun_times=counts["gun_time"],
        net_times=counts["net_time"],
        runners=len(rows),
        in_categories=sum(row.rank_category is not None for row in rows),
        different=tuple(different),
    )


def printed(seconds: int) -> str:
    """Whole seconds as a results.csv prints them: `h:mm:ss`."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
