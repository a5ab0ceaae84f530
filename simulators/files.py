"""A simulated race day as files: race file, roster, guns, reads (as a read log and as IPICO lines), and the truths.

Owns the layout of such a folder; docs/simulation.md describes it for people.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from config.roster_csv import roster_csv
from simulators.emission import EmittedReads
from simulators.ipico_lines import ipico_lines
from simulators.mats import reads_of_crossings
from simulators.race_day import RaceDay
from simulators.sim_field import SimField
from simulators.tapes import READERS_FOLDER, tapes_of
from simulators.troubled_day import TroubledDay, rulings_of_day
from timing.guns import guns_in_force
from timing.instants import MISSING, Instant
from timing.race import Race
from timing.roster import Roster
from timing.ruling_entries import act_fields

RACE_FILE: Final = "race.toml"
ROSTER_FILE: Final = "roster.csv"
GUNS_FILE: Final = "guns.csv"
READ_LOG: Final = "reads.csv"
TRUTH_FILE: Final = "truth.csv"
EXPECTED_FILE: Final = "expected.csv"
SUMMARY_FILE: Final = "simulation.json"
RULINGS_FILE: Final = "rulings.jsonl"

_CHUNK: Final = 200_000


def write_race_day(day: RaceDay, folder: Path, *, read_log: bool = True, expected: bool = True) -> None:
    """Writes everything into a folder, which is made if need be; same days give the same bytes.

    Every source of a kind the engine talks to has a tape, an IPICO reader its lines, too. Without `expected` the
    expected answer, which takes some seconds for a large race, is left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    race = day.plan.race
    if day.plan.text:
        (folder / RACE_FILE).write_text(day.plan.text, encoding="utf-8")
    write_roster(day.field.roster, folder / ROSTER_FILE)
    _write_csv(folder / GUNS_FILE, ["wave", "epoch_us"], day.guns.items())
    if read_log:
        write_read_log(race, day.reads, folder / READ_LOG)
    _write_tapes(race, day.reads, day.field.guns_us, day.field, folder / READERS_FOLDER)
    write_truth(day, folder / TRUTH_FILE)
    if expected:
        (folder / EXPECTED_FILE).write_text(day.expected_csv, encoding="utf-8", newline="")
    (folder / SUMMARY_FILE).write_text(json.dumps(_summary(day), indent=1) + "\n", encoding="utf-8")


def write_troubled_day(day: TroubledDay, folder: Path) -> None:
    """Writes a day on which things went wrong: what the crew has, the truth, what must come out, and the rulings.

    Reads and IPICO lines have the stamps shown, guns are as written down. `rulings.jsonl` has an act on each line.
    Raises: ValueError where a clock is of another kind than the race file says: the file would be wrong.
    """
    for fault in day.faults.clocks:
        if fault.kind is not None:
            raise ValueError(
                f"the clock of {fault.source} is {fault.kind}, which the race file of this day does not say"
            )
    folder.mkdir(parents=True, exist_ok=True)
    race = day.plan.race
    if day.plan.text:
        (folder / RACE_FILE).write_text(day.plan.text, encoding="utf-8")
    write_roster(day.roster, folder / ROSTER_FILE)
    recorded = guns_in_force(race, day.gun_signals)
    guns = zip((wave.id for wave in race.waves), recorded.wave_us, strict=True)
    _write_csv(folder / GUNS_FILE, ["wave", "epoch_us"], guns)
    write_read_log(race, day.reads, folder / READ_LOG)
    wire = [signal.instant_us for signal in day.gun_signals if signal.wave is None]
    _write_tapes(race, day.reads, wire, day.happened.field, folder / READERS_FOLDER)
    write_truth(replace(day.happened, reads=replace(day.reads, stamp_us=day.moment_us)), folder / TRUTH_FILE)
    (folder / EXPECTED_FILE).write_text(day.corrected_csv, encoding="utf-8", newline="")
    acts = "".join(json.dumps(act_fields(act)) + "\n" for act in rulings_of_day(day))
    (folder / RULINGS_FILE).write_text(acts, encoding="utf-8")


def write_roster(roster: Roster, path: Path) -> None:
    """The roster with the canonical headers; as many tag columns as somebody has tags."""
    path.write_bytes(roster_csv(roster))


def write_read_log(race: Race, reads: EmittedReads, path: Path) -> None:
    """All reads as a read log, in order of delivery."""
    mats = race.course.mats
    heads = [f"{mat.id}," for mat in mats]
    tails = [f",{mat.source}\n" for mat in mats]
    tags = reads.tags
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("mat,tag,epoch_us,antenna,rssi,source\n")
        for first in range(0, len(reads), _CHUNK):
            rows = slice(first, first + _CHUNK)
            antenna = ["" if a < 0 else str(a) for a in reads.antenna[rows].tolist()]
            rssi = ["" if r != r else f"{r:g}" for r in reads.rssi[rows].tolist()]
            columns = (reads.mat[rows].tolist(), reads.tag[rows].tolist(), reads.stamp_us[rows].tolist(), antenna, rssi)
            file.write(
                "".join(f"{heads[m]}{tags[t]},{at},{a},{r}{tails[m]}" for m, t, at, a, r in zip(*columns, strict=True))
            )


def _write_tapes(race: Race, reads: EmittedReads, guns_us: Sequence[Instant], field: SimField, folder: Path) -> None:
    """What each reader is served from, and the lines of IPICO readers as their own programs keep them."""
    for tape in tapes_of(race, reads, guns_us, field):
        tape.write(folder)
        if tape.protocol == "ipico":
            (folder / f"{tape.source}.ipico").write_bytes(ipico_lines(tape, race.zone))


def write_truth(day: RaceDay, path: Path) -> None:
    """True instants and speeds: a row for each entrant and point they really passed.

    `reads_main` and `reads_backup`: how many reads that passage gave at the mats of each role.
    """
    field, course = day.field, day.plan.race.course
    by_role = {}
    for point in course.points:
        counts = reads_of_crossings(field, day.reads, point.id)
        for role in ("main", "backup"):
            mats = [i for i, mat in enumerate(course.mats) if mat.role == role]
            by_role[point.id, role] = counts[mats].sum(axis=0).tolist()
    instants, speeds = field.line_us.tolist(), field.speed_mm_s.tolist()
    rows = (
        (entrant.bib, point.id, instants[p][i], speeds[p][i], by_role[point.id, "main"][i],
         by_role[point.id, "backup"][i], field.story[i])
        for i, entrant in enumerate(field.roster.entrants)
        for p, point in enumerate(course.points)
        if instants[p][i] != MISSING
    )  # fmt: skip
    _write_csv(path, ["bib", "point", "true_us", "speed_mm_s", "reads_main", "reads_backup", "story"], rows)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _summary(day: RaceDay) -> dict[str, object]:
    reads, mats = day.reads, day.plan.race.course.mats
    return {
        "race": day.plan.race.id,
        "zone": str(day.plan.race.zone),
        "entrants": len(day.field),
        "reads": len(reads),
        "repeats": int(reads.repeat.sum()),
        "reads_by_mat": {mat.id: int((reads.mat == number).sum()) for number, mat in enumerate(mats)},
        "first_due_us": int(reads.due_us[0]) if len(reads) else None,
        "last_due_us": int(reads.due_us[-1]) if len(reads) else None,
        "start_closed_us": day.closings.start_us,
        "guns": dict(day.guns),
        "physics": asdict(day.physics),
    }
