"""What the engine knows of a store, and of the collector that speaks for it, without any MQTT."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.collector_batch import BadRecord, Batch
from readers.collector_messages import ReaderStatus, StatusLost, StatusUp
from readers.collector_reader import with_health
from readers.health import Link, SourceHealth
from readers.mqtt_alarms import SAMPLES_PER_REASON, AlarmBoard, AlarmKind, Quarantine
from readers.mqtt_ledger import StoreLedger
from readers.mqtt_source import FLAPPING_WITHIN_S, SILENT_AFTER_S, SourceIntake, source_health
from timing.delivery import Cursor as Delivered
from timing.reads import ChipRead, ClockKind, SourceId, Tag

SOURCE = SourceId("gineste")


def batch(first: int, contents: str, store: str = "s1") -> Batch:
    """One read for each letter, which is its content; `!` is a record nobody understood."""
    numbered = list(enumerate(contents, first))
    reads = [(n, ChipRead(tag=Tag(c), stamp_us=n, received_us=n)) for n, c in numbered if c != "!"]
    return Batch(
        store=store,
        first=first,
        count=len(contents),
        clock=None,
        numbers=tuple(n for n, _ in reads),
        reads=tuple(read for _, read in reads),
        malformed=tuple(BadRecord(number=n, reason="?", raw="!") for n, c in numbered if c == "!"),
    )


def take(ledger: StoreLedger, given_batch: Batch) -> str:
    """Journal a batch; the contents that had to be journalled."""
    new = ledger.sift(SOURCE, given_batch, ClockKind.LOCAL)
    if new is None:
        ledger.settle()
        return ""
    ledger.journalled(new)
    ledger.settle()
    return "".join(str(read.tag) for read in new.reads.reads) + "!" * len(new.reads.malformed)


def test_a_batch_that_is_partly_known_brings_only_the_rest():
    ledger = StoreLedger("s1")
    assert take(ledger, batch(1, "abc!")) == "abc!"
    assert take(ledger, batch(1, "abc!")) == ""
    assert take(ledger, batch(3, "c!de")) == "de"
    assert (ledger.taken.through, ledger.taken.also) == (6, ())


def test_other_content_under_a_known_number_counts_and_is_told_each_time():
    ledger = StoreLedger("s1")
    take(ledger, batch(1, "abc"))
    new = ledger.sift(SOURCE, batch(1, "axc"), ClockKind.LOCAL)
    assert new is not None
    assert new.conflicts == (2,)
    assert [str(read.tag) for read in new.reads.reads] == ["x"]
    assert new.repeats == 2


def test_other_content_is_noticed_while_the_first_is_still_on_its_way():
    ledger = StoreLedger("s1")
    assert ledger.sift(SOURCE, batch(1, "ab"), ClockKind.LOCAL) is not None
    assert ledger.sift(SOURCE, batch(1, "ab"), ClockKind.LOCAL) is None
    new = ledger.sift(SOURCE, batch(1, "ax"), ClockKind.LOCAL)
    assert new is not None
    assert new.conflicts == (2,)


def test_what_was_not_journalled_after_all_is_new_again():
    ledger = StoreLedger("s1")
    assert ledger.sift(SOURCE, batch(1, "ab"), ClockKind.LOCAL) is not None
    ledger.settle()
    assert ledger.taken.through == 0
    assert take(ledger, batch(1, "ab")) == "ab"


def test_what_was_given_up_for_lost_still_counts_when_it_comes():
    ledger = StoreLedger("s1")
    take(ledger, batch(3, "c"))
    ledger.lost([(1, 2)])
    assert ledger.taken.through == 3
    assert take(ledger, batch(1, "abc")) == "ab"


def test_a_ledger_from_the_journal_knows_contents_and_does_not_share_them():
    kept = Delivered()
    first = StoreLedger("s1", kept)
    take(first, batch(1, "ab"))
    assert kept.ranges == []
    again = StoreLedger("s1", first._delivered)
    assert take(again, batch(1, "ab")) == ""
    assert take(again, batch(1, "ax")) == "x"


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 12)), max_size=12))
def test_every_number_is_journalled_exactly_once_whatever_the_batches(spans):
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    ledger = StoreLedger("s1")
    journalled = "".join(take(ledger, batch(first, letters[first : first + count])) for first, count in spans)
    expected = {letters[n] for first, count in spans for n in range(first, first + count)}
    assert sorted(journalled) == sorted(expected)


def test_a_gap_is_asked_for_at_once_then_after_5_10_and_at_most_60_s():
    ledger = StoreLedger("s1")
    take(ledger, batch(11, "k"))
    asked = [second for second in range(400) if ledger.to_ask(100.0 + second)]
    assert asked[0] == 0
    pauses = [after - before for before, after in itertools.pairwise(asked)]
    assert pauses[:4] == [5, 10, 20, 40]
    assert set(pauses[4:]) == {60}


def test_a_new_gap_is_asked_for_without_asking_for_the_old_one_again():
    ledger = StoreLedger("s1")
    take(ledger, batch(11, "k"))
    assert ledger.to_ask(100.0) == ((1, 10),)
    take(ledger, batch(21, "u"))
    assert ledger.to_ask(100.1) == ()  # not more often than once a second
    assert ledger.to_ask(101.1) == ((12, 20),)


def test_a_gap_that_shrinks_while_it_is_filled_is_not_asked_for_again():
    ledger = StoreLedger("s1")
    take(ledger, batch(11, "k"))
    assert ledger.to_ask(100.0) == ((1, 10),)
    take(ledger, batch(1, "abc"))
    assert ledger.to_ask(101.5) == ()
    take(ledger, batch(4, "defghij"))
    assert ledger.to_ask(200.0) == ()


# The source behind it.


class Told:
    """A source with its alarms."""

    def __init__(self) -> None:
        self.alarms: list = []
        self.board = AlarmBoard(self.alarms.append)
        self.source = SourceIntake(SOURCE, ClockKind.LOCAL, {}, self.board)

    def up(self, now: float, store: str = "s1", boot: str = "b1", **more) -> None:
        self.source.hear(StatusUp(store=store, boot=boot, **more), now, retained=False)
        self.source.look(now)

    def lost(self, now: float, store: str = "s1", boot: str = "b1") -> None:
        self.source.hear(StatusLost(store=store, boot=boot), now, retained=False)
        self.source.look(now)

    def active(self) -> set[AlarmKind]:
        return {alarm.kind for alarm in self.board.active}


def test_silence_is_told_after_two_heartbeats_and_ends_with_the_next():
    told = Told()
    told.up(0)
    told.source.look(SILENT_AFTER_S)
    assert told.active() == set()
    told.source.look(SILENT_AFTER_S + 0.1)
    assert told.active() == {AlarmKind.SILENT}
    told.up(20)
    assert told.active() == set()


def test_silence_while_we_could_not_hear_means_nothing():
    told = Told()
    told.up(0)
    told.source.excuse(100)
    told.source.look(101)
    assert told.active() == set()


def test_f20_a_retained_status_is_no_sign_of_life_and_no_boot():
    told = Told()
    for turn in range(9):
        told.source.hear(StatusUp(store="s1", boot=f"b{turn}"), turn, retained=True)
        told.source.hear(StatusLost(store="s1", boot=f"b{turn}"), turn, retained=True)
    told.source.look(9)
    assert told.source.health().up is None
    assert told.active() == set()


def test_f23_more_than_three_boots_or_wills_in_30_s_are_flapping_until_it_is_quiet():
    told = Told()
    told.up(0, boot="b0")
    told.lost(1, boot="b0")
    told.up(2, boot="b1")
    told.lost(3, boot="b1")
    assert AlarmKind.FLAPPING not in told.active()
    told.up(4, boot="b2")
    assert AlarmKind.FLAPPING in told.active()
    told.source.look(4 + FLAPPING_WITHIN_S)
    assert AlarmKind.FLAPPING not in told.active()


def test_a_collector_that_moves_to_a_new_store_is_not_two_collectors():
    told = Told()
    told.up(0, store="s1")
    told.up(5, store="s2")
    told.up(10, store="s2")
    assert told.active() == {AlarmKind.NEW_STORE}


def test_two_stores_that_take_turns_are_two_collectors_until_one_is_quiet():
    told = Told()
    for now, store in ((0, "s1"), (2, "s2"), (5, "s1")):
        told.up(now, store=store)
    assert AlarmKind.TWO_STORES in told.active()
    for now in (10, 20, 30, 36):
        told.up(now, store="s1")
    assert AlarmKind.TWO_STORES not in told.active()


def test_a_boot_that_comes_back_shows_two_hosts_with_copies_of_one_store():
    told = Told()
    shared = [
        told.source.hear(StatusUp(store="s1", boot=boot), now, retained=False)
        for now, boot in enumerate(["b1", "b1", "b2", "b1", "b1", "b2"])
    ]
    assert shared == [False, False, False, True, False, True]
    told.source.look(6)
    assert AlarmKind.TWO_STORES in told.active()
    told.source.look(6 + FLAPPING_WITHIN_S)
    assert AlarmKind.TWO_STORES not in told.active()


def test_a_source_shows_only_so_many_stores():
    told = Told()
    assert all(told.source.ledger(f"s{n}") is not None for n in range(100))
    assert told.source.ledger("one-too-many") is None
    assert told.source.ledger("s5") is not None


@pytest.mark.parametrize(
    ("reader", "link", "offset"),
    [
        (ReaderStatus(link="up", clock_us=3_600_000_100, asked_us=100, round_trip_us=9), Link.UP, 3_600_000_000),
        (ReaderStatus(link="unintelligible"), Link.UNINTELLIGIBLE, None),
        (ReaderStatus(link="down"), Link.DOWN, None),
        (ReaderStatus(), Link.DOWN, None),
    ],
)
def test_the_readers_link_and_clock_are_shown_as_for_any_source(reader, link, offset):
    told = Told()
    told.up(0, reader=reader, unconfirmed=7, alarms=("battery low",))
    health = source_health(told.source.health(), "")
    assert (health.link, health.clock_offset_us, health.queue) == (link, offset, 7)
    assert (health.error == "") == (link is Link.UP)
    assert health.warning == "battery low"


def test_battery_and_temperature_go_from_the_reader_through_the_collector_to_the_crew():
    seen = SourceHealth(source=SourceId("km5"), link=Link.UP, battery_percent=34.0, temperature_c=17.5, mains=False)
    told = Told()
    told.up(0, reader=with_health(ReaderStatus(), seen))
    health = source_health(told.source.health(), "")
    assert (health.battery_percent, health.temperature_c, health.mains) == (34.0, 17.5, False)
    assert health.battery_minutes is None


def test_without_the_broker_or_the_collector_a_source_is_down():
    told = Told()
    assert "not heard" in source_health(told.source.health(), "").error
    told.up(0, reader=ReaderStatus(link="up"))
    assert source_health(told.source.health(), "broker is gone").error == "broker is gone"
    told.lost(1)
    health = source_health(told.source.health(), "")
    assert (health.link, health.error) == (Link.DOWN, "its collector is silent")


# Alarms and quarantine.


def test_an_alarm_is_told_when_it_begins_and_ends_and_its_changes_now_and_then():
    told: list = []
    board = AlarmBoard(told.append)
    board.set(AlarmKind.GAP, SOURCE, "1 missing")
    for count in range(2, 50):
        board.set(AlarmKind.GAP, SOURCE, f"{count} missing")
    assert [alarm.text for alarm in told] == ["1 missing"]
    board.flush()
    board.flush()
    assert [alarm.text for alarm in told] == ["1 missing", "49 missing"]
    board.set(AlarmKind.GAP, SOURCE, "")
    board.set(AlarmKind.GAP, SOURCE, "")
    board.flush()
    assert [alarm.active for alarm in told] == [True, True, False]


def test_quarantine_keeps_the_first_samples_and_counts_the_rest():
    kept: list = []
    quarantine = Quarantine(kept.append)
    for number in range(5_000):
        quarantine.add(f"kind {number % 1_000}", topic="t", reason="r", payload=b"x" * 9_999, retained=False)
    assert quarantine.total == 5_000
    assert len(quarantine.counts) <= 201
    assert len(kept) <= 201 * SAMPLES_PER_REASON
    assert max(len(sample.sample) for sample in kept) == 2_048
    assert {sample.size for sample in kept} == {9_999}
