"""The delivery rules, one by one and as properties, on a clock of numbers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.collector_batch import MAX_READS
from readers.collector_cursor import Cursor
from readers.collector_outbox import FULL_BATCH, LONGEST_WAIT_US, PATIENCE_US, UNDER_WAY, Outbox, gone
from timing.instants import SECOND


def ready(last: int = 0, **more) -> Outbox:
    """An outbox that may send."""
    box = Outbox(**more)
    if last:
        box.stored(last, 0)
    box.linked()
    box.engine_here(0)
    return box


def sent(box: Outbox, now_us: int) -> list[tuple[int, int]]:
    """All that goes out at an instant."""
    found = []
    while (parcel := box.next_parcel(now_us)) is not None:
        found.append((parcel.first, parcel.last))
    return found


def test_a_batch_goes_out_when_its_oldest_read_has_waited_50_ms():
    box = ready()
    box.stored(3, 1_000)
    box.stored(5, 20_000)
    assert box.next_parcel(1_000 + LONGEST_WAIT_US - 1) is None
    assert box.deadline_us(2_000) == 1_000 + LONGEST_WAIT_US
    assert sent(box, 1_000 + LONGEST_WAIT_US) == [(1, 5)]


def test_a_batch_of_200_goes_out_at_once():
    box = ready()
    box.stored(FULL_BATCH - 1, 0)
    assert box.next_parcel(0) is None
    box.stored(FULL_BATCH, 0)
    assert sent(box, 0) == [(1, FULL_BATCH)]


def test_f24_when_more_wait_batches_hold_up_to_2000():
    assert sent(ready(4_500), 0) == [(1, 2_000), (2_001, 4_000), (4_001, 4_500)]


def test_what_an_earlier_run_left_goes_out_without_waiting():
    assert sent(ready(last=0, confirmed=Cursor(7)), 0) == []
    box = Outbox(last=10, confirmed=Cursor(7))
    box.linked()
    box.engine_here(0)
    assert sent(box, 0) == [(8, 10)]


def test_f23_what_an_earlier_run_left_is_confirmed_only_once_this_one_has_sent_it():
    """A copy of the store may have sent other reads under these numbers; the broker keeps what was confirmed to it."""
    box = Outbox(last=60, confirmed=Cursor(50))
    box.linked()
    assert not box.confirm(60, (), 0, kept=True)
    box.engine_here(0)
    assert box.unconfirmed == 10
    assert sent(box, 0) == [(51, 60)]
    assert not box.confirm(60, (), 0, kept=True)  # from before this link, though it came after the batch
    assert box.confirm(60, (), 0)
    assert box.unconfirmed == 0
    box.stored(70, 0)
    assert sent(box, LONGEST_WAIT_US) == [(61, 70)]
    assert box.confirm(70, (), 0, kept=True)  # nobody but this run has had these numbers: no need to send them again


def test_at_most_20_unconfirmed_batches_are_under_way():
    box = ready(MAX_READS * (UNDER_WAY + 5))
    assert len(sent(box, 0)) == UNDER_WAY
    box.confirm(MAX_READS * 2, (), 0)
    assert len(sent(box, 0)) == 2


def test_nothing_is_sent_before_the_engine_is_known_to_be_there_nor_while_it_is_away():
    box = Outbox()
    box.stored(500, 0)
    assert box.next_parcel(0) is None
    box.linked()
    assert box.next_parcel(0) is None
    box.engine_away()
    assert box.next_parcel(0) is None
    assert box.deadline_us(0) is None
    box.engine_here(7 * SECOND)
    assert box.next_parcel(7 * SECOND - 1) is None
    assert box.deadline_us(0) == 7 * SECOND
    assert sent(box, 7 * SECOND) == [(1, 500)]


def test_what_is_not_confirmed_is_sent_again_when_the_collector_connects_again():
    box = ready(500)
    assert sent(box, 0) == [(1, 500)]
    box.confirm(120, ((200, 300),), 0)
    box.unlinked()
    assert box.next_parcel(0) is None
    box.linked()
    box.engine_here(0)
    assert sent(box, 0) == [(121, 199), (301, 500)]


def test_what_is_not_confirmed_in_5_s_is_sent_again_doubling_to_60_s():
    box = ready(100)
    now = LONGEST_WAIT_US
    assert sent(box, now) == [(1, 100)]
    for pause in (5, 10, 20, 40, 60, 60):
        assert sent(box, now + pause * SECOND - 1) == []
        now += pause * SECOND
        assert Cursor(0, sent(box, now)).ranges == ((1, 100),)


def test_confirmations_that_move_bring_the_next_try_back_to_5_s():
    box = ready(2_100)
    sent(box, LONGEST_WAIT_US)
    sent(box, 6 * SECOND)
    sent(box, 17 * SECOND)  # the third try would count as lost after 20 s more
    box.confirm(2_000, (), 18 * SECOND)
    assert Cursor(0, sent(box, 18 * SECOND + PATIENCE_US)).ranges == ((2_001, 2_100),)


def test_what_is_asked_for_is_sent_even_if_confirmed_and_then_done_with():
    box = ready(5_000)
    box.confirm(5_000, (), 0)
    box.ask(10, 3_000)
    assert sent(box, 0) == [(10, 2_009), (2_010, 3_000)]
    assert box.under_way == 0
    assert sent(box, 100 * SECOND) == []


def test_asking_for_what_is_under_way_sends_it_again_at_once():
    box = ready(300)
    assert sent(box, 0) == [(1, 300)]
    box.ask(1, 300)
    assert sent(box, 1) == [(1, 300)]


def test_asking_twice_sends_once():
    box = ready(300)
    box.confirm(300, (), 0)
    box.ask(1, 200)
    box.ask(100, 300)
    assert sent(box, 0) == [(1, 200), (201, 300)]


def test_asking_for_everything_there_never_was_is_bounded_by_what_is_held():
    box = ready(300, held_from=101)
    box.ask(1, 2**53 - 1)
    assert sent(box, 0) == [(101, 300)]
    assert gone(1, 2**53 - 1, 101, 300) == ((1, 100),)
    assert gone(150, 200, 101, 300) == ()


def test_an_accepted_journal_gets_all_that_is_held_again():
    box = ready(3_000)
    sent(box, 0)
    box.confirm(3_000, (), 0)
    box.send_all_again()
    assert box.unconfirmed == 3_000
    box.confirm(500, (), 0)  # what a restored copy of the journal held all along
    assert sent(box, 0) == [(1, 2_000), (2_001, 3_000)]


def deliver(box: Outbox, poison: set[int], until_s: int, now_us: int = 0, grow: bool = False) -> list[int]:
    """An engine that confirms whatever holds no poison, and unsendable reads. Returns the unsendable numbers."""
    convicted = []
    end = now_us + until_s * SECOND
    while now_us < end:
        if grow and now_us % SECOND == 0:
            box.stored(box.last + 1, now_us)
        while (parcel := box.next_parcel(now_us)) is not None:
            if parcel.unsendable:
                convicted.append(parcel.first)
            if parcel.unsendable or not poison & set(range(parcel.first, parcel.last + 1)):
                box.confirm(0, ((parcel.first, parcel.last),), now_us)
        if not box.unconfirmed and not grow:
            break
        now_us += 250_000
    return convicted


@pytest.mark.parametrize("poison", [{1}, {200}, {77}, {1, 2, 199, 200}])
def test_a_read_the_engine_never_takes_is_halved_out_and_sent_as_unsendable(poison):
    box = ready(200)
    assert set(deliver(box, poison, 300, grow=True)) == poison
    assert box.unconfirmed == 0


def test_a_bad_read_never_blocks_the_queue():
    box = ready(4_000)
    poison = set(range(50, 90))
    now = 0
    assert set(deliver(box, poison, 900, now, grow=True)) == poison
    assert box.confirmed.through == box.last


def test_a_journal_that_stands_still_makes_nothing_unsendable():
    box = ready(3_000)
    for second in range(600):
        while (parcel := box.next_parcel(second * SECOND)) is not None:
            assert not parcel.unsendable
        box.stored(box.last + 10, second * SECOND)
    assert deliver(box, set(), 200, 600 * SECOND) == []
    assert box.unconfirmed == 0


def test_a_lone_bad_read_waits_for_proof_that_the_engine_takes_others():
    box = ready(1)
    assert deliver(box, {1}, 300) == []
    box.stored(2, 300 * SECOND)
    assert deliver(box, {1}, 300, 300 * SECOND) == [1]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_happens_everything_stored_is_confirmed_in_the_end_and_sends_stay_bounded(data):
    box = Outbox()
    now, last = 0, 0
    for _ in range(data.draw(st.integers(1, 40))):
        now += data.draw(st.sampled_from([0, 10_000, 60_000, 6 * SECOND, 70 * SECOND]))
        match data.draw(st.sampled_from(["store", "link", "cut", "here", "away", "confirm", "lose", "ask"])):
            case "store":
                last += data.draw(st.sampled_from([1, 150, 250, 5_000]))
                box.stored(last, now)
            case "link":
                box.linked()
            case "cut":
                box.unlinked()
            case "here":
                box.engine_here(now + data.draw(st.sampled_from([0, 3 * SECOND])))
            case "away":
                box.engine_away()
            case "confirm" if last:
                first = data.draw(st.integers(1, last))
                box.confirm(0, ((first, data.draw(st.integers(first, last))),), now)
            case "lose":  # sent into the void
                while (parcel := box.next_parcel(now)) is not None:
                    assert 1 <= parcel.first <= parcel.last <= last
                    assert len(parcel) <= MAX_READS
            case "ask" if last:
                first = data.draw(st.integers(1, last))
                box.ask(first, data.draw(st.integers(first, last)))
        assert box.under_way <= UNDER_WAY
        deadline = box.deadline_us(now)
        assert deadline is None or deadline >= 0
    box.linked()
    box.engine_here(now)
    assert deliver(box, set(), 200, now) == []
    assert box.confirmed.through == last
