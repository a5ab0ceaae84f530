"""Who is said next: favourites always, the others as many as the pace can say."""

from results.speaker.desk import Mark
from results.speaker.queue import FRESH_MS, NOTABLE_MS, Candidate, Queue, Tier, queue_of
from timing.instants import SECOND
from timing.roster import Bib

NOW = 10_000 * SECOND


def crossed(bib: str, seconds_ago: float, tier: Tier = Tier.ORDINARY, weight: float = 0.0) -> Candidate:
    return Candidate(bib=Bib(bib), crossed_us=NOW - int(seconds_ago * SECOND), tier=tier, weight=weight)


def marked(mark: str, at_us: int = 1) -> Mark:
    return Mark(mark=mark, microphone="1", at_us=at_us, author="A")


def asked(*candidates: Candidate, name_ms: int = 2500, rate: float = 1.0, **marks: Mark) -> Queue:
    by_bib = {Bib(bib.removeprefix("b")): mark for bib, mark in marks.items()}
    return queue_of(candidates, by_bib, now_us=NOW, name_ms=name_ms, rate=rate)


def test_names_are_said_in_the_order_over_the_line() -> None:
    assert asked(crossed("3", 1), crossed("1", 9), crossed("2", 5)).bibs == ("1", "2", "3")


def test_said_and_skipped_leave_the_queue_and_later_goes_to_its_end() -> None:
    queue = asked(
        crossed("1", 9), crossed("2", 8), crossed("3", 7), crossed("4", 6),
        b1=marked("said"), b2=marked("later"), b3=marked("skipped"),
    )  # fmt: skip
    assert queue == Queue(bibs=(Bib("4"), Bib("2")), later=1)


def test_more_than_the_pace_can_say_keeps_the_strongest_stories() -> None:
    many = [crossed(str(n), 10 - n / 10, weight=float(n == 40)) for n in range(1, 41)]
    queue = asked(*many)
    room = FRESH_MS // 2500
    assert len(queue.bibs) == room
    assert queue.bibs == (*(str(n) for n in range(1, room)), "40")
    assert queue.passed == 40 - room


def test_a_favourite_is_never_dropped() -> None:
    many = [crossed(str(n), 1) for n in range(1, 100)]
    old = crossed("500", 7200, Tier.FAVOURITE)
    assert asked(*many, old).bibs[0] == "500"


def test_a_name_gets_too_old_to_be_said_unless_it_was_kept_for_later() -> None:
    too_old = FRESH_MS / 1000 + 1
    assert asked(crossed("1", too_old)).bibs == ()
    assert asked(crossed("1", too_old), b1=marked("later")).bibs == ("1",)


def test_a_podium_waits_for_minutes_and_not_for_ever() -> None:
    assert asked(crossed("1", NOTABLE_MS / 1000 - 1, Tier.PODIUM)).bibs == ("1",)
    assert asked(crossed("1", NOTABLE_MS / 1000 + 1, Tier.PODIUM)).bibs == ()


def test_a_slower_pace_says_fewer() -> None:
    many = [crossed(str(n), 5) for n in range(30)]
    assert len(asked(*many, name_ms=5000).bibs) == FRESH_MS // 5000
    assert len(asked(*many, name_ms=1000).bibs) == FRESH_MS // 1000


def test_in_a_race_that_runs_faster_than_life_ages_are_real() -> None:
    """At 60 times, an hour of the race clock is a minute in the tent: the name is still told five seconds after."""
    assert asked(crossed("1", 300), rate=60.0).bibs == ("1",)


def test_several_kept_for_later_come_back_in_the_order_they_were_put_off() -> None:
    queue = asked(crossed("1", 5), crossed("2", 4), b1=marked("later", 9), b2=marked("later", 3))
    assert queue.bibs == ("2", "1")
