"""A small race in which everything happens that a results file must tell: used by the tests of the files."""

from results_builder import MAIN_LISTS, WAVE_GAP_US, Run, roster_of, rule, run, runner, seconds, small_plan, small_times

from config.plan import Per, RacePlan
from results.rankings import Rankings, rank
from results.standing import Standing
from timing.instants import HOUR, SECOND
from timing.race import GunOrigin
from timing.roster import Roster
from timing.times import Times

GAP = WAVE_GAP_US / SECOND

ROSTER = roster_of(
    runner(10, first_name="Saïd", last_name="Ouazzani", club="SCO, Sainte-Marguerite", nationality="FRA"),
    runner(2, "F", first_name="Lydia", last_name="Cherotwo", nationality="KEN", birth_year=1995),
    runner(7, first_name="Nom", last_name="Caché", club="Club caché", town="Ville cachée", public=False),
    runner("12A", first_name="<script>alert(1)</script>", last_name='=1+1&"', club="+33", town="@ville"),
    runner(3, "X", first_name="Alix", last_name="Martin", nationality="FRA"),
    runner(4, "F", first_name="Tiphaine", last_name="Roumestan", wave="2", nationality="FRA"),
    runner(5, first_name="Hugo", last_name="Pastorelli", nationality="FRA"),
    runner(900, first_name="Meneur", last_name="Allure", role="pacer"),
    runner(999, first_name="", last_name="Voiture de tête", role="vehicle", sex=""),
    runner(20, first_name="Jamais", last_name="Parti"),
    runner(21, first_name="Ne finit", last_name="Pas"),
    runner(22, first_name="Est", last_name="Disqualifié", status="DSQ"),
    runner(23, "F", first_name="Anne", last_name="Exæquo", birth_year=None),
)

SECRETS = ("Caché", "CACHÉ", "Club caché", "Ville cachée")
"""What names the withheld winner, bib 7."""

RUNS = {
    "10": run(2.5, 3661.25),
    "2": run(0.75, 3700.000001, mats=("main", "backup", "main")),
    "7": run(1, 3600),
    "12A": run(3, 3661.75, None, mats=("backup", "main", "backup")),
    "3": run(4, 3661.75),
    "4": run(GAP - 10, GAP + 4000.5),
    "5": run(None, 3800),
    "900": run(5, 6000),
    "21": Run(start=seconds(6), split=seconds(2500)),
    "22": run(1, 3650),
    "23": run(2, 3700.000001),
}


def golden_plan() -> RacePlan:
    elite = rule("prize", "Prix", "Prizes", per=Per.SEX, gun_origin=GunOrigin.RACE, depth=3, public=False)
    return small_plan(lists=(*MAIN_LISTS, elite))


def golden_race() -> tuple[RacePlan, Roster, Times, Rankings]:
    plan = golden_plan()
    times = small_times(plan, ROSTER, RUNS)
    return plan, ROSTER, times, rank(plan, ROSTER, times)


def golden_standing(number: int = 3) -> Standing:
    plan, roster, times, rankings = golden_race()
    at_us = times.guns.first_us + 4 * HOUR + number
    return Standing(plan=plan, roster=roster, times=times, rankings=rankings, number=number, at_us=at_us, through=42)


def crowd_standing(size: int, *, first: dict[str, object] | None = None) -> Standing:
    """A race of so many men; `first` changes what is known of the winner (bib 1)."""
    plan = small_plan()
    entrants = [runner(n + 1, last_name=f"Coureur {n + 1}", town="Cassis") for n in range(size)]
    if first:
        entrants[0] = entrants[0]._replace(**first)  # type: ignore[arg-type]
    roster = roster_of(*entrants)
    times = small_times(plan, roster, {str(n + 1): run(1, 3600 + n) for n in range(size)})
    rankings = rank(plan, roster, times)
    at_us = times.guns.first_us + 2 * HOUR
    return Standing(plan=plan, roster=roster, times=times, rankings=rankings, number=1, at_us=at_us)
