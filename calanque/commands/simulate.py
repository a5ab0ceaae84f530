"""`calanque simulate`: a race from a seed, as files, and as virtual readers on pseudo-terminals."""

from pathlib import Path

from calanque.exit_codes import OK
from calanque.terminal import grouped, say
from config.loader import load_race
from simulators.field import FieldPlan
from simulators.files import write_race_day
from simulators.physics import Physics
from simulators.race_day import simulate


def simulate_command(
    race: str,
    *,
    out: Path,
    runners: int,
    seed: int,
    reads: int | None,
    perfect: bool,
    serve: bool,
    clock: str,
) -> int:
    plan = load_race(race)
    physics = Physics.off(seed=seed) if perfect else physics_of(seed, reads)
    say(f"Simulating {grouped(runners)} runners of {plan.title_in('en')}, seed {seed}")
    day = simulate(plan, field=FieldPlan(seed=seed, runners=runners), physics=physics)
    write_race_day(day, out)
    say(f"{out}: {grouped(len(day.field))} entrants, {grouped(len(day.reads))} reads; truth.csv, expected.csv")
    if serve:
        return _serve(out, clock)
    return OK


def physics_of(seed: int, reads: int | None) -> Physics:
    """The default physics, with about this many reads per crossing and mat (10 unless told otherwise)."""
    usual = Physics(seed=seed)
    if reads is None:
        return usual
    from dataclasses import replace

    return replace(usual, gap_us=max(1_000, usual.gap_us * USUAL_READS // max(1, reads)))


USUAL_READS = 10


def _serve(folder: Path, clock: str) -> int:
    from simulators.serve import main

    sources = sorted(path.stem for path in (folder / "readers").glob("*.ipico"))
    where = [f"--at={source}=pty:{folder / 'readers' / source}.tty" for source in sources]
    for text in where:
        say(text.removeprefix("--at="))
    return main([str(folder), *where, f"--clock={clock}", f"--status={folder / 'status.json'}"])
