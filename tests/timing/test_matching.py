"""The rules of docs/rules.md, one by one, each named by the rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_race import at, make_race
from written_day import BOTH_CLOSED, MATS, Day

from timing.field import Field
from timing.guns import GunSignal, guns_in_force
from timing.instants import MINUTE, MISSING, SECOND
from timing.matching import Matched, adopt, match
from timing.passings import arrange
from timing.race import GunOrigin, MomentRule, NetWithoutStart
from timing.reads import Names, ReadClass, Reads, Tag
from timing.roster import Bib, Entrant, Roster
from timing.signals import fitted_top
from timing.times import Closings, Flag, Origin, Status


def minutes(count: float) -> int:
    return int(count * MINUTE)


def test_a_wave_8_runner_who_left_with_the_first_and_ran_1h20_is_a_finisher_with_a_right_net_time() -> None:
    day = Day().enter("810")
    day.read("T810", "START-main", "9:00:30").read("T810", "GINESTE-main", "9:41:00")
    runner = day.read("T810", "FINISH-main", "10:20:30").match().of("810")
    assert runner.status is Status.FINISHED
    assert runner.net_time_us == minutes(80)
    assert runner.gun_time_us == at("10:20:30") - at("9:28:00")
    assert Flag.BEFORE_OWN_GUN in runner.flags
    assert Flag.OTHER_WAVE in runner.flags


def test_a_wave_1_runner_who_left_25_minutes_late_keeps_that_start() -> None:
    day = Day().enter("110").read("T110", "START-main", "9:25:00").read("T110", "FINISH-main", "11:00:00")
    runner = day.match().of("110")
    assert runner.start_us == at("9:25:00")
    assert runner.net_time_us == minutes(95)
    assert runner.gun_time_us == minutes(120)
    assert Flag.OTHER_WAVE in runner.flags


def test_the_last_start_crossing_counts_and_the_earlier_is_too_early() -> None:
    day = Day().enter("110").read("T110", "START-main", "9:01:00", "9:03:00")
    outcome = day.match()
    assert outcome.of("110").start_us == at("9:03:00")
    assert outcome.classes("T110", "START-main") == [ReadClass.TOO_EARLY, ReadClass.USED]


def test_reads_before_the_first_gun_are_no_start() -> None:
    outcome = Day().enter("110").read("T110", "START-main", "8:40:00", "8:59:59.999999").match()
    assert outcome.of("110").status is Status.DNS
    assert outcome.classes("T110", "START-main") == [ReadClass.TOO_EARLY, ReadClass.TOO_EARLY]


def test_a_read_at_the_very_gun_is_a_start() -> None:
    assert Day().enter("110").read("T110", "START-main", "9:00:00").match().of("110").start_us == at("9:00:00")


def test_after_the_start_is_closed_a_start_read_is_after() -> None:
    outcome = Day().enter("110").read("T110", "START-main", "9:02:00", "9:50:00.000001").match()
    assert outcome.of("110").start_us == at("9:02:00")
    assert outcome.classes("T110", "START-main") == [ReadClass.USED, ReadClass.AFTER]


def test_who_stands_on_the_start_mat_over_the_gun_starts_with_the_last_read() -> None:
    moments = [at("8:59:50") + n * SECOND for n in range(13)]
    outcome = Day().enter("110").read("T110", "START-main", *moments).match()
    assert outcome.of("110").start_us == at("9:00:02")
    assert outcome.classes("T110", "START-main") == [
        *[ReadClass.TOO_EARLY] * 10,
        *[ReadClass.SAME_PASSING] * 2,
        ReadClass.USED,
    ]


def test_a_tag_parked_at_the_start_is_a_stray_and_no_start() -> None:
    moments = [at("8:00:00") + n * 4 * SECOND for n in range(1800)]
    outcome = Day().enter("110").read("T110", "START-main", *moments).match()
    runner = outcome.of("110")
    assert runner.status is Status.DNS
    assert Flag.PARKED in runner.flags
    classes = outcome.classes("T110", "START-main")
    assert set(classes) == {ReadClass.TOO_EARLY, ReadClass.STRAY, ReadClass.AFTER}


def test_the_first_finish_after_the_minimum_time_counts_and_a_walk_back_is_after() -> None:
    day = Day().enter("110").read("T110", "START-main", "9:00:10")
    outcome = day.read("T110", "FINISH-main", "9:20:00", "10:30:00", "10:30:01", "10:45:00").match()
    assert outcome.of("110").finish_us == at("10:30:00")
    assert outcome.classes("T110", "FINISH-main") == [
        ReadClass.TOO_EARLY,
        ReadClass.USED,
        ReadClass.SAME_PASSING,
        ReadClass.AFTER,
    ]


def test_the_minimum_time_counts_from_the_own_start_read_to_the_microsecond() -> None:
    for clock, finished in (("10:20:09.999999", False), ("10:20:10", True)):
        day = Day().enter("110").read("T110", "START-main", "9:25:10").read("T110", "FINISH-main", clock)
        assert (day.match().of("110").status is Status.FINISHED) is finished


def test_without_a_start_read_the_minimum_time_counts_from_the_first_gun() -> None:
    runner = Day().enter("810").read("T810", "FINISH-main", "9:55:00").match().of("810")
    assert runner.status is Status.FINISHED
    assert Flag.NO_START_READ in runner.flags
    assert Flag.FINISH_WITHOUT_START in runner.flags


def test_net_time_without_a_start_read_is_empty_or_the_gun_as_the_race_says() -> None:
    for rule, net, origin in (
        (NetWithoutStart.EMPTY, MISSING, Origin.NONE),
        (NetWithoutStart.GUN, minutes(92), Origin.GUN),
    ):
        day = Day(make_race(net_without_start=rule)).enter("810").read("T810", "FINISH-main", "11:00:00")
        runner = day.match().of("810")
        assert runner.net_time_us == net
        assert runner.start_us == MISSING
        assert runner.start_origin is origin
        assert Flag.NO_START_READ in runner.flags


def test_gun_time_runs_from_the_race_gun_or_the_own_wave_as_the_race_says() -> None:
    for origin, expected in ((GunOrigin.RACE, minutes(120)), (GunOrigin.WAVE, minutes(92))):
        day = Day(make_race(gun_origin=origin)).enter("810")
        day.read("T810", "START-main", "9:29:00").read("T810", "FINISH-main", "11:00:00")
        assert day.match().of("810").gun_time_us == expected


def test_a_tag_parked_at_the_finish_since_before_the_minimum_time_is_no_finish() -> None:
    moments = [at("9:30:00") + n * 4 * SECOND for n in range(2000)]
    outcome = Day().enter("110").read("T110", "START-main", "9:00:10").read("T110", "FINISH-main", *moments).match()
    assert outcome.of("110").status is Status.DNF
    assert set(outcome.classes("T110", "FINISH-main")) == {ReadClass.TOO_EARLY}


def test_a_finisher_who_stays_on_the_mat_finishes_once_and_the_rest_is_stray() -> None:
    moments = [at("10:30:00") + n * SECOND for n in range(60)]
    outcome = Day().enter("110").read("T110", "START-main", "9:00:10").read("T110", "FINISH-main", *moments).match()
    runner = outcome.of("110")
    assert runner.finish_us == at("10:30:00")
    assert Flag.PARKED in runner.flags
    classes = outcome.classes("T110", "FINISH-main")
    assert classes[:9] == [ReadClass.USED, *[ReadClass.SAME_PASSING] * 8]
    assert set(classes[9:]) == {ReadClass.STRAY}


def test_a_spare_tag_parked_at_the_finish_does_not_harm_its_owner() -> None:
    parked = [at("9:00:00") + n * 4 * SECOND for n in range(3000)]
    day = Day().enter("110", "CHEST", "SHOE").read("SHOE", "FINISH-main", *parked)
    runner = day.read("CHEST", "START-main", "9:00:10").read("CHEST", "FINISH-main", "10:30:00").match().of("110")
    assert runner.finish_us == at("10:30:00")


def test_two_tags_of_one_runner_give_one_crossing_by_the_first() -> None:
    day = Day().enter("110", "CHEST", "SHOE").read("CHEST", "START-main", "9:00:10")
    outcome = day.read("SHOE", "FINISH-main", "10:29:59").read("CHEST", "FINISH-main", "10:30:00").match()
    assert outcome.of("110").finish_us == at("10:29:59")
    assert outcome.classes("SHOE", "FINISH-main") == [ReadClass.USED]
    assert outcome.classes("CHEST", "FINISH-main") == [ReadClass.SAME_PASSING]


def test_the_main_mat_comes_before_the_backup_of_the_same_crossing() -> None:
    day = Day().enter("110").read("T110", "START-main", "9:00:10")
    day.read("T110", "FINISH-backup", "10:30:00").read("T110", "FINISH-main", "10:30:01")
    outcome = day.match()
    assert outcome.of("110").finish_us == at("10:30:01")
    assert outcome.of("110").finish_origin is Origin.MAIN
    assert outcome.classes("T110", "FINISH-backup") == [ReadClass.SAME_PASSING]


def test_missed_by_the_main_mat_the_backup_counts_and_not_a_later_walk_back_over_the_main() -> None:
    day = Day().enter("110").read("T110", "START-main", "9:00:10")
    day.read("T110", "FINISH-backup", "10:30:00").read("T110", "FINISH-main", "10:40:00")
    runner = day.match().of("110")
    assert runner.finish_us == at("10:30:00")
    assert runner.finish_origin is Origin.BACKUP
    assert Flag.FINISH_BACKUP in runner.flags


def test_a_backup_behind_the_line_is_moved_back_by_the_runners_own_mean_speed() -> None:
    day = Day(make_race(backup_mm=3000)).enter("110").read("T110", "START-main", "9:00:00")
    runner = day.read("T110", "FINISH-backup", "11:00:00").match().of("110")
    assert runner.finish_us == at("11:00:00") - 3000 * minutes(120) // 20_000_000


def test_a_backup_behind_the_start_is_moved_back_by_the_points_speed_but_never_before_the_gun() -> None:
    day = Day(make_race(backup_mm=2800)).enter("110").enter("111")
    outcome = day.read("T110", "START-backup", "9:00:10").read("T111", "START-backup", "9:00:00.5").match()
    assert outcome.of("110").start_us == at("9:00:09")
    assert outcome.of("111").start_us == at("9:00:00")


def test_moments_by_signal() -> None:
    signals = ((0, -70.0), (100, -60.0), (200, -55.0), (300, -58.0), (400, -68.0))
    found = {}
    for rule in MomentRule:
        day = Day(make_race(moment=rule)).enter("110").read("T110", "START-main", "9:00:10")
        for ms, rssi in signals:
            day.read("T110", "FINISH-main", at("10:30:00") + ms * 1000, rssi=rssi)
        found[rule] = day.match().of("110").finish_us - at("10:30:00")
    assert found[MomentRule.FIRST] == 0
    assert found[MomentRule.LAST] == 400_000
    assert found[MomentRule.STRONGEST] == 200_000
    exact = np.polyfit([ms for ms, _ in signals], [rssi for _, rssi in signals], 2)
    assert found[MomentRule.FITTED] == pytest.approx(-exact[1] / (2 * exact[0]) * 1000, abs=2)


def test_a_parabola_without_a_top_inside_the_reads_is_not_fitted() -> None:
    moments = np.array([0, 100_000, 200_000], np.int64)
    assert fitted_top(moments, np.array([-70, -60, -49], np.float32)) is None
    assert fitted_top(moments, np.array([-60, -70, -60], np.float32)) is None
    assert fitted_top(moments, np.array([-60, np.nan, -60], np.float32)) is None


def test_roles_that_are_not_timed_have_no_times_and_their_reads_are_stray() -> None:
    day = Day().enter("C1", role="vehicle").enter("P1", role="pacer", wave="1")
    for tag in ("TC1", "TP1"):
        day.read(tag, "START-main", "9:00:05").read(tag, "FINISH-main", "10:40:00")
    outcome = day.match()
    assert outcome.of("P1").status is Status.FINISHED
    assert outcome.of("C1").finish_us == MISSING
    assert outcome.classes("TC1", "FINISH-main") == [ReadClass.STRAY]


def test_an_unknown_tag_is_kept_as_unknown() -> None:
    assert Day().enter("110").read("NOBODY", "START-main", "9:00:05").match().classes("NOBODY", "START-main") == [
        ReadClass.UNKNOWN_TAG
    ]


def test_nobody_is_dns_before_the_start_is_closed_nor_dnf_before_the_finish_is() -> None:
    day = Day().enter("110").enter("111").read("T110", "START-main", "9:00:05")
    for closings, started, unseen in (
        (Closings(), Status.STARTED, Status.ENTERED),
        (Closings(start_us=at("9:50:00")), Status.STARTED, Status.DNS),
        (BOTH_CLOSED, Status.DNF, Status.DNS),
    ):
        outcome = day.match(closings)
        assert outcome.of("110").status is started
        assert outcome.of("111").status is unseen


def test_a_missed_split_is_flagged_and_not_guessed() -> None:
    day = Day().enter("110").read("T110", "START-main", "9:00:05").read("T110", "FINISH-main", "10:40:00")
    outcome = day.match()
    assert outcome.of("110").split_us == MISSING
    assert Flag.MISSED_SPLIT in outcome.of("110").flags
    assert int(outcome.matched.times.missed[0]) == 0b010


def test_a_declared_status_stands_and_a_dns_who_was_seen_is_flagged() -> None:
    day = Day().enter("110", status="DNS").enter("111", status="DSQ").read("T110", "START-main", "9:00:05")
    outcome = day.read("T111", "START-main", "9:00:05").read("T111", "FINISH-main", "10:40:00").match()
    assert outcome.of("110").status is Status.DNS
    assert Flag.DECLARED_BUT_SEEN in outcome.of("110").flags
    assert outcome.of("111").status is Status.DSQ
    assert outcome.of("111").net_time_us == at("10:40:00") - at("9:00:05")


def test_an_hour_that_was_entered_beats_the_wire_and_the_earliest_signal_near_the_plan_beats_the_plan() -> None:
    race = make_race()
    wire = [GunSignal(instant_us=at(c)) for c in ("9:04:03", "9:04:01.5", "9:28:00.25", "8:30:00")]
    by_hand = [
        GunSignal(instant_us=at("9:00:02"), wave="1", number=9),
        GunSignal(instant_us=at("9:00:01"), wave="1", number=7),
    ]
    guns = guns_in_force(race, [*wire, *by_hand])
    assert guns.wave_us[0] == at("9:00:02")
    assert guns.wave_us[1] == at("9:04:01.5")
    assert guns.wave_us[2] == at("9:08:00")
    assert guns.wave_us[7] == at("9:28:00.25")
    assert guns.planned == (False, False, True, True, True, True, True, False)
    assert guns_in_force(race, [*by_hand, *reversed(wire)]) == guns


@pytest.mark.parametrize(
    ("wire", "pressed", "in_force"),
    [
        (["9:00:00.1"], "9:00:00.4", "9:00:00.1"),
        (["8:55:00", "9:00:00.1"], "9:00:00.4", "9:00:00.1"),
        (["8:55:00"], "9:00:00.4", "9:00:00.4"),
        ([], "9:00:00.4", "9:00:00.4"),
        (["8:59:57", "9:00:00.1", "9:00:02"], None, "8:59:57"),
    ],
)
def test_the_wire_is_first_evidence_and_the_button_confirms_it_or_stands_in(
    wire: list[str], pressed: str | None, in_force: str
) -> None:
    signals = [GunSignal(instant_us=at(clock)) for clock in wire]
    if pressed is not None:
        signals.append(GunSignal(instant_us=at("8:50:00"), wave="1", number=1, pressed=True))
        signals.append(GunSignal(instant_us=at(pressed), wave="1", number=2, pressed=True))
    for given_order in (signals, signals[::-1]):
        assert guns_in_force(make_race(), given_order).wave_us[0] == at(in_force)
    entered = GunSignal(instant_us=at("8:59:59"), wave="1", number=3)
    assert guns_in_force(make_race(), [*signals, entered]).wave_us[0] == at("8:59:59")


def test_a_corrected_gun_moves_gun_times_by_exactly_that_and_no_net_time() -> None:
    day = Day().enter("110").read("T110", "START-main", "9:00:05").read("T110", "FINISH-main", "10:40:00")
    plain = day.match().of("110")
    moved = day.match(signals=[GunSignal(instant_us=at("8:59:58.63"), wave="1")]).of("110")
    assert moved.gun_time_us - plain.gun_time_us == 1_370_000
    assert moved.net_time_us == plain.net_time_us


moments = st.integers(at("8:50:00"), at("12:00:00"))
random_reads = st.lists(
    st.tuples(st.sampled_from(["A1", "A2", "B", "C", "X"]), st.sampled_from(MATS), moments), max_size=60
)


def _random_day(seen: list[tuple[str, str, int]]) -> Day:
    day = Day().enter("110", "A1", "A2").enter("210", "B").enter("310", "C", role="vehicle")
    for tag, mat, moment in seen:
        day.read(tag, mat, moment)
    return day


def _same(a: Matched, b: Matched) -> bool:
    return all(
        np.array_equal(getattr(a.times, name), getattr(b.times, name))
        for name in type(a.times).__dataclass_fields__
        if isinstance(getattr(a.times, name), np.ndarray)
    ) and np.array_equal(a.classes, b.classes)


@given(random_reads, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(seen: list[tuple[str, str, int]], chance: object) -> None:
    day = _random_day(seen)
    order = list(range(len(seen)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    assert _same(day.match().matched, day.match(order=order).matched)


@given(random_reads)
def test_repeats_change_nothing(seen: list[tuple[str, str, int]]) -> None:
    assert _same(_random_day(seen).match().matched, _random_day(seen + seen).match().matched)


@given(random_reads)
@settings(max_examples=50)
def test_one_runners_reads_never_move_anothers_times(seen: list[tuple[str, str, int]]) -> None:
    alone = _random_day([r for r in seen if r[0] == "B"]).match().of("210")
    assert _random_day(seen).match().of("210") == alone


@given(random_reads)
@settings(max_examples=50)
def test_every_read_has_one_class_and_matching_a_part_gives_the_same_runner(
    seen: list[tuple[str, str, int]],
) -> None:
    day = _random_day(seen)
    whole = day.match()
    assert len(whole.matched.classes) == len(whole.reads)
    assert set(whole.matched.classes.tolist()) <= {int(c) for c in ReadClass}
    part = _random_day([r for r in seen if r[0].startswith("A")]).match()
    nobody = _random_day([]).match()
    merged = adopt(nobody.matched.times, part.matched.times, [0])
    assert np.array_equal(merged.crossing_us[:, 0], whole.matched.times.crossing_us[:, 0])
    assert merged.status[0] == whole.matched.times.status[0]


@given(random_reads)
@settings(max_examples=50)
def test_the_quick_arrangement_without_rows_is_the_same(seen: list[tuple[str, str, int]]) -> None:
    reads = _random_day(seen).reads(Names())
    quick, slow = arrange(reads, with_rows=False), arrange(reads)
    assert quick.repeats == slow.repeats
    for column in ("tag", "mat", "moment_us", "antenna"):
        assert np.array_equal(getattr(quick.reads, column), getattr(slow.reads, column))
    assert slow.rows is not None
    assert np.array_equal(reads.take(slow.rows).moment_us, slow.reads.moment_us)


def test_a_held_read_counts_for_nobody() -> None:
    tags = Names()
    race = make_race()
    columns = Field.of(Roster(entrants=(Entrant(bib=Bib("110"), tags=(Tag("A"),)),)), race, tags)
    reads = Reads.of_moments(tag=[0], mat=[0], moment_us=[at("9:00:05")])
    held = replace(reads, held=np.array([True]))
    matched = match(arrange(held).reads, columns, race, guns_in_force(race), Closings())
    assert matched.classes.tolist() == [ReadClass.CLOCK_HELD]
    assert matched.times.status.tolist() == [Status.ENTERED]
