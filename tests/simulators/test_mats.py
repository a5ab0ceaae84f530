"""Mats with their physics: how many reads, where, when; what is missed; what should not be there."""

from dataclasses import replace

import numpy as np
import pytest
from races import marseille

from simulators.emission import EmittedReads
from simulators.field import FieldPlan, make_field
from simulators.mats import emit, reads_of_crossings
from simulators.physics import Physics
from simulators.sim_field import SimField
from timing.instants import MILLISECOND, MINUTE, MISSING, SECOND


@pytest.fixture(scope="module")
def field() -> SimField:
    return make_field(marseille(), FieldPlan(runners=8_000))


@pytest.fixture(scope="module")
def reads(field: SimField) -> EmittedReads:
    return emit(field)


CALM = replace(
    Physics(), miss_start=0, miss_split=0, miss_finish=0, dead_chips=0, swapped_chips=0, early_readers=0, turned_back=0,
    walked_back=0, parked=0, unknown_tags=0, repeats=0, out_of_order=0, late_batches=0,
)  # fmt: skip


def test_the_same_seed_gives_the_same_reads_and_another_seed_others() -> None:
    field = make_field(marseille(), FieldPlan(runners=300))
    one, again = emit(field), emit(field)
    for name in ("tag", "mat", "stamp_us", "due_us", "antenna", "rssi", "repeat"):
        assert getattr(one, name).tobytes() == getattr(again, name).tobytes()
    assert emit(field, Physics(seed=1)).stamp_us.tobytes() != one.stamp_us.tobytes()


def test_a_full_field_gives_about_one_million_two_hundred_thousand_reads() -> None:
    reads = emit(make_field(marseille()))
    assert 1_100_000 < len(reads) < 1_300_000


def test_stamps_stand_on_the_reader_s_grid_before_the_read(field: SimField) -> None:
    reads = emit(field, CALM)
    assert (reads.stamp_us % (10 * MILLISECOND) == 0).all()
    assert (emit(replace(field, race=marseille("ultra")), CALM).stamp_us % MILLISECOND == 0).all()


def test_reads_come_around_the_instant_above_the_mat_for_as_long_as_the_field_is_crossed(field: SimField) -> None:
    reads = emit(field, CALM)
    owner = owners(field, reads)
    finish_main = 4
    own = (reads.mat == finish_main) & (owner >= 0)
    offset = reads.stamp_us[own] - field.line_us[-1][owner[own]]
    half = CALM.half_field_mm * SECOND // field.speed_mm_s[-1][owner[own]]
    assert (np.abs(offset) <= half + 10 * MILLISECOND).all()
    assert abs(np.mean(offset)) < 20 * MILLISECOND
    behind = (reads.mat == finish_main + 1) & (owner >= 0)
    later = reads.stamp_us[behind] - field.line_us[-1][owner[behind]]
    assert 0.7 * SECOND < np.median(later) < 1.6 * SECOND, "the backup mat lies three metres behind"


def test_slow_people_are_read_more_often(field: SimField) -> None:
    counts = reads_of_crossings(field, emit(field, CALM))
    seen = counts[4] > 0
    slow = seen & (field.speed_mm_s[-1] < 2_000)
    fast = seen & (field.speed_mm_s[-1] > 4_500)
    assert counts[4][slow].mean() > 1.8 * counts[4][fast].mean()
    assert 8 < counts[4][seen].mean() < 13


def owners(field: SimField, reads: EmittedReads) -> np.ndarray:
    index = {tag: i for i, entrant in enumerate(field.roster.entrants) for tag in entrant.tags}
    return np.array([index.get(tag, -1) for tag in reads.tags])[reads.tag]


def test_misses_have_the_shares_asked_for_and_are_tied_to_the_runner(field: SimField) -> None:
    physics = replace(CALM, miss_start=0.015, miss_split=0.01, miss_finish=0.01)
    one_tag = np.array([len(entrant.tags) == 1 for entrant in field.roster.entrants])
    missed = np.zeros(6)
    both = first = 0
    for seed in range(4):
        counts = reads_of_crossings(field, emit(field, replace(physics, seed=seed)))
        there = (field.line_us[-1] != MISSING) & one_tag
        missed += [(counts[mat][there] == 0).mean() / 4 for mat in range(6)]
        first += int((counts[4][there] == 0).sum())
        both += int(((counts[4] == 0) & (counts[5] == 0))[there].sum())
    assert 0.010 < missed[0] < 0.020
    assert 0.006 < missed[4] < 0.014
    assert 0.05 < both / first < 0.25


def test_a_dead_chip_is_never_read(field: SimField) -> None:
    counts = reads_of_crossings(field, emit(field, replace(CALM, dead_chips=0.05)))
    there = (field.line_us[-1] != MISSING) & np.array([bool(entrant.tags) for entrant in field.roster.entrants])
    dead = there & (counts.sum(axis=0) == 0)
    assert 0.03 < dead.sum() / there.sum() < 0.07


def test_off_gives_one_read_for_each_crossing_at_the_line_and_repeats(field: SimField) -> None:
    reads = emit(field, Physics.off())
    owner = owners(field, reads)
    point = reads.mat // 2
    assert (reads.mat % 2 == 0).all(), "main mats only"
    true = field.line_us[point, owner]
    assert np.array_equal(reads.stamp_us, true // 10_000 * 10_000)
    fresh = ~reads.repeat
    tags = sum(
        len(entrant.tags) * int((field.line_us[:, i] != MISSING).sum())
        for i, entrant in enumerate(field.roster.entrants)
    )
    assert fresh.sum() == tags
    assert 0.03 < reads.repeat.mean() < 0.07


def test_repeats_are_exact_and_come_later(field: SimField, reads: EmittedReads) -> None:
    keys = np.stack([reads.tag, reads.mat, reads.stamp_us])
    again = keys[:, reads.repeat]
    originals = {tuple(column) for column in keys[:, ~reads.repeat].T.tolist()}
    assert 0.003 < reads.repeat.mean() < 0.007
    assert all(tuple(column) in originals for column in again.T.tolist())


def test_delivery_is_in_order_of_due_times_and_not_of_stamps(reads: EmittedReads) -> None:
    assert (np.diff(reads.due_us) >= 0).all()
    assert (reads.due_us >= reads.stamp_us).all()
    late = reads.due_us - reads.stamp_us
    assert np.median(late) < SECOND
    assert late.max() > 20 * SECOND
    assert (np.diff(reads.stamp_us) < -5 * SECOND).any()


def test_a_late_stretch_comes_whole_after_its_end(field: SimField) -> None:
    reads = emit(field, replace(CALM, late_batches=1))
    start = reads.take(reads.mat == 0)
    late = start.due_us - start.stamp_us > 2 * SECOND
    assert late.sum() > 50
    assert start.due_us[late].min() >= start.stamp_us[late].max()


def test_some_of_the_first_wave_are_read_on_the_mat_before_the_gun(field: SimField, reads: EmittedReads) -> None:
    owner = owners(field, reads)
    before = (reads.stamp_us < field.guns_us[0]) & (owner >= 0) & (reads.mat < 2)
    waiting = set(owner[before].tolist())
    first_wave = int(((field.wave == 0) & (field.line_us[0] != MISSING)).sum())
    assert 0.12 < len(waiting) / first_wave < 0.32
    assert np.bincount(owner[before]).max() > 60


def test_some_turn_back_at_the_start_and_some_walk_back_over_the_finish(field: SimField) -> None:
    reads = emit(field, replace(CALM, turned_back=0.05, walked_back=0.05))
    owner = owners(field, reads)
    start = (reads.mat == 0) & (owner >= 0)
    early = field.line_us[0][owner[start]] - reads.stamp_us[start]
    assert len(set(owner[start][early > 20 * SECOND].tolist())) > 100
    assert (reads.stamp_us[start][early > 20 * SECOND] > field.guns_us[0] - 10 * SECOND).all()
    finish = (reads.mat == 4) & (owner >= 0)
    after = reads.stamp_us[finish] - field.line_us[-1][owner[finish]]
    again = set(owner[finish][after > 50 * SECOND].tolist())
    assert 0.03 < len(again) / (field.line_us[-1] != MISSING).sum() < 0.07
    assert after.max() < 32 * MINUTE


def test_tags_lie_about_for_minutes_without_a_pause(field: SimField) -> None:
    reads = emit(field, replace(CALM, parked=4))
    for mats in ((0, 1), (2, 3), (4, 5)):
        here = np.isin(reads.mat, mats)
        per_tag = np.bincount(reads.tag[here], minlength=len(reads.tags))
        lying = np.flatnonzero(per_tag > 300)
        assert len(lying) >= 3
        stamps = np.sort(reads.stamp_us[here & (reads.tag == lying[0])])
        assert stamps[-1] - stamps[0] > 40 * SECOND
        assert np.quantile(np.diff(stamps), 0.95) < SECOND


def test_a_non_starter_s_tag_lies_at_the_start_only(field: SimField) -> None:
    reads = emit(field, replace(CALM, parked=8))
    owner = owners(field, reads)
    gone = np.array([story in ("dns", "declared_dns") for story in field.story])
    of_gone = (owner >= 0) & gone[owner]
    assert of_gone.any()
    assert (reads.mat[of_gone] < 2).all()


def test_tags_of_nobody_cross_too(field: SimField, reads: EmittedReads) -> None:
    unknown = {reads.tags[code] for code in np.unique(reads.tag[owners(field, reads) < 0]).tolist()}
    assert len(unknown) >= 0.002 * len(field)
    assert all(len(tag) == 12 for tag in unknown)


def test_who_wears_another_s_chip_is_read_under_the_other_s_name(field: SimField) -> None:
    reads = emit(field, replace(CALM, swapped_chips=0.01))
    counts = reads_of_crossings(field, reads)
    there = (field.line_us[-1] != MISSING) & np.array([bool(entrant.tags) for entrant in field.roster.entrants])
    unread = there & (counts[4] == 0)
    assert 30 < unread.sum() < 90
    assert not np.array([entrant.elite for entrant in field.roster.entrants])[unread].any()


def test_readers_with_a_signal_show_a_parabola_with_its_top_above_the_mat(field: SimField) -> None:
    reads = emit(replace(field, race=marseille("llrp")), CALM)
    assert not np.isnan(reads.rssi).any()
    assert reads.rssi.min() >= -75
    assert set(np.unique(reads.antenna).tolist()) == {1, 2, 3, 4}
    owner = owners(field, reads)
    own = (reads.mat == 4) & (owner >= 0)
    away = np.abs(reads.stamp_us - field.line_us[-1][owner])[own]
    half = CALM.half_field_mm * SECOND // field.speed_mm_s[-1][owner[own]]
    inner, outer = reads.rssi[own][away < half // 4], reads.rssi[own][away > half * 3 // 4]
    assert inner.mean() > outer.mean() + 8


def test_ipico_readers_give_neither_signal_nor_antenna(reads: EmittedReads) -> None:
    assert np.isnan(reads.rssi).all()
    assert (reads.antenna == -1).all()


def test_an_empty_field_gives_no_own_reads() -> None:
    assert len(emit(make_field(marseille(), FieldPlan(runners=0)), Physics.off())) < 100
