"""Results from files: the batch way to the one path from reads to published results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calanque.errors import FrontDoorError
from config.guns_file import load_guns
from config.plan import RacePlan
from config.roster_file import LoadedRoster, load_roster
from readers.log_files import LoadedReads, ReadFile, read_files
from results.rankings import Rankings, rank
from timing.clock_corrections import CorrectClock
from timing.clock_evidence import ClockEvidence
from timing.clock_faults import ClockFinding
from timing.clock_findings import ledger_now
from timing.clock_ledger import AS_STAMPED, ClockLedger, corrected_one, reads_placed
from timing.decisions import Decisions
from timing.field import Field
from timing.guns import GunSignal, guns_in_force, planned_closings
from timing.instants import Instant
from timing.matching import Matched, match
from timing.passings import arrange
from timing.race import Race
from timing.reads import Names, ReadClass, SourceId
from timing.times import Closings, Guns


@dataclass(frozen=True, kw_only=True)
class TimedFiles:
    """All that came of timing some files. `classes`: how many distinct reads of each class; repeats are apart."""

    plan: RacePlan
    roster: LoadedRoster
    loaded: LoadedReads
    guns: Guns
    matched: Matched
    rankings: Rankings
    classes: Mapping[ReadClass, int]
    repeats: int
    newest_us: Instant | None
    findings: tuple[ClockFinding, ...]


def time_files(
    plan: RacePlan,
    *,
    roster: Path,
    reads: Sequence[str],
    guns: Path | None,
    stay_open: bool,
    clocks: Sequence[CorrectClock] = (),
) -> TimedFiles:
    """Times and rankings of these files.

    Args:
        reads: `FILE` or `SOURCE=FILE`.
        stay_open: neither start nor finish counts as closed.
        clocks: corrections of clocks that somebody decided on.
    Raises: ConfigError, ReadFileRefused, FrontDoorError: what, where, and what would be accepted.
    """
    race = plan.race
    loaded_roster = load_roster(roster, plan)
    tags = Names()
    field = Field.of(loaded_roster.roster, race, tags)
    sources = Names()
    loaded = read_files([_read_file(text, race) for text in reads], race, tags, sources)
    by_hand = _guns_of_file(guns, race)
    as_stamped = guns_in_force(race, [*by_hand, *_guns_on_wire(loaded, AS_STAMPED)])
    arranged = arrange(loaded.reads, with_rows=False)
    evidence = ClockEvidence(race)
    evidence.note_reads(arranged.reads, arranged=True)
    ledger, findings = ledger_now(race, as_stamped, Decisions(clocks=tuple(clocks)), evidence)
    in_force = guns_in_force(race, [*by_hand, *_guns_on_wire(loaded, ledger)])
    if ledger != AS_STAMPED:
        arranged = arrange(reads_placed(loaded.reads, sources, race, ledger), with_rows=False)
    newest_us = int(loaded.reads.moment_us.max()) if len(loaded.reads) else None
    closings = Closings() if stay_open else planned_closings(race, in_force)
    matched = match(arranged.reads, field, race, in_force, closings)
    counts = np.bincount(matched.classes, minlength=len(ReadClass))
    counts[ReadClass.MALFORMED] += loaded.malformed
    return TimedFiles(
        plan=plan,
        roster=loaded_roster,
        loaded=loaded,
        guns=in_force,
        matched=matched,
        rankings=rank(plan, loaded_roster.roster, matched.times),
        classes={kind: int(counts[kind]) for kind in ReadClass},
        repeats=arranged.repeats,
        newest_us=newest_us,
        findings=findings,
    )


def _read_file(text: str, race: Race) -> ReadFile:
    """`SOURCE=FILE` where the part before `=` names a source of the race, else a file."""
    name, equals, path = text.partition("=")
    if equals and not Path(text).exists():
        known = [source.id for source in race.sources]
        if name not in known:
            raise FrontDoorError(
                f"--reads {text}: no source {name!r} in this race; give a file, or SOURCE=FILE with one of: "
                + ", ".join(known)
            )
        return ReadFile(path=Path(path), source=SourceId(name))
    return ReadFile(path=Path(text))


def _guns_of_file(path: Path | None, race: Race) -> list[GunSignal]:
    if path is None:
        return []
    return [GunSignal(instant_us=instant, wave=wave) for wave, instant in load_guns(path, race).items()]


def _guns_on_wire(loaded: LoadedReads, ledger: ClockLedger) -> list[GunSignal]:
    """The guns that readers saw, by their clocks as a ledger has them."""
    signals = []
    for gun in loaded.guns:
        correction = None if gun.source is None else ledger.correction_of(gun.source, gun.instant_us, None)
        if correction is not None:
            signals.append(GunSignal(instant_us=corrected_one(gun.instant_us, correction)))
        elif not gun.held and (gun.source is None or not ledger.held(gun.source, gun.instant_us)):
            signals.append(GunSignal(instant_us=gun.instant_us))
    return signals
