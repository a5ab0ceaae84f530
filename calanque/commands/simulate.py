"""`calanque simulate`: a race from a seed or a results list, as files and as virtual readers on pseudo-terminals."""

from pathlib import Path

from calanque.errors import FrontDoorError
from calanque.exit_codes import OK
from calanque.terminal import grouped, say
from config.loader import load_race
from config.plan import RacePlan
from readers.race_clock import RaceClock
from simulators.field import FieldPlan
from simulators.files import write_race_day
from simulators.physics import Physics
from simulators.race_day import simulate
from simulators.real_race import Agreement, Published, agreement, read_published, real_race_day


def simulate_command(
    race: str,
    *,
    out: Path,
    runners: int | None,
    seed: int,
    reads: int | None,
    perfect: bool,
    from_results: Path | None,
    serve: bool,
    clock: str,
) -> int:
    RaceClock.parse(clock)
    plan = load_race(race)
    physics = Physics.off(seed=seed) if perfect else physics_of(seed, reads)
    published = [] if from_results is None else results_list(from_results, runners)
    if from_results is None:
        wanted = FieldPlan(seed=seed) if runners is None else FieldPlan(seed=seed, runners=runners)
        say(f"Simulating {grouped(wanted.runners)} runners of {plan.title_in('en')}, seed {seed}")
        day = simulate(plan, field=wanted, physics=physics)
    else:
        say(f"{plan.title_in('en')} again, with the {grouped(len(published))} finishers of {from_results}, seed {seed}")
        day = real_race_day(plan, published, physics=physics, seed=seed)
    try:
        write_race_day(day, out)
    except OSError as error:
        raise FrontDoorError(f"--out {out}: cannot be written: {error.strerror or error}") from error
    say(f"{out}: {grouped(len(day.field))} entrants, {grouped(len(day.reads))} reads; truth.csv, expected.csv")
    if published:
        say_agreement("The expected answer", agreement(published, day.expected_csv))
    if serve:
        return _serve(out.resolve(), plan, clock)
    return OK


def results_list(path: Path, runners: int | None) -> list[Published]:
    """The rows of `--from-results`. Raises: ResultsListRefused; FrontDoorError when `--runners` is given too."""
    if runners is not None:
        raise FrontDoorError("--runners and --from-results: the results list says who runs; give one of them")
    return read_published(path)


def say_agreement(what: str, found: Agreement) -> None:
    """How much of a published list came back."""
    say(
        f"{what} gives back {grouped(found.sex_places)} of {grouped(found.runners)} published sex places, "
        f"{grouped(found.category_places)} of {grouped(found.in_categories)} category places, "
        f"{grouped(found.gun_times)} gun times and {grouped(found.net_times)} net times"
    )


def physics_of(seed: int, reads: int | None) -> Physics:
    """The default physics, with about this many reads per crossing and mat (10 unless told otherwise)."""
    usual = Physics(seed=seed)
    if reads is None:
        return usual
    from dataclasses import replace

    return replace(usual, gap_us=max(1_000, usual.gap_us * USUAL_READS // max(1, reads)))


USUAL_READS = 10


def _serve(folder: Path, plan: RacePlan, clock: str) -> int:
    """Serves every reader there is a virtual one of; those that publish at the race file's broker."""
    from simulators.places import at_words, place_of
    from simulators.serve import main

    places = [place for source in plan.race.sources if (place := place_of(source, folder / "readers")) is not None]
    words = []
    if plan.broker.url is not None:
        words.append(f"--broker={plan.broker.url}")
    else:
        silent = [place.source.id for place in places if place.publishes]
        places = [place for place in places if place.source.id not in silent]
        for source in silent:
            say(f"{source}: publishes over MQTT and is not served: the race file names no broker ([broker] url)")
    for place in places:
        say(f"{place.source.id}={place.served}  (reached with --connect {place.source.id}={place.connect})")
    return main([str(folder), *at_words(places), f"--clock={clock}", f"--status={folder / 'status.json'}", *words])
