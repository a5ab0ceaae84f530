"""Faults of a race day: what they do to stamps, people and guns, and that the rulings of the day undo them."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from races import NINE_US, ZONE, marseille, planned

from config.guns_file import load_guns
from config.loader import load_race
from config.plan import RacePlan
from config.roster_file import load_roster
from results.rankings import rank
from results.results_csv import results_csv
from simulators import clock_faults
from simulators.clock_faults import ClockFault, ClockPiece, repair_of
from simulators.field import FieldPlan
from simulators.files import write_troubled_day
from simulators.physics import Physics
from simulators.race_faults import FalseGun, LiftedMat, RaceFaults, SecondShot, WrongGun
from simulators.troubled_day import TroubledDay, rulings_of_day, troubled_day
from timing.decision_fold import decisions_of
from timing.decisions import NO_DECISIONS, Decisions
from timing.field import Field
from timing.guns import guns_in_force
from timing.instants import HOUR, MINUTE, MISSING, SECOND
from timing.matching import match
from timing.passings import arrange
from timing.race import GunOrigin, Point, Race, Wave
from timing.reads import ClockKind, Int64, Names, Reads, SourceId
from timing.ruled_field import ruled_field
from timing.ruling_entries import act_of
from timing.rulings import CorrectClock, Declare, Disqualify, OutOfUse, RecallStart, SetGun, SwapTags

FINISH, GINESTE = SourceId("finish"), SourceId("gineste")
GRID_US = 10_000


def faulty_clocks() -> list[ClockFault]:
    return [
        clock_faults.constant(FINISH, -37_200_000),
        clock_faults.whole_hours(FINISH, -1),
        clock_faults.set_by_hand(FINISH, 7),
        clock_faults.drifting(FINISH, NINE_US - HOUR, 20),
        clock_faults.drifting(FINISH, NINE_US - HOUR, -20, offset_us=3_210_000),
        clock_faults.stepped(FINISH, NINE_US + 2 * HOUR, 10 * SECOND),
        clock_faults.stepped(FINISH, NINE_US + 2 * HOUR, -10 * SECOND),
        clock_faults.rebooted(FINISH, NINE_US + 2 * HOUR),
        clock_faults.elapsed(FINISH, NINE_US - 3 * HOUR),
        ClockFault(
            source=FINISH,
            pieces=(
                ClockPiece(offset_us=HOUR),
                ClockPiece(begin_us=NINE_US + 90 * MINUTE, offset_us=-2 * SECOND, ppm=50),
                ClockPiece(begin_us=NINE_US + 2 * HOUR),
            ),
        ),
    ]


FIELD = FieldPlan(runners=500)


def plan_of(race: Race) -> RacePlan:
    return planned(replace(race, course=replace(race.course, points=with_legs(race))))


def with_legs(race: Race) -> tuple[Point, ...]:
    start, gineste, finish = race.course.points
    return start, gineste, replace(finish, min_leg_us=21 * MINUTE)


def engine_csv(day: TroubledDay, moment_us: Int64, decisions: Decisions) -> str:
    """results.csv by the engine's own path, under decisions."""
    race, reads, tags = day.plan.race, day.reads, Names(day.reads.tags)
    field = ruled_field(Field.of(day.roster, race, tags), decisions, day.roster, race, tags)
    held = (moment_us < race.first_instant_us) | (moment_us > race.last_instant_us)
    columns = Reads.of_moments(
        tag=reads.tag, mat=reads.mat, moment_us=moment_us, antenna=reads.antenna, rssi=reads.rssi, held=held
    )
    guns = guns_in_force(race, day.gun_signals, decisions)
    matched = match(arrange(columns).reads, field, race, guns, day.closings)
    return results_csv(day.plan, day.roster, matched.times, rank(day.plan, day.roster, matched.times)).decode()


def corrected_by_acts(day: TroubledDay, acts: Sequence[CorrectClock]) -> Int64:
    """Instants of the reads by the words of the acts alone: by stamp and arrival, the last that holds."""
    moment_us = day.reads.stamp_us.tolist()
    sources = [mat.source for mat in day.plan.race.course.mats]
    rows = zip(day.reads.mat.tolist(), day.reads.stamp_us.tolist(), day.reads.due_us.tolist(), strict=True)
    for row, (mat, stamp, due) in enumerate(rows):
        for act in acts:
            if act.source == sources[mat] and act.stamps.holds(stamp) and act.received.holds(due):
                (first, add), *more = act.anchors
                along = (stamp - first) * (more[0][1] - add) // (more[0][0] - first) if more else 0
                moment_us[row] = stamp + add + along
    return np.array(moment_us, np.int64)


@pytest.mark.parametrize("number", range(10))
def test_a_wrong_clock_is_undone_by_the_corrections_of_the_day_and_by_no_other_knowledge(number: int) -> None:
    fault = faulty_clocks()[number]
    day = troubled_day(plan_of(marseille()), RaceFaults(clocks=(fault,)), field=FIELD)
    acts = [act for act in rulings_of_day(day) if isinstance(act, CorrectClock)]
    assert acts
    right = corrected_by_acts(day, acts)
    assert (right == day.moment_us).all()
    finish = np.array([mat.source == FINISH for mat in day.plan.race.course.mats])[day.reads.mat]
    assert (day.reads.stamp_us[finish] != day.moment_us[finish]).any()
    assert (day.reads.stamp_us[~finish] == day.moment_us[~finish]).all()
    assert (np.diff(day.reads.due_us) >= 0).all()
    assert engine_csv(day, right, NO_DECISIONS) != engine_csv(day, day.reads.stamp_us, NO_DECISIONS)


def test_a_constant_offset_leaves_the_true_stamps_and_a_drift_less_than_two_steps_of_the_grid() -> None:
    true_us = np.arange(NINE_US, NINE_US + 2 * HOUR, 1_234_570_000 // 10) // GRID_US * GRID_US
    for fault in faulty_clocks():
        repair = repair_of(fault, NINE_US - 4 * HOUR, NINE_US + 8 * HOUR, GRID_US)
        found = repair.instants(fault.stamps(true_us, GRID_US), fault.piece_of(true_us))
        slack = 2 * GRID_US if any(piece.ppm for piece in fault.pieces) else 0
        assert np.abs(found - true_us).max() <= slack, fault


def test_a_clock_that_counts_from_its_start_is_of_that_kind_in_the_plan() -> None:
    day = troubled_day(
        plan_of(marseille()), RaceFaults(clocks=(clock_faults.elapsed(GINESTE, NINE_US - HOUR),)), field=FIELD
    )
    kinds = {source.id: source.clock for source in day.plan.race.sources}
    assert kinds[GINESTE] is ClockKind.ELAPSED
    assert kinds[FINISH] is ClockKind.LOCAL


def test_a_clock_that_drifts_must_say_since_when() -> None:
    with pytest.raises(ValueError, match="since when"):
        ClockPiece(ppm=20)


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        (RaceFaults(wrong_guns=(WrongGun(wave="9", by_us=1),)), "no wave '9' in this race; there are: 1, 2"),
        (RaceFaults(lifted=(LiftedMat(mat="X", begin_us=0),)), "no mat 'X' in this race; there are: START-M"),
        (RaceFaults(clocks=(clock_faults.whole_hours(SourceId("y"), 1),)), "no source 'y' in this race; there are: st"),
    ],
)
def test_a_fault_of_what_the_race_does_not_have_is_told(faults: RaceFaults, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        troubled_day(planned(marseille()), faults, field=FIELD)


EVERYTHING = RaceFaults(
    swapped_pairs=8,
    spare_tags=10,
    second_visits=0.05,
    early=12,
    late=15,
    parked=7,
    abandons=10,
    driven=6,
    wrong_guns=(WrongGun(wave="2", by_us=1_370_000), WrongGun(wave="1", by_us=-2_000_000)),
    false_guns=(FalseGun(wave="3"),),
    second_shots=(SecondShot(wave="4"),),
    lifted=(
        LiftedMat(mat="FINISH-M", begin_us=NINE_US + 115 * MINUTE),
        LiftedMat(mat="GINESTE-M", begin_us=NINE_US + HOUR),
    ),
)


def test_counts_are_met_and_each_runner_has_one_mishap_at_most() -> None:
    day = troubled_day(plan_of(marseille()), EVERYTHING, field=FIELD)
    truth = day.mishaps
    assert [len(truth.swapped), len(truth.spares), len(truth.early), len(truth.late)] == [8, 10, 12, 15]
    assert [len(truth.abandons), len(truth.driven)] == [10, 6]
    assert 10 < len(truth.second_visits) < 40
    named = [*truth.early, *truth.late, *truth.driven, *(bib for pair in truth.swapped for bib in pair)]
    named += [abandon.bib for abandon in truth.abandons] + [bib for _, bib in truth.spares]
    assert len(named) == len(set(named)) == 12 + 15 + 6 + 16 + 10 + 10
    stories = dict(zip((e.bib for e in day.roster.entrants), day.happened.field.story, strict=True))
    assert {stories[bib] for bib in truth.early} == {"early"}
    assert {stories[bib] for bib in truth.driven} == {"driven"}


def test_early_starters_are_of_later_waves_and_late_ones_leave_five_minutes_after_their_gun() -> None:
    day = troubled_day(plan_of(marseille()), EVERYTHING, field=FIELD)
    field = day.happened.field
    number = {entrant.bib: i for i, entrant in enumerate(day.roster.entrants)}
    for bib in day.mishaps.early:
        assert field.wave[number[bib]] > 0
        assert 0 < field.line_us[0, number[bib]] - field.guns_us[0] < 4 * MINUTE
    for bib in day.mishaps.late:
        i = number[bib]
        assert 5 * MINUTE <= field.line_us[0, i] - field.guns_us[field.wave[i]] <= 27 * MINUTE
        assert field.line_us[0, i] < field.closed_us
    for abandon in day.mishaps.abandons:
        assert field.line_us[-1, number[abandon.bib]] == MISSING
        assert field.line_us[1, number[abandon.bib]] < abandon.at_us


def test_the_rulings_of_a_day_are_those_acts_and_no_others() -> None:
    faults = replace(EVERYTHING, clocks=(clock_faults.constant(FINISH, -37_200_000),))
    acts = rulings_of_day(troubled_day(plan_of(marseille()), faults, field=FIELD))
    assert [act.anchors[0][1] for act in acts if isinstance(act, CorrectClock)] == [37_200_000]
    assert [act.wave for act in acts if isinstance(act, SetGun)] == ["2", "1"]
    assert [act.wave for act in acts if isinstance(act, RecallStart)] == ["3"]
    assert [act.mat for act in acts if isinstance(act, OutOfUse)] == ["FINISH-M", "GINESTE-M"]
    assert sum(isinstance(act, SwapTags) for act in acts) == 8
    assert sum(len(act.bibs) for act in acts if isinstance(act, Declare)) == 10
    assert [len(act.bibs) for act in acts if isinstance(act, Disqualify)] == [6]
    assert rulings_of_day(troubled_day(plan_of(marseille()), RaceFaults(swapped_pairs=0), field=FIELD)) == []


def test_equal_seeds_give_equal_days_and_another_seed_another() -> None:
    one, same = (troubled_day(plan_of(marseille()), EVERYTHING, field=FIELD) for _ in range(2))
    assert one.mishaps == same.mishaps
    assert (one.reads.stamp_us == same.reads.stamp_us).all()
    other = troubled_day(plan_of(marseille()), replace(EVERYTHING, seed=5), field=FIELD)
    assert other.mishaps != one.mishaps


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("protocol", ["ipico", "llrp"])
def test_after_the_rulings_of_the_day_the_engine_gives_the_corrected_expected_answer(seed: int, protocol: str) -> None:
    physics = Physics(seed=seed, miss_start=0.04, miss_split=0.04, miss_finish=0.03)
    faults = replace(EVERYTHING, seed=seed, clocks=(clock_faults.constant(FINISH, -37_200_000),))
    day = troubled_day(plan_of(marseille(protocol)), faults, field=replace(FIELD, seed=seed), physics=physics)
    decisions = decisions_of(rulings_of_day(day))
    assert engine_csv(day, day.moment_us, decisions) == day.corrected_csv
    before = engine_csv(day, day.reads.stamp_us, NO_DECISIONS)
    assert before != day.corrected_csv
    statuses = {answer.status for answer in day.corrected_answers}
    assert {"FINISHED", "DNF", "DSQ", "DNS"} <= statuses
    flags = {flag for answer in day.corrected_answers for flag in answer.flags}
    assert {"finish_after_abandon", "out_of_order", "before_own_gun"} <= flags


def test_a_lifted_mat_sees_nothing_outside_its_span_sooner() -> None:
    lifted = LiftedMat(mat="FINISH-M", begin_us=NINE_US + 115 * MINUTE)
    faults = RaceFaults(lifted=(lifted,), swapped_pairs=0)
    day = troubled_day(plan_of(marseille()), faults, field=FIELD)
    calm = troubled_day(plan_of(marseille()), RaceFaults(swapped_pairs=0), field=FIELD)
    mat = next(i for i, m in enumerate(day.plan.race.course.mats) if m.id == "FINISH-M")

    def reads(of: TroubledDay, *, inside: bool) -> list[tuple[int, int]]:
        here = of.reads.mat == mat
        within = (of.reads.stamp_us >= lifted.begin_us) & (of.reads.stamp_us < lifted.end_us)
        rows = here & (within == inside)
        return sorted(zip(of.reads.tag[rows].tolist(), of.reads.stamp_us[rows].tolist(), strict=True))

    assert reads(day, inside=False) == reads(calm, inside=False)
    assert 0 < len(reads(day, inside=True)) < 0.8 * len(reads(calm, inside=True))
    assert ZONE is day.plan.race.zone


def with_wheelchairs_first(race: Race) -> Race:
    chairs = Wave(id="W", name="Wheelchairs", planned_gun_us=NINE_US - 10 * MINUTE, group="wheelchairs", speed_pct=180)
    return replace(race, waves=(*race.waves, chairs), gun_origin=GunOrigin.RACE)


@pytest.mark.parametrize("seed", range(3))
def test_wheelchairs_first_are_a_race_of_their_own_and_move_no_gun_of_the_runners(seed: int) -> None:
    plan = plan_of(with_wheelchairs_first(marseille()))
    faults = replace(EVERYTHING, seed=seed, false_guns=(FalseGun(wave="W"),))
    day = troubled_day(plan, faults, field=replace(FIELD, seed=seed))
    found = engine_csv(day, day.moment_us, decisions_of(rulings_of_day(day)))
    assert found == day.corrected_csv
    chairs = [answer for answer in day.corrected_answers if answer.group == "wheelchairs"]
    assert sum(answer.status == "FINISHED" for answer in chairs) > 6
    assert {answer.gun for answer in chairs} == {day.true_guns["W"]}
    runners = {a.gun for a in day.corrected_answers if a.group == ""}
    assert runners == {min(gun for wave, gun in day.true_guns.items() if wave != "W")}


def test_a_folder_of_such_a_day_holds_what_the_crew_has_and_the_rulings_that_help(tmp_path: Path) -> None:
    plan = load_race("marseille_cassis_2024")
    finish = plan.race.course.finish.mats[0]
    faults = replace(
        EVERYTHING,
        clocks=(clock_faults.constant(finish.source, -37_200_000),),
        lifted=(LiftedMat(mat=finish.id, begin_us=plan.race.waves[0].planned_gun_us + 115 * MINUTE),),
    )
    day = troubled_day(plan, faults, field=FIELD)
    write_troubled_day(day, tmp_path)
    lines = (tmp_path / "rulings.jsonl").read_text(encoding="utf-8").splitlines()
    assert [act_of(json.loads(line)) for line in lines] == rulings_of_day(day)
    assert (tmp_path / "expected.csv").read_text(encoding="utf-8") == day.corrected_csv
    guns = load_guns(tmp_path / "guns.csv", day.plan.race)
    assert guns["2"] == day.true_guns["2"] + 1_370_000
    assert guns["3"] == day.true_guns["3"] - 90 * SECOND
    assert load_roster(tmp_path / "roster.csv", day.plan).roster.by_bib.keys() == day.roster.by_bib.keys()
    with (tmp_path / "reads.csv").open(encoding="utf-8", newline="") as file:
        stamps = [int(row["epoch_us"]) for row in csv.DictReader(file)]
    assert stamps == day.reads.stamp_us.tolist()
    assert (tmp_path / "readers" / "finish-main.ipico").exists()


def test_a_folder_cannot_say_what_its_race_file_does_not(tmp_path: Path) -> None:
    faults = RaceFaults(clocks=(clock_faults.elapsed(GINESTE, NINE_US - HOUR),))
    day = troubled_day(plan_of(marseille()), faults, field=FIELD)
    with pytest.raises(ValueError, match="the clock of gineste is elapsed"):
        write_troubled_day(day, tmp_path)
