"""The field from a seed: who is entered, when they really crossed, and whether it looks like Marseille-Cassis."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from races import marseille

from simulators.field import FieldPlan, make_field
from simulators.people import HOSTILE
from simulators.sim_field import SimField, tag_code
from timing.instants import MINUTE, MISSING, SECOND
from timing.roster import Sex


@pytest.fixture(scope="module")
def field() -> SimField:
    return make_field(marseille())


def runners(field: SimField) -> np.ndarray:
    return np.array([entrant.role == "runner" for entrant in field.roster.entrants])


def net_minutes(field: SimField, who: np.ndarray) -> np.ndarray:
    finished = (field.line_us[-1] != MISSING) & who
    return (field.line_us[-1][finished] - field.line_us[0][finished]) / MINUTE


def test_the_same_seed_gives_the_same_field_and_another_seed_another() -> None:
    plan = FieldPlan(runners=400)
    one, again = make_field(marseille(), plan), make_field(marseille(), plan)
    assert one.roster == again.roster
    assert one.guns_us == again.guns_us
    assert np.array_equal(one.line_us, again.line_us)
    other = make_field(marseille(), FieldPlan(runners=400, seed=7))
    assert other.roster != one.roster


def test_bibs_and_tags_are_each_somebody_s_alone(field: SimField) -> None:
    bibs = [entrant.bib for entrant in field.roster.entrants]
    tags = [tag for entrant in field.roster.entrants for tag in entrant.tags]
    assert len(set(bibs)) == len(bibs)
    assert len(set(tags)) == len(tags)
    assert all(tag.startswith("058") and tag == tag.upper() for tag in tags)
    assert len({tag_code(number) for number in range(100_000)}) == 100_000


def test_a_wave_too_big_for_its_range_takes_no_bib_of_the_next_ones() -> None:
    race = marseille(waves=2)
    narrow, wide = replace(race.waves[0], bibs=((1, 40),)), replace(race.waves[1], bibs=((41, 5_000),))
    made = make_field(replace(race, waves=(narrow, wide)), FieldPlan(runners=600))
    bibs = [entrant.bib for entrant in made.roster.entrants]
    assert len(set(bibs)) == len(bibs)
    assert {entrant.wave for entrant in made.roster.entrants if entrant.role == "runner"} == {"1", "2"}


def test_net_times_are_those_of_the_race(field: SimField) -> None:
    minutes = net_minutes(field, runners(field))
    p1, p10, p50, p90, p99 = np.quantile(minutes, [0.01, 0.10, 0.50, 0.90, 0.99])
    assert 74 < p1 < 80
    assert 90 < p10 < 97
    assert 115 < p50 < 122
    assert 145 < p90 < 156
    assert 176 < p99 < 196
    # Reported: a place of about 31 in 1h07, 1,264 in 1h28, 13,788 in 2h10.
    ranked = np.sort(minutes)
    assert 63 < ranked[30] < 71
    assert 85 < ranked[1263] < 92
    assert 124 < ranked[13_787] < 136


def test_women_are_slower_than_men_by_about_a_tenth(field: SimField) -> None:
    women = np.array([entrant.sex is Sex.F for entrant in field.roster.entrants])
    slower = np.median(net_minutes(field, runners(field) & women)) / np.median(
        net_minutes(field, runners(field) & ~women)
    )
    assert 1.08 < slower < 1.16
    assert 0.40 < women[runners(field)].mean() < 0.44


def test_the_elite_win(field: SimField) -> None:
    elite = np.array([entrant.elite for entrant in field.roster.entrants])
    assert elite.sum() == 60
    fastest = np.argsort(np.where(field.line_us[-1] == MISSING, np.iinfo(np.int64).max, field.line_us[-1]))
    people = [field.roster.entrants[i] for i in fastest if field.roster.entrants[i].role == "runner"]
    assert sum(entrant.elite for entrant in people[:20]) >= 16
    assert net_minutes(field, elite).min() > 58


def test_half_way_comes_a_little_after_half_of_the_time(field: SimField) -> None:
    full = runners(field) & (field.line_us[-1] != MISSING)
    share = (field.line_us[1] - field.line_us[0])[full] / (field.line_us[2] - field.line_us[0])[full]
    assert 0.52 < np.median(share) < 0.55
    assert share.min() > 0.46
    assert share.max() < 0.61


def test_nobody_is_faster_than_people_run(field: SimField) -> None:
    seen = runners(field) & (field.line_us[-1] != MISSING)
    assert ((field.line_us[1] - field.line_us[0])[seen] > 28 * MINUTE).all()
    assert (field.speed_mm_s[field.line_us != MISSING] < 8_000).all()
    assert (field.speed_mm_s[field.line_us != MISSING] > 500).all()


def test_waves_hold_2500_each_and_the_fast_start_first(field: SimField) -> None:
    wave = field.wave[runners(field)]
    assert np.bincount(wave).tolist() == [2500] * 8
    medians = [np.median(net_minutes(field, runners(field) & (field.wave == w))) for w in range(8)]
    assert medians == sorted(medians)


def test_the_start_line_passes_no_more_than_people_can(field: SimField) -> None:
    start = field.line_us[0][field.line_us[0] != MISSING]
    in_second = np.bincount((start - start.min()) // SECOND)
    assert in_second.max() < 36
    assert 8 < len(start) / ((np.quantile(start, 0.95) - np.quantile(start, 0.05)) / SECOND) * 0.9 < 14


def test_the_finish_line_sees_some_250_in_its_busiest_minute(field: SimField) -> None:
    finish = field.line_us[-1][field.line_us[-1] != MISSING]
    assert 200 < np.bincount((finish - finish.min()) // MINUTE).max() < 320


def test_shares_of_those_who_do_not_start_or_finish(field: SimField) -> None:
    stories = Counter(field.story)
    count = int(runners(field).sum())
    assert 0.05 < (stories["dns"] + stories["declared_dns"]) / count < 0.07
    assert 0.003 < stories["dnf"] / count < 0.007
    gone = np.isin(np.array(field.story), ["dns", "declared_dns"])
    assert (field.line_us[:, gone] == MISSING).all()
    stopped = np.array([story == "dnf" for story in field.story])
    assert (field.line_us[0, stopped] != MISSING).all()
    assert (field.line_us[-1, stopped] == MISSING).all()


def test_late_starters_leave_with_other_waves_up_to_25_minutes_late(field: SimField) -> None:
    late = np.array([story == "late" for story in field.story])
    behind = field.line_us[0, late] - np.array(field.guns_us)[field.wave[late]]
    assert late.sum() > 100
    assert behind.min() >= 4 * MINUTE
    assert behind.max() > 24 * MINUTE
    assert (field.line_us[0, late] < field.closed_us).all()


def test_early_starters_leave_with_the_first_wave_after_its_gun(field: SimField) -> None:
    early = np.array([story == "early" for story in field.story]) & (field.wave > 0)
    assert early.sum() > 40
    assert (field.line_us[0, early] > field.guns_us[0]).all()
    assert (field.line_us[0, early] < field.guns_us[1]).all()


def test_some_cross_the_start_after_it_was_closed() -> None:
    field = make_field(marseille(), FieldPlan(runners=500, after_close=0.02))
    after = np.array([story == "after_close" for story in field.story])
    assert after.any()
    assert (field.line_us[0, after] > field.closed_us).all()


def test_the_lead_car_is_ahead_of_everybody_at_every_point(field: SimField) -> None:
    car = field.roster.by_bib["V1"]
    others = np.where(field.line_us == MISSING, np.iinfo(np.int64).max, field.line_us)
    others[:, [i for i, e in enumerate(field.roster.entrants) if e.role != "runner"]] = np.iinfo(np.int64).max
    assert (field.line_us[:, car] < others.min(axis=1)).all()
    assert {e.role for e in field.roster.entrants} >= {"runner", "pacer", "guide", "vehicle", "staff", "test"}


def test_names_have_accents_hyphens_apostrophes_and_the_hostile_ones(field: SimField) -> None:
    names = {(entrant.last_name, entrant.first_name) for entrant in field.roster.entrants}
    assert names >= set(HOSTILE)
    texts = [last + first for last, first in names]
    assert all(any(sign in text for text in texts) for sign in ("é", "-", "'", "\u2019", "\u00a0", "\u0301"))


def test_a_few_are_withheld_and_a_tenth_have_two_tags(field: SimField) -> None:
    entrants = [entrant for entrant in field.roster.entrants if entrant.role == "runner"]
    assert 40 < sum(not entrant.public for entrant in entrants) < 130
    assert 0.08 < sum(len(entrant.tags) == 2 for entrant in entrants) / len(entrants) < 0.12
    assert 5 < sum(not entrant.tags for entrant in entrants) < 45
    assert all(entrant.birth_year is None or 1935 <= entrant.birth_year <= 2007 for entrant in entrants)


def test_guns_are_fired_at_or_just_after_the_plan_on_the_reader_s_grid(field: SimField) -> None:
    for gun, wave in zip(field.guns_us, field.race.waves, strict=True):
        assert 0 <= gun - wave.planned_gun_us <= 1_500_000
        assert gun % 10_000 == 0


@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_a_field_may_be_tiny(count: int) -> None:
    field = make_field(marseille(), FieldPlan(runners=count))
    assert len(field.roster) == len(field) == field.line_us.shape[1]
