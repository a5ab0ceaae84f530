"""The fold of what announcers and spotters did: the last word counts."""

from typing import Any

from results.speaker.desk import ORDERS_KEPT, Desk, Pace
from timing.desk_entries import DeskBody, FavouritesBody, MarkBody, MatBody, PaceBody, PassingOrderBody
from timing.roster import Bib, Entrant
from timing.state import Recorded

HELENE: dict[str, Any] = {"author": "Hélène", "microphone": "1"}
SAMIR: dict[str, Any] = {"author": "Samir", "microphone": "2"}


def recorded(*bodies: DeskBody) -> list[Recorded[DeskBody]]:
    return [Recorded(number=number, at_us=body.at_us, body=body) for number, body in enumerate(bodies, start=1)]


def desk_of(*bodies: DeskBody) -> Desk:
    desk = Desk()
    desk.take(recorded(*bodies))
    return desk


def mark(bib: str, what: Any, at_us: int, **who: Any) -> MarkBody:
    return MarkBody(bib=Bib(bib), mark=what, at_us=at_us, **(who or HELENE))


def order(*bibs: str, metres: int = 15_000, at_us: int = 1, first_place: int = 1) -> PassingOrderBody:
    return PassingOrderBody(
        metres=metres, bibs=tuple(map(Bib, bibs)), at_us=at_us, author="moto", first_place=first_place
    )


def test_of_two_microphones_the_last_word_counts() -> None:
    desk = desk_of(mark("7", "later", 1), mark("7", "said", 2, **SAMIR))
    assert (desk.marks[Bib("7")].mark, desk.marks[Bib("7")].microphone) == ("said", "2")
    assert desk.microphones == {"1": "Hélène", "2": "Samir"}


def test_taken_back_there_is_no_mark() -> None:
    assert desk_of(mark("7", "said", 1), mark("7", "unsaid", 2, **SAMIR)).marks == {}


def test_a_mark_that_was_made_offline_and_comes_late_undoes_nothing_newer() -> None:
    """Microphone 1 was cut off when it said 7; microphone 2 took it back since."""
    desk = desk_of(mark("7", "said", 5, **SAMIR), mark("7", "unsaid", 9, **SAMIR), mark("7", "said", 7))
    assert desk.marks == {}


def test_what_was_read_once_is_not_read_again() -> None:
    desk, bodies = Desk(), [mark("7", "said", 1)]
    assert desk.take(recorded(*bodies))
    assert not desk.take(recorded(*bodies))
    bodies.append(mark("7", "unsaid", 2))
    assert desk.take(recorded(*bodies))
    assert desk.marks == {}


def test_a_club_and_a_town_are_found_however_they_are_written() -> None:
    desk = desk_of(
        FavouritesBody(by="club", values=("AS CASSIDAINE",), on=True, at_us=1, author="A"),
        FavouritesBody(by="town", values=("Aix en Provence",), on=True, at_us=2, author="A"),
        FavouritesBody(by="bib", values=("12", "13"), on=True, at_us=3, author="A"),
    )
    holds = desk.favourites.holds
    assert holds(Entrant(bib=Bib("1"), club="As Cassidaine"))
    assert holds(Entrant(bib=Bib("2"), town="AIX-EN-PROVENCE"))
    assert holds(Entrant(bib=Bib("12")))
    assert not holds(Entrant(bib=Bib("3"), club="Aix en Provence"))


def test_a_favourite_is_followed_no_more_once_taken_off() -> None:
    on = FavouritesBody(by="club", values=("AC Garlaban",), on=True, at_us=1, author="A")
    off = FavouritesBody(by="club", values=("ac garlaban",), on=False, at_us=2, author="A")
    assert not desk_of(on, off).favourites


def test_a_pace_that_is_not_given_stays_as_it_was() -> None:
    desk = desk_of(PaceBody(at_us=1, author="A", name_ms=3000), PaceBody(at_us=2, author="A", step_ms=5000))
    assert desk.pace == Pace(name_ms=3000, step_ms=5000)


def test_an_older_order_typed_in_late_does_not_replace_a_newer_one() -> None:
    desk = desk_of(order("1", "2", metres=15_000, at_us=50), order("2", "1", metres=10_000, at_us=20))
    assert [each.metres for each in desk.orders] == [15_000, 10_000]


def test_only_the_newest_orders_are_kept() -> None:
    desk = desk_of(*(order(str(n), at_us=n) for n in range(1, 12)))
    assert [each.at_us for each in desk.orders] == list(range(11, 11 - ORDERS_KEPT, -1))


def test_what_the_crew_does_is_no_business_of_this_desk() -> None:
    assert not Desk().take(recorded(MatBody(mat="M", laid=True, at_us=1, author="A")))
