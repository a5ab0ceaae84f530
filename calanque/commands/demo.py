"""`calanque demo`: a whole race on this machine, watched at the terminal, reported at its end."""

import asyncio
import shutil
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from calanque.commands.simulate import physics_of, results_list, say_agreement
from calanque.demo import DEMO_RACE, Demo, DemoPlan, Progress
from calanque.errors import FrontDoorError
from calanque.exit_codes import DIFFERENT, OK
from calanque.terminal import grouped, say, say_classes, table
from config.loader import load_race
from readers.race_clock import check_speed
from results.compare import compare_results
from results.printing import hour
from simulators.accuracy import errors_of
from simulators.field import FieldPlan
from simulators.race_day import RaceDay, simulate
from simulators.real_race import Published, agreement, real_race_day
from timing.journal import Journal
from timing.read_columns import KINDS
from timing.reads import ReadClass, ReadKind
from timing.state import RaceState

DEMOS: Final = Path("demo")
REAL_RACE: Final = "cherry_blossom_2010"


def demo_command(
    *,
    speed: str,
    runners: int | None,
    seed: int,
    port: int,
    folder: Path | None,
    reads: int | None,
    from_results: Path | None,
    open_browser: bool,
) -> int:
    check_speed(speed)
    published = [] if from_results is None else results_list(from_results, runners)
    day = _real_day(published, seed) if from_results else _simulated_day(runners, seed, reads)
    place = folder or DEMOS / "latest"
    _make_room(place, named_by_hand=folder is not None)
    race, physics = day.plan, day.physics
    say(
        f"{race.title_in('en')}: {grouped(len(day.field))} entrants, seed {seed}, "
        f"{'as fast as possible' if speed == 'max' else speed + ' times life'}; everything in {place}/"
    )
    say(
        f"  {grouped(len(day.reads))} reads at {len(race.race.course.mats)} mats; "
        f"missed: start {physics.miss_start:.1%}, "
        f"split {physics.miss_split:.1%}, finish {physics.miss_finish:.1%} of tags; "
        f"{physics.parked} parked tags a point, "
        f"{physics.unknown_tags:.1%} unknown tags, {physics.walked_back:.0%} walk back over the finish"
    )
    demo = Demo(DemoPlan(day=day, folder=place, speed=speed, port=port))
    demo.prepare()
    with _Screen(demo, open_browser=open_browser) as screen:
        answer = asyncio.run(demo.run(screen.show))
    code = _report(demo, answer)
    if published:
        found = agreement(published, (demo.folder.out / "results.csv").read_text(encoding="utf-8"))
        say_agreement("What was published", found)
        return code if found.whole else DIFFERENT
    return code


def _simulated_day(runners: int | None, seed: int, reads: int | None) -> RaceDay:
    wanted = FieldPlan(seed=seed) if runners is None else FieldPlan(seed=seed, runners=runners)
    return simulate(load_race(DEMO_RACE), field=wanted, physics=physics_of(seed, reads))


def _real_day(published: Sequence[Published], seed: int) -> RaceDay:
    """The race of a results list, one read for each crossing: whatever mats do, places must come back."""
    return real_race_day(load_race(REAL_RACE), published, seed=seed)


def _make_room(place: Path, *, named_by_hand: bool) -> None:
    """A folder of our own is begun anew each time; one that was named is never emptied."""
    if named_by_hand and place.exists() and any(place.iterdir()):
        raise FrontDoorError(f"{place} is not empty: name a new folder for the demo")
    if place.exists() and not named_by_hand:
        shutil.rmtree(place)
    place.mkdir(parents=True, exist_ok=True)


class _Screen:
    """The progress of the race at a terminal; a line now and then where there is none."""

    def __init__(self, demo: Demo, *, open_browser: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._demo = demo
        self._open_browser = open_browser
        self._console = Console()
        self._progress = Progress(
            TextColumn("{task.fields[clock]}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"),
            TextColumn("{task.fields[told]}"), TimeElapsedColumn(), console=self._console,
        )  # fmt: skip
        self._task = self._progress.add_task("race", total=max(1, demo.distinct), clock="--:--:--", told="")
        self._said_where = False
        self._last_plain = 0

    def __enter__(self) -> "_Screen":
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, at: Progress) -> None:
        if not self._said_where and self._demo.url:
            self._said_where = True
            self._console.print(f"Live page: {self._demo.url}/   board: {self._demo.url}/board", highlight=False)
            self._console.print(
                f"Staff pages: {self._demo.url}/sign-in   codes: .venv/bin/calanque access {self._demo.folder.path}",
                highlight=False,
                soft_wrap=True,  # a line to be copied
            )
            if self._open_browser:
                webbrowser.open(self._demo.url)
        late = f", delivery {at.lag_s:.0f} s of the race behind" if at.lag_s >= 60 else ""
        again = "".join(f", {name} started again {times}x" for name, times in at.restarts.items())
        told = f"{grouped(at.reads)} reads, {grouped(at.finished)} finishers{late}{again}"
        clock = hour(at.race_us, self._demo.race.race.zone)
        self._progress.update(self._task, completed=at.reads, clock=clock, told=told)
        tenth = at.reads * 10 // max(1, at.expected)
        if not self._console.is_terminal and tenth != self._last_plain:
            self._last_plain = tenth
            say(f"{clock}  {told}")


def _report(demo: Demo, answer: Mapping[str, Any]) -> int:
    """What came out: exactly once, as expected, how exact, and what became of each read."""
    once = journalled_once(demo)
    say(f"Journal: {once}")
    counts = {ReadClass[name.upper()]: number for name, number in answer["classes"].items()}
    say(f"{grouped(sum(counts.values()))} reads")
    say_classes(counts, sum(answer["repeats"].values()))
    results = demo.folder.out / "results.csv"
    say("Error against the true instants, milliseconds (measured minus true):")
    table(
        [
            ("point and speed", "crossings", "5 %", "median", "95 %", "worst", "another passage"),
            *(
                (f"{e.point}, {e.speed}", grouped(e.number), _ms(e.p5_us), _ms(e.median_us), _ms(e.p95_us),
                 _ms(e.worst_us), str(e.elsewhere))
                for e in errors_of(results, demo.simulation / "truth.csv", demo.race.race.course)
            ),
        ]
    )  # fmt: skip
    comparison = compare_results(results, demo.simulation / "expected.csv")
    say(f"Compared with the answer the rules demand: {comparison}")
    say(f"Published: {answer['folder']} (site/index.html, results.csv, results.json, results.xlsx)")
    say(f"The live pages ended with the race. To see it again as it ended: .venv/bin/calanque run {demo.folder.path}")
    return OK if comparison.equal and once.ok else DIFFERENT


def _ms(us: int) -> str:
    return f"{us / 1000:+.0f}"


class _Once:
    """Whether every read delivered is in the journal, and once."""

    def __init__(self, *, verified: str, damaged: bool, rows: int, different: int, delivered: int) -> None:
        self.ok = not damaged and rows == different == delivered
        self._text = (
            f"{verified}; {grouped(rows)} reads, {grouped(different)} of them different, {grouped(delivered)} delivered"
        )

    def __str__(self) -> str:
        return f"{self._text}: {'each exactly once' if self.ok else 'NOT each exactly once'}"


def journalled_once(demo: Demo) -> _Once:
    from timing.entries import DecodedReads, decode
    from timing.journal import EntryKind

    with Journal.open(demo.folder.journal, read_only=True) as journal:
        verified = journal.verify()
        state = RaceState(demo.race.race)
        rows = 0
        for entry in journal.entries(kinds={EntryKind.READS}):
            body = decode(entry)
            assert isinstance(body, DecodedReads)
            rows += sum(kind != GUN_CODE for kind in body.kind.tolist())
            state.apply(entry)
    return _Once(
        verified=verified.message,
        damaged=verified.damaged is not None,
        rows=rows,
        different=len(state.reads()),
        delivered=demo.distinct,
    )


GUN_CODE: Final = KINDS.index(ReadKind.GUN)
