"""Faults of clocks on race day, one by one: what is held, what is told, what is proposed, and what that puts right."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from clock_night import POINTS, RIGHT, ROLES, Night, Way, local, night_race

from timing.clock_faults import ClockFault, ClockFinding
from timing.clock_ledger import AS_STAMPED
from timing.entries import ClockBody, HostStepBody, new_entry, reads_entry
from timing.instants import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from timing.race import Race
from timing.reads import ChipRead, ClockKind, SourceId, SourceReads, Tag
from timing.rulings import CorrectClock, Span

RACE = night_race(2024)
GUN = RACE.waves[0].planned_gun_us
FINISH, GINESTE, START = (tuple(SourceId(f"{p}-{role}") for role in ROLES) for p in ("finish", "gineste", "start"))


def way(shows: Callable[[int], int], clock: ClockKind = ClockKind.UTC) -> Way:
    return Way(name="", clock=clock, shows=lambda t, race: shows(t))


def night(**ways: Way) -> Night:
    return Night(RACE, {point.upper(): how for point, how in ways.items()})


def told(race: Night) -> set[tuple[str | None, ClockFault]]:
    return {(finding.source, finding.fault) for finding in race.findings}


def of(race: Night, source: str) -> ClockFinding:
    (finding,) = [finding for finding in race.findings if finding.source == source]
    return finding


def late(batches: list[SourceReads], by_us: Callable[[ChipRead], int]) -> list[SourceReads]:
    """The same reads with other arrivals, in the order of those."""
    found = [
        replace(batch, reads=[replace(read, received_us=by_us(read))]) for batch in batches for read in batch.reads
    ]
    return sorted(found, key=lambda batch: batch.reads[0].received_us)


EPOCHS = {"1970": 0, "1980": 315_532_800 * SECOND, "2000": 946_684_800 * SECOND}


@pytest.mark.parametrize("epoch", EPOCHS)
def test_f01_a_reader_back_at_its_default_epoch_is_held_and_only_that_power_on_period_is_corrected(epoch: str) -> None:
    reboot = GUN + 80 * MINUTE
    race = night(gineste=way(lambda t: t if t < reboot else EPOCHS[epoch] + t - reboot))
    before = [batch for batch in race.batches() if batch.reads[0].received_us < reboot + MINUTE]
    race.take(before)
    race.take(race.batches()[len(before) :])
    assert told(race) == {(source, ClockFault.DEFAULT_EPOCH) for source in GINESTE}
    assert race.held() == set(GINESTE)
    assert race.wrong() == [], "net times do not need the split"
    held = race.state.reads().held.sum()
    kept = race.state.reads().moment_us[~race.state.reads().held].copy()
    race.accept_all()
    assert race.held() == set()
    assert race.findings == ()
    reads = race.state.reads()
    truth = {c.runner: c.at_us for c in race.crossings if c.point == "GINESTE"}
    errors = [
        int(moment) - truth[int(race.state.tags.names[tag][1:])]
        for tag, moment, source in zip(reads.tag, reads.moment_us, reads.source, strict=True)
        if race.state.sources.names[source] == GINESTE[0]
    ]
    assert all(0 <= error < SECOND for error in errors)
    assert sum(error % (200 * MILLISECOND) != 0 for error in errors) > 0, "the corrected ones are known by arrivals"
    race.rulings.clear()
    race.settle()
    assert race.state.reads().held.sum() == held
    assert race.state.reads().moment_us[~race.state.reads().held].tolist() == kept.tolist()


def test_f01_two_reboots_to_the_same_epoch_are_two_periods() -> None:
    first, second = GUN + 45 * MINUTE, GUN + 65 * MINUTE
    race = night(gineste=way(lambda t: t if t < first else EPOCHS["1980"] + t - (first if t < second else second)))
    race.take(race.batches())
    assert sorted(f.offset_us - first + EPOCHS["1980"] for f in race.findings if f.offset_us is not None) == [
        pytest.approx(offset, abs=SECOND) for offset in (0, 0, 20 * MINUTE, 20 * MINUTE)
    ]
    race.accept_all()
    assert race.findings == ()
    assert race.held() == set()
    moments = race.state.reads().moment_us
    assert moments.max() <= max(c.at_us for c in race.crossings) + SECOND


def test_f01_a_correction_given_for_one_power_on_period_does_not_publish_the_next_one() -> None:
    first, second = GUN + 45 * MINUTE, GUN + 65 * MINUTE
    race = night(gineste=way(lambda t: t if t < first else EPOCHS["1980"] + t - (first if t < second else second)))
    batches = race.batches()
    early = [batch for batch in batches if batch.reads[0].received_us < second - MINUTE]
    race.take(early)
    race.accept_all()
    assert race.held() == set()
    for batch in batches[len(early) :]:
        race.take([batch])
    assert race.held() == set(GINESTE)
    assert [f.meant_for_another for f in race.findings] == [True, True]
    race.accept_all()
    assert (race.held(), race.findings) == (set(), ())
    truth = {c.runner: c.at_us for c in race.crossings if c.point == "GINESTE"}
    reads = race.state.reads()
    for tag, moment, source in zip(reads.tag, reads.moment_us, reads.source, strict=True):
        if race.state.sources.names[source] in GINESTE:
            assert 0 <= int(moment) - truth[int(race.state.tags.names[tag][1:])] < SECOND


def test_f01_what_a_rebooted_reader_sends_again_from_before_keeps_its_time() -> None:
    reboot = GUN + 80 * MINUTE
    race = night(gineste=way(lambda t: t if t < reboot else EPOCHS["1980"] + t - reboot))
    again = [
        batch for batch in race.batches() if batch.source in GINESTE and batch.reads[0].received_us < reboot - MINUTE
    ]
    lost = [batch for batch in race.batches() if batch not in again]
    race.take(lost)
    race.take(late(again, lambda read: GUN + 4 * HOUR + (read.received_us - GUN) // 100))
    race.accept_all()
    assert race.nets() == race.net_us
    reads = race.state.reads()
    assert not reads.held.any()
    made = {read.stamp_us for batch in again for read in batch.reads}
    assert made <= set(reads.moment_us.tolist())


def test_f02_a_clock_a_little_behind_is_told_and_not_held() -> None:
    race = night(finish=way(lambda t: t - 37_200_000))
    race.take(race.batches())
    assert told(race) == {(source, ClockFault.OFFSET) for source in FINISH}
    assert race.held() == set()
    assert of(race, FINISH[0]).offset_us == pytest.approx(37_200_000, abs=500 * MILLISECOND)


def test_f02_a_comparison_with_the_readers_clock_says_it_exactly() -> None:
    race = night(finish=way(lambda t: t - 37_200_000))
    race.take(race.batches())
    for source in FINISH:
        race.apply(new_entry(compared(source, GUN, -37_200_000), 0))
    race.settle()
    assert of(race, FINISH[0]).offset_us == 37_200_000
    assert of(race, FINISH[0]).uncertainty_us == 10 * MILLISECOND
    race.accept_all()
    assert race.nets() == race.net_us
    assert race.findings == ()


def compared(source: SourceId, at_us: int, ahead_us: int, *, round_trip_us: int = 20 * MILLISECOND) -> ClockBody:
    return ClockBody(
        source=source, clock_us=at_us + ahead_us, asked_us=at_us - round_trip_us // 2, round_trip_us=round_trip_us
    )


def test_a_clock_ahead_of_its_own_arrivals_is_held_and_seconds_are_only_told() -> None:
    for ahead_us, held in ((45 * SECOND, set(FINISH)), (8 * SECOND, set())):
        race = night(finish=way(lambda t, ahead_us=ahead_us: t + ahead_us))  # type: ignore[misc]
        race.take(race.batches())
        assert told(race) == {(source, ClockFault.OFFSET) for source in FINISH}
        assert race.held() == held
        race.accept_all()
        assert race.held() == set()
        assert all(abs(error) < 500 * MILLISECOND for _, error in race.wrong())


def test_whole_hours_leave_the_small_rest_alone() -> None:
    race = night(finish=way(lambda t: t + HOUR + 7 * SECOND))
    race.take(race.batches())
    assert {f.offset_us for f in race.findings} == {-HOUR}
    race.accept_all()
    assert {error for _, error in race.wrong()} == {7 * SECOND}


@pytest.mark.parametrize("days", [-1, 1, 7])
def test_whole_days_are_told_as_days(days: int) -> None:
    race = night(start=way(lambda t: t + days * DAY))
    race.take(race.batches())
    assert told(race) == {(source, ClockFault.DAYS) for source in START}
    assert {f.offset_us for f in race.findings} == {-days * DAY}
    race.accept_all()
    assert race.nets() == race.net_us


def test_f03_drift_between_two_comparisons_is_proposed_as_a_line_and_changes_no_order() -> None:
    gain = 20  # parts per million

    def shows(t: int) -> int:
        return t + (t - GUN) * gain // 1_000_000

    race = night(gineste=way(shows))
    race.take(race.batches())
    for source in GINESTE:
        for at_us in (GUN, GUN + 3 * HOUR):
            race.apply(new_entry(compared(source, at_us, shows(at_us) - at_us), 0))
    before = race.state.reads().moment_us.argsort(kind="stable").tolist()
    race.settle()
    assert told(race) == {(source, ClockFault.DRIFT) for source in GINESTE}
    assert of(race, GINESTE[0]).drift_ppb == pytest.approx(-gain * 1_000, rel=0.01)
    race.accept_all()
    assert race.findings == ()
    truth = {c.runner: c.at_us for c in race.crossings if c.point == "GINESTE"}
    reads = race.state.reads()
    assert reads.moment_us.argsort(kind="stable").tolist() == before
    for tag, moment, source in zip(reads.tag, reads.moment_us, reads.source, strict=True):
        if race.state.sources.names[source] == GINESTE[0]:
            error = (int(moment) - truth[int(race.state.tags.names[tag][1:])]) % (200 * MILLISECOND)
            assert min(error, 200 * MILLISECOND - error) <= 2


def test_a_way_that_is_late_by_ever_other_amounts_does_not_make_the_clock_late() -> None:
    """A backlog that empties by fits and starts: some minutes come 16 minutes late, most much later."""
    race = night()
    more = (0, 9, 18, 27, 35, 26, 17, 0)

    def arrives(read: ChipRead) -> int:
        return read.received_us + (16 + more[read.received_us // (2 * MINUTE) % len(more)]) * MINUTE

    at_finish = [batch for batch in race.batches() if batch.source in FINISH]
    others = [batch for batch in race.batches() if batch.source not in FINISH]
    race.take([*others, *late(at_finish, arrives)])
    assert race.held() == set()
    assert race.nets() == race.net_us


def test_a_clock_months_ahead_has_not_gone_back_to_its_first_date() -> None:
    race = night(finish=way(lambda t: t + 201 * DAY + 17 * MINUTE))
    race.take(race.batches())
    assert told(race) == {(source, ClockFault.OFFSET) for source in FINISH}
    assert race.held() == set(FINISH)


def test_a_clock_that_was_an_hour_off_and_was_set_before_its_first_read_is_right() -> None:
    race = night()
    race.apply(new_entry(compared(FINISH[0], GUN - 2 * HOUR, 0), 0))
    race.settle()
    assert told(race) == {(FINISH[0], ClockFault.HOURS)}
    race.apply(new_entry(compared(FINISH[0], GUN - HOUR, HOUR), 0))
    race.settle()
    assert race.findings == ()
    race.take(race.batches())
    assert race.findings == ()
    assert race.held() == set()
    assert race.nets() == race.net_us


@pytest.mark.parametrize(
    ("round_trip_us", "changed_us"),
    [pytest.param(2 * SECOND, 1_500 * MILLISECOND, id="less than what is not known"),
     pytest.param(20 * MILLISECOND, 20 * SECOND, id="more than any clock gains")],
)  # fmt: skip
def test_f03_answers_that_differ_for_another_reason_are_no_drift(round_trip_us: int, changed_us: int) -> None:
    race = night()
    race.take(race.batches())
    for at_us, ahead_us in ((GUN, 0), (GUN + 3 * HOUR, changed_us)):
        race.apply(new_entry(compared(GINESTE[0], at_us, ahead_us, round_trip_us=round_trip_us), 0))
    race.settle()
    assert not any(finding.fault is ClockFault.DRIFT for finding in race.findings)
    race.accept_all()


def test_f03_strong_drift_is_seen_from_arrivals_alone() -> None:
    race = night(finish=way(lambda t: t - (t - GUN) * 600 // 1_000_000))
    race.take(race.batches())
    assert told(race) == {(source, ClockFault.DRIFT) for source in FINISH}
    assert of(race, FINISH[0]).drift_ppb == pytest.approx(600_000, rel=0.2)


def test_a_clock_that_was_set_in_mid_race_has_two_periods_and_only_the_wrong_one_is_to_be_corrected() -> None:
    step = GUN + 100 * MINUTE
    race = night(finish=way(lambda t: t if t < step else t + 6 * SECOND))
    race.take(race.batches())
    assert told(race) == {(source, ClockFault.STEP) for source in FINISH}
    assert race.held() == set()
    finding = of(race, FINISH[0])
    assert finding.offset_us == pytest.approx(-6 * SECOND, abs=500 * MILLISECOND)
    assert finding.received.begin_us == pytest.approx(step, abs=5 * MINUTE)
    race.accept_all()
    assert all(abs(error) < SECOND for _, error in race.wrong())


def test_f05_a_clock_without_a_date_on_the_night_trail_is_no_fault() -> None:
    race = night(finish=way(lambda t: local(t) % DAY, ClockKind.TIME_OF_DAY))
    race.take(race.batches())
    assert race.findings == ()
    assert race.nets() == race.net_us


def test_f06_late_network_time_moves_our_clock_and_no_results() -> None:
    """Ours was 8 s behind until 10:30; then it is set."""
    race = night()
    step = GUN + 90 * MINUTE
    batches = late(race.batches(), lambda read: read.received_us - (8 * SECOND if read.received_us < step else 0))
    early = [batch for batch in batches if batch.reads[0].received_us < step - 8 * SECOND]
    race.take(early)
    assert told(race) == {(None, ClockFault.HOST)}, "all agree against it, and they fit the guns"
    assert race.findings[0].offset_us == pytest.approx(-8 * SECOND, abs=SECOND)
    assert (race.findings[0].proposal, race.held()) == (None, set())
    race.apply(new_entry(HostStepBody(at_us=step, step_us=8 * SECOND), step))
    race.take(batches[len(early) :])
    assert race.findings == ()
    assert race.nets() == race.net_us


@pytest.mark.parametrize("step_us", [-HOUR, HOUR])
def test_f06_a_step_of_an_hour_of_our_own_clock_is_never_taken_for_the_readers(step_us: int) -> None:
    race = night()
    step = GUN + 90 * MINUTE
    batches = race.batches()
    early = [batch for batch in batches if batch.reads[0].received_us < step]
    race.take(early)
    race.apply(new_entry(HostStepBody(at_us=step + step_us, step_us=step_us), step))
    race.take(late(batches[len(early) :], lambda read: read.received_us + step_us))
    assert told(race) == {(None, ClockFault.HOST)}
    assert race.held() == set()
    assert race.nets() == race.net_us


def test_all_clocks_an_hour_ahead_are_the_clocks_and_not_ours_also_in_the_first_minutes() -> None:
    race = night(**{point.lower(): way(lambda t: t + HOUR) for point in POINTS})
    for batch in race.batches():
        race.take([batch])
        assert None not in {finding.source for finding in race.findings}
        assert race.held() == {race.state.sources.names[code] for code in set(race.state.reads().source.tolist())}


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of the process cannot be set here")
def test_f07_the_zone_of_the_computer_plays_no_part() -> None:
    found = []
    kept = os.environ.get("TZ")
    try:
        for zone in ("America/New_York", "Indian/Reunion", "Europe/Paris"):
            os.environ["TZ"] = zone
            time.tzset()
            race = night(finish=way(lambda t: local(t) + HOUR, ClockKind.LOCAL))
            race.take(race.batches())
            found.append((race.findings, race.state.reads().moment_us.tolist(), race.nets()))
    finally:
        if kept is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = kept
        time.tzset()
    assert found[0] == found[1] == found[2]


def test_f08_two_mats_that_differ_for_everybody_are_one_finding_about_the_pair() -> None:
    race = night()
    batches = [
        replace(batch, reads=[replace(read, stamp_us=read.stamp_us + 800 * MILLISECOND) for read in batch.reads])
        if batch.source == FINISH[1]
        else batch
        for batch in race.batches()
    ]
    race.take(batches)
    assert told(race) == {(FINISH[0], ClockFault.PAIR)}
    (finding,) = race.findings
    assert (finding.other, finding.reads, finding.holds, finding.proposal) == (FINISH[1], 40, False, None)
    assert finding.offset_us == pytest.approx(800 * MILLISECOND, abs=310 * MILLISECOND)
    race.rulings.append(CorrectClock(source=FINISH[1], anchors=((GUN, -800 * MILLISECOND),)))
    race.settle()
    assert race.findings == ()


def test_f22_a_mat_that_unloads_late_is_no_fault_of_its_clock() -> None:
    unload = GUN + 150 * MINUTE
    for newest_first in (True, False):
        race = night()

        def arrival(read: ChipRead, newest_first: bool = newest_first) -> int:
            """The col was cut off for 40 minutes and sends 50 reads a second once it is back."""
            if not unload - 40 * MINUTE <= read.received_us < unload:
                return read.received_us
            place = (unload - read.received_us) if newest_first else (read.received_us - unload + 40 * MINUTE)
            return unload + place // 100

        batches = [late([batch], arrival) if batch.source in GINESTE else [batch] for batch in race.batches()]
        for batch in sorted((b for some in batches for b in some), key=lambda b: b.reads[0].received_us):
            race.take([batch])
            assert race.findings == ()
        assert race.nets() == race.net_us


@pytest.mark.parametrize("speed", ["max", "60"])
def test_a_simulated_race_however_fast_shows_no_fault(speed: str) -> None:
    race = night()
    chance = random.Random(1)
    end = RACE.last_instant_us
    batches = late(
        race.batches(),
        lambda read: end if speed == "max" else read.received_us + chance.randrange(100_000, 70_000_000),
    )
    for number, batch in enumerate(batches):
        race.take([batch]) if number % 25 == 0 else race.apply(reads_entry(batch, 0))
        assert race.findings == ()
    race.settle()
    assert race.findings == ()
    assert race.nets() == race.net_us


def test_one_damaged_stamp_from_the_future_is_held_alone() -> None:
    race = night()
    batches = race.batches()
    at = next(n for n, batch in enumerate(batches) if batch.source == FINISH[0]) + 5
    odd = ChipRead(tag=Tag("T3"), stamp_us=local(GUN + 3 * HOUR), received_us=GUN + 70 * MINUTE)
    race.take([*batches[:at], SourceReads(source=FINISH[0], clock=ClockKind.LOCAL, reads=[odd]), *batches[at:]])
    assert race.state.reads().held.sum() == 1
    assert race.nets() == race.net_us


def test_hour_twice_is_told_with_what_arrivals_say_was_meant() -> None:
    """Chips tried at the finish from 02:10 to 02:40 wall time, before the change and after it."""
    change = GUN - 7 * HOUR
    for begin, meant in ((change - 50 * MINUTE, 0), (change + 10 * MINUTE, HOUR)):
        race = night()
        tries = [
            ChipRead(tag=Tag("T1"), stamp_us=local(t), received_us=t + 200 * MILLISECOND)
            for t in range(begin, begin + 30 * MINUTE, 2 * MINUTE)
        ]
        race.take([SourceReads(source=FINISH[0], clock=ClockKind.LOCAL, reads=tries), *race.batches()])
        assert told(race) == {(FINISH[0], ClockFault.HOUR_TWICE)}
        (finding,) = race.findings
        assert (finding.offset_us, finding.reads) == (meant, len(tries))
        assert race.held() == {FINISH[0]}
        race.accept_all()
        assert (race.held(), race.findings, race.nets()) == (set(), (), race.net_us)
        tried = sorted(race.state.reads().moment_us.tolist())[: len(tries)]
        assert tried == [read.received_us - 200 * MILLISECOND for read in tries]


def test_elapsed_zeros_snap_to_the_minute_else_to_the_second() -> None:
    for zero, found in ((GUN - 20 * HOUR, GUN - 20 * HOUR), (GUN - 20 * HOUR + 7_300_000, GUN - 20 * HOUR + 7_000_000)):
        race = night(finish=way(lambda t, zero=zero: t - zero, ClockKind.ELAPSED))  # type: ignore[misc]
        race.take(race.batches())
        assert {finding.offset_us for finding in race.findings} == {found}
        assert all(finding.uncertainty_us >= SECOND for finding in race.findings)


def test_elapsed_without_arrivals_has_no_proposal_and_stays_held() -> None:
    race = night(finish=way(lambda t: t - GUN + 20 * HOUR, ClockKind.ELAPSED))
    race.take(late(race.batches(), lambda read: RACE.last_instant_us))
    assert told(race) == {(source, ClockFault.NO_ZERO) for source in FINISH}
    assert {(f.proposal, f.offset_us) for f in race.findings} == {(None, None)}
    assert race.held() == set(FINISH)


def test_a_person_who_says_that_a_clock_is_right_is_believed() -> None:
    race = night(finish=way(lambda t: t + HOUR))
    race.take(race.batches())
    race.rulings += [CorrectClock(source=source, anchors=((GUN, 0),)) for source in FINISH]
    race.settle()
    assert (race.held(), race.findings) == (set(), ())


def test_a_correction_of_one_period_leaves_the_other_to_be_found() -> None:
    reboot = GUN + 80 * MINUTE
    race = night(finish=way(lambda t: t + HOUR if t < reboot else EPOCHS["1980"] + t - reboot))
    race.take(race.batches())
    assert told(race) == {(s, fault) for s in FINISH for fault in (ClockFault.HOURS, ClockFault.DEFAULT_EPOCH)}
    race.rulings += [f.proposal for f in race.findings if f.fault is ClockFault.HOURS and f.proposal is not None]
    race.settle()
    assert told(race) == {(source, ClockFault.DEFAULT_EPOCH) for source in FINISH}
    race.accept_all()
    assert race.findings == ()
    assert all(abs(error) < SECOND for _, error in race.wrong())


def test_findings_and_ledger_depend_neither_on_order_nor_on_repeats_nor_on_when_they_are_asked_for() -> None:
    reboot = GUN + 80 * MINUTE

    def make() -> Night:
        return night(
            start=way(lambda t: t + HOUR),
            gineste=way(lambda t: t if t < reboot else EPOCHS["1980"] + t - reboot),
            finish=way(lambda t: t + 9 * SECOND),
        )

    live = make()
    for batch in live.batches():
        live.take([batch])
    assert live.state.ledger != AS_STAMPED
    for seed in range(3):
        other = make()
        batches = other.batches()
        batches += random.Random(seed).sample(batches, 60)
        random.Random(seed).shuffle(batches)
        other.take(batches)
        assert other.findings == live.findings
        assert other.state.ledger == live.state.ledger
        assert other.nets() == live.nets()


def test_a_ruling_bound_to_a_span_lets_reads_outside_it_be_held() -> None:
    race = night(finish=way(lambda t: t + HOUR))
    race.take(race.batches())
    half = GUN + 3 * HOUR
    race.rulings += [
        CorrectClock(source=source, anchors=((GUN, -HOUR),), stamps=Span(end_us=half)) for source in FINISH
    ]
    race.settle()
    reads = race.state.reads()
    assert set((reads.moment_us[reads.held] >= half).tolist()) == {True}
    assert race.held() == set(FINISH)
    assert {(f.fault, f.offset_us, f.holds) for f in race.findings} == {(ClockFault.HOURS, -HOUR, True)}
    race.accept_all()
    assert race.nets() == race.net_us


def test_right_is_right_for_every_kind_of_clock_that_says_its_instant() -> None:
    def shown(t: int, race: Race) -> int:
        return local(t) % DAY

    ways = {
        "START": way(lambda t: t),
        "GINESTE": RIGHT,
        "FINISH": Way(name="", clock=ClockKind.TIME_OF_DAY, shows=shown),
    }
    race = Night(RACE, ways)
    race.take(race.batches())
    assert (race.findings, race.nets()) == ((), race.net_us)


def test_what_is_held_is_said_in_one_way_while_reads_come_in() -> None:
    """A ledger that changed with every read would have everybody matched again each time."""
    reboot = GUN + 40 * MINUTE
    race = night(
        start=way(lambda t: t + HOUR),
        gineste=way(lambda t: t if t < reboot else EPOCHS["1980"] + t - reboot),
    )
    odd = ChipRead(tag=Tag("T3"), stamp_us=local(GUN + 3 * HOUR), received_us=GUN + 70 * MINUTE)
    batches = race.batches()
    at = next(n for n, batch in enumerate(batches) if batch.reads[0].received_us > GUN + 70 * MINUTE)
    ledgers = []
    for batch in [*batches[:at], SourceReads(source=FINISH[0], clock=ClockKind.LOCAL, reads=[odd]), *batches[at:]]:
        race.take([batch])
        ledgers.append(race.state.ledger)
    changes = sum(a != b for a, b in pairwise(ledgers))
    assert len(ledgers) > 100
    assert changes < 15
