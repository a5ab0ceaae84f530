"""The core alone: reads in memory to places, beside polars on the same columns; what-if, growth, start, memory.

Ratios to a baseline in the same run: figures of one machine say nothing on another. Run by `make bench`.
"""

from __future__ import annotations

import json
import math
import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from bench_data import BenchFiles, write_race
from interleaved import show
from job_polars import results as polars_results

from calanque.derived import Derived
from config.loader import load_race
from config.plan import RacePlan
from config.roster_file import load_roster
from readers.log_files import ReadFile, read_files
from results.eligibility import Eligibility
from results.rankings import Rankings, rank
from simulators.day_entries import entries_of_day
from simulators.field import FieldPlan
from simulators.physics import Physics
from simulators.race_faults import RaceFaults
from simulators.troubled_day import TroubledDay, troubled_day
from timing.field import Field
from timing.guns import guns_in_force, planned_closings
from timing.journal import Entry, Journal, NewEntry
from timing.matching import match
from timing.passings import arrange
from timing.reads import Names, Reads, SourceId
from timing.roster import Roster
from timing.rulings import Act, CorrectClock, SwapTags
from timing.state import RaceState
from timing.times import Times

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

ROUNDS = 7
MARSEILLE = "marseille_cassis_2024"


Clock = Callable[[], float]


def seconds_of(
    ways: Mapping[str, Callable[[], object]], rounds: int = ROUNDS, clock: Clock = time.process_time
) -> dict[str, list[float]]:
    """How long each way takes, all of them in turn, after one round to warm up.

    By the time of this process, whatever else the machine is doing, unless another clock is asked for.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            begun = clock()
            way()
            if turn:
                taken[name].append(clock() - begun)
    return taken


def ratio(taken: Mapping[str, list[float]], name: str, base: str) -> float:
    """The median of the ratios, round by round."""
    return statistics.median(a / b for a, b in zip(taken[name], taken[base], strict=True))


def table(taken: Mapping[str, list[float]], base: str) -> str:
    rows = [
        f"{name:<44}{1000 * statistics.median(all_):>9.1f} ms{ratio(taken, name, base):>8.2f} x {base}"
        for name, all_ in taken.items()
    ]
    return "\n".join(rows)


@dataclass(frozen=True, kw_only=True)
class InMemory:
    """A race ready to be timed: everything is loaded, nothing is sorted."""

    plan: RacePlan
    roster: Roster
    field: Field
    eligibility: Eligibility
    reads: Reads

    def results(self) -> tuple[Times, Rankings]:
        """Everything from the reads: arrange, match, all lists."""
        race = self.plan.race
        guns = guns_in_force(race)
        matched = match(
            arrange(self.reads, with_rows=False).reads, self.field, race, guns, planned_closings(race, guns)
        )
        return matched.times, rank(self.plan, self.roster, matched.times, self.eligibility)


def in_memory(plan: RacePlan, roster: Roster, reads: Reads, tags: Names) -> InMemory:
    return InMemory(
        plan=plan,
        roster=roster,
        field=Field.of(roster, plan.race, tags),
        eligibility=Eligibility.of(plan, roster),
        reads=reads,
    )


def test_a_full_recompute_beside_polars_on_the_same_columns(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    files = write_race(tmp_path)
    plan = load_race(files.race)
    roster = load_roster(files.roster, plan).roster
    tags = Names()
    Field.of(roster, plan.race, tags)
    loaded = read_files([ReadFile(path=files.read_log)], plan.race, tags, Names()).reads
    # As polars has them: without signal and antenna, which its job does not look at.
    reads = Reads.of_moments(tag=loaded.tag, mat=loaded.mat, moment_us=loaded.moment_us)
    race = in_memory(plan, roster, reads, tags)
    with_signals = in_memory(plan, roster, loaded, tags)
    people, columns, rules = frames_of(files, reads, tags)
    answers: dict[str, object] = {}
    taken = seconds_of(
        {
            "polars": lambda: answers.update(polars=polars_results(people.lazy(), columns.lazy(), rules).collect()),
            "arrange, match, all lists": lambda: answers.update(ours=race.results()),
            "the same, with signals and antennas": with_signals.results,
        },
        clock=time.perf_counter,  # polars works with several threads
    )
    assert same_places(answers, roster)
    show(request, f"{len(reads):,} reads of {len(roster):,} in memory\n{table(taken, 'polars')}\n(aim: 1)")
    assert ratio(taken, "arrange, match, all lists", "polars") <= 3


def frames_of(files: BenchFiles, reads: Reads, tags: Names) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, object]]:
    """People and reads as frames, tags and mats as the same small numbers that we have."""
    rules = json.loads((files.folder / "rules.json").read_text(encoding="utf-8"))
    for number, mat in enumerate(rules["mats"]):
        mat["mat"] = number
    people = pl.read_csv(files.roster, schema_overrides={"tag": pl.String, "wave": pl.String})
    people = people.with_columns(tag=pl.Series(tags.codes(people["tag"].to_list()), dtype=pl.Int32))
    columns = pl.DataFrame({"mat": reads.mat.astype(np.int64), "tag": reads.tag, "epoch_us": reads.moment_us})
    return people, columns, rules


def same_places(answers: Mapping[str, object], roster: Roster) -> bool:
    """Whether both give every finisher the same overall place."""
    frame, ours = answers["polars"], answers["ours"]
    assert isinstance(frame, pl.DataFrame)
    assert isinstance(ours, tuple)
    theirs = dict(zip(frame["bib"].to_list(), frame["rank_overall_gun"].to_list(), strict=True))
    bibs = [int(entrant.bib) for entrant in roster.entrants]
    return {b: p for b, p in theirs.items() if p} == {
        bib: place for bib, place in zip(bibs, ours[1].rank_overall.tolist(), strict=True) if place
    }


@pytest.fixture(scope="module")
def day() -> TroubledDay:
    """20,000 runners and 1.2 million reads."""
    return troubled_day(load_race(MARSEILLE), RaceFaults(swapped_pairs=30), field=FieldPlan(runners=20_000))


@pytest.fixture(scope="module")
def entries(day: TroubledDay) -> list[Entry]:
    return entries_of_day(day, batch=500)


def test_what_if_of_one_ruling_and_of_a_whole_mat(
    day: TroubledDay, entries: list[Entry], request: pytest.FixtureRequest
) -> None:
    state = RaceState(day.plan.race)
    state.apply_all(entries)
    derived = Derived(day.plan, state)
    swap: list[Act] = [SwapTags(bibs=day.mishaps.swapped[0])]
    late: list[Act] = [CorrectClock(source=SourceId("finish-main"), anchors=((0, 37_200_000),))]
    assert (derived.preview(late).times.finish_us != derived.picture().times.finish_us).any()
    taken = seconds_of(
        {
            "everything": lambda: Derived(day.plan, state),
            "what if two had swapped (aim: 50 ms)": lambda: derived.preview(swap),
            "what if a mat were 37.2 s late (aim: 0.5 s)": lambda: derived.preview(late),
        }
    )
    show(request, f"{len(state.reads()):,} reads\n{table(taken, 'everything')}")
    assert ratio(taken, "what if two had swapped (aim: 50 ms)", "everything") < 1
    assert ratio(taken, "what if a mat were 37.2 s late (aim: 0.5 s)", "everything") < 2


def test_memory_held_for_a_million_reads(
    day: TroubledDay, entries: list[Entry], request: pytest.FixtureRequest
) -> None:
    tracemalloc.start()
    try:
        state = RaceState(day.plan.race)
        state.apply_all(entries)
        of_state, peak_of_state = tracemalloc.get_traced_memory()
        derived = Derived(day.plan, state)
        both, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    millions = len(state.reads()) / 1e6
    show(
        request,
        f"{len(state.reads()):,} reads, MB for a million: state {of_state / 1e6 / millions:.0f} (reads and identities "
        f"{state.nbytes / 1e6 / millions:.0f}), with the picture {both / 1e6 / millions:.0f} (aim: 100); most at once "
        f"{peak_of_state / 1e6 / millions:.0f}, {peak / 1e6 / millions:.0f}",
    )
    assert len(derived.picture().times) == len(day.roster)
    assert both / 1e6 / millions < 250


def test_from_an_opened_journal_to_lists(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    big = troubled_day(load_race(MARSEILLE), RaceFaults(), field=FieldPlan(runners=41_500))
    path = tmp_path / "journal.sqlite"
    with Journal.create(path, race=MARSEILLE) as journal:
        journal.append([_again(entry) for entry in entries_of_day(big, batch=500)]).result()
    with Journal.open(path, read_only=True, race=MARSEILLE) as journal:
        begun = [time.perf_counter(), time.process_time()]
        state = RaceState(big.plan.race)
        state.apply_all(journal.entries())
        folded = time.perf_counter()
        derived = Derived(big.plan, state)
        ended = [time.perf_counter(), time.process_time()]
    show(
        request,
        f"{len(state.reads()):,} reads of {len(big.roster):,} from an opened journal to all lists: "
        f"{ended[0] - begun[0]:.2f} s, of these {folded - begun[0]:.2f} s to take in the entries; "
        f"{ended[1] - begun[1]:.2f} s of this process (aim: 3 for 2.5 million)",
    )
    assert derived.picture().rankings.rank_overall.max() > 30_000
    assert ended[1] - begun[1] < 15


def _again(entry: Entry) -> NewEntry:
    return NewEntry(kind=entry.kind, body=entry.body, at_us=entry.at_us, source=entry.source, version=entry.version)


SPARSE = Physics(gap_us=350_000, early_reads=10, parked=1)
"""Some three reads for each crossing, so that ten times the field still fits in memory."""


def race_of(runners: int) -> InMemory:
    made = troubled_day(load_race(MARSEILLE), RaceFaults(), field=FieldPlan(runners=runners), physics=SPARSE)
    tags = Names(made.reads.tags)
    reads = Reads.of_moments(tag=made.reads.tag, mat=made.reads.mat, moment_us=made.moment_us)
    return in_memory(made.plan, made.roster, reads, tags)


def test_ten_times_the_field_takes_little_more_than_ten_times_as_long(request: pytest.FixtureRequest) -> None:
    small, large = race_of(20_000), race_of(200_000)
    taken = seconds_of({"20,000": small.results, "200,000": large.results}, rounds=3)
    n, many = len(small.reads), len(large.reads)
    expected = many * math.log(many) / (n * math.log(n))
    grown = ratio(taken, "200,000", "20,000")
    show(
        request,
        f"{n:,} and {many:,} reads\n{table(taken, '20,000')}\ngrowth {grown:.1f}; as n log n {expected:.1f}",
    )
    assert grown < 2 * expected
