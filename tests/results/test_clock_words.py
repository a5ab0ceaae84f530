"""Findings about clocks are said in words that a timer at the finish understands, in both languages."""

from __future__ import annotations

import pytest
from small_race import NINE, make_race

from results.clock_words import amount, clock_sentence, held_words
from results.printing import Language
from timing.clock_faults import ClockFault, ClockFinding
from timing.clock_ledger import Holding
from timing.instants import DAY, HOUR, MINUTE, SECOND
from timing.reads import SourceId
from timing.rulings import CorrectClock, Span

RACE = make_race()
FINISH = SourceId("finish-main")


def found(fault: ClockFault, **more: object) -> ClockFinding:
    return ClockFinding(**{"source": FINISH, "fault": fault} | more)  # type: ignore[arg-type]


SAID = [
    (
        found(ClockFault.HOURS, offset_us=-HOUR, reads=120, holds=True),
        "finish-main is 1\u00a0h ahead: summer time or time zone. Its reads (120) are held: they count for nobody "
        "until somebody decides.",
        "finish-main avance de 1\u00a0h\u00a0: heure d'été ou fuseau horaire. Ses lectures (120) sont mises en attente"
        "\u00a0: elles ne comptent pour personne avant une décision.",
    ),
    (
        found(ClockFault.OFFSET, offset_us=37_200_000, uncertainty_us=500_000),
        "finish-main is 37.2\u00a0s behind. Give or take 0.5\u00a0s.",
        "finish-main retarde de 37,2\u00a0s. À 0,5\u00a0s près.",
    ),
    (
        found(
            ClockFault.DEFAULT_EPOCH,
            offset_us=1,
            proposal=CorrectClock(source=FINISH, anchors=((10 * 365 * DAY, 1),)),
        ),
        "finish-main is back at its first date (1979): it has probably restarted.",
        "finish-main est revenu à sa date d'origine (1979)\u00a0: il a sans doute redémarré.",
    ),
    (
        found(ClockFault.STEP, offset_us=-6 * SECOND, received=Span(begin_us=NINE)),
        "finish-main was set during the race: it is 6\u00a0s ahead since 2024-10-27 at 09:00:00.",
        "finish-main a été réglé en cours de course\u00a0: il avance de 6\u00a0s depuis le 27/10/2024 à 09:00:00.",
    ),
    (
        found(ClockFault.DRIFT, drift_ppb=-20_000),
        "finish-main drifts by 20 ppm (72 ms an hour).",
        "finish-main dérive de 20 ppm (72 ms par heure).",
    ),
    (
        found(ClockFault.NO_ZERO, offset_us=NINE - 15 * HOUR),
        "finish-main counts from a zero that nobody has given; by arrivals it was 2024-10-26 at 19:00:00.",
        "finish-main compte depuis un zéro que personne n'a donné\u00a0; d'après les arrivées, c'était le 26/10/2024 à "
        "19:00:00.",
    ),
    (
        found(ClockFault.PAIR, other=SourceId("finish-backup"), offset_us=800_000, reads=40),
        "finish-main and finish-backup differ by 0.8\u00a0s for everybody (40 tags).",
        "finish-main et finish-backup diffèrent de 0,8\u00a0s pour tout le monde (40 puces).",
    ),
    (
        found(ClockFault.HOST, source=None, offset_us=-8 * SECOND),
        "The clock of this computer is 8\u00a0s behind: all readers agree against it.",
        "L'horloge de cet ordinateur retarde de 8\u00a0s\u00a0: tous les lecteurs s'accordent contre elle.",
    ),
    (
        found(ClockFault.HOUR_TWICE, offset_us=HOUR, reads=3),
        "finish-main has 3 reads in the hour that exists twice; by arrivals, the second time.",
        "finish-main a 3 lectures dans l'heure qui existe deux fois\u00a0; d'après les arrivées, la deuxième fois.",
    ),
    (
        found(ClockFault.DAYS, offset_us=DAY, meant_for_another=True),
        "finish-main is 1\u00a0day behind: its date is wrong. The correction in force was given for another power-on.",
        "finish-main retarde de 1\u00a0jour\u00a0: sa date est fausse. La correction en vigueur était faite pour une "
        "autre mise sous tension.",
    ),
]


@pytest.mark.parametrize(("finding", "english", "french"), SAID, ids=[str(case[0].fault) for case in SAID])
def test_a_finding_is_one_plain_sentence(finding: ClockFinding, english: str, french: str) -> None:
    assert clock_sentence(finding, RACE, Language.EN) == english
    assert clock_sentence(finding, RACE, Language.FR) == french


@pytest.mark.parametrize("language", [Language.FR, Language.EN])
def test_every_fault_and_every_holding_has_its_words(language: Language) -> None:
    for fault in ClockFault:
        assert clock_sentence(found(fault), RACE, language).endswith(".")
    assert len({held_words(held, language) for held in Holding}) == len(Holding)


@pytest.mark.parametrize(
    ("us", "said"),
    [
        (0, "0 s"),
        (-1_040_000, "1 s"),
        (59_900_000, "59.9 s"),
        (MINUTE, "1 min"),
        (90 * MINUTE, "1 h 30 min"),
        (HOUR + 2_500_000, "1 h 2.5 s"),
        (2 * DAY + HOUR, "2 days 1 h"),
    ],
)
def test_amounts_are_said_as_people_say_them(us: int, said: str) -> None:
    assert amount(us, Language.EN).replace("\u00a0", " ") == said
